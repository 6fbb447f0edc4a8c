/* Numbers of the OCI in the terms of cgroup v2 and of systemd. Pure; runs in the parent. */
#include "cgroup/convert.h"

#include "base/error.h"
#include "spec/spec.h"

#include <math.h>
#include <string.h>

#define SHARES_MAX         262144
#define DEFAULT_PERIOD_US  100000
#define MASK_WORDS         128   /* 8192 CPUs, the largest NR_CPUS of any kernel */
#define SYSTEMD_QUOTA_GRID 10000 /* us per second: one percent of a CPU */

guint64
runc_cgroup_weight_from_shares (guint64 shares)
{
  if (shares == 0)
    return 0;
  if (shares <= 2)
    return 1;
  if (shares >= SHARES_MAX)
    return 10000;
  double l = log2 ((double)shares);
  return (guint64)ceil (pow (10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

guint64
runc_cgroup_io_weight_from_blkio (guint64 weight)
{
  if (weight == 0)
    return 0;
  return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

gboolean
runc_cgroup_swap_from_memsw (gint64 memsw, gint64 memory, gboolean *ret_set, gint64 *ret_swap,
                             GError **error)
{
  gint64 swap;

  if (memsw == 0)
    {
      /* Unlimited memory without a word about swap means both. */
      *ret_set = memory == -1;
      *ret_swap = -1;
      return TRUE;
    }
  if (memsw == -1 || memory == -1)
    swap = memsw;
  else if (memory == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "unable to set swap limit without memory limit");
  else if (memory < 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "invalid memory value: %" G_GINT64_FORMAT,
                       memory);
  else if (memsw < memory)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "memory+swap limit should be >= memory limit");
  else
    swap = memsw - memory;
  *ret_set = TRUE;
  *ret_swap = swap;
  return TRUE;
}

gboolean
runc_cgroup_check_memory (gint64 memory, gint64 memsw, guint64 usage, GError **error)
{
  if (memsw > 0 && (guint64)memsw <= usage)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "rejecting memory+swap limit %" G_GINT64_FORMAT
                       " <= usage %" G_GUINT64_FORMAT,
                       memsw, usage);
  if (memory > 0 && (guint64)memory <= usage)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "rejecting memory limit %" G_GINT64_FORMAT " <= usage %" G_GUINT64_FORMAT,
                       memory, usage);
  return TRUE;
}

char *
runc_cgroup_limit_text (gint64 value)
{
  return value == -1 ? g_strdup ("max") : g_strdup_printf ("%" G_GINT64_FORMAT, value);
}

char *
runc_cgroup_cpu_max (gint64 quota, guint64 period)
{
  if (period == 0)
    period = DEFAULT_PERIOD_US;
  if (quota <= 0)
    return g_strdup_printf ("max %" G_GUINT64_FORMAT, period);
  return g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT, quota, period);
}

guint64
runc_cgroup_pids_max (gint64 limit)
{
  if (limit < 0)
    return G_MAXUINT64;
  return limit == 0 ? 1 : (guint64)limit;
}

guint64
runc_cgroup_quota_per_sec (gint64 quota, guint64 period, gint64 *ret_quota)
{
  guint64 per_sec;

  *ret_quota = quota;
  if (quota <= 0)
    return G_MAXUINT64;
  if (period == 0)
    period = DEFAULT_PERIOD_US;
  per_sec = (guint64)((unsigned __int128)quota * G_USEC_PER_SEC / period);
  if (per_sec % SYSTEMD_QUOTA_GRID != 0)
    {
      per_sec = (per_sec / SYSTEMD_QUOTA_GRID + 1) * SYSTEMD_QUOTA_GRID;
      *ret_quota = (gint64)((unsigned __int128)per_sec * period / G_USEC_PER_SEC);
    }
  return per_sec;
}

GByteArray *
runc_cgroup_mask_from_list (const char *list, GError **error)
{
  g_autoptr (GByteArray) mask = g_byte_array_new ();
  guint64 bits[MASK_WORDS];
  int r = runc_spec_parse_id_list (list, bits, MASK_WORDS);

  if (r < 0)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC, "'%s' is not a list of numbers below %d", list,
                  MASK_WORDS * 64);
      return NULL;
    }
  g_byte_array_set_size (mask, sizeof bits);
  for (gsize i = 0; i < sizeof bits; i++)
    {
      mask->data[i] = (guint8)(bits[i / 8] >> (i % 8 * 8));
      if (mask->data[i] != 0)
        r = (int)i + 1;
    }
  g_byte_array_set_size (mask, (guint)r);
  return g_steal_pointer (&mask);
}
