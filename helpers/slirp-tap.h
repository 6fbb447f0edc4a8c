/* The container's network interface. */
#pragma once

#include "slirp-options.h"

/* Make the interface @net->tap in the namespaces, configure it, and return its fd, non-blocking,
 * with IFF_VNET_HDR (see slirp-frame.h), or -EBADF with an error. The calling process stays where
 * it is.
 *
 * @userns_fd: the user namespace that owns the network namespace; -EBADF if that is ours
 * @netns_fd: the network namespace */
int runc_slirp_tap_make (const RuncSlirpNet *net, int userns_fd, int netns_fd, GError **error);
