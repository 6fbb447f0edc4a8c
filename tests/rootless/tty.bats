#!/usr/bin/env bats
# Terminals: run and exec on the caller's terminal, and over a console socket.

load ../lib/helpers

setup() {
  common_setup
  bundle
  config '.process.terminal = true'
}

# on_tty STEP... -- COMMAND...: run a command on a new terminal, into $status, $output and $lines; the
# terminal's line ends become plain ones.
on_tty() {
  run "$TESTHELPER" tty-run -t 20 "$@"
  output=${output//$'\r'/}
  mapfile -t lines <<<"$output"
}

run_on_tty() { on_tty "$@" -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"; }

# listen_console STEP...: take the terminal that comes on the socket "console", in the background; what it
# says is in the file "said".
listen_console() {
  "$TESTHELPER" tty-recv -t 20 "$TEST_DIR/console" "$@" >said 2>&1 </dev/null 3>&- &
  RECEIVER=$!
  wait_for test -S "$TEST_DIR/console"
}

@test "tty: the container's program has a terminal" {
  script 'test -t 0 && test -t 1 && test -t 2 && tty'
  run_on_tty
  expect_ok
  expect_match '^/dev/(pts/0|console)$'
}

@test "tty: a shell that is typed to" {
  args sh
  run_on_tty 'expect=/ # ' 'send=echo $((40 + 2))\n' 'expect=42' 'send=exit 5\n'
  expect_status 5
}

@test "tty: the exit status is handed on" {
  script 'exit 9'
  run_on_tty
  expect_status 9
}

@test "tty: the caller's terminal is raw while the container runs, and as before afterwards" {
  script 'echo ready; read line; echo "got $line"'
  on_tty expect=ready raw 'send=x\n' 'expect=got x' cooked -- \
    sh -c '"$@"; echo "status $?"; stty -a | grep -o -e "-*icanon" -e "-*echo\b"' - \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT" <<<""
  expect_match 'status 0'
  expect_match $'\nicanon\necho'
}

@test "tty: the caller's terminal is as before after a failure" {
  args /no/such
  on_tty -- sh -c '"$@"; stty -a | grep -o -e "-*icanon"' - \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_match 'no such file or directory'
  expect_match '(^|'$'\n'')icanon'
}

@test "tty: control characters go to the program in the container" {
  script 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.05; done'
  run_on_tty expect=ready raw 'send=\x03' expect=interrupted
  expect_status 3
}

@test "tty: the program is the leader of its session, with job control" {
  args sh
  run_on_tty 'expect=# ' 'send=sh -c "echo star\"\"ted; exec sleep 1000"\n' expect=started \
    'send=\x1a' expect=Stopped 'expect=# ' 'send=kill -9 %1; wait; exit; exit 0\n'
  expect_ok
  expect_no_match "can't access tty|job control turned off"
}

# bats test_tags=ours
@test "tty: the size is the caller's from the start, and follows it" {
  script 'stty size; trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.05; done'
  run_on_tty -s 33x99 'expect=33 99' expect=ready resize=44x111 'expect=44 111'
  expect_ok
}

@test "tty: consoleSize of config.json" {
  args stty size
  config '.process.consoleSize = {"height": 20, "width": 70}'
  listen_console
  create_ct --console-socket "$TEST_DIR/console"
  runc start "$CT"
  wait_exit $RECEIVER
  expect_match '20 70' "$(cat said)"
}

@test "tty: line ends are translated, and only once" {
  script 'echo one; read -r line; echo two'
  run "$TESTHELPER" tty-run expect=one raw 'send=\n' -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_no_match $'\r\r'
  expect_match $'^one\r\n\r\ntwo\r$'
}

# bats test_tags=ours
@test "tty: works when stdin is not a terminal" {
  script 'tty; echo out'
  run bash -c '"$@" </dev/null' - "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match 'out'
  expect_no_match $'\r'
}

# bats test_tags=ours
@test "tty: input that is a pipe reaches the program" {
  script 'read line; echo "got $line"'
  run bash -c 'echo typed | "$@" | cat' - "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_match 'got typed'
}

@test "tty: a lot of output arrives whole" {
  script 'i=0; while [ $i -lt 20000 ]; do echo "line $i of the output"; i=$((i + 1)); done'
  run_on_tty
  expect_ok
  expect_eq "${#lines[@]}" 20000
  expect_eq "${lines[19999]}" "line 19999 of the output"
}

@test "tty: the caller's hangup goes to the container" {
  script 'trap "exit 3" HUP; echo ready; while :; do sleep 0.05; done'
  run_on_tty expect=ready hangup
  expect_status 3
}

@test "tty: /dev/console is the terminal" {
  script 'echo through console >/dev/console; stat -c %t:%T /dev/console >/dev/null && echo there'
  run_on_tty
  expect_ok
  expect_match 'through console'
  expect_match 'there'
}

@test "console socket: create hands the terminal over" {
  args sh
  listen_console 'expect=# ' 'send=echo $((40 + 2)); exit 4\n' expect=42
  create_ct --console-socket "$TEST_DIR/console"
  expect_eq "$(state_of "$CT")" created
  runc start "$CT"
  wait_exit $RECEIVER
  expect_ok
  await_status "$CT" stopped
}

@test "console socket: run --detach hands the terminal over" {
  script 'tty; echo from inside'
  listen_console
  start_ct --console-socket "$TEST_DIR/console"
  wait_exit $RECEIVER
  expect_ok
  expect_match 'from inside' "$(cat said)"
}

@test "console socket: the terminal comes with a name" {
  script true
  listen_console
  start_ct --console-socket "$TEST_DIR/console"
  wait_exit $RECEIVER
  expect_match '^received .*(/dev/ptmx|/dev/pts|pts)' "$(cat said)"
}

@test "console socket: a detached terminal without a socket is an error" {
  args sh
  run --separate-stderr runc run --detach --bundle "$BUNDLE" "$CT" </dev/null
  expect_error 1 'console.?socket'
  run --separate-stderr runc create --bundle "$BUNDLE" "$CT" </dev/null
  expect_error 1 'console.?socket'
  expect_eq "$(ls -A "$STATE")" ""
}

@test "console socket: without a terminal in config.json it is an error" {
  args sh
  config '.process.terminal = false'
  run --separate-stderr runc create --bundle "$BUNDLE" --console-socket "$TEST_DIR/console" "$CT" </dev/null
  expect_error 1 'console.?socket'
}

@test "console socket: one that is not there is an error that names it" {
  args sh
  run --separate-stderr runc create --bundle "$BUNDLE" --console-socket "$TEST_DIR/nowhere" "$CT" </dev/null
  expect_error 1 'nowhere'
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours
@test "exec --tty: a terminal of its own" {
  config '.process.terminal = false'
  sleeper
  start_ct
  on_tty -s 31x77 -- "$RUNC" --root "$STATE" exec --tty "$CT" sh -c 'test -t 0 && tty && stty size; exit 6'
  expect_status 6
  expect_match $'^/dev/pts/[0-9]+\n31 77'
}

@test "exec --tty: typed to, raw, resized" {
  config '.process.terminal = false'
  sleeper
  start_ct
  on_tty 'expect=# ' raw 'send=echo $((40 + 2))\n' expect=42 resize=50x120 'send=stty size\n' 'expect=50 120' 'send=exit 3\n' -- \
    "$RUNC" --root "$STATE" exec -t "$CT" sh
  expect_status 3
}

# bats test_tags=ours
@test "exec --tty: works when stdin is not a terminal" {
  config '.process.terminal = false'
  sleeper
  start_ct
  run bash -c '"$@" </dev/null' - "$RUNC" --root "$STATE" exec -t "$CT" sh -c 'test -t 1 && echo terminal'
  expect_ok
  expect_match terminal
}

@test "exec --tty --detach: over a console socket" {
  config '.process.terminal = false'
  sleeper
  start_ct
  listen_console 'expect=# ' 'send=echo $((40 + 2)); exit\n' expect=42
  runc exec --tty --detach --console-socket "$TEST_DIR/console" "$CT" sh </dev/null >/dev/null 2>&1 3>&-
  wait_exit $RECEIVER
  expect_ok
}
