/* The sandbox: an empty root, no capabilities, a system call filter. Runs in the helper, after
 * everything has been opened and before the first frame is read.
 *
 * The filter is a list of what is allowed; the rest kills the process. It was written by tracing
 * what libslirp, GLib, json-c and the C library call once the helper serves. It is plain BPF:
 * compiling it with libseccomp takes longer than all else that the helper does to start. Arguments
 * are looked at where a call can do more than serving needs: sockets are of IPv4 and IPv6 only (a
 * Unix socket could reach the user's session through an abstract name), files are only opened for
 * reading, memory is never executable.
 */
#include "slirp-sandbox.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---------------------------------------------------------------- the root */

/* A directory that is everywhere, and of no use any more once the ids are mapped. */
#define BASE "/proc"

static gboolean
write_file (const char *path, const char *text, GError **error)
{
  autofd int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    return runc_throw_errno (error, "cannot write '%s'", path);
  return TRUE;
}

static gboolean
make_namespaces (GError **error)
{
  uid_t uid = geteuid ();
  gid_t gid = getegid ();

  if (runc_sys_unshare (CLONE_NEWUSER | CLONE_NEWNS) < 0)
    {
      int r = runc_sys_unshare (CLONE_NEWNS);
      if (r < 0)
        return runc_throw_neg (error, r, "cannot make a mount namespace");
      return TRUE;
    }
  g_autofree char *uid_map = g_strdup_printf ("%u %u 1\n", uid, uid);
  g_autofree char *gid_map = g_strdup_printf ("%u %u 1\n", gid, gid);
  return write_file ("/proc/self/setgroups", "deny", error)
         && write_file ("/proc/self/uid_map", uid_map, error)
         && write_file ("/proc/self/gid_map", gid_map, error);
}

/* A tmpfs on BASE with the file in it. */
static int
make_root (const char *resolv, GError **error)
{
  autofd int fs_fd = runc_sys_fsopen ("tmpfs");
  autofd int mount_fd = -EBADF;
  int r = fs_fd;

  if (r >= 0)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_SET_STRING, "size", "64k", 0);
  if (r >= 0)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_SET_STRING, "nr_inodes", "8", 0);
  if (r >= 0)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_SET_STRING, "mode", "0755", 0);
  if (r >= 0)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
  if (r >= 0)
    r = mount_fd
        = runc_sys_fsmount (fs_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (r >= 0)
    r = runc_sys_move_mount (mount_fd, "", AT_FDCWD, BASE, MOVE_MOUNT_F_EMPTY_PATH);
  if (r < 0)
    {
      runc_throw_neg (error, r, "cannot mount a tmpfs");
      return -EBADF;
    }
  autofd int fd = -EBADF;
  if (mkdirat (mount_fd, "etc", 0755) < 0
      || (fd = openat (mount_fd, "etc/resolv.conf", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644))
             < 0
      || write (fd, resolv, strlen (resolv)) < 0 || fchdir (mount_fd) < 0)
    {
      runc_throw_errno (error, "cannot fill a tmpfs");
      return -EBADF;
    }
  return runc_steal_fd (&fd);
}

gboolean
runc_slirp_sandbox_enter_root (const char *resolv, int *ret_resolv_fd, GError **error)
{
  struct mount_attr slave = { .propagation = 1 << 19 };

  if (!make_namespaces (error))
    return FALSE;
  /* Nothing that we mount is seen outside. (MS_SLAVE: its header clashes with <linux/mount.h>.) */
  int r = runc_sys_mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &slave);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot set the propagation of mounts");
  autofd int fd = make_root (resolv, error);
  if (fd < 0)
    return FALSE;

  r = runc_sys_pivot_root (".", ".");
  if (r >= 0)
    r = runc_sys_umount (".", RUNC_MNT_DETACH);
  else
    /* An initramfs cannot be pivoted away. */
    r = runc_sys_chroot (".");
  if (r < 0 || chdir ("/") < 0)
    return runc_throw_neg (error, r < 0 ? r : -errno, "cannot enter an empty root");
  *ret_resolv_fd = runc_steal_fd (&fd);
  return TRUE;
}

/* ---------------------------------------------------------------- the filter */

#if defined(__x86_64__) && defined(__ILP32__)
#error "the filter does not know x32"
#elif defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define OUR_ARCH AUDIT_ARCH_I386
#elif defined(__arm__)
#define OUR_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define OUR_ARCH AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define OUR_ARCH AUDIT_ARCH_LOONGARCH64
#else
#error "the filter does not know this architecture"
#endif

/* Allowed with any arguments. The busy ones come first. */
static const guint32 plain_calls[] = {
  SYS_read,
  SYS_write,
  SYS_writev,
#ifdef SYS_poll
  SYS_poll,
#endif
  SYS_ppoll,
#ifdef SYS_ppoll_time64
  SYS_ppoll_time64,
#endif
#ifdef SYS_recv
  SYS_recv,
#endif
  SYS_recvfrom,
#ifdef SYS_send
  SYS_send,
#endif
  SYS_sendto,
  SYS_recvmsg,
  SYS_sendmsg,
  SYS_recvmmsg,
#ifdef SYS_recvmmsg_time64
  SYS_recvmmsg_time64,
#endif
  SYS_sendmmsg,
#ifdef SYS_epoll_wait
  SYS_epoll_wait,
#endif
  SYS_epoll_pwait,
  SYS_epoll_ctl,
  SYS_clock_gettime,
#ifdef SYS_clock_gettime64
  SYS_clock_gettime64,
#endif
#ifdef SYS_gettimeofday
  SYS_gettimeofday,
#endif
  SYS_close,
  SYS_bind,
  SYS_connect,
  SYS_listen,
#ifdef SYS_accept
  SYS_accept,
#endif
  SYS_accept4,
  SYS_shutdown,
  SYS_getsockopt,
  SYS_setsockopt,
  SYS_getsockname,
  SYS_getpeername,
/* the C library's reading of /etc/resolv.conf */
#ifdef SYS_stat
  SYS_stat,
#endif
#ifdef SYS_stat64
  SYS_stat64,
#endif
#ifdef SYS_newfstatat
  SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
  SYS_fstatat64,
#endif
#ifdef SYS_statx
  SYS_statx,
#endif
#ifdef SYS_fstat
  SYS_fstat,
#endif
#ifdef SYS_fstat64
  SYS_fstat64,
#endif
#ifdef SYS_lseek
  SYS_lseek,
#endif
#ifdef SYS__llseek
  SYS__llseek,
#endif
  /* memory, random numbers, the end */
  SYS_brk,
  SYS_munmap,
  SYS_mremap,
  SYS_madvise,
  SYS_futex,
#ifdef SYS_futex_time64
  SYS_futex_time64,
#endif
  SYS_getrandom,
  SYS_getpid,
  SYS_gettid,
  SYS_rt_sigreturn,
#ifdef SYS_sigreturn
  SYS_sigreturn,
#endif
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_restart_syscall,
  SYS_wait4,
  SYS_exit,
  SYS_exit_group,
};

/* Commands of ioctl(2): bytes waiting, non-blocking, the number of an interface (for a link-local
 * name server), and the question of stdio whether it writes to a terminal. */
static const guint32 ioctl_commands[] = { FIONREAD, FIONBIO, 0x8933 /* SIOCGIFINDEX */, TCGETS };

static const guint32 fcntl_commands[] = { F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC };

static void
emit (GArray *program, guint16 code, guint32 k, guint8 jump_true, guint8 jump_false)
{
  struct sock_filter instruction = { code, jump_true, jump_false, k };

  g_array_append_val (program, instruction);
}

static void
emit_return (GArray *program, guint32 action)
{
  emit (program, BPF_RET | BPF_K, action, 0, 0);
}

/* Load the lower half of argument @index. No argument that we look at has an upper one. */
static void
emit_load_argument (GArray *program, guint index)
{
  gsize at = offsetof (struct seccomp_data, args) + index * sizeof (guint64);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  at += sizeof (guint32);
#endif
  emit (program, BPF_LD | BPF_W | BPF_ABS, (guint32)at, 0, 0);
}

static void
emit_load_call (GArray *program)
{
  emit (program, BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr), 0, 0);
}

/* Rules for system call @nr begin; ended by end_call(). */
static guint
begin_call (GArray *program, guint32 nr)
{
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 0);
  return program->len - 1;
}

static void
end_call (GArray *program, guint begun, guint32 action)
{
  emit_return (program, action);
  g_array_index (program, struct sock_filter, begun).jf = (guint8)(program->len - begun - 1);
}

/* @nr is allowed when argument @index is one of @values. */
static void
emit_one_of (GArray *program, guint32 nr, guint index, const guint32 *values, guint n_values)
{
  guint begun = begin_call (program, nr);

  emit_load_argument (program, index);
  for (guint i = 0; i < n_values; i++)
    {
      emit (program, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
      emit_return (program, SECCOMP_RET_ALLOW);
    }
  end_call (program, begun, SECCOMP_RET_KILL_PROCESS);
}

/* @nr is allowed when argument @index has none of the bits in @mask. */
static void
emit_without_bits (GArray *program, guint32 nr, guint index, guint32 mask)
{
  guint begun = begin_call (program, nr);

  emit_load_argument (program, index);
  emit (program, BPF_JMP | BPF_JSET | BPF_K, mask, 1, 0);
  emit_return (program, SECCOMP_RET_ALLOW);
  end_call (program, begun, SECCOMP_RET_KILL_PROCESS);
}

static void
emit_errno (GArray *program, guint32 nr, int errnum)
{
  end_call (program, begin_call (program, nr), SECCOMP_RET_ERRNO | (guint32)errnum);
}

/* Streams and datagrams of IPv4 and IPv6. Others are refused, not killed: libslirp tries a raw
 * socket when it may not have one for echo requests, the C library a Unix socket to ask for
 * interfaces. */
static void
emit_socket (GArray *program)
{
  guint begun = begin_call (program, SYS_socket);

  emit_load_argument (program, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 5);
  emit_load_argument (program, 1);
  emit (program, BPF_ALU | BPF_AND | BPF_K, (guint32) ~(SOCK_CLOEXEC | SOCK_NONBLOCK), 0, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 0, 1);
  emit_return (program, SECCOMP_RET_ALLOW);
  end_call (program, begun, SECCOMP_RET_ERRNO | EACCES);
}

static GArray *
make_filter (void)
{
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));
  const guint32 own_pid = (guint32)getpid ();
  const guint32 writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

  emit (program, BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch), 0, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
  emit_return (program, SECCOMP_RET_KILL_PROCESS);
  emit_load_call (program);
  for (gsize i = 0; i < G_N_ELEMENTS (plain_calls); i++)
    {
      emit (program, BPF_JMP | BPF_JEQ | BPF_K, plain_calls[i], 0, 1);
      emit_return (program, SECCOMP_RET_ALLOW);
    }

  emit_socket (program);
#ifdef SYS_open
  emit_without_bits (program, SYS_open, 1, writing);
#endif
  emit_without_bits (program, SYS_openat, 2, writing);
#ifdef SYS_mmap
  emit_without_bits (program, SYS_mmap, 2, PROT_EXEC);
#endif
#ifdef SYS_mmap2
  emit_without_bits (program, SYS_mmap2, 2, PROT_EXEC);
#endif
  emit_without_bits (program, SYS_mprotect, 2, PROT_EXEC);
  emit_one_of (program, SYS_ioctl, 1, ioctl_commands, G_N_ELEMENTS (ioctl_commands));
#ifdef SYS_fcntl
  emit_one_of (program, SYS_fcntl, 1, fcntl_commands, G_N_ELEMENTS (fcntl_commands));
#endif
#ifdef SYS_fcntl64
  emit_one_of (program, SYS_fcntl64, 1, fcntl_commands, G_N_ELEMENTS (fcntl_commands));
#endif
  /* abort() */
  emit_one_of (program, SYS_tgkill, 0, &own_pid, 1);
  /* Newer C libraries name their memory areas. */
  emit_errno (program, SYS_prctl, EINVAL);

  emit_return (program, SECCOMP_RET_KILL_PROCESS);
  return program;
}

/* ---------------------------------------------------------------- the rest */

void
runc_slirp_sandbox_raise_files (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

gboolean
runc_slirp_sandbox_seal (GError **error)
{
  const struct rlimit none = { 0, 0 };
  g_autoptr (GArray) program = make_filter ();

  if (setrlimit (RLIMIT_NPROC, &none) < 0 || setrlimit (RLIMIT_CORE, &none) < 0)
    return runc_throw_errno (error, "cannot set resource limits");
  /* The bounding set matters to programs that are executed, which the filter forbids; who may not
   * change it need not. */
  int r = runc_sys_drop_bounding (0);
  if (r == 0 || r == -EPERM)
    r = runc_sys_capset (0, 0, 0);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot give up capabilities");
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return runc_throw_errno (error, "cannot set no_new_privs");
  r = runc_sys_seccomp_load ((const struct sock_filter *)(void *)program->data, program->len, 0);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot load the system call filter");
  return TRUE;
}
