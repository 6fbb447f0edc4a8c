/* libseccomp as a compiler. */
#pragma once

#include "seccomp/profile.h"

/* A filter for those entries of @profile that are not plain, on architecture @arch alone.
 *
 * @arch: index into @profile->archs
 * @ret_program: new array of struct sock_filter
 * Errors: RUNC_ERROR_INVALID_SPEC or RUNC_ERROR_UNSUPPORTED for what libseccomp refuses. */
gboolean runc_seccomp_library_compile (const RuncSeccompProfile *profile, gsize arch,
                                       GArray **ret_program, GError **error);
