#!/bin/sh
# Build runc in a directory of its own, from whatever state the tree is in.
#
#   contrib/build.sh DIRECTORY [CONFIGURE-OPTION...] [-- MAKE-TARGET...]
#
# Does what is necessary of autogen.sh, configure and make, and is quick when nothing is. What they say goes
# to DIRECTORY/build.log, and to the terminal when they fail.
set -eu

[ $# -gt 0 ] || {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
  exit 2
}
top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift
options=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options="$options '$1'"
  shift
done
[ $# -eq 0 ] || shift

# Whether configure has to be made (again).
needs_autogen() {
  [ -x "$top/configure" ] && [ -f "$top/Makefile.in" ] || return 0
  [ -n "$(find "$top/configure.ac" "$top/m4" -newer "$top/configure" -name '*.[am][c4]' 2>/dev/null)" ]
}

steps() {
  if needs_autogen; then
    "$top/autogen.sh" || return 1
  fi
  cd "$build"
  if [ ! -f Makefile ] || [ "$(cat configured-with 2>/dev/null)" != "$options" ]; then
    eval "'$top/configure' $options" || return 1
    printf '%s\n' "$options" >configured-with
  fi
  make -j"$(nproc)" "${@:-all}"
}

# Not `if ! steps`, where the shell would ignore errors inside.
status=0
(set -e; steps "$@") >"$build/build.log" 2>&1 </dev/null || status=$?
if [ "$status" != 0 ]; then
  tail -n 60 "$build/build.log" >&2
  echo "build.sh: the build in $build failed, see above or build.log there" >&2
  exit 1
fi
