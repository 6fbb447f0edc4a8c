/* Requests of the API socket. Runs in the helper, inside its sandbox; no system calls but those of
 * the backend that opens ports.
 *
 * slirp4netns' manual and its program differ in what list_hostfwd answers: the manual has the
 * entries below "return", the program at the top. Clients were written for both, so both are in the
 * answer.
 */
#include "slirp-request.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

RuncSlirpRequestState
runc_slirp_request_scan (const char *text, gsize len)
{
  int depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < len; i++)
    {
      char c = text[i];
      if (in_string)
        {
          if (c == '\\')
            i++;
          else if (c == '"')
            in_string = FALSE;
          continue;
        }
      if (c == '"')
        in_string = TRUE;
      else if (c == '{' || c == '[')
        depth++;
      else if (c == '}' || c == ']')
        depth--;
      else if (depth > 0 || c == ' ' || c == '\t' || c == '\r' || c == '\n')
        continue;
      if (depth <= 0)
        return RUNC_SLIRP_REQUEST_COMPLETE;
    }
  return RUNC_SLIRP_REQUEST_PARTIAL;
}

/* ---------------------------------------------------------------- decoding */

/* The member @key of @object, or NULL; also if @object is none. */
static RuncJson *
get_member (RuncJson *object, const char *key)
{
  RuncJson *value;

  if (!json_object_is_type (object, json_type_object)
      || !json_object_object_get_ex (object, key, &value))
    return NULL;
  return value;
}

static const char *
get_string (RuncJson *object, const char *key)
{
  RuncJson *value = get_member (object, key);

  return json_object_is_type (value, json_type_string) ? json_object_get_string (value) : NULL;
}

/* An integer from 1 to @max, or 0. */
static int
get_positive (RuncJson *object, const char *key, int max)
{
  RuncJson *value = get_member (object, key);

  if (!json_object_is_type (value, json_type_int))
    return 0;
  int64_t number = json_object_get_int64 (value);
  return number >= 1 && number <= max ? (int)number : 0;
}

static gboolean
throw_bad_argument (GError **error, const char *verb, const char *name)
{
  return runc_throw (error, RUNC_ERROR_FAILED, "bad request: %s: bad arguments.%s", verb, name);
}

static gboolean
parse_add (RuncJson *arguments, RuncSlirpForward *ret_forward, GError **error)
{
  static const char verb[] = "add_hostfwd";
  const char *proto = get_string (arguments, "proto");
  const char *host = get_string (arguments, "host_addr");
  const char *guest = get_string (arguments, "guest_addr");
  int host_port = get_positive (arguments, "host_port", G_MAXUINT16);
  int guest_port = get_positive (arguments, "guest_port", G_MAXUINT16);
  RuncSlirpForward forward = { 0 };

  if (proto == NULL || (strcmp (proto, "tcp") != 0 && strcmp (proto, "udp") != 0))
    return throw_bad_argument (error, verb, "proto");
  forward.udp = strcmp (proto, "udp") == 0;
  if (host_port == 0)
    return throw_bad_argument (error, verb, "host_port");
  if (guest_port == 0)
    return throw_bad_argument (error, verb, "guest_port");
  if (host == NULL || host[0] == '\0')
    host = "0.0.0.0";
  if (!runc_slirp_address_parse (host, (guint16)host_port, &forward.host))
    return throw_bad_argument (error, verb, "host_addr");
  if (guest == NULL || guest[0] == '\0')
    guest = forward.host.sa.sa_family == AF_INET6 ? "::" : "0.0.0.0";
  if (!runc_slirp_address_parse (guest, (guint16)guest_port, &forward.guest))
    return throw_bad_argument (error, verb, "guest_addr");
  *ret_forward = forward;
  return TRUE;
}

gboolean
runc_slirp_request_parse (const char *text, gsize len, RuncSlirpRequest *ret_request,
                          GError **error)
{
  RuncSlirpRequest request = { 0 };
  autojson RuncJson *json = runc_json_parse (text, len, "request", NULL);

  if (json == NULL)
    return runc_throw (error, RUNC_ERROR_FAILED, "bad request: cannot parse JSON");
  const char *verb = get_string (json, "execute");
  RuncJson *arguments = get_member (json, "arguments");
  if (verb == NULL)
    return runc_throw (error, RUNC_ERROR_FAILED, "bad request: no execute found");

  if (strcmp (verb, "add_hostfwd") == 0)
    {
      request.kind = RUNC_SLIRP_REQUEST_ADD;
      if (!parse_add (arguments, &request.forward, error))
        return FALSE;
    }
  else if (strcmp (verb, "list_hostfwd") == 0)
    request.kind = RUNC_SLIRP_REQUEST_LIST;
  else if (strcmp (verb, "remove_hostfwd") == 0)
    {
      request.kind = RUNC_SLIRP_REQUEST_REMOVE;
      request.id = get_positive (arguments, "id", G_MAXINT);
      if (request.id == 0)
        return throw_bad_argument (error, verb, "id");
    }
  else
    return runc_throw (error, RUNC_ERROR_FAILED, "bad request: unknown execute");
  *ret_request = request;
  return TRUE;
}

/* ---------------------------------------------------------------- answering */

static RuncJson *
new_entry (const RuncSlirpForward *forward)
{
  RuncJson *entry = json_object_new_object ();
  g_autofree char *host = runc_slirp_address_to_string (&forward->host);
  g_autofree char *guest = runc_slirp_address_to_string (&forward->guest);

  json_object_object_add (entry, "id", json_object_new_int (forward->id));
  json_object_object_add (entry, "proto", json_object_new_string (forward->udp ? "udp" : "tcp"));
  json_object_object_add (entry, "host_addr", json_object_new_string (host));
  json_object_object_add (entry, "host_port",
                          json_object_new_int (runc_slirp_address_port (&forward->host)));
  json_object_object_add (entry, "guest_addr", json_object_new_string (guest));
  json_object_object_add (entry, "guest_port",
                          json_object_new_int (runc_slirp_address_port (&forward->guest)));
  return entry;
}

static char *
answer_list (const RuncSlirpForwards *forwards)
{
  autojson RuncJson *answer = json_object_new_object ();
  RuncJson *result = json_object_new_object ();
  RuncJson *entries = json_object_new_array ();

  for (guint i = 0; i < runc_slirp_forwards_count (forwards); i++)
    json_object_array_add (entries, new_entry (runc_slirp_forwards_get (forwards, i)));
  json_object_object_add (result, "entries", json_object_get (entries));
  json_object_object_add (answer, "return", result);
  json_object_object_add (answer, "entries", entries);
  return runc_json_to_string (answer);
}

char *
runc_slirp_request_error (const char *message)
{
  autojson RuncJson *answer = json_object_new_object ();
  RuncJson *description = json_object_new_object ();

  json_object_object_add (description, "desc", json_object_new_string (message));
  json_object_object_add (answer, "error", description);
  return runc_json_to_string (answer);
}

char *
runc_slirp_request_execute (const RuncSlirpRequest *request, RuncSlirpForwards *forwards)
{
  g_autoptr (GError) error = NULL;
  const char *verb = "add_hostfwd";
  int id;

  switch (request->kind)
    {
    case RUNC_SLIRP_REQUEST_LIST:
      return answer_list (forwards);
    case RUNC_SLIRP_REQUEST_ADD:
      if (runc_slirp_forwards_add (forwards, &request->forward, &id, &error))
        return g_strdup_printf ("{\"return\":{\"id\":%d}}", id);
      break;
    case RUNC_SLIRP_REQUEST_REMOVE:
      verb = "remove_hostfwd";
      if (runc_slirp_forwards_remove (forwards, request->id, &error))
        return g_strdup ("{\"return\":{}}");
      break;
    }
  g_autofree char *message = g_strdup_printf ("bad request: %s: %s", verb, error->message);
  return runc_slirp_request_error (message);
}
