/* A process of ours in the mount namespace of another one. Runs in the parent; the work in a child
 * of it.
 */
#include "base/error.h"
#include "base/fd.h"
#include "launch/launch.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
runc_launch_in_mounts (int target_pidfd, int (*work) (gpointer data), gpointer data, GError **error)
{
  autofd int pidfd = -EBADF;
  pid_t pid = runc_sys_clone (0, -EBADF, &pidfd);
  int status = 0;

  if (pid == 0)
    {
      int r = runc_sys_setns (target_pidfd, CLONE_NEWNS);

      if (r == 0)
        r = work (data);
      _exit (r < 0 ? MIN (-r, 255) : 0);
    }
  if (pid < 0)
    return runc_throw_neg (error, pid, "cannot start a process");
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;
  return runc_throw_neg (error, WIFEXITED (status) ? WEXITSTATUS (status) : EINTR,
                         "a process in the container's mount namespace failed");
}
