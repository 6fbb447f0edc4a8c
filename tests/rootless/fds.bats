#!/usr/bin/env bats
# What the container inherits besides what it was given: nothing.

load ../lib/helpers

@test "fds: only stdin, stdout and stderr" {
  args ls /proc/self/fd
  exec 7</etc/passwd 8<"$TEST_DIR" 9<>"$TEST_DIR/file"
  run_ct
  exec 7<&- 8<&- 9<&-
  expect_ok
  # 3 is ls's own.
  expect_output $'0\n1\n2\n3'
}

@test "fds: none is left open in a detached container either" {
  sleeper
  exec 7</etc/passwd
  start_ct
  exec 7<&-
  run runc exec "$CT" sh -c 'ls /proc/1/fd'
  expect_ok
  # 10 is the shell's own copy.
  expect_match $'^0\n1\n2(\n10)?$'
}

# bats test_tags=ours
@test "fds: none is open while the program is waiting for start, but the gate" {
  sleeper
  exec 7<"$TEST_DIR"
  create_ct
  exec 7<&-
  # Those of the program; the lock and the fifo of the gate; the directory of fds, which leads nowhere else.
  run ls -l "/proc/$(state_of "$CT" .pid)/fd"
  expect_ok
  expect_eq "$(sed -nE "/ [012] -> /d; s|.* -> ($STATE/$CT/)?||p" <<<"$output" | sort | tr '\n' ' ')" "/ exec.fifo gate "
  # 3.. of the process that waits, seen by whoever is let in meanwhile.
  run runc exec "$CT" sh -c 'for fd in /proc/1/fd/*; do [ -d "$fd" ] || continue; ls -d "$fd"/..; ls "$fd/../proc" "$fd/../../proc" "$fd/../etc" "$fd/etc"; done 2>&1 | grep -v "^ls: "'
  expect_no_match 'self|passwd|sys|/$'
  runc start "$CT"
  run runc exec "$CT" ls -l /proc/1/fd
  expect_ok
  expect_no_match ' ([3-9]|[1-9][0-9]+) ->'
}

# bats test_tags=ours
@test "fds: a startContainer hook, which is the image's program, finds none of the runtime's" {
  script 'cat /dev/shm/seen'
  config '.hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "ls -l /proc/1/fd >/dev/shm/seen"]}]'
  run_ct
  expect_ok
  # The wire to the runtime, the state and the hook's own pipe.
  expect_match ' -> socket:'
  expect_eq "$(sed -nE '/ -> (pipe:|socket:|anon_inode:|\/memfd:state |\/dev\/null$)/d; s/.* -> //p' <<<"$output")" ""
}

@test "fds: a working directory outside of the root is not reachable" {
  for n in 3 4 5 6 7 8 9 10; do
    args cat /etc/hostname
    config --arg cwd "/proc/self/fd/$n" '.process.cwd = $cwd'
    run_ct
    [[ $status != 0 ]]
  done
}

@test "fds: the signal mask is empty and no signal is ignored" {
  args grep -E '^Sig(Blk|Ign)' /proc/self/status
  run_ct
  expect_line $'SigBlk:\t0000000000000000'
  run bash -c 'trap "" USR1 PIPE; "$@"' - "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_line $'SigBlk:\t0000000000000000'
}

@test "fds: the program is the leader of its own session" {
  script 'set -- $(cat /proc/self/stat); cut -d" " -f5,6 /proc/1/stat'
  run_ct
  expect_output "1 1"
}

# bats test_tags=ours
@test "fds: the runtime's binary cannot be reached from the container" {
  script 'ls -l /proc/1/exe /proc/self/exe'
  run_ct
  expect_no_match 'runc'
}

# bats test_tags=ours
@test "fds: stdio that is /dev/null is the container's own, for run and for exec" {
  # The mount that a file was opened through: the host's is none of the container's. (/proc/$$: some programs are run by
  # the shell itself, with its descriptors.)
  local look='exec 5</dev/null; all=; for fd in 0 1 2 5; do all="$all $(sed -n "s/^mnt_id:.//p" /proc/$$/fdinfo/$fd)"; done; echo $all'
  script "$look"' >/dev/shm/mounts; sleep 1000'
  runc run --detach --bundle "$BUNDLE" "$CT" </dev/null >/dev/null 2>&1 3>&-
  wait_for runc exec "$CT" test -s /dev/shm/mounts
  expect_match '^([0-9]+) \1 \1 \1$' "$(runc exec "$CT" cat /dev/shm/mounts)"
  runc exec --detach "$CT" sh -c "$look >/dev/shm/execed" </dev/null >/dev/null 2>&1 3>&-
  wait_for runc exec "$CT" test -s /dev/shm/execed
  expect_match '^([0-9]+) \1 \1 \1$' "$(runc exec "$CT" cat /dev/shm/execed)"
  # What was something else stays what it was.
  runc delete --force "$CT"
  args readlink /proc/self/fd/1
  runc run --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 3>&-
  expect_eq "$(<out)" "$TEST_DIR/out"
}
