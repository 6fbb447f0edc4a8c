/* RuncPlan: all that will be done to create a container or to exec into one, decided before
 * anything is done.
 *
 * PURE: RuncSpec + RuncHost + request -> RuncPlan. No system calls, no I/O, no clock, no
 * environment; the same input gives the same plan, byte for byte in its dump. Everything the plan
 * points to lives in its own arena or in the RuncSpec and RuncHost it was built from, which must
 * outlive it.
 */
#pragma once

#include "host/host.h"
#include "plan/criu.h"
#include "plan/plan-types.h"
#include "plan/request.h"
#include "spec/spec.h"

/* How the new user namespace gets its ids. */
typedef enum
{
  RUNC_MAP_NONE,   /* no new user namespace */
  RUNC_MAP_SELF,   /* one's own id only: the child writes the maps (op SELF_MAP) */
  RUNC_MAP_DIRECT, /* the parent writes uid_map and gid_map */
  RUNC_MAP_TOOLS,  /* newuidmap and newgidmap, both at once */
} RuncMapMethod;

typedef struct
{
  guint32 inside;  /* in the container */
  guint32 outside; /* in the parent's user namespace */
  guint32 size;
} RuncIdMap;

typedef struct RuncMapPlan
{
  RuncMapMethod method;
  RuncIdMap *uids;
  gsize n_uids;
  RuncIdMap *gids;
  gsize n_gids;
  gboolean deny_setgroups; /* write "deny" to setgroups first */
  const char *newuidmap;   /* TOOLS: their paths */
  const char *newgidmap;
} RuncMapPlan;

typedef enum
{
  RUNC_CGROUP_DRIVER_NONE,
  RUNC_CGROUP_DRIVER_FS2, /* one directory in the v2 hierarchy */
  RUNC_CGROUP_DRIVER_FS1, /* a directory in each v1 hierarchy, and in the v2 one of a hybrid host */
  RUNC_CGROUP_DRIVER_SYSTEMD, /* a transient scope; the directory is systemd's */
} RuncCgroupDriver;

typedef struct
{
  RuncCgroupDriver driver;
  char *path;     /* FS2: below the v2 mount, "/user.slice/.../id"; SYSTEMD: the cgroupsPath triple
                     "slice:prefix:name", completed */
  char **v1_dirs; /* FS1: absolute directory of the container in each hierarchy (strv) */
  char *v2_dir;   /* FS2, hybrid FS1: absolute directory; CLONE_INTO_CGROUP goes here */
  gboolean user_bus; /* SYSTEMD: the user's bus */
  gboolean delegate;
  char **properties;     /* SYSTEMD: org.systemd.property.* as "Name=gvariant text" (strv) */
  char *subgroup;        /* run.oci.systemd.subgroup */
  char *delegated;       /* run.oci.delegate-cgroup: path below the v2 cgroup; NULL: none */
  gboolean device_rules; /* enforce device rules (real root only) */
  guint32 owner;         /* outside id of the container's root, when it may manage its v2 cgroup (or
                            `delegated` below that) and is another than ours; else 0 */
  const RuncSpecResources *resources; /* NULL: nothing to set */
} RuncCgroupPlan;

typedef struct
{
  RuncNetworkMode mode; /* never UNSET; HOST and NONE need nothing done */
  char **publish;       /* strv "[ip:]host:container[/udp]" or NULL */
  gboolean ipv6;
  gboolean host_loopback;
  char *outbound_addr;
  const RuncSpecNetDevice *devices; /* interfaces to move in */
  gsize n_devices;
} RuncNetworkPlan;

/* linux.intelRdt; dir == NULL: none */
typedef struct
{
  const char *dir;      /* the group, absolute */
  const char *mon_dir;  /* its monitoring group, or NULL */
  const char *schemata; /* lines to write, each with its newline, or NULL */
  const char *expected; /* lines that a group that is there already must have, or NULL */
  gboolean must_exist;  /* the group is made by others */
  gboolean own;         /* it is named after the container, and removed with it */
} RuncRdtPlan;

typedef enum
{
  RUNC_OVERLAY_NONE,
  RUNC_OVERLAY_KERNEL,
  RUNC_OVERLAY_FUSE,
} RuncOverlayKind;

typedef struct
{
  RuncOverlayKind kind;
  const char *const *lowers; /* absolute, the topmost first */
  const char *directory;     /* of the upper layer; NULL: in memory */
  gboolean discard;          /* the directory is removed with the container */
} RuncOverlayPlan;

/* What is done so that no process of the container can write to the runtime's executable. */
typedef enum
{
  RUNC_PROGRAM_KEPT,  /* nothing: none could, whatever it gets hold of */
  RUNC_PROGRAM_LEFT,  /* the child leaves it (op LEAVE_PROGRAM) before it meets the container */
  RUNC_PROGRAM_AGAIN, /* the runtime executes itself once more, from where nobody can write */
} RuncProgramPlan;

/* An overlay that fuse-overlayfs serves. */
typedef struct
{
  const char *label;         /* what it is for, in messages */
  const char *const *lowers; /* absolute, the topmost first */
  const char *layer;         /* absolute directory that has the next two; NULL: a tmpfs */
  const char *upper;         /* names below layer; NULL: nothing can be written */
  const char *work;
  gboolean squash; /* all files are shown as root's, whoever owns them */
} RuncFusePlan;

typedef struct
{
  RuncChildPlan child; /* the only part that the child sees */

  guint64 clone_flags; /* CLONE_NEW* of the first clone3() */
  gboolean forks;      /* the op list has a FORK: the container's init is reported by FORKED */
  RuncProgramPlan program;
  RuncMapPlan maps;
  RuncCgroupPlan cgroup;
  RuncRdtPlan rdt;
  RuncNetworkPlan network;
  RuncOverlayPlan overlay;

  RuncFusePlan *fuse; /* what the FUSE ops mount, by their index */
  gsize n_fuse;
  const char *fuse_overlayfs; /* the program */
  gboolean fuse_binds_proc;   /* it cannot have a procfs of its own */
  int userns_slot;            /* NAMESPACE of the user namespace that is joined, or RUNC_NO_SLOT */

  RuncPlanHooks prestart; /* run by the parent between ROOT_READY and HOOKS_DONE */
  RuncPlanHooks create_runtime;
  RuncPlanHooks poststart;
  RuncPlanHooks poststop;
  gboolean child_hooks;   /* the op list has HOOKS: send HOOK_STATE */
  gboolean makes_network; /* the parent makes the network namespace (op TAKE_NETWORK) */
  gboolean wait_root;     /* the child sends ROOT_READY and waits for HOOKS_DONE */
  gboolean sends_ready;   /* the child sends READY before it waits for PROCEED */
  gboolean new_userns;    /* the container gets a user namespace of its own */
  gboolean own_pidns;     /* the container has a pid namespace of its own */

  const RuncSpecSeccomp *seccomp; /* NULL: no filter */
  gboolean terminal;
  RuncCriuPlan
      *criu;       /* checkpoint, restore: what is executed is criu, and asked for this; or NULL */
  char **warnings; /* strv: said once, by whoever runs the plan; never in the normal case */

  GPtrArray *arena; /* owned */
} RuncPlan;

/* Everything a plan for a container is made from. */
typedef struct
{
  const RuncSpec *spec;
  const RuncHost *host;
  const RuncGlobal *global;
  const RuncCreateRequest *request;
  const char *state_dir; /* "<root>/<id>", absolute */
  const char *token;     /* what nobody else has in a name, or NULL where nothing is done */
  gboolean gate;         /* create: block at the fifo; run: pass at once */
  const struct RuncRestoreInput *restore; /* see plan/checkpoint.h; NULL: create or run */
} RuncPlanInput;

/* The writable layer that was asked for: NULL none, "" an ephemeral one, else a directory, relative
 * to the bundle. Pure. */
const char *runc_plan_layer (const RuncSpec *spec, const RuncCreateRequest *request);

/* The directory below which an ephemeral layer was asked to be, relative to the bundle, or NULL.
 * Pure. */
const char *runc_plan_layer_place (const RuncSpec *spec, const RuncCreateRequest *request);

/* Build the plan of `create`, `run` and `restore`. Errors name the JSON path and what the host
 * withholds. */
RuncPlan *runc_plan_new (const RuncPlanInput *input, GError **error);

/* What exec needs to know about the container, from its state. */
typedef struct
{
  const RuncSpec *spec; /* the container's config.json */
  const RuncSpecProcess
      *process; /* what to execute: merged by the engine from process.json or arguments */
  const RuncHost *host;
  const RuncExecRequest *request;
  const RuncMapPlan *maps;   /* ids of the container, when its user namespace is its own; or NULL */
  guint64 join_flags;        /* CLONE_NEW* of the namespaces of init that differ from ours */
  char *const *cgroup_files; /* files for CGROUP_JOIN when there is no v2 directory for the clone */
  const char *apparmor;      /* final label or NULL */
  gboolean setgroups_allowed; /* /proc/PID/setgroups of init is not "deny" */
  gboolean no_new_keyring;    /* the container was made with --no-new-keyring */
  gboolean attach; /* systemd moves the process into its cgroup, and only while it has our ids */
} RuncExecPlanInput;

/* Build the plan of `exec`: joins by one pidfd, no mounts. */
RuncPlan *runc_plan_new_exec (const RuncExecPlanInput *input, GError **error);

/* A plan with nothing but `maps`, and the warnings about them: all the ids that the user of @host
 * can have, as a container without maps in config.json gets them; for whoever is not real root. */
RuncPlan *runc_plan_new_ids (const RuncHost *host, GError **error);

/* The map (new, @ret_n lines) of a container with the user's own id and his ranges of @host,
 * whether or not there are programs that can write it. */
RuncIdMap *runc_plan_own_ids (const RuncHost *host, bool groups, gsize *ret_n);

/* Could a process with the ids of @maps (NULL: with all ids of our own user namespace) write to the
 * runtime's executable, once it has it open? */
bool runc_plan_program_is_exposed (const RuncHost *host, const RuncMapPlan *maps);

/* The invariants no plan may break, whoever built it: order of phases, no op after EXEC, sources
 * opened before the root is touched, credentials dropped before EXEC, bounding before credentials,
 * inheritable within bounding, ids within the maps, every slot filled before use, ALTERNATIVE
 * followed by an alternative, WAIT order as in wire.h, ... */
gboolean runc_plan_check (const RuncPlan *plan, GError **error);

/* The plan as text, one op a line, stable across runs (golden files); or as JSON. New string. */
char *runc_plan_dump_text (const RuncPlan *plan);
char *runc_plan_dump_json (const RuncPlan *plan);
/* The part of the text about criu, appended to @text. */
void runc_plan_dump_criu (const RuncCriuPlan *criu, GString *text);

/* What may be the reason, and the way out, when the kernel refuses @maps with @errnum; else "". */
const char *runc_plan_map_hint (const RuncMapPlan *maps, int errnum);

/* The words for a failed op: "mounts[3]: cannot mount 'proc' on '/proc': Operation not permitted
 * (...)". @errnum, @step, @index, @detail as in RuncWireFailure. Always returns FALSE. */
struct RuncPlanFailure
{
  int op;
  int errnum;
  int step;
  int index;
  const char *detail;
};
gboolean runc_plan_throw_failure (const RuncPlan *plan, const struct RuncPlanFailure *failure,
                                  GError **error);

/* The names of the mount options that a plan understands, sorted (NULL-terminated, static); not
 * those that are handed on to a filesystem. For `features`. */
const char *const *runc_plan_mount_options (void);

void runc_plan_free (RuncPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncPlan, runc_plan_free)
