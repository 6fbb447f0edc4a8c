/* The verbs, as a table. The parser, the help and the checks of completions and manual pages all
 * read this one.
 */
#pragma once

#include "base/json.h"
#include "cli/options.h"
#include "plan/request.h"

typedef struct
{
  const RuncGlobal *global;
  const void *options; /* the verb's own struct, filled */
  char **args;         /* the arguments that are no options, NULL-terminated */
  guint n_args;
} RuncInvocation;

typedef struct
{
  const char *name;
  const char *summary;     /* one line */
  const char *arguments;   /* behind "runc NAME [command options]" in the help; "" for none */
  const char *description; /* paragraphs, or NULL */

  const RuncOption *options; /* NULL: none */
  const RuncOption
      *shared;        /* more of them, for the same struct, shared with other verbs; or NULL */
  gsize options_size; /* sizeof the struct that both fill */

  guint min_args;
  guint max_args;         /* G_MAXUINT: any number */
  int usage_status;       /* exit status for a wrong command line; 0: that of all errors, 1 */
  gboolean options_first; /* everything behind the first argument belongs to another program */

  /* Do it. Returns the exit status; with *@error set too when something went wrong. */
  int (*run) (const RuncInvocation *invocation, GError **error);
} RuncCommand;

extern const RuncCommand runc_command_checkpoint;
extern const RuncCommand runc_command_create;
extern const RuncCommand runc_command_delete;
extern const RuncCommand runc_command_doctor;
extern const RuncCommand runc_command_events;
extern const RuncCommand runc_command_exec;
extern const RuncCommand runc_command_features;
extern const RuncCommand runc_command_kill;
extern const RuncCommand runc_command_list;
extern const RuncCommand runc_command_pause;
extern const RuncCommand runc_command_plan;
extern const RuncCommand runc_command_ps;
extern const RuncCommand runc_command_restore;
extern const RuncCommand runc_command_resume;
extern const RuncCommand runc_command_run;
extern const RuncCommand runc_command_spec;
extern const RuncCommand runc_command_start;
extern const RuncCommand runc_command_state;
extern const RuncCommand runc_command_unshare;
extern const RuncCommand runc_command_update;

/* All of them in the order of the help, NULL-terminated. */
extern const RuncCommand *const runc_commands[];

/* The options in front of the verb, which may stand behind it too. */
extern const RuncOption runc_global_options[];

/* NULL if there is none of that name. */
const RuncCommand *runc_command_find (const char *name);

/* The help of runc, or of one verb, to stdout. */
void runc_help_print_program (void);
void runc_help_print_command (const RuncCommand *command);

/* @json for people, indented, to stdout. */
void runc_print_json (RuncJson *json);

/* The lines of `--version`, to stdout. */
void runc_version_print (void);

/* Parse the command line and do what it says; prints, logs, and returns the exit status.
 * @argv: as main() got it; reordered */
int runc_cli_main (int argc, char **argv);
