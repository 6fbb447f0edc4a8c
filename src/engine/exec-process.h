/* What `exec` executes. Internal to src/engine. */
#pragma once

#include "plan/request.h"
#include "spec/spec.h"

#include <glib.h>

/* A process with what it is made of. Embedded. */
typedef struct
{
  RuncSpecProcess
      process; /* borrows from the container's spec, the request and the members below */
  RuncSpecCapabilities capabilities;
  RuncSpec *document; /* of process.json, or NULL */
  GPtrArray *env;
  GArray *gids;
  GPtrArray *unknown_caps;
  gsize n_args;
} RuncExecProcess;

void runc_exec_process_clear (RuncExecProcess *process);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncExecProcess, runc_exec_process_clear)

/* The process of process.json (request->process), or the container's own with the command and what
 * the options change in it. @ret_process is not to be moved: it points into itself. */
gboolean runc_exec_process_init (const RuncSpec *spec, const RuncExecRequest *request,
                                 RuncExecProcess *ret_process, GError **error);
