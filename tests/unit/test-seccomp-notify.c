/* What an agent gets (src/seccomp/notify.c). */
#include "seccomp-run.h"

#include "base/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STATE                                                                                      \
  "{\"ociVersion\":\"1.2.3\",\"id\":\"ct\",\"status\":\"creating\",\"pid\":42,\"bundle\":\"/b\"}"

typedef struct
{
  char *dir;
  char *path;
  int listener;
  int fd; /* to be sent */
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  (void)data;
  f->dir = g_dir_make_tmp ("test-notify-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "agent.sock", NULL);
  g_strlcpy (address.sun_path, f->path, sizeof address.sun_path);
  f->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (f->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (listen (f->listener, 1), ==, 0);
  f->fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  (void)data;
  close (f->listener);
  close (f->fd);
  g_unlink (f->path);
  g_rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

static RuncSpec *
spec_for (const char *path, const char *metadata)
{
  g_autofree char *json
      = g_strdup_printf ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"%s\"%s%s%s}",
                         path, metadata != NULL ? ",\"listenerMetadata\":\"" : "",
                         metadata != NULL ? metadata : "", metadata != NULL ? "\"" : "");

  return seccomp_spec (json);
}

/* All that comes over the next connection, and the fd that comes with its first part. */
static char *
receive (const Fixture *f, int *ret_fd)
{
  int sock = accept4 (f->listener, NULL, NULL, SOCK_CLOEXEC);
  GString *text = g_string_new (NULL);

  *ret_fd = -1;
  for (;;)
    {
      char buffer[65536];
      union
      {
        struct cmsghdr align;
        char space[CMSG_SPACE (sizeof (int))];
      } control;
      struct iovec iov = { buffer, sizeof buffer };
      struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
      };
      ssize_t n = recvmsg (sock, &msg, MSG_CMSG_CLOEXEC);
      struct cmsghdr *cmsg = CMSG_FIRSTHDR (&msg);

      g_assert_cmpint ((int)n, >=, 0);
      if (n == 0)
        break;
      if (cmsg != NULL)
        {
          g_assert_cmpuint (text->len, ==, 0);
          g_assert_cmpint (cmsg->cmsg_type, ==, SCM_RIGHTS);
          g_assert_cmpint (*ret_fd, ==, -1);
          memcpy (ret_fd, CMSG_DATA (cmsg), sizeof *ret_fd);
        }
      g_string_append_len (text, buffer, n);
    }
  close (sock);
  return g_string_free (text, FALSE);
}

static void
assert_same_file (int a, int b)
{
  struct stat x, y;

  g_assert_cmpint (fstat (a, &x), ==, 0);
  g_assert_cmpint (fstat (b, &y), ==, 0);
  g_assert_cmpuint (x.st_ino, ==, y.st_ino);
  g_assert_cmpuint (x.st_dev, ==, y.st_dev);
}

static void
test_send (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *metadata;
    const char *expected;
  } rows[] = {
    { NULL, "{\"ociVersion\":\"1.2.3\",\"fds\":[\"seccompFd\"],\"pid\":4711,\"state\":" STATE "}" },
    { "some data",
      "{\"ociVersion\":\"1.2.3\",\"fds\":[\"seccompFd\"],\"pid\":4711,\"metadata\":\"some data\","
      "\"state\":" STATE "}" },
  };

  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RuncSpec) spec = spec_for (f->path, rows[i].metadata);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      int fd;

      g_assert_true (
          runc_seccomp_notify_send (spec->linux_spec.seccomp, f->fd, STATE, 4711, &error));
      g_assert_no_error (error);
      text = receive (f, &fd);
      g_assert_cmpstr (text, ==, rows[i].expected);
      assert_same_file (fd, f->fd);
      close (fd);
    }
}

/* More than a socket buffers: sent while it is read. */
static void
test_large (Fixture *f, gconstpointer data)
{
  g_autofree char *metadata = g_strnfill (2000000, 'm');
  g_autoptr (RuncSpec) spec = spec_for (f->path, metadata);
  g_autofree char *text = NULL;
  pid_t pid = fork ();
  int fd;

  (void)data;
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (runc_seccomp_notify_send (spec->linux_spec.seccomp, f->fd, STATE, 1, NULL) ? 0 : 1);
  text = receive (f, &fd);
  g_assert_nonnull (strstr (text, metadata));
  g_assert_true (g_str_has_suffix (text, "\"bundle\":\"/b\"}}"));
  assert_same_file (fd, f->fd);
  close (fd);
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  g_autofree char *absent = g_strconcat (f->path, "x", NULL);
  g_autofree char *long_path = g_strnfill (200, 'p');
  const char *paths[] = { absent, long_path };
  const char *reasons[] = { "no such file or directory", "longer than 107 bytes" };

  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RuncSpec) spec = spec_for (paths[i], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (runc_seccomp_notify_send (spec->linux_spec.seccomp, f->fd, STATE, 1, &error));
      g_assert_nonnull (strstr (error->message, "failed to connect with seccomp agent"));
      g_assert_nonnull (strstr (error->message, reasons[i]));
    }
}

#define ADD(path, function)                                                                        \
  g_test_add ("/seccomp/notify/" path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("send", test_send);
  ADD ("large", test_large);
  ADD ("nobody", test_nobody);
  return g_test_run ();
}
