/* `kill`: a signal for a container. Runs in the parent, without the container's lock: a container
 * whose start hangs can be killed, too.
 *
 * Where the container has a pid namespace of its own the kernel ends all of it with its init. Where
 * it shares one, SIGKILL goes to every process that belongs to it, also after init is gone.
 */
#include "engine/common.h"
#include "engine/engine.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <signal.h>

static gboolean
not_running (const RuncContainer *container, GError **error)
{
  RuncStatus status = runc_state_status (&container->dir, container->state);

  return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container not running: '%s' is %s",
                     container->state->id, runc_status_to_string (status));
}

static gboolean
signal_init (const RuncContainer *container, int pidfd, int signal, GError **error)
{
  const RuncState *state = container->state;
  int r = pidfd < 0 ? pidfd : runc_sys_pidfd_send_signal (pidfd, signal);

  if (r == -ESRCH)
    return not_running (container, error);
  if (r < 0)
    return runc_throw_neg (error, r, "unable to signal init (process %d) of container '%s'",
                           state->init_pid, state->id);
  return TRUE;
}

/* Signal every process. When that is not permitted, as for a user without a cgroup of its own, init
 * is at least ended. */
static gboolean
signal_everybody (const RuncContainer *container, int pidfd, int signal, GError **error)
{
  const RuncState *state = container->state;
  g_autoptr (GError) local = NULL;

  if (pidfd == -ESRCH)
    {
      g_autoptr (GArray) pids = runc_engine_processes (state, NULL);
      if (pids == NULL || pids->len == 0)
        return not_running (container, error);
    }
  if (runc_engine_signal_all (state, signal, &local))
    return TRUE;
  if (!state->rootless)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return runc_prefix (error, "unable to kill all processes");
    }
  runc_warning ("failed to kill all processes of '%s', only init is: %s", state->id,
                local->message);
  return signal_init (container, pidfd, signal, error);
}

gboolean
runc_engine_kill (const RuncGlobal *global, const char *id, const char *signal, gboolean all,
                  GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  g_autoptr (GError) local = NULL;
  const RuncState *state;
  int number = SIGTERM;
  gboolean ok;

  if (signal != NULL && !runc_engine_parse_signal (signal, &number, error))
    return FALSE;
  if (!runc_engine_load (global, id, FALSE, &container, error))
    return FALSE;
  state = container.state;

  autofd int pidfd = runc_engine_open_init (state);
  gboolean everybody = state->own_pidns ? all && number != SIGKILL : all || number == SIGKILL;
  ok = everybody ? signal_everybody (&container, pidfd, number, &local)
                 : signal_init (&container, pidfd, number, &local);
  if (ok && number == SIGKILL)
    runc_engine_thaw (state);
  if (ok || (all && g_error_matches (local, RUNC_ERROR, RUNC_ERROR_WRONG_STATE)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
