#!/bin/sh
# Build runc, make a small bundle, and run a container in it as an ordinary user.
#
#   contrib/demo.sh            a container that says where it is
#   contrib/demo.sh --shell    a container with a shell on this terminal
#
# What is missing for the build is installed when root starts this, and named otherwise. The bundle is made
# in ~/runc-demo. When root starts this, "~" is that of the user who called sudo, or else of the user
# runc-demo, who is made for the purpose.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

# Give $bundle the root file system, which is busybox, and the configuration that runc writes.
make_bundle() {
  echo "Making a bundle in $bundle"
  rm -rf "$bundle"
  mkdir -p "$bundle/rootfs"
  for dir in bin dev etc proc root sys tmp; do
    mkdir "$bundle/rootfs/$dir"
  done
  cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$bundle/rootfs/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$bundle/rootfs/etc/passwd"
  "$RUNC" spec --rootless --bundle "$bundle"
}

# What the container says in the demonstration: typed to the shell that is the template's program.
container_script() {
  cat <<'SCRIPT'
echo "Hello from process $$ on the host '$(hostname)'."
echo "In here I am $(id -un), with uid $(id -u); outside that is uid $(awk '{ print $2 }' /proc/self/uid_map)."
echo "These are all the processes that I see:"
ps -o pid,user,args
SCRIPT
}

# The part that the ordinary user does; $RUNC is the program.
demonstrate() {
  bundle=$HOME/runc-demo
  make_bundle
  cd "$bundle"
  echo "Running it as $(id -un), uid $(id -u)"
  echo "----------------------------------------------------------------------"
  status=0
  if [ "${1-}" = --shell ]; then
    "$RUNC" --root "$bundle/state" run demo || status=$?
  else
    sed -i 's/"terminal": true/"terminal": false/' config.json
    container_script | "$RUNC" --root "$bundle/state" run demo || status=$?
  fi
  echo "----------------------------------------------------------------------"
  echo "The container ended with status $status. Its bundle is in $bundle."
  return "$status"
}

# Have the ordinary user $1 call this script again, with $2.
demonstrate_as() {
  # This tree may be where that user cannot look.
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
  cp "$RUNC" "$0" "$place/"
  chmod -R a+rX "$place"
  cd /
  setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups -- \
    env -i HOME="$(getent passwd "$1" | cut -d: -f6)" USER="$1" PATH="$PATH" TERM="${TERM-dumb}" \
    RUNC_DEMO_PROGRAM="$place/runc" "$place/${0##*/}" ${2:+"$2"}
}

case ${1-} in
'' | --shell) ;;
*)
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
  [ "$1" = --help ] || exit 2
  exit 0
  ;;
esac

if [ -n "${RUNC_DEMO_PROGRAM-}" ]; then
  RUNC=$RUNC_DEMO_PROGRAM
  demonstrate "$@"
  exit
fi

"$top/contrib/install-deps.sh" build demo
echo "Building in $top/build"
"$top/contrib/build.sh" "$top/build"
RUNC=$top/build/runc

if [ "$(id -u)" != 0 ]; then
  demonstrate "$@"
  exit
fi

user=${SUDO_USER-root}
if [ "$user" = root ]; then
  user=runc-demo
  if ! id "$user" >/dev/null 2>&1; then
    useradd --create-home --shell /bin/sh "$user"
    echo "You are root: made the ordinary user $user for the container ('userdel -r $user' removes it)"
  fi
fi
echo "You are root: the container is run by the user $user"
demonstrate_as "$user" "${1-}"
