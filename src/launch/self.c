/* The runtime's own executable. Runs in the parent, before anything is made.
 *
 * Whether a container could write to it, and what is done about that, is the plan's decision
 * (plan/program.c). Here is what the parent has to do for it: open what the child needs to leave
 * the file (sys/program.c), which costs a tenth of a millisecond; or execute ourselves once more
 * through a mount of our own that is read-only, or from a sealed copy in memory, which costs one.
 */
#include "launch/self.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "sys/mount.h"
#include "sys/procfs.h"
#include "sys/program.h"
#include "sys/syscalls.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Set in the environment of the second image, so that it cannot come to a third. It is where the
 * executable is: helpers may be beside it. */
#define AGAIN "_RUNC_PROTECTED"

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

/* Other errors than these are no answer to the question whether we may. */
static gboolean
is_refusal (int r)
{
  return r == -EPERM || r == -EACCES || r == -EINVAL || r == -ENOSYS;
}

void
runc_self_clear (RuncSelf *self)
{
  self->program = runc_close_fd (self->program);
  self->decoy = runc_close_fd (self->decoy);
}

/* Returns 0 or -errno. */
static int
open_for_child (int fd, RuncSelf *ret_self)
{
  g_auto (RuncSelf) self = RUNC_SELF_INIT;
  autofd int proc = runc_sys_proc_open ();

  self.program = read_only_view (fd);
  if (self.program < 0)
    return self.program;
  self.decoy = proc < 0 ? proc : runc_sys_program_new_decoy (proc);
  if (self.decoy < 0)
    return self.decoy;
  *ret_self = self;
  self = (RuncSelf)RUNC_SELF_INIT;
  return 0;
}

static gboolean
execute_again (int fd, char *const *argv, int cwd_fd, GError **error)
{
  extern char **environ;
  autofd int safe = read_only_view (fd);
  g_autofree char *path = runc_process_get_self ();

  if (safe < 0 && is_refusal (safe))
    safe = sealed_copy (fd);
  if (safe < 0)
    return runc_throw_neg (error, safe, "cannot copy the runtime's executable");
  if (fchdir (cwd_fd) < 0)
    return runc_throw_errno (error, "cannot go back to the current directory");
  g_setenv (AGAIN, path != NULL ? path : "", TRUE);
  execveat (safe, "", argv, environ, AT_EMPTY_PATH);
  return runc_throw_errno (error, "cannot execute the runtime's protected executable");
}

gboolean
runc_launch_protect_self (RuncProgramPlan what, char *const *argv, int cwd_fd, RuncSelf *ret_self,
                          GError **error)
{
  autofd int fd = -EBADF;
  int r;

  if (what == RUNC_PROGRAM_KEPT)
    {
      /* Kernels before 6.14 name a program that was executed by fd after the number of the fd. */
      if (g_getenv (AGAIN) != NULL)
        {
          prctl (PR_SET_NAME, "runc", 0, 0, 0);
          runc_process_set_self (g_getenv (AGAIN));
        }
      g_unsetenv (AGAIN);
      return TRUE;
    }
  if (g_getenv (AGAIN) != NULL)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "cannot keep the runtime's executable out of the container's reach");
  fd = open_self (error);
  if (fd < 0)
    return FALSE;
  r = what == RUNC_PROGRAM_LEFT ? open_for_child (fd, ret_self) : -EPERM;
  ret_self->argv = argv;
  if (r == 0)
    return TRUE;
  if (!is_refusal (r))
    return runc_throw_neg (error, r, "cannot open the runtime's executable for the child");
  if (what == RUNC_PROGRAM_LEFT)
    runc_debug ("the child cannot leave the runtime's executable (%s): executing it again",
                g_strerror (-r));
  return execute_again (fd, argv, cwd_fd, error);
}
