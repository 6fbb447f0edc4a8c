/* Ops that make and attach mounts. Runs in the child, before the pivot: host paths are the host's,
 * targets are looked up inside the new root, each time again, because an earlier mount may have
 * changed what is there.
 */
#include "base/fd.h"
#include "child/context.h"
#include "sys/mount.h"
#include "sys/path.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

int
runc_child_op_propagation (RuncChild *child, const RuncOp *op)
{
  struct mount_attr attr = {
    .attr_set = op->u.attr.set,
    .attr_clr = op->u.attr.clear,
    .propagation = op->u.attr.propagation,
  };

  (void)child;
  return runc_sys_mount_setattr (AT_FDCWD, "/", op->u.attr.recursive ? AT_RECURSIVE : 0, &attr);
}

/* Put the attributes of @tree on the detached mount @fd: first what goes for all of it. */
static int
set_tree_attributes (RuncChild *child, const RuncOpTree *tree, int fd)
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

  if (tree->idmap_slot != RUNC_NO_SLOT)
    {
      RuncTreeAttr *idmapped = tree->idmap_recursive ? &all : &top;

      idmapped->set |= MOUNT_ATTR_IDMAP;
      idmapped->userns_fd = runc_child_slot (child, tree->idmap_slot);
    }
  r = runc_sys_tree_set_attr (fd, &all);
  if (r == 0)
    r = runc_sys_tree_set_attr (fd, &top);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r) : 0;
}

static int
open_outside (const RuncOpTree *tree)
{
  return runc_sys_open_tree (AT_FDCWD, tree->path,
                             OPEN_TREE_CLONE | (tree->recursive ? AT_RECURSIVE : 0)
                                 | (tree->nofollow ? AT_SYMLINK_NOFOLLOW : 0));
}

/* Part of the container, in which links lead nowhere else. */
static int
open_inside (const RuncChild *child, const RuncOp *op)
{
  autofd int fd
      = runc_sys_open_in_root (runc_child_root (child), op->target, O_PATH, op->u.tree.nofollow);

  return fd < 0 ? fd : runc_sys_tree_clone (fd, op->u.tree.recursive);
}

int
runc_child_op_open_tree (RuncChild *child, const RuncOp *op)
{
  const RuncOpTree *tree = &op->u.tree;
  autofd int fd = op->target != NULL ? open_inside (child, op) : open_outside (tree);
  int r;

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, fd);
  if (tree->must_be_proc)
    {
      struct statfs fs;

      if (fstatfs (fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
        return runc_child_fail (child, RUNC_FAIL_VERIFY, -ENOTSUP);
    }
  if (tree->must_be_dir)
    {
      struct stat st;

      if (fstat (fd, &st) < 0 || !S_ISDIR (st.st_mode))
        return runc_child_fail (child, RUNC_FAIL_VERIFY, -ENOTDIR);
    }
  r = set_tree_attributes (child, tree, fd);
  if (r == 0)
    runc_child_set_slot (child, op->slot, runc_steal_fd (&fd));
  return r;
}

/* "mode=0755": what the directory that is about to be hidden had. */
static const char *
mode_option (const struct stat *st, char *buffer)
{
  char *p = buffer + strlen (strcpy (buffer, "mode="));

  for (int shift = 9; shift >= 0; shift -= 3)
    *p++ = (char)('0' + ((st->st_mode >> shift) & 7));
  *p = '\0';
  return buffer;
}

int
runc_child_new_filesystem (RuncChild *child, const RuncOpFs *fs, const struct stat *target)
{
  char mode[sizeof "mode=7777"];
  RuncFsRequest request = {
    .type = fs->type,
    .source = fs->source,
    .options = fs->options,
    .extra_option = fs->mode_of_target && target != NULL ? mode_option (target, mode) : NULL,
    .readonly = fs->superblock_readonly,
    .attr = fs->attr,
  };
  RuncFsError error;
  int fd = runc_sys_fs_new (&request, &error);
  int r;

  if (fd < 0)
    {
      if (error.message[0] != '\0')
        runc_child_detail (child, error.message);
      else if (error.option != NULL)
        runc_child_detail (child, error.option);
      return error.option != NULL ? runc_child_fail (child, RUNC_FAIL_OPTION, fd) : fd;
    }
  if (fs->propagation != 0)
    {
      RuncTreeAttr attr = { .propagation = fs->propagation };

      r = runc_sys_tree_set_attr (fd, &attr);
      if (r < 0)
        {
          runc_close_fd (fd);
          return runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r);
        }
    }
  return fd;
}

/* What is at @path inside the root now, if anything is. */
static const struct stat *
look_at (const RuncChild *child, const char *path, struct stat *st)
{
  autofd int fd = runc_sys_open_in_root (runc_child_root (child), path, O_PATH, false);

  return fd >= 0 && fstat (fd, st) == 0 ? st : NULL;
}

int
runc_child_op_new_tree (RuncChild *child, const RuncOp *op)
{
  struct stat st;
  const struct stat *target
      = op->u.fs.mode_of_target && op->target != NULL ? look_at (child, op->target, &st) : NULL;
  int fd = runc_child_new_filesystem (child, &op->u.fs, target);

  if (fd < 0)
    return fd;
  runc_child_set_slot (child, op->slot, fd);
  return 0;
}

int
runc_child_op_mkdir (RuncChild *child, const RuncOp *op)
{
  int fd = runc_sys_mkdir_in_root (runc_child_root (child), op->target, op->u.mode);

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_CREATE, fd);
  close (fd);
  return 0;
}

/* A link of the image can lead to the container's /proc, where a mount would hide from us and from
 * the program what the kernel says there (CVE-2019-16884). */
static int
refuse_procfs (int target)
{
  struct statfs fs;

  if (fstatfs (target, &fs) < 0)
    return -errno;
  return fs.f_type == PROC_SUPER_MAGIC ? -EPERM : 0;
}

int
runc_child_op_mount (RuncChild *child, const RuncOp *op)
{
  const RuncOpFs *fs = &op->u.fs;
  autofd int target = -EBADF, tree = -EBADF;
  const struct stat *before = NULL;
  struct stat st;
  int r;

  if (fs->mode_of_target)
    before = look_at (child, op->target, &st);
  if (fs->ordinary_target)
    {
      /* procfs and sysfs go on a real directory or nowhere: a symlink could have them elsewhere,
       * where masks and read-only paths would miss them (CVE-2019-19921, CVE-2023-27561). */
      target
          = runc_sys_open_in_root (runc_child_root (child), op->target, O_PATH | O_DIRECTORY, true);
      if (target == -ELOOP || target == -ENOTDIR)
        return runc_child_fail (child, RUNC_FAIL_VERIFY, -ENOTDIR);
    }
  if (target < 0 && !fs->no_create)
    target = runc_sys_mkdir_in_root (runc_child_root (child), op->target, 0755);
  else if (target < 0)
    target = runc_sys_open_in_root (runc_child_root (child), op->target, O_PATH, false);
  if (target < 0)
    return runc_child_fail (child, fs->no_create ? RUNC_FAIL_RESOLVE : RUNC_FAIL_CREATE, target);

  r = fs->on_proc ? 0 : refuse_procfs (target);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  tree = runc_child_new_filesystem (child, fs, before);
  if (tree < 0)
    return tree;
  r = runc_sys_tree_attach (tree, target);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  if (op->slot != RUNC_NO_SLOT)
    runc_child_set_slot (child, op->slot, runc_steal_fd (&tree));
  return 0;
}

/* The fd of what @op mounts on, made like @tree (a directory or a file) if it is absent. */
static int
open_target (RuncChild *child, const RuncOp *op, int tree)
{
  int root = runc_child_root (child);
  struct stat st;
  int fd;

  if (fstat (tree, &st) < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, -errno);
  if (op->u.tree.target_nofollow)
    {
      fd = runc_sys_open_in_root (root, op->target, O_PATH | O_NOFOLLOW, false);
      if (fd != -ENOENT)
        return fd < 0 ? runc_child_fail (child, RUNC_FAIL_RESOLVE, fd) : fd;
    }
  fd = S_ISDIR (st.st_mode) ? runc_sys_mkdir_in_root (root, op->target, 0755)
                            : runc_sys_mkfile_in_root (root, op->target, 0755);
  if (fd >= 0 && op->u.tree.target_nofollow)
    {
      /* A link that came in between has been followed there. */
      runc_close_fd (fd);
      fd = runc_sys_open_in_root (root, op->target, O_PATH | O_NOFOLLOW, false);
    }
  return fd < 0 ? runc_child_fail (child, RUNC_FAIL_CREATE, fd) : fd;
}

int
runc_child_op_attach (RuncChild *child, const RuncOp *op)
{
  int tree = runc_child_slot (child, op->slot);
  autofd int target = open_target (child, op, tree);
  autofd int clone = -EBADF;
  int r;

  if (target < 0)
    return target;
  r = op->u.tree.on_proc ? 0 : refuse_procfs (target);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, r);
  if (op->u.tree.keep)
    {
      clone = runc_sys_tree_clone (tree, op->u.tree.recursive);
      if (clone < 0)
        return runc_child_fail (child, RUNC_FAIL_SOURCE, clone);
      tree = clone;
    }
  r = runc_sys_tree_attach (tree, target);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_ATTACH, r);
  if (!op->u.tree.keep)
    runc_child_set_slot (child, op->slot, -EBADF);
  return 0;
}

int
runc_child_op_set_attr (RuncChild *child, const RuncOp *op)
{
  autofd int fd = runc_sys_open_in_root (runc_child_root (child), op->target, O_PATH, false);
  RuncTreeAttr attr = {
    .set = op->u.attr.set,
    .clear = op->u.attr.clear,
    .propagation = op->u.attr.propagation,
    .recursive = op->u.attr.recursive,
  };
  int r;

  if (fd < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, fd);
  r = runc_sys_tree_set_attr (fd, &attr);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_ATTRIBUTES, r) : 0;
}
