#!/usr/bin/env bats
# The options of mounts, one by one, as the kernel's list of the container has them.
# bats file_tags=ours

load ../lib/helpers

# add_mount DESTINATION TYPE SOURCE [OPTION...]
add_mount() {
  local destination=$1 type=$2 source=$3
  shift 3
  jq --arg d "$destination" --arg t "$type" --arg s "$source" \
    '.mounts += [{"destination": $d, "type": $t, "source": $s, "options": $ARGS.positional}]' \
    "$BUNDLE/config.json" --args -- "$@" >"$BUNDLE/new" && mv "$BUNDLE/new" "$BUNDLE/config.json"
}

# The container prints its list of mounts: "POINT OPTIONS PEERS FILESYSTEM-OPTIONS".
show_mounts() { script "sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\([^ ]*\\) \\([^ ]*\\) \\(.*\\)- [^ ]* [^ ]* \\(.*\\)/\\1 \\2 [\\3] \\4/' /proc/self/mountinfo"; }

# line_of POINT: that of the last mount there.
line_of() { grep -F "$1 " <<<"$output" | grep "^$1 " | tail -n 1; }

# below POINT: the options of the mounts on and below it.
below() { grep "^$1[/ ]" <<<"$output" | cut -d' ' -f2; }

@test "mount options: those of a mount, each and its opposite" {
  show_mounts
  while read -r options wanted unwanted; do
    config '.mounts |= map(select(.destination | startswith("/work") | not))'
    add_mount /work tmpfs tmpfs ${options//,/ }
    run_ct
    expect_ok
    expect_match "^/work ([a-z,]*,)?$wanted(,| )" "$(line_of /work)"
    [[ -z $unwanted ]] || expect_no_match "^/work ([a-z,]*,)?$unwanted(,| )" "$(line_of /work)"
  done <<'END'
ro ro
ro,rw rw ro
nosuid,nodev,noexec nosuid,nodev,noexec
nosuid,suid,nodev,dev,noexec,exec rw,relatime no(suid|dev|exec)
noatime noatime relatime
noatime,atime relatime noatime
nodiratime nodiratime
nodiratime,diratime rw,relatime nodiratime
strictatime rw (relatime|noatime)
strictatime,nostrictatime relatime
relatime,norelatime rw
nosymfollow nosymfollow
nosymfollow,symfollow rw nosymfollow
defaults,copy,nocopy,async,silent,loud,auto,noauto,user,nouser,iversion,noiversion,mand,nomand,nolazytime rw
rro,rnosuid,rnodev,rnoexec ro,nosuid,nodev,noexec
END
}

@test "mount options: those of the filesystem" {
  add_mount /work tmpfs tmpfs size=64k,nr_inodes=17 mode=1751 sync dirsync lazytime
  show_mounts
  run_ct
  expect_ok
  expect_match '^/work .*\] rw,sync,dirsync,lazytime,size=64k,nr_inodes=17,mode=1751' "$(line_of /work)"
}

@test "mount options: an unknown one is the filesystem's to refuse, and the error names it" {
  add_mount /work tmpfs tmpfs no-such-option=1
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "mounts\\[[0-9]+\\]: .*no-such-option"
}

@test "mount options: a bind has its own, and the recursive ones reach what is mounted below" {
  needs_of_machine "nothing is mounted below /dev" grep -q ' /dev/[a-z]* ' /proc/self/mountinfo
  add_mount /work bind /dev rbind ro nosuid
  add_mount /tmp bind /dev rbind rro rnosuid rnoexec rnosymfollow
  show_mounts
  run_ct
  expect_ok
  expect_match '^/work ro,nosuid' "$(line_of /work)"
  [[ $(below /work | grep -c -v '^ro,') != 0 ]] || fail "ro is for the mount itself"
  (($(below /tmp | wc -l) > 1))
  [[ $(below /tmp | grep -v '^ro,.*noexec.*nosymfollow') == "" ]] || fail "rro and others are for all below"
}

# bats test_tags=no:user,no:single
@test "mount options: bind without rbind shows nothing of what is mounted below" {
  mkdir data data/sub
  : >data/sub/hidden
  export RUNC_UNDER_TEST=$RUNC STATE BUNDLE CT TEST_DIR
  add_mount /tmp bind "$TEST_DIR/data" bind
  add_mount /work bind "$TEST_DIR/data" rbind
  script 'ls /tmp/sub; ls /work/sub'
  run unshare --mount bash -c '
    mount -t tmpfs tmpfs "$TEST_DIR/data/sub" && : >"$TEST_DIR/data/sub/above" &&
      "$RUNC_UNDER_TEST" --root "$STATE" run --bundle "$BUNDLE" "$CT"'
  if [[ $MODE == userns ]]; then
    # In a new user namespace nobody may look below mounts that are not its own.
    expect_status 1
    expect_match "other mounts are below it: use 'rbind'"
    return
  fi
  expect_ok
  expect_output $'hidden\nabove'
}

@test "mount options: propagation" {
  show_mounts
  add_mount /work tmpfs tmpfs shared
  add_mount /tmp tmpfs tmpfs shared private
  add_mount /var tmpfs tmpfs unbindable
  run_ct
  expect_ok
  expect_match '^/work [^ ]* \[shared:[0-9]+ \]' "$(line_of /work)"
  expect_match '^/tmp [^ ]* \[\]' "$(line_of /tmp)"
  expect_match '^/var [^ ]* \[unbindable \]' "$(line_of /var)"
}

@test "mount options: remount changes a mount that is there" {
  add_mount /work tmpfs tmpfs rw
  add_mount /work none none remount ro noexec nosuid
  show_mounts
  run_ct
  expect_ok
  expect_match '^/work ro,nosuid,noexec' "$(line_of /work)"
  expect_eq "$(grep -c '^/work ' <<<"$output")" 1 "mounts on /work"
}

@test "mount options: tmpcopyup begins with what the image has" {
  mkdir "$BUNDLE/rootfs/work/sub"
  echo content >"$BUNDLE/rootfs/work/sub/file"
  chmod 640 "$BUNDLE/rootfs/work/sub/file"
  ln -s sub/file "$BUNDLE/rootfs/work/link"
  chmod 1770 "$BUNDLE/rootfs/work"
  add_mount /work tmpfs tmpfs tmpcopyup
  script 'cat /work/link; stat -c "%a" /work /work/sub/file; readlink /work/link; echo more >/work/sub/file; rm /work/link'
  run_ct
  expect_ok
  expect_output $'content\n1770\n640\nsub/file'
  expect_eq "$(cat "$BUNDLE/rootfs/work/sub/file")" content
  [[ -L $BUNDLE/rootfs/work/link ]]
}

@test "mount options: copy-symlink makes the same link, or binds what is none" {
  config '.root.readonly = false'
  echo content >file
  ln -s /no/where link
  add_mount /work/link bind "$TEST_DIR/link" bind copy-symlink
  add_mount /work/file bind "$TEST_DIR/file" bind copy-symlink
  script 'readlink /work/link; cat /work/file'
  run_ct
  expect_ok
  expect_output $'/no/where\ncontent'
}

@test "mount options: src-nofollow mounts a link itself" {
  config '.root.readonly = false'
  mkdir data
  ln -s /etc/passwd link
  echo content >data/file
  ln -s data link2
  add_mount /work/link bind "$TEST_DIR/link" bind src-nofollow
  add_mount /work/dir bind "$TEST_DIR/data" bind src-nofollow
  script 'readlink /work/link; head -n 1 /work/link; cat /work/dir/file'
  run_ct
  expect_ok
  expect_output $'/etc/passwd\nroot:x:0:0:root:/root:/bin/sh\ncontent'
  config '.mounts[-1].options += ["copy-symlink"]'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "'copy-symlink' excludes 'src-nofollow'"
}

@test "mount options: dest-nofollow mounts on a link itself" {
  config '.root.readonly = false'
  echo content >file
  ln -s target "$BUNDLE/rootfs/work/link"
  : >"$BUNDLE/rootfs/work/target"
  add_mount /work/link bind "$TEST_DIR/file" bind dest-nofollow
  add_mount /work/made bind "$TEST_DIR/file" bind dest-nofollow
  script 'cat /work/link /work/made /work/target; sed -n "s/.* \(\/work[^ ]*\) .*/\1/p" /proc/self/mountinfo'
  run_ct
  expect_ok
  expect_output $'content\ncontent\n/work/link\n/work/made'
}

# bats test_tags=no:user,no:single,no:userns
@test "mount options: ids of a mount" {
  mkdir data
  : >data/file
  chown 1000:2000 data/file
  add_mount /work bind "$TEST_DIR/data" bind idmap
  config '.mounts[-1] |= . + {"uidMappings": [{"containerID": 1000, "hostID": 7, "size": 1}], "gidMappings": [{"containerID": 2000, "hostID": 8, "size": 1}]}'
  add_mount /tmp bind "$TEST_DIR/data" bind 'ridmap=uids=1000-5-1;gids=2000-6-1'
  args stat -c %u:%g /work/file /tmp/file
  run_ct
  [[ $output != *"does not support id-mapped mounts"* ]] || skip "this machine: a file system without id-mapped mounts"
  expect_ok
  expect_output $'7:8\n5:6'
}

# bats test_tags=no:root,no:root-v2
@test "mount options: ids of a mount are for root" {
  add_mount /work bind "$TEST_DIR" bind idmap
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'id-mapped mounts are not supported for rootless containers'
}

@test "mounts: a destination that is relative is below the root" {
  add_mount work tmpfs tmpfs noexec
  show_mounts
  run_ct
  expect_match '^/work rw,noexec' "$(line_of /work)"
}

@test "rootfsPropagation: each value" {
  show_mounts
  while read -r propagation wanted; do
    config --arg propagation "$propagation" '.linux.rootfsPropagation = $propagation'
    run_ct
    expect_ok
    expect_match "^/ [^ ]* \\[$wanted" "$(line_of /)"
  done <<'END'
shared shared:
rshared shared:
private \]
rprivate \]
unbindable unbindable
runbindable unbindable
END
  config '.linux.rootfsPropagation = "none"'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "linux\\.rootfsPropagation: 'none'"
}

# bats test_tags=no:user,no:single
@test "rootfsPropagation: on a host whose mounts are shared, nothing of the container shows there" {
  add_mount work tmpfs tmpfs noexec
  args grep -c work /proc/self/mountinfo
  config '.linux.rootfsPropagation = "PROPAGATION"'
  mv "$BUNDLE/config.json" config.in
  export RUNC_UNDER_TEST=$RUNC STATE BUNDLE CT
  run unshare --mount --propagation private bash -ec '
    mount --make-rshared /
    for propagation in shared rshared slave rslave private rprivate unbindable runbindable ""; do
      sed "s/PROPAGATION/$propagation/" config.in >"$BUNDLE/config.json"
      cat /proc/self/mountinfo >before
      "$RUNC_UNDER_TEST" --root "$STATE" run --bundle "$BUNDLE" "$CT" </dev/null
      diff before /proc/self/mountinfo
    done'
  expect_ok
  expect_eq "${#lines[@]}" 9
}

# bats test_tags=no:user,no:single
@test "rootfsPropagation: slave gets what is mounted outside later, private does not" {
  mkdir data
  add_mount /work bind "$TEST_DIR/data" rbind rslave
  add_mount /tmp bind "$TEST_DIR/data" rbind rprivate
  sleeper
  config '.linux.rootfsPropagation = "rslave"'
  export RUNC_UNDER_TEST=$RUNC STATE BUNDLE CT TEST_DIR
  run unshare --mount --propagation private bash -c '
    set -e
    mount -t tmpfs tmpfs "$TEST_DIR/data"
    mount --make-shared "$TEST_DIR/data"
    "$RUNC_UNDER_TEST" --root "$STATE" run --detach --bundle "$BUNDLE" "$CT" </dev/null >/dev/null 2>&1 3>&-
    mkdir "$TEST_DIR/data/sub"
    mount -t tmpfs tmpfs "$TEST_DIR/data/sub"
    : >"$TEST_DIR/data/sub/later"
    "$RUNC_UNDER_TEST" --root "$STATE" exec "$CT" ls /work/sub /tmp/sub'
  expect_ok
  expect_eq "$(grep -c later <<<"$output")" 1 "how often the later mount is seen"
}

@test "mounts: of types that the container's namespaces have" {
  config '.linux.namespaces |= (map(select(.type != "network" and .type != "cgroup")) + [{"type": "network"}, {"type": "cgroup"}])
    | .mounts |= map(select(.destination | startswith("/sys") | not))
    + [{"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
       {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
  script 'ls /sys/class/net; grep " /sys/fs/cgroup" /proc/self/mountinfo | grep -c cgroup'
  run_ct
  expect_ok
  expect_line lo
  ((lines[-1] >= 1))
}

@test "mounts: a source and a destination by the host's name of what is in the container" {
  mkdir -p src/sub
  echo inner >src/sub/file
  config '.root.readonly = false'
  add_mount /work bind "$TEST_DIR/src" rbind
  # What the first mount has put there, on a path that is the host's.
  add_mount "$(realpath "$BUNDLE")/rootfs/var" bind "$(realpath "$BUNDLE")/rootfs/work/sub" rbind
  args cat /var/file
  run_ct
  expect_ok
  expect_output inner
  [[ ! -e $BUNDLE/rootfs/work/sub ]]
}

@test "mounts: a source in the container is looked up there: a link leads to nothing outside" {
  mkdir src
  ln -s "$TEST_DIR" src/link
  echo secret >secret
  add_mount /work bind "$TEST_DIR/src" rbind
  add_mount /var bind "$(realpath "$BUNDLE")/rootfs/work/link" rbind
  args cat /var/secret
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'mounts\[[0-9]+\]: cannot open source of it: no such file or directory'
}
