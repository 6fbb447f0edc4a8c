/* Where v2 cgroups are and what they can do, whoever made them. Runs in the parent. */
#include "cgroup/driver.h"

#include "base/fd.h"
#include "base/error.h"
#include "base/log.h"
#include "cgroup/dir.h"
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Enable in @dir_fd those of its controllers that are not enabled yet. */
static void
enable_all (int dir_fd, const char *dir)
{
  g_autofree char *available = NULL, *enabled = NULL;
  g_autoptr (GString) all = g_string_new (NULL);

  if (runc_cgroup_read (dir_fd, "cgroup.controllers", &available) < 0
      || runc_cgroup_read (dir_fd, "cgroup.subtree_control", &enabled) < 0)
    return;
  g_auto (GStrv) have = g_strsplit_set (enabled, " \n", -1);
  g_auto (GStrv) list = g_strsplit_set (available, " \n", -1);
  for (char **name = list; *name != NULL; name++)
    if (**name != '\0' && !g_strv_contains ((const char *const *)have, *name))
      g_string_append_printf (all, "%s+%s", all->len > 0 ? " " : "", *name);
  if (all->len == 0 || runc_cgroup_write (dir_fd, "cgroup.subtree_control", all->str) == 0)
    return;
  /* One that is refused (a domain controller in a threaded cgroup, cpu with realtime processes)
   * takes the others with it. */
  g_auto (GStrv) words = g_strsplit (all->str, " ", -1);
  for (char **word = words; *word != NULL; word++)
    {
      int r = runc_cgroup_write (dir_fd, "cgroup.subtree_control", *word);
      if (r < 0)
        runc_debug ("cannot enable controller '%s' in '%s': %s", *word + 1, dir,
                    runc_strerror (-r));
    }
}

void
runc_cgroup_v2_enable_controllers (const char *dir)
{
  g_autofree char *mount = runc_cgroup_v2_mount_of (dir);
  g_autofree char *offered = NULL, *have = NULL;

  if (mount == NULL || g_str_equal (mount, dir))
    return;
  autofd int mount_fd = runc_cgroup_dir_open (mount);
  autofd int dir_fd = runc_cgroup_dir_open (dir);
  if (mount_fd < 0 || dir_fd < 0 || runc_cgroup_read (mount_fd, "cgroup.controllers", &offered) < 0
      || runc_cgroup_read (dir_fd, "cgroup.controllers", &have) < 0 || g_str_equal (offered, have))
    return;
  enable_all (mount_fd, mount);
  for (const char *end = strchr (dir + strlen (mount) + 1, '/'); end != NULL;
       end = strchr (end + 1, '/'))
    {
      g_autofree char *parent = g_strndup (dir, (gsize)(end - dir));
      autofd int fd = runc_cgroup_dir_open (parent);

      if (fd >= 0)
        enable_all (fd, parent);
    }
}

char *
runc_cgroup_v2_dir_of_process (pid_t pid, const char *near)
{
  g_autofree char *mount = runc_cgroup_v2_mount_of (near);
  g_autofree char *name = g_strdup_printf ("%d/cgroup", (int)pid);
  autofd int proc = mount != NULL && pid > 0 ? runc_sys_proc_open () : -EBADF;
  autofd int fd = proc >= 0 ? runc_sys_proc_open_file (proc, name, O_RDONLY) : -EBADF;
  char text[8192];
  gssize n = fd >= 0 ? read (fd, text, sizeof text - 1) : -1;
  char *line;

  if (n <= 0)
    return NULL;
  text[n] = '\0';
  line = g_str_has_prefix (text, "0::") ? text : strstr (text, "\n0::");
  if (line == NULL)
    return NULL;
  line += strcspn (line, "/");
  line[strcspn (line, "\n")] = '\0';
  /* Outside of our cgroup namespace, or removed: of no use. */
  if (g_str_has_prefix (line, "/..") || g_str_has_suffix (line, " (deleted)"))
    return NULL;
  return g_str_equal (line, "/") ? g_strdup (mount) : g_strconcat (mount, line, NULL);
}

gboolean
runc_cgroup_v2_may_enter (const char *dir)
{
  g_autofree char *own = runc_cgroup_v2_dir_of_process (getpid (), dir);
  g_autofree char *procs = NULL;
  gsize common = 0;

  if (own == NULL)
    return FALSE;
  for (gsize i = 0;; i++)
    {
      if ((own[i] == '\0' || own[i] == '/') && (dir[i] == '\0' || dir[i] == '/'))
        common = i;
      if (own[i] != dir[i] || own[i] == '\0')
        break;
    }
  procs = g_strdup_printf ("%.*s/cgroup.procs", (int)common, dir);
  return access (procs, W_OK) == 0;
}

char *
runc_cgroup_enter_sub (const char *dir, const char *sub, pid_t pid, GError **error)
{
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *path = g_build_filename (dir, sub, NULL);
  g_autofree char *text = g_strdup_printf ("%d", (int)pid);
  int r = runc_cgroup_dir_make (path, made);
  autofd int fd = r < 0 ? r : runc_cgroup_dir_open (path);

  r = fd < 0 ? fd : runc_cgroup_write (fd, "cgroup.procs", text);
  if (r < 0)
    {
      runc_cgroup_dir_unmake (made);
      runc_cgroup_throw (error, r, "cannot move the container into cgroup '%s'", path);
      return NULL;
    }
  /* Only now: a cgroup with processes of its own cannot pass controllers on. */
  runc_cgroup_v2_enable_controllers (path);
  return g_steal_pointer (&path);
}

gboolean
runc_cgroup_give (const char *dir, uid_t owner, GError **error)
{
  g_autofree char *list = NULL;

  if (owner == 0)
    return TRUE;
  autofd int fd = runc_cgroup_dir_open (dir);
  if (fd < 0 || fchown (fd, owner, (gid_t)-1) < 0)
    return runc_cgroup_throw (error, fd < 0 ? fd : errno, "cannot give cgroup '%s' to uid %u", dir,
                              owner);
  if (!g_file_get_contents ("/sys/kernel/cgroup/delegate", &list, NULL, NULL))
    list = g_strdup (
        "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n"); /* before Linux 4.15 */
  g_auto (GStrv) files = g_strsplit (list, "\n", -1);
  for (char **file = files; *file != NULL; file++)
    if (**file != '\0' && fchownat (fd, *file, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0
        && errno != ENOENT)
      return runc_cgroup_throw (error, errno, "cannot give '%s/%s' to uid %u", dir, *file, owner);
  return TRUE;
}
