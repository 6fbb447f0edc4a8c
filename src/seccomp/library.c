/* Profile to program, by libseccomp. Runs in the parent. Everything of ours that calls libseccomp's
 * compiler is here.
 *
 * One rule of the profile is one rule of libseccomp per name, with three adjustments that profiles
 * in the wild rely on:
 *  - names that this libseccomp does not know are left out: profiles list the system calls of all
 *    kernels and architectures;
 *  - rules that say what the default says are left out, because libseccomp refuses them;
 *  - several conditions on one argument are alternatives, not a conjunction: libseccomp takes only
 *    one condition per argument and rule.
 */
#include "seccomp/compile.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "spec/names.h"
#include "sys/syscalls.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

/* The kernel's limit on the arguments of a system call. */
#define MAX_ARGS 6

/* Below this many rules a tree does not pay, and libseccomp up to 2.5.4 mishandles one without any.
 */
#define TREE_THRESHOLD 32

static void
context_free (void *context)
{
  seccomp_release (context);
}
typedef void Context;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Context, context_free)

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

static const RuncName operators[] = {
  { "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE },
  { "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
  { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
  { "SCMP_CMP_NE", SCMP_CMP_NE }, { NULL, 0 },
};

/* @name with its number, the return value of a filter. The number is EPERM if none is given. */
static gboolean
resolve_action (const char *name, const RuncOptUint32 *number, guint32 *ret_action, GError **error)
{
  const RuncName *action = name != NULL ? runc_name_find (actions, name) : NULL;
  guint32 value;

  if (action == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "unknown action '%s'",
                       name != NULL ? name : "");
  value = (guint32)action->value;
  if (value == SCMP_ACT_ERRNO (0) || value == SCMP_ACT_TRACE (0))
    value |= (number->present ? number->value : EPERM) & 0xffff;
  *ret_action = value;
  return TRUE;
}

guint32
runc_seccomp_library_arch (const char *name)
{
  g_autofree char *lower = NULL;

  if (!g_str_has_prefix (name, "SCMP_ARCH_"))
    return 0;
  lower = g_ascii_strdown (name + strlen ("SCMP_ARCH_"), -1);
  return seccomp_arch_resolve_name (lower);
}

static gboolean
add_archs (scmp_filter_ctx context, const RuncSpecSeccomp *seccomp, GError **error)
{
  for (gsize i = 0; i < seccomp->architectures.n; i++)
    {
      const char *name = seccomp->architectures.items[i];
      guint32 arch = runc_seccomp_library_arch (name);
      int r = arch != 0 ? seccomp_arch_add (context, arch) : -EINVAL;

      if (r == -EDOM)
        return runc_throw (
            error, RUNC_ERROR_UNSUPPORTED,
            "linux.seccomp.architectures[%zu]: '%s' has another byte order than this "
            "machine",
            i, name);
      if (r < 0 && r != -EEXIST)
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "linux.seccomp.architectures[%zu]: libseccomp %s does not know '%s'", i,
                           runc_seccomp_library_version (), name);
    }
  return TRUE;
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

/* One name of @rule, with @conditions for its arguments. Returns 0 or -errno. */
static int
add_name (scmp_filter_ctx context, guint32 action, int number, const RuncSpecSyscall *rule,
          const struct scmp_arg_cmp *conditions)
{
  int r = 0;

  if (!has_repeated_index (rule))
    return seccomp_rule_add_array (context, action, number, (unsigned int)rule->n_args, conditions);
  for (gsize i = 0; i < rule->n_args && r == 0; i++)
    r = seccomp_rule_add_array (context, action, number, 1, &conditions[i]);
  return r;
}

static gboolean
add_rule (scmp_filter_ctx context, guint32 default_action, const RuncSpecSyscall *rule,
          GError **error)
{
  g_autofree struct scmp_arg_cmp *conditions = g_new (struct scmp_arg_cmp, rule->n_args + 1);
  guint32 action;

  if (!resolve_action (rule->action, &rule->errno_ret, &action, error))
    return FALSE;
  if (action == default_action)
    return TRUE;
  if (!make_conditions (rule, conditions, error))
    return FALSE;
  for (gsize i = 0; i < rule->names.n; i++)
    {
      const char *name = rule->names.items[i];
      int number = seccomp_syscall_resolve_name (name);
      int r;

      if (number == __NR_SCMP_ERROR)
        {
          runc_debug ("unknown seccomp syscall '%s' ignored", name);
          continue;
        }
      r = add_name (context, action, number, rule, conditions);
      if (r < 0)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "cannot add a rule for '%s': %s", name,
                           g_strerror (-r));
    }
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
                       g_strerror (-r));
  if (lseek (fd, 0, SEEK_SET) < 0)
    return runc_throw_errno (error, "cannot read the seccomp filter");
  bytes = runc_io_read_fd (fd, "seccomp filter", G_MAXUINT16 * sizeof (struct sock_filter), &len,
                           error);
  if (bytes == NULL)
    return FALSE;
  *ret_program = g_array_sized_new (FALSE, FALSE, sizeof (struct sock_filter),
                                    (guint)(len / sizeof (struct sock_filter)));
  g_array_append_vals (*ret_program, bytes, (guint)(len / sizeof (struct sock_filter)));
  return TRUE;
}

gboolean
runc_seccomp_library_compile (const RuncSpecSeccomp *seccomp, GArray **ret_program, GError **error)
{
  g_autoptr (Context) context = NULL;
  guint32 default_action;
  gsize n_rules = 0;

  if (!resolve_action (seccomp->default_action, &seccomp->default_errno_ret, &default_action,
                       error))
    return runc_prefix (error, "linux.seccomp.defaultAction");
  context = seccomp_init (default_action);
  if (context == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "linux.seccomp.defaultAction: libseccomp %s on this kernel refuses %s",
                       runc_seccomp_library_version (), seccomp->default_action);
  if (!add_archs (context, seccomp, error))
    return FALSE;
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    {
      if (!add_rule (context, default_action, &seccomp->syscalls[i], error))
        return runc_prefix (error, "linux.seccomp.syscalls[%zu]", i);
      n_rules += seccomp->syscalls[i].names.n;
    }
  if (n_rules > TREE_THRESHOLD)
    (void)seccomp_attr_set (context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  return export_program (context, ret_program, error);
}

#else

guint32
runc_seccomp_library_arch (const char *name)
{
  (void)name;
  return 0;
}

gboolean
runc_seccomp_library_compile (const RuncSpecSeccomp *seccomp, GArray **ret_program, GError **error)
{
  (void)seccomp;
  (void)ret_program;
  return runc_throw (
      error, RUNC_ERROR_UNSUPPORTED,
      "linux.seccomp: this runc is built without seccomp (configure with libseccomp, "
      "or remove linux.seccomp from config.json)");
}

#endif
