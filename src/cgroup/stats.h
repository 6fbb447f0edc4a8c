/* What a container has used, read from its cgroups. Private to src/cgroup. */
#pragma once

#include "cgroup/cgroup.h"

#include <glib.h>

/* An array of numbers; items is NULL when there is none. */
typedef struct
{
  guint64 *items;
  gsize n;
} RuncStatNumbers;

typedef struct
{
  guint64 limit; /* G_MAXUINT64: none */
  guint64 usage;
  guint64 max;
  guint64 failcnt;
} RuncStatMemory;

typedef struct
{
  char *avg[3]; /* the kernel's text for 10, 60 and 300 s */
  guint64 total;
} RuncStatPressureLine;

typedef struct
{
  gboolean present;
  RuncStatPressureLine some;
  RuncStatPressureLine full;
} RuncStatPressure;

/* One value of one block device. */
typedef struct
{
  guint64 major;
  guint64 minor;
  char op[16]; /* "Read", ... or "" */
  guint64 value;
} RuncStatIo;

/* The lists of block device values. X (ENUM, "key in events") */
#define RUNC_STAT_IO_LISTS(X)                                                                      \
  X (SERVICE_BYTES, "ioServiceBytesRecursive")                                                     \
  X (SERVICED, "ioServicedRecursive")                                                              \
  X (QUEUED, "ioQueueRecursive")                                                                   \
  X (SERVICE_TIME, "ioServiceTimeRecursive")                                                       \
  X (WAIT_TIME, "ioWaitTimeRecursive")                                                             \
  X (MERGED, "ioMergedRecursive")                                                                  \
  X (TIME, "ioTimeRecursive")                                                                      \
  X (SECTORS, "sectorsRecursive")

typedef enum
{
#define X(name, key) RUNC_STAT_IO_##name,
  RUNC_STAT_IO_LISTS (X)
#undef X
      RUNC_STAT_N_IO_LISTS
} RuncStatIoList;

/* The flags of a v1 cpuset. X (member, "file and key in events") */
#define RUNC_STAT_CPUSET_FLAGS(X)                                                                  \
  X (cpu_exclusive)                                                                                \
  X (mem_hardwall)                                                                                 \
  X (mem_exclusive)                                                                                \
  X (memory_migrate)                                                                               \
  X (memory_spread_page)                                                                           \
  X (memory_spread_slab)                                                                           \
  X (memory_pressure)                                                                              \
  X (sched_load_balance)                                                                           \
  X (sched_relax_domain_level)

typedef struct
{
  char *size; /* "2MB" */
  guint64 usage;
  guint64 max;
  guint64 failcnt;
} RuncStatHugetlb;

typedef struct
{
  /* times in ns */
  guint64 cpu_total, cpu_kernel, cpu_user;
  RuncStatNumbers percpu, percpu_kernel, percpu_user;
  guint64 periods, throttled_periods, throttled_time;
  RuncStatPressure cpu_pressure;

  RuncStatNumbers cpuset_cpus, cpuset_mems;
#define X(name) gint64 name;
  RUNC_STAT_CPUSET_FLAGS (X)
#undef X

  guint64 cache;
  RuncStatMemory memory, swap, kernel, kernel_tcp;
  char *memory_stat; /* the file as it is: "key value" lines */
  RuncStatPressure memory_pressure_stall;

  guint64 pids, pids_limit; /* 0: none */

  GArray *io[RUNC_STAT_N_IO_LISTS]; /* of RuncStatIo; NULL when there is none */
  RuncStatPressure io_pressure;

  GArray *hugetlb; /* of RuncStatHugetlb, or NULL */
} RuncStats;

void runc_cgroup_stats_clear (RuncStats *stats);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncStats, runc_cgroup_stats_clear)

/* Fill what the v1 hierarchies of @ref have; returns a mask of 1 << RuncCgroupV1Controller. */
guint runc_cgroup_stats_read_v1 (const RuncCgroupRef *ref, RuncStats *stats);

/* Fill what the v2 cgroup @dir has, apart from what the controllers in the mask @have cover. */
void runc_cgroup_stats_read_v2 (const char *dir, guint have, RuncStats *stats);

/* The sizes of huge pages that this machine has, as cgroup files are called: "2MB" (strv). */
char **runc_cgroup_hugepage_sizes (void);

/* Parsers of kernel files, shared by both. */
void runc_cgroup_stats_parse_list (const char *text, RuncStatNumbers *ret_numbers);
void runc_cgroup_stats_parse_pressure (const char *text, RuncStatPressure *ret_pressure);
void runc_cgroup_stats_parse_io_v1 (const char *text, GArray *list);
void runc_cgroup_stats_parse_io_v2 (const char *text, RuncStats *stats);

/* @stats as the `data` of runc's stats events (new reference). Pure. */
RuncJson *runc_cgroup_stats_to_json (const RuncStats *stats);
