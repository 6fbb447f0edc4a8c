#!/bin/sh
# Install what building and testing needs, or say what is missing.
#
#   contrib/install-deps.sh [GROUP...]
#
# Groups: build (compile runc), demo (run a container with it), test (the whole test suite, with the
# programs that it compares with and that run containers through runc). Default: all three.
#
# What is there is found by looking for the thing itself, so nothing is installed twice. Started by root on
# Debian or a relative of it, what is missing is installed with apt-get. Otherwise nothing is changed: the
# missing packages and the command that installs them are printed, and the exit status is 1.
set -eu

PATH=$PATH:/usr/sbin:/sbin

# group  Debian package  how to see that it is there: cmd:PROGRAM, pc:PKG-CONFIG-MODULE, file:PATH (may have *)
packages='
build autoconf          cmd:autoconf
build automake          cmd:automake
build pkg-config        cmd:pkg-config
build gcc               cmd:gcc
build libc6-dev         file:/usr/include/stdlib.h
build make              cmd:make
build git               cmd:git
build libglib2.0-dev    pc:gio-2.0
build libpcre2-dev      pc:libpcre2-8
build libjson-c-dev     pc:json-c
build libseccomp-dev    pc:libseccomp
build libcap-dev        pc:libcap
build libslirp-dev      pc:slirp

demo  busybox-static    static:busybox
demo  uidmap            cmd:newuidmap

test  bats              cmd:bats
test  jq                cmd:jq
test  procps            cmd:ps
test  iproute2          cmd:ip
test  python3           cmd:python3
test  strace            cmd:strace
test  socat             cmd:socat
test  xz-utils          cmd:xz
test  clang             cmd:clang
test  clang-format      cmd:clang-format
test  libclang-rt-dev   file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer*.a
test  fuse-overlayfs    cmd:fuse-overlayfs
test  slirp4netns       cmd:slirp4netns
test  passt             cmd:pasta
test  runc              file:/usr/sbin/runc
test  crun              cmd:crun
test  bubblewrap        cmd:bwrap
test  libcap2-bin       cmd:setcap
test  podman            cmd:podman
test  buildah           cmd:buildah
test  containerd        cmd:containerd
test  docker.io         cmd:dockerd
test  user-mode-linux   cmd:linux.uml
test  mmdebstrap        cmd:mmdebstrap
test  e2fsprogs         cmd:mke2fs
test  flex              cmd:flex
test  bison             cmd:bison
test  bc                cmd:bc
'

is_static() {
  program=$(command -v "$1") || return 1
  # ldd is part of Debian's libc-bin; a static program has no interpreter for it to call.
  ! ldd "$program" >/dev/null 2>&1
}

is_there() {
  case $1 in
  cmd:*) command -v "${1#cmd:}" >/dev/null ;;
  pc:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pc:}" ;;
  static:*) is_static "${1#static:}" ;;
  # Unquoted: the path may be a pattern.
  file:*) ls ${1#file:} >/dev/null 2>&1 ;;
  esac
}

[ $# -gt 0 ] || set -- build demo test
missing=
for group; do
  case $group in
  build | demo | test) ;;
  -h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
    exit 0
    ;;
  *)
    echo "install-deps.sh: unknown group '$group' (there are build, demo and test)" >&2
    exit 2
    ;;
  esac
  missing="$missing $(echo "$packages" | while read -r in_group package probe; do
    [ "$in_group" != "$group" ] || is_there "$probe" || printf '%s ' "$package"
  done)"
done
missing=$(echo $missing)
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "install-deps.sh: these are missing (names of Debian's packages), and this system has no apt-get:" >&2
  echo "  $missing" >&2
  exit 1
fi

# The compiler's run-time library has the compiler's version in its name.
missing=$(for package in $missing; do
  if [ "$package" = libclang-rt-dev ]; then
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1)
    package=libclang-rt-${version:-14}-dev
  fi
  printf '%s ' "$package"
done)

if [ "$(id -u)" != 0 ]; then
  echo "install-deps.sh: these packages are missing: $missing" >&2
  echo "Install them as root, and try again:" >&2
  echo "  apt-get update && apt-get install --no-install-recommends $missing" >&2
  exit 1
fi

echo "Installing $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! {
  apt-get -q update &&
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing
} >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  echo "install-deps.sh: apt-get failed, see above" >&2
  exit 1
fi
