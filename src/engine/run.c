/* `run`: create, start, and in the foreground supervise to the end. Runs in the parent.
 *
 * There is no gate: PROCEED is the start. In the foreground the lock is dropped while the container
 * runs, for `kill`, `exec` and the others, and taken again for the clean-up.
 */
#include "engine/create.h"
#include "base/error.h"
#include "base/log.h"
#include "engine/engine.h"
#include "launch/ready.h"

#include <sys/prctl.h>
#include <unistd.h>

static gboolean
run_poststart (RuncCreation *creation, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;
  g_autofree char *json = NULL;

  if (plan->poststart.n == 0)
    return TRUE;
  json = runc_engine_state_json (creation->state, RUNC_STATUS_RUNNING);
  return runc_launch_run_hooks (&plan->poststart, json, error);
}

/* Remove what is left of it, unless somebody else did already. */
static gboolean
clean_up (RuncCreation *creation, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!creation->dir.locked && !runc_state_dir_lock (&creation->dir, TRUE, &local))
    {
      if (g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return runc_engine_destroy (&creation->dir, creation->state, error);
}

/* A container that failed after its start: end it, keep the first error. */
static gboolean
give_up (RuncCreation *creation)
{
  g_autoptr (GError) error = NULL;

  if (!runc_engine_end (creation->state, &error) || !clean_up (creation, &error))
    runc_warning ("cannot clean up container '%s': %s", creation->state->id, error->message);
  return FALSE;
}

static gboolean
forward_ready (int fd, gpointer data)
{
  return runc_ready_forward (fd, data, getpid ());
}

/* A service manager waits for the container's READY=: in the foreground together with everything
 * else, detached before we leave. The socket must be there when the container's process looks for
 * it. */
static gboolean
bind_ready (RuncCreation *creation, GError **error)
{
  RuncLaunch *launch = &creation->launch;
  const char *host = creation->prepared.request.notify_socket;

  if (host == NULL)
    return TRUE;
  launch->on_watch = forward_ready;
  launch->watch_data = (gpointer)host;
  launch->watch_fd = runc_ready_bind (creation->dir.dir_fd, error);
  return launch->watch_fd >= 0;
}

gboolean
runc_engine_supervise (RuncCreation *creation, gboolean keep, int *ret_status, GError **error)
{
  if (!runc_launch_supervise (&creation->launch, ret_status, error))
    return give_up (creation);
  return keep || clean_up (creation, error);
}

gboolean
runc_engine_run (const RuncGlobal *global, const RuncCreateRequest *request, int *ret_status,
                 GError **error)
{
  g_auto (RuncCreation) creation = RUNC_CREATION_INIT;
  gboolean foreground = !request->detach;

  /* Orphans of a container without a pid namespace of its own come to us. */
  if (foreground)
    prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!runc_creation_run (&creation, global, request,
                          (RuncCreationMode){ .foreground = foreground }, error)
      || !bind_ready (&creation, error) || !runc_creation_commit (&creation, TRUE, error))
    return FALSE;
  runc_state_dir_unlock (&creation.dir);
  if (!run_poststart (&creation, error))
    return give_up (&creation);
  *ret_status = 0;
  if (!foreground && creation.launch.watch_fd >= 0)
    runc_ready_wait (creation.launch.watch_fd, creation.prepared.request.notify_socket,
                     creation.launch.pid, creation.launch.pidfd);
  return !foreground || runc_engine_supervise (&creation, request->keep, ret_status, error);
}
