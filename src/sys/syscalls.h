/* Thin wrappers of the system calls that glibc has no function for, or not in all versions we build
 * on.
 *
 * Each returns a non-negative result or -errno, retries nothing and logs nothing. Kernel 5.12 has
 * them all. No header of src/sys includes <sys/mount.h>: it clashes with <linux/mount.h> in
 * glibc 2.36.
 */
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* umount2() flags, from <sys/mount.h> (see above). */
#define RUNC_MNT_DETACH      2
#define RUNC_UMOUNT_NOFOLLOW 8

/* clone3(2). Falls back to clone(2) when clone3 is answered with ENOSYS, as seccomp profiles of
 * engines do, unless @cgroup_fd is given (then -ENOSYS, and the caller places the process itself).
 *
 * @flags: CLONE_NEW*, CLONE_PARENT; CLONE_PIDFD is added
 * @cgroup_fd: directory for CLONE_INTO_CGROUP, or -1
 * @ret_pidfd: a close-on-exec pidfd, only written in the parent
 * The child returns 0 on a copy of the caller's stack and memory. */
pid_t runc_sys_clone (uint64_t flags, int cgroup_fd, int *ret_pidfd);

int runc_sys_openat2 (int dir_fd, const char *path, uint64_t flags, uint64_t resolve);
/* As above with the mode of a file that is made. */
int runc_sys_openat2_create (int dir_fd, const char *path, uint64_t flags, uint64_t resolve,
                             uint32_t mode);

int runc_sys_open_tree (int dir_fd, const char *path, unsigned int flags);
int runc_sys_move_mount (int from_fd, const char *from, int to_fd, const char *to,
                         unsigned int flags);
int runc_sys_fsopen (const char *type);
int runc_sys_fsconfig (int fs_fd, unsigned int command, const char *key, const void *value,
                       int aux);
int runc_sys_fsmount (int fs_fd, unsigned int attr);
int runc_sys_mount_setattr (int fd, const char *path, unsigned int flags, struct mount_attr *attr);
int runc_sys_pivot_root (const char *new_root, const char *put_old);
int runc_sys_umount (const char *path, int flags);
int runc_sys_chroot (const char *path);

int runc_sys_close_range (unsigned int first, unsigned int last, unsigned int flags);
int runc_sys_pidfd_open (pid_t pid);
int runc_sys_pidfd_send_signal (int pidfd, int sig);
int runc_sys_memfd_create (const char *name, unsigned int flags);

/* getdents64(2): @buffer gets records of struct runc_dirent. Returns bytes, 0 at the end, or
 * -errno. */
struct runc_dirent
{
  uint64_t ino;
  int64_t off;
  unsigned short reclen;
  unsigned char type; /* DT_* */
  char name[];
};
int runc_sys_getdents (int dir_fd, void *buffer, size_t size);
