#!/usr/bin/env bats
# The network of containers, through the runtime: slirp and pasta, published ports, the life of the helpers.
# What runc-slirp does with what passes through it is in slirp-helper.bats.
# bats file_tags=ours

load ../lib/helpers
load ../lib/network

# The host is one of whoever runs the tests: an ordinary user, root of a user namespace, real root.
setup() {
  common_setup
  needs_network
  bundle
  sleeper
  local options=
  ((EUID == 0)) || options="-U --map-current-user --keep-caps"
  # Not the machine's own resolver, in no test.
  nameserver 127.0.0.53
  # An interface with a default route is what pasta takes addresses from.
  start_host "$options" "$SERVE_NAMES && ip addr add 192.0.2.9/32 dev lo && ip link add eth0 type veth peer name eth1 &&
    ip addr del 192.0.2.1/32 dev lo && ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ip link set eth1 up &&
    ip route add default via 192.0.2.254"
}

teardown() {
  local id failed=0
  for id in $(ls -A "$STATE"); do runc delete --force "$id" 3>&- || failed=1; done
  end_network || failed=1
  common_teardown || failed=1
  return $failed
}

runc() { on_host "$RUNC" --root "$STATE" "$@"; }

# start_network [OPTIONS...]: start the bundle's container and look at its network by in_ct.
start_network() {
  start_ct "$@"
  container_is "$(state_of "$CT" .pid)"
}

helper_pid() { jq '.helpers[0].pid' "$STATE/$1/state.json"; }

# ask ADDRESS PORT: who the container's server thinks we are.
ask() { on_host "${NET[@]}" ask "$1" "$2" who; }

refused() { [[ $("$@" 2>&1) == *ConnectionRefusedError* ]]; }

# ---------------------------------------------------------------- what the container has

@test "network: slirp: interface, names, hosts, and the way out" {
  server on_host dns-server 127.0.0.53 192.0.2.1
  server on_host tcp-server 192.0.2.1 7000
  script 'ip -o addr show dev tap0; ip -o link show dev tap0; ip route; cat /etc/resolv.conf /etc/hosts
    nslookup -type=a test.example; echo who | nc test.example 7000'
  config '.hostname = "box"'
  run_ct --network slirp
  expect_ok
  expect_match "inet 10.0.2.100/24 "
  expect_match "mtu 65520 "
  expect_match "default via 10.0.2.2 dev tap0"
  expect_line "nameserver 10.0.2.3"
  expect_line "127.0.0.1	localhost"
  expect_line "127.0.1.1	box"
  expect_line "Address: 192.0.2.1"
  expect_match "192.0.2.1$"
}

@test "network: none and slirp have a loopback, host is the host's" {
  server on_host tcp-server 127.0.0.1 7000
  script 'ip -o link; ip -o addr show dev lo; echo who | nc -w 5 127.0.0.1 7000'
  run_ct --network none
  expect_match "inet 127.0.0.1/8 "
  expect_no_match "tap0"
  expect_match "Connection refused"
  run_ct --network slirp
  expect_match "inet 127.0.0.1/8 "
  expect_match "Connection refused"
  run_ct --network host
  expect_ok
  expect_match "127.0.0.1$"
}

@test "network: by annotation, with options; the command line's word is the last" {
  script 'ip -o addr'
  config '.linux.namespaces += [{"type": "network"}] | .linux.namespaces |= unique | .annotations["run.oci.network"] = "slirp"'
  run_ct
  expect_match "tap0 "
  run_ct --network none
  expect_ok
  expect_no_match "tap0 "
  config '.annotations["run.oci.network"] = "slirp:warp"'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "annotations\[.*unknown option 'warp'"
}

@test "network: an engine that asks for nothing gets what runc gives" {
  config '.linux.namespaces += [{"type": "network"}] | .linux.namespaces |= unique'
  script 'ip -o link; ls /etc'
  run_ct
  expect_ok
  expect_match "lo: <LOOPBACK,UP"
  expect_eq "$(grep -c '^[0-9]*: ' <<<"$output")" 1 "interfaces"
  expect_no_match "resolv.conf"
}

# bats test_tags=no:root,no:root-v2
@test "network: a spec --rootless --full has it" {
  server on_host dns-server 127.0.0.53 192.0.2.1
  server on_host tcp-server 192.0.2.1 7000
  rm "$BUNDLE/config.json"
  on_host "$RUNC" spec --rootless --full --bundle "$BUNDLE"
  config '.process.terminal = false'
  script 'echo who | nc test.example 7000'
  run_ct
  expect_ok
  expect_match "192.0.2.1$"
}

@test "network: resolv.conf and hosts of the configuration stay" {
  echo "nameserver 192.0.2.55" >mine
  config --arg file "$PWD/mine" '.mounts += [{"destination": "/etc/resolv.conf", "type": "bind", "source": $file, "options": ["bind"]}]'
  script 'cat /etc/resolv.conf; grep localhost /etc/hosts'
  run_ct --network slirp
  expect_ok
  expect_line "nameserver 192.0.2.55"
  expect_line "127.0.0.1	localhost"
}

@test "network: exec is in it" {
  server on_host tcp-server 192.0.2.1 7000
  start_network --network slirp
  run runc exec "$CT" sh -c 'cat /etc/resolv.conf; echo who | nc 192.0.2.1 7000'
  expect_ok
  expect_line "nameserver 10.0.2.3"
  expect_match "192.0.2.1$"
}

@test "network: the host's loopback only when the annotation says so" {
  server on_host tcp-server 127.0.0.1 7000
  script 'echo who | nc -w 5 10.0.2.2 7000'
  run_ct --network slirp
  expect_match "Connection refused"
  config '.annotations["run.oci.network"] = "slirp:host-loopback"'
  run_ct --network slirp
  expect_ok
  expect_match "127.0.0.1$"
}

@test "network: IPv6 and an outbound address when the annotation says so" {
  server on_host tcp-server 2001:db8::1 7000
  server on_host tcp-server 192.0.2.1 7000
  config '.annotations["run.oci.network"] = "slirp:ipv6,outbound-addr=192.0.2.9"'
  start_network --network slirp
  run runc exec "$CT" cat /etc/resolv.conf
  expect_line "nameserver fd00::3"
  run in_ct "${NET[@]}" ask 2001:db8::1 7000 who
  expect_output "2001:db8::1"
  run in_ct "${NET[@]}" ask 192.0.2.1 7000 who
  expect_output "192.0.2.9"
}

@test "network: in a user namespace that the container joins" {
  server on_host tcp-server 192.0.2.1 7000
  background_quiet "${ON_HOST[@]}" unshare -Ur sh -c 'echo up && exec sleep 1000' >owner.out
  wait_for grep -qsx up owner.out
  config --arg path "/proc/$BG/ns/user" 'del(.linux.uidMappings, .linux.gidMappings)
    | .linux.namespaces |= (map(select(.type != "user")) + [{"type": "user", "path": $path}])'
  script 'echo who | nc 192.0.2.1 7000'
  run_ct --network slirp
  if ((EUID != 0)); then
    expect_match "needs a user namespace of the container's own"
    return
  fi
  expect_ok
  expect_match "192.0.2.1$"
}

# ---------------------------------------------------------------- published ports

@test "network: published ports, TCP and UDP, shown by state and list, gone after delete" {
  start_network --network slirp --publish 7000:80 --publish 127.0.0.1:7001:81/udp
  server in_ct tcp-server 0.0.0.0 80
  server in_ct udp-server 0.0.0.0 81
  run ask 192.0.2.1 7000
  expect_output 192.0.2.1
  run on_host "${NET[@]}" udp 127.0.0.1 7001
  expect_output "10.0.2.2 5"
  expect_eq "$(state_of "$CT" '.published | join(" ")')" "7000:80 127.0.0.1:7001:81/udp" "published by state"
  expect_eq "$(runc list -f json | jq -r '.[].published | join(" ")')" "7000:80 127.0.0.1:7001:81/udp" "published by list"
  run runc list
  expect_match "OWNER +PORTS"
  expect_match " 7000:80,127.0.0.1:7001:81/udp$"
  runc delete --force "$CT"
  refused ask 192.0.2.1 7000
  run runc list
  expect_no_match "PORTS"
}

@test "network: ports published by annotation" {
  config '.annotations["run.oci.publish"] = "7000:80,192.0.2.9:7001:80"'
  start_network --network slirp
  server in_ct tcp-server 0.0.0.0 80
  run ask 192.0.2.1 7000
  expect_output 192.0.2.1
  run ask 192.0.2.9 7001
  expect_output 192.0.2.9
  refused ask 192.0.2.1 7001
}

@test "network: two containers and one port: the second says who has it, and leaves nothing" {
  start_network --network slirp --publish 7000:80
  run --separate-stderr runc run --bundle "$BUNDLE" --network slirp --publish 7000:80 other
  expect_error 1 "runc-slirp: cannot publish 0.0.0.0:7000 -> 80/tcp: Address already in use \('ss -tlnp sport = :7000' shows who has it\)"
  expect_eq "$(ls "$STATE")" "$CT" "the containers that are left"
  # The first one's port is free when it is deleted, and the same name can be used again.
  runc delete --force "$CT"
  start_network --network slirp --publish 7000:80
  server in_ct tcp-server 0.0.0.0 80
  run ask 192.0.2.1 7000
  expect_output 192.0.2.1
}

@test "network: ports need a network that publishes them, and to be ports" {
  script true
  run --separate-stderr runc run --bundle "$BUNDLE" --network none --publish 7000:80 "$CT"
  expect_error 1 "--publish: '7000:80': ports are published by the networks 'slirp' and 'pasta' \(--network\)"
  run --separate-stderr runc run --bundle "$BUNDLE" --network slirp --publish 7000 "$CT"
  expect_error 1 "'7000'"
  run --separate-stderr runc run --bundle "$BUNDLE" --network warp "$CT"
  expect_error 1 "warp.*use one of host, none, slirp, pasta"
  config '.annotations["run.oci.network"] = "slirp" | .linux.namespaces |= map(select(.type != "network"))'
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "network 'slirp' needs a network namespace of the container's own"
  expect_eq "$(ls "$STATE")" "" "the containers that are left"
}

api() { timeout 30 "${NET[@]}" api "$STATE/$CT/slirp.sock" "$@"; }

@test "network: ports are added and removed while it runs, by the API socket" {
  start_network --network slirp
  server in_ct tcp-server 0.0.0.0 80
  run api '{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "0.0.0.0", "host_port": 7000, "guest_port": 80}}'
  expect_output '{"return":{"id":1}}'
  run ask 192.0.2.1 7000
  expect_output 192.0.2.1
  run api '{"execute": "list_hostfwd"}'
  expect_match '"host_port":7000,"guest_addr":"10.0.2.100","guest_port":80'
  run api '{"execute": "remove_hostfwd", "arguments": {"id": 1}}'
  expect_output '{"return":{}}'
  refused ask 192.0.2.1 7000
}

@test "network: below a --root that is longer than a socket's path may be" {
  STATE=$TEST_DIR/state/$(printf '%0100d' 0)
  mkdir -p "$STATE"
  start_network --network slirp
  cd "$STATE/$CT"
  run timeout 30 "${NET[@]}" api slirp.sock '{"execute": "list_hostfwd"}'
  expect_match '"entries":\[\]'
  runc delete --force "$CT"
  rmdir "$STATE"
}

# ---------------------------------------------------------------- life and death

@test "network: the helper is sandboxed" {
  local pid set
  start_network --network slirp --publish 7000:80
  pid=$(helper_pid "$CT")
  run cat "/proc/$pid/status"
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    expect_line "$set:	0000000000000000"
  done
  expect_line "NoNewPrivs:	1"
  expect_line "Seccomp:	2"
  run find "/proc/$pid/root/" -mindepth 1
  expect_eq "${output//$'\n'/ }" "/proc/$pid/root/etc /proc/$pid/root/etc/resolv.conf" "the files in its root"
  not test "/proc/$pid/ns/mnt" -ef "/proc/$HOST_PID/ns/mnt"
  not test "/proc/$pid/ns/net" -ef "/proc/$CT_PID/ns/net"
  not test "/proc/$pid/ns/user" -ef "/proc/$CT_PID/ns/user"
  # /dev/null three times, the container's process, the tap, and sockets and event queues of its own.
  run find "/proc/$pid/fd" -type l -printf '%l\n'
  expect_eq "$(grep -vE '^(/dev/null|/dev/net/tun|socket:|anon_inode:|pipe:)' <<<"$output")" "" "the other files it has open"
  expect_eq "$(grep -c '^/dev/net/tun' <<<"$output")" 1 "the devices it has open"
}

@test "network: the helper ends when the container's process is killed" {
  local pid
  start_network --network slirp --publish 7000:80
  pid=$(helper_pid "$CT")
  kill -9 "$CT_PID"
  await_status "$CT" stopped
  wait_gone "$pid"
  not helpers_left
  refused ask 192.0.2.1 7000
  runc delete "$CT"
}

@test "network: the helper stays when the runtime is killed, and ends with the container" {
  local runtime
  background_quiet "${ON_HOST[@]}" "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --network slirp "$CT" </dev/null >run.out 2>&1
  runtime=$BG
  await_status "$CT" running
  container_is "$(state_of "$CT" .pid)"
  server on_host tcp-server 192.0.2.1 7000
  kill -9 "$runtime"
  run in_ct "${NET[@]}" ask 192.0.2.1 7000 who
  expect_output 192.0.2.1
  runc delete --force "$CT"
  wait_for not helpers_left
}

@test "network: a runtime that is killed while it starts leaves no helper" {
  local i
  for i in 2 10 20 30 40 60 90; do
    on_host "$TESTHELPER" kill-after $((i * 1000)) -- "$RUNC" --root "$STATE" run --detach --bundle "$BUNDLE" \
      --network slirp "$CT" </dev/null >/dev/null 2>&1 || true
    [[ -z $(ls "$STATE") ]] || runc delete --force "$CT"
    wait_for not helpers_left
  done
}

@test "network: the helper can die, the container goes on without" {
  start_network --network slirp
  kill -9 "$(helper_pid "$CT")"
  wait_for not helpers_left
  run runc exec "$CT" ip -o link
  expect_match "lo: <LOOPBACK,UP"
  expect_no_match "tap0"
  runc delete --force "$CT"
}

@test "network: created and never started, the helper is gone after delete" {
  create_ct --network slirp --publish 7000:80
  helpers_left
  runc delete --force "$CT"
  not helpers_left
}

@test "network: hooks find it" {
  cat >hook <<'HOOK'
#!/bin/sh
pid=$(sed 's/.*"pid": *\([0-9]*\).*/\1/')
cat "/proc/$pid/net/dev"
HOOK
  chmod +x hook
  config --arg hook "$PWD/hook" '.hooks.createRuntime = [{"path": $hook}] | .annotations["run.oci.hooks.stdout"] = "'"$PWD/hook.out"'"'
  script true
  run_ct --network slirp
  expect_ok
  grep -q tap0: hook.out
}

@test "network: says what is missing" {
  script true
  run --separate-stderr on_host env RUNC_SLIRP=/nonexistent "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --network slirp "$CT"
  expect_error 1 "cannot start '/nonexistent'"
  run --separate-stderr on_host env RUNC_PASTA=/nonexistent "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --network pasta "$CT"
  expect_error 1 "cannot start '/nonexistent'"
  on_host mount -t tmpfs none /dev/net 2>/dev/null || return 0
  run --separate-stderr runc run --bundle "$BUNDLE" --network slirp "$CT"
  expect_error 1 "cannot start the network: runc-slirp: cannot open '/dev/net/tun': .*'modprobe tun'"
}

# ---------------------------------------------------------------- pasta

pasta_network() {
  needs pasta
  start_network --network pasta "$@"
  KEEPER_PID=$(helper_pid "$CT")
  expect_eq "$(cat "/proc/$KEEPER_PID/comm")" runc-pasta "name of the keeper"
  PASTA_PID=$(cat "/proc/$KEEPER_PID/task/$KEEPER_PID/children")
  PASTA_PID=${PASTA_PID% }
  expect_match "^(pasta|passt)" "$(cat "/proc/$PASTA_PID/comm")"
}

pasta_is_gone() { [[ ! -e /proc/$KEEPER_PID && ! -e /proc/$PASTA_PID ]]; }

@test "network: pasta: addresses of the host, the way out, names" {
  server on_host dns-server 192.0.2.9 192.0.2.9
  server on_host udp-server 192.0.2.9 7000
  nameserver 192.0.2.9
  # As in a service of systemd's. pasta itself does not start with it.
  trap '' PIPE
  pasta_network
  run runc exec "$CT" sh -c 'ip -o addr show dev eth0; cat /etc/resolv.conf; nslookup -type=a test.example'
  expect_ok
  expect_match "inet 192.0.2.1/24 "
  expect_line "nameserver 192.0.2.9"
  expect_line "Address: 192.0.2.9"
  run in_ct "${NET[@]}" udp 192.0.2.9 7000 3000
  expect_match " 3000$"
  runc delete --force "$CT"
  wait_gone "$PASTA_PID"
}

@test "network: pasta: publishes what is asked for and nothing else, and ends with delete" {
  pasta_network --publish 192.0.2.9:7000:80 --publish 192.0.2.9:7001:81/udp
  server in_ct tcp-server 0.0.0.0 80
  server in_ct tcp-server 0.0.0.0 7002
  server in_ct udp-server 0.0.0.0 81
  server in_ct udp-server 0.0.0.0 7003
  run ask 192.0.2.9 7000
  expect_match "^192.0.2"
  run on_host "${NET[@]}" udp 192.0.2.9 7001
  expect_match "^[0-9.]* 5$"
  sleep 1.2
  refused ask 192.0.2.9 7002
  run on_host "${NET[@]}" udp 192.0.2.9 7003
  expect_match "ConnectionRefused|Timeout"
  expect_eq "$(state_of "$CT" '.published | join(" ")')" "192.0.2.9:7000:80 192.0.2.9:7001:81/udp" "published by state"
  runc kill "$CT" KILL
  await_status "$CT" stopped
  runc delete "$CT"
  wait_gone "$PASTA_PID"
  refused ask 192.0.2.9 7000
}

@test "network: pasta: ends with the container's process, before delete" {
  pasta_network --publish 192.0.2.9:7000:80
  kill -9 "$CT_PID"
  wait_for pasta_is_gone
  refused ask 192.0.2.9 7000
  expect_eq "$(state_of "$CT" .status)" stopped "status"
  runc delete "$CT"
  # Of the port nothing is left, either.
  start_network --network pasta --publish 192.0.2.9:7000:80
}

@test "network: pasta: neither of the two processes is left behind by the other" {
  pasta_network
  kill -9 "$KEEPER_PID"
  wait_for pasta_is_gone
  runc delete --force "$CT"
  pasta_network
  kill -9 "$PASTA_PID"
  wait_for pasta_is_gone
  runc delete --force "$CT"
  pasta_network
  kill -TERM "$KEEPER_PID"
  wait_for pasta_is_gone
}

@test "network: pasta: not on what a terminal sends, and with nothing of the runtime's open" {
  pasta_network
  kill -INT "$KEEPER_PID"
  kill -HUP "$KEEPER_PID"
  run find "/proc/$KEEPER_PID/fd" -lname "$STATE/*"
  expect_output ""
  run find "/proc/$KEEPER_PID/fd" -lname "pipe:*"
  expect_output ""
  server on_host udp-server 192.0.2.9 7000
  run in_ct "${NET[@]}" udp 192.0.2.9 7000 3000
  expect_match " 3000$"
}

@test "network: pasta: one that cannot be executed is an error" {
  printf '#!/nonexistent/interpreter\n' >pasta
  chmod +x pasta
  run --separate-stderr on_host env RUNC_PASTA="$PWD/pasta" "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --network pasta "$CT"
  expect_error 1 "cannot start the network: pasta: cannot start '.*/pasta': No such file or directory"
  expect_eq "$(ls "$STATE")" "" "the containers that are left"
}

@test "network: pasta: a port that is taken is an error, and leaves nothing" {
  server on_host tcp-server 0.0.0.0 7000
  needs pasta
  run --separate-stderr runc run --bundle "$BUNDLE" --network pasta --publish 7000:80 "$CT"
  expect_error 1 "cannot start the network: pasta: "
  expect_eq "$(ls "$STATE")" "" "the containers that are left"
}
