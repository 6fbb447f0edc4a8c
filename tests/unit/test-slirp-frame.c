/* The slirp helper's handling of frames: checksums, TCP segments, fragments, and the guard. */
#include "slirp-datagram.h"
#include "slirp-fragments.h"
#include "slirp-frame.h"
#include "slirp-guard.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

#define GUEST "10.0.2.100"

/* ---------------------------------------------------------------- making frames */

static guint16
slow_checksum (const guint8 *data, gsize len, guint32 sum)
{
  for (gsize i = 0; i < len; i += 2)
    sum += (guint32)(data[i] << 8 | (i + 1 < len ? data[i + 1] : 0));
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (guint16)sum;
}

static void
put16 (GByteArray *frame, guint16 value)
{
  guint8 bytes[] = { (guint8)(value >> 8), (guint8)value };

  g_byte_array_append (frame, bytes, sizeof bytes);
}

/* Ethernet and IPv4 header, then @payload. @offset: the fragment field */
static GByteArray *
make_ip4 (const char *target, guint8 protocol, guint16 offset, gconstpointer payload, gsize len)
{
  GByteArray *frame = g_byte_array_new ();
  const guint8 ether[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0 };
  const guint8 start[] = { 0x45, 0 };
  const guint8 middle[] = { 64, protocol };
  struct in_addr address;

  g_byte_array_append (frame, ether, sizeof ether);
  g_byte_array_append (frame, start, sizeof start);
  put16 (frame, (guint16)(20 + len));
  put16 (frame, 77);
  put16 (frame, offset);
  g_byte_array_append (frame, middle, sizeof middle);
  put16 (frame, 0);
  inet_pton (AF_INET, GUEST, &address);
  g_byte_array_append (frame, (guint8 *)&address, sizeof address);
  inet_pton (AF_INET, target, &address);
  g_byte_array_append (frame, (guint8 *)&address, sizeof address);
  guint16 sum = (guint16)~slow_checksum (frame->data + 14, 20, 0);
  frame->data[24] = (guint8)(sum >> 8);
  frame->data[25] = (guint8)sum;
  g_byte_array_append (frame, payload, (guint)len);
  return frame;
}

static GByteArray *
make_udp (const char *target, guint16 source_port, guint16 port)
{
  g_autoptr (GByteArray) udp = g_byte_array_new ();

  put16 (udp, source_port);
  put16 (udp, port);
  put16 (udp, 8);
  put16 (udp, 0);
  return make_ip4 (target, IPPROTO_UDP, 0, udp->data, udp->len);
}

/* With options that say a segment size of 1460 and a shift of 7. */
static GByteArray *
make_tcp (const char *target, guint8 flags, gconstpointer payload, gsize len)
{
  static const guint8 options[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7 };
  guint8 tcp[20] = { 0x12, 0x34, 0, 80, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 7 << 4, flags, 0xab, 0xcd };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, tcp, sizeof tcp);
  g_byte_array_append (bytes, options, sizeof options);
  g_byte_array_append (bytes, payload, (guint)len);
  return make_ip4 (target, IPPROTO_TCP, 0, bytes->data, bytes->len);
}

/* Whether the TCP checksum in @frame, which has an IPv4 header without options, is right. */
static gboolean
tcp_is_sound (const guint8 *frame, gsize len)
{
  gsize tcp_len = len - 34;
  guint32 sum = IPPROTO_TCP + (guint32)tcp_len;

  sum += slow_checksum (frame + 26, 8, 0);
  return slow_checksum (frame + 34, tcp_len, sum) == 0xffff
         && slow_checksum (frame + 14, 20, 0) == 0xffff;
}

/* ---------------------------------------------------------------- tests */

static void
test_checksum (void)
{
  guint8 data[300];

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = (guint8)(i * 37 + (i >> 3) * 101 + 250);
  for (gsize start = 0; start < 20; start++)
    for (gsize len = 0; len < sizeof data - start; len++)
      g_assert_cmpuint (ntohs (runc_slirp_checksum (data + start, len, 0)), ==,
                        slow_checksum (data + start, len, 0));
  memset (data, 0xff, sizeof data);
  g_assert_cmpuint (runc_slirp_checksum (data, sizeof data, 0xffff), ==, 0xffff);
}

static void
test_complete (void)
{
  g_autoptr (GByteArray) frame = make_tcp ("192.0.2.1", TH_ACK, "hello", 5);
  struct virtio_net_hdr hdr
      = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
  guint16 pseudo = (guint16)(slow_checksum (frame->data + 26, 8, 6 + frame->len - 34));

  frame->data[50] = (guint8)(pseudo >> 8);
  frame->data[51] = (guint8)pseudo;
  g_assert_true (runc_slirp_frame_complete (&hdr, frame->data, frame->len));
  g_assert_true (tcp_is_sound (frame->data, frame->len));

  hdr.csum_start = (guint16)frame->len;
  g_assert_false (runc_slirp_frame_complete (&hdr, frame->data, frame->len));
  hdr.csum_start = G_MAXUINT16;
  hdr.csum_offset = G_MAXUINT16;
  g_assert_false (runc_slirp_frame_complete (&hdr, frame->data, frame->len));
}

static void
test_parse (void)
{
  g_autoptr (GByteArray) frame = make_tcp ("192.0.2.1", TH_SYN, "abc", 3);
  RuncSlirpSegment segment;

  g_assert_true (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
  g_assert_cmpuint (ntohs (segment.key.guest_port), ==, 0x1234);
  g_assert_cmpuint (ntohs (segment.key.peer_port), ==, 80);
  g_assert_cmpuint (segment.seq, ==, 0x1000);
  g_assert_cmpuint (segment.ack, ==, 0x2000);
  g_assert_cmpuint (segment.window, ==, 0xabcd);
  g_assert_cmpuint (segment.len, ==, 3);
  g_assert_cmpmem (segment.payload, segment.len, "abc", 3);
  g_assert_cmpint (segment.mss, ==, 1460);
  g_assert_cmpint (segment.shift, ==, 7);

  /* What is cut short at any place, or says so of itself, is no segment. */
  for (gsize len = 0; len < frame->len; len++)
    g_assert_false (runc_slirp_segment_parse (frame->data, len, TRUE, &segment));
  frame->data[46] = 0xf0;
  g_assert_false (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
  frame->data[46] = 0x40;
  g_assert_false (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
  frame->data[46] = 0x70;
  frame->data[20] = 0x20;
  g_assert_false (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
}

static void
test_options_that_lie (void)
{
  static const guint8 lies[][4] = { { 2, 0, 1, 1 }, { 3, 200, 1, 1 }, { 1, 1, 1, 2 }, { 3, 3 } };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autoptr (GByteArray) frame = make_tcp ("192.0.2.1", TH_SYN, "", 0);
      RuncSlirpSegment segment;

      memcpy (frame->data + 54, lies[i], 4);
      memcpy (frame->data + 58, lies[i], 4);
      g_assert_true (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
      g_assert_cmpint (segment.mss, ==, -1);
      g_assert_cmpint (segment.shift, <=, 14);
    }
}

static void
test_add_shift (void)
{
  g_autoptr (GByteArray) frame = make_tcp ("192.0.2.1", TH_SYN | TH_ACK, "", 0);
  guint8 out[200];
  RuncSlirpSegment segment;

  g_assert_true (runc_slirp_segment_parse (frame->data, frame->len, FALSE, &segment));
  gsize len = runc_slirp_segment_add_shift (frame->data, &segment, 4, out);
  g_assert_cmpuint (len, ==, frame->len + 4);
  g_assert_true (tcp_is_sound (out, len));
  g_assert_true (runc_slirp_segment_parse (out, len, FALSE, &segment));
  g_assert_cmpint (segment.shift, ==, 4);
  g_assert_cmpint (segment.mss, ==, 1460);
}

static void
test_reverse (void)
{
  g_autoptr (GByteArray) frame = make_tcp ("192.0.2.1", TH_SYN, "", 0);
  guint8 head[200];
  struct virtio_net_hdr hdr;
  RuncSlirpSegment segment, reversed;

  g_assert_true (runc_slirp_segment_parse (frame->data, frame->len, TRUE, &segment));
  memcpy (head, frame->data, segment.head_len);
  runc_slirp_segment_reverse (head, &segment);
  segment.flags = TH_RST | TH_ACK;
  segment.len = 0;
  runc_slirp_segment_write (head, &segment, 1460, &hdr);
  g_assert_cmpuint (hdr.flags, ==, VIRTIO_NET_HDR_F_NEEDS_CSUM);
  g_assert_cmpuint (hdr.gso_type, ==, VIRTIO_NET_HDR_GSO_NONE);
  g_assert_true (runc_slirp_frame_complete (&hdr, head, segment.head_len));
  g_assert_true (tcp_is_sound (head, segment.head_len));
  g_assert_true (runc_slirp_segment_parse (head, segment.head_len, FALSE, &reversed));
  g_assert_cmpmem (&reversed.key, sizeof reversed.key, &segment.key, sizeof segment.key);
  g_assert_cmpmem (head, 6, frame->data + 6, 6);
}

static void
test_fragments (void)
{
  g_autoptr (RuncSlirpFragments) fragments = runc_slirp_fragments_new ();
  guint8 payload[4000];

  for (gsize i = 0; i < sizeof payload; i++)
    payload[i] = (guint8)(i * 7);
  /* In order: whole. A gap, an overlap, a piece that is not a multiple of 8: nothing. */
  static const guint16 offsets[][3]
      = { { 0, 1000, 2000 }, { 0, 1000, 2008 }, { 0, 992, 2000 }, { 0, 1000, 1000 } };
  for (gsize i = 0; i < G_N_ELEMENTS (offsets); i++)
    for (gsize k = 0; k < 3; k++)
      {
        guint16 field = (guint16)(offsets[i][k] / 8 | (k < 2 ? IP_MF : 0));
        gsize piece = k < 2 ? 1000 : 500;
        g_autoptr (GByteArray) frame
            = make_ip4 ("192.0.2.1", 17, field, payload + offsets[i][k], piece);
        gsize len = frame->len;
        g_assert_true (runc_slirp_fragments_is_one (frame->data, frame->len));
        const guint8 *whole = runc_slirp_fragments_take (fragments, frame->data, &len);
        if (i > 0 || k < 2)
          {
            g_assert_null (whole);
            continue;
          }
        g_assert_nonnull (whole);
        g_assert_cmpmem (whole + 34, len - 34, payload, 2500);
        g_assert_cmpuint (slow_checksum (whole + 14, 20, 0), ==, 0xffff);
        g_assert_false (runc_slirp_fragments_is_one (whole, len));
      }
}

static void
test_fragments_are_bounded (void)
{
  g_autoptr (RuncSlirpFragments) fragments = runc_slirp_fragments_new ();
  guint8 payload[8000] = { 0 };

  /* Longer than a packet can be. */
  for (guint16 offset = 0; offset < 8 * 1000; offset = (guint16)(offset + 1000))
    {
      g_autoptr (GByteArray) frame
          = make_ip4 ("192.0.2.1", 17, (guint16)(offset | IP_MF), payload, sizeof payload);
      gsize len = frame->len;
      g_assert_null (runc_slirp_fragments_take (fragments, frame->data, &len));
    }
  g_autoptr (GByteArray) last = make_ip4 ("192.0.2.1", 17, 8000, payload, sizeof payload);
  gsize len = last->len;
  g_assert_null (runc_slirp_fragments_take (fragments, last->data, &len));
}

static RuncSlirpNet
make_net (gboolean host_loopback)
{
  RuncSlirpNet net = { .host_loopback = host_loopback };

  g_assert_true (runc_slirp_net_set_cidr (&net, "10.0.2.0/24", NULL));
  return net;
}

static RuncSlirpVerdict
judge (const RuncSlirpNet *net, GByteArray *take_frame)
{
  g_autoptr (GByteArray) frame = take_frame;

  return runc_slirp_guard_judge (net, frame->data, frame->len);
}

static void
test_guard (void)
{
  for (int loopback = 0; loopback < 2; loopback++)
    {
      RuncSlirpNet net = make_net (loopback);
      RuncSlirpVerdict tcp = loopback ? RUNC_SLIRP_ADMIT : RUNC_SLIRP_REFUSE;
      RuncSlirpVerdict udp = loopback ? RUNC_SLIRP_DATAGRAM : RUNC_SLIRP_DROP;
      static const char *const inside[]
          = { "10.0.2.2", "127.0.0.1", "127.255.0.9", "0.0.0.0", "255.255.255.255" };
      for (gsize i = 0; i < G_N_ELEMENTS (inside); i++)
        {
          g_assert_cmpint (judge (&net, make_tcp (inside[i], TH_SYN, "", 0)), ==, tcp);
          g_assert_cmpint (judge (&net, make_tcp (inside[i], TH_SYN | TH_PUSH, "", 0)), ==, tcp);
          /* To the gateway it may be an answer: slirp-udp.c knows. */
          g_assert_cmpint (judge (&net, make_udp (inside[i], 1000, 2000)), ==,
                           i == 0 ? RUNC_SLIRP_DATAGRAM : udp);
          if (i >= 1 && i <= 3)
            g_assert_cmpint (judge (&net, make_udp (inside[i], 68, 67)), ==, udp);
        }
      g_assert_cmpint (judge (&net, make_tcp ("192.0.2.1", TH_SYN, "", 0)), ==, RUNC_SLIRP_ADMIT);
      g_assert_cmpint (judge (&net, make_udp ("192.0.2.1", 1000, 2000)), ==, RUNC_SLIRP_DATAGRAM);
      g_assert_cmpint (judge (&net, make_udp ("192.0.2.1", 1000, 67)), ==, RUNC_SLIRP_DATAGRAM);
      g_assert_cmpint (judge (&net, make_udp ("10.0.2.3", 1000, 53)), ==, RUNC_SLIRP_ADMIT);
      g_assert_cmpint (judge (&net, make_udp ("10.0.2.3", 1000, 54)), ==, RUNC_SLIRP_DROP);
      /* Port 80, which a resolver on the host's loopback does not have. */
      g_assert_cmpint (judge (&net, make_tcp ("10.0.2.3", TH_SYN, "", 0)), ==, RUNC_SLIRP_REFUSE);
      g_assert_cmpint (judge (&net, make_udp ("10.0.2.2", 68, 67)), ==, RUNC_SLIRP_ADMIT);
      g_assert_cmpint (judge (&net, make_udp ("255.255.255.255", 68, 67)), ==, RUNC_SLIRP_ADMIT);
      g_assert_cmpint (judge (&net, make_ip4 ("192.0.2.1", 47, 0, "12345678", 8)), ==,
                       RUNC_SLIRP_DROP);
    }
}

static void
test_guard_places (void)
{
  RuncSlirpNet net = make_net (FALSE);
  static const struct
  {
    const char *address;
    RuncSlirpPlace place;
  } rows[] = {
    { "10.0.2.2", RUNC_SLIRP_GATEWAY },
    { "255.255.255.255", RUNC_SLIRP_GATEWAY },
    { "10.0.2.4", RUNC_SLIRP_ELSEWHERE },
    { "127.3.2.1", RUNC_SLIRP_FORGED },
    { "0.1.2.3", RUNC_SLIRP_FORGED },
    { "192.0.2.1", RUNC_SLIRP_ELSEWHERE },
    { "::1", RUNC_SLIRP_FORGED },
    { "::", RUNC_SLIRP_FORGED },
    { "::ffff:127.0.0.1", RUNC_SLIRP_FORGED },
    { "::127.0.0.1", RUNC_SLIRP_FORGED },
    { "fd00::2", RUNC_SLIRP_GATEWAY },
    { "fd00::1234", RUNC_SLIRP_GATEWAY },
    { "ff02::1", RUNC_SLIRP_GATEWAY },
    { "2001:db8::1", RUNC_SLIRP_ELSEWHERE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      struct in6_addr address = { 0 };
      gboolean ipv6 = strchr (rows[i].address, ':') != NULL;
      g_assert_cmpint (inet_pton (ipv6 ? AF_INET6 : AF_INET, rows[i].address, &address), ==, 1);
      g_assert_cmpint (runc_slirp_guard_place (&net, ipv6, &address), ==, rows[i].place);
    }
}

/* ---------------------------------------------------------------- datagrams */

static void
test_datagram (void)
{
  static const guint8 udp[] = { 0x12, 0x34, 0, 80, 0, 8 + 5, 0, 0, 'h', 'e', 'l', 'l', 'o', 'x' };
  g_autoptr (GByteArray) frame = make_ip4 ("192.0.2.1", IPPROTO_UDP, 0, udp, sizeof udp);
  struct virtio_net_hdr hdr = { .gso_type = RUNC_SLIRP_GSO_UDP_L4, .gso_size = 2 };
  RuncSlirpDatagram datagram;

  g_assert_true (runc_slirp_datagram_parse (NULL, frame->data, frame->len, &datagram));
  /* What is behind its end is not part of it. */
  g_assert_cmpmem (datagram.payload, datagram.len, "hello", 5);
  g_assert_cmpuint (datagram.key.guest_port, ==, htons (0x1234));
  g_assert_cmpuint (datagram.key.peer_port, ==, htons (80));
  g_assert_cmpuint (datagram.ttl, ==, 64);
  g_assert_cmpuint (datagram.segment, ==, 0);
  g_assert_true (runc_slirp_datagram_parse (&hdr, frame->data, frame->len, &datagram));
  g_assert_cmpuint (datagram.segment, ==, 2);
  hdr.gso_size = 5;
  g_assert_true (runc_slirp_datagram_parse (&hdr, frame->data, frame->len, &datagram));
  g_assert_cmpuint (datagram.segment, ==, 0);
  hdr.gso_size = 0;
  g_assert_false (runc_slirp_datagram_parse (&hdr, frame->data, frame->len, &datagram));
  hdr = (struct virtio_net_hdr){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 2 };
  g_assert_false (runc_slirp_datagram_parse (&hdr, frame->data, frame->len, &datagram));

  /* Lengths that lie. */
  for (guint len = 0; len < frame->len; len++)
    g_assert_false (runc_slirp_datagram_parse (NULL, frame->data, len, &datagram));
  for (int len = 0; len < 256; len++)
    {
      frame->data[39] = (guint8)len;
      g_assert_cmpint (runc_slirp_datagram_parse (NULL, frame->data, frame->len, &datagram), ==,
                       len >= 8 && len <= 14);
    }
}

static void
test_datagram_write (void)
{
  for (int ipv6 = 0; ipv6 < 2; ipv6++)
    {
      RuncSlirpKey key
          = { .guest_port = htons (1000), .peer_port = htons (53), .ipv6 = (guint)ipv6 };
      const RuncSlirpLink link = { { 2, 0, 0, 0, 0, 1 }, { 0x52, 0x55, 0, 0, 0, 2 } };
      guint8 frame[RUNC_SLIRP_DATAGRAM_HEAD_MAX + 5];
      struct virtio_net_hdr hdr;
      RuncSlirpDatagram datagram;

      inet_pton (ipv6 ? AF_INET6 : AF_INET, ipv6 ? "fd00::100" : GUEST, &key.guest);
      inet_pton (ipv6 ? AF_INET6 : AF_INET, ipv6 ? "2001:db8::1" : "192.0.2.1", &key.peer);
      gsize head_len = runc_slirp_datagram_write (frame, &link, &key, 5, 2, &hdr);
      g_assert_cmpuint (head_len, ==, ipv6 ? 62 : 42);
      g_assert_cmpuint (hdr.gso_size, ==, 2);
      g_assert_cmpuint (hdr.hdr_len, ==, head_len);
      g_assert_cmpuint (hdr.csum_start + hdr.csum_offset, ==, head_len - 2);
      memcpy (frame + head_len, "hello", 5);
      g_assert_true (runc_slirp_datagram_parse (NULL, frame, head_len + 5, &datagram));
      g_assert_cmpmem (datagram.payload, datagram.len, "hello", 5);
      /* Seen from the other side. */
      g_assert_cmpmem (&datagram.key.guest, 16, &key.peer, 16);
      g_assert_cmpmem (&datagram.key.peer, 16, &key.guest, 16);
      g_assert_cmpuint (datagram.key.guest_port, ==, key.peer_port);
      g_assert_cmpmem (frame, 6, link.guest, 6);
      g_assert_true (runc_slirp_frame_complete (&hdr, frame, head_len + 5));
      gsize ip_len = ipv6 ? 40 : 20;
      guint32 sum = slow_checksum (frame + 14 + (ipv6 ? 8 : 12), ipv6 ? 32 : 8, IPPROTO_UDP + 13);
      g_assert_cmpuint (slow_checksum (frame + 14 + ip_len, 13, sum), ==, 0xffff);
    }
}

static void
test_trouble (void)
{
  static const guint8 payload[2000] = { 1, 2, 3 };

  for (int ipv6 = 0; ipv6 < 2; ipv6++)
    for (gsize len = 0; len <= sizeof payload; len += 500)
      {
        RuncSlirpTrouble trouble = { .payload = payload, .len = len, .type = 3, .code = 3 };
        const RuncSlirpLink link = { { 2, 0, 0, 0, 0, 1 }, { 0x52, 0x55, 0, 0, 0, 2 } };
        guint8 frame[RUNC_SLIRP_TROUBLE_MAX];
        gsize ip_len = ipv6 ? 40 : 20;

        trouble.key.ipv6 = (guint)ipv6;
        trouble.key.guest_port = htons (1000);
        inet_pton (ipv6 ? AF_INET6 : AF_INET, ipv6 ? "fd00::100" : GUEST, &trouble.key.guest);
        gsize frame_len = runc_slirp_datagram_write_trouble (frame, &link, &trouble);
        g_assert_cmpuint (frame_len, ==, 14 + MIN (2 * ip_len + 16 + len, ipv6 ? 1280 : 576));
        const guint8 *icmp = frame + 14 + ip_len;
        gsize icmp_len = frame_len - 14 - ip_len;
        guint32 sum = ipv6 ? slow_checksum (frame + 22, 32, IPPROTO_ICMPV6 + (guint32)icmp_len) : 0;
        g_assert_cmpuint (slow_checksum (icmp, icmp_len, sum), ==, 0xffff);
        g_assert_cmpuint (icmp[0], ==, 3);
        /* The datagram in it is the one that was sent. */
        g_assert_cmpmem (icmp + 8 + (ipv6 ? 8 : 12), ipv6 ? 16 : 4, &trouble.key.guest,
                         ipv6 ? 16 : 4);
        g_assert_cmpuint (icmp[8 + ip_len] << 8 | icmp[9 + ip_len], ==, 1000);
        g_assert_cmpuint (icmp[8 + ip_len + 4] << 8 | icmp[8 + ip_len + 5], ==, 8 + len);
      }
}

/* Any bytes at all, at the end of their memory. */
static void
test_noise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (RuncSlirpFragments) fragments = runc_slirp_fragments_new ();
  RuncSlirpNet net = make_net (FALSE);
  RuncSlirpSegment segment;
  RuncSlirpDatagram datagram;

  net.ipv6 = TRUE;
  for (int i = 0; i < 200000; i++)
    {
      gsize len = (gsize)g_rand_int_range (rand, 0, 120);
      g_autofree guint8 *frame = g_malloc (len + 1);
      guint8 *at = frame + 1;
      for (gsize k = 0; k < len; k++)
        at[k] = (guint8)g_rand_int (rand);
      if (len > 23)
        {
          at[12] = g_rand_boolean (rand) ? 0x08 : 0x86;
          at[13] = at[12] == 0x08 ? 0x00 : 0xdd;
          at[14] = at[12] == 0x08 ? 0x45 + (guint8)g_rand_int_range (rand, 0, 3) : 0x60;
          at[16] = 0;
          at[18] = 0;
          at[20] = g_rand_boolean (rand) ? 0 : 0x20;
          at[23] = at[12] == 0x08 ? (g_rand_boolean (rand) ? 6 : 17) : at[23];
        }
      gsize whole_len = len;
      if (runc_slirp_guard_judge (&net, at, len) != RUNC_SLIRP_DROP
          && runc_slirp_fragments_is_one (at, len))
        runc_slirp_fragments_take (fragments, at, &whole_len);
      if (runc_slirp_segment_parse (at, len, TRUE, &segment))
        g_assert_true (segment.payload + segment.len <= at + len);
      if (runc_slirp_datagram_parse (NULL, at, len, &datagram))
        g_assert_true (datagram.payload + datagram.len <= at + len);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slirp/frame/checksum", test_checksum);
  g_test_add_func ("/slirp/frame/complete", test_complete);
  g_test_add_func ("/slirp/segment/parse", test_parse);
  g_test_add_func ("/slirp/segment/options-that-lie", test_options_that_lie);
  g_test_add_func ("/slirp/segment/add-shift", test_add_shift);
  g_test_add_func ("/slirp/segment/reverse", test_reverse);
  g_test_add_func ("/slirp/fragments/order", test_fragments);
  g_test_add_func ("/slirp/fragments/bounded", test_fragments_are_bounded);
  g_test_add_func ("/slirp/guard/loopback", test_guard);
  g_test_add_func ("/slirp/guard/places", test_guard_places);
  g_test_add_func ("/slirp/datagram/parse", test_datagram);
  g_test_add_func ("/slirp/datagram/write", test_datagram_write);
  g_test_add_func ("/slirp/datagram/trouble", test_trouble);
  g_test_add_func ("/slirp/noise", test_noise);
  return g_test_run ();
}
