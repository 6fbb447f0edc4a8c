#!/usr/bin/env bats
# The runtime inside a container: each runs, or says in one line what is withheld and how to grant it.
# Engines as the outer container: engines.bats.
# bats file_tags=ours,no:root,no:root-v2

load ../lib/helpers

ALL_IDS='.process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID", "CAP_SETFCAP"])'
NO_MASKS='.linux.maskedPaths = [] | .linux.readonlyPaths = []'
OWN_IDS='del(.linux.uidMappings, .linux.gidMappings)'

# nest DIRECTORY: in the bundle DIRECTORY, the runtime as /work/runc, and another bundle as /inner.
nest() {
  local inner=$1/rootfs/inner
  mkdir "$inner"
  cp -al "$BATS_RUN_TMPDIR/rootfs" "$inner/rootfs"
  jq "$OWN_IDS"' | .root.readonly = false | .process.args = ["sh", "-c", "echo inner; cat /proc/self/uid_map"]' \
    "$1/config.json" >"$inner/config.json"
  jq --arg dir "${RUNC%/*}" '.root.readonly = false
    | .mounts += [{"destination": "/work", "type": "bind", "source": $dir, "options": ["rbind", "ro"]}]' \
    "$1/config.json" >"$1/config.json.new"
  mv "$1/config.json.new" "$1/config.json"
}

# inner JQ-ARGUMENTS...: edit the config.json of the inner bundle.
inner() {
  local BUNDLE=$BUNDLE/rootfs/inner
  config "$@"
}

RUN_INNER='/work/runc --root /tmp/state run --bundle /inner inner'

setup() {
  common_setup
  needs_static
  bundle
  nest "$BUNDLE"
  [[ $MODE == single ]] || config "$OWN_IDS"
  script "$RUN_INNER"
}

# run_outer: into $status, $output (of the inner container) and $stderr.
run_outer() { run --separate-stderr runc run --bundle "$BUNDLE" "$CT"; }

# The ids of the inner container, which are those of the outer one.
expect_all_ids() {
  if [[ $MODE == user ]]; then
    expect_eq "$(awk '{ print $1, $2, $3 }' <<<"${output#inner}" | xargs)" "0 0 1 1 1 65536"
  else
    expect_one_id 0
  fi
}

# expect_one_id ID: the inner container ran, and its root is ID in the outer one.
expect_one_id() {
  expect_ok
  expect_match '^inner'
  expect_eq "$(awk '{ print $1, $2, $3 }' <<<"${output#inner}" | xargs)" "0 $1 1"
}

# install_programs NAME...: programs of the machine, with their libraries, into the outer container.
install_programs() {
  local file path
  for path in $(type -P "$@"); do
    for file in "$path" $(ldd "$path" | grep -o '/[^ ]*'); do
      mkdir -p "$BUNDLE/rootfs${file%/*}"
      [[ -e $BUNDLE/rootfs$file ]] || cp "$file" "$BUNDLE/rootfs$file"
    done
  done
}

# with_newuidmap: the user guest of the outer container has 30000 ids, and can map them.
with_newuidmap() {
  needs newuidmap newgidmap setcap
  install_programs newuidmap newgidmap setcap
  chmod 755 "$BUNDLE"/rootfs/usr/bin/new?idmap
  echo guest:2000:30000 | tee "$BUNDLE/rootfs/etc/subuid" >"$BUNDLE/rootfs/etc/subgid"
}

# as_guest: the inner container is started by guest, who is uid 1000.
as_guest() { config '.process.user = {"uid": 1000, "gid": 1000}'; }

# ---------------------------------------------------------------- inside a container of ours

@test "nested: as root of the outer container, with all its ids" {
  config "$ALL_IDS | $NO_MASKS"
  run_outer
  expect_ok
  expect_eq "$stderr" ""
  expect_all_ids
}

@test "nested: as root with one id, as 'spec --rootless' writes it" {
  config --argjson uid "$HOST_UID" --argjson gid "$HOST_GID" "$NO_MASKS"'
    | .process.capabilities |= map_values(. + ["CAP_SETFCAP"])
    | .linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 1}]'
  inner '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings'
  run_outer
  expect_one_id 0
}

@test "nested: as root with all capabilities, with and without a user namespace" {
  config "$NO_MASKS"' | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID",
    "CAP_SETFCAP", "CAP_SETPCAP", "CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER"])'
  run_outer
  expect_ok
  expect_all_ids
  inner '.linux.namespaces |= map(select(.type != "user"))'
  run_outer
  expect_ok
  expect_match '^inner'
}

@test "nested: the whole life of a container" {
  config "$ALL_IDS | $NO_MASKS"
  inner '.process.args = ["sleep", "1000"]'
  script 'runc() { /work/runc --root /tmp/state "$@"; }
    set -e
    runc create --bundle /inner inner </dev/null >/tmp/out 2>&1
    runc state inner | grep -w status
    runc start inner
    runc exec inner sh -c "echo in exec"
    runc list | grep -w running
    runc ps inner | grep -w sleep
    runc kill inner KILL
    runc delete --force inner
    runc list -q'
  run_outer
  expect_ok
  expect_match '"status": "created"'
  expect_line 'in exec'
  expect_match $'running.*sleep 1000$'
}

@test "nested: three deep" {
  config "$ALL_IDS | $NO_MASKS"
  inner "$ALL_IDS | $NO_MASKS | .process.args = (\"$RUN_INNER\" / \" \")"
  nest "$BUNDLE/rootfs/inner"
  # The outer container has the runtime where the inner one looks for it.
  jq '.mounts[-1].source = "/work"' "$BUNDLE/rootfs/inner/config.json" >config.json
  mv config.json "$BUNDLE/rootfs/inner/config.json"
  run_outer
  expect_ok
  expect_eq "$stderr" ""
  expect_all_ids
}

# bats test_tags=no:userns,no:single
@test "nested: as an ordinary user of the outer container, with delegated ranges" {
  with_newuidmap
  config "$NO_MASKS"' | .process.noNewPrivileges = false
    | .process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID", "CAP_SETFCAP"])'
  script "setcap cap_setuid+ep /usr/bin/newuidmap && setcap cap_setgid+ep /usr/bin/newgidmap &&
    exec /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups ${RUN_INNER/state/guest}"
  install_programs setpriv
  run_outer
  expect_ok
  expect_eq "$(awk '{ print $1, $2, $3 }' <<<"${output#inner}" | xargs)" "0 1000 1 1 2000 30000"
}

# bats test_tags=no:userns,no:single
@test "nested: as an ordinary user, with a newuidmap that lacks what its setuid bit takes" {
  with_newuidmap
  chmod 4755 "$BUNDLE"/rootfs/usr/bin/new?idmap
  as_guest
  config "$NO_MASKS"' | .process.noNewPrivileges = false
    | .process.capabilities.bounding += ["CAP_SETUID", "CAP_SETGID"]'
  run_outer
  expect_status 1
  expect_match "newuidmap' failed: .*see 'runc doctor --check newuidmap'" "$stderr"
  args /work/runc doctor --check newuidmap
  run_outer
  expect_match 'mend: .*setcap cap_setuid\+ep'
  config '.process.capabilities.bounding += ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]'
  script "$RUN_INNER"
  run_outer
  expect_ok
  expect_eq "$(awk '{ print $1, $2, $3 }' <<<"${output#inner}" | xargs)" "0 1000 1 1 2000 30000"
}

# bats test_tags=no:userns,no:single
@test "nested: as an ordinary user, without newuidmap, without rights for it, and without ranges" {
  as_guest
  config "$NO_MASKS | .process.noNewPrivileges = false"
  run_outer
  expect_one_id 1000
  expect_match 'only one uid and gid.*no range for you in /etc/subuid' "$stderr"

  echo guest:2000:30000 | tee "$BUNDLE/rootfs/etc/subuid" >"$BUNDLE/rootfs/etc/subgid"
  run_outer
  expect_one_id 1000
  expect_match "only one uid and gid.*newuidmap and newgidmap are not installed" "$stderr"

  with_newuidmap
  run_outer
  expect_one_id 1000
  expect_match "only one uid and gid.*CAP_SETUID and CAP_SETGID: give them to the outer container" "$stderr"
  args /work/runc doctor --check newuidmap
  run_outer
  expect_match 'missing .*is not in the bounding set'
  script "$RUN_INNER"

  config '.process.noNewPrivileges = true'
  run_outer
  expect_one_id 1000
  expect_match 'only one uid and gid.*no_new_privs is set: start the outer container without it' "$stderr"
  args /work/runc doctor --check newuidmap
  run_outer
  expect_match 'missing .*no_new_privs'
}

@test "nested: without the capability to map root" {
  config "$NO_MASKS"
  run_outer
  expect_status 1
  expect_match "CAP_SETFCAP.*'--cap-add SETFCAP'.*runc doctor --check user-namespace" "$stderr"
}

# bats test_tags=no:userns,no:single
@test "nested: without the capabilities to map more than root" {
  config "$NO_MASKS"' | .process.capabilities |= map_values(. + ["CAP_SETFCAP"])'
  run_outer
  expect_one_id 0
  expect_match "only one uid and gid.*'--cap-add SETUID --cap-add SETGID'" "$stderr"
  args /work/runc doctor --check subordinate-ids
  run_outer
  expect_match 'mend: .*--cap-add SETUID --cap-add SETGID'
}

# ---------------------------------------------------------------- what an outer container withholds

@test "nested: a masked /proc is named, with the ways out" {
  config "$ALL_IDS"
  run_outer
  expect_error 1 'masks parts of /proc: .*--security-opt unmask=ALL.*run\.oci\.proc=bind.*doctor --check procfs'
}

@test "nested: a masked /proc can be shared on demand" {
  config "$ALL_IDS"
  inner '.annotations = {"run.oci.proc": "bind"} | .process.args = ["sh", "-c", "ps | grep -c \"[r]unc\"; echo $$"]'
  run_outer
  expect_ok
  # The processes of the outer one are seen; of its own, the container has process 1.
  expect_match $'^[1-9][0-9]*\n1$'
}

@test "nested: without a network namespace, and with new ones" {
  config "$ALL_IDS | $NO_MASKS"
  inner '.linux.namespaces |= map(select(.type != "network")) | .process.args = ["readlink", "/proc/self/ns/net"]'
  run_outer
  expect_ok
  expect_output "$(readlink /proc/self/ns/net)"
  config '.linux.namespaces += [{"type": "network"}]'
  run_outer
  expect_ok
  expect_no_match "$(readlink /proc/self/ns/net | tr -d '[]')"
  inner '.linux.namespaces += [{"type": "network"}] | .process.args = ["ip", "-o", "addr"]'
  run_outer
  expect_ok
  expect_match '127\.0\.0\.1'
}

@test "nested: a network of its own, without /dev/net/tun and with it" {
  [[ -x $RUNC_BUILDDIR/helpers/runc-slirp ]] || skip "this machine: runc-slirp is not built"
  PATH=$PATH:$RUNC_BUILDDIR/helpers install_programs runc-slirp
  config --arg helper "$RUNC_BUILDDIR/helpers/runc-slirp" "$ALL_IDS | $NO_MASKS"' | .process.env += ["RUNC_SLIRP=" + $helper]'
  inner '.process.args = ["cat", "/etc/resolv.conf"]'
  script "${RUN_INNER/ run / run --network slirp }"
  run_outer
  expect_status 1
  expect_match "/dev/net/tun.*--device /dev/net/tun" "$stderr"
  needs_of_machine "no /dev/net/tun for this user" sh -c ': <>/dev/net/tun'
  config '.mounts += [{"destination": "/dev/net/tun", "type": "bind", "source": "/dev/net/tun", "options": ["bind"]}]'
  run_outer
  expect_ok
  expect_match '^nameserver '
}

@test "nested: a writable layer without /dev/fuse" {
  config "$ALL_IDS | $NO_MASKS"
  inner '.process.args = ["sh", "-c", "echo changed >/etc/group && cat /etc/group"]'
  script "${RUN_INNER/ run / run --overlay }; cat /inner/rootfs/etc/group"
  needs_of_machine "no overlayfs in user namespaces" sh -c '"$0" doctor --check overlay' "$RUNC"
  run_outer
  expect_ok
  expect_match $'^changed\nroot:'
}

@test "nested: a filter that refuses user namespaces" {
  # clone3() hides its flags from filters: engines answer that it is not there.
  config "$ALL_IDS | $NO_MASKS"' | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
      {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
      {"names": ["unshare"], "action": "SCMP_ACT_ERRNO"},
      {"names": ["clone"], "action": "SCMP_ACT_ERRNO",
       "args": [{"index": 0, "value": 268435456, "valueTwo": 268435456, "op": "SCMP_CMP_MASKED_EQ"}]}]}'
  run_outer
  expect_error 1 "new namespaces are refused: .*seccomp=unconfined.*doctor --check user-namespace"
}

@test "nested: a filter that refuses a host name does not matter" {
  config "$ALL_IDS | $NO_MASKS"' | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
      {"names": ["sethostname", "setdomainname"], "action": "SCMP_ACT_ERRNO"}]}'
  run_outer
  expect_ok
  expect_match '^inner'
}

@test "nested: a sysctl that forbids user namespaces" {
  config "$ALL_IDS | $NO_MASKS"' | .linux.sysctl = {"user.max_user_namespaces": "0"}'
  run_outer
  expect_error 1 'new namespaces are refused.*doctor --check user-namespace'
}

# ---------------------------------------------------------------- inside of other things

# run_in COMMAND...: start the inner bundle with the runtime, as seen from here.
run_in() { run --separate-stderr "$@" "$RUNC" --root "$STATE" run --bundle "$BUNDLE/rootfs/inner" inner; }

@test "nested: inside unshare -r" {
  run_in unshare -r
  expect_one_id 0
  run_in unshare -rpf --mount-proc
  expect_one_id 0
  run_in unshare -rpfn --mount-proc unshare -Um --map-user 1234 --map-group 1234
  expect_one_id 1234
}

# bats test_tags=no:userns
@test "nested: inside bubblewrap" {
  needs bwrap
  # Not even /dev/null can be opened in this one.
  run_in bwrap --bind / /
  expect_one_id "$HOST_UID"
  run_in bwrap --bind / / --dev-bind /dev /dev
  expect_one_id "$HOST_UID"
  expect_match 'only one uid and gid.*the outer one has no more' "$stderr"
  run_in bwrap --unshare-all --bind / / --dev /dev --proc /proc
  expect_one_id "$HOST_UID"
  run_in bwrap --unshare-all --bind / / --dev /dev --proc /proc --tmpfs /sys
  expect_one_id "$HOST_UID"
  run_in bwrap --unshare-all --bind / / --dev /dev --proc /proc --uid 0 --gid 0 --cap-add ALL
  expect_one_id 0
  run_in bwrap --unshare-all --bind / / --dev /dev --proc /proc --uid 0 --gid 0
  expect_status 1
  expect_match "'--cap-add SETFCAP'" "$stderr"
}

# bats test_tags=no:userns,no:root,no:root-v2
@test "nested: the /proc of another pid namespace is named, by the doctor too" {
  outside=(unshare --map-root-user --pid --fork)
  config 'del(.linux.uidMappings, .linux.gidMappings)'
  args true
  run --separate-stderr "${outside[@]}" "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_error 1 "\(/proc shows another pid namespace than ours: mount a new one there, .*--mount-proc"
  [[ ! -e $STATE/$CT ]]
  run "${outside[@]}" "$RUNC" doctor --check procfs
  expect_status 1
  expect_match '^missing  new /proc: our own /proc shows another pid namespace'
  expect_match 'mend: .*--mount-proc'
  run --separate-stderr "${outside[@]}" --mount-proc "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
}

# bats test_tags=no:userns,no:root,no:root-v2
@test "nested: in a user namespace without ids, and without a /dev" {
  args true
  run --separate-stderr unshare --user "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_error 1 "we have no id in the user namespace that we are in, and none to give: .*'unshare -r'"
  run unshare --user "$RUNC" doctor --check user-namespace
  expect_status 1
  expect_match "mend: make that one with an id \('unshare -r'"
  needs bwrap
  config '.linux.maskedPaths = ["/proc/cmdline"]'
  run --separate-stderr bwrap --bind / / --proc /proc --tmpfs /dev "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match "linux.maskedPaths: cannot use '/dev/null' of outside: no such file or directory \(give the outer container a /dev" "$stderr"
}
