/* `runc events`: its command line. Runs in the parent. */
#include "cli/command.h"

#include "engine/engine.h"

#include <stddef.h>
#include <stdio.h>

static gboolean
print_event (const char *line, gpointer data)
{
  (void)data;
  /* Whoever reads this waits for each line. */
  return puts (line) >= 0 && fflush (stdout) == 0;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  RuncEventsRequest request = *(const RuncEventsRequest *)invocation->options;

  request.id = invocation->args[0];
  request.on_event = print_event;
  return runc_engine_events (invocation->global, &request, error) ? 0 : 1;
}

static const RuncOption options[] = {
  { "interval", 0, RUNC_OPTION_DURATION, offsetof (RuncEventsRequest, interval_us), "5s",
    "time between two statistics" },
  { "stats", 0, RUNC_OPTION_BOOL, offsetof (RuncEventsRequest, once), NULL,
    "print the statistics once and exit" },
  { 0 },
};

const RuncCommand runc_command_events = {
  .name = "events",
  .summary = "print statistics and out-of-memory events of a container",
  .arguments = "<container-id>",
  .description = "Each event is one line of JSON.",
  .options = options,
  .options_size = sizeof (RuncEventsRequest),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
