/* File descriptors with an owner.
 *
 * Plain C without glib: this header is the only part of base/ that the child side
 * (src/child, src/wire) and src/sys may include.
 *
 * An fd variable that owns nothing holds -EBADF, so that using it by mistake fails
 * with EBADF instead of hitting fd 0 or -1 == AT_... style surprises.
 */
#pragma once

#include <errno.h>
#include <unistd.h>

/* Close @fd if it is one; errno is preserved so that this can stand in error paths.
 * Always returns -EBADF, for `fd = runc_close_fd (fd)`. */
static inline int
runc_close_fd (int fd)
{
  if (fd >= 0)
    {
      int saved = errno;
      close (fd);
      errno = saved;
    }
  return -EBADF;
}

static inline void
runc_close_fdp (int *fd)
{
  *fd = runc_close_fd (*fd);
}

/* Hand over the fd in *@fd to the caller and forget it. */
static inline int
runc_steal_fd (int *fd)
{
  int ret = *fd;
  *fd = -EBADF;
  return ret;
}

/* A local fd variable that closes itself: `autofd int fd = open (...)`. */
#define autofd __attribute__ ((cleanup (runc_close_fdp)))
