/* Making cgroups by hand in the v1 hierarchies, and in the v2 one of a hybrid host. Runs in the
 * parent.
 *
 * A run makes about ten directories, so every system call counts: a new directory costs one
 * mkdir(); nothing is opened, read or checked in it unless there is something to set. A cpuset is
 * the exception: it cannot hold a process before it has cpus and mems, which are copied from its
 * parent.
 *
 * Processes join by writing "0" to `tasks` themselves (the child does, while it has one thread): a
 * pid in cgroup.procs would cost an RCU grace period.
 */
#include "cgroup/driver.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <string.h>

static gboolean
is_blank (const char *text)
{
  return text[strspn (text, " \n")] == '\0';
}

/* What a cpuset needs before a process can join it. */
static const char *const cpuset_files[] = { "cpuset.cpus", "cpuset.mems" };

#define N_CPUSET_FILES 2

typedef struct
{
  char *values[N_CPUSET_FILES];
} Cpuset;

static void
cpuset_clear (Cpuset *cpuset)
{
  for (gsize i = 0; i < N_CPUSET_FILES; i++)
    g_free (cpuset->values[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cpuset, cpuset_clear)

/* Give the cpuset @dir the values of its parent where it has none. Parents that have none
 * themselves are filled first; the root of the hierarchy always has some.
 *
 * @is_new: @dir has just been made, so it need not be read
 * @ret_cpuset: what it has now, for the recursion */
static int
init_cpuset (const char *dir, gboolean is_new, Cpuset *ret_cpuset)
{
  g_auto (Cpuset) own = { 0 }, above = { 0 };
  autofd int fd = runc_cgroup_dir_open (dir);
  gboolean complete = !is_new;
  int r = fd < 0 ? fd : 0;

  for (gsize i = 0; r == 0 && !is_new && i < N_CPUSET_FILES; i++)
    {
      r = runc_cgroup_read (fd, cpuset_files[i], &own.values[i]);
      complete &= r == 0 && !is_blank (own.values[i]);
    }
  if (r == 0 && !complete)
    {
      g_autofree char *parent = g_path_get_dirname (dir);

      r = init_cpuset (parent, FALSE, &above);
    }
  for (gsize i = 0; r == 0 && !complete && i < N_CPUSET_FILES; i++)
    if (own.values[i] == NULL || is_blank (own.values[i]))
      {
        g_free (own.values[i]);
        own.values[i] = g_steal_pointer (&above.values[i]);
        r = runc_cgroup_write (fd, cpuset_files[i], own.values[i]);
      }
  if (r < 0)
    return r;
  *ret_cpuset = own;
  own = (Cpuset){ 0 };
  return 0;
}

gboolean
runc_cgroup_fs1_create (const RuncCgroupSetup *setup, GPtrArray *made_dirs, RuncCgroupMade *made,
                        GError **error)
{
  const RuncCgroupRef *ref = &setup->ref;
  const char *cpuset = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_CPUSET);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_auto (Cpuset) filled = { 0 };
  gboolean existed = FALSE;
  int r;

  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    {
      r = runc_cgroup_dir_make (*dir, made_dirs);
      if (r < 0)
        return runc_cgroup_throw (error, r, "unable to apply cgroup configuration: mkdir %s", *dir);
      existed |= r == 0;
      if (*dir == cpuset)
        r = init_cpuset (*dir, r == 1, &filled);
      if (r < 0)
        return runc_cgroup_throw (error, r,
                                  "unable to apply cgroup configuration: cannot fill cpuset '%s'",
                                  *dir);
      g_ptr_array_add (files, g_build_filename (*dir, "tasks", NULL));
    }
  if (ref->v2_dir != NULL)
    {
      r = runc_cgroup_dir_make (ref->v2_dir, made_dirs);
      if (r >= 0)
        {
          existed |= r == 0;
          made->v2_fd = runc_cgroup_dir_open (ref->v2_dir);
          r = made->v2_fd;
        }
      if (r < 0)
        return runc_cgroup_throw (error, r, "unable to apply cgroup configuration: mkdir %s",
                                  ref->v2_dir);
      made->v2_dir = g_strdup (ref->v2_dir);
    }
  if (existed && !runc_cgroup_check_unused (ref, error))
    return FALSE;
  g_ptr_array_add (files, NULL);
  made->task_files = (char **)g_ptr_array_free (g_steal_pointer (&files), FALSE);
  return TRUE;
}
