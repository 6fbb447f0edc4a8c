/* The parts of the probe. Internal to src/host.
 *
 * Each reads what it needs once and fills its members of RuncHost. What cannot be found out is a
 * fact that stays zero, not an error, unless the contract says otherwise.
 */
#pragma once

#include "host/host.h"

#include <stdbool.h>

/* The content of the small file @path in @buffer, NUL-terminated. Returns its length, or -errno
 * (-EFBIG: it does not fit). */
int runc_host_read_small (const char *path, char *buffer, gsize size);

/* The inode number of what @path refers to, 0 if there is nothing. */
guint64 runc_host_inode (const char *path);

/* kernel.c */
void runc_host_probe_resctrl (RuncHost *host);

/* ids.c */
/* The lines of a uid_map or gid_map. */
void runc_host_parse_id_map (const char *text, RuncIdRanges *ret_ranges);
/* The ranges that @text, the content of /etc/subuid, gives to the user @name (may be NULL) or @uid:
 * "name:first:count" or "uid:first:count" on each line. Lines that are not of that form are
 * skipped. */
void runc_host_parse_subids (const char *text, const char *name, guint32 uid,
                             RuncIdRanges *ret_ranges);
/* The name of @uid in the content of /etc/passwd (new string), or NULL. */
char *runc_host_parse_passwd (const char *text, guint32 uid);
void runc_host_probe_own_maps (RuncHost *host);
void runc_host_probe_subids (RuncHost *host);

/* cgroup.c */
/* @path: linux.cgroupsPath, or NULL
 * @all: every v1 hierarchy, also for somebody who cannot use them and only needs to know that there
 * are some */
void runc_host_probe_cgroup (RuncHost *host, const char *path, bool all);
/* The own path of each hierarchy from /proc/self/cgroup: fills cgroup1 (without mountpoints) and
 * cgroup2_path. */
void runc_host_parse_cgroups (RuncHost *host, char *text);

/* bundle.c */
gboolean runc_host_probe_bundle (RuncHost *host, const RuncSpec *spec, const char *bundle,
                                 bool overlay, GError **error);
/* Whose the root file system is that we cannot write: what belongs to one of our subordinate ids is
 * the container's to write. */
void runc_host_probe_rootfs_owner (RuncHost *host);
void runc_host_probe_devices (RuncHost *host, const RuncSpec *spec);
void runc_host_probe_namespaces (RuncHost *host, const RuncSpec *spec);
void runc_host_probe_limits (RuncHost *host, const RuncSpec *spec);

/* kernel.c */
void runc_host_probe_kernel (RuncHost *host);
/* Is something mounted over a part of our /proc? A hint: /proc may be a fake. */
bool runc_host_is_proc_masked (void);
/* Is something mounted over a part of the procfs on /proc, according to the content of
 * /proc/self/mountinfo? */
bool runc_host_parse_proc_masked (const char *mountinfo);

/* overlay.c */
void runc_host_probe_overlay (RuncHost *host);
