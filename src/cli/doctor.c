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

/* With --check everything that was named counts, else what an ordinary container needs. */
static gboolean
is_fit (const GPtrArray *findings, gboolean named)
{
  for (guint i = 0; i < findings->len; i++)
    {
      const RuncDoctorFinding *finding = findings->pdata[i];

      if (finding->status == RUNC_DOCTOR_MISSING && (named || finding->needed))
        return FALSE;
    }
  return TRUE;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  g_autoptr (GPtrArray) findings = runc_engine_doctor (options->only, error);

  if (findings == NULL)
    return error != NULL && g_error_matches (*error, RUNC_ERROR, RUNC_ERROR_USAGE) ? STATUS_USAGE
                                                                                   : STATUS_UNFIT;
  if (options->json)
    {
      autojson RuncJson *json = runc_doctor_findings_to_json (findings);
      runc_print_json (json);
    }
  else
    for (guint i = 0; i < findings->len; i++)
      print_finding (findings->pdata[i], may_colour ());
  return is_fit (findings, options->only != NULL) ? 0 : STATUS_UNFIT;
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
  .run = run,
};
