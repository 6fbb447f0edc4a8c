/* What fuse-overlayfs may ask the kernel for (src/overlay/filter.c). */
#include "seccomp-run.h"

#include "overlay/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOW    SECCOMP_RET_ALLOW
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))

/* The architecture that the filter is for: the second instruction compares it. */
static guint32
own_arch (const GArray *program)
{
  return g_array_index (program, struct sock_filter, 1).k;
}

static guint32
ask_arch (guint32 arch, guint32 number, guint64 first, guint64 second)
{
  g_autoptr (GArray) program = runc_overlay_filter_new ();
  struct seccomp_data data = {
    .nr = (int)number,
    .arch = arch != 0 ? arch : own_arch (program),
    .args = { first, second },
  };

  g_assert_cmpuint (program->len, <, 1000);
  return seccomp_run ((const struct sock_filter *)(void *)program->data, program->len, &data);
}

static guint32
ask (guint32 number, guint64 first, guint64 second)
{
  return ask_arch (0, number, first, second);
}

static void
test_files (void)
{
  static const guint32 numbers[] = {
    SYS_read,    SYS_openat,   SYS_statx,     SYS_writev,     SYS_renameat2,
    SYS_mknodat, SYS_fchownat, SYS_fallocate, SYS_getdents64, SYS_splice,
    SYS_mmap,    SYS_futex,    SYS_execve,    SYS_exit_group,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_assert_cmphex (ask (numbers[i], 0, 0), ==, ALLOW);
}

static void
test_others (void)
{
  static const guint32 numbers[] = {
    SYS_socket,
    SYS_connect,
    SYS_ptrace,
    SYS_process_vm_writev,
    SYS_bpf,
    SYS_mount,
    SYS_umount2,
    SYS_unshare,
    SYS_setns,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_capset,
    SYS_keyctl,
    SYS_add_key,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_seccomp,
    SYS_init_module,
    SYS_kexec_load,
    SYS_memfd_create,
    SYS_personality,
    SYS_execveat,
    SYS_quotactl,
    SYS_clock_settime,
    SYS_sethostname,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    425 /* io_uring_setup */,
    428 /* open_tree */,
    434 /* pidfd_open */,
    435 /* clone3 */,
    0x7fffffff,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_assert_cmphex (ask (numbers[i], 0, 0), ==, ERRNO (ENOSYS));
}

static void
test_other_arch (void)
{
  g_autoptr (GArray) program = runc_overlay_filter_new ();
  guint32 other = own_arch (program) == AUDIT_ARCH_I386 ? AUDIT_ARCH_ARM : AUDIT_ARCH_I386;

  g_assert_cmphex (ask_arch (other, SYS_read, 0, 0), ==, ERRNO (ENOSYS));
#ifdef __x86_64__
  /* x32 */
  g_assert_cmphex (ask (0x40000000 | SYS_read, 0, 0), ==, ERRNO (ENOSYS));
#endif
}

static void
test_arguments (void)
{
  const guint64 thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

#ifndef __s390x__
  g_assert_cmphex (ask (SYS_clone, thread, 0), ==, ALLOW);
  g_assert_cmphex (ask (SYS_clone, thread | CLONE_NEWNS, 0), ==, ERRNO (EPERM));
  g_assert_cmphex (ask (SYS_clone, 17 /* SIGCHLD: fork() */, 0), ==, ERRNO (EPERM));
#endif
  g_assert_cmphex (ask (SYS_ioctl, 3, FS_IOC_GETFLAGS), ==, ALLOW);
  g_assert_cmphex (ask (SYS_ioctl, 3, FIONREAD), ==, ALLOW);
  g_assert_cmphex (ask (SYS_ioctl, 0, TIOCSTI), ==, ERRNO (ENOTTY));
  g_assert_cmphex (ask (SYS_prctl, PR_SET_NAME, 0), ==, ALLOW);
  g_assert_cmphex (ask (SYS_prctl, PR_SET_DUMPABLE, 1), ==, ERRNO (EINVAL));
  g_assert_cmphex (ask (SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE), ==, ERRNO (EINVAL));
#ifdef SYS_socketpair
  g_assert_cmphex (ask (SYS_socketpair, AF_UNIX, SOCK_STREAM), ==, ALLOW);
  g_assert_cmphex (ask (SYS_socketpair, AF_INET, SOCK_STREAM), ==, ERRNO (EAFNOSUPPORT));
#endif
}

/* The kernel takes it, and does what it says. */
static void
test_load (void)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || runc_overlay_filter_load () < 0)
        _exit (1);
      if (socket (AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != ENOSYS)
        _exit (2);
      if (close (dup (0)) < 0)
        _exit (3);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/overlay-filter/files", test_files);
  g_test_add_func ("/overlay-filter/others", test_others);
  g_test_add_func ("/overlay-filter/other-arch", test_other_arch);
  g_test_add_func ("/overlay-filter/arguments", test_arguments);
  g_test_add_func ("/overlay-filter/load", test_load);
  return g_test_run ();
}
