/* RuncState: what is on disk about a container, in <root>/<id>/.
 *
 *   state.json     this structure; replaced as a whole (temporary file and rename, no fsync: a
 *                  container does not survive a power cut)
 *   creating.json  the same as it was before the cgroups were made, for containers that have some:
 *                  where they are is then known also without a state.json that can be read
 *   config.json    the configuration as it was at create, for exec, hooks and restore
 *   exec.fifo      the start gate; its presence is the status "created"
 *   gate           empty; locked by the process that waits at the gate, who has it open: it must
 * not say anything to those in the container who look at its fds
 *
 * Whoever changes the container holds an flock() of the directory itself: one lock per container,
 * none per host. Readers take none; state.json is always whole.
 *
 * Member names in state.json follow runc's where there is one (id, init_process_pid,
 * init_process_start, created, cgroup_paths), for tools that read them.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define RUNC_STATE_VERSION 1
#define RUNC_STATE_FILE    "state.json"
#define RUNC_STATE_EARLY   "creating.json"
#define RUNC_STATE_CONFIG  "config.json"
#define RUNC_STATE_FIFO    "exec.fifo"
#define RUNC_STATE_GATE    "gate"

typedef struct
{
  char *id;
  pid_t init_pid;          /* 0: not there yet (creating) */
  guint64 init_start_time; /* clock ticks since boot, field 22 of /proc/PID/stat */
  char *oci_version;       /* of config.json */
  char **annotations;      /* of config.json: strv of key, value, key, value, ...; NULL for none */
  gboolean has_poststart;  /* config.json has such hooks: who has none need not read it again */
  gboolean has_poststop;
  char *bundle;      /* absolute */
  char *rootfs;      /* absolute */
  gint64 created_us; /* g_get_real_time() */
  guint32 owner;     /* uid that created it, in its user namespace */
  gboolean rootless; /* created by somebody who is not real root */
  gboolean new_userns;
  gboolean own_pidns; /* FALSE: kill and delete reach every process of the cgroup */
  gboolean terminal;

  int cgroup_driver; /* RuncCgroupDriver */
  char **v1_dirs;    /* strv, as in RuncCgroupPlan */
  char *v2_dir;
  char *systemd_unit; /* scope name, or NULL */
  gboolean systemd_user_bus;
  gboolean no_new_keyring; /* exec joins no keyring either */

  pid_t *helper_pids; /* slirp, pasta, fuse-overlayfs: to end on delete */
  guint64 *helper_start_times;
  gsize n_helpers;
  char *layer;             /* directory of a writable layer, to remove on delete, or NULL */
  char **published;        /* strv of published ports, for list and state */
  char *intel_rdt_dir;     /* resctrl group that the processes are in, or NULL */
  char *intel_rdt_mon_dir; /* monitoring group, to remove on delete, or NULL */
  gboolean intel_rdt_own;  /* intel_rdt_dir is to be removed on delete */
} RuncState;

/* X (ENUM, "name") */
#define RUNC_STATUSES(X)                                                                           \
  X (CREATING, "creating")                                                                         \
  X (CREATED, "created")                                                                           \
  X (RUNNING, "running")                                                                           \
  X (PAUSED, "paused")                                                                             \
  X (STOPPED, "stopped")

typedef enum
{
#define X(name, text) RUNC_STATUS_##name,
  RUNC_STATUSES (X)
#undef X
} RuncStatus;

const char *runc_status_to_string (RuncStatus status);

/* @time_us (g_get_real_time()) as RFC 3339 in UTC, without trailing zeros in the fraction, as Go
 * prints its RFC3339Nano: "2026-01-02T03:04:05.25Z". New string. */
char *runc_state_format_time (gint64 time_us);

/* The state root to use: @root when given (made absolute), else
 * - /run/runc for euid 0 of the initial user namespace,
 * - $XDG_RUNTIME_DIR/runc, made with the sticky bit, which keeps cleaners of temporary files away,
 * - /run/runc for the root of another user namespace who owns /run,
 * - /tmp/runc-UID, made 0700.
 * The last three are checked to be ours alone. New string. Errors name the directory and the way
 * out. */
char *runc_state_root (const char *root, GError **error);

/* A container id: 1 to 255 of [A-Za-z0-9_+-.], neither "." nor "..". RUNC_ERROR_USAGE with runc's
 * texts. */
gboolean runc_state_check_id (const char *id, GError **error);

/* An open container directory. Embedded; clear closes and unlocks. */
typedef struct
{
  int dir_fd;      /* <root>/<id> */
  int root_fd;     /* <root> */
  gboolean locked; /* we hold the lock */
  char *path;      /* "<root>/<id>" */
} RuncStateDir;

/* Unlocks for all processes that have inherited the fd, too: the lock ends here, not when a child
 * at the start gate has been executed. */
void runc_state_dir_clear (RuncStateDir *dir);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncStateDir, runc_state_dir_clear)
#define RUNC_STATE_DIR_INIT                                                                        \
  {                                                                                                \
    .dir_fd = -EBADF, .root_fd = -EBADF                                                            \
  }

/* Make <root>/<id> (0700), locked. RUNC_ERROR_EXISTS with runc's text when it is there. Missing
 * parents of root are made 0700. RUNC_ERROR_SYSTEM when root belongs to somebody else. */
gboolean runc_state_dir_create (const char *root, const char *id, RuncStateDir *ret_dir,
                                GError **error);

/* Open <root>/<id>. RUNC_ERROR_NOT_FOUND "container does not exist" when it is not there;
 * RUNC_ERROR_SYSTEM when it, or root, belongs to somebody else.
 * @lock: take the exclusive lock (waits for whoever holds it; a create that is under way included)
 */
gboolean runc_state_dir_open (const char *root, const char *id, gboolean lock,
                              RuncStateDir *ret_dir, GError **error);

/* Take the lock of a directory that was opened without.
 *
 * @wait: FALSE: do not wait; RUNC_ERROR_WRONG_STATE when somebody else has it
 * RUNC_ERROR_NOT_FOUND when the container was removed meanwhile. */
gboolean runc_state_dir_lock (RuncStateDir *dir, gboolean wait, GError **error);

/* Drop the lock before dir is cleared; harmless without. */
void runc_state_dir_unlock (RuncStateDir *dir);

/* Remove the directory with all that is in it, and drop the lock. Missing files are fine. */
gboolean runc_state_dir_remove (RuncStateDir *dir, GError **error);

/* Replace state.json, creating.json, or another file of the directory, as a whole (mode 0600). */
gboolean runc_state_write (const RuncStateDir *dir, const RuncState *state, GError **error);
gboolean runc_state_write_early (const RuncStateDir *dir, const RuncState *state, GError **error);
gboolean runc_state_write_file (const RuncStateDir *dir, const char *name, const char *text,
                                GError **error);
/* Read state.json, or creating.json where that is not there yet. RUNC_ERROR_NOT_FOUND when there is
 * none (killed while creating); RUNC_ERROR_INVALID_SPEC when it cannot be understood. */
RuncState *runc_state_read (const RuncStateDir *dir, GError **error);
/* Read creating.json: for a container whose state.json cannot be understood. Errors as above. */
RuncState *runc_state_read_early (const RuncStateDir *dir, GError **error);

/* The text of state.json (new string), and back. */
char *runc_state_to_json (const RuncState *state);
RuncState *runc_state_from_json (const char *text, gsize len, GError **error);

/* Is the process @pid there, the one that was started at @start_time, and not a zombie? */
gboolean runc_state_process_alive (pid_t pid, guint64 start_time);
/* Field 22 of /proc/PID/stat, or 0 when there is no such process. */
guint64 runc_state_process_start_time (pid_t pid);

/* Make and take the lock of the start gate, for the process that will wait there: it inherits the
 * fd, and with execve() the lock is gone. So a gate that was opened is known for it, also when
 * `start` was killed before it could remove the fifo. Returns an fd, or -1 with an error. */
int runc_state_gate_lock (const RuncStateDir *dir, GError **error);

/* The status from the facts: process, fifo, lock.
 *
 * @state: NULL when there is none yet, or none that can be read
 * Without a process: CREATING while somebody else holds the lock, else STOPPED. PAUSED is not known
 * here, see runc_engine_status(). */
RuncStatus runc_state_status (const RuncStateDir *dir, const RuncState *state);

/* The ids below @root in alphabetical order (strv); a missing root is RUNC_ERROR_NOT_FOUND. */
char **runc_state_list_ids (const char *root, GError **error);

void runc_state_free (RuncState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncState, runc_state_free)
