/* Inside src/seccomp: what the parts of the compiler hand to each other. */
#pragma once

#include "seccomp/seccomp.h"

/* Have libseccomp translate @seccomp. Only file that calls libseccomp's compiler: library.c.
 *
 * @ret_program: new array of struct sock_filter, what libseccomp makes of the rules
 * Errors: as runc_seccomp_compile(). */
gboolean runc_seccomp_library_compile (const RuncSpecSeccomp *seccomp, GArray **ret_program,
                                       GError **error);

/* libseccomp's number for "SCMP_ARCH_X86", or 0 if it does not know it. */
guint32 runc_seccomp_library_arch (const char *name);
