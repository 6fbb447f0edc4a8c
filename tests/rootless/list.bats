#!/usr/bin/env bats
# list, ps and the state root.

load ../lib/helpers

@test "list: an empty state root has a header only" {
  run runc list
  expect_ok
  expect_output "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
}

# bats test_tags=ours
@test "list: a root that does not exist is an error when it was given" {
  run --separate-stderr "$RUNC" --root "$TEST_DIR/nowhere" list
  expect_error 1 "$TEST_DIR/nowhere"
}

# bats test_tags=no:root,no:root-v2
@test "list: the default root does not have to exist" {
  run "$RUNC" list
  expect_ok
  expect_match '^ID +PID'
}

@test "list: a table of what is there, sorted by id" {
  sleeper
  start_ct
  first=$CT
  args true
  runc run --keep --bundle "$BUNDLE" "a-$first"
  runc run --keep --bundle "$BUNDLE" "z-$first"
  run runc list
  expect_ok
  expect_eq "${#lines[@]}" 4
  expect_match '^ID +PID +STATUS +BUNDLE +CREATED +OWNER *$' "${lines[0]}"
  expect_match "^a-$first +0 +stopped +$BUNDLE +[0-9]{4}-[0-9-]+T[0-9:.]+Z +[^ ]+ *\$" "${lines[1]}"
  expect_match "^$first +$(state_of "$first" .pid) +running +$BUNDLE " "${lines[2]}"
  expect_match "^z-$first " "${lines[3]}"
}

@test "list: the owner is who made the container" {
  args true
  run_ct --keep
  owner=$(id -un 2>/dev/null) || owner=$(id -u)
  expect_match "^($owner|#$(id -u))\$" "$(runc list -f json | jq -r '.[0].owner')"
}

@test "list -q: ids only" {
  args true
  run_ct --keep
  runc run --keep --bundle "$BUNDLE" "b-$CT"
  run runc list -q
  expect_ok
  expect_output "b-$CT"$'\n'"$CT"
  run runc list --quiet
  expect_output "b-$CT"$'\n'"$CT"
}

@test "list -f json: the same as state says" {
  sleeper
  start_ct
  run runc list -f json
  expect_ok
  expect_eq "$(jq -r '.[0] | keys_unsorted | join(" ")' <<<"$output")" \
    "ociVersion id pid status bundle rootfs created owner"
  expect_eq "$(jq -c '.[0] | {id, pid, status, bundle, rootfs, created}' <<<"$output")" \
    "$(runc state "$CT" | jq -c '{id, pid, status, bundle, rootfs, created}')"
}

@test "list -f json: of an empty root can be read as a list" {
  run runc list -f json
  expect_ok
  expect_match '^(null|\[\])$'
}

@test "list: an unknown format is an error" {
  run --separate-stderr runc list -f xml
  expect_error 1 'format'
}

@test "list: strange files in the state root do not matter" {
  args true
  run_ct --keep
  mkdir "$STATE/strange"
  : >"$STATE/file"
  run --separate-stderr runc list -q
  expect_ok
  expect_match "(^|"$'\n'")$CT(\$|"$'\n'")"
  rm -r "$STATE/strange" "$STATE/file"
}

# bats test_tags=ours
@test "ps: the processes of the container" {
  # Debian 12's fails where /proc/cpuinfo names no cores.
  needs_of_machine "ps -ef fails" ps -ef
  script 'sleep 1000 & wait'
  start_ct
  two() { (($(runc ps -f json "$CT" | jq length) == 2)); }
  wait_for two
  run runc ps "$CT"
  expect_ok
  expect_eq "${#lines[@]}" 3
  expect_match '^UID +PID +PPID ' "${lines[0]}"
  expect_match "$(state_of "$CT" .pid)"
  expect_match 'sleep 1000'
}

# bats test_tags=ours
@test "ps: options after the id go to ps" {
  sleeper
  start_ct
  run runc ps "$CT" -o pid,comm
  expect_ok
  expect_match '^ *PID +COMMAND$' "${lines[0]}"
  expect_match "^ *$(state_of "$CT" .pid) +(sh|busybox)\$" "${lines[1]}"
}

# bats test_tags=ours
@test "ps -f json: pids" {
  args sleep 1000
  start_ct
  run runc ps -f json "$CT"
  expect_ok
  expect_output "[$(state_of "$CT" .pid)]"
}

# bats test_tags=ours
@test "ps: a stopped container has none" {
  args true
  run_ct --keep
  run runc ps -f json "$CT"
  expect_ok
  expect_match '^(null|\[\])$'
}

@test "ps: an unknown container is an error" {
  run --separate-stderr runc ps no-such
  expect_error 1 'container does not exist'
}

# bats test_tags=no:root,no:root-v2
@test "state root: XDG_RUNTIME_DIR/runc by default, kept from cleaners by the sticky bit" {
  args true
  run -0 "$RUNC" run --keep --bundle "$BUNDLE" "$CT"
  [[ -d $XDG_RUNTIME_DIR/runc/$CT ]]
  [[ -k $XDG_RUNTIME_DIR/runc ]]
  run "$RUNC" list -q
  expect_output "$CT"
  run -0 "$RUNC" delete "$CT"
  [[ ! -e $XDG_RUNTIME_DIR/runc/$CT ]]
}

# bats test_tags=ours,no:root,no:root-v2,no:userns
@test "state root: without XDG_RUNTIME_DIR it is a directory that only we can use" {
  args true
  unset XDG_RUNTIME_DIR
  export TMPDIR=$TEST_DIR
  run -0 "$RUNC" run --keep --bundle "$BUNDLE" "$CT"
  run "$RUNC" list -q
  expect_line "$CT"
  run -0 "$RUNC" --debug delete "$CT"
  run "$RUNC" list -q
  expect_no_match "$CT"
}

@test "state root: a relative one is taken from the caller's directory" {
  args true
  cd "$TEST_DIR"
  run "$RUNC" --root rel run --keep --bundle "$BUNDLE" "$CT"
  expect_ok
  [[ -d $TEST_DIR/rel/$CT ]]
  run -0 "$RUNC" --root rel delete "$CT"
}
