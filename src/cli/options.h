/* Command line options: declared in tables, stored straight into the struct of the verb.
 *
 * The grammar is that of Go's flag package, because that is what scripts were written against:
 * `--name value`, `--name=value`, `-name value` for any name; a bool is `--name` or `--name=false`
 * and takes no value of its own; what is given twice counts as given last, unless it is a list;
 * `--` ends the options. An argument of one dash, or of a dash and no letter ("-9"), is no option.
 */
#pragma once

#include <glib.h>

typedef enum
{
  RUNC_OPTION_BOOL,     /* gboolean */
  RUNC_OPTION_STRING,   /* const char * */
  RUNC_OPTION_OPTIONAL, /* const char *: `--name` stores "", `--name=value` the value */
  RUNC_OPTION_LIST,     /* const char *const *: every value given, NULL-terminated; NULL if none */
  RUNC_OPTION_COUNT,    /* guint: a decimal number */
  RUNC_OPTION_DURATION, /* gint64: microseconds, from "5s", "1m30s", "100ms" */
} RuncOptionKind;

/* For `offset`: the value is checked and dropped. */
#define RUNC_OPTION_IGNORED G_MAXSIZE

typedef struct
{
  const char *name; /* without dashes; NULL ends a table */
  char alias;       /* one letter, or 0 */
  RuncOptionKind kind;
  gsize offset;         /* offsetof() the member in the target */
  const char *fallback; /* value when it is not given, shown in the help; NULL: zero */
  const char *help;     /* NULL: not shown in the help */
} RuncOption;

/* A table and where its values go. */
typedef struct
{
  const RuncOption *options; /* NULL ends an array of groups */
  void *target;              /* zeroed by the caller */
} RuncOptionGroup;

/* Store the fallbacks of all options, before anything is parsed. They are part of the program: a
 * bad one is a failed assertion. */
void runc_options_set_fallbacks (const RuncOptionGroup *groups);

/* Parse @args.
 *
 * @groups: where to look for a name, in this order
 * @anywhere: options may stand between and after the arguments; else the first argument ends them
 * @args: NULL-terminated, without the program's name; the arguments alone are left in the same
 * array. Stored strings point into the same strings.
 *
 * Errors are RUNC_ERROR_USAGE, with the words of Go's flag package; the values that stand in front
 * of the fault are stored. */
gboolean runc_options_parse (const RuncOptionGroup *groups, gboolean anywhere, char **args,
                             GError **error);

/* Free the lists in the targets of @groups. */
void runc_options_clear (const RuncOptionGroup *groups);
