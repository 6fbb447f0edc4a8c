/* seccomp-agent: answers the system calls of a container, for tests.
 *
 *   seccomp-agent SOCKET [NUMBER=ANSWER...]
 *
 * Listens on SOCKET, which is there when it is ready. What comes over a connection, the container
 * process state, is a line "state JSON" of the output; each notification is a line "call NUMBER".
 * ANSWER is what system call NUMBER gets: "errno:N", "value:N", "continue" (also for those that are
 * not given), "die": the agent ends, leaving the call unanswered, or "hold": no answer.
 *
 * Runs until it is killed, or told to die, or 60 s long.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LISTENERS 16

static void
fail (const char *what)
{
  fprintf (stderr, "seccomp-agent: %s: %s\n", what, strerror (errno));
  exit (1);
}

static int
listen_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char new_path[sizeof address.sun_path];
  int sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (sock < 0 || snprintf (new_path, sizeof new_path, "%s.new", path) >= (int)sizeof new_path)
    fail (path);
  strcpy (address.sun_path, new_path);
  if (bind (sock, (struct sockaddr *)&address, sizeof address) < 0 || listen (sock, 16) < 0
      || rename (new_path, path) < 0)
    fail (path);
  return sock;
}

/* Whether @text is a JSON object to its end (no string in it has a brace). Some runtimes leave the
 * connection open for longer. */
static int
is_complete (const char *text, size_t len)
{
  int depth = 0;

  for (size_t i = 0; i < len; i++)
    depth += (text[i] == '{') - (text[i] == '}');
  return len > 0 && depth == 0;
}

/* Take what one connection brings: the state, printed, and the listener, returned. */
static int
take_listener (int sock)
{
  static char text[1 << 20];
  size_t len = 0;
  int listener = -1;
  int connection = accept4 (sock, NULL, NULL, SOCK_CLOEXEC);

  if (connection < 0)
    fail ("accept");
  for (;;)
    {
      union
      {
        struct cmsghdr align;
        char space[CMSG_SPACE (sizeof (int))];
      } control;
      struct iovec iov = { text + len, sizeof text - len };
      struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
      };
      ssize_t n = recvmsg (connection, &msg, MSG_CMSG_CLOEXEC);
      struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);

      if (n < 0)
        fail ("recvmsg");
      if (n == 0)
        break;
      if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS)
        memcpy (&listener, CMSG_DATA (cmsg), sizeof listener);
      len += (size_t)n;
      if (is_complete (text, len))
        break;
    }
  close (connection);
  printf ("state %.*s\n", (int)len, text);
  return listener;
}

static const char *
find_answer (char **answers, int number)
{
  for (; *answers != NULL; answers++)
    {
      char *end;
      if (strtol (*answers, &end, 10) == number && *end == '=')
        return end + 1;
    }
  return "continue";
}

/* Answer one call. Returns -1 when there will be no more. */
static int
answer (int listener, char **answers)
{
  struct seccomp_notif_sizes sizes;
  struct seccomp_notif *notification;
  struct seccomp_notif_resp *response;
  const char *text;
  int r = 0;

  if (syscall (SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
    fail ("SECCOMP_GET_NOTIF_SIZES");
  notification = calloc (1, sizes.seccomp_notif);
  response = calloc (1, sizes.seccomp_notif_resp);
  if (ioctl (listener, SECCOMP_IOCTL_NOTIF_RECV, notification) < 0)
    r = errno == ENOENT || errno == EINTR ? 0 : -1;
  else
    {
      text = find_answer (answers, notification->data.nr);
      printf ("call %d\n", notification->data.nr);
      response->id = notification->id;
      if (strncmp (text, "errno:", 6) == 0)
        response->error = -atoi (text + 6);
      else if (strncmp (text, "value:", 6) == 0)
        response->val = atoll (text + 6);
      else if (strcmp (text, "die") == 0)
        exit (0);
      else
        response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      if (strcmp (text, "hold") != 0 && ioctl (listener, SECCOMP_IOCTL_NOTIF_SEND, response) < 0
          && errno != ENOENT)
        fail ("SECCOMP_IOCTL_NOTIF_SEND");
    }
  free (notification);
  free (response);
  return r;
}

int
main (int argc, char **argv)
{
  struct pollfd fds[1 + MAX_LISTENERS];
  nfds_t n = 1;

  if (argc < 2)
    {
      fprintf (stderr, "usage: seccomp-agent SOCKET [NUMBER=ANSWER...]\n");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  alarm (60);
  fds[0] = (struct pollfd){ .fd = listen_at (argv[1]), .events = POLLIN };
  for (;;)
    {
      if (poll (fds, n, -1) < 0)
        fail ("poll");
      if (fds[0].revents && n <= MAX_LISTENERS)
        {
          int listener = take_listener (fds[0].fd);
          if (listener >= 0)
            fds[n++] = (struct pollfd){ .fd = listener, .events = POLLIN };
          continue;
        }
      for (nfds_t i = 1; i < n; i++)
        if ((fds[i].revents & POLLIN && answer (fds[i].fd, argv + 2) < 0)
            || (fds[i].revents & (POLLHUP | POLLERR) && !(fds[i].revents & POLLIN)))
          {
            close (fds[i].fd);
            fds[i] = fds[--n];
            break;
          }
    }
}
