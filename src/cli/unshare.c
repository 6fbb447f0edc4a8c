/* `runc unshare`. Runs in the parent, and becomes the command. */
#include "cli/command.h"

#include "engine/engine.h"

#include <string.h>

static int
run (const RuncInvocation *invocation, GError **error)
{
  char **command = invocation->args;
  int status = 1;

  if (command[0] != NULL && strcmp (command[0], "--") == 0)
    command++;
  runc_engine_unshare ((const char *const *)command, &status, error);
  return status;
}

const RuncCommand runc_command_unshare = {
  .name = "unshare",
  .summary = "run a command with all the ids that your containers have",
  .arguments = "[command] [arguments...]",
  .description
  = "The command (default: $SHELL) is root over the files that the users of your containers\n"
    "own, and sees all else as you do. So it can unpack a root file system with the owners\n"
    "that it should have, look into a layer, and remove what you cannot:\n"
    "\n"
    "    runc unshare tar -xpf debian.tar -C rootfs\n"
    "    runc unshare rm -rf layer\n"
    "\n"
    "Root has all ids already: then the command is just run.",
  .options = NULL,
  .min_args = 0,
  .max_args = G_MAXUINT,
  .options_first = TRUE,
  .run = run,
};
