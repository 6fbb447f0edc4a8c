#!/usr/bin/env bats
# What only real root gets: see tests/rootless for everything else, which runs as root, too.

load ../lib/helpers
load cgroup

@test "root: the default state root is /run/runc" {
  mkdir -p /run/runc
  # tests/run gives the suite a mount namespace of its own; do not count on it.
  args true
  unshare --mount bash -c 'mount -t tmpfs tmpfs /run/runc && "$1" run --keep --bundle "$2" "$3" && ls /run/runc >seen && "$1" delete "$3"' \
    - "$RUNC" "$BUNDLE" "$CT" </dev/null
  expect_eq "$(cat seen)" "$CT"
}

@test "root: device nodes are made, not bound" {
  script 'cut -d" " -f5 /proc/self/mountinfo | grep "^/dev/"'
  run_ct
  expect_ok
  expect_eq "$(sort <<<"$output" | tr '\n' ' ')" "/dev/mqueue /dev/pts /dev/shm "
}

@test "root: a device of config.json has its mode and owner" {
  config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 416, "uid": 7, "gid": 8}]'
  script 'stat -c "%F %t:%T %a %u:%g" /dev/mine'
  run_ct
  expect_ok
  expect_output "character special file 1:5 640 7:8"
}

@test "root: devices of a container with a user namespace that the host has not are made, others stay the host's" {
  own_ids() { config "$@" '.linux.namespaces |= map(select(.type != "user")) + [{"type": "user"}]
    | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
    | .linux.devices = [
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 384},
        {"path": "/dev/sub/null", "type": "c", "major": 1, "minor": 3, "fileMode": 432, "uid": 7, "gid": 8},
        {"path": "/dev/full", "type": "c", "major": 1, "minor": 7, "fileMode": 384, "uid": 7},
        {"path": "/dev/pipe", "type": "p", "fileMode": 384}]'; }
  own_ids
  chown -R 100000:100000 "$BUNDLE/rootfs"
  chmod 755 "$TEST_DIR" "$BUNDLE"
  script 'stat -c "%F %t:%T %a %u:%g" /dev/mine /dev/sub/null /dev/full /dev/pipe; head -c 3 /dev/mine | wc -c
    grep -c " /dev/mine .*nosuid.*noexec" /proc/self/mountinfo'
  run_ct
  expect_ok
  expect_eq "$output" "character special file 1:5 600 0:0
character special file 1:3 660 7:8
character special file 1:7 666 65534:65534
fifo 0:0 600 0:0
3
1"
  # The machine's stay as they are, and what is made goes with the container.
  expect_eq "$(stat -c '%u:%g' /dev/null)" "$(stat -c '%u:%g' /dev/zero)"
  expect_no_match 'devices' "$(cut -d' ' -f5- /proc/self/mountinfo | grep -w tmpfs)"
  # A namespace that somebody else has made, whose ids are not known.
  unshare --user --map-root-user sleep 1000 3>&- &
  local holder=$!
  mapped() { grep -q '^ *0 *0 *1$' "/proc/$holder/uid_map"; }
  wait_for mapped
  config --arg path "/proc/$holder/ns/user" '.linux.namespaces |= map(if .type == "user" then .path = $path else . end)
    | del(.linux.uidMappings, .linux.gidMappings)'
  script 'stat -c "%F %t:%T %a" /dev/mine; head -c 3 /dev/mine | wc -c'
  run_ct
  kill "$holder"
  expect_ok
  expect_eq "$output" "character special file 1:5 600
3"
}

@test "root: a fifo of config.json" {
  config '.linux.devices = [{"path": "/dev/pipe", "type": "p", "fileMode": 384}]'
  script 'stat -c "%F %a" /dev/pipe'
  run_ct
  expect_ok
  expect_output "fifo 600"
}

@test "root: a device that the rules do not allow cannot be opened" {
  needs_of_machine "no hierarchy with devices, and no unified one" test -e /sys/fs/cgroup/devices -o -e /sys/fs/cgroup/cgroup.controllers
  # 1:11 is /dev/kmsg; mknod is allowed by the default rules, reading is not.
  config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
  script 'mknod /dev/shm/kmsg c 1 11 2>/dev/null; mknod /dev/kmsg2 c 1 11; head -c 1 /dev/kmsg2'
  run_ct
  expect_status 1
  expect_match 'Operation not permitted'
}

@test "root: oomScoreAdj below the caller's" {
  config '.process.oomScoreAdj = 5'
  args cat /proc/self/oom_score_adj
  run bash -c 'echo 10 >/proc/self/oom_score_adj && exec "$@"' - "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_output 5
}

@test "root: files of other users in the rootfs" {
  config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
  script ': >/work/file; chown 1234:5678 /work/file; chmod 600 /work/file; stat -c "%u:%g %a" /work/file'
  run_ct
  expect_ok
  expect_output "1234:5678 600"
  expect_eq "$(stat -c %u:%g "$BUNDLE/rootfs/work/file")" 1234:5678
}

@test "root: a user without the right to its own rootfs cannot be stopped from running" {
  chmod 700 "$BUNDLE/rootfs"
  args id -u
  run_ct
  expect_ok
  expect_output 0
}

@test "root: the cgroup is made, has the process, and is removed" {
  own_path
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  grep -q "/$CT-group" "/proc/$pid/cgroup"
  [[ -n $(leftover_cgroups) ]]
  runc delete --force "$CT"
  expect_eq "$(leftover_cgroups)" "" cgroups
}

@test "root: the default cgroup is named after the container, below or beside the caller's" {
  sleeper
  start_ct
  grep -qE "/(runc-)?$CT(\.scope)?\$" "/proc/$(state_of "$CT" .pid)/cgroup"
  runc delete --force "$CT"
  expect_eq "$(leftover_cgroups)" "" cgroups
}

@test "root: the host's cgroups are read-only in the container" {
  script 'for dir in /sys/fs/cgroup /sys/fs/cgroup/*/; do ! mkdir $dir/x 2>/dev/null || echo "made $dir/x"; done'
  config '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
  run_ct
  ! is_ours || expect_no_match 'made /sys/fs/cgroup/x'
  expect_no_match 'made /sys/fs/cgroup/[^x]'
}

@test "root: what another user made can be listed by its owner" {
  args true
  run_ct --keep
  expect_eq "$(runc list -f json | jq -r '.[0].owner')" root
}

@test "root: --rootless=true does not need cgroups" {
  config 'del(.linux.resources)'
  args echo ok
  run runc --rootless=true run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match ok
}

@test "root: a wrong value of --rootless is an error" {
  args true
  run runc --rootless=perhaps run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'perhaps'
}

@test "root: nothing of the caller's mounts changes" {
  before=$(sort /proc/self/mountinfo)
  args true
  run_ct
  expect_ok
  expect_eq "$(sort /proc/self/mountinfo)" "$before" "mountinfo"
}

# in_userns: the container gets a user namespace, and a rootfs that it can read.
in_userns() {
  config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = .linux.uidMappings'
  chmod 755 "$TEST_DIR" "$BUNDLE"
}

# host_mount OPTIONS: a mount with these options, in our mount namespace.
host_mount() {
  mkdir -p "$TEST_DIR/host"
  ! mountpoint -q "$TEST_DIR/host" || umount "$TEST_DIR/host"
  mount -t tmpfs tmpfs "$TEST_DIR/host" && mount -o "remount,bind,$1" "$TEST_DIR/host"
}

# bound OPTIONS: the options of a bind mount of it, asked for with these.
bound() {
  config --arg source "$TEST_DIR/host" --arg options "$1" '.mounts |= map(select(.destination != "/work"))
    + [{"destination": "/work", "type": "bind", "source": $source, "options": ($options | split(","))}]'
  args awk '$5 == "/work" { print $6 }' /proc/self/mountinfo
  run_ct
}

@test "root: a bind in a user namespace keeps what the host's mount forbids" {
  in_userns
  while read -r host asked wanted; do
    host_mount "$host"
    bound "$asked"
    expect_ok
    expect_output "$wanted"
  done <<'END'
ro,nosuid,relatime bind ro,nosuid,relatime
ro,noexec,relatime bind,nosuid ro,nosuid,noexec,relatime
nodev,noatime bind,ro,exec ro,nodev,noatime
noatime bind,noatime,nosuid rw,nosuid,noatime
END
  umount "$TEST_DIR/host"
}

@test "root: a bind in a user namespace cannot take away what the host's mount forbids" {
  in_userns
  while read -r host asked; do
    host_mount "$host"
    bound "$asked"
    expect_status 1
    expect_match 'error mounting .*/host.*: mounts\[[0-9]+\]: .*operation not permitted \(in a user namespace'
  done <<'END'
ro bind,rw
nosuid,nodev bind,dev
noatime bind,strictatime
relatime bind,noatime
END
  # A superblock that is read-only is not the mount's.
  umount "$TEST_DIR/host"
  mount -t tmpfs -o ro tmpfs "$TEST_DIR/host"
  mount -o remount,bind,rw "$TEST_DIR/host" || :
  bound bind,rw
  expect_ok
  umount "$TEST_DIR/host"
}

@test "root: access times of a bind stay unless another mode is asked for" {
  while read -r host asked wanted; do
    host_mount "$host"
    bound "$asked"
    expect_ok
    expect_output "$wanted"
  done <<'END'
noatime bind,atime rw,noatime
noatime bind,norelatime,nosuid rw,nosuid,noatime
noatime bind,relatime rw,relatime
noatime bind,nodiratime rw,nodiratime,relatime
nodiratime,relatime bind,dev rw,nodiratime,relatime
nodiratime bind,strictatime rw
END
  umount "$TEST_DIR/host"
}

@test "root: --no-pivot leaves nothing of the host's mounts but its root" {
  needs unshare
  script 'cut -d" " -f5,9 /proc/self/mountinfo | grep -cE " (proc|sysfs)$"'
  run_ct
  with_pivot=$output
  run_ct --no-pivot
  expect_ok
  expect_output "$with_pivot"
  # So a procfs of a user namespace cannot show more than the container's masked one.
  config '.process.capabilities |= map_values(. + ["CAP_SETFCAP"])'
  args unshare -mrpf mount -t proc proc /proc
  run_ct --no-pivot
  expect_status 1
  expect_match 'permission denied|Operation not permitted'
}

@test "root: a program that a user may only execute by CAP_DAC_OVERRIDE" {
  rm "$BUNDLE/rootfs/bin/echo"
  cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/bin/echo"
  chmod 700 "$BUNDLE/rootfs/bin/echo"
  config '.process.user = {"uid": 1000, "gid": 1000}'
  args echo done
  run_ct
  expect_status 1
  expect_match 'permission denied'
  config '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])
    | .process.capabilities.ambient = ["CAP_DAC_OVERRIDE"] | .process.capabilities.inheritable = ["CAP_DAC_OVERRIDE"]'
  run_ct
  expect_ok
  expect_output done
  # Not what nobody may execute.
  chmod 600 "$BUNDLE/rootfs/bin/echo"
  run_ct
  expect_status 1
  expect_match 'permission denied'
}

@test "root: what hides a file is the host's /dev/null, and cannot be changed" {
  config '.process.capabilities |= map_values(. + ["CAP_FOWNER", "CAP_CHOWN"])'
  script 'chmod 666 /proc/keys; chown 0:0 /proc/keys; chmod 666 /dev/stdin && echo own; echo x >/proc/keys && cat /proc/keys && echo works'
  run runc run --bundle "$BUNDLE" "$CT" </dev/null
  expect_match 'chmod: /proc/keys: Read-only file system'
  expect_match 'chown: /proc/keys: Read-only file system'
  # stdio is the container's own.
  expect_match own
  expect_match works
}
