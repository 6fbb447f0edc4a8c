/* `runc pause`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  return runc_engine_pause (invocation->global, invocation->args[0], error) ? 0 : 1;
}

const RuncCommand runc_command_pause = {
  .name = "pause",
  .summary = "suspend all processes of a container",
  .arguments = "<container-id>",
  .description = "They go on with \"runc resume\".",
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
