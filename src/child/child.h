/* The child side's only entry. Called right after clone3(), in the new process. */
#pragma once

#include "plan/plan-types.h"

typedef struct
{
  RuncChildPlan *plan; /* parent slots are open */
  int sock;            /* the child's end of the wire */
  int gate_lock;       /* the lock that ends with the execve(), or -EBADF */
  int close_fds[2];    /* the parent's end of the wire, the state directory with its lock */
  char *const *argv;   /* of the runtime; only for a plan with LEAVE_PROGRAM */
} RuncChildStart;

/* Walk the plan. Ends in execve(), or reports a failure over the wire and exits. */
_Noreturn void runc_child_main (const RuncChildStart *start);
