/* The names and numbers of signals that `kill` takes. */
#include "base/error.h"
#include "engine/common.h"

#include <signal.h>
#include <string.h>

static void
test_table (void)
{
  static const struct
  {
    const char *text;
    int number;
  } rows[] = {
    { "KILL", SIGKILL },
    { "SIGKILL", SIGKILL },
    { "sigkill", SIGKILL },
    { "kill", SIGKILL },
    { "SigTerm", SIGTERM },
    { "9", 9 },
    { "09", 9 },
    { "0", 0 },
    { "HUP", SIGHUP },
    { "INT", SIGINT },
    { "USR1", SIGUSR1 },
    { "SIGUSR2", SIGUSR2 },
    { "CHLD", SIGCHLD },
    { "CLD", SIGCHLD },
    { "IOT", SIGABRT },
    { "ABRT", SIGABRT },
    { "POLL", SIGIO },
    { "IO", SIGIO },
    { "UNUSED", SIGSYS },
    { "WINCH", SIGWINCH },
    { "STKFLT", SIGSTKFLT },
    { "PWR", SIGPWR },
    { "CONT", SIGCONT },
    { "STOP", SIGSTOP },
    { "VTALRM", SIGVTALRM },
    { "XFSZ", SIGXFSZ },
    { "1", 1 },
    { "31", 31 },
    { "64", 64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      int number = -1;

      g_test_message ("%s", rows[i].text);
      g_assert_true (runc_engine_parse_signal (rows[i].text, &number, &error));
      g_assert_cmpint (number, ==, rows[i].number);
    }
}

/* Whatever the C library has a name for is known here, and by that name. */
static void
test_complete (void)
{
  for (int i = 1; i < 32; i++)
    {
      const char *name = sigabbrev_np (i);
      int number = -1;

      g_assert_nonnull (name);
      g_assert_true (runc_engine_parse_signal (name, &number, NULL));
      g_assert_cmpint (number, ==, i);
    }
}

static void
test_realtime (void)
{
  const struct
  {
    const char *text;
    int number;
  } rows[] = {
    { "RTMIN", SIGRTMIN },          { "SIGRTMIN", SIGRTMIN },
    { "rtmin+3", SIGRTMIN + 3 },    { "SIGRTMIN+15", SIGRTMIN + 15 },
    { "RTMIN+0", SIGRTMIN },        { "RTMAX", SIGRTMAX },
    { "SIGRTMAX-2", SIGRTMAX - 2 }, { "RTMIN+30", SIGRTMAX },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int number = -1;

      g_test_message ("%s", rows[i].text);
      g_assert_true (runc_engine_parse_signal (rows[i].text, &number, NULL));
      g_assert_cmpint (number, ==, rows[i].number);
    }
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "",       "SIG",      "FOO",      "SIGFOO",   "-1",        "+9",     "65",      "100",
    "9x",     " 9",       "9 ",       "KILL ",    "0x9",       "RTMIN+", "RTMIN-1", "RTMAX+1",
    "RTMIN3", "RTMIN+31", "RTMAX-31", "RTMIN+-1", "SIGSIGHUP", "SIG9",   "KILLED",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      int number = -1;

      g_test_message ("'%s'", texts[i]);
      g_assert_false (runc_engine_parse_signal (texts[i], &number, &error));
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, "unknown signal"));
      g_assert_cmpint (number, ==, -1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signals/table", test_table);
  g_test_add_func ("/signals/complete", test_complete);
  g_test_add_func ("/signals/realtime", test_realtime);
  g_test_add_func ("/signals/refused", test_refused);
  return g_test_run ();
}
