/* The words for what failed in the child. Runs in the parent; pure.
 *
 * The child reports numbers and data; the plan knows what the op was for. Texts that scripts and
 * engines look for are runc's ("executable file not found in $PATH", "error mounting ... operation
 * not permitted", "must be mounted on ordinary directory").
 */
#include "plan/plan.h"

#include "base/error.h"
#include "wire/wire.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define PREFIX "unable to start container process: error during container init: "

static const char *
step_words (int step)
{
  static const char *const words[] = {
#define X(name, text) text,
    RUNC_FAIL_STEPS (X)
#undef X
  };

  return step >= 0 && (gsize)step < G_N_ELEMENTS (words) ? words[step] : "";
}

#define MASKED_PROC                                                                                \
  " (the outer container masks parts of /proc: start it with 'podman run --security-opt "          \
  "unmask=ALL', 'docker run --security-opt systempaths=unconfined' or empty linux.maskedPaths "    \
  "and linux.readonlyPaths; or set the annotation run.oci.proc=bind, which shows this container "  \
  "the outer one's processes; see 'runc doctor --check procfs')"

/* ---- hints --------------------------------------------------------------------------------- */

static const char *
mount_hint (const RuncPlan *plan, const RuncOp *op, const struct RuncPlanFailure *failure)
{
  const char *type = op->kind == RUNC_OP_MOUNT || op->kind == RUNC_OP_NEW_TREE ? op->u.fs.type : "";

  if (failure->errnum == EPERM && strcmp (type, "proc") == 0)
    return plan->own_pidns ? MASKED_PROC
                           : " (a new procfs needs a pid namespace of the container's own)";
  if (failure->errnum == EPERM && strcmp (type, "sysfs") == 0)
    return " (a new sysfs needs a network namespace of the container's own)";
  if (failure->errnum == EPERM && op->kind == RUNC_OP_OPEN_TREE)
    return " (a flag of the source's mount is locked and cannot be taken off)";
  if (failure->errnum == EINVAL && op->kind == RUNC_OP_OPEN_TREE
      && g_strcmp0 (op->label, "--overlay") == 0)
    return " (other mounts are below it, which a layer cannot have)";
  if (failure->errnum == EINVAL && op->kind == RUNC_OP_OPEN_TREE && !op->u.tree.recursive)
    return " (other mounts are below it: use 'rbind')";
  if (failure->errnum == ENODEV && (op->kind == RUNC_OP_MOUNT || op->kind == RUNC_OP_NEW_TREE))
    return " (the kernel does not have this filesystem)";
  if (failure->errnum == EPERM && plan->new_userns && type[0] != '\0')
    return " (the kernel does not allow this filesystem without root)";
  if (failure->errnum == EACCES)
    return " (each directory above it must be open to the container's root user)";
  return "";
}

/* Why a source or a target is not taken, or NULL. */
static const char *
verify_words (const RuncOp *op, const struct RuncPlanFailure *failure)
{
  if (failure->step != RUNC_FAIL_VERIFY)
    return NULL;
  if (op->kind == RUNC_OP_OPEN_TREE && failure->errnum == ENOTDIR)
    return "a layer must be a directory";
  if (op->kind == RUNC_OP_OPEN_TREE)
    return "it cannot be mounted because it is not of type proc (and only that may be on /proc)";
  return failure->errnum == EPERM ? "it cannot be mounted because it is inside /proc" : NULL;
}

const char *
runc_plan_map_hint (const RuncMapPlan *maps, int errnum)
{
  for (gsize i = 0; errnum == EPERM && i < maps->n_uids; i++)
    if (maps->uids[i].outside == 0)
      return " (uid 0 of an outer container takes CAP_SETFCAP to be mapped: give it to that one by "
             "'--cap-add SETFCAP' or process.capabilities of its config.json, or be another user "
             "in it; see 'runc doctor --check user-namespace')";
  return "";
}

/* ---- one function for each kind of failure ------------------------------------------------- */

static gboolean
throw_mount (const RuncPlan *plan, const RuncOp *op, const struct RuncPlanFailure *failure,
             GError **error)
{
  bool fs = op->kind == RUNC_OP_MOUNT || op->kind == RUNC_OP_NEW_TREE;
  const char *source = fs ? op->u.fs.source : op->u.tree.path;
  const char *step = step_words (failure->step);
  const char *why = runc_strerror (failure->errnum);
  g_autofree char *at
      = op->target != NULL ? g_strdup_printf (" at \"%s\"", op->target) : g_strdup ("");

  if (fs && op->u.fs.ordinary_target && failure->step == RUNC_FAIL_VERIFY)
    return runc_throw (error, RUNC_ERROR_CHILD,
                       PREFIX
                       "error mounting \"%s\" to rootfs at \"%s\": %s: filesystem \"%s\" must be "
                       "mounted on ordinary directory",
                       source, op->target, op->label, op->u.fs.type);
  if (verify_words (op, failure) != NULL)
    return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "error mounting \"%s\" to rootfs%s: %s: %s",
                       source != NULL ? source : "", at, op->label, verify_words (op, failure));
  if (failure->step == RUNC_FAIL_OPTION)
    return runc_throw (error, RUNC_ERROR_CHILD,
                       PREFIX "error mounting \"%s\" to rootfs at \"%s\": %s: option '%s': %s",
                       source, op->target != NULL ? op->target : "", op->label, failure->detail,
                       why);
  g_autofree char *part = step[0] != '\0' ? g_strdup_printf ("cannot %s it: ", step) : NULL;

  return runc_throw (error, RUNC_ERROR_CHILD,
                     PREFIX "error mounting \"%s\" to rootfs%s: %s: %s%s%s%s%s",
                     source != NULL ? source : "", at, op->label, part != NULL ? part : "", why,
                     failure->detail[0] != '\0' ? ": " : "", failure->detail,
                     mount_hint (plan, op, failure));
}

static gboolean
throw_hook (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const RuncPlanHooks *hooks = &op->u.hooks;
  int index = failure->index;
  const char *path = index >= 0 && (gsize)index < hooks->n ? hooks->items[index].path : "?";
  g_autofree char *why = NULL;

  if (failure->step == RUNC_FAIL_HOOK_STATUS)
    why = g_strdup_printf ("exit status %d", failure->errnum);
  else if (failure->step == RUNC_FAIL_HOOK_SIGNAL)
    why = g_strdup_printf ("signal: %s", runc_strsignal (failure->errnum));
  else if (failure->step == RUNC_FAIL_HOOK_TIMEOUT)
    why = g_strdup_printf ("hook ran past specified timeout of %.1fs",
                           (double)hooks->items[index].timeout_ms / 1000);
  else
    why = g_strdup (runc_strerror (failure->errnum));
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "error running %s hook #%d: '%s': %s%s%s",
                     hooks->kind, index, path, why, failure->detail[0] != '\0' ? ", stderr: " : "",
                     failure->detail);
}

static gboolean
throw_lookup (const struct RuncPlanFailure *failure, GError **error)
{
  const char *name = failure->detail;
  const char *why = runc_strerror (failure->errnum);

  if (strchr (name, '/') == NULL && failure->errnum == ENOENT)
    return runc_throw (error, RUNC_ERROR_CHILD,
                       PREFIX "exec: \"%s\": executable file not found in $PATH", name);
  if (failure->errnum == ENOENT)
    return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "exec: \"%s\": stat %s: %s", name, name,
                       why);
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "exec: \"%s\": %s", name, why);
}

static gboolean
throw_exec (const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);
  const char *hint = "";

  if (failure->errnum == ENOENT)
    hint = " (is the interpreter of its first line, or the dynamic linker, in the container?)";
  else if (failure->errnum == ENOEXEC)
    hint = " (neither a program for this machine, nor a script that begins with #!)";
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "exec %s: %s%s", failure->detail, why, hint);
}

static gboolean
throw_credentials (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD,
                     PREFIX "unable to setup user: %s: cannot become uid %u, gid %u: %s%s",
                     op->label, op->u.ids.uid, op->u.ids.gid, why,
                     failure->errnum == EINVAL ? " (it is not mapped in the user namespace)" : "");
}

static gboolean
throw_capabilities (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);
  const char *name = runc_capability_to_string (failure->index);

  if (failure->step == RUNC_FAIL_AMBIENT)
    return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "can't raise ambient capability %s: %s",
                       name != NULL ? name : "?", why);
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: unable to apply caps: %s", op->label,
                     why);
}

static gboolean
throw_chdir (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  if (failure->step == RUNC_FAIL_VERIFY)
    return runc_throw (error, RUNC_ERROR_CHILD,
                       PREFIX
                       "%s: current working directory is outside of container mount namespace "
                       "root -- possible container breakout detected",
                       op->label);
  return runc_throw (error, RUNC_ERROR_CHILD,
                     PREFIX "%s: chdir to cwd (\"%s\") set in config.json failed: %s", op->label,
                     op->u.text, why);
}

static gboolean
throw_join (const RuncPlan *plan, const RuncOp *op, const struct RuncPlanFailure *failure,
            GError **error)
{
  const char *path = op->slot != RUNC_NO_SLOT ? plan->child.slots[op->slot].path : NULL;
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot join %s%s%s: %s%s", op->label,
                     path != NULL ? "'" : "the container's namespaces", path != NULL ? path : "",
                     path != NULL ? "'" : "", why,
                     failure->errnum == EPERM
                         ? " (its owner is a user namespace over which the caller has no rights)"
                         : "");
}

static gboolean
throw_self_map (const RuncPlan *plan, const RuncOp *op, const struct RuncPlanFailure *failure,
                GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot map your own id: %s%s", op->label,
                     why, runc_plan_map_hint (&plan->maps, failure->errnum));
}

/* Why a priority was refused. */
static const char *
priority_hint (const RuncPlan *plan, const RuncOp *op)
{
  const RuncSpecResources *resources = plan->cgroup.resources;
  bool realtime = op->kind == RUNC_OP_SCHEDULER
                  && (op->u.scheduler.policy == SCHED_FIFO || op->u.scheduler.policy == SCHED_RR);

  if (plan->new_userns || plan->cgroup.driver == RUNC_CGROUP_DRIVER_NONE)
    return " (only root may raise a priority)";
  if (op->kind == RUNC_OP_SCHEDULER && resources != NULL && resources->cpu != NULL
      && resources->cpu->cpus != NULL)
    return " (process scheduler can't be used together with AllowedCPUs)";
  if (realtime && plan->cgroup.driver == RUNC_CGROUP_DRIVER_FS1)
    return " (its cgroup has no real-time: set linux.resources.cpu.realtimeRuntime)";
  return "";
}

static gboolean
throw_priority (const RuncPlan *plan, const RuncOp *op, const struct RuncPlanFailure *failure,
                GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: error setting %s: %s%s", op->label,
                     op->kind == RUNC_OP_SCHEDULER ? "scheduler" : "I/O priority", why,
                     failure->errnum == EPERM ? priority_hint (plan, op) : "");
}

static gboolean
throw_rlimit (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  int index = failure->index;
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (
      error, RUNC_ERROR_CHILD, PREFIX "%s[%d]: error setting rlimit type %d: %s", op->label, index,
      index >= 0 && (gsize)index < op->u.rlimits.n ? op->u.rlimits.items[index].resource : -1, why);
}

static gboolean
throw_device (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  if (failure->step == RUNC_FAIL_VERIFY)
    return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: '%s' is not the device %u:%u",
                       op->label, op->target, op->u.node.major, op->u.node.minor);
  if (op->kind == RUNC_OP_BIND_DEVICE && failure->step == RUNC_FAIL_SOURCE)
    return runc_throw (error, RUNC_ERROR_CHILD,
                       PREFIX "%s: cannot use the host's '%s': %s (without root a device cannot be "
                              "made, only the host's be bound)",
                       op->label, op->u.node.path, why);
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot make device '%s': %s", op->label,
                     op->target, why);
}

static gboolean
throw_keyring (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot make one: %s%s", op->label, why,
                     failure->errnum == EDQUOT
                         ? " (each container has one, and a user may have as many keys as "
                           "/proc/sys/kernel/keys/maxkeys says: let root raise it by 'sysctl "
                           "kernel.keys.maxkeys=20000', or use --no-new-keyring)"
                         : "");
}

static gboolean
throw_console (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);
  const char *hint = "";

  if (failure->step == RUNC_FAIL_SOURCE)
    hint = " (a terminal needs a devpts on /dev/pts in the container)";
  else if (failure->step == RUNC_FAIL_VERIFY)
    hint = " (/dev/pts/ptmx in the container is not one of a devpts)";
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot set up the console: %s%s",
                     op->label, why, hint);
}

/* Without a /dev/null outside there is nothing that files can be masked with. */
static gboolean
throw_null (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s: cannot use '/dev/null' of outside: %s%s",
                     op->label, runc_strerror (failure->errnum),
                     failure->errnum == ENOENT ? " (give the outer container a /dev: bubblewrap by "
                                                 "'--dev /dev')"
                                               : "");
}

/* criu is no process of the container. */
static gboolean
throw_criu (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *why = runc_strerror (failure->errnum);

  if (op->kind == RUNC_OP_LOOKUP && failure->errnum == ENOENT)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "CRIU version check failed: exec: \"criu\": executable file not found in "
                       "$PATH (checkpoint and restore need the program criu: install it)");
  return runc_throw (error, RUNC_ERROR_CHILD, "cannot start criu: %s", why);
}

/* What any op says: "what for: cannot <kind> 'target': step: reason". */
static gboolean
throw_plain (const RuncOp *op, const struct RuncPlanFailure *failure, GError **error)
{
  const char *step = step_words (failure->step);
  const char *why = runc_strerror (failure->errnum);

  return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s%scannot %s%s%s%s%s%s: %s%s%s",
                     op->label != NULL ? op->label : "", op->label != NULL ? ": " : "",
                     runc_op_kind_to_string (op->kind), op->target != NULL ? " '" : "",
                     op->target != NULL ? op->target : "", op->target != NULL ? "'" : "",
                     step[0] != '\0' ? ": cannot " : "", step, why,
                     failure->detail[0] != '\0' ? ": " : "", failure->detail);
}

static gboolean
throw_failure (const RuncPlan *plan, const struct RuncPlanFailure *failure, GError **error)
{
  const RuncOp *op;

  if (failure->op < 0 || (gsize)failure->op >= plan->child.n_ops)
    {
      const char *why = runc_strerror (failure->errnum);

      return runc_throw (error, RUNC_ERROR_CHILD, PREFIX "%s", why);
    }
  op = &plan->child.ops[failure->op];
  if (plan->criu != NULL && g_strcmp0 (op->label, "criu") == 0)
    return throw_criu (op, failure, error);
  switch (op->kind)
    {
    case RUNC_OP_MOUNT:
    case RUNC_OP_NEW_TREE:
    case RUNC_OP_OPEN_TREE:
    case RUNC_OP_ATTACH:
    case RUNC_OP_ROOTFS:
      return throw_mount (plan, op, failure, error);
    case RUNC_OP_OPEN_NULL:
      return throw_null (op, failure, error);
    case RUNC_OP_KEYRING:
      return throw_keyring (op, failure, error);
    case RUNC_OP_HOOKS:
      return throw_hook (op, failure, error);
    case RUNC_OP_LOOKUP:
      return throw_lookup (failure, error);
    case RUNC_OP_EXEC:
      return throw_exec (failure, error);
    case RUNC_OP_CREDENTIALS:
    case RUNC_OP_BECOME_ROOT:
      return throw_credentials (op, failure, error);
    case RUNC_OP_CAPABILITIES:
    case RUNC_OP_BOUNDING:
      return throw_capabilities (op, failure, error);
    case RUNC_OP_CHDIR:
      return throw_chdir (op, failure, error);
    case RUNC_OP_SELF_MAP:
      return throw_self_map (plan, op, failure, error);
    case RUNC_OP_JOIN:
      return throw_join (plan, op, failure, error);
    case RUNC_OP_SCHEDULER:
    case RUNC_OP_IO_PRIORITY:
      return throw_priority (plan, op, failure, error);
    case RUNC_OP_RLIMITS:
      return throw_rlimit (op, failure, error);
    case RUNC_OP_MKNOD:
    case RUNC_OP_BIND_DEVICE:
      return throw_device (op, failure, error);
    case RUNC_OP_CONSOLE:
      return throw_console (op, failure, error);
    default:
      return throw_plain (op, failure, error);
    }
}

gboolean
runc_plan_throw_failure (const RuncPlan *plan, const struct RuncPlanFailure *failure,
                         GError **error)
{
  static const char init[] = "error during container init: ";
  g_autoptr (GError) local = NULL;
  char *at;

  throw_failure (plan, failure, &local);
  /* What exec starts is no init, and runc does not call it so. */
  at = plan->child.root_slot == RUNC_NO_SLOT ? strstr (local->message, init) : NULL;
  if (at != NULL)
    memmove (at, at + strlen (init), strlen (at + strlen (init)) + 1);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
