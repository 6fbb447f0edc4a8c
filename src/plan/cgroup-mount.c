/* Mounts of type cgroup and cgroup2. Pure; the parent.
 *
 * v2: the tree of the container's cgroup namespace; without one, the host's, which is never mounted
 * anew: that would set its options (nsdelegate, memory_recursiveprot), which are the machine's, to
 * those of the new mount. v1 and hybrid: a directory
 * with one mount for each hierarchy, and links for the controllers that share one. What is refused
 * without root is replaced by a read-only view of the host's tree.
 */
#include "plan/builder.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <linux/mount.h>

#define SAFE_ATTRS ((uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))

static RuncOp *
open_op (RuncBuilder *b, const RuncPlannedMount *m, const char *path, uint64_t attr)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, m->label);

  op->slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  op->u.tree = (RuncOpTree){
    .path = path,
    .recursive = true,
    .rec_attr_set = attr,
    .propagation = MS_SLAVE,
    .rec_propagation = true,
    .idmap_slot = RUNC_NO_SLOT,
  };
  return op;
}

static RuncOp *
attach_op (RuncBuilder *b, const RuncPlannedMount *m, int slot, const char *target)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_ATTACH, m->label);

  op->slot = slot;
  op->target = target;
  op->u.tree.idmap_slot = RUNC_NO_SLOT;
  return op;
}

static RuncOp *
tmpfs_op (RuncBuilder *b, const RuncPlannedMount *m, uint64_t attr)
{
  static const char *const options[] = { "mode=755", NULL };
  RuncOp *op = runc_builder_op (b, RUNC_OP_MOUNT, m->label);

  op->target = m->target;
  op->u.fs = (RuncOpFs){
    .type = "tmpfs",
    .source = "tmpfs",
    .options = options,
    .attr = attr,
    .propagation = m->options.propagation,
  };
  return op;
}

/* Is the host's whole /sys, with the hierarchies in it, in its place already? */
static bool
is_in_bound_sys (const RuncBuilder *b, const RuncPlannedMount *m)
{
  const RuncPlannedMount *sys = runc_plan_mount_on (b, "/sys");

  return sys != NULL && sys < m && sys->options.bind && sys->options.recursive
         && strcmp (sys->source, "/sys") == 0 && strcmp (m->target, "/sys/fs/cgroup") == 0;
}

/* A read-only view of the host's tree at @path. */
static void
view_ops (RuncBuilder *b, const RuncPlannedMount *m, const char *path, bool alternative)
{
  RuncOp *op;
  int slot;

  if (is_in_bound_sys (b, m) && strcmp (path, m->target) == 0)
    {
      op = runc_builder_op (b, RUNC_OP_SET_ATTR, m->label);
      op->target = m->target;
      op->alternative = alternative;
      op->u.attr.set = m->options.set | SAFE_ATTRS | MOUNT_ATTR_RDONLY;
      op->u.attr.recursive = true;
      /* Not a mount of its own: then it is as read-only as /sys. Or not there at all. */
      runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EINVAL, ENOENT, 0);
      return;
    }
  op = open_op (b, m, path, m->options.set | SAFE_ATTRS | MOUNT_ATTR_RDONLY);
  slot = op->slot;
  op->alternative = alternative;
  op = attach_op (b, m, slot, m->target);
  op->u.tree.path = path;
  op->alternative = alternative;
}

/* The host's tree at @path, with what is asked for. */
static void
bind_ops (RuncBuilder *b, const RuncPlannedMount *m, const char *path)
{
  RuncOp *op = open_op (b, m, path, m->options.rec_set);

  op->u.tree.attr_set = m->options.set;
  op->u.tree.attr_clear = m->options.clear;
  op->u.tree.rec_attr_clear = m->options.rec_clear;
  attach_op (b, m, op->slot, m->target);
}

/* What the file system is told. In a cgroup namespace that means nothing to the kernel, but it
 * refuses what it does not know. */
static const char *const *
fs_options (RuncBuilder *b, const RuncMountOptions *options)
{
  const char **list;

  if (options->n_data == 0)
    return NULL;
  list = runc_builder_alloc (b, (options->n_data + 1) * sizeof *list);
  memcpy (list, options->data, options->n_data * sizeof *list);
  return list;
}

static void
v2_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  const RuncCgroupPlan *cgroup = &b->plan->cgroup;
  bool own = ((b->ns.created | b->ns.joined) & CLONE_NEWCGROUP) != 0;
  const char *seen = own && cgroup->v2_dir != NULL ? cgroup->v2_dir : b->host->cgroup2_mount;
  RuncOp *op;

  if ((b->ns.new_userns || b->ns.join_user) && !own)
    {
      view_ops (b, m, seen, false);
      return;
    }
  if (b->who == RUNC_WHO_REAL_ROOT && !b->in_userns && !own)
    {
      bind_ops (b, m, seen);
      return;
    }
  op = runc_builder_op (b, RUNC_OP_MOUNT, m->label);
  op->target = m->target;
  op->u.fs = (RuncOpFs){
    .type = "cgroup2",
    .source = m->spec->source != NULL ? m->spec->source : "cgroup",
    .options = fs_options (b, &m->options),
    .attr = m->options.set | m->options.rec_set,
    .propagation = m->options.propagation,
  };
  if (b->who == RUNC_WHO_REAL_ROOT && !b->in_userns)
    return;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, EBUSY, 0);
  view_ops (b, m, seen, true);
}

/* Links "cpu" and "cpuacct" to "cpu,cpuacct". */
static void
link_controllers (RuncBuilder *b, const RuncPlannedMount *m, const char *name)
{
  const char *p = name;

  if (strchr (name, ',') == NULL)
    return;
  while (true)
    {
      gsize len = strcspn (p, ",");
      RuncOp *op = runc_builder_op (b, RUNC_OP_SYMLINK, m->label);

      op->target = runc_builder_path (b, m->target, runc_builder_strndup (b, p, len));
      op->u.text = name;
      if (p[len] == '\0')
        return;
      p += len + 1;
    }
}

/* One hierarchy: new in a cgroup namespace of our own, else the container's directory of it. One
 * that the host has mounted at an unusual place is then left out: so late, only what is below /sys
 * is surely the host's. */
static void
hierarchy_ops (RuncBuilder *b, const RuncPlannedMount *m, gsize index)
{
  const RuncCgroupHierarchy *h = &b->host->cgroup1[index];
  const char *name = strrchr (h->mountpoint, '/') + 1;
  const char *target = runc_builder_path (b, m->target, name);
  uint64_t attr = SAFE_ATTRS | (m->options.set & MOUNT_ATTR_RDONLY);

  if ((b->ns.created & CLONE_NEWCGROUP) == 0 && !g_str_has_prefix (h->mountpoint, "/sys/"))
    return;
  if ((b->ns.created & CLONE_NEWCGROUP) != 0)
    {
      const char **options = runc_builder_alloc (b, 2 * sizeof *options);
      RuncOp *op = runc_builder_op (b, RUNC_OP_MOUNT, m->label);

      options[0] = h->controllers;
      op->target = target;
      op->u.fs = (RuncOpFs){
        .type = "cgroup",
        .source = "cgroup",
        .options = options,
        .attr = attr,
      };
    }
  else
    {
      const char *own = runc_builder_path (b, h->mountpoint, h->own_path);
      RuncOp *op
          = open_op (b, m, b->plan->cgroup.v1_dirs != NULL ? b->plan->cgroup.v1_dirs[index] : own,
                     attr);

      attach_op (b, m, op->slot, target);
    }
  link_controllers (b, m, name);
}

static void
v1_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  tmpfs_op (b, m, SAFE_ATTRS);
  for (gsize i = 0; i < b->host->n_cgroup1; i++)
    hierarchy_ops (b, m, i);
  if (m->options.set & MOUNT_ATTR_RDONLY)
    {
      RuncOp *op = runc_builder_op (b, RUNC_OP_SET_ATTR, m->label);

      op->target = m->target;
      op->u.attr.set = MOUNT_ATTR_RDONLY;
    }
}

bool
runc_plan_is_cgroup (const RuncPlannedMount *m)
{
  return strcmp (m->type, "cgroup") == 0 || strcmp (m->type, "cgroup2") == 0;
}

gboolean
runc_plan_cgroup_mount (RuncBuilder *b, const RuncPlannedMount *m, GError **error)
{
  (void)error;
  switch (b->host->cgroup_mode)
    {
    case RUNC_CGROUP_V2:
      v2_ops (b, m);
      break;
    case RUNC_CGROUP_V1:
    case RUNC_CGROUP_HYBRID:
      /* Without root a dozen hierarchies that can only be looked at are not worth a dozen mounts.
       */
      if (b->who == RUNC_WHO_REAL_ROOT)
        v1_ops (b, m);
      else
        view_ops (b, m, "/sys/fs/cgroup", false);
      break;
    case RUNC_CGROUP_NONE:
      /* An outer container that shows no hierarchy may show an empty /sys, in which there is no
       * place. */
      runc_builder_on_error (tmpfs_op (b, m, SAFE_ATTRS | MOUNT_ATTR_RDONLY), RUNC_ON_ERROR_SKIP,
                             EROFS, 0, 0);
      break;
    }
  return TRUE;
}
