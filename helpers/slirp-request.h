/* The language of the API socket: requests as text to decisions, and answers as text. Pure.
 *
 * The protocol is slirp4netns': one JSON object per connection, one JSON object back.
 */
#pragma once

#include "slirp-forward.h"

/* A request must be shorter than this. */
#define RUNC_SLIRP_REQUEST_MAX 4096

typedef enum
{
  RUNC_SLIRP_REQUEST_ADD,
  RUNC_SLIRP_REQUEST_LIST,
  RUNC_SLIRP_REQUEST_REMOVE,
} RuncSlirpRequestKind;

typedef struct
{
  RuncSlirpRequestKind kind;
  RuncSlirpForward forward; /* ADD: as runc_slirp_forwards_add() wants it */
  int id;                   /* REMOVE */
} RuncSlirpRequest;

typedef enum
{
  RUNC_SLIRP_REQUEST_PARTIAL,  /* more is to come */
  RUNC_SLIRP_REQUEST_COMPLETE, /* an object has ended, or this can be none */
} RuncSlirpRequestState;

/* Whether the @len bytes of @text that have come so far can be handed to the parser. */
RuncSlirpRequestState runc_slirp_request_scan (const char *text, gsize len);

/* Decode a request. Errors begin "bad request:". */
gboolean runc_slirp_request_parse (const char *text, gsize len, RuncSlirpRequest *ret_request,
                                   GError **error);

/* Do what @request says and return the answer, a new string. Errors become part of the answer. */
char *runc_slirp_request_execute (const RuncSlirpRequest *request, RuncSlirpForwards *forwards);

/* {"error":{"desc":"..."}}, a new string. */
char *runc_slirp_request_error (const char *message);
