/* Removing directory trees that somebody else may have written into.
 *
 * libc only. Functions return -errno on failure and never log.
 */
#pragma once

/* Remove @name, a file or a directory with all that is in it, in the directory @dir_fd.
 *
 * Symbolic links are removed, never followed, and no mount is entered: what is mounted somewhere in
 * the tree stays as it is, and -EBUSY (or -EXDEV) comes back. A missing @name is fine.
 * Needs openat2(2), Linux 5.6. The first error is returned after all else has been removed. */
int runc_sys_remove_tree (int dir_fd, const char *name);
