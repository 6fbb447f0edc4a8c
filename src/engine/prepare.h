/* From a request to a checked plan: what `create`, `run` and `plan` have in common. Internal to
 * src/engine.
 */
#pragma once

#include "base/log.h"
#include "host/host.h"
#include "plan/checkpoint.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "spec/spec.h"

#include <glib.h>

/* All that a plan is made from, and the plan. Embedded. */
typedef struct
{
  RuncCreateRequest request; /* the caller's, with absolute paths */
  GPtrArray *strings;        /* what those paths live in */
  int cwd_fd;                /* the caller's directory */
  char *config;              /* config.json as it was read */
  RuncSpec *spec;
  RuncHost *host;
  char *state_root;
  char *state_dir;
  RuncRestoreInput restore; /* restore only, and the next two, which it points to */
  char **descriptors;
  char **mounted_at; /* of spec->n_mounts, each may be NULL */
  RuncPlan *plan;
} RuncPrepared;

#define RUNC_PREPARED_INIT                                                                         \
  {                                                                                                \
    .cwd_fd = -EBADF                                                                               \
  }

/* The plan's warnings, at that level, and with --debug the plan: once, when it is certain to be
 * carried out. */
void runc_engine_say_plan (const RuncPlan *plan, RuncLogLevel warnings);

/* restore.c: read what the plan of a restore needs to know: prepared->restore. */
gboolean runc_restore_gather (RuncPrepared *prepared, GError **error);

void runc_prepared_clear (RuncPrepared *prepared);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncPrepared, runc_prepared_clear)

typedef enum
{
  RUNC_PREPARE_TO_RUN,
  RUNC_PREPARE_TO_CREATE, /* the container waits for `start` */
  RUNC_PREPARE_TO_SHOW,   /* nothing is done */
} RuncPreparePurpose;

/* Read and validate the bundle, probe the host (or take the facts in @host_file), build and check
 * the plan. The process's directory becomes the bundle, as hooks expect it. */
gboolean runc_prepare (const RuncGlobal *global, const RuncCreateRequest *request,
                       const char *host_file, RuncPreparePurpose purpose,
                       RuncPrepared *ret_prepared, GError **error);
