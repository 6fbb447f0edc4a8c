#!/bin/sh
# Check the configuration of a kernel, before it is booted or a machine exists, for what runc uses. What a
# running machine can really do is for 'runc doctor' to say.
#
#   contrib/check-config.sh [-q] [FILE]
#
# FILE is a kernel's .config or config-VERSION, may be compressed by gzip, and may be - for standard input.
# Default: /proc/config.gz, else /boot/config-VERSION or /lib/modules/VERSION/config of the running kernel.
# With -q only what is missing is printed.
#
# Each line is: yes, module or no, the option, what it is for. "module" means that the module has to be
# installed, and loaded by root if nothing loads it by itself.
#
# Exit status: 0 what is required is there, 1 something required is missing, 2 there is no such file, or it
# is not the configuration of a kernel.
set -eu
export LC_ALL=C

# "required: " or "optional: " and a heading, then an OPTION and its purpose on each line.
options='
required: Every container
NAMESPACES            namespaces at all
USER_NS               containers without root
PID_NS                pid namespaces
NET_NS                network namespaces
IPC_NS                ipc namespaces
UTS_NS                host names
CGROUPS               cgroups and their namespaces
PROC_FS               /proc
SYSFS                 /sys
TMPFS                 /dev, masked directories
UNIX98_PTYS           terminals
MULTIUSER             users and groups
POSIX_TIMERS          timers
EPOLL                 waiting for several things
SIGNALFD              signals while waiting
EVENTFD               notifications
TIMERFD               timers while waiting
UNIX                  the console socket, systemd, engines
INET                  the loopback interface
SHMEM                 memory files

optional: Root filesystems
OVERLAY_FS            --overlay (from 5.11 on without root)
FUSE_FS               --overlay by fuse-overlayfs
TMPFS_XATTR           layers on tmpfs
TMPFS_POSIX_ACL       ACLs on tmpfs
POSIX_MQUEUE          /dev/mqueue

optional: Networks without root
TUN                   --network slirp and pasta
IPV6                  IPv6 in containers

optional: Limits
MEMCG                 memory
CGROUP_PIDS           processes
CGROUP_SCHED          CPU time
FAIR_GROUP_SCHED      CPU weights
CFS_BANDWIDTH         CPU quotas
CPUSETS               CPUs and memory nodes
BLK_CGROUP            block I/O
BLK_DEV_THROTTLING    block I/O rates
CGROUP_BPF            device rules (cgroup v2)
BPF_SYSCALL           device rules (cgroup v2)
CGROUP_DEVICE         device rules (cgroup v1)
CGROUP_FREEZER        pause (cgroup v1)
CGROUP_CPUACCT        CPU statistics (cgroup v1)
CGROUP_HUGETLB        huge pages
CGROUP_RDMA           RDMA
PSI                   pressure in the statistics

optional: Confinement
SECCOMP               system call filters
SECCOMP_FILTER        system call filters
SECURITY_APPARMOR     AppArmor profiles
SECURITY_SELINUX      SELinux labels
KEYS                  session keyrings

optional: The rest
TIME_NS               time namespaces
CHECKPOINT_RESTORE    checkpoint and restore
NUMA                  memory policies
X86_CPU_RESCTRL       shares of cache and memory bandwidth
'

# Several system calls that runc cannot do without came with this version.
oldest='5 12'

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
}

fail() {
  printf 'check-config.sh: %s\n' "$1" >&2
  exit 2
}

default_file() {
  version=$(uname -r)
  for candidate in /proc/config.gz "/boot/config-$version" "/lib/modules/$version/config"; do
    if [ -r "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "no configuration of the running kernel is installed; name a file (see --help)"
}

# The file, unpacked if it is packed.
unpack() {
  if [ "$(head -c 2 "$1" | od -An -tx1 | tr -d ' ')" = 1f8b ]; then
    gzip -dc <"$1"
  else
    cat <"$1"
  fi
}

quiet=0
file=
while [ $# -gt 0 ]; do
  case $1 in
  -q) quiet=1 ;;
  -h | --help)
    usage
    exit 0
    ;;
  -?*)
    usage >&2
    exit 2
    ;;
  *)
    [ -z "$file" ] || fail "only one file can be checked"
    file=$1
    ;;
  esac
  shift
done
[ -n "$file" ] || file=$(default_file)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
if [ "$file" = - ]; then
  cat >"$scratch/raw"
else
  if [ ! -f "$file" ] || ! cat <"$file" >"$scratch/raw" 2>/dev/null; then
    fail "cannot read '$file'"
  fi
fi
unpack "$scratch/raw" >"$scratch/config" 2>/dev/null || fail "cannot unpack '$file'"
grep -q '^CONFIG_[A-Z0-9_]*=' "$scratch/config" || fail "'$file' is not the configuration of a kernel"

green='' yellow='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  green=$(printf '\033[32m') yellow=$(printf '\033[33m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
fi

[ "$quiet" = 1 ] || printf 'Kernel configuration: %s\n' "$file"
printf '%s\n' "$options" | awk -v config="$scratch/config" -v oldest="$oldest" -v quiet="$quiet" \
  -v green="$green" -v yellow="$yellow" -v red="$red" -v plain="$plain" '
function say(state, name, what,    colour) {
  if (quiet == 1 && state != "no")
    return
  if (heading != "") {
    printf "%s%s\n", quiet == 1 ? "" : "\n", heading
    heading = ""
  }
  colour = state == "no" ? (required ? red : yellow) : green
  printf "  %s%-6s%s  %-18s %s\n", colour, state, plain, name, what
}

# "# Linux/x86 6.1.158 Kernel Configuration"
function check_version(    wanted, i, found) {
  if (version == "")
    return
  split(oldest, wanted, " ")
  split(version, found, ".")
  if (found[1] + 0 > wanted[1] + 0 || (found[1] + 0 == wanted[1] + 0 && found[2] + 0 >= wanted[2] + 0))
    say("yes", "version " version, "system calls for mounts and paths")
  else {
    say("no", "version " version, "system calls for mounts and paths: " wanted[1] "." wanted[2] " has them")
    missing++
  }
}

BEGIN {
  while ((getline line <config) > 0) {
    if (line ~ /^CONFIG_[A-Za-z0-9_]+=[ym]/)
      value[substr(line, 8, index(line, "=") - 8)] = substr(line, index(line, "=") + 1, 1)
    else if (version == "" && line ~ /^# Linux\/.* [0-9]+\.[0-9]+.* Kernel Configuration/) {
      split(line, word, " ")
      version = word[3]
    }
  }
}

/^(required|optional): / {
  required = $1 == "required:"
  heading = substr($0, index($0, " ") + 1) (required ? " (required)" : " (optional)")
  if (required)
    check_version()
  next
}

NF > 0 {
  state = !($1 in value) ? "no" : value[$1] == "y" ? "yes" : "module"
  what = $0
  sub(/^[^ ]+ +/, "", what)
  say(state, $1, what)
  if (state == "no" && required)
    missing++
}

END {
  if (missing > 0)
    printf "%s%d of what is required %s missing.\n", quiet == 1 ? "" : "\n", missing, missing == 1 ? "is" : "are"
  else if (quiet != 1)
    print "\nAll that is required is there."
  exit missing > 0
}
'
