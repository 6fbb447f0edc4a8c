/* The plan of exec: join all namespaces of the container's init by its pidfd, then become the
 * process as in create. Pure; the parent.
 */
#include "plan/builder.h"

#include "base/error.h"
#include "wire/wire.h"

#include <errno.h>
#include <sched.h>

static gboolean
affinity (RuncBuilder *b, const char *path, const char *list, GError **error)
{
  RuncOp *op;
  RuncOpMask mask;

  if (list == NULL || list[0] == '\0')
    return TRUE;
  if (!runc_plan_parse_list (b, path, list, &mask, error))
    return FALSE;
  op = runc_builder_op (b, RUNC_OP_AFFINITY, path);
  op->u.mask = mask;
  return TRUE;
}

/* What the process has in its cgroup: all that this has, unless some affinity was asked for. */
static gboolean
final_affinity (RuncBuilder *b, const RuncSpecProcess *process, GError **error)
{
  if (process->cpu_affinity_initial == NULL && process->cpu_affinity_final == NULL)
    runc_plan_reset_affinity (b);
  return affinity (b, "process.execCPUAffinity.final", process->cpu_affinity_final, error);
}

static void
cgroup_ops (RuncBuilder *b, const RuncExecPlanInput *input)
{
  for (char *const *file = input->cgroup_files; file != NULL && *file != NULL; file++)
    {
      int slot = runc_builder_slot (b, RUNC_SLOT_CGROUP, *file);

      runc_builder_op (b, RUNC_OP_CGROUP_JOIN, "--cgroup")->slot = slot;
    }
}

static void
join_ops (RuncBuilder *b, const RuncExecPlanInput *input)
{
  RuncOp *op;
  int slot;

  if (input->join_flags != 0)
    {
      slot = runc_builder_slot (b, RUNC_SLOT_PIDFD, NULL);
      op = runc_builder_op (b, RUNC_OP_JOIN, "linux.namespaces");
      op->slot = slot;
      op->u.ns.flags = input->join_flags;
    }
  if (b->ns.fork)
    runc_builder_op (b, RUNC_OP_FORK, "linux.namespaces");
  /* A forked process says nothing before the one that forked it has said who it is. */
  if (b->ns.fork || input->attach)
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_MAPPED;
  if (b->ns.join_user)
    runc_builder_op (b, RUNC_OP_BECOME_ROOT, "linux.uidMappings")->u.ids.set_groups
        = b->can_set_groups && !b->keep_groups;
}

static void
session_ops (RuncBuilder *b, const RuncExecPlanInput *input)
{
  RuncOp *op;

  runc_builder_op (b, RUNC_OP_NEW_SESSION, RUNC_LABEL_NONE);
  if (input->no_new_keyring)
    return;
  op = runc_builder_op (b, RUNC_OP_KEYRING, "session keyring");
  op->u.text = runc_builder_printf (b, "_ses.%s", input->request->id);
  runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, ENOSYS, b->who == RUNC_WHO_REAL_ROOT ? 0 : EPERM,
                         0);
}

static void
decide (RuncBuilder *b, const RuncExecPlanInput *input)
{
  RuncPlan *plan = b->plan;

  b->who = runc_plan_who (b->host);
  b->ns.joined = input->join_flags;
  b->ns.join_user = (input->join_flags & CLONE_NEWUSER) != 0;
  b->ns.fork = (input->join_flags & CLONE_NEWPID) != 0;
  b->in_userns = b->ns.join_user || !b->host->initial_userns;
  b->can_set_groups = b->ns.join_user ? input->setgroups_allowed : b->host->setgroups_allowed;
  plan->forks = b->ns.fork;
  plan->terminal = input->process->terminal;
  plan->seccomp = b->spec->linux_spec.seccomp;
  plan->child.argv = input->process->args.items;
  plan->network.mode = RUNC_NETWORK_HOST;
}

static gboolean
build (RuncBuilder *b, const RuncExecPlanInput *input, GError **error)
{
  const RuncSpecProcess *process = input->process;
  RuncProcessPlan p = {
    .process = process,
    .seccomp = b->plan->seccomp,
    .apparmor = input->apparmor,
    .exec = true,
    .preserve_fds = input->request->preserve_fds,
  };

  runc_plan_program (b, input->maps);
  if (!runc_plan_environment (b, process, input->request->listen_fds, error)
      || !runc_plan_oom_score (b, process)
      || !affinity (b, "process.execCPUAffinity.initial", process->cpu_affinity_initial, error))
    return FALSE;
  cgroup_ops (b, input);
  if (!final_affinity (b, process, error))
    return FALSE;
  join_ops (b, input);
  session_ops (b, input);
  runc_plan_console (b, process, input->request->console_socket);
  if (!runc_plan_become_process (b, &p, error))
    return FALSE;
  runc_plan_ready_and_exec (b, &p);
  return TRUE;
}

RuncPlan *
runc_plan_new_exec (const RuncExecPlanInput *input, GError **error)
{
  RuncBuilder b = { .spec = input->spec, .host = input->host };
  g_autoptr (RuncPlan) plan = NULL;

  if (input->process->args.n == 0)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC, "process.args: missing or empty");
      return NULL;
    }
  runc_builder_init (&b);
  plan = b.plan;
  decide (&b, input);
  if (!build (&b, input, error))
    return NULL;
  runc_builder_finish (&b);
  return g_steal_pointer (&plan);
}
