/* Handing fds to those who asked for them: --console-socket and --pidfd-socket. Runs in the parent.
 */
#include "base/error.h"
#include "base/fd.h"
#include "launch/launch.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A connection to the stream socket at @path. */
static int
connect_to (const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (strlen (path) >= sizeof address.sun_path)
    {
      runc_throw (error, RUNC_ERROR_USAGE, "socket path '%s' is longer than %zu bytes", path,
                  sizeof address.sun_path - 1);
      return -1;
    }
  strcpy (address.sun_path, path);
  if (sock < 0 || connect (sock, (struct sockaddr *)&address, sizeof address) < 0)
    {
      runc_throw_errno (error, "cannot connect to socket '%s'", path);
      return -1;
    }
  return runc_steal_fd (&sock);
}

/* Send @fd with @name as the payload: the receivers print it. */
static gboolean
send_fd (const char *path, int fd, const char *name, GError **error)
{
  autofd int sock = connect_to (path, error);
  struct iovec iov = { .iov_base = (void *)name, .iov_len = strlen (name) };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (sizeof (int))];
  } control = { .space = { 0 } };
  struct msghdr msg = {
    .msg_iov = &iov,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control.space,
  };
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);

  if (sock < 0)
    return FALSE;
  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN (sizeof (int));
  memcpy (CMSG_DATA (cmsg), &fd, sizeof (int));
  if (sendmsg (sock, &msg, MSG_NOSIGNAL) < 0)
    return runc_throw_errno (error, "cannot send to socket '%s'", path);
  return TRUE;
}

gboolean
runc_launch_send_console (const char *path, int console_fd, GError **error)
{
  return send_fd (path, console_fd, "/dev/ptmx", error);
}

gboolean
runc_launch_send_pidfd (const char *path, int pidfd, GError **error)
{
  return send_fd (path, pidfd, "pidfd", error);
}
