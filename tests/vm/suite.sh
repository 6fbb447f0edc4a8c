#!/bin/bash
# Run the bats files in the test machine (see README.md). Started there by tests/run, through run.sh.
#
#   suite.sh [--all | --file NAME...] [--filter REGEX] MODE
#
# Modes (RUNC_TEST_MODE of tests/lib/helpers.bash):
#   user           tests/rootless as an ordinary user who is logged in, with a systemd session
#   root-v2        tests/root as root, cgroups by hand
#   root-systemd   the same with --systemd-cgroup
#
# As root, those files of tests/rootless come on top for which it matters that this host is another; --all: all.
#
# Leaves what bats says in /host/out/MODE.tap, its exit status in MODE.status, and how long it took in MODE.seconds.
set -u

top=/var/tmp/runc
filter=()
files=()
all=
roots_files=(cgroup-systemd engines run lifecycle exec list mounts mount-options namespaces)

while (($# > 1)); do
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
  esac
  shift
done
mode=$1

# selection DIRECTORY NAME...: the files of this directory, but for a selection by name.
selection() {
  local dir=$1 file name
  shift
  for file in "$top/src/tests/$dir"/*.bats; do
    name=${file##*/}
    (($# == 0)) || [[ " $* " == *" ${name%.bats} "* ]] && echo "$file"
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
if [[ $mode == user ]]; then
  become=(as-tester RUNC_TEST_SESSION=1)
  mapfile -t selected < <(selection rootless "${files[@]}")
else
  wanted=("${files[@]}")
  [[ -n $all ]] || ((${#files[@]} > 0)) || wanted=("${roots_files[@]}")
  mapfile -t selected < <(selection root "${files[@]}"; selection rootless "${wanted[@]}")
fi
if ((${#selected[@]} == 0)); then
  echo 1..0 >"/host/out/$mode.tap"
  exit
fi
start=$SECONDS
# Time goes slower in here. A runc that is not installed finds its helpers only when it is not a copy of itself.
command=("${become[@]}" TMPDIR=/var/tmp/tests RUNC="$top/build/runc" RUNC_SRCDIR="$top/src" RUNC_BUILDDIR="$top/build"
  RUNC_SCOPE="$top/build/helpers/runc-scope" RUNC_SLIRP="$top/build/helpers/runc-slirp"
  RUNC_TEST_MODE="$mode" RUNC_TEST_SLOW=6 RUNC_TEST_STRICT="${RUNC_TEST_STRICT:-0}"
  bats --tap --timing --filter-tags "$tags")
"${command[@]}" "${filter[@]}" "${selected[@]}" >"/host/out/$mode.tap" 2>&1
echo $? >"/host/out/$mode.status"
# shellcheck source=tests/lib/again.bash
. "$top/src/tests/lib/again.bash"
run_again "/host/out/$mode.tap" "${command[@]}" -- "${selected[@]}"
echo $((SECONDS - start)) >"/host/out/$mode.seconds"
