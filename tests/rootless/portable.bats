#!/usr/bin/env bats
# Any bundle as any user: what was written for root runs without, with a warning for each thing that has to
# be left out, or is refused with the reason.
# bats file_tags=ours,no:root,no:root-v2

load ../lib/helpers

# run_split [OPTIONS...]: with the warnings in $stderr.
run_split() { run --separate-stderr "$RUNC" --root "$STATE" "$@" run --bundle "$BUNDLE" "$CT"; }

# The default configuration, as root gets it.
roots_config() {
  mkdir roots
  (cd roots && "$RUNC" spec)
  mv roots/config.json "$BUNDLE"
  config '.process.terminal = false'
}

# What an engine of root hands to its runtime.
engines_config() {
  roots_config
  mkdir -p shm files
  echo box >files/hostname
  config --arg dir "$TEST_DIR" --arg id "$CT" '
    .hostname = "box" | .root.readonly = false
    | .process.user.umask = 18
    | .process.env += ["container=engine", "HOSTNAME=box"]
    | .process.noNewPrivileges = false
    | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
        "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE"])
    | .process.oomScoreAdj = -999
    | .process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 1048576000, "soft": 256}]
    | .mounts |= map(select(.destination != "/dev/shm"))
    | .mounts += [
        {"destination": "/dev/shm", "type": "bind", "source": ($dir + "/shm"),
         "options": ["bind", "rprivate", "nosuid", "noexec", "nodev"]},
        {"destination": "/etc/hostname", "type": "bind", "source": ($dir + "/files/hostname"), "options": ["bind", "rprivate"]}]
    | .annotations = {"io.container.manager": "engine", "org.opencontainers.image.stopSignal": "15"}
    | .linux.sysctl = {"net.ipv4.ping_group_range": "0 0", "kernel.shm_rmid_forced": "1"}
    | .linux.cgroupsPath = "/engine/" + $id
    | .linux.devices = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 0},
        {"path": "/dev/no-such-device", "type": "c", "major": 240, "minor": 7, "fileMode": 438, "uid": 0, "gid": 0}]
    | .linux.resources = {"devices": [{"allow": false, "access": "rwm"},
          {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm"}],
        "memory": {"limit": 67108864, "swap": 134217728}, "pids": {"limit": 50}}
    | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
        "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], "syscalls": [
          {"names": ["kexec_load", "bpf", "mount", "umount2", "reboot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}'
}

setup() {
  common_setup
  bundle
}

# ---------------------------------------------------------------- plain 'runc spec'

@test "portable: what 'runc spec' writes for root" {
  roots_config
  args sh -c 'id -u; hostname; grep " / " /proc/mounts; cat /sys/class/net/lo/flags'
  run_split
  expect_ok
  expect_match $'^0\nrunc\n.* ro[ ,].*\n0x9$'
  [[ $MODE == single ]] || expect_eq "$stderr" ""
}

@test "portable: what 'runc spec' writes for root, on a terminal" {
  roots_config
  config '.process.terminal = true'
  run "$TESTHELPER" tty-run 'expect=# ' 'send=tty; exit 3\n' 'expect=/dev/' -- \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_status 3
}

@test "portable: 'runc spec --rootless --full'" {
  needs_of_machine "no /dev/net/tun for this user" sh -c ': <>/dev/net/tun'
  [[ -x $RUNC_BUILDDIR/helpers/runc-slirp ]] || skip "this machine: runc-slirp is not built"
  rm "$BUNDLE/config.json"
  run "$RUNC" spec --rootless --full --bundle "$BUNDLE"
  expect_ok
  config '.process.terminal = false'
  args sh -c 'cat /proc/self/uid_map; ip -o addr show dev tap0; cat /etc/resolv.conf; echo new >/work/file'
  run_split
  expect_ok
  expect_match $'10\\.0\\.2\\.100.*\nnameserver 10\\.0\\.2\\.3$'
  expect_eq "$(cat "$BUNDLE/rootfs/work/file")" new
  if [[ $MODE == user ]]; then
    expect_match $'^ +0 +'"$HOST_UID"' +1\s+1 +[0-9]+ +65536'
    args sh -c 'mkdir /work/dir && chown guest /work/dir && su guest -c "id -u; : >/work/dir/file"; rm -r /work/dir'
    run_split
    expect_ok
    expect_output 1000
  else
    expect_match $'^ +0 +'"$HOST_UID"' +1\s'
  fi
}

# ---------------------------------------------------------------- an engine's

@test "portable: an engine's bundle for root: limits need delegation" {
  engines_config
  args true
  needs_of_machine "a cgroup of the user's own" not "$RUNC" doctor --check delegation
  run_split
  expect_error 1 'linux\.resources: rootless needs no limits.*Delegate.*doctor'
  config 'del(.linux.resources.memory, .linux.resources.pids)'
  run_split
  expect_error 1 'linux\.cgroupsPath: rootless needs no limits'
}

@test "portable: an engine's bundle for root: --rootless=true leaves out what takes root, and says so" {
  engines_config
  args sh -c 'echo $HOSTNAME; hostname; cat /etc/hostname; ls /dev; cat /proc/sys/kernel/shm_rmid_forced
    cat /proc/sys/net/ipv4/ping_group_range; ulimit -n; grep ^Seccomp: /proc/self/status'
  needs_of_machine "a cgroup of the user's own" not "$RUNC" doctor --check delegation
  run_split --rootless=true
  expect_ok
  expect_match $'^box\nbox\nbox\n.*\n1\n0\t0\n256\nSeccomp:\t2$'
  [[ ! -c /dev/fuse ]] || expect_line fuse
  expect_no_match no-such-device
  expect_match 'linux\.resources: ignored' "$stderr"
  expect_match "linux\.devices\[1\]: '/dev/no-such-device' is left out" "$stderr"
  expect_match 'process\.oomScoreAdj: it stays at' "$stderr"
  expect_match 'process\.rlimits\[0\]: RLIMIT_NOFILE is limited' "$stderr"
  expect_eq "$(grep -c level=warning <<<"$stderr")" "$(grep -c . <<<"$stderr")"
}

# bats test_tags=no:userns,no:single
@test "portable: an engine's bundle for root: a user of the image" {
  engines_config
  config 'del(.linux.resources, .linux.cgroupsPath, .process.rlimits, .process.oomScoreAdj, .linux.devices[1])
    | .process.user = {"uid": 1000, "gid": 1000, "additionalGids": [10]} | .process.capabilities = {"bounding": ["CAP_CHOWN"]}'
  args id
  run_split
  expect_ok
  expect_output 'uid=1000(guest) gid=1000(guest) groups=10'
  expect_eq "$stderr" ""
}

# ---------------------------------------------------------------- one thing after the other

@test "portable: a uid, a gid or a group that the container does not have" {
  args true
  config 'del(.linux.uidMappings, .linux.gidMappings) | .process.user.uid = 70000'
  run_split
  expect_status 1
  if [[ $MODE == single ]]; then
    expect_match 'process\.user\.uid: the container has no uid 70000 but only 0: there is no range for you .*usermod' "$stderr"
  else
    expect_match 'process\.user\.uid: the container has no uid 70000: it is given 0' "$stderr"
  fi
  config '.process.user.uid = 0 | .process.user.gid = 70000'
  run_split
  expect_status 1
  expect_match 'process\.user\.gid: the container has no gid 70000' "$stderr"
  config '.process.user.gid = 0 | .process.user.additionalGids = [70000]'
  run_split
  if [[ $MODE == user ]]; then
    expect_error 1 'additionalGids.*no gid 70000'
  else
    expect_ok
    expect_match 'additionalGids: left out' "$stderr"
  fi
}

@test "portable: the devices of a privileged container" {
  # As engines list them: all of the host's, also those that only root can open.
  config --argjson devices "$(find /dev -maxdepth 1 -type c -printf '%p\n' | head -n 30 | while read -r path; do
    stat -c '{"path": "%n", "type": "c", "major": %Hr, "minor": %Lr}' "$path"
  done | jq -s .)" '.linux.devices = $devices'
  args sh -c 'ls /dev | wc -l'
  run_split
  expect_ok
  (("$output" >= $(jq '.linux.devices | length' "$BUNDLE/config.json")))
}

@test "portable: mounts that only root may make are refused with the reason" {
  args true
  config '.mounts += [{"destination": "/data", "type": "ext4", "source": "/dev/vda1"}]'
  run_split
  expect_error 1 'mounts\[[0-9]+\]: .*\((the kernel does not allow this filesystem without root|the kernel does not have this filesystem)\)'
  config '.mounts[-1] = {"destination": "/data", "type": "debugfs", "source": "debugfs"}'
  run_split
  expect_error 1 'mounts\[[0-9]+\]: .*\(the kernel does not (allow this filesystem without root|have this filesystem)\)'
}

@test "portable: a directory that only root can read is mounted, and stays closed" {
  needs_of_machine "a readable /root" not ls /root
  config '.mounts += [{"destination": "/data", "type": "bind", "source": "/root", "options": ["rbind"]}]'
  args ls /data
  run_split
  expect_status 1
  expect_match "can't open '/data': Permission denied" "$stderr"
}

@test "portable: settings of the host's kernel are refused, those of the container's own are set" {
  config '.linux.namespaces += [{"type": "network"}]
    | .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "1000000"}'
  args cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax
  run_split
  expect_ok
  expect_output $'1\n1000000'
  config '.linux.sysctl = {"vm.swappiness": "7"}'
  run_split
  expect_error 1 'linux\.sysctl: .*vm\.swappiness.* is not in a separate kernel namespace'
}

@test "portable: a rootfs that belongs to root" {
  [[ -n ${RUNC_TEST_ROOTFS:-} ]] || skip "this machine: no root file system of root's (tests/run, as root, makes one)"
  config --arg path "$RUNC_TEST_ROOTFS" '.root = {"path": $path, "readonly": true}'
  args sh -c 'cat /etc/passwd; stat -c %u /etc/passwd'
  run_split
  expect_ok
  expect_output $'root:x:0:0:root:/root:/bin/sh\n65534'
  expect_eq "$stderr" ""
  # Writable, it gets a layer for the time being: of fuse-overlayfs, which can change what is not ours.
  needs fuse-overlayfs
  needs_of_machine "no /dev/fuse for this user" sh -c ': <>/dev/fuse'
  config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
  args sh -c 'echo changed >/etc/passwd; : >/tmp/file; mkdir /new; cat /etc/passwd; ls / /tmp'
  run_split
  expect_ok
  expect_match $'^changed\n'
  expect_line file
  expect_line new
  expect_match "root\.path: '$RUNC_TEST_ROOTFS' is not writable for you" "$stderr"
  [[ $(cat "$RUNC_TEST_ROOTFS/etc/passwd") == root:* && ! -e $RUNC_TEST_ROOTFS/tmp/file ]]
}

@test "portable: a rootfs that belongs to root, and only the kernel to make a layer" {
  [[ -n ${RUNC_TEST_ROOTFS:-} ]] || skip "this machine: no root file system of root's (tests/run, as root, makes one)"
  needs_of_machine "no overlayfs in user namespaces" "$RUNC" doctor --check overlay
  config --arg path "$RUNC_TEST_ROOTFS" '.root = {"path": $path}'
  args sh -c ': >/tmp/file'
  mkdir empty
  run --separate-stderr env PATH="$PWD/empty" "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match "cannot be changed, not even in the layer: fuse-overlayfs could, but" "$stderr"
}
