/* rtnetlink requests, one at a time, each with its acknowledgement. Runs in the short-lived child
 * of the helper that is inside of the container's network namespace. */
#include "slirp-netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the longest request: a header, a body and three addresses. */
typedef struct
{
  struct nlmsghdr head;
  char body[256];
} Request;

static size_t
address_len (int family)
{
  return family == AF_INET6 ? 16 : 4;
}

static void *
start (Request *request, int type, int flags, size_t body_len)
{
  memset (request, 0, sizeof *request);
  request->head.nlmsg_type = (uint16_t)type;
  request->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
  request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH (body_len);
  return NLMSG_DATA (&request->head);
}

static void
append (Request *request, int type, const void *data, size_t len)
{
  struct rtattr attribute = { .rta_len = (uint16_t)RTA_LENGTH (len), .rta_type = (uint16_t)type };
  char *at = (char *)request + NLMSG_ALIGN (request->head.nlmsg_len);

  memcpy (at, &attribute, sizeof attribute);
  memcpy (at + RTA_LENGTH (0), data, len);
  request->head.nlmsg_len
      = (uint32_t)(NLMSG_ALIGN (request->head.nlmsg_len) + RTA_ALIGN (attribute.rta_len));
}

static int
transact (int fd, const Request *request)
{
  struct
  {
    struct nlmsghdr head;
    struct nlmsgerr body;
    char rest[512];
  } answer;
  ssize_t n;

  if (send (fd, request, request->head.nlmsg_len, 0) < 0)
    return -errno;
  do
    n = recv (fd, &answer, sizeof answer, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return -errno;
  if ((size_t)n < sizeof answer.head + sizeof answer.body.error
      || answer.head.nlmsg_type != NLMSG_ERROR)
    return -EPROTO;
  return answer.body.error;
}

int
runc_slirp_netlink_open (void)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

  return fd < 0 ? -errno : fd;
}

int
runc_slirp_netlink_up (int fd, int index, uint32_t mtu)
{
  Request request;
  struct ifinfomsg *body = start (&request, RTM_NEWLINK, 0, sizeof *body);

  body->ifi_index = index;
  body->ifi_flags = IFF_UP;
  body->ifi_change = IFF_UP;
  if (mtu != 0)
    append (&request, IFLA_MTU, &mtu, sizeof mtu);
  return transact (fd, &request);
}

int
runc_slirp_netlink_add_address (int fd, int index, int family, const void *address, int prefix_len)
{
  Request request;
  struct ifaddrmsg *body
      = start (&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);

  body->ifa_family = (uint8_t)family;
  body->ifa_prefixlen = (uint8_t)prefix_len;
  body->ifa_index = (uint32_t)index;
  append (&request, IFA_LOCAL, address, address_len (family));
  append (&request, IFA_ADDRESS, address, address_len (family));
  if (family == AF_INET6)
    {
      /* There is nobody else on this link; without detection the address works at once. */
      body->ifa_flags = IFA_F_NODAD;
    }
  else
    {
      uint32_t broadcast, host_bits = prefix_len >= 32 ? 0 : UINT32_MAX >> prefix_len;
      memcpy (&broadcast, address, sizeof broadcast);
      broadcast |= htonl (host_bits);
      append (&request, IFA_BROADCAST, &broadcast, sizeof broadcast);
    }
  return transact (fd, &request);
}

int
runc_slirp_netlink_add_default_route (int fd, int index, int family, const void *gateway)
{
  Request request;
  struct rtmsg *body = start (&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);

  body->rtm_family = (uint8_t)family;
  body->rtm_table = RT_TABLE_MAIN;
  body->rtm_protocol = RTPROT_BOOT;
  body->rtm_scope = RT_SCOPE_UNIVERSE;
  body->rtm_type = RTN_UNICAST;
  append (&request, RTA_GATEWAY, gateway, address_len (family));
  append (&request, RTA_OIF, &index, sizeof index);
  return transact (fd, &request);
}
