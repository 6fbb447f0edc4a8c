/* What libslirp may see of what the container sends, and who may reach the host's loopback. */
#pragma once

#include "slirp-options.h"

typedef enum
{
  RUNC_SLIRP_DROP,
  RUNC_SLIRP_REFUSE,   /* a SYN that gets a reset for an answer */
  RUNC_SLIRP_DATAGRAM, /* for slirp-udp.c; libslirp does not see it */
  RUNC_SLIRP_ADMIT,
} RuncSlirpVerdict;

/* Judge @frame (@len bytes, without virtio header) of the container. Dropped is what libslirp would
 * parse for nothing (TFTP, NC-SI, IPv6 if there is none) and what is cut short. Unless the host's
 * loopback was asked for, every packet that would reach it goes no further, whatever it is
 * addressed to: the gateway, as libslirp translates it, or 127.0.0.1 itself, which it takes as it
 * comes. Datagrams to the gateway are RUNC_SLIRP_DATAGRAM all the same: they may be answers. Of
 * fragments only the addresses are judged. */
RuncSlirpVerdict runc_slirp_guard_judge (const RuncSlirpNet *net, const guint8 *frame, gsize len);

/* What the host makes of a peer's address, as in a RuncSlirpKey. */
typedef enum
{
  RUNC_SLIRP_ELSEWHERE,
  RUNC_SLIRP_GATEWAY, /* stands for the host's loopback */
  RUNC_SLIRP_FORGED,  /* is the host's loopback, by an address that is not for the wire */
} RuncSlirpPlace;

RuncSlirpPlace runc_slirp_guard_place (const RuncSlirpNet *net, gboolean ipv6,
                                       const struct in6_addr *address);
