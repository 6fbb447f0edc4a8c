/* The command line: global options, the choice of the verb, and what is said at the end.
 *
 * Runs in the parent. This is the only place that reports an error: verbs return it. */
#include "cli/command.h"

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  RuncGlobal global;
  gboolean debug;
  gboolean help;
  gboolean version;
  const char *log;
  const char *log_format;
  const char *rootless;
} GlobalOptions;

const RuncOption runc_global_options[] = {
  { "debug", 0, RUNC_OPTION_BOOL, offsetof (GlobalOptions, debug), NULL, "enable debug logging" },
  { "log", 0, RUNC_OPTION_STRING, offsetof (GlobalOptions, log), NULL,
    "file to append the log to, instead of stderr" },
  { "log-format", 0, RUNC_OPTION_STRING, offsetof (GlobalOptions, log_format), "text",
    "form of the log: text or json" },
  { "root", 0, RUNC_OPTION_STRING, offsetof (GlobalOptions, global.root), NULL,
    "directory for the state of containers, best in tmpfs (default: /run/runc, for an ordinary "
    "user "
    "$XDG_RUNTIME_DIR/runc)" },
  { "criu", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL, NULL },
  { "systemd-cgroup", 0, RUNC_OPTION_BOOL, offsetof (GlobalOptions, global.systemd_cgroup), NULL,
    "let systemd make the cgroup; cgroupsPath is then \"slice:prefix:name\", as in "
    "\"system.slice:runc:434234\"" },
  { "rootless", 0, RUNC_OPTION_STRING, offsetof (GlobalOptions, rootless), "auto",
    "whether missing permissions for cgroups are ignored: true, false or auto" },
  { "help", 'h', RUNC_OPTION_BOOL, offsetof (GlobalOptions, help), NULL, "show help" },
  { "version", 'v', RUNC_OPTION_BOOL, offsetof (GlobalOptions, version), NULL,
    "print the version" },
  { 0 },
};

/* What the strings among the global options mean. */
static gboolean
apply_global_options (GlobalOptions *options, GError **error)
{
  RuncLogFormat format;
  gboolean rootless;

  if (strcmp (options->log_format, "text") == 0 || options->log_format[0] == '\0')
    format = RUNC_LOG_FORMAT_TEXT;
  else if (strcmp (options->log_format, "json") == 0)
    format = RUNC_LOG_FORMAT_JSON;
  else
    return runc_throw (error, RUNC_ERROR_USAGE, "invalid log-format: %s", options->log_format);
  if (!runc_log_init (options->log, format, options->debug, error))
    return FALSE;

  if (options->rootless[0] == '\0' || g_ascii_strcasecmp (options->rootless, "auto") == 0)
    options->global.rootless = RUNC_ROOTLESS_AUTO;
  else if (runc_parse_bool (options->rootless, &rootless, NULL))
    options->global.rootless = rootless ? RUNC_ROOTLESS_TRUE : RUNC_ROOTLESS_FALSE;
  else
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "invalid value \"%s\" for flag -rootless: use true, false or auto",
                       options->rootless);

  if (options->global.root != NULL)
    {
      g_autofree char *root = g_canonicalize_filename (options->global.root, NULL);
      if (strcmp (root, "/") == 0)
        return runc_throw (error, RUNC_ERROR_USAGE,
                           "Option --root argument should not be set to /");
    }
  return TRUE;
}

/* Log @error as the last words of this process. Returns @status. */
static int
fail (int status, const GError *error)
{
  runc_log_fatal (error->message);
  return status;
}

static int
no_such_command (const char *name)
{
  g_autofree char *message = g_strdup_printf ("No help topic for '%s'", name);
  runc_log_fatal (message);
  return 3;
}

static int
print_help (const char *topic)
{
  if (topic == NULL)
    {
      runc_help_print_program ();
      return 0;
    }
  const RuncCommand *command = runc_command_find (topic);
  if (command == NULL)
    return no_such_command (topic);
  runc_help_print_command (command);
  return 0;
}

static gboolean
check_arguments (const RuncCommand *command, guint n_args, const char *program, GError **error)
{
  const char *rule = command->min_args == command->max_args ? "exactly"
                     : n_args < command->min_args           ? "a minimum of"
                                                            : "a maximum of";

  if (n_args >= command->min_args && n_args <= command->max_args)
    return TRUE;
  return runc_throw (error, RUNC_ERROR_USAGE, "%s: \"%s\" requires %s %u argument(s)", program,
                     command->name, rule,
                     n_args < command->min_args ? command->min_args : command->max_args);
}

/* Parse the options of @command and run it. @args: what stands behind its name. */
static int
run_command (const RuncCommand *command, GlobalOptions *global, const char *program, char **args)
{
  static const RuncOption no_options[] = { { 0 } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) usage = NULL;
  g_autofree void *options = g_malloc0 (MAX (command->options_size, 1));
  const RuncOptionGroup groups[] = {
    { command->options != NULL ? command->options : no_options, options },
    { command->shared != NULL ? command->shared : no_options, options },
    { runc_global_options, global },
    { NULL, NULL },
  };
  const RuncOptionGroup own[] = { groups[0], groups[1], { NULL, NULL } };

  runc_options_set_fallbacks (own);
  if (runc_options_parse (groups, !command->options_first, args, &usage) && !global->help)
    check_arguments (command, g_strv_length (args), program, &usage);

  int status = 1;
  if (!apply_global_options (global, &error))
    fail (status, error);
  else if (global->help)
    {
      runc_help_print_command (command);
      status = 0;
    }
  else if (global->version)
    {
      runc_version_print ();
      status = 0;
    }
  else if (usage != NULL)
    {
      printf ("Incorrect Usage: %s\n\n", usage->message);
      runc_help_print_command (command);
      fflush (stdout);
      if (command->usage_status != 0)
        status = command->usage_status;
      fail (status, usage);
    }
  else
    {
      const RuncInvocation invocation = { &global->global, options, args, g_strv_length (args) };
      status = command->run (&invocation, &error);
      if (error != NULL)
        fail (status, error);
    }
  runc_options_clear (own);
  return status;
}

int
runc_cli_main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  GlobalOptions options = { 0 };
  const RuncOptionGroup groups[] = { { runc_global_options, &options }, { NULL, NULL } };
  /* Parsing moves the pointers about; what is run once more is the line as it was. */
  g_autofree char **line = g_memdup2 (argv, ((gsize)argc + 1) * sizeof *argv);
  char **args = argv + MIN (argc, 1);

  options.global.argv = line;

  runc_options_set_fallbacks (groups);
  if (!runc_options_parse (groups, FALSE, args, &error))
    {
      printf ("Incorrect Usage: %s\n\n", error->message);
      runc_help_print_program ();
      fflush (stdout);
      return fail (1, error);
    }
  if (args[0] != NULL && !options.help && !options.version)
    {
      const RuncCommand *command = runc_command_find (args[0]);
      if (command != NULL)
        return run_command (command, &options, argv[0], args + 1);
    }
  if (!apply_global_options (&options, &error))
    return fail (1, error);
  if (options.version && !options.help)
    {
      runc_version_print ();
      return 0;
    }
  if (args[0] == NULL || options.help)
    return print_help (NULL);
  if (strcmp (args[0], "help") == 0 || strcmp (args[0], "h") == 0)
    return print_help (args[1]);
  return no_such_command (args[0]);
}
