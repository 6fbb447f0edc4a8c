#!/usr/bin/env bats
# Engines with a daemon, which call the runtime through containerd's shim: containerd itself, and Docker. Each
# daemon runs in a mount, a pid and a network namespace of its own, so that nothing of it can stay. (systemd has to
# know its processes: no pid namespace where that makes the cgroups.)
#
# bats file_tags=ours,no:user,no:single,no:userns

load ../lib/helpers
load cgroup

# The unified hierarchy of root-v2 may have no controllers, which both engines need.
have_controllers() { ! unified || grep -qw memory /sys/fs/cgroup/cgroup.controllers; }

# One of each, with one image, for all tests of this file.
setup_file() {
  local applet driver=cgroupfs
  command -v containerd dockerd >/dev/null && have_controllers || return 0
  ! with_systemd || driver=systemd
  DAEMON_DIR=$(mktemp -d /tmp/d.XXXXXX)
  export DAEMON_DIR
  cd "$DAEMON_DIR"
  mkdir -p rootfs/{bin,etc}
  mkdir -m 1777 rootfs/tmp
  cp "$(command -v busybox)" rootfs/bin/busybox
  for applet in sh cat id echo sleep ps tty grep; do
    ln -s busybox "rootfs/bin/$applet"
  done
  echo root:x:0:0:root:/root:/bin/sh >rootfs/etc/passwd
  cat >containerd.toml <<TOML
version = 2
root = "$DAEMON_DIR/containerd"
state = "$DAEMON_DIR/containerd-run"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$DAEMON_DIR/containerd.sock"
[ttrpc]
  address = "$DAEMON_DIR/containerd.ttrpc"
TOML
  echo '{}' >docker.json
  daemon containerd containerd --config "$DAEMON_DIR/containerd.toml"
  daemon docker dockerd --config-file "$DAEMON_DIR/docker.json" --data-root "$DAEMON_DIR/docker" \
    --exec-root "$DAEMON_DIR/docker-run" --pidfile "$DAEMON_DIR/docker.pid" --host "unix://$DAEMON_DIR/docker.sock" \
    --exec-opt "native.cgroupdriver=$driver" --bridge none --iptables=false --ip6tables=false --storage-driver vfs \
    --add-runtime "ours=$RUNC" --default-runtime ours
  wait_for -t 60 ctr version && wait_for -t 60 docker version || { tail -n 20 ./*.log >&2; return 1; }
  tar -C rootfs --owner=0 --group=0 -c . | docker import - busybox >import.log
}

# daemon NAME COMMAND...
daemon() {
  local name=$1 hide=() namespaces=(--mount --net --pid --fork --mount-proc --kill-child)
  shift
  ! with_systemd || namespaces=(--mount --net)
  # dockerd would take the containerd of the machine if there is one.
  [[ $name != docker || ! -d /run/containerd ]] || hide=(sh -c 'mount -t tmpfs tmpfs /run/containerd && exec "$@"' -)
  env -u RUNC_TEST_ID unshare "${namespaces[@]}" "${hide[@]}" "$@" \
    </dev/null >"$DAEMON_DIR/$name.log" 2>&1 3>&- 4>&- &
  echo $! >>"$DAEMON_DIR/pids"
}

teardown_file() {
  [[ -n ${DAEMON_DIR:-} ]] || return 0
  if with_systemd; then
    xargs -r kill <"$DAEMON_DIR/pids"
    wait_for not xargs kill -0 <"$DAEMON_DIR/pids"
  else
    xargs -r kill -KILL <"$DAEMON_DIR/pids"
  fi
  rm -rf "$DAEMON_DIR"
}

ctr() { timeout $((60 * SLOW)) ctr --address "$DAEMON_DIR/containerd.sock" "$@" </dev/null; }
docker() { timeout $((60 * SLOW)) docker --host "unix://$DAEMON_DIR/docker.sock" "$@"; }

# ctr_run OPTIONS... -- COMMAND...: as $CT, in a cgroup of this test.
ctr_run() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  if with_systemd; then
    options+=(--runc-systemd-cgroup --cgroup "system.slice:ctr:$CT")
  else
    options+=(--cgroup "/$CT-parent/ct")
  fi
  ctr run --runc-binary "$RUNC" --env "RUNC_TEST_ID=$CT" "${options[@]}" --rootfs "$DAEMON_DIR/rootfs" "$CT" "$@"
}

docker_run() { docker run "${own_cgroups[@]}" --name "$CT" --env "RUNC_TEST_ID=$CT" "$@"; }

setup() {
  common_setup
  needs containerd ctr dockerd docker
  needs_of_machine "no controllers in the hierarchy" have_controllers
  own_cgroups=()
  with_systemd || own_cgroups=(--cgroup-parent "/$CT-parent")
}

no_cgroups() {
  leftover_cgroups | xargs -r rmdir
  [[ -z $(leftover_cgroups) ]]
}

teardown() {
  docker rm --force "$CT" >/dev/null 2>&1 || true
  ctr task kill --signal KILL "$CT" >/dev/null 2>&1 || true
  ctr task rm --force "$CT" >/dev/null 2>&1 || true
  ctr container rm "$CT" >/dev/null 2>&1 || true
  # The parent cgroup stays with every runtime.
  wait_for no_cgroups
  common_teardown
}

@test "containerd: run, with its output and status" {
  run ctr_run --rm -- sh -c 'echo hello; exit 7'
  expect_status 7
  expect_output hello
}

@test "containerd: run detached, exec, pause, resume, ps, kill, delete" {
  ctr_run --detach -- sleep 1000 >/dev/null 3>&-
  run ctr task exec --exec-id e1 "$CT" sh -c 'echo in exec; exit 3'
  expect_status 3
  expect_output "in exec"
  ctr task pause "$CT"
  expect_match "$CT +[0-9]+ +PAUSED" "$(ctr task ls)"
  ctr task resume "$CT"
  expect_match "$CT +[0-9]+ +RUNNING" "$(ctr task ls)"
  run ctr task ps "$CT"
  expect_match "^PID +INFO"
  ctr task kill --signal KILL "$CT"
  stopped() { [[ $(ctr task ls) =~ $CT\ +[0-9]+\ +STOPPED ]]; }
  wait_for stopped
  run ctr task rm "$CT"
  expect_match "137"
}

@test "containerd: limits" {
  run ctr_run --rm --memory-limit 20000000 -- cat /proc/self/cgroup
  expect_ok
  case $MODE in
  root) expect_match ":memory:/$CT-parent/ct" ;;
  root-v2) expect_match "^0::/$CT-parent/ct" ;;
  root-systemd) expect_match "^0::/system.slice/ctr-$CT.scope" ;;
  esac
}

@test "containerd: a command that is not there" {
  run ctr_run --rm -- /no/such
  expect_status 1
  expect_match 'exec: "/no/such": stat /no/such: no such file or directory'
}

@test "docker: run, with its output and status" {
  run docker_run --rm busybox sh -c 'echo hello; exit 7'
  expect_status 7
  expect_output hello
}

@test "docker: run detached, exec, pause, update, top, kill, rm" {
  docker_run --detach --memory 64m busybox sleep 1000 >/dev/null 3>&-
  run docker exec "$CT" sh -c 'echo in exec; exit 3'
  expect_status 3
  expect_output "in exec"
  docker pause "$CT"
  expect_eq "$(docker inspect --format '{{.State.Status}}' "$CT")" paused
  docker unpause "$CT"
  expect_eq "$(docker inspect --format '{{.State.Status}}' "$CT")" running
  docker update --memory 80m --memory-swap 100m "$CT"
  id=$(docker inspect --format '{{.Id}}' "$CT")
  case $MODE in
  root) run cat "/sys/fs/cgroup/memory/$CT-parent/$id/memory.limit_in_bytes" ;;
  root-v2) run cat "/sys/fs/cgroup/$CT-parent/$id/memory.max" ;;
  root-systemd) run cat "/sys/fs/cgroup/system.slice/docker-$id.scope/memory.max" ;;
  esac
  expect_output $((80 << 20))
  # Not the default ps -ef: that of Debian 12 fails where /proc/cpuinfo names no cores, as in the test machine.
  run docker top "$CT" -eo pid,args
  expect_match 'sleep 1000'
  docker kill "$CT"
  expect_eq "$(docker wait "$CT")" 137
  run docker rm "$CT"
  expect_ok
}

@test "docker: a user, a read-only rootfs, a tmpfs, no capabilities, the default seccomp profile" {
  run docker_run --rm --user 1000:1000 --read-only --tmpfs /tmp --cap-drop ALL busybox \
    sh -c 'id; echo x >/tmp/x && cat /tmp/x; echo x 2>/dev/null >/x || echo refused; grep -E "CapEff|Seccomp:" /proc/self/status'
  expect_ok
  expect_output $'uid=1000 gid=1000 groups=1000\nx\nrefused\nCapEff:\t0000000000000000\nSeccomp:\t2'
}

@test "docker: a terminal" {
  run "$TESTHELPER" tty-run -t 60 -- docker --host "unix://$DAEMON_DIR/docker.sock" run "${own_cgroups[@]}" \
    --name "$CT" --rm --tty --env "RUNC_TEST_ID=$CT" busybox tty
  expect_ok
  expect_match '^/dev/(pts/0|console)'
}

@test "docker: a command that is not there, and one that may not be executed, have Docker's own status" {
  run -127 docker_run --rm busybox /no/such
  run -126 docker_run --rm busybox /etc/passwd
}
