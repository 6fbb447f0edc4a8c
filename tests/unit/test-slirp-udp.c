/* The slirp helper's sockets for datagrams: real ones, on the loopback, between them and a socket
 * pair in the place of the device. */
#include "slirp-datagram.h"
#include "slirp-udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const RuncSlirpLink from_guest = { { 0x52, 0x55, 10, 0, 2, 2 }, { 2, 0, 0, 0, 0, 9 } };

typedef struct
{
  RuncSlirpNet net;
  int tap, guest; /* the ends of the device */
  RuncSlirpPoller *poller;
  RuncSlirpUdp *udp;
  guint8 sent[70000]; /* the container's frames, until they are flushed */
  gsize n_sent;
} Fixture;

static void
set_up (Fixture *fixture, gboolean host_loopback)
{
  int pair[2];

  fixture->net = (RuncSlirpNet){ .ipv6 = TRUE, .host_loopback = host_loopback };
  g_assert_true (runc_slirp_net_set_cidr (&fixture->net, "10.0.2.0/24", NULL));
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), ==, 0);
  fixture->tap = pair[0];
  fixture->guest = pair[1];
  fixture->n_sent = 0;
  fixture->poller = runc_slirp_poller_new (NULL);
  fixture->udp = runc_slirp_udp_new (&fixture->net, fixture->tap, NULL);
  g_assert_nonnull (fixture->udp);
}

static void
tear_down (Fixture *fixture)
{
  runc_slirp_udp_free (fixture->udp);
  runc_slirp_poller_free (fixture->poller);
  close (fixture->tap);
  close (fixture->guest);
}

static RuncSlirpAddress
make_address (const char *text, guint16 port)
{
  RuncSlirpAddress address;

  g_assert_true (runc_slirp_address_parse (text, port, &address));
  return address;
}

/* A socket of the host at @text, and its port. */
static int
open_host (const char *text, guint16 *ret_port)
{
  RuncSlirpAddress address = make_address (text, 0);
  socklen_t len = sizeof address;
  struct timeval patience = { .tv_sec = 10 };
  int fd = socket (address.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, &address.sa, runc_slirp_address_len (&address)), ==, 0);
  g_assert_cmpint (getsockname (fd, &address.sa, &len), ==, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==, 0);
  *ret_port = runc_slirp_address_port (&address);
  return fd;
}

static gboolean
has_host (const char *text)
{
  RuncSlirpAddress address = make_address (text, 0);
  int fd = socket (address.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean has = bind (fd, &address.sa, runc_slirp_address_len (&address)) == 0;

  close (fd);
  if (!has)
    g_test_message ("this machine: has no '%s'", text);
  return has;
}

/* The container sends @len bytes from @source_port to @target. */
static void
send_from_guest (Fixture *fixture, guint16 source_port, const char *target, guint16 port,
                 const void *data, gsize len)
{
  gboolean ipv6 = strchr (target, ':') != NULL;
  /* Written as if it were for the peer, who is "the container" here. */
  RuncSlirpKey key = { .ipv6 = ipv6, .guest_port = htons (port), .peer_port = htons (source_port) };
  struct virtio_net_hdr hdr;
  guint8 *frame = fixture->sent + fixture->n_sent;

  inet_pton (ipv6 ? AF_INET6 : AF_INET, target, &key.guest);
  memcpy (&key.peer, ipv6 ? (void *)&fixture->net.guest6 : (void *)&fixture->net.guest,
          ipv6 ? 16 : 4);
  gsize head_len = runc_slirp_datagram_write (frame, &from_guest, &key, len, 0, &hdr);
  memcpy (frame + head_len, data, len);
  fixture->n_sent += head_len + len;
  g_assert_cmpuint (fixture->n_sent, <=, sizeof fixture->sent);
  runc_slirp_udp_learn (fixture->udp, frame, head_len + len);
  runc_slirp_udp_input (fixture->udp, NULL, frame, head_len + len);
}

static void
flush (Fixture *fixture)
{
  runc_slirp_udp_flush (fixture->udp);
  fixture->n_sent = 0;
}

/* Let what has come to the sockets be handled; wait for it for at most @timeout_ms. */
static void
go_round (Fixture *fixture, int timeout_ms)
{
  struct pollfd none = { .fd = -1 };

  runc_slirp_poller_begin (fixture->poller);
  runc_slirp_udp_want (fixture->udp, fixture->poller);
  g_assert_cmpint (runc_slirp_poller_wait (fixture->poller, &none, 1, timeout_ms), ==, 0);
  runc_slirp_udp_handle (fixture->udp, fixture->poller);
}

/* The next frame for the container, as a datagram whose guest and peer are those of the packet:
 * FALSE if there is none. */
static gboolean
receive_in_guest (Fixture *fixture, guint8 *frame, gsize size, struct virtio_net_hdr *hdr,
                  gsize *ret_len)
{
  struct iovec iov[] = { { hdr, sizeof *hdr }, { frame, size } };
  struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
  ssize_t n = recvmsg (fixture->guest, &message, 0);

  if (n < 0)
    {
      g_assert_cmpint (errno, ==, EAGAIN);
      return FALSE;
    }
  *ret_len = (gsize)n - sizeof *hdr;
  return TRUE;
}

static void
expect_datagram (Fixture *fixture, const char *from, guint16 from_port, guint16 port,
                 const char *text)
{
  guint8 frame[2000];
  struct virtio_net_hdr hdr;
  RuncSlirpDatagram datagram;
  gsize len;
  char address[INET6_ADDRSTRLEN];

  for (int i = 0; !receive_in_guest (fixture, frame, sizeof frame, &hdr, &len); i++)
    {
      g_assert_cmpint (i, <, 10);
      go_round (fixture, 1000);
    }
  g_assert_true (runc_slirp_datagram_parse (&hdr, frame, len, &datagram));
  g_assert_cmpmem (datagram.payload, datagram.len, text, strlen (text));
  g_assert_cmpuint (ntohs (datagram.key.guest_port), ==, from_port);
  g_assert_cmpuint (ntohs (datagram.key.peer_port), ==, port);
  inet_ntop (datagram.key.ipv6 ? AF_INET6 : AF_INET, &datagram.key.guest, address, sizeof address);
  g_assert_cmpstr (address, ==, from);
}

static void
expect_nothing (Fixture *fixture, int fd)
{
  guint8 frame[100];
  struct virtio_net_hdr hdr;
  gsize len;

  go_round (fixture, 0);
  g_assert_false (receive_in_guest (fixture, frame, sizeof frame, &hdr, &len));
  g_assert_cmpint (recv (fd, frame, sizeof frame, MSG_DONTWAIT), <, 0);
}

/* ---------------------------------------------------------------- tests */

static void
test_there_and_back (void)
{
  static const char *const rows[][3]
      = { { "127.0.0.1", "10.0.2.2", "10.0.2.2" }, { "::1", "fd00::2", "fd00::2" } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Fixture fixture;
      guint16 port;
      RuncSlirpAddress peer;
      socklen_t peer_len = sizeof peer;
      char text[10];
      if (!has_host (rows[i][0]))
        continue;
      int fd = open_host (rows[i][0], &port);

      set_up (&fixture, TRUE);
      send_from_guest (&fixture, 1000, rows[i][1], port, "there", 5);
      flush (&fixture);
      g_assert_cmpint (recvfrom (fd, text, sizeof text, 0, &peer.sa, &peer_len), ==, 5);
      g_assert_cmpint (sendto (fd, "back", 4, 0, &peer.sa, peer_len), ==, 4);
      expect_datagram (&fixture, rows[i][2], port, 1000, "back");
      g_assert_cmpuint (runc_slirp_udp_count (fixture.udp), ==, 1);
      tear_down (&fixture);
      close (fd);
    }
}

/* Many of a size, some of other sizes, empty ones: what arrives is what was sent, in order. */
static void
test_boundaries (void)
{
  static const gsize sizes[]
      = { 500, 500, 500, 20, 500, 0, 0, 1, 1, 500, 501, 499, 1400, 3000, 3000 };
  Fixture fixture;
  guint16 port;
  RuncSlirpAddress peer;
  socklen_t peer_len = sizeof peer;
  guint8 data[3000], got[4000], frame[66000];
  int fd = open_host ("127.0.0.1", &port);

  set_up (&fixture, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      memset (data, (int)i, sizeof data);
      send_from_guest (&fixture, 1000, "10.0.2.2", port, data, sizes[i]);
    }
  flush (&fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      memset (data, (int)i, sizeof data);
      ssize_t n = recvfrom (fd, got, sizeof got, 0, &peer.sa, &peer_len);
      g_assert_cmpmem (got, n, data, sizes[i]);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      memset (data, (int)i, sizeof data);
      g_assert_cmpint (sendto (fd, data, sizes[i], 0, &peer.sa, peer_len), ==, sizes[i]);
    }
  go_round (&fixture, 1000);
  gsize i = 0;
  guint n_frames = 0;
  struct virtio_net_hdr hdr;
  RuncSlirpDatagram datagram;
  for (gsize len; receive_in_guest (&fixture, frame, sizeof frame, &hdr, &len); n_frames++)
    {
      g_assert_true (runc_slirp_datagram_parse (&hdr, frame, len, &datagram));
      gsize segment = datagram.segment ?: datagram.len;
      gsize at = 0;
      do
        {
          memset (data, (int)i, sizeof data);
          gsize n = MIN (segment, datagram.len - at);
          g_assert_cmpmem (datagram.payload + at, n, data, sizes[i]);
          i++;
          at += n;
        }
      while (at < datagram.len);
    }
  g_assert_cmpuint (i, ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (n_frames, <, G_N_ELEMENTS (sizes));
  tear_down (&fixture);
  close (fd);
}

/* A frame of several datagrams from the container. */
static void
test_segments (void)
{
  Fixture fixture;
  guint16 port;
  guint8 frame[1000], got[200];
  struct virtio_net_hdr hdr;
  int fd = open_host ("127.0.0.1", &port);
  RuncSlirpKey key = { .guest_port = htons (port), .peer_port = htons (1000) };

  set_up (&fixture, TRUE);
  memcpy (&key.guest, &fixture.net.gateway, 4);
  memcpy (&key.peer, &fixture.net.guest, 4);
  gsize head_len = runc_slirp_datagram_write (frame, &from_guest, &key, 250, 100, &hdr);
  for (guint i = 0; i < 250; i++)
    frame[head_len + i] = (guint8)i;
  runc_slirp_udp_input (fixture.udp, &hdr, frame, head_len + 250);
  flush (&fixture);
  for (guint i = 0; i < 3; i++)
    {
      ssize_t n = recv (fd, got, sizeof got, 0);
      g_assert_cmpmem (got, n, frame + head_len + 100 * i, i < 2 ? 100 : 50);
    }
  tear_down (&fixture);
  close (fd);
}

static void
test_loopback_is_closed (void)
{
  Fixture fixture;
  guint16 port;
  int fd = open_host ("127.0.0.1", &port);

  set_up (&fixture, FALSE);
  send_from_guest (&fixture, 1000, "10.0.2.2", port, "x", 1);
  send_from_guest (&fixture, 1000, "127.0.0.1", port, "x", 1);
  flush (&fixture);
  expect_nothing (&fixture, fd);
  g_assert_cmpuint (runc_slirp_udp_count (fixture.udp), ==, 0);
  tear_down (&fixture);
  close (fd);
}

static RuncSlirpForward
publish (Fixture *fixture, const char *host, guint16 guest_port)
{
  RuncSlirpForward forward = { .udp = TRUE };

  /* A port that is free now. */
  for (int i = 0;; i++)
    {
      guint16 port;
      close (open_host (host, &port));
      forward.host = make_address (host, port);
      forward.guest = make_address ("10.0.2.100", guest_port);
      if (runc_slirp_udp_open (fixture->udp, &forward))
        return forward;
      g_assert_cmpint (i, <, 10);
    }
}

/* Callers on the host's loopback are answered, from the port that they called; nobody else is. */
static void
test_published (void)
{
  Fixture fixture;
  guint16 port[2], other_port;
  char text[10];
  RuncSlirpAddress peer;
  socklen_t peer_len = sizeof peer;
  int fd[2], other = open_host ("127.0.0.1", &other_port);
  RuncSlirpForward forwards[2];

  set_up (&fixture, FALSE);
  for (int i = 0; i < 2; i++)
    {
      fd[i] = open_host (i == 0 ? "127.0.0.1" : "127.0.0.2", &port[i]);
      forwards[i] = publish (&fixture, i == 0 ? "127.0.0.1" : "0.0.0.0", 53);
      RuncSlirpAddress to = make_address ("127.0.0.1", runc_slirp_address_port (&forwards[i].host));
      g_assert_cmpint (sendto (fd[i], "ask", 3, 0, &to.sa, sizeof to.in), ==, 3);
      expect_datagram (&fixture, "10.0.2.2", port[i], 53, "ask");
    }
  g_assert_cmpuint (runc_slirp_udp_count (fixture.udp), ==, 2);
  for (int i = 0; i < 2; i++)
    {
      send_from_guest (&fixture, 53, "10.0.2.2", port[i], "answer", 6);
      /* Another port of the container, and another one of the host. */
      send_from_guest (&fixture, 54, "10.0.2.2", port[i], "wrong", 5);
      send_from_guest (&fixture, 53, "10.0.2.2", other_port, "wrong", 5);
    }
  flush (&fixture);
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (recvfrom (fd[i], text, sizeof text, 0, &peer.sa, &peer_len), ==, 6);
      g_assert_cmpuint (runc_slirp_address_port (&peer), ==,
                        runc_slirp_address_port (&forwards[i].host));
      expect_nothing (&fixture, fd[i]);
    }
  expect_nothing (&fixture, other);

  /* What is not published any more is not answered any more. */
  g_assert_true (runc_slirp_udp_close (fixture.udp, &forwards[0]));
  g_assert_false (runc_slirp_udp_close (fixture.udp, &forwards[0]));
  send_from_guest (&fixture, 53, "10.0.2.2", port[0], "late", 4);
  flush (&fixture);
  expect_nothing (&fixture, fd[0]);
  tear_down (&fixture);
  close (fd[0]);
  close (fd[1]);
  close (other);
}

static void
test_nobody_there (void)
{
  static const char *const hosts[][2] = { { "127.0.0.1", "10.0.2.2" }, { "::1", "fd00::2" } };

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      gboolean ipv6 = i == 1;
      Fixture fixture;
      guint16 port;
      guint8 frame[2000];
      struct virtio_net_hdr hdr;
      gsize len;

      if (!has_host (hosts[i][0]))
        continue;
      set_up (&fixture, TRUE);
      close (open_host (hosts[i][0], &port));
      send_from_guest (&fixture, 1000, hosts[i][1], port, "x", 1);
      flush (&fixture);
      go_round (&fixture, 1000);
      g_assert_true (receive_in_guest (&fixture, frame, sizeof frame, &hdr, &len));
      const guint8 *icmp = frame + 14 + (ipv6 ? 40 : 20);
      g_assert_cmpuint (icmp[0], ==, ipv6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH);
      g_assert_cmpuint (icmp[1], ==, ipv6 ? ICMP6_DST_UNREACH_NOPORT : ICMP_PORT_UNREACH);
      const guint8 *udp = icmp + 8 + (ipv6 ? 40 : 20);
      g_assert_cmpuint (udp[0] << 8 | udp[1], ==, 1000);
      g_assert_cmpuint (udp[2] << 8 | udp[3], ==, port);
      /* The socket goes on. */
      send_from_guest (&fixture, 1000, hosts[i][1], port, "x", 1);
      flush (&fixture);
      go_round (&fixture, 1000);
      g_assert_true (receive_in_guest (&fixture, frame, sizeof frame, &hdr, &len));
      tear_down (&fixture);
    }
}

static void
test_ports_are_bounded (void)
{
  struct rlimit before, few;
  Fixture fixture;
  guint16 port;
  char text[10];
  int fd = open_host ("127.0.0.1", &port);

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  few = before;
  few.rlim_cur = MIN (few.rlim_cur, 256);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &few), ==, 0);
  set_up (&fixture, TRUE);
  for (guint16 i = 0; i < 1000; i++)
    {
      send_from_guest (&fixture, (guint16)(1000 + i), "10.0.2.2", port, "x", 1);
      if (i % 50 == 0)
        flush (&fixture);
      g_assert_cmpuint (runc_slirp_udp_count (fixture.udp), <=, 32);
      if (i % 10 == 0)
        while (recv (fd, text, sizeof text, MSG_DONTWAIT) > 0)
          ;
    }
  flush (&fixture);
  g_assert_cmpuint (runc_slirp_udp_count (fixture.udp), ==, 32);
  tear_down (&fixture);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slirp/udp/there-and-back", test_there_and_back);
  g_test_add_func ("/slirp/udp/boundaries", test_boundaries);
  g_test_add_func ("/slirp/udp/segments", test_segments);
  g_test_add_func ("/slirp/udp/loopback-is-closed", test_loopback_is_closed);
  g_test_add_func ("/slirp/udp/published", test_published);
  g_test_add_func ("/slirp/udp/nobody-there", test_nobody_there);
  g_test_add_func ("/slirp/udp/ports-are-bounded", test_ports_are_bounded);
  return g_test_run ();
}
