#!/usr/bin/env bats
# The process of the container: what it holds, who it is, and what it can get of the runtime while that
# comes in.

load ../lib/helpers

PEEK=$RUNC_BUILDDIR/tests/lib/attack-peek

# with_fds COMMAND...: the command with descriptors of the host open: 3 a file, 5, 7 and 9 directories.
with_fds() {
  mkdir -p "$TEST_DIR/fds"
  run --separate-stderr bash -c 'exec 3</etc/passwd 5<"$1" 7</ 9<"$1" 15<"$1"; shift; exec "$@"' - "$TEST_DIR/fds" "$RUNC" --root "$STATE" "$@"
}

@test "security: exec: only the three descriptors, and those to preserve (CVE-2024-21626)" {
  sleeper
  start_ct
  with_fds exec "$CT" ls /proc/self/fd
  expect_output $'0\n1\n2\n3'
  with_fds exec "$CT" ls -l /proc/self/fd
  expect_no_match 'passwd'
  with_fds exec --preserve-fds 1 "$CT" ls -l /proc/self/fd
  expect_match 'passwd'
  expect_no_match "$TEST_DIR/fds"
}

@test "security: run and create: a descriptor that was left open is not there (CVE-2024-21626)" {
  script 'ls -l /proc/self/fd; ls -l /proc/1/fd'
  with_fds run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_no_match "$TEST_DIR/fds|passwd"
}

@test "security: no working directory through a descriptor (CVE-2024-21626)" {
  echo "host's own" >"$TEST_DIR/secret"
  script 'cat secret ../secret ../../../../../../../etc/machine-id; pwd'
  for n in $(seq 3 20); do
    for dir in "/proc/self/fd/$n" "/proc/self/fd/$n/../../../.." "/proc/thread-self/fd/$n" "/proc/1/fd/$n"; do
      config --arg cwd "$dir" '.process.cwd = $cwd'
      with_fds run --bundle "$BUNDLE" "$CT"
      expect_error 1 'cwd|chdir|directory'
      expect_no_match "host's own"
    done
  done
}

@test "security: not through one that is handed on on purpose either (CVE-2024-21626)" {
  echo "host's own" >"$TEST_DIR/secret"
  script 'cat secret; pwd'
  config '.process.cwd = "/proc/self/fd/3"'
  run --separate-stderr bash -c 'exec 3<"$1"; shift; exec "$@"' - "$TEST_DIR" "$RUNC" --root "$STATE" run --preserve-fds 1 --bundle "$BUNDLE" "$CT"
  expect_error 1 'cwd|chdir|directory'
}

@test "security: nor through a link of the image to one (CVE-2024-21626)" {
  echo "host's own" >"$TEST_DIR/secret"
  script 'cat secret ../secret; pwd'
  config '.process.cwd = "/work/cwd"'
  for n in $(seq 3 16); do
    ln -sfn "/proc/self/fd/$n" "$BUNDLE/rootfs/work/cwd"
    with_fds run --bundle "$BUNDLE" "$CT"
    expect_error 1 'cwd|chdir|directory'
    expect_no_match "host's own"
  done
}

@test "security: exec --cwd through a descriptor (CVE-2024-21626)" {
  sleeper
  start_ct
  for n in $(seq 3 16); do
    with_fds exec --cwd "/proc/self/fd/$n" "$CT" pwd
    expect_error 255 'cwd|chdir|directory'
    expect_output ""
  done
}

@test "security: nothing can be had of the runtime while it comes in by exec (CVE-2016-9962)" {
  cp "$PEEK" "$BUNDLE/rootfs/bin/attack-peek"
  as_root || config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"])'
  args attack-peek /dev/shm/ready /dev/shm/stop /bin/attack-peek /bin/busybox
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  for n in $(seq 60); do
    runc exec "$CT" true
  done
  runc exec "$CT" touch /dev/shm/stop
  wait_for has_status "$CT" stopped
  run cat "$TEST_DIR/$CT.out"
  expect_match '^denied [0-9]+$'
  # It was seen, or this would show nothing.
  ((${output#denied } > 0)) || skip "this machine: no exec was caught in the middle"
}

@test "security: nor while another container is started in the same pid namespace" {
  cp "$PEEK" "$BUNDLE/rootfs/bin/attack-peek"
  args attack-peek /dev/shm/ready /dev/shm/stop /bin/attack-peek /bin/busybox
  start_ct
  wait_for runc exec "$CT" test -e /dev/shm/ready
  pid=$(state_of "$CT" .pid)
  config --arg user "/proc/$pid/ns/user" --arg pid "/proc/$pid/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $pid
    elif .type == "user" then .path = $user else . end) | del(.linux.uidMappings, .linux.gidMappings)'
  args true
  for n in $(seq 20); do
    run runc run --bundle "$BUNDLE" "$CT-$n"
    expect_ok
  done
  runc exec "$CT" touch /dev/shm/stop
  wait_for has_status "$CT" stopped
  run cat "$TEST_DIR/$CT.out"
  expect_match '^denied [0-9]+$'
}

@test "security: no inheritable capabilities, by run, exec or exec --cap (CVE-2022-29162, CVE-2022-27650)" {
  sleeper
  start_ct
  run runc exec "$CT" grep CapInh /proc/1/status
  expect_output $'CapInh:\t0000000000000000'
  run runc exec "$CT" grep CapInh /proc/self/status
  expect_output $'CapInh:\t0000000000000000'
  run runc exec --cap CAP_KILL --cap CAP_CHOWN "$CT" grep CapInh /proc/self/status
  expect_output $'CapInh:\t0000000000000000'
}

# bats test_tags=no:single
@test "security: no ambient capabilities for a user unless they are asked for (CVE-2016-8867)" {
  config 'del(.process.capabilities.ambient)'
  [[ $MODE != user ]] || many_ids
  sleeper
  start_ct
  run runc exec --user 1000:1000 "$CT" grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status
  [[ $MODE != userns ]] || { expect_match 'mapped'; return 0; }
  expect_output $'CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000'
}

@test "security: exec --user: numbers that are none, or too large, start nothing (CVE-2026-30892)" {
  sleeper
  start_ct
  for user in 4294967295 4294967296 4294967297 18446744073709551616 99999999999999999999999999 -1 -0 +1 0x10 0x0 1e3 1e0 ' 1' '1 ' '1:' ':1' \
    1:2:3 1: 1:-1 1:4294967295 1:4294967296 1:1e3 0:0x0 1.0 1,0 0b1 ٣ $'1\n' ''; do
    run --separate-stderr runc exec --user "$user" "$CT" id
    ((status != 0)) || [[ -z $user ]] || fail "'$user' should be refused"
    [[ $status != 0 ]] && expect_output ""
  done
}

# bats test_tags=no:userns,no:single
@test "security: exec --user: one number is the uid, and the gid is not root's by accident (CVE-2026-30892)" {
  many_ids
  sleeper
  start_ct
  run runc exec --user 1 "$CT" id -u
  expect_output 1
  run runc exec --user 7:9 "$CT" sh -c 'id -u; id -g'
  expect_output $'7\n9'
}

# bats test_tags=no:userns,no:single
@test "security: a number is never taken for a name of the image's passwd (CVE-2016-3697)" {
  many_ids
  printf '1000:x:0:0::/root:/bin/sh\n0x10:x:0:0::/:/bin/sh\n' >"$TEST_DIR/passwd"
  rm "$BUNDLE/rootfs/etc/passwd"
  cp "$TEST_DIR/passwd" "$BUNDLE/rootfs/etc/passwd"
  sleeper
  start_ct
  run runc exec --user 1000:1000 "$CT" id -u
  expect_output 1000
  run runc exec --user 0x10 "$CT" id -u
  ((status != 0))
  run runc exec --user root "$CT" id -u
  ((status != 0))
}

@test "security: ids of config.json that no process can have" {
  args id
  for user in 4294967295 -1 4294967296 1e3 1.5; do
    jq ".process.user.uid = 99999" "$BUNDLE/config.json" | sed "s/99999/$user/" >"$TEST_DIR/config.json"
    cp "$TEST_DIR/config.json" "$BUNDLE/config.json.$user"
    mkdir -p "$TEST_DIR/b"
    cp "$TEST_DIR/config.json" "$TEST_DIR/b/config.json"
    ln -sfn "$BUNDLE/rootfs" "$TEST_DIR/b/rootfs"
    # 1e3 is 1000 in JSON, which may be one that is not mapped.
    run --separate-stderr runc run --bundle "$TEST_DIR/b" "$CT"
    [[ $user == 1e3 ]] || expect_error 1 'process.user.uid'
    expect_no_match 'uid=0|uid=4294967295'
  done
}

@test "security: more than a message can carry: mappings, paths, names (CVE-2021-43784)" {
  args true
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  long=$(printf 'x%.0s' {1..70000})
  printf '"%s"' "$long" >"$TEST_DIR/long"
  for edit in '.linux.namespaces += [{"type": "cgroup", "path": ("/" + $long[0])}] | .linux.namespaces |= (reverse | unique_by(.type))' \
    '.hostname = $long[0]' '.process.cwd = ("/" + $long[0])' '.mounts += [{"destination": ("/" + $long[0]), "type": "tmpfs"}]' \
    '.linux.maskedPaths = ["/" + $long[0]]' '.root.path = ("/" + $long[0])' \
    '.linux.cgroupsPath = ("/" + $long[0])'; do
    jq --slurpfile long "$TEST_DIR/long" "$edit" "$TEST_DIR/saved.json" >"$BUNDLE/config.json"
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    ((status < 128 && status != 0)) || fail "it should be refused: ${edit%%=*}"
    ((${#stderr} < 300000))
  done
  jq '.linux.uidMappings = [range(1000) | {"containerID": ., "hostID": (. + 100000), "size": 1}] | .linux.gidMappings = .linux.uidMappings
    | .linux.namespaces += [{"type": "user"}] | .linux.namespaces |= unique_by(.type)' "$TEST_DIR/saved.json" >"$BUNDLE/config.json"
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 'uid|map'
}

@test "security: run hands on what it is told to, and no other descriptor (CVE-2024-21626)" {
  script 'ls /proc/self/fd; ls -l /proc/self/fd'
  with_fds run --preserve-fds 1 --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match $'^0\n1\n2\n3\n4\n'
  expect_match passwd
  expect_no_match "$TEST_DIR/fds"
}

@test "security: hooks do not get the environment of the image" {
  local kind
  printf '#!/bin/sh\nenv >"%s/$1"\n' "$TEST_DIR" >"$TEST_DIR/hook"
  chmod 755 "$TEST_DIR/hook"
  config '.process.env += ["LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "BASH_ENV=/evil", "ENV=/evil"]'
  for kind in prestart createRuntime createContainer poststart poststop; do
    config --arg kind "$kind" --arg hook "$TEST_DIR/hook" '.hooks[$kind] = [{"path": $hook, "args": ["hook", $kind]}]'
  done
  args true
  run_ct
  expect_ok
  for kind in prestart createRuntime createContainer poststart poststop; do
    [[ -f $TEST_DIR/$kind ]]
    expect_no_match evil "$(cat "$TEST_DIR/$kind")"
  done
}

@test "security: exec --tty does not take a terminal that the container made up (CVE-2025-52565)" {
  config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .root.readonly = false'
  sleeper
  start_ct
  run runc exec "$CT" umount -l /dev/pts
  expect_ok
  for link in /tmp/file /dev/null /dev/ptmx /proc/self/fd/0; do
    runc exec "$CT" sh -c "ln -sfn $link /dev/pts/ptmx; echo mine >/tmp/file"
    run "$TESTHELPER" tty-run -- "$RUNC" --root "$STATE" exec --tty "$CT" tty
    ((status != 0))
    expect_match 'not one of a devpts|cannot set up the console'
  done
  run runc exec "$CT" cat /tmp/file
  expect_output mine
}

@test "security: a passwd file of the image that is none, or has no end" {
  script 'echo "home $HOME"'
  config 'del(.process.env[] | select(startswith("HOME=")))'
  rm "$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /"
  mkfifo "$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /"
  rm "$BUNDLE/rootfs/etc/passwd"
  ln -s /dev/zero "$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /"
  ln -sfn /proc/self/mem "$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /"
  rm "$BUNDLE/rootfs/etc/passwd"
  printf 'root:x:0:0::%s:/bin/sh\n' "/$(printf '%05000d' 0)" >"$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /"
  printf '\0\xff%070000d\n:::::::\nroot:x:0:0::/right:/bin/sh' 0 >"$BUNDLE/rootfs/etc/passwd"
  run_ct
  expect_output "home /right"
}

# bats test_tags=ours
@test "security: the state of containers is not where another user could have put it" {
  local other=1
  as_root || other=
  args true
  # A name in /tmp that somebody else took first.
  mkdir -m 1777 "$TEST_DIR/shared"
  mkdir "$TEST_DIR/victim"
  ln -s victim "$TEST_DIR/shared/link"
  export XDG_RUNTIME_DIR=$TEST_DIR/shared
  ln -s ../victim "$TEST_DIR/shared/runc"
  if ((HOST_UID != 0)); then
    run --separate-stderr "$RUNC" run --bundle "$BUNDLE" "$CT"
    expect_error 1 "state directory '.*/shared/runc'"
    expect_eq "$(ls -A "$TEST_DIR/victim")" ""
  fi
  if [[ -n $other ]]; then
    mkdir "$TEST_DIR/theirs"
    chown 1:1 "$TEST_DIR/theirs"
    run --separate-stderr "$RUNC" --root "$TEST_DIR/theirs" run --bundle "$BUNDLE" "$CT"
    expect_error 1 'belongs to uid 1'
    # A container that they made in a directory that all can write to.
    mkdir -p "$TEST_DIR/shared/$CT"
    echo '{}' >"$TEST_DIR/shared/$CT/state.json"
    chown -R 1:1 "$TEST_DIR/shared/$CT"
    for verb in state start "kill --all" delete "delete --force"; do
      run --separate-stderr "$RUNC" --root "$TEST_DIR/shared" $verb "$CT"
      expect_error 1 'belongs to uid 1'
    done
    [[ -f $TEST_DIR/shared/$CT/state.json ]]
  fi
}

# bats test_tags=ours
@test "security: files that are written where others can make links are not written through them" {
  echo precious >"$TEST_DIR/precious"
  sleeper
  ln -s precious "$TEST_DIR/pid"
  start_ct --pid-file "$TEST_DIR/pid"
  expect_eq "$(cat "$TEST_DIR/precious")" precious
  [[ ! -L $TEST_DIR/pid ]]
  mv "$STATE/$CT/state.json" "$TEST_DIR/state.json"
  ln -s "$TEST_DIR/state.json" "$STATE/$CT/state.json"
  for verb in "exec $CT true" "kill $CT KILL" "state $CT"; do
    run --separate-stderr runc $verb
    ((status != 0)) || [[ $verb == state* ]] || fail "'$verb' should not read it"
  done
  rm "$STATE/$CT/state.json"
  mv "$TEST_DIR/state.json" "$STATE/$CT/state.json"
}

@test "security: each test that docs/security.md names is there, and each known CVE has one" {
  local n=0 file title doc=$RUNC_SRCDIR/docs/security.md
  while IFS=$'\t' read -r file title; do
    grep -hqF "@test \"${title}" "$RUNC_SRCDIR"/tests/{rootless,root}/"$file" 2>/dev/null ||
      grep -hqF "@test \"security: $title" "$RUNC_SRCDIR"/tests/{rootless,root}/"$file" 2>/dev/null || fail "no test '$title' in $file"
    n=$((n + 1))
  done < <(grep -oE '`[a-z-]+\.bats`: "[^"]+"' "$doc" | sed -E 's/`([^`]+)`: "([^"]+)"/\1\t\2/')
  ((n > 30))
  ! grep -E '^\| CVE-' "$doc" | grep -v '\.bats`: "' || fail "a CVE without a test"
  while read -r file; do
    [[ -e $RUNC_SRCDIR/$file ]] || [[ ! -d $RUNC_SRCDIR/src ]] || fail "there is no $file"
  done < <(grep -oE '`(src|tests)/[a-z/-]+\.[ch]`' "$doc" | tr -d '`')
}
