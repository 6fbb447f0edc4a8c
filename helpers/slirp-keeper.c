/* The keeper: a child of the helper that stays outside of the sandbox. Runs its loop in that child,
 * start and give_resolv in the helper.
 *
 * libslirp looks at /etc/resolv.conf for the address behind its name server, again and again, but
 * the sandbox has no files of the host. So the sandbox gets a file of its own with the name servers
 * in it, and the keeper, which has an fd of that file, rewrites it when the host's changes (a
 * laptop that moves to another network). The keeper never sees a byte from the container.
 *
 * It ends when the helper's end of the socket between them is closed, which happens however the
 * helper ends; then it removes the API socket, which the helper, in its empty root, could not. It
 * ignores the signals of a terminal and SIGTERM for that reason. It has no capabilities.
 */
#include "slirp-keeper.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_MAX  65536

/* libslirp reads no further than the first, the C library no further than the third. */
#define SERVERS_MAX 3

/* The content changes again when an editor writes twice; look once it is quiet for so long. */
#define SETTLE_MS 50

/* ---------------------------------------------------------------- resolv.conf */

char *
runc_slirp_resolv_filter (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);
  int n4 = 0, n6 = 0;

  for (char **line = lines; *line != NULL; line++)
    {
      char server[INET6_ADDRSTRLEN + 32];
      char bare[sizeof server];
      guint8 address[16];

      if (sscanf (*line, "nameserver%*[ \t]%77s", server) != 1)
        continue;
      strcpy (bare, server);
      bare[strcspn (bare, "%")] = '\0';
      if (inet_pton (AF_INET, server, address) == 1
              ? n4++ < SERVERS_MAX
              : inet_pton (AF_INET6, bare, address) == 1 && n6++ < SERVERS_MAX)
        g_string_append_printf (out, "nameserver %s\n", server);
    }
  if (out->len == 0)
    g_string_append (out, "nameserver 127.0.0.1\nnameserver ::1\n");
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
runc_slirp_resolv_read (void)
{
  g_autofree char *text = runc_io_read_file (AT_FDCWD, RESOLV_CONF, RESOLV_MAX, NULL, NULL);

  return runc_slirp_resolv_filter (text ?: "");
}

/* ---------------------------------------------------------------- the keeper's side */

typedef struct
{
  int control_fd;
  int inotify_fd;
  int resolv_fd; /* the sandbox's file; -EBADF until it was given */
  char *resolv;  /* what is in it */
  guint generation;
  const char *api_socket;
  struct stat api_stat;
} Keeper;

/* A change shows as another size even within the second that the time of a file has for libslirp.
 */
static void
write_resolv (Keeper *keeper)
{
  keeper->generation++;
  g_autofree char *text
      = g_strdup_printf ("%s%s", keeper->resolv, keeper->generation % 2 ? "" : "# changed\n");
  gsize len = strlen (text);

  /* A moment without name servers is what libslirp takes for no change. */
  if (pwrite (keeper->resolv_fd, text, len, 0) == (ssize_t)len
      && ftruncate (keeper->resolv_fd, (off_t)len) < 0)
    keeper->resolv_fd = runc_close_fd (keeper->resolv_fd);
}

/* Watch the directories of the file and of what it links to: files are replaced by renaming. */
static void
watch_resolv (const Keeper *keeper)
{
  const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR;
  char target[PATH_MAX];

  inotify_add_watch (keeper->inotify_fd, "/etc", events);
  if (realpath (RESOLV_CONF, target) == NULL)
    return;
  *strrchr (target, '/') = '\0';
  inotify_add_watch (keeper->inotify_fd, target[0] != '\0' ? target : "/", events);
}

static void
drain (int fd)
{
  char buffer[4096];

  while (read (fd, buffer, sizeof buffer) > 0)
    ;
}

static void
refresh (Keeper *keeper)
{
  struct pollfd pollfd = { .fd = keeper->control_fd, .events = POLLIN };

  poll (&pollfd, 1, SETTLE_MS);
  drain (keeper->inotify_fd);
  watch_resolv (keeper);
  g_autofree char *text = runc_slirp_resolv_read ();
  if (strcmp (text, keeper->resolv) == 0)
    return;
  g_free (keeper->resolv);
  keeper->resolv = g_steal_pointer (&text);
  if (keeper->resolv_fd >= 0)
    write_resolv (keeper);
}

/* The helper's one message, or its end. Returns FALSE for the latter. */
static gboolean
read_control (Keeper *keeper)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  char byte;
  struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
  struct msghdr message = {
    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  ssize_t n = recvmsg (keeper->control_fd, &message, MSG_CMSG_CLOEXEC);

  if (n <= 0)
    return n < 0 && errno == EINTR;
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&message);
  if (cmsg != NULL && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS
      && cmsg->cmsg_len == CMSG_LEN (sizeof (int)))
    {
      runc_close_fd (keeper->resolv_fd);
      memcpy (&keeper->resolv_fd, CMSG_DATA (cmsg), sizeof (int));
      write_resolv (keeper);
    }
  return TRUE;
}

/* Remove the API socket, unless it was replaced by another's. */
static void
remove_api_socket (const Keeper *keeper)
{
  struct stat st;

  if (keeper->api_socket != NULL && lstat (keeper->api_socket, &st) == 0
      && st.st_dev == keeper->api_stat.st_dev && st.st_ino == keeper->api_stat.st_ino)
    unlink (keeper->api_socket);
}

/* The helper's fds, the tap and the caller's stderr among them, are not ours to hold open. */
static void
keep_only_control (Keeper *keeper)
{
  dup2 (STDIN_FILENO, STDERR_FILENO);
  if (keeper->control_fd != STDERR_FILENO + 1)
    dup3 (keeper->control_fd, STDERR_FILENO + 1, O_CLOEXEC);
  keeper->control_fd = STDERR_FILENO + 1;
  runc_sys_close_range (STDERR_FILENO + 2, G_MAXUINT, 0);
}

static G_GNUC_NORETURN void
run_keeper (Keeper *keeper)
{
  struct pollfd pollfds[2];
  sigset_t all;

  prctl (PR_SET_NAME, "runc-slirp-keep");
  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  keep_only_control (keeper);
  runc_sys_capset (0, 0, 0);
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

  keeper->inotify_fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  watch_resolv (keeper);
  pollfds[0] = (struct pollfd){ .fd = keeper->control_fd, .events = POLLIN };
  pollfds[1] = (struct pollfd){ .fd = keeper->inotify_fd, .events = POLLIN };
  for (;;)
    {
      if (poll (pollfds, 2, -1) < 0 && errno != EINTR)
        break;
      if (pollfds[0].revents != 0 && !read_control (keeper))
        break;
      if (pollfds[1].revents != 0)
        refresh (keeper);
    }
  remove_api_socket (keeper);
  _exit (0);
}

/* ---------------------------------------------------------------- the helper's side */

int
runc_slirp_keeper_start (const char *api_socket, const char *resolv, pid_t *ret_pid, GError **error)
{
  Keeper keeper = {
    .control_fd = -EBADF, .inotify_fd = -EBADF, .resolv_fd = -EBADF, .api_socket = api_socket
  };
  int pair[2];

  if (api_socket != NULL && lstat (api_socket, &keeper.api_stat) < 0)
    {
      runc_throw_errno (error, "cannot find '%s'", api_socket);
      return -EBADF;
    }
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    {
      runc_throw_errno (error, "cannot make a socket pair");
      return -EBADF;
    }
  autofd int ours = pair[0];
  autofd int theirs = pair[1];

  pid_t pid = fork ();
  if (pid < 0)
    {
      runc_throw_errno (error, "cannot fork");
      return -EBADF;
    }
  if (pid == 0)
    {
      keeper.control_fd = theirs;
      keeper.resolv = g_strdup (resolv);
      run_keeper (&keeper);
    }
  *ret_pid = pid;
  return runc_steal_fd (&ours);
}

gboolean
runc_slirp_keeper_give_resolv (int keeper_fd, int resolv_fd, GError **error)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control = { 0 };
  struct iovec iov = { .iov_base = (char *)"1", .iov_len = 1 };
  struct msghdr message = {
    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  struct cmsghdr *cmsg = CMSG_FIRSTHDR (&message);

  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN (sizeof resolv_fd);
  memcpy (CMSG_DATA (cmsg), &resolv_fd, sizeof resolv_fd);
  if (sendmsg (keeper_fd, &message, MSG_NOSIGNAL) < 0)
    return runc_throw_errno (error, "cannot reach the keeper");
  return TRUE;
}
