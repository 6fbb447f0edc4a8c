/* Sources of mounts that only the runtime itself may open. Runs in the parent, before the clone.
 *
 * In a new user namespace root has no rights over the directories of others, and nobody there may
 * map the ids of a mount. So the parent, being root, makes the detached tree, and the child
 * attaches it. The ids come from a user namespace that exists only for that: a process is made in
 * it, its maps are written, and it ends when the mount has them.
 */
#include "launch/source.h"

#include "base/error.h"
#include "base/fd.h"
#include "launch/idmap.h"
#include "sys/decimal.h"
#include "sys/mount.h"
#include "sys/syscalls.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* An fd of a user namespace with the ids of @maps, or -EBADF with an error. */
static int
make_userns (const RuncMapPlan *maps, GError **error)
{
  autofd int pidfd = -EBADF, userns = -EBADF;
  char path[64];
  pid_t pid = runc_sys_clone (CLONE_NEWUSER, -1, &pidfd);

  if (pid == 0)
    while (true)
      pause ();
  if (pid < 0)
    {
      runc_throw_neg (error, pid, "cannot make a user namespace for an id-mapped mount");
      return -EBADF;
    }
  if (runc_launch_write_maps (maps, pid, error))
    {
      snprintf (path, sizeof path, "/proc/%d/ns/user", (int)pid);
      userns = open (path, O_RDONLY | O_CLOEXEC);
      if (userns < 0)
        runc_throw_errno (error, "cannot open '%s'", path);
    }
  runc_sys_pidfd_send_signal (pidfd, SIGKILL);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
  return runc_steal_fd (&userns);
}

/* Whether the source is what it has to be. */
static bool
verify (const RuncOpTree *tree, int fd)
{
  struct statfs fs;

  return !tree->must_be_proc || (fstatfs (fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC);
}

/* First what goes for the whole tree, then what only its top has. */
static int
set_attributes (const RuncOpTree *tree, int fd, int userns)
{
  RuncTreeAttr all = {
    .set = tree->rec_attr_set,
    .clear = tree->rec_attr_clear,
    .propagation = tree->rec_propagation ? tree->propagation : 0,
    .recursive = true,
  };
  RuncTreeAttr top = {
    .set = tree->attr_set,
    .clear = tree->attr_clear,
    .propagation = tree->rec_propagation ? 0 : tree->propagation,
  };
  int r;

  if (userns >= 0)
    {
      RuncTreeAttr *mapped = tree->idmap_recursive ? &all : &top;

      mapped->set |= MOUNT_ATTR_IDMAP;
      mapped->userns_fd = userns;
    }
  r = runc_sys_tree_set_attr (fd, &all);
  return r < 0 ? r : runc_sys_tree_set_attr (fd, &top);
}

/* As of the failures that the child reports: users need not know who does what. */
#define PREFIX "unable to start container process: error during container init: "

static gboolean throw (GError * *error, int neg_errno, const RuncSlot *slot, const char *what,
                       const char *hint)
{
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "error mounting \"%s\": %s: %s: %s%s",
                     slot->tree->path, slot->label, what, runc_strerror (-neg_errno), hint);
}

#define ATIME_FLAGS (ST_NOATIME | ST_NODIRATIME | ST_RELATIME)

/* As set_attributes(), for a tree whose flags are not ours to take away: in the mount namespace of
 * the container the kernel would say so. What it has is kept by the superblock or by the mount;
 * only the latter can be lost. Returns 0 or -errno. */
static int
set_locked_attributes (const RuncOpTree *tree, int fd, int userns)
{
  struct statvfs before, after;
  unsigned long lost;
  int r;

  if (tree->attr_clear == 0)
    return set_attributes (tree, fd, userns);
  if (fstatvfs (fd, &before) < 0)
    return -errno;
  r = set_attributes (tree, fd, userns);
  if (r < 0)
    return r;
  if (fstatvfs (fd, &after) < 0)
    return -errno;
  lost = before.f_flag & ~after.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
  if (tree->attr_clear & MOUNT_ATTR__ATIME)
    lost |= (before.f_flag ^ after.f_flag) & ATIME_FLAGS;
  return lost != 0 ? -EPERM : 0;
}

/* Why attributes were not set. */
static const char *
attributes_hint (const RuncOpTree *tree, int neg_errno, bool mapped)
{
  if (mapped && neg_errno == -EINVAL)
    return " (its file system does not support id-mapped mounts)";
  if (tree->locked && neg_errno == -EPERM)
    return " (in a user namespace what the mount forbids on the host stays so, and so do its "
           "access times: leave out 'rw', 'suid', 'dev', 'exec' or '*atime')";
  return "";
}

gboolean
runc_launch_open_source (const RuncChildPlan *plan, RuncSlot *slot, GError **error)
{
  const RuncOpTree *tree = slot->tree;
  autofd int own_userns = -EBADF;
  int userns = tree->idmap_slot != RUNC_NO_SLOT ? plan->slots[tree->idmap_slot].fd : -EBADF;
  int r;

  if (slot->idmap != NULL)
    {
      userns = own_userns = make_userns (slot->idmap, error);
      if (userns < 0)
        return runc_prefix (error, "%s", slot->label);
    }
  slot->fd = runc_sys_open_tree (AT_FDCWD, tree->path,
                                 OPEN_TREE_CLONE | (tree->recursive ? AT_RECURSIVE : 0)
                                     | (tree->nofollow ? AT_SYMLINK_NOFOLLOW : 0));
  if (slot->fd < 0)
    return throw (error, slot->fd, slot, "cannot open it", "");
  if (!verify (tree, slot->fd))
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       PREFIX
                       "error mounting \"%s\": %s: it cannot be mounted because it is not of "
                       "type proc (and only that may be on /proc)",
                       tree->path, slot->label);
  r = tree->locked ? set_locked_attributes (tree, slot->fd, userns)
                   : set_attributes (tree, slot->fd, userns);
  if (r < 0)
    return throw (error, r, slot, "cannot set its attributes",
                  attributes_hint (tree, r, userns >= 0));
  return TRUE;
}

static int
make_node (int dir, gsize index, const RuncOpNode *node)
{
  char name[RUNC_DECIMAL_SIZE];

  runc_decimal (name, (int64_t)index);
  if (mknodat (dir, name, node->mode, makedev (node->major, node->minor)) < 0
      || fchownat (dir, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0
      || fchmodat (dir, name, node->mode & 07777, 0) < 0) /* nobody else sees it: no umask games */
    return -errno;
  return 0;
}

gboolean
runc_launch_make_devices (RuncSlot *slot, GError **error)
{
  static const char *const options[] = { "mode=0755", NULL };
  const RuncFsRequest request = { .type = "tmpfs",
                                  .source = "devices",
                                  .options = options,
                                  .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
  RuncFsError detail;

  slot->fd = runc_sys_fs_new (&request, &detail);
  if (slot->fd < 0)
    return runc_throw_neg (error, slot->fd, "linux.devices: cannot make a file system for them");
  for (gsize i = 0; i < slot->n_nodes; i++)
    {
      int r = make_node (slot->fd, i, &slot->nodes[i]);

      if (r < 0)
        return runc_throw_neg (error, r, "%s: cannot make device %u:%u", slot->nodes[i].path,
                               slot->nodes[i].major, slot->nodes[i].minor);
    }
  return TRUE;
}
