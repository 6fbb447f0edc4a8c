/* Cgroups for real, in directories of the test's own below those that this machine has: making,
 * joining, listing, freezing, killing, removing. Needs root; without it, or without a hierarchy, it
 * skips. */
#include "base/error.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "cgroup/dir.h"
#include "cgroup/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

typedef struct
{
  RuncCgroupSetup setup;
  char **v1_dirs;
  char *v2_dir;
  GArray *children; /* of pid_t */
} Fixture;

static gboolean
is_fs (const char *path, long magic)
{
  struct statfs st;

  return statfs (path, &st) == 0 && st.f_type == magic;
}

/* All v1 hierarchies at their conventional places, and a v2 one. */
static void
set_up (Fixture *f, gconstpointer data)
{
  static int n;
  g_autofree char *name = g_strdup_printf ("runc-unit-%d-%d", (int)getpid (), n++);
  g_autoptr (GPtrArray) dirs = g_ptr_array_new ();
  gboolean want_v1 = GPOINTER_TO_INT (data) != DRIVER_FS2;
  GDir *root = g_dir_open ("/sys/fs/cgroup", 0, NULL);
  const char *entry;

  f->children = g_array_new (FALSE, FALSE, sizeof (pid_t));
  while (want_v1 && root != NULL && (entry = g_dir_read_name (root)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/sys/fs/cgroup", entry, NULL);
      struct stat st;

      if (lstat (path, &st) == 0 && S_ISDIR (st.st_mode) && is_fs (path, CGROUP_SUPER_MAGIC))
        g_ptr_array_add (dirs, g_build_filename (path, name, "a", NULL));
    }
  if (root != NULL)
    g_dir_close (root);
  g_ptr_array_add (dirs, NULL);
  f->v1_dirs = (char **)g_ptr_array_free (g_steal_pointer (&dirs), FALSE);
  if (is_fs ("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC))
    f->v2_dir = g_build_filename ("/sys/fs/cgroup", name, "a", NULL);
  else if (is_fs ("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC))
    f->v2_dir = g_build_filename ("/sys/fs/cgroup/unified", name, "a", NULL);
  f->setup.id = "unit";
  f->setup.ref = (RuncCgroupRef){ .driver = GPOINTER_TO_INT (data),
                                  .v1_dirs = f->v1_dirs,
                                  .v2_dir = f->v2_dir };
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  runc_cgroup_remove (&f->setup.ref, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < f->children->len; i++)
    {
      kill (g_array_index (f->children, pid_t, i), SIGKILL);
      waitpid (g_array_index (f->children, pid_t, i), NULL, 0);
    }
  for (char **dir = f->v1_dirs; *dir != NULL; dir++)
    {
      g_autofree char *parent = g_path_get_dirname (*dir);
      g_assert_cmpint (access (*dir, F_OK), ==, -1);
      rmdir (parent);
    }
  if (f->v2_dir != NULL)
    {
      g_autofree char *parent = g_path_get_dirname (f->v2_dir);
      g_assert_cmpint (access (f->v2_dir, F_OK), ==, -1);
      rmdir (parent);
    }
  g_strfreev (f->v1_dirs);
  g_free (f->v2_dir);
  g_array_unref (f->children);
}

static gboolean
usable (const Fixture *f)
{
  if (geteuid () != 0)
    g_test_skip ("needs root");
  else if (f->setup.ref.driver == DRIVER_FS1 && f->v1_dirs[0] == NULL)
    g_test_skip ("no cgroup v1 hierarchy");
  else if (f->setup.ref.driver == DRIVER_FS2 && f->v2_dir == NULL)
    g_test_skip ("no cgroup v2 hierarchy");
  else
    return TRUE;
  return FALSE;
}

static void
join (const char *file)
{
  int fd = open (file, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, "0", 1) != 1)
    _exit (1);
  close (fd);
}

/* A process in @files that sleeps. It has joined when this returns. */
static pid_t
spawn_into (Fixture *f, char *const *files)
{
  int ready[2];
  char byte;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid_t pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      for (; *files != NULL; files++)
        join (*files);
      if (write (ready[1], "", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  g_array_append_val (f->children, pid);
  return pid;
}

static void
create (Fixture *f, RuncCgroupMade *made)
{
  g_autoptr (GError) error = NULL;

  runc_cgroup_create (&f->setup, made, &error);
  g_assert_no_error (error);
}

static gboolean
died_of (pid_t pid, int signum)
{
  int status;

  return waitpid (pid, &status, 0) == pid && WIFSIGNALED (status) && WTERMSIG (status) == signum;
}

static void
forget_children (Fixture *f)
{
  g_array_set_size (f->children, 0);
}

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
  pid_t pid = spawn_into (f, files);

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
  pid_t one = spawn_into (f, files);
  g_autofree char *sub = g_build_filename (runc_cgroup_process_dir (&f->setup.ref), "sub", NULL);
  g_assert_cmpint (mkdir (sub, 0755), ==, 0);
  g_autofree char *procs = g_build_filename (sub, "cgroup.procs", NULL);
  char *sub_files[] = { files[0], procs, NULL };
  pid_t two = spawn_into (f, sub_files);

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
  spawn_into (f, files);
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
      spawn_into (f, files);
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
      runc_cgroup_join (&f->setup.ref, bare, &joined, &error);
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

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*run) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "life", test_life },         { "kill-frozen", test_kill_frozen },
    { "in-use", test_in_use },     { "remove-deep", test_remove_deep },
    { "join-sub", test_join_sub }, { "undo", test_undo },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    for (int driver = DRIVER_FS2; driver <= DRIVER_FS1; driver++)
      {
        g_autofree char *path
            = g_strdup_printf ("/cgroup/%s/%s", driver == DRIVER_FS2 ? "v2" : "v1", tests[i].name);
        g_test_add (path, Fixture, GINT_TO_POINTER (driver), set_up, tests[i].run, tear_down);
      }
  return g_test_run ();
}
