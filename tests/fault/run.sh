#!/bin/bash
# Fault injection: let each system call of src/sys fail once, and see that nothing is left behind.
#
#   tests/fault/run.sh RUNC        (make check-fault)
#
# RUNC was built with --enable-fault-injection. For N = 1, 2, ... until a run is untouched, the Nth call
# of the runtime, and then the Nth call of its child, fails in `run`, `create`, `start`, `exec`, `delete`
# and `run --overlay-place` ("layer"), by root and by an ordinary user. Each time
#   - it works all the same, or it says why it does not, in one line;
#   - no process, mount, cgroup, state or temporary file is left, also not after a `delete --force`.
#     Only when it is the clean-up itself that was hit may something be left for `delete --force`, and
#     then a line says so.
#
# Needs root, for namespaces of its own in which everything that is left can be seen.
set -u
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

self=$(realpath "$0")
runc=$(realpath "${1:?the runtime}")
uid=61990

die() {
  printf 'tests/fault/run.sh: %s\n' "$*" >&2
  exit 2
}

if ((EUID != 0)); then
  echo "1..0 # SKIP it needs root"
  exit 0
fi
if [[ -z ${RUNC_FAULT_WORK:-} ]]; then
  RUNC_FAULT_WORK=$(mktemp -d) || exit 1
  export RUNC_FAULT_WORK RUNC_FAULT_NAME=runc-fault-$$
  trap 'rm -rf "$RUNC_FAULT_WORK"; find /sys/fs/cgroup -depth -type d -path "*/$RUNC_FAULT_NAME*" -exec rmdir {} + 2>/dev/null' EXIT
  setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$self" "$runc"
  exit
fi

work=$RUNC_FAULT_WORK
cp "$runc" "$work/runc"
runc=$work/runc
shopt -s nullglob

# ---------------------------------------------------------------- what the runs need

# The user, with ranges, is only there in this mount namespace. It gets a copy of all of /etc: a mount on
# one file of it ends when somebody outside replaces that file.
make_user() {
  cp -a /etc "$work/etc"
  echo "runc-fault:x:$uid:$uid::$work:/bin/sh" >>"$work/etc/passwd"
  echo "runc-fault:x:$uid:" >>"$work/etc/group"
  echo "runc-fault:3000000000:65536" | tee -a "$work/etc/subuid" >>"$work/etc/subgid"
  mount --bind "$work/etc" /etc || die "cannot bind over /etc"
}

# A bundle in which about every op of the child occurs.
make_bundle() {
  local who=$1 bundle=$work/$1/bundle option=--rootless applet
  [[ $who != root ]] || option=
  mkdir -p "$bundle/rootfs"/{bin,etc,dev,proc,sys,tmp,volume} "$work/$who"/{state,tmp,xdg,place}
  cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox" || die "busybox is not installed"
  for applet in sh echo sleep true; do
    ln -sf busybox "$bundle/rootfs/bin/$applet"
  done
  echo 'root:x:0:0::/tmp:/bin/sh' >"$bundle/rootfs/etc/passwd"
  (cd "$bundle" && $runc spec $option && mv config.json template.json) || die "cannot make a config.json"
  jq --arg path "/$RUNC_FAULT_NAME/$who/ct" --arg who "$who" '
    .process.terminal = false | .process.args = ["echo", "hello"]
    | .root.readonly = true | .hostname = "fault"
    | .mounts += [{"destination": "/volume", "source": "rootfs/etc", "type": "bind", "options": ["rbind", "ro", "nosuid"]},
                  {"destination": "/tmp", "type": "tmpfs", "options": ["tmpcopyup", "size=64k"]}]
    | .hooks.createContainer = [{"path": "/bin/true"}]
    | .process.oomScoreAdj = 500
    | .linux.sysctl = {"kernel.msgmax": "8000"}
    | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}
    | if $who == "root" then .linux.cgroupsPath = $path | .linux.resources.pids.limit = 50
      else del(.linux.uidMappings, .linux.gidMappings) end' \
    "$bundle/template.json" >"$bundle/once.json" || die "cannot edit config.json"
  jq '.process.args = ["sleep", "1000"]' "$bundle/once.json" >"$bundle/lasting.json"
  [[ $who == root ]] || chown -R "$uid:$uid" "$work/$who"
}

make_cgroups() {
  local dir
  for dir in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    [[ ! -f $dir/cgroup.procs || -L ${dir%/} ]] || mkdir -p "$dir/$RUNC_FAULT_NAME/root"
    if [[ -f $dir/cpuset.cpus ]]; then
      cat "$dir/cpuset.cpus" >"$dir/$RUNC_FAULT_NAME/cpuset.cpus"
      cat "$dir/cpuset.mems" >"$dir/$RUNC_FAULT_NAME/cpuset.mems"
    fi 2>/dev/null
  done
}

# ---------------------------------------------------------------- what is left

# run_as WHO ARGUMENTS...: the runtime, its status in $status, its output in the files out and err.
run_as() {
  local who=$1 prefix=()
  shift
  [[ $who == root ]] || prefix=(setpriv --reuid $uid --regid $uid --clear-groups)
  status=0
  "${prefix[@]}" timeout -k 1 10 env -i PATH="$PATH" HOME="$work/$who" TMPDIR="$work/$who/tmp" XDG_RUNTIME_DIR="$work/$who/xdg" \
    ${fault:+RUNC_FAULT="$fault"} "$runc" --root "$work/$who/state" "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
}

# left WHO: print what is there and was not there before.
left() {
  local who=$1 dir pid tries found
  for dir in /proc/[0-9]*; do
    pid=${dir#/proc/}
    # We, and the subshell that this runs in.
    ((pid != 1 && pid != $$ && pid != BASHPID)) || continue
    for ((tries = 0; tries < 200; tries++)); do
      [[ -d $dir ]] && ! grep -qs '^State:.*[ZX]' "$dir/status" || continue 2
      sleep 0.01
    done
    found=$(tr '\0' ' ' <"$dir/cmdline")
    echo "process $pid: $found"
  done
  [[ $(</proc/self/mountinfo) == "$mounts" ]] || diff <(echo "$mounts") /proc/self/mountinfo
  for found in "$work/$who"/{state,tmp,place,xdg/*}/* /sys/fs/cgroup{,/*}/"$RUNC_FAULT_NAME/$who"/*/; do
    echo "$found"
  done
}

# ---------------------------------------------------------------- one injected fault

count=0 failures=0

complain() {
  printf 'not ok %s\n' "$what: $1"
  printf '    status %s\n' "$status"
  sed 's/^/    stderr: /' "$work/err"
  failures=$((failures + 1))
}

lines() { mapfile -t said <"$work/err"; }

# What `delete --force` must be able to remove, whatever happened.
clean_up() {
  local who=$1 rest
  fault=
  run_as "$who" delete --force ct
  ((status == 0)) || complain "delete --force fails"
  rest=$(left "$who")
  [[ -z $rest ]] || complain "left after delete --force: $rest"
}

# judge WHO OP: after the faulty call. $clean: nothing is there any more.
judge() {
  local who=$1 op=$2 rest
  clean=0
  lines
  ((status != 124 && status != 137)) || complain "it hangs"
  if ((status == 0)); then
    ((${#said[@]} <= 1)) || complain "it works, with more than one line"
    [[ $op != run && $op != layer && $op != exec || $(<"$work/out") == hello ]] || complain "the program did not run"
  else
    ((${#said[@]} == 1)) || complain "there should be one line that says why"
  fi
  case $op in
  run | layer) clean=1 ;;
  create) ((status == 0)) || clean=1 ;;
  delete) ((status != 0)) || clean=1 ;;
  esac
  ((clean == 0)) || rest=$(left "$who")
  if [[ -n ${rest:-} ]]; then
    clean=0
    [[ $rest != *process* && ${said[*]} =~ (remove|clean|delete|cgroup) ]] || complain "left behind: $rest"
  fi
}

was_hit() { (($(od -An -tu8 -j16 -N8 "$counters") == 1)); }

prepare() {
  local who=$1 op=$2
  fault=
  case $op in
  run | layer | create) return ;;
  exec)
    # An exec that fails does the container no harm.
    run_as "$who" state ct
    ((status != 0)) || [[ $(<"$work/out") != *'"running"'* ]] || return
    run_as "$who" delete --force ct
    run_as "$who" run --detach --bundle "$work/$who/bundle" ct
    ;;
  start) run_as "$who" create --bundle "$work/$who/bundle" ct ;;
  delete)
    run_as "$who" run --detach --bundle "$work/$who/bundle" ct
    run_as "$who" kill ct KILL
    run_as "$who" state ct
    while [[ $status == 0 && $(<"$work/out") == *'"running"'* ]]; do
      run_as "$who" state ct
    done
    ;;
  esac
  ((status == 0)) || complain "cannot prepare"
}

# sweep WHO OP SIDE ERRNO [FIRST]: let one call after the other fail. Leaves the number of calls in $calls.
sweep() {
  local who=$1 op=$2 side=$3 errnum=$4 n config=lasting hit=1
  [[ $op != run && $op != layer ]] || config=once
  cp "$work/$who/bundle/$config.json" "$work/$who/bundle/config.json"
  for ((n = ${5:-1}; hit && n < 1000; n++)); do
    what="$who $op ${side}$n errno $errnum"
    prepare "$who" "$op"
    : >"$counters"
    chmod 666 "$counters"
    fault=$side$n:$errnum:$counters
    case $op in
    run | create) run_as "$who" "$op" --bundle "$work/$who/bundle" ct ;;
    layer) run_as "$who" run --overlay-place="$work/$who/place" --bundle "$work/$who/bundle" ct ;;
    exec) run_as "$who" exec ct echo hello ;;
    *) run_as "$who" "$op" ct ;;
    esac
    judge "$who" "$op"
    was_hit || hit=0
    [[ $op == exec && $hit == 1 || $clean == 1 ]] || clean_up "$who"
    count=$((count + 1))
  done
  ((hit == 0)) || complain "no end"
  printf '# %s %s %s: %d calls, errno %d\n' "$who" "$op" "${side:-parent}" $((calls = n - 2)) "$errnum"
}

counters=$work/counters
chmod 711 "$work"
chmod 755 "$runc"
make_user
make_cgroups
make_bundle root
make_bundle user
mounts=$(</proc/self/mountinfo)
first=1 ops_of_run=21
for who in ${RUNC_FAULT_WHO:-root user}; do
  for op in ${RUNC_FAULT_OPS:-run create start exec delete layer}; do
    for side in '' child,; do
      # The child of `create` does what that of `run` does, up to the gate.
      [[ $op$side != createchild, ]] || first=$((ops_of_run - 20))
      sweep $who $op "$side" 5 $first
      [[ $op$side != runchild, ]] || ops_of_run=$calls
      first=1
    done
  done
  # What has a way around some errors must not take it for the wrong one.
  for errnum in 1 38; do
    sweep $who run child, $errnum
  done
done
printf '# %d faults in %d s\n' "$count" "$SECONDS"
((failures > 0)) && exit 1
echo "ok - nothing is left, whatever fails"
