#!/bin/sh
# The version and commit of this build.
#
#   gen-version.sh commit SRCDIR                  print the commit, "-dirty" appended for changed files;
#                                                 nothing if it is not known
#   gen-version.sh header SRCDIR VERSION HEADER   write HEADER unless it says the same already
set -eu

commit() {
  if [ -e "$1/.git" ] &&
    GIT_OPTIONAL_LOCKS=0 git -c safe.directory='*' -C "$1" describe \
      --always --abbrev=40 --dirty --exclude='*' 2>/dev/null; then
    return
  fi
  if [ -r "$1/.tarball-commit" ]; then
    cat "$1/.tarball-commit"
  fi
}

case $1 in
commit)
  commit "$2"
  ;;
header)
  header=$4
  text=$(printf '#define RUNC_VERSION "%s"\n#define RUNC_COMMIT "%s"\n' "$3" "$(commit "$2")")
  if [ ! -e "$header" ] || [ "$(cat "$header")" != "$text" ]; then
    mkdir -p "$(dirname "$header")"
    printf '%s\n' "$text" >"$header.tmp.$$"
    mv "$header.tmp.$$" "$header"
  fi
  ;;
esac
