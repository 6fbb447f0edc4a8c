#!/usr/bin/env bats
# Seccomp as real root: where its filters are kept. The rest is in tests/rootless, which runs as root, too.

load ../lib/helpers

# in_private_cache COMMAND...: with an empty /var/cache of its own.
in_private_cache() {
  unshare --mount bash -c 'mount -t tmpfs -o mode=755 tmpfs /var/cache && eval "$1"' - "$1"
}

# bats test_tags=ours
@test "seccomp: filters of root are kept in /var/cache/runc, whatever the environment says" {
  config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
  args true
  export XDG_CACHE_HOME=$TEST_DIR/cache RUNC STATE BUNDLE CT
  in_private_cache '
    "$RUNC" --root "$STATE" --debug run --bundle "$BUNDLE" "$CT" >first 2>&1 &&
    "$RUNC" --root "$STATE" --debug run --bundle "$BUNDLE" "$CT" >second 2>&1 &&
    stat -c "%a %u" /var/cache/runc/seccomp >modes && ls /var/cache/runc/seccomp >names' </dev/null
  grep -q 'compiling the seccomp filter' first
  expect_eq "$(grep -c 'compiling the seccomp filter' second)" 0
  expect_eq "$(cat modes)" "700 0"
  expect_eq "$(wc -l <names)" 1
  [[ ! -e $TEST_DIR/cache ]]
}

# bats test_tags=ours
@test "seccomp: a cache of somebody else is not used" {
  config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
  args true
  export RUNC STATE BUNDLE CT
  in_private_cache '
    mkdir -p /var/cache/runc/seccomp && chown 12345 /var/cache/runc/seccomp &&
    "$RUNC" --root "$STATE" --debug run --bundle "$BUNDLE" "$CT" >first 2>&1 &&
    "$RUNC" --root "$STATE" --debug run --bundle "$BUNDLE" "$CT" >second 2>&1 && ls /var/cache/runc/seccomp >names' </dev/null
  grep -q 'compiling the seccomp filter' second
  grep -q 'it is not ours' second
  expect_eq "$(wc -l <names)" 0
}
