/* poll(2) for the hot sockets, epoll(7) for the cold ones. Runs in the helper, inside its sandbox.
 *
 * A table indexed by fd says of each socket whether it is hot. A socket starts hot. When there are
 * too many, those that have been quiet for longest go to epoll, with EPOLLONESHOT: it tells of the
 * next event and then forgets the socket without a system call of ours. A cold socket becomes hot
 * by such an event, or when what is wanted of it changes. Closing a socket removes it from epoll,
 * since there is no second fd of it.
 */
#include "slirp-poller.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* poll(2) of so many costs less than a system call of epoll for each that comes and goes. */
#define HOT_MAX 48
/* How many stay hot when there are too many. */
#define HOT_KEPT 24
/* Events of cold sockets that are taken at once. */
#define EVENTS_MAX 64

typedef struct
{
  guint64 wanted_in; /* the round in which it was last wanted */
  guint64 active_in; /* the round in which it last had an event */
  short want;
  short revents;
  short armed; /* what epoll waits for */
  gboolean hot;
} Entry;

struct RuncSlirpPoller
{
  int epoll_fd;
  guint64 round;
  guint n_wanted;
  GArray *table;  /* Entry, by fd */
  GArray *hot;    /* int: the fds that are hot */
  GArray *polled; /* struct pollfd: scratch of wait */
};

RuncSlirpPoller *
runc_slirp_poller_new (GError **error)
{
  g_autoptr (RuncSlirpPoller) poller = g_new0 (RuncSlirpPoller, 1);

  poller->table = g_array_new (FALSE, TRUE, sizeof (Entry));
  poller->hot = g_array_new (FALSE, FALSE, sizeof (int));
  poller->polled = g_array_new (FALSE, FALSE, sizeof (struct pollfd));
  poller->round = 1;
  poller->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (poller->epoll_fd < 0)
    {
      runc_throw_errno (error, "cannot make an epoll instance");
      return NULL;
    }
  return g_steal_pointer (&poller);
}

void
runc_slirp_poller_free (RuncSlirpPoller *poller)
{
  if (poller == NULL)
    return;
  runc_close_fd (poller->epoll_fd);
  g_array_unref (poller->table);
  g_array_unref (poller->hot);
  g_array_unref (poller->polled);
  g_free (poller);
}

static Entry *
entry_of (const RuncSlirpPoller *poller, int fd)
{
  return fd >= 0 && (guint)fd < poller->table->len ? &g_array_index (poller->table, Entry, fd)
                                                   : NULL;
}

static void
heat (RuncSlirpPoller *poller, int fd)
{
  Entry *entry = entry_of (poller, fd);

  if (!entry->hot)
    g_array_append_val (poller->hot, fd);
  entry->hot = TRUE;
  entry->active_in = poller->round;
}

void
runc_slirp_poller_begin (RuncSlirpPoller *poller)
{
  poller->round++;
  poller->n_wanted = 0;
}

guint
runc_slirp_poller_count (const RuncSlirpPoller *poller)
{
  return poller->n_wanted;
}

void
runc_slirp_poller_want (RuncSlirpPoller *poller, int fd, short events)
{
  if (fd < 0)
    return;
  if ((guint)fd >= poller->table->len)
    g_array_set_size (poller->table, MAX ((guint)fd + 1, poller->table->len * 2));
  Entry *entry = entry_of (poller, fd);

  entry->wanted_in = poller->round;
  entry->want = events;
  entry->revents = 0;
  poller->n_wanted++;
  if (!entry->hot && entry->armed != events)
    heat (poller, fd);
}

/* Give a hot socket to epoll. Returns FALSE if epoll will not have it: it stays hot. */
static gboolean
cool (RuncSlirpPoller *poller, int fd)
{
  Entry *entry = entry_of (poller, fd);

  entry->armed = 0;
  if (entry->wanted_in == poller->round)
    {
      /* POLLIN, POLLOUT and POLLPRI are EPOLLIN, EPOLLOUT and EPOLLPRI. */
      struct epoll_event event
          = { .events = (guint32)entry->want | EPOLLONESHOT, .data = { .fd = fd } };
      if (epoll_ctl (poller->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0
          && epoll_ctl (poller->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return FALSE;
      entry->armed = entry->want;
    }
  entry->hot = FALSE;
  return TRUE;
}

static int
compare_activity (gconstpointer a, gconstpointer b, gpointer data)
{
  const Entry *entry_a = entry_of (data, *(const int *)a);
  const Entry *entry_b = entry_of (data, *(const int *)b);

  if (entry_a->active_in == entry_b->active_in)
    return 0;
  return entry_a->active_in > entry_b->active_in ? -1 : 1;
}

static void
cool_the_quiet (RuncSlirpPoller *poller)
{
  if (poller->hot->len <= HOT_MAX)
    return;
  g_array_sort_with_data (poller->hot, compare_activity, poller);
  for (guint i = poller->hot->len; i-- > HOT_KEPT;)
    if (cool (poller, g_array_index (poller->hot, int, i)))
      g_array_remove_index_fast (poller->hot, i);
}

/* Take the events of cold sockets. */
static void
collect (RuncSlirpPoller *poller)
{
  struct epoll_event events[EVENTS_MAX];
  int n = epoll_wait (poller->epoll_fd, events, EVENTS_MAX, 0);

  for (int i = 0; i < n; i++)
    {
      int fd = events[i].data.fd;
      Entry *entry = entry_of (poller, fd);
      if (entry == NULL)
        continue;
      entry->armed = 0;
      /* A hot one has been asked by poll(2) already. */
      if (entry->hot)
        continue;
      heat (poller, fd);
      if (entry->wanted_in == poller->round)
        entry->revents = (short)(events[i].events & (guint32)(entry->want | POLLERR | POLLHUP));
    }
}

int
runc_slirp_poller_wait (RuncSlirpPoller *poller, struct pollfd *extra, guint n_extra,
                        int timeout_ms)
{
  struct pollfd cold = { .fd = poller->epoll_fd, .events = POLLIN };

  cool_the_quiet (poller);
  g_array_set_size (poller->polled, 0);
  g_array_append_vals (poller->polled, extra, n_extra);
  g_array_append_val (poller->polled, cold);
  for (guint i = 0; i < poller->hot->len; i++)
    {
      int fd = g_array_index (poller->hot, int, i);
      const Entry *entry = entry_of (poller, fd);
      struct pollfd pollfd = { .fd = fd, .events = entry->want };
      if (entry->wanted_in == poller->round)
        g_array_append_val (poller->polled, pollfd);
    }

  struct pollfd *polled = (struct pollfd *)(void *)poller->polled->data;
  int n = poll (polled, poller->polled->len, timeout_ms);
  if (n < 0)
    return -errno;
  memcpy (extra, polled, n_extra * sizeof *extra);
  for (guint i = n_extra + 1; i < poller->polled->len && n > 0; i++)
    if (polled[i].revents != 0)
      {
        Entry *entry = entry_of (poller, polled[i].fd);
        entry->revents = polled[i].revents;
        entry->active_in = poller->round;
      }
  if (polled[n_extra].revents != 0)
    collect (poller);
  return 0;
}

short
runc_slirp_poller_revents (const RuncSlirpPoller *poller, int fd)
{
  const Entry *entry = entry_of (poller, fd);

  return entry != NULL && entry->wanted_in == poller->round ? entry->revents : 0;
}

void
runc_slirp_poller_forget (RuncSlirpPoller *poller, int fd)
{
  Entry *entry = entry_of (poller, fd);

  if (entry == NULL)
    return;
  if (entry->hot)
    for (guint i = 0; i < poller->hot->len; i++)
      if (g_array_index (poller->hot, int, i) == fd)
        {
          g_array_remove_index_fast (poller->hot, i);
          break;
        }
  memset (entry, 0, sizeof *entry);
}
