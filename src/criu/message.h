/* criu's remote procedure calls on the wire: its protocol buffers, written and read by hand. Pure.
 *
 * A message is a handful of numbers and strings; a library for that would be the largest part of a
 * static binary. The format is protobuf's (fields of a tag and a value, in any order), the numbers
 * are those of criu's images/rpc.proto.
 */
#pragma once

#include "plan/criu.h"

#include <glib.h>

/* criu_req_type. X (ENUM, number) */
#define RUNC_CRIU_TYPES(X)                                                                         \
  X (EMPTY, 0)                                                                                     \
  X (DUMP, 1)                                                                                      \
  X (RESTORE, 2)                                                                                   \
  X (PRE_DUMP, 4)                                                                                  \
  X (NOTIFY, 6)                                                                                    \
  X (FEATURE_CHECK, 9)                                                                             \
  X (VERSION, 10)

typedef enum
{
#define X(name, number) RUNC_CRIU_TYPE_##name = number,
  RUNC_CRIU_TYPES (X)
#undef X
} RuncCriuType;

/* "DUMP"; "?" for one that is not known. */
const char *runc_criu_type_to_string (RuncCriuType type);

typedef struct
{
  RuncCriuType type;
  const RuncCriuSetting *settings; /* of DUMP, PRE_DUMP, RESTORE */
  gsize n_settings;
  gboolean keep_open;      /* more will follow: VERSION, FEATURE_CHECK */
  gboolean notify_success; /* NOTIFY: whether it may go on */
  gboolean mem_track;      /* FEATURE_CHECK: what to look for */
  gboolean lazy_pages;
} RuncCriuRequest;

/* @request as bytes. */
GByteArray *runc_criu_encode (const RuncCriuRequest *request);

typedef struct
{
  RuncCriuType type;
  gboolean success;
  int errnum;         /* of a failure, 0: unknown */
  char *script;       /* NOTIFY: what happens, "post-dump" */
  pid_t pid;          /* NOTIFY, RESTORE: of the restored init, 0: none */
  gboolean mem_track; /* FEATURE_CHECK */
  gboolean lazy_pages;
  int version; /* VERSION: 4.1.1 is 40101; 0: none */
} RuncCriuResponse;

void runc_criu_response_clear (RuncCriuResponse *response);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncCriuResponse, runc_criu_response_clear)

/* Fields that are not known are passed over. RUNC_ERROR_FAILED for what is no such message. */
gboolean runc_criu_decode (const guint8 *data, gsize len, RuncCriuResponse *ret_response,
                           GError **error);
