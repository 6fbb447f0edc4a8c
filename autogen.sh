#!/bin/sh
# Make ./configure from configure.ac; run it once in a fresh checkout. Arguments are not used.
set -eu

cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
  if ! command -v "$tool" >/dev/null; then
    echo "autogen.sh: $tool is not installed (Debian: apt install autoconf automake pkg-config)" >&2
    exit 1
  fi
done
exec autoreconf --force --install --warnings=all
