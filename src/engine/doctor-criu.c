/* `doctor`: is there a criu, and does it work with this kernel? Runs in the parent. */
#include "engine/doctor.h"

#include "base/fd.h"
#include "base/process.h"

#include <fcntl.h>
#include <string.h>

/* It makes a few processes and namespaces of its own. */
#define TIMEOUT_MS 20000

/* The last line of @text. */
static const char *
last_line (const char *text)
{
  const char *newline = strrchr (text, '\n');

  return newline != NULL ? newline + 1 : text;
}

/* What 'criu check' has against this machine (new string), or NULL. */
static char *
complaint (const char *path)
{
  const char *const argv[] = { "criu", "check", NULL };
  autofd int null = open ("/dev/null", O_WRONLY | O_CLOEXEC);
  const RuncProcessSpec spec = {
    .path = path,
    .argv = argv,
    .stdin_fd = -1,
    .stdout_fd = null,
    .timeout_ms = TIMEOUT_MS,
  };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  if (!runc_process_start (&spec, &process, &error)
      || !runc_process_wait (&process, &result, &error))
    return g_strdup (error->message);
  if (result.status == 0)
    return NULL;
  if (result.timed_out || result.stderr_text[0] == '\0')
    return g_strdup ("'criu check' does not end well");
  return g_strdup_printf ("'criu check' says \"%s\"", last_line (result.stderr_text));
}

void
runc_doctor_check_criu (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  g_autofree char *path = g_find_program_in_path ("criu");
  g_autofree char *why = NULL;

  if (doctor->who != RUNC_WHO_REAL_ROOT)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "for root's containers only%s",
                         path == NULL ? "; criu is not installed" : "");
      runc_doctor_means (finding, "containers of this user cannot be saved and restored");
      runc_doctor_mend (finding, "run those that are to be as root: 'sudo runc ...'");
      return;
    }
  why = path != NULL ? complaint (path) : g_strdup ("criu is not installed");
  if (why == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "'%s' works with this kernel", path);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", why);
  runc_doctor_means (finding, "containers cannot be saved and restored");
  if (path == NULL)
    runc_doctor_mend (finding, "%s", runc_doctor_install ("criu"));
  else
    runc_doctor_mend (finding, "install a newer criu than that of '%s'", path);
}
