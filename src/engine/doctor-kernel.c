/* `doctor`: system calls, filters and security modules. Runs in the parent; what is tried, in a
 * child.
 *
 * A system call that is not there and one that a filter of an outer container refuses are told
 * apart by whether there is a filter. */
#include "engine/doctor-try.h"

#include "base/fd.h"
#include "seccomp/seccomp.h"
#include "sys/mount.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- system calls ------------------------------------------------------------------------------
 */

static int
use_openat2 (void)
{
  int fd = runc_sys_openat2 (AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);

  runc_close_fd (fd);
  return fd < 0 ? fd : 0;
}

static int
use_pidfd_open (void)
{
  int fd = runc_sys_pidfd_open (getpid ());

  runc_close_fd (fd);
  return fd < 0 ? fd : 0;
}

/* fsopen, fsconfig, fsmount */
static int
use_new_mount (void)
{
  const RuncFsRequest request = { .type = "tmpfs" };
  RuncFsError error;
  int fd = runc_sys_fs_new (&request, &error);

  runc_close_fd (fd);
  return fd < 0 ? fd : 0;
}

static int
use_mount_setattr (void)
{
  struct mount_attr attr = { .propagation = MS_PRIVATE };

  return runc_sys_mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &attr);
}

/* open_tree, move_mount: "/" goes on top of itself, unseen. */
static int
use_trees (void)
{
  autofd int root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  autofd int tree = runc_sys_open_tree (AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);

  if (root < 0)
    return -errno;
  return tree < 0 ? tree : runc_sys_tree_attach (tree, root);
}

/* With something that is no cgroup no process is made: EBADF is the answer of a call that is there.
 */
static int
use_clone3 (void)
{
  autofd int root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int pidfd = -EBADF;
  pid_t pid = runc_sys_clone (0, root, &pidfd);

  if (pid == 0)
    _exit (0);
  return pid == -ENOSYS || pid == -EPERM ? pid : 0;
}

static int
use_close_range (void)
{
  return runc_sys_close_range (~0U, ~0U, 0);
}

/* The order matters: propagation is taken care of before something is mounted. */
static const struct
{
  const char *names;
  const char *version; /* of the kernel */
  bool replaceable;    /* runc has another way */
  int (*use) (void);
} calls[] = {
  { "mount_setattr", "5.12", false, use_mount_setattr },
  { "fsopen, fsconfig or fsmount", "5.2", false, use_new_mount },
  { "open_tree or move_mount", "5.2", false, use_trees },
  { "openat2", "5.6", false, use_openat2 },
  { "pidfd_open", "5.3", false, use_pidfd_open },
  { "clone3", "5.7", true, use_clone3 },
  { "close_range", "5.9", true, use_close_range },
};

typedef struct
{
  int results[G_N_ELEMENTS (calls)]; /* 0 or -errno */
} CallResults;

static int
use_calls (RuncDoctorTry *try, const void *data)
{
  CallResults results;

  (void)data;
  try->step = "use the system calls";
  for (size_t i = 0; i < G_N_ELEMENTS (calls); i++)
    results.results[i] = calls[i].use ();
  G_STATIC_ASSERT (sizeof results <= sizeof try->text);
  memcpy (try->text, &results, sizeof results);
  return 0;
}

/* The names of those that failed (new string). @ret_error: of the first; @ret_version: the highest
 */
static char *
failed_calls (const CallResults *results, bool replaceable, int *ret_error,
              const char **ret_version)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      if (results->results[i] == 0 || calls[i].replaceable != replaceable)
        continue;
      if (names->len == 0)
        {
          *ret_error = results->results[i];
          *ret_version = calls[i].version;
        }
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", calls[i].names);
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
mend_calls (const RuncDoctor *doctor, int error, const char *version, RuncDoctorFinding *finding)
{
  if (runc_doctor_process_status ("Seccomp", 0) == 2)
    runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_SYSCALLS);
  else if (error == -ENOSYS)
    runc_doctor_mend (finding, "use a kernel of version %s or later", version);
  else
    runc_doctor_mend (finding, "a security module may forbid it: look for 'denied' in the kernel's "
                               "log ('dmesg', as root)");
}

void
runc_doctor_check_system_calls (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *names = NULL;
  g_autofree char *reason = NULL;
  const char *version = NULL;
  CallResults results;
  RuncDoctorTry try;
  int error = 0;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  runc_doctor_try (doctor, CLONE_NEWNS, use_calls, NULL, &try);
  if (try.error < 0)
    {
      g_autofree char *what = runc_doctor_describe_try (&try);

      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
      runc_doctor_means (finding, "containers do not start");
      mend_calls (doctor, try.error, "5.12", finding);
      return;
    }
  memcpy (&results, try.text, sizeof results);
  names = failed_calls (&results, false, &error, &version);
  if (names[0] != '\0')
    {
      reason = runc_doctor_reason (error);
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s: %s", names, reason);
      runc_doctor_means (finding, "containers do not start");
      mend_calls (doctor, error, version, finding);
      return;
    }
  g_free (names);
  names = failed_calls (&results, true, &error, &version);
  if (names[0] != '\0')
    {
      reason = runc_doctor_reason (error);
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "%s: %s", names, reason);
      runc_doctor_means (finding, "containers start a little slower, by older system calls");
      mend_calls (doctor, error, version, finding);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_OK,
                     "used those that came last (mount_setattr, openat2, "
                     "clone3, close_range, ...)");
}

/* ---- seccomp -----------------------------------------------------------------------------------
 */

static int
load_filter (RuncDoctorTry *try, const void *data)
{
  const struct sock_filter allow_all[] = { BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
  const unsigned int *flags = data;

  try->step = "give up new privileges";
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -errno;
  try->step = *flags == 0 ? "load a filter" : "load a filter with a listener";
  int r = runc_sys_seccomp_load (allow_all, G_N_ELEMENTS (allow_all), *flags);
  return r < 0 ? r : 0;
}

static int
try_filter (RuncDoctor *doctor, unsigned int flags, char **ret_what)
{
  g_auto (RuncDoctorChild) child = RUNC_DOCTOR_CHILD_INIT;
  RuncDoctorTry try;

  runc_doctor_child_start (doctor, 0, load_filter, &flags, &try, &child);
  if (try.error < 0)
    *ret_what = runc_doctor_describe_try (&try);
  return try.error;
}

void
runc_doctor_check_seccomp (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const char *library = runc_seccomp_library_version ();
  g_autofree char *what = NULL;
  int r;

  if (library == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "this runc was built without them");
      runc_doctor_means (finding, "bundles with \"linux.seccomp\", as engines write them, are "
                                  "refused");
      runc_doctor_mend (finding, "build runc with libseccomp (Debian: libseccomp-dev)");
    }
  else if (try_filter (doctor, 0, &what) < 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
      runc_doctor_means (finding, "bundles with \"linux.seccomp\", as engines write them, do not "
                                  "start");
      runc_doctor_mend (finding, "use a kernel with CONFIG_SECCOMP_FILTER=y");
    }
  else if ((r = try_filter (doctor, SECCOMP_FILTER_FLAG_NEW_LISTENER, &what)) < 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "%s", what);
      runc_doctor_means (finding, "filters work, but without SCMP_ACT_NOTIFY");
      if (r == -EBUSY)
        runc_doctor_mend (finding, "an outer container has the listener: start it without "
                                   "SCMP_ACT_NOTIFY");
      else
        runc_doctor_mend (finding, "use a kernel of version 5.0 or later");
    }
  else
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "loaded one, also with a listener (libseccomp %s)",
                       library);
}

/* ---- security modules --------------------------------------------------------------------------
 */

/* "apparmor" or "selinux", as far as they can be seen from here. */
static char *
find_modules (const RuncDoctor *doctor)
{
  char *list = runc_doctor_read ("/sys/kernel/security/lsm");

  (void)doctor;
  if (list != NULL)
    return list;
  if (access ("/sys/module/apparmor/parameters/enabled", F_OK) == 0)
    return g_strdup ("apparmor");
  if (access ("/sys/fs/selinux/enforce", F_OK) == 0)
    return g_strdup ("selinux");
  return NULL;
}

void
runc_doctor_check_lsm (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *modules = find_modules (doctor);
  g_autofree char *label = runc_doctor_read ("/proc/self/attr/current");
  bool labelled = label != NULL && label[0] != '\0' && strcmp (label, "unconfined") != 0;

  if (modules == NULL)
    runc_doctor_found (finding, RUNC_DOCTOR_OK,
                       "none is seen; AppArmor profiles and SELinux labels of bundles are refused");
  else if (labelled)
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s; this process has the label '%s'", modules,
                       label);
  else
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s; this process is unconfined", modules);
}
