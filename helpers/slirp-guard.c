/* The guard in front of libslirp. Runs in the helper, inside its sandbox, on bytes that the
 * container controls; pure functions.
 *
 * libslirp can close the host's loopback itself, but does it half: it looks at the gateway's
 * address only, not at a 127.0.0.1 that a container's root wrote into a packet, and it also drops
 * the answers of a published UDP port to a caller on the host. So libslirp is told to leave it
 * open, and this decides: TCP by the SYN, UDP by who has called from there in the last minutes.
 */
#include "slirp-guard.h"

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#define TFTP_PORT 69
#define DHCP_PORT 67
#define DNS_PORT  53

/* As long as libslirp keeps a UDP socket. */
#define CALLER_MS (240 * 1000)

/* The parts of a packet that are judged. */
typedef struct
{
  guint32 ipv6;
  guint8 protocol;
  gboolean to_nameserver;
  gboolean to_loopback; /* libslirp or the kernel would take it there ... */
  gboolean forged;      /* ... the kernel, by an address that is not for the wire */
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

static gboolean
find_payload4 (const RuncSlirpNet *net, const guint8 *at, gsize len, Packet *packet,
               gboolean *ret_fragment)
{
  struct iphdr ip;

  if (len < sizeof ip)
    return FALSE;
  memcpy (&ip, at, sizeof ip);
  gsize head_len = ip.ihl * 4u;
  gsize total_len = ntohs (ip.tot_len);
  if (ip.version != 4 || head_len < sizeof ip || head_len > total_len || total_len > len)
    return FALSE;
  packet->protocol = ip.protocol;
  packet->to_nameserver = ip.daddr == net->nameserver.s_addr;
  packet->forged = is_loopback4 (ntohl (ip.daddr));
  packet->to_loopback
      = packet->forged || ip.daddr == net->gateway.s_addr || ip.daddr == INADDR_BROADCAST;
  packet->payload = at + head_len;
  packet->len = total_len - head_len;
  *ret_fragment = (ip.frag_off & htons (IP_MF | IP_OFFMASK)) != 0;
  return TRUE;
}

static gboolean
find_payload6 (const RuncSlirpNet *net, const guint8 *at, gsize len, Packet *packet)
{
  const struct in6_addr all_nodes = { { { 0xff, 0x02, [15] = 1 } } };
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
  /* libslirp takes the whole network, prefix6_len being 64, for the host. */
  packet->forged = is_loopback6 (&ip.ip6_dst);
  packet->to_loopback = packet->forged
                        || (memcmp (&ip.ip6_dst, &net->network6, 8) == 0 && !packet->to_nameserver)
                        || memcmp (&ip.ip6_dst, &all_nodes, sizeof all_nodes) == 0;
  packet->payload = at + sizeof ip;
  packet->len = payload_len;
  return TRUE;
}

/* Where the caller with these ports is or would be. */
static guint
place_of (guint32 ipv6, guint16 guest_port, guint16 peer_port)
{
  return (((guint32)guest_port << 16 | peer_port) * 0x9e3779b1u >> 16 ^ ipv6) % RUNC_SLIRP_CALLERS;
}

static gboolean
has_called (const RuncSlirpGuard *guard, const Packet *packet, const struct udphdr *udp,
            gint64 now_ms)
{
  const RuncSlirpCaller *caller = &guard->callers[place_of (packet->ipv6, udp->source, udp->dest)];

  return caller->heard_ms != 0 && now_ms - caller->heard_ms < CALLER_MS
         && caller->ipv6 == packet->ipv6 && caller->guest_port == udp->source
         && caller->peer_port == udp->dest;
}

static RuncSlirpVerdict
judge_tcp (const RuncSlirpGuard *guard, const Packet *packet)
{
  if (packet->len < sizeof (struct tcphdr))
    return RUNC_SLIRP_DROP;
  guint8 flags = packet->payload[13];
  if (packet->to_loopback && !guard->net->host_loopback && (flags & TH_SYN) && !(flags & TH_ACK))
    return RUNC_SLIRP_REFUSE;
  return RUNC_SLIRP_ADMIT;
}

static RuncSlirpVerdict
judge_udp (const RuncSlirpGuard *guard, const Packet *packet, gint64 now_ms)
{
  struct udphdr udp;

  if (packet->len < sizeof udp)
    return RUNC_SLIRP_DROP;
  memcpy (&udp, packet->payload, sizeof udp);
  if (packet->to_nameserver)
    return ntohs (udp.dest) == DNS_PORT ? RUNC_SLIRP_ADMIT : RUNC_SLIRP_DROP;
  if (!packet->to_loopback)
    return RUNC_SLIRP_ADMIT;
  if (ntohs (udp.dest) == TFTP_PORT)
    return RUNC_SLIRP_DROP;
  /* libslirp is the DHCP server itself; of IPv6 it is on port 547 of a multicast address. */
  if (guard->net->host_loopback || (!packet->ipv6 && ntohs (udp.dest) == DHCP_PORT))
    return RUNC_SLIRP_ADMIT;
  return has_called (guard, packet, &udp, now_ms) ? RUNC_SLIRP_ADMIT : RUNC_SLIRP_DROP;
}

RuncSlirpVerdict
runc_slirp_guard_judge (const RuncSlirpGuard *guard, const guint8 *frame, gsize len, gint64 now_ms)
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
      if (!find_payload4 (guard->net, frame, len, &packet, &fragment))
        return RUNC_SLIRP_DROP;
      break;
    case ETHERTYPE_IPV6:
      if (!find_payload6 (guard->net, frame, len, &packet))
        return RUNC_SLIRP_DROP;
      break;
    default:
      return RUNC_SLIRP_DROP;
    }
  if (fragment)
    return RUNC_SLIRP_ADMIT;
  if (packet.protocol == IPPROTO_TCP)
    return judge_tcp (guard, &packet);
  if (packet.protocol == IPPROTO_UDP)
    return judge_udp (guard, &packet, now_ms);
  if (packet.forged && !guard->net->host_loopback)
    return RUNC_SLIRP_DROP;
  return packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6 ? RUNC_SLIRP_ADMIT
                                                                              : RUNC_SLIRP_DROP;
}

void
runc_slirp_guard_note (RuncSlirpGuard *guard, const guint8 *frame, gsize len, gint64 now_ms)
{
  const RuncSlirpNet *net = guard->net;
  guint16 ether_type;
  struct iphdr ip;
  struct ip6_hdr ip6;
  struct udphdr udp;
  guint32 ipv6 = 0;
  gsize at = sizeof (struct ether_header);

  if (net->host_loopback || len < at + sizeof ip + sizeof udp)
    return;
  memcpy (&ether_type, frame + offsetof (struct ether_header, ether_type), sizeof ether_type);
  memcpy (&ip, frame + at, sizeof ip);
  if (ether_type == htons (ETHERTYPE_IP))
    {
      if (ip.protocol != IPPROTO_UDP || ip.saddr != net->gateway.s_addr
          || (ip.frag_off & htons (IP_OFFMASK)))
        return;
      at += sizeof ip;
    }
  else
    {
      if (ether_type != htons (ETHERTYPE_IPV6) || len < at + sizeof ip6 + sizeof udp)
        return;
      memcpy (&ip6, frame + at, sizeof ip6);
      if (ip6.ip6_nxt != IPPROTO_UDP
          || memcmp (&ip6.ip6_src, &net->gateway6, sizeof ip6.ip6_src) != 0)
        return;
      ipv6 = 1;
      at += sizeof ip6;
    }
  memcpy (&udp, frame + at, sizeof udp);
  guard->callers[place_of (ipv6, udp.dest, udp.source)]
      = (RuncSlirpCaller){ ipv6, udp.dest, udp.source, MAX (now_ms, 1) };
}
