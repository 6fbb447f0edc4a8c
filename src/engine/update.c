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
#include "cgroup/rdt.h"

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
                       "this user; 'runc doctor --check delegation' says how to get one)",
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

static void
save_schema (RuncJson *rdt, const char *member, const char *schema)
{
  if (schema != NULL)
    json_object_object_add (rdt, member, json_object_new_string (schema));
}

gboolean
runc_engine_update_intel_rdt (const RuncGlobal *global, const char *id,
                              const RuncSpecIntelRdt *schemas, GError **error)
{
  g_auto (RuncContainer) container = RUNC_CONTAINER_INIT;
  g_autoptr (RuncSpec) spec = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autofree char *text = NULL;
  RuncJson *linux_member = NULL, *rdt = NULL;

  if (!runc_spec_validate_intel_rdt (schemas, error)
      || !runc_engine_load (global, id, TRUE, &container, error))
    return FALSE;
  if (container.state->intel_rdt_dir == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "updating a non-existent Intel RDT configuration is not supported (the "
                       "config.json of container '%s' has no linux.intelRdt)",
                       id);
  spec = runc_engine_load_spec (&container.dir, error);
  if (spec == NULL)
    return FALSE;
  if (schemas->l3_cache_schema != NULL)
    g_string_append_printf (lines, "%s\n", schemas->l3_cache_schema);
  if (schemas->mem_bw_schema != NULL)
    g_string_append_printf (lines, "%s\n", schemas->mem_bw_schema);
  if (!runc_rdt_set (container.state->intel_rdt_dir, lines->str, error))
    return FALSE;
  if (json_object_object_get_ex (spec->document, "linux", &linux_member)
      && json_object_object_get_ex (linux_member, "intelRdt", &rdt))
    {
      save_schema (rdt, "l3CacheSchema", schemas->l3_cache_schema);
      save_schema (rdt, "memBwSchema", schemas->mem_bw_schema);
    }
  text = runc_json_to_string (spec->document);
  if (!runc_state_write_file (&container.dir, RUNC_STATE_CONFIG, text, error))
    return runc_prefix (error, "the schemas are set, but could not be saved");
  return TRUE;
}
