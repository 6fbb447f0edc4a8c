#!/bin/bash
# Provide the kernel of the test machine (see README.md), and print its directory: in it are `linux`, the program, and
# `modules`, what belongs below /lib/modules (nothing, when the kernel has no modules).
#
#   tests/vm/kernel.sh
#   tests/vm/kernel.sh --compile DIR    what it does when there is none yet: make our own in DIR
#
# Our own is compiled from the newest kernel source of Debian's backports, with kernel.config. That takes some minutes,
# once: it is kept in the cache of image.sh. It is worth it, because a container starts five times as fast as with
# Debian's own user-mode-linux, and because that has neither cpusets nor pressure stall information nor time
# namespaces. Debian's remains the choice for a test on an older kernel, and where there is no source.
#
# Environment: RUNC_VM_CACHE: the cache, as for image.sh; RUNC_VM_KERNEL: "own" (the default) or "debian" (the
# installed linux.uml); RUNC_VM_KERNEL_SUITE: the suite of the source (trixie-backports); RUNC_VM_MIRROR: as for image.sh.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/vm/mirror.sh
. "$here/mirror.sh"
cache=${RUNC_VM_CACHE:-${XDG_CACHE_HOME:-/var/cache}/runc-vm}
source_suite=${RUNC_VM_KERNEL_SUITE:-trixie-backports}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'tests/vm: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# debian DIR: a directory that shows the installed kernel.
debian() {
  command -v linux.uml >/dev/null || die "linux.uml is not installed (Debian: user-mode-linux)"
  mkdir -p "$1"
  ln -sfn "$(command -v linux.uml)" "$1/linux"
  ln -sfn /usr/lib/uml/modules "$1/modules"
}

# private_apt COMMAND...: with lists, state and sources of its own, which are those of the suite with the source.
private_apt() { APT_CONFIG=$work/apt.conf "$@"; }

configure_apt() {
  mkdir -p "$work"/apt/{apt.conf.d,preferences.d,lists/partial,cache/archives/partial}
  : >"$work/apt/status"
  echo "deb [signed-by=$keyring] $(own_mirror) $source_suite main" >"$work/apt/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir::Etc "$work/apt";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
CONF
}

# Unpack the newest source below $work; prints its directory.
unpack_source() {
  local package
  configure_apt
  private_apt apt-get -qq update >&2
  package=$(private_apt apt-cache search --names-only '^linux-source-[0-9]+\.[0-9]+$' | cut -d' ' -f1 | sort -V | tail -n 1)
  [[ -n $package ]] || die "$source_suite has no kernel source"
  (cd "$work" && private_apt apt-get -qq download "$package" >&2)
  dpkg-deb --fsys-tarfile "$work/$package"_*.deb | tar -C "$work" -x --wildcards './usr/src/*.tar.xz'
  tar -C "$work" -xf "$work/usr/src/$package.tar.xz"
  rm "$work"/*.deb "$work/usr/src/"*
  echo "$work/$package"
}

# build DIR: compile our own into DIR.
build() {
  local program tree log=$cache/kernel.log
  for program in flex bison bc make gcc xz; do
    command -v "$program" >/dev/null || die "$program is not installed"
  done
  work=$cache/kernel.$$
  # shellcheck disable=SC2064
  trap "rm -rf '$work' '$1.new'" EXIT
  mkdir -p "$work" "$1.new/modules"
  say "compiling the kernel of the test machine, which is done once"
  tree=$(unpack_source)
  {
    make -C "$tree" -s ARCH=um O="$work/out" x86_64_defconfig
    (cd "$tree" && ARCH=um scripts/kconfig/merge_config.sh -m -O "$work/out" "$work/out/.config" "$here/kernel.config")
    make -C "$tree" -s ARCH=um O="$work/out" olddefconfig
    make -C "$tree" -s ARCH=um O="$work/out" -j"$(nproc)" linux
  } >"$log" 2>&1 </dev/null || {
    tail -n 30 "$log" >&2
    die "the kernel cannot be compiled, see above"
  }
  strip -o "$1.new/linux" "$work/out/linux"
  cp "$work/out/.config" "$1.new/config"
  mv "$1.new" "$1"
}

mkdir -p "$cache"
if [[ ${1:-} == --compile ]]; then
  build "$2"
  exit
fi
case ${RUNC_VM_KERNEL:-own} in
debian)
  kernel=$cache/kernel-debian
  debian "$kernel"
  ;;
own)
  kernel=$cache/kernel-$({ echo "$source_suite"; cat "$here/kernel.config"; } | sha256sum | cut -c1-16)
  # One at a time; who waited finds it made.
  exec 8>"$cache/kernel.lock"
  flock 8
  if [[ ! -x $kernel/linux ]] && ! "$here/kernel.sh" --compile "$kernel" >&2 8>&-; then
    say "going on with Debian's kernel, which is slower and lacks features: what needs them is skipped"
    kernel=$cache/kernel-debian
    debian "$kernel"
  fi
  touch "$kernel"
  find "$cache" -maxdepth 1 -name 'kernel-????????????????' -mtime +7 -exec rm -rf {} +
  ;;
*) die "RUNC_VM_KERNEL is neither 'own' nor 'debian'" ;;
esac
echo "$kernel"
