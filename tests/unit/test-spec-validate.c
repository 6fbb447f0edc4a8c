/* Each rule of runc_spec_validate() broken once, and what must not be refused
 * (src/spec/validate*.c). */
#include "base/error.h"
#include "spec-edit.h"
#include "spec/spec.h"

#include <string.h>

/* A sound document changed in up to four places. */
typedef struct
{
  struct
  {
    const char *path;
    const char *value;
  } edits[4];
  const char *message; /* NULL: sound */
} Case;

/* Every kind of namespace is there, so that rules about missing ones are broken by removing. */
static const char base_document[]
    = "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"},"
      " \"process\": {\"cwd\": \"/\", \"args\": [\"sh\"]},"
      " \"linux\": {\"namespaces\": [{\"type\": \"user\"}, {\"type\": \"uts\"},"
      " {\"type\": \"mount\"}, {\"type\": \"network\"}, {\"type\": \"time\"}]}}";

#define NO_NAMESPACES                                                                              \
  {                                                                                                \
    "linux.namespaces", "[]"                                                                       \
  }

static const Case top_cases[] = {
  { { { NULL, NULL } }, NULL },
  { { { "ociVersion", NULL } }, "ociVersion: required, but missing (\"1.3.0\" is current)" },
  { { { "ociVersion", "\"\"" } }, "ociVersion: required, but missing (\"1.3.0\" is current)" },
  { { { "ociVersion", "\"1.3\"" } },
    "ociVersion: '1.3' is not a version (\"1.3.0\" would be one)" },
  { { { "ociVersion", "\"1.03.0\"" } },
    "ociVersion: '1.03.0' is not a version (\"1.3.0\" would be one)" },
  { { { "ociVersion", "\"1.3.0-\"" } },
    "ociVersion: '1.3.0-' is not a version (\"1.3.0\" would be one)" },
  { { { "ociVersion", "\"1.3.0.1\"" } },
    "ociVersion: '1.3.0.1' is not a version (\"1.3.0\" would be one)" },
  { { { "ociVersion", "\"v1.3.0\"" } },
    "ociVersion: 'v1.3.0' is not a version (\"1.3.0\" would be one)" },
  { { { "ociVersion", "\"1.0.2-dev\"" } }, NULL },
  { { { "ociVersion", "\"1.0.0-rc5.x+build.7-q\"" } }, NULL },
  { { { "ociVersion", "\"1.99.0\"" } }, NULL },
  { { { "root", NULL } }, "root.path: required, but missing or empty" },
  { { { "root.path", "\"\"" } }, "root.path: required, but missing or empty" },
  { { { "process", NULL } }, NULL },
  { { { "hostname", "\"h\"" } }, NULL },
  { { { "hostname", "\"h\"" }, NO_NAMESPACES },
    "hostname: needs a uts namespace, or the host's would change (add {\"type\": \"uts\"} to "
    "linux.namespaces)" },
  { { { "hostname", "\"h\"" }, { "linux", NULL } },
    "hostname: needs a uts namespace, or the host's would change (add {\"type\": \"uts\"} to "
    "linux.namespaces)" },
  { { { "domainname", "\"d\"" }, NO_NAMESPACES },
    "domainname: needs a uts namespace, or the host's would change (add {\"type\": \"uts\"} to "
    "linux.namespaces)" },
  { { { "hostname", "\"\"" }, NO_NAMESPACES }, NULL },
  { { { "hostname", "\"0123456789012345678901234567890123456789012345678901234567890123\"" } },
    NULL },
  { { { "hostname", "\"01234567890123456789012345678901234567890123456789012345678901234\"" } },
    "hostname: longer than 64 bytes" },
  { { { "mounts[0].destination", "\"\"" } }, "mounts[0].destination: must not be empty" },
  { { { "mounts[0].destination", "\"relative/path\"" } }, NULL },
  { { { "mounts[0].destination", "\"/a\"" },
      { "mounts[0].uidMappings", "[{\"containerID\":0,\"hostID\":0,\"size\":1}]" } },
    "mounts[0].gidMappings: needed together with mounts[0].uidMappings" },
  { { { "mounts[0].destination", "\"/a\"" },
      { "mounts[0].gidMappings", "[{\"containerID\":0,\"hostID\":0,\"size\":0}]" } },
    "mounts[0].gidMappings[0].size: must be more than 0" },
  { { { "hooks.poststop[0].path", "\"bin/x\"" } },
    "hooks.poststop[0].path: must be absolute, got 'bin/x'" },
  { { { "hooks.prestart[0].path", "\"\"" } }, "hooks.prestart[0].path: must be absolute, got ''" },
  { { { "hooks.createRuntime[0]", "{\"path\":\"/x\",\"timeout\":0}" } },
    "hooks.createRuntime[0].timeout: must be more than 0 seconds, got 0" },
  { { { "hooks.createRuntime[0]", "{\"path\":\"/x\",\"timeout\":30}" } }, NULL },
  { { { "annotations", "{\"\": \"x\"}" } }, "annotations: a key must not be empty" },
  { { { "annotations", "{\"x\": \"\"}" } }, NULL },
};

static const Case process_cases[] = {
  { { { "process.cwd", NULL } }, "process.cwd: required, but missing or empty" },
  { { { "process.cwd", "\"w\"" } }, "process.cwd: must be absolute, got 'w'" },
  { { { "process.args", NULL } }, "process.args: must not be empty" },
  { { { "process.args", "[]" } }, "process.args: must not be empty" },
  { { { "process.user.uid", "4294967295" } }, "process.user.uid: 4294967295 is not a user id" },
  { { { "process.user.gid", "4294967295" } }, "process.user.gid: 4294967295 is not a group id" },
  { { { "process.user.additionalGids", "[1, 4294967295]" } },
    "process.user.additionalGids[1]: 4294967295 is not a group id" },
  { { { "process.user.umask", "511" } }, NULL },
  { { { "process.user.umask", "512" } },
    "process.user.umask: expected a decimal number from 0 to 511 (octal 0777), got 512" },
  { { { "process.env", "[\"A=1\", \"B\"]" } },
    "process.env[1]: 'B' has no '=' (write NAME=value)" },
  { { { "process.env", "[\"=1\"]" } }, "process.env[0]: '=1' has no name (write NAME=value)" },
  { { { "process.env", "[\"A=\", \"A==\"]" } }, NULL },
  { { { "process.rlimits", "[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},"
                           "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
                           "{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":2}]" } },
    "process.rlimits[2]: duplicate limit 'RLIMIT_CORE'" },
  { { { "process.rlimits", "[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]" } },
    "process.rlimits[0]: the soft limit 2 is above the hard limit 1" },
  { { { "process.rlimits", "[{\"type\":\"RLIMIT_CORE\",\"soft\":9223372036854775807,"
                           "\"hard\":18446744073709551615}]" } },
    NULL },
  { { { "process.consoleSize", "{\"height\":1,\"width\":65536}" } }, NULL },
  { { { "process.consoleSize", "{\"height\":1,\"width\":65536}" }, { "process.terminal", "true" } },
    "process.consoleSize: 65536x1 is larger than a terminal can be" },
  { { { "process.oomScoreAdj", "-1000" } }, NULL },
  { { { "process.oomScoreAdj", "1001" } },
    "process.oomScoreAdj: expected a number from -1000 to 1000, got 1001" },
  { { { "process.oomScoreAdj", "-1001" } },
    "process.oomScoreAdj: expected a number from -1000 to 1000, got -1001" },
  { { { "process.capabilities.bounding", "[\"CAP_OF_TOMORROW\"]" } }, NULL },

  { { { "process.scheduler", "{\"policy\":\"SCHED_ISO\"}" } },
    "process.scheduler.policy: Linux has no SCHED_ISO" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_OTHER\",\"nice\":-20}" } }, NULL },
  { { { "process.scheduler", "{\"policy\":\"SCHED_OTHER\",\"nice\":-21}" } },
    "process.scheduler.nice: expected a number from -20 to 19, got -21" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_BATCH\",\"nice\":20}" } },
    "process.scheduler.nice: expected a number from -20 to 19, got 20" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_IDLE\",\"nice\":20}" } }, NULL },
  { { { "process.scheduler", "{\"policy\":\"SCHED_FIFO\"}" } },
    "process.scheduler.priority: expected a number from 1 to 99 for SCHED_FIFO and SCHED_RR, got "
    "0" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_RR\",\"priority\":99}" } }, NULL },
  { { { "process.scheduler", "{\"policy\":\"SCHED_RR\",\"priority\":100}" } },
    "process.scheduler.priority: expected a number from 1 to 99 for SCHED_FIFO and SCHED_RR, got "
    "100" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_OTHER\",\"priority\":1}" } },
    "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have one (nice is for SCHED_OTHER "
    "and SCHED_BATCH)" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_RR\",\"priority\":1,\"runtime\":2000}" } },
    "process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_DEADLINE\",\"nice\":19,\"runtime\":42000,"
                             "\"deadline\":1000000,\"period\":1000000}" } },
    NULL },
  { { { "process.scheduler",
        "{\"policy\":\"SCHED_DEADLINE\",\"runtime\":42000,\"deadline\":1000000}" } },
    NULL },
  { { { "process.scheduler",
        "{\"policy\":\"SCHED_DEADLINE\",\"runtime\":42000,\"deadline\":41000}" } },
    "process.scheduler: SCHED_DEADLINE needs 1024 <= runtime <= deadline <= period (in "
    "nanoseconds; without a period, deadline is it)" },
  { { { "process.scheduler", "{\"policy\":\"SCHED_DEADLINE\",\"runtime\":42000,\"deadline\":43000,"
                             "\"period\":42500}" } },
    "process.scheduler: SCHED_DEADLINE needs 1024 <= runtime <= deadline <= period (in "
    "nanoseconds; without a period, deadline is it)" },

  { { { "process.ioPriority", "{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":7}" } }, NULL },
  { { { "process.ioPriority", "{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}" } },
    "process.ioPriority.priority: expected a number from 0 to 7, got 8" },
  { { { "process.ioPriority", "{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":-1}" } },
    "process.ioPriority.priority: expected a number from 0 to 7, got -1" },
  { { { "process.execCPUAffinity", "{\"initial\":\"0-3,7\",\"final\":\"\"}" } }, NULL },
  { { { "process.execCPUAffinity.initial", "\"0-\"" } },
    "process.execCPUAffinity.initial: '0-' is not a list of numbers and ranges, as \"0-3,7\"" },
  { { { "process.execCPUAffinity.final", "\"8192\"" } },
    "process.execCPUAffinity.final: '8192' goes beyond 8191" },
};

#define MAP(inside, outside, size)                                                                 \
  "{\"containerID\":" #inside ",\"hostID\":" #outside ",\"size\":" #size "}"

static const Case id_map_cases[] = {
  { { { "linux.uidMappings", "[" MAP (0, 1000, 1) "," MAP (1, 100000, 65536) "]" },
      { "linux.gidMappings", "[" MAP (0, 1000, 1) "]" } },
    NULL },
  { { { "linux.uidMappings", "[" MAP (0, 0, 4294967295) "]" },
      { "linux.gidMappings", "[" MAP (0, 0, 4294967295) "]" } },
    NULL },
  { { { "linux.uidMappings", "[" MAP (0, 1000, 1) "]" } },
    "linux.gidMappings: needed together with linux.uidMappings" },
  { { { "linux.gidMappings", "[" MAP (0, 1000, 1) "]" } },
    "linux.uidMappings: needed together with linux.gidMappings" },
  { { { "linux.uidMappings", "[" MAP (0, 1000, 0) "]" } },
    "linux.uidMappings[0].size: must be more than 0" },
  { { { "linux.uidMappings", "[" MAP (1, 0, 4294967295) "]" } },
    "linux.uidMappings[0]: goes beyond the last id, 4294967294" },
  { { { "linux.uidMappings", "[" MAP (0, 4294967295, 1) "]" } },
    "linux.uidMappings[0]: goes beyond the last id, 4294967294" },
  { { { "linux.uidMappings", "[" MAP (0, 1000, 10) "," MAP (9, 2000, 1) "]" } },
    "linux.uidMappings[1]: overlaps [0] in the container's ids" },
  { { { "linux.gidMappings", "[" MAP (0, 1000, 10) "," MAP (10, 995, 6) "]" } },
    "linux.gidMappings[1]: overlaps [0] in the host's ids" },
  { { { "linux.uidMappings", "[" MAP (0, 1000, 1) "]" },
      { "linux.gidMappings", "[" MAP (0, 1000, 1) "]" },
      NO_NAMESPACES },
    "linux.uidMappings: user namespace mappings specified, but user namespace isn't enabled in the "
    "config (add {\"type\": \"user\"} to linux.namespaces, or remove the mappings)" },
  /* containerd and CRI-O name the namespace and its maps */
  { { { "linux.uidMappings", "[" MAP (0, 1000, 1) "]" },
      { "linux.gidMappings", "[" MAP (0, 1000, 1) "]" },
      { "linux.namespaces", "[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}]" } },
    NULL },
};

static const Case linux_cases[] = {
  { { { "linux.namespaces", "[{\"type\":\"network\",\"path\":\"netns/x\"}]" } },
    "linux.namespaces: the path of 'network' must be absolute, got 'netns/x'" },
  { { { "linux.timeOffsets", "{\"monotonic\":{\"secs\":-1,\"nanosecs\":999999999}}" } }, NULL },
  { { { "linux.timeOffsets", "{\"realtime\":{\"secs\":1}}" } },
    "linux.timeOffsets: unknown clock 'realtime' (known: monotonic, boottime)" },
  { { { "linux.timeOffsets", "{\"boottime\":{\"nanosecs\":1000000000}}" } },
    "linux.timeOffsets.boottime.nanosecs: expected a number from 0 to 999999999, got 1000000000" },
  { { { "linux.timeOffsets", "{\"boottime\":{}}" }, NO_NAMESPACES },
    "linux.timeOffsets: time namespace offsets specified, but time namespace isn't enabled in the "
    "config (add {\"type\": \"time\"} to linux.namespaces)" },
  { { { "linux.timeOffsets", "{\"boottime\":{}}" },
      { "linux.namespaces", "[{\"type\":\"time\",\"path\":\"/t\"}]" } },
    "linux.timeOffsets: cannot be set in the time namespace '/t' that is to be joined" },

  { { { "linux.sysctl",
        "{\"net.ipv4.ip_forward\":\"1\",\"net/ipv4/conf/eth0.1/x\":\"\",\"vm\":\"1\"}" } },
    NULL },
  { { { "linux.sysctl", "{\"\":\"1\"}" } },
    "linux.sysctl: '' is not a name such as net.ipv4.ip_forward" },
  { { { "linux.sysctl", "{\"net..x\":\"1\"}" } },
    "linux.sysctl: 'net..x' is not a name such as net.ipv4.ip_forward" },
  { { { "linux.sysctl", "{\"net/../x\":\"1\"}" } },
    "linux.sysctl: 'net/../x' is not a name such as net.ipv4.ip_forward" },
  { { { "linux.sysctl", "{\"/net\":\"1\"}" } },
    "linux.sysctl: '/net' is not a name such as net.ipv4.ip_forward" },
  { { { "linux.sysctl", "{\"net.\":\"1\"}" } },
    "linux.sysctl: 'net.' is not a name such as net.ipv4.ip_forward" },
  { { { "linux.sysctl", "{\"net ipv4\":\"1\"}" } },
    "linux.sysctl: 'net ipv4' is not a name such as net.ipv4.ip_forward" },

  { { { "linux.devices[0]",
        "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":0,\"minor\":0,\"fileMode\":8630}" } },
    NULL },
  { { { "linux.devices[0]", "{\"path\":\"/dev/x\",\"type\":\"p\"}" } }, NULL },
  { { { "linux.devices[0]", "{\"path\":\"dev/x\",\"type\":\"p\"}" } },
    "linux.devices[0].path: must be absolute, got 'dev/x'" },
  { { { "linux.devices[0]", "{\"path\":\"/dev/x\",\"type\":\"c\",\"minor\":0}" } },
    "linux.devices[0].major: '/dev/x' needs a number from 0 to 4095" },
  { { { "linux.devices[0]", "{\"path\":\"/dev/x\",\"type\":\"b\",\"major\":8}" } },
    "linux.devices[0].minor: '/dev/x' needs a number from 0 to 1048575" },
  { { { "linux.devices[0]", "{\"path\":\"/x\",\"type\":\"u\",\"major\":4096,\"minor\":0}" } },
    "linux.devices[0].major: '/x' needs a number from 0 to 4095" },
  { { { "linux.devices[0]", "{\"path\":\"/x\",\"type\":\"c\",\"major\":1,\"minor\":-2}" } },
    "linux.devices[0].minor: '/x' needs a number from 0 to 1048575" },
  { { { "linux.devices[0]", "{\"path\":\"/x\",\"type\":\"p\",\"fileMode\":65536}" } },
    "linux.devices[0].fileMode: expected the decimal number of a mode (438 is octal 0666), got "
    "65536" },
  { { { "linux.devices[0]", "{\"path\":\"/x\",\"type\":\"p\",\"uid\":4294967295}" } },
    "linux.devices[0].uid: 4294967295 is not a user id" },
  { { { "linux.devices[0]", "{\"path\":\"/x\",\"type\":\"p\",\"gid\":4294967295}" } },
    "linux.devices[0].gid: 4294967295 is not a group id" },

  { { { "linux.netDevices", "{\"eth0\":{\"name\":\"eth%d\"},\"fifteen-letters\":{}}" } }, NULL },
  { { { "linux.netDevices", "{\"eth0\":{}}" }, NO_NAMESPACES },
    "linux.netDevices: needs a network namespace to move them to (add {\"type\": \"network\"} to "
    "linux.namespaces)" },
  { { { "linux.netDevices", "{\"sixteen--letters\":{}}" } },
    "linux.netDevices: invalid network device name 'sixteen--letters' (1 to 15 characters, no '/', "
    "':' or blanks)" },
  { { { "linux.netDevices", "{\"\":{}}" } },
    "linux.netDevices: invalid network device name '' (1 to 15 characters, no '/', ':' or "
    "blanks)" },
  { { { "linux.netDevices", "{\"eth0\":{\"name\":\"a/b\"}}" } },
    "linux.netDevices: invalid network device name 'a/b' (1 to 15 characters, no '/', ':' or "
    "blanks)" },
  { { { "linux.netDevices", "{\"eth0\":{\"name\":\"a b\"}}" } },
    "linux.netDevices: invalid network device name 'a b' (1 to 15 characters, no '/', ':' or "
    "blanks)" },
  { { { "linux.netDevices", "{\"..\":{}}" } },
    "linux.netDevices: invalid network device name '..' (1 to 15 characters, no '/', ':' or "
    "blanks)" },

  { { { "linux.maskedPaths", "[\"/a\"]" }, { "linux.readonlyPaths", "[\"/b\"]" } }, NULL },
  { { { "linux.maskedPaths", "[\"/a\",\"b\"]" } },
    "linux.maskedPaths[1]: must be absolute, got 'b'" },
  { { { "linux.readonlyPaths", "[\"\"]" } }, "linux.readonlyPaths[0]: must be absolute, got ''" },
  { { { "linux.maskedPaths", "[\"/a\"]" }, NO_NAMESPACES },
    "linux.maskedPaths: needs a mount namespace, or the host's paths would change (add {\"type\": "
    "\"mount\"} to linux.namespaces)" },
  { { { "linux.maskedPaths", "[]" }, NO_NAMESPACES }, NULL },
  { { { "linux.rootfsPropagation", "\"rslave\"" } }, NULL },
  { { { "linux.rootfsPropagation", "\"unbindable\"" } }, NULL },
  { { { "linux.rootfsPropagation", "\"public\"" } },
    "linux.rootfsPropagation: 'public' is not supported (known: shared, slave, private, "
    "unbindable, and each with an 'r' in front)" },
  { { { "linux.personality", "{\"domain\":\"LINUX32\"}" } }, NULL },
  { { { "linux.personality", "{\"domain\":\"BSD\"}" } },
    "linux.personality.domain: unknown domain 'BSD' (known: LINUX, LINUX32)" },
  { { { "linux.personality", "{\"domain\":\"LINUX\",\"flags\":[\"X\"]}" } }, NULL },

  { { { "linux.intelRdt", "{\"closID\":\"/\",\"l3CacheSchema\":\"L3:0=f\"}" } }, NULL },
  { { { "linux.intelRdt.closID", "\"..\"" } },
    "linux.intelRdt.closID: '..' is not the name of a directory, nor '/'" },
  { { { "linux.intelRdt.closID", "\"a/b\"" } },
    "linux.intelRdt.closID: 'a/b' is not the name of a directory, nor '/'" },
  { { { "linux.intelRdt.l3CacheSchema", "\"L3:0=f\\n\"" } },
    "linux.intelRdt.l3CacheSchema: must be one line" },
  { { { "linux.intelRdt.memBwSchema", "\"MB:0=1\\nL3:0=f\"" } },
    "linux.intelRdt.memBwSchema: must be one line" },
  { { { "linux.intelRdt.memBwSchema", "\"L3:0=f\"" } },
    "linux.intelRdt.memBwSchema: must start with 'MB:', got 'L3:0=f'" },
  { { { "linux.intelRdt.schemata", "[\"L2:0=f\",\"a\\nb\"]" } },
    "linux.intelRdt.schemata[1]: must be one line" },

  { { { "linux.memoryPolicy",
        "{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0-1\",\"flags\":[\"MPOL_F_STATIC_NODES\","
        "\"MPOL_F_NUMA_BALANCING\"]}" } },
    NULL },
  { { { "linux.memoryPolicy", "{\"mode\":\"MPOL_PREFERRED\"}" } }, NULL },
  { { { "linux.memoryPolicy", "{\"mode\":\"INTERLEAVE\",\"nodes\":\"0\"}" } },
    "linux.memoryPolicy.mode: invalid memory policy mode 'INTERLEAVE' (known: MPOL_DEFAULT, "
    "MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL, MPOL_PREFERRED_MANY, "
    "MPOL_WEIGHTED_INTERLEAVE)" },
  { { { "linux.memoryPolicy", "{}" } },
    "linux.memoryPolicy.mode: invalid memory policy mode '' (known: MPOL_DEFAULT, "
    "MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL, MPOL_PREFERRED_MANY, "
    "MPOL_WEIGHTED_INTERLEAVE)" },
  { { { "linux.memoryPolicy",
        "{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"badflag\"]}" } },
    "linux.memoryPolicy.flags[0]: invalid memory policy flag 'badflag' (known: "
    "MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES)" },
  { { { "linux.memoryPolicy",
        "{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\","
        "\"MPOL_F_RELATIVE_NODES\"]}" } },
    "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other" },
  { { { "linux.memoryPolicy", "{\"mode\":\"MPOL_BIND\",\"nodes\":\"badnodes\"}" } },
    "linux.memoryPolicy.nodes: invalid memory policy nodes: 'badnodes' is not a list of numbers "
    "and ranges, as \"0-3,7\"" },
  { { { "linux.memoryPolicy", "{\"mode\":\"MPOL_BIND\",\"nodes\":\"9999\"}" } },
    "linux.memoryPolicy.nodes: invalid memory policy nodes: '9999' goes beyond 8191" },
  { { { "linux.memoryPolicy", "{\"mode\":\"MPOL_BIND\"}" } },
    "linux.memoryPolicy.nodes: memory policy mode requires at least one node but got 0 "
    "(MPOL_BIND)" },
  { { { "linux.memoryPolicy", "{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0-7\"}" } },
    "linux.memoryPolicy.nodes: memory policy mode requires 0 nodes but got 8 (MPOL_LOCAL)" },
};

static const Case resources_cases[] = {
  { { { "linux.resources.devices", "[{\"allow\":false,\"access\":\"rwm\"},{\"type\":\"a\","
                                   "\"major\":-1,\"minor\":-1}]" } },
    NULL },
  { { { "linux.resources.devices[0].access", "\"rx\"" } },
    "linux.resources.devices[0].access: 'rx' is not made of r, w and m" },
  { { { "linux.resources.devices[0].major", "-2" } },
    "linux.resources.devices[0].major: -2 is not a device number" },
  { { { "linux.resources.devices[0].minor", "4294967296" } },
    "linux.resources.devices[0].minor: 4294967296 is not a device number" },
  { { { "linux.resources.memory",
        "{\"limit\":0,\"swap\":-1,\"swappiness\":18446744073709551615,\"kernel\":-1}" } },
    NULL },
  { { { "linux.resources.memory.limit", "-2" } },
    "linux.resources.memory.limit: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.memory.reservation", "-2" } },
    "linux.resources.memory.reservation: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.memory.swap", "-2" } },
    "linux.resources.memory.swap: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.memory.kernel", "-2" } },
    "linux.resources.memory.kernel: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.memory.kernelTCP", "-2" } },
    "linux.resources.memory.kernelTCP: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.memory.swappiness", "101" } },
    "linux.resources.memory.swappiness: expected a number from 0 to 100, got 101" },
  { { { "linux.resources.cpu", "{\"cpus\":\"0-3,7\",\"mems\":\"0\",\"quota\":-1,\"burst\":5}" } },
    NULL },
  { { { "linux.resources.cpu.cpus", "\"0-x\"" } },
    "linux.resources.cpu.cpus: '0-x' is not a list of numbers and ranges, as \"0-3,7\"" },
  { { { "linux.resources.cpu.mems", "\"1-0\"" } },
    "linux.resources.cpu.mems: '1-0' is not a list of numbers and ranges, as \"0-3,7\"" },
  { { { "linux.resources.cpu.idle", "2" } }, "linux.resources.cpu.idle: expected 0 or 1, got 2" },
  { { { "linux.resources.cpu", "{\"quota\":5,\"burst\":6}" } },
    "linux.resources.cpu.burst: 6 is above the quota of 5" },
  { { { "linux.resources.pids.limit", "-1" } }, NULL },
  { { { "linux.resources.pids.limit", "-2" } },
    "linux.resources.pids.limit: expected a limit or -1 (none), got -2" },
  { { { "linux.resources.blockIO", "{\"weight\":0,\"leafWeight\":1000}" } }, NULL },
  { { { "linux.resources.blockIO.weight", "9" } },
    "linux.resources.blockIO.weight: expected a number from 10 to 1000, got 9" },
  { { { "linux.resources.blockIO.leafWeight", "1001" } },
    "linux.resources.blockIO.leafWeight: expected a number from 10 to 1000, got 1001" },
  { { { "linux.resources.blockIO.weightDevice[0]", "{\"major\":8,\"minor\":0}" } },
    "linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight" },
  { { { "linux.resources.blockIO.weightDevice[0]", "{\"major\":8,\"minor\":0,\"weight\":5}" } },
    "linux.resources.blockIO.weightDevice[0].weight: expected a number from 10 to 1000, got 5" },
  { { { "linux.resources.blockIO.weightDevice[0]", "{\"major\":-8,\"minor\":0,\"weight\":50}" } },
    "linux.resources.blockIO.weightDevice[0]: -8:0 is not a device number" },
  { { { "linux.resources.blockIO.throttleWriteIOPSDevice[0]",
        "{\"major\":8,\"minor\":-1,\"rate\":5}" } },
    "linux.resources.blockIO.throttleWriteIOPSDevice[0]: 8:-1 is not a device number" },
  { { { "linux.resources.hugepageLimits",
        "[{\"pageSize\":\"64KB\",\"limit\":1},{\"pageSize\":\"1GB\",\"limit\":0}]" } },
    NULL },
  { { { "linux.resources.hugepageLimits", "[{\"pageSize\":\"2M\",\"limit\":1}]" } },
    "linux.resources.hugepageLimits[0].pageSize: '2M' is not a size such as 2MB or 1GB" },
  { { { "linux.resources.hugepageLimits", "[{\"pageSize\":\"../x\",\"limit\":1}]" } },
    "linux.resources.hugepageLimits[0].pageSize: '../x' is not a size such as 2MB or 1GB" },
  { { { "linux.resources.hugepageLimits", "[{\"pageSize\":\"\",\"limit\":1}]" } },
    "linux.resources.hugepageLimits[0].pageSize: '' is not a size such as 2MB or 1GB" },
  { { { "linux.resources.network.priorities", "[{\"name\":\"\",\"priority\":1}]" } },
    "linux.resources.network.priorities[0].name: must not be empty" },
  { { { "linux.resources.rdma", "{\"mlx5_1\":{}}" } },
    "linux.resources.rdma: 'mlx5_1' needs hcaHandles or hcaObjects" },
  { { { "linux.resources.unified", "{\"memory.high\":\"1\",\"cgroup.freeze\":\"0\"}" } }, NULL },
  { { { "linux.resources.unified", "{\"../memory.high\":\"1\"}" } },
    "linux.resources.unified: '../memory.high' is not a file name such as memory.high (no "
    "slashes)" },
  { { { "linux.resources.unified", "{\"\":\"1\"}" } },
    "linux.resources.unified: '' is not a file name such as memory.high (no slashes)" },
};

#define ACTIONS                                                                                    \
  "SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, "   \
  "SCMP_ACT_LOG, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE, SCMP_ACT_TRAP"
#define ALLOW                                                                                      \
  {                                                                                                \
    "linux.seccomp.defaultAction", "\"SCMP_ACT_ALLOW\""                                            \
  }

static const Case seccomp_cases[] = {
  { { { "linux.seccomp",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
        "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_SHEB\"],"
        "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
        "\"syscalls\":[{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535,"
        "\"args\":[{\"index\":5,\"value\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}" } },
    NULL },
  { { { "linux.seccomp.syscalls", "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"}]" } },
    "linux.seccomp.defaultAction: required, but missing or empty" },
  { { { "linux.seccomp.defaultAction", "\"ALLOW\"" } },
    "linux.seccomp.defaultAction: unknown value 'ALLOW' (known: " ACTIONS ")" },
  { { { "linux.seccomp.defaultAction", "\"SCMP_ACT_NOTIFY\"" } },
    "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action" },
  { { ALLOW, { "linux.seccomp.defaultErrnoRet", "1" } },
    "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no number (SCMP_ACT_ERRNO and "
    "SCMP_ACT_TRACE do)" },
  { { ALLOW, { "linux.seccomp.architectures", "[\"SCMP_ARCH_X86\",\"amd64\"]" } },
    "linux.seccomp.architectures[1]: unknown value 'amd64' (known: SCMP_ARCH_AARCH64, "
    "SCMP_ARCH_ARM, SCMP_ARCH_LOONGARCH64, SCMP_ARCH_M68K, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64, "
    "SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64N32, "
    "SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64, SCMP_ARCH_PPC, SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE, "
    "SCMP_ARCH_RISCV64, SCMP_ARCH_S390, SCMP_ARCH_S390X, SCMP_ARCH_SH, SCMP_ARCH_SHEB, "
    "SCMP_ARCH_X32, SCMP_ARCH_X86, SCMP_ARCH_X86_64)" },
  { { ALLOW, { "linux.seccomp.flags", "[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]" } },
    "linux.seccomp.flags[0]: unknown value 'SECCOMP_FILTER_FLAG_NEW_LISTENER' (known: "
    "SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_TSYNC, "
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)" },
  { { ALLOW, { "linux.seccomp.syscalls", "[{\"action\":\"SCMP_ACT_ALLOW\"}]" } },
    "linux.seccomp.syscalls[0].names: needs at least one name" },
  { { ALLOW, { "linux.seccomp.syscalls", "[{\"names\":[\"\"],\"action\":\"SCMP_ACT_LOG\"}]" } },
    "linux.seccomp.syscalls[0].names[0]: must not be empty" },
  { { ALLOW, { "linux.seccomp.syscalls", "[{\"names\":[\"a\"]}]" } },
    "linux.seccomp.syscalls[0].action: required, but missing or empty" },
  { { ALLOW, { "linux.seccomp.syscalls", "[{\"names\":[\"a\"],\"action\":\"x\"}]" } },
    "linux.seccomp.syscalls[0].action: unknown value 'x' (known: " ACTIONS ")" },
  { { ALLOW,
      { "linux.seccomp.syscalls",
        "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}]" } },
    "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL takes no number (SCMP_ACT_ERRNO and "
    "SCMP_ACT_TRACE do)" },
  { { ALLOW,
      { "linux.seccomp.syscalls",
        "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}]" } },
    "linux.seccomp.syscalls[0].errnoRet: expected a number from 0 to 4095, got 4096" },
  { { ALLOW,
      { "linux.seccomp.syscalls",
        "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
        "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]" } },
    "linux.seccomp.syscalls[0].args[0].index: expected a number from 0 to 5, got 6" },
  { { ALLOW,
      { "linux.seccomp.syscalls", "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
                                  "\"args\":[{\"index\":0,\"value\":1,\"op\":\"==\"}]}]" } },
    "linux.seccomp.syscalls[0].args[0].op: unknown value '==' (known: SCMP_CMP_EQ, SCMP_CMP_GE, "
    "SCMP_CMP_GT, SCMP_CMP_LE, SCMP_CMP_LT, SCMP_CMP_MASKED_EQ, SCMP_CMP_NE)" },
  { { ALLOW,
      { "linux.seccomp.listenerPath", "\"/l\"" },
      { "linux.seccomp.syscalls",
        "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"},"
        "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]" } },
    "linux.seccomp.syscalls[1]: SCMP_ACT_NOTIFY cannot be used for the write syscall" },
  { { ALLOW,
      { "linux.seccomp.listenerPath", "\"/agent\"" },
      { "linux.seccomp.syscalls", "[{\"names\":[\"sendmsg\"],\"action\":\"SCMP_ACT_NOTIFY\"}]" } },
    "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall (the "
    "listener is sent with it, when nobody can answer yet)" },
  { { ALLOW,
      { "linux.seccomp.syscalls", "[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]" } },
    "linux.seccomp.listenerPath: seccomp listenerPath is not set, but SCMP_ACT_NOTIFY is used" },
  { { ALLOW,
      { "annotations", "{\"run.oci.seccomp.receiver\":\"/r\"}" },
      { "linux.seccomp.listenerMetadata", "\"m\"" },
      { "linux.seccomp.syscalls", "[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]" } },
    NULL },
  { { ALLOW,
      { "linux.seccomp.listenerPath", "\"/l\"" },
      { "linux.seccomp.syscalls", "[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]" } },
    NULL },
  { { ALLOW, { "linux.seccomp.listenerMetadata", "\"m\"" } },
    "linux.seccomp.listenerMetadata: has no use without listenerPath" },
};

typedef struct
{
  const char *name;
  const Case *cases;
  gsize n;
} Room;

static const Room rooms[] = {
  { "/spec/validate/top", top_cases, G_N_ELEMENTS (top_cases) },
  { "/spec/validate/process", process_cases, G_N_ELEMENTS (process_cases) },
  { "/spec/validate/id-maps", id_map_cases, G_N_ELEMENTS (id_map_cases) },
  { "/spec/validate/linux", linux_cases, G_N_ELEMENTS (linux_cases) },
  { "/spec/validate/resources", resources_cases, G_N_ELEMENTS (resources_cases) },
  { "/spec/validate/seccomp", seccomp_cases, G_N_ELEMENTS (seccomp_cases) },
};

static RuncSpec *
decode_case (const Case *c)
{
  g_autoptr (GError) error = NULL;
  autojson RuncJson *document
      = runc_json_parse (base_document, strlen (base_document), "base", &error);

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (c->edits) && c->edits[i].path != NULL; i++)
    {
      g_test_message ("%s = %s", c->edits[i].path, c->edits[i].value);
      spec_edit (document, c->edits[i].path, c->edits[i].value);
    }
  g_autofree char *text = runc_json_to_string (document);
  RuncSpec *spec = runc_spec_decode (text, strlen (text), &error);
  g_assert_no_error (error);
  return spec;
}

static void
try_room (gconstpointer data)
{
  const Room *room = data;

  for (gsize i = 0; i < room->n; i++)
    {
      const Case *c = &room->cases[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec = decode_case (c);
      gboolean sound = runc_spec_validate (spec, &error);

      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, c->message);
      g_assert_true (sound == (c->message == NULL));
      g_assert_true (runc_spec_validate (spec, NULL) == sound);
    }
}

/* What is right but not for us says so by its code. */
static void
test_unsupported (void)
{
  static const Case cases[] = {
    { { { "ociVersion", "\"2.0.0\"" } },
      "ociVersion: '2.0.0' is not supported, only versions 1.x are" },
    { { { "ociVersion", "\"0.5.0-dev\"" } },
      "ociVersion: '0.5.0-dev' is not supported, only versions 1.x are" },
    { { { "process.scheduler.policy", "\"SCHED_ISO\"" } },
      "process.scheduler.policy: Linux has no SCHED_ISO" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec = decode_case (&cases[i]);

      g_assert_false (runc_spec_validate (spec, &error));
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_many_id_maps (void)
{
  g_autoptr (GString) maps = g_string_new ("[" MAP (0, 1000, 1));
  g_autoptr (GError) error = NULL;

  for (int i = 1; i < 340; i++)
    g_string_append_printf (maps, ",{\"containerID\":%d,\"hostID\":%d,\"size\":1}", i, 2000 + i);
  g_autofree char *most = g_strconcat (maps->str, "]", NULL);
  g_autofree char *too_many = g_strconcat (maps->str, "," MAP (999, 999, 1) "]", NULL);
  const Case fits = { { { "linux.uidMappings", most }, { "linux.gidMappings", most } }, NULL };
  const Case over = { { { "linux.uidMappings", too_many } }, NULL };
  g_autoptr (RuncSpec) fitting = decode_case (&fits);
  g_autoptr (RuncSpec) overfull = decode_case (&over);

  g_assert_true (runc_spec_validate (fitting, &error));
  g_assert_no_error (error);
  g_assert_false (runc_spec_validate (overfull, &error));
  g_assert_cmpstr (error->message, ==,
                   "linux.uidMappings: 341 entries, the kernel takes at most 340");
}

/* Parts on their own, under another path. */
static void
test_parts (void)
{
  static const Case process_case = { { { "process.cwd", "\"x\"" } }, NULL };
  static const Case resources_case = { { { "linux.resources.memory.swap", "-5" } }, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncSpec) process = decode_case (&process_case);
  g_autoptr (RuncSpec) resources = decode_case (&resources_case);

  g_assert_false (runc_spec_validate_process (process->process, "p", &error));
  g_assert_cmpstr (error->message, ==, "p.cwd: must be absolute, got 'x'");
  g_clear_error (&error);
  g_assert_false (
      runc_spec_validate_resources (resources->linux_spec.resources, "resources", &error));
  g_assert_cmpstr (error->message, ==,
                   "resources.memory.swap: expected a limit or -1 (none), got -5");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rooms); i++)
    g_test_add_data_func (rooms[i].name, &rooms[i], try_room);
  g_test_add_func ("/spec/validate/unsupported", test_unsupported);
  g_test_add_func ("/spec/validate/many-id-maps", test_many_id_maps);
  g_test_add_func ("/spec/validate/parts", test_parts);
  return g_test_run ();
}
