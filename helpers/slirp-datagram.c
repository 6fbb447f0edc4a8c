/* Datagrams in frames. Runs in the helper, inside its sandbox, on bytes that the container
 * controls; pure functions.
 *
 * Both kernels, the container's and ours, can handle many datagrams of a size between the same two
 * ends as one packet, as they do with segments of TCP. To the container that is a header of type
 * GSO_UDP_L4 in front of a frame.
 */
#include "slirp-datagram.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>

#define ETHER_LEN sizeof (struct ether_header)
#define UDP_LEN   sizeof (struct udphdr)

/* An ICMP error of IPv4 is not longer than what everybody can receive. */
#define ERROR4_MAX 576
#define ERROR6_MAX 1280

#define TTL 64

/* ---------------------------------------------------------------- from the container */

/* The IP header at @packet. Returns its length, or 0; *@ret_len is that of what follows. */
static gsize
parse_ip (const guint8 *packet, gsize len, RuncSlirpDatagram *datagram, gsize *ret_len)
{
  if (datagram->key.ipv6)
    {
      struct ip6_hdr ip;
      if (len < sizeof ip)
        return 0;
      memcpy (&ip, packet, sizeof ip);
      datagram->key.guest = ip.ip6_src;
      datagram->key.peer = ip.ip6_dst;
      datagram->ttl = ip.ip6_hlim;
      *ret_len = ntohs (ip.ip6_plen);
      return ip.ip6_nxt == IPPROTO_UDP && *ret_len <= len - sizeof ip ? sizeof ip : 0;
    }
  struct iphdr ip;
  if (len < sizeof ip)
    return 0;
  memcpy (&ip, packet, sizeof ip);
  gsize ip_len = ip.ihl * 4u;
  gsize total_len = ntohs (ip.tot_len);
  memcpy (&datagram->key.guest, &ip.saddr, sizeof ip.saddr);
  memcpy (&datagram->key.peer, &ip.daddr, sizeof ip.daddr);
  datagram->ttl = ip.ttl;
  if (ip.protocol != IPPROTO_UDP || (ip.frag_off & htons (IP_MF | IP_OFFMASK)) || total_len > len
      || ip_len < sizeof ip || ip_len > total_len)
    return 0;
  *ret_len = total_len - ip_len;
  return ip_len;
}

gboolean
runc_slirp_datagram_parse (const struct virtio_net_hdr *hdr, const guint8 *frame, gsize len,
                           RuncSlirpDatagram *ret_datagram)
{
  RuncSlirpDatagram datagram = { 0 };
  struct ether_header ether;
  struct udphdr udp;
  gsize rest;

  if (len < sizeof ether)
    return FALSE;
  memcpy (&ether, frame, sizeof ether);
  if (ether.ether_type == htons (ETHERTYPE_IPV6))
    datagram.key.ipv6 = 1;
  else if (ether.ether_type != htons (ETHERTYPE_IP))
    return FALSE;
  gsize ip_len = parse_ip (frame + ETHER_LEN, len - ETHER_LEN, &datagram, &rest);
  if (ip_len == 0 || rest < sizeof udp)
    return FALSE;
  memcpy (&udp, frame + ETHER_LEN + ip_len, sizeof udp);
  gsize udp_len = ntohs (udp.len);
  if (udp_len < sizeof udp || udp_len > rest)
    return FALSE;
  datagram.key.guest_port = udp.source;
  datagram.key.peer_port = udp.dest;
  datagram.payload = frame + ETHER_LEN + ip_len + sizeof udp;
  datagram.len = udp_len - sizeof udp;
  if (hdr != NULL && (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) != VIRTIO_NET_HDR_GSO_NONE)
    {
      if (hdr->gso_type != RUNC_SLIRP_GSO_UDP_L4 || hdr->gso_size == 0)
        return FALSE;
      datagram.segment = hdr->gso_size < datagram.len ? hdr->gso_size : 0;
    }
  *ret_datagram = datagram;
  return TRUE;
}

/* ---------------------------------------------------------------- to the container */

static void
put16 (guint8 *at, guint16 value)
{
  memcpy (at, &(guint16){ htons (value) }, sizeof value);
}

static gsize
ip_len_of (gboolean ipv6)
{
  return ipv6 ? sizeof (struct ip6_hdr) : sizeof (struct iphdr);
}

gsize
runc_slirp_datagram_max (gboolean ipv6)
{
  return G_MAXUINT16 - UDP_LEN - (ipv6 ? 0 : sizeof (struct iphdr));
}

static guint8 *
write_ether (guint8 *frame, const RuncSlirpLink *link, gboolean ipv6)
{
  memcpy (frame, link->guest, ETHER_ADDR_LEN);
  memcpy (frame + ETHER_ADDR_LEN, link->ours, ETHER_ADDR_LEN);
  put16 (frame + 2 * ETHER_ADDR_LEN, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
  return frame + ETHER_LEN;
}

/* Write an IP header in front of @len bytes. Returns what is behind it. */
static guint8 *
write_ip (guint8 *packet, const struct in6_addr *from, const struct in6_addr *to, guint8 protocol,
          gsize len, gboolean ipv6)
{
  if (ipv6)
    {
      struct ip6_hdr ip = { .ip6_src = *from, .ip6_dst = *to };
      ip.ip6_flow = htonl (6u << 28);
      ip.ip6_plen = htons ((guint16)len);
      ip.ip6_nxt = protocol;
      ip.ip6_hlim = TTL;
      memcpy (packet, &ip, sizeof ip);
      return packet + sizeof ip;
    }
  struct iphdr ip = { .version = 4, .ihl = sizeof ip / 4, .ttl = TTL, .protocol = protocol };
  ip.tot_len = htons ((guint16)(sizeof ip + len));
  ip.frag_off = htons (IP_DF);
  memcpy (&ip.saddr, from, sizeof ip.saddr);
  memcpy (&ip.daddr, to, sizeof ip.daddr);
  ip.check = (guint16)~runc_slirp_checksum (&ip, sizeof ip, 0);
  memcpy (packet, &ip, sizeof ip);
  return packet + sizeof ip;
}

gsize
runc_slirp_datagram_write (guint8 *head, const RuncSlirpLink *link, const RuncSlirpKey *key,
                           gsize len, guint16 segment, struct virtio_net_hdr *ret_hdr)
{
  gboolean ipv6 = key->ipv6 != 0;
  gsize udp_len = UDP_LEN + len;
  guint8 *packet = write_ether (head, link, ipv6);
  guint8 *at = write_ip (packet, &key->peer, &key->guest, IPPROTO_UDP, udp_len, ipv6);
  struct udphdr udp = { .source = key->peer_port, .dest = key->guest_port };

  udp.len = htons ((guint16)udp_len);
  udp.check = runc_slirp_pseudo_sum (packet, ipv6, IPPROTO_UDP, udp_len);
  memcpy (at, &udp, sizeof udp);
  *ret_hdr = (struct virtio_net_hdr){
    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
    .csum_start = (guint16)(at - head),
    .csum_offset = offsetof (struct udphdr, check),
  };
  if (segment > 0)
    {
      ret_hdr->gso_type = RUNC_SLIRP_GSO_UDP_L4;
      ret_hdr->gso_size = segment;
      ret_hdr->hdr_len = (guint16)(at - head + (gssize)sizeof udp);
    }
  return (gsize)(at - head) + sizeof udp;
}

gsize
runc_slirp_datagram_write_trouble (guint8 *frame, const RuncSlirpLink *link,
                                   const RuncSlirpTrouble *trouble)
{
  const RuncSlirpKey *key = &trouble->key;
  gboolean ipv6 = key->ipv6 != 0;
  gsize ip_len = ip_len_of (ipv6);
  gsize icmp_len = sizeof (struct icmp6_hdr);
  gsize room = (ipv6 ? ERROR6_MAX : ERROR4_MAX) - 2 * ip_len - icmp_len - UDP_LEN;
  gsize len = MIN (trouble->len, room);
  gsize inner_len = ip_len + UDP_LEN + len;
  guint8 *packet = write_ether (frame, link, ipv6);
  guint8 *icmp = write_ip (packet, &trouble->from, &key->guest,
                           ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, icmp_len + inner_len, ipv6);
  struct udphdr udp = { .source = key->guest_port, .dest = key->peer_port };

  icmp[0] = trouble->type;
  icmp[1] = trouble->code;
  put16 (icmp + 2, 0);
  put16 (icmp + 4, (guint16)(trouble->info >> 16));
  put16 (icmp + 6, (guint16)trouble->info);
  guint8 *at = write_ip (icmp + icmp_len, &key->guest, &key->peer, IPPROTO_UDP,
                         UDP_LEN + trouble->len, ipv6);
  udp.len = htons ((guint16)(UDP_LEN + trouble->len));
  memcpy (at, &udp, sizeof udp);
  if (len > 0)
    memcpy (at + sizeof udp, trouble->payload, len);

  guint32 sum
      = ipv6 ? runc_slirp_pseudo_sum (packet, ipv6, IPPROTO_ICMPV6, icmp_len + inner_len) : 0;
  guint16 check = (guint16)~runc_slirp_checksum (icmp, icmp_len + inner_len, sum);
  memcpy (icmp + 2, &check, sizeof check);
  return ETHER_LEN + ip_len + icmp_len + inner_len;
}
