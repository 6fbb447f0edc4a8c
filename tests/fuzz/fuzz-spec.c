/* libFuzzer: config.json, process.json and resources, decoded and validated.
 *
 * Beyond "no crash, no leak": what fails has a message of bounded length, and the JSON that is
 * accepted is accepted again after it was written.
 */
#include "spec/spec.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_cmpuint (strlen (error->message), >, 0);
  g_assert_cmpuint (strlen (error->message), <=, 2000);
}

static void
round_trip (RuncJson *document)
{
  g_autofree char *text = runc_json_to_string (document);
  g_autoptr (GError) error = NULL;
  autojson RuncJson *again = runc_json_parse (text, strlen (text), "again", &error);

  g_assert_no_error (error);
  g_autofree char *text_again = runc_json_to_string (again);
  g_assert_cmpstr (text, ==, text_again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *)data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) process_error = NULL;
  g_autoptr (GError) resources_error = NULL;
  g_autoptr (RuncSpec) spec = runc_spec_decode (text, size, &error);
  g_autoptr (RuncSpec) process = runc_spec_decode_process (text, size, &process_error);
  g_autoptr (RuncSpec) resources = runc_spec_decode_resources (text, size, &resources_error);

  if (spec != NULL)
    round_trip (spec->document);
  if (spec == NULL || !runc_spec_validate (spec, &error))
    check_error (error);
  if (process == NULL || !runc_spec_validate_process (process->process, "process", &process_error))
    check_error (process_error);
  if (resources == NULL
      || !runc_spec_validate_resources (resources->linux_spec.resources, "resources",
                                        &resources_error))
    check_error (resources_error);
  return 0;
}
