/* Hooks. Pure; the parent. */
#include "plan/builder.h"

#include "wire/wire.h"

static const char *const no_environment[] = { NULL };

bool
runc_plan_has_hooks (const RuncBuilder *b, RuncHookKind kind)
{
  return b->spec->hooks[kind].n > 0;
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

      items[i]
          = (RuncPlanHook){ .path = hook->path,
                            .argv = hook->args.items,
                            .envp = hook->env.n > 0 ? hook->env.items : no_environment,
                            .timeout_ms = hook->timeout.present ? hook->timeout.value * 1000 : 0 };
      if (hook->args.n == 0)
        {
          const char **argv = runc_builder_alloc (b, 2 * sizeof *argv);

          argv[0] = hook->path;
          items[i].argv = argv;
        }
      /* Not in the specification, but people rely on it: these see what the process will see. */
      if (kind == RUNC_HOOK_START_CONTAINER && !hook->env.present)
        items[i].envp = (const char *const *)b->plan->child.envp;
    }
  return (RuncPlanHooks){ .items = items, .n = spec->n, .kind = runc_hook_kind_to_string (kind) };
}

void
runc_plan_parent_hooks (RuncBuilder *b)
{
  RuncPlan *plan = b->plan;

  plan->prestart = plan_hooks (b, RUNC_HOOK_PRESTART);
  plan->create_runtime = plan_hooks (b, RUNC_HOOK_CREATE_RUNTIME);
  plan->poststart = plan_hooks (b, RUNC_HOOK_POSTSTART);
  plan->poststop = plan_hooks (b, RUNC_HOOK_POSTSTOP);
  plan->child_hooks = runc_plan_has_hooks (b, RUNC_HOOK_CREATE_CONTAINER)
                      || runc_plan_has_hooks (b, RUNC_HOOK_START_CONTAINER);
}

void
runc_plan_child_hooks (RuncBuilder *b, RuncHookKind kind)
{
  if (runc_plan_has_hooks (b, kind))
    runc_builder_op (b, RUNC_OP_HOOKS, RUNC_LABEL_NONE)->u.hooks = plan_hooks (b, kind);
}
