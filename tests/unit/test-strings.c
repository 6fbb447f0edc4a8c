/* Strict parsing of numbers, sizes and booleans (src/base/strings.c). */
#include "base/strings.h"

static void
test_uint64 (void)
{
  static const struct
  {
    const char *text;
    uint64_t max;
    gboolean valid;
    uint64_t value;
  } rows[] = {
    { "0", UINT64_MAX, TRUE, 0 },
    { "18446744073709551615", UINT64_MAX, TRUE, UINT64_MAX },
    { "18446744073709551616", UINT64_MAX, FALSE, 0 },
    { "99999999999999999999999", UINT64_MAX, FALSE, 0 },
    { "007", UINT64_MAX, TRUE, 7 },
    { "4294967295", UINT32_MAX, TRUE, UINT32_MAX },
    { "4294967296", UINT32_MAX, FALSE, 0 },
    { "", UINT64_MAX, FALSE, 0 },
    { "-1", UINT64_MAX, FALSE, 0 },
    { "+1", UINT64_MAX, FALSE, 0 },
    { " 1", UINT64_MAX, FALSE, 0 },
    { "1 ", UINT64_MAX, FALSE, 0 },
    { "1x", UINT64_MAX, FALSE, 0 },
    { "0x10", UINT64_MAX, FALSE, 0 },
    { "1e3", UINT64_MAX, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      uint64_t value = 4711;

      g_test_message ("'%s'", rows[i].text);
      g_assert_cmpint (runc_parse_uint64 (rows[i].text, rows[i].max, &value, &error), ==,
                       rows[i].valid);
      if (rows[i].valid)
        g_assert_no_error (error);
      else
        g_assert_nonnull (error);
      g_assert_cmpuint (value, ==, rows[i].valid ? rows[i].value : 4711);
    }
}

static void
test_int64 (void)
{
  static const struct
  {
    const char *text;
    int64_t min, max;
    gboolean valid;
    int64_t value;
  } rows[] = {
    { "9223372036854775807", INT64_MIN, INT64_MAX, TRUE, INT64_MAX },
    { "9223372036854775808", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "-9223372036854775808", INT64_MIN, INT64_MAX, TRUE, INT64_MIN },
    { "-9223372036854775809", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "18446744073709551615", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "36893488147419103232", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "-0", INT64_MIN, INT64_MAX, TRUE, 0 },
    { "+5", INT64_MIN, INT64_MAX, TRUE, 5 },
    { "-1", -1, 10, TRUE, -1 },
    { "-2", -1, 10, FALSE, 0 },
    { "11", -1, 10, FALSE, 0 },
    { "--1", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "-", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "", INT64_MIN, INT64_MAX, FALSE, 0 },
    { "1.0", INT64_MIN, INT64_MAX, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      int64_t value = 4711;

      g_test_message ("'%s'", rows[i].text);
      g_assert_cmpint (runc_parse_int64 (rows[i].text, rows[i].min, rows[i].max, &value, &error),
                       ==, rows[i].valid);
      g_assert_cmpint (error == NULL, ==, rows[i].valid);
      g_assert_cmpint (value, ==, rows[i].valid ? rows[i].value : 4711);
    }
}

static void
test_bool (void)
{
  static const struct
  {
    const char *text;
    int value; /* -1: refused */
  } rows[] = {
    { "true", 1 }, { "TRUE", 1 },  { "True", 1 },  { "t", 1 },  { "T", 1 },
    { "1", 1 },    { "false", 0 }, { "FALSE", 0 }, { "f", 0 },  { "0", 0 },
    { "yes", -1 }, { "", -1 },     { "tRUE", -1 }, { "2", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean value = -1;

      g_test_message ("'%s'", rows[i].text);
      g_assert_cmpint (runc_parse_bool (rows[i].text, &value, NULL), ==, rows[i].value >= 0);
      g_assert_cmpint (value, ==, rows[i].value);
    }
}

static void
test_bytes (void)
{
  static const struct
  {
    const char *text;
    int64_t value; /* -1: refused */
  } rows[] = {
    { "0", 0 },
    { "1048576", 1048576 },
    { "32", 32 },
    { "32b", 32 },
    { "32B", 32 },
    { "32k", 32 * 1024 },
    { "32K", 32 * 1024 },
    { "32kb", 32 * 1024 },
    { "32KiB", 32 * 1024 },
    { "1 MB", 1048576 },
    { "1.5g", INT64_C (1610612736) },
    { "0.5k", 512 },
    { "1.9", 1 },
    { "2t", INT64_C (2) << 40 },
    { "8191p", INT64_C (8191) << 50 },
    { "8191.99999999999999999999p", (INT64_C (8192) << 50) - 1 },
    { "8192p", -1 },
    { "9223372036854775807", INT64_MAX },
    { "9223372036854775808", -1 },
    { "", -1 },
    { "m", -1 },
    { "-1", -1 },
    { "+1", -1 },
    { "1ki", -1 },
    { "1mm", -1 },
    { "1  m", -1 },
    { "1m ", -1 },
    { "1.", -1 },
    { ".5m", -1 },
    { "1x", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int64_t value = -1;

      g_test_message ("'%s'", rows[i].text);
      g_assert_cmpint (runc_parse_bytes (rows[i].text, &value, NULL), ==, rows[i].value >= 0);
      g_assert_cmpint (value, ==, rows[i].value);
    }
}

static void
test_duration (void)
{
  static const struct
  {
    const char *text;
    int64_t value; /* microseconds; -1: refused */
  } rows[] = {
    { "5s", 5000000 },
    { "0s", 0 },
    { "100ms", 100000 },
    { "1m30s", 90000000 },
    { "1.5h", INT64_C (5400000000) },
    { "0.25s", 250000 },
    { "3us", 3 },
    { "1500ns", 2 },
    { "5", -1 },
    { "0", -1 },
    { "", -1 },
    { "s", -1 },
    { "-5s", -1 },
    { "5 s", -1 },
    { "5s ", -1 },
    { "5x", -1 },
    { "1.s", -1 },
    { "99999999999999999999s", -1 },
    { "9999999999h", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int64_t value = -1;

      g_test_message ("'%s'", rows[i].text);
      g_assert_cmpint (runc_parse_duration (rows[i].text, &value, NULL), ==, rows[i].value >= 0);
      g_assert_cmpint (value, ==, rows[i].value);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strings/uint64", test_uint64);
  g_test_add_func ("/strings/int64", test_int64);
  g_test_add_func ("/strings/bool", test_bool);
  g_test_add_func ("/strings/bytes", test_bytes);
  g_test_add_func ("/strings/duration", test_duration);
  return g_test_run ();
}
