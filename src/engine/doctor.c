/* `doctor`: is this machine ready for containers? The table of checks, and the report. Runs in the
 * parent. */
#include "engine/doctor.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "engine/doctor-try.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <string.h>

/* /etc/subuid of a site with very many users is the largest. */
#define MAX_FILE (16u << 20)

typedef struct
{
  const char *id;
  const char *title;
  RuncDoctorNeed need;
  void (*run) (RuncDoctor *doctor, RuncDoctorFinding *finding);
} Check;

static const Check checks[] = {
#define X(function, id, title, need)                                                               \
  { id, title, RUNC_DOCTOR_NEEDED_BY_##need, runc_doctor_check_##function },
  RUNC_DOCTOR_CHECKS (X)
#undef X
};

const char *
runc_doctor_status_to_string (RuncDoctorStatus status)
{
  static const char *const names[] = {
#define X(name, text) text,
    RUNC_DOCTOR_STATUSES (X)
#undef X
  };

  return names[status];
}

const char **
runc_doctor_ids (void)
{
  const char **ids = g_new0 (const char *, G_N_ELEMENTS (checks) + 1);

  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    ids[i] = checks[i].id;
  return ids;
}

/* ---- words -------------------------------------------------------------------------------------
 */

static void G_GNUC_PRINTF (2, 0) set_text (char **text, const char *format, va_list args)
{
  g_free (*text);
  *text = g_strdup_vprintf (format, args);
}

void
runc_doctor_found (RuncDoctorFinding *finding, RuncDoctorStatus status, const char *format, ...)
{
  va_list args;

  finding->status = status;
  va_start (args, format);
  set_text (&finding->found, format, args);
  va_end (args);
}

void
runc_doctor_means (RuncDoctorFinding *finding, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_text (&finding->means, format, args);
  va_end (args);
}

void
runc_doctor_mend (RuncDoctorFinding *finding, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_text (&finding->mend, format, args);
  va_end (args);
}

char *
runc_doctor_reason (int neg_errno)
{
  return g_strdup (runc_strerror (neg_errno));
}

char *
runc_doctor_read (const char *path)
{
  char *text = runc_io_read_file (AT_FDCWD, path, MAX_FILE, NULL, NULL);

  return text != NULL ? g_strchomp (text) : NULL;
}

gint64
runc_doctor_read_number (const char *path, gint64 fallback)
{
  g_autofree char *text = runc_doctor_read (path);

  return text != NULL && g_ascii_isdigit (text[0]) ? g_ascii_strtoll (text, NULL, 10) : fallback;
}

/* ---- the report --------------------------------------------------------------------------------
 */

static void
finding_free (RuncDoctorFinding *finding)
{
  g_free (finding->found);
  g_free (finding->means);
  g_free (finding->mend);
  g_free (finding);
}

static RuncDoctorFinding *
run_check (RuncDoctor *doctor, const Check *check)
{
  RuncDoctorFinding *finding = g_new0 (RuncDoctorFinding, 1);

  finding->id = check->id;
  finding->title = check->title;
  finding->needed = check->need == RUNC_DOCTOR_NEEDED_BY_ALL
                    || (check->need == RUNC_DOCTOR_NEEDED_BY_USERS && doctor->who == RUNC_WHO_USER);
  check->run (doctor, finding);
  return finding;
}

static gboolean
check_ids (const char *const *only, GError **error)
{
  g_autofree const char **known = runc_doctor_ids ();

  for (; only != NULL && *only != NULL; only++)
    if (!g_strv_contains (known, *only))
      {
        g_autofree char *list = g_strjoinv (", ", (char **)known);

        return runc_throw (error, RUNC_ERROR_USAGE, "unknown check '%s' (there are: %s)", *only,
                           list);
      }
  return TRUE;
}

/* The name of @uid in /etc/passwd, else the number (new string). */
static char *
name_of (guint32 uid)
{
  g_autofree char *passwd = runc_doctor_read ("/etc/passwd");
  g_auto (GStrv) lines = g_strsplit (passwd != NULL ? passwd : "", "\n", -1);
  char *number = g_strdup_printf ("%u", uid);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, ":", 4);

      if (g_strv_length (fields) == 4 && strcmp (fields[2], number) == 0)
        {
          g_free (number);
          return g_strdup (fields[0]);
        }
    }
  return number;
}

static gboolean
doctor_init (RuncDoctor *doctor, GError **error)
{
  *doctor = (RuncDoctor){ .proc = -EBADF };
  doctor->host = runc_host_probe (NULL, NULL,
                                  RUNC_HOST_IDENTITY | RUNC_HOST_SUBIDS | RUNC_HOST_CGROUP, error);
  if (doctor->host == NULL)
    return FALSE;
  doctor->who = runc_plan_who (doctor->host);
  doctor->user = name_of (doctor->host->euid);
  doctor->proc = runc_sys_proc_open ();
  runc_doctor_try_init (doctor);
  return TRUE;
}

static void
doctor_clear (RuncDoctor *doctor)
{
  runc_doctor_try_clear (doctor);
  doctor->proc = runc_close_fd (doctor->proc);
  g_free (doctor->user);
  runc_host_free (doctor->host);
}

GPtrArray *
runc_engine_doctor (const char *const *only, GError **error)
{
  RuncDoctor doctor;

  if (!check_ids (only, error) || !doctor_init (&doctor, error))
    return NULL;
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify)finding_free);

  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    if (only == NULL || g_strv_contains (only, checks[i].id))
      g_ptr_array_add (findings, run_check (&doctor, &checks[i]));
  doctor_clear (&doctor);
  return findings;
}

static RuncJson *
text_or_null (const char *text)
{
  return text != NULL ? json_object_new_string (text) : NULL;
}

RuncJson *
runc_doctor_findings_to_json (const GPtrArray *findings)
{
  RuncJson *array = json_object_new_array ();

  for (guint i = 0; i < findings->len; i++)
    {
      const RuncDoctorFinding *finding = findings->pdata[i];
      RuncJson *object = json_object_new_object ();

      json_object_object_add (object, "id", json_object_new_string (finding->id));
      json_object_object_add (object, "title", json_object_new_string (finding->title));
      json_object_object_add (object, "status",
                              json_object_new_string (
                                  runc_doctor_status_to_string (finding->status)));
      json_object_object_add (object, "needed", json_object_new_boolean (finding->needed));
      json_object_object_add (object, "found", json_object_new_string (finding->found));
      json_object_object_add (object, "means", text_or_null (finding->means));
      json_object_object_add (object, "mend", text_or_null (finding->mend));
      json_object_array_add (array, object);
    }
  return array;
}
