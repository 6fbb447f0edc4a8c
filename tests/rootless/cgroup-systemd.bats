#!/usr/bin/env bats
# The systemd driver, on a machine that systemd runs: a scope of the system for root (--systemd-cgroup), a
# scope of the user's own manager for an ordinary user, without being asked.

load ../lib/helpers

user_runtime_dir=${XDG_RUNTIME_DIR:-}

# An uninstalled runc that runs from a copy of itself does not find what is beside it.
if [[ -x $RUNC_BUILDDIR/helpers/runc-scope ]]; then export RUNC_SCOPE=$RUNC_BUILDDIR/helpers/runc-scope; fi

# With the bus of the session that runs the tests.
runc() {
  if as_root; then
    "$RUNC" --root "$STATE" --systemd-cgroup "$@"
  else
    XDG_RUNTIME_DIR=$user_runtime_dir "$RUNC" --root "$STATE" "$@"
  fi
}

manager() {
  if as_root; then systemctl "$@"; else XDG_RUNTIME_DIR=$user_runtime_dir systemctl --user "$@"; fi
}

setup() {
  needs_of_machine "systemd does not run here" test -d /run/systemd/system
  needs_of_machine "no unified cgroup hierarchy" test -f /sys/fs/cgroup/cgroup.controllers
  needs systemctl
  common_setup
  needs_of_machine "no manager to talk to" manager show
  bundle
  UNIT=runc-$CT.scope
}

teardown() {
  [[ -n ${UNIT:-} ]] || return 0
  common_teardown || return 1
  wait_for not unit_is_loaded
}

unit_is_loaded() { manager list-units --all --plain --no-legend "$UNIT" | grep -q .; }

# property NAME: of the unit.
property() { manager show -p "$1" --value "$UNIT"; }

cg_dir() { sed -n 's|^0::|/sys/fs/cgroup|p' "/proc/$(state_of "$CT" .pid)/cgroup"; }

needs_controllers() {
  local name
  for name; do
    needs_of_machine "no controller $name is delegated" grep -qw "$name" "$(cg_dir)/cgroup.controllers"
  done
}

resources() { config ".linux.resources += $1"; }

@test "systemd: a scope with the container's name, in its slice, and gone after delete" {
  sleeper
  start_ct
  expect_match "/$UNIT$" "$(cg_dir)"
  expect_eq "$(property ActiveState)" active
  expect_eq "$(property Delegate)" yes
  expect_eq "$(property Description)" "libcontainer container $CT"
  if as_root; then expect_eq "$(property Slice)" system.slice; else expect_eq "$(property Slice)" user.slice; fi
  dir=$(cg_dir)
  runc delete --force "$CT"
  [[ ! -d $dir ]]
  wait_for not unit_is_loaded
}

@test "systemd: limits are properties of the unit, and hold" {
  resources '{"memory": {"limit": 33554432, "swap": 33554432, "reservation": 16777216}, "pids": {"limit": 30}, "cpu": {"shares": 2048, "quota": 20000, "period": 100000}}'
  sleeper
  start_ct
  needs_controllers memory pids cpu
  expect_eq "$(property MemoryMax)" 33554432
  expect_eq "$(property MemoryLow)" 16777216
  expect_eq "$(property TasksMax)" 30
  expect_eq "$(property CPUWeight)" 174
  expect_eq "$(property CPUQuotaPerSecUSec)" 200ms
  expect_eq "$(cat "$(cg_dir)/memory.max")" 33554432
  expect_eq "$(cat "$(cg_dir)/pids.max")" 30
  # The kernel doubles both when its timer is late on a busy machine.
  read -r quota period <"$(cg_dir)/cpu.max"
  expect_eq "$((quota * 5))" "$period"
  run runc exec "$CT" dd if=/dev/zero of=/dev/null bs=64M count=1
  expect_status 137
}

@test "systemd: pids.max refuses to fork" {
  resources '{"pids": {"limit": 4}}'
  script 'grep -qw pids /sys/fs/cgroup/cgroup.controllers || exit 77; for i in 1 2 3 4 5 6; do sleep 1 & done; echo all'
  run_ct
  [[ $status != 77 ]] || skip "this machine: no controller pids is delegated"
  expect_match "can't fork"
  expect_no_match all
}

@test "systemd: cpu.max throttles" {
  resources '{"cpu": {"quota": 10000, "period": 100000}}'
  script 'trap "exit 0" TERM; while :; do :; done'
  start_ct
  needs_controllers cpu
  wait_for eval '[[ $(sed -n "s/^nr_throttled //p" "$(cg_dir)/cpu.stat") -gt 0 ]]'
}

@test "systemd: update is what systemd knows and what the cgroup has" {
  resources '{"memory": {"limit": 33554432}, "pids": {"limit": 30}}'
  sleeper
  start_ct
  needs_controllers memory pids cpu
  runc update --memory 64M --pids-limit 50 --cpu-share 512 --cpu-quota 123450 --cpu-period 100000 "$CT"
  expect_eq "$(property MemoryMax)" 67108864
  expect_eq "$(property TasksMax)" 50
  expect_eq "$(property CPUWeight)" 59
  # systemd counts in whole percents; both have the rounded value
  expect_eq "$(property CPUQuotaPerSecUSec)" 1.240000s
  expect_eq "$(cat "$(cg_dir)/cpu.max")" "124000 100000"
  expect_eq "$(cat "$(cg_dir)/memory.max")" 67108864
  runc update --memory -1 --pids-limit -1 "$CT"
  expect_eq "$(property MemoryMax)" infinity
  expect_eq "$(cat "$(cg_dir)/pids.max")" max
}

@test "systemd: a reload of the manager keeps the limits" {
  resources '{"memory": {"limit": 33554432}, "unified": {"memory.high": "20000000"}}'
  sleeper
  start_ct
  needs_controllers memory
  manager daemon-reload
  expect_eq "$(cat "$(cg_dir)/memory.max")" 33554432
  expect_match '^(19|20)[0-9]+$' "$(cat "$(cg_dir)/memory.high")"
}

@test "systemd: idle wins over a weight, and that is said" {
  resources '{"cpu": {"shares": 100}, "unified": {"cpu.idle": "1", "cpu.weight": "8"}}'
  config 'del(.linux.resources.cpu)'
  sleeper
  run --separate-stderr start_ct
  expect_match 'unable to apply both' "$(cat "$CT.out")$stderr$output"
}

@test "systemd: a property by annotation" {
  config '.annotations += {"org.systemd.property.TimeoutStopSec": "uint64 7", "org.systemd.property.CollectMode": "'"'inactive'"'"}'
  sleeper
  start_ct
  expect_eq "$(property TimeoutStopUSec)" 7s
  expect_eq "$(property CollectMode)" inactive
}

@test "systemd: an annotation that is no value, and one that systemd does not know" {
  config '.annotations += {"org.systemd.property.TimeoutStopSec": "oops oops"}'
  args true
  run_ct
  expect_status 1
  expect_match 'org\.systemd\.property\.TimeoutStopSec'
  config '.annotations = {"org.systemd.property.NoSuchThing": "1"}'
  run_ct
  expect_status 1
  expect_match "runc-$CT\.scope.*NoSuchThing"
  config '.annotations = {"org.systemd.property.CPUWeight": "uint64 77777777"}'
  run_ct
  expect_status 1
  expect_match "runc-$CT\.scope': .*CPUWeight"
  expect_no_match "MemoryAccounting"
}

@test "systemd: cgroupsPath is slice:prefix:name" {
  if as_root; then slice=machine.slice; else slice=app.slice; fi
  config --arg path "$slice:pre:$CT" '.linux.cgroupsPath = $path'
  UNIT=pre-$CT.scope
  sleeper
  start_ct
  expect_match "/$slice/$UNIT$" "$(cg_dir)"
  expect_eq "$(property Slice)" "$slice"
}

@test "systemd: cgroupsPath of another form" {
  config --arg path "a:$CT" '.linux.cgroupsPath = $path'
  args true
  run_ct
  expect_status 1
  expect_match 'slice:prefix:name'
}

@test "systemd: a slice takes no processes, and ours are left in peace" {
  config --arg path "user.slice:pre:$CT.slice" '.linux.cgroupsPath = $path'
  args true
  run_ct
  expect_status 1
  expect_match "names a slice"
}

@test "systemd: an active unit of that name is refused, and lives" {
  config --arg path ":runc:$CT" '.linux.cgroupsPath = $path'
  sleeper
  start_ct
  run runc run --bundle "$BUNDLE" "$CT-2"
  expect_status 1
  expect_match "container's cgroup is not empty"
  expect_eq "$(property ActiveState)" active
  has_status "$CT" running
}

@test "systemd: a unit that failed does not stand in the way" {
  resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
  config '.annotations += {"org.systemd.property.CollectMode": "'"'inactive'"'"}'
  args dd if=/dev/zero of=/dev/null bs=64M count=1
  for i in 1 2; do
    run runc run --keep --bundle "$BUNDLE" "$CT"
    if [[ $status == 0 ]]; then skip "this machine: no memory controller"; fi
    expect_status 137
    runc delete "$CT"
  done
}

@test "systemd: pause, resume, ps, events, kill" {
  sleeper
  start_ct
  runc pause "$CT"
  has_status "$CT" paused
  runc resume "$CT"
  has_status "$CT" running
  [[ $(runc ps -f json "$CT" | jq length) -ge 1 ]]
  runc events --stats "$CT" | jq -e '.data.pids.current >= 1'
  runc kill --all "$CT" KILL
  await_status "$CT" stopped
}

@test "systemd: exec is in the scope" {
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  sleeper
  start_ct
  expect_eq "$(runc exec "$CT" cat /proc/self/cgroup | grep ^0::)" "$(grep ^0:: "/proc/$(state_of "$CT" .pid)/cgroup")" "cgroup of exec"
}

@test "systemd: exec as another user is in the scope" {
  [[ $MODE != single ]] || skip "this machine: one id"
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  many_ids
  sleeper
  start_ct
  expect_eq "$(runc exec --user 1000:1000 "$CT" cat /proc/self/cgroup | grep ^0::)" "$(grep ^0:: "/proc/$(state_of "$CT" .pid)/cgroup")" "cgroup of exec"
}

@test "systemd: a cgroup namespace begins at the scope" {
  config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}])'
  script 'grep ^0:: /proc/self/cgroup'
  run_ct
  expect_ok
  expect_output "0::/"
}

@test "systemd: a sub-cgroup by annotation" {
  config '.annotations += {"run.oci.systemd.subgroup": "container"}'
  resources '{"pids": {"limit": 20}}'
  sleeper
  start_ct
  expect_match "/$UNIT/container$" "$(cg_dir)"
  expect_eq "$(property ActiveState)" active
}

@test "systemd: run.oci.delegate-cgroup: a cgroup to manage, below the limits" {
  config '.annotations["run.oci.delegate-cgroup"] = "mine" | .linux.namespaces += [{"type": "cgroup"}] | .linux.namespaces |= unique_by(.type)'
  resources '{"memory": {"limit": 67108864}}'
  sleeper
  start_ct
  expect_match "/$UNIT/mine$" "$(cg_dir)"
  run runc exec "$CT" grep 0:: /proc/self/cgroup
  expect_ok
  expect_output 0::/mine
  expect_eq "$(cat "$(cg_dir)/../memory.max")" 67108864
  grep -qw memory "$(cg_dir)/cgroup.controllers"
  runc update --memory 96M "$CT"
  expect_eq "$(cat "$(cg_dir)/../memory.max")" 100663296
}

# bats test_tags=ours
@test "systemd: delete --force of a container whose state cannot be read ends it, and its unit" {
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  echo '{"broken' >"$STATE/$CT/state.json"
  runc delete --force "$CT"
  wait_gone "$pid"
  expect_eq "$(ls -A "$STATE")" ""
}

@test "systemd: sub-cgroups with processes are gone after delete" {
  sleeper
  start_ct
  dir=$(cg_dir)
  mkdir -p "$dir/a/b/c"
  runc exec -d "$CT" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
  runc delete --force "$CT"
  [[ ! -e $dir ]]
}

@test "systemd: devices are denied to root's containers" {
  as_root || skip "this machine: device rules are root's"
  config '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"])'
  script 'mknod /dev/kmsg2 c 1 11; : </dev/null && : </dev/kmsg2'
  run_ct
  expect_status 1
  expect_match 'Operation not permitted'
}

@test "systemd: a cgroup namespace begins at the scope, also in a pid namespace that is joined" {
  config '.linux.namespaces |= (map(select(.type != "cgroup" and .type != "pid")) + [{"type": "cgroup"}])'
  sleeper
  start_ct
  # a second container in the first one's pid namespace: it takes a fork to get there
  config --arg path "/proc/$(state_of "$CT" .pid)/ns" '.linux.namespaces += [{"type": "pid", "path": ($path + "/pid")}]'
  as_root || config --arg path "/proc/$(state_of "$CT" .pid)/ns" '.linux.namespaces |= (map(select(.type != "user")) + [{"type": "user", "path": ($path + "/user")}]) | del(.linux.uidMappings, .linux.gidMappings)'
  script 'grep ^0:: /proc/self/cgroup'
  run runc run --bundle "$BUNDLE" "$CT-2"
  expect_ok
  expect_output "0::/"
}
