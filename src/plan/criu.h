/* What criu is asked for, as data: one list of options, in the words of its remote procedure calls.
 *
 * src/plan fills the list, src/engine what is only known when it is carried out (numbers of fds,
 * where criu itself is in the cgroups), src/criu sends it. Plain data without pointers into
 * anything but the plan's arena, the RuncSpec and the request.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* How the value of an option is written. */
typedef enum
{
  RUNC_CRIU_FLAG,   /* number: 0 or 1 */
  RUNC_CRIU_NUMBER, /* number */
  RUNC_CRIU_DIR,    /* number: an fd of ours, which is to be open on the directory `value` */
  RUNC_CRIU_TEXT,   /* value */
  RUNC_CRIU_PAIR,   /* key, value */
  RUNC_CRIU_KEY_FD, /* key; number: an fd of criu's */
  RUNC_CRIU_SERVER, /* key: an address; number: a port */
} RuncCriuKind;

/* X (ENUM, "name in dumps", field of criu_opts in criu's images/rpc.proto, kind) */
/* clang-format off */
#define RUNC_CRIU_OPTIONS(X)                                                                       \
  X (IMAGES_DIR, "images-dir", 1, DIR)                                                             \
  X (PID, "pid", 2, NUMBER)                                                                        \
  X (LEAVE_RUNNING, "leave-running", 3, FLAG)                                                      \
  X (EXT_UNIX_SK, "ext-unix-sk", 4, FLAG)                                                          \
  X (TCP_ESTABLISHED, "tcp-established", 5, FLAG)                                                  \
  X (EVASIVE_DEVICES, "evasive-devices", 6, FLAG)                                                  \
  X (SHELL_JOB, "shell-job", 7, FLAG)                                                              \
  X (FILE_LOCKS, "file-locks", 8, FLAG)                                                            \
  X (LOG_LEVEL, "log-level", 9, NUMBER)                                                            \
  X (LOG_FILE, "log-file", 10, TEXT)                                                               \
  X (PAGE_SERVER, "page-server", 11, SERVER)                                                       \
  X (NOTIFY, "notify", 12, FLAG)             /* it tells us what it does, and waits for our word */ \
  X (ROOT, "root", 13, TEXT)                                                                       \
  X (PARENT_IMAGES, "parent-images", 14, TEXT) /* relative to images-dir */                        \
  X (TRACK_MEM, "track-mem", 15, FLAG)                                                             \
  X (AUTO_DEDUP, "auto-dedup", 16, FLAG)                                                           \
  X (WORK_DIR, "work-dir", 17, DIR)                                                                \
  X (LINK_REMAP, "link-remap", 18, FLAG)                                                           \
  X (EXT_MOUNT, "ext-mount", 23, PAIR) /* dump: mount point, name in the images; restore: that name, what
                                  is bound there */                                                \
  X (CGROUP_ROOT, "cgroup-root", 25, PAIR)   /* controllers, path below the mount of the hierarchy */ \
  X (RESTORE_SIBLING, "restore-sibling", 26, FLAG) /* what is restored is our child, not criu's */ \
  X (INHERIT_FD, "inherit-fd", 27, KEY_FD)                                                         \
  X (CGROUPS_MODE, "cgroups-mode", 34, NUMBER) /* RuncCriuCgroups */                               \
  X (EXTERNAL, "external", 37, TEXT)                                                               \
  X (EMPTY_NS, "empty-ns", 38, NUMBER)       /* CLONE_NEW* */                                      \
  X (JOIN_NS, "join-ns", 39, PAIR)           /* kind, path */                                      \
  X (FREEZE_CGROUP, "freeze-cgroup", 44, TEXT)                                                     \
  X (TCP_SKIP_IN_FLIGHT, "tcp-skip-in-flight", 46, FLAG)                                           \
  X (LAZY_PAGES, "lazy-pages", 48, FLAG)                                                           \
  X (ORPHAN_PTS_MASTER, "orphan-pts-master", 50, FLAG) /* the other end of a terminal is not in the
                                  container: it is sent to us */                                   \
  X (CONFIG_FILE, "config-file", 51, TEXT)                                                         \
  X (LSM_PROFILE, "lsm-profile", 53, TEXT)                                                         \
  X (LSM_MOUNT_CONTEXT, "lsm-mount-context", 63, TEXT)
/* clang-format on */

typedef enum
{
#define X(name, text, field, kind) RUNC_CRIU_OPTION_##name,
  RUNC_CRIU_OPTIONS (X)
#undef X
} RuncCriuOption;

typedef struct
{
  RuncCriuOption option;
  gint64 number;
  const char *key;
  const char *value;
} RuncCriuSetting;

typedef enum
{
  RUNC_CRIU_NOTHING,
  RUNC_CRIU_DUMP,
  RUNC_CRIU_PRE_DUMP,
  RUNC_CRIU_RESTORE,
} RuncCriuAction;

typedef struct
{
  RuncCriuAction action;
  RuncCriuSetting *settings;
  gsize n_settings;
  const char *descriptors[3];  /* DUMP: what goes into RUNC_CRIU_DESCRIPTORS */
  const char *const *readonly; /* RESTORE: the mounts that have to be (NULL-terminated), or NULL */
  const char *log_dir;         /* where its log is, and is read after a failure */
  gboolean needs_mem_track;    /* what the kernel has to have */
  gboolean needs_lazy_pages;
  gboolean needs_lsm; /* a criu that can put another LSM label in the place of the saved one */
} RuncCriuPlan;

/* What criu does about cgroups (criu_cg_mode); the numbers are the protocol's. */
typedef enum
{
  RUNC_CRIU_CGROUPS_IGNORE = 0,
  RUNC_CRIU_CGROUPS_SOFT = 3,
  RUNC_CRIU_CGROUPS_FULL = 4,
  RUNC_CRIU_CGROUPS_STRICT = 5,
  RUNC_CRIU_CGROUPS_DEFAULT = 6,
} RuncCriuCgroups;

/* What the command line of checkpoint or restore says. Paths are absolute, but for `parent`. */
typedef struct
{
  const char *image_path;  /* never NULL */
  const char *work_path;   /* NULL: image_path */
  const char *parent_path; /* relative to image_path, or NULL */
  gboolean leave_running;
  gboolean tcp_established;
  gboolean tcp_skip_in_flight;
  gboolean link_remap;
  gboolean ext_unix_sk;
  gboolean shell_job;
  gboolean lazy_pages;
  gboolean file_locks;
  gboolean pre_dump;
  gboolean auto_dedup;
  const char *page_address; /* --page-server, or NULL */
  guint16 page_port;
  int status_fd; /* -1: none */
  RuncCriuCgroups cgroups;
  const char *lsm_profile;
  const char *lsm_mount_context;
} RuncCriuOptions;

/* The file beside criu's images that says what fds 0, 1 and 2 of the container were, as runc has
 * it: a JSON list of three strings. */
#define RUNC_CRIU_DESCRIPTORS "descriptors.json"

/* The name in the images of what hides a file. As runc. */
#define RUNC_CRIU_NULL "/dev/null"
