/* testhelper: what the bats suites need and a shell cannot do.
 *
 * Runs on the host's side of a test, as the test's user. Every verb gives up after a deadline (-t
 * SECONDS, default 30) with status 124, so that a test never hangs.
 *
 *   tty-run [-t S] [-s ROWSxCOLS] [STEP...] -- COMMAND...   run a command on a new terminal
 *   tty-recv [-t S] SOCKET [STEP...]                        take a terminal from a console socket
 *   fd-recv [-t S] SOCKET                                   take a message with descriptors,
 * describe them dgram-recv [-t S] SOCKET [COUNT]                        print datagrams, one a line
 *   kill-after MICROSECONDS -- COMMAND...                   SIGKILL a command at a chosen moment
 *   leftovers [-t S] MARK PID [FIRST+COUNT...]              wait until no process of a test is left
 *   kill-leftovers MARK PID [FIRST+COUNT...]                SIGKILL the processes of a test
 *   max-rss -- COMMAND...                                   run a command, print its peak memory in
 * KiB
 *
 * Steps are done in order, while everything that the terminal says is copied to stdout:
 *   expect=TEXT    wait until TEXT was said (after the last match)
 *   send=TEXT      type TEXT; \n \r \t \e \\ and \xHH are understood
 *   resize=RxC     change the size of the window
 *   raw, cooked    wait until the terminal is in that mode
 *   hangup         close our side
 *
 * A process is of a test when it was not started before process PID, and has the line MARK in its
 * environment; or has an environment that we may not read (a runtime makes itself non-dumpable) and
 * an id of ours: our own, or one in the ranges. What is left at the deadline is described, a
 * process a line, and the status is 1.
 *
 * The exit status of tty-run and kill-after is the command's, 128 + signal when it was killed.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define EXIT_DEADLINE 124
#define MAX_FDS       16

typedef struct
{
  int master;
  char *said; /* everything since the last match, NUL-terminated */
  size_t len;
  size_t size;
  bool ended;
} Terminal;

static struct timespec deadline;

static void __attribute__ ((noreturn, format (printf, 2, 3)))
fail (int status, const char *format, ...)
{
  va_list args;

  fflush (stdout);
  va_start (args, format);
  fputs ("testhelper: ", stderr);
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (status);
}

static void
set_deadline (const char *seconds)
{
  clock_gettime (CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += atoi (seconds);
}

static int
milliseconds_left (void)
{
  struct timespec now;
  long left;

  clock_gettime (CLOCK_MONOTONIC, &now);
  left = (deadline.tv_sec - now.tv_sec) * 1000 + (deadline.tv_nsec - now.tv_nsec) / 1000000;
  return left > 0 ? (int)left : 0;
}

/* Wait until @fd can be read; false at the deadline. */
static bool
wait_readable (int fd, int milliseconds)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
  int n;

  do
    n = poll (&poll_fd, 1, milliseconds);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

/* A decimal number from 0 to 65535 pair "RxC". */
static struct winsize
parse_size (const char *text)
{
  struct winsize size = { 0 };

  if (sscanf (text, "%hux%hu", &size.ws_row, &size.ws_col) != 2)
    fail (2, "'%s' is not a size like 24x80", text);
  return size;
}

/* Undo the escapes of a send step; the result is owned by the caller. */
static char *
unescape (const char *text, size_t *ret_len)
{
  char *out = malloc (strlen (text) + 1);
  size_t len = 0;

  if (out == NULL)
    fail (2, "out of memory");
  while (*text != '\0')
    {
      unsigned int byte;

      if (*text != '\\' || text[1] == '\0')
        {
          out[len++] = *text++;
          continue;
        }
      switch (text[1])
        {
        case 'n':
          out[len++] = '\n';
          break;
        case 'r':
          out[len++] = '\r';
          break;
        case 't':
          out[len++] = '\t';
          break;
        case 'e':
          out[len++] = '\033';
          break;
        case 'x':
          if (sscanf (text + 2, "%2x", &byte) != 1)
            fail (2, "bad escape in '%s'", text);
          out[len++] = (char)byte;
          text += 2;
          break;
        default:
          out[len++] = text[1];
        }
      text += 2;
    }
  out[len] = '\0';
  *ret_len = len;
  return out;
}

/* Read what the terminal has, for at most @milliseconds; notes its end. */
static void
terminal_read (Terminal *terminal, int milliseconds)
{
  char buffer[4096];
  ssize_t n;

  if (terminal->ended || !wait_readable (terminal->master, milliseconds))
    return;
  n = read (terminal->master, buffer, sizeof buffer);
  if (n <= 0)
    {
      /* EIO: nobody has the other side open any more. */
      terminal->ended = n == 0 || errno == EIO;
      return;
    }
  fwrite (buffer, 1, (size_t)n, stdout);
  fflush (stdout);
  if (terminal->len + (size_t)n + 1 > terminal->size)
    {
      terminal->size = (terminal->len + (size_t)n + 1) * 2;
      terminal->said = realloc (terminal->said, terminal->size);
      if (terminal->said == NULL)
        fail (2, "out of memory");
    }
  memcpy (terminal->said + terminal->len, buffer, (size_t)n);
  terminal->len += (size_t)n;
  terminal->said[terminal->len] = '\0';
}

static void
step_expect (Terminal *terminal, const char *text)
{
  for (;;)
    {
      char *match = terminal->said != NULL
                        ? memmem (terminal->said, terminal->len, text, strlen (text))
                        : NULL;

      if (match != NULL)
        {
          size_t used = (size_t)(match - terminal->said) + strlen (text);

          terminal->len -= used;
          memmove (terminal->said, terminal->said + used, terminal->len + 1);
          return;
        }
      if (terminal->ended)
        fail (EXIT_DEADLINE, "the terminal was closed before it said '%s'", text);
      if (milliseconds_left () == 0)
        fail (EXIT_DEADLINE, "the terminal did not say '%s' in time", text);
      terminal_read (terminal, milliseconds_left ());
    }
}

static void
step_send (Terminal *terminal, const char *text)
{
  size_t len;
  char *bytes = unescape (text, &len);

  for (size_t done = 0; done < len;)
    {
      ssize_t n = write (terminal->master, bytes + done, len - done);

      if (n < 0 && errno != EINTR)
        fail (EXIT_DEADLINE, "cannot type '%s': %s", text, strerror (errno));
      if (n > 0)
        done += (size_t)n;
    }
  free (bytes);
}

/* Raw means what cfmakeraw() does, seen from the program's side: no echo, no lines, no signals. */
static void
step_mode (Terminal *terminal, bool raw)
{
  for (;;)
    {
      struct termios modes;

      if (tcgetattr (terminal->master, &modes) < 0)
        fail (EXIT_DEADLINE, "cannot read the terminal's modes: %s", strerror (errno));
      if (raw == !(modes.c_lflag & (ECHO | ICANON | ISIG)))
        return;
      if (milliseconds_left () == 0)
        fail (EXIT_DEADLINE, "the terminal did not become %s in time", raw ? "raw" : "cooked");
      terminal_read (terminal, 5);
    }
}

static void
run_step (Terminal *terminal, const char *step)
{
  struct winsize size;

  if (strncmp (step, "expect=", 7) == 0)
    step_expect (terminal, step + 7);
  else if (strncmp (step, "send=", 5) == 0)
    step_send (terminal, step + 5);
  else if (strncmp (step, "resize=", 7) == 0)
    {
      size = parse_size (step + 7);
      if (ioctl (terminal->master, TIOCSWINSZ, &size) < 0)
        fail (EXIT_DEADLINE, "cannot resize the terminal: %s", strerror (errno));
    }
  else if (strcmp (step, "raw") == 0 || strcmp (step, "cooked") == 0)
    step_mode (terminal, step[0] == 'r');
  else if (strcmp (step, "hangup") == 0)
    {
      close (terminal->master);
      terminal->ended = true;
    }
  else
    fail (2, "unknown step '%s'", step);
}

/* All steps, then everything until the terminal is closed by its last user. */
static void
converse (Terminal *terminal, char **steps, int n_steps)
{
  for (int i = 0; i < n_steps; i++)
    run_step (terminal, steps[i]);
  while (!terminal->ended)
    {
      terminal_read (terminal, milliseconds_left ());
      if (!terminal->ended && milliseconds_left () == 0)
        fail (EXIT_DEADLINE, "the terminal was not closed in time");
    }
  free (terminal->said);
}

/* The exit status of a child, as a shell words it; killed when it is still there at the deadline.
 */
static int
wait_status (pid_t pid)
{
  static const struct timespec tick = { .tv_nsec = 2000000 };
  int status;
  pid_t done;

  while ((done = waitpid (pid, &status, WNOHANG)) == 0)
    {
      if (milliseconds_left () == 0)
        {
          kill (pid, SIGKILL);
          fail (EXIT_DEADLINE, "the command did not end in time");
        }
      nanosleep (&tick, NULL);
    }
  if (done < 0)
    fail (2, "waitpid: %s", strerror (errno));
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static void __attribute__ ((noreturn)) exec_on_terminal (int slave, char **command)
{
  setsid ();
  if (ioctl (slave, TIOCSCTTY, 0) < 0)
    fail (2, "TIOCSCTTY: %s", strerror (errno));
  for (int fd = 0; fd < 3; fd++)
    dup2 (slave, fd);
  if (slave > 2)
    close (slave);
  execvp (command[0], command);
  fail (127, "cannot run '%s': %s", command[0], strerror (errno));
}

static int
find_separator (int argc, char **argv)
{
  for (int i = 0; i < argc; i++)
    if (strcmp (argv[i], "--") == 0 && i + 1 < argc)
      return i;
  fail (2, "no '-- COMMAND'");
}

static int
verb_tty_run (int argc, char **argv)
{
  Terminal terminal = { 0 };
  struct winsize size = { .ws_row = 24, .ws_col = 80 };
  int separator, slave;
  pid_t pid;

  if (argc >= 2 && strcmp (argv[0], "-s") == 0)
    {
      size = parse_size (argv[1]);
      argc -= 2;
      argv += 2;
    }
  separator = find_separator (argc, argv);
  terminal.master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal.master < 0 || grantpt (terminal.master) < 0 || unlockpt (terminal.master) < 0)
    fail (2, "no terminal: %s", strerror (errno));
  slave = open (ptsname (terminal.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0 || ioctl (slave, TIOCSWINSZ, &size) < 0)
    fail (2, "no terminal: %s", strerror (errno));

  pid = fork ();
  if (pid < 0)
    fail (2, "fork: %s", strerror (errno));
  if (pid == 0)
    exec_on_terminal (slave, argv + separator + 1);
  close (slave);
  converse (&terminal, argv, separator);
  return wait_status (pid);
}

static struct sockaddr_un
socket_address (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (strlen (path) >= sizeof address.sun_path)
    fail (2, "'%s' is too long for a socket", path);
  strcpy (address.sun_path, path);
  return address;
}

static int
bind_socket (const char *path, int type)
{
  struct sockaddr_un address = socket_address (path);
  int fd = socket (AF_UNIX, type | SOCK_CLOEXEC, 0);

  unlink (path);
  if (fd < 0 || bind (fd, (struct sockaddr *)&address, sizeof address) < 0)
    fail (2, "cannot bind '%s': %s", path, strerror (errno));
  return fd;
}

/* Wait for one peer on the socket, and take its message with the descriptors that came with it. */
static size_t
receive_fds (const char *path, int *ret_fds, char *buffer, size_t size)
{
  int listener = bind_socket (path, SOCK_STREAM);
  struct iovec iov = { .iov_base = buffer, .iov_len = size - 1 };
  union
  {
    struct cmsghdr header;
    char space[CMSG_SPACE (MAX_FDS * sizeof (int))];
  } control;
  struct msghdr message = {
    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  size_t n_fds = 0;
  ssize_t n;
  int peer;

  if (listen (listener, 1) < 0)
    fail (2, "cannot listen on '%s': %s", path, strerror (errno));
  if (!wait_readable (listener, milliseconds_left ()))
    fail (EXIT_DEADLINE, "nobody connected to '%s'", path);
  peer = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  if (peer < 0 || !wait_readable (peer, milliseconds_left ()))
    fail (EXIT_DEADLINE, "nothing came on '%s'", path);
  n = recvmsg (peer, &message, MSG_CMSG_CLOEXEC);
  if (n < 0)
    fail (2, "cannot receive: %s", strerror (errno));
  buffer[n] = '\0';
  for (struct cmsghdr *c = CMSG_FIRSTHDR (&message); c != NULL; c = CMSG_NXTHDR (&message, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
      {
        n_fds = (c->cmsg_len - CMSG_LEN (0)) / sizeof (int);
        memcpy (ret_fds, CMSG_DATA (c), n_fds * sizeof (int));
      }
  unlink (path);
  close (listener);
  close (peer);
  return n_fds;
}

static int
verb_tty_recv (int argc, char **argv)
{
  Terminal terminal = { 0 };
  int fds[MAX_FDS];
  char name[4096];

  if (argc < 1)
    fail (2, "tty-recv SOCKET [STEP...]");
  if (receive_fds (argv[0], fds, name, sizeof name) != 1)
    fail (1, "one descriptor should have come");
  if (!isatty (fds[0]))
    fail (1, "what came is not a terminal");
  terminal.master = fds[0];
  printf ("received %s\n", name);
  fflush (stdout);
  converse (&terminal, argv + 1, argc - 1);
  return 0;
}

static void
print_fdinfo (int fd)
{
  char path[64], line[256];
  FILE *info;

  snprintf (path, sizeof path, "/proc/self/fdinfo/%d", fd);
  info = fopen (path, "re");
  while (info != NULL && fgets (line, sizeof line, info) != NULL)
    if (strncmp (line, "Pid:", 4) == 0 || strncmp (line, "NSpid:", 6) == 0)
      fputs (line, stdout);
  if (info != NULL)
    fclose (info);
}

static int
verb_fd_recv (int argc, char **argv)
{
  int fds[MAX_FDS];
  char data[4096];
  size_t n;

  if (argc != 1)
    fail (2, "fd-recv SOCKET");
  n = receive_fds (argv[0], fds, data, sizeof data);
  printf ("data: %s\nfds: %zu\n", data, n);
  for (size_t i = 0; i < n; i++)
    {
      char path[64], target[4096];
      ssize_t len;

      snprintf (path, sizeof path, "/proc/self/fd/%d", fds[i]);
      len = readlink (path, target, sizeof target - 1);
      target[len > 0 ? len : 0] = '\0';
      printf ("fd: %s\n", target);
      print_fdinfo (fds[i]);
    }
  return 0;
}

static int
verb_dgram_recv (int argc, char **argv)
{
  int count = argc > 1 ? atoi (argv[1]) : 1;
  char buffer[4096];
  int fd;

  if (argc < 1)
    fail (2, "dgram-recv SOCKET [COUNT]");
  fd = bind_socket (argv[0], SOCK_DGRAM);
  for (int i = 0; i < count; i++)
    {
      ssize_t n;

      if (!wait_readable (fd, milliseconds_left ()))
        fail (EXIT_DEADLINE, "nothing came on '%s'", argv[0]);
      n = recv (fd, buffer, sizeof buffer, 0);
      printf ("%.*s\n", n > 0 ? (int)n : 0, buffer);
      fflush (stdout);
    }
  unlink (argv[0]);
  return 0;
}

static pid_t
spawn (char **command)
{
  pid_t pid = fork ();

  if (pid < 0)
    fail (2, "fork: %s", strerror (errno));
  if (pid == 0)
    {
      execvp (command[0], command);
      fail (127, "cannot run '%s': %s", command[0], strerror (errno));
    }
  return pid;
}

static int
verb_kill_after (int argc, char **argv)
{
  int separator = find_separator (argc, argv);
  long microseconds = separator == 1 ? atol (argv[0]) : -1;
  struct timespec delay
      = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };
  pid_t pid;

  if (microseconds < 0)
    fail (2, "kill-after MICROSECONDS -- COMMAND...");
  pid = spawn (argv + separator + 1);
  nanosleep (&delay, NULL);
  kill (pid, SIGKILL);
  return wait_status (pid);
}

/* Read a small file of /proc into @buffer, NUL-terminated; its length, or -1. */
static ssize_t
read_proc (const char *pid, const char *name, char *buffer, size_t size)
{
  char path[300];
  ssize_t len = 0, n;
  int fd;

  snprintf (path, sizeof path, "/proc/%s/%s", pid, name);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  while ((n = read (fd, buffer + len, size - 1 - (size_t)len)) > 0)
    len += n;
  close (fd);
  if (n < 0 && len == 0)
    return -1;
  buffer[len] = '\0';
  return len;
}

/* When the process was started, in clock ticks since boot; 0 when it is gone. */
static unsigned long long
start_time (const char *pid)
{
  char stat[2048], *field;
  unsigned long long ticks = 0;

  if (read_proc (pid, "stat", stat, sizeof stat) <= 0)
    return 0;
  /* Field 2, the name, may contain anything; field 22 is the time. */
  field = strrchr (stat, ')');
  for (int i = 2; i < 22 && field != NULL; i++)
    field = strchr (field + 1, ' ');
  if (field != NULL)
    sscanf (field, "%llu", &ticks);
  return ticks;
}

static bool
is_our_uid (const char *status, char **ranges)
{
  const char *line = strstr (status, "\nUid:");
  unsigned int uid, first, count;

  if (line == NULL || sscanf (line, "\nUid: %u", &uid) != 1)
    return false;
  if (uid == getuid ())
    return true;
  for (; *ranges != NULL; ranges++)
    if (sscanf (*ranges, "%u+%u", &first, &count) == 2 && uid >= first && uid - first < count)
      return true;
  return false;
}

static bool
is_leftover (const char *pid, const char *mark, unsigned long long since, char **ranges)
{
  static char environ_block[1 << 18];
  char status[8192];
  ssize_t len;

  if (atoi (pid) == getpid () || start_time (pid) < since)
    return false;
  len = read_proc (pid, "environ", environ_block, sizeof environ_block);
  for (ssize_t at = 0; at < len; at += (ssize_t)strlen (environ_block + at) + 1)
    if (strcmp (environ_block + at, mark) == 0)
      return true;
  /* A zombie and a kernel thread have no memory and so no environment; they are not our business.
   */
  return len < 0 && read_proc (pid, "status", status, sizeof status) > 0
         && strstr (status, "\nVmSize:") != NULL && is_our_uid (status, ranges);
}

static void
describe (const char *pid)
{
  char buffer[8192];
  ssize_t len = read_proc (pid, "cmdline", buffer, sizeof buffer);

  for (ssize_t i = 0; i < len - 1; i++)
    if (buffer[i] == '\0')
      buffer[i] = ' ';
  printf ("%s: %s", pid, len > 0 ? buffer : "");
  if (read_proc (pid, "status", buffer, sizeof buffer) > 0)
    for (char *line = strtok (buffer, "\n"); line != NULL; line = strtok (NULL, "\n"))
      if (strncmp (line, "Name:", 5) == 0 || strncmp (line, "State:", 6) == 0
          || strncmp (line, "PPid:", 5) == 0 || strncmp (line, "Uid:", 4) == 0)
        printf ("; %s", line);
  putchar ('\n');
}

typedef enum
{
  LEFTOVERS_COUNT,
  LEFTOVERS_DESCRIBE,
  LEFTOVERS_KILL,
} LeftoversAction;

/* Look at all processes once; how many are the test's. */
static int
each_leftover (char **argv, unsigned long long since, LeftoversAction action)
{
  DIR *proc = opendir ("/proc");
  struct dirent *entry;
  int n = 0;

  while (proc != NULL && (entry = readdir (proc)) != NULL)
    if (isdigit ((unsigned char)entry->d_name[0])
        && is_leftover (entry->d_name, argv[0], since, argv + 2))
      {
        n++;
        if (action == LEFTOVERS_DESCRIBE)
          describe (entry->d_name);
        else if (action == LEFTOVERS_KILL)
          kill (atoi (entry->d_name), SIGKILL);
      }
  if (proc != NULL)
    closedir (proc);
  return n;
}

static int
verb_leftovers (int argc, char **argv)
{
  static const struct timespec tick = { .tv_nsec = 10000000 };
  unsigned long long since;

  if (argc < 2)
    fail (2, "leftovers MARK PID [FIRST+COUNT...]");
  since = start_time (argv[1]);
  while (each_leftover (argv, since, LEFTOVERS_COUNT) > 0)
    {
      if (milliseconds_left () == 0)
        return each_leftover (argv, since, LEFTOVERS_DESCRIBE) > 0;
      nanosleep (&tick, NULL);
    }
  return 0;
}

static int
verb_kill_leftovers (int argc, char **argv)
{
  if (argc < 2)
    fail (2, "kill-leftovers MARK PID [FIRST+COUNT...]");
  each_leftover (argv, start_time (argv[1]), LEFTOVERS_KILL);
  return 0;
}

static const struct
{
  const char *name;
  int (*function) (int argc, char **argv);
} verbs[] = {
  { "tty-run", verb_tty_run },
  { "tty-recv", verb_tty_recv },
  { "fd-recv", verb_fd_recv },
  { "dgram-recv", verb_dgram_recv },
  { "kill-after", verb_kill_after },
  { "leftovers", verb_leftovers },
  { "kill-leftovers", verb_kill_leftovers },
};

int
main (int argc, char **argv)
{
  const char *seconds = "30";
  const char *verb = argc > 1 ? argv[1] : "";

  argc -= 2;
  argv += 2;
  if (argc >= 2 && strcmp (argv[0], "-t") == 0)
    {
      seconds = argv[1];
      argc -= 2;
      argv += 2;
    }
  set_deadline (seconds);
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (strcmp (verb, verbs[i].name) == 0)
      return verbs[i].function (argc, argv);
  fail (2, "unknown verb '%s'", verb);
}
