/* libslirp between a tap device and the host's sockets. */
#pragma once

#include "slirp-options.h"

#include <poll.h>

/* The most fds that a caller of runc_slirp_stack_iterate() may wait for. */
#define RUNC_SLIRP_EXTRA_MAX 8

typedef struct RuncSlirpStack RuncSlirpStack;

/* @net: borrowed for as long as the stack lives
 * @tap_fd: borrowed; as made by runc_slirp_tap_make()
 * @debug: whether libslirp's messages go to stderr
 * Only one stack can be in a process. */
RuncSlirpStack *runc_slirp_stack_new (const RuncSlirpNet *net, int tap_fd, gboolean debug,
                                      GError **error);
void runc_slirp_stack_free (RuncSlirpStack *stack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpStack, runc_slirp_stack_free)

/* What opens the published ports of @stack. */
RuncSlirpForwardBackend runc_slirp_stack_get_backend (RuncSlirpStack *stack);

/* Wait for traffic, for something on @extra (whose revents are set), or for @timeout_ms (-1: for
 * ever), and handle the traffic.
 * Fails with RUNC_ERROR_NOT_FOUND when the container removed the interface. */
gboolean runc_slirp_stack_iterate (RuncSlirpStack *stack, struct pollfd *extra, guint n_extra,
                                   int timeout_ms, GError **error);
