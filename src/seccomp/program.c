/* From a profile to a program. Runs in the parent, when the filter is not in the cache.
 *
 * libseccomp compiles what has conditions; its program is taken apart into a table of ranges of
 * system call numbers, the rest of the profile is entered there, and the table is written as a
 * program. With that goes what runc does about system calls that are newer than the profile: under
 * a default action that denies, programs would get EPERM for them and take it for a verdict, where
 * a kernel without them would say ENOSYS and have them try the older way. So the numbers beyond the
 * highest one that the profile names, by architecture, get ENOSYS.
 */
#include "seccomp/program.h"

#include "base/error.h"
#include "seccomp/library.h"
#include "seccomp/regions.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

/* Set in the numbers of x32, which the kernel takes for the same architecture as x86_64. */
#define X32_BIT 0x40000000U

#define RETURN_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

typedef struct
{
  guint32 number;
  guint32 action;
} Constant;

static int
compare_constants (gconstpointer a, gconstpointer b)
{
  const Constant *x = a;
  const Constant *y = b;

  return x->number < y->number ? -1 : x->number > y->number;
}

/* What @token can have. x86_64 and x32 share an architecture, as the kernel tells it to a filter.
 * If x32 is not in the profile, its numbers are left to what libseccomp does about them. */
static void
find_limits (const RuncSeccompProfile *profile, gsize arch, guint32 *ret_first, guint32 *ret_last)
{
  guint32 token = profile->archs[arch].token;
  gboolean has_x32 = FALSE;

  for (gsize i = 0; i < profile->n_archs; i++)
    has_x32 = has_x32 || profile->archs[i].token == SCMP_ARCH_X32;
  *ret_first = token == SCMP_ARCH_X32 ? X32_BIT : 0;
  *ret_last = token == SCMP_ARCH_X86_64 && has_x32 ? X32_BIT - 1 : G_MAXUINT32;
}

/* The entries that have to be compiled. */
static gboolean
add_compiled (RuncRegions *regions, const RuncSeccompProfile *profile, gsize arch, GError **error)
{
  g_autoptr (GArray) compiled = NULL;
  guint32 first, last;

  if (!runc_seccomp_library_compile (profile, arch, &compiled, error))
    return FALSE;
  find_limits (profile, arch, &first, &last);
  runc_regions_add (regions, profile->archs[arch].audit, first, last, compiled);
  return TRUE;
}

/* The plain entries on architecture @arch, by number, in runs of one action. */
static void
add_constants (RuncRegions *regions, const RuncSeccompProfile *profile, gsize arch)
{
  g_autoptr (GArray) constants = g_array_new (FALSE, FALSE, sizeof (Constant));

  for (guint i = 0; i < profile->entries->len; i++)
    {
      const RuncSeccompEntry *entry = &g_array_index (profile->entries, RuncSeccompEntry, i);
      Constant constant = { .number = (guint32)entry->numbers[arch], .action = entry->action };
      if (entry->plain && entry->numbers[arch] >= 0)
        g_array_append_val (constants, constant);
    }
  g_array_sort (constants, compare_constants);
  for (guint i = 0, next; i < constants->len; i = next)
    {
      const Constant *first = &g_array_index (constants, Constant, i);
      guint32 last = first->number;

      for (next = i + 1; next < constants->len; next++)
        {
          const Constant *other = &g_array_index (constants, Constant, next);
          if (other->action != first->action || other->number > last + 1)
            break;
          last = other->number;
        }
      runc_regions_set (regions, profile->archs[arch].audit, first->number, last, first->action);
    }
}

/* An action that lets calls happen, or a tracer that knows what to do about new ones. */
static gboolean
is_permissive (guint32 action)
{
  action &= SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_TRACE;
}

static void
add_enosys (RuncRegions *regions, const RuncSeccompArch *arch, guint32 default_action)
{
  guint32 last = arch->token == SCMP_ARCH_X86_64 ? X32_BIT - 1 : G_MAXUINT32;
  guint32 known;

  if (arch->largest <= 0)
    return;
  /* What shares its number with others can have a second one, which is higher than it looks. */
  known = MAX ((guint32)arch->largest,
               runc_regions_highest (regions, arch->audit, last, default_action));
  if (known < last)
    runc_regions_set (regions, arch->audit, known + 1, last, RETURN_ENOSYS);
  /* There, large numbers come in a register, and one that the kernel does not have arrives as 0,
   * which was setup(2) before that went out of use. */
  if (arch->token == SCMP_ARCH_S390 || arch->token == SCMP_ARCH_S390X)
    runc_regions_set (regions, arch->audit, 0, 0, RETURN_ENOSYS);
}

gboolean
runc_seccomp_program (const RuncSpecSeccomp *seccomp, GArray **ret_program, GError **error)
{
  g_auto (RuncSeccompProfile) profile = { 0 };
  /* libseccomp's answer to architectures that are not in a filter */
  g_autoptr (RuncRegions) regions = runc_regions_new (SECCOMP_RET_KILL_THREAD);
  g_autoptr (GArray) program = NULL;

  if (!runc_seccomp_profile_init (&profile, seccomp, error))
    return FALSE;
  for (gsize i = 0; i < profile.n_archs; i++)
    {
      if (!add_compiled (regions, &profile, i, error))
        return FALSE;
      add_constants (regions, &profile, i);
      if (!is_permissive (profile.default_action))
        add_enosys (regions, &profile.archs[i], profile.default_action);
    }
  program = runc_regions_write (regions);
  if (program->len > BPF_MAXINSNS)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "linux.seccomp: the filter has %u instructions, the kernel takes at most %d",
                       program->len, BPF_MAXINSNS);
  *ret_program = g_steal_pointer (&program);
  return TRUE;
}
