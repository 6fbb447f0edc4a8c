/* What `create`, `run` and `plan` have in common on the command line.
 */
#pragma once

#include "cli/command.h"

typedef struct
{
  RuncCreateRequest request;
  const char *network;
  const char *overlay_driver;
} RuncCreateOptions;

/* Rows over a RuncCreateOptions, or over a struct that begins with one. */
extern const RuncOption runc_create_options[];

/* What the help says about the argument of `create` and `run`. */
extern const char runc_create_arguments[];
extern const char runc_create_description[];

/* The request that @options and the environment ($LISTEN_FDS, $NOTIFY_SOCKET) make, for container
 * @id. It borrows from @options. RUNC_ERROR_USAGE for a word that is not known. */
gboolean runc_create_options_to_request (const RuncCreateOptions *options, const char *id,
                                         RuncCreateRequest *ret_request, GError **error);

/* How many fds behind stderr a service manager passed to this process: $LISTEN_FDS, if $LISTEN_PID
 * means us or is not set (sd_listen_fds(3)). RUNC_ERROR_USAGE if it is not a number. */
gboolean runc_listen_fds (guint *ret_n, GError **error);
