/* Removing a container's cgroups. Runs in the parent, with the container's lock.
 *
 * A container whose user may have more ids than one can give a cgroup in its own to any of them,
 * and what that one makes in it is not the user's to remove. It is so for an equal with all these
 * ids.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

static int
remove_all (gpointer data)
{
  return runc_cgroup_remove (data, NULL) ? 0 : 1;
}

gboolean
runc_engine_remove_cgroup (const RuncState *state, GError **error)
{
  RuncCgroupRef ref = runc_engine_cgroup_ref (state);
  g_autoptr (GError) refused = NULL, local = NULL;

  if (runc_cgroup_remove (&ref, &refused))
    return TRUE;
  if (state->rootless && state->new_userns && ref.v2_dir != NULL)
    {
      /* The manager, if there is one, has done its part. */
      RuncCgroupRef by_hand = { .driver = RUNC_CGROUP_DRIVER_FS2, .v2_dir = ref.v2_dir };

      if (runc_engine_with_all_ids (remove_all, &by_hand, &local))
        return TRUE;
      runc_debug ("container '%s': as root of a user namespace: %s", state->id, local->message);
    }
  g_propagate_error (error, g_steal_pointer (&refused));
  return runc_prefix (error, "unable to remove container's cgroup");
}
