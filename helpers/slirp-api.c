/* The server of the API socket. Runs in the helper, inside its sandbox, between rounds of traffic.
 *
 * Each client sends one request and gets one answer, then the connection is closed. Nothing waits:
 * an epoll instance holds the listening socket and the clients, a client has a buffer for what it
 * sent or what it has not taken yet, and whoever takes longer than CLIENT_TIMEOUT_MS is dropped, so
 * that a client can only hold up itself. More than CLIENTS_MAX wait in the socket's backlog.
 */
#include "slirp-api.h"

#include "slirp-request.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CLIENTS_MAX       16
#define CLIENT_TIMEOUT_MS 5000
#define BACKLOG           64

typedef struct
{
  int fd;
  gint64 deadline_us;
  gsize n_read;
  char request[RUNC_SLIRP_REQUEST_MAX];
  char *answer; /* NULL while the request is read */
  gsize answer_len, n_written;
} Client;

struct RuncSlirpApi
{
  int listen_fd;
  int epoll_fd;
  RuncSlirpForwards *forwards;
  GPtrArray *clients; /* Client */
};

/* ---------------------------------------------------------------- set-up */

/* Whether there is a socket at @address without a listener. */
static gboolean
is_stale (const struct sockaddr_un *address)
{
  struct stat st;
  autofd int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  return fd >= 0 && lstat (address->sun_path, &st) == 0 && S_ISSOCK (st.st_mode)
         && connect (fd, (const struct sockaddr *)address, sizeof *address) < 0
         && errno == ECONNREFUSED;
}

/* A path that is too long for an address goes by way of its directory, which is then *@ret_dir_fd.
 */
static gboolean
fill_address (const char *path, struct sockaddr_un *address, int *ret_dir_fd, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  int n = g_snprintf (address->sun_path, sizeof address->sun_path, "%s", path);

  if (n < (int)sizeof address->sun_path)
    return TRUE;
  *ret_dir_fd = open (dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*ret_dir_fd < 0)
    return runc_throw_errno (error, "cannot open '%s'", dir);
  n = g_snprintf (address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *ret_dir_fd,
                  name);
  return n < (int)sizeof address->sun_path
         || runc_throw (error, RUNC_ERROR_USAGE,
                        "--api-socket '%s': its name is longer than a socket's can be", path);
}

int
runc_slirp_api_listen (const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  autofd int dir_fd = -EBADF;

  if (fd < 0)
    {
      runc_throw_errno (error, "cannot make a socket");
      return -EBADF;
    }
  if (!fill_address (path, &address, &dir_fd, error))
    return -EBADF;

  mode_t old_mask = umask (0077);
  int r = bind (fd, (struct sockaddr *)&address, sizeof address);
  if (r < 0 && errno == EADDRINUSE && is_stale (&address) && unlink (path) == 0)
    r = bind (fd, (struct sockaddr *)&address, sizeof address);
  umask (old_mask);
  if (r < 0 || listen (fd, BACKLOG) < 0)
    {
      runc_throw_errno (error, "cannot listen on '%s'", path);
      return -EBADF;
    }
  return runc_steal_fd (&fd);
}

static void
client_free (gpointer data)
{
  Client *client = data;

  runc_close_fd (client->fd);
  g_free (client->answer);
  g_free (client);
}

RuncSlirpApi *
runc_slirp_api_new (int take_listen_fd, RuncSlirpForwards *forwards, GError **error)
{
  g_autoptr (RuncSlirpApi) api = g_new0 (RuncSlirpApi, 1);
  struct epoll_event event = { .events = EPOLLIN };
  int listens = 0;
  socklen_t len = sizeof listens;

  api->listen_fd = take_listen_fd;
  api->forwards = forwards;
  api->clients = g_ptr_array_new_with_free_func (client_free);
  api->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (getsockopt (api->listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens)
    {
      runc_throw (error, RUNC_ERROR_USAGE, "--api-fd: this is not a listening socket");
      return NULL;
    }
  if (api->epoll_fd < 0 || fcntl (api->listen_fd, F_SETFL, O_NONBLOCK) < 0
      || epoll_ctl (api->epoll_fd, EPOLL_CTL_ADD, api->listen_fd, &event) < 0)
    {
      runc_throw_errno (error, "cannot serve the API socket");
      return NULL;
    }
  return g_steal_pointer (&api);
}

void
runc_slirp_api_free (RuncSlirpApi *api)
{
  if (api == NULL)
    return;
  g_ptr_array_unref (api->clients);
  runc_close_fd (api->epoll_fd);
  runc_close_fd (api->listen_fd);
  g_free (api);
}

int
runc_slirp_api_get_fd (const RuncSlirpApi *api)
{
  return api->epoll_fd;
}

int
runc_slirp_api_get_timeout (const RuncSlirpApi *api)
{
  gint64 first_us = G_MAXINT64;

  if (api->clients->len == 0)
    return -1;
  for (guint i = 0; i < api->clients->len; i++)
    first_us = MIN (first_us, ((Client *)g_ptr_array_index (api->clients, i))->deadline_us);
  return (int)MAX ((first_us - g_get_monotonic_time ()) / 1000 + 1, 0);
}

/* ---------------------------------------------------------------- clients */

static void
accept_clients (RuncSlirpApi *api)
{
  while (api->clients->len < CLIENTS_MAX)
    {
      autofd int fd = accept4 (api->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        return;
      g_autofree Client *client = g_new0 (Client, 1);
      struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = client } };
      if (epoll_ctl (api->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return;
      client->fd = runc_steal_fd (&fd);
      client->deadline_us = g_get_monotonic_time () + CLIENT_TIMEOUT_MS * 1000;
      g_ptr_array_add (api->clients, g_steal_pointer (&client));
    }
}

/* Whether more clients are taken now. */
static void
set_accepting (RuncSlirpApi *api, gboolean accepting)
{
  struct epoll_event event = { .events = accepting ? EPOLLIN : 0 };

  epoll_ctl (api->epoll_fd, EPOLL_CTL_MOD, api->listen_fd, &event);
}

/* Write what is left of the answer. Returns FALSE when @client is done with. */
static gboolean
write_answer (RuncSlirpApi *api, Client *client)
{
  ssize_t n = send (client->fd, client->answer + client->n_written,
                    client->answer_len - client->n_written, MSG_NOSIGNAL);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  client->n_written += (gsize)n;
  if (client->n_written == client->answer_len)
    return FALSE;
  struct epoll_event event = { .events = EPOLLOUT, .data = { .ptr = client } };
  return epoll_ctl (api->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) == 0;
}

static void
execute (RuncSlirpApi *api, Client *client)
{
  g_autoptr (GError) error = NULL;
  RuncSlirpRequest request;

  if (client->n_read == sizeof client->request)
    client->answer = runc_slirp_request_error ("bad request: too large message");
  else if (!runc_slirp_request_parse (client->request, client->n_read, &request, &error))
    client->answer = runc_slirp_request_error (error->message);
  else
    client->answer = runc_slirp_request_execute (&request, api->forwards);
  client->answer_len = strlen (client->answer);
}

/* Returns FALSE when @client is done with. */
static gboolean
read_request (RuncSlirpApi *api, Client *client)
{
  ssize_t n = recv (client->fd, client->request + client->n_read,
                    sizeof client->request - client->n_read, 0);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  client->n_read += (gsize)n;
  if (n > 0 && client->n_read < sizeof client->request
      && runc_slirp_request_scan (client->request, client->n_read) == RUNC_SLIRP_REQUEST_PARTIAL)
    return TRUE;
  if (client->n_read == 0)
    return FALSE;
  execute (api, client);
  return write_answer (api, client);
}

static void
drop_the_late (RuncSlirpApi *api)
{
  gint64 now_us = g_get_monotonic_time ();

  for (guint i = api->clients->len; i-- > 0;)
    if (((Client *)g_ptr_array_index (api->clients, i))->deadline_us <= now_us)
      g_ptr_array_remove_index_fast (api->clients, i);
}

void
runc_slirp_api_dispatch (RuncSlirpApi *api)
{
  struct epoll_event events[CLIENTS_MAX + 1];
  int n = epoll_wait (api->epoll_fd, events, G_N_ELEMENTS (events), 0);
  gboolean was_full = api->clients->len == CLIENTS_MAX;
  gboolean knocked = FALSE;

  for (int i = 0; i < n; i++)
    {
      Client *client = events[i].data.ptr;
      if (client == NULL)
        {
          knocked = TRUE;
          continue;
        }
      gboolean stays
          = client->answer == NULL ? read_request (api, client) : write_answer (api, client);
      if (!stays)
        g_ptr_array_remove_fast (api->clients, client);
    }
  drop_the_late (api);
  if (knocked)
    accept_clients (api);
  gboolean full = api->clients->len == CLIENTS_MAX;
  if (full != was_full)
    set_accepting (api, !full);
}
