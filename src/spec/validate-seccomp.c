/* The rules for `linux.seccomp`. Runs in the parent; no I/O.
 *
 * Names are checked against what the specification lists. What the libseccomp at hand can do with
 * them is for src/seccomp to say.
 */
#include "spec/validate.h"

#include <string.h>

#define WHERE "linux.seccomp"

/* The kernel's MAX_ERRNO; larger ones would not be errors to the caller. */
#define MAX_ERRNO 4095

/* Who runs with a container's own receiver of notifications says so here, as for crun. */
#define RECEIVER_ANNOTATION "run.oci.seccomp.receiver"

static gboolean
throw_unknown (GError **error, const char *place, const char *name, const char *const *known)
{
  g_autofree char *list = g_strjoinv (", ", (char **)(gpointer)known);
  return runc_spec_invalid (error, "%s: unknown value '%s' (known: %s)", place, name, list);
}

/* Check every one of @names, which are @member of the profile. */
static gboolean
check_names (const RuncStrings *names, const char *const *known, const char *member, GError **error)
{
  for (gsize i = 0; i < names->n; i++)
    if (!g_strv_contains (known, names->items[i]))
      {
        g_autofree char *place = g_strdup_printf (WHERE ".%s[%zu]", member, i);
        return throw_unknown (error, place, names->items[i], known);
      }
  return TRUE;
}

/* An action and the number that goes with it.
 *
 * @action_key, @errno_key: the names of both members of the object at @place */
static gboolean
check_action (const char *action, const RuncOptUint32 *errno_ret, const char *place,
              gboolean is_default, GError **error)
{
  const char *action_key = is_default ? "defaultAction" : "action";
  const char *errno_key = is_default ? "defaultErrnoRet" : "errnoRet";
  uint32_t max;

  if (action == NULL)
    return runc_spec_invalid (error, "%s.%s: required, but missing or empty", place, action_key);
  if (!g_strv_contains (runc_seccomp_action_names, action))
    {
      g_autofree char *member = g_strdup_printf ("%s.%s", place, action_key);
      return throw_unknown (error, member, action, runc_seccomp_action_names);
    }
  if (!errno_ret->present)
    return TRUE;
  if (strcmp (action, "SCMP_ACT_ERRNO") == 0)
    max = MAX_ERRNO;
  else if (strcmp (action, "SCMP_ACT_TRACE") == 0)
    max = UINT16_MAX;
  else
    return runc_spec_invalid (error,
                              "%s.%s: %s takes no number (SCMP_ACT_ERRNO and SCMP_ACT_TRACE do)",
                              place, errno_key, action);
  if (errno_ret->value > max)
    return runc_spec_invalid (error, "%s.%s: expected a number from 0 to %u, got %u", place,
                              errno_key, max, errno_ret->value);
  return TRUE;
}

static gboolean
check_syscall (const RuncSpecSyscall *rule, gsize index, GError **error)
{
  char place[64];

  g_snprintf (place, sizeof place, WHERE ".syscalls[%zu]", index);
  if (rule->names.n == 0)
    return runc_spec_invalid (error, "%s.names: needs at least one name", place);
  if (!check_action (rule->action, &rule->errno_ret, place, FALSE, error))
    return FALSE;
  for (gsize i = 0; i < rule->names.n; i++)
    {
      if (*rule->names.items[i] == '\0')
        return runc_spec_invalid (error, "%s.names[%zu]: must not be empty", place, i);
      if (strcmp (rule->action, "SCMP_ACT_NOTIFY") != 0)
        continue;
      /* With the filter loaded and nobody to answer yet, the container's process hands its listener
       * to us and says that it is ready. */
      if (strcmp (rule->names.items[i], "write") == 0)
        return runc_spec_invalid (error, "%s: SCMP_ACT_NOTIFY cannot be used for the write syscall",
                                  place);
      if (strcmp (rule->names.items[i], "sendmsg") == 0)
        return runc_spec_invalid (error,
                                  "%s: SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall (the "
                                  "listener is sent with it, when nobody can answer yet)",
                                  place);
    }
  for (gsize i = 0; i < rule->n_args; i++)
    {
      const RuncSpecSeccompArg *arg = &rule->args[i];
      const char *op = arg->op != NULL ? arg->op : "";
      if (arg->index > 5)
        return runc_spec_invalid (error,
                                  "%s.args[%zu].index: expected a number from 0 to 5, got %u",
                                  place, i, arg->index);
      if (!g_strv_contains (runc_seccomp_operator_names, op))
        {
          g_autofree char *member = g_strdup_printf ("%s.args[%zu].op", place, i);
          return throw_unknown (error, member, op, runc_seccomp_operator_names);
        }
    }
  return TRUE;
}

static gboolean
check_listener (const RuncSpec *spec, GError **error)
{
  const RuncSpecSeccomp *seccomp = spec->linux_spec.seccomp;
  gboolean notifies = FALSE;

  for (gsize i = 0; i < seccomp->n_syscalls && !notifies; i++)
    notifies = strcmp (seccomp->syscalls[i].action, "SCMP_ACT_NOTIFY") == 0;
  if (seccomp->listener_path != NULL || runc_spec_annotation (spec, RECEIVER_ANNOTATION) != NULL)
    return TRUE;
  if (notifies)
    return runc_spec_invalid (
        error, WHERE ".listenerPath: seccomp listenerPath is not set, but SCMP_ACT_NOTIFY is used");
  if (seccomp->listener_metadata != NULL)
    return runc_spec_invalid (error, WHERE ".listenerMetadata: has no use without listenerPath");
  return TRUE;
}

gboolean
runc_validate_seccomp (const RuncSpec *spec, GError **error)
{
  const RuncSpecSeccomp *seccomp = spec->linux_spec.seccomp;

  if (!check_action (seccomp->default_action, &seccomp->default_errno_ret, WHERE, TRUE, error))
    return FALSE;
  if (strcmp (seccomp->default_action, "SCMP_ACT_NOTIFY") == 0)
    return runc_spec_invalid (error, WHERE
                              ".defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
  if (!check_names (&seccomp->architectures, runc_seccomp_arch_names, "architectures", error)
      || !check_names (&seccomp->flags, runc_seccomp_flag_names, "flags", error))
    return FALSE;
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    if (!check_syscall (&seccomp->syscalls[i], i, error))
      return FALSE;
  return check_listener (spec, error);
}
