/* The wire: every message both ways, packets that are not ours, the end, fds and who closes them.
 */
#include "base/fd.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

typedef struct
{
  int ends[2];
  int n_fds; /* open in the whole process before the pair */
} Fixture;

static int
count_fds (void)
{
  int n = 0;

  for (int fd = 0; fd < 256; fd++)
    if (fcntl (fd, F_GETFD) >= 0)
      n++;
  return n;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->n_fds = count_fds ();
  g_assert_cmpint (runc_wire_pair (&f->ends[0], &f->ends[1]), ==, 0);
  for (int i = 0; i < 2; i++)
    g_assert_cmpint (fcntl (f->ends[i], F_GETFD), ==, FD_CLOEXEC);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  (void)data;
  runc_close_fd (f->ends[0]);
  runc_close_fd (f->ends[1]);
  g_assert_cmpint (count_fds (), ==, f->n_fds);
}

static void
assert_same_file (int a, int b)
{
  struct stat st_a, st_b;

  g_assert_cmpint (fstat (a, &st_a), ==, 0);
  g_assert_cmpint (fstat (b, &st_b), ==, 0);
  g_assert_cmpuint (st_a.st_ino, ==, st_b.st_ino);
  g_assert_cmpuint (st_a.st_dev, ==, st_b.st_dev);
}

static void
test_every_message (Fixture *f, gconstpointer data)
{
  static const struct
  {
    bool from_child;
    bool has_fd;
  } table[] = {
#define X(name, text, from_child, has_fd) { from_child, has_fd },
    RUNC_MESSAGES (X)
#undef X
  };
  autofd int file = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  (void)data;
  for (int m = 0; m < RUNC_N_MESSAGES; m++)
    for (int with_payload = 0; with_payload < 2; with_payload++)
      {
        int from = f->ends[table[m].from_child ? 1 : 0], to = f->ends[table[m].from_child ? 0 : 1];
        char received[64] = "";
        RuncMessage message = RUNC_N_MESSAGES;
        size_t len = 99;
        autofd int fd = -EBADF;

        g_assert_cmpstr (runc_message_to_string ((RuncMessage)m), !=, "?");
        g_assert_cmpint (runc_wire_send (from, (RuncMessage)m, "payload", with_payload ? 7 : 0,
                                         table[m].has_fd ? file : -1),
                         ==, 0);
        g_assert_cmpint (runc_wire_receive (to, &message, received, sizeof received, &len, &fd), ==,
                         1);
        g_assert_cmpint (message, ==, m);
        g_assert_cmpuint (len, ==, with_payload ? 7 : 0);
        g_assert_cmpmem (received, len, "payload", with_payload ? 7 : 0);
        if (!table[m].has_fd)
          {
            g_assert_cmpint (fd, ==, -EBADF);
            continue;
          }
        assert_same_file (fd, file);
        g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
      }
}

static void
test_bare (Fixture *f, gconstpointer data)
{
  (void)data;
  for (int m = 0; m < RUNC_N_MESSAGES; m++)
    {
      RuncMessage message;
      size_t len = 99;

      g_assert_cmpint (runc_wire_write (f->ends[1], (RuncMessage)m, NULL, 0), ==, 0);
      g_assert_cmpint (runc_wire_read (f->ends[0], &message), ==, 1);
      g_assert_cmpint (message, ==, m);
      /* both kinds understand each other */
      g_assert_cmpint (runc_wire_write (f->ends[1], (RuncMessage)m, NULL, 0), ==, 0);
      g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, NULL), ==, 1);
      g_assert_cmpint (message, ==, m);
      g_assert_cmpuint (len, ==, 0);
      g_assert_cmpint (runc_wire_send (f->ends[0], (RuncMessage)m, NULL, 0, -1), ==, 0);
      g_assert_cmpint (runc_wire_read (f->ends[1], &message), ==, 1);
      g_assert_cmpint (message, ==, m);
    }
}

static void
test_names (void)
{
  g_assert_cmpstr (runc_message_to_string (RUNC_MESSAGE_PROCEED), ==, "proceed");
  g_assert_cmpstr (runc_message_to_string ((RuncMessage)RUNC_N_MESSAGES), ==, "?");
  g_assert_cmpstr (runc_message_to_string ((RuncMessage)-1), ==, "?");
}

static void
test_largest (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *sent = g_malloc (RUNC_WIRE_MAX + 1);
  g_autofree guint8 *received = g_malloc0 (RUNC_WIRE_MAX);
  RuncMessage message;
  size_t len;

  (void)data;
  for (gsize i = 0; i < RUNC_WIRE_MAX + 1; i++)
    sent[i] = (guint8)(i * 7);
  g_assert_cmpint (runc_wire_send (f->ends[0], RUNC_MESSAGE_SECCOMP, sent, RUNC_WIRE_MAX, -1), ==,
                   0);
  g_assert_cmpint (runc_wire_receive (f->ends[1], &message, received, RUNC_WIRE_MAX, &len, NULL),
                   ==, 1);
  g_assert_cmpmem (received, len, sent, RUNC_WIRE_MAX);
  /* one byte more than there is room for: an error, the next message is not harmed */
  g_assert_cmpint (runc_wire_send (f->ends[0], RUNC_MESSAGE_SECCOMP, sent, RUNC_WIRE_MAX + 1, -1),
                   ==, 0);
  g_assert_cmpint (runc_wire_send (f->ends[0], RUNC_MESSAGE_PROCEED, NULL, 0, -1), ==, 0);
  g_assert_cmpint (runc_wire_receive (f->ends[1], &message, received, RUNC_WIRE_MAX, &len, NULL),
                   ==, -EMSGSIZE);
  g_assert_cmpint (runc_wire_receive (f->ends[1], &message, received, RUNC_WIRE_MAX, &len, NULL),
                   ==, 1);
  g_assert_cmpint (message, ==, RUNC_MESSAGE_PROCEED);
}

static void
send_raw (int sock, const void *data, size_t len)
{
  g_assert_cmpint (send (sock, data, len, 0), ==, (gssize)len);
}

static void
test_malformed (Fixture *f, gconstpointer data)
{
  static const guint32 wrong_magic[] = { 0x12345678, RUNC_MESSAGE_READY };
  static const guint32 wrong_message[] = { 0x72756e63, RUNC_N_MESSAGES };
  static const guint32 huge_message[] = { 0x72756e63, 0xffffffff };
  char buffer[16];
  RuncMessage message;
  size_t len;
  int fd;

  (void)data;
  for (size_t n = 1; n < sizeof wrong_magic; n++)
    {
      const guint32 good[] = { 0x72756e63, RUNC_MESSAGE_READY };

      send_raw (f->ends[1], good, n);
      g_assert_cmpint (runc_wire_receive (f->ends[0], &message, buffer, sizeof buffer, &len, &fd),
                       ==, -EBADMSG);
      send_raw (f->ends[1], good, n);
      g_assert_cmpint (runc_wire_read (f->ends[0], &message), ==, -EBADMSG);
    }
  for (int i = 0; i < 3; i++)
    {
      const guint32 *packet = i == 0 ? wrong_magic : i == 1 ? wrong_message : huge_message;

      send_raw (f->ends[1], packet, sizeof wrong_magic);
      g_assert_cmpint (runc_wire_receive (f->ends[0], &message, buffer, sizeof buffer, &len, &fd),
                       ==, -EBADMSG);
      send_raw (f->ends[1], packet, sizeof wrong_magic);
      g_assert_cmpint (runc_wire_read (f->ends[0], &message), ==, -EBADMSG);
    }
}

/* Send @n fds along with a message. */
static void
send_fds (int sock, const void *head, size_t head_len, int fd, size_t n)
{
  struct iovec iov = { .iov_base = (void *)head, .iov_len = head_len };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (4 * sizeof (int))];
  } control = { .space = { 0 } };
  struct msghdr msg = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = CMSG_SPACE (n * sizeof (int)) };
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);

  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN (n * sizeof (int));
  for (size_t i = 0; i < n; i++)
    memcpy (CMSG_DATA (cmsg) + i * sizeof (int), &fd, sizeof fd);
  g_assert_cmpint (sendmsg (sock, &msg, 0), ==, (gssize)head_len);
}

/* An fd that nobody asked for, or that comes with a packet which is refused, is closed: tear_down()
 * counts. */
static void
test_stray_fds (Fixture *f, gconstpointer data)
{
  static const guint32 good[] = { 0x72756e63, RUNC_MESSAGE_READY };
  static const guint32 bad[] = { 0, RUNC_MESSAGE_READY };
  autofd int file = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  char large[64] = "";
  RuncMessage message;
  size_t len;
  int fd = -1;

  (void)data;
  g_assert_cmpint (runc_wire_send (f->ends[1], RUNC_MESSAGE_CONSOLE, NULL, 0, file), ==, 0);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, NULL), ==, 1);
  send_fds (f->ends[1], bad, sizeof bad, file, 1);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, &fd), ==, -EBADMSG);
  send_fds (f->ends[1], good, sizeof good - 1, file, 1);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, &fd), ==, -EBADMSG);
  memcpy (large, good, sizeof good);
  send_fds (f->ends[1], large, sizeof large, file, 1);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, &fd), ==, -EMSGSIZE);
  send_fds (f->ends[1], good, sizeof good, file, 2);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, NULL), ==, 1);
  send_fds (f->ends[1], good, sizeof good, file, 4);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, &fd), ==, 1);
  assert_same_file (fd, file);
  close (fd);
}

static void
test_end (Fixture *f, gconstpointer data)
{
  RuncMessage message;
  size_t len;

  (void)data;
  g_assert_cmpint (runc_wire_write (f->ends[1], RUNC_MESSAGE_READY, NULL, 0), ==, 0);
  f->ends[1] = runc_close_fd (f->ends[1]);
  g_assert_cmpint (runc_wire_read (f->ends[0], &message), ==, 1);
  g_assert_cmpint (runc_wire_read (f->ends[0], &message), ==, 0);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, NULL, 0, &len, NULL), ==, 0);
  /* no SIGPIPE */
  g_assert_cmpint (runc_wire_send (f->ends[0], RUNC_MESSAGE_PROCEED, NULL, 0, -1), ==, -EPIPE);
}

/* A child that fails before it has taken what was sent ahead: its report is not lost. */
static void
test_report_behind_reset (Fixture *f, gconstpointer data)
{
  RuncWireFailure failure = { .op = 3, .errnum = EIO }, received = { 0 };
  RuncMessage message;
  size_t len;

  g_assert_cmpint (runc_wire_send (f->ends[0], RUNC_MESSAGE_PROCEED, NULL, 0, -1), ==, 0);
  g_assert_cmpint (runc_wire_send (f->ends[1], RUNC_MESSAGE_FAILED, &failure, sizeof failure, -1),
                   ==, 0);
  f->ends[1] = runc_close_fd (f->ends[1]);
  if (data != NULL)
    {
      int r = runc_wire_send (f->ends[0], RUNC_MESSAGE_PROCEED, NULL, 0, -1);

      g_assert_true (r == -ECONNRESET || r == -EPIPE);
    }
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, &received, sizeof received, &len, NULL),
                   ==, 1);
  g_assert_cmpint (message, ==, RUNC_MESSAGE_FAILED);
  g_assert_cmpmem (&received, len, &failure, sizeof failure);
  g_assert_cmpint (runc_wire_receive (f->ends[0], &message, &received, sizeof received, &len, NULL),
                   ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, function, data) g_test_add (path, Fixture, data, set_up, function, tear_down)
  g_test_add_func ("/wire/names", test_names);
  TEST ("/wire/every-message", test_every_message, NULL);
  TEST ("/wire/bare", test_bare, NULL);
  TEST ("/wire/largest", test_largest, NULL);
  TEST ("/wire/malformed", test_malformed, NULL);
  TEST ("/wire/stray-fds", test_stray_fds, NULL);
  TEST ("/wire/end", test_end, NULL);
  TEST ("/wire/report-behind-reset", test_report_behind_reset, NULL);
  TEST ("/wire/report-behind-reset/after-send", test_report_behind_reset, "");
  return g_test_run ();
}
