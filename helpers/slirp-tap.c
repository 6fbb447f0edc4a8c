/* Make the container's interface. Runs in the helper; the work is done in a child of it that enters
 * the container's namespaces, makes the device, sends its fd back and ends.
 *
 * The child enters the user namespace first, which gives it the capabilities to enter and to
 * configure the network namespace; it stays in our mount and pid namespaces, so that /dev/net/tun
 * is the host's. It cannot be opened before: the device is made in the network namespace in which
 * /dev/net/tun was opened. Errors come back as text on the same socket as the fd.
 */
#include "slirp-tap.h"

#include "slirp-netlink.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TUN_DEVICE "/dev/net/tun"

/* ---------------------------------------------------------------- in the namespaces */

static gboolean
enter (int userns_fd, int netns_fd, GError **error)
{
  if (userns_fd >= 0)
    {
      int r = runc_sys_setns (userns_fd, CLONE_NEWUSER);
      /* -EINVAL: it is the one we are in. */
      if (r < 0 && r != -EINVAL)
        return runc_throw_neg (error, r, "cannot enter the container's user namespace");
    }
  int r = runc_sys_setns (netns_fd, CLONE_NEWNET);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot enter the container's network namespace");
  return TRUE;
}

static gboolean
throw_tun (GError **error)
{
  const char *hint = "";

  if (errno == EACCES || errno == EPERM)
    hint = " (the device must be open to all: 'chmod 666 " TUN_DEVICE "', as root)";
  else if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
    hint = " (give it to the outer container by '--device /dev/net/tun'; outside of one: "
           "'modprobe tun', as root)";
  return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot open '" TUN_DEVICE "': %s%s",
                     g_strerror (errno), hint);
}

static int
open_tap (const RuncSlirpNet *net, GError **error)
{
  autofd int fd = open (TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

  if (fd < 0)
    {
      throw_tun (error);
      return -EBADF;
    }
  memcpy (request.ifr_name, net->tap, sizeof request.ifr_name);
  if (ioctl (fd, TUNSETIFF, &request) < 0)
    {
      runc_throw_errno (error, "cannot make the interface '%s'", net->tap);
      return -EBADF;
    }
  /* Now the container's kernel may leave checksums and segmentation to us; of datagrams since Linux
   * 6.2. */
  const unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (ioctl (fd, TUNSETOFFLOAD, offloads | TUN_F_USO4 | TUN_F_USO6) < 0
      && ioctl (fd, TUNSETOFFLOAD, offloads) < 0)
    {
      runc_throw_errno (error, "cannot set the offloads of the interface '%s'", net->tap);
      return -EBADF;
    }
  return runc_steal_fd (&fd);
}

/* We configure IPv6 ourselves: no addresses from router advertisements, and no second of waiting
 * before the link-local address works. Where /proc/sys cannot be written, things are only slower.
 */
static void
quieten_ipv6 (const char *tap)
{
  static const char *const names[] = { "accept_ra", "accept_dad", "dad_transmits" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/proc/sys/net/ipv6/conf/%s/%s", tap, names[i]);
      autofd int fd = open (path, O_WRONLY | O_CLOEXEC);
      if (fd >= 0 && write (fd, "0", 1) < 0)
        continue;
    }
}

static gboolean
configure (const RuncSlirpNet *net, GError **error)
{
  int index = (int)if_nametoindex (net->tap);
  int r = runc_sys_loopback_up ();

  if (r < 0)
    return runc_throw_neg (error, r, "cannot bring up the container's loopback interface");
  autofd int fd = runc_slirp_netlink_open ();
  if (fd < 0)
    return runc_throw_neg (error, fd, "cannot open a netlink socket");
  if (net->ipv6)
    quieten_ipv6 (net->tap);
  r = runc_slirp_netlink_up (fd, index, (uint32_t)net->mtu);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot bring up the interface '%s'", net->tap);

  r = runc_slirp_netlink_add_address (fd, index, AF_INET, &net->guest, net->prefix_len);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot give '%s' its address", net->tap);
  r = runc_slirp_netlink_add_default_route (fd, index, AF_INET, &net->gateway);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot set the default route");
  if (!net->ipv6)
    return TRUE;
  r = runc_slirp_netlink_add_address (fd, index, AF_INET6, &net->guest6, net->prefix6_len);
  if (r < 0)
    return runc_throw_neg (error, r,
                           "cannot give '%s' its IPv6 address (is IPv6 disabled on this "
                           "host?)",
                           net->tap);
  r = runc_slirp_netlink_add_default_route (fd, index, AF_INET6, &net->gateway6);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot set the default route of IPv6");
  return TRUE;
}

/* ---------------------------------------------------------------- the child and its parent */

/* One byte and the fd, or the text of an error and no fd. */
static gboolean
send_result (int socket_fd, int fd, const char *text)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control = { 0 };
  struct iovec iov = { .iov_base = (char *)text, .iov_len = strlen (text) };
  struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

  if (fd >= 0)
    {
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
      struct cmsghdr *cmsg = CMSG_FIRSTHDR (&message);
      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN (sizeof fd);
      memcpy (CMSG_DATA (cmsg), &fd, sizeof fd);
    }
  return sendmsg (socket_fd, &message, MSG_NOSIGNAL) >= 0;
}

static int
receive_result (int socket_fd, GError **error)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  char text[512];
  struct iovec iov = { .iov_base = text, .iov_len = sizeof text - 1 };
  struct msghdr message = {
    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  ssize_t n;
  int fd;

  do
    n = recvmsg (socket_fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    {
      runc_throw (error, RUNC_ERROR_SYSTEM, "the child in the container's namespaces died");
      return -EBADF;
    }
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&message);
  if (cmsg != NULL && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS
      && cmsg->cmsg_len == CMSG_LEN (sizeof fd))
    {
      memcpy (&fd, CMSG_DATA (cmsg), sizeof fd);
      return fd;
    }
  text[n] = '\0';
  runc_throw (error, RUNC_ERROR_SYSTEM, "%s", text);
  return -EBADF;
}

static G_GNUC_NORETURN void
run_child (const RuncSlirpNet *net, int userns_fd, int netns_fd, int socket_fd)
{
  g_autoptr (GError) error = NULL;
  autofd int tap_fd = -EBADF;

  if (enter (userns_fd, netns_fd, &error))
    tap_fd = open_tap (net, &error);
  if (tap_fd >= 0 && configure (net, &error))
    _exit (send_result (socket_fd, tap_fd, "1") ? 0 : 1);
  send_result (socket_fd, -EBADF, error->message);
  _exit (1);
}

int
runc_slirp_tap_make (const RuncSlirpNet *net, int userns_fd, int netns_fd, GError **error)
{
  autofd int ours = -EBADF, theirs = -EBADF;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    {
      runc_throw_errno (error, "cannot make a socket pair");
      return -EBADF;
    }
  ours = pair[0];
  theirs = pair[1];

  pid_t pid = fork ();
  if (pid < 0)
    {
      runc_throw_errno (error, "cannot fork");
      return -EBADF;
    }
  if (pid == 0)
    run_child (net, userns_fd, netns_fd, theirs);
  theirs = runc_close_fd (theirs);
  int tap_fd = receive_result (ours, error);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
  return tap_fd;
}
