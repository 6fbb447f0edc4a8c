/* Running other programs: newuidmap, hooks, helpers. Runs in the parent.
 *
 * posix_spawn() is a vfork() in glibc: nothing of our memory is copied. Waiting is a poll on the
 * pidfd and on the pipe; a program that leaves somebody behind with the pipe open does not hold us
 * up.
 */
#include "base/process.h"
#include "base/error.h"
#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  MAX_STDERR = 4096,
};

static int
wait_pid (pid_t pid)
{
  int status = 0;

  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  return status;
}

void
runc_process_clear (RuncProcess *process)
{
  if (process->pid > 0)
    {
      kill (process->pid, SIGKILL);
      wait_pid (process->pid);
      process->pid = 0;
    }
  process->pidfd = runc_close_fd (process->pidfd);
  process->stderr_fd = runc_close_fd (process->stderr_fd);
}

void
runc_process_result_clear (RuncProcessResult *result)
{
  g_clear_pointer (&result->stderr_text, g_free);
}

void
runc_process_init_attributes (posix_spawnattr_t *attr)
{
  sigset_t none, all;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_init (attr);
  posix_spawnattr_setflags (attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (attr, &none);
  posix_spawnattr_setsigdefault (attr, &all);
}

/* posix_spawn() with the fds arranged. Returns 0 or an errno. */
static int
spawn (const RuncProcessSpec *spec, int stderr_fd, pid_t *ret_pid)
{
  extern char **environ;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  int r;
  char *const *envp = spec->envp != NULL ? (char *const *)spec->envp : environ;
  char *const *argv = (char *const *)spec->argv;

  runc_process_init_attributes (&attr);
  posix_spawn_file_actions_init (&actions);
  if (spec->stdin_fd >= 0)
    posix_spawn_file_actions_adddup2 (&actions, spec->stdin_fd, 0);
  else
    posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  if (spec->stdout_fd > 0)
    posix_spawn_file_actions_adddup2 (&actions, spec->stdout_fd, 1);
  else if (spec->stdout_fd == RUNC_PROCESS_CAPTURED)
    posix_spawn_file_actions_adddup2 (&actions, stderr_fd, 1);
  posix_spawn_file_actions_adddup2 (&actions, spec->stderr_fd > 0 ? spec->stderr_fd : stderr_fd, 2);
  posix_spawn_file_actions_addclosefrom_np (&actions, 3);
  r = strchr (spec->path, '/') != NULL
          ? posix_spawn (ret_pid, spec->path, &actions, &attr, argv, envp)
          : posix_spawnp (ret_pid, spec->path, &actions, &attr, argv, envp);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attr);
  return r;
}

gboolean
runc_process_start (const RuncProcessSpec *spec, RuncProcess *ret_process, GError **error)
{
  autofd int read_end = -EBADF, write_end = -EBADF;
  int ends[2], r;
  pid_t pid;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  read_end = ends[0];
  write_end = ends[1];
  r = spawn (spec, write_end, &pid);
  if (r != 0)
    return runc_throw_neg (error, -r, "cannot start '%s'", spec->path);
  ret_process->pid = pid;
  /* lint-ok: base/ is below sys/, and glibc has no pidfd_open() before 2.36 */
  ret_process->pidfd = (int)syscall (SYS_pidfd_open, pid, 0);
  ret_process->stderr_fd = runc_steal_fd (&read_end);
  ret_process->deadline_us
      = spec->timeout_ms > 0 ? g_get_monotonic_time () + spec->timeout_ms * 1000 : 0;
  if (ret_process->pidfd < 0)
    {
      runc_throw_errno (error, "cannot open a pidfd of '%s'", spec->path);
      runc_process_clear (ret_process);
      return FALSE;
    }
  return TRUE;
}

/* Append what the pipe has, as far as it is wanted. FALSE at its end. */
static gboolean
collect (int fd, GString *text)
{
  char buffer[1024];
  ssize_t n = read (fd, buffer, sizeof buffer);

  if (n > 0 && text->len < MAX_STDERR)
    g_string_append_len (text, buffer, MIN (n, (gssize)(MAX_STDERR - text->len)));
  return n > 0;
}

/* Poll timeout in ms until @deadline_us; -1: none. Rounded up, so that 0 means that it has passed.
 */
static int
time_left (gint64 deadline_us)
{
  if (deadline_us == 0)
    return -1;
  gint64 left = deadline_us - g_get_monotonic_time ();

  return left <= 0 ? 0 : (int)MIN ((left + 999) / 1000, G_MAXINT);
}

gboolean
runc_process_wait (RuncProcess *process, RuncProcessResult *ret_result, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  struct pollfd fds[2] = {
    { .fd = process->pidfd, .events = POLLIN },
    { .fd = process->stderr_fd, .events = POLLIN },
  };
  gboolean timed_out = FALSE;
  int status;

  while (fds[0].revents == 0)
    {
      int r = poll (fds, 2, timed_out ? -1 : time_left (process->deadline_us));

      if (r < 0 && errno != EINTR)
        return runc_throw_errno (error, "cannot wait for a process");
      if (r == 0 && time_left (process->deadline_us) == 0)
        {
          timed_out = TRUE;
          kill (process->pid, SIGKILL);
        }
      if (r > 0 && fds[1].revents != 0 && !collect (process->stderr_fd, text))
        fds[1].fd = -1;
    }
  for (struct pollfd last = { .fd = process->stderr_fd, .events = POLLIN };
       poll (&last, 1, 0) > 0 && (last.revents & POLLIN) && collect (process->stderr_fd, text);)
    ;
  status = wait_pid (process->pid);
  process->pid = 0;
  runc_process_clear (process);

  g_strchomp (text->str);
  *ret_result = (RuncProcessResult){
    .timed_out = timed_out,
    .status = WIFEXITED (status) ? WEXITSTATUS (status) : -1,
    .signal = WIFSIGNALED (status) ? WTERMSIG (status) : 0,
    .stderr_text = g_string_free (g_steal_pointer (&text), FALSE),
  };
  return TRUE;
}

int
runc_memfd_with_text (const char *text, GError **error)
{
  autofd int fd = memfd_create ("state", MFD_CLOEXEC);
  size_t len = strlen (text);

  if (fd < 0 || write (fd, text, len) != (ssize_t)len || lseek (fd, 0, SEEK_SET) < 0)
    {
      runc_throw_errno (error, "cannot make a memory file");
      return -1;
    }
  return runc_steal_fd (&fd);
}

static char *self_path;

char *
runc_process_get_self (void)
{
  return self_path != NULL ? g_strdup (self_path) : g_file_read_link ("/proc/self/exe", NULL);
}

void
runc_process_set_self (const char *path)
{
  g_free (self_path);
  self_path = g_strdup (path);
}

char *
runc_process_find_helper (const char *name, const char *variable)
{
  const char *chosen = g_getenv (variable);
  g_autofree char *installed = g_build_filename (RUNC_LIBEXECDIR, name, NULL);
  g_autofree char *self = NULL, *dir = NULL, *beside = NULL;

  if (chosen != NULL && chosen[0] != '\0')
    return g_strdup (chosen);
  if (access (installed, X_OK) == 0)
    return g_steal_pointer (&installed);
  self = runc_process_get_self ();
  dir = self != NULL ? g_path_get_dirname (self) : NULL;
  beside = dir != NULL ? g_build_filename (dir, "helpers", name, NULL) : NULL;
  if (beside != NULL && access (beside, X_OK) == 0)
    return g_steal_pointer (&beside);
  return g_find_program_in_path (name);
}
