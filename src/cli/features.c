/* `runc features`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  (void)invocation;
  autojson RuncJson *json = runc_engine_features (error);
  if (json == NULL)
    return 1;
  runc_print_json (json);
  return 0;
}

const RuncCommand runc_command_features = {
  .name = "features",
  .summary = "print what this build supports as JSON",
  .arguments = "",
  .description = "The form of the document is the runtime specification's (features.md).",
  .min_args = 0,
  .max_args = 0,
  .run = run,
};
