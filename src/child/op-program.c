/* The op that leaves the runtime's own executable. Runs in the child, before any other op. */
#include "base/fd.h"
#include "child/context.h"
#include "sys/procfs.h"
#include "sys/program.h"

#include <errno.h>
#include <fcntl.h>

int
runc_child_op_leave_program (RuncChild *child, const RuncOp *op)
{
  autofd int view = runc_sys_proc_reopen_fd (runc_child_proc (child),
                                             runc_child_slot (child, op->slot), O_RDONLY);
  int r;

  if (view < 0)
    return runc_child_fail (child, RUNC_FAIL_SOURCE, view);
  r = runc_sys_program_leave (view, runc_child_slot (child, op->result), child->argv);
  /* The mount ends with the last mapping; the parent need not wait for it. */
  runc_child_set_slot (child, op->slot, -EBADF);
  runc_child_set_slot (child, op->result, -EBADF);
  return r;
}
