/* The options that `checkpoint` and `restore` share. Runs in the parent. */
#include "cli/criu-options.h"

#include "base/error.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof (RuncCriuCliOptions, member)

const RuncOption runc_criu_options[] = {
  { "image-path", 0, RUNC_OPTION_STRING, AT (criu.image_path), NULL,
    "directory of the image files (default: ./checkpoint)" },
  { "work-path", 0, RUNC_OPTION_STRING, AT (criu.work_path), NULL,
    "directory for work files and logs of criu" },
  { "tcp-established", 0, RUNC_OPTION_BOOL, AT (criu.tcp_established), NULL,
    "allow open TCP connections" },
  { "ext-unix-sk", 0, RUNC_OPTION_BOOL, AT (criu.ext_unix_sk), NULL,
    "allow unix sockets that are connected to the outside" },
  { "shell-job", 0, RUNC_OPTION_BOOL, AT (criu.shell_job), NULL,
    "allow a terminal that belongs to the outside" },
  { "file-locks", 0, RUNC_OPTION_BOOL, AT (criu.file_locks), NULL, "save and restore file locks" },
  { "manage-cgroups-mode", 0, RUNC_OPTION_STRING, AT (cgroups), NULL,
    "what is saved and restored of cgroups: soft, full, strict or ignore (default: soft)" },
  { "empty-ns", 0, RUNC_OPTION_LIST, AT (empty_ns), NULL,
    "namespace whose content is neither saved nor restored: network" },
  { "auto-dedup", 0, RUNC_OPTION_BOOL, AT (criu.auto_dedup), NULL,
    "drop from parent images what is in newer ones" },
  { "lazy-pages", 0, RUNC_OPTION_BOOL, AT (criu.lazy_pages), NULL,
    "leave memory to be fetched lazily, by userfaultfd" },
  { 0 },
};

static gboolean
parse_mode (const char *text, RuncCriuCgroups *ret_mode, GError **error)
{
  static const struct
  {
    const char *word;
    RuncCriuCgroups mode;
  } modes[] = {
    { "", RUNC_CRIU_CGROUPS_DEFAULT },      { "soft", RUNC_CRIU_CGROUPS_SOFT },
    { "full", RUNC_CRIU_CGROUPS_FULL },     { "strict", RUNC_CRIU_CGROUPS_STRICT },
    { "ignore", RUNC_CRIU_CGROUPS_IGNORE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (strcmp (text, modes[i].word) == 0)
      {
        *ret_mode = modes[i].mode;
        return TRUE;
      }
  return runc_throw (error, RUNC_ERROR_USAGE,
                     "invalid manage-cgroups-mode value '%s': use soft, full, strict or ignore",
                     text);
}

gboolean
runc_criu_cli_options (const RuncCriuCliOptions *options, RuncCriuOptions *ret_options,
                       GError **error)
{
  *ret_options = options->criu;
  ret_options->status_fd = -1;
  for (const char *const *ns = options->empty_ns; ns != NULL && *ns != NULL; ns++)
    if (strcmp (*ns, "network") != 0)
      return runc_throw (error, RUNC_ERROR_USAGE, "namespace \"%s\" is not supported by --empty-ns",
                         *ns);
  return parse_mode (options->cgroups != NULL ? options->cgroups : "", &ret_options->cgroups,
                     error);
}
