#!/usr/bin/env bats
# The network helper, without the runtime: RUNC_SLIRP=PATH bats tests/rootless/slirp-helper.bats
# SLIRP_FUZZ=N: how many frames each fuzzer sends. Cgroups do not matter here: root-v2 is like root.
# bats file_tags=no:root-v2
#
# Nothing leaves this machine, and nothing touches its network: each test has a "host" made of a user,
# network and mount namespace, with 192.0.2.1 and 2001:db8::1 as its addresses, in which the helper
# runs without capabilities, and below it a "container" with empty namespaces. Servers run in either.

load ../lib/helpers

SLIRP=${RUNC_SLIRP:-$RUNC_BUILDDIR/helpers/runc-slirp}

setup_file() {
  cat >"$BATS_FILE_TMPDIR/net.py" <<'PY'
# net.py COMMAND ARGUMENTS...: servers and clients for the tests. A server prints "ready" once it listens.
import ctypes, hashlib, os, random, select, signal, socket, struct, sys, threading, time

def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET

def pattern(n):
    return (hashlib.sha256(b'pattern').digest() * (n // 32 + 1))[:n]

def digest(data):
    return hashlib.sha256(data).hexdigest()

def read_all(sock):
    data = bytearray()
    while chunk := sock.recv(1 << 20):
        data += chunk
    return bytes(data)

def serve_one(conn, peer):
    # "who": the peer's address; "get N": N bytes; "put": what came, as a digest; "reset"; "slow": read it slowly
    head = b''
    while not head.endswith(b'\n'):
        byte = conn.recv(1)
        if not byte:
            return
        head += byte
    words = head.decode().split()
    if words[0] == 'who':
        conn.sendall(peer[0].encode())
    elif words[0] == 'get':
        conn.sendall(pattern(int(words[1])))
    elif words[0] == 'put':
        conn.sendall(digest(read_all(conn)).encode())
    elif words[0] == 'slow':
        time.sleep(1)
        conn.sendall(digest(read_all(conn)).encode())
    elif words[0] == 'reset':
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    conn.close()

def serve_quietly(conn, peer):
    # that a client goes away, or talks nonsense, is not worth a word: the client knows
    try:
        serve_one(conn, peer)
    except (ConnectionError, UnicodeDecodeError):
        conn.close()

def tcp_server(address, port):
    server = socket.socket(family(address), socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, int(port)))
    server.listen(1000)
    print('ready', flush=True)
    while True:
        conn, peer = server.accept()
        threading.Thread(target=serve_quietly, args=(conn, peer), daemon=True).start()

def udp_server(address, port):
    # answers with the sender's address and the length, in a datagram as long
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, int(port)))
    print('ready', flush=True)
    while True:
        data, peer = server.recvfrom(65536)
        print('datagram %d' % len(data), flush=True)
        server.sendto((b'%s %d' % (peer[0].encode(), len(data))).ljust(len(data)), peer)

def dns_server(address, answer):
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, 53))
    print('ready', flush=True)
    while True:
        query, peer = server.recvfrom(512)
        record = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4' + socket.inet_aton(answer)
        server.sendto(query[:2] + b'\x81\x80\0\1\0\1\0\0\0\0' + query[12:] + record, peer)

def resolve(server):
    sock = socket.socket(family(server), socket.SOCK_DGRAM)
    sock.settimeout(3)
    sock.sendto(b'\x12\x34\1\0\0\1\0\0\0\0\0\0\4test\0\0\1\0\1', (server, 53))
    print(socket.inet_ntoa(sock.recv(512)[-4:]))

def connect(address, port):
    return socket.create_connection((address, int(port)), timeout=20)

def ask(address, port, *words):
    conn = connect(address, port)
    conn.sendall(' '.join(words).encode() + b'\n')
    print(read_all(conn).decode())

def get(address, port, size, pause='0'):
    conn = connect(address, port)
    conn.sendall(b'get %s\n' % size.encode())
    time.sleep(float(pause))
    assert digest(read_all(conn)) == digest(pattern(int(size)))
    print('intact')

def put(address, port, size, verb='put'):
    conn = connect(address, port)
    conn.sendall(verb.encode() + b'\n' + pattern(int(size)))
    conn.shutdown(socket.SHUT_WR)
    assert read_all(conn).decode() == digest(pattern(int(size)))
    print('intact')

def many(address, port, n):
    # n connections at the same time, which talk in turns
    conns = [connect(address, port) for _ in range(int(n))]
    for conn in reversed(conns):
        conn.sendall(b'get 10000\n')
    for conn in conns:
        assert read_all(conn) == pattern(10000)
        conn.close()
    print('intact')

def expect_reset(address, port):
    conn = connect(address, port)
    conn.sendall(b'reset\n')
    try:
        conn.recv(1)
    except ConnectionResetError:
        print('reset')

def udp(address, port, size='5'):
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(3)
    sock.sendto(b'x' * int(size), (address, int(port)))
    print(sock.recv(65536).decode().rstrip())

def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def gateway_mac():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.sendto(b'', ('10.0.2.2', 9))
    for _ in range(100):
        for line in open('/proc/net/arp'):
            words = line.split()
            if words[0] == '10.0.2.2' and words[3] != '00:00:00:00:00:00':
                return bytes.fromhex(words[3].replace(':', ''))
        time.sleep(0.02)
    return bytes.fromhex('52550a000202')

def forge(target, port):
    # a datagram to an address that the kernel here would not route to the tap
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(('tap0', 0x0800))
    own = open('/sys/class/net/tap0/address').read() if os.path.exists('/sys/class/net/tap0') else '02:00:00:00:00:01'
    payload = struct.pack('!HHHH', 4000, int(port), 8 + 6, 0) + b'forged'
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 1, 0, 64, 17, 0, socket.inet_aton('10.0.2.100'), socket.inet_aton(target))
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    raw.send(gateway_mac() + raw.getsockname()[4] + b'\x08\0' + head + payload)

def fuzz(n, seed):
    # frames that are nearly right, and frames that are not at all
    rnd = random.Random(int(seed))
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(('tap0', 0x0003))
    mac = gateway_mac() + raw.getsockname()[4]
    for _ in range(int(n)):
        kind = rnd.choice(('noise', 'ip', 'tcp', 'udp', 'ip6', 'arp', 'icmp', 'frag'))
        ports = struct.pack('!HH', rnd.randrange(65536), rnd.choice((53, 67, 69, 7000, rnd.randrange(65536))))
        body = rnd.randbytes(rnd.choice((0, 4, 8, 20, 40, 300, 1400)))
        if kind == 'noise':
            frame = mac + rnd.randbytes(2) + body
        elif kind == 'arp':
            frame = mac + b'\x08\x06' + b'\0\1\x08\0\6\4\0' + rnd.randbytes(21)
        elif kind == 'ip6':
            next_header = rnd.choice((6, 17, 58, 0, 44))
            head = struct.pack('!IHBB', 0x60000000, rnd.choice((len(body), rnd.randrange(65536))), next_header, rnd.choice((1, 255)))
            target = rnd.choice((b'\xfd' + bytes(14) + b'\2', b'\xfd' + bytes(14) + b'\3', bytes(15) + b'\1', rnd.randbytes(16)))
            frame = mac + b'\x86\xdd' + head + b'\xfd' + bytes(14) + b'\1' + target + body
        else:
            proto = {'tcp': 6, 'udp': 17, 'icmp': 1}.get(kind, rnd.choice((1, 6, 17, 255)))
            if kind == 'tcp':
                body = ports + rnd.randbytes(8) + bytes([rnd.randrange(256), rnd.choice((2, 16, 4, 17, 24, 18, rnd.randrange(256)))]) + rnd.randbytes(6) + body
            elif kind == 'udp':
                body = ports + struct.pack('!HH', rnd.choice((8 + len(body), rnd.randrange(65536))), 0) + body
            elif kind == 'icmp':
                body = bytes([rnd.choice((8, 3, 11, 0)), 0]) + rnd.randbytes(6) + body
                body = body[:2] + struct.pack('!H', checksum(body[:2] + b'\0\0' + body[4:])) + body[4:]
            target = socket.inet_aton(rnd.choice(('10.0.2.2', '10.0.2.3', '192.0.2.1', '127.0.0.1', '10.0.2.255')))
            frag = rnd.randrange(65536) if kind == 'frag' else 0
            head = struct.pack('!BBHHHBBH4s4s', rnd.choice((0x45, 0x45, 0x45, 0x4f, 0x41)), 0,
                               rnd.choice((20 + len(body), 20 + len(body), rnd.randrange(65536))), rnd.randrange(4), frag,
                               rnd.choice((64, 1, 0)), proto, 0, socket.inet_aton('10.0.2.100'), target)
            head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
            if kind == 'tcp':
                pseudo = head[12:20] + b'\0\6' + struct.pack('!H', len(body))
                body = body[:16] + struct.pack('!H', checksum(pseudo + body[:16] + b'\0\0' + body[18:])) + body[18:]
            frame = mac + b'\x08\0' + head + body
        try:
            raw.send(frame.ljust(14, b'\0'))
        except OSError:
            pass

def fuzz_connections(address, port, n, seed):
    # segments that are nearly right for connections that carry data: numbers a little off, any flags
    rnd = random.Random(int(seed))
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(('tap0', 0x0800))
    raw.settimeout(0.2)
    conns = []
    for _ in range(int(n)):
        if len(conns) < 8:
            conn = connect(address, port)
            conn.setblocking(False)
            conn.sendall(b'get %d\n' % rnd.choice((10, 100000, 3000000)))
            conns.append(conn)
        try:
            frame = raw.recv(65600)
        except socket.timeout:
            conns.pop().close()
            continue
        if frame[23] != 6 or frame[6:8] != b'\x52\x55':
            continue
        seq, ack = struct.unpack('!II', frame[38:46])
        size = rnd.choice((0, 0, 1, 100, 1400))
        near = lambda: rnd.choice((0, 0, 0, 1, -1, 1000, -1000, 1 << 20, -(1 << 20), 1 << 31))
        tcp = frame[36:38] + frame[34:36] + struct.pack('!IIBBHHH', (ack + near()) & 0xffffffff, (seq + near()) & 0xffffffff,
              rnd.choice((0x50, 0x50, 0x50, 0x60, 0xf0, 0x40)), rnd.choice((0x10, 0x10, 0x18, 0x11, 0x04, 0x14, 0x02, 0x12, 0x30, rnd.randrange(256))),
              rnd.choice((0, 1, 65535, rnd.randrange(65536))), 0, rnd.randrange(65536)) + rnd.randbytes(size)
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, frame[30:34], frame[26:30])
        head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
        tcp = tcp[:16] + struct.pack('!H', checksum(head[12:20] + b'\0\6' + struct.pack('!H', len(tcp)) + tcp)) + tcp[18:]
        raw.send(frame[6:12] + frame[0:6] + b'\x08\0' + head + tcp)
        if rnd.randrange(20) == 0:
            conn = conns.pop(rnd.randrange(len(conns)))
            try:
                conn.recv(1 << 20)
            except OSError:
                pass
            conn.close()

def api(path, *parts):
    # send the parts one after the other and print the answer; without shutdown
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    sock.connect(path)
    for part in parts:
        sock.sendall(part.encode())
        time.sleep(0.02)
    print(read_all(sock).decode())

globals()[sys.argv[1].replace('-', '_')](*sys.argv[2:])
PY
}

setup() {
  PIDS=()
  common_setup
  needs unshare nsenter setpriv ip python3 jq
  [[ -x $SLIRP ]] || { [[ ${RUNC_TEST_STRICT:-0} != 1 ]] && skip "$SLIRP is not built (configure: --enable-slirp)"; }
  needs_of_machine "/dev/net/tun may not be opened (root: chmod 666 /dev/net/tun)" test -r /dev/net/tun -a -w /dev/net/tun
  needs_of_machine "user namespaces are not allowed" unshare -Urn true
}

# Processes of this test, whoever started them.
marked() { grep -slzx "RUNC_TEST_ID=$RUNC_TEST_ID" /proc/[0-9]*/environ | cut -d/ -f3 | grep -vx -e $$ -e $BASHPID; }

helpers_left() { local pid; for pid in $(marked); do grep -qs '^runc-slirp' "/proc/$pid/comm" && return 0; done; return 1; }

teardown() {
  local pid failed=0
  # First what the helpers serve: they have to notice.
  for pid in ${CT_PID:-} ${SLIRP_PID:-}; do kill "$pid" 2>/dev/null; done
  wait_for -t 5 not helpers_left || { echo "left: a helper" >&2; failed=1; }
  for pid in "${PIDS[@]}" $(marked); do kill -9 "$pid" 2>/dev/null; done
  common_teardown || failed=1
  return $failed
}

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

says() { grep -qsx "$2" "$1"; }

# start_host [SCRIPT]: the pretended host, SCRIPT being what its root does first. Whoever runs the tests is an
# ordinary user in it: what is executed there later has no capability.
start_host() {
  background_quiet unshare -U --map-user=1000 --map-group=1000 --keep-caps -nm sh -c 'ip link set lo up &&
    ip addr add 192.0.2.1/32 dev lo && ip addr add 2001:db8::1/128 dev lo && eval "$1" && echo up &&
    exec sleep 1000' - "${1:-:}" >host.out
  HOST_PID=$BG
  wait_for says host.out up
  # As an array too: a function in the background is a shell, whose pid is not the program's.
  ON_HOST=(nsenter --preserve-credentials -t "$HOST_PID" -U -n -m --wd="$PWD")
}
on_host() { timeout 30 "${ON_HOST[@]}" "$@"; }

start_ct() {
  background_quiet "${ON_HOST[@]}" unshare -Urn sh -c 'echo up && exec sleep 1000' >ct.out
  CT_PID=$BG
  wait_for says ct.out up
  IN_CT=(nsenter --preserve-credentials -t "$CT_PID" -U -n)
}
in_ct() { timeout 30 "${IN_CT[@]}" "$@"; }

# start_slirp ARGUMENTS...: until it is ready.
start_slirp() {
  : >ready
  background "${ON_HOST[@]}" "$SLIRP" --pid "$CT_PID" --ready-fd 9 "$@" 9>>ready 2>slirp.err
  SLIRP_PID=$BG
  wait_for ready_or_gone
  expect_eq "$(cat ready)" 1 "what ready-fd got, with '$(cat slirp.err)' on stderr,"
}
ready_or_gone() { [[ -s ready ]] || not kill -0 "$SLIRP_PID"; }

net() { /usr/bin/env python3 "$BATS_FILE_TMPDIR/net.py" "$@"; }
NET() { echo /usr/bin/env python3 "$BATS_FILE_TMPDIR/net.py"; }

# server on_host|in_ct tcp-server|udp-server|dns-server ADDRESS PORT
server() {
  local out=server$((++SERVERS)).out where=("${ON_HOST[@]}")
  [[ $1 == on_host ]] || where=("${IN_CT[@]}")
  background_quiet "${where[@]}" $(NET) "${@:2}" >"$out"
  wait_for grep -qs ready "$out"
  SERVER_OUT=$out
}

network() {
  start_host
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
  run in_ct $(NET) put 192.0.2.1 7000 20000000
  expect_output intact
  run in_ct $(NET) get 192.0.2.1 7000 20000000
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
  start_host
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
  start_host 'mount -t tmpfs none /dev/net'
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
  run in_ct $(NET) put 192.0.2.1 7000 100000000
  expect_output intact
  run in_ct $(NET) get 192.0.2.1 7000 100000000
  expect_output intact
  run in_ct $(NET) get 192.0.2.1 7000 0
  expect_output intact
}

@test "slirp helper: the host's loopback is out of reach unless asked for" {
  network
  server on_host tcp-server 127.0.0.1 7000
  run in_ct $(NET) ask 10.0.2.2 7000 who
  expect_match "ConnectionRefusedError"
  server on_host udp-server 127.0.0.1 7000
  run in_ct $(NET) udp 10.0.2.2 7000
  expect_match "TimeoutError"
  kill "$SLIRP_PID"
  wait_gone "$SLIRP_PID"
  start_slirp --enable-host-loopback
  run in_ct $(NET) ask 10.0.2.2 7000 who
  expect_output 127.0.0.1
  run in_ct $(NET) udp 10.0.2.2 7000
  expect_output "127.0.0.1 5"
}

@test "slirp helper: nor by packets with a loopback address in them" {
  network
  server on_host udp-server 0.0.0.0 7000
  for target in 127.0.0.1 127.8.8.8 0.0.0.0 192.0.2.1; do
    in_ct $(NET) forge $target 7000
  done
  # Only the one that may arrive has.
  wait_for grep -q "datagram 6" "$SERVER_OUT"
  expect_eq "$(grep -c datagram "$SERVER_OUT")" 1 "datagrams"
}

@test "slirp helper: a refused connection is refused" {
  network
  run in_ct $(NET) ask 192.0.2.1 7001 who
  expect_match "ConnectionRefusedError"
}

@test "slirp helper: a peer's reset and slow readers on either side" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct $(NET) expect-reset 192.0.2.1 7000
  expect_output reset
  run in_ct $(NET) put 192.0.2.1 7000 30000000 slow
  expect_output intact
  run in_ct $(NET) get 192.0.2.1 7000 30000000 1
  expect_output intact
}

@test "slirp helper: 300 connections at once" {
  network
  server on_host tcp-server 192.0.2.1 7000
  run in_ct $(NET) many 192.0.2.1 7000 300
  expect_output intact
  run in_ct $(NET) many 192.0.2.1 7000 300
  expect_output intact
}

@test "slirp helper: UDP out, up to the longest datagram" {
  network
  server on_host udp-server 192.0.2.1 7000
  run in_ct $(NET) udp 192.0.2.1 7000
  expect_output "192.0.2.1 5"
  run in_ct $(NET) udp 192.0.2.1 7000 65000
  expect_output "192.0.2.1 65000"
}

@test "slirp helper: datagrams that the container's kernel sends in pieces" {
  network --mtu 1500
  server on_host udp-server 192.0.2.1 7000
  run in_ct $(NET) udp 192.0.2.1 7000 30000
  expect_output "192.0.2.1 30000"
}

@test "slirp helper: IPv6 out" {
  network --ipv6
  server on_host tcp-server 2001:db8::1 7000
  run in_ct $(NET) put 2001:db8::1 7000 20000000
  expect_output intact
  run in_ct $(NET) get 2001:db8::1 7000 20000000
  expect_output intact
  server on_host udp-server 2001:db8::1 7001
  run in_ct $(NET) udp 2001:db8::1 7001 3000
  expect_output "2001:db8::1 3000"
}

@test "slirp helper: the outbound address can be chosen" {
  start_host 'ip addr add 192.0.2.9/32 dev lo'
  start_ct
  start_slirp --outbound-addr 192.0.2.9
  server on_host tcp-server 192.0.2.1 7000
  run in_ct $(NET) ask 192.0.2.1 7000 who
  expect_output 192.0.2.9
}

# ---------------------------------------------------------------- names

nameserver() {
  echo "nameserver $1" >resolv.new
  mv resolv.new etc/resolv.conf
}

resolves_to() { [[ $(in_ct $(NET) resolve 10.0.2.3) == "$1" ]]; }

@test "slirp helper: names by the host's resolver, also one on its loopback, also when it changes" {
  mkdir etc
  nameserver 127.0.0.53
  # An /etc for the host, so that its resolv.conf can be replaced, and port 53 for the user.
  start_host "mount --bind '$PWD/etc' /etc && echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start"
  start_ct
  server on_host dns-server 127.0.0.53 192.0.2.77
  server on_host dns-server 192.0.2.1 192.0.2.78
  start_slirp
  run in_ct $(NET) resolve 10.0.2.3
  expect_output 192.0.2.77
  # Longer than libslirp believes what it knows.
  sleep 1.1
  run in_ct $(NET) resolve 10.0.2.3
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
  run on_host $(NET) ask 192.0.2.1 7000 who
  expect_output 192.0.2.1
  run on_host $(NET) ask 127.0.0.1 7002 who
  expect_output 10.0.2.2
  run on_host $(NET) udp 192.0.2.1 7001
  expect_output "192.0.2.1 5"
  run on_host $(NET) udp 127.0.0.1 7003
  expect_output "10.0.2.2 5"
  run on_host $(NET) ask 192.0.2.1 7002 who
  expect_match "ConnectionRefusedError"
  run on_host $(NET) put 192.0.2.1 7000 50000000
  expect_output intact
  run on_host $(NET) get 192.0.2.1 7000 50000000
  expect_output intact
  run on_host $(NET) many 192.0.2.1 7000 300
  expect_output intact
}

@test "slirp helper: published on an IPv6 address" {
  network --ipv6 -p "[2001:db8::1]:7000:80" -p "[::1]:7001:81/udp"
  server in_ct tcp-server :: 80
  server in_ct udp-server :: 81
  run on_host $(NET) get 2001:db8::1 7000 1000000
  expect_output intact
  run on_host $(NET) udp ::1 7001
  expect_output "fd00::2 5"
}

@test "slirp helper: a port that cannot be had ends it with one line that says how to get it" {
  start_host
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

api() { net api "$PWD/api" "$@"; }

@test "slirp helper: the API adds, lists and removes ports while it runs" {
  network --api-socket api -p 127.0.0.1:7000:80
  server in_ct tcp-server 0.0.0.0 81
  expect_eq "$(stat -c %a api)" 700 "mode of the socket"

  run api '{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "127.0.0.1", "host_port": 7001, "guest_port": 81}}'
  expect_output '{"return":{"id":2}}'
  run on_host $(NET) ask 127.0.0.1 7001 who
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
  run on_host $(NET) ask 127.0.0.1 7001 who
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
    background_quiet $(NET) api "$PWD/api" '{"execute": ' >/dev/null 2>&1
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
    in_ct $(NET) fuzz "${SLIRP_FUZZ:-1000}" $seed
    in_ct $(NET) fuzz-connections 192.0.2.1 7000 "${SLIRP_FUZZ:-300}" $seed
  done
  run in_ct $(NET) get 192.0.2.1 7000 1000000
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
  start_host
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
  run in_ct $(NET) get 192.0.2.1 7000 1000000
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
