/* The children in which the doctor tries things. The upper half runs in the child, the lower in the
 * parent.
 *
 * Both hold one end of a socket. The child sends a byte when its report, in shared memory, is
 * complete, and then waits for the end of the socket: of its own accord it never outlives the
 * check, and with a pid namespace nothing that it started does either.
 */
#include "engine/doctor-try.h"

#include "base/fd.h"
#include "sys/decimal.h"
#include "sys/mount.h"
#include "sys/pid.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The longest is fuse-overlayfs, with a few hundredths of a second on a machine at rest. */
#define DEADLINE_MS 3000

const char runc_doctor_step_clone[] = "make the namespaces";
const char runc_doctor_step_map[] = "map our own id";
const char runc_doctor_step_wait[] = "finish";

/* ---- in the child ------------------------------------------------------------------------------
 */

/* "0 ID 1" */
static int
write_map (int proc, const char *path, guint32 id)
{
  char text[2 * RUNC_DECIMAL_SIZE + 4] = "0 ";
  size_t len = 2;

  len += runc_decimal (text + len, id);
  text[len++] = ' ';
  text[len++] = '1';
  return runc_sys_proc_write (proc, path, text, len);
}

static int
map_own_id (const RuncDoctor *doctor)
{
  int r = runc_sys_proc_write (doctor->proc, "self/setgroups", "deny", strlen ("deny"));

  if (r == 0)
    r = write_map (doctor->proc, "self/gid_map", doctor->host->egid);
  if (r == 0)
    r = write_map (doctor->proc, "self/uid_map", doctor->host->euid);
  return r;
}

/* What a child is to do; on the parent's stack. */
typedef struct
{
  const RuncDoctor *doctor;
  uint64_t flags;
  RuncDoctorBody body;
  const void *data;
  int socket;
  int parent_socket;
} Task;

static void __attribute__ ((noreturn)) run_child (const Task *task)
{
  RuncDoctorTry *try = task->doctor->shared;
  int r = 0;
  char byte;

  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  close (task->parent_socket);
  if (task->body != NULL && (task->flags & CLONE_NEWUSER) != 0)
    {
      try->step = runc_doctor_step_map;
      r = map_own_id (task->doctor);
    }
  if (task->body != NULL && r == 0)
    r = task->body (try, task->data);
  try->error = r;
  if (send (task->socket, "", 1, MSG_NOSIGNAL) == 1)
    while (read (task->socket, &byte, 1) < 0 && errno == EINTR)
      ;
  _exit (0);
}

int
runc_doctor_make_private (RuncDoctorTry *try)
{
  struct mount_attr attr = { .propagation = MS_PRIVATE };

  try->step = "make the mounts private";
  return runc_sys_mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &attr);
}

int
runc_doctor_mount_tmpfs (RuncDoctorTry *try, const void *data)
{
  const RuncFsRequest request = { .type = "tmpfs", .attr = MOUNT_ATTR_NOSUID };
  RuncFsError fs_error;

  (void)data;
  try->step = "mount a tmpfs";
  autofd int fd = runc_sys_fs_new (&request, &fs_error);
  return fd < 0 ? fd : 0;
}

/* @fd: becomes fd 3; or -1 */
static _Noreturn void
execute (const char *const *argv, int stderr_fd, int fd, int (*confine) (void))
{
  extern char **environ;
  /* The fd itself is close-on-exec; its copies are not. */
  int null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

  if (null_fd < 0 || dup2 (null_fd, 0) < 0 || dup2 (null_fd, 1) < 0 || dup2 (stderr_fd, 2) < 0
      || (fd >= 0 && (fd != 3 ? dup2 (fd, 3) : fcntl (3, F_SETFD, 0)) < 0))
    _exit (126);
  if (confine != NULL && confine () < 0)
    _exit (126);
  execve (argv[0], (char *const *)argv, environ);
  _exit (127);
}

void
runc_doctor_read_messages (RuncDoctorTry *try, int messages)
{
  char *text = try->text;
  ssize_t n = pread (messages, text, sizeof try->text - 1, 0);

  n = n < 0 ? 0 : n;
  while (n > 0 && text[n - 1] == '\n')
    n--;
  text[n] = '\0';
  for (char *p = text; *p != '\0'; p++)
    if ((unsigned char)*p < ' ')
      *p = ' ';
}

int
runc_doctor_start_program (const char *const *argv, int fd, int (*confine) (void),
                           int *ret_messages)
{
  autofd int memory = runc_sys_memfd_create ("stderr", MFD_CLOEXEC);
  autofd int pidfd = -EBADF;
  pid_t pid;

  if (memory < 0)
    return memory;
  pid = runc_sys_clone (0, -1, &pidfd);
  if (pid < 0)
    return pid;
  if (pid == 0)
    execute (argv, memory, fd, confine);
  *ret_messages = runc_steal_fd (&memory);
  return 0;
}

int
runc_doctor_run_program (RuncDoctorTry *try, const char *const *argv)
{
  autofd int memory = runc_sys_memfd_create ("stderr", MFD_CLOEXEC);
  autofd int pidfd = -EBADF;
  int status = 0;

  if (memory < 0)
    return memory;
  pid_t pid = runc_sys_clone (0, -1, &pidfd);
  if (pid < 0)
    return pid;
  if (pid == 0)
    execute (argv, memory, -1, NULL);
  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      return -errno;
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return 0;
  runc_doctor_read_messages (try, memory);
  if (try->text[0] == '\0')
    {
      strcpy (try->text, WIFEXITED (status) ? "exit status " : "killed by signal ");
      runc_decimal (try->text + strlen (try->text),
                    WIFEXITED (status) ? WEXITSTATUS (status) : WTERMSIG (status));
    }
  return -EIO;
}

/* ---- in the parent -----------------------------------------------------------------------------
 */

void
runc_doctor_try_init (RuncDoctor *doctor)
{
  void *memory = mmap (NULL, sizeof *doctor->shared, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  doctor->shared = memory == MAP_FAILED ? NULL : memory;
}

void
runc_doctor_try_clear (RuncDoctor *doctor)
{
  if (doctor->shared != NULL)
    munmap (doctor->shared, sizeof *doctor->shared);
  doctor->shared = NULL;
}

/* Wait for the byte. */
static void
await_report (const RuncDoctorChild *child, RuncDoctorTry *report)
{
  struct pollfd pfd = { .fd = child->socket, .events = POLLIN };
  gint64 deadline = g_get_monotonic_time () + DEADLINE_MS * G_GINT64_CONSTANT (1000);
  char byte;
  int n;

  do
    n = poll (&pfd, 1, (int)CLAMP ((deadline - g_get_monotonic_time ()) / 1000, 0, DEADLINE_MS));
  while (n < 0 && errno == EINTR);
  if (n > 0 && recv (child->socket, &byte, 1, 0) == 1)
    return;
  report->step = runc_doctor_step_wait;
  report->error = n == 0 ? -ETIMEDOUT : -ECHILD;
}

void
runc_doctor_child_start (RuncDoctor *doctor, uint64_t flags, RuncDoctorBody body, const void *data,
                         RuncDoctorTry *ret_try, RuncDoctorChild *ret_child)
{
  RuncDoctorTry *report = doctor->shared;
  autofd int ours = -EBADF, theirs = -EBADF;
  int ends[2];

  *ret_try = (RuncDoctorTry){ .step = runc_doctor_step_clone, .error = -ENOMEM };
  if (report == NULL)
    return;
  *report = (RuncDoctorTry){ .step = runc_doctor_step_clone };
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    {
      ret_try->error = -errno;
      return;
    }
  ours = ends[0];
  theirs = ends[1];
  const Task task = { doctor, flags, body, data, theirs, ours };
  pid_t pid = runc_sys_clone (flags, -1, &ret_child->pidfd);
  if (pid == 0)
    run_child (&task);
  if (pid < 0)
    {
      ret_try->error = pid;
      return;
    }
  theirs = runc_close_fd (theirs);
  ret_child->pid = pid;
  ret_child->socket = runc_steal_fd (&ours);
  await_report (ret_child, report);
  *ret_try = *report;
}

void
runc_doctor_child_clear (RuncDoctorChild *child)
{
  if (child->pid <= 0)
    return;
  child->socket = runc_close_fd (child->socket);
  kill (child->pid, SIGKILL);
  while (waitpid (child->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  child->pid = 0;
  child->pidfd = runc_close_fd (child->pidfd);
}

void
runc_doctor_try (RuncDoctor *doctor, uint64_t flags, RuncDoctorBody body, const void *data,
                 RuncDoctorTry *ret_try)
{
  g_auto (RuncDoctorChild) child = RUNC_DOCTOR_CHILD_INIT;

  if (doctor->who == RUNC_WHO_USER)
    flags |= CLONE_NEWUSER;
  runc_doctor_child_start (doctor, flags, body, data, ret_try, &child);
}

bool
runc_doctor_can_try (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  RuncDoctorTry try;

  if (doctor->who != RUNC_WHO_USER)
    return true;
  if (!doctor->userns_tried)
    {
      runc_doctor_try (doctor, CLONE_NEWNS, runc_doctor_mount_tmpfs, NULL, &try);
      doctor->userns_tried = true;
      doctor->userns_error = try.error;
    }
  if (doctor->userns_error == 0)
    return true;
  if (finding != NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "not tried, for want of user namespaces");
      runc_doctor_means (finding, "nothing that needs rights can be done here");
      runc_doctor_mend (finding, "first mend what 'runc doctor --check user-namespace' shows");
    }
  return false;
}

char *
runc_doctor_describe_try (const RuncDoctorTry *try)
{
  g_autofree char *reason = NULL;

  if (try->step == runc_doctor_step_wait)
    return g_strdup_printf (try->error == -ETIMEDOUT ? "it did not come to an end within %d seconds"
                                                     : "it was killed before %d seconds had passed",
                            DEADLINE_MS / 1000);
  if (try->error == -EIO && try->text[0] != '\0')
    return g_strdup_printf ("cannot %s: %s", try->step, try->text);
  reason = runc_doctor_reason (try->error);
  return g_strdup_printf ("cannot %s: %s%s%s", try->step, reason, try->text[0] != '\0' ? ": " : "",
                          try->text);
}
