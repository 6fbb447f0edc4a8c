/* Interfaces that move from the host into a container, by rtnetlink. Runs in the parent.
 *
 * Two sockets do it, one in each network namespace: a socket stays in the one that it was made in.
 * The kernel drops the addresses of an interface that moves, so they are read before and given back
 * afterwards; all else (MTU, hardware address, ...) it keeps.
 */
#include "net/devices.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/process.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum
{
  ANSWER_SIZE = 32768, /* the kernel fills packets of dumps up to this size */
  MAX_NUMBER = 4096,   /* for names with %d */
};

/* Room for the longest request: a header, a body and a few attributes. */
typedef struct
{
  struct nlmsghdr head;
  char body[256];
} Request;

/* An address to give back. */
typedef struct
{
  struct ifaddrmsg head;
  unsigned char local[16], peer[16], broadcast[4];
  gboolean has_local, has_peer, has_broadcast;
} Address;

/* Both sides of a move. */
typedef struct
{
  int here;
  int there;
  int netns; /* there */
} Sides;

static void *
start (Request *request, int type, int flags, gsize body_len)
{
  memset (request, 0, sizeof *request);
  request->head.nlmsg_type = (guint16)type;
  request->head.nlmsg_flags = (guint16)(NLM_F_REQUEST | flags);
  request->head.nlmsg_len = (guint32)NLMSG_LENGTH (body_len);
  return NLMSG_DATA (&request->head);
}

static void
append (Request *request, int type, const void *data, gsize len)
{
  struct rtattr attribute = { .rta_len = (guint16)RTA_LENGTH (len), .rta_type = (guint16)type };
  char *at = (char *)request + NLMSG_ALIGN (request->head.nlmsg_len);

  memcpy (at, &attribute, sizeof attribute);
  memcpy (at + RTA_LENGTH (0), data, len);
  request->head.nlmsg_len
      = (guint32)(NLMSG_ALIGN (request->head.nlmsg_len) + RTA_ALIGN (attribute.rta_len));
}

static int
exchange (int sock, const Request *request, void *answer, gsize size)
{
  ssize_t n;

  if (request != NULL && send (sock, request, request->head.nlmsg_len, 0) < 0)
    return -errno;
  do
    n = recv (sock, answer, size, 0);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : (int)n;
}

/* Send @request and wait for its acknowledgement. Returns 0 or -errno. */
static int
transact (int sock, Request *request)
{
  union
  {
    struct nlmsghdr head;
    char space[1024];
  } answer;
  const struct nlmsgerr *result = NLMSG_DATA (&answer.head);
  int n;

  request->head.nlmsg_flags |= NLM_F_ACK;
  n = exchange (sock, request, &answer, sizeof answer);
  if (n < 0)
    return n;
  if (!NLMSG_OK (&answer.head, (guint)n) || answer.head.nlmsg_type != NLMSG_ERROR)
    return -EPROTO;
  return result->error;
}

/* The index of interface @name, or -errno (-ENODEV: there is none). */
static int
find_device (int sock, const char *name)
{
  g_autofree char *space = g_malloc (ANSWER_SIZE);
  const struct nlmsghdr *answer = (const struct nlmsghdr *)space;
  Request request;
  struct ifinfomsg *body = start (&request, RTM_GETLINK, 0, sizeof *body);
  int n;

  append (&request, IFLA_IFNAME, name, strlen (name) + 1);
  n = exchange (sock, &request, space, ANSWER_SIZE);
  if (n < 0)
    return n;
  if (!NLMSG_OK (answer, (guint)n))
    return -EPROTO;
  if (answer->nlmsg_type == NLMSG_ERROR)
    return ((const struct nlmsgerr *)NLMSG_DATA (answer))->error;
  return ((const struct ifinfomsg *)NLMSG_DATA (answer))->ifi_index;
}

/* ---- addresses ----------------------------------------------------------------------------- */

static gboolean
take_bytes (const struct rtattr *attribute, unsigned char *bytes, gsize size)
{
  gsize len = RTA_PAYLOAD (attribute);

  if (len > size)
    return FALSE;
  memcpy (bytes, RTA_DATA (attribute), len);
  return TRUE;
}

/* Add the address in @message to @addresses, if it is one to keep. */
static void
take_address (struct nlmsghdr *message, int index, GArray *addresses)
{
  const struct ifaddrmsg *head = NLMSG_DATA (message);
  Address address = { .head = *head };
  guint32 flags = head->ifa_flags;
  int len = (int)IFA_PAYLOAD (message);

  for (struct rtattr *a = IFA_RTA (head); RTA_OK (a, len); a = RTA_NEXT (a, len))
    if (a->rta_type == IFA_LOCAL)
      address.has_local = take_bytes (a, address.local, sizeof address.local);
    else if (a->rta_type == IFA_ADDRESS)
      address.has_peer = take_bytes (a, address.peer, sizeof address.peer);
    else if (a->rta_type == IFA_BROADCAST)
      address.has_broadcast = take_bytes (a, address.broadcast, sizeof address.broadcast);
    else if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD (a) >= sizeof flags)
      memcpy (&flags, RTA_DATA (a), sizeof flags);
  if (head->ifa_index == (guint)index && head->ifa_scope == RT_SCOPE_UNIVERSE
      && (flags & IFA_F_PERMANENT) != 0)
    g_array_append_val (addresses, address);
}

/* All addresses of interface @index that are to go with it (GArray of Address). */
static int
read_addresses (int sock, int index, GArray *addresses)
{
  g_autofree char *space = g_malloc (ANSWER_SIZE);
  Request request;
  int n;

  start (&request, RTM_GETADDR, NLM_F_DUMP, sizeof (struct ifaddrmsg));
  for (const Request *next = &request;; next = NULL)
    {
      n = exchange (sock, next, space, ANSWER_SIZE);
      if (n < 0)
        return n;
      for (struct nlmsghdr *m = (struct nlmsghdr *)space; NLMSG_OK (m, (guint)n);
           m = NLMSG_NEXT (m, n))
        {
          if (m->nlmsg_type == NLMSG_DONE)
            return 0;
          if (m->nlmsg_type == NLMSG_ERROR)
            return ((const struct nlmsgerr *)NLMSG_DATA (m))->error;
          take_address (m, index, addresses);
        }
    }
}

static int
add_address (int sock, int index, const Address *address)
{
  gsize len = address->head.ifa_family == AF_INET6 ? 16 : 4;
  Request request;
  struct ifaddrmsg *body = start (&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *body);

  body->ifa_family = address->head.ifa_family;
  body->ifa_prefixlen = address->head.ifa_prefixlen;
  body->ifa_scope = address->head.ifa_scope;
  body->ifa_index = (guint32)index;
  if (address->has_local)
    append (&request, IFA_LOCAL, address->local, len);
  if (address->has_peer)
    append (&request, IFA_ADDRESS, address->peer, len);
  if (address->has_broadcast)
    append (&request, IFA_BROADCAST, address->broadcast, sizeof address->broadcast);
  return transact (sock, &request);
}

/* ---- the move ------------------------------------------------------------------------------ */

static int
send_away (const Sides *sides, int index, const char *name)
{
  Request request;
  struct ifinfomsg *body = start (&request, RTM_NEWLINK, 0, sizeof *body);

  body->ifi_index = index;
  append (&request, IFLA_NET_NS_FD, &sides->netns, sizeof sides->netns);
  append (&request, IFLA_IFNAME, name, strlen (name) + 1);
  return transact (sides->here, &request);
}

static int
bring_up (int sock, int index)
{
  Request request;
  struct ifinfomsg *body = start (&request, RTM_NEWLINK, 0, sizeof *body);

  body->ifi_index = index;
  body->ifi_flags = IFF_UP;
  body->ifi_change = IFF_UP;
  return transact (sock, &request);
}

/* The name that @device gets: -EEXIST when it is taken. */
static int
choose_name (const Sides *sides, const RuncNetDevice *device, char *ret_name)
{
  const char *wanted = device->name != NULL ? device->name : device->host_name;
  const char *number = strstr (wanted, "%d");
  int r = 0;

  if (number == NULL)
    {
      g_strlcpy (ret_name, wanted, IF_NAMESIZE);
      r = find_device (sides->there, ret_name);
      return r >= 0 ? -EEXIST : r == -ENODEV ? 0 : r;
    }
  for (int i = 0; i < MAX_NUMBER; i++)
    {
      int n = g_snprintf (ret_name, IF_NAMESIZE, "%.*s%d%s", (int)(number - wanted), wanted, i,
                          number + 2);
      if (n >= IF_NAMESIZE)
        return -ENAMETOOLONG;
      r = find_device (sides->there, ret_name);
      if (r < 0)
        break;
    }
  return r == -ENODEV ? 0 : r < 0 ? r : -EEXIST;
}

static gboolean
throw_device (const RuncNetDevice *device, int r, const char *what, GError **error)
{
  return runc_throw_neg (error, r, "linux.netDevices: cannot %s network device '%s'", what,
                         device->host_name);
}

static gboolean
check_device (const Sides *sides, const RuncNetDevice *device, GError **error)
{
  char name[IF_NAMESIZE];
  int r = find_device (sides->here, device->host_name);

  if (r == -ENODEV)
    return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                       "linux.netDevices: there is no network device '%s' ('ip link' lists those "
                       "that are there)",
                       device->host_name);
  if (r < 0)
    return throw_device (device, r, "find", error);
  r = choose_name (sides, device, name);
  if (r == -EEXIST)
    return runc_throw (error, RUNC_ERROR_EXISTS,
                       "linux.netDevices: '%s' cannot be moved: the container's network namespace "
                       "has a device '%s' already",
                       device->host_name, name);
  return r == 0 || throw_device (device, r, "choose a name for", error);
}

static gboolean
move_device (const Sides *sides, const RuncNetDevice *device, GError **error)
{
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (Address));
  char name[IF_NAMESIZE];
  int index = find_device (sides->here, device->host_name);
  int r = index < 0 ? index : read_addresses (sides->here, index, addresses);

  if (r == 0)
    r = choose_name (sides, device, name);
  if (r == 0)
    r = send_away (sides, index, name);
  if (r < 0)
    return throw_device (device, r, "move", error);
  index = find_device (sides->there, name);
  if (index < 0)
    return throw_device (device, index, "find again", error);
  for (guint i = 0; i < addresses->len; i++)
    {
      r = add_address (sides->there, index, &g_array_index (addresses, Address, i));
      if (r < 0)
        return throw_device (device, r, "give its addresses back to", error);
    }
  r = bring_up (sides->there, index);
  return r == 0 || throw_device (device, r, "bring up", error);
}

static int
open_socket (void)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

  return fd < 0 ? -errno : fd;
}

/* A socket in the network namespace @netns, which we visit for that. */
static int
open_socket_in (int netns)
{
  /* lint-ok: setns() takes nothing but a namespace */
  autofd int own = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  int fd, r;

  if (own < 0)
    return -errno;
  r = runc_sys_setns (netns, CLONE_NEWNET);
  if (r < 0)
    return r;
  fd = open_socket ();
  if (runc_sys_setns (own, CLONE_NEWNET) < 0)
    g_error ("cannot return to the own network namespace");
  return fd;
}

gboolean
runc_net_move_devices (const RuncNetDevice *devices, gsize n, pid_t pid, GError **error)
{
  char path[64];

  snprintf (path, sizeof path, "/proc/%d/ns/net", (int)pid);

  autofd int netns = open (path, O_RDONLY | O_CLOEXEC);
  autofd int here = open_socket ();
  autofd int there = netns >= 0 ? open_socket_in (netns) : -errno;
  Sides sides = { .here = here, .there = there, .netns = netns };

  if (here < 0 || there < 0)
    return runc_throw_neg (error, there < 0 ? there : here,
                           "linux.netDevices: cannot enter the container's network namespace");
  for (gsize i = 0; i < n; i++)
    if (!check_device (&sides, &devices[i], error))
      return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!move_device (&sides, &devices[i], error))
      return FALSE;
  return TRUE;
}

gboolean
runc_net_loopback_up (pid_t pid, GError **error)
{
  char path[64];
  int r;

  snprintf (path, sizeof path, "/proc/%d/ns/net", (int)pid);

  autofd int netns = open (path, O_RDONLY | O_CLOEXEC);
  /* lint-ok: setns() takes nothing but a namespace */
  autofd int own = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

  if (netns < 0 || own < 0)
    return runc_throw_errno (error, "cannot open the container's network namespace");
  r = runc_sys_setns (netns, CLONE_NEWNET);
  if (r == 0)
    {
      r = runc_sys_loopback_up ();
      if (runc_sys_setns (own, CLONE_NEWNET) < 0)
        g_error ("cannot return to the own network namespace");
    }
  return r == 0 || runc_throw_neg (error, r, "cannot bring up the container's loopback interface");
}
