#!/usr/bin/env bats
# Limits that hold, and update. On cgroup v1, hybrid and v2 hosts alike, with the filesystem driver.

load ../lib/helpers
load cgroup

setup() {
  common_setup
  bundle
  own_path
}

resources() { config ".linux.resources += $1"; }

@test "cgroup: memory.limit kills, and only the container" {
  needs_controller memory
  resources '{"memory": {"limit": 33554432}}'
  # A process that asks for no memory while that of the victim is not yet free again: it would be the next one.
  args sleep 1000
  start_ct
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 33554432
  run runc exec "$CT" dd if=/dev/zero of=/dev/null bs=64M count=1
  expect_status 137
  has_status "$CT" running
}

@test "cgroup: pids.limit refuses to fork" {
  needs_controller pids
  resources '{"pids": {"limit": 4}}'
  script 'for i in 1 2 3 4 5 6; do sleep 1 & done; echo all'
  run_ct
  expect_match "can't fork"
  expect_no_match all
}

@test "cgroup: pids.limit 0 is 1, and -1 is none" {
  needs_controller pids
  resources '{"pids": {"limit": 0}}'
  args sleep 1000
  start_ct
  expect_eq "$(cg_value pids pids.max pids.max)" 1
  runc update --pids-limit -1 "$CT"
  expect_eq "$(cg_value pids pids.max pids.max)" max
}

@test "cgroup: cpu quota throttles" {
  needs_controller cpu
  resources '{"cpu": {"quota": 10000, "period": 100000}}'
  sleeper
  start_ct
  runc exec "$CT" sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done' </dev/null
  [[ $(cg_value cpu cpu.stat cpu.stat | sed -n 's/^nr_throttled //p') -gt 0 ]]
}

@test "cgroup: cpus and mems are those of the container, also for exec" {
  needs_controller cpuset
  resources '{"cpu": {"cpus": "0", "mems": "0"}}'
  sleeper
  start_ct
  run runc exec "$CT" grep Cpus_allowed_list /proc/self/status
  expect_match '[^0-9]0$'
  run runc exec "$CT" grep Mems_allowed_list /proc/self/status
  expect_match '[^0-9]0$'
}

@test "cgroup: a cpuset that says nothing has the CPUs of its parent" {
  needs_controller cpuset
  script 'grep Cpus_allowed_list /proc/self/status'
  run_ct
  expect_ok
  expect_output "$(grep Cpus_allowed_list /proc/1/status)"
}

@test "cgroup: shares are a weight on v2" {
  needs_controller cpu
  resources '{"cpu": {"shares": 512}}'
  sleeper
  start_ct
  if unified; then
    expect_eq "$(cat "$(cg_dir cpu)/cpu.weight")" 59
  else
    expect_eq "$(cat "$(cg_dir cpu)/cpu.shares")" 512
  fi
}

@test "cgroup: kernel memory is never touched" {
  needs_controller memory
  resources '{"memory": {"kernel": 1048576, "kernelTCP": 1048576, "limit": 67108864}}'
  args true
  run_ct
  expect_ok
}

@test "cgroup: unified is for v2" {
  resources '{"unified": {"memory.high": "33554432"}}'
  sleeper
  if unified; then
    needs_controller memory
    start_ct
    expect_eq "$(cat "$(cg_dir memory)/memory.high")" 33554432
  else
    run_ct
    expect_status 1
    expect_match 'invalid configuration'
  fi
}

@test "cgroup: a limit that cannot be set ends the start, and leaves no cgroup" {
  resources '{"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]}'
  args true
  run_ct
  expect_status 1
  expect_match 'hugetlb'
  expect_eq "$(leftover_cgroups)" "" cgroups
}

@test "cgroup: real-time budget, and update" {
  needs_of_machine "no real-time budgets for cgroups" test -f /sys/fs/cgroup/cpu/cpu.rt_runtime_us
  resources '{"cpu": {"realtimePeriod": 500000, "realtimeRuntime": 20000}}'
  sleeper
  start_ct
  expect_eq "$(cat "$(cg_dir cpu)/cpu.rt_period_us") $(cat "$(cg_dir cpu)/cpu.rt_runtime_us")" "500000 20000"
  # Each is checked against the present value of the other, in whichever order they come.
  local pair
  for pair in "800000 10000" "10000 3000" "900000 20000" "100000 2000"; do
    runc update --cpu-rt-period "${pair% *}" --cpu-rt-runtime "${pair#* }" "$CT"
    expect_eq "$(cat "$(cg_dir cpu)/cpu.rt_period_us") $(cat "$(cg_dir cpu)/cpu.rt_runtime_us")" "$pair"
  done
}

@test "cgroup: huge pages, and update" {
  local file
  file=$(find /sys/fs/cgroup -maxdepth 3 -regex '.*/hugetlb\.2MB\.\(max\|limit_in_bytes\)' 2>/dev/null | head -n 1)
  needs_of_machine "no hugetlb controller for pages of 2 MiB" test -n "$file"
  resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
  sleeper
  start_ct
  file=$(find /sys/fs/cgroup -path "*/$CT-group/${file##*/}")
  expect_eq "$(cat "$file")" 4194304
  expect_eq "$(cat "${file/2MB/2MB.rsvd}")" 4194304
  echo '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}' | runc update -r - "$CT"
  expect_eq "$(cat "$file")" 2097152
}

@test "cgroup: network class and priorities, in a hierarchy at an unusual place" {
  unified && skip "this machine: cgroup v2, which has no such controllers"
  mkdir net
  needs_of_machine "no hierarchy of net_cls and net_prio" mount -t cgroup -o net_cls,net_prio cgroup net
  resources '{"network": {"classID": 1048577, "priorities": [{"name": "lo", "priority": 5}]}}'
  sleeper
  start_ct || { umount net; false; }
  local class priority
  class=$(cat "net/$CT-group/net_cls.classid")
  priority=$(grep '^lo ' "net/$CT-group/net_prio.ifpriomap")
  echo '{"network": {"classID": 3, "priorities": [{"name": "lo", "priority": 7}]}}' | runc update -r - "$CT"
  class+=" $(cat "net/$CT-group/net_cls.classid")"
  priority+=" $(grep '^lo ' "net/$CT-group/net_prio.ifpriomap")"
  runc delete --force "$CT"
  left=$(ls -d "net/$CT-group" 2>/dev/null) || true
  umount net
  # The kernel keeps a hierarchy if the last cgroup was not quite gone; the next time it may be. It can take long
  # on a busy machine, and does not matter but to those who look at /proc/self/cgroup.
  hierarchy_is_gone() {
    ! grep -q "^net_cls$(printf '\t')[1-9]" /proc/cgroups || { mount -t cgroup -o net_cls,net_prio cgroup net && umount net && false; }
  }
  wait_for -t 30 hierarchy_is_gone 2>/dev/null || true
  expect_eq "$class, $priority, $left" "1048577 3, lo 5 lo 7, "
}

# A whole disk, as MAJOR:MINOR.
disk() { awk 'NR > 2 && $4 !~ /[0-9]$/ { print $1 ":" $2; exit }' /proc/partitions; }

@test "cgroup: block devices are throttled, and update" {
  needs_controller blkio
  local disk
  disk=$(disk)
  needs_of_machine "no block device" test -n "$disk"
  throttle() {
    jq -n --argjson major "${disk%:*}" --argjson minor "${disk#*:}" --argjson bps "$1" --argjson iops "$2" '{blockIO: {
      throttleReadBpsDevice: [{$major, $minor, rate: $bps}], throttleWriteIOPSDevice: [{$major, $minor, rate: $iops}]}}'
  }
  resources "$(throttle 1048576 200)"
  sleeper
  start_ct
  if unified; then
    expect_eq "$(cat "$(cg_dir io)/io.max")" "$disk rbps=1048576 wbps=max riops=max wiops=200"
    throttle 2097152 0 | runc update -r - "$CT"
    expect_eq "$(cat "$(cg_dir io)/io.max")" "$disk rbps=2097152 wbps=max riops=max wiops=max"
  else
    expect_eq "$(cat "$(cg_dir blkio)/blkio.throttle.read_bps_device")" "$disk 1048576"
    expect_eq "$(cat "$(cg_dir blkio)/blkio.throttle.write_iops_device")" "$disk 200"
    throttle 2097152 0 | runc update -r - "$CT"
    expect_eq "$(cat "$(cg_dir blkio)/blkio.throttle.read_bps_device")" "$disk 2097152"
    expect_eq "$(cat "$(cg_dir blkio)/blkio.throttle.write_iops_device")" ""
  fi
}

@test "cgroup: the weight of block I/O, and update" {
  needs_controller blkio
  local file
  resources '{"blockIO": {"weight": 500}}'
  sleeper
  if ! start_ct; then
    grep -q "weight'" "$CT.out"
    skip "this machine: no I/O scheduler with weights"
  fi
  for file in blkio.bfq.weight blkio.weight io.bfq.weight io.weight; do
    [[ ! -f $(cg_dir blkio)/$file ]] || break
  done
  expect_match '(^| )(500|4950)$' "$(head -n 1 "$(cg_dir blkio)/$file")"
  runc update --blkio-weight 100 "$CT"
  expect_match '(^| )(100|910)$' "$(head -n 1 "$(cg_dir blkio)/$file")"
}

@test "cgroup: the weight of block I/O for one device, and update" {
  needs_controller blkio
  local scheduler number file
  scheduler=$(grep -l '\[bfq\]' /sys/block/*/queue/scheduler 2>/dev/null | head -n 1)
  needs_of_machine "no block device with the scheduler bfq" test -n "$scheduler"
  number=$(cat "${scheduler%/queue/scheduler}/dev")
  weights() { resources '{"blockIO": {"weight": 100, "weightDevice": [{"major": '"${number%:*}"', "minor": '"${number#*:}"', "weight": '"$1"'}]}}'; }
  weights 300
  sleeper
  start_ct
  file=$(cg_dir blkio)/io.bfq.weight
  unified || file=$(cg_dir blkio)/blkio.bfq.weight_device
  grep -qx "$number 300" "$file"
  weights 400
  jq .linux.resources "$BUNDLE/config.json" | runc update -r - "$CT"
  grep -qx "$number 400" "$file"
}

@test "cgroup: swappiness and a disabled OOM killer on v1" {
  unified && skip "this machine: cgroup v2, which has neither"
  needs_controller memory
  resources '{"memory": {"swappiness": 7, "disableOOMKiller": true}}'
  sleeper
  start_ct
  expect_eq "$(cat "$(cg_dir memory)/memory.swappiness")" 7
  grep -qx 'oom_kill_disable 1' "$(cg_dir memory)/memory.oom_control"
  echo '{"memory": {"swappiness": 8}}' | runc update -r - "$CT"
  expect_eq "$(cat "$(cg_dir memory)/memory.swappiness")" 8
}

@test "cgroup: the rules of v1 for devices are those of config.json" {
  unified && skip "this machine: cgroup v2, whose rules are a program"
  config '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]'
  sleeper
  start_ct
  grep -qx 'c 10:229 rw' "$(cg_dir devices)/devices.list"
  grep -qx 'c 1:3 rwm' "$(cg_dir devices)/devices.list"
  ! grep -q '^a' "$(cg_dir devices)/devices.list"
}

# ---------------------------------------------------------------- update

@test "update: each option is what the kernel has afterwards" {
  needs_controller memory cpu pids
  resources '{"memory": {"limit": 67108864}, "cpu": {"quota": 50000, "period": 100000}}'
  sleeper
  start_ct
  runc update --memory 96M --memory-reservation 32M --cpu-share 2048 --cpu-quota 30000 --cpu-period 60000 \
    --pids-limit 50 "$CT"
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 100663296
  expect_eq "$(cg_value memory memory.soft_limit_in_bytes memory.low)" 33554432
  expect_eq "$(cg_value pids pids.max pids.max)" 50
  if unified; then
    expect_eq "$(cat "$(cg_dir cpu)/cpu.max")" "30000 60000"
    expect_eq "$(cat "$(cg_dir cpu)/cpu.weight")" 174
  else
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us")" 30000
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_period_us")" 60000
    expect_eq "$(cat "$(cg_dir cpu)/cpu.shares")" 2048
  fi
}

@test "update: cpus and mems" {
  needs_controller cpuset
  sleeper
  start_ct
  runc update --cpuset-cpus 0 --cpuset-mems 0 "$CT"
  expect_eq "$(cg_value cpuset cpuset.cpus cpuset.cpus) $(cg_value cpuset cpuset.mems cpuset.mems)" "0 0"
  run runc exec "$CT" grep Cpus_allowed_list /proc/self/status
  expect_match '[^0-9]0$'
  run runc update --cpuset-cpus 4000 "$CT"
  expect_status 1
  expect_match "cannot set 'cpuset.cpus' to '4000'"
}

@test "update: burst and idle" {
  needs_controller cpu
  resources '{"cpu": {"quota": 50000, "period": 100000}}'
  sleeper
  start_ct
  needs_of_machine "no burst or no idle cgroups (Linux 5.15)" cg_value cpu cpu.idle cpu.idle
  runc update --cpu-burst 20000 "$CT"
  expect_eq "$(cg_value cpu cpu.cfs_burst_us cpu.max.burst)" 20000
  runc update --cpu-idle 1 "$CT"
  expect_eq "$(cg_value cpu cpu.idle cpu.idle)" 1
  runc update --cpu-idle 0 --cpu-burst 0 "$CT"
  expect_eq "$(cg_value cpu cpu.idle cpu.idle) $(cg_value cpu cpu.cfs_burst_us cpu.max.burst)" "0 0"
}

@test "update: what is obsolete, and what is not there" {
  sleeper
  start_ct
  run runc update --kernel-memory 1M --kernel-memory-tcp 1M "$CT"
  expect_ok
  expect_match 'Kernel memory settings are ignored'
  run runc update --l3-cache-schema L3:0=f "$CT"
  expect_status 1
  expect_match 'RDT'
  run runc update --mem-bw-schema MB:0=20 "$CT"
  expect_status 1
  expect_match 'RDT'
}

@test "update: -1 is no limit" {
  needs_controller memory cpu pids
  local limit=memory.limit_in_bytes
  resources '{"memory": {"limit": 33554432, "swap": 67108864}, "cpu": {"quota": 50000}, "pids": {"limit": 20}}'
  sleeper
  unified || needs_of_machine "no accounting of swap" test -f /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes
  start_ct
  runc update --memory-swap -1 "$CT"
  expect_eq "$(cg_value memory $limit memory.max)" 33554432
  runc update --memory -1 --cpu-quota -1 --pids-limit -1 "$CT"
  expect_eq "$(cg_value pids pids.max pids.max)" max
  if unified; then
    expect_eq "$(cat "$(cg_dir memory)/memory.max") $(cat "$(cg_dir memory)/memory.swap.max" 2>/dev/null || echo max) $(cat "$(cg_dir cpu)/cpu.max")" \
      "max max max 100000"
  else
    [[ $(cat "$(cg_dir memory)/$limit") -gt 1099511627776 && $(cat "$(cg_dir memory)/memory.memsw.limit_in_bytes") -gt 1099511627776 ]]
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us")" -1
  fi
}

@test "update: quota and period one at a time" {
  needs_controller cpu
  resources '{"cpu": {"quota": 500000, "period": 1000000}}'
  sleeper
  start_ct
  runc update --cpu-period 900000 "$CT"
  runc update --cpu-quota 630000 "$CT"
  if unified; then
    expect_eq "$(cat "$(cg_dir cpu)/cpu.max")" "630000 900000"
  else
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us") $(cat "$(cg_dir cpu)/cpu.cfs_period_us")" "630000 900000"
  fi
  runc update --cpu-quota -1 "$CT"
  if unified; then
    # systemd forgets the period with the quota
    expect_match '^max (900000|100000)$' "$(cat "$(cg_dir cpu)/cpu.max")"
  else
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us")" -1
  fi
}

# bats test_tags=no:root-systemd
@test "update: quota and period below a parent with a limit, in whichever order is allowed" {
  needs_controller cpu
  local parent pair
  config --arg path "/$CT-parent/x" '.linux.cgroupsPath = $path'
  sleeper
  start_ct
  parent=$(dirname "$(cg_dir cpu)")
  if unified; then echo 50000 100000 >"$parent/cpu.max"; else echo 50000 >"$parent/cpu.cfs_quota_us"; fi
  for pair in "3000 10000" "90000 200000" "40000 100000"; do
    runc update --cpu-quota "${pair% *}" --cpu-period "${pair#* }" "$CT"
    if unified; then
      expect_eq "$(cat "$(cg_dir cpu)/cpu.max")" "$pair"
    else
      expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us") $(cat "$(cg_dir cpu)/cpu.cfs_period_us")" "$pair"
      run runc update --cpu-quota 60000 --cpu-period 100000 "$CT"
      expect_status 1
    fi
  done
  runc delete --force "$CT"
  find /sys/fs/cgroup -depth -type d -name "$CT-parent" -exec rmdir {} +
}

@test "update: a paused container stays paused" {
  needs_controller pids
  sleeper
  start_ct
  runc pause "$CT"
  runc update --pids-limit 30 "$CT"
  echo '{"devices": [{"allow": false, "access": "rwm"}]}' | runc update -r - "$CT"
  has_status "$CT" paused
  expect_eq "$(cg_value pids pids.max pids.max)" 30
}

@test "update: from a file, and from stdin" {
  needs_controller memory pids
  sleeper
  start_ct
  echo '{"memory": {"limit": 50331648}, "pids": {"limit": 12}}' >resources.json
  runc update --resources resources.json "$CT"
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 50331648
  expect_eq "$(cg_value pids pids.max pids.max)" 12
  echo '{"memory": {"limit": -1}}' | runc update -r - "$CT"
  unified && expect_eq "$(cat "$(cg_dir memory)/memory.max")" max || [[ $(cat "$(cg_dir memory)/memory.limit_in_bytes") -gt 1099511627776 ]]
  expect_eq "$(cg_value pids pids.max pids.max)" 12
}

@test "update: memory and swap in either direction" {
  needs_controller memory
  local memsw=memory.memsw.limit_in_bytes
  resources '{"memory": {"limit": 33554432, "swap": 67108864}}'
  sleeper
  unified || needs_of_machine "no accounting of swap" test -f /sys/fs/cgroup/memory/$memsw
  start_ct
  # up: the old total is below the new limit; down: the other way round
  runc update --memory 80M --memory-swap 100M "$CT"
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 83886080
  unified || expect_eq "$(cat "$(cg_dir memory)/$memsw")" 104857600
  runc update --memory 20M --memory-swap 30M "$CT"
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 20971520
  unified || expect_eq "$(cat "$(cg_dir memory)/$memsw")" 31457280
}

# bats test_tags=no:root-systemd
@test "update: what is refused changes nothing" {
  needs_controller memory cpu
  resources '{"memory": {"limit": 67108864}, "cpu": {"quota": 50000, "period": 100000}}'
  sleeper
  start_ct
  run runc update --memory 32M --cpu-quota 1 "$CT"
  expect_status 1
  expect_match "cannot set 'cpu"
  expect_eq "$(cg_value memory memory.limit_in_bytes memory.max)" 67108864
  # ... nor what the next update completes itself from
  runc update --cpu-period 200000 "$CT"
  if unified; then
    expect_eq "$(cat "$(cg_dir cpu)/cpu.max")" "50000 200000"
  else
    expect_eq "$(cat "$(cg_dir cpu)/cpu.cfs_quota_us")" 50000
  fi
}

@test "update: memory below usage is refused on demand" {
  unified || skip "this machine: cgroup v1, where the kernel refuses by itself"
  needs_controller memory
  sleeper
  start_ct
  echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >resources.json
  run runc update -r resources.json "$CT"
  expect_status 1
  expect_match 'rejecting memory limit'
  has_status "$CT" running
}

@test "update: memory below usage on v1 says how much is used" {
  unified && skip "this machine: cgroup v2, where the kernel kills"
  needs_controller memory
  script 'trap "exit 0" TERM; dd if=/dev/zero of=/dev/shm/f bs=1M count=20 2>/dev/null; : >/dev/shm/ready; while :; do sleep 0.1; done'
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  run runc update --memory 8M "$CT"
  # The kernel may have swapped it out instead.
  [[ $status == 0 ]] || expect_match 'unable to set memory limit to 8388608 \(current usage: [0-9]+, peak usage: [0-9]+\)'
}

@test "update: device rules are replaced, and what both allow is never denied" {
  # /dev/kmsg (1:11) asks for a capability besides
  config '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"])'
  sleeper
  start_ct
  echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}' >resources.json
  runc exec "$CT" sh -c 'mknod /dev/kmsg2 c 1 11; ! head -c 0 </dev/kmsg2' 2>/dev/null
  runc exec "$CT" sh -c 'while :; do : >/dev/null || exit 9; [ ! -e /dev/shm/stop ] || exit 0; done' </dev/null 3>&- &
  job=$!
  for ((i = 0; i < 1 + 8 / SLOW; i++)); do
    runc update -r resources.json "$CT"
    runc exec "$CT" sh -c ': </dev/kmsg2'
    echo '{"devices": [{"allow": false, "access": "rwm"}]}' | runc update -r - "$CT"
    run runc exec "$CT" sh -c ': </dev/kmsg2'
    expect_match 'Operation not permitted'
  done
  runc exec "$CT" sh -c ': >/dev/shm/stop'
  wait_exit $job
  expect_ok
}
