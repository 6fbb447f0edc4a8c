/* Removing all that a container leaves: shared by delete, by the end of run and by a failed create.
 * Runs in the parent, with the container's lock.
 *
 * Every step takes "is gone already" for success, and the state directory goes last: whatever is
 * interrupted in between can be done again.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/rdt.h"
#include "sys/pid.h"
#include "sys/syscalls.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a helper may take to end by itself: fuse-overlayfs writes back and unmounts. */
#define HELPER_TIMEOUT_MS 2000

/* End the helpers: all are asked first, so that they end at the same time. */
static void
end_helpers (const RuncState *state)
{
  g_autofree int *pidfds = g_new (int, state->n_helpers);

  for (gsize i = 0; i < state->n_helpers; i++)
    {
      pidfds[i] = runc_sys_pidfd_open_checked (state->helper_pids[i], state->helper_start_times[i]);
      if (pidfds[i] >= 0)
        runc_sys_pidfd_send_signal (pidfds[i], SIGTERM);
    }
  for (gsize i = 0; i < state->n_helpers; i++)
    {
      if (pidfds[i] < 0)
        continue;
      if (runc_sys_pidfd_wait (pidfds[i], HELPER_TIMEOUT_MS) < 0)
        {
          runc_sys_pidfd_send_signal (pidfds[i], SIGKILL);
          if (runc_sys_pidfd_wait (pidfds[i], HELPER_TIMEOUT_MS) < 0)
            runc_warning ("container '%s': helper process %d does not end", state->id,
                          state->helper_pids[i]);
        }
      runc_close_fd (pidfds[i]);
      /* At the end of `run` it is our child; elsewhere this finds nothing. */
      waitpid (state->helper_pids[i], NULL, WNOHANG);
    }
}

static gboolean
remove_overlay (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  autofd int fd = open (parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int r;

  if (fd < 0)
    return errno == ENOENT ? TRUE : runc_throw_errno (error, "cannot open '%s'", parent);
  r = runc_sys_remove_tree (fd, name);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot remove the overlay layer '%s'", path);
  return TRUE;
}

static gboolean
run_poststop (const RuncStateDir *dir, const RuncState *state, GError **error)
{
  g_autoptr (RuncSpec) spec = runc_engine_load_spec (dir, error);

  return spec != NULL && runc_engine_run_hooks (spec, RUNC_HOOK_POSTSTOP, state, error);
}

gboolean
runc_engine_destroy (RuncStateDir *dir, const RuncState *state, GError **error)
{
  if (state == NULL)
    return runc_state_dir_remove (dir, error);

  if (!state->own_pidns)
    runc_engine_signal_all (state, SIGKILL, NULL);
  end_helpers (state);
  if (runc_engine_has_cgroup (state) && !runc_engine_remove_cgroup (state, error))
    return FALSE;
  if ((state->intel_rdt_mon_dir != NULL && !runc_rdt_remove (state->intel_rdt_mon_dir, error))
      || (state->intel_rdt_own && !runc_rdt_remove (state->intel_rdt_dir, error)))
    return FALSE;
  if (state->overlay_dir != NULL && !remove_overlay (state->overlay_dir, error))
    return FALSE;
  if (state->has_poststop)
    {
      g_autoptr (GError) local = NULL;
      if (!run_poststop (dir, state, &local))
        runc_warning ("container '%s': %s", state->id, local->message);
    }
  return runc_state_dir_remove (dir, error);
}
