/* UDP sockets. Runs in the helper, inside its sandbox.
 *
 * Small datagrams cost what the kernel does for each, not for each byte; so many are handled at
 * once where that can be done:
 *
 *   out   datagrams of a size to one peer are one message with UDP_SEGMENT; messages of a socket
 *         go by one sendmmsg(2)
 *   in    one recvmmsg(2) takes many messages, each of which may be several datagrams that the
 *         kernel has joined already (UDP_GRO). Those of a size from one peer become one frame,
 *         which the container's kernel takes apart when it gives them to the process
 *
 * An older kernel, or a path for which a datagram is too long to be sent without fragments, refuses
 * that: then each goes alone, and it is not tried again.
 *
 * The sockets are not connected: whoever knows a port of the container's may answer, as with
 * libslirp. What routers and peers report about datagrams (IP_RECVERR) is told to the container.
 */
#include "slirp-port.h"

#include "slirp-guard.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* What any kernel takes at once. */
#define SEGMENTS_MAX 64

/* Messages that are received at once. */
#define RECEIVE_MAX 32
/* Room for each: the longest, and a remainder so that those of small datagrams, which only touch
 * the beginning, are not all at home in the same lines of the processor's caches. */
#define RECEIVE_ROOM (65536 + 2048 + 64)

/* So that a burst is not lost while we are at something else; the kernel's limit may be lower. */
#define RECEIVE_BUFFER (1024 * 1024)

/* Reports that are read at once. */
#define ERRORS_MAX 16

typedef union
{
  struct cmsghdr align;
  char bytes[CMSG_SPACE (sizeof (int))];
} Control;

/* Datagrams that are one message. */
typedef struct
{
  const RuncSlirpOutgoing *first;
  gsize len;
  guint16 segment;
  guint n_iov;
  gboolean closed; /* nothing can be added */
} Message;

/* Datagrams that become one frame. */
typedef struct
{
  struct iovec iov[2 + RECEIVE_MAX]; /* two for the headers */
  guint n_iov;
  gsize len, segment;
  const RuncSlirpAddress *from;
} Run;

struct RuncSlirpPortIo
{
  const RuncSlirpNet *net;
  int tap_fd;
  void (*note) (RuncSlirpPort *port, const RuncSlirpKey *key, const RuncSlirpAddress *peer,
                gpointer data);
  gpointer data;
  gboolean tap_segments; /* the device takes several datagrams as one frame */

  Message out[RUNC_SLIRP_BATCH];
  struct mmsghdr out_hdr[RUNC_SLIRP_BATCH];
  struct iovec out_iov[RUNC_SLIRP_BATCH];
  Control out_control[RUNC_SLIRP_BATCH];

  struct mmsghdr in_hdr[RECEIVE_MAX];
  struct iovec in_iov[RECEIVE_MAX];
  Control in_control[RECEIVE_MAX];
  RuncSlirpAddress in_from[RECEIVE_MAX];
  guint8 *in;
  Run run;
};

/* ---------------------------------------------------------------- life */

RuncSlirpPortIo *
runc_slirp_port_io_new (const RuncSlirpNet *net, int tap_fd,
                        void (*note) (RuncSlirpPort *port, const RuncSlirpKey *key,
                                      const RuncSlirpAddress *peer, gpointer data),
                        gpointer data)
{
  RuncSlirpPortIo *io = g_new0 (RuncSlirpPortIo, 1);

  io->net = net;
  io->tap_fd = tap_fd;
  io->note = note;
  io->data = data;
  io->tap_segments = TRUE;
  io->in = g_malloc (RECEIVE_MAX * RECEIVE_ROOM);
  for (guint i = 0; i < RECEIVE_MAX; i++)
    io->in_iov[i] = (struct iovec){ io->in + i * RECEIVE_ROOM, 65536 };
  return io;
}

void
runc_slirp_port_io_free (RuncSlirpPortIo *io)
{
  if (io == NULL)
    return;
  g_free (io->in);
  g_free (io);
}

/* None of them is vital. */
static void
set_option (int fd, int level, int option, int value)
{
  if (setsockopt (fd, level, option, &value, sizeof value) < 0)
    return;
}

static gboolean
is_loopback (const RuncSlirpAddress *address)
{
  if (address->sa.sa_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK (&address->in6.sin6_addr);
  return ntohl (address->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

RuncSlirpPort *
runc_slirp_port_new (const RuncSlirpNet *net, const RuncSlirpKey *key, const RuncSlirpAddress *host)
{
  gboolean ipv6 = key->ipv6 != 0;
  autofd int fd = socket (ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const RuncSlirpAddress *address = host ?: ipv6 ? &net->outbound6 : &net->outbound;

  if (fd < 0)
    return NULL;
  /* A mapped address would lead to IPv4 past the checks of it. */
  if (ipv6)
    set_option (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (address->sa.sa_family != AF_UNSPEC
      && bind (fd, &address->sa, runc_slirp_address_len (address)) < 0)
    return NULL;
  if (ipv6)
    set_option (fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  else
    set_option (fd, IPPROTO_IP, IP_RECVERR, 1);
  set_option (fd, IPPROTO_UDP, UDP_GRO, 1);
  set_option (fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);

  RuncSlirpPort *port = g_new0 (RuncSlirpPort, 1);
  port->key = *key;
  port->fd = runc_steal_fd (&fd);
  port->published = host != NULL;
  if (host != NULL)
    port->host = *host;
  port->on_loopback = host != NULL && is_loopback (host);
  port->segment_max = G_MAXUINT16;
  port->first = port->last = -1;
  port->link.data = port;
  return port;
}

void
runc_slirp_port_free (RuncSlirpPort *port)
{
  runc_close_fd (port->fd);
  g_free (port);
}

void
runc_slirp_port_set_ttl (RuncSlirpPort *port, int ttl)
{
  if (ttl == port->ttl)
    return;
  port->ttl = ttl;
  if (port->key.ipv6)
    set_option (port->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  else
    set_option (port->fd, IPPROTO_IP, IP_TTL, ttl);
}

/* ---------------------------------------------------------------- to the container */

static RuncSlirpLink
link_of (const RuncSlirpPort *port, const RuncSlirpNet *net)
{
  /* The address that libslirp has on the link. */
  RuncSlirpLink link = { .ours = { 0x52, 0x55 } };

  memcpy (link.guest, port->mac, sizeof link.guest);
  memcpy (link.ours + 2, &net->gateway, sizeof net->gateway);
  return link;
}

/* The key of what @peer and the container say to each other through @port. */
static RuncSlirpKey
key_with (const RuncSlirpPort *port, const RuncSlirpNet *net, const RuncSlirpAddress *peer)
{
  RuncSlirpKey key = port->key;

  if (key.ipv6)
    {
      key.peer = is_loopback (peer) ? net->gateway6 : peer->in6.sin6_addr;
      key.peer_port = peer->in6.sin6_port;
      return key;
    }
  memcpy (&key.peer, is_loopback (peer) ? &net->gateway : &peer->in.sin_addr, sizeof net->gateway);
  key.peer_port = peer->in.sin_port;
  return key;
}

void
runc_slirp_port_report (const RuncSlirpPort *port, RuncSlirpPortIo *io,
                        const RuncSlirpTrouble *trouble)
{
  RuncSlirpLink link = link_of (port, io->net);
  struct virtio_net_hdr hdr = { 0 };
  guint8 frame[RUNC_SLIRP_TROUBLE_MAX];
  gsize len = runc_slirp_datagram_write_trouble (frame, &link, trouble);
  struct iovec iov[] = { { &hdr, sizeof hdr }, { frame, len } };

  if (writev (io->tap_fd, iov, G_N_ELEMENTS (iov)) < 0)
    return;
}

/* The error that @message, which could not be sent, is worth. */
static void
report_refusal (const RuncSlirpPort *port, RuncSlirpPortIo *io, const Message *message, int errnum)
{
  gboolean ipv6 = port->key.ipv6 != 0;
  RuncSlirpTrouble trouble = {
    .key = key_with (port, io->net, &message->first->to),
    .payload = message->first->data,
    .len = MIN (message->first->len, message->segment),
    .type = ipv6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH,
    .code = ipv6 ? ICMP6_DST_UNREACH_NOROUTE : ICMP_NET_UNREACH,
  };

  if (errnum == EHOSTUNREACH)
    trouble.code = ipv6 ? ICMP6_DST_UNREACH_ADDR : ICMP_HOST_UNREACH;
  trouble.from = ipv6 ? io->net->gateway6 : (struct in6_addr){ 0 };
  if (!ipv6)
    memcpy (&trouble.from, &io->net->gateway, sizeof io->net->gateway);
  runc_slirp_port_report (port, io, &trouble);
}

/* ---------------------------------------------------------------- to the host */

/* Whether @one can be the next datagram of @message. */
static gboolean
can_join (const RuncSlirpPort *port, const Message *message, const RuncSlirpOutgoing *one)
{
  return !message->closed && one->segment == 0 && one->len > 0 && one->len <= message->segment
         && message->segment <= port->segment_max && message->n_iov < SEGMENTS_MAX
         && message->len + one->len <= runc_slirp_datagram_max (FALSE)
         && memcmp (&message->first->to, &one->to, sizeof one->to) == 0;
}

/* Fill the headers of the port's messages. Returns their number. */
static guint
gather (RuncSlirpPort *port, RuncSlirpPortIo *io, const RuncSlirpOutgoing *batch)
{
  guint n = 0, n_iov = 0;

  for (int i = port->first; i >= 0; i = batch[i].next)
    {
      const RuncSlirpOutgoing *one = &batch[i];
      io->out_iov[n_iov] = (struct iovec){ (void *)one->data, one->len };
      if (n > 0 && can_join (port, &io->out[n - 1], one))
        {
          Message *message = &io->out[n - 1];
          message->len += one->len;
          message->n_iov++;
          message->closed = one->len < message->segment;
          io->out_hdr[n - 1].msg_hdr.msg_iovlen = message->n_iov;
        }
      else
        {
          io->out[n] = (Message){ .first = one,
                                  .len = one->len,
                                  .segment = one->segment ?: (guint16)one->len,
                                  .n_iov = 1,
                                  .closed = one->segment > 0 };
          io->out_hdr[n].msg_hdr
              = (struct msghdr){ .msg_name = (void *)&one->to,
                                 .msg_namelen = runc_slirp_address_len (&one->to),
                                 .msg_iov = &io->out_iov[n_iov],
                                 .msg_iovlen = 1 };
          n++;
        }
      n_iov++;
    }
  for (guint i = 0; i < n; i++)
    if (io->out[i].len > io->out[i].segment)
      {
        struct msghdr *hdr = &io->out_hdr[i].msg_hdr;
        hdr->msg_control = &io->out_control[i];
        hdr->msg_controllen = CMSG_SPACE (sizeof (guint16));
        struct cmsghdr *cmsg = CMSG_FIRSTHDR (hdr);
        cmsg->cmsg_level = IPPROTO_UDP;
        cmsg->cmsg_type = UDP_SEGMENT;
        cmsg->cmsg_len = CMSG_LEN (sizeof (guint16));
        memcpy (CMSG_DATA (cmsg), &io->out[i].segment, sizeof (guint16));
      }
  return n;
}

/* Send message @index, which could not be sent as one, datagram by datagram. */
static void
send_apart (const RuncSlirpPort *port, RuncSlirpPortIo *io, guint index)
{
  const Message *message = &io->out[index];
  const struct msghdr *whole = &io->out_hdr[index].msg_hdr;

  for (guint i = 0; i < message->n_iov; i++)
    {
      const guint8 *data = whole->msg_iov[i].iov_base;
      for (gsize at = 0; at < whole->msg_iov[i].iov_len; at += message->segment)
        {
          gsize len = MIN (message->segment, whole->msg_iov[i].iov_len - at);
          if (sendto (port->fd, data + at, len, MSG_DONTWAIT | MSG_NOSIGNAL, whole->msg_name,
                      whole->msg_namelen)
                  < 0
              && errno == EAGAIN)
            return;
        }
    }
}

void
runc_slirp_port_send (RuncSlirpPort *port, RuncSlirpPortIo *io, const RuncSlirpOutgoing *batch)
{
  guint n = gather (port, io, batch);
  gboolean again = FALSE;

  port->first = port->last = -1;
  for (guint i = 0; i < n;)
    {
      int sent = sendmmsg (port->fd, io->out_hdr + i, n - i, MSG_DONTWAIT | MSG_NOSIGNAL);
      int errnum = errno;
      const Message *message = &io->out[i];
      if (sent > 0)
        {
          i += (guint)sent;
          again = FALSE;
          continue;
        }
      if (errnum == EAGAIN || errnum == ENOBUFS)
        return;
      if (message->len > message->segment
          && (errnum == EINVAL || errnum == EMSGSIZE || errnum == EIO || errnum == EOPNOTSUPP))
        {
          port->segment_max = MIN (port->segment_max, message->segment - 1u);
          send_apart (port, io, i++);
          continue;
        }
      /* Perhaps it says what became of an earlier datagram. */
      runc_slirp_port_read_errors (port, io);
      if (!again)
        {
          again = TRUE;
          continue;
        }
      again = FALSE;
      report_refusal (port, io, message, errnum);
      i++;
    }
}

/* ---------------------------------------------------------------- from the host */

static gboolean
write_frame (const RuncSlirpPort *port, RuncSlirpPortIo *io, const RuncSlirpKey *key, Run *run,
             guint16 segment)
{
  RuncSlirpLink link = link_of (port, io->net);
  guint8 head[RUNC_SLIRP_DATAGRAM_HEAD_MAX];
  struct virtio_net_hdr hdr;
  gsize head_len = runc_slirp_datagram_write (head, &link, key, run->len, segment, &hdr);

  run->iov[0] = (struct iovec){ &hdr, sizeof hdr };
  run->iov[1] = (struct iovec){ head, head_len };
  return writev (io->tap_fd, run->iov, (int)run->n_iov) >= 0 || errno != EINVAL;
}

/* Write each datagram of @run as a frame. */
static void
write_apart (const RuncSlirpPort *port, RuncSlirpPortIo *io, const RuncSlirpKey *key,
             const Run *run)
{
  for (guint i = 2; i < run->n_iov; i++)
    for (gsize at = 0; at < run->iov[i].iov_len; at += run->segment)
      {
        Run one = { .n_iov = 3, .len = MIN (run->segment, run->iov[i].iov_len - at) };
        one.iov[2] = (struct iovec){ (guint8 *)run->iov[i].iov_base + at, one.len };
        write_frame (port, io, key, &one, 0);
      }
}

/* Give @run to the container and begin it anew. */
static void
finish_run (RuncSlirpPort *port, RuncSlirpPortIo *io, Run *run)
{
  if (run->n_iov == 0)
    return;
  RuncSlirpKey key = key_with (port, io->net, run->from);
  gboolean several = run->len > run->segment;

  io->note (port, &key, run->from, io->data);
  if (!several)
    write_frame (port, io, &key, run, 0);
  else if (!io->tap_segments)
    write_apart (port, io, &key, run);
  else if (!write_frame (port, io, &key, run, (guint16)run->segment))
    {
      /* Before Linux 6.2. */
      io->tap_segments = FALSE;
      write_apart (port, io, &key, run);
    }
  run->n_iov = 0;
}

/* Put the message at @index, of datagrams of @segment bytes, into the frame that is being made. */
static void
add_to_run (RuncSlirpPort *port, RuncSlirpPortIo *io, guint index, gsize segment)
{
  Run *run = &io->run;
  gsize len = io->in_hdr[index].msg_len;
  const RuncSlirpAddress *from = &io->in_from[index];

  if (run->n_iov > 0
      && (len == 0 || len > segment || segment > run->segment || run->len % run->segment != 0
          || run->len + len > runc_slirp_datagram_max (port->key.ipv6 != 0)
          || (run->len + len) / run->segment > SEGMENTS_MAX
          || memcmp (run->from, from, sizeof *from) != 0))
    finish_run (port, io, run);
  if (run->n_iov == 0)
    *run = (Run){ .n_iov = 2, .segment = segment, .from = from };
  run->iov[run->n_iov++] = (struct iovec){ io->in_iov[index].iov_base, len };
  run->len += len;
}

static gsize
segment_of (struct msghdr *hdr, gsize len)
{
  for (struct cmsghdr *cmsg = CMSG_FIRSTHDR (hdr); cmsg != NULL; cmsg = CMSG_NXTHDR (hdr, cmsg))
    if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO)
      {
        int segment;
        memcpy (&segment, CMSG_DATA (cmsg), sizeof segment);
        return segment > 0 && (gsize)segment < len ? (gsize)segment : len;
      }
  return len;
}

gboolean
runc_slirp_port_receive (RuncSlirpPort *port, RuncSlirpPortIo *io)
{
  memset (io->in_from, 0, sizeof io->in_from);
  for (guint i = 0; i < RECEIVE_MAX; i++)
    io->in_hdr[i].msg_hdr = (struct msghdr){ .msg_name = &io->in_from[i],
                                             .msg_namelen = sizeof io->in_from[i],
                                             .msg_iov = &io->in_iov[i],
                                             .msg_iovlen = 1,
                                             .msg_control = &io->in_control[i],
                                             .msg_controllen = sizeof io->in_control[i] };
  int n = recvmmsg (port->fd, io->in_hdr, RECEIVE_MAX, MSG_DONTWAIT, NULL);

  for (int i = 0; i < n; i++)
    {
      gsize len = io->in_hdr[i].msg_len;
      if ((io->in_hdr[i].msg_hdr.msg_flags & MSG_TRUNC)
          || len > runc_slirp_datagram_max (port->key.ipv6 != 0))
        continue;
      add_to_run (port, io, (guint)i, segment_of (&io->in_hdr[i].msg_hdr, len));
    }
  finish_run (port, io, &io->run);
  return n > 0;
}

/* ---------------------------------------------------------------- reports */

/* The report in @hdr as an error for the container. Returns FALSE for one that says nothing to it.
 */
static gboolean
translate (const RuncSlirpPort *port, const RuncSlirpNet *net, struct msghdr *hdr,
           RuncSlirpTrouble *trouble)
{
  gboolean ipv6 = port->key.ipv6 != 0;
  const struct sock_extended_err *report = NULL;
  RuncSlirpAddress from = { 0 };

  for (struct cmsghdr *cmsg = CMSG_FIRSTHDR (hdr); cmsg != NULL; cmsg = CMSG_NXTHDR (hdr, cmsg))
    if (cmsg->cmsg_level == (ipv6 ? IPPROTO_IPV6 : IPPROTO_IP)
        && cmsg->cmsg_type == (ipv6 ? IPV6_RECVERR : IP_RECVERR)
        && cmsg->cmsg_len >= CMSG_LEN (sizeof *report + (ipv6 ? sizeof from.in6 : sizeof from.in)))
      report = (const struct sock_extended_err *)(const void *)CMSG_DATA (cmsg);
  if (report == NULL || report->ee_origin != (ipv6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP))
    return FALSE;
  memcpy (&from, SO_EE_OFFENDER (report), ipv6 ? sizeof from.in6 : sizeof from.in);
  trouble->from = key_with (port, net, &from).peer;
  trouble->type = report->ee_type;
  trouble->code = report->ee_code;
  trouble->info = report->ee_info;
  /* Our kernel has learnt of a narrow path and makes fragments. */
  if (ipv6)
    return trouble->type == ICMP6_DST_UNREACH || trouble->type == ICMP6_TIME_EXCEEDED;
  return (trouble->type == ICMP_DEST_UNREACH && trouble->code != ICMP_FRAG_NEEDED)
         || trouble->type == ICMP_TIME_EXCEEDED;
}

void
runc_slirp_port_read_errors (RuncSlirpPort *port, RuncSlirpPortIo *io)
{
  for (int i = 0; i < ERRORS_MAX; i++)
    {
      union
      {
        struct cmsghdr align;
        char bytes[512];
      } control;
      guint8 payload[RUNC_SLIRP_TROUBLE_MAX];
      RuncSlirpAddress to = { 0 };
      struct iovec iov = { payload, sizeof payload };
      struct msghdr hdr = { .msg_name = &to,
                            .msg_namelen = sizeof to,
                            .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };
      ssize_t n = recvmsg (port->fd, &hdr, MSG_ERRQUEUE | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      if (n < 0)
        return;
      RuncSlirpTrouble trouble = { .payload = payload, .len = (gsize)n };
      if (to.sa.sa_family != (port->key.ipv6 ? AF_INET6 : AF_INET)
          || !translate (port, io->net, &hdr, &trouble))
        continue;
      trouble.key = key_with (port, io->net, &to);
      runc_slirp_port_report (port, io, &trouble);
    }
}
