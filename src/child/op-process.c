/* Ops on the process itself: limits, scheduling, labels, credentials, filter. Runs in the child. */
#include "base/fd.h"
#include "child/context.h"
#include "sys/decimal.h"
#include "sys/process.h"
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

int
runc_child_op_rlimits (RuncChild *child, const RuncOp *op)
{
  for (size_t i = 0; i < op->u.rlimits.n; i++)
    {
      const RuncPlanRlimit *limit = &op->u.rlimits.items[i];
      struct rlimit64 value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };

      if (prlimit64 (0, (enum __rlimit_resource)limit->resource, &value, NULL) < 0)
        {
          child->fail_index = (int)i;
          return -errno;
        }
    }
  return 0;
}

int
runc_child_op_oom_score_adj (RuncChild *child, const RuncOp *op)
{
  char text[RUNC_DECIMAL_SIZE];
  size_t len = runc_decimal (text, op->u.number);

  return runc_sys_proc_write (runc_child_proc (child), "self/oom_score_adj", text, len);
}

int
runc_child_op_scheduler (RuncChild *child, const RuncOp *op)
{
  const RuncOpScheduler *s = &op->u.scheduler;
  RuncSchedAttr attr = {
    .policy = s->policy,
    .nice = s->nice,
    .priority = (uint32_t)s->priority,
    .flags = s->flags,
    .runtime = s->runtime,
    .deadline = s->deadline,
    .period = s->period,
  };

  (void)child;
  return runc_sys_sched_setattr (&attr);
}

int
runc_child_op_io_priority (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return runc_sys_ioprio_set ((int)op->u.number);
}

int
runc_child_op_affinity (RuncChild *child, const RuncOp *op)
{
  unsigned char all[1024];

  (void)child;
  if (op->u.mask.n_bytes > 0)
    return runc_sys_sched_setaffinity (op->u.mask.bits, op->u.mask.n_bytes);
  /* The kernel reduces the set to the CPUs of the cpuset. */
  memset (all, 0xff, sizeof all);
  return runc_sys_sched_setaffinity (all, sizeof all);
}

int
runc_child_op_memory_policy (RuncChild *child, const RuncOp *op)
{
  const RuncOpMempolicy *policy = &op->u.mempolicy;

  (void)child;
  return runc_sys_set_mempolicy (policy->mode, policy->nodes.bits, policy->nodes.n_bytes);
}

int
runc_child_op_personality (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return personality ((unsigned long)op->u.number) < 0 ? -errno : 0;
}

int
runc_child_op_umask (RuncChild *child, const RuncOp *op)
{
  (void)child;
  umask ((mode_t)op->u.number);
  return 0;
}

int
runc_child_op_lsm_label (RuncChild *child, const RuncOp *op)
{
  autofd int self
      = runc_sys_proc_open_file (runc_child_proc (child), "thread-self/attr", O_PATH | O_DIRECTORY);

  if (self < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, self);
  return runc_sys_proc_write (self, op->target, op->u.text, strlen (op->u.text));
}

int
runc_child_op_no_new_privs (RuncChild *child, const RuncOp *op)
{
  (void)child;
  (void)op;
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int
runc_child_op_seccomp (RuncChild *child, const RuncOp *op)
{
  /* As large as a filter can be; static, because a stack of that size is rude. */
  static struct
  {
    RuncWireSeccomp head;
    struct sock_filter program[BPF_MAXINSNS];
  } received;
  RuncMessage message;
  size_t len;
  int r = runc_wire_receive (child->sock, &message, &received, sizeof received, &len, NULL);

  if (r == 0)
    _exit (1);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  if (message != RUNC_MESSAGE_SECCOMP || len < sizeof received.head
      || len != sizeof received.head + received.head.n_instructions * sizeof received.program[0])
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, -EBADMSG);
  r = runc_sys_seccomp_load (received.program, received.head.n_instructions, received.head.flags);
  if (r < 0 || !op->u.seccomp.listener)
    return r;

  autofd int listener = r;

  r = runc_wire_send (child->sock, RUNC_MESSAGE_NOTIFY, NULL, 0, listener);
  return r < 0 ? runc_child_fail (child, RUNC_FAIL_PROTOCOL, r) : 0;
}

int
runc_child_op_bounding (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return runc_sys_drop_bounding (op->u.caps.bounding);
}

int
runc_child_op_stdio_owner (RuncChild *child, const RuncOp *op)
{
  (void)child;
  for (int fd = 0; fd <= 2; fd++)
    {
      struct stat st;

      /* Only pipes: a terminal or a file is the caller's, whoever writes to it. One that belongs to
       * a user who is not mapped cannot be given away, and need not be. */
      if (fstat (fd, &st) == 0 && S_ISFIFO (st.st_mode) && st.st_uid != op->u.ids.uid
          && fchown (fd, op->u.ids.uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL)
        return -errno;
    }
  return 0;
}

int
runc_child_op_credentials (RuncChild *child, const RuncOp *op)
{
  const RuncOpIds *ids = &op->u.ids;
  int r = 0;

  (void)child;
  /* Without this the permitted set would be gone before CAPABILITIES can reduce it to what is
   * asked. */
  if (ids->uid != 0)
    r = runc_sys_keep_caps (true);
  if (r == 0 && ids->set_groups)
    r = runc_sys_setgroups (ids->n_groups, ids->groups);
  if (r == 0)
    r = runc_sys_setresgid (ids->gid);
  if (r == 0)
    r = runc_sys_setresuid (ids->uid);
  return r;
}

int
runc_child_op_capabilities (RuncChild *child, const RuncOp *op)
{
  const RuncOpCaps *caps = &op->u.caps;
  int failed;
  int r = runc_sys_keep_caps (false);

  if (r == 0)
    r = runc_sys_capset (caps->effective, caps->permitted, caps->inheritable);
  if (r < 0)
    return r;
  r = runc_sys_set_ambient (caps->ambient, &failed);
  if (r < 0)
    {
      child->fail_index = failed;
      return runc_child_fail (child, RUNC_FAIL_AMBIENT, r);
    }
  return 0;
}
