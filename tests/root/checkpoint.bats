#!/usr/bin/env bats
# checkpoint and restore: with a real criu, which contrib/criu.sh finds or fetches.

load ../lib/helpers
load cgroup

setup_file() {
  export CRIU_DIR
  CRIU_DIR=$("$RUNC_SRCDIR/contrib/criu.sh") 2>"$BATS_FILE_TMPDIR/why" || CRIU_DIR=
}

setup() {
  common_setup
  [[ -n $CRIU_DIR ]] || skip "this machine: no criu that works ($(<"$BATS_FILE_TMPDIR/why"))"
  PATH=$CRIU_DIR:$PATH
  bundle
  counter
}

# Counts in its memory, and shows how far it is; and has a secret that is nowhere else.
counter() {
  script 'secret=$(cat /proc/sys/kernel/random/uuid); echo "$secret" >/dev/shm/secret
    trap "echo \"$secret\" >/dev/shm/told" USR1
    i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/count.new; mv /dev/shm/count.new /dev/shm/count; sleep 0.02; done'
}

# inside COMMAND...: what COMMAND says in the container.
inside() { runc exec "${ID:-$CT}" "$@" 3>&-; }
count() { inside cat /dev/shm/count; }
counts_beyond() { (($(count) > $1)); }

# start [OPTION...]: as start_ct, but the container's stdio is a log that others may write to meanwhile.
start() { runc run --detach --bundle "$BUNDLE" "$@" "$CT" </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&-; }

# started: the bundle runs, and has counted to 10.
started() {
  start "$@" || return 1
  wait_for counts_beyond 10
}

checkpoint() { runc checkpoint --image-path "$TEST_DIR/images" --work-path "$TEST_DIR/work" "$@" "$CT" </dev/null 3>&-; }

# restore [OPTION...]: detached, as $CT, and with the stdio that start gave it.
restore() {
  runc restore --detach --bundle "$BUNDLE" --image-path "$TEST_DIR/images" --work-path "$TEST_DIR/work" "$@" "${ID:-$CT}" \
    </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&- || {
    local status=$?
    tail -n 5 "$TEST_DIR/$CT.out" >&2
    return $status
  }
}

# saved_and_restored [OPTION...]: both, with options that both have.
saved_and_restored() { checkpoint "$@" && restore "$@"; }

pid_of() { state_of "${1:-$CT}" .pid; }
namespace_of() { readlink "/proc/$1/ns/$2"; }

@test "checkpoint: what was in memory goes on where it was" {
  local before secret
  started
  secret=$(inside cat /dev/shm/secret)
  before=$(count)
  checkpoint
  run -1 runc state "$CT"
  expect_match 'container does not exist'
  expect_eq "$(leftover_cgroups)" ""
  test -s images/inventory.img
  test -s work/dump.log
  restore --pid-file "$TEST_DIR/pid"
  has_status "$CT" running
  expect_eq "$(<pid)" "$(pid_of)"
  counts_beyond "$((before - 1))"
  wait_for counts_beyond "$((before + 10))"
  # Memory, not the file: the trap tells it.
  runc kill "$CT" USR1
  wait_for inside test -s /dev/shm/told
  expect_eq "$(inside cat /dev/shm/told)" "$secret"
}

@test "checkpoint: again and again, also in a bundle that was moved" {
  local before=0
  started
  for _ in 1 2 3; do
    before=$(count)
    checkpoint
    mv "$BUNDLE" "$BUNDLE-moved"
    BUNDLE=$BUNDLE-moved
    restore
    wait_for counts_beyond "$before"
    rm -rf images
  done
  expect_eq "$(state_of "$CT" .bundle)" "$BUNDLE"
}

@test "checkpoint: --leave-running" {
  local before pid ID
  started
  pid=$(pid_of)
  checkpoint --leave-running
  before=$(count)
  has_status "$CT" running
  expect_eq "$(pid_of)" "$pid"
  wait_for counts_beyond "$before"
  # The copy starts from where it was then. It needs cgroups of its own.
  ID=$CT-copy
  restore --manage-cgroups-mode ignore
  expect_eq "$(namespace_of "$(pid_of "$ID")" pid)" "$(namespace_of "$(pid_of "$ID")" pid)"
  counts_beyond 5
  not test "$(inside cat /dev/shm/count)" -gt "$((before + 1000))"
}

@test "checkpoint: images in ./checkpoint by default, and the log beside them" {
  started
  runc checkpoint "$CT" </dev/null 3>&-
  test -s checkpoint/inventory.img
  test -s checkpoint/dump.log
  expect_eq "$(stat -c %a checkpoint)" 700
  runc restore -d --bundle "$BUNDLE" "$CT" </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&-
  has_status "$CT" running
  test -s checkpoint/restore.log
}

@test "checkpoint: descriptors.json has what stdio was, as from runc" {
  started
  runc checkpoint --image-path images "$CT" </dev/null 3>&-
  expect_eq "$(jq 'length' images/descriptors.json)" 3
  expect_eq "$(jq -r '.[0]' images/descriptors.json)" /dev/null
}

# ---------------------------------------------------------------- mounts

@test "checkpoint: bind mounts" {
  mkdir -p dir/sub
  echo here >dir/file
  echo single >single
  mkdir -p "$BUNDLE/rootfs/real/conf"
  ln -s /real/conf "$BUNDLE/rootfs/conf"
  config --arg dir "$TEST_DIR" '.mounts += [
    {"destination": "/work", "source": ($dir + "/dir"), "options": ["bind", "rw"]},
    {"destination": "/conf", "source": ($dir + "/dir"), "options": ["bind", "ro"]},
    {"destination": "/work/sub/nested", "source": ($dir + "/single"), "options": ["bind"]}]'
  started
  checkpoint
  # The mount point of the nested one was made, and is made again.
  rm -f dir/sub/nested
  restore
  expect_eq "$(inside cat /work/file)" here
  expect_eq "$(inside cat /work/sub/nested)" single
  expect_eq "$(inside cat /conf/file)" here
  inside sh -c 'echo new >/work/written'
  expect_eq "$(<dir/written)" new
  run inside sh -c 'echo new >/conf/written'
  expect_match 'Read-only file system'
}

@test "checkpoint: one directory, mounted read-only at two places" {
  mkdir one
  config --arg dir "$TEST_DIR" '.mounts += [
    {"destination": "/one", "source": ($dir + "/one"), "options": ["bind", "ro"]},
    {"destination": "/two", "source": ($dir + "/one"), "options": ["rbind", "ro"]}]'
  started
  saved_and_restored
  for path in /one /two; do
    run inside touch $path/file
    expect_match 'Read-only file system'
  done
}

@test "checkpoint: hidden and read-only paths stay so" {
  local before after
  started
  before=$(inside sh -c 'for f in /proc/keys /proc/timer_list; do stat -c "%n %F %t:%T" $f; done; ls /proc/acpi /sys/firmware; ls /proc/sys/kernel | wc -l' 2>&1)
  saved_and_restored
  after=$(inside sh -c 'for f in /proc/keys /proc/timer_list; do stat -c "%n %F %t:%T" $f; done; ls /proc/acpi /sys/firmware; ls /proc/sys/kernel | wc -l' 2>&1)
  expect_eq "$after" "$before"
  run inside sh -c 'echo 1 >/proc/sys/kernel/panic'
  expect_match 'Read-only file system'
  run inside sh -c ': >/file'
  expect_match 'Read-only file system'
}

@test "checkpoint: the mounts are the same, one by one" {
  local before after
  started
  before=$(inside cat /proc/self/mountinfo | cut -d' ' -f4-6 | sort)
  saved_and_restored
  after=$(inside cat /proc/self/mountinfo | cut -d' ' -f4-6 | sort)
  expect_eq "$after" "$before"
  run grep -c "$CT" /proc/self/mountinfo
  expect_output 0
  expect_eq "$(ls "$STATE/$CT" | grep criu)" ""
}

@test "checkpoint: devices of config.json" {
  config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 416, "uid": 7, "gid": 8}]'
  started
  saved_and_restored
  expect_eq "$(inside stat -c "%F %t:%T %a %u:%g" /dev/mine)" "character special file 1:5 640 7:8"
  inside sh -c 'head -c 1 /dev/zero >/dev/null && echo >/dev/null'
}

# ---------------------------------------------------------------- namespaces

@test "checkpoint: a network namespace of its own is empty again, and has a loopback" {
  started
  saved_and_restored
  [[ $(namespace_of "$(pid_of)" net) != $(readlink /proc/self/ns/net) ]]
  inside ip link show lo | grep -q LOWER_UP
}

@test "checkpoint: a network namespace that was joined is joined again" {
  local holder net
  unshare --net sleep 60 3>&- &
  holder=$!
  wait_for test "$(readlink /proc/self/ns/net)" != "$(namespace_of $holder net)"
  net=$(namespace_of $holder net)
  nsenter --net="/proc/$holder/ns/net" sh -c 'echo 77 >/proc/sys/net/ipv4/ip_default_ttl'
  config --arg path "/proc/$holder/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $path'
  started
  expect_eq "$(namespace_of "$(pid_of)" net)" "$net"
  saved_and_restored
  expect_eq "$(namespace_of "$(pid_of)" net)" "$net"
  expect_eq "$(inside cat /proc/sys/net/ipv4/ip_default_ttl)" 77
  # Without it there is nothing to restore into.
  checkpoint
  kill $holder
  wait $holder || true
  run restore
  expect_status 1
  expect_match 'namespace'
}

@test "checkpoint: a network that the runtime serves is served again" {
  needs_of_machine "no /dev/net/tun" sh -c ': <>/dev/net/tun'
  needs_of_machine "runc-slirp is not built" test -x "$RUNC_BUILDDIR/helpers/runc-slirp"
  config '.annotations["run.oci.network"] = "slirp"'
  started
  saved_and_restored
  inside ip -4 address show tap0 | grep -q 10.0.2.100
  inside grep -q 10.0.2.3 /etc/resolv.conf
}

@test "checkpoint: the host's network" {
  config 'del(.linux.namespaces[] | select(.type == "network"))'
  started
  saved_and_restored
  expect_eq "$(namespace_of "$(pid_of)" net)" "$(readlink /proc/self/ns/net)"
}

@test "checkpoint: a user namespace" {
  chown -R 100000:100000 "$BUNDLE/rootfs" 2>/dev/null || true
  config '.linux.namespaces += [{"type": "user"}]
    | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
  # Its root may not open a log of ours.
  runc run -d --bundle "$BUNDLE" "$CT" </dev/null >/dev/null 2>&1 3>&-
  wait_for counts_beyond 10
  checkpoint
  expect_eq "$(stat -c '%a %g' images)" "710 100000"
  runc restore -d --bundle "$BUNDLE" --image-path images --work-path work "$CT" </dev/null >/dev/null 2>&1 3>&- ||
    fail "$(tail -n 5 work/restore.log)"
  expect_eq "$(awk '{ print $1, $2, $3 }' "/proc/$(pid_of)/uid_map")" "0 100000 65536"
  expect_eq "$(stat -c %u "/proc/$(pid_of)")" 100000
  wait_for counts_beyond "$(count)"
}

# ---------------------------------------------------------------- processes

# CAP_SYS_RESOURCE
may_set_limits() { ((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)); }

@test "checkpoint: capabilities, filter, ids and limits of the process" {
  local before what='^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)'
  [[ $("$CRIU_DIR/criu" --version) != *": 3.1"[0-8]* ]] || what=${what/NoNewPrivs|/}
  # Of others than root criu may not even read the limits without it.
  if may_set_limits; then
    config '.process.user = {"uid": 1000, "gid": 1000, "additionalGids": [7]}'
  fi
  config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
  started
  before=$(grep -E "$what" "/proc/$(pid_of)/status"; cat "/proc/$(pid_of)/limits")
  saved_and_restored
  expect_eq "$(grep -E "$what" "/proc/$(pid_of)/status"; cat "/proc/$(pid_of)/limits")" "$before"
}

@test "checkpoint: what exec has started goes on, too" {
  local pid
  started
  pid=$(inside sh -c 'sleep 1000 </dev/null >/dev/null 2>&1 & echo $!')
  saved_and_restored
  expect_eq "$(inside cat "/proc/$pid/comm")" sleep
}

@test "checkpoint: what exec has started from outside is said not to be saved" {
  started
  runc exec -d --pid-file execed "$CT" sleep 1001 </dev/null >/dev/null 2>&1 3>&-
  run --separate-stderr checkpoint
  expect_ok
  expect_match "process $(<execed) of container '$CT' is not saved" "$stderr"
  expect_eq "$(grep -c . <<<"$stderr")" 1
  restore
  expect_eq "$(inside ps | grep -c '[s]leep 1001')" 0
}

# on_pipes NAME COMMAND...: its stdin, stdout and stderr are pipes; what is written to the fifo NAME.to gets there, and
# what it says comes from NAME.from. (A fifo itself is a file of the host.)
on_pipes() {
  mkfifo "$1.to" "$1.from"
  cat "$1.to" 3>&- 7>&- 8>&- | "${@:2}" 2>&1 3>&- 7>&- 8>&- | cat >"$1.from" 3>&- 7>&- 8>&- &
  exec 7>"$1.to" 8<"$1.from"
}

@test "checkpoint: stdio that is pipes is the caller's at the restore" {
  local line
  script 'n=0; while read -r line; do n=$((n + 1)); echo "$n: $line"; done'
  on_pipes first runc run -d --bundle "$BUNDLE" "$CT"
  await_status "$CT" running
  expect_match '^pipe:' "$(readlink "/proc/$(pid_of)/fd/0")"
  echo one >&7
  read -r -t 10 line <&8
  expect_eq "$line" "1: one"
  checkpoint
  on_pipes second runc restore -d --bundle "$BUNDLE" --image-path images --work-path work "$CT"
  await_status "$CT" running
  echo two >&7
  read -r -t 10 line <&8
  expect_eq "$line" "2: two"
  # An end of file is one, too.
  exec 7>&-
  await_status "$CT" stopped
  exec 8<&-
}

@test "checkpoint: in the foreground, run ends with it, and restore has the exit status" {
  local job
  script 'trap "exit 7" TERM; : >/dev/shm/ready; while :; do sleep 0.02; done'
  runc run --bundle "$BUNDLE" "$CT" </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&- &
  job=$!
  await_status "$CT" running
  wait_for inside test -e /dev/shm/ready
  checkpoint
  wait_exit $job
  expect_status 137
  runc restore --bundle "$BUNDLE" --image-path images --work-path work "$CT" </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&- &
  job=$!
  await_status "$CT" running
  wait_for inside true
  runc kill "$CT" TERM
  wait_exit $job
  expect_status 7
  run -1 runc state "$CT"
}

@test "checkpoint: a paused container" {
  started
  runc pause "$CT"
  checkpoint
  restore
  has_status "$CT" running
  wait_for counts_beyond 10
}

@test "checkpoint: an open connection takes --tcp-established" {
  script 'sleep 1000 | nc -l -p 2000 >/dev/null & until netstat -tln | grep -q :2000; do sleep 0.05; done
    sleep 1000 | nc 127.0.0.1 2000 >/dev/null & while :; do sleep 0.1; done'
  start
  wait_for inside sh -c 'netstat -tn | grep -q ESTABLISHED'
  run checkpoint
  expect_status 1
  expect_match 'criu failed: type DUMP.*tcp-established'
  # It goes on.
  has_status "$CT" running
  inside sh -c 'netstat -tn | grep -q ESTABLISHED'
  run checkpoint --tcp-established
  # Linux 6.16 has SO_PASSCRED for unix sockets only, which criu 4.1 asks of all.
  [[ $output != *"Can't get 1:16 opt"* ]] || skip "this machine: its criu cannot save sockets with its kernel"
  expect_ok
  restore --tcp-established
  wait_for inside sh -c 'netstat -tn | grep -q ESTABLISHED'
}

@test "checkpoint: a file that is deleted, and one that is locked" {
  config '.root.readonly = false'
  # flock (6, LOCK_EX)
  cp "$RUNC_BUILDDIR/tests/lib/probe" "$BUNDLE/rootfs/bin/probe"
  script 'echo text >/work/gone; exec 5<>/work/gone; rm /work/gone; exec 6>/work/locked; probe 73 6 2
    : >/dev/shm/ready; while :; do sleep 0.05; done'
  start
  wait_for inside test -e /dev/shm/ready
  run checkpoint
  expect_status 1
  expect_match 'criu failed: type DUMP.*lock'
  checkpoint --file-locks
  restore --file-locks
  expect_eq "$(inside sh -c 'cat /proc/1/fd/5')" text
  # flock (0, LOCK_EX | LOCK_NB): EWOULDBLOCK
  expect_eq "$(inside sh -c 'probe 73 0 6 </work/locked')" "errno 11"
}

# ---------------------------------------------------------------- terminals

# listen_console TEXT: take the terminal that comes on the socket "console", type TEXT, and hold on to it; what is said is
# in the file "said".
listen_console() {
  rm -f console said
  "$TESTHELPER" tty-recv -t 30 "$TEST_DIR/console" "send=$1\n" expect=never >said 2>&1 </dev/null 3>&- &
  RECEIVER=$!
  wait_for test -S console
}

# start_on_console: the bundle runs on a terminal, and echoes.
start_on_console() {
  config '.process.terminal = true'
  script 'n=0; while read -r line; do n=$((n + 1)); [ "$line" != end ] || exit 3; echo "$n: $line"; done'
  listen_console one
  start --console-socket "$TEST_DIR/console"
  wait_for grep -q '^1: one' said
}

@test "checkpoint: a terminal, whose other end comes on the console socket" {
  start_on_console
  checkpoint
  wait_exit $RECEIVER
  listen_console two
  restore --console-socket "$TEST_DIR/console"
  wait_for grep -q '^2: two' said
  expect_eq "$(inside readlink /proc/1/fd/0)" /dev/pts/0
  inside test -c /dev/console
  # The rules for the terminal are those of run.
  run runc restore -d --bundle "$BUNDLE" --image-path images "$CT-2"
  expect_status 1
  expect_match 'cannot allocate tty if runc will detach without setting console socket'
  runc kill "$CT" KILL
  wait_exit $RECEIVER
}

@test "checkpoint: restored on the caller's terminal" {
  start_on_console
  checkpoint
  wait_exit $RECEIVER
  run "$TESTHELPER" tty-run -t 20 'send=two\n' 'expect=2: two' 'send=end\n' -- \
    "$RUNC" --root "$STATE" restore --bundle "$BUNDLE" --image-path images --work-path work "$CT" 3>&-
  expect_status 3
}

# ---------------------------------------------------------------- hooks

@test "checkpoint: hooks" {
  cat >hook <<'EOF'
#!/bin/sh
state=$(cat)
echo "$1 $(echo "$state" | jq -r '.status, (.pid != null)' | tr '\n' ' ')" >>"$2"
EOF
  chmod 755 hook
  config --arg hook "$TEST_DIR/hook" --arg log "$TEST_DIR/log" '.hooks = (["prestart", "createRuntime", "poststart", "poststop"]
    | map({(.): [{"path": $hook, "args": ["hook", ., $log], "env": ["PATH=/usr/bin:/bin"]}]}) | add)'
  started
  : >log
  checkpoint
  expect_eq "$(<log)" "poststop stopped false "
  : >log
  restore
  expect_eq "$(<log)" "prestart creating true 
createRuntime creating true "
}

@test "checkpoint: a hook that fails is the end of the restore" {
  config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "! test -e '"$TEST_DIR"'/fail || { echo reason >&2; exit 5; }"]}]'
  started
  checkpoint
  touch fail
  run restore
  expect_status 1
  expect_match 'error running createRuntime hook #0: .*reason'
  run -1 runc state "$CT"
  expect_eq "$(leftover_cgroups)" ""
  rm fail
  restore
  has_status "$CT" running
}

# ---------------------------------------------------------------- cgroups

@test "checkpoint: the container is in its cgroups, with their limits" {
  local before
  needs_controller pids
  config '.linux.resources.pids.limit = 33'
  started
  before=$(cat "/proc/$(pid_of)/cgroup")
  saved_and_restored
  expect_eq "$(cat "/proc/$(pid_of)/cgroup")" "$before"
  expect_eq "$(cg_value pids pids.max pids.max)" 33
  grep -q "^$(pid_of)$" "$(cg_dir pids)/cgroup.procs"
  runc pause "$CT"
  has_status "$CT" paused
  runc resume "$CT"
}

@test "checkpoint: into other cgroups, with --manage-cgroups-mode ignore" {
  local first
  own_path
  started
  first=$(cg_dir pids)
  checkpoint --manage-cgroups-mode ignore
  test ! -e "$first"
  CT=$CT-other own_path
  restore --manage-cgroups-mode ignore
  test ! -e "$first"
  [[ $(cg_dir pids) == *"$OWN" ]]
}

@test "checkpoint: with a cgroup namespace" {
  config '.linux.namespaces = [.linux.namespaces[] | select(.type != "cgroup")] + [{"type": "cgroup"}]'
  started
  saved_and_restored --manage-cgroups-mode ignore
  [[ $(namespace_of "$(pid_of)" cgroup) != $(readlink /proc/self/ns/cgroup) ]]
  # It is where that begins.
  expect_eq "$(inside grep -vc ':/$' /proc/1/cgroup)" 0
}

# ---------------------------------------------------------------- memory, bit by bit

has_mem_track() { "$CRIU_DIR/criu" check --feature mem_dirty_track; }

@test "checkpoint: --pre-dump, and a dump with --parent-path" {
  needs_of_machine "the kernel does not tell which memory was written" has_mem_track
  started
  runc checkpoint --pre-dump --image-path parent --work-path work "$CT" </dev/null 3>&-
  has_status "$CT" running
  checkpoint --parent-path ../parent
  test -e images/parent
  restore
  wait_for counts_beyond 10
}

@test "checkpoint: --pre-dump where the kernel cannot" {
  ! has_mem_track >/dev/null 2>&1 || skip "this machine: the kernel tells which memory was written"
  started
  run checkpoint --pre-dump
  expect_status 1
  expect_match 'criu is missing features: \[MemTrack\]'
  has_status "$CT" running
}

@test "checkpoint: --lazy-pages" {
  local ready cpt lazy secret ID
  needs_of_machine "criu may not make its pipes as large as it wants them (CAP_SYS_RESOURCE)" may_set_limits
  needs_of_machine "no userfaultfd" "$CRIU_DIR/criu" check --feature uffd-noncoop
  started
  secret=$(inside cat /dev/shm/secret)
  mkfifo ready
  exec 8<>ready 9>ready
  runc checkpoint --lazy-pages --page-server 127.0.0.1:27277 --status-fd 9 --manage-cgroups-mode ignore \
    --image-path images --work-path work "$CT" </dev/null >cpt.out 2>&1 3>&- 8>&- &
  cpt=$!
  expect_eq "$(timeout 20 head -c 1 <&8 | od -An -tx1)" " 00"
  test -e images/inventory.img
  "$CRIU_DIR/criu" lazy-pages --page-server --address 127.0.0.1 --port 27277 -D images -W images </dev/null >lazy.out 2>&1 3>&- 8>&- 9>&- &
  lazy=$!
  wait_for test -S images/lazy-pages.socket
  ID=$CT-restored
  runc restore -d --lazy-pages --manage-cgroups-mode ignore --bundle "$BUNDLE" --image-path images --work-path images "$ID" \
    </dev/null >>"$TEST_DIR/$CT.out" 2>&1 3>&- 8>&- 9>&-
  wait_exit $cpt
  expect_ok
  wait_exit $lazy
  expect_ok
  exec 8>&- 9>&-
  run -1 runc state "$CT"
  runc kill "$ID" USR1
  wait_for inside test -s /dev/shm/told
  expect_eq "$(inside cat /dev/shm/told)" "$secret"
}

# ---------------------------------------------------------------- what criu is told

@test "checkpoint: criu's configuration is runc's, or that of an annotation" {
  echo 'log-file other.log' >criu.conf
  config --arg file "$TEST_DIR/criu.conf" '.annotations["org.criu.config"] = $file'
  started
  saved_and_restored
  test -s work/other.log
  test ! -e work/dump.log
}

@test "checkpoint: --debug shows the plan, and what criu does" {
  started
  run runc --debug checkpoint --image-path images --work-path work "$CT" </dev/null
  expect_ok
  expect_match 'criu action=dump'
  expect_match "ext-mount /proc/keys=/dev/null"
  expect_match 'criu: post-dump'
  run bash -c '"$@" </dev/null 2>&1 >/dev/null | cat' - "$RUNC" --root "$STATE" --debug --log log restore -d --bundle "$BUNDLE" \
    --image-path images --work-path work "$CT"
  expect_match 'criu action=restore' "$(<log)"
  expect_match 'criu: setup-namespaces' "$(<log)"
}

# ---------------------------------------------------------------- what does not work

@test "checkpoint: only what runs" {
  create_ct
  run --separate-stderr checkpoint
  expect_error 1 'Container cannot be checkpointed in created state'
  runc start "$CT"
  runc kill "$CT" KILL
  await_status "$CT" stopped
  run --separate-stderr checkpoint
  expect_error 1 'Container cannot be checkpointed in stopped state'
  run --separate-stderr runc checkpoint "$CT-none"
  expect_error 1 'container does not exist'
  test ! -e images
}

@test "checkpoint: no criu" {
  local without=/usr/bin:/bin
  PATH=$without command -v criu >/dev/null && without=/nonexistent
  started
  run --separate-stderr env PATH=$without "$RUNC" --root "$STATE" checkpoint "$CT"
  expect_error 1 'exec: .*criu.*: executable file not found in \$PATH'
  has_status "$CT" running
  checkpoint
  run --separate-stderr env PATH=$without "$RUNC" --root "$STATE" restore -d --bundle "$BUNDLE" --image-path images "$CT"
  expect_match 'executable file not found in \$PATH' "$stderr"
  run -1 runc state "$CT"
}

@test "checkpoint: a criu that does not start" {
  mkdir bad
  printf '#!/bin/sh\necho no >&2\nexit 1\n' >bad/criu
  chmod 755 bad/criu
  started
  PATH=$PWD/bad:$PATH run --separate-stderr checkpoint
  expect_error 1 "CRIU version check failed: .*'criu check'"
  has_status "$CT" running
}

@test "checkpoint: paths and values that are wrong" {
  started
  run --separate-stderr checkpoint --parent-path "$PWD/parent"
  expect_error 1 '--parent-path must be relative'
  run --separate-stderr checkpoint --parent-path ../parent
  expect_error 1 'invalid --parent-path: .*no such file or directory'
  run --separate-stderr checkpoint --manage-cgroups-mode bad
  expect_error 1 'invalid manage-cgroups-mode value'
  run --separate-stderr checkpoint --page-server nowhere
  expect_error 1 'Use --page-server ADDRESS:PORT to specify page server'
  run --separate-stderr checkpoint --page-server 127.0.0.1:x
  expect_error 1 'Invalid port number'
  run --separate-stderr checkpoint --empty-ns pid
  expect_error 1 'namespace .*pid.* is not supported by --empty-ns'
  run --separate-stderr checkpoint --lazy-pages --status-fd 77
  expect_error 1 'invalid --status-fd argument 77'
  touch file
  run --separate-stderr runc checkpoint --image-path file/images "$CT"
  expect_error 1 "image-path: cannot make '$PWD/file/images': not a directory"
  has_status "$CT" running
}

@test "restore: no images, and broken ones" {
  run --separate-stderr restore
  expect_error 1 ''
  run --separate-stderr runc restore -d --bundle "$BUNDLE" --image-path nowhere "$CT" </dev/null
  expect_match "no checkpoint in '$PWD/nowhere'.*no such file or directory" "$stderr"
  started
  checkpoint
  mv images/core-1.img core-1.img
  run restore
  expect_status 1
  expect_match "criu failed: type RESTORE .*$PWD/work/restore.log"
  run -1 runc state "$CT"
  expect_eq "$(leftover_cgroups)" ""
  mv core-1.img images/
  restore
  has_status "$CT" running
}

@test "restore: the id is taken" {
  started
  checkpoint --leave-running
  run restore
  expect_status 1
  expect_match 'container with id exists|container with given ID already exists'
  has_status "$CT" running
}

@test "restore: killed on the way, nothing but a directory is left, and delete removes it" {
  config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "! test -e '"$TEST_DIR"'/wait || { : >'"$TEST_DIR"'/waits; sleep 30; }"]}]'
  started
  checkpoint
  touch wait
  restore 2>/dev/null &
  wait_for test -e waits
  pkill -KILL -f "restore --detach --bundle $BUNDLE"
  wait $! || true
  rm wait
  leftovers kill-leftovers >/dev/null 2>&1 || true
  runc delete -f "$CT"
  expect_eq "$(leftover_cgroups)" ""
  restore
  has_status "$CT" running
}

@test "checkpoint: a container with a layer of its own is refused" {
  needs_of_machine "no overlayfs" grep -qw overlay /proc/filesystems
  started --overlay
  run --separate-stderr checkpoint
  expect_error 1 'writable layer over .*--overlay.* which criu cannot save'
  has_status "$CT" running
}

@test "checkpoint: docs/checkpoint.md" {
  local numbers
  mkdir bin home
  ln -s "$RUNC" bin/runc
  blocks "$RUNC_SRCDIR/docs/checkpoint.md" | sed "s/\\bcounter\\b/$CT/g" >commands
  run env HOME="$TEST_DIR/home" PATH="$TEST_DIR/bin:$PATH" bash -euo pipefail commands </dev/null 3>&-
  expect_ok
  mapfile -t numbers < <(grep -E '^[0-9]+$' <<<"$output")
  expect_eq "${#numbers[@]}" 2
  ((numbers[1] >= numbers[0] && numbers[0] > 2))
}
