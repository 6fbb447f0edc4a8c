/* Signal names, as people and engines give them to `kill`. Pure. */
#include "engine/common.h"

#include "base/error.h"

#include <signal.h>
#include <string.h>

/* Each name once; where two mean the same signal, both are understood. */
static const struct
{
  const char *name;
  int number;
} signals[] = {
  { "ABRT", SIGABRT },     { "ALRM", SIGALRM }, { "BUS", SIGBUS },   { "CHLD", SIGCHLD },
  { "CLD", SIGCHLD },      { "CONT", SIGCONT }, { "FPE", SIGFPE },   { "HUP", SIGHUP },
  { "ILL", SIGILL },       { "INT", SIGINT },   { "IO", SIGIO },     { "IOT", SIGABRT },
  { "KILL", SIGKILL },     { "PIPE", SIGPIPE }, { "POLL", SIGIO },   { "PROF", SIGPROF },
  { "PWR", SIGPWR },       { "QUIT", SIGQUIT }, { "SEGV", SIGSEGV },
#ifdef SIGSTKFLT
  { "STKFLT", SIGSTKFLT },
#endif
  { "STOP", SIGSTOP },     { "SYS", SIGSYS },   { "TERM", SIGTERM }, { "TRAP", SIGTRAP },
  { "TSTP", SIGTSTP },     { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "UNUSED", SIGSYS },
  { "URG", SIGURG },       { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM },
  { "WINCH", SIGWINCH },   { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
};

/* A decimal number of at most two digits; -1 for anything else. */
static int
parse_number (const char *text)
{
  int number = 0;

  if (*text == '\0' || strlen (text) > 2)
    return -1;
  for (; *text != '\0'; text++)
    {
      if (!g_ascii_isdigit (*text))
        return -1;
      number = number * 10 + (*text - '0');
    }
  return number;
}

/* "RTMIN", "RTMIN+3", "RTMAX", "RTMAX-3" */
static int
parse_realtime (const char *name)
{
  gboolean from_min = g_ascii_strncasecmp (name, "RTMIN", 5) == 0;
  int base = from_min ? SIGRTMIN : SIGRTMAX;
  int offset, number;

  if (!from_min && g_ascii_strncasecmp (name, "RTMAX", 5) != 0)
    return -1;
  if (name[5] == '\0')
    return base;
  if (name[5] != (from_min ? '+' : '-'))
    return -1;
  offset = parse_number (name + 6);
  if (offset < 0)
    return -1;
  number = from_min ? base + offset : base - offset;
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : -1;
}

gboolean
runc_engine_parse_signal (const char *text, int *ret_signal, GError **error)
{
  const char *name = g_ascii_strncasecmp (text, "SIG", 3) == 0 ? text + 3 : text;
  int number = parse_number (text);

  if (number < 0)
    number = parse_realtime (name);
  for (gsize i = 0; number < 0 && i < G_N_ELEMENTS (signals); i++)
    if (g_ascii_strcasecmp (name, signals[i].name) == 0)
      number = signals[i].number;
  if (number < 0 || number > SIGRTMAX)
    return runc_throw (error, RUNC_ERROR_USAGE, "unknown signal \"%s\"", text);
  *ret_signal = number;
  return TRUE;
}
