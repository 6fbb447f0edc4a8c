/* `runc start`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  return runc_engine_start (invocation->global, invocation->args[0], error) ? 0 : 1;
}

const RuncCommand runc_command_start = {
  .name = "start",
  .summary = "start the process of a created container",
  .arguments = "<container-id>",
  .description = "The container was made by \"runc create\", and its process waits to be started.",
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
