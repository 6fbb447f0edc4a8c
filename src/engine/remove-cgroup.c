/* Removing a container's cgroups. Runs in the parent, with the container's lock.
 *
 * A container whose user may have more ids than one can give a cgroup in its own to any of them,
 * and what that one makes in it is not the user's to remove. It is so for an equal with all these
 * ids.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/log.h"
#include "launch/launch.h"

static int
remove_all (gpointer data)
{
  return runc_cgroup_remove (data, NULL) ? 0 : 1;
}

/* Our own id as 0, then all ids of @ranges. */
static RuncIdMap *
map_all (guint32 own, const RuncIdRanges *ranges, gsize *ret_n)
{
  RuncIdMap *maps = g_new (RuncIdMap, ranges->n + 1);
  guint32 next = 1;

  maps[0] = (RuncIdMap){ .inside = 0, .outside = own, .size = 1 };
  for (gsize i = 0; i < ranges->n; i++)
    {
      const RuncIdRange *range = &ranges->items[i];

      maps[i + 1] = (RuncIdMap){ .inside = next, .outside = range->inside, .size = range->size };
      next += range->size;
    }
  *ret_n = ranges->n + 1;
  return maps;
}

static gboolean
remove_with_all_ids (const RuncCgroupRef *ref, GError **error)
{
  g_autoptr (RuncHost) host = runc_host_probe (NULL, NULL, RUNC_HOST_SUBIDS, error);
  /* The manager, if there is one, has done its part. */
  RuncCgroupRef by_hand = { .driver = RUNC_CGROUP_DRIVER_FS2, .v2_dir = ref->v2_dir };
  RuncMapPlan maps = { .method = RUNC_MAP_TOOLS };

  if (host == NULL)
    return FALSE;
  if (host->sub_uids.n == 0 || host->newuidmap == NULL || host->newgidmap == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "there are no other ids");
  maps.newuidmap = host->newuidmap;
  maps.newgidmap = host->newgidmap;
  g_autofree RuncIdMap *uids = map_all (host->euid, &host->sub_uids, &maps.n_uids);
  g_autofree RuncIdMap *gids = map_all (host->egid, &host->sub_gids, &maps.n_gids);
  maps.uids = uids;
  maps.gids = gids;
  return runc_launch_in_userns (&maps, remove_all, &by_hand, error);
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
      if (remove_with_all_ids (&ref, &local))
        return TRUE;
      runc_debug ("container '%s': as root of a user namespace: %s", state->id, local->message);
    }
  g_propagate_error (error, g_steal_pointer (&refused));
  return runc_prefix (error, "unable to remove container's cgroup");
}
