# For the tests of cgroups: where the container's are, on whatever hierarchies this machine has.

# Two sets of names for the same thing: v1's hierarchy and file, and v2's file.
unified() { [[ -f /sys/fs/cgroup/cgroup.controllers ]]; }

# cg_dir CONTROLLER: the directory of $CT's init in the hierarchy of a v1 controller; on a unified host
# the one and only.
cg_dir() {
  local pid line
  pid=$(state_of "$CT" .pid)
  if unified; then
    sed -n 's|^0::|/sys/fs/cgroup|p' "/proc/$pid/cgroup"
    return
  fi
  while IFS= read -r line; do
    if [[ $line =~ ^[0-9]+:([^:]*):(.*)$ && ,${BASH_REMATCH[1]}, == *",$1,"* ]]; then
      echo "/sys/fs/cgroup/${BASH_REMATCH[1]#name=}${BASH_REMATCH[2]}"
      return
    fi
  done <"/proc/$pid/cgroup"
}

# cg_value CONTROLLER V1-FILE V2-FILE
cg_value() {
  if unified; then cat "$(cg_dir "$1")/$3"; else cat "$(cg_dir "$1")/$2"; fi
}

# needs_controller NAME...: of v1; "blkio" is "io" on v2.
needs_controller() {
  local name
  for name; do
    if unified; then
      needs_of_machine "no cgroup controller ${name/blkio/io}" grep -qw "${name/blkio/io}" /sys/fs/cgroup/cgroup.controllers
    else
      needs_of_machine "no cgroup controller $name" test -d "/sys/fs/cgroup/$name"
    fi
  done
}

# own_path: a cgroup of the test's own, at the top of the hierarchies, or a scope. Sets OWN, its path in them.
own_path() {
  local path=/$CT-group
  OWN=$path
  if [[ $MODE == root-systemd ]]; then
    path=system.slice:$CT:group
    OWN=/system.slice/$CT-group.scope
  fi
  config --arg path "$path" '.linux.cgroupsPath = $path'
}
