/* The parent side's error domain and the one-line ways to raise an error. Runs in the parent. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

GQuark
runc_error_quark (void)
{
  return g_quark_from_static_string ("runc-error");
}

/* As a part of a sentence. */
static const char *
as_part (const char *text)
{
  g_autofree char *lower = NULL;

  /* "Input/output error", but "RPC ..." stays. */
  if (!g_ascii_isupper (text[0]) || !g_ascii_islower (text[1]))
    return text;
  lower = g_strdup (text);
  lower[0] = g_ascii_tolower (lower[0]);
  return g_intern_string (lower);
}

const char *
runc_strerror (int errnum)
{
  return as_part (g_strerror (errnum < 0 ? -errnum : errnum));
}

const char *
runc_strsignal (int signum)
{
  return as_part (g_strsignal (signum));
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
  *error = g_error_new (RUNC_ERROR, RUNC_ERROR_SYSTEM, "%s: %s%s", message, runc_strerror (errnum),
                        errnum == EMFILE ? " (see 'ulimit -n')" : "");
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
