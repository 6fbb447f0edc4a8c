/* What the helper gives up before it handles a byte from the container. */
#pragma once

#include <glib.h>

/* Leave the host's files behind: new user and mount namespaces (the network namespace stays, the
 * sockets need it) and an empty root with nothing in it but /etc/resolv.conf, with @resolv as its
 * content. Without permission for a user namespace, a mount namespace alone is tried.
 *
 * @ret_resolv_fd: that file, open for writing
 * On failure we are where we were, or in half-made namespaces; either way the process can go on. */
gboolean runc_slirp_sandbox_enter_root (const char *resolv, int *ret_resolv_fd, GError **error);

/* Give up all capabilities and the way back to them, new processes, and every system call but those
 * that serving needs. A forbidden one kills the process. */
gboolean runc_slirp_sandbox_seal (GError **error);

/* Allow as many open files as the hard limit says: each connection of the container is one. */
void runc_slirp_sandbox_raise_files (void);
