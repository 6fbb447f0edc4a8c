/*
 * The floor: what a container cannot cost less than.
 *
 *   limit [--user] [--seccomp FILE.bpf] [--cgroup DIR] ROOTFS CMD [ARG...]
 *
 * Makes the namespaces, mounts, /dev, masks and read-only paths of the config that `spec` writes
 * (with a network namespace of its own for --user too), pivots, execs, waits and hands the status
 * on. No config, no state, no checks of who owns what: it shows the price of the kernel's work, so
 * it must never be used to contain anything. The rootfs has to have the mount points already.
 *
 * One process forks one child. The child maps its single id itself, so that nobody waits for
 * anybody. The system calls are those measured to be the cheapest: mount(2) with relative paths
 * beats fsopen() and friends, which are used where they save a resolution or a second call. An
 * ordinary user's copy of the mount namespace is made of slaves already, so only root changes
 * propagation.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> of glibc 2.36 cannot be included together */
int mount (const char *source, const char *target, const char *type, unsigned long flags,
           const void *data);
int umount2 (const char *target, int flags);

enum
{
  RDONLY = 1,
  NOSUID = 2,
  NODEV = 4,
  NOEXEC = 8,
  BIND = 4096,
  REC = 16384,
  SLAVE = 1 << 19,
  STRICTATIME = 1 << 24,
  DETACH = 2,
};

#define CHECK(call)                                                                                \
  do                                                                                               \
    if ((call) < 0)                                                                                \
      die (#call);                                                                                 \
  while (0)

static _Noreturn void
die (const char *what)
{
  fprintf (stderr, "limit: %s: %s\n", what, strerror (errno));
  _exit (125);
}

static void
write_file (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    die (path);
  close (fd);
}

static int
open_clone (int dir_fd, const char *path, unsigned int flags)
{
  int fd = (int)syscall (SYS_open_tree, dir_fd, path,
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
  if (fd < 0 && errno != ENOENT)
    die (path);
  return fd;
}

static void
attach (int tree_fd, const char *target)
{
  if (syscall (SYS_move_mount, tree_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
    die (target);
  close (tree_fd);
}

static void
set_attr (int tree_fd, uint64_t set)
{
  struct mount_attr attr = { .attr_set = set };
  CHECK (syscall (SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, &attr, sizeof attr));
}

static void
make_dev (int user)
{
  static const struct
  {
    const char *path;
    int minor;
  } nodes[] = { { "dev/null", 3 },   { "dev/zero", 5 },    { "dev/full", 7 },
                { "dev/random", 8 }, { "dev/urandom", 9 }, { "dev/tty", 0 } };
  int host = user ? open ("/", O_PATH | O_CLOEXEC) : -1;

  for (unsigned int i = 0; i < sizeof nodes / sizeof *nodes; i++)
    if (user)
      {
        CHECK (mknod (nodes[i].path, S_IFREG | 0666, 0));
        attach (open_clone (host, nodes[i].path, 0), nodes[i].path);
      }
    else
      CHECK (mknod (nodes[i].path, S_IFCHR | 0666, makedev (i == 5 ? 5 : 1, nodes[i].minor)));
  CHECK (symlink ("/proc/self/fd", "dev/fd"));
  CHECK (symlink ("/proc/self/fd/0", "dev/stdin"));
  CHECK (symlink ("/proc/self/fd/1", "dev/stdout"));
  CHECK (symlink ("/proc/self/fd/2", "dev/stderr"));
  CHECK (symlink ("pts/ptmx", "dev/ptmx"));
}

static void
make_mounts (int user)
{
  CHECK (mount ("proc", "proc", "proc", 0, NULL));
  CHECK (mount ("tmpfs", "dev", "tmpfs", NOSUID | STRICTATIME, "mode=755,size=65536k"));
  CHECK (mkdir ("dev/pts", 0755));
  CHECK (mkdir ("dev/shm", 0755));
  CHECK (mkdir ("dev/mqueue", 0755));
  CHECK (mount ("devpts", "dev/pts", "devpts", NOSUID | NOEXEC,
                user ? "newinstance,ptmxmode=0666,mode=0620"
                     : "newinstance,ptmxmode=0666,mode=0620,gid=5"));
  CHECK (mount ("shm", "dev/shm", "tmpfs", NOSUID | NOEXEC | NODEV, "mode=1777,size=65536k"));
  CHECK (mount ("mqueue", "dev/mqueue", "mqueue", NOSUID | NOEXEC | NODEV, NULL));
  if (user)
    {
      int sys = open_clone (AT_FDCWD, "/sys", AT_RECURSIVE);
      set_attr (sys, RDONLY | NOSUID | NODEV | NOEXEC);
      attach (sys, "sys");
      int cgroup = open_clone (AT_FDCWD, "/sys/fs/cgroup", AT_RECURSIVE);
      set_attr (cgroup, RDONLY | NOSUID | NODEV | NOEXEC);
      attach (cgroup, "sys/fs/cgroup");
    }
  else
    {
      CHECK (mount ("sysfs", "sys", "sysfs", RDONLY | NOSUID | NODEV | NOEXEC, NULL));
      CHECK (mount ("cgroup", "sys/fs/cgroup", "cgroup2", RDONLY | NOSUID | NODEV | NOEXEC, NULL));
    }
  make_dev (user);
}

static void
protect_paths (void)
{
  static const char *const masked_files[]
      = { "proc/kcore",      "proc/keys",        "proc/latency_stats",
          "proc/timer_list", "proc/timer_stats", "proc/sched_debug" };
  static const char *const masked_dirs[]
      = { "proc/acpi", "proc/asound", "proc/scsi", "sys/firmware" };
  static const char *const read_only[]
      = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
  const char *first = NULL;

  for (unsigned int i = 0; i < sizeof read_only / sizeof *read_only; i++)
    {
      int tree = open_clone (AT_FDCWD, read_only[i], 0);
      if (tree < 0)
        continue;
      set_attr (tree, RDONLY);
      attach (tree, read_only[i]);
    }
  for (unsigned int i = 0; i < sizeof masked_files / sizeof *masked_files; i++)
    if (mount ("dev/null", masked_files[i], NULL, BIND, NULL) < 0 && errno != ENOENT)
      die (masked_files[i]);
  for (unsigned int i = 0; i < sizeof masked_dirs / sizeof *masked_dirs; i++)
    {
      if (first != NULL ? mount (first, masked_dirs[i], NULL, BIND, NULL) < 0
                        : mount ("tmpfs", masked_dirs[i], "tmpfs", RDONLY, "nr_inodes=2") < 0)
        {
          if (errno != ENOENT)
            die (masked_dirs[i]);
        }
      else if (first == NULL)
        first = masked_dirs[i];
    }
}

static void
map_self (uid_t uid, gid_t gid)
{
  char map[32];

  write_file ("/proc/self/setgroups", "deny");
  snprintf (map, sizeof map, "0 %u 1", uid);
  write_file ("/proc/self/uid_map", map);
  snprintf (map, sizeof map, "0 %u 1", gid);
  write_file ("/proc/self/gid_map", map);
}

static struct sock_fprog
read_filter (const char *path)
{
  static struct sock_filter code[BPF_MAXINSNS];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read (fd, code, sizeof code);

  if (size < 0)
    die (path);
  close (fd);
  return (struct sock_fprog){ .len = (unsigned short)(size / (ssize_t)sizeof *code),
                              .filter = code };
}

static _Noreturn void
run_child (int user, const struct sock_fprog *filter, char **argv, const uint32_t ids[2])
{
  static char *const env[]
      = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL };
  struct mount_attr read_only = { .attr_set = RDONLY };

  if (user)
    map_self (ids[0], ids[1]);
  else
    CHECK (mount (NULL, "/", NULL, SLAVE | REC, NULL));
  umask (0);
  attach (open_clone (AT_FDCWD, argv[0], AT_RECURSIVE), argv[0]);
  CHECK (chdir (argv[0]));
  make_mounts (user);
  protect_paths ();
  CHECK (syscall (SYS_mount_setattr, AT_FDCWD, ".", 0, &read_only, sizeof read_only));
  CHECK (syscall (SYS_pivot_root, ".", "."));
  CHECK (umount2 (".", DETACH));
  CHECK (sethostname ("limit", 5));
  umask (022);
  CHECK (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  CHECK (syscall (SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
  if (filter->len > 0)
    CHECK (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter));
  execve (argv[1], argv + 1, env);
  die (argv[1]);
}

int
main (int argc, char **argv)
{
  struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
                                      | CLONE_NEWUTS | CLONE_NEWCGROUP,
                             .exit_signal = SIGCHLD };
  const uint32_t ids[2] = { geteuid (), getegid () };
  struct sock_fprog filter = { 0 };
  int user = 0, status, i;
  pid_t pid;

  for (i = 1; i < argc && strncmp (argv[i], "--", 2) == 0; i++)
    if (strcmp (argv[i], "--user") == 0)
      user = 1;
    else if (strcmp (argv[i], "--seccomp") == 0 && i + 1 < argc)
      filter = read_filter (argv[++i]);
    else if (strcmp (argv[i], "--cgroup") == 0 && i + 1 < argc)
      {
        int fd = open (argv[++i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
          die (argv[i]);
        args.cgroup = (uint64_t)fd;
        args.flags |= CLONE_INTO_CGROUP;
      }
    else
      break;
  if (argc - i < 2)
    {
      fprintf (stderr, "usage: limit [--user] [--seccomp FILE] [--cgroup DIR] ROOTFS CMD...\n");
      return 125;
    }
  if (user)
    args.flags |= CLONE_NEWUSER;
  pid = (pid_t)syscall (SYS_clone3, &args, sizeof args);
  if (pid < 0)
    die ("clone3");
  if (pid == 0)
    run_child (user, &filter, argv + i, ids);
  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      die ("waitpid");
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}
