/* Hooks. Pure; the parent. */
#include "plan/builder.h"

#include "wire/wire.h"

static const char *const no_environment[] = { NULL };

bool
runc_plan_has_hooks (const RuncBuilder *b, RuncHookKind kind)
{
  return b->spec->hooks[kind].n > 0;
}

/* The file of an annotation, absolute, or NULL. */
static const char *
log_path (RuncBuilder *b, const char *annotation)
{
  const char *path = runc_spec_annotation (b->spec, annotation);

  if (path == NULL || path[0] == '\0')
    return NULL;
  return path[0] == '/' ? path : runc_builder_path (b, b->host->bundle, path);
}

/* Without the member, a hook that the runtime starts has the runtime's environment, one in the
 * container's namespaces has none. */
static const char *const *
hook_environment (RuncBuilder *b, RuncHookKind kind, const RuncSpecHook *hook)
{
  if (hook->env.present)
    return hook->env.n > 0 ? hook->env.items : no_environment;
  /* Not in the specification, but people rely on it: these see what the process will see. */
  if (kind == RUNC_HOOK_START_CONTAINER)
    return (const char *const *)b->plan->child.envp;
  return kind == RUNC_HOOK_CREATE_CONTAINER ? no_environment : NULL;
}

static RuncPlanHooks
plan_hooks (RuncBuilder *b, RuncHookKind kind)
{
  const RuncSpecHooks *spec = &b->spec->hooks[kind];
  RuncPlanHook *items;

  if (spec->n == 0)
    return (RuncPlanHooks){ .kind = runc_hook_kind_to_string (kind) };
  items = runc_builder_alloc (b, spec->n * sizeof *items);
  for (gsize i = 0; i < spec->n; i++)
    {
      const RuncSpecHook *hook = &spec->items[i];

      items[i] = (RuncPlanHook){ .path = hook->path,
                                 .argv = hook->args.items,
                                 .envp = hook_environment (b, kind, hook),
                                 .timeout_ms = hook->timeout.present
                                                   ? MIN (hook->timeout.value, G_MAXINT32) * 1000
                                                   : 0 };
      if (hook->args.n == 0)
        {
          const char **argv = runc_builder_alloc (b, 2 * sizeof *argv);

          argv[0] = hook->path;
          items[i].argv = argv;
        }
    }
  return (RuncPlanHooks){ .items = items, .n = spec->n, .kind = runc_hook_kind_to_string (kind) };
}

static RuncPlanHooks
plan_parent_hooks (RuncBuilder *b, RuncHookKind kind)
{
  RuncPlanHooks hooks = plan_hooks (b, kind);

  hooks.stdout_path = log_path (b, RUNC_HOOKS_STDOUT);
  hooks.stderr_path = log_path (b, RUNC_HOOKS_STDERR);
  return hooks;
}

void
runc_plan_parent_hooks (RuncBuilder *b)
{
  RuncPlan *plan = b->plan;

  plan->prestart = plan_parent_hooks (b, RUNC_HOOK_PRESTART);
  plan->create_runtime = plan_parent_hooks (b, RUNC_HOOK_CREATE_RUNTIME);
  plan->poststart = plan_parent_hooks (b, RUNC_HOOK_POSTSTART);
  plan->poststop = plan_parent_hooks (b, RUNC_HOOK_POSTSTOP);
  plan->child_hooks = runc_plan_has_hooks (b, RUNC_HOOK_CREATE_CONTAINER)
                      || runc_plan_has_hooks (b, RUNC_HOOK_START_CONTAINER);
}

/* The slot of that file, opened by the parent: the child's root has another file of that name. */
static int
log_slot (RuncBuilder *b, const char *annotation)
{
  const char *path = log_path (b, annotation);

  return path != NULL ? runc_builder_slot (b, RUNC_SLOT_LOG, path) : RUNC_NO_SLOT;
}

void
runc_plan_child_hooks (RuncBuilder *b, RuncHookKind kind)
{
  RuncOp *op;

  if (!runc_plan_has_hooks (b, kind))
    return;
  op = runc_builder_op (b, RUNC_OP_HOOKS, RUNC_LABEL_NONE);
  op->u.hooks = plan_hooks (b, kind);
  op->u.hooks.in_root = kind == RUNC_HOOK_CREATE_CONTAINER;
  op->slot = log_slot (b, RUNC_HOOKS_STDOUT);
  op->result = log_slot (b, RUNC_HOOKS_STDERR);
}
