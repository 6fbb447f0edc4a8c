#!/usr/bin/env bats
# What is wrong around a container, made so on purpose: the answer is one line that names it, and nothing is left.

load ../lib/helpers

setup() {
  common_setup
  bundle
  args true
}

# refused PATTERN [COMMAND...]: COMMAND (default: `run` of the bundle) says this and nothing else.
refused() {
  local pattern=$1
  shift
  (($# > 0)) || set -- "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "$CT"
  run --separate-stderr timeout -k 5 20 "$@"
  expect_status 1
  expect_match "$pattern" "$stderr"
  expect_output ''
  expect_eq "$(grep -vc 'level=warning' <<<"$stderr")" 1
  [[ ! -e $STATE/$CT ]] || fail "$STATE/$CT is left"
}

# limited LIMIT VALUE [OPTIONS...]: the command that runs the bundle with that ulimit. (A build with sanitizers looks
# for leaks with a process of its own.)
limited() {
  printf '%s\n' env ASAN_OPTIONS=detect_leaks=0 bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' limited "$1" "$2" \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" "${@:3}" "$CT"
}

# bats test_tags=ours
@test "refused: a config.json that is no file" {
  mv "$BUNDLE/config.json" config
  mkfifo "$BUNDLE/config.json"
  refused "bundle '$BUNDLE': 'config.json' is not a file"
  rm "$BUNDLE/config.json"
  mkdir "$BUNDLE/config.json"
  refused "bundle '$BUNDLE': 'config.json' is not a file"
  rmdir "$BUNDLE/config.json"
  ln -s config.json "$BUNDLE/config.json"
  refused "bundle '$BUNDLE': cannot open 'config.json': too many levels of symbolic links"
}

# bats test_tags=ours
@test "refused: a rootfs that cannot be reached" {
  config '.root.path = "loop"'
  ln -s loop "$BUNDLE/loop"
  refused "root.path: invalid rootfs: cannot open 'loop': too many levels of symbolic links \(in bundle '$BUNDLE'\)"
  config '.root.path = "config.json"'
  refused "root.path: invalid rootfs: 'config.json' is not a directory"
}

# bats test_tags=ours,no:root,no:root-v2,no:userns
@test "refused: a rootfs in a directory that is closed to us" {
  mkdir -p "$BUNDLE/closed/rootfs"
  chmod 0 "$BUNDLE/closed"
  config '.root.path = "closed/rootfs"'
  refused "root.path: invalid rootfs: cannot open 'closed/rootfs': permission denied"
  chmod 700 "$BUNDLE/closed"
}

# bats test_tags=ours
@test "refused: layers that are none" {
  as_root || needs_of_machine "no overlayfs in user namespaces" \
    unshare -rm sh -c "cd '$TEST_DIR' && mkdir -p kl ku kw km && mount -t overlay -o lowerdir=kl,upperdir=ku,workdir=kw,userxattr overlay km"
  refused "$BUNDLE/config.json.*: --overlay: a layer must be a directory" \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay-lower="$BUNDLE/config.json" --overlay-driver=kernel "$CT"
  refused "--overlay: '$BUNDLE/rootfs' cannot be both what is written and what stays as it is" \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay="$BUNDLE/rootfs" "$CT"
  refused "cannot make the layer '$BUNDLE/config.json': not a directory" \
    "$RUNC" --root "$STATE" run --bundle "$BUNDLE" --overlay="$BUNDLE/config.json" "$CT"
}

# bats test_tags=ours
@test "refused: a state directory that cannot be made" {
  refused "cannot make the state directory '/sys/runc/state'" \
    "$RUNC" --root /sys/runc/state run --bundle "$BUNDLE" "$CT"
  refused "cannot open the state directory '$BUNDLE/config.json': not a directory" \
    "$RUNC" --root "$BUNDLE/config.json" run --bundle "$BUNDLE" "$CT"
}

# bats test_tags=ours
@test "refused: with few descriptors: an error that says so, or it runs" {
  local n succeeded=0
  config 'del(.process.rlimits)'
  for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 32 48; do
    mapfile -t command < <(limited -n $n)
    run --separate-stderr timeout -k 5 20 "${command[@]}"
    if ((status == 0)); then
      succeeded=$n
    elif ((status == 127)); then
      # A dynamic build did not get as far as that.
      expect_match 'error while loading shared libraries' "$stderr"
    else
      expect_status 1
      expect_match 'too many open files' "$stderr"
      expect_eq "$(grep -vc 'level=warning' <<<"$stderr")" 1
    fi
    [[ ! -e $STATE/$CT ]] || fail "$STATE/$CT is left with $n descriptors"
  done
  ((succeeded > 0))
}

# bats test_tags=ours,no:root,no:root-v2,no:userns
@test "refused: with no processes to spare" {
  mapfile -t command < <(limited -u 1)
  refused "cannot start the container's process \(as many processes as this user may have, see 'ulimit -u'\)" "${command[@]}"
}

# bats test_tags=ours,no:root,no:root-v2
@test "refused: a user of an id that there is not says why there is no more" {
  config 'del(.linux.uidMappings, .linux.gidMappings) | .process.user.uid = 4000000'
  refused 'process.user.uid: the container has no uid 4000000'
  case $MODE in
  user) expect_match 'more take a larger range in /etc/subuid' "$stderr" ;;
  userns) expect_match 'the user namespace that we are in has no more, see /proc/self/uid_map' "$stderr" ;;
  *) expect_match 'but only 0: there is no range for you' "$stderr" ;;
  esac
}
