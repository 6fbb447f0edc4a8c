/* The namespace schedule: which namespaces the first clone3() makes, which are joined before and
 * after our user namespace exists, and whether a second process is needed. Pure.
 */
#pragma once

#include "host/host.h"
#include "spec/spec.h"

#include <glib.h>
#include <stdbool.h>

/* Who runs the runtime, from the kernel's point of view. */
typedef enum
{
  RUNC_WHO_USER, /* no rights over the namespaces we are in: a new user namespace is needed */
  RUNC_WHO_USERNS_ROOT, /* root of a user namespace that somebody else made */
  RUNC_WHO_REAL_ROOT,
} RuncWho;

RuncWho runc_plan_who (const RuncHost *host);

/* May we write the maps of a new user namespace with any ids that exist here? So may the root that
 * engines give their containers, who is RUNC_WHO_USER for lack of CAP_SYS_ADMIN. */
bool runc_plan_maps_directly (const RuncHost *host);

/* In the order of its members: joins with the rights that we have now, the user namespace, joins
 * with its rights, the time namespace with its offsets, fork or unshare. `1u << RUNC_NS_x` masks.
 */
typedef struct
{
  guint64 clone_flags;   /* CLONE_NEW* of the first clone3() */
  guint32 joins_before;  /* joined with the rights of the runtime */
  bool join_user;        /* the user namespace at its path is joined */
  guint32 joins_after;   /* joined with the rights of the container's user namespace */
  bool time_offsets;     /* unshare the time namespace and write its offsets, before the fork */
  bool fork;             /* a second process goes on, made with ... */
  guint64 fork_flags;    /* ... these CLONE_NEW* */
  guint64 unshare_flags; /* instead of a fork, when that is enough */
  bool unshare_cgroup;   /* once the process is in its cgroup */

  bool new_userns;
  guint64 created; /* CLONE_NEW* of all that are made */
  guint64 joined;  /* CLONE_NEW* of all that are joined; neither: shared with the runtime */
} RuncSchedule;

/* Errors: RUNC_ERROR_NOT_FOUND for a path that is no namespace, RUNC_ERROR_UNSUPPORTED for one that
 * the caller has no right to join. */
gboolean runc_plan_schedule (const RuncSpec *spec, const RuncHost *host, RuncSchedule *ret_schedule,
                             GError **error);
