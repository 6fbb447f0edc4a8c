/* The runtime's own executable. Runs in the parent, before anything is made.
 *
 * Until execve() the child is a process of the container that runs our program, and an image can
 * bring it back afterwards ("#!/proc/self/exe"). Who can then open /proc/PID/exe for writing, and
 * is the owner of the file, has overwritten the runtime on the host. It is harmless where no id of
 * the container has rights on the file, and then nothing is done. Elsewhere we execute ourselves
 * once more through a mount of our own that is read-only (0.1 ms more than any execve(), for
 * whoever may mount), or from a sealed copy in memory.
 */
#include "launch/self.h"
#include "base/error.h"
#include "base/fd.h"
#include "sys/mount.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Set in the environment of the second image, so that it cannot come to a third. */
#define AGAIN "_RUNC_PROTECTED"

static gboolean
is_mapped (const RuncIdMap *map, gsize n, guint32 id)
{
  for (gsize i = 0; i < n; i++)
    if (id >= map[i].outside && id - map[i].outside < map[i].size)
      return TRUE;
  return FALSE;
}

/* Could a process with the ids of @maps change the file @st? Its owner can always chmod() it. What
 * a group may write counts whoever the group is: with an access list the bits are those of its
 * mask, and supplementary groups that are not mapped may have been kept. */
static gboolean
is_writable (const RuncMapPlan *maps, const struct stat *st)
{
  return maps == NULL || (st->st_mode & (S_IWOTH | S_IWGRP))
         || is_mapped (maps->uids, maps->n_uids, st->st_uid);
}

static gboolean
is_sealed (int fd)
{
  const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  int seals = fcntl (fd, F_GET_SEALS);

  return seals >= 0 && (seals & all) == all;
}

/* Open the file we run from. */
static int
open_self (GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  int fd = -EBADF;

  if (proc >= 0)
    fd = runc_sys_proc_open_self_exe (proc);
  if (proc < 0 || fd < 0)
    {
      runc_throw_neg (error, proc < 0 ? proc : fd, "cannot open '/proc/self/exe'");
      return -1;
    }
  return fd;
}

static gboolean
is_exposed (int fd, const RuncMapPlan *maps, gboolean *ret_exposed, GError **error)
{
  struct statvfs fs;
  struct stat st;

  if (fstatvfs (fd, &fs) < 0 || fstat (fd, &st) < 0)
    return runc_throw_errno (error, "cannot look at '/proc/self/exe'");
  *ret_exposed = !(fs.f_flag & ST_RDONLY) && is_writable (maps, &st) && !is_sealed (fd);
  return TRUE;
}

gboolean
runc_launch_self_is_exposed (const RuncMapPlan *maps, gboolean *ret_exposed, GError **error)
{
  autofd int fd = open_self (error);

  return fd >= 0 && is_exposed (fd, maps, ret_exposed, error);
}

/* The same file through a read-only mount that is nowhere attached. Returns an fd or -errno. */
static int
read_only_view (int fd)
{
  RuncTreeAttr attr = { .set = MOUNT_ATTR_RDONLY };
  autofd int tree = runc_sys_tree_clone (fd, false);
  int r;

  if (tree < 0)
    return tree;
  r = runc_sys_tree_set_attr (tree, &attr);
  return r < 0 ? r : runc_steal_fd (&tree);
}

/* A copy in memory that can not be changed any more. Returns an fd or -errno. */
static int
sealed_copy (int fd)
{
  autofd int copy = runc_sys_memfd_create ("runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat st;
  off_t done = 0;

  if (copy < 0)
    return copy;
  if (fstat (fd, &st) < 0)
    return -errno;
  while (done < st.st_size)
    if (sendfile (copy, fd, &done, (gsize)(st.st_size - done)) <= 0)
      return errno != 0 ? -errno : -EIO;
  if (fchmod (copy, 0755) < 0
      || fcntl (copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
    return -errno;
  return runc_steal_fd (&copy);
}

gboolean
runc_launch_protect_self (const RuncMapPlan *maps, char *const *argv, int cwd_fd, GError **error)
{
  extern char **environ;
  autofd int fd = open_self (error);
  autofd int safe = -EBADF;
  gboolean exposed;

  if (fd < 0 || !is_exposed (fd, maps, &exposed, error))
    return FALSE;
  if (!exposed)
    {
      /* Kernels before 6.14 name a program that was executed by fd after the number of the fd. */
      if (g_getenv (AGAIN) != NULL)
        prctl (PR_SET_NAME, "runc", 0, 0, 0);
      g_unsetenv (AGAIN);
      return TRUE;
    }
  if (g_getenv (AGAIN) != NULL)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "cannot keep the runtime's executable out of the container's reach");
  safe = read_only_view (fd);
  if (safe == -EPERM || safe == -EINVAL || safe == -ENOSYS)
    safe = sealed_copy (fd);
  if (safe < 0)
    return runc_throw_neg (error, safe, "cannot copy the runtime's executable");
  if (fchdir (cwd_fd) < 0)
    return runc_throw_errno (error, "cannot go back to the current directory");
  g_setenv (AGAIN, "1", TRUE);
  execveat (safe, "", argv, environ, AT_EMPTY_PATH);
  return runc_throw_errno (error, "cannot execute the runtime's protected executable");
}
