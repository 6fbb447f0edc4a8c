/* What the child is told to do: plain data, final in every string and number.
 *
 * Plain C without glib, because src/child includes it. The parent builds a RuncChildPlan
 * (src/plan/plan.c), checks it (plan-check.c) and can print it (plan-dump.c); the child gets it by
 * inheriting the memory at clone3() and walks `ops` once, from first to last. The child holds no
 * policy: an alternative for something a kernel may refuse is an entry of this list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- slots: the one place where fds live --------------------------------------------------- */

/* Number of a slot in RuncChildPlan.slots; RUNC_NO_SLOT where an op has none. */
#define RUNC_NO_SLOT (-1)

/* Who fills a slot, and with what.
 *
 * PARENT slots are open when the child starts; CHILD slots are filled by the op that names them as
 * `slot` and has an "opens" role. All fds are close-on-exec.
 *
 * X (ENUM, "dump name") */
/* clang-format off */
#define RUNC_SLOT_KINDS(X)                                                                         \
  X (PROC, "proc")       /* parent: the host's /proc, O_PATH, verified to be procfs' root */      \
  X (NAMESPACE, "ns")    /* parent: `path`, a namespace file to join */                            \
  X (PIDFD, "pidfd")     /* parent: the pidfd of the container's init, for one setns() */          \
  X (CGROUP, "cgroup")   /* parent: one v1 `tasks` or v2 `cgroup.procs` file, opened for writing */\
  X (FIFO, "fifo")       /* parent: the start fifo, O_PATH */                                      \
  X (LOG, "log")         /* parent: `path`, made if it is missing, opened for appending */         \
  X (SOURCE, "source")   /* parent: as OPEN_TREE with `tree`, for what only the runtime may open or map;
                            for the child a TREE */                                                \
  X (DEVICES, "devices") /* parent: a new filesystem, detached, with the devices `nodes` in it, called "0", "1"
                            and so on, for a container that must not make them itself */           \
  X (PROGRAM, "program") /* parent: the runtime's executable as a detached, read-only mount */    \
  X (DECOY, "decoy")     /* parent: an empty file that nobody can write to, to be shown as executable */ \
  X (SOCKET, "socket")   /* parent: its connection to the program that is executed */             \
  X (TREE, "tree")       /* child: a detached mount, or an attached one that an op re-opened */    \
  X (FDS, "fds")         /* child: the directory of its own fds, a detached mount of it alone */      \
  X (NULL_DEVICE, "null")/* child: the host's /dev/null, O_PATH, verified by device number */      \
  X (ROOT, "root")       /* child: the root directory of the container's mount tree */
/* clang-format on */

typedef enum
{
#define X(name, text) RUNC_SLOT_##name,
  RUNC_SLOT_KINDS (X)
#undef X
} RuncSlotKind;

struct RuncOpTree;
struct RuncOpNode;
struct RuncMapPlan;

typedef struct
{
  RuncSlotKind kind;
  const char *path; /* what the parent opens, absolute; NULL where the kind says it all */
  int fd;           /* -EBADF until filled */

  /* SOURCE only */
  const struct RuncOpTree *tree;
  const struct RuncMapPlan *idmap; /* ids that the tree is mapped with, or NULL */
  const char *label;               /* what it is for, in messages: "mounts[3]" */

  /* DEVICES only; with the ids of the runtime's user namespace */
  const struct RuncOpNode *nodes;
  size_t n_nodes;
} RuncSlot;

/* ---- ops ------------------------------------------------------------------------------------- */

/* X (ENUM, "dump name"). The comment is the contract of the op. `target` is always a path inside
 * the container's root, resolved by openat2(RESOLVE_IN_ROOT) on the ROOT slot, never by string. */
/* clang-format off */
#define RUNC_OPS(X)                                                                                \
  /* protocol: see wire/wire.h */                                                                  \
  X (SEND, "send")             /* send u.message, without payload */                               \
  X (WAIT, "wait")             /* receive; anything else than u.message is a protocol error. HOOK_STATE
                                  comes before each HOOKS */                                       \
  /* before anybody of the container can see us */                                                 \
  X (LEAVE_PROGRAM, "leave-program") /* go on without the runtime's executable: mapped from the PROGRAM
                                  in slot, /proc/PID/exe is the DECOY in slot `result` */          \
  /* namespaces */                                                                                 \
  X (JOIN, "join")             /* setns (slot, u.ns.flags); a PIDFD slot may carry several flags */ \
  X (UNSHARE, "unshare")       /* unshare (u.ns.flags) */                                          \
  X (FORK, "fork")             /* clone3 (u.ns.flags | CLONE_PARENT); report the new process with
                                  FORKED, exit; the new process goes on with the next op */        \
  X (SELF_MAP, "self-map")     /* write u.map to setgroups ("deny"), gid_map and uid_map of this process:
                                  one's own id, which needs no help from outside */                \
  X (BECOME_ROOT, "become-root") /* setgroups(0) if u.ids.n_groups == 0 and allowed (flag
                                  u.ids.set_groups), setresgid 0, setresuid 0 */                   \
  X (TIME_OFFSETS, "time-offsets") /* write u.text to self/timens_offsets */                       \
  X (CGROUP_JOIN, "cgroup-join") /* write "0" to the CGROUP slot */                                \
  X (TAKE_NETWORK, "take-network") /* receive NETWORK, join the network namespace that comes with it; the
                                  parent makes it meanwhile, with lo up */                         \
  X (LOOPBACK_UP, "loopback-up") /* bring up lo in the own network namespace */                    \
  X (NEW_SESSION, "new-session") /* setsid() */                                                    \
  X (KEYRING, "keyring")       /* join a new session keyring named u.text */                       \
  X (HOSTNAME, "hostname")     /* sethostname (u.text) */                                          \
  X (DOMAINNAME, "domainname") /* setdomainname (u.text) */                                        \
  X (SYSCTL, "sysctl")         /* write u.text to sys/`target`, through the PROC slot */           \
  /* building the root; everything up to PIVOT sees the host's tree */                             \
  X (PROPAGATION, "propagation") /* mount_setattr ("/", recursive, u.attr.propagation) */          \
  X (OPEN_TREE, "open-tree")   /* slot = open_tree (u.tree.path, clone), then its attributes; the
                                  path is the host's, but with `target` it is that of the container */ \
  X (OPEN_NULL, "open-null")   /* slot = the host's /dev/null, checked to be device 1:3 */         \
  X (OPEN_FDS, "open-fds")     /* slot = the own FDS, for GATE: nothing else of procfs can be reached from it */                          \
  X (NEW_TREE, "new-tree")     /* slot = a new detached filesystem (u.fs), not attached */         \
  X (FUSE, "fuse")             /* slot = a new detached FUSE filesystem (u.fuse) that a program outside
                                  serves: ask for a device (FUSE, DEVICE), mount it (MOUNTED), wait for
                                  an answer (SERVED) */                                            \
  X (ENTER_DIR, "enter-dir")   /* the host directory u.text becomes the current one */             \
  X (SCRATCH, "scratch")       /* a new tmpfs (u.scratch) on the current directory, seen by nobody else, with
                                  the layers of an overlay in it: the TREEs as "0", "1" and so on, a TREE or
                                  a directory as "layer", and "upper" and "work" in that. It is the current
                                  directory from then on */                                        \
  X (ROOTFS, "rootfs")         /* attach the TREE in slot over the host directory u.tree.path (".": the
                                  current one); it becomes the ROOT (slot `result`) */                 \
  X (MKDIR, "mkdir")           /* make `target` and its missing parents, beneath the root */       \
  X (MOUNT, "mount")           /* a new filesystem (u.fs) on `target`, made as a directory if absent */ \
  X (ATTACH, "attach")         /* the TREE in slot on `target`, made like it if absent; keeps slot
                                  open when u.tree.keep is set (a clone is attached) */            \
  X (SET_ATTR, "set-attr")     /* mount_setattr on `target`: u.attr */                             \
  X (COPY_UP, "copy-up")       /* copy the content of `target` into the tmpfs in slot, before ATTACH */ \
  X (COPY_SYMLINK, "copy-symlink") /* make `target` the same symlink as u.text of the host */      \
  X (MKNOD, "mknod")           /* device, fifo: u.node */                                          \
  X (OPEN_DEVICES, "open-devices") /* the slots from `result` on, one for each node, are TREEs of the nodes of
                                  the DEVICES in slot, which is attached on the host's /proc meanwhile */ \
  X (BIND_DEVICE, "bind-device") /* the host's u.node.path, checked to be u.node.dev, on `target` */ \
  X (SYMLINK, "symlink")       /* `target` -> u.text; an existing `target` stays */                \
  X (MASK, "mask")             /* hide `target`: a file with the NULL_DEVICE in slot, a directory with
                                  the filesystem u.fs, made for the first one and kept in slot
                                  `result`, of which the others get clones; absent: nothing */     \
  X (READONLY, "readonly")     /* bind `target` on itself, read-only; absent: nothing */           \
  X (STAGE_ROOT, "stage-root") /* take the ROOT off the host's tree again, with all that was mounted in
                                  it, and attach the TREE in slot on the host directory u.text: it is for
                                  another program to build the root there */                       \
  X (CONSOLE, "console")       /* a pty from the container's devpts: slave on /dev/console, stdio and
                                  controlling terminal, master to the parent (CONSOLE) */          \
  X (ROOT_READONLY, "root-readonly") /* the root mount itself read-only */                         \
  X (PIVOT, "pivot")           /* pivot_root to the ROOT slot, u.attr.propagation for the old root (0:
                                  it is not shared), detach it, chdir / */                         \
  X (MOVE_ROOT, "move-root")   /* --no-pivot: move the ROOT over "/", detach all other mounts of the host,
                                  chroot, chdir / */                                               \
  X (ROOT_PROPAGATION, "root-propagation") /* u.attr.propagation of "/" after the pivot */         \
  X (HOOKS, "hooks")           /* run u.hooks one after the other, state json on stdin; stdout and
                                  stderr are `slot` and `result` (LOG) where these are there */    \
  /* becoming the process */                                                                       \
  X (OWN_NULL, "own-null")     /* fds 0, 1 and 2 that are the host's /dev/null become the container's, if
                                  that has one */                                                  \
  X (RLIMITS, "rlimits")       /* u.rlimits */                                                     \
  X (OOM_SCORE_ADJ, "oom-score-adj") /* write u.number to self/oom_score_adj */                    \
  X (SCHEDULER, "scheduler")   /* sched_setattr (u.scheduler) */                                   \
  X (IO_PRIORITY, "io-priority") /* ioprio_set (u.number) for this process */                      \
  X (AFFINITY, "affinity")     /* sched_setaffinity (u.mask); an empty mask: all CPUs */           \
  X (MEMORY_POLICY, "memory-policy") /* set_mempolicy (u.mempolicy) */                             \
  X (PERSONALITY, "personality") /* personality (u.number) */                                      \
  X (UMASK, "umask")           /* umask (u.number) */                                              \
  X (LSM_LABEL, "lsm-label")   /* write u.text to thread-self/attr/`target` ("exec") */              \
  X (CHDIR, "chdir")           /* chdir (u.text), then check that it is inside the root; nothing when an
                                  earlier CHDIR succeeded */                                       \
  X (HOME, "home")             /* fill the reserved HOME of the environment from /etc/passwd */    \
  X (NO_NEW_PRIVS, "no-new-privs") /* prctl (PR_SET_NO_NEW_PRIVS) */                               \
  X (SECCOMP, "seccomp")       /* receive SECCOMP, load the filter; with a listener: send NOTIFY */ \
  X (BOUNDING, "bounding")     /* drop all of the bounding set but u.caps.bounding */              \
  X (STDIO_OWNER, "stdio-owner") /* pipes that are fd 0, 1 or 2 belong to u.ids.uid from now on, so that
                                  /dev/stdout and kin can be opened by the final user */           \
  X (CREDENTIALS, "credentials") /* groups, gid, uid: u.ids; capabilities survive until the next op */ \
  X (CAPABILITIES, "capabilities") /* effective, permitted, inheritable, ambient: u.caps */        \
  X (LOOKUP, "lookup")         /* find the executable in $PATH, as the final user, who may execute what
                                  anybody may if u.number is not 0 (CAP_DAC_OVERRIDE) */           \
  X (LISTEN_FDS, "listen-fds") /* fill the reserved LISTEN_PID of the environment */               \
  X (SIGNALS, "signals")       /* as init of a pid namespace: the signals that ask to end do so, which needs
                                  handlers there; none is blocked */                                                \
  X (GATE, "gate")             /* block on the start fifo (slot), opened through the FDS in `result`,
                                  until `start` opens it */                              \
  X (DIE_WITH_PARENT, "die-with-parent") /* SIGKILL when the runtime ends */                       \
  X (PASS_FDS, "pass-fds")     /* the fds of the slots u.pass are u.pass.first and so on of what is
                                  executed; no slot is used after this */                          \
  X (CLOSE_FDS, "close-fds")   /* everything from fd u.close.first on becomes close-on-exec; with u.close.now,
                                  what no later op uses is closed at once */                       \
  X (EXEC, "exec")             /* execve() what LOOKUP found; the last op */
/* clang-format on */

typedef enum
{
#define X(name, text) RUNC_OP_##name,
  RUNC_OPS (X)
#undef X
      RUNC_N_OPS
} RuncOpKind;

const char *runc_op_kind_to_string (RuncOpKind kind);

/* What happens when an op fails with one of its `on_errno`; with any other errno it is fatal. */
typedef enum
{
  RUNC_ON_ERROR_FAIL,        /* always fatal; on_errno is not looked at */
  RUNC_ON_ERROR_SKIP,        /* go on as if it had succeeded */
  RUNC_ON_ERROR_ALTERNATIVE, /* do the ops that follow and are marked `alternative`; after success
                                they are skipped, as far as the mark reaches */
} RuncOnError;

/* MOUNT, NEW_TREE: fsopen (type), fsconfig for each option, fsmount, attributes */
typedef struct
{
  const char *type;           /* "tmpfs" */
  const char *source;         /* what /proc/mounts shows as device; NULL for none */
  const char *const *options; /* "size=65536k" or "newinstance", NULL-terminated; NULL for none */
  uint64_t attr;              /* MOUNT_ATTR_* set */
  uint64_t propagation;       /* MS_PRIVATE, ...; 0: as it comes */
  bool superblock_readonly;   /* the filesystem itself read-only too ("ro" for a new filesystem) */
  bool no_create;             /* MOUNT: `target` must be there */
  bool ordinary_target;       /* MOUNT: `target` must not be a symlink (procfs, sysfs) */
  bool on_proc;        /* MOUNT: `target` may be on a procfs; else that is -EPERM at VERIFY */
  bool mode_of_target; /* MOUNT, NEW_TREE: the root gets the mode of `target`, if that was there */
} RuncOpFs;

/* FUSE */
typedef struct
{
  int index;            /* of the overlay that is served */
  uint64_t attr;        /* MOUNT_ATTR_* set */
  uint64_t propagation; /* MS_PRIVATE, ...; 0: as it comes */
} RuncOpFuse;

/* SCRATCH */
typedef struct
{
  const int *lowers; /* TREE slots */
  size_t n_lowers;
  int layer; /* TREE slot of a directory that is kept, or RUNC_NO_SLOT: the tmpfs itself */
} RuncOpScratch;

/* OPEN_TREE, ATTACH, ROOTFS */
typedef struct RuncOpTree
{
  const char *path;     /* host path */
  bool recursive;       /* rbind */
  bool nofollow;        /* a symlink is mounted itself, not what it points to */
  bool keep;            /* ATTACH: attach a clone, keep the slot */
  bool target_nofollow; /* ATTACH: on a symlink itself, not on what it points to */
  bool must_be_proc;    /* OPEN_TREE: the source must be (part of) a procfs */
  bool locked;          /* SOURCE: what its flags and access times are may not be changed, as in a
                           mount namespace of another user namespace */
  bool must_be_dir;     /* OPEN_TREE: the source must be a directory */
  bool on_proc;         /* ATTACH: `target` may be on a procfs; else that is -EPERM at VERIFY */
  uint64_t attr_set;    /* MOUNT_ATTR_* of the top mount */
  uint64_t attr_clear;
  uint64_t rec_attr_set; /* MOUNT_ATTR_* of the whole tree (rro and family) */
  uint64_t rec_attr_clear;
  uint64_t propagation; /* MS_* to set on it; 0: none */
  bool rec_propagation;
  int idmap_slot; /* NAMESPACE slot of a user namespace, or RUNC_NO_SLOT */
  bool idmap_recursive;
} RuncOpTree;

/* SET_ATTR, PROPAGATION, ROOT_PROPAGATION */
typedef struct
{
  uint64_t set;
  uint64_t clear;
  uint64_t propagation;
  bool recursive;
} RuncOpAttr;

typedef struct RuncOpNode
{
  const char *path; /* BIND_DEVICE: host path */
  uint32_t mode;    /* S_IFCHR | 0666 */
  uint32_t uid;     /* inside the container's user namespace */
  uint32_t gid;
  uint32_t major;
  uint32_t minor;
} RuncOpNode;

typedef struct
{
  uint32_t uid;
  uint32_t gid;
  const uint32_t *groups;
  size_t n_groups;
  bool set_groups; /* false: leave the groups (setgroups is denied, or keep_original_groups) */
} RuncOpIds;

typedef struct
{
  uint64_t bounding;
  uint64_t effective;
  uint64_t permitted;
  uint64_t inheritable;
  uint64_t ambient;
} RuncOpCaps;

typedef struct
{
  int resource;
  uint64_t soft;
  uint64_t hard;
} RuncPlanRlimit;

typedef struct
{
  int policy;
  int32_t nice;
  int32_t priority;
  uint64_t flags;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
} RuncOpScheduler;

typedef struct
{
  const unsigned char *bits; /* bit set of 64-bit words */
  size_t n_bytes;
} RuncOpMask;

typedef struct
{
  int mode; /* MPOL_* | MPOL_F_* */
  RuncOpMask nodes;
} RuncOpMempolicy;

/* One hook, run by the child (createContainer, startContainer) or by the parent (the others). */
typedef struct
{
  const char *path;
  const char *const *argv; /* NULL-terminated, at least argv[0] */
  const char *const *envp; /* NULL-terminated; NULL: the environment of the runtime */
  int64_t timeout_ms;      /* 0: none */
} RuncPlanHook;

typedef struct
{
  const RuncPlanHook *items;
  size_t n;
  const char *kind;        /* "createContainer", for messages */
  bool in_root;            /* HOOKS: they start in the ROOT directory; else where the caller is */
  const char *stdout_path; /* run by the parent: file to append their stdout to; NULL: ours */
  const char *stderr_path; /* the same for stderr; NULL: it is kept for messages */
} RuncPlanHooks;

/* CONSOLE */
typedef struct
{
  uint32_t uid; /* owner of the slave */
  uint32_t gid;
  uint16_t width; /* 0: as it comes */
  uint16_t height;
  bool bind; /* also put it on /dev/console (containers yes, exec no) */
  /* Copied from and to the caller's stdio by the parent: with a size and line ends to suit that. */
  bool attached;
} RuncOpConsole;

typedef struct
{
  RuncOpKind kind;
  RuncOnError on_error;
  int on_errno[3];  /* zero-terminated unless full */
  bool alternative; /* only done when the ALTERNATIVE op before this run of marked ones failed */
  int slot;         /* see the kind; RUNC_NO_SLOT */
  int result;       /* second slot; RUNC_NO_SLOT */
  const char *target;
  const char *label; /* what it is for, in messages: "mounts[3]", "process.cwd" */
  union
  {
    int message; /* RuncMessage */
    struct
    {
      uint64_t flags; /* CLONE_NEW* */
    } ns;
    const char *text;
    int64_t number;
    struct
    {
      unsigned int first;
      bool now; /* somebody of the container may see us before the execve() */
    } close;
    uint32_t mode; /* MKDIR */
    RuncOpFs fs;
    RuncOpFuse fuse;
    RuncOpScratch scratch;
    RuncOpTree tree;
    RuncOpAttr attr;
    RuncOpNode node;
    RuncOpIds ids;
    struct
    {
      const char *uid_map; /* "0 1000 1\n" */
      const char *gid_map;
    } map;
    RuncOpCaps caps;
    struct
    {
      const RuncPlanRlimit *items;
      size_t n;
    } rlimits;
    RuncOpScheduler scheduler;
    RuncOpMask mask;
    RuncOpMempolicy mempolicy;
    RuncPlanHooks hooks;
    RuncOpConsole console;
    struct
    {
      int first; /* the number of the first */
      const int *slots;
      size_t n;
    } pass;
    struct
    {
      bool listener; /* SECCOMP: the filter has SCMP_ACT_NOTIFY */
    } seccomp;
  } u;
} RuncOp;

/* Environment entries that only the child can complete. Each is an index into envp whose string is
 * a buffer of RUNC_ENV_RESERVED bytes that already begins with "NAME="; -1 for none. */
#define RUNC_ENV_RESERVED 4200

typedef struct
{
  RuncSlot *slots;
  size_t n_slots;
  const RuncOp *ops;
  size_t n_ops;

  /* what is executed */
  const char *const *argv; /* NULL-terminated, argc >= 1 */
  char **envp;             /* NULL-terminated */
  int env_home;            /* reserved HOME=, or -1 */
  int env_listen_pid;      /* reserved LISTEN_PID=, or -1 */
  const char *search_path; /* value of the container's PATH, or the default one */

  /* slots the walker itself uses */
  int proc_slot; /* the PROC slot, or RUNC_NO_SLOT */
  int root_slot; /* the ROOT slot, or RUNC_NO_SLOT when the root is not built here (exec) */
} RuncChildPlan;
