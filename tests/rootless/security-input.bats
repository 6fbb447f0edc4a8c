#!/usr/bin/env bats
# Input that is wrong, too large or nonsense, of every kind that is read: an error in one line, never a crash, and
# nothing is started. (tests/fuzz does the same without a shell, and without end.)

load ../lib/helpers

# refused COMMAND...: it fails, says why in one line of bounded length, and is not killed by a signal. (By hand and
# not by `run`, which costs more than what is tested here.)
refused() {
  local error
  status=0 output=
  "$@" </dev/null >/dev/null 2>"$TEST_DIR/error" || status=$?
  error=$(<"$TEST_DIR/error")
  stderr=${error:0:300}
  ((status > 0 && status < 128)) || ((status == 255)) || fail "'$*' should be refused${value+ with $value at $path}"
  ((${#error} > 0 && ${#error} < 5000)) || fail "an error of ${#error} bytes"
  [[ $error != *$'\n'* ]] || fail "the error should be one line"
}

# each_value PATH COMMAND...: COMMAND is refused with each of the VALUES, as they are, at PATH of DOCUMENT, which
# becomes TARGET.
each_value() {
  local path=$1 marked value
  shift
  marked=$(jq "$path = \"@@\"" "$DOCUMENT")
  for value in "${VALUES[@]}"; do
    printf '%s' "${marked%%\"@@\"*}$value${marked#*\"@@\"}" >"$TARGET"
    refused "$@"
  done
}

# Of the wrong type for everything, or no JSON at all.
WRONG=('{"a":' 1e999 '"\u0000"' $'"\xff"' nul)
# Numbers that no size and no id can be.
NUMBERS=(-1 1.5 18446744073709551616 99999999999999999999999999 '"1"' true)

# bats test_tags=ours
@test "security: numbers of config.json that are none, negative or too large" {
  DOCUMENT=$TEST_DIR/config.json TARGET=$BUNDLE/config.json
  args true
  cp "$BUNDLE/config.json" "$DOCUMENT"
  VALUES=("${NUMBERS[@]}" "${WRONG[@]}")
  for path in .process.user.uid '.process.user.additionalGids[0]' '.process.rlimits[0].hard' .linux.uidMappings[0].size '.linux.devices[0].major'; do
    each_value "$path" runc run --bundle "$BUNDLE" "$CT"
  done
}

# bats test_tags=ours
@test "security: strings of config.json that are none" {
  DOCUMENT=$TEST_DIR/config.json TARGET=$BUNDLE/config.json
  args true
  cp "$BUNDLE/config.json" "$DOCUMENT"
  VALUES=("${WRONG[@]}" 7 '{}')
  for path in '.process.args[0]' .hostname '.mounts[0].destination' .root.path '.linux.namespaces[0].type' '.hooks.prestart[0].path' \
    '.linux.seccomp.defaultAction' '.annotations.x'; do
    each_value "$path" runc run --bundle "$BUNDLE" "$CT"
  done
}

# bats test_tags=ours
@test "security: strings and lists that are very long" {
  args true
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  for edit in '.process.args[0] = $long' '.hostname = $long' '.domainname = $long' '.mounts[0].destination = "/" + $long' \
    '.mounts[0].options = [$long]' '.mounts[0].source = $long' '.root.path = $long' '.process.cwd = "/" + $long' '.linux.cgroupsPath = "/" + $long' \
    '.linux.sysctl = {($long): "1"}' '.linux.sysctl = {"kernel.msgmax": $long}' '.linux.maskedPaths = ["/" + $long]' \
    '.hooks.createRuntime = [{"path": ("/" + $long)}]' '.linux.namespaces = [{"type": $long}]' \
    '.linux.uidMappings = [range(20000) | {"containerID": ., "hostID": ., "size": 1}]' '.process.rlimits = [range(20000) | {"type": "RLIMIT_CORE", "hard": 1, "soft": 1}]' \
    '.linux.seccomp = {"defaultAction": $long}' '.linux.namespaces = [range(20000) | {"type": "pid"}]'; do
    jq "(\"x\" * 200000) as \$long | $edit" "$TEST_DIR/saved.json" >"$BUNDLE/config.json"
    refused runc run --bundle "$BUNDLE" "$CT"
  done
}

# bats test_tags=ours
@test "security: a process.json that is none" {
  sleeper
  start_ct
  DOCUMENT=$TEST_DIR/process.json TARGET=$TEST_DIR/edited.json
  jq '.process | .args = ["true"]' "$BUNDLE/config.json" >"$DOCUMENT"
  VALUES=("${NUMBERS[@]}" "${WRONG[@]}")
  each_value .user.uid runc exec --process "$TARGET" "$CT"
  VALUES=("${WRONG[@]}")
  for path in '.args[0]' .cwd '.env[0]' .capabilities.effective .noNewPrivileges .consoleSize; do
    each_value "$path" runc exec --process "$TARGET" "$CT"
  done
  printf '%*s' 17000000 '' >"$TARGET"
  refused runc exec --process "$TARGET" "$CT"
  for file in /dev/null "$TEST_DIR" "$TEST_DIR/absent"; do
    refused runc exec --process "$file" "$CT"
  done
  head -c 100000 /dev/zero | tr '\0' '[' >"$TARGET"
  refused runc exec --process "$TARGET" "$CT"
}

# bats test_tags=ours
@test "security: resources for update that are none" {
  sleeper
  start_ct
  DOCUMENT=$TEST_DIR/resources.json TARGET=$TEST_DIR/edited.json
  echo '{}' >"$DOCUMENT"
  VALUES=("${WRONG[@]}" '"x"' true 99999999999999999999999999 1.5)
  for path in .memory.limit .cpu.shares .pids.limit '.hugepageLimits[0].limit' .blockIO.weight; do
    each_value "$path" runc update --resources "$TARGET" "$CT"
  done
  for option in --memory --memory-swap --memory-reservation --cpu-period --cpu-quota --cpu-share --pids-limit --blkio-weight --cpu-idle; do
    for value in x 1x 99999999999999999999999999 0x10 $'1\n'; do
      refused runc update "$option=$value" "$CT"
    done
  done
}

# bats test_tags=ours
@test "security: a state.json that is none hurts nobody, and can be removed" {
  sleeper
  start_ct
  DOCUMENT=$TEST_DIR/state.json TARGET=$STATE/$CT/state.json
  cp "$TARGET" "$DOCUMENT"
  pid=$(state_of "$CT" .pid)
  VALUES=(-1 0 1 4294967297 "${WRONG[@]}")
  while read -r path; do
    each_value "$path" runc exec "$CT" true
  done < <(jq -r 'paths(numbers) | select(.[-1] == "pid" or .[-1] == "init_pid" or .[-1] == "start_time") | map(if type == "number" then "[\(.)]" else "[\"\(.)\"]" end) | "." + join("")' "$DOCUMENT")
  for text in '' '{' '[]' 'null' '{"version":99}' "$(head -c 5000000 /dev/zero | tr '\0' '[')"; do
    printf '%s' "$text" >"$TARGET"
    for verb in "exec $CT true" "kill $CT KILL" "pause $CT" "delete $CT"; do
      refused runc $verb
    done
    run runc list
    ((status < 128))
    run runc state "$CT"
    ((status < 128))
  done
  kill -0 "$pid"
  cp "$DOCUMENT" "$TARGET"
}
