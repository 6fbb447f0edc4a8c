/* Plans for criu: what `checkpoint` and `restore` have it do. Pure, as everything in src/plan.
 *
 * Both are RuncPlans whose program is criu; in `criu` of the plan is what it is asked for. Its
 * first fd behind stdio is the connection that this is said over (slot SOCKET). For a restore the
 * child goes into the container's cgroups and makes, as `create` would, what the rootfs lacks for
 * mounts to be put on, in a mount namespace that ends with criu.
 */
#pragma once

#include "plan/criu.h"
#include "plan/plan.h"

/* A line of /proc/PID/mountinfo. */
typedef struct
{
  int id;
  const char *root;   /* what of the filesystem is mounted */
  const char *target; /* in the container */
  const char *type;
} RuncMountFact;

/* What fd 0, 1 or 2 of the container's init is. */
typedef struct
{
  const char *link; /* of /proc/PID/fd: "pipe:[123]", "/dev/null"; NULL: it is closed */
  int mount_id;
  guint64 inode;
  guint32 mode;   /* st_mode */
  guint64 device; /* st_rdev */
} RuncFdFact;

/* What is known about a container that is to be saved. */
typedef struct
{
  const RuncSpec *spec;
  const RuncHost *host;
  const RuncCriuOptions *options;
  const char *rootfs;
  pid_t init_pid;
  const char *freezer;         /* the cgroup to freeze it in, absolute; NULL: there is none */
  const RuncMountFact *mounts; /* init's */
  gsize n_mounts;
  const char *const *mounted_at; /* where the destination of each of spec->mounts is in the
                                    container, with symlinks followed; NULL: nowhere */
  RuncFdFact stdio[3];
  guint64 netns; /* inodes of init's namespaces */
  guint64 pidns;
  const char *const *environment; /* criu's */
} RuncCheckpointInput;

/* RUNC_ERROR_UNSUPPORTED for who is not root: both plans are refused, and nothing needs to be read
 * for them. */
gboolean runc_plan_check_criu_user (const RuncHost *host, const char *verb, GError **error);

/* The plan of `checkpoint`.
 * RUNC_ERROR_UNSUPPORTED for who is not root, and for containers that criu could not restore. */
RuncPlan *runc_plan_new_checkpoint (const RuncCheckpointInput *input, GError **error);

/* What `restore` knows beyond what `run` does (RuncPlanInput.restore). */
typedef struct RuncRestoreInput
{
  const RuncCriuOptions *options;
  const char *const *descriptors; /* of the images: three strings */
  const char *const *mounted_at;  /* as above, in the rootfs */
  const char *const *environment;
} RuncRestoreInput;

/* The directory, below that of the container's state, on which the rootfs is bound for criu. */
#define RUNC_RESTORE_ROOT "criu-root"

/* Read the text of a mountinfo file: RuncMountFacts in @ret_mounts (to be freed with g_free()),
 * whose strings point into @text, which is changed. Returns their number; a line that cannot be
 * understood is left out. */
gsize runc_plan_parse_mountinfo (char *text, RuncMountFact **ret_mounts);
