#!/usr/bin/env bats
# The commands in README.md and docs/*.md do what the text says.
#
# Blocks that begin with ```sh are run, those of one file by one shell, on a terminal. A comment in the text
# before a block can say otherwise:
#   <!-- type: TEXT -->         TEXT is typed when the container's shell shows its prompt
#   <!-- covered by: WHAT -->   the block is not run here, because WHAT runs it
# bats file_tags=ours,no:root,no:root-v2,no:userns

load ../lib/helpers

# typed FILE: steps for testhelper, one a line.
typed() { sed -n 's/^<!-- type: \(.*\) -->$/expect=\/ # \nsend=\1\\n/p' "$1"; }

setup() {
  common_setup
  mkdir home bin
  ln -s "$RUNC" bin/runc
  rmdir /tmp/runc 2>/dev/null || true
}

teardown() {
  rmdir /tmp/runc 2>/dev/null || true
  common_teardown
}

# run_document FILE
run_document() {
  local file=$RUNC_SRCDIR/$1 steps
  # The port of the documents may be taken: by this test of somebody else, for one.
  blocks "$file" | sed "s/\\b18080\\b/$((20000 + BASHPID % 20000))/g" >script
  [[ -s script ]] || fail "$1 has no commands"
  mapfile -t steps < <(typed "$file")
  run "$TESTHELPER" tty-run "${steps[@]}" -- \
    env HOME="$TEST_DIR/home" PATH="$TEST_DIR/bin:$PATH" bash -euxo pipefail script
}

@test "docs: README.md" {
  run_document README.md
  expect_ok
}

@test "docs: getting-started.md" {
  run_document docs/getting-started.md
  expect_ok
  expect_match 'uid=0(\(root\))? gid=0'
  expect_match '"status": "running"'
  expect_match '"status": "created"'
  grep -q /proc home/first/plan.txt
  run "$RUNC" list -q
  expect_output ""
}

needs_slirp() {
  needs_of_machine "no /dev/net/tun for this user" sh -c ': <>/dev/net/tun'
  needs_of_machine "runc-slirp is not built" test -x "$RUNC_BUILDDIR/helpers/runc-slirp"
}

@test "docs: rootless.md" {
  needs_slirp
  run_document docs/rootless.md
  expect_ok
  expect_match 'Ordinary containers can run here'
  expect_match "0 +$HOST_UID +1"
  expect_match 'inet 10\.0\.2\.100'
  [[ $MODE == single ]] || expect_match 'uid=33\(web\)'
  expect_match 'changed'
  expect_match 'hello from the container'
}

@test "docs: overlay.md" {
  needs_of_machine "no overlayfs in user namespaces" "$RUNC" doctor --check overlay
  run_document docs/overlay.md
  expect_ok
  expect_match $'as it was\r?\n.*as it was'
  expect_match $'changed\r?\n(.*\n)*new'
  expect_match 'from the base'
}

@test "docs: ci.md" {
  run_document docs/ci.md
  expect_ok
  expect_match 'report: all is well'
  # When the script is told to end, the container goes with it.
  mkdir tmp
  HOME=$TEST_DIR/home PATH=$TEST_DIR/bin:$PATH TMPDIR=$TEST_DIR/tmp \
    home/project/in-container.sh sh -c ': >/project/started; exec busybox sleep 1000' >/dev/null 2>&1 3>&- &
  wait_for test -e home/project/started
  kill -TERM $!
  wait_exit $!
  expect_status 143
  expect_eq "$(ls -A tmp)" ""
  not pgrep -f 'busybox sleep 1000' -u "$EUID" || fail "the container is left"
}

@test "docs: nested.md" {
  needs_static
  run_document docs/nested.md
  expect_ok
  expect_match '0 +0 +1'
}

@test "docs: each block of commands is run here, or says what runs it" {
  for file in "$RUNC_SRCDIR"/README.md "$RUNC_SRCDIR"/docs/*.md; do
    ! grep -nE '^```(bash|shell|console|$)' "$file" | awk 'NR % 2 == 1 && !/```$/' | grep . || fail "${file##*/} has blocks that nobody runs"
    for what in $(sed -n 's/^<!-- covered by: \([^ ]*\).*/\1/p' "$file"); do
      [[ $what == make || -x $RUNC_SRCDIR/$what ]] || fail "${file##*/}: there is no $what"
    done
  done
}

@test "docs: each test that differences.md names is there" {
  for name in $(grep -o '`[a-z-]*\.bats`' "$RUNC_SRCDIR/docs/differences.md" | tr -d '`' | sort -u); do
    [[ -f $RUNC_SRCDIR/tests/rootless/$name || -f $RUNC_SRCDIR/tests/root/$name ]] || fail "there is no $name"
  done
}

@test "docs: each row of the tables in cgroups.md names a test, and it is there" {
  local doc=$RUNC_SRCDIR/docs/cgroups.md file title n=0
  sed -n '/^## Resources/,/^## What it costs/p' "$doc" | grep '^| ' | grep -v '| test |$' | grep -v '[a-z]`: "[^|]* |$' && fail "a row without a test"
  while IFS=: read -r file title; do
    case $file in
    test-*) grep -qF "$title\"" "$RUNC_SRCDIR/tests/unit/$file.c" ;;
    *) grep -qE "^@test \"(cgroup|exec|events|update|no cgroup|systemd): $(sed 's/[][().*+?^$|]/\\&/g' <<<"$title")\"" "$RUNC_SRCDIR"/tests/*/"$file.bats" ;;
    esac || fail "no test '$title' in $file"
    n=$((n + 1))
  done < <(grep -oE '`[a-z-]+`: ("[^"]+"(, )?)+' "$doc" | awk -F'`' '{ n = split($3, t, "\""); for (i = 2; i <= n; i += 2) print $2 ":" t[i] }')
  ((n > 50)) || fail "only $n tests found"
}

@test "docs: spec-conformance.md has each field of config.json, and the tests that it names are there" {
  local doc=$RUNC_SRCDIR/docs/spec-conformance.md file title name n=0
  ! grep '^| ' "$doc" | grep -v '| test |$' | grep -v '`: "[^|]* |$' || fail "a row without a test"
  while IFS=$'\t' read -r file title; do
    case $file in
    test-*) grep -qF "\"$title" "$RUNC_SRCDIR/tests/unit/$file.c" ;;
    *) cat "$RUNC_SRCDIR"/tests/{rootless,root}/"$file" 2>/dev/null | grep '^@test "' | grep -qF "$title" ;;
    esac || fail "no test '$title' in $file"
    n=$((n + 1))
  done < <(grep -oE '`[a-z-]+(\.bats)?`: "[^"]+"(, "[^"]+")*' "$doc" |
    awk -F'`' '{ n = split($3, t, "\""); for (i = 2; i <= n; i += 2) print $2 "\t" t[i] }')
  ((n > 100)) || fail "only $n tests found"
  for name in ociVersion path readonly hostname domainname annotations destination source type options uidMappings \
    gidMappings terminal consoleSize cwd env args rlimits apparmorProfile selinuxLabel capabilities noNewPrivileges \
    oomScoreAdj scheduler ioPriority execCPUAffinity uid gid additionalGids umask timeout namespaces timeOffsets devices \
    netDevices cgroupsPath resources rootfsPropagation maskedPaths readonlyPaths mountLabel sysctl personality \
    memoryPolicy intelRdt defaultAction defaultErrnoRet names action errnoRet architectures flags listenerPath \
    listenerMetadata; do
    grep -qE "^\|.*[\`.]$name\`" "$doc" || fail "there is no field $name"
  done
}

@test "docs: links lead to files that are there" {
  for file in README.md docs/{getting-started,differences,rootless,ci,nested,cgroups,security,spec-conformance}.md; do
    for link in $(grep -o '](\([^)]*\))' "$RUNC_SRCDIR/$file" | sed 's/](\(.*\))/\1/' | grep -v '^http'); do
      [[ $link == COPYING || -e $RUNC_SRCDIR/$(dirname "$file")/$link ]] || fail "$file: there is no $link"
    done
  done
}

@test "docs: each command that the README lists has help, and the other way round" {
  for command in $(sed -n '/^## Commands/,/^## /s/^| \(`[^|]*\) |.*/\1/p' "$RUNC_SRCDIR/README.md" | grep -o '[a-z]*'); do
    run "$RUNC" "$command" --help
    expect_ok
  done
}
