/* What the files of src/plan share while a plan is being built. Internal to src/plan.
 *
 * Memory: everything comes from the arena of the plan, in chunks, and is freed with it. Pointers
 * into `ops` are valid until the next op is added.
 */
#pragma once

#include "plan/mount-options.h"
#include "plan/namespaces.h"
#include "plan/plan.h"

#include <stdarg.h>

/* Label of things without a JSON path. */
#define RUNC_LABEL_NONE NULL

typedef struct
{
  const RuncSpec *spec;
  const RuncHost *host;
  const RuncGlobal *global;         /* NULL for exec */
  const RuncCreateRequest *request; /* NULL for exec */
  const char *state_dir;            /* NULL for exec */
  const char *token;                /* NULL for exec, and where nothing is done */
  bool gate;
  const struct RuncRestoreInput *restore; /* NULL: create, run or exec */

  RuncPlan *plan;
  char *chunk; /* free space of the arena */
  gsize chunk_left;
  RuncOp *ops;
  gsize n_ops, ops_size;
  RuncSlot *slots;
  gsize n_slots, slots_size;
  gsize n_warnings, warnings_size;
  gsize criu_size; /* room in plan->criu->settings */

  RuncWho who;
  RuncSchedule ns;
  bool in_userns;         /* the container is not in the initial user namespace */
  const char *why_one_id; /* the reason, where ranges would have been taken */
  bool can_set_groups;
  bool network_taken;
  bool devices_made;
  bool keep_groups; /* annotation run.oci.keep_original_groups */

  RuncPlannedMount *mounts; /* config.json's and our own */
  gsize n_mounts;

  int fds_slot;                 /* of OPEN_FDS; only with `gate` */
  bool overrides_dac;           /* the process has CAP_DAC_OVERRIDE */
  RuncOpScratch overlay_layers; /* what runc_plan_overlay_open_ops() opened */
} RuncBuilder;

/* builder.c: memory, ops, slots, warnings */
void *runc_builder_alloc (RuncBuilder *b, gsize size); /* zeroed */
char *runc_builder_printf (RuncBuilder *b, const char *format, ...) G_GNUC_PRINTF (2, 3);
char *runc_builder_strndup (RuncBuilder *b, const char *text, gsize len);
/* "dir/name", or "dirname" when one of them has the slash. */
char *runc_builder_path (RuncBuilder *b, const char *dir, const char *name);
/* @path without ".", "..", double and trailing slashes, always absolute; the same pointer when it
 * is so already. */
const char *runc_builder_clean (RuncBuilder *b, const char *path);
/* Add an op at the end: zeroed, on_error FAIL, no slots. */
RuncOp *runc_builder_op (RuncBuilder *b, RuncOpKind kind, const char *label);
/* The op's failure with one of up to three errnos (0: none) is handled as @what says. */
void runc_builder_on_error (RuncOp *op, RuncOnError what, int e1, int e2, int e3);
int runc_builder_slot (RuncBuilder *b, RuncSlotKind kind, const char *path);
/* The slot of the host's /proc, made when it is first asked for. */
int runc_builder_need_proc (RuncBuilder *b);
void runc_builder_warn (RuncBuilder *b, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Start and end. */
void runc_builder_init (RuncBuilder *b);
RuncPlan *runc_builder_finish (RuncBuilder *b);

/* ids.c */
gboolean runc_plan_maps (RuncBuilder *b, GError **error);
/* Is @id of the container mapped? (When that cannot be known: yes.) */
bool runc_plan_uid_is_mapped (const RuncBuilder *b, guint32 id);
bool runc_plan_gid_is_mapped (const RuncBuilder *b, guint32 id);
/* What @id of a new user namespace is outside; 0 where that cannot be known. */
guint32 runc_plan_host_uid (const RuncBuilder *b, guint32 id);
guint32 runc_plan_host_gid (const RuncBuilder *b, guint32 id);
/* The container's root is not yet what we are once the map is written. */
bool runc_plan_must_become_root (const RuncBuilder *b);
/* The process's user, group and groups exist in the container. */
gboolean runc_plan_check_user (RuncBuilder *b, const RuncSpecProcess *process, GError **error);

/* cgroup.c */
gboolean runc_plan_cgroup (RuncBuilder *b, GError **error);

/* rdt.c: linux.intelRdt */
gboolean runc_plan_intel_rdt (RuncBuilder *b, GError **error);

/* network.c: --network says whether there is a network namespace, whatever config.json says; then
 * who sets it up */
void runc_plan_network_flag (RuncBuilder *b);
gboolean runc_plan_network (RuncBuilder *b, GError **error);

/* overlay.c: decide about a writable layer; the ops that open what it consists of, and make the
 * rootfs the current directory; those that make it, as the container's root: returns the slot of
 * the tree that goes on the current directory */
gboolean runc_plan_overlay (RuncBuilder *b, GError **error);
void runc_plan_overlay_open_ops (RuncBuilder *b);
int runc_plan_overlay_make_ops (RuncBuilder *b);
/* For a mount of type overlay that fuse-overlayfs has to serve: the op, and the slot of the tree to
 * attach; RUNC_NO_SLOT when it is the kernel's to make */
gboolean runc_plan_overlay_mount (RuncBuilder *b, const RuncPlannedMount *m, int *ret_slot,
                                  GError **error);

/* hooks.c */
void runc_plan_parent_hooks (RuncBuilder *b);
/* HOOKS of a child kind (createContainer, startContainer), if there are any. */
void runc_plan_child_hooks (RuncBuilder *b, RuncHookKind kind);
bool runc_plan_has_hooks (const RuncBuilder *b, RuncHookKind kind);

/* mount-options.c: @strings are the options of a mount; each may be a list with commas */
void runc_plan_parse_options (RuncBuilder *b, const RuncStrings *strings,
                              RuncMountOptions *ret_options);

/* mount-parse.c: config.json's mounts and our own, read */
gboolean runc_plan_parse_mounts (RuncBuilder *b, GError **error);
/* Where our own mounts may be (NULL-terminated). */
extern const char *const runc_plan_own_mounts[];
/* The mount of config.json (or our own) on exactly @path that counts, or NULL. */
const RuncPlannedMount *runc_plan_mount_on (const RuncBuilder *b, const char *path);
/* Is the clean path @path below @dir? Not if it is the same. */
bool runc_plan_is_below (const char *path, const char *dir);

/* mounts.c: the ops before and after the root is there */
/* @keep_peers: what is shared on the host stays shared */
gboolean runc_plan_open_sources (RuncBuilder *b, bool keep_peers, GError **error);
gboolean runc_plan_mount_ops (RuncBuilder *b, GError **error);
/* The child joins the network namespace that the parent has made, unless it did already; nothing
 * before this may depend on it. */
void runc_plan_take_network (RuncBuilder *b);
/* Read-only for what had to stay writable until now. */
void runc_plan_late_readonly (RuncBuilder *b);

/* mount-idmap.c: the ids that the mount is mapped with. Those of a user namespace that the
 * container joins come from its slot instead: then *@ret_maps stays NULL and m->idmap_slot is set.
 */
gboolean runc_plan_mount_idmap (RuncBuilder *b, RuncPlannedMount *m, const RuncMapPlan **ret_maps,
                                GError **error);

/* plan.c: the ops that put the child into the cgroups of the v1 hierarchies */
void runc_plan_join_cgroups (RuncBuilder *b);

/* cgroup-mount.c: is it a mount of type cgroup or cgroup2? */
bool runc_plan_is_cgroup (const RuncPlannedMount *m);
/* The ops for a mount of type cgroup or cgroup2 */
gboolean runc_plan_cgroup_mount (RuncBuilder *b, const RuncPlannedMount *m, GError **error);

/* devices.c: the ops for the devices and links of /dev, unless they are there already */
void runc_plan_devices (RuncBuilder *b);
/* Where the container may have devices (NULL-terminated). */
const char **runc_plan_device_paths (RuncBuilder *b);
void runc_plan_masks (RuncBuilder *b, int null_slot);
bool runc_plan_needs_null (const RuncBuilder *b);

/* program.c: decide whether the child leaves the runtime's executable, and if so, the op for it:
 * the first of all. @maps as for runc_plan_program_is_exposed() */
void runc_plan_program (RuncBuilder *b, const RuncMapPlan *maps);

/* restore.c: the ops and the request of a restore, once all is decided */
gboolean runc_plan_restore_ops (RuncBuilder *b, GError **error);

/* sysctl.c */
gboolean runc_plan_sysctls (RuncBuilder *b, GError **error);

/* env.c */
gboolean runc_plan_environment (RuncBuilder *b, const RuncSpecProcess *process, guint listen_fds,
                                GError **error);

/* process.c: what create and exec do alike to become the process */
typedef struct
{
  const RuncSpecProcess *process;
  const RuncSpecSeccomp *seccomp; /* NULL: none */
  const char *apparmor;           /* NULL: none */
  bool exec;
  guint preserve_fds;
} RuncProcessPlan;

gboolean runc_plan_oom_score (RuncBuilder *b, const RuncSpecProcess *process);
gboolean runc_plan_become_process (RuncBuilder *b, const RuncProcessPlan *p, GError **error);
void runc_plan_ready_and_exec (RuncBuilder *b, const RuncProcessPlan *p);
/* Not the CPUs that the caller happens to be bound to, but all that the cgroup has. */
void runc_plan_reset_affinity (RuncBuilder *b);
/* A list of numbers ("0-3,7") of the member @path as a bit set. */
gboolean runc_plan_parse_list (RuncBuilder *b, const char *path, const char *text,
                               RuncOpMask *ret_mask, GError **error);
/* The terminal of @process, if it wants one. @socket: who gets its other end, NULL: we do. */
void runc_plan_console (RuncBuilder *b, const RuncSpecProcess *process, const char *socket);
