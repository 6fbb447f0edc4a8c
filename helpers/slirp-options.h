/* What the runtime asks of the slirp helper: the command line, decoded. See slirp-main.c for what
 * each option means. */
#pragma once

#include "slirp-forward.h"

#include <glib.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/types.h>

#define RUNC_SLIRP_MTU_DEFAULT 65520
/* libslirp's own bounds: what IPv6 needs at least, and what its packet buffers hold. */
#define RUNC_SLIRP_MTU_MIN 1280
#define RUNC_SLIRP_MTU_MAX 65520

/* The network that the container sees. */
typedef struct
{
  struct in_addr network;
  struct in_addr netmask;
  int prefix_len;
  struct in_addr gateway;    /* network + 2, answers for the host's loopback */
  struct in_addr nameserver; /* network + 3 */
  struct in_addr guest;      /* network + 100, also what DHCP hands out first */

  gboolean ipv6;
  struct in6_addr network6; /* fd00::/64 */
  int prefix6_len;
  struct in6_addr gateway6;    /* ...::2 */
  struct in6_addr nameserver6; /* ...::3 */
  struct in6_addr guest6;      /* ...::100 */

  char tap[IFNAMSIZ];
  int mtu;
  gboolean host_loopback; /* whether the gateway's address leads to the host's 127.0.0.1 */
  RuncSlirpAddress outbound, outbound6; /* sa_family AF_UNSPEC: the kernel chooses */
} RuncSlirpNet;

typedef struct
{
  pid_t pid;                                          /* 0: none */
  int userns_fd, netns_fd, api_fd, ready_fd, exit_fd; /* -EBADF: none */
  const char *api_socket;
  gboolean debug;
  gboolean show_help, show_version;
  RuncSlirpNet net;
  GArray *forwards; /* RuncSlirpForward */
} RuncSlirpOptions;

void runc_slirp_options_clear (RuncSlirpOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncSlirpOptions, runc_slirp_options_clear)

/* Decode @argv, from which strings are borrowed. Errors are RUNC_ERROR_USAGE. */
gboolean runc_slirp_options_parse (int argc, char **argv, RuncSlirpOptions *ret_options,
                                   GError **error);

/* Fill the IPv4 part of @net from "A.B.C.D/LEN", LEN being 1 to 25, and the addresses of IPv6. */
gboolean runc_slirp_net_set_cidr (RuncSlirpNet *net, const char *cidr, GError **error);

/* The text of --help. */
const char *runc_slirp_options_help (void);
