/* `doctor`: many ids for a container. Runs in the parent.
 *
 * Two things have to be there: ranges that root gave the user, and two programs with the right to
 * map them. The programs are tried on a child of ours with the ranges that a container would get.
 */
#include "engine/doctor-try.h"

#include "base/fd.h"
#include "base/process.h"
#include "plan/plan.h"
#include "sys/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* Enough for the ids of any distribution's packages, "nobody" included. */
#define ENOUGH_IDS 65536

#define ONE_ID                                                                                     \
  "containers have one uid and one gid: their programs cannot change user, and packages cannot "   \
  "be "                                                                                            \
  "installed in them"

#define ROOT_WITHOUT_CAPS                                                                          \
  "this root has no CAP_SETUID and CAP_SETGID, and no range in /etc/subuid and /etc/subgid"

#define MEND_ID_CAPS                                                                               \
  "give the outer container these capabilities (podman and docker: '--cap-add SETUID --cap-add "   \
  "SETGID'; \"process.capabilities\" of its config.json)"

#define TOOL_TIMEOUT_MS 2000

typedef struct
{
  const char *file;   /* "/etc/subuid" */
  const char *others; /* whose real ids a range must not have */
  const char *option; /* of usermod */
  const RuncIdRanges *ranges;
  RuncIdMap *map; /* what a container gets; its first line is our own id */
  gsize n_lines;
  RuncDoctorSubids subids;
} Side;

static guint64
count_ids (const RuncIdRanges *ranges)
{
  guint64 n = 0;

  for (gsize i = 0; i < ranges->n; i++)
    n += ranges->items[i].size;
  return n;
}

/* The ids of the ranges that a container gets: each once, and not those of others further out. */
static guint64
count_usable (const Side *side)
{
  guint64 n = 0;

  for (gsize i = 1; i < side->n_lines; i++)
    n += side->map[i].size;
  return n;
}

static void
sides_init (const RuncHost *host, Side *sides)
{
  sides[0] = (Side){
    .file = "/etc/subuid", .others = "/etc/passwd", .option = "subuid", .ranges = &host->sub_uids
  };
  sides[1] = (Side){
    .file = "/etc/subgid", .others = "/etc/group", .option = "subgid", .ranges = &host->sub_gids
  };
  for (int i = 0; i < 2; i++)
    sides[i].map = runc_plan_own_ids (host, i == 1, &sides[i].n_lines);
}

static void
sides_clear (Side *sides)
{
  for (int i = 0; i < 2; i++)
    {
      runc_doctor_subids_clear (&sides[i].subids);
      g_free (sides[i].map);
    }
}

/* ---- the ranges --------------------------------------------------------------------------------
 */

/* As root of a namespace: what is there is what can be handed on. */
static void
check_own_ids (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  guint64 uids = count_ids (&doctor->host->uid_map), gids = count_ids (&doctor->host->gid_map);

  if (doctor->who == RUNC_WHO_REAL_ROOT)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "not needed: root may map any ids");
      return;
    }
  runc_doctor_found (finding,
                     MIN (uids, gids) <= 1           ? RUNC_DOCTOR_MISSING
                     : MIN (uids, gids) < ENOUGH_IDS ? RUNC_DOCTOR_LIMITED
                                                     : RUNC_DOCTOR_OK,
                     "this user namespace has %" G_GUINT64_FORMAT " uid%s and %" G_GUINT64_FORMAT
                     " gid%s",
                     uids, uids == 1 ? "" : "s", gids, gids == 1 ? "" : "s");
  if (finding->status == RUNC_DOCTOR_OK)
    return;
  if (finding->status == RUNC_DOCTOR_MISSING)
    runc_doctor_means (finding, ONE_ID);
  else
    runc_doctor_means (finding, "containers have no more ids than that, and images that use "
                                "higher ones fail to unpack or start");
  runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_IDS);
}

static void
mend_by_usermod (const RuncDoctor *doctor, const Side *sides, RuncDoctorFinding *finding)
{
  g_autoptr (GString) command = g_string_new ("'usermod");

  /* usermod knows names only. */
  if (g_ascii_isdigit (doctor->user[0]))
    {
      runc_doctor_mend (finding,
                        "'echo %s:%" G_GUINT64_FORMAT
                        ":%d >>/etc/subuid; echo %s:%" G_GUINT64_FORMAT
                        ":%d >>/etc/subgid', as root",
                        doctor->user, sides[0].subids.first_free, ENOUGH_IDS, doctor->user,
                        sides[1].subids.first_free, ENOUGH_IDS);
      return;
    }

  for (int i = 0; i < 2; i++)
    if (count_usable (&sides[i]) < ENOUGH_IDS)
      {
        guint64 first = sides[i].subids.first_free;

        g_string_append_printf (command, " --add-%ss %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
                                sides[i].option, first, first + ENOUGH_IDS - 1);
      }
  runc_doctor_mend (finding, "%s %s', as root", command->str, doctor->user);
}

static void
report_too_few (const RuncDoctor *doctor, const Side *sides, RuncDoctorFinding *finding)
{
  guint64 uids = count_usable (&sides[0]), gids = count_usable (&sides[1]);
  bool elsewhere = (uids == 0 && sides[0].ranges->n > 0) || (gids == 0 && sides[1].ranges->n > 0);

  if (MIN (uids, gids) > 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                         "%" G_GUINT64_FORMAT " uids and %" G_GUINT64_FORMAT " gids", uids, gids);
      runc_doctor_means (finding, "containers have no more ids than that, and images that use "
                                  "higher ones fail to unpack or start");
    }
  else
    {
      const char *files = uids > 0   ? "/etc/subgid"
                          : gids > 0 ? "/etc/subuid"
                                     : "/etc/subuid and /etc/subgid";

      if (doctor->host->euid == 0 && !elsewhere)
        runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", ROOT_WITHOUT_CAPS);
      else if (elsewhere)
        runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                           "the ranges of %s in %s do not exist in this user namespace",
                           doctor->user, files);
      else
        runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "no range for %s in %s", doctor->user,
                           files);
      runc_doctor_means (finding, ONE_ID);
    }
  if (elsewhere)
    runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_IDS);
  else if (doctor->host->euid == 0)
    runc_doctor_mend (finding, "%s", MEND_ID_CAPS);
  else
    mend_by_usermod (doctor, sides, finding);
}

/* A line, or an id, that should not be there. @status: what that amounts to */
static bool
report_fault (const RuncDoctor *doctor, const Side *side, RuncDoctorStatus status,
              RuncDoctorFinding *finding)
{
  const RuncDoctorSubids *subids = &side->subids;

  if (subids->broken != NULL)
    {
      runc_doctor_found (finding, status, "line %u of %s is not understood: '%s'",
                         subids->broken_line, side->file, subids->broken);
      runc_doctor_means (finding, "%s",
                         status == RUNC_DOCTOR_MISSING
                             ? ONE_ID
                             : "newuidmap and newgidmap do not take this range");
      runc_doctor_mend (finding, "write it as '%s:FIRST:COUNT' in decimal, or remove it, as root",
                        doctor->user);
      return true;
    }
  if (subids->overlaps != NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_LIMITED,
                         "in %s, the ids from %" G_GUINT64_FORMAT " on belong to %s as well",
                         side->file, subids->overlap_from, subids->overlaps);
      runc_doctor_means (finding,
                         "the containers of %s can reach files and processes of %s, or the "
                         "reverse",
                         doctor->user, subids->overlaps);
      runc_doctor_mend (finding,
                        "give one of them a range of his own, as root: remove the line from %s, "
                        "then 'usermod --add-%ss %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " %s'",
                        side->file, side->option, subids->first_free,
                        subids->first_free + ENOUGH_IDS - 1, doctor->user);
      return true;
    }
  return false;
}

void
runc_doctor_check_subordinate_ids (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const RuncHost *host = doctor->host;
  RuncDoctorStatus status;
  guint64 uids, gids;
  Side sides[2];

  if (runc_plan_maps_directly (doctor->host))
    {
      check_own_ids (doctor, finding);
      return;
    }
  sides_init (host, sides);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *text = runc_doctor_read (sides[i].file);
      g_autofree char *others = runc_doctor_read (sides[i].others);

      runc_doctor_inspect_subids (text != NULL ? text : "", doctor->user, host->euid, others,
                                  &sides[i].subids);
    }
  uids = count_usable (&sides[0]);
  gids = count_usable (&sides[1]);
  status = MIN (uids, gids) > 0 ? RUNC_DOCTOR_LIMITED : RUNC_DOCTOR_MISSING;
  if (report_fault (doctor, &sides[0], status, finding)
      || report_fault (doctor, &sides[1], status, finding))
    ;
  else if (MIN (uids, gids) < ENOUGH_IDS)
    report_too_few (doctor, sides, finding);
  else
    runc_doctor_found (finding, RUNC_DOCTOR_OK,
                       "%s has %" G_GUINT64_FORMAT " uids and %" G_GUINT64_FORMAT " gids",
                       doctor->user, uids, gids);
  sides_clear (sides);
}

/* ---- the programs ------------------------------------------------------------------------------
 */

/* Can the file @path give rights to who runs it? If not, why and the way out are in @finding. */
static bool
has_rights (const RuncDoctor *doctor, const char *path, RuncDoctorFinding *finding)
{
  struct statvfs fs;
  struct stat st;
  bool has_caps = getxattr (path, "security.capability", NULL, 0) > 0;

  if (doctor->host->no_new_privs)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "'%s' gets no rights: no_new_privs is set for this process", path);
      runc_doctor_mend_by_grants (doctor, finding, 1u << RUNC_GRANT_SETUID);
    }
  else if (doctor->host->ids_out_of_bounds)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "'%s' gets no rights: CAP_SETUID or CAP_SETGID is not in the bounding set",
                         path);
      runc_doctor_mend (finding, "%s", MEND_ID_CAPS);
    }
  else if (statvfs (path, &fs) == 0 && (fs.f_flag & ST_NOSUID) != 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "'%s' gets no rights: its filesystem is mounted nosuid", path);
      runc_doctor_mend (finding, "mount it without 'nosuid', as root: 'mount -o remount,suid "
                                 "MOUNTPOINT' (findmnt -T shows which one)");
    }
  else if (stat (path, &st) == 0 && !has_caps && ((st.st_mode & S_ISUID) == 0 || st.st_uid != 0))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING,
                         "'%s' gets no rights: it has neither file capabilities nor root's setuid "
                         "bit",
                         path);
      runc_doctor_mend (finding,
                        "'setcap cap_%s+ep %s' (or 'chown root %s && chmod u+s %s'), as root",
                        strstr (path, "newgidmap") != NULL ? "setgid" : "setuid", path, path, path);
    }
  else
    return true;
  return false;
}

/* Has the file @path its rights by the setuid bit, while not all capabilities that this way takes
 * can be had? That is so in containers of engines. */
static bool
is_setuid_out_of_bounds (const char *path)
{
  return getxattr (path, "security.capability", NULL, 0) <= 0
         && (runc_sys_has_bounding (CAP_SYS_ADMIN) == 0
             || runc_sys_has_bounding (CAP_DAC_OVERRIDE) == 0);
}

/* "newuidmap PID 0 OWN 1 1 FIRST COUNT ..." (strv, new) */
static char **
tool_arguments (const char *tool, pid_t pid, const Side *side)
{
  GPtrArray *argv = g_ptr_array_new ();

  g_ptr_array_add (argv, g_strdup (tool));
  g_ptr_array_add (argv, g_strdup_printf ("%d", (int)pid));
  for (gsize i = 0; i < side->n_lines; i++)
    {
      g_ptr_array_add (argv, g_strdup_printf ("%u", side->map[i].inside));
      g_ptr_array_add (argv, g_strdup_printf ("%u", side->map[i].outside));
      g_ptr_array_add (argv, g_strdup_printf ("%u", side->map[i].size));
    }
  g_ptr_array_add (argv, NULL);
  return (char **)g_ptr_array_free (argv, FALSE);
}

/* Returns why it failed (new string), or NULL. */
static char *
try_tool (const char *tool, pid_t pid, const Side *side)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = tool_arguments (tool, pid, side);
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_auto (RuncProcessResult) result = { 0 };
  const RuncProcessSpec spec = {
    .path = tool,
    .argv = (const char *const *)argv,
    .stdin_fd = -1,
    .timeout_ms = TOOL_TIMEOUT_MS,
  };

  if (!runc_process_start (&spec, &process, &error)
      || !runc_process_wait (&process, &result, &error))
    return g_strdup (error->message);
  if (result.status == 0)
    return NULL;
  if (result.timed_out)
    return g_strdup_printf ("'%s' did not end within %d ms", tool, TOOL_TIMEOUT_MS);
  g_strdelimit (result.stderr_text, "\n", ' ');
  return g_strdup_printf ("'%s' failed: %s", tool,
                          result.stderr_text[0] != '\0' ? result.stderr_text : "no reason given");
}

/* Map what the user has, as a container would. */
static void
try_tools (RuncDoctor *doctor, const Side *uids, const Side *gids, RuncDoctorFinding *finding)
{
  g_auto (RuncDoctorChild) child = RUNC_DOCTOR_CHILD_INIT;
  g_autofree char *failure = NULL;
  RuncDoctorTry try;

  runc_doctor_child_start (doctor, CLONE_NEWUSER, NULL, NULL, &try, &child);
  if (try.error < 0)
    failure = runc_doctor_describe_try (&try);
  if (failure == NULL)
    failure = try_tool (doctor->host->newgidmap, child.pid, gids);
  if (failure == NULL)
    failure = try_tool (doctor->host->newuidmap, child.pid, uids);
  if (failure == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK,
                         "mapped %" G_GUINT64_FORMAT " uids and %" G_GUINT64_FORMAT " gids",
                         count_usable (uids) + 1, count_usable (gids) + 1);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%s", failure);
  runc_doctor_means (finding, ONE_ID);
  if (g_ascii_isdigit (doctor->user[0]))
    runc_doctor_mend (finding,
                      "the user needs a name: a line for uid %s in /etc/passwd "
                      "('NAME:x:%s:%u::/home/NAME:/bin/sh'), as root",
                      doctor->user, doctor->user, doctor->host->egid);
  else if (is_setuid_out_of_bounds (doctor->host->newuidmap))
    runc_doctor_mend (finding,
                      "give '%s' and '%s' file capabilities instead of the setuid bit, with which "
                      "they need CAP_SYS_ADMIN and CAP_DAC_OVERRIDE as well: 'chmod u-s FILE' and "
                      "'setcap cap_setuid+ep' or 'cap_setgid+ep', as root of the outer container; "
                      "or give it these capabilities",
                      doctor->host->newuidmap, doctor->host->newgidmap);
  else
    runc_doctor_mend (finding,
                      "see the line 'subordinate ids'; 'getsubids %s' and 'getsubids -g %s' show "
                      "what they allow",
                      doctor->user, doctor->user);
}

void
runc_doctor_check_newuidmap (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  const RuncHost *host = doctor->host;
  Side sides[2];

  if (runc_plan_maps_directly (doctor->host))
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "not needed: root writes the maps itself");
      return;
    }
  if (host->newuidmap == NULL || host->newgidmap == NULL)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_MISSING, "%snot installed",
                         host->newuidmap != NULL   ? "newgidmap is "
                         : host->newgidmap != NULL ? "newuidmap is "
                                                   : "");
      runc_doctor_means (finding, ONE_ID);
      runc_doctor_mend (finding, "%s", runc_doctor_install ("newuidmap"));
      return;
    }
  if (!has_rights (doctor, host->newuidmap, finding)
      || !has_rights (doctor, host->newgidmap, finding))
    {
      runc_doctor_means (finding, ONE_ID);
      return;
    }
  sides_init (host, sides);
  if (count_usable (&sides[0]) == 0 || count_usable (&sides[1]) == 0)
    runc_doctor_found (finding, RUNC_DOCTOR_OK,
                       "installed, with the rights they need; without ranges there is nothing to "
                       "try them on");
  else if (runc_doctor_can_try (doctor, finding))
    try_tools (doctor, &sides[0], &sides[1], finding);
  sides_clear (sides);
}
