/* Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. Runs in
 * the parent.
 */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "launch/launch.h"

#include <string.h>

static gboolean
run_hook (const RuncPlanHook *hook, int state_fd, GError **error)
{
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  RuncProcessSpec spec = {
    .path = hook->path,
    .argv = hook->argv,
    .envp = hook->envp,
    .stdin_fd = state_fd,
    .timeout_ms = hook->timeout_ms,
  };

  if (lseek (state_fd, 0, SEEK_SET) < 0)
    return runc_throw_errno (error, "cannot rewind the state");
  if (!runc_process_start (&spec, &process, error) || !runc_process_wait (&process, &result, error))
    return FALSE;
  if (result.timed_out)
    return runc_throw (error, RUNC_ERROR_FAILED, "hook ran past timeout of %.1fs",
                       (double)hook->timeout_ms / 1000);
  if (result.signal != 0)
    return runc_throw (error, RUNC_ERROR_FAILED, "signal: %s, stderr: %s",
                       strsignal (result.signal), result.stderr_text);
  if (result.status != 0)
    return runc_throw (error, RUNC_ERROR_FAILED, "exit status %d, stderr: %s", result.status,
                       result.stderr_text);
  return TRUE;
}

gboolean
runc_launch_run_hooks (const RuncPlanHooks *hooks, const char *state_json, GError **error)
{
  if (hooks->n == 0)
    return TRUE;

  autofd int state_fd = runc_memfd_with_text (state_json, error);

  if (state_fd < 0)
    return FALSE;
  for (gsize i = 0; i < hooks->n; i++)
    if (!run_hook (&hooks->items[i], state_fd, error))
      return runc_prefix (error, "error running %s hook #%zu", hooks->kind, i);
  return TRUE;
}

void
runc_launch_try_hooks (const RuncPlanHooks *hooks, const char *state_json, const char *id)
{
  for (gsize i = 0; i < hooks->n; i++)
    {
      g_autoptr (GError) error = NULL;
      autofd int state_fd = runc_memfd_with_text (state_json, &error);

      if (state_fd < 0 || !run_hook (&hooks->items[i], state_fd, &error))
        runc_warning ("container '%s': error running %s hook #%zu: %s", id, hooks->kind, i,
                      error->message);
    }
}
