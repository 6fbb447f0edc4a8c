/* libseccomp as a compiler. */
#pragma once

#include "seccomp/profile.h"

/* A filter for those entries of @profile that are not plain.
 *
 * @ret_program: new array of struct sock_filter
 * Errors: RUNC_ERROR_INVALID_SPEC or RUNC_ERROR_UNSUPPORTED for what libseccomp refuses. */
gboolean runc_seccomp_library_compile (const RuncSeccompProfile *profile, GArray **ret_program,
                                       GError **error);
