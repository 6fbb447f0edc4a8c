/* A conversation with a criu that was started for it ("criu swrk"). Parent side.
 *
 * One process does one thing: it is asked for its version, for what the kernel can do if that
 * matters, and then for the dump or the restore, during which it tells what happens and waits for
 * our word each time.
 */
#pragma once

#include "plan/criu.h"

#include <glib.h>
#include <sys/types.h>

/* criu tells that something happens, and waits.
 *
 * @script: its name for it: "setup-namespaces", "post-restore", "orphan-pts-master", ...
 * @pid: of the restored init, 0: none
 * @fd: what came with it, or -1; borrowed
 * FALSE, with an error: it must not go on. */
typedef gboolean RuncCriuNotify (const char *script, pid_t pid, int fd, gpointer data,
                                 GError **error);

/* A pair of connected sockets, both close-on-exec: one for us, one for criu. */
gboolean runc_criu_pair (int *ret_ours, int *ret_theirs, GError **error);

/* Ask for the version (40101), and see that it and the kernel can do what @plan needs; NULL:
 * nothing in particular. RUNC_ERROR_UNSUPPORTED when they cannot, or when criu does not even start
 * on this machine. */
gboolean runc_criu_greet (int sock, const RuncCriuPlan *plan, int *ret_version, GError **error);

/* Have it do what @plan says. The fds of directories in its settings are open.
 * A failure names criu's log file and the first error in that; when @notify refused, its error is
 * the one. */
gboolean runc_criu_do (int sock, const RuncCriuPlan *plan, RuncCriuNotify *notify, gpointer data,
                       GError **error);

/* The first line of criu's log @text that says what went wrong (new string), without time and
 * place; NULL: there is none. Pure. */
char *runc_criu_first_error (const char *text);
