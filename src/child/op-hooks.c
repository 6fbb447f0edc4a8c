/* Hooks that run in the container's namespaces. Runs in the child.
 *
 * A hook is a process of its own with the state json on stdin; its stderr is kept (as much as fits
 * the failure report), because a hook that fails usually says why, and so is its stdout. Both can
 * be files instead, which the parent has opened.
 */
#include "base/fd.h"
#include "child/context.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static _Noreturn void
exec_hook (const RuncChild *child, const RuncOp *op, int stderr_fd)
{
  const RuncPlanHook *hook = &op->u.hooks.items[child->fail_index];
  int out_log = runc_child_slot (child, op->slot), err_log = runc_child_slot (child, op->result);

  if (op->u.hooks.in_root && fchdir (runc_child_root (child)) < 0)
    _exit (126);
  if (lseek (child->hook_state, 0, SEEK_SET) < 0 || dup2 (child->hook_state, 0) < 0
      || dup2 (out_log >= 0 ? out_log : stderr_fd, 1) < 0
      || dup2 (err_log >= 0 ? err_log : stderr_fd, 2) < 0)
    _exit (126);
  runc_sys_close_range (3, ~0U, CLOSE_RANGE_CLOEXEC);
  runc_sys_unblock_signals ();
  execve (hook->path, (char *const *)hook->argv, (char *const *)hook->envp);

  const char *reason = strerrordesc_np (errno);

  if (write (2, reason, strlen (reason)) < 0)
    _exit (126);
  _exit (127);
}

static int64_t
now_ms (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Append what @fd has to the failure's detail; what does not fit is read and dropped. */
static bool
drain (RuncChild *child, int fd)
{
  size_t used = strlen (child->fail_detail);
  char rest[256];
  ssize_t n;

  if (used < sizeof child->fail_detail - 1)
    {
      n = read (fd, child->fail_detail + used, sizeof child->fail_detail - 1 - used);
      if (n > 0)
        child->fail_detail[used + (size_t)n] = '\0';
    }
  else
    n = read (fd, rest, sizeof rest);
  return n > 0;
}

/* Wait for the hook, collecting its stderr. Returns 0, or -ETIMEDOUT after killing it. */
static int
wait_hook (RuncChild *child, const RuncPlanHook *hook, int pidfd, int stderr_fd)
{
  struct pollfd fds[2] = {
    { .fd = pidfd, .events = POLLIN },
    { .fd = stderr_fd, .events = POLLIN },
  };
  int64_t deadline = hook->timeout_ms > 0 ? now_ms () + hook->timeout_ms : 0;

  while (true)
    {
      int64_t left = deadline > 0 ? deadline - now_ms () : -1;

      if (deadline > 0 && left < 0)
        left = 0;
      int r = poll (fds, 2, (int)(left < INT_MAX ? left : INT_MAX));

      if (r < 0 && errno != EINTR)
        return -errno;
      if (r == 0 && left < INT_MAX)
        {
          runc_sys_pidfd_send_signal (pidfd, SIGKILL);
          return -ETIMEDOUT;
        }
      if (r > 0 && fds[1].revents != 0 && !drain (child, stderr_fd))
        fds[1].fd = -1;
      if (r > 0 && fds[0].revents != 0)
        break;
    }
  /* What it wrote last; somebody it left behind may hold the pipe, so do not wait for its end. */
  struct pollfd last = { .fd = stderr_fd, .events = POLLIN };

  while (poll (&last, 1, 0) > 0 && (last.revents & POLLIN) && drain (child, stderr_fd))
    ;
  return 0;
}

static int
run_hook (RuncChild *child, const RuncOp *op)
{
  const RuncPlanHook *hook = &op->u.hooks.items[child->fail_index];
  autofd int read_end = -EBADF, write_end = -EBADF, pidfd = -EBADF;
  int ends[2], status, r;
  pid_t pid;

  child->fail_detail[0] = '\0';
  if (pipe2 (ends, O_CLOEXEC) < 0)
    return runc_child_fail (child, RUNC_FAIL_HOOK_SPAWN, -errno);
  read_end = ends[0];
  write_end = ends[1];
  pid = runc_sys_clone (0, -1, &pidfd);
  if (pid < 0)
    return runc_child_fail (child, RUNC_FAIL_HOOK_SPAWN, pid);
  if (pid == 0)
    exec_hook (child, op, write_end);
  write_end = runc_close_fd (write_end);
  r = wait_hook (child, hook, pidfd, read_end);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (r == -ETIMEDOUT)
    return runc_child_fail (child, RUNC_FAIL_HOOK_TIMEOUT, r);
  if (r < 0)
    return r;
  if (WIFSIGNALED (status))
    return runc_child_fail (child, RUNC_FAIL_HOOK_SIGNAL, -WTERMSIG (status));
  if (WEXITSTATUS (status) != 0)
    return runc_child_fail (child, RUNC_FAIL_HOOK_STATUS, -WEXITSTATUS (status));
  return 0;
}

int
runc_child_op_hooks (RuncChild *child, const RuncOp *op)
{
  int r = 0;

  for (size_t i = 0; i < op->u.hooks.n && r == 0; i++)
    {
      child->fail_index = (int)i;
      r = run_hook (child, op);
    }
  return r;
}
