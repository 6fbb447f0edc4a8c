/* The system calls of the server of an overlay. */
#pragma once

#include <linux/filter.h>

#include <glib.h>

/* From now on this process, and what it executes, can do what a server of files does, and nothing
 * else: whatever is not known to be needed does not exist (ENOSYS). No_new_privs must be set.
 * Returns 0 or -errno. */
int runc_overlay_filter_load (void);

/* The program itself: a new array of struct sock_filter. */
GArray *runc_overlay_filter_new (void);
