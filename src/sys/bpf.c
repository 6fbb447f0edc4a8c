/* The bpf(2) commands for device rules of cgroup v2. Runs in the parent. */
#include "sys/bpf.h"
#include "sys/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
call (int command, union bpf_attr *attr)
{
  long r = runc_fault_hit () ? -1 : syscall (SYS_bpf, command, attr, sizeof *attr);

  return r < 0 ? -errno : (int)r;
}

int
runc_sys_bpf_load_device_program (const struct bpf_insn *insns, size_t n, const char *name)
{
  union bpf_attr attr;

  /* Padding of the union must be zero too. */
  memset (&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.expected_attach_type = BPF_CGROUP_DEVICE;
  attr.insns = (uint64_t)(uintptr_t)insns;
  attr.insn_cnt = (uint32_t)n;
  attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
  strncpy (attr.prog_name, name, sizeof attr.prog_name - 1);
  return call (BPF_PROG_LOAD, &attr);
}

int
runc_sys_bpf_attach_device (int cgroup_fd, int prog_fd, int replace_fd)
{
  union bpf_attr attr;

  memset (&attr, 0, sizeof attr);
  attr.target_fd = (uint32_t)cgroup_fd;
  attr.attach_bpf_fd = (uint32_t)prog_fd;
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replace_fd >= 0)
    {
      attr.attach_flags |= BPF_F_REPLACE;
      attr.replace_bpf_fd = (uint32_t)replace_fd;
    }
  return call (BPF_PROG_ATTACH, &attr);
}

int
runc_sys_bpf_detach_device (int cgroup_fd, int prog_fd)
{
  union bpf_attr attr;

  memset (&attr, 0, sizeof attr);
  attr.target_fd = (uint32_t)cgroup_fd;
  attr.attach_bpf_fd = (uint32_t)prog_fd;
  attr.attach_type = BPF_CGROUP_DEVICE;
  return call (BPF_PROG_DETACH, &attr);
}

int
runc_sys_bpf_query_device (int cgroup_fd, uint32_t *ids, uint32_t n)
{
  union bpf_attr attr;
  int r;

  memset (&attr, 0, sizeof attr);
  attr.query.target_fd = (uint32_t)cgroup_fd;
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
  attr.query.prog_cnt = n;
  r = call (BPF_PROG_QUERY, &attr);
  return r < 0 ? r : (int)attr.query.prog_cnt;
}

int
runc_sys_bpf_program_by_id (uint32_t id)
{
  union bpf_attr attr;

  memset (&attr, 0, sizeof attr);
  attr.prog_id = id;
  /* The kernel makes all its bpf fds close-on-exec. */
  return call (BPF_PROG_GET_FD_BY_ID, &attr);
}

int
runc_sys_bpf_program_name (int prog_fd, char ret_name[BPF_OBJ_NAME_LEN])
{
  struct bpf_prog_info info;
  union bpf_attr attr;
  int r;

  memset (&info, 0, sizeof info);
  memset (&attr, 0, sizeof attr);
  attr.info.bpf_fd = (uint32_t)prog_fd;
  attr.info.info_len = sizeof info;
  attr.info.info = (uint64_t)(uintptr_t)&info;
  r = call (BPF_OBJ_GET_INFO_BY_FD, &attr);
  if (r < 0)
    return r;
  memcpy (ret_name, info.name, BPF_OBJ_NAME_LEN);
  ret_name[BPF_OBJ_NAME_LEN - 1] = '\0';
  return 0;
}
