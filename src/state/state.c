/* The directory of a container: made, opened, locked, read, written, removed. Runs in the parent.
 *
 * All access goes through two fds, of the root and of the container's directory, which are opened
 * once and checked to belong to us: whoever can write there decides what runs as us. Names are
 * never followed through symbolic links below the root.
 *
 * The lock is an flock() of the directory. It tells a container that is being made from one whose
 * maker was killed, since the kernel drops it with its holder.
 */
#include "state/state.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "sys/pid.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_STATE_SIZE (4 * 1024 * 1024)

const char *
runc_status_to_string (RuncStatus status)
{
  static const char *const names[] = {
#define X(name, text) [RUNC_STATUS_##name] = text,
    RUNC_STATUSES (X)
#undef X
  };

  return names[status];
}

/* ---- opening --------------------------------------------------------------------------------- */

/* @path belongs to us, or, if @or_root, to root: such a directory may be shared by users, /tmp for
 * one. */
static gboolean
check_owner (int fd, const char *path, gboolean or_root, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return runc_throw_errno (error, "cannot stat '%s'", path);
  if (st.st_uid == geteuid () || (or_root && st.st_uid == 0))
    return TRUE;
  return runc_throw (
      error, RUNC_ERROR_SYSTEM,
      "state directory '%s' belongs to uid %u, not to us (uid %u): choose another one "
      "with --root",
      path, st.st_uid, geteuid ());
}

/* Open the state root into *@ret_fd. Not there: FALSE and no error. */
static gboolean
open_root (const char *root, int *ret_fd, GError **error)
{
  autofd int fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return errno == ENOENT ? FALSE
                           : runc_throw_errno (error, "cannot open the state directory '%s'", root);
  if (!check_owner (fd, root, TRUE, error))
    return FALSE;
  *ret_fd = runc_steal_fd (&fd);
  return TRUE;
}

static gboolean
not_found (const char *id, GError **error)
{
  return runc_throw (error, RUNC_ERROR_NOT_FOUND, "container does not exist: '%s'", id);
}

/* Open <root_fd>/@id into dir, which has path and root_fd. */
static gboolean
open_container (RuncStateDir *dir, const char *id, GError **error)
{
  dir->dir_fd
      = openat (dir->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (dir->dir_fd >= 0)
    return check_owner (dir->dir_fd, dir->path, FALSE, error);
  dir->dir_fd = -EBADF;
  if (errno == ENOENT)
    return not_found (id, error);
  return runc_throw_errno (error, "cannot open the container's directory '%s'", dir->path);
}

gboolean
runc_state_dir_open (const char *root, const char *id, gboolean lock, RuncStateDir *ret_dir,
                     GError **error)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) local = NULL;

  if (!runc_state_check_id (id, error))
    return FALSE;
  if (!open_root (root, &dir.root_fd, &local))
    {
      if (local == NULL)
        return not_found (id, error);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  dir.path = g_build_filename (root, id, NULL);
  if (!open_container (&dir, id, error))
    return FALSE;
  if (lock && !runc_state_dir_lock (&dir, TRUE, error))
    return FALSE;
  *ret_dir = dir;
  dir = (RuncStateDir)RUNC_STATE_DIR_INIT;
  return TRUE;
}

gboolean
runc_state_dir_create (const char *root, const char *id, RuncStateDir *ret_dir, GError **error)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) local = NULL;

  if (!runc_state_check_id (id, error))
    return FALSE;
  if (!open_root (root, &dir.root_fd, &local) && local == NULL)
    {
      if (g_mkdir_with_parents (root, 0700) < 0)
        return runc_throw_errno (error, "cannot make the state directory '%s'", root);
      if (!open_root (root, &dir.root_fd, &local) && local == NULL)
        return runc_throw (error, RUNC_ERROR_SYSTEM, "state directory '%s' has vanished", root);
    }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  dir.path = g_build_filename (root, id, NULL);
  if (mkdirat (dir.root_fd, id, 0700) < 0)
    {
      if (errno == EEXIST)
        return runc_throw (error, RUNC_ERROR_EXISTS, "container with given ID already exists: '%s'",
                           id);
      return runc_throw_errno (error, "cannot make the container's directory '%s'", dir.path);
    }
  /* Between mkdirat() and the lock it looks like a directory whose maker was killed. Who removes it
   * then is found out by the lock, and what is there under its name then is not ours to remove. */
  if (!open_container (&dir, id, &local) || !runc_state_dir_lock (&dir, TRUE, &local))
    {
      if (!g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
        unlinkat (dir.root_fd, id, AT_REMOVEDIR);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *ret_dir = dir;
  dir = (RuncStateDir)RUNC_STATE_DIR_INIT;
  return TRUE;
}

void
runc_state_dir_clear (RuncStateDir *dir)
{
  runc_state_dir_unlock (dir);
  runc_close_fdp (&dir->dir_fd);
  runc_close_fdp (&dir->root_fd);
  g_clear_pointer (&dir->path, g_free);
}

/* ---- the lock -------------------------------------------------------------------------------- */

static const char *
id_of (const RuncStateDir *dir)
{
  return strrchr (dir->path, '/') + 1;
}

gboolean
runc_state_dir_lock (RuncStateDir *dir, gboolean wait, GError **error)
{
  struct stat ours, named;
  int r;

  do
    r = flock (dir->dir_fd, LOCK_EX | (wait ? 0 : LOCK_NB));
  while (r < 0 && errno == EINTR);
  if (r < 0 && errno == EWOULDBLOCK)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                       "container '%s' is being changed by another runc", id_of (dir));
  if (r < 0)
    return runc_throw_errno (error, "cannot lock '%s'", dir->path);
  dir->locked = TRUE;

  /* Who held the lock may have removed the directory, and somebody else made it anew. */
  if (fstat (dir->dir_fd, &ours) < 0)
    return runc_throw_errno (error, "cannot stat '%s'", dir->path);
  if (fstatat (dir->root_fd, id_of (dir), &named, AT_SYMLINK_NOFOLLOW) == 0
      && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
    return TRUE;
  runc_state_dir_unlock (dir);
  return not_found (id_of (dir), error);
}

void
runc_state_dir_unlock (RuncStateDir *dir)
{
  if (dir->locked)
    flock (dir->dir_fd, LOCK_UN);
  dir->locked = FALSE;
}

/* Does another process hold the lock? */
static gboolean
locked_by_other (const RuncStateDir *dir)
{
  if (dir->locked)
    return FALSE;
  if (flock (dir->dir_fd, LOCK_SH | LOCK_NB) < 0)
    return errno == EWOULDBLOCK;
  flock (dir->dir_fd, LOCK_UN);
  return FALSE;
}

/* ---- files ----------------------------------------------------------------------------------- */

gboolean
runc_state_dir_remove (RuncStateDir *dir, GError **error)
{
  int r = runc_sys_remove_tree (dir->root_fd, id_of (dir));

  if (r < 0)
    return runc_throw_neg (error, r, "cannot remove the container's directory '%s'", dir->path);
  runc_state_dir_unlock (dir);
  return TRUE;
}

gboolean
runc_state_write_file (const RuncStateDir *dir, const char *name, const char *text, GError **error)
{
  if (!runc_io_replace_file (dir->dir_fd, name, text, 0600, error))
    return runc_prefix (error, "container '%s'", id_of (dir));
  return TRUE;
}

gboolean
runc_state_write (const RuncStateDir *dir, const RuncState *state, GError **error)
{
  g_autofree char *text = runc_state_to_json (state);

  return runc_state_write_file (dir, RUNC_STATE_FILE, text, error);
}

gboolean
runc_state_write_early (const RuncStateDir *dir, const RuncState *state, GError **error)
{
  g_autofree char *text = runc_state_to_json (state);

  return runc_state_write_file (dir, RUNC_STATE_EARLY, text, error);
}

/* Read the file @name into *@ret_state. Not there: FALSE and no error. */
static gboolean
read_named (const RuncStateDir *dir, const char *name, RuncState **ret_state, GError **error)
{
  autofd int fd = openat (dir->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  g_autoptr (RuncState) state = NULL;
  g_autofree char *text = NULL;
  gsize len;

  if (fd < 0 && errno == ENOENT)
    return FALSE;
  if (fd < 0)
    runc_throw_errno (error, "cannot open '%s'", name);
  else
    text = runc_io_read_fd (fd, name, MAX_STATE_SIZE, &len, error);
  if (text != NULL)
    state = runc_state_from_json (text, len, error);
  if (state != NULL && strcmp (state->id, id_of (dir)) != 0)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC, "%s is that of container '%s'", name, state->id);
      g_clear_pointer (&state, runc_state_free);
    }
  if (state == NULL)
    return runc_prefix (error, "container '%s' is damaged ('runc delete --force %s' removes it)",
                        id_of (dir), id_of (dir));
  *ret_state = g_steal_pointer (&state);
  return TRUE;
}

RuncState *
runc_state_read (const RuncStateDir *dir, GError **error)
{
  g_autoptr (GError) local = NULL;
  RuncState *state = NULL;

  if (read_named (dir, RUNC_STATE_FILE, &state, &local))
    return state;
  if (local == NULL)
    return runc_state_read_early (dir, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

RuncState *
runc_state_read_early (const RuncStateDir *dir, GError **error)
{
  g_autoptr (GError) local = NULL;
  RuncState *state = NULL;

  if (read_named (dir, RUNC_STATE_EARLY, &state, &local))
    return state;
  if (local == NULL)
    runc_throw (&local, RUNC_ERROR_NOT_FOUND,
                "container '%s' has no %s: it is being made, or its making was interrupted",
                id_of (dir), RUNC_STATE_FILE);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* ---- facts ----------------------------------------------------------------------------------- */

gboolean
runc_state_process_alive (pid_t pid, guint64 start_time)
{
  RuncProcessStat stat;

  return runc_sys_process_stat (pid, &stat) == 0 && stat.start_time == start_time
         && !runc_sys_stat_ended (&stat);
}

guint64
runc_state_process_start_time (pid_t pid)
{
  RuncProcessStat stat;

  return runc_sys_process_stat (pid, &stat) == 0 ? stat.start_time : 0;
}

int
runc_state_gate_lock (const RuncStateDir *dir, GError **error)
{
  autofd int fd
      = openat (dir->dir_fd, RUNC_STATE_GATE, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

  if (fd < 0 || flock (fd, LOCK_SH | LOCK_NB) < 0)
    {
      runc_throw_errno (error, "cannot lock '%s/%s'", dir->path, RUNC_STATE_GATE);
      return -1;
    }
  return runc_steal_fd (&fd);
}

/* Does a process wait at the start gate? */
static gboolean
at_gate (const RuncStateDir *dir)
{
  autofd int fd = -EBADF;

  if (faccessat (dir->dir_fd, RUNC_STATE_FIFO, F_OK, 0) < 0)
    return FALSE;
  fd = openat (dir->dir_fd, RUNC_STATE_GATE, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
  return fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) < 0;
}

RuncStatus
runc_state_status (const RuncStateDir *dir, const RuncState *state)
{
  if (state == NULL || state->init_pid == 0)
    return locked_by_other (dir) ? RUNC_STATUS_CREATING : RUNC_STATUS_STOPPED;
  if (!runc_state_process_alive (state->init_pid, state->init_start_time))
    return RUNC_STATUS_STOPPED;
  return at_gate (dir) ? RUNC_STATUS_CREATED : RUNC_STATUS_RUNNING;
}

static gboolean
is_directory (int dir_fd, const struct dirent *entry)
{
  struct stat st;

  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type == DT_DIR;
  return fstatat (dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (st.st_mode);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
runc_state_list_ids (const char *root, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  autofd int fd = -EBADF;
  struct dirent *entry;
  DIR *dir;

  if (!open_root (root, &fd, &local))
    {
      if (local != NULL)
        g_propagate_error (error, g_steal_pointer (&local));
      else
        runc_throw (error, RUNC_ERROR_NOT_FOUND,
                    "cannot open the state directory '%s': no such file or directory", root);
      return NULL;
    }
  dir = fdopendir (fd);
  if (dir == NULL)
    {
      runc_throw_errno (error, "cannot read the state directory '%s'", root);
      return NULL;
    }
  runc_steal_fd (&fd);
  while ((entry = readdir (dir)) != NULL)
    if (runc_state_check_id (entry->d_name, NULL) && is_directory (dirfd (dir), entry))
      g_ptr_array_add (ids, g_strdup (entry->d_name));
  closedir (dir);
  g_ptr_array_sort (ids, compare_strings);
  g_ptr_array_add (ids, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&ids), FALSE);
}
