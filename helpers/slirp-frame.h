/* Ethernet frames on their way between the tap device and libslirp: what is let in, and how the
 * kernel's segmentation and checksum offloads are used. No system calls.
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

/* ---------------------------------------------------------------- from the container */

typedef struct
{
  gboolean ipv6;
  gboolean host_loopback;
  struct in_addr gateway;
} RuncSlirpGuard;

/* Whether libslirp may see @frame (@len bytes, without header). Refused is what it would parse for
 * nothing (protocols the container has no use of: TFTP, NC-SI), what is cut short, and, unless
 * @guard allows the host's loopback, every packet to an address that would reach it: libslirp
 * itself only looks at the gateway's address, not at 127.0.0.1 written by a container's root. */
gboolean runc_slirp_frame_admit (const RuncSlirpGuard *guard, const guint8 *frame, gsize len);

/* Compute the checksum that the kernel left out of @frame as its header @hdr says.
 * Returns FALSE when @hdr points out of the frame. */
gboolean runc_slirp_frame_complete (const struct virtio_net_hdr *hdr, guint8 *frame, gsize len);

/* The Internet checksum's sum (not complemented, folded to 16 bits, in memory order). */
guint16 runc_slirp_checksum (const void *data, gsize len, guint32 sum);

/* ---------------------------------------------------------------- to the container */

/* Joins TCP segments that libslirp sends one after the other into one long segment, which the
 * container's kernel receives as if its network card had joined them. Embedded; zero to begin, but
 * for @buffer. */
typedef struct
{
  guint8 *buffer; /* RUNC_SLIRP_HDR_SIZE + RUNC_SLIRP_FRAME_MAX bytes: header and frame */
  gsize len;      /* of header and frame; 0: nothing is held back */
  gsize head_len; /* Ethernet, IP and TCP header, without the virtio header */
  guint32 next_seq;
  guint16 segment; /* payload of each joined segment but the last */
  guint n;
  gboolean closed; /* nothing can follow what is held back */
} RuncSlirpJoiner;

typedef enum
{
  RUNC_SLIRP_JOIN_PASS,  /* not for joining: flush, then send the frame as it is */
  RUNC_SLIRP_JOIN_FLUSH, /* flush, then offer it again */
  RUNC_SLIRP_JOIN_TAKEN, /* copied; held back until the next flush */
} RuncSlirpJoin;

/* Offer the next @frame. */
RuncSlirpJoin runc_slirp_joiner_offer (RuncSlirpJoiner *joiner, const guint8 *frame, gsize len);

/* Finish what is held back: afterwards @joiner->buffer holds @joiner->len bytes to be written to
 * the tap, header included. The caller sets len to 0 once they are. */
void runc_slirp_joiner_finish (RuncSlirpJoiner *joiner);
