/* The data phase of a TCP connection. Runs in the helper, inside its sandbox.
 *
 * libslirp copies each segment twice and sums it up once with a slow loop, and without window
 * scaling has at most 64 KiB under way; that is what limits programs that are made of it. Here the
 * bytes of a segment from the container go from the frame to the socket, and those from the socket
 * go to a ring from which frames are written: nothing is copied or summed up in between (the kernel
 * of the container is ours, too: what it hands us has not been on a wire), segments are up to 64
 * KiB long, and the window is that of a ring.
 *
 * This is TCP on a link that hardly loses: acknowledgements in order, go back to the first byte
 * that is missing on three duplicates or a timeout, no congestion control, no reordering. Sequence
 * numbers are compared as signed differences.
 *
 *   data of the container:  frame -> send(), the rest -> to_host -> send() when the socket is
 * writable data of the peer:       recv() -> to_guest -> frames as the container's window allows
 *
 * The ring to_guest holds what is not acknowledged; snd_una is its first byte. A FIN counts as one
 * byte behind the data, in both directions.
 */
#include "slirp-flow.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Acknowledge at the latest after so much, so that the container goes on while we work. */
#define ACK_EVERY (128 * 1024)

#define RTO_MIN_MS 200
#define RTO_MAX_MS 5000
/* A container that says nothing at all for so many timeouts (a quarter of an hour) is gone. */
#define TRIES_MAX 180

#define IP_LEN_MAX 65535
#define MSS_MIN    64

/* ---------------------------------------------------------------- to the container */

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

/* Bytes that may follow rcv_nxt. */
static guint32
receive_window (const RuncSlirpFlow *flow)
{
  gsize room = runc_slirp_ring_room (&flow->to_host);

  return (guint32)MIN (room >> flow->our_shift, G_MAXUINT16) << flow->our_shift;
}

/* Send @len bytes from @offset of the ring, from sequence number @seq on. What the device does not
 * take is lost, as on any network. */
static void
send_segment (RuncSlirpFlow *flow, guint32 seq, gsize offset, gsize len, guint8 flags)
{
  struct virtio_net_hdr hdr;
  struct iovec iov[4];
  RuncSlirpSegment segment = {
    .key = { .ipv6 = flow->key.ipv6 },
    .ip_len = flow->ip_len,
    .flags = flags,
    .seq = seq,
    .ack = flow->rcv_nxt,
    .window = (guint16)(receive_window (flow) >> flow->our_shift),
    .len = len,
  };

  runc_slirp_segment_write (flow->head, &segment, flow->mss, &hdr);
  iov[0] = (struct iovec){ &hdr, sizeof hdr };
  iov[1] = (struct iovec){ flow->head, ETHER_HDR_LEN + flow->ip_len + sizeof (struct tcphdr) };
  if (len > 0)
    runc_slirp_ring_parts (&flow->to_guest, offset, len, iov + 2);
  if (writev (flow->tap_fd, iov, len > 0 ? 4 : 2) < 0)
    return;
  if (flags & TH_ACK)
    {
      flow->advertised = receive_window (flow);
      flow->not_acked = 0;
      flow->ack_wanted = FALSE;
    }
}

static void
send_ack (RuncSlirpFlow *flow)
{
  send_segment (flow, flow->snd_nxt, 0, 0, TH_ACK);
}

static void
set_deadline (RuncSlirpFlow *flow)
{
  gint64 wait = MIN ((gint64)RTO_MIN_MS << MIN (flow->tries, 5), RTO_MAX_MS);

  flow->deadline_ms = now_ms () + wait;
}

/* Bytes that are under way to the container, its FIN included. */
static guint32
in_flight (const RuncSlirpFlow *flow)
{
  return flow->snd_nxt - flow->snd_una;
}

/* The longest segment that one frame can hold. */
static gsize
longest_segment (const RuncSlirpFlow *flow)
{
  gsize room = IP_LEN_MAX - flow->ip_len - sizeof (struct tcphdr);

  return room > flow->mss ? room - room % flow->mss : room;
}

/* Send what the container's window allows. @probe: one byte even if it allows none */
static void
output (RuncSlirpFlow *flow, gboolean probe)
{
  gsize longest = longest_segment (flow);

  while (in_flight (flow) < flow->to_guest.len)
    {
      gsize offset = in_flight (flow);
      gsize unsent = flow->to_guest.len - offset;
      gsize allowed = flow->snd_wnd > offset ? flow->snd_wnd - offset : 0;
      if (allowed == 0 && probe && offset == 0)
        allowed = 1;
      gsize len = MIN (MIN (unsent, allowed), longest);
      /* Not in tiny pieces as the window opens byte by byte. */
      if (len == 0 || (len < flow->mss && len < unsent && offset > 0))
        break;
      gboolean last = len == unsent;
      guint8 flags = TH_ACK | (last ? TH_PUSH : 0) | (last && flow->host_eof ? TH_FIN : 0);
      send_segment (flow, flow->snd_nxt, offset, len, flags);
      flow->snd_nxt += (guint32)len + (flags & TH_FIN ? 1 : 0);
    }
  if (flow->host_eof && !flow->fin_acked && in_flight (flow) == flow->to_guest.len)
    {
      send_segment (flow, flow->snd_nxt, 0, 0, TH_ACK | TH_FIN);
      flow->snd_nxt++;
    }
  if ((gint32)(flow->snd_nxt - flow->snd_max) > 0)
    flow->snd_max = flow->snd_nxt;
  if (flow->deadline_ms == 0 && (flow->snd_max != flow->snd_una || flow->to_guest.len > 0))
    set_deadline (flow);
}

/* ---------------------------------------------------------------- to the host */

/* Send @len bytes to the socket. Returns how many it took. */
static gsize
send_to_host (RuncSlirpFlow *flow, const void *data, gsize len)
{
  ssize_t n;

  do
    n = send (flow->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n >= 0)
    return (gsize)n;
  if (errno != EAGAIN)
    flow->broken = TRUE;
  return 0;
}

static void
shut_host_if_said (RuncSlirpFlow *flow)
{
  if (!flow->guest_fin || flow->host_shut || flow->to_host.len > 0)
    return;
  flow->host_shut = TRUE;
  shutdown (flow->fd, SHUT_WR);
}

static void
write_host (RuncSlirpFlow *flow)
{
  struct iovec parts[2];

  runc_slirp_ring_parts (&flow->to_host, 0, flow->to_host.len, parts);
  for (gsize i = 0; i < G_N_ELEMENTS (parts) && parts[i].iov_len > 0; i++)
    {
      gsize n = send_to_host (flow, parts[i].iov_base, parts[i].iov_len);
      runc_slirp_ring_drop (&flow->to_host, n);
      if (n < parts[i].iov_len)
        break;
    }
  shut_host_if_said (flow);
  /* A window that was nearly closed is open again. */
  guint32 window = receive_window (flow);
  if (flow->advertised < window / 2 && window >= flow->to_host.len)
    send_ack (flow);
}

static void
fill_from_host (RuncSlirpFlow *flow)
{
  for (;;)
    {
      struct iovec space = runc_slirp_ring_space (&flow->to_guest);
      if (space.iov_len == 0)
        return;
      ssize_t n = recv (flow->fd, space.iov_base, space.iov_len, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno != EAGAIN)
        flow->broken = TRUE;
      if (n == 0)
        flow->host_eof = TRUE;
      if (n <= 0)
        return;
      flow->to_guest.len += (gsize)n;
      if ((gsize)n < space.iov_len)
        return;
    }
}

static void
read_host (RuncSlirpFlow *flow)
{
  fill_from_host (flow);
  if (flow->to_guest.len == 0)
    runc_slirp_ring_clear (&flow->to_guest);
}

/* ---------------------------------------------------------------- segments of the container */

static void
take_ack (RuncSlirpFlow *flow, const RuncSlirpSegment *segment)
{
  guint32 acked = segment->ack - flow->snd_una;
  guint32 sent = flow->snd_max - flow->snd_una;
  guint32 window = (guint32)segment->window << flow->their_shift;

  if (acked > sent)
    {
      /* An old one says nothing; one for what was never sent is answered with where we are. */
      if ((gint32)acked > 0)
        flow->ack_wanted = TRUE;
      return;
    }
  if (acked > 0)
    {
      gsize data = MIN (acked, flow->to_guest.len);
      if (acked > data)
        flow->fin_acked = TRUE;
      runc_slirp_ring_drop (&flow->to_guest, data);
      flow->snd_una = segment->ack;
      if ((gint32)(flow->snd_nxt - flow->snd_una) < 0)
        flow->snd_nxt = flow->snd_una;
      flow->dup_acks = 0;
    }
  else if (sent > 0 && segment->len == 0 && window == flow->snd_wnd && !(segment->flags & TH_FIN)
           && ++flow->dup_acks == 3)
    flow->snd_nxt = flow->snd_una;
  /* What was sent into a closed window was a probe, and was not kept. */
  if (flow->snd_wnd == 0 && window > 0)
    flow->snd_nxt = flow->snd_una;
  flow->snd_wnd = window;
  flow->tries = 0;
  if (acked > 0)
    flow->deadline_ms = 0;
}

/* The payload of @segment. */
static void
take_data (RuncSlirpFlow *flow, const RuncSlirpSegment *segment)
{
  gboolean fin = (segment->flags & TH_FIN) != 0;
  gint32 known = (gint32)(flow->rcv_nxt - segment->seq);
  const guint8 *data = segment->payload;
  gsize len = segment->len;

  if (len == 0 && !fin && known == 0)
    return;
  if (known < 0 || (gsize)known > len || ((gsize)known == len && !fin) || flow->guest_fin)
    {
      /* Something is missing, or all of it came before: a window probe, for one. */
      flow->ack_wanted = TRUE;
      flow->not_acked = ACK_EVERY;
      return;
    }
  data += known;
  len -= (gsize)known;

  gsize taken = flow->to_host.len == 0 && len > 0 ? send_to_host (flow, data, len) : 0;
  if (flow->broken)
    return;
  taken += runc_slirp_ring_append (&flow->to_host, data + taken, len - taken);
  flow->rcv_nxt += (guint32)taken;
  flow->not_acked += (guint32)taken;
  flow->ack_wanted = TRUE;
  if (fin && taken == len)
    {
      flow->rcv_nxt++;
      flow->guest_fin = TRUE;
      shut_host_if_said (flow);
    }
}

void
runc_slirp_flow_input (RuncSlirpFlow *flow, const RuncSlirpSegment *segment)
{
  if (segment->flags & TH_RST)
    {
      const struct linger at_once = { 1, 0 };
      /* Only the exact number: the container can hardly be wrong, and nobody else can guess it. */
      if (segment->seq != flow->rcv_nxt)
        return;
      /* The peer hears of it as a reset, too. */
      setsockopt (flow->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      flow->broken = flow->guest_knows = TRUE;
      return;
    }
  if ((segment->flags & (TH_SYN | TH_ACK)) != TH_ACK)
    {
      /* A new connection with the same ports, whose kernel will reset this one. */
      send_ack (flow);
      return;
    }
  take_ack (flow, segment);
  take_data (flow, segment);
  if (flow->broken)
    return;
  output (flow, FALSE);
  if (flow->ack_wanted && flow->not_acked >= ACK_EVERY)
    send_ack (flow);
}

/* ---------------------------------------------------------------- life */

void
runc_slirp_flow_open (RuncSlirpFlow *flow, guint32 window)
{
  flow->open = TRUE;
  flow->rcv_nxt = flow->irs + 1;
  flow->snd_una = flow->snd_nxt = flow->snd_max = flow->iss + 1;
  flow->snd_wnd = window;
  flow->mss = MAX (flow->mss, MSS_MIN);
  flow->advertised = receive_window (flow);
}

RuncSlirpFlow *
runc_slirp_flow_new (RuncSlirpRingPool *pool)
{
  RuncSlirpFlow *flow = g_new0 (RuncSlirpFlow, 1);

  flow->to_guest.pool = flow->to_host.pool = pool;
  return flow;
}

void
runc_slirp_flow_free (RuncSlirpFlow *flow)
{
  runc_slirp_ring_clear (&flow->to_guest);
  runc_slirp_ring_clear (&flow->to_host);
  g_free (flow);
}

short
runc_slirp_flow_events (const RuncSlirpFlow *flow)
{
  short events = 0;

  if (!flow->host_eof && flow->to_guest.len <= flow->to_guest.size / 2)
    events |= POLLIN;
  if (flow->to_host.len > 0)
    events |= POLLOUT;
  return events;
}

void
runc_slirp_flow_handle (RuncSlirpFlow *flow, short revents)
{
  if ((revents & (POLLIN | POLLERR | POLLHUP)) && !flow->host_eof)
    {
      read_host (flow);
      if (!flow->broken)
        output (flow, FALSE);
    }
  if ((revents & (POLLOUT | POLLERR | POLLHUP)) && flow->to_host.len > 0)
    write_host (flow);
}

void
runc_slirp_flow_expire (RuncSlirpFlow *flow)
{
  flow->deadline_ms = 0;
  if (flow->snd_max == flow->snd_una && flow->to_guest.len == 0)
    return;
  if (++flow->tries > TRIES_MAX)
    {
      flow->broken = TRUE;
      return;
    }
  flow->snd_nxt = flow->snd_una;
  output (flow, TRUE);
}

void
runc_slirp_flow_flush (RuncSlirpFlow *flow)
{
  if (flow->ack_wanted)
    send_ack (flow);
}

gboolean
runc_slirp_flow_try_end (RuncSlirpFlow *flow)
{
  if (flow->broken)
    {
      if (!flow->guest_knows)
        send_segment (flow, flow->snd_nxt, 0, 0, TH_RST | TH_ACK);
      return TRUE;
    }
  if (!flow->guest_fin || !flow->host_eof || !flow->fin_acked || flow->to_host.len > 0)
    return FALSE;
  runc_slirp_flow_flush (flow);
  return TRUE;
}
