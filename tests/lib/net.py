# net.py COMMAND ARGUMENTS...: servers and clients for the tests. A server prints "ready" once it listens.
import functools, hashlib, os, random, socket, struct, sys, threading, time

def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET

@functools.lru_cache(maxsize=4)
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

def udp_many(address, port, n):
    # n ports at the same time, each of which gets its own answer; a datagram that is lost on the way is sent again
    socks = [socket.socket(family(address), socket.SOCK_DGRAM) for _ in range(int(n))]
    missing = dict(enumerate(socks))
    for _ in range(10):
        for k, (i, sock) in enumerate(missing.items()):
            sock.sendto(b'x' * (50 + i), (address, int(port)))
            if k % 50 == 49:
                # the server has a queue of its own
                time.sleep(0.02)
        time.sleep(0.5)
        for i, sock in list(missing.items()):
            try:
                assert len(sock.recv(65536, socket.MSG_DONTWAIT)) == 50 + i
                del missing[i]
            except BlockingIOError:
                pass
        if not missing:
            print('intact')
            return

def udp_segments(address, port, size, segment):
    # one message that the kernel may cut into datagrams as late as it likes
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(3)
    sock.setsockopt(socket.IPPROTO_UDP, 103, int(segment))
    sock.sendto(b'x' * int(size), (address, int(port)))
    got = 0
    while got < int(size):
        got += len(sock.recv(65536))
    print('intact')

def udp_error(address, port, ttl='64'):
    # the error that a datagram is answered with, and who sent it
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(3)
    level, errors, hops = (41, 25, 16) if ':' in address else (0, 11, 2)
    sock.setsockopt(level, errors, 1)
    sock.setsockopt(level, hops, int(ttl))
    sock.connect((address, int(port)))
    sock.send(b'x')
    try:
        sock.recv(10)
    except OSError as error:
        _, control, _, _ = sock.recvmsg(10, 200, 0x2000)
        kind, code = control[0][2][5:7]
        at = control[0][2][16:]
        print(os.strerror(error.errno), kind, code, socket.inet_ntop(family(address), at[8:24] if ':' in address else at[4:8]))

def udp_flood(address, n):
    # from n ports, to nobody
    for i in range(int(n)):
        sock = socket.socket(family(address), socket.SOCK_DGRAM)
        sock.bind(('', 10000 + i))
        sock.sendto(b'x', (address, 9))
        sock.close()
        if i % 20 == 19:
            # the device has a queue of its own
            time.sleep(0.001)

def hoard(address, port, n, size):
    # n connections that are sent size bytes and read none of them, until a line comes; then all of one is read
    conns = []
    for _ in range(int(n)):
        conn = connect(address, port)
        conn.sendall(b'get %s\n' % size.encode())
        conns.append(conn)
    print('hoarded', flush=True)
    sys.stdin.readline()
    for conn in conns[:1] + conns[-1:]:
        assert digest(read_all(conn)) == digest(pattern(int(size)))
    print('intact', flush=True)

def crowd(address, port, n):
    # as many connections as there can be up to n: those that are refused do not hurt the others, or the next ones
    conns, refused = [], 0
    for _ in range(int(n)):
        try:
            conns.append(connect(address, port))
        except ConnectionRefusedError:
            refused += 1
    print('refused' if refused else 'not refused', 'some' if conns else 'all')
    for conn in conns:
        conn.sendall(b'get 10000\n')
    for conn in conns:
        assert read_all(conn) == pattern(10000)
        conn.close()
    time.sleep(0.5)
    get(address, port, '10000')

def half_closed(address, port):
    # the container has said all; the host goes on
    conn = connect(address, port)
    conn.sendall(b'get 3000000\n')
    conn.shutdown(socket.SHUT_WR)
    time.sleep(0.3)
    assert digest(read_all(conn)) == digest(pattern(3000000))
    print('intact')

def never_accepts(address, port):
    server = socket.socket(family(address), socket.SOCK_STREAM)
    server.bind((address, int(port)))
    server.listen(1)
    print('ready', flush=True)
    time.sleep(1000)

def push(address, port, n, size):
    # to servers that do not read: what is taken of size bytes, in n connections
    taken = []
    for _ in range(int(n)):
        conn = socket.create_connection((address, int(port)), timeout=1)
        conn.settimeout(0.2)
        got = 0
        try:
            while got < int(size):
                got += conn.send(b'x' * 65536)
        except (socket.timeout, BlockingIOError):
            pass
        taken.append(conn)
    print('pushed', flush=True)

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
