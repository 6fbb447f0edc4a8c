/* `update`: other limits for a container that is there. Runs in the parent, with the container's
 * lock.
 *
 * What was set is merged into the container's config.json, which is where the next update, and
 * restore, find the limits that were not named this time: some of them only make sense together.
 */
#include "engine/common.h"
#include "engine/engine.h"
#include "engine/update.h"

#include "base/error.h"

gboolean
runc_engine_update (const RuncGlobal *global, const char *id, const RuncSpecResources *resources,
                    GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  g_autoptr (RuncSpec) spec = NULL;
  g_autofree char *text = NULL;
  RuncUpdate update = { 0 };
  RuncCgroupRef ref;

  if (!runc_engine_load (global, id, TRUE, &container, error))
    return FALSE;
  if (runc_state_status (&container.dir, container.state) == RUNC_STATUS_STOPPED)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container not running: '%s' is stopped", id);
  if (!runc_engine_has_cgroup (container.state))
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot update container '%s': it has no cgroup (no cgroup is delegated to "
                       "this user; 'runc doctor' says how to get one)",
                       id);
  spec = runc_engine_load_spec (&container.dir, error);
  if (spec == NULL)
    return FALSE;

  runc_update_complete (&update, resources, spec->linux_spec.resources);
  ref = runc_engine_cgroup_ref (container.state);
  if (!runc_cgroup_update (&ref, &update.resources, error))
    return FALSE;

  runc_update_merge (spec->document, &update.resources);
  text = runc_json_to_string (spec->document);
  if (!runc_state_write_file (&container.dir, RUNC_STATE_CONFIG, text, error))
    return runc_prefix (error, "the limits are set, but could not be saved");
  return TRUE;
}
