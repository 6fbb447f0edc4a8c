/* libFuzzer: requests on the API socket of the slirp helper, from bytes to answers.
 *
 * Beyond "no crash, no leak": whatever comes is answered by one JSON object that is a return or an
 * error; what the scanner calls partial is no whole object; and what was added is in the list.
 */
#include "slirp-request.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
always (const RuncSlirpForward *forward G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return TRUE;
}

static void
check_answer (const char *answer)
{
  autojson RuncJson *json = runc_json_parse (answer, strlen (answer), "answer", NULL);

  g_assert_nonnull (json);
  g_assert_true (json_object_is_type (json, json_type_object));
  g_assert_true (json_object_object_get_ex (json, "return", NULL)
                 != json_object_object_get_ex (json, "error", NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const RuncSlirpForwardBackend backend = { .open = always, .close = always, .ipv6 = TRUE };
  g_autoptr (RuncSlirpForwards) table = runc_slirp_forwards_new (&backend);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *answer = NULL;
  RuncSlirpRequest request;
  RuncSlirpForward forward;
  const char *bytes = (const char *)data;

  gboolean parsed = runc_slirp_request_parse (bytes, size, &request, &error);
  if (parsed)
    {
      g_assert_cmpint (runc_slirp_request_scan (bytes, size), ==, RUNC_SLIRP_REQUEST_COMPLETE);
      answer = runc_slirp_request_execute (&request, table);
      if (request.kind == RUNC_SLIRP_REQUEST_ADD && strstr (answer, "\"return\"") != NULL)
        g_assert_cmpuint (runc_slirp_forwards_count (table), ==, 1);
    }
  else
    {
      g_assert_true (g_str_has_prefix (error->message, "bad request: "));
      answer = runc_slirp_request_error (error->message);
    }
  check_answer (answer);

  /* The same bytes as an argument of -p. */
  if (runc_slirp_forward_parse (text, &forward, NULL))
    {
      g_autofree char *said = runc_slirp_forward_to_string (&forward);
      g_assert_nonnull (strstr (said, " -> "));
      runc_slirp_forwards_add (table, &forward, NULL, NULL);
    }
  const RuncSlirpRequest list = { .kind = RUNC_SLIRP_REQUEST_LIST };
  g_autofree char *listed = runc_slirp_request_execute (&list, table);
  check_answer (listed);
  return 0;
}
