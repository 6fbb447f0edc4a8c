/* `runc events`: its command line. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  (void)invocation;
  runc_throw (error, RUNC_ERROR_UNSUPPORTED, "events is not supported by this build");
  return 1;
}

static const RuncOption options[] = {
  { "interval", 0, RUNC_OPTION_DURATION, RUNC_OPTION_IGNORED, "5s", "time between two statistics" },
  { "stats", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "print the statistics once and exit" },
  { 0 },
};

const RuncCommand runc_command_events = {
  .name = "events",
  .summary = "print statistics and out-of-memory events of a container",
  .arguments = "<container-id>",
  .description = "Each event is one line of JSON.",
  .options = options,
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
