/* The cache of compiled filters (src/seccomp/cache.c): what is believed and what is not. */
#include "seccomp-run.h"
#include "seccomp/cache.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROFILE                                                                                    \
  "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[],\"syscalls\":"                               \
  "[{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"

/* Made by nobody from that profile: found in a result, it came from the cache. */
static const struct sock_filter marked[] = {
  { BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
  { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_LOG },
};

typedef struct
{
  char *top;
  char *dir; /* does not exist at first */
  RuncSpec *spec;
  char *key;
  char *file;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  (void)data;
  f->top = g_dir_make_tmp ("test-cache-XXXXXX", NULL);
  f->dir = g_build_filename (f->top, "a", "seccomp", NULL);
  f->spec = seccomp_spec (PROFILE);
  f->key = runc_seccomp_cache_key (f->spec->linux_spec.seccomp);
  f->file = g_build_filename (f->dir, f->key, NULL);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", f->top, NULL };

  (void)data;
  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
  g_free (f->top);
  g_free (f->dir);
  g_free (f->key);
  g_free (f->file);
  runc_spec_free (f->spec);
}

static void
compile (const Fixture *f, RuncSeccompFilter *filter)
{
  g_autoptr (GError) error = NULL;

  runc_seccomp_compile (f->spec->linux_spec.seccomp, f->dir, filter, &error);
  g_assert_no_error (error);
}

static gboolean
is_marked (const RuncSeccompFilter *filter)
{
  return filter->n_instructions == G_N_ELEMENTS (marked)
         && memcmp (filter->instructions, marked, sizeof marked) == 0;
}

/* Put the marked program in the place of the real one. */
static void
store_marked (const Fixture *f)
{
  int dir = runc_seccomp_cache_open (f->dir, TRUE);

  g_assert_cmpint (dir, >=, 0);
  runc_seccomp_cache_store (dir, f->key, marked, G_N_ELEMENTS (marked));
  close (dir);
}

/* The next filter comes from the cache, or is the real one. */
static void
assert_hit (const Fixture *f, gboolean hit)
{
  g_auto (RuncSeccompFilter) filter = { 0 };

  compile (f, &filter);
  g_assert_cmpint (is_marked (&filter), ==, hit);
  if (!hit)
    g_assert_cmpuint (filter.n_instructions, >, 2);
}

static void
test_miss_then_hit (Fixture *f, gconstpointer data)
{
  g_auto (RuncSeccompFilter) first = { 0 };
  g_auto (RuncSeccompFilter) second = { 0 };
  struct stat st;

  (void)data;
  compile (f, &first);
  g_assert_cmpint (lstat (f->file, &st), ==, 0);
  g_assert_cmphex (st.st_mode, ==, S_IFREG | 0600);
  g_assert_cmpint (lstat (f->dir, &st), ==, 0);
  g_assert_cmphex (st.st_mode & 07777, ==, 0700);
  compile (f, &second);
  g_assert_cmpmem (first.instructions, first.n_instructions * 8, second.instructions,
                   second.n_instructions * 8);
  store_marked (f);
  assert_hit (f, TRUE);
}

/* Whatever byte is another one, the file is ignored and written anew. */
static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize len;

  (void)data;
  store_marked (f);
  g_assert_true (g_file_get_contents (f->file, &good, &len, NULL));
  for (gsize i = 0; i < len; i++)
    {
      g_autofree char *bad = g_memdup2 (good, len);

      bad[i] ^= 1;
      g_assert_true (g_file_set_contents (f->file, bad, (gssize)len, NULL));
      g_chmod (f->file, 0600);
      assert_hit (f, FALSE);
      store_marked (f);
      assert_hit (f, TRUE);
    }
  for (gsize i = 0; i < len; i++)
    {
      g_assert_true (g_file_set_contents (f->file, good, (gssize)i, NULL));
      g_chmod (f->file, 0600);
      assert_hit (f, FALSE);
    }
  store_marked (f);
  assert_hit (f, TRUE);
}

static void
test_too_long (Fixture *f, gconstpointer data)
{
  g_autofree char *large = g_malloc0 (1000000);
  g_autofree char *good = NULL;
  gsize len;

  (void)data;
  store_marked (f);
  g_assert_true (g_file_get_contents (f->file, &good, &len, NULL));
  memcpy (large, good, len);
  g_assert_true (g_file_set_contents (f->file, large, (gssize)len + 1, NULL));
  g_chmod (f->file, 0600);
  assert_hit (f, FALSE);
  g_assert_true (g_file_set_contents (f->file, large, 1000000, NULL));
  g_chmod (f->file, 0600);
  assert_hit (f, FALSE);
}

/* A file is only good under the name that it was written for. */
static void
test_renamed (Fixture *f, gconstpointer data)
{
  int dir = runc_seccomp_cache_open (f->dir, TRUE);
  g_autofree char *other = g_strdup (f->key);

  (void)data;
  other[0] = other[0] == '0' ? '1' : '0';
  runc_seccomp_cache_store (dir, other, marked, G_N_ELEMENTS (marked));
  g_assert_cmpint (renameat (dir, other, dir, f->key), ==, 0);
  close (dir);
  assert_hit (f, FALSE);
}

/* Well written, but not a program that stays inside. */
static void
test_jumps (Fixture *f, gconstpointer data)
{
  static const struct
  {
    struct sock_filter at;
    gboolean good;
  } rows[] = {
    { { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 5 }, TRUE },
    { { BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 5 }, FALSE },
    { { BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 5 }, FALSE },
    { { BPF_JMP | BPF_JEQ | BPF_K, 255, 255, 5 }, FALSE },
    { { BPF_JMP | BPF_JA, 0, 0, 1 }, TRUE },
    { { BPF_JMP | BPF_JA, 0, 0, 2 }, FALSE },
    { { BPF_JMP | BPF_JA, 0, 0, 0xffffffff }, FALSE },
  };

  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      struct sock_filter program[] = {
        rows[i].at,
        { BPF_RET | BPF_K, 0, 0, 0 },
        { BPF_RET | BPF_K, 0, 0, 0 },
      };
      int dir = runc_seccomp_cache_open (f->dir, TRUE);
      g_autofree struct sock_filter *loaded = NULL;
      guint n = 0;

      runc_seccomp_cache_store (dir, f->key, program, 3);
      g_assert_cmpint (runc_seccomp_cache_load (dir, f->key, &loaded, &n), ==, rows[i].good);
      /* the end must be an end */
      runc_seccomp_cache_store (dir, f->key, program, 1);
      g_assert_false (runc_seccomp_cache_load (dir, f->key, &loaded, &n));
      runc_seccomp_cache_store (dir, f->key, program, 0);
      g_assert_false (runc_seccomp_cache_load (dir, f->key, &loaded, &n));
      close (dir);
    }
}

static void
test_writable_file (Fixture *f, gconstpointer data)
{
  (void)data;
  store_marked (f);
  g_chmod (f->file, 0620);
  assert_hit (f, FALSE);
  store_marked (f);
  g_chmod (f->file, 0602);
  assert_hit (f, FALSE);
  store_marked (f);
  g_chmod (f->file, 0644);
  assert_hit (f, TRUE);
}

static void
test_links (Fixture *f, gconstpointer data)
{
  g_autofree char *elsewhere = g_build_filename (f->top, "elsewhere", NULL);
  g_autofree char *link = g_build_filename (f->top, "link", NULL);
  g_autoptr (GError) error = NULL;
  g_auto (RuncSeccompFilter) filter = { 0 };
  struct stat st;

  (void)data;
  store_marked (f);
  g_assert_cmpint (g_rename (f->file, elsewhere), ==, 0);
  g_assert_cmpint (symlink (elsewhere, f->file), ==, 0);
  assert_hit (f, FALSE);
  /* in its place is a file now, and what it pointed to is as it was */
  g_assert_cmpint (lstat (f->file, &st), ==, 0);
  g_assert_true (S_ISREG (st.st_mode));
  g_assert_cmpint (g_rename (elsewhere, f->file), ==, 0);
  assert_hit (f, TRUE);

  g_assert_cmpint (symlink (f->dir, link), ==, 0);
  g_assert_cmpint (runc_seccomp_cache_open (link, TRUE), <, 0);
  g_assert_true (runc_seccomp_compile (f->spec->linux_spec.seccomp, link, &filter, &error));
  g_assert_false (is_marked (&filter));
}

static void
test_fifo (Fixture *f, gconstpointer data)
{
  struct stat st;

  (void)data;
  store_marked (f);
  g_unlink (f->file);
  g_assert_cmpint (mkfifo (f->file, 0600), ==, 0);
  assert_hit (f, FALSE);
  g_assert_cmpint (lstat (f->file, &st), ==, 0);
  g_assert_true (S_ISREG (st.st_mode));
}

static void
test_directory_of_others (Fixture *f, gconstpointer data)
{
  (void)data;
  store_marked (f);
  g_chmod (f->dir, 0720);
  assert_hit (f, FALSE);
  g_chmod (f->dir, 0702);
  assert_hit (f, FALSE);
  g_chmod (f->dir, 0755);
  assert_hit (f, TRUE);
  if (geteuid () != 0)
    {
      g_test_skip ("giving files away needs root");
      return;
    }
  g_assert_cmpint (chown (f->dir, 12345, 0), ==, 0);
  assert_hit (f, FALSE);
  g_assert_cmpint (chown (f->dir, 0, 0), ==, 0);
  g_assert_cmpint (chown (f->file, 12345, 0), ==, 0);
  assert_hit (f, FALSE);
}

/* No cache can be had: no error either. */
static void
test_no_directory (Fixture *f, gconstpointer data)
{
  static const char *const paths[] = { "/proc/self/no/cache", "/dev/null/cache", "/dev/null", "" };

  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_auto (RuncSeccompFilter) filter = { 0 };
      g_autoptr (GError) error = NULL;

      runc_seccomp_compile (f->spec->linux_spec.seccomp, paths[i], &filter, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (filter.n_instructions, >, 2);
    }
}

static void
test_key (Fixture *f, gconstpointer data)
{
  static const char *const profiles[] = {
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":0}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X32\"]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\"}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"ab\"],\"action\":\"\"}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\",\"b\"],\"action\":\"\"}]"
    "}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\","
    "\"errnoRet\":1}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\","
    "\"args\":"
    "[{\"index\":0,\"value\":1,\"op\":\"c\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\","
    "\"args\":"
    "[{\"index\":1,\"value\":0,\"op\":\"c\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\","
    "\"args\":"
    "[{\"index\":0,\"value\":0,\"valueTwo\":1,\"op\":\"c\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\","
    "\"args\":"
    "[{\"index\":0,\"value\":1,\"op\":\"d\"}]}]}",
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"b\"},"
    "{\"names\":[\"a\"],\"action\":\"b\"}]}",
  };
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  (void)f;
  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS (profiles); i++)
    {
      g_autoptr (RuncSpec) spec = seccomp_spec (profiles[i]);
      char *key = runc_seccomp_cache_key (spec->linux_spec.seccomp);

      g_assert_cmpuint (strlen (key), ==, 64);
      g_assert_true (g_hash_table_add (keys, key));
    }
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* The oldest files go; also what an interrupted writer left. */
static void
test_eviction (Fixture *f, gconstpointer data)
{
  int dir = runc_seccomp_cache_open (f->dir, TRUE);
  g_autofree char *left = g_build_filename (f->dir, ".new-left", NULL);

  (void)data;
  g_assert_true (g_file_set_contents (left, "half", 4, NULL));
  for (guint i = 0; i < RUNC_SECCOMP_CACHE_FILES + 20; i++)
    {
      g_autofree char *key = g_strdup_printf ("%064u", i);
      struct timespec times[2] = { { 1000 + i, 0 }, { 1000 + i, 0 } };

      if (i == 0)
        g_assert_cmpint (utimensat (AT_FDCWD, left, times, 0), ==, 0);
      runc_seccomp_cache_store (dir, key, marked, G_N_ELEMENTS (marked));
      g_assert_cmpint (utimensat (dir, key, times, 0), ==, 0);
      g_assert_cmpuint (count_files (f->dir), <=, RUNC_SECCOMP_CACHE_FILES);
    }
  g_assert_cmpuint (count_files (f->dir), ==, RUNC_SECCOMP_CACHE_FILES);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  for (guint i = 0; i < RUNC_SECCOMP_CACHE_FILES + 20; i++)
    {
      g_autofree char *key = g_strdup_printf ("%064u", i);
      g_autofree struct sock_filter *loaded = NULL;
      guint n;

      g_assert_cmpint (runc_seccomp_cache_load (dir, key, &loaded, &n), ==, i >= 20);
    }
  close (dir);
}

/* Several runtimes at once, with the file going away all the time: each gets the right filter. */
static void
test_concurrent (Fixture *f, gconstpointer data)
{
  g_auto (RuncSeccompFilter) expected = { 0 };
  pid_t pids[4];

  (void)data;
  compile (f, &expected);
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      pids[i] = fork ();
      g_assert_cmpint (pids[i], >=, 0);
      if (pids[i] == 0)
        {
          int status = 0;

          for (int round = 0; round < 300 && status == 0; round++)
            {
              g_auto (RuncSeccompFilter) filter = { 0 };

              compile (f, &filter);
              if (filter.n_instructions != expected.n_instructions
                  || memcmp (filter.instructions, expected.instructions,
                             expected.n_instructions * sizeof (struct sock_filter))
                         != 0)
                status = 1;
              if (round % 3 == (int)i % 3)
                g_unlink (f->file);
            }
          _exit (status);
        }
    }
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }
  /* nothing half done is left */
  assert_hit (f, FALSE);
  g_assert_cmpuint (count_files (f->dir), ==, 1);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/seccomp/cache/" path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (runc_seccomp_library_version () == NULL)
    {
      g_print ("1..0 # SKIP this build has no seccomp\n");
      return 0;
    }
  ADD ("miss-then-hit", test_miss_then_hit);
  ADD ("damaged", test_damaged);
  ADD ("too-long", test_too_long);
  ADD ("renamed", test_renamed);
  ADD ("jumps", test_jumps);
  ADD ("writable-file", test_writable_file);
  ADD ("links", test_links);
  ADD ("fifo", test_fifo);
  ADD ("directory-of-others", test_directory_of_others);
  ADD ("no-directory", test_no_directory);
  ADD ("key", test_key);
  ADD ("eviction", test_eviction);
  ADD ("concurrent", test_concurrent);
  return g_test_run ();
}
