/* How src/spec raises errors: with a bound on their length, as their parts come from a document
 * that somebody else wrote. Private to src/spec.
 */
#pragma once

#include "base/error.h"

/* As runc_throw(), with a message that is cut at a sane length. Always FALSE. */
gboolean runc_spec_fail (GError **error, RuncErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The usual case: RUNC_ERROR_INVALID_SPEC. */
#define runc_spec_invalid(error, ...) runc_spec_fail ((error), RUNC_ERROR_INVALID_SPEC, __VA_ARGS__)
