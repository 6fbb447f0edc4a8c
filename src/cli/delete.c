/* `runc delete`. Runs in the parent. */
#include "cli/command.h"

#include "base/log.h"
#include "engine/engine.h"

#include <stddef.h>

typedef struct
{
  gboolean force;
} Options;

/* One that cannot be deleted does not save the others; the last error is the final one. */
static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  g_autoptr (GError) last = NULL;

  for (guint i = 0; i < invocation->n_args; i++)
    {
      g_autoptr (GError) current = NULL;
      if (runc_engine_delete (invocation->global, invocation->args[i], options->force, &current))
        continue;
      if (last != NULL)
        runc_log_fatal (last->message);
      g_clear_error (&last);
      last = g_steal_pointer (&current);
    }
  if (last == NULL)
    return 0;
  g_propagate_error (error, g_steal_pointer (&last));
  return 1;
}

static const RuncOption options[] = {
  { "force", 'f', RUNC_OPTION_BOOL, offsetof (Options, force), NULL,
    "kill a container that still runs (with SIGKILL); one that is not there is no error" },
  { 0 },
};

const RuncCommand runc_command_delete = {
  .name = "delete",
  .summary = "delete containers and everything that belongs to them",
  .arguments = "<container-id>...",
  .description = "The containers must be stopped, or created and not started, unless --force is\n"
                 "given.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = G_MAXUINT,
  .run = run,
};
