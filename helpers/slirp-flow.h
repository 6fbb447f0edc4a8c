/* One TCP connection of the container in its data phase: taken over from libslirp once it is
 * established, given back when it has ended. */
#pragma once

#include "slirp-frame.h"
#include "slirp-ring.h"

typedef struct
{
  RuncSlirpKey key;
  int fd;
  int tap_fd;
  gboolean open;       /* past the handshake */
  gboolean from_guest; /* the container opened the connection */
  guint index;         /* place in the table's list */

  guint8 head[RUNC_SLIRP_HEAD_MAX]; /* headers of segments to the container */
  gsize ip_len;
  guint32 iss, irs;           /* first sequence numbers: ours, the container's */
  guint16 mss;                /* of the container */
  int their_shift, our_shift; /* of the windows that they and we say */

  guint32 rcv_nxt; /* next byte from the container */
  guint32 snd_una; /* first byte to the container that it has not acknowledged */
  guint32 snd_nxt; /* next byte to send to it */
  guint32 snd_max; /* the highest snd_nxt so far */
  guint32 snd_wnd;
  guint dup_acks;
  guint32 advertised; /* window that we said last */
  guint32 not_acked;  /* bytes from the container since our last acknowledgement */
  gboolean ack_wanted;
  gboolean pending; /* in the table's list of those that may have something to acknowledge */

  gint64 deadline_ms; /* of a retransmission or a window probe; 0: none */
  guint tries;

  RuncSlirpRing to_guest; /* from snd_una on */
  RuncSlirpRing to_host;  /* what the socket has not taken */
  gboolean guest_fin;     /* the container has said all */
  gboolean host_shut;     /* ... and the socket knows */
  gboolean host_eof;      /* the peer has said all */
  gboolean fin_acked;     /* ... and the container knows */
  gboolean broken;        /* the socket failed, or the container reset the connection */
  gboolean guest_knows;   /* ... the latter */
} RuncSlirpFlow;

/* An empty one, of which the caller sets what the handshake says. @pool: borrowed */
RuncSlirpFlow *runc_slirp_flow_new (RuncSlirpRingPool *pool);

/* Start the data phase: the handshake is over, ours and the container's first numbers and options
 * are known. @window: the container's, scaled as its last segment said it */
void runc_slirp_flow_open (RuncSlirpFlow *flow, guint32 window);
void runc_slirp_flow_free (RuncSlirpFlow *flow);

/* Handle a segment of the container. */
void runc_slirp_flow_input (RuncSlirpFlow *flow, const RuncSlirpSegment *segment);

/* What to wait for on the socket: POLLIN, POLLOUT. */
short runc_slirp_flow_events (const RuncSlirpFlow *flow);
/* Handle what happened on it. */
void runc_slirp_flow_handle (RuncSlirpFlow *flow, short revents);
/* The deadline has passed. */
void runc_slirp_flow_expire (RuncSlirpFlow *flow);

/* Acknowledge what has not been yet, if that is due. Called when no more segments are at hand. */
void runc_slirp_flow_flush (RuncSlirpFlow *flow);

/* Returns whether the connection is over; if so, the container has been told. */
gboolean runc_slirp_flow_try_end (RuncSlirpFlow *flow);
