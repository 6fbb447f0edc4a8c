/* The checks of `runc doctor`: the table, and what they share. Internal to src/engine/doctor*.c.
 *
 * A check fills one finding with final strings. It tries the thing itself, in a child that the
 * kernel cleans up after (see doctor-try.h), and reads switches and files only to explain a
 * refusal, or where a try would leave something behind.
 */
#pragma once

#include "engine/engine.h"
#include "host/host.h"
#include "plan/namespaces.h"

#include <stdbool.h>

/* Who cannot run an ordinary container without it. */
typedef enum
{
  RUNC_DOCTOR_NEEDED_BY_NONE,
  RUNC_DOCTOR_NEEDED_BY_USERS, /* who has no rights but in a user namespace of his own */
  RUNC_DOCTOR_NEEDED_BY_ALL,
} RuncDoctorNeed;

/* function, id, title, needed by. In the order of the report. The ids are for scripts and for
 * messages of other verbs ("see 'runc doctor --check procfs'"): they do not change. */
#define RUNC_DOCTOR_CHECKS(X)                                                                      \
  X (user_namespace, "user-namespace", "user namespaces", USERS)                                   \
  X (subordinate_ids, "subordinate-ids", "subordinate ids", NONE)                                  \
  X (newuidmap, "newuidmap", "newuidmap and newgidmap", NONE)                                      \
  X (namespaces, "namespaces", "other namespaces", ALL)                                            \
  X (time_namespace, "time-namespace", "time namespaces", NONE)                                    \
  X (system_calls, "system-calls", "system calls", ALL)                                            \
  X (procfs, "procfs", "new /proc", ALL)                                                           \
  X (sysfs, "sysfs", "new /sys", NONE)                                                             \
  X (overlay, "overlay", "kernel overlayfs", NONE)                                                 \
  X (fuse_overlayfs, "fuse-overlayfs", "fuse-overlayfs", NONE)                                     \
  X (idmapped_mounts, "idmapped-mounts", "id-mapped mounts", NONE)                                 \
  X (tun, "tun", "tap devices", NONE)                                                              \
  X (slirp, "slirp", "network by runc-slirp", NONE)                                                \
  X (pasta, "pasta", "network by pasta", NONE)                                                     \
  X (cgroup, "cgroup", "cgroup hierarchy", NONE)                                                   \
  X (delegation, "delegation", "cgroups of one's own", NONE)                                       \
  X (systemd, "systemd", "systemd", NONE)                                                          \
  X (linger, "linger", "lingering", NONE)                                                          \
  X (state_directory, "state-directory", "state directory", ALL)                                   \
  X (seccomp, "seccomp", "seccomp filters", NONE)                                                  \
  X (lsm, "lsm", "security modules", NONE)                                                         \
  X (criu, "criu", "checkpoint and restore", NONE)                                                 \
  X (nested, "nested", "outer container", NONE)

struct RuncDoctorTry;

typedef struct
{
  RuncHost *host;
  RuncWho who;
  char *user; /* name of the user in /etc/passwd, else the uid in decimal */
  int proc;   /* the verified procfs, or -errno */

  /* doctor-try.c */
  struct RuncDoctorTry *shared; /* memory that the children report in */
  bool userns_tried;
  int userns_error; /* why a user namespace with a mount in it cannot be made, or 0 */
} RuncDoctor;

#define X(function, id, title, need)                                                               \
  void runc_doctor_check_##function (RuncDoctor *doctor, RuncDoctorFinding *finding);
RUNC_DOCTOR_CHECKS (X)
#undef X

/* ---- doctor.c: how a check says what it has to say ---- */

/* Set the status and `found`. */
void runc_doctor_found (RuncDoctorFinding *finding, RuncDoctorStatus status, const char *format,
                        ...) G_GNUC_PRINTF (3, 4);
/* Set `means`: what containers have to do without. */
void runc_doctor_means (RuncDoctorFinding *finding, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Set `mend`: the command or setting that changes it. */
void runc_doctor_mend (RuncDoctorFinding *finding, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* strerror() of @neg_errno in lower case, as a part of a sentence (new string). */
char *runc_doctor_reason (int neg_errno);

/* The content of the file @path without blanks at its end (new string), NULL if there is
 * none. */
char *runc_doctor_read (const char *path);
/* Likewise a number; @fallback if there is none. */
gint64 runc_doctor_read_number (const char *path, gint64 fallback);

/* ---- doctor-subids.c: /etc/subuid and /etc/subgid; pure ---- */

typedef struct
{
  guint64 total;        /* ids in the valid ranges of the user */
  guint64 first_free;   /* from here on 65536 ids are in no range of the file */
  char *broken;         /* the first line of the user's that newuidmap does not take, or NULL */
  guint broken_line;    /* its number, from 1 */
  char *overlaps;       /* whom an id of these ranges belongs to as well ("bob"), or NULL */
  guint64 overlap_from; /* the first such id */
} RuncDoctorSubids;

/* Look at the ranges of one user in @text, the content of /etc/subuid.
 *
 * @name, @uid: the user, who may be in the file under both
 * @passwd: the content of /etc/passwd (for gids: of /etc/group), whose real ids a range must not
 * have, or NULL */
void runc_doctor_inspect_subids (const char *text, const char *name, guint32 uid,
                                 const char *passwd, RuncDoctorSubids *ret_subids);
void runc_doctor_subids_clear (RuncDoctorSubids *subids);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncDoctorSubids, runc_doctor_subids_clear)

/* ---- doctor-packages.c ---- */

/* The command that installs what has the program @name ("newuidmap", "fuse-overlayfs", "pasta",
 * "criu") on this distribution (static), or words for any distribution. */
const char *runc_doctor_install (const char *name);
/* Likewise, for the content of an os-release file. Pure. */
const char *runc_doctor_install_on (const char *os_release, const char *name);

/* ---- doctor-nested.c: where we are ---- */

/* What an outer container can withhold. */
typedef enum
{
  RUNC_GRANT_SYSCALLS, /* a seccomp filter */
  RUNC_GRANT_PROC,     /* /proc without masks */
  RUNC_GRANT_FUSE,     /* the device */
  RUNC_GRANT_TUN,      /* the device */
  RUNC_GRANT_IDS,      /* more than one uid */
  RUNC_GRANT_SETUID,   /* no_new_privs is not set */
  RUNC_N_GRANTS,
} RuncDoctorGrant;

/* Set `mend`: how to start the container that we are in (or whatever else started us) so that it
 * grants @grants, a set of 1 << RUNC_GRANT_*. */
void runc_doctor_mend_by_grants (const RuncDoctor *doctor, RuncDoctorFinding *finding,
                                 guint grants);

/* The value of "Key:" in /proc/self/status, or @fallback. */
gint64 runc_doctor_process_status (const char *key, gint64 fallback);

/* What is mounted below /proc, according to @mountinfo, the content of /proc/self/mountinfo
 * (NULL-terminated, new). What sits on the empty directory for binfmt_misc hides nothing and does
 * not count. */
char **runc_doctor_proc_masks (const char *mountinfo);
/* Can a new procfs be mounted? FALSE as well when nothing can be tried. doctor-mounts.c */
bool runc_doctor_procfs_works (RuncDoctor *doctor);
/* Is "/" no mount, as after chroot()? Likewise. The kernel makes no user namespaces there. */
bool runc_doctor_in_chroot (const char *mountinfo);
