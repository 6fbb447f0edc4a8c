/* The use cases: one function per verb of the command line. Parent side.
 *
 * src/cli parses and prints; everything between is here. Functions take the global options and the
 * verb's own, and return FALSE with an error, worded for the user, on failure. They never print.
 */
#pragma once

#include "plan/request.h"
#include "spec/spec.h"

#include <glib.h>
#include <sys/types.h>

/* ---- create.c, run.c, start.c, exec.c, checkpoint.c, restore.c ---- */

/* Create a container and leave its process at the gate. */
gboolean runc_engine_create (const RuncGlobal *global, const RuncCreateRequest *request,
                             GError **error);

/* Create, start and, unless request->detach, supervise to the end and delete.
 * @ret_status: exit status for our caller: the process's own, 128 + signal; 0 when detached */
gboolean runc_engine_run (const RuncGlobal *global, const RuncCreateRequest *request,
                          int *ret_status, GError **error);

/* Open the gate; returns when the container's process has been executed. */
gboolean runc_engine_start (const RuncGlobal *global, const char *id, GError **error);

/* Save a running or paused container to disk, by criu, and remove it unless it is to stay. */
gboolean runc_engine_checkpoint (const RuncGlobal *global, const char *id,
                                 const RuncCriuOptions *options, GError **error);

/* Make a container from what checkpoint saved (request->restore says where), and unless
 * request->detach, supervise it as run does. */
gboolean runc_engine_restore (const RuncGlobal *global, const RuncCreateRequest *request,
                              int *ret_status, GError **error);

/* Run another process in the container. @ret_status as for run; 255 with an error when it could not
 * be set up. */
gboolean runc_engine_exec (const RuncGlobal *global, const RuncExecRequest *request,
                           int *ret_status, GError **error);

/* What would be done for the bundle, as text or json (new string). Nothing is done.
 * @host_file: facts to use instead of probing, or NULL */
char *runc_engine_plan (const RuncGlobal *global, const RuncCreateRequest *request,
                        const char *host_file, gboolean json, GError **error);

/* ---- kill.c, delete.c, freeze.c, update.c ---- */

/* @signal: a name ("KILL", "SIGKILL", "RTMIN+3") or a number; NULL means SIGTERM.
 * @all: every process of the container (also without its own pid namespace) */
gboolean runc_engine_kill (const RuncGlobal *global, const char *id, const char *signal,
                           gboolean all, GError **error);

/* Delete one container with everything that belongs to it. @force: kill it first; a container that
 * is not there is then no error. */
gboolean runc_engine_delete (const RuncGlobal *global, const char *id, gboolean force,
                             GError **error);

gboolean runc_engine_pause (const RuncGlobal *global, const char *id, GError **error);
gboolean runc_engine_resume (const RuncGlobal *global, const char *id, GError **error);

/* @resources: what to change, already decoded and validated. */
gboolean runc_engine_update (const RuncGlobal *global, const char *id,
                             const RuncSpecResources *resources, GError **error);

/* Set the cache and bandwidth schemas (linux.intelRdt) of a container that has been made with some.
 * @schemas: the members to change, the others NULL */
gboolean runc_engine_update_intel_rdt (const RuncGlobal *global, const char *id,
                                       const RuncSpecIntelRdt *schemas, GError **error);

/* ---- unshare.c ---- */

/* Execute @argv (empty: a shell) in place of this process, as root of a user namespace that has all
 * the ids of this user. Returns only with an error, and @ret_status for it. */
gboolean runc_engine_unshare (const char *const *argv, int *ret_status, GError **error);

/* ---- query.c ---- */

typedef struct
{
  char *oci_version;
  char *id;
  pid_t pid; /* 0 when stopped */
  char *status;
  char *bundle;
  char *rootfs;
  char *created;      /* RFC 3339 with nanoseconds, UTC */
  char *owner;        /* user name, or "#1000" */
  char **published;   /* strv or NULL */
  char **annotations; /* strv of key, value, key, value, ... or NULL */
} RuncContainerInfo;

void runc_container_info_free (RuncContainerInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncContainerInfo, runc_container_info_free)

RuncContainerInfo *runc_engine_state (const RuncGlobal *global, const char *id, GError **error);
/* As `runc state` and `list -f json` print it (new reference). */
RuncJson *runc_container_info_to_json (const RuncContainerInfo *info);

/* All containers sorted by id (GPtrArray of RuncContainerInfo). One that is being created or is
 * broken is in the list with the status that is known. */
GPtrArray *runc_engine_list (const RuncGlobal *global, GError **error);

/* The pids of the container (GArray of pid_t), empty for a stopped one. */
GArray *runc_engine_pids (const RuncGlobal *global, const char *id, GError **error);

/* ---- events.c ---- */

typedef struct
{
  const char *id;
  gint64 interval_us; /* between two statistics */
  gboolean once;      /* --stats: one, then return */
  /* Takes each event as a line of JSON without newline; FALSE: nobody wants more. */
  gboolean (*on_event) (const char *line, gpointer data);
  gpointer data;
} RuncEventsRequest;

/* Report statistics and out-of-memory events until the container ends. */
gboolean runc_engine_events (const RuncGlobal *global, const RuncEventsRequest *request,
                             GError **error);

/* The version of libseccomp, "2.5.4", or NULL when built without it. */
const char *runc_engine_libseccomp_version (void);

/* The `features` document (new reference). */
RuncJson *runc_engine_features (GError **error);

/* ---- doctor.c ---- */

#define RUNC_DOCTOR_STATUSES(X)                                                                    \
  X (OK, "ok")           /* nothing to do */                                                       \
  X (LIMITED, "limited") /* there, but not all that containers could use */                        \
  X (MISSING, "missing") /* not there */

typedef enum
{
#define X(name, text) RUNC_DOCTOR_##name,
  RUNC_DOCTOR_STATUSES (X)
#undef X
} RuncDoctorStatus;

const char *runc_doctor_status_to_string (RuncDoctorStatus status);

/* What one check of the machine came to. */
typedef struct
{
  const char *id;    /* "procfs"; for --check and for messages of other verbs */
  const char *title; /* "new /proc" */
  gboolean needed;   /* this user can run no ordinary container without it */
  RuncDoctorStatus status;
  char *found; /* one line */
  char *means; /* what it means for containers; NULL when ok */
  char *mend;  /* the command or setting that changes it; NULL when ok */
} RuncDoctorFinding;

/* The ids of all checks in the order of the report, NULL-terminated (free the array only). */
const char **runc_doctor_ids (void);

/* Try what containers need from this machine and user. Leaves nothing behind.
 *
 * @only: ids of checks (NULL-terminated), or NULL for all; RUNC_ERROR_USAGE for one there is not
 * Returns RuncDoctorFinding in the order of the table. What is wrong with the machine is a finding,
 * not an error. */
GPtrArray *runc_engine_doctor (const char *const *only, GError **error);

/* As `runc doctor --json` prints them (new reference). */
RuncJson *runc_doctor_findings_to_json (const GPtrArray *findings);

/* ---- internals shared by the use cases (engine/common.c) ---- */

struct RuncState;
