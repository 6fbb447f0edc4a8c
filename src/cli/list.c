/* `runc list`. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  const char *format;
  gboolean quiet;
} Options;

/* The last, of published ports, is only there when a container has some: scripts know the others.
 */
enum
{
  COLUMNS = 7
};

/* The cells of one line of the table; @pid is a buffer for its second, *@ret_ports, which is
 * freed first, what its last points to. */
static void
fill_cells (const RuncContainerInfo *info, char pid[16], char **ret_ports,
            const char *ret_cells[COLUMNS])
{
  g_free (*ret_ports);
  *ret_ports = info->published != NULL ? g_strjoinv (",", info->published) : g_strdup ("");
  g_snprintf (pid, 16, "%d", (int)info->pid);
  ret_cells[0] = info->id;
  ret_cells[1] = pid;
  ret_cells[2] = info->status;
  ret_cells[3] = info->bundle;
  ret_cells[4] = info->created;
  ret_cells[5] = info->owner;
  ret_cells[6] = *ret_ports;
}

/* Columns are at least 12 wide and three blanks apart, the last is not filled up: what scripts cut.
 */
static void
print_table (const GPtrArray *containers)
{
  static const char *const header[COLUMNS] = {
    "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER", "PORTS",
  };
  glong widths[COLUMNS];
  const char *cells[COLUMNS];
  g_autofree char *ports = NULL;
  int columns = COLUMNS - 1;
  char pid[16];

  for (int column = 0; column < COLUMNS; column++)
    widths[column] = MAX (12, g_utf8_strlen (header[column], -1) + 3);
  for (guint i = 0; i < containers->len; i++)
    {
      fill_cells (containers->pdata[i], pid, &ports, cells);
      if (ports[0] != '\0')
        columns = COLUMNS;
      for (int column = 0; column < COLUMNS; column++)
        widths[column] = MAX (widths[column], g_utf8_strlen (cells[column], -1) + 3);
    }
  for (guint line = 0; line <= containers->len; line++)
    {
      if (line == 0)
        memcpy (cells, header, sizeof cells);
      else
        fill_cells (containers->pdata[line - 1], pid, &ports, cells);
      for (int column = 0; column < columns - 1; column++)
        printf ("%s%*s", cells[column], (int)(widths[column] - g_utf8_strlen (cells[column], -1)),
                "");
      puts (cells[columns - 1]);
    }
}

/* No containers are "null", as engines know it from runc. */
static void
print_json (const GPtrArray *containers)
{
  autojson RuncJson *list = NULL;

  if (containers->len > 0)
    list = json_object_new_array ();
  for (guint i = 0; i < containers->len; i++)
    json_object_array_add (list, runc_container_info_to_json (containers->pdata[i]));
  g_autofree char *text = runc_json_to_string (list);
  puts (text);
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
  g_autoptr (GPtrArray) containers = runc_engine_list (invocation->global, error);
  if (containers == NULL)
    return 1;
  if (options->quiet)
    for (guint i = 0; i < containers->len; i++)
      puts (((const RuncContainerInfo *)containers->pdata[i])->id);
  else if (json)
    print_json (containers);
  else
    print_table (containers);
  return 0;
}

static const RuncOption options[] = {
  { "format", 'f', RUNC_OPTION_STRING, offsetof (Options, format), "table",
    "form of the list: table or json" },
  { "quiet", 'q', RUNC_OPTION_BOOL, offsetof (Options, quiet), NULL, "print the ids only" },
  { 0 },
};

const RuncCommand runc_command_list = {
  .name = "list",
  .summary = "list the containers below --root",
  .arguments = "",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 0,
  .max_args = 0,
  .run = run,
};
