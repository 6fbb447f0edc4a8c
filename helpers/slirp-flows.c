/* Taking TCP connections over from libslirp, and giving them back. Runs in the helper, inside its
 * sandbox.
 *
 * libslirp does what is hard to do: it decides what an address means, connects, reports refusals,
 * accepts on published ports, and shakes hands with the container. We watch both handshakes:
 *
 *   the container connects                       somebody connects to a published port
 *   ----------------------                       --------------------------------------
 *   SYN comes, libslirp opens a socket           libslirp accepts a socket and sends SYN: the one
 *   while it handles it: the one belongs         whose peer has the address belongs to it
 *   to the other                                 SYN|ACK comes, libslirp answers it with ACK:
 *   libslirp sends SYN|ACK                       the data phase begins
 *   ACK comes: libslirp gets it without its
 *   payload, and the data phase begins
 *
 * To a SYN of libslirp we add the window scale option, which it does not know: the window is ours.
 * From then on libslirp sees no frame of the connection and is told of no event on its socket; for
 * it the connection is idle. When the data phase is over, it gets a reset with the number it
 * expects, and closes the socket. When a handshake does not look as above, libslirp keeps the
 * connection.
 */
#include "slirp-flows.h"

#include "slirp-flow.h"

#include <net/ethernet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* 1 MiB in steps of 16, more than a flow's ring. */
#define OUR_SHIFT 4

/* For a SYN without the option. */
#define MSS_DEFAULT 536

struct RuncSlirpFlows
{
  int tap_fd;
  void (*feed) (const guint8 *frame, gsize len, gpointer data);
  gpointer data;

  RuncSlirpRingPool *pool;
  GHashTable *by_key; /* RuncSlirpKey in the flow -> RuncSlirpFlow */
  GPtrArray *list;    /* the same flows */
  GPtrArray *by_fd;   /* the same, or NULL */
  GPtrArray *pending; /* those that may have something to acknowledge */
  int last_opened;    /* the socket that libslirp opened last; -1: closed, or taken */

  gboolean in_syn;             /* libslirp is handling the segment below */
  RuncSlirpSegment syn;        /* a SYN of the container */
  RuncSlirpFlow *finishing;    /* libslirp is handling its SYN|ACK ... */
  gboolean finishing_answered; /* ... and has answered it */
  guint32 finishing_window;
};

/* ---------------------------------------------------------------- the table */

static void
free_flow (gpointer flow)
{
  runc_slirp_flow_free (flow);
}

RuncSlirpFlows *
runc_slirp_flows_new (int tap_fd, void (*feed) (const guint8 *frame, gsize len, gpointer data),
                      gpointer data)
{
  RuncSlirpFlows *flows = g_new0 (RuncSlirpFlows, 1);

  flows->tap_fd = tap_fd;
  flows->feed = feed;
  flows->data = data;
  flows->last_opened = -1;
  flows->pool = runc_slirp_ring_pool_new ();
  flows->by_key
      = g_hash_table_new_full (runc_slirp_key_hash, runc_slirp_key_equal, NULL, free_flow);
  flows->list = g_ptr_array_new ();
  flows->by_fd = g_ptr_array_new ();
  flows->pending = g_ptr_array_new ();
  return flows;
}

void
runc_slirp_flows_free (RuncSlirpFlows *flows)
{
  if (flows == NULL)
    return;
  g_hash_table_unref (flows->by_key);
  g_ptr_array_unref (flows->list);
  g_ptr_array_unref (flows->by_fd);
  g_ptr_array_unref (flows->pending);
  runc_slirp_ring_pool_free (flows->pool);
  g_free (flows);
}

static RuncSlirpFlow *
get_by_fd (const RuncSlirpFlows *flows, int fd)
{
  return fd >= 0 && (guint)fd < flows->by_fd->len ? g_ptr_array_index (flows->by_fd, fd) : NULL;
}

static RuncSlirpFlow *
add (RuncSlirpFlows *flows, const RuncSlirpKey *key, int fd)
{
  RuncSlirpFlow *flow = runc_slirp_flow_new (flows->pool);

  flow->key = *key;
  flow->fd = fd;
  flow->tap_fd = flows->tap_fd;
  flow->mss = MSS_DEFAULT;
  flow->index = flows->list->len;
  if ((guint)fd >= flows->by_fd->len)
    g_ptr_array_set_size (flows->by_fd, fd + 1);
  g_ptr_array_index (flows->by_fd, fd) = flow;
  g_ptr_array_add (flows->list, flow);
  g_hash_table_insert (flows->by_key, &flow->key, flow);
  flows->last_opened = -1;
  return flow;
}

/* Forget @flow, which frees it. */
static void
forget (RuncSlirpFlows *flows, RuncSlirpFlow *flow)
{
  RuncSlirpFlow *last = g_ptr_array_index (flows->list, flows->list->len - 1);

  last->index = flow->index;
  g_ptr_array_remove_index_fast (flows->list, flow->index);
  g_ptr_array_index (flows->by_fd, flow->fd) = NULL;
  g_ptr_array_remove_fast (flows->pending, flow);
  if (flows->finishing == flow)
    flows->finishing = NULL;
  g_hash_table_remove (flows->by_key, &flow->key);
}

/* ---------------------------------------------------------------- to libslirp */

/* Give libslirp a segment without payload, as if the container had sent it. */
static void
feed_segment (RuncSlirpFlows *flows, const RuncSlirpFlow *flow, guint8 flags, guint16 window)
{
  guint8 frame[RUNC_SLIRP_HEAD_MAX];
  struct virtio_net_hdr hdr;
  RuncSlirpSegment segment = {
    .key = { .ipv6 = flow->key.ipv6 },
    .ip_len = flow->ip_len,
    .flags = flags,
    .seq = flow->irs + 1,
    .ack = flow->iss + 1,
    .window = window,
  };

  memcpy (frame, flow->head, sizeof frame);
  runc_slirp_segment_reverse (frame, &segment);
  runc_slirp_segment_write (frame, &segment, MSS_DEFAULT, &hdr);
  runc_slirp_segment_seal (frame, &segment);
  flows->feed (frame, segment.head_len, flows->data);
}

/* Let libslirp close the socket of @flow if it is over. Returns TRUE if it was, and is freed. */
static gboolean
end_if_over (RuncSlirpFlows *flows, RuncSlirpFlow *flow)
{
  RuncSlirpFlow copy;

  if (!runc_slirp_flow_try_end (flow))
    return FALSE;
  copy = *flow;
  forget (flows, flow);
  feed_segment (flows, &copy, TH_RST | TH_ACK, 0);
  return TRUE;
}

/* ---------------------------------------------------------------- frames of the container */

/* What the options of the container's SYN say. */
static void
take_options (RuncSlirpFlow *flow, const RuncSlirpSegment *syn)
{
  if (syn->mss >= 0)
    flow->mss = (guint16)syn->mss;
  flow->our_shift = syn->shift >= 0 ? OUR_SHIFT : 0;
  flow->their_shift = MAX (syn->shift, 0);
}

/* The segment of a connection that is still being opened. Returns TRUE if the data phase begins. */
static gboolean
advance_handshake (RuncSlirpFlows *flows, RuncSlirpFlow *flow, const RuncSlirpSegment *segment)
{
  guint8 kind = segment->flags & (TH_SYN | TH_ACK | TH_RST);

  /* Not before libslirp has sent its SYN. */
  if (flow->ip_len == 0 || segment->ack != flow->iss + 1)
    return FALSE;
  if (flow->from_guest)
    {
      if (kind != TH_ACK || segment->seq != flow->irs + 1)
        return FALSE;
      feed_segment (flows, flow, TH_ACK, segment->window);
      runc_slirp_flow_open (flow, (guint32)segment->window << flow->their_shift);
      return TRUE;
    }
  if (kind == (TH_SYN | TH_ACK))
    {
      flow->irs = segment->seq;
      take_options (flow, segment);
      flows->finishing = flow;
      flows->finishing_answered = FALSE;
      flows->finishing_window = segment->window;
    }
  return FALSE;
}

gboolean
runc_slirp_flows_input (RuncSlirpFlows *flows, const guint8 *frame, gsize len)
{
  RuncSlirpSegment segment;

  if (!runc_slirp_segment_parse (frame, len, TRUE, &segment))
    return FALSE;
  RuncSlirpFlow *flow = g_hash_table_lookup (flows->by_key, &segment.key);
  if (flow == NULL)
    {
      flows->in_syn = (segment.flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN;
      flows->syn = segment;
      return FALSE;
    }
  if (!flow->open && !advance_handshake (flows, flow, &segment))
    return FALSE;
  runc_slirp_flow_input (flow, &segment);
  if (!end_if_over (flows, flow) && flow->ack_wanted && !flow->pending)
    {
      flow->pending = TRUE;
      g_ptr_array_add (flows->pending, flow);
    }
  return TRUE;
}

void
runc_slirp_flows_after (RuncSlirpFlows *flows)
{
  RuncSlirpFlow *flow = flows->finishing;

  flows->in_syn = FALSE;
  flows->finishing = NULL;
  if (flow != NULL && flows->finishing_answered)
    runc_slirp_flow_open (flow, flows->finishing_window);
}

void
runc_slirp_flows_flush (RuncSlirpFlows *flows)
{
  for (guint i = 0; i < flows->pending->len; i++)
    {
      RuncSlirpFlow *flow = g_ptr_array_index (flows->pending, i);
      flow->pending = FALSE;
      runc_slirp_flow_flush (flow);
    }
  g_ptr_array_set_size (flows->pending, 0);
}

/* ---------------------------------------------------------------- frames and sockets of libslirp
 */

/* Whether socket @fd was accepted from the peer that @key names. The host's own addresses appear as
 * the gateway's to the container, but ports are kept. */
static gboolean
is_socket_of (int fd, const RuncSlirpKey *key)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;

  if (fd < 0 || getpeername (fd, (struct sockaddr *)&peer, &len) < 0)
    return FALSE;
  return peer.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&peer)->sin6_port == key->peer_port
                                    : ((struct sockaddr_in *)&peer)->sin_port == key->peer_port;
}

/* Begin with what a SYN of libslirp says. */
static gsize
take_syn (RuncSlirpFlow *flow, const guint8 *frame, const RuncSlirpSegment *syn, gboolean scale,
          guint8 *out)
{
  flow->iss = syn->seq;
  flow->ip_len = syn->ip_len;
  memcpy (flow->head, frame, ETHER_HDR_LEN + syn->ip_len + sizeof (struct tcphdr));
  if (!scale || syn->shift >= 0 || syn->head_len + 4 > RUNC_SLIRP_EDIT_MAX
      || syn->head_len - ETHER_HDR_LEN - syn->ip_len + 4 > 60)
    return 0;
  return runc_slirp_segment_add_shift (frame, syn, OUR_SHIFT, out);
}

gsize
runc_slirp_flows_edit (RuncSlirpFlows *flows, const guint8 *frame, gsize len, guint8 *out)
{
  RuncSlirpSegment segment;

  if (!runc_slirp_segment_parse (frame, len, FALSE, &segment) || segment.ip_len > 40)
    return 0;
  RuncSlirpFlow *flow = g_hash_table_lookup (flows->by_key, &segment.key);
  switch (segment.flags & (TH_SYN | TH_ACK | TH_RST))
    {
    case TH_SYN | TH_ACK:
      if (flow == NULL || flow->open || !flow->from_guest)
        return 0;
      return take_syn (flow, frame, &segment, flow->our_shift > 0, out);
    case TH_SYN:
      if (flow == NULL && is_socket_of (flows->last_opened, &segment.key))
        flow = add (flows, &segment.key, flows->last_opened);
      if (flow == NULL || flow->open || flow->from_guest)
        return 0;
      return take_syn (flow, frame, &segment, TRUE, out);
    case TH_ACK:
      if (flow != NULL && flow == flows->finishing && segment.ack == flow->irs + 1)
        flows->finishing_answered = TRUE;
    }
  return 0;
}

void
runc_slirp_flows_opened (RuncSlirpFlows *flows, int fd)
{
  runc_slirp_flows_closed (flows, fd);
  flows->last_opened = fd;
  if (!flows->in_syn)
    return;
  RuncSlirpFlow *flow = add (flows, &flows->syn.key, fd);
  flow->from_guest = TRUE;
  flow->irs = flows->syn.seq;
  take_options (flow, &flows->syn);
  flows->in_syn = FALSE;
}

void
runc_slirp_flows_closed (RuncSlirpFlows *flows, int fd)
{
  RuncSlirpFlow *flow = get_by_fd (flows, fd);

  if (flows->last_opened == fd)
    flows->last_opened = -1;
  if (flow != NULL)
    forget (flows, flow);
}

gboolean
runc_slirp_flows_own (const RuncSlirpFlows *flows, int fd)
{
  const RuncSlirpFlow *flow = get_by_fd (flows, fd);

  return flow != NULL && flow->open;
}

/* ---------------------------------------------------------------- a round */

int
runc_slirp_flows_want (RuncSlirpFlows *flows, RuncSlirpPoller *poller)
{
  gint64 first_ms = 0;

  for (guint i = 0; i < flows->list->len; i++)
    {
      const RuncSlirpFlow *flow = g_ptr_array_index (flows->list, i);
      if (!flow->open)
        continue;
      short events = runc_slirp_flow_events (flow);
      if (events != 0)
        runc_slirp_poller_want (poller, flow->fd, events);
      if (flow->deadline_ms != 0 && (first_ms == 0 || flow->deadline_ms < first_ms))
        first_ms = flow->deadline_ms;
    }
  if (first_ms == 0)
    return -1;
  return (int)MAX (first_ms - g_get_monotonic_time () / 1000, 0);
}

void
runc_slirp_flows_handle (RuncSlirpFlows *flows, const RuncSlirpPoller *poller)
{
  gint64 now_ms = g_get_monotonic_time () / 1000;

  /* From the end, because what ends is replaced by the last. */
  for (guint i = flows->list->len; i-- > 0;)
    {
      RuncSlirpFlow *flow = g_ptr_array_index (flows->list, i);
      if (!flow->open)
        continue;
      short revents = runc_slirp_poller_revents (poller, flow->fd);
      gboolean late = flow->deadline_ms != 0 && flow->deadline_ms <= now_ms;
      if (revents == 0 && !late)
        continue;
      if (revents != 0)
        runc_slirp_flow_handle (flow, revents);
      if (late && !flow->broken)
        runc_slirp_flow_expire (flow);
      end_if_over (flows, flow);
    }
}
