/* `doctor`: filesystems. Runs in the parent; what is tried, in a child with a mount namespace of
 * its own, on a tmpfs that only the child has. */
#include "engine/doctor-try.h"

#include "base/fd.h"
#include "overlay/filter.h"
#include "sys/fuse.h"
#include "sys/mount.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* ---- procfs and sysfs --------------------------------------------------------------------------
 */

static int
mount_new (RuncDoctorTry *try, const void *data)
{
  const RuncFsRequest *request = data;
  RuncFsError fs_error;

  try->step = "mount it";
  autofd int fd = runc_sys_fs_new (request, &fs_error);
  return fd < 0 ? fd : 0;
}

/* "/proc/acpi, /proc/kcore and 3 more" (new string) */
static char *
list_some (char **points)
{
  guint n = g_strv_length (points);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, 3); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", points[i]);
  if (n > 3)
    g_string_append_printf (text, " and %u more", n - 3);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
try_procfs (RuncDoctor *doctor, RuncDoctorTry *ret_try)
{
  const RuncFsRequest request = {
    .type = "proc",
    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  };

  runc_doctor_try (doctor, CLONE_NEWNS | CLONE_NEWPID, mount_new, &request, ret_try);
}

bool
runc_doctor_procfs_works (RuncDoctor *doctor)
{
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, NULL))
    return false;
  try_procfs (doctor, &try);
  return try.error == 0;
}

void
runc_doctor_check_procfs (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *mountinfo = runc_doctor_read ("/proc/self/mountinfo");
  g_auto (GStrv) masks = runc_doctor_proc_masks (mountinfo != NULL ? mountinfo : "");
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  if (runc_sys_proc_is_of_others ())
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "our own /proc shows another pid namespace than the one we are in");
      runc_doctor_means (finding,
                         "containers do not start, for their processes are not found there");
      runc_doctor_mend (finding, "mount a new procfs on /proc where the pid namespace is made "
                                 "(bubblewrap: '--proc /proc'; unshare: '--mount-proc')");
      return;
    }
  try_procfs (doctor, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "mounted one in a pid namespace of its own");
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  if (try.error == -EPERM && masks[0] != NULL)
    {
      g_autofree char *some = list_some (masks);

      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "refused, because parts of our own /proc are mounted over (%s)", some);
    }
  else if (try.error == -EPERM && doctor->proc < 0)
    runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                       "refused, because no procfs is mounted on our own /proc");
  else if (try.error == -EPERM)
    runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                       "refused, because our own /proc is read-only or shows a part only");
  else
    runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding, "containers with a pid namespace and a /proc, that is nearly all, do "
                              "not start (but with annotation run.oci.proc=bind, which shows them "
                              "the processes outside)");
  runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_PROC);
}

void
runc_doctor_check_sysfs (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const RuncFsRequest request = {
    .type = "sysfs",
    .attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
  };
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  runc_doctor_try (doctor, CLONE_NEWNS | CLONE_NEWNET, mount_new, &request, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "mounted one in a network namespace of its own");
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "%s", what);
  runc_doctor_means (finding, "containers get a read-only bind mount of our own /sys instead");
  runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_PROC);
}

/* ---- overlays ----------------------------------------------------------------------------------
 */

typedef struct
{
  bool userxattr;      /* kernel: attributes in "user." */
  const char *program; /* absolute path of fuse-overlayfs */
} OverlayTask;

/* A tmpfs over a directory that no program is started from, with the layers in it, as the working
 * directory. Absolute paths to it work, as programs may resolve them. */
static int
make_layers (RuncDoctorTry *try)
{
  static const char *const places[] = { "/sys", "/mnt", "/media", "/srv" };
  static const char *const layers[] = { "lower", "upper", "work", "merged" };
  const RuncFsRequest request = { .type = "tmpfs", .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
  RuncFsError fs_error;
  int place = -EBADF, r = runc_doctor_make_private (try);

  if (r < 0)
    return r;
  try->step = "mount a tmpfs";
  autofd int tmpfs = runc_sys_fs_new (&request, &fs_error);
  if (tmpfs < 0)
    return tmpfs;
  for (size_t i = 0; i < G_N_ELEMENTS (places) && place < 0; i++)
    place = open (places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
  autofd int target = place;
  r = target < 0 ? -errno : runc_sys_tree_attach (tmpfs, target);
  if (r < 0)
    return r;
  try->step = "make the layers";
  if (fchdir (tmpfs) < 0)
    return -errno;
  for (size_t i = 0; i < G_N_ELEMENTS (layers); i++)
    if (mkdir (layers[i], 0755) < 0)
      return -errno;
  autofd int file = open ("lower/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0 || write (file, "lower", 5) != 5 || mkdir ("lower/dir", 0755) < 0)
    return -errno;
  return 0;
}

/* The last step of use_overlay(): it takes extended attributes on the upper layer. */
static const char replace_step[] = "replace a directory of the lower layer";

/* What a container does to its layer: change a file, delete it, replace a directory. */
static int
use_overlay (RuncDoctorTry *try, int merged)
{
  struct stat st;

  try->step = "write to a file of the lower layer";
  autofd int file = openat (merged, "file", O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (file < 0 || write (file, "up", 2) != 2)
    return -errno;
  try->step = "delete a file of the lower layer";
  if (unlinkat (merged, "file", 0) < 0)
    return -errno;
  if (fstatat (merged, "file", &st, 0) == 0 || errno != ENOENT)
    return -EEXIST;
  try->step = replace_step;
  if (unlinkat (merged, "dir", AT_REMOVEDIR) < 0 || mkdirat (merged, "dir", 0700) < 0)
    return -errno;
  return 0;
}

static int
use_kernel_overlay (RuncDoctorTry *try, const void *data)
{
  const OverlayTask *task = data;
  const char *const options[] = {
    "lowerdir=lower", "upperdir=upper", "workdir=work", task->userxattr ? "userxattr" : NULL, NULL,
  };
  const RuncFsRequest request = { .type = "overlay", .source = "overlay", .options = options };
  RuncFsError fs_error;
  int r = make_layers (try);

  if (r < 0)
    return r;
  try->step = "mount it";
  autofd int merged = runc_sys_fs_new (&request, &fs_error);
  if (merged < 0)
    {
      G_STATIC_ASSERT (sizeof try->text >= sizeof fs_error.message);
      strcpy (try->text, fs_error.message);
      return merged;
    }
  return use_overlay (try, merged);
}

/* As src/overlay does it: a filesystem on a device that the program gets. */
static int
use_fuse_overlay (RuncDoctorTry *try, const void *data)
{
  const OverlayTask *task = data;
  const char *const argv[] = {
    task->program, "-f", "-o", "lowerdir=lower,upperdir=upper,workdir=work", "/dev/fd/3", NULL,
  };
  autofd int device = -EBADF, merged = -EBADF, messages = -EBADF;
  RuncFsError fs_error;
  struct statfs fs;
  int r = make_layers (try);

  if (r < 0)
    return r;
  try->step = "open '/dev/fuse'";
  device = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0)
    return -errno;
  try->step = "mount a FUSE filesystem";
  merged = runc_sys_fuse_new (device, "overlay", MOUNT_ATTR_NOSUID, &fs_error);
  if (merged < 0)
    {
      strcpy (try->text, fs_error.message);
      return merged;
    }
  try->step = "start fuse-overlayfs on it";
  r = runc_doctor_start_program (argv, device, runc_overlay_filter_load, &messages);
  if (r < 0)
    return r;
  device = runc_close_fd (device);
  if (fstatfs (merged, &fs) < 0)
    {
      r = -errno;
      runc_doctor_read_messages (try, messages);
      return r;
    }
  return use_overlay (try, merged);
}

static void
try_kernel_overlay (RuncDoctor *doctor, RuncDoctorTry *ret_try)
{
  const OverlayTask task = { .userxattr = doctor->who != RUNC_WHO_REAL_ROOT };

  runc_doctor_try (doctor, CLONE_NEWNS, use_kernel_overlay, &task, ret_try);
}

void
runc_doctor_check_overlay (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const char *where = doctor->who == RUNC_WHO_REAL_ROOT ? "" : " in a user namespace";
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  try_kernel_overlay (doctor, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "mounted one%s and wrote to it", where);
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  if (try.step == replace_step)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "mounted one%s on a tmpfs, but %s", where,
                         what);
      runc_doctor_means (finding,
                         "a copy-on-write rootfs in memory (--overlay) is made by fuse-overlayfs; "
                         "without that, its layer is on a disk, in ~/.cache/runc or /var/tmp");
      runc_doctor_mend (finding, "nothing has to be done; for layers in memory, use a kernel of "
                                 "version 6.6 or later with CONFIG_TMPFS_XATTR");
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding,
                     "copy-on-write rootfs (--overlay) are made by fuse-overlayfs, which is "
                     "slower, or not at all without that");
  if (try.error == -EACCES
      && (doctor->host->effective_caps & (G_GUINT64_CONSTANT (1) << CAP_DAC_OVERRIDE)) == 0)
    runc_doctor_mend (finding,
                      "give the outer container CAP_DAC_OVERRIDE (podman and docker: '--cap-add "
                      "DAC_OVERRIDE'), or the containers a user namespace: there it works");
  else if (try.error == -ENODEV)
    runc_doctor_mend (finding, "'modprobe overlay', as root, and the line 'overlay' in "
                               "/etc/modules-load.d/overlay.conf to keep it");
  else if (try.error == -EPERM && doctor->who != RUNC_WHO_REAL_ROOT)
    runc_doctor_mend (finding, "use a kernel of version 5.11 or later, which allows it in a user "
                               "namespace");
  else
    runc_doctor_mend (finding, "use a kernel of version 5.11 or later with CONFIG_OVERLAY_FS");
}

void
runc_doctor_check_fuse_overlayfs (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = g_find_program_in_path ("fuse-overlayfs");
  const OverlayTask task = { .program = path };
  RuncDoctorTry try, kernel;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  if (path == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "not installed");
      runc_doctor_mend (finding, "%s", runc_doctor_install ("fuse-overlayfs"));
    }
  else
    {
      autofd int device = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
      if (device < 0)
        {
          g_autofree char *reason = runc_doctor_reason (-errno);

          runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "cannot open '/dev/fuse': %s", reason);
          runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_FUSE);
        }
      else
        {
          runc_doctor_try (doctor, CLONE_NEWNS | CLONE_NEWPID, use_fuse_overlay, &task, &try);
          if (try.error == 0)
            {
              runc_doctor_found (finding, RUNC_DOCTOR_OK, "mounted one and wrote to it");
              return;
            }
          g_autofree char *what = runc_doctor_describe_try (&try);
          runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
          runc_doctor_mend (finding, "use fuse-overlayfs 1.0 or later and a kernel of version 4.18 "
                                     "or later with CONFIG_FUSE_FS");
        }
    }
  try_kernel_overlay (doctor, &kernel);
  if (kernel.step == replace_step && kernel.error != 0)
    runc_doctor_means (finding,
                       "the layer of a copy-on-write rootfs (--overlay) is not in memory but on a "
                       "disk, in ~/.cache/runc or /var/tmp");
  else if (kernel.error == 0)
    runc_doctor_means (finding, "--overlay-driver=fuse cannot be used; nothing else, because the "
                                "kernel's overlayfs works here");
  else
    runc_doctor_means (finding, "there is no copy-on-write rootfs (--overlay): who cannot write to "
                                "a bundle's rootfs can only use it read-only");
}

/* ---- id-mapped mounts --------------------------------------------------------------------------
 */

static int
map_own (RuncDoctorTry *try, const void *data)
{
  (void)try;
  (void)data;
  return 0;
}

static int
idmap_mount (RuncDoctorTry *try, const void *data)
{
  const int *userns = data;
  const RuncTreeAttr attr = { .set = MOUNT_ATTR_IDMAP, .userns_fd = *userns };

  try->step = "copy the mount of '/'";
  autofd int tree = runc_sys_open_tree (AT_FDCWD, "/", OPEN_TREE_CLONE);
  if (tree < 0)
    return tree;
  try->step = "map the ids of the filesystem of '/'";
  return runc_sys_tree_set_attr (tree, &attr);
}

void
runc_doctor_check_idmapped_mounts (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_auto (RuncDoctorChild) child = RUNC_DOCTOR_CHILD_INIT;
  RuncDoctorTry try;
  char path[64];

  if (doctor->who != RUNC_WHO_REAL_ROOT)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK,
                         "not needed: only root's containers can ask for "
                         "them");
      return;
    }
  runc_doctor_child_start (doctor, CLONE_NEWUSER, map_own, NULL, &try, &child);
  if (try.error == 0)
    {
      snprintf (path, sizeof path, "/proc/%d/ns/user", (int)child.pid);
      autofd int userns = open (path, O_RDONLY | O_CLOEXEC);
      runc_doctor_try (doctor, CLONE_NEWNS, idmap_mount, &userns, &try);
    }
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one of '/'");
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding,
                     "\"uidMappings\" and \"gidMappings\" of mounts, and the mount options "
                     "'idmap' and 'ridmap', are refused for this filesystem");
  runc_doctor_mend (finding, "use a kernel of version 5.12 or later and a filesystem that has them "
                             "(ext4, xfs, btrfs; overlayfs from 5.19 and tmpfs from 6.3 on)");
}
