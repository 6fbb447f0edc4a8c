/* Cgroups for real, in directories of the test's own below those that this machine has: making,
 * joining, listing, freezing, killing, removing. Needs root; without it, or without a hierarchy, it
 * skips. */
#include "cgroup-fixture.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void
test_life (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  g_assert_true (f->v2_dir == NULL || made.v2_fd >= 0);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, &error);
  g_assert_no_error (error);
  pid_t pid = spawn_into (f, files, NULL);

  g_autoptr (GArray) pids = runc_cgroup_pids (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pids->len, ==, 1);
  g_assert_cmpint (g_array_index (pids, pid_t, 0), ==, pid);

  g_assert_false (runc_cgroup_is_frozen (&f->setup.ref));
  runc_cgroup_freeze (&f->setup.ref, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (runc_cgroup_is_frozen (&f->setup.ref));
  runc_cgroup_freeze (&f->setup.ref, FALSE, &error);
  g_assert_no_error (error);
  g_assert_false (runc_cgroup_is_frozen (&f->setup.ref));

  runc_cgroup_signal_all (&f->setup.ref, SIGUSR1, &error);
  g_assert_no_error (error);
  g_assert_true (died_of (pid, SIGUSR1));
  forget_children (f);
}

/* A frozen container must die of SIGKILL all the same, with its sub-cgroups. */
static void
test_kill_frozen (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) subs = g_ptr_array_new_with_free_func (g_free);

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, &error);
  pid_t one = spawn_into (f, files, NULL);
  g_autofree char *sub = g_build_filename (runc_cgroup_process_dir (&f->setup.ref), "sub", NULL);
  g_assert_cmpint (mkdir (sub, 0755), ==, 0);
  g_autofree char *procs = g_build_filename (sub, "cgroup.procs", NULL);
  char *sub_files[] = { files[0], procs, NULL };
  pid_t two = spawn_into (f, sub_files, NULL);

  g_autoptr (GArray) pids = runc_cgroup_pids (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pids->len, ==, 2);
  runc_cgroup_freeze (&f->setup.ref, TRUE, &error);
  g_assert_no_error (error);
  runc_cgroup_signal_all (&f->setup.ref, SIGKILL, &error);
  g_assert_no_error (error);
  g_assert_true (died_of (one, SIGKILL));
  g_assert_true (died_of (two, SIGKILL));
  forget_children (f);
}

/* Each process forks the next one and ends: whoever only walks a list never gets the last one. */
static int
run_away (void)
{
  const struct timespec pause = { .tv_nsec = 200000 };

  /* not for ever, should it not be caught */
  for (int i = 0; i < 50000; i++)
    {
      if (fork () > 0)
        _exit (0);
      nanosleep (&pause, NULL);
    }
  return 0;
}

/* @data: DRIVER_FS1 for v1 alone, where there is no cgroup.kill */
static void
test_kill_runaway (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  if (GPOINTER_TO_INT (data) == DRIVER_FS1)
    f->setup.ref.v2_dir = NULL;
  if (!usable (f))
    return;
  create (f, &made);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, &error);
  g_assert_no_error (error);
  spawn_into (f, files, run_away);
  runc_cgroup_signal_all (&f->setup.ref, SIGKILL, &error);
  g_assert_no_error (error);
  /* What was signalled may still be on its way out, but there is nobody new. */
  runc_cgroup_freeze (&f->setup.ref, FALSE, NULL);
  for (int i = 0; i < 1000; i++)
    {
      g_autoptr (GArray) left = runc_cgroup_pids (&f->setup.ref, NULL);

      if (left->len == 0)
        break;
      g_assert_cmpint (i, <, 999);
      g_usleep (10000);
    }
}

static void
test_in_use (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_auto (RuncCgroupMade) again = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  /* an empty one that is there already is used */
  create (f, &again);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, &error);
  spawn_into (f, files, NULL);
  g_assert_false (runc_cgroup_create (&f->setup, &again, &error));
  g_assert_nonnull (strstr (error->message, "container's cgroup is not empty"));
  g_clear_error (&error);
  runc_cgroup_remove (&f->setup.ref, &error);
  g_assert_no_error (error);

  g_auto (RuncCgroupMade) third = { .v2_fd = -EBADF };
  create (f, &third);
  runc_cgroup_freeze (&f->setup.ref, TRUE, &error);
  g_assert_no_error (error);
  g_assert_false (runc_cgroup_create (&f->setup, &again, &error));
  g_assert_nonnull (strstr (error->message, "container's cgroup unexpectedly frozen"));
}

/* 300 levels, processes at the bottom: nothing may stay. */
static void
test_remove_deep (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) deep = g_string_new (NULL);

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  for (gsize i = 0; f->v1_dirs[i] != NULL || (i == 0 && f->v2_dir != NULL); i++)
    {
      g_string_assign (deep, f->v1_dirs[i] != NULL ? f->v1_dirs[i] : f->v2_dir);
      /* a cpuset must be filled before it takes a process */
      if (strstr (deep->str, "/cpuset/") != NULL)
        continue;
      for (int level = 0; level < 300; level++)
        {
          g_string_append (deep, "/d");
          if (mkdir (deep->str, 0755) < 0)
            g_error ("mkdir %s: %s", deep->str, g_strerror (errno));
        }
      g_string_append (deep, "/cgroup.procs");
      char *files[] = { deep->str, NULL };
      spawn_into (f, files, NULL);
      if (f->v1_dirs[i] == NULL)
        break;
    }
  runc_cgroup_remove (&f->setup.ref, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < f->children->len; i++)
    g_assert_true (died_of (g_array_index (f->children, pid_t, i), SIGKILL));
  forget_children (f);
}

static void
test_join_sub (Fixture *f, gconstpointer data)
{
  static const char *const up[] = { "../x", NULL }, *const odd[] = { "nonsense:sub", NULL };
  static const char *const same[] = { "cpu:/", "cpu:/", NULL };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  g_assert_null (runc_cgroup_join_files (&f->setup.ref, up, &error));
  g_assert_nonnull (strstr (error->message, "bad sub cgroup path"));
  g_clear_error (&error);
  g_assert_null (runc_cgroup_join_files (&f->setup.ref, odd, &error));
  g_assert_nonnull (strstr (error->message, "unknown controller "));
  g_clear_error (&error);
  if (runc_cgroup_v1_dir (&f->setup.ref, RUNC_CGROUP_V1_CPU) != NULL)
    {
      g_assert_null (runc_cgroup_join_files (&f->setup.ref, same, &error));
      g_assert_nonnull (strstr (error->message, "specified multiple times"));
      g_clear_error (&error);
    }

  const char *base = runc_cgroup_process_dir (&f->setup.ref);
  g_autofree char *sub = g_build_filename (base, "foo", NULL);
  static const char *const cpu[] = { "cpu:foo", NULL };
  static const char *const bare[] = { "foo", NULL };
  const char *cpu_dir = runc_cgroup_v1_dir (&f->setup.ref, RUNC_CGROUP_V1_CPU);
  if (cpu_dir != NULL)
    {
      g_autofree char *cpu_sub = g_build_filename (cpu_dir, "foo", NULL);
      g_autofree char *tasks = g_build_filename (cpu_sub, "tasks", NULL);
      g_assert_cmpint (mkdir (cpu_sub, 0755), ==, 0);
      g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, cpu, &error);
      g_assert_no_error (error);
      g_assert_true (g_strv_contains ((const char *const *)files, tasks));
    }
  else
    {
      g_assert_cmpint (mkdir (sub, 0755), ==, 0);
      g_auto (RuncCgroupMade) joined = { .v2_fd = -EBADF };
      runc_cgroup_join (&f->setup.ref, bare, 0, &joined, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (joined.v2_dir, ==, sub);
      g_assert_cmpint (joined.v2_fd, >=, 0);
    }
}

/* What a failed creation made is gone. */
static void
test_undo (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;
  static char bad[] = "/sys/fs/cgroup/no/such/hierarchy";
  char *dirs[] = { f->v1_dirs[0], bad, NULL };

  (void)data;
  if (!usable (f) || f->v1_dirs[0] == NULL)
    return;
  f->setup.ref.v1_dirs = dirs;
  /* not a cgroupfs: either it cannot be made, or it can be and is taken back */
  RuncCgroupSetup setup = f->setup;
  setup.ref.v2_dir = "/proc/self/nothing";
  g_assert_false (runc_cgroup_create (&setup, &made, &error));
  g_assert_nonnull (strstr (error->message, "unable to apply cgroup configuration: "));
  g_assert_cmpint (access (f->v1_dirs[0], F_OK), ==, -1);
  g_assert_cmpint (access (bad, F_OK), ==, -1);
  g_assert_cmpint (access ("/sys/fs/cgroup/no", F_OK), ==, -1);
  f->setup.ref.v1_dirs = f->v1_dirs;
}

/* Below a threaded cgroup a new one cannot hold processes, unless it is threaded, too. */
static void
test_threaded (Fixture *f, gconstpointer data)
{
  static const RuncSpecMemory memory = { .limit = { true, 1 << 20 } };
  static const RuncSpecResources resources = { .memory = &memory };
  g_auto (RuncCgroupMade) refused = { .v2_fd = -EBADF };
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;

  (void)data;
  if (!usable (f))
    return;
  g_autofree char *parent = g_path_get_dirname (f->v2_dir);
  g_autofree char *sibling = g_build_filename (parent, "threads", NULL);
  g_assert_cmpint (mkdir (parent, 0755), ==, 0);
  g_assert_cmpint (mkdir (sibling, 0755), ==, 0);
  autofd int fd = runc_cgroup_dir_open (sibling);
  g_assert_cmpint (runc_cgroup_write (fd, "cgroup.type", "threaded"), ==, 0);

  f->setup.resources = &resources;
  g_assert_false (runc_cgroup_create (&f->setup, &refused, &error));
  g_assert_nonnull (strstr (error->message, "a parent cgroup is threaded"));
  g_clear_error (&error);
  g_assert_cmpint (access (f->v2_dir, F_OK), ==, -1);

  f->setup.resources = NULL;
  create (f, &made);
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, &error);
  pid_t pid = spawn_into (f, files, NULL);
  g_autoptr (GArray) pids = runc_cgroup_pids (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pids->len, ==, 1);
  runc_cgroup_remove (&f->setup.ref, &error);
  g_assert_no_error (error);
  g_assert_true (died_of (pid, SIGKILL));
  forget_children (f);
  g_assert_cmpint (rmdir (sibling), ==, 0);
}

/* One that is there already takes processes again, unless its sub-cgroups hold on to controllers.
 */
static void
test_reuse (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF }, again = { .v2_fd = -EBADF };
  g_auto (RuncCgroupMade) refused = { .v2_fd = -EBADF };
  g_autoptr (GError) error = NULL;
  g_autofree char *enabled = NULL, *have = NULL;

  (void)data;
  if (!usable (f))
    return;
  create (f, &made);
  g_assert_cmpint (runc_cgroup_read (made.v2_fd, "cgroup.controllers", &have), ==, 0);
  if (strlen (have) <= 1)
    {
      g_test_skip ("no controllers in the v2 hierarchy");
      return;
    }
  g_autofree char *sub = g_build_filename (f->v2_dir, "sub", "below", NULL);
  g_assert_cmpint (g_mkdir_with_parents (sub, 0755), ==, 0);
  runc_cgroup_v2_enable_controllers (sub);
  g_assert_false (runc_cgroup_create (&f->setup, &refused, &error));
  g_assert_nonnull (strstr (error->message, "its sub-cgroups have controllers"));

  g_assert_cmpint (rmdir (sub), ==, 0);
  *strrchr (sub, '/') = '\0';
  g_assert_cmpint (rmdir (sub), ==, 0);
  create (f, &again);
  g_assert_cmpint (runc_cgroup_read (made.v2_fd, "cgroup.subtree_control", &enabled), ==, 0);
  g_assert_cmpstr (g_strchomp (enabled), ==, "");
}

/* Given to another uid: the directory and what a delegatee writes, but no limit. */
static void
test_owner (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  struct stat st;

  (void)data;
  if (!usable (f))
    return;
  f->setup.owner = 12345;
  create (f, &made);
  g_assert_cmpint (fstat (made.v2_fd, &st), ==, 0);
  g_assert_cmpuint (st.st_uid, ==, 12345);
  g_assert_cmpint (fstatat (made.v2_fd, "cgroup.procs", &st, 0), ==, 0);
  g_assert_cmpuint (st.st_uid, ==, 12345);
  g_assert_cmpint (fstatat (made.v2_fd, "cgroup.freeze", &st, 0), ==, 0);
  g_assert_cmpuint (st.st_uid, ==, 0);
}

/* All controllers of the hierarchy are there for the container, and below a parent that has
 * processes of its own the cgroup is made all the same. */
static void
test_controllers (Fixture *f, gconstpointer data)
{
  g_auto (RuncCgroupMade) made = { .v2_fd = -EBADF };
  g_autofree char *offered = NULL, *have = NULL;

  (void)data;
  if (!usable (f))
    return;
  g_autofree char *mount = runc_cgroup_v2_mount_of (f->v2_dir);
  autofd int fd = runc_cgroup_dir_open (mount);
  g_assert_cmpint (runc_cgroup_read (fd, "cgroup.controllers", &offered), ==, 0);
  if (strlen (offered) <= 1)
    {
      g_test_skip ("no controllers in the v2 hierarchy");
      return;
    }
  create (f, &made);
  g_assert_cmpint (runc_cgroup_read (made.v2_fd, "cgroup.controllers", &have), ==, 0);
  g_assert_cmpstr (have, ==, offered);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*run) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "life", test_life },
    { "kill-frozen", test_kill_frozen },
    { "in-use", test_in_use },
    { "remove-deep", test_remove_deep },
    { "join-sub", test_join_sub },
    { "undo", test_undo },
    { "kill-runaway", test_kill_runaway },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/cgroup/v2/threaded", Fixture, GINT_TO_POINTER (DRIVER_FS2), set_up, test_threaded,
              tear_down);
  g_test_add ("/cgroup/v2/owner", Fixture, GINT_TO_POINTER (DRIVER_FS2), set_up, test_owner,
              tear_down);
  g_test_add ("/cgroup/v2/reuse", Fixture, GINT_TO_POINTER (DRIVER_FS2), set_up, test_reuse,
              tear_down);
  g_test_add ("/cgroup/v2/controllers", Fixture, GINT_TO_POINTER (DRIVER_FS2), set_up,
              test_controllers, tear_down);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    for (int driver = DRIVER_FS2; driver <= DRIVER_FS1; driver++)
      {
        g_autofree char *path
            = g_strdup_printf ("/cgroup/%s/%s", driver == DRIVER_FS2 ? "v2" : "v1", tests[i].name);
        g_test_add (path, Fixture, GINT_TO_POINTER (driver), set_up, tests[i].run, tear_down);
      }
  return g_test_run ();
}
