/* What the use cases share about an existing container. Runs in the parent.
 *
 * Nothing here trusts a pid alone: a process is meant by pid and start time, and signals go through
 * pidfds.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/version.h"
#include "launch/launch.h"
#include "sys/pid.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* How long a process may take to end after SIGKILL; as runc. */
#define KILL_TIMEOUT_MS 10000
/* ... while there is a helper, which may be why it does not end. */
#define HELPED_TIMEOUT_MS 3000

void
runc_container_clear (RuncContainer *container)
{
  g_clear_pointer (&container->state, runc_state_free);
  runc_state_dir_clear (&container->dir);
}

gboolean
runc_engine_load (const RuncGlobal *global, const char *id, gboolean lock,
                  RuncContainer *ret_container, GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  g_autoptr (GError) local = NULL;

  /* Before the root is looked for, which may make it. */
  if (!runc_state_check_id (id, error))
    return FALSE;
  g_autofree char *root = runc_state_root (global->root, error);
  if (root == NULL || !runc_state_dir_open (root, id, lock, &container.dir, error))
    return FALSE;
  container.state = runc_state_read (&container.dir, &local);
  if (container.state == NULL)
    {
      if (!g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (runc_state_status (&container.dir, NULL) == RUNC_STATUS_CREATING)
        return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                           "container not running: '%s' is being created", id);
      return runc_throw (
          error, RUNC_ERROR_WRONG_STATE,
          "container not running: the creation of '%s' was interrupted ('runc delete "
          "%s' removes it)",
          id, id);
    }
  *ret_container = container;
  container = (RuncContainer)RUNC_CONTAINER_INIT;
  return TRUE;
}

RuncSpec *
runc_engine_load_spec (const RuncStateDir *dir, GError **error)
{
  return runc_spec_read (dir->dir_fd, RUNC_STATE_CONFIG, error);
}

void
runc_engine_state_describe (RuncState *state, const RuncSpec *spec)
{
  const RuncPairs *pairs = &spec->annotations;

  g_free (state->oci_version);
  state->oci_version = g_strdup (spec->oci_version);
  g_strfreev (state->annotations);
  state->annotations = NULL;
  if (pairs->n > 0)
    {
      state->annotations = g_new0 (char *, 2 * pairs->n + 1);
      for (gsize i = 0; i < pairs->n; i++)
        {
          state->annotations[2 * i] = g_strdup (pairs->items[i].key);
          state->annotations[2 * i + 1] = g_strdup (pairs->items[i].value);
        }
    }
  state->has_poststart = spec->hooks[RUNC_HOOK_POSTSTART].n > 0;
  state->has_poststop = spec->hooks[RUNC_HOOK_POSTSTOP].n > 0;
}

/* Where the processes of a container are that was made with its own cgroup to manage. */
static const char *
delegated_cgroup (const RuncState *state)
{
  for (char **pair = state->annotations; pair != NULL && pair[0] != NULL; pair += 2)
    if (g_str_equal (pair[0], "run.oci.delegate-cgroup") && pair[1][0] != '\0')
      return pair[1];
  return NULL;
}

RuncCgroupRef
runc_engine_cgroup_ref (const RuncState *state)
{
  return (RuncCgroupRef){
    .driver = state->cgroup_driver,
    .v1_dirs = state->v1_dirs,
    .v2_dir = state->v2_dir,
    .delegated = delegated_cgroup (state),
    .unit = state->systemd_unit,
    .user_bus = state->systemd_user_bus,
  };
}

gboolean
runc_engine_has_cgroup (const RuncState *state)
{
  return state->cgroup_driver != RUNC_CGROUP_DRIVER_NONE;
}

static gboolean
is_frozen (const RuncState *state)
{
  RuncCgroupRef ref = runc_engine_cgroup_ref (state);

  return runc_engine_has_cgroup (state) && runc_cgroup_is_frozen (&ref);
}

RuncStatus
runc_engine_status (const RuncStateDir *dir, const RuncState *state)
{
  RuncStatus status = runc_state_status (dir, state);

  if ((status == RUNC_STATUS_CREATED || status == RUNC_STATUS_RUNNING) && is_frozen (state))
    return RUNC_STATUS_PAUSED;
  return status;
}

const char *
runc_engine_oci_version (const RuncState *state)
{
  return state->oci_version != NULL ? state->oci_version : RUNC_SPEC_VERSION;
}

char *
runc_engine_state_json (const RuncState *state, RuncStatus status)
{
  autojson RuncJson *object = json_object_new_object ();
  RuncJson *annotations;

  json_object_object_add (object, "ociVersion",
                          json_object_new_string (runc_engine_oci_version (state)));
  json_object_object_add (object, "id", json_object_new_string (state->id));
  json_object_object_add (object, "status",
                          json_object_new_string (runc_status_to_string (status)));
  if (status != RUNC_STATUS_STOPPED && state->init_pid > 0)
    json_object_object_add (object, "pid", json_object_new_int (state->init_pid));
  json_object_object_add (object, "bundle", json_object_new_string (state->bundle));
  if (state->annotations != NULL)
    {
      annotations = json_object_new_object ();
      for (char **pair = state->annotations; pair[0] != NULL; pair += 2)
        json_object_object_add (annotations, pair[0], json_object_new_string (pair[1]));
      json_object_object_add (object, "annotations", annotations);
    }
  return runc_json_to_string (object);
}

/* The file of an annotation, absolute (new string), or NULL. */
static char *
hook_log (const RuncSpec *spec, const RuncState *state, const char *annotation)
{
  const char *path = runc_spec_annotation (spec, annotation);

  return path != NULL && path[0] != '\0' ? g_canonicalize_filename (path, state->bundle) : NULL;
}

gboolean
runc_engine_run_hooks (const RuncSpec *spec, RuncHookKind kind, const RuncState *state,
                       GError **error)
{
  g_autofree char *state_json
      = runc_engine_state_json (state, kind == RUNC_HOOK_POSTSTOP ? RUNC_STATUS_STOPPED
                                                                  : RUNC_STATUS_RUNNING);
  const RuncSpecHooks *hooks = &spec->hooks[kind];
  g_autofree RuncPlanHook *items = g_new0 (RuncPlanHook, hooks->n);
  /* For each hook its path as argv, and behind that NULL an empty environment. */
  g_autofree const char **defaults = g_new0 (const char *, 2 * hooks->n);

  for (gsize i = 0; i < hooks->n; i++)
    {
      const RuncSpecHook *hook = &hooks->items[i];
      defaults[2 * i] = hook->path;
      items[i] = (RuncPlanHook){
        .path = hook->path,
        .argv = hook->args.n > 0 ? hook->args.items : &defaults[2 * i],
        .envp = hook->env.n > 0 ? hook->env.items : NULL,
        .timeout_ms = hook->timeout.present ? MIN (hook->timeout.value, G_MAXINT32) * 1000 : 0,
      };
      /* Without the member a hook gets our environment, as from runc; an empty list means none. */
      if (hook->env.present && hook->env.n == 0)
        items[i].envp = &defaults[2 * i + 1];
    }
  g_autofree char *stdout_path = hook_log (spec, state, RUNC_HOOKS_STDOUT);
  g_autofree char *stderr_path = hook_log (spec, state, RUNC_HOOKS_STDERR);
  RuncPlanHooks plan = { .items = items,
                         .n = hooks->n,
                         .kind = runc_hook_kind_to_string (kind),
                         .stdout_path = stdout_path,
                         .stderr_path = stderr_path };
  if (kind != RUNC_HOOK_POSTSTOP)
    return runc_launch_run_hooks (&plan, state_json, error);
  runc_launch_try_hooks (&plan, state_json, state->id);
  return TRUE;
}

int
runc_engine_open_init (const RuncState *state)
{
  return runc_sys_pidfd_open_checked (state->init_pid, state->init_start_time);
}

void
runc_engine_thaw (const RuncState *state)
{
  if (is_frozen (state))
    {
      RuncCgroupRef ref = runc_engine_cgroup_ref (state);
      runc_cgroup_freeze (&ref, FALSE, NULL);
    }
}

/* A process that waits for an answer of fuse-overlayfs cannot be killed before that is. */
static void
kill_helpers (const RuncState *state)
{
  for (gsize i = 0; i < state->n_helpers; i++)
    {
      autofd int pidfd
          = runc_sys_pidfd_open_checked (state->helper_pids[i], state->helper_start_times[i]);

      if (pidfd >= 0)
        runc_sys_pidfd_send_signal (pidfd, SIGKILL);
    }
}

gboolean
runc_engine_end (const RuncState *state, GError **error)
{
  autofd int pidfd = runc_engine_open_init (state);
  int r;

  if (!state->own_pidns)
    runc_engine_signal_all (state, SIGKILL, NULL);
  if (pidfd >= 0)
    {
      r = runc_sys_pidfd_send_signal (pidfd, SIGKILL);
      if (r < 0 && r != -ESRCH)
        return runc_throw_neg (error, r, "unable to signal init of container '%s'", state->id);
    }
  else if (pidfd != -ESRCH)
    return runc_throw_neg (error, pidfd, "cannot open init (process %d) of container '%s'",
                           state->init_pid, state->id);
  runc_engine_thaw (state);
  if (pidfd < 0)
    return TRUE;
  r = runc_sys_pidfd_wait (pidfd, state->n_helpers > 0 ? HELPED_TIMEOUT_MS : KILL_TIMEOUT_MS);
  if (r == -ETIMEDOUT && state->n_helpers > 0)
    {
      kill_helpers (state);
      r = runc_sys_pidfd_wait (pidfd, KILL_TIMEOUT_MS);
    }
  if (r == -ETIMEDOUT)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "container init still running: process %d of '%s' does not end",
                       state->init_pid, state->id);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot wait for init of container '%s'", state->id);
  return TRUE;
}
