/* The log: stderr, or --log FILE, as text or json, in the forms engines parse.
 *
 * text: time="2026-01-02T03:04:05Z" level=error msg="runc run failed: ..."
 * json: {"level":"error","msg":"...","time":"..."}
 *
 * Levels: errors always; warnings always; info and debug only with --debug. With a log file, debug,
 * info and warnings go to the file only; the final error of a command goes to the file and, plain
 * (just the message), to stderr.
 */
#pragma once

#include <glib.h>

typedef enum
{
  RUNC_LOG_ERROR,
  RUNC_LOG_WARNING,
  RUNC_LOG_INFO,
  RUNC_LOG_DEBUG,
} RuncLogLevel;

typedef enum
{
  RUNC_LOG_FORMAT_TEXT,
  RUNC_LOG_FORMAT_JSON,
} RuncLogFormat;

/* Configure the log once, before the first message.
 *
 * @path: the log file, appended to and created 0644 (O_CLOEXEC); NULL or "" for stderr
 * @format: the form of each line
 * @debug: whether info and debug are written */
gboolean runc_log_init (const char *path, RuncLogFormat format, gboolean debug, GError **error);

gboolean runc_log_debug_enabled (void);

/* One line; newlines in the message are escaped. Cheap when the level is off. */
void runc_log (RuncLogLevel level, const char *format, ...) G_GNUC_PRINTF (2, 3);

#define runc_debug(...)                                                                            \
  do                                                                                               \
    {                                                                                              \
      if (runc_log_debug_enabled ())                                                               \
        runc_log (RUNC_LOG_DEBUG, __VA_ARGS__);                                                    \
    }                                                                                              \
  while (0)
#define runc_info(...)    runc_log (RUNC_LOG_INFO, __VA_ARGS__)
#define runc_warning(...) runc_log (RUNC_LOG_WARNING, __VA_ARGS__)

/* The final error of a command: as the class comment says. */
void runc_log_fatal (const char *message);
