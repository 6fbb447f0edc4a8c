/* Removing directory trees by file descriptors. Runs in the parent and in helpers; libc only.
 *
 * The tree may be a container's work, and deeper than there are descriptors: what lies too deep is
 * moved to the top, and removed from there in another round.
 */
#include "sys/tree.h"

#include "base/fd.h"
#include "sys/decimal.h"
#include "sys/fault.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2() */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories below each other that are entered; an fd is open for each. */
#define MAX_DEPTH 512

/* Names that are tried for what is moved. */
#define MAX_NAMES 4096

typedef struct
{
  int top;        /* directory that is being emptied, or negative: it is not opened yet */
  unsigned moved; /* what has come into it in this round */
} Removal;

static int remove_at (Removal *removal, int dir_fd, const char *name, int depth);

/* Open the directory @name in @dir_fd itself: no symbolic link, no mount point. */
static int
open_directory (int dir_fd, const char *name)
{
  return runc_sys_openat2 (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                           RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

/* Move the directory @name of @dir_fd to the top, under a name that nothing has there. */
static int
move_up (Removal *removal, int dir_fd, const char *name)
{
  static const char prefix[] = "runc-removes-";
  char moved[sizeof prefix + RUNC_DECIMAL_SIZE];

  if (removal->top < 0)
    return -ELOOP;
  strcpy (moved, prefix);
  for (int i = 0; i < MAX_NAMES; i++)
    {
      runc_decimal (moved + strlen (prefix), i);
      if (renameat2 (dir_fd, name, removal->top, moved, RENAME_NOREPLACE) == 0)
        {
          removal->moved++;
          return 0;
        }
      if (errno != EEXIST)
        return -errno;
    }
  return -ELOOP;
}

/* Empty the directory @fd. */
static int
remove_entries (Removal *removal, int fd, int depth)
{
  _Alignas(struct runc_dirent) char buffer[1024];
  int first_error = 0;
  int n;

  while ((n = runc_sys_getdents (fd, buffer, sizeof buffer)) > 0)
    for (int at = 0; at < n;)
      {
        const struct runc_dirent *entry = (const struct runc_dirent *)(buffer + at);
        int r = 0;

        at += entry->reclen;
        if (strcmp (entry->name, ".") != 0 && strcmp (entry->name, "..") != 0)
          r = remove_at (removal, fd, entry->name, depth);
        if (r < 0 && first_error == 0)
          first_error = r;
      }
  return first_error < 0 ? first_error : n;
}

static int
remove_at (Removal *removal, int dir_fd, const char *name, int depth)
{
  if (RUNC_FAULTY (unlinkat (dir_fd, name, 0)) == 0 || errno == ENOENT)
    return 0;
  /* EPERM is what POSIX says for a directory, and what some filesystems do. */
  if (errno != EISDIR && errno != EPERM)
    return -errno;
  if (RUNC_FAULTY (unlinkat (dir_fd, name, AT_REMOVEDIR)) == 0 || errno == ENOENT)
    return 0;
  if (errno != ENOTEMPTY && errno != EEXIST)
    return -errno;

  autofd int fd = depth < MAX_DEPTH ? open_directory (dir_fd, name) : -EMFILE;
  if (fd == -EACCES && fchmodat (dir_fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
    fd = open_directory (dir_fd, name);
  if (fd == -EMFILE)
    return move_up (removal, dir_fd, name);
  if (fd < 0)
    return fd;
  if (depth == 0)
    removal->top = fd;
  int r = remove_entries (removal, fd, depth + 1);
  if (RUNC_FAULTY (unlinkat (dir_fd, name, AT_REMOVEDIR)) == 0 || errno == ENOENT)
    return 0;
  return r < 0 ? r : -errno;
}

int
runc_sys_remove_tree (int dir_fd, const char *name)
{
  Removal removal;
  int r;

  do
    {
      removal = (Removal){ .top = -EBADF };
      r = remove_at (&removal, dir_fd, name, 0);
    }
  while (r < 0 && removal.moved > 0);
  return r;
}
