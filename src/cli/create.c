/* `runc create`. Runs in the parent. */
#include "cli/create-options.h"

#include "base/error.h"
#include "engine/engine.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  RuncCreateRequest request;

  if (!runc_create_options_to_request (invocation->options, invocation->args[0], &request, error))
    return 1;
  request.detach = TRUE;
  if (!runc_engine_create (invocation->global, &request, error))
    {
      runc_prefix (error, "runc create failed");
      return 1;
    }
  return 0;
}

const RuncCommand runc_command_create = {
  .name = "create",
  .summary = "create a container",
  .arguments = runc_create_arguments,
  .description = runc_create_description,
  .shared = runc_create_options,
  .options_size = sizeof (RuncCreateOptions),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
