/* Ops on the root itself: attach it, make it read-only, become it. Runs in the child. */
#include "base/fd.h"
#include "child/context.h"
#include "sys/mount.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int
runc_child_op_rootfs (RuncChild *child, const RuncOp *op)
{
  int tree = runc_child_slot (child, op->slot);
  autofd int target = runc_sys_openat2 (AT_FDCWD, op->u.tree.path, O_PATH | O_DIRECTORY, 0);
  int r;

  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, target);
  r = runc_sys_tree_attach (tree, target);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  /* The fd of a tree that has been attached is an O_PATH fd of the root of the mount. */
  child->plan->slots[op->slot].fd = -EBADF;
  runc_child_set_slot (child, op->result, tree);
  return 0;
}

int
runc_child_op_root_readonly (RuncChild *child, const RuncOp *op)
{
  RuncTreeAttr attr = { .set = MOUNT_ATTR_RDONLY };

  (void)op;
  return runc_sys_tree_set_attr (runc_child_root (child), &attr);
}

int
runc_child_op_stage_root (RuncChild *child, const RuncOp *op)
{
  autofd int target = -EBADF;
  int tree = runc_child_slot (child, op->slot);
  int r;

  if (fchdir (runc_child_root (child)) < 0)
    return -errno;
  r = runc_sys_umount (".", RUNC_MNT_DETACH);
  if (r < 0)
    return r;
  if (chdir ("/") < 0)
    return -errno;
  target = runc_sys_openat2 (AT_FDCWD, op->u.text, O_PATH | O_DIRECTORY, 0);
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, target);
  r = runc_sys_tree_attach (tree, target);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

int
runc_child_op_pivot (RuncChild *child, const RuncOp *op)
{
  int r;

  if (fchdir (runc_child_root (child)) < 0)
    return -errno;
  /* The old root ends up on top of the new one in the same place, so no directory has to be made
   * for it; the current directory "." is then the old root. */
  r = runc_sys_pivot_root (".", ".");
  if (r < 0)
    return r;
  if (op->u.attr.propagation != 0)
    {
      struct mount_attr attr = { .propagation = op->u.attr.propagation };

      r = runc_sys_mount_setattr (AT_FDCWD, ".", AT_RECURSIVE, &attr);
      if (r < 0)
        return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r);
    }
  r = runc_sys_umount (".", RUNC_MNT_DETACH);
  if (r < 0)
    return r;
  return chdir ("/") < 0 ? -errno : 0;
}

int
runc_child_op_move_root (RuncChild *child, const RuncOp *op)
{
  int root = runc_child_root (child);
  autofd int slash = -EBADF, mounts = -EBADF;
  int r;

  (void)op;
  mounts = runc_sys_proc_open_file (runc_child_proc (child), "self/mountinfo", O_RDONLY);
  if (mounts < 0)
    return mounts;
  slash = runc_sys_openat2 (AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
  if (slash < 0)
    return slash;
  if (fchdir (root) < 0)
    return -errno;
  r = runc_sys_tree_attach (root, slash);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  /* The old root stays below the new one. Nothing else of the host may: as long as there is a
   * procfs or a sysfs without masks in the mount namespace, user namespaces may mount such ones. */
  if (fchdir (slash) < 0)
    return -errno;
  r = runc_sys_detach_all_below (mounts);
  if (r < 0)
    return r;
  if (fchdir (root) < 0)
    return -errno;
  r = runc_sys_chroot (".");
  if (r < 0)
    return r;
  return chdir ("/") < 0 ? -errno : 0;
}

int
runc_child_op_root_propagation (RuncChild *child, const RuncOp *op)
{
  struct mount_attr attr = { .propagation = op->u.attr.propagation };

  (void)child;
  return runc_sys_mount_setattr (AT_FDCWD, "/", op->u.attr.recursive ? AT_RECURSIVE : 0, &attr);
}
