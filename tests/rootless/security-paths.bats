#!/usr/bin/env bats
# Paths of config.json in a root that an image or a neighbour controls: nothing is made, mounted, masked
# or opened outside of it. docs/security.md says which CVE is which.

load ../lib/helpers

setup() {
  common_setup
  bundle
  ROOTFS=$BUNDLE/rootfs
  OUTSIDE=$TEST_DIR/outside
  mkdir -m 777 "$OUTSIDE"
  echo "host's own" >"$OUTSIDE/file"
  echo secret >"$OUTSIDE/secret"
  chmod 600 "$OUTSIDE/secret"
  config '.root.readonly = false'
  before=$(outside)
}

# All that can be seen of the outside directory: names, types, modes, owners, contents.
outside() {
  find "$OUTSIDE" -printf '%P %y %m %U:%G %s %l\n' | sort
  cat "$OUTSIDE"/file "$OUTSIDE"/secret
}

unharmed() { expect_eq "$(outside)" "$before" "what is outside"; }

# Neither a crash nor a hang.
works_or_says_why() {
  ((status == 0)) || expect_match "failed: |level=error"
  ((status < 128)) || fail "it should not crash"
}

# add_mount DESTINATION TYPE SOURCE OPTIONS...
add_mount() {
  jq --arg destination "$1" --arg type "$2" --arg source "$3" '.mounts += [{"destination": $destination,
    "type": $type, "source": $source, "options": $ARGS.positional}]' "$BUNDLE/config.json" --args -- "${@:4}" >"$BUNDLE/config.json.new" &&
    mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

without_dev() { config '.mounts |= map(select(.destination | startswith("/dev") | not))'; }

@test "security: a /dev that is a link out of the root (CVE-2026-41579, CVE-2026-47766)" {
  args true
  for link in "$OUTSIDE" ../../outside ../../../../../../../../../../../../"$OUTSIDE"; do
    rm -rf "$ROOTFS/dev"
    ln -s "$link" "$ROOTFS/dev"
    run_ct
    works_or_says_why
    unharmed
  done
}

@test "security: the same without any mount on /dev, where the nodes are made in the image" {
  without_dev
  args true
  for link in "$OUTSIDE" ../../outside; do
    rm -rf "$ROOTFS/dev"
    ln -s "$link" "$ROOTFS/dev"
    run_ct
    works_or_says_why
    unharmed
  done
}

@test "security: nodes and links of /dev that the image has as links" {
  without_dev
  rm -rf "$ROOTFS/dev"
  mkdir "$ROOTFS/dev"
  for name in null zero full random urandom tty console ptmx fd stdin stdout stderr core; do
    ln -s "$OUTSIDE/file" "$ROOTFS/dev/$name"
  done
  ln -s "$OUTSIDE" "$ROOTFS/dev/pts"
  ln -s "$OUTSIDE" "$ROOTFS/dev/shm"
  args sh -c 'echo overwritten >/dev/null'
  run_ct
  works_or_says_why
  unharmed
}

@test "security: /dev/console is a link in the image (CVE-2025-52565)" {
  without_dev
  config '.process.terminal = true | .mounts += [{"destination": "/dev/pts", "type": "devpts", "source": "devpts",
    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}]'
  rm -rf "$ROOTFS/dev"
  mkdir -p "$ROOTFS/dev/pts"
  args sh -c 'echo overwritten >/dev/console; grep -c /etc/passwd /proc/self/mountinfo'
  for link in "$OUTSIDE/file" /proc/sys/kernel/core_pattern /etc/passwd; do
    ln -sfn "$link" "$ROOTFS/dev/console"
    run "$TESTHELPER" tty-run -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
    # What it leads to inside of the root is not mounted on either.
    expect_no_match '^[1-9]'
    ((status != 0))
    unharmed
  done
}

@test "security: the terminal's multiplexer in the image is not devpts (CVE-2025-52565)" {
  without_dev
  config '.process.terminal = true'
  args true
  rm -rf "$ROOTFS/dev"
  mkdir -p "$ROOTFS/dev/pts"
  for link in "$OUTSIDE/file" /dev/ptmx; do
    ln -sfn "$link" "$ROOTFS/dev/pts/ptmx"
    run "$TESTHELPER" tty-run -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
    ((status != 0))
    unharmed
  done
  rm "$ROOTFS/dev/pts/ptmx"
  echo nothing >"$ROOTFS/dev/pts/ptmx"
  run "$TESTHELPER" tty-run -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  ((status != 0))
}

@test "security: a masked file is hidden by the null device whatever the image calls /dev/null (CVE-2025-31133)" {
  without_dev
  rm -rf "$ROOTFS/dev"
  mkdir "$ROOTFS/dev"
  echo uncovered >"$ROOTFS/etc/covered"
  config '.linux.maskedPaths += ["/etc/covered"]'
  script 'stat -c "%F %t:%T" /etc/covered; cat /etc/covered'
  for link in /etc/covered /proc/sysrq-trigger "$OUTSIDE/file"; do
    ln -sfn "$link" "$ROOTFS/dev/null"
    run_ct
    # A link where a device has to be may also be refused.
    works_or_says_why
    ((status != 0)) || expect_output "character special file 1:3"
    expect_no_match uncovered
    unharmed
  done
  rm "$ROOTFS/dev/null"
  : >"$ROOTFS/dev/null"
  run_ct
  ((status != 0)) || expect_output "character special file 1:3"
  expect_no_match uncovered
}

@test "security: /dev/null becomes a link once it has been looked at (CVE-2025-31133)" {
  without_dev
  rm -rf "$ROOTFS/dev"
  mkdir "$ROOTFS/dev"
  echo uncovered >"$ROOTFS/etc/covered"
  args cat /etc/covered
  swap --new "$ROOTFS/dev" null /etc/covered
  attack_mounts 25 '.linux.maskedPaths = ["/etc/covered"]'
  stop_swap 1
  unharmed
}

@test "security: masked and read-only paths that are links in the image" {
  ln -s "$OUTSIDE/secret" "$ROOTFS/etc/link-file"
  ln -s "$OUTSIDE" "$ROOTFS/etc/link-directory"
  ln -s ../../../../../../../../.. "$ROOTFS/etc/up"
  ln -s loop "$ROOTFS/etc/loop"
  echo inner >"$ROOTFS/etc/inner"
  ln -s inner "$ROOTFS/etc/to-inner"
  config '.linux.maskedPaths += ["/etc/link-file", "/etc/link-directory", "/etc/to-inner", "/etc/inner/x"]
    | .linux.readonlyPaths += ["/etc/link-directory", "/etc/up/etc"]'
  script 'cat /etc/inner; touch /etc/x 2>&1'
  run_ct
  expect_ok || expect_match 'Read-only file system'
  expect_no_match inner
  expect_match 'Read-only file system'
  unharmed
  config '.linux.maskedPaths += ["/etc/loop"]'
  run_ct
  ((status != 0))
  expect_match 'masked.*/etc/loop|/etc/loop.*(symbolic links|loop)'
}

@test "security: targets of mounts that are links in the image (CVE-2019-18837)" {
  mkdir "$TEST_DIR/data"
  echo data >"$TEST_DIR/data/name"
  ln -s "$OUTSIDE" "$ROOTFS/absolute"
  ln -s ../../outside "$ROOTFS/relative"
  ln -s absolute "$ROOTFS/chain"
  ln -s ../../outside/file "$ROOTFS/file"
  mkdir -p "$ROOTFS/a/b"
  ln -s ../../../../../../"$OUTSIDE" "$ROOTFS/a/b/deep"
  for target in /absolute /relative /chain /absolute/new /relative/new/er /a/b/deep/new /a/../../../relative/x; do
    cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
    add_mount "$target" bind "$TEST_DIR/data" rbind
    args cat "$target/name"
    run_ct
    expect_output data
    add_mount "$target/tmpfs" tmpfs tmpfs
    run_ct
    works_or_says_why
    unharmed
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
  done
  add_mount /file bind "$TEST_DIR/data/name" rbind
  args cat /file
  run_ct
  expect_output data
  unharmed
}

@test "security: a target that is a loop, or too deep, is an error" {
  ln -s loop "$ROOTFS/loop"
  for n in $(seq 45); do
    ln -s "l$((n + 1))" "$ROOTFS/l$n"
  done
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  for target in /loop /loop/x /l1 "/$(printf 'x%.0s' {1..256})" "$(printf '/%0100d' {1..45})"; do
    add_mount "$target" tmpfs tmpfs
    args true
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 "mounts\[[0-9]+\]|mounting"
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
  done
  # 46 links are more than the kernel follows; what they lead to has not been made.
  [[ ! -e $ROOTFS/l46 ]]
}

@test "security: tmpcopyup of a link that leads out copies nothing of the host's" {
  ln -s "$OUTSIDE" "$ROOTFS/data"
  add_mount /data tmpfs tmpfs tmpcopyup
  script 'find / -xdev -name "secret*"; cat /data/* 2>&1'
  run_ct
  expect_no_match "secret|host's own"
  unharmed
}

@test "security: tmpcopyup keeps links as they are" {
  mkdir "$ROOTFS/data"
  ln -s "$OUTSIDE/file" "$ROOTFS/data/link"
  add_mount /data tmpfs tmpfs tmpcopyup
  script 'readlink /data/link; cat /data/link 2>&1'
  run_ct
  expect_line "$OUTSIDE/file"
  expect_no_match "host's own"
}

@test "security: the working directory of the process is a link that leads out" {
  ln -s "$OUTSIDE" "$ROOTFS/cwd"
  config '.process.cwd = "/cwd"'
  script 'ls; pwd -P'
  run_ct
  expect_no_match 'file|secret'
  unharmed
}

# swap [--new] DIR NAME TARGET: exchange a directory and a link, or put a link wherever something new comes up,
# in the background until stop_swap.
swap() {
  rm -f "$TEST_DIR/swap"
  mkfifo "$TEST_DIR/swap"
  "$RUNC_BUILDDIR/tests/lib/attack-swap" "$@" <"$TEST_DIR/swap" >"$TEST_DIR/swaps" 2>&1 3>&- &
  SWAPPER=$!
  exec 8>"$TEST_DIR/swap"
}

# stop_swap [LEAST]: there have been at least so many exchanges.
stop_swap() {
  exec 8>&-
  wait "$SWAPPER" || fail "attack-swap: $(cat "$TEST_DIR/swaps")"
  (($(<"$TEST_DIR/swaps") >= ${1:-500})) || fail "only $(<"$TEST_DIR/swaps") exchanges"
}

# attack_mounts COUNT JQ: containers with mounts that JQ makes of the names $n, below the path that changes.
attack_mounts() {
  local good=0 n
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  for n in $(seq "$1"); do
    jq --arg n "$n" --arg data "$TEST_DIR" "$2" "$TEST_DIR/saved.json" >"$BUNDLE/config.json"
    run runc run --bundle "$BUNDLE" "$CT-$n" 8>&-
    works_or_says_why
    ((status != 0)) || good=$((good + 1))
    expect_no_match "where is it|uncovered"
    [[ -z $(find "$OUTSIDE" -mindepth 1 ! -name file ! -name secret ! -name both) ]] || fail "made outside: $(ls -R "$OUTSIDE")"
  done
  echo "$good of $1 came up" >&2
}

@test "security: a directory that becomes a link while it is mounted below it (CVE-2021-30465, CVE-2024-45310)" {
  mkdir -p "$ROOTFS/volume/a/both" "$OUTSIDE/both"
  before=$(outside)
  # What is mounted is in the root, wherever the link led.
  script 'grep -q " attack " /proc/self/mountinfo || echo "where is it?"'
  swap "$ROOTFS/volume" a "$OUTSIDE"
  attack_mounts 40 '.mounts += [{"destination": "/volume/a/b\($n)/c", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/volume/a/d\($n)/e/f", "type": "bind", "source": $data, "options": ["rbind", "ro"]},
    {"destination": "/volume/a/file\($n)", "type": "bind", "source": "/etc/passwd", "options": ["bind", "ro"]},
    {"destination": "/volume/a/both", "type": "tmpfs", "source": "attack"}]'
  stop_swap
  unharmed
}

@test "security: the same with a link that climbs" {
  mkdir -p "$ROOTFS/volume/a"
  args true
  swap "$ROOTFS/volume" a ../../../outside
  attack_mounts 25 '.mounts += [{"destination": "/volume/a/b\($n)/c", "type": "tmpfs", "source": "tmpfs"},
    {"destination": "/volume/a/file\($n)", "type": "bind", "source": "/etc/passwd", "options": ["bind", "ro"]}]'
  stop_swap
  unharmed
}

@test "security: a masked and a read-only path that change while they are covered" {
  mkdir -p "$ROOTFS/volume/a/inner"
  args true
  swap "$ROOTFS/volume" a "$OUTSIDE"
  attack_mounts 15 '.linux.maskedPaths += ["/volume/a/inner", "/volume/a/file"] | .linux.readonlyPaths += ["/volume/a"]'
  stop_swap
  unharmed
}

@test "security: a node that becomes a link before it has its mode and owner" {
  mkdir -p "$ROOTFS/volume"
  args true
  swap --new "$ROOTFS/volume" node "$OUTSIDE/file"
  attack_mounts 20 '.linux.devices = [range(10) | {"path": "/volume/node\(.)", "type": "p", "fileMode": 438, "uid": 0, "gid": 0}]'
  stop_swap 1
  unharmed
}

@test "security: the working directory becomes a link while it is entered (CVE-2024-21626)" {
  mkdir -p "$ROOTFS/volume/a"
  config '.process.cwd = "/volume/a"'
  script 'pwd -P; ls; cat file ../file 2>/dev/null; :'
  for link in "$OUTSIDE" /proc/self/fd/7 ../../../outside; do
    swap "$ROOTFS/volume" a "$link"
    for n in $(seq 6); do
      run "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT-$n" 7<"$OUTSIDE" 8>&-
      works_or_says_why
      expect_no_match "host's own|secret"
    done
    stop_swap 64
  done
}

@test "security: /dev becomes a link while the terminal is put there (CVE-2025-52565)" {
  without_dev
  config '.process.terminal = true | .mounts += [{"destination": "/dev/pts", "type": "devpts", "source": "devpts",
    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}]'
  mkdir -p "$ROOTFS/dev/pts" "$OUTSIDE/pts"
  before=$(outside)
  args sh -c 'echo overwritten >/dev/console'
  for link in "$OUTSIDE" ../outside; do
    swap "$ROOTFS" dev "$link"
    for n in $(seq 10); do
      run "$TESTHELPER" tty-run -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT-$n" 8>&-
      ((status < 128)) || fail "it should not crash"
    done
    stop_swap 64
    unharmed
  done
}

@test "security: a directory that becomes a link while it is copied up" {
  mkdir -p "$ROOTFS/volume/a"
  echo inner >"$ROOTFS/volume/a/file"
  add_mount /copy tmpfs tmpfs tmpcopyup
  script 'cat /copy/* 2>&1; find / -xdev -name "secret*" 2>/dev/null; :'
  ln -s volume/a "$ROOTFS/copy"
  swap "$ROOTFS/volume" a "$OUTSIDE"
  for n in $(seq 15); do
    run_ct 8>&-
    works_or_says_why
    expect_no_match "host's own|secret"
  done
  stop_swap
  unharmed
}

@test "security: what is copied up is files, and nothing of it is opened that is none" {
  mkdir "$ROOTFS/data"
  mkfifo "$ROOTFS/data/fifo"
  add_mount /data tmpfs tmpfs tmpcopyup
  script 'stat -c %F /data/fifo'
  run_ct
  expect_output fifo
}

@test "security: a root that is a link is the directory it leads to, and a root that is none is refused" {
  ln -s rootfs "$BUNDLE/link"
  ln -s "$OUTSIDE/file" "$BUNDLE/file"
  ln -s loop "$BUNDLE/loop"
  mkfifo "$BUNDLE/fifo"
  args cat /etc/passwd
  config '.root.path = "link"'
  run_ct
  works_or_says_why
  ((status != 0)) || expect_output "$(cat "$ROOTFS/etc/passwd")"
  for root in file loop fifo absent ../bundle/file rootfs/etc/passwd '' $'rootfs\n'; do
    config --arg root "$root" '.root.path = $root'
    run --separate-stderr runc run --bundle "$BUNDLE" "$CT"
    expect_error 1 'root'
  done
}

@test "security: destinations of mounts that are odd" {
  local n=0
  cp "$BUNDLE/config.json" "$TEST_DIR/saved.json"
  args true
  for target in / // /. /.. /../.. '' . .. $'/a\nb' '/a b' '/%s%n' '/-' "/$(printf '%0255d' 0)" /proc/.. /dev/../proc/self; do
    add_mount "$target" tmpfs tmpfs
    run_ct
    works_or_says_why
    cp "$TEST_DIR/saved.json" "$BUNDLE/config.json"
    n=$((n + 1))
  done
  ((n == 15))
  unharmed
}
