/* What a container means to systemd: the name of its unit, and its properties. Pure: no I/O.
 *
 * Properties are GVariants of type a(sv), which is what the manager's D-Bus methods take.
 */
#pragma once

#include "cgroup/cgroup.h"

#include <glib.h>

/* Split "slice:prefix:name": the slice the unit is in, and what it is called: "prefix-name.scope".
 * New strings.
 *
 * Errors: RUNC_ERROR_INVALID_SPEC unless there are three parts. */
gboolean runc_unit_name (const char *path, char **ret_slice, char **ret_unit, GError **error);

/* The properties that a unit for the container is started with, with its first process @pid. The
 * limits of setup->resources are among them, and the annotations
 * (setup->properties, "Name=gvariant text") come last, so that they win.
 *
 * Errors: RUNC_ERROR_INVALID_SPEC for a value that is no GVariant, or a limit that cannot be. */
GVariant *runc_unit_start_properties (const RuncCgroupSetup *setup, pid_t pid, GError **error);

typedef enum
{
  RUNC_UNIT_DEVICES = 1 << 0, /* the unit is to enforce resources->devices */
  RUNC_UNIT_V1 = 1 << 1,      /* the controllers are those of cgroup v1 */
} RuncUnitFlags;

/* The limits alone, as update sets them on a running unit. */
GVariant *runc_unit_limit_properties (const RuncSpecResources *resources, RuncUnitFlags flags,
                                      GError **error);

/* The CPU quota that systemd will make of quota and period, which is rounded: what is written to
 * the cgroup by hand has to be the same. 0: no quota is set. */
gint64 runc_unit_rounded_quota (const RuncSpecCpu *cpu);
