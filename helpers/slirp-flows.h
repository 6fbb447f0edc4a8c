/* The TCP connections that are not libslirp's any more, and the handshakes of those that are about
 * to be taken over. See slirp-flows.c for how. */
#pragma once

#include "slirp-frame.h"
#include "slirp-poller.h"

/* Bytes that runc_slirp_flows_edit() may write: the headers of a SYN with all options. */
#define RUNC_SLIRP_EDIT_MAX (14 + 60 + 60 + 4)

typedef struct RuncSlirpFlows RuncSlirpFlows;

/* @tap_fd: borrowed
 * @feed: gives a frame of ours to libslirp as if the container had sent it */
RuncSlirpFlows *runc_slirp_flows_new (int tap_fd,
                                      void (*feed) (const guint8 *frame, gsize len, gpointer data),
                                      gpointer data);
void runc_slirp_flows_free (RuncSlirpFlows *flows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpFlows, runc_slirp_flows_free)

/* ---------------------------------------------------------------- around slirp_input() */

/* Look at a frame of the container, whose checksum need not be complete. Returns TRUE if it was for
 * one of our connections and has been handled; otherwise libslirp has to see it, and
 * runc_slirp_flows_after() comes next. */
gboolean runc_slirp_flows_input (RuncSlirpFlows *flows, const guint8 *frame, gsize len);
void runc_slirp_flows_after (RuncSlirpFlows *flows);

/* No more frames are at hand: acknowledge what came. */
void runc_slirp_flows_flush (RuncSlirpFlows *flows);

/* ---------------------------------------------------------------- from libslirp's callbacks */

/* Look at a frame that libslirp sends. Returns 0 to send it as it is, or the length of what was
 * written to @out (RUNC_SLIRP_EDIT_MAX bytes) to be sent in its place. */
gsize runc_slirp_flows_edit (RuncSlirpFlows *flows, const guint8 *frame, gsize len, guint8 *out);

/* libslirp has a new socket, or closes one. */
void runc_slirp_flows_opened (RuncSlirpFlows *flows, int fd);
void runc_slirp_flows_closed (RuncSlirpFlows *flows, int fd);

/* Whether @fd is ours to wait for and not libslirp's. */
gboolean runc_slirp_flows_own (const RuncSlirpFlows *flows, int fd);

/* ---------------------------------------------------------------- a round */

/* Tell @poller what to wait for. Returns milliseconds until the next deadline, or -1. */
int runc_slirp_flows_want (RuncSlirpFlows *flows, RuncSlirpPoller *poller);

/* Handle what @poller found, and the deadlines. */
void runc_slirp_flows_handle (RuncSlirpFlows *flows, const RuncSlirpPoller *poller);
