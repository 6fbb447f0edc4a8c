/* For tests of seccomp: profiles from JSON, and a machine for their filters. */
#include "seccomp-run.h"

#include <string.h>

RuncSpec *
seccomp_spec (const char *json)
{
  g_autofree char *text
      = g_strdup_printf ("{\"ociVersion\":\"1.0.0\",\"linux\":{\"seccomp\":%s}}", json);
  g_autoptr (GError) error = NULL;
  RuncSpec *spec = runc_spec_decode (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_nonnull (spec->linux_spec.seccomp);
  return spec;
}

RuncSeccompFilter
seccomp_filter (const char *json)
{
  g_autoptr (RuncSpec) spec = seccomp_spec (json);
  g_autoptr (GError) error = NULL;
  RuncSeccompFilter filter = { 0 };

  runc_seccomp_compile (spec->linux_spec.seccomp, NULL, &filter, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (filter.n_instructions, >, 0);
  g_assert_cmpuint (filter.n_instructions, <=, BPF_MAXINSNS);
  return filter;
}

guint32
seccomp_run (const struct sock_filter *instructions, guint n, const struct seccomp_data *data)
{
  guint32 a = 0;

  for (guint pc = 0;; pc++)
    {
      const struct sock_filter *at = &instructions[pc];

      g_assert_cmpuint (pc, <, n);
      switch (at->code)
        {
        case BPF_LD | BPF_W | BPF_ABS:
          g_assert_cmpuint (at->k % 4, ==, 0);
          g_assert_cmpuint (at->k, <, sizeof *data);
          memcpy (&a, (const char *)data + at->k, sizeof a);
          break;
        case BPF_LD | BPF_IMM:
          a = at->k;
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          a &= at->k;
          break;
        case BPF_JMP | BPF_JA:
          g_assert_cmpuint (at->k, <, n);
          pc += at->k;
          break;
        case BPF_JMP | BPF_JEQ | BPF_K:
          pc += a == at->k ? at->jt : at->jf;
          break;
        case BPF_JMP | BPF_JGT | BPF_K:
          pc += a > at->k ? at->jt : at->jf;
          break;
        case BPF_JMP | BPF_JGE | BPF_K:
          pc += a >= at->k ? at->jt : at->jf;
          break;
        case BPF_JMP | BPF_JSET | BPF_K:
          pc += (a & at->k) != 0 ? at->jt : at->jf;
          break;
        case BPF_RET | BPF_K:
          return at->k;
        default:
          g_error ("instruction 0x%x at %u", at->code, pc);
        }
    }
}

guint32
seccomp_ask (const RuncSeccompFilter *filter, guint32 arch, guint32 number, const guint64 *args)
{
  struct seccomp_data data = { .nr = (int)number, .arch = arch };

  if (args != NULL)
    memcpy (data.args, args, sizeof data.args);
  return seccomp_run (filter->instructions, filter->n_instructions, &data);
}
