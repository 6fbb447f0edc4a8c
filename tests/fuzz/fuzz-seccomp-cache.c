/* libFuzzer: the files of the cache of seccomp filters, and the programs in them.
 *
 * The input is tried as a file; and, because nobody guesses a digest, as the program of a file that
 * is right otherwise. What is accepted then must stay within its bounds wherever it goes. Any
 * program can be taken apart and put together again, also one that libseccomp would not write.
 */
#include "seccomp/cache.h"
#include "seccomp/regions.h"

#include <string.h>

#define KEY         "0000000000000000000000000000000000000000000000000000000000000000"
#define HEADER_SIZE 48
#define MAX_BYTES   ((BPF_MAXINSNS + 1) * sizeof (struct sock_filter))

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Each instruction that can be reached from the first one is one of @n, the last one of each path
 * being a return. */
static void
assert_inside (const struct sock_filter *program, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      const struct sock_filter *at = &program[i];
      guint64 next = (guint64)i + 1;

      if (BPF_CLASS (at->code) == BPF_RET)
        continue;
      if (BPF_CLASS (at->code) != BPF_JMP)
        g_assert_cmpuint (next, <, n);
      else if (BPF_OP (at->code) == BPF_JA)
        g_assert_cmpuint (next + at->k, <, n);
      else
        g_assert_cmpuint (next + MAX (at->jt, at->jf), <, n);
    }
}

static void
try_program (const guint8 *data, gsize size)
{
  g_autoptr (GArray) program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));
  g_autoptr (GArray) written = NULL;
  g_autoptr (RuncRegions) regions = runc_regions_new (0);

  g_array_append_vals (program, data, (guint)(size / sizeof (struct sock_filter)));
  runc_regions_add (regions, 1, 0, G_MAXUINT32, program);
  runc_regions_add (regions, 2, 7, 1000, program);
  runc_regions_set (regions, 1, 500, 4000, 4711);
  written = runc_regions_write (regions);
  g_assert_cmpuint (written->len, >, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree guint8 *file = NULL;
  g_autoptr (GChecksum) checksum = NULL;
  const guint8 *program;
  gsize digest_size = 32;
  guint32 n_claimed;
  guint n;

  runc_seccomp_cache_check (data, size, KEY, &program, &n);
  if (size == 0 || size > MAX_BYTES)
    return 0;

  file = g_malloc0 (HEADER_SIZE + size);
  memcpy (file, "runcbpf1", 8);
  n_claimed = (guint32)(size / sizeof (struct sock_filter));
  memcpy (file + 8, &n_claimed, sizeof n_claimed);
  memcpy (file + HEADER_SIZE, data, size);
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, (const guchar *)KEY, -1);
  g_checksum_update (checksum, data, (gssize)size);
  g_checksum_get_digest (checksum, file + 16, &digest_size);
  if (runc_seccomp_cache_check (file, HEADER_SIZE + size, KEY, &program, &n))
    {
      g_autofree struct sock_filter *copy = g_memdup2 (program, n * sizeof *copy);

      g_assert_cmpuint (n, ==, n_claimed);
      assert_inside (copy, n);
    }
  if (size >= sizeof (struct sock_filter))
    try_program (data, size);
  return 0;
}
