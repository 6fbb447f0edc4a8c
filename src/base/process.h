/* Other programs: start them, wait for them, keep what they say. Parent side. */
#pragma once

#include <glib.h>
#include <spawn.h>
#include <sys/types.h>

/* As stdout_fd: to where stderr is captured. */
#define RUNC_PROCESS_CAPTURED (-1)

/* What to run. Strings are borrowed. */
typedef struct
{
  const char *path;        /* absolute, or searched in $PATH when it has no slash */
  const char *const *argv; /* NULL-terminated, at least argv[0] */
  const char *const *envp; /* NULL-terminated; NULL: our own environment */
  int stdin_fd;            /* becomes fd 0; -1: /dev/null */
  int stdout_fd;           /* becomes fd 1; 0: ours; RUNC_PROCESS_CAPTURED */
  int stderr_fd;           /* becomes fd 2; 0: it is captured */
  gint64 timeout_ms;       /* 0: none */
} RuncProcessSpec;

/* A started program. Embedded; clear kills and reaps one that has not been waited for. */
typedef struct
{
  pid_t pid; /* 0: none */
  int pidfd;
  int stderr_fd;      /* read end of its stderr */
  gint64 deadline_us; /* g_get_monotonic_time(), 0: none */
} RuncProcess;

#define RUNC_PROCESS_INIT                                                                          \
  {                                                                                                \
    .pidfd = -EBADF, .stderr_fd = -EBADF                                                           \
  }

void runc_process_clear (RuncProcess *process);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncProcess, runc_process_clear)

/* For posix_spawn(): no signal is blocked and none ignored, whatever our caller did to us
 * (systemd's services ignore SIGPIPE). To be freed with posix_spawnattr_destroy(). */
void runc_process_init_attributes (posix_spawnattr_t *attr);

/* Start it, with such attributes, and no other fd of ours than those named. */
gboolean runc_process_start (const RuncProcessSpec *spec, RuncProcess *ret_process, GError **error);

typedef struct
{
  gboolean timed_out; /* it was killed for it */
  int status;         /* exit status, or -1 when a signal ended it */
  int signal;         /* that signal, or 0 */
  char *stderr_text;  /* without trailing newline; at most 4 KiB; owned */
} RuncProcessResult;

void runc_process_result_clear (RuncProcessResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncProcessResult, runc_process_result_clear)

/* Wait for its end or its timeout. Fails only when waiting itself fails. */
gboolean runc_process_wait (RuncProcess *process, RuncProcessResult *ret_result, GError **error);

/* A memfd with @text in it, positioned at its start; for stdin_fd. Returns an fd or -1 with an
 * error. */
int runc_memfd_with_text (const char *text, GError **error);

/* Where the runtime's executable is (new string), or NULL; @path: say so instead of /proc/self/exe,
 * when we run from a copy of it. */
char *runc_process_get_self (void);
void runc_process_set_self (const char *path);

/* The path of a helper program of ours (new string): $@variable, where it is installed, beside an
 * uninstalled runc, in $PATH; NULL when it is nowhere. */
char *runc_process_find_helper (const char *name, const char *variable);
