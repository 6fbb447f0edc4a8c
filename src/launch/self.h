/* Keeping the runtime's own executable out of the container's reach (CVE-2019-5736). */
#pragma once

#include "plan/plan.h"

#include <glib.h>

/* What the child needs to leave our executable, for the slots of its plan; -EBADF when it does not
 * leave it. */
typedef struct
{
  char *const *argv; /* our command line; borrowed */
  int program;       /* the file, as a detached, read-only mount */
  int decoy;         /* what /proc/PID/exe will be */
} RuncSelf;

#define RUNC_SELF_INIT                                                                             \
  {                                                                                                \
    .program = -EBADF, .decoy = -EBADF                                                             \
  }

void runc_self_clear (RuncSelf *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncSelf, runc_self_clear)

/* Do what the plan says about our executable, before anything is made: RUNC_PROGRAM_LEFT opens
 * @ret_self, RUNC_PROGRAM_AGAIN executes us again from a copy that nobody can write to. The latter
 * does not return; the new image asks once more, and its plan has nothing to do then. It is also
 * what happens where the kernel does not give what the child needs to leave.
 *
 * @argv: the command line to repeat
 * @cwd_fd: the directory to repeat it in */
gboolean runc_launch_protect_self (RuncProgramPlan what, char *const *argv, int cwd_fd,
                                   RuncSelf *ret_self, GError **error);
