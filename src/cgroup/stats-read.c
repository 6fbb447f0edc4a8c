/* Reading the statistics of cgroups, v1 and v2. Runs in the parent.
 *
 * A controller that is not there, or a file that this kernel does not have, is no error: its
 * numbers stay zero, as in runc.
 */
#include "cgroup/stats.h"

#include "base/fd.h"
#include "cgroup/dir.h"
#include "cgroup/driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS (G_GUINT64_CONSTANT (1000000000) / 100) /* USER_HZ is 100 everywhere */

/* ---- parsers ---- */

static void
append_number (RuncStatNumbers *numbers, guint64 value)
{
  numbers->items = g_renew (guint64, numbers->items, numbers->n + 1);
  numbers->items[numbers->n++] = value;
}

static void
append_range (RuncStatNumbers *numbers, guint64 first, guint64 last)
{
  numbers->items = g_renew (guint64, numbers->items, numbers->n + (last - first + 1));
  for (; first <= last; first++)
    numbers->items[numbers->n++] = first;
}

void
runc_cgroup_stats_parse_list (const char *text, RuncStatNumbers *ret_numbers)
{
  while (g_ascii_isdigit (*text))
    {
      char *end;
      guint64 first = g_ascii_strtoull (text, &end, 10), last = first;

      if (*end == '-')
        last = g_ascii_strtoull (end + 1, &end, 10);
      /* No machine has more; a number out of this range is not a list of the kernel's. */
      if (first <= last && last < 65536)
        append_range (ret_numbers, first, last);
      text = end + strspn (end, ",");
    }
}

static void
parse_pressure_line (const char *line, RuncStatPressureLine *ret_line)
{
  static const char *const keys[] = { " avg10=", " avg60=", " avg300=" };
  const char *at;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if ((at = strstr (line, keys[i])) != NULL)
      {
        at += strlen (keys[i]);
        g_free (ret_line->avg[i]);
        ret_line->avg[i] = g_strndup (at, strspn (at, "0123456789."));
      }
  if ((at = strstr (line, " total=")) != NULL)
    ret_line->total = g_ascii_strtoull (at + strlen (" total="), NULL, 10);
}

void
runc_cgroup_stats_parse_pressure (const char *text, RuncStatPressure *ret_pressure)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  ret_pressure->present = TRUE;
  for (char **line = lines; *line != NULL; line++)
    {
      if (g_str_has_prefix (*line, "some "))
        parse_pressure_line (*line, &ret_pressure->some);
      else if (g_str_has_prefix (*line, "full "))
        parse_pressure_line (*line, &ret_pressure->full);
    }
}

void
runc_cgroup_stats_parse_io_v1 (const char *text, GArray *list)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) words = g_strsplit_set (*line, " :", -1);
      guint n = g_strv_length (words);
      RuncStatIo io = { 0 };

      /* "8:0 Read 123" or "8:0 123"; "Total 123" is the sum of all */
      if (n != 3 && n != 4)
        continue;
      io.major = g_ascii_strtoull (words[0], NULL, 10);
      io.minor = g_ascii_strtoull (words[1], NULL, 10);
      if (n == 4)
        g_strlcpy (io.op, words[2], sizeof io.op);
      io.value = g_ascii_strtoull (words[n - 1], NULL, 10);
      g_array_append_val (list, io);
    }
}

static GArray *
io_list (RuncStats *stats, RuncStatIoList which)
{
  if (stats->io[which] == NULL)
    stats->io[which] = g_array_new (FALSE, FALSE, sizeof (RuncStatIo));
  return stats->io[which];
}

void
runc_cgroup_stats_parse_io_v2 (const char *text, RuncStats *stats)
{
  static const struct
  {
    const char *key;
    const char *op;
    RuncStatIoList list;
  } keys[] = {
    { "rbytes=", "Read", RUNC_STAT_IO_SERVICE_BYTES },
    { "wbytes=", "Write", RUNC_STAT_IO_SERVICE_BYTES },
    { "rios=", "Read", RUNC_STAT_IO_SERVICED },
    { "wios=", "Write", RUNC_STAT_IO_SERVICED },
  };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) words = g_strsplit (*line, " ", -1);
      RuncStatIo io = { 0 };
      char *colon = words[0] != NULL ? strchr (words[0], ':') : NULL;

      if (colon == NULL)
        continue;
      io.major = g_ascii_strtoull (words[0], NULL, 10);
      io.minor = g_ascii_strtoull (colon + 1, NULL, 10);
      for (char **word = words + 1; *word != NULL; word++)
        for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
          if (g_str_has_prefix (*word, keys[i].key))
            {
              g_strlcpy (io.op, keys[i].op, sizeof io.op);
              io.value = g_ascii_strtoull (*word + strlen (keys[i].key), NULL, 10);
              g_array_append_val (io_list (stats, keys[i].list), io);
            }
    }
}

char **
runc_cgroup_hugepage_sizes (void)
{
  g_autoptr (GPtrArray) sizes = g_ptr_array_new_with_free_func (g_free);
  DIR *dir = opendir ("/sys/kernel/mm/hugepages");
  struct dirent *entry;

  while (dir != NULL && (entry = readdir (dir)) != NULL)
    {
      char *end;

      if (!g_str_has_prefix (entry->d_name, "hugepages-"))
        continue;
      guint64 kib = g_ascii_strtoull (entry->d_name + strlen ("hugepages-"), &end, 10);
      if (!g_str_equal (end, "kB"))
        continue;
      g_ptr_array_add (sizes,
                       kib >= 1 << 20   ? g_strdup_printf ("%" G_GUINT64_FORMAT "GB", kib >> 20)
                       : kib >= 1 << 10 ? g_strdup_printf ("%" G_GUINT64_FORMAT "MB", kib >> 10)
                                        : g_strdup_printf ("%" G_GUINT64_FORMAT "KB", kib));
    }
  if (dir != NULL)
    closedir (dir);
  g_ptr_array_add (sizes, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&sizes), FALSE);
}

/* A number, or 0. */
static guint64
read_number (int fd, const char *file)
{
  guint64 value;

  return runc_cgroup_read_u64 (fd, file, &value) == 0 ? value : 0;
}

/* The number after @key, or 0. */
static guint64
value_of (const char *text, const char *key)
{
  guint64 value;

  return runc_cgroup_key_value (text, key, &value) ? value : 0;
}

/* @files: three patterns for a page size: usage, maximum, failures (NULL: none) */
static void
read_hugetlb (int fd, const char *const files[3], RuncStats *stats)
{
  g_auto (GStrv) sizes = runc_cgroup_hugepage_sizes ();

  for (char **size = sizes; *size != NULL; size++)
    {
      RuncStatHugetlb hugetlb = { 0 };
      g_autofree char *usage = NULL, *max = NULL, *failures = NULL, *text = NULL;
      const char *rsvd = ".rsvd";

      /* What is reserved counts, where the kernel tells it (Linux 5.7). */
      usage = g_strconcat ("hugetlb.", *size, rsvd, files[0], NULL);
      if (faccessat (fd, usage, F_OK, 0) < 0)
        {
          rsvd = "";
          g_free (usage);
          usage = g_strconcat ("hugetlb.", *size, rsvd, files[0], NULL);
          if (faccessat (fd, usage, F_OK, 0) < 0)
            continue;
        }
      hugetlb.usage = read_number (fd, usage);
      if (files[1] != NULL)
        {
          max = g_strconcat ("hugetlb.", *size, rsvd, files[1], NULL);
          hugetlb.max = read_number (fd, max);
          failures = g_strconcat ("hugetlb.", *size, rsvd, files[2], NULL);
          hugetlb.failcnt = read_number (fd, failures);
        }
      else
        {
          failures = g_strconcat ("hugetlb.", *size, files[2], NULL);
          if (runc_cgroup_read (fd, failures, &text) == 0)
            hugetlb.failcnt = value_of (text, "max");
        }
      hugetlb.size = g_strdup (*size);
      if (stats->hugetlb == NULL)
        stats->hugetlb = g_array_new (FALSE, FALSE, sizeof (RuncStatHugetlb));
      g_array_append_val (stats->hugetlb, hugetlb);
    }
}

static guint64
no_limit_is_zero (guint64 limit)
{
  return limit == G_MAXUINT64 ? 0 : limit;
}

/* ---- v1 ---- */

static void
read_cpu_v1 (int fd, RuncStats *stats)
{
  g_autofree char *text = NULL;

  if (runc_cgroup_read (fd, "cpu.stat", &text) < 0)
    return;
  stats->periods = value_of (text, "nr_periods");
  stats->throttled_periods = value_of (text, "nr_throttled");
  stats->throttled_time = value_of (text, "throttled_time");
}

static void
read_cpuacct_v1 (int fd, RuncStats *stats)
{
  g_autofree char *text = NULL, *percpu = NULL, *all = NULL;

  stats->cpu_total = read_number (fd, "cpuacct.usage");
  if (runc_cgroup_read (fd, "cpuacct.stat", &text) == 0)
    {
      stats->cpu_user = value_of (text, "user") * TICK_NS;
      stats->cpu_kernel = value_of (text, "system") * TICK_NS;
    }
  if (runc_cgroup_read (fd, "cpuacct.usage_percpu", &percpu) == 0)
    for (char *at = percpu; g_ascii_isdigit (*at); at += strspn (at, " \n"))
      append_number (&stats->percpu, g_ascii_strtoull (at, &at, 10));
  if (runc_cgroup_read (fd, "cpuacct.usage_all", &all) == 0)
    {
      g_auto (GStrv) lines = g_strsplit (all, "\n", -1);

      for (char **line = lines; *line != NULL; line++)
        {
          guint64 cpu, user, system;

          if (sscanf (*line, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &cpu,
                      &user, &system)
              != 3)
            continue;
          append_number (&stats->percpu_user, user);
          append_number (&stats->percpu_kernel, system);
        }
    }
}

static void
read_cpuset_v1 (int fd, RuncStats *stats)
{
  g_autofree char *cpus = NULL, *mems = NULL;

  if (runc_cgroup_read (fd, "cpuset.cpus", &cpus) == 0)
    runc_cgroup_stats_parse_list (cpus, &stats->cpuset_cpus);
  if (runc_cgroup_read (fd, "cpuset.mems", &mems) == 0)
    runc_cgroup_stats_parse_list (mems, &stats->cpuset_mems);
#define X(name)                                                                                    \
  {                                                                                                \
    g_autofree char *text = NULL;                                                                  \
    if (runc_cgroup_read (fd, "cpuset." #name, &text) == 0)                                        \
      stats->name = g_ascii_strtoll (text, NULL, 10);                                              \
  }
  RUNC_STAT_CPUSET_FLAGS (X)
#undef X
}

static void
read_memory_data_v1 (int fd, const char *prefix, RuncStatMemory *ret_memory)
{
  g_autofree char *usage = g_strconcat (prefix, ".usage_in_bytes", NULL);
  g_autofree char *max = g_strconcat (prefix, ".max_usage_in_bytes", NULL);
  g_autofree char *failcnt = g_strconcat (prefix, ".failcnt", NULL);
  g_autofree char *limit = g_strconcat (prefix, ".limit_in_bytes", NULL);

  if (runc_cgroup_read_u64 (fd, usage, &ret_memory->usage) < 0)
    return;
  ret_memory->max = read_number (fd, max);
  ret_memory->failcnt = read_number (fd, failcnt);
  ret_memory->limit = read_number (fd, limit);
}

static void
read_memory_v1 (int fd, RuncStats *stats)
{
  if (runc_cgroup_read (fd, "memory.stat", &stats->memory_stat) < 0)
    return;
  stats->cache = value_of (stats->memory_stat, "cache");
  read_memory_data_v1 (fd, "memory", &stats->memory);
  read_memory_data_v1 (fd, "memory.memsw", &stats->swap);
  read_memory_data_v1 (fd, "memory.kmem", &stats->kernel);
  read_memory_data_v1 (fd, "memory.kmem.tcp", &stats->kernel_tcp);
}

static void
read_pids_v1 (int fd, RuncStats *stats)
{
  stats->pids = read_number (fd, "pids.current");
  stats->pids_limit = no_limit_is_zero (read_number (fd, "pids.max"));
}

/* Which files there are depends on the scheduler: the first group whose first file has something.
 */
static void
read_blkio_v1 (int fd, RuncStats *stats)
{
  static const struct
  {
    const char *prefix;
    const char *suffix;
    gboolean all; /* the group has all lists, not only the first two */
  } groups[] = {
    { "blkio.bfq.", "_recursive", TRUE }, { "blkio.bfq.", "_recursive", FALSE },
    { "blkio.", "_recursive", TRUE },     { "blkio.throttle.", "_recursive", FALSE },
    { "blkio.throttle.", "", FALSE },
  };
  static const char *const names[] = {
    [RUNC_STAT_IO_SERVICE_BYTES] = "io_service_bytes",
    [RUNC_STAT_IO_SERVICED] = "io_serviced",
    [RUNC_STAT_IO_QUEUED] = "io_queued",
    [RUNC_STAT_IO_SERVICE_TIME] = "io_service_time",
    [RUNC_STAT_IO_WAIT_TIME] = "io_wait_time",
    [RUNC_STAT_IO_MERGED] = "io_merged",
    [RUNC_STAT_IO_TIME] = "time",
    [RUNC_STAT_IO_SECTORS] = "sectors",
  };

  for (gsize g = 0; g < G_N_ELEMENTS (groups); g++)
    {
      const char *probe = names[groups[g].all ? RUNC_STAT_IO_SECTORS : RUNC_STAT_IO_SERVICED];
      g_autofree char *first = g_strconcat (groups[g].prefix, probe, groups[g].suffix, NULL);
      g_autofree char *content = NULL;

      if (runc_cgroup_read (fd, first, &content) < 0 || strchr (content, ':') == NULL)
        continue;
      for (int i = 0; i < RUNC_STAT_N_IO_LISTS; i++)
        {
          g_autofree char *file = g_strconcat (groups[g].prefix, names[i], groups[g].suffix, NULL);
          g_autofree char *text = NULL;

          if (!groups[g].all && i != RUNC_STAT_IO_SERVICE_BYTES && i != RUNC_STAT_IO_SERVICED)
            continue;
          if (runc_cgroup_read (fd, file, &text) == 0)
            runc_cgroup_stats_parse_io_v1 (text, io_list (stats, i));
        }
      return;
    }
}

static void
read_hugetlb_v1 (int fd, RuncStats *stats)
{
  static const char *const files[] = { ".usage_in_bytes", ".max_usage_in_bytes", ".failcnt" };

  read_hugetlb (fd, files, stats);
}

guint
runc_cgroup_stats_read_v1 (const RuncCgroupRef *ref, RuncStats *stats)
{
  static const struct
  {
    RuncCgroupV1Controller controller;
    void (*read) (int fd, RuncStats *stats);
  } readers[] = {
    { RUNC_CGROUP_V1_CPU, read_cpu_v1 },         { RUNC_CGROUP_V1_CPUACCT, read_cpuacct_v1 },
    { RUNC_CGROUP_V1_CPUSET, read_cpuset_v1 },   { RUNC_CGROUP_V1_MEMORY, read_memory_v1 },
    { RUNC_CGROUP_V1_PIDS, read_pids_v1 },       { RUNC_CGROUP_V1_BLKIO, read_blkio_v1 },
    { RUNC_CGROUP_V1_HUGETLB, read_hugetlb_v1 },
  };
  guint have = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      const char *dir = runc_cgroup_v1_dir (ref, readers[i].controller);
      autofd int fd = dir != NULL ? runc_cgroup_dir_open (dir) : -EBADF;

      if (fd < 0)
        continue;
      readers[i].read (fd, stats);
      have |= 1u << readers[i].controller;
    }
  return have;
}

/* ---- v2 ---- */

static void
read_pressure (int fd, const char *file, RuncStatPressure *ret_pressure)
{
  g_autofree char *text = NULL;

  if (runc_cgroup_read (fd, file, &text) == 0)
    runc_cgroup_stats_parse_pressure (text, ret_pressure);
}

static void
read_cpu_v2 (int fd, RuncStats *stats)
{
  g_autofree char *text = NULL;

  read_pressure (fd, "cpu.pressure", &stats->cpu_pressure);
  if (runc_cgroup_read (fd, "cpu.stat", &text) < 0)
    return;
  stats->cpu_total = value_of (text, "usage_usec") * 1000;
  stats->cpu_user = value_of (text, "user_usec") * 1000;
  stats->cpu_kernel = value_of (text, "system_usec") * 1000;
  stats->periods = value_of (text, "nr_periods");
  stats->throttled_periods = value_of (text, "nr_throttled");
  stats->throttled_time = value_of (text, "throttled_usec") * 1000;
}

static void
read_memory_v2 (int fd, RuncStats *stats)
{
  RuncStatMemory *memory = &stats->memory, *swap = &stats->swap;

  read_pressure (fd, "memory.pressure", &stats->memory_pressure_stall);
  if (runc_cgroup_read (fd, "memory.stat", &stats->memory_stat) < 0)
    return;
  stats->cache = value_of (stats->memory_stat, "file");
  memory->usage = read_number (fd, "memory.current");
  memory->limit = read_number (fd, "memory.max");
  memory->max = read_number (fd, "memory.peak"); /* Linux 5.19 */
  swap->usage = read_number (fd, "memory.swap.current") + memory->usage;
  swap->limit = read_number (fd, "memory.swap.max");
  /* As on v1: memory and swap together. */
  if (swap->limit != G_MAXUINT64)
    swap->limit = memory->limit == G_MAXUINT64 ? G_MAXUINT64 : swap->limit + memory->limit;
}

static void
read_pids_v2 (int fd, RuncStats *stats)
{
  g_autoptr (GArray) pids = NULL;

  if (runc_cgroup_read_u64 (fd, "pids.current", &stats->pids) == 0)
    {
      stats->pids_limit = no_limit_is_zero (read_number (fd, "pids.max"));
      return;
    }
  /* Without the controller they can be counted. */
  pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  if (runc_cgroup_dir_pids (fd, pids) == 0)
    stats->pids = pids->len;
}

static void
read_io_v2 (int fd, RuncStats *stats)
{
  g_autofree char *text = NULL;

  read_pressure (fd, "io.pressure", &stats->io_pressure);
  if (runc_cgroup_read (fd, "io.stat", &text) == 0)
    runc_cgroup_stats_parse_io_v2 (text, stats);
}

static void
read_hugetlb_v2 (int fd, RuncStats *stats)
{
  static const char *const files[] = { ".current", NULL, ".events" };

  read_hugetlb (fd, files, stats);
}

void
runc_cgroup_stats_read_v2 (const char *dir, guint have, RuncStats *stats)
{
  static const struct
  {
    RuncCgroupV1Controller instead; /* the v1 controller that has it on a hybrid host */
    void (*read) (int fd, RuncStats *stats);
  } readers[] = {
    { RUNC_CGROUP_V1_CPUACCT, read_cpu_v2 },     { RUNC_CGROUP_V1_MEMORY, read_memory_v2 },
    { RUNC_CGROUP_V1_PIDS, read_pids_v2 },       { RUNC_CGROUP_V1_BLKIO, read_io_v2 },
    { RUNC_CGROUP_V1_HUGETLB, read_hugetlb_v2 },
  };
  autofd int fd = runc_cgroup_dir_open (dir);

  for (gsize i = 0; fd >= 0 && i < G_N_ELEMENTS (readers); i++)
    if ((have & (1u << readers[i].instead)) == 0)
      readers[i].read (fd, stats);
}
