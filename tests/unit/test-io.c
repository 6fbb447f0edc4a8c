/* Whole files in and out (src/base/io.c). */
#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *path;
  int dir_fd;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  fixture->path = g_dir_make_tmp ("runc-test-io-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->dir_fd = open (fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (fixture->dir_fd, >=, 0);
}

static guint
count_files (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->path, 0, NULL);
  const char *name;

  (void)data;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (unlinkat (fixture->dir_fd, name, 0) < 0)
      unlinkat (fixture->dir_fd, name, AT_REMOVEDIR);
  g_rmdir (fixture->path);
  close (fixture->dir_fd);
  g_free (fixture->path);
}

static void
test_read_limit (Fixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_malloc0 (100001);

  (void)data;
  memset (big, 'x', 100000);
  g_assert_true (runc_io_replace_file (fixture->dir_fd, "big", big, 0600, NULL));

  gsize len = 0;
  g_autofree char *text = runc_io_read_file (fixture->dir_fd, "big", 100000, &len, NULL);
  g_assert_cmpuint (len, ==, 100000);
  g_assert_cmpstr (text, ==, big);

  g_autoptr (GError) error = NULL;
  g_assert_null (runc_io_read_file (fixture->dir_fd, "big", 99999, &len, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_FAILED);
}

static void
test_read_errors (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) absent = NULL, directory = NULL;

  (void)data;
  g_assert_null (runc_io_read_file (fixture->dir_fd, "absent", 10, NULL, &absent));
  g_assert_error (absent, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_cmpstr (absent->message, ==, "cannot open 'absent': no such file or directory");

  g_assert_cmpint (mkdirat (fixture->dir_fd, "dir", 0700), ==, 0);
  g_assert_null (runc_io_read_file (fixture->dir_fd, "dir", 10, NULL, &directory));
  g_assert_cmpstr (directory->message, ==, "cannot read 'dir': is a directory");
}

/* A pipe has no size and gives its bytes in pieces. */
static void
test_read_pipe (Fixture *fixture, gconstpointer data)
{
  int ends[2];
  gsize len;

  (void)fixture;
  (void)data;
  g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
  autofd int reader = ends[0];
  g_assert_true (runc_io_write_all (ends[1], "a\0b", 3, "pipe", NULL));
  close (ends[1]);

  g_autofree char *text = runc_io_read_fd (reader, "pipe", 100, &len, NULL);
  g_assert_cmpmem (text, len, "a\0b", 3);
}

/* Files of procfs say that they are empty. */
static void
test_read_proc (Fixture *fixture, gconstpointer data)
{
  gsize len = 0;

  (void)fixture;
  (void)data;
  g_autofree char *text = runc_io_read_file (AT_FDCWD, "/proc/self/status", 1 << 20, &len, NULL);
  g_assert_nonnull (text);
  g_assert_cmpuint (len, >, 100);
}

static void
test_replace (Fixture *fixture, gconstpointer data)
{
  struct stat st;

  (void)data;
  g_assert_true (runc_io_replace_file (fixture->dir_fd, "file", "one", 0600, NULL));
  g_assert_true (runc_io_replace_file (fixture->dir_fd, "file", "two", 0600, NULL));
  g_autofree char *text = runc_io_read_file (fixture->dir_fd, "file", 10, NULL, NULL);
  g_assert_cmpstr (text, ==, "two");
  g_assert_cmpint (fstatat (fixture->dir_fd, "file", &st, 0), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (count_files (fixture), ==, 1);

  /* a name with a directory: the new file is made beside the old one */
  g_autofree char *path = g_build_filename (fixture->path, "other", NULL);
  g_assert_true (runc_io_replace_file (AT_FDCWD, path, "three", 0644, NULL));
  g_assert_cmpuint (count_files (fixture), ==, 2);
}

/* What a killed process left behind, and what cannot be replaced. */
static void
test_replace_leftovers (Fixture *fixture, gconstpointer data)
{
  g_autofree char *left = g_strdup_printf (".file.%ld", (long)getpid ());
  g_autoptr (GError) error = NULL;

  (void)data;
  g_assert_cmpint (symlinkat ("/etc/passwd", fixture->dir_fd, left), ==, 0);
  g_assert_true (runc_io_replace_file (fixture->dir_fd, "file", "text", 0600, NULL));
  g_assert_cmpuint (count_files (fixture), ==, 1);

  g_assert_cmpint (mkdirat (fixture->dir_fd, "dir", 0700), ==, 0);
  g_assert_false (runc_io_replace_file (fixture->dir_fd, "dir", "text", 0600, &error));
  g_assert_cmpstr (error->message, ==, "cannot replace 'dir': is a directory");
  g_assert_cmpuint (count_files (fixture), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)
  ADD ("/io/read/limit", test_read_limit);
  ADD ("/io/read/errors", test_read_errors);
  ADD ("/io/read/pipe", test_read_pipe);
  ADD ("/io/read/proc", test_read_proc);
  ADD ("/io/replace", test_replace);
  ADD ("/io/replace/leftovers", test_replace_leftovers);
#undef ADD
  return g_test_run ();
}
