/* Raw process attributes. Runs in the child, a few also in the parent. */
#include "sys/process.h"
#include "base/fd.h"
#include "sys/fault.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define CHECK(call)                                                                                \
  ({                                                                                               \
    long result_ = runc_fault_hit () ? -1 : (long)(call);                                          \
    result_ < 0 ? -errno : (int)result_;                                                           \
  })

enum
{
  MAX_CAPABILITIES = 64, /* the kernel's sets are 64 bits wide */
};

void
runc_sys_default_signals (void)
{
  const struct sigaction by_default = { .sa_handler = SIG_DFL };

  /* Nothing that could fail: some cannot be ignored, and some are glibc's own. */
  for (int sig = 1; sig < NSIG; sig++)
    sigaction (sig, &by_default, NULL);
}

void
runc_sys_unblock_signals (void)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

int
runc_sys_capset (uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2];

  for (int i = 0; i < 2; i++)
    {
      data[i].effective = (uint32_t)(effective >> (32 * i));
      data[i].permitted = (uint32_t)(permitted >> (32 * i));
      data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
    }
  return CHECK (syscall (SYS_capset, &header, data));
}

int
runc_sys_capget (uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2];
  int r = CHECK (syscall (SYS_capget, &header, data));

  if (r < 0)
    return r;
  *ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
  *ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  *ret_inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

int
runc_sys_drop_bounding (uint64_t keep)
{
  for (int cap = 0; cap < MAX_CAPABILITIES; cap++)
    {
      if (keep & (UINT64_C (1) << cap))
        continue;
      int r = CHECK (prctl (PR_CAPBSET_DROP, cap, 0, 0, 0));

      /* The first number that this kernel does not know; capability 0 it always knows. */
      if (r == -EINVAL && cap > 0)
        return 0;
      if (r < 0)
        return r;
    }
  return 0;
}

int
runc_sys_has_bounding (int cap)
{
  return CHECK (prctl (PR_CAPBSET_READ, cap, 0, 0, 0));
}

int
runc_sys_has_no_new_privs (void)
{
  return CHECK (prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

int
runc_sys_set_ambient (uint64_t ambient, int *ret_failed)
{
  int r = CHECK (prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));

  *ret_failed = -1;
  /* Linux before 4.3 has no ambient set: fine as long as none is asked for. */
  if (r == -EINVAL && ambient == 0)
    return 0;
  for (int cap = 0; r == 0 && cap < MAX_CAPABILITIES; cap++)
    if (ambient & (UINT64_C (1) << cap))
      {
        r = CHECK (prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
        if (r < 0)
          *ret_failed = cap;
      }
  return r;
}

int
runc_sys_setgroups (size_t n, const uint32_t *groups)
{
  return CHECK (syscall (SYS_setgroups, n, groups));
}

int
runc_sys_setresgid (uint32_t gid)
{
  return CHECK (syscall (SYS_setresgid, gid, gid, gid));
}

int
runc_sys_setresuid (uint32_t uid)
{
  return CHECK (syscall (SYS_setresuid, uid, uid, uid));
}

int
runc_sys_keep_caps (bool keep)
{
  return CHECK (prctl (PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0));
}

int
runc_sys_die_with_parent (void)
{
  return CHECK (prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
}

int
runc_sys_sched_setattr (const RuncSchedAttr *attr)
{
  /* struct sched_attr as of Linux 3.14 (SCHED_ATTR_SIZE_VER0), which no libc header had for long.
   */
  struct
  {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
  } raw = {
    .size = sizeof raw,
    .policy = (uint32_t)attr->policy,
    .flags = attr->flags,
    .nice = attr->nice,
    .priority = attr->priority,
    .runtime = attr->runtime,
    .deadline = attr->deadline,
    .period = attr->period,
  };

  return CHECK (syscall (SYS_sched_setattr, 0, &raw, 0));
}

int
runc_sys_sched_setaffinity (const unsigned char *bits, size_t n_bytes)
{
  /* The kernel takes bit sets in units of long; the rest is zero. */
  unsigned long set[1024 / sizeof (unsigned long)];

  if (n_bytes > sizeof set)
    return -EINVAL;
  memset (set, 0, sizeof set);
  memcpy (set, bits, n_bytes);
  return CHECK (syscall (SYS_sched_setaffinity, 0, sizeof set, set));
}

int
runc_sys_ioprio_set (int class_and_priority)
{
  enum
  {
    IOPRIO_WHO_PROCESS = 1,
  };

  return CHECK (syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, class_and_priority));
}

int
runc_sys_set_mempolicy (int mode, const unsigned char *bits, size_t n_bytes)
{
  unsigned long set[256 / sizeof (unsigned long)];

  if (n_bytes > sizeof set)
    return -EINVAL;
  if (n_bytes == 0)
    return CHECK (syscall (SYS_set_mempolicy, mode, NULL, 0));
  memset (set, 0, sizeof set);
  memcpy (set, bits, n_bytes);
  /* The kernel looks at one bit less than it is told. */
  return CHECK (syscall (SYS_set_mempolicy, mode, set, sizeof set * 8 + 1));
}

int
runc_sys_new_session_keyring (const char *name)
{
  /* KEY_USR_SEARCH of the key's owner: without it the processes of the container could not find the
   * keyring that they are in after a change of uid. */
  const unsigned int owner_search = 0x00080000;
  int id = CHECK (syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0));
  unsigned int perm;
  char text[512], *p;
  int n;

  if (id == -ENOSYS)
    return 0;
  if (id < 0)
    return id;
  n = CHECK (syscall (SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof text, 0));
  if (n < 0)
    return n;
  /* "keyring;1000;1000;3f030000;_ses.name" */
  p = text;
  for (int i = 0; i < 3 && p != NULL; i++)
    {
      p = strchr (p, ';');
      if (p != NULL)
        p++;
    }
  if (p == NULL)
    return -EIO;
  perm = 0;
  for (; *p != ';' && *p != '\0'; p++)
    perm = perm << 4 | (unsigned int)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
  return CHECK (syscall (SYS_keyctl, KEYCTL_SETPERM, id, perm | owner_search, 0, 0));
}

int
runc_sys_seccomp_load (const struct sock_filter *program, size_t n, unsigned int flags)
{
  struct sock_fprog prog = { .len = (unsigned short)n, .filter = (struct sock_filter *)program };

  return CHECK (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog));
}

int
runc_sys_seccomp_action_avail (uint32_t action)
{
  return CHECK (syscall (SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

int
runc_sys_setns (int fd, int flags)
{
  return CHECK (setns (fd, flags));
}

int
runc_sys_unshare (int flags)
{
  return CHECK (unshare (flags));
}

int
runc_sys_loopback_up (void)
{
  autofd int sock = CHECK (socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

  if (sock < 0)
    return sock;
  return CHECK (ioctl (sock, SIOCSIFFLAGS, &request));
}

int
runc_sys_set_undumpable (void)
{
  return CHECK (prctl (PR_SET_DUMPABLE, 0, 0, 0, 0));
}
