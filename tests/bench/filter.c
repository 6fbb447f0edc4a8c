/*
 * Compiles the seccomp profile of an engine for the floor program: what a warm cache of filters
 * holds.
 *
 *   filter DEFAULT < LIST > FILE.bpf
 *
 * LIST is lines "ACTION NAME", ACTION being 0 for "allow" or an errno; what is not listed gets
 * EPERM. Rules about arguments are not expressed: they are a handful out of 400 and do not change
 * the price.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  unsigned int rest = argc == 2 ? (unsigned int)atoi (argv[1]) : EPERM;
  scmp_filter_ctx ctx = seccomp_init (SCMP_ACT_ERRNO (rest));
  char name[64];
  unsigned int number;

  if (ctx == NULL)
    return 1;
  /* only names that this architecture lacks can fail here; an older libseccomp has no tree either
   */
  (void)seccomp_attr_set (ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#ifdef __x86_64__
  (void)seccomp_arch_add (ctx, SCMP_ARCH_X86);
  (void)seccomp_arch_add (ctx, SCMP_ARCH_X32);
#endif
  while (scanf ("%u %63s", &number, name) == 2)
    {
      int nr = seccomp_syscall_resolve_name (name);
      if (nr != __NR_SCMP_ERROR && number != rest)
        (void)seccomp_rule_add (ctx, number == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO (number), nr, 0);
    }
  int r = seccomp_export_bpf (ctx, STDOUT_FILENO);
  seccomp_release (ctx);
  if (r < 0)
    fprintf (stderr, "filter: cannot export: %s\n", strerror (-r));
  return r < 0;
}
