/* The keeper: runs in a child of the parent that outlives it, for programs that do not look after
 * the container themselves.
 *
 * It does nothing but wait for one of two processes to end, by their pidfds. The program is its
 * child and has asked the kernel to be killed with it (PR_SET_PDEATHSIG; a program that gains
 * privileges by being executed would lose that, and must not be kept this way). So there is no
 * order in which the two of them can be killed that leaves the other one behind.
 *
 * It is a copy of the runtime, whose other threads and locks are not there: only system calls.
 */
#include "net/keeper.h"

#include "base/fd.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where fds are on their way to their place, out of the way of each other. */
#define ASIDE 64

#define PIDFD_FD (STDERR_FILENO + 1)

/* Put the fds of @request at 0 to 3 and close all others. */
static int
arrange_fds (const RuncKeeperRequest *request)
{
  const int sources[] = { request->fds[0], request->fds[1], request->fds[2], request->pidfd };

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (dup3 (sources[i], ASIDE + (int)i, O_CLOEXEC) < 0)
      return -errno;
  for (int i = 0; i < (int)G_N_ELEMENTS (sources); i++)
    if (dup3 (ASIDE + i, i, i == PIDFD_FD ? O_CLOEXEC : 0) < 0)
      return -errno;
  return runc_sys_close_range (PIDFD_FD + 1, G_MAXUINT, 0);
}

static G_GNUC_NORETURN void
run_program (const RuncKeeperRequest *request, pid_t keeper)
{
  extern char **environ;
  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  /* It may have been killed before that. */
  if (getppid () != keeper)
    _exit (EXIT_FAILURE);
  /* pasta does not start when SIGPIPE is ignored, as it is in the services of systemd. */
  runc_sys_default_signals ();
  runc_sys_unblock_signals ();
  execve (request->path, request->argv, environ);
  dprintf (STDERR_FILENO, "cannot start '%s': %s\n", request->path, strerror (errno));
  _exit (EXIT_FAILURE);
}

/* Wait until something ends. Returns whether the program is to be ended. */
static gboolean
wait_for_an_end (pid_t program)
{
  sigset_t term;

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);
  struct pollfd pollfds[] = {
    { .fd = PIDFD_FD, .events = POLLIN },
    { .fd = signalfd (-1, &term, SFD_CLOEXEC), .events = POLLIN },
    { .fd = runc_sys_pidfd_open (program), .events = POLLIN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pollfds); i++)
    if (pollfds[i].fd < 0)
      return TRUE;
  while (poll (pollfds, G_N_ELEMENTS (pollfds), -1) < 0 && errno == EINTR)
    ;
  return pollfds[2].revents == 0;
}

static G_GNUC_NORETURN void
run_keeper (const RuncKeeperRequest *request)
{
  pid_t keeper = getpid ();
  gboolean end;
  int status = 0;

  prctl (PR_SET_NAME, request->name);
  setsid ();
  int null_fd = arrange_fds (request) < 0 ? -EBADF : open ("/dev/null", O_RDWR | O_CLOEXEC);
  if (null_fd < 0)
    _exit (EXIT_FAILURE);
  pid_t program = fork ();
  if (program == 0)
    run_program (request, keeper);
  /* The ends of what it says are its own. */
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    dup2 (null_fd, fd);
  if (program < 0)
    _exit (EXIT_FAILURE);

  end = wait_for_an_end (program);
  if (end)
    kill (program, SIGKILL);
  while (waitpid (program, &status, 0) < 0 && errno == EINTR)
    ;
  _exit (end ? EXIT_SUCCESS : WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE);
}

int
runc_keeper_start (const RuncKeeperRequest *request, pid_t *ret_pid)
{
  sigset_t all, before;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, &before);
  pid_t pid = fork ();
  if (pid == 0)
    run_keeper (request);
  int errnum = errno;
  sigprocmask (SIG_SETMASK, &before, NULL);
  if (pid < 0)
    return -errnum;
  *ret_pid = pid;
  return 0;
}
