#!/bin/sh
# Check the layers of src/: who may include whom.
#
#   lint-layers.sh DIR    DIR is the top of the source tree, or of a copy with its own src/
#
# Each breach is printed as file:line: rule; the status is 1 if there was one. The arrows point down
# only, so a directory that is not named in a row cannot be used from there.
set -eu
cd "$1"

# directory: what it may include, as a directory or as one header
rules='
main.c    cli engine sys/fault.h base
cli       engine plan/request.h spec base
engine    launch wire/wire.h plan state host spec cgroup criu seccomp net overlay sys base
launch    child/child.h wire cgroup seccomp net plan spec host sys base
plan      spec host/host.h wire/wire.h base
child     wire sys plan/plan-types.h base/fd.h
wire      sys plan/plan-types.h base/fd.h
cgroup    spec/spec.h sys base
criu      plan/criu.h base
seccomp   spec sys base
net       sys base
overlay   wire sys base
state     sys base
host      spec/spec.h sys base
spec      base
sys       base/fd.h
base
'

find src \( -name '*.c' -o -name '*.h' \) -type f | LC_ALL=C sort | xargs awk -v rules="$rules" '
BEGIN {
  n = split (rules, line, "\n")
  for (i = 1; i <= n; i++)
    {
      m = split (line[i], word, " ")
      if (m == 0)
        continue
      known[word[1]] = 1
      allowed[word[1], word[1]] = 1
      for (j = 2; j <= m; j++)
        allowed[word[1], word[j]] = 1
    }
  # what is plain C has no library under it
  n = split ("child wire sys", word, " ")
  for (i = 1; i <= n; i++)
    plain[word[i]] = 1
}

function complain(text) {
  printf "%s:%d: %s\n", FILENAME, FNR, text
  bad = 1
}

/^[ \t]*#[ \t]*include[ \t]/ {
  split (FILENAME, part, "/")
  from = part[2]
  file = FILENAME
  sub (/^src\//, "", file)
  if (!(from in known))
    {
      complain("layer: src/" from " has no row in build-aux/lint-layers.sh")
      next
    }
  if (match ($0, /"[^"]*"/))
    {
      target = substr ($0, RSTART + 1, RLENGTH - 2)
      if (target == "runc-version.h")
        {
          if (file != "base/version.c")
            complain("layer: only base/version.c includes " target)
        }
      else if (split (target, part, "/") != 2)
        complain("layer: write the include from src/: \"DIRECTORY/FILE.h\", not \"" target "\"")
      else if (!((from, part[1]) in allowed) && !((from, target) in allowed))
        complain("layer: src/" from " may not include " target)
      else if (file == "plan/plan-types.h" && target != "base/fd.h")
        complain("layer: plan/plan-types.h is read by the child and may not include " target)
    }
  else if (match ($0, /<[^>]*>/))
    {
      target = substr ($0, RSTART + 1, RLENGTH - 2)
      if ((from in plain || file == "plan/plan-types.h" || file == "base/fd.h") \
          && target ~ /^(glib|gio|json-c|seccomp)/)
        complain("layer: " file " is plain C and may not include <" target ">")
      if (from == "child" && target ~ /^(stdio|stdlib|malloc|pthread)\.h$/)
        complain("layer: the child has no <" target ">: no heap, no stdio")
      if (target ~ /^(gio|glib-object|gobject)/)
        complain("layer: <" target "> costs a millisecond of each start; only helpers/ use it")
      if (from == "plan" && target ~ /^(unistd|fcntl|dirent|sys\/(syscall|socket|wait))\.h$/)
        complain("layer: the plan is pure and has no use for <" target ">")
    }
}

END { exit bad }
' || exit 1
