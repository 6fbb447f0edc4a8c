/* The counter of fault injection (see fault.h): one shared page, inherited by the child. */
#include "sys/fault.h"

#ifdef RUNC_FAULT_INJECTION
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static unsigned long *counter;
static unsigned long fail_at;
static int fail_errno = EIO;

void
runc_fault_init (void)
{
  const char *text = getenv ("RUNC_FAULT");
  char *end;

  if (text == NULL)
    return;
  counter = mmap (NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counter == MAP_FAILED)
    {
      counter = NULL;
      return;
    }
  fail_at = strtoul (text, &end, 10);
  if (*end == ':')
    fail_errno = atoi (end + 1);
}

bool
runc_fault_hit (void)
{
  if (counter == NULL || __atomic_add_fetch (counter, 1, __ATOMIC_SEQ_CST) != fail_at)
    return false;
  errno = fail_errno;
  return true;
}
#else
/* An empty translation unit is not valid C. */
typedef int runc_fault_unused;
#endif
