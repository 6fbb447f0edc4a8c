#!/usr/bin/env python3
"""Throughput and latency of the network helpers, as ratios to the first of them.

  tests/bench/network.py [-t SECONDS] [-r ROUNDS] [--mtu N] [--only WORD,...] HELPER...

HELPER is slirp4netns, pasta, or the path of runc-slirp. Run it as an ordinary user. All traffic is between namespaces
that it makes: a "host", and for each helper a "container".

  out, in            iperf3's TCP from the container to a server on the host, and back
  pub in, pub out    the same through a published port: to the container, and back
  udp out, udp in    iperf3's datagrams of 1400 bytes, as many as the receiver's kernel gets. That is more than iperf3
                     has time to read, which is the line "read"
  rr, rr 800         100 bytes there and back, in us, alone and beside 800 idle connections
  connect            a new connection, 100 bytes there and back, and its end, in us. Of these three the median is
                     taken at once: the longest are those in which something else had the processor
  ... cpu            CPU time of the helper, in ms for each Gbit that arrived
  ... all cpu        the same and that of iperf3 at both ends
  ... calls          system calls of the helper for each MB, counted by strace in a pass of its own. It slows the helper
                     down, so that more waits for it at each call: the true number is higher

What else a machine does hits whoever is measured at that moment, so figures of different moments say little. All
helpers are up at once, and in each round they are measured one right after the other, in turns forwards and backwards. A ratio
is that of two neighbours of one round; what is printed is the median of the ratios, their quartiles, and in how
many rounds the helper was the better one. CPU time hardly depends on what else the machine does.
"""
import argparse, json, os, resource, selectors, signal, socket, statistics, subprocess, sys, tempfile, threading, time

HOST = '192.0.2.9'
TCP = ['out', 'in', 'pub in', 'pub out']
DATAGRAMS = ['-u', '-b', '0', '-l', '1400']
PUBLISHED = 5310  # and on, one for each helper
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
took = []
for _ in range(n):
    start = time.perf_counter()
    sock = sock if kept else connect()
    sock.sendall(b'x' * 100)
    sock.recv(1000)
    took.append(time.perf_counter() - start)
print(sorted(took)[n // 2] * 1e6)
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


def cpu_of(pid):
    with open(f'/proc/{pid}/stat') as stat:
        fields = stat.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Helper:
    """One of those that are compared, and the container that it serves."""

    def __init__(self, program, port, work):
        self.name, self.port = os.path.basename(program), str(port)
        self.container = subprocess.Popen(['unshare', '-Urn', 'sh', '-c', 'echo; exec sleep 36000'], stdout=subprocess.PIPE)
        self.container.stdout.readline()
        pid = str(self.container.pid)
        self.inside = ['nsenter', '--preserve-credentials', '-t', pid, '-U', '-n']
        self.process = self.start(program, pid, work)

    def start(self, program, pid, work):
        quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        ready, write = os.pipe()
        if program == 'slirp4netns':
            api = work + '/api' + pid
            process = subprocess.Popen(['slirp4netns', '-c', '-m', args.mtu, '--enable-sandbox', '--enable-seccomp', '-a', api,
                                        '-r', str(write), pid, 'tap0'], pass_fds=[write], **quiet)
            os.read(ready, 1)
            client = socket.socket(socket.AF_UNIX)
            client.connect(api)
            client.sendall(b'{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "%s", "host_port": %s, '
                           b'"guest_port": 5302}}' % (HOST.encode(), self.port.encode()))
            client.recv(1000)
        elif program == 'pasta':
            process = subprocess.Popen(['pasta', '--config-net', '-m', args.mtu, '-t', f'{HOST}/{self.port}:5302', '-u', 'none',
                                        '-T', 'none', '-U', 'none', '-f', pid], **quiet)
            time.sleep(1)
        else:
            process = subprocess.Popen([program, '--pid', pid, '--mtu', args.mtu, '-p', f'{HOST}:{self.port}:5302',
                                        '--ready-fd', str(write)], pass_fds=[write])
            os.read(ready, 1)
        os.close(ready)
        os.close(write)
        return process

    def end(self):
        self.process.terminate()
        self.container.kill()
        self.process.wait()
        self.container.wait()

    def carry(self, what):
        """Let iperf3 do it. Returns Gbit that arrived and the seconds that it took."""
        published = what.startswith('pub')
        server, client = (self.inside, []) if published else ([], self.inside)
        options = DATAGRAMS if what.startswith('udp') else []
        if what in ('in', 'udp in', 'pub out'):
            options = options + ['-R']
        before = self.datagrams(what) if what.startswith('udp') else 0
        listening = '5302' if published else '5301'
        process = subprocess.Popen(server + ['iperf3', '-s', '-1', '-p', listening, '--forceflush'], stdout=subprocess.PIPE)
        try:
            while b'listening' not in process.stdout.readline():
                pass
            command = client + ['iperf3', '-c', HOST, '-p', self.port if published else listening, '-t', str(args.t), '-J', *options]
            end = json.loads(subprocess.run(command, capture_output=True, timeout=args.t + 20).stdout)['end']
        finally:
            process.kill()
            process.wait()
        end = end['sum_received']
        if '-u' in options:
            self.read = end['bytes'] * 8e-9
            return (self.datagrams(what) - before) * 1400 * 8e-9, end['seconds']
        return end['bytes'] * 8e-9, end['seconds']

    def datagrams(self, what):
        """How many the receiver's kernel has got so far."""
        table = subprocess.run((self.inside if what == 'udp in' else []) + ['cat', '/proc/net/snmp'], capture_output=True, timeout=20)
        names, values = [line.split() for line in table.stdout.decode().splitlines() if line.startswith('Udp:')]
        return sum(int(values[names.index(name)]) for name in ('InDatagrams', 'InErrors'))

    def throughput(self, what):
        helper, others = cpu_of(self.process.pid), cpu_of_children()
        gbit, seconds = self.carry(what)
        helper, others = cpu_of(self.process.pid) - helper, cpu_of_children() - others
        result = {what + ' Mbit/s': gbit / seconds * 1000, what + ' cpu ms': helper * 1000 / gbit,
                  what + ' all cpu ms': (helper + others) * 1000 / gbit}
        if what.startswith('udp'):
            result[what + ' read Mbit/s'] = self.read / seconds * 1000
        return result

    def latency(self, what):
        idle, n, kept = {'rr': (0, 2000, 'kept'), 'rr 800': (800, 2000, 'kept'), 'connect': (0, 300, 'new')}[what]
        out = subprocess.run(self.inside + [sys.executable, '-c', CLIENT, HOST, str(idle), str(n), kept], capture_output=True,
                             timeout=60).stdout
        return {what + ' us': float(out)}

    def calls(self, what, work):
        strace = subprocess.Popen(['strace', '-f', '-c', '-o', work + '/calls', '-p', str(self.process.pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        attached = strace.stderr.readline()
        try:
            gbit, _ = self.carry(what)
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate()
        if b'attached' not in attached:
            raise OSError('strace: ' + attached.decode().strip())
        with open(work + '/calls') as table:
            total = [line.split() for line in table if line.endswith(' total\n')]
        # % time, seconds, usecs/call, calls; the third is not always there
        return {what + ' calls': int([word for word in total[-1] if word.isdigit()][0 if len(total[-1]) < 6 else 1]) / (gbit * 125)}


def round_of(helpers, results, number, work):
    """Measure each thing with each helper. What fails for one is missing for it in this round."""
    measures = [(what, Helper.throughput) for what in TCP + ['udp out', 'udp in']]
    measures += [(what, Helper.latency) for what in ('rr', 'rr 800', 'connect')]
    if number < 0:
        measures = [(what, lambda helper, what: helper.calls(what, work)) for what, method in measures if method is Helper.throughput]
    for what, method in measures:
        if args.only and what not in args.only.split(','):
            continue
        for helper in helpers[::-1] if number % 2 else helpers:
            try:
                for name, value in method(helper, what).items():
                    results.setdefault(name, {}).setdefault(helper.name, {})[number] = value
            except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError, subprocess.TimeoutExpired) as error:
                print(f'note: {helper.name}: {what}: a round failed: {error!r}', flush=True)


def print_results(helpers, results):
    first, last = helpers[0].name, helpers[-1].name
    met = any(what + ' Mbit/s' in results for what in TCP)
    print(f'  {"":<20}{"":<12}{"median":>8}   ratio (quartiles), as good as {first}')
    for name, by_helper in results.items():
        for helper in helpers:
            values, base = by_helper.get(helper.name, {}), by_helper.get(first, {})
            ratios = [values[i] / base[i] if name.endswith('/s') else base[i] / values[i] for i in values if i in base and base[i] and values[i]]
            if not ratios:
                continue
            line = f'  {name:<20}{helper.name:<12}{statistics.median(values.values()):8.{0 if name.endswith("s") else 1}f}'
            if helper is not helpers[0]:
                low, middle, high = statistics.quantiles(ratios, n=4, method='inclusive') if len(ratios) > 1 else ratios * 3
                line += f'{middle:8.2f} ({low:.2f}-{high:.2f}), better in {sum(ratio > 1 for ratio in ratios)} of {len(ratios)}'
                if helper.name == last and name.rpartition(' ')[0] in TCP and name.endswith('/s'):
                    met = met and middle >= 1
            print(line)
    if met or not args.only:
        print(f'  target: {last} carries as much TCP as {first}, in all directions: {"met" if met else "MISSED"}')


def main():
    threading.Thread(target=echo_server, daemon=True).start()
    helpers, results = [], {}
    with tempfile.TemporaryDirectory() as work:
        try:
            for i, program in enumerate(args.helpers):
                helpers.append(Helper(program, PUBLISHED + i, work))
            for number in range(args.r):
                round_of(helpers, results, number, work)
            if args.calls:
                round_of(helpers, results, -1, work)
        finally:
            for helper in helpers:
                helper.end()
    print_results(helpers, results)


parser = argparse.ArgumentParser()
parser.add_argument('-t', type=int, default=1)
parser.add_argument('-r', type=int, default=7)
parser.add_argument('--mtu', default='65520')
parser.add_argument('--only', help='what to measure, with commas between')
parser.add_argument('--calls', action='store_true', help='count system calls, too')
parser.add_argument('--on-host', action='store_true', help=argparse.SUPPRESS)
parser.add_argument('helpers', nargs='+')
args = parser.parse_args()
if args.on_host:
    main()
else:
    command = [sys.executable, os.path.abspath(__file__), '--on-host', *sys.argv[1:]]
    os.execvp('unshare', ['unshare', '-U', '--map-current-user', '--keep-caps', '-nm', 'sh', '-c', MAKE_HOST, 'sh', *command])
