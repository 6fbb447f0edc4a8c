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

/* Ask the parent for a device: an fd, or -errno. */
static int
ask_for_device (RuncChild *child)
{
  autofd int device = -EBADF;
  RuncMessage message;
  size_t len;
  int r = runc_wire_write (child->sock, RUNC_MESSAGE_FUSE, NULL, 0);

  if (r < 0)
    return r;
  r = runc_wire_receive (child->sock, &message, NULL, 0, &len, &device);
  /* End of file: the parent is gone and nobody wants this container. */
  if (r == 0)
    _exit (1);
  if (r < 0)
    return r;
  return message == RUNC_MESSAGE_DEVICE && device >= 0 ? runc_steal_fd (&device) : -EBADMSG;
}

int
runc_child_op_fuse (RuncChild *child, const RuncOp *op)
{
  const RuncTreeAttr attr = { .propagation = op->u.fuse.propagation };
  autofd int device = ask_for_device (child), tree = -EBADF;
  RuncFsError error;
  struct statfs fs;
  int r;

  if (device < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, device);
  tree = runc_sys_fuse_new (device, "overlay", op->u.fuse.attr, &error);
  if (tree < 0)
    {
      runc_child_detail (child, error.message);
      return tree;
    }
  r = runc_sys_tree_set_attr (tree, &attr);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r);
  /* Only without ours does the end of the server end the filesystem. */
  device = runc_close_fd (device);
  r = runc_wire_write (child->sock, RUNC_MESSAGE_MOUNTED, NULL, 0);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  if (fstatfs (tree, &fs) < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, -errno);
  r = runc_wire_write (child->sock, RUNC_MESSAGE_SERVED, NULL, 0);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  runc_child_set_slot (child, op->slot, runc_steal_fd (&tree));
  return 0;
}

int
runc_child_op_enter_dir (RuncChild *child, const RuncOp *op)
{
  autofd int fd = runc_sys_openat2 (AT_FDCWD, op->u.text, O_PATH | O_DIRECTORY, 0);

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, fd);
  return fchdir (fd) < 0 ? -errno : 0;
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

/* The root of the overlay has the mode of its upper directory: when it is made that of the topmost
 * lower one, but that its owner can write to it. */
static int
make_upper (RuncChild *child, int scratch, const RuncOpScratch *layers)
{
  autofd int layer = openat (scratch, "layer", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (layer < 0 || fstat (runc_child_slot (child, layers->lowers[0]), &st) < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  if (mkdirat (layer, "upper", 0700) == 0)
    {
      if (fchmodat (layer, "upper", (st.st_mode & 07777) | 0700, 0) < 0)
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
  autofd int target = runc_sys_openat2 (AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
  autofd int tree = runc_child_new_filesystem (child, &fs, NULL);
  char name[RUNC_DECIMAL_SIZE];
  int r;

  if (tree < 0)
    return tree;
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, target);
  r = runc_sys_tree_attach (tree, target);
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
