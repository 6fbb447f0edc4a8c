/* Errors of src/spec. Runs in the parent. */
#include "spec/fail.h"

#include <stdarg.h>
#include <string.h>

#define MAX_MESSAGE 1000

gboolean
runc_spec_fail (GError **error, RuncErrorCode code, const char *format, ...)
{
  va_list ap;

  va_start (ap, format);
  g_autofree char *message = g_strdup_vprintf (format, ap);
  va_end (ap);
  if (strlen (message) > MAX_MESSAGE)
    *g_utf8_find_prev_char (message, message + MAX_MESSAGE) = '\0';
  return runc_throw (error, code, "%s", message);
}
