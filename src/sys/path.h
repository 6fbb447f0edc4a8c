/* Paths inside a root that somebody else may control.
 *
 * `root` is an O_PATH fd of the root directory, `path` is taken relative to it whether or not it
 * begins with a slash; symlinks are followed, but never out of the root (openat2 RESOLVE_IN_ROOT),
 * and magic links never at all. What comes back is an fd: callers mount on, write to and check that
 * fd and do not resolve the path again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Open @path with @flags (O_CLOEXEC is added). @nofollow: -ELOOP when the last component is a
 * symlink (also with O_PATH). Returns an fd or -errno. */
int runc_sys_open_in_root (int root, const char *path, int flags, bool nofollow);

/* Make @path, a directory, with its missing parents (mode @mode before umask, owner: the caller).
 * Dangling symlinks are resolved inside the root, and what they point to is made. Each component is
 * made beneath an fd of its parent, so that a rename in between cannot lead outside. Returns an
 * O_PATH fd of the directory, which may have been there before, or -errno. */
int runc_sys_mkdir_in_root (int root, const char *path, mode_t mode);

/* Likewise an empty regular file with mode @mode; its parents are 0755. An existing @path of any
 * kind but a directory is returned as it is (-EISDIR). Returns an O_PATH fd or -errno. */
int runc_sys_mkfile_in_root (int root, const char *path, mode_t mode);

/* Open the parent directory of @path, made if missing, and find the last component.
 * @ret_name: points into @path. Returns an O_PATH fd or -errno (-EINVAL: no last component). */
int runc_sys_parent_in_root (int root, const char *path, const char **ret_name);
