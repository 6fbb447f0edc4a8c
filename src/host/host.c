/* Probing: who we are, and what else was asked for. Runs in the parent, before the plan.
 *
 * Every fact costs system calls at each start of a container, so nothing is read that no plan asks
 * for, and no file twice.
 */
#include "host/host.h"

#include "base/error.h"
#include "base/fd.h"
#include "host/probe.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The inode of the initial user namespace, fixed since Linux 3.8 (PROC_USER_INIT_INO). */
#define INITIAL_USERNS_INODE 0xEFFFFFFDU

int
runc_host_read_small (const char *path, char *buffer, gsize size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gsize used = 0;
  ssize_t n;

  if (fd < 0)
    return -errno;
  while ((n = read (fd, buffer + used, size - used)) > 0 && used + (gsize)n < size)
    used += (gsize)n;
  int saved = n < 0 ? -errno : n > 0 ? -EFBIG : 0;

  close (fd);
  if (saved < 0)
    return saved;
  buffer[used] = '\0';
  return (int)used;
}

guint64
runc_host_inode (const char *path)
{
  struct stat st;

  return stat (path, &st) == 0 ? st.st_ino : 0;
}

static guint64
effective_caps (void)
{
  guint64 effective, permitted, inheritable;

  return runc_sys_capget (&effective, &permitted, &inheritable) == 0 ? effective : 0;
}

static void
probe_identity (RuncHost *host)
{
  guint64 userns = runc_host_inode ("/proc/self/ns/user");

  host->euid = geteuid ();
  host->egid = getegid ();
  host->effective_caps = effective_caps ();
  /* A kernel without user namespaces has only the one. */
  host->initial_userns = userns == INITIAL_USERNS_INODE || userns == 0;
  host->userns_allowed = userns != 0;
  host->setgroups_allowed = TRUE;
  runc_host_probe_own_maps (host);
}

static bool
is_sealed (int fd)
{
  const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  int seals = fcntl (fd, F_GET_SEALS);

  return seals >= 0 && (seals & all) == all;
}

static gboolean
probe_program (RuncHost *host, GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  autofd int fd = proc < 0 ? proc : runc_sys_proc_open_self_exe (proc);
  struct statvfs fs;
  struct stat st;

  if (fd < 0)
    return runc_throw_neg (error, fd, "cannot open '/proc/self/exe'");
  if (fstatvfs (fd, &fs) < 0 || fstat (fd, &st) < 0)
    return runc_throw_errno (error, "cannot look at '/proc/self/exe'");
  host->program_changeable = !(fs.f_flag & ST_RDONLY) && !is_sealed (fd);
  host->program_leavable = runc_sys_program_is_leavable ();
  host->program_owner = st.st_uid;
  host->program_mode = st.st_mode;
  return TRUE;
}

gboolean
runc_host_is_real_root (const RuncHost *host)
{
  return host->initial_userns && host->euid == 0
         && (host->effective_caps & (G_GUINT64_CONSTANT (1) << CAP_SYS_ADMIN)) != 0;
}

/* Does config.json, for somebody without rights, map anything but the own ids? */
static gboolean
asks_for_ranges (const RuncSpec *spec)
{
  const RuncSpecIdMaps *uids = &spec->linux_spec.uid_mappings;
  const RuncSpecIdMaps *gids = &spec->linux_spec.gid_mappings;

  if (spec->linux_spec.namespaces[RUNC_NS_USER].path != NULL)
    return FALSE;
  return uids->n != 1 || gids->n != 1 || uids->items[0].size != 1 || gids->items[0].size != 1;
}

static gboolean
is_set (const char *text)
{
  return text != NULL && text[0] != '\0';
}

static bool
has_overlay_mount (const RuncSpec *spec)
{
  for (gsize i = 0; i < spec->n_mounts; i++)
    if (g_strcmp0 (spec->mounts[i].type, "overlay") == 0)
      return true;
  return false;
}

RuncHostNeeds
runc_host_needs_for (const RuncSpec *spec, gboolean rootless, gboolean overlay)
{
  const RuncSpecProcess *process = spec->process;
  guint needs = RUNC_HOST_IDENTITY | RUNC_HOST_CGROUP | RUNC_HOST_PROGRAM;

  if (rootless && asks_for_ranges (spec))
    needs |= RUNC_HOST_SUBIDS;
  if (is_set (spec->linux_spec.mount_label)
      || (process != NULL
          && (is_set (process->apparmor_profile) || is_set (process->selinux_label))))
    needs |= RUNC_HOST_KERNEL;
  if (overlay || has_overlay_mount (spec))
    needs |= RUNC_HOST_OVERLAY;
  return (RuncHostNeeds)needs;
}

RuncHost *
runc_host_probe (const RuncSpec *spec, const char *bundle, RuncHostNeeds needs, GError **error)
{
  g_autoptr (RuncHost) host = g_new0 (RuncHost, 1);

  probe_identity (host);
  if (bundle != NULL
      && !runc_host_probe_bundle (host, spec, bundle, (needs & RUNC_HOST_OVERLAY) != 0, error))
    return NULL;
  if (spec != NULL)
    {
      runc_host_probe_namespaces (host, spec);
      runc_host_probe_limits (host, spec);
      runc_host_probe_devices (host, spec);
      if (spec->linux_spec.intel_rdt != NULL)
        runc_host_probe_resctrl (host);
    }
  if ((needs & RUNC_HOST_PROGRAM) && !probe_program (host, error))
    return NULL;
  if (needs & RUNC_HOST_SUBIDS)
    runc_host_probe_subids (host);
  if (host->rootfs != NULL && !runc_host_is_real_root (host) && !host->rootfs_writable)
    runc_host_probe_rootfs_owner (host);
  if (needs & RUNC_HOST_CGROUP)
    runc_host_probe_cgroup (host, spec != NULL ? spec->linux_spec.cgroups_path : NULL,
                            needs == RUNC_HOST_ALL);
  if (needs & RUNC_HOST_KERNEL)
    runc_host_probe_kernel (host);
  /* A root file system that we may not write to may need a layer that nobody asked for. */
  if ((needs & RUNC_HOST_OVERLAY)
      || (host->rootfs != NULL && !runc_host_is_real_root (host) && !host->rootfs_writable))
    runc_host_probe_overlay (host);
  return g_steal_pointer (&host);
}

static void
clear_ranges (RuncIdRanges *ranges)
{
  g_clear_pointer (&ranges->items, g_free);
  ranges->n = 0;
}

void
runc_host_free (RuncHost *host)
{
  if (host == NULL)
    return;
  clear_ranges (&host->uid_map);
  clear_ranges (&host->gid_map);
  clear_ranges (&host->sub_uids);
  clear_ranges (&host->sub_gids);
  g_free (host->rlimits);
  g_free (host->devices);
  g_free (host->newuidmap);
  g_free (host->newgidmap);
  g_free (host->cgroup2_mount);
  g_free (host->cgroup2_path);
  g_strfreev (host->cgroup2_controllers);
  for (gsize i = 0; i < host->n_cgroup1; i++)
    {
      g_free (host->cgroup1[i].controllers);
      g_free (host->cgroup1[i].mountpoint);
      g_free (host->cgroup1[i].own_path);
    }
  g_free (host->cgroup1);
  g_free (host->resctrl);
  g_free (host->fuse_overlayfs);
  g_free (host->layer_place);
  g_free (host->layer_fs);
  g_free (host->layer_driver);
  g_free (host->bundle);
  g_free (host->rootfs);
  g_free (host);
}
