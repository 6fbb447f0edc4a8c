/* The options that `checkpoint` and `restore` share, and what they mean. */
#pragma once

#include "cli/command.h"

typedef struct
{
  RuncCriuOptions criu;
  const char *cgroups;         /* --manage-cgroups-mode */
  const char *const *empty_ns; /* --empty-ns */
} RuncCriuCliOptions;

/* Rows over a RuncCriuCliOptions, or over a struct that begins with one. */
extern const RuncOption runc_criu_options[];

/* What @options mean. RUNC_ERROR_USAGE for a word that is not known. */
gboolean runc_criu_cli_options (const RuncCriuCliOptions *options, RuncCriuOptions *ret_options,
                                GError **error);
