/* Waiting for many sockets of which few are busy.
 *
 * libslirp names, before each wait, every socket that it has and what it waits for. Handing that
 * list to poll(2) costs time for each idle connection each time. Here only the hot sockets, those
 * that lately had something, go to poll(2); the cold ones wait in an epoll instance, which costs
 * nothing until one of them wakes up.
 */
#pragma once

#include <glib.h>
#include <poll.h>

typedef struct RuncSlirpPoller RuncSlirpPoller;

/* NULL with an error when there are no fds left. */
RuncSlirpPoller *runc_slirp_poller_new (GError **error);
void runc_slirp_poller_free (RuncSlirpPoller *poller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpPoller, runc_slirp_poller_free)

/* Begin a round: nothing is wanted. */
void runc_slirp_poller_begin (RuncSlirpPoller *poller);

/* In this round, wait for @events (POLLIN, POLLOUT, POLLPRI) on @fd. */
void runc_slirp_poller_want (RuncSlirpPoller *poller, int fd, short events);

/* Sockets that are wanted in this round. */
guint runc_slirp_poller_count (const RuncSlirpPoller *poller);

/* Wait until something wanted happens on a socket or on one of @extra, whose revents are set, for
 * at most @timeout_ms (-1: for ever). Returns 0 or -errno; -EINTR is one of them. */
int runc_slirp_poller_wait (RuncSlirpPoller *poller, struct pollfd *extra, guint n_extra,
                            int timeout_ms);

/* What happened on @fd in this round. */
short runc_slirp_poller_revents (const RuncSlirpPoller *poller, int fd);

/* @fd is about to be closed. Must be called for each fd that was wanted once, or its number must
 * not come back as another socket. */
void runc_slirp_poller_forget (RuncSlirpPoller *poller, int fd);
