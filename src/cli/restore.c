/* `runc restore`: its command line. Runs in the parent. */
#include "cli/criu-options.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>
#include <stdlib.h>

typedef struct
{
  RuncCriuCliOptions common;
  RuncCreateRequest request;
} Options;

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  RuncCreateRequest request = options->request;
  RuncCriuOptions criu;
  int status = 1;

  if (!runc_criu_cli_options (&options->common, &criu, error))
    return 1;
  request.id = invocation->args[0];
  request.notify_socket = getenv ("NOTIFY_SOCKET");
  request.restore = &criu;
  return runc_engine_restore (invocation->global, &request, &status, error) ? status : 1;
}

#define AT(member) offsetof (Options, member)

static const RuncOption options[] = {
  { "console-socket", 0, RUNC_OPTION_STRING, AT (request.console_socket), NULL,
    "path of an AF_UNIX socket that is sent the master end of the terminal" },
  { "bundle", 'b', RUNC_OPTION_STRING, AT (request.bundle), NULL,
    "path to the root of the bundle directory (default: the current directory)" },
  { "detach", 'd', RUNC_OPTION_BOOL, AT (request.detach), NULL,
    "do not wait for the container's end" },
  { "pid-file", 0, RUNC_OPTION_STRING, AT (request.pid_file), NULL,
    "file to write the process id of the container's init to" },
  { "no-subreaper", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "(obsolete, has no effect)" },
  { "no-pivot", 0, RUNC_OPTION_BOOL, AT (request.no_pivot), NULL,
    "(has no effect: it is criu that enters the root)" },
  { "lsm-profile", 0, RUNC_OPTION_STRING, AT (common.criu.lsm_profile), NULL,
    "LSM profile to restore with: TYPE:NAME" },
  { "lsm-mount-context", 0, RUNC_OPTION_STRING, AT (common.criu.lsm_mount_context), NULL,
    "LSM context of the mounts" },
  { 0 },
};

const RuncCommand runc_command_restore = {
  .name = "restore",
  .summary = "restore a container that was saved by checkpoint",
  .arguments = "<container-id>",
  .description = "The bundle says, as for 'run', what the container is made from; the images, in "
                 "what state its\n"
                 "processes are. Needs the program criu, and root.",
  .options = options,
  .shared = runc_criu_options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
