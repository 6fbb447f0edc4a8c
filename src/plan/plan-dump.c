/* A plan as text or JSON, for people, golden files and --debug. Pure; the parent.
 *
 * Both forms come from one description: each op is a list of names and values. Nothing that differs
 * from run to run (fds, addresses) is shown.
 */
#include "plan/plan.h"

#include "base/json.h"
#include "wire/wire.h"

#include <string.h>
#include <linux/mount.h>
#include <sys/resource.h>

/* Where a description goes. */
typedef struct
{
  GString *text;  /* " name=value" */
  RuncJson *json; /* or an object */
} Sink;

static void G_GNUC_PRINTF (3, 4) put (Sink *sink, const char *name, const char *format, ...)
{
  g_autofree char *value = NULL;
  va_list ap;

  va_start (ap, format);
  value = g_strdup_vprintf (format, ap);
  va_end (ap);
  if (sink->json != NULL)
    json_object_object_add (sink->json, name, json_object_new_string (value));
  else
    g_string_append_printf (sink->text, " %s=%s", name, value);
}

static void
put_text (Sink *sink, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (value == NULL)
    return;
  if (sink->json == NULL && (value[0] == '\0' || strpbrk (value, " \n\t\"\\") != NULL))
    escaped = g_strescape (value, NULL);
  if (escaped != NULL)
    put (sink, name, "\"%s\"", escaped);
  else
    put (sink, name, "%s", value);
}

static void
put_flag (Sink *sink, const char *name, bool value)
{
  if (value)
    put (sink, name, "yes");
}

typedef struct
{
  guint64 bits;
  const char *name;
} BitName;

static const BitName attr_names[] = {
  { MOUNT_ATTR_RDONLY, "ro" },
  { MOUNT_ATTR_NOSUID, "nosuid" },
  { MOUNT_ATTR_NODEV, "nodev" },
  { MOUNT_ATTR_NOEXEC, "noexec" },
  { MOUNT_ATTR__ATIME, "atime" },
  { MOUNT_ATTR_NOATIME, "noatime" },
  { MOUNT_ATTR_STRICTATIME, "strictatime" },
  { MOUNT_ATTR_NODIRATIME, "nodiratime" },
  { MOUNT_ATTR_IDMAP, "idmap" },
  { 0x00200000, "nosymfollow" },
};

static const BitName propagation_names[] = {
  { MS_PRIVATE, "private" },
  { MS_SLAVE, "slave" },
  { MS_SHARED, "shared" },
  { MS_UNBINDABLE, "unbindable" },
};

static const BitName namespace_names[] = {
#define X(name, spec_name, flag, proc_name) { flag, spec_name },
  RUNC_NAMESPACES (X)
#undef X
};

/* "ro,nosuid"; what has no name in hexadecimal; "-" for nothing. */
static char *
bits_to_string (const BitName *names, gsize n, guint64 bits)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    if (names[i].bits != 0 && (bits & names[i].bits) == names[i].bits)
      {
        g_string_append_printf (text, "%s%s", text->len > 0 ? "," : "", names[i].name);
        bits &= ~names[i].bits;
      }
  if (bits != 0)
    g_string_append_printf (text, "%s0x%" G_GINT64_MODIFIER "x", text->len > 0 ? "," : "", bits);
  if (text->len == 0)
    g_string_append_c (text, '-');
  return g_string_free (text, FALSE);
}

static void
put_bits (Sink *sink, const char *name, const BitName *names, gsize n, guint64 bits)
{
  g_autofree char *text = NULL;

  if (bits == 0)
    return;
  text = bits_to_string (names, n, bits);
  put (sink, name, "%s", text);
}

#define put_attr(sink, name, bits)                                                                 \
  put_bits (sink, name, attr_names, G_N_ELEMENTS (attr_names), bits)
#define put_propagation(sink, bits)                                                                \
  put_bits (sink, "propagation", propagation_names, G_N_ELEMENTS (propagation_names), bits)
#define put_namespaces(sink, name, bits)                                                           \
  put_bits (sink, name, namespace_names, G_N_ELEMENTS (namespace_names), bits)

static void
put_caps (Sink *sink, const char *name, guint64 caps)
{
  const guint64 all = (G_GUINT64_CONSTANT (1) << (runc_capability_last () + 1)) - 1;
  g_autoptr (GString) text = g_string_new (NULL);

  if ((caps & all) == all)
    {
      put (sink, name, "all");
      return;
    }
  for (int cap = 0; cap <= runc_capability_last (); cap++)
    if (caps & (G_GUINT64_CONSTANT (1) << cap))
      g_string_append_printf (text, "%s%s", text->len > 0 ? "," : "",
                              runc_capability_to_string (cap) + strlen ("CAP_"));
  put (sink, name, "%s", text->len > 0 ? text->str : "-");
}

static void
put_list (Sink *sink, const char *name, const char *const *list)
{
  g_autofree char *joined = NULL;

  if (list == NULL || list[0] == NULL)
    return;
  joined = g_strjoinv (",", (char **)list);
  put_text (sink, name, joined);
}

static void
describe_fs (Sink *sink, const RuncOpFs *fs)
{
  put_text (sink, "type", fs->type);
  put_text (sink, "source", fs->source);
  put_list (sink, "options", fs->options);
  put_attr (sink, "attr", fs->attr);
  put_propagation (sink, fs->propagation);
  put_flag (sink, "superblock-ro", fs->superblock_readonly);
  put_flag (sink, "no-create", fs->no_create);
  put_flag (sink, "ordinary-target", fs->ordinary_target);
  put_flag (sink, "on-proc", fs->on_proc);
  put_flag (sink, "mode-of-target", fs->mode_of_target);
}

static void
describe_tree (Sink *sink, const RuncOpTree *tree)
{
  put_text (sink, "path", tree->path);
  put_flag (sink, "recursive", tree->recursive);
  put_flag (sink, "nofollow", tree->nofollow);
  put_flag (sink, "keep", tree->keep);
  put_flag (sink, "target-nofollow", tree->target_nofollow);
  put_flag (sink, "must-be-proc", tree->must_be_proc);
  put_flag (sink, "locked", tree->locked);
  put_flag (sink, "must-be-dir", tree->must_be_dir);
  put_flag (sink, "on-proc", tree->on_proc);
  put_attr (sink, "set", tree->attr_set);
  put_attr (sink, "clear", tree->attr_clear);
  put_attr (sink, "rset", tree->rec_attr_set);
  put_attr (sink, "rclear", tree->rec_attr_clear);
  put_propagation (sink, tree->propagation);
  put_flag (sink, "rpropagation", tree->rec_propagation);
  if (tree->idmap_slot != RUNC_NO_SLOT)
    put (sink, "idmap-slot", "%d", tree->idmap_slot);
  put_flag (sink, "idmap-recursive", tree->idmap_recursive);
}

static void
describe_node (Sink *sink, const RuncOpNode *node)
{
  put_text (sink, "path", node->path);
  put (sink, "mode", "%o", node->mode);
  put (sink, "dev", "%u:%u", node->major, node->minor);
  if (node->uid != 0 || node->gid != 0)
    put (sink, "owner", "%u:%u", node->uid, node->gid);
}

static void
describe_slot (Sink *sink, const RuncSlot *slot)
{
  const struct RuncMapPlan *idmap = slot->idmap;

  for (gsize i = 0; i < slot->n_nodes; i++)
    describe_node (sink, &slot->nodes[i]);
  if (slot->kind != RUNC_SLOT_SOURCE)
    {
      put_text (sink, "path", slot->path);
      return;
    }
  describe_tree (sink, slot->tree);
  for (gsize i = 0; idmap != NULL && i < idmap->n_uids; i++)
    put (sink, "idmap-uid", "%u:%u:%u", idmap->uids[i].inside, idmap->uids[i].outside,
         idmap->uids[i].size);
  for (gsize i = 0; idmap != NULL && i < idmap->n_gids; i++)
    put (sink, "idmap-gid", "%u:%u:%u", idmap->gids[i].inside, idmap->gids[i].outside,
         idmap->gids[i].size);
  put_text (sink, "for", slot->label);
}

static void
describe_ids (Sink *sink, const RuncOpIds *ids)
{
  g_autoptr (GString) groups = g_string_new (NULL);

  put (sink, "uid", "%u", ids->uid);
  put (sink, "gid", "%u", ids->gid);
  if (!ids->set_groups)
    return;
  for (gsize i = 0; i < ids->n_groups; i++)
    g_string_append_printf (groups, "%s%u", i > 0 ? "," : "", ids->groups[i]);
  put (sink, "groups", "%s", groups->len > 0 ? groups->str : "-");
}

static void
describe_mask (Sink *sink, const char *name, const RuncOpMask *mask)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = mask->n_bytes; i > 0; i--)
    g_string_append_printf (text, "%02x", mask->bits[i - 1]);
  put (sink, name, "%s", text->len > 0 ? text->str : "all");
}

static void
describe_rlimits (Sink *sink, const RuncOp *op)
{
  for (gsize i = 0; i < op->u.rlimits.n; i++)
    {
      const RuncPlanRlimit *limit = &op->u.rlimits.items[i];
      g_autofree char *name = g_strdup_printf ("limit%d", limit->resource);

      put (sink, name, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, limit->soft, limit->hard);
    }
}

static void
describe_hooks (Sink *sink, const RuncPlanHooks *hooks)
{
  put_text (sink, "kind", hooks->kind);
  put_flag (sink, "in-root", hooks->in_root);
  put_text (sink, "stdout", hooks->stdout_path);
  put_text (sink, "stderr", hooks->stderr_path);
  for (gsize i = 0; i < hooks->n; i++)
    {
      g_autofree char *name = g_strdup_printf ("hook%" G_GSIZE_FORMAT, i);

      put_text (sink, name, hooks->items[i].path);
    }
}

static void
describe_scheduler (Sink *sink, const RuncOpScheduler *s)
{
  put (sink, "policy", "%d", s->policy);
  put (sink, "nice", "%d", s->nice);
  put (sink, "priority", "%d", s->priority);
  put (sink, "flags", "0x%" G_GINT64_MODIFIER "x", s->flags);
  put (sink, "runtime", "%" G_GUINT64_FORMAT, s->runtime);
  put (sink, "deadline", "%" G_GUINT64_FORMAT, s->deadline);
  put (sink, "period", "%" G_GUINT64_FORMAT, s->period);
}

static void
describe_union (Sink *sink, const RuncOp *op)
{
  switch (op->kind)
    {
    case RUNC_OP_SEND:
    case RUNC_OP_WAIT:
      put_text (sink, "message", runc_message_to_string ((RuncMessage)op->u.message));
      break;
    case RUNC_OP_JOIN:
    case RUNC_OP_UNSHARE:
    case RUNC_OP_FORK:
      put_namespaces (sink, "flags", op->u.ns.flags);
      break;
    case RUNC_OP_SELF_MAP:
      put_text (sink, "uids", op->u.map.uid_map);
      put_text (sink, "gids", op->u.map.gid_map);
      break;
    case RUNC_OP_STDIO_OWNER:
      put (sink, "uid", "%u", op->u.ids.uid);
      break;
    case RUNC_OP_BECOME_ROOT:
    case RUNC_OP_CREDENTIALS:
      describe_ids (sink, &op->u.ids);
      break;
    case RUNC_OP_TIME_OFFSETS:
    case RUNC_OP_KEYRING:
    case RUNC_OP_HOSTNAME:
    case RUNC_OP_DOMAINNAME:
    case RUNC_OP_SYSCTL:
    case RUNC_OP_COPY_SYMLINK:
    case RUNC_OP_SYMLINK:
    case RUNC_OP_LSM_LABEL:
    case RUNC_OP_CHDIR:
    case RUNC_OP_ENTER_DIR:
    case RUNC_OP_STAGE_ROOT:
      put_text (sink, "text", op->u.text);
      break;
    case RUNC_OP_PROPAGATION:
    case RUNC_OP_ROOT_PROPAGATION:
    case RUNC_OP_SET_ATTR:
    case RUNC_OP_PIVOT:
      put_attr (sink, "set", op->u.attr.set);
      put_attr (sink, "clear", op->u.attr.clear);
      put_propagation (sink, op->u.attr.propagation);
      put_flag (sink, "recursive", op->u.attr.recursive);
      break;
    case RUNC_OP_OPEN_TREE:
    case RUNC_OP_ROOTFS:
    case RUNC_OP_ATTACH:
      describe_tree (sink, &op->u.tree);
      break;
    case RUNC_OP_NEW_TREE:
    case RUNC_OP_MOUNT:
    case RUNC_OP_MASK:
      describe_fs (sink, &op->u.fs);
      break;
    case RUNC_OP_FUSE:
      put (sink, "index", "%d", op->u.fuse.index);
      put_attr (sink, "attr", op->u.fuse.attr);
      put_propagation (sink, op->u.fuse.propagation);
      break;
    case RUNC_OP_SCRATCH:
      for (gsize i = 0; i < op->u.scratch.n_lowers; i++)
        put (sink, "lower", "%d", op->u.scratch.lowers[i]);
      if (op->u.scratch.layer != RUNC_NO_SLOT)
        put (sink, "layer", "%d", op->u.scratch.layer);
      break;
    case RUNC_OP_MKDIR:
      put (sink, "mode", "%o", op->u.mode);
      break;
    case RUNC_OP_MKNOD:
    case RUNC_OP_BIND_DEVICE:
      describe_node (sink, &op->u.node);
      break;
    case RUNC_OP_CONSOLE:
      put (sink, "uid", "%u", op->u.console.uid);
      put (sink, "size", "%ux%u", op->u.console.width, op->u.console.height);
      put_flag (sink, "bind", op->u.console.bind);
      put_flag (sink, "attached", op->u.console.attached);
      break;
    case RUNC_OP_HOOKS:
      describe_hooks (sink, &op->u.hooks);
      break;
    case RUNC_OP_RLIMITS:
      describe_rlimits (sink, op);
      break;
    case RUNC_OP_OOM_SCORE_ADJ:
    case RUNC_OP_IO_PRIORITY:
    case RUNC_OP_PERSONALITY:
    case RUNC_OP_HOME:
      put (sink, "number", "%" G_GINT64_FORMAT, op->u.number);
      break;
    case RUNC_OP_LOOKUP:
      put_flag (sink, "overrides-dac", op->u.number != 0);
      break;
    case RUNC_OP_CLOSE_FDS:
      put (sink, "first", "%u", op->u.close.first);
      put_flag (sink, "now", op->u.close.now);
      break;
    case RUNC_OP_PASS_FDS:
      put (sink, "first", "%d", op->u.pass.first);
      for (gsize i = 0; i < op->u.pass.n; i++)
        put (sink, "pass", "%d", op->u.pass.slots[i]);
      break;
    case RUNC_OP_UMASK:
      put (sink, "mask", "%04o", (guint)op->u.number);
      break;
    case RUNC_OP_SCHEDULER:
      describe_scheduler (sink, &op->u.scheduler);
      break;
    case RUNC_OP_AFFINITY:
      describe_mask (sink, "cpus", &op->u.mask);
      break;
    case RUNC_OP_MEMORY_POLICY:
      put (sink, "mode", "0x%x", (guint)op->u.mempolicy.mode);
      describe_mask (sink, "nodes", &op->u.mempolicy.nodes);
      break;
    case RUNC_OP_SECCOMP:
      put_flag (sink, "listener", op->u.seccomp.listener);
      break;
    case RUNC_OP_BOUNDING:
      put_caps (sink, "bounding", op->u.caps.bounding);
      break;
    case RUNC_OP_CAPABILITIES:
      put_caps (sink, "effective", op->u.caps.effective);
      put_caps (sink, "permitted", op->u.caps.permitted);
      put_caps (sink, "inheritable", op->u.caps.inheritable);
      put_caps (sink, "ambient", op->u.caps.ambient);
      break;
    case RUNC_OP_OWN_NULL:
    case RUNC_OP_DIE_WITH_PARENT:
    case RUNC_OP_CGROUP_JOIN:
    case RUNC_OP_LEAVE_PROGRAM:
    case RUNC_OP_TAKE_NETWORK:
    case RUNC_OP_LOOPBACK_UP:
    case RUNC_OP_NEW_SESSION:
    case RUNC_OP_OPEN_NULL:
    case RUNC_OP_OPEN_FDS:
    case RUNC_OP_OPEN_DEVICES:
    case RUNC_OP_COPY_UP:
    case RUNC_OP_READONLY:
    case RUNC_OP_ROOT_READONLY:
    case RUNC_OP_MOVE_ROOT:
    case RUNC_OP_NO_NEW_PRIVS:
    case RUNC_OP_LISTEN_FDS:
    case RUNC_OP_SIGNALS:
    case RUNC_OP_GATE:
    case RUNC_OP_EXEC:
    case RUNC_N_OPS:
      break;
    }
}

static void
describe_op (Sink *sink, const RuncOp *op)
{
  static const char *const what[] = { "fail", "skip-on", "alternative-on" };
  g_autoptr (GString) names = g_string_new (NULL);

  put_text (sink, "target", op->target);
  if (op->slot != RUNC_NO_SLOT)
    put (sink, "slot", "%d", op->slot);
  if (op->result != RUNC_NO_SLOT)
    put (sink, "result", "%d", op->result);
  describe_union (sink, op);
  for (gsize i = 0; i < G_N_ELEMENTS (op->on_errno) && op->on_errno[i] != 0; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "", strerrorname_np (op->on_errno[i]));
  if (op->on_error != RUNC_ON_ERROR_FAIL)
    put (sink, what[op->on_error], "%s", names->str);
}

static const char *
slot_kind_to_string (RuncSlotKind kind)
{
  static const char *const names[] = {
#define X(name, text) text,
    RUNC_SLOT_KINDS (X)
#undef X
  };

  return names[kind];
}

static const char *
network_to_string (RuncNetworkMode mode)
{
  static const char *const names[] = { "unset", "host", "none", "slirp", "pasta" };

  return names[mode];
}

static const char *const programs[] = { "kept", "left", "again" };
static const char *const map_methods[] = { "none", "self", "direct", "tools" };
static const char *const cgroup_drivers[] = { "none", "fs2", "fs1", "systemd" };
static const char *const overlay_kinds[] = { "none", "kernel", "fuse" };

/* The parts of a plan that are not in the op list, one sink each. */
static void
describe_general (Sink *sink, const RuncPlan *plan)
{
  put_namespaces (sink, "clone", plan->clone_flags);
  put_flag (sink, "makes-network", plan->makes_network);
  put_flag (sink, "forks", plan->forks);
  put_flag (sink, "new-userns", plan->new_userns);
  put_flag (sink, "own-pidns", plan->own_pidns);
  put_flag (sink, "terminal", plan->terminal);
  put_flag (sink, "seccomp", plan->seccomp != NULL);
  if (plan->program != RUNC_PROGRAM_KEPT)
    put_text (sink, "program", programs[plan->program]);
}

static void
describe_cgroup (Sink *sink, const RuncCgroupPlan *cgroup)
{
  put_text (sink, "driver", cgroup_drivers[cgroup->driver]);
  put_text (sink, "path", cgroup->path);
  put_list (sink, "v1", (const char *const *)cgroup->v1_dirs);
  put_text (sink, "v2", cgroup->v2_dir);
  put_flag (sink, "user-bus", cgroup->user_bus);
  put_flag (sink, "delegate", cgroup->delegate);
  put_list (sink, "properties", (const char *const *)cgroup->properties);
  put_text (sink, "subgroup", cgroup->subgroup);
  put_text (sink, "delegated", cgroup->delegated);
  put_flag (sink, "device-rules", cgroup->device_rules);
  if (cgroup->owner != 0)
    put (sink, "owner", "%u", cgroup->owner);
  put_flag (sink, "resources", cgroup->resources != NULL);
}

static void
describe_rdt (Sink *sink, const RuncRdtPlan *rdt)
{
  put_text (sink, "dir", rdt->dir);
  put_text (sink, "mon-dir", rdt->mon_dir);
  put_flag (sink, "must-exist", rdt->must_exist);
  put_flag (sink, "own", rdt->own);
  put_text (sink, "expected", rdt->expected);
  put_text (sink, "schemata", rdt->schemata);
}

static void
describe_network (Sink *sink, const RuncNetworkPlan *network)
{
  put_text (sink, "mode", network_to_string (network->mode));
  put_list (sink, "publish", (const char *const *)network->publish);
  put_flag (sink, "ipv6", network->ipv6);
  put_flag (sink, "host-loopback", network->host_loopback);
  put_text (sink, "outbound", network->outbound_addr);
  for (gsize i = 0; i < network->n_devices; i++)
    put_text (sink, network->devices[i].host_name,
              network->devices[i].name != NULL ? network->devices[i].name : "");
}

static void
describe_overlay (Sink *sink, const RuncOverlayPlan *overlay)
{
  put_text (sink, "kind", overlay_kinds[overlay->kind]);
  put_list (sink, "lowers", overlay->lowers);
  put_text (sink, "directory", overlay->directory);
  put_flag (sink, "discard", overlay->discard);
}

static void
describe_fuse (Sink *sink, const RuncPlan *plan, const RuncFusePlan *fuse)
{
  put_text (sink, "program", plan->fuse_overlayfs);
  put_text (sink, "for", fuse->label);
  put_list (sink, "lowers", fuse->lowers);
  put_text (sink, "layer", fuse->layer);
  put_text (sink, "upper", fuse->upper);
  put_text (sink, "work", fuse->work);
  put_flag (sink, "squash", fuse->squash);
  put_flag (sink, "bind-proc", plan->fuse_binds_proc);
}

static void
text_hooks (GString *text, const RuncPlanHooks *hooks)
{
  Sink sink = { .text = text };

  if (hooks->n == 0)
    return;
  g_string_append (text, "hooks");
  describe_hooks (&sink, hooks);
  g_string_append_c (text, '\n');
}

static void
text_maps (GString *text, const RuncMapPlan *maps)
{
  if (maps->method == RUNC_MAP_NONE)
    return;
  g_string_append_printf (text, "maps method=%s%s\n", map_methods[maps->method],
                          maps->deny_setgroups ? " deny-setgroups=yes" : "");
  for (gsize i = 0; i < maps->n_uids; i++)
    g_string_append_printf (text, "  uid %u %u %u\n", maps->uids[i].inside, maps->uids[i].outside,
                            maps->uids[i].size);
  for (gsize i = 0; i < maps->n_gids; i++)
    g_string_append_printf (text, "  gid %u %u %u\n", maps->gids[i].inside, maps->gids[i].outside,
                            maps->gids[i].size);
}

static void
text_ops (GString *text, const RuncPlan *plan)
{
  const RuncChildPlan *child = &plan->child;
  Sink sink = { .text = text };

  for (gsize i = 0; i < child->n_slots; i++)
    {
      g_string_append_printf (text, "slot %" G_GSIZE_FORMAT " %s", i,
                              slot_kind_to_string (child->slots[i].kind));
      describe_slot (&sink, &child->slots[i]);
      g_string_append_c (text, '\n');
    }
  for (gsize i = 0; i < child->n_ops; i++)
    {
      const RuncOp *op = &child->ops[i];

      g_string_append_printf (text, "%s%s", op->alternative ? "  else " : "",
                              runc_op_kind_to_string (op->kind));
      describe_op (&sink, op);
      if (op->label != NULL)
        g_string_append_printf (text, " (%s)", op->label);
      g_string_append_c (text, '\n');
    }
  put_list (&sink, "argv", child->argv);
  g_string_append_c (text, '\n');
  /* criu's is that of our caller. */
  for (char **entry = child->envp; plan->criu == NULL && *entry != NULL; entry++)
    g_string_append_printf (text, "env %s\n", *entry);
}

char *
runc_plan_dump_text (const RuncPlan *plan)
{
  GString *text = g_string_new ("plan");
  Sink sink = { .text = text };

  describe_general (&sink, plan);
  g_string_append_c (text, '\n');
  text_maps (text, &plan->maps);
  g_string_append (text, "cgroup");
  describe_cgroup (&sink, &plan->cgroup);
  if (plan->rdt.dir != NULL)
    {
      g_string_append (text, "\nintel-rdt");
      describe_rdt (&sink, &plan->rdt);
    }
  g_string_append (text, "\nnetwork");
  describe_network (&sink, &plan->network);
  g_string_append_c (text, '\n');
  if (plan->overlay.kind != RUNC_OVERLAY_NONE)
    {
      g_string_append (text, "overlay");
      describe_overlay (&sink, &plan->overlay);
      g_string_append_c (text, '\n');
    }
  for (gsize i = 0; i < plan->n_fuse; i++)
    {
      g_string_append_printf (text, "fuse %" G_GSIZE_FORMAT, i);
      describe_fuse (&sink, plan, &plan->fuse[i]);
      g_string_append_c (text, '\n');
    }
  text_hooks (text, &plan->prestart);
  text_hooks (text, &plan->create_runtime);
  text_ops (text, plan);
  if (plan->criu != NULL)
    runc_plan_dump_criu (plan->criu, text);
  text_hooks (text, &plan->poststart);
  text_hooks (text, &plan->poststop);
  for (char **warning = plan->warnings; warning != NULL && *warning != NULL; warning++)
    g_string_append_printf (text, "warning %s\n", *warning);
  return g_string_free (text, FALSE);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static RuncJson *
json_map (const RuncIdMap *map, gsize n)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < n; i++)
    {
      RuncJson *line = json_object_new_object ();

      json_object_object_add (line, "inside", json_object_new_int64 (map[i].inside));
      json_object_object_add (line, "outside", json_object_new_int64 (map[i].outside));
      json_object_object_add (line, "size", json_object_new_int64 (map[i].size));
      json_object_array_add (list, line);
    }
  return list;
}

static RuncJson *
json_maps (const RuncMapPlan *maps)
{
  RuncJson *object = json_object_new_object ();

  json_object_object_add (object, "method", json_object_new_string (map_methods[maps->method]));
  json_object_object_add (object, "uids", json_map (maps->uids, maps->n_uids));
  json_object_object_add (object, "gids", json_map (maps->gids, maps->n_gids));
  json_object_object_add (object, "denySetgroups", json_object_new_boolean (maps->deny_setgroups));
  return object;
}

static RuncJson *
json_strings (char *const *list)
{
  RuncJson *array = json_object_new_array ();

  for (; list != NULL && *list != NULL; list++)
    json_object_array_add (array, json_object_new_string (*list));
  return array;
}

static RuncJson *
json_op (const RuncOp *op)
{
  Sink sink = { .json = json_object_new_object () };

  put_text (&sink, "op", runc_op_kind_to_string (op->kind));
  put_text (&sink, "for", op->label);
  put_flag (&sink, "alternative", op->alternative);
  describe_op (&sink, op);
  return sink.json;
}

static RuncJson *
json_slots (const RuncChildPlan *child)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < child->n_slots; i++)
    {
      Sink sink = { .json = json_object_new_object () };

      put_text (&sink, "kind", slot_kind_to_string (child->slots[i].kind));
      describe_slot (&sink, &child->slots[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

static RuncJson *
json_fuse (const RuncPlan *plan)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < plan->n_fuse; i++)
    {
      Sink sink = { .json = json_object_new_object () };

      describe_fuse (&sink, plan, &plan->fuse[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

static RuncJson *
json_hooks (const RuncPlan *plan)
{
  const RuncPlanHooks *const lists[]
      = { &plan->prestart, &plan->create_runtime, &plan->poststart, &plan->poststop };
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      Sink sink = { .json = json_object_new_object () };

      describe_hooks (&sink, lists[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

char *
runc_plan_dump_json (const RuncPlan *plan)
{
  autojson RuncJson *root = json_object_new_object ();
  RuncJson *ops = json_object_new_array ();
  Sink general = { .json = json_object_new_object () };
  Sink cgroup = { .json = json_object_new_object () };
  Sink rdt = { .json = json_object_new_object () };
  Sink network = { .json = json_object_new_object () };
  Sink overlay = { .json = json_object_new_object () };

  describe_general (&general, plan);
  describe_cgroup (&cgroup, &plan->cgroup);
  describe_rdt (&rdt, &plan->rdt);
  describe_network (&network, &plan->network);
  describe_overlay (&overlay, &plan->overlay);
  for (gsize i = 0; i < plan->child.n_ops; i++)
    json_object_array_add (ops, json_op (&plan->child.ops[i]));
  json_object_object_add (root, "plan", general.json);
  json_object_object_add (root, "maps", json_maps (&plan->maps));
  json_object_object_add (root, "cgroup", cgroup.json);
  json_object_object_add (root, "intel-rdt", rdt.json);
  json_object_object_add (root, "network", network.json);
  json_object_object_add (root, "overlay", overlay.json);
  json_object_object_add (root, "fuse", json_fuse (plan));
  json_object_object_add (root, "hooks", json_hooks (plan));
  json_object_object_add (root, "slots", json_slots (&plan->child));
  json_object_object_add (root, "ops", ops);
  json_object_object_add (root, "argv", json_strings ((char *const *)plan->child.argv));
  json_object_object_add (root, "env", json_strings (plan->child.envp));
  json_object_object_add (root, "warnings", json_strings (plan->warnings));
  return runc_json_to_string (root);
}
