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
#include "wire/wire.h"

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

void
runc_overlay_server_clear (RuncOverlayServer *server)
{
  server->device = runc_close_fd (server->device);
  server->control = runc_close_fd (server->control);
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

/* Close all fds but stdio, *@userns, if it is one, and *@report, which get other numbers. The
 * runtime's own must not be held open here: their end tells others that it is gone. */
static bool
keep_only (int *userns, int *report)
{
  enum
  {
    REPORT_FD = 3,
    USERNS_FD = 4,
  };
  int report_copy = fcntl (*report, F_DUPFD_CLOEXEC, USERNS_FD + 1);
  int userns_copy = *userns >= 0 ? fcntl (*userns, F_DUPFD_CLOEXEC, USERNS_FD + 1) : -1;

  if (dup3 (report_copy, REPORT_FD, O_CLOEXEC) < 0
      || (*userns >= 0 && dup3 (userns_copy, USERNS_FD, O_CLOEXEC) < 0))
    return false;
  *report = REPORT_FD;
  *userns = *userns >= 0 ? USERNS_FD : -1;
  return runc_sys_close_range (USERNS_FD + (*userns >= 0), ~0U, 0) == 0;
}

/* The first step. @report: where the second one's pid and the device go, and its word comes from.
 */
static _Noreturn void
run_first (const RuncOverlayRequest *request, int messages, int report)
{
  const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
  g_auto (RuncOverlayTrees) trees = RUNC_OVERLAY_TREES_INIT;
  g_autoptr (GError) error = NULL;
  autofd int pidfd = -EBADF, device = -EBADF;
  int userns = request->userns;
  pid_t pid;
  int r = 0;

  /* Processes of the container may see us from here on. */
  if (dup2 (messages, 2) < 0 || runc_sys_set_undumpable () < 0 || !keep_only (&userns, &report))
    _exit (2);
  if (request->rights_here && !runc_overlay_trees_open (request, &trees, &error))
    give_up (error);
  if (userns >= 0)
    r = runc_sys_setns (userns, CLONE_NEWUSER);
  if (r < 0)
    {
      runc_throw_neg (&error, r, "cannot join the container's user namespace");
      give_up (error);
    }
  /* The kernel wants the filesystem to be mounted in the user namespace in which this is done; and
   * it is nothing that the container's cgroup has to allow. */
  device = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0)
    {
      runc_throw_errno (&error, "cannot open '/dev/fuse'");
      give_up (error);
    }
  pid = runc_sys_clone (namespaces | CLONE_PARENT, -1, &pidfd);
  if (pid == 0)
    {
      runc_overlay_sandbox_run (request, &trees, device, report, &error);
      give_up (error);
    }
  if (pid < 0)
    {
      runc_throw_neg (&error, pid, "cannot make namespaces for it");
      give_up (error);
    }
  r = runc_wire_send (report, RUNC_MESSAGE_DEVICE, &pid, sizeof pid, device);
  _exit (r == 0 ? 0 : 2);
}

static void
reap (pid_t pid)
{
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

/* What the first step reports. Without a report there is no server, and the first step has said
 * why.
 */
static gboolean
take_report (RuncOverlayServer *server, GError **error)
{
  RuncMessage message;
  size_t len;
  int r = runc_wire_receive (server->control, &message, &server->pid, sizeof server->pid, &len,
                             &server->device);

  if (r == 1 && message == RUNC_MESSAGE_DEVICE && len == sizeof server->pid && server->device >= 0)
    return TRUE;
  server->pid = 0;
  return r < 0 ? runc_throw_neg (error, r, "cannot read its report")
               : runc_throw (error, RUNC_ERROR_FAILED, "it could not be started");
}

gboolean
runc_overlay_server_prepare (const RuncOverlayRequest *request, RuncOverlayServer *ret_server,
                             GError **error)
{
  autofd int pidfd = -EBADF, report = -EBADF;
  int messages[2];
  gboolean reported;
  pid_t first;
  int r;

  if (pipe2 (messages, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  autofd int messages_out = messages[1];
  ret_server->messages = messages[0];
  r = runc_wire_pair (&ret_server->control, &report);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot make a socket pair");
  first = runc_sys_clone (0, -1, &pidfd);
  if (first == 0)
    run_first (request, messages_out, report);
  if (first < 0)
    return runc_throw_neg (error, first, "cannot start a process");
  report = runc_close_fd (report);
  messages_out = runc_close_fd (messages_out);
  reported = take_report (ret_server, error);
  reap (first);
  return reported || runc_overlay_server_failed (ret_server, error);
}

void
runc_overlay_server_go (RuncOverlayServer *server)
{
  /* If it is gone already, the filesystem tells. */
  runc_wire_send (server->control, RUNC_MESSAGE_PROCEED, NULL, 0, -1);
  server->control = runc_close_fd (server->control);
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
