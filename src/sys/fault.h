/* Fault injection: in a build with --enable-fault-injection the Nth system call of src/sys fails.
 *
 * RUNC_FAULT="[child,]N[:ERRNO[:FILE]]". The calls of the process that called runc_fault_init() are
 * counted apart from those of all that it clones, so that the Nth call is the same one in each run;
 * "child," means the latter. ERRNO is a number (default EIO). FILE keeps the counters, so that they
 * go on when the process executes itself once more, and so that the test can see whether a call
 * failed: two native unsigned longs, of the process and of its children, and a third that is 1 when
 * one failed.
 *
 * In other builds this is nothing.
 */
#pragma once

#include <stdbool.h>

/* The value of @call, or -1 with errno when it is the one to fail. */
#define RUNC_FAULTY(call) (runc_fault_hit () ? -1 : (call))

#ifdef RUNC_FAULT_INJECTION
/* Read RUNC_FAULT and map the counters; call once at the start of main(). */
void runc_fault_init (void);
/* Count one call; true when it is the one to fail, with errno set. */
bool runc_fault_hit (void);
/* Called in a new process: it counts as a child from now on. */
void runc_fault_cloned (void);
#else
static inline void
runc_fault_init (void)
{
}

static inline bool
runc_fault_hit (void)
{
  return false;
}

static inline void
runc_fault_cloned (void)
{
}
#endif
