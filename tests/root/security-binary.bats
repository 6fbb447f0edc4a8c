#!/usr/bin/env bats
# The runtime's own executable, and root of a container that is root of the host (CVE-2019-5736).

load ../lib/helpers

setup() {
  common_setup
  bundle
  # A runtime of our own, so that nothing is lost when the attack works.
  mkdir "$TEST_DIR/bin"
  cp "$RUNC" "$TEST_DIR/bin/runc"
  before=$(sha256sum <"$TEST_DIR/bin/runc"; stat -c '%Y %s %a' "$TEST_DIR/bin/runc")
  config '.root.readonly = false'
}

mine() { "$TEST_DIR/bin/runc" --root "$STATE" "$@"; }

unharmed() {
  expect_eq "$(sha256sum <"$TEST_DIR/bin/runc"; stat -c '%Y %s %a' "$TEST_DIR/bin/runc")" "$before" "the runtime"
}

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

# bats test_tags=ours
@test "security: an interpreter /proc/self/exe: what is executed cannot be written to (CVE-2019-5736)" {
  printf '#!/proc/self/exe --log=/work/fifo\n' >"$BUNDLE/rootfs/evil"
  chmod 755 "$BUNDLE/rootfs/evil"
  mkfifo "$BUNDLE/rootfs/work/fifo"
  printf '%s\n' "$attack_script" >"$BUNDLE/rootfs/attack"
  sleeper
  mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/out" 2>&1 3>&-
  wait_for mine exec "$CT" test -e /dev/shm/ready
  # The runtime, executed in the container, hangs at a fifo that nobody reads.
  mine exec "$CT" /evil >"$TEST_DIR/evil.out" 2>&1 3>&- &
  run mine exec "$CT" sh /attack
  expect_match 'found'
  expect_match 'Read-only file system|Operation not permitted'
  unharmed
  wait
}

# bats test_tags=ours
@test "security: the same with run (CVE-2019-5736)" {
  printf '#!/proc/self/exe --log=/work/fifo\n' >"$BUNDLE/rootfs/evil"
  chmod 755 "$BUNDLE/rootfs/evil"
  mkfifo "$BUNDLE/rootfs/work/fifo"
  printf '%s\n' "$attack_script" | sed 's/kill -9 $found/: >\/dev\/null/; s/^  while .*$//' >"$BUNDLE/rootfs/attack"
  args /evil
  mine run --detach --bundle "$BUNDLE" "$CT" </dev/null >"$TEST_DIR/evil.out" 2>&1 3>&-
  run mine exec "$CT" sh /attack
  expect_match 'found'
  # It cannot be ended without ending the container; writing is refused before anybody asks whether it is busy.
  expect_match 'Read-only file system|Operation not permitted|Text file busy'
  expect_match 'chmod: .*: (Read-only file system|Operation not permitted)'
  unharmed
}

# bats test_tags=ours
@test "security: root with every capability cannot write to it while it comes in (CVE-2019-5736)" {
  cp "$RUNC_BUILDDIR/tests/lib/attack-peek" "$BUNDLE/rootfs/bin/attack-peek"
  config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER"])'
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
  expect_no_match 'for writing'
  unharmed
}

# bats test_tags=ours
@test "security: what was executed is a read-only view, and nothing of it is left" {
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
