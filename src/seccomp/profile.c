/* Looking up the names in a profile. Runs in the parent.
 *
 * Most of a profile is names with one action and no conditions. They are set apart here (as
 * "plain"): putting them into a filter takes libseccomp ten times as long as everything else
 * together, and there is nothing to it but the number. The others go to libseccomp, whose rules for
 * conditions, conflicts, and system calls that share a number (socketcall, ipc) are what profiles
 * were written against.
 */
#include "seccomp/profile.h"

#include "base/error.h"
#include "base/log.h"
#include "seccomp/seccomp.h"
#include "spec/names.h"
#include "sys/process.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>

/* Actions without their number. */
static const RuncName actions[] = {
  { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
  { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO (0) },
  { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
  { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
  { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
  { "SCMP_ACT_LOG", SCMP_ACT_LOG },
  { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
  { "SCMP_ACT_TRACE", SCMP_ACT_TRACE (0) },
  { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
  { NULL, 0 },
};

void
runc_seccomp_profile_clear (RuncSeccompProfile *profile)
{
  g_clear_pointer (&profile->entries, g_array_unref);
}

/* @name with its number, the return value of a filter. The number is EPERM if none is given. */
static gboolean
resolve_action (const char *name, const RuncOptUint32 *number, guint32 *ret_action, GError **error)
{
  const RuncName *action = name != NULL ? runc_name_find (actions, name) : NULL;
  guint32 value;
  int r;

  if (action == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "unknown action '%s'",
                       name != NULL ? name : "");
  value = (guint32)action->value;
  /* An action that the kernel does not know kills. */
  r = runc_sys_seccomp_action_avail (value);
  if (r < 0)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "this kernel does not have %s: %s", name,
                       runc_strerror (-r));
  if (value == SCMP_ACT_ERRNO (0) || value == SCMP_ACT_TRACE (0))
    value |= (number->present ? number->value : EPERM) & 0xffff;
  *ret_action = value;
  return TRUE;
}

/* "SCMP_ARCH_X86" as libseccomp's number; 0 if it does not know it. */
static guint32
find_arch (const char *name)
{
  g_autofree char *lower = NULL;

  if (!g_str_has_prefix (name, "SCMP_ARCH_"))
    return 0;
  lower = g_ascii_strdown (name + strlen ("SCMP_ARCH_"), -1);
  return seccomp_arch_resolve_name (lower);
}

const char *const *
runc_seccomp_known_archs (void)
{
  static const char *names[RUNC_SECCOMP_MAX_ARCHS + 1];

  /* The specification lists more than an older libseccomp has. */
  if (names[0] == NULL)
    for (gsize i = 0, n = 0; runc_seccomp_arch_names[i] != NULL && n < RUNC_SECCOMP_MAX_ARCHS; i++)
      if (find_arch (runc_seccomp_arch_names[i]) != 0)
        names[n++] = runc_seccomp_arch_names[i];
  return names;
}

static void
add_arch (RuncSeccompProfile *profile, guint32 token)
{
  for (gsize i = 0; i < profile->n_archs; i++)
    if (profile->archs[i].token == token)
      return;
  profile->archs[profile->n_archs++] = (RuncSeccompArch){
    .token = token,
    /* libseccomp's own number: to the kernel it is x86_64 with a bit set in the numbers */
    .audit = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token,
  };
}

static gboolean
add_archs (RuncSeccompProfile *profile, const RuncSpecSeccomp *seccomp, GError **error)
{
  add_arch (profile, seccomp_arch_native ());
  for (gsize i = 0; i < seccomp->architectures.n; i++)
    {
      const char *name = seccomp->architectures.items[i];
      guint32 token = find_arch (name);

      if (token == 0 || profile->n_archs == RUNC_SECCOMP_MAX_ARCHS)
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "linux.seccomp.architectures[%zu]: libseccomp %s does not know '%s'", i,
                           runc_seccomp_library_version (), name);
      add_arch (profile, token);
    }
  return TRUE;
}

/* The numbers of @name. TRUE if some architecture has it under a number that it shares with others.
 */
static gboolean
look_up (RuncSeccompProfile *profile, const char *name, int *numbers)
{
  gboolean shared = FALSE;

  for (gsize i = 0; i < profile->n_archs; i++)
    {
      RuncSeccompArch *arch = &profile->archs[i];
      int number = seccomp_syscall_resolve_name_arch (arch->token, name);

      arch->largest = MAX (arch->largest, number);
      if (number < 0 && number != __NR_SCMP_ERROR)
        {
          number = seccomp_syscall_resolve_name_rewrite (arch->token, name);
          shared = shared || number >= 0;
        }
      numbers[i] = number;
    }
  return shared;
}

static gboolean
add_rule (RuncSeccompProfile *profile, const RuncSpecSyscall *rule, gsize index, GError **error)
{
  RuncSeccompEntry entry = { .rule = rule, .rule_index = index };

  if (!resolve_action (rule->action, &rule->errno_ret, &entry.action, error))
    return runc_prefix (error, "linux.seccomp.syscalls[%zu]", index);
  for (gsize i = 0; i < rule->names.n; i++)
    {
      gboolean shared;

      entry.name = rule->names.items[i];
      /* Also of what follows the default: it is known, though not of interest. */
      shared = look_up (profile, entry.name, entry.numbers);
      entry.native = seccomp_syscall_resolve_name (entry.name);
      if (entry.native == __NR_SCMP_ERROR)
        runc_debug ("unknown seccomp syscall '%s' ignored", entry.name);
      else if (entry.action != profile->default_action)
        {
          entry.plain = rule->n_args == 0 && !shared;
          g_array_append_val (profile->entries, entry);
        }
    }
  return TRUE;
}

static gpointer
number_key (gsize arch, int number)
{
  return GSIZE_TO_POINTER ((gsize)(guint32)number * RUNC_SECCOMP_MAX_ARCHS + arch + 1);
}

/* Enter @entry as one that has a say on its numbers. FALSE: on some of them others have, too; all
 * of these are not plain from now on. */
static gboolean
claim (const RuncSeccompProfile *profile, GHashTable *owners, RuncSeccompEntry *entry)
{
  gboolean alone = TRUE;

  for (gsize i = 0; i < profile->n_archs; i++)
    {
      int number = entry->numbers[i];
      RuncSeccompEntry *owner;

      if (number < 0)
        continue;
      owner = g_hash_table_lookup (owners, number_key (i, number));
      if (owner == NULL)
        g_hash_table_insert (owners, number_key (i, number), entry);
      else if (!entry->plain || !owner->plain || entry->action != owner->action)
        {
          alone = alone && !entry->plain && !owner->plain;
          entry->plain = FALSE;
          owner->plain = FALSE;
        }
    }
  return alone;
}

/* Leave as plain only what is the only say on its number. One that is not any more may have been
 * with others on further architectures: look again, until nothing changes. */
static void
settle (RuncSeccompProfile *profile)
{
  gboolean again = TRUE;

  while (again)
    {
      g_autoptr (GHashTable) owners = g_hash_table_new (NULL, NULL);

      again = FALSE;
      for (guint i = 0; i < profile->entries->len; i++)
        if (!claim (profile, owners, &g_array_index (profile->entries, RuncSeccompEntry, i)))
          again = TRUE;
    }
}

gboolean
runc_seccomp_profile_init (RuncSeccompProfile *profile, const RuncSpecSeccomp *seccomp,
                           GError **error)
{
  profile->entries = g_array_new (FALSE, FALSE, sizeof (RuncSeccompEntry));
  if (!resolve_action (seccomp->default_action, &seccomp->default_errno_ret,
                       &profile->default_action, error))
    return runc_prefix (error, "linux.seccomp.defaultAction");
  if (!add_archs (profile, seccomp, error))
    return FALSE;
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    if (!add_rule (profile, &seccomp->syscalls[i], i, error))
      return FALSE;
  settle (profile);
  return TRUE;
}
