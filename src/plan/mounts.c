/* mounts[] of config.json: what is bound, what is mounted anew, and what stands in for a filesystem
 * that the kernel refuses where we are. Pure; the parent.
 *
 * All host directories are opened as detached trees before the container's root exists; then the
 * mounts are made in the order of config.json, each target being looked up when it is its turn, and
 * so is a source that an earlier mount has put into the container.
 */
#include "plan/builder.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <linux/mount.h>

/* What a bind mount with flags does not keep of its source's, as runc has it: naming one flag means
 * that the others are off. */
#define LOCKABLE_ATTRS                                                                             \
  ((uint64_t)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))
#define RESET_ATTRS (LOCKABLE_ATTRS | MOUNT_ATTR_NOSYMFOLLOW)

/* Only where config.json itself says so may anything be put on a procfs: a link of the image must
 * not lead there. */
static bool
is_proc_target (const RuncPlannedMount *m)
{
  return strcmp (m->target, "/proc") == 0 || runc_plan_is_below (m->target, "/proc");
}

/* Does only the runtime itself have the right to open the source, or to map its ids? */
static bool
is_opened_by_parent (const RuncBuilder *b, const RuncPlannedMount *m)
{
  return b->who == RUNC_WHO_REAL_ROOT && m->options.bind && !m->options.copy_symlink
         && m->inside == NULL && (b->ns.new_userns || b->ns.join_user || m->options.idmap);
}

/* ---- bind mounts --------------------------------------------------------------------------- */

/* @reset: MOUNT_ATTR_* of the source that are not kept unless they are asked for */
static void
fill_tree (RuncOpTree *tree, const RuncPlannedMount *m, uint64_t reset)
{
  const RuncMountOptions *o = &m->options;

  *tree = (RuncOpTree){
    .path = m->source,
    .recursive = o->recursive,
    .nofollow = o->src_nofollow,
    .attr_set = o->set,
    .attr_clear = o->clear | (o->any_flag ? reset & ~o->set : 0),
    .rec_attr_set = o->rec_set,
    .rec_attr_clear = o->rec_clear,
    .propagation = o->propagation,
    .rec_propagation = o->rec_propagation,
    .must_be_proc = strcmp (m->target, "/proc") == 0,
    .idmap_slot = m->idmap_slot,
    .idmap_recursive = o->idmap_recursive,
  };
}

static RuncOp *
open_tree_op (RuncBuilder *b, const RuncPlannedMount *m, uint64_t reset)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, m->label);

  op->slot = m->slot;
  op->target = m->inside;
  fill_tree (&op->u.tree, m, reset);
  return op;
}

/* A source for the parent to open. There it still has its peers on the host, and must lose them,
 * unless that is what is wanted; and its flags are not locked, but are kept as if they were. */
static gboolean
source_slot (RuncBuilder *b, RuncPlannedMount *m, bool keep_peers, GError **error)
{
  RuncOpTree *tree = runc_builder_alloc (b, sizeof *tree);
  const RuncMapPlan *idmap = NULL;
  bool locked = b->ns.new_userns || b->ns.join_user;

  if (m->options.idmap && !runc_plan_mount_idmap (b, m, &idmap, error))
    return FALSE;
  fill_tree (tree, m, locked ? MOUNT_ATTR_NOSYMFOLLOW : RESET_ATTRS);
  tree->locked = locked;
  if (!keep_peers && tree->propagation == 0)
    {
      tree->propagation = MS_SLAVE;
      tree->rec_propagation = true;
    }
  m->slot = runc_builder_slot (b, RUNC_SLOT_SOURCE, m->source);
  b->slots[m->slot].tree = tree;
  b->slots[m->slot].idmap = idmap;
  b->slots[m->slot].label = m->label;
  return TRUE;
}

static void
open_source (RuncBuilder *b, const RuncPlannedMount *m)
{
  /* In a mount namespace of a new user namespace the flags of all mounts are locked: what is not
   * named stays. */
  bool locked = b->ns.new_userns || b->ns.join_user;
  RuncOp *op = open_tree_op (b, m, locked ? 0 : RESET_ATTRS);

  if (locked || !m->options.any_flag || b->who == RUNC_WHO_REAL_ROOT)
    return;
  /* Mounts that came from further outside may be locked here too. */
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  op = open_tree_op (b, m, 0);
  op->alternative = true;
}

gboolean
runc_plan_open_sources (RuncBuilder *b, bool keep_peers, GError **error)
{
  for (gsize i = 0; i < b->n_mounts; i++)
    {
      RuncPlannedMount *m = &b->mounts[i];

      if (!m->options.bind || m->options.remount)
        continue;
      if (is_opened_by_parent (b, m))
        {
          if (!source_slot (b, m, keep_peers, error))
            return FALSE;
          continue;
        }
      m->slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
      if (!m->options.copy_symlink && m->inside == NULL)
        open_source (b, m);
    }
  return TRUE;
}

static RuncOp *
attach_op (RuncBuilder *b, const RuncPlannedMount *m, int slot)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_ATTACH, m->label);

  op->slot = slot;
  op->target = m->target;
  op->u.tree = (RuncOpTree){
    .path = m->source,
    .target_nofollow = m->options.dest_nofollow,
    .on_proc = is_proc_target (m),
    .idmap_slot = RUNC_NO_SLOT,
  };
  return op;
}

static void
bind_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  RuncOp *op;

  if (m->inside != NULL)
    open_source (b, m);
  if (!m->options.copy_symlink)
    {
      attach_op (b, m, m->slot);
      return;
    }
  /* Only the host can tell whether the source is a symlink. */
  op = runc_builder_op (b, RUNC_OP_COPY_SYMLINK, m->label);
  op->target = m->target;
  op->u.text = m->source;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EINVAL, 0, 0);
  open_tree_op (b, m, 0)->alternative = true;
  attach_op (b, m, m->slot)->alternative = true;
}

/* ---- new filesystems ----------------------------------------------------------------------- */

/* FALSE for "uid=5" and "gid=5" when there is no such id in the container: the filesystem would
 * refuse to be mounted at all. */
static bool
keep_option (RuncBuilder *b, const RuncPlannedMount *m, const char *option)
{
  guint64 id;
  char *end;
  bool uid = strncmp (option, "uid=", 4) == 0;

  if (!uid && strncmp (option, "gid=", 4) != 0)
    return true;
  if (m->without_ids)
    return false;
  id = g_ascii_strtoull (option + 4, &end, 10);
  if (end == option + 4 || *end != '\0' || id > G_MAXUINT32)
    return true;
  if (uid ? runc_plan_uid_is_mapped (b, (guint32)id) : runc_plan_gid_is_mapped (b, (guint32)id))
    return true;
  /* The group of terminals only matters to programs like wall(1). */
  if (strcmp (m->type, "devpts") != 0)
    runc_builder_warn (b, "%s: option '%s' is left out: the container has no such id", m->label,
                       option);
  return false;
}

/* The options for the filesystem itself: those given, and up to two of ours (or NULL). */
static const char *const *
fs_options (RuncBuilder *b, const RuncPlannedMount *m, const char *extra, const char *more)
{
  const RuncMountOptions *o = &m->options;
  const char **list;
  gsize n = 0;

  if (o->n_data == 0 && extra == NULL && more == NULL)
    return NULL;
  list = runc_builder_alloc (b, (o->n_data + 3) * sizeof *list);
  for (gsize i = 0; i < o->n_data; i++)
    if (keep_option (b, m, o->data[i]))
      list[n++] = o->data[i];
  if (extra != NULL)
    list[n++] = extra;
  if (more != NULL)
    list[n++] = more;
  return list;
}

static bool
has_option (const RuncPlannedMount *m, const char *prefix)
{
  for (gsize i = 0; i < m->options.n_data; i++)
    if (g_str_has_prefix (m->options.data[i], prefix))
      return true;
  return false;
}

/* In a user namespace the trusted.* attributes, with which overlayfs marks what is deleted, are not
 * ours to write. */
static const char *
overlay_option (const RuncBuilder *b, const RuncPlannedMount *m)
{
  return strcmp (m->type, "overlay") == 0 && b->in_userns && !has_option (m, "userxattr")
             ? "userxattr"
             : NULL;
}

/* "context=..." for filesystems that take a label when they are mounted. */
static const char *
label_option (RuncBuilder *b, const RuncPlannedMount *m)
{
  const char *label = b->spec->linux_spec.mount_label;
  const char *kind = runc_spec_annotation (b->spec, RUNC_CONTEXT_TYPE);

  if (label == NULL || label[0] == '\0' || !b->host->selinux || strcmp (m->type, "proc") == 0
      || strcmp (m->type, "sysfs") == 0 || strcmp (m->type, "mqueue") == 0)
    return NULL;
  return runc_builder_printf (b, "%s=%s", kind != NULL ? kind : "context", label);
}

/* Filesystems of the kernel have one superblock for many mounts: only the mount becomes read-only.
 */
static bool
is_virtual (const char *type)
{
  static const char *const types[]
      = { "tmpfs", "proc", "sysfs", "mqueue", "devpts", "ramfs", "cgroup", "cgroup2", NULL };

  for (const char *const *t = types; *t != NULL; t++)
    if (strcmp (type, *t) == 0)
      return true;
  return false;
}

static RuncOp *
mount_op (RuncBuilder *b, const RuncPlannedMount *m)
{
  const RuncMountOptions *o = &m->options;
  RuncOp *op = runc_builder_op (b, RUNC_OP_MOUNT, m->label);

  op->target = m->target;
  op->u.fs = (RuncOpFs){
    .type = m->type,
    .source = m->spec->source != NULL ? m->spec->source : m->type,
    .options = fs_options (b, m, label_option (b, m), overlay_option (b, m)),
    .attr = o->set | o->rec_set,
    .propagation = o->propagation,
    .superblock_readonly = (o->set & MOUNT_ATTR_RDONLY) != 0 && !is_virtual (m->type),
    .ordinary_target = strcmp (m->type, "proc") == 0 || strcmp (m->type, "sysfs") == 0,
    .on_proc = is_proc_target (m),
    .mode_of_target = strcmp (m->type, "tmpfs") == 0 && !has_option (m, "mode="),
  };
  if (m->late_readonly)
    op->u.fs.attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
  return op;
}

static void
plain_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  RuncPlannedMount without = *m;
  RuncOp *op = mount_op (b, m);

  if (!b->ns.join_user || (!has_option (m, "uid=") && !has_option (m, "gid=")))
    return;
  /* Which ids a user namespace that was made by others has only shows by trying. */
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EINVAL, 0, 0);
  without.without_ids = true;
  mount_op (b, &without)->alternative = true;
}

/* Bind the host's directory @path on the mount's target, read-only if @readonly; opened only now,
 * because the plan before it decides whether it is needed. */
static void
bind_host_ops (RuncBuilder *b, const RuncPlannedMount *m, const char *path, bool readonly,
               bool alternative)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, m->label);
  int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);

  op->slot = slot;
  op->alternative = alternative;
  op->u.tree = (RuncOpTree){
    .path = path,
    .recursive = true,
    .rec_attr_set = RUNC_SAFE_ATTRS | (readonly ? MOUNT_ATTR_RDONLY : 0),
    .propagation = MS_SLAVE,
    .rec_propagation = true,
    .idmap_slot = RUNC_NO_SLOT,
  };
  op = attach_op (b, m, slot);
  op->u.tree.path = path;
  op->alternative = alternative;
}

/* procfs shows the pid namespace of who mounts it, and asks for rights over its owner. */
static void
proc_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  const char *choice = runc_spec_annotation (b->spec, "run.oci.proc");
  bool shared = (b->ns.created & CLONE_NEWPID) == 0;
  bool userns_made = b->ns.new_userns || b->ns.join_user;
  RuncOp *op;

  /* Whoever shares the pid namespace is reached by its processes anyway. */
  if (shared && userns_made && (b->ns.joined & CLONE_NEWPID) == 0)
    {
      bind_host_ops (b, m, "/proc", false, false);
      return;
    }
  op = mount_op (b, m);
  if (!shared && g_strcmp0 (choice, "bind") != 0)
    return;
  if (b->who == RUNC_WHO_REAL_ROOT && !userns_made)
    return;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  bind_host_ops (b, m, "/proc", false, true);
}

/* sysfs shows the network namespace of who mounts it. */
static void
sysfs_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  bool userns_made = b->ns.new_userns || b->ns.join_user;
  bool own = (b->ns.created & CLONE_NEWNET) != 0;
  RuncOp *op;

  if (userns_made && !own && (b->ns.joined & CLONE_NEWNET) == 0)
    {
      bind_host_ops (b, m, "/sys", true, false);
      return;
    }
  op = mount_op (b, m);
  if (b->who == RUNC_WHO_REAL_ROOT && !userns_made)
    return;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  bind_host_ops (b, m, "/sys", true, true);
}

/* mqueue shows the ipc namespace; without one of our own an empty directory takes its place (the
 * system calls work without it). */
static void
mqueue_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  static const char *const options[] = { "mode=1777", "size=64k", NULL };
  bool userns_made = b->ns.new_userns || b->ns.join_user;
  bool shared = ((b->ns.created | b->ns.joined) & CLONE_NEWIPC) == 0;
  RuncOp *op = mount_op (b, m);
  RuncOpFs instead = op->u.fs;

  instead.type = "tmpfs";
  instead.source = "mqueue";
  instead.options = options;
  if (shared && userns_made)
    {
      op->u.fs = instead;
      return;
    }
  if (b->who == RUNC_WHO_REAL_ROOT && !userns_made)
    return;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  op = runc_builder_op (b, RUNC_OP_MOUNT, m->label);
  op->target = m->target;
  op->alternative = true;
  op->u.fs = instead;
}

/* A tmpfs that begins with what the image has in its place. */
static void
copy_up_ops (RuncBuilder *b, const RuncPlannedMount *m)
{
  RuncOp *op = mount_op (b, m);
  RuncOpFs fs = op->u.fs;
  int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);

  op->kind = RUNC_OP_NEW_TREE; /* its target only for the mode */
  op->slot = slot;
  fs.attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
  op->u.fs = fs;
  op = runc_builder_op (b, RUNC_OP_COPY_UP, m->label);
  op->slot = slot;
  op->target = m->target;
  attach_op (b, m, slot);
}

static gboolean
overlay_ops (RuncBuilder *b, const RuncPlannedMount *m, GError **error)
{
  int slot;

  if (!runc_plan_overlay_mount (b, m, &slot, error))
    return FALSE;
  if (slot == RUNC_NO_SLOT)
    mount_op (b, m);
  else
    attach_op (b, m, slot)->u.tree.path = m->type;
  return TRUE;
}

static void
remount_op (RuncBuilder *b, const RuncPlannedMount *m)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_SET_ATTR, m->label);

  op->target = m->target;
  op->u.attr = (RuncOpAttr){
    .set = m->options.set,
    .clear = m->options.clear,
    .propagation = m->options.propagation,
    .recursive = m->options.recursive,
  };
}

/* Must the mount stay writable until everything below it is made? */
static bool
is_late_readonly (const RuncBuilder *b, gsize index)
{
  const RuncPlannedMount *m = &b->mounts[index];

  if (m->options.bind || (m->options.set & MOUNT_ATTR_RDONLY) == 0)
    return false;
  if (strcmp (m->target, "/dev") == 0 || m->options.tmpcopyup)
    return true;
  if (strcmp (m->type, "tmpfs") != 0)
    return false;
  for (gsize i = index + 1; i < b->n_mounts; i++)
    if (runc_plan_is_below (b->mounts[i].target, m->target))
      return true;
  return false;
}

void
runc_plan_take_network (RuncBuilder *b)
{
  if (b->plan->makes_network && !b->network_taken)
    runc_builder_op (b, RUNC_OP_TAKE_NETWORK, "linux.namespaces");
  b->network_taken = true;
}

/* sysfs shows the network namespace of who mounts it, and what comes over the network is mounted
 * through it. */
static bool
is_of_network (const RuncPlannedMount *m)
{
  return !m->options.bind && !m->options.remount
         && (strcmp (m->type, "sysfs") == 0 || !is_virtual (m->type));
}

/* The child has nothing to do until the parent has made the network namespace, which the mounts
 * from @first on need. If these are elsewhere, /dev can be filled meanwhile. */
static void
devices_meanwhile (RuncBuilder *b, gsize first)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  const RuncPlannedMount *dev = runc_plan_mount_on (b, "/dev");

  if (!b->plan->makes_network || dev == NULL || dev >= b->mounts + first)
    return;
  for (gsize i = first; i < b->n_mounts; i++)
    if (runc_plan_is_below (b->mounts[i].target, "/dev"))
      return;
  for (gsize i = 0; i < spec->n_devices; i++)
    if (!runc_plan_is_below (runc_builder_clean (b, spec->devices[i].path), "/dev"))
      return;
  runc_plan_devices (b);
}

gboolean
runc_plan_mount_ops (RuncBuilder *b, GError **error)
{
  for (gsize i = 0; i < b->n_mounts; i++)
    {
      RuncPlannedMount *m = &b->mounts[i];

      m->late_readonly = is_late_readonly (b, i);
      if (is_of_network (m))
        {
          devices_meanwhile (b, i);
          runc_plan_take_network (b);
        }
      if (m->options.remount)
        remount_op (b, m);
      else if (m->options.bind)
        bind_ops (b, m);
      else if (strcmp (m->type, "proc") == 0)
        proc_ops (b, m);
      else if (strcmp (m->type, "sysfs") == 0)
        sysfs_ops (b, m);
      else if (strcmp (m->type, "mqueue") == 0)
        mqueue_ops (b, m);
      else if (strcmp (m->type, "overlay") == 0)
        {
          if (!overlay_ops (b, m, error))
            return FALSE;
        }
      else if (strcmp (m->type, "tmpfs") == 0 && m->options.tmpcopyup)
        copy_up_ops (b, m);
      else if (!runc_plan_is_cgroup (m))
        plain_ops (b, m);
      /* criu needs no mount point for them, and to mount cgroup2 would change its options for the
       * whole machine. */
      else if (b->restore != NULL)
        continue;
      else if (!runc_plan_cgroup_mount (b, m, error))
        return FALSE;
    }
  return TRUE;
}

void
runc_plan_late_readonly (RuncBuilder *b)
{
  for (gsize i = 0; i < b->n_mounts; i++)
    if (b->mounts[i].late_readonly)
      {
        RuncOp *op = runc_builder_op (b, RUNC_OP_SET_ATTR, b->mounts[i].label);

        op->target = b->mounts[i].target;
        op->u.attr.set = MOUNT_ATTR_RDONLY;
      }
}
