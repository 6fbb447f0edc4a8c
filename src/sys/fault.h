/* Fault injection: in a build with --enable-fault-injection the Nth system call of src/sys fails.
 *
 * RUNC_FAULT="N" or "N:errno number" (default EIO). The count is shared with the child and helpers
 * that are cloned later, so that N runs over parent and child together. In other builds this is
 * nothing.
 */
#pragma once

#include <stdbool.h>

#ifdef RUNC_FAULT_INJECTION
/* Map the shared counter; call once at the start of main(). */
void runc_fault_init (void);
/* Count one call; true when it is the one to fail, with errno set. */
bool runc_fault_hit (void);
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
#endif
