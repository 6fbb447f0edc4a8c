/* `runc plan`. Runs in the parent. */
#include "cli/create-options.h"

#include "engine/engine.h"

#include <stddef.h>
#include <stdio.h>

typedef struct
{
  RuncCreateOptions create; /* first: the shared table begins here */
  gboolean json;
  const char *host_file;
  const char *id;
} Options;

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  RuncCreateRequest request;

  if (!runc_create_options_to_request (&options->create, options->id, &request, error))
    return 1;
  if (invocation->n_args > 0)
    request.bundle = invocation->args[0];
  g_autofree char *text
      = runc_engine_plan (invocation->global, &request, options->host_file, options->json, error);
  if (text == NULL)
    return 1;
  fputs (text, stdout);
  return 0;
}

static const RuncOption options[] = {
  { "json", 0, RUNC_OPTION_BOOL, offsetof (Options, json), NULL, "print JSON" },
  { "host", 0, RUNC_OPTION_STRING, offsetof (Options, host_file), NULL,
    "file with the facts about the host, instead of looking at this one" },
  { "id", 0, RUNC_OPTION_STRING, offsetof (Options, id), "container", "id of the container" },
  { 0 },
};

const RuncCommand runc_command_plan = {
  .name = "plan",
  .summary = "print what \"run\" would do for a bundle, and do nothing",
  .arguments = "[bundle]",
  .options = options,
  .shared = runc_create_options,
  .options_size = sizeof (Options),
  .min_args = 0,
  .max_args = 1,
  .run = run,
};
