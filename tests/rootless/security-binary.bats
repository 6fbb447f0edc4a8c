#!/usr/bin/env bats
# The runtime's own executable, and containers whose root could write to it: root of the host, and the
# user whose program it is (CVE-2019-5736).

load ../lib/helpers

setup() {
  common_setup
  bundle
  # A runtime of our own, so that nothing is lost when the attack works.
  mkdir "$TEST_DIR/bin"
  cp "$RUNC" "$TEST_DIR/bin/runc"
  # The file, as anybody who has it open sees it: device and inode.
  FILE=$(stat -c %d:%i "$TEST_DIR/bin/runc")
  before=$(sha256sum <"$TEST_DIR/bin/runc"; stat -c '%Y %s %a' "$TEST_DIR/bin/runc")
  config '.root.readonly = false'
}

mine() { "$TEST_DIR/bin/runc" --root "$STATE" "$@"; }

unharmed() {
  expect_eq "$(sha256sum <"$TEST_DIR/bin/runc"; stat -c '%Y %s %a' "$TEST_DIR/bin/runc")" "$before" "the runtime"
}

# Whether processes of the container leave the file ("left"), or come from a second execution of it ("again").
way() { mine plan "$BUNDLE" | sed -n 's/^plan .*program=\([a-z]*\).*/\1/p'; }

# What the attacker does with the process that executes the runtime inside: open its executable, end it, write.
attack_script='
  for try in $(seq 200); do
    for pid in $(ls /proc | grep "^[0-9]*$"); do
      case $(readlink /proc/$pid/exe 2>/dev/null) in
      ""|/bin/busybox) ;;
      *) found=$pid; break 2 ;;
      esac
    done
    sleep 0.02
  done
  [ -n "$found" ] || { echo "nothing found"; exit 9; }
  exec 5</proc/$found/exe || exit 8
  kill -9 $found
  while [ -d /proc/$found ] && ! grep -q "^State:.Z" /proc/$found/status; do sleep 0.01; done
  echo found
  echo overwritten >/proc/self/fd/5
  chmod 777 /proc/self/fd/5'

# A script that brings the runtime back, and makes it hang at a fifo that nobody reads.
evil_script() {
  printf '#!/proc/self/exe --log=/work/fifo\n' >"$BUNDLE/rootfs/evil"
  chmod 755 "$BUNDLE/rootfs/evil"
  mkfifo "$BUNDLE/rootfs/work/fifo"
}

# bats test_tags=ours
@test "security: how the runtime's executable is protected" {
  run way
  if as_root; then expect_output left; else expect_output again; fi
  # Where no id of the container has rights on it, there is nothing to do.
  if [[ $MODE == user || $MODE == single ]] && [[ ! -O $RUNC ]]; then
    run runc plan "$BUNDLE"
    expect_ok
    expect_no_match 'program='
  fi
}

# bats test_tags=ours
@test "security: an interpreter /proc/self/exe with exec (CVE-2019-5736)" {
  evil_script
  printf '%s\n' "$attack_script" >"$BUNDLE/rootfs/attack"
  sleeper
  mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 2>&1 3>&-
  wait_for mine exec "$CT" test -e /dev/shm/ready
  if [[ $(way) == left ]]; then
    run mine exec "$CT" /evil
    expect_status 255
    expect_match 'exec /evil: exec format error'
  else
    mine exec "$CT" /evil >"$TEST_DIR/evil.out" 2>&1 3>&- &
    run mine exec "$CT" sh /attack
    expect_match 'found'
    # A sealed copy of the file may be in use by a process that has not gone yet.
    expect_match 'Read-only file system|Operation not permitted|Text file busy'
  fi
  unharmed
  wait
}

# bats test_tags=ours
@test "security: an interpreter /proc/self/exe with run (CVE-2019-5736)" {
  evil_script
  printf '%s\n' "$attack_script" | sed 's/kill -9 $found/: >\/dev\/null/; s/^  while .*$//' >"$BUNDLE/rootfs/attack"
  args /evil
  if [[ $(way) == left ]]; then
    run mine run --bundle "$BUNDLE" "$CT"
    expect_status 1
    expect_match 'exec /evil: exec format error'
  else
    mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/evil.out" 2>&1 3>&-
    run mine exec "$CT" sh /attack
    expect_match 'found'
    # It cannot be ended without ending the container; writing is refused before anybody asks whether it is busy.
    expect_match 'Read-only file system|Operation not permitted|Text file busy'
  fi
  unharmed
}

# bats test_tags=ours
@test "security: /proc/self/exe as the program, and links to it (CVE-2019-5736)" {
  ln -s /proc/self/exe "$BUNDLE/rootfs/link"
  for program in /proc/self/exe /link /proc/1/exe; do
    args "$program" --log=/proc/self/exe state nobody
    run mine run --bundle "$BUNDLE" "$CT"
    [[ $status != 0 ]]
    unharmed
    [[ $(way) != left ]] || expect_match 'exec format error'
  done
  sleeper
  mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 2>&1 3>&-
  for program in /proc/self/exe /link; do
    run mine exec "$CT" "$program" --log=/proc/self/exe state nobody
    [[ $status != 0 ]]
    unharmed
    [[ $(way) != left ]] || expect_match 'exec format error'
  done
}

# bats test_tags=ours
@test "security: the executable of a container that waits for its start (CVE-2019-5736)" {
  args true
  mine create --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 2>&1 3>&-
  run mine exec --cap CAP_SYS_PTRACE "$CT" sh -c 'stat -L -c %d:%i /proc/1/exe; exec 5</proc/1/exe; echo x >/proc/self/fd/5'
  [[ $(way) != left ]] || expect_no_match "$FILE"
  expect_match 'Read-only file system|Operation not permitted|Text file busy|Permission denied'
  pid=$(mine state "$CT" | jq .pid)
  [[ $(way) != left ]] || [[ $(stat -L -c %d:%i "/proc/$pid/exe") != "$FILE" ]]
  # It still says who it is.
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"/bin/runc --root $STATE create "* ]]
  mine start "$CT"
  wait_for has_status "$CT" stopped
  unharmed
}

# bats test_tags=ours
@test "security: the executable as the hooks in the container see it (CVE-2019-5736)" {
  printf '#!/bin/sh\nexec >/work/seen 2>&1\nstat -L -c %%d:%%i /proc/1/exe\necho x >/proc/1/exe\nexit 0\n' >"$BUNDLE/rootfs/hook"
  chmod 755 "$BUNDLE/rootfs/hook"
  config '.hooks.startContainer = [{"path": "/hook"}]'
  args true
  run mine run --bundle "$BUNDLE" "$CT"
  expect_ok
  expect_match '^[0-9]+:[0-9]+' "$(cat "$BUNDLE/rootfs/work/seen")"
  [[ $(way) != left ]] || expect_no_match "$FILE" "$(cat "$BUNDLE/rootfs/work/seen")"
  unharmed
}

# bats test_tags=ours
@test "security: root with every capability cannot write to it while it comes in (CVE-2019-5736)" {
  cp "$RUNC_BUILDDIR/tests/lib/attack-peek" "$BUNDLE/rootfs/bin/attack-peek"
  config --arg file "RUNTIME_FILE=$FILE" '.process.env += [$file]
    | .process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER"])'
  args attack-peek /dev/shm/ready /dev/shm/stop /bin/attack-peek /bin/busybox
  mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 2>&1 3>&-
  wait_for mine exec "$CT" test -e /dev/shm/ready
  for n in $(seq 60); do
    mine exec "$CT" true || true
  done
  mine exec "$CT" touch /dev/shm/stop
  wait_for has_status "$CT" stopped
  run cat "$TEST_DIR/out"
  expect_match 'denied [0-9]+'
  expect_no_match 'written to'
  [[ $(way) != left ]] || expect_no_match "the runtime's file"
  unharmed
}

# bats test_tags=ours
@test "security: nothing is left of what protects the executable" {
  before_mounts=$(cat /proc/self/mountinfo)
  script 'exit 0'
  for n in 1 2 3; do
    run mine run --bundle "$BUNDLE" "$CT"
    expect_ok
  done
  expect_eq "$(cat /proc/self/mountinfo)" "$before_mounts" "the host's mounts"
  [[ -z ${_RUNC_PROTECTED:-} ]]
  script 'env'
  run mine run --bundle "$BUNDLE" "$CT"
  expect_no_match '_RUNC'
  unharmed
}
