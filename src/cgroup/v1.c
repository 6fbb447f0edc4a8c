/* Which v1 controller a directory belongs to. Runs in the parent.
 *
 * A RuncCgroupRef has bare directories. By convention a hierarchy is mounted at
 * /sys/fs/cgroup/CONTROLLERS, which costs no system call to see; for one that is mounted elsewhere,
 * the files in the directory tell.
 */
#include "cgroup/driver.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct
{
  const char *name;
  const char *file;
} controllers[] = {
#define X(name, text, file) { text, file },
  RUNC_CGROUP_V1_CONTROLLERS (X)
#undef X
};

/* Is @name one of the comma-separated words in the first @n bytes of @list? */
static gboolean
list_has (const char *list, gsize n, const char *name)
{
  gsize len = strlen (name);

  for (gsize at = 0; at < n;)
    {
      gsize word = strcspn (list + at, ",/");

      if (word == len && strncmp (list + at, name, len) == 0)
        return TRUE;
      at += word + 1;
    }
  return FALSE;
}

/* The conventional name of the hierarchy that @dir is in ("cpu,cpuacct", *@ret_len bytes), or NULL.
 */
static const char *
hierarchy_name (const char *dir, gsize *ret_len)
{
  const char *name;

  if (!g_str_has_prefix (dir, "/sys/fs/cgroup/"))
    return NULL;
  name = dir + strlen ("/sys/fs/cgroup/");
  *ret_len = strcspn (name, "/");
  return name;
}

static gboolean
dir_has_file (const char *dir, const char *file)
{
  g_autofree char *path = g_build_filename (dir, file, NULL);

  return access (path, F_OK) == 0;
}

const char *
runc_cgroup_v1_dir (const RuncCgroupRef *ref, RuncCgroupV1Controller controller)
{
  gboolean unusual = FALSE;
  gsize n;

  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    {
      const char *name = hierarchy_name (*dir, &n);

      if (name == NULL)
        unusual = TRUE;
      else if (list_has (name, n, controllers[controller].name))
        return *dir;
    }
  for (char **dir = ref->v1_dirs; unusual && *dir != NULL; dir++)
    if (hierarchy_name (*dir, &n) == NULL && controllers[controller].file != NULL
        && dir_has_file (*dir, controllers[controller].file))
      return *dir;
  return NULL;
}

const char *
runc_cgroup_v1_dir_by_name (const RuncCgroupRef *ref, const char *name)
{
  gsize n;

  for (int i = 0; i < RUNC_CGROUP_N_V1; i++)
    if (g_str_equal (controllers[i].name, name))
      return runc_cgroup_v1_dir (ref, i);
  if (g_str_has_prefix (name, "name="))
    name += strlen ("name=");
  for (char **dir = ref->v1_dirs; dir != NULL && *dir != NULL; dir++)
    {
      const char *hierarchy = hierarchy_name (*dir, &n);

      if (hierarchy != NULL && list_has (hierarchy, n, name))
        return *dir;
    }
  return NULL;
}

const char *
runc_cgroup_process_dir (const RuncCgroupRef *ref)
{
  static const RuncCgroupV1Controller preferred[]
      = { RUNC_CGROUP_V1_DEVICES, RUNC_CGROUP_V1_FREEZER, RUNC_CGROUP_V1_PIDS };

  if (ref->v2_dir != NULL)
    return ref->v2_dir;
  for (gsize i = 0; i < G_N_ELEMENTS (preferred); i++)
    {
      const char *dir = runc_cgroup_v1_dir (ref, preferred[i]);

      if (dir != NULL)
        return dir;
    }
  return ref->v1_dirs != NULL ? ref->v1_dirs[0] : NULL;
}
