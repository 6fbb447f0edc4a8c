/* The few bpf(2) commands that device rules of cgroup v2 need.
 *
 * Each returns a non-negative result or -errno. They need CAP_BPF and CAP_NET_ADMIN (or
 * CAP_SYS_ADMIN) in the initial user namespace.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Load a BPF_PROG_TYPE_CGROUP_DEVICE program. @name: shown by bpftool, at most 15 letters, digits,
 * "_" and ".". Returns a close-on-exec fd; -EINVAL when the verifier refuses it. */
int runc_sys_bpf_load_device_program (const struct bpf_insn *insns, size_t n, const char *name);

/* Attach @prog_fd to the cgroup @cgroup_fd beside others, in place of @replace_fd unless that is
 * negative (atomically: there is no moment without one of both). */
int runc_sys_bpf_attach_device (int cgroup_fd, int prog_fd, int replace_fd);

int runc_sys_bpf_detach_device (int cgroup_fd, int prog_fd);

/* The ids of the device programs that are attached to the cgroup itself, at most @n into @ids.
 * Returns how many; -ENOSPC when there are more. */
int runc_sys_bpf_query_device (int cgroup_fd, uint32_t *ids, uint32_t n);

/* A close-on-exec fd of the program with this id. */
int runc_sys_bpf_program_by_id (uint32_t id);

/* The name of a program. */
int runc_sys_bpf_program_name (int prog_fd, char ret_name[BPF_OBJ_NAME_LEN]);
