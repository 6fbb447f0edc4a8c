/* `runc checkpoint`: its command line. Runs in the parent. */
#include "cli/criu-options.h"

#include "base/error.h"
#include "base/strings.h"
#include "engine/engine.h"

#include <stddef.h>
#include <string.h>

typedef struct
{
  RuncCriuCliOptions common;
  const char *page_server;
  const char *status_fd;
} Options;

/* "address:port", "[::1]:port". @ret_address: new string */
static gboolean
parse_server (const char *text, char **ret_address, guint16 *ret_port, GError **error)
{
  const char *colon = strrchr (text, ':');
  gsize len = colon != NULL ? (gsize)(colon - text) : 0;
  uint64_t port;

  if (len == 0 || colon[1] == '\0')
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "Use --page-server ADDRESS:PORT to specify page server");
  if (!runc_parse_uint64 (colon + 1, G_MAXUINT16, &port, NULL) || port == 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "Invalid port number '%s' (--page-server)",
                       colon + 1);
  if (text[0] == '[' && colon[-1] == ']' && len > 2)
    *ret_address = g_strndup (text + 1, len - 2);
  else
    *ret_address = g_strndup (text, len);
  *ret_port = (guint16)port;
  return TRUE;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  g_autofree char *address = NULL;
  RuncCriuOptions criu;
  uint64_t fd;

  if (!runc_criu_cli_options (&options->common, &criu, error))
    return 1;
  if (options->page_server != NULL && options->page_server[0] != '\0'
      && !parse_server (options->page_server, &address, &criu.page_port, error))
    return 1;
  criu.page_address = address;
  if (options->status_fd != NULL && strcmp (options->status_fd, "-1") != 0)
    {
      if (!runc_parse_uint64 (options->status_fd, G_MAXINT, &fd, error))
        {
          runc_prefix (error, "--status-fd");
          return 1;
        }
      criu.status_fd = (int)fd;
    }
  return runc_engine_checkpoint (invocation->global, invocation->args[0], &criu, error) ? 0 : 1;
}

#define AT(member) offsetof (Options, member)

static const RuncOption options[] = {
  { "parent-path", 0, RUNC_OPTION_STRING, AT (common.criu.parent_path), NULL,
    "directory of an earlier --pre-dump, relative to --image-path" },
  { "leave-running", 0, RUNC_OPTION_BOOL, AT (common.criu.leave_running), NULL,
    "do not stop the container" },
  { "tcp-skip-in-flight", 0, RUNC_OPTION_BOOL, AT (common.criu.tcp_skip_in_flight), NULL,
    "skip TCP connections that are being made" },
  { "link-remap", 0, RUNC_OPTION_BOOL, AT (common.criu.link_remap), NULL,
    "allow files that were unlinked, by linking them again" },
  { "status-fd", 0, RUNC_OPTION_STRING, AT (status_fd), NULL,
    "fd that a NUL is written to once --lazy-pages is ready" },
  { "page-server", 0, RUNC_OPTION_STRING, AT (page_server), NULL,
    "ADDRESS:PORT of a page server to send the memory to" },
  { "pre-dump", 0, RUNC_OPTION_BOOL, AT (common.criu.pre_dump), NULL,
    "save memory only, and leave the container running" },
  { 0 },
};

const RuncCommand runc_command_checkpoint = {
  .name = "checkpoint",
  .summary = "save a running container to disk, with criu",
  .arguments = "<container-id>",
  .description
  = "The container's processes are saved with all that they have: memory, open files, namespaces.\n"
    "Then the container is removed, unless --leave-running says otherwise; 'runc restore' makes "
    "it\n"
    "again, in the same bundle or in a copy of it. Needs the program criu, and root.",
  .options = options,
  .shared = runc_criu_options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
