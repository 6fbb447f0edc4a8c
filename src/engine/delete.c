/* `delete`: one container and all that belongs to it. Runs in the parent, with the container's
 * lock.
 *
 * With --force it is also for what a killed runtime has left: a directory without a state, or with
 * one that cannot be read. A container that another runc is making is waited for; with --force its
 * process is killed while we wait, so that its maker gives up.
 */
#include "engine/common.h"
#include "engine/engine.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

/* How long to wait for another runc that works on the container. */
#define LOCK_TIMEOUT_MS 10000
#define MAX_PAUSE_MS    50

static void
kill_init (const RuncStateDir *dir)
{
  g_autoptr (RuncState) state = runc_state_read (dir, NULL);
  autofd int pidfd = state != NULL ? runc_engine_open_init (state) : -ESRCH;

  if (pidfd >= 0)
    runc_sys_pidfd_send_signal (pidfd, SIGKILL);
}

/* Take the lock, within a time: flock() itself knows no limit. */
static gboolean
lock_within (RuncStateDir *dir, const char *id, gboolean force, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + LOCK_TIMEOUT_MS * 1000;
  int pause_ms = 1;

  for (;;)
    {
      g_autoptr (GError) local = NULL;

      if (runc_state_dir_lock (dir, FALSE, &local))
        return TRUE;
      if (!g_error_matches (local, RUNC_ERROR, RUNC_ERROR_WRONG_STATE))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (g_get_monotonic_time () > deadline)
        return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                           "cannot delete container %s that is not stopped: another runc has been "
                           "working on it for %d seconds",
                           id, LOCK_TIMEOUT_MS / 1000);
      if (force)
        kill_init (dir);
      poll (NULL, 0, pause_ms);
      pause_ms = MIN (2 * pause_ms, MAX_PAUSE_MS);
    }
}

/* The state, or NULL without an error when there is none. With @force, one that cannot be read is
 * no error: then it is the state as it was before there was a process, or NULL. */
static gboolean
read_state (const RuncStateDir *dir, gboolean force, RuncState **ret_state, GError **error)
{
  g_autoptr (GError) local = NULL;

  *ret_state = runc_state_read (dir, &local);
  if (*ret_state != NULL || g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    return TRUE;
  if (force)
    {
      /* Its cgroup has everybody who belongs to it. */
      *ret_state = runc_state_read_early (dir, NULL);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
delete_locked (RuncStateDir *dir, const char *id, gboolean force, GError **error)
{
  g_autoptr (RuncState) state = NULL;
  RuncStatus status;

  if (!read_state (dir, force, &state, error))
    return FALSE;
  if (state != NULL)
    {
      status = runc_state_status (dir, state);
      /* Somebody paused it on purpose, also before it was started. */
      if (!force
          && (status == RUNC_STATUS_RUNNING
              || (status == RUNC_STATUS_CREATED
                  && runc_engine_status (dir, state) == RUNC_STATUS_PAUSED)))
        return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                           "cannot delete container %s that is not stopped: %s", id,
                           runc_status_to_string (runc_engine_status (dir, state)));
      if (status != RUNC_STATUS_STOPPED && !runc_engine_end (state, error))
        return FALSE;
    }
  return runc_engine_destroy (dir, state, error);
}

gboolean
runc_engine_delete (const RuncGlobal *global, const char *id, gboolean force, GError **error)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) local = NULL;

  if (!runc_state_check_id (id, error))
    return FALSE;
  g_autofree char *root = runc_state_root (global->root, error);
  if (root == NULL)
    return FALSE;
  if (runc_state_dir_open (root, id, FALSE, &dir, &local) && lock_within (&dir, id, force, &local)
      && delete_locked (&dir, id, force, &local))
    return TRUE;
  if (force && g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
