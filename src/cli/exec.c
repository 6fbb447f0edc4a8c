/* `runc exec`. Runs in the parent. */
#include "cli/create-options.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>
#include <string.h>

/* What cannot be set up is told apart from whatever the process itself may exit with. */
#define SETUP_FAILED 255

static int
run (const RuncInvocation *invocation, GError **error)
{
  RuncExecRequest request = *(const RuncExecRequest *)invocation->options;
  char **command = invocation->args + 1;
  int status = SETUP_FAILED;

  /* behind the id, "--" may stand as well as in front of it */
  if (command[0] != NULL && strcmp (command[0], "--") == 0)
    command++;
  request.id = invocation->args[0];
  request.args = (const char *const *)command;
  if (request.process == NULL && command[0] == NULL)
    {
      runc_throw (error, RUNC_ERROR_USAGE, "exec failed: exec args cannot be empty");
      return SETUP_FAILED;
    }
  if (!runc_listen_fds (&request.listen_fds, error))
    return SETUP_FAILED;
  request.preserve_fds += request.listen_fds;
  if (!runc_engine_exec (invocation->global, &request, &status, error))
    {
      runc_prefix (error, "exec failed");
      return SETUP_FAILED;
    }
  return status;
}

#define AT(member) offsetof (RuncExecRequest, member)

static const RuncOption options[] = {
  { "console-socket", 0, RUNC_OPTION_STRING, AT (console_socket), NULL,
    "path of an AF_UNIX socket that is sent the master end of the terminal" },
  { "pidfd-socket", 0, RUNC_OPTION_STRING, AT (pidfd_socket), NULL,
    "path of an AF_UNIX socket that is sent a pidfd of the process" },
  { "cwd", 0, RUNC_OPTION_STRING, AT (cwd), NULL,
    "working directory of the process, in the container" },
  { "env", 'e', RUNC_OPTION_LIST, AT (env), NULL, "set an environment variable: NAME=VALUE" },
  { "tty", 't', RUNC_OPTION_BOOL, AT (tty), NULL, "give the process a terminal" },
  { "user", 'u', RUNC_OPTION_STRING, AT (user), NULL, "user of the process: <uid>[:<gid>]" },
  { "additional-gids", 'g', RUNC_OPTION_LIST, AT (additional_gids), NULL,
    "one more group of the process" },
  { "process", 'p', RUNC_OPTION_STRING, AT (process), NULL,
    "file with the process in JSON, in place of a command" },
  { "detach", 'd', RUNC_OPTION_BOOL, AT (detach), NULL, "do not wait for the process's end" },
  { "pid-file", 0, RUNC_OPTION_STRING, AT (pid_file), NULL, "file to write the process id to" },
  { "process-label", 0, RUNC_OPTION_STRING, AT (process_label), NULL,
    "SELinux label of the process" },
  { "apparmor", 0, RUNC_OPTION_STRING, AT (apparmor), NULL, "AppArmor profile of the process" },
  { "no-new-privs", 0, RUNC_OPTION_BOOL, AT (no_new_privs), NULL,
    "forbid the process to gain privileges" },
  { "cap", 'c', RUNC_OPTION_LIST, AT (caps), NULL, "give the process one more capability" },
  { "preserve-fds", 0, RUNC_OPTION_COUNT, AT (preserve_fds), NULL,
    "pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the process" },
  { "cgroup", 0, RUNC_OPTION_LIST, AT (cgroups), NULL,
    "run in a sub-cgroup that is there: [<controller>[,<controller>...]:]<cgroup>" },
  { "ignore-paused", 0, RUNC_OPTION_BOOL, AT (ignore_paused), NULL,
    "do not refuse a paused container" },
  { 0 },
};

const RuncCommand runc_command_exec = {
  .name = "exec",
  .summary = "run another process in a container",
  .arguments = "<container-id> <command> [arguments...]  |  -p process.json <container-id>\n"
               "\n"
               "What stands behind the container's id is passed on untouched, options included:\n"
               "\n"
               "    # runc exec <container-id> ps -ef",
  .options = options,
  .options_size = sizeof (RuncExecRequest),
  .min_args = 1,
  .max_args = G_MAXUINT,
  .options_first = TRUE,
  .run = run,
};
