#!/usr/bin/env bats
# run in the foreground: what goes in, what comes out, and the exit status.

load ../lib/helpers

@test "run: prints what the container prints" {
  args echo hello from inside
  run_ct
  expect_ok
  expect_output "hello from inside"
}

@test "run: says nothing of its own" {
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output ""
  expect_eq "$stderr" ""
}

@test "run: the bundle is the current directory by default" {
  args echo here
  cd "$BUNDLE"
  run runc run "$CT"
  expect_ok
  expect_output here
}

@test "run: stdin, stdout and stderr are handed on separately" {
  script 'cat; echo to-stderr >&2'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT" <<<"from stdin"
  expect_ok
  expect_output "from stdin"
  expect_eq "$stderr" "to-stderr"
}

@test "run: a pipe carries binary data unchanged" {
  args cat
  head -c 300000 /dev/urandom >in
  runc run --bundle "$BUNDLE" "$CT" <in | cat >out
  cmp in out
}

@test "run: a closed stdin is no trouble" {
  args echo fine
  run runc run --bundle "$BUNDLE" "$CT" <&-
  expect_ok
  expect_output fine
}

@test "run: exit status is the container's" {
  for code in 0 1 7 126 255; do
    script "exit $code"
    run_ct
    expect_status $code
    expect_output ""
  done
}

@test "run: exit status is 128 + n when a signal killed the process" {
  for signal in KILL:137 TERM:143 SEGV:139; do
    # A child of the namespace's init, because the kernel protects init from its own signals.
    script "sh -c 'kill -${signal%:*} \$\$'; exit \$?"
    run_ct
    expect_status "${signal#*:}"
  done
}

@test "run: exit status is 137 when the container's init is killed from outside" {
  sleeper
  runc run --bundle "$BUNDLE" "$CT" </dev/null 3>&- &
  await_status "$CT" running
  runc kill "$CT" KILL
  wait_exit $!
  expect_status 137
}

@test "run: signals that the runtime gets go to the container" {
  for signal in TERM USR1 HUP INT; do
    script "trap 'echo got $signal; exit 42' $signal; : >/dev/shm/ready; while :; do sleep 0.05; done"
    # env: a background job of the shell would ignore SIGINT.
    env --default-signal=INT,QUIT "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT" </dev/null >out 2>&1 3>&- &
    wait_for runc exec "$CT" test -e /dev/shm/ready
    kill -$signal $!
    wait_exit $!
    expect_status 42
    expect_eq "$(cat out)" "got $signal"
  done
}

@test "run: nothing is left in the state directory afterwards" {
  args true
  run_ct
  expect_ok
  run runc state "$CT"
  expect_status 1
  expect_match "does not exist"
  expect_eq "$(ls -A "$STATE")" ""
}

@test "run --keep: leaves a stopped container" {
  script 'exit 3'
  run_ct --keep
  expect_status 3
  expect_eq "$(state_of "$CT")" stopped
  run runc delete "$CT"
  expect_ok
  expect_eq "$(ls -A "$STATE")" ""
}

@test "run: arguments are passed literally" {
  args printf '<%s>\n' 'two words' '' '$HOME' '*' "it's" $'new\nline' 'ümlaut'
  run_ct
  expect_ok
  expect_output $'<two words>\n<>\n<$HOME>\n<*>\n<it\'s>\n<new\nline>\n<ümlaut>'
}

@test "run: the environment is what config.json says, and nothing else" {
  args env
  config '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "B=x=y"]'
  SECRET=leak run_ct
  expect_ok
  expect_line "PATH=/bin"
  expect_line "A=1"
  expect_line "EMPTY="
  expect_line "B=x=y"
  expect_no_match "SECRET"
  expect_no_match "XDG_RUNTIME_DIR|_LIBCONTAINER"
}

@test "run: HOME comes from the container's passwd" {
  script 'echo $HOME'
  run_ct
  expect_output /root
}

@test "run: HOME of config.json is kept" {
  script 'echo $HOME'
  config '.process.env += ["HOME=/somewhere"]'
  run_ct
  expect_output /somewhere
}

# bats test_tags=ours
@test "run: of a variable that is given twice, the last one wins" {
  args env
  config '.process.env += ["TWICE=1", "TWICE=2"]'
  run_ct
  expect_ok
  expect_line TWICE=2
  expect_no_match TWICE=1
}

@test "run: starts in the working directory of config.json" {
  args pwd
  config '.process.cwd = "/etc"'
  run_ct
  expect_output /etc
}

@test "run: a working directory that is missing is made" {
  args pwd
  config '.process.cwd = "/made/for/this" | .root.readonly = false'
  run_ct
  expect_ok
  expect_output /made/for/this
  [[ -d $BUNDLE/rootfs/made/for/this ]]
}

@test "run: the program is looked up in the container's PATH" {
  mkdir "$BUNDLE/rootfs/opt"
  printf '#!/bin/sh\necho found me\n' >"$BUNDLE/rootfs/opt/tool"
  chmod +x "$BUNDLE/rootfs/opt/tool"
  args tool
  config '.process.env = ["PATH=/nowhere:/opt:/bin"]'
  run_ct
  expect_ok
  expect_output "found me"
}

@test "run: a program with a relative path is taken from the working directory" {
  printf '#!/bin/sh\necho relative\n' >"$BUNDLE/rootfs/work/tool"
  chmod +x "$BUNDLE/rootfs/work/tool"
  args ./tool
  config '.process.cwd = "/work"'
  run_ct
  expect_ok
  expect_output relative
}

@test "run: a program that is not in PATH is an error that says so" {
  args no-such-program
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'no-such-program.*executable file not found in \$PATH'
}

@test "run: a path that does not exist is an error that says so" {
  args /no/such/program
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 '/no/such/program.*no such file or directory'
}

@test "run: a program that is not executable is an error that says so" {
  args /etc/passwd
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 '/etc/passwd.*[Pp]ermission denied'
}

@test "run: a directory is not a program" {
  args /etc
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 '/etc.*([Pp]ermission denied|is a directory)'
}

@test "run: a file of an unknown format is an error that says so" {
  printf 'no shebang here' >"$BUNDLE/rootfs/work/tool"
  chmod +x "$BUNDLE/rootfs/work/tool"
  args /work/tool
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 '[Ee]xec format error'
}

@test "run: an id that exists already is refused, and the container stays" {
  sleeper
  start_ct
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'container with (given ID already|id) exists'
  expect_eq "$(state_of "$CT")" running
}

@test "run: ids that could leave the state directory are refused" {
  args true
  for id in '' . .. a/b /abs ../x 'a b' $'a\nb' 'a*'; do
    run --separate-stderr runc run --bundle "$BUNDLE" "$id"
    expect_status 1
    expect_match 'id|ID' "$stderr"
  done
  expect_eq "$(ls -A "$STATE")" ""
}

@test "run: ids with all letters that are allowed work" {
  args echo ok
  run runc run --bundle "$BUNDLE" "$CT-a_B+9.x"
  expect_ok
  expect_output ok
}

@test "run: without an id it is a usage error" {
  run runc run --bundle "$BUNDLE"
  expect_status 1
  expect_match 'requires exactly 1 argument|container id|container-id'
}

@test "run: a missing bundle is an error that names it" {
  run --separate-stderr runc run --bundle "$TEST_DIR/nowhere" "$CT"
  expect_error 1 "$TEST_DIR/nowhere.*[Nn]o such file or directory"
}

@test "run: a bundle without config.json is an error that says so" {
  rm "$BUNDLE/config.json"
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'config.json.*(not found|[Nn]o such file or directory)|JSON specification file' "$stderr"
}

@test "run: a missing rootfs is an error that names it, and nothing is left" {
  mv "$BUNDLE/rootfs" "$BUNDLE/elsewhere"
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'rootfs.*([Nn]o such file or directory|does not exist)|invalid rootfs' "$stderr"
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours
@test "run: a rootfs that is a file is an error that names it" {
  config '.root.path = "file"'
  : >"$BUNDLE/file"
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'file' "$stderr"
}

@test "run: an absolute rootfs path works" {
  args cat /etc/mark
  mv "$BUNDLE/rootfs" "$TEST_DIR/else where"
  echo absolute >"$TEST_DIR/else where/etc/mark"
  config --arg path "$TEST_DIR/else where" '.root.path = $path'
  run_ct
  expect_ok
  expect_output absolute
}

@test "run: a bundle path with blanks and a symlink on the way works" {
  mkdir "$TEST_DIR/a dir"
  mv "$BUNDLE" "$TEST_DIR/a dir/b"
  ln -s "a dir" "$TEST_DIR/link"
  BUNDLE="$TEST_DIR/link/b"
  args echo ok
  run_ct
  expect_ok
  expect_output ok
}

@test "run: a read-only rootfs cannot be written, a writable one can" {
  script ': >/new'
  config '.root.readonly = true'
  run_ct
  expect_status 1
  expect_match 'Read-only file system'
  config '.root.readonly = false'
  run_ct
  expect_ok
  [[ -e $BUNDLE/rootfs/new ]]
}

@test "run --no-pivot: works" {
  args echo ok
  run_ct --no-pivot
  expect_ok
  expect_output ok
}

@test "run --no-subreaper: is accepted" {
  args echo ok
  run_ct --no-subreaper
  expect_ok
  expect_match ok
}

@test "run: zombies do not pile up in a container whose init reaps" {
  # The shell, which is init here, reaps them as it waits for others.
  script 'for i in 1 2 3 4 5; do (true &) ; done; n=0
    while ps -o stat= 2>/dev/null | grep -q Z && [ $n -lt 500 ]; do n=$((n + 1)); done
    ps -o stat= 2>/dev/null | grep -c Z'
  run_ct
  expect_match '^0$' "${lines[-1]}"
}
