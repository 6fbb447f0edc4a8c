/* Verified access to procfs. Runs in parent and child; no allocation. */
#include "sys/procfs.h"
#include "base/fd.h"
#include "sys/decimal.h"
#include "sys/fault.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum
{
  PROC_ROOT_INODE = 1, /* kernel: PROC_ROOT_INO; nothing else in procfs has it */
};

int
runc_sys_proc_open (void)
{
  autofd int fd = runc_sys_openat2 (AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW,
                                    RESOLVE_NO_SYMLINKS);
  struct statfs fs;
  struct stat st;

  if (fd < 0)
    return fd;
  if (RUNC_FAULTY (fstatfs (fd, &fs)) < 0 || fstat (fd, &st) < 0)
    return -errno;
  if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
    return -ENOTSUP;
  return runc_steal_fd (&fd);
}

bool
runc_sys_proc_is_of_others (void)
{
  char own[RUNC_DECIMAL_SIZE], found[RUNC_DECIMAL_SIZE];
  autofd int proc = runc_sys_proc_open ();
  ssize_t n;

  if (proc < 0)
    return false;
  runc_decimal (own, getpid ());
  n = readlinkat (proc, "self", found, sizeof found - 1);
  if (n < 0)
    return errno == ENOENT;
  found[n] = '\0';
  return strcmp (own, found) != 0;
}

int
runc_sys_proc_open_file (int proc, const char *path, int flags)
{
  return runc_sys_openat2 (proc, path, (uint64_t)flags | O_NOFOLLOW,
                           RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

int
runc_sys_proc_write (int proc, const char *path, const char *data, size_t len)
{
  autofd int fd = runc_sys_proc_open_file (proc, path, O_WRONLY);
  ssize_t n;

  if (fd < 0)
    return fd;
  n = RUNC_FAULTY (write (fd, data, len));
  if (n < 0)
    return -errno;
  return (size_t)n == len ? 0 : -EIO;
}

int
runc_sys_proc_open_fds (int proc)
{
  return runc_sys_proc_open_file (proc, "self/fd", O_PATH | O_DIRECTORY);
}

int
runc_sys_proc_reopen_in (int fds, int fd, int flags)
{
  char path[RUNC_DECIMAL_SIZE];

  runc_decimal (path, fd);
  /* The one magic link that is followed on purpose: the directory has been verified to be our own.
   */
  int opened = RUNC_FAULTY (openat (fds, path, flags | O_CLOEXEC));
  return opened < 0 ? -errno : opened;
}

int
runc_sys_proc_reopen_fd (int proc, int fd, int flags)
{
  autofd int fds = runc_sys_proc_open_fds (proc);

  return fds < 0 ? fds : runc_sys_proc_reopen_in (fds, fd, flags);
}

int
runc_sys_proc_clone_fds (int proc)
{
  struct stat own, st;
  autofd int dir = runc_sys_proc_open_file (proc, "self/fd", O_PATH | O_DIRECTORY);
  int tree;

  if (dir < 0)
    return dir;
  /* By path: what was opened in another mount namespace cannot be cloned in this one. */
  tree = runc_sys_open_tree (AT_FDCWD, "/proc/self/fd", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0)
    return tree;
  if (fstat (dir, &own) == 0 && fstat (tree, &st) == 0 && own.st_dev == st.st_dev
      && own.st_ino == st.st_ino)
    return tree;
  runc_close_fd (tree);
  return -EPERM;
}

int
runc_sys_proc_foreign_namespace (int ours, int theirs, const char *name)
{
  struct stat a, b;

  if (fstatat (ours, name, &a, 0) < 0)
    return 0;
  if (RUNC_FAULTY (fstatat (theirs, name, &b, 0)) < 0)
    return -errno;
  return a.st_ino != b.st_ino || a.st_dev != b.st_dev;
}

int
runc_sys_proc_open_namespace (int proc, const char *name)
{
  autofd int dir = runc_sys_proc_open_file (proc, "self/ns", O_PATH | O_DIRECTORY);

  if (dir < 0)
    return dir;
  int opened = RUNC_FAULTY (openat (dir, name, O_RDONLY | O_CLOEXEC));
  return opened < 0 ? -errno : opened;
}

int
runc_sys_proc_open_self_exe (int proc)
{
  autofd int dir = runc_sys_proc_open_file (proc, "self/.", O_PATH | O_DIRECTORY);

  if (dir < 0)
    return dir;
  int opened = RUNC_FAULTY (openat (dir, "exe", O_RDONLY | O_CLOEXEC));
  return opened < 0 ? -errno : opened;
}
