#!/usr/bin/env bats
# An ordinary user to whom no cgroup is delegated: containers run, limits and what else needs a cgroup are refused
# with the way to get one.

load ../lib/helpers

# Is our own v2 cgroup ours to use?
delegated() {
  local own
  own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  [[ -f /sys/fs/cgroup/cgroup.controllers && -w $own && -w $own/cgroup.procs ]]
}

# Also where there is a session: without it, it is as after `su`.
setup() {
  RUNC_TEST_SESSION=0 common_setup
  needs_of_machine "a cgroup is delegated to us" not delegated
  bundle
}

# expect_way_out: the error says how to get delegation.
expect_way_out() {
  expect_match "systemd-run --user --scope -p Delegate=yes"
  expect_match "runc doctor"
}

# bats test_tags=no:root,no:root-v2,no:root-systemd,ours
@test "no cgroup: limits are refused, and the error says how to get delegation" {
  args true
  config '.linux.resources = {"memory": {"limit": 33554432}}'
  run_ct
  expect_status 1
  expect_match 'linux.resources: rootless needs no limits \+ no cgrouppath when no permission is granted for cgroups'
  expect_way_out
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=no:root,no:root-v2,no:root-systemd,ours
@test "no cgroup: a cgroupsPath and a cgroup to manage are refused" {
  args true
  config '.linux.cgroupsPath = "/some/where"'
  run_ct
  expect_status 1
  expect_match 'linux.cgroupsPath: rootless needs no limits'
  expect_way_out
  config 'del(.linux.cgroupsPath) | .annotations["run.oci.delegate-cgroup"] = "inner"'
  run_ct
  expect_status 1
  expect_match 'run.oci.delegate-cgroup.*rootless needs no limits'
}

# bats test_tags=no:root,no:root-v2,no:root-systemd
@test "no cgroup: with --rootless=true limits are ignored, with a warning" {
  args echo ok
  config '.linux.resources = {"memory": {"limit": 33554432}} | .linux.cgroupsPath = "/some/where"'
  run runc --rootless=true run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match ok
  ! is_ours || expect_match 'level=warning.*linux.resources: ignored, no cgroup is delegated to this user'
}

# bats test_tags=no:root,no:root-v2,no:root-systemd,ours
@test "no cgroup: device rules alone are no limit, and nothing is said" {
  args echo ok
  config '.linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}'
  run_ct
  expect_ok
  expect_output ok
}

# bats test_tags=no:root,no:root-v2,no:root-systemd,ours
@test "no cgroup: what needs one says so, and the rest works" {
  local verb
  sleeper
  start_ct
  for verb in "update --memory 64M" pause resume "events --stats"; do
    # shellcheck disable=SC2086
    run --separate-stderr runc $verb "$CT"
    expect_error 1 "has no cgroup.*'runc doctor"
  done
  run runc exec --cgroup sub "$CT" true
  expect_status 255
  expect_match 'has no cgroup'
  runc exec "$CT" true
  [[ $(runc ps -f json "$CT" | jq length) -ge 1 ]]
  runc kill "$CT" KILL
  await_status "$CT" stopped
}
