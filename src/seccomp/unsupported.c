/* In the place of the compiler in a build without libseccomp. Runs in the parent. */
#include "base/error.h"
#include "seccomp/program.h"
#include "seccomp/seccomp.h"

gboolean
runc_seccomp_program (const RuncSpecSeccomp *seccomp, GArray **ret_program, GError **error)
{
  (void)seccomp;
  (void)ret_program;
  return runc_throw (
      error, RUNC_ERROR_UNSUPPORTED,
      "linux.seccomp: this runc was built without seccomp; remove linux.seccomp from "
      "config.json to run without a filter");
}

const char *
runc_seccomp_library_version (void)
{
  return NULL;
}

const char *const *
runc_seccomp_known_archs (void)
{
  static const char *const none[] = { NULL };

  return none;
}
