/* libFuzzer: small texts: numbers, sizes, times, lists and signals of the command line, facts about
 * a host, and files of the kernel that a container can put names into.
 *
 * Beyond "no crash, no leak": what is accepted is in its range, and what is refused has a message.
 */
#include "base/strings.h"
#include "cgroup/stats.h"
#include "engine/common.h"
#include "host/probe.h"

#include <signal.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check (gboolean ok, GError **error)
{
  g_assert_true (ok == (*error == NULL));
  g_clear_error (error);
}

static void
try_numbers (const char *text)
{
  g_autoptr (GError) error = NULL;
  uint64_t bits[2], number = 0;
  int64_t whole = 0, bytes = 0, duration = 0;
  gboolean truth;
  int signal = 0;

  check (runc_parse_uint64 (text, 1000, &number, &error), &error);
  g_assert_cmpuint (number, <=, 1000);
  check (runc_parse_int64 (text, -5, 5, &whole, &error), &error);
  g_assert_true (whole >= -5 && whole <= 5);
  check (runc_parse_bytes (text, &bytes, &error), &error);
  check (runc_parse_duration (text, &duration, &error), &error);
  g_assert_true (bytes >= 0 && duration >= 0);
  check (runc_parse_bool (text, &truth, &error), &error);
  check (runc_engine_parse_signal (text, &signal, &error), &error);
  g_assert_true (signal >= 0 && signal < _NSIG);
  g_assert_cmpint (runc_spec_parse_id_list (text, bits, G_N_ELEMENTS (bits)), <=, 128);
  g_assert_cmpint (runc_capability_from_string (text), <, 64);
}

static void
try_kernel_files (const char *text)
{
  g_auto (RuncStats) stats = { 0 };
  g_autoptr (GArray) io = g_array_new (FALSE, FALSE, sizeof (RuncStatIo));
  g_autoptr (RuncHost) host = g_new0 (RuncHost, 1);

  runc_cgroup_stats_parse_list (text, &stats.percpu);
  runc_cgroup_stats_parse_pressure (text, &stats.cpu_pressure);
  runc_cgroup_stats_parse_io_v1 (text, io);
  runc_cgroup_stats_parse_io_v2 (text, &stats);
  runc_host_parse_proc_masked (text);

  g_autofree char *copy = g_strdup (text);
  runc_host_parse_cgroups (host, copy);
}

static void
try_host (const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncHost) host = runc_host_from_json (text, size, &error);

  if (host == NULL)
    {
      g_assert_nonnull (error);
      return;
    }
  g_autofree char *written = runc_host_to_json (host);
  g_autoptr (RuncHost) again = runc_host_from_json (written, strlen (written), &error);
  g_assert_no_error (error);
  g_autofree char *written_again = runc_host_to_json (again);
  g_assert_cmpstr (written, ==, written_again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);

  try_numbers (text);
  try_kernel_files (text);
  try_host (text, strlen (text));
  return 0;
}
