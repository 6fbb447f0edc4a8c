#!/usr/bin/env bats
# What config.json says about the kernel's treatment of the process: CPU and I/O scheduling, memory policy,
# clocks, personality, security labels.
# bats file_tags=ours

load ../lib/helpers

# Policy (by its number), priority and nice value, as the kernel has them.
show_policy() { args awk '{ print $41, $40, $19 }' /proc/self/stat; }

# refused MEMBER: an ordinary user does not get it, and is told so.
refused() {
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "process\\.$1: .*operation not permitted.*only root"
}

@test "scheduler: SCHED_OTHER, SCHED_BATCH and SCHED_IDLE, with a nice value" {
  # Lower is for root; and some run the tests with one already.
  nice=$(($(nice) + 3 > 19 ? 19 : $(nice) + 3))
  show_policy
  while read -r policy wanted; do
    config --arg policy "$policy" --argjson nice $nice '.process.scheduler = {"policy": $policy, "nice": $nice}'
    run_ct
    expect_ok
    expect_match "^$wanted" "$output"
  done <<END
SCHED_OTHER 0 0 $nice
SCHED_BATCH 3 0 $nice
SCHED_IDLE 5 0
END
}

@test "scheduler: SCHED_FIFO, SCHED_RR and SCHED_DEADLINE are for root" {
  show_policy
  config '.process.scheduler = {"policy": "SCHED_RR", "priority": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
  if ! as_root; then
    refused scheduler
  elif [[ $MODE == root-v2 || ! -f /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]]; then
    run_ct
    expect_output '2 7 0'
  else
    # The cgroup has no real-time at all unless config.json says how much.
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 'process\.scheduler: .*linux\.resources\.cpu\.realtimeRuntime'
  fi
  config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 20000000, "period": 30000000}'
  if as_root; then
    run_ct
    expect_match '^6 0 0'
  else
    refused scheduler
  fi
}

@test "scheduler: what no policy takes is an error" {
  args true
  while read -r scheduler message; do
    config --argjson scheduler "$scheduler" '.process.scheduler = $scheduler'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "process\\.scheduler.*$message"
  done <<'END'
{"policy":"SCHED_ISO"} Linux has no SCHED_ISO
{"policy":"SCHED_NONE"} SCHED_NONE
{"policy":"SCHED_OTHER","nice":20} nice
{"policy":"SCHED_OTHER","priority":1} priority
{"policy":"SCHED_FIFO","priority":100} priority
{"policy":"SCHED_DEADLINE","runtime":5,"deadline":4} runtime
{"policy":"SCHED_OTHER","flags":["SCHED_FLAG_NONE"]} SCHED_FLAG_NONE
END
}

@test "scheduler, ioPriority, personality: also for exec" {
  config '.process.scheduler = {"policy": "SCHED_BATCH"} | .process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}
    | .linux.personality = {"domain": "LINUX32"}'
  sleeper
  start_ct
  run runc exec "$CT" sh -c 'awk "{ print \$41 }" /proc/self/stat; ionice; uname -m'
  expect_eq "${lines[0]}" 3
  expect_eq "${lines[1]}" idle
  expect_eq "${lines[2]}" "$(setarch linux32 uname -m)"
}

@test "memoryPolicy: also for exec" {
  needs_of_machine "a kernel without NUMA" test -r /proc/self/numa_maps
  config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}'
  sleeper
  start_ct
  run runc exec "$CT" head -n 1 /proc/self/numa_maps
  expect_match '^[0-9a-f]+ bind:0'
}

@test "ioPriority: each class" {
  args ionice
  while read -r class priority wanted; do
    config --arg class "$class" --argjson priority "$priority" '.process.ioPriority = {"class": $class, "priority": $priority}'
    if [[ $class == IOPRIO_CLASS_RT ]] && ! as_root; then
      refused ioPriority
      continue
    fi
    run_ct
    expect_output "$wanted"
  done <<'END'
IOPRIO_CLASS_BE 6 best-effort: prio 6
IOPRIO_CLASS_IDLE 0 idle
IOPRIO_CLASS_RT 2 realtime: prio 2
END
}

@test "ioPriority: without a number it is 0" {
  needs ionice
  sleeper
  config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE"}'
  start_ct
  run ionice -p "$(state_of "$CT" .pid)"
  expect_output 'best-effort: prio 0'
}

@test "ioPriority: another class or priority is an error" {
  args true
  config '.process.ioPriority = {"class": "IOPRIO_CLASS_NONE", "priority": 0}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'process\.ioPriority\.class: .*IOPRIO_CLASS_NONE'
  config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'process\.ioPriority\.priority: .*8'
}

# cpus PID: those that it may use, as a list.
cpus() { sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$1/status"; }

@test "execCPUAffinity: exec runs on the final CPUs, and the container's program does not" {
  cpu=$(cpus $$ | sed 's/.*[,-]//')
  config --arg cpu "$cpu" '.process.execCPUAffinity = {"initial": $cpu, "final": $cpu}'
  sleeper
  start_ct
  run runc exec "$CT" grep Cpus_allowed_list /proc/self/status
  expect_output $'Cpus_allowed_list:\t'"$cpu"
  expect_eq "$(cpus "$(state_of "$CT" .pid)")" "$(cpus $$)"
  # Of a process.json.
  jq '.process | .execCPUAffinity = {"final": "0-8191"} | .args = ["grep", "Cpus_allowed_list", "/proc/self/status"]' \
    "$BUNDLE/config.json" >process.json
  run runc exec --process process.json "$CT"
  expect_output $'Cpus_allowed_list:\t'"$(cpus $$)"
}

@test "affinity: that of the caller is not the container's" {
  needs taskset
  needs_of_machine "one CPU" test "$(nproc)" -gt 1
  all=$(awk '/^Cpus_allowed_list:/ { print $2 }' /proc/self/status)
  one=${all%%[-,]*}
  script 'grep ^Cpus_allowed_list: /proc/self/status; until [ -e /dev/shm/end ]; do sleep 0.05; done'
  taskset -c "$one" "$RUNC" --root "$STATE" run --detach --bundle "$BUNDLE" "$CT" </dev/null >out 2>&1 3>&-
  wait_for grep -q Cpus out
  expect_eq "$(cat out)" $'Cpus_allowed_list:\t'"$all"
  run taskset -c "$one" "$RUNC" --root "$STATE" exec "$CT" grep ^Cpus_allowed_list: /proc/self/status
  expect_output $'Cpus_allowed_list:\t'"$all"
  # Where it is said which CPUs, it is as it was said.
  process='{"cwd": "/", "args": ["grep", "^Cpus_allowed_list:", "/proc/self/status"], "execCPUAffinity": {"initial": "'$one'"}}'
  run runc exec --process <(echo "$process") "$CT"
  expect_output $'Cpus_allowed_list:\t'"$one"
}

@test "execCPUAffinity: CPUs that are none, or not there, are an error" {
  sleeper
  for cpus in '3-1' 'a' '1,,b' '8192'; do
    config --arg cpus "$cpus" '.process.execCPUAffinity = {"final": $cpus}'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "process\\.execCPUAffinity\\.final: .*'$cpus'"
  done
  needs_of_machine "it has 8192 CPUs" not test -d /sys/devices/system/cpu/cpu8191
  config '.process.execCPUAffinity = {"final": "8191"}'
  start_ct
  run --separate-stderr runc exec "$CT" true
  expect_error 255 'process\.execCPUAffinity\.final'
}

@test "memoryPolicy: modes, nodes and flags" {
  needs_of_machine "a kernel without NUMA" test -r /proc/self/numa_maps
  args head -n 1 /proc/self/numa_maps
  while read -r policy wanted; do
    config --argjson policy "$policy" '.linux.memoryPolicy = $policy'
    run_ct
    expect_ok
    expect_match "^[0-9a-f]+ $wanted" "$output"
  done <<'END'
{"mode":"MPOL_DEFAULT"} default
{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_STATIC_NODES"]} bind=static:0
{"mode":"MPOL_INTERLEAVE","nodes":"0","flags":["MPOL_F_RELATIVE_NODES"]} interleave=relative:0
{"mode":"MPOL_PREFERRED","nodes":"0"} prefer:0
{"mode":"MPOL_LOCAL"} local
END
}

@test "memoryPolicy: what no mode takes is an error" {
  args true
  while read -r policy message; do
    config --argjson policy "$policy" '.linux.memoryPolicy = $policy'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "linux\\.memoryPolicy$message"
  done <<'END'
{} \.mode
{"mode":"MPOL_NONE"} \.mode: .*MPOL_NONE
{"mode":"MPOL_BIND"} \.nodes: .*at least one
{"mode":"MPOL_DEFAULT","nodes":"0"} \.nodes: .*requires 0
{"mode":"MPOL_BIND","nodes":"x"} \.nodes: .*x
{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_NONE"]} \.flags.*MPOL_F_NONE
END
}

@test "timeOffsets: the clocks of a time namespace" {
  needs_of_machine "a kernel without time namespaces" test -e /proc/self/ns/time
  config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 1000000, "nanosecs": 5}, "monotonic": {"secs": 2000000}}'
  before=$(cut -d. -f1 /proc/uptime)
  script 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets'
  run_ct
  expect_ok
  ((lines[0] >= before + 1000000 && lines[0] < before + 1001000)) || fail "uptime was $before"
  expect_match 'monotonic +2000000 +0'
  expect_match 'boottime +1000000 +5'
}

@test "timeOffsets: without a time namespace, or for another clock, is an error" {
  args true
  config '.linux.timeOffsets = {"boottime": {"secs": 1}}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'linux\.timeOffsets: .*time.*linux\.namespaces'
  config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"realtime": {"secs": 1}}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "linux\\.timeOffsets: unknown clock 'realtime'"
}

@test "personality: LINUX32 and LINUX" {
  args uname -m
  config '.linux.personality = {"domain": "LINUX32"}'
  run_ct
  expect_output "$(setarch linux32 uname -m)"
  config '.linux.personality = {"domain": "LINUX"}'
  run_ct
  expect_output "$(uname -m)"
}

@test "personality: an unknown domain is an error, a flag is ignored with a warning" {
  args true
  config '.linux.personality = {"domain": "BSD"}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "linux\\.personality\\.domain: .*'BSD'"
  config '.linux.personality = {"domain": "LINUX", "flags": ["ANY"]}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match "linux\\.personality\\.flags: 'ANY' is ignored" "$stderr"
}

@test "apparmorProfile: without AppArmor it is an error that says so" {
  needs_of_machine "AppArmor is enabled" not grep -q Y /sys/module/apparmor/parameters/enabled
  config '.process.apparmorProfile = "profile"'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "process\\.apparmorProfile: unable to apply apparmor profile 'profile': AppArmor is not enabled"
}

@test "apparmorProfile: one that is not loaded is an error; unconfined works" {
  needs_of_machine "AppArmor is not enabled" grep -q Y /sys/module/apparmor/parameters/enabled
  args true
  config '.process.apparmorProfile = "no-such-profile"'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'process\.apparmorProfile'
  config '.process.apparmorProfile = "unconfined"'
  run_ct
  expect_ok
}

@test "selinuxLabel: without SELinux it is an error that says so; a mountLabel is left out" {
  needs_of_machine "SELinux is enabled" not test -e /sys/fs/selinux/enforce
  args true
  config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
  run_ct
  expect_ok
  config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'process\.selinuxLabel: .*selinux is disabled'
}

@test "mountLabel: the kind of an annotation is one that mount(8) knows" {
  args true
  config '.annotations = {"run.oci.mount_context_type": "rootcontext"}'
  run_ct
  expect_ok
  config '.annotations = {"run.oci.mount_context_type": "context=x,other"}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'run\.oci\.mount_context_type'
}
