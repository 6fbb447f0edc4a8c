/* `runc restore`: its command line. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"

static int
run (const RuncInvocation *invocation, GError **error)
{
  (void)invocation;
  runc_throw (error, RUNC_ERROR_UNSUPPORTED, "restore is not supported by this build");
  return 1;
}

static const RuncOption options[] = {
  { "console-socket", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "path of an AF_UNIX socket that is sent the master end of the terminal" },
  { "image-path", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "directory of the image files (default: ./checkpoint)" },
  { "work-path", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "directory for work files and logs of criu" },
  { "tcp-established", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow open TCP connections" },
  { "ext-unix-sk", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow unix sockets that are connected to the outside" },
  { "shell-job", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "allow a terminal that belongs to the outside" },
  { "file-locks", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "restore file locks" },
  { "manage-cgroups-mode", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "what is restored of cgroups: soft, full, strict or ignore (default: soft)" },
  { "bundle", 'b', RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "path to the root of the bundle directory (default: the current directory)" },
  { "detach", 'd', RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "do not wait for the container's end" },
  { "pid-file", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "file to write the process id of the container's init to" },
  { "no-subreaper", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL, "(obsolete, has no effect)" },
  { "no-pivot", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "move the root instead of pivoting into it, for a rootfs on a ramdisk" },
  { "empty-ns", 0, RUNC_OPTION_LIST, RUNC_OPTION_IGNORED, NULL,
    "namespace that is made anew instead of restored: network" },
  { "auto-dedup", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "drop from parent images what is in newer ones" },
  { "lazy-pages", 0, RUNC_OPTION_BOOL, RUNC_OPTION_IGNORED, NULL,
    "fetch memory lazily, by userfaultfd" },
  { "lsm-profile", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "LSM profile to restore with: TYPE:NAME" },
  { "lsm-mount-context", 0, RUNC_OPTION_STRING, RUNC_OPTION_IGNORED, NULL,
    "LSM context of the mounts" },
  { 0 },
};

const RuncCommand runc_command_restore = {
  .name = "restore",
  .summary = "restore a container that was saved by checkpoint",
  .arguments = "<container-id>",
  .options = options,
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
