/* Readiness: the sd_notify protocol between a container and the service manager that runs us. */
#pragma once

#include "launch/launch.h"

#include <glib.h>

/* Where the container sees its socket; the plan binds the directory read-only at its dirname. */
#define RUNC_READY_DIR  "notify"
#define RUNC_READY_NAME "notify.sock"

/* Make the directory that is bound into the container, below @state_dir_fd. */
gboolean runc_ready_make_dir (int state_dir_fd, GError **error);

/* Make and bind the socket in it. Returns an fd, or -1 with an error. */
int runc_ready_bind (int state_dir_fd, GError **error);

/* One datagram may have come on @sock: when it says READY=, tell the manager at @host (path, or
 * "@name"), with @main_pid as the process to watch. TRUE when READY has been seen, whatever the
 * manager made of it. */
gboolean runc_ready_forward (int sock, const char *host, pid_t main_pid);

/* Wait for READY, or for the end of the process @pidfd, and forward it. */
void runc_ready_wait (int sock, const char *host, pid_t main_pid, int pidfd);
