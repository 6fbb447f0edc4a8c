/* The rules of a profile that need compiling, by libseccomp. Runs in the parent.
 *
 * One name of a rule is one rule of libseccomp, but several conditions on one argument are
 * alternatives, not a conjunction: libseccomp takes one condition per argument and rule, and
 * profiles count on getting several rules out of it.
 *
 * libseccomp has to be held right (all versions up to 2.6.1 that were looked at). Without its tree
 * it has the first rule load the number of the system call, and leaves that out with the rule when
 * the rule turns out not to exist on the architecture: the filter then compares something else. Its
 * tree loads the number in any case, but breaks for an architecture without rules (up to 2.5.4). So
 * each architecture gets a filter of its own, with what exists there, as a tree if there is
 * anything. How it looks does not matter: it is taken apart again (regions.h).
 */
#include "seccomp/library.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "seccomp/seccomp.h"
#include "spec/names.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>

/* The kernel's limit on the arguments of a system call. */
#define MAX_ARGS 6

/* What a scmp_filter_ctx, a void pointer, points to. */
typedef void Context;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Context, seccomp_release)

static const RuncName operators[] = {
  { "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE },
  { "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
  { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
  { "SCMP_CMP_NE", SCMP_CMP_NE }, { NULL, 0 },
};

const char *
runc_seccomp_library_version (void)
{
  static char text[32];
  const struct scmp_version *version = seccomp_version ();

  if (version == NULL)
    return NULL;
  g_snprintf (text, sizeof text, "%u.%u.%u", version->major, version->minor, version->micro);
  return text;
}

/* An empty filter for @arch. */
static Context *
new_context (guint32 default_action, const RuncSeccompArch *arch, GError **error)
{
  g_autoptr (Context) context = seccomp_init (default_action);
  int r;

  if (context == NULL)
    {
      runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                  "linux.seccomp.defaultAction: refused by libseccomp %s",
                  runc_seccomp_library_version ());
      return NULL;
    }
  if (arch->token == seccomp_arch_native ())
    return g_steal_pointer (&context);
  r = seccomp_arch_add (context, arch->token);
  if (r == 0)
    r = seccomp_arch_remove (context, seccomp_arch_native ());
  if (r < 0)
    {
      runc_throw (
          error, RUNC_ERROR_UNSUPPORTED,
          "linux.seccomp.architectures: libseccomp refuses architecture 0x%x (%s); all of a "
          "filter must have the byte order of this machine",
          arch->token, runc_strerror (-r));
      return NULL;
    }
  return g_steal_pointer (&context);
}

static gboolean
make_conditions (const RuncSpecSyscall *rule, struct scmp_arg_cmp *conditions, GError **error)
{
  for (gsize i = 0; i < rule->n_args; i++)
    {
      const RuncSpecSeccompArg *arg = &rule->args[i];
      const RuncName *comparison = arg->op != NULL ? runc_name_find (operators, arg->op) : NULL;

      if (comparison == NULL || arg->index >= MAX_ARGS)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "args[%zu]: expected an operator and an index from 0 to %d", i,
                           MAX_ARGS - 1);
      conditions[i] = (struct scmp_arg_cmp){
        .arg = arg->index,
        .op = (enum scmp_compare)comparison->value,
        .datum_a = arg->value,
        .datum_b = arg->value_two,
      };
    }
  return TRUE;
}

static gboolean
has_repeated_index (const RuncSpecSyscall *rule)
{
  unsigned int seen = 0;

  for (gsize i = 0; i < rule->n_args; i++)
    {
      unsigned int bit = 1U << rule->args[i].index;
      if (seen & bit)
        return TRUE;
      seen |= bit;
    }
  return FALSE;
}

static gboolean
add_entry (scmp_filter_ctx context, const RuncSeccompEntry *entry, GError **error)
{
  const RuncSpecSyscall *rule = entry->rule;
  g_autofree struct scmp_arg_cmp *conditions = g_new (struct scmp_arg_cmp, rule->n_args + 1);
  int r = 0;

  if (!make_conditions (rule, conditions, error))
    return FALSE;
  if (has_repeated_index (rule))
    for (gsize i = 0; i < rule->n_args && r == 0; i++)
      r = seccomp_rule_add_array (context, entry->action, entry->native, 1, &conditions[i]);
  else
    r = seccomp_rule_add_array (context, entry->action, entry->native, (unsigned int)rule->n_args,
                                conditions);
  if (r < 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "libseccomp refuses the rule for '%s': %s",
                       entry->name, runc_strerror (-r));
  return TRUE;
}

/* The program of @context. */
static gboolean
export_program (scmp_filter_ctx context, GArray **ret_program, GError **error)
{
  autofd int fd = runc_sys_memfd_create ("seccomp", MFD_CLOEXEC);
  g_autofree char *bytes = NULL;
  gsize len;
  int r;

  if (fd < 0)
    return runc_throw_neg (error, fd, "cannot make a memory file for the seccomp filter");
  r = seccomp_export_bpf (context, fd);
  if (r < 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "linux.seccomp: libseccomp cannot make a filter of this: %s",
                       runc_strerror (-r));
  if (lseek (fd, 0, SEEK_SET) < 0)
    return runc_throw_errno (error, "cannot read the seccomp filter");
  bytes = runc_io_read_fd (fd, "seccomp filter", G_MAXUINT16 * sizeof (struct sock_filter), &len,
                           error);
  if (bytes == NULL)
    return FALSE;
  *ret_program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));
  g_array_append_vals (*ret_program, bytes, (guint)(len / sizeof (struct sock_filter)));
  return TRUE;
}

gboolean
runc_seccomp_library_compile (const RuncSeccompProfile *profile, gsize arch, GArray **ret_program,
                              GError **error)
{
  g_autoptr (Context) context = new_context (profile->default_action, &profile->archs[arch], error);

  guint n_rules = 0;

  if (context == NULL)
    return FALSE;
  for (guint i = 0; i < profile->entries->len; i++)
    {
      const RuncSeccompEntry *entry = &g_array_index (profile->entries, RuncSeccompEntry, i);
      if (entry->plain || entry->numbers[arch] < 0)
        continue;
      if (!add_entry (context, entry, error))
        return runc_prefix (error, "linux.seccomp.syscalls[%zu]", entry->rule_index);
      n_rules++;
    }
  if (n_rules > 0 && seccomp_attr_set (context, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "linux.seccomp: libseccomp %s has no tree",
                       runc_seccomp_library_version ());
  return export_program (context, ret_program, error);
}
