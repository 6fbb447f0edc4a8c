/* The option parser (src/cli/options.c): what it accepts, what it stores, what it says. */
#include "cli/options.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

typedef struct
{
  gboolean detach;
  const char *bundle;
  const char *overlay;
  const char *const *env;
  guint fds;
  gint64 interval;
} Target;

typedef struct
{
  gboolean debug;
  const char *root;
} Global;

static const RuncOption options[] = {
  { "detach", 'd', RUNC_OPTION_BOOL, offsetof (Target, detach), NULL, "" },
  { "bundle", 'b', RUNC_OPTION_STRING, offsetof (Target, bundle), "here", "" },
  { "overlay", 0, RUNC_OPTION_OPTIONAL, offsetof (Target, overlay), NULL, "" },
  { "env", 'e', RUNC_OPTION_LIST, offsetof (Target, env), NULL, "" },
  { "fds", 0, RUNC_OPTION_COUNT, offsetof (Target, fds), NULL, "" },
  { "interval", 0, RUNC_OPTION_DURATION, offsetof (Target, interval), "5s", "" },
  { "old", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "" },
  { "old-value", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL, "" },
  { 0 },
};

static const RuncOption global_options[] = {
  { "debug", 0, RUNC_OPTION_BOOL, offsetof (Global, debug), NULL, "" },
  { "root", 0, RUNC_OPTION_STRING, offsetof (Global, root), NULL, "" },
  /* hidden by the option of the same name in front of it */
  { "bundle", 0, RUNC_OPTION_STRING, offsetof (Global, root), NULL, "" },
  { 0 },
};

/* What was stored, but for what is zero, then the arguments. */
static char *
describe (const Target *target, const Global *global, char **args)
{
  GString *text = g_string_new (NULL);

  if (target->detach)
    g_string_append (text, "detach ");
  if (strcmp (target->bundle, "here") != 0)
    g_string_append_printf (text, "bundle=%s ", target->bundle);
  if (target->overlay != NULL)
    g_string_append_printf (text, "overlay=%s ", target->overlay);
  for (gsize i = 0; target->env != NULL && target->env[i] != NULL; i++)
    g_string_append_printf (text, "env=%s ", target->env[i]);
  if (target->fds != 0)
    g_string_append_printf (text, "fds=%u ", target->fds);
  if (target->interval != 5000000)
    g_string_append_printf (text, "interval=%d ", (int)target->interval);
  if (global->debug)
    g_string_append (text, "debug ");
  if (global->root != NULL)
    g_string_append_printf (text, "root=%s ", global->root);
  g_string_append_c (text, '|');
  for (; *args != NULL; args++)
    g_string_append_printf (text, " %s", *args);
  return g_string_free (text, FALSE);
}

/* @line: the command line, blanks between its strings, "''" for an empty one
 * @expected: as describe() says it, or "!" and the error */
typedef struct
{
  const char *line;
  const char *expected;
} Row;

static void
check (const Row *row, gboolean anywhere)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strings = g_strsplit (row->line, " ", -1);
  g_autoptr (GPtrArray) args = g_ptr_array_new ();
  Target target = { 0 };
  Global global = { 0 };
  const RuncOptionGroup groups[] = {
    { options, &target },
    { global_options, &global },
    { NULL, NULL },
  };

  g_test_message ("%s", row->line);
  for (char **string = strings; *string != NULL; string++)
    if (**string != '\0')
      g_ptr_array_add (args, strcmp (*string, "''") == 0 ? (char *)"" : *string);
  g_ptr_array_add (args, NULL);

  runc_options_set_fallbacks (groups);
  gboolean parsed = runc_options_parse (groups, anywhere, (char **)args->pdata, &error);
  g_autofree char *found = parsed ? describe (&target, &global, (char **)args->pdata)
                                  : g_strdup_printf ("!%s", error->message);
  if (!parsed)
    g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
  g_assert_cmpstr (found, ==, row->expected);
  runc_options_clear (groups);
  g_assert_null (target.env);
}

static void
test_anywhere (void)
{
  static const Row rows[] = {
    { "", "|" },
    { "ct", "| ct" },
    { "ct a b", "| ct a b" },
    /* bools */
    { "--detach ct", "detach | ct" },
    { "-detach ct", "detach | ct" },
    { "-d ct", "detach | ct" },
    { "--d ct", "detach | ct" },
    { "--detach=true ct", "detach | ct" },
    { "--detach=1 ct", "detach | ct" },
    { "--detach= ct", "detach | ct" },
    { "--detach=false ct", "| ct" },
    { "-d=F ct", "| ct" },
    { "-d --detach=0 ct", "| ct" },
    { "--detach false", "detach | false" },
    { "--detach=maybe", "!invalid value \"maybe\" for flag -detach: 'maybe' is neither 'true' nor "
                        "'false'" },
    /* strings */
    { "--bundle dir ct", "bundle=dir | ct" },
    { "--bundle=dir ct", "bundle=dir | ct" },
    { "-bundle dir ct", "bundle=dir | ct" },
    { "-bundle=dir ct", "bundle=dir | ct" },
    { "-b dir ct", "bundle=dir | ct" },
    { "-b=dir ct", "bundle=dir | ct" },
    { "-b one -b two ct", "bundle=two | ct" },
    { "--bundle a=b ct", "bundle=a=b | ct" },
    { "--bundle=a=b ct", "bundle=a=b | ct" },
    { "--bundle= ct", "bundle= | ct" },
    { "--bundle '' ct", "bundle= | ct" },
    { "--bundle -d ct", "bundle=-d | ct" },
    { "--bundle -- ct", "bundle=-- | ct" },
    { "--bundle", "!flag needs an argument: -bundle" },
    { "ct -b", "!flag needs an argument: -b" },
    /* a value that may be left out never is the next string */
    { "--overlay ct", "overlay= | ct" },
    { "--overlay=dir ct", "overlay=dir | ct" },
    { "--overlay= ct", "overlay= | ct" },
    /* lists */
    { "-e A=1 ct --env=B=2 -e C", "env=A=1 env=B=2 env=C | ct" },
    { "-e a,b ct", "env=a,b | ct" },
    /* numbers */
    { "--fds 3 ct", "fds=3 | ct" },
    { "--fds=-1 ct", "!invalid value \"-1\" for flag -fds: '-1' is not a decimal number" },
    { "--fds 99999999999 ct",
      "!invalid value \"99999999999\" for flag -fds: '99999999999' is out of "
      "range (0 to 2147483647)" },
    { "--interval 1m30s ct", "interval=90000000 | ct" },
    { "--interval 3 ct", "!invalid value \"3\" for flag -interval: '3' is not a length of time "
                         "(such as 5s, 500ms or 1m30s)" },
    /* obsolete ones are checked and dropped */
    { "--old --old-value x ct", "| ct" },
    { "--old=x ct", "!invalid value \"x\" for flag -old: 'x' is neither 'true' nor 'false'" },
    /* options behind arguments */
    { "ct --detach", "detach | ct" },
    { "ct KILL -b dir --debug", "bundle=dir debug | ct KILL" },
    /* "--" ends them, once */
    { "-d -- ct -b", "detach | ct -b" },
    { "ct -- -d", "| ct -d" },
    { "-- --", "| --" },
    { "--", "|" },
    /* what is no option */
    { "ct -9", "| ct -9" },
    { "-", "| -" },
    { "- -d", "detach | -" },
    { "'' -d", "detach | " },
    { "-=x", "| -=x" },
    /* unknown ones; letters are not taken together, beginnings are not completed */
    { "--nope ct", "!flag provided but not defined: -nope" },
    { "--nope=x ct", "!flag provided but not defined: -nope" },
    { "-x ct", "!flag provided but not defined: -x" },
    { "-db dir ct", "!flag provided but not defined: -db" },
    { "--det ct", "!flag provided but not defined: -det" },
    { "--detached ct", "!flag provided but not defined: -detached" },
    { "---detach ct", "!flag provided but not defined: --detach" },
    { "--=x ct", "!flag provided but not defined: -" },
    /* the groups in their order */
    { "--root /r --debug -b dir ct", "bundle=dir debug root=/r | ct" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    check (&rows[i], TRUE);
}

static void
test_options_first (void)
{
  static const Row rows[] = {
    { "-d ct ls -l --detach", "detach | ct ls -l --detach" },
    { "ct -d", "| ct -d" },
    { "-b dir ct sh -c exit", "bundle=dir | ct sh -c exit" },
    { "-- ct -d", "| ct -d" },
    { "ct -- ls", "| ct -- ls" },
    { "--nope ct", "!flag provided but not defined: -nope" },
    { "ct --nope", "| ct --nope" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    check (&rows[i], FALSE);
}

/* What stands in front of a fault is stored: it may say where the complaint goes. */
static void
test_fault_keeps_earlier (void)
{
  char *args[] = { (char *)"--root=/r", (char *)"--nope", (char *)"--debug", NULL };
  Global global = { 0 };
  const RuncOptionGroup groups[] = { { global_options, &global }, { NULL, NULL } };

  g_assert_false (runc_options_parse (groups, TRUE, args, NULL));
  g_assert_cmpstr (global.root, ==, "/r");
  g_assert_false (global.debug);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/anywhere", test_anywhere);
  g_test_add_func ("/options/options-first", test_options_first);
  g_test_add_func ("/options/fault-keeps-earlier", test_fault_keeps_earlier);
  return g_test_run ();
}
