/* A process with the rights of a container's root, and nothing else that is new. Runs in the
 * parent; the work in a child of it.
 */
#include "base/error.h"
#include "base/fd.h"
#include "launch/idmap.h"
#include "launch/launch.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

/* The end of the pipe without a byte: there are no maps. */
static _Noreturn void
work_when_mapped (int pipe_fd, int (*work) (gpointer data), gpointer data)
{
  char byte;

  _exit (read (pipe_fd, &byte, 1) == 1 ? work (data) : 1);
}

gboolean
runc_launch_in_userns (const RuncMapPlan *maps, int (*work) (gpointer data), gpointer data,
                       GError **error)
{
  int fds[2];

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int in = fds[0], out = fds[1], pidfd = -EBADF;
  pid_t pid = runc_sys_clone (CLONE_NEWUSER, -EBADF, &pidfd);
  int status = 0;

  if (pid == 0)
    {
      runc_close_fdp (&out);
      work_when_mapped (in, work, data);
    }
  if (pid < 0)
    return runc_throw_neg (error, pid, "cannot make a user namespace");
  runc_close_fdp (&in);
  gboolean ok = runc_launch_write_maps (maps, pid, error);
  if (ok && write (out, "", 1) != 1)
    ok = runc_throw_errno (error, "cannot write to a process of ours");
  runc_close_fdp (&out);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (ok && status != 0)
    return runc_throw (error, RUNC_ERROR_CHILD, "a process in a user namespace of ours failed");
  return ok;
}
