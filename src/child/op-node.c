/* Ops that fill /dev and hide what must not be seen. Runs in the child, before the pivot. */
#include "base/fd.h"
#include "child/context.h"
#include "sys/decimal.h"
#include "sys/mount.h"
#include "sys/path.h"
#include "sys/syscalls.h"
#include "sys/tty.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Is the device @fd the one numbered @major:@minor? An image cannot slip in another file under the
 * device's name (CVE-2025-31133). */
static int
verify_device (int fd, mode_t type, unsigned int major_number, unsigned int minor_number)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return -errno;
  if ((st.st_mode & S_IFMT) != type)
    return -ENODEV;
  return type == S_IFIFO || st.st_rdev == makedev (major_number, minor_number) ? 0 : -ENODEV;
}

int
runc_child_op_open_null (RuncChild *child, const RuncOp *op)
{
  autofd int fd = runc_sys_openat2 (AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW, 0);
  int r;

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, fd);
  r = verify_device (fd, S_IFCHR, 1, 3);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  runc_child_set_slot (child, op->slot, runc_steal_fd (&fd));
  return 0;
}

/* mknodat() with all of @mode. Not by a chmod() afterwards: who shares the directory could put a
 * link in the node's place before. Returns 0 or -errno. */
static int
make_node (int parent, const char *name, const RuncOpNode *node)
{
  mode_t mask = umask (0);
  int r = mknodat (parent, name, node->mode, makedev (node->major, node->minor)) < 0 ? -errno : 0;

  umask (mask);
  return r;
}

int
runc_child_op_mknod (RuncChild *child, const RuncOp *op)
{
  const RuncOpNode *node = &op->u.node;
  const char *name;
  autofd int parent = runc_sys_parent_in_root (runc_child_root (child), op->target, &name);
  autofd int fd = -EBADF;
  int made, r;

  if (parent < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, parent);
  made = make_node (parent, name, node);
  if (made < 0 && made != -EEXIST)
    return runc_child_fail (child, RUNC_FAIL_CREATE, made);
  fd = runc_sys_openat2 (parent, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH);
  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, fd);
  r = verify_device (fd, node->mode & S_IFMT, node->major, node->minor);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  /* One that was there stays as it is. */
  if (made == 0 && fchownat (fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, -errno);
  return 0;
}

/* A part of a mount can only be cloned where the mount is in the namespace: so it is attached for a
 * moment, where everybody has a directory and nobody looks meanwhile. */
int
runc_child_op_open_devices (RuncChild *child, const RuncOp *op)
{
  int all = runc_child_slot (child, op->slot);
  autofd int place = runc_sys_openat2 (AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
  int r = place < 0 ? place : runc_sys_tree_attach (all, place);

  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  for (size_t i = 0; r == 0 && i < child->plan->slots[op->slot].n_nodes; i++)
    {
      char name[RUNC_DECIMAL_SIZE];
      int tree;

      runc_decimal (name, (int64_t)i);
      tree = runc_sys_open_tree (all, name, OPEN_TREE_CLONE);
      if (tree < 0)
        r = runc_child_fail (child, RUNC_FAIL_SOURCE, tree);
      else
        runc_child_set_slot (child, op->result + (int)i, tree);
    }
  return r < 0 ? r : runc_sys_umount ("/proc", RUNC_MNT_DETACH);
}

int
runc_child_op_bind_device (RuncChild *child, const RuncOp *op)
{
  const RuncOpNode *node = &op->u.node;
  autofd int tree = runc_sys_open_tree (AT_FDCWD, node->path, OPEN_TREE_CLONE);
  autofd int target = -EBADF;
  int r;

  if (tree < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, tree);
  r = verify_device (tree, node->mode & S_IFMT, node->major, node->minor);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  target = runc_sys_mkfile_in_root (runc_child_root (child), op->target, 0666);
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, target);
  r = runc_sys_tree_attach (tree, target);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

int
runc_child_op_symlink (RuncChild *child, const RuncOp *op)
{
  const char *name;
  autofd int parent = runc_sys_parent_in_root (runc_child_root (child), op->target, &name);

  if (parent < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, parent);
  if (symlinkat (op->u.text, parent, name) < 0 && errno != EEXIST)
    return runc_child_fail (child, RUNC_FAIL_CREATE, -errno);
  return 0;
}

/* Open what is to be hidden. Returns -ENOENT for what is not there, whatever part of it. */
static int
open_hidden (RuncChild *child, const char *target)
{
  int fd = runc_sys_open_in_root (runc_child_root (child), target, O_PATH, false);

  return fd == -ENOTDIR ? -ENOENT : fd;
}

/* What to put over a directory. The first time it is the new filesystem itself, which stays in the
 * slot once it is attached: closing a mount that never was costs more than all of this. */
static int
directory_mask (RuncChild *child, const RuncOp *op, bool *ret_made)
{
  int made = runc_child_slot (child, op->result);
  int fd;

  *ret_made = made < 0;
  if (made >= 0)
    return runc_sys_tree_clone (made, false);
  fd = runc_child_new_filesystem (child, &op->u.fs, NULL);
  if (fd >= 0)
    runc_child_set_slot (child, op->result, fd);
  return fd;
}

/* The null device as what hides a file. It is the host's: through a mount that can be written its
 * owner and its mode could be changed for all of the machine. Writing to the device itself is none
 * of the mount's business. */
static int
file_mask (RuncChild *child, const RuncOp *op)
{
  RuncTreeAttr attr = { .set = op->u.fs.attr };
  autofd int tree = runc_sys_tree_clone (runc_child_slot (child, op->slot), false);
  int r = tree < 0 ? tree : runc_sys_tree_set_attr (tree, &attr);

  return r < 0 ? r : runc_steal_fd (&tree);
}

int
runc_child_op_mask (RuncChild *child, const RuncOp *op)
{
  autofd int target = open_hidden (child, op->target);
  autofd int tree = -EBADF;
  bool in_slot = false;
  struct stat st;
  int r;

  if (target == -ENOENT)
    return 0;
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, target);
  if (fstat (target, &st) < 0)
    return -errno;
  tree = S_ISDIR (st.st_mode) ? directory_mask (child, op, &in_slot) : file_mask (child, op);
  if (tree < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, tree);
  r = runc_sys_tree_attach (tree, target);
  if (in_slot)
    runc_steal_fd (&tree);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

int
runc_child_op_readonly (RuncChild *child, const RuncOp *op)
{
  RuncTreeAttr attr = { .set = MOUNT_ATTR_RDONLY };
  autofd int target = open_hidden (child, op->target);
  autofd int tree = -EBADF;
  int r;

  if (target == -ENOENT)
    return 0;
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, target);
  tree = runc_sys_tree_clone (target, true);
  if (tree < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, tree);
  r = runc_sys_tree_set_attr (tree, &attr);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r);
  r = runc_sys_tree_attach (tree, target);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

static bool
is_null (int fd)
{
  return verify_device (fd, S_IFCHR, 1, 3) == 0;
}

/* A file of the host's tree is the host's: who may do that in the container could change the owner
 * or the mode of its /dev/null through it; and criu cannot save a file that no mount of the
 * container leads to. The container may have no such device, or anything in its place: then it
 * stays. */
int
runc_child_op_own_null (RuncChild *child, const RuncOp *op)
{
  autofd int own = -EBADF;

  (void)child;
  (void)op;
  for (int fd = 0; fd <= 2; fd++)
    {
      if (!is_null (fd))
        continue;
      /* Non-blocking, because it may turn out to be a fifo. */
      if (own < 0)
        own = runc_sys_openat2 (AT_FDCWD, "/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                                0);
      if (own < 0 || !is_null (own) || fcntl (own, F_SETFL, O_RDWR) < 0)
        return 0;
      if (dup2 (own, fd) < 0) /* without close-on-exec: it is for the container */
        return -errno;
    }
  return 0;
}

/* Put the slave on /dev/console, which is made if it is absent and never followed. */
static int
bind_console (RuncChild *child, int root, int slave)
{
  autofd int target = runc_sys_open_in_root (root, "dev/console", O_PATH, true);
  autofd int tree = -EBADF;
  int r;

  if (target == -ENOENT)
    {
      autofd int made = runc_sys_mkfile_in_root (root, "dev/console", 0666);

      /* A link that came in between has been followed there. */
      target = made < 0 ? made : runc_sys_open_in_root (root, "dev/console", O_PATH, true);
    }
  if (target < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, target);
  tree = runc_sys_tree_clone (slave, false);
  if (tree < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, tree);
  r = runc_sys_tree_attach (tree, target);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTACH, r) : 0;
}

/* Suit @slave to the caller's stdio, which is still ours. It is done here and not by the parent, so
 * that the program never sees it otherwise. A terminal that the parent makes raw leaves line ends
 * to
 * @slave; anything else translates them itself, or is a file or a pipe, which wants plain ones. */
static int
attach (int slave)
{
  int r = runc_sys_tty_copy_size (STDIN_FILENO, slave);

  if (r < 0 || (isatty (STDIN_FILENO) && isatty (STDOUT_FILENO)))
    return r;
  return runc_sys_tty_clear_onlcr (slave);
}

/* Make @slave stdio and the controlling terminal of this session. */
static int
take_terminal (int slave)
{
  for (int fd = 0; fd <= 2; fd++)
    if (dup2 (slave, fd) < 0) /* without close-on-exec: these three are for the container */
      return -errno;
  return ioctl (0, TIOCSCTTY, 0) < 0 ? -errno : 0;
}

int
runc_child_op_console (RuncChild *child, const RuncOp *op)
{
  const RuncOpConsole *console = &op->u.console;
  autofd int own_root = -EBADF, master = -EBADF, slave = -EBADF;
  int root = runc_child_root (child);
  int r;

  if (root < 0)
    root = own_root = runc_sys_openat2 (AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
  if (root < 0)
    return root;
  r = runc_sys_pty_open (root, &master, &slave);
  if (r == -ENOTSUP)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, r);
  r = runc_sys_tty_set_size (slave, console->width, console->height);
  if (r >= 0 && console->attached)
    r = attach (slave);
  if (r < 0)
    return r;
  if (fchown (slave, console->uid, console->gid) < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, -errno);
  if (console->bind)
    {
      r = bind_console (child, root, slave);
      if (r < 0)
        return r;
    }
  r = runc_wire_send (child->sock, RUNC_MESSAGE_CONSOLE, NULL, 0, master);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  return take_terminal (slave);
}
