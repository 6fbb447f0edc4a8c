/* The version and commit of this build: the only file that is compiled anew when they change.
 * Runs in the parent. */
#include "base/version.h"

#include "runc-version.h"

const char *
runc_version (void)
{
  return RUNC_VERSION;
}

const char *
runc_version_commit (void)
{
  return RUNC_COMMIT;
}
