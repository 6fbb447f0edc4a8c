/* `runc --version`. Runs in the parent. */
#include "base/version.h"

#include "cli/command.h"

#include <stdio.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

void
runc_version_print (void)
{
  printf ("runc version %s\n", runc_version ());
  if (runc_version_commit ()[0] != '\0')
    printf ("commit: %s\n", runc_version_commit ());
  printf ("spec: %s\n", RUNC_SPEC_VERSION);
#ifdef HAVE_SECCOMP
  const struct scmp_version *library = seccomp_version ();
  if (library != NULL)
    printf ("libseccomp: %u.%u.%u\n", library->major, library->minor, library->micro);
#endif
}
