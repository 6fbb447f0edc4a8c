/* `start`: open the gate of a created container. Runs in the parent of nobody: the container's
 * process is known by its pidfd.
 *
 * The process waits in open() of the fifo. Opening our end lets it go on; it writes "0", and its
 * end of the fifo closes on execve(). If execve() fails, the report comes through the fifo instead.
 */
#include "base/error.h"
#include "base/fd.h"
#include "engine/common.h"
#include "engine/engine.h"
#include "launch/ready.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* What came through the fifo: the "0" and perhaps a report. */
typedef struct
{
  char data[1 + sizeof (RuncWireFailure)];
  gsize used;
} Received;

/* Read until the end. Fails when the process ended without having opened the gate. */
static gboolean
read_gate (int fifo, int pidfd, Received *received, GError **error)
{
  struct pollfd fds[2] = {
    { .fd = fifo, .events = POLLIN },
    { .fd = pidfd, .events = POLLIN },
  };

  while (TRUE)
    {
      if (poll (fds, 2, -1) < 0)
        {
          if (errno == EINTR)
            continue;
          return runc_throw_errno (error, "cannot wait for the container's process");
        }
      if (fds[0].revents != 0)
        {
          ssize_t n = read (fifo, received->data + received->used,
                            sizeof received->data - received->used);

          if (n <= 0)
            return TRUE;
          received->used += (gsize)n;
        }
      else if (fds[1].revents != 0)
        return received->used > 0
               || runc_throw (error, RUNC_ERROR_WRONG_STATE,
                              "cannot start a container that has stopped");
    }
}

static gboolean
check_received (const Received *received, GError **error)
{
  RuncWireFailure failure;

  if (received->used < sizeof received->data)
    return TRUE;
  memcpy (&failure, received->data + 1, sizeof failure);
  failure.detail[sizeof failure.detail - 1] = '\0';
  if (failure.step >= RUNC_FAIL_HOOK_SPAWN && failure.step <= RUNC_FAIL_HOOK_TIMEOUT)
    return runc_throw (error, RUNC_ERROR_CHILD, "error running startContainer hook #%d: %s",
                       failure.index, failure.detail);
  return runc_throw (error, RUNC_ERROR_CHILD, "exec %s: %s", failure.detail,
                     runc_strerror (failure.errnum));
}

static gboolean
check_status (const RuncContainer *container, GError **error)
{
  switch (runc_engine_status (&container->dir, container->state))
    {
    case RUNC_STATUS_CREATED:
      return TRUE;
    case RUNC_STATUS_STOPPED:
      return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                         "cannot start a container that has stopped");
    case RUNC_STATUS_RUNNING:
      return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                         "cannot start an already running container");
    case RUNC_STATUS_PAUSED:
    case RUNC_STATUS_CREATING:
      break;
    }
  return runc_throw (error, RUNC_ERROR_WRONG_STATE, "cannot start a container in the %s state",
                     runc_status_to_string (
                         runc_engine_status (&container->dir, container->state)));
}

static gboolean
run_poststart (const RuncContainer *container, GError **error)
{
  g_autoptr (RuncSpec) spec = NULL;

  if (!container->state->has_poststart)
    return TRUE;
  spec = runc_engine_load_spec (&container->dir, error);
  if (spec == NULL)
    return FALSE;
  return runc_engine_run_hooks (spec, RUNC_HOOK_POSTSTART, container->state, error);
}

gboolean
runc_engine_start (const RuncGlobal *global, const char *id, GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  autofd int fifo = -EBADF, pidfd = -EBADF, notify = -EBADF;
  Received received = { .used = 0 };

  if (!runc_engine_load (global, id, TRUE, &container, error) || !check_status (&container, error))
    return FALSE;
  pidfd = runc_engine_open_init (container.state);
  if (pidfd < 0)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "cannot start a container that has stopped");
  /* Without O_NONBLOCK this would hang on a process that has just been killed. */
  fifo = openat (container.dir.dir_fd, RUNC_STATE_FIFO,
                 O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (fifo < 0)
    return runc_throw_errno (error, "cannot open the start fifo of container '%s'", id);
  if (g_getenv ("NOTIFY_SOCKET") != NULL
      && faccessat (container.dir.dir_fd, RUNC_READY_DIR, F_OK, 0) == 0
      && (notify = runc_ready_bind (container.dir.dir_fd, error)) < 0)
    return FALSE;
  if (!read_gate (fifo, pidfd, &received, error) || !check_received (&received, error))
    return FALSE;
  if (unlinkat (container.dir.dir_fd, RUNC_STATE_FIFO, 0) < 0 && errno != ENOENT)
    return runc_throw_errno (error, "cannot remove the start fifo of container '%s'", id);
  if (!run_poststart (&container, error))
    return FALSE;
  if (notify >= 0)
    runc_ready_wait (notify, g_getenv ("NOTIFY_SOCKET"), container.state->init_pid, pidfd);
  return TRUE;
}
