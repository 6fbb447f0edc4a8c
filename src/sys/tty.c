/* Pseudo terminals. Opened in the child, attached to in the parent. */
#include "sys/tty.h"
#include "base/fd.h"
#include "sys/fault.h"
#include "sys/path.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

int
runc_sys_pty_open (int root, int *ret_master, int *ret_slave)
{
  autofd int dir = runc_sys_open_in_root (root, "dev/pts", O_PATH | O_DIRECTORY, false);
  autofd int master = -EBADF, slave = -EBADF;
  struct statfs fs;
  int unlock = 0;

  if (dir < 0)
    return dir;
  if (RUNC_FAULTY (fstatfs (dir, &fs)) < 0)
    return -errno;
  if (fs.f_type != DEVPTS_SUPER_MAGIC)
    return -ENOTSUP;
  /* Nobody makes anything in a devpts, so this is its multiplexer: no device of the image has been
   * opened, which would be too late to find out about afterwards. */
  master = runc_sys_openat2 (dir, "ptmx", O_RDWR | O_NOCTTY,
                             RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
  if (master < 0)
    return master;
  if (RUNC_FAULTY (ioctl (master, TIOCSPTLCK, &unlock)) < 0)
    return -errno;
  slave = RUNC_FAULTY (ioctl (master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (slave < 0)
    return -errno;
  *ret_master = runc_steal_fd (&master);
  *ret_slave = runc_steal_fd (&slave);
  return 0;
}

int
runc_sys_tty_set_size (int fd, uint16_t width, uint16_t height)
{
  struct winsize size = { .ws_col = width, .ws_row = height };

  if (width == 0 || height == 0)
    return 0;
  return RUNC_FAULTY (ioctl (fd, TIOCSWINSZ, &size)) < 0 ? -errno : 0;
}

int
runc_sys_tty_copy_size (int from, int to)
{
  struct winsize size;

  if (ioctl (from, TIOCGWINSZ, &size) < 0)
    return 0;
  return ioctl (to, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int
runc_sys_tty_set_raw (int fd, struct termios *ret_saved)
{
  struct termios saved, raw;

  if (RUNC_FAULTY (tcgetattr (fd, &saved)) < 0)
    return -errno;
  raw = saved;
  cfmakeraw (&raw);
  if (RUNC_FAULTY (tcsetattr (fd, TCSANOW, &raw)) < 0)
    return -errno;
  *ret_saved = saved;
  return 0;
}

int
runc_sys_tty_clear_onlcr (int fd)
{
  struct termios mode;

  if (RUNC_FAULTY (tcgetattr (fd, &mode)) < 0)
    return -errno;
  mode.c_oflag &= ~(tcflag_t)ONLCR;
  return tcsetattr (fd, TCSANOW, &mode) < 0 ? -errno : 0;
}
