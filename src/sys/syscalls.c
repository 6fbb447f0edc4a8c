/* The system calls without a portable glibc function. Runs wherever it is called: parent, child,
 * helper.
 *
 * Every system call of src/sys that can fail goes through the macro CHECK, which is where a build
 * with fault injection makes the Nth one fail (see sys/fault.h).
 */
#include "sys/syscalls.h"
#include "sys/fault.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers are the same on every architecture since 5.1 (alpha aside). */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#define CHECK(call)                                                                                \
  ({                                                                                               \
    long result_ = runc_fault_hit () ? -1 : (long)(call);                                          \
    result_ < 0 ? -errno : (int)result_;                                                           \
  })

pid_t
runc_sys_clone (uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
  int pidfd = -EBADF;
  /* With CLONE_PARENT the exit signal is that of the caller's own process and must be 0 here. */
  int exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
  struct clone_args args = {
    .flags = flags | CLONE_PIDFD,
    .pidfd = (uint64_t)(uintptr_t)&pidfd,
    .exit_signal = (uint64_t)exit_signal,
  };
  pid_t pid;

  if (cgroup_fd >= 0)
    {
      args.flags |= CLONE_INTO_CGROUP;
      args.cgroup = (uint64_t)cgroup_fd;
    }
  pid = CHECK (syscall (SYS_clone3, &args, sizeof args));
#if !defined(__s390__) && !defined(__CRIS__)
  /* clone(2) has room for flags of 32 bits, the low byte being the exit signal; a new time
   * namespace (0x80) does not fit. */
  if (pid == -ENOSYS && cgroup_fd < 0 && (flags & 0xff) == 0)
    pid = CHECK (syscall (SYS_clone,
                          (unsigned long)(flags | CLONE_PIDFD) | (unsigned long)exit_signal, NULL,
                          &pidfd, NULL, 0));
#endif
  if (pid == 0)
    runc_fault_cloned ();
  if (pid > 0)
    *ret_pidfd = pidfd;
  return pid;
}

int
runc_sys_openat2_create (int dir_fd, const char *path, uint64_t flags, uint64_t resolve,
                         uint32_t mode)
{
  struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve, .mode = mode };
  int fd = -EAGAIN;

  /* EAGAIN: a rename or mount raced with a resolution that must not leave its root. */
  for (int i = 0; i < 128 && fd == -EAGAIN; i++)
    fd = CHECK (syscall (SYS_openat2, dir_fd, path, &how, sizeof how));
  return fd;
}

int
runc_sys_openat2 (int dir_fd, const char *path, uint64_t flags, uint64_t resolve)
{
  return runc_sys_openat2_create (dir_fd, path, flags, resolve, 0);
}

int
runc_sys_open_tree (int dir_fd, const char *path, unsigned int flags)
{
  return CHECK (syscall (SYS_open_tree, dir_fd, path, flags | OPEN_TREE_CLOEXEC));
}

int
runc_sys_move_mount (int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
  return CHECK (syscall (SYS_move_mount, from_fd, from, to_fd, to, flags));
}

int
runc_sys_fsopen (const char *type)
{
  return CHECK (syscall (SYS_fsopen, type, FSOPEN_CLOEXEC));
}

int
runc_sys_fsconfig (int fs_fd, unsigned int command, const char *key, const void *value, int aux)
{
  return CHECK (syscall (SYS_fsconfig, fs_fd, command, key, value, aux));
}

int
runc_sys_fsmount (int fs_fd, unsigned int attr)
{
  return CHECK (syscall (SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, attr));
}

int
runc_sys_mount_setattr (int fd, const char *path, unsigned int flags, struct mount_attr *attr)
{
  return CHECK (syscall (SYS_mount_setattr, fd, path, flags, attr, sizeof *attr));
}

int
runc_sys_pivot_root (const char *new_root, const char *put_old)
{
  return CHECK (syscall (SYS_pivot_root, new_root, put_old));
}

int
runc_sys_umount (const char *path, int flags)
{
  return CHECK (syscall (SYS_umount2, path, flags));
}

int
runc_sys_chroot (const char *path)
{
  return CHECK (chroot (path));
}

int
runc_sys_close_range (unsigned int first, unsigned int last, unsigned int flags)
{
  return CHECK (syscall (SYS_close_range, first, last, flags));
}

int
runc_sys_pidfd_open (pid_t pid)
{
  return CHECK (syscall (SYS_pidfd_open, pid, 0));
}

int
runc_sys_pidfd_send_signal (int pidfd, int sig)
{
  return CHECK (syscall (SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int
runc_sys_memfd_create (const char *name, unsigned int flags)
{
  return CHECK (syscall (SYS_memfd_create, name, flags));
}

int
runc_sys_getdents (int dir_fd, void *buffer, size_t size)
{
  return CHECK (syscall (SYS_getdents64, dir_fd, buffer, size));
}
