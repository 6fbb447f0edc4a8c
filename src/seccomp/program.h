/* From a profile to a program, without a cache. */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <linux/filter.h>

/* @ret_program: new array of struct sock_filter, at most BPF_MAXINSNS
 * Errors: as runc_seccomp_compile(). */
gboolean runc_seccomp_program (const RuncSpecSeccomp *seccomp, GArray **ret_program,
                               GError **error);
