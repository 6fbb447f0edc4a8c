/* The state of containers on disk: codec, directories, locks, status, and the /proc parser below
 * it. In temporary directories, without privileges. */
#include "base/error.h"
#include "base/fd.h"
#include "state/state.h"
#include "sys/pid.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define NOBODY 65534

typedef struct
{
  char *top;
  char *root;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->top = g_dir_make_tmp ("runc-state-XXXXXX", NULL);
  g_assert_nonnull (f->top);
  f->root = g_build_filename (f->top, "root", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  autofd int tmp = open (g_get_tmp_dir (), O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *name = g_path_get_basename (f->top);

  (void)data;
  g_assert_cmpint (runc_sys_remove_tree (tmp, name), ==, 0);
  g_free (f->top);
  g_free (f->root);
}

/* Run @function in a child that is not real root; it must not fail an assertion. */
static void
as_user (void (*function) (Fixture *), Fixture *f)
{
  gboolean drop = geteuid () == 0 && runc_sys_in_initial_userns ();
  pid_t pid;
  int status;

  if (drop)
    g_assert_cmpint (chown (f->top, NOBODY, NOBODY), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      if (drop
          && (setresgid (NOBODY, NOBODY, NOBODY) < 0 || setresuid (NOBODY, NOBODY, NOBODY) < 0))
        _exit (77);
      function (f);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

/* ---- codec ----------------------------------------------------------------------------------- */

static void
test_round_trip (void)
{
  char *annotations[] = { "b", "1", "a", "\"quoted\" \u00e9", NULL };
  char *v1[] = { "/sys/fs/cgroup/cpu,cpuacct/x/c1",
                 "/sys/fs/cgroup/systemd/x/c1",
                 "/sys/fs/cgroup/memory/c1",
                 "/elsewhere/c1",
                 "/sys/fs/cgroup/cpu/twice",
                 "/sys/fs/cgroup//odd",
                 NULL };
  char *published[] = { "8080:80", "[::1]:53:53/udp", NULL };
  pid_t helpers[] = { 12, 2147483647 };
  guint64 starts[] = { 1, G_MAXUINT64 };
  RuncState state = {
    .id = "c1",
    .init_pid = 4194304,
    .init_start_time = G_MAXUINT64,
    .oci_version = "1.2.0",
    .annotations = annotations,
    .has_poststart = TRUE,
    .bundle = "/b",
    .rootfs = "/b/rootfs",
    .created_us = 1767323045250000,
    .owner = G_MAXUINT32,
    .rootless = TRUE,
    .own_pidns = TRUE,
    .cgroup_driver = 2,
    .v1_dirs = v1,
    .v2_dir = "/sys/fs/cgroup/unified/c1",
    .systemd_unit = "runc-c1.scope",
    .systemd_user_bus = TRUE,
    .helper_pids = helpers,
    .helper_start_times = starts,
    .n_helpers = 2,
    .published = published,
    .layer = "/var/tmp/runc-layer-c1-0123",
    .intel_rdt_dir = "/sys/fs/resctrl/c1",
    .intel_rdt_mon_dir = "/sys/fs/resctrl/c1/mon_groups/c1",
    .intel_rdt_own = TRUE,
  };
  g_autofree char *text = runc_state_to_json (&state);
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncState) back = runc_state_from_json (text, strlen (text), &error);

  g_assert_no_error (error);
  g_autofree char *again = runc_state_to_json (back);
  g_assert_cmpstr (text, ==, again);
  g_assert_cmpuint (back->init_start_time, ==, G_MAXUINT64);
  g_assert_cmpint (back->created_us, ==, state.created_us);
  g_assert_cmpuint (back->owner, ==, G_MAXUINT32);
  g_assert_true (g_strv_equal ((const char *const *)back->v1_dirs, (const char *const *)v1));
  g_assert_true (
      g_strv_equal ((const char *const *)back->annotations, (const char *const *)annotations));
  g_assert_cmpuint (back->helper_start_times[1], ==, G_MAXUINT64);
  g_assert_cmpint (back->helper_pids[1], ==, 2147483647);
  g_assert_true (back->has_poststart && !back->has_poststop);

  /* The names that other tools read. */
  g_assert_nonnull (strstr (text, "\"init_process_pid\":4194304"));
  g_assert_nonnull (strstr (text, "\"init_process_start\":18446744073709551615"));
  g_assert_nonnull (strstr (text, "\"created\":\"2026-01-02T03:04:05.25Z\""));
  g_assert_nonnull (strstr (text, "\"cpuacct\":\"/sys/fs/cgroup/cpu,cpuacct/x/c1\""));
  g_assert_nonnull (strstr (text, "\"name=systemd\":\"/sys/fs/cgroup/systemd/x/c1\""));
  g_assert_nonnull (strstr (text, "\"\":\"/sys/fs/cgroup/unified/c1\""));
}

static void
test_minimal (void)
{
  RuncState state = { .id = "x" };
  g_autofree char *text = runc_state_to_json (&state);
  g_autoptr (RuncState) back = runc_state_from_json (text, strlen (text), NULL);

  g_assert_nonnull (back);
  g_assert_cmpint (back->init_pid, ==, 0);
  g_assert_null (back->v1_dirs);
  g_assert_null (back->annotations);
  g_assert_null (back->bundle);
}

static void
test_time (void)
{
  static const struct
  {
    gint64 time_us;
    const char *text;
  } rows[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.000001Z" },
    { 1767323045250000, "2026-01-02T03:04:05.25Z" },
    { 1767323045000000, "2026-01-02T03:04:05Z" },
    { 1709164799999999, "2024-02-28T23:59:59.999999Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = runc_state_format_time (rows[i].time_us);
      g_assert_cmpstr (text, ==, rows[i].text);
    }

  /* Each day of four centuries, as the C library has it, and back. */
  for (gint64 day = -40000; day < 110000; day++)
    {
      time_t seconds = (time_t)(day * 86400 + 86399);
      RuncState state = { .id = "x", .created_us = (gint64)seconds * G_USEC_PER_SEC + 999999 };
      g_autofree char *text = runc_state_format_time (state.created_us);
      char expected[64];
      struct tm tm;

      gmtime_r (&seconds, &tm);
      strftime (expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.999999Z", &tm);
      g_assert_cmpstr (text, ==, expected);
      if (day % 100 != 0)
        continue;
      g_autofree char *json = runc_state_to_json (&state);
      g_autoptr (RuncState) back = runc_state_from_json (json, strlen (json), NULL);
      g_assert_cmpint (back->created_us, ==, state.created_us);
    }
}

#define HEAD "{\"version\":1,\"id\":\"x\",\"created\":\"2026-01-02T03:04:05Z\""

static void
test_damaged (void)
{
  static const char *const texts[] = {
    "",
    "{",
    "[]",
    "null",
    "{}",
    "{\"version\":1}",
    "{\"version\":2,\"id\":\"x\",\"created\":\"2026-01-02T03:04:05Z\"}",
    "{\"version\":1,\"id\":7,\"created\":\"2026-01-02T03:04:05Z\"}",
    "{\"version\":1,\"id\":\"x\",\"created\":\"yesterday\"}",
    "{\"version\":1,\"id\":\"x\",\"created\":\"2026-01-02T03:04:05+01:00\"}",
    HEAD ",\"init_process_pid\":-1}",
    HEAD ",\"init_process_pid\":2147483648}",
    HEAD ",\"init_process_pid\":\"1\"}",
    HEAD ",\"init_process_pid\":1.5}",
    HEAD ",\"init_process_start\":18446744073709551616}",
    HEAD ",\"own_pidns\":1}",
    HEAD ",\"cgroup_paths\":[]}",
    HEAD ",\"cgroup_paths\":{\"memory\":1}}",
    HEAD ",\"cgroup_paths\":{\"memory\":\"relative\"}}",
    HEAD ",\"helpers\":{}}",
    HEAD ",\"helpers\":[3]}",
    HEAD ",\"helpers\":[{\"pid\":-3}]}",
    HEAD ",\"published\":[1]}",
    HEAD ",\"published\":\"80:80\"}",
    HEAD ",\"annotations\":[\"odd\"]}",
    HEAD "} trailing",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncState) state = runc_state_from_json (texts[i], strlen (texts[i]), &error);

      g_test_message ("%s -> %s", texts[i], error != NULL ? error->message : "accepted");
      g_assert_null (state);
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
      g_assert_nonnull (strstr (error->message, "state.json"));
    }
}

/* ---- ids and roots --------------------------------------------------------------------------- */

static void
test_id (void)
{
  g_autofree char *longest = g_strnfill (255, 'a');
  g_autofree char *too_long = g_strnfill (256, 'a');
  const struct
  {
    const char *id;
    const char *message; /* NULL: fine */
  } rows[] = {
    { "a", NULL },
    { "ABCxyz019_+-.", NULL },
    { ".hidden", NULL },
    { "-", NULL },
    { "...", NULL },
    { longest, NULL },
    { too_long, "invalid container ID format" },
    { "", "container id cannot be empty" },
    { NULL, "container id cannot be empty" },
    { ".", "invalid container ID format" },
    { "..", "invalid container ID format" },
    { "a/b", "invalid container ID format" },
    { "../x", "invalid container ID format" },
    { "a b", "invalid container ID format" },
    { "a\n", "invalid container ID format" },
    { "caf\u00e9", "invalid container ID format" },
    { "a:b", "invalid container ID format" },
    { "a@b", "invalid container ID format" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean ok = runc_state_check_id (rows[i].id, &error);

      g_test_message ("'%s'", rows[i].id);
      g_assert_cmpint (ok, ==, rows[i].message == NULL);
      if (rows[i].message != NULL)
        {
          g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
          g_assert_nonnull (strstr (error->message, rows[i].message));
        }
    }
}

static void
test_root_given (void)
{
  g_autofree char *cwd = g_get_current_dir ();
  g_autofree char *expected = g_build_filename (cwd, "some", "root", NULL);
  g_autofree char *relative = runc_state_root ("./some/x/../root/", NULL);
  g_autofree char *absolute = runc_state_root ("/tmp//x/", NULL);
  static const char *const refused[] = { "/", "", "//", "/x/.." };

  g_assert_cmpstr (relative, ==, expected);
  g_assert_cmpstr (absolute, ==, "/tmp/x");
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (runc_state_root (refused[i], &error));
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
    }
}

static void
check_user_root (Fixture *f)
{
  g_autofree char *expected = g_build_filename (f->top, "runc", NULL);
  g_autofree char *nowhere = g_build_filename (f->top, "nowhere", NULL);
  g_autoptr (GError) error = NULL;
  struct stat st;

  g_setenv ("XDG_RUNTIME_DIR", f->top, TRUE);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *root = runc_state_root (NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (root, ==, expected);
      g_assert_cmpint (lstat (root, &st), ==, 0);
      g_assert_cmpint (st.st_mode, ==, S_IFDIR | S_ISVTX | 0700);
    }

  /* What others can write to is closed to them. */
  g_assert_cmpint (chmod (expected, 0777), ==, 0);
  g_free (runc_state_root (NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (lstat (expected, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 077, ==, 0);

  /* A symbolic link may lead anywhere. */
  g_assert_cmpint (rmdir (expected), ==, 0);
  g_assert_cmpint (symlink ("/tmp", expected), ==, 0);
  g_assert_null (runc_state_root (NULL, &error));
  g_assert_nonnull (strstr (error->message, expected));
  g_assert_nonnull (strstr (error->message, "--root"));
  g_clear_error (&error);
  g_assert_cmpint (unlink (expected), ==, 0);

  g_setenv ("XDG_RUNTIME_DIR", nowhere, TRUE);
  g_assert_null (runc_state_root (NULL, &error));
  g_assert_nonnull (strstr (error->message, nowhere));
  g_assert_nonnull (strstr (error->message, "XDG_RUNTIME_DIR"));
  g_clear_error (&error);

  /* Somebody else's. */
  g_setenv ("XDG_RUNTIME_DIR", "/", TRUE);
  if (g_file_test ("/runc", G_FILE_TEST_EXISTS))
    return;
  g_assert_null (runc_state_root (NULL, &error));
  g_assert_nonnull (strstr (error->message, "'/runc'"));
}

static void
test_root_of_user (Fixture *f, gconstpointer data)
{
  (void)data;
  as_user (check_user_root, f);
}

static void
test_root_of_root (void)
{
  if (geteuid () != 0 || !runc_sys_in_initial_userns ())
    {
      g_test_skip ("needs root in the initial user namespace");
      return;
    }
  g_setenv ("XDG_RUNTIME_DIR", "/nowhere", TRUE);
  g_autofree char *root = runc_state_root (NULL, NULL);
  g_assert_cmpstr (root, ==, "/run/runc");
}

/* ---- directories ----------------------------------------------------------------------------- */

static void
create (Fixture *f, const char *id)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;

  runc_state_dir_create (f->root, id, &dir, &error);
  g_assert_no_error (error);
}

static void
test_dir_life (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_auto (RuncStateDir) second = RUNC_STATE_DIR_INIT;
  RuncState state = { .id = "c1", .bundle = "/b" };
  g_autoptr (RuncState) back = NULL;
  g_autoptr (GError) error = NULL;
  struct stat st;

  (void)data;
  g_assert_false (runc_state_dir_open (f->root, "c1", FALSE, &second, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (error->message, "container does not exist"));
  g_clear_error (&error);

  g_assert_true (runc_state_dir_create (f->root, "c1", &dir, &error));
  g_assert_true (dir.locked);
  g_assert_cmpint (stat (f->root, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);
  g_assert_cmpint (stat (dir.path, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0700);

  g_assert_false (runc_state_dir_create (f->root, "c1", &second, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_EXISTS);
  g_assert_true (g_str_has_prefix (error->message, "container with given ID already exists"));
  g_clear_error (&error);

  g_assert_null (runc_state_read (&dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (runc_state_write (&dir, &state, &error));
  state.bundle = "/other";
  g_assert_true (runc_state_write (&dir, &state, &error));
  back = runc_state_read (&dir, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (back->bundle, ==, "/other");
  g_assert_cmpint (fstatat (dir.dir_fd, RUNC_STATE_FILE, &st, 0), ==, 0);
  g_assert_cmpint (st.st_mode & 077, ==, 0);

  state.id = "other";
  g_assert_true (runc_state_write (&dir, &state, &error));
  g_assert_null (runc_state_read (&dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
  g_clear_error (&error);

  g_assert_true (runc_state_dir_remove (&dir, &error));
  g_assert_false (dir.locked);
  g_assert_cmpint (stat (dir.path, &st), ==, -1);
  g_assert_true (runc_state_dir_remove (&dir, &error));
}

static void
test_dir_links (Fixture *f, gconstpointer data)
{
  g_autofree char *link = g_build_filename (f->root, "link", NULL);
  g_autofree char *file = g_build_filename (f->root, "file", NULL);
  g_autofree char *victim = g_build_filename (f->top, "victim", NULL);
  g_autofree char *kept = g_build_filename (victim, "kept", NULL);
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;

  (void)data;
  create (f, "c1");
  g_assert_cmpint (mkdir (victim, 0700), ==, 0);
  g_assert_true (g_file_set_contents (kept, "{}", -1, NULL));
  g_assert_cmpint (symlink (victim, link), ==, 0);
  g_assert_true (g_file_set_contents (file, "", -1, NULL));

  g_assert_false (runc_state_dir_open (f->root, "link", FALSE, &dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_SYSTEM);
  g_assert_nonnull (strstr (error->message, link));
  g_clear_error (&error);
  g_assert_false (runc_state_dir_create (f->root, "link", &dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (runc_state_dir_open (f->root, "file", FALSE, &dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_SYSTEM);
  g_clear_error (&error);

  /* A link in place of the file is not read; one in the directory is removed, not what it leads to.
   */
  g_assert_true (runc_state_dir_open (f->root, "c1", TRUE, &dir, &error));
  g_assert_cmpint (symlinkat (kept, dir.dir_fd, RUNC_STATE_FILE), ==, 0);
  g_assert_cmpint (symlinkat (victim, dir.dir_fd, "out"), ==, 0);
  g_assert_null (runc_state_read (&dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_SYSTEM);
  g_clear_error (&error);
  g_assert_true (runc_state_dir_remove (&dir, &error));
  g_assert_true (g_file_test (kept, G_FILE_TEST_IS_REGULAR));
}

static void
check_strangers (Fixture *f)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;

  (void)f;
  /* For an ordinary user the root is fine and the directory is not; in a user namespace neither is.
   */
  g_assert_false (runc_state_dir_open ("/", "usr", FALSE, &dir, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_SYSTEM);
  g_assert_nonnull (strstr (error->message, "belongs to uid"));
  g_assert_nonnull (strstr (error->message, "not to us"));
  g_assert_nonnull (strstr (error->message, "--root"));
}

static void
test_dir_of_others (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (f->root, "c1", NULL);

  (void)data;
  create (f, "c1");
  as_user (check_strangers, f);
  if (geteuid () != 0 || !runc_sys_in_initial_userns ())
    return;
  g_assert_cmpint (chown (path, 1234, 1234), ==, 0);
  g_assert_false (runc_state_dir_open (f->root, "c1", FALSE, &dir, &error));
  g_assert_nonnull (strstr (error->message, "belongs to uid 1234, not to us (uid 0)"));
  g_clear_error (&error);
  g_assert_cmpint (chown (f->root, 1234, 1234), ==, 0);
  g_assert_null (runc_state_list_ids (f->root, &error));
  g_assert_nonnull (strstr (error->message, f->root));
  g_clear_error (&error);
  g_assert_false (runc_state_dir_create (f->root, "c2", &dir, &error));
  g_assert_nonnull (strstr (error->message, "belongs to uid 1234"));
}

static void
test_list (Fixture *f, gconstpointer data)
{
  static const char *const expected[] = { ".c", "a", "b-2", "b1", NULL };
  g_autofree char *file = g_build_filename (f->root, "file", NULL);
  g_autofree char *link = g_build_filename (f->root, "link", NULL);
  g_autofree char *odd = g_build_filename (f->root, "not an id", NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) ids = NULL;

  (void)data;
  g_assert_null (runc_state_list_ids (f->root, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_clear_error (&error);

  create (f, "b1");
  create (f, "a");
  create (f, ".c");
  create (f, "b-2");
  g_assert_true (g_file_set_contents (file, "", -1, NULL));
  g_assert_cmpint (symlink (f->top, link), ==, 0);
  g_assert_cmpint (mkdir (odd, 0700), ==, 0);
  ids = runc_state_list_ids (f->root, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_equal ((const char *const *)ids, expected));
}

/* ---- locks ----------------------------------------------------------------------------------- */

static void
test_lock (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) holder = RUNC_STATE_DIR_INIT;
  g_auto (RuncStateDir) other = RUNC_STATE_DIR_INIT;
  g_auto (RuncStateDir) second = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;

  (void)data;
  g_assert_true (runc_state_dir_create (f->root, "c1", &holder, &error));
  g_assert_true (runc_state_dir_create (f->root, "c2", &second, &error));
  g_assert_true (runc_state_dir_open (f->root, "c1", FALSE, &other, &error));
  g_assert_cmpint (runc_state_status (&other, NULL), ==, RUNC_STATUS_CREATING);
  g_assert_cmpint (runc_state_status (&holder, NULL), ==, RUNC_STATUS_STOPPED);
  g_assert_false (runc_state_dir_lock (&other, FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_clear_error (&error);

  runc_state_dir_unlock (&holder);
  g_assert_cmpint (runc_state_status (&other, NULL), ==, RUNC_STATUS_STOPPED);
  /* Asking for the status takes nothing from anybody. */
  g_assert_true (runc_state_dir_lock (&holder, FALSE, &error));
  g_assert_true (runc_state_dir_remove (&holder, &error));

  g_assert_false (runc_state_dir_lock (&other, TRUE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_clear_error (&error);
  create (f, "c1");
  g_assert_false (runc_state_dir_lock (&other, TRUE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_false (other.locked);
}

static gpointer
lock_and_say (gpointer data)
{
  RuncStateDir *dir = data;

  g_assert_true (runc_state_dir_lock (dir, TRUE, NULL));
  return dir;
}

static void
test_lock_waits (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) holder = RUNC_STATE_DIR_INIT;
  g_auto (RuncStateDir) waiter = RUNC_STATE_DIR_INIT;
  GThread *thread;
  pid_t heir;

  (void)data;
  g_assert_true (runc_state_dir_create (f->root, "c1", &holder, NULL));
  g_assert_true (runc_state_dir_open (f->root, "c1", FALSE, &waiter, NULL));
  /* A process that has inherited the fd, as the container's init at the gate has, holds nothing. */
  heir = fork ();
  if (heir == 0)
    {
      pause ();
      _exit (0);
    }
  thread = g_thread_new ("waiter", lock_and_say, &waiter);
  runc_state_dir_clear (&holder);
  g_assert_true (g_thread_join (thread) == &waiter);
  g_assert_true (waiter.locked);
  kill (heir, SIGKILL);
  waitpid (heir, NULL, 0);
}

static void
test_lock_of_killed (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  int ready[2];
  pid_t maker;
  char byte;

  (void)data;
  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  maker = fork ();
  if (maker == 0)
    {
      RuncStateDir mine = RUNC_STATE_DIR_INIT;
      if (!runc_state_dir_create (f->root, "c1", &mine, NULL))
        _exit (1);
      if (write (ready[1], "x", 1) == 1)
        pause ();
      _exit (1);
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  g_assert_true (runc_state_dir_open (f->root, "c1", FALSE, &dir, NULL));
  g_assert_cmpint (runc_state_status (&dir, NULL), ==, RUNC_STATUS_CREATING);
  kill (maker, SIGKILL);
  g_assert_cmpint (waitpid (maker, NULL, 0), ==, maker);
  g_assert_cmpint (runc_state_status (&dir, NULL), ==, RUNC_STATUS_STOPPED);
  g_assert_true (runc_state_dir_lock (&dir, FALSE, NULL));
  g_assert_true (runc_state_dir_remove (&dir, NULL));
}

/* ---- processes ------------------------------------------------------------------------------- */

static pid_t
start_sleeper (void)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      pause ();
      _exit (0);
    }
  g_assert_cmpint (pid, >, 0);
  return pid;
}

static void
test_status (Fixture *f, gconstpointer data)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  RuncState state = { .id = "c1" };
  siginfo_t info;

  (void)data;
  g_assert_true (runc_state_dir_create (f->root, "c1", &dir, NULL));
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_STOPPED);

  state.init_pid = start_sleeper ();
  state.init_start_time = runc_state_process_start_time (state.init_pid);
  g_assert_cmpuint (state.init_start_time, >, 0);
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_RUNNING);
  g_assert_cmpint (mkfifoat (dir.dir_fd, RUNC_STATE_FIFO, 0600), ==, 0);
  g_assert_true (runc_state_write_file (&dir, RUNC_STATE_CONFIG, "{}", NULL));
  int gate = runc_state_gate_lock (&dir, NULL);
  g_assert_cmpint (gate, >=, 0);
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_CREATED);
  /* it was opened, but `start` was killed before it could remove the fifo */
  close (gate);
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_RUNNING);

  state.init_start_time++;
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_STOPPED);
  g_assert_cmpint (runc_sys_pidfd_open_checked (state.init_pid, state.init_start_time), ==, -ESRCH);
  state.init_start_time--;
  autofd int pidfd = runc_sys_pidfd_open_checked (state.init_pid, state.init_start_time);
  g_assert_cmpint (pidfd, >=, 0);
  g_assert_cmpint (runc_sys_pidfd_wait (pidfd, 0), ==, -ETIMEDOUT);

  kill (state.init_pid, SIGKILL);
  g_assert_cmpint (runc_sys_pidfd_wait (pidfd, 10000), ==, 0);
  /* a zombie until it is waited for */
  g_assert_cmpint (waitid (P_PID, (id_t)state.init_pid, &info, WEXITED | WNOWAIT), ==, 0);
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_STOPPED);
  g_assert_cmpint (runc_sys_pidfd_open_checked (state.init_pid, state.init_start_time), ==, -ESRCH);
  g_assert_cmpint (waitpid (state.init_pid, NULL, 0), ==, state.init_pid);
  g_assert_cmpint (runc_state_status (&dir, &state), ==, RUNC_STATUS_STOPPED);
  g_assert_cmpuint (runc_state_process_start_time (state.init_pid), ==, 0);
}

#define TAIL " 7 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 4242 8192 0 18446744073709551615 0\n"

static void
test_stat_parser (void)
{
  static const struct
  {
    const char *text;
    char state; /* 0: refused */
  } rows[] = {
    { "12 (sh) S" TAIL, 'S' },
    { "12 () R" TAIL, 'R' },
    { "12 (a b) c) R" TAIL, 'R' },
    { "12 () R 1 2 3 4 () Z" TAIL, 'Z' },
    { "12 (\n1 (x) S 1\n) D" TAIL, 'D' },
    { "12 (((((() t" TAIL, 't' },
    { "12 (sh) S 7 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0", 0 },
    { "12 (sh) S 7 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 42", 0 },
    { "12 (sh) S 7 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 99999999999999999999 ", 0 },
    { "12 (sh) S 7 x 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 42 ", 0 },
    { "12 (sh) SS 7 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 42 ", 0 },
    { "12 (sh", 0 },
    { "12 (sh)", 0 },
    { "12 (sh) S", 0 },
    { "", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      /* Exactly as long as its text, so that a read behind its end is found. */
      gsize len = strlen (rows[i].text);
      g_autofree char *text = g_memdup2 (rows[i].text, len);
      RuncProcessStat stat = { 0 };
      int r = runc_sys_parse_stat (text, len, &stat);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (r, ==, rows[i].state != 0 ? 0 : -EINVAL);
      if (rows[i].state == 0)
        continue;
      g_assert_cmpint (stat.state, ==, rows[i].state);
      g_assert_cmpint (stat.ppid, ==, 7);
      g_assert_cmpuint (stat.start_time, ==, 4242);
    }
}

static void
test_stat_of_self (void)
{
  char old[16];
  RuncProcessStat before, after;

  g_assert_cmpint (prctl (PR_GET_NAME, old), ==, 0);
  g_assert_cmpint (runc_sys_process_stat (getpid (), &before), ==, 0);
  g_assert_cmpint (prctl (PR_SET_NAME, ") Z 1 2\n(3) X"), ==, 0);
  g_assert_cmpint (runc_sys_process_stat (getpid (), &after), ==, 0);
  prctl (PR_SET_NAME, old);
  g_assert_cmpint (after.state, ==, 'R');
  g_assert_cmpint (after.ppid, ==, getppid ());
  g_assert_cmpuint (after.start_time, ==, before.start_time);
  g_assert_cmpint (runc_sys_process_stat (0, &after), ==, -ESRCH);
  g_assert_cmpint (runc_sys_process_stat (-1, &after), ==, -ESRCH);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/state/codec/round-trip", test_round_trip);
  g_test_add_func ("/state/codec/minimal", test_minimal);
  g_test_add_func ("/state/codec/time", test_time);
  g_test_add_func ("/state/codec/damaged", test_damaged);
  g_test_add_func ("/state/id", test_id);
  g_test_add_func ("/state/root/given", test_root_given);
  g_test_add ("/state/root/user", Fixture, NULL, set_up, test_root_of_user, tear_down);
  g_test_add_func ("/state/root/root", test_root_of_root);
  g_test_add ("/state/dir/life", Fixture, NULL, set_up, test_dir_life, tear_down);
  g_test_add ("/state/dir/links", Fixture, NULL, set_up, test_dir_links, tear_down);
  g_test_add ("/state/dir/others", Fixture, NULL, set_up, test_dir_of_others, tear_down);
  g_test_add ("/state/dir/list", Fixture, NULL, set_up, test_list, tear_down);
  g_test_add ("/state/lock/exclusive", Fixture, NULL, set_up, test_lock, tear_down);
  g_test_add ("/state/lock/waits", Fixture, NULL, set_up, test_lock_waits, tear_down);
  g_test_add ("/state/lock/killed", Fixture, NULL, set_up, test_lock_of_killed, tear_down);
  g_test_add ("/state/status", Fixture, NULL, set_up, test_status, tear_down);
  g_test_add_func ("/state/stat/parser", test_stat_parser);
  g_test_add_func ("/state/stat/self", test_stat_of_self);
  return g_test_run ();
}
