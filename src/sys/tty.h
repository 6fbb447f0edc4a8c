/* Pseudo terminals and terminal modes. Return an fd or 0, or -errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/* A new pty from the devpts instance mounted at dev/pts below @root (an O_PATH fd). The
 * directory is verified to be a devpts (-ENOTSUP) before anything in it is opened. The slave is
 * opened from the master (TIOCGPTPEER), never by a path. Both are close-on-exec. */
int runc_sys_pty_open (int root, int *ret_master, int *ret_slave);

/* Set the size; a zero @width or @height changes nothing. */
int runc_sys_tty_set_size (int fd, uint16_t width, uint16_t height);
/* Copy the size of the terminal @from to @to; not a terminal is no error. */
int runc_sys_tty_copy_size (int from, int to);

/* Make the terminal @fd raw, as cfmakeraw() does; @ret_saved is what to restore. */
int runc_sys_tty_set_raw (int fd, struct termios *ret_saved);
/* Do not turn \n into \r\n on output: the other end's terminal does it. */
int runc_sys_tty_clear_onlcr (int fd);
