#!/usr/bin/env bats
# What config.json says about the process: limits, capabilities, user, umask, and so on.

load ../lib/helpers

# caps SET: a set of the container's process, in hex.
caps() { sed -n "s/^Cap$1:\t//p" <<<"$output"; }

# cap_bits NAME...: the mask of capabilities by number, as the kernel prints it.
cap_bits() {
  local n mask=0
  for n; do mask=$((mask | 1 << n)); done
  printf '%016x' $mask
}

@test "rlimits: soft and hard" {
  config '.process.rlimits = [
    {"type": "RLIMIT_NOFILE", "hard": 512, "soft": 512}, {"type": "RLIMIT_CORE", "hard": 5000, "soft": 4000},
    {"type": "RLIMIT_NPROC", "hard": 400, "soft": 300}]'
  args cat /proc/self/limits
  run_ct
  expect_match $'\nMax open files +512 +512 '
  expect_match $'\nMax core file size +4000 +5000 '
  expect_match $'\nMax processes +300 +400 '
}

# bats test_tags=ours
@test "rlimits: a soft limit of open files below the hard one is kept" {
  config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 512, "soft": 256}]'
  args cat /proc/self/limits
  run_ct
  expect_match $'\nMax open files +256 +512 '
}

@test "rlimits: those that are not given are the caller's" {
  config '.process.rlimits = []'
  args grep 'Max stack size' /proc/self/limits
  run_ct
  expect_output "$(grep 'Max stack size' /proc/self/limits)"
}

@test "rlimits: the largest number means unlimited" {
  needs_of_machine "the hard limit for cpu time is not unlimited" test "$(ulimit -H -t)" = unlimited
  # jq would round it.
  sed -i 's/"soft": 1024/"soft": 18446744073709551615/; s/"hard": 1024/"hard": 18446744073709551615/; s/RLIMIT_NOFILE/RLIMIT_CPU/' "$BUNDLE/config.json"
  sed -i 's/"args": \[/&"grep", "cpu time", "\/proc\/self\/limits"], "ignored": [/' "$BUNDLE/config.json"
  grep -q 18446744073709551615 "$BUNDLE/config.json"
  run_ct
  expect_ok
  expect_match '^Max cpu time +unlimited +unlimited '
}

# bats test_tags=no:root,no:root-v2
@test "rlimits: more than we may have is an error, or as much as possible with a warning; both name it" {
  config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 100000000, "soft": 100000000}]'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  if is_ours; then expect_ok; else expect_status 1; fi
  expect_match 'RLIMIT_NOFILE|rlimit' "$stderr"
}

@test "capabilities: five sets, as config.json says" {
  config '.process.capabilities = {
    "bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_CHROOT"],
    "permitted": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"],
    "inheritable": ["CAP_KILL", "CAP_CHOWN"],
    "effective": ["CAP_KILL", "CAP_NET_RAW"],
    "ambient": ["CAP_KILL"]} | .process.noNewPrivileges = true'
  args cat /proc/self/status
  run_ct
  expect_ok
  # Root's exec gives it what is in the bounding set or inheritable.
  expect_eq "$(caps Bnd)" "$(cap_bits 5 0 13 18)"
  expect_eq "$(caps Inh)" "$(cap_bits 5 0)"
  expect_eq "$(caps Amb)" "$(cap_bits 5)"
  expect_eq "$(caps Prm)" "$(caps Eff)"
}

@test "capabilities: none at all" {
  config '.process.capabilities = {"bounding": [], "permitted": [], "inheritable": [], "effective": [], "ambient": []}'
  args cat /proc/self/status
  run_ct
  expect_ok
  for set in Inh Prm Eff Bnd Amb; do
    expect_eq "$(caps $set)" 0000000000000000 "Cap$set"
  done
}

@test "capabilities: not given at all means none" {
  config 'del(.process.capabilities)'
  args cat /proc/self/status
  run_ct
  expect_ok
  for set in Inh Prm Eff Bnd Amb; do
    expect_eq "$(caps $set)" 0000000000000000 "Cap$set"
  done
}

# bats test_tags=no:userns,no:single
@test "capabilities: of a user that is not root: only the ambient ones stay" {
  many_ids
  config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {
    "bounding": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL", "CAP_CHOWN"],
    "inheritable": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL", "CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}'
  args cat /proc/self/status
  run_ct
  expect_ok
  expect_eq "$(caps Eff)" "$(cap_bits 0)"
  expect_eq "$(caps Bnd)" "$(cap_bits 0 5)"
}

@test "noNewPrivileges: on and off" {
  args grep NoNewPrivs /proc/self/status
  config '.process.noNewPrivileges = true'
  run_ct
  expect_output $'NoNewPrivs:\t1'
  config '.process.noNewPrivileges = false'
  run_ct
  expect_output $'NoNewPrivs:\t0'
}

# bats test_tags=no:user,no:single,no:userns
@test "user: uid, gid and supplementary groups" {
  config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}'
  script 'id -u; id -g; grep ^Groups: /proc/self/status; echo $HOME'
  run_ct
  expect_ok
  expect_match $'^1000\n1001\nGroups:\t5 6( 1001)? *\n/home/guest$'
}

# bats test_tags=no:user,no:single,no:userns
@test "user: root has no groups of the caller" {
  args grep ^Groups: /proc/self/status
  run setpriv --groups 4,27 -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_no_match '4|27'
}

@test "umask: of config.json, and 022 by default" {
  script umask
  run_ct
  expect_output 0022
  (umask 077 && runc run --bundle "$BUNDLE" "$CT" >out)
  expect_eq "$(cat out)" 0022
  config '.process.user.umask = 63'
  run_ct
  expect_output 0077
}

@test "oomScoreAdj" {
  args cat /proc/self/oom_score_adj
  config '.process.oomScoreAdj = 500'
  run_ct
  expect_ok
  expect_output 500
}

@test "oomScoreAdj: not given: the caller's" {
  args cat /proc/self/oom_score_adj
  config 'del(.process.oomScoreAdj)'
  run_ct
  expect_output "$(cat /proc/self/oom_score_adj)"
}

@test "hostname and domainname" {
  args cat /proc/sys/kernel/hostname
  config '.hostname = "name-1"'
  run_ct
  expect_output name-1
}

# bats test_tags=ours
@test "domainname" {
  args cat /proc/sys/kernel/domainname
  config '.domainname = "domain.example"'
  run_ct
  expect_output domain.example
}

# signals_of FILE: which signals somebody blocks and ignores, of a /proc/PID/status.
signals_of() { grep -hE '^Sig(Blk|Ign):' "$1"; }

no_signals=$'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'

@test "signals: what the caller ignores is ignored by nobody that the runtime starts" {
  printf '%s\n' '#!/bin/sh' 'grep -E "^Sig(Blk|Ign):" /proc/self/status >"$1"' >hook
  chmod 755 hook
  config --arg dir "$TEST_DIR" '.hooks.createRuntime = [{path: ($dir + "/hook"), args: ["hook", ($dir + "/hooked")]}]'
  args sleep 1000
  trap '' PIPE USR1 INT QUIT
  start_ct
  run runc exec "$CT" grep -E '^Sig(Blk|Ign):' /proc/self/status </dev/null
  trap - PIPE USR1 INT QUIT
  expect_output "$no_signals"
  expect_eq "$(signals_of "/proc/$(state_of "$CT" .pid)/status")" "$no_signals" container
  # glibc's posix_spawn() leaves the two that are its own ignored.
  expect_eq "$((0x$(signals_of hooked | sed -n 's/^SigIgn:\t//p') & 0x7fffffff))" 0 hook
}

@test "signals: what the caller blocks is not blocked in the container" {
  needs python3
  args grep -E '^Sig(Blk|Ign):' /proc/self/status
  run python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
os.execv(sys.argv[1], sys.argv[1:])' "$RUNC" --root "$STATE" "${GLOBAL_OPTIONS[@]}" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output "$no_signals"
}

@test "keyring: a session keyring of its own, named after the container" {
  needs_of_machine "/proc/keys is not there" test -r /proc/keys
  config '.linux.maskedPaths = []'
  args cat /proc/keys
  run_ct
  expect_ok
  expect_match "keyring +_ses\\.$CT"
}

@test "keyring: --no-new-keyring keeps the caller's" {
  needs_of_machine "/proc/keys is not there" test -r /proc/keys
  config '.linux.maskedPaths = []'
  args cat /proc/keys
  run_ct --no-new-keyring
  expect_ok
  expect_no_match "_ses\\.$CT"
}

@test "seccomp: none by default" {
  args grep ^Seccomp: /proc/self/status
  run_ct
  expect_output $'Seccomp:\t0'
}

# seccomp PROFILE: the profile of the container; skip where it cannot be.
seccomp() {
  [[ $("$RUNC" features 2>/dev/null | jq -r .linux.seccomp.enabled) != false ]] || skip "built without seccomp"
  config --argjson profile "$1" '.linux.seccomp = $profile'
}

@test "seccomp: a call that is refused with an errno" {
  seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}'
  script 'grep ^Seccomp: /proc/self/status; mkdir /tmp/x'
  run_ct
  expect_status 1
  expect_match $'^Seccomp:\t2'
  expect_match 'Function not implemented'
}

@test "seccomp: with noNewPrivileges and without" {
  seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO"}]}'
  script ': >/dev/shm/x; chmod 600 /dev/shm/x'
  for nnp in true false; do
    config ".process.noNewPrivileges = $nnp"
    run_ct
    expect_status 1
    expect_match 'Operation not permitted'
  done
}

@test "seccomp: a call that kills" {
  seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
  script 'sh -c "mkdir /tmp/x"; exit $?'
  run_ct
  expect_status 159
}

@test "seccomp: a profile that does not know new system calls" {
  seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO", "errnoRet": 38, "names": [
    "clone3", "close_range", "openat2", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree", "mount_setattr",
    "faccessat2", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "statx", "rseq", "epoll_pwait2", "futex_waitv"]}]}'
  args echo printed
  run_ct
  expect_ok
  expect_output printed
}

# bats test_tags=ours
@test "seccomp: only what the program needs" {
  seccomp '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": [
    "execve", "exit", "exit_group", "write", "writev", "brk", "mmap", "mprotect", "munmap", "arch_prctl", "set_tid_address",
    "set_robust_list", "rseq", "prlimit64", "getrandom", "readlink", "readlinkat", "newfstatat", "fstat", "uname", "getuid", "futex",
    "close", "getpid", "gettid", "rt_sigaction", "rt_sigprocmask", "openat", "read", "fcntl", "getdents64", "close_range", "prctl",
    "capset", "capget", "setuid", "setgid", "setgroups", "chdir", "getcwd", "statx", "lseek", "mremap", "ioctl", "epoll_pwait", "epoll_ctl", "nanosleep", "sigaltstack", "madvise"]}]}'
  args echo printed
  run_ct
  expect_ok
  expect_output printed
}

@test "seccomp: also for exec" {
  seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
  sleeper
  start_ct
  run runc exec "$CT" mkdir /tmp/x
  expect_status 1
  expect_match 'Operation not permitted'
}

@test "sysctl: of the container's own namespaces" {
  config '.linux.sysctl = {"kernel.shm_rmid_forced": "1"}'
  as_root || config '.linux.namespaces |= .'
  args cat /proc/sys/kernel/shm_rmid_forced
  run_ct
  expect_ok
  expect_output 1
}

@test "sysctl: of the host is refused" {
  config '.linux.sysctl = {"kernel.panic": "7"}'
  args true
  before=$(cat /proc/sys/kernel/panic)
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'kernel\.panic'
  expect_eq "$(cat /proc/sys/kernel/panic)" "$before"
}

# bats test_tags=ours,no:root,no:root-v2
@test "process: no more keys for the user: the session keyring's error says what to do" {
  needs python3
  cat >keys.py <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
key = 0
add_key = {'x86_64': 248, 'aarch64': 217}[os.uname().machine]
while libc.syscall(add_key, b'user', b'runc-test-%d' % key, b'x', 1, -2) >= 0:  # to the process keyring
    key += 1
assert ctypes.get_errno() == 122, ctypes.get_errno()  # EDQUOT
sys.exit(os.spawnvp(os.P_WAIT, sys.argv[1], sys.argv[1:]))
PY
  args true
  run --separate-stderr python3 keys.py "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_error 1 "session keyring: cannot make one: disk quota exceeded .*sysctl kernel.keys.maxkeys=.*--no-new-keyring"
  run python3 keys.py "$RUNC" --root "$STATE" run --no-new-keyring --bundle "$BUNDLE" "$CT"
  expect_ok
}

# bats test_tags=ours
@test "intelRdt: without resctrl an error says what is missing" {
  needs_of_machine "resctrl is mounted" not grep -q ' - resctrl ' /proc/self/mountinfo
  config '.linux.intelRdt = {"l3CacheSchema": "L3:0=f"}'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'linux\.intelRdt: no resctrl filesystem is mounted .*mount -t resctrl'
  config 'del(.linux.intelRdt)'
  sleeper
  start_ct
  run --separate-stderr runc update --l3-cache-schema L3:0=f "$CT"
  expect_error 1 'updating a non-existent Intel RDT configuration is not supported'
}

# bats test_tags=ours,no:user,no:single,no:userns
@test "user: run.oci.keep_original_groups keeps the caller's groups" {
  config '.annotations = {"run.oci.keep_original_groups": "1"} | .process.user.additionalGids = [5]'
  args grep ^Groups: /proc/self/status
  run setpriv --groups 4,27 -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match '^Groups:[[:space:]]4 27 *$'
}

# bats test_tags=ours
@test "dev: a fifo of config.json" {
  config '.linux.devices = [{"path": "/dev/pipe", "type": "p", "fileMode": 384}]'
  script 'stat -c "%F %a" /dev/pipe'
  run_ct
  expect_ok
  expect_output "fifo 600"
}

# bats test_tags=ours,no:root,no:root-v2
@test "dev: a device that the machine does not have is left out, with a warning" {
  config '.linux.devices = [{"path": "/dev/no-such-device", "type": "c", "major": 240, "minor": 3}]'
  args ls /dev/null
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match "linux\\.devices\\[0\\]: '/dev/no-such-device' is left out" "$stderr"
}

# bats test_tags=ours,no:root,no:root-v2
@test "oomScoreAdj: below the caller's it is left as it is, with a warning" {
  own=$(cat /proc/self/oom_score_adj)
  config --argjson score $((own - 1 < -1000 ? -1000 : own - 1)) '.process.oomScoreAdj = $score'
  args cat /proc/self/oom_score_adj
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_output "$own"
  expect_match 'process\.oomScoreAdj: it stays at' "$stderr"
}

# bats test_tags=ours
@test "rlimits: one that is given twice is an error" {
  config '.process.rlimits = [{"type": "RLIMIT_CORE", "hard": 1, "soft": 1}, {"type": "RLIMIT_CORE", "hard": 2, "soft": 2}]'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "process\\.rlimits\\[1\\]: duplicate limit 'RLIMIT_CORE'"
}

# bats test_tags=ours
@test "sysctl: those of the ipc and network namespaces, with dots or slashes" {
  config '.linux.namespaces |= map(select(.type != "network")) + [{"type": "network"}]
    | .linux.sysctl = {"kernel.msgmax": "4096", "net/ipv4/conf/lo/forwarding": "1", "net.ipv4.ip_unprivileged_port_start": "99"}'
  args cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/net/ipv4/ip_unprivileged_port_start
  run_ct
  expect_ok
  expect_output $'4096\n1\n99'
}
