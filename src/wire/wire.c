/* The wire: packets with a small head, and fds by SCM_RIGHTS. Runs in parent and child; no
 * allocation. */
#include "wire/wire.h"
#include "base/fd.h"
#include "sys/fault.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Is the failed read or receive to be tried again? A peer that died with unread packets in its
 * queue resets the connection, and that is told first and once: what it has sent comes after it. */
static bool
is_to_repeat (void)
{
  return errno == EINTR || errno == ECONNRESET;
}

typedef struct
{
  uint32_t
      magic; /* catches a stray packet, not an attacker: the pair is private to the two of us */
  uint32_t message;
} Head;

enum
{
  MAGIC = 0x72756e63,
};

const char *
runc_message_to_string (RuncMessage message)
{
  static const char *const names[] = {
#define X(name, text, from_child, has_fd) text,
    RUNC_MESSAGES (X)
#undef X
  };

  return (unsigned)message < RUNC_N_MESSAGES ? names[message] : "?";
}

int
runc_wire_pair (int *ret_parent, int *ret_child)
{
  int pair[2];

  if (RUNC_FAULTY (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) < 0)
    return -errno;
  *ret_parent = pair[0];
  *ret_child = pair[1];
  return 0;
}

int
runc_wire_send (int sock, RuncMessage message, const void *payload, size_t len, int fd)
{
  Head head = { .magic = MAGIC, .message = (uint32_t)message };
  struct iovec iov[2] = {
    { .iov_base = &head, .iov_len = sizeof head },
    { .iov_base = (void *)payload, .iov_len = len },
  };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (sizeof (int))];
  } control;
  struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1 };
  ssize_t n;

  if (fd >= 0)
    {
      memset (&control, 0, sizeof control);
      msg.msg_control = &control;
      msg.msg_controllen = sizeof control.space;
      struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);
      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (cmsg), &fd, sizeof (int));
    }
  do
    n = RUNC_FAULTY (sendmsg (sock, &msg, MSG_NOSIGNAL));
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : 0;
}

int
runc_wire_write (int sock, RuncMessage message, const void *payload, size_t len)
{
  struct
  {
    Head head;
    char payload[sizeof (RuncWireFailure)];
  } packet = { .head = { .magic = MAGIC, .message = (uint32_t)message } };
  ssize_t n;

  if (len > sizeof packet.payload)
    return -EMSGSIZE;
  if (len > 0)
    memcpy (packet.payload, payload, len);
  do
    n = RUNC_FAULTY (write (sock, &packet, sizeof packet.head + len));
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : 0;
}

int
runc_wire_read (int sock, RuncMessage *ret_message)
{
  Head head;
  ssize_t n;

  do
    n = RUNC_FAULTY (read (sock, &head, sizeof head));
  while (n < 0 && is_to_repeat ());
  if (n == 0)
    return 0;
  if (n < 0)
    return -errno;
  if ((size_t)n < sizeof head || head.magic != MAGIC || head.message >= RUNC_N_MESSAGES)
    return -EBADMSG;
  *ret_message = (RuncMessage)head.message;
  return 1;
}

/* The fd that came with @msg, or -EBADF. Only one is ever sent; more are closed. */
static int
passed_fd (struct msghdr *msg)
{
  int fd = -EBADF;

  for (struct cmsghdr *c = CMSG_FIRSTHDR (msg); c != NULL; c = CMSG_NXTHDR (msg, c))
    for (size_t at = CMSG_LEN (0); c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
                                   && at + sizeof (int) <= c->cmsg_len;
         at += sizeof (int))
      {
        int one;

        memcpy (&one, (char *)c + at, sizeof one);
        if (fd < 0)
          fd = one;
        else
          close (one);
      }
  return fd;
}

int
runc_wire_receive (int sock, RuncMessage *ret_message, void *payload, size_t size, size_t *ret_len,
                   int *ret_fd)
{
  Head head = { 0 };
  struct iovec iov[2] = {
    { .iov_base = &head, .iov_len = sizeof head },
    { .iov_base = payload, .iov_len = size },
  };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (sizeof (int))];
  } control;
  struct msghdr msg = {
    .msg_iov = iov,
    .msg_iovlen = 2,
    .msg_control = &control,
    .msg_controllen = sizeof control.space,
  };
  ssize_t n;

  do
    n = RUNC_FAULTY (recvmsg (sock, &msg, MSG_CMSG_CLOEXEC));
  while (n < 0 && is_to_repeat ());
  if (n == 0)
    return 0;
  if (n < 0)
    return -errno;

  autofd int fd = passed_fd (&msg);

  if (msg.msg_flags & MSG_TRUNC)
    return -EMSGSIZE;
  if ((size_t)n < sizeof head || head.magic != MAGIC || head.message >= RUNC_N_MESSAGES)
    return -EBADMSG;
  *ret_message = (RuncMessage)head.message;
  *ret_len = (size_t)n - sizeof head;
  if (ret_fd != NULL)
    *ret_fd = runc_steal_fd (&fd);
  return 1;
}
