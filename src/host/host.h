/* RuncHost: what this machine and this user can do. Facts only; src/plan draws the conclusions.
 *
 * Probed by runc_host_probe() in the parent, each fact at most once and only when it is asked for
 * (a probe costs start-up time); or loaded from a JSON file, so that plans for any host can be
 * built and compared anywhere (tests/golden).
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>

/* One line of /proc/self/uid_map, or one usable range of /etc/subuid: `size` ids from `inside` in
 * our own user namespace. `outside` is only set for uid_map lines. */
typedef struct
{
  guint32 inside;
  guint32 outside;
  guint32 size;
} RuncIdRange;

typedef struct
{
  RuncIdRange *items;
  gsize n;
} RuncIdRanges;

typedef enum
{
  RUNC_CGROUP_NONE,   /* no cgroup hierarchy is mounted */
  RUNC_CGROUP_V1,     /* v1 hierarchies only */
  RUNC_CGROUP_HYBRID, /* v1 hierarchies and a cgroup2 mount beside them */
  RUNC_CGROUP_V2,     /* /sys/fs/cgroup is cgroup2 */
} RuncCgroupMode;

/* Relation of an existing namespace (a `path` of config.json) to us: decides when it is joined. */
typedef enum
{
  RUNC_NS_OWNER_UNKNOWN,
  RUNC_NS_OWNER_SELF,  /* owned by our current user namespace (or one that we cannot tell apart) */
  RUNC_NS_OWNER_PATH,  /* owned by the user namespace that config.json joins by path */
  RUNC_NS_OWNER_OTHER, /* owned by some other user namespace */
} RuncNsOwner;

typedef struct
{
  gboolean exists;  /* the file could be opened and is a namespace of the right type */
  gboolean current; /* it is the namespace that we are in already */
  RuncNsOwner owner;
} RuncNsFact;

/* One mounted cgroup v1 hierarchy. */
typedef struct
{
  char *controllers; /* "cpu,cpuacct", "name=systemd" as in /proc/self/cgroup */
  char *mountpoint;  /* "/sys/fs/cgroup/cpu,cpuacct" */
  char *own_path;    /* our cgroup in it, "/" or "/user.slice/..." */
} RuncCgroupHierarchy;

/* Our own limit on one resource (RLIMIT_*). */
typedef struct
{
  int resource;
  guint64 hard;
} RuncHostRlimit;

typedef struct
{
  /* who we are */
  guint32 euid; /* in our user namespace */
  guint32 egid;
  gboolean
      initial_userns; /* our user namespace is the initial one (compared, not guessed from maps) */
  guint64 effective_caps; /* CAP_* mask */
  RuncIdRanges uid_map;   /* /proc/self/uid_map: which ids exist here at all */
  RuncIdRanges gid_map;
  gboolean setgroups_allowed; /* /proc/self/setgroups is not "deny" */
  gboolean userns_allowed;    /* a new user namespace may be made (max_user_namespaces > 0) */

  /* what we may not raise without root; only probed when config.json names it */
  int oom_score_adj;
  RuncHostRlimit *rlimits;
  gsize n_rlimits;
  gboolean *devices; /* for each of linux.devices: the host has the same one under that path */
  gsize n_devices;

  /* subordinate ids; only probed for users that need them */
  RuncIdRanges sub_uids;
  RuncIdRanges sub_gids;
  char *newuidmap; /* absolute path, NULL if not installed */
  char *newgidmap;
  gboolean no_new_privs;      /* no program gives its caller rights, these two neither */
  gboolean ids_out_of_bounds; /* nor can any give CAP_SETUID and CAP_SETGID */

  /* cgroups */
  RuncCgroupMode cgroup_mode;
  char *cgroup2_mount;        /* "/sys/fs/cgroup", "/sys/fs/cgroup/unified" or NULL */
  char *cgroup2_path;         /* our own cgroup there, "/..." or NULL */
  gboolean cgroup2_delegated; /* we may create cgroups below it and move ourselves there */
  /* a user: linux.cgroupsPath is an absolute one that we may make, or have, and move ourselves to
   */
  gboolean cgroup_path_delegated;
  char **cgroup2_controllers; /* cgroup.controllers of our own cgroup there (strv) */
  RuncCgroupHierarchy *cgroup1;
  gsize n_cgroup1;
  gboolean systemd_system; /* /run/systemd/system is there */
  gboolean systemd_user;   /* the user bus socket is there */

  /* kernel and security modules */
  gboolean proc_masked; /* something is mounted over parts of /proc: a new procfs will be refused */
  gboolean apparmor;    /* enabled */
  gboolean selinux;     /* enabled */
  char *resctrl; /* where a resctrl filesystem is mounted, or NULL; only probed when config.json
                    has linux.intelRdt */
  gboolean overlay_in_userns; /* the kernel's overlayfs mounts in a user namespace */
  gboolean tmpfs_xattrs;      /* files of a tmpfs can have attributes in "user." */
  char *fuse_overlayfs;       /* absolute path or NULL */
  gboolean fuse_device;       /* /dev/fuse can be opened */

  /* the runtime's own executable */
  gboolean program_changeable; /* neither sealed nor reached through a read-only mount */
  gboolean program_leavable;   /* a process of this build can go on without its file */
  guint32 program_owner;
  guint32 program_mode; /* st_mode */

  char *layer_place; /* a directory on a disk that can have layers which the kernel's overlayfs
                        writes to, and need not be there yet; NULL: none, or not needed, as they can
                        be in a tmpfs */

  /* the directory of a writable layer that is kept, or that is to be elsewhere than in memory */
  char *layer_fs;     /* what kind of filesystem it is on, if the kernel's overlayfs cannot write to
                         that ("NFS"); else NULL */
  char *layer_driver; /* "kernel" or "fuse": what has written it; NULL: nothing yet */

  /* the bundle */
  char *bundle;             /* absolute, symlinks resolved */
  char *rootfs;             /* absolute, symlinks resolved; NULL if it does not exist */
  int rootfs_errno;         /* why there is no rootfs, or 0 */
  gboolean rootfs_writable; /* by us, or by an id that we can map */
  gboolean rootfs_foreign;  /* not writable, and its owner is none that we can map */
  RuncNsFact namespaces[RUNC_N_NAMESPACES]; /* for those with a path in config.json */
} RuncHost;

/* What a verb needs to know; the rest of RuncHost stays zero. */
typedef enum
{
  RUNC_HOST_IDENTITY = 1 << 0, /* who we are: always cheap, always done */
  RUNC_HOST_SUBIDS = 1 << 1,
  RUNC_HOST_CGROUP = 1 << 2,
  RUNC_HOST_KERNEL = 1 << 3, /* proc_masked, LSMs */
  RUNC_HOST_OVERLAY = 1 << 4,
  RUNC_HOST_PROGRAM = 1 << 5, /* the runtime's own executable: what starts processes asks for it */
  RUNC_HOST_ALL = 0x3f,
} RuncHostNeeds;

/* Probe the machine for @spec in the bundle at @bundle (NULL spec: no bundle facts).
 * Errors: RUNC_ERROR_NOT_FOUND when the bundle is not there; RUNC_ERROR_SYSTEM when /proc itself
 * or the runtime's executable cannot be read. A missing rootfs is a fact, not an error. */
RuncHost *runc_host_probe (const RuncSpec *spec, const char *bundle, RuncHostNeeds needs,
                           GError **error);

/* The facts about the layer in @directory, which may not exist yet. */
void runc_host_probe_layer (RuncHost *host, const char *directory);

/* The file in the directory of a layer that has the name of its driver. */
#define RUNC_HOST_LAYER_DRIVER "driver"

/* Which facts a plan for @spec needs. Pure. */
RuncHostNeeds runc_host_needs_for (const RuncSpec *spec, gboolean rootless, gboolean overlay);

/* Load facts from a JSON document, absent members being zero (tests, `plan --host FILE`). */
RuncHost *runc_host_from_json (const char *text, gsize len, GError **error);
/* The facts as JSON (new string). */
char *runc_host_to_json (const RuncHost *host);

/* Read a uid_map or gid_map file of /proc. @ret_ranges->items: to be freed with g_free(). */
gboolean runc_host_read_id_map (const char *path, RuncIdRanges *ret_ranges, GError **error);

/* TRUE when we have the whole machine's root rights: euid 0 and CAP_SYS_ADMIN in the initial user
 * namespace. */
gboolean runc_host_is_real_root (const RuncHost *host);

void runc_host_free (RuncHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncHost, runc_host_free)
