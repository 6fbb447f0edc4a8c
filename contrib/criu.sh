#!/bin/sh
# Find a criu that works on this machine, or fetch one, for the tests of checkpoint and restore.
#
#   contrib/criu.sh [--offline]
#
# Prints the directory that has it, to be put in front of $PATH; the status is 1, with the reason on stderr,
# when none can be had. `criu check` decides what works: that of the distribution, that of the cache, or else,
# unless --offline, that of a later Debian with all its libraries, its C library included, unpacked into the
# cache and run from there. Nothing is installed.
#
# Environment: RUNC_CRIU_CACHE (/var/cache/runc-criu), RUNC_CRIU_SUITE (trixie), RUNC_CRIU_MIRROR (the one
# that this machine has its packages from).
set -eu

PATH=$PATH:/usr/sbin:/sbin
cache=${RUNC_CRIU_CACHE:-/var/cache/runc-criu}
suite=${RUNC_CRIU_SUITE:-trixie}
offline=false

case ${1:-} in
'') ;;
--offline) offline=true ;;
*)
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
  [ "$1" = -h ] || [ "$1" = --help ] || exit 2
  exit 0
  ;;
esac

die() {
  echo "criu.sh: $*" >&2
  exit 1
}

works() { "$1" check >/dev/null 2>&1; }

[ "$(id -u)" = 0 ] || die "criu works for root only"
if command -v criu >/dev/null && works criu; then
  dirname "$(command -v criu)"
  exit 0
fi

dir=$cache/$suite
if [ ! -x "$dir/bin/criu" ] && $offline; then
  die "there is none in '$cache', and none is fetched (--offline)"
fi

mirror() {
  [ -z "${RUNC_CRIU_MIRROR:-}" ] || { echo "$RUNC_CRIU_MIRROR"; return; }
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1
}

# Into a directory of its own, with an apt that knows nothing of the system's packages and state.
fetch() {
  apt=$new/apt url=$(mirror)
  [ -n "$url" ] || { echo "no package mirror is known"; return 1; }
  mkdir -p "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$apt/lists/partial" "$apt/cache/archives/partial" "$new/root" "$new/bin"
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url $suite main" >"$apt/etc/sources.list"
  cat >"$new/apt.conf" <<EOF
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "1";
Acquire::http::Timeout "20";
EOF
  APT_CONFIG=$new/apt.conf
  export APT_CONFIG
  apt-get -qq update || return 1
  apt-get -qq -y --no-install-recommends --download-only install criu || return 1
  for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$new/root" || return 1
  done
  rm -rf "$apt" "$new/apt.conf"
  linker=$(cd "$new/root" && find . -name 'ld-linux*.so.*' | head -n 1)
  libraries=$(dirname "$linker")
  cat >"$new/bin/criu" <<EOF
#!/bin/sh
# made by contrib/criu.sh
root=$dir/root
exec "\$root/${linker#./}" --library-path "\$root/${libraries#./}" "\$root/usr/sbin/criu" "\$@"
EOF
  chmod 755 "$new/bin/criu"
}

if [ ! -x "$dir/bin/criu" ]; then
  command -v apt-get dpkg-deb >/dev/null || die "there is no criu that works, and no apt-get to fetch one"
  grep -qv -e '^Iface' /proc/net/route || die "there is no criu that works, and no network to fetch one"
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ ! -x "$dir/bin/criu" ]; then
    new=$cache/$suite.new
    rm -rf "$new" "$dir"
    mkdir -p "$new"
    (fetch) >"$cache/log" 2>&1 || die "cannot fetch criu: $(tail -n 1 "$cache/log")"
    mv "$new" "$dir"
  fi
  exec 9>&-
fi
works "$dir/bin/criu" || die "the criu of '$dir' does not work here either: $("$dir/bin/criu" check 2>&1 | tail -n 1)"
echo "$dir/bin"
