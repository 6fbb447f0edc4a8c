/* Every member of config.json with a value of a wrong type or out of range (src/spec/decode*.c). */
#include "base/error.h"
#include "spec-edit.h"
#include "spec/spec.h"

#include <string.h>

/* A value, and what is said about it; where is what stands behind the path. */
typedef struct
{
  const char *value;
  const char *where;
  const char *reason; /* NULL: accepted */
} Trial;

static const Trial text_trials[] = {
  { "\"x\"", "", NULL },
  { "7", "", "expected a string, got a number" },
  { "true", "", "expected a string, got a boolean" },
  { "[]", "", "expected a string, got an array" },
  { "{}", "", "expected a string, got an object" },
  { NULL, NULL, NULL },
};

static const char *const texts[] = {
  "ociVersion",
  "hostname",
  "domainname",
  "root.path",
  "process.cwd",
  "process.apparmorProfile",
  "process.selinuxLabel",
  "process.execCPUAffinity.initial",
  "process.execCPUAffinity.final",
  "mounts[0].destination",
  "linux.cgroupsPath",
  "linux.rootfsPropagation",
  "linux.mountLabel",
  "linux.personality.domain",
  "linux.intelRdt.closID",
  "linux.intelRdt.l3CacheSchema",
  "linux.intelRdt.memBwSchema",
  "linux.memoryPolicy.mode",
  "linux.memoryPolicy.nodes",
  "linux.netDevices.eth0.name",
  "linux.resources.cpu.cpus",
  "linux.resources.cpu.mems",
  "linux.resources.devices[0].access",
  "linux.seccomp.defaultAction",
  "linux.seccomp.listenerPath",
  "linux.seccomp.listenerMetadata",
  "linux.seccomp.syscalls[0].action",
  "hooks.prestart[0].path",
  "hooks.createRuntime[0].path",
  "hooks.createContainer[0].path",
  "hooks.startContainer[0].path",
  "hooks.poststart[0].path",
  "hooks.poststop[0].path",
  NULL,
};

/* The type of these is looked at before the other required members are missed. */
static const Trial member_text_trials[] = {
  { "7", "", "expected a string, got a number" },
  { "[\"x\"]", "", "expected a string, got an array" },
  { NULL, NULL, NULL },
};

static const char *const member_texts[] = {
  "mounts[0].type",
  "mounts[0].source",
  "process.rlimits[0].type",
  "process.scheduler.policy",
  "process.ioPriority.class",
  "linux.namespaces[0].type",
  "linux.namespaces[0].path",
  "linux.devices[0].path",
  "linux.devices[0].type",
  "linux.resources.devices[0].type",
  "linux.resources.hugepageLimits[0].pageSize",
  "linux.resources.network.priorities[0].name",
  "linux.seccomp.syscalls[0].args[0].op",
  "annotations.key",
  "annotations[\"a.b\"]",
  "linux.sysctl[\"net.ipv4.ip_forward\"]",
  "linux.resources.unified[\"memory.high\"]",
  NULL,
};

static const Trial strings_trials[] = {
  { "[]", "", NULL },
  { "[\"\", \"x\"]", "", NULL },
  { "\"x\"", "", "expected an array of strings, got a string" },
  { "7", "", "expected an array of strings, got a number" },
  { "{}", "", "expected an array of strings, got an object" },
  { "[\"x\", 1]", "[1]", "expected a string, got a number" },
  { "[null]", "[0]", "expected a string, got null" },
  { NULL, NULL, NULL },
};

static const char *const string_lists[] = {
  "process.args",
  "process.env",
  "process.capabilities.bounding",
  "process.capabilities.effective",
  "process.capabilities.inheritable",
  "process.capabilities.permitted",
  "process.capabilities.ambient",
  "linux.maskedPaths",
  "linux.readonlyPaths",
  "linux.intelRdt.schemata",
  "linux.memoryPolicy.flags",
  "linux.seccomp.architectures",
  "linux.seccomp.flags",
  "linux.seccomp.syscalls[0].names",
  NULL,
};

/* As string_lists, in objects that have required members. */
static const Trial member_strings_trials[] = {
  { "\"x\"", "", "expected an array of strings, got a string" },
  { "[[]]", "[0]", "expected a string, got an array" },
  { NULL, NULL, NULL },
};

static const char *const member_string_lists[] = {
  "mounts[0].options",           "process.scheduler.flags",
  "linux.personality.flags",     "hooks.prestart[0].args",
  "hooks.createRuntime[0].args", "hooks.createContainer[0].args",
  "hooks.startContainer[0].env", "hooks.poststart[0].env",
  "hooks.poststop[0].env",       NULL,
};

static const Trial flag_trials[] = {
  { "true", "", NULL },
  { "false", "", NULL },
  { "1", "", "expected true or false, got a number" },
  { "\"true\"", "", "expected true or false, got a string" },
  { NULL, NULL, NULL },
};

static const char *const flags[] = {
  "root.readonly",
  "process.terminal",
  "process.noNewPrivileges",
  "linux.intelRdt.enableMonitoring",
  "linux.resources.devices[0].allow",
  "linux.resources.memory.disableOOMKiller",
  "linux.resources.memory.useHierarchy",
  "linux.resources.memory.checkBeforeUpdate",
  NULL,
};

static const Trial uint32_trials[] = {
  { "0", "", NULL },
  { "4294967295", "", NULL },
  { "-0", "", NULL },
  { "-1", "", "expected a number from 0 to 4294967295, got -1" },
  { "4294967296", "", "expected a number from 0 to 4294967295, got 4294967296" },
  { "18446744073709551616", "",
    "expected a number from 0 to 4294967295, got 18446744073709551616" },
  { "1.0", "", "expected an integer, got 1.0" },
  { "1e2", "", "expected an integer, got 1e2" },
  { "\"1\"", "", "expected a number, got a string" },
  { "false", "", "expected a number, got a boolean" },
  { NULL, NULL, NULL },
};

static const char *const uint32s[] = {
  "process.user.uid",
  "process.user.gid",
  "process.user.umask",
  "process.consoleSize.height",
  "process.consoleSize.width",
  "linux.timeOffsets.monotonic.nanosecs",
  "linux.resources.network.classID",
  "linux.resources.rdma.mlx5_1.hcaHandles",
  "linux.resources.rdma.mlx5_1.hcaObjects",
  "linux.seccomp.defaultErrnoRet",
  "linux.seccomp.syscalls[0].errnoRet",
  NULL,
};

/* Wrong values only: the objects have other members that are required. */
static const Trial member_uint32_trials[] = {
  { "-1", "", "expected a number from 0 to 4294967295, got -1" },
  { "4294967296", "", "expected a number from 0 to 4294967295, got 4294967296" },
  { "0.5", "", "expected an integer, got 0.5" },
  { "[]", "", "expected a number, got an array" },
  { NULL, NULL, NULL },
};

static const char *const member_uint32s[] = {
  "process.user.additionalGids[0]",
  "linux.uidMappings[0].containerID",
  "linux.uidMappings[0].hostID",
  "linux.uidMappings[0].size",
  "linux.gidMappings[0].containerID",
  "mounts[0].uidMappings[0].hostID",
  "mounts[0].gidMappings[0].size",
  "linux.devices[0].fileMode",
  "linux.devices[0].uid",
  "linux.devices[0].gid",
  "linux.resources.network.priorities[0].priority",
  "linux.seccomp.syscalls[0].args[0].index",
  NULL,
};

static const Trial uint64_trials[] = {
  { "0", "", NULL },
  { "9223372036854775808", "", NULL },
  { "18446744073709551615", "", NULL },
  { "18446744073709551616", "",
    "expected a number from 0 to 18446744073709551615, got 18446744073709551616" },
  { "-1", "", "expected a number from 0 to 18446744073709551615, got -1" },
  { "1.5", "", "expected an integer, got 1.5" },
  { "{}", "", "expected a number, got an object" },
  { NULL, NULL, NULL },
};

static const char *const uint64s[] = {
  "linux.resources.memory.swappiness",  "linux.resources.cpu.shares",
  "linux.resources.cpu.burst",          "linux.resources.cpu.period",
  "linux.resources.cpu.realtimePeriod", NULL,
};

static const Trial member_uint64_trials[] = {
  { "18446744073709551616", "",
    "expected a number from 0 to 18446744073709551615, got 18446744073709551616" },
  { "-1", "", "expected a number from 0 to 18446744073709551615, got -1" },
  { "\"max\"", "", "expected a number, got a string" },
  { NULL, NULL, NULL },
};

static const char *const member_uint64s[] = {
  "process.rlimits[0].soft",
  "process.rlimits[0].hard",
  "process.scheduler.runtime",
  "process.scheduler.deadline",
  "process.scheduler.period",
  "linux.resources.hugepageLimits[0].limit",
  "linux.resources.blockIO.throttleReadBpsDevice[0].rate",
  "linux.resources.blockIO.throttleWriteBpsDevice[0].rate",
  "linux.resources.blockIO.throttleReadIOPSDevice[0].rate",
  "linux.resources.blockIO.throttleWriteIOPSDevice[0].rate",
  "linux.seccomp.syscalls[0].args[0].value",
  "linux.seccomp.syscalls[0].args[0].valueTwo",
  NULL,
};

static const Trial int64_trials[] = {
  { "-9223372036854775808", "", NULL },
  { "9223372036854775807", "", NULL },
  { "9223372036854775808", "",
    "expected a number from -9223372036854775808 to 9223372036854775807, got "
    "9223372036854775808" },
  { "-9223372036854775809", "",
    "expected a number from -9223372036854775808 to 9223372036854775807, got "
    "-9223372036854775809" },
  { "2.0", "", "expected an integer, got 2.0" },
  { "\"1\"", "", "expected a number, got a string" },
  { NULL, NULL, NULL },
};

static const char *const int64s[] = {
  "process.oomScoreAdj",
  "linux.timeOffsets.boottime.secs",
  "linux.resources.devices[0].major",
  "linux.resources.devices[0].minor",
  "linux.resources.memory.limit",
  "linux.resources.memory.reservation",
  "linux.resources.memory.swap",
  "linux.resources.memory.kernel",
  "linux.resources.memory.kernelTCP",
  "linux.resources.cpu.quota",
  "linux.resources.cpu.realtimeRuntime",
  "linux.resources.cpu.idle",
  "linux.resources.pids.limit",
  NULL,
};

static const Trial member_int64_trials[] = {
  { "9223372036854775808", "",
    "expected a number from -9223372036854775808 to 9223372036854775807, got "
    "9223372036854775808" },
  { "true", "", "expected a number, got a boolean" },
  { NULL, NULL, NULL },
};

static const char *const member_int64s[] = {
  "linux.devices[0].major",
  "linux.devices[0].minor",
  "linux.resources.blockIO.weightDevice[0].major",
  "linux.resources.blockIO.weightDevice[0].minor",
  "linux.resources.blockIO.throttleReadBpsDevice[0].major",
  "hooks.prestart[0].timeout",
  "hooks.poststop[0].timeout",
  NULL,
};

static const Trial member_int32_trials[] = {
  { "2147483648", "", "expected a number from -2147483648 to 2147483647, got 2147483648" },
  { "-2147483649", "", "expected a number from -2147483648 to 2147483647, got -2147483649" },
  { "\"0\"", "", "expected a number, got a string" },
  { NULL, NULL, NULL },
};

static const char *const member_int32s[] = {
  "process.scheduler.nice",
  "process.scheduler.priority",
  "process.ioPriority.priority",
  NULL,
};

static const Trial uint16_trials[] = {
  { "65536", "", "expected a number from 0 to 65535, got 65536" },
  { "-1", "", "expected a number from 0 to 65535, got -1" },
  { "\"500\"", "", "expected a number, got a string" },
  { NULL, NULL, NULL },
};

static const char *const uint16s[] = {
  "linux.resources.blockIO.weight",
  "linux.resources.blockIO.leafWeight",
  "linux.resources.blockIO.weightDevice[0].weight",
  "linux.resources.blockIO.weightDevice[0].leafWeight",
  NULL,
};

static const Trial object_trials[] = {
  { "{\"unknown\": [1]}", "", NULL },
  { "[]", "", "expected an object, got an array" },
  { "\"x\"", "", "expected an object, got a string" },
  { "0", "", "expected an object, got a number" },
  { NULL, NULL, NULL },
};

static const char *const objects[] = {
  "process",
  "process.user",
  "process.consoleSize",
  "process.capabilities",
  "process.execCPUAffinity",
  "root",
  "hooks",
  "linux",
  "linux.resources",
  "linux.resources.memory",
  "linux.resources.cpu",
  "linux.resources.pids",
  "linux.resources.blockIO",
  "linux.resources.network",
  "linux.seccomp",
  "linux.intelRdt",
  "linux.memoryPolicy",
  NULL,
};

static const Trial member_object_trials[] = {
  { "[]", "", "expected an object, got an array" },
  { "1", "", "expected an object, got a number" },
  { NULL, NULL, NULL },
};

static const char *const member_objects[] = {
  "process.scheduler",           "process.ioPriority",
  "linux.personality",           "linux.netDevices.eth0",
  "linux.timeOffsets.monotonic", "linux.resources.rdma.mlx5_1",
  "linux.netDevices[\"a b\"]",   NULL,
};

static const Trial array_trials[] = {
  { "[]", "", NULL },
  { "{}", "", "expected an array of objects, got an object" },
  { "\"x\"", "", "expected an array of objects, got a string" },
  { "[\"x\"]", "[0]", "expected an object, got a string" },
  { "[null]", "[0]", "expected an object, got null" },
  { NULL, NULL, NULL },
};

static const char *const arrays[] = {
  "mounts",
  "process.rlimits",
  "linux.uidMappings",
  "linux.gidMappings",
  "linux.namespaces",
  "linux.devices",
  "linux.resources.devices",
  "linux.resources.hugepageLimits",
  "linux.resources.network.priorities",
  "linux.resources.blockIO.weightDevice",
  "linux.resources.blockIO.throttleReadBpsDevice",
  "linux.resources.blockIO.throttleWriteBpsDevice",
  "linux.resources.blockIO.throttleReadIOPSDevice",
  "linux.resources.blockIO.throttleWriteIOPSDevice",
  "linux.seccomp.syscalls",
  "linux.seccomp.syscalls[0].args",
  "hooks.prestart",
  "hooks.createRuntime",
  "hooks.createContainer",
  "hooks.startContainer",
  "hooks.poststart",
  "hooks.poststop",
  NULL,
};

static const Trial pairs_trials[] = {
  { "{}", "", NULL },
  { "{\"k\": \"\"}", "", NULL },
  { "{\"k\": null}", "", NULL },
  { "[]", "", "expected an object with string values, got an array" },
  { "{\"k\": 1}", ".k", "expected a string, got a number" },
  { NULL, NULL, NULL },
};

static const char *const pairs[]
    = { "annotations", "linux.sysctl", "linux.resources.unified", NULL };

static const Trial map_trials[] = {
  { "{}", "", NULL },
  { "{\"k\": {}}", "", NULL },
  { "{\"k\": null}", "", NULL },
  { "[]", "", "expected an object with objects as values, got an array" },
  { "{\"k\": \"v\"}", ".k", "expected an object, got a string" },
  { NULL, NULL, NULL },
};

static const char *const maps[]
    = { "linux.timeOffsets", "linux.netDevices", "linux.resources.rdma", NULL };

typedef struct
{
  const char *name;
  const Trial *trials;
  const char *const *paths;
} Kind;

static const Kind kinds[] = {
  { "/spec/types/text", text_trials, texts },
  { "/spec/types/member-text", member_text_trials, member_texts },
  { "/spec/types/strings", strings_trials, string_lists },
  { "/spec/types/member-strings", member_strings_trials, member_string_lists },
  { "/spec/types/flag", flag_trials, flags },
  { "/spec/types/uint32", uint32_trials, uint32s },
  { "/spec/types/member-uint32", member_uint32_trials, member_uint32s },
  { "/spec/types/uint64", uint64_trials, uint64s },
  { "/spec/types/member-uint64", member_uint64_trials, member_uint64s },
  { "/spec/types/int64", int64_trials, int64s },
  { "/spec/types/member-int64", member_int64_trials, member_int64s },
  { "/spec/types/member-int32", member_int32_trials, member_int32s },
  { "/spec/types/uint16", uint16_trials, uint16s },
  { "/spec/types/object", object_trials, objects },
  { "/spec/types/member-object", member_object_trials, member_objects },
  { "/spec/types/array", array_trials, arrays },
  { "/spec/types/pairs", pairs_trials, pairs },
  { "/spec/types/map", map_trials, maps },
};

static RuncSpec *
decode_with (const char *path, const char *value, GError **error)
{
  autojson RuncJson *document = json_object_new_object ();

  spec_edit (document, path, value);
  g_autofree char *text = runc_json_to_string (document);
  return runc_spec_decode (text, strlen (text), error);
}

static void
try_kind (gconstpointer data)
{
  const Kind *kind = data;

  for (const char *const *path = kind->paths; *path != NULL; path++)
    for (const Trial *trial = kind->trials; trial->value != NULL; trial++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (RuncSpec) spec = decode_with (*path, trial->value, &error);

        g_test_message ("%s = %s", *path, trial->value);
        if (trial->reason == NULL)
          {
            g_assert_no_error (error);
            continue;
          }
        g_autofree char *message = g_strdup_printf ("%s%s: %s", *path, trial->where, trial->reason);
        g_assert_null (spec);
        g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
        g_assert_cmpstr (error->message, ==, message);
      }
}

/* Null is absent, for every member. */
static void
test_null (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (const char *const *path = kinds[i].paths; *path != NULL; path++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (RuncSpec) spec = NULL;

        if (g_str_has_suffix (*path, "[0]"))
          continue;
        g_test_message ("%s", *path);
        spec = decode_with (*path, "null", &error);
        if (spec == NULL && g_str_has_suffix (error->message, ": required, but missing"))
          continue;
        g_assert_no_error (error);
      }
}

static void
test_required (void)
{
  static const struct
  {
    const char *path;
    const char *value;
    const char *message;
  } cases[] = {
    { "mounts", "[{}]", "mounts[0].destination: required, but missing" },
    { "hooks.prestart", "[{}]", "hooks.prestart[0].path: required, but missing" },
    { "process.rlimits", "[{\"type\":\"RLIMIT_CORE\",\"soft\":1}]",
      "process.rlimits[0].hard: required, but missing" },
    { "process.rlimits", "[{\"type\":\"RLIMIT_CORE\",\"hard\":1}]",
      "process.rlimits[0].soft: required, but missing" },
    { "process.rlimits", "[{\"soft\":1,\"hard\":1}]",
      "process.rlimits[0].type: required, but missing" },
    { "process.scheduler", "{}", "process.scheduler.policy: required, but missing" },
    { "process.ioPriority", "{\"priority\":1}", "process.ioPriority.class: required, but missing" },
    { "linux.namespaces", "[{}]", "linux.namespaces[0].type: required, but missing" },
    { "linux.namespaces", "[{\"type\":null}]", "linux.namespaces[0].type: required, but missing" },
    { "linux.uidMappings", "[{\"hostID\":1,\"size\":1}]",
      "linux.uidMappings[0].containerID: required, but missing" },
    { "linux.uidMappings", "[{\"containerID\":1,\"size\":1}]",
      "linux.uidMappings[0].hostID: required, but missing" },
    { "linux.uidMappings", "[{\"containerID\":1,\"hostID\":1}]",
      "linux.uidMappings[0].size: required, but missing" },
    { "linux.devices", "[{\"type\":\"c\"}]", "linux.devices[0].path: required, but missing" },
    { "linux.devices", "[{\"path\":\"/x\"}]", "linux.devices[0].type: required, but missing" },
    { "linux.personality", "{}", "linux.personality.domain: required, but missing" },
    { "linux.resources.hugepageLimits", "[{\"pageSize\":\"2MB\"}]",
      "linux.resources.hugepageLimits[0].limit: required, but missing" },
    { "linux.resources.network.priorities", "[{\"name\":\"eth0\"}]",
      "linux.resources.network.priorities[0].priority: required, but missing" },
    { "linux.resources.blockIO.weightDevice", "[{\"major\":8}]",
      "linux.resources.blockIO.weightDevice[0].minor: required, but missing" },
    { "linux.resources.blockIO.throttleReadBpsDevice", "[{\"major\":8,\"minor\":0}]",
      "linux.resources.blockIO.throttleReadBpsDevice[0].rate: required, but missing" },
    { "linux.seccomp.syscalls[0].args", "[{\"index\":0,\"value\":1}]",
      "linux.seccomp.syscalls[0].args[0].op: required, but missing" },
    { "linux.seccomp.syscalls[0].args", "[{\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]",
      "linux.seccomp.syscalls[0].args[0].index: required, but missing" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec = decode_with (cases[i].path, cases[i].value, &error);

      g_assert_null (spec);
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

/* Words that decoding turns into numbers. */
static void
test_names (void)
{
  static const struct
  {
    const char *path;
    const char *value;
    const char *message;
  } cases[] = {
    { "linux.namespaces", "[{\"type\":\"pid\"},{\"type\":\"net\"}]",
      "linux.namespaces[1].type: unknown value 'net' (known: user, cgroup, ipc, uts, network, pid, "
      "mount, time)" },
    { "linux.namespaces",
      "[{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"pid\",\"path\":\"/x\"}]",
      "linux.namespaces[2]: duplicate namespace 'pid'" },
    { "linux.devices", "[{\"path\":\"/x\",\"type\":\"d\"}]",
      "linux.devices[0].type: unknown value 'd' (known: c, b, u, p)" },
    { "linux.devices", "[{\"path\":\"/x\",\"type\":\"\"}]",
      "linux.devices[0].type: unknown value '' (known: c, b, u, p)" },
    { "linux.resources.devices", "[{\"type\":\"u\"}]",
      "linux.resources.devices[0].type: unknown value 'u' (known: a, c, b)" },
    { "process.scheduler", "{\"policy\":\"FIFO\"}",
      "process.scheduler.policy: unknown value 'FIFO' (known: SCHED_OTHER, SCHED_FIFO, SCHED_RR, "
      "SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE)" },
    { "process.scheduler", "{\"policy\":\"SCHED_RR\",\"flags\":[\"SCHED_FLAG_RECLAIM\",\"X\"]}",
      "process.scheduler.flags[1]: unknown value 'X' (known: SCHED_FLAG_RESET_ON_FORK, "
      "SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, "
      "SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX)" },
    { "process.ioPriority", "{\"class\":\"BE\",\"priority\":1}",
      "process.ioPriority.class: unknown value 'BE' (known: IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
      "IOPRIO_CLASS_IDLE)" },
    { "process.rlimits", "[{\"type\":\"RLIMIT_FOO\",\"soft\":0,\"hard\":0}]",
      "process.rlimits[0].type: unknown limit 'RLIMIT_FOO' (known: RLIMIT_AS, RLIMIT_CORE, "
      "RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, "
      "RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, "
      "RLIMIT_SIGPENDING, RLIMIT_STACK)" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec = decode_with (cases[i].path, cases[i].value, &error);

      g_assert_null (spec);
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

/* Whatever somebody put into the document, a message stays readable. */
static void
test_message_length (void)
{
  g_autofree char *key = g_strnfill (100000, 'k');
  g_autofree char *path = g_strdup_printf ("annotations.%s", key);
  g_autofree char *digits = g_strnfill (100000, '9');
  g_autofree char *quoted = g_strdup_printf ("[{\"type\":\"%s\"}]", key);
  const struct
  {
    const char *path;
    const char *value;
  } cases[] = {
    { path, "1" },
    { "process.oomScoreAdj", digits },
    { "linux.namespaces", quoted },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec = decode_with (cases[i].path, cases[i].value, &error);

      g_assert_null (spec);
      g_assert_cmpuint (strlen (error->message), <=, 1000);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_test_add_data_func (kinds[i].name, &kinds[i], try_kind);
  g_test_add_func ("/spec/types/null", test_null);
  g_test_add_func ("/spec/types/required", test_required);
  g_test_add_func ("/spec/types/names", test_names);
  g_test_add_func ("/spec/types/message-length", test_message_length);
  return g_test_run ();
}
