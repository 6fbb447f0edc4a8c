/* The id maps of a new user namespace. Internal to src/launch. */
#pragma once

#include "plan/plan.h"

#include <glib.h>
#include <sys/types.h>

/* Give the user namespace of process @pid (ours, not yet running) its maps, as @maps says: written
 * directly, or by newuidmap and newgidmap, both at once. @newuidmap, @newgidmap: their paths. */
gboolean runc_launch_write_maps (const RuncMapPlan *maps, pid_t pid, GError **error);

/* The same for a process that does not write RUNC_MAP_SELF by itself, as that of a container does.
 */
gboolean runc_launch_write_maps_for (const RuncMapPlan *maps, pid_t pid, GError **error);
