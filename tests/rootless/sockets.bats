#!/usr/bin/env bats
# pid files, pidfd sockets, and descriptors and sockets that are handed to the container.

load ../lib/helpers

@test "pid file: run --detach writes the container's pid" {
  sleeper
  start_ct --pid-file "$TEST_DIR/pid"
  expect_eq "$(cat pid)" "$(state_of "$CT" .pid)"
  expect_eq "$(wc -c <pid)" "$(printf %s "$(cat pid)" | wc -c)" "bytes in the pid file (no newline)"
}

@test "pid file: create writes it, too" {
  sleeper
  create_ct --pid-file "$TEST_DIR/pid"
  expect_eq "$(cat pid)" "$(state_of "$CT" .pid)"
}

@test "pid file: a foreground run writes it, too" {
  sleeper
  runc run --bundle "$BUNDLE" --pid-file "$TEST_DIR/pid" "$CT" </dev/null >/dev/null 2>&1 3>&- &
  wait_for test -s pid
  expect_eq "$(cat pid)" "$(state_of "$CT" .pid)"
  runc kill "$CT" KILL
  wait_exit $!
}

@test "pid file: a relative one is in the caller's directory" {
  sleeper
  mkdir caller
  cd caller
  start_ct --pid-file pid
  expect_eq "$(cat pid)" "$(state_of "$CT" .pid)"
}

@test "pid file: an old one is replaced" {
  echo "something that is much longer than a pid" >pid
  sleeper
  start_ct --pid-file "$TEST_DIR/pid"
  expect_eq "$(cat pid)" "$(state_of "$CT" .pid)"
}

@test "pid file: one that cannot be written is an error, and nothing is left" {
  sleeper
  run --separate-stderr runc run --detach --pid-file /proc/nowhere/pid --bundle "$BUNDLE" "$CT" </dev/null
  expect_error 1 '/proc/nowhere'
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours
@test "pidfd socket: run hands over a pidfd of the container" {
  sleeper
  "$TESTHELPER" fd-recv pidfd >got 2>&1 3>&- &
  receiver=$!
  wait_for test -S pidfd
  start_ct --pidfd-socket "$TEST_DIR/pidfd"
  wait_exit $receiver
  expect_ok
  grep -qx "fds: 1" got
  grep -qx 'fd: anon_inode:\[pidfd\]' got || grep -qx 'fd: pidfd:.*' got
  grep -qx "Pid:	$(state_of "$CT" .pid)" got
}

# bats test_tags=ours
@test "pidfd socket: exec hands over a pidfd of the new process" {
  sleeper
  start_ct
  "$TESTHELPER" fd-recv pidfd >got 2>&1 3>&- &
  receiver=$!
  wait_for test -S pidfd
  runc exec --detach --pid-file pid --pidfd-socket "$TEST_DIR/pidfd" "$CT" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
  wait_exit $receiver
  expect_ok
  grep -qx "Pid:	$(cat pid)" got
}

@test "preserve-fds: the next descriptors are handed on, and no others" {
  script 'cat <&3; cat <&4; ls /proc/self/fd | tr "\n" " "'
  echo three >f3
  echo four >f4
  run bash -c '"$@" 3<f3 4<f4 5</etc/passwd 6</etc/passwd' - \
    "$RUNC" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$CT"
  expect_ok
  # 5 is ls's own.
  expect_output $'three\nfour\n0 1 2 3 4 5 '
}

# bats test_tags=ours
@test "preserve-fds: a descriptor that is not open is an error" {
  args true
  run --separate-stderr bash -c '"$@" 3>&- 4>&-' - \
    "$RUNC" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$CT"
  expect_error 1 'preserve'
  expect_eq "$(ls -A "$STATE")" ""
}

@test "LISTEN_FDS: socket activation is handed on, with our pid in the container" {
  script 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; ls /proc/self/fd | tr "\n" " "'
  echo activated >f3
  run bash -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<f3' - \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output $'1 1\nactivated\n0 1 2 3 4 '
}

@test "LISTEN_FDS: and preserve-fds after it" {
  script 'cat <&3; cat <&4'
  echo activated >f3
  echo preserved >f4
  run bash -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<f3 4<f4' - \
    "$RUNC" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output $'activated\npreserved'
}

@test "NOTIFY_SOCKET: a message of the container arrives, and it has a socket of its own" {
  needs socat
  args sh -c 'test -S "$NOTIFY_SOCKET" && echo "have $NOTIFY_SOCKET"; exec sleep 1000'
  "$TESTHELPER" dgram-recv notify 1 >got 2>&1 3>&- &
  receiver=$!
  wait_for test -S notify
  NOTIFY_SOCKET=$TEST_DIR/notify runc run --bundle "$BUNDLE" "$CT" </dev/null >out 2>&1 3>&- &
  wait_for grep -q have out
  inside=$(sed -n 's/^have //p' out)
  # A program with access to the container's files sends the message through the container's own socket.
  socket=/proc/$(state_of "$CT" .pid)/root$inside
  printf 'READY=1\n' | socat - "UNIX-SENDTO:$socket"
  wait_exit $receiver
  grep -qx 'READY=1' got
}

# bats test_tags=ours
@test "pidfd socket: of an annotation" {
  sleeper
  config '.annotations = {"run.oci.pidfd_receiver": "pidfd"}'
  "$TESTHELPER" fd-recv "$BUNDLE/pidfd" >got 2>&1 3>&- &
  receiver=$!
  wait_for test -S "$BUNDLE/pidfd"
  start_ct
  wait_exit $receiver
  expect_ok
  grep -qx "Pid:	$(state_of "$CT" .pid)" got
}
