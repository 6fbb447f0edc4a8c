/* The container's datagrams, which libslirp has no part in: see slirp-udp.c. */
#pragma once

#include "slirp-frame.h"
#include "slirp-options.h"
#include "slirp-poller.h"

typedef struct RuncSlirpUdp RuncSlirpUdp;

/* @net, @tap_fd: borrowed. NULL with an error when there are no fds left. */
RuncSlirpUdp *runc_slirp_udp_new (const RuncSlirpNet *net, int tap_fd, GError **error);
void runc_slirp_udp_free (RuncSlirpUdp *udp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpUdp, runc_slirp_udp_free)

/* ---------------------------------------------------------------- published ports */

/* As in RuncSlirpForwardBackend. */
gboolean runc_slirp_udp_open (RuncSlirpUdp *udp, const RuncSlirpForward *forward);
gboolean runc_slirp_udp_close (RuncSlirpUdp *udp, const RuncSlirpForward *forward);

/* ---------------------------------------------------------------- a round */

/* Learn from @frame of the container where the address that we gave to it is on the link. Until
 * then what comes through published ports goes to everybody. (One that only speaks IPv6 stays
 * unknown.) */
void runc_slirp_udp_learn (RuncSlirpUdp *udp, const guint8 *frame, gsize len);

/* Take a datagram for which the guard said RUNC_SLIRP_DATAGRAM. @frame must stay until
 * runc_slirp_udp_flush(), which is to be called when no more are at hand.
 *
 * @hdr: the frame's header; NULL for one that was put together */
void runc_slirp_udp_input (RuncSlirpUdp *udp, const struct virtio_net_hdr *hdr, const guint8 *frame,
                           gsize len);
void runc_slirp_udp_flush (RuncSlirpUdp *udp);

/* Tell @poller what to wait for. Returns milliseconds until something expires, or -1. */
int runc_slirp_udp_want (RuncSlirpUdp *udp, RuncSlirpPoller *poller);

/* Handle what @poller found, and what has expired. */
void runc_slirp_udp_handle (RuncSlirpUdp *udp, const RuncSlirpPoller *poller);

/* Ports that have a socket now, for tests. */
guint runc_slirp_udp_count (const RuncSlirpUdp *udp);
