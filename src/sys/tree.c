/* Removing directory trees by file descriptors. Runs in the parent and in helpers; libc only. */
#include "sys/tree.h"

#include "base/fd.h"
#include "sys/fault.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories below each other that are entered; an fd is open for each. */
#define MAX_DEPTH 512

static int remove_at (int dir_fd, const char *name, int depth);

/* Open the directory @name in @dir_fd itself: no symbolic link, no mount point. */
static int
open_directory (int dir_fd, const char *name)
{
  return runc_sys_openat2 (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                           RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

/* Empty the directory @fd. */
static int
remove_entries (int fd, int depth)
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
          r = remove_at (fd, entry->name, depth);
        if (r < 0 && first_error == 0)
          first_error = r;
      }
  return first_error < 0 ? first_error : n;
}

static int
remove_at (int dir_fd, const char *name, int depth)
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
  if (depth == MAX_DEPTH)
    return -ELOOP;

  autofd int fd = open_directory (dir_fd, name);
  if (fd == -EACCES && fchmodat (dir_fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
    fd = open_directory (dir_fd, name);
  if (fd < 0)
    return fd;
  int r = remove_entries (fd, depth + 1);
  if (RUNC_FAULTY (unlinkat (dir_fd, name, AT_REMOVEDIR)) == 0 || errno == ENOENT)
    return 0;
  return r < 0 ? r : -errno;
}

int
runc_sys_remove_tree (int dir_fd, const char *name)
{
  return remove_at (dir_fd, name, 0);
}
