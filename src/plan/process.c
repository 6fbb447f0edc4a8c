/* From a finished root to the container's program. Pure; the parent.
 *
 * The order is the kernel's, and where it leaves a choice, runc's: what needs rights comes before
 * they are given up; a filter without no_new_privs is loaded while CAP_SYS_ADMIN is still there,
 * one with it as late as possible.
 */
#include "plan/builder.h"

#include "base/error.h"
#include "spec/names.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "wire/wire.h"

#define IOPRIO_CLASS_SHIFT 13

/* An adjustment below the current one needs CAP_SYS_RESOURCE of the initial user namespace. Done
 * first: once a namespace is joined the process cannot write its own files in /proc any more. */
gboolean
runc_plan_oom_score (RuncBuilder *b, const RuncSpecProcess *process)
{
  RuncOp *op;

  if (!process->oom_score_adj.present)
    return TRUE;
  if (b->who != RUNC_WHO_REAL_ROOT && process->oom_score_adj.value < b->host->oom_score_adj)
    {
      runc_builder_warn (
          b, "process.oomScoreAdj: it stays at %d, because only root may lower it to %d",
          b->host->oom_score_adj, (int)process->oom_score_adj.value);
      return TRUE;
    }
  runc_builder_need_proc (b);
  op = runc_builder_op (b, RUNC_OP_OOM_SCORE_ADJ, "process.oomScoreAdj");
  op->u.number = process->oom_score_adj.value;
  return TRUE;
}

void
runc_plan_console (RuncBuilder *b, const RuncSpecProcess *process, const char *socket)
{
  RuncOp *op;

  if (!process->terminal)
    return;
  op = runc_builder_op (b, RUNC_OP_CONSOLE, "process.terminal");
  op->u.console.uid = process->user.uid;
  op->u.console.gid = (guint32)-1;
  op->u.console.bind = b->request != NULL;
  op->u.console.attached = socket == NULL;
  if (process->console_size != NULL)
    {
      op->u.console.width = (guint16)process->console_size->width;
      op->u.console.height = (guint16)process->console_size->height;
    }
}

/* ---- limits and scheduling ----------------------------------------------------------------- */

/* The hard limit that we have ourselves, if @resource is known. */
static bool
own_hard_limit (const RuncHost *host, int resource, guint64 *ret_hard)
{
  for (gsize i = 0; i < host->n_rlimits; i++)
    if (host->rlimits[i].resource == resource)
      {
        *ret_hard = host->rlimits[i].hard;
        return true;
      }
  return false;
}

static void
rlimits (RuncBuilder *b, const RuncSpecProcess *process)
{
  RuncPlanRlimit *items;
  RuncOp *op;

  if (process->n_rlimits == 0)
    return;
  items = runc_builder_alloc (b, process->n_rlimits * sizeof *items);
  for (gsize i = 0; i < process->n_rlimits; i++)
    {
      const RuncSpecRlimit *asked = &process->rlimits[i];
      guint64 own;

      items[i] = (RuncPlanRlimit){ asked->resource, asked->soft, asked->hard };
      if (b->who == RUNC_WHO_REAL_ROOT || !own_hard_limit (b->host, asked->resource, &own)
          || asked->hard <= own)
        continue;
      runc_builder_warn (b,
                         "process.rlimits[%" G_GSIZE_FORMAT "]: %s is limited to %" G_GUINT64_FORMAT
                         ", because only root may raise a hard limit",
                         i, asked->type, own);
      items[i].hard = own;
      items[i].soft = MIN (asked->soft, own);
    }
  op = runc_builder_op (b, RUNC_OP_RLIMITS, "process.rlimits");
  op->u.rlimits.items = items;
  op->u.rlimits.n = process->n_rlimits;
}

static void
scheduling (RuncBuilder *b, const RuncSpecProcess *process)
{
  const RuncSpecScheduler *scheduler = process->scheduler;

  if (scheduler != NULL)
    runc_builder_op (b, RUNC_OP_SCHEDULER, "process.scheduler")->u.scheduler
        = (RuncOpScheduler){ scheduler->policy, scheduler->nice,    scheduler->priority,
                             scheduler->flags,  scheduler->runtime, scheduler->deadline,
                             scheduler->period };
  if (process->io_priority != NULL)
    runc_builder_op (b, RUNC_OP_IO_PRIORITY, "process.ioPriority")->u.number
        = (process->io_priority->ioprio_class << IOPRIO_CLASS_SHIFT)
          | process->io_priority->priority;
}

void
runc_plan_reset_affinity (RuncBuilder *b)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_AFFINITY, RUNC_LABEL_NONE);

  /* A filter of an outer container may refuse it. */
  runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EPERM, ENOSYS, 0);
}

gboolean
runc_plan_parse_list (RuncBuilder *b, const char *path, const char *text, RuncOpMask *ret_mask,
                      GError **error)
{
  uint64_t *words = runc_builder_alloc (b, RUNC_ID_LIST_WORDS * sizeof *words);
  gsize n = RUNC_ID_LIST_WORDS;

  if (runc_spec_parse_id_list (text, words, n) < 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "%s: '%s' is not a list such as 0-3,7", path,
                       text);
  while (n > 0 && words[n - 1] == 0)
    n--;
  *ret_mask = (RuncOpMask){ (const unsigned char *)words, n * sizeof *words };
  return TRUE;
}

static gboolean
find_number (const RuncName *table, const char *path, const char *name, int *ret_value,
             GError **error)
{
  const RuncName *entry = name != NULL ? runc_name_find (table, name) : NULL;

  if (entry == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "%s: unknown name '%s'", path,
                       name != NULL ? name : "");
  *ret_value = (int)entry->value;
  return TRUE;
}

static gboolean
memory_policy (RuncBuilder *b, GError **error)
{
  const RuncSpecMemoryPolicy *policy = b->spec->linux_spec.memory_policy;
  RuncOpMempolicy plan = { 0 };

  if (policy == NULL)
    return TRUE;
  if (!find_number (runc_names_mempolicy_mode, "linux.memoryPolicy.mode", policy->mode, &plan.mode,
                    error))
    return FALSE;
  for (gsize i = 0; i < policy->flags.n; i++)
    {
      int flag = 0;

      if (!find_number (runc_names_mempolicy_flag, "linux.memoryPolicy.flags",
                        policy->flags.items[i], &flag, error))
        return FALSE;
      plan.mode |= flag;
    }
  if (policy->nodes != NULL && policy->nodes[0] != '\0'
      && !runc_plan_parse_list (b, "linux.memoryPolicy.nodes", policy->nodes, &plan.nodes, error))
    return FALSE;
  runc_builder_op (b, RUNC_OP_MEMORY_POLICY, "linux.memoryPolicy")->u.mempolicy = plan;
  return TRUE;
}

static gboolean
personality_op (RuncBuilder *b, GError **error)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  int value = 0;

  if (spec->personality_domain == NULL)
    return TRUE;
  if (!find_number (runc_names_personality, "linux.personality.domain", spec->personality_domain,
                    &value, error))
    return FALSE;
  if (spec->personality_flags.n > 0)
    runc_builder_warn (b,
                       "linux.personality.flags: '%s' is ignored, because the specification "
                       "defines no flags",
                       spec->personality_flags.items[0]);
  runc_builder_op (b, RUNC_OP_PERSONALITY, "linux.personality")->u.number = value;
  return TRUE;
}

/* ---- labels -------------------------------------------------------------------------------- */

static gboolean
labels (RuncBuilder *b, const RuncProcessPlan *p, GError **error)
{
  const char *selinux = p->process->selinux_label;
  RuncOp *op;

  if (selinux != NULL && selinux[0] != '\0')
    {
      if (!b->host->selinux)
        return runc_throw (
            error, RUNC_ERROR_UNSUPPORTED,
            "process.selinuxLabel: selinux label is specified in config, but selinux "
            "is disabled or not supported");
      runc_builder_need_proc (b);
      op = runc_builder_op (b, RUNC_OP_LSM_LABEL, "process.selinuxLabel");
      op->target = "exec";
      op->u.text = selinux;
    }
  if (p->apparmor == NULL || p->apparmor[0] == '\0')
    return TRUE;
  if (!b->host->apparmor)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "process.apparmorProfile: unable to apply apparmor profile '%s': AppArmor is "
        "not enabled on this host",
        p->apparmor);
  runc_builder_need_proc (b);
  for (int i = 0; i < 2; i++)
    {
      op = runc_builder_op (b, RUNC_OP_LSM_LABEL, "process.apparmorProfile");
      op->target = i == 0 ? "apparmor/exec" : "exec"; /* the second is that of kernels before 5.8 */
      op->u.text = runc_builder_printf (b, "exec %s", p->apparmor);
      op->alternative = i == 1;
      if (i == 0)
        runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, ENOENT, 0, 0);
    }
  return TRUE;
}

/* ---- credentials and capabilities ---------------------------------------------------------- */

static guint64
all_capabilities (void)
{
  return (G_GUINT64_CONSTANT (1) << (runc_capability_last () + 1)) - 1;
}

/* The capabilities that there are to give: all of a new user namespace's, else our own. */
static guint64
available (const RuncBuilder *b)
{
  return b->ns.new_userns || b->ns.join_user ? all_capabilities () : b->host->effective_caps;
}

static void
warn_capabilities (RuncBuilder *b, guint64 set, const char *before, const char *after)
{
  for (int cap = 0; cap <= runc_capability_last (); cap++)
    if (set & (G_GUINT64_CONSTANT (1) << cap))
      runc_builder_warn (b, "%s%s: %s", before, runc_capability_to_string (cap), after);
}

static void
plan_capabilities (RuncBuilder *b, const RuncSpecProcess *process, RuncOpCaps *ret_caps)
{
  static const RuncSpecCapabilities none = { 0 };
  /* exec's process.json without any means the container's; not given there either means none, as
   * for runc: what the runtime has itself is nobody's business. */
  const RuncSpecCapabilities *asked = process->capabilities;
  guint64 have = available (b), possible;

  if (asked == NULL && b->spec->process != NULL)
    asked = b->spec->process->capabilities;
  if (asked == NULL)
    asked = &none;
  *ret_caps = (RuncOpCaps){
    .bounding = asked->bounding,
    .permitted = asked->permitted & have,
    .effective = asked->effective & asked->permitted & have,
    .inheritable = asked->inheritable & asked->bounding & have,
  };
  possible = ret_caps->permitted & ret_caps->inheritable;
  ret_caps->ambient = asked->ambient & possible;
  for (gsize i = 0; i < asked->unknown.n; i++)
    runc_builder_warn (b, "process.capabilities: ignoring unknown or unavailable capability %s",
                       asked->unknown.items[i]);
  warn_capabilities (b, asked->permitted & ~have, "process.capabilities: cannot give ",
                     "the runtime does not have it itself");
  warn_capabilities (b, asked->ambient & ~possible, "can't raise ambient capability ",
                     "it is not permitted and inheritable as well");
}

/* The directory is tried with the rights of root first, as runc does, and as the final user only
 * when that was refused. */
static void
chdir_op (RuncBuilder *b, const RuncSpecProcess *process, bool first)
{
  RuncOp *op;

  if (process->cwd == NULL || strcmp (process->cwd, "/") == 0)
    return;
  op = runc_builder_op (b, RUNC_OP_CHDIR, "process.cwd");
  op->u.text = process->cwd;
  if (first)
    runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EACCES, EPERM, 0);
}

static bool
notifies (const RuncSpecSeccomp *seccomp)
{
  if (g_strcmp0 (seccomp->default_action, "SCMP_ACT_NOTIFY") == 0)
    return true;
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    if (g_strcmp0 (seccomp->syscalls[i].action, "SCMP_ACT_NOTIFY") == 0)
      return true;
  return false;
}

static void
seccomp_op (RuncBuilder *b, const RuncProcessPlan *p)
{
  runc_builder_op (b, RUNC_OP_SECCOMP, "linux.seccomp")->u.seccomp.listener = notifies (p->seccomp);
}

/* After the filter not even close_range() may be needed. Whoever is in the container while its
 * process waits for `start` (by exec), or is started by it (a hook that is the image's), finds in
 * /proc/PID/fd what is open: host directories and cgroup files must not be. */
static void
close_fds (RuncBuilder *b, const RuncProcessPlan *p)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_CLOSE_FDS, RUNC_LABEL_NONE);

  op->u.close.first = 3 + p->preserve_fds;
  op->u.close.now = b->gate || (!p->exec && runc_plan_has_hooks (b, RUNC_HOOK_START_CONTAINER));
}

static RuncOp *
credentials_op (RuncBuilder *b, const RuncSpecUser *user, bool set_groups)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_CREDENTIALS, "process.user");

  op->u.ids = (RuncOpIds){ .uid = user->uid,
                           .gid = user->gid,
                           .groups = user->additional_gids,
                           .n_groups = user->n_additional_gids,
                           .set_groups = set_groups };
  return op;
}

static void
credentials_ops (RuncBuilder *b, const RuncSpecUser *user, bool set_groups)
{
  RuncOp *op = credentials_op (b, user, set_groups);

  /* Whether a user namespace that was made by others allows it only shows by trying. */
  if (!set_groups || !b->ns.join_user)
    return;
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  credentials_op (b, user, false)->alternative = true;
}

static void
credentials (RuncBuilder *b, const RuncProcessPlan *p)
{
  const RuncSpecProcess *process = p->process;
  const RuncSpecUser *user = &process->user;
  bool set_groups = b->can_set_groups && !b->keep_groups;
  bool change = set_groups || user->uid != 0 || user->gid != 0;
  bool filter_early = p->seccomp != NULL && !process->no_new_privileges;
  RuncOpCaps caps;

  plan_capabilities (b, process, &caps);
  b->overrides_dac = (caps.effective & (G_GUINT64_CONSTANT (1) << CAP_DAC_OVERRIDE)) != 0;
  chdir_op (b, process, change);
  if (b->plan->child.env_home >= 0)
    runc_builder_op (b, RUNC_OP_HOME, "HOME")->u.number = user->uid;
  if (process->no_new_privileges)
    runc_builder_op (b, RUNC_OP_NO_NEW_PRIVS, "process.noNewPrivileges");
  if (filter_early)
    {
      close_fds (b, p);
      seccomp_op (b, p);
    }
  if ((caps.bounding & all_capabilities ()) != all_capabilities ())
    runc_builder_op (b, RUNC_OP_BOUNDING, "process.capabilities.bounding")->u.caps = caps;
  if (user->uid != 0)
    runc_builder_op (b, RUNC_OP_STDIO_OWNER, "process.user")->u.ids.uid = user->uid;
  if (change)
    {
      credentials_ops (b, user, set_groups);
      chdir_op (b, process, false);
    }
  runc_builder_op (b, RUNC_OP_CAPABILITIES, "process.capabilities")->u.caps = caps;
}

/* What exec starts has the container's where it does not ask for one: never the caller's. */
static void
umask_op (RuncBuilder *b, const RuncSpecProcess *process)
{
  const RuncSpecUser *user = process->user.umask.present || b->spec->process == NULL
                                 ? &process->user
                                 : &b->spec->process->user;

  runc_builder_op (b, RUNC_OP_UMASK, "process.user.umask")->u.number
      = user->umask.present ? user->umask.value : 0022;
}

gboolean
runc_plan_become_process (RuncBuilder *b, const RuncProcessPlan *p, GError **error)
{
  const RuncSpecProcess *process = p->process;

  if (!runc_plan_check_user (b, process, error))
    return FALSE;
  /* It comes with an fd, for which a filter that is loaded early may have no recvmsg(). */
  if (!p->exec && runc_plan_has_hooks (b, RUNC_HOOK_START_CONTAINER))
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_HOOK_STATE;
  if (!process->terminal)
    runc_builder_op (b, RUNC_OP_OWN_NULL, RUNC_LABEL_NONE);
  rlimits (b, process);
  scheduling (b, process);
  if (!memory_policy (b, error) || !personality_op (b, error))
    return FALSE;
  umask_op (b, process);
  if (!labels (b, p, error))
    return FALSE;
  credentials (b, p);
  runc_builder_op (b, RUNC_OP_LOOKUP, "process.args")->u.number = b->overrides_dac;
  if (b->plan->child.env_listen_pid >= 0)
    runc_builder_op (b, RUNC_OP_LISTEN_FDS, RUNC_LABEL_NONE);
  return TRUE;
}

void
runc_plan_ready_and_exec (RuncBuilder *b, const RuncProcessPlan *p)
{
  bool filter_early = p->seccomp != NULL && !p->process->no_new_privileges;

  if (!filter_early)
    {
      close_fds (b, p);
      if (p->seccomp != NULL)
        seccomp_op (b, p);
    }
  /* `run` looks for the end of file that execve() brings; only who leaves before has to know. */
  if (b->gate)
    runc_builder_op (b, RUNC_OP_SIGNALS, RUNC_LABEL_NONE);
  if (b->gate)
    runc_builder_op (b, RUNC_OP_SEND, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_READY;
  runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_PROCEED;
  if (b->gate)
    {
      RuncOp *op;
      int slot = runc_builder_slot (b, RUNC_SLOT_FIFO, NULL);

      op = runc_builder_op (b, RUNC_OP_GATE, RUNC_LABEL_NONE);
      op->slot = slot;
      op->result = b->fds_slot;
    }
  if (!p->exec)
    runc_plan_child_hooks (b, RUNC_HOOK_START_CONTAINER);
  runc_builder_op (b, RUNC_OP_EXEC, "process.args");
}
