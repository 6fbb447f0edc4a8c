/* RuncSpec: what config.json says, one to one with the Linux part of OCI runtime-spec 1.3.
 *
 * Nothing is defaulted here. A member that was absent is NULL, a zero count, or an optional scalar
 * with present == false; a member that was given as null counts as absent, and so does a string
 * member that was given as "" (not an element of a list, nor the value of an annotation): the
 * programs that write config.json leave out empty strings or do not, at random. After decoding the
 * spec is immutable, apart from what an explicit override (exec's process.json) replaces as a
 * whole.
 *
 * Memory: strings borrow from the parsed document, arrays come from the spec's own arena; both live
 * until runc_spec_free(). Nothing in here is freed one by one.
 */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Optional scalars. */
typedef struct
{
  bool present;
  bool value;
} RuncOptBool;

typedef struct
{
  bool present;
  int64_t value;
} RuncOptInt64;

typedef struct
{
  bool present;
  uint64_t value;
} RuncOptUint64;

typedef struct
{
  bool present;
  uint32_t value;
} RuncOptUint32;

/* A list of strings; items is NULL-terminated when n > 0. */
typedef struct
{
  const char *const *items;
  gsize n;
  bool present; /* the member was there, maybe empty */
} RuncStrings;

/* A JSON object with string values, in document order. */
typedef struct
{
  const char *key;
  const char *value;
} RuncPair;

typedef struct
{
  const RuncPair *items;
  gsize n;
} RuncPairs;

/* linux.uidMappings[], mounts[].uidMappings[] */
typedef struct
{
  uint32_t container_id;
  uint32_t host_id;
  uint32_t size;
} RuncSpecIdMap;

typedef struct
{
  const RuncSpecIdMap *items;
  gsize n;
} RuncSpecIdMaps;

/* process.rlimits[] */
typedef struct
{
  const char *type; /* "RLIMIT_NOFILE" */
  int resource;     /* the RLIMIT_* number, from the type */
  uint64_t soft;
  uint64_t hard;
} RuncSpecRlimit;

/* process.capabilities; each set as a mask of 1 << CAP_x. Names this build does not know are kept
 * apart, for a warning. */
typedef struct
{
  uint64_t bounding;
  uint64_t effective;
  uint64_t inheritable;
  uint64_t permitted;
  uint64_t ambient;
  RuncStrings unknown;
} RuncSpecCapabilities;

/* process.scheduler; policy and flags as the kernel's numbers (SCHED_x, SCHED_FLAG_x). */
typedef struct
{
  int policy;
  int32_t nice;
  int32_t priority;
  uint64_t flags;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
} RuncSpecScheduler;

/* process.ioPriority; ioprio_class is the kernel's 1 (rt), 2 (be), 3 (idle). */
typedef struct
{
  int ioprio_class;
  int priority;
} RuncSpecIoPriority;

typedef struct
{
  uint32_t height;
  uint32_t width;
} RuncSpecConsoleSize;

typedef struct
{
  uint32_t uid;
  uint32_t gid;
  RuncOptUint32 umask;
  const uint32_t *additional_gids;
  gsize n_additional_gids;
} RuncSpecUser;

typedef struct
{
  bool terminal;
  const RuncSpecConsoleSize *console_size; /* NULL if absent */
  RuncSpecUser user;
  RuncStrings args;
  RuncStrings env;
  const char *cwd;
  const RuncSpecCapabilities *capabilities; /* NULL if absent */
  const RuncSpecRlimit *rlimits;
  gsize n_rlimits;
  bool no_new_privileges;
  const char *apparmor_profile;
  const char *selinux_label;
  RuncOptInt64 oom_score_adj;
  const RuncSpecScheduler *scheduler;    /* NULL if absent */
  const RuncSpecIoPriority *io_priority; /* NULL if absent */
  const char *cpu_affinity_initial;      /* execCPUAffinity.initial: "0-3,7" or NULL */
  const char *cpu_affinity_final;
} RuncSpecProcess;

typedef struct
{
  const char *destination;
  const char *type;   /* NULL if absent */
  const char *source; /* NULL if absent */
  RuncStrings options;
  RuncSpecIdMaps uid_mappings;
  RuncSpecIdMaps gid_mappings;
} RuncSpecMount;

typedef struct
{
  const char *path;
  RuncStrings args;
  RuncStrings env;
  RuncOptInt64 timeout; /* seconds, > 0 */
} RuncSpecHook;

/* The six kinds, in the order of their run. X (ENUM, "json key") */
#define RUNC_HOOK_KINDS(X)                                                                         \
  X (PRESTART, "prestart")                                                                         \
  X (CREATE_RUNTIME, "createRuntime")                                                              \
  X (CREATE_CONTAINER, "createContainer")                                                          \
  X (START_CONTAINER, "startContainer")                                                            \
  X (POSTSTART, "poststart")                                                                       \
  X (POSTSTOP, "poststop")

typedef enum
{
#define X(name, key) RUNC_HOOK_##name,
  RUNC_HOOK_KINDS (X)
#undef X
      RUNC_HOOK_N_KINDS
} RuncHookKind;

const char *runc_hook_kind_to_string (RuncHookKind kind);

typedef struct
{
  const RuncSpecHook *items;
  gsize n;
} RuncSpecHooks;

/* linux.namespaces[].type. X (ENUM, "spec name", CLONE_* flag, "name in /proc/PID/ns") */
#define RUNC_NAMESPACES(X)                                                                         \
  X (USER, "user", 0x10000000, "user")                                                             \
  X (CGROUP, "cgroup", 0x02000000, "cgroup")                                                       \
  X (IPC, "ipc", 0x08000000, "ipc")                                                                \
  X (UTS, "uts", 0x04000000, "uts")                                                                \
  X (NETWORK, "network", 0x40000000, "net")                                                        \
  X (PID, "pid", 0x20000000, "pid")                                                                \
  X (MOUNT, "mount", 0x00020000, "mnt")                                                            \
  X (TIME, "time", 0x00000080, "time")

typedef enum
{
#define X(name, spec_name, flag, proc_name) RUNC_NS_##name,
  RUNC_NAMESPACES (X)
#undef X
      RUNC_N_NAMESPACES
} RuncNamespace;

const char *runc_namespace_to_string (RuncNamespace ns); /* "network" */
const char *runc_namespace_proc_name (RuncNamespace ns); /* "net" */
uint64_t runc_namespace_clone_flag (RuncNamespace ns);

/* What linux.namespaces says about one type. */
typedef struct
{
  bool present;
  const char *path; /* NULL: a new one */
} RuncSpecNamespace;

/* linux.devices[] */
typedef struct
{
  const char *path;
  char type;     /* 'c', 'u' (same as 'c'), 'b', 'p' */
  int64_t major; /* -1 if absent, which validation allows for 'p' only */
  int64_t minor;
  RuncOptUint32 file_mode; /* may have the S_IFMT bits too, which are to be ignored */
  RuncOptUint32 uid;
  RuncOptUint32 gid;
} RuncSpecDevice;

/* linux.resources.devices[]; major and minor absent or -1: all of them */
typedef struct
{
  bool allow;
  char type; /* 'a' (also if absent), 'c', 'b' */
  RuncOptInt64 major;
  RuncOptInt64 minor;
  const char *access; /* some of "rwm"; NULL means all */
} RuncSpecDeviceRule;

typedef struct
{
  RuncOptInt64 limit;
  RuncOptInt64 reservation;
  RuncOptInt64 swap;
  RuncOptInt64 kernel;      /* accepted, never applied */
  RuncOptInt64 kernel_tcp;  /* v1 only */
  RuncOptUint64 swappiness; /* 0 to 100; UINT64_MAX is "not set" too */
  RuncOptBool disable_oom_killer;
  RuncOptBool use_hierarchy;
  RuncOptBool check_before_update;
} RuncSpecMemory;

typedef struct
{
  RuncOptUint64 shares;
  RuncOptInt64 quota;
  RuncOptUint64 burst;
  RuncOptUint64 period;
  RuncOptInt64 realtime_runtime;
  RuncOptUint64 realtime_period;
  const char *cpus;
  const char *mems;
  RuncOptInt64 idle;
} RuncSpecCpu;

typedef struct
{
  int64_t major;
  int64_t minor;
  RuncOptUint64 weight; /* weightDevice only */
  RuncOptUint64 leaf_weight;
  uint64_t rate; /* throttle*Device only; bytes or operations per second */
} RuncSpecBlockIoDevice;

typedef struct
{
  const RuncSpecBlockIoDevice *items;
  gsize n;
} RuncSpecBlockIoDevices;

typedef struct
{
  RuncOptUint64 weight;
  RuncOptUint64 leaf_weight;
  RuncSpecBlockIoDevices weight_device;
  RuncSpecBlockIoDevices throttle_read_bps;
  RuncSpecBlockIoDevices throttle_write_bps;
  RuncSpecBlockIoDevices throttle_read_iops;
  RuncSpecBlockIoDevices throttle_write_iops;
} RuncSpecBlockIo;

typedef struct
{
  const char *page_size; /* "2MB" */
  uint64_t limit;        /* bytes */
} RuncSpecHugepageLimit;

typedef struct
{
  const char *name;
  uint32_t priority;
} RuncSpecInterfacePriority;

typedef struct
{
  const char *device;
  RuncOptUint32 hca_handles;
  RuncOptUint32 hca_objects;
} RuncSpecRdma;

/* linux.resources; also what `update` takes. */
typedef struct
{
  const RuncSpecDeviceRule *devices;
  gsize n_devices;
  const RuncSpecMemory *memory;    /* NULL if absent */
  const RuncSpecCpu *cpu;          /* NULL if absent */
  RuncOptInt64 pids_limit;         /* pids.limit */
  const RuncSpecBlockIo *block_io; /* NULL if absent */
  const RuncSpecHugepageLimit *hugepage_limits;
  gsize n_hugepage_limits;
  RuncOptUint32 net_class_id;
  const RuncSpecInterfacePriority *net_priorities;
  gsize n_net_priorities;
  const RuncSpecRdma *rdma;
  gsize n_rdma;
  RuncPairs unified;
} RuncSpecResources;

/* linux.seccomp; actions, operators, architectures and flags stay the names of the spec, checked by
 * validation. src/seccomp translates them. */
typedef struct
{
  uint32_t index;
  uint64_t value;
  uint64_t value_two;
  const char *op; /* "SCMP_CMP_EQ" */
} RuncSpecSeccompArg;

typedef struct
{
  RuncStrings names;
  const char *action;
  RuncOptUint32 errno_ret;
  const RuncSpecSeccompArg *args;
  gsize n_args;
} RuncSpecSyscall;

typedef struct
{
  const char *default_action;
  RuncOptUint32 default_errno_ret;
  RuncStrings architectures;
  RuncStrings flags;
  const char *listener_path;
  const char *listener_metadata;
  const RuncSpecSyscall *syscalls;
  gsize n_syscalls;
  RuncJson *json; /* the object itself, for the digest of the filter cache; borrowed */
} RuncSpecSeccomp;

typedef struct
{
  const char *clos_id;
  RuncStrings schemata;
  const char *l3_cache_schema;
  const char *mem_bw_schema;
  bool enable_monitoring;
} RuncSpecIntelRdt;

typedef struct
{
  const char *mode; /* "MPOL_BIND" */
  const char *nodes;
  RuncStrings flags;
} RuncSpecMemoryPolicy;

/* linux.timeOffsets */
typedef struct
{
  const char *clock; /* "monotonic" or "boottime" */
  int64_t secs;
  uint32_t nanosecs;
} RuncSpecTimeOffset;

/* linux.netDevices */
typedef struct
{
  const char *host_name;
  const char *name; /* the name inside; NULL: keep it */
} RuncSpecNetDevice;

typedef struct
{
  RuncSpecIdMaps uid_mappings;
  RuncSpecIdMaps gid_mappings;
  RuncPairs sysctl;
  const RuncSpecResources *resources; /* NULL if absent */
  const char *cgroups_path;           /* NULL if absent or "" */
  RuncSpecNamespace namespaces[RUNC_N_NAMESPACES];
  const RuncSpecDevice *devices;
  gsize n_devices;
  const RuncSpecNetDevice *net_devices;
  gsize n_net_devices;
  const RuncSpecSeccomp
      *seccomp; /* NULL if absent, or if it has no defaultAction and no syscalls */
  const char *rootfs_propagation;
  RuncStrings masked_paths;
  RuncStrings readonly_paths;
  const char *mount_label;
  const RuncSpecIntelRdt *intel_rdt;         /* NULL if absent */
  const RuncSpecMemoryPolicy *memory_policy; /* NULL if absent */
  const char *personality_domain;            /* "LINUX", "LINUX32" or NULL */
  RuncStrings personality_flags;
  const RuncSpecTimeOffset *time_offsets;
  gsize n_time_offsets;
} RuncSpecLinux;

typedef struct
{
  const char *oci_version;
  const RuncSpecProcess *process; /* NULL if absent (then the container cannot be started) */
  const char *root_path;          /* NULL if absent */
  bool root_readonly;
  const char *hostname;
  const char *domainname;
  const RuncSpecMount *mounts;
  gsize n_mounts;
  RuncSpecHooks hooks[RUNC_HOOK_N_KINDS];
  RuncPairs annotations;
  bool has_linux;           /* false: no "linux" member */
  RuncSpecLinux linux_spec; /* (linux itself is a predefined macro) all absent when !has_linux */

  RuncJson *document; /* owned: what the strings borrow from */
  GPtrArray *arena;   /* owned: g_malloc()ed arrays */
} RuncSpec;

/* Decode @text (config.json, @len bytes). Types are checked, rules are not (runc_spec_validate()).
 * Unknown members are ignored, as the specification says; known ones are known in any case ("CPU"),
 * as they are to runc. Errors: RUNC_ERROR_INVALID_SPEC with "config.json:3:7: ..." for syntax, or
 * the JSON path: "mounts[3].options: expected an array of strings, got a string". */
RuncSpec *runc_spec_decode (const char *text, gsize len, GError **error);

/* As runc_spec_decode() for a file: reads DIR_FD/@name, refuses more than 16 MiB. */
RuncSpec *runc_spec_read (int dir_fd, const char *name, GError **error);

/* Decode a process.json (exec --process) on its own: the result is a spec with only `process` set.
 */
RuncSpec *runc_spec_decode_process (const char *text, gsize len, GError **error);

/* Decode a resources document (update -r): the result has only linux_spec.resources set. */
RuncSpec *runc_spec_decode_resources (const char *text, gsize len, GError **error);

void runc_spec_free (RuncSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSpec, runc_spec_free)

/* The rules of the specification that need no knowledge of the host: required members, absolute
 * paths, known enum values, duplicate namespaces, ranges of numbers, overlapping maps, ... The
 * first broken one is the error (RUNC_ERROR_INVALID_SPEC or RUNC_ERROR_UNSUPPORTED), with its JSON
 * path. */
gboolean runc_spec_validate (const RuncSpec *spec, GError **error);

/* The rules for a process alone, with @path in front of the JSON paths ("process"). */
gboolean runc_spec_validate_process (const RuncSpecProcess *process, const char *path,
                                     GError **error);

/* The rules for a resources document alone (update -r), with @path in front ("linux.resources"). */
gboolean runc_spec_validate_resources (const RuncSpecResources *resources, const char *path,
                                       GError **error);

/* The rules for linux.intelRdt alone (update). */
gboolean runc_spec_validate_intel_rdt (const RuncSpecIntelRdt *rdt, GError **error);

/* Words for as many CPUs or nodes as any kernel can be built for. */
#define RUNC_ID_LIST_WORDS 128

/* Parse a list of CPUs or memory nodes, "0-3,7", in the kernel's format (bitmap_parselist; blanks
 * and empty elements are skipped).
 *
 * @ret_bits: @n_words words, cleared first; bit N is number N. Undefined on errors.
 * Returns how many numbers the list has, at least 1; -EINVAL if it is malformed or has none;
 * -ERANGE if one of them has no bit. */
int runc_spec_parse_id_list (const char *list, uint64_t *ret_bits, gsize n_words);

/* The value of annotation @key, or NULL. */
const char *runc_spec_annotation (const RuncSpec *spec, const char *key);

/* Annotations that name files for the output of hooks; relative ones are in the bundle. */
#define RUNC_HOOKS_STDOUT "run.oci.hooks.stdout"
#define RUNC_HOOKS_STDERR "run.oci.hooks.stderr"

/* Parse a capability name, "CAP_KILL" (case does not matter, the prefix does): its number, or -1.
 */
int runc_capability_from_string (const char *name);
/* "CAP_KILL", or NULL for a number that this build does not know. */
const char *runc_capability_to_string (int capability);
/* The highest capability number that this build knows. */
int runc_capability_last (void);

/* What `runc spec` was asked for.
 *
 * @rootless: one id mapped to @uid and @gid, no network namespace, /sys bound, as runc writes it
 * @full: with @rootless: no explicit maps and an own network namespace on slirp instead; a rootfs
 *   that can be written, and a root who may chown and change user
 * @cgroup2: the host has the unified cgroup hierarchy (alone), so there is a cgroup namespace too
 */
typedef struct
{
  bool rootless;
  bool full;
  bool cgroup2;
  uint32_t uid;
  uint32_t gid;
} RuncSpecTemplate;

/* The document that `runc spec` writes: runc's, indented with tabs. New string, which ends in a
 * newline. */
char *runc_spec_template (const RuncSpecTemplate *options);
