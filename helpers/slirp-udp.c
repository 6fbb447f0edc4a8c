/* The container's datagrams. Runs in the helper, inside its sandbox, on bytes that the container
 * controls.
 *
 * A port of the container from which it sends a datagram gets a socket (slirp-port.c), through
 * which it can talk to anybody and be answered by anybody, as behind a router that translates
 * addresses. The socket is closed when nothing has passed for a while, or when there are too many:
 * then it is the one that was not used for longest. A published port is such a socket, too, but
 * stays.
 *
 * libslirp would do the same with a handful of system calls for each datagram. Only what it answers
 * itself, DHCP, or by knowing the host's name server, still goes there: the guard decides.
 *
 * The host's loopback is the gateway to the container. If it is not open (--enable-host-loopback),
 * a datagram to the gateway is let through only if it is the answer to one that came from exactly
 * there through a published port in the last minutes: the callers below. They are also remembered
 * where several published ports lead to the same port of the container, so that each is answered
 * from the one that it called.
 */
#include "slirp-udp.h"

#include "slirp-guard.h"
#include "slirp-port.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

/* How long a port or a caller is remembered after the last datagram. */
#define IDLE_MS (240 * 1000)

/* Sockets for the container's ports, if open files do not say less. */
#define PORTS_MAX 4096

#define CALLERS_MAX 4096

/* Sockets that are looked at in one round. */
#define EVENTS_MAX 64

typedef struct
{
  RuncSlirpKey key; /* as the container says it */
  RuncSlirpAddress address;
  RuncSlirpPort *port;
  gint64 used_ms;
  GList link;
} Caller;

struct RuncSlirpUdp
{
  const RuncSlirpNet *net;
  RuncSlirpPortIo *io;
  int epoll_fd;
  gint64 now_ms;
  guint8 mac[ETHER_ADDR_LEN]; /* of the container; everybody's until it is known */

  GHashTable *by_key;   /* the container's end -> the RuncSlirpPort that it sends from */
  GQueue ports;         /* those of them that are not published, in the order of use */
  GPtrArray *published; /* RuncSlirpPort */
  guint ports_max;

  GHashTable *callers; /* RuncSlirpKey in the Caller -> Caller */
  GQueue callers_used; /* the same in the order of use */

  RuncSlirpOutgoing batch[RUNC_SLIRP_BATCH];
  int n_batch;
  RuncSlirpPort *senders[RUNC_SLIRP_BATCH]; /* those that have something in the batch */
  guint n_senders;
};

/* ---------------------------------------------------------------- callers */

static void
forget_caller (RuncSlirpUdp *udp, Caller *caller)
{
  g_queue_unlink (&udp->callers_used, &caller->link);
  g_hash_table_remove (udp->callers, &caller->key);
  g_free (caller);
}

/* Whether the container's end has the address that we gave to it. */
static gboolean
is_container (const RuncSlirpNet *net, const RuncSlirpKey *key)
{
  return key->ipv6 ? memcmp (&key->guest, &net->guest6, sizeof net->guest6) == 0
                   : memcmp (&key->guest, &net->guest, sizeof net->guest) == 0;
}

/* Datagrams from @peer, which the container knows as @key says, came through @port. */
static void
note_caller (RuncSlirpPort *port, const RuncSlirpKey *key, const RuncSlirpAddress *peer,
             gpointer data)
{
  RuncSlirpUdp *udp = data;

  port->used_ms = udp->now_ms;
  if (!port->published)
    {
      g_queue_unlink (&udp->ports, &port->link);
      g_queue_push_tail_link (&udp->ports, &port->link);
      return;
    }
  if (is_container (udp->net, key))
    memcpy (port->mac, udp->mac, ETHER_ADDR_LEN);
  RuncSlirpPlace place = runc_slirp_guard_place (udp->net, key->ipv6 != 0, &key->peer);
  if (!port->shared && place == RUNC_SLIRP_ELSEWHERE)
    return;

  Caller *caller = g_hash_table_lookup (udp->callers, key);
  if (caller == NULL)
    {
      if (g_queue_get_length (&udp->callers_used) >= CALLERS_MAX)
        forget_caller (udp, g_queue_peek_head (&udp->callers_used));
      caller = g_new0 (Caller, 1);
      caller->key = *key;
      caller->link.data = caller;
      g_hash_table_insert (udp->callers, &caller->key, caller);
    }
  else
    g_queue_unlink (&udp->callers_used, &caller->link);
  g_queue_push_tail_link (&udp->callers_used, &caller->link);
  caller->address = *peer;
  caller->port = port;
  caller->used_ms = udp->now_ms;
}

static void
forget_callers_of (RuncSlirpUdp *udp, const RuncSlirpPort *port)
{
  for (GList *link = udp->callers_used.head, *next; link != NULL; link = next)
    {
      Caller *caller = link->data;
      next = link->next;
      if (caller->port == port)
        forget_caller (udp, caller);
    }
}

/* ---------------------------------------------------------------- life */

RuncSlirpUdp *
runc_slirp_udp_new (const RuncSlirpNet *net, int tap_fd, GError **error)
{
  g_autoptr (RuncSlirpUdp) udp = g_new0 (RuncSlirpUdp, 1);
  struct rlimit files;

  udp->net = net;
  udp->ports_max = PORTS_MAX;
  /* Connections need some, too. */
  if (getrlimit (RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 8 < PORTS_MAX)
    udp->ports_max = MAX ((guint)files.rlim_cur / 8, 1);
  memset (udp->mac, 0xff, sizeof udp->mac);
  udp->by_key = g_hash_table_new (runc_slirp_key_hash, runc_slirp_key_equal);
  udp->callers = g_hash_table_new (runc_slirp_key_hash, runc_slirp_key_equal);
  udp->published = g_ptr_array_new ();
  udp->io = runc_slirp_port_io_new (net, tap_fd, note_caller, udp);
  udp->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (udp->epoll_fd < 0)
    {
      runc_throw_errno (error, "cannot make an epoll instance");
      return NULL;
    }
  return g_steal_pointer (&udp);
}

void
runc_slirp_udp_free (RuncSlirpUdp *udp)
{
  if (udp == NULL)
    return;
  for (GList *link = udp->ports.head, *next; link != NULL; link = next)
    {
      next = link->next;
      runc_slirp_port_free (link->data);
    }
  for (guint i = 0; i < udp->published->len; i++)
    runc_slirp_port_free (g_ptr_array_index (udp->published, i));
  while (udp->callers_used.head != NULL)
    forget_caller (udp, udp->callers_used.head->data);
  g_ptr_array_unref (udp->published);
  g_hash_table_unref (udp->by_key);
  g_hash_table_unref (udp->callers);
  runc_slirp_port_io_free (udp->io);
  runc_close_fd (udp->epoll_fd);
  g_free (udp);
}

guint
runc_slirp_udp_count (const RuncSlirpUdp *udp)
{
  return udp->ports.length + udp->published->len;
}

static void
set_now (RuncSlirpUdp *udp)
{
  udp->now_ms = g_get_monotonic_time () / 1000;
}

static RuncSlirpPort *
open_port (RuncSlirpUdp *udp, const RuncSlirpKey *key, const RuncSlirpAddress *host)
{
  RuncSlirpPort *port = runc_slirp_port_new (udp->net, key, host);
  struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = port } };

  if (port == NULL)
    return NULL;
  if (epoll_ctl (udp->epoll_fd, EPOLL_CTL_ADD, port->fd, &event) < 0)
    {
      int errnum = errno;
      runc_slirp_port_free (port);
      errno = errnum;
      return NULL;
    }
  port->used_ms = udp->now_ms;
  return port;
}

/* Close a port that is not published. */
static void
drop_port (RuncSlirpUdp *udp, RuncSlirpPort *port)
{
  /* It may be the sender of what waits. */
  runc_slirp_udp_flush (udp);
  g_queue_unlink (&udp->ports, &port->link);
  g_hash_table_remove (udp->by_key, &port->key);
  runc_slirp_port_free (port);
}

/* ---------------------------------------------------------------- published ports */

/* Whether the container sends from published @port when it does not answer a caller. One that is on
 * the host's loopback leads nowhere else. */
static gboolean
is_way_out (const RuncSlirpPort *port)
{
  return !port->on_loopback;
}

/* Let the container's end @key be served by what is published for it now. */
static void
arrange_end (RuncSlirpUdp *udp, const RuncSlirpKey *key)
{
  RuncSlirpPort *old = g_hash_table_lookup (udp->by_key, key);
  RuncSlirpPort *way_out = NULL;
  guint n = 0;

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < udp->published->len; i++)
      {
        RuncSlirpPort *port = g_ptr_array_index (udp->published, i);
        if (!runc_slirp_key_equal (&port->key, key))
          continue;
        n += pass == 0;
        port->shared = n > 1;
        if (way_out == NULL && is_way_out (port))
          way_out = port;
      }
  if (old != NULL && !old->published)
    {
      if (way_out == NULL)
        return;
      drop_port (udp, old);
    }
  g_hash_table_remove (udp->by_key, key);
  if (way_out != NULL)
    g_hash_table_insert (udp->by_key, &way_out->key, way_out);
}

static RuncSlirpKey
end_of (const RuncSlirpForward *forward)
{
  RuncSlirpKey key = { 0 };

  if (forward->guest.sa.sa_family == AF_INET6)
    {
      key.ipv6 = 1;
      key.guest = forward->guest.in6.sin6_addr;
      key.guest_port = forward->guest.in6.sin6_port;
      return key;
    }
  memcpy (&key.guest, &forward->guest.in.sin_addr, sizeof forward->guest.in.sin_addr);
  key.guest_port = forward->guest.in.sin_port;
  return key;
}

gboolean
runc_slirp_udp_open (RuncSlirpUdp *udp, const RuncSlirpForward *forward)
{
  RuncSlirpKey key = end_of (forward);

  set_now (udp);
  RuncSlirpPort *port = open_port (udp, &key, &forward->host);
  if (port == NULL)
    return FALSE;
  g_ptr_array_add (udp->published, port);
  arrange_end (udp, &key);
  return TRUE;
}

gboolean
runc_slirp_udp_close (RuncSlirpUdp *udp, const RuncSlirpForward *forward)
{
  for (guint i = 0; i < udp->published->len; i++)
    {
      RuncSlirpPort *port = g_ptr_array_index (udp->published, i);
      RuncSlirpKey key = port->key;
      if (memcmp (&port->host, &forward->host, sizeof port->host) != 0)
        continue;
      runc_slirp_udp_flush (udp);
      forget_callers_of (udp, port);
      g_ptr_array_remove_index (udp->published, i);
      if (g_hash_table_lookup (udp->by_key, &key) == port)
        g_hash_table_remove (udp->by_key, &key);
      runc_slirp_port_free (port);
      arrange_end (udp, &key);
      return TRUE;
    }
  return FALSE;
}

/* ---------------------------------------------------------------- from the container */

/* The port that the container sends from at its end of @key; a new one if need be. */
static RuncSlirpPort *
get_port (RuncSlirpUdp *udp, const RuncSlirpKey *key)
{
  RuncSlirpKey end = *key;

  end.peer = (struct in6_addr){ 0 };
  end.peer_port = 0;
  RuncSlirpPort *port = g_hash_table_lookup (udp->by_key, &end);
  if (port != NULL)
    return port;
  if (udp->ports.length >= udp->ports_max)
    drop_port (udp, udp->ports.head->data);
  port = open_port (udp, &end, NULL);
  if (port == NULL && (errno == EMFILE || errno == ENFILE) && udp->ports.length > 0)
    {
      drop_port (udp, udp->ports.head->data);
      port = open_port (udp, &end, NULL);
    }
  if (port == NULL)
    return NULL;
  g_hash_table_insert (udp->by_key, &port->key, port);
  g_queue_push_tail_link (&udp->ports, &port->link);
  return port;
}

/* Where the host finds the peer of @key. */
static RuncSlirpAddress
address_of (const RuncSlirpKey *key, RuncSlirpPlace place)
{
  RuncSlirpAddress address = { 0 };

  if (key->ipv6)
    {
      address.in6.sin6_family = AF_INET6;
      address.in6.sin6_port = key->peer_port;
      address.in6.sin6_addr = place == RUNC_SLIRP_GATEWAY ? in6addr_loopback : key->peer;
      return address;
    }
  address.in.sin_family = AF_INET;
  address.in.sin_port = key->peer_port;
  memcpy (&address.in.sin_addr, &key->peer, sizeof address.in.sin_addr);
  if (place == RUNC_SLIRP_GATEWAY)
    address.in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  return address;
}

/* Where a datagram goes. Returns the port to send it from, or NULL if it must not be sent. */
static RuncSlirpPort *
route (RuncSlirpUdp *udp, const RuncSlirpKey *key, RuncSlirpAddress *ret_to)
{
  RuncSlirpPlace place = runc_slirp_guard_place (udp->net, key->ipv6 != 0, &key->peer);
  const Caller *caller
      = udp->callers_used.length > 0 ? g_hash_table_lookup (udp->callers, key) : NULL;

  if (caller != NULL && udp->now_ms - caller->used_ms < IDLE_MS)
    {
      *ret_to = caller->address;
      return caller->port;
    }
  if (place != RUNC_SLIRP_ELSEWHERE && !udp->net->host_loopback)
    return NULL;
  *ret_to = address_of (key, place);
  return get_port (udp, key);
}

/* The container's packet has passed as many routers as it was allowed to: us. */
static void
report_expiry (RuncSlirpUdp *udp, const RuncSlirpPort *port, const RuncSlirpDatagram *datagram)
{
  RuncSlirpTrouble trouble = {
    .key = datagram->key,
    .payload = datagram->payload,
    .len = datagram->len,
    .type = datagram->key.ipv6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED,
  };

  if (datagram->key.ipv6)
    trouble.from = udp->net->gateway6;
  else
    memcpy (&trouble.from, &udp->net->gateway, sizeof udp->net->gateway);
  runc_slirp_port_report (port, udp->io, &trouble);
}

void
runc_slirp_udp_learn (RuncSlirpUdp *udp, const guint8 *frame, gsize len)
{
  const struct in_addr *guest = &udp->net->guest;
  guint16 type;

  if (len < ETHER_HDR_LEN + sizeof (struct iphdr) || (frame[ETHER_ADDR_LEN] & 1))
    return;
  memcpy (&type, frame + 2 * ETHER_ADDR_LEN, sizeof type);
  const guint8 *packet = frame + ETHER_HDR_LEN;
  if (type == htons (ETHERTYPE_IP)
          ? memcmp (packet + offsetof (struct iphdr, saddr), guest, sizeof *guest) == 0
          : type == htons (ETHERTYPE_ARP) && memcmp (packet + 14, guest, sizeof *guest) == 0)
    memcpy (udp->mac, frame + ETHER_ADDR_LEN, sizeof udp->mac);
}

void
runc_slirp_udp_input (RuncSlirpUdp *udp, const struct virtio_net_hdr *hdr, const guint8 *frame,
                      gsize len)
{
  RuncSlirpDatagram datagram;
  RuncSlirpAddress to;

  if (!runc_slirp_datagram_parse (hdr, frame, len, &datagram))
    return;
  if (udp->n_batch == 0)
    set_now (udp);
  RuncSlirpPort *port = route (udp, &datagram.key, &to);
  if (port == NULL)
    return;
  memcpy (port->mac, frame + ETHER_ADDR_LEN, sizeof port->mac);
  if (datagram.ttl <= 1)
    {
      report_expiry (udp, port, &datagram);
      return;
    }
  if (port->ttl != datagram.ttl - 1)
    {
      runc_slirp_udp_flush (udp);
      runc_slirp_port_set_ttl (port, datagram.ttl - 1);
    }

  int index = udp->n_batch++;
  udp->batch[index] = (RuncSlirpOutgoing){
    .to = to,
    .data = datagram.payload,
    .len = datagram.len,
    .segment = datagram.segment,
    .next = -1,
  };
  if (port->first < 0)
    {
      port->first = index;
      udp->senders[udp->n_senders++] = port;
    }
  else
    udp->batch[port->last].next = index;
  port->last = index;
  if (udp->n_batch == RUNC_SLIRP_BATCH)
    runc_slirp_udp_flush (udp);
}

void
runc_slirp_udp_flush (RuncSlirpUdp *udp)
{
  for (guint i = 0; i < udp->n_senders; i++)
    {
      RuncSlirpPort *port = udp->senders[i];
      runc_slirp_port_send (port, udp->io, udp->batch);
      port->used_ms = udp->now_ms;
      if (port->published)
        continue;
      g_queue_unlink (&udp->ports, &port->link);
      g_queue_push_tail_link (&udp->ports, &port->link);
    }
  udp->n_senders = 0;
  udp->n_batch = 0;
}

/* ---------------------------------------------------------------- a round */

int
runc_slirp_udp_want (RuncSlirpUdp *udp, RuncSlirpPoller *poller)
{
  const RuncSlirpPort *oldest = g_queue_peek_head (&udp->ports);

  if (oldest != NULL || udp->published->len > 0)
    runc_slirp_poller_want (poller, udp->epoll_fd, POLLIN);
  if (oldest == NULL)
    return -1;
  gint64 left_ms = oldest->used_ms + IDLE_MS - g_get_monotonic_time () / 1000;
  return (int)CLAMP (left_ms, 0, IDLE_MS);
}

static void
expire (RuncSlirpUdp *udp)
{
  while (udp->ports.head != NULL)
    {
      RuncSlirpPort *port = udp->ports.head->data;
      if (port->used_ms + IDLE_MS > udp->now_ms)
        break;
      drop_port (udp, port);
    }
}

void
runc_slirp_udp_handle (RuncSlirpUdp *udp, const RuncSlirpPoller *poller)
{
  struct epoll_event events[EVENTS_MAX];

  set_now (udp);
  if (runc_slirp_poller_revents (poller, udp->epoll_fd) != 0)
    {
      int n = epoll_wait (udp->epoll_fd, events, EVENTS_MAX, 0);
      for (int i = 0; i < n; i++)
        {
          RuncSlirpPort *port = events[i].data.ptr;
          if (events[i].events & EPOLLERR)
            runc_slirp_port_read_errors (port, udp->io);
          runc_slirp_port_receive (port, udp->io);
        }
    }
  expire (udp);
}
