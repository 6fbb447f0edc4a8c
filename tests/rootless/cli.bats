#!/usr/bin/env bats
# The command line itself: version, help, unknown things, logs, features.

load ../lib/helpers

@test "version: as engines read it" {
  run "$RUNC" --version
  expect_ok
  expect_match '^runc version [0-9]+\.[0-9]+\.[0-9]+' "${lines[0]}"
  expect_match $'\nspec: 1\.[0-9]+\.[0-9]+'
  short=$output
  run "$RUNC" -v
  expect_output "$short"
}

@test "help: without arguments, with --help, -h and help" {
  for how in '' --help -h help; do
    run "$RUNC" $how
    expect_ok
    expect_eq "${lines[0]}" "NAME:"
    expect_eq "${lines[1]}" "   runc - Open Container Initiative runtime"
  done
}

@test "help: names every command" {
  run "$RUNC" --help
  for command in create delete events exec features kill list pause ps resume run spec start state update; do
    expect_match $'\n'" +$command[ ,]"
  done
}

@test "help: of each command" {
  for command in create delete exec features kill list ps run spec start state; do
    for how in "$command --help" "$command -h" "help $command"; do
      run "$RUNC" $how
      expect_ok
      expect_match "runc $command"
    done
  done
}

@test "help: of run names each option" {
  run "$RUNC" run --help
  for option in bundle console-socket detach keep no-new-keyring no-pivot pid-file preserve-fds; do
    expect_match "--$option"
  done
}

@test "an unknown command" {
  run "$RUNC" foo
  expect_status 3
  expect_match "No help topic for 'foo'"
}

@test "an unknown option, of the program and of a command" {
  run "$RUNC" --moon list
  expect_status 1
  expect_match 'moon'
  run "$RUNC" list --moon
  expect_status 1
  expect_match 'moon'
}

@test "a missing value of an option" {
  run "$RUNC" --root
  [[ $status != 0 ]]
  run "$RUNC" run --bundle
  [[ $status != 0 ]]
}

@test "too few and too many arguments" {
  for command in "state" "start" "state a b" "start a b" "delete" "kill"; do
    run runc $command
    expect_status 1
    expect_match 'argument'
  done
}

@test "options: with one dash, with =, after the arguments" {
  args echo ok
  run "$RUNC" -root "$STATE" run -bundle="$BUNDLE" "$CT"
  expect_ok
  expect_output ok
  run "$RUNC" --root="$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
}

# bats test_tags=ours
@test "options: may stand after the arguments" {
  args echo ok
  run runc run "$CT" --bundle "$BUNDLE"
  expect_ok
  expect_output ok
  run runc list --format json
  expect_ok
}

# bats test_tags=ours
@test "completions are for the commands that there are" {
  [[ -d $RUNC_SRCDIR/contrib/completions ]] || skip "no source tree"
  for command in $("$RUNC" --help | sed -n '/^COMMANDS:/,/^GLOBAL/s/^ \{3\}\([a-z]*\)[ ,].*/\1/p'); do
    grep -qw "$command" "$RUNC_SRCDIR"/contrib/completions/* || fail "no completion for $command"
  done
}

@test "log: an error is a line that engines can read" {
  run --separate-stderr runc state no-such
  expect_status 1
  expect_match '^time="[0-9T:.+-]+Z?" level=error msg=".*container does not exist' "$stderr"
}

@test "log: as json" {
  run --separate-stderr runc --log-format json state no-such
  expect_status 1
  expect_eq "$(jq -r .level <<<"$stderr")" error
  expect_match 'container does not exist' "$(jq -r .msg <<<"$stderr")"
  expect_match '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' "$(jq -r .time <<<"$stderr")"
}

@test "log: into a file, as text and json, with the error also on stderr" {
  run --separate-stderr runc --log log.txt state no-such
  expect_status 1
  grep -qE '^time=.* level=error msg=.*container does not exist' log.txt
  expect_match 'container does not exist' "$stderr"
  run --separate-stderr runc --log log.json --log-format json state no-such
  expect_status 1
  expect_eq "$(jq -r 'select(.level == "error") | .msg' log.json | grep -c 'container does not exist')" 1
}

@test "log: a file is appended to" {
  runc --log log state one || true
  runc --log log state two || true
  expect_eq "$(grep -c 'does not exist' log)" 2
}

@test "log: a file that cannot be opened is an error" {
  run runc --log "$TEST_DIR/nowhere/log" list
  expect_status 1
  expect_match 'nowhere'
}

@test "log: an unknown format is an error" {
  run runc --log-format xml list
  expect_status 1
  expect_match 'xml|log-format'
}

@test "log: --debug into a file leaves stderr and stdout alone" {
  args echo out
  run --separate-stderr runc --debug --log log run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output out
  expect_eq "$stderr" ""
  grep -q 'level=debug' log
}

@test "log: a message with quotes and line ends is one line" {
  run --separate-stderr runc --log-format json state $'a"b\nc'
  expect_status 1
  expect_eq "$(jq -r .level <<<"$stderr")" error
  expect_eq "$(wc -l <<<"$stderr")" 1
}

@test "features: a document with what engines ask" {
  run "$RUNC" features
  expect_ok
  features=$output
  get() { jq -r "$1" <<<"$features"; }
  expect_match '^1\.' "$(get .ociVersionMin)"
  expect_match '^1\.' "$(get .ociVersionMax)"
  for hook in prestart createRuntime createContainer startContainer poststart poststop; do
    get '.hooks[]' | grep -qx $hook
  done
  for ns in cgroup ipc mount network pid user uts; do
    get '.linux.namespaces[]' | grep -qx $ns
  done
  for option in bind rbind ro rro nosuid noexec nodev private rslave; do
    get '.mountOptions[]' | grep -qx $option || [[ $option == rro ]]
  done
  get '.linux.capabilities[]' | grep -qx CAP_SYS_ADMIN
  expect_match '^(true|false)$' "$(get .linux.seccomp.enabled)"
}
