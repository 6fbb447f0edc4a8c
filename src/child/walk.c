/* The walker: one loop over the plan's ops. Runs in the child, from clone3() to execve().
 *
 * The process is a copy of the parent with one thread and the same memory; the plan is read where
 * it lies. Each op is one function; what to do when it fails stands in the op itself. When an op
 * fails for good, the walker reports {op, errno, step, index, detail} (the parent words the
 * message) and exits. Before the gate the report goes over the wire; after it, when there is no
 * parent any more, into the start fifo, where `start` reads it.
 */
#include "base/fd.h"
#include "child/child.h"
#include "child/context.h"
#include "sys/process.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <string.h>

static int
op_send (RuncChild *child, const RuncOp *op)
{
  return runc_wire_write (child->sock, (RuncMessage)op->u.message, NULL, 0);
}

/* Take the memfd with the state for the next HOOKS. */
static int
receive_hook_state (RuncChild *child, RuncMessage *ret_message)
{
  size_t len;
  int fd = -EBADF;
  int r = runc_wire_receive (child->sock, ret_message, NULL, 0, &len, &fd);

  runc_close_fd (child->hook_state);
  child->hook_state = fd;
  return r;
}

static int
op_wait (RuncChild *child, const RuncOp *op)
{
  RuncMessage message;
  int r = op->u.message == RUNC_MESSAGE_HOOK_STATE ? receive_hook_state (child, &message)
                                                   : runc_wire_read (child->sock, &message);

  /* End of file: the parent is gone and nobody wants this container. */
  if (r == 0)
    _exit (1);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  if ((int)message != op->u.message)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, -EBADMSG);
  return 0;
}

typedef int OpFunction (RuncChild *child, const RuncOp *op);

static OpFunction *const functions[RUNC_N_OPS] = {
  [RUNC_OP_SEND] = op_send,
  [RUNC_OP_WAIT] = op_wait,
  [RUNC_OP_LEAVE_PROGRAM] = runc_child_op_leave_program,
  [RUNC_OP_JOIN] = runc_child_op_join,
  [RUNC_OP_UNSHARE] = runc_child_op_unshare,
  [RUNC_OP_FORK] = runc_child_op_fork,
  [RUNC_OP_SELF_MAP] = runc_child_op_self_map,
  [RUNC_OP_BECOME_ROOT] = runc_child_op_become_root,
  [RUNC_OP_TIME_OFFSETS] = runc_child_op_time_offsets,
  [RUNC_OP_CGROUP_JOIN] = runc_child_op_cgroup_join,
  [RUNC_OP_TAKE_NETWORK] = runc_child_op_take_network,
  [RUNC_OP_LOOPBACK_UP] = runc_child_op_loopback_up,
  [RUNC_OP_NEW_SESSION] = runc_child_op_new_session,
  [RUNC_OP_KEYRING] = runc_child_op_keyring,
  [RUNC_OP_HOSTNAME] = runc_child_op_hostname,
  [RUNC_OP_DOMAINNAME] = runc_child_op_domainname,
  [RUNC_OP_SYSCTL] = runc_child_op_sysctl,
  [RUNC_OP_PROPAGATION] = runc_child_op_propagation,
  [RUNC_OP_OPEN_TREE] = runc_child_op_open_tree,
  [RUNC_OP_OPEN_NULL] = runc_child_op_open_null,
  [RUNC_OP_OPEN_FDS] = runc_child_op_open_fds,
  [RUNC_OP_NEW_TREE] = runc_child_op_new_tree,
  [RUNC_OP_FUSE] = runc_child_op_fuse,
  [RUNC_OP_ENTER_DIR] = runc_child_op_enter_dir,
  [RUNC_OP_SCRATCH] = runc_child_op_scratch,
  [RUNC_OP_ROOTFS] = runc_child_op_rootfs,
  [RUNC_OP_MKDIR] = runc_child_op_mkdir,
  [RUNC_OP_MOUNT] = runc_child_op_mount,
  [RUNC_OP_ATTACH] = runc_child_op_attach,
  [RUNC_OP_SET_ATTR] = runc_child_op_set_attr,
  [RUNC_OP_COPY_UP] = runc_child_op_copy_up,
  [RUNC_OP_COPY_SYMLINK] = runc_child_op_copy_symlink,
  [RUNC_OP_MKNOD] = runc_child_op_mknod,
  [RUNC_OP_OPEN_DEVICES] = runc_child_op_open_devices,
  [RUNC_OP_BIND_DEVICE] = runc_child_op_bind_device,
  [RUNC_OP_SYMLINK] = runc_child_op_symlink,
  [RUNC_OP_MASK] = runc_child_op_mask,
  [RUNC_OP_READONLY] = runc_child_op_readonly,
  [RUNC_OP_STAGE_ROOT] = runc_child_op_stage_root,
  [RUNC_OP_CONSOLE] = runc_child_op_console,
  [RUNC_OP_ROOT_READONLY] = runc_child_op_root_readonly,
  [RUNC_OP_PIVOT] = runc_child_op_pivot,
  [RUNC_OP_MOVE_ROOT] = runc_child_op_move_root,
  [RUNC_OP_ROOT_PROPAGATION] = runc_child_op_root_propagation,
  [RUNC_OP_HOOKS] = runc_child_op_hooks,
  [RUNC_OP_OWN_NULL] = runc_child_op_own_null,
  [RUNC_OP_RLIMITS] = runc_child_op_rlimits,
  [RUNC_OP_OOM_SCORE_ADJ] = runc_child_op_oom_score_adj,
  [RUNC_OP_SCHEDULER] = runc_child_op_scheduler,
  [RUNC_OP_IO_PRIORITY] = runc_child_op_io_priority,
  [RUNC_OP_AFFINITY] = runc_child_op_affinity,
  [RUNC_OP_MEMORY_POLICY] = runc_child_op_memory_policy,
  [RUNC_OP_PERSONALITY] = runc_child_op_personality,
  [RUNC_OP_UMASK] = runc_child_op_umask,
  [RUNC_OP_LSM_LABEL] = runc_child_op_lsm_label,
  [RUNC_OP_CHDIR] = runc_child_op_chdir,
  [RUNC_OP_HOME] = runc_child_op_home,
  [RUNC_OP_NO_NEW_PRIVS] = runc_child_op_no_new_privs,
  [RUNC_OP_SECCOMP] = runc_child_op_seccomp,
  [RUNC_OP_BOUNDING] = runc_child_op_bounding,
  [RUNC_OP_STDIO_OWNER] = runc_child_op_stdio_owner,
  [RUNC_OP_CREDENTIALS] = runc_child_op_credentials,
  [RUNC_OP_CAPABILITIES] = runc_child_op_capabilities,
  [RUNC_OP_LOOKUP] = runc_child_op_lookup,
  [RUNC_OP_LISTEN_FDS] = runc_child_op_listen_fds,
  [RUNC_OP_SIGNALS] = runc_child_op_signals,
  [RUNC_OP_GATE] = runc_child_op_gate,
  [RUNC_OP_DIE_WITH_PARENT] = runc_child_op_die_with_parent,
  [RUNC_OP_PASS_FDS] = runc_child_op_pass_fds,
  [RUNC_OP_CLOSE_FDS] = runc_child_op_close_fds,
  [RUNC_OP_EXEC] = runc_child_op_exec,
};

void
runc_child_detail (RuncChild *child, const char *text)
{
  size_t len = strnlen (text, sizeof child->fail_detail - 1);

  memcpy (child->fail_detail, text, len);
  child->fail_detail[len] = '\0';
}

int
runc_child_slot (const RuncChild *child, int slot)
{
  return slot >= 0 && (size_t)slot < child->plan->n_slots ? child->plan->slots[slot].fd : -EBADF;
}

void
runc_child_set_slot (RuncChild *child, int slot, int take_fd)
{
  RuncSlot *s = &child->plan->slots[slot];

  runc_close_fd (s->fd);
  s->fd = take_fd;
}

int
runc_child_root (const RuncChild *child)
{
  return runc_child_slot (child, child->plan->root_slot);
}

int
runc_child_proc (const RuncChild *child)
{
  return runc_child_slot (child, child->plan->proc_slot);
}

static _Noreturn void
report_and_exit (RuncChild *child, int op, int neg_errno)
{
  RuncWireFailure failure = {
    .op = op,
    .errnum = -neg_errno,
    .step = child->fail_step,
    .index = child->fail_index,
  };

  memcpy (failure.detail, child->fail_detail, sizeof failure.detail);
  if (child->gate >= 0)
    {
      /* The pipe takes it at once: it is empty and the report smaller than PIPE_BUF. */
      if (write (child->gate, &failure, sizeof failure) < 0)
        _exit (255);
    }
  else
    runc_wire_write (child->sock, RUNC_MESSAGE_FAILED, &failure, sizeof failure);
  _exit (1);
}

static bool
errno_is_listed (const RuncOp *op, int errnum)
{
  for (size_t i = 0; i < sizeof op->on_errno / sizeof op->on_errno[0]; i++)
    if (op->on_errno[i] == errnum && errnum != 0)
      return true;
  return false;
}

/* Do one op. Returns true when it failed into its alternatives. */
static bool
do_op (RuncChild *child, size_t i)
{
  const RuncOp *op = &child->plan->ops[i];
  int r;

  child->fail_step = RUNC_FAIL_ANY;
  child->fail_index = 0;
  child->fail_detail[0] = '\0';
  r = functions[op->kind](child, op);
  if (r >= 0)
    return false;
  if (op->on_error == RUNC_ON_ERROR_FAIL || !errno_is_listed (op, -r))
    report_and_exit (child, (int)i, r);
  return op->on_error == RUNC_ON_ERROR_ALTERNATIVE;
}

void
runc_child_main (const RuncChildStart *start)
{
  RuncChild child = {
    .plan = start->plan,
    .sock = start->sock,
    .gate_lock = start->gate_lock,
    .argv = start->argv,
    .hook_state = -EBADF,
    .gate = -EBADF,
  };
  bool alternatives
      = false; /* the run of marked ops that we are in, or come to next, is to be done */

  /* Only with the parent's end closed here does its death show as end-of-file, and only without the
   * state directory does its lock end with the parent. */
  for (size_t i = 0; i < sizeof start->close_fds / sizeof start->close_fds[0]; i++)
    runc_close_fd (start->close_fds[i]);
  /* What our caller ignores (a service of systemd's: SIGPIPE) is not for the container. */
  runc_sys_default_signals ();
  for (size_t i = 0; i < child.plan->n_ops; i++)
    if (!child.plan->ops[i].alternative)
      alternatives = do_op (&child, i);
    else if (alternatives)
      do_op (&child, i);
  /* Only a plan without EXEC gets here, and plan-check refuses one. */
  report_and_exit (&child, -1, -ENOEXEC);
}
