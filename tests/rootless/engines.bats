#!/usr/bin/env bats
# Engines that call the runtime: podman and buildah, as an ordinary user and as root.
#
# Limits are lowered, because root here may not be allowed to raise them.
# Cgroups are made by the runtime, or by systemd where the runtime is to ask it.
# bats file_tags=no:userns,no:single

load ../lib/helpers

# The unified hierarchy of root-v2 may have no controllers, which podman needs.
have_controllers() {
  [[ ! -f /sys/fs/cgroup/cgroup.controllers ]] || grep -qw memory /sys/fs/cgroup/cgroup.controllers
}

# What every call of an engine of these tests gets: the runtime under test, a storage of our own.
engine_env() {
  env -u RUNC_TEST_ID XDG_RUNTIME_DIR="$ENGINE_RUNTIME_DIR" CONTAINERS_CONF="$ENGINE_DIR/containers.conf" \
    CONTAINERS_STORAGE_CONF="$ENGINE_DIR/storage.conf" TMPDIR="$ENGINE_DIR/var" "$@"
}

podman() { engine_env podman --log-level error "$@"; }

# One storage with one image for all tests of this file.
setup_file() {
  local applet manager=cgroupfs
  command -v podman >/dev/null && have_controllers || return 0
  # A short path: with a long one podman misses the end of a container, and waits 20 s for it.
  ENGINE_DIR=$(mktemp -d /tmp/e.XXXXXX)
  export ENGINE_DIR ENGINE_RUNTIME_DIR=$ENGINE_DIR/run
  ! in_session || ENGINE_RUNTIME_DIR=$XDG_RUNTIME_DIR
  ! with_systemd || manager=systemd
  mkdir -p "$ENGINE_DIR"/{var,rootfs/bin,rootfs/etc}
  mkdir -m 700 "$ENGINE_DIR/run"
  chmod 755 "$ENGINE_DIR"
  cat >"$ENGINE_DIR/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=512:512", "nproc=500:500"]
[engine]
runtime = "runc"
cgroup_manager = "$manager"
events_logger = "file"
tmp_dir = "$ENGINE_DIR/run/libpod"
[engine.runtimes]
runc = ["$RUNC"]
EOF
  cat >"$ENGINE_DIR/storage.conf" <<EOF
[storage]
driver = "vfs"
graphroot = "$ENGINE_DIR/root"
rootless_storage_path = "$ENGINE_DIR/root"
runroot = "$ENGINE_DIR/run/storage"
EOF
  cp "$(command -v busybox)" "$ENGINE_DIR/rootfs/bin/busybox"
  for applet in sh cat id echo sleep grep readlink stat test dd wc; do
    ln -s busybox "$ENGINE_DIR/rootfs/bin/$applet"
  done
  echo root:x:0:0:root:/root:/bin/sh >"$ENGINE_DIR/rootfs/etc/passwd"
  tar -C "$ENGINE_DIR/rootfs" --owner=0 --group=0 -cf "$ENGINE_DIR/image.tar" .
  podman import "$ENGINE_DIR/image.tar" busybox >"$ENGINE_DIR/import.log" 2>&1 || { cat "$ENGINE_DIR/import.log"; return 1; }
}

teardown_file() {
  [[ -n ${ENGINE_DIR:-} ]] || return 0
  if ((EUID != 0)); then
    # Layers belong to subordinate ids, and podman keeps a process that holds its user namespace.
    podman unshare rm -rf "$ENGINE_DIR/root"
    find "$ENGINE_DIR/run" -name pause.pid -exec cat {} + | xargs -r kill
  fi
  rm -rf "$ENGINE_DIR"
}

setup() {
  common_setup
  needs podman
  needs_of_machine "no controllers in the hierarchy" have_controllers
  # Podman's default for root would not be below our own cgroup.
  own_cgroups=()
  ! as_root || with_systemd || own_cgroups=(--cgroup-parent "/$CT-parent")
}

# podman_run OPTIONS...: a container without network.
podman_run() {
  podman run --network none "${own_cgroups[@]}" --name "$CT" --env "RUNC_TEST_ID=$CT" "$@"
}

no_cgroups() {
  leftover_cgroups | xargs -r rmdir
  [[ -z $(leftover_cgroups) ]]
}

teardown() {
  podman rm --force --time 0 "$CT" >/dev/null 2>&1 || true
  # Podman leaves the parent cgroup, with the one where its monitor was.
  ! as_root || wait_for no_cgroups
  common_teardown
}

@test "podman: run, with its output and status" {
  run podman_run --rm busybox sh -c 'echo hello; exit 7'
  expect_status 7
  expect_output hello
}

@test "podman: run with stdin" {
  run podman_run --rm --interactive busybox cat <<<"typed"
  expect_ok
  expect_output typed
}

@test "podman: run --detach, exec, logs, inspect, stop" {
  podman_run --detach busybox sh -c 'echo started; trap "exit 5" TERM; while :; do sleep 0.05; done' >id 3>&-
  run podman exec "$CT" sh -c 'echo in exec; exit 3'
  expect_status 3
  expect_output "in exec"
  logged() { podman logs "$CT" | grep -qx started; }
  wait_for logged
  expect_eq "$(podman inspect --format '{{.State.Status}}' "$CT")" running
  run podman stop --time 5 "$CT"
  expect_ok
  expect_eq "$(podman inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$CT")" "exited 5"
  run podman rm "$CT"
  expect_ok
}

@test "podman: create, start --attach" {
  run podman create --network none --name "$CT" "${own_cgroups[@]}" busybox echo attached
  expect_ok
  run podman start --attach "$CT"
  expect_ok
  expect_output attached
}

@test "podman: a user, a directory, a volume, an environment" {
  mkdir data
  echo content >data/file
  run podman_run --rm --user 1000:1000 --workdir /etc --volume "$TEST_DIR/data:/data:ro" --env A=b busybox \
    sh -c 'id -u; id -g; pwd; cat /data/file; echo $A'
  expect_ok
  expect_output $'1000\n1000\n/etc\ncontent\nb'
}

@test "podman: a terminal" {
  run engine_env "$TESTHELPER" tty-run 'expect=# ' 'send=echo $((40 + 2)); exit 4\n' expect=42 -- \
    podman run --rm --tty --interactive --network none "${own_cgroups[@]}" --name "$CT" busybox sh
  expect_status 4
}

@test "podman: a command that is not there has podman's own status" {
  run -127 podman_run --rm busybox no-such-program
  expect_match 'no-such-program'
  run -126 podman_run --rm busybox /etc/passwd
}

@test "podman: kill" {
  podman_run --detach busybox sleep 1000 >/dev/null 3>&-
  run podman kill "$CT"
  expect_ok
  run podman wait "$CT"
  expect_output 137
}

@test "podman: read-only, with a tmpfs, with capabilities and seccomp" {
  run podman_run --rm --read-only --tmpfs /work --cap-drop all --cap-add chown busybox \
    sh -c ': >/work/file && grep ^CapEff /proc/self/status && grep ^Seccomp: /proc/self/status; : >/file'
  expect_status 1
  expect_match $'CapEff:\t0000000000000001'
  expect_match $'Seccomp:\t2'
  expect_match 'Read-only file system'
}

# Engines start a container in two steps, and the second one comes behind the filter.
@test "podman: a profile that is older than the system calls of today" {
  local options
  jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO", errnoRet: 1, names: ["openat2", "close_range",
    "faccessat2", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr", "clone3", "pidfd_open"]}]}' >profile.json
  for options in '' '--security-opt no-new-privileges' '--user 7'; do
    # shellcheck disable=SC2086
    run podman_run --rm --security-opt "seccomp=$TEST_DIR/profile.json" $options busybox echo hello
    expect_ok
    expect_output hello
  done
}

@test "podman: a hook without an environment has the engine's" {
  mkdir hooks
  printf '#!/bin/sh\nprintenv PATH >"%s/seen"\n' "$TEST_DIR" >hook.sh
  chmod +x hook.sh
  jq -n --arg path "$TEST_DIR/hook.sh" '{version: "1.0.0", hook: {path: $path}, when: {always: true}, stages: ["createRuntime"]}' >hooks/hook.json
  run podman --hooks-dir "$TEST_DIR/hooks" run --rm --network none "${own_cgroups[@]}" --name "$CT" busybox echo hello
  expect_ok
  [[ -s seen ]]
}

@test "podman: a volume that nothing is copied to" {
  podman volume create "$CT" >/dev/null
  run podman_run --rm --volume "$CT:/etc:nocopy" busybox sh -c 'test -e /etc/passwd; echo $?'
  podman volume rm --force "$CT" >/dev/null
  expect_ok
  expect_output 1
}

# bats test_tags=no:user
@test "podman: devices under another name, in a user namespace, and its own" {
  run podman_run --rm --uidmap 0:100000:1000 --device /dev/zero:/dev/other/zero busybox \
    sh -c 'stat -c "%F %u:%g" /dev/other/zero; dd if=/dev/other/zero bs=3 count=1 2>/dev/null | wc -c'
  expect_ok
  expect_eq "${lines[0]} ${lines[1]}" "character special file 0:0 3"
}

@test "podman: host network" {
  run podman run --rm --network host "${own_cgroups[@]}" --name "$CT" busybox readlink /proc/self/ns/net
  expect_ok
  expect_match '^net:\['
}

@test "podman: a health check runs" {
  podman_run --detach --health-cmd 'test -e /etc/passwd' --health-interval disable busybox sleep 1000 >/dev/null 3>&-
  run podman healthcheck run "$CT"
  expect_ok
}

# bats test_tags=no:user
@test "podman: as root, in the cgroup that it was given" {
  local expected=$CT-parent
  ! with_systemd || expected='/machine\.slice/libpod-[0-9a-f]+\.scope'
  run podman_run --rm --cgroupns host busybox cat /proc/self/cgroup
  expect_ok
  expect_match "$expected"
}

# run_nested OPTIONS...: in a container, the runtime runs the bundle of the test.
run_nested() {
  run podman_run --rm --volume "$RUNC:/bin/runc:ro" --volume "$BUNDLE:/inner" "$@" busybox \
    runc --root /tmp/state run --bundle /inner inner
}

@test "podman: the runtime inside, which is told how to start the outer one" {
  needs_static
  bundle
  config 'del(.linux.uidMappings, .linux.gidMappings, .process.rlimits)'
  args cat /proc/self/uid_map
  run_nested
  expect_status 1
  expect_match 'podman run --security-opt unmask=ALL'
  run_nested --security-opt unmask=ALL
  expect_ok
  expect_match "^ +0 +0 +[1-9]"
}

@test "buildah: build with a RUN step" {
  needs buildah
  mkdir build
  printf 'FROM localhost/busybox\nRUN echo made >/made && id -u >>/made\n' >build/Containerfile
  run engine_env buildah build --runtime "$RUNC" --isolation oci --network none "${own_cgroups[@]}" -t "$CT" build
  expect_ok
  run podman_run --rm "$CT" cat /made
  expect_ok
  expect_output $'made\n0'
}

# ---------------------------------------------------------------- checkpoints

# with_criu: for root, and where there is a criu that works. Prepended to $PATH, since podman asks for it, too.
with_criu() {
  local dir
  dir=$("$RUNC_SRCDIR/contrib/criu.sh" 2>why) || skip "this machine: no criu that works ($(<why))"
  PATH=$dir:$PATH
}

# count_in NAME: how far the container has counted.
count_in() { podman exec "$1" cat /dev/shm/count; }
counts_in() { (($(count_in "$1") > $2)); }

says_beyond() { (($(podman logs "$CT" | tail -n 1) > $1)); }

# counting OPTIONS...: a container that counts in its memory.
counting() {
  podman_run --detach "$@" busybox sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/count; echo $i; sleep 0.05; done' >id 3>&-
  wait_for counts_in "$CT" 5
}

# bats test_tags=no:user
@test "podman: container checkpoint and restore" {
  local before
  with_criu
  counting
  podman container checkpoint "$CT" 3>&-
  expect_eq "$(podman inspect --format '{{.State.Status}} {{.State.Checkpointed}}' "$CT")" "exited true"
  before=$(podman logs "$CT" | tail -n 1)
  podman container restore "$CT" 3>&-
  expect_eq "$(podman inspect --format '{{.State.Status}}' "$CT")" running
  wait_for counts_in "$CT" "$before"
  # What it says gets to the engine's log again.
  wait_for says_beyond "$before"
  podman stop --time 0 "$CT"
}

# bats test_tags=no:user
@test "podman: container checkpoint --leave-running --export, and a restore under another name" {
  with_criu
  counting
  podman container checkpoint --leave-running --export "$PWD/checkpoint.tar" "$CT" 3>&-
  expect_eq "$(podman inspect --format '{{.State.Status}}' "$CT")" running
  podman rm --force --time 0 "$CT"
  podman container restore --import "$PWD/checkpoint.tar" --name "$CT" 3>&-
  expect_eq "$(podman inspect --format '{{.State.Status}}' "$CT")" running
  wait_for counts_in "$CT" 5
}
