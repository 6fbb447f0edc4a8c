/* `doctor`: the user's session and where state is kept. Runs in the parent. Nothing is written:
 * what a container would make is judged by what is there. */
#include "engine/doctor.h"

#include "base/fd.h"
#include "sys/pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Is somebody listening on the socket @path? Returns 0 or -errno. */
static int
try_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  autofd int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0)
    return -errno;
  if (strlen (path) >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  strcpy (address.sun_path, path);
  return connect (fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

static bool
is_systemd (void)
{
  return access ("/run/systemd/system", F_OK) == 0;
}

static void
check_system_manager (RuncDoctorFinding *finding)
{
  int r = try_socket ("/run/dbus/system_bus_socket");

  if (r == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "runs, and the system bus answers");
      return;
    }
  g_autofree char *reason = runc_doctor_reason (r);
  runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                     "runs, but '/run/dbus/system_bus_socket' does not answer: %s", reason);
  runc_doctor_means (finding, "--systemd-cgroup cannot be used");
  runc_doctor_mend (finding, "'systemctl start dbus.socket', as root");
}

static void
check_user_manager (const RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const char *runtime_dir = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *usual = g_strdup_printf ("/run/user/%u", doctor->host->euid);
  g_autofree char *socket
      = g_build_filename (runtime_dir != NULL ? runtime_dir : usual, "systemd", "private", NULL);
  int r = try_socket (socket);

  if (r == 0 && runtime_dir != NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "the user's manager answers on '%s'", socket);
      return;
    }
  runc_doctor_means (finding, "containers get no scope of their own: no limits, unless a cgroup is "
                              "delegated in another way");
  if (r == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                         "the user's manager runs, but XDG_RUNTIME_DIR is not set");
      runc_doctor_mend (finding, "'export XDG_RUNTIME_DIR=%s'", usual);
      return;
    }
  g_autofree char *reason = runc_doctor_reason (r);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "no session of %s: '%s': %s", doctor->user,
                     socket, reason);
  runc_doctor_mend (finding,
                    "log in as %s on a terminal or by ssh, or use 'machinectl shell %s@' "
                    "(su and sudo make no session), or 'loginctl enable-linger %s' and "
                    "'export XDG_RUNTIME_DIR=%s'",
                    doctor->user, doctor->user, doctor->user, usual);
}

void
runc_doctor_check_systemd (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  if (!is_systemd ())
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "it does not run this system");
      runc_doctor_means (finding,
                         "--systemd-cgroup cannot be used; a cgroup has to be delegated in "
                         "another way for limits without root");
      runc_doctor_mend (finding, "boot with systemd, or mend the line 'cgroups of one's own'");
    }
  else if (doctor->who == RUNC_WHO_REAL_ROOT)
    check_system_manager (finding);
  else
    check_user_manager (doctor, finding);
}

void
runc_doctor_check_linger (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = g_build_filename ("/var/lib/systemd/linger", doctor->user, NULL);

  if (!is_systemd ())
    runc_doctor_found (finding, RUNC_DOCTOR_OK,
                       "not needed: without systemd nothing ends a user's "
                       "processes at logout");
  else if (doctor->who == RUNC_WHO_REAL_ROOT)
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "not needed: root's containers are in no session");
  else if (access (path, F_OK) == 0)
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "enabled for %s", doctor->user);
  else
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "not enabled for %s", doctor->user);
      runc_doctor_means (finding, "containers end when the user logs out for the last time, and "
                                  "none start at boot");
      runc_doctor_mend (finding, "'loginctl enable-linger %s'", doctor->user);
    }
}

/* ---- the state directory -----------------------------------------------------------------------
 */

/* Why the directory @path cannot hold our state (new string), or NULL. It need not exist. */
static char *
refuse_directory (const char *path)
{
  struct stat st;

  if (lstat (path, &st) < 0)
    return NULL;
  if (!S_ISDIR (st.st_mode))
    return g_strdup_printf ("'%s' is no directory", path);
  if (st.st_uid != geteuid ())
    return g_strdup_printf ("'%s' belongs to uid %u", path, st.st_uid);
  return NULL;
}

/* Why $XDG_RUNTIME_DIR is no good (new string), or NULL. */
static char *
refuse_runtime_dir (const char *path)
{
  struct stat st;

  if (stat (path, &st) < 0)
    {
      g_autofree char *reason = runc_doctor_reason (-errno);

      return g_strdup_printf ("XDG_RUNTIME_DIR is '%s': %s", path, reason);
    }
  if (!S_ISDIR (st.st_mode))
    return g_strdup_printf ("XDG_RUNTIME_DIR is '%s', which is no directory", path);
  if (st.st_uid != geteuid ())
    return g_strdup_printf ("XDG_RUNTIME_DIR is '%s', which belongs to uid %u", path, st.st_uid);
  if (access (path, W_OK | X_OK) < 0)
    return g_strdup_printf ("XDG_RUNTIME_DIR is '%s', which cannot be written", path);
  g_autofree char *state = g_build_filename (path, "runc", NULL);
  return refuse_directory (state);
}

/* How to get a directory for XDG_RUNTIME_DIR. */
static void
mend_runtime_dir (const RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *usual = g_strdup_printf ("/run/user/%u", runc_sys_outer_euid ());
  struct stat st;

  if (stat (usual, &st) == 0 && st.st_uid == geteuid ())
    runc_doctor_mend (finding, "'export XDG_RUNTIME_DIR=%s', or use --root", usual);
  else
    runc_doctor_mend (finding,
                      "log in so that systemd-logind makes '%s', or 'install -d -m 700 -o %s %s', "
                      "as root; then 'export XDG_RUNTIME_DIR=%s'; or use --root",
                      usual, doctor->user, usual, usual);
}

/* Without $XDG_RUNTIME_DIR. */
static void
check_fallback (const RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = geteuid () == 0 && access ("/run", W_OK) == 0
                              ? g_strdup ("/run/runc")
                              : g_strdup_printf ("/tmp/runc-%u", runc_sys_outer_euid ());
  g_autofree char *why = refuse_directory (path);

  if (why != NULL || access ("/tmp", W_OK) < 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "XDG_RUNTIME_DIR is not set, and %s",
                         why != NULL ? why : "'/tmp' cannot be written");
      runc_doctor_means (finding, "nothing can be run without --root DIRECTORY");
    }
  else
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "XDG_RUNTIME_DIR is not set: '%s' is used",
                         path);
      runc_doctor_means (finding, "where it is set, as in other logins, these containers are not "
                                  "seen; and what clears /tmp forgets them");
    }
  mend_runtime_dir (doctor, finding);
}

void
runc_doctor_check_state_directory (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const char *runtime_dir = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *why = NULL;
  struct stat st;

  if (doctor->who == RUNC_WHO_REAL_ROOT)
    {
      bool writable = access ("/run", W_OK) == 0 && access ("/run/runc", F_OK | W_OK) == 0;

      if (writable || (access ("/run", W_OK) == 0 && errno == ENOENT))
        {
          runc_doctor_found (finding, RUNC_DOCTOR_OK, "'/run/runc'");
          return;
        }
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "'/run/runc' cannot be written");
      runc_doctor_means (finding, "nothing can be run without --root DIRECTORY");
      runc_doctor_mend (finding, "'mount -t tmpfs -o mode=755 tmpfs /run', or use --root");
      return;
    }
  if (runtime_dir == NULL || runtime_dir[0] != '/')
    {
      check_fallback (doctor, finding);
      return;
    }
  why = refuse_runtime_dir (runtime_dir);
  if (why != NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", why);
      runc_doctor_means (finding, "nothing can be run without --root DIRECTORY");
      mend_runtime_dir (doctor, finding);
    }
  else if (stat (runtime_dir, &st) == 0 && (st.st_mode & 022) != 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                         "XDG_RUNTIME_DIR is '%s', which others can write to (mode %03o)",
                         runtime_dir, st.st_mode & 0777);
      runc_doctor_means (finding, "other users can put their own state in the place of yours");
      runc_doctor_mend (finding, "'chmod 700 %s'", runtime_dir);
    }
  else
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "'%s/runc'", runtime_dir);
}
