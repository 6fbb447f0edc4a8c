/* FUSE filesystems as detached mounts. */
#pragma once

#include "sys/mount.h"

/* A new FUSE filesystem, whose files belong to the user namespace that we are in. All users may use
 * it; the kernel checks their permissions. Nothing that goes to the filesystem returns before who
 * has @device has answered, or all that have it have closed it.
 *
 * @device: an fd of "/dev/fuse", opened in our user namespace; it stays the caller's
 * @source, @attr: as in RuncFsRequest
 * Returns an fd of the mount, or -errno. */
int runc_sys_fuse_new (int device, const char *source, uint64_t attr, RuncFsError *ret_error);
