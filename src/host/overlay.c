/* What overlays can be made with here, and where layers can be kept. Runs in the parent. */
#include "host/probe.h"

#include "base/fd.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Overlayfs in user namespaces came with Linux 5.11. */
static bool
kernel_is_at_least (guint major_wanted, guint minor_wanted)
{
  struct utsname name;
  char *end;
  guint64 major_found, minor_found = 0;

  if (uname (&name) < 0)
    return false;
  major_found = g_ascii_strtoull (name.release, &end, 10);
  if (*end == '.')
    minor_found = g_ascii_strtoull (end + 1, NULL, 10);
  return major_found > major_wanted || (major_found == major_wanted && minor_found >= minor_wanted);
}

/* Is there an overlayfs that a user namespace may use? Asking loads the kernel's module. */
static bool
can_open_overlayfs (void)
{
  autofd int pidfd = -EBADF;
  pid_t pid;
  int status;

  if (access ("/sys/module/overlay", F_OK) == 0)
    return true;
  pid = runc_sys_clone (CLONE_NEWUSER | CLONE_NEWNS, -1, &pidfd);
  if (pid == 0)
    _exit (runc_sys_fsopen ("overlay") >= 0 ? 0 : 1);
  while (pid > 0 && waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return false;
  return pid > 0 && WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

/* What goes for a file in memory goes for all of the kernel's tmpfs. */
static bool
has_tmpfs_xattrs (void)
{
  autofd int fd = runc_sys_memfd_create ("runc", MFD_CLOEXEC);

  return fd >= 0 && fsetxattr (fd, "user.runc", "", 0, 0) == 0;
}

/* ---- a directory for a layer --------------------------------------------------------------- */

/* Filesystems that the kernel's overlayfs refuses to write to, or that lack what it writes. */
static const struct
{
  guint32 magic;
  const char *name;
} unusable[] = {
  { OVERLAYFS_SUPER_MAGIC, "an overlay" },
  { NFS_SUPER_MAGIC, "NFS" },
  { SMB_SUPER_MAGIC, "SMB" },
  { 0xFF534D42, "CIFS" },
  { 0xFE534D42, "SMB" },
  { FUSE_SUPER_MAGIC, "FUSE" },
  { V9FS_MAGIC, "9p" },
  { CEPH_SUPER_MAGIC, "Ceph" },
  { MSDOS_SUPER_MAGIC, "FAT" },
};

/* The directory @path or, if it does not exist yet, the nearest one above it. */
static int
open_nearest (const char *path)
{
  g_autofree char *at = g_strdup (path);
  int fd;

  while ((fd = open (at, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && errno == ENOENT
         && strcmp (at, "/") != 0 && strcmp (at, ".") != 0)
    {
      char *above = g_path_get_dirname (at);

      g_free (at);
      at = above;
    }
  return fd;
}

/* What kind of filesystem the directory @fd is on, if the kernel's overlayfs cannot write to that;
 * else NULL. */
static const char *
obstacle (int fd)
{
  struct statfs fs;
  char value[16];

  if (fstatfs (fd, &fs) == 0)
    for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
      if (unusable[i].magic == (guint32)fs.f_type)
        return unusable[i].name;
  if (fgetxattr (fd, "user.overlay.opaque", value, sizeof value) < 0
      && (errno == EOPNOTSUPP || errno == ENOSYS))
    return "a filesystem without extended attributes";
  return NULL;
}

void
runc_host_probe_layer (RuncHost *host, const char *directory)
{
  autofd int fd = open_nearest (directory);
  g_autofree char *file = g_build_filename (directory, RUNC_HOST_LAYER_DRIVER, NULL);
  char driver[16];

  if (fd < 0)
    return;
  host->layer_fs = g_strdup (obstacle (fd));
  if (runc_host_read_small (file, driver, sizeof driver) > 0)
    host->layer_driver = g_strdup (g_strchomp (driver));
}

/* Can we make directories in @place (taken), or make that, for layers? Else NULL. */
static char *
take_usable (char *place)
{
  autofd int fd = open_nearest (place);

  if (fd >= 0 && faccessat (fd, ".", W_OK | X_OK, AT_EACCESS) == 0 && obstacle (fd) == NULL)
    return place;
  g_free (place);
  return NULL;
}

/* Not first in /var/tmp, where some systems remove what has not been touched for a month. */
static char *
find_layer_place (void)
{
  const char *cache = g_getenv ("XDG_CACHE_HOME"), *home = g_getenv ("HOME");
  char *place = NULL;

  if (cache != NULL && g_path_is_absolute (cache))
    place = take_usable (g_build_filename (cache, "runc", NULL));
  else if (home != NULL && g_path_is_absolute (home))
    place = take_usable (g_build_filename (home, ".cache", "runc", NULL));
  return place != NULL ? place : take_usable (g_strdup ("/var/tmp"));
}

/* ---- all together -------------------------------------------------------------------------- */

void
runc_host_probe_overlay (RuncHost *host)
{
  autofd int fuse = open ("/dev/fuse", O_RDWR | O_CLOEXEC);

  host->fuse_device = fuse >= 0;
  host->fuse_overlayfs = g_find_program_in_path ("fuse-overlayfs");
  host->overlay_in_userns = kernel_is_at_least (5, 11) && can_open_overlayfs ();
  host->tmpfs_xattrs = has_tmpfs_xattrs ();
  if (!host->tmpfs_xattrs)
    host->layer_place = find_layer_place ();
  host->proc_masked = runc_host_is_proc_masked ();
}
