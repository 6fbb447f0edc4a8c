/* Supervising a container in the foreground. Runs in the parent, after PROCEED.
 *
 * One poll loop over: the pidfd of the container's process, a signalfd with every signal that can
 * be forwarded, and, with a terminal, stdin and the pty master. Signals stay blocked in the whole
 * process for as long as the loop runs, so none is lost between two rounds.
 */
#include "base/error.h"
#include "base/fd.h"
#include "launch/launch.h"
#include "sys/syscalls.h"
#include "sys/tty.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Bytes on their way from one fd to another. */
typedef struct
{
  int from; /* -1: at its end */
  int to;   /* -1: gone */
  gsize used;
  char data[8192];
} Pipe;

typedef struct
{
  RuncLaunch *launch;
  int signal_fd;
  gboolean raw; /* our terminal is in raw mode, `saved` is what it was */
  struct termios saved;
  Pipe in;  /* stdin -> master */
  Pipe out; /* master -> stdout */
} Supervisor;

static void
supervisor_clear (Supervisor *s)
{
  if (s->raw)
    tcsetattr (STDIN_FILENO, TCSANOW, &s->saved);
  s->signal_fd = runc_close_fd (s->signal_fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Supervisor, supervisor_clear)

void
runc_launch_block_signals (void)
{
  sigset_t forwarded;

  sigfillset (&forwarded);
  /* These report a fault of our own, or stop us by the user's wish. */
  for (const int *sig
       = (const int[]){ SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, 0 };
       *sig != 0; sig++)
    sigdelset (&forwarded, *sig);
  sigprocmask (SIG_BLOCK, &forwarded, NULL);
}

/* Reap whoever ended; orphans of the container come to us as their subreaper. TRUE when it was
 * init. */
static gboolean
reap (const RuncLaunch *launch, int *ret_status)
{
  int status;
  pid_t pid;

  while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
    if (pid == launch->pid)
      {
        *ret_status = WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
        return TRUE;
      }
  return FALSE;
}

/* Take one signal. TRUE when the container's process has ended. */
static gboolean
handle_signal (Supervisor *s, int *ret_status)
{
  struct signalfd_siginfo info;

  if (read (s->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
    return FALSE;
  switch (info.ssi_signo)
    {
    case SIGCHLD:
      return reap (s->launch, ret_status);
    case SIGWINCH:
      if (s->launch->console >= 0)
        {
          runc_sys_tty_copy_size (STDIN_FILENO, s->launch->console);
          return FALSE;
        }
      break;
    case SIGURG: /* nothing of ours; language runtimes use it among their own threads */
    case SIGPIPE:
      return FALSE;
    case SIGTSTP: /* from our terminal: it goes to the whole foreground group, us included */
    case SIGTTIN:
    case SIGTTOU:
      if (info.ssi_code == SI_KERNEL)
        return FALSE;
      break;
    default:
      break;
    }
  runc_sys_pidfd_send_signal (s->launch->pidfd, (int)info.ssi_signo);
  return FALSE;
}

/* Fill the pipe. At the end of its source it just stops: a pty has no end of its own to hand on. */
static void
pipe_fill (Pipe *pipe)
{
  ssize_t n = read (pipe->from, pipe->data + pipe->used, sizeof pipe->data - pipe->used);

  if (n > 0)
    pipe->used += (gsize)n;
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    pipe->from = -1;
}

static void
pipe_drain (Pipe *pipe)
{
  ssize_t n = write (pipe->to, pipe->data, pipe->used);

  if (n > 0)
    {
      pipe->used -= (gsize)n;
      memmove (pipe->data, pipe->data + n, pipe->used);
    }
  else if (n < 0 && errno != EAGAIN && errno != EINTR)
    {
      /* Nobody reads any more: swallow the rest, the container shall not block on it. */
      pipe->to = -1;
      pipe->used = 0;
    }
}

/* The events to poll for on both ends of @pipe. */
static void
pipe_poll (const Pipe *pipe, struct pollfd *from, struct pollfd *to)
{
  *from
      = (struct pollfd){ .fd = pipe->used < sizeof pipe->data ? pipe->from : -1, .events = POLLIN };
  *to = (struct pollfd){ .fd = pipe->used > 0 ? pipe->to : -1, .events = POLLOUT };
}

static void
pipe_turn (Pipe *pipe, const struct pollfd *from, const struct pollfd *to)
{
  if (to->revents != 0)
    pipe_drain (pipe);
  if (from->revents != 0)
    pipe_fill (pipe);
  if (pipe->to < 0)
    pipe->used = 0;
}

/* Everything that is still in the pty after the end of the process. */
static void
flush_output (Supervisor *s)
{
  while (s->out.from >= 0 || s->out.used > 0)
    {
      struct pollfd from, to;

      pipe_poll (&s->out, &from, &to);
      if (from.fd >= 0 && poll (&from, 1, 0) <= 0 && s->out.used == 0)
        return;
      if (from.revents != 0)
        pipe_fill (&s->out);
      if (s->out.used > 0 && s->out.to >= 0)
        pipe_drain (&s->out);
      else
        s->out.used = 0;
    }
}

static gboolean
attach_terminal (Supervisor *s, GError **error)
{
  int console = s->launch->console;
  int r;

  s->in.from = STDIN_FILENO;
  s->in.to = s->out.from = console;
  s->out.to = STDOUT_FILENO;
  if (fcntl (console, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
    return runc_throw_errno (error, "cannot make the container's terminal non-blocking");
  if (!isatty (STDIN_FILENO))
    return TRUE;
  r = runc_sys_tty_set_raw (STDIN_FILENO, &s->saved);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot make the terminal raw");
  s->raw = TRUE;
  return TRUE;
}

static gboolean
loop (Supervisor *s, int *ret_status, GError **error)
{
  while (TRUE)
    {
      struct pollfd fds[6] = { { .fd = s->signal_fd, .events = POLLIN } };
      RuncLaunch *launch = s->launch;

      pipe_poll (&s->in, &fds[1], &fds[2]);
      pipe_poll (&s->out, &fds[3], &fds[4]);
      fds[5] = (struct pollfd){ .fd = launch->watch_fd, .events = POLLIN };
      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
        return runc_throw_errno (error, "cannot wait for the container");
      pipe_turn (&s->in, &fds[1], &fds[2]);
      pipe_turn (&s->out, &fds[3], &fds[4]);
      if (fds[5].revents != 0 && launch->on_watch (launch->watch_fd, launch->watch_data))
        launch->watch_fd = runc_close_fd (launch->watch_fd);
      if (fds[0].revents != 0 && handle_signal (s, ret_status))
        return TRUE;
    }
}

gboolean
runc_launch_supervise (RuncLaunch *launch, int *ret_status, GError **error)
{
  g_auto (Supervisor) s = {
    .launch = launch,
    .signal_fd = -EBADF,
    .in = { .from = -1, .to = -1 },
    .out = { .from = -1, .to = -1 },
  };
  sigset_t all;

  sigfillset (&all);
  s.signal_fd = signalfd (-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (s.signal_fd < 0)
    return runc_throw_errno (error, "cannot make a signalfd");
  if (launch->console >= 0 && !attach_terminal (&s, error))
    return FALSE;
  /* It may have ended before the signalfd was there to tell. */
  if (!reap (launch, ret_status) && !loop (&s, ret_status, error))
    return FALSE;
  if (launch->console >= 0)
    flush_output (&s);
  launch->pid = 0;
  return TRUE;
}
