/* Mount options: the words of mount(8), runc and crun, sorted by what has to be done for them.
 * Pure. Internal to src/plan.
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What the options of one mount say. For "set" and "clear" pairs the last word wins. */
typedef struct
{
  uint64_t set;   /* MOUNT_ATTR_* asked for; an access-time mode has MOUNT_ATTR__ATIME in `clear` */
  uint64_t atime; /* MS_*ATIME, while the options are read */
  uint64_t clear; /* MOUNT_ATTR_* asked not to be ("rw", "dev", "suid", ...) */
  uint64_t rec_set; /* the same for the whole tree ("rro" and family) */
  uint64_t rec_clear;
  uint64_t propagation; /* MS_PRIVATE, ...; 0: none */
  bool rec_propagation;
  bool any_flag; /* one of set and clear was named, even when a later word undid it */
  bool bind;
  bool recursive; /* rbind */
  bool remount;
  bool tmpcopyup;
  bool copy_symlink;
  bool src_nofollow;
  bool dest_nofollow;
  bool idmap;
  bool idmap_recursive;
  const char *idmap_spec; /* the text behind "idmap=" or NULL */
  const char **data;      /* for the filesystem: "size=64k"; each a single option */
  gsize n_data;
} RuncMountOptions;

/* What mounts that nobody has asked for have. */
#define RUNC_SAFE_ATTRS ((uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))

/* The annotation with the option of mount(8) that linux.mountLabel is given by. */
#define RUNC_CONTEXT_TYPE "run.oci.mount_context_type"

/* A mount of config.json as it is planned. */
typedef struct
{
  const RuncSpecMount *spec;
  const char *label;  /* "mounts[3]" */
  const char *target; /* clean destination */
  const char *source; /* bind: absolute host path */
  const char *inside; /* bind: the source is this path of the container, as mounts before this one
                         have made it; or NULL */
  const char *type;   /* never NULL; "bind" for bind mounts */
  RuncMountOptions options;
  int slot;           /* bind: the detached tree */
  int idmap_slot;     /* or RUNC_NO_SLOT */
  bool late_readonly; /* something is still to be made below it */
  bool without_ids;   /* options "uid=" and "gid=" are left out */
} RuncPlannedMount;
