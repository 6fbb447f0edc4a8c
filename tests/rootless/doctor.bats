#!/usr/bin/env bats
# doctor: what it says about this machine, and that it sees what a test takes away for real.
# bats file_tags=ours

load ../lib/helpers

ids=(user-namespace subordinate-ids newuidmap namespaces time-namespace system-calls procfs sysfs overlay
  fuse-overlayfs idmapped-mounts tun slirp pasta cgroup delegation systemd linger state-directory seccomp lsm
  criu nested)

# Also where there is a session: without it, it is as after `su`.
setup() { RUNC_TEST_SESSION=0 common_setup; }

# doctor OPTIONS...: the report as JSON, into $output.
doctor() { run --separate-stderr "$RUNC" doctor --json "$@"; }

# doctor_with VARIABLE=VALUE OPTIONS...: likewise, with something else in its environment.
doctor_with() {
  local assignment=$1
  shift
  run --separate-stderr env "$assignment" "$RUNC" doctor --json "$@"
}

# in_userns SCRIPT OPTIONS...: as root of a new user and mount namespace, after SCRIPT.
in_userns() {
  local script=$1
  shift
  run --separate-stderr unshare -rm sh -ec "$script"$'\nexec "$@"' sh "$RUNC" doctor --json "$@"
}

# in_nested SCRIPT OPTIONS...: likewise, but as an ordinary user in one more of each, where what SCRIPT has
# mounted cannot be undone, as in a container.
in_nested() {
  local script=$1
  shift
  run --separate-stderr unshare -rm sh -ec "$script"$'\nexec unshare -Um --map-user=1234 --map-group=1234 "$@"' sh \
    "$RUNC" doctor --json "$@"
}

# finding ID [MEMBER]
finding() { jq -r --arg id "$1" ".[] | select(.id == \$id).${2:-status}" <<<"$output"; }

# expect_finding ID STATUS [REGEX]: what was found matches REGEX; what is not ok has a meaning and a mend.
expect_finding() {
  expect_eq "$(finding "$1")" "$2" "status of $1" || fail "$(finding "$1" found)"
  [[ -z ${3:-} ]] || expect_match "$3" "$(finding "$1" found)"
  [[ $2 == ok ]] || { [[ $(finding "$1" means) != null ]] && [[ $(finding "$1" mend) != null ]]; } ||
    fail "$1 should say what it means and how to mend it"
}

can_nest() { needs_of_machine "no user namespaces in user namespaces" unshare -Ur unshare -Um true; }

# ---------------------------------------------------------------- the report

@test "doctor: each check has its line" {
  run --separate-stderr "$RUNC" doctor
  text=$output
  expect_eq "$stderr" ""
  doctor
  expect_eq "$(jq -r '.[].id' <<<"$output")" "$(printf '%s\n' "${ids[@]}")"
  while read -r title; do
    grep -qE "^(ok|limited|missing) +$title: ." <<<"$text" || fail "no line of '$title' in: $text"
  done < <(jq -r '.[].title' <<<"$output")
  expect_eq "$(grep -cE '^(ok|limited|missing) ' <<<"$text")" "${#ids[@]}"
  expect_eq "$(grep -c '^         means: ' <<<"$text")" "$(jq 'map(select(.status != "ok")) | length' <<<"$output")"
  expect_eq "$(grep -c '^         mend: ' <<<"$text")" "$(jq 'map(select(.status != "ok")) | length' <<<"$output")"
}

@test "doctor: the JSON has all members" {
  doctor
  jq -e 'all(.[];
    (.id, .title, .found | type == "string" and . != "")
    and (.status | IN("ok", "limited", "missing"))
    and (.needed | type == "boolean")
    and (if .status == "ok" then .means == null and .mend == null
         else (.means, .mend | type == "string" and . != "") end))' <<<"$output"
}

@test "doctor: the exit status is about what is needed" {
  doctor
  if jq -e 'any(.[]; .needed and .status == "missing")' <<<"$output"; then expect_status 1; else expect_status 0; fi
  verdict=$status
  run --separate-stderr "$RUNC" doctor
  expect_status $verdict
  expect_match "^Ordinary containers $( ((verdict == 0)) && echo can || echo cannot ) run here" "${lines[-1]}"
}

@test "doctor: where containers run, nothing that is needed is missing" {
  bundle
  args true
  run_ct
  expect_ok
  doctor
  expect_ok
  expect_finding namespaces ok
  expect_finding system-calls ok
  expect_finding procfs ok
}

@test "doctor: single checks" {
  doctor --check procfs
  expect_eq "$(jq -r '.[].id' <<<"$output")" procfs
  doctor --check seccomp --check cgroup
  expect_eq "$(jq -r '.[].id' <<<"$output")" cgroup$'\n'seccomp
  run --separate-stderr "$RUNC" doctor --check lsm
  expect_ok
  expect_eq "${#lines[@]}" 1
}

@test "doctor: a single check that finds nothing fails, needed or not" {
  doctor_with PATH=/nowhere --check fuse-overlayfs
  expect_status 1
  expect_finding fuse-overlayfs missing 'not installed'
  expect_eq "$(finding fuse-overlayfs needed)" false
}

@test "doctor: a wrong command line is status 2" {
  run --separate-stderr "$RUNC" doctor --check moon
  expect_error 2 "'moon'.*procfs"
  run --separate-stderr "$RUNC" doctor --moon
  expect_status 2
  run --separate-stderr "$RUNC" doctor moon
  expect_status 2
  run --separate-stderr "$RUNC" doctor --check
  expect_status 2
}

@test "doctor: colours on a terminal only, and not with NO_COLOR" {
  needs script
  export TERM=xterm
  unset NO_COLOR
  on_terminal() { command script -qec "'$RUNC' doctor --check lsm" /dev/null </dev/null; }
  [[ $(on_terminal) == $'\e['*ok*$'\e[0m'*"security modules: "* ]]
  [[ $(NO_COLOR=1 on_terminal) != *$'\e'* ]]
  [[ $(TERM=dumb on_terminal) != *$'\e'* ]]
  run "$RUNC" doctor --check lsm
  expect_no_match $'\e'
}

@test "doctor: leaves nothing behind" {
  mounts=$(cat /proc/self/mountinfo)
  doctor
  expect_eq "$(cat /proc/self/mountinfo)" "$mounts"
  expect_eq "$(ls -A "$XDG_RUNTIME_DIR")" ""
  expect_eq "$(find /sys/fs/cgroup -name 'runc-doctor-*' 2>/dev/null)" ""
  leftovers leftovers
}

@test "doctor: is gone with whoever kills it" {
  "$RUNC" doctor >/dev/null 2>&1 3>&- &
  kill -KILL $!
  wait_exit $!
  wait_for leftovers leftovers
}

# ---------------------------------------------------------------- ids

@test "doctor: no user namespaces: forbidden by a sysctl" {
  can_nest
  in_userns 'echo 0 >/proc/sys/user/max_user_namespaces; set -- setpriv --bounding-set=-all "$@"'
  expect_status 1
  expect_finding user-namespace missing 'max_user_namespaces.* 0'
  expect_match 'sysctl -w user.max_user_namespaces=' "$(finding user-namespace mend)"
  expect_eq "$(finding user-namespace needed)" true
  expect_finding procfs missing 'not tried'
  expect_finding fuse-overlayfs missing 'not tried'
}

@test "doctor: no user namespaces: the root of one can do without" {
  can_nest
  in_userns 'echo 0 >/proc/sys/user/max_user_namespaces' --check user-namespace --check procfs
  expect_finding user-namespace missing 'max_user_namespaces'
  expect_eq "$(finding user-namespace needed)" false
  expect_finding procfs ok
}

@test "doctor: no user namespaces: all are used" {
  can_nest
  in_userns 'echo 1 >/proc/sys/user/max_user_namespaces; set -- unshare -U --map-user=1234 --map-group=1234 "$@"'
  expect_status 1
  expect_finding user-namespace missing 'limit'
}

@test "doctor: no user namespaces: in a chroot" {
  needs_static
  can_nest
  mkdir -p root/proc root/dev
  : >root/dev/null
  cp "$RUNC" root/runc
  run --separate-stderr unshare -rm sh -ec 'mount --rbind /proc root/proc; mount --bind /dev/null root/dev/null
    exec chroot root /runc doctor --json --check user-namespace'
  expect_status 1
  expect_finding user-namespace missing 'chroot'
}

@test "doctor: one id" {
  can_nest
  in_userns '' --check subordinate-ids --check newuidmap --check nested
  expect_status 1
  expect_finding subordinate-ids missing '1 uid and 1 gid'
  expect_finding newuidmap ok 'not needed'
  expect_finding nested limited 'all ids but one'
}

# bats test_tags=no:user,no:single,no:userns
@test "doctor: root needs no ranges" {
  doctor --check subordinate-ids --check newuidmap
  expect_ok
  expect_finding subordinate-ids ok 'not needed'
  expect_finding newuidmap ok 'not needed'
}

# bats test_tags=no:single,no:userns,no:root,no:root-v2
@test "doctor: ranges are mapped" {
  doctor --check subordinate-ids --check newuidmap
  expect_ok
  expect_finding subordinate-ids ok "$USER_NAME has [0-9]+ uids"
  expect_finding newuidmap ok 'mapped [0-9]+ uids'
}

# bats test_tags=no:user,no:userns,no:root,no:root-v2
@test "doctor: no ranges" {
  doctor --check subordinate-ids
  expect_status 1
  expect_finding subordinate-ids missing 'no range for .* in /etc/subuid'
  expect_match 'usermod --add-subuids [0-9]+-[0-9]+ --add-subgids [0-9]+-[0-9]+ ' "$(finding subordinate-ids mend)"
}

@test "doctor: the files say nothing about the user" {
  can_nest
  : >empty
  in_nested 'mount --bind empty /etc/subuid; mount --bind empty /etc/subgid' --check subordinate-ids
  expect_finding subordinate-ids missing 'no range for 1234 in /etc/subuid and /etc/subgid'
  expect_match '1234:100000:65536 >>/etc/subuid.* 1234:100000:65536 >>/etc/subgid' "$(finding subordinate-ids mend)"
}

@test "doctor: ranges of another world" {
  can_nest
  echo 1234:100000:65536 >ids
  in_nested 'mount --bind ids /etc/subuid; mount --bind ids /etc/subgid' --check subordinate-ids
  expect_finding subordinate-ids missing 'ranges of 1234 .*do not exist in this user namespace'
}

@test "doctor: a range that is written wrongly" {
  can_nest
  printf '%s\n' '# ids' 1234:100000 >broken
  in_nested 'mount --bind broken /etc/subuid' --check subordinate-ids
  expect_status 1
  expect_finding subordinate-ids missing "line 2 of /etc/subuid.*'1234:100000'"
}

@test "doctor: a range that belongs to somebody else, too" {
  can_nest
  printf '%s\n' 1234:100000:65536 mallory:120000:10 >overlap
  in_nested 'mount --bind overlap /etc/subgid' --check subordinate-ids
  expect_finding subordinate-ids limited '/etc/subgid.*120000.*mallory'
  expect_match 'usermod --add-subgids 165536-231071 1234' "$(finding subordinate-ids mend)"
  printf '1234:0:65536\n' >overlap
  in_nested 'mount --bind overlap /etc/subuid' --check subordinate-ids
  expect_finding subordinate-ids limited '/etc/subuid.* root as well'
}

# bats test_tags=no:user,no:single,no:userns
@test "doctor: ranges that are small, and ranges that are right" {
  needs newuidmap
  as_1234() {
    run --separate-stderr unshare -m sh -ec '
      mount --bind passwd /etc/passwd; mount --bind ids /etc/subuid; mount --bind ids /etc/subgid
      exec setpriv --reuid=1234 --regid=1234 --clear-groups "$@"' sh "$RUNC" doctor --json --check subordinate-ids --check newuidmap
  }
  { cat /etc/passwd; echo somebody:x:1234:1234::/:/bin/sh; } >passwd
  echo 1234:3000000:1000 >ids
  as_1234
  expect_finding subordinate-ids limited '1000 uids and 1000 gids'
  expect_finding newuidmap ok 'mapped 1001 uids and 1001 gids'
  printf '%s\n' 1234:3000000:65000 1234:4000000:536 >ids
  as_1234
  expect_finding subordinate-ids ok
  expect_finding newuidmap ok 'mapped 65537 uids and 65537 gids'
  echo somebody:3000000:4000 >ids
  as_1234
  expect_finding subordinate-ids limited '4000 uids and 4000 gids'
  # newuidmap wants to know a name.
  cat /etc/passwd >passwd
  echo 1234:3000000:70000 >ids
  as_1234
  expect_finding subordinate-ids ok
  expect_finding newuidmap missing
  expect_match 'line for uid 1234 in /etc/passwd' "$(finding newuidmap mend)"
}

@test "doctor: newuidmap is not installed" {
  can_nest
  script='for dir in /usr/bin /usr/sbin /usr/local/bin /bin; do
      for name in newuidmap newgidmap; do [ ! -e $dir/$name ] || mount --bind /dev/null $dir/$name; done
    done'
  in_nested "$script" --check newuidmap
  expect_status 1
  expect_finding newuidmap missing 'not installed'
  expect_match 'install|apk add|pacman' "$(finding newuidmap mend)"
}

@test "doctor: newuidmap has no rights: neither setuid nor capabilities" {
  needs newuidmap
  can_nest
  for name in newuidmap newgidmap; do cp "$(command -v $name)" .; done
  in_nested 'for name in newuidmap newgidmap; do mount --bind $name "$(command -v $name)"; done' --check newuidmap
  expect_status 1
  expect_finding newuidmap missing 'setuid'
}

@test "doctor: newuidmap has no rights: nosuid" {
  needs newuidmap
  can_nest
  in_nested 'for name in newuidmap newgidmap; do
      tool=$(command -v $name); mount --bind "$tool" "$tool"; mount -o remount,bind,nosuid "$tool"
    done' --check newuidmap
  expect_finding newuidmap missing 'nosuid'
}

# bats test_tags=no:userns,no:root,no:root-v2
@test "doctor: newuidmap has no rights: no_new_privs" {
  needs newuidmap setpriv
  run --separate-stderr setpriv --no-new-privs "$RUNC" doctor --json --check newuidmap
  expect_status 1
  expect_finding newuidmap missing 'no_new_privs'
}

# ---------------------------------------------------------------- filesystems

@test "doctor: a masked /proc" {
  can_nest
  in_nested 'mount --bind /dev/null /proc/interrupts; mount -t tmpfs tmpfs /proc/sys'
  expect_status 1
  expect_finding procfs missing '/proc/interrupts, /proc/sys'
  expect_eq "$(finding procfs needed)" true
  expect_finding nested limited 'a new /proc'
  run --separate-stderr unshare -rm sh -ec 'mount --bind /dev/null /proc/interrupts
    exec unshare -Um --map-user=1234 --map-group=1234 "$@"' sh "$RUNC" doctor
  expect_match 'cannot run here until this is mended: procfs' "${lines[-1]}"
}

@test "doctor: a /proc that hides things of this kind only is no hindrance for root of the namespace" {
  can_nest
  in_userns 'mount --bind /dev/null /proc/interrupts' --check procfs
  expect_finding procfs ok
}

@test "doctor: a masked /sys" {
  can_nest
  in_nested 'mount -t tmpfs tmpfs /sys/kernel' --check sysfs
  expect_ok
  expect_finding sysfs limited
}

@test "doctor: fuse-overlayfs" {
  needs fuse-overlayfs
  needs_of_machine "no /dev/fuse for this user" sh -c ': <>/dev/fuse'
  doctor --check fuse-overlayfs
  expect_ok
  expect_finding fuse-overlayfs ok
}

@test "doctor: fuse-overlayfs: without the device, and with something else in its place" {
  needs fuse-overlayfs
  can_nest
  : >nothing
  in_nested 'chmod 0 nothing; mount --bind nothing /dev/fuse' --check fuse-overlayfs
  expect_status 1
  expect_finding fuse-overlayfs missing "/dev/fuse.*permission denied"
  in_nested 'mount --bind /dev/null /dev/fuse' --check fuse-overlayfs
  expect_status 1
  expect_finding fuse-overlayfs missing 'cannot mount a FUSE filesystem: '
}

@test "doctor: fuse-overlayfs: a program that does nothing, fails or hangs" {
  needs_of_machine "no /dev/fuse for this user" sh -c ': <>/dev/fuse'
  mkdir bin
  ln -s "$(type -P true)" bin/fuse-overlayfs
  doctor_with PATH=$PWD/bin --check fuse-overlayfs
  expect_finding fuse-overlayfs missing 'cannot start fuse-overlayfs on it: .*not connected'
  printf '#!/bin/sh\necho "oh no" >&2\nexit 3\n' >fails
  chmod +x fails
  ln -sf ../fails bin/fuse-overlayfs
  doctor_with PATH=$PWD/bin --check fuse-overlayfs
  expect_finding fuse-overlayfs missing 'oh no'
  printf '#!/bin/sh\nexec %s 1000\n' "$(type -P sleep)" >hangs
  chmod +x hangs
  ln -sf ../hangs bin/fuse-overlayfs
  doctor_with PATH=$PWD/bin --check fuse-overlayfs
  expect_finding fuse-overlayfs missing 'did not come to an end'
  leftovers leftovers
}

# ---------------------------------------------------------------- networks

@test "doctor: without /dev/net/tun" {
  needs_of_machine "no /dev/net/tun" test -e /dev/net/tun
  can_nest
  in_nested 'mount --bind /dev/null /dev/net/tun' --check tun --check slirp
  expect_status 1
  expect_finding tun missing
  expect_finding slirp missing
  expect_match '/dev/net/tun' "$(finding tun mend)$(finding slirp mend)"
}

@test "doctor: slirp and pasta" {
  needs_of_machine "no /dev/net/tun for this user" sh -c ': <>/dev/net/tun'
  if [[ -x $RUNC_BUILDDIR/helpers/runc-slirp ]]; then
    doctor --check slirp
    expect_finding slirp ok
    leftovers leftovers
  fi
  doctor_with RUNC_SLIRP=/nowhere/runc-slirp --check slirp
  expect_status 1
  expect_finding slirp missing '/nowhere/runc-slirp'
  doctor_with RUNC_PASTA=/nowhere/pasta --check pasta
  expect_status 1
  expect_finding pasta missing '/nowhere/pasta'
}

# ---------------------------------------------------------------- cgroups and sessions

@test "doctor: the cgroup hierarchy" {
  doctor --check cgroup
  if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
    expect_finding cgroup ok 'v2'
  elif as_root; then
    expect_finding cgroup ok 'v1'
  else
    expect_finding cgroup limited 'v1'
    expect_match 'unified_cgroup_hierarchy' "$(finding cgroup mend)"
  fi
}

# bats test_tags=no:userns,no:root,no:root-v2
@test "doctor: a cgroup that is not ours" {
  needs_of_machine "a cgroup of the user's own" sh -c '! [ -w "/sys/fs/cgroup/$(sed -n s/^0::.//p /proc/self/cgroup)" ]'
  doctor --check delegation
  expect_status 1
  expect_finding delegation missing
}

@test "doctor: without systemd" {
  can_nest
  in_nested 'mount -t tmpfs tmpfs /run' --check systemd --check linger
  expect_status 1
  expect_finding systemd missing 'does not run this system'
  expect_finding linger ok
}

# bats test_tags=no:root,no:root-v2
@test "doctor: systemd without a session" {
  needs_of_machine "systemd does not run it" test -d /run/systemd/system
  doctor --check systemd
  expect_finding systemd missing
  unset XDG_RUNTIME_DIR
  doctor --check systemd
  expect_finding systemd missing 'XDG_RUNTIME_DIR is not set'
}

@test "doctor: a session of systemd" {
  needs_of_machine "no session of systemd" in_session
  export XDG_RUNTIME_DIR=$SESSION_DIR DBUS_SESSION_BUS_ADDRESS=unix:path=$SESSION_DIR/bus
  doctor --check systemd --check linger --check delegation --check state-directory
  expect_ok
  expect_finding systemd ok 'session'
  expect_finding linger ok
  expect_finding delegation ok 'memory pids'
  expect_finding state-directory ok "$SESSION_DIR/runc"
}

# bats test_tags=no:root,no:root-v2
@test "doctor: the state directory" {
  doctor --check state-directory
  expect_ok
  expect_finding state-directory ok "$XDG_RUNTIME_DIR/runc"
  chmod 777 "$XDG_RUNTIME_DIR"
  doctor --check state-directory
  expect_ok
  expect_finding state-directory limited 'mode 777'
  chmod 500 "$XDG_RUNTIME_DIR"
  if [[ ! -w $XDG_RUNTIME_DIR ]]; then
    doctor --check state-directory
    expect_status 1
    expect_finding state-directory missing 'cannot be written'
  fi
  chmod 700 "$XDG_RUNTIME_DIR"
  : >"$XDG_RUNTIME_DIR/runc"
  doctor --check state-directory
  expect_finding state-directory missing 'is no directory'
  rm "$XDG_RUNTIME_DIR/runc"
  doctor_with XDG_RUNTIME_DIR=/nowhere
  expect_status 1
  expect_finding state-directory missing '/nowhere'
}

# bats test_tags=no:root,no:root-v2
@test "doctor: the state directory without XDG_RUNTIME_DIR" {
  needs_of_machine "a /tmp/runc of somebody else" sh -c '[ ! -e /tmp/runc-$0 ] || [ -O /tmp/runc-$0 ]' "$HOST_UID"
  unset XDG_RUNTIME_DIR
  doctor --check state-directory
  expect_ok
  expect_finding state-directory limited 'not set'
  expect_match 'XDG_RUNTIME_DIR=|log in ' "$(finding state-directory mend)"
  doctor_with XDG_RUNTIME_DIR= --check state-directory
  expect_finding state-directory limited 'not set'
}

# bats test_tags=no:user,no:single,no:userns
@test "doctor: the state directory of root" {
  doctor --check state-directory
  expect_finding state-directory ok '/run/runc'
}

# ---------------------------------------------------------------- inside a container of ours

# in_container JQ-ARGUMENTS...: in a container with the runtime's directory on /work, after config.json was
# edited.
in_container() {
  bundle
  config --arg dir "${RUNC%/*}" \
    '.mounts += [{"destination": "/work", "type": "bind", "source": $dir, "options": ["rbind", "ro"]}]'
  config "$@"
  args "/work/${RUNC##*/}" doctor --json
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
}

@test "doctor: in a container with a filter" {
  needs_static
  in_container '
    .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["unshare", "clone3"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["clone"], "action": "SCMP_ACT_ERRNO",
         "args": [{"index": 0, "value": 268435456, "valueTwo": 268435456, "op": "SCMP_CMP_MASKED_EQ"}]}]}
    | .process.env += ["container=podman"]'
  expect_status 1
  expect_finding user-namespace missing 'seccomp'
  expect_match 'podman run .*seccomp=unconfined' "$(finding user-namespace mend)"
  expect_finding nested limited 'podman.*seccomp'
  expect_finding fuse-overlayfs missing
}

@test "doctor: in a container with masks and without cgroups" {
  needs_static
  in_container '.mounts |= map(select(.destination | startswith("/sys") | not))
    | .process.capabilities |= map_values(. + ["CAP_SETFCAP"]) | .process.env += ["container=docker"]'
  expect_status 1
  expect_finding user-namespace ok
  expect_finding procfs missing '/proc/'
  expect_match 'docker run .*systempaths=unconfined' "$(finding procfs mend)"
  expect_finding cgroup missing 'none is mounted'
  expect_finding delegation missing 'no cgroup hierarchy'
}

@test "doctor: in a container, as root without the capability that a map of root takes" {
  needs_static
  in_container .
  expect_status 1
  expect_finding user-namespace missing 'CAP_SETFCAP'
}

# with_switch NAME VALUE: in a container whose filter refuses user namespaces, a user who sees this sysctl.
with_switch() {
  script "mount -t tmpfs tmpfs /proc/sys/kernel && echo $2 >/proc/sys/kernel/$1 &&
    exec su guest -c '/work/${RUNC##*/} doctor --json --check user-namespace'"
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_finding user-namespace missing "the sysctl kernel\\.$1"
}

# bats test_tags=no:userns,no:single
@test "doctor: no user namespaces: the switches of distributions" {
  needs_static
  bundle
  many_ids
  config --arg dir "${RUNC%/*}" '
    .mounts += [{"destination": "/work", "type": "bind", "source": $dir, "options": ["rbind", "ro"]}]
    | .linux.maskedPaths = [] | .linux.readonlyPaths = []
    | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID"])
    | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["unshare", "clone3"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["clone"], "action": "SCMP_ACT_ERRNO",
         "args": [{"index": 0, "value": 268435456, "valueTwo": 268435456, "op": "SCMP_CMP_MASKED_EQ"}]}]}'
  with_switch unprivileged_userns_clone 0
  expect_match 'sysctl -w kernel.unprivileged_userns_clone=1' "$(finding user-namespace mend)"
  with_switch apparmor_restrict_unprivileged_userns 1
  expect_match '/etc/apparmor.d/runc' "$(finding user-namespace mend)"
}

# bats test_tags=no:root,no:root-v2
@test "doctor: in a container, as root who cannot make an overlay for itself" {
  needs_static
  needs_of_machine "no overlayfs in user namespaces" "$RUNC" doctor --check overlay
  in_container '.linux.maskedPaths = [] | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
  expect_finding overlay missing 'permission denied'
  expect_match 'CAP_DAC_OVERRIDE' "$(finding overlay mend)"
}

@test "doctor: in a container that withholds nothing" {
  needs_static
  needs_of_machine "no /dev/net/tun" test -e /dev/net/tun
  in_container '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false
    | .process.capabilities |= map_values(. + ["CAP_SETFCAP"])
    | .mounts += [{"destination": "/dev/net/tun", "type": "bind", "source": "/dev/net/tun", "options": ["bind"]}]'
  expect_finding procfs ok
  expect_finding namespaces ok
  expect_finding system-calls ok
  expect_finding overlay ok
  expect_finding tun ok
}

# ---------------------------------------------------------------- check-config.sh

check_config() { run --separate-stderr "$RUNC_SRCDIR/contrib/check-config.sh" "$@"; }

# A configuration with all that the script asks for.
full_config() {
  echo '# Linux/x86 6.1.0 Kernel Configuration'
  check_config - <<<CONFIG_X=y
  sed -nE 's/^ +no +([A-Z0-9_]+) .*/CONFIG_\1=y/p' <<<"$output"
}

@test "check-config: all that is required" {
  full_config >config
  check_config config
  expect_ok
  expect_no_match ' no '
  expect_match ' yes +USER_NS '
  gzip config
  check_config config.gz
  expect_ok
  check_config - <config.gz
  expect_ok
}

@test "check-config: something is missing" {
  full_config >config
  sed 's/^CONFIG_USER_NS=y/# CONFIG_USER_NS is not set/' config >without
  check_config without
  expect_status 1
  expect_match $'\n +no +USER_NS '
  check_config -q without
  expect_status 1
  expect_match ' USER_NS '
  expect_no_match ' PID_NS '
  sed 's/6\.1\.0/5.4.100/' config >old
  check_config old
  expect_status 1
  expect_match 'no +version 5\.4\.100'
  sed '/^CONFIG_TUN=/d; s/^CONFIG_FUSE_FS=y/CONFIG_FUSE_FS=m/' config >optional
  check_config optional
  expect_ok
  expect_match $'\n +no +TUN '
  expect_match $'\n +module +FUSE_FS '
}

@test "check-config: what is no configuration" {
  check_config /nowhere
  expect_error 2 /nowhere
  check_config /etc/passwd
  expect_error 2 /etc/passwd
  check_config one two
  expect_status 2
  check_config --moon
  expect_status 2
}
