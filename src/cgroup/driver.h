/* What the drivers and the operations on existing cgroups share. Private to src/cgroup. */
#pragma once

#include "cgroup/cgroup.h"

#include <glib.h>

/* The values of RuncCgroupRef.driver, as in plan.h. */
enum
{
  DRIVER_NONE,
  DRIVER_FS2,
  DRIVER_FS1,
  DRIVER_SYSTEMD,
};

/* The v1 controllers that something is done with, each with a file that only its directories have
 * (for hierarchies that are mounted at unusual places). X (ENUM, "name", "file") */
#define RUNC_CGROUP_V1_CONTROLLERS(X)                                                              \
  X (CPUSET, "cpuset", "cpuset.cpus")                                                              \
  X (CPU, "cpu", "cpu.shares")                                                                     \
  X (CPUACCT, "cpuacct", "cpuacct.usage")                                                          \
  X (BLKIO, "blkio", "blkio.reset_stats")                                                          \
  X (MEMORY, "memory", "memory.limit_in_bytes")                                                    \
  X (DEVICES, "devices", "devices.list")                                                           \
  X (FREEZER, "freezer", "freezer.state")                                                          \
  X (NET_CLS, "net_cls", "net_cls.classid")                                                        \
  X (NET_PRIO, "net_prio", "net_prio.ifpriomap")                                                   \
  X (PIDS, "pids", "pids.max")                                                                     \
  X (HUGETLB, "hugetlb", "hugetlb.2MB.limit_in_bytes")                                             \
  X (RDMA, "rdma", "rdma.max")                                                                     \
  X (PERF_EVENT, "perf_event", NULL)                                                               \
  X (MISC, "misc", "misc.max")

typedef enum
{
#define X(name, text, file) RUNC_CGROUP_V1_##name,
  RUNC_CGROUP_V1_CONTROLLERS (X)
#undef X
      RUNC_CGROUP_N_V1
} RuncCgroupV1Controller;

/* The directory of @ref that is in the hierarchy of @controller (borrowed), or NULL. */
const char *runc_cgroup_v1_dir (const RuncCgroupRef *ref, RuncCgroupV1Controller controller);

/* As above by the name as exec --cgroup takes it: "cpu", or "name=systemd" and "systemd" for the
 * named hierarchy. */
const char *runc_cgroup_v1_dir_by_name (const RuncCgroupRef *ref, const char *name);

/* The one directory that tells the container's processes: v2 where there is one, else a v1
 * hierarchy that every container is in; NULL when there is none. */
const char *runc_cgroup_process_dir (const RuncCgroupRef *ref);

/* A cgroup that was there before: refuse it when it has processes or is frozen. */
gboolean runc_cgroup_check_unused (const RuncCgroupRef *ref, GError **error);

/* runc_cgroup_create() of the filesystem drivers: the directories and what has to be in them before
 * a process can join. Directories made are appended to @made_dirs also on error. */
gboolean runc_cgroup_fs2_create (const RuncCgroupSetup *setup, GPtrArray *made_dirs,
                                 RuncCgroupMade *made, GError **error);
gboolean runc_cgroup_fs1_create (const RuncCgroupSetup *setup, GPtrArray *made_dirs,
                                 RuncCgroupMade *made, GError **error);

/* Enable the controllers of the v2 hierarchy in every cgroup above @dir, as far as the kernel lets
 * us; what stays unavailable shows when a limit is to be set. */
void runc_cgroup_v2_enable_controllers (const char *dir);

/* Enforce the device rules of @resources (NULL: only those that every container has), in place of
 * what was enforced before. */
gboolean runc_cgroup_devices_apply (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                                    GError **error);

/* As above for update: nothing when @resources have no rules, or when the container is not under
 * device rules of ours. */
gboolean runc_cgroup_devices_update (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                                     GError **error);

/* The v2 cgroup of process @pid, as a directory below the mount that @near is in (new string); NULL
 * when it cannot be told, or is outside of our cgroup namespace. */
char *runc_cgroup_v2_dir_of_process (pid_t pid, const char *near);

/* The systemd driver's part of the public functions. Adopt starts the unit around @pid, finds its
 * cgroup and sets by hand what systemd has no property for. On error the unit is stopped again. */
gboolean runc_cgroup_systemd_adopt (const RuncCgroupSetup *setup, pid_t pid, RuncCgroupMade *made,
                                    GError **error);
gboolean runc_cgroup_systemd_update (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                                     GError **error);
gboolean runc_cgroup_systemd_attach (const RuncCgroupRef *ref, pid_t pid, GError **error);
/* Kill what is in the unit and wait until systemd has unloaded it. */
gboolean runc_cgroup_systemd_remove (const RuncCgroupRef *ref, GError **error);

/* May we move processes of our own cgroup into the v2 cgroup @dir? The kernel asks for the right to
 * write to cgroup.procs of the closest common parent, too. */
gboolean runc_cgroup_v2_may_enter (const char *dir);
