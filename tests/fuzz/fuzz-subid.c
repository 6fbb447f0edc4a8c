/* libFuzzer: /etc/subuid, /etc/passwd, uid_map, /proc/PID/stat: files of few rules that others
 * write. */
#include "host/probe.h"
#include "sys/pid.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_ranges (RuncIdRanges *ranges)
{
  for (gsize i = 0; i < ranges->n; i++)
    {
      /* The last id of a range is one, too. */
      g_assert_cmpuint (ranges->items[i].size, >, 0);
      g_assert_cmpuint ((guint64)ranges->items[i].outside + ranges->items[i].size, <=,
                        (guint64)G_MAXUINT32 + 1);
    }
  g_free (ranges->items);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  RuncIdRanges by_name = { 0 }, by_uid = { 0 }, map = { 0 };
  RuncProcessStat stat;

  runc_host_parse_subids (text, "user", 1000, &by_name);
  check_ranges (&by_name);
  runc_host_parse_subids (text, NULL, 1000, &by_uid);
  check_ranges (&by_uid);
  runc_host_parse_id_map (text, &map);
  g_free (map.items);
  g_free (runc_host_parse_passwd (text, 1000));
  if (runc_sys_parse_stat ((const char *)data, size, &stat) == 0)
    runc_sys_stat_ended (&stat);
  return 0;
}
