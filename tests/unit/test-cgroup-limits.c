/* Limits for real: what is written is what the kernel has, what is refused leaves nothing changed,
 * and devices are denied. In cgroups of the test's own; needs root. */
#include "cgroup-fixture.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"
#include "cgroup/devices.h"
#include "cgroup/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SET(v)                                                                                     \
  {                                                                                                \
    .present = true, .value = (v)                                                                  \
  }

#define MIB (1024 * 1024)

static void
update (Fixture *f, const RuncSpecResources *resources)
{
  g_autoptr (GError) error = NULL;

  runc_cgroup_update (&f->setup.ref, resources, &error);
  g_assert_no_error (error);
}

static void
assert_value (const Fixture *f, RuncCgroupV1Controller controller, const char *file,
              const char *expected)
{
  g_autofree char *value = value_of (f, controller, file);

  g_assert_cmpstr (value, ==, expected);
}

/* Uses 64 MiB; 0 when that could be had. */
static int
use_memory (void)
{
  char *memory = mmap (NULL, 64 * MIB, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

  return memory == MAP_FAILED;
}

static int
fork_once (void)
{
  pid_t pid = fork ();

  if (pid == 0)
    _exit (0);
  if (pid < 0)
    return errno;
  waitpid (pid, NULL, 0);
  return 0;
}

static gboolean
has (const Fixture *f, RuncCgroupV1Controller controller)
{
  return runc_cgroup_v1_dir (&f->setup.ref, controller) != NULL;
}

static void
test_v1 (Fixture *f, gconstpointer data)
{
  static const RuncSpecMemory memory
      = { .limit = SET (32 * MIB), .reservation = SET (16 * MIB), .kernel = SET (1) };
  static const RuncSpecCpu cpu = { .shares = SET (512),
                                   .quota = SET (50000),
                                   .period = SET (200000),
                                   .burst = SET (10000),
                                   .cpus = "0",
                                   .mems = "0" };
  static const RuncSpecResources resources
      = { .memory = &memory, .cpu = &cpu, .pids_limit = SET (1) };
  static const RuncSpecMemory more = { .limit = SET (256 * MIB) };
  static const RuncSpecCpu faster = { .shares = SET (1024), .period = SET (100000) };
  static const RuncSpecResources bigger
      = { .memory = &more, .cpu = &faster, .pids_limit = SET (-1) };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };

  (void)data;
  if (!usable (f))
    return;
  if (!has (f, RUNC_CGROUP_V1_MEMORY) || !has (f, RUNC_CGROUP_V1_CPU)
      || !has (f, RUNC_CGROUP_V1_PIDS) || !has (f, RUNC_CGROUP_V1_CPUSET))
    {
      g_test_skip ("needs the memory, cpu, cpuset and pids hierarchies of cgroup v1");
      return;
    }
  f->setup.resources = &resources;
  create (f, &made);
  assert_value (f, RUNC_CGROUP_V1_MEMORY, "memory.limit_in_bytes", "33554432");
  assert_value (f, RUNC_CGROUP_V1_MEMORY, "memory.soft_limit_in_bytes", "16777216");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.shares", "512");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_quota_us", "50000");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_period_us", "200000");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_burst_us", "10000");
  assert_value (f, RUNC_CGROUP_V1_CPUSET, "cpuset.cpus", "0");
  assert_value (f, RUNC_CGROUP_V1_PIDS, "pids.max", "1");
  g_assert_cmpint (run_in (f, use_memory), ==, 128 + SIGKILL);
  g_assert_cmpint (run_in (f, fork_once), ==, EAGAIN);

  update (f, &bigger);
  assert_value (f, RUNC_CGROUP_V1_MEMORY, "memory.limit_in_bytes", "268435456");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.shares", "1024");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_quota_us", "50000");
  assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_period_us", "100000");
  assert_value (f, RUNC_CGROUP_V1_PIDS, "pids.max", "max");
  g_assert_cmpint (run_in (f, use_memory), ==, 0);
  g_assert_cmpint (run_in (f, fork_once), ==, 0);
}

/* What comes before the refused one is taken back. */
static void
test_v1_undo (Fixture *f, gconstpointer data)
{
  static const RuncSpecMemory memory = { .limit = SET (32 * MIB) };
  static const RuncSpecMemory more = { .limit = SET (64 * MIB), .reservation = SET (5 * MIB) };
  static const RuncSpecCpu cpu
      = { .shares = SET (512), .quota = SET (50000), .period = SET (200000), .cpus = "0" };
  static const RuncSpecCpu bad_quota
      = { .shares = SET (600), .quota = SET (1), .period = SET (100000) };
  static const RuncSpecCpu bad_shares = { .shares = SET (1) };
  static const RuncSpecCpu no_such_cpu = { .cpus = "4000" };
  static const RuncSpecBlockIoDevice no_device[] = { { .major = 511, .minor = 5, .rate = 1 } };
  static const RuncSpecBlockIo io = { .throttle_read_bps = { no_device, 1 } };
  static const struct
  {
    RuncSpecResources r;
    const char *message;
  } table[] = {
    { { .memory = &more, .cpu = &bad_quota }, "cannot set 'cpu.cfs_quota_us' to '1'" },
    { { .memory = &more, .cpu = &bad_shares }, "the minimum allowed cpu-shares is 2" },
    { { .memory = &more, .cpu = &no_such_cpu }, "cannot set 'cpuset.cpus' to '4000'" },
    { { .memory = &more, .pids_limit = SET (5), .block_io = &io },
      "cannot set 'blkio.throttle.read_bps_device' to '511:5 1'" },
  };
  const RuncSpecResources resources = { .memory = &memory, .cpu = &cpu };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };

  (void)data;
  if (!usable (f))
    return;
  f->setup.resources = &resources;
  create (f, &made);
  g_autofree char *soft = value_of (f, RUNC_CGROUP_V1_MEMORY, "memory.soft_limit_in_bytes");
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (runc_cgroup_update (&f->setup.ref, &table[i].r, &error));
      if (strstr (error->message, table[i].message) == NULL)
        g_error ("%s", error->message);
      assert_value (f, RUNC_CGROUP_V1_MEMORY, "memory.limit_in_bytes", "33554432");
      assert_value (f, RUNC_CGROUP_V1_MEMORY, "memory.soft_limit_in_bytes", soft);
      assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.shares", "512");
      assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_quota_us", "50000");
      assert_value (f, RUNC_CGROUP_V1_CPU, "cpu.cfs_period_us", "200000");
      assert_value (f, RUNC_CGROUP_V1_CPUSET, "cpuset.cpus", "0");
      assert_value (f, RUNC_CGROUP_V1_PIDS, "pids.max", "max");
    }
}

/* A new cgroup whose limits are refused is not left behind, and the reason has the subject. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  static const RuncPair pair[] = { { "nonsense.max", "1" } };
  static const RuncSpecHugepageLimit huge[] = { { "3MB", 1 } };
  static const RuncSpecResources v1 = { .hugepage_limits = huge, .n_hugepage_limits = 1 };
  static const RuncSpecResources v2 = { .unified = { pair, 1 } };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  f->setup.resources = f->setup.ref.driver == DRIVER_FS2 ? &v2 : &v1;
  g_assert_false (runc_cgroup_create (&f->setup, &made, &error));
  if (f->setup.ref.driver == DRIVER_FS2)
    g_assert_nonnull (strstr (error->message,
                              "'nonsense.max' can't be set: controller \"nonsense\" "
                              "not available"));
  g_assert_cmpint (access (runc_cgroup_process_dir (&f->setup.ref), F_OK), ==, -1);
}

/* ---- devices ---- */

/* /dev/kmsg is 1:11, which no container has. */
static int
open_denied_device (void)
{
  int fd = open ("/dev/kmsg", O_RDONLY | O_CLOEXEC);

  return fd < 0 ? errno : 0;
}

static int
open_null (void)
{
  int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  return fd < 0 ? errno : 0;
}

/* bpf(2) as bpftool calls it, and not as the code under test does. */
static int
ask_kernel (int command, union bpf_attr *attr)
{
  long r = syscall (SYS_bpf, command, attr, sizeof *attr);

  if (r < 0)
    g_error ("bpf (%d): %s", command, g_strerror (errno));
  return (int)r;
}

/* Read back the one device program that is on the v2 cgroup: it is the one for @resources. Returns
 * its id. */
static guint32
check_program (const Fixture *f, const RuncSpecResources *resources)
{
  g_autoptr (RuncDevicePolicy) policy
      = runc_device_policy_new (resources->devices, resources->n_devices, NULL);
  g_autoptr (GArray) expected = runc_device_policy_compile (policy);
  autofd int cgroup = runc_cgroup_dir_open (f->v2_dir);
  guint32 ids[64] = { 0 };
  struct bpf_insn code[512] = { 0 };
  struct bpf_prog_info info
      = { .xlated_prog_len = sizeof code, .xlated_prog_insns = (guint64)(uintptr_t)code };
  union bpf_attr query, open, get;

  memset (&query, 0, sizeof query);
  query.query.target_fd = (guint32)cgroup;
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = (guint64)(uintptr_t)ids;
  query.query.prog_cnt = G_N_ELEMENTS (ids);
  ask_kernel (BPF_PROG_QUERY, &query);
  g_assert_cmpuint (query.query.prog_cnt, ==, 1);
  g_assert_cmpuint (query.query.attach_flags & BPF_F_ALLOW_MULTI, !=, 0);

  memset (&open, 0, sizeof open);
  open.prog_id = ids[0];
  autofd int program = ask_kernel (BPF_PROG_GET_FD_BY_ID, &open);
  memset (&get, 0, sizeof get);
  get.info.bpf_fd = (guint32)program;
  get.info.info_len = sizeof info;
  get.info.info = (guint64)(uintptr_t)&info;
  ask_kernel (BPF_OBJ_GET_INFO_BY_FD, &get);
  g_assert_cmpuint (info.type, ==, BPF_PROG_TYPE_CGROUP_DEVICE);
  g_assert_cmpuint (info.id, ==, ids[0]);
  g_assert_cmpstr (info.name, ==, "runc_devices");
  g_assert_cmpmem (code, info.xlated_prog_len, expected->data,
                   expected->len * sizeof (struct bpf_insn));
  return ids[0];
}

static void
test_devices (Fixture *f, gconstpointer data)
{
  static const RuncSpecDeviceRule nothing[] = { { .allow = false, .type = 'a', .access = "rwm" } };
  static const RuncSpecDeviceRule kmsg[]
      = { { .allow = false, .type = 'a', .access = "rwm" },
          { .allow = true, .type = 'c', .major = SET (1), .minor = SET (11), .access = "r" } };
  static const RuncSpecResources strict = { .devices = nothing, .n_devices = 1 };
  static const RuncSpecResources with_kmsg = { .devices = kmsg, .n_devices = 2 };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  gboolean v2 = f->setup.ref.driver == DRIVER_FS2;
  guint32 first = 0;

  (void)data;
  if (!usable (f))
    return;
  if (access ("/dev/kmsg", R_OK) < 0)
    {
      g_test_skip ("needs a readable /dev/kmsg");
      return;
    }
  f->setup.resources = &strict;
  f->setup.device_rules = TRUE;
  create (f, &made);
  g_assert_cmpint (run_in (f, open_denied_device), ==, EPERM);
  g_assert_cmpint (run_in (f, open_null), ==, 0);
  if (v2)
    first = check_program (f, &strict);

  update (f, &with_kmsg);
  g_assert_cmpint (run_in (f, open_denied_device), ==, 0);
  g_assert_cmpint (run_in (f, open_null), ==, 0);
  if (v2)
    g_assert_cmpuint (check_program (f, &with_kmsg), !=, first);
  else
    {
      g_autofree char *list = value_of (f, RUNC_CGROUP_V1_DEVICES, "devices.list");
      g_assert_nonnull (strstr (list, "c 1:11 r"));
    }

  update (f, &strict);
  g_assert_cmpint (run_in (f, open_denied_device), ==, EPERM);
  g_assert_cmpint (run_in (f, open_null), ==, 0);
  if (v2)
    check_program (f, &strict);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    int driver;
    void (*run) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "/cgroup/v1/limits", DRIVER_FS1, test_v1 },
    { "/cgroup/v1/limits-undo", DRIVER_FS1, test_v1_undo },
    { "/cgroup/v1/refused", DRIVER_FS1, test_refused },
    { "/cgroup/v2/refused", DRIVER_FS2, test_refused },
    { "/cgroup/v1/devices", DRIVER_FS1, test_devices },
    { "/cgroup/v2/devices", DRIVER_FS2, test_devices },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, GINT_TO_POINTER (tests[i].driver), set_up, tests[i].run,
                tear_down);
  return g_test_run ();
}
