/* `runc kill`. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

#include <stddef.h>

typedef struct
{
  gboolean all;
} Options;

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  const char *signal = invocation->n_args > 1 ? invocation->args[1] : NULL;

  return runc_engine_kill (invocation->global, invocation->args[0], signal, options->all, error)
             ? 0
             : 1;
}

static const RuncOption options[] = {
  { "all", 'a', RUNC_OPTION_BOOL, offsetof (Options, all), NULL,
    "signal every process of the container, and do not mind if there is none" },
  { 0 },
};

const RuncCommand runc_command_kill = {
  .name = "kill",
  .summary = "send a signal to the init process of a container",
  .arguments
  = "<container-id> [signal]\n"
    "\n"
    "The signal is a name (\"KILL\", \"SIGKILL\") or a number; without one it is SIGTERM.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = 2,
  .run = run,
};
