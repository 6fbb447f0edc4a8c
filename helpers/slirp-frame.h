/* Ethernet frames on their way between the tap device and libslirp: what is let in, checksums, and
 * TCP segments. No system calls.
 *
 * With IFF_VNET_HDR each frame on the tap has a struct virtio_net_hdr in front, here called its
 * header. The container's kernel may then leave TCP checksums to us and hand over segments that are
 * longer than the MTU, and we may do the same to it.
 */
#pragma once

#include <glib.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>

/* The longest frame: an Ethernet header with a VLAN tag and the longest IP packet. */
#define RUNC_SLIRP_FRAME_MAX (18 + 65535)
#define RUNC_SLIRP_HDR_SIZE  (sizeof (struct virtio_net_hdr))

/* Newer than some kernel headers: the frame holds datagrams of gso_size bytes (Linux 6.2). */
#define RUNC_SLIRP_GSO_UDP_L4 5

/* ---------------------------------------------------------------- checksums */

/* Compute the checksum that the kernel left out of @frame as its header @hdr says.
 * Returns FALSE when @hdr points out of the frame. */
gboolean runc_slirp_frame_complete (const struct virtio_net_hdr *hdr, guint8 *frame, gsize len);

/* The Internet checksum's sum (not complemented, folded to 16 bits, in memory order). */
guint16 runc_slirp_checksum (const void *data, gsize len, guint32 sum);

/* The sum of the pseudo header of @len bytes of @protocol behind the IP header at @packet. */
guint16 runc_slirp_pseudo_sum (const guint8 *packet, gboolean ipv6, guint8 protocol, gsize len);

/* ---------------------------------------------------------------- who talks to whom */

/* A connection, seen from the container. IPv4 addresses are in the first bytes; all else is zero,
 * so that keys can be compared as bytes. */
typedef struct
{
  struct in6_addr guest, peer;
  guint16 guest_port, peer_port; /* as in the packet */
  guint32 ipv6;
} RuncSlirpKey;

/* For a GHashTable of RuncSlirpKey. */
guint runc_slirp_key_hash (gconstpointer key);
gboolean runc_slirp_key_equal (gconstpointer a, gconstpointer b);

/* ---------------------------------------------------------------- TCP segments */

/* A TCP segment in a frame; numbers are in host order. */
typedef struct
{
  RuncSlirpKey key;
  gsize ip_len;   /* bytes of the IP header */
  gsize head_len; /* bytes of the Ethernet, IP and TCP header with options */
  guint8 flags;   /* TH_* */
  guint32 seq, ack;
  guint16 window; /* not scaled */
  const guint8 *payload;
  gsize len;
  int mss, shift; /* options of a SYN; -1: not there */
} RuncSlirpSegment;

/* Find the TCP segment in @frame, into which @ret_segment points. FALSE if there is none, or one in
 * pieces. The checksum is not looked at.
 *
 * @from_guest: which of the addresses is the container's */
gboolean runc_slirp_segment_parse (const guint8 *frame, gsize len, gboolean from_guest,
                                   RuncSlirpSegment *ret_segment);

/* Bytes of the headers of a segment without options. */
#define RUNC_SLIRP_HEAD_MAX (14 + 40 + 20)

/* Write the headers of a segment of @len bytes of payload to @head, which holds those of another
 * segment in the same direction of the same connection, without options: lengths, numbers, flags,
 * the IP checksum. The TCP checksum is left to the kernel as *@ret_hdr says, which also lets it cut
 * the segment into pieces of @mss bytes if it is longer. */
void runc_slirp_segment_write (guint8 *head, const RuncSlirpSegment *segment, guint16 mss,
                               struct virtio_net_hdr *ret_hdr);

/* Turn the headers in @head around: who sent is who receives. IP options are left out, @segment,
 * which was found there, changes accordingly. */
void runc_slirp_segment_reverse (guint8 *head, RuncSlirpSegment *segment);

/* Complete all checksums of the segment in @frame, whose headers runc_slirp_segment_write() wrote.
 */
void runc_slirp_segment_seal (guint8 *frame, const RuncSlirpSegment *segment);

/* Copy the SYN in @frame to @out, which has room for 4 bytes more, with a window scale option.
 * Returns the new length. */
gsize runc_slirp_segment_add_shift (const guint8 *frame, const RuncSlirpSegment *syn, guint8 shift,
                                    guint8 *out);
