/* Ops on namespaces, ids and what belongs to a namespace as a whole. Runs in the child. */
#include "base/fd.h"
#include "child/context.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

int
runc_child_op_join (RuncChild *child, const RuncOp *op)
{
  /* From here on processes of the container may see us: nobody may take our fds, memory or
   * executable (CVE-2016-9962, CVE-2019-5736). */
  int r = runc_sys_set_undumpable ();

  if (r < 0)
    return r;
  return runc_sys_setns (runc_child_slot (child, op->slot), (int)op->u.ns.flags);
}

int
runc_child_op_unshare (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return runc_sys_unshare ((int)op->u.ns.flags);
}

int
runc_child_op_fork (RuncChild *child, const RuncOp *op)
{
  autofd int pidfd = -EBADF;
  pid_t pid = runc_sys_clone (op->u.ns.flags | CLONE_PARENT, -1, &pidfd);

  if (pid < 0)
    return pid;
  if (pid == 0)
    return 0;

  int r = runc_wire_send (child->sock, RUNC_MESSAGE_FORKED, &pid, sizeof pid, pidfd);

  if (r == 0)
    _exit (0);
  /* The parent would wait for a process that it does not know of. */
  runc_sys_pidfd_send_signal (pidfd, SIGKILL);
  return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
}

int
runc_child_op_self_map (RuncChild *child, const RuncOp *op)
{
  autofd int self
      = runc_sys_proc_open_file (runc_child_proc (child), "self/.", O_PATH | O_DIRECTORY);
  int r;

  if (self < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, self);
  /* Without privilege outside, the kernel takes a gid map only where setgroups() is denied. */
  r = runc_sys_proc_write (self, "setgroups", "deny", strlen ("deny"));
  if (r == 0)
    r = runc_sys_proc_write (self, "gid_map", op->u.map.gid_map, strlen (op->u.map.gid_map));
  if (r == 0)
    r = runc_sys_proc_write (self, "uid_map", op->u.map.uid_map, strlen (op->u.map.uid_map));
  return r;
}

int
runc_child_op_become_root (RuncChild *child, const RuncOp *op)
{
  int r = 0;

  (void)child;
  if (op->u.ids.set_groups)
    r = runc_sys_setgroups (op->u.ids.n_groups, op->u.ids.groups);
  if (r == 0)
    r = runc_sys_setresgid (op->u.ids.gid);
  if (r == 0)
    r = runc_sys_setresuid (op->u.ids.uid);
  return r;
}

int
runc_child_op_time_offsets (RuncChild *child, const RuncOp *op)
{
  return runc_sys_proc_write (runc_child_proc (child), "self/timens_offsets", op->u.text,
                              strlen (op->u.text));
}

int
runc_child_op_cgroup_join (RuncChild *child, const RuncOp *op)
{
  /* "0" is the writer itself; with one thread this costs no RCU grace period, unlike a pid. */
  return write (runc_child_slot (child, op->slot), "0", 1) < 0 ? -errno : 0;
}

int
runc_child_op_take_network (RuncChild *child, const RuncOp *op)
{
  autofd int network = -EBADF;
  RuncMessage message;
  size_t len;
  int r = runc_wire_receive (child->sock, &message, NULL, 0, &len, &network);

  (void)op;
  if (r == 0)
    _exit (1);
  if (r < 0)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, r);
  if (message != RUNC_MESSAGE_NETWORK)
    return runc_child_fail (child, RUNC_FAIL_PROTOCOL, -EBADMSG);
  return runc_sys_setns (network, CLONE_NEWNET);
}

int
runc_child_op_loopback_up (RuncChild *child, const RuncOp *op)
{
  (void)child;
  (void)op;
  return runc_sys_loopback_up ();
}

int
runc_child_op_new_session (RuncChild *child, const RuncOp *op)
{
  (void)child;
  (void)op;
  return setsid () < 0 ? -errno : 0;
}

int
runc_child_op_keyring (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return runc_sys_new_session_keyring (op->u.text);
}

int
runc_child_op_hostname (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return sethostname (op->u.text, strlen (op->u.text)) < 0 ? -errno : 0;
}

int
runc_child_op_domainname (RuncChild *child, const RuncOp *op)
{
  (void)child;
  return setdomainname (op->u.text, strlen (op->u.text)) < 0 ? -errno : 0;
}

int
runc_child_op_sysctl (RuncChild *child, const RuncOp *op)
{
  autofd int dir = runc_sys_proc_open_file (runc_child_proc (child), "sys", O_PATH | O_DIRECTORY);

  if (dir < 0)
    return runc_child_fail (child, RUNC_FAIL_RESOLVE, dir);
  return runc_sys_proc_write (dir, op->target, op->u.text, strlen (op->u.text));
}
