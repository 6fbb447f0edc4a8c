#!/bin/sh
# Check that the sources are as clang-format 14 would write them.
#
#   lint-format.sh DIR    DIR is the top of the source tree
#
# Prints file:line: rule. Status 1: there is something to format, 77: no clang-format 14 is there
# (other versions format differently).
set -eu
cd "$1"

tool=${CLANG_FORMAT:-clang-format}
if ! version=$("$tool" --version 2>/dev/null); then
  echo 'clang-format 14 is not installed'
  exit 77
fi
case $version in
*' version 14.'*) ;;
*)
  echo "clang-format 14 is not installed, only: $version"
  exit 77
  ;;
esac

dirs=
for dir in src helpers tests; do
  if [ -d "$dir" ]; then
    dirs="$dirs $dir"
  fi
done

# shellcheck disable=SC2086
files=$(find $dirs \( -name '*.c' -o -name '*.h' \) -type f | LC_ALL=C sort)
# shellcheck disable=SC2086
"$tool" --style=file --dry-run --ferror-limit=1 -Werror $files 2>&1 |
  sed -n 's/^\([^:]*:[0-9]*\):[0-9]*: error: .*/\1: format: run clang-format -i on this file/p' |
  { ! grep .; }
