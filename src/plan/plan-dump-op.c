/* One op or one slot of a plan as names and values. Pure; the parent. See plan-dump.c.
 */
#include "plan/plan-dump-op.h"

#include "wire/wire.h"

#include <linux/mount.h>
#include <string.h>
#include <sys/resource.h>

void
runc_dump_put (RuncDumpSink *sink, const char *name, const char *format, ...)
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

void
runc_dump_text (RuncDumpSink *sink, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (value == NULL)
    return;
  if (sink->json == NULL && (value[0] == '\0' || strpbrk (value, " \n\t\"\\") != NULL))
    escaped = g_strescape (value, NULL);
  if (escaped != NULL)
    runc_dump_put (sink, name, "\"%s\"", escaped);
  else
    runc_dump_put (sink, name, "%s", value);
}

void
runc_dump_flag (RuncDumpSink *sink, const char *name, bool value)
{
  if (value)
    runc_dump_put (sink, name, "yes");
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
put_bits (RuncDumpSink *sink, const char *name, const BitName *names, gsize n, guint64 bits)
{
  g_autofree char *text = NULL;

  if (bits == 0)
    return;
  text = bits_to_string (names, n, bits);
  runc_dump_put (sink, name, "%s", text);
}

#define put_attr(sink, name, bits)                                                                 \
  put_bits (sink, name, attr_names, G_N_ELEMENTS (attr_names), bits)
#define put_propagation(sink, bits)                                                                \
  put_bits (sink, "propagation", propagation_names, G_N_ELEMENTS (propagation_names), bits)

void
runc_dump_namespaces (RuncDumpSink *sink, const char *name, guint64 flags)
{
  put_bits (sink, name, namespace_names, G_N_ELEMENTS (namespace_names), flags);
}

static void
put_caps (RuncDumpSink *sink, const char *name, guint64 caps)
{
  const guint64 all = (G_GUINT64_CONSTANT (1) << (runc_capability_last () + 1)) - 1;
  g_autoptr (GString) text = g_string_new (NULL);

  if ((caps & all) == all)
    {
      runc_dump_put (sink, name, "all");
      return;
    }
  for (int cap = 0; cap <= runc_capability_last (); cap++)
    if (caps & (G_GUINT64_CONSTANT (1) << cap))
      g_string_append_printf (text, "%s%s", text->len > 0 ? "," : "",
                              runc_capability_to_string (cap) + strlen ("CAP_"));
  runc_dump_put (sink, name, "%s", text->len > 0 ? text->str : "-");
}

void
runc_dump_list (RuncDumpSink *sink, const char *name, const char *const *list)
{
  g_autofree char *joined = NULL;

  if (list == NULL || list[0] == NULL)
    return;
  joined = g_strjoinv (",", (char **)list);
  runc_dump_text (sink, name, joined);
}

static void
describe_fs (RuncDumpSink *sink, const RuncOpFs *fs)
{
  runc_dump_text (sink, "type", fs->type);
  runc_dump_text (sink, "source", fs->source);
  runc_dump_list (sink, "options", fs->options);
  put_attr (sink, "attr", fs->attr);
  put_propagation (sink, fs->propagation);
  runc_dump_flag (sink, "superblock-ro", fs->superblock_readonly);
  runc_dump_flag (sink, "no-create", fs->no_create);
  runc_dump_flag (sink, "ordinary-target", fs->ordinary_target);
  runc_dump_flag (sink, "on-proc", fs->on_proc);
  runc_dump_flag (sink, "mode-of-target", fs->mode_of_target);
}

static void
describe_tree (RuncDumpSink *sink, const RuncOpTree *tree)
{
  runc_dump_text (sink, "path", tree->path);
  runc_dump_flag (sink, "recursive", tree->recursive);
  runc_dump_flag (sink, "nofollow", tree->nofollow);
  runc_dump_flag (sink, "keep", tree->keep);
  runc_dump_flag (sink, "target-nofollow", tree->target_nofollow);
  runc_dump_flag (sink, "must-be-proc", tree->must_be_proc);
  runc_dump_flag (sink, "locked", tree->locked);
  runc_dump_flag (sink, "must-be-dir", tree->must_be_dir);
  runc_dump_flag (sink, "on-proc", tree->on_proc);
  put_attr (sink, "set", tree->attr_set);
  put_attr (sink, "clear", tree->attr_clear);
  put_attr (sink, "rset", tree->rec_attr_set);
  put_attr (sink, "rclear", tree->rec_attr_clear);
  put_propagation (sink, tree->propagation);
  runc_dump_flag (sink, "rpropagation", tree->rec_propagation);
  if (tree->idmap_slot != RUNC_NO_SLOT)
    runc_dump_put (sink, "idmap-slot", "%d", tree->idmap_slot);
  runc_dump_flag (sink, "idmap-recursive", tree->idmap_recursive);
}

static void
describe_node (RuncDumpSink *sink, const RuncOpNode *node)
{
  runc_dump_text (sink, "path", node->path);
  runc_dump_put (sink, "mode", "%o", node->mode);
  runc_dump_put (sink, "dev", "%u:%u", node->major, node->minor);
  if (node->uid != 0 || node->gid != 0)
    runc_dump_put (sink, "owner", "%u:%u", node->uid, node->gid);
}

void
runc_dump_slot (RuncDumpSink *sink, const RuncSlot *slot)
{
  const struct RuncMapPlan *idmap = slot->idmap;

  for (gsize i = 0; i < slot->n_nodes; i++)
    describe_node (sink, &slot->nodes[i]);
  if (slot->kind != RUNC_SLOT_SOURCE)
    {
      runc_dump_text (sink, "path", slot->path);
      return;
    }
  describe_tree (sink, slot->tree);
  for (gsize i = 0; idmap != NULL && i < idmap->n_uids; i++)
    runc_dump_put (sink, "idmap-uid", "%u:%u:%u", idmap->uids[i].inside, idmap->uids[i].outside,
                   idmap->uids[i].size);
  for (gsize i = 0; idmap != NULL && i < idmap->n_gids; i++)
    runc_dump_put (sink, "idmap-gid", "%u:%u:%u", idmap->gids[i].inside, idmap->gids[i].outside,
                   idmap->gids[i].size);
  runc_dump_text (sink, "for", slot->label);
}

static void
describe_ids (RuncDumpSink *sink, const RuncOpIds *ids)
{
  g_autoptr (GString) groups = g_string_new (NULL);

  runc_dump_put (sink, "uid", "%u", ids->uid);
  runc_dump_put (sink, "gid", "%u", ids->gid);
  if (!ids->set_groups)
    return;
  for (gsize i = 0; i < ids->n_groups; i++)
    g_string_append_printf (groups, "%s%u", i > 0 ? "," : "", ids->groups[i]);
  runc_dump_put (sink, "groups", "%s", groups->len > 0 ? groups->str : "-");
}

static void
describe_mask (RuncDumpSink *sink, const char *name, const RuncOpMask *mask)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = mask->n_bytes; i > 0; i--)
    g_string_append_printf (text, "%02x", mask->bits[i - 1]);
  runc_dump_put (sink, name, "%s", text->len > 0 ? text->str : "all");
}

static void
describe_rlimits (RuncDumpSink *sink, const RuncOp *op)
{
  for (gsize i = 0; i < op->u.rlimits.n; i++)
    {
      const RuncPlanRlimit *limit = &op->u.rlimits.items[i];
      g_autofree char *name = g_strdup_printf ("limit%d", limit->resource);

      runc_dump_put (sink, name, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, limit->soft,
                     limit->hard);
    }
}

void
runc_dump_hooks (RuncDumpSink *sink, const RuncPlanHooks *hooks)
{
  runc_dump_text (sink, "kind", hooks->kind);
  runc_dump_flag (sink, "in-root", hooks->in_root);
  runc_dump_text (sink, "stdout", hooks->stdout_path);
  runc_dump_text (sink, "stderr", hooks->stderr_path);
  for (gsize i = 0; i < hooks->n; i++)
    {
      g_autofree char *name = g_strdup_printf ("hook%" G_GSIZE_FORMAT, i);

      runc_dump_text (sink, name, hooks->items[i].path);
    }
}

static void
describe_scheduler (RuncDumpSink *sink, const RuncOpScheduler *s)
{
  runc_dump_put (sink, "policy", "%d", s->policy);
  runc_dump_put (sink, "nice", "%d", s->nice);
  runc_dump_put (sink, "priority", "%d", s->priority);
  runc_dump_put (sink, "flags", "0x%" G_GINT64_MODIFIER "x", s->flags);
  runc_dump_put (sink, "runtime", "%" G_GUINT64_FORMAT, s->runtime);
  runc_dump_put (sink, "deadline", "%" G_GUINT64_FORMAT, s->deadline);
  runc_dump_put (sink, "period", "%" G_GUINT64_FORMAT, s->period);
}

static void
describe_union (RuncDumpSink *sink, const RuncOp *op)
{
  switch (op->kind)
    {
    case RUNC_OP_SEND:
    case RUNC_OP_WAIT:
      runc_dump_text (sink, "message", runc_message_to_string ((RuncMessage)op->u.message));
      break;
    case RUNC_OP_JOIN:
    case RUNC_OP_UNSHARE:
    case RUNC_OP_FORK:
      runc_dump_namespaces (sink, "flags", op->u.ns.flags);
      break;
    case RUNC_OP_SELF_MAP:
      runc_dump_text (sink, "uids", op->u.map.uid_map);
      runc_dump_text (sink, "gids", op->u.map.gid_map);
      break;
    case RUNC_OP_STDIO_OWNER:
      runc_dump_put (sink, "uid", "%u", op->u.ids.uid);
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
      runc_dump_text (sink, "text", op->u.text);
      break;
    case RUNC_OP_PROPAGATION:
    case RUNC_OP_ROOT_PROPAGATION:
    case RUNC_OP_SET_ATTR:
    case RUNC_OP_PIVOT:
      put_attr (sink, "set", op->u.attr.set);
      put_attr (sink, "clear", op->u.attr.clear);
      put_propagation (sink, op->u.attr.propagation);
      runc_dump_flag (sink, "recursive", op->u.attr.recursive);
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
      runc_dump_put (sink, "index", "%d", op->u.fuse.index);
      put_attr (sink, "attr", op->u.fuse.attr);
      put_propagation (sink, op->u.fuse.propagation);
      break;
    case RUNC_OP_SCRATCH:
      for (gsize i = 0; i < op->u.scratch.n_lowers; i++)
        runc_dump_put (sink, "lower", "%d", op->u.scratch.lowers[i]);
      if (op->u.scratch.layer != RUNC_NO_SLOT)
        runc_dump_put (sink, "layer", "%d", op->u.scratch.layer);
      break;
    case RUNC_OP_MKDIR:
      runc_dump_put (sink, "mode", "%o", op->u.mode);
      break;
    case RUNC_OP_MKNOD:
    case RUNC_OP_BIND_DEVICE:
      describe_node (sink, &op->u.node);
      break;
    case RUNC_OP_CONSOLE:
      runc_dump_put (sink, "uid", "%u", op->u.console.uid);
      runc_dump_put (sink, "size", "%ux%u", op->u.console.width, op->u.console.height);
      runc_dump_flag (sink, "bind", op->u.console.bind);
      runc_dump_flag (sink, "attached", op->u.console.attached);
      break;
    case RUNC_OP_HOOKS:
      runc_dump_hooks (sink, &op->u.hooks);
      break;
    case RUNC_OP_RLIMITS:
      describe_rlimits (sink, op);
      break;
    case RUNC_OP_OOM_SCORE_ADJ:
    case RUNC_OP_IO_PRIORITY:
    case RUNC_OP_PERSONALITY:
    case RUNC_OP_HOME:
      runc_dump_put (sink, "number", "%" G_GINT64_FORMAT, op->u.number);
      break;
    case RUNC_OP_LOOKUP:
      runc_dump_flag (sink, "overrides-dac", op->u.number != 0);
      break;
    case RUNC_OP_CLOSE_FDS:
      runc_dump_put (sink, "first", "%u", op->u.close.first);
      runc_dump_flag (sink, "now", op->u.close.now);
      break;
    case RUNC_OP_PASS_FDS:
      runc_dump_put (sink, "first", "%d", op->u.pass.first);
      for (gsize i = 0; i < op->u.pass.n; i++)
        runc_dump_put (sink, "pass", "%d", op->u.pass.slots[i]);
      break;
    case RUNC_OP_UMASK:
      runc_dump_put (sink, "mask", "%04o", (guint)op->u.number);
      break;
    case RUNC_OP_SCHEDULER:
      describe_scheduler (sink, &op->u.scheduler);
      break;
    case RUNC_OP_AFFINITY:
      describe_mask (sink, "cpus", &op->u.mask);
      break;
    case RUNC_OP_MEMORY_POLICY:
      runc_dump_put (sink, "mode", "0x%x", (guint)op->u.mempolicy.mode);
      describe_mask (sink, "nodes", &op->u.mempolicy.nodes);
      break;
    case RUNC_OP_SECCOMP:
      runc_dump_flag (sink, "listener", op->u.seccomp.listener);
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

void
runc_dump_op (RuncDumpSink *sink, const RuncOp *op)
{
  static const char *const what[] = { "fail", "skip-on", "alternative-on" };
  g_autoptr (GString) names = g_string_new (NULL);

  runc_dump_text (sink, "target", op->target);
  if (op->slot != RUNC_NO_SLOT)
    runc_dump_put (sink, "slot", "%d", op->slot);
  if (op->result != RUNC_NO_SLOT)
    runc_dump_put (sink, "result", "%d", op->result);
  describe_union (sink, op);
  for (gsize i = 0; i < G_N_ELEMENTS (op->on_errno) && op->on_errno[i] != 0; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "", strerrorname_np (op->on_errno[i]));
  if (op->on_error != RUNC_ON_ERROR_FAIL)
    runc_dump_put (sink, what[op->on_error], "%s", names->str);
}

const char *
runc_slot_kind_to_string (RuncSlotKind kind)
{
  static const char *const names[] = {
#define X(name, text) text,
    RUNC_SLOT_KINDS (X)
#undef X
  };

  return names[kind];
}
