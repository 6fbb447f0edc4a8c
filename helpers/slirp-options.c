/* The command line of the slirp helper. Runs in the helper, before anything is opened.
 *
 * Pure: text in, RuncSlirpOptions out. The addresses that follow from --cidr are worked out here,
 * so that everybody else finds them ready.
 */
#include "slirp-options.h"

#include "base/error.h"
#include "base/strings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#define DEFAULT_CIDR    "10.0.2.0/24"
#define DEFAULT_TAP     "tap0"
#define GATEWAY_HOST    2
#define NAMESERVER_HOST 3
#define GUEST_HOST      100
/* A shorter network has no host 100. */
#define MAX_PREFIX_LEN 25

enum
{
  OPT_PID = 256,
  OPT_USERNS_FD,
  OPT_NETNS_FD,
  OPT_TAP,
  OPT_MTU,
  OPT_CIDR,
  OPT_IPV6,
  OPT_NO_HOST_LOOPBACK,
  OPT_ENABLE_HOST_LOOPBACK,
  OPT_OUTBOUND_ADDR,
  OPT_OUTBOUND_ADDR6,
  OPT_API_SOCKET,
  OPT_API_FD,
  OPT_READY_FD,
  OPT_EXIT_FD,
  OPT_DEBUG,
};

static const struct option long_options[] = {
  { "pid", required_argument, NULL, OPT_PID },
  { "userns-fd", required_argument, NULL, OPT_USERNS_FD },
  { "netns-fd", required_argument, NULL, OPT_NETNS_FD },
  { "tap", required_argument, NULL, OPT_TAP },
  { "mtu", required_argument, NULL, OPT_MTU },
  { "cidr", required_argument, NULL, OPT_CIDR },
  { "ipv6", no_argument, NULL, OPT_IPV6 },
  { "no-host-loopback", no_argument, NULL, OPT_NO_HOST_LOOPBACK },
  { "enable-host-loopback", no_argument, NULL, OPT_ENABLE_HOST_LOOPBACK },
  { "outbound-addr", required_argument, NULL, OPT_OUTBOUND_ADDR },
  { "outbound-addr6", required_argument, NULL, OPT_OUTBOUND_ADDR6 },
  { "publish", required_argument, NULL, 'p' },
  { "api-socket", required_argument, NULL, OPT_API_SOCKET },
  { "api-fd", required_argument, NULL, OPT_API_FD },
  { "ready-fd", required_argument, NULL, OPT_READY_FD },
  { "exit-fd", required_argument, NULL, OPT_EXIT_FD },
  { "debug", no_argument, NULL, OPT_DEBUG },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'v' },
  { 0 },
};

static const char help_text[]
    = "Usage: runc-slirp --pid PID | --userns-fd N --netns-fd N [OPTIONS]\n"
      "\n"
      "User-mode network for a container: started by runc, see runc-slirp(8).\n"
      "\n"
      "  --pid PID               a process in the namespaces; its end ends the network\n"
      "  --userns-fd N           the container's user namespace\n"
      "  --netns-fd N            the container's network namespace\n"
      "  --tap NAME              name of the interface in the container (default tap0)\n"
      "  --mtu N                 its MTU (1280 to 65520, default 65520)\n"
      "  --cidr NETWORK/LEN      the container's network (default 10.0.2.0/24)\n"
      "  --ipv6                  IPv6 as well (fd00::/64)\n"
      "  --enable-host-loopback  let the gateway's address lead to the host's 127.0.0.1\n"
      "  --no-host-loopback      do not (the default)\n"
      "  --outbound-addr IP      IPv4 address that connections to outside come from\n"
      "  --outbound-addr6 IP     the same for IPv6\n"
      "  -p, --publish [IP:]HOST-PORT:CONTAINER-PORT[/udp]\n"
      "  --api-socket PATH       listen here for requests to publish ports\n"
      "  --api-fd N              or on this listening socket\n"
      "  --ready-fd N            write \"1\" here when traffic flows\n"
      "  --exit-fd N             end when the other end of this is closed\n"
      "  --debug                 keep writing to stderr after the start\n"
      "  -h, --help              this text\n"
      "  -v, --version           the version\n";

const char *
runc_slirp_options_help (void)
{
  return help_text;
}

void
runc_slirp_options_clear (RuncSlirpOptions *options)
{
  g_clear_pointer (&options->forwards, g_array_unref);
}

gboolean
runc_slirp_net_set_cidr (RuncSlirpNet *net, const char *cidr, GError **error)
{
  g_autofree char *text = g_strdup (cidr);
  char *slash = strchr (text, '/');
  uint64_t prefix_len;
  struct in_addr network;

  if (slash != NULL)
    *slash = '\0';
  if (slash == NULL || inet_pton (AF_INET, text, &network) != 1
      || !runc_parse_uint64 (slash + 1, 32, &prefix_len, NULL))
    return runc_throw (error, RUNC_ERROR_USAGE, "--cidr '%s': not of the form A.B.C.D/LENGTH",
                       cidr);
  if (prefix_len < 1 || prefix_len > MAX_PREFIX_LEN)
    return runc_throw (error, RUNC_ERROR_USAGE, "--cidr '%s': the length must be 1 to %d", cidr,
                       MAX_PREFIX_LEN);

  guint32 mask = G_MAXUINT32 << (32 - prefix_len);
  guint32 base = ntohl (network.s_addr);
  if (base & ~mask)
    return runc_throw (error, RUNC_ERROR_USAGE, "--cidr '%s': bits are set behind the prefix",
                       cidr);
  net->network = network;
  net->netmask.s_addr = htonl (mask);
  net->prefix_len = (int)prefix_len;
  net->gateway.s_addr = htonl (base + GATEWAY_HOST);
  net->nameserver.s_addr = htonl (base + NAMESERVER_HOST);
  net->guest.s_addr = htonl (base + GUEST_HOST);

  inet_pton (AF_INET6, "fd00::", &net->network6);
  inet_pton (AF_INET6, "fd00::2", &net->gateway6);
  inet_pton (AF_INET6, "fd00::3", &net->nameserver6);
  inet_pton (AF_INET6, "fd00::100", &net->guest6);
  net->prefix6_len = 64;
  return TRUE;
}

static gboolean
parse_number (const char *option, const char *text, uint64_t min, uint64_t max, int *ret_value,
              GError **error)
{
  uint64_t value;

  if (!runc_parse_uint64 (text, max, &value, NULL) || value < min)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--%s: '%s' is not a number from %" G_GUINT64_FORMAT
                       " to %" G_GUINT64_FORMAT,
                       option, text, min, max);
  *ret_value = (int)value;
  return TRUE;
}

static gboolean
parse_outbound (const char *option, const char *text, int family, RuncSlirpAddress *ret_address,
                GError **error)
{
  if (runc_slirp_address_parse (text, 0, ret_address) && ret_address->sa.sa_family == family)
    return TRUE;
  return runc_throw (error, RUNC_ERROR_USAGE, "--%s: '%s' is not an IPv%d address", option, text,
                     family == AF_INET ? 4 : 6);
}

static gboolean
parse_tap (const char *text, char *tap, GError **error)
{
  gsize len = strlen (text);

  if (len == 0 || len >= IFNAMSIZ || strpbrk (text, "/: \t\n%") != NULL || text[0] == '.')
    return runc_throw (error, RUNC_ERROR_USAGE, "--tap: '%s' is not a name for an interface", text);
  memcpy (tap, text, len + 1);
  return TRUE;
}

static gboolean
parse_publish (const char *text, GArray *forwards, GError **error)
{
  RuncSlirpForward forward;

  if (!runc_slirp_forward_parse (text, &forward, error))
    return FALSE;
  g_array_append_val (forwards, forward);
  return TRUE;
}

/* One option with its argument. */
static gboolean
take_option (RuncSlirpOptions *options, int opt, const char *name, const char *value,
             GError **error)
{
  RuncSlirpNet *net = &options->net;

  switch (opt)
    {
    case OPT_PID:
      return parse_number (name, value, 1, G_MAXINT32, &options->pid, error);
    case OPT_USERNS_FD:
      return parse_number (name, value, 3, G_MAXINT32, &options->userns_fd, error);
    case OPT_NETNS_FD:
      return parse_number (name, value, 3, G_MAXINT32, &options->netns_fd, error);
    case OPT_API_FD:
      return parse_number (name, value, 3, G_MAXINT32, &options->api_fd, error);
    case OPT_READY_FD:
      return parse_number (name, value, 3, G_MAXINT32, &options->ready_fd, error);
    case OPT_EXIT_FD:
      return parse_number (name, value, 3, G_MAXINT32, &options->exit_fd, error);
    case OPT_MTU:
      return parse_number (name, value, RUNC_SLIRP_MTU_MIN, RUNC_SLIRP_MTU_MAX, &net->mtu, error);
    case OPT_TAP:
      return parse_tap (value, net->tap, error);
    case OPT_CIDR:
      return runc_slirp_net_set_cidr (net, value, error);
    case OPT_OUTBOUND_ADDR:
      return parse_outbound (name, value, AF_INET, &net->outbound, error);
    case OPT_OUTBOUND_ADDR6:
      return parse_outbound (name, value, AF_INET6, &net->outbound6, error);
    case 'p':
      return parse_publish (value, options->forwards, error);
    case OPT_API_SOCKET:
      options->api_socket = value;
      break;
    case OPT_IPV6:
      net->ipv6 = TRUE;
      break;
    case OPT_NO_HOST_LOOPBACK:
    case OPT_ENABLE_HOST_LOOPBACK:
      net->host_loopback = opt == OPT_ENABLE_HOST_LOOPBACK;
      break;
    case OPT_DEBUG:
      options->debug = TRUE;
      break;
    case 'h':
      options->show_help = TRUE;
      break;
    case 'v':
      options->show_version = TRUE;
      break;
    }
  return TRUE;
}

/* What no single option can tell. */
static gboolean
check (const RuncSlirpOptions *options, GError **error)
{
  if (options->netns_fd < 0 && options->pid == 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "--pid or --netns-fd is needed");
  if (options->userns_fd >= 0 && options->netns_fd < 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "--userns-fd needs --netns-fd");
  if (options->api_socket != NULL && options->api_fd >= 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "--api-socket and --api-fd exclude each other");
  return TRUE;
}

gboolean
runc_slirp_options_parse (int argc, char **argv, RuncSlirpOptions *ret_options, GError **error)
{
  g_auto (RuncSlirpOptions) options = {
    .userns_fd = -EBADF,
    .netns_fd = -EBADF,
    .api_fd = -EBADF,
    .ready_fd = -EBADF,
    .exit_fd = -EBADF,
    .net = { .tap = DEFAULT_TAP, .mtu = RUNC_SLIRP_MTU_DEFAULT },
    .forwards = g_array_new (FALSE, FALSE, sizeof (RuncSlirpForward)),
  };
  int opt, index;

  runc_slirp_net_set_cidr (&options.net, DEFAULT_CIDR, NULL);
  optind = 0;
  opterr = 0;
  while ((opt = getopt_long (argc, argv, "+:hvp:", long_options, &index)) != -1)
    {
      if (opt == '?' || opt == ':')
        return runc_throw (error, RUNC_ERROR_USAGE,
                           opt == '?' ? "unknown option '%s'" : "option '%s' needs a value",
                           argv[optind - 1]);
      const char *name = opt == 'p' ? "publish" : opt < 256 ? "" : long_options[index].name;
      if (!take_option (&options, opt, name, optarg, error))
        return FALSE;
    }
  if (optind < argc)
    return runc_throw (error, RUNC_ERROR_USAGE, "unexpected argument '%s'", argv[optind]);
  if (!options.show_help && !options.show_version && !check (&options, error))
    return FALSE;
  *ret_options = options;
  options.forwards = NULL;
  return TRUE;
}
