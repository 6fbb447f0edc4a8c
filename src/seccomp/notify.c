/* The listener of a filter with SCMP_ACT_NOTIFY goes to an agent outside. Runs in the parent.
 *
 * One connection to linux.seccomp.listenerPath, one packet: the container process state of the
 * specification as JSON, the fd with it.
 */
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "seccomp/seccomp.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FAILED "failed to connect with seccomp agent"

static char *
process_state (const RuncSpecSeccomp *seccomp, const char *state_json, pid_t pid, GError **error)
{
  autojson RuncJson *object = json_object_new_object ();
  RuncJson *state = runc_json_parse (state_json, strlen (state_json), "state", error);
  RuncJson *fds = json_object_new_array ();
  RuncJson *version = NULL;

  json_object_array_add (fds, json_object_new_string ("seccompFd"));
  if (state == NULL)
    {
      runc_json_put (&fds);
      return NULL;
    }
  if (json_object_object_get_ex (state, "ociVersion", &version))
    json_object_object_add (object, "ociVersion", json_object_get (version));
  json_object_object_add (object, "fds", fds);
  json_object_object_add (object, "pid", json_object_new_int64 (pid));
  if (seccomp->listener_metadata != NULL)
    json_object_object_add (object, "metadata",
                            json_object_new_string (seccomp->listener_metadata));
  json_object_object_add (object, "state", state);
  return runc_json_to_string (object);
}

/* The fd goes with the first byte; what does not fit into the buffer follows without it. */
static gboolean
send_state (int sock, const char *text, int fd, GError **error)
{
  gsize len = strlen (text);
  gsize done = 0;

  while (done < len)
    {
      struct iovec iov = { .iov_base = (void *)(text + done), .iov_len = len - done };
      union
      {
        struct cmsghdr align;
        char space[CMSG_SPACE (sizeof (int))];
      } control = { .space = { 0 } };
      struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

      if (done == 0)
        {
          msg.msg_control = &control;
          msg.msg_controllen = sizeof control.space;
          struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);
          cmsg->cmsg_level = SOL_SOCKET;
          cmsg->cmsg_type = SCM_RIGHTS;
          cmsg->cmsg_len = CMSG_LEN (sizeof (int));
          memcpy (CMSG_DATA (cmsg), &fd, sizeof fd);
        }
      ssize_t n = TEMP_FAILURE_RETRY (sendmsg (sock, &msg, MSG_NOSIGNAL));
      if (n < 0)
        return runc_throw_errno (error, FAILED ": cannot send the listener");
      done += (gsize)n;
    }
  return TRUE;
}

gboolean
runc_seccomp_notify_send (const RuncSpecSeccomp *seccomp, int listener_fd, const char *state_json,
                          pid_t pid, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const char *path = seccomp->listener_path;
  g_autofree char *text = NULL;
  autofd int sock = -EBADF;

  if (path == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       FAILED ": linux.seccomp.listenerPath is not set");
  if (strlen (path) >= sizeof address.sun_path)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       FAILED ": linux.seccomp.listenerPath '%s' is longer than %zu bytes", path,
                       sizeof address.sun_path - 1);
  text = process_state (seccomp, state_json, pid, error);
  if (text == NULL)
    return FALSE;
  strcpy (address.sun_path, path);
  sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (sock < 0
      || TEMP_FAILURE_RETRY (connect (sock, (struct sockaddr *)&address, sizeof address)) < 0)
    return runc_throw_errno (error, FAILED " specified in the seccomp profile, '%s'", path);
  return send_state (sock, text, listener_fd, error);
}
