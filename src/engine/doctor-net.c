/* `doctor`: a network without root. Runs in the parent.
 *
 * The helpers are started for a child of ours in an empty network namespace, as for a container. */
#include "engine/doctor-try.h"

#include "base/fd.h"
#include "net/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define NO_NETWORK "containers without root have the host's network (--network host) or none"

static int
make_tap (RuncDoctorTry *try, const void *data)
{
  struct ifreq request = { .ifr_name = "doctor0", .ifr_flags = IFF_TAP | IFF_NO_PI };

  (void)data;
  try->step = "open '/dev/net/tun'";
  autofd int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  try->step = "make a tap device";
  return ioctl (fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

void
runc_doctor_check_tun (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  runc_doctor_try (doctor, CLONE_NEWNET, make_tap, NULL, &try);
  if (try.error == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "made one in a network namespace");
      return;
    }
  g_autofree char *what = runc_doctor_describe_try (&try);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding, NO_NETWORK);
  runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_TUN);
}

static int
stay (RuncDoctorTry *try, const void *data)
{
  (void)try;
  (void)data;
  return 0;
}

void
runc_doctor_check_slirp (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_auto (RuncDoctorChild) child = RUNC_DOCTOR_CHILD_INIT;
  g_autofree char *path = runc_net_helper_path (RUNC_NET_SLIRP);
  g_autoptr (GError) error = NULL;
  RuncNetRequest request = { .program = RUNC_NET_SLIRP };
  guint64 flags = CLONE_NEWNET;
  RuncDoctorTry try;
  pid_t pid;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  if (path == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "it is not installed in '%s'",
                         RUNC_LIBEXECDIR);
      runc_doctor_means (finding,
                         "containers without root have a network by pasta (--network pasta), the "
                         "host's (--network host) or none");
      runc_doctor_mend (finding, "build runc with libslirp (Debian: libslirp-dev) and 'make "
                                 "install'");
      return;
    }
  if (doctor->who == RUNC_WHO_USER)
    flags |= CLONE_NEWUSER;
  runc_doctor_child_start (doctor, flags, stay, NULL, &try, &child);
  request.pid = child.pid;
  if (try.error == 0 && runc_net_helper_start (&request, &pid, &error))
    {
      kill (pid, SIGTERM);
      while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
        ;
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "served a network namespace");
      return;
    }
  g_autofree char *what
      = error != NULL ? g_strdup (error->message) : runc_doctor_describe_try (&try);
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", what);
  runc_doctor_means (finding, NO_NETWORK);
  runc_doctor_try (doctor, CLONE_NEWNET, make_tap, NULL, &try);
  if (try.error < 0)
    runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_TUN);
  else
    runc_doctor_mend (finding, "start '%s --debug' by hand for more words", path);
}

static int
start_pasta (RuncDoctorTry *try, const void *data)
{
  const char *const argv[] = { data, "--version", NULL };

  try->step = "start it";
  return runc_doctor_run_program (try, argv);
}

/* No more than started: what else it says depends on the routes of the host. */
void
runc_doctor_check_pasta (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = runc_net_helper_path (RUNC_NET_PASTA);
  RuncDoctorTry try;

  if (!runc_doctor_can_try (doctor, finding))
    return;
  if (path != NULL)
    {
      runc_doctor_try (doctor, CLONE_NEWPID, start_pasta, path, &try);
      if (try.error == 0)
        {
          runc_doctor_found (finding, RUNC_DOCTOR_OK, "'%s' can be started", path);
          return;
        }
      g_autofree char *what = runc_doctor_describe_try (&try);
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "'%s': %s", path, what);
    }
  else
    runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "not installed");
  runc_doctor_means (finding, "--network pasta cannot be used; --network slirp does not need it");
  runc_doctor_mend (finding, "%s", runc_doctor_install ("pasta"));
}
