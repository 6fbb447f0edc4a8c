#!/usr/bin/env bats
# linux.intelRdt, on machines whose processor has it.

load ../lib/helpers

setup() {
  common_setup
  RESCTRL=$(awk '/ - resctrl / { print $5; exit }' /proc/self/mountinfo)
  needs_of_machine "no resctrl filesystem is mounted" test -n "$RESCTRL"
  bundle
}

@test "intelRdt: a group of the container's own, with a schema, and gone with it" {
  schema=$(grep -o 'L3:.*' "$RESCTRL/schemata")
  needs_of_machine "no L3 cache allocation" test -n "$schema"
  config --arg schema "$schema" '.linux.intelRdt = {"l3CacheSchema": $schema, "enableMonitoring": true}'
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  grep -qx "$pid" "$RESCTRL/$CT/tasks"
  grep -qx "$pid" "$RESCTRL/$CT/mon_groups/$CT/tasks"
  runc exec --detach --pid-file pid "$CT" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
  grep -qx "$(cat pid)" "$RESCTRL/$CT/tasks"
  runc update --l3-cache-schema "$schema" "$CT"
  runc delete --force "$CT"
  [[ ! -e $RESCTRL/$CT ]]
}

@test "intelRdt: a group that must be there" {
  config '.linux.intelRdt = {"closID": "no-such-group"}'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'linux\.intelRdt\.closID: there is no group'
  [[ ! -e $RESCTRL/no-such-group ]]
}
