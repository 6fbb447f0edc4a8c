/* The rights of a container's root, and nothing else that is new: for a child that does some work,
 * or for ourselves. Runs in the parent.
 */
#include "base/error.h"
#include "base/fd.h"
#include "launch/idmap.h"
#include "launch/launch.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_WORDS "a process that maps ids was killed"

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
  gboolean ok = runc_launch_write_maps_for (maps, pid, error);
  if (ok && write (out, "", 1) != 1)
    ok = runc_throw_errno (error, "cannot write to a process of ours");
  runc_close_fdp (&out);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (ok && status != 0)
    return runc_throw (error, RUNC_ERROR_CHILD, "a process in a user namespace of ours failed");
  return ok;
}

/* A process that stays outside and maps the ids of its parent @pid, once that has its user
 * namespace. What goes wrong is written to @report. */
static _Noreturn void
map_parent (const RuncMapPlan *maps, pid_t pid, int ready, int report)
{
  g_autoptr (GError) error = NULL;
  char byte;

  if (read (ready, &byte, 1) != 1)
    _exit (1);
  if (runc_launch_write_maps_for (maps, pid, &error))
    _exit (0);
  _exit (write (report, error->message, strlen (error->message)) >= 0 ? 1 : 2);
}

gboolean
runc_launch_enter_userns (const RuncMapPlan *maps, GError **error)
{
  autofd int pidfd = -EBADF;
  char words[512];
  int ready[2], report[2], status = 0, r;
  pid_t self = getpid (), pid;
  ssize_t n = 0;

  if (pipe2 (ready, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int ready_in = ready[0], ready_out = ready[1];
  if (pipe2 (report, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int report_in = report[0], report_out = report[1];
  pid = runc_sys_clone (0, -EBADF, &pidfd);
  if (pid == 0)
    {
      runc_close_fdp (&ready_out);
      map_parent (maps, self, ready_in, report_out);
    }
  if (pid < 0)
    return runc_throw_neg (error, pid, "cannot start a process");
  runc_close_fdp (&ready_in);
  runc_close_fdp (&report_out);
  r = runc_sys_unshare (CLONE_NEWUSER | CLONE_NEWNS);
  if (r == 0 && write (ready_out, "", 1) != 1)
    r = -errno;
  runc_close_fdp (&ready_out);
  if (r == 0)
    n = read (report_in, words, sizeof words);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (r < 0)
    return runc_throw_neg (error, r, "cannot make a user namespace");
  if (status != 0)
    return runc_throw (error, RUNC_ERROR_CHILD, "%.*s", n > 0 ? (int)n : (int)strlen (NO_WORDS),
                       n > 0 ? words : NO_WORDS);
  r = runc_sys_setresgid (0);
  if (r == 0)
    r = runc_sys_setresuid (0);
  return r == 0 || runc_throw_neg (error, r, "cannot become root of a user namespace");
}
