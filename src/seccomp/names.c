/* What of seccomp this build knows, for `features`. Runs in the parent. */
#include "seccomp/seccomp.h"
#include "spec/names.h"

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

const char *const *
runc_seccomp_known_flags (void)
{
  return runc_seccomp_flag_names;
}
