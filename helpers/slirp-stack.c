/* libslirp's glue: its callbacks, its timers, and one round of traffic. Runs in the helper, inside
 * its sandbox.
 *
 * A round is: ask libslirp what its sockets wait for; wait; let it handle the sockets; then read
 * the tap until it is empty or a budget is used up, so that what is per round is shared by many
 * frames. The sockets come first because libslirp learns the time there: after a long sleep it
 * would otherwise take a new UDP socket for an expired one.
 *
 * A frame of the container meets the guard (slirp-guard.c), is put together with its fragments
 * (slirp-fragments.c), and goes to the TCP connection it belongs to (slirp-flows.c), is a datagram
 * to be sent (slirp-udp.c), or goes to libslirp, which is left with handshakes, ICMP, ARP, DHCP,
 * names and neighbour discovery.
 *
 * Nothing that the container does is an error here: frames that cannot be used are dropped, and a
 * device that is down drops what we write.
 */
#include "slirp-stack.h"

#include "slirp-flows.h"
#include "slirp-fragments.h"
#include "slirp-guard.h"
#include "slirp-poller.h"
#include "slirp-udp.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libslirp.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>

/* Frames that are read from the tap before the sockets get their turn. */
#define TAP_BUDGET 64

/* Sockets of libslirp: connections, and those for echo and names. If there are more, or half as
 * many as there may be open files, no new ones are made for the container or for who calls it: a
 * flood must not take the files that running connections and datagrams need, nor the host's memory.
 */
#define SOCKETS_MAX 16384

/* Datagrams stay where they were read until they are sent; no more are read than fit. */
#define IN_ROOM (256 * 1024)
#define IN_MAX  (RUNC_SLIRP_HDR_SIZE + RUNC_SLIRP_FRAME_MAX)

/* libslirp says this when it waits for no time at all. */
#define NO_TIMEOUT_MS 1000

/* Connections that may wait to be accepted; libslirp's own choice is 1. */
#define LISTEN_BACKLOG 4096

typedef struct
{
  SlirpTimerCb callback;
  void *data;
  gint64 expires_ms; /* -1: not set */
} Timer;

struct RuncSlirpStack
{
  Slirp *slirp;
  int tap_fd;
  gboolean debug;
  guint n_sockets; /* of libslirp in this round */
  guint sockets_max;
  GArray *listeners; /* int: the sockets of published ports */
  gboolean tap_full; /* the budget was used up before the tap was empty */
  RuncSlirpNet net;
  RuncSlirpFlows *flows;
  RuncSlirpUdp *udp;
  RuncSlirpFragments *fragments;
  RuncSlirpPoller *poller;
  GPtrArray *timers;
  guint8 *in;    /* headers and frames */
  gsize in_used; /* bytes of those that must stay */
};

/* ---------------------------------------------------------------- to the container */

static gint64
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* What the device does not take is lost, as on any network; libslirp would print a message. */
static ssize_t
send_packet (const void *frame, size_t len, void *opaque)
{
  RuncSlirpStack *stack = opaque;
  struct virtio_net_hdr hdr = { 0 };
  guint8 edited[RUNC_SLIRP_EDIT_MAX];
  gsize edited_len = runc_slirp_flows_edit (stack->flows, frame, len, edited);
  struct iovec iov[] = { { &hdr, sizeof hdr }, { (void *)frame, len } };

  if (edited_len > 0)
    iov[1] = (struct iovec){ edited, edited_len };
  if (writev (stack->tap_fd, iov, G_N_ELEMENTS (iov)) < 0 && stack->debug)
    fprintf (stderr, "frame lost: %s\n", g_strerror (errno));
  return (ssize_t)len;
}

/* ---------------------------------------------------------------- other callbacks */

static void
guest_error (const char *message, void *opaque)
{
  RuncSlirpStack *stack = opaque;

  if (stack->debug)
    fprintf (stderr, "container: %s\n", message);
}

static void
log_message (const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
  RuncSlirpStack *stack = data;

  if (stack->debug || (level & G_LOG_FLAG_FATAL))
    fprintf (stderr, "%s: %s\n", domain ?: "libslirp", message);
}

static int64_t
clock_get_ns (void *opaque G_GNUC_UNUSED)
{
  return now_ns ();
}

static void *
timer_new (SlirpTimerCb callback, void *data, void *opaque)
{
  RuncSlirpStack *stack = opaque;
  Timer *timer = g_new (Timer, 1);

  *timer = (Timer){ callback, data, -1 };
  g_ptr_array_add (stack->timers, timer);
  return timer;
}

static void
timer_free (void *timer, void *opaque)
{
  RuncSlirpStack *stack = opaque;

  g_ptr_array_remove_fast (stack->timers, timer);
}

static void
timer_mod (void *timer, int64_t expires_ms, void *opaque G_GNUC_UNUSED)
{
  ((Timer *)timer)->expires_ms = expires_ms;
}

/* A new socket, not connected yet. Its number may be that of one that was never ours to forget. */
static void
register_poll_fd (int fd, void *opaque)
{
  RuncSlirpStack *stack = opaque;

  runc_slirp_poller_forget (stack->poller, fd);
  runc_slirp_flows_opened (stack->flows, fd);
}

static void
unregister_poll_fd (int fd, void *opaque)
{
  RuncSlirpStack *stack = opaque;

  runc_slirp_poller_forget (stack->poller, fd);
  runc_slirp_flows_closed (stack->flows, fd);
  for (guint i = 0; i < stack->listeners->len; i++)
    if (g_array_index (stack->listeners, int, i) == fd)
      g_array_remove_index_fast (stack->listeners, i--);
}

/* For programs with a loop in another thread. */
static void
notify (void *opaque G_GNUC_UNUSED)
{
}

static const SlirpCb callbacks = {
  .send_packet = send_packet,
  .guest_error = guest_error,
  .clock_get_ns = clock_get_ns,
  .timer_new = timer_new,
  .timer_free = timer_free,
  .timer_mod = timer_mod,
  .register_poll_fd = register_poll_fd,
  .unregister_poll_fd = unregister_poll_fd,
  .notify = notify,
};

static gboolean
is_crowded (const RuncSlirpStack *stack)
{
  return stack->n_sockets >= stack->sockets_max;
}

static gboolean
is_listener (const RuncSlirpStack *stack, int fd)
{
  for (guint i = 0; i < stack->listeners->len; i++)
    if (g_array_index (stack->listeners, int, i) == fd)
      return TRUE;
  return FALSE;
}

/* The index that libslirp keeps for a socket is simply its fd. */
static int
add_poll (int fd, int events, void *opaque)
{
  RuncSlirpStack *stack = opaque;
  short wanted = 0;

  stack->n_sockets++;
  if (runc_slirp_flows_own (stack->flows, fd) || (is_crowded (stack) && is_listener (stack, fd)))
    return fd;
  if (events & SLIRP_POLL_IN)
    wanted |= POLLIN;
  if (events & SLIRP_POLL_OUT)
    wanted |= POLLOUT;
  if (events & SLIRP_POLL_PRI)
    wanted |= POLLPRI;
  runc_slirp_poller_want (stack->poller, fd, wanted);
  return fd;
}

static int
get_revents (int index, void *opaque)
{
  RuncSlirpStack *stack = opaque;
  short revents = 0;
  int events = 0;

  if (!runc_slirp_flows_own (stack->flows, index))
    revents = runc_slirp_poller_revents (stack->poller, index);
  if (revents & POLLIN)
    events |= SLIRP_POLL_IN;
  if (revents & POLLOUT)
    events |= SLIRP_POLL_OUT;
  if (revents & POLLPRI)
    events |= SLIRP_POLL_PRI;
  if (revents & POLLERR)
    events |= SLIRP_POLL_ERR;
  if (revents & POLLHUP)
    events |= SLIRP_POLL_HUP;
  return events;
}

/* ---------------------------------------------------------------- life */

static Slirp *
make_slirp (RuncSlirpStack *stack, GError **error)
{
  RuncSlirpNet *net = &stack->net;
  SlirpConfig config = {
    .version = 1,
    .in_enabled = TRUE,
    .vnetwork = net->network,
    .vnetmask = net->netmask,
    .vhost = net->gateway,
    .in6_enabled = net->ipv6,
    .vprefix_addr6 = net->network6,
    .vprefix_len = (uint8_t)net->prefix6_len,
    .vhost6 = net->gateway6,
    .vdhcp_start = net->guest,
    .vnameserver = net->nameserver,
    .vnameserver6 = net->nameserver6,
    /* What its buffers hold, and what it takes: packets can be longer than the container's MTU. */
    .if_mtu = RUNC_SLIRP_MTU_MAX,
    /* What it offers to the container. */
    .if_mru = (size_t)net->mtu,
    /* slirp-guard.c sees to that. */
    .disable_host_loopback = FALSE,
  };

  if (net->outbound.sa.sa_family != AF_UNSPEC || net->outbound6.sa.sa_family != AF_UNSPEC)
    {
#if SLIRP_CONFIG_VERSION_MAX >= 2
      config.version = 2;
      if (net->outbound.sa.sa_family != AF_UNSPEC)
        config.outbound_addr = &net->outbound.in;
      if (net->outbound6.sa.sa_family != AF_UNSPEC)
        config.outbound_addr6 = &net->outbound6.in6;
#else
      runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                  "libslirp %s cannot choose the outbound address (4.2 can)",
                  slirp_version_string ());
      return NULL;
#endif
    }
  Slirp *slirp = slirp_new (&config, &callbacks, stack);
  if (slirp == NULL)
    runc_throw (error, RUNC_ERROR_FAILED, "libslirp refuses the configuration");
  return slirp;
}

static void
feed (const guint8 *frame, gsize len, gpointer data)
{
  RuncSlirpStack *stack = data;

  slirp_input (stack->slirp, frame, (int)len);
}

RuncSlirpStack *
runc_slirp_stack_new (const RuncSlirpNet *net, int tap_fd, gboolean debug, GError **error)
{
  g_autoptr (RuncSlirpStack) stack = g_new0 (RuncSlirpStack, 1);
  struct rlimit files;

  stack->tap_fd = tap_fd;
  stack->debug = debug;
  stack->net = *net;
  stack->sockets_max = SOCKETS_MAX;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 4 * 3 < SOCKETS_MAX)
    stack->sockets_max = MAX ((guint)files.rlim_cur / 4 * 3, 1);
  stack->listeners = g_array_new (FALSE, FALSE, sizeof (int));
  stack->timers = g_ptr_array_new_with_free_func (g_free);
  stack->in = g_malloc (IN_ROOM + IN_MAX);
  stack->flows = runc_slirp_flows_new (tap_fd, feed, stack);
  stack->fragments = runc_slirp_fragments_new ();
  g_log_set_default_handler (log_message, stack);

  stack->poller = runc_slirp_poller_new (error);
  if (stack->poller == NULL)
    return NULL;
  stack->udp = runc_slirp_udp_new (&stack->net, tap_fd, error);
  if (stack->udp == NULL)
    return NULL;
  stack->slirp = make_slirp (stack, error);
  if (stack->slirp == NULL)
    return NULL;
  return g_steal_pointer (&stack);
}

void
runc_slirp_stack_free (RuncSlirpStack *stack)
{
  if (stack == NULL)
    return;
  g_log_set_default_handler (g_log_default_handler, NULL);
  if (stack->slirp != NULL)
    slirp_cleanup (stack->slirp);
  g_clear_pointer (&stack->flows, runc_slirp_flows_free);
  g_clear_pointer (&stack->udp, runc_slirp_udp_free);
  g_clear_pointer (&stack->fragments, runc_slirp_fragments_free);
  g_clear_pointer (&stack->poller, runc_slirp_poller_free);
  g_ptr_array_unref (stack->timers);
  g_array_unref (stack->listeners);
  g_free (stack->in);
  g_free (stack);
}

/* ---------------------------------------------------------------- published ports */

/* The number that the next socket will have. */
static int
next_fd (void)
{
  int fd = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

  if (fd >= 0)
    close (fd);
  return fd;
}

static gboolean
open_port (const RuncSlirpForward *forward, gpointer data)
{
  RuncSlirpStack *stack = data;

  if (forward->udp)
    return runc_slirp_udp_open (stack->udp, forward);
  int fd = next_fd ();
  int r;
#if SLIRP_CHECK_VERSION(4, 5, 0)
  int flags = forward->host.sa.sa_family == AF_INET6 ? SLIRP_HOSTFWD_V6ONLY : 0;
  r = slirp_add_hostxfwd (stack->slirp, &forward->host.sa, runc_slirp_address_len (&forward->host),
                          &forward->guest.sa, runc_slirp_address_len (&forward->guest), flags);
#else
  if (forward->host.sa.sa_family == AF_INET6)
    {
      errno = EAFNOSUPPORT;
      return FALSE;
    }
  r = slirp_add_hostfwd (stack->slirp, FALSE, forward->host.in.sin_addr,
                         runc_slirp_address_port (&forward->host), forward->guest.in.sin_addr,
                         runc_slirp_address_port (&forward->guest));
#endif
  if (r < 0)
    return FALSE;

  int listens = 0;
  socklen_t len = sizeof listens;
  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens)
    return TRUE;
  g_array_append_val (stack->listeners, fd);
  if (listen (fd, LISTEN_BACKLOG) < 0)
    g_debug ("the backlog stays as short as libslirp made it: %s", g_strerror (errno));
  return TRUE;
}

static gboolean
close_port (const RuncSlirpForward *forward, gpointer data)
{
  RuncSlirpStack *stack = data;

  if (forward->udp)
    return runc_slirp_udp_close (stack->udp, forward);
#if SLIRP_CHECK_VERSION(4, 5, 0)
  return slirp_remove_hostxfwd (stack->slirp, &forward->host.sa,
                                runc_slirp_address_len (&forward->host), 0)
         == 0;
#else
  return slirp_remove_hostfwd (stack->slirp, FALSE, forward->host.in.sin_addr,
                               runc_slirp_address_port (&forward->host))
         == 0;
#endif
}

RuncSlirpForwardBackend
runc_slirp_stack_get_backend (RuncSlirpStack *stack)
{
  return (RuncSlirpForwardBackend){
    .open = open_port,
    .close = close_port,
    .data = stack,
    .guest = stack->net.guest,
    .guest6 = stack->net.guest6,
    .ipv6 = stack->net.ipv6,
  };
}

/* ---------------------------------------------------------------- a round of traffic */

static void
run_timers (RuncSlirpStack *stack)
{
  gint64 now_ms = now_ns () / 1000000;

  for (guint i = 0; i < stack->timers->len; i++)
    {
      Timer *timer = g_ptr_array_index (stack->timers, i);
      if (timer->expires_ms < 0 || timer->expires_ms > now_ms)
        continue;
      timer->expires_ms = -1;
      timer->callback (timer->data);
    }
}

/* The shorter of @timeout_ms and the time to the next timer; -1 is for ever. */
static int
limit_to_timers (const RuncSlirpStack *stack, int timeout_ms)
{
  gint64 now_ms = now_ns () / 1000000;

  for (guint i = 0; i < stack->timers->len; i++)
    {
      const Timer *timer = g_ptr_array_index (stack->timers, i);
      if (timer->expires_ms < 0)
        continue;
      gint64 left_ms = CLAMP (timer->expires_ms - now_ms, 0, G_MAXINT);
      if (timeout_ms < 0 || left_ms < timeout_ms)
        timeout_ms = (int)left_ms;
    }
  return timeout_ms;
}

/* Answer the SYN in @frame, if it is one, with a reset. */
static void
refuse (RuncSlirpStack *stack, const guint8 *frame, gsize len)
{
  guint8 head[RUNC_SLIRP_EDIT_MAX];
  struct virtio_net_hdr hdr;
  RuncSlirpSegment segment;

  if (!runc_slirp_segment_parse (frame, len, TRUE, &segment) || segment.head_len > sizeof head)
    return;
  memcpy (head, frame, segment.head_len);
  runc_slirp_segment_reverse (head, &segment);
  segment.flags = TH_RST | TH_ACK;
  segment.ack = segment.seq + 1 + (guint32)segment.len;
  segment.seq = 0;
  segment.window = 0;
  segment.len = 0;
  runc_slirp_segment_write (head, &segment, G_MAXUINT16, &hdr);
  struct iovec iov[] = { { &hdr, sizeof hdr }, { head, segment.head_len } };
  if (writev (stack->tap_fd, iov, G_N_ELEMENTS (iov)) < 0 && stack->debug)
    fprintf (stderr, "frame lost: %s\n", g_strerror (errno));
}

/* Whether libslirp might make a socket for @frame, which the guard has let pass: all but ARP,
 * neighbour discovery, and segments of connections. */
static gboolean
makes_socket (const guint8 *frame, gsize len)
{
  const guint8 *packet = frame + ETHER_HDR_LEN;
  guint16 type = (guint16)(frame[12] << 8 | frame[13]);
  RuncSlirpSegment segment;

  if (type == ETHERTYPE_ARP)
    return FALSE;
  if (type == ETHERTYPE_IPV6 && len > ETHER_HDR_LEN + sizeof (struct ip6_hdr)
      && packet[offsetof (struct ip6_hdr, ip6_nxt)] == IPPROTO_ICMPV6)
    return packet[sizeof (struct ip6_hdr)] == ICMP6_ECHO_REQUEST;
  return !runc_slirp_segment_parse (frame, len, TRUE, &segment)
         || (segment.flags & (TH_SYN | TH_ACK)) == TH_SYN;
}

/* Handle a datagram in @frame, which the guard has let pass. */
static void
take_datagram (RuncSlirpStack *stack, const struct virtio_net_hdr *hdr, const guint8 *frame,
               gsize len)
{
  runc_slirp_udp_input (stack->udp, hdr, frame, len);
  /* The memory of a packet that was put together is not ours to keep. */
  if (hdr == NULL)
    runc_slirp_udp_flush (stack->udp);
}

/* Handle the frame of @len bytes behind the header at @in. Returns whether it has to stay there. */
static gboolean
handle_frame (RuncSlirpStack *stack, guint8 *in, gsize len)
{
  struct virtio_net_hdr hdr;
  guint8 *whole = in + RUNC_SLIRP_HDR_SIZE;
  const guint8 *frame = whole;
  RuncSlirpVerdict verdict = runc_slirp_guard_judge (&stack->net, frame, len);

  memcpy (&hdr, in, sizeof hdr);
  runc_slirp_udp_learn (stack->udp, frame, len);
  if (verdict == RUNC_SLIRP_ADMIT && runc_slirp_fragments_is_one (frame, len))
    {
      frame = runc_slirp_fragments_take (stack->fragments, frame, &len);
      if (frame == NULL)
        return FALSE;
      verdict = runc_slirp_guard_judge (&stack->net, frame, len);
    }
  switch (verdict)
    {
    case RUNC_SLIRP_DROP:
      return FALSE;
    case RUNC_SLIRP_REFUSE:
      refuse (stack, frame, len);
      return FALSE;
    case RUNC_SLIRP_DATAGRAM:
      take_datagram (stack, frame == whole ? &hdr : NULL, frame, len);
      return frame == whole;
    case RUNC_SLIRP_ADMIT:
      break;
    }
  if (runc_slirp_flows_input (stack->flows, frame, len))
    return FALSE;
  if (is_crowded (stack) && makes_socket (frame, len))
    {
      refuse (stack, frame, len);
      runc_slirp_flows_after (stack->flows);
      return FALSE;
    }
  /* Datagrams for libslirp come one by one. The checksum of a fragmented packet is never left out.
   */
  if (frame != whole
      || (hdr.gso_type != RUNC_SLIRP_GSO_UDP_L4 && runc_slirp_frame_complete (&hdr, whole, len)))
    slirp_input (stack->slirp, frame, (int)len);
  runc_slirp_flows_after (stack->flows);
  return FALSE;
}

/* Handle frames of the container, until there are no more or the budget is used up. */
static gboolean
read_frames (RuncSlirpStack *stack, GError **error)
{
  stack->tap_full = FALSE;
  for (int i = 0; i < TAP_BUDGET && stack->in_used <= IN_ROOM; i++)
    {
      guint8 *in = stack->in + stack->in_used;
      ssize_t n = read (stack->tap_fd, in, IN_MAX);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && (errno == EBADFD || errno == EFAULT))
        return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                           "the container's interface '%s' was removed", stack->net.tap);
      if (n < 0)
        return TRUE;
      if ((gsize)n <= RUNC_SLIRP_HDR_SIZE)
        continue;

      if (handle_frame (stack, in, (gsize)n - RUNC_SLIRP_HDR_SIZE))
        stack->in_used += ((gsize)n + 63) & ~(gsize)63;
    }
  stack->tap_full = TRUE;
  return TRUE;
}

static gboolean
read_tap (RuncSlirpStack *stack, GError **error)
{
  gboolean ok = read_frames (stack, error);

  runc_slirp_flows_flush (stack->flows);
  runc_slirp_udp_flush (stack->udp);
  stack->in_used = 0;
  return ok;
}

gboolean
runc_slirp_stack_iterate (RuncSlirpStack *stack, struct pollfd *extra, guint n_extra,
                          int timeout_ms, GError **error)
{
  struct pollfd fds[RUNC_SLIRP_EXTRA_MAX + 1];
  guint32 slirp_timeout_ms = G_MAXUINT32;

  runc_slirp_poller_begin (stack->poller);
  stack->n_sockets = 0;
  slirp_pollfds_fill (stack->slirp, &slirp_timeout_ms, add_poll, stack);
  int flows_timeout_ms = runc_slirp_flows_want (stack->flows, stack->poller);
  if (flows_timeout_ms >= 0 && (timeout_ms < 0 || flows_timeout_ms < timeout_ms))
    timeout_ms = flows_timeout_ms;
  int udp_timeout_ms = runc_slirp_udp_want (stack->udp, stack->poller);
  if (udp_timeout_ms >= 0 && (timeout_ms < 0 || udp_timeout_ms < timeout_ms))
    timeout_ms = udp_timeout_ms;
  if (slirp_timeout_ms < NO_TIMEOUT_MS
      && (timeout_ms < 0 || slirp_timeout_ms < (guint32)timeout_ms))
    timeout_ms = (int)slirp_timeout_ms;
  timeout_ms = stack->tap_full ? 0 : limit_to_timers (stack, timeout_ms);

  memcpy (fds, extra, n_extra * sizeof *extra);
  fds[n_extra] = (struct pollfd){ .fd = stack->tap_fd, .events = POLLIN };
  int r = runc_slirp_poller_wait (stack->poller, fds, n_extra + 1, timeout_ms);
  if (r < 0 && r != -EINTR)
    return runc_throw_neg (error, r, "cannot wait for traffic");
  for (guint i = 0; i < n_extra; i++)
    extra[i].revents = r < 0 ? 0 : fds[i].revents;

  slirp_pollfds_poll (stack->slirp, r < 0, get_revents, stack);
  runc_slirp_flows_handle (stack->flows, stack->poller);
  runc_slirp_udp_handle (stack->udp, stack->poller);
  run_timers (stack);
  if (r == 0 && (fds[n_extra].revents != 0 || stack->tap_full))
    return read_tap (stack, error);
  return TRUE;
}
