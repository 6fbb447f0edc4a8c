/* What `checkpoint` and `restore` share: a criu that runs, and what is read for its plan. Internal
 * to src/engine. */
#pragma once

#include "criu/session.h"
#include "launch/launch.h"
#include "plan/checkpoint.h"

#include <glib.h>

/* A criu that was started for one request. Embedded; clear ends it. */
typedef struct
{
  RuncLaunch launch;
  int sock;    /* our end */
  int version; /* 40101, once it was greeted */
  int dirs[2]; /* images and work, for criu to open by number */
} RuncCriuRun;

#define RUNC_CRIU_RUN_INIT                                                                         \
  {                                                                                                \
    .launch = RUNC_LAUNCH_INIT, .sock = -EBADF, .dirs = { -EBADF, -EBADF }                         \
  }

void runc_criu_run_clear (RuncCriuRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncCriuRun, runc_criu_run_clear)

/* Start the process that will be criu. @context: as for runc_launch_start(), but for the socket. */
gboolean runc_criu_run_start (RuncCriuRun *run, RuncPlan *plan, const RuncLaunchContext *context,
                              GError **error);

/* Have it do everything before that: it is in its cgroups then, and in its mount namespace. Opens
 * the directories that criu will. */
gboolean runc_criu_run_prepare (RuncCriuRun *run, GError **error);

/* Let it become criu, and see that it can do what is planned. */
gboolean runc_criu_run_greet (RuncCriuRun *run, GError **error);

/* All is said: wait for its end. */
void runc_criu_run_finish (RuncCriuRun *run);

/* @given with absolute paths, and the directory of the images by name. @strings keeps them. */
RuncCriuOptions runc_criu_absolute (const RuncCriuOptions *given, GPtrArray *strings);

/* Make the directory for work files, unless it is there or not asked for. */
gboolean runc_criu_make_work_dir (const RuncCriuOptions *options, GError **error);

/* For each of @spec's mounts where its destination leads to below @root (an O_PATH fd of a
 * process's or a bundle's root), or NULL (an array of n_mounts strings, owned). @skip: bytes to
 * leave out at the front, for a root that is itself below "/". */
char **runc_criu_resolve_mounts (const RuncSpec *spec, int root, gsize skip, GError **error);

/* Our environment, for criu. */
const char *const *runc_criu_environment (void);
