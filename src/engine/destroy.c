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

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a helper may take to end, first by itself, because what it serves is gone (what was
 * written through fuse-overlayfs is in the layer then), then after each signal. */
#define HELPER_TIMEOUT_MS 1000

static void
end_helpers (const RuncState *state)
{
  static const int signals[] = { 0, SIGTERM, SIGKILL };
  g_autofree int *pidfds = g_new (int, state->n_helpers);

  for (gsize i = 0; i < state->n_helpers; i++)
    pidfds[i] = runc_sys_pidfd_open_checked (state->helper_pids[i], state->helper_start_times[i]);
  for (gsize k = 0; k < G_N_ELEMENTS (signals); k++)
    {
      /* All are asked first, so that they end at the same time. */
      for (gsize i = 0; i < state->n_helpers; i++)
        if (pidfds[i] >= 0 && signals[k] != 0)
          runc_sys_pidfd_send_signal (pidfds[i], signals[k]);
      for (gsize i = 0; i < state->n_helpers; i++)
        if (pidfds[i] >= 0 && runc_sys_pidfd_wait (pidfds[i], HELPER_TIMEOUT_MS) == 0)
          {
            pidfds[i] = runc_close_fd (pidfds[i]);
            /* At the end of `run` it is our child; elsewhere this finds nothing. */
            waitpid (state->helper_pids[i], NULL, WNOHANG);
          }
    }
  for (gsize i = 0; i < state->n_helpers; i++)
    if (pidfds[i] >= 0)
      {
        runc_close_fd (pidfds[i]);
        runc_warning ("container '%s': helper process %d does not end", state->id,
                      state->helper_pids[i]);
      }
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
  if ((runc_engine_has_cgroup (state) && !runc_engine_remove_cgroup (state, error))
      || !runc_engine_remove_layer (state, error))
    return FALSE;
  if ((state->intel_rdt_mon_dir != NULL && !runc_rdt_remove (state->intel_rdt_mon_dir, error))
      || (state->intel_rdt_own && !runc_rdt_remove (state->intel_rdt_dir, error)))
    return FALSE;
  if (state->has_poststop)
    {
      g_autoptr (GError) local = NULL;
      if (!run_poststop (dir, state, &local))
        runc_warning ("container '%s': %s", state->id, local->message);
    }
  return runc_state_dir_remove (dir, error);
}
