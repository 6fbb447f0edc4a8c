/* `doctor`: namespaces. Runs in the parent; what is tried, in a child.
 *
 * A user namespace that can be made is not yet one that is worth something: AppArmor lets processes
 * have one and takes the rights away that they have in it. So a mount in it is part of the try.
 */
#include "engine/doctor-try.h"

#include "sys/pid.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define CHECK_CONFIG "(contrib/check-config.sh of runc's sources lists what it needs)"

/* ---- user namespaces ---------------------------------------------------------------------------
 */

static bool
is_refusal (int error)
{
  return error == -EPERM || error == -EACCES;
}

/* A switch of the kernel that forbids it, or nothing: then @finding is as it was. */
static bool
explain_by_switch (const RuncDoctor *doctor, const RuncDoctorTry *try, RuncDoctorFinding *finding)
{
  ino_t inode;

  if (runc_sys_process_namespace (0, "user", &inode) == -ESRCH && doctor->proc >= 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "the kernel was built without them");
      runc_doctor_mend (finding, "use a kernel with CONFIG_USER_NS=y " CHECK_CONFIG);
      return true;
    }
  if (runc_doctor_read_number ("/proc/sys/user/max_user_namespaces", -1) == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "forbidden by the sysctl user.max_user_namespaces, which is 0");
      runc_doctor_mend (finding,
                        "'sysctl -w user.max_user_namespaces=15000', as root, and the line "
                        "'user.max_user_namespaces = 15000' in "
                        "/etc/sysctl.d/99-rootless.conf to keep it");
      return true;
    }
  if (!doctor->host->initial_userns && doctor->host->uid_map.n == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "we have no id in the user namespace that we are in");
      runc_doctor_mend (finding, "make that one with an id ('unshare -r' or '--map-current-user' "
                                 "instead of 'unshare -U')");
      return true;
    }
  if (doctor->who != RUNC_WHO_USER || !is_refusal (try->error))
    return false;
  if (runc_doctor_read_number ("/proc/sys/kernel/unprivileged_userns_clone", -1) == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "forbidden by the sysctl kernel.unprivileged_userns_clone, which is 0");
      runc_doctor_mend (finding, "'sysctl -w kernel.unprivileged_userns_clone=1', as root, and the "
                                 "line 'kernel.unprivileged_userns_clone = 1' in "
                                 "/etc/sysctl.d/99-rootless.conf to keep it");
      return true;
    }
  if (runc_doctor_read_number ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
    {
      g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);

      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "AppArmor takes their rights away (the sysctl "
                         "kernel.apparmor_restrict_unprivileged_userns is 1)");
      runc_doctor_mend (finding,
                        "put 'abi <abi/4.0>, include <tunables/global> profile runc %s "
                        "flags=(unconfined) { userns, }' into /etc/apparmor.d/runc and load it by "
                        "'apparmor_parser -r /etc/apparmor.d/runc', as root; or, for all programs, "
                        "'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'",
                        self != NULL ? self : "/usr/sbin/runc");
      return true;
    }
  return false;
}

/* Since Linux 5.12, see user_namespaces(7). */
static bool
is_root_without_setfcap (const RuncHost *host)
{
  return host->euid == 0 && (host->effective_caps & (G_GUINT64_CONSTANT (1) << CAP_SETFCAP)) == 0;
}

/* Something that is no switch. */
static void
explain_refusal (const RuncDoctor *doctor, const RuncDoctorTry *try, RuncDoctorFinding *finding)
{
  g_autofree char *mountinfo = runc_doctor_read ("/proc/self/mountinfo");
  g_autofree char *what = runc_doctor_describe_try (try);
  bool refused = is_refusal (try->error) || try->error == -ENOSYS;

  if (try->step == runc_doctor_step_clone && mountinfo != NULL && try->error == -EPERM
      && runc_doctor_in_chroot (mountinfo))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "forbidden in a chroot: %s", what);
      runc_doctor_mend (finding,
                        "enter the directory by a mount namespace and pivot_root instead "
                        "of chroot ('unshare', 'systemd-nspawn', 'bwrap'), or run outside");
    }
  else if (try->step == runc_doctor_step_map && is_root_without_setfcap (doctor->host))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "uid 0 may not be mapped by a process without CAP_SETFCAP");
      runc_doctor_mend (finding, "start the outer container with this capability (podman and "
                                 "docker: '--cap-add SETFCAP'), or use another user than root in "
                                 "it");
    }
  else if (try->error == -ENOSPC || try->error == -EUSERS)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "a limit is reached: as many as the sysctl user.max_user_namespaces of "
                         "this or an outer user namespace allows, or 32 inside each other");
      runc_doctor_mend (finding, "'sysctl -w user.max_user_namespaces=15000', as root of the "
                                 "outermost system");
    }
  else if (refused && runc_doctor_process_status ("Seccomp", 0) == 2)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "forbidden by a seccomp filter: %s", what);
      runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_SYSCALLS);
    }
  else
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
      runc_doctor_mend (finding, "a security module may forbid it: look for 'userns_create' or "
                                 "'denied' in the kernel's log ('dmesg', as root)");
    }
}

void
runc_doctor_check_user_namespace (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  RuncDoctorTry try;

  runc_doctor_try (doctor, CLONE_NEWUSER | CLONE_NEWNS, runc_doctor_mount_tmpfs, NULL, &try);
  doctor->userns_tried = true;
  doctor->userns_error = try.error;
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one, with a mount in it");
      return;
    }
  if (!explain_by_switch (doctor, &try, finding))
    explain_refusal (doctor, &try, finding);
  if (doctor->who == RUNC_WHO_USER)
    runc_doctor_means (finding, "without root there are no containers at all");
  else
    runc_doctor_means (finding, "containers that ask for a user namespace cannot be made; others "
                                "can");
}

/* ---- the others --------------------------------------------------------------------------------
 */

static const struct
{
  guint64 flag;
  const char *name;
  const char *config;
  const char *limit; /* sysctl user.* */
} kinds[] = {
  { CLONE_NEWNS, "mount", "CONFIG_NAMESPACES", "max_mnt_namespaces" },
  { CLONE_NEWPID, "pid", "CONFIG_PID_NS", "max_pid_namespaces" },
  { CLONE_NEWNET, "network", "CONFIG_NET_NS", "max_net_namespaces" },
  { CLONE_NEWIPC, "ipc", "CONFIG_IPC_NS", "max_ipc_namespaces" },
  { CLONE_NEWUTS, "uts", "CONFIG_UTS_NS", "max_uts_namespaces" },
  { CLONE_NEWCGROUP, "cgroup", "CONFIG_CGROUPS", "max_cgroup_namespaces" },
};

static const guint64 all_kinds
    = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

/* How to get the namespaces that @error was the answer for. */
static void
mend_namespaces (const RuncDoctor *doctor, int error, const char *config, const char *limit,
                 RuncDoctorFinding *finding)
{
  if (error == -EINVAL)
    runc_doctor_mend (finding, "use a kernel with %s=y " CHECK_CONFIG, config);
  else if (error == -ENOSPC || error == -EUSERS)
    runc_doctor_mend (finding,
                      "'sysctl -w user.%s=15000', as root, and the line 'user.%s = 15000' in "
                      "/etc/sysctl.d/99-rootless.conf to keep it",
                      limit, limit);
  else
    runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_SYSCALLS);
}

void
runc_doctor_check_namespaces (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autoptr (GString) names = g_string_new (NULL);
  RuncDoctorTry try;
  gsize first = G_N_ELEMENTS (kinds);
  int error = 0;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  runc_doctor_try (doctor, all_kinds, NULL, NULL, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK,
                         "made one of each kind (mount, pid, network, ipc, uts, cgroup)");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      runc_doctor_try (doctor, kinds[i].flag, NULL, NULL, &try);
      if (try.error == 0)
        continue;
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", kinds[i].name);
      if (first == G_N_ELEMENTS (kinds))
        {
          first = i;
          error = try.error;
        }
    }
  if (first == G_N_ELEMENTS (kinds))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "each kind can be made, but not all at once");
      runc_doctor_mend (finding, "try again: somebody may have used the last one meanwhile");
    }
  else
    {
      g_autofree char *reason = runc_doctor_reason (error);

      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "not to be had: %s (%s)", names->str,
                         reason);
      mend_namespaces (doctor, error, kinds[first].config, kinds[first].limit, finding);
    }
  runc_doctor_means (finding, "containers that do without these can be made; an ordinary one has "
                              "them all");
}

static int
unshare_time (RuncDoctorTry *try, const void *data)
{
  (void)data;
  try->step = "make a time namespace";
  return runc_sys_unshare (CLONE_NEWTIME);
}

void
runc_doctor_check_time_namespace (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  runc_doctor_try (doctor, 0, unshare_time, NULL, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one");
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding, "containers cannot have a boot time of their own (\"time\" in "
                              "linux.namespaces and linux.timeOffsets)");
  mend_namespaces (doctor, try.error, "CONFIG_TIME_NS", "max_time_namespaces", finding);
}
