#!/usr/bin/env bats
# `runc features`: the document has the form that the specification gives it (features.md, features-linux.md),
# and what it says is true: each thing that it lists is used here.
# bats file_tags=ours

load ../lib/helpers

setup() {
  common_setup
  bundle
  "$RUNC" features >features.json
}

features() { jq -r "$1" features.json; }

# try_plan JQ: a configuration that is planned on a host that has everything.
try_plan() {
  local host=$RUNC_SRCDIR/tests/golden/root-intel-rdt
  [[ -f host.json ]] || jq '. + {"apparmor": true, "selinux": true}' "$host/host.json" >host.json
  mkdir -p planned
  jq --slurpfile features features.json "$1" "$host/config.json" >planned/config.json
  run --separate-stderr runc plan --host host.json --id ct planned
}

@test "features: has the form of the specification" {
  # Members by their path, with the form of their values; [] is each element.
  cat >form <<'END'
ociVersionMin ^"1\.[0-9]+\.[0-9]+"$
ociVersionMax ^"1\.[0-9]+\.[0-9]+"$
hooks.[] ^"(prestart|createRuntime|createContainer|startContainer|poststart|poststop)"$
mountOptions.[] ^"[a-z-]+"$
annotations.{} ^".*"$
potentiallyUnsafeConfigAnnotations.[] ^".+"$
linux.namespaces.[] ^"(mount|pid|network|uts|ipc|user|cgroup|time)"$
linux.capabilities.[] ^"CAP_[A-Z_]+"$
linux.cgroup.(v1|v2|systemd|systemdUser|rdma) ^(true|false)$
linux.seccomp.enabled ^(true|false)$
linux.seccomp.actions.[] ^"SCMP_ACT_(KILL|KILL_PROCESS|KILL_THREAD|TRAP|ERRNO|TRACE|ALLOW|LOG|NOTIFY)"$
linux.seccomp.operators.[] ^"SCMP_CMP_(NE|LT|LE|EQ|GE|GT|MASKED_EQ)"$
linux.seccomp.archs.[] ^"SCMP_ARCH_(X86|X86_64|X32|ARM|AARCH64|LOONGARCH64|M68K|MIPS|MIPS64|MIPS64N32|MIPSEL|MIPSEL64|MIPSEL64N32|PPC|PPC64|PPC64LE|S390|S390X|SH|SHEB|PARISC|PARISC64|RISCV64)"$
linux.seccomp.(knownFlags|supportedFlags).[] ^"SECCOMP_FILTER_FLAG_(TSYNC|LOG|SPEC_ALLOW|WAIT_KILLABLE_RECV)"$
linux.(apparmor|selinux|netDevices).enabled ^(true|false)$
linux.intelRdt.(enabled|schemata|monitoring) ^(true|false)$
linux.mountExtensions.idmap.enabled ^(true|false)$
linux.memoryPolicy.modes.[] ^"MPOL_(DEFAULT|BIND|INTERLEAVE|WEIGHTED_INTERLEAVE|PREFERRED|PREFERRED_MANY|LOCAL)"$
linux.memoryPolicy.flags.[] ^"MPOL_F_(NUMA_BALANCING|RELATIVE_NODES|STATIC_NODES)"$
END
  # Each value is one of these, so nothing is there that the specification does not define, and each has one.
  jq -r 'paths(scalars) as $p | "\($p | map(if type == "number" then "[]" else . end) | join("\u0001"))\t\(getpath($p) | tojson)"' \
    features.json >values
  awk -F'\t' '
    NR == FNR { sub(/ /, "\t"); split($0, f, "\t"); path = f[1]
      gsub(/\[\]/, "\\[\\]", path); gsub(/\./, "\001", path); gsub(/\{\}/, "[^\001]+", path)
      forms[++n] = "^" path "$"; values[n] = f[2]; next }
    { for (i = 1; i <= n; i++) if ($1 ~ forms[i] && $2 ~ values[i]) { used[i] = 1; next }
      print "not of the form: " $0; bad = 1 }
    END { for (i = 1; i <= n; i++) if (!used[i]) { print "missing: " forms[i]; bad = 1 }; exit bad }' form values ||
    fail "see above"
  # Lists have nothing twice.
  expect_eq "$(jq -r '[.. | arrays | select(length != (unique | length))] | length' features.json)" 0
}

@test "features: the versions of the specification are taken" {
  args true
  for version in $(features '.ociVersionMin, .ociVersionMax'); do
    config --arg version "$version" '.ociVersion = $version'
    run_ct
    expect_ok
  done
}

@test "features: each mount option is taken" {
  local n=0 option
  mkdir data
  config '.root.readonly = false'
  while read -r option; do
    n=$((n + 1))
    case $option in
    bind | rbind | copy-symlink | src-nofollow | dest-nofollow) printf '/work/%d bind %s bind,%s\n' $n "$TEST_DIR/data" "$option" ;;
    idmap | ridmap) ! as_root || printf '/work/%d bind %s bind,%s=uids=0-1-1;gids=0-1-1\n' $n "$TEST_DIR/data" "$option" ;;
    remount) printf '/work none none remount\n' ;;
    *) printf '/work/%d tmpfs tmpfs %s\n' $n "$option" ;;
    esac
  done < <(features '.mountOptions[]') >mounts
  ((n > 60))
  jq -R 'split(" ") | {destination: .[0], type: .[1], source: .[2], options: (.[3] | split(","))}' mounts |
    jq -s '[{"destination": "/work", "type": "tmpfs", "source": "tmpfs"}] + .' >mounts.json
  config --slurpfile mounts mounts.json '.mounts += $mounts[0]'
  script 'grep -c " /work" /proc/self/mountinfo'
  run_ct
  [[ $output != *"does not support id-mapped mounts"* ]] || skip "this machine: a file system without id-mapped mounts"
  expect_ok
  expect_output "$(grep -vc remount mounts | awk '{ print $1 + 1 }')"
}

@test "features: each namespace is made" {
  for type in $(features '.linux.namespaces[]'); do
    [[ $type != time || -e /proc/self/ns/time ]] || continue
    config --arg type "$type" '.linux.namespaces |= map(select(.type != $type)) + [{"type": $type}]'
  done
  ! as_root || config '.linux |= . + {"uidMappings": [{"containerID": 0, "hostID": 0, "size": 65536}], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 65536}]}'
  script 'for ns in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$ns; done'
  run_ct
  expect_ok
  for ns in cgroup ipc mnt net pid time user uts; do
    [[ ! -e /proc/self/ns/$ns || $output != *"$(readlink "/proc/self/ns/$ns")"* ]] || fail "the $ns namespace is the caller's"
  done
}

@test "features: each capability is known" {
  config --slurpfile features features.json '.process.capabilities = ($features[0].linux.capabilities as $all
    | {"bounding": $all, "permitted": $all, "effective": $all, "inheritable": [], "ambient": []})'
  args grep CapBnd /proc/self/status
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_no_match 'unknown' "$stderr"
  last=$(cat /proc/sys/kernel/cap_last_cap)
  wanted=$(features ".linux.capabilities | length")
  # A kernel may know more, or fewer, than we do.
  n=$((wanted <= last + 1 ? wanted : last + 1))
  mask=$(((1 << n) - 1))
  # Root can give what it has.
  ! as_root || mask=$((mask & 0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status)))
  expect_output "$(printf 'CapBnd:\t%016x' $mask)"
}

@test "features: seccomp: each action, operator and supported flag is used" {
  [[ $(features .linux.seccomp.enabled) == true ]] || skip "built without seccomp"
  # Of system calls that nothing here makes.
  jq '.linux.seccomp as $s | ["swapon", "swapoff", "acct", "quotactl", "lookup_dcookie", "reboot", "nfsservctl", "vhangup", "uselib", "sysfs"] as $names
    | {defaultAction: "SCMP_ACT_ALLOW", syscalls: (
        ([$s.actions[] | select(. != "SCMP_ACT_NOTIFY")] | to_entries | map({names: [$names[.key]], action: .value}))
        + ($s.operators | map({names: ["ustat"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 99, valueTwo: 99, op: .}]})))}' \
    features.json >profile.json
  config --slurpfile profile profile.json '.linux.seccomp = $profile[0]'
  args echo fine
  run_ct
  expect_output fine
  for flag in $(features '.linux.seccomp.supportedFlags[]'); do
    config --arg flag "$flag" '.linux.seccomp.flags = [$flag]'
    run_ct
    # It is about waiting for an agent, and there is none.
    [[ $flag == *WAIT_KILLABLE_RECV ]] || expect_output fine
  done
}

@test "features: what depends on the machine is planned" {
  try_plan '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": $features[0].linux.seccomp.archs}'
  expect_ok
  for mode in $(features '.linux.memoryPolicy.modes[]'); do
    nodes=0
    [[ $mode != MPOL_DEFAULT && $mode != MPOL_LOCAL ]] || nodes=
    try_plan ".linux.memoryPolicy = {\"mode\": \"$mode\", \"nodes\": \"$nodes\"}"
    expect_ok
    expect_match $'\nmemory-policy '
  done
  for flag in $(features '.linux.memoryPolicy.flags[]'); do
    try_plan ".linux.memoryPolicy = {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\", \"flags\": [\"$flag\"]}"
    expect_ok
  done
  expect_eq "$(features '[.linux.apparmor, .linux.selinux, .linux.intelRdt, .linux.netDevices, .linux.mountExtensions.idmap | .enabled] | unique | tojson')" "[true]"
  try_plan '.process.apparmorProfile = "a"'
  expect_match $'\nlsm-label [^\n]*exec a'
  try_plan '.process.selinuxLabel = "s"'
  expect_match $'\nlsm-label [^\n]*s'
  try_plan '.linux.netDevices = {"eth0": {"name": "inside"}}'
  expect_match $'\nnetwork [^\n]*eth0=inside'
  try_plan .
  expect_match $'\nintel-rdt [^\n]*mon-dir=[^\n]*schemata='
}

@test "features: hooks are all six" {
  # That each runs is in hooks.bats.
  expect_eq "$(features '.hooks | sort | join(" ")')" "createContainer createRuntime poststart poststop prestart startContainer"
}
