/* What is printed for people: help texts, from the tables of verbs and options and in the layout
 * that runc's users know, and JSON. Runs in the parent. */
#include "cli/command.h"

#include "base/version.h"

#include <stdio.h>
#include <string.h>

static const RuncOption no_options[] = { { 0 } };
static const RuncOption help_option[] = {
  { .name = "help", .alias = 'h', .help = "show help" },
  { 0 },
};

/* "--bundle value, -b value" (new string). */
static char *
option_names (const RuncOption *option)
{
  const char *value = option->kind == RUNC_OPTION_BOOL       ? ""
                      : option->kind == RUNC_OPTION_OPTIONAL ? "[=value]"
                                                             : " value";

  if (option->alias != 0)
    return g_strdup_printf ("--%s%s, -%c%s", option->name, value, option->alias, value);
  return g_strdup_printf ("--%s%s", option->name, value);
}

/* The options of @tables (NULL-terminated) that have a help text, aligned. */
static void
print_options (const RuncOption *const *tables)
{
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  int width = 0;

  for (; *tables != NULL; tables++)
    for (const RuncOption *option = *tables; option->name != NULL; option++)
      if (option->help != NULL)
        {
          char *text = option_names (option);
          g_ptr_array_add (shown, (void *)option);
          g_ptr_array_add (names, text);
          width = MAX (width, (int)strlen (text));
        }
  for (guint i = 0; i < shown->len; i++)
    {
      const RuncOption *option = shown->pdata[i];
      printf ("   %-*s  %s", width, (const char *)names->pdata[i], option->help);
      if (option->fallback != NULL)
        printf (" (default: %s)", option->fallback);
      putchar ('\n');
    }
}

void
runc_help_print_program (void)
{
  int width = 0;

  printf (
      "NAME:\n"
      "   runc - Open Container Initiative runtime\n"
      "\n"
      "runc starts and manages containers as the Open Container Initiative's runtime\n"
      "specification describes them. It needs no daemon and no root: an ordinary user's\n"
      "container gets a user namespace of its own.\n"
      "\n"
      "A container is started from a bundle, a directory with a file named \"config.json\" and\n"
      "the container's root filesystem:\n"
      "\n"
      "    # runc spec --rootless\n"
      "    # runc run [ -b bundle ] <container-id>\n"
      "\n"
      "The <container-id> is a name of your choice, unique among your containers. The default\n"
      "bundle is the current directory.\n"
      "\n"
      "USAGE:\n"
      "   runc [global options] command [command options] [arguments...]\n"
      "\n"
      "VERSION:\n"
      "   %s\n"
      "\n"
      "COMMANDS:\n",
      runc_version ());
  for (gsize i = 0; runc_commands[i] != NULL; i++)
    width = MAX (width, (int)strlen (runc_commands[i]->name));
  for (gsize i = 0; runc_commands[i] != NULL; i++)
    printf ("   %-*s  %s\n", width, runc_commands[i]->name, runc_commands[i]->summary);
  printf ("   %-*s  show this text, or the help of one command\n", width, "help, h");
  printf ("\nGLOBAL OPTIONS:\n");
  print_options ((const RuncOption *const[]){ runc_global_options, NULL });
}

void
runc_help_print_command (const RuncCommand *command)
{
  printf ("NAME:\n"
          "   runc %s - %s\n"
          "\n"
          "USAGE:\n"
          "   runc %s [command options]%s%s\n",
          command->name, command->summary, command->name, command->arguments[0] != '\0' ? " " : "",
          command->arguments);
  if (command->description != NULL)
    printf ("\nDESCRIPTION:\n   %s\n", command->description);
  printf ("\nOPTIONS:\n");
  print_options ((const RuncOption *const[]){
      command->options != NULL ? command->options : no_options,
      command->shared != NULL ? command->shared : no_options,
      help_option,
      NULL,
  });
}

void
runc_print_json (RuncJson *json)
{
  puts (json_object_to_json_string_ext (json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                                  | JSON_C_TO_STRING_NOSLASHESCAPE));
}
