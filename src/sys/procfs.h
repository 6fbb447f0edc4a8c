/* The only way to /proc for anything that matters: a verified fd.
 *
 * A container's /proc may be a fake (a tmpfs with symlinks in it, another file bound over an
 * entry). A "proc fd" is an O_PATH fd of the root of a procfs instance, checked once by
 * runc_sys_proc_open(); every look-up below it crosses no mount and follows no magic link, so that
 * what is written to is procfs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Open "/proc" of the caller and verify it: filesystem type procfs, inode the root of it.
 * Returns a close-on-exec O_PATH fd, or -errno (-ENOTSUP: it is not procfs). */
int runc_sys_proc_open (void);

/* Is what is on "/proc" a procfs of another pid namespace than ours? Its numbers of processes are
 * others then: ours are not there, or are somebody else's. For the words of errors. */
bool runc_sys_proc_is_of_others (void);

/* Open @path ("self/oom_score_adj", "sys/net/ipv4/ip_forward") below @proc with @flags. Returns an
 * fd or -errno; -EXDEV: something is mounted over a part of it. */
int runc_sys_proc_open_file (int proc, const char *path, int flags);

/* Write @len bytes of @data to @path below @proc, in one write(). Returns 0 or -errno. */
int runc_sys_proc_write (int proc, const char *path, const char *data, size_t len);

/* The directory of the own fds, O_PATH: it stays good where openat2() is not allowed any more.
 * Returns an fd or -errno. */
int runc_sys_proc_open_fds (int proc);

/* Open what the own fd @fd refers to once more, with other @flags, through @fds (see above).
 * Returns an fd or -errno. */
int runc_sys_proc_reopen_in (int fds, int fd, int flags);

/* Open what the own fd @fd refers to once more, with other @flags (an O_PATH fd for writing, say).
 * Returns an fd or -errno. */
int runc_sys_proc_reopen_fd (int proc, int fd, int flags);
/* An O_PATH fd of self/fd that is a mount of its own, in no mount namespace: neither it nor its
 * ".." leads to anything else of procfs. /proc must be the procfs of @proc, else -EPERM. */
int runc_sys_proc_clone_fds (int proc);

/* Is the namespace @name ("net") of a process another one than ours? @ours, @theirs: the
 * directories self/ns and PID/ns of a proc fd. 1 or 0, or -errno; 0 on a kernel without this kind
 * of namespace. */
int runc_sys_proc_foreign_namespace (int ours, int theirs, const char *name);

/* The namespace @name ("net") of the calling process, which has one thread. Returns an fd or
 * -errno. */
int runc_sys_proc_open_namespace (int proc, const char *name);

/* The file that the calling process executes, for reading. Returns an fd or -errno. */
int runc_sys_proc_open_self_exe (int proc);
