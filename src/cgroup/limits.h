/* Resource limits as data: which file gets which text, in which order.
 *
 * The lists are made without I/O from linux.resources, so that a table test can tell them; then one
 * executor writes them, and can take back what it wrote.
 */
#pragma once

#include "cgroup/driver.h"

#include <glib.h>

typedef enum
{
  RUNC_LIMIT_PLAIN = 0,
  RUNC_LIMIT_OPTIONAL = 1 << 0, /* no such file: go on */
  RUNC_LIMIT_OR_NEXT = 1 << 1,  /* the next entry is the alternative for a missing file */
  RUNC_LIMIT_RETRY = 1 << 2,    /* EINVAL: try again when the controller's others are written, since
                                   the kernel checks each against the present value of another */
  RUNC_LIMIT_CLAMPED = 1 << 3,  /* the kernel may take another value than the one that is written:
                                   read back and refuse */
  RUNC_LIMIT_LINES = 1 << 4,    /* each line is a setting, written on its own */
} RuncLimitFlags;

typedef struct
{
  RuncCgroupV1Controller controller; /* RUNC_CGROUP_N_V1 for v2 */
  RuncLimitFlags flags;
  char *file;
  char *value;
  /* For files with one line per device or interface: what takes the line back when it was not
   * there; the first word of both is the key. NULL for files with one value. */
  char *reset;
} RuncLimit;

/* The settings for v2, or for v1, that @resources ask for: GPtrArray of RuncLimit. Device rules are
 * not among them. A value of 0 means unset where runc takes it so (memory, shares, quota, period,
 * weights).
 *
 * Errors: RUNC_ERROR_INVALID_SPEC for contradictions, `unified` on v1, ... */
GPtrArray *runc_cgroup_limits_v2 (const RuncSpecResources *resources, GError **error);
GPtrArray *runc_cgroup_limits_v1 (const RuncSpecResources *resources, GError **error);

/* What puts limits back as they were. */
typedef struct RuncLimitsUndo RuncLimitsUndo;
void runc_cgroup_limits_undo (RuncLimitsUndo *undo);
void runc_cgroup_limits_undo_free (RuncLimitsUndo *undo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncLimitsUndo, runc_cgroup_limits_undo_free)

/* All limits of @resources (NULL: none) in the cgroups of @ref; on a hybrid host each in the
 * hierarchy that has its controller.
 *
 * @ret_undo: NULL for a new cgroup, which is removed when this fails. Else the cgroups are in use:
 * checkBeforeUpdate counts ("rejecting memory limit ...", "rejecting memory+swap limit ..."), a
 * failure puts back what was written before it, and so can the caller later, with what is returned
 * here. */
gboolean runc_cgroup_limits_apply (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                                   RuncLimitsUndo **ret_undo, GError **error);
