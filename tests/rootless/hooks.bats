#!/usr/bin/env bats
# Hooks: where and when they run, what they get, and what their failure means.

load ../lib/helpers

# hook KIND SCRIPT: add a hook that runs a shell script. For startContainer, the container's shell.
hook() {
  config --arg kind "$1" --arg script "$2" \
    '.hooks[$kind] += [{"path": "/bin/sh", "args": ["sh", "-c", $script], "env": ["PATH=/usr/bin:/bin"]}]'
}

# log_hooks KIND...: hooks that note their kind in the file "hooks".
log_hooks() {
  local kind
  for kind; do
    hook "$kind" "echo $kind >>'$TEST_DIR/hooks'"
  done
}

# bats test_tags=ours
@test "hooks: all kinds, in the order of the specification" {
  mkdir "$TEST_DIR/shared"
  jq --arg s "$TEST_DIR/shared" '.mounts += [{"destination": "/work", "type": "bind", "source": $s, "options": ["bind"]}]' \
    "$BUNDLE/config.json" >new && mv new "$BUNDLE/config.json"
  for kind in prestart createRuntime poststart poststop createContainer; do
    hook $kind "echo $kind >>'$TEST_DIR/shared/log'"
  done
  hook startContainer 'echo startContainer >>/work/log'
  # poststart runs beside the program, which therefore waits for it.
  script 'until grep -q poststart /work/log; do sleep 0.02; done; echo program >>/work/log'
  run_ct
  expect_ok
  expect_eq "$(tr '\n' ' ' <shared/log)" \
    "prestart createRuntime createContainer startContainer poststart program poststop "
}

@test "hooks: several of a kind, one after the other" {
  hook createRuntime "echo 1 >>'$TEST_DIR/hooks'"
  hook createRuntime "echo 2 >>'$TEST_DIR/hooks'"
  hook createRuntime "echo 3 >>'$TEST_DIR/hooks'"
  args true
  run_ct
  expect_ok
  expect_eq "$(tr '\n' ' ' <hooks)" "1 2 3 "
}

@test "hooks: the state is on stdin" {
  config '.annotations = {"org.example.a": "b"}'
  hook createRuntime "cat >'$TEST_DIR/createRuntime.json'"
  hook createContainer "cat >'$TEST_DIR/createContainer.json'"
  hook poststart "cat >'$TEST_DIR/poststart.json'"
  hook poststop "cat >'$TEST_DIR/poststop.json'"
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  wait_for test -s poststart.json
  expect_eq "$(jq -r '[.id, .pid, .bundle, .annotations["org.example.a"]] | join(" ")' createRuntime.json)" "$CT $pid $BUNDLE b"
  expect_match '^creat(ing|ed)$' "$(jq -r .status createRuntime.json)"
  expect_match '^1\.' "$(jq -r .ociVersion createRuntime.json)"
  expect_eq "$(jq -r .id createContainer.json)" "$CT"
  expect_eq "$(jq -r .pid poststart.json)" "$pid"
  ! is_ours || expect_eq "$(jq -r .status poststart.json)" running
  runc delete --force "$CT"
  expect_eq "$(jq -r '.status + " " + .id' poststop.json)" "stopped $CT"
}

@test "hooks: createRuntime runs in the runtime's namespaces, createContainer in the container's" {
  hook createRuntime "readlink /proc/self/ns/mnt >'$TEST_DIR/runtime'"
  sleeper
  # The host's files are still there for createContainer, which runs before the root is changed.
  hook createContainer "readlink /proc/self/ns/mnt >'$TEST_DIR/container'; readlink /proc/self/ns/uts >>'$TEST_DIR/container'"
  start_ct
  pid=$(state_of "$CT" .pid)
  [[ $(cat runtime) != "$(readlink "/proc/$pid/ns/mnt")" ]]
  expect_eq "$(cat container)" "$(readlink "/proc/$pid/ns/mnt")"$'\n'"$(readlink "/proc/$pid/ns/uts")"
}

@test "hooks: what they print is none of the container's output" {
  for kind in prestart createRuntime createContainer startContainer poststart poststop; do
    hook $kind 'echo noise; echo more noise >&2'
  done
  args echo the program
  run_ct
  expect_ok
  expect_output 'the program'
}

@test "hooks: a failure says what the hook printed" {
  args true
  for kind in createRuntime createContainer startContainer; do
    config '.hooks = {}'
    hook $kind 'echo on stdout; echo on stderr >&2; exit 3'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_match "error running $kind hook #0: .*exit status 3.*on stdout.*on stderr" "$stderr"
    config '.hooks = {}'
    hook $kind 'kill -TERM $$'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_match "error running $kind hook #0: .*signal: terminated" "$stderr"
  done
}

@test "hooks: without env in config.json they have the runtime's environment, with an empty one none" {
  printf '#!/bin/sh\ncat /proc/self/environ >>%s/env\n' "$TEST_DIR" >hook.sh
  chmod 755 hook.sh
  args true
  for kind in prestart createRuntime poststart poststop; do
    config --arg kind $kind --arg path "$TEST_DIR/hook.sh" '.hooks = {($kind): [{"path": $path}]}'
    CALLER=me run_ct
    expect_ok
    expect_match 'CALLER=me' "$(tr '\0' '\n' <env)"
    : >env
    config --arg kind $kind --arg path "$TEST_DIR/hook.sh" '.hooks = {($kind): [{"path": $path, "env": []}]}'
    CALLER=me run_ct
    expect_ok
    expect_no_match 'CALLER' "$(tr '\0' '\n' <env)"
  done
}

@test "hooks: where they start: in the bundle, in the container's root, in the program's directory" {
  for kind in prestart createRuntime createContainer poststart poststop; do
    hook $kind "pwd >>'$TEST_DIR/seen'"
  done
  hook startContainer 'pwd >/dev/shm/seen'
  config '.process.cwd = "/work"'
  args cat /dev/shm/seen
  run_ct
  expect_ok
  expect_output /work
  expect_eq "$(cat seen)" "$BUNDLE"$'\n'"$BUNDLE"$'\n'"$BUNDLE/rootfs"$'\n'"$BUNDLE"$'\n'"$BUNDLE"
}

@test "hooks: createRuntime can reach the container's root, after its mounts" {
  hook createContainer "cd '$BUNDLE/rootfs' && ls proc/self/status dev/null >'$TEST_DIR/seen'"
  args true
  run_ct
  expect_ok
  expect_eq "$(cat seen | tr '\n' ' ')" "dev/null proc/self/status "
}

@test "hooks: arguments and environment are those of config.json" {
  printf '#!/bin/sh\necho "$0 $*" >%s/args\nenv >%s/env\n' "$TEST_DIR" "$TEST_DIR" >hook.sh
  chmod +x hook.sh
  config --arg path "$TEST_DIR/hook.sh" '.hooks.createRuntime = [{"path": $path, "args": ["zero", "a", "b c"], "env": ["ONLY=this"]}]'
  args true
  run_ct
  expect_ok
  expect_match ' a b c$' "$(cat args)"
  expect_match 'ONLY=this' "$(cat env)"
  expect_no_match 'RUNC_TEST_ID|HOME=' "$(cat env)"
}

@test "hooks: without env, the runtime's environment; with an empty one, none" {
  local kind
  args true
  printf '#!/bin/sh\nexec env >>"%s/$1"\n' "$TEST_DIR" >hook.sh
  chmod +x hook.sh
  for kind in prestart createRuntime createContainer poststart poststop; do
    config --arg path "$TEST_DIR/hook.sh" --arg kind "$kind" '.hooks[$kind] = [{"path": $path, "args": ["hook", $kind]}]'
  done
  export OF_THE_CALLER=here
  run_ct
  expect_ok
  for kind in prestart createRuntime poststart poststop; do
    expect_match 'OF_THE_CALLER=here' "$(cat $kind)"
  done
  expect_no_match OF_THE_CALLER "$(cat createContainer)"
  rm prestart createRuntime createContainer poststart poststop
  config '.hooks |= map_values(map(.env = []))'
  run_ct
  expect_ok
  for kind in prestart createRuntime createContainer poststart poststop; do
    expect_no_match OF_THE_CALLER "$(cat $kind)"
  done
}

# bats test_tags=ours
@test "hooks: one that fails ends the creation, says why, and leaves nothing" {
  hook createRuntime 'echo reason >&2; exit 3'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'error running createRuntime hook #0: .*exit status 3.*reason' "$stderr"
  expect_eq "$(ls -A "$STATE")" ""
}

@test "hooks: one that is not there is an error that names it" {
  config '.hooks.createRuntime = [{"path": "/no/such/hook"}]'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match '/no/such/hook' "$stderr"
  expect_eq "$(ls -A "$STATE")" ""
}

@test "hooks: a path that is not absolute is an error" {
  config '.hooks.createRuntime = [{"path": "hook"}]'
  args true
  run_ct
  [[ $status != 0 ]]
}

@test "hooks: any kind before the program that fails ends the creation" {
  args sh -c 'echo program ran'
  for kind in prestart createRuntime createContainer startContainer; do
    config 'del(.hooks)'
    hook $kind 'exit 1'
    run_ct
    expect_status 1
    expect_match 'hook'
    expect_no_match 'program ran'
    expect_eq "$(ls -A "$STATE")" "" "the state directory after $kind"
  done
}

@test "hooks: one that takes longer than its timeout is ended" {
  config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "exec sleep 1000"], "timeout": 1}]'
  args true
  run_ct
  expect_status 1
  expect_match 'hook.*(timed out|timeout|after 1|killed|time)'
  expect_eq "$(ls -A "$STATE")" ""
}

@test "poststop: after the program has ended" {
  log_hooks poststop
  args true
  run_ct
  expect_ok
  expect_eq "$(cat hooks)" poststop
}

@test "poststop: after a failure of the program, with its status" {
  log_hooks poststop
  script 'exit 5'
  run_ct
  expect_status 5
  expect_eq "$(cat hooks)" poststop
}

@test "poststop: on delete of a container that was killed" {
  log_hooks poststop
  sleeper
  start_ct
  runc kill "$CT" KILL
  await_status "$CT" stopped
  [[ ! -e hooks ]]
  runc delete "$CT"
  expect_eq "$(cat hooks)" poststop
}

@test "poststop: on delete --force" {
  log_hooks poststop
  sleeper
  start_ct
  runc delete --force "$CT"
  expect_eq "$(cat hooks)" poststop
}

@test "poststop: on delete --force of a container that was never started" {
  log_hooks poststop
  sleeper
  create_ct
  runc delete --force "$CT"
  expect_eq "$(cat hooks)" poststop
}

# bats test_tags=ours
@test "poststop: after a creation that failed in a hook" {
  log_hooks poststop
  hook createContainer 'exit 1'
  args true
  run_ct
  expect_status 1
  expect_eq "$(cat hooks)" poststop
}

# bats test_tags=ours
@test "poststop: one that fails does not keep the container, nor the next hook" {
  hook poststop 'exit 1'
  log_hooks poststop
  args true
  run_ct
  expect_eq "$(cat hooks)" poststop
  expect_eq "$(ls -A "$STATE")" ""
}

@test "hooks: one that is ended by a signal" {
  hook createRuntime 'echo reason >&2; kill -KILL $$'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'createRuntime hook #0: .*[Kk]illed.*reason'
}

# bats test_tags=ours
@test "hooks: those in the container that take longer than their timeout are ended" {
  for kind in createContainer startContainer; do
    config 'del(.hooks)'
    config --arg kind $kind '.hooks[$kind] = [{"path": "/bin/sh", "args": ["sh", "-c", "exec sleep 1000"], "timeout": 1}]'
    args true
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "$kind hook #0: .*timeout of 1.0s"
  done
}

# bats test_tags=ours
@test "hooks: a timeout of more than a lifetime is no timeout" {
  hook createRuntime true
  hook createContainer true
  config '.hooks |= map_values(map(.timeout = 9000000000000000))'
  args true
  run_ct
  expect_ok
}

# bats test_tags=ours
@test "hooks: a poststart hook that fails ends the container" {
  hook poststart 'echo reason >&2; exit 3'
  sleeper
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'error running poststart hook #0: .*exit status 3.*reason'
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours
@test "hooks: their output in files" {
  config --arg out "$TEST_DIR/out" '.annotations = {"run.oci.hooks.stdout": $out, "run.oci.hooks.stderr": "err"}'
  echo before >out
  for kind in prestart createRuntime createContainer startContainer poststart poststop; do
    hook $kind "echo $kind; echo $kind >&2"
  done
  config '.hooks.startContainer[0].env = ["PATH=/bin"]'
  # poststart runs beside the program.
  args sleep 1
  run_ct
  expect_ok
  expect_output ""
  expect_eq "$(tr '\n' ' ' <out)" "before prestart createRuntime createContainer startContainer poststart poststop "
  expect_eq "$(tr '\n' ' ' <"$BUNDLE/err")" "prestart createRuntime createContainer startContainer poststart poststop "
}

# bats test_tags=ours
@test "hooks: a file for their output that cannot be opened is an error" {
  config '.annotations = {"run.oci.hooks.stdout": "/no/such/directory/file"}'
  hook createRuntime true
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "'/no/such/directory/file'"
  config 'del(.hooks)'
  hook createContainer true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "'/no/such/directory/file'"
  expect_eq "$(ls -A "$STATE")" ""
}
