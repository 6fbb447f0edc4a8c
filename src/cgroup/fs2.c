/* Making a cgroup by hand in the v2 hierarchy. Runs in the parent.
 *
 * The directory is made, the controllers are enabled in every cgroup above it, and its fd goes to
 * the clone, which puts the process there without a migration.
 *
 * A cgroup that has processes of its own cannot enable (domain) controllers for its sub-cgroups;
 * that is no error as long as no limit needs them. Foreign processes are never moved out of the
 * way.
 */
#include "cgroup/driver.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <string.h>

/* Do @r need a controller that only works in a domain, not in a threaded cgroup? */
static gboolean
needs_domain (const RuncSpecResources *r)
{
  return r != NULL
         && (r->block_io != NULL || r->n_hugepage_limits > 0
             || (r->memory != NULL
                 && (r->memory->limit.present || r->memory->reservation.present
                     || r->memory->swap.present)));
}

/* Below a threaded cgroup a new one cannot hold processes until it is threaded too. */
static gboolean
check_type (const RuncCgroupSetup *setup, int dir_fd, GError **error)
{
  const char *dir = setup->ref.v2_dir;
  g_autofree char *type = NULL;
  int r = runc_cgroup_read (dir_fd, "cgroup.type", &type);

  if (r < 0)
    return r == -ENOENT || runc_cgroup_throw (error, r, "cannot read '%s/cgroup.type'", dir);
  g_strchomp (type);
  if (g_str_equal (type, "domain"))
    return TRUE;
  if (needs_domain (setup->resources))
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "cannot enter cgroupv2 '%s' with domain controllers -- it is in '%s' mode (a "
        "parent cgroup is threaded; choose a cgroupsPath outside of it)",
        dir, type);
  if (g_str_equal (type, "domain invalid"))
    {
      r = runc_cgroup_write (dir_fd, "cgroup.type", "threaded");
      if (r < 0)
        return runc_cgroup_throw (error, r,
                                  "cgroup '%s' is below a threaded one and cannot be made threaded",
                                  dir);
    }
  return TRUE;
}

/* A cgroup that was there may have been made one that only has sub-cgroups: it has to take
 * processes again. */
static gboolean
take_processes (const char *dir, int dir_fd, GError **error)
{
  g_autofree char *enabled = NULL;
  g_autoptr (GString) off = g_string_new (NULL);
  int r = runc_cgroup_read (dir_fd, "cgroup.subtree_control", &enabled);

  if (r < 0)
    return runc_cgroup_throw (error, r, "cannot read '%s/cgroup.subtree_control'", dir);
  g_auto (GStrv) words = g_strsplit_set (enabled, " \n", -1);
  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_string_append_printf (off, "-%s ", *word);
  r = off->len > 0 ? runc_cgroup_write (dir_fd, "cgroup.subtree_control", off->str) : 0;
  return r == 0
         || runc_cgroup_throw (error, r,
                               "cgroup '%s' can have no processes, because its sub-cgroups have "
                               "controllers",
                               dir);
}

gboolean
runc_cgroup_fs2_create (const RuncCgroupSetup *setup, GPtrArray *made_dirs, RuncCgroupMade *made,
                        GError **error)
{
  const char *dir = setup->ref.v2_dir;
  int r;

  r = runc_cgroup_dir_make (dir, made_dirs);
  if (r < 0)
    return runc_cgroup_throw (error, r, "unable to apply cgroup configuration: mkdir %s", dir);
  made->v2_fd = runc_cgroup_dir_open (dir);
  if (made->v2_fd < 0)
    return runc_cgroup_throw (error, made->v2_fd, "unable to apply cgroup configuration: open %s",
                              dir);
  made->v2_dir = g_strdup (dir);
  if (r == 0
      && (!runc_cgroup_check_unused (&setup->ref, error)
          || !take_processes (dir, made->v2_fd, error)))
    return FALSE;
  runc_cgroup_v2_enable_controllers (dir);
  return check_type (setup, made->v2_fd, error);
}
