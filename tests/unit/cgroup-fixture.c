/* See the header. */
#include "cgroup-fixture.h"

#include "base/fd.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

static gboolean
is_fs (const char *path, long magic)
{
  struct statfs st;

  return statfs (path, &st) == 0 && st.f_type == magic;
}

/* All v1 hierarchies at their conventional places, and a v2 one. */
void
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

void
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

gboolean
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

pid_t
spawn_into (Fixture *f, char *const *files, int (*body) (void))
{
  int ready[2];
  char byte;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid_t pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      /* A test that is aborted shall leave nobody who keeps its output open. */
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      for (; *files != NULL; files++)
        join (*files);
      if (write (ready[1], "", 1) != 1)
        _exit (1);
      if (body != NULL)
        _exit (body ());
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);
  g_array_append_val (f->children, pid);
  return pid;
}

int
run_in (Fixture *f, int (*body) (void))
{
  g_auto (GStrv) files = runc_cgroup_join_files (&f->setup.ref, NULL, NULL);
  pid_t pid = spawn_into (f, files, body);
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_array_remove_index (f->children, f->children->len - 1);
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

void
create (Fixture *f, RuncCgroupMade *made)
{
  g_autoptr (GError) error = NULL;

  runc_cgroup_create (&f->setup, made, &error);
  g_assert_no_error (error);
  /* The other half of making one; the fs drivers do not look at the process. */
  runc_cgroup_adopt (&f->setup, 0, made, &error);
  g_assert_no_error (error);
}

gboolean
died_of (pid_t pid, int signum)
{
  int status;

  return waitpid (pid, &status, 0) == pid && WIFSIGNALED (status) && WTERMSIG (status) == signum;
}

void
forget_children (Fixture *f)
{
  g_array_set_size (f->children, 0);
}

char *
value_of (const Fixture *f, RuncCgroupV1Controller controller, const char *file)
{
  const char *dir
      = controller == RUNC_CGROUP_N_V1 ? f->v2_dir : runc_cgroup_v1_dir (&f->setup.ref, controller);
  autofd int fd = dir != NULL ? runc_cgroup_dir_open (dir) : -EBADF;
  char *text = NULL;

  if (fd < 0 || runc_cgroup_read (fd, file, &text) < 0)
    return NULL;
  return g_strchomp (text);
}
