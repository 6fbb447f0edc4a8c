/* RuncRequest: what the command line says. Filled by src/cli, read by src/engine and src/plan.
 *
 * Strings borrow from argv. Absent options are NULL, FALSE or -1 as noted. Paths are as the user
 * gave them, relative to the caller's directory, unless noted.
 */
#pragma once

#include "plan/criu.h"

#include <glib.h>
#include <stdint.h>

typedef enum
{
  RUNC_ROOTLESS_AUTO,
  RUNC_ROOTLESS_TRUE,
  RUNC_ROOTLESS_FALSE,
} RuncRootlessMode;

/* Global options. */
typedef struct
{
  const char *root; /* --root; NULL: the default of runc_state_default_root() */
  gboolean systemd_cgroup;
  RuncRootlessMode rootless;
  char **argv; /* the whole command line, for running it once more (src/launch/self.h) */
} RuncGlobal;

typedef enum
{
  RUNC_NETWORK_UNSET, /* as config.json and its annotation say */
  RUNC_NETWORK_HOST,
  RUNC_NETWORK_NONE,
  RUNC_NETWORK_SLIRP,
  RUNC_NETWORK_PASTA,
} RuncNetworkMode;

typedef enum
{
  RUNC_OVERLAY_DRIVER_AUTO,
  RUNC_OVERLAY_DRIVER_KERNEL,
  RUNC_OVERLAY_DRIVER_FUSE,
} RuncOverlayDriver;

/* run, create, restore */
typedef struct
{
  const char *id;
  const char *bundle;         /* NULL: the current directory */
  const char *console_socket; /* path */
  const char *pidfd_socket;   /* path */
  const char *pid_file;       /* path */
  gboolean no_pivot;
  gboolean no_new_keyring;
  gboolean detach; /* run -d; create implies it */
  gboolean keep;   /* run --keep: no delete after exit */
  guint preserve_fds;
  guint
      listen_fds; /* from $LISTEN_FDS when $LISTEN_PID is us or unset; counted into preserve_fds */
  const char *notify_socket; /* $NOTIFY_SOCKET */

  const char *overlay;               /* --overlay: NULL no, "" ephemeral, else a directory */
  const char *overlay_place;         /* --overlay-place: where an ephemeral layer is, or NULL */
  const char *const *overlay_lowers; /* --overlay-lower, NULL-terminated, or NULL */
  RuncOverlayDriver overlay_driver;
  RuncNetworkMode network;
  const char *const *publish; /* --publish, NULL-terminated, or NULL */

  const RuncCriuOptions *restore; /* restore: from what, and how; else NULL */
} RuncCreateRequest;

/* exec */
typedef struct
{
  const char *id;
  const char *console_socket;
  const char *pidfd_socket;
  const char *pid_file;
  gboolean detach;
  gboolean tty;                       /* -t */
  const char *process;                /* -p: path of process.json, NULL: from the arguments */
  const char *const *args;            /* command and arguments, NULL-terminated */
  const char *cwd;                    /* --cwd */
  const char *const *env;             /* -e, NULL-terminated */
  const char *user;                   /* -u "uid[:gid]" */
  const char *const *additional_gids; /* -g, decimal, NULL-terminated */
  const char *const *caps;            /* -c */
  const char *apparmor;
  const char *process_label;
  gboolean no_new_privs;
  gboolean ignore_paused;
  const char *const *cgroups; /* --cgroup, "path" or "controller[,controller]:path" */
  guint preserve_fds;
  guint listen_fds;
} RuncExecRequest;
