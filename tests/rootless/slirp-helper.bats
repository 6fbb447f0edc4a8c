#!/usr/bin/env bats
# The network helper, without the runtime: RUNC_SLIRP=PATH bats tests/rootless/slirp-helper.bats
# SLIRP_FUZZ=N: how many frames each fuzzer sends. Cgroups do not matter here: root-v2 is like root.
# bats file_tags=no:root-v2
#
# Nothing leaves this machine, and nothing touches its network: each test has a "host" made of a user,
# network and mount namespace, with 192.0.2.1 and 2001:db8::1 as its addresses, in which the helper
# runs without capabilities, and below it a "container" with empty namespaces. Servers run in either.

load ../lib/helpers

load ../lib/network

setup() {
  common_setup
  needs_network
}

teardown() {
  local pid failed=0
  for pid in ${CT_PID:-} ${SLIRP_PID:-}; do kill "$pid" 2>/dev/null; done
  end_network || failed=1
  common_teardown || failed=1
  return $failed
}

# Whoever runs the tests is an ordinary user of the host.
pretend_host() { start_host "-U --map-user=1000 --map-group=1000 --keep-caps" "$@"; }

start_ct() {
  background_quiet "${ON_HOST[@]}" unshare -Urn sh -c 'echo up && exec sleep 1000' >ct.out
  wait_for grep -qsx up ct.out
  container_is "$BG"
}

# start_slirp ARGUMENTS...: until it is ready.
start_slirp() {
  : >ready
  background "${ON_HOST[@]}" "$SLIRP" --pid "$CT_PID" --ready-fd 9 "$@" 9>>ready 2>slirp.err
  SLIRP_PID=$BG
  wait_for ready_or_gone
  expect_eq "$(cat ready)" 1 "what ready-fd got, with '$(cat slirp.err)' on stderr,"
}
ready_or_gone() { [[ -s ready ]] || not kill -0 "$SLIRP_PID"; }

network() {
  pretend_host
  start_ct
  start_slirp "$@"
}

# ---------------------------------------------------------------- the interface

@test "slirp helper: the container gets an interface, an address, a route and loopback" {
  network
  run in_ct ip -o addr show dev tap0
  expect_match "inet 10.0.2.100/24 brd 10.0.2.255 "
  run in_ct ip -o link
  expect_match "lo: <LOOPBACK,UP"
  expect_match "tap0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 65520 "
  run in_ct ip route
  expect_match "default via 10.0.2.2 dev tap0"
}

@test "slirp helper: name, MTU and network of the interface can be chosen" {
  network --tap eth0 --mtu 1500 --cidr 10.9.0.0/16
  server on_host tcp-server 192.0.2.1 7000
  run in_ct ip -o addr show dev eth0
  expect_match "inet 10.9.0.100/16 "
  run in_ct ip -o link show dev eth0
  expect_match "mtu 1500 "
  run in_ct ip route
  expect_match "default via 10.9.0.2 "
  run in_ct "${NET[@]}" put 192.0.2.1 7000 20000000
  expect_output intact
  run in_ct "${NET[@]}" get 192.0.2.1 7000 20000000
  expect_output intact
}

@test "slirp helper: IPv6 on request" {
  network --ipv6
  run in_ct ip -o -6 addr show dev tap0
  expect_match "inet6 fd00::100/64 "
  run in_ct ip -6 route
  expect_match "default via fd00::2 "
}

@test "slirp helper: namespaces by fd" {
  pretend_host
  start_ct
  background "${ON_HOST[@]}" bash -c "exec 7</proc/$CT_PID/ns/user 8</proc/$CT_PID/ns/net 9>ready
    exec '$SLIRP' --userns-fd 7 --netns-fd 8 --pid $CT_PID --ready-fd 9" 2>slirp.err
  SLIRP_PID=$BG
  wait_for test -s ready
  run in_ct ip -o addr show dev tap0
  expect_match "inet 10.0.2.100/24 "
}

@test "slirp helper: wrong arguments are refused with status 2" {
  local arguments
  while read -r arguments; do
    run "$SLIRP" $arguments
    expect_status 2
    ((${#lines[@]} == 1)) || fail "one line of reason for: $arguments"
  done <<'ARGUMENTS'

--pid 0
--pid 1 --mtu 100
--pid 1 --mtu 65521
--pid 1 --cidr 10.0.2.0
--pid 1 --cidr 10.0.2.0/26
--pid 1 --cidr 10.0.2.5/24
--pid 1 --tap averyveryverylongname
--pid 1 --tap a/b
--pid 1 --outbound-addr ::1
--pid 1 --outbound-addr6 10.0.0.1
--pid 1 --ready-fd x
--pid 1 --ready-fd 99
--pid 1 --nonsense
--pid 1 extra
--pid
--userns-fd 5
--pid 1 -p 80
--pid 1 -p 0:80
--pid 1 -p 80:65536
--pid 1 -p 80:80/sctp
--pid 1 -p localhost:80:80
--pid 1 -p ::1:80:80
--pid 1 -p [127.0.0.1]:80:80
--pid 1 --api-socket a --api-fd 3
ARGUMENTS
  run "$SLIRP" --help
  expect_ok
  expect_match "^Usage: runc-slirp "
  run "$SLIRP" --version
  expect_ok
  expect_match "^runc-slirp version "
}

@test "slirp helper: says what is missing when it cannot start" {
  pretend_host 'mount -t tmpfs none /dev/net'
  start_ct
  run on_host "$SLIRP" --pid 999999999
  expect_status 1
  expect_match "process 999999999"
  run on_host "$SLIRP" --pid "$CT_PID"
  expect_status 1
  expect_output "cannot open '/dev/net/tun': No such file or directory (give it to the outer container by '--device /dev/net/tun'; outside of one: 'modprobe tun', as root)"
}

# ---------------------------------------------------------------- out

@test "slirp helper: TCP to the host's own address, both ways, intact" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" put 192.0.2.1 7000 100000000
  expect_output intact
  run in_ct "${NET[@]}" get 192.0.2.1 7000 100000000
  expect_output intact
  run in_ct "${NET[@]}" get 192.0.2.1 7000 0
  expect_output intact
}

@test "slirp helper: the host's loopback is out of reach unless asked for" {
  network
  server on_host tcp-server 127.0.0.1 7000
  run in_ct "${NET[@]}" ask 10.0.2.2 7000 who
  expect_match "ConnectionRefusedError"
  server on_host udp-server 127.0.0.1 7000
  run in_ct "${NET[@]}" udp 10.0.2.2 7000
  expect_match "TimeoutError"
  kill "$SLIRP_PID"
  wait_gone "$SLIRP_PID"
  start_slirp --enable-host-loopback
  run in_ct "${NET[@]}" ask 10.0.2.2 7000 who
  expect_output 127.0.0.1
  run in_ct "${NET[@]}" udp 10.0.2.2 7000
  expect_output "127.0.0.1 5"
}

@test "slirp helper: nor by packets with a loopback address in them" {
  network
  server on_host udp-server 0.0.0.0 7000
  for target in 127.0.0.1 127.8.8.8 0.0.0.0 192.0.2.1; do
    in_ct "${NET[@]}" forge $target 7000
  done
  # Only the one that may arrive has.
  wait_for grep -q "datagram 6" "$SERVER_OUT"
  expect_eq "$(grep -c datagram "$SERVER_OUT")" 1 "datagrams"
}

@test "slirp helper: a refused connection is refused" {
  network
  run in_ct "${NET[@]}" ask 192.0.2.1 7001 who
  expect_match "ConnectionRefusedError"
}

@test "slirp helper: a peer's reset and slow readers on either side" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" expect-reset 192.0.2.1 7000
  expect_output reset
  run in_ct "${NET[@]}" put 192.0.2.1 7000 30000000 slow
  expect_output intact
  run in_ct "${NET[@]}" get 192.0.2.1 7000 30000000 1
  expect_output intact
}

@test "slirp helper: 300 connections at once" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" many 192.0.2.1 7000 300
  expect_output intact
  run in_ct "${NET[@]}" many 192.0.2.1 7000 300
  expect_output intact
}

@test "slirp helper: 1000 connections and 1000 ports at once" {
  network
  server on_host tcp-server 192.0.2.1 7000
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" many 192.0.2.1 7000 1000
  expect_output intact
  run in_ct "${NET[@]}" udp-many 192.0.2.1 7000 1000
  expect_output intact
}

@test "slirp helper: a connection of which one half is closed" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" half-closed 192.0.2.1 7000
  expect_output intact
}

# The helper's memory is in nobody's account.
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$SLIRP_PID/status"; }

@test "slirp helper: its memory is bounded when connections are not read from" {
  # 5 MB each, all of which are read in the end.
  local connections=$((SLOW > 1 ? 40 : 400))
  network
  server on_host tcp-server 192.0.2.1 7000
  mkfifo go
  exec {go}<>go
  background_quiet "${IN_CT[@]}" "${NET[@]}" hoard 192.0.2.1 7000 $connections 5000000 <go >hoard.out
  wait_for -t 60 grep -qs hoarded hoard.out
  sleep 1
  (($(rss_kb) < 120000)) || fail "$(rss_kb) KiB"
  # Others get on, and so do those.
  run in_ct "${NET[@]}" get 192.0.2.1 7000 1000000
  expect_output intact
  echo >&"$go"
  wait_for -t 60 grep -qs intact hoard.out
  wait_for -t 20 eval '(($(rss_kb) < 60000))'
}

@test "slirp helper: its memory is bounded when servers do not read" {
  network
  server on_host never-accepts 192.0.2.1 7000
  run in_ct "${NET[@]}" push 192.0.2.1 7000 2 30000000
  expect_output pushed
  (($(rss_kb) < 60000)) || fail "$(rss_kb) KiB"
}

@test "slirp helper: the number of its sockets is bounded, and a flood of datagrams does not stop the rest" {
  network
  server on_host tcp-server 192.0.2.1 7000
  in_ct "${NET[@]}" udp-flood 192.0.2.1 12000
  n=$(find "/proc/$SLIRP_PID/fd" -lname "socket:*" | wc -l)
  ((n > 100 && n < 4200)) || fail "$n sockets"
  run in_ct "${NET[@]}" get 192.0.2.1 7000 1000000
  expect_output intact
}

@test "slirp helper: when it may open few files, connections are refused, and the rest goes on" {
  printf '#!/bin/sh\nulimit -n 200 && exec %s "$@"\n' "$SLIRP" >few
  chmod +x few
  SLIRP=$PWD/few network -p 7001:80
  server on_host tcp-server 192.0.2.1 7000
  server in_ct tcp-server 0.0.0.0 80
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" crowd 192.0.2.1 7000 400
  expect_line "refused some"
  expect_line intact
  run in_ct "${NET[@]}" udp-many 192.0.2.1 7000 100
  expect_output intact
  run in_ct "${NET[@]}" udp 192.0.2.1 7000
  expect_output "192.0.2.1 5"
  run on_host "${NET[@]}" many 192.0.2.1 7001 100
  expect_output intact
}

@test "slirp helper: UDP out, up to the longest datagram" {
  network
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" udp 192.0.2.1 7000
  expect_output "192.0.2.1 5"
  run in_ct "${NET[@]}" udp 192.0.2.1 7000 65000
  expect_output "192.0.2.1 65000"
}

@test "slirp helper: datagrams that the container hands over many at once" {
  network --ipv6
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" udp-segments 192.0.2.1 7000 20450 1000
  expect_output intact
  expect_eq "$(grep -cx "datagram 1000" "$SERVER_OUT")" 20 "long datagrams"
  expect_eq "$(grep -cx "datagram 450" "$SERVER_OUT")" 1 "short datagrams"
  server on_host udp-server 2001:db8::1 7001
  run in_ct "${NET[@]}" udp-segments 2001:db8::1 7001 20450 1000
  expect_output intact
}

@test "slirp helper: datagrams that cannot be delivered are answered with the error, and who reports it" {
  network --ipv6
  run in_ct "${NET[@]}" udp-error 192.0.2.1 7009
  expect_output "Connection refused 3 3 192.0.2.1"
  run in_ct "${NET[@]}" udp-error 2001:db8::1 7009
  expect_output "Connection refused 1 4 2001:db8::1"
  run in_ct "${NET[@]}" udp-error 192.0.2.1 7009 1
  expect_output "No route to host 11 0 10.0.2.2"
  run in_ct "${NET[@]}" udp-error 2001:db8::1 7009 1
  expect_output "No route to host 3 0 fd00::2"
  # The host has no route there.
  run in_ct "${NET[@]}" udp-error 203.0.113.1 7009
  expect_output "Network is unreachable 3 0 10.0.2.2"
}

@test "slirp helper: datagrams that the container's kernel sends in pieces" {
  network --mtu 1500
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" udp 192.0.2.1 7000 30000
  expect_output "192.0.2.1 30000"
}

@test "slirp helper: IPv6 out" {
  network --ipv6
  server on_host tcp-server 2001:db8::1 7000
  run in_ct "${NET[@]}" put 2001:db8::1 7000 20000000
  expect_output intact
  run in_ct "${NET[@]}" get 2001:db8::1 7000 20000000
  expect_output intact
  server on_host udp-server 2001:db8::1 7001
  run in_ct "${NET[@]}" udp 2001:db8::1 7001 3000
  expect_output "2001:db8::1 3000"
}

@test "slirp helper: the outbound address can be chosen" {
  pretend_host 'ip addr add 192.0.2.9/32 dev lo'
  start_ct
  start_slirp --outbound-addr 192.0.2.9
  server on_host tcp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" ask 192.0.2.1 7000 who
  expect_output 192.0.2.9
  server on_host udp-server 192.0.2.1 7000
  run in_ct "${NET[@]}" udp 192.0.2.1 7000
  expect_output "192.0.2.9 5"
}

# ---------------------------------------------------------------- names

resolves_to() { [[ $(in_ct "${NET[@]}" resolve 10.0.2.3) == "$1" ]]; }

@test "slirp helper: names by the host's resolver, also one on its loopback, also when it changes" {
  nameserver 127.0.0.53
  pretend_host "$SERVE_NAMES"
  start_ct
  server on_host dns-server 127.0.0.53 192.0.2.77
  server on_host dns-server 192.0.2.1 192.0.2.78
  start_slirp
  run in_ct "${NET[@]}" resolve 10.0.2.3
  expect_output 192.0.2.77
  # Longer than libslirp believes what it knows.
  sleep 1.1
  run in_ct "${NET[@]}" resolve 10.0.2.3
  expect_output 192.0.2.77
  nameserver 192.0.2.1
  wait_for -t 10 resolves_to 192.0.2.78
}

# ---------------------------------------------------------------- published ports

@test "slirp helper: published ports, TCP and UDP, with the caller's address" {
  network -p 7000:80 -p 192.0.2.1:7001:81/udp -p 127.0.0.1:7002:80 -p 127.0.0.1:7003:82/udp
  server in_ct tcp-server 0.0.0.0 80
  server in_ct udp-server 0.0.0.0 81
  server in_ct udp-server 0.0.0.0 82
  run on_host "${NET[@]}" ask 192.0.2.1 7000 who
  expect_output 192.0.2.1
  run on_host "${NET[@]}" ask 127.0.0.1 7002 who
  expect_output 10.0.2.2
  run on_host "${NET[@]}" udp 192.0.2.1 7001
  expect_output "192.0.2.1 5"
  run on_host "${NET[@]}" udp 127.0.0.1 7003
  expect_output "10.0.2.2 5"
  run on_host "${NET[@]}" ask 192.0.2.1 7002 who
  expect_match "ConnectionRefusedError"
  run on_host "${NET[@]}" put 192.0.2.1 7000 50000000
  expect_output intact
  run on_host "${NET[@]}" get 192.0.2.1 7000 50000000
  expect_output intact
  run on_host "${NET[@]}" many 192.0.2.1 7000 300
  expect_output intact
}

@test "slirp helper: published on an IPv6 address" {
  network --ipv6 -p "[2001:db8::1]:7000:80" -p "[::1]:7001:81/udp"
  server in_ct tcp-server :: 80
  server in_ct udp-server :: 81
  run on_host "${NET[@]}" get 2001:db8::1 7000 1000000
  expect_output intact
  run on_host "${NET[@]}" udp ::1 7001
  expect_output "fd00::2 5"
}

@test "slirp helper: a port that cannot be had ends it with one line that says how to get it" {
  pretend_host
  start_ct
  server on_host tcp-server 0.0.0.0 7000
  server on_host udp-server 0.0.0.0 7000
  run on_host "$SLIRP" --pid "$CT_PID" -p 80:80
  expect_status 1
  expect_output "cannot publish 0.0.0.0:80 -> 80/tcp: Permission denied (ports below 1024 are root's: use a higher one, or let root run 'sysctl net.ipv4.ip_unprivileged_port_start=80')"
  run on_host "$SLIRP" --pid "$CT_PID" -p 7000:80
  expect_status 1
  expect_output "cannot publish 0.0.0.0:7000 -> 80/tcp: Address already in use ('ss -tlnp sport = :7000' shows who has it)"
  run on_host "$SLIRP" --pid "$CT_PID" -p 7000:80/udp
  expect_status 1
  expect_output "cannot publish 0.0.0.0:7000 -> 80/udp: Address already in use ('ss -ulnp sport = :7000' shows who has it)"
  run on_host "$SLIRP" --pid "$CT_PID" -p 198.51.100.1:7001:80
  expect_status 1
  expect_match "Cannot assign requested address \(no interface of this host has that address\)$"
  run on_host "$SLIRP" --pid "$CT_PID" -p "[::1]:7001:80"
  expect_status 1
  expect_match "\(--ipv6 gives it\)$"
  # None of them left the interface behind.
  run in_ct ip link show dev tap0
  expect_match "does not exist"
}

# ---------------------------------------------------------------- the API

api() { timeout 30 "${NET[@]}" api "$PWD/api" "$@"; }

@test "slirp helper: the API adds, lists and removes ports while it runs" {
  network --api-socket api -p 127.0.0.1:7000:80
  server in_ct tcp-server 0.0.0.0 81
  expect_eq "$(stat -c %a api)" 700 "mode of the socket"

  run api '{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "127.0.0.1", "host_port": 7001, "guest_port": 81}}'
  expect_output '{"return":{"id":2}}'
  run on_host "${NET[@]}" ask 127.0.0.1 7001 who
  expect_output 10.0.2.2
  run api '{"execute": "add_hostfwd", "arguments": {"proto": "udp", "host_port": 7001, "guest_addr": "10.0.2.100", "guest_port": 81}}'
  expect_output '{"return":{"id":3}}'

  run api '{"execute": "list_hostfwd"}'
  run jq -c '.return == {entries}, .entries[]' <<<"$output"
  expect_line true
  expect_line '{"id":1,"proto":"tcp","host_addr":"127.0.0.1","host_port":7000,"guest_addr":"10.0.2.100","guest_port":80}'
  expect_line '{"id":2,"proto":"tcp","host_addr":"127.0.0.1","host_port":7001,"guest_addr":"10.0.2.100","guest_port":81}'
  expect_line '{"id":3,"proto":"udp","host_addr":"0.0.0.0","host_port":7001,"guest_addr":"10.0.2.100","guest_port":81}'

  run api '{"execute": "remove_hostfwd", "arguments": {"id": 2}}'
  expect_output '{"return":{}}'
  run on_host "${NET[@]}" ask 127.0.0.1 7001 who
  expect_match "ConnectionRefusedError"
  run api '{"execute": "remove_hostfwd", "arguments": {"id": 2}}'
  expect_output '{"error":{"desc":"bad request: remove_hostfwd: there is no forward 2"}}'
  run api '{"execute": "list_hostfwd"}'
  expect_eq "$(jq '.entries | length' <<<"$output")" 2 "entries"
}

@test "slirp helper: the API answers bad requests, slow and idle clients hurt nobody" {
  local idle
  network --api-socket api
  for idle in 1 2 3 4 5 6; do
    background_quiet "${NET[@]}" api "$PWD/api" '{"execute": ' >/dev/null 2>&1
  done
  run api 'nonsense'
  expect_output '{"error":{"desc":"bad request: cannot parse JSON"}}'
  run api '{"execute": "li' 'st_host' 'fwd"}'
  expect_match '^\{"return":\{"entries":\[\]\}'
  run api '[]'
  expect_output '{"error":{"desc":"bad request: no execute found"}}'
  run api '{"execute": "reboot"}'
  expect_output '{"error":{"desc":"bad request: unknown execute"}}'
  run api '{"execute": "add_hostfwd", "arguments": {"proto": "sctp", "host_port": 1, "guest_port": 1}}'
  expect_output '{"error":{"desc":"bad request: add_hostfwd: bad arguments.proto"}}'
  run api '{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_port": 70000, "guest_port": 1}}'
  expect_output '{"error":{"desc":"bad request: add_hostfwd: bad arguments.host_port"}}'
  run api '{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_port": 80, "guest_port": 80}}'
  expect_match 'bad request: add_hostfwd: cannot publish 0.0.0.0:80 -> 80/tcp: Permission denied \(ports below 1024'
  run api "{\"execute\": \"$(head -c 5000 /dev/zero | tr '\0' x)\"}"
  expect_match 'too large message|ConnectionResetError|BrokenPipe'
  run api '{"execute": "list_hostfwd"}'
  expect_match '"entries":\[\]'
}

@test "slirp helper: a stale API socket is replaced, a living one is not" {
  network --api-socket api
  run on_host "$SLIRP" --pid "$CT_PID" --tap tap1 --api-socket api
  expect_status 1
  expect_output "cannot listen on 'api': address already in use"
  kill -9 "$SLIRP_PID"
  wait_for not test -e api
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("api")'
  start_slirp --api-socket api
  run api '{"execute": "list_hostfwd"}'
  expect_match entries
}

# ---------------------------------------------------------------- the sandbox

@test "slirp helper: serves from an empty root, without capabilities, under a filter" {
  network --api-socket api
  run find "/proc/$SLIRP_PID/root/" -mindepth 1
  expect_line "/proc/$SLIRP_PID/root/etc"
  expect_line "/proc/$SLIRP_PID/root/etc/resolv.conf"
  expect_eq "${#lines[@]}" 2 "files in the root"
  run cat "/proc/$SLIRP_PID/status"
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    expect_line "$set:	0000000000000000"
  done
  expect_line "NoNewPrivs:	1"
  expect_line "Seccomp:	2"
  not test "/proc/$SLIRP_PID/ns/mnt" -ef "/proc/$HOST_PID/ns/mnt"
  not test "/proc/$SLIRP_PID/ns/user" -ef "/proc/$HOST_PID/ns/user"
  not test "/proc/$SLIRP_PID/ns/user" -ef "/proc/$CT_PID/ns/user"
  test "/proc/$SLIRP_PID/ns/net" -ef "/proc/$HOST_PID/ns/net"
  expect_eq "$(cat slirp.err)" "" "what it said"
}

@test "slirp helper: inherited fds are closed, stderr too once it is ready" {
  network
  mkfifo leak
  exec {leak}<>leak
  start_ct
  mv ready ready.first
  # The pipe of stderr ends although the helper lives.
  run bash -c 'echo before >&2; : >ready; exec 9>>ready; "$@" 2>&1 >/dev/null & until [[ -s ready ]]; do sleep 0.01; done' - \
    nsenter --preserve-credentials -t "$HOST_PID" -U -n -m --wd="$PWD" "$SLIRP" --pid "$CT_PID" --ready-fd 9
  expect_output before
  run find "/proc/$SLIRP_PID/fd" -lname "*leak*"
  expect_output ""
}

@test "slirp helper: survives any frame that a container's root can send" {
  local seed
  network --ipv6
  server on_host tcp-server 192.0.2.1 7000
  for seed in 1 2 3; do
    in_ct "${NET[@]}" fuzz "${SLIRP_FUZZ:-1000}" $seed
    in_ct "${NET[@]}" fuzz-connections 192.0.2.1 7000 "${SLIRP_FUZZ:-300}" $seed
  done
  run in_ct "${NET[@]}" get 192.0.2.1 7000 1000000
  expect_output intact
}

# ---------------------------------------------------------------- the end

@test "slirp helper: ends with its process, and takes the API socket along" {
  network --api-socket api
  kill -9 "$CT_PID"
  wait_exit "$SLIRP_PID"
  expect_ok
  not test -e api
}

@test "slirp helper: ends when the other end of exit-fd is closed" {
  pretend_host
  start_ct
  mkfifo exit
  exec {held}<>exit
  background "${ON_HOST[@]}" "$SLIRP" --pid "$CT_PID" --exit-fd 8 --ready-fd 9 8<exit 9>ready
  SLIRP_PID=$BG
  wait_for test -s ready
  exec {held}>&-
  wait_exit "$SLIRP_PID"
  expect_ok
  kill -0 "$CT_PID"
}

@test "slirp helper: ends on SIGTERM, not on what a terminal sends" {
  network --api-socket api
  kill -INT "$SLIRP_PID"
  kill -HUP "$SLIRP_PID"
  run api '{"execute": "list_hostfwd"}'
  expect_match entries
  kill -TERM "$SLIRP_PID"
  wait_exit "$SLIRP_PID"
  expect_ok
  not test -e api
}

@test "slirp helper: leaves nothing when it is killed" {
  network --api-socket api
  kill -9 "$SLIRP_PID"
  wait_for not test -e api
  wait_for not helpers_left
}

@test "slirp helper: ends when the container removes the interface, not when it is down" {
  network
  server on_host tcp-server 192.0.2.1 7000
  in_ct ip link set dev tap0 down
  in_ct ip link set dev tap0 up
  in_ct ip route add default via 10.0.2.2
  run in_ct "${NET[@]}" get 192.0.2.1 7000 1000000
  expect_output intact
  in_ct ip link del dev tap0
  wait_exit "$SLIRP_PID"
  expect_ok
}

@test "slirp helper: costs nothing while nothing happens" {
  local before after
  network
  # What the container's kernel says of itself when an interface comes up.
  sleep 1
  before=$(grep -h _ctxt_switches "/proc/$SLIRP_PID/status" | awk '{ n += $2 } END { print n }')
  sleep 3
  after=$(grep -h _ctxt_switches "/proc/$SLIRP_PID/status" | awk '{ n += $2 } END { print n }')
  ((after - before <= 3)) || fail "woke up $((after - before)) times in 3 seconds"
}
