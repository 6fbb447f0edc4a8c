#!/usr/bin/env bats
# plan and --debug: what would be done, and that nothing is done.
# bats file_tags=ours

load ../lib/helpers

@test "plan: shows what would be done, and does nothing" {
  script ': >/work/ran'
  config '.root.readonly = false'
  run --separate-stderr runc plan "$BUNDLE"
  expect_ok
  expect_eq "$stderr" ""
  for text in /proc /dev/pts /dev/shm /sys hostname runc; do
    expect_match "$text"
  done
  [[ ! -e $BUNDLE/rootfs/work/ran ]]
  expect_eq "$(ls -A "$STATE")" ""
}

@test "plan: the current directory is the default bundle" {
  cd "$BUNDLE"
  run runc plan
  expect_ok
  by_default=$output
  run runc plan "$BUNDLE"
  expect_output "$by_default"
}

@test "plan: is the same each time" {
  run runc plan "$BUNDLE"
  first=$output
  run runc plan "$BUNDLE"
  expect_output "$first"
}

@test "plan: follows config.json" {
  config '.mounts += [{"destination": "/work/marker", "type": "tmpfs", "source": "tmpfs"}] | .linux.maskedPaths += ["/etc/masked-marker"]'
  run runc plan "$BUNDLE"
  expect_ok
  expect_match 'work/marker'
  expect_match 'etc/masked-marker'
}

@test "plan: as json" {
  run --separate-stderr runc plan --json "$BUNDLE"
  expect_ok
  jq -e 'type == "object"' <<<"$output"
}

@test "plan: a wrong bundle is the same error as run's" {
  config '.process.cwd = 5'
  run --separate-stderr runc plan "$BUNDLE"
  expect_error 1 'process\.cwd'
  run --separate-stderr runc plan "$TEST_DIR/nowhere"
  expect_error 1 'nowhere'
}

@test "debug: run shows the plan" {
  args true
  run --separate-stderr runc --debug run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match 'level=debug' "$stderr"
  expect_match '/dev/pts' "$stderr"
}
