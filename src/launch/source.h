/* Sources of mounts that the parent opens. Internal to src/launch. */
#pragma once

#include "plan/plan.h"

#include <glib.h>

/* Fill @slot (a SOURCE of @plan): a detached copy of the tree it names, with its attributes, its
 * ids mapped if it asks for that. Slots before it are open. Needs root's rights over the mount
 * namespace. */
gboolean runc_launch_open_source (const RuncChildPlan *plan, RuncSlot *slot, GError **error);

/* Fill @slot (of the kind DEVICES) with its nodes. Needs the rights of the machine's root. */
gboolean runc_launch_make_devices (RuncSlot *slot, GError **error);
