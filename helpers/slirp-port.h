/* One UDP socket of the host, and how datagrams go through it in batches. */
#pragma once

#include "slirp-datagram.h"
#include "slirp-options.h"

/* Datagrams that wait to be sent. */
#define RUNC_SLIRP_BATCH 64

typedef struct
{
  RuncSlirpAddress to;
  const guint8 *data;
  gsize len;
  guint16 segment; /* as in RuncSlirpDatagram */
  int next;        /* index of the port's next one in the batch; -1: none */
} RuncSlirpOutgoing;

/* A port of the container and its socket. */
typedef struct
{
  RuncSlirpKey key; /* the container's end; the peer is empty */
  int fd;
  guint8 mac[6]; /* where the container's end is on the link */
  gboolean published;
  gboolean shared;       /* other published ports lead to the same end */
  gboolean on_loopback;  /* published for the host itself: it reaches nobody else */
  RuncSlirpAddress host; /* published: where */
  int ttl;
  gsize segment_max; /* longer datagrams are not handed to the kernel several at once */
  int first, last;   /* in the batch; -1: none */
  gint64 used_ms;
  GList link; /* in the order of use */
} RuncSlirpPort;

/* What all ports share. */
typedef struct RuncSlirpPortIo RuncSlirpPortIo;

/* @net: borrowed
 * @note: called with each peer that datagrams came from, as the container and as the host knows
 *        it, before they are given to the container */
RuncSlirpPortIo *runc_slirp_port_io_new (const RuncSlirpNet *net, int tap_fd,
                                         void (*note) (RuncSlirpPort *port, const RuncSlirpKey *key,
                                                       const RuncSlirpAddress *peer, gpointer data),
                                         gpointer data);
void runc_slirp_port_io_free (RuncSlirpPortIo *io);

/* Open a socket bound to @host, or to the outbound address if that is NULL. @key: of the
 * container's end. NULL with errno set. */
RuncSlirpPort *runc_slirp_port_new (const RuncSlirpNet *net, const RuncSlirpKey *key,
                                    const RuncSlirpAddress *host);
/* Closes the socket. */
void runc_slirp_port_free (RuncSlirpPort *port);

/* Let datagrams be sent with this TTL or hop limit. */
void runc_slirp_port_set_ttl (RuncSlirpPort *port, int ttl);

/* Send those of @batch that are @port's, which has none afterwards. What the socket does not take
 * is lost, as on any network. */
void runc_slirp_port_send (RuncSlirpPort *port, RuncSlirpPortIo *io,
                           const RuncSlirpOutgoing *batch);

/* Give datagrams that have come to the container. Returns FALSE if there were none. */
gboolean runc_slirp_port_receive (RuncSlirpPort *port, RuncSlirpPortIo *io);

/* Tell the container what is reported about datagrams that it sent. */
void runc_slirp_port_read_errors (RuncSlirpPort *port, RuncSlirpPortIo *io);

/* Send the container @trouble. */
void runc_slirp_port_report (const RuncSlirpPort *port, RuncSlirpPortIo *io,
                             const RuncSlirpTrouble *trouble);
