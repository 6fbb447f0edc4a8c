/* `runc doctor`: its command line. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  (void)invocation;
  runc_throw (error, RUNC_ERROR_UNSUPPORTED, "doctor is not supported by this build");
  return 1;
}

static const RuncOption options[] = {
  { "json", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "print JSON" },
  { 0 },
};

const RuncCommand runc_command_doctor = {
  .name = "doctor",
  .summary = "say whether this machine is ready for containers without root",
  .arguments = "",
  .options = options,
  .min_args = 0,
  .max_args = 0,
  .run = run,
};
