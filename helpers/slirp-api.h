/* The API socket: connections of clients and their requests. */
#pragma once

#include "slirp-forward.h"

typedef struct RuncSlirpApi RuncSlirpApi;

/* Bind and listen at @path, for our user only. A socket that is there already and that nobody
 * listens on is replaced. Returns an fd or -EBADF with an error. */
int runc_slirp_api_listen (const char *path, GError **error);

/* Serve @listen_fd (owned from now on; made non-blocking) on behalf of @forwards (borrowed). */
RuncSlirpApi *runc_slirp_api_new (int take_listen_fd, RuncSlirpForwards *forwards, GError **error);
void runc_slirp_api_free (RuncSlirpApi *api);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpApi, runc_slirp_api_free)

/* Readable when runc_slirp_api_dispatch() has something to do. */
int runc_slirp_api_get_fd (const RuncSlirpApi *api);

/* Milliseconds until dispatch has to be called anyway, or -1. */
int runc_slirp_api_get_timeout (const RuncSlirpApi *api);

/* Accept, read, execute, answer, without waiting for anybody. */
void runc_slirp_api_dispatch (RuncSlirpApi *api);
