/* Paths inside of a root that somebody else controls. */
#include "base/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

typedef struct
{
  char *top;     /* top/root is the root, top/outside what is to stay as it is */
  char *outside; /* absolute */
  int dir;       /* of top */
  int root;
} Fixture;

static void
make_file (int dir, const char *path)
{
  autofd int fd = openat (dir, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
}

static void
make_dir (int dir, const char *path)
{
  g_assert_cmpint (mkdirat (dir, path, 0755), ==, 0);
}

static void
make_link (const char *text, int dir, const char *path)
{
  g_assert_cmpint (symlinkat (text, dir, path), ==, 0);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->top = g_dir_make_tmp ("test-sys-path-XXXXXX", NULL);
  g_assert_nonnull (f->top);
  f->outside = g_build_filename (f->top, "outside", NULL);
  f->dir = open (f->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
  make_dir (f->dir, "root");
  make_dir (f->dir, "outside");
  make_file (f->dir, "outside/file");
  f->root = openat (f->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  make_dir (f->root, "dir");
  make_file (f->root, "dir/file");
  make_link ("dir/file", f->root, "to-file");
  make_link ("/dir", f->root, "to-dir");
  make_link ("../../../dir", f->root, "climbing");
  make_link (f->outside, f->root, "absolute-out");
  make_link ("../outside", f->root, "relative-out");
  make_link ("loop", f->root, "loop");
  make_link ("loop-b", f->root, "loop-a");
  make_link ("loop-a", f->root, "loop-b");
  make_link ("/new/deep/er", f->root, "dangling");
}

static void
remove_tree (const char *path)
{
  const char *const argv[] = { "rm", "-rf", "--", path, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
}

/* Nothing but what was there is outside. */
static void
assert_outside_untouched (Fixture *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->outside, 0, NULL);
  g_autoptr (GDir) top = g_dir_open (f->top, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "file");
  g_assert_null (g_dir_read_name (dir));
  while ((name = g_dir_read_name (top)) != NULL)
    g_assert_true (strcmp (name, "root") == 0 || strcmp (name, "outside") == 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  (void)data;
  assert_outside_untouched (f);
  close (f->root);
  close (f->dir);
  remove_tree (f->top);
  g_free (f->top);
  g_free (f->outside);
}

/* Is @fd the file @path (below the top)? Closes it. */
static void
assert_is (Fixture *f, int take_fd, const char *path)
{
  autofd int fd = take_fd;
  struct stat a, b;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, FD_CLOEXEC);
  g_assert_cmpint (fstat (fd, &a), ==, 0);
  g_assert_cmpint (fstatat (f->dir, path, &b, AT_SYMLINK_NOFOLLOW), ==, 0);
  g_assert_cmpuint (a.st_ino, ==, b.st_ino);
  g_assert_cmpuint (a.st_dev, ==, b.st_dev);
}

static void
test_open (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *path;
    const char *found; /* below the top, or NULL */
    int error;
  } table[] = {
    { "dir/file", "root/dir/file", 0 },
    { "/dir/file", "root/dir/file", 0 },
    { "///dir//file", "root/dir/file", 0 },
    { "", "root", 0 },
    { "/", "root", 0 },
    { ".", "root", 0 },
    { "..", "root", 0 },
    { "../../../..", "root", 0 },
    { "/../outside", NULL, -ENOENT },
    { "../outside/file", NULL, -ENOENT },
    { "dir/../../outside", NULL, -ENOENT },
    { "to-file", "root/dir/file", 0 },
    { "to-dir/file", "root/dir/file", 0 },
    { "climbing/file", "root/dir/file", 0 },
    { "absolute-out", NULL, -ENOENT },
    { "relative-out/file", NULL, -ENOENT },
    { "dangling", NULL, -ENOENT },
    { "loop", NULL, -ELOOP },
    { "loop-a/x", NULL, -ELOOP },
    { "dir/file/x", NULL, -ENOTDIR },
    { "dir/file/", NULL, -ENOTDIR },
    { "dir/missing", NULL, -ENOENT },
  };

  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      int fd = runc_sys_open_in_root (f->root, table[i].path, O_PATH, false);

      if (table[i].found != NULL)
        assert_is (f, fd, table[i].found);
      else
        g_assert_cmpint (fd, ==, table[i].error);
    }
}

static void
test_nofollow (Fixture *f, gconstpointer data)
{
  (void)data;
  g_assert_cmpint (runc_sys_open_in_root (f->root, "to-file", O_PATH, true), ==, -ELOOP);
  g_assert_cmpint (runc_sys_open_in_root (f->root, "to-file", O_RDONLY, true), ==, -ELOOP);
  g_assert_cmpint (runc_sys_open_in_root (f->root, "dangling", O_PATH, true), ==, -ELOOP);
  assert_is (f, runc_sys_open_in_root (f->root, "to-dir/file", O_PATH, true), "root/dir/file");
  /* A link that is asked for as a directory is not one. */
  g_assert_cmpint (runc_sys_open_in_root (f->root, "to-dir", O_PATH | O_DIRECTORY, true), <, 0);
}

static void
test_magic_links (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_strdup_printf ("self/fd/%d", f->dir);
  autofd int proc = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

  (void)data;
  g_assert_cmpint (runc_sys_open_in_root (proc, path, O_PATH, false), ==, -ELOOP);
  g_assert_cmpint (runc_sys_open_in_root (proc, "self/root/etc", O_PATH, false), ==, -ELOOP);
  g_assert_cmpint (runc_sys_open_in_root (proc, "self/cwd", O_PATH, false), ==, -ELOOP);
}

static void
test_mkdir (Fixture *f, gconstpointer data)
{
  struct stat st;

  (void)data;
  umask (022);
  assert_is (f, runc_sys_mkdir_in_root (f->root, "/dir", 0755), "root/dir");
  assert_is (f, runc_sys_mkdir_in_root (f->root, "a/b/c", 0750), "root/a/b/c");
  g_assert_cmpint (fstatat (f->root, "a/b", &st, 0), ==, 0);
  g_assert_cmpuint (st.st_mode & 07777, ==, 0750);
  assert_is (f, runc_sys_mkdir_in_root (f->root, "a/./b/../b//d/", 0755), "root/a/b/d");
  /* a link that dangles is followed, inside */
  assert_is (f, runc_sys_mkdir_in_root (f->root, "dangling/x", 0755), "root/new/deep/er/x");
  /* links out of the root: what they name is made in it */
  assert_is (f, runc_sys_mkdir_in_root (f->root, "relative-out/x", 0755), "root/outside/x");
  g_autofree char *inside = g_strconcat ("root", f->outside, "/y", NULL);
  assert_is (f, runc_sys_mkdir_in_root (f->root, "absolute-out/y", 0755), inside);
  assert_is (f, runc_sys_mkdir_in_root (f->root, "../../../up", 0755), "root/up");
  assert_is (f, runc_sys_mkdir_in_root (f->root, "a/../../../up2/x", 0755), "root/up2/x");
  assert_is (f, runc_sys_mkdir_in_root (f->root, "climbing/z", 0755), "root/dir/z");
  assert_is (f, runc_sys_mkdir_in_root (f->root, "", 0755), "root");
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, "dir/file", 0755), ==, -ENOTDIR);
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, "dir/file/x", 0755), ==, -ENOTDIR);
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, "loop/x", 0755), ==, -ELOOP);
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, "missing/../loop/x", 0755), ==, -ELOOP);
}

static void
test_mkfile (Fixture *f, gconstpointer data)
{
  struct stat st;

  (void)data;
  umask (022);
  assert_is (f, runc_sys_mkfile_in_root (f->root, "to-file", 0755), "root/dir/file");
  assert_is (f, runc_sys_mkfile_in_root (f->root, "p/q/r", 0711), "root/p/q/r");
  g_assert_cmpint (fstatat (f->root, "p/q/r", &st, 0), ==, 0);
  g_assert_cmpuint (st.st_mode, ==, S_IFREG | 0711);
  g_assert_cmpint (st.st_size, ==, 0);
  assert_is (f, runc_sys_mkfile_in_root (f->root, "dangling", 0644), "root/new/deep/er");
  assert_is (f, runc_sys_mkfile_in_root (f->root, "relative-out/file", 0644), "root/outside/file");
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, "dir", 0644), ==, -EISDIR);
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, "to-dir", 0644), ==, -EISDIR);
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, "new/..", 0644), ==, -EISDIR);
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, "dir/file/x", 0644), ==, -ENOTDIR);
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, "loop", 0644), ==, -ELOOP);
}

static void
test_lengths (Fixture *f, gconstpointer data)
{
  char name[NAME_MAX + 2];
  g_autoptr (GString) path = g_string_new (NULL);

  (void)data;
  memset (name, 'n', sizeof name);
  name[NAME_MAX] = '\0';
  autofd int longest = runc_sys_mkdir_in_root (f->root, name, 0755);
  autofd int below = runc_sys_mkfile_in_root (f->root, "x/../y/z", 0644);
  g_assert_cmpint (longest, >=, 0);
  g_assert_cmpint (below, >=, 0);
  name[NAME_MAX] = 'n';
  name[NAME_MAX + 1] = '\0';
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, name, 0755), ==, -ENAMETOOLONG);
  g_assert_cmpint (runc_sys_mkfile_in_root (f->root, name, 0644), ==, -ENAMETOOLONG);
  g_assert_cmpint (runc_sys_open_in_root (f->root, name, O_PATH, false), ==, -ENAMETOOLONG);

  while (path->len < PATH_MAX - 2)
    g_string_append (path, "d/");
  autofd int deep = runc_sys_mkdir_in_root (f->root, path->str, 0755);
  g_assert_cmpint (deep, >=, 0);
  while (path->len < PATH_MAX + 10)
    g_string_append (path, "d/");
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, path->str, 0755), ==, -ENAMETOOLONG);

  /* a link whose content does not fit together with what is behind it */
  g_string_truncate (path, 3000);
  make_link (path->str, f->root, "long-link");
  g_autofree char *both = g_strconcat ("long-link/missing/", path->str, NULL);
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, both, 0755), ==, -ENAMETOOLONG);
}

static void
test_too_many_links (Fixture *f, gconstpointer data)
{
  (void)data;
  /* the kernel takes 40; what does not exist is walked by us, with the same limit */
  for (int i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("l%d", i);
      g_autofree char *next = g_strdup_printf ("l%d", i + 1);

      make_link (next, f->root, name);
    }
  assert_is (f, runc_sys_mkdir_in_root (f->root, "l25", 0755), "root/l60");
  g_assert_cmpint (runc_sys_mkdir_in_root (f->root, "l0", 0755), ==, -ELOOP);
}

static void
test_parent (Fixture *f, gconstpointer data)
{
  const char *name = NULL;

  (void)data;
  assert_is (f, runc_sys_parent_in_root (f->root, "/m/n/o", &name), "root/m/n");
  g_assert_cmpstr (name, ==, "o");
  assert_is (f, runc_sys_parent_in_root (f->root, "o", &name), "root");
  assert_is (f, runc_sys_parent_in_root (f->root, "relative-out/o", &name), "root/outside");
  for (const char *const *bad = (const char *const[]){ "", "/", "a/", "a/..", "..", ".", NULL };
       *bad != NULL; bad++)
    g_assert_cmpint (runc_sys_parent_in_root (f->root, *bad, &name), ==, -EINVAL);
}

typedef struct
{
  int root;
  gint stop;
  gulong n;
} Swapper;

static gpointer
swap (gpointer data)
{
  Swapper *s = data;

  while (!g_atomic_int_get (&s->stop))
    {
      /* RENAME_EXCHANGE */
      g_assert_cmpint (syscall (SYS_renameat2, s->root, "volume", s->root, "swap", 2), ==, 0);
      s->n++;
    }
  return NULL;
}

/* A directory is exchanged with a link that leads out, all the time. */
static void
test_race (Fixture *f, gconstpointer data)
{
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC;
  Swapper swapper = { .root = f->root };
  guint inside = 0, refused = 0;
  GThread *thread;

  make_dir (f->root, "volume");
  make_link (data != NULL ? data : f->outside, f->root, "swap");
  thread = g_thread_new ("swap", swap, &swapper);
  for (guint n = 0; g_get_monotonic_time () < end; n++)
    {
      g_autofree char *path = g_strdup_printf ("volume/%u/b/c", n);
      const char *name;
      autofd int made = n % 3 == 0   ? runc_sys_mkdir_in_root (f->root, path, 0755)
                        : n % 3 == 1 ? runc_sys_mkfile_in_root (f->root, path, 0644)
                                     : runc_sys_parent_in_root (f->root, path, &name);

      if (made >= 0)
        inside++;
      else
        refused++;
      /* what it may say: it was gone in between, or changed too often */
      g_assert_true (made >= 0 || made == -ENOENT || made == -EAGAIN || made == -ENOTDIR
                     || made == -ELOOP);
    }
  g_atomic_int_set (&swapper.stop, 1);
  g_thread_join (thread);
  g_test_message ("%u made, %u refused, %lu exchanges", inside, refused, swapper.n);
  g_assert_cmpuint (inside, >, 0);
  g_assert_cmpuint (swapper.n, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(path, function, data) g_test_add (path, Fixture, data, set_up, function, tear_down)
  TEST ("/sys/path/open", test_open, NULL);
  TEST ("/sys/path/nofollow", test_nofollow, NULL);
  TEST ("/sys/path/magic-links", test_magic_links, NULL);
  TEST ("/sys/path/mkdir", test_mkdir, NULL);
  TEST ("/sys/path/mkfile", test_mkfile, NULL);
  TEST ("/sys/path/lengths", test_lengths, NULL);
  TEST ("/sys/path/too-many-links", test_too_many_links, NULL);
  TEST ("/sys/path/parent", test_parent, NULL);
  TEST ("/sys/path/race/absolute", test_race, NULL);
  TEST ("/sys/path/race/relative", test_race, "../outside");
  return g_test_run ();
}
