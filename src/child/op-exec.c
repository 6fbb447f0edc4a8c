/* Ops between a finished container and its program: directory, environment, look-up, gate,
 * execve(). Runs in the child, after the pivot, mostly as the final user.
 *
 * A seccomp filter may be loaded already: only system calls that every filter for programs of the
 * last decade allows are used here (no openat2, no close_range without another way).
 */
#include "base/fd.h"
#include "child/context.h"
#include "sys/decimal.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

int
runc_child_op_chdir (RuncChild *child, const RuncOp *op)
{
  char cwd[PATH_MAX];

  if (child->cwd_entered)
    return 0;
  if (chdir (op->u.text) < 0)
    return -errno;
  /* A directory that is reached through a leaked fd lies outside of the root, and the kernel then
   * prefixes the path with "(unreachable)" (CVE-2024-21626). */
  if (getcwd (cwd, sizeof cwd) == NULL)
    return runc_child_fail (child, RUNC_FAIL_VERIFY, -errno);
  if (cwd[0] != '/')
    return runc_child_fail (child, RUNC_FAIL_VERIFY, -ENOENT);
  child->cwd_entered = true;
  return 0;
}

/* The n-th (from 0) field of a line of passwd, by its length. Returns NULL if there is none. */
static const char *
passwd_field (const char *line, const char *end, int n, size_t *ret_len)
{
  const char *at = line;

  for (; n > 0; n--)
    {
      at = memchr (at, ':', (size_t)(end - at));
      if (at == NULL)
        return NULL;
      at++;
    }
  const char *colon = memchr (at, ':', (size_t)(end - at));

  *ret_len = (size_t)((colon != NULL ? colon : end) - at);
  return at;
}

/* If @line is the entry of @uid (decimal text), copy its home directory behind @value. */
static bool
home_from_line (const char *line, const char *end, const char *uid, char *value)
{
  size_t uid_len, home_len;
  const char *uid_field = passwd_field (line, end, 2, &uid_len);
  const char *home = passwd_field (line, end, 5, &home_len);

  if (uid_field == NULL || home == NULL || uid_len != strlen (uid)
      || memcmp (uid_field, uid, uid_len) != 0 || home_len == 0 || home_len >= PATH_MAX)
    return false;
  memcpy (value, home, home_len);
  value[home_len] = '\0';
  return true;
}

/* Read the whole file in pieces and look at each line that fits one. */
static bool
home_from_passwd (int fd, const char *uid, char *value)
{
  char buffer[8192];
  size_t used = 0;
  ssize_t n;

  while ((n = read (fd, buffer + used, sizeof buffer - used)) > 0)
    {
      char *line = buffer, *end = buffer + used + (size_t)n, *newline;

      while ((newline = memchr (line, '\n', (size_t)(end - line))) != NULL)
        {
          if (home_from_line (line, newline, uid, value))
            return true;
          line = newline + 1;
        }
      used = (size_t)(end - line);
      if (used == sizeof buffer)
        used = 0; /* a line longer than the buffer is nobody's entry */
      memmove (buffer, line, used);
    }
  return used > 0 && home_from_line (buffer, buffer + used, uid, value);
}

int
runc_child_op_home (RuncChild *child, const RuncOp *op)
{
  char *entry = child->plan->envp[child->plan->env_home];
  char *value = entry + strlen ("HOME=");
  char uid[RUNC_DECIMAL_SIZE];
  struct stat st;
  autofd int fd = openat (AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  runc_decimal (uid, op->u.number);
  /* No file, no entry or no right to read it: "/" is what everybody else uses then. */
  if (fd < 0 || fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || !home_from_passwd (fd, uid, value))
    strcpy (value, "/");
  return 0;
}

/* 0 when @path can be executed by us, else -errno. The real and the effective ids are the same
 * here, but access() does not count the capabilities of a user who is not root. */
static int
check_executable (const char *path, bool overrides_dac)
{
  struct stat st;

  if (stat (path, &st) < 0)
    return -errno;
  if (S_ISDIR (st.st_mode))
    return -EISDIR;
  if (access (path, X_OK) == 0)
    return 0;
  return errno == EACCES && overrides_dac && (st.st_mode & 0111) != 0 ? 0 : -errno;
}

/* Put "directory/name" into exec_path; an empty directory is the current one. */
static int
join_path (RuncChild *child, const char *dir, size_t dir_len, const char *name)
{
  size_t name_len = strlen (name);
  char *p = child->exec_path;

  if (dir_len + 1 + name_len + 1 > sizeof child->exec_path)
    return -ENAMETOOLONG;
  memcpy (p, dir, dir_len);
  p += dir_len;
  if (dir_len > 0)
    *p++ = '/';
  memcpy (p, name, name_len + 1);
  return 0;
}

int
runc_child_op_lookup (RuncChild *child, const RuncOp *op)
{
  const char *name = child->plan->argv[0];
  const char *dir = child->plan->search_path;
  int denied = 0;
  int r;

  runc_child_detail (child, name);
  if (strchr (name, '/') != NULL)
    {
      r = join_path (child, "", 0, name);
      return r < 0 ? r : check_executable (name, op->u.number != 0);
    }
  while (true)
    {
      size_t len = strcspn (dir, ":");

      r = join_path (child, dir, len, name);
      if (r == 0)
        r = check_executable (child->exec_path, op->u.number != 0);
      if (r == 0)
        return 0;
      if (r == -EACCES)
        denied = r;
      if (dir[len] == '\0')
        break;
      dir += len + 1;
    }
  /* A file that is there but may not be executed says more than that none was found. */
  return runc_child_fail (child, RUNC_FAIL_RESOLVE, denied < 0 ? denied : -ENOENT);
}

int
runc_child_op_listen_fds (RuncChild *child, const RuncOp *op)
{
  char *entry = child->plan->envp[child->plan->env_listen_pid];

  (void)op;
  runc_decimal (entry + strlen ("LISTEN_PID="), getpid ());
  return 0;
}

int
runc_child_op_open_fds (RuncChild *child, const RuncOp *op)
{
  int fds = runc_sys_proc_clone_fds (runc_child_proc (child));

  if (fds < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, fds);
  runc_child_set_slot (child, op->slot, fds);
  return 0;
}

static void
end (int signum)
{
  _exit (128 + signum);
}

/* Whoever changes his mind about `start` ends us as any process. With the execve() the handlers are
 * gone. */
int
runc_child_op_signals (RuncChild *child, const RuncOp *op)
{
  static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
  const struct sigaction action = { .sa_handler = end };

  (void)child;
  (void)op;
  if (getpid () == 1)
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
      sigaction (signals[i], &action, NULL);
  runc_sys_unblock_signals ();
  return 0;
}

int
runc_child_op_gate (RuncChild *child, const RuncOp *op)
{
  const struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction before;
  ssize_t n;

  /* The parent is done with us, and `create` about to exit. */
  child->sock = runc_close_fd (child->sock);
  sigaction (SIGPIPE, &ignore, &before);
  do
    {
      int fd = runc_sys_proc_reopen_in (runc_child_slot (child, op->result),
                                        runc_child_slot (child, op->slot), O_WRONLY);
      if (fd < 0)
        _exit (1);
      runc_close_fd (child->gate);
      child->gate = fd;
      n = write (fd, "0", 1);
      /* A `start` that was killed has not started it: the next one will. */
    }
  while (n < 0 && errno == EPIPE);
  if (n < 0)
    return -errno;
  sigaction (SIGPIPE, &before, NULL);
  return 0;
}

int
runc_child_op_die_with_parent (RuncChild *child, const RuncOp *op)
{
  (void)child;
  (void)op;
  /* A parent that is gone already shows at the next WAIT. */
  return runc_sys_die_with_parent ();
}

int
runc_child_op_pass_fds (RuncChild *child, const RuncOp *op)
{
  int first = op->u.pass.first;
  int behind = first + (int)op->u.pass.n;
  int sock = fcntl (child->sock, F_DUPFD_CLOEXEC, behind);

  /* First all out of the numbers that they are to have; a slot may be passed on more than once. */
  if (sock < 0)
    return -errno;
  close (child->sock);
  child->sock = sock;
  for (size_t i = 0; i < op->u.pass.n; i++)
    {
      RuncSlot *slot = &child->plan->slots[op->u.pass.slots[i]];

      if (slot->fd < behind && (slot->fd = fcntl (slot->fd, F_DUPFD_CLOEXEC, behind)) < 0)
        return -errno;
    }
  for (size_t i = 0; i < op->u.pass.n; i++)
    if (dup2 (runc_child_slot (child, op->u.pass.slots[i]), first + (int)i) < 0)
      return -errno;
  return 0;
}

/* Without close_range(2): one fd after the other. */
static int
each_from_to (unsigned int first, unsigned int last, unsigned int flags)
{
  struct stat st;

  /* Fds are handed out from the lowest number, and nobody gives the runtime more than this. */
  for (unsigned int fd = first; fd <= last && fd < 65536; fd++)
    if (flags == 0)
      close ((int)fd);
    else if (fstat ((int)fd, &st) == 0 && fcntl ((int)fd, F_SETFD, FD_CLOEXEC) < 0)
      return -errno;
  return 0;
}

static int
from_to (unsigned int first, unsigned int last, unsigned int flags)
{
  int r = runc_sys_close_range (first, last, flags);

  if (r == -ENOSYS || r == -EPERM || r == -EINVAL)
    return each_from_to (first, last, flags);
  return r;
}

/* The lowest fd from @first on that is used by an op from @op on, or by the walker; ~0U: none. */
static unsigned int
lowest_in_use (const RuncChild *child, const RuncOp *op, unsigned int first)
{
  const RuncOp *end = child->plan->ops + child->plan->n_ops;
  int own[] = { child->sock, child->gate_lock, child->hook_state };
  unsigned int lowest = ~0U;

#define CONSIDER(fd)                                                                               \
  if ((fd) >= 0 && (unsigned int)(fd) >= first && (unsigned int)(fd) < lowest)                     \
    lowest = (unsigned int)(fd);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    CONSIDER (own[i])
  for (; op < end; op++)
    {
      CONSIDER (runc_child_slot (child, op->slot))
      CONSIDER (runc_child_slot (child, op->result))
    }
#undef CONSIDER
  return lowest;
}

int
runc_child_op_close_fds (RuncChild *child, const RuncOp *op)
{
  unsigned int first = op->u.close.first;

  while (op->u.close.now)
    {
      unsigned int used = lowest_in_use (child, op, first);
      int r = used > first ? from_to (first, used == ~0U ? ~0U : used - 1, 0) : 0;

      if (r < 0)
        return r;
      if (used == ~0U)
        break;
      first = used + 1;
    }
  return from_to (op->u.close.first, ~0U, CLOSE_RANGE_CLOEXEC);
}

int
runc_child_op_exec (RuncChild *child, const RuncOp *op)
{
  (void)op;
  runc_child_detail (child, child->exec_path);
  runc_sys_unblock_signals ();
  execve (child->exec_path, (char *const *)child->plan->argv, child->plan->envp);
  return -errno;
}
