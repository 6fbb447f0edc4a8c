/* The statistics of `events`: from cgroup files to the JSON that runc prints. Runs in the parent.
 *
 * Reading is in stats-read.c. Keys, their order, and which ones are left out when they are zero,
 * are runc's, because programs decode this into types of their own.
 */
#include "cgroup/stats.h"

#include "base/error.h"
#include "cgroup/driver.h"

#include <string.h>

static void
pressure_clear (RuncStatPressure *pressure)
{
  for (int i = 0; i < 3; i++)
    {
      g_free (pressure->some.avg[i]);
      g_free (pressure->full.avg[i]);
    }
}

void
runc_cgroup_stats_clear (RuncStats *stats)
{
  g_free (stats->percpu.items);
  g_free (stats->percpu_kernel.items);
  g_free (stats->percpu_user.items);
  g_free (stats->cpuset_cpus.items);
  g_free (stats->cpuset_mems.items);
  g_free (stats->memory_stat);
  pressure_clear (&stats->cpu_pressure);
  pressure_clear (&stats->memory_pressure_stall);
  pressure_clear (&stats->io_pressure);
  for (int i = 0; i < RUNC_STAT_N_IO_LISTS; i++)
    if (stats->io[i] != NULL)
      g_array_unref (stats->io[i]);
  for (guint i = 0; stats->hugetlb != NULL && i < stats->hugetlb->len; i++)
    g_free (g_array_index (stats->hugetlb, RuncStatHugetlb, i).size);
  if (stats->hugetlb != NULL)
    g_array_unref (stats->hugetlb);
}

static void
add (RuncJson *object, const char *key, guint64 value)
{
  json_object_object_add (object, key, json_object_new_uint64 (value));
}

static void
add_unless_zero (RuncJson *object, const char *key, guint64 value)
{
  if (value != 0)
    add (object, key, value);
}

/* An object without members is left out. */
static void
add_unless_empty (RuncJson *object, const char *key, RuncJson *take_value)
{
  if (json_object_object_length (take_value) > 0)
    json_object_object_add (object, key, take_value);
  else
    json_object_put (take_value);
}

static void
add_numbers (RuncJson *object, const char *key, const RuncStatNumbers *numbers)
{
  if (numbers->n == 0)
    return;
  RuncJson *array = json_object_new_array ();
  for (gsize i = 0; i < numbers->n; i++)
    json_object_array_add (array, json_object_new_uint64 (numbers->items[i]));
  json_object_object_add (object, key, array);
}

/* The kernel writes two digits after the point; what is zero at the end is not printed. */
static void
add_average (RuncJson *object, const char *key, const char *text)
{
  g_autofree char *number = g_strdup (text != NULL ? text : "0");

  if (strchr (number, '.') != NULL)
    {
      gsize n = strlen (number);
      while (number[n - 1] == '0')
        number[--n] = '\0';
      if (number[n - 1] == '.')
        number[n - 1] = '\0';
    }
  json_object_object_add (object, key,
                          json_object_new_double_s (g_ascii_strtod (number, NULL), number));
}

static gboolean
is_zero (const RuncStatPressureLine *line)
{
  for (int i = 0; i < 3; i++)
    if (line->avg[i] != NULL && g_ascii_strtod (line->avg[i], NULL) > 0)
      return FALSE;
  return line->total == 0;
}

static void
add_pressure_line (RuncJson *object, const char *key, const RuncStatPressureLine *line)
{
  if (is_zero (line))
    return;
  RuncJson *json = json_object_new_object ();
  add_average (json, "avg10", line->avg[0]);
  add_average (json, "avg60", line->avg[1]);
  add_average (json, "avg300", line->avg[2]);
  add (json, "total", line->total);
  json_object_object_add (object, key, json);
}

static void
add_pressure (RuncJson *object, const RuncStatPressure *pressure)
{
  if (!pressure->present)
    return;
  RuncJson *psi = json_object_new_object ();
  add_pressure_line (psi, "some", &pressure->some);
  add_pressure_line (psi, "full", &pressure->full);
  json_object_object_add (object, "psi", psi);
}

static RuncJson *
cpu_to_json (const RuncStats *stats)
{
  RuncJson *cpu = json_object_new_object ();
  RuncJson *throttling = json_object_new_object ();

  if (stats->cpu_total != 0 || stats->cpu_kernel != 0 || stats->cpu_user != 0
      || stats->percpu.n > 0)
    {
      RuncJson *usage = json_object_new_object ();

      add_unless_zero (usage, "total", stats->cpu_total);
      add_numbers (usage, "percpu", &stats->percpu);
      add_numbers (usage, "percpu_kernel", &stats->percpu_kernel);
      add_numbers (usage, "percpu_user", &stats->percpu_user);
      add (usage, "kernel", stats->cpu_kernel);
      add (usage, "user", stats->cpu_user);
      json_object_object_add (cpu, "usage", usage);
    }
  add_unless_zero (throttling, "periods", stats->periods);
  add_unless_zero (throttling, "throttledPeriods", stats->throttled_periods);
  add_unless_zero (throttling, "throttledTime", stats->throttled_time);
  add_unless_empty (cpu, "throttling", throttling);
  add_pressure (cpu, &stats->cpu_pressure);
  return cpu;
}

static RuncJson *
cpuset_to_json (const RuncStats *stats)
{
  RuncJson *cpuset = json_object_new_object ();

  add_numbers (cpuset, "cpus", &stats->cpuset_cpus);
  json_object_object_add (cpuset, "cpu_exclusive", json_object_new_int64 (stats->cpu_exclusive));
  add_numbers (cpuset, "mems", &stats->cpuset_mems);
#define X(name) json_object_object_add (cpuset, #name, json_object_new_int64 (stats->name));
  RUNC_STAT_CPUSET_FLAGS (X)
#undef X
  return cpuset;
}

static void
add_memory (RuncJson *object, const char *key, const RuncStatMemory *memory)
{
  if (memory->limit == 0 && memory->usage == 0 && memory->max == 0 && memory->failcnt == 0)
    return;
  RuncJson *json = json_object_new_object ();
  add (json, "limit", memory->limit);
  add_unless_zero (json, "usage", memory->usage);
  add_unless_zero (json, "max", memory->max);
  add (json, "failcnt", memory->failcnt);
  json_object_object_add (object, key, json);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* memory.stat as an object, sorted by key. */
static RuncJson *
raw_to_json (const char *text)
{
  RuncJson *raw = json_object_new_object ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    (*line)[strcspn (*line, " ")] = '\0';
  qsort (lines, g_strv_length (lines), sizeof *lines, compare_lines);
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0')
      add (raw, *line, g_ascii_strtoull (*line + strlen (*line) + 1, NULL, 10));
  return raw;
}

static RuncJson *
memory_to_json (const RuncStats *stats)
{
  RuncJson *memory = json_object_new_object ();

  add_unless_zero (memory, "cache", stats->cache);
  add_memory (memory, "usage", &stats->memory);
  add_memory (memory, "swap", &stats->swap);
  add_memory (memory, "kernel", &stats->kernel);
  add_memory (memory, "kernelTCP", &stats->kernel_tcp);
  if (stats->memory_stat != NULL)
    add_unless_empty (memory, "raw", raw_to_json (stats->memory_stat));
  add_pressure (memory, &stats->memory_pressure_stall);
  return memory;
}

static RuncJson *
io_list_to_json (const GArray *list)
{
  RuncJson *array = json_object_new_array ();

  for (guint i = 0; i < list->len; i++)
    {
      const RuncStatIo *io = &g_array_index (list, RuncStatIo, i);
      RuncJson *entry = json_object_new_object ();

      add_unless_zero (entry, "major", io->major);
      add_unless_zero (entry, "minor", io->minor);
      if (io->op[0] != '\0')
        json_object_object_add (entry, "op", json_object_new_string (io->op));
      add_unless_zero (entry, "value", io->value);
      json_object_array_add (array, entry);
    }
  return array;
}

static RuncJson *
io_to_json (const RuncStats *stats)
{
  static const char *const keys[] = {
#define X(name, key) key,
    RUNC_STAT_IO_LISTS (X)
#undef X
  };
  RuncJson *io = json_object_new_object ();

  for (int i = 0; i < RUNC_STAT_N_IO_LISTS; i++)
    if (stats->io[i] != NULL && stats->io[i]->len > 0)
      json_object_object_add (io, keys[i], io_list_to_json (stats->io[i]));
  add_pressure (io, &stats->io_pressure);
  return io;
}

static RuncJson *
hugetlb_to_json (const RuncStats *stats)
{
  RuncJson *all = json_object_new_object ();

  for (guint i = 0; stats->hugetlb != NULL && i < stats->hugetlb->len; i++)
    {
      const RuncStatHugetlb *hugetlb = &g_array_index (stats->hugetlb, RuncStatHugetlb, i);
      RuncJson *json = json_object_new_object ();

      add_unless_zero (json, "usage", hugetlb->usage);
      add_unless_zero (json, "max", hugetlb->max);
      add (json, "failcnt", hugetlb->failcnt);
      json_object_object_add (all, hugetlb->size, json);
    }
  return all;
}

RuncJson *
runc_cgroup_stats_to_json (const RuncStats *stats)
{
  RuncJson *data = json_object_new_object ();
  RuncJson *pids = json_object_new_object ();

  add_unless_zero (pids, "current", stats->pids);
  add_unless_zero (pids, "limit", stats->pids_limit);
  json_object_object_add (data, "cpu", cpu_to_json (stats));
  json_object_object_add (data, "cpuset", cpuset_to_json (stats));
  json_object_object_add (data, "memory", memory_to_json (stats));
  json_object_object_add (data, "pids", pids);
  json_object_object_add (data, "blkio", io_to_json (stats));
  json_object_object_add (data, "hugetlb", hugetlb_to_json (stats));
  json_object_object_add (data, "intel_rdt", json_object_new_object ());
  json_object_object_add (data, "network_interfaces", NULL);
  return data;
}

RuncJson *
runc_cgroup_stats (const RuncCgroupRef *ref, GError **error)
{
  g_auto (RuncStats) stats = { 0 };
  guint have;

  if (runc_cgroup_process_dir (ref) == NULL)
    {
      runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                  "there are no statistics: the container runs without a cgroup of its own");
      return NULL;
    }
  have = runc_cgroup_stats_read_v1 (ref, &stats);
  if (ref->v2_dir != NULL)
    runc_cgroup_stats_read_v2 (ref->v2_dir, have, &stats);
  return runc_cgroup_stats_to_json (&stats);
}
