/* Cgroups of a container: make, limit, find, freeze, kill, remove. Parent side.
 *
 * The plan (RuncCgroupPlan) has decided driver and paths; the functions for an existing container
 * work from its RuncCgroupRef, which comes from state.json. Conversions between the OCI's (v1)
 * numbers and v2's are pure and live in convert.c. Drivers: fs2.c (v2 by hand), fs1.c (v1 and
 * hybrid), systemd.c (transient scopes, through the helper program that speaks D-Bus, so that runc
 * itself never loads gio).
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <sys/types.h>

/* Where an existing container's cgroups are. Strings borrow from a RuncState or RuncPlan. */
typedef struct
{
  int driver;     /* RuncCgroupDriver of plan.h: 0 none, 1 fs2, 2 fs1, 3 systemd */
  char **v1_dirs; /* strv of absolute directories */
  const char *v2_dir;
  const char *delegated; /* where below v2_dir the processes are that the runtime starts; NULL: in
                            v2_dir itself */
  const char *unit;      /* systemd scope */
  gboolean user_bus;
} RuncCgroupRef;

/* What create needs. Mirrors RuncCgroupPlan, because cgroup/ does not know plan/. */
typedef struct
{
  RuncCgroupRef ref;        /* directories to be made (fs drivers) */
  const char *id;           /* of the container */
  const char *systemd_path; /* "slice:prefix:name" */
  char **properties;        /* org.systemd.property.* */
  const char *subgroup;
  gboolean delegate;
  gboolean device_rules;
  uid_t owner; /* outside id of the container's root, when the container may manage its v2 cgroup
                  (own user and cgroup namespace, writable mount); 0: nobody else than us */
  const RuncSpecResources *resources; /* or NULL */
} RuncCgroupSetup;

/* What create made; embedded, clear closes fds and frees. */
typedef struct
{
  int v2_fd;         /* directory for CLONE_INTO_CGROUP, or -EBADF */
  char *v2_dir;      /* final directory (systemd: asked from the manager), or NULL */
  char *unit;        /* systemd: scope name */
  char **task_files; /* v1: `tasks` files the child must join (strv) */
  gboolean attach;   /* runc_cgroup_join(): we may not clone into the v2 cgroup, so v2_fd is none,
                        but runc_cgroup_attach() may move the process there */
} RuncCgroupMade;

void runc_cgroup_made_clear (RuncCgroupMade *made);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncCgroupMade, runc_cgroup_made_clear)

/* Make the cgroups and set the limits that must be there before the first process; for the fs
 * drivers all limits. Refused: a cgroup that holds processes of another container (text
 * "container's cgroup is not empty"). On error nothing that this call made is left. */
gboolean runc_cgroup_create (const RuncCgroupSetup *setup, RuncCgroupMade *ret_made,
                             GError **error);

/* What is done once the process is there, @pid, and still runs the runtime's own code. systemd: the
 * scope, which needs a process to exist. v2 by hand: the device rules, which cost as much as all
 * mounts together and are better loaded while the process is busy with those. */
gboolean runc_cgroup_adopt (const RuncCgroupSetup *setup, pid_t pid, RuncCgroupMade *made,
                            GError **error);

/* Move @pid, which is in the v2 cgroup @dir, into @sub below that (a clean relative path), made if
 * it is not there, and enable the controllers of @dir for it. The new directory (new string). */
char *runc_cgroup_enter_sub (const char *dir, const char *sub, pid_t pid, GError **error);

/* Give the v2 cgroup @dir to @owner (0: nothing is done): the directory, and the files that the
 * kernel says are the delegatee's. */
gboolean runc_cgroup_give (const char *dir, uid_t owner, GError **error);

/* Set or change limits of an existing container (update). All are checked before the first is
 * written; what was changed is put back when a later one fails. */
gboolean runc_cgroup_update (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                             GError **error);

/* Remove the cgroups with their sub-cgroups; processes that are left in them are killed first.
 * Missing ones are fine. */
gboolean runc_cgroup_remove (const RuncCgroupRef *ref, GError **error);

/* Send @signal to every process in the cgroup and below (SIGKILL by cgroup.kill where it is there).
 */
gboolean runc_cgroup_signal_all (const RuncCgroupRef *ref, int signal, GError **error);

/* The pids in the cgroup and below, ascending (GArray of pid_t). */
GArray *runc_cgroup_pids (const RuncCgroupRef *ref, GError **error);

/* Freeze or thaw and wait until it is so (by poll on cgroup.events, or re-reading freezer.state).
 */
gboolean runc_cgroup_freeze (const RuncCgroupRef *ref, gboolean freeze, GError **error);
gboolean runc_cgroup_is_frozen (const RuncCgroupRef *ref);
/* The directory whose freezer that is (new string), or NULL. */
char *runc_cgroup_freezer (const RuncCgroupRef *ref);

/* The `stats` data of `runc events` as runc prints it (new reference). */
RuncJson *runc_cgroup_stats (const RuncCgroupRef *ref, GError **error);

/* OOM notifications: poll *@ret_fd (owned by the object) for reading; each time it is ready, and
 * once at the start, call runc_cgroup_oom_read(), which returns TRUE when there was an OOM since
 * the last call and sets *ret_gone when the container's processes (v2) or its cgroup (v1) are gone.
 */
typedef struct RuncCgroupOom RuncCgroupOom;
RuncCgroupOom *runc_cgroup_oom_new (const RuncCgroupRef *ref, int *ret_fd, GError **error);
gboolean runc_cgroup_oom_read (RuncCgroupOom *oom, gboolean *ret_gone);
void runc_cgroup_oom_free (RuncCgroupOom *oom);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncCgroupOom, runc_cgroup_oom_free)

/* Files that put a process into the cgroup by writing "0": `tasks` for v1, `cgroup.procs` for v2,
 * with @sub ("path" or "controller:path" of exec --cgroup, or NULL) below it (strv).
 * Errors: "bad sub cgroup path", "unknown controller". */
char **runc_cgroup_join_files (const RuncCgroupRef *ref, const char *const *sub, GError **error);

/* What exec needs to put a process into the container's cgroups, with @sub as above: v2_fd for
 * CLONE_INTO_CGROUP (v2_dir is where), task_files for v1. Errors as above.
 *
 * @init: the container's init. When no @sub is given and the v2 cgroup cannot take processes itself
 * (the container has enabled controllers for its sub-cgroups) or is gone, the one that init is in
 * is used. */
gboolean runc_cgroup_join (const RuncCgroupRef *ref, const char *const *sub, pid_t init,
                           RuncCgroupMade *ret_made, GError **error);

/* Move process @pid into the container's cgroup, by way of systemd, which may do more than we may.
 */
gboolean runc_cgroup_attach (const RuncCgroupRef *ref, pid_t pid, GError **error);
