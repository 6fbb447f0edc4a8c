/* The pure part of `update`: which limits are written, and what is saved. Internal to src/engine.
 */
#pragma once

#include "base/json.h"
#include "spec/spec.h"

/* Resources with what they need to stand alone. Embedded; strings and lists borrow from those it
 * was made from. */
typedef struct
{
  RuncSpecResources resources;
  RuncSpecMemory memory;
  RuncSpecCpu cpu;
} RuncUpdate;

/* @wanted, and from @old (NULL: nothing) the other half of what only makes sense in pairs: quota
 * and period of the CPU, limits on memory and on memory with swap. Device rules that are those of
 * @old are left out. */
void runc_update_complete (RuncUpdate *update, const RuncSpecResources *wanted,
                           const RuncSpecResources *old);

/* Merge @resources into linux.resources of @config, a config.json. Elements of lists replace those
 * about the same device, page size or interface; device rules replace all others. Strings that were
 * decoded from @config may be gone afterwards. */
void runc_update_merge (RuncJson *config, const RuncSpecResources *resources);
