/* The log: one write() for each line, so that lines of several processes in one file stay whole.
 * Runs in the parent. */
#include "base/log.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Bytes of an error or a warning. It may quote a string of config.json, which has no largest size.
 */
#define MAX_MESSAGE 4096

static struct
{
  int fd; /* open until the process ends */
  RuncLogFormat format;
  gboolean debug;
} logger = { STDERR_FILENO, RUNC_LOG_FORMAT_TEXT, FALSE };

static const char *const level_names[] = {
  [RUNC_LOG_ERROR] = "error",
  [RUNC_LOG_WARNING] = "warning",
  [RUNC_LOG_INFO] = "info",
  [RUNC_LOG_DEBUG] = "debug",
};

gboolean
runc_log_init (const char *path, RuncLogFormat format, gboolean debug, GError **error)
{
  int fd = STDERR_FILENO;

  if (path != NULL && path[0] != '\0')
    {
      fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0644);
      if (fd < 0)
        return runc_throw_errno (error, "cannot open log file '%s'", path);
    }
  logger.fd = fd;
  logger.format = format;
  logger.debug = debug;
  return TRUE;
}

gboolean
runc_log_debug_enabled (void)
{
  return logger.debug;
}

/* Append @text as the inside of a quoted string. The escapes are those that JSON and Go have in
 * common, but for control characters, where json knows only \u00XX and logrus writes \xXX. */
static void
append_quoted (GString *line, const char *text, RuncLogFormat format)
{
  /* a message can quote anything, from file names to the stderr of a hook */
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *c = valid; *c != '\0'; c++)
    {
      if (*c == '"' || *c == '\\')
        g_string_append_printf (line, "\\%c", *c);
      else if (*c == '\n')
        g_string_append (line, "\\n");
      else if (*c == '\r')
        g_string_append (line, "\\r");
      else if (*c == '\t')
        g_string_append (line, "\\t");
      else if ((unsigned char)*c < 0x20 || *c == 0x7f)
        g_string_append_printf (line, format == RUNC_LOG_FORMAT_JSON ? "\\u%04x" : "\\x%02x",
                                (unsigned int)*c);
      else
        g_string_append_c (line, *c);
    }
}

/* There is nobody to tell that the log cannot be written. */
static void
write_line (int fd, const GString *line)
{
  gsize done = 0;

  while (done < line->len)
    {
      ssize_t n = TEMP_FAILURE_RETRY (write (fd, line->str + done, line->len - done));
      if (n <= 0)
        return;
      done += (gsize)n;
    }
}

static void
log_message (RuncLogLevel level, const char *message)
{
  g_autoptr (GString) line = g_string_sized_new (256);
  struct tm tm;
  time_t now = time (NULL);
  char stamp[sizeof "2026-01-02T03:04:05Z"];

  gmtime_r (&now, &tm);
  if (strftime (stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
    stamp[0] = '\0';
  if (logger.format == RUNC_LOG_FORMAT_JSON)
    {
      g_string_append_printf (line, "{\"level\":\"%s\",\"msg\":\"", level_names[level]);
      append_quoted (line, message, logger.format);
      g_string_append_printf (line, "\",\"time\":\"%s\"}\n", stamp);
    }
  else
    {
      g_string_append_printf (line, "time=\"%s\" level=%s msg=\"", stamp, level_names[level]);
      append_quoted (line, message, logger.format);
      g_string_append (line, "\"\n");
    }
  write_line (logger.fd, line);
}

/* @message without its middle, if it is too long for people: its end says what is wrong. New
 * string. */
static char *
shorten (const char *message)
{
  gsize len = strlen (message);

  if (len <= MAX_MESSAGE)
    return g_strdup (message);
  return g_strdup_printf ("%.*s[...]%s", MAX_MESSAGE / 2, message, message + len - MAX_MESSAGE / 2);
}

void
runc_log (RuncLogLevel level, const char *format, ...)
{
  if (level >= RUNC_LOG_INFO && !logger.debug)
    return;

  int saved = errno;
  va_list ap;
  va_start (ap, format);
  g_autofree char *message = g_strdup_vprintf (format, ap);
  va_end (ap);
  g_autofree char *shown = level >= RUNC_LOG_INFO ? g_steal_pointer (&message) : shorten (message);
  log_message (level, shown);
  errno = saved;
}

void
runc_log_fatal (const char *message)
{
  g_autofree char *shown = shorten (message);

  log_message (RUNC_LOG_ERROR, shown);
  if (logger.fd != STDERR_FILENO)
    {
      g_autoptr (GString) line = g_string_new (shown);
      g_string_append_c (line, '\n');
      write_line (STDERR_FILENO, line);
    }
}
