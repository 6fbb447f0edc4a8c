#!/usr/bin/env bats
# The runtime killed at any moment, and many runtimes at once.

load ../lib/helpers

# How long the runtime needs for a command, in microseconds.
duration_of() {
  local start=${EPOCHREALTIME/./}
  "$@" >/dev/null 2>&1 </dev/null 3>&- || true
  echo $((${EPOCHREALTIME/./} - start))
}

# Whatever was left by a killed runtime: list works, what it shows can be removed by force, and then there
# is nothing any more.
expect_removable() {
  local id
  run runc list -q
  expect_ok
  for id in $(ls -A "$STATE"); do
    run runc delete --force "$id"
    expect_ok
  done
  run runc delete --force "$CT"
  expect_ok
  expect_eq "$(ls -A "$STATE")" "" "the state directory after a kill at $1 us"
  left=$(leftovers leftovers -t 5) || fail "processes left after a kill at $1 us: $left"
}

# kill_at_moments ROUNDS COMMAND...: kill COMMAND at moments spread over a bit more than its life.
kill_at_moments() {
  local rounds=$1 total round delay
  shift
  total=$(duration_of "$@")
  runc delete --force "$CT"
  for ((round = 0; round < rounds; round++)); do
    delay=$((total * 12 / 10 * round / rounds + RANDOM % (total / rounds + 1)))
    "$TESTHELPER" kill-after $delay -- "$@" >/dev/null 2>&1 </dev/null 3>&- || true
    expect_removable $delay
  done
}

@test "crash: run killed by SIGKILL at any moment" {
  args true
  kill_at_moments 30 "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
}

@test "crash: run --detach killed by SIGKILL at any moment" {
  args sleep 1000
  kill_at_moments 20 "$RUNC" --root "$STATE" run --detach --bundle "$BUNDLE" "$CT"
}

@test "crash: create killed by SIGKILL at any moment" {
  args sleep 1000
  kill_at_moments 20 "$RUNC" --root "$STATE" create --bundle "$BUNDLE" "$CT"
}

@test "crash: start killed by SIGKILL at any moment" {
  args sleep 1000
  for delay in 0 200 500 1000 2000 4000; do
    create_ct
    "$TESTHELPER" kill-after $delay -- "$RUNC" --root "$STATE" start "$CT" >/dev/null 2>&1 3>&- || true
    expect_match '^(created|running)$' "$(state_of "$CT")"
    # Another try starts it, if the first did not.
    runc start "$CT" 2>/dev/null || true
    await_status "$CT" running
    run runc delete --force "$CT"
    expect_ok
  done
}

@test "crash: delete killed by SIGKILL at any moment" {
  args true
  for delay in 0 200 500 1000 2000; do
    runc run --keep --bundle "$BUNDLE" "$CT"
    "$TESTHELPER" kill-after $delay -- "$RUNC" --root "$STATE" delete "$CT" >/dev/null 2>&1 3>&- || true
    expect_removable $delay
  done
}

@test "crash: a foreground runtime is killed while the container runs: it can be seen and removed" {
  sleeper
  "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT" </dev/null >/dev/null 2>&1 3>&- &
  runtime=$!
  await_status "$CT" running
  kill -KILL $runtime
  wait $runtime 2>/dev/null || true
  expect_match '^(running|stopped)$' "$(state_of "$CT")"
  run runc list -q
  expect_output "$CT"
  run runc delete --force "$CT"
  expect_ok
}

@test "crash: exec killed by SIGKILL does not hurt the container" {
  sleeper
  start_ct
  for delay in 0 500 1000 2000 5000; do
    "$TESTHELPER" kill-after $delay -- "$RUNC" --root "$STATE" exec "$CT" true >/dev/null 2>&1 </dev/null 3>&- || true
    expect_eq "$(state_of "$CT")" running
  done
  run runc exec "$CT" echo fine
  expect_output fine
}

@test "many: containers at once, each with its own output" {
  for i in 1 2 3 4 5 6 7 8; do
    bundle "$TEST_DIR/b$i"
    args echo "container $i"
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT-$i" </dev/null >"out.$i" 2>&1 3>&- &
  done
  wait
  for i in 1 2 3 4 5 6 7 8; do
    expect_eq "$(cat "out.$i")" "container $i"
  done
}

@test "many: from one bundle at once" {
  args echo same
  for i in 1 2 3 4 5 6; do
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT-$i" </dev/null >"out.$i" 2>&1 3>&- &
  done
  wait
  expect_eq "$(cat out.? | sort | uniq -c | awk '{ print $1, $2 }')" "6 same"
}

# bats test_tags=ours
@test "many: list and state while others come and go" {
  args true
  for i in 1 2 3 4 5 6; do
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT-$i" </dev/null >/dev/null 2>&1 3>&- &
  done
  for i in 1 2 3 4 5 6 7 8 9 10; do
    run --separate-stderr runc list -f json
    expect_ok
    jq . <<<"$output" >/dev/null
  done
  wait
}
