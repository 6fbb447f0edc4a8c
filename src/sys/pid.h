/* Other processes: what the kernel says about them, and pidfds that cannot mean the wrong one.
 *
 * libc only. Functions return -errno on failure and never log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The fields of /proc/PID/stat that identify a process, see proc_pid_stat(5). */
typedef struct
{
  char state;          /* 'R', 'S', 'Z', ... */
  pid_t ppid;          /* 0: the parent is outside of our pid namespace */
  uint64_t start_time; /* clock ticks since boot; with the pid it names a process for good */
} RuncProcessStat;

/* Parse @len bytes of a /proc/PID/stat file. The command in it may hold any byte, parentheses,
 * blanks and newlines included. -EINVAL when the text is something else. */
int runc_sys_parse_stat (const char *text, size_t len, RuncProcessStat *ret_stat);

/* Has the process ended, and only waits for its parent to take note? */
bool runc_sys_stat_ended (const RuncProcessStat *stat);

/* Read and parse /proc/@pid/stat. -ESRCH when there is no such process. */
int runc_sys_process_stat (pid_t pid, RuncProcessStat *ret_stat);

/* The number (inode) of namespace @name ("pid", "mnt", ...) of process @pid; @pid 0 means
 * ourselves. -EACCES when the kernel does not let us look at that process, -ESRCH when it is gone.
 */
int runc_sys_process_namespace (pid_t pid, const char *name, ino_t *ret_inode);

/* A pidfd of @pid, but only of the process that was started at @start_time; -ESRCH when it has
 * ended, also when another one has got the number since. */
int runc_sys_pidfd_open_checked (pid_t pid, uint64_t start_time);

/* Wait until the process of @pidfd has ended (it may still be a zombie).
 *
 * @timeout_ms: how long at most; -1 without end
 * Returns 0, or -ETIMEDOUT. */
int runc_sys_pidfd_wait (int pidfd, int timeout_ms);

/* Call @visit for each process that /proc shows, until it returns something else than 0, and return
 * that; else 0. */
int runc_sys_for_each_process (int (*visit) (pid_t pid, void *data), void *data);

/* Are we in the initial user namespace? Compares the namespace, because a map of all ids to
 * themselves looks the same from a child of it. False when /proc does not say. */
bool runc_sys_in_initial_userns (void);

/* Likewise for the pid namespace. */
bool runc_sys_in_initial_pidns (void);

/* The pid, in our pid namespace, of who listens at the other end of the unix socket @fd; 0 when it
 * is in none that we see. -errno when the kernel does not say. */
pid_t runc_sys_peer_pid (int fd);

/* What our effective uid is called in the parent of our user namespace (the uid itself when that
 * cannot be read). */
uid_t runc_sys_outer_euid (void);
