/* The parent side's error domain and the one-line ways to raise an error. Runs in the parent. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

GQuark
runc_error_quark (void)
{
  return g_quark_from_static_string ("runc-error");
}

gboolean
runc_throw (GError **error, RuncErrorCode code, const char *format, ...)
{
  va_list ap;

  va_start (ap, format);
  if (error != NULL)
    *error = g_error_new_valist (RUNC_ERROR, (int)code, format, ap);
  va_end (ap);
  return FALSE;
}

G_GNUC_PRINTF (3, 0)
static void
throw_system (GError **error, int errnum, const char *format, va_list ap)
{
  if (error == NULL)
    return;
  g_autofree char *message = g_strdup_vprintf (format, ap);
  *error = g_error_new (RUNC_ERROR, RUNC_ERROR_SYSTEM, "%s: %s", message, g_strerror (errnum));
}

gboolean
runc_throw_errno (GError **error, const char *format, ...)
{
  int saved = errno;
  va_list ap;

  va_start (ap, format);
  throw_system (error, saved, format, ap);
  va_end (ap);
  errno = saved;
  return FALSE;
}

gboolean
runc_throw_neg (GError **error, int neg_errno, const char *format, ...)
{
  int errnum = neg_errno < 0 ? -neg_errno : neg_errno;
  va_list ap;

  va_start (ap, format);
  throw_system (error, errnum, format, ap);
  va_end (ap);
  errno = errnum;
  return FALSE;
}

gboolean
runc_prefix (GError **error, const char *format, ...)
{
  va_list ap;

  if (error == NULL || *error == NULL)
    return FALSE;
  va_start (ap, format);
  g_autofree char *prefix = g_strdup_vprintf (format, ap);
  va_end (ap);
  g_prefix_error (error, "%s: ", prefix);
  return FALSE;
}
