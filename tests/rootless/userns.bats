#!/usr/bin/env bats
# User namespaces: who is who inside and outside.

load ../lib/helpers

# The lines of a map of the container, with single blanks.
map_of() { runc exec "$CT" cat "/proc/1/$1" | awk '{ print $1, $2, $3 }'; }

# The first line of the map, by the kernel's view of our own ids.
own_range() { awk -F: -v name="$USER_NAME" '$1 == name { print $2; exit }' "$1"; }

# bats test_tags=no:root,no:root-v2
@test "userns: one id: root inside is the user outside" {
  config '.root.readonly = false'
  script 'id -u; id -g; cat /proc/self/uid_map; echo made >/work/made'
  run_ct
  expect_ok
  expect_match $'^0\n0\n +0 +'"$HOST_UID +1\$"
  expect_eq "$(stat -c %u:%g "$BUNDLE/rootfs/work/made")" "$(id -u):$(id -g)"
}

# bats test_tags=no:root,no:root-v2
@test "userns: one id: setgroups is denied" {
  args cat /proc/self/setgroups
  run_ct
  expect_output deny
}

# bats test_tags=no:root,no:root-v2,no:userns,no:single
@test "userns: ranges of config.json" {
  many_ids
  config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_CHOWN"])'
  sleeper
  start_ct
  expect_eq "$(map_of uid_map)" "0 $HOST_UID 1"$'\n'"1 $(own_range /etc/subuid) 65536"
  expect_eq "$(map_of gid_map)" "0 $HOST_GID 1"$'\n'"1 $(own_range /etc/subgid) 65536"
  run runc exec "$CT" sh -c ': >/work/file && chown 7:8 /work/file'
  expect_ok
  expect_eq "$(stat -c %u:%g "$BUNDLE/rootfs/work/file")" \
    "$(($(own_range /etc/subuid) + 6)):$(($(own_range /etc/subgid) + 7))"
}

# bats test_tags=no:root,no:root-v2,no:userns,no:single
@test "userns: a user other than root" {
  many_ids
  config '.process.user = {"uid": 1000, "gid": 1001}'
  args sh -c 'id -u; id -g; echo $HOME'
  run_ct
  expect_ok
  expect_output $'1000\n1001\n/home/guest'
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:single
@test "userns: supplementary groups" {
  many_ids
  config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}'
  args grep ^Groups: /proc/self/status
  run_ct
  expect_ok
  expect_match '^Groups:.5 6 '
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:single
@test "userns: root inside may be one of the ranges" {
  uid=$(own_range /etc/subuid)
  gid=$(own_range /etc/subgid)
  config --argjson uid "$uid" --argjson gid "$gid" '
    .linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1000}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 1000}]'
  chmod 755 "$BUNDLE"
  script 'id -u; cat /proc/self/uid_map'
  run_ct
  expect_ok
  expect_match $'^0\n +0 +'"$uid +1000\$"
}

# bats test_tags=no:root,no:root-v2,no:userns,no:single
@test "userns: a map that /etc/subuid does not allow is an error that names it" {
  many_ids
  args true
  config '.linux.uidMappings[1].hostID = 4000000000'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'uid_map|uidMappings|newuidmap' "$stderr"
  expect_eq "$(ls -A "$STATE")" ""
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:single
@test "userns: without maps in config.json the user's ranges are used" {
  config 'del(.linux.uidMappings, .linux.gidMappings)'
  sleeper
  start_ct
  expect_eq "$(map_of uid_map | head -2)" "0 $HOST_UID 1"$'\n'"1 $(own_range /etc/subuid) 65536"
  expect_eq "$(map_of gid_map | head -2)" "0 $HOST_GID 1"$'\n'"1 $(own_range /etc/subgid) 65536"
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:single
@test "userns: without a user namespace in config.json there is one all the same" {
  config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
  sleeper
  start_ct
  expect_eq "$(map_of uid_map | head -1)" "0 $HOST_UID 1"
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:user
@test "userns: without subordinate ids there is one id, and a warning that says how to get more" {
  config 'del(.linux.uidMappings, .linux.gidMappings)'
  script 'cat /proc/self/uid_map'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match "^ +0 +$HOST_UID +1\$"
  expect_match 'level=warning.*/etc/subuid' "$stderr"
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:user
@test "userns: without subordinate ids a map with ranges is an error" {
  args true
  config --argjson uid "$HOST_UID" '.linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}, {"containerID": 1, "hostID": 100000, "size": 1000}]'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'uidMappings|subuid'
}

# bats test_tags=ours,no:root,no:root-v2
@test "userns: one id: a user that is not mapped is an error that says so" {
  config '.process.user.uid = 1000'
  args id
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match '1000' "$stderr"
}

# bats test_tags=ours,no:root,no:root-v2
@test "userns: a map that overlaps itself is an error" {
  config --argjson uid "$HOST_UID" '.linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}, {"containerID": 0, "hostID": $uid, "size": 1}]'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'uidMappings|overlap'
}

# bats test_tags=no:root,no:root-v2
@test "userns: maps without a user namespace, or a map of no ids, are refused" {
  config '.linux.uidMappings[0].size = 0'
  args true
  run_ct
  [[ $status != 0 ]]
}

# bats test_tags=no:user,no:single,no:userns
@test "userns: as root, when config.json asks for one" {
  config '.linux.namespaces += [{"type": "user"}]
    | .linux.uidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": 300000, "size": 65536}]'
  script 'cat /proc/self/uid_map /proc/self/gid_map; id -u; cat /proc/self/setgroups; sleep 1000'
  runc run --bundle "$BUNDLE" "$CT" </dev/null >out 2>&1 3>&- &
  wait_for grep -q allow out
  awk '{ print $1, $2, $3 }' out | head -2 >maps
  expect_eq "$(cat maps)" $'0 200000 65536\n0 300000 65536'
  expect_eq "$(stat -c %u "/proc/$(state_of "$CT" .pid)/status")" 200000
  # Device nodes cannot be made there; they are there all the same.
  run runc exec "$CT" sh -c 'echo x >/dev/null && head -c 4 /dev/zero | od -An -tx1'
  expect_ok
  expect_output " 00 00 00 00"
}

# bats test_tags=no:user,no:single,no:userns
@test "userns: as root without asking, there is none" {
  args readlink /proc/self/ns/user
  run_ct
  expect_output "$(readlink /proc/self/ns/user)"
}

# ---------------------------------------------------------------- unshare

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:single
@test "userns: unshare: a command has the ids of containers, and a mount namespace" {
  run --separate-stderr runc unshare cat /proc/self/uid_map
  expect_ok
  expect_eq "$stderr" ''
  expect_eq "$(awk '{ print $1, $2, $3 }' <<<"$output" | head -2)" "0 $HOST_UID 1"$'\n'"1 $(own_range /etc/subuid) 65536"
  mkdir place
  run --separate-stderr runc unshare sh -c 'touch place/file && chown 7:8 place/file && mkdir place/closed && chown 7 place/closed &&
    chmod 700 place/closed && mount -t tmpfs none place/closed && id -u'
  expect_ok
  expect_output 0
  expect_eq "$(stat -c %u:%g place/file)" "$(($(own_range /etc/subuid) + 6)):$(($(own_range /etc/subgid) + 7))"
  expect_no_match "$PWD/place/closed" "$(cat /proc/self/mountinfo)"
  run ls place/closed
  ((status != 0))
  run runc unshare rm -rf place
  expect_ok
  [[ ! -e place ]]
}

# bats test_tags=ours
@test "userns: unshare: what it executes, and its exit status" {
  run --separate-stderr runc unshare sh -c 'echo "$# $*"; exit 7' sh -a --help x
  expect_status 7
  expect_output '3 -a --help x'
  run --separate-stderr runc unshare -- sh -c 'echo "$1"' sh --version
  expect_ok
  expect_output '--version'
  SHELL= run --separate-stderr runc unshare <<<'id -u'
  expect_ok
  expect_output 0
  run -127 --separate-stderr runc unshare /not/there
  expect_match "cannot execute '/not/there': no such file or directory" "$stderr"
  run --separate-stderr runc unshare "$BATS_TEST_DIRNAME"
  expect_status 126
}

# bats test_tags=ours,no:root,no:root-v2,no:userns,no:user
@test "userns: unshare: without subordinate ids there is one id, and a warning" {
  run --separate-stderr runc unshare cat /proc/self/uid_map
  expect_ok
  expect_match "^ +0 +$HOST_UID +1\$"
  expect_match 'level=warning.*only one uid and gid.*/etc/subuid' "$stderr"
}
