/* The executable file of the calling process, and how to be rid of it.
 *
 * Each process has a link to the file that it executes, /proc/PID/exe. Who can follow it has that
 * file open, whatever namespaces lie between (CVE-2019-5736).
 */
#pragma once

#include <stdbool.h>

/* Can runc_sys_program_leave() be used with this build and kernel? Not under sanitizers, which have
 * mappings of their own of the file; not without CONFIG_CHECKPOINT_RESTORE. */
bool runc_sys_program_is_leavable (void);

/* Go on running without the file: what is mapped of it is mapped from @view instead, what was
 * written to is copied, and /proc/PID/exe of this process becomes @decoy.
 *
 * For a process with one thread that has CAP_SYS_ADMIN (or, since Linux 5.9, the narrower
 * CAP_CHECKPOINT_RESTORE) in its user namespace. It shall not use its heap any more: the break
 * cannot be moved back below where it is.
 *
 * @view: the same file, open for reading through another mount than the one it was executed from
 * @decoy: a regular file with the right to execute it, on a mount that allows that, which nobody
 * has open for writing
 * @argv: its command line as main() got it, which /proc/PID/cmdline goes on showing
 * Returns 0 or -errno; after an error the process is good for nothing but its end. */
int runc_sys_program_leave (int view, int decoy, char *const *argv);

/* An empty file in memory that nobody can write to any more, with the right to execute it.
 *
 * @proc: a proc fd (sys/procfs.h)
 * Returns an fd for reading, or -errno (-EACCES: the sysctl vm.memfd_noexec forbids it). */
int runc_sys_program_new_decoy (int proc);
