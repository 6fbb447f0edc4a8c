/* Where the state of the containers is, and what a container may be called. Runs in the parent. */
#include "base/error.h"
#include "base/fd.h"
#include "state/state.h"
#include "sys/pid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make the directory @path, or see that the one that is there is a directory of ours that nobody
 * else can write to. */
static gboolean
make_private_directory (const char *path, mode_t mode, const char *way_out, GError **error)
{
  struct stat st;

  if (mkdir (path, mode) == 0)
    return TRUE;
  if (errno != EEXIST)
    {
      int saved = errno;
      return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot make the state directory '%s': %s (%s)",
                         path, runc_strerror (saved), way_out);
    }
  autofd int fd = open (path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &st) < 0)
    {
      int saved = errno;
      return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot open the state directory '%s': %s (%s)",
                         path, runc_strerror (saved), way_out);
    }
  if (st.st_uid != geteuid ())
    return runc_throw (error, RUNC_ERROR_SYSTEM,
                       "state directory '%s' belongs to uid %u, not to us (uid %u): %s", path,
                       st.st_uid, geteuid (), way_out);
  if ((st.st_mode & 077) != 0 && fchmodat (AT_FDCWD, path, mode, 0) < 0)
    return runc_throw_errno (error, "cannot make the state directory '%s' private", path);
  return TRUE;
}

char *
runc_state_root (const char *root, GError **error)
{
  const char *runtime_dir;
  g_autofree char *path = NULL;
  gboolean is_root = geteuid () == 0;

  if (root != NULL)
    {
      /* POSIX lets "//x" be something else than "/x", and glib keeps it; on Linux it is the same.
       */
      while (root[0] == '/' && root[1] == '/')
        root++;
      path = g_canonicalize_filename (root, NULL);
      if (strcmp (path, "/") != 0 && *root != '\0')
        return g_steal_pointer (&path);
      runc_throw (error, RUNC_ERROR_USAGE, "option --root argument should not be set to /");
      return NULL;
    }
  if (is_root && runc_sys_in_initial_userns ())
    return g_strdup ("/run/runc");

  runtime_dir = g_getenv ("XDG_RUNTIME_DIR");
  if (runtime_dir != NULL && *runtime_dir == '/')
    {
      path = g_build_filename (runtime_dir, "runc", NULL);
      if (!make_private_directory (path, 01700,
                                   "set XDG_RUNTIME_DIR to a directory of yours, or use --root",
                                   error))
        return NULL;
      return g_steal_pointer (&path);
    }
  if (is_root && access ("/run", W_OK) == 0)
    path = g_strdup ("/run/runc");
  else
    path = g_strdup_printf ("/tmp/runc-%u", runc_sys_outer_euid ());
  if (!make_private_directory (path, 0700, "set XDG_RUNTIME_DIR, or use --root", error))
    return NULL;
  return g_steal_pointer (&path);
}

gboolean
runc_state_check_id (const char *id, GError **error)
{
  if (id == NULL || *id == '\0')
    return runc_throw (error, RUNC_ERROR_USAGE, "container id cannot be empty");
  for (const char *p = id; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("_+-.", *p) == NULL)
      return runc_throw (error, RUNC_ERROR_USAGE,
                         "invalid container ID format: '%s' (use letters, digits, and _ + - .)",
                         id);
  if (strcmp (id, ".") == 0 || strcmp (id, "..") == 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "invalid container ID format: '%s'", id);
  if (strlen (id) > NAME_MAX)
    return runc_throw (error, RUNC_ERROR_USAGE, "invalid container ID format: longer than %d bytes",
                       NAME_MAX);
  return TRUE;
}
