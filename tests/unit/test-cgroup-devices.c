/* Device rules: the policy, the v1 lines, and the BPF program, which is interpreted here (and shown
 * to the kernel's verifier, where we may). */
#include "base/error.h"
#include "base/fd.h"
#include "cgroup/devices.h"
#include "sys/bpf.h"

#include <string.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

#define N(v)                                                                                       \
  {                                                                                                \
    .present = true, .value = (v)                                                                  \
  }

static const RuncSpecDeviceRule none[] = { { .allow = false, .type = 'a', .access = "rwm" } };
static const RuncSpecDeviceRule all[] = { { .allow = true, .type = 'a', .access = "rwm" } };
static const RuncSpecDeviceRule some[] = {
  { .allow = false, .type = 'a', .access = "rwm" },
  { .allow = true, .type = 'b', .major = N (8), .minor = N (0), .access = "r" },
  { .allow = true, .type = 'b', .major = N (8), .minor = N (0), .access = "w" },
  { .allow = true, .type = 'c', .major = N (7), .access = "rw" },
  { .allow = true, .type = 'c', .major = N (4000000000), .minor = N (4294967295), .access = "rwm" },
  { .allow = true, .type = 'c', .major = N (9), .minor = N (1), .access = "rwm" },
  { .allow = false, .type = 'c', .major = N (9), .minor = N (1), .access = "m" },
};
static const RuncSpecDeviceRule all_but[] = {
  { .allow = true, .type = 'a', .access = "rwm" },
  { .allow = false, .type = 'b', .major = N (8), .minor = N (0), .access = "w" },
  { .allow = false, .type = 'c', .major = N (11), .access = NULL },
  { .allow = false, .type = 'c', .major = N (1), .minor = N (3), .access = "rwm" },
};
static const RuncSpecDeviceRule hole[] = {
  { .allow = true, .type = 'c', .major = N (7), .access = "rw" },
  { .allow = false, .type = 'c', .major = N (7), .minor = N (1), .access = "w" },
};
static const RuncSpecDeviceRule big[] = { { .allow = true, .type = 'c', .major = N (4294967296) } };

/* What the kernel would do with @code for this request. */
static gboolean
run (const GArray *code, guint32 type, guint32 access, guint32 major, guint32 minor)
{
  const guint32 context[] = { type | access << 16, major, minor };
  guint64 reg[11] = { 0 };
  guint steps = 0;

  for (guint pc = 0; pc < code->len; pc++)
    {
      const struct bpf_insn *insn = &g_array_index (code, struct bpf_insn, pc);
      guint64 *dst = &reg[insn->dst_reg];
      guint64 src = BPF_SRC (insn->code) == BPF_X ? reg[insn->src_reg] : (guint64)(gint64)insn->imm;
      gboolean jump = FALSE;

      g_assert_cmpuint (steps++, <, 10000);
      switch (insn->code)
        {
        case BPF_LDX | BPF_MEM | BPF_W:
          g_assert_cmpint (insn->src_reg, ==, BPF_REG_1);
          *dst = context[insn->off / 4];
          break;
        case BPF_ALU | BPF_MOV | BPF_X:
          *dst = (guint32)src;
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          *dst = (guint32)*dst & (guint32)src;
          break;
        case BPF_ALU | BPF_RSH | BPF_K:
          *dst = (guint32)*dst >> src;
          break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
          *dst = src;
          break;
        case BPF_JMP32 | BPF_JNE | BPF_K:
          jump = (guint32)*dst != (guint32)src;
          break;
        case BPF_JMP32 | BPF_JEQ | BPF_K:
          jump = (guint32)*dst == (guint32)src;
          break;
        case BPF_JMP | BPF_EXIT:
          g_assert_true (reg[0] <= 1);
          return reg[0] == 1;
        default:
          g_error ("unknown instruction %02x at %u", insn->code, pc);
        }
      if (jump)
        pc += (guint)insn->off;
    }
  g_error ("the program does not return");
}

static void
test_program (void)
{
  static const struct
  {
    const RuncSpecDeviceRule *rules;
    gsize n;
    guint32 type, access, major, minor;
    gboolean allowed;
  } table[] = {
    /* the devices of every container */
    { none, 1, BPF_DEVCG_DEV_CHAR, R | W, 1, 3, TRUE },
    { none, 1, BPF_DEVCG_DEV_CHAR, R, 1, 9, TRUE },
    { none, 1, BPF_DEVCG_DEV_CHAR, R | W, 136, 77, TRUE },
    { none, 1, BPF_DEVCG_DEV_CHAR, R | W, 5, 2, TRUE },
    { none, 1, BPF_DEVCG_DEV_CHAR, R | W, 10, 200, TRUE },
    { none, 1, BPF_DEVCG_DEV_BLOCK, M, 8, 0, TRUE },
    { none, 1, BPF_DEVCG_DEV_CHAR, M, 99, 99, TRUE },
    { NULL, 0, BPF_DEVCG_DEV_CHAR, R | W, 1, 3, TRUE },
    /* and nothing else */
    { none, 1, BPF_DEVCG_DEV_CHAR, R, 1, 1, FALSE },
    { none, 1, BPF_DEVCG_DEV_BLOCK, R, 1, 3, FALSE },
    { none, 1, BPF_DEVCG_DEV_BLOCK, R, 8, 0, FALSE },
    { none, 1, BPF_DEVCG_DEV_BLOCK, R | M, 8, 0, FALSE },
    { NULL, 0, BPF_DEVCG_DEV_CHAR, R, 10, 229, FALSE },
    /* rules add up */
    { some, 7, BPF_DEVCG_DEV_BLOCK, R | W, 8, 0, TRUE },
    { some, 7, BPF_DEVCG_DEV_BLOCK, R | W | M, 8, 0, FALSE },
    { some, 7, BPF_DEVCG_DEV_BLOCK, R, 8, 1, FALSE },
    { some, 7, BPF_DEVCG_DEV_CHAR, R | W, 7, 12345, TRUE },
    { some, 7, BPF_DEVCG_DEV_CHAR, W, 7, 0, TRUE },
    { some, 7, BPF_DEVCG_DEV_CHAR, R, 4000000000, 4294967295, TRUE },
    { some, 7, BPF_DEVCG_DEV_CHAR, R, 4000000000, 1, FALSE },
    { some, 7, BPF_DEVCG_DEV_CHAR, R | W, 9, 1, TRUE },
    /* everything but */
    { all, 1, BPF_DEVCG_DEV_BLOCK, R | W | M, 8, 0, TRUE },
    { all_but, 4, BPF_DEVCG_DEV_BLOCK, R, 8, 0, TRUE },
    { all_but, 4, BPF_DEVCG_DEV_BLOCK, W, 8, 0, FALSE },
    { all_but, 4, BPF_DEVCG_DEV_BLOCK, R | W, 8, 0, FALSE },
    { all_but, 4, BPF_DEVCG_DEV_CHAR, R, 11, 1, FALSE },
    { all_but, 4, BPF_DEVCG_DEV_CHAR, R, 12, 1, TRUE },
    /* a device of every container cannot be taken away, as in runc */
    { all_but, 4, BPF_DEVCG_DEV_CHAR, R | W, 1, 3, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncDevicePolicy) policy
          = runc_device_policy_new (table[i].rules, table[i].n, &error);

      g_assert_no_error (error);
      g_autoptr (GArray) code = runc_device_policy_compile (policy);
      if (run (code, table[i].type, table[i].access, table[i].major, table[i].minor)
          != table[i].allowed)
        g_error ("row %d", (int)i);
    }
}

static char *
dump (const GArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const RuncDeviceLine *line = &g_array_index (lines, RuncDeviceLine, i);

      g_string_append_printf (text, "%s%c%s", i > 0 ? "; " : "", line->allow ? '+' : '-',
                              line->text);
    }
  return g_string_free (text, FALSE);
}

#define ALWAYS                                                                                     \
  "+b *:* m; +c *:* m; +c 1:3 rwm; +c 1:5 rwm; +c 1:7 rwm; +c 1:8 rwm; +c 1:9 rwm; +c 5:0 rwm; "   \
  "+c 5:2 rwm; +c 10:200 rwm; +c 136:* rwm"

static void
test_lines (void)
{
  static const struct
  {
    const char *list; /* devices.list before */
    const RuncSpecDeviceRule *rules;
    gsize n;
    const char *lines;
  } table[] = {
    { "a *:* rwm\n", none, 1, "-a *:* rwm; " ALWAYS },
    { "a *:* rwm\n", all, 1, "" },
    { "a *:* rwm\n", all_but, 4, "+a *:* rwm; -b 8:0 w; -c 11:* rwm" },
    { "b *:* m\nc *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\n"
      "c 5:2 rwm\nc 10:200 rwm\nc 136:* rwm\n",
      none, 1, "" },
    /* what both have stays untouched */
    { "b *:* m\nc *:* m\nc 1:3 rw\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\n"
      "c 5:2 rwm\nc 10:200 rwm\nc 10:229 rwm\nc 136:* rwm\n",
      none, 1, "-c 10:229 rwm; +c 1:3 m" },
    { "", all, 1, "+a *:* rwm" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncDevicePolicy) from = runc_device_policy_from_list (table[i].list, &error);
      g_assert_no_error (error);
      g_autoptr (RuncDevicePolicy) to = runc_device_policy_new (table[i].rules, table[i].n, &error);
      g_assert_no_error (error);
      g_autoptr (GArray) lines = runc_device_policy_transition (from, to);
      g_autofree char *text = dump (lines);

      g_assert_cmpstr (text, ==, table[i].lines);
    }
}

static void
test_errors (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (runc_device_policy_new (hole, 2, &error));
  g_assert_cmpstr (error->message, ==,
                   "linux.resources.devices[1]: 'c 7:1 w' cannot be excepted from the wider rule "
                   "'c 7:* w' (put the rule for all devices first)");
  g_clear_error (&error);
  g_assert_null (runc_device_policy_new (big, 1, &error));
  g_assert_cmpstr (error->message, ==,
                   "linux.resources.devices[0]: 4294967296:-1 is not a device number");
  g_clear_error (&error);
  g_assert_null (runc_device_policy_from_list ("nonsense\n", &error));
  g_assert_nonnull (error);
}

static void
test_verifier (void)
{
  static const struct
  {
    const RuncSpecDeviceRule *rules;
    gsize n;
  } table[] = { { none, 1 }, { some, 7 }, { all, 1 }, { all_but, 4 } };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (RuncDevicePolicy) policy
          = runc_device_policy_new (table[i].rules, table[i].n, NULL);
      g_autoptr (GArray) code = runc_device_policy_compile (policy);
      char name[BPF_OBJ_NAME_LEN];
      autofd int fd = runc_sys_bpf_load_device_program ((const struct bpf_insn *)code->data,
                                                        code->len, "unit_test");

      if (fd == -EPERM || fd == -ENOSYS)
        {
          g_test_skip ("no right to load BPF programs");
          return;
        }
      g_assert_cmpint (fd, >=, 0);
      g_assert_cmpint (runc_sys_bpf_program_name (fd, name), ==, 0);
      g_assert_cmpstr (name, ==, "unit_test");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cgroup/devices/program", test_program);
  g_test_add_func ("/cgroup/devices/lines", test_lines);
  g_test_add_func ("/cgroup/devices/errors", test_errors);
  g_test_add_func ("/cgroup/devices/verifier", test_verifier);
  return g_test_run ();
}
