/* Keeping the runtime's own executable out of the container's reach (CVE-2019-5736). */
#pragma once

#include "plan/plan.h"

#include <glib.h>

/* Make sure that no process of the container can write to the file we run from, by way of
 * /proc/PID/exe. Where its ids could, run again from a copy that nobody can write to: does not
 * return then, and is called once more by the new image, which finds nothing to do.
 *
 * @maps: the container's ids; NULL: it has all ids of our own user namespace
 * @argv: the command line to repeat
 * @cwd_fd: the directory to repeat it in */
gboolean runc_launch_protect_self (const RuncMapPlan *maps, char *const *argv, int cwd_fd,
                                   GError **error);

/* Would runc_launch_protect_self() have something to do? (For tests and `doctor`.) */
gboolean runc_launch_self_is_exposed (const RuncMapPlan *maps, gboolean *ret_exposed,
                                      GError **error);
