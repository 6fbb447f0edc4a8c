#!/usr/bin/env bats
# A writable layer over a rootfs that stays as it is, made by the kernel's overlayfs and by fuse-overlayfs.

load ../lib/helpers

setup() {
  common_setup
  bundle
  # Of its own, not hard links that other tests have, too.
  rm -rf "$BUNDLE/rootfs"
  cp -a "$BATS_RUN_TMPDIR/rootfs" "$BUNDLE/rootfs"
  mkdir "$BUNDLE/rootfs/dir"
  echo lower >"$BUNDLE/rootfs/dir/file"
  config '.root.readonly = false'
}

can_use_fuse() {
  needs fuse-overlayfs
  needs_of_machine "/dev/fuse cannot be opened" sh -c ': <>/dev/fuse'
}

can_use_kernel() {
  as_root || needs_of_machine "no overlayfs in user namespaces" \
    unshare -rm sh -c "cd '$TEST_DIR' && mkdir -p kl ku kw km && mount -t overlay -o lowerdir=kl,upperdir=ku,workdir=kw,userxattr overlay km"
}

can_use_both() {
  can_use_kernel
  can_use_fuse
}

# The pids of the fuse-overlayfs processes of container $CT.
servers() { jq -r '.helpers[]?.pid' "$STATE/$CT/state.json"; }

overlay_kind() { runc plan "$@" --bundle "$BUNDLE" 2>/dev/null | sed -n 's/^overlay kind=\([a-z]*\).*/\1/p'; }

expect_rootfs_untouched() {
  expect_eq "$(cat "$BUNDLE/rootfs/dir/file")" lower
  expect_eq "$(ls -A "$BUNDLE/rootfs/dir")" file
  [[ ! -e $BUNDLE/rootfs/new ]] || fail "the rootfs was written to"
}

# What containers do to a file system: the last word is what is left of it.
change='set -e
[ "$(cat /dir/file)" = lower ]
echo upper >>/dir/file
[ "$(cat /dir/file)" = "lower
upper" ]
rm -r /dir
[ ! -e /dir ]
mkdir /dir
[ -z "$(ls -A /dir)" ]
echo one >/dir/new
mv /dir/new /dir/newer
ln /dir/newer /dir/link
ln -s newer /dir/symlink
chmod 640 /dir/newer
echo two >/new
mkfifo /fifo
cat /dir/symlink'

ephemeral() {
  script "$change"
  run_ct --overlay --overlay-driver="$1"
  expect_ok
  expect_output one
  expect_rootfs_untouched
  [[ ! -e $STATE/$CT ]]
}

@test "overlay: the kernel: changes are gone with the container" {
  can_use_kernel
  ephemeral kernel
}

@test "overlay: fuse: changes are gone with the container, and so is the server" {
  can_use_fuse
  ephemeral fuse
}

# The layer is in "$TEST_DIR/a, b:c": all that options are parsed for.
kept() {
  local layer="$TEST_DIR/a, b:c" other=kernel
  [[ $1 == fuse ]] || other=fuse
  script "$change"
  run_ct --overlay="$layer" --overlay-driver="$1"
  expect_ok
  expect_output one
  expect_rootfs_untouched
  expect_eq "$(cat "$layer/driver")" "$1"
  # The same driver goes on where the first container ended, without being named, too.
  script 'cat /new; ls -A /dir; stat -c %a /dir/newer; rm /new; ls /dir/file'
  run_ct --overlay="$layer"
  expect_status 1
  expect_output $'two\nlink\nnewer\nsymlink\n640\nls: /dir/file: No such file or directory'
  expect_eq "$(overlay_kind --overlay="$layer")" "$1"
  script 'ls /new'
  config --arg layer "$layer" '.annotations["run.oci.overlay"] = $layer'
  run_ct
  expect_status 1
  # The formats differ.
  run --separate-stderr runc run --bundle "$BUNDLE" --overlay="$layer" --overlay-driver=$other "$CT"
  expect_error 1 "--overlay-driver=$other: the layer '.*' was written by .*"
  expect_rootfs_untouched
}

@test "overlay: the kernel: a layer that is kept goes on" {
  can_use_both
  kept kernel
}

@test "overlay: fuse: a layer that is kept goes on" {
  can_use_both
  kept fuse
}

# A layer on a disk that is removed with the container, whatever that has left in it.
placed() {
  local delay
  mkdir place
  config '.process.capabilities |= with_entries(.value += ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"])'
  script "$change
mkdir -p /x/y/z; touch /x/y/z/file; chown -R 3:4 /x 2>/dev/null || true; chmod 000 /x/y/z /x/y
at=; for n in \$(seq 600); do at=\$at/d; done; mkdir -p \$at"
  run_ct --overlay-place=place --overlay-driver="$1"
  expect_ok
  expect_output one
  expect_rootfs_untouched
  expect_eq "$(ls -A place)" ''
  sleeper
  config --arg place "$PWD/place" '.annotations["run.oci.overlay.place"] = $place'
  start_ct --overlay-driver="$1"
  runc exec "$CT" sh -c 'echo exec >/dir/file; mkdir /own; chown 3:4 /own || true' 2>/dev/null
  expect_eq "$(cat "place/runc-layer-$CT-"*/upper/dir/file)" exec
  run runc delete --force "$CT"
  expect_ok
  expect_eq "$(ls -A place)" ''
  # What the runtime has made and could not remove, delete removes.
  for delay in 2000 4000 6000 9000 14000; do
    "$TESTHELPER" kill-after $delay -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay-driver="$1" "$CT" \
      >/dev/null 2>&1 </dev/null 3>&- || true
    run runc delete --force "$CT"
    expect_ok
    expect_eq "$(ls -A place)" ''
  done
  script 'true'
  : >place/file
  run --separate-stderr runc run --bundle "$BUNDLE" --overlay-place=place/file --overlay-driver="$1" "$CT-2"
  expect_error 1 "cannot make the layer '.*/place/file/runc-layer-$CT-2-[0-9a-f]*': not a directory"
  expect_eq "$(ls -A place)" file
}

@test "overlay: the kernel: a layer on a disk, removed with the container" {
  can_use_kernel
  placed kernel
}

@test "overlay: fuse: a layer on a disk, removed with the container" {
  can_use_fuse
  placed fuse
}

lowers() {
  mkdir -p one/dir "two:2/dir" "two:2/more"
  echo one >one/dir/file
  echo one >one/dir/one
  echo two >two:2/dir/one
  echo two >two:2/more/two
  script 'cat /dir/file /dir/one /more/two; rm /dir/one; echo x >/more/two; ls /dir'
  run_ct --overlay-lower=one --overlay-lower="two:2" --overlay-driver="$1"
  expect_ok
  expect_output $'lower\none\ntwo\nfile'
  expect_eq "$(cat one/dir/one two:2/dir/one two:2/more/two)" $'one\ntwo\ntwo'
  mkdir "$BUNDLE/third"
  echo three >"$BUNDLE/third/three"
  config --arg dir "$TEST_DIR" '.annotations["run.oci.overlay.lower"] = $dir + "/one:third"'
  script 'cat /dir/one /three'
  run_ct --overlay-driver="$1"
  expect_ok
  expect_output $'one\nthree'
  run --separate-stderr runc run --bundle "$BUNDLE" --overlay-lower=/nowhere --overlay-driver="$1" "$CT"
  expect_error 1 '/nowhere.* no such file or directory'
}

@test "overlay: the kernel: several lower layers" {
  can_use_kernel
  lowers kernel
}

@test "overlay: fuse: several lower layers" {
  can_use_fuse
  lowers fuse
}

read_only() {
  echo outside >file
  config --arg file "$PWD/file" '.root.readonly = true
    | .mounts += [{"destination": "/not/there/yet", "type": "bind", "source": $file, "options": ["bind"]}]'
  script 'cat /not/there/yet; echo x >/new'
  run_ct --overlay --overlay-driver="$1"
  expect_status 1
  expect_match '^outside' "$output"
  expect_match 'Read-only file system' "$output"
  [[ ! -e $BUNDLE/rootfs/not ]]
}

@test "overlay: the kernel: a read-only root, with what mounts need made in it" {
  can_use_kernel
  read_only kernel
}

@test "overlay: fuse: a read-only root, with what mounts need made in it" {
  can_use_fuse
  read_only fuse
}

# Files of other ids, in memory and on the disk, whose owner is kept when they are copied up.
ids() {
  many_ids
  chmod 1777 "$BUNDLE/rootfs/dir"
  script 'echo 1 >/dir/of1000; chown 1000:1001 /dir/of1000; mkdir /d; chown 3:4 /d; stat -c "%u:%g" /dir/of1000 /d'
  run_ct --overlay="$TEST_DIR/layer" --overlay-driver="$1"
  expect_ok
  expect_output $'1000:1001\n3:4'
  config '.process.user = {"uid": 1000, "gid": 1001}'
  script 'echo 2 >>/dir/of1000; cat /dir/of1000; echo 3 >/dir/mine; stat -c %u:%g /dir/mine; echo x >/dir/file'
  run_ct --overlay="$TEST_DIR/layer" --overlay-driver="$1"
  expect_status 1
  expect_match $'^1\n2\n1000:1001\n.*/dir/file: Permission denied' "$output"
  # The files of other ids are not ours to remove.
  config '.process.user = {"uid": 0, "gid": 0}'
  config --arg dir "$TEST_DIR" '.mounts += [{"destination": "/mnt", "type": "bind", "source": $dir, "options": ["bind"]}]'
  script 'rm -rf /mnt/layer'
  run_ct
  expect_ok
}

# bats test_tags=no:single,no:userns
@test "overlay: the kernel: files of many ids" {
  can_use_kernel
  config '.process.capabilities |= with_entries(.value += ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"])'
  ids kernel
}

# bats test_tags=no:single,no:userns
@test "overlay: fuse: files of many ids" {
  can_use_fuse
  config '.process.capabilities |= with_entries(.value += ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"])'
  ids fuse
}

executes() {
  sleeper
  start_ct --overlay --overlay-driver="$1"
  run runc exec "$CT" sh -c 'cat /dir/file; echo exec >/dir/file'
  expect_ok
  expect_output lower
  run runc exec "$CT" cat /dir/file
  expect_output exec
  expect_rootfs_untouched
  run runc delete --force "$CT"
  expect_ok
}

@test "overlay: the kernel: exec works in it" {
  can_use_kernel
  executes kernel
}

@test "overlay: fuse: exec works in it" {
  can_use_fuse
  executes fuse
}

# All that programs do with files.
all_operations() {
  mkdir -p "$BUNDLE/rootfs/ops/dir"
  echo lower >"$BUNDLE/rootfs/ops/lower"
  echo below >"$BUNDLE/rootfs/ops/dir/below"
  cp "$RUNC_BUILDDIR/tests/lib/file-ops" "$BUNDLE/rootfs/bin/"
  args file-ops /ops
  run_ct --overlay --overlay-driver="$1"
  expect_output ''
  expect_ok
  run_ct --overlay="$TEST_DIR/layer" --overlay-driver="$1"
  expect_output ''
  expect_ok
  # The kernel leaves a directory that nobody may enter, with something in it.
  "$RUNC" unshare rm -rf layer
  [[ ! -e layer ]]
}

@test "overlay: the kernel: all operations" {
  can_use_kernel
  all_operations kernel
}

@test "overlay: fuse: all operations, under the filter of the server" {
  can_use_fuse
  all_operations fuse
}

# ---------------------------------------------------------------- the server

@test "overlay: fuse: the server sees the layers alone, and has few rights" {
  can_use_fuse
  sleeper
  start_ct --overlay="$TEST_DIR/layer" --overlay-driver=fuse
  server=$(servers)
  expect_eq "$(readlink "/proc/$server/exe" | sed 's|.*/||')" fuse-overlayfs
  status=$(cat "/proc/$server/status")
  expect_match $'NoNewPrivs:\t1' "$status"
  # The filter itself: tests/unit/test-overlay-filter.
  expect_match $'Seccomp:\t2' "$status"
  expect_eq "$(sed -n 's/^CapEff:\t0*//p' <<<"$status")" "$(printf %x $((1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 27 | 1 << 31)))"
  # Names of namespaces can be read by who owns them; what is in the root only by who has entered it.
  for ns in mnt pid net ipc; do
    [[ $(as_owner readlink "/proc/$server/ns/$ns") != "$(readlink /proc/self/ns/$ns)" ]] || fail "$ns is ours"
    [[ $(as_owner readlink "/proc/$server/ns/$ns") != "$(as_owner readlink "/proc/$(state_of "$CT" .pid)/ns/$ns")" ]] ||
      fail "$ns is the container's"
  done
  expect_eq "$(as_owner sh -c "ls -A /proc/$server/root | grep -vxE 'usr|bin|sbin|lib|lib[3x6][24]|nix|gnu|etc' | xargs")" \
    "fuse-overlayfs layer lower proc"
  expect_eq "$(as_owner ls -A "/proc/$server/root/lower/0" | xargs)" "$(ls -A "$BUNDLE/rootfs" | xargs)"
  expect_eq "$(as_owner sh -c "ls -A /proc/$server/root/proc | grep -c '^[0-9]'")" 1
  # It is no process of the container.
  expect_no_match "(^|[^0-9])$server([^0-9]|$)" "$(runc ps --format json "$CT")"
  run runc exec "$CT" sh -c 'ls /proc | grep "^[0-9]" | while read -r pid; do cat /proc/$pid/comm; done'
  expect_no_match fuse
  run runc delete --force "$CT"
  expect_ok
  wait_gone "$server"
}

# as_owner COMMAND...: in the user namespace of the container, where the server's secrets can be seen.
as_owner() {
  if as_root; then "$@"; else nsenter --preserve-credentials --user="/proc/$(state_of "$CT" .pid)/ns/user" "$@"; fi
}

@test "overlay: fuse: the server ends with the container, however that ends" {
  can_use_fuse
  sleeper
  start_ct --overlay --overlay-driver=fuse
  server=$(servers)
  runc kill "$CT" TERM
  await_status "$CT" stopped
  wait_gone "$server"
  run runc delete "$CT"
  expect_ok

  start_ct --overlay --overlay-driver=fuse
  server=$(servers)
  kill -KILL "$(state_of "$CT" .pid)"
  wait_gone "$server"
  run runc delete "$CT"
  expect_ok

  create_ct --overlay --overlay-driver=fuse
  server=$(servers)
  run runc delete --force "$CT"
  expect_ok
  wait_gone "$server"
}

@test "overlay: fuse: a server that is killed or stopped does not keep a container from being deleted" {
  can_use_fuse
  script ': >/dev/shm/ready; while :; do cat /dir/file >/dev/null; rm -f /x; echo 1 >/x; done 2>/dev/null'
  start_ct --overlay --overlay-driver=fuse
  server=$(servers)
  kill -KILL "$server"
  wait_gone "$server"
  run runc exec "$CT" ls /
  ((status != 0)) || fail "the file system is still there"
  run runc delete --force "$CT"
  expect_ok

  start_ct --overlay --overlay-driver=fuse
  server=$(servers)
  kill -STOP "$server"
  run runc delete --force "$CT"
  expect_ok
  wait_gone "$server"
  [[ ! -e $STATE/$CT ]]
}

@test "overlay: fuse: a runtime that is killed leaves nothing that delete does not remove" {
  can_use_fuse
  args sleep 1000
  for delay in 3000 7000 11000 16000 25000; do
    "$TESTHELPER" kill-after $delay -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay --overlay-driver=fuse "$CT" \
      >/dev/null 2>&1 </dev/null 3>&- || true
    run runc delete --force "$CT"
    expect_ok
    left=$(leftovers leftovers -t 10) || fail "left after a kill at $delay us: $left"
  done
}

# A program in place of fuse-overlayfs.
fake_server() {
  mkdir -p bin
  printf '#!/bin/sh\n%s\n' "$1" >bin/fuse-overlayfs
  chmod +x bin/fuse-overlayfs
}

@test "overlay: fuse: what is missing is said, and what fails" {
  can_use_fuse
  script 'echo ran'
  fake_server 'echo "first words" >&2; echo "oh no" >&2; exit 1'
  PATH=$PWD/bin:$PATH run --separate-stderr runc run --bundle "$BUNDLE" --overlay --overlay-driver=fuse "$CT"
  expect_error 1 "--overlay: fuse-overlayfs does not serve the overlay: oh no \(see 'runc doctor --check fuse-overlayfs'\)"
  fake_server 'exit 0'
  PATH=$PWD/bin:$PATH run --separate-stderr runc run --bundle "$BUNDLE" --overlay --overlay-driver=fuse "$CT"
  expect_error 1 "--overlay: fuse-overlayfs does not serve the overlay"
  rm bin/fuse-overlayfs
  run --separate-stderr env PATH="$PWD/bin" "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay --overlay-driver=fuse "$CT"
  expect_error 1 "--overlay-driver=fuse: fuse-overlayfs is not installed \(see 'runc doctor --check fuse-overlayfs'\)"
  [[ ! -e $STATE/$CT ]]
}

@test "overlay: fuse: in two containers at once, and one beside the kernel's" {
  can_use_both
  sleeper
  start_ct --overlay --overlay-driver=fuse
  first=$CT
  CT=$CT-b
  start_ct --overlay --overlay-driver=fuse
  runc exec "$first" sh -c 'echo first >/dir/file'
  run runc exec "$CT" cat /dir/file
  expect_output lower
  CT=$CT-c
  script 'cat /dir/file'
  run_ct --overlay --overlay-driver=kernel
  expect_output lower
  CT=$first
  run runc delete --force "$first" "$first-b"
  expect_ok
}

# ---------------------------------------------------------------- mounts, other maps, other places

mounts() {
  mkdir -p low/d low2 layer/up layer/work
  echo low >low/d/file
  echo low2 >low2/file2
  config --arg dir "$PWD" '.mounts += [{"destination": "/mnt/a", "type": "overlay", "source": "overlay",
    "options": ["lowerdir=\($dir)/low:\($dir)/low2,upperdir=\($dir)/layer/up", "workdir=\($dir)/layer/work"]},
    {"destination": "/mnt/b", "type": "overlay", "options": ["lowerdir=\($dir)/low:\($dir)/low2", "ro", "noexec"]}]'
  script 'cat /mnt/a/d/file /mnt/a/file2 /mnt/b/d/file; echo up >/mnt/a/d/file; cat /mnt/a/d/file; cat /mnt/b/d/file
    grep " /mnt/b " /proc/self/mountinfo | cut -d" " -f6; ! echo x 2>/dev/null >/mnt/b/x'
  run_ct "${@:2}" --overlay-driver="$1"
  expect_ok
  expect_match $'^low\nlow2\nlow\nup\nlow\nro,(nosuid,nodev,)?noexec,relatime$' "$output"
  expect_eq "$(cat low/d/file layer/up/d/file)" $'low\nup'
}

@test "overlay: the kernel: mounts of config.json" {
  can_use_kernel
  mounts kernel
}

@test "overlay: fuse: mounts of config.json, also on a root of its own" {
  can_use_fuse
  mounts fuse
  rm -rf low low2 layer
  config 'del(.mounts[-1], .mounts[-1])'
  mounts fuse --overlay
}

# bats test_tags=no:user,no:userns,no:single
@test "overlay: a container of root with a user namespace" {
  can_use_both
  config '.linux.namespaces += [{"type": "user"}]
    | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
  chown -R 100000:100000 "$BUNDLE/rootfs"
  for driver in kernel fuse; do
    ephemeral $driver
    script 'echo kept >/dir/kept; stat -c %u /dir/kept'
    run_ct --overlay="$TEST_DIR/layer-$driver" --overlay-driver=$driver
    expect_ok
    expect_output 0
    expect_eq "$(stat -c %u "layer-$driver/upper/dir/kept")" 100000
    executes $driver
  done
}

# bats test_tags=no:single,no:userns,no:root,no:root-v2
@test "overlay: a map in which the user's own id is not root's" {
  can_use_both
  uid=$(awk -F: -v name="$USER_NAME" '$1 == name { print $2; exit }' /etc/subuid)
  gid=$(awk -F: -v name="$USER_NAME" '$1 == name { print $2; exit }' /etc/subgid)
  config --argjson uid "$uid" --argjson gid "$gid" '
    .linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 65536}]'
  chmod -R o+rX "$BUNDLE/rootfs"
  script 'cat /dir/file; echo new >/new; stat -c %u:%g /new /dir/file'
  chmod o+w "$BUNDLE/rootfs"
  for driver in kernel fuse; do
    run_ct --overlay --overlay-driver=$driver
    expect_output $'lower\n0:0\n65534:65534'
    expect_ok
  done
  # A file whose owner the container does not have cannot be copied up.
  chmod o+w "$BUNDLE/rootfs/dir/file"
  script 'echo x >/dir/file'
  run_ct --overlay --overlay-driver=kernel
  expect_status 1
  expect_match 'Value too large'
}

# bats test_tags=no:userns,no:root,no:root-v2
@test "overlay: by itself for a rootfs that is not writable" {
  can_use_both
  needs_of_machine "there is no /usr/bin/busybox" /usr/bin/busybox true
  config '.root.path = "/usr" | .process.args = ["/bin/busybox", "sh", "-c", "echo x >/new; /bin/busybox cat /new"]'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output x
  expect_match "root.path: '/usr' is not writable for you" "$stderr"
  [[ ! -e /usr/new ]]
}

@test "overlay: a directory on an overlay is fuse-overlayfs' to write" {
  can_use_both
  mkdir -p place/{lower,upper,work,merged}
  script 'rm -r /dir; mkdir /dir; echo x >/dir/x; ls /dir'
  run --separate-stderr in_overlay --overlay-driver=kernel
  expect_error 1 "--overlay-driver=kernel: the layer '.*/merged/layer' is on an overlay, which the kernel cannot use for one"
  run --separate-stderr in_overlay
  expect_ok
  expect_output x
  expect_match '(^| )fuse( |$)' "$(cat place/upper/layer/driver)"
}

# unshared COMMAND...: as root of a mount namespace, for the ids of whom the configuration is changed.
unshared() {
  local options=(--mount)
  as_root || options+=(--map-root-user)
  as_root || config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
  unshare "${options[@]}" "$@"
}

# Run $CT with a layer on an overlay of the kernel.
in_overlay() {
  (($# > 0)) || set -- --overlay-driver=auto
  unshared sh -ec 'mount -t overlay -o "lowerdir=place/lower,upperdir=place/upper,workdir=place/work$1" overlay place/merged
    shift
    exec "$@"' sh "$(as_root || echo ,userxattr)" \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay="$PWD/place/merged/layer" "$@" "$CT"
}

@test "overlay: a directory on a filesystem without attributes" {
  can_use_fuse
  mkdir place
  script 'rm -r /dir; mkdir /dir; echo x >/dir/x; ls /dir'
  run --separate-stderr unshared sh -ec 'mount -t ramfs ramfs place; exec "$@"' sh \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay="$PWD/place/layer" --overlay-driver=kernel "$CT"
  expect_error 1 "the layer '.*/place/layer' is on a filesystem without extended attributes"
  run --separate-stderr unshared sh -ec 'mount -t ramfs ramfs place; exec "$@"' sh \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay="$PWD/place/layer" "$CT"
  expect_ok
  expect_output x
}

@test "overlay: the plan names the driver, and the doctor agrees" {
  can_use_both
  expect_eq "$(overlay_kind --overlay --overlay-driver=fuse)" fuse
  expect_eq "$(overlay_kind --overlay --overlay-driver=kernel)" kernel
  case $("$RUNC" doctor --json --check overlay | jq -r '.[0].status') in
  ok) expect_eq "$(overlay_kind --overlay)" kernel ;;
  *) expect_eq "$(overlay_kind --overlay)" fuse ;;
  esac
  expect_eq "$("$RUNC" doctor --json --check fuse-overlayfs | jq -r '.[0].status')" ok
}
