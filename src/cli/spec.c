/* `runc spec`. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

typedef struct
{
  const char *bundle;
  gboolean rootless;
  gboolean full;
} Options;

static gboolean
write_config (int dir_fd, const char *text, GError **error)
{
  const char *name = "config.json";
  autofd int fd = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

  if (fd < 0 && errno == EEXIST)
    return runc_throw (error, RUNC_ERROR_EXISTS, "File %s exists. Remove it first", name);
  if (fd < 0)
    return runc_throw_errno (error, "cannot create '%s'", name);
  if (!runc_io_write_all (fd, text, strlen (text), name, error))
    {
      unlinkat (dir_fd, name, 0);
      return FALSE;
    }
  return TRUE;
}

static bool
has_only_cgroup2 (void)
{
  struct statfs fs;

  return statfs ("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  const char *bundle
      = options->bundle != NULL && options->bundle[0] != '\0' ? options->bundle : ".";
  const RuncSpecTemplate template = {
    .rootless = options->rootless,
    .full = options->full,
    .uid = geteuid (),
    .gid = getegid (),
    .cgroup2 = has_only_cgroup2 (),
  };

  if (options->full && !options->rootless)
    {
      runc_throw (error, RUNC_ERROR_USAGE, "--full says how rootless: use it with --rootless");
      return 1;
    }
  autofd int dir_fd = open (bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    {
      runc_throw_errno (error, "cannot open bundle '%s'", bundle);
      return 1;
    }
  g_autofree char *text = runc_spec_template (&template);
  return write_config (dir_fd, text, error) ? 0 : 1;
}

static const RuncOption options[] = {
  { "bundle", 'b', RUNC_OPTION_STRING, offsetof (Options, bundle), NULL,
    "path to the root of the bundle directory (default: the current directory)" },
  { "rootless", 0, RUNC_OPTION_BOOL, offsetof (Options, rootless), NULL,
    "write a configuration for an ordinary user: one id, the host's network, no limits" },
  { "full", 0, RUNC_OPTION_BOOL, offsetof (Options, full), NULL,
    "with --rootless: all the ids that the user has, a root who can use them, a rootfs that can be "
    "written, and a network of the container's own" },
  { 0 },
};

const RuncCommand runc_command_spec = {
  .name = "spec",
  .summary = "write a config.json to start with",
  .arguments = "",
  .description
  = "The file runs \"sh\" from the directory \"rootfs\" beside it. Edit it to run something\n"
    "else, or another way. A bundle with busybox, for example:\n"
    "\n"
    "    mkdir -p mycontainer/rootfs/bin && cd mycontainer\n"
    "    cp /bin/busybox rootfs/bin/ && ln -s busybox rootfs/bin/sh\n"
    "    runc spec --rootless\n"
    "    runc run mycontainerid\n"
    "\n"
    "A file that is there already is left alone.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 0,
  .max_args = 0,
  .run = run,
};
