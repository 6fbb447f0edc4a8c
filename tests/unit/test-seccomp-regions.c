/* Taking filters apart and putting them together (src/seccomp/regions.c, nodes.c): whatever goes
 * in, what comes out says the same.
 */
#include "seccomp-run.h"
#include "seccomp/regions.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD(offset)                                                                               \
  {                                                                                                \
    BPF_LD | BPF_W | BPF_ABS, 0, 0, offset                                                         \
  }
#define TEST(kind, k, yes, no)                                                                     \
  {                                                                                                \
    BPF_JMP | (kind) | BPF_K, yes, no, k                                                           \
  }
#define RET(k)                                                                                     \
  {                                                                                                \
    BPF_RET | BPF_K, 0, 0, k                                                                       \
  }

#define NATIVE 0xc000003eU
#define OTHER  0x40000003U

static GArray *
program_of (const struct sock_filter *instructions, guint n)
{
  GArray *program = g_array_new (FALSE, FALSE, sizeof *instructions);

  g_array_append_vals (program, instructions, n);
  return program;
}

static guint32
run (const GArray *program, const struct seccomp_data *data)
{
  return seccomp_run ((const struct sock_filter *)(gconstpointer)program->data, program->len, data);
}

/* The constants in @program, and what is next to them: where things change if they do. */
static GArray *
interesting (const GArray *program)
{
  static const guint32 always[] = { 0, 1, 41, 0x3fffffff, 0x40000000, 0x7fffffff, 0xffffffff };
  GArray *values = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_array_append_vals (values, always, G_N_ELEMENTS (always));
  for (guint i = 0; i < program->len; i++)
    {
      guint32 k = g_array_index (program, struct sock_filter, i).k;
      guint32 around[] = { k - 1, k, k + 1 };
      g_array_append_vals (values, around, G_N_ELEMENTS (around));
    }
  return values;
}

static guint32
pick (const GArray *values)
{
  return g_array_index (values, guint32, (guint)g_test_rand_int_range (0, (gint32)values->len));
}

/* @b does what @a does on two architectures, and kills the others. */
static void
assert_same (const GArray *a, const GArray *b, guint rounds)
{
  g_autoptr (GArray) values = interesting (a);

  for (guint i = 0; i < rounds; i++)
    {
      struct seccomp_data data = {
        .nr = (int)(i / 2 < values->len ? g_array_index (values, guint32, i / 2) : pick (values)),
        .arch = i % 2 ? NATIVE : OTHER,
      };
      for (guint j = 0; j < G_N_ELEMENTS (data.args); j++)
        data.args[j] = (guint64)pick (values) << 32 | pick (values);
      g_assert_cmphex (run (a, &data), ==, run (b, &data));
      data.arch ^= 1;
      g_assert_cmphex (run (b, &data), ==, SECCOMP_RET_KILL_THREAD);
    }
}

/* @program in a table, for two architectures. */
static RuncRegions *
read_program (GArray *program)
{
  RuncRegions *regions = runc_regions_new (SECCOMP_RET_KILL_THREAD);

  runc_regions_add (regions, NATIVE, 0, G_MAXUINT32, program);
  runc_regions_add (regions, OTHER, 0, G_MAXUINT32, program);
  return regions;
}

static GArray *
again (GArray *program)
{
  g_autoptr (RuncRegions) regions = read_program (program);

  return runc_regions_write (regions);
}

/* Whether the kernel loads @program. */
static gboolean
loads (const GArray *program)
{
  struct sock_fprog prog = { .len = (unsigned short)program->len,
                             .filter = (struct sock_filter *)(gpointer)program->data };
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl (PR_SET_DUMPABLE, 0) != 0
           || syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  /* A filter that was loaded may well have killed it for leaving. */
  return !WIFEXITED (status) || WEXITSTATUS (status) == 0;
}

static void
test_small (void)
{
  static const struct sock_filter instructions[] = {
    LOAD (4),
    TEST (BPF_JEQ, NATIVE, 1, 0),
    RET (0),
    LOAD (0),
    TEST (BPF_JEQ, 10, 4, 0),
    TEST (BPF_JEQ, 11, 3, 0),
    TEST (BPF_JEQ, 12, 2, 0),
    TEST (BPF_JEQ, 13, 1, 0),
    RET (SECCOMP_RET_ERRNO),
    RET (SECCOMP_RET_ALLOW),
  };
  g_autoptr (GArray) program = program_of (instructions, G_N_ELEMENTS (instructions));
  g_autoptr (GArray) result = again (program);

  assert_same (program, result, 1000);
  /* the kinds of what remains: ld, jeq, jeq, ret, ld, jge, jge, ret, ret */
  g_assert_cmpuint (result->len, <=, 9);
}

/* A run of numbers with a hole in it: one comparison for the hole. */
static void
test_hole (void)
{
  static const struct sock_filter instructions[] = {
    LOAD (0),
    TEST (BPF_JEQ, 17, 0, 1),
    RET (SECCOMP_RET_ERRNO),
    RET (SECCOMP_RET_ALLOW),
  };
  g_autoptr (GArray) program = program_of (instructions, G_N_ELEMENTS (instructions));
  g_autoptr (RuncRegions) regions = NULL;
  g_autoptr (GArray) result = NULL;

  regions = read_program (program);
  runc_regions_set (regions, NATIVE, 17, 17, SECCOMP_RET_ERRNO);
  result = runc_regions_write (regions);
  assert_same (program, result, 1000);
}

static void
test_set (void)
{
  static const struct
  {
    guint32 first, last;
  } rows[] = {
    { 0, 0 },           { 5, 5 },   { 0, 100 },    { 9, 10 },  { 10, 19 },
    { 10, 20 },         { 15, 15 }, { 19, 19 },    { 20, 20 }, { 0, 0xffffffff },
    { 20, 0xffffffff }, { 11, 18 }, { 12, 12345 }, { 0, 9 },   { 0xffffffff, 0xffffffff },
  };
  /* 10 to 19 are allowed */
  static const struct sock_filter instructions[] = {
    LOAD (4),
    TEST (BPF_JEQ, NATIVE, 0, 3),
    LOAD (0),
    TEST (BPF_JGE, 10, 0, 1),
    TEST (BPF_JGT, 19, 0, 1),
    RET (SECCOMP_RET_ERRNO),
    RET (SECCOMP_RET_ALLOW),
  };
  g_autoptr (GArray) program = program_of (instructions, G_N_ELEMENTS (instructions));

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RuncRegions) regions = read_program (program);
      g_autoptr (GArray) result = NULL;
      guint32 around[] = { 0,  1,   4,   5,     6,     8,     9,          10,         11,
                           12, 14,  15,  16,    17,    18,    19,         20,         21,
                           99, 100, 101, 12344, 12345, 12346, 0x7fffffff, 0xfffffffe, 0xffffffff };

      runc_regions_set (regions, NATIVE, rows[i].first, rows[i].last, SECCOMP_RET_LOG);
      result = runc_regions_write (regions);
      for (gsize j = 0; j < G_N_ELEMENTS (around); j++)
        {
          struct seccomp_data data = { .nr = (int)around[j], .arch = NATIVE };
          guint32 expected = around[j] >= rows[i].first && around[j] <= rows[i].last
                                 ? SECCOMP_RET_LOG
                                 : run (program, &data);
          g_assert_cmphex (run (result, &data), ==, expected);
          data.arch = OTHER;
          g_assert_cmphex (run (result, &data), ==, run (program, &data));
        }
    }
}

/* A form that is not understood is kept as it is, and can still be overruled. */
static void
test_not_understood (void)
{
  static const struct sock_filter instructions[] = {
    LOAD (0),
    { BPF_ALU | BPF_AND | BPF_K, 0, 0, 1 },
    TEST (BPF_JEQ, 1, 0, 1),
    RET (SECCOMP_RET_ERRNO),
    RET (SECCOMP_RET_ALLOW),
  };
  g_autoptr (GArray) program = program_of (instructions, G_N_ELEMENTS (instructions));
  g_autoptr (GArray) same = again (program);
  g_autoptr (RuncRegions) regions = read_program (program);
  g_autoptr (GArray) result = NULL;

  assert_same (program, same, 1000);
  runc_regions_set (regions, NATIVE, 41, 43, SECCOMP_RET_LOG);
  result = runc_regions_write (regions);
  for (int nr = 0; nr < 100; nr++)
    {
      struct seccomp_data data = { .nr = nr, .arch = NATIVE };
      g_assert_cmphex (run (result, &data), ==,
                       nr >= 41 && nr <= 43 ? SECCOMP_RET_LOG : run (program, &data));
      data.arch = OTHER;
      g_assert_cmphex (run (result, &data), ==, run (program, &data));
    }
}

/* Jumps reach 255 instructions; what is farther away takes another way. */
static void
test_large (void)
{
  g_autoptr (GArray) program = NULL;
  static const struct sock_filter instructions[] = { LOAD (0), RET (SECCOMP_RET_ALLOW) };
  g_autoptr (GArray) empty = program_of (instructions, 2);
  g_autoptr (RuncRegions) regions = read_program (empty);

  for (guint32 i = 0; i < 1500; i++)
    runc_regions_set (regions, i % 2 ? NATIVE : OTHER, i * 2, i * 2, SECCOMP_RET_ERRNO | (i % 300));
  program = runc_regions_write (regions);
  g_assert_true (loads (program));
  for (guint32 i = 0; i < 1500; i++)
    for (int k = 0; k < 2; k++)
      {
        struct seccomp_data data = { .nr = (int)(i * 2), .arch = k ? NATIVE : OTHER };
        g_assert_cmphex (run (program, &data), ==,
                         (i % 2) == (guint32)k ? SECCOMP_RET_ERRNO | (i % 300) : SECCOMP_RET_ALLOW);
        data.nr++;
        g_assert_cmphex (run (program, &data), ==, SECCOMP_RET_ALLOW);
      }
}

/* Some program that the kernel would load. */
static GArray *
random_program (void)
{
  static const guint16 codes[] = {
    BPF_LD | BPF_W | BPF_ABS,  BPF_LD | BPF_W | BPF_ABS,   BPF_LD | BPF_W | BPF_ABS,
    BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_K,  BPF_JMP | BPF_JGE | BPF_K,
    BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JA,           BPF_RET | BPF_K,
    BPF_ALU | BPF_AND | BPF_K, BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JEQ | BPF_K,
  };
  static const guint32 constants[] = { NATIVE, OTHER, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x40000000 };
  static const guint32 offsets[] = { 0, 0, 0, 4, 4, 16, 20, 24, 28, 56 };
  gint32 n = g_test_rand_int_range (2, 60);
  /* the fewer kinds there are, the more of the program is reached */
  gint32 n_codes = g_test_rand_int_range (9, G_N_ELEMENTS (codes) + 1);
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));

  for (gint32 i = 0; i < n; i++)
    {
      gint32 left = n - i - 1;
      struct sock_filter at = {
        .code = i == n - 1 ? BPF_RET | BPF_K : codes[g_test_rand_int_range (0, n_codes)],
        .k = constants[g_test_rand_int_range (0, G_N_ELEMENTS (constants))],
      };
      if (BPF_CLASS (at.code) == BPF_LD)
        at.k = offsets[g_test_rand_int_range (0, G_N_ELEMENTS (offsets))];
      else if (at.code == (BPF_JMP | BPF_JA))
        at.k = (guint32)g_test_rand_int_range (0, left);
      else if (BPF_CLASS (at.code) == BPF_JMP)
        {
          at.jt = (guint8)g_test_rand_int_range (0, left);
          at.jf = (guint8)g_test_rand_int_range (0, left);
        }
      g_array_append_val (program, at);
    }
  return program;
}

static void
test_random (void)
{
  for (int i = 0; i < 3000; i++)
    {
      g_autoptr (GArray) program = random_program ();
      g_autoptr (GArray) result = again (program);
      assert_same (program, result, 200);
      if (i % 100 == 0)
        {
          g_assert_true (loads (program));
          g_assert_true (loads (result));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/seccomp/regions/small", test_small);
  g_test_add_func ("/seccomp/regions/hole", test_hole);
  g_test_add_func ("/seccomp/regions/set", test_set);
  g_test_add_func ("/seccomp/regions/not-understood", test_not_understood);
  g_test_add_func ("/seccomp/regions/large", test_large);
  g_test_add_func ("/seccomp/regions/random", test_random);
  return g_test_run ();
}
