/* `runc resume`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  return runc_engine_resume (invocation->global, invocation->args[0], error) ? 0 : 1;
}

const RuncCommand runc_command_resume = {
  .name = "resume",
  .summary = "let the processes of a paused container go on",
  .arguments = "<container-id>",
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
