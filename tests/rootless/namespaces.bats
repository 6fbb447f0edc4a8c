#!/usr/bin/env bats
# Namespaces: made, shared with the host, joined by path.

load ../lib/helpers

ns_file() { case $1 in mount) echo mnt ;; network) echo net ;; *) echo "$1" ;; esac; }

@test "namespaces: those of config.json are new, the others are the caller's" {
  script 'for ns in mnt pid ipc uts net cgroup user; do echo "$ns $(readlink /proc/self/ns/$ns)"; done'
  run_ct
  expect_ok
  wanted=$(jq -r '.linux.namespaces[].type' "$BUNDLE/config.json")
  for type in mount pid ipc uts network cgroup user; do
    file=$(ns_file $type)
    inside=$(sed -n "s/^$file //p" <<<"$output")
    if grep -qx $type <<<"$wanted"; then
      [[ $inside != "$(readlink "/proc/self/ns/$file")" ]] || fail "$type namespace is the caller's"
    else
      expect_eq "$inside" "$(readlink "/proc/self/ns/$file")" "$type namespace"
    fi
  done
}

@test "namespaces: the program is process 1 of its pid namespace" {
  script 'echo $$'
  run_ct
  expect_output 1
}

@test "namespaces: a pid namespace is not needed" {
  config '.linux.namespaces |= map(select(.type != "pid"))'
  if ! as_root; then
    # A new procfs needs a pid namespace of our own user namespace.
    config '(.mounts[] | select(.destination == "/proc")) = {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}
      | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
  fi
  script 'readlink /proc/self/ns/pid; exit 3'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 3
  expect_output "$(readlink /proc/self/ns/pid)"
}

# own_network: config.json has a network namespace (that of root has one anyway).
own_network() { config '.linux.namespaces |= map(select(.type != "network")) + [{"type": "network"}]'; }

@test "namespaces: a new network namespace has a loopback device that is up" {
  own_network
  script 'ip -o link show; ping -c1 -W5 127.0.0.1 >/dev/null 2>&1; cat /proc/net/dev | grep -c :'
  run_ct
  expect_ok
  expect_match 'lo: <LOOPBACK,UP'
  expect_eq "${lines[-1]}" 1
}

@test "namespaces: hooks find the network namespace of the container, and are in the runtime's own" {
  own_network
  config --arg dir "$TEST_DIR" '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c",
    "pid=$(sed \"s/.*\\\"pid\\\": *\\([0-9]*\\).*/\\1/\"); readlink /proc/$pid/ns/net /proc/self/ns/net >\($dir)/seen"],
    "env": ["PATH=/usr/bin:/bin"]}], "poststop": [{"path": "/bin/sh", "args": ["sh", "-c",
    "readlink /proc/self/ns/net >>\($dir)/seen"], "env": ["PATH=/usr/bin:/bin"]}]}'
  script 'readlink /proc/self/ns/net'
  run_ct
  expect_ok
  ours=$(readlink /proc/self/ns/net)
  [[ $output != "$ours" ]]
  expect_eq "$(tr '\n' ' ' <seen)" "$output $ours $ours "
}

@test "namespaces: sysfs shows the container's network, and the network is there without sysfs" {
  own_network
  script 'ls /sys/class/net'
  run_ct
  expect_ok
  # Without root it is the host's /sys that is bound.
  ! as_root || expect_output lo
  # Without sysfs nothing asks for the network before the root is complete.
  config '.mounts |= map(select(.destination != "/sys" and .destination != "/sys/fs/cgroup"))
    | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
  script 'cat /proc/net/dev | grep -c :'
  run_ct
  expect_ok
  expect_output 1
}

@test "namespaces: a new uts namespace has the host name of config.json" {
  config '.hostname = "other.example"'
  args hostname
  run_ct
  expect_output other.example
  [[ $(hostname) != other.example ]]
}

@test "namespaces: without a uts namespace a host name is refused" {
  config '.linux.namespaces |= map(select(.type != "uts"))'
  args true
  before=$(hostname)
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'hostname|uts|UTS' "$stderr"
  expect_eq "$(hostname)" "$before"
}

# join ID TYPE...: let the bundle join these namespaces of the container ID.
join_namespaces() {
  local pid type
  pid=$(state_of "$1" .pid)
  shift
  for type; do
    config --arg type "$type" --arg path "/proc/$pid/ns/$(ns_file "$type")" '
      .linux.namespaces |= map(select(.type != $type)) + [{"type": $type, "path": $path}]'
  done
}

# bats test_tags=ours
@test "namespaces: joined by path: ipc, uts, and the user namespace that owns them" {
  sleeper
  start_ct
  first=$CT first_pid=$(state_of "$CT" .pid)
  bundle "$TEST_DIR/second"
  if as_root; then join_namespaces "$first" ipc uts; else join_namespaces "$first" user ipc uts; fi
  config 'del(.linux.uidMappings, .linux.gidMappings, .hostname)'
  script 'readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts; readlink /proc/self/ns/user; hostname'
  run runc run --bundle "$BUNDLE" "$CT-b"
  expect_ok
  expect_eq "${lines[0]}" "$(readlink "/proc/$first_pid/ns/ipc")"
  expect_eq "${lines[1]}" "$(readlink "/proc/$first_pid/ns/uts")"
  expect_eq "${lines[2]}" "$(readlink "/proc/$first_pid/ns/user")"
  expect_eq "${lines[3]}" runc
}

# bats test_tags=ours
@test "namespaces: joined by path: network" {
  as_root || config '.linux.namespaces += [{"type": "network"}]'
  sleeper
  start_ct
  first=$CT first_pid=$(state_of "$CT" .pid)
  bundle "$TEST_DIR/second"
  if as_root; then join_namespaces "$first" network; else join_namespaces "$first" user network; fi
  config 'del(.linux.uidMappings, .linux.gidMappings)'
  args readlink /proc/self/ns/net
  run runc run --bundle "$BUNDLE" "$CT-b"
  expect_ok
  expect_output "$(readlink "/proc/$first_pid/ns/net")"
}

# bats test_tags=ours
@test "namespaces: joined by path: pid, where the program is not process 1" {
  sleeper
  start_ct
  first=$CT first_pid=$(state_of "$CT" .pid)
  bundle "$TEST_DIR/second"
  if as_root; then join_namespaces "$first" pid; else join_namespaces "$first" user pid; fi
  config 'del(.linux.uidMappings, .linux.gidMappings)'
  script 'readlink /proc/self/ns/pid; test $$ != 1 && cat /proc/1/comm; exit 6'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT-b"
  expect_status 6
  expect_eq "${lines[0]}" "$(readlink "/proc/$first_pid/ns/pid")"
  expect_match '^(sh|busybox)$' "${lines[1]}"
  as_root || with_systemd || ! is_ours || expect_match "cannot be found and ended" "$stderr"
}

@test "namespaces: joined by path: the caller's own" {
  if as_root; then
    config --arg path /proc/self/ns/net '.linux.namespaces |= map(select(.type != "network")) + [{"type": "network", "path": $path}]'
  else
    config --arg path /proc/self/ns/net '.linux.namespaces += [{"type": "network", "path": $path}]'
    is_ours || skip "other runtimes cannot join it from the new user namespace"
  fi
  args readlink /proc/self/ns/net
  run_ct
  expect_ok
  expect_output "$(readlink /proc/self/ns/net)"
}

# bats test_tags=ours
@test "namespaces: cgroup: the container sees its own cgroup as the root" {
  config '.linux.namespaces |= map(select(.type != "cgroup")) + [{"type": "cgroup"}]'
  args readlink /proc/self/ns/cgroup
  run_ct
  expect_ok
  [[ $output != "$(readlink /proc/self/ns/cgroup)" ]]
}

# ---------------------------------------------------------------- network devices

# in_network SCRIPT: bash in a network namespace that has the pair one, two; with runc as $1 and the bundle as $2.
in_network() {
  needs ip
  needs_of_machine "no veth devices" unshare --net ip link add one type veth peer name two
  run --separate-stderr unshare --net bash -c '
    set -e
    runc() { "$RUNC_UNDER_TEST" --root "$STATE" "$@" </dev/null 3>&-; }
    ip link add one type veth peer name two
    ip link set two up
    '"$1" - 3>&-
}

network_bundle() {
  config '.linux.namespaces |= map(select(.type != "network")) + [{"type": "network"}]'
  config --argjson devices "$1" '.linux.netDevices = $devices'
  export RUNC_UNDER_TEST=$RUNC STATE BUNDLE CT
}

# bats test_tags=ours,no:user,no:single
@test "network devices: are moved, renamed, up, and keep their addresses" {
  network_bundle '{"one": {"name": "inside"}}'
  config '.linux.sysctl = {"net/ipv4/conf/inside/forwarding": "1"}'
  script 'ip address; cat /proc/sys/net/ipv4/conf/inside/forwarding'
  in_network '
    ip link set one mtu 1400 address 02:00:00:00:00:17
    ip address add 192.0.2.17/25 broadcast + dev one
    ip address add 127.0.0.33/32 scope host dev one
    ip address add 2001:db8::17/64 dev one
    runc run --bundle "$BUNDLE" "$CT"
    # With the container its network is gone, and of a pair both ends go.
    ! ip link show one'
  expect_ok
  expect_match 'inside@[^:]*: <[^>]*UP[^>]*> mtu 1400'
  expect_match 'link/ether 02:00:00:00:00:17'
  expect_match 'inet 192\.0\.2\.17/25 brd 192\.0\.2\.127 '
  expect_match 'inet6 2001:db8::17/64 scope global'
  expect_no_match '127\.0\.0\.33'
  expect_eq "${lines[-1]}" 1
}

# bats test_tags=ours,no:user,no:single
@test "network devices: keep their name, or get a number that is free" {
  network_bundle '{"one": {}, "two": {"name": "eth%d"}, "three": {"name": "eth%d"}}'
  script 'ls /sys/class/net /proc/sys/net/ipv4/conf'
  in_network 'ip link add three type veth peer name four; runc run --bundle "$BUNDLE" "$CT"'
  expect_ok
  expect_line one
  expect_line eth0
  expect_line eth1
}

# bats test_tags=ours,no:user,no:single
@test "network devices: into a namespace that is joined, where they stay" {
  network_bundle '{"one": {}}'
  args true
  in_network '
    unshare --net sleep 1000 & other=$!
    trap "kill $other" EXIT
    while [[ $(readlink /proc/$other/ns/net) == $(readlink /proc/self/ns/net) ]]; do sleep 0.02; done
    jq --arg path "/proc/$other/ns/net" ".linux.namespaces |= map(if .type == \"network\" then .path = \$path else . end)" \
      "$BUNDLE/config.json" >"$BUNDLE/new"
    mv "$BUNDLE/new" "$BUNDLE/config.json"
    runc run --bundle "$BUNDLE" "$CT"
    nsenter --target $other --net ip link show one'
  expect_ok
  expect_match 'one@.*UP'
}

# bats test_tags=ours,no:user,no:single
@test "network devices: one that is not there, or whose name is taken, is an error, and none is moved" {
  network_bundle '{"one": {}, "three": {}}'
  args true
  in_network 'runc run --bundle "$BUNDLE" "$CT" || ip link show one'
  expect_ok
  expect_match "linux.netDevices: there is no network device 'three'" "$stderr"
  expect_match 'one@two'
  network_bundle '{"one": {"name": "lo"}}'
  in_network 'runc run --bundle "$BUNDLE" "$CT" || ip link show one'
  expect_ok
  expect_match "'one' cannot be moved: .* has a device 'lo' already" "$stderr"
  expect_match 'one@two'
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours
@test "network devices: a name that is none, or no network namespace, is an error" {
  config '.linux.netDevices = {"one": {}} | .linux.namespaces |= map(select(.type != "network"))'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'linux\.netDevices: .*network namespace'
  network_bundle '{"a/b": {}}'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "linux\.netDevices: invalid network device name 'a/b'"
}

# bats test_tags=ours,no:root,no:root-v2,no:userns
@test "network devices: not without root" {
  network_bundle '{"one": {}}'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'linux\.netDevices: network devices are not supported for rootless containers'
}

# ---------------------------------------------------------------- what a namespace has to have

# bats test_tags=ours
@test "namespaces: a mount namespace is always new, unless one is joined" {
  config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
  script 'readlink /proc/self/ns/mnt; ls /dev/null'
  run_ct
  expect_ok
  [[ ${lines[0]} != "$(readlink /proc/self/ns/mnt)" ]] || fail "the mount namespace is the caller's"
}

# bats test_tags=ours,no:root,no:root-v2
@test "namespaces: without an ipc or a network namespace, what takes the place of mqueue and sysfs" {
  config '.linux.namespaces |= map(select(.type != "ipc" and .type != "network"))
    | (.mounts[] | select(.destination == "/sys")) = {"destination": "/sys", "type": "sysfs", "source": "sysfs"}'
  script 'sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \(\/dev\/mqueue\|\/sys\) \([a-z]*\).* - \([a-z0-9]*\) .*/\1 \2 \3/p" /proc/self/mountinfo; : >/dev/mqueue/x'
  run_ct
  expect_ok
  expect_line "/dev/mqueue rw tmpfs"
  expect_line "/sys ro sysfs"
}

# bats test_tags=ours,no:user,no:single,no:userns
@test "namespaces: a user namespace that is joined and has few ids" {
  unshare --user sleep 1000 &
  other=$!
  wait_for not test "$(readlink /proc/self/ns/user)" = "$(readlink "/proc/$other/ns/user")"
  wait_for sh -c "readlink /proc/$other/exe | grep -q sleep"
  # No group 5 for /dev/pts.
  echo "0 100000 2" >"/proc/$other/uid_map"
  echo "0 100000 2" >"/proc/$other/gid_map"
  chown -R 100000:100000 "$BUNDLE/rootfs"
  config --arg path "/proc/$other/ns/user" '.linux.namespaces += [{"type": "user", "path": $path}]'
  script 'readlink /proc/self/ns/user; cat /proc/self/uid_map; ls /dev/pts/ptmx'
  run runc run --bundle "$BUNDLE" "$CT"
  kill $other
  expect_ok
  expect_match "^user:.*0 +100000 +2.*/dev/pts/ptmx$"
}
