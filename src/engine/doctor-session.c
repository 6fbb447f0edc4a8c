/* `doctor`: the user's session and where state is kept. Runs in the parent. Nothing is written:
 * what a container would make is judged by what is there. */
#include "engine/doctor.h"

#include "base/fd.h"
#include "base/process.h"
#include "sys/pid.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELPER            "runc-scope"
#define HELPER_TIMEOUT_MS 2000

#define NO_SCOPE                                                                                   \
  "containers get no scope of their own (--systemd-cgroup, and limits without root): another "     \
  "cgroup has to be delegated for limits"

/* $XDG_RUNTIME_DIR as src/state takes it: NULL unless it is an absolute path. */
static const char *
runtime_dir (void)
{
  const char *path = g_getenv ("XDG_RUNTIME_DIR");

  return path != NULL && path[0] == '/' ? path : NULL;
}

static bool
is_systemd (void)
{
  return access ("/run/systemd/system", F_OK) == 0;
}

/* Have the helper @path connect to the manager, for a change of nothing. Returns why it cannot (new
 * string), or NULL. */
static char *
try_manager (const char *path, bool user)
{
  g_autofree char *request
      = g_strdup_printf ("{\"op\": \"set\", \"user\": %s, \"unit\": \"runc-doctor-%d.scope\", "
                         "\"properties\": \"@a(sv) []\"}",
                         user ? "true" : "false", (int)getpid ());
  const char *const argv[] = { HELPER, NULL };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  autofd int in = runc_memfd_with_text (request, &error);
  if (in < 0)
    return g_strdup (error->message);
  const RuncProcessSpec spec
      = { .path = path, .argv = argv, .stdin_fd = in, .timeout_ms = HELPER_TIMEOUT_MS };
  if (!runc_process_start (&spec, &process, &error)
      || !runc_process_wait (&process, &result, &error))
    return g_strdup (error->message);
  if (result.status == 0)
    return NULL;
  if (result.timed_out)
    return g_strdup_printf ("no answer within %d ms", HELPER_TIMEOUT_MS);
  g_strdelimit (result.stderr_text, "\n", ' ');
  return result.stderr_text[0] != '\0' ? g_strdup (result.stderr_text)
                                       : g_strdup ("'" HELPER "' was killed");
}

/* "/run/user/UID" if it is there and ours (new string), or NULL. @uid: our own, or what it is
 * outside */
static char *
usual_runtime_dir (guint32 uid)
{
  char *path = g_strdup_printf ("/run/user/%u", uid);
  struct stat st;

  if (stat (path, &st) == 0 && st.st_uid == geteuid ())
    return path;
  g_free (path);
  return NULL;
}

static void
mend_user_manager (const RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *usual = g_strdup_printf ("/run/user/%u", doctor->host->euid);
  g_autofree char *present = usual_runtime_dir (doctor->host->euid);

  if (runtime_dir () == NULL && present != NULL)
    runc_doctor_mend (finding, "'export XDG_RUNTIME_DIR=%s'", usual);
  else
    runc_doctor_mend (
        finding,
        "log in as %s on a terminal or by ssh, or by 'machinectl shell %s@' (su and "
        "sudo make no session), or 'loginctl enable-linger %s' and 'export "
        "XDG_RUNTIME_DIR=%s'; the package 'dbus-user-session' gives the session a bus",
        doctor->user, doctor->user, doctor->user, usual);
}

void
runc_doctor_check_systemd (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  bool user = doctor->who != RUNC_WHO_REAL_ROOT;
  g_autofree char *helper = runc_process_find_helper (HELPER, "RUNC_SCOPE");
  g_autofree char *why = NULL;

  if (!is_systemd ())
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "it does not run this system");
      runc_doctor_means (finding, NO_SCOPE);
      runc_doctor_mend (finding, "boot with systemd, or delegate a cgroup in another way (see the "
                                 "line 'cgroups of one's own')");
      return;
    }
  if (helper == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "the helper '" HELPER "' is not installed");
      runc_doctor_means (finding, NO_SCOPE);
      runc_doctor_mend (finding, "build runc with gio-2.0 (Debian: libglib2.0-dev) and 'make "
                                 "install'");
      return;
    }
  if (user && runtime_dir () == NULL)
    why = g_strdup ("XDG_RUNTIME_DIR is not set");
  else
    why = try_manager (helper, user);
  if (why == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "the manager of %s can be reached",
                         user ? "the user's session" : "the system");
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", why);
  runc_doctor_means (finding, NO_SCOPE);
  if (user)
    mend_user_manager (doctor, finding);
  else
    runc_doctor_mend (finding, "'systemctl start dbus.socket', as root");
}

void
runc_doctor_check_linger (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = g_build_filename ("/var/lib/systemd/linger", doctor->user, NULL);

  if (!is_systemd ())
    runc_doctor_found (finding, RUNC_DOCTOR_OK,
                       "not needed: without systemd nothing ends a user's processes at logout");
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

static void
mend_runtime_dir (const RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = usual_runtime_dir (doctor->host->euid);

  if (path == NULL)
    path = usual_runtime_dir (runc_sys_outer_euid ());
  if (path != NULL)
    runc_doctor_mend (finding, "'export XDG_RUNTIME_DIR=%s', or use --root", path);
  else if (is_systemd ())
    runc_doctor_mend (finding,
                      "log in on a terminal or by ssh, so that systemd-logind makes '/run/user/%u' "
                      "and sets it, or use --root",
                      doctor->host->euid);
  else
    runc_doctor_mend (finding, "'mkdir -p -m 700 ~/.run && export XDG_RUNTIME_DIR=~/.run' (in "
                               "~/.profile, to keep it), or use --root");
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
  else if (g_str_has_prefix (path, "/run/"))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "'%s'", path);
      return;
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
  const char *dir = runtime_dir ();
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
  if (dir == NULL)
    {
      check_fallback (doctor, finding);
      return;
    }
  why = refuse_runtime_dir (dir);
  if (why != NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", why);
      runc_doctor_means (finding, "nothing can be run without --root DIRECTORY");
      mend_runtime_dir (doctor, finding);
    }
  else if (stat (dir, &st) == 0 && (st.st_mode & 022) != 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                         "XDG_RUNTIME_DIR is '%s', which others can write to (mode %03o)", dir,
                         st.st_mode & 0777);
      runc_doctor_means (finding, "other users can put their own state in the place of yours");
      runc_doctor_mend (finding, "'chmod 700 %s'", dir);
    }
  else
    runc_doctor_found (finding, RUNC_DOCTOR_OK, "'%s/runc'", dir);
}
