/* The operations on a container's cgroups that do not depend on how they were made. Runs in the
 * parent.
 *
 * Drivers differ in how cgroups are created and limited; once they exist, a container simply has
 * directories: one in the v2 hierarchy, one in each v1 hierarchy, or both on a hybrid host. What is
 * here works on those, v2 first, because it can kill and notify.
 */
#include "cgroup/cgroup.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/dir.h"
#include "cgroup/driver.h"
#include "cgroup/limits.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* How long a removal waits for killed processes to be gone. */
#define REMOVE_TIMEOUT_US (10 * G_USEC_PER_SEC)

void
runc_cgroup_made_clear (RuncCgroupMade *made)
{
  runc_close_fdp (&made->v2_fd);
  g_clear_pointer (&made->v2_dir, g_free);
  g_clear_pointer (&made->unit, g_free);
  g_clear_pointer (&made->task_files, g_strfreev);
}

gboolean
runc_cgroup_create (const RuncCgroupSetup *setup, RuncCgroupMade *ret_made, GError **error)
{
  g_autoptr (GPtrArray) dirs = g_ptr_array_new_with_free_func (g_free);
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  gboolean ok = TRUE;

  if (setup->ref.driver == DRIVER_FS2)
    ok = runc_cgroup_fs2_create (setup, dirs, &made, error);
  else if (setup->ref.driver == DRIVER_FS1
           || (setup->ref.driver == DRIVER_SYSTEMD && setup->ref.v1_dirs != NULL))
    ok = runc_cgroup_fs1_create (setup, dirs, &made, error);
  if (setup->ref.driver == DRIVER_FS1 || setup->ref.driver == DRIVER_FS2)
    ok = ok && runc_cgroup_limits_apply (&setup->ref, setup->resources, NULL, error);
  /* On v1 the rules are written one after the other, and between "deny all" and the first that
   * allows something a process inside could not make its device nodes. */
  if (setup->ref.driver == DRIVER_FS1 && setup->device_rules)
    ok = ok && runc_cgroup_devices_apply (&setup->ref, setup->resources, error);
  if (made.v2_dir != NULL)
    ok = ok && runc_cgroup_give (made.v2_dir, setup->owner, error);
  if (!ok)
    {
      runc_cgroup_dir_unmake (dirs);
      return FALSE;
    }
  *ret_made = made;
  made = (RuncCgroupMade){ .v2_fd = -EBADF };
  return TRUE;
}

gboolean
runc_cgroup_adopt (const RuncCgroupSetup *setup, pid_t pid, RuncCgroupMade *made, GError **error)
{
  if (setup->ref.driver == DRIVER_SYSTEMD)
    return runc_cgroup_systemd_adopt (setup, pid, made, error);
  return setup->ref.driver != DRIVER_FS2 || !setup->device_rules
         || runc_cgroup_devices_apply (&setup->ref, setup->resources, error);
}

gboolean
runc_cgroup_update (const RuncCgroupRef *ref, const RuncSpecResources *resources, GError **error)
{
  g_autoptr (RuncLimitsUndo) undo = NULL;

  if (ref->driver == DRIVER_NONE || runc_cgroup_process_dir (ref) == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "limits cannot be changed: the container runs without a cgroup of its own "
                       "(cgroups were not delegated to the user who started it)");
  if (!runc_cgroup_limits_apply (ref, resources, &undo, error))
    return FALSE;
  if ((ref->driver != DRIVER_SYSTEMD || runc_cgroup_systemd_update (ref, resources, error))
      && runc_cgroup_devices_update (ref, resources, error))
    return TRUE;
  runc_cgroup_limits_undo (undo);
  return FALSE;
}

gboolean
runc_cgroup_check_unused (const RuncCgroupRef *ref, GError **error)
{
  g_autoptr (GArray) pids = runc_cgroup_pids (ref, error);

  if (pids == NULL)
    return FALSE;
  if (pids->len > 0)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                       "container's cgroup is not empty: %u process(es) found", pids->len);
  if (runc_cgroup_is_frozen (ref))
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container's cgroup unexpectedly frozen");
  return TRUE;
}

static int
compare_pids (gconstpointer a, gconstpointer b)
{
  return *(const pid_t *)a - *(const pid_t *)b;
}

GArray *
runc_cgroup_pids (const RuncCgroupRef *ref, GError **error)
{
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  const char *dir = runc_cgroup_process_dir (ref);

  if (dir == NULL)
    return g_steal_pointer (&pids);
  autofd int fd = runc_cgroup_dir_open (dir);
  int r = fd < 0 ? fd : runc_cgroup_tree_pids (fd, pids);
  if (r == -ENOENT || r == -ENODEV)
    return g_steal_pointer (&pids);
  if (r < 0)
    {
      runc_cgroup_throw (error, r, "cannot list the processes of cgroup '%s'", dir);
      return NULL;
    }
  g_array_sort (pids, compare_pids);
  return g_steal_pointer (&pids);
}

/* SIGKILL for all by the kernel, which no fork can outrun. FALSE when it cannot. */
static gboolean
kill_by_kernel (const RuncCgroupRef *ref)
{
  if (ref->v2_dir == NULL)
    return FALSE;
  autofd int fd = runc_cgroup_dir_open (ref->v2_dir);
  return fd >= 0 && runc_cgroup_write (fd, "cgroup.kill", "1") == 0;
}

gboolean
runc_cgroup_signal_all (const RuncCgroupRef *ref, int signum, GError **error)
{
  gboolean was_frozen, froze, ok = TRUE;

  if (signum == SIGKILL && kill_by_kernel (ref))
    {
      /* The v1 freezer keeps even the killed. */
      if (runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_FREEZER) != NULL)
        runc_cgroup_freeze (ref, FALSE, NULL);
      return TRUE;
    }

  /* Frozen processes do not fork: the list stays complete while it is walked. */
  was_frozen = runc_cgroup_is_frozen (ref);
  froze = !was_frozen && runc_cgroup_freeze (ref, TRUE, NULL);
  g_autoptr (GArray) pids = runc_cgroup_pids (ref, error);
  for (guint i = 0; pids != NULL && i < pids->len; i++)
    {
      pid_t pid = g_array_index (pids, pid_t, i);

      if (kill (pid, signum) < 0 && errno != ESRCH && ok)
        ok = runc_throw_errno (error, "cannot send signal %d to process %d", signum, (int)pid);
    }
  if (froze || (was_frozen && signum == SIGKILL))
    runc_cgroup_freeze (ref, FALSE, NULL);
  return ok && pids != NULL;
}

gboolean
runc_cgroup_remove (const RuncCgroupRef *ref, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + REMOVE_TIMEOUT_US;
  gboolean ok = TRUE;

  if (ref->driver == DRIVER_SYSTEMD)
    ok = runc_cgroup_systemd_remove (ref, error);
  /* v2 first: its cgroup.kill ends the processes in all hierarchies. */
  if (ref->v2_dir != NULL)
    {
      int r = runc_cgroup_tree_remove (ref->v2_dir, deadline);
      if (r < 0 && ok)
        ok = runc_cgroup_throw (error, r, "cannot remove cgroup '%s'", ref->v2_dir);
    }
  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    {
      int r = runc_cgroup_tree_remove (*dir, deadline);
      if (r < 0 && ok)
        ok = runc_cgroup_throw (error, r, "cannot remove cgroup '%s'", *dir);
    }
  return ok;
}

/* @dir/@sub, when that is @dir or below it and exists as a cgroup; NULL with an error otherwise. */
static char *
sub_dir (const char *dir, const char *sub, GError **error)
{
  g_autofree char *path = g_build_filename (dir, sub, NULL);
  g_autofree char *clean = g_canonicalize_filename (path, "/");
  gsize n = strlen (dir);

  if (strncmp (clean, dir, n) != 0 || (clean[n] != '\0' && clean[n] != '/'))
    {
      runc_throw (error, RUNC_ERROR_USAGE, "bad sub cgroup path: %s", sub);
      return NULL;
    }
  autofd int fd = runc_cgroup_dir_open (clean);
  if (fd < 0)
    {
      runc_cgroup_throw (error, fd, "error adding pid to cgroups: cannot open cgroup '%s'", clean);
      return NULL;
    }
  return g_steal_pointer (&clean);
}

/* The directories to join, by the arguments of exec --cgroup: @dirs starts as those of the
 * container and has entries replaced. */
static gboolean
apply_subs (const RuncCgroupRef *ref, const char *const *subs, GHashTable *dirs, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; subs != NULL && subs[i] != NULL; i++)
    {
      const char *colon = strchr (subs[i], ':');

      if (colon == NULL)
        {
          GHashTableIter iter;
          gpointer base, value;

          if (subs[1] != NULL)
            return runc_throw (error, RUNC_ERROR_USAGE,
                               "invalid --cgroup argument: %s (missing <controller>: prefix)",
                               subs[i]);
          g_hash_table_iter_init (&iter, dirs);
          while (g_hash_table_iter_next (&iter, &base, &value))
            {
              char *path = sub_dir (base, subs[i], error);
              if (path == NULL)
                return FALSE;
              g_hash_table_iter_replace (&iter, path);
            }
          continue;
        }

      g_autofree char *names = g_strndup (subs[i], (gsize)(colon - subs[i]));
      g_auto (GStrv) list = g_strsplit (names, ",", -1);
      for (char **name = list; *list != NULL && *name != NULL; name++)
        {
          const char *base = runc_cgroup_v1_dir_by_name (ref, *name);

          if (**name == '\0')
            return runc_throw (error, RUNC_ERROR_USAGE,
                               "invalid --cgroup argument: %s (empty <controller> prefix)",
                               subs[i]);
          if (!g_hash_table_add (seen, g_strdup (*name)))
            return runc_throw (
                error, RUNC_ERROR_USAGE,
                "invalid --cgroup argument(s): controller %s specified multiple times", *name);
          if (base == NULL)
            return runc_throw (error, RUNC_ERROR_USAGE, "unknown controller %s in '%s'", *name,
                               subs[i]);
          char *path = sub_dir (base, colon + 1, error);
          if (path == NULL)
            return FALSE;
          g_hash_table_replace (dirs, (gpointer)base, path);
        }
      if (*list == NULL)
        return runc_throw (error, RUNC_ERROR_USAGE,
                           "invalid --cgroup argument: %s (empty <controller> prefix)", subs[i]);
    }
  return TRUE;
}

/* The directory of @ref -> the directory to join, for every hierarchy. */
static GHashTable *
join_dirs (const RuncCgroupRef *ref, const char *const *subs, GError **error)
{
  g_autoptr (GHashTable) dirs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    g_hash_table_insert (dirs, *dir, g_strdup (*dir));
  if (ref->v2_dir != NULL)
    g_hash_table_insert (dirs, (gpointer)ref->v2_dir, g_strdup (ref->v2_dir));
  if (!apply_subs (ref, subs, dirs, error))
    return NULL;
  return g_steal_pointer (&dirs);
}

/* The `tasks` files of the v1 directories. */
static GPtrArray *
task_files (const RuncCgroupRef *ref, GHashTable *dirs)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    g_ptr_array_add (files, g_build_filename (g_hash_table_lookup (dirs, *dir), "tasks", NULL));
  return files;
}

char **
runc_cgroup_join_files (const RuncCgroupRef *ref, const char *const *sub, GError **error)
{
  g_autoptr (GHashTable) dirs = join_dirs (ref, sub, error);

  if (dirs == NULL)
    return NULL;
  g_autoptr (GPtrArray) files = task_files (ref, dirs);
  if (ref->v2_dir != NULL)
    g_ptr_array_add (files, g_build_filename (g_hash_table_lookup (dirs, ref->v2_dir),
                                              "cgroup.procs", NULL));
  g_ptr_array_add (files, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&files), FALSE);
}

/* Can the cgroup have processes of its own? Not with domain controllers enabled for its
 * sub-cgroups. */
static gboolean
takes_processes (int dir_fd)
{
  g_autofree char *enabled = NULL;

  return runc_cgroup_read (dir_fd, "cgroup.subtree_control", &enabled) < 0
         || enabled[strspn (enabled, " \n")] == '\0';
}

gboolean
runc_cgroup_join (const RuncCgroupRef *ref, const char *const *sub, pid_t init,
                  RuncCgroupMade *ret_made, GError **error)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GHashTable) dirs = join_dirs (ref, sub, error);

  if (dirs == NULL)
    return FALSE;
  g_autoptr (GPtrArray) files = task_files (ref, dirs);
  g_ptr_array_add (files, NULL);
  made.task_files = (char **)g_ptr_array_free (g_steal_pointer (&files), FALSE);
  if (ref->v2_dir != NULL)
    {
      gboolean default_place = sub == NULL || sub[0] == NULL;
      const char *base = g_hash_table_lookup (dirs, ref->v2_dir);

      made.v2_dir = default_place && ref->delegated != NULL
                        ? g_build_filename (base, ref->delegated, NULL)
                        : g_strdup (base);
      made.v2_fd = runc_cgroup_dir_open (made.v2_dir);
      if (default_place && (made.v2_fd < 0 || !takes_processes (made.v2_fd)))
        {
          g_autofree char *other = runc_cgroup_v2_dir_of_process (init, ref->v2_dir);
          autofd int fd = other != NULL ? runc_cgroup_dir_open (other) : -EBADF;

          if (fd >= 0)
            {
              runc_debug ("cgroup '%s' takes no processes, joining that of init, '%s'", made.v2_dir,
                          other);
              runc_close_fd (made.v2_fd);
              made.v2_fd = runc_steal_fd (&fd);
              g_free (made.v2_dir);
              made.v2_dir = g_steal_pointer (&other);
            }
        }
      if (made.v2_fd < 0)
        return runc_cgroup_throw (error, made.v2_fd,
                                  "error adding pid to cgroups: cannot open cgroup '%s'",
                                  made.v2_dir);
      if (ref->driver == DRIVER_SYSTEMD && ref->user_bus && !runc_cgroup_v2_may_enter (made.v2_dir))
        {
          runc_close_fdp (&made.v2_fd);
          made.attach = TRUE;
        }
    }
  *ret_made = made;
  made = (RuncCgroupMade){ .v2_fd = -EBADF };
  return TRUE;
}

gboolean
runc_cgroup_attach (const RuncCgroupRef *ref, pid_t pid, GError **error)
{
  return runc_cgroup_systemd_attach (ref, pid, error)
         || runc_prefix (error, "error adding pid %d to cgroups", (int)pid);
}
