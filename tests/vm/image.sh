#!/bin/bash
# Make the disk image of the test machine (see README.md), and print its path. One that is there is used again.
#
#   tests/vm/image.sh
#
# The packages come from the Debian mirror that this machine itself uses. The image is kept in a cache outside of
# the tree under a name made of all that goes into it, so that one that is no longer what it should be is never
# found. One that nobody used for a week is removed.
#
# Environment: RUNC_VM_CACHE: the cache (default: runc-vm in $XDG_CACHE_HOME, or else in /var/cache);
# RUNC_VM_MIRROR: the URL of a mirror, in place of the machine's own.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/vm/mirror.sh
. "$here/mirror.sh"
cache=${RUNC_VM_CACHE:-${XDG_CACHE_HOME:-/var/cache}/runc-vm}

# The base system, what a logged-in user has, what runc's helpers are linked with, and what the tests call.
packages=(
  systemd systemd-sysv dbus dbus-user-session libpam-systemd udev kmod
  passwd login util-linux procps iproute2 libcap2-bin uidmap fuse3
  libglib2.0-0 libjson-c5 libcap2 libseccomp2 libslirp0
  bats jq busybox-static python3 strace socat xz-utils fuse-overlayfs slirp4netns passt bubblewrap
  podman buildah containerd docker.io runc crun
)

# What only makes the start longer, or does not work in this machine.
masked=(
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
  systemd-tmpfiles-clean.timer systemd-timesyncd.service systemd-networkd.service systemd-firstboot.service
  systemd-hwdb-update.service systemd-journal-flush.service systemd-machine-id-commit.service systemd-pstore.service
  systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-binfmt.service
  ldconfig.service getty.target getty-static.service getty@tty1.service console-getty.service
  modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@dm_mod.service
  docker.service docker.socket containerd.service podman.service podman.socket podman-restart.service
  podman-auto-update.service podman-auto-update.timer
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount proc-sys-fs-binfmt_misc.automount
)

die() {
  printf 'tests/vm/image.sh: %s\n' "$*" >&2
  exit 1
}

# customize DIR: the tree as we want it. Nobody has a password, nobody but us is in there.
customize() {
  local root=$1 unit
  cp -r "$here/guest/." "$root/"
  echo vm >"$root/etc/hostname"
  printf '127.0.0.1 localhost vm\n::1 localhost\n' >"$root/etc/hosts"
  : >"$root/etc/fstab"
  # Without one, systemd takes this for its first start, and does more.
  echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
  chroot "$root" useradd -m -u 1000 -U -s /bin/bash tester
  echo tester:100000:65536 >"$root/etc/subuid"
  echo tester:100000:65536 >"$root/etc/subgid"
  mkdir -p "$root/var/lib/systemd/linger" "$root/host"
  : >"$root/var/lib/systemd/linger/tester"
  ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf ../vm-job.service "$root/etc/systemd/system/multi-user.target.wants/vm-job.service"
  for unit in "${masked[@]}"; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
}

# build FILE: make the image.
build() {
  local tree=$cache/tree.$$ log=$cache/build.log program
  for program in mmdebstrap mke2fs; do
    command -v "$program" >/dev/null || die "$program is not installed (Debian: ${program/mke2fs/e2fsprogs})"
  done
  # shellcheck disable=SC2064
  trap "rm -rf '$tree' '$1.new'" EXIT
  echo "Making the disk of the test machine from $mirror" >&2
  mmdebstrap --variant=minbase --mode=root --include="$(IFS=,; echo "${packages[*]}")" \
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$tree" "$mirror" >"$log" 2>&1 </dev/null || {
    tail -n 30 "$log" >&2
    die "mmdebstrap failed, see above"
  }
  customize "$tree"
  mkdir -p "$tree/lib/modules"
  cp -a "$kernel/modules/." "$tree/lib/modules/"
  truncate -s 4G "$1.new"
  mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 -L root -d "$tree" "$1.new"
  mv "$1.new" "$1"
}

kernel=$("$here/kernel.sh")
mirror=$(own_mirror)

mkdir -p "$cache"
key=$({
  echo "$suite $mirror"
  ls "$kernel/modules"
  cat "$here/image.sh"
  cd "$here/guest" && find . -type f | LC_ALL=C sort | xargs sha256sum
} | sha256sum | cut -c1-16)
image=$cache/$key.img

# One at a time; who waited finds it made.
exec 9>"$cache/lock"
flock 9
if [[ ! -f $image ]]; then
  build "$image" 9>&-
  find "$cache" -maxdepth 1 -name '*.img' -mtime +7 -delete
fi
touch "$image"
echo "$image"
