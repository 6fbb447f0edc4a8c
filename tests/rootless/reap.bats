#!/usr/bin/env bats
# The end of a container: orphans, children and grandchildren.

load ../lib/helpers

@test "reap: the end of the program ends all processes of its pid namespace" {
  script 'sleep 1000 & (sleep 1000 & ) ; setsid sleep 1000 & exit 4'
  run_ct
  expect_status 4
}

@test "reap: the runtime does not end before the program, when a child closes its output" {
  script 'exec >/dev/null 2>&1; sleep 0.3; exit 8'
  run_ct
  expect_status 8
}

@test "reap: a child that keeps the output open does not keep the runtime" {
  script 'sleep 1000 & exit 2'
  run timeout 20 "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  expect_status 2
}

@test "reap: orphans in the container are its init's" {
  script 'sh -c "sleep 1000 &"; until ps -o pid,ppid,comm | grep "sleep$"; do sleep 0.01; done'
  run_ct
  expect_match '^ *[0-9]+ +1 +sleep$'
}

@test "reap: a detached container ends when its program ends, without a runtime" {
  script 'until test -e /dev/shm/end; do sleep 0.02; done; exit 3'
  start_ct
  runc exec "$CT" touch /dev/shm/end
  await_status "$CT" stopped
  run runc delete "$CT"
  expect_ok
}

# bats test_tags=ours,no:user,no:single,no:userns
@test "reap: kill reaches all processes of the cgroup where there is no pid namespace" {
  config '.linux.namespaces |= map(select(.type != "pid"))'
  script 'sleep 1000 & sleep 1000 & wait'
  start_ct
  run runc kill "$CT" KILL
  expect_ok
  await_status "$CT" stopped
  run runc delete "$CT"
  expect_ok
}
