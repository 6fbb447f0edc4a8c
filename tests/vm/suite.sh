#!/bin/bash
# Run the bats files in the test machine (see README.md). Started there by tests/run, through run.sh.
#
#   suite.sh [--filter REGEX] [--file NAME]... PASS...
#
# Passes:
#   user           tests/rootless as an ordinary user who is logged in, with a systemd session
#   root           tests/root and tests/rootless as root, cgroups by hand
#   root-systemd   the same with --systemd-cgroup
#
# Each leaves what bats says in /host/out/vm-PASS.tap, and how long it took in vm-PASS.seconds.
set -u

top=/var/tmp/runc
filter=()
files=()
passes=()

while (($# > 0)); do
  case $1 in
  --filter)
    filter=(--filter "$2")
    shift
    ;;
  --file)
    files+=("$2")
    shift
    ;;
  *) passes+=("$1") ;;
  esac
  shift
done

# selection DIRECTORY...: the files of these directories, all or those that were named.
selection() {
  local dir file
  for dir; do
    for file in "$top/src/tests/$dir"/*.bats; do
      ((${#files[@]} == 0)) || [[ " ${files[*]} " == *" ${file##*/} "* ]] && echo "$file"
    done
  done
}

# pass NAME MODE DIRECTORY...
pass() {
  local name=$1 mode=$2 start=$SECONDS become=(env) selected
  shift 2
  mapfile -t selected < <(selection "$@")
  ((${#selected[@]} > 0)) || return 0
  [[ $name != user ]] || become=(as-tester RUNC_TEST_SESSION=1)
  # Time goes slower in here.
  "${become[@]}" TMPDIR=/var/tmp/tests RUNC="$top/build/runc" RUNC_SRCDIR="$top/src" RUNC_BUILDDIR="$top/build" \
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
  user) pass user user rootless ;;
  root) pass root root-v2 root rootless ;;
  root-systemd) pass root-systemd root-systemd root rootless ;;
  esac
done
