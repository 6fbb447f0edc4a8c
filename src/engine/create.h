/* Making a container up to its gate: what `create` and `run` share. Internal to src/engine. */
#pragma once

#include "engine/common.h"
#include "engine/prepare.h"
#include "launch/launch.h"

/* A container in the making. Embedded. Until it is committed, clear takes everything back: process,
 * cgroups, state directory. */
typedef struct
{
  RuncPrepared prepared;
  RuncStateDir dir;
  RuncState *state;
  RuncCgroupMade cgroup;
  RuncSeccompFilter filter;
  RuncSelf self;
  RuncLaunch launch;
  int gate_fd;         /* holds the lock of the start gate, for the child to inherit; or -EBADF */
  gboolean adopted;    /* the process is in its cgroups, with all their rules */
  gboolean registered; /* the state directory is ours */
  gboolean committed;
} RuncCreation;

#define RUNC_CREATION_INIT                                                                         \
  {                                                                                                \
    .prepared = RUNC_PREPARED_INIT, .dir = RUNC_STATE_DIR_INIT, .cgroup = { .v2_fd = -EBADF },     \
    .self = RUNC_SELF_INIT, .launch = RUNC_LAUNCH_INIT, .gate_fd = -EBADF                          \
  }

void runc_creation_clear (RuncCreation *creation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncCreation, runc_creation_clear)

/* Do everything but PROCEED: when this returns, the container's state is on disk, its process has
 * only the gate and execve() before it, pid file and sockets are served.
 *
 * @gate: make a start fifo (create)
 * @foreground: signals are blocked from when there is something to clean up, for the supervision to
 *   take them */
typedef struct
{
  gboolean gate;
  gboolean foreground;
} RuncCreationMode;

gboolean runc_creation_run (RuncCreation *creation, const RuncGlobal *global,
                            const RuncCreateRequest *request, RuncCreationMode mode,
                            GError **error);

/* Let the container's process proceed; from now on the container stays. */
gboolean runc_creation_commit (RuncCreation *creation, gboolean wait_exec, GError **error);

/* ---- the steps of it that restore takes, too ---- */

/* Everything that is decided before anything is made: creation->prepared. */
gboolean runc_creation_decide (RuncCreation *creation, const RuncGlobal *global,
                               const RuncCreateRequest *request, RuncCreationMode mode,
                               GError **error);

/* Make the state directory with what delete needs to know, then the layer and the cgroups. */
gboolean runc_creation_acquire (RuncCreation *creation, gboolean gate, GError **error);

/* @pid is the first process of the container's cgroups: place it there where that was not done
 * before it was there, and apply what needs a process. */
gboolean runc_creation_adopt (RuncCreation *creation, pid_t pid, GError **error);

/* Write the state with creation->launch.pid as the container's process. */
gboolean runc_creation_note_process (RuncCreation *creation, GError **error);

/* The root is built, or is about to be, and the namespaces are there: the network comes first,
 * hooks (prestart, createRuntime) may want to use it. @devices: move interfaces in */
gboolean runc_creation_serve_root (RuncCreation *creation, gboolean devices, GError **error);

/* What others are waiting for: the pty, the pid. */
gboolean runc_creation_hand_out (RuncCreation *creation, GError **error);

/* run.c: supervise in the foreground, and clean up at its end unless @keep. */
gboolean runc_engine_supervise (RuncCreation *creation, gboolean keep, int *ret_status,
                                GError **error);

/* ---- helpers.c: processes that serve the container from outside ---- */

/* What must be there before the container's process looks for it: files that the plan binds over
 * the container's own, the directory of a layer. */
gboolean runc_helpers_prepare (const RuncCreation *creation, GError **error);

/* Start what serves the container's network, if anything does. */
gboolean runc_helpers_start_network (RuncCreation *creation, GError **error);

/* RuncLaunchDrive.on_fuse; @data: the RuncCreation */
gboolean runc_helpers_on_fuse (RuncLaunch *launch, int index, gpointer data, GError **error);

/* When the process @pid was started. Without it a process is not to be told from a later one with
 * its number, and nobody would end it. */
gboolean runc_engine_start_time (pid_t pid, guint64 *ret_start_time, GError **error);

/* ---- what exec does in the same way ---- */

/* runc's rules for terminal, detaching and console socket together. */
gboolean runc_engine_check_terminal (gboolean terminal, gboolean detach, const char *console_socket,
                                     GError **error);

/* Are the fds from 3 to 3 + @n - 1 open, which the caller wants to be passed on? */
gboolean runc_engine_check_fds (guint n, GError **error);

gboolean runc_engine_write_pid_file (const char *path, pid_t pid, GError **error);

/* Where this user keeps what can be made again, for @name (new string); NULL: nowhere. The
 * directory may not exist. */
char *runc_engine_cache_dir (const RuncHost *host, const char *name);

/* Give the seccomp listener that has come (launch->notify) to the agent that @spec names, with
 * @state_json, and close it. */
gboolean runc_engine_send_listener (const RuncSpec *spec, RuncLaunch *launch,
                                    const char *state_json, GError **error);
