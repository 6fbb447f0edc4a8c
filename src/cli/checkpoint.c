/* `runc checkpoint`: its command line. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  (void)invocation;
  runc_throw (error, RUNC_ERROR_UNSUPPORTED, "checkpoint is not supported by this build");
  return 1;
}

static const RuncOption options[] = {
  { "image-path", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "directory of the image files (default: ./checkpoint)" },
  { "work-path", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "directory for work files and logs of criu" },
  { "parent-path", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "directory of an earlier --pre-dump, relative to --image-path" },
  { "leave-running", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "do not stop the container" },
  { "tcp-established", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow open TCP connections" },
  { "tcp-skip-in-flight", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "skip TCP connections that are being made" },
  { "link-remap", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow files that were unlinked, by linking them again" },
  { "ext-unix-sk", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow unix sockets that are connected to the outside" },
  { "shell-job", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow a terminal that belongs to the outside" },
  { "lazy-pages", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "leave memory to be fetched lazily, by userfaultfd" },
  { "status-fd", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "fd that criu writes a NUL to once --lazy-pages is ready" },
  { "page-server", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "ADDRESS:PORT of a page server to send the memory to" },
  { "file-locks", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "save file locks" },
  { "pre-dump", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "save memory only, and leave the container running" },
  { "manage-cgroups-mode", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "what is saved of cgroups: soft, full, strict or ignore (default: soft)" },
  { "empty-ns", 0, RUNC_OPTION_LIST, RUNC_OPTION_IGNORED, NULL,
    "namespace whose content is not saved: network" },
  { "auto-dedup", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "drop from parent images what is in newer ones" },
  { 0 },
};

const RuncCommand runc_command_checkpoint = {
  .name = "checkpoint",
  .summary = "save a running container to disk, with criu",
  .arguments = "<container-id>",
  .options = options,
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
