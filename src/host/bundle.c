/* The bundle, the namespaces that config.json names by path, and our own limits where it asks for
 * others. Runs in the parent.
 */
#include "host/probe.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Where the directory @fd is, without symlinks (new string), or NULL. */
static char *
path_of (int fd)
{
  char link[64], path[PATH_MAX];
  ssize_t n;

  g_snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink (link, path, sizeof path - 1);
  if (n <= 0 || path[0] != '/')
    return NULL;
  return g_strndup (path, (gsize)n);
}

gboolean
runc_host_probe_bundle (RuncHost *host, const RuncSpec *spec, const char *bundle, bool overlay,
                        GError **error)
{
  autofd int bundle_fd = open (bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
  autofd int rootfs_fd = -EBADF;

  if (bundle_fd < 0)
    return runc_throw (error, RUNC_ERROR_NOT_FOUND, "cannot open bundle '%s': %s", bundle,
                       runc_strerror (errno));
  host->bundle = path_of (bundle_fd);
  if (host->bundle == NULL)
    return runc_throw_errno (error, "cannot tell where bundle '%s' is", bundle);
  if (spec == NULL || spec->root_path == NULL)
    return TRUE;
  rootfs_fd = openat (bundle_fd, spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (rootfs_fd < 0)
    {
      host->rootfs_errno = errno;
      return TRUE;
    }
  host->rootfs = path_of (rootfs_fd);
  if (overlay || !runc_host_is_real_root (host))
    host->rootfs_writable = faccessat (rootfs_fd, ".", W_OK, AT_EACCESS) == 0;
  return TRUE;
}

static bool
owns (const RuncIdRanges *ranges, guint32 id)
{
  for (gsize i = 0; i < ranges->n; i++)
    if (id >= ranges->items[i].inside && id - ranges->items[i].inside < ranges->items[i].size)
      return true;
  return false;
}

void
runc_host_probe_rootfs_owner (RuncHost *host)
{
  /* As which all ids are shown that do not exist in our user namespace. */
  const guint32 overflow = 65534;
  bool root = host->euid == 0;
  bool read_only = faccessat (AT_FDCWD, host->rootfs, W_OK, AT_EACCESS) < 0 && errno == EROFS;
  struct stat st;

  if (stat (host->rootfs, &st) < 0)
    return;
  host->rootfs_foreign
      = (st.st_uid != host->euid
         && (st.st_uid == overflow || !owns (root ? &host->uid_map : &host->sub_uids, st.st_uid)))
        || (st.st_gid != host->egid
            && (st.st_gid == overflow
                || !owns (root ? &host->gid_map : &host->sub_gids, st.st_gid)));
  /* Root of the container may do all that the owner may, when it has both ids of it. */
  host->rootfs_writable = !host->rootfs_foreign && !read_only;
}

/* ---- devices ------------------------------------------------------------------------------- */

static bool
is_same_device (const RuncSpecDevice *device)
{
  struct stat st;
  mode_t type = device->type == 'b' ? S_IFBLK : S_IFCHR;

  return stat (device->path, &st) == 0 && (st.st_mode & S_IFMT) == type
         && st.st_rdev == makedev ((guint)device->major, (guint)device->minor);
}

void
runc_host_probe_devices (RuncHost *host, const RuncSpec *spec)
{
  const RuncSpecLinux *linux_spec = &spec->linux_spec;

  /* Root makes nodes of its own, unless a user namespace takes that right away. */
  if (linux_spec->n_devices == 0
      || (runc_host_is_real_root (host) && !linux_spec->namespaces[RUNC_NS_USER].present))
    return;
  host->n_devices = linux_spec->n_devices;
  host->devices = g_new0 (gboolean, host->n_devices);
  for (gsize i = 0; i < host->n_devices; i++)
    host->devices[i]
        = linux_spec->devices[i].type == 'p' || is_same_device (&linux_spec->devices[i]);
}

/* ---- namespaces ---------------------------------------------------------------------------- */

/* The inode of the user namespace that owns @fd; 0 when it lies outside of ours. */
static guint64
owner_inode (int fd)
{
  autofd int owner = ioctl (fd, NS_GET_USERNS);
  struct stat st;

  return owner >= 0 && fstat (owner, &st) == 0 ? st.st_ino : 0;
}

static RuncNsOwner
classify_owner (int fd, guint64 own_userns, guint64 path_userns)
{
  guint64 owner = owner_inode (fd);

  if (owner == 0)
    return errno == EPERM ? RUNC_NS_OWNER_OTHER : RUNC_NS_OWNER_UNKNOWN;
  if (owner == own_userns)
    return RUNC_NS_OWNER_SELF;
  return owner == path_userns ? RUNC_NS_OWNER_PATH : RUNC_NS_OWNER_OTHER;
}

static guint64
own_namespace_inode (RuncNamespace ns)
{
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/ns/%s", runc_namespace_proc_name (ns));
  return runc_host_inode (path);
}

static RuncNsFact
probe_namespace (RuncNamespace ns, const char *path, guint64 own_userns, guint64 path_userns)
{
  autofd int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  RuncNsFact fact = { 0 };
  struct stat st;
  int type;

  if (fd < 0 || fstat (fd, &st) < 0)
    return fact;
  type = ioctl (fd, NS_GET_NSTYPE);
  if (type < 0 || (guint64)type != runc_namespace_clone_flag (ns))
    return fact;
  fact.exists = TRUE;
  fact.current = st.st_ino == own_namespace_inode (ns);
  if (ns != RUNC_NS_USER)
    fact.owner = classify_owner (fd, own_userns, path_userns);
  return fact;
}

void
runc_host_probe_namespaces (RuncHost *host, const RuncSpec *spec)
{
  const RuncSpecNamespace *asked = spec->linux_spec.namespaces;
  guint64 own_userns = 0, path_userns = 0;

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      if (asked[ns].path == NULL)
        continue;
      if (own_userns == 0)
        {
          own_userns = own_namespace_inode (RUNC_NS_USER);
          if (asked[RUNC_NS_USER].path != NULL)
            path_userns = runc_host_inode (asked[RUNC_NS_USER].path);
        }
      host->namespaces[ns] = probe_namespace (ns, asked[ns].path, own_userns, path_userns);
    }
}

/* ---- limits -------------------------------------------------------------------------------- */

void
runc_host_probe_limits (RuncHost *host, const RuncSpec *spec)
{
  const RuncSpecProcess *process = spec->process;
  char text[16];

  if (process == NULL || runc_host_is_real_root (host))
    return;
  if (process->oom_score_adj.present
      && runc_host_read_small ("/proc/self/oom_score_adj", text, sizeof text) > 0)
    host->oom_score_adj = atoi (text);
  if (process->n_rlimits == 0)
    return;
  host->rlimits = g_new0 (RuncHostRlimit, process->n_rlimits);
  for (gsize i = 0; i < process->n_rlimits; i++)
    {
      struct rlimit64 limit;

      if (getrlimit64 ((__rlimit_resource_t)process->rlimits[i].resource, &limit) == 0)
        host->rlimits[host->n_rlimits++]
            = (RuncHostRlimit){ process->rlimits[i].resource, limit.rlim_max };
    }
}
