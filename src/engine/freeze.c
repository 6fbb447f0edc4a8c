/* `pause` and `resume`: the freezer of the container's cgroup. Runs in the parent. */
#include "engine/common.h"
#include "engine/engine.h"

#include "base/error.h"

static gboolean
freeze (const RuncGlobal *global, const char *id, gboolean frozen, GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  RuncCgroupRef ref;
  RuncStatus status;

  if (!runc_engine_load (global, id, FALSE, &container, error))
    return FALSE;
  status = runc_engine_status (&container.dir, container.state);
  if (frozen && status != RUNC_STATUS_RUNNING && status != RUNC_STATUS_CREATED)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                       "container not running or created: '%s' is %s", id,
                       runc_status_to_string (status));
  if (!runc_engine_has_cgroup (container.state))
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "cannot %s container '%s': it has no cgroup to freeze (no cgroup is delegated "
        "to this user; 'runc doctor --check delegation' says how to get one)",
        frozen ? "pause" : "resume", id);
  if (!frozen && status != RUNC_STATUS_PAUSED)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container not paused: '%s' is %s", id,
                       runc_status_to_string (status));
  ref = runc_engine_cgroup_ref (container.state);
  if (!runc_cgroup_freeze (&ref, frozen, error))
    return runc_prefix (error, "cannot %s container '%s'", frozen ? "pause" : "resume", id);
  return TRUE;
}

gboolean
runc_engine_pause (const RuncGlobal *global, const char *id, GError **error)
{
  return freeze (global, id, TRUE, error);
}

gboolean
runc_engine_resume (const RuncGlobal *global, const char *id, GError **error)
{
  return freeze (global, id, FALSE, error);
}
