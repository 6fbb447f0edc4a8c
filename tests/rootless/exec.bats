#!/usr/bin/env bats
# exec: another process in a container that runs.

load ../lib/helpers

setup() {
  common_setup
  bundle
  sleeper
}

# ct_exec ARGUMENTS...: exec, into $status, $output, $stderr and $lines.
ct_exec() { run --separate-stderr runc exec "$@"; }

@test "exec: prints what the program prints, and its status" {
  start_ct
  ct_exec "$CT" echo hello
  expect_ok
  expect_output hello
  expect_eq "$stderr" ""
  for code in 1 7 255; do
    ct_exec "$CT" sh -c "exit $code"
    expect_status $code
  done
}

@test "exec: 128 + n when a signal killed the program" {
  start_ct
  ct_exec "$CT" sh -c 'kill -KILL $$'
  expect_status 137
  ct_exec "$CT" sh -c 'kill -TERM $$'
  expect_status 143
}

@test "exec: stdin, stdout and stderr" {
  start_ct
  run --separate-stderr runc exec "$CT" sh -c 'cat; echo err >&2' <<<"typed"
  expect_ok
  expect_output typed
  expect_eq "$stderr" err
}

@test "exec: is in all namespaces of the container" {
  start_ct
  pid=$(state_of "$CT" .pid)
  for ns in mnt pid ipc uts net cgroup; do
    [[ -r /proc/$pid/ns/$ns ]] || continue
    ct_exec "$CT" readlink "/proc/self/ns/$ns"
    expect_ok
    expect_output "$(readlink "/proc/$pid/ns/$ns")"
  done
  ct_exec "$CT" readlink /proc/1/ns/user
  expect_output "$(readlink "/proc/$pid/ns/user")"
  ct_exec "$CT" hostname
  expect_output "$(jq -r .hostname "$BUNDLE/config.json")"
}

@test "exec: sees the container's files, and its processes" {
  start_ct
  ct_exec "$CT" ps -o pid,comm
  expect_ok
  expect_match '(^|'$'\n'') *1 (sh|busybox)'
  ct_exec "$CT" ls /
  expect_line bin
}

@test "exec: has environment, directory, user, limits and capabilities of config.json" {
  config '.process.cwd = "/etc" | .process.env += ["FROM=config"]
    | .process.rlimits = [{"type": "RLIMIT_CORE", "hard": 333, "soft": 222}]'
  start_ct
  ct_exec "$CT" sh -c 'pwd; echo $FROM; grep "^Max core" /proc/self/limits; grep ^CapBnd /proc/self/status; id -u'
  expect_ok
  bounding=$(runc exec "$CT" grep ^CapBnd /proc/1/status)
  expect_match $'^/etc\nconfig\nMax core file size +222 +333 +bytes *\n'"$bounding"$'\n0$'
}

@test "exec --env: adds and replaces variables" {
  config '.process.env += ["FROM=config"]'
  start_ct
  ct_exec --env FROM=exec --env NEW=1 "$CT" env
  expect_ok
  expect_line FROM=exec
  expect_line NEW=1
  expect_no_match FROM=config
}

@test "exec --cwd: the working directory" {
  start_ct
  ct_exec --cwd /bin "$CT" pwd
  expect_ok
  expect_output /bin
}

@test "exec --cwd: one that is not there is an error" {
  start_ct
  ct_exec --cwd /no/such "$CT" pwd
  expect_status 255
  expect_match '/no/such' "$stderr"
}

# bats test_tags=no:userns,no:single
@test "exec --user: uid and gid" {
  many_ids
  start_ct
  ct_exec --user 1000:1001 "$CT" sh -c 'id -u; id -g'
  expect_ok
  expect_output $'1000\n1001'
  ct_exec -u 1000 "$CT" sh -c 'id -u; id -g'
  expect_ok
  expect_output $'1000\n0'
}

# bats test_tags=ours
@test "exec --user: what is not a number is an error" {
  start_ct
  for user in guest x:1 1:x '1 ' -1 4294967296 0x10; do
    ct_exec "--user=$user" "$CT" id
    [[ $status != 0 ]] || fail "--user=$user was accepted"
  done
}

# bats test_tags=ours,no:userns,no:single
@test "exec --additional-gids: supplementary groups" {
  many_ids
  start_ct
  ct_exec --additional-gids 100 --additional-gids 65534 "$CT" id -G
  expect_ok
  expect_output "0 100 65534"
}

@test "exec --cap: adds a capability" {
  start_ct
  ct_exec "$CT" grep ^CapEff /proc/self/status
  (((16#${output##*$'\t'} & 1 << 13) == 0))
  ct_exec --cap CAP_NET_RAW "$CT" grep ^CapEff /proc/self/status
  expect_ok
  (((16#${output##*$'\t'} & 1 << 13) != 0))
}

@test "exec --no-new-privs: sets the flag" {
  config '.process.noNewPrivileges = false'
  start_ct
  ct_exec "$CT" grep NoNewPrivs /proc/self/status
  expect_output $'NoNewPrivs:\t0'
  ct_exec --no-new-privs "$CT" grep NoNewPrivs /proc/self/status
  expect_output $'NoNewPrivs:\t1'
}

# bats test_tags=ours
@test "exec: the umask is the container's, or that of process.json, never the caller's" {
  echo '{"args": ["sh", "-c", "umask"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}' >process.json
  umask 077
  start_ct
  for options in "$CT sh -c umask" "--process process.json $CT"; do
    # shellcheck disable=SC2086
    ct_exec $options
    expect_output 0022
  done
  runc delete --force "$CT"
  config '.process.user.umask = 23'
  start_ct
  for options in "$CT sh -c umask" "--process process.json $CT"; do
    # shellcheck disable=SC2086
    ct_exec $options
    expect_output 0027
  done
  jq '.user.umask = 63' process.json >other.json
  ct_exec --process other.json "$CT"
  expect_output 0077
}

@test "exec --process: all from a process.json" {
  start_ct
  cat >process.json <<EOF
{ "terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["sh", "-c", "echo \$X; pwd; grep Max.core /proc/self/limits"],
  "env": ["PATH=/bin", "X=from process.json"], "cwd": "/tmp",
  "rlimits": [{"type": "RLIMIT_CORE", "hard": 99, "soft": 77}] }
EOF
  ct_exec --process process.json "$CT"
  expect_ok
  expect_match $'^from process.json\n/tmp\nMax core file size +77 +99 '
  ct_exec -p "$TEST_DIR/process.json" "$CT"
  expect_ok
}

@test "exec --process: a wrong one is an error that says where" {
  start_ct
  echo '{"args": "sh", "cwd": "/"}' >process.json
  ct_exec --process process.json "$CT"
  expect_status 255
  expect_match 'args' "$stderr"
  ct_exec --process nowhere.json "$CT"
  expect_status 255
  expect_match 'nowhere.json' "$stderr"
}

@test "exec --detach: returns at once, with a pid file" {
  start_ct
  runc exec --detach --pid-file pid "$CT" sh -c 'echo alive >/dev/shm/alive; exec sleep 1000' </dev/null >/dev/null 2>&1 3>&-
  wait_for runc exec "$CT" test -s /dev/shm/alive
  wait_for grep -q sleep "/proc/$(cat pid)/cmdline"
  expect_eq "$(readlink "/proc/$(cat pid)/ns/pid")" "$(readlink "/proc/$(state_of "$CT" .pid)/ns/pid")"
}

@test "exec: options after the command belong to the command" {
  start_ct
  ct_exec "$CT" echo --cwd /x -e --debug
  expect_ok
  expect_output "--cwd /x -e --debug"
}

@test "exec: a program that is not there" {
  start_ct
  ct_exec "$CT" no-such-program
  expect_error 255 'no-such-program.*executable file not found in \$PATH'
  ct_exec "$CT" /no/such
  expect_error 255 '/no/such.*no such file or directory'
  ct_exec "$CT" /etc/passwd
  expect_error 255 '/etc/passwd.*[Pp]ermission denied'
}

@test "exec: no command is an error" {
  start_ct
  ct_exec "$CT"
  [[ $status != 0 ]]
}

@test "exec: a container that is not there, or has stopped" {
  ct_exec "$CT" true
  [[ $status == 255 || $status == 1 ]]
  expect_match 'container does not exist' "$stderr"
  args true
  run_ct --keep
  ct_exec "$CT" true
  expect_error 255 'cannot exec (a|in a stopped) container( that has stopped)?'
}

@test "exec: works in a container that is created and not started" {
  create_ct
  ct_exec "$CT" echo early
  expect_ok
  expect_output early
}

@test "exec: PATH is the container's" {
  mkdir "$BUNDLE/rootfs/opt"
  printf '#!/bin/sh\necho tool\n' >"$BUNDLE/rootfs/opt/tool"
  chmod +x "$BUNDLE/rootfs/opt/tool"
  config '.process.env |= map(if startswith("PATH=") then "PATH=/opt:/bin" else . end)'
  start_ct
  ct_exec "$CT" tool
  expect_ok
  expect_output tool
}

@test "exec: signals are forwarded" {
  start_ct
  "$RUNC" --root "$STATE" exec "$CT" sh -c 'trap "exit 9" TERM; : >/dev/shm/exec-ready; while :; do sleep 0.05; done' </dev/null 3>&- &
  job=$!
  wait_for runc exec "$CT" test -e /dev/shm/exec-ready
  kill -TERM $job
  wait_exit $job
  expect_status 9
}

@test "exec: no descriptors of the caller or the runtime inside" {
  start_ct
  exec 7</etc/passwd
  ct_exec "$CT" ls /proc/self/fd
  exec 7<&-
  # 3 is ls's own.
  expect_output $'0\n1\n2\n3'
}

@test "exec --preserve-fds: hands on the next descriptors" {
  start_ct
  echo three >f3
  echo four >f4
  run bash -c '"$@" 3<f3 4<f4' - "$RUNC" --root "$STATE" exec --preserve-fds 2 "$CT" sh -c 'cat <&3; cat <&4'
  expect_ok
  expect_output $'three\nfour'
}

@test "exec: many at once" {
  start_ct
  for i in 1 2 3 4 5 6 7 8; do
    runc exec "$CT" echo "number $i" >"out.$i" 2>&1 3>&- &
  done
  wait
  expect_eq "$(cat out.? | sort | tr '\n' ',')" \
    "number 1,number 2,number 3,number 4,number 5,number 6,number 7,number 8,"
}

@test "exec: ends when the container is killed" {
  start_ct
  runc exec "$CT" sh -c ': >/dev/shm/exec-ready; exec sleep 1000' </dev/null 3>&- &
  job=$!
  wait_for runc exec "$CT" test -e /dev/shm/exec-ready
  runc kill "$CT" KILL
  wait_exit $job
  expect_status 137
}

# bats test_tags=ours
@test "exec --debug: says what is done, and only then" {
  sleeper
  start_ct
  run --separate-stderr runc exec "$CT" true
  expect_eq "$stderr" ''
  run --separate-stderr runc --debug exec "$CT" true
  expect_ok
  expect_match 'level=debug msg="join slot=' "$stderr"
  run --separate-stderr runc --debug --log "$TEST_DIR/log" exec "$CT" true
  expect_eq "$stderr" ''
  expect_match 'level=debug msg="join slot=' "$(cat log)"
}

# bats test_tags=ours
@test "exec: an unknown capability is left out with a warning; a failure is none of an init" {
  sleeper
  start_ct
  run --separate-stderr runc exec --cap CAP_NO_SUCH --cap CAP_KILL "$CT" echo done
  expect_ok
  expect_output done
  expect_match 'level=warning.*CAP_NO_SUCH' "$stderr"
  run --separate-stderr runc exec "$CT" no-such-program
  expect_status 255
  expect_match 'exec failed: unable to start container process: exec: .*no-such-program.*executable file not found in \$PATH' "$stderr"
}
