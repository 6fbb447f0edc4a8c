/* Where fuse-overlayfs lives. Runs in the process that becomes it, a copy of the runtime.
 *
 * The server has the rights of the container's root over the layers, and a container that shares
 * the host's processes could take it over. So it sees nothing but the layers, the programs and
 * libraries of the system (read-only; it is linked dynamically) and a procfs with itself alone, has
 * a network namespace without a network, only the capabilities that files ask for, and only the
 * system calls that serving takes (filter.c).
 */
#include "overlay/sandbox.h"

#include "base/error.h"
#include "base/fd.h"
#include "overlay/filter.h"
#include "sys/mount.h"
#include "sys/process.h"
#include "sys/syscalls.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* MS_SLAVE; its header clashes with <linux/mount.h>. */
#define SLAVE (1 << 19)

#define CAP(name) (G_GUINT64_CONSTANT (1) << CAP_##name)

static const guint64 kept_capabilities
    = CAP (CHOWN) | CAP (DAC_OVERRIDE) | CAP (FOWNER) | CAP (FSETID) | CAP (MKNOD) | CAP (SETFCAP);

/* Where programs, their libraries and the cache of their linker are; what is not there is left out,
 * and a symlink is made again. */
static const char *const system_paths[] = { "usr",       "bin",       "sbin",
                                            "lib",       "lib32",     "lib64",
                                            "nix/store", "gnu/store", "etc/ld.so.cache" };

void
runc_overlay_trees_clear (RuncOverlayTrees *trees)
{
  for (guint i = 0; trees->lowers != NULL && i < trees->lowers->len; i++)
    runc_close_fd (g_array_index (trees->lowers, int, i));
  g_clear_pointer (&trees->lowers, g_array_unref);
  trees->layer = runc_close_fd (trees->layer);
}

/* A copy of the mount of @path, with all below it or not, that cannot lead to more rights. */
static int
copy_mount (const char *path, bool recursive, uint64_t attributes, GError **error)
{
  const RuncTreeAttr attr = {
    .set = attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    .propagation = SLAVE,
    .recursive = recursive,
  };
  autofd int tree
      = runc_sys_open_tree (AT_FDCWD, path, OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0));
  int r = tree < 0 ? tree : runc_sys_tree_set_attr (tree, &attr);

  if (r < 0)
    {
      runc_throw_neg (error, r, "cannot use '%s'", path);
      return -EBADF;
    }
  return runc_steal_fd (&tree);
}

gboolean
runc_overlay_trees_open (const RuncOverlayRequest *request, RuncOverlayTrees *ret_trees,
                         GError **error)
{
  ret_trees->lowers = g_array_new (FALSE, FALSE, sizeof (int));
  for (const char *const *lower = request->lowers; *lower != NULL; lower++)
    {
      int tree = copy_mount (*lower, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, error);

      if (tree < 0)
        return FALSE;
      g_array_append_val (ret_trees->lowers, tree);
    }
  if (request->layer == NULL)
    return TRUE;
  ret_trees->layer = copy_mount (request->layer, false, MOUNT_ATTR_NOEXEC, error);
  return ret_trees->layer >= 0;
}

/* ---- the root ------------------------------------------------------------------------------ */

static int
new_filesystem (const char *type, const char *mode, GError **error)
{
  const char *const options[] = { mode, NULL };
  const RuncFsRequest request = {
    .type = type,
    .source = "overlay",
    .options = options,
    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
  };
  RuncFsError fs_error;
  int tree = runc_sys_fs_new (&request, &fs_error);

  if (tree < 0)
    runc_throw_neg (error, tree, "cannot mount a new %s", type);
  return tree;
}

/* An O_PATH fd of the directory @path below @root, made with all above it. */
static int
make_directory (int root, const char *path, GError **error)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  autofd int dir = openat (root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

  for (char **name = names; dir >= 0 && *name != NULL; name++)
    {
      int below = mkdirat (dir, *name, 0755) < 0 && errno != EEXIST
                      ? -1
                      : openat (dir, *name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

      runc_close_fd (dir);
      dir = below;
    }
  if (dir < 0)
    runc_throw_errno (error, "cannot make '%s'", path);
  return runc_steal_fd (&dir);
}

/* Attach @tree on @path below @root, made like it. */
static gboolean
put_tree (int root, const char *path, int tree, GError **error)
{
  autofd int target = -EBADF;
  struct stat st;
  int r;

  if (tree < 0)
    return FALSE;
  if (fstat (tree, &st) < 0)
    return runc_throw_errno (error, "cannot look at '%s'", path);
  if (S_ISDIR (st.st_mode))
    target = make_directory (root, path, error);
  else
    {
      target = openat (root, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
      if (target < 0)
        runc_throw_errno (error, "cannot make '%s'", path);
    }
  if (target < 0)
    return FALSE;
  r = runc_sys_tree_attach (tree, target);
  return r == 0 || runc_throw_neg (error, r, "cannot attach '%s'", path);
}

/* What is at /@path: the same in @root. */
static gboolean
put_system_path (int root, const char *path, GError **error)
{
  g_autofree char *source = g_strconcat ("/", path, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *link = NULL;
  autofd int tree = -EBADF, dir = -EBADF;
  struct stat st;

  if (lstat (source, &st) < 0)
    return TRUE;
  if (S_ISLNK (st.st_mode))
    {
      link = g_file_read_link (source, NULL);
      return link == NULL || symlinkat (link, root, path) == 0
             || runc_throw_errno (error, "cannot make '%s'", path);
    }
  dir = make_directory (root, parent, error);
  tree = dir < 0 ? -EBADF : copy_mount (source, true, MOUNT_ATTR_RDONLY, error);
  return put_tree (root, path, tree, error);
}

/* The directories in which the server writes. The upper one has the mode of the overlay's root:
 * when it is made that of the topmost lower one, but that its owner can write to it. */
static gboolean
make_upper (const RuncOverlayRequest *request, int layer, int lower, GError **error)
{
  struct stat st;

  if (fstat (lower, &st) < 0)
    return runc_throw_errno (error, "cannot look at '%s'", request->lowers[0]);
  if (mkdirat (layer, request->upper, 0700) == 0)
    {
      if (fchmodat (layer, request->upper, (st.st_mode & 07777) | 0700, 0) < 0)
        return runc_throw_errno (error, "cannot set the mode of '%s'", request->upper);
    }
  else if (errno != EEXIST)
    return runc_throw_errno (error, "cannot make '%s' in '%s'", request->upper,
                             request->layer != NULL ? request->layer : "a tmpfs");
  if (mkdirat (layer, request->work, 0700) < 0 && errno != EEXIST)
    return runc_throw_errno (error, "cannot make '%s' in '%s'", request->work,
                             request->layer != NULL ? request->layer : "a tmpfs");
  return TRUE;
}

static gboolean
put_layers (const RuncOverlayRequest *request, RuncOverlayTrees *trees, int root, GError **error)
{
  if (request->upper != NULL && request->layer == NULL)
    trees->layer = new_filesystem ("tmpfs", "mode=0700", error);
  if (request->upper != NULL
      && (!put_tree (root, "layer", trees->layer, error)
          || !make_upper (request, trees->layer, g_array_index (trees->lowers, int, 0), error)))
    return FALSE;
  for (guint i = 0; i < trees->lowers->len; i++)
    {
      g_autofree char *name = g_strdup_printf ("lower/%u", i);

      if (!put_tree (root, name, g_array_index (trees->lowers, int, i), error))
        return FALSE;
    }
  return TRUE;
}

/* A tmpfs with all that the server may see. */
static int
make_root (const RuncOverlayRequest *request, RuncOverlayTrees *trees, int program, int proc,
           GError **error)
{
  autofd int root = new_filesystem ("tmpfs", "mode=0755", error);
  autofd int slash = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int r;

  if (root < 0)
    return -EBADF;
  /* Paths go on to lead below it, to the host's. */
  r = slash < 0 ? -errno : runc_sys_tree_attach (root, slash);
  if (r < 0)
    {
      runc_throw_neg (error, r, "cannot attach a new root");
      return -EBADF;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (system_paths); i++)
    if (!put_system_path (root, system_paths[i], error))
      return -EBADF;
  if (!put_tree (root, "fuse-overlayfs", program, error) || !put_tree (root, "proc", proc, error)
      || !put_layers (request, trees, root, error))
    return -EBADF;
  return runc_steal_fd (&root);
}

static gboolean
enter_root (int root, GError **error)
{
  int r = fchdir (root) < 0 ? -errno : runc_sys_pivot_root (".", ".");

  if (r == 0)
    r = runc_sys_umount (".", RUNC_MNT_DETACH);
  if (r == -EINVAL) /* an initramfs cannot be pivoted away */
    r = runc_sys_chroot (".");
  if (r == 0 && chdir ("/") < 0)
    r = -errno;
  return r == 0 || runc_throw_neg (error, r, "cannot enter a new root");
}

/* ---- the process --------------------------------------------------------------------------- */

/* Root of the container owns what it makes; its ids are not ours where the map says otherwise. */
static gboolean
become_root (GError **error)
{
  int r = runc_sys_setgroups (0, NULL);

  if (r == -EPERM) /* denied where the map has only our own group */
    r = 0;
  if (r == 0)
    r = runc_sys_setresgid (0);
  if (r == 0)
    r = runc_sys_setresuid (0);
  return r == 0 || runc_throw_neg (error, r, "cannot become the container's root");
}

/* Wait until the filesystem is mounted, or nobody wants it any more. */
static gboolean
await_word (int control, GError **error)
{
  RuncMessage message;

  return (runc_wire_read (control, &message) == 1 && message == RUNC_MESSAGE_PROCEED)
         || runc_throw (error, RUNC_ERROR_FAILED, "the runtime gave up");
}

/* stdin and stdout are nothing, the device is the fd behind stderr, and there is no other. */
static gboolean
arrange_fds (int device, int null, GError **error)
{
  if (dup2 (null, 0) < 0 || dup2 (null, 1) < 0
      || (device != 3 ? dup2 (device, 3) : fcntl (3, F_SETFD, 0)) < 0
      || runc_sys_close_range (4, ~0U, 0) < 0)
    return runc_throw_errno (error, "cannot arrange its file descriptors");
  return TRUE;
}

static gboolean
give_up_rights (GError **error)
{
  int r = runc_sys_drop_bounding (kept_capabilities);

  if (r < 0)
    return runc_throw_neg (error, r, "cannot give up capabilities");
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return runc_throw_errno (error, "cannot set no_new_privs");
  runc_sys_default_signals ();
  runc_sys_unblock_signals ();
  /* What is typed at the container's terminal is not for us. */
  setsid ();
  return TRUE;
}

/* "lowerdir=/lower/0:/lower/1,upperdir=/layer/upper,workdir=/layer/work" */
static char *
describe_layers (const RuncOverlayRequest *request)
{
  GString *text = g_string_new ("lowerdir=");

  for (guint i = 0; request->lowers[i] != NULL; i++)
    g_string_append_printf (text, "%s/lower/%u", i > 0 ? ":" : "", i);
  if (request->upper != NULL)
    g_string_append_printf (text, ",upperdir=/layer/%s,workdir=/layer/%s", request->upper,
                            request->work);
  if (request->squash)
    g_string_append (text, ",squash_to_root");
  /* Nothing of a tmpfs outlives us. */
  if (request->layer == NULL)
    g_string_append (text, ",fsync=0");
  return g_string_free (text, FALSE);
}

void
runc_overlay_sandbox_run (const RuncOverlayRequest *request, RuncOverlayTrees *trees, int device,
                          int control, GError **error)
{
  extern char **environ;
  const RuncTreeAttr slave = { .propagation = SLAVE, .recursive = true };
  g_autofree char *layers = describe_layers (request);
  const char *const argv[] = { "fuse-overlayfs", "-f", "-o", layers, "/dev/fd/3", NULL };
  autofd int slash = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  autofd int null = open ("/dev/null", O_RDWR | O_CLOEXEC);
  autofd int program = -EBADF, proc = -EBADF, root = -EBADF;
  int r = slash < 0 ? -errno : runc_sys_tree_set_attr (slash, &slave);

  if (r < 0 || null < 0)
    {
      runc_throw_neg (error, r < 0 ? r : -errno, "cannot leave the host's mounts");
      return;
    }
  if (trees->lowers == NULL && !runc_overlay_trees_open (request, trees, error))
    return;
  program = copy_mount (request->program, false, MOUNT_ATTR_RDONLY, error);
  if (program < 0)
    return;
  /* Up to here files were reached with the rights of who runs us. */
  if (!become_root (error))
    return;
  proc = request->bind_proc ? copy_mount ("/proc", true, MOUNT_ATTR_NOEXEC, error)
                            : new_filesystem ("proc", NULL, error);
  if (proc < 0)
    return;
  root = make_root (request, trees, program, proc, error);
  if (root < 0 || !enter_root (root, error) || !give_up_rights (error)
      || !await_word (control, error) || !arrange_fds (device, null, error))
    return;
  r = runc_overlay_filter_load ();
  if (r < 0)
    {
      runc_throw_neg (error, r, "cannot load the system call filter");
      return;
    }
  execve ("/fuse-overlayfs", (char *const *)argv, environ);
  runc_throw_errno (error, "cannot execute '%s'", request->program);
}
