/* Errors of the parent side.
 *
 * Functions return gboolean or a pointer and take `GError **error` last. They never print:
 * only main.c and src/cli/ do. A message is one line in lower case, quotes its subject, and says
 * what to do when the user can do something.
 */
#pragma once

#include <glib.h>

/* What a caller may want to tell apart. Everything else is in the message. */
typedef enum
{
  RUNC_ERROR_FAILED = 0,   /* no category of its own */
  RUNC_ERROR_INVALID_SPEC, /* config.json or process.json breaks the specification */
  RUNC_ERROR_UNSUPPORTED,  /* known, but this build, kernel or user cannot do it */
  RUNC_ERROR_USAGE,        /* the command line is wrong */
  RUNC_ERROR_NOT_FOUND,    /* the container (or file) is not there */
  RUNC_ERROR_EXISTS,       /* the container is there already */
  RUNC_ERROR_WRONG_STATE,  /* the container's status forbids it */
  RUNC_ERROR_SYSTEM,       /* a system call of the parent failed; errno is in the message */
  RUNC_ERROR_CHILD,        /* the child reported a failed step */
} RuncErrorCode;

#define RUNC_ERROR (runc_error_quark ())
GQuark runc_error_quark (void);

/* What @errnum (its sign does not matter) means, as a part of a sentence and as Go words it:
 * "operation not permitted". The string lives as long as the process. */
const char *runc_strerror (int errnum);

/* What the signal @signum is called, in the same way: "bad system call". */
const char *runc_strsignal (int signum);

/* Set *@error (which may be NULL) to @code with a printf-style message.
 * Always returns FALSE, for `return runc_throw (...)`. */
gboolean runc_throw (GError **error, RuncErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* As runc_throw() with RUNC_ERROR_SYSTEM; appends ": " and strerror (errno). errno is preserved. */
gboolean runc_throw_errno (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* As runc_throw_errno() for functions that return -errno: @neg_errno is negative (a positive value
 * is taken as it is). Sets errno too. */
gboolean runc_throw_neg (GError **error, int neg_errno, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Put "@format: " in front of the message in *@error. Always returns FALSE. */
gboolean runc_prefix (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
