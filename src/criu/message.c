/* Encoding and decoding of criu's messages. Runs in the parent; pure. */
#include "criu/message.h"

#include "base/error.h"

#include <string.h>

/* How a value is written; the rest of the tag is the number of the field. */
enum
{
  VARINT = 0,
  FIXED64 = 1,
  BYTES = 2,
  FIXED32 = 5,
};

/* Numbers of fields: criu_req, criu_resp and what is in them. */
enum
{
  REQ_TYPE = 1,
  REQ_OPTS = 2,
  REQ_NOTIFY_SUCCESS = 3,
  REQ_KEEP_OPEN = 4,
  REQ_FEATURES = 5,

  RESP_TYPE = 1,
  RESP_SUCCESS = 2,
  RESP_RESTORE = 4,
  RESP_NOTIFY = 5,
  RESP_ERRNO = 7,
  RESP_FEATURES = 8,
  RESP_VERSION = 10,

  RESTORE_PID = 1,
  NOTIFY_SCRIPT = 1,
  NOTIFY_PID = 2,
  FEATURE_MEM_TRACK = 1,
  FEATURE_LAZY_PAGES = 2,
  VERSION_MAJOR = 1,
  VERSION_MINOR = 2,
  VERSION_SUBLEVEL = 4,

  /* All pairs of criu_opts have the same two, whatever they are called there. */
  PAIR_FIRST = 1,
  PAIR_SECOND = 2,
};

static const struct
{
  guint field;
  RuncCriuKind kind;
} options[] = {
#define X(name, text, field, kind) { field, RUNC_CRIU_##kind },
  RUNC_CRIU_OPTIONS (X)
#undef X
};

const char *
runc_criu_type_to_string (RuncCriuType type)
{
  switch (type)
    {
#define X(name, number)                                                                            \
  case RUNC_CRIU_TYPE_##name:                                                                      \
    return #name;
      RUNC_CRIU_TYPES (X)
#undef X
    }
  return "?";
}

/* ---- writing ------------------------------------------------------------------------------- */

static void
put_varint (GByteArray *to, guint64 value)
{
  guint8 bytes[10];
  guint n = 0;

  do
    {
      bytes[n] = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);
      value >>= 7;
      n++;
    }
  while (value != 0);
  g_byte_array_append (to, bytes, n);
}

static void
put_number (GByteArray *to, guint field, gint64 value)
{
  put_varint (to, (guint64)field << 3 | VARINT);
  put_varint (to, (guint64)value);
}

static void
put_bytes (GByteArray *to, guint field, const void *data, gsize len)
{
  put_varint (to, (guint64)field << 3 | BYTES);
  put_varint (to, len);
  g_byte_array_append (to, data, (guint)len);
}

static void
put_text (GByteArray *to, guint field, const char *text)
{
  put_bytes (to, field, text, strlen (text));
}

static void
put_setting (GByteArray *to, const RuncCriuSetting *setting)
{
  g_autoptr (GByteArray) inner = g_byte_array_new ();
  guint field = options[setting->option].field;

  switch (options[setting->option].kind)
    {
    case RUNC_CRIU_FLAG:
    case RUNC_CRIU_NUMBER:
    case RUNC_CRIU_DIR:
      put_number (to, field, setting->number);
      return;
    case RUNC_CRIU_TEXT:
      put_text (to, field, setting->value);
      return;
    case RUNC_CRIU_PAIR:
      put_text (inner, PAIR_FIRST, setting->key);
      put_text (inner, PAIR_SECOND, setting->value);
      break;
    case RUNC_CRIU_KEY_FD:
    case RUNC_CRIU_SERVER:
      put_text (inner, PAIR_FIRST, setting->key);
      put_number (inner, PAIR_SECOND, setting->number);
      break;
    }
  put_bytes (to, field, inner->data, inner->len);
}

GByteArray *
runc_criu_encode (const RuncCriuRequest *request)
{
  GByteArray *to = g_byte_array_new ();
  g_autoptr (GByteArray) inner = g_byte_array_new ();

  put_number (to, REQ_TYPE, request->type);
  if (request->n_settings > 0)
    {
      for (gsize i = 0; i < request->n_settings; i++)
        put_setting (inner, &request->settings[i]);
      put_bytes (to, REQ_OPTS, inner->data, inner->len);
    }
  if (request->type == RUNC_CRIU_TYPE_NOTIFY)
    put_number (to, REQ_NOTIFY_SUCCESS, request->notify_success);
  if (request->keep_open)
    put_number (to, REQ_KEEP_OPEN, TRUE);
  if (request->type == RUNC_CRIU_TYPE_FEATURE_CHECK)
    {
      put_number (inner, FEATURE_MEM_TRACK, request->mem_track);
      put_number (inner, FEATURE_LAZY_PAGES, request->lazy_pages);
      put_bytes (to, REQ_FEATURES, inner->data, inner->len);
    }
  return to;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What is left of a message, and the field that was read last. */
typedef struct
{
  const guint8 *at;
  const guint8 *end;
  guint64 field;
  guint64 number;      /* VARINT */
  const guint8 *bytes; /* BYTES, else NULL */
  gsize len;
} Reader;

static gboolean
get_varint (Reader *r, guint64 *ret_value)
{
  guint64 value = 0;

  for (guint shift = 0; shift < 64 && r->at < r->end; shift += 7)
    {
      guint8 byte = *r->at++;

      value |= (guint64)(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        {
          *ret_value = value;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
skip (Reader *r, gsize len)
{
  if (len > (gsize)(r->end - r->at))
    return FALSE;
  r->at += len;
  return TRUE;
}

/* Read one field. FALSE at the end, and with *@broken for one that is cut off or of no known kind.
 */
static gboolean
next (Reader *r, gboolean *broken)
{
  guint64 tag, len;
  gboolean ok = FALSE;

  if (r->at == r->end)
    return FALSE;
  r->bytes = NULL;
  r->len = 0;
  r->number = 0;
  if (get_varint (r, &tag))
    {
      r->field = tag >> 3;
      switch (tag & 7)
        {
        case VARINT:
          ok = get_varint (r, &r->number);
          break;
        case FIXED64:
          ok = skip (r, 8);
          break;
        case FIXED32:
          ok = skip (r, 4);
          break;
        case BYTES:
          ok = get_varint (r, &len) && len <= (gsize)(r->end - r->at);
          if (ok)
            {
              r->bytes = r->at;
              r->len = (gsize)len;
              r->at += len;
            }
          break;
        default:
          break;
        }
    }
  *broken |= !ok;
  return ok;
}

static Reader
inside (const Reader *r)
{
  return (Reader){ .at = r->bytes, .end = r->bytes + r->len };
}

static void
read_notify (Reader r, RuncCriuResponse *response, gboolean *broken)
{
  while (next (&r, broken))
    if (r.field == NOTIFY_SCRIPT && r.bytes != NULL)
      {
        g_free (response->script);
        response->script = g_strndup ((const char *)r.bytes, r.len);
      }
    else if (r.field == NOTIFY_PID)
      response->pid = (pid_t)r.number;
}

static void
read_features (Reader r, RuncCriuResponse *response, gboolean *broken)
{
  while (next (&r, broken))
    if (r.field == FEATURE_MEM_TRACK)
      response->mem_track = r.number != 0;
    else if (r.field == FEATURE_LAZY_PAGES)
      response->lazy_pages = r.number != 0;
}

static void
read_version (Reader r, RuncCriuResponse *response, gboolean *broken)
{
  while (next (&r, broken))
    if (r.field == VERSION_MAJOR)
      response->version += 10000 * (int)MIN (r.number, 1000);
    else if (r.field == VERSION_MINOR)
      response->version += 100 * (int)MIN (r.number, 99);
    else if (r.field == VERSION_SUBLEVEL)
      response->version += (int)MIN (r.number, 99);
}

static void
read_restore (Reader r, RuncCriuResponse *response, gboolean *broken)
{
  while (next (&r, broken))
    if (r.field == RESTORE_PID)
      response->pid = (pid_t)r.number;
}

static void
read_field (const Reader *r, RuncCriuResponse *response, gboolean *broken)
{
  if (r->field == RESP_TYPE)
    response->type = (RuncCriuType)r->number;
  else if (r->field == RESP_SUCCESS)
    response->success = r->number != 0;
  else if (r->field == RESP_ERRNO)
    response->errnum = (int)r->number;
  else if (r->bytes == NULL)
    return;
  else if (r->field == RESP_NOTIFY)
    read_notify (inside (r), response, broken);
  else if (r->field == RESP_FEATURES)
    read_features (inside (r), response, broken);
  else if (r->field == RESP_VERSION)
    read_version (inside (r), response, broken);
  else if (r->field == RESP_RESTORE)
    read_restore (inside (r), response, broken);
}

void
runc_criu_response_clear (RuncCriuResponse *response)
{
  g_clear_pointer (&response->script, g_free);
}

gboolean
runc_criu_decode (const guint8 *data, gsize len, RuncCriuResponse *ret_response, GError **error)
{
  g_auto (RuncCriuResponse) response = { 0 };
  Reader r = { .at = data, .end = data + len };
  gboolean broken = FALSE;

  while (next (&r, &broken))
    read_field (&r, &response, &broken);
  if (broken)
    return runc_throw (error, RUNC_ERROR_FAILED, "criu sent a message that cannot be understood");
  *ret_response = response;
  response = (RuncCriuResponse){ 0 };
  return TRUE;
}
