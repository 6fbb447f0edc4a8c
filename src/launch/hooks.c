/* Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. Runs in
 * the parent.
 */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "launch/launch.h"

#include <fcntl.h>
#include <string.h>

int
runc_launch_open_log (const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600);

  if (fd < 0)
    runc_throw_errno (error, "cannot open '%s' for the output of hooks", path);
  return fd;
}

/* What all hooks of a kind are given. */
typedef struct
{
  int state;
  int out; /* RUNC_PROCESS_CAPTURED: only seen when the hook fails, as with runc */
  int err; /* 0: the same */
} HookFds;

#define HOOK_FDS_INIT                                                                              \
  {                                                                                                \
    .state = -EBADF, .out = RUNC_PROCESS_CAPTURED                                                  \
  }

static gboolean
run_hook (const RuncPlanHook *hook, const HookFds *fds, GError **error)
{
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  RuncProcessSpec spec = {
    .path = hook->path,
    .argv = hook->argv,
    .envp = hook->envp,
    .stdin_fd = fds->state,
    .stdout_fd = fds->out,
    .stderr_fd = fds->err,
    .timeout_ms = hook->timeout_ms,
  };

  if (lseek (fds->state, 0, SEEK_SET) < 0)
    return runc_throw_errno (error, "cannot rewind the state");
  if (!runc_process_start (&spec, &process, error) || !runc_process_wait (&process, &result, error))
    return FALSE;
  if (result.timed_out)
    return runc_throw (error, RUNC_ERROR_FAILED, "hook ran past timeout of %.1fs",
                       (double)hook->timeout_ms / 1000);
  if (result.signal != 0)
    return runc_throw (error, RUNC_ERROR_FAILED, "signal: %s, stderr: %s",
                       runc_strsignal (result.signal), result.stderr_text);
  if (result.status != 0)
    return runc_throw (error, RUNC_ERROR_FAILED, "exit status %d, stderr: %s", result.status,
                       result.stderr_text);
  return TRUE;
}

static void
close_fds (HookFds *fds)
{
  runc_close_fdp (&fds->state);
  if (fds->out > 0)
    runc_close_fdp (&fds->out);
  if (fds->err > 0)
    runc_close_fdp (&fds->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HookFds, close_fds)

static gboolean
open_fds (const RuncPlanHooks *hooks, const char *state_json, HookFds *ret_fds, GError **error)
{
  ret_fds->state = runc_memfd_with_text (state_json, error);
  if (ret_fds->state < 0)
    return FALSE;
  if (hooks->stdout_path != NULL)
    {
      ret_fds->out = runc_launch_open_log (hooks->stdout_path, error);
      if (ret_fds->out < 0)
        return FALSE;
    }
  if (hooks->stderr_path != NULL)
    ret_fds->err = runc_launch_open_log (hooks->stderr_path, error);
  return ret_fds->err >= 0;
}

gboolean
runc_launch_run_hooks (const RuncPlanHooks *hooks, const char *state_json, GError **error)
{
  g_auto (HookFds) fds = HOOK_FDS_INIT;

  if (hooks->n == 0)
    return TRUE;
  if (!open_fds (hooks, state_json, &fds, error))
    return FALSE;
  for (gsize i = 0; i < hooks->n; i++)
    if (!run_hook (&hooks->items[i], &fds, error))
      return runc_prefix (error, "error running %s hook #%zu", hooks->kind, i);
  return TRUE;
}

void
runc_launch_try_hooks (const RuncPlanHooks *hooks, const char *state_json, const char *id)
{
  for (gsize i = 0; i < hooks->n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (HookFds) fds = HOOK_FDS_INIT;

      if (!open_fds (hooks, state_json, &fds, &error) || !run_hook (&hooks->items[i], &fds, &error))
        runc_warning ("container '%s': error running %s hook #%zu: %s", id, hooks->kind, i,
                      error->message);
    }
}
