/* What libslirp may see of what the container sends, and who may reach the host's loopback. */
#pragma once

#include "slirp-options.h"

/* A datagram that came from the host's loopback to a published port: the answer may go back. */
typedef struct
{
  guint32 ipv6;
  guint16 guest_port, peer_port; /* as in the packet */
  gint64 heard_ms;               /* 0: nothing here */
} RuncSlirpCaller;

#define RUNC_SLIRP_CALLERS 256

/* Embedded; zero but for @net to begin. */
typedef struct
{
  const RuncSlirpNet *net;
  RuncSlirpCaller callers[RUNC_SLIRP_CALLERS];
} RuncSlirpGuard;

typedef enum
{
  RUNC_SLIRP_DROP,
  RUNC_SLIRP_REFUSE, /* a SYN that gets a reset for an answer */
  RUNC_SLIRP_ADMIT,
} RuncSlirpVerdict;

/* Judge @frame (@len bytes, without virtio header) of the container. Dropped is what libslirp would
 * parse for nothing (TFTP, NC-SI, IPv6 if there is none) and what is cut short. Unless the host's
 * loopback was asked for, every packet that would reach it goes no further, whatever it is
 * addressed to: the gateway, as libslirp translates it, or 127.0.0.1 itself, which it takes as it
 * comes. Answers to callers of published ports may pass. Of fragments only the addresses are
 * judged. */
RuncSlirpVerdict runc_slirp_guard_judge (const RuncSlirpGuard *guard, const guint8 *frame,
                                         gsize len, gint64 now_ms);

/* Look at @frame on its way to the container, for callers. */
void runc_slirp_guard_note (RuncSlirpGuard *guard, const guint8 *frame, gsize len, gint64 now_ms);
