/* Attributes of the calling process that have no glibc function, or one that does more than the
 * system call (glibc's setuid() signals all threads; the child has one).
 *
 * Return 0 or -errno.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Capability sets as masks of 1 << CAP_x. */
int runc_sys_capset (uint64_t effective, uint64_t permitted, uint64_t inheritable);
int runc_sys_capget (uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable);
/* Drop everything but @keep from the bounding set. */
int runc_sys_drop_bounding (uint64_t keep);
/* Is @cap in the bounding set? 1 or 0. */
int runc_sys_has_bounding (int cap);
/* Is no_new_privs set? 1 or 0. */
int runc_sys_has_no_new_privs (void);
/* Make the ambient set exactly @ambient. @ret_failed: the capability that could not be raised */
int runc_sys_set_ambient (uint64_t ambient, int *ret_failed);

int runc_sys_setgroups (size_t n, const uint32_t *groups);
int runc_sys_setresgid (uint32_t gid);
int runc_sys_setresuid (uint32_t uid);
/* SIGKILL for this process when its parent ends; kept by execve(), lost with a change of ids. */
int runc_sys_die_with_parent (void);
/* Capabilities survive (or not) the next change of all uids away from 0. */
int runc_sys_keep_caps (bool keep);

/* Handle every signal as a new process of init would: none is ignored; and none is blocked. */
void runc_sys_default_signals (void);
void runc_sys_unblock_signals (void);

/* The kernel's struct sched_attr, without the utilisation clamps. */
typedef struct
{
  int policy;
  int32_t nice;
  uint32_t priority;
  uint64_t flags;
  uint64_t runtime; /* ns */
  uint64_t deadline;
  uint64_t period;
} RuncSchedAttr;

int runc_sys_sched_setattr (const RuncSchedAttr *attr);
/* @bits: set of CPUs as 64-bit words; @n_bytes: of those that are not zero */
int runc_sys_sched_setaffinity (const unsigned char *bits, size_t n_bytes);
/* @class_and_priority: class << 13 | priority, for this process */
int runc_sys_ioprio_set (int class_and_priority);
/* @mode: MPOL_* with flags; @bits: nodes, as above */
int runc_sys_set_mempolicy (int mode, const unsigned char *bits, size_t n_bytes);

/* Join a new session keyring called @name and give its owner the right to search it. A kernel
 * without keyrings is success. */
int runc_sys_new_session_keyring (const char *name);

/* Load a filter. @flags: SECCOMP_FILTER_FLAG_*. Returns the listener's fd when NEW_LISTENER is
 * among them, 0 otherwise, or -errno. */
int runc_sys_seccomp_load (const struct sock_filter *program, size_t n, unsigned int flags);

/* Whether the kernel knows @action (SECCOMP_RET_*): 0, or -errno (-EOPNOTSUPP: no). */
int runc_sys_seccomp_action_avail (uint32_t action);

/* setns() with several namespaces at once needs a pidfd. */
int runc_sys_setns (int fd, int flags);
int runc_sys_unshare (int flags);

/* Bring up the loopback interface of the network namespace we are in. */
int runc_sys_loopback_up (void);

/* /proc/self/exe and core dumps of this process are closed to others without CAP_SYS_PTRACE over
 * the user namespace in which it was executed. */
int runc_sys_set_undumpable (void);
