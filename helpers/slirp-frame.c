/* Frames between tap and libslirp: the guard, checksums and segment joining. Runs in the helper,
 * inside its sandbox, on bytes that the container controls; pure functions.
 *
 * What the offloads are good for: libslirp handles one TCP segment at a time and costs a system
 * call, a wake-up and an acknowledgement for each. Its segments are at most 32 KiB. With them
 * joined to nearly 64 KiB (the window that libslirp, which knows no window scaling, can use at all)
 * both kernels do half the work, and with an MTU of 1500 a fortieth of it.
 */
#include "slirp-frame.h"

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#define TFTP_PORT 69

/* Shorter payloads are not worth a copy. */
#define JOIN_MIN 512

/* ---------------------------------------------------------------- checksum */

guint16
runc_slirp_checksum (const void *data, gsize len, guint32 start)
{
  typedef guint32 Lane __attribute__ ((vector_size (16)));
  typedef guint64 Wide __attribute__ ((vector_size (16)));
  const guint8 *p = data;
  /* Two independent sums of the even and the odd 32-bit words, each in 64 bits: no carries. */
  Wide even = { 0 }, odd = { 0 };
  const Wide low = { G_MAXUINT32, G_MAXUINT32 };
  guint64 sum = start;

  for (; len >= sizeof (Lane); len -= sizeof (Lane), p += sizeof (Lane))
    {
      Wide words;
      memcpy (&words, p, sizeof words);
      even += words & low;
      odd += words >> 32;
    }
  sum += even[0] + even[1] + odd[0] + odd[1];
  for (; len >= 2; len -= 2, p += 2)
    {
      guint16 word;
      memcpy (&word, p, sizeof word);
      sum += word;
    }
  if (len > 0)
    {
      guint16 word = 0;
      memcpy (&word, p, 1);
      sum += word;
    }
  while (sum > G_MAXUINT16)
    sum = (sum & G_MAXUINT16) + (sum >> 16);
  return (guint16)sum;
}

/* ---------------------------------------------------------------- guard */

/* Whether the kernel takes a connection to the IPv4 address @address (host order) for one to the
 * host itself without looking at its interfaces. */
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
admit_ip4 (const RuncSlirpGuard *guard, const guint8 *packet, gsize len)
{
  struct iphdr ip;

  if (len < sizeof ip)
    return FALSE;
  memcpy (&ip, packet, sizeof ip);
  gsize head_len = ip.ihl * 4u;
  gsize total_len = ntohs (ip.tot_len);
  if (ip.version != 4 || head_len < sizeof ip || head_len > total_len || total_len > len)
    return FALSE;
  if (!guard->host_loopback && is_loopback4 (ntohl (ip.daddr)))
    return FALSE;

  gboolean first = (ntohs (ip.frag_off) & IP_OFFMASK) == 0;
  gsize payload = total_len - head_len;
  if (ip.protocol == IPPROTO_TCP)
    return !first || payload >= sizeof (struct tcphdr);
  if (ip.protocol == IPPROTO_UDP && first)
    {
      struct udphdr udp;
      if (payload < sizeof udp)
        return FALSE;
      memcpy (&udp, packet + head_len, sizeof udp);
      return !(ip.daddr == guard->gateway.s_addr && ntohs (udp.dest) == TFTP_PORT);
    }
  return TRUE;
}

static gboolean
admit_ip6 (const RuncSlirpGuard *guard, const guint8 *packet, gsize len)
{
  struct ip6_hdr ip;

  if (!guard->ipv6 || len < sizeof ip)
    return FALSE;
  memcpy (&ip, packet, sizeof ip);
  gsize payload = ntohs (ip.ip6_plen);
  if (packet[0] >> 4 != 6 || payload > len - sizeof ip)
    return FALSE;
  if (!guard->host_loopback && is_loopback6 (&ip.ip6_dst))
    return FALSE;
  if (ip.ip6_nxt == IPPROTO_TCP)
    return payload >= sizeof (struct tcphdr);
  if (ip.ip6_nxt == IPPROTO_UDP)
    {
      struct udphdr udp;
      if (payload < sizeof udp)
        return FALSE;
      memcpy (&udp, packet + sizeof ip, sizeof udp);
      return ntohs (udp.dest) != TFTP_PORT;
    }
  return TRUE;
}

gboolean
runc_slirp_frame_admit (const RuncSlirpGuard *guard, const guint8 *frame, gsize len)
{
  struct ether_header ether;

  if (len < sizeof ether)
    return FALSE;
  memcpy (&ether, frame, sizeof ether);
  frame += sizeof ether;
  len -= sizeof ether;
  switch (ntohs (ether.ether_type))
    {
    case ETHERTYPE_ARP:
      return TRUE;
    case ETHERTYPE_IP:
      return admit_ip4 (guard, frame, len);
    case ETHERTYPE_IPV6:
      return admit_ip6 (guard, frame, len);
    }
  return FALSE;
}

gboolean
runc_slirp_frame_complete (const struct virtio_net_hdr *hdr, guint8 *frame, gsize len)
{
  if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
    return TRUE;
  gsize start = hdr->csum_start;
  gsize field = start + hdr->csum_offset;
  if (field + 2 > len)
    return FALSE;
  /* The field holds the sum of the pseudo header already. */
  guint16 sum = (guint16)~runc_slirp_checksum (frame + start, len - start, 0);
  /* In UDP, 0 means that there is no checksum; for TCP both are the same. */
  if (sum == 0)
    sum = 0xffff;
  memcpy (frame + field, &sum, sizeof sum);
  return TRUE;
}

/* ---------------------------------------------------------------- joining */

/* What the joiner has to know about a TCP segment. */
typedef struct
{
  gboolean ipv6;
  gsize ip_len;   /* length of the IP header */
  gsize head_len; /* Ethernet, IP and TCP header */
  gsize payload;
  struct tcphdr tcp;
} Segment;

/* FALSE for what is not a plain TCP data segment of libslirp. */
static gboolean
dissect (const guint8 *frame, gsize len, Segment *ret_segment)
{
  Segment segment = { 0 };
  guint16 ether_type;

  if (len < sizeof (struct ether_header) + sizeof (struct iphdr) + sizeof (struct tcphdr))
    return FALSE;
  memcpy (&ether_type, frame + offsetof (struct ether_header, ether_type), sizeof ether_type);
  const guint8 *packet = frame + sizeof (struct ether_header);
  gsize packet_len = len - sizeof (struct ether_header);
  if (ether_type == htons (ETHERTYPE_IP))
    {
      struct iphdr ip;
      memcpy (&ip, packet, sizeof ip);
      if (ip.ihl != 5 || ip.protocol != IPPROTO_TCP || ntohs (ip.tot_len) != packet_len
          || (ip.frag_off & htons (IP_MF | IP_OFFMASK)))
        return FALSE;
      segment.ip_len = sizeof ip;
    }
  else if (ether_type == htons (ETHERTYPE_IPV6))
    {
      struct ip6_hdr ip;
      if (packet_len < sizeof ip + sizeof (struct tcphdr))
        return FALSE;
      memcpy (&ip, packet, sizeof ip);
      if (ip.ip6_nxt != IPPROTO_TCP || ntohs (ip.ip6_plen) != packet_len - sizeof ip)
        return FALSE;
      segment.ipv6 = TRUE;
      segment.ip_len = sizeof ip;
    }
  else
    return FALSE;

  memcpy (&segment.tcp, packet + segment.ip_len, sizeof segment.tcp);
  segment.head_len = sizeof (struct ether_header) + segment.ip_len + sizeof segment.tcp;
  segment.payload = len - segment.head_len;
  guint8 flags = (packet + segment.ip_len)[13];
  if (segment.tcp.doff != 5 || (flags & ~TH_PUSH) != TH_ACK || segment.payload < JOIN_MIN)
    return FALSE;
  *ret_segment = segment;
  return TRUE;
}

static guint8 *
held_frame (const RuncSlirpJoiner *joiner)
{
  return joiner->buffer + RUNC_SLIRP_HDR_SIZE;
}

static gboolean
held_is_ipv6 (const RuncSlirpJoiner *joiner)
{
  return joiner->head_len
         != sizeof (struct ether_header) + sizeof (struct iphdr) + sizeof (struct tcphdr);
}

/* Whether @segment continues what is held back: same connection, same acknowledgement and window.
 */
static gboolean
continues (const RuncSlirpJoiner *joiner, const guint8 *frame, const Segment *segment)
{
  const guint8 *held = held_frame (joiner);
  gsize ip_at = sizeof (struct ether_header);
  gsize addresses_at
      = ip_at
        + (segment->ipv6 ? offsetof (struct ip6_hdr, ip6_src) : offsetof (struct iphdr, saddr));
  gsize tcp_at = ip_at + segment->ip_len;
  struct tcphdr tcp;

  if (joiner->closed || segment->head_len != joiner->head_len
      || ntohl (segment->tcp.seq) != joiner->next_seq || segment->payload > joiner->segment)
    return FALSE;
  if (joiner->len - RUNC_SLIRP_HDR_SIZE - ip_at + segment->payload > G_MAXUINT16)
    return FALSE;
  if (memcmp (held, frame, ip_at) != 0
      || memcmp (held + addresses_at, frame + addresses_at, tcp_at - addresses_at) != 0)
    return FALSE;
  memcpy (&tcp, held + tcp_at, sizeof tcp);
  return tcp.source == segment->tcp.source && tcp.dest == segment->tcp.dest
         && tcp.ack_seq == segment->tcp.ack_seq && tcp.window == segment->tcp.window;
}

RuncSlirpJoin
runc_slirp_joiner_offer (RuncSlirpJoiner *joiner, const guint8 *frame, gsize len)
{
  Segment segment;

  if (len > RUNC_SLIRP_FRAME_MAX || !dissect (frame, len, &segment))
    return RUNC_SLIRP_JOIN_PASS;

  if (joiner->len == 0)
    {
      memcpy (held_frame (joiner), frame, len);
      joiner->len = RUNC_SLIRP_HDR_SIZE + len;
      joiner->head_len = segment.head_len;
      joiner->segment = (guint16)segment.payload;
      joiner->n = 1;
    }
  else if (continues (joiner, frame, &segment))
    {
      guint8 *flags = held_frame (joiner) + segment.head_len - sizeof (struct tcphdr) + 13;
      memcpy (joiner->buffer + joiner->len, frame + segment.head_len, segment.payload);
      joiner->len += segment.payload;
      joiner->n++;
      if (segment.tcp.psh)
        *flags |= TH_PUSH;
    }
  else
    return RUNC_SLIRP_JOIN_FLUSH;

  joiner->next_seq = ntohl (segment.tcp.seq) + (guint32)segment.payload;
  joiner->closed = segment.payload < joiner->segment;
  return RUNC_SLIRP_JOIN_TAKEN;
}

void
runc_slirp_joiner_finish (RuncSlirpJoiner *joiner)
{
  guint8 *packet = held_frame (joiner) + sizeof (struct ether_header);
  gsize packet_len = joiner->len - RUNC_SLIRP_HDR_SIZE - sizeof (struct ether_header);
  gsize ip_len = joiner->head_len - sizeof (struct ether_header) - sizeof (struct tcphdr);
  gboolean ipv6 = held_is_ipv6 (joiner);
  guint16 tcp_len = htons ((guint16)(packet_len - ip_len));
  guint16 proto = htons (IPPROTO_TCP);
  guint16 sum;

  if (ipv6)
    {
      memcpy (packet + offsetof (struct ip6_hdr, ip6_plen), &tcp_len, sizeof tcp_len);
      sum = runc_slirp_checksum (packet + offsetof (struct ip6_hdr, ip6_src),
                                 2 * sizeof (struct in6_addr), 0);
    }
  else
    {
      guint16 total_len = htons ((guint16)packet_len);
      memcpy (packet + offsetof (struct iphdr, tot_len), &total_len, sizeof total_len);
      memset (packet + offsetof (struct iphdr, check), 0, 2);
      sum = (guint16)~runc_slirp_checksum (packet, ip_len, 0);
      memcpy (packet + offsetof (struct iphdr, check), &sum, sizeof sum);
      sum = runc_slirp_checksum (packet + offsetof (struct iphdr, saddr),
                                 2 * sizeof (struct in_addr), 0);
    }
  /* The kernel's convention for a checksum left out: the sum of the pseudo header. */
  guint16 pseudo[] = { proto, tcp_len };
  sum = runc_slirp_checksum (pseudo, sizeof pseudo, sum);
  memcpy (packet + ip_len + offsetof (struct tcphdr, check), &sum, sizeof sum);

  struct virtio_net_hdr hdr = {
    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
    .csum_start = (guint16)(sizeof (struct ether_header) + ip_len),
    .csum_offset = offsetof (struct tcphdr, check),
  };
  if (joiner->n > 1)
    {
      hdr.gso_type = ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
      hdr.gso_size = joiner->segment;
      hdr.hdr_len = (guint16)joiner->head_len;
    }
  memcpy (joiner->buffer, &hdr, sizeof hdr);
}
