/* UDP datagrams in frames, and the ICMP errors that answer them. No system calls. */
#pragma once

#include "slirp-frame.h"

/* A datagram of the container, or several of a size in one frame (see RuncSlirpDatagram.segment).
 */
typedef struct
{
  RuncSlirpKey key;
  guint8 ttl;
  const guint8 *payload;
  gsize len;
  /* Bytes of each datagram but the last, which may be shorter; 0: the payload is one datagram. */
  guint16 segment;
} RuncSlirpDatagram;

/* Find the UDP datagram in @frame (without virtio header), into which @ret_datagram points. FALSE
 * if there is none, or one in pieces. The checksum is not looked at: the kernel of the container
 * leaves it out.
 *
 * @hdr: the frame's header, which says whether it holds several datagrams; NULL: it does not */
gboolean runc_slirp_datagram_parse (const struct virtio_net_hdr *hdr, const guint8 *frame,
                                    gsize len, RuncSlirpDatagram *ret_datagram);

/* The link below a packet to the container. */
typedef struct
{
  guint8 guest[6], ours[6];
} RuncSlirpLink;

/* Bytes of the headers of a datagram. */
#define RUNC_SLIRP_DATAGRAM_HEAD_MAX (14 + 40 + 8)

/* The most bytes of payload that one frame can hold. */
gsize runc_slirp_datagram_max (gboolean ipv6);

/* Write the headers of a datagram from @key's peer to the container to @head. The checksum is left
 * to the kernel as *@ret_hdr says.
 *
 * @len: bytes of payload
 * @segment: let the kernel take them for several datagrams of that size, the last of which may be
 *           shorter; 0: it is one
 * Returns the length of the headers. */
gsize runc_slirp_datagram_write (guint8 *head, const RuncSlirpLink *link, const RuncSlirpKey *key,
                                 gsize len, guint16 segment, struct virtio_net_hdr *ret_hdr);

/* An ICMP or ICMPv6 error about a datagram that the container sent. */
typedef struct
{
  RuncSlirpKey key; /* of the datagram */
  const guint8 *payload;
  gsize len;            /* of what is known of it */
  struct in6_addr from; /* who reports it, as in a key */
  guint8 type, code;
  guint32 info; /* the second word of the header, such as an MTU */
} RuncSlirpTrouble;

/* Bytes of the longest error: what IPv6 allows. */
#define RUNC_SLIRP_TROUBLE_MAX (14 + 1280)

/* Write the frame that tells the container of @trouble. Returns its length. */
gsize runc_slirp_datagram_write_trouble (guint8 *frame, const RuncSlirpLink *link,
                                         const RuncSlirpTrouble *trouble);
