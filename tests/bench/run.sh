#!/bin/sh
# What containers cost: ours beside crun, runc and bubblewrap, whichever are installed, and beside the floor
# program (limit.c). Prints tables and whether the targets are met; meeting them is not its exit status.
#
#   RUNC            path of the runtime under test; without it its column is left out
#   BENCH_ROUNDS    rounds per table (default 40)
#   BENCH_PROGRAMS  directory of limit, bench and filter (default: that of this script)
#   BENCH_USER      ordinary user for the user part when started by root (default: one made for it and removed)
#   BENCH_PARTS     which parts to run (default: "user root lifecycle many syscalls placing memory network")
#
# Started by root, it moves into a mount namespace of its own, where the unified hierarchy lies over
# /sys/fs/cgroup (crun refuses hybrid hosts) and all files are in a tmpfs that goes with the namespace.
# The root bundle has no linux.resources: raising RLIMIT_MEMLOCK for a device filter is not given to
# each root, and the floor program makes none either.

# what looks like variables in single quotes are those of jq, or of an inner shell
# shellcheck disable=SC2016
set -eu

here=$(cd "$(dirname "$0")" && pwd)
programs=${BENCH_PROGRAMS:-$here}
rounds=${BENCH_ROUNDS:-40}
parts=${BENCH_PARTS:-user root lifecycle many syscalls placing memory network}
tab=$(printf '\t')
is_root=$([ "$(id -u)" -eq 0 ] && echo yes || echo no)

# What follows mounts over /sys/fs/cgroup, so it has to see that the namespace is not the caller's.
namespace=$(readlink /proc/self/ns/mnt)
if [ "$is_root" = yes ]; then
  case ${1-} in
    '') exec unshare --mount --propagation private -- "$0" "$namespace" ;;
    "$namespace") echo "bench: no mount namespace of its own" >&2; exit 2 ;;
    mnt:*) ;;
    *) echo "usage: $0" >&2; exit 2 ;;
  esac
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/runc-bench.XXXXXX")
account=
memory_group=
unified_is_ours=no

# ---------------------------------------------------------------- leaving nothing behind

remove_containers ()  # ROOT OF STATES, COMMAND...
{
  states=$1
  shift
  for entry in "$states"/*; do
    [ -d "$entry" ] && "$@" --root "$states" delete --force "${entry##*/}" >/dev/null 2>&1
  done
  return 0
}

clean_up ()
{
  status=$?
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  for mode in root user; do
    for name in ours crun runc; do
      [ -e "$work/bin/$name" ] && remove_containers "$work/$mode/$name" "$work/bin/$name"
    done
  done
  [ -n "$memory_group" ] && rmdir "$memory_group"
  [ "$is_root" = yes ] && rmdir "/sys/fs/cgroup/runc-bench-$$"
  [ "$is_root" = yes ] && umount -l "$work"
  rm -rf "$work"
  # processes of the last container may still be on their way out
  [ -n "$account" ] && { userdel "$account" || { sleep 1; userdel -f "$account"; }; }
  exit $status
} 2>/dev/null

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---------------------------------------------------------------- the stage

have () { command -v "$1" >/dev/null 2>&1; }
wants () { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
note () { echo "note: $*"; }

set_stage ()
{
  busybox=$(command -v busybox) || { echo "bench: busybox (package busybox-static) is missing" >&2; exit 2; }
  have jq || { echo "bench: jq is missing" >&2; exit 2; }

  if [ "$is_root" = yes ]; then
    mount -t tmpfs -o mode=755 runc-bench "$work"
    # seen from here for the memory part, before the unified hierarchy hides it
    memory_path=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
    mkdir "$work/memory-controller"
    if [ -n "$memory_path" ] && [ -d "/sys/fs/cgroup/memory$memory_path" ]; then
      mount --bind "/sys/fs/cgroup/memory$memory_path" "$work/memory-controller"
    fi
    if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
      mount -t cgroup2 cgroup2 /sys/fs/cgroup
      unified_is_ours=yes
    fi
    mkdir "/sys/fs/cgroup/runc-bench-$$"
  fi

  mkdir -p "$work/bin" "$work/rootfs/bin" "$work/root" "$work/user/home" "$work/user/run"
  for directory in proc dev sys tmp etc; do
    mkdir "$work/rootfs/$directory"
  done
  cp "$busybox" "$work/rootfs/bin/busybox"
  for applet in true sh sleep; do
    ln -s busybox "$work/rootfs/bin/$applet"
  done
  cp "$programs/limit" "$programs/bench" "$work/bin/"
  [ -x "$programs/filter" ] && cp "$programs/filter" "$work/bin/"

  peers=
  if [ -n "${RUNC-}" ]; then
    ln -s "$(realpath "$RUNC")" "$work/bin/ours"
    peers=ours
  else
    note "RUNC is not set: only the peers are measured"
  fi
  if have crun; then
    ln -s "$(command -v crun)" "$work/bin/crun"
    peers="$peers crun"
  fi
  # the path of a package, not whatever an installed build of ours put first in PATH
  if [ -x /usr/sbin/runc ]; then
    ln -s /usr/sbin/runc "$work/bin/runc"
    peers="$peers runc"
  fi

  if [ "$is_root" = no ]; then
    user_ids=$(id -u):$(id -g)
  elif [ -n "${BENCH_USER-}" ]; then
    user_ids=$(id -u "$BENCH_USER"):$(id -g "$BENCH_USER")
  elif useradd -M -d "$work/user/home" -s /bin/sh "runcbench$$" 2>/dev/null; then
    account=runcbench$$
    user_ids=$(id -u "$account"):$(id -g "$account")
  else
    user_ids=65534:65534
    note "no account could be made: the user part runs as 65534"
  fi
  [ "$is_root" = yes ] || return 0
  chown -R "$user_ids" "$work/user"
  # a build tree may be closed to the account
  if [ -n "${RUNC-}" ] &&
    ! setpriv --reuid "${user_ids%:*}" --regid "${user_ids#*:}" --clear-groups test -x "$RUNC"; then
    rm "$work/bin/ours"
    cp "$RUNC" "$work/bin/ours"
  fi
}

# The config that `spec` writes, from whoever can write one: all runtimes get the same file.
write_spec ()  # DIRECTORY, OPTIONS OF spec...
{
  directory=$1
  shift
  mkdir -p "$directory"
  for name in runc ours crun; do
    [ -e "$work/bin/$name" ] || continue
    (cd "$directory" && "$work/bin/$name" spec "$@") && return 0
  done
  echo "bench: no runtime that can write a config.json" >&2
  exit 2
}

edit ()  # DIRECTORY, ARGUMENTS OF jq...
{
  directory=$1
  shift
  jq "$@" "$directory/config.json" >"$directory/config.json.new"
  mv "$directory/config.json.new" "$directory/config.json"
}

copy_bundle ()  # FROM, TO
{
  mkdir -p "$2"
  cp "$1/config.json" "$2/"
}

profile=/usr/share/containers/seccomp.json

make_bundles ()
{
  write_spec "$work/root/run"
  edit "$work/root/run" --arg rootfs "$work/rootfs" \
    'del(.linux.resources) | .process.terminal = false | .process.args = ["/bin/true"]
     | .root.path = $rootfs'
  copy_bundle "$work/root/run" "$work/root/life"
  edit "$work/root/life" '.process.args = ["/bin/sleep", "1000"]'

  write_spec "$work/user/run" --rootless
  edit "$work/user/run" --arg rootfs "$work/rootfs" \
    --argjson uid "${user_ids%:*}" --argjson gid "${user_ids#*:}" \
    '.process.terminal = false | .process.args = ["/bin/true"] | .root.path = $rootfs
     | .linux.namespaces += [{"type": "network"}]
     | .linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}]
     | .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 1}]'
  copy_bundle "$work/user/run" "$work/user/life"
  edit "$work/user/life" '.process.args = ["/bin/sleep", "1000"]'

  if [ -r $profile ] && [ "$(uname -m)" = x86_64 ]; then
    jq '{defaultAction, defaultErrnoRet,
         architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
         syscalls: [.syscalls[]
           | select (((.includes.caps // []) | length) == 0)
           | select ((.includes.arches // ["amd64"]) | index ("amd64"))
           | select (((.excludes.arches // []) | index ("amd64")) | not)
           | {names, action}
             + (if ((.args // []) | length) > 0 then {args} else {} end)
             + (if .errnoRet != null then {errnoRet} else {} end)]}' $profile >"$work/profile.json"
    copy_bundle "$work/root/run" "$work/root/seccomp"
    edit "$work/root/seccomp" --slurpfile profile "$work/profile.json" '.linux.seccomp = $profile[0]'
    if [ -x "$work/bin/filter" ]; then
      jq -r '.syscalls[] | select (.args == null) | (if .action == "SCMP_ACT_ALLOW" then 0
             else (.errnoRet // 1) end) as $action | .names[] | "\($action) \(.)"' \
        "$work/profile.json" |
        "$work/bin/filter" "$(jq '.defaultErrnoRet // 1' "$work/profile.json")" >"$work/profile.bpf"
    fi
  else
    note "no $profile (package containers-common): no figures with a seccomp profile"
  fi
}

# ---------------------------------------------------------------- plans for the stopwatch

line ()  # FIELD...
{
  (IFS=$tab; printf '%s\n' "$*")
}

runtime ()  # KIND AND ITS FIELDS..., then -- NAME ARGUMENTS...
{
  prefix=
  while [ "$1" != -- ]; do
    prefix="$prefix$1$tab"
    shift
  done
  name=$2
  shift 2
  line "$prefix$work/bin/$name" --root "$work/$mode/$name" "$@"
}

bwrap_run ()
{
  namespaces='--unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup'
  [ "$mode" = root ] || namespaces="$namespaces --unshare-user"
  # shellcheck disable=SC2086 # the words are wanted
  line step run bwrap $namespaces --ro-bind "$work/rootfs" / --proc /proc --dev /dev \
    --tmpfs /dev/shm --mqueue /dev/mqueue --ro-bind /sys /sys --hostname bwrap \
    --ro-bind /dev/null /proc/keys --ro-bind /dev/null /proc/timer_list --tmpfs /sys/firmware \
    --new-session /bin/true
}

targets ()  # STEP...
{
  for step in "$@"; do
    line max "$step" crun 0.5
  done
}

measure ()
{
  if [ "$mode" = user ] && [ "$is_root" = yes ]; then
    HOME=$work/user/home XDG_RUNTIME_DIR=$work/user/run \
      "$work/bin/bench" --rounds "${1:-$rounds}" --as "$user_ids"
  else
    "$work/bin/bench" --rounds "${1:-$rounds}"
  fi
}

plan_run ()
{
  line title "run of /bin/true, $mode"
  for name in $peers; do
    line column "$name"
    runtime step run -- "$name" run --bundle "$work/$mode/run" "bench%n"
    if [ -d "$work/$mode/seccomp" ]; then
      runtime step run+seccomp -- "$name" run --bundle "$work/$mode/seccomp" "bench%n"
    fi
  done
  if have bwrap; then
    line column bwrap
    bwrap_run
  fi
  line column limit
  if [ "$mode" = user ]; then
    line step run "$work/bin/limit" --user "$work/rootfs" /bin/true
  else
    line step run "$work/bin/limit" --cgroup "/sys/fs/cgroup/runc-bench-$$" "$work/rootfs" /bin/true
    [ -s "$work/profile.bpf" ] &&
      line step run+seccomp "$work/bin/limit" --seccomp "$work/profile.bpf" \
        --cgroup "/sys/fs/cgroup/runc-bench-$$" "$work/rootfs" /bin/true
  fi
  targets run run+seccomp
  line below run bwrap
  line max run limit 1.6
  line over run+seccomp run 0.7
}

plan_lifecycle ()
{
  line title "lifecycle, $mode"
  for name in $peers; do
    pid_file=$work/$mode/$name.pid
    line column "$name"
    runtime step create -- "$name" create --bundle "$work/$mode/life" --pid-file "$pid_file" "bench%n"
    runtime step start -- "$name" start "bench%n"
    runtime step state -- "$name" state "bench%n"
    runtime step exec -- "$name" exec "bench%n" /bin/true
    runtime step kill -- "$name" kill "bench%n" KILL
    line gone "$pid_file"
    runtime step delete -- "$name" delete "bench%n"
  done
  targets create start state exec kill delete
}

plan_many ()
{
  line title "100 containers, four at a time, $mode"
  for name in $peers; do
    line column "$name"
    runtime batch run100 100 4 -- "$name" run --bundle "$work/$mode/run" "bench%n"
  done
  if have bwrap; then
    line column bwrap
    bwrap_run | sed "s/^step${tab}run/batch${tab}run100${tab}100${tab}4/"
  fi
  line column limit
  if [ "$mode" = user ]; then
    line batch run100 100 4 "$work/bin/limit" --user "$work/rootfs" /bin/true
  else
    line batch run100 100 4 "$work/bin/limit" --cgroup "/sys/fs/cgroup/runc-bench-$$" "$work/rootfs" /bin/true
  fi
  targets run100
  line below run100 bwrap
  line max run100 limit 1.6
}

# ---------------------------------------------------------------- counts and sizes, root

command_of ()  # NAME: words of one `run` as root
{
  case $1 in
    limit) echo "$work/bin/limit $work/rootfs /bin/true" ;;
    bwrap) bwrap_run | cut -f 3- | tr "$tab" ' ' ;;
    *) echo "$work/bin/$1 --root $work/root/$1 run --bundle $work/root/run count$1" ;;
  esac
}

all_names ()
{
  echo "$peers"
  have bwrap && echo bwrap
  echo limit
}

count_syscalls ()
{
  have strace || { note "strace is missing: system calls are not counted"; return 0; }
  printf '\nsystem calls of one run, root\n'
  for name in $(all_names); do
    # shellcheck disable=SC2046 # the words are wanted
    strace -f -c -o "$work/strace" $(command_of "$name") </dev/null >/dev/null 2>&1 || true
    printf '  %-18s%12s\n' "$name" "$(awk '$NF == "total" { print $4 }' "$work/strace")"
  done
}

# How processes get into their cgroups. A move, which is a write to cgroup.procs, waits for an RCU grace period (or
# not, when there has just been one); a thread that writes 0 to `tasks`, and a clone into a cgroup, wait for nothing.
placing_counts ()  # COMMAND...: moves, ms in them, joins, ms in them, clones
{
  rm -rf "$work/trace"
  mkdir "$work/trace"
  strace -ff -T -y -e trace=clone3,write,pwrite64 -o "$work/trace/pid" "$@" </dev/null >/dev/null 2>&1 || return 0
  cat "$work/trace"/pid* | awk '
    { took = $NF; gsub (/[<>]/, "", took) }
    /^p?write.*\/cgroup\.procs>, / { moves++; move_ms += took * 1000 }
    /^p?write.*\/(tasks|cgroup\.threads)>, / { joins++; join_ms += took * 1000 }
    /^clone3.*CLONE_INTO_CGROUP/ { clones++ }
    END { printf "%d %.3f %d %.3f %d\n", moves, move_ms, joins, join_ms, clones }'
}

placing_table ()  # HIERARCHY, COMMAND IN FRONT OF THE RUNTIMES...
{
  printf '\nplacing the process in its cgroup, root, %s (median of 5)\n' "$1"
  printf '  %-18s%12s%12s%12s%12s%12s\n' '' moves ms joins ms clones
  shift
  for name in $peers; do
    for _ in 1 2 3 4 5; do
      # shellcheck disable=SC2046 # the words are wanted
      placing_counts "$@" $(command_of "$name")
    done | sort -n -k 2 -k 4 | awk -v name="$name" '
      { line[NR] = $0; moves += $1 }
      END {
        if (NR == 0)
          exit
        split (line[int ((NR + 1) / 2)], f, " ")
        printf "  %-18s%12s%12s%12s%12s%12s\n", name, f[1], f[2], f[3], f[4], f[5]
        if (name == "ours")
          printf "  target: ours waits for no RCU grace period, because it moves nobody: %s\n",
            (moves == 0 ? "met" : "MISSED")
      }'
  done
}

time_placing ()
{
  have strace || { note "strace is missing: placing is not timed"; return 0; }
  placing_table v2 env
  # below what was mounted for the peers
  [ $unified_is_ours = no ] || placing_table v1 unshare --mount sh -c 'umount /sys/fs/cgroup && exec "$@"' sh
}

# A new group for each try: what the last one left charged would keep the limit from being set.
fits ()  # LIMIT IN KiB, COMMAND...
{
  mkdir "$memory_group"
  echo $(($1 * 1024)) >"$memory_group/$memory_file"
  shift
  fitted=no
  timeout -s KILL 10 sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$memory_group" "$@" \
    </dev/null >/dev/null 2>&1 && fitted=yes
  tries=0
  until rmdir "$memory_group" 2>/dev/null || [ $tries -eq 50 ]; do
    tries=$((tries + 1))
    while read -r pid; do kill -s KILL "$pid"; done <"$memory_group/cgroup.procs" 2>/dev/null
    sleep 0.02
  done
  [ $fitted = yes ]
}

smallest_memory ()
{
  if [ -e "$work/memory-controller/memory.limit_in_bytes" ]; then
    memory_group=$work/memory-controller/runc-bench-$$ memory_file=memory.limit_in_bytes
  elif grep -qw memory /sys/fs/cgroup/cgroup.subtree_control; then
    memory_group=/sys/fs/cgroup/runc-bench-memory-$$ memory_file=memory.max
  else
    note "no memory controller within reach: the smallest limit is not searched for"
    return 0
  fi
  printf '\nsmallest memory limit that a run (runtime and container) fits in, KiB, root\n'
  for name in $(all_names); do
    low=0 high=32768
    while [ $((high - low)) -gt 128 ]; do
      middle=$(((low + high) / 2))
      # shellcheck disable=SC2046 # the words are wanted
      if fits $middle $(command_of "$name"); then high=$middle; else low=$middle; fi
      case "$name" in
        bwrap | limit) ;;
        *) remove_containers "$work/root/$name" "$work/bin/$name" ;;
      esac
    done
    [ $high -eq 32768 ] && high=-
    printf '  %-18s%12s\n' "$name" "$high"
  done
}

# ---------------------------------------------------------------- the network, user

as_user ()
{
  if [ "$is_root" = yes ]; then
    env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C TMPDIR="$work/user/run" \
      setpriv --reuid "${user_ids%:*}" --regid "${user_ids#*:}" --clear-groups "$@"
  else
    "$@"
  fi
}

# Rounds of network.py: the helpers take turns. About four minutes.
network_table ()
{
  for program in slirp4netns iperf3 python3 ip; do
    have $program || { note "$program is missing: the network helpers are not measured"; return 0; }
  done
  helper=$(dirname "${RUNC:-/usr/bin/runc}")/helpers/runc-slirp
  [ -x "$helper" ] || { note "$helper is missing: the network helpers are not measured"; return 0; }
  as_user test -w /dev/net/tun || { note "/dev/net/tun is not open to the user: the network helpers are not measured"; return 0; }
  cp "$helper" "$here/network.py" "$work/bin/"
  printf '\nnetwork helpers, user (5 rounds)\n'
  # shellcheck disable=SC2046 # one word or none
  as_user python3 "$work/bin/network.py" -r 5 $(have strace && echo --calls) slirp4netns $(have pasta && echo pasta) "$work/bin/runc-slirp" || true
}

# ---------------------------------------------------------------- all of it

set_stage
make_bundles
modes=user
[ "$is_root" = no ] || modes='user root'
many_rounds=$((rounds / 8 + 1))
for mode in $modes; do
  if wants "$mode"; then plan_run | measure; fi
  if wants lifecycle; then plan_lifecycle | measure $((rounds / 2 + 1)); fi
  if wants many; then plan_many | measure $many_rounds; fi
done
mode=root
if [ "$is_root" = yes ]; then
  if wants syscalls; then count_syscalls; fi
  if wants placing; then time_placing; fi
  if wants memory; then smallest_memory; fi
fi
if wants network; then network_table; fi
