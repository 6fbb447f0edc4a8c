/* `runc state`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  g_autoptr (RuncContainerInfo) info
      = runc_engine_state (invocation->global, invocation->args[0], error);
  if (info == NULL)
    return 1;

  autojson RuncJson *json = runc_container_info_to_json (info);
  runc_print_json (json);
  return 0;
}

const RuncCommand runc_command_state = {
  .name = "state",
  .summary = "print the state of a container as JSON",
  .arguments = "<container-id>",
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
