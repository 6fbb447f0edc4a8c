/* From profiles to filters (src/seccomp): what a filter answers, by running it. */
#include "seccomp-run.h"

#include "base/error.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#ifdef HAVE_SECCOMP

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)
#define EPERM_ACTION  (SECCOMP_RET_ERRNO | EPERM)

#define FLAG_WAIT_KILLABLE_RECV 32

#define BIG "9223372036854775808"

/* Conflicting rules, which it refuses, leak inside libseccomp 2.5. */
const char *__lsan_default_suppressions (void);
const char *
__lsan_default_suppressions (void)
{
  return "leak:libseccomp.so";
}

/* The number of @name here. */
static guint32
nr (const char *name)
{
  int number = seccomp_syscall_resolve_name (name);

  g_assert_cmpint (number, >=, 0);
  return (guint32)number;
}

static guint32
nr_of (guint32 token, const char *name)
{
  int number = seccomp_syscall_resolve_name_arch (token, name);

  g_assert_cmpint (number, >=, 0);
  return (guint32)number;
}

static guint32
native (void)
{
  return seccomp_arch_native ();
}

static guint32
ask (const RuncSeccompFilter *filter, const char *name, const guint64 *args)
{
  return seccomp_ask (filter, native (), nr (name), args);
}

static void
assert_refused (const char *json, RuncErrorCode code, const char *part)
{
  g_autoptr (RuncSpec) spec = seccomp_spec (json);
  g_autoptr (GError) error = NULL;
  RuncSeccompFilter filter = { 0 };

  g_assert_false (runc_seccomp_compile (spec->linux_spec.seccomp, NULL, &filter, &error));
  g_assert_error (error, RUNC_ERROR, (int)code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
  g_assert_null (filter.instructions);
}

static void
test_actions (void)
{
  static const struct
  {
    const char *action; /* with its number */
    guint32 expected;
  } rows[] = {
    { "\"SCMP_ACT_ERRNO\"", EPERM_ACTION },
    { "\"SCMP_ACT_ERRNO\",\"errnoRet\":0", SECCOMP_RET_ERRNO },
    { "\"SCMP_ACT_ERRNO\",\"errnoRet\":100", SECCOMP_RET_ERRNO | 100 },
    { "\"SCMP_ACT_ERRNO\",\"errnoRet\":4094", SECCOMP_RET_ERRNO | 4094 },
    { "\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD },
    { "\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD },
    { "\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS },
    { "\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG },
    { "\"SCMP_ACT_NOTIFY\"", SECCOMP_RET_USER_NOTIF },
    { "\"SCMP_ACT_TRACE\"", SECCOMP_RET_TRACE | EPERM },
    { "\"SCMP_ACT_TRACE\",\"errnoRet\":65535", SECCOMP_RET_TRACE | 65535 },
    { "\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP },
    { "\"SCMP_ACT_ALLOW\"", SECCOMP_RET_ALLOW },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    /* without and with a condition: two ways through the compiler */
    for (int conditional = 0; conditional < 2; conditional++)
      {
        g_autofree char *json
            = g_strdup_printf ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
                               "[{\"names\":[\"mkdirat\"],\"action\":%s%s}]}",
                               rows[i].action,
                               conditional
                                   ? ",\"args\":[{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}]"
                                   : "");
        g_auto (RuncSeccompFilter) filter = seccomp_filter (json);
        guint64 args[6] = { 0, 7 };

        g_test_message ("%s", json);
        g_assert_cmphex (ask (&filter, "mkdirat", args), ==, rows[i].expected);
        g_assert_cmphex (ask (&filter, "unlinkat", args), ==, SECCOMP_RET_ALLOW);
        args[1] = 8;
        g_assert_cmphex (ask (&filter, "mkdirat", args), ==,
                         conditional ? SECCOMP_RET_ALLOW : rows[i].expected);
      }
}

static void
test_default (void)
{
  static const struct
  {
    const char *action;
    guint32 expected;
    gboolean stub; /* ENOSYS for what is newer than the profile */
  } rows[] = {
    { "\"SCMP_ACT_ERRNO\"", EPERM_ACTION, TRUE },
    { "\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":6", SECCOMP_RET_ERRNO | 6, TRUE },
    { "\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38", ENOSYS_ACTION, TRUE },
    { "\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD, TRUE },
    { "\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS, TRUE },
    { "\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP, TRUE },
    { "\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG, FALSE },
    { "\"SCMP_ACT_ALLOW\"", SECCOMP_RET_ALLOW, FALSE },
    { "\"SCMP_ACT_TRACE\"", SECCOMP_RET_TRACE | EPERM, FALSE },
    { "\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":2", SECCOMP_RET_TRACE | 2, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{\"defaultAction\":%s,\"syscalls\":[{\"names\":[\"mkdirat\",\"openat2\"],"
          "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":99}]}",
          rows[i].action);
      g_auto (RuncSeccompFilter) filter = seccomp_filter (json);

      g_test_message ("%s", json);
      g_assert_cmphex (ask (&filter, "mkdirat", NULL), ==, SECCOMP_RET_ERRNO | 99);
      g_assert_cmphex (ask (&filter, "unlinkat", NULL), ==, rows[i].expected);
      g_assert_cmphex (seccomp_ask (&filter, native (), nr ("openat2") - 1, NULL), ==,
                       rows[i].expected);
      g_assert_cmphex (ask (&filter, "openat2", NULL), ==, SECCOMP_RET_ERRNO | 99);
      g_assert_cmphex (seccomp_ask (&filter, native (), nr ("openat2") + 1, NULL), ==,
                       rows[i].stub ? ENOSYS_ACTION : rows[i].expected);
      g_assert_cmphex (seccomp_ask (&filter, native (), 100000, NULL), ==,
                       rows[i].stub ? ENOSYS_ACTION : rows[i].expected);
    }
}

/* A rule that says the same as the default has no effect on calls, but names what is known. */
static void
test_enosys_redundant (void)
{
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
                        "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
                        "{\"names\":[\"openat2\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");

  g_assert_cmphex (ask (&filter, "read", NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (ask (&filter, "openat2", NULL), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, native (), nr ("openat2") - 1, NULL), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, native (), nr ("openat2") + 1, NULL), ==, ENOSYS_ACTION);
}

/* A profile that names no system call does not say how old it is. */
static void
test_enosys_none (void)
{
  g_auto (RuncSeccompFilter) filter = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ERRNO\"}");

  g_assert_cmphex (seccomp_ask (&filter, native (), 100000, NULL), ==, EPERM_ACTION);
}

#ifdef __x86_64__
static void
test_enosys_archs (void)
{
  g_auto (RuncSeccompFilter) two
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":"
                        "[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"syscalls\":"
                        "[{\"names\":[\"getpid\",\"openat2\",\"clock_gettime64\",\"waitpid\"],"
                        "\"action\":\"SCMP_ACT_ALLOW\"}]}");
  g_auto (RuncSeccompFilter) three
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":"
                        "[\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86\"],\"syscalls\":"
                        "[{\"names\":[\"getpid\",\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
  guint32 x32_getpid = nr_of (SCMP_ARCH_X32, "getpid");
  guint32 x32_ioctl = nr_of (SCMP_ARCH_X32, "ioctl");

  /* clock_gettime64 is 403 on x86 only, which is below openat2 everywhere */
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 437, NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 403, NULL), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_I386, 403, NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 438, NULL), ==, ENOSYS_ACTION);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 0x3fffffff, NULL), ==, ENOSYS_ACTION);
  /* x32 is not of the profile: libseccomp's answer to what does not belong here */
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 0x40000000, NULL), ==,
                   SECCOMP_RET_KILL_THREAD);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_X86_64, 0x40000000 + 438, NULL), ==,
                   SECCOMP_RET_KILL_THREAD);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_I386, 438, NULL), ==, ENOSYS_ACTION);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_I386, 0x7fffffff, NULL), ==, ENOSYS_ACTION);
  g_assert_cmphex (seccomp_ask (&two, AUDIT_ARCH_AARCH64, 438, NULL), ==, SECCOMP_RET_KILL_THREAD);

  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, 39, NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, 38, NULL), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, 40, NULL), ==, ENOSYS_ACTION);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, x32_getpid, NULL), ==,
                   SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, x32_getpid + 1, NULL), ==, EPERM_ACTION);
  /* ioctl has one of the numbers of its own that x32 has beyond the others */
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, x32_ioctl, NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_X86_64, x32_ioctl + 1, NULL), ==, ENOSYS_ACTION);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_I386, 54, NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&three, AUDIT_ARCH_I386, 55, NULL), ==, ENOSYS_ACTION);
}

/* System calls of x86 that are also reached through socketcall(2). */
static void
test_multiplexed (void)
{
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
                        "[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"socket\",\"shmget\"],"
                        "\"action\":\"SCMP_ACT_ERRNO\"}]}");
  guint64 args[6] = { 1 };

  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 41, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 359, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 102, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 395, args), ==, EPERM_ACTION);
  args[0] = 2;
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 102, args), ==, SECCOMP_RET_ALLOW);
  args[0] = 23;
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 117, args), ==, EPERM_ACTION);
}

/* System calls that not all of the architectures have, next to one with a condition: where
 * libseccomp left to itself forgets to load the number. */
static void
test_absent (void)
{
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
                        "[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":["
                        "{\"names\":[\"sysinfo\",\"clock_gettime64\",\"semop\"],"
                        "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":3,"
                        "\"op\":\"SCMP_CMP_EQ\"}]},"
                        "{\"names\":[\"send\",\"vm86\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
  guint64 args[6] = { 9, 3 };

  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 99, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 65, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 0x40000063, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 116, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 403, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 102, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 166, args), ==, EPERM_ACTION);
  args[0] = 1;
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 117, args), ==, EPERM_ACTION);
  args[1] = 4;
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 99, args), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 116, args), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 117, args), ==, SECCOMP_RET_ALLOW);
}

/* Of arguments, a 32 bit architecture has the low half. */
static void
test_args_32bit (void)
{
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
                        "[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"personality\"],"
                        "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,"
                        "\"value\":4294967295,\"op\":\"SCMP_CMP_EQ\"}]}]}");
  guint64 args[6] = { 0xffffffff };

  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 135, args), ==, EPERM_ACTION);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 136, args), ==, EPERM_ACTION);
  args[0] = G_MAXUINT64;
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_X86_64, 135, args), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (seccomp_ask (&filter, AUDIT_ARCH_I386, 136, args), ==, EPERM_ACTION);
}
#endif

static gboolean
compare (const char *op, guint64 a, guint64 value, guint64 value_two)
{
  if (strcmp (op, "EQ") == 0)
    return a == value;
  if (strcmp (op, "NE") == 0)
    return a != value;
  if (strcmp (op, "LT") == 0)
    return a < value;
  if (strcmp (op, "LE") == 0)
    return a <= value;
  if (strcmp (op, "GT") == 0)
    return a > value;
  if (strcmp (op, "GE") == 0)
    return a >= value;
  g_assert_cmpstr (op, ==, "MASKED_EQ");
  return (a & value) == value_two;
}

static void
test_operators (void)
{
  static const char *const ops[] = { "EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ" };
  static const guint64 values[] = {
    0,
    1,
    2,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x100000001,
    0x7fffffffffffffff,
    0x8000000000000000,
    0x80000000ffffffff,
    0xfffffffffffffffe,
    0xffffffffffffffff,
  };

  for (gsize o = 0; o < G_N_ELEMENTS (ops); o++)
    for (gsize v = 0; v < G_N_ELEMENTS (values); v++)
      {
        guint64 two = values[(v * 5 + 3) % G_N_ELEMENTS (values)] & values[v];
        unsigned int index = (unsigned int)(v % 6);
        g_autofree char *json = g_strdup_printf (
            "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdirat\"],"
            "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":%u,\"value\":%" G_GUINT64_FORMAT
            ",\"valueTwo\":%" G_GUINT64_FORMAT ",\"op\":\"SCMP_CMP_%s\"}]}]}",
            index, values[v], two, ops[o]);
        g_auto (RuncSeccompFilter) filter = seccomp_filter (json);

        for (gsize i = 0; i < G_N_ELEMENTS (values) * 3; i++)
          {
            guint64 args[6] = { 5, 5, 5, 5, 5, 5 };

            args[index] = values[i / 3] + i % 3 - 1;
            g_assert_cmphex (ask (&filter, "mkdirat", args), ==,
                             compare (ops[o], args[index], values[v], two) ? EPERM_ACTION
                                                                           : SECCOMP_RET_ALLOW);
          }
      }
}

/* Conditions on different arguments must all hold, those on one argument are alternatives. */
static void
test_conditions (void)
{
  g_auto (RuncSeccompFilter) all
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
                        "[{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
                        "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                        "{\"index\":5,\"value\":" BIG ",\"op\":\"SCMP_CMP_GE\"}]}]}");
  g_auto (RuncSeccompFilter) any
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
                        "[{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
                        "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                        "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"},"
                        "{\"index\":3,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]}]}");

  for (guint64 a = 0; a < 4; a++)
    for (guint64 b = 8; b < 11; b++)
      {
        guint64 args[6] = { a, 0, 0, b, 0, b == 10 ? G_MAXUINT64 : 7 };

        g_assert_cmphex (ask (&all, "mkdirat", args), ==,
                         a == 1 && b == 10 ? EPERM_ACTION : SECCOMP_RET_ALLOW);
        g_assert_cmphex (ask (&any, "mkdirat", args), ==,
                         a == 1 || a == 2 || b == 9 ? EPERM_ACTION : SECCOMP_RET_ALLOW);
      }
}

static void
test_unknown_names (void)
{
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
                        "{\"names\":[\"no_such_call\",\"openat2\",\"another_one\"],"
                        "\"action\":\"SCMP_ACT_ALLOW\"}]}");

  g_assert_cmphex (ask (&filter, "openat2", NULL), ==, SECCOMP_RET_ALLOW);
  g_assert_cmphex (ask (&filter, "read", NULL), ==, EPERM_ACTION);
}

static void
test_refused (void)
{
  assert_refused ("{\"defaultAction\":\"SCMP_ACT_NOPE\"}", RUNC_ERROR_INVALID_SPEC,
                  "linux.seccomp.defaultAction: unknown action 'SCMP_ACT_NOPE'");
  assert_refused ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
                  "\"action\":\"ALLOW\"}]}",
                  RUNC_ERROR_INVALID_SPEC, "linux.seccomp.syscalls[0]: unknown action");
  assert_refused ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\","
                  "\"SCMP_ARCH_Z80\"]}",
                  RUNC_ERROR_UNSUPPORTED, "linux.seccomp.architectures[1]");
  assert_refused ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_X\"]}",
                  RUNC_ERROR_INVALID_SPEC, "linux.seccomp.flags[0]");
  assert_refused ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
                  "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":6,\"value\":0,"
                  "\"op\":\"SCMP_CMP_EQ\"}]}]}",
                  RUNC_ERROR_INVALID_SPEC, "linux.seccomp.syscalls[0]: args[0]");
}

static void
test_other_byte_order (void)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  const char *name = "SCMP_ARCH_S390X";
#else
  const char *name = "SCMP_ARCH_X86_64";
#endif
  g_autofree char *json
      = g_strdup_printf ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"%s\"]}", name);

  assert_refused (json, RUNC_ERROR_UNSUPPORTED, "byte order");
}

/* More than the kernel takes. */
static void
test_too_large (void)
{
  g_autoptr (GString) json = g_string_new ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");

  for (guint i = 0; i < 2500; i++)
    g_string_append_printf (
        json,
        "%s{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%u,"
        "\"args\":[{\"index\":%u,\"value\":%u,\"op\":\"SCMP_CMP_EQ\"}]}",
        i > 0 ? "," : "", i % 4000, i % 2, i * 3);
  g_string_append (json, "]}");
  assert_refused (json->str, RUNC_ERROR_UNSUPPORTED, "instructions");
}

static void
test_flags (void)
{
  static const struct
  {
    const char *flags; /* the list, or NULL: absent */
    guint32 expected;
  } rows[] = {
    { NULL, SECCOMP_FILTER_FLAG_SPEC_ALLOW },
    { "", 0 },
    { "\"SECCOMP_FILTER_FLAG_TSYNC\"", 0 },
    { "\"SECCOMP_FILTER_FLAG_LOG\"", SECCOMP_FILTER_FLAG_LOG },
    { "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"",
      SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW },
    /* of no use without a listener, and refused by the kernel then */
    { "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"", 0 },
  };
  g_autofree const char **supported = runc_seccomp_supported_flags ();

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"defaultAction\":\"SCMP_ACT_ALLOW\"%s%s%s}",
                                               rows[i].flags != NULL ? ",\"flags\":[" : "",
                                               rows[i].flags != NULL ? rows[i].flags : "",
                                               rows[i].flags != NULL ? "]" : "");
      g_auto (RuncSeccompFilter) filter = seccomp_filter (json);

      g_assert_cmphex (filter.flags, ==, rows[i].expected);
      g_assert_false (filter.listener);
    }
  g_assert_true (g_strv_contains (supported, "SECCOMP_FILTER_FLAG_TSYNC"));
  g_assert_true (g_strv_contains (supported, "SECCOMP_FILTER_FLAG_LOG"));
  g_assert_true (g_strv_contains (supported, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"));
}

static void
test_listener (void)
{
  g_autofree const char **supported = runc_seccomp_supported_flags ();
  g_auto (RuncSeccompFilter) filter
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[],\"syscalls\":"
                        "[{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");

  g_assert_true (filter.listener);
  g_assert_cmphex (filter.flags, ==, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (!g_strv_contains (supported, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
    {
      g_test_skip ("this kernel has no SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
      return;
    }

  g_auto (RuncSeccompFilter) waiting
      = seccomp_filter ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":"
                        "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":"
                        "[{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");
  g_assert_cmphex (waiting.flags, ==, SECCOMP_FILTER_FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE_RECV);
}

/* The program that libseccomp makes of @seccomp all by itself; NULL if it refuses a rule. Not
 * without its tree: see library.c. The tree needs a rule on each architecture. */
static GArray *
compile_by_library (const RuncSpecSeccomp *seccomp, guint32 default_action)
{
  scmp_filter_ctx context = seccomp_init (default_action);
  int fd = memfd_create ("test", MFD_CLOEXEC);
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));
  struct sock_filter at;

#ifdef __x86_64__
  g_assert_cmpint (seccomp_arch_add (context, SCMP_ARCH_X86), ==, 0);
  g_assert_cmpint (seccomp_arch_add (context, SCMP_ARCH_X32), ==, 0);
#endif
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    for (gsize j = 0; j < seccomp->syscalls[i].names.n; j++)
      {
        const RuncSpecSyscall *rule = &seccomp->syscalls[i];
        guint32 action = strcmp (rule->action, "SCMP_ACT_ALLOW") == 0
                             ? SCMP_ACT_ALLOW
                             : SCMP_ACT_ERRNO (rule->errno_ret.value);
        struct scmp_arg_cmp conditions[6];

        if (action == default_action)
          continue;
        for (gsize k = 0; k < rule->n_args; k++)
          conditions[k] = (struct scmp_arg_cmp){
            .arg = rule->args[k].index,
            .op = strcmp (rule->args[k].op, "SCMP_CMP_EQ") == 0 ? SCMP_CMP_EQ : SCMP_CMP_MASKED_EQ,
            .datum_a = rule->args[k].value,
            .datum_b = rule->args[k].value_two,
          };
        if (seccomp_rule_add_array (context, action,
                                    seccomp_syscall_resolve_name (rule->names.items[j]),
                                    (unsigned int)rule->n_args, conditions)
            < 0)
          {
            g_array_unref (program);
            seccomp_release (context);
            close (fd);
            return NULL;
          }
      }
  g_assert_cmpint (seccomp_attr_set (context, SCMP_FLTATR_CTL_OPTIMIZE, 2), ==, 0);
  g_assert_cmpint (seccomp_export_bpf (context, fd), ==, 0);
  seccomp_release (context);
  lseek (fd, 0, SEEK_SET);
  while (read (fd, &at, sizeof at) == (ssize_t)sizeof at)
    g_array_append_val (program, at);
  close (fd);
  return program;
}

/* Names of system calls, of every architecture that libseccomp has. */
static GPtrArray *
all_names (void)
{
  static const guint32 tokens[]
      = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_S390X, SCMP_ARCH_MIPS };
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    for (int number = -300; number < 4600; number++)
      {
        char *name = seccomp_syscall_resolve_num_arch (tokens[i], number);

        if (name == NULL)
          continue;
        if (seccomp_syscall_resolve_name (name) == __NR_SCMP_ERROR
            || g_hash_table_contains (known, name))
          {
            free (name);
            continue;
          }
        g_hash_table_add (known, name);
        g_ptr_array_add (names, name);
      }
  g_assert_cmpuint (names->len, >, 400);
  return names;
}

/* A profile of @n_rules rules with @per_rule random names each. */
static char *
random_profile (const GPtrArray *names, gint32 n_rules, gint32 per_rule)
{
  GString *json = g_string_new ("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,");

#ifdef __x86_64__
  g_string_append (json, "\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],");
#endif
  g_string_append (json, "\"syscalls\":[{\"names\":[\"uname\"],\"action\":\"SCMP_ACT_ALLOW\"}");
  for (gint32 i = 0; i < n_rules; i++)
    {
      g_string_append (json, ",{\"names\":[");
      for (gint32 j = 0; j < per_rule; j++)
        g_string_append_printf (json, "%s\"%s\"", j > 0 ? "," : "",
                                (const char *)
                                    names->pdata[g_test_rand_int_range (0, (gint32)names->len)]);
      if (g_test_rand_int_range (0, 3) == 0)
        g_string_append_printf (json, "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d",
                                g_test_rand_int_range (1, 4));
      else
        g_string_append (json, "],\"action\":\"SCMP_ACT_ALLOW\"");
      if (g_test_rand_int_range (0, 4) == 0)
        g_string_append_printf (
            json, ",\"args\":[{\"index\":%d,\"value\":%d,\"valueTwo\":%d,\"op\":\"%s\"}]",
            g_test_rand_int_range (0, 3), g_test_rand_int_range (0, 4),
            g_test_rand_int_range (0, 3),
            g_test_rand_int_range (0, 2) ? "SCMP_CMP_EQ" : "SCMP_CMP_MASKED_EQ");
      g_string_append_c (json, '}');
    }
  g_string_append (json, "]}");
  return g_string_free (json, FALSE);
}

/* @filter and @program agree on all numbers of @arch, with some arguments. */
static void
assert_agree (const RuncSeccompFilter *filter, const GArray *program, guint32 arch, guint32 base)
{
  for (guint32 number = base; number < base + 600; number++)
    for (guint64 a = 0; a < 5; a++)
      {
        struct seccomp_data data
            = { .nr = (int)number, .arch = arch, .args = { a, (a * 3) % 5, (a * 2) % 5 } };

        g_assert_cmphex (seccomp_ask (filter, arch, number, (const guint64 *)data.args), ==,
                         seccomp_run ((const struct sock_filter *)(gconstpointer)program->data,
                                      program->len, &data));
      }
}

/* What is set apart from libseccomp means the same as with it. The default is ENOSYS, so that the
 * answer to new system calls makes no difference. */
static void
test_like_library (void)
{
  g_autoptr (GPtrArray) names = all_names ();
  static const gint32 sizes[][2]
      = { { 1, 1 }, { 2, 2 }, { 5, 20 }, { 40, 2 }, { 3, 300 }, { 20, 9 } };

  for (int i = 0; i < 60; i++)
    {
      const gint32 *size = sizes[i % (int)G_N_ELEMENTS (sizes)];
      g_autofree char *json = random_profile (names, size[0], size[1]);
      g_autoptr (RuncSpec) spec = seccomp_spec (json);
      g_autoptr (GArray) program
          = compile_by_library (spec->linux_spec.seccomp, SCMP_ACT_ERRNO (ENOSYS));
      g_auto (RuncSeccompFilter) filter = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (runc_seccomp_compile (spec->linux_spec.seccomp, NULL, &filter, &error), ==,
                       program != NULL);
      if (program == NULL)
        continue;
      assert_agree (&filter, program, native (), 0);
      assert_agree (&filter, program, AUDIT_ARCH_PPC64LE, 0);
#ifdef __x86_64__
      assert_agree (&filter, program, AUDIT_ARCH_I386, 0);
      assert_agree (&filter, program, AUDIT_ARCH_X86_64, 0x40000000);
#endif
    }
}

/* Every name alone: on each architecture it is the number that libseccomp takes. */
static void
test_each_name (void)
{
  g_autoptr (GPtrArray) names = all_names ();

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[%s],"
          "\"syscalls\":[{\"names\":[\"uname\",\"%s\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
#ifdef __x86_64__
          "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"",
#else
          "",
#endif
          (const char *)names->pdata[i]);
      g_autoptr (RuncSpec) spec = seccomp_spec (json);
      g_autoptr (GArray) program
          = compile_by_library (spec->linux_spec.seccomp, SCMP_ACT_ERRNO (ENOSYS));
      g_auto (RuncSeccompFilter) filter = seccomp_filter (json);

      assert_agree (&filter, program, native (), 0);
#ifdef __x86_64__
      assert_agree (&filter, program, AUDIT_ARCH_I386, 0);
      assert_agree (&filter, program, AUDIT_ARCH_X86_64, 0x40000000);
#endif
    }
}

static void
test_known (void)
{
  g_assert_nonnull (runc_seccomp_library_version ());
  g_assert_true (g_strv_contains (runc_seccomp_known_actions (), "SCMP_ACT_NOTIFY"));
  g_assert_true (g_strv_contains (runc_seccomp_known_operators (), "SCMP_CMP_MASKED_EQ"));
  g_assert_true (g_strv_contains (runc_seccomp_known_archs (), "SCMP_ARCH_X86_64"));
  g_assert_true (g_strv_contains (runc_seccomp_known_flags (), "SECCOMP_FILTER_FLAG_LOG"));
  for (const char *const *name = runc_seccomp_known_archs (); *name != NULL; name++)
    {
      g_autofree char *json
          = g_strdup_printf ("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"%s\"]}",
                             *name);
      g_autoptr (RuncSpec) spec = seccomp_spec (json);
      g_autoptr (GError) error = NULL;
      g_auto (RuncSeccompFilter) filter = { 0 };

      if (!runc_seccomp_compile (spec->linux_spec.seccomp, NULL, &filter, &error))
        g_assert_nonnull (strstr (error->message, "byte order"));
    }
}

#else

static void
test_unsupported (void)
{
  g_autoptr (RuncSpec) spec = seccomp_spec ("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
  g_autoptr (GError) error = NULL;
  RuncSeccompFilter filter = { 0 };

  g_assert_false (runc_seccomp_compile (spec->linux_spec.seccomp, NULL, &filter, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "built without seccomp"));
  g_assert_null (runc_seccomp_library_version ());
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#ifdef HAVE_SECCOMP
  g_test_add_func ("/seccomp/actions", test_actions);
  g_test_add_func ("/seccomp/default", test_default);
  g_test_add_func ("/seccomp/enosys/redundant", test_enosys_redundant);
  g_test_add_func ("/seccomp/enosys/none", test_enosys_none);
#ifdef __x86_64__
  g_test_add_func ("/seccomp/enosys/archs", test_enosys_archs);
  g_test_add_func ("/seccomp/multiplexed", test_multiplexed);
  g_test_add_func ("/seccomp/absent", test_absent);
  g_test_add_func ("/seccomp/args/32bit", test_args_32bit);
#endif
  g_test_add_func ("/seccomp/args/operators", test_operators);
  g_test_add_func ("/seccomp/args/conditions", test_conditions);
  g_test_add_func ("/seccomp/unknown-names", test_unknown_names);
  g_test_add_func ("/seccomp/refused", test_refused);
  g_test_add_func ("/seccomp/other-byte-order", test_other_byte_order);
  g_test_add_func ("/seccomp/too-large", test_too_large);
  g_test_add_func ("/seccomp/flags", test_flags);
  g_test_add_func ("/seccomp/listener", test_listener);
  g_test_add_func ("/seccomp/like-library", test_like_library);
  g_test_add_func ("/seccomp/each-name", test_each_name);
  g_test_add_func ("/seccomp/known", test_known);
#else
  g_test_add_func ("/seccomp/unsupported", test_unsupported);
#endif
  return g_test_run ();
}
