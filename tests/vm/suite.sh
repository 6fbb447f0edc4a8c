#!/bin/bash
# Run the bats files in the test machine (see README.md). Started there by tests/run, through run.sh.
#
#   suite.sh [--all | --file NAME...] [--filter REGEX] PASS...
#
# Passes:
#   user           tests/rootless as an ordinary user who is logged in, with a systemd session
#   root           tests/root and tests/rootless as root, cgroups by hand
#   root-systemd   the same with --systemd-cgroup
#
# Everything takes about an hour here. Without --all and --file, it is those files for which this host is another than
# the one outside: of what a user gets from systemd, and of cgroups.
#
# Each leaves what bats says in /host/out/vm-PASS.tap, and how long it took in vm-PASS.seconds.
set -u

top=/var/tmp/runc
filter=()
all=
files=()
user_files=(cgroup-none cgroup-systemd run lifecycle exec userns namespaces mounts)
root_files=(cgroup-limits cgroup-life)
root_systemd_files=(cgroup-systemd cgroup-limits cgroup-life)
passes=()

while (($# > 0)); do
  case $1 in
  --filter)
    filter=(--filter "$2")
    shift
    ;;
  --file)
    files+=("${2%.bats}")
    shift
    ;;
  --all) all=1 ;;
  *) passes+=("$1") ;;
  esac
  shift
done

# selection DIRECTORY...: the files of these directories, but for a selection by name.
selection() {
  local dir file name
  for dir; do
    for file in "$top/src/tests/$dir"/*.bats; do
      name=${file##*/}
      ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" ${name%.bats} "* ]] && echo "$file"
    done
  done
}

# pass NAME MODE DIRECTORY... -- FILE...: these files are what is run when nothing else was asked for.
pass() {
  local name=$1 mode=$2 start=$SECONDS become=(env) directories=() wanted selected
  shift 2
  while [[ $1 != -- ]]; do
    directories+=("$1")
    shift
  done
  shift
  wanted=("$@")
  [[ -z $all ]] || wanted=()
  ((${#files[@]} == 0)) || wanted=("${files[@]}")
  mapfile -t selected < <(selection "${directories[@]}")
  ((${#selected[@]} > 0)) || return 0
  [[ $name != user ]] || become=(as-tester RUNC_TEST_SESSION=1)
  # Time goes slower in here. A runc that is not installed finds its helpers only when it is not a copy of itself.
  "${become[@]}" TMPDIR=/var/tmp/tests RUNC="$top/build/runc" RUNC_SRCDIR="$top/src" RUNC_BUILDDIR="$top/build" \
    RUNC_SCOPE="$top/build/helpers/runc-scope" RUNC_SLIRP="$top/build/helpers/runc-slirp" \
    RUNC_TEST_MODE="$mode" RUNC_TEST_SLOW=6 RUNC_TEST_STRICT="${RUNC_TEST_STRICT:-0}" \
    bats --tap --timing --filter-tags "!no:$mode" "${filter[@]}" "${selected[@]}" >"/host/out/vm-$name.tap" 2>&1
  echo $? >"/host/out/vm-$name.status"
  echo $((SECONDS - start)) >"/host/out/vm-$name.seconds"
}

# On the machine's own disk: /host is slow, and is no Linux file system.
mkdir -p "$top"
mkdir -m 1777 -p /var/tmp/tests
cp -r /host/src /host/build "$top/"

for name in "${passes[@]}"; do
  case $name in
  user) pass user user rootless -- "${user_files[@]}" ;;
  root) pass root root-v2 root rootless -- "${root_files[@]}" ;;
  root-systemd) pass root-systemd root-systemd root rootless -- "${root_systemd_files[@]}" ;;
  esac
done
