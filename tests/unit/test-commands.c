/* The table of verbs is sound, and the shell completions know what it knows. */
#include "cli/command.h"

#include <string.h>

static const RuncOption no_options[] = { { 0 } };

/* The option tables of @command (NULL: the global ones), NULL-terminated. */
static void
tables_of (const RuncCommand *command, const RuncOption *ret_tables[3])
{
  ret_tables[0] = runc_global_options;
  ret_tables[1] = no_options;
  ret_tables[2] = NULL;
  if (command == NULL)
    return;
  ret_tables[0] = command->options != NULL ? command->options : no_options;
  ret_tables[1] = command->shared != NULL ? command->shared : no_options;
}

static void
test_order (void)
{
  for (gsize i = 0; runc_commands[i] != NULL; i++)
    {
      const RuncCommand *command = runc_commands[i];
      g_assert_true (runc_command_find (command->name) == command);
      if (i > 0)
        g_assert_cmpstr (runc_commands[i - 1]->name, <, command->name);
      g_assert_nonnull (command->run);
      g_assert_nonnull (command->summary);
      g_assert_nonnull (command->arguments);
      g_assert_cmpuint (command->min_args, <=, command->max_args);
    }
  g_assert_null (runc_command_find ("help"));
  g_assert_null (runc_command_find ("ru"));
}

/* No name or letter twice in a verb, every value inside the struct, every fallback valid. */
static void
test_options (void)
{
  static const gsize sizes[] = {
    [RUNC_OPTION_BOOL] = sizeof (gboolean),   [RUNC_OPTION_STRING] = sizeof (char *),
    [RUNC_OPTION_OPTIONAL] = sizeof (char *), [RUNC_OPTION_LIST] = sizeof (char *const *),
    [RUNC_OPTION_COUNT] = sizeof (guint),     [RUNC_OPTION_DURATION] = sizeof (gint64),
  };

  for (gsize i = 0; runc_commands[i] != NULL; i++)
    {
      const RuncCommand *command = runc_commands[i];
      const RuncOption *tables[3];
      g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

      tables_of (command, tables);
      for (gsize t = 0; tables[t] != NULL; t++)
        for (const RuncOption *option = tables[t]; option->name != NULL; option++)
          {
            g_test_message ("%s --%s", command->name, option->name);
            g_assert_true (g_hash_table_add (seen, g_strdup (option->name)));
            g_assert_cmpuint (strlen (option->name), >, 1);
            if (option->alias != 0)
              g_assert_true (g_hash_table_add (seen, g_strdup_printf ("%c", option->alias)));
            if (option->offset != RUNC_OPTION_IGNORED)
              g_assert_cmpuint (option->offset + sizes[option->kind], <=, command->options_size);
          }

      g_autofree void *target = g_malloc0 (command->options_size + 1);
      const RuncOptionGroup groups[] = {
        { tables[0], target },
        { tables[1], target },
        { NULL, NULL },
      };
      runc_options_set_fallbacks (groups);
      runc_options_clear (groups);
    }
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* The words of @set, sorted, in one string (new). Frees @set. */
static char *
join_sorted (GPtrArray *set)
{
  g_ptr_array_sort (set, compare_strings);
  g_ptr_array_add (set, NULL);
  char *text = g_strjoinv (" ", (char **)set->pdata);
  g_ptr_array_unref (set);
  return text;
}

/* What a completion should offer for @command: "--bundle -b ..." */
static char *
expected_options (const RuncCommand *command, gboolean with_help)
{
  GPtrArray *set = g_ptr_array_new_with_free_func (g_free);
  const RuncOption *tables[3];

  tables_of (command, tables);
  for (gsize t = 0; tables[t] != NULL; t++)
    for (const RuncOption *option = tables[t]; option->name != NULL; option++)
      if (option->help != NULL)
        {
          g_ptr_array_add (set, g_strdup_printf ("--%s", option->name));
          if (option->alias != 0)
            g_ptr_array_add (set, g_strdup_printf ("-%c", option->alias));
        }
  if (command != NULL && with_help)
    {
      g_ptr_array_add (set, g_strdup ("--help"));
      g_ptr_array_add (set, g_strdup ("-h"));
    }
  return join_sorted (set);
}

static char *
read_completion (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "contrib", "completions", name, NULL);
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* All that the first group of @pattern matches in @text, sorted, in one string (new). */
static char *
find_all (const char *text, const char *pattern)
{
  GPtrArray *set = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_assert_nonnull (regex);
  for (g_regex_match (regex, text, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL))
    g_ptr_array_add (set, g_match_info_fetch (match, 1));
  return join_sorted (set);
}

/* The branch of a shell's `case` for @command, from its pattern to ";;" (new string). */
static char *
case_branch (const char *text, const char *command)
{
  g_autofree char *label = g_strdup_printf ("\n  %s)\n    options=", command);
  const char *begin = strstr (text, label);

  g_assert_nonnull (begin);
  const char *end = strstr (begin, ";;");
  g_assert_nonnull (end);
  return g_strndup (begin + strlen (label), (gsize)(end - begin) - strlen (label));
}

static void
check_case_completion (const char *file, const char *word_pattern)
{
  g_autofree char *text = read_completion (file);

  for (gssize i = -1; i < 0 || runc_commands[i] != NULL; i++)
    {
      const RuncCommand *command = i < 0 ? NULL : runc_commands[i];
      g_autofree char *branch = case_branch (text, command != NULL ? command->name : "''");
      g_autofree char *found = find_all (branch, word_pattern);
      g_autofree char *expected = expected_options (command, TRUE);

      g_test_message ("%s", command != NULL ? command->name : "global options");
      g_assert_cmpstr (found, ==, expected);
    }
}

static char *
all_names (void)
{
  GPtrArray *set = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; runc_commands[i] != NULL; i++)
    g_ptr_array_add (set, g_strdup (runc_commands[i]->name));
  g_ptr_array_add (set, g_strdup ("help"));
  return join_sorted (set);
}

static void
test_bash (void)
{
  g_autofree char *text = read_completion ("runc.bash");
  g_autofree char *names = all_names ();

  check_case_completion ("runc.bash", "(?<=['\\s])(--?[a-z0-9-]+)");

  const char *list = strstr (text, "local commands='");
  g_assert_nonnull (list);
  list = strchr (list, '\'') + 1;
  g_autofree char *commands = g_strndup (list, strcspn (list, "'"));
  g_autofree char *found = find_all (commands, "([a-z]+)");
  g_assert_cmpstr (found, ==, names);
}

static void
test_zsh (void)
{
  g_autofree char *text = read_completion ("_runc");
  g_autofree char *names = all_names ();

  check_case_completion ("_runc", "^ *'(--?[a-z0-9-]+):");

  g_autofree char *found = find_all (strstr (text, "commands=("), "^      '([a-z]+):");
  g_assert_cmpstr (found, ==, names);
}

/* Fish has the long and the short name in one line, and --help among the global options only. */
static void
test_fish (void)
{
  g_autofree char *text = read_completion ("runc.fish");
  g_autofree char *names = all_names ();

  for (gssize i = -1; i < 0 || runc_commands[i] != NULL; i++)
    {
      const RuncCommand *command = i < 0 ? NULL : runc_commands[i];
      g_autofree char *condition
          = command != NULL ? g_strdup_printf ("'__fish_seen_subcommand_from %s'", command->name)
                            : g_strdup ("__fish_use_subcommand");
      g_autofree char *long_pattern
          = g_strdup_printf ("^complete -c runc -n %s -l ([a-z0-9-]+) ", condition);
      g_autofree char *short_pattern
          = g_strdup_printf ("^complete -c runc -n %s -l [a-z0-9-]+ -s ([a-z]) ", condition);
      g_autofree char *longs = find_all (text, long_pattern);
      g_autofree char *shorts = find_all (text, short_pattern);
      g_autofree char *expected = expected_options (command, FALSE);
      g_autofree char *expected_longs = find_all (expected, "--([a-z0-9-]+)");
      g_autofree char *expected_shorts = find_all (expected, "(?<![^ ])-([a-z])(?![^ ])");

      g_test_message ("%s", command != NULL ? command->name : "global options");
      g_assert_cmpstr (longs, ==, expected_longs);
      g_assert_cmpstr (shorts, ==, expected_shorts);
    }

  g_autofree char *found
      = find_all (text, "^complete -c runc -n __fish_use_subcommand -a ([a-z]+) ");
  g_assert_cmpstr (found, ==, names);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/commands/order", test_order);
  g_test_add_func ("/commands/options", test_options);
  g_test_add_func ("/commands/bash-completion", test_bash);
  g_test_add_func ("/commands/zsh-completion", test_zsh);
  g_test_add_func ("/commands/fish-completion", test_fish);
  return g_test_run ();
}
