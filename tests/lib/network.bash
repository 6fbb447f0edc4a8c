# For the suites about the network, after helpers.bash: a pretended host, and servers and clients in it (net.py).
#
# Nothing leaves this machine, and nothing touches its network: the "host" of a test has network and mount
# namespaces of its own, with 192.0.2.1 and 2001:db8::1 as its addresses. Below it is a "container", CT_PID being
# a process of it.

SLIRP=${RUNC_SLIRP:-$RUNC_BUILDDIR/helpers/runc-slirp}
NET=(/usr/bin/env python3 "$TESTS_DIR/lib/net.py")

needs_network() {
  PIDS=()
  needs unshare nsenter setpriv ip python3 jq
  [[ -x $SLIRP ]] || { [[ ${RUNC_TEST_STRICT:-0} != 1 ]] && skip "$SLIRP is not built (configure: --enable-slirp)"; }
  needs_of_machine "/dev/net/tun may not be opened (root: chmod 666 /dev/net/tun)" test -r /dev/net/tun -a -w /dev/net/tun
  needs_of_machine "user namespaces are not allowed" unshare -Urn true
}

# ---------------------------------------------------------------- processes

# background COMMAND...: its pid is in $BG.
background() {
  "$@" 3>&- 4>&- &
  BG=$!
  PIDS+=("$BG")
}

# The same for one that nobody waits for, whose end by a signal is not worth a word.
background_quiet() {
  background "$@"
  disown "$BG"
}

# Processes of this test, whoever started them.
marked() { grep -slzx "RUNC_TEST_ID=$RUNC_TEST_ID" /proc/[0-9]*/environ | cut -d/ -f3 | grep -vx -e $$ -e $BASHPID; }

# helpers_left [NAME]: whether a helper of this test runs.
helpers_left() {
  local pid
  for pid in $(marked); do grep -qs "^${1:-runc-slirp}" "/proc/$pid/comm" && return 0; done
  return 1
}

# End all that this test started. What the helpers serve is gone: they have to notice.
end_network() {
  local pid failed=0
  wait_for -t 5 not helpers_left || { echo "left: a helper" >&2; failed=1; }
  for pid in "${PIDS[@]}" $(marked); do kill -9 "$pid" 2>/dev/null; done
  return $failed
}

# ---------------------------------------------------------------- the host

# start_host UNSHARE-OPTIONS [SCRIPT]: a host made by unshare with these options, SCRIPT being what its root does
# first. In a user namespace, what is executed there later has no capability, unless its user is root there.
start_host() {
  local userns=()
  background_quiet unshare $1 -nm sh -c 'ip link set lo up &&
    ip addr add 192.0.2.1/32 dev lo && ip addr add 2001:db8::1/128 dev lo && eval "$1" && echo up &&
    exec sleep 1000' - "${2:-:}" >host.out
  HOST_PID=$BG
  wait_for grep -qsx up host.out
  [[ -z $1 ]] || userns=(-U)
  # As an array too: a function in the background is a shell, whose pid is not the program's.
  ON_HOST=(nsenter --preserve-credentials -t "$HOST_PID" "${userns[@]}" -n -m --wd="$PWD")
}

on_host() { timeout 30 "${ON_HOST[@]}" "$@"; }

# container_is PID: what in_ct and its kind mean.
container_is() {
  CT_PID=$1
  IN_CT=(nsenter --preserve-credentials -t "$CT_PID" -n)
  [[ /proc/$CT_PID/ns/user -ef /proc/self/ns/user ]] || IN_CT+=(-U)
}

in_ct() { timeout 30 "${IN_CT[@]}" "$@"; }

# ---------------------------------------------------------------- traffic

# server on_host|in_ct tcp-server|udp-server|dns-server ADDRESS PORT: its output is in the file $SERVER_OUT.
server() {
  local where=("${ON_HOST[@]}")
  [[ $1 == on_host ]] || where=("${IN_CT[@]}")
  SERVER_OUT=server$((++SERVERS)).out
  background_quiet "${where[@]}" "${NET[@]}" "${@:2}" >"$SERVER_OUT"
  wait_for grep -qs ready "$SERVER_OUT"
}

# nameserver ADDRESS: write it to the resolv.conf of a host whose script is $SERVE_NAMES, which lets its user
# serve names, too.
nameserver() {
  mkdir -p etc
  cp /etc/passwd /etc/group etc
  echo "nameserver $1" >etc/resolv.conf.new
  mv etc/resolv.conf.new etc/resolv.conf
}
SERVE_NAMES='mount --bind "$PWD/etc" /etc && echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
