/* The guard in front of libslirp. Runs in the helper, inside its sandbox, on bytes that the
 * container controls; pure functions.
 *
 * libslirp can close the host's loopback itself, but does it half: it looks at the gateway's
 * address only, not at a 127.0.0.1 that a container's root wrote into a packet. So libslirp is told
 * to leave it open, and this decides: of TCP by the SYN. Datagrams do not get to libslirp but for
 * those that it answers itself, of name service and DHCP; slirp-udp.c asks here where they go.
 */
#include "slirp-guard.h"

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#define DHCP_PORT  67
#define DHCP6_PORT 547
#define DNS_PORT   53

/* The parts of a packet that are judged. */
typedef struct
{
  guint32 ipv6;
  guint8 protocol;
  gboolean to_nameserver;
  gboolean to_many; /* multicast or broadcast */
  RuncSlirpPlace place;
  const guint8 *payload;
  gsize len;
} Packet;

/* Whether the kernel takes @address (host order) for the host itself whatever its interfaces. */
static gboolean
is_loopback4 (guint32 address)
{
  return address >> 24 == IN_LOOPBACKNET || address >> 24 == 0;
}

static gboolean
is_loopback6 (const struct in6_addr *address)
{
  guint32 last;

  memcpy (&last, &address->s6_addr[12], sizeof last);
  if (IN6_IS_ADDR_V4MAPPED (address) || IN6_IS_ADDR_V4COMPAT (address))
    return is_loopback4 (ntohl (last));
  return IN6_IS_ADDR_LOOPBACK (address) || IN6_IS_ADDR_UNSPECIFIED (address);
}

RuncSlirpPlace
runc_slirp_guard_place (const RuncSlirpNet *net, gboolean ipv6, const struct in6_addr *address)
{
  const struct in6_addr all_nodes = { { { 0xff, 0x02, [15] = 1 } } };
  guint32 address4;

  if (ipv6)
    {
      if (is_loopback6 (address))
        return RUNC_SLIRP_FORGED;
      /* libslirp takes the whole network, prefix6_len being 64, for the host. */
      return memcmp (address, &net->network6, 8) == 0
                     || memcmp (address, &all_nodes, sizeof all_nodes) == 0
                 ? RUNC_SLIRP_GATEWAY
                 : RUNC_SLIRP_ELSEWHERE;
    }
  memcpy (&address4, address, sizeof address4);
  if (is_loopback4 (ntohl (address4)))
    return RUNC_SLIRP_FORGED;
  return address4 == net->gateway.s_addr || address4 == INADDR_BROADCAST ? RUNC_SLIRP_GATEWAY
                                                                         : RUNC_SLIRP_ELSEWHERE;
}

static gboolean
find_payload4 (const RuncSlirpNet *net, const guint8 *at, gsize len, Packet *packet,
               gboolean *ret_fragment)
{
  struct in6_addr target = { 0 };
  struct iphdr ip;

  if (len < sizeof ip)
    return FALSE;
  memcpy (&ip, at, sizeof ip);
  memcpy (&target, &ip.daddr, sizeof ip.daddr);
  gsize head_len = ip.ihl * 4u;
  gsize total_len = ntohs (ip.tot_len);
  if (ip.version != 4 || head_len < sizeof ip || head_len > total_len || total_len > len)
    return FALSE;
  packet->protocol = ip.protocol;
  packet->to_nameserver = ip.daddr == net->nameserver.s_addr;
  packet->to_many = ip.daddr == INADDR_BROADCAST || IN_MULTICAST (ntohl (ip.daddr));
  packet->place = runc_slirp_guard_place (net, FALSE, &target);
  packet->payload = at + head_len;
  packet->len = total_len - head_len;
  *ret_fragment = (ip.frag_off & htons (IP_MF | IP_OFFMASK)) != 0;
  return TRUE;
}

static gboolean
find_payload6 (const RuncSlirpNet *net, const guint8 *at, gsize len, Packet *packet)
{
  struct ip6_hdr ip;

  if (!net->ipv6 || len < sizeof ip)
    return FALSE;
  memcpy (&ip, at, sizeof ip);
  gsize payload_len = ntohs (ip.ip6_plen);
  if (at[0] >> 4 != 6 || payload_len > len - sizeof ip)
    return FALSE;
  packet->ipv6 = 1;
  packet->protocol = ip.ip6_nxt;
  packet->to_nameserver = memcmp (&ip.ip6_dst, &net->nameserver6, sizeof ip.ip6_dst) == 0;
  packet->to_many = IN6_IS_ADDR_MULTICAST (&ip.ip6_dst);
  packet->place = packet->to_nameserver ? RUNC_SLIRP_ELSEWHERE
                                        : runc_slirp_guard_place (net, TRUE, &ip.ip6_dst);
  packet->payload = at + sizeof ip;
  packet->len = payload_len;
  return TRUE;
}

static RuncSlirpVerdict
judge_tcp (const RuncSlirpNet *net, const Packet *packet)
{
  if (packet->len < sizeof (struct tcphdr))
    return RUNC_SLIRP_DROP;
  guint8 flags = packet->payload[13];
  if (!(flags & TH_SYN) || (flags & TH_ACK))
    return RUNC_SLIRP_ADMIT;
  if (packet->to_nameserver)
    /* The host's may be on its loopback: no other service is meant, whatever libslirp's version. */
    return (packet->payload[2] << 8 | packet->payload[3]) == DNS_PORT ? RUNC_SLIRP_ADMIT
                                                                      : RUNC_SLIRP_REFUSE;
  return packet->place != RUNC_SLIRP_ELSEWHERE && !net->host_loopback ? RUNC_SLIRP_REFUSE
                                                                      : RUNC_SLIRP_ADMIT;
}

static RuncSlirpVerdict
judge_udp (const RuncSlirpNet *net, const Packet *packet)
{
  struct udphdr udp;

  if (packet->len < sizeof udp)
    return RUNC_SLIRP_DROP;
  memcpy (&udp, packet->payload, sizeof udp);
  guint16 port = ntohs (udp.dest);
  if (packet->to_nameserver)
    return port == DNS_PORT ? RUNC_SLIRP_ADMIT : RUNC_SLIRP_DROP;
  if (packet->place == RUNC_SLIRP_FORGED)
    return net->host_loopback ? RUNC_SLIRP_DATAGRAM : RUNC_SLIRP_DROP;
  /* libslirp is the DHCP server itself; its socket of IPv6 would need an interface to multicast. */
  if (packet->ipv6 ? packet->to_many : port == DHCP_PORT && packet->place == RUNC_SLIRP_GATEWAY)
    return port == (packet->ipv6 ? DHCP6_PORT : DHCP_PORT) ? RUNC_SLIRP_ADMIT : RUNC_SLIRP_DROP;
  if (packet->place == RUNC_SLIRP_GATEWAY && packet->to_many && !net->host_loopback)
    return RUNC_SLIRP_DROP;
  return RUNC_SLIRP_DATAGRAM;
}

RuncSlirpVerdict
runc_slirp_guard_judge (const RuncSlirpNet *net, const guint8 *frame, gsize len)
{
  struct ether_header ether;
  Packet packet = { 0 };
  gboolean fragment = FALSE;

  if (len < sizeof ether)
    return RUNC_SLIRP_DROP;
  memcpy (&ether, frame, sizeof ether);
  frame += sizeof ether;
  len -= sizeof ether;
  switch (ntohs (ether.ether_type))
    {
    case ETHERTYPE_ARP:
      return RUNC_SLIRP_ADMIT;
    case ETHERTYPE_IP:
      if (!find_payload4 (net, frame, len, &packet, &fragment))
        return RUNC_SLIRP_DROP;
      break;
    case ETHERTYPE_IPV6:
      if (!find_payload6 (net, frame, len, &packet))
        return RUNC_SLIRP_DROP;
      break;
    default:
      return RUNC_SLIRP_DROP;
    }
  if (fragment)
    return RUNC_SLIRP_ADMIT;
  if (packet.protocol == IPPROTO_TCP)
    return judge_tcp (net, &packet);
  if (packet.protocol == IPPROTO_UDP)
    return judge_udp (net, &packet);
  if (packet.place == RUNC_SLIRP_FORGED && !net->host_loopback)
    return RUNC_SLIRP_DROP;
  return packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6 ? RUNC_SLIRP_ADMIT
                                                                              : RUNC_SLIRP_DROP;
}
