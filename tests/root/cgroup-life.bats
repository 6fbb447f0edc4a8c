#!/usr/bin/env bats
# Cgroups from creation to removal: paths, joining, freezing, killing, statistics. On cgroup v1, hybrid and
# v2 hosts alike, with the filesystem driver.

load ../lib/helpers
load cgroup

setup() {
  common_setup
  bundle
}

# bats test_tags=ours,no:root-systemd
@test "cgroup: nobody's cgroup.procs is written, which would cost an RCU grace period" {
  needs strace
  args true
  run strace -f -e trace=openat,open,openat2 -o trace "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  run grep -E 'cgroup\.procs.*O_(WRONLY|RDWR)' trace
  expect_output ""
}

# bats test_tags=no:root-systemd
@test "cgroup: cgroupsPath with a colon, and with dots" {
  config --arg path "/$CT-a:b/.././$CT-c:d" '.linux.cgroupsPath = $path'
  args cat /proc/self/cgroup
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  run_ct
  expect_ok
  expect_match ":/$CT-c:d"
}

# bats test_tags=no:root-systemd
@test "cgroup: cgroupsPath cannot leave the hierarchy" {
  config --arg path "../../../../../$CT-up" '.linux.cgroupsPath = $path'
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  args cat /proc/self/cgroup
  run_ct
  expect_ok
  expect_match "/$CT-up"
  [[ ! -e /$CT-up && ! -e /sys/$CT-up && ! -e /sys/fs/$CT-up ]]
}

@test "cgroup: one that others are in is refused, and they live" {
  own_path
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  run runc run --bundle "$BUNDLE" "$CT-2"
  expect_status 1
  expect_match "container's cgroup is not empty"
  kill -0 "$pid"
  has_status "$CT" running
}

# bats test_tags=no:root-systemd
@test "cgroup: an empty one is used, a frozen one is refused" {
  own_path
  local dirs dir
  if unified; then dirs=(/sys/fs/cgroup/$CT-group); else dirs=(/sys/fs/cgroup/freezer/$CT-group); fi
  mkdir "${dirs[@]}"
  args true
  run_ct
  expect_ok
  mkdir "${dirs[@]}"
  if unified; then echo 1 >"${dirs[0]}/cgroup.freeze"; else echo FROZEN >"${dirs[0]}/freezer.state"; fi
  run_ct
  rmdir "${dirs[@]}"
  expect_status 1
  expect_match "container's cgroup unexpectedly frozen"
}

@test "cgroup: pause, and everything stands still; resume" {
  own_path
  script 'trap "exit 0" TERM; while :; do echo x >>/dev/shm/beat; sleep 0.01; done'
  start_ct
  wait_for runc exec "$CT" test -s /dev/shm/beat
  runc pause "$CT"
  has_status "$CT" paused
  run runc exec "$CT" true
  expect_status 255
  expect_match 'cannot exec in a paused container'
  before=$(stat -L -c %s "/proc/$(state_of "$CT" .pid)/root/dev/shm/beat")
  read -r -t 0.1 <> <(:) || true
  expect_eq "$(stat -L -c %s "/proc/$(state_of "$CT" .pid)/root/dev/shm/beat")" "$before" "size while paused"
  runc resume "$CT"
  has_status "$CT" running
  wait_for test "$(stat -L -c %s "/proc/$(state_of "$CT" .pid)/root/dev/shm/beat")" -gt "$before"
}

@test "cgroup: SIGKILL ends a paused container" {
  own_path
  sleeper
  start_ct
  runc pause "$CT"
  runc kill "$CT" KILL
  await_status "$CT" stopped
}

@test "cgroup: delete --force ends a paused container" {
  own_path
  sleeper
  start_ct
  runc pause "$CT"
  runc delete --force "$CT"
  expect_eq "$(leftover_cgroups)" "" cgroups
}

@test "cgroup: without a pid namespace, kill and delete reach everybody, also after init is gone" {
  own_path
  config 'del(.linux.namespaces[] | select(.type == "pid"))'
  script 'sleep 1000 & sleep 1001 & exec sleep 1002'
  start_ct
  wait_for eval '[[ $(runc ps -f json "$CT" | jq length) == 3 ]]'
  pids=$(runc ps -f json "$CT" | jq -r '.[]')
  kill -KILL "$(state_of "$CT" .pid)"
  await_status "$CT" stopped
  runc kill "$CT" KILL || true
  runc delete --force "$CT"
  for pid in $pids; do
    wait_for not grep -qs '^State:.[RSDT]' "/proc/$pid/status"
  done
  expect_eq "$(leftover_cgroups)" "" cgroups
}

# bats test_tags=ours
@test "cgroup: delete --force of a container whose state cannot be read ends it" {
  own_path
  args sleep 1000
  start_ct
  pid=$(state_of "$CT" .pid)
  echo '{"broken' >"$STATE/$CT/state.json"
  run runc delete "$CT"
  expect_status 1
  expect_match 'is damaged'
  kill -0 "$pid"
  runc delete --force "$CT"
  wait_gone "$pid"
  expect_eq "$(ls -A "$STATE")$(leftover_cgroups)" "" "what is left"
}

@test "cgroup: sub-cgroups, deep and with processes, are gone after delete" {
  own_path
  args sleep 1000
  start_ct
  dir=$(cg_dir freezer)
  deep=$dir
  for ((i = 0; i < 50; i++)); do deep=$deep/d; done
  mkdir -p "$deep" "$dir/e/f"
  runc exec -d "$CT" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
  pid=$(runc ps -f json "$CT" | jq '.[-1]')
  echo "$pid" >"$deep/cgroup.procs"
  expect_eq "$(runc ps -f json "$CT" | jq length)" 2 "number of processes"
  runc delete --force "$CT"
  [[ ! -e $dir ]]
  wait_gone "$pid"
}

@test "exec: into the container's cgroups" {
  own_path
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  sleeper
  start_ct
  # A test that runs at the same time mounts net_cls.
  expect_eq "$(runc exec "$CT" grep -v net_ /proc/self/cgroup)" "$(runc exec "$CT" grep -v net_ /proc/1/cgroup)" "cgroups of exec"
}

@test "exec: --cgroup" {
  own_path
  config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
  sleeper
  start_ct
  run runc exec --cgroup ../x "$CT" true
  expect_status 255
  expect_match 'bad sub cgroup path'
  run runc exec --cgroup nonsense:x "$CT" true
  expect_status 255
  expect_match 'unknown controller '
  run runc exec --cgroup none "$CT" true
  expect_status 255
  expect_match '[Nn]o such file or directory'
  if unified; then
    mkdir "$(cg_dir pids)/sub"
    run runc exec --cgroup sub "$CT" cat /proc/self/cgroup
    expect_ok
    expect_match "$OWN/sub$"
  else
    mkdir "$(cg_dir memory)/submem" "$(cg_dir pids)/subpids"
    run runc exec --cgroup memory:submem --cgroup pids:subpids "$CT" cat /proc/self/cgroup
    expect_ok
    expect_match ":memory:/$CT-group/submem"
    expect_match ":pids:/$CT-group/subpids"
    expect_match ":freezer:/$CT-group[^/]"
  fi
}

@test "events: --stats is one line that says what is used" {
  own_path
  sleeper
  start_ct
  run runc events --stats "$CT"
  expect_ok
  expect_eq "${#lines[@]}" 1 lines
  expect_match '^\{"type":"stats","id":"'"$CT"'","data":\{"cpu":'
  jq -e '.data | .pids.current >= 1 and .cpu.usage.total > 0 and has("memory") and .network_interfaces == null' <<<"$output"
}

@test "events: statistics at the interval, until the end" {
  own_path
  sleeper
  start_ct
  "$RUNC" --root "$STATE" events --interval 30ms "$CT" >events.log 2>&1 3>&- &
  job=$!
  wait_for eval '(($(wc -l <events.log) >= 3))'
  runc delete --force "$CT"
  wait_exit $job
  expect_ok
  jq -e --arg id "$CT" 'select(.type != "stats" or .id != $id or .data.pids.current == null)' events.log && fail "other events"
  run runc events --interval 0s "$CT"
  expect_status 1
}

@test "events: pressure, where the kernel tells it" {
  unified || skip "this machine: cgroup v1, which has no pressure stall information"
  own_path
  sleeper
  start_ct
  needs_of_machine "no pressure stall information" cat "$(cg_dir cpu)/cpu.pressure"
  # As in runc, a line without pressure is left out.
  runc events --stats "$CT" | jq -e '.data | [.cpu, .memory, .blkio] | all(has("psi") and ([.psi[] | .avg10, .avg60, .avg300, .total] | all(type == "number")))'
}

@test "events: an OOM is told, and the end ends it" {
  needs_controller memory
  own_path
  config '.linux.resources += {"memory": {"limit": 33554432}}'
  sleeper
  start_ct
  "$RUNC" --root "$STATE" events --interval 60s "$CT" >events.log 2>&1 3>&- &
  job=$!
  # Watching has begun when there is an eventfd or an inotify descriptor.
  wait_for eval 'ls -l /proc/$job/fd | grep -qE "eventfd|inotify"'
  run runc exec "$CT" dd if=/dev/zero of=/dev/null bs=64M count=1
  expect_status 137
  wait_for grep -q '"type":"oom","id":"'"$CT"'"' events.log
  runc delete --force "$CT"
  wait_exit $job
  expect_ok
}

# ---------------------------------------------------------------- where it is

# The caller's own path in the hierarchy of a v1 controller; "" for v2.
own_cgroup() { awk -F: -v c="$1" '$2 == c { print $3 }' /proc/self/cgroup; }

@test "cgroup: the default path is below each of the caller's own cgroups, on v2 beside it" {
  local dir=/sys/fs/cgroup pid
  # Elsewhere in one hierarchy than in the others.
  unified || dir+=/pids
  dir+=$(unified && own_cgroup "" || own_cgroup pids)
  mkdir -p "$dir/$CT-caller/a"
  sleeper
  sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$dir/$CT-caller/a" \
    "$RUNC" --root "$STATE" run --detach --bundle "$BUNDLE" "$CT" </dev/null >out 2>&1 3>&-
  pid=$(state_of "$CT" .pid)
  if unified; then
    grep -q "^0::.*/$CT-caller/$CT\$" "/proc/$pid/cgroup"
  else
    grep -q ":pids:.*/$CT-caller/a/$CT\$" "/proc/$pid/cgroup"
    grep -q ":memory:$(own_cgroup memory | sed 's|^/$||')/$CT\$" "/proc/$pid/cgroup"
  fi
  runc delete --force "$CT"
  rmdir "$dir/$CT-caller/a" "$dir/$CT-caller"
}

# user_cgroup ID: a cgroup that belongs to a user, in USER_CGROUP, and from now on `runc` is that user's, in there.
user_cgroup() {
  USER_CGROUP=/sys/fs/cgroup/$CT-user/own USER_ID=$1
  mkdir -p "$USER_CGROUP"
  chown "$USER_ID" "$USER_CGROUP" "$USER_CGROUP"/cgroup.{procs,subtree_control,threads}
  chown -R "$USER_ID" "$STATE" "$XDG_RUNTIME_DIR" "$BUNDLE"
  runc() {
    sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$USER_CGROUP" \
      setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups "$RUNC" --root "$STATE" "$@"
  }
  config 'del(.linux.resources)'
}

remove_user_cgroup() {
  expect_eq "$(ls -d "$USER_CGROUP"/*/ 2>/dev/null)" "" cgroups
  wait_for rmdir "$USER_CGROUP"
  rmdir "${USER_CGROUP%/own}"
}

@test "cgroup: a user to whom one is delegated, without systemd" {
  unified || skip "this machine: no unified hierarchy"
  user_cgroup 64123
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  expect_eq "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "/$CT-user/own/$CT"
  runc exec "$CT" grep '^0::/$' /proc/self/cgroup
  runc pause "$CT"
  has_status "$CT" paused
  runc resume "$CT"
  runc events --stats "$CT" | jq -e .data.cpu.usage.total
  # no device rules: it has no devices to give
  runc exec "$CT" sh -c ': >/dev/null'
  runc delete --force "$CT"
  wait_gone "$pid"
  remove_user_cgroup
}

# The places of a cgroupsPath: one directory in each hierarchy.
hierarchies() { if unified; then echo /sys/fs/cgroup; else printf '%s\n' $(awk '$9 == "cgroup" || $8 == "cgroup" { print $5 }' /proc/self/mountinfo | sort -u); fi; }

# bats test_tags=no:root-systemd
@test "cgroup: a cgroupsPath that a user may make, on any hierarchy, without systemd" {
  local dir
  for dir in $(hierarchies); do
    mkdir -p "$dir/$CT-user"
    ! unified || mkdir "$dir/$CT-user/from"
    chown 64124 "$dir/$CT-user" "$dir/$CT-user/cgroup.procs"
    ! unified || chown 64124 "$dir/$CT-user/from/cgroup.procs"
    [[ $dir != */cpuset ]] || for file in cpus mems; do cat "$dir/cpuset.$file" >"$dir/$CT-user/cpuset.$file"; done
  done
  chown -R 64124 "$STATE" "$XDG_RUNTIME_DIR" "$BUNDLE"
  runc() {
    sh -c '[ "$0" = - ] || echo 0 >"$0/cgroup.procs"; exec "$@"' "$(unified && echo "/sys/fs/cgroup/$CT-user/from" || echo -)" \
      setpriv --reuid 64124 --regid 64124 --clear-groups "$RUNC" --root "$STATE" "$@"
  }
  config --arg path "/$CT-user/made/here" 'del(.linux.resources) | .linux.cgroupsPath = $path'
  config 'del(.linux.namespaces[] | select(.type == "network"))
    | .linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 64124, "size": 1}]
    | .linux.gidMappings = .linux.uidMappings | .mounts |= map(if .destination == "/sys" then .type = "bind" | .source = "/sys" | .options = ["rbind", "ro"] else . end)'
  unified || config '.linux.resources = {"pids": {"limit": 77}}'
  sleeper
  start_ct
  expect_match "/$CT-user/made/here\$" "$(cg_dir pids)"
  unified || expect_eq "$(cg_value pids pids.max pids.max)" 77
  runc exec "$CT" true
  runc pause "$CT"
  has_status "$CT" paused
  runc resume "$CT"
  expect_eq "$(runc ps --format json "$CT" | jq -e '.[0] > 0')" true
  runc events --stats "$CT" | jq -e .data.cpu.usage.total
  unified || runc update --pids-limit 55 "$CT"
  unified || expect_eq "$(cg_value pids pids.max pids.max)" 55
  runc delete --force "$CT"
  for dir in $(hierarchies); do
    [[ ! -e $dir/$CT-user/made/here ]]
  done
  # One that is somebody else's.
  config --arg path "/$CT-other" '.linux.cgroupsPath = $path'
  run runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'rootless needs no limits \+ no cgrouppath'
  for dir in $(hierarchies); do
    find "$dir/$CT-user" -depth -type d -exec rmdir {} +
  done
}

# bats test_tags=ours
@test "cgroup: what another id of a user's container has made in its cgroup is gone after delete" {
  unified || skip "this machine: no unified hierarchy"
  needs newuidmap
  local user
  user=$(awk -F: '$3 >= 65536 { print $1 }' /etc/subuid | xargs -r -n 1 id -u 2>/dev/null | grep -vx 0 | head -n 1) || true
  needs_of_machine "no user with subordinate ids" test -n "$user"
  user_cgroup "$user"
  config '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_SETUID", "CAP_SETGID"])
    | .linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}])
    | .mounts |= map(if .destination == "/sys/fs/cgroup" then .type = "cgroup2" | .options -= ["ro"] else . end)'
  script 'mkdir /sys/fs/cgroup/theirs; chown 1000 /sys/fs/cgroup/theirs; : >/dev/shm/ready; exec sleep 1000'
  start_ct
  wait_for test -e "/proc/$(state_of "$CT" .pid)/root/dev/shm/ready"
  runc exec --user 1000 "$CT" mkdir -p /sys/fs/cgroup/theirs/a/b
  runc delete --force "$CT"
  remove_user_cgroup
}

# ---------------------------------------------------------------- a container that manages its cgroup

# Ids of its own, a cgroup namespace, and /sys/fs/cgroup for writing.
manager_config() {
  config '.linux.namespaces |= (map(select(.type != "cgroup" and .type != "user")) + [{"type": "cgroup"}, {"type": "user"}])
    | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .mounts |= map(if .destination == "/sys/fs/cgroup" then .type = "cgroup2" | .options -= ["ro"] else . end)'
  chmod 755 "$TEST_DIR" "$BUNDLE"
}

@test "cgroup: the root of a user namespace may manage the container's cgroup, and not its limits" {
  unified || skip "this machine: no unified hierarchy"
  own_path
  manager_config
  script 'mkdir /sys/fs/cgroup/sub && echo 0 >/sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup && ! (echo 1 >/sys/fs/cgroup/cgroup.freeze) 2>/dev/null && stat -c %u /sys/fs/cgroup'
  run_ct
  expect_ok
  expect_match '0::/sub'
  expect_line 0
}

@test "cgroup: one that is mounted read-only stays ours" {
  unified || skip "this machine: no unified hierarchy"
  own_path
  manager_config
  config '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options += ["ro"] else . end)'
  script 'stat -c %u /sys/fs/cgroup'
  run_ct
  expect_ok
  expect_output 65534
}

# Those are the machine's: nsdelegate and memory_recursiveprot, where systemd has mounted it.
@test "cgroup: the unified hierarchy keeps its options, with a cgroup namespace and without" {
  local before kind
  unified || skip "this machine: no unified hierarchy"
  options() { awk '/ - cgroup2 / { print $NF }' /proc/self/mountinfo | sort -u; }
  before=$(options)
  for kind in '[]' '[{"type": "cgroup"}]'; do
    config --argjson kind "$kind" '.linux.namespaces |= map(select(.type != "cgroup")) + $kind'
    script 'cd /sys/fs/cgroup && ls cgroup.controllers && ! mkdir x 2>/dev/null'
    run_ct
    expect_ok
    expect_output cgroup.controllers
    expect_eq "$(options)" "$before"
  done
  # Without one it is the host's tree.
  config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
  script 'stat -c %i /sys/fs/cgroup; touch /sys/fs/cgroup/cgroup.procs'
  run_ct
  expect_ok
  expect_output "$(stat -c %i /sys/fs/cgroup)"
  expect_eq "$(options)" "$before"
}

@test "cgroup: run.oci.delegate-cgroup: the container manages a cgroup below the one with the limits" {
  unified || skip "this machine: no unified hierarchy"
  own_path
  manager_config
  config '.annotations["run.oci.delegate-cgroup"] = "mine/inner"'
  script 'grep 0:: /proc/self/cgroup; stat -c %u /sys/fs/cgroup /sys/fs/cgroup/mine /sys/fs/cgroup/mine/inner
    mkdir /sys/fs/cgroup/mine/inner/sub && echo 0 >/sys/fs/cgroup/mine/inner/sub/cgroup.procs && grep 0:: /proc/self/cgroup
    mkdir /sys/fs/cgroup/mine/other 2>/dev/null && echo above; : >/dev/shm/ready; exec sleep 1000'
  start_ct
  wait_for test -e "/proc/$(state_of "$CT" .pid)/root/dev/shm/ready"
  expect_eq "$(tr '\n' ' ' <"$CT.out")" "0::/mine/inner 65534 65534 0 0::/mine/inner/sub "
  run runc exec "$CT" grep 0:: /proc/self/cgroup
  expect_ok
  expect_output 0::/mine/inner
  expect_eq "$(cat "/sys/fs/cgroup$OWN/mine/inner/cgroup.controllers")" "$(cat /sys/fs/cgroup/cgroup.controllers)" controllers
  expect_eq "$(runc ps -f json "$CT" | jq length)" 1 "number of processes"
  runc pause "$CT"
  has_status "$CT" paused
  runc delete --force "$CT"
  expect_eq "$(leftover_cgroups)" "" cgroups
}

@test "cgroup: run.oci.delegate-cgroup: without ids of its own, and refused" {
  own_path
  config '.annotations["run.oci.delegate-cgroup"] = "inner" | del(.linux.namespaces[] | select(.type == "cgroup"))'
  args grep 0:: /proc/self/cgroup
  run_ct
  if unified; then
    expect_ok
    expect_output "0::$OWN/inner"
  else
    expect_status 1
    expect_match 'delegate-cgroup.*needs a cgroup v2 host'
  fi
  config '.annotations["run.oci.delegate-cgroup"] = "a/../../b"'
  run_ct
  expect_status 1
  expect_match 'must not lead out of'
}

@test "exec: into a cgroup that takes no processes itself goes where init is" {
  unified || skip "this machine: no unified hierarchy"
  needs_controller memory
  own_path
  config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}])
    | .mounts |= map(if .destination == "/sys/fs/cgroup" then .type = "cgroup2" | .options -= ["ro"] else . end)'
  script 'mkdir /sys/fs/cgroup/foo && echo 0 >/sys/fs/cgroup/foo/cgroup.procs && echo +memory >/sys/fs/cgroup/cgroup.subtree_control; : >/dev/shm/ready; exec sleep 1000'
  start_ct
  wait_for test -e "/proc/$(state_of "$CT" .pid)/root/dev/shm/ready"
  run runc exec "$CT" cat /proc/self/cgroup
  expect_ok
  expect_match '0::/foo'
}

# bats test_tags=no:root-systemd
@test "cgroup: a cgroupsPath that is meant for systemd is a path without it" {
  config --arg path "a.slice:$CT:b" '.linux.cgroupsPath = $path | del(.linux.namespaces[] | select(.type == "cgroup"))'
  args grep "a.slice:$CT:b" /proc/self/cgroup
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  ! is_ours || expect_match 'level=warning.*meant for systemd' "$stderr"
}

@test "delete: what was paused before it was started is not deleted without --force" {
  sleeper
  create_ct
  runc pause "$CT"
  run runc delete "$CT"
  expect_status 1
  expect_match 'that is not stopped: paused'
  runc delete --force "$CT"
}
