/* file-ops: all that programs do with files, on a filesystem that somebody serves. Linked
 * statically, because it is copied into containers.
 *
 *   file-ops DIRECTORY
 *
 * DIRECTORY has: a file "lower" with "lower\n", a directory "dir" with a file "below" in it. Prints
 * a line for each thing that does not do what it should, and is silent, with status 0, when there
 * is none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MANY 300

static int failures;

static void
check (const char *what, bool ok)
{
  int saved = errno;

  if (ok)
    return;
  printf ("%s: %s\n", what, saved != 0 ? strerror (saved) : "wrong");
  failures++;
  errno = 0;
}

/* A call that has to work. */
#define OK(call) check (#call, (errno = 0, (call)) >= 0)
/* A condition that has to be true. */
#define IS(condition) check (#condition, (errno = 0, (condition)))
/* A call that has to fail with @number. */
#define FAILS(call, number) check (#call, (call) < 0 && errno == (number))

static int
create (const char *name, const char *text)
{
  int fd = open (name, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0644);

  check (name, fd >= 0 && write (fd, text, strlen (text)) == (ssize_t)strlen (text));
  return fd;
}

static bool
has (const char *name, const char *text)
{
  char buffer[256];
  int fd = open (name, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read (fd, buffer, sizeof buffer) : -1;

  if (fd >= 0)
    close (fd);
  return n == (ssize_t)strlen (text) && memcmp (buffer, text, (size_t)n) == 0;
}

/* Whether a filesystem has such things is up to it, and to the one below; no answer is one, too.
 * EIO is what fuse-overlayfs 1.4 says. */
static bool
is_answered (int result)
{
  return result == 0 || errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL || errno == EIO;
}

static void
reading_and_writing (void)
{
  char buffer[16];
  struct iovec vector[2] = { { buffer, 2 }, { buffer + 2, 2 } };
  int fd, other, ends[2];
  char *map;

  IS (has ("lower", "lower\n"));
  OK (fd = open ("lower", O_WRONLY | O_APPEND));
  OK (write (fd, "more\n", 5));
  OK (fsync (fd));
  OK (close (fd));
  IS (has ("lower", "lower\nmore\n"));

  fd = create ("file", "0123456789");
  FAILS (open ("file", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
  IS (pread (fd, buffer, 3, 4) == 3 && memcmp (buffer, "456", 3) == 0);
  IS (pwrite (fd, "x", 1, 1) == 1);
  IS (lseek (fd, 0, SEEK_SET) == 0 && readv (fd, vector, 2) == 4
      && memcmp (buffer, "0x23", 4) == 0);
  IS (lseek (fd, 0, SEEK_END) == 10 && writev (fd, vector, 2) == 4);
  IS (lseek (fd, 0, SEEK_HOLE) == 14);
  OK (fdatasync (fd));
  OK (syncfs (fd));
  OK (ftruncate (fd, 5));
  OK (truncate ("file", 4));
  IS (has ("file", "0x23"));
  OK (fallocate (fd, 0, 0, 4096));
  OK (posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  OK (readahead (fd, 0, 4096));

  other = create ("copy", "");
  IS (lseek (fd, 0, SEEK_SET) == 0 && copy_file_range (fd, NULL, other, NULL, 4, 0) == 4);
  IS (has ("copy", "0x23"));
  IS (lseek (fd, 0, SEEK_SET) == 0 && sendfile (other, fd, NULL, 4) == 4);
  OK (pipe2 (ends, O_CLOEXEC));
  IS (lseek (fd, 0, SEEK_SET) == 0 && splice (fd, NULL, ends[1], NULL, 4, 0) == 4);
  IS (splice (ends[0], NULL, other, NULL, 4, 0) == 4);
  IS (has ("copy", "0x230x230x23"));

  map = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  IS (map != MAP_FAILED);
  memcpy (map, "mapped", 6);
  OK (msync (map, 4096, MS_SYNC));
  OK (munmap (map, 4096));
  IS (pread (fd, buffer, 6, 0) == 6 && memcmp (buffer, "mapped", 6) == 0);

  OK (unlink ("file"));
  IS (pread (fd, buffer, 6, 0) == 6 && memcmp (buffer, "mapped", 6) == 0);
  OK (pwrite (fd, "x", 1, 0));
  OK (close (fd));
  OK (close (other));
}

static void
locks (void)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
  int fd = create ("locked", "x"), other;

  OK (other = open ("locked", O_RDWR));
  OK (flock (fd, LOCK_EX));
  FAILS (flock (other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  OK (flock (fd, LOCK_UN));
  OK (fcntl (fd, F_OFD_SETLK, &lock));
  FAILS (fcntl (other, F_OFD_SETLK, &lock), EAGAIN);
  lock.l_type = F_WRLCK;
  lock.l_pid = 0;
  lock.l_start = 10;
  OK (fcntl (fd, F_SETLK, &lock));
  OK (close (fd));
  OK (close (other));
}

static void
directories (void)
{
  char name[32];
  struct dirent *entry;
  int n = 0;
  long half = 0;
  DIR *dir;

  OK (mkdir ("new", 0755));
  OK (mkdir ("new/below", 0700));
  FAILS (mkdir ("new", 0755), EEXIST);
  FAILS (rmdir ("new"), ENOTEMPTY);
  OK (rmdir ("new/below"));
  for (int i = 0; i < MANY; i++)
    {
      snprintf (name, sizeof name, "new/%d", i);
      close (create (name, ""));
    }
  dir = opendir ("new");
  IS (dir != NULL);
  while ((entry = readdir (dir)) != NULL)
    if (n++ == MANY / 2)
      half = telldir (dir);
  IS (n == MANY + 2);
  seekdir (dir, half);
  for (n = 0; readdir (dir) != NULL;)
    n++;
  IS (n == MANY / 2 + 1);
  OK (closedir (dir));
  for (int i = 0; i < MANY; i++)
    {
      snprintf (name, sizeof name, "new/%d", i);
      OK (unlink (name));
    }
  OK (rename ("new", "newer"));
  OK (chdir ("newer"));
  OK (chdir (".."));
  OK (rmdir ("newer"));

  /* One of the layer below, removed and made again. */
  OK (unlink ("dir/below"));
  OK (rmdir ("dir"));
  FAILS (access ("dir", F_OK), ENOENT);
  OK (mkdir ("dir", 0755));
  FAILS (access ("dir/below", F_OK), ENOENT);
}

static void
names (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
  char target[16];
  struct stat st;
  int fd;

  close (create ("a", "a"));
  close (create ("b", "b"));
  OK (link ("a", "hard"));
  IS (stat ("hard", &st) == 0 && st.st_nlink == 2);
  OK (symlink ("a", "soft"));
  IS (readlink ("soft", target, sizeof target) == 1 && target[0] == 'a');
  IS (lstat ("soft", &st) == 0 && S_ISLNK (st.st_mode));
  OK (renameat2 (AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
  IS (has ("a", "b") && has ("b", "a"));
  FAILS (renameat2 (AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
  OK (rename ("a", "b"));
  IS (has ("b", "b"));
  OK (rename ("lower", "renamed"));
  IS (has ("renamed", "lower\nmore\n"));
  FAILS (access ("lower", F_OK), ENOENT);
  OK (mkfifo ("fifo", 0600));
  IS (stat ("fifo", &st) == 0 && S_ISFIFO (st.st_mode));
  OK (fd = socket (AF_UNIX, SOCK_STREAM, 0));
  OK (bind (fd, (struct sockaddr *)&address, sizeof address));
  OK (close (fd));
  FAILS (mknod ("device", S_IFCHR | 0600, (1 << 8) | 3), EPERM);
  FAILS (open ("not/there", O_RDONLY), ENOENT);
  FAILS (unlink ("not-there"), ENOENT);
}

static void
attributes (void)
{
  const struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } };
  char value[64];
  struct statx stx;
  struct statfs fs;
  struct stat st;
  int flags = 0, version = 0, fd = create ("attributes", "x");

  OK (chmod ("attributes", 0640));
  OK (fchmod (fd, 0600));
  OK (chown ("attributes", getuid (), getgid ()));
  OK (fchown (fd, (uid_t)-1, getgid ()));
  OK (utimensat (AT_FDCWD, "attributes", times, 0));
  OK (futimens (fd, times));
  IS (fstat (fd, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_mtim.tv_sec == 2000);
  IS (statx (AT_FDCWD, "attributes", 0, STATX_BASIC_STATS, &stx) == 0 && stx.stx_size == 1);
  IS (statfs (".", &fs) == 0 && fs.f_blocks > 0);
  OK (access ("attributes", R_OK | W_OK));
  FAILS (access ("attributes", X_OK), EACCES);
  OK (setxattr ("attributes", "user.test", "value", 5, 0));
  FAILS (fsetxattr (fd, "user.test", "value", 5, XATTR_CREATE), EEXIST);
  IS (getxattr ("attributes", "user.test", value, sizeof value) == 5);
  IS (listxattr ("attributes", value, sizeof value) >= (ssize_t)sizeof "user.test");
  OK (removexattr ("attributes", "user.test"));
  FAILS (getxattr ("attributes", "user.test", value, sizeof value), ENODATA);
  FAILS (ioctl (fd, _IO ('?', 1), 0), ENOTTY);
  IS (is_answered (ioctl (fd, FS_IOC_GETFLAGS, &flags)));
  IS (is_answered (ioctl (fd, FS_IOC_GETVERSION, &version)));
  IS (is_answered (ioctl (fd, FICLONE, fd)));
  OK (close (fd));
}

static void
programs (void)
{
  char buffer[4096];
  int in, out, status, watch;
  ssize_t n;
  pid_t pid;

  OK (in = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  OK (out = open ("program", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
  while ((n = read (in, buffer, sizeof buffer)) > 0)
    IS (write (out, buffer, (size_t)n) == n);
  OK (close (out));
  pid = fork ();
  if (pid == 0)
    {
      execl ("./program", "program", "--nothing", NULL);
      _exit (1);
    }
  IS (waitpid (pid, &status, 0) == pid && WIFEXITED (status) && WEXITSTATUS (status) == 0);
  OK (watch = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC));
  OK (inotify_add_watch (watch, ".", IN_CREATE));
  close (create ("watched", ""));
  IS (read (watch, buffer, sizeof buffer) > 0);
  OK (close (watch));
}

static void *
work (void *data)
{
  const char *name = data;
  char renamed[16];

  snprintf (renamed, sizeof renamed, "%s-2", name);
  for (int i = 0; i < MANY; i++)
    {
      close (create (name, name));
      if (rename (name, renamed) < 0 || !has (renamed, name) || unlink (renamed) < 0)
        return data;
    }
  return NULL;
}

static void
at_once (void)
{
  static char names[4][4] = { "t1", "t2", "t3", "t4" };
  pthread_t threads[4];

  for (int i = 0; i < 4; i++)
    IS (pthread_create (&threads[i], NULL, work, names[i]) == 0);
  for (int i = 0; i < 4; i++)
    {
      void *result;

      IS (pthread_join (threads[i], &result) == 0 && result == NULL);
    }
}

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "--nothing") == 0)
    return 0;
  if (argc != 2 || chdir (argv[1]) < 0)
    {
      fprintf (stderr, "usage: file-ops DIRECTORY\n");
      return 2;
    }
  reading_and_writing ();
  locks ();
  directories ();
  names ();
  attributes ();
  programs ();
  at_once ();
  return failures > 0;
}
