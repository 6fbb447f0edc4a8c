/* For tests of seccomp: profiles from JSON, and a machine for their filters. */
#pragma once

#include "seccomp/seccomp.h"

#include <linux/seccomp.h>

/* The specification with @json as its linux.seccomp. */
RuncSpec *seccomp_spec (const char *json);

/* The filter of @json, without a cache. */
RuncSeccompFilter seccomp_filter (const char *json);

/* What @n @instructions return for @data, as the kernel runs them. Aborts the test on instructions
 * that the kernel would not load. */
guint32 seccomp_run (const struct sock_filter *instructions, guint n,
                     const struct seccomp_data *data);

/* What @filter returns for system call @number of @arch (AUDIT_ARCH_*) with @args (6, or NULL). */
guint32 seccomp_ask (const RuncSeccompFilter *filter, guint32 arch, guint32 number,
                     const guint64 *args);
