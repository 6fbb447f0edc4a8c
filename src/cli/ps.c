/* `runc ps`: the system's ps, reduced to the processes of one container. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

typedef struct
{
  const char *format;
} Options;

static void
print_json (const GArray *pids)
{
  putchar ('[');
  for (guint i = 0; i < pids->len; i++)
    printf ("%s%d", i > 0 ? "," : "", (int)g_array_index (pids, pid_t, i));
  puts ("]");
}

/* What `ps @args` prints (new string). */
static char *
run_ps (char **args, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) spawn = NULL;
  g_autofree char *output = NULL;
  g_autofree char *words = NULL;
  int status;

  g_ptr_array_add (argv, (char *)"ps");
  if (*args == NULL)
    g_ptr_array_add (argv, (char *)"-ef");
  for (; *args != NULL; args++)
    g_ptr_array_add (argv, *args);
  g_ptr_array_add (argv, NULL);

  if (!g_spawn_sync (NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                     &words, &status, &spawn))
    {
      runc_throw (error, RUNC_ERROR_FAILED, "cannot run 'ps': %s", spawn->message);
      return NULL;
    }
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    {
      runc_throw (error, RUNC_ERROR_FAILED, "'ps' failed: %s", g_strstrip (words));
      return NULL;
    }
  return g_steal_pointer (&output);
}

/* The @n-th word of @line as a number, -1 if it is none. */
static long
nth_number (const char *line, guint n)
{
  line += strspn (line, " \t");
  for (; n > 0; n--)
    {
      line += strcspn (line, " \t");
      line += strspn (line, " \t");
    }
  return g_ascii_isdigit (*line) ? strtol (line, NULL, 10) : -1;
}

/* Which word of the header @line is "PID"; -1 if none is. */
static int
find_pid_column (const char *line)
{
  int column = 0;

  for (line += strspn (line, " \t"); *line != '\0'; column++)
    {
      gsize len = strcspn (line, " \t");
      if (len == 3 && strncmp (line, "PID", 3) == 0)
        return column;
      line += len;
      line += strspn (line, " \t");
    }
  return -1;
}

static gboolean
print_table (const GArray *pids, char **args, GError **error)
{
  g_autofree char *output = run_ps (args, error);
  if (output == NULL)
    return FALSE;

  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  int column = lines[0] != NULL ? find_pid_column (lines[0]) : -1;
  if (column < 0)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "couldn't find PID field in ps output (ask ps for that column)");
  puts (lines[0]);
  for (char **line = lines + 1; *line != NULL; line++)
    {
      long pid = nth_number (*line, (guint)column);
      for (guint i = 0; i < pids->len; i++)
        if (g_array_index (pids, pid_t, i) == pid)
          {
            puts (*line);
            break;
          }
    }
  return TRUE;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  gboolean json = strcmp (options->format, "json") == 0;

  if (!json && strcmp (options->format, "table") != 0)
    {
      runc_throw (error, RUNC_ERROR_USAGE, "invalid format option");
      return 1;
    }
  g_autoptr (GArray) pids = runc_engine_pids (invocation->global, invocation->args[0], error);
  if (pids == NULL)
    return 1;
  if (json)
    {
      print_json (pids);
      return 0;
    }
  char **ps_args = invocation->args + 1;
  if (*ps_args != NULL && strcmp (*ps_args, "--") == 0)
    ps_args++;
  return print_table (pids, ps_args, error) ? 0 : 1;
}

static const RuncOption options[] = {
  { "format", 'f', RUNC_OPTION_STRING, offsetof (Options, format), "table",
    "form of the list: table or json" },
  { 0 },
};

const RuncCommand runc_command_ps = {
  .name = "ps",
  .summary = "list the processes of a container",
  .arguments = "<container-id> [ps options]\n"
               "\n"
               "What stands behind the container's id is passed on to ps; without it, that is -ef.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = G_MAXUINT,
  .options_first = TRUE,
  .run = run,
};
