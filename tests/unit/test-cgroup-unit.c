/* What a container is to systemd: names and properties, by tables. */
#include "cgroup/unit.h"

#include <string.h>

#define SET(v)                                                                                     \
  {                                                                                                \
    .present = true, .value = (v)                                                                  \
  }

static void
test_name (void)
{
  static const struct
  {
    const char *path;
    const char *slice;
    const char *unit; /* NULL: refused */
  } table[] = {
    { "system.slice:runc:ct1", "system.slice", "runc-ct1.scope" },
    { "user.slice:libpod:0123", "user.slice", "libpod-0123.scope" },
    { "a-b.slice::x", "a-b.slice", "-x.scope" },
    { "/system.slice/x", NULL, NULL },
    { "a:b", NULL, NULL },
    { "a:b:c:d", NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *slice = NULL, *unit = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (runc_unit_name (table[i].path, &slice, &unit, &error), ==,
                       table[i].unit != NULL);
      g_assert_cmpstr (slice, ==, table[i].slice);
      g_assert_cmpstr (unit, ==, table[i].unit);
      g_assert_true (error == NULL || strstr (error->message, "slice:prefix:name") != NULL);
    }
}

static const RuncSpecMemory memory
    = { .limit = SET (100), .swap = SET (300), .reservation = SET (50) };
static const RuncSpecMemory unlimited = { .limit = SET (-1) };
static const RuncSpecCpu cpu
    = { .shares = SET (1024), .quota = SET (123450), .period = SET (100000), .cpus = "0,8" };
static const RuncSpecCpu no_quota = { .quota = SET (-1) };
static const RuncSpecCpu idle = { .idle = SET (1), .mems = "0" };
static const RuncSpecCpu bad_cpus = { .cpus = "x" };
static const RuncSpecBlockIo io = { .weight = SET (500) };
static const RuncPair unified[]
    = { { "memory.high", " 5\n" },  { "memory.swap.max", "max" }, { "pids.max", "0" },
        { "cpu.max", "max 50000" }, { "cpu.weight", "7" },        { "cpuset.mems", "1" },
        { "io.max", "8:0 rbps=1" }, { "memory.oom.group", "1" } };
static const RuncPair unified_idle[] = { { "cpu.idle", "1" } };
static const RuncPair unified_bad[] = { { "memory.max", "lots" } };
static const RuncPair unified_bad_quota[] = { { "cpu.max", "1 2 3" } };
static const RuncSpecDeviceRule strict[]
    = { { .allow = true, .type = 'b', .major = SET (8), .minor = SET (0), .access = "r" },
        { .allow = true, .type = 'b', .major = SET (9), .access = "rw" } };
static const RuncSpecDeviceRule all[] = { { .allow = true, .type = 'a' } };
static const RuncSpecDeviceRule odd[]
    = { { .allow = true, .type = 'b', .minor = SET (0), .access = "r" } };

static const struct
{
  const char *name;
  RuncSpecResources r;
  RuncUnitFlags flags;
  const char *expected; /* "!..." is an error */
} cases[] = {
  { "nothing", { 0 }, 0, "@a(sv) []" },
  { "memory",
    { .memory = &memory },
    0,
    "[('MemoryMax', <uint64 100>), ('MemoryLow', <uint64 50>), ('MemorySwapMax', <uint64 200>)]" },
  { "no limit",
    { .memory = &unlimited, .pids_limit = SET (-1) },
    0,
    "[('TasksMax', <uint64 18446744073709551615>), "
    "('MemoryMax', <uint64 18446744073709551615>), "
    "('MemorySwapMax', <uint64 18446744073709551615>)]" },
  { "pids 0", { .pids_limit = SET (0) }, 0, "[('TasksMax', <uint64 1>)]" },
  { "cpu",
    { .cpu = &cpu },
    0,
    "[('CPUWeight', <uint64 100>), ('CPUQuotaPeriodUSec', <uint64 100000>), "
    "('CPUQuotaPerSecUSec', <uint64 1240000>), ('AllowedCPUs', <[byte 0x01, 0x01]>)]" },
  { "no quota",
    { .cpu = &no_quota },
    0,
    "[('CPUQuotaPerSecUSec', <uint64 18446744073709551615>)]" },
  { "idle",
    { .cpu = &idle },
    0,
    "[('CPUWeight', <uint64 0>), ('AllowedMemoryNodes', <[byte 0x01]>)]" },
  { "bad cpus",
    { .cpu = &bad_cpus },
    0,
    "!linux.resources.cpu.cpus: 'x' is not a list of numbers below 8192" },
  { "unified",
    { .unified = { unified, G_N_ELEMENTS (unified) } },
    0,
    "[('MemoryHigh', <uint64 5>), ('MemorySwapMax', <uint64 18446744073709551615>), "
    "('TasksMax', <uint64 1>), ('CPUQuotaPeriodUSec', <uint64 50000>), "
    "('CPUQuotaPerSecUSec', <uint64 18446744073709551615>), ('CPUWeight', <uint64 7>), "
    "('AllowedMemoryNodes', <[byte 0x02]>)]" },
  { "unified idle", { .unified = { unified_idle, 1 } }, 0, "[('CPUWeight', <uint64 0>)]" },
  { "unified, bad number",
    { .unified = { unified_bad, 1 } },
    0,
    "!unified resource \"memory.max\" value invalid: \"lots\"" },
  { "unified, bad quota",
    { .unified = { unified_bad_quota, 1 } },
    0,
    "!unified resource \"cpu.max\" value invalid: \"1 2 3\"" },
  { "devices",
    { .devices = strict, .n_devices = 2 },
    RUNC_UNIT_DEVICES,
    "[('DeviceAllow', <@a(ss) []>), ('DevicePolicy', <'strict'>), ('DeviceAllow', "
    "<[('block-*', 'm'), ('char-*', 'm'), ('/dev/char/1:3', 'rwm'), ('/dev/char/1:5', 'rwm'), "
    "('/dev/char/1:7', 'rwm'), ('/dev/char/1:8', 'rwm'), ('/dev/char/1:9', 'rwm'), "
    "('/dev/char/5:0', 'rwm'), ('/dev/char/5:2', 'rwm'), ('/dev/block/8:0', 'r'), "
    "('block-9', 'rw'), ('/dev/char/10:200', 'rwm'), ('char-136', 'rwm')]>)]" },
  { "all devices",
    { .devices = all, .n_devices = 1 },
    RUNC_UNIT_DEVICES,
    "[('DeviceAllow', <@a(ss) []>), ('DevicePolicy', <'auto'>)]" },
  { "devices that systemd cannot name",
    { .devices = odd, .n_devices = 1 },
    RUNC_UNIT_DEVICES,
    "[('DeviceAllow', <@a(ss) []>), ('DevicePolicy', <'auto'>)]" },
  { "v1",
    { .memory = &memory, .cpu = &cpu, .block_io = &io, .pids_limit = SET (0) },
    RUNC_UNIT_V1,
    "[('TasksMax', <uint64 1>), ('MemoryLimit', <uint64 100>), ('CPUShares', <uint64 1024>), "
    "('CPUQuotaPeriodUSec', <uint64 100000>), ('CPUQuotaPerSecUSec', <uint64 1240000>), "
    "('BlockIOWeight', <uint64 500>)]" },
  { "devices of an ordinary user", { .devices = strict, .n_devices = 2 }, 0, "@a(sv) []" },
};

static void
check (const char *name, GVariant *properties, const GError *error, const char *expected)
{
  g_autofree char *got = error != NULL ? g_strdup_printf ("!%s", error->message)
                                       : g_variant_print (properties, TRUE);

  if (!g_str_equal (got, expected))
    g_error ("%s:\n  got      %s\n  expected %s", name, got, expected);
}

static void
test_limits (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) properties
          = runc_unit_limit_properties (&cases[i].r, cases[i].flags, &error);

      check (cases[i].name, properties, error, cases[i].expected);
    }
}

#define ACCOUNTING                                                                                 \
  "('MemoryAccounting', <true>), ('CPUAccounting', <true>), ('IOAccounting', <true>), "            \
  "('TasksAccounting', <true>), ('DefaultDependencies', <false>), "                                \
  "('CollectMode', <'inactive-or-failed'>)"

static void
test_start (void)
{
  static const struct
  {
    const char *path;
    const char *annotation;
    const char *expected;
  } table[] = {
    { "user.slice:runc:ct", NULL,
      "[('Description', <'libcontainer container ct'>), ('Slice', <'user.slice'>), "
      "('Delegate', <true>), ('PIDs', <[uint32 5]>), " ACCOUNTING "]" },
    { "user.slice:runc:ct", "TimeoutStopUSec=uint64 5",
      "[('Description', <'libcontainer container ct'>), ('Slice', <'user.slice'>), "
      "('Delegate', <true>), ('PIDs', <[uint32 5]>), " ACCOUNTING
      ", ('TimeoutStopUSec', <uint64 5>)]" },
    { "user.slice:runc:ct", "TimeoutStopSec=1.5",
      "[('Description', <'libcontainer container ct'>), ('Slice', <'user.slice'>), "
      "('Delegate', <true>), ('PIDs', <[uint32 5]>), " ACCOUNTING
      ", ('TimeoutStopUSec', <uint64 1500000>)]" },
    { "user.slice:runc:ct", "After=['a.service', 'b.service']",
      "[('Description', <'libcontainer container ct'>), ('Slice', <'user.slice'>), "
      "('Delegate', <true>), ('PIDs', <[uint32 5]>), " ACCOUNTING
      ", ('After', <['a.service', 'b.service']>)]" },
    { "user.slice:runc:ct", "TimeoutStopSec='soon'",
      "!annotations[\"org.systemd.property.TimeoutStopSec\"]: value parse error: ''soon'' is not a "
      "number" },
    { "user.slice:runc:ct", "CollectMode=oops",
      "!annotations[\"org.systemd.property.CollectMode\"]: value parse error: 'oops': 0-4:unknown "
      "keyword" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      char *annotations[] = { (char *)table[i].annotation, NULL };
      const RuncCgroupSetup setup
          = { .id = "ct", .systemd_path = table[i].path, .properties = annotations };
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) properties = runc_unit_start_properties (&setup, 5, &error);

      check (table[i].path, properties, error, table[i].expected);
    }
}

static void
test_quota (void)
{
  const RuncSpecCpu none = { 0 };

  g_assert_cmpint (runc_unit_rounded_quota (&cpu), ==, 124000);
  g_assert_cmpint (runc_unit_rounded_quota (&no_quota), ==, -1);
  g_assert_cmpint (runc_unit_rounded_quota (&none), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cgroup/unit/name", test_name);
  g_test_add_func ("/cgroup/unit/limits", test_limits);
  g_test_add_func ("/cgroup/unit/start", test_start);
  g_test_add_func ("/cgroup/unit/quota", test_quota);
  return g_test_run ();
}
