/* libFuzzer: the options of a mount: lines of the input are the strings of the list. */
#include "plan/builder.h"

#include <linux/mount.h>

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (RuncPlan) plan = g_new0 (RuncPlan, 1);
  RuncBuilder builder = { .plan = plan };
  RuncStrings strings = { .items = (const char *const *)lines, .n = g_strv_length (lines) };
  RuncMountOptions options;
  gsize total = 0;

  plan->arena = g_ptr_array_new_with_free_func (g_free);
  runc_plan_parse_options (&builder, &strings, &options);
  for (gsize i = 0; i < options.n_data; i++)
    {
      g_assert_nonnull (options.data[i]);
      total += strlen (options.data[i]);
    }
  g_assert_true (options.n_data == 0 || options.data[options.n_data] == NULL);
  g_assert_cmpuint (total, <=, strlen (text));
  /* What is to be set and what is not to be have nothing in common but access times. */
  g_assert_cmpuint (options.set & options.clear & ~(guint64)MOUNT_ATTR__ATIME, ==, 0);
  g_assert_cmpuint (options.rec_set & options.rec_clear & ~(guint64)MOUNT_ATTR__ATIME, ==, 0);
  return 0;
}
