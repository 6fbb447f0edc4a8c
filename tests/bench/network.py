#!/usr/bin/env python3
"""Throughput and latency of the network helpers, as ratios to slirp4netns.

  tests/bench/network.py [-t SECONDS] [-r ROUNDS] [--mtu N] HELPER...

HELPER is slirp4netns, pasta, or the path of runc-slirp. Run it as an ordinary user; under `chrt -f 5` the figures
hardly move. All traffic is between namespaces that it makes and this machine's loopback.

  out, in            iperf3 from the container to a server on the host, and back
  pub out, pub in    the same through a published port
  rr, rr 800         100 bytes there and back, in us, alone and beside 800 idle connections
The helpers take turns, so that what else the machine does hits all alike; the median is shown.
"""
import argparse, json, os, selectors, socket, statistics, subprocess, sys, tempfile, threading, time

parser = argparse.ArgumentParser()
parser.add_argument('-t', type=int, default=3)
parser.add_argument('-r', type=int, default=3)
parser.add_argument('--mtu', default='65520')
parser.add_argument('helpers', nargs='+')
args = parser.parse_args()
work = tempfile.TemporaryDirectory()
quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}

CLIENT = '''
import socket, sys, time
address, idle = sys.argv[1], int(sys.argv[2])
idle = [socket.create_connection((address, 5303)) for _ in range(idle)]
sock = socket.create_connection((address, 5303))
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
start = time.perf_counter()
for _ in range(3000):
    sock.sendall(b'x' * 100)
    sock.recv(1000)
print((time.perf_counter() - start) / 3000 * 1e6)
'''


def echo_server():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', 5303))
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


def start(helper, pid):
    """Serve the namespaces of pid; returns the process and the address of the host."""
    pid = str(pid)
    ready, write = os.pipe()
    if helper == 'slirp4netns':
        api = work.name + '/api' + pid
        process = subprocess.Popen(['slirp4netns', '-c', '-m', args.mtu, '--enable-sandbox', '--enable-seccomp', '-a', api,
                                    '-r', str(write), pid, 'tap0'], pass_fds=[write], **quiet)
        os.read(ready, 1)
        client = socket.socket(socket.AF_UNIX)
        client.connect(api)
        client.sendall(b'{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "127.0.0.1", "host_port": 5302, "guest_port": 5302}}')
        client.recv(1000)
    elif helper == 'pasta':
        process = subprocess.Popen(['pasta', '--config-net', '-m', args.mtu, '-t', '5302', '-u', 'none', '-T', 'none', '-f', pid], **quiet)
        time.sleep(1)
    else:
        process = subprocess.Popen([helper, '--pid', pid, '--mtu', args.mtu, '--enable-host-loopback', '-p', '127.0.0.1:5302:5302',
                                    '--ready-fd', str(write)], pass_fds=[write])
        os.read(ready, 1)
    os.close(ready)
    os.close(write)
    route = subprocess.run(enter(pid) + ['ip', '-j', 'route', 'show', 'default'], capture_output=True).stdout
    return process, json.loads(route)[0]['gateway']


def enter(pid):
    return ['nsenter', '--preserve-credentials', '-t', str(pid), '-U', '-n']


def iperf(server, client, address, port, back):
    process = subprocess.Popen(server + ['iperf3', '-s', '-1', '-p', str(port), '--forceflush'], stdout=subprocess.PIPE)
    while b'listening' not in process.stdout.readline():
        pass
    command = client + ['iperf3', '-c', address, '-p', str(port), '-t', str(args.t), '-J'] + (['-R'] if back else [])
    out = subprocess.run(command, capture_output=True, timeout=args.t + 20).stdout
    process.kill()
    process.wait()
    return json.loads(out)['end']['sum_received']['bits_per_second'] / 1e6


def measure(helper):
    container = subprocess.Popen(['unshare', '-Urn', 'sh', '-c', 'echo; exec sleep 600'], stdout=subprocess.PIPE)
    container.stdout.readline()
    process, address = start(helper, container.pid)
    inside = enter(container.pid)
    def rr(idle):
        return float(subprocess.run(inside + [sys.executable, '-c', CLIENT, address, str(idle)], capture_output=True).stdout)
    try:
        return {
            'out Mbit/s': iperf([], inside, address, 5301, False),
            'in Mbit/s': iperf([], inside, address, 5301, True),
            'pub out Mbit/s': iperf(inside, [], '127.0.0.1', 5302, True),
            'pub in Mbit/s': iperf(inside, [], '127.0.0.1', 5302, False),
            'rr us': rr(0),
            'rr 800 us': rr(800),
        }
    finally:
        process.terminate()
        container.kill()
        process.wait()
        container.wait()


threading.Thread(target=echo_server, daemon=True).start()
results = {helper: [] for helper in args.helpers}
for _ in range(args.r):
    for helper in args.helpers:
        results[helper].append(measure(helper))
base = results[args.helpers[0]]
for what in base[0]:
    for helper in args.helpers:
        value = statistics.median(one[what] for one in results[helper])
        first = statistics.median(one[what] for one in base)
        ratio = first / value if what.startswith('rr') else value / first
        print('%-14s  %-40s %9.0f   %5.2f times as good as %s' % (what, helper, value, ratio, args.helpers[0]))
