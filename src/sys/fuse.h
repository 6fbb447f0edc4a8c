/* FUSE filesystems as detached mounts. */
#pragma once

#include "sys/mount.h"

/* A new FUSE filesystem, whose files belong to the user namespace that we are in, and the device on
 * which a server has to answer for it (close-on-exec). All users may use it; the kernel checks
 * their permissions. Nothing that goes to the filesystem returns before the server has answered, or
 * all that have the device open have closed it.
 *
 * @source, @attr: as in RuncFsRequest
 * Returns an fd of the mount, or -errno: -ENOENT, -EACCES and the like for "/dev/fuse". */
int runc_sys_fuse_new (const char *source, uint64_t attr, int *ret_device, RuncFsError *ret_error);
