/* The filter of a profile: flags for seccomp(2) and the program. Runs in the parent, while the
 * child mounts.
 */
#include "seccomp/seccomp.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "seccomp/cache.h"
#include "seccomp/program.h"
#include "sys/process.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

/* Linux 5.19; older headers do not have it. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct
{
  const char *name;
  guint32 flag; /* 0: accepted, and nothing to do */
} flag_table[] = {
  { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
  { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
  /* The child that loads the filter has one thread. */
  { "SECCOMP_FILTER_FLAG_TSYNC", 0 },
  { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

void
runc_seccomp_filter_clear (RuncSeccompFilter *filter)
{
  g_clear_pointer (&filter->instructions, g_free);
  filter->n_instructions = 0;
}

/* Whether the kernel takes @flag. With a program that cannot be read it looks at the flags first
 * (EINVAL) and then fails on the privileges (EACCES) or the address (EFAULT). */
static gboolean
kernel_takes (guint32 flag)
{
  const struct sock_filter *unreadable = GSIZE_TO_POINTER (1);
  int r;

  /* refused without a listener */
  if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
    flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  r = runc_sys_seccomp_load (unreadable, 1, flag);
  return r == -EFAULT || r == -EACCES;
}

const char **
runc_seccomp_supported_flags (void)
{
  GPtrArray *names = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (flag_table); i++)
    if (kernel_takes (flag_table[i].flag))
      g_ptr_array_add (names, (gpointer)flag_table[i].name);
  g_ptr_array_add (names, NULL);
  return (const char **)g_ptr_array_free (names, FALSE);
}

static gboolean
add_flag (const RuncSpecSeccomp *seccomp, gsize index, RuncSeccompFilter *filter, GError **error)
{
  const char *name = seccomp->flags.items[index];

  for (gsize i = 0; i < G_N_ELEMENTS (flag_table); i++)
    if (strcmp (name, flag_table[i].name) == 0)
      {
        if (flag_table[i].flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !filter->listener)
          runc_debug ("%s has no effect: no rule of the profile is SCMP_ACT_NOTIFY", name);
        else if (flag_table[i].flag != 0 && !kernel_takes (flag_table[i].flag))
          return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                             "linux.seccomp.flags[%zu]: this kernel does not know %s", index, name);
        else
          filter->flags |= flag_table[i].flag;
        return TRUE;
      }
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "linux.seccomp.flags[%zu]: unknown flag '%s'",
                     index, name);
}

/* @filter->flags and @filter->listener. */
static gboolean
add_flags (const RuncSpecSeccomp *seccomp, RuncSeccompFilter *filter, GError **error)
{
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    if (strcmp (seccomp->syscalls[i].action, "SCMP_ACT_NOTIFY") == 0)
      {
        filter->listener = TRUE;
        filter->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        break;
      }
  /* An empty list means no flags; no list at all means what runc then does. */
  if (!seccomp->flags.present && kernel_takes (SECCOMP_FILTER_FLAG_SPEC_ALLOW))
    filter->flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (gsize i = 0; i < seccomp->flags.n; i++)
    if (!add_flag (seccomp, i, filter, error))
      return FALSE;
  runc_debug ("seccomp filter flags: %u", filter->flags);
  return TRUE;
}

/* The program of @seccomp, from the cache or into it. */
static gboolean
find_program (const RuncSpecSeccomp *seccomp, const char *cache_dir, RuncSeccompFilter *filter,
              GError **error)
{
  autofd int dir_fd = -EBADF;
  g_autofree char *key = NULL;
  g_autoptr (GArray) program = NULL;

  if (cache_dir != NULL)
    {
      key = runc_seccomp_cache_key (seccomp);
      dir_fd = runc_seccomp_cache_open (cache_dir, FALSE);
      if (dir_fd >= 0
          && runc_seccomp_cache_load (dir_fd, key, &filter->instructions, &filter->n_instructions))
        return TRUE;
    }
  runc_debug ("compiling the seccomp filter");
  if (!runc_seccomp_program (seccomp, &program, error))
    return FALSE;
  filter->n_instructions = program->len;
  filter->instructions
      = (struct sock_filter *)(gpointer)g_array_free (g_steal_pointer (&program), FALSE);
  if (cache_dir != NULL && dir_fd < 0)
    dir_fd = runc_seccomp_cache_open (cache_dir, TRUE);
  if (dir_fd >= 0)
    runc_seccomp_cache_store (dir_fd, key, filter->instructions, filter->n_instructions);
  return TRUE;
}

gboolean
runc_seccomp_compile (const RuncSpecSeccomp *seccomp, const char *cache_dir,
                      RuncSeccompFilter *ret_filter, GError **error)
{
  g_auto (RuncSeccompFilter) filter = { 0 };

  if (!add_flags (seccomp, &filter, error) || !find_program (seccomp, cache_dir, &filter, error))
    return FALSE;
  *ret_filter = filter;
  filter.instructions = NULL;
  return TRUE;
}
