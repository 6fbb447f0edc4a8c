/* `runc --version`. Runs in the parent. */
#include "base/version.h"

#include "cli/command.h"
#include "engine/engine.h"

#include <stdio.h>

void
runc_version_print (void)
{
  const char *libseccomp = runc_engine_libseccomp_version ();

  printf ("runc version %s\n", runc_version ());
  if (runc_version_commit ()[0] != '\0')
    printf ("commit: %s\n", runc_version_commit ());
  printf ("spec: %s\n", RUNC_SPEC_VERSION);
  if (libseccomp != NULL)
    printf ("libseccomp: %s\n", libseccomp);
}
