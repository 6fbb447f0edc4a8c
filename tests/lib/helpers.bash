# Shared by all bats files: bundles made of busybox, assertions, waiting without sleeping, and a check
# after each test that nothing was left behind.
#
# What the environment may say:
#   RUNC              the runtime under test; default: the one in the build directory
#   RUNC_BUILDDIR     where the runtime and tests/lib/testhelper were built; default: build/ or the tree
#   RUNC_TEST_MODE    how the tests are run: user, single (a user without subordinate ids), userns (root
#                     of a user namespace made by unshare -r), root, root-v2 (root, unified cgroups),
#                     root-systemd (root, with --systemd-cgroup); default: found out
#   RUNC_TEST_SESSION 1: XDG_RUNTIME_DIR is that of a systemd session, in which the tests are to be run
#   RUNC_TEST_SLOW    a factor for all deadlines (1)
#   RUNC_TEST_ROOTFS  a small root file system that belongs to root; default: none
#   RUNC_TEST_STRICT  1: what cannot be tested because a program is missing is a failure, not a skip
#
# Tags of a test: no:MODE keeps it out of that mode (no:root-v2 also out of root-systemd), ours keeps it away from other runtimes (tests/run
# passes these to bats as filters; without tests/run such a test is skipped).
#
# What a test finds: BUNDLE (a directory with rootfs and config.json), CT (an unused container id), STATE
# (the --root of runc), TEST_DIR (scratch).

bats_require_minimum_version 1.5.0

TESTS_DIR=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
RUNC_SRCDIR=${RUNC_SRCDIR:-${TESTS_DIR%/*}}
if [[ -z ${RUNC_BUILDDIR:-} ]]; then
  RUNC_BUILDDIR=$RUNC_SRCDIR
  [[ ! -x $RUNC_SRCDIR/build/runc ]] || RUNC_BUILDDIR=$RUNC_SRCDIR/build
fi
RUNC=${RUNC:-$RUNC_BUILDDIR/runc}
TESTHELPER=$RUNC_BUILDDIR/tests/lib/testhelper
export LC_ALL=C

# ---------------------------------------------------------------- who runs the tests

# Whether the user has a range in /etc/subuid, by name or by number.
has_ranges() {
  local name
  name=$(id -un 2>/dev/null) || name=-
  grep -qsE "^($name|$(id -u)):" /etc/subuid && grep -qsE "^($name|$(id -u)):" /etc/subgid &&
    command -v newuidmap newgidmap >/dev/null
}

find_mode() {
  if ((EUID != 0)); then
    if has_ranges; then echo user; else echo single; fi
  elif read -r inside outside size </proc/self/uid_map && ((inside == 0 && outside == 0 && size == 4294967295)); then
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then echo root-v2; else echo root; fi
  else
    echo userns
  fi
}

MODE=${RUNC_TEST_MODE:-$(find_mode)}

# True for all root modes.
as_root() { [[ $MODE == root* ]]; }

# The id that container root has outside by default.
if as_root; then HOST_UID=0 HOST_GID=0; else HOST_UID=$(id -u) HOST_GID=$(id -g); fi

# What the runtime gets besides.
GLOBAL_OPTIONS=()
[[ $MODE != root-systemd ]] || GLOBAL_OPTIONS=(--systemd-cgroup)

SLOW=${RUNC_TEST_SLOW:-1}

# Whether there is a systemd session, and the test is to be in it.
in_session() { [[ ${RUNC_TEST_SESSION:-0} == 1 ]]; }

# Whether cgroups are systemd's: for a user in a session, for root with --systemd-cgroup.
with_systemd() { in_session || [[ $MODE == root-systemd ]]; }

# ours: the runtime under test is the one of this tree, not another to compare with.
is_ours() { [[ $RUNC == "$RUNC_BUILDDIR"/* ]]; }

# needs PROGRAM...: skip (or fail, in strict mode) when a program is not installed.
needs() {
  local program
  for program; do
    command -v "$program" >/dev/null && continue
    if [[ ${RUNC_TEST_STRICT:-0} == 1 ]]; then
      echo "$program is not installed, and RUNC_TEST_STRICT=1" >&2
      return 1
    fi
    skip "$program is not installed"
  done
}

# needs_of_machine REASON COMMAND...: skip when COMMAND fails. For what no package can give: a kernel
# feature, a device. A skip in strict mode, too.
needs_of_machine() {
  local reason=$1
  shift
  "$@" >/dev/null 2>&1 || skip "this machine: $reason"
}

# needs_static: for tests that run the runtime where there are no libraries.
needs_static() { needs_of_machine "the runtime is no static program" not grep -q '=>' <(ldd "$RUNC" 2>/dev/null); }

# ---------------------------------------------------------------- bundles

# A read-only tree that the bundles of this run are copied from by hard links.
base_rootfs() {
  local base=$BATS_RUN_TMPDIR/rootfs busybox
  [[ ! -d $base ]] || return 0
  busybox=$(command -v busybox) || { echo "busybox is not installed (Debian: busybox-static)" >&2; return 1; }
  mkdir -p "$base.new"/{bin,dev,etc,proc,root,sys,tmp,var,work}
  chmod 1777 "$base.new/tmp"
  cp "$busybox" "$base.new/bin/busybox"
  # By its own shell, which does not start a program for each.
  (cd "$base.new/bin" && ./busybox sh -c 'for applet in $(./busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$applet"; done')
  printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000:guest:/home/guest:/bin/sh\n' >"$base.new/etc/passwd"
  printf 'root:x:0:\nguest:x:1000:\n' >"$base.new/etc/group"
  mv "$base.new" "$base"
}

# The config.json that the runtime itself writes, without terminal, and with a mark in the environment of
# the process by which a leak is found: @CT@, for the name of the container.
base_config() {
  local base=$BATS_RUN_TMPDIR/config.json spec=(spec)
  [[ ! -f $base ]] || return 0
  as_root || spec+=(--rootless)
  mkdir -p "$BATS_RUN_TMPDIR/spec"
  (cd "$BATS_RUN_TMPDIR/spec" && "$RUNC" "${spec[@]}") || return 1
  jq '.process.terminal = false | .process.env += ["RUNC_TEST_ID=@CT@"]' "$BATS_RUN_TMPDIR/spec/config.json" >"$base.new"
  mv "$base.new" "$base"
}

# bundle [DIR]: make a bundle; sets BUNDLE.
bundle() {
  local text
  BUNDLE=${1:-$TEST_DIR/bundle}
  base_rootfs && base_config || return 1
  mkdir -p "$BUNDLE"
  cp -al "$BATS_RUN_TMPDIR/rootfs" "$BUNDLE/rootfs"
  text=$(<"$BATS_RUN_TMPDIR/config.json")
  printf '%s\n' "${text/@CT@/"$CT"}" >"$BUNDLE/config.json"
}

# config JQ-ARGUMENTS...: edit the bundle's config.json.
config() {
  jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.json.new" && mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# args COMMAND...: what the container's process is.
args() {
  jq '.process.args = $ARGS.positional' "$BUNDLE/config.json" --args -- "$@" >"$BUNDLE/config.json.new" &&
    mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# script TEXT: the container's process is a shell that runs TEXT.
script() { args sh -c "$1"; }

# A process that ends when it is told to, at once.
sleeper() { args sh -c 'trap "exit 0" TERM; trap "exit 3" USR1; : >/dev/shm/ready; while :; do sleep 0.1; done'; }

# many_ids: give the container 65537 ids, 0 being the caller. For modes with ranges.
many_ids() {
  local uid gid
  as_root && return
  uid=$(awk -F: -v name="$USER_NAME" '$1 == name { print $2; exit }' /etc/subuid)
  gid=$(awk -F: -v name="$USER_NAME" '$1 == name { print $2; exit }' /etc/subgid)
  config --argjson own_uid "$HOST_UID" --argjson own_gid "$HOST_GID" --argjson uid "$uid" --argjson gid "$gid" '
    .linux.uidMappings = [{"containerID": 0, "hostID": $own_uid, "size": 1}, {"containerID": 1, "hostID": $uid, "size": 65536}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": $own_gid, "size": 1}, {"containerID": 1, "hostID": $gid, "size": 65536}]'
}

# ---------------------------------------------------------------- the runtime

# runc ARGUMENTS...: the runtime under test, with the state directory of this test.
runc() { "$RUNC" --root "$STATE" "${GLOBAL_OPTIONS[@]}" "$@"; }

# run_ct [OPTIONS...]: run the bundle in the foreground as $CT, into $status, $output and $lines.
run_ct() { run runc run --bundle "$BUNDLE" "$@" "$CT"; }

# start_ct [OPTIONS...]: run the bundle detached as $CT. (Not by bats' run: the container has our stdout.)
start_ct() {
  runc run --detach --bundle "$BUNDLE" "$@" "$CT" </dev/null >"$TEST_DIR/$CT.out" 2>&1 3>&- || {
    local status=$?
    cat "$TEST_DIR/$CT.out" >&2
    return $status
  }
}

# create_ct [OPTIONS...]
create_ct() {
  runc create --bundle "$BUNDLE" "$@" "$CT" </dev/null >"$TEST_DIR/$CT.out" 2>&1 3>&- || {
    local status=$?
    cat "$TEST_DIR/$CT.out" >&2
    return $status
  }
}

# state_of ID [JQ-PATH]: a value of `runc state`.
state_of() { runc state "$1" | jq -r "${2:-.status}"; }

has_status() { [[ $(state_of "$1" 2>/dev/null) == "$2" ]]; }

# await_status ID STATUS: until the container has that status.
await_status() { wait_for has_status "$1" "$2"; }

# ---------------------------------------------------------------- waiting

# wait_for [-t SECONDS] COMMAND...: until COMMAND succeeds; fails at the deadline.
wait_for() {
  local seconds=$((10 * SLOW)) end
  if [[ $1 == -t ]]; then
    seconds=$(($2 * SLOW))
    shift 2
  fi
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > end)); then
      echo "gave up after $seconds s waiting for: $*" >&2
      return 1
    fi
    sleep 0.01
  done
}

# wait_exit PID: wait for a background job, whose exit status is then in $status.
wait_exit() {
  status=0 output=
  wait "$1" || status=$?
}

# wait_gone PID: until the process is gone (a zombie is not gone).
wait_gone() { wait_for not test -d "/proc/$1"; }

not() { ! "$@"; }

# ---------------------------------------------------------------- assertions

# fail MESSAGE: end the test, with what the last `run` said.
fail() {
  echo "$1" >&2
  if [[ -n ${status+set} ]]; then
    printf 'status: %s\noutput:\n%s\n' "$status" "$output" >&2
    [[ -z ${stderr:-} ]] || printf 'stderr:\n%s\n' "$stderr" >&2
  fi
  return 1
}

expect_status() { [[ $status == "$1" ]] || fail "status should be $1"; }

expect_ok() { expect_status 0; }

expect_output() { [[ $output == "$1" ]] || fail "output should be: $1"; }

# expect_match REGEX [TEXT]: the output (or TEXT) matches an extended regular expression.
expect_match() { [[ ${2-$output} =~ $1 ]] || fail "should match: $1${2+ but is: $2}"; }

expect_no_match() { [[ ! ${2-$output} =~ $1 ]] || fail "should not match: $1${2+ but is: $2}"; }

# expect_line TEXT: a line of the output is TEXT.
expect_line() {
  local line
  for line in "${lines[@]}"; do
    [[ $line != "$1" ]] || return 0
  done
  fail "there should be a line: $1"
}

expect_eq() { [[ $1 == "$2" ]] || fail "${3:-value} is '$1' and should be '$2'"; }

# expect_error STATUS REGEX: a failure that says why: a matching line on stderr, and one line only. For
# those who run the runtime with `run --separate-stderr`.
expect_error() {
  local n
  expect_status "$1" || return 1
  expect_match "$2" "$stderr" || return 1
  n=$(grep -c . <<<"$stderr")
  ((n == 1)) || ! is_ours || fail "the error should be one line, not $n"
}

# ---------------------------------------------------------------- documents

# blocks FILE: the commands of a document, see docs.bats.
blocks() {
  awk '
    /^<!-- covered by: / { skip = 1 }
    /^```sh$/ { if (!skip) inside = 1; skip = 0; next }
    /^```/ { inside = 0 }
    inside' "$1"
}

# ---------------------------------------------------------------- nothing is left behind

# The subordinate ranges of the user, as FIRST+COUNT.
subuid_ranges() {
  [[ $MODE != user ]] || awk -F: -v name="$USER_NAME" -v uid="$EUID" \
    '$1 == name || $1 == uid { print $2 "+" $3 }' /etc/subuid
}

# leftovers VERB [OPTIONS...]: wait for or kill the processes of this test, see testhelper.c.
leftovers() {
  # The marked environment would make us one of them.
  env -u RUNC_TEST_ID "$TESTHELPER" "$@" "RUNC_TEST_ID=$CT" "$$" $(subuid_ranges) 3>&-
}

leftover_cgroups() { find /sys/fs/cgroup -depth -type d -path "*$CT*" 2>/dev/null; }

# Remove the test's containers by `delete --force`, then see that this removed everything.
check_leaks() {
  local id left failed=0
  if [[ -d $STATE ]]; then
    for id in $(ls -A "$STATE"); do
      runc delete --force "$id" 3>&- || failed=1
    done
    left=$(ls -A "$STATE")
    [[ -z $left ]] || { echo "left in the state directory: $left" >&2; failed=1; }
  fi
  if ! left=$(leftovers leftovers -t $((3 * SLOW))); then
    printf 'left processes:\n%s\n' "$left" >&2
    leftovers kill-leftovers
    failed=1
  fi
  left=$(grep -F " $TEST_DIR/" /proc/self/mountinfo)
  if [[ -n $left ]]; then
    printf 'left mounts:\n%s\n' "$left" >&2
    cut -d' ' -f5 <<<"$left" | tac | xargs -n1 umount -l
    failed=1
  fi
  if as_root; then
    left=$(leftover_cgroups)
    if [[ -n $left ]]; then
      printf 'left cgroups:\n%s\n' "$left" >&2
      rmdir $left 2>/dev/null
      failed=1
    fi
  fi
  return $failed
}

# A test that hangs is ended by killing what it started.
start_watchdog() {
  local fd
  (
    # Bats waits for all who have its descriptors.
    for fd in /proc/self/fd/*; do
      ((${fd##*/} < 3)) || eval "exec ${fd##*/}>&-"
    done
    exec >/dev/null 2>&1 </dev/null
    mkfifo "$TEST_DIR/watchdog"
    read -r -t "$((${RUNC_TEST_TIMEOUT:-60} * SLOW))" <>"$TEST_DIR/watchdog" || leftovers kill-leftovers
  ) &
  WATCHDOG=$!
  disown
}

common_setup() {
  local tag
  for tag in "${BATS_TEST_TAGS[@]}"; do
    [[ $tag != "no:$MODE" && $tag,$MODE != no:root-v2,root-systemd ]] || skip "not as $MODE"
    [[ $tag != ours ]] || is_ours || skip "not for other runtimes"
  done
  TEST_DIR=$BATS_TEST_TMPDIR
  CT=ct$BATS_SUITE_TEST_NUMBER-$$
  STATE=$TEST_DIR/state
  USER_NAME=$(id -un 2>/dev/null)
  # Containers whose root is another id must be able to reach their rootfs.
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$TEST_DIR"
  SESSION_DIR=${XDG_RUNTIME_DIR:-}
  if ! in_session; then
    export XDG_RUNTIME_DIR=$TEST_DIR/xdg
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    unset DBUS_SESSION_BUS_ADDRESS
  fi
  mkdir -m 711 "$STATE"
  export RUNC_TEST_ID=$CT
  unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
  start_watchdog
  cd "$TEST_DIR"
}

common_teardown() {
  [[ -n ${TEST_DIR:-} ]] || return 0
  kill "$WATCHDOG" 2>/dev/null
  check_leaks
}

setup() {
  common_setup
  bundle
}

teardown() { common_teardown; }
