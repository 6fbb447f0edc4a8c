/* runc-slirp: gives a container a network without privileges.
 *
 * Theory of operation
 * ===================
 *
 * A container of an ordinary user has a network namespace of its own, with nothing in it. This
 * program makes a tap device there and answers what the container sends to it with libslirp, a
 * TCP/IP stack in user space: a connection of the container becomes a socket of this process, in
 * the host's network namespace. It is started by runc, on the host's side, as the user, once per
 * container, and is the only program of ours that is linked with libslirp. It lives as long as the
 * container.
 *
 *      container's namespaces      |  host's network namespace
 *                                  |
 *      processes -- tap0 ====== tap fd -- slirp-guard -- libslirp -- sockets -- the world
 *                                  |           |            |          |
 *                                  |           +----- slirp-flows -----+
 *                                  |           +----- slirp-udp -------+
 *                                  |                        |
 *                                  |        API socket -- published ports
 *
 * libslirp opens connections, translates addresses and answers ARP, DHCP, names and the like. The
 * data of TCP connections, once they are open, does not pass through it, because it would be
 * several times slower: slirp-flows.c and slirp-flow.c carry it between tap and socket. Nor do
 * datagrams: slirp-udp.c and slirp-port.c do.
 *
 * The phases, each of which takes away what the next does not need:
 *
 *  1. options (slirp-options.c). All fds that were not named by an option are closed; stdin and
 *     stdout become /dev/null.
 *  2. the device (slirp-tap.c): a child enters the container's user and network namespace,
 *     makes and configures the device, sends its fd and ends. This process never enters them.
 *  3. what needs the host: the API socket is bound; the keeper is started (slirp-keeper.c), a
 *     process that follows the host's resolv.conf and removes the API socket at the end;
 *     libslirp is set up (slirp-stack.c); the ports given with -p are opened (slirp-forward.c).
 *  4. the sandbox (slirp-sandbox.c): an empty root with a resolv.conf in it, in a user and mount
 *     namespace of our own; no capabilities; a list of allowed system calls, death for others.
 *  5. "1" goes to the ready fd, stderr is closed, and the loop below serves traffic
 *     (slirp-stack.c) and the API (slirp-api.c, slirp-request.c) until told to end.
 *
 * Who can attack: the container's root, who can put any bytes on the tap. It meets the checks of
 * slirp-guard.c, then libslirp, then the sandbox. Clients of the API are the user.
 *
 *
 * The contract with whoever starts it
 * ===================================
 *
 * Arguments: see runc_slirp_options_help() and runc-slirp(8). Either --userns-fd and --netns-fd
 * (--userns-fd may be left out when the namespace is owned by our own user namespace), or --pid, a
 * process in them; --pid may be given together with the fds, to end with that process.
 *
 * fds, all inherited by number:
 *   userns-fd, netns-fd  the namespaces, as from /proc/PID/ns; closed once the device is there.
 *   ready-fd             one byte "1" is written when traffic flows and all ports are published,
 *                        then it is closed. End of file without it: the start failed.
 *   exit-fd              a pipe or socket whose other end the starter holds as long as the
 *                        network is wanted; its hang-up ends this program.
 *   api-fd               a listening Unix socket, instead of --api-socket PATH.
 *   2 (stderr)           until ready: one line if the start fails, one that begins "warning:" if
 *                        the sandbox is weaker than it should be. Then it is closed (unless
 *                        --debug), so that a pipe there is not held open.
 *
 * Signals: SIGTERM ends it cleanly. SIGINT and SIGHUP are ignored and it moves to its own session,
 * as a container may survive its terminal. SIGKILL leaves nothing either: the keeper removes the
 * API socket.
 *
 * Exit status: 0 ended as it should (SIGTERM, exit-fd, the process of --pid is gone, the container
 * removed the interface); 1 the start failed; 2 the arguments are wrong. Killed by SIGSYS: the
 * system call filter was violated.
 *
 * In the container (with --cidr 10.0.2.0/24): address 10.0.2.100/24, default route 10.0.2.2, name
 * server 10.0.2.3; with --ipv6 fd00::100/64, fd00::2, fd00::3. The starter writes the container's
 * resolv.conf. The name servers lead to the host's of the same family, if it has one.
 */
#include "slirp-api.h"
#include "slirp-keeper.h"
#include "slirp-options.h"
#include "slirp-request.h"
#include "slirp-sandbox.h"
#include "slirp-stack.h"
#include "slirp-tap.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/version.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <libslirp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define EXIT_USAGE 2

/* All that the loop needs; what it has is closed in the order that clear() says. */
typedef struct
{
  int tap_fd;
  int pidfd;
  int signal_fd;
  int keeper_fd;
  pid_t keeper_pid;
  RuncSlirpStack *stack;
  RuncSlirpForwards *forwards;
  RuncSlirpApi *api;
} Helper;

static void
helper_clear (Helper *helper)
{
  g_clear_pointer (&helper->api, runc_slirp_api_free);
  g_clear_pointer (&helper->forwards, runc_slirp_forwards_free);
  g_clear_pointer (&helper->stack, runc_slirp_stack_free);
  runc_close_fdp (&helper->tap_fd);
  runc_close_fdp (&helper->pidfd);
  runc_close_fdp (&helper->signal_fd);
  /* The keeper ends when it sees this; once we are gone, so is the API socket. */
  runc_close_fdp (&helper->keeper_fd);
  if (helper->keeper_pid > 0)
    waitpid (helper->keeper_pid, NULL, 0);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Helper, helper_clear)

/* ---------------------------------------------------------------- 1. what was inherited */

static int
compare_ints (const void *a, const void *b)
{
  return *(const int *)a - *(const int *)b;
}

static gboolean
arrange_fds (RuncSlirpOptions *options, GError **error)
{
  int keep[] = { STDERR_FILENO,     options->userns_fd, options->netns_fd,
                 options->ready_fd, options->exit_fd,   options->api_fd };
  int null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  if (null_fd < 0)
    return runc_throw_errno (error, "cannot open '/dev/null'");
  dup2 (null_fd, STDIN_FILENO);
  dup2 (null_fd, STDOUT_FILENO);
  if (fcntl (STDERR_FILENO, F_GETFD) < 0)
    dup2 (null_fd, STDERR_FILENO);

  qsort (keep, G_N_ELEMENTS (keep), sizeof keep[0], compare_ints);
  int last = STDERR_FILENO;
  for (gsize i = 0; i < G_N_ELEMENTS (keep); i++)
    {
      if (keep[i] <= last)
        continue;
      if (fcntl (keep[i], F_GETFD) < 0)
        return runc_throw (error, RUNC_ERROR_USAGE, "fd %d is not open", keep[i]);
      if (keep[i] > last + 1)
        runc_sys_close_range ((unsigned int)last + 1, (unsigned int)keep[i] - 1, 0);
      last = keep[i];
    }
  runc_sys_close_range ((unsigned int)last + 1, G_MAXUINT, 0);
  return TRUE;
}

static gboolean
arrange_signals (int *ret_fd, GError **error)
{
  sigset_t mask;

  signal (SIGINT, SIG_IGN);
  signal (SIGHUP, SIG_IGN);
  signal (SIGPIPE, SIG_IGN);
  setsid ();
  sigemptyset (&mask);
  sigaddset (&mask, SIGTERM);
  sigprocmask (SIG_SETMASK, &mask, NULL);
  *ret_fd = signalfd (-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  if (*ret_fd < 0)
    return runc_throw_errno (error, "cannot make a signal fd");
  return TRUE;
}

/* ---------------------------------------------------------------- 2. the device */

static int
open_namespace (pid_t pid, const char *name, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", pid, name);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    runc_throw_errno (error, "cannot open '%s'", path);
  return fd;
}

static gboolean
make_device (RuncSlirpOptions *options, Helper *helper, GError **error)
{
  autofd int userns_fd = runc_steal_fd (&options->userns_fd);
  autofd int netns_fd = runc_steal_fd (&options->netns_fd);

  if (options->pid > 0)
    {
      helper->pidfd = runc_sys_pidfd_open (options->pid);
      if (helper->pidfd < 0)
        return runc_throw_neg (error, helper->pidfd, "cannot find process %d", options->pid);
    }
  if (netns_fd < 0)
    {
      userns_fd = open_namespace (options->pid, "user", error);
      if (userns_fd < 0)
        return FALSE;
      netns_fd = open_namespace (options->pid, "net", error);
      if (netns_fd < 0)
        return FALSE;
    }
  helper->tap_fd = runc_slirp_tap_make (&options->net, userns_fd, netns_fd, error);
  return helper->tap_fd >= 0;
}

/* ---------------------------------------------------------------- 3. what needs the host */

static gboolean
set_up (RuncSlirpOptions *options, Helper *helper, const char *resolv, GError **error)
{
  autofd int api_fd = runc_steal_fd (&options->api_fd);

  if (options->api_socket != NULL)
    {
      api_fd = runc_slirp_api_listen (options->api_socket, error);
      if (api_fd < 0)
        return FALSE;
    }
  helper->keeper_fd
      = runc_slirp_keeper_start (options->api_socket, resolv, &helper->keeper_pid, error);
  if (helper->keeper_fd < 0)
    return FALSE;

  runc_slirp_sandbox_raise_files ();
  helper->stack = runc_slirp_stack_new (&options->net, helper->tap_fd, options->debug, error);
  if (helper->stack == NULL)
    return FALSE;
  RuncSlirpForwardBackend backend = runc_slirp_stack_get_backend (helper->stack);
  helper->forwards = runc_slirp_forwards_new (&backend);
  for (guint i = 0; i < options->forwards->len; i++)
    if (!runc_slirp_forwards_add (helper->forwards,
                                  &g_array_index (options->forwards, RuncSlirpForward, i), NULL,
                                  error))
      return FALSE;
  if (api_fd < 0)
    return TRUE;
  helper->api = runc_slirp_api_new (runc_steal_fd (&api_fd), helper->forwards, error);
  return helper->api != NULL;
}

/* ---------------------------------------------------------------- 4. the sandbox */

static gboolean
enter_sandbox (Helper *helper, const char *resolv, GError **error)
{
  g_autoptr (GError) weaker = NULL;
  autofd int resolv_fd = -EBADF;

  /* What libraries do once, lazily, and could not do any more: json-c seeds its hash tables. */
  g_free (runc_slirp_request_error (""));
  if (!runc_slirp_sandbox_enter_root (resolv, &resolv_fd, &weaker))
    fprintf (stderr, "warning: the network helper has no empty root: %s\n", weaker->message);
  else if (!runc_slirp_keeper_give_resolv (helper->keeper_fd, resolv_fd, error))
    return FALSE;
  return runc_slirp_sandbox_seal (error);
}

/* ---------------------------------------------------------------- 5. serving */

static void
report_ready (RuncSlirpOptions *options)
{
  if (options->ready_fd >= 0)
    {
      /* A starter that does not listen any more holds the exit fd. */
      while (write (options->ready_fd, "1", 1) < 0 && errno == EINTR)
        ;
      runc_close_fdp (&options->ready_fd);
    }
}

/* Put /dev/null in the place of stderr. (dup2() is not among the allowed system calls.) */
static void
close_stderr (void)
{
  close (STDERR_FILENO);
  fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO);
}

static gboolean
serve (const RuncSlirpOptions *options, Helper *helper, GError **error)
{
  struct pollfd pollfds[] = {
    { .fd = options->exit_fd },
    { .fd = helper->pidfd, .events = POLLIN },
    { .fd = helper->signal_fd, .events = POLLIN },
    { .fd = helper->api != NULL ? runc_slirp_api_get_fd (helper->api) : -EBADF, .events = POLLIN },
  };
  struct pollfd *api = &pollfds[G_N_ELEMENTS (pollfds) - 1];

  G_STATIC_ASSERT (G_N_ELEMENTS (pollfds) <= RUNC_SLIRP_EXTRA_MAX);
  for (;;)
    {
      int timeout_ms = helper->api != NULL ? runc_slirp_api_get_timeout (helper->api) : -1;
      if (!runc_slirp_stack_iterate (helper->stack, pollfds, G_N_ELEMENTS (pollfds), timeout_ms,
                                     error))
        return FALSE;
      for (struct pollfd *pollfd = pollfds; pollfd < api; pollfd++)
        if (pollfd->revents != 0)
          return TRUE;
      if (helper->api != NULL && (api->revents != 0 || timeout_ms >= 0))
        runc_slirp_api_dispatch (helper->api);
    }
}

static gboolean
start (RuncSlirpOptions *options, Helper *helper, GError **error)
{
  if (!arrange_fds (options, error) || !arrange_signals (&helper->signal_fd, error)
      || !make_device (options, helper, error))
    return FALSE;
  g_autofree char *resolv = runc_slirp_resolv_read ();
  if (!set_up (options, helper, resolv, error) || !enter_sandbox (helper, resolv, error))
    return FALSE;
  return TRUE;
}

static int
fail (const GError *error)
{
  fprintf (stderr, "%s\n", error->message);
  return g_error_matches (error, RUNC_ERROR, RUNC_ERROR_USAGE) ? EXIT_USAGE : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (RuncSlirpOptions) options = { 0 };
  g_auto (Helper) helper
      = { .tap_fd = -EBADF, .pidfd = -EBADF, .signal_fd = -EBADF, .keeper_fd = -EBADF };

  if (!runc_slirp_options_parse (argc, argv, &options, &error))
    return fail (error);
  if (options.show_help)
    {
      fputs (runc_slirp_options_help (), stdout);
      return EXIT_SUCCESS;
    }
  if (options.show_version)
    {
      printf ("runc-slirp version %s\nlibslirp: %s\n", runc_version (), slirp_version_string ());
      return EXIT_SUCCESS;
    }

  if (!start (&options, &helper, &error))
    return fail (error);
  report_ready (&options);
  if (!options.debug)
    close_stderr ();
  if (!serve (&options, &helper, &error)
      && !g_error_matches (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    return fail (error);
  return EXIT_SUCCESS;
}
