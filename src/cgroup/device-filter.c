/* Enforcing device rules: devices.allow and devices.deny on v1, a BPF program on v2. Runs in the
 * parent.
 *
 * A hybrid host without the v1 devices hierarchy gets the program too. Programs of others on the
 * cgroup (systemd's) stay as they are: the kernel asks all of them, and each can only deny.
 */
#include "cgroup/driver.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/devices.h"
#include "cgroup/dir.h"
#include "sys/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* By this name our own program is found again. */
#define PROGRAM_NAME "runc_devices"

#define MAX_PROGRAMS 64 /* the kernel's limit for one cgroup */

static gboolean
write_v1 (const char *dir, const RuncDevicePolicy *policy, GError **error)
{
  autofd int fd = runc_cgroup_dir_open (dir);
  autofd int allow = -EBADF;
  autofd int deny = -EBADF;
  g_autofree char *list = NULL;
  int r = fd < 0 ? fd : runc_cgroup_read (fd, "devices.list", &list);

  if (r < 0)
    return runc_cgroup_throw (error, r, "cannot read '%s/devices.list'", dir);
  g_autoptr (RuncDevicePolicy) present = runc_device_policy_from_list (list, error);
  if (present == NULL)
    return FALSE;
  g_autoptr (GArray) lines = runc_device_policy_transition (present, policy);
  if (lines->len == 0)
    return TRUE;
  allow = openat (fd, "devices.allow", O_WRONLY | O_CLOEXEC);
  if (allow >= 0)
    deny = openat (fd, "devices.deny", O_WRONLY | O_CLOEXEC);
  if (deny < 0)
    return runc_cgroup_throw (error, errno, "cannot open the device rules of cgroup '%s'", dir);
  for (guint i = 0; i < lines->len; i++)
    {
      const RuncDeviceLine *line = &g_array_index (lines, RuncDeviceLine, i);

      if (write (line->allow ? allow : deny, line->text, strlen (line->text)) < 0)
        return runc_cgroup_throw (error, errno, "cannot %s device '%s' in cgroup '%s'",
                                  line->allow ? "allow" : "deny", line->text, dir);
    }
  return TRUE;
}

/* Our program on the cgroup: a new fd, or -ENOENT. */
static int
find_program (int cgroup_fd)
{
  guint32 ids[MAX_PROGRAMS];
  int n = runc_sys_bpf_query_device (cgroup_fd, ids, MAX_PROGRAMS);

  for (int i = 0; i < n; i++)
    {
      char name[BPF_OBJ_NAME_LEN];
      autofd int fd = runc_sys_bpf_program_by_id (ids[i]);

      /* One that a security module hides from us is not ours. */
      if (fd >= 0 && runc_sys_bpf_program_name (fd, name) == 0 && g_str_equal (name, PROGRAM_NAME))
        return runc_steal_fd (&fd);
    }
  return n < 0 ? n : -ENOENT;
}

static gboolean
attach_v2 (const char *dir, const RuncDevicePolicy *policy, GError **error)
{
  autofd int cgroup_fd = runc_cgroup_dir_open (dir);
  int r;

  if (cgroup_fd < 0)
    return runc_cgroup_throw (error, cgroup_fd, "cannot open cgroup '%s'", dir);
  autofd int old = find_program (cgroup_fd);
  if (old < 0 && old != -ENOENT)
    return runc_cgroup_throw (error, old, "cannot read the device rules of cgroup '%s'", dir);
  if (runc_device_policy_allows_all (policy))
    {
      r = old >= 0 ? runc_sys_bpf_detach_device (cgroup_fd, old) : 0;
      return r == 0
             || runc_cgroup_throw (error, r, "cannot lift the device rules of cgroup '%s'", dir);
    }
  g_autoptr (GArray) code = runc_device_policy_compile (policy);
  autofd int program = runc_sys_bpf_load_device_program ((const struct bpf_insn *)code->data,
                                                         code->len, PROGRAM_NAME);
  if (program < 0)
    return runc_cgroup_throw (error, program, "cannot load the device rules as a BPF program");
  r = runc_sys_bpf_attach_device (cgroup_fd, program, old);
  if (r < 0)
    return runc_cgroup_throw (error, r, "cannot attach the device rules to cgroup '%s'", dir);
  return TRUE;
}

gboolean
runc_cgroup_devices_apply (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                           GError **error)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_DEVICES);
  g_autoptr (RuncDevicePolicy) policy
      = runc_device_policy_new (resources != NULL ? resources->devices : NULL,
                                resources != NULL ? resources->n_devices : 0, error);

  if (policy == NULL)
    return FALSE;
  if (v1 != NULL)
    return write_v1 (v1, policy, error);
  if (ref->v2_dir != NULL)
    return attach_v2 (ref->v2_dir, policy, error);
  return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                     "device rules cannot be enforced: neither the devices controller of cgroup v1 "
                     "nor cgroup v2 is mounted");
}

gboolean
runc_cgroup_devices_update (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                            GError **error)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_DEVICES);

  if (resources->n_devices == 0)
    return TRUE;
  if (v1 == NULL && ref->v2_dir != NULL)
    {
      autofd int cgroup_fd = runc_cgroup_dir_open (ref->v2_dir);
      autofd int old = cgroup_fd < 0 ? cgroup_fd : find_program (cgroup_fd);

      if (old < 0)
        {
          runc_debug ("device rules are not changed: cgroup '%s' has none of ours", ref->v2_dir);
          return TRUE;
        }
    }
  return runc_cgroup_devices_apply (ref, resources, error);
}
