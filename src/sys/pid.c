/* What the kernel says about other processes. Runs in the parent and in helpers.
 *
 * Reads go to the /proc that this process sees; nothing is written there.
 */
#include "sys/pid.h"

#include "base/fd.h"
#include "sys/fault.h"
#include "sys/syscalls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The inode number that the kernel gives to the initial user namespace (PROC_USER_INIT_INO). */
#define INITIAL_USERNS_INODE 0xEFFFFFFDu

/* The same of the initial pid namespace (PROC_PID_INIT_INO). */
#define INITIAL_PIDNS_INODE 0xEFFFFFFCu

/* Parse the decimal number at *@at, which must be followed by a blank, and step behind both. */
static int
parse_field (const char **at, const char *end, uint64_t *ret_value)
{
  const char *p = *at;
  bool negative = p < end && *p == '-';
  uint64_t value = 0;

  if (negative)
    p++;
  if (p == end || *p < '0' || *p > '9')
    return -EINVAL;
  for (; p < end && *p >= '0' && *p <= '9'; p++)
    if (__builtin_mul_overflow (value, 10, &value)
        || __builtin_add_overflow (value, (uint64_t)(*p - '0'), &value))
      return -EINVAL;
  if (p == end || *p != ' ')
    return -EINVAL;
  *at = p + 1;
  *ret_value = negative ? -value : value;
  return 0;
}

int
runc_sys_parse_stat (const char *text, size_t len, RuncProcessStat *ret_stat)
{
  const char *end = text + len;
  /* The command is the only field that can have a parenthesis, so the last one closes it. */
  const char *at = len > 0 ? memrchr (text, ')', len) : NULL;
  RuncProcessStat stat = { 0 };

  if (at == NULL || end - at < 5 || at[1] != ' ' || at[3] != ' ')
    return -EINVAL;
  stat.state = at[2];
  at += 4;
  for (int field = 4; field <= 22; field++)
    {
      uint64_t value;
      int r = parse_field (&at, end, &value);
      if (r < 0)
        return r;
      if (field == 4)
        stat.ppid = (pid_t)value;
      else if (field == 22)
        stat.start_time = value;
    }
  *ret_stat = stat;
  return 0;
}

bool
runc_sys_stat_ended (const RuncProcessStat *stat)
{
  return stat->state == 'Z' || stat->state == 'X' || stat->state == 'x';
}

int
runc_sys_process_stat (pid_t pid, RuncProcessStat *ret_stat)
{
  char path[32];
  char text[2048];
  ssize_t n;

  if (pid <= 0)
    return -ESRCH;
  snprintf (path, sizeof path, "/proc/%d/stat", (int)pid);
  autofd int fd = RUNC_FAULTY (open (path, O_RDONLY | O_CLOEXEC));
  if (fd < 0)
    return errno == ENOENT ? -ESRCH : -errno;
  do
    n = RUNC_FAULTY (read (fd, text, sizeof text));
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return -errno;
  return runc_sys_parse_stat (text, (size_t)n, ret_stat);
}

int
runc_sys_process_namespace (pid_t pid, const char *name, ino_t *ret_inode)
{
  char path[64];
  struct stat st;

  if (pid == 0)
    snprintf (path, sizeof path, "/proc/self/ns/%s", name);
  else
    snprintf (path, sizeof path, "/proc/%d/ns/%s", (int)pid, name);
  if (RUNC_FAULTY (stat (path, &st)) < 0)
    return errno == ENOENT ? -ESRCH : -errno;
  *ret_inode = st.st_ino;
  return 0;
}

int
runc_sys_pidfd_open_checked (pid_t pid, uint64_t start_time)
{
  RuncProcessStat stat;

  if (pid <= 0)
    return -ESRCH;
  autofd int fd = runc_sys_pidfd_open (pid);
  if (fd < 0)
    return runc_steal_fd (&fd);
  /* The pidfd comes first: if its process ends now, whoever gets the number was started later. */
  int r = runc_sys_process_stat (pid, &stat);
  if (r < 0)
    return r;
  if (stat.start_time != start_time || runc_sys_stat_ended (&stat))
    return -ESRCH;
  return runc_steal_fd (&fd);
}

static int64_t
now_ms (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
runc_sys_pidfd_wait (int pidfd, int timeout_ms)
{
  struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
  int64_t deadline = now_ms () + timeout_ms;

  for (;;)
    {
      int n = RUNC_FAULTY (poll (&pfd, 1, timeout_ms));
      if (n > 0)
        return 0;
      if (n == 0)
        return -ETIMEDOUT;
      if (errno != EINTR)
        return -errno;
      if (timeout_ms >= 0)
        {
          int64_t left = deadline - now_ms ();
          timeout_ms = left > 0 ? (int)left : 0;
        }
    }
}

int
runc_sys_for_each_process (int (*visit) (pid_t pid, void *data), void *data)
{
  DIR *dir = opendir ("/proc");
  struct dirent *entry;
  int r = 0;

  if (dir == NULL)
    return -errno;
  while (r == 0 && (entry = readdir (dir)) != NULL)
    {
      char *end;
      long pid;

      if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
        continue;
      pid = strtol (entry->d_name, &end, 10);
      if (*end == '\0')
        r = visit ((pid_t)pid, data);
    }
  closedir (dir);
  return r;
}

bool
runc_sys_in_initial_userns (void)
{
  ino_t inode = 0;

  return runc_sys_process_namespace (0, "user", &inode) == 0 && inode == INITIAL_USERNS_INODE;
}

bool
runc_sys_in_initial_pidns (void)
{
  ino_t inode = 0;

  return runc_sys_process_namespace (0, "pid", &inode) == 0 && inode == INITIAL_PIDNS_INODE;
}

pid_t
runc_sys_peer_pid (int fd)
{
  struct ucred peer;
  socklen_t len = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? -errno : peer.pid;
}

uid_t
runc_sys_outer_euid (void)
{
  uid_t euid = geteuid ();
  uid_t outer = euid;
  unsigned long inside, outside, size;
  FILE *map = fopen ("/proc/self/uid_map", "re");

  if (map == NULL)
    return euid;
  while (fscanf (map, "%lu %lu %lu", &inside, &outside, &size) == 3)
    if (euid >= inside && euid - inside < size)
      outer = (uid_t)(outside + (euid - inside));
  fclose (map);
  return outer;
}
