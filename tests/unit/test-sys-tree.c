/* Removing directory trees (src/sys/tree.c), in a temporary directory. */
#include "base/fd.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *top;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->top = g_dir_make_tmp ("runc-tree-XXXXXX", NULL);
  g_assert_nonnull (f->top);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  (void)data;
  /* What was removed is gone, and nothing is left. */
  g_assert_cmpint (rmdir (f->top), ==, 0);
  g_free (f->top);
}

static void
test_all_kinds (Fixture *f, gconstpointer data)
{
  g_autofree char *outside = g_build_filename (f->top, "outside", NULL);
  autofd int top = open (f->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;

  (void)data;
  g_assert_cmpint (runc_sys_remove_tree (top, "absent"), ==, 0);
  g_assert_true (g_file_set_contents (outside, "x", -1, NULL));
  g_assert_cmpint (mkdirat (top, "tree", 0700), ==, 0);
  int fd = openat (top, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (symlinkat ("../outside", fd, "file-link"), ==, 0);
  g_assert_cmpint (symlinkat ("..", fd, "dir-link"), ==, 0);
  g_assert_cmpint (mkfifoat (fd, "fifo", 0600), ==, 0);
  g_assert_cmpint (mkdirat (fd, "closed", 0700), ==, 0);
  g_assert_cmpint (mkdirat (fd, "closed/below", 0700), ==, 0);
  g_assert_cmpint (fchmodat (fd, "closed", 0, 0), ==, 0);
  for (int depth = 0; depth < 100; depth++)
    {
      g_assert_cmpint (mkdirat (fd, "deep", 0700), ==, 0);
      int next = openat (fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      runc_close_fd (fd);
      fd = next;
    }
  runc_close_fd (fd);
  g_assert_cmpint (runc_sys_remove_tree (top, "tree"), ==, 0);
  g_assert_cmpint (fstatat (top, "tree", &st, AT_SYMLINK_NOFOLLOW), ==, -1);
  g_assert_cmpint (fstatat (top, "outside", &st, AT_SYMLINK_NOFOLLOW), ==, 0);
  g_assert_cmpint (runc_sys_remove_tree (top, "outside"), ==, 0);
  g_assert_cmpint (fstatat (top, "outside", &st, AT_SYMLINK_NOFOLLOW), ==, -1);
}

/* Deeper than there are descriptors. */
static void
test_deep (Fixture *f, gconstpointer data)
{
  const struct rlimit few = { 40, 40 };
  autofd int top = open (f->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int at = fcntl (top, F_DUPFD_CLOEXEC, 0), status;
  pid_t pid;

  (void)data;
  for (int i = 0; i < 2000; i++)
    {
      /* Names that are in the way of those that are moved, too. */
      const char *name = i == 0 ? "tree" : i == 1 ? "runc-removes-0" : "d";
      int below;

      g_assert_cmpint (mkdirat (at, name, 0755), ==, 0);
      below = openat (at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (below, >=, 0);
      if (i % 100 == 99)
        g_assert_cmpint (mkdirat (below, "beside", 0), ==, 0);
      close (at);
      at = below;
    }
  close (at);
  pid = fork ();
  if (pid == 0)
    _exit (setrlimit (RLIMIT_NOFILE, &few) == 0 && runc_sys_remove_tree (top, "tree") == 0 ? 0 : 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpint (faccessat (top, "tree", F_OK, 0), <, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sys-tree/all-kinds", Fixture, NULL, set_up, test_all_kinds, tear_down);
  g_test_add ("/sys-tree/deep", Fixture, NULL, set_up, test_deep, tear_down);
  return g_test_run ();
}
