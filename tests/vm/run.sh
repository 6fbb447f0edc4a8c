#!/bin/bash
# Start the test machine (see README.md), run a command in it, and pass on its output and its exit status.
#
#   tests/vm/run.sh [OPTION...] [COMMAND...]
#
# In the machine, /host/src is the source tree and /host/build what was built; /host/out comes out of it again.
# Without a command, that is a shell on this terminal, as root; `as-tester bash` there is one as an ordinary user who
# is logged in. With the shell ends the machine, and what was written to its disk is gone.
#
# Options:
#   --build DIR      the build directory; default: build
#   --src DIR        the source tree; default: this one
#   --out DIR        where /host/out is copied to, also when the machine died, and the journal
#   --timeout SEC    end a machine that runs longer; default: 3600
#   --mem SIZE       memory of the machine; default: 1536M
#   --cpus N         its processors, all on one of ours; default: 1, which is a third faster than 2
#
# Exit status: that of the command; 124 after --timeout; 125 when there was no machine, or it ended by itself.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
src=$(realpath "$here/../..")
build=$src/build
out=
timeout=3600
memory=1536M
processors=1

# Seconds that a machine has to get to its job. It takes 10 to 20 when it has a processor for itself.
boot_timeout=${RUNC_VM_BOOT_TIMEOUT:-240}

say() { printf 'tests/vm: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 125
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
    --build | --src | --out | --timeout | --mem | --cpus)
      (($# > 1)) || die "$1 needs a value"
      case $1 in
      --build) build=$(realpath -m -- "$2") ;;
      --src) src=$(realpath -m -- "$2") ;;
      --out) out=$(realpath -m -- "$2") ;;
      --timeout) timeout=$2 ;;
      --mem) memory=$2 ;;
      --cpus) processors=$2 ;;
      esac
      shift 2
      ;;
    -h | --help)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$here/run.sh" | sed '$d'
      exit 0
      ;;
    --)
      shift
      break
      ;;
    -*) die "unknown option '$1' (see --help)" ;;
    *) break ;;
    esac
  done
  job=("$@")
}

# What the machine sees as /host.
make_host() {
  local path
  mkdir -p "$work/host/src" "$work/host/build/helpers" "$work/host/build/tests/lib" "$work/host/out"
  (cd "$src" && tar -cf - README.md CHANGELOG.md COPYING .ci docs contrib tests) | tar -C "$work/host/src" -xf -
  for path in runc helpers tests/lib; do
    [[ -e $build/$path ]] || continue
    find "$build/$path" -maxdepth 1 -type f -perm -100 -exec cp {} "$work/host/build/${path%runc}" \;
  done
  {
    echo '#!/bin/bash'
    echo 'cd /root'
    if ((${#job[@]} > 0)); then printf 'exec'; printf ' %q' "${job[@]}"; echo; else echo 'exec bash -l'; fi
  } >"$work/host/job"
  ((${#job[@]} > 0)) || : >"$work/host/interactive"
  chmod -R a+rX "$work/host"
  chmod a+x "$work/host/job"
}

# machine KERNEL IMAGE: be the machine, until it ends. All of it that is written is in a file system of its own in memory,
# because /dev/shm is small in some containers. Runs in namespaces of its own, whose end is the end of all processes
# of the machine. Its terminal is ours.
machine() {
  local input=null processor
  take_processor "$2"
  [[ ! -e $work/host/interactive ]] || input=fd:0
  mount -t tmpfs -o size=80%,mode=700 tmpfs "$work/ram" || exit
  # On one processor of ours, whatever the machine's own: at each system call the kernel and the process hand over to
  # each other, which is slow from one to another. Where the kernel can (6.16), by a seccomp filter instead of ptrace.
  env -i PATH="$PATH" HOME="$work/ram" TMPDIR="$work/ram" taskset -c "$processor" \
    "$1/linux" mem="$memory" seccomp=auto ncpus="$processors" ubda="$work/ram/disk,$2" root=/dev/ubda rw rootfstype=ext4 \
    con=null con0=null,fd:3 con1="$input,fd:1" ssl=null hostfs="$work/host" quiet \
    init=/lib/systemd/systemd systemd.unified_cgroup_hierarchy=1 3>"$work/console" 2>>"$work/console"
}

# take_processor IMAGE: set `processor` to one that no other machine has, as far as there are enough. Who has which is
# locked beside the image.
take_processor() {
  local list fd
  mapfile -t list < <(allowed_processors)
  for processor in "${list[@]}"; do
    exec {fd}>"${1%/*}/processor-$processor.lock"
    # Open, and so locked, until the machine ends.
    ! flock -n "$fd" || return 0
    exec {fd}>&-
  done
}

# Those that we may use, the last one first.
allowed_processors() {
  local range
  for range in $(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status | tr , ' '); do
    seq "${range%-*}" "${range#*-}"
  done | sort -rn
}

start() {
  rm -f "$work/host/booted" "$work/host/status"
  RUNC_VM_WORK=$work unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    "$here/run.sh" --mem "$memory" --cpus "$processors" "$kernel" "$image" <&4 &
  child=$!
}

stop() {
  [[ -z $child ]] || { kill -KILL "$child"; wait "$child"; } 2>/dev/null || :
  child=
}

# await FILE SECONDS: whether FILE is there before the machine ends, and before the time is over.
await() {
  local end=$((SECONDS + $2))
  until [[ -e $1 ]]; do
    ((SECONDS < end)) && [[ -n $(jobs -pr) ]] || break
    sleep 0.2
  done
  [[ -e $1 ]]
}

show_console() { tail -n 20 "$work/console" >&2 || :; }

clean_up() {
  stop
  if [[ -n $out ]]; then
    mkdir -p "$out"
    cp -r "$work/host/out/." "$out/" || :
    cp "$work/console" "$work/host/journal" "$out/" 2>/dev/null || :
  fi
  rm -rf "$work"
}

main() {
  local attempt
  parse_arguments "$@"
  if [[ -n ${RUNC_VM_WORK:-} ]]; then
    work=$RUNC_VM_WORK
    machine "${job[@]}"
    exit
  fi
  ((EUID == 0)) || die "the test machine needs root"
  kernel=$("$here/kernel.sh") && image=$("$here/image.sh") || exit 125
  child=
  work=$(mktemp -d "${TMPDIR:-/tmp}/runc-vm.XXXXXX")
  trap clean_up EXIT
  trap 'exit 143' TERM INT HUP
  mkdir "$work/ram"
  make_host
  exec 4<&0
  for attempt in 1 2; do
    start
    ! await "$work/host/booted" "$boot_timeout" || break
    stop
    say "the machine did not start (attempt $attempt of 2); the end of its console:"
    show_console
    ((attempt < 2)) || exit 125
  done
  if await "$work/host/status" "$timeout"; then
    # It powers off by itself; until then, the end of its output may be on the way.
    for ((attempt = 0; attempt < 100 && $(jobs -pr | wc -l) > 0; attempt++)); do sleep 0.1; done
    exit "$(cat "$work/host/status")"
  fi
  if [[ -n $(jobs -pr) ]]; then
    say "the machine was ended after $timeout seconds"
    exit 124
  fi
  say "the machine ended by itself; the end of its console:"
  show_console
  exit 125
}

main "$@"
