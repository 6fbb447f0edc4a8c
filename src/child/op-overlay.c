/* Ops that make what a writable layer over the root consists of. Runs in the child.
 *
 * Kernel overlayfs takes paths. They are relative to a tmpfs that holds the layers, so that nothing
 * has to be reachable by path for who makes the overlay, and no name has to be escaped.
 */
#include "base/fd.h"
#include "child/context.h"
#include "sys/decimal.h"
#include "sys/fuse.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statfs.h>

int
runc_child_op_fuse (RuncChild *child, const RuncOp *op)
{
  const RuncTreeAttr attr = { .propagation = op->u.fuse.propagation };
  autofd int device = -EBADF, tree = -EBADF;
  RuncFsError error;
  struct statfs fs;
  int r;

  tree = runc_sys_fuse_new ("overlay", op->u.fuse.attr, &device, &error);
  if (tree < 0)
    {
      runc_child_detail (child, error.message);
      return tree;
    }
  r = runc_sys_tree_set_attr (tree, &attr);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r);
  r = runc_wire_send (child->sock, RUNC_MESSAGE_FUSE, NULL, 0, device);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  /* Only without ours does the end of the server end the filesystem. */
  device = runc_close_fd (device);
  if (fstatfs (tree, &fs) < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, -errno);
  r = runc_wire_write (child->sock, RUNC_MESSAGE_MOUNTED, NULL, 0);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  runc_child_set_slot (child, op->slot, runc_steal_fd (&tree));
  return 0;
}

int
runc_child_op_open_dir (RuncChild *child, const RuncOp *op)
{
  int fd = runc_sys_openat2 (AT_FDCWD, op->u.text, O_PATH | O_DIRECTORY, 0);

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, fd);
  runc_child_set_slot (child, op->slot, fd);
  return 0;
}

/* Put the tree in @slot on the new directory @name of @dir. */
static int
put_tree (RuncChild *child, int dir, const char *name, int slot)
{
  autofd int target = -EBADF;
  int r;

  if (mkdirat (dir, name, 0700) < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  target = openat (dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  r = runc_sys_tree_attach (runc_child_slot (child, slot), target);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

/* The root of the overlay has the mode of its upper directory: that of the topmost lower one, when
 * it is made. */
static int
make_upper (RuncChild *child, int scratch, const RuncOpScratch *layers)
{
  autofd int layer = openat (scratch, "layer", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (layer < 0 || fstat (runc_child_slot (child, layers->lowers[0]), &st) < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  if (mkdirat (layer, "upper", 0700) == 0)
    {
      if (fchmodat (layer, "upper", st.st_mode & 07777, 0) < 0)
        return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, -errno);
    }
  else if (errno != EEXIST)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  if (mkdirat (layer, "work", 0700) < 0 && errno != EEXIST)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  return 0;
}

int
runc_child_op_scratch (RuncChild *child, const RuncOp *op)
{
  static const char *const options[] = { "mode=0700", NULL };
  const RuncOpFs fs = { .type = "tmpfs", .source = "overlay", .options = options };
  const RuncOpScratch *layers = &op->u.scratch;
  autofd int tree = runc_child_new_filesystem (child, &fs, NULL);
  char name[RUNC_DECIMAL_SIZE];
  int r;

  if (tree < 0)
    return tree;
  r = runc_sys_tree_attach (tree, runc_child_slot (child, op->slot));
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  for (size_t i = 0; i < layers->n_lowers; i++)
    {
      runc_decimal (name, (int64_t)i);
      r = put_tree (child, tree, name, layers->lowers[i]);
      if (r < 0)
        return r;
    }
  if (layers->layer != RUNC_NO_SLOT)
    r = put_tree (child, tree, "layer", layers->layer);
  else if (mkdirat (tree, "layer", 0700) < 0)
    r = runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  if (r == 0)
    r = make_upper (child, tree, layers);
  if (r < 0)
    return r;
  return fchdir (tree) < 0 ? -errno : 0;
}
