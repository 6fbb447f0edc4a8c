/* Ops that copy: tmpcopyup (the directory's content into the tmpfs that will hide it) and
 * copy-symlink. Runs in the child, before the pivot; the source is inside the root and is not
 * trusted: nothing is followed, and the copy is done between fds.
 */
#include "base/fd.h"
#include "child/context.h"
#include "sys/path.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum
{
  MAX_DEPTH = 64,    /* directories below the copied one */
  DENTS_SIZE = 4096, /* one call of getdents */
};

static int copy_directory (int from, int to, int depth);

static int
copy_owner_and_times (int to_dir, const char *name, const struct stat *st)
{
  struct timespec times[2] = { st->st_atim, st->st_mtim };

  if (fchownat (to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  if (!S_ISLNK (st->st_mode) && fchmodat (to_dir, name, st->st_mode & 07777, 0) < 0)
    return -errno;
  return utimensat (to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int
copy_file (int from_dir, int to_dir, const char *name, off_t size)
{
  autofd int in = runc_sys_openat2 (from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                    RESOLVE_BENEATH);
  autofd int out
      = runc_sys_openat2_create (to_dir, name, O_CREAT | O_EXCL | O_WRONLY, RESOLVE_BENEATH, 0600);
  struct stat st;

  if (in < 0 || out < 0)
    return in < 0 ? in : out;
  /* It was one when we asked; a device may have taken its place. */
  if (fstat (in, &st) < 0)
    return -errno;
  if (!S_ISREG (st.st_mode))
    return -EINVAL;
  while (size > 0)
    {
      ssize_t n = sendfile (out, in, NULL, (size_t)size);

      if (n < 0)
        return -errno;
      if (n == 0)
        break;
      size -= n;
    }
  return 0;
}

static int
copy_link (int from_dir, int to_dir, const char *name)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat (from_dir, name, target, sizeof target - 1);

  if (n < 0)
    return -errno;
  target[n] = '\0';
  return symlinkat (target, to_dir, name) < 0 ? -errno : 0;
}

static int
copy_subdirectory (int from_dir, int to_dir, const char *name, int depth)
{
  autofd int from
      = runc_sys_openat2 (from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH);
  autofd int to = -EBADF;

  if (from < 0)
    return from;
  if (mkdirat (to_dir, name, 0700) < 0)
    return -errno;
  to = runc_sys_openat2 (to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH);
  return to < 0 ? to : copy_directory (from, to, depth + 1);
}

static int
copy_entry (int from_dir, int to_dir, const char *name, int depth)
{
  struct stat st;
  int r;

  if (fstatat (from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  if (S_ISDIR (st.st_mode))
    r = copy_subdirectory (from_dir, to_dir, name, depth);
  else if (S_ISREG (st.st_mode))
    r = copy_file (from_dir, to_dir, name, st.st_size);
  else if (S_ISLNK (st.st_mode))
    r = copy_link (from_dir, to_dir, name);
  else
    r = mknodat (to_dir, name, st.st_mode, st.st_rdev) < 0 ? -errno : 0;
  return r < 0 ? r : copy_owner_and_times (to_dir, name, &st);
}

static int
copy_directory (int from, int to, int depth)
{
  _Alignas(struct runc_dirent) char buffer[DENTS_SIZE];
  int n;

  if (depth > MAX_DEPTH)
    return -ELOOP;
  while ((n = runc_sys_getdents (from, buffer, sizeof buffer)) > 0)
    for (int at = 0; at < n;)
      {
        const struct runc_dirent *entry = (const struct runc_dirent *)(buffer + at);
        int r = 0;

        at += entry->reclen;
        if (strcmp (entry->name, ".") != 0 && strcmp (entry->name, "..") != 0)
          r = copy_entry (from, to, entry->name, depth);
        if (r < 0)
          return r;
      }
  return n;
}

int
runc_child_op_copy_up (RuncChild *child, const RuncOp *op)
{
  autofd int from
      = runc_sys_open_in_root (runc_child_root (child), op->target, O_RDONLY | O_DIRECTORY, false);
  /* The slot is an O_PATH fd of a detached mount; reading and writing need another one. */
  autofd int to = runc_sys_openat2 (runc_child_slot (child, op->slot), ".", O_RDONLY | O_DIRECTORY,
                                    RESOLVE_BENEATH);
  int r;

  if (from == -ENOENT)
    return 0;
  if (from < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, from);
  if (to < 0)
    return to;
  r = copy_directory (from, to, 0);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_CREATE, r) : 0;
}

int
runc_child_op_copy_symlink (RuncChild *child, const RuncOp *op)
{
  char target[PATH_MAX];
  const char *name;
  autofd int parent = -EBADF;
  ssize_t n = readlinkat (AT_FDCWD, op->u.text, target, sizeof target - 1);

  if (n < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, -errno);
  target[n] = '\0';
  parent = runc_sys_parent_in_root (runc_child_root (child), op->target, &name);
  if (parent < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, parent);
  if (symlinkat (target, parent, name) < 0 && errno != EEXIST)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  return 0;
}
