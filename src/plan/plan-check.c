/* What no plan may break, whoever built it. Runs in the parent for every plan, in one pass; pure.
 *
 * These are the rules behind whole classes of holes: sources are opened before the container's root
 * can lead astray, rights are given up before the program runs, nothing inheritable is left that is
 * not in the bounding set, and nothing happens after execve().
 */
#include "plan/plan.h"

#include "base/error.h"
#include "wire/wire.h"

#include <sched.h>
#include <string.h>

/* The phases, in the order in which they are passed. */
typedef enum
{
  BEFORE_ROOT, /* the host's tree only */
  IN_ROOT,     /* targets are resolved inside the root that is being built */
  PIVOTED,
  DROPPED, /* the process has its final ids and capabilities */
} Phase;

typedef struct
{
  const RuncPlan *plan;
  Phase phase;
  int last_wait; /* the RuncMessage of the last WAIT, -1: none */
  bool closed;   /* CLOSE_FDS */
  bool closed_now;
  bool proceeded; /* WAIT proceed */
  bool bounded;   /* BOUNDING */
  guint64 bounding;
  bool looked_up;
  bool filled_few[64]; /* slots that are open by now */
  bool *filled;
} Check;

static gboolean G_GNUC_PRINTF (3, 4) broken (GError **error, gsize index, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list ap;

  va_start (ap, format);
  text = g_strdup_vprintf (format, ap);
  va_end (ap);
  return runc_throw (error, RUNC_ERROR_FAILED,
                     "internal error: the plan breaks a rule at op %" G_GSIZE_FORMAT ": %s", index,
                     text);
}

static gboolean
check_slot (const Check *c, gsize i, int slot, RuncSlotKind kind, GError **error)
{
  const RuncChildPlan *child = &c->plan->child;

  if (slot < 0 || (gsize)slot >= child->n_slots)
    return broken (error, i, "it has no slot");
  if (child->slots[slot].kind != kind)
    return broken (error, i, "slot %d is of the wrong kind", slot);
  return TRUE;
}

/* A slot that must be open by now. */
static gboolean
uses (const Check *c, gsize i, int slot, RuncSlotKind kind, GError **error)
{
  if (!check_slot (c, i, slot, kind, error))
    return FALSE;
  return c->filled[slot] || broken (error, i, "slot %d is used before it is filled", slot);
}

/* A tree that the parent has opened. */
static bool
is_source (const Check *c, int slot)
{
  return slot >= 0 && (gsize)slot < c->plan->child.n_slots
         && c->plan->child.slots[slot].kind == RUNC_SLOT_SOURCE;
}

static gboolean
fills (Check *c, gsize i, int slot, RuncSlotKind kind, GError **error)
{
  if (!check_slot (c, i, slot, kind, error))
    return FALSE;
  c->filled[slot] = true;
  return TRUE;
}

static gboolean
in_phase (const Check *c, gsize i, Phase first, Phase last, GError **error)
{
  if (c->phase >= first && c->phase <= last)
    return TRUE;
  return broken (error, i, "'%s' comes at the wrong time",
                 runc_op_kind_to_string (c->plan->child.ops[i].kind));
}

static gboolean
needs_proc (const Check *c, gsize i, GError **error)
{
  return c->plan->child.proc_slot != RUNC_NO_SLOT
         || broken (error, i, "there is no slot for /proc");
}

/* Each message comes once, and in the order of wire.h; but HOOK_STATE before each HOOKS. */
static gboolean
check_wait (Check *c, gsize i, const RuncOp *op, GError **error)
{
  int message = op->u.message;

  if (message == RUNC_MESSAGE_SECCOMP || message > RUNC_MESSAGE_PROCEED || message < 0)
    return broken (error, i, "it waits for a message that the parent does not send");
  if (message != RUNC_MESSAGE_HOOK_STATE)
    {
      if (message <= c->last_wait)
        return broken (error, i, "it waits for '%s' too late",
                       runc_message_to_string ((RuncMessage)message));
      c->last_wait = message;
    }
  if (c->proceeded)
    return broken (error, i, "it waits after the parent let it go");
  c->proceeded = message == RUNC_MESSAGE_PROCEED;
  return TRUE;
}

static gboolean
check_ids (const RuncIdMap *map, gsize n, guint32 id, gsize i, GError **error)
{
  for (gsize m = 0; m < n; m++)
    if (id >= map[m].inside && id - map[m].inside < map[m].size)
      return TRUE;
  return broken (error, i, "id %u is not in the container's map", id);
}

static gboolean
check_credentials (Check *c, gsize i, const RuncOpIds *ids, GError **error)
{
  const RuncMapPlan *maps = &c->plan->maps;

  if (c->plan->new_userns
      && (!check_ids (maps->uids, maps->n_uids, ids->uid, i, error)
          || !check_ids (maps->gids, maps->n_gids, ids->gid, i, error)))
    return FALSE;
  for (gsize g = 0; c->plan->new_userns && ids->set_groups && g < ids->n_groups; g++)
    if (!check_ids (maps->gids, maps->n_gids, ids->groups[g], i, error))
      return FALSE;
  if (maps->deny_setgroups && ids->set_groups)
    return broken (error, i, "it sets groups where that is denied");
  return TRUE;
}

static gboolean
check_capabilities (const Check *c, gsize i, const RuncOpCaps *caps, GError **error)
{
  if (c->bounded && (caps->inheritable & ~c->bounding) != 0)
    return broken (error, i, "an inheritable capability is outside of the bounding set");
  if ((caps->effective & ~caps->permitted) != 0)
    return broken (error, i, "an effective capability is not permitted");
  if ((caps->ambient & ~(caps->permitted & caps->inheritable)) != 0)
    return broken (error, i, "an ambient capability is not permitted and inheritable");
  return TRUE;
}

static gboolean
check_target (const Check *c, gsize i, const RuncOp *op, GError **error)
{
  if (op->target == NULL || op->target[0] == '\0')
    return broken (error, i, "it has no target");
  return in_phase (c, i, IN_ROOT, IN_ROOT, error);
}

static gboolean
uses_layers (const Check *c, gsize i, const RuncOpScratch *scratch, GError **error)
{
  for (gsize at = 0; at < scratch->n_lowers; at++)
    if (!uses (c, i, scratch->lowers[at], RUNC_SLOT_TREE, error))
      return FALSE;
  return scratch->layer == RUNC_NO_SLOT || uses (c, i, scratch->layer, RUNC_SLOT_TREE, error);
}

static gboolean
check_root_op (Check *c, gsize i, const RuncOp *op, GError **error)
{
  switch (op->kind)
    {
    case RUNC_OP_ROOTFS:
      if (!in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error)
          || !uses (c, i, op->slot, RUNC_SLOT_TREE, error)
          || !fills (c, i, op->result, RUNC_SLOT_ROOT, error))
        return FALSE;
      c->filled[op->slot] = false;
      c->phase = IN_ROOT;
      return op->result == c->plan->child.root_slot || broken (error, i, "the root has two slots");
    case RUNC_OP_PIVOT:
    case RUNC_OP_MOVE_ROOT:
      if (!in_phase (c, i, IN_ROOT, IN_ROOT, error))
        return FALSE;
      c->phase = PIVOTED;
      return TRUE;
    case RUNC_OP_STAGE_ROOT:
      if (op->u.text == NULL || op->u.text[0] != '/')
        return broken (error, i, "its directory is no absolute path");
      if (!in_phase (c, i, IN_ROOT, IN_ROOT, error)
          || !uses (c, i, op->slot, RUNC_SLOT_TREE, error))
        return FALSE;
      /* Nothing more is looked up below the container's root. */
      c->filled[c->plan->child.root_slot] = false;
      c->phase = PIVOTED;
      return TRUE;
    case RUNC_OP_OPEN_TREE:
      /* Alternatives are opened late, but only from where no image can reach. */
      if (op->u.tree.path == NULL || op->u.tree.path[0] != '/')
        return broken (error, i, "the source is no absolute path");
      if (op->target != NULL)
        return check_target (c, i, op, error) && fills (c, i, op->slot, RUNC_SLOT_TREE, error);
      if (c->phase != BEFORE_ROOT && !g_str_has_prefix (op->u.tree.path, "/proc")
          && !g_str_has_prefix (op->u.tree.path, "/sys") && !op->alternative)
        return broken (error, i, "a source is opened after the root was touched");
      return in_phase (c, i, BEFORE_ROOT, IN_ROOT, error)
             && fills (c, i, op->slot, RUNC_SLOT_TREE, error);
    case RUNC_OP_NEW_TREE:
      return in_phase (c, i, BEFORE_ROOT, IN_ROOT, error)
             && fills (c, i, op->slot, RUNC_SLOT_TREE, error);
    case RUNC_OP_FUSE:
      if (op->u.fuse.index < 0 || (gsize)op->u.fuse.index >= c->plan->n_fuse)
        return broken (error, i, "nothing is planned to serve it");
      return in_phase (c, i, BEFORE_ROOT, IN_ROOT, error)
             && fills (c, i, op->slot, RUNC_SLOT_TREE, error);
    case RUNC_OP_ENTER_DIR:
      if (op->u.text == NULL || op->u.text[0] != '/')
        return broken (error, i, "its directory is no absolute path");
      return in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error);
    case RUNC_OP_SCRATCH:
      return in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error)
             && uses_layers (c, i, &op->u.scratch, error);
    case RUNC_OP_OPEN_NULL:
      return in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error)
             && fills (c, i, op->slot, RUNC_SLOT_NULL_DEVICE, error);
    case RUNC_OP_OPEN_DEVICES:
      if (!in_phase (c, i, IN_ROOT, IN_ROOT, error)
          || !uses (c, i, op->slot, RUNC_SLOT_DEVICES, error))
        return FALSE;
      for (gsize n = 0; n < c->plan->child.slots[op->slot].n_nodes; n++)
        if (!fills (c, i, op->result + (int)n, RUNC_SLOT_TREE, error))
          return FALSE;
      return TRUE;
    case RUNC_OP_OPEN_FDS:
      return in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error) && needs_proc (c, i, error)
             && fills (c, i, op->slot, RUNC_SLOT_FDS, error);
    case RUNC_OP_PROPAGATION:
      return in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error);
    case RUNC_OP_ROOT_READONLY:
      return in_phase (c, i, IN_ROOT, IN_ROOT, error);
    case RUNC_OP_ROOT_PROPAGATION:
      return in_phase (c, i, PIVOTED, PIVOTED, error);
    case RUNC_OP_ATTACH:
      return check_target (c, i, op, error)
             && (is_source (c, op->slot) || uses (c, i, op->slot, RUNC_SLOT_TREE, error));
    case RUNC_OP_COPY_UP:
      return check_target (c, i, op, error) && uses (c, i, op->slot, RUNC_SLOT_TREE, error);
    case RUNC_OP_MASK:
      return check_target (c, i, op, error) && uses (c, i, op->slot, RUNC_SLOT_NULL_DEVICE, error)
             && fills (c, i, op->result, RUNC_SLOT_TREE, error);
    default: /* MKDIR, MOUNT, SET_ATTR, COPY_SYMLINK, MKNOD, BIND_DEVICE, SYMLINK, READONLY */
      return check_target (c, i, op, error);
    }
}

static gboolean
check_namespace_op (Check *c, gsize i, const RuncOp *op, GError **error)
{
  const RuncChildPlan *child = &c->plan->child;

  if (c->plan->child.root_slot != RUNC_NO_SLOT && !in_phase (c, i, BEFORE_ROOT, BEFORE_ROOT, error))
    return FALSE;
  if (op->kind == RUNC_OP_FORK && !c->plan->forks)
    return broken (error, i, "the parent does not know that there are two stages");
  if (op->kind != RUNC_OP_JOIN)
    return TRUE;
  if (op->slot >= 0 && (gsize)op->slot < child->n_slots
      && child->slots[op->slot].kind == RUNC_SLOT_PIDFD)
    return op->u.ns.flags != 0 || broken (error, i, "it joins nothing");
  return uses (c, i, op->slot, RUNC_SLOT_NAMESPACE, error);
}

static gboolean
check_process_op (Check *c, gsize i, const RuncOp *op, GError **error)
{
  Phase first = c->plan->child.root_slot != RUNC_NO_SLOT ? PIVOTED : BEFORE_ROOT;

  if (!in_phase (c, i, first, DROPPED, error))
    return FALSE;
  switch (op->kind)
    {
    case RUNC_OP_BOUNDING:
      c->bounded = true;
      c->bounding = op->u.caps.bounding;
      return c->phase != DROPPED || broken (error, i, "the bounding set is dropped too late");
    case RUNC_OP_CREDENTIALS:
      c->phase = DROPPED;
      return check_credentials (c, i, &op->u.ids, error);
    case RUNC_OP_CAPABILITIES:
      c->phase = DROPPED;
      return check_capabilities (c, i, &op->u.caps, error);
    case RUNC_OP_LOOKUP:
      c->looked_up = true;
      return TRUE;
    case RUNC_OP_GATE:
      return (c->proceeded || broken (error, i, "the gate is before the parent's word"))
             && (c->closed_now || broken (error, i, "the runtime's fds would be seen at the gate"))
             && uses (c, i, op->slot, RUNC_SLOT_FIFO, error)
             && uses (c, i, op->result, RUNC_SLOT_FDS, error);
    case RUNC_OP_CLOSE_FDS:
      c->closed = true;
      c->closed_now = op->u.close.now;
      return op->u.close.first >= 3 || broken (error, i, "it would close stdio");
    case RUNC_OP_PASS_FDS:
      for (gsize at = 0; at < op->u.pass.n; at++)
        if (op->u.pass.slots[at] < 0 || (gsize)op->u.pass.slots[at] >= c->plan->child.n_slots
            || !c->filled[op->u.pass.slots[at]])
          return broken (error, i, "a slot that is passed on is not filled");
      return !c->closed || broken (error, i, "what is passed on would be closed");
    case RUNC_OP_HOME:
      return c->plan->child.env_home >= 0 || broken (error, i, "no place is kept for HOME");
    case RUNC_OP_LISTEN_FDS:
      return c->plan->child.env_listen_pid >= 0
             || broken (error, i, "no place is kept for LISTEN_PID");
    case RUNC_OP_LSM_LABEL:
      return needs_proc (c, i, error);
    case RUNC_OP_EXEC:
      if (!c->looked_up || !c->closed || !c->proceeded)
        return broken (error, i, "the program would run too early");
      return i + 1 == c->plan->child.n_ops || broken (error, i, "something follows execve()");
    default:
      return TRUE;
    }
}

/* The parent sends it first of all. */
static gboolean
check_network (const Check *c, gsize i, GError **error)
{
  if (!c->plan->makes_network)
    return broken (error, i, "the parent does not know that it is to make a network namespace");
  if (c->last_wait >= 0)
    return broken (error, i, "it waits for 'network' too late");
  return in_phase (c, i, BEFORE_ROOT, IN_ROOT, error);
}

/* Whoever is in a namespace of the container may be seen from there. */
static gboolean
check_leave (const Check *c, gsize i, const RuncOp *op, GError **error)
{
  if (i != 0)
    return broken (error, i, "the runtime's executable is left too late");
  return needs_proc (c, i, error) && uses (c, i, op->slot, RUNC_SLOT_PROGRAM, error)
         && uses (c, i, op->result, RUNC_SLOT_DECOY, error);
}

static gboolean
check_op (Check *c, gsize i, const RuncOp *op, GError **error)
{
  switch (op->kind)
    {
    case RUNC_OP_WAIT:
      return check_wait (c, i, op, error);
    case RUNC_OP_SEND:
    case RUNC_OP_NEW_SESSION:
    case RUNC_OP_KEYRING:
    case RUNC_OP_HOSTNAME:
    case RUNC_OP_DOMAINNAME:
    case RUNC_OP_CONSOLE:
    case RUNC_OP_AFFINITY:
    case RUNC_OP_LOOPBACK_UP:
      return TRUE;
    case RUNC_OP_HOOKS:
      return (op->slot == RUNC_NO_SLOT || uses (c, i, op->slot, RUNC_SLOT_LOG, error))
             && (op->result == RUNC_NO_SLOT || uses (c, i, op->result, RUNC_SLOT_LOG, error));
    case RUNC_OP_OOM_SCORE_ADJ:
    case RUNC_OP_SYSCTL:
      return needs_proc (c, i, error);
    case RUNC_OP_SELF_MAP:
      return needs_proc (c, i, error)
             && (c->plan->maps.method == RUNC_MAP_SELF
                 || broken (error, i, "it writes maps that are the parent's to write"));
    case RUNC_OP_TAKE_NETWORK:
      return check_network (c, i, error);
    case RUNC_OP_LEAVE_PROGRAM:
      return check_leave (c, i, op, error);
    case RUNC_OP_CGROUP_JOIN:
      return uses (c, i, op->slot, RUNC_SLOT_CGROUP, error);
    case RUNC_OP_BECOME_ROOT:
      return !op->u.ids.set_groups || !c->plan->maps.deny_setgroups
             || broken (error, i, "it sets groups where that is denied");
    case RUNC_OP_TIME_OFFSETS:
      return needs_proc (c, i, error) && check_namespace_op (c, i, op, error);
    case RUNC_OP_JOIN:
    case RUNC_OP_UNSHARE:
    case RUNC_OP_FORK:
      return check_namespace_op (c, i, op, error);
    case RUNC_OP_OWN_NULL:
    case RUNC_OP_DIE_WITH_PARENT:
    case RUNC_OP_PASS_FDS:
    case RUNC_OP_RLIMITS:
    case RUNC_OP_SCHEDULER:
    case RUNC_OP_IO_PRIORITY:
    case RUNC_OP_MEMORY_POLICY:
    case RUNC_OP_PERSONALITY:
    case RUNC_OP_UMASK:
    case RUNC_OP_LSM_LABEL:
    case RUNC_OP_CHDIR:
    case RUNC_OP_HOME:
    case RUNC_OP_NO_NEW_PRIVS:
    case RUNC_OP_SECCOMP:
    case RUNC_OP_BOUNDING:
    case RUNC_OP_STDIO_OWNER:
    case RUNC_OP_CREDENTIALS:
    case RUNC_OP_CAPABILITIES:
    case RUNC_OP_LOOKUP:
    case RUNC_OP_LISTEN_FDS:
    case RUNC_OP_SIGNALS:
    case RUNC_OP_GATE:
    case RUNC_OP_CLOSE_FDS:
    case RUNC_OP_EXEC:
      return check_process_op (c, i, op, error);
    default:
      return check_root_op (c, i, op, error);
    }
}

/* An alternative belongs to an op before it that can fail into it. */
static gboolean
check_alternatives (const RuncChildPlan *child, gsize i, GError **error)
{
  const RuncOp *op = &child->ops[i];
  bool next = i + 1 < child->n_ops && child->ops[i + 1].alternative;

  if (op->on_error == RUNC_ON_ERROR_ALTERNATIVE && !next)
    return broken (error, i, "its alternative is missing");
  if (op->on_error != RUNC_ON_ERROR_FAIL && op->on_errno[0] == 0)
    return broken (error, i, "it does not say on which error");
  if (next && !op->alternative && op->on_error != RUNC_ON_ERROR_ALTERNATIVE)
    return broken (error, i + 1, "it is an alternative to nothing");
  return TRUE;
}

static gboolean
check_whole (const RuncPlan *plan, GError **error)
{
  const RuncChildPlan *child = &plan->child;

  if (child->argv == NULL || child->argv[0] == NULL || child->envp == NULL
      || child->search_path == NULL)
    return broken (error, 0, "there is nothing to execute");
  if (child->n_ops == 0 || child->ops[child->n_ops - 1].kind != RUNC_OP_EXEC)
    return broken (error, child->n_ops, "it does not end in execve()");
  if ((plan->program == RUNC_PROGRAM_LEFT) != (child->ops[0].kind == RUNC_OP_LEAVE_PROGRAM))
    return broken (error, 0, "the runtime's executable is left by halves");
  if (plan->maps.method != RUNC_MAP_NONE && !plan->new_userns)
    return broken (error, 0, "ids are mapped without a user namespace");
  if (plan->new_userns && (plan->maps.n_uids == 0 || plan->maps.n_gids == 0))
    return broken (error, 0, "a new user namespace without ids");
  if (plan->maps.method == RUNC_MAP_TOOLS
      && (plan->maps.newuidmap == NULL || plan->maps.newgidmap == NULL))
    return broken (error, 0, "the tools that map ids are missing");
  return TRUE;
}

gboolean
runc_plan_check (const RuncPlan *plan, GError **error)
{
  const RuncChildPlan *child = &plan->child;
  Check c = { .plan = plan, .last_wait = -1 };
  g_autofree bool *many = NULL;

  if (child->n_slots > G_N_ELEMENTS (c.filled_few))
    many = g_new0 (bool, child->n_slots);
  c.filled = many != NULL ? many : c.filled_few;
  for (gsize i = 0; i < child->n_slots; i++)
    c.filled[i] = child->slots[i].kind <= RUNC_SLOT_SOCKET; /* the parent's kinds come first */
  if (!check_whole (plan, error))
    return FALSE;
  for (gsize i = 0; i < child->n_ops; i++)
    if (!check_alternatives (child, i, error) || !check_op (&c, i, &child->ops[i], error))
      return FALSE;
  return TRUE;
}
