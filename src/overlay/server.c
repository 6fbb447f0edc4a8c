/* Starting fuse-overlayfs. Runs in the parent, while the container's process waits for an answer of
 * its filesystem.
 *
 * Who joins a user namespace cannot make a pid namespace for itself at the same time, so there are
 * two steps: a process that joins, and its sibling, made by it, which becomes the server
 * (sandbox.c). Both say on stderr, a pipe, what goes wrong.
 */
#include "overlay/server.h"

#include "base/error.h"
#include "base/fd.h"
#include "overlay/sandbox.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

/* How long to wait for the last words of a server that is ending. */
#define LAST_WORDS_MS 1000

/* What some versions say whenever they are started. */
#define HARMLESS "unknown argument ignored"

enum
{
  KEPT_FDS = 3,
};

void
runc_overlay_server_clear (RuncOverlayServer *server)
{
  server->messages = runc_close_fd (server->messages);
}

/* Say @error on stderr and end. */
static _Noreturn void
give_up (const GError *error)
{
  if (write (2, error->message, strlen (error->message)) < 0)
    _exit (2);
  _exit (1);
}

/* Close all fds but stdio and those in @fds, which get the numbers from 3 on; what is -1 stays so.
 * The runtime's own must not be held open here: their end tells others that it is gone. */
static bool
keep_only (int *const *fds, int n)
{
  int copies[KEPT_FDS];

  for (int i = 0; i < n; i++)
    copies[i] = *fds[i] >= 0 ? fcntl (*fds[i], F_DUPFD_CLOEXEC, 3 + n) : -1;
  for (int i = 0; i < n; i++)
    {
      if (*fds[i] >= 0 && dup3 (copies[i], 3 + i, O_CLOEXEC) < 0)
        return false;
      *fds[i] = *fds[i] >= 0 ? 3 + i : -1;
    }
  return runc_sys_close_range (3 + (unsigned)n, ~0U, 0) == 0;
}

/* The first step. @report: where the pid of the second one goes. */
static _Noreturn void
run_first (RuncOverlayRequest *request, int messages, int report)
{
  int *const fds[KEPT_FDS] = { &request->device, &request->userns, &report };
  const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
  g_auto (RuncOverlayTrees) trees = RUNC_OVERLAY_TREES_INIT;
  g_autoptr (GError) error = NULL;
  autofd int pidfd = -EBADF;
  pid_t pid;
  int r = 0;

  /* Processes of the container may see us from here on. */
  if (dup2 (messages, 2) < 0 || runc_sys_set_undumpable () < 0 || !keep_only (fds, KEPT_FDS))
    _exit (2);
  if (request->rights_here && !runc_overlay_trees_open (request, &trees, &error))
    give_up (error);
  if (request->userns >= 0)
    r = runc_sys_setns (request->userns, CLONE_NEWUSER);
  if (r < 0)
    {
      runc_throw_neg (&error, r, "cannot join the container's user namespace");
      give_up (error);
    }
  pid = runc_sys_clone (namespaces | CLONE_PARENT, -1, &pidfd);
  if (pid == 0)
    {
      runc_overlay_sandbox_run (request, &trees, &error);
      give_up (error);
    }
  if (pid < 0)
    {
      runc_throw_neg (&error, pid, "cannot make namespaces for it");
      give_up (error);
    }
  _exit (write (report, &pid, sizeof pid) == sizeof pid ? 0 : 2);
}

static void
reap (pid_t pid)
{
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

gboolean
runc_overlay_server_start (const RuncOverlayRequest *request, RuncOverlayServer *ret_server,
                           GError **error)
{
  int messages[2], report[2];
  autofd int pidfd = -EBADF;
  pid_t first, pid = 0;

  if (pipe2 (messages, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int messages_in = messages[0], messages_out = messages[1];
  if (pipe2 (report, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int report_in = report[0], report_out = report[1];
  first = runc_sys_clone (0, -1, &pidfd);
  if (first == 0)
    {
      RuncOverlayRequest own = *request;

      run_first (&own, messages_out, report_out);
    }
  if (first < 0)
    return runc_throw_neg (error, first, "cannot start a process");
  report_out = runc_close_fd (report_out);
  messages_out = runc_close_fd (messages_out);
  ret_server->messages = runc_steal_fd (&messages_in);
  /* Without an answer there is no second one, and the first has said why. */
  if (read (report_in, &pid, sizeof pid) != sizeof pid)
    pid = 0;
  reap (first);
  ret_server->pid = pid;
  return TRUE;
}

/* The last line that came from @fd before its end (new string); "" if there was none. */
static char *
last_words (int fd)
{
  g_autoptr (GString) text = g_string_new (NULL);
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
  char buffer[1024];
  char *line;
  ssize_t n;

  while (poll (&poll_fd, 1, LAST_WORDS_MS) > 0 && (n = read (fd, buffer, sizeof buffer)) > 0)
    if (text->len < 16 * sizeof buffer)
      g_string_append_len (text, buffer, n);
  g_strchomp (text->str);
  line = strrchr (text->str, '\n');
  return g_strdup (line != NULL ? line + 1 : text->str);
}

gboolean
runc_overlay_server_failed (RuncOverlayServer *server, GError **error)
{
  g_autofree char *words = NULL;

  if (server->pid > 0)
    kill (server->pid, SIGKILL);
  words = last_words (server->messages);
  if (server->pid > 0)
    reap (server->pid);
  server->pid = 0;
  if (words[0] == '\0' || g_str_has_prefix (words, HARMLESS))
    return runc_prefix (
        error,
        "fuse-overlayfs does not serve the overlay (see 'runc doctor --check fuse-overlayfs')");
  g_clear_error (error);
  return runc_throw (
      error, RUNC_ERROR_FAILED,
      "fuse-overlayfs does not serve the overlay: %s (see 'runc doctor --check fuse-overlayfs')",
      words);
}
