/* The filter around fuse-overlayfs. Runs in the process that becomes it.
 *
 * A list of what is allowed, not of what is dangerous: the kernel gets new system calls every year,
 * and what this process may do must not grow with them. But the program is not ours, and neither
 * are its versions, its libraries and its C library. So the list has whole families (all ways to
 * open, stat, rename, to wait, to read the clock), also those members that no version uses that we
 * know; and what is not in it is answered with ENOSYS, the answer of an older kernel, for which C
 * libraries have other ways, instead of with death.
 *
 * What is out of reach then: sockets (but for pairs), other processes (it has no other process, and
 * makes threads only), mounts and namespaces, ids and capabilities, keys, BPF, io_uring,
 * userfaultfd, tracing. execve() is in, for the server itself has yet to be executed: all that it
 * could lead to is a program of the system under the same filter, without anything that this
 * process does not have.
 */
#include "overlay/filter.h"

#include "sys/process.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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

/* Those that came after the headers of the oldest system we build on. Numbers from 424 on are the
 * same everywhere. */
#define NR_openat2       437
#define NR_faccessat2    439
#define NR_fchmodat2     452
#define NR_setxattrat    463
#define NR_getxattrat    464
#define NR_listxattrat   465
#define NR_removexattrat 466

/* Allowed with any arguments. What is called for each request comes first. */
static const guint32 plain_calls[] = {
  SYS_read,
  SYS_writev,
  SYS_splice,
  SYS_openat,
  SYS_close,
  SYS_pread64,
  SYS_pwrite64,
#ifdef SYS_newfstatat
  SYS_newfstatat,
#endif
#ifdef SYS_fstat
  SYS_fstat,
#endif
#ifdef SYS_statx
  SYS_statx,
#endif
  SYS_readlinkat,
  SYS_lgetxattr,
  SYS_fgetxattr,
  SYS_getdents64,
  SYS_futex,
  SYS_write,

/* the rest of opening, reading and writing */
#ifdef SYS_open
  SYS_open,
  SYS_creat,
#endif
  NR_openat2,
  SYS_readv,
  SYS_preadv,
  SYS_pwritev,
  SYS_preadv2,
  SYS_pwritev2,
  SYS_lseek,
#ifdef SYS__llseek
  SYS__llseek,
#endif
#ifdef SYS_getdents
  SYS_getdents,
#endif
  SYS_vmsplice,
  SYS_tee,
  SYS_copy_file_range,
  SYS_sendfile,
#ifdef SYS_sendfile64
  SYS_sendfile64,
#endif
#ifdef SYS_fadvise64
  SYS_fadvise64,
#endif
#ifdef SYS_fadvise64_64
  SYS_fadvise64_64,
#endif
#ifdef SYS_arm_fadvise64_64
  SYS_arm_fadvise64_64,
#endif
  SYS_readahead,
  SYS_fallocate,
  SYS_ftruncate,
  SYS_truncate,
#ifdef SYS_ftruncate64
  SYS_ftruncate64,
  SYS_truncate64,
#endif
  SYS_fsync,
  SYS_fdatasync,
  SYS_sync,
  SYS_syncfs,
#ifdef SYS_sync_file_range
  SYS_sync_file_range,
#endif
#ifdef SYS_sync_file_range2
  SYS_sync_file_range2,
#endif
  SYS_flock,
#ifdef SYS_fcntl
  SYS_fcntl,
#endif
#ifdef SYS_fcntl64
  SYS_fcntl64,
#endif

/* looking at files */
#ifdef SYS_stat
  SYS_stat,
  SYS_lstat,
#endif
#ifdef SYS_stat64
  SYS_stat64,
  SYS_lstat64,
  SYS_fstat64,
#endif
#ifdef SYS_fstatat64
  SYS_fstatat64,
#endif
  SYS_statfs,
  SYS_fstatfs,
#ifdef SYS_statfs64
  SYS_statfs64,
  SYS_fstatfs64,
#endif
#ifdef SYS_access
  SYS_access,
  SYS_readlink,
#endif
  SYS_faccessat,
  NR_faccessat2,
  SYS_getxattr,
  SYS_listxattr,
  SYS_llistxattr,
  SYS_flistxattr,
  NR_getxattrat,
  NR_listxattrat,
  SYS_getcwd,
  SYS_chdir,
  SYS_fchdir,

/* changing them */
#ifdef SYS_mkdir
  SYS_mkdir,
  SYS_rmdir,
  SYS_mknod,
  SYS_link,
  SYS_symlink,
  SYS_unlink,
  SYS_rename,
  SYS_chmod,
  SYS_chown,
  SYS_lchown,
#endif
#ifdef SYS_chown32
  SYS_chown32,
  SYS_lchown32,
  SYS_fchown32,
#endif
  SYS_mkdirat,
  SYS_mknodat,
  SYS_linkat,
  SYS_symlinkat,
  SYS_unlinkat,
#ifdef SYS_renameat
  SYS_renameat,
#endif
  SYS_renameat2,
  SYS_fchmod,
  SYS_fchmodat,
  NR_fchmodat2,
  SYS_fchown,
  SYS_fchownat,
#ifdef SYS_utime
  SYS_utime,
#endif
#ifdef SYS_utimes
  SYS_utimes,
#endif
#ifdef SYS_futimesat
  SYS_futimesat,
#endif
#ifdef SYS_utimensat
  SYS_utimensat,
#endif
#ifdef SYS_utimensat_time64
  SYS_utimensat_time64,
#endif
  SYS_setxattr,
  SYS_lsetxattr,
  SYS_fsetxattr,
  SYS_removexattr,
  SYS_lremovexattr,
  SYS_fremovexattr,
  NR_setxattrat,
  NR_removexattrat,
  SYS_umask,

/* file descriptors, and waiting for them */
#ifdef SYS_pipe
  SYS_pipe,
#endif
#ifdef SYS_dup2
  SYS_dup2,
  SYS_poll,
#endif
#ifdef SYS_select
  SYS_select,
#endif
#ifdef SYS__newselect
  SYS__newselect,
#endif
  SYS_pipe2,
  SYS_dup,
  SYS_dup3,
  SYS_close_range,
#ifdef SYS_ppoll
  SYS_ppoll,
#endif
#ifdef SYS_ppoll_time64
  SYS_ppoll_time64,
  SYS_pselect6_time64,
#endif
#ifdef SYS_pselect6
  SYS_pselect6,
#endif
#ifdef SYS_epoll_wait
  SYS_epoll_wait,
  SYS_epoll_create,
#endif
  SYS_epoll_create1,
  SYS_epoll_ctl,
  SYS_epoll_pwait,
#ifdef SYS_eventfd
  SYS_eventfd,
#endif
  SYS_eventfd2,
#ifdef SYS_sendto
  SYS_sendto,
  SYS_recvfrom,
#endif

/* memory and threads */
#ifdef SYS_mmap
  SYS_mmap,
#endif
#ifdef SYS_mmap2
  SYS_mmap2,
#endif
  SYS_munmap,
  SYS_mprotect,
  SYS_mremap,
  SYS_madvise,
  SYS_brk,
  SYS_membarrier,
#ifdef SYS_futex_time64
  SYS_futex_time64,
#endif
  SYS_set_tid_address,
  SYS_set_robust_list,
  SYS_get_robust_list,
#ifdef SYS_rseq
  SYS_rseq,
#endif
#ifdef SYS_arch_prctl
  SYS_arch_prctl,
#endif
#ifdef SYS_set_thread_area
  SYS_set_thread_area,
#endif
#ifdef __ARM_NR_set_tls
  __ARM_NR_set_tls,
  __ARM_NR_cacheflush,
#endif
#ifdef SYS_riscv_flush_icache
  SYS_riscv_flush_icache,
#endif
  SYS_sched_yield,
  SYS_sched_getaffinity,
  SYS_sched_getparam,
  SYS_sched_getscheduler,
  SYS_getcpu,

/* signals to itself, there is nobody else; the clock; questions */
#ifdef SYS_sigreturn
  SYS_sigreturn,
#endif
  SYS_rt_sigreturn,
  SYS_rt_sigaction,
  SYS_rt_sigprocmask,
  SYS_rt_sigpending,
  SYS_rt_sigsuspend,
#ifdef SYS_rt_sigtimedwait
  SYS_rt_sigtimedwait,
#endif
#ifdef SYS_rt_sigtimedwait_time64
  SYS_rt_sigtimedwait_time64,
#endif
#ifdef SYS_pause
  SYS_pause,
#endif
  SYS_sigaltstack,
  SYS_kill,
  SYS_tkill,
  SYS_tgkill,
  SYS_restart_syscall,
#ifdef SYS_clock_gettime
  SYS_clock_gettime,
  SYS_clock_getres,
  SYS_clock_nanosleep,
#endif
#ifdef SYS_clock_gettime64
  SYS_clock_gettime64,
  SYS_clock_getres_time64,
  SYS_clock_nanosleep_time64,
#endif
#ifdef SYS_gettimeofday
  SYS_gettimeofday,
#endif
#ifdef SYS_time
  SYS_time,
#endif
  SYS_nanosleep,
  SYS_times,
  SYS_getrusage,
#ifdef SYS_getrlimit
  SYS_getrlimit,
#endif
#ifdef SYS_ugetrlimit
  SYS_ugetrlimit,
#endif
#ifdef SYS_setrlimit
  SYS_setrlimit,
#endif
  SYS_prlimit64,
  SYS_getrandom,
  SYS_uname,
  SYS_sysinfo,
  SYS_getpid,
  SYS_getppid,
  SYS_gettid,
  SYS_getpgid,
  SYS_getsid,
#ifdef SYS_getpgrp
  SYS_getpgrp,
#endif
  SYS_getuid,
  SYS_geteuid,
  SYS_getgid,
  SYS_getegid,
  SYS_getresuid,
  SYS_getresgid,
  SYS_getgroups,
#ifdef SYS_getuid32
  SYS_getuid32,
  SYS_geteuid32,
  SYS_getgid32,
  SYS_getegid32,
  SYS_getresuid32,
  SYS_getresgid32,
  SYS_getgroups32,
#endif
  SYS_capget,

  SYS_execve,
  SYS_exit,
  SYS_exit_group,
};

/* Of a FUSE device, of files (which programs in the container ask for), and of stdio. */
static const guint32 ioctl_commands[] = {
#ifdef FUSE_DEV_IOC_CLONE
  FUSE_DEV_IOC_CLONE,
#endif
  FS_IOC_GETFLAGS,
  FS_IOC_SETFLAGS,
  FS_IOC32_GETFLAGS,
  FS_IOC32_SETFLAGS,
  FS_IOC_GETVERSION,
  FS_IOC_SETVERSION,
  FS_IOC_FSGETXATTR,
  FS_IOC_FSSETXATTR,
  FICLONE,
  FICLONERANGE,
  TCGETS,
  FIOCLEX,
  FIONCLEX,
  FIONBIO,
  FIONREAD,
};

/* With which a program wakes itself from a signal handler. */
static const guint32 socketpair_families[] = { AF_UNIX };

/* Names of threads and of memory. */
static const guint32 prctl_commands[] = {
  PR_SET_NAME,
  PR_GET_NAME,
#ifdef PR_SET_VMA
  PR_SET_VMA,
#endif
};

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

/* Load the lower half of argument @index. */
static void
emit_load_argument (GArray *program, guint index)
{
  gsize at = offsetof (struct seccomp_data, args) + index * sizeof (guint64);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  at += sizeof (guint32);
#endif
  emit (program, BPF_LD | BPF_W | BPF_ABS, (guint32)at, 0, 0);
}

/* @nr is allowed when argument @index is one of @values, else fails with @errnum. */
static void
emit_one_of (GArray *program, guint32 nr, guint index, const guint32 *values, guint n, int errnum)
{
  guint8 rules = (guint8)(2 * n + 2);

  emit (program, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, rules);
  emit_load_argument (program, index);
  for (guint i = 0; i < n; i++)
    {
      emit (program, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
      emit_return (program, SECCOMP_RET_ALLOW);
    }
  emit_return (program, SECCOMP_RET_ERRNO | (guint32)errnum);
}

/* A thread, and no namespace. The flags of clone3() cannot be seen: C libraries go on with clone()
 * where that is not there. */
static void
emit_clone (GArray *program)
{
  const guint32 namespaces = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
                             | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
#ifdef __s390x__
  const guint flags = 1;
#else
  const guint flags = 0;
#endif

  emit (program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 5);
  emit_load_argument (program, flags);
  emit (program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 2);
  emit (program, BPF_JMP | BPF_JSET | BPF_K, namespaces, 1, 0);
  emit_return (program, SECCOMP_RET_ALLOW);
  emit_return (program, SECCOMP_RET_ERRNO | EPERM);
}

GArray *
runc_overlay_filter_new (void)
{
  GArray *program = g_array_new (FALSE, FALSE, sizeof (struct sock_filter));

  emit (program, BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch), 0, 0);
  emit (program, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
  emit_return (program, SECCOMP_RET_ERRNO | ENOSYS);
  emit (program, BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr), 0, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (plain_calls); i++)
    {
      emit (program, BPF_JMP | BPF_JEQ | BPF_K, plain_calls[i], 0, 1);
      emit_return (program, SECCOMP_RET_ALLOW);
    }
  /* What programs expect of a file that does not know a command. */
  emit_one_of (program, SYS_ioctl, 1, ioctl_commands, G_N_ELEMENTS (ioctl_commands), ENOTTY);
  emit_one_of (program, SYS_prctl, 0, prctl_commands, G_N_ELEMENTS (prctl_commands), EINVAL);
#ifdef SYS_socketpair
  emit_one_of (program, SYS_socketpair, 0, socketpair_families, G_N_ELEMENTS (socketpair_families),
               EAFNOSUPPORT);
#endif
  emit_clone (program);
  emit_return (program, SECCOMP_RET_ERRNO | ENOSYS);
  return program;
}

int
runc_overlay_filter_load (void)
{
  g_autoptr (GArray) program = runc_overlay_filter_new ();

  return runc_sys_seccomp_load ((const struct sock_filter *)(void *)program->data, program->len, 0);
}
