/* Statistics: parsers and the printed form by examples, then a real cgroup; OOM notifications. */
#include "cgroup-fixture.h"

#include "base/error.h"
#include "cgroup/stats.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static char *
dump (const RuncStats *stats)
{
  autojson RuncJson *json = runc_cgroup_stats_to_json (stats);

  return runc_json_to_string (json);
}

#define CPUSET                                                                                     \
  "\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"               \
  "\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"                       \
  "\"sched_load_balance\":0,\"sched_relax_domain_level\":0"

#define END "\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}"

static void
test_empty (void)
{
  RuncStats stats = { 0 };
  g_autofree char *text = dump (&stats);

  g_assert_cmpstr (text, ==,
                   "{\"cpu\":{},\"cpuset\":{" CPUSET
                   "},\"memory\":{},\"pids\":{},\"blkio\":{}," END);
}

static void
test_full (void)
{
  g_auto (RuncStats) stats = {
    .cpu_total = 5,
    .cpu_user = 2,
    .throttled_periods = 7,
    .memory = { .limit = G_MAXUINT64, .usage = 4096 },
    .memory_stat = g_strdup ("file 3\nanon 12\n"),
    .pids = 1,
    .pids_limit = 20,
  };

  stats.io[RUNC_STAT_IO_SERVICED] = g_array_new (FALSE, FALSE, sizeof (RuncStatIo));
  runc_cgroup_stats_parse_io_v1 ("8:0 Read 124\n8:0 Total 0\nTotal 124\n",
                                 stats.io[RUNC_STAT_IO_SERVICED]);
  runc_cgroup_stats_parse_pressure ("some avg10=0.00 avg60=1.50 avg300=10.00 total=77\n"
                                    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                                    &stats.cpu_pressure);
  g_autofree char *text = dump (&stats);
  g_assert_cmpstr (
      text, ==,
      "{\"cpu\":{\"usage\":{\"total\":5,\"kernel\":0,\"user\":2},"
      "\"throttling\":{\"throttledPeriods\":7},"
      "\"psi\":{\"some\":{\"avg10\":0,\"avg60\":1.5,\"avg300\":10,\"total\":77}}},"
      "\"cpuset\":{" CPUSET "},"
      "\"memory\":{\"usage\":{\"limit\":18446744073709551615,\"usage\":4096,\"failcnt\":0},"
      "\"raw\":{\"anon\":12,\"file\":3}},"
      "\"pids\":{\"current\":1,\"limit\":20},"
      "\"blkio\":{\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":124},"
      "{\"major\":8,\"op\":\"Total\"}]}," END);
}

static void
test_io_v2 (void)
{
  g_auto (RuncStats) stats = { 0 };

  runc_cgroup_stats_parse_io_v2 (
      "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n7:0 \n", &stats);
  const RuncStatIo *read = &g_array_index (stats.io[RUNC_STAT_IO_SERVICE_BYTES], RuncStatIo, 0);
  const RuncStatIo *wios = &g_array_index (stats.io[RUNC_STAT_IO_SERVICED], RuncStatIo, 1);
  g_assert_cmpuint (read->major, ==, 8);
  g_assert_cmpuint (read->minor, ==, 16);
  g_assert_cmpstr (read->op, ==, "Read");
  g_assert_cmpuint (read->value, ==, 1459200);
  g_assert_cmpstr (wios->op, ==, "Write");
  g_assert_cmpuint (wios->value, ==, 353);
}

static void
test_list (void)
{
  RuncStatNumbers numbers = { 0 };

  runc_cgroup_stats_parse_list ("0-2,7\n", &numbers);
  g_assert_cmpuint (numbers.n, ==, 4);
  g_assert_cmpuint (numbers.items[2], ==, 2);
  g_assert_cmpuint (numbers.items[3], ==, 7);
  g_free (numbers.items);
}

/* The value at a path of keys. */
static guint64
at (RuncJson *json, const char *path)
{
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);

  for (char **key = keys; *key != NULL; key++)
    if (!json_object_object_get_ex (json, *key, &json))
      g_error ("no %s in %s", *key, path);
  return json_object_get_uint64 (json);
}

/* Use 20 ms of a CPU, however long others make that take. */
static int
work (void)
{
  struct timespec used;

  do
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec == 0 && used.tv_nsec < 20000000);
  return 0;
}

static void
test_real (Fixture *f, gconstpointer data)
{
  static const RuncSpecMemory memory = { .limit = { true, 32 * MIB } };
  static const RuncSpecResources resources = { .memory = &memory, .pids_limit = { true, 20 } };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  if (runc_cgroup_v1_dir (&f->setup.ref, RUNC_CGROUP_V1_MEMORY) != NULL)
    f->setup.resources = &resources;
  create (f, &made);
  g_assert_cmpint (run_in (f, work), ==, 0);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, NULL);
  spawn_into (f, files, NULL);
  autojson RuncJson *json = runc_cgroup_stats (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (at (json, "cpu.usage.total"), >, 10000000);
  g_assert_cmpuint (at (json, "pids.current"), ==, 1);
  if (f->setup.resources != NULL)
    {
      g_assert_cmpuint (at (json, "pids.limit"), ==, 20);
      g_assert_cmpuint (at (json, "memory.usage.limit"), ==, 32 * MIB);
      g_assert_cmpuint (at (json, "memory.raw.hierarchical_memory_limit"), ==, 32 * MIB);
    }
}

static int
use_memory (void)
{
  char *memory = mmap (NULL, 64 * MIB, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

  return memory == MAP_FAILED;
}

static gboolean
wait_ready (int fd)
{
  struct pollfd pfd = { .fd = fd, .events = POLLIN };

  return poll (&pfd, 1, 10000) == 1;
}

static void
test_oom (Fixture *f, gconstpointer data)
{
  static const RuncSpecMemory memory = { .limit = { true, 16 * MIB } };
  static const RuncSpecResources resources = { .memory = &memory };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;
  gboolean gone = TRUE;
  int fd;

  (void)data;
  if (!usable (f))
    return;
  if (runc_cgroup_v1_dir (&f->setup.ref, RUNC_CGROUP_V1_MEMORY) == NULL)
    {
      g_test_skip ("no memory controller");
      return;
    }
  f->setup.resources = &resources;
  create (f, &made);
  g_autoptr (RuncCgroupOom) oom = runc_cgroup_oom_new (&f->setup.ref, &fd, &error);
  g_assert_no_error (error);
  g_assert_false (runc_cgroup_oom_read (oom, &gone));
  g_assert_false (gone);
  g_assert_cmpint (run_in (f, use_memory), ==, 128 + SIGKILL);
  g_assert_true (wait_ready (fd));
  g_assert_true (runc_cgroup_oom_read (oom, &gone));
  g_assert_false (gone);
  g_assert_false (runc_cgroup_oom_read (oom, &gone));
  runc_cgroup_remove (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_true (wait_ready (fd));
  g_assert_false (runc_cgroup_oom_read (oom, &gone));
  g_assert_true (gone);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cgroup/stats/empty", test_empty);
  g_test_add_func ("/cgroup/stats/full", test_full);
  g_test_add_func ("/cgroup/stats/io-v2", test_io_v2);
  g_test_add_func ("/cgroup/stats/list", test_list);
  g_test_add ("/cgroup/v1/stats", Fixture, GINT_TO_POINTER (DRIVER_FS1), set_up, test_real,
              tear_down);
  g_test_add ("/cgroup/v2/stats", Fixture, GINT_TO_POINTER (DRIVER_FS2), set_up, test_real,
              tear_down);
  g_test_add ("/cgroup/v1/oom", Fixture, GINT_TO_POINTER (DRIVER_FS1), set_up, test_oom, tear_down);
  return g_test_run ();
}
