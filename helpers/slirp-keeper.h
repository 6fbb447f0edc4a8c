/* The helper's process outside of the sandbox: it keeps the sandbox's resolv.conf up to date and
 * removes the API socket at the end. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The name servers of the resolv.conf in @text, at most three of each family, as the text of a new
 * resolv.conf in which nothing else is. Without any, the host's own addresses, as resolv.conf(5)
 * says. */
char *runc_slirp_resolv_filter (const char *text);

/* The same of the host's /etc/resolv.conf as it is now; one that cannot be read counts as empty. */
char *runc_slirp_resolv_read (void);

/* Start the keeper.
 *
 * @api_socket: path of the socket to remove at the end, or NULL
 * @resolv: what runc_slirp_resolv_read() said
 * @ret_pid: the process
 * Returns an fd: closing it (or dying) ends the keeper. Until then it takes one message, see
 * runc_slirp_keeper_give_resolv(). -EBADF with an error. */
int runc_slirp_keeper_start (const char *api_socket, const char *resolv, pid_t *ret_pid,
                             GError **error);

/* Let the keeper at @keeper_fd rewrite the file @resolv_fd whenever the host's name servers change.
 */
gboolean runc_slirp_keeper_give_resolv (int keeper_fd, int resolv_fd, GError **error);
