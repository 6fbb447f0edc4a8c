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

guint16
runc_slirp_pseudo_sum (const guint8 *packet, gboolean ipv6, guint8 protocol, gsize len)
{
  const guint16 rest[] = { htons (protocol), htons ((guint16)len) };
  guint16 sum = ipv6 ? runc_slirp_checksum (packet + offsetof (struct ip6_hdr, ip6_src),
                                            2 * sizeof (struct in6_addr), 0)
                     : runc_slirp_checksum (packet + offsetof (struct iphdr, saddr),
                                            2 * sizeof (struct in_addr), 0);

  return runc_slirp_checksum (rest, sizeof rest, sum);
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

/* ---------------------------------------------------------------- who talks to whom */

guint
runc_slirp_key_hash (gconstpointer key)
{
  guint32 words[sizeof (RuncSlirpKey) / sizeof (guint32)];
  guint32 hash = 0;

  G_STATIC_ASSERT (sizeof words == sizeof (RuncSlirpKey));
  memcpy (words, key, sizeof words);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    hash = (hash ^ words[i]) * 0x9e3779b1u;
  return hash ^ hash >> 15;
}

gboolean
runc_slirp_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (RuncSlirpKey)) == 0;
}

/* ---------------------------------------------------------------- TCP segments */

#define ETHER_LEN sizeof (struct ether_header)
#define TCP_LEN   sizeof (struct tcphdr)

#define OPTION_END   0
#define OPTION_NOP   1
#define OPTION_MSS   2
#define OPTION_SHIFT 3

static void
parse_options (const guint8 *option, gsize len, RuncSlirpSegment *segment)
{
  while (len > 0 && option[0] != OPTION_END)
    {
      gsize option_len = option[0] == OPTION_NOP ? 1 : len >= 2 ? option[1] : 0;
      if (option_len == 0 || option_len > len)
        return;
      if (option[0] == OPTION_MSS && option_len == 4)
        segment->mss = option[2] << 8 | option[3];
      else if (option[0] == OPTION_SHIFT && option_len == 3)
        segment->shift = MIN (option[2], 14);
      option += option_len;
      len -= option_len;
    }
}

/* The IP header at @packet. Sets ip_len and the addresses; returns the length of its payload, or 0.
 */
static gsize
parse_ip (const guint8 *packet, gsize len, gboolean from_guest, RuncSlirpSegment *segment)
{
  struct in6_addr *source = from_guest ? &segment->key.guest : &segment->key.peer;
  struct in6_addr *target = from_guest ? &segment->key.peer : &segment->key.guest;

  if (segment->key.ipv6)
    {
      struct ip6_hdr ip;
      if (len < sizeof ip)
        return 0;
      memcpy (&ip, packet, sizeof ip);
      segment->ip_len = sizeof ip;
      *source = ip.ip6_src;
      *target = ip.ip6_dst;
      gsize payload = ntohs (ip.ip6_plen);
      return ip.ip6_nxt == IPPROTO_TCP && payload <= len - sizeof ip ? payload : 0;
    }
  struct iphdr ip;
  if (len < sizeof ip)
    return 0;
  memcpy (&ip, packet, sizeof ip);
  segment->ip_len = ip.ihl * 4u;
  memcpy (source, &ip.saddr, sizeof ip.saddr);
  memcpy (target, &ip.daddr, sizeof ip.daddr);
  gsize total_len = ntohs (ip.tot_len);
  if (ip.protocol != IPPROTO_TCP || (ip.frag_off & htons (IP_MF | IP_OFFMASK)) || total_len > len
      || segment->ip_len < sizeof ip || segment->ip_len > total_len)
    return 0;
  return total_len - segment->ip_len;
}

gboolean
runc_slirp_segment_parse (const guint8 *frame, gsize len, gboolean from_guest,
                          RuncSlirpSegment *ret_segment)
{
  RuncSlirpSegment segment = { .mss = -1, .shift = -1 };
  struct ether_header ether;
  struct tcphdr tcp;

  if (len < sizeof ether)
    return FALSE;
  memcpy (&ether, frame, sizeof ether);
  if (ether.ether_type == htons (ETHERTYPE_IPV6))
    segment.key.ipv6 = 1;
  else if (ether.ether_type != htons (ETHERTYPE_IP))
    return FALSE;
  gsize payload = parse_ip (frame + ETHER_LEN, len - ETHER_LEN, from_guest, &segment);
  if (payload < sizeof tcp)
    return FALSE;

  const guint8 *head = frame + ETHER_LEN + segment.ip_len;
  memcpy (&tcp, head, sizeof tcp);
  gsize tcp_len = tcp.doff * 4u;
  if (tcp_len < sizeof tcp || tcp_len > payload)
    return FALSE;
  segment.key.guest_port = from_guest ? tcp.source : tcp.dest;
  segment.key.peer_port = from_guest ? tcp.dest : tcp.source;
  segment.head_len = ETHER_LEN + segment.ip_len + tcp_len;
  segment.flags = head[13];
  segment.seq = ntohl (tcp.seq);
  segment.ack = ntohl (tcp.ack_seq);
  segment.window = ntohs (tcp.window);
  segment.payload = head + tcp_len;
  segment.len = payload - tcp_len;
  if (segment.flags & TH_SYN)
    parse_options (head + sizeof tcp, tcp_len - sizeof tcp, &segment);
  *ret_segment = segment;
  return TRUE;
}

static void
put16 (guint8 *at, guint16 value)
{
  memcpy (at, &(guint16){ htons (value) }, sizeof value);
}

static void
put32 (guint8 *at, guint32 value)
{
  memcpy (at, &(guint32){ htonl (value) }, sizeof value);
}

/* Lengths and checksum of the IP header for @tcp_len bytes behind it. */
static void
write_ip (guint8 *packet, gboolean ipv6, gsize ip_len, gsize tcp_len)
{
  if (ipv6)
    {
      put16 (packet + offsetof (struct ip6_hdr, ip6_plen), (guint16)tcp_len);
      return;
    }
  put16 (packet + offsetof (struct iphdr, tot_len), (guint16)(ip_len + tcp_len));
  put16 (packet + offsetof (struct iphdr, check), 0);
  guint16 sum = (guint16)~runc_slirp_checksum (packet, ip_len, 0);
  memcpy (packet + offsetof (struct iphdr, check), &sum, sizeof sum);
}

void
runc_slirp_segment_write (guint8 *head, const RuncSlirpSegment *segment, guint16 mss,
                          struct virtio_net_hdr *ret_hdr)
{
  guint8 *packet = head + ETHER_LEN;
  guint8 *tcp = packet + segment->ip_len;
  gboolean ipv6 = segment->key.ipv6 != 0;

  write_ip (packet, ipv6, segment->ip_len, TCP_LEN + segment->len);
  put32 (tcp + offsetof (struct tcphdr, seq), segment->seq);
  put32 (tcp + offsetof (struct tcphdr, ack_seq), segment->ack);
  tcp[12] = TCP_LEN / 4 << 4;
  tcp[13] = segment->flags;
  put16 (tcp + offsetof (struct tcphdr, window), segment->window);
  put16 (tcp + offsetof (struct tcphdr, urg_ptr), 0);
  /* The kernel's convention for a checksum left out: the sum of the pseudo header. */
  guint16 sum = runc_slirp_pseudo_sum (packet, ipv6, IPPROTO_TCP, TCP_LEN + segment->len);
  memcpy (tcp + offsetof (struct tcphdr, check), &sum, sizeof sum);

  *ret_hdr = (struct virtio_net_hdr){
    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
    .csum_start = (guint16)(ETHER_LEN + segment->ip_len),
    .csum_offset = offsetof (struct tcphdr, check),
  };
  if (segment->len > mss)
    {
      ret_hdr->gso_type = ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
      ret_hdr->gso_size = mss;
      ret_hdr->hdr_len = (guint16)(ETHER_LEN + segment->ip_len + TCP_LEN);
    }
}

static void
swap (guint8 *a, guint8 *b, gsize len)
{
  guint8 buffer[sizeof (struct in6_addr)];

  memcpy (buffer, a, len);
  memcpy (a, b, len);
  memcpy (b, buffer, len);
}

void
runc_slirp_segment_reverse (guint8 *head, RuncSlirpSegment *segment)
{
  gsize address_len = segment->key.ipv6 ? sizeof (struct in6_addr) : sizeof (struct in_addr);
  gsize ip_len = segment->key.ipv6 ? sizeof (struct ip6_hdr) : sizeof (struct iphdr);
  guint8 *ports = head + ETHER_LEN + ip_len;
  guint8 *addresses = ports - 2 * address_len;

  memmove (ports, head + ETHER_LEN + segment->ip_len, TCP_LEN);
  if (!segment->key.ipv6)
    head[ETHER_LEN] = 0x45;
  segment->ip_len = ip_len;
  segment->head_len = ETHER_LEN + ip_len + TCP_LEN;
  swap (head, head + ETHER_ADDR_LEN, ETHER_ADDR_LEN);
  swap (addresses, addresses + address_len, address_len);
  swap (ports, ports + 2, 2);
}

void
runc_slirp_segment_seal (guint8 *frame, const RuncSlirpSegment *segment)
{
  gsize tcp_len = TCP_LEN + segment->len;
  guint8 *tcp = frame + ETHER_LEN + segment->ip_len;
  guint16 sum
      = runc_slirp_pseudo_sum (frame + ETHER_LEN, segment->key.ipv6 != 0, IPPROTO_TCP, tcp_len);

  put16 (tcp + offsetof (struct tcphdr, check), 0);
  sum = (guint16)~runc_slirp_checksum (tcp, tcp_len, sum);
  memcpy (tcp + offsetof (struct tcphdr, check), &sum, sizeof sum);
}

gsize
runc_slirp_segment_add_shift (const guint8 *frame, const RuncSlirpSegment *syn, guint8 shift,
                              guint8 *out)
{
  const guint8 option[] = { OPTION_NOP, OPTION_SHIFT, 3, shift };
  gsize tcp_at = ETHER_LEN + syn->ip_len;
  gsize tcp_len = syn->head_len - tcp_at + sizeof option;
  guint8 *tcp = out + tcp_at;

  memcpy (out, frame, syn->head_len);
  memcpy (out + syn->head_len, option, sizeof option);
  tcp[12] = (guint8)(tcp_len / 4 << 4);
  write_ip (out + ETHER_LEN, syn->key.ipv6 != 0, syn->ip_len, tcp_len);
  put16 (tcp + offsetof (struct tcphdr, check), 0);
  guint16 sum = runc_slirp_pseudo_sum (out + ETHER_LEN, syn->key.ipv6 != 0, IPPROTO_TCP, tcp_len);
  sum = (guint16)~runc_slirp_checksum (tcp, tcp_len, sum);
  memcpy (tcp + offsetof (struct tcphdr, check), &sum, sizeof sum);
  return syn->head_len + sizeof option;
}
