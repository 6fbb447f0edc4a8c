/* `runc run`. Runs in the parent. */
#include "cli/create-options.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>

static int
run (const RuncInvocation *invocation, GError **error)
{
  RuncCreateRequest request;
  int status = 1;

  if (!runc_create_options_to_request (invocation->options, invocation->args[0], &request, error))
    return 1;
  if (!runc_engine_run (invocation->global, &request, &status, error))
    {
      runc_prefix (error, "runc run failed");
      return 1;
    }
  return status;
}

static const RuncOption options[] = {
  { "detach", 'd', RUNC_OPTION_BOOL, offsetof (RuncCreateOptions, request.detach), NULL,
    "do not wait for the container's end" },
  { "keep", 0, RUNC_OPTION_BOOL, offsetof (RuncCreateOptions, request.keep), NULL,
    "do not delete the container after it exits" },
  { "no-subreaper", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "(obsolete, has no effect)" },
  { 0 },
};

const RuncCommand runc_command_run = {
  .name = "run",
  .summary = "create and run a container",
  .arguments = runc_create_arguments,
  .description = runc_create_description,
  .options = options,
  .shared = runc_create_options,
  .options_size = sizeof (RuncCreateOptions),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
