#!/usr/bin/env bats
# A config.json that is wrong: one line that says where, and nothing is left behind.

load ../lib/helpers

# refused REGEX: running the bundle fails, says what is wrong, and leaves nothing.
refused() {
  run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
  expect_error 1 "$1"
  expect_output ""
  expect_eq "$(ls -A "$STATE")" "" "the state directory"
}

@test "config: an empty file" {
  : >"$BUNDLE/config.json"
  refused 'EOF|config.json'
}

# bats test_tags=ours
@test "config: a syntax error is shown with line and column" {
  printf '{\n  "ociVersion": "1.0.2",\n  "process": {,}\n}\n' >"$BUNDLE/config.json"
  refused 'config\.json.*3:1[0-9]|config\.json.*line 3'
}

@test "config: a truncated file" {
  head -c 200 "$BUNDLE/config.json" >short && mv short "$BUNDLE/config.json"
  refused 'unexpected EOF|config.json'
}

# bats test_tags=ours
@test "config: text after the document" {
  echo '}' >>"$BUNDLE/config.json"
  refused 'config.json'
}

@test "config: a string where a number belongs is shown with its path" {
  config '.process.user.uid = "zero"'
  refused 'process\.user\.uid'
}

@test "config: a number where a string belongs is shown with its path" {
  config '.root.path = 7'
  refused 'root\.path'
}

@test "config: an object where an array belongs is shown with its path" {
  config '.mounts = {}'
  refused 'mounts'
}

# bats test_tags=ours
@test "config: a wrong element of an array is shown with its index" {
  config '.mounts[2].destination = 5'
  refused 'mounts\[2\]\.destination'
}

@test "config: a uid below zero or above 32 bits" {
  config '.process.user.uid = -1'
  refused 'process\.user\.uid|json.*uid'
  config '.process.user.uid = 4294967296'
  refused 'process\.user\.uid|json.*uid'
}

@test "config: no process" {
  config 'del(.process)'
  refused 'process'
}

@test "config: no arguments" {
  config '.process.args = []'
  refused 'args'
  config 'del(.process.args)'
  refused 'args'
}

# bats test_tags=ours
@test "config: no root" {
  config 'del(.root)'
  refused 'root'
}

# bats test_tags=ours
@test "config: no ociVersion, or one that is not a version" {
  config 'del(.ociVersion)'
  refused 'ociVersion|[Vv]ersion'
  config '.ociVersion = "one"'
  refused 'ociVersion|[Vv]ersion'
}

@test "config: a working directory that is not absolute" {
  config '.process.cwd = "work"'
  refused 'cwd|Cwd'
}

@test "config: no working directory" {
  config 'del(.process.cwd)'
  refused 'cwd|Cwd'
}

@test "config: an unknown namespace" {
  config '.linux.namespaces += [{"type": "moon"}]'
  refused 'moon'
}

@test "config: a namespace that is given twice" {
  config '.linux.namespaces += [{"type": "pid"}]'
  refused 'pid|namespace'
}

@test "config: an unknown rlimit" {
  config '.process.rlimits = [{"type": "RLIMIT_FOO", "hard": 1, "soft": 1}]'
  refused 'RLIMIT_FOO'
}

# bats test_tags=ours
@test "config: a soft limit above the hard one" {
  config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 1, "soft": 2}]'
  refused 'RLIMIT_NOFILE|rlimits'
}

# bats test_tags=ours
@test "config: a namespace path that is not a namespace" {
  config '(.linux.namespaces[] | select(.type == "ipc")).path = "/etc/passwd"'
  refused '/etc/passwd|ipc'
}

@test "config: a namespace path that does not exist" {
  config '(.linux.namespaces[] | select(.type == "ipc")).path = "/nowhere/ns"'
  refused '/nowhere/ns'
}

@test "config: a mount source that does not exist" {
  config '.mounts += [{"destination": "/work", "type": "bind", "source": "/nowhere/dir", "options": ["bind"]}]'
  refused '/nowhere/dir.*[Nn]o such file or directory'
}

@test "config: a mount of an unknown type" {
  config '.mounts += [{"destination": "/work", "type": "moonfs", "source": "moon"}]'
  refused 'moon.*no such device|moon.*[Nn]o such device|moonfs'
}

@test "config: an unknown capability is no error" {
  args echo fine
  config '.process.capabilities.bounding += ["CAP_MOON"]'
  run_ct
  expect_ok
  expect_match 'fine$'
}

@test "config: unknown keys are ignored" {
  args echo fine
  config '.somethingNew = {"a": 1} | .process.somethingNew = true | .linux.somethingNew = []'
  run_ct
  expect_ok
  expect_output fine
}

@test "config: an unknown annotation is ignored" {
  args echo fine
  config '.annotations = {"org.example.key": "value"}'
  run_ct
  expect_ok
  expect_output fine
}

# bats test_tags=ours
@test "config: annotations must be strings" {
  config '.annotations = {"org.example.key": 5}'
  refused 'annotations.*org\.example\.key'
}

@test "config: a seccomp profile with an unknown action" {
  config '.linux.seccomp = {"defaultAction": "SCMP_ACT_MOON"}'
  refused 'SCMP_ACT_MOON'
}

@test "config: a file of 10 MB is read or refused, in time" {
  config --argjson n 200000 '.annotations = ([range($n) | {key: "org.example.\(.)", value: "some text to make it long"}] | from_entries)'
  (($(stat -c %s "$BUNDLE/config.json") > 9000000))
  args echo read 2>/dev/null
  run -0 timeout 20 "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_match 'read'
}

# bats test_tags=ours
@test "config: very deep nesting is refused" {
  printf '%100000s' '' | tr ' ' '[' >"$BUNDLE/config.json"
  refused 'config.json'
}

# bats test_tags=ours
@test "config: bytes that are not UTF-8 in a name are refused" {
  sed -i 's/"hostname": "runc"/"hostname": "\xff\xfe"/' "$BUNDLE/config.json"
  refused 'hostname|UTF-8|utf-8'
}

@test "config: a NUL in a string is refused" {
  config '.process.args = ["echo", "a\u0000b"]'
  refused 'args|nul|NUL|invalid argument|json'
}
