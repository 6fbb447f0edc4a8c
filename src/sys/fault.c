/* The counters of fault injection (see fault.h): one shared page, inherited by the child. */
#include "sys/fault.h"

#ifdef RUNC_FAULT_INJECTION
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct
{
  unsigned long calls[2]; /* of the process itself, of its children */
  unsigned long hit;
} Counters;

static Counters *counters;
static bool is_child; /* are we one? */
static bool in_child; /* is the call to fail one of a child's? */
static unsigned long fail_at;
static int fail_errno = EIO;

static Counters *
map_counters (const char *path)
{
  int fd = -1;
  void *page;

  if (path != NULL)
    {
      fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      if (fd < 0 || ftruncate (fd, sizeof (Counters)) < 0)
        abort ();
    }
  page = mmap (NULL, sizeof (Counters), PROT_READ | PROT_WRITE,
               MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
  if (page == MAP_FAILED)
    abort ();
  if (fd >= 0)
    close (fd);
  return page;
}

void
runc_fault_init (void)
{
  static const char child[] = "child,";
  const char *text = getenv ("RUNC_FAULT");
  const char *path = NULL;
  char *end;

  if (text == NULL)
    return;
  in_child = strncmp (text, child, sizeof child - 1) == 0;
  fail_at = strtoul (in_child ? text + sizeof child - 1 : text, &end, 10);
  if (*end == ':')
    {
      fail_errno = (int)strtol (end + 1, &end, 10);
      if (*end == ':')
        path = end + 1;
    }
  counters = map_counters (path);
}

bool
runc_fault_hit (void)
{
  if (counters == NULL
      || __atomic_add_fetch (&counters->calls[is_child], 1, __ATOMIC_SEQ_CST) != fail_at
      || is_child != in_child)
    return false;
  counters->hit = 1;
  errno = fail_errno;
  return true;
}

void
runc_fault_cloned (void)
{
  is_child = true;
}
#else
/* An empty translation unit is not valid C. */
typedef int runc_fault_unused;
#endif
