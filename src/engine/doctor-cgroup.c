/* `doctor`: limits for containers. Runs in the parent.
 *
 * Whether a cgroup of one's own can be had is tried by making one, empty, and removing it at once.
 */
#include "engine/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an engine's limits need: --memory, --pids-limit, --cpus. */
static const char *const wanted[] = { "memory", "pids", "cpu", NULL };

#define NO_LIMITS                                                                                  \
  "containers without root have no limits; those that ask for limits are refused (but with "       \
  "--rootless=true)"

#define UNIFY                                                                                      \
  "boot with 'systemd.unified_cgroup_hierarchy=1' on the kernel's command line (without systemd: " \
  "mount nothing but cgroup2 on /sys/fs/cgroup)"

#define DELEGATE                                                                                   \
  "the lines '[Service]' and 'Delegate=cpu cpuset io memory pids' in "                             \
  "/etc/systemd/system/user@.service.d/delegate.conf, as root, then 'systemctl daemon-reload' "    \
  "and "                                                                                           \
  "a new login"

void
runc_doctor_check_cgroup (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  bool real_root = doctor->who == RUNC_WHO_REAL_ROOT;
  RuncCgroupMode mode = doctor->host->cgroup_mode;

  if (mode == RUNC_CGROUP_V2)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "unified (v2), on '%s'",
                         doctor->host->cgroup2_mount);
      return;
    }
  if (mode == RUNC_CGROUP_NONE)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "none is mounted");
      runc_doctor_means (finding, "containers have no limits, and cannot be paused");
      runc_doctor_mend (finding, "'mount -t cgroup2 cgroup2 /sys/fs/cgroup', as root");
      return;
    }
  runc_doctor_found (finding, real_root ? RUNC_DOCTOR_OK : RUNC_DOCTOR_LIMITED, "%s",
                     mode == RUNC_CGROUP_V1 ? "v1" : "hybrid (v1 with a v2 hierarchy beside it)");
  if (real_root)
    return;
  runc_doctor_means (finding, NO_LIMITS);
  runc_doctor_mend (finding, UNIFY);
}

/* Make and remove a cgroup in the directory @dir. Returns 0 or -errno. */
static int
try_cgroup (const char *dir)
{
  g_autofree char *path = g_strdup_printf ("%s/runc-doctor-%d", dir, (int)getpid ());

  if (mkdir (path, 0755) < 0)
    return -errno;
  return rmdir (path) < 0 ? -errno : 0;
}

/* The controllers of @wanted that @text, the content of a cgroup.controllers file, does not name
 * ("memory, pids", new string; empty if it has all). */
static char *
absent_controllers (const char *text)
{
  g_auto (GStrv) have = g_strsplit (text, " ", -1);
  g_autoptr (GString) absent = g_string_new (NULL);

  for (const char *const *name = wanted; *name != NULL; name++)
    if (!g_strv_contains ((const char *const *)have, *name))
      g_string_append_printf (absent, "%s%s", absent->len > 0 ? ", " : "", *name);
  return g_string_free (g_steal_pointer (&absent), FALSE);
}

/* "/sys/fs/cgroup/cpu" and "/x" (new string) */
static char *
own_directory (const char *mountpoint, const char *path)
{
  return g_build_filename (mountpoint, path != NULL ? path : "/", NULL);
}

static void
check_v1 (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const RuncHost *host = doctor->host;

  if (doctor->who != RUNC_WHO_REAL_ROOT)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "v1 hierarchies cannot be handed to users");
      runc_doctor_means (finding, NO_LIMITS);
      runc_doctor_mend (finding, UNIFY);
      return;
    }
  for (gsize i = 0; i < host->n_cgroup1; i++)
    {
      const RuncCgroupHierarchy *h = &host->cgroup1[i];
      g_autofree char *dir = own_directory (h->mountpoint, h->own_path);
      int r = try_cgroup (dir);

      if (r < 0)
        {
          g_autofree char *reason = runc_doctor_reason (r);

          runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "cannot make one in '%s': %s", dir,
                             reason);
          runc_doctor_means (finding, "containers have no limits");
          runc_doctor_mend (finding, "'mount -o remount,rw %s', as root of the outermost system",
                            h->mountpoint);
          return;
        }
    }
  runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one in each v1 hierarchy");
}

/* Is the cgroup @dir one that its owner may go on from, and with which controllers? */
static void
report_v2 (const char *dir, RuncDoctorFinding *finding)
{
  g_autofree char *file = g_build_filename (dir, "cgroup.controllers", NULL);
  g_autofree char *controllers = runc_doctor_read (file);
  g_autofree char *absent = absent_controllers (controllers != NULL ? controllers : "");

  if (absent[0] == '\0')
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one in '%s' (with %s)", dir, controllers);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "made one in '%s', without the controllers %s",
                     dir, absent);
  runc_doctor_means (finding, "limits that need these controllers are refused");
  runc_doctor_mend (finding, DELEGATE);
}

/* Where systemd puts the scopes of this user's containers, or NULL. */
static char *
user_manager_directory (const RuncDoctor *doctor)
{
  const RuncHost *host = doctor->host;
  g_autofree char *dir = NULL;

  if (!host->systemd_user)
    return NULL;
  dir = g_strdup_printf ("%s/user.slice/user-%u.slice/user@%u.service", host->cgroup2_mount,
                         host->euid, host->euid);
  return access (dir, F_OK) == 0 ? g_steal_pointer (&dir) : NULL;
}

void
runc_doctor_check_delegation (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const RuncHost *host = doctor->host;
  g_autofree char *manager = NULL;
  g_autofree char *own = NULL;
  int r;

  if (host->cgroup_mode == RUNC_CGROUP_NONE)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "no cgroup hierarchy is mounted");
      runc_doctor_means (finding, NO_LIMITS);
      runc_doctor_mend (finding, "first mend the line 'cgroup hierarchy'");
      return;
    }
  if (host->cgroup_mode != RUNC_CGROUP_V2)
    {
      check_v1 (doctor, finding);
      return;
    }
  manager = user_manager_directory (doctor);
  own = own_directory (host->cgroup2_mount, host->cgroup2_path);
  r = try_cgroup (manager != NULL ? manager : own);
  if (r == 0)
    {
      report_v2 (manager != NULL ? manager : own, finding);
      return;
    }
  g_autofree char *reason = runc_doctor_reason (r);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "cannot make one in '%s': %s",
                     manager != NULL ? manager : own, reason);
  runc_doctor_means (finding, NO_LIMITS);
  if (host->systemd_system)
    runc_doctor_mend (finding, "mend the line 'systemd' (with a session of the user, containers "
                               "get a scope of it), or start runc by 'systemd-run --user --scope "
                               "-p Delegate=yes runc ...'");
  else if (r == -EROFS)
    runc_doctor_mend (finding, "mount the hierarchy writable in the outer container (podman and "
                               "docker: '-v /sys/fs/cgroup:/sys/fs/cgroup:rw --cgroupns=private')");
  else
    runc_doctor_mend (finding,
                      "'chown -R %s %s', as root, on a cgroup that only this user's "
                      "processes are in",
                      doctor->user, own);
}
