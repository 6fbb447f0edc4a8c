#!/usr/bin/env bats
# create, start, state, kill, delete: the life of a container, step by step.

load ../lib/helpers

@test "lifecycle: created, running, stopped, gone" {
  sleeper
  create_ct
  expect_eq "$(state_of "$CT")" created
  run runc start "$CT"
  expect_ok
  expect_output ""
  expect_eq "$(state_of "$CT")" running
  run runc kill "$CT" KILL
  expect_ok
  await_status "$CT" stopped
  run runc delete "$CT"
  expect_ok
  run runc state "$CT"
  expect_status 1
  expect_match "container does not exist"
}

@test "create: the program has not run before start" {
  script 'echo ran >/work/ran'
  config '.root.readonly = false'
  create_ct
  [[ ! -e $BUNDLE/rootfs/work/ran ]]
  runc start "$CT"
  wait_for test -s "$BUNDLE/rootfs/work/ran"
}

@test "create: a program that is missing is reported by create or start" {
  args /no/such/program
  if create_ct 2>err; then
    run --separate-stderr runc start "$CT"
    expect_status 1
    echo "$stderr" >err
  fi
  grep -E '/no/such/program.*no such file or directory' err
}

@test "create: an id that exists is refused" {
  sleeper
  create_ct
  run --separate-stderr runc create --bundle "$BUNDLE" "$CT"
  expect_error 1 'container with (given ID already|id) exists'
  expect_eq "$(state_of "$CT")" created
}

@test "create: concurrent creates of one id: one succeeds" {
  sleeper
  mkdir results
  for i in 1 2 3 4 5 6; do
    {
      runc create --bundle "$BUNDLE" "$CT" </dev/null >"results/$i.out" 2>&1
      echo $? >"results/$i"
    } 3>&- &
  done
  wait
  expect_eq "$(grep -lx 0 results/? | wc -l)" 1 "number of creates that succeeded"
  expect_eq "$(state_of "$CT")" created
  for i in 1 2 3 4 5 6; do
    [[ $(cat results/$i) == 0 ]] || grep -iE 'exist' "results/$i.out"
  done
}

@test "create: a container without start can be deleted by force" {
  sleeper
  create_ct
  pid=$(state_of "$CT" .pid)
  run runc delete --force "$CT"
  expect_ok
  wait_gone "$pid"
  run runc state "$CT"
  expect_status 1
}

@test "create: a container without start can be killed" {
  sleeper
  create_ct
  run runc kill "$CT" KILL
  expect_ok
  await_status "$CT" stopped
}

@test "create: a container without start ends by a signal that asks for it" {
  sleeper
  for signal in TERM INT HUP QUIT; do
    create_ct
    runc kill "$CT" $signal
    await_status "$CT" stopped
    runc delete "$CT"
  done
}

@test "start: fails for a container that runs" {
  sleeper
  start_ct
  run --separate-stderr runc start "$CT"
  expect_error 1 'cannot start an already running container'
}

@test "start: fails for a container that has stopped" {
  args true
  run_ct --keep
  expect_ok
  run --separate-stderr runc start "$CT"
  expect_error 1 'cannot start a container that has stopped'
}

@test "start: fails for an unknown container" {
  run --separate-stderr runc start no-such
  expect_error 1 'container does not exist'
}

@test "start: two at once: the program runs once" {
  config '.root.readonly = false'
  script 'echo ran >>/work/ran; trap "exit 0" TERM; while :; do sleep 0.1; done'
  create_ct
  runc start "$CT" >/dev/null 2>&1 3>&- &
  first=$!
  runc start "$CT" >/dev/null 2>&1 || true
  wait_exit "$first"
  wait_for test -s "$BUNDLE/rootfs/work/ran"
  expect_eq "$(state_of "$CT")" running
  expect_eq "$(wc -l <"$BUNDLE/rootfs/work/ran")" 1
}

@test "run --detach: returns when the program runs" {
  sleeper
  start_ct
  expect_eq "$(state_of "$CT")" running
  pid=$(state_of "$CT" .pid)
  expect_match '^sh' "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
}

@test "run --detach: the container keeps the given stdio" {
  script 'read line; echo "got $line"; echo err >&2'
  mkfifo in
  exec 9<>in
  runc run --detach --bundle "$BUNDLE" "$CT" <in >out 2>err 3>&- 9>&-
  echo hello >&9
  wait_for grep -q 'got hello' out
  wait_for grep -q err err
}

@test "run --detach: a program that cannot be run is an error" {
  args /no/such/program
  run --separate-stderr runc run --detach --bundle "$BUNDLE" "$CT" </dev/null
  expect_error 1 '/no/such/program.*no such file or directory'
  expect_eq "$(ls -A "$STATE")" ""
}

@test "detached: the runtime is not needed any more and no process of it stays" {
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  ! pgrep -u "$(id -u)" -f -- "--root $STATE" >/dev/null
  expect_match '^(sh|busybox)$' "$(cat "/proc/$pid/comm")"
}

@test "kill: SIGTERM is the default" {
  script 'trap "echo terminated >/work/said; exit 0" TERM; : >/dev/shm/ready; while :; do sleep 0.05; done'
  config '.root.readonly = false'
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  run runc kill "$CT"
  expect_ok
  await_status "$CT" stopped
  expect_eq "$(cat "$BUNDLE/rootfs/work/said")" terminated
}

@test "kill: signals by name, with SIG, in small letters, by number" {
  config '.root.readonly = false'
  script 'trap "echo got >>/work/said" USR1; : >/dev/shm/ready; while :; do sleep 0.02; done'
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  n=0
  for signal in USR1 SIGUSR1 usr1 10; do
    run runc kill "$CT" $signal
    expect_ok
    n=$((n + 1))
    said() { [[ $(wc -l <"$BUNDLE/rootfs/work/said") == "$n" ]]; }
    wait_for said
  done
}

# bats test_tags=ours
@test "kill: real-time signals by name" {
  config '.root.readonly = false'
  script 'trap "echo got >>/work/said" 37; : >/dev/shm/ready; while :; do sleep 0.02; done'
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  run runc kill "$CT" RTMIN+3
  expect_ok
  wait_for test -s "$BUNDLE/rootfs/work/said"
}

@test "kill: an unknown signal is an error" {
  sleeper
  start_ct
  run --separate-stderr runc kill "$CT" MOON
  expect_error 1 'MOON'
  expect_eq "$(state_of "$CT")" running
}

@test "kill: a stopped container is an error" {
  args true
  run_ct --keep
  run --separate-stderr runc kill "$CT" KILL
  expect_error 1 'container not running'
}

@test "kill: an unknown container is an error" {
  run --separate-stderr runc kill no-such KILL
  expect_error 1 'container does not exist'
}

# bats test_tags=ours
@test "kill --all: is accepted and ends everything" {
  script 'sleep 1000 & sleep 1000 & wait'
  start_ct
  run runc kill --all "$CT" KILL
  expect_ok
  await_status "$CT" stopped
}

@test "delete: a running container is refused" {
  sleeper
  start_ct
  run --separate-stderr runc delete "$CT"
  expect_error 1 "cannot delete container $CT that is not stopped: running"
  expect_eq "$(state_of "$CT")" running
}

@test "delete: an unknown container is an error" {
  run --separate-stderr runc delete no-such
  expect_error 1 'container does not exist'
}

@test "delete --force: ends and removes a running container with all its processes" {
  script 'trap "" TERM; sleep 1000 & sleep 1000'
  start_ct
  run runc delete --force "$CT"
  expect_ok
  run runc state "$CT"
  expect_status 1
}

@test "delete --force: an unknown container is no error" {
  run runc delete --force no-such
  expect_ok
}

# bats test_tags=ours
@test "delete: many at once, and the rest when one is not there" {
  args true
  for id in a b c; do
    runc run --keep --bundle "$BUNDLE" "$CT-$id"
  done
  run runc delete "$CT-a" no-such "$CT-b" "$CT-c"
  expect_status 1
  expect_match 'no-such|does not exist'
  expect_eq "$(runc list -q)" ""
}

@test "delete --force: a container whose bundle is gone" {
  sleeper
  start_ct
  mv "$BUNDLE" "$TEST_DIR/moved"
  run runc delete --force "$CT"
  expect_ok
  expect_eq "$(ls -A "$STATE")" ""
}

@test "state: the keys and values that the specification asks for" {
  sleeper
  config '.annotations = {"org.example.a": "b"}'
  start_ct
  run runc state "$CT"
  expect_ok
  state=$output
  get() { jq -r "$1" <<<"$state"; }
  expect_match '^1\.[0-9]+\.[0-9]+' "$(get .ociVersion)"
  expect_eq "$(get .id)" "$CT"
  expect_eq "$(get .status)" running
  expect_eq "$(get .bundle)" "$BUNDLE"
  expect_eq "$(get .rootfs)" "$BUNDLE/rootfs"
  expect_eq "$(get '.annotations["org.example.a"]')" b
  expect_match '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$' "$(get .created)"
  expect_match '^(sh|busybox)$' "$(cat "/proc/$(get .pid)/comm")"
}

@test "state: a stopped container has the pid 0" {
  args true
  run_ct --keep
  expect_eq "$(state_of "$CT" .pid)" 0
}

@test "state: an unknown container is an error" {
  run --separate-stderr runc state no-such
  expect_error 1 'container does not exist'
  expect_output ""
}

@test "state: a pid that was used again by another process is not the container" {
  sleeper
  start_ct
  file=$STATE/$CT/state.json
  pid=$(state_of "$CT" .pid)
  runc kill "$CT" KILL
  await_status "$CT" stopped
  # Another process has the container's old number, as after a wrap.
  if is_ours; then
    jq --argjson pid $$ '(.pid? // empty) = $pid | (.init_process_pid? // empty) = $pid' "$file" >new || cp "$file" new
  else
    jq --argjson pid $$ '.init_process_pid = $pid' "$file" >new
  fi
  cat new >"$file"
  grep -q "$$" "$file"
  expect_eq "$(state_of "$CT")" stopped
  run runc delete "$CT"
  expect_ok
  kill -0 $$
}

@test "a state directory that is not ours is not touched" {
  mkdir -p "$STATE/$CT"
  echo precious >"$STATE/$CT/file"
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'exist' "$stderr"
  expect_eq "$(cat "$STATE/$CT/file")" precious
  rm -r "${STATE:?}/$CT"
}

# bats test_tags=ours
@test "a state file that cannot be read can be seen and deleted" {
  args true
  run_ct --keep
  echo '{"broken' >"$STATE/$CT/state.json"
  run runc list
  expect_ok
  run runc delete --force "$CT"
  expect_ok
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=no:root,no:root-v2,no:userns
@test "a state root that we may not write is an error that names it" {
  args true
  run --separate-stderr "$RUNC" --root /proc/nothing run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match '/proc/nothing' "$stderr"
}

# bats test_tags=ours,no:root,no:root-v2,no:root-systemd
@test "lifecycle: checkpoint and restore are for root's containers, and say so" {
  sleeper
  start_ct
  run --separate-stderr runc checkpoint --image-path images "$CT"
  expect_error 1 "checkpoint: only for containers of root: .*'sudo runc"
  has_status "$CT" running
  test ! -e images
  run --separate-stderr runc restore --detach --bundle "$BUNDLE" --image-path images "$CT-2"
  expect_error 1 "restore: only for containers of root: .*'sudo runc"
}
