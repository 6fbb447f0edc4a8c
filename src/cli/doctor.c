/* `runc doctor`: its command line and the report for people. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"
#include "engine/engine.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum
{
  STATUS_UNFIT = 1,
  STATUS_USAGE = 2,
};

typedef struct
{
  gboolean json;
  const char *const *only;
} Options;

static gboolean
may_colour (void)
{
  const char *no_color = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");

  return isatty (STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL
         && g_strcmp0 (term, "dumb") != 0;
}

static void
print_finding (const RuncDoctorFinding *finding, gboolean colour)
{
  static const char *const colours[] = {
    [RUNC_DOCTOR_OK] = "\033[32m",
    [RUNC_DOCTOR_LIMITED] = "\033[33m",
    [RUNC_DOCTOR_MISSING] = "\033[31m",
  };

  printf ("%s%-7s%s  %s: %s\n", colour ? colours[finding->status] : "",
          runc_doctor_status_to_string (finding->status), colour ? "\033[0m" : "", finding->title,
          finding->found);
  if (finding->means != NULL)
    printf ("         means: %s\n", finding->means);
  if (finding->mend != NULL)
    printf ("         mend: %s\n", finding->mend);
}

/* The ids of what is missing, but for what ordinary containers can do without, with commas (new
 * string). @named: nothing can be done without */
static char *
list_missing (const GPtrArray *findings, gboolean named)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < findings->len; i++)
    {
      const RuncDoctorFinding *finding = findings->pdata[i];

      if (finding->status == RUNC_DOCTOR_MISSING && (named || finding->needed))
        g_string_append_printf (ids, "%s%s", ids->len > 0 ? ", " : "", finding->id);
    }
  return g_string_free (g_steal_pointer (&ids), FALSE);
}

static void
print_report (const GPtrArray *findings)
{
  gboolean colour = may_colour ();

  for (guint i = 0; i < findings->len; i++)
    print_finding (findings->pdata[i], colour);
}

static void
print_verdict (const char *missing)
{
  if (missing[0] == '\0')
    puts ("\nOrdinary containers can run here.");
  else
    printf ("\nOrdinary containers cannot run here until this is mended: %s\n", missing);
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  g_autoptr (GPtrArray) findings = runc_engine_doctor (options->only, error);

  if (findings == NULL)
    return error != NULL && g_error_matches (*error, RUNC_ERROR, RUNC_ERROR_USAGE) ? STATUS_USAGE
                                                                                   : STATUS_UNFIT;
  gboolean named = options->only != NULL;
  g_autofree char *missing = list_missing (findings, named);

  if (options->json)
    {
      autojson RuncJson *json = runc_doctor_findings_to_json (findings);
      runc_print_json (json);
    }
  else
    {
      print_report (findings);
      if (!named)
        print_verdict (missing);
    }
  return missing[0] == '\0' ? 0 : STATUS_UNFIT;
}

static const RuncOption options[] = {
  { "json", 0, RUNC_OPTION_BOOL, offsetof (Options, json), NULL, "print JSON" },
  { "check", 0, RUNC_OPTION_LIST, offsetof (Options, only), NULL,
    "check only this, by its id in the JSON (may be given again)" },
  { 0 },
};

const RuncCommand runc_command_doctor = {
  .name = "doctor",
  .summary = "say whether this machine is ready for containers without root",
  .arguments = "",
  .description
  = "Tries what containers need, as the user who calls it, and prints a line for each thing:\n"
    "   what was found and, unless it is ok, what that means for containers and what mends it.\n"
    "   Nothing is changed. The exit status is 1 if something is missing without which this user\n"
    "   can run no ordinary container (with --check: if what was named is missing), 2 if the\n"
    "   command line is wrong, else 0.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 0,
  .max_args = 0,
  .usage_status = STATUS_USAGE,
  .run = run,
};
