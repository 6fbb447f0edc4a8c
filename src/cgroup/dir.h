/* Cgroup directories and their files: the primitives that all drivers are made of. Parent side.
 *
 * Functions that return int return -errno and never log, as in src/sys, because their callers tell
 * errnos apart. A cgroupfs has no symbolic links, so a path below its mount point needs no guarded
 * resolution once its directory is known to be one of a cgroupfs (runc_cgroup_dir_open() checks).
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* As runc_throw_neg(), with the reason in lower case, because scripts match "permission denied". */
gboolean runc_cgroup_throw (GError **error, int neg_errno, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Open @dir (absolute) for reading. -ENOTDIR when it is not a directory of a cgroupfs, -EINVAL when
 * the path is not absolute or has empty, "." or ".." components. */
int runc_cgroup_dir_open (const char *dir);

/* Make @dir and its missing parents (mode 0755). Each directory that this call made is appended to
 * @made (owned strings), the uppermost first.
 * Returns 1 when @dir is new, 0 when it was there, -errno. */
int runc_cgroup_dir_make (const char *dir, GPtrArray *made);

/* Remove the directories of a list that runc_cgroup_dir_make() filled, the last one first, as far
 * as they are empty. */
void runc_cgroup_dir_unmake (const GPtrArray *made);

/* The mount point of the cgroup2 hierarchy that @dir is in (new string), or NULL when it is in
 * none.
 * @dir itself need not exist. */
char *runc_cgroup_v2_mount_of (const char *dir);

/* Read the whole of @name below @dir_fd (new NUL-terminated string in *@ret_text). */
int runc_cgroup_read (int dir_fd, const char *name, char **ret_text);

/* Read @name as one number; "max" is G_MAXUINT64. -EINVAL when it is neither. */
int runc_cgroup_read_u64 (int dir_fd, const char *name, guint64 *ret_value);

/* The number after the word @key in text of "key value" lines; FALSE when it is not there. */
gboolean runc_cgroup_key_value (const char *text, const char *key, guint64 *ret_value);

/* Write @text to @name below @dir_fd with one write(). The file is never created. */
int runc_cgroup_write (int dir_fd, const char *name, const char *text);

/* Append the pids in the cgroup @dir_fd to @pids (of pid_t). Pids that our pid namespace cannot see
 * are left out. */
int runc_cgroup_dir_pids (int dir_fd, GArray *pids);

/* Names of the sub-cgroups of @dir_fd (owned strings). */
int runc_cgroup_dir_children (int dir_fd, GPtrArray **ret_names);

/* As runc_cgroup_dir_pids() for @dir_fd and everything below it. Sub-cgroups that vanish meanwhile
 * are skipped. */
int runc_cgroup_tree_pids (int dir_fd, GArray *pids);

/* Remove @dir with all its sub-cgroups, the deepest first. Processes in them are killed, and waited
 * for until @deadline (g_get_monotonic_time()). A missing @dir is fine. -EBUSY when something
 * stayed. */
int runc_cgroup_tree_remove (const char *dir, gint64 deadline);

/* A wait whose steps grow from 50 us to 10 ms: for conditions that the kernel does not (or not at
 * once) notify. */
typedef struct
{
  gint64 deadline; /* g_get_monotonic_time() */
  gint64 step_us;
} RuncCgroupBackoff;

/* Sleep a step, or until @events_fd (cgroup.events, or -1) changes. FALSE when the deadline has
 * passed. */
gboolean runc_cgroup_backoff_wait (RuncCgroupBackoff *backoff, int events_fd);
