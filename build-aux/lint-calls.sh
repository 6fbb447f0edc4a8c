#!/bin/sh
# Check that no source file calls what it must not.
#
#   lint-calls.sh DIR    DIR is the top of the source tree, or of a copy with its own src/ and helpers/
#
# Each breach is printed as file:line: rule; the status is 1 if there was one. A call that has to be
# as it is carries a comment on its line, or on the one above, that says why: "lint-ok: REASON".
set -eu
cd "$1"

dirs=
for dir in src helpers; do
  if [ -d "$dir" ]; then
    dirs="$dirs $dir"
  fi
done

# shellcheck disable=SC2086
find $dirs \( -name '*.c' -o -name '*.h' \) -type f | LC_ALL=C sort | xargs awk '
function complain(line, text) {
  if ((line - 1) in raw && raw[line - 1] ~ /lint-ok: *[a-z]/ || raw[line] ~ /lint-ok: *[a-z]/)
    return
  printf "%s:%d: %s\n", file, line, text
  bad = 1
}

# Blanks out comments, and turns string and character literals into placeholders of the form @N@, so
# that what is left is code. Line breaks stay.
function to_code(text,    out, c, two, i, n, state, from, literal) {
  out = ""
  n = length (text)
  i = 1
  while (match (substr (text, i), /\/\*|\/\/|"|\047/))
    {
      out = out substr (text, i, RSTART - 1)
      i += RSTART - 1
      two = substr (text, i, 2)
      c = substr (text, i, 1)
      if (two == "/*")
        {
          from = i
          i = index (substr (text, i + 2), "*/")
          i = i ? from + i + 3 : n + 1
          literal = substr (text, from, i - from)
          gsub (/[^\n]/, "", literal)
          out = out " " literal
        }
      else if (two == "//")
        {
          from = index (substr (text, i), "\n")
          i = from ? i + from - 1 : n + 1
        }
      else
        {
          from = i
          i++
          while (i <= n && substr (text, i, 1) != c)
            i += substr (text, i, 1) == "\\" ? 2 : 1
          i++
          n_literals++
          literals[n_literals] = substr (text, from, i - from)
          out = out "@" n_literals "@"
        }
    }
  return out substr (text, i)
}

# The text between the parenthesis at the start of text and its partner.
function arguments(text,    depth, rest, i) {
  depth = 0
  i = 0
  rest = text
  while (match (rest, /[()]/))
    {
      depth += substr (rest, RSTART, 1) == "(" ? 1 : -1
      i += RSTART
      if (depth == 0)
        return substr (text, 2, i - 2)
      rest = substr (rest, RSTART + 1)
    }
  return substr (text, 2)
}

function names_proc(args,    rest) {
  rest = args
  while (match (rest, /@[0-9]+@/))
    {
      if (literals[substr (rest, RSTART + 1, RLENGTH - 2)] ~ /^"\/proc/)
        return 1
      rest = substr (rest, RSTART + RLENGTH)
    }
  return 0
}

function literal_of(args) {
  if (match (args, /@[0-9]+@[ \t\n]*$/))
    return literals[substr (args, RSTART + 1, index (substr (args, RSTART + 1), "@") - 1)]
  return ""
}

function check_call(name, args, line) {
  if (in_src && !in_sys && name in sys_only)
    complain(line, "call: " name "() belongs into src/sys")
  if (in_src && !in_sys && name in takes_path && names_proc(args))
    complain(line, "call: " name "() of a path in /proc: go through the verified procfs of src/sys")
  if (name in no_nss)
    complain(line, "call: " name "(): no NSS, no dlopen: the program may be linked statically")
  if (name in use_instead)
    complain(line, "call: " name "() is not close-on-exec from the start: use " use_instead[name])
  if (name in cloexec && index (args, cloexec[name]) == 0)
    complain(line, "call: " name "() without " cloexec[name])
  if (name == "fcntl" && args ~ /F_DUPFD($|[^_A-Z])/)
    complain(line, "call: fcntl() without CLOEXEC: use F_DUPFD_CLOEXEC")
  if (name == "fopen" && literal_of(args) !~ /e/)
    complain(line, "call: fopen() without \"e\" (close-on-exec) in its mode")
  if (in_child && name in no_heap)
    complain(line, "call: " name "() in src/child: no heap, no stdio")
}

function check_file(    rest, line, at, name, skipped, before) {
  in_src = file ~ /^src\//
  in_sys = file ~ /^src\/sys\//
  in_child = file ~ /^src\/child\//
  n_literals = 0
  rest = to_code(text)
  line = 1
  while (match (rest, /[A-Za-z_][A-Za-z0-9_]*[ \t\n]*\(/))
    {
      at = RSTART
      name = substr (rest, RSTART, RLENGTH - 1)
      skipped = before = substr (rest, 1, at - 1)
      line += gsub (/\n/, "", skipped)
      rest = substr (rest, at + length (name))
      skipped = name
      sub (/[ \t\n]+$/, "", name)
      if (name in interesting && before !~ /(\.|->)[ \t\n]*$/) # a member is not the function
        check_call(name, arguments(rest), line)
      line += gsub (/\n/, "", skipped)
    }
}

function set (names, map, value,    list, n, i) {
  n = split (names, list, " ")
  for (i = 1; i <= n; i++)
    {
      map[list[i]] = value
      interesting[list[i]] = 1
    }
}

BEGIN {
  set("mount umount umount2 pivot_root chroot realpath canonicalize_file_name syscall", sys_only, 1)
  set("open openat open64 openat64 fopen opendir readlink readlinkat stat lstat fstatat access" \
      " faccessat chdir g_file_get_contents g_fopen g_open g_file_test g_dir_open", takes_path, 1)
  set("getpwnam getpwnam_r getpwuid getpwuid_r getpwent getgrnam getgrnam_r getgrgid getgrgid_r" \
      " getgrent getgrouplist initgroups getaddrinfo gethostbyname gethostbyname_r getservbyname" \
      " getservbyport getprotobyname dlopen g_get_user_name g_get_real_name g_get_home_dir", no_nss, 1)
  set("open openat open64 openat64", cloexec, "O_CLOEXEC")
  set("pipe2", cloexec, "O_CLOEXEC")
  set("socket socketpair accept4", cloexec, "SOCK_CLOEXEC")
  set("memfd_create", cloexec, "MFD_CLOEXEC")
  set("epoll_create1", cloexec, "EPOLL_CLOEXEC")
  set("eventfd", cloexec, "EFD_CLOEXEC")
  set("signalfd", cloexec, "SFD_CLOEXEC")
  set("timerfd_create", cloexec, "TFD_CLOEXEC")
  set("inotify_init1", cloexec, "IN_CLOEXEC")
  set("recvmsg", cloexec, "MSG_CMSG_CLOEXEC")
  set("fsopen", cloexec, "FSOPEN_CLOEXEC")
  set("fsmount", cloexec, "FSMOUNT_CLOEXEC")
  set("open_tree", cloexec, "OPEN_TREE_CLOEXEC")
  set("creat", use_instead, "open() with O_CLOEXEC")
  set("pipe", use_instead, "pipe2()")
  set("dup", use_instead, "fcntl (F_DUPFD_CLOEXEC)")
  set("accept", use_instead, "accept4()")
  set("epoll_create", use_instead, "epoll_create1()")
  set("inotify_init", use_instead, "inotify_init1()")
  set("malloc calloc realloc free strdup strndup asprintf vasprintf printf fprintf dprintf snprintf" \
      " vsnprintf sprintf fputs puts perror", no_heap, 1)
  set("fcntl", interesting, 1)
}

FNR == 1 {
  if (file != "")
    check_file()
  file = FILENAME
  text = ""
  split ("", raw)
}
{
  text = text $0 "\n"
  raw[FNR] = $0
}
END {
  if (file != "")
    check_file()
  exit bad
}
' || exit 1
