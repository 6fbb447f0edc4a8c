/* The verified /proc, decimal numbers, /proc/PID/stat. */
#include "base/fd.h"
#include "sys/decimal.h"
#include "sys/pid.h"
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

static void
test_decimal (void)
{
  static const gint64 values[] = {
    0, 1, -1, 9, 10, -10, 1000, G_MAXINT32, G_MININT32, G_MAXINT64, G_MININT64, G_MININT64 + 1,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      char buffer[RUNC_DECIMAL_SIZE + 1];
      g_autofree char *wanted = g_strdup_printf ("%" G_GINT64_FORMAT, values[i]);

      memset (buffer, '#', sizeof buffer);
      g_assert_cmpuint (runc_decimal (buffer, values[i]), ==, strlen (wanted));
      g_assert_cmpstr (buffer, ==, wanted);
      g_assert_cmpint (buffer[RUNC_DECIMAL_SIZE], ==, '#');
    }
}

static void
test_open (void)
{
  autofd int proc = runc_sys_proc_open ();
  struct stat st;

  g_assert_cmpint (proc, >=, 0);
  g_assert_cmpint (fcntl (proc, F_GETFD), ==, FD_CLOEXEC);
  g_assert_cmpint (fcntl (proc, F_GETFL) & O_PATH, !=, 0);
  g_assert_cmpint (fstat (proc, &st), ==, 0);
  g_assert_cmpuint (st.st_ino, ==, 1);
}

static void
test_files (void)
{
  autofd int proc = runc_sys_proc_open ();
  autofd int self = runc_sys_proc_open_file (proc, "self/.", O_PATH | O_DIRECTORY);
  autofd int status = runc_sys_proc_open_file (self, "status", O_RDONLY);
  struct stat a, b;

  g_assert_cmpint (status, >=, 0);
  g_assert_cmpint (fstat (self, &a), ==, 0);
  g_assert_cmpint (stat ("/proc/self", &b), ==, 0);
  g_assert_cmpuint (a.st_ino, ==, b.st_ino);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "self/nothing", O_RDONLY), ==, -ENOENT);
  /* no magic links, no leaving */
  g_assert_cmpint (runc_sys_proc_open_file (proc, "self/exe", O_RDONLY), ==, -ELOOP);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "self/root/etc/passwd", O_RDONLY), ==, -ELOOP);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "self/cwd/.", O_PATH), ==, -ELOOP);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "self/fd/0", O_RDONLY), ==, -ELOOP);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "../etc/passwd", O_RDONLY), ==, -EXDEV);
  g_assert_cmpint (runc_sys_proc_open_file (proc, "/etc/passwd", O_RDONLY), ==, -EXDEV);
  g_assert_cmpint (runc_sys_proc_open_file (self, "../1/status", O_RDONLY), ==, -EXDEV);
}

static void
test_write (void)
{
  autofd int proc = runc_sys_proc_open ();
  gsize len;
  g_autofree char *text = NULL;

  g_assert_cmpint (runc_sys_proc_write (proc, "self/comm", "renamed", 7), ==, 0);
  g_assert_true (g_file_get_contents ("/proc/self/comm", &text, &len, NULL));
  g_assert_cmpstr (text, ==, "renamed\n");
  g_assert_cmpint (runc_sys_proc_write (proc, "self/status", "x", 1), <, 0);
  g_assert_cmpint (runc_sys_proc_write (proc, "self/oom_score_adj", "x", 1), ==, -EINVAL);
  g_assert_cmpint (runc_sys_proc_write (proc, "self/missing", "x", 1), ==, -ENOENT);
}

static void
test_reopen (void)
{
  autofd int proc = runc_sys_proc_open ();
  g_autofree char *name = NULL;
  autofd int file = g_file_open_tmp (NULL, &name, NULL);
  autofd int path = open (name, O_PATH | O_CLOEXEC);
  autofd int again = runc_sys_proc_reopen_fd (proc, path, O_WRONLY);

  g_assert_cmpint (again, >=, 0);
  g_assert_cmpint (fcntl (again, F_GETFD), ==, FD_CLOEXEC);
  g_assert_cmpint (write (again, "x", 1), ==, 1);
  g_assert_cmpint (unlink (name), ==, 0);
  g_assert_cmpint (runc_sys_proc_reopen_fd (proc, 9999, O_RDONLY), ==, -ENOENT);
}

static void
test_exe (void)
{
  autofd int proc = runc_sys_proc_open ();
  autofd int exe = runc_sys_proc_open_self_exe (proc);
  autofd int ns = runc_sys_proc_open_file (proc, "self/ns", O_PATH | O_DIRECTORY);
  struct stat a, b;

  g_assert_cmpint (fstat (exe, &a), ==, 0);
  g_assert_cmpint (stat ("/proc/self/exe", &b), ==, 0);
  g_assert_cmpuint (a.st_ino, ==, b.st_ino);
  g_assert_cmpint (runc_sys_proc_foreign_namespace (ns, ns, "net"), ==, 0);
  g_assert_cmpint (runc_sys_proc_foreign_namespace (ns, ns, "nonsense"), ==, 0);
}

static void
test_stat (void)
{
  static const char *const good[] = {
    "1 (a) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n",
    "1 (a) b) S 1) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n",
    "1 (\n) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n",
  };
  static const char *const bad[] = {
    "",
    "1",
    "1 (a",
    "1 (a)",
    "1 (a) S",
    "1 (a) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242",
    "1 (a) S 7 1 1 0 -1 x 1 2 3 4 5 6 7 8 20 0 1 0 4242 9",
    "1 (a) S 7 1 1 0 -1 99999999999999999999999 1 2 3 4 5 6 7 8 20 0 1 0 4242 9",
  };
  RuncProcessStat stat;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_cmpint (runc_sys_parse_stat (good[i], strlen (good[i]), &stat), ==, 0);
      g_assert_cmpint (stat.state, ==, 'S');
      g_assert_cmpint (stat.ppid, ==, 7);
      g_assert_cmpuint (stat.start_time, ==, 4242);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (runc_sys_parse_stat (bad[i], strlen (bad[i]), &stat), ==, -EINVAL);
  g_assert_cmpint (runc_sys_process_stat (getpid (), &stat), ==, 0);
  g_assert_cmpint (stat.ppid, ==, getppid ());
  g_assert_cmpint (runc_sys_process_stat (0, &stat), ==, -ESRCH);
  g_assert_cmpint (runc_sys_process_stat (-1, &stat), ==, -ESRCH);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sys/decimal", test_decimal);
  g_test_add_func ("/sys/procfs/open", test_open);
  g_test_add_func ("/sys/procfs/files", test_files);
  g_test_add_func ("/sys/procfs/write", test_write);
  g_test_add_func ("/sys/procfs/reopen", test_reopen);
  g_test_add_func ("/sys/procfs/exe", test_exe);
  g_test_add_func ("/sys/pid/stat", test_stat);
  return g_test_run ();
}
