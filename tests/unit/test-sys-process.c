/* Running other programs (base/process.c) and whether our own executable could be written to. */
#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "plan/plan.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static RuncProcessResult
run (const char *script, gint64 timeout_ms, int stdin_fd)
{
  const char *const argv[] = { "sh", "-c", script, NULL };
  RuncProcessSpec spec
      = { .path = "/bin/sh", .argv = argv, .stdin_fd = stdin_fd, .timeout_ms = timeout_ms };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  RuncProcessResult result = { 0 };
  g_autoptr (GError) error = NULL;

  runc_process_start (&spec, &process, &error);
  g_assert_no_error (error);
  runc_process_wait (&process, &result, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_status (void)
{
  g_auto (RuncProcessResult) good = run ("exit 0", 0, -1);
  g_auto (RuncProcessResult) bad = run ("echo first >&2; echo second >&2; echo; exit 7", 0, -1);
  g_auto (RuncProcessResult) killed = run ("echo dying >&2; kill -9 $$", 0, -1);

  g_assert_cmpint (good.status, ==, 0);
  g_assert_cmpstr (good.stderr_text, ==, "");
  g_assert_cmpint (bad.status, ==, 7);
  g_assert_cmpint (bad.signal, ==, 0);
  g_assert_cmpstr (bad.stderr_text, ==, "first\nsecond");
  g_assert_false (bad.timed_out);
  g_assert_cmpint (killed.status, ==, -1);
  g_assert_cmpint (killed.signal, ==, SIGKILL);
  g_assert_cmpstr (killed.stderr_text, ==, "dying");
}

static void
test_timeout (void)
{
  gint64 start = g_get_monotonic_time ();
  g_auto (RuncProcessResult) result = run ("echo waiting >&2; exec sleep 100", 100, -1);

  g_assert_true (result.timed_out);
  g_assert_cmpint (result.signal, ==, SIGKILL);
  g_assert_cmpstr (result.stderr_text, ==, "waiting");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

/* Somebody who is left behind with the pipe open does not hold us up. */
static void
test_grandchild (void)
{
  gint64 start = g_get_monotonic_time ();
  g_auto (RuncProcessResult) result = run ("sleep 30 & echo $! >&2; exit 3", 0, -1);

  g_assert_cmpint (result.status, ==, 3);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
  g_assert_cmpint (kill (atoi (result.stderr_text), SIGKILL), ==, 0);
}

static void
test_much_stderr (void)
{
  g_auto (RuncProcessResult) result
      = run ("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done >&2", 0, -1);

  g_assert_cmpint (result.status, ==, 0);
  g_assert_cmpuint (strlen (result.stderr_text), <=, 4096);
  g_assert_cmpuint (strlen (result.stderr_text), >, 4000);
}

static void
test_stdin_and_fds (void)
{
  g_autoptr (GError) error = NULL;
  autofd int text = runc_memfd_with_text ("the state", &error);
  /* Not even one without close-on-exec gets through. */
  autofd int leaked = fcntl (text, F_DUPFD, 10);
  g_auto (RuncProcessResult) result = run ("cat >&2; ls /proc/self/fd | wc -l >&2", 0, text);
  g_auto (RuncProcessResult) null = run ("cat >&2; readlink /proc/self/fd/0 >&2", 0, -1);

  g_assert_no_error (error);
  g_assert_cmpint (leaked, >=, 10);
  g_assert_cmpstr (result.stderr_text, ==, "the state4");
  g_assert_cmpstr (null.stderr_text, ==, "/dev/null");
}

static void
test_signal_mask (void)
{
  sigset_t all, before;

  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, &before);
  g_auto (RuncProcessResult) result = run ("grep SigBlk /proc/self/status >&2", 0, -1);
  sigprocmask (SIG_SETMASK, &before, NULL);
  g_assert_cmpstr (result.stderr_text, ==, "SigBlk:\t0000000000000000");
}

static void
test_not_there (void)
{
  const char *const argv[] = { "x", NULL };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 2; i++)
    {
      RuncProcessSpec spec = {
        .path = i == 0 ? "/nonexistent/program" : "nonexistent-program",
        .argv = argv,
        .stdin_fd = -1,
      };

      g_assert_false (runc_process_start (&spec, &process, &error));
      g_assert_nonnull (strstr (error->message, spec.path));
      g_assert_nonnull (strstr (error->message, "o such file"));
      g_clear_error (&error);
    }
}

static void
test_cleared (void)
{
  const char *const argv[] = { "sleep", "100", NULL };
  RuncProcessSpec spec = { .path = "sleep", .argv = argv, .stdin_fd = -1 };
  RuncProcess process = RUNC_PROCESS_INIT;
  g_autoptr (GError) error = NULL;
  pid_t pid;

  g_assert_true (runc_process_start (&spec, &process, &error));
  pid = process.pid;
  runc_process_clear (&process);
  g_assert_cmpint (process.pid, ==, 0);
  g_assert_cmpint (process.pidfd, <, 0);
  g_assert_cmpint (kill (pid, 0), ==, -1);
}

/* Run this test program once more, in a file of that mode, and ask it there. */
static void
check_exposed (mode_t mode, RuncIdMap *uids, gboolean wanted)
{
  g_autofree char *dir = g_dir_make_tmp ("test-self-XXXXXX", NULL);
  g_autofree char *copy = g_build_filename (dir, "copy", NULL);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *uid = g_strdup_printf ("%u", uids != NULL ? uids->outside : 0);
  g_autofree char *text = NULL;
  gsize len;
  const char *argv[] = { copy, "--exposed", uids != NULL ? uid : "all", NULL };
  RuncProcessSpec spec = { .path = copy, .argv = argv, .stdin_fd = -1 };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (self, &text, &len, NULL));
  g_assert_true (g_file_set_contents (copy, text, (gssize)len, NULL));
  g_assert_cmpint (chmod (copy, mode), ==, 0);
  runc_process_start (&spec, &process, &error);
  g_assert_no_error (error);
  runc_process_wait (&process, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (result.stderr_text, ==, "");
  g_assert_cmpint (result.status, ==, wanted ? 1 : 0);
  unlink (copy);
  rmdir (dir);
}

static void
test_exposed (void)
{
  RuncIdMap own = { .inside = 0, .outside = getuid (), .size = 1 };
  RuncIdMap other = { .inside = 0, .outside = getuid () + 1000, .size = 10 };

  check_exposed (0755, NULL, TRUE);
  check_exposed (0755, &own, TRUE);
  check_exposed (0755, &other, FALSE);
  check_exposed (0500, &own, TRUE);
  /* by whom the group or everybody else is, nothing is known */
  check_exposed (0775, &other, TRUE);
  check_exposed (0757, &other, TRUE);
}

static int
answer_exposed (const char *uid)
{
  RuncIdMap map = { .inside = 0, .outside = (guint32)atoi (uid), .size = 10 };
  RuncMapPlan maps = { .uids = &map, .n_uids = 1, .gids = &map, .n_gids = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncHost) host = runc_host_probe (NULL, NULL, RUNC_HOST_PROGRAM, &error);

  g_assert_no_error (error);
  return runc_plan_program_is_exposed (host, strcmp (uid, "all") == 0 ? NULL : &maps) ? 1 : 0;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--exposed") == 0)
    return answer_exposed (argv[2]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/process/status", test_status);
  g_test_add_func ("/process/timeout", test_timeout);
  g_test_add_func ("/process/grandchild", test_grandchild);
  g_test_add_func ("/process/much-stderr", test_much_stderr);
  g_test_add_func ("/process/stdin-and-fds", test_stdin_and_fds);
  g_test_add_func ("/process/signal-mask", test_signal_mask);
  g_test_add_func ("/process/not-there", test_not_there);
  g_test_add_func ("/process/cleared", test_cleared);
  g_test_add_func ("/self/exposed", test_exposed);
  return g_test_run ();
}
