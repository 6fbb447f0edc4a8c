/* Cgroups: which hierarchies there are, where we are in them, and whether we may go on from there.
 * Runs in the parent.
 *
 * mountinfo is long on hosts with many mounts, so the usual places are looked at first (statfs
 * tells a hierarchy for what it is), and mountinfo only when something is not in its usual place.
 */
#include "host/probe.h"
#include "base/fd.h"
#include "sys/pid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"

static bool
is_filesystem (const char *path, guint64 magic)
{
  struct statfs fs;

  return statfs (path, &fs) == 0 && (guint64)fs.f_type == magic;
}

static void
add_hierarchy (RuncHost *host, const char *controllers, const char *path)
{
  host->cgroup1 = g_renew (RuncCgroupHierarchy, host->cgroup1, host->n_cgroup1 + 1);
  host->cgroup1[host->n_cgroup1++]
      = (RuncCgroupHierarchy){ .controllers = g_strdup (controllers), .own_path = g_strdup (path) };
}

/* A path outside of the cgroup namespace ("/../x") counts from its root. */
static const char *
inside (const char *path)
{
  while (g_str_has_prefix (path, "/.."))
    path += 3;
  return path[0] == '/' ? path : "/";
}

void
runc_host_parse_cgroups (RuncHost *host, char *text)
{
  for (char *line = text; *line != '\0';)
    {
      char *end = strchrnul (line, '\n');
      char *next = *end == '\n' ? end + 1 : end;
      char *controllers, *path;

      *end = '\0';
      controllers = strchr (line, ':');
      path = controllers != NULL ? strchr (controllers + 1, ':') : NULL;
      if (path != NULL)
        {
          controllers++;
          *path++ = '\0';
          if (controllers[0] != '\0')
            add_hierarchy (host, controllers, inside (path));
          else
            {
              g_free (host->cgroup2_path);
              host->cgroup2_path = g_strdup (inside (path));
            }
        }
      line = next;
    }
}

/* "name=systemd" is mounted as "systemd". */
static const char *
usual_name (const char *controllers)
{
  return g_str_has_prefix (controllers, "name=") ? controllers + strlen ("name=") : controllers;
}

/* ---- mountinfo ----------------------------------------------------------------------------- */

/* Does the option list @options name all of the controllers in @controllers? */
static bool
has_controllers (const char *options, const char *controllers)
{
  g_auto (GStrv) have = g_strsplit (options, ",", -1);
  g_auto (GStrv) wanted = g_strsplit (controllers, ",", -1);

  for (char **w = wanted; *w != NULL; w++)
    if (!g_strv_contains ((const char *const *)have, *w))
      return false;
  return true;
}

/* @path as it is below a mount that shows the hierarchy from @root on. */
static char *
below_root (const char *path, const char *root)
{
  gsize len = strlen (root);

  if (strcmp (root, "/") != 0 && strncmp (path, root, len) == 0
      && (path[len] == '/' || path[len] == '\0'))
    return g_strdup (path[len] == '\0' ? "/" : path + len);
  return g_strdup (path);
}

static void
take_mount (RuncHost *host, const char *root, const char *point, const char *type,
            const char *options)
{
  if (strcmp (type, "cgroup2") == 0 && host->cgroup2_mount == NULL)
    {
      char *path = below_root (host->cgroup2_path != NULL ? host->cgroup2_path : "/", root);

      host->cgroup2_mount = g_strdup (point);
      g_free (host->cgroup2_path);
      host->cgroup2_path = path;
    }
  if (strcmp (type, "cgroup") != 0)
    return;
  for (gsize i = 0; i < host->n_cgroup1; i++)
    {
      RuncCgroupHierarchy *h = &host->cgroup1[i];

      if (h->mountpoint != NULL || !has_controllers (options, h->controllers))
        continue;
      char *path = below_root (h->own_path, root);

      h->mountpoint = g_strdup (point);
      g_free (h->own_path);
      h->own_path = path;
    }
}

/* What is not in its usual place. */
static void
search_mountinfo (RuncHost *host)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  /* lint-ok: read for a hint, not trusted for more */
  if (!g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      char *separator = strstr (*line, " - cgroup");
      g_auto (GStrv) fields = NULL;
      g_auto (GStrv) rest = NULL;

      if (separator == NULL)
        continue;
      fields = g_strsplit (*line, " ", 6);
      rest = g_strsplit (separator + strlen (" - "), " ", 3);
      if (g_strv_length (fields) == 6 && g_strv_length (rest) == 3)
        take_mount (host, fields[3], fields[4], rest[0], rest[2]);
    }
}

/* ---- v1 and hybrid ------------------------------------------------------------------------- */

static void
drop_hierarchy (RuncHost *host, gsize index)
{
  g_free (host->cgroup1[index].controllers);
  g_free (host->cgroup1[index].mountpoint);
  g_free (host->cgroup1[index].own_path);
  memmove (&host->cgroup1[index], &host->cgroup1[index + 1],
           (host->n_cgroup1 - index - 1) * sizeof *host->cgroup1);
  host->n_cgroup1--;
}

/* Our own directory is where the path says, unless the mount does not show the whole hierarchy. */
static bool
is_in_place (const RuncCgroupHierarchy *h)
{
  g_autofree char *own = NULL;

  if (strcmp (h->own_path, "/") == 0)
    return true;
  own = g_build_filename (h->mountpoint, h->own_path, NULL);
  return access (own, F_OK) == 0;
}

/* @one: the first is enough. Returns whether all that are wanted were found. */
static bool
find_usual_mounts (RuncHost *host, bool one)
{
  bool all = true;

  for (gsize i = 0; i < host->n_cgroup1; i++)
    {
      RuncCgroupHierarchy *h = &host->cgroup1[i];
      g_autofree char *point = g_build_filename (ROOT, usual_name (h->controllers), NULL);

      if (is_filesystem (point, CGROUP_SUPER_MAGIC))
        h->mountpoint = g_steal_pointer (&point);
      if (h->mountpoint != NULL && !is_in_place (h))
        g_clear_pointer (&h->mountpoint, g_free);
      if (one && h->mountpoint != NULL)
        return true;
      all = all && h->mountpoint != NULL;
    }
  return all;
}

static void
probe_v1 (RuncHost *host, bool all)
{
  bool found = find_usual_mounts (host, !all);

  if (is_filesystem (ROOT "/unified", CGROUP2_SUPER_MAGIC))
    host->cgroup2_mount = g_strdup (ROOT "/unified");
  if (!found)
    search_mountinfo (host);
  for (gsize i = host->n_cgroup1; i > 0; i--)
    if (host->cgroup1[i - 1].mountpoint == NULL)
      drop_hierarchy (host, i - 1);
  if (host->n_cgroup1 > 0)
    host->cgroup_mode = host->cgroup2_mount != NULL ? RUNC_CGROUP_HYBRID : RUNC_CGROUP_V1;
}

/* ---- v2 ------------------------------------------------------------------------------------ */

static void
read_controllers (RuncHost *host, const char *own)
{
  g_autofree char *path = g_build_filename (own, "cgroup.controllers", NULL);
  char text[512];

  if (runc_host_read_small (path, text, sizeof text) < 0)
    return;
  host->cgroup2_controllers = g_strsplit (g_strstrip (text), " ", -1);
}

/* CLONE_INTO_CGROUP asks for the right to write cgroup.procs of the common ancestor, our own. */
static bool
may_delegate (const char *own)
{
  g_autofree char *procs = g_build_filename (own, "cgroup.procs", NULL);

  return faccessat (AT_FDCWD, own, W_OK, AT_EACCESS) == 0
         && faccessat (AT_FDCWD, procs, W_OK, AT_EACCESS) == 0;
}

static void
probe_v2 (RuncHost *host)
{
  g_autofree char *own = NULL;

  host->cgroup_mode = RUNC_CGROUP_V2;
  if (host->cgroup2_path == NULL)
    host->cgroup2_path = g_strdup ("/");
  own = g_build_filename (ROOT, host->cgroup2_path, NULL);
  if (access (own, F_OK) < 0)
    {
      search_mountinfo (host);
      g_free (own);
      own = g_build_filename (ROOT, host->cgroup2_path, NULL);
    }
  if (host->cgroup2_mount == NULL)
    host->cgroup2_mount = g_strdup (ROOT);
  host->cgroup2_delegated = runc_host_is_real_root (host) || may_delegate (own);
  read_controllers (host, own);
}

/* Can the manager that listens at @path be told of our processes? It is told pids, which mean
 * others to one outside of our pid namespace: in a container into which somebody's runtime
 * directory was bound. */
static bool
is_our_manager (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int fd = -EBADF;

  if (access (path, F_OK) < 0 || strlen (path) >= sizeof address.sun_path)
    return false;
  /* Where there is no other, the question costs the manager nothing. */
  if (runc_sys_in_initial_pidns ())
    return true;
  memcpy (address.sun_path, path, strlen (path) + 1);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd >= 0 && connect (fd, (struct sockaddr *)&address, sizeof address) == 0
         && runc_sys_peer_pid (fd) > 0;
}

static void
probe_systemd (RuncHost *host)
{
  const char *runtime_dir = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *bus = NULL;

  host->systemd_system = access ("/run/systemd/system", F_OK) == 0;
  if (runc_host_is_real_root (host) || runtime_dir == NULL)
    return;
  bus = g_build_filename (runtime_dir, "systemd", "private", NULL);
  host->systemd_user = is_our_manager (bus);
}

/* ---- a path that config.json names --------------------------------------------------------- */

/* May we make @path below @mount, or the cgroups in it? What is there of it must be ours to write.
 */
static bool
may_make (const char *mount, const char *path)
{
  g_autofree char *dir = g_build_filename (mount, path, NULL);

  while (strlen (dir) > strlen (mount) && access (dir, F_OK) < 0 && errno == ENOENT)
    {
      char *parent = g_path_get_dirname (dir);

      g_free (dir);
      dir = parent;
    }
  return faccessat (AT_FDCWD, dir, W_OK, AT_EACCESS) == 0;
}

/* A process moves in v2 with the right to write cgroup.procs of what both places have in common. */
static bool
may_move (const char *mount, const char *own, const char *path)
{
  g_auto (GStrv) from = g_strsplit (own, "/", -1);
  g_auto (GStrv) to = g_strsplit (path, "/", -1);
  g_autoptr (GString) procs = g_string_new (mount);

  for (gsize i = 1; from[i] != NULL && from[i][0] != '\0' && g_strcmp0 (from[i], to[i]) == 0; i++)
    g_string_append_printf (procs, "/%s", from[i]);
  g_string_append (procs, "/cgroup.procs");
  return faccessat (AT_FDCWD, procs->str, W_OK, AT_EACCESS) == 0;
}

static bool
is_delegated (const RuncHost *host, const char *path)
{
  g_autofree char *clean = g_canonicalize_filename (path, "/");

  if (host->cgroup_mode == RUNC_CGROUP_V2)
    return may_make (host->cgroup2_mount, clean)
           && may_move (host->cgroup2_mount, host->cgroup2_path, clean);
  for (gsize i = 0; i < host->n_cgroup1; i++)
    if (!may_make (host->cgroup1[i].mountpoint, clean))
      return false;
  return host->n_cgroup1 > 0;
}

void
runc_host_probe_cgroup (RuncHost *host, const char *path, bool all)
{
  bool asks = path != NULL && path[0] == '/' && !runc_host_is_real_root (host);
  char text[8192];

  if (runc_host_read_small ("/proc/self/cgroup", text, sizeof text) > 0)
    runc_host_parse_cgroups (host, text);
  if (is_filesystem (ROOT, CGROUP2_SUPER_MAGIC))
    probe_v2 (host);
  else
    probe_v1 (host, all || asks || runc_host_is_real_root (host));
  if (asks)
    host->cgroup_path_delegated = is_delegated (host, path);
  if (host->cgroup_mode == RUNC_CGROUP_V2)
    probe_systemd (host);
}
