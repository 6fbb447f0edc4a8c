#!/usr/bin/env bats
# A /proc that is not what it seems: what the runtime writes to /proc goes to the kernel, or nowhere.

load ../lib/helpers

setup() {
  common_setup
  bundle
  ROOTFS=$BUNDLE/rootfs
}

# add_mount DESTINATION TYPE SOURCE OPTIONS...
add_mount() {
  jq --arg destination "$1" --arg type "$2" --arg source "$3" '.mounts += [{"destination": $destination,
    "type": $type, "source": $source, "options": $ARGS.positional}]' "$BUNDLE/config.json" --args -- "${@:4}" >"$BUNDLE/config.json.new" &&
    mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# fake_proc DIR: files where the runtime would write, if it wrote by path.
fake_proc() {
  local pid
  mkdir -p "$1"/sys/{kernel,net/ipv4} "$1"/{self,thread-self,1}/{attr/apparmor,fd,ns}
  for pid in self thread-self 1; do
    for file in oom_score_adj setgroups uid_map gid_map timens_offsets attr/exec attr/keycreate attr/apparmor/exec; do
      echo fake >"$1/$pid/$file"
    done
  done
  echo fake >"$1/sys/kernel/msgmax"
  echo fake >"$1/sys/net/ipv4/ip_forward"
  chmod -R a+rwX "$1"
}

unwritten() {
  local left
  left=$(grep -rLx fake "$1")
  [[ -z $left ]] || fail "written to: $left"
}

@test "security: /proc is a link in the image (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642)" {
  mkdir "$ROOTFS/elsewhere"
  for link in /elsewhere elsewhere . /tmp; do
    rm -rf "$ROOTFS/proc"
    ln -s "$link" "$ROOTFS/proc"
    args true
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "must be mounted on ordinary directory"
  done
}

@test "security: /sys is a link in the image" {
  mkdir "$ROOTFS/elsewhere"
  rm -rf "$ROOTFS/sys"
  ln -s /elsewhere "$ROOTFS/sys"
  config '(.mounts[] | select(.destination == "/sys")) |= {"destination": "/sys", "type": "sysfs", "source": "sysfs"}
    | .linux.namespaces += [{"type": "network"}] | .linux.namespaces |= unique_by(.type)'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "must be mounted on ordinary directory"
}

@test "security: a volume on /proc, or on a part of it, is refused (CVE-2019-16884)" {
  mkdir "$TEST_DIR/fake"
  fake_proc "$TEST_DIR/fake"
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  args true
  for target in /proc /proc/ //proc /./proc /tmp/../proc /proc/self /proc/self/attr /proc/sys /proc/1/attr /proc/thread-self/attr/exec; do
    add_mount "$target" bind "$TEST_DIR/fake" rbind
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "cannot be mounted because it is (inside|not of type) .*proc"
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
    add_mount "$target" tmpfs tmpfs
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "cannot be mounted because it is (inside|not of type) .*proc"
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
  done
  unwritten "$TEST_DIR/fake"
}

@test "security: no procfs in the container: the kernel gets what the image's fake does not (CVE-2025-52881)" {
  rm -rf "$ROOTFS/proc"
  fake_proc "$ROOTFS/proc"
  config '.mounts |= map(select(.destination != "/proc")) | .process.oomScoreAdj = 321 | .linux.maskedPaths = [] | .linux.readonlyPaths = []
    | .linux.sysctl = {"kernel.msgmax": "4242"}'
  sleeper
  start_ct
  pid=$(state_of "$CT" .pid)
  expect_eq "$(cat "/proc/$pid/oom_score_adj")" 321
  unwritten "$ROOTFS/proc"
  # The value is in the container's ipc namespace.
  run runc exec "$CT" cat /proc/sys/kernel/msgmax
  expect_output fake
  if as_root; then
    expect_eq "$(nsenter --ipc="/proc/$pid/ns/ipc" cat /proc/sys/kernel/msgmax)" 4242
  fi
}

@test "security: a volume that reaches /proc through a link in the image is refused (CVE-2019-16884)" {
  mkdir "$TEST_DIR/fake"
  fake_proc "$TEST_DIR/fake"
  config '.process.oomScoreAdj = 321 | .linux.sysctl = {"kernel.msgmax": "4242"} | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  args true
  for link in /proc proc ../../proc /proc/self/attr /proc/thread-self; do
    ln -sfn "$link" "$ROOTFS/link"
    add_mount /link bind "$TEST_DIR/fake" rbind
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 'mount.*/link'
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
  done
  unwritten "$TEST_DIR/fake"
}

@test "security: a fake procfs that the container put over its own before an exec (CVE-2025-52881)" {
  config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .root.readonly = false'
  fake_proc "$ROOTFS/fake"
  script 'mount --bind /fake /proc && touch /dev/shm/ready; sleep 1000'
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  jq '.process | .oomScoreAdj = 432 | .args = ["sh", "-c", "echo done"]' "$BUNDLE/config.json" >"$TEST_DIR/process.json"
  run runc exec --process "$TEST_DIR/process.json" "$CT"
  expect_ok
  expect_output "done"
  unwritten "$ROOTFS/fake"
}

@test "security: sysctls that are not names of settings" {
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  args true
  for name in ../../self/oom_score_adj kernel/../../self/oom_score_adj net.ipv4./../../../self/oom_score_adj /kernel/msgmax \
    kernel./.msgmax 'net/../../1/oom_score_adj' net/ipv4/../../kernel/core_pattern; do
    config --arg name "$name" '.linux.sysctl = {($name): "77"}'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_status 1
    expect_match 'sysctl' "$stderr"
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
  done
}

@test "security: the cgroup hierarchy is read-only without a cgroup namespace (CVE-2023-25809)" {
  config '.linux.namespaces |= map(select(.type != "cgroup"))
    | .mounts |= map(select(.destination != "/sys/fs/cgroup"))
    | .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
  script 'awk "\$5 ~ /^.sys.fs.cgroup/ { options[\$5] = \$6 } END { for (path in options) print path, options[path] }" /proc/self/mountinfo
    for dir in $(find /sys/fs/cgroup -type d 2>/dev/null | head -n 60); do mkdir $dir/intruder 2>/dev/null && echo "made $dir/intruder"; done'
  run_ct
  [[ -n $output ]]
  # Of mounts on the same path the last one is seen.
  while read -r path options; do
    [[ $path == /sys/fs/cgroup* ]] || fail "in the cgroups of the host: $path $options"
    expect_match '^ro(,|$)' "$options"
  done <<<"$output"
}

@test "security: names of cgroup files that are paths (GHSA-5g49-rx9x-qfc6)" {
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  args true
  for name in ../cgroup.procs ../../cgroup.procs a/b /etc/passwd .. . ''; do
    jq --arg name "$name" '.linux.resources.unified = {($name): "1"}' "$TEST_DIR/saved.json" >"$BUNDLE/config.json"
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 'unified'
  done
}
