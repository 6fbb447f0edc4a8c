#!/usr/bin/env python3
"""Throughput and latency of the network helpers, as ratios to the first of them.

  tests/bench/network.py [-t SECONDS] [-r ROUNDS] [--mtu N] HELPER...

HELPER is slirp4netns, pasta, or the path of runc-slirp. Run it as an ordinary user; under `chrt -f 5` the figures
hardly move. All traffic is between namespaces that it makes: a "host" and, for each measurement, a "container".

  out, in            iperf3's TCP from the container to a server on the host, and back
  pub out, pub in    the same through a published port
  udp out, udp in    iperf3's datagrams of 1400 bytes, as many as arrive
  rr, rr 800         100 bytes there and back, in us, alone and beside 800 idle connections
  connect            a new connection, 100 bytes there and back, and its end, in us
  out cpu, ...       CPU time of the helper, in ms per Gbit: says something on a busy machine, too

The helpers take turns, so that what else the machine does hits all alike; medians are compared.
"""
import argparse, json, os, selectors, socket, statistics, subprocess, sys, tempfile, threading, time

HOST = '192.0.2.9'
TCP = ['out Mbit/s', 'in Mbit/s', 'pub out Mbit/s', 'pub in Mbit/s']
# pasta gives the container the address of the interface with the default route: servers have another one.
MAKE_HOST = f'''ip link set lo up && ip addr add {HOST}/32 dev lo && ip link add eth0 type veth peer name eth1 &&
ip addr add 192.0.2.1/24 dev eth0 && ip link set eth1 up && ip link set eth0 up && ip route add default via 192.0.2.254 &&
exec "$@"'''

CLIENT = '''
import socket, sys, time
address, idle, n, kept = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == 'kept'
def connect():
    sock = socket.create_connection((address, 5303))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
idle = [connect() for _ in range(idle)]
sock = connect()
start = time.perf_counter()
for _ in range(n):
    sock = sock if kept else connect()
    sock.sendall(b'x' * 100)
    sock.recv(1000)
print((time.perf_counter() - start) / n * 1e6)
'''


def echo_server():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, 5303))
    listener.listen(1000)
    selector = selectors.EpollSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(1000)
            if data:
                key.fileobj.sendall(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def start(helper, pid, work):
    """Serve the namespaces of pid, with the host's port 5302 published; returns the process."""
    pid = str(pid)
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    ready, write = os.pipe()
    if helper == 'slirp4netns':
        api = work + '/api' + pid
        process = subprocess.Popen(['slirp4netns', '-c', '-m', args.mtu, '--enable-sandbox', '--enable-seccomp', '-a', api,
                                    '-r', str(write), pid, 'tap0'], pass_fds=[write], **quiet)
        os.read(ready, 1)
        client = socket.socket(socket.AF_UNIX)
        client.connect(api)
        client.sendall(b'{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "%s", "host_port": 5302, '
                       b'"guest_port": 5302}}' % HOST.encode())
        client.recv(1000)
    elif helper == 'pasta':
        process = subprocess.Popen(['pasta', '--config-net', '-m', args.mtu, '-t', HOST + '/5302', '-u', 'none', '-T', 'none',
                                    '-U', 'none', '-f', pid], **quiet)
        time.sleep(1)
    else:
        process = subprocess.Popen([helper, '--pid', pid, '--mtu', args.mtu, '-p', HOST + ':5302:5302', '--ready-fd', str(write)],
                                   pass_fds=[write])
        os.read(ready, 1)
    os.close(ready)
    os.close(write)
    return process


def iperf(server, client, port, *options):
    """Mbit/s that arrive."""
    process = subprocess.Popen(server + ['iperf3', '-s', '-1', '-p', str(port), '--forceflush'], stdout=subprocess.PIPE)
    try:
        while b'listening' not in process.stdout.readline():
            pass
        command = client + ['iperf3', '-c', HOST, '-p', str(port), '-t', str(args.t), '-J', *options]
        end = json.loads(subprocess.run(command, capture_output=True, timeout=args.t + 20).stdout)['end']
    finally:
        process.kill()
        process.wait()
    if '-u' in options:
        return end['sum']['bits_per_second'] * (1 - end['sum']['lost_percent'] / 100) / 1e6
    return end['sum_received']['bits_per_second'] / 1e6


def cpu_ms(pid):
    with open(f'/proc/{pid}/stat') as stat:
        fields = stat.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')


def measure(helper, work):
    container = subprocess.Popen(['unshare', '-Urn', 'sh', '-c', 'echo; exec sleep 600'], stdout=subprocess.PIPE)
    container.stdout.readline()
    process = start(helper, container.pid, work)
    inside = ['nsenter', '--preserve-credentials', '-t', str(container.pid), '-U', '-n']

    def latency(idle, n, kept):
        out = subprocess.run(inside + [sys.executable, '-c', CLIENT, HOST, str(idle), str(n), kept], capture_output=True, timeout=60).stdout
        return float(out)

    result = {}

    def throughput(name, *arguments):
        before = cpu_ms(process.pid)
        result[name + ' Mbit/s'] = mbits = iperf(*arguments)
        result[name + ' cpu ms'] = (cpu_ms(process.pid) - before) / (mbits * args.t / 1000)

    datagrams = ['-u', '-b', '0', '-l', '1400']
    try:
        throughput('out', [], inside, 5301)
        throughput('in', [], inside, 5301, '-R')
        throughput('pub out', inside, [], 5302, '-R')
        throughput('pub in', inside, [], 5302)
        throughput('udp out', [], inside, 5301, *datagrams)
        throughput('udp in', [], inside, 5301, '-R', *datagrams)
        result['rr us'] = latency(0, 3000, 'kept')
        result['rr 800 us'] = latency(800, 3000, 'kept')
        result['connect us'] = latency(0, 500, 'new')
        return result
    finally:
        process.terminate()
        container.kill()
        process.wait()
        container.wait()


def main():
    threading.Thread(target=echo_server, daemon=True).start()
    results = {helper: [] for helper in args.helpers}
    with tempfile.TemporaryDirectory() as work:
        for _ in range(args.r):
            for helper in args.helpers:
                try:
                    results[helper].append(measure(helper, work))
                except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
                    print(f'note: {helper}: a round failed: {error!r}')
    first = args.helpers[0]
    met = bool(results[first])
    for what in results[first][0] if met else []:
        for helper in filter(results.get, args.helpers):
            value, base = (statistics.median(one[what] for one in results[name]) for name in (helper, first))
            ratio = base / value if what.endswith('s') and not what.endswith('/s') else value / base
            print(f'  {what:<16}{os.path.basename(helper):<14}{value:10.0f}{ratio:8.2f} times as good as {first}')
            if helper == args.helpers[-1] and what in TCP:
                met = met and ratio >= 1
    print(f'  target: {os.path.basename(args.helpers[-1])} carries as much TCP as {first}, in all directions: {"met" if met else "MISSED"}')


parser = argparse.ArgumentParser()
parser.add_argument('-t', type=int, default=3)
parser.add_argument('-r', type=int, default=3)
parser.add_argument('--mtu', default='65520')
parser.add_argument('--on-host', action='store_true', help=argparse.SUPPRESS)
parser.add_argument('helpers', nargs='+')
args = parser.parse_args()
if args.on_host:
    main()
else:
    command = [sys.executable, os.path.abspath(__file__), '--on-host', *sys.argv[1:]]
    os.execvp('unshare', ['unshare', '-U', '--map-current-user', '--keep-caps', '-nm', 'sh', '-c', MAKE_HOST, 'sh', *command])
