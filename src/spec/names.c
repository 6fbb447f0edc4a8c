/* Tables of names: capabilities, namespaces, hook kinds, limits, scheduling, NUMA, seccomp.
 *
 * Runs in the parent; pure data. The kernel's numbers are written out where the C library's headers
 * of a supported build machine may be too old to have them (sched_setattr and set_mempolicy have no
 * wrapper there); they are ABI and cannot change.
 */
#include "spec/names.h"

#include "spec/spec.h"

#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* include/uapi/linux/capability.h, in the order of the numbers from 0. */
static const char *const capability_names[] = {
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
};

const RuncName runc_names_rlimit[] = {
  { "RLIMIT_AS", RLIMIT_AS },
  { "RLIMIT_CORE", RLIMIT_CORE },
  { "RLIMIT_CPU", RLIMIT_CPU },
  { "RLIMIT_DATA", RLIMIT_DATA },
  { "RLIMIT_FSIZE", RLIMIT_FSIZE },
  { "RLIMIT_LOCKS", 10 },
  { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
  { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
  { "RLIMIT_NICE", RLIMIT_NICE },
  { "RLIMIT_NOFILE", RLIMIT_NOFILE },
  { "RLIMIT_NPROC", RLIMIT_NPROC },
  { "RLIMIT_RSS", RLIMIT_RSS },
  { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
  { "RLIMIT_RTTIME", RLIMIT_RTTIME },
  { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
  { "RLIMIT_STACK", RLIMIT_STACK },
  { NULL, 0 },
};

const RuncName runc_names_namespace[] = {
#define X(name, spec_name, flag, proc_name) { spec_name, RUNC_NS_##name },
  RUNC_NAMESPACES (X)
#undef X
      { NULL, 0 },
};

/* include/uapi/linux/sched.h. SCHED_ISO (4) is only reserved there; validation refuses it. */
const RuncName runc_names_sched_policy[] = {
  { "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },       { "SCHED_BATCH", 3 },
  { "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 }, { NULL, 0 },
};

const RuncName runc_names_sched_flag[] = {
  { "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
  { "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
  { "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
  { "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 },
};

/* include/uapi/linux/ioprio.h */
const RuncName runc_names_ioprio_class[] = {
  { "IOPRIO_CLASS_RT", 1 },
  { "IOPRIO_CLASS_BE", 2 },
  { "IOPRIO_CLASS_IDLE", 3 },
  { NULL, 0 },
};

/* include/uapi/linux/mempolicy.h */
const RuncName runc_names_mempolicy_mode[] = {
  { "MPOL_DEFAULT", 0 },
  { "MPOL_PREFERRED", 1 },
  { "MPOL_BIND", 2 },
  { "MPOL_INTERLEAVE", 3 },
  { "MPOL_LOCAL", 4 },
  { "MPOL_PREFERRED_MANY", 5 },
  { "MPOL_WEIGHTED_INTERLEAVE", 6 },
  { NULL, 0 },
};

const RuncName runc_names_mempolicy_flag[] = {
  { "MPOL_F_NUMA_BALANCING", 1 << 13 },
  { "MPOL_F_RELATIVE_NODES", 1 << 14 },
  { "MPOL_F_STATIC_NODES", 1 << 15 },
  { NULL, 0 },
};

/* include/uapi/linux/personality.h */
const RuncName runc_names_personality[] = {
  { "LINUX", 0x0000 },
  { "LINUX32", 0x0008 },
  { NULL, 0 },
};

const char *const runc_seccomp_action_names[] = {
  "SCMP_ACT_ALLOW",       "SCMP_ACT_ERRNO",
  "SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
  "SCMP_ACT_TRAP",        NULL,
};

const char *const runc_seccomp_operator_names[] = {
  "SCMP_CMP_EQ", "SCMP_CMP_GE",        "SCMP_CMP_GT", "SCMP_CMP_LE",
  "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
};

const char *const runc_seccomp_arch_names[] = {
  "SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
  "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",      NULL,
};

const char *const runc_seccomp_flag_names[] = {
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
  NULL,
};

const RuncName *
runc_name_find (const RuncName *table, const char *name)
{
  for (const RuncName *entry = table; entry->name != NULL; entry++)
    if (strcmp (entry->name, name) == 0)
      return entry;
  return NULL;
}

char *
runc_name_list (const RuncName *table)
{
  GString *list = g_string_new (NULL);

  for (const RuncName *entry = table; entry->name != NULL; entry++)
    g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", entry->name);
  return g_string_free (list, FALSE);
}

int
runc_capability_from_string (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (capability_names); i++)
    if (strcasecmp (name, capability_names[i]) == 0)
      return (int)i;
  return -1;
}

const char *
runc_capability_to_string (int capability)
{
  if (capability < 0 || capability > runc_capability_last ())
    return NULL;
  return capability_names[capability];
}

int
runc_capability_last (void)
{
  return G_N_ELEMENTS (capability_names) - 1;
}

static const struct
{
  const char *spec_name;
  const char *proc_name;
  uint64_t clone_flag;
} namespaces[] = {
#define X(name, spec_name, flag, proc_name) { spec_name, proc_name, flag },
  RUNC_NAMESPACES (X)
#undef X
};

const char *
runc_namespace_to_string (RuncNamespace ns)
{
  return namespaces[ns].spec_name;
}

const char *
runc_namespace_proc_name (RuncNamespace ns)
{
  return namespaces[ns].proc_name;
}

uint64_t
runc_namespace_clone_flag (RuncNamespace ns)
{
  return namespaces[ns].clone_flag;
}

static const char *const hook_kinds[] = {
#define X(name, key) key,
  RUNC_HOOK_KINDS (X)
#undef X
};

const char *
runc_hook_kind_to_string (RuncHookKind kind)
{
  return hook_kinds[kind];
}
