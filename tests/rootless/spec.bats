#!/usr/bin/env bats
# spec: the configuration that people start from.

load ../lib/helpers

setup() {
  common_setup
  mkdir bundle
  cd bundle
}

get() { jq -r "$1" config.json; }

@test "spec: writes config.json, and says nothing" {
  run runc spec
  expect_ok
  expect_output ""
  expect_eq "$(get '.process.args[0]')" sh
  expect_eq "$(get .root.path)" rootfs
  expect_eq "$(get .root.readonly)" true
  expect_eq "$(get .hostname)" runc
  expect_eq "$(get .process.terminal)" true
  expect_eq "$(get '[.linux.namespaces[].type] | sort | join(" ")' | sed 's/cgroup //')" "ipc mount network pid uts"
  expect_eq "$(get '[.mounts[].destination] | join(" ")')" \
    "/proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup"
  expect_eq "$(get '.linux.resources.devices[0] | "\(.allow) \(.access)"')" "false rwm"
}

@test "spec: does not overwrite" {
  echo precious >config.json
  run runc spec
  expect_status 1
  expect_match 'config.json.*exist'
  expect_eq "$(cat config.json)" precious
}

@test "spec --bundle: writes there" {
  mkdir there
  run runc spec --bundle there
  expect_ok
  [[ -s there/config.json && ! -e config.json ]]
  run runc spec --bundle nowhere
  expect_status 1
  expect_match nowhere
}

@test "spec --rootless: one id, no network namespace, no resources, /sys bound" {
  run runc spec --rootless
  expect_ok
  expect_eq "$(get '.linux.uidMappings | tojson')" "[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}]"
  expect_eq "$(get '.linux.gidMappings | tojson')" "[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]"
  expect_eq "$(get '[.linux.namespaces[].type] | sort | join(" ")' | sed 's/cgroup //')" "ipc mount pid user uts"
  expect_eq "$(get '.linux.resources')" null
  expect_eq "$(get '.mounts[] | select(.destination == "/sys") | .type + " " + .source + " " + .options[0]')" \
    "none /sys rbind"
  expect_eq "$(get '.mounts[] | select(.destination == "/dev/pts").options | map(select(startswith("gid="))) | length')" 0
}

@test "spec: the capabilities, limits and masks of the default" {
  runc spec
  expect_eq "$(get '.process.capabilities | keys | join(" ")' | sed 's/ambient //; s/inheritable //')" "bounding effective permitted"
  expect_eq "$(get '.process.capabilities.bounding | join(" ")')" "CAP_AUDIT_WRITE CAP_KILL CAP_NET_BIND_SERVICE"
  expect_eq "$(get '.process.rlimits | tojson')" '[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}]'
  expect_eq "$(get .process.noNewPrivileges)" true
  get '.linux.maskedPaths[]' | grep -qx /proc/kcore
  get '.linux.readonlyPaths[]' | grep -qx /proc/sys
}

@test "spec: what it writes is a configuration that runs" {
  as_root || set -- --rootless
  base_rootfs
  cp -al "$BATS_RUN_TMPDIR/rootfs" rootfs
  runc spec "$@"
  run "$TESTHELPER" tty-run -t 20 'expect=# ' 'send=hostname; exit 3\n' expect=runc -- "$RUNC" --root "$STATE" run "$CT"
  expect_status 3
}

# bats test_tags=ours
@test "spec --rootless: the same as another runc's, but the version" {
  needs /usr/sbin/runc
  mkdir peer
  (cd peer && /usr/sbin/runc spec --rootless)
  runc spec --rootless
  # Newer versions: a cgroup namespace, and no ambient set.
  normal='del(.ociVersion, .process.capabilities.ambient, .process.capabilities.inheritable)
    | .linux.namespaces |= map(select(.type != "cgroup"))
    | (.mounts[] | select(.destination == "/sys").options) |= sort
    | (.mounts[] | select(.destination == "/sys/fs/cgroup").options) |= sort'
  diff <(jq -S "$normal" peer/config.json) <(jq -S "$normal" config.json)
}

# bats test_tags=ours
@test "spec: the same as another runc's, but the version" {
  needs /usr/sbin/runc
  mkdir peer
  (cd peer && /usr/sbin/runc spec)
  runc spec
  normal='del(.ociVersion, .process.capabilities.ambient, .process.capabilities.inheritable)
    | .linux.namespaces |= map(select(.type != "cgroup"))'
  diff <(jq -S "$normal" peer/config.json) <(jq -S "$normal" config.json)
}

# bats test_tags=ours
@test "spec --rootless --full: leaves the ids to run time, and has a network of its own" {
  run runc spec --rootless --full
  expect_ok
  expect_eq "$(get '.linux.uidMappings')" null
  expect_eq "$(get '.linux.gidMappings')" null
  get '.linux.namespaces[].type' | grep -qx network
  expect_eq "$(get '.annotations["run.oci.network"]')" slirp
  expect_eq "$(get '.root.readonly, .process.noNewPrivileges')" $'false\nfalse'
  get '.process.capabilities.effective[]' | grep -qx CAP_CHOWN
}
