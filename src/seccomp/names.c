/* What of seccomp this build knows, for `features` and --version. Runs in the parent. */
#include "seccomp/compile.h"
#include "spec/names.h"

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

const char *
runc_seccomp_library_version (void)
{
#ifdef HAVE_SECCOMP
  static char text[32];
  const struct scmp_version *version = seccomp_version ();

  if (version == NULL)
    return NULL;
  g_snprintf (text, sizeof text, "%u.%u.%u", version->major, version->minor, version->micro);
  return text;
#else
  return NULL;
#endif
}

const char *const *
runc_seccomp_known_actions (void)
{
  return runc_seccomp_action_names;
}

const char *const *
runc_seccomp_known_operators (void)
{
  return runc_seccomp_operator_names;
}

/* The specification lists more than an older libseccomp has. */
const char *const *
runc_seccomp_known_archs (void)
{
  static const char *names[64];

  if (names[0] == NULL)
    for (gsize i = 0, n = 0; runc_seccomp_arch_names[i] != NULL && n < G_N_ELEMENTS (names) - 1;
         i++)
      if (runc_seccomp_library_arch (runc_seccomp_arch_names[i]) != 0)
        names[n++] = runc_seccomp_arch_names[i];
  return names;
}

const char *const *
runc_seccomp_known_flags (void)
{
  return runc_seccomp_flag_names;
}
