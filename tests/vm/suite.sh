#!/bin/bash
# Run the bats files in the test machine (see README.md). Started there by tests/run, through run.sh.
#
#   suite.sh [--file NAME]... [--filter REGEX] MODE
#
# Modes (RUNC_TEST_MODE of tests/lib/helpers.bash):
#   user           tests/rootless as an ordinary user who is logged in, with a systemd session
#   root-v2        tests/root and tests/rootless as root, cgroups by hand
#   root-systemd   the same with --systemd-cgroup
#
# Leaves what bats says in /host/out/MODE.tap, its exit status in MODE.status, and how long it took in MODE.seconds.
set -u

top=/var/tmp/runc
filter=()
files=()

while (($# > 1)); do
  case $1 in
  --filter) filter=(--filter "$2") ;;
  --file) files+=("${2%.bats}") ;;
  esac
  shift 2
done
mode=$1

# selection DIRECTORY...: the files of these directories, but for a selection by name.
selection() {
  local dir file name
  for dir; do
    for file in "$top/src/tests/$dir"/*.bats; do
      name=${file##*/}
      ((${#files[@]} == 0)) || [[ " ${files[*]} " == *" ${name%.bats} "* ]] && echo "$file"
    done
  done
}

# On the machine's own disk: /host is slow, and is no Linux file system.
mkdir -p "$top"
mkdir -m 1777 -p /var/tmp/tests
cp -r /host/src /host/build "$top/"

become=(env)
tags="!no:$mode"
# What needs another hierarchy than the unified one, or no root, is not for this mode either.
[[ $mode != root-systemd ]] || tags+=',!no:root-v2'
directories=(root rootless)
if [[ $mode == user ]]; then
  become=(as-tester RUNC_TEST_SESSION=1)
  directories=(rootless)
fi
mapfile -t selected < <(selection "${directories[@]}")
if ((${#selected[@]} == 0)); then
  echo 1..0 >"/host/out/$mode.tap"
  exit
fi
start=$SECONDS
# Time goes slower in here. A runc that is not installed finds its helpers only when it is not a copy of itself.
"${become[@]}" TMPDIR=/var/tmp/tests RUNC="$top/build/runc" RUNC_SRCDIR="$top/src" RUNC_BUILDDIR="$top/build" \
  RUNC_SCOPE="$top/build/helpers/runc-scope" RUNC_SLIRP="$top/build/helpers/runc-slirp" \
  RUNC_TEST_MODE="$mode" RUNC_TEST_SLOW=6 RUNC_TEST_STRICT="${RUNC_TEST_STRICT:-0}" \
  bats --tap --timing --filter-tags "$tags" "${filter[@]}" "${selected[@]}" >"/host/out/$mode.tap" 2>&1
echo $? >"/host/out/$mode.status"
echo $((SECONDS - start)) >"/host/out/$mode.seconds"
