#!/usr/bin/env bats
# Seccomp: what programs in the container get for an answer, notification, the cache of filters.

load ../lib/helpers

PROFILE=/usr/share/containers/seccomp.json

case $(uname -m) in
x86_64) MKDIR=83 PERSONALITY=135 ;;
*) MKDIR=34 PERSONALITY=92 ;; # of all that came later, mkdirat and personality
esac

setup() {
  common_setup
  # The filters of other tests are of no use here, and as root there is no other way than this.
  export XDG_CACHE_HOME=$TEST_DIR/cache
  bundle
  cp "$RUNC_BUILDDIR/tests/lib/probe" "$BUNDLE/rootfs/bin/probe"
}

teardown() {
  [[ -z ${AGENT:-} ]] || kill "$AGENT" 2>/dev/null || true
  common_teardown
}

# profile JSON: the container's filter.
profile() { config --argjson profile "$1" '.linux.seccomp = $profile'; }

# deny NAMES-JSON ACTION-JSON: a filter that allows everything else.
deny() { profile "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": $1, \"action\": $2}]}"; }

default_profile() {
  [[ $(uname -m) == x86_64 ]] || skip "this machine: not x86_64, which the profile is made for here"
  [[ -f $PROFILE ]] || needs "$PROFILE"
  profile "$(jq -f "$TESTS_DIR/lib/seccomp-profile.jq" "$PROFILE")"
}

# agent [ANSWER...]: start an agent at agent.sock, whose output is in agent.out.
agent() {
  "$RUNC_BUILDDIR/tests/lib/seccomp-agent" "$TEST_DIR/agent.sock" "$@" >agent.out 2>&1 3>&- &
  AGENT=$!
  wait_for test -S agent.sock
}

# notify NAMES-JSON: a filter that asks the agent.
notify() {
  deny "$1" '"SCMP_ACT_NOTIFY"'
  config --arg path "$TEST_DIR/agent.sock" '.linux.seccomp.listenerPath = $path'
}

# ---------------------------------------------------------------- actions

@test "seccomp: a denied system call fails with EPERM" {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO"'
  script 'mkdir /dev/shm/foo'
  run_ct
  expect_status 1
  expect_match 'Operation not permitted'
}

@test "seccomp: errnoRet is what the program sees" {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO", "errnoRet": 100'
  script 'mkdir /dev/shm/foo'
  run_ct
  expect_status 1
  expect_match 'Network is down'
}

@test "seccomp: killed by SCMP_ACT_KILL" {
  local action
  config '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
  args mkdir /dev/shm/foo
  for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
    deny '["mkdir", "mkdirat"]' "\"SCMP_ACT_$action\""
    run_ct
    expect_status 159
  done
}

@test "seccomp: the parent of a killed process lives on" {
  config '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_KILL"'
  script 'mkdir /dev/shm/foo; echo "status $?"; ls /dev/shm'
  run_ct
  expect_ok
  expect_line "status 159"
  expect_no_match 'foo'
}

@test "seccomp: SCMP_ACT_LOG lets it happen, SCMP_ACT_TRACE without a tracer does not" {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_LOG"'
  args mkdir /dev/shm/foo
  run_ct
  expect_ok
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_TRACE"'
  run_ct
  expect_status 1
  expect_match 'Function not implemented'
}

@test "seccomp: conditions on arguments, in 64 bits" {
  profile '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 91,
     "args": [{"index": 0, "value": 111111111, "op": "SCMP_CMP_EQ"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 92,
     "args": [{"index": 0, "value": 131072, "valueTwo": 131072, "op": "SCMP_CMP_MASKED_EQ"},
              {"index": 1, "value": 222222222, "op": "SCMP_CMP_GE"}]}]}'
  script "probe $PERSONALITY 0xffffffffffffffff 0; probe $PERSONALITY 0x20000 0x8000000000000000
          probe $PERSONALITY 0x20000 0x7fffffffffffffff; probe $PERSONALITY 0xffffffff"
  # jq does not have these
  sed -i 's/111111111/18446744073709551615/; s/222222222/9223372036854775808/' "$BUNDLE/config.json"
  run_ct
  expect_ok
  expect_eq "${lines[0]}" "errno 91"
  expect_eq "${lines[1]}" "errno 92"
  expect_eq "${lines[2]}" "0"
  expect_no_match errno "${lines[3]}"
}

@test "seccomp: system calls that are newer than the profile do not exist" {
  profile '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "write", "openat", "open", "close",
    "fstat", "newfstatat", "mmap", "munmap", "mprotect", "brk", "execve", "exit_group", "arch_prctl", "set_tid_address",
    "set_robust_list", "rseq", "prlimit64", "getrandom", "ioctl", "sendmsg", "recvmsg", "readlink", "readlinkat", "getuid",
    "rt_sigaction", "rt_sigprocmask", "fcntl", "prctl", "setgid", "setuid", "setgroups", "setresuid", "setresgid",
    "capset", "capget", "chdir", "getcwd", "stat", "lstat", "faccessat", "access", "close_range", "openat2", "dup3", "dup2",
    "wait4", "clone", "fork", "vfork", "getpid", "gettid", "getppid", "poll", "statx", "umask", "getdents64", "geteuid",
    "getgid", "getegid", "setsid", "fchown", "fchdir", "kill", "futex", "lseek"], "action": "SCMP_ACT_ALLOW"}]}'
  args probe $PERSONALITY 0xffffffff
  run_ct
  expect_ok
  expect_output "errno 1"
  args probe 1000
  run_ct
  expect_ok
  expect_output "errno 38"
}

@test "seccomp: the other architectures of the machine" {
  [[ $(uname -m) == x86_64 ]] || skip "this machine: not x86_64"
  needs_of_machine "no system calls of 32 bits" test "$("$RUNC_BUILDDIR/tests/lib/probe" -32 20)" -gt 0
  # getpid is 20 there, which is writev here
  profile '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "syscalls": [{"names": ["getpid", "mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 93}]}'
  script 'probe -32 20; probe -32 39; probe 39'
  run_ct
  expect_ok
  expect_eq "${lines[*]}" "errno 93 errno 93 errno 93"
  # not in the profile, killed
  config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"] | .process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
  args probe -32 24
  run_ct
  expect_status 159
}

@test "seccomp: names that nobody knows are skipped" {
  deny '["no_such_call", "mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO"'
  args mkdir /dev/shm/foo
  run_ct
  expect_status 1
  expect_match 'Operation not permitted'
}

@test "seccomp: start-up does not need what is new" {
  local errno nnp
  for errno in 38 1; do
    deny '["close_range", "fsopen", "fsconfig", "fspick", "openat2", "open_tree", "move_mount", "mount_setattr", "faccessat2"]' \
      "\"SCMP_ACT_ERRNO\", \"errnoRet\": $errno"
    for nnp in true false; do
      config ".process.noNewPrivileges = $nnp"
      args true
      run_ct
      expect_ok
      sleeper
      create_ct
      run runc start "$CT"
      expect_ok
      expect_eq "$(state_of "$CT" .status)" running
      run runc exec "$CT" echo printed
      expect_ok
      expect_output printed
      runc delete --force "$CT"
    done
  done
}

# ---------------------------------------------------------------- who is under the filter

# bats test_tags=ours
@test "seccomp: start-up and its errors do not need messages with descriptors" {
  deny '["sendmsg", "recvmsg", "sendto", "recvfrom", "sendmmsg", "recvmmsg"]' '"SCMP_ACT_KILL_PROCESS"'
  config '.hooks = {"startContainer": [{"path": "/bin/true"}]}'
  for nnp in true false; do
    config ".process.noNewPrivileges = $nnp"
    args echo printed
    run_ct
    expect_ok
    expect_output printed
    sleeper
    create_ct
    runc start "$CT"
    run runc exec "$CT" echo printed
    expect_output printed
    runc delete --force "$CT"
    # What fails behind the filter.
    printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/bin/broken"
    chmod +x "$BUNDLE/rootfs/bin/broken"
    args broken
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 'exec /bin/broken: no such file'
  done
}

@test "seccomp: the kernel says that the filter is there, once" {
  local nnp
  sleeper
  for nnp in true false; do
    deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO"'
    config --argjson nnp $nnp '.process.noNewPrivileges = $nnp'
    start_ct
    grep -qx 'Seccomp:	2' "/proc/$(state_of "$CT" .pid)/status"
    grep -qx "Seccomp_filters:	$(($(awk '/^Seccomp_filters/ { print $2 }' /proc/self/status) + 1))" \
      "/proc/$(state_of "$CT" .pid)/status"
    grep -qx "NoNewPrivs:	$([[ $nnp == true ]] && echo 1 || awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" \
      "/proc/$(state_of "$CT" .pid)/status"
    runc delete --force "$CT"
  done
}

@test "seccomp: without a profile there is no filter" {
  config 'del(.linux.seccomp)'
  script 'grep ^Seccomp: /proc/self/status'
  run_ct
  expect_ok
  expect_eq "$output" "$(grep ^Seccomp: /proc/self/status)"
}

@test "seccomp: exec is under the filter, too" {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO", "errnoRet": 100'
  sleeper
  start_ct
  run runc exec "$CT" mkdir /dev/shm/foo
  expect_status 1
  expect_match 'Network is down'
}

@test "seccomp: startContainer hooks are under the filter" {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_KILL"'
  args true
  config '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    | .hooks = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "mkdir /dev/shm/foo"]}]}'
  run_ct
  expect_status 1
  expect_match 'error running startContainer hook'
  expect_match '[Bb]ad system call'
}

@test "seccomp: an ordinary user of the container, with and without new privileges" {
  local nnp
  if [[ $MODE == user || $MODE == root* ]]; then
    many_ids
    config '.process.user = {"uid": 1000, "gid": 1000}'
  fi
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO", "errnoRet": 100'
  args mkdir /dev/shm/foo
  for nnp in true false; do
    config --argjson nnp $nnp '.process.noNewPrivileges = $nnp'
    run_ct
    expect_status 1
    expect_match 'Network is down'
  done
}

# ---------------------------------------------------------------- flags

# bats test_tags=ours
@test "seccomp: flags, as the kernel gets them" {
  local row flags value
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO"'
  args true
  for row in 'null 4' '[] 0' '["SECCOMP_FILTER_FLAG_TSYNC"] 0' '["SECCOMP_FILTER_FLAG_LOG"] 2' \
    '["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW"] 6'; do
    flags=${row% *} value=${row##* }
    config --argjson flags "$flags" '.linux.seccomp.flags = $flags'
    run runc --debug run --bundle "$BUNDLE" "$CT"
    expect_ok
    expect_match "seccomp filter flags: $value\""
  done
}

@test "seccomp: features lists the flags that work here" {
  run runc features
  expect_ok
  jq -e '.linux.seccomp.enabled and (.linux.seccomp.supportedFlags - .linux.seccomp.knownFlags == [])
    and (.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_LOG") != null)' <<<"$output"
}

# ---------------------------------------------------------------- notification

@test "seccomp: an agent decides" {
  agent $MKDIR=errno:28
  notify '["mkdir", "mkdirat"]'
  args mkdir /dev/shm/foo
  run_ct
  expect_status 1
  expect_match 'No space left on device'
  grep -qx "call $MKDIR" agent.out
}

@test "seccomp: an agent lets it happen, or answers in its place" {
  agent $PERSONALITY=value:4711
  notify '["mkdir", "mkdirat", "personality"]'
  script "mkdir /dev/shm/foo && ls -d /dev/shm/foo; probe $PERSONALITY 0xffffffff"
  run_ct
  expect_ok
  expect_eq "${lines[*]}" "/dev/shm/foo 4711"
}

@test "seccomp: with noNewPrivileges and without, an agent decides" {
  local nnp
  agent $MKDIR=errno:28
  notify '["mkdir", "mkdirat"]'
  args mkdir /dev/shm/foo
  for nnp in true false; do
    config --argjson nnp $nnp '.process.noNewPrivileges = $nnp'
    run_ct
    expect_status 1
    expect_match 'No space left on device'
  done
}

@test "seccomp: what an agent is told" {
  agent
  notify '["mkdir", "mkdirat"]'
  config '.linux.seccomp.listenerMetadata = "some data"'
  sleeper
  start_ct
  sed -n 's/^state //p' agent.out >state.json
  jq -e --argjson pid "$(state_of "$CT" .pid)" --arg id "$CT" --arg bundle "$(realpath "$BUNDLE")" '
    .fds == ["seccompFd"] and .pid == $pid and .metadata == "some data" and (.ociVersion | test("^1[.]"))
    and .state.id == $id and .state.pid == $pid and .state.bundle == $bundle and .state.status == "creating"' state.json
}

@test "seccomp: an agent gets the listener of an exec" {
  agent $MKDIR=errno:28
  notify '["mkdir", "mkdirat"]'
  sleeper
  start_ct
  run runc exec "$CT" mkdir /dev/shm/foo
  expect_status 1
  expect_match 'No space left on device'
  expect_eq "$(grep -c ^state agent.out)" 2 "connections"
  sed -n 's/^state //p' agent.out | tail -n 1 | jq -e '.state.status == "running" and .pid != .state.pid'
}

@test "seccomp: an agent decides about what start-up itself does" {
  local nnp
  agent
  notify '["execve", "openat", "open", "read", "close", "fcntl", "chdir", "recvmsg", "prctl"]'
  args true
  for nnp in true false; do
    config --argjson nnp $nnp '.process.noNewPrivileges = $nnp'
    run_ct
    expect_ok
  done
  sleeper
  start_ct
  run runc exec "$CT" true
  expect_ok
}

@test "seccomp: nobody at the agent's socket" {
  notify '["mkdir", "mkdirat"]'
  args true
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'failed to connect with seccomp agent.*no such file or directory'
  expect_eq "$(ls -A "$STATE")" ""
}

@test "seccomp: an agent that goes away" {
  agent $MKDIR=die
  notify '["mkdir", "mkdirat"]'
  args mkdir /dev/shm/foo
  run_ct
  expect_status 1
  expect_match 'Function not implemented'
}

@test "seccomp: a container that waits for its agent can be killed" {
  agent $MKDIR=hold
  notify '["mkdir", "mkdirat"]'
  args mkdir /dev/shm/foo
  start_ct
  wait_for grep -qx "call $MKDIR" agent.out
  runc kill "$CT" KILL
  await_status "$CT" stopped
}

# bats test_tags=ours
@test "seccomp: the agent of an annotation" {
  agent $MKDIR=errno:28
  notify '["mkdir", "mkdirat"]'
  config '.annotations["run.oci.seccomp.receiver"] = .linux.seccomp.listenerPath | del(.linux.seccomp.listenerPath)'
  args mkdir /dev/shm/foo
  run_ct
  expect_status 1
  expect_match 'No space left on device'
}

# bats test_tags=ours
@test "seccomp: waiting for an agent, killable" {
  run runc features
  jq -e '.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") != null' <<<"$output" ||
    skip "this machine: no SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
  agent $MKDIR=errno:28
  notify '["mkdir", "mkdirat"]'
  config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
  args mkdir /dev/shm/foo
  run runc --debug run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'No space left on device'
  expect_match 'seccomp filter flags: 40"'
}

@test "seccomp: what cannot be notified about" {
  local name
  args true
  for name in write sendmsg; do
    is_ours || [[ $name == write ]] || continue
    notify "[\"$name\"]"
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "SCMP_ACT_NOTIFY cannot be used for the $name syscall"
  done
}

# ---------------------------------------------------------------- the profile of the engines

@test "seccomp: the default profile of the engines" {
  default_profile
  # bpf and init_module need capabilities that the profile was made without; 1000 does not exist
  script 'probe 321 -1; probe 175 0; probe 1000; probe 41 16 3 9; probe -32 20 >/dev/null && mkdir /dev/shm/foo && echo fine'
  run_ct
  expect_ok
  expect_eq "${lines[*]}" "errno 1 errno 1 errno 38 errno 22 fine"
}

# ---------------------------------------------------------------- the cache
# Where real root keeps it is tested in tests/root.

cached() { find "$XDG_CACHE_HOME/runc/seccomp" -type f; }

# expect_compiled yes|no: run the container, whose process must fail with "Network is down".
expect_compiled() {
  run runc --debug run --bundle "$BUNDLE" "$CT"
  expect_status 1
  expect_match 'Network is down'
  if [[ $1 == yes ]]; then
    expect_match 'compiling the seccomp filter'
  else
    expect_no_match 'compiling the seccomp filter'
  fi
}

cache_bundle() {
  deny '["mkdir", "mkdirat"]' '"SCMP_ACT_ERRNO", "errnoRet": 100'
  args mkdir /dev/shm/foo
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: a filter is compiled once" {
  cache_bundle
  expect_compiled yes
  expect_eq "$(cached | wc -l)" 1
  expect_eq "$(stat -c %a "$XDG_CACHE_HOME/runc/seccomp" "$(cached)" | tr '\n' ' ')" "700 600 "
  expect_compiled no
  config '.linux.seccomp.syscalls[0].errnoRet = 100 | .linux.seccomp.syscalls[0].names += ["rmdir"]'
  expect_compiled yes
  expect_eq "$(cached | wc -l)" 2
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: a damaged filter is made anew" {
  local file
  cache_bundle
  expect_compiled yes
  file=$(cached)
  cp "$file" good
  # the last instruction: what the filter returns
  printf '\1' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 1)) conv=notrunc status=none
  expect_compiled yes
  cmp "$file" good
  expect_compiled no
  : >"$file"
  expect_compiled yes
  ln -sf "$TEST_DIR/good" "$file"
  expect_compiled yes
  [[ ! -L $file ]]
  chmod 620 "$file"
  expect_compiled yes
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: no filter is taken from where others can write" {
  cache_bundle
  expect_compiled yes
  chmod 770 "$XDG_CACHE_HOME/runc/seccomp"
  expect_compiled yes
  chmod 700 "$XDG_CACHE_HOME/runc/seccomp"
  expect_compiled no
  mv "$XDG_CACHE_HOME/runc/seccomp" elsewhere
  ln -s "$TEST_DIR/elsewhere" "$XDG_CACHE_HOME/runc/seccomp"
  expect_compiled yes
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: it works without a cache" {
  cache_bundle
  mkdir -p "$XDG_CACHE_HOME"
  chmod 500 "$XDG_CACHE_HOME"
  expect_compiled yes
  rm -rf "$XDG_CACHE_HOME"
  : >"$XDG_CACHE_HOME"
  expect_compiled yes
  export XDG_CACHE_HOME=/proc/nowhere
  expect_compiled yes
  unset XDG_CACHE_HOME HOME
  expect_compiled yes
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: a cache that can be read but not written" {
  cache_bundle
  expect_compiled yes
  chmod 500 "$XDG_CACHE_HOME/runc/seccomp"
  expect_compiled no
  config '.linux.seccomp.syscalls[0].names += ["rmdir"]'
  expect_compiled yes
  chmod 700 "$XDG_CACHE_HOME/runc/seccomp"
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: the default profile, with and without a cached filter" {
  default_profile
  args probe 1000
  run_ct
  expect_output "errno 38"
  run_ct
  expect_output "errno 38"
  expect_eq "$(cached | wc -l)" 1
}

# bats test_tags=ours,no:root,no:root-v2
@test "seccomp: several at once fill the cache" {
  local n pids=()
  cache_bundle
  for n in 1 2 3 4 5 6; do
    runc run --bundle "$BUNDLE" "$CT-$n" </dev/null >"out-$n" 2>&1 3>&- &
    pids+=($!)
  done
  for n in 1 2 3 4 5 6; do
    wait_exit "${pids[n - 1]}"
    expect_status 1
    grep -q 'Network is down' "out-$n"
  done
  expect_eq "$(cached | wc -l)" 1
}
