/* Launch: carry out a RuncPlan. Parent side: spawn, id maps, hooks, console, protocol, supervision.
 *
 * A launch is a short-lived object: start it, wait until it is ready, commit the state, let it
 * proceed, and (foreground) supervise it. Until runc_launch_proceed() a failure or a clear kills
 * and reaps the child; afterwards the child is the container's and outlives us.
 */
#pragma once

#include "cgroup/cgroup.h"
#include "launch/self.h"
#include "plan/plan.h"
#include "seccomp/seccomp.h"

#include <glib.h>
#include <signal.h>
#include <sys/types.h>

typedef struct
{
  RuncPlan *plan;  /* borrowed; its slots are filled here */
  int sock;        /* our end of the wire */
  pid_t pid;       /* the container's init (after FORKED) or exec'ed process, as seen by us */
  int pidfd;       /* of it */
  int console;     /* pty master, or -EBADF */
  int notify;      /* seccomp listener, or -EBADF */
  pid_t stage_pid; /* first stage that forks and exits; 0 when reaped or none */
  int stage_pidfd;
  int userns; /* the container's new user namespace, when FUSE filesystems are planned, or -EBADF */
  gboolean proceeded;

  /* another fd to watch while supervising: called each time it is readable, until it returns TRUE
   */
  int watch_fd;
  gboolean (*on_watch) (int fd, gpointer data);
  gpointer watch_data;
} RuncLaunch;

#define RUNC_LAUNCH_INIT                                                                           \
  {                                                                                                \
    .sock = -EBADF, .pidfd = -EBADF, .console = -EBADF, .notify = -EBADF, .stage_pidfd = -EBADF,   \
    .userns = -EBADF, .watch_fd = -EBADF                                                           \
  }

/* Kills and reaps a child that has not proceeded; closes fds. */
void runc_launch_clear (RuncLaunch *launch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncLaunch, runc_launch_clear)

/* What the plan cannot know. */
typedef struct
{
  int cgroup_fd;    /* v2 directory for CLONE_INTO_CGROUP, or -EBADF */
  const char *fifo; /* path of the start fifo, or NULL */
  int gate_fd;      /* the lock of the start gate, or -EBADF */
  int init_pidfd;   /* exec: pidfd of the container's init */
  int socket;       /* for a SOCKET slot: copied; the other end must be close-on-exec */
  int state_dir_fd; /* closed in the child, so that it does not keep the lock; or -EBADF */
  RuncSelf *self;   /* taken into the slots, where the plan has them; NULL: the plan has none */
} RuncLaunchContext;

/* Open the parent's slots, clone, write the id maps (unless plan->forks: then when FORKED came). */
gboolean runc_launch_start (RuncLaunch *launch, RuncPlan *plan, const RuncLaunchContext *context,
                            GError **error);

/* Drive the protocol up to the point where everything is sent but PROCEED. The order of messages is
 * taken from the plan's op list, the same that the child walks.
 *
 * @state_json: the container's state for hooks (new string), with status "created" or "creating"
 * @on_forked: what has to happen once a first stage has reported the container's process, before
 * that goes on to anything that depends on its cgroup, or NULL
 * @on_delegate: the process has made its cgroup namespace and goes on once it is where it will
 * stay, or NULL
 * @on_root_ready: what has to happen between ROOT_READY and HOOKS_DONE (hooks, network), or NULL
 * @on_listener: launch->notify is there, and from now on the child may wait for its agent, or NULL
 * @on_fuse: the child wants a device for the plan's FUSE filesystem number @index: give it one
 * (runc_launch_mount_fuse()), start who serves it, and see that it answers
 * (runc_launch_await_served())
 * @filter: the seccomp program, or NULL */
typedef struct
{
  const RuncSeccompFilter *filter;
  char *(*state_json) (RuncLaunch *launch, gboolean created, gpointer data);
  gboolean (*on_forked) (RuncLaunch *launch, gpointer data, GError **error);
  gboolean (*on_delegate) (RuncLaunch *launch, gpointer data, GError **error);
  gboolean (*on_root_ready) (RuncLaunch *launch, gpointer data, GError **error);
  gboolean (*on_listener) (RuncLaunch *launch, gpointer data, GError **error);
  gboolean (*on_fuse) (RuncLaunch *launch, int index, gpointer data, GError **error);
  gpointer data;
} RuncLaunchDrive;

gboolean runc_launch_drive (RuncLaunch *launch, const RuncLaunchDrive *drive, GError **error);

/* Have the child mount its FUSE filesystem on @take_device. */
gboolean runc_launch_mount_fuse (RuncLaunch *launch, int take_device, GError **error);
/* Wait until the child has an answer from there. It fails when the server has ended, or there is no
 * answer in time. */
gboolean runc_launch_await_served (RuncLaunch *launch, int timeout_ms, GError **error);

/* Send PROCEED: the container's state is on disk. @wait_exec: wait for the end-of-file that means
 * that execve() succeeded (or for FAILED, which becomes the error). After success the child is not
 * ours to kill any more. */
gboolean runc_launch_proceed (RuncLaunch *launch, gboolean wait_exec, GError **error);

/* Open the file that the output of hooks is appended to. Returns an fd or -1. */
int runc_launch_open_log (const char *path, GError **error);

/* Run parent-side hooks one after the other with @state_json on stdin. */
gboolean runc_launch_run_hooks (const RuncPlanHooks *hooks, const char *state_json, GError **error);
/* The same, but each hook that fails is a warning, and the next one runs all the same (poststop).
 */
void runc_launch_try_hooks (const RuncPlanHooks *hooks, const char *state_json, const char *id);

/* Block every signal that supervision forwards, before the clone, so that none is lost. */
void runc_launch_block_signals (void);

/* Foreground: forward signals, copy the terminal, resize, reap, until the process ends.
 * @ret_status: exit status, or 128 + signal */
gboolean runc_launch_supervise (RuncLaunch *launch, int *ret_status, GError **error);

/* Send the pty master (SCM_RIGHTS) to the socket at @path, as the engines expect. */
gboolean runc_launch_send_console (const char *path, int console_fd, GError **error);
/* Send the pidfd to the socket at @path. */
gboolean runc_launch_send_pidfd (const char *path, int pidfd, GError **error);

/* Do @work in a process of ours that is in the mount namespace of the process of @target_pidfd, and
 * wait for its end. What it returns is 0 or -errno; nothing that it changes in memory is seen here.
 */
gboolean runc_launch_in_mounts (int target_pidfd, int (*work) (gpointer data), gpointer data,
                                GError **error);

/* Do @work in a process of a new user namespace, with all rights over the ids of @maps, and wait
 * for its end.
 *
 * @work: what it returns is 0 for success. It runs in a copy of this process: nothing that it
 *   changes in memory is seen here
 * Errors: the process could not be made, or did not succeed. */
gboolean runc_launch_in_userns (const RuncMapPlan *maps, int (*work) (gpointer data), gpointer data,
                                GError **error);

/* Become root of a new user namespace with the ids of @maps, and of a new mount namespace in it,
 * whose mounts are not seen outside. The groups that we have stay. */
gboolean runc_launch_enter_userns (const RuncMapPlan *maps, GError **error);
