/* Readiness. Runs in the parent, or in `start`.
 *
 * The container gets a datagram socket of its own, and only its READY= is handed on: other messages
 * of the protocol are about the unit's main process and its fds, which a container has no business
 * with.
 */
#include "launch/ready.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum
{
  BARRIER_TIMEOUT_MS = 30000, /* sd_notify_barrier(3): the manager may be busy */
};

gboolean
runc_ready_make_dir (int state_dir_fd, GError **error)
{
  if (mkdirat (state_dir_fd, RUNC_READY_DIR, 0755) < 0
      || fchmodat (state_dir_fd, RUNC_READY_DIR, 0755, 0) < 0)
    return runc_throw_errno (error, "cannot make the directory of the notify socket");
  return TRUE;
}

int
runc_ready_bind (int state_dir_fd, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int dir = openat (state_dir_fd, RUNC_READY_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
  autofd int sock = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  /* A state directory's path may be longer than a socket address can be. */
  snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, RUNC_READY_NAME);
  if (dir < 0 || sock < 0 || bind (sock, (struct sockaddr *)&address, sizeof address) < 0
      || fchmodat (dir, RUNC_READY_NAME, 0777, 0) < 0)
    {
      runc_throw_errno (error, "cannot make the container's notify socket");
      return -1;
    }
  return runc_steal_fd (&sock);
}

static int
connect_host (const char *host)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int sock = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  size_t len = strlen (host);

  if (sock < 0 || len >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, host, len);
  if (host[0] == '@')
    address.sun_path[0] = '\0';
  if (connect (sock, (struct sockaddr *)&address,
               (socklen_t)(offsetof (struct sockaddr_un, sun_path) + len))
      < 0)
    return -1;
  return runc_steal_fd (&sock);
}

/* Wait until the manager has read everything: it closes the pipe that comes with BARRIER=1. */
static void
barrier (int sock)
{
  autofd int read_end = -EBADF, write_end = -EBADF;
  int ends[2];
  char text[] = "BARRIER=1";
  struct iovec iov = { .iov_base = text, .iov_len = strlen (text) };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (sizeof (int))];
  } control = { .space = { 0 } };
  struct msghdr msg = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof control.space };
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return;
  read_end = ends[0];
  write_end = ends[1];
  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN (sizeof (int));
  memcpy (CMSG_DATA (cmsg), &write_end, sizeof (int));
  if (sendmsg (sock, &msg, MSG_NOSIGNAL) < 0)
    return;
  write_end = runc_close_fd (write_end);

  struct pollfd end = { .fd = read_end };

  while (poll (&end, 1, BARRIER_TIMEOUT_MS) < 0 && errno == EINTR)
    ;
}

static void
tell_host (const char *host, const char *ready, pid_t main_pid)
{
  autofd int sock = connect_host (host);
  g_autofree char *first = g_strdup_printf ("%s\n", ready);
  g_autofree char *second = g_strdup_printf ("MAINPID=%d\n", (int)main_pid);

  if (sock < 0 || send (sock, first, strlen (first), MSG_NOSIGNAL) < 0
      || send (sock, second, strlen (second), MSG_NOSIGNAL) < 0)
    {
      runc_debug ("cannot notify '%s': %s", host, g_strerror (errno));
      return;
    }
  barrier (sock);
}

gboolean
runc_ready_forward (int sock, const char *host, pid_t main_pid)
{
  char datagram[4096 + 1];
  ssize_t n = recv (sock, datagram, sizeof datagram - 1, MSG_DONTWAIT);

  if (n <= 0)
    return FALSE;
  datagram[n] = '\0';

  g_auto (GStrv) lines = g_strsplit (datagram, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "READY="))
      {
        tell_host (host, *line, main_pid);
        return TRUE;
      }
  return FALSE;
}

void
runc_ready_wait (int sock, const char *host, pid_t main_pid, int pidfd)
{
  struct pollfd fds[2] = {
    { .fd = sock, .events = POLLIN },
    { .fd = pidfd, .events = POLLIN },
  };

  while (poll (fds, 2, -1) >= 0 || errno == EINTR)
    {
      if (fds[0].revents != 0 && runc_ready_forward (sock, host, main_pid))
        return;
      if (fds[1].revents != 0)
        return;
    }
}
