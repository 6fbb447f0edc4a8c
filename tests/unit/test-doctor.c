/* The doctor: its table and report, what it reads out of files, and that it leaves nothing behind.
 */
#include "engine/doctor.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the report --------------------------------------------------------------------------------
 */

static gboolean
is_id (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_islower (*text) && *text != '-')
      return FALSE;
  return TRUE;
}

static guint
count_fds (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  guint n = 0;

  g_assert_nonnull (dir);
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

/* The content of a file of this process, by a path that changes with it. */
static char *
own_file (const char *path)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
test_report (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree const char **ids = runc_doctor_ids ();
  g_autofree char *mounts = own_file ("/proc/self/mountinfo");
  guint fds = count_fds ();
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GPtrArray) findings = runc_engine_doctor (NULL, &error);
  g_autofree char *mounts_after = own_file ("/proc/self/mountinfo");

  g_test_message ("%.3f s", (double)(g_get_monotonic_time () - begin) / 1e6);
  g_assert_no_error (error);
  g_assert_cmpuint (count_fds (), ==, fds);
  g_assert_cmpstr (mounts, ==, mounts_after);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
  g_assert_cmpuint (findings->len, ==, g_strv_length ((char **)ids));
  for (guint i = 0; i < findings->len; i++)
    {
      const RuncDoctorFinding *finding = findings->pdata[i];

      g_test_message ("%s: %s: %s", runc_doctor_status_to_string (finding->status), finding->id,
                      finding->found);
      g_assert_cmpstr (finding->id, ==, ids[i]);
      g_assert_true (is_id (finding->id));
      g_assert_nonnull (finding->title);
      g_assert_nonnull (finding->found);
      g_assert_cmpstr (finding->found, !=, "");
      g_assert_null (strchr (finding->found, '\n'));
      if (finding->status == RUNC_DOCTOR_OK)
        {
          g_assert_null (finding->means);
          g_assert_null (finding->mend);
          continue;
        }
      g_assert_nonnull (finding->means);
      g_assert_nonnull (finding->mend);
      g_assert_null (strchr (finding->means, '\n'));
      g_assert_null (strchr (finding->mend, '\n'));
    }
}

static void
test_ids (void)
{
  g_autofree const char **ids = runc_doctor_ids ();

  for (const char **a = ids; *a != NULL; a++)
    for (const char **b = a + 1; *b != NULL; b++)
      g_assert_cmpstr (*a, !=, *b);
}

static void
test_only (void)
{
  static const char *const two[] = { "seccomp", "user-namespace", NULL };
  static const char *const unknown[] = { "seccomp", "moon", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = runc_engine_doctor (two, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (findings->len, ==, 2);
  g_assert_cmpstr (((RuncDoctorFinding *)findings->pdata[0])->id, ==, "user-namespace");
  g_assert_cmpstr (((RuncDoctorFinding *)findings->pdata[1])->id, ==, "seccomp");

  g_assert_null (runc_engine_doctor (unknown, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "'moon'"));
  g_assert_nonnull (strstr (error->message, "procfs"));
}

static void
test_json (void)
{
  RuncDoctorFinding fine
      = { "a", "title a", TRUE, RUNC_DOCTOR_OK, (char *)"all is \"well\"", NULL, NULL };
  RuncDoctorFinding ill = {
    "b", "title b", FALSE, RUNC_DOCTOR_LIMITED, (char *)"found", (char *)"means", (char *)"mend",
  };
  g_autoptr (GPtrArray) findings = g_ptr_array_new ();

  g_ptr_array_add (findings, &fine);
  g_ptr_array_add (findings, &ill);
  autojson RuncJson *json = runc_doctor_findings_to_json (findings);
  g_autofree char *text = runc_json_to_string (json);
  g_assert_cmpstr (text, ==,
                   "[{\"id\":\"a\",\"title\":\"title a\",\"status\":\"ok\",\"needed\":true,"
                   "\"found\":\"all is \\\"well\\\"\",\"means\":null,\"mend\":null},"
                   "{\"id\":\"b\",\"title\":\"title b\",\"status\":\"limited\",\"needed\":false,"
                   "\"found\":\"found\",\"means\":\"means\",\"mend\":\"mend\"}]");
}

/* The manual page explains each check, and no other. */
static void
test_manual (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "man", "runc-doctor.8", NULL);
  g_autofree const char **ids = runc_doctor_ids ();
  g_autofree char *text = own_file (path);
  char *section = strstr (text, "\n.SH CHECKS");
  guint n = 0;

  g_assert_nonnull (section);
  section += strlen ("\n.SH CHECKS");
  *strstr (section, "\n.SH ") = '\0';
  for (const char **id = ids; *id != NULL; id++)
    {
      g_autofree char *item = g_strdup_printf ("\n.TP\n.B %s\n", *id);

      g_test_message ("%s", *id);
      g_assert_nonnull (strstr (section, item));
    }
  for (const char *p = section; (p = strstr (p, "\n.TP\n")) != NULL; p++)
    n++;
  g_assert_cmpuint (n, ==, g_strv_length ((char **)ids));
}

/* ---- subordinate ids ---------------------------------------------------------------------------
 */

static void
test_subids (void)
{
  static const struct
  {
    const char *text;
    const char *passwd;
    guint64 total;
    guint64 first_free;
    const char *broken;
    const char *overlaps;
    guint64 overlap_from;
  } cases[] = {
    { "", NULL, 0, 100000, NULL, NULL, 0 },
    { "ann:100000:65536\n", NULL, 65536, 165536, NULL, NULL, 0 },
    { "ann:100000:65536", NULL, 65536, 165536, NULL, NULL, 0 },
    { "1000:100000:65536\n", NULL, 65536, 165536, NULL, NULL, 0 },
    { "ann:100000:1000\n1000:200000:10\n", NULL, 1010, 101000, NULL, NULL, 0 },
    { "ann:5000:10\n", NULL, 10, 100000, NULL, NULL, 0 },
    /* a gap that is too small, and one that is not */
    { "bob:100000:10\ncy:165545:10\ndan:1:1\n", NULL, 0, 165555, NULL, NULL, 0 },
    { "cy:165546:10\nbob:100000:10\n", NULL, 0, 100010, NULL, NULL, 0 },
    { "anna:100000:65536\n10001:300000:1\n", NULL, 0, 165536, NULL, NULL, 0 },
    /* neighbours */
    { "ann:100000:65536\nbob:165536:65536\n", NULL, 65536, 231072, NULL, NULL, 0 },
    { "bob:100000:65536\nann:165536:65536\n", NULL, 65536, 231072, NULL, NULL, 0 },
    /* others' ids */
    { "ann:100000:65536\nbob:165535:2\n", NULL, 65536, 165537, NULL, "bob", 165535 },
    { "bob:100000:1000000\nann:200000:65536\n", NULL, 65536, 1100000, NULL, "bob", 200000 },
    { "ann:100000:65536\n2000:100005:1\n", NULL, 65536, 165536, NULL, "2000", 100005 },
    { "ann:1000:10\n", "root:x:0:0::/:/bin/sh\nbob:x:1009:1009::/:\n", 10, 100000, NULL, "bob",
      1009 },
    { "ann:2000:10\n", "root:x:0:0::/:/bin/sh\nbob:x:1009:1009::/:\n", 10, 100000, NULL, NULL, 0 },
    { "ann:1000:10\n", "ann:x:1005:1005::/:\n", 10, 100000, NULL, NULL, 0 },
    { "ann:2000:10\n", "bad line\n\nbob:x:what:1:\n:::\n", 10, 100000, NULL, NULL, 0 },
    /* what newuidmap does not take */
    { "ann:100000\n", NULL, 0, 100000, "ann:100000", NULL, 0 },
    { "ann:100000:0\n", NULL, 0, 100000, "ann:100000:0", NULL, 0 },
    { "ann:100000:65536 \n", NULL, 0, 100000, "ann:100000:65536 ", NULL, 0 },
    { "ann:0x10000:65536\n", NULL, 0, 100000, "ann:0x10000:65536", NULL, 0 },
    { "ann:-1:65536\n", NULL, 0, 100000, "ann:-1:65536", NULL, 0 },
    { "ann:4294967295:1\n", NULL, 0, 100000, "ann:4294967295:1", NULL, 0 },
    { "ann:4294967294:1\n", NULL, 1, 100000, NULL, NULL, 0 },
    { "ann:4294900000:65536000000000000\n", NULL, 0, 100000, "ann:4294900000:65536000000000000",
      NULL, 0 },
    { "ann:1:2:3\nann:7:1\n", NULL, 1, 100000, "ann:1:2:3", NULL, 0 },
    /* not ours to judge */
    { "bob:garbage\n# a comment\n\n:\n", NULL, 0, 100000, NULL, NULL, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (RuncDoctorSubids) subids = { 0 };

      g_test_message ("%s", cases[i].text);
      runc_doctor_inspect_subids (cases[i].text, "ann", 1000, cases[i].passwd, &subids);
      g_assert_cmpuint (subids.total, ==, cases[i].total);
      g_assert_cmpuint (subids.first_free, ==, cases[i].first_free);
      g_assert_cmpstr (subids.broken, ==, cases[i].broken);
      g_assert_cmpstr (subids.overlaps, ==, cases[i].overlaps);
      g_assert_cmpuint (subids.overlap_from, ==, cases[i].overlap_from);
    }
}

static void
test_broken_line (void)
{
  g_auto (RuncDoctorSubids) subids = { 0 };

  runc_doctor_inspect_subids ("# ids\nbob:1:1\nann:x:1\nann:y:1\n", "ann", 1000, NULL, &subids);
  g_assert_cmpuint (subids.broken_line, ==, 3);
}

/* ---- files of /proc and /etc -------------------------------------------------------------------
 */

#define LINE(point) "36 35 0:3 / " point " ro,nosuid - proc proc rw\n"

static void
test_proc_masks (void)
{
  static const struct
  {
    const char *mountinfo;
    const char *points;
  } cases[] = {
    { "", "" },
    { LINE ("/") LINE ("/proc") LINE ("/process/x") LINE ("/srv/proc/x"), "" },
    { LINE ("/proc") LINE ("/proc/kcore") LINE ("/proc/sys"), "/proc/kcore /proc/sys" },
    { LINE ("/proc/sys/fs/binfmt_misc"), "" },
    { LINE ("/proc/sys/fs/binfmt_misc") LINE ("/proc/sys"), "/proc/sys" },
    /* as read-only paths are made: bound, then mounted over again */
    { LINE ("/proc/bus") LINE ("/proc/bus"), "/proc/bus" },
    { "garbage\n1 2 3\n" LINE ("/proc/acpi"), "/proc/acpi" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) points = runc_doctor_proc_masks (cases[i].mountinfo);
      g_autofree char *joined = g_strjoinv (" ", points);

      g_assert_cmpstr (joined, ==, cases[i].points);
    }
}

static void
test_chroot (void)
{
  g_assert_false (runc_doctor_in_chroot (LINE ("/") LINE ("/proc")));
  g_assert_false (runc_doctor_in_chroot (LINE ("/proc") LINE ("/")));
  g_assert_true (runc_doctor_in_chroot (LINE ("/proc") LINE ("/dev")));
  /* nothing is known */
  g_assert_false (runc_doctor_in_chroot (""));
}

static void
test_install (void)
{
  static const struct
  {
    const char *os_release;
    const char *word;
  } cases[] = {
    { "NAME=x\nID=debian\n", "apt-get install uidmap" },
    { "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install uidmap" },
    { "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install shadow-utils" },
    { "ID=alpine\n", "apk add shadow-subids" },
    { "ID=arch\n", "pacman -S shadow" },
    { "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install shadow" },
    { "ID='fedora'\n", "dnf install shadow-utils" },
    { "VERSION_ID=debian\n", "install newuidmap" },
    { "", "install newuidmap" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *words = runc_doctor_install_on (cases[i].os_release, "newuidmap");

      g_test_message ("%s", words);
      g_assert_nonnull (strstr (words, cases[i].word));
      g_assert_nonnull (runc_doctor_install_on (cases[i].os_release, "fuse-overlayfs"));
      g_assert_nonnull (runc_doctor_install_on (cases[i].os_release, "pasta"));
    }
}

static void
test_process_status (void)
{
  g_assert_cmpint (runc_doctor_process_status ("Pid", 0), ==, getpid ());
  g_assert_cmpint (runc_doctor_process_status ("Moon", 7), ==, 7);
  /* the key is a whole one */
  g_assert_cmpint (runc_doctor_process_status ("id", 7), ==, 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/doctor/report", test_report);
  g_test_add_func ("/doctor/ids", test_ids);
  g_test_add_func ("/doctor/only", test_only);
  g_test_add_func ("/doctor/json", test_json);
  g_test_add_func ("/doctor/manual", test_manual);
  g_test_add_func ("/doctor/subids", test_subids);
  g_test_add_func ("/doctor/broken-line", test_broken_line);
  g_test_add_func ("/doctor/proc-masks", test_proc_masks);
  g_test_add_func ("/doctor/chroot", test_chroot);
  g_test_add_func ("/doctor/install", test_install);
  g_test_add_func ("/doctor/process-status", test_process_status);
  return g_test_run ();
}
