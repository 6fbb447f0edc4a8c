/* Unit tests for resctrl groups, on a directory that stands in for the filesystem: its files are
 * there before, as the kernel makes them with each group.
 */
#include "cgroup/rdt.h"

#include "base/error.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  char *root;
} Fixture;

static char *
path_in (const Fixture *f, const char *name)
{
  return g_build_filename (f->root, name, NULL);
}

static void
put_file (const Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = path_in (f, name);
  g_autofree char *dir = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* What was there before and is longer stays: the stand-in is no file of the kernel. */
static void
assert_file (const Fixture *f, const char *name, const char *wanted)
{
  g_autofree char *path = path_in (f, name);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, wanted));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  (void)data;
  f->root = g_dir_make_tmp ("rdt-XXXXXX", NULL);
  put_file (f, "info/last_cmd_status", "mask f has non-consecutive 1-bits\n");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->root);

  (void)data;
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (f->root);
}

static void
test_new_group (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = path_in (f, "c1");
  RuncRdtSetup setup = { .dir = dir };
  g_autoptr (GError) error = NULL;
  gboolean created = FALSE;

  (void)data;
  g_assert_true (runc_rdt_create (&setup, &created, &error));
  g_assert_true (created && g_file_test (dir, G_FILE_TEST_IS_DIR));
  g_assert_true (runc_rdt_remove (dir, &error));
  g_assert_true (runc_rdt_remove (dir, &error));
  g_assert_no_error (error);
}

static void
test_existing_group (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = path_in (f, "gold");
  g_autofree char *mon_dir = path_in (f, "gold/mon_groups/c1");
  RuncRdtSetup setup = {
    .dir = dir,
    .mon_dir = mon_dir,
    .expected = "L3:0=F;1=0ff\nMB:1=70\n",
    .schemata = "L3:0=F;1=0ff\nMB:1=70\nL2:0=1\n",
  };
  g_autoptr (GError) error = NULL;
  gboolean created = TRUE;

  (void)data;
  put_file (f, "gold/schemata", "    L3:0=f;1=ff\n    MB:0=100;1= 70\n");
  put_file (f, "gold/tasks", "");
  put_file (f, "gold/mon_groups/other", "");
  g_assert_false (runc_rdt_create (&setup, &created, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "another schema than 'MB:1=70'"));
  g_assert_false (created);
  g_clear_error (&error);

  put_file (f, "gold/schemata", "    L3:0=f;1=ff\n    MB:0=100;1=70\n");
  put_file (f, "gold/mon_groups/c1/tasks", "");
  g_assert_true (runc_rdt_create (&setup, &created, &error));
  assert_file (f, "gold/schemata", "L3:0=F;1=0ff\nMB:1=70\nL2:0=1\n");
  g_assert_true (runc_rdt_add_process (dir, mon_dir, 1234, &error));
  assert_file (f, "gold/tasks", "1234\n");
  assert_file (f, "gold/mon_groups/c1/tasks", "1234\n");
  g_assert_no_error (error);
}

static void
test_missing_group (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = path_in (f, "gold");
  RuncRdtSetup setup = { .dir = dir, .must_exist = TRUE };
  g_autoptr (GError) error = NULL;
  gboolean created;

  (void)data;
  g_assert_false (runc_rdt_create (&setup, &created, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (dir, G_FILE_TEST_EXISTS));
}

static void
test_reason (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = path_in (f, "gold");
  g_autoptr (GError) error = NULL;

  (void)data;
  g_assert_false (runc_rdt_set (dir, "L3:0=f\n", &error));
  g_assert_nonnull (strstr (error->message, "cannot write 'L3:0=f' to the file schemata of"));
  g_assert_true (
      g_str_has_suffix (error->message, "(the kernel says: mask f has non-consecutive 1-bits)"));
}

static void
test_matches (void)
{
  static const struct
  {
    const char *line;
    gboolean matches;
  } rows[] = {
    { "L3:0=f", TRUE },      { "L3:0=f;1=ff0", TRUE }, { "L3:1=FF0;0=00f", TRUE },
    { "L3:0=f;", TRUE },     { "MB:0=100", TRUE },     { "L3:0=ff", FALSE },
    { "L3:2=f", FALSE },     { "L2:0=f", FALSE },      { "L3:0", FALSE },
    { "L3CODE:0=f", FALSE }, { "L3", FALSE },          { "MB:0=10", FALSE },
    { "L3:0=f;1=f", FALSE }, { "L3:=f", FALSE },       { "L3:0=", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (runc_rdt_matches ("    MB:0=100\n    L3:0=f;1=ff0\n", rows[i].line) != rows[i].matches)
      g_error ("%s", rows[i].line);
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/rdt/new-group", test_new_group);
  ADD ("/rdt/existing-group", test_existing_group);
  ADD ("/rdt/missing-group", test_missing_group);
  ADD ("/rdt/reason", test_reason);
  g_test_add_func ("/rdt/matches", test_matches);
  return g_test_run ();
}
