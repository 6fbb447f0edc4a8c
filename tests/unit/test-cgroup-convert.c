/* Conversions and lists of limits: tables, no privileges needed. */
#include "cgroup/convert.h"
#include "cgroup/limits.h"

#include <string.h>

static void
test_weight (void)
{
  static const guint64 table[][2] = {
    { 0, 0 },      { 1, 1 },      { 2, 1 },          { 3, 2 },          { 10, 4 },
    { 100, 17 },   { 512, 59 },   { 1023, 100 },     { 1024, 100 },     { 1025, 101 },
    { 2048, 174 }, { 4096, 303 }, { 262143, 10000 }, { 262144, 10000 }, { G_MAXUINT64, 10000 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpuint (runc_cgroup_weight_from_shares (table[i][0]), ==, table[i][1]);
}

static void
test_io_weight (void)
{
  static const guint64 table[][2] = { { 0, 0 },      { 5, 1 },      { 10, 1 },      { 11, 11 },
                                      { 500, 4950 }, { 750, 7475 }, { 1000, 10000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpuint (runc_cgroup_io_weight_from_blkio (table[i][0]), ==, table[i][1]);
}

static void
test_swap (void)
{
  static const struct
  {
    gint64 memsw, memory, swap;
    gboolean set;
    const char *error;
  } table[] = {
    { 0, 0, 0, FALSE, NULL },
    { 0, 100, 0, FALSE, NULL },
    { 0, -1, -1, TRUE, NULL },
    { -1, 0, -1, TRUE, NULL },
    { -1, 100, -1, TRUE, NULL },
    { -1, -1, -1, TRUE, NULL },
    { 300, -1, 300, TRUE, NULL },
    { 300, 100, 200, TRUE, NULL },
    { 100, 100, 0, TRUE, NULL },
    { 300, 0, 0, FALSE, "unable to set swap limit without memory limit" },
    { 99, 100, 0, FALSE, "memory+swap limit should be >= memory limit" },
    { 300, -2, 0, FALSE, "invalid memory value: -2" },
    { G_MAXINT64, 1, G_MAXINT64 - 1, TRUE, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean set = FALSE;
      gint64 swap = 0;
      gboolean ok
          = runc_cgroup_swap_from_memsw (table[i].memsw, table[i].memory, &set, &swap, &error);

      g_assert_cmpint (ok, ==, table[i].error == NULL);
      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, table[i].error);
      g_assert_cmpint (set, ==, table[i].set);
      if (set)
        g_assert_cmpint (swap, ==, table[i].swap);
    }
}

static void
test_check_memory (void)
{
  static const struct
  {
    gint64 memory, memsw;
    guint64 usage;
    const char *message; /* NULL: taken */
  } table[] = {
    { 0, 0, 100, NULL },
    { -1, -1, 100, NULL },
    { 101, 0, 100, NULL },
    { 101, 101, 100, NULL },
    { G_MAXINT64, 0, G_MAXUINT64, "rejecting memory limit 9223372036854775807 <= usage" },
    { 100, 0, 100, "rejecting memory limit 100 <= usage 100" },
    { 100, -1, 200, "rejecting memory limit 100 <= usage 200" },
    { 0, 50, 100, "rejecting memory+swap limit 50 <= usage 100" },
    { 10, 100, 100, "rejecting memory+swap limit 100 <= usage 100" },
    { -1, 100, 99, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean ok
          = runc_cgroup_check_memory (table[i].memory, table[i].memsw, table[i].usage, &error);

      g_assert_cmpint (ok, ==, table[i].message == NULL);
      if (!ok && !g_str_has_prefix (error->message, table[i].message))
        g_error ("%s", error->message);
    }
}

static void
test_cpu (void)
{
  static const struct
  {
    gint64 quota;
    guint64 period;
    const char *max;
    guint64 per_sec;
    gint64 rounded;
  } table[] = {
    { 0, 0, "max 100000", G_MAXUINT64, 0 },
    { -1, 50000, "max 50000", G_MAXUINT64, -1 },
    { 50000, 0, "50000 100000", 500000, 50000 },
    { 500000, 1000000, "500000 1000000", 500000, 500000 },
    { 3000, 10000, "3000 10000", 300000, 3000 },
    /* 1.2345 CPUs are no whole percent: up to 1.24 */
    { 123450, 100000, "123450 100000", 1240000, 124000 },
    { 1000, 1000000, "1000 1000000", 10000, 10000 },
    { G_MAXINT64 / 2, 1000000, "4611686018427387903 1000000", 4611686018427390000,
      4611686018427390000 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *max = runc_cgroup_cpu_max (table[i].quota, table[i].period);
      gint64 rounded;

      g_assert_cmpstr (max, ==, table[i].max);
      g_assert_cmpuint (runc_cgroup_quota_per_sec (table[i].quota, table[i].period, &rounded), ==,
                        table[i].per_sec);
      g_assert_cmpint (rounded, ==, table[i].rounded);
    }
}

static void
test_pids (void)
{
  g_assert_cmpuint (runc_cgroup_pids_max (0), ==, 1);
  g_assert_cmpuint (runc_cgroup_pids_max (7), ==, 7);
  g_assert_cmpuint (runc_cgroup_pids_max (-1), ==, G_MAXUINT64);
}

static void
test_mask (void)
{
  static const struct
  {
    const char *list;
    const char *hex; /* NULL: refused */
  } table[] = {
    { "0", "01" },     { "0-3,7", "8f" },   { "8", "0001" },
    { "1,3-5", "3a" }, { " 1 , 2 ", "06" }, { "63", "0000000000000080" },
    { "", NULL },      { ",", NULL },       { "3-1", NULL },
    { "a", NULL },     { "1-", NULL },      { "8192", NULL },
    { "-1", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GByteArray) mask = runc_cgroup_mask_from_list (table[i].list, &error);
      g_autoptr (GString) hex = g_string_new (NULL);

      for (guint n = 0; mask != NULL && n < mask->len; n++)
        g_string_append_printf (hex, "%02x", mask->data[n]);
      g_assert_cmpstr (mask != NULL ? hex->str : NULL, ==, table[i].hex);
      g_assert_cmpint (mask == NULL, ==, error != NULL);
    }
}

/* A list as text: "file=value flags|..." */
static char *
dump (const GPtrArray *limits)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; limits != NULL && i < limits->len; i++)
    {
      const RuncLimit *limit = g_ptr_array_index (limits, i);

      g_string_append_printf (text, "%s%s=%s%s%s%s%s", i > 0 ? "; " : "", limit->file, limit->value,
                              limit->flags & RUNC_LIMIT_OPTIONAL ? " ?" : "",
                              limit->flags & RUNC_LIMIT_OR_NEXT ? " |" : "",
                              limit->flags & RUNC_LIMIT_RETRY ? " again" : "",
                              limit->reset != NULL ? " reset" : "");
    }
  return g_string_free (text, FALSE);
}

#define SET(v)                                                                                     \
  {                                                                                                \
    .present = true, .value = (v)                                                                  \
  }

static const RuncSpecMemory mem_both
    = { .limit = SET (100), .swap = SET (300), .reservation = SET (50) };
static const RuncSpecMemory mem_free = { .limit = SET (-1) };
static const RuncSpecMemory mem_same = { .limit = SET (100), .swap = SET (100) };
static const RuncSpecMemory mem_zero
    = { .limit = SET (0), .swap = SET (0), .kernel = SET (5), .kernel_tcp = SET (5) };
static const RuncSpecMemory mem_swap = { .swap = SET (300) };
static const RuncSpecMemory mem_odd = { .swappiness = SET (0), .disable_oom_killer = SET (true) };
static const RuncSpecMemory mem_unset = { .swappiness = SET (G_MAXUINT64) };
static const RuncSpecMemory mem_bad = { .swappiness = SET (101) };
static const RuncSpecCpu cpu_all = { .shares = SET (1024),
                                     .quota = SET (50000),
                                     .period = SET (200000),
                                     .burst = SET (0),
                                     .cpus = "0-1",
                                     .mems = "0",
                                     .idle = SET (0) };
static const RuncSpecCpu cpu_rt = { .realtime_runtime = SET (1000), .realtime_period = SET (2000) };
static const RuncSpecCpu cpu_quota = { .quota = SET (-1) };
static const RuncSpecCpu cpu_period = { .period = SET (900000) };
static const RuncSpecBlockIoDevice weights[]
    = { { .major = 8, .minor = 1, .weight = SET (20), .leaf_weight = SET (30) } };
static const RuncSpecBlockIoDevice rates[]
    = { { .major = 8, .minor = 0, .rate = 1048576 }, { .major = 9, .minor = 0 } };
static const RuncSpecBlockIo io = { .weight = SET (750),
                                    .leaf_weight = SET (40),
                                    .weight_device = { weights, 1 },
                                    .throttle_read_bps = { rates, 1 },
                                    .throttle_write_bps = { rates, 2 },
                                    .throttle_read_iops = { rates, 1 },
                                    .throttle_write_iops = { rates, 1 } };
static const RuncSpecHugepageLimit huge[] = { { "2MB", 4194304 } };
static const RuncSpecHugepageLimit huge_bad[] = { { "../x", 1 } };
static const RuncSpecRdma rdma[]
    = { { "mlx5_1", SET (3), SET (10000) }, { "mlx4_0", SET (2), { 0 } } };
static const RuncSpecInterfacePriority prio[] = { { "lo", 5 } };
static const RuncPair pairs[]
    = { { "memory.high", "5" }, { "io.max", "8:0 riops=1\n8:1 riops=2\n" } };
static const RuncPair slash[] = { { "../memory.high", "5" } };
static const RuncPair no_dot[] = { { "memory", "5" } };

static const struct
{
  const char *name;
  RuncSpecResources r;
  const char *v2;
  const char *v1;
} cases[] = {
  { "empty", { 0 }, "", "" },
  { "memory and swap",
    { .memory = &mem_both },
    "memory.swap.max=200; memory.max=100; memory.low=50",
    "memory.limit_in_bytes=100 again; memory.memsw.limit_in_bytes=300 again; "
    "memory.soft_limit_in_bytes=50" },
  { "memory unlimited",
    { .memory = &mem_free },
    "memory.swap.max=max ?; memory.max=max",
    "memory.limit_in_bytes=-1 again; memory.memsw.limit_in_bytes=-1 ? again" },
  { "no swap",
    { .memory = &mem_same },
    "memory.swap.max=0 ?; memory.max=100",
    "memory.limit_in_bytes=100 again; memory.memsw.limit_in_bytes=100 again" },
  { "zero is unset, kernel memory is never touched", { .memory = &mem_zero }, "", "" },
  { "swap alone",
    { .memory = &mem_swap },
    "!unable to set swap limit without memory limit",
    "memory.memsw.limit_in_bytes=300 again" },
  { "swappiness and oom killer",
    { .memory = &mem_odd },
    "",
    "memory.oom_control=1; memory.swappiness=0" },
  { "swappiness unset", { .memory = &mem_unset }, "", "" },
  { "swappiness out of range",
    { .memory = &mem_bad },
    "",
    "!invalid memory swappiness value: 101 (valid range is 0-100)" },
  { "cpu",
    { .cpu = &cpu_all },
    "cpu.idle=0; cpu.weight=100; cpu.max.burst=0 again; cpu.max=50000 200000; cpuset.cpus=0-1; "
    "cpuset.mems=0",
    "cpuset.cpus=0-1; cpuset.mems=0; cpu.shares=1024; cpu.cfs_period_us=200000 again; "
    "cpu.cfs_burst_us=0 ? again; cpu.cfs_quota_us=50000 again; cpu.idle=0" },
  { "realtime",
    { .cpu = &cpu_rt },
    "",
    "cpu.rt_period_us=2000 again; cpu.rt_runtime_us=1000 again" },
  { "no quota", { .cpu = &cpu_quota }, "cpu.max=max 100000", "cpu.cfs_quota_us=-1 again" },
  { "period", { .cpu = &cpu_period }, "cpu.max=max 900000", "cpu.cfs_period_us=900000 again" },
  { "pids 0", { .pids_limit = SET (0) }, "pids.max=1", "pids.max=1" },
  { "pids unlimited", { .pids_limit = SET (-1) }, "pids.max=max", "pids.max=max" },
  { "block io",
    { .block_io = &io },
    "io.bfq.weight=750 |; io.weight=7475; io.bfq.weight=8:1 20 | reset; io.weight=8:1 102 reset; "
    "io.max=8:0 rbps=1048576 reset; io.max=8:0 wbps=1048576 reset; io.max=9:0 wbps=max reset; "
    "io.max=8:0 riops=1048576 reset; io.max=8:0 wiops=1048576 reset",
    "blkio.weight=750 |; blkio.bfq.weight=750; blkio.leaf_weight=40; "
    "blkio.weight_device=8:1 20 | reset; blkio.bfq.weight_device=8:1 20 reset; "
    "blkio.leaf_weight_device=8:1 30 reset; blkio.throttle.read_bps_device=8:0 1048576 reset; "
    "blkio.throttle.write_bps_device=8:0 1048576 reset; "
    "blkio.throttle.write_bps_device=9:0 0 reset; blkio.throttle.read_iops_device=8:0 1048576 "
    "reset; "
    "blkio.throttle.write_iops_device=8:0 1048576 reset" },
  { "hugepages",
    { .hugepage_limits = huge, .n_hugepage_limits = 1 },
    "hugetlb.2MB.max=4194304; hugetlb.2MB.rsvd.max=4194304 ?",
    "hugetlb.2MB.limit_in_bytes=4194304; hugetlb.2MB.rsvd.limit_in_bytes=4194304 ?" },
  { "hugepages, a path",
    { .hugepage_limits = huge_bad, .n_hugepage_limits = 1 },
    "!linux.resources.hugepageLimits[0].pageSize: '../x' is not a page size like '2MB'",
    "!linux.resources.hugepageLimits[0].pageSize: '../x' is not a page size like '2MB'" },
  { "rdma",
    { .rdma = rdma, .n_rdma = 2 },
    "rdma.max=mlx5_1 hca_handle=3 hca_object=10000 reset; rdma.max=mlx4_0 hca_handle=2 reset",
    "rdma.max=mlx5_1 hca_handle=3 hca_object=10000 reset; rdma.max=mlx4_0 hca_handle=2 reset" },
  { "network",
    { .net_class_id = SET (1048577), .net_priorities = prio, .n_net_priorities = 1 },
    "",
    "net_cls.classid=1048577; net_prio.ifpriomap=lo 5 reset" },
  { "unified",
    { .unified = { pairs, 2 } },
    "memory.high=5; io.max=8:0 riops=1\n8:1 riops=2\n",
    "!invalid configuration: cannot use linux.resources.unified on cgroup v1" },
  { "unified, a path",
    { .unified = { slash, 1 } },
    "!unified resource \"../memory.high\" must be a file name (no slashes)",
    "!invalid configuration: cannot use linux.resources.unified on cgroup v1" },
  { "unified, no controller",
    { .unified = { no_dot, 1 } },
    "!unified resource \"memory\" must be in the form CONTROLLER.PARAMETER",
    "!invalid configuration: cannot use linux.resources.unified on cgroup v1" },
};

static void
check (const char *name, GPtrArray *limits, const GError *error, const char *expected)
{
  g_autofree char *text = dump (limits);
  g_autofree char *message = error != NULL ? g_strdup_printf ("!%s", error->message) : NULL;
  const char *got = message != NULL ? message : text;

  if (!g_str_equal (got, expected))
    g_error ("%s:\n  got      %s\n  expected %s", name, got, expected);
}

static void
test_limits (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) v1_error = NULL, v2_error = NULL;
      g_autoptr (GPtrArray) v2 = runc_cgroup_limits_v2 (&cases[i].r, &v2_error);
      g_autoptr (GPtrArray) v1 = runc_cgroup_limits_v1 (&cases[i].r, &v1_error);

      check (cases[i].name, v2, v2_error, cases[i].v2);
      check (cases[i].name, v1, v1_error, cases[i].v1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cgroup/convert/weight", test_weight);
  g_test_add_func ("/cgroup/convert/io-weight", test_io_weight);
  g_test_add_func ("/cgroup/convert/swap", test_swap);
  g_test_add_func ("/cgroup/convert/check-memory", test_check_memory);
  g_test_add_func ("/cgroup/convert/cpu", test_cpu);
  g_test_add_func ("/cgroup/convert/pids", test_pids);
  g_test_add_func ("/cgroup/convert/mask", test_mask);
  g_test_add_func ("/cgroup/limits/table", test_limits);
  return g_test_run ();
}
