/* What the ops of the child share. Internal to src/child.
 *
 * No glib, no malloc, no stdio, no logging: an op returns 0 or -errno, and may say with
 * runc_child_fail_*() where in itself it stopped. Only the walker (walk.c) reports and exits.
 */
#pragma once

#include "plan/plan-types.h"
#include "wire/wire.h"

#include <limits.h>
#include <stdbool.h>

typedef struct
{
  RuncChildPlan *plan;
  int sock;
  char *const *argv; /* the runtime's */

  int hook_state;           /* memfd of the state json for the next HOOKS, or -EBADF */
  int gate_lock;            /* kept open until the execve(), or -EBADF */
  int gate;                 /* the start fifo, open for writing after GATE, or -EBADF */
  char exec_path[PATH_MAX]; /* what LOOKUP found */
  bool cwd_entered;         /* a CHDIR succeeded */

  /* where the current op stopped; reset before each op */
  int fail_step; /* RuncFailStep */
  int fail_index;
  char fail_detail[sizeof (((RuncWireFailure *)0)->detail)];
} RuncChild;

/* Note the step (and index) at which the op fails, and hand on @neg_errno: `return runc_child_fail
 * (child, RUNC_FAIL_CREATE, fd);` */
static inline int
runc_child_fail (RuncChild *child, RuncFailStep step, int neg_errno)
{
  child->fail_step = (int)step;
  return neg_errno;
}

/* Add data for the message: a path, an option. Cut to fit. */
void runc_child_detail (RuncChild *child, const char *text);

/* The fd of a slot, or -EBADF. */
int runc_child_slot (const RuncChild *child, int slot);
/* Fill a slot with @take_fd; what was in it is closed. */
void runc_child_set_slot (RuncChild *child, int slot, int take_fd);
/* The ROOT directory, for in-root paths. */
int runc_child_root (const RuncChild *child);
/* The verified proc fd. */
int runc_child_proc (const RuncChild *child);

/* op-program.c */
int runc_child_op_leave_program (RuncChild *child, const RuncOp *op);

/* op-namespace.c */
int runc_child_op_join (RuncChild *child, const RuncOp *op);
int runc_child_op_unshare (RuncChild *child, const RuncOp *op);
int runc_child_op_fork (RuncChild *child, const RuncOp *op);
int runc_child_op_self_map (RuncChild *child, const RuncOp *op);
int runc_child_op_become_root (RuncChild *child, const RuncOp *op);
int runc_child_op_time_offsets (RuncChild *child, const RuncOp *op);
int runc_child_op_cgroup_join (RuncChild *child, const RuncOp *op);
int runc_child_op_take_network (RuncChild *child, const RuncOp *op);
int runc_child_op_loopback_up (RuncChild *child, const RuncOp *op);
int runc_child_op_new_session (RuncChild *child, const RuncOp *op);
int runc_child_op_keyring (RuncChild *child, const RuncOp *op);
int runc_child_op_hostname (RuncChild *child, const RuncOp *op);
int runc_child_op_domainname (RuncChild *child, const RuncOp *op);
int runc_child_op_sysctl (RuncChild *child, const RuncOp *op);

/* op-tree.c: mounts */
int runc_child_op_propagation (RuncChild *child, const RuncOp *op);
int runc_child_op_open_tree (RuncChild *child, const RuncOp *op);
int runc_child_op_new_tree (RuncChild *child, const RuncOp *op);
int runc_child_op_mkdir (RuncChild *child, const RuncOp *op);
int runc_child_op_mount (RuncChild *child, const RuncOp *op);
int runc_child_op_attach (RuncChild *child, const RuncOp *op);
int runc_child_op_set_attr (RuncChild *child, const RuncOp *op);

/* A new filesystem as @fs says, detached: its fd, or -errno with step and detail noted. @target:
 * what it will hide, or NULL. */
struct stat;
int runc_child_new_filesystem (RuncChild *child, const RuncOpFs *fs, const struct stat *target);

/* op-copy.c: what tmpcopyup and copy-symlink need */
int runc_child_op_copy_up (RuncChild *child, const RuncOp *op);
int runc_child_op_copy_symlink (RuncChild *child, const RuncOp *op);

/* op-overlay.c: what a writable layer is made of */
int runc_child_op_fuse (RuncChild *child, const RuncOp *op);
int runc_child_op_enter_dir (RuncChild *child, const RuncOp *op);
int runc_child_op_scratch (RuncChild *child, const RuncOp *op);

/* op-node.c: /dev, masks, read-only paths */
int runc_child_op_open_null (RuncChild *child, const RuncOp *op);
int runc_child_op_mknod (RuncChild *child, const RuncOp *op);
int runc_child_op_open_devices (RuncChild *child, const RuncOp *op);
int runc_child_op_bind_device (RuncChild *child, const RuncOp *op);
int runc_child_op_symlink (RuncChild *child, const RuncOp *op);
int runc_child_op_mask (RuncChild *child, const RuncOp *op);
int runc_child_op_readonly (RuncChild *child, const RuncOp *op);
int runc_child_op_own_null (RuncChild *child, const RuncOp *op);
int runc_child_op_console (RuncChild *child, const RuncOp *op);

/* op-root.c */
int runc_child_op_rootfs (RuncChild *child, const RuncOp *op);
int runc_child_op_root_readonly (RuncChild *child, const RuncOp *op);
int runc_child_op_stage_root (RuncChild *child, const RuncOp *op);
int runc_child_op_pivot (RuncChild *child, const RuncOp *op);
int runc_child_op_move_root (RuncChild *child, const RuncOp *op);
int runc_child_op_root_propagation (RuncChild *child, const RuncOp *op);

/* op-hooks.c */
int runc_child_op_hooks (RuncChild *child, const RuncOp *op);

/* op-process.c */
int runc_child_op_rlimits (RuncChild *child, const RuncOp *op);
int runc_child_op_oom_score_adj (RuncChild *child, const RuncOp *op);
int runc_child_op_scheduler (RuncChild *child, const RuncOp *op);
int runc_child_op_io_priority (RuncChild *child, const RuncOp *op);
int runc_child_op_affinity (RuncChild *child, const RuncOp *op);
int runc_child_op_memory_policy (RuncChild *child, const RuncOp *op);
int runc_child_op_personality (RuncChild *child, const RuncOp *op);
int runc_child_op_umask (RuncChild *child, const RuncOp *op);
int runc_child_op_lsm_label (RuncChild *child, const RuncOp *op);
int runc_child_op_no_new_privs (RuncChild *child, const RuncOp *op);
int runc_child_op_seccomp (RuncChild *child, const RuncOp *op);
int runc_child_op_bounding (RuncChild *child, const RuncOp *op);
int runc_child_op_stdio_owner (RuncChild *child, const RuncOp *op);
int runc_child_op_credentials (RuncChild *child, const RuncOp *op);
int runc_child_op_capabilities (RuncChild *child, const RuncOp *op);

/* op-exec.c: from the environment to execve */
int runc_child_op_chdir (RuncChild *child, const RuncOp *op);
int runc_child_op_home (RuncChild *child, const RuncOp *op);
int runc_child_op_lookup (RuncChild *child, const RuncOp *op);
int runc_child_op_listen_fds (RuncChild *child, const RuncOp *op);
int runc_child_op_open_fds (RuncChild *child, const RuncOp *op);
int runc_child_op_signals (RuncChild *child, const RuncOp *op);
int runc_child_op_gate (RuncChild *child, const RuncOp *op);
int runc_child_op_die_with_parent (RuncChild *child, const RuncOp *op);
int runc_child_op_pass_fds (RuncChild *child, const RuncOp *op);
int runc_child_op_close_fds (RuncChild *child, const RuncOp *op);
int runc_child_op_exec (RuncChild *child, const RuncOp *op);
