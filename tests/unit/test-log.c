/* What the log looks like and where it goes (src/base/log.c). */
#include "base/log.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-c/json.h>
#include <unistd.h>

/* Run @body with stderr in a file and --log @with_log; what came out of both. */
static void
capture (void (*body) (void), gboolean with_log, RuncLogFormat format, gboolean debug,
         char *ret_output[2])
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("runc-test-log-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *log_path = g_build_filename (dir, "log", NULL);
  g_autofree char *stderr_path = g_build_filename (dir, "stderr", NULL);

  int saved = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  int fd = open (stderr_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (dup2 (fd, STDERR_FILENO), ==, STDERR_FILENO);
  gboolean ok = runc_log_init (with_log ? log_path : "", format, debug, &error);
  if (ok)
    body ();
  g_assert_cmpint (dup2 (saved, STDERR_FILENO), ==, STDERR_FILENO);
  close (saved);
  close (fd);
  g_assert_no_error (error);

  ret_output[0] = NULL;
  if (with_log)
    {
      g_assert_true (g_file_get_contents (log_path, &ret_output[0], NULL, &error));
      g_unlink (log_path);
    }
  g_assert_true (g_file_get_contents (stderr_path, &ret_output[1], NULL, &error));
  g_unlink (stderr_path);
  g_rmdir (dir);
}

/* Replace the digits of the time by a word, after a look at its form. */
static char *
without_time (const char *text)
{
  g_autoptr (GRegex) regex
      = g_regex_new ("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\"", 0, 0, NULL);
  return g_regex_replace_literal (regex, text, -1, 0, "NOW", 0, NULL);
}

static void
all_levels (void)
{
  runc_debug ("d %d", 1);
  runc_info ("i");
  runc_warning ("w");
  runc_log_fatal ("run failed: \"x\"");
}

static void
test_stderr (void)
{
  char *output[2];

  capture (all_levels, FALSE, RUNC_LOG_FORMAT_TEXT, FALSE, output);
  g_autofree char *text = without_time (output[1]);
  g_assert_cmpstr (text, ==,
                   "time=NOW level=warning msg=\"w\"\n"
                   "time=NOW level=error msg=\"run failed: \\\"x\\\"\"\n");
  g_free (output[1]);
}

static void
test_debug (void)
{
  char *output[2];

  capture (all_levels, FALSE, RUNC_LOG_FORMAT_TEXT, TRUE, output);
  g_autofree char *text = without_time (output[1]);
  g_assert_true (g_str_has_prefix (text, "time=NOW level=debug msg=\"d 1\"\n"
                                         "time=NOW level=info msg=\"i\"\n"));
  g_free (output[1]);
}

/* With a log file, stderr has the final error and nothing else, plain. */
static void
test_file (void)
{
  char *output[2];

  capture (all_levels, TRUE, RUNC_LOG_FORMAT_JSON, TRUE, output);
  g_autofree char *text = without_time (output[0]);
  g_assert_cmpstr (text, ==,
                   "{\"level\":\"debug\",\"msg\":\"d 1\",\"time\":NOW}\n"
                   "{\"level\":\"info\",\"msg\":\"i\",\"time\":NOW}\n"
                   "{\"level\":\"warning\",\"msg\":\"w\",\"time\":NOW}\n"
                   "{\"level\":\"error\",\"msg\":\"run failed: \\\"x\\\"\",\"time\":NOW}\n");
  g_assert_cmpstr (output[1], ==, "run failed: \"x\"\n");
  g_free (output[0]);
  g_free (output[1]);
}

#define ODD "a\nb\tc\rd\\e\"f\x01g\x7fh\xffi\xc3\xa4"

static void
odd_bytes (void)
{
  runc_warning ("%s", ODD);
}

/* Whatever is in a message, it stays one line, and json stays json. */
static void
test_escapes (void)
{
  char *output[2];

  capture (odd_bytes, FALSE, RUNC_LOG_FORMAT_TEXT, FALSE, output);
  g_autofree char *text = without_time (output[1]);
  g_assert_cmpstr (text, ==,
                   "time=NOW level=warning "
                   "msg=\"a\\nb\\tc\\rd\\\\e\\\"f\\x01g\\x7fh\xef\xbf\xbdi\xc3\xa4\"\n");
  g_free (output[1]);

  capture (odd_bytes, FALSE, RUNC_LOG_FORMAT_JSON, FALSE, output);
  struct json_object *json = json_tokener_parse (output[1]);
  g_assert_nonnull (json);
  g_assert_cmpstr (json_object_get_string (json_object_object_get (json, "msg")), ==,
                   "a\nb\tc\rd\\e\"f\x01g\x7fh\xef\xbf\xbdi\xc3\xa4");
  json_object_put (json);
  g_free (output[1]);
}

static void
test_bad_file (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (runc_log_init ("/nowhere/log", RUNC_LOG_FORMAT_TEXT, FALSE, &error));
  g_assert_cmpstr (error->message, ==,
                   "cannot open log file '/nowhere/log': no such file or directory");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log/stderr", test_stderr);
  g_test_add_func ("/log/debug", test_debug);
  g_test_add_func ("/log/file", test_file);
  g_test_add_func ("/log/escapes", test_escapes);
  g_test_add_func ("/log/bad-file", test_bad_file);
  return g_test_run ();
}
