/* The plan of `restore`. Pure; the parent.
 *
 * Everything is decided as for `run`: cgroups, namespaces, mounts, hooks. But what the child makes
 * of it is only what criu expects to find: the cgroups, the mount points in the rootfs, and the
 * rootfs as a mount that nothing is on. criu makes all the rest from its images; what is the host's
 * it is told by the names that checkpoint.c gave.
 */
#include "plan/criu-builder.h"

#include "base/error.h"
#include "wire/wire.h"

#include <string.h>
#include <sched.h>
#include <linux/mount.h>

#define MAX_SHARED RUNC_N_NAMESPACES

static int
open_rootfs (RuncBuilder *b, uint64_t attr)
{
  int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, "root.path");

  op->slot = slot;
  op->u.tree = (RuncOpTree){
    .path = b->host->rootfs,
    .recursive = true,
    .attr_set = attr,
    .idmap_slot = RUNC_NO_SLOT,
  };
  return slot;
}

/* Mount all that `run` would, for the mount points that are made by it, and take it away again. */
static gboolean
root_ops (RuncBuilder *b, GError **error)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_PROPAGATION, "linux.rootfsPropagation");
  int scratch, root;

  op->u.attr.propagation = MS_SLAVE;
  op->u.attr.recursive = true;
  scratch = open_rootfs (b, 0);
  /* criu takes the root as it finds it. */
  root = open_rootfs (b, b->spec->root_readonly ? MOUNT_ATTR_RDONLY : 0);
  if (!runc_plan_open_sources (b, false, error))
    return FALSE;
  b->plan->child.root_slot = runc_builder_slot (b, RUNC_SLOT_ROOT, NULL);
  op = runc_builder_op (b, RUNC_OP_ROOTFS, "root.path");
  op->slot = scratch;
  op->result = b->plan->child.root_slot;
  op->u.tree.path = b->host->rootfs;
  op->u.tree.idmap_slot = RUNC_NO_SLOT;
  if (!runc_plan_mount_ops (b, error))
    return FALSE;
  op = runc_builder_op (b, RUNC_OP_STAGE_ROOT, "root.path");
  op->slot = root;
  op->u.text = runc_builder_path (b, b->state_dir, RUNC_RESTORE_ROOT);
  return TRUE;
}

/* Each under the name that checkpoint.c has given it, and runc: where its destination leads to,
 * when that is a symlink. */
static void
external_mounts (RuncBuilder *b)
{
  for (gsize i = 0; i < b->n_mounts; i++)
    {
      const RuncPlannedMount *m = &b->mounts[i];

      if (!m->options.bind || m->options.remount || m->inside != NULL)
        continue;
      runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, m->target, m->source);
      if (i < b->spec->n_mounts && b->restore->mounted_at[i] != NULL)
        runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, b->restore->mounted_at[i], m->source);
    }
  if (b->spec->linux_spec.masked_paths.n > 0)
    runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, RUNC_CRIU_NULL, RUNC_CRIU_NULL);
  for (const char **path = runc_plan_device_paths (b); *path != NULL; path++)
    runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, *path, *path);
}

/* Of several external mounts of the same thing with the same flags criu only gives the first one
 * its flags: of one directory that is mounted read-only at two places, the second could be written.
 */
static void
readonly_mounts (RuncBuilder *b)
{
  const RuncStrings *masked = &b->spec->linux_spec.masked_paths;
  const char **paths = runc_builder_alloc (b, (b->n_mounts + masked->n + 1) * sizeof *paths);
  gsize n = 0;

  for (gsize i = 0; i < b->n_mounts; i++)
    if (b->mounts[i].options.bind
        && ((b->mounts[i].options.set | b->mounts[i].options.rec_set) & MOUNT_ATTR_RDONLY) != 0)
      paths[n++] = b->mounts[i].target;
  for (gsize i = 0; i < masked->n; i++)
    paths[n++] = masked->items[i];
  b->plan->criu->readonly = paths;
}

/* The directories of the v1 hierarchies, which the container sees below its mount. */
static void
v1_mounts (RuncBuilder *b, const RuncPlannedMount *m)
{
  char **dirs = b->plan->cgroup.v1_dirs;

  for (gsize i = 0; i < b->host->n_cgroup1; i++)
    {
      const RuncCgroupHierarchy *h = &b->host->cgroup1[i];
      const char *name = strrchr (h->mountpoint, '/') + 1;
      const char *own = dirs != NULL ? dirs[i] : runc_builder_path (b, h->mountpoint, h->own_path);

      runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, runc_builder_path (b, m->target, name),
                          own);
    }
}

/* Without a cgroup namespace they are the host's. */
static void
cgroup_mounts (RuncBuilder *b)
{
  if (b->spec->linux_spec.namespaces[RUNC_NS_CGROUP].present)
    return;
  for (gsize i = 0; i < b->n_mounts; i++)
    if (!runc_plan_is_cgroup (&b->mounts[i]))
      continue;
    else if (b->host->cgroup_mode == RUNC_CGROUP_V2)
      runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, b->mounts[i].target,
                          b->host->cgroup2_mount);
    else
      v1_mounts (b, &b->mounts[i]);
}

/* Those that were joined: criu takes network and pid as fds, the others by their paths. */
static gboolean
namespaces (RuncBuilder *b, int *slots, gsize *n_slots, GError **error)
{
  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      const char *path = b->spec->linux_spec.namespaces[ns].path;
      const char *key = runc_criu_namespace_key ((RuncNamespace)ns);
      RuncCriuSetting *setting;

      if (path == NULL)
        continue;
      if (ns == RUNC_NS_CGROUP)
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "linux.namespaces: criu cannot restore into the cgroup namespace '%s' "
                           "(leave the path out)",
                           path);
      if (key == NULL)
        {
          runc_criu_add_pair (b, RUNC_CRIU_OPTION_JOIN_NS,
                              runc_namespace_proc_name ((RuncNamespace)ns), path);
          continue;
        }
      setting = runc_criu_add (b, RUNC_CRIU_OPTION_INHERIT_FD);
      setting->key = key;
      setting->number = 4 + (gint64)*n_slots;
      slots[(*n_slots)++] = runc_builder_slot (b, RUNC_SLOT_NAMESPACE, path);
    }
  return TRUE;
}

/* What of the container's stdio was somebody else's is the caller's now. */
static void
stdio (RuncBuilder *b)
{
  for (int fd = 0; fd <= 2; fd++)
    {
      const char *name = b->restore->descriptors[fd];
      RuncCriuSetting *setting;

      if (strstr (name, "pipe:") == NULL && !g_str_has_prefix (name, "file["))
        continue;
      setting = runc_criu_add (b, RUNC_CRIU_OPTION_INHERIT_FD);
      setting->key = name;
      setting->number = fd;
    }
}

static gboolean
check (const RuncBuilder *b, GError **error)
{
  if (b->plan->overlay.kind != RUNC_OVERLAY_NONE || b->plan->n_fuse > 0)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "restore: a container with a layer of its own (annotation run.oci.overlay) "
                       "cannot be restored (let an engine or 'mount -t overlay' make the rootfs)");
  if (b->plan->cgroup.delegated != NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "restore: criu cannot restore a container that manages its cgroups "
                       "(annotation run.oci.delegate-cgroup)");
  return TRUE;
}

gboolean
runc_plan_restore_ops (RuncBuilder *b, GError **error)
{
  const RuncRestoreInput *input = b->restore;
  const RuncCriuOptions *o = input->options;
  RuncPlan *plan = b->plan;
  int slots[MAX_SHARED];
  gsize n_slots = 0;

  if (!check (b, error) || !runc_criu_begin (b, RUNC_CRIU_RESTORE, o, error))
    return FALSE;
  /* It is criu that is started, outside of all namespaces but one in which mounts can be made. */
  plan->clone_flags = CLONE_NEWNS;
  plan->forks = FALSE;
  plan->makes_network = FALSE;
  plan->maps.method = RUNC_MAP_NONE;
  plan->seccomp = NULL;
  runc_criu_add_text (b, RUNC_CRIU_OPTION_ROOT,
                      runc_builder_path (b, b->state_dir, RUNC_RESTORE_ROOT));
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_RESTORE_SIBLING, TRUE);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_EVASIVE_DEVICES, TRUE);
  runc_criu_add_text (b, RUNC_CRIU_OPTION_LSM_PROFILE, o->lsm_profile);
  runc_criu_add_text (b, RUNC_CRIU_OPTION_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
  plan->criu->needs_lsm = o->lsm_profile != NULL || o->lsm_mount_context != NULL;
  if (!namespaces (b, slots, &n_slots, error))
    return FALSE;
  external_mounts (b);
  cgroup_mounts (b);
  readonly_mounts (b);
  stdio (b);
  runc_plan_join_cgroups (b);
  /* systemd makes the cgroup for a process that is there already. */
  if (plan->cgroup.driver == RUNC_CGROUP_DRIVER_SYSTEMD)
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_MAPPED;
  /* Told to ignore cgroups, criu makes no namespace of them either: the container would be in that
   * of criu, and see all of the host's. */
  if (b->ns.unshare_cgroup && o->cgroups == RUNC_CRIU_CGROUPS_IGNORE)
    runc_builder_op (b, RUNC_OP_UNSHARE, "linux.namespaces")->u.ns.flags = CLONE_NEWCGROUP;
  if (!root_ops (b, error))
    return FALSE;
  /* What it has made so far is nothing without us, and it holds on to it. (A dump it has to undo.)
   */
  runc_builder_op (b, RUNC_OP_DIE_WITH_PARENT, "criu");
  runc_criu_exec_ops (b, input->environment, !plan->terminal, slots, n_slots);
  return TRUE;
}
