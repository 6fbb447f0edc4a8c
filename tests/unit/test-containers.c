/* What can be asked of, and done to, containers that are there: state, list, ps, kill, delete, and
 * what is refused without a cgroup. The containers are ordinary processes with a state directory;
 * nothing needs privileges. */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "engine/common.h"
#include "engine/engine.h"
#include "sys/pid.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

typedef struct
{
  char *top;
  char *root;
  RuncGlobal global;
  GArray *children; /* of pid_t: all that a test has started */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->top = g_dir_make_tmp ("runc-containers-XXXXXX", NULL);
  g_assert_nonnull (f->top);
  f->root = g_build_filename (f->top, "root", NULL);
  g_assert_cmpint (mkdir (f->root, 0700), ==, 0);
  f->global.root = f->root;
  f->children = g_array_new (FALSE, FALSE, sizeof (pid_t));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  autofd int tmp = open (g_get_tmp_dir (), O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *name = g_path_get_basename (f->top);

  (void)data;
  for (guint i = 0; i < f->children->len; i++)
    {
      kill (g_array_index (f->children, pid_t, i), SIGKILL);
      waitpid (g_array_index (f->children, pid_t, i), NULL, 0);
    }
  g_array_unref (f->children);
  g_assert_cmpint (runc_sys_remove_tree (tmp, name), ==, 0);
  g_free (f->top);
  g_free (f->root);
}

/* What a forked process does until it is killed: at the latest with its parent, so that a test that
 * fails leaves nobody who holds its output open, for whose end make would wait. */
static void G_GNUC_NORETURN
sleep_on (void)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    pause ();
}

static pid_t
start_sleeper (Fixture *f)
{
  pid_t pid = fork ();

  if (pid == 0)
    sleep_on ();
  g_assert_cmpint (pid, >, 0);
  g_array_append_val (f->children, pid);
  return pid;
}

/* A container directory with @text for its state.json (NULL: none). */
static void
add_text (Fixture *f, const char *id, const char *text)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;

  runc_state_dir_create (f->root, id, &dir, &error);
  g_assert_no_error (error);
  if (text != NULL)
    runc_state_write_file (&dir, RUNC_STATE_FILE, text, &error);
  g_assert_no_error (error);
}

/* A container whose init is @pid (0: never came to have one). */
static void
add (Fixture *f, const char *id, pid_t pid)
{
  RuncState state = {
    .id = (char *)id,
    .init_pid = pid,
    .init_start_time = pid > 0 ? runc_state_process_start_time (pid) : 0,
    .oci_version = "1.2.1",
    .bundle = "/some/bundle",
    .rootfs = "/some/bundle/rootfs",
    .created_us = 1767323045250000,
    .owner = geteuid (),
    .own_pidns = TRUE,
  };
  g_autofree char *text = runc_state_to_json (&state);

  add_text (f, id, text);
}

/* Change the state of container @id by @edit. */
static void
change (Fixture *f, const char *id, void (*edit) (RuncState *, gpointer), gpointer data)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (RuncState) state = NULL;

  g_assert_true (runc_state_dir_open (f->root, id, TRUE, &dir, NULL));
  state = runc_state_read (&dir, NULL);
  edit (state, data);
  g_assert_true (runc_state_write (&dir, state, NULL));
}

static void
add_file (Fixture *f, const char *id, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->root, id, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
exists (Fixture *f, const char *id)
{
  g_autofree char *path = g_build_filename (f->root, id, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* @pid has been waited for. */
static void
forget (Fixture *f, pid_t pid)
{
  for (guint i = 0; i < f->children->len; i++)
    if (g_array_index (f->children, pid_t, i) == pid)
      {
        g_array_remove_index (f->children, i);
        return;
      }
}

/* Wait for our child @pid; its status. */
static int
end_of (Fixture *f, pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  forget (f, pid);
  return status;
}

static gboolean
runs (pid_t pid)
{
  RuncProcessStat stat;

  return runc_sys_process_stat (pid, &stat) == 0 && stat.state != 'Z';
}

/* ---- state and list -------------------------------------------------------------------------- */

static void
check_state (Fixture *f, const char *id, const char *status, pid_t pid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncContainerInfo) info = runc_engine_state (&f->global, id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (info->id, ==, id);
  g_assert_cmpstr (info->status, ==, status);
  g_assert_cmpint (info->pid, ==, pid);
  g_assert_nonnull (info->bundle);
  g_assert_nonnull (info->owner);
  g_assert_cmpint (info->created[strlen (info->created) - 1], ==, 'Z');
}

/* Let the container @id look as if its process waited at the start gate. Returns what holds it
 * there. */
static int
hold_gate (Fixture *f, const char *id)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autofree char *config = g_build_filename (f->root, id, RUNC_STATE_CONFIG, NULL);

  g_assert_true (runc_state_dir_open (f->root, id, FALSE, &dir, NULL));
  g_assert_cmpint (mkfifoat (dir.dir_fd, RUNC_STATE_FIFO, 0600), ==, 0);
  g_assert_true (g_file_set_contents (config, "{}", -1, NULL));
  int fd = runc_state_gate_lock (&dir, NULL);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static void
test_list (Fixture *f, gconstpointer data)
{
  static const char *const expected[]
      = { "broken", "creating", "ended", "gated", "nothing", "paused", "runs", "young" };
  g_autofree char *link = g_build_filename (f->root, "link", NULL);
  g_auto (RuncStateDir) held = RUNC_STATE_DIR_INIT;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  pid_t pid = start_sleeper (f);

  (void)data;
  add (f, "runs", pid);
  add (f, "gated", pid);
  autofd int gate = hold_gate (f, "gated");
  add (f, "ended", 0);
  add_text (f, "nothing", NULL);
  add_text (f, "broken", "{\"version\":1,");
  add_text (f, "young", NULL);
  add (f, "paused", pid);
  g_assert_true (runc_state_dir_create (f->root, "creating", &held, NULL));
  g_assert_cmpint (symlink ("runs", link), ==, 0);

  list = runc_engine_list (&f->global, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < list->len; i++)
    {
      const RuncContainerInfo *info = g_ptr_array_index (list, i);
      g_assert_cmpstr (info->id, ==, expected[i]);
    }
  check_state (f, "runs", "running", pid);
  check_state (f, "gated", "created", pid);
  check_state (f, "ended", "stopped", 0);
  check_state (f, "nothing", "stopped", 0);
  check_state (f, "broken", "stopped", 0);
  check_state (f, "creating", "creating", 0);
  g_assert_null (runc_engine_state (&f->global, "link", &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (runc_engine_state (&f->global, "absent", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (runc_engine_state (&f->global, "no/id", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
}

static void
test_list_without_root (Fixture *f, gconstpointer data)
{
  g_autofree char *absent = g_build_filename (f->top, "absent", NULL);
  RuncGlobal explicit_root = { .root = absent };
  g_autoptr (GError) error = NULL;

  (void)data;
  g_assert_null (runc_engine_list (&explicit_root, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, absent));
}

static void
test_info_json (void)
{
  char *annotations[] = { "z", "1", "a", "2/3", NULL };
  char *published[] = { "8080:80", NULL };
  const RuncContainerInfo info = {
    .oci_version = "1.2.1",
    .id = "c1",
    .pid = 7,
    .status = "running",
    .bundle = "/b",
    .rootfs = "/b/rootfs",
    .created = "2026-01-02T03:04:05.25Z",
    .owner = "root",
    .published = published,
    .annotations = annotations,
  };
  const RuncContainerInfo bare = { .id = "c2", .status = "stopped", .owner = "#7" };
  autojson RuncJson *json = runc_container_info_to_json (&info);
  autojson RuncJson *bare_json = runc_container_info_to_json (&bare);
  g_autofree char *text = runc_json_to_string (json);
  g_autofree char *bare_text = runc_json_to_string (bare_json);

  g_assert_cmpstr (text, ==,
                   "{\"ociVersion\":\"1.2.1\",\"id\":\"c1\",\"pid\":7,\"status\":\"running\","
                   "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
                   "\"created\":\"2026-01-02T03:04:05.25Z\","
                   "\"annotations\":{\"z\":\"1\",\"a\":\"2/3\"},\"owner\":\"root\","
                   "\"published\":[\"8080:80\"]}");
  g_assert_cmpstr (bare_text, ==,
                   "{\"ociVersion\":\"\",\"id\":\"c2\",\"pid\":0,\"status\":\"stopped\","
                   "\"bundle\":\"\",\"rootfs\":\"\",\"created\":\"\",\"owner\":\"#7\"}");
}

static void
test_state_json (void)
{
  char *annotations[] = { "k", "v", NULL };
  RuncState state = { .id = "c1", .init_pid = 9, .bundle = "/b", .oci_version = "1.0.2" };
  g_autofree char *creating = runc_engine_state_json (&state, RUNC_STATUS_CREATING);
  g_autofree char *stopped = NULL;

  state.annotations = annotations;
  stopped = runc_engine_state_json (&state, RUNC_STATUS_STOPPED);
  g_assert_cmpstr (creating, ==,
                   "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":9,"
                   "\"bundle\":\"/b\"}");
  g_assert_cmpstr (stopped, ==,
                   "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"stopped\","
                   "\"bundle\":\"/b\",\"annotations\":{\"k\":\"v\"}}");
}

static void
test_describe (void)
{
  static const char text[] = "{\"ociVersion\":\"1.1.0\",\"annotations\":{\"a\":\"b\"},"
                             "\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\"}]}}";
  g_autoptr (RuncSpec) spec = runc_spec_decode (text, strlen (text), NULL);
  g_autoptr (RuncState) state = g_new0 (RuncState, 1);

  g_assert_nonnull (spec);
  for (int i = 0; i < 2; i++)
    {
      runc_engine_state_describe (state, spec);
      g_assert_cmpstr (state->oci_version, ==, "1.1.0");
      g_assert_cmpuint (g_strv_length (state->annotations), ==, 2);
      g_assert_cmpstr (state->annotations[1], ==, "b");
      g_assert_true (state->has_poststop && !state->has_poststart);
    }
}

/* ---- processes ------------------------------------------------------------------------------- */

static gboolean
contains (GArray *pids, pid_t pid)
{
  for (guint i = 0; i < pids->len; i++)
    if (g_array_index (pids, pid_t, i) == pid)
      return TRUE;
  return FALSE;
}

/* Fork a process that forks another one; both sleep. The second ends with the first. */
static pid_t
start_pair (Fixture *f, pid_t *ret_second)
{
  int report[2];
  pid_t first;

  g_assert_cmpint (pipe2 (report, O_CLOEXEC), ==, 0);
  first = fork ();
  if (first == 0)
    {
      if (fork () == 0)
        {
          pid_t second = getpid ();

          /* Only then may the first be killed. */
          prctl (PR_SET_PDEATHSIG, SIGKILL);
          if (write (report[1], &second, sizeof second) != sizeof second)
            _exit (1);
        }
      sleep_on ();
    }
  close (report[1]);
  g_assert_cmpint (read (report[0], ret_second, sizeof *ret_second), ==, sizeof *ret_second);
  close (report[0]);
  g_array_append_val (f->children, first);
  return first;
}

static void
test_pids (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  pid_t second, stranger = start_sleeper (f);
  pid_t first = start_pair (f, &second);

  (void)data;
  add (f, "c1", first);
  add (f, "ended", 0);
  add_text (f, "nothing", NULL);
  g_autoptr (GArray) pids = runc_engine_pids (&f->global, "c1", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pids->len, ==, 2);
  g_assert_true (contains (pids, first) && contains (pids, second) && !contains (pids, stranger));
  g_assert_cmpint (g_array_index (pids, pid_t, 0), <, g_array_index (pids, pid_t, 1));

  g_autoptr (GArray) none = runc_engine_pids (&f->global, "ended", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  g_autoptr (GArray) nothing = runc_engine_pids (&f->global, "nothing", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (nothing->len, ==, 0);
  g_assert_null (runc_engine_pids (&f->global, "absent", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
}

/* Two processes in a new pid namespace, of which neither descends from the other: as init and what
 * exec has started. */
static void
test_pids_of_namespace (Fixture *f, gconstpointer data)
{
  pid_t report[2] = { 0 };
  int channel[2];
  pid_t maker;

  (void)data;
  g_assert_cmpint (pipe2 (channel, O_CLOEXEC), ==, 0);
  maker = fork ();
  if (maker == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      /* The namespace's init cannot end before all others in it are reaped. */
      signal (SIGCHLD, SIG_IGN);
      if (unshare ((geteuid () != 0 ? CLONE_NEWUSER : 0) | CLONE_NEWPID) < 0)
        _exit (1);
      for (int i = 0; i < 2; i++)
        {
          report[i] = fork ();
          if (report[i] == 0)
            sleep_on ();
        }
      if (write (channel[1], report, sizeof report) != sizeof report)
        _exit (1);
      sleep_on ();
    }
  close (channel[1]);
  g_array_append_val (f->children, maker);
  ssize_t n = read (channel[0], report, sizeof report);
  close (channel[0]);
  if (n != sizeof report)
    {
      g_test_skip ("needs permission to make a user namespace");
      return;
    }

  add (f, "c1", report[0]);
  g_autoptr (GArray) pids = runc_engine_pids (&f->global, "c1", NULL);
  g_assert_cmpuint (pids->len, ==, 2);
  g_assert_true (contains (pids, report[0]) && contains (pids, report[1]));
  g_assert_true (runc_engine_delete (&f->global, "c1", TRUE, NULL));
  g_assert_false (runs (report[0]));
  g_assert_false (runs (report[1]));
}

/* ---- kill ------------------------------------------------------------------------------------ */

static void
test_kill (Fixture *f, gconstpointer data)
{
  pid_t pid = start_sleeper (f);
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", pid);
  g_assert_false (runc_engine_kill (&f->global, "c1", "NONSENSE", FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_true (runc_engine_kill (&f->global, "c1", "0", FALSE, &error));
  g_assert_true (runs (pid));
  g_assert_true (runc_engine_kill (&f->global, "c1", NULL, FALSE, &error));
  /* A zombie does not run, and neither does who is gone. */
  siginfo_t info;
  g_assert_cmpint (waitid (P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), ==, 0);
  g_assert_false (runc_engine_kill (&f->global, "c1", "0", FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_clear_error (&error);
  g_assert_cmpint (WTERMSIG (end_of (f, pid)), ==, SIGTERM);

  g_assert_false (runc_engine_kill (&f->global, "c1", "TERM", FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_assert_nonnull (strstr (error->message, "container not running"));
  g_clear_error (&error);
  g_assert_true (runc_engine_kill (&f->global, "c1", "TERM", TRUE, &error));
  g_assert_no_error (error);
  g_assert_true (runc_engine_kill (&f->global, "c1", "KILL", TRUE, &error));
  g_assert_no_error (error);

  g_assert_false (runc_engine_kill (&f->global, "absent", "TERM", TRUE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
}

static void
later_start (RuncState *state, gpointer data)
{
  (void)data;
  state->init_start_time++;
}

static void
shared_pidns (RuncState *state, gpointer data)
{
  (void)data;
  state->own_pidns = FALSE;
}

/* The number of init belongs to another process by now. */
static void
test_kill_reused_pid (Fixture *f, gconstpointer data)
{
  pid_t pid = start_sleeper (f);
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", pid);
  change (f, "c1", later_start, NULL);
  g_assert_false (runc_engine_kill (&f->global, "c1", "KILL", FALSE, &error));
  g_assert_nonnull (strstr (error->message, "container not running"));
  g_clear_error (&error);
  change (f, "c1", shared_pidns, NULL);
  g_assert_false (runc_engine_kill (&f->global, "c1", "KILL", FALSE, &error));
  g_assert_true (runc_engine_delete (&f->global, "c1", TRUE, NULL));
  g_assert_true (runs (pid));
}

/* SIGKILL reaches all of a container that has no pid namespace of its own. */
static void
test_kill_shared (Fixture *f, gconstpointer data)
{
  pid_t second;
  pid_t first = start_pair (f, &second);
  guint64 start = runc_state_process_start_time (second);
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", first);
  change (f, "c1", shared_pidns, NULL);
  autofd int pidfd = runc_sys_pidfd_open_checked (second, start);
  g_assert_true (runc_engine_kill (&f->global, "c1", "KILL", FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpint (runc_sys_pidfd_wait (pidfd, 10000), ==, 0);
  g_assert_cmpint (WTERMSIG (end_of (f, first)), ==, SIGKILL);
}

/* ---- delete ---------------------------------------------------------------------------------- */

static void
test_delete (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  pid_t pid = start_sleeper (f);
  pid_t gated = start_sleeper (f);

  (void)data;
  add (f, "runs", pid);
  g_assert_false (runc_engine_delete (&f->global, "runs", FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_assert_cmpstr (error->message, ==, "cannot delete container runs that is not stopped: running");
  g_clear_error (&error);
  g_assert_true (exists (f, "runs") && runs (pid));
  g_assert_true (runc_engine_delete (&f->global, "runs", TRUE, &error));
  g_assert_false (exists (f, "runs"));
  g_assert_cmpint (WTERMSIG (end_of (f, pid)), ==, SIGKILL);

  add (f, "gated", gated);
  autofd int gate = hold_gate (f, "gated");
  g_assert_true (runc_engine_delete (&f->global, "gated", FALSE, &error));
  g_assert_false (exists (f, "gated"));
  g_assert_cmpint (WTERMSIG (end_of (f, gated)), ==, SIGKILL);

  add (f, "ended", 0);
  g_assert_true (runc_engine_delete (&f->global, "ended", FALSE, &error));
  g_assert_false (exists (f, "ended"));

  g_assert_false (runc_engine_delete (&f->global, "absent", FALSE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "container does not exist"));
  g_clear_error (&error);
  g_assert_true (runc_engine_delete (&f->global, "absent", TRUE, &error));
  g_assert_no_error (error);
  g_assert_false (runc_engine_delete (&f->global, "../root", TRUE, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
}

static void
test_delete_remains (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  add_text (f, "nothing", NULL);
  add_file (f, "nothing", ".state.json.17", "{");
  g_assert_true (runc_engine_delete (&f->global, "nothing", FALSE, &error));
  g_assert_no_error (error);
  g_assert_false (exists (f, "nothing"));

  add_text (f, "broken", "{}");
  g_assert_false (runc_engine_delete (&f->global, "broken", FALSE, &error));
  g_assert_nonnull (strstr (error->message, "delete --force"));
  g_clear_error (&error);
  g_assert_true (runc_engine_delete (&f->global, "broken", TRUE, &error));
  g_assert_no_error (error);
  g_assert_false (exists (f, "broken"));
}

static gpointer
unlock_later (gpointer data)
{
  g_usleep (20000);
  runc_state_dir_clear (data);
  return NULL;
}

/* delete waits for whoever works on the container. */
static void
test_delete_busy (Fixture *f, gconstpointer data)
{
  RuncStateDir held = RUNC_STATE_DIR_INIT;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  (void)data;
  g_assert_true (runc_state_dir_create (f->root, "c1", &held, NULL));
  thread = g_thread_new ("holder", unlock_later, &held);
  g_assert_true (runc_engine_delete (&f->global, "c1", FALSE, &error));
  g_thread_join (thread);
  g_assert_false (exists (f, "c1"));
}

static void
set_helpers (RuncState *state, gpointer data)
{
  pid_t *pids = data;

  state->n_helpers = 2;
  state->helper_pids = g_memdup2 (pids, 2 * sizeof *pids);
  state->helper_start_times = g_new0 (guint64, 2);
  state->helper_start_times[0] = runc_state_process_start_time (pids[0]);
  state->helper_start_times[1] = runc_state_process_start_time (pids[1]) + 1;
}

static void
test_delete_helpers (Fixture *f, gconstpointer data)
{
  pid_t pids[2] = { start_sleeper (f), start_sleeper (f) };
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", 0);
  change (f, "c1", set_helpers, pids);
  g_assert_true (runc_engine_delete (&f->global, "c1", FALSE, &error));
  g_assert_no_error (error);
  /* Ended, and reaped if it was our child. */
  g_assert_cmpint (waitpid (pids[0], NULL, 0), ==, -1);
  forget (f, pids[0]);
  g_assert_true (runs (pids[1]));
}

static void
has_poststop (RuncState *state, gpointer data)
{
  (void)data;
  state->has_poststop = TRUE;
}

static void
test_poststop (Fixture *f, gconstpointer data)
{
  g_autofree char *out = g_build_filename (f->top, "out", NULL);
  g_autofree char *config = g_strdup_printf (
      "{\"ociVersion\":\"1.2.1\",\"hooks\":{\"poststop\":["
      "{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat >$OUT\"],\"env\":[\"OUT=%s\","
      "\"PATH=/usr/bin:/bin\"]}]}}",
      out);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", 0);
  add_file (f, "c1", RUNC_STATE_CONFIG, config);
  change (f, "c1", has_poststop, NULL);
  g_assert_true (runc_engine_delete (&f->global, "c1", FALSE, &error));
  g_assert_no_error (error);
  g_assert_false (exists (f, "c1"));
  g_assert_true (g_file_get_contents (out, &text, NULL, NULL));
  g_assert_cmpstr (text, ==,
                   "{\"ociVersion\":\"1.2.1\",\"id\":\"c1\",\"status\":\"stopped\","
                   "\"bundle\":\"/some/bundle\"}");
}

/* A poststop hook that fails, or a configuration that is gone, is no reason to keep the container.
 */
static void
test_poststop_fails (Fixture *f, gconstpointer data)
{
  g_autofree char *log = g_build_filename (f->top, "log", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", 0);
  add_file (f, "c1", RUNC_STATE_CONFIG,
            "{\"ociVersion\":\"1.2.1\",\"hooks\":{\"poststop\":[{\"path\":\"/bin/false\"}]}}");
  change (f, "c1", has_poststop, NULL);
  add (f, "c2", 0);
  change (f, "c2", has_poststop, NULL);
  g_assert_true (runc_log_init (log, RUNC_LOG_FORMAT_TEXT, FALSE, &error));
  g_assert_true (runc_engine_delete (&f->global, "c1", FALSE, &error));
  g_assert_true (runc_engine_delete (&f->global, "c2", FALSE, &error));
  g_assert_no_error (error);
  g_assert_false (exists (f, "c1") || exists (f, "c2"));
  g_assert_true (runc_log_init (NULL, RUNC_LOG_FORMAT_TEXT, FALSE, &error));
  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "level=warning"));
  g_assert_nonnull (strstr (text, "container 'c1': error running poststop hook #0: exit status 1"));
  g_assert_nonnull (strstr (text, "container 'c2': "));
}

/* ---- without a cgroup ------------------------------------------------------------------------ */

static void
test_no_cgroup (Fixture *f, gconstpointer data)
{
  const RuncSpecResources resources = { .pids_limit = { .present = true, .value = 7 } };
  g_autoptr (GError) error = NULL;

  (void)data;
  add (f, "c1", start_sleeper (f));
  g_assert_false (runc_engine_pause (&f->global, "c1", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "no cgroup"));
  g_clear_error (&error);
  g_assert_false (runc_engine_resume (&f->global, "c1", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (runc_engine_update (&f->global, "c1", &resources, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);

  add (f, "ended", 0);
  g_assert_false (runc_engine_pause (&f->global, "ended", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_assert_nonnull (strstr (error->message, "container not running"));
  g_clear_error (&error);
  g_assert_false (runc_engine_update (&f->global, "ended", &resources, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_clear_error (&error);
  add_text (f, "nothing", NULL);
  g_assert_false (runc_engine_pause (&f->global, "nothing", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_WRONG_STATE);
  g_assert_nonnull (strstr (error->message, "interrupted"));
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/containers/list", test_list);
  ADD ("/containers/list-without-root", test_list_without_root);
  g_test_add_func ("/containers/info-json", test_info_json);
  g_test_add_func ("/containers/state-json", test_state_json);
  g_test_add_func ("/containers/describe", test_describe);
  ADD ("/containers/pids/descendants", test_pids);
  ADD ("/containers/pids/namespace", test_pids_of_namespace);
  ADD ("/containers/kill/init", test_kill);
  ADD ("/containers/kill/reused-pid", test_kill_reused_pid);
  ADD ("/containers/kill/shared", test_kill_shared);
  ADD ("/containers/delete/status", test_delete);
  ADD ("/containers/delete/remains", test_delete_remains);
  ADD ("/containers/delete/busy", test_delete_busy);
  ADD ("/containers/delete/helpers", test_delete_helpers);
  ADD ("/containers/delete/poststop", test_poststop);
  ADD ("/containers/delete/poststop-fails", test_poststop_fails);
  ADD ("/containers/no-cgroup", test_no_cgroup);
  return g_test_run ();
}
