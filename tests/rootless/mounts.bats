#!/usr/bin/env bats
# Mounts, masks, read-only paths and /dev, as seen from inside and from the kernel's list.

load ../lib/helpers

# mount_line DESTINATION: the container's line of mountinfo for it, from outside.
mount_line() {
  awk -v at="$1" '$5 == at { line = $0 } END { print line }' "/proc/$(state_of "$CT" .pid)/mountinfo"
}

# fs_type LINE, mount_options LINE: fields of a line of mountinfo.
fs_type() { sed 's/.* - \([^ ]*\) .*/\1/' <<<"$1"; }
mount_options() { cut -d' ' -f6 <<<"$1"; }

# add_mount DESTINATION TYPE SOURCE [OPTION...]
add_mount() {
  local destination=$1 type=$2 source=$3
  shift 3
  jq --arg d "$destination" --arg t "$type" --arg s "$source" \
    '.mounts += [{"destination": $d, "type": $t, "source": $s, "options": $ARGS.positional}]' \
    "$BUNDLE/config.json" --args -- "$@" >"$BUNDLE/new" && mv "$BUNDLE/new" "$BUNDLE/config.json"
}

@test "mounts: the default config: types and options" {
  sleeper
  start_ct
  line=$(mount_line /)
  expect_match '(^|,)ro(,|$)' "$(mount_options "$line")"
  line=$(mount_line /proc)
  expect_eq "$(fs_type "$line")" proc
  line=$(mount_line /dev)
  expect_eq "$(fs_type "$line")" tmpfs
  expect_match 'nosuid' "$(mount_options "$line")"
  expect_match 'mode=755' "$line"
  line=$(mount_line /dev/pts)
  expect_eq "$(fs_type "$line")" devpts
  expect_match 'ptmxmode=666' "$line"
  line=$(mount_line /dev/shm)
  expect_eq "$(fs_type "$line")" tmpfs
  expect_match 'nosuid,nodev,noexec' "$(mount_options "$line")"
  line=$(mount_line /dev/mqueue)
  expect_eq "$(fs_type "$line")" mqueue
  line=$(mount_line /sys)
  expect_eq "$(fs_type "$line")" sysfs
  expect_match '(^|,)ro(,|$)' "$(mount_options "$line")"
}

@test "mounts: nothing of the host is seen but what was asked for" {
  script 'cat /proc/self/mountinfo; ls /'
  run_ct
  expect_ok
  expect_no_match "$BATS_RUN_TMPDIR/.* - (ext4|btrfs|xfs|overlay) .*\n.*$TEST_DIR"
  script 'cut -d" " -f5 /proc/self/mountinfo | grep -v -e ^/proc -e ^/dev -e ^/sys -e "^/$"'
  run_ct
  expect_output ""
}

@test "mounts: what is mounted in the container does not show outside" {
  before=$(grep -c . /proc/self/mountinfo)
  sleeper
  start_ct
  expect_eq "$(grep -c . /proc/self/mountinfo)" "$before" "number of mounts of the caller"
}

@test "mounts: bind of a directory, writable and read-only" {
  mkdir data
  echo content >data/file
  add_mount /work bind "$TEST_DIR/data" rbind rw
  add_mount /tmp bind "$TEST_DIR/data" rbind ro
  script 'cat /work/file /tmp/file; echo more >/work/more; echo no >/tmp/no'
  run_ct
  expect_status 1
  expect_match $'^content\ncontent\n'
  expect_match 'Read-only file system'
  expect_eq "$(cat data/more)" more
  [[ ! -e data/no ]]
}

@test "mounts: bind of a file, where a target has to be made" {
  echo content >file
  config '.root.readonly = false'
  add_mount /made/here/file bind "$TEST_DIR/file" bind ro
  args cat /made/here/file
  run_ct
  expect_ok
  expect_output content
}

@test "mounts: a directory is made where a target has to be a directory" {
  mkdir data
  echo content >data/file
  config '.root.readonly = false'
  add_mount /made/dir bind "$TEST_DIR/data" bind
  args cat /made/dir/file
  run_ct
  expect_ok
  expect_output content
}

@test "mounts: a relative source is in the bundle" {
  mkdir "$BUNDLE/data"
  echo content >"$BUNDLE/data/file"
  add_mount /work bind data bind
  args cat /work/file
  run_ct
  expect_ok
  expect_output content
}

@test "mounts: bind keeps flags that only the owner may take away" {
  mkdir data
  add_mount /work bind "$TEST_DIR/data" rbind nosuid nodev noexec
  printf '#!/bin/sh\necho ran\n' >data/tool
  chmod +x data/tool
  args /work/tool
  run_ct
  [[ $status != 0 ]]
  expect_match '[Pp]ermission denied'
}

# bats test_tags=ours
@test "mounts: tmpfs with size and mode" {
  add_mount /work tmpfs tmpfs size=64k mode=1770 nosuid
  script 'stat -c %a /work; head -c 100000 /dev/zero >/work/big'
  run_ct
  expect_status 1
  expect_match '^1770'
  expect_match 'No space left|I/O error'
}

@test "mounts: a tmpfs without mode has the mode of what it covers" {
  chmod 750 "$BUNDLE/rootfs/work"
  add_mount /work tmpfs tmpfs nosuid
  args stat -c %a /work
  run_ct
  expect_output 750
}

@test "mounts: in order, one over the other" {
  mkdir one two
  echo 1 >one/file
  echo 2 >two/file
  mkdir one/sub
  add_mount /work bind "$TEST_DIR/one" bind
  add_mount /work/sub bind "$TEST_DIR/two" bind
  script 'cat /work/file /work/sub/file'
  run_ct
  expect_ok
  expect_output $'1\n2'
}

@test "mounts: a link in the rootfs is followed inside of the rootfs" {
  mkdir data
  echo content >data/file
  ln -s /etc/target "$BUNDLE/rootfs/link"
  mkdir "$BUNDLE/rootfs/etc/target"
  add_mount /link bind "$TEST_DIR/data" bind
  args cat /etc/target/file
  run_ct
  expect_ok
  expect_output content
}

@test "mounts: a link that leads out of the rootfs stays inside" {
  mkdir data outside
  echo content >data/file
  config '.root.readonly = false'
  ln -s "$TEST_DIR/outside" "$BUNDLE/rootfs/link"
  add_mount /link/deep bind "$TEST_DIR/data" bind
  script "cat '$TEST_DIR/outside/deep/file'"
  run_ct
  expect_ok
  expect_output content
  expect_eq "$(ls -A outside)" ""
}

@test "mounts: propagation of a mount" {
  mkdir data
  add_mount /work bind "$TEST_DIR/data" rbind rprivate
  sleeper
  start_ct
  expect_no_match 'shared:|master:' "$(mount_line /work)"
}

@test "masked paths: files are empty, directories are empty and read-only" {
  needs_of_machine "/proc/keys is not there" test -e /proc/keys
  script 'cat /proc/keys | wc -c; ls /sys/firmware | wc -l; : >/sys/firmware/x'
  run_ct
  expect_eq "${lines[0]}" 0
  expect_eq "${lines[1]}" 0
  expect_match 'Read-only file system|[Pp]ermission denied|nonexistent directory' "${lines[2]}"
}

@test "masked paths: a file is the null device" {
  echo secret >"$BUNDLE/rootfs/etc/secret"
  config '.linux.maskedPaths += ["/etc/secret"]'
  script 'stat -c "%F %t:%T" /etc/secret; cat /etc/secret'
  run_ct
  expect_ok
  expect_output "character special file 1:3"
}

@test "masked paths: one that is not there is no error" {
  args echo fine
  config '.linux.maskedPaths += ["/proc/no-such", "/no/such"]'
  run_ct
  expect_ok
  expect_output fine
}

@test "read-only paths" {
  script 'echo 1 >/proc/sys/kernel/panic; echo 1 >/proc/irq/default_smp_affinity'
  run_ct
  expect_match "/proc/sys/kernel/panic: (Read-only file system|Permission denied)"
  # not without SMP
  [[ ! -e /proc/irq/default_smp_affinity ]] || expect_match "/proc/irq/default_smp_affinity: (Read-only file system|Permission denied)"
  script 'grep -E " /proc/(sys|sysrq-trigger|irq|bus|fs) " /proc/self/mountinfo | cut -d" " -f5,6'
  run_ct
  expect_match '/proc/sys ro'
  expect_match '/proc/irq ro'
}

@test "read-only paths: of the rootfs" {
  config '.root.readonly = false | .linux.readonlyPaths += ["/etc"]'
  script ': >/work/fine && : >/etc/not'
  run_ct
  expect_status 1
  expect_match 'Read-only file system'
  [[ -e $BUNDLE/rootfs/work/fine ]]
}

@test "dev: the nodes that the specification asks for" {
  script 'cd /dev && for n in null zero full random urandom tty; do stat -c "%n %F %t:%T %a" $n; done'
  run_ct
  expect_ok
  expect_output "null character special file 1:3 666
zero character special file 1:5 666
full character special file 1:7 666
random character special file 1:8 666
urandom character special file 1:9 666
tty character special file 5:0 666"
}

@test "dev: they work" {
  script 'echo x >/dev/null && head -c 3 /dev/zero | od -An -tx1 && head -c 5 /dev/urandom | wc -c
    head -c 5 /dev/random | wc -c; echo x >/dev/full'
  run_ct
  expect_status 1
  expect_eq "${lines[0]}" " 00 00 00"
  expect_eq "${lines[1]}" 5
  expect_eq "${lines[2]}" 5
  expect_match 'No space left on device'
}

@test "dev: the links" {
  script 'cd /dev && for n in fd stdin stdout stderr ptmx; do echo "$n $(readlink $n)"; done'
  run_ct
  expect_output "fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx"
}

@test "dev: no other devices, and no console without a terminal" {
  script 'ls /dev'
  run_ct
  expect_no_match 'fuse|kmsg|sda|vda|mem'
  expect_eq "$(sort <<<"$output" | grep -v -e ^core$ | tr '\n' ' ')" \
    "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "
}

@test "dev: a node of config.json" {
  config '.linux.devices = [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 0, "gid": 0}]'
  script 'stat -c "%F %t:%T" /dev/extra'
  as_root || echo "bound from the host, where it has to exist" >/dev/null
  run_ct
  if as_root; then
    expect_ok
    expect_output "character special file 1:3"
  else
    # /dev/extra is not on the host, and an ordinary user cannot make it.
    [[ $status != 0 ]] || expect_output "character special file 1:3"
  fi
}

@test "dev: a bind of the host's /dev instead of a tmpfs" {
  is_ours || as_root || skip "other runtimes cannot"
  config '(.mounts[] | select(.destination == "/dev")) = {"destination": "/dev", "type": "bind", "source": "/dev", "options": ["rbind"]}
    | .mounts |= map(select(.destination | startswith("/dev/") | not))'
  before=$(ls -la --time-style=+ /dev | sort | sha256sum)
  script 'test -c /dev/null && echo there'
  run_ct
  expect_ok
  expect_output there
  expect_eq "$(ls -la --time-style=+ /dev | sort | sha256sum)" "$before" "the host's /dev"
}

@test "rootfs: the caller's working directory is not reachable from the container" {
  script 'ls -ld /proc/1/cwd/.. | wc -l; readlink /proc/1/cwd; cd ..; pwd; ls'
  run_ct
  expect_match $'\n/\n'
}

@test "rootfs: is not the host's, and the host's is gone" {
  script 'test -e /etc/debian_version; echo $?; grep -c " /.old\| /oldroot\| /.pivot" /proc/self/mountinfo'
  run_ct
  expect_output $'1\n0'
}
