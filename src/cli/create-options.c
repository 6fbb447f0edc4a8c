/* The options that `create`, `run` and `plan` share, and what they mean. Runs in the parent. */
#include "cli/create-options.h"

#include "base/error.h"
#include "base/strings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof (RuncCreateOptions, member)

const RuncOption runc_create_options[] = {
  { "bundle", 'b', RUNC_OPTION_STRING, AT (request.bundle), NULL,
    "path to the root of the bundle directory (default: the current directory)" },
  { "console-socket", 0, RUNC_OPTION_STRING, AT (request.console_socket), NULL,
    "path of an AF_UNIX socket that is sent the master end of the terminal" },
  { "pidfd-socket", 0, RUNC_OPTION_STRING, AT (request.pidfd_socket), NULL,
    "path of an AF_UNIX socket that is sent a pidfd of the container's init" },
  { "pid-file", 0, RUNC_OPTION_STRING, AT (request.pid_file), NULL,
    "file to write the process id of the container's init to" },
  { "no-pivot", 0, RUNC_OPTION_BOOL, AT (request.no_pivot), NULL,
    "move the root instead of pivoting into it, for a rootfs on a ramdisk" },
  { "no-new-keyring", 0, RUNC_OPTION_BOOL, AT (request.no_new_keyring), NULL,
    "keep the caller's session keyring instead of making a new one" },
  { "preserve-fds", 0, RUNC_OPTION_COUNT, AT (request.preserve_fds), NULL,
    "pass this many fds behind stderr (and behind those of $LISTEN_FDS) to the container" },
  { "overlay", 0, RUNC_OPTION_OPTIONAL, AT (request.overlay), NULL,
    "leave the rootfs as it is: writes go to a layer that is discarded, or kept in the directory "
    "given" },
  { "overlay-lower", 0, RUNC_OPTION_LIST, AT (request.overlay_lowers), NULL,
    "a further layer of the overlay, below the rootfs and those given before; implies --overlay" },
  { "overlay-place", 0, RUNC_OPTION_STRING, AT (request.overlay_place), NULL,
    "directory on a disk for a layer that is discarded, instead of memory; implies --overlay" },
  { "overlay-driver", 0, RUNC_OPTION_STRING, AT (overlay_driver), "auto",
    "what makes the overlay: auto, kernel or fuse" },
  { "network", 0, RUNC_OPTION_STRING, AT (network), NULL,
    "network of the container, instead of what config.json says: host, none, slirp or pasta" },
  { "publish", 'p', RUNC_OPTION_LIST, AT (request.publish), NULL,
    "forward a port to the container: [ip:]host:container[/udp]" },
  { 0 },
};

const char runc_create_arguments[]
    = "<container-id>\n"
      "\n"
      "The <container-id> is a name of your choice, unique among the containers below the same\n"
      "--root.";

const char runc_create_description[]
    = "A container is made from a bundle: a directory with a file named \"config.json\", which\n"
      "says what to run and how, and a root filesystem. \"runc spec\" writes a config.json to "
      "start\n"
      "with.";

typedef struct
{
  const char *word; /* NULL ends a list */
  int value;
} Word;

/* The value of @word among @words. */
static gboolean
parse_word (const Word *words, const char *word, const char *option, int *ret_value, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (; words->word != NULL; words++)
    {
      if (strcmp (words->word, word) == 0)
        {
          *ret_value = words->value;
          return TRUE;
        }
      g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", words->word);
    }
  return runc_throw (error, RUNC_ERROR_USAGE, "invalid value \"%s\" for flag -%s: use one of %s",
                     word, option, known->str);
}

gboolean
runc_listen_fds (guint *ret_n, GError **error)
{
  const char *fds = getenv ("LISTEN_FDS");
  const char *pid = getenv ("LISTEN_PID");
  uint64_t value;

  *ret_n = 0;
  if (fds == NULL || fds[0] == '\0')
    return TRUE;
  if (pid != NULL
      && (!runc_parse_uint64 (pid, G_MAXINT, &value, NULL) || (pid_t)value != getpid ()))
    return TRUE;
  if (!runc_parse_uint64 (fds, G_MAXINT, &value, error))
    {
      runc_prefix (error, "$LISTEN_FDS");
      if (error != NULL)
        (*error)->code = RUNC_ERROR_USAGE;
      return FALSE;
    }
  *ret_n = (guint)value;
  return TRUE;
}

gboolean
runc_create_options_to_request (const RuncCreateOptions *options, const char *id,
                                RuncCreateRequest *ret_request, GError **error)
{
  static const Word networks[] = {
    { "host", RUNC_NETWORK_HOST },
    { "none", RUNC_NETWORK_NONE },
    { "slirp", RUNC_NETWORK_SLIRP },
    { "pasta", RUNC_NETWORK_PASTA },
    { NULL, 0 },
  };
  static const Word drivers[] = {
    { "auto", RUNC_OVERLAY_DRIVER_AUTO },
    { "kernel", RUNC_OVERLAY_DRIVER_KERNEL },
    { "fuse", RUNC_OVERLAY_DRIVER_FUSE },
    { NULL, 0 },
  };
  RuncCreateRequest request = options->request;
  int network = RUNC_NETWORK_UNSET;
  int driver;

  if (options->network != NULL
      && !parse_word (networks, options->network, "network", &network, error))
    return FALSE;
  if (!parse_word (drivers, options->overlay_driver, "overlay-driver", &driver, error)
      || !runc_listen_fds (&request.listen_fds, error))
    return FALSE;
  request.id = id;
  request.network = network;
  request.overlay_driver = driver;
  request.preserve_fds += request.listen_fds;
  request.notify_socket = getenv ("NOTIFY_SOCKET");
  *ret_request = request;
  return TRUE;
}
