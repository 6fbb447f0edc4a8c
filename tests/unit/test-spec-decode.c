/* config.json to RuncSpec: every member once, and what engines really write (src/spec/decode*.c).
 */
#include "base/error.h"
#include "spec/names.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* All members of the Linux part of the specification, with values that tell them apart. */
static const char full_process[]
    = "{\"terminal\": true, \"consoleSize\": {\"height\": 25, \"width\": 80},"
      " \"user\": {\"uid\": 1, \"gid\": 2, \"umask\": 18, \"additionalGids\": [5, 4294967294],"
      "            \"username\": \"ignored\"},"
      " \"args\": [\"sh\", \"-c\", \"\"], \"env\": [\"A=1\", \"B=\"], \"cwd\": \"/w\","
      " \"capabilities\": {\"bounding\": [\"CAP_CHOWN\", \"CAP_CHECKPOINT_RESTORE\"],"
      "   \"effective\": [\"CAP_KILL\"], \"inheritable\": [\"cap_kill\", \"CAP_KILL\"],"
      "   \"permitted\": [\"CAP_NEW\", \"CAP_SYSLOG\"], \"ambient\": [\"CAP_NEW\", \"KILL\"]},"
      " \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1024, \"hard\": 1048576},"
      "   {\"type\": \"RLIMIT_CORE\", \"soft\": 18446744073709551615,"
      "    \"hard\": 18446744073709551615}],"
      " \"noNewPrivileges\": true, \"apparmorProfile\": \"prof\", \"selinuxLabel\": \"a:b:c\","
      " \"oomScoreAdj\": -500,"
      " \"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"nice\": -3, \"priority\": 4,"
      "   \"flags\": [\"SCHED_FLAG_RESET_ON_FORK\", \"SCHED_FLAG_DL_OVERRUN\"],"
      "   \"runtime\": 10, \"deadline\": 20, \"period\": 18446744073709551615},"
      " \"ioPriority\": {\"class\": \"IOPRIO_CLASS_IDLE\", \"priority\": 6},"
      " \"execCPUAffinity\": {\"initial\": \"0-1\", \"final\": \"3\"}}";

static const char full_resources[]
    = "{\"devices\": [{\"allow\": true, \"type\": \"c\", \"major\": 10, \"minor\": -1,"
      "   \"access\": \"rw\"}, {\"allow\": false, \"access\": \"rwm\"}],"
      " \"memory\": {\"limit\": 1, \"reservation\": 2, \"swap\": -1, \"kernel\": 4,"
      "   \"kernelTCP\": 5, \"swappiness\": 6, \"disableOOMKiller\": true,"
      "   \"useHierarchy\": false, \"checkBeforeUpdate\": true},"
      " \"cpu\": {\"shares\": 1, \"quota\": -2, \"burst\": 3, \"period\": 4,"
      "   \"realtimeRuntime\": 5, \"realtimePeriod\": 6, \"cpus\": \"0-3\", \"mems\": \"1\","
      "   \"idle\": 1},"
      " \"pids\": {\"limit\": 77},"
      " \"blockIO\": {\"weight\": 10, \"leafWeight\": 20,"
      "   \"weightDevice\": [{\"major\": 8, \"minor\": 1, \"weight\": 500, \"leafWeight\": 300},"
      "     {\"major\": 8, \"minor\": 2, \"weight\": 501}],"
      "   \"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 3, \"rate\": 1}],"
      "   \"throttleWriteBpsDevice\": [{\"major\": 8, \"minor\": 4, \"rate\": 2}],"
      "   \"throttleReadIOPSDevice\": [{\"major\": 8, \"minor\": 5, \"rate\": 3}],"
      "   \"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 6,"
      "     \"rate\": 18446744073709551615}]},"
      " \"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 9223372036854775808}],"
      " \"network\": {\"classID\": 1048577, \"priorities\": [{\"name\": \"eth0\","
      "   \"priority\": 500}]},"
      " \"rdma\": {\"mlx5_1\": {\"hcaHandles\": 3, \"hcaObjects\": 10000},"
      "   \"mlx4_0\": {\"hcaObjects\": 1}},"
      " \"unified\": {\"memory.high\": \"1\", \"cpu.idle\": \"\"}}";

static const char full_seccomp[]
    = "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,"
      " \"architectures\": [\"SCMP_ARCH_X86_64\"], \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"],"
      " \"listenerPath\": \"/run/l\", \"listenerMetadata\": \"meta\","
      " \"syscalls\": [{\"names\": [\"a\", \"b\"], \"action\": \"SCMP_ACT_ALLOW\"},"
      "   {\"names\": [\"c\"], \"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 7,"
      "    \"args\": [{\"index\": 5, \"value\": 18446744073709551615,"
      "      \"valueTwo\": 9223372036854775808, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}";

/* What follows is put together by decode_full(). */
static const char full_linux[]
    = ", \"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1},"
      "   {\"containerID\": 1, \"hostID\": 100000, \"size\": 65536}],"
      " \"gidMappings\": [{\"containerID\": 0, \"hostID\": 1001, \"size\": 4294967295}],"
      " \"sysctl\": {\"net.ipv4.ip_forward\": \"1\", \"kernel.sem\": \"\"},"
      " \"cgroupsPath\": \"/a/b\","
      " \"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\", \"path\": \"/run/n\"},"
      "   {\"type\": \"user\", \"path\": \"\"}, {\"type\": \"time\"}, {\"type\": \"mount\"}],"
      " \"devices\": [{\"path\": \"/dev/fuse\", \"type\": \"c\", \"major\": 10, \"minor\": 229,"
      "   \"fileMode\": 438, \"uid\": 3, \"gid\": 4}, {\"path\": \"/p\", \"type\": \"p\"},"
      "   {\"path\": \"/u\", \"type\": \"u\", \"major\": 0, \"minor\": 1}],"
      " \"netDevices\": {\"eth0\": {\"name\": \"in0\"}, \"eth1\": {}},"
      " \"rootfsPropagation\": \"rslave\", \"maskedPaths\": [\"/m\"],"
      " \"readonlyPaths\": [\"/r\", \"/s\"], \"mountLabel\": \"x:y:z\","
      " \"intelRdt\": {\"closID\": \"clos\", \"schemata\": [\"L2:0=f\"],"
      "   \"l3CacheSchema\": \"L3:0=f\", \"memBwSchema\": \"MB:0=20\","
      "   \"enableMonitoring\": true},"
      " \"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\","
      "   \"flags\": [\"MPOL_F_STATIC_NODES\"]},"
      " \"personality\": {\"domain\": \"LINUX32\", \"flags\": [\"f\"]},"
      " \"timeOffsets\": {\"monotonic\": {\"secs\": -5, \"nanosecs\": 7},"
      "   \"boottime\": {\"secs\": 9}}";

static const char full_spec[]
    = "{\"ociVersion\": \"1.3.0\","
      " \"root\": {\"path\": \"rootfs\", \"readonly\": true},"
      " \"hostname\": \"h\", \"domainname\": \"d\","
      " \"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
      "   {\"destination\": \"data\", \"source\": \"/v\", \"options\": [\"rbind\", \"ro\"],"
      "    \"uidMappings\": [{\"containerID\": 1, \"hostID\": 2, \"size\": 3}],"
      "    \"gidMappings\": [{\"containerID\": 4, \"hostID\": 5, \"size\": 6}]}],"
      " \"hooks\": {\"prestart\": [{\"path\": \"/h0\"}],"
      "   \"createRuntime\": [{\"path\": \"/h1\", \"args\": [\"h1\", \"x\"],"
      "     \"env\": [\"K=V\"], \"timeout\": 5}, {\"path\": \"/h1b\"}],"
      "   \"createContainer\": [{\"path\": \"/h2\"}], \"startContainer\": [{\"path\": \"/h3\"}],"
      "   \"poststart\": [{\"path\": \"/h4\"}], \"poststop\": [{\"path\": \"/h5\"}]},"
      " \"annotations\": {\"run.oci.network\": \"slirp\", \"empty\": \"\"},"
      " \"windows\": {\"layerFolders\": 7}, \"solaris\": [], \"unknown\": {\"x\": 1e999}";

static RuncSpec *
decode (const char *text)
{
  g_autoptr (GError) error = NULL;
  RuncSpec *spec = runc_spec_decode (text, strlen (text), &error);

  g_assert_no_error (error);
  return spec;
}

static RuncSpec *
decode_full (void)
{
  g_autofree char *text = g_strconcat (full_spec, ", \"process\": ", full_process, full_linux,
                                       ", \"resources\": ", full_resources,
                                       ", \"seccomp\": ", full_seccomp, "}}", NULL);

  return decode (text);
}

static void
assert_strings (const RuncStrings *strings, const char *joined)
{
  g_autofree char *found = g_strjoinv ("|", (char **)(gpointer)strings->items);

  g_assert_true (strings->present);
  g_assert_cmpuint (g_strv_length ((char **)(gpointer)strings->items), ==, strings->n);
  g_assert_cmpstr (found, ==, joined);
}

#define CAP(number) (UINT64_C (1) << (number))

static void
test_process (void)
{
  g_autoptr (RuncSpec) spec = decode_full ();
  const RuncSpecProcess *p = spec->process;

  g_assert_true (p->terminal);
  g_assert_cmpuint (p->console_size->height, ==, 25);
  g_assert_cmpuint (p->console_size->width, ==, 80);
  g_assert_cmpuint (p->user.uid, ==, 1);
  g_assert_cmpuint (p->user.gid, ==, 2);
  g_assert_true (p->user.umask.present);
  g_assert_cmpuint (p->user.umask.value, ==, 022);
  g_assert_cmpuint (p->user.n_additional_gids, ==, 2);
  g_assert_cmpuint (p->user.additional_gids[0], ==, 5);
  g_assert_cmpuint (p->user.additional_gids[1], ==, 4294967294);
  assert_strings (&p->args, "sh|-c|");
  assert_strings (&p->env, "A=1|B=");
  g_assert_cmpstr (p->cwd, ==, "/w");

  g_assert_cmpuint (p->capabilities->bounding, ==, CAP (0) | CAP (40));
  g_assert_cmpuint (p->capabilities->effective, ==, CAP (5));
  g_assert_cmpuint (p->capabilities->inheritable, ==, CAP (5));
  g_assert_cmpuint (p->capabilities->permitted, ==, CAP (34));
  g_assert_cmpuint (p->capabilities->ambient, ==, 0);
  assert_strings (&p->capabilities->unknown, "CAP_NEW|KILL");

  g_assert_cmpuint (p->n_rlimits, ==, 2);
  g_assert_cmpstr (p->rlimits[0].type, ==, "RLIMIT_NOFILE");
  g_assert_cmpint (p->rlimits[0].resource, ==, RLIMIT_NOFILE);
  g_assert_cmpuint (p->rlimits[0].soft, ==, 1024);
  g_assert_cmpuint (p->rlimits[0].hard, ==, 1048576);
  g_assert_cmpint (p->rlimits[1].resource, ==, RLIMIT_CORE);
  g_assert_cmpuint (p->rlimits[1].soft, ==, UINT64_MAX);
  g_assert_cmpuint (p->rlimits[1].hard, ==, UINT64_MAX);

  g_assert_true (p->no_new_privileges);
  g_assert_cmpstr (p->apparmor_profile, ==, "prof");
  g_assert_cmpstr (p->selinux_label, ==, "a:b:c");
  g_assert_true (p->oom_score_adj.present);
  g_assert_cmpint (p->oom_score_adj.value, ==, -500);
  g_assert_cmpint (p->scheduler->policy, ==, 6);
  g_assert_cmpint (p->scheduler->nice, ==, -3);
  g_assert_cmpint (p->scheduler->priority, ==, 4);
  g_assert_cmpuint (p->scheduler->flags, ==, 5);
  g_assert_cmpuint (p->scheduler->runtime, ==, 10);
  g_assert_cmpuint (p->scheduler->deadline, ==, 20);
  g_assert_cmpuint (p->scheduler->period, ==, UINT64_MAX);
  g_assert_cmpint (p->io_priority->ioprio_class, ==, 3);
  g_assert_cmpint (p->io_priority->priority, ==, 6);
  g_assert_cmpstr (p->cpu_affinity_initial, ==, "0-1");
  g_assert_cmpstr (p->cpu_affinity_final, ==, "3");
}

static void
test_top (void)
{
  g_autoptr (RuncSpec) spec = decode_full ();
  const RuncSpecHook *hook = &spec->hooks[RUNC_HOOK_CREATE_RUNTIME].items[0];

  g_assert_cmpstr (spec->oci_version, ==, "1.3.0");
  g_assert_cmpstr (spec->root_path, ==, "rootfs");
  g_assert_true (spec->root_readonly);
  g_assert_cmpstr (spec->hostname, ==, "h");
  g_assert_cmpstr (spec->domainname, ==, "d");
  g_assert_true (spec->has_linux);

  g_assert_cmpuint (spec->n_mounts, ==, 2);
  g_assert_cmpstr (spec->mounts[0].destination, ==, "/proc");
  g_assert_cmpstr (spec->mounts[0].type, ==, "proc");
  g_assert_cmpstr (spec->mounts[0].source, ==, "proc");
  g_assert_false (spec->mounts[0].options.present);
  g_assert_cmpstr (spec->mounts[1].destination, ==, "data");
  g_assert_null (spec->mounts[1].type);
  assert_strings (&spec->mounts[1].options, "rbind|ro");
  g_assert_cmpuint (spec->mounts[1].uid_mappings.n, ==, 1);
  g_assert_cmpuint (spec->mounts[1].uid_mappings.items[0].container_id, ==, 1);
  g_assert_cmpuint (spec->mounts[1].uid_mappings.items[0].host_id, ==, 2);
  g_assert_cmpuint (spec->mounts[1].uid_mappings.items[0].size, ==, 3);
  g_assert_cmpuint (spec->mounts[1].gid_mappings.items[0].size, ==, 6);

  for (int kind = 0; kind < RUNC_HOOK_N_KINDS; kind++)
    {
      g_autofree char *path = g_strdup_printf ("/h%d", kind);
      g_assert_cmpuint (spec->hooks[kind].n, ==, kind == RUNC_HOOK_CREATE_RUNTIME ? 2 : 1);
      g_assert_cmpstr (spec->hooks[kind].items[0].path, ==, path);
    }
  assert_strings (&hook->args, "h1|x");
  assert_strings (&hook->env, "K=V");
  g_assert_true (hook->timeout.present);
  g_assert_cmpint (hook->timeout.value, ==, 5);
  g_assert_false (hook[1].timeout.present);

  g_assert_cmpstr (runc_spec_annotation (spec, "run.oci.network"), ==, "slirp");
  g_assert_cmpstr (runc_spec_annotation (spec, "empty"), ==, "");
  g_assert_null (runc_spec_annotation (spec, "other"));
}

static void
test_linux (void)
{
  g_autoptr (RuncSpec) spec = decode_full ();
  const RuncSpecLinux *l = &spec->linux_spec;

  g_assert_cmpuint (l->uid_mappings.n, ==, 2);
  g_assert_cmpuint (l->uid_mappings.items[1].container_id, ==, 1);
  g_assert_cmpuint (l->uid_mappings.items[1].host_id, ==, 100000);
  g_assert_cmpuint (l->uid_mappings.items[1].size, ==, 65536);
  g_assert_cmpuint (l->gid_mappings.n, ==, 1);
  g_assert_cmpuint (l->gid_mappings.items[0].size, ==, UINT32_MAX);
  g_assert_cmpuint (l->sysctl.n, ==, 2);
  g_assert_cmpstr (l->sysctl.items[0].key, ==, "net.ipv4.ip_forward");
  g_assert_cmpstr (l->sysctl.items[0].value, ==, "1");
  g_assert_cmpstr (l->sysctl.items[1].value, ==, "");
  g_assert_cmpstr (l->cgroups_path, ==, "/a/b");

  g_assert_true (l->namespaces[RUNC_NS_PID].present);
  g_assert_null (l->namespaces[RUNC_NS_PID].path);
  g_assert_cmpstr (l->namespaces[RUNC_NS_NETWORK].path, ==, "/run/n");
  g_assert_true (l->namespaces[RUNC_NS_USER].present);
  g_assert_null (l->namespaces[RUNC_NS_USER].path);
  g_assert_true (l->namespaces[RUNC_NS_TIME].present);
  g_assert_true (l->namespaces[RUNC_NS_MOUNT].present);
  g_assert_false (l->namespaces[RUNC_NS_IPC].present);
  g_assert_false (l->namespaces[RUNC_NS_UTS].present);
  g_assert_false (l->namespaces[RUNC_NS_CGROUP].present);

  g_assert_cmpuint (l->n_devices, ==, 3);
  g_assert_cmpstr (l->devices[0].path, ==, "/dev/fuse");
  g_assert_cmpint (l->devices[0].type, ==, 'c');
  g_assert_cmpint (l->devices[0].major, ==, 10);
  g_assert_cmpint (l->devices[0].minor, ==, 229);
  g_assert_cmpuint (l->devices[0].file_mode.value, ==, 0666);
  g_assert_cmpuint (l->devices[0].uid.value, ==, 3);
  g_assert_cmpuint (l->devices[0].gid.value, ==, 4);
  g_assert_cmpint (l->devices[1].type, ==, 'p');
  g_assert_cmpint (l->devices[1].major, ==, -1);
  g_assert_cmpint (l->devices[1].minor, ==, -1);
  g_assert_false (l->devices[1].file_mode.present);
  g_assert_cmpint (l->devices[2].type, ==, 'u');
  g_assert_cmpint (l->devices[2].major, ==, 0);

  g_assert_cmpuint (l->n_net_devices, ==, 2);
  g_assert_cmpstr (l->net_devices[0].host_name, ==, "eth0");
  g_assert_cmpstr (l->net_devices[0].name, ==, "in0");
  g_assert_cmpstr (l->net_devices[1].host_name, ==, "eth1");
  g_assert_null (l->net_devices[1].name);
  g_assert_cmpstr (l->rootfs_propagation, ==, "rslave");
  assert_strings (&l->masked_paths, "/m");
  assert_strings (&l->readonly_paths, "/r|/s");
  g_assert_cmpstr (l->mount_label, ==, "x:y:z");
  g_assert_cmpstr (l->intel_rdt->clos_id, ==, "clos");
  assert_strings (&l->intel_rdt->schemata, "L2:0=f");
  g_assert_cmpstr (l->intel_rdt->l3_cache_schema, ==, "L3:0=f");
  g_assert_cmpstr (l->intel_rdt->mem_bw_schema, ==, "MB:0=20");
  g_assert_true (l->intel_rdt->enable_monitoring);
  g_assert_cmpstr (l->memory_policy->mode, ==, "MPOL_BIND");
  g_assert_cmpstr (l->memory_policy->nodes, ==, "0");
  assert_strings (&l->memory_policy->flags, "MPOL_F_STATIC_NODES");
  g_assert_cmpstr (l->personality_domain, ==, "LINUX32");
  assert_strings (&l->personality_flags, "f");
  g_assert_cmpuint (l->n_time_offsets, ==, 2);
  g_assert_cmpstr (l->time_offsets[0].clock, ==, "monotonic");
  g_assert_cmpint (l->time_offsets[0].secs, ==, -5);
  g_assert_cmpuint (l->time_offsets[0].nanosecs, ==, 7);
  g_assert_cmpstr (l->time_offsets[1].clock, ==, "boottime");
}

static void
assert_resources (const RuncSpecResources *r)
{
  g_assert_cmpuint (r->n_devices, ==, 2);
  g_assert_true (r->devices[0].allow);
  g_assert_cmpint (r->devices[0].type, ==, 'c');
  g_assert_cmpint (r->devices[0].major.value, ==, 10);
  g_assert_true (r->devices[0].minor.present);
  g_assert_cmpint (r->devices[0].minor.value, ==, -1);
  g_assert_cmpstr (r->devices[0].access, ==, "rw");
  g_assert_false (r->devices[1].allow);
  g_assert_cmpint (r->devices[1].type, ==, 'a');
  g_assert_false (r->devices[1].major.present);

  g_assert_cmpint (r->memory->limit.value, ==, 1);
  g_assert_cmpint (r->memory->reservation.value, ==, 2);
  g_assert_cmpint (r->memory->swap.value, ==, -1);
  g_assert_cmpint (r->memory->kernel.value, ==, 4);
  g_assert_cmpint (r->memory->kernel_tcp.value, ==, 5);
  g_assert_cmpuint (r->memory->swappiness.value, ==, 6);
  g_assert_true (r->memory->disable_oom_killer.value);
  g_assert_true (r->memory->use_hierarchy.present);
  g_assert_false (r->memory->use_hierarchy.value);
  g_assert_true (r->memory->check_before_update.value);

  g_assert_cmpuint (r->cpu->shares.value, ==, 1);
  g_assert_cmpint (r->cpu->quota.value, ==, -2);
  g_assert_cmpuint (r->cpu->burst.value, ==, 3);
  g_assert_cmpuint (r->cpu->period.value, ==, 4);
  g_assert_cmpint (r->cpu->realtime_runtime.value, ==, 5);
  g_assert_cmpuint (r->cpu->realtime_period.value, ==, 6);
  g_assert_cmpstr (r->cpu->cpus, ==, "0-3");
  g_assert_cmpstr (r->cpu->mems, ==, "1");
  g_assert_cmpint (r->cpu->idle.value, ==, 1);
  g_assert_true (r->pids_limit.present);
  g_assert_cmpint (r->pids_limit.value, ==, 77);

  g_assert_cmpuint (r->block_io->weight.value, ==, 10);
  g_assert_cmpuint (r->block_io->leaf_weight.value, ==, 20);
  g_assert_cmpuint (r->block_io->weight_device.n, ==, 2);
  g_assert_cmpint (r->block_io->weight_device.items[0].major, ==, 8);
  g_assert_cmpint (r->block_io->weight_device.items[0].minor, ==, 1);
  g_assert_cmpuint (r->block_io->weight_device.items[0].weight.value, ==, 500);
  g_assert_cmpuint (r->block_io->weight_device.items[0].leaf_weight.value, ==, 300);
  g_assert_false (r->block_io->weight_device.items[1].leaf_weight.present);
  g_assert_cmpint (r->block_io->throttle_read_bps.items[0].minor, ==, 3);
  g_assert_cmpuint (r->block_io->throttle_read_bps.items[0].rate, ==, 1);
  g_assert_cmpuint (r->block_io->throttle_write_bps.items[0].rate, ==, 2);
  g_assert_cmpuint (r->block_io->throttle_read_iops.items[0].rate, ==, 3);
  g_assert_cmpuint (r->block_io->throttle_write_iops.items[0].rate, ==, UINT64_MAX);

  g_assert_cmpuint (r->n_hugepage_limits, ==, 1);
  g_assert_cmpstr (r->hugepage_limits[0].page_size, ==, "2MB");
  g_assert_cmpuint (r->hugepage_limits[0].limit, ==, UINT64_C (9223372036854775808));
  g_assert_cmpuint (r->net_class_id.value, ==, 1048577);
  g_assert_cmpuint (r->n_net_priorities, ==, 1);
  g_assert_cmpstr (r->net_priorities[0].name, ==, "eth0");
  g_assert_cmpuint (r->net_priorities[0].priority, ==, 500);
  g_assert_cmpuint (r->n_rdma, ==, 2);
  g_assert_cmpstr (r->rdma[0].device, ==, "mlx5_1");
  g_assert_cmpuint (r->rdma[0].hca_handles.value, ==, 3);
  g_assert_cmpuint (r->rdma[0].hca_objects.value, ==, 10000);
  g_assert_cmpstr (r->rdma[1].device, ==, "mlx4_0");
  g_assert_false (r->rdma[1].hca_handles.present);
  g_assert_cmpuint (r->unified.n, ==, 2);
  g_assert_cmpstr (r->unified.items[0].key, ==, "memory.high");
  g_assert_cmpstr (r->unified.items[0].value, ==, "1");
}

static void
test_resources (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncSpec) spec = decode_full ();
  g_autoptr (RuncSpec) alone
      = runc_spec_decode_resources (full_resources, strlen (full_resources), &error);

  assert_resources (spec->linux_spec.resources);
  g_assert_no_error (error);
  assert_resources (alone->linux_spec.resources);
  g_assert_null (alone->process);
  g_assert_false (alone->has_linux);
}

static void
test_seccomp (void)
{
  g_autoptr (RuncSpec) spec = decode_full ();
  const RuncSpecSeccomp *s = spec->linux_spec.seccomp;
  const RuncSpecSyscall *call = &s->syscalls[1];

  g_assert_cmpstr (s->default_action, ==, "SCMP_ACT_ERRNO");
  g_assert_cmpuint (s->default_errno_ret.value, ==, 38);
  assert_strings (&s->architectures, "SCMP_ARCH_X86_64");
  assert_strings (&s->flags, "SECCOMP_FILTER_FLAG_LOG");
  g_assert_cmpstr (s->listener_path, ==, "/run/l");
  g_assert_cmpstr (s->listener_metadata, ==, "meta");
  g_assert_cmpuint (s->n_syscalls, ==, 2);
  assert_strings (&s->syscalls[0].names, "a|b");
  g_assert_cmpstr (s->syscalls[0].action, ==, "SCMP_ACT_ALLOW");
  g_assert_false (s->syscalls[0].errno_ret.present);
  g_assert_cmpuint (s->syscalls[0].n_args, ==, 0);
  g_assert_cmpuint (call->errno_ret.value, ==, 7);
  g_assert_cmpuint (call->n_args, ==, 1);
  g_assert_cmpuint (call->args[0].index, ==, 5);
  g_assert_cmpuint (call->args[0].value, ==, UINT64_MAX);
  g_assert_cmpuint (call->args[0].value_two, ==, UINT64_C (9223372036854775808));
  g_assert_cmpstr (call->args[0].op, ==, "SCMP_CMP_MASKED_EQ");
  g_assert_cmpstr (json_object_get_string (json_object_object_get (s->json, "listenerMetadata")),
                   ==, "meta");
}

/* Nothing said, nothing set. */
static void
test_empty (void)
{
  g_autoptr (RuncSpec) spec = decode ("{}");
  g_autoptr (RuncSpec) nulls = decode (
      "{\"ociVersion\":null,\"process\":null,\"root\":null,\"hooks\":null,\"mounts\":null,"
      "\"annotations\":null,\"linux\":null}");
  g_autoptr (RuncSpec) blanks
      = decode ("{\"hostname\":\"\",\"root\":{\"path\":\"\"},\"process\":{\"cwd\":\"\",\"args\":[],"
                "\"apparmorProfile\":\"\"},\"linux\":{\"cgroupsPath\":\"\",\"maskedPaths\":[]}}");

  g_assert_null (spec->oci_version);
  g_assert_null (spec->process);
  g_assert_null (spec->root_path);
  g_assert_cmpuint (spec->n_mounts, ==, 0);
  g_assert_false (spec->has_linux);
  g_assert_null (spec->linux_spec.resources);

  g_assert_null (nulls->process);
  g_assert_false (nulls->has_linux);

  g_assert_null (blanks->hostname);
  g_assert_null (blanks->root_path);
  g_assert_null (blanks->process->cwd);
  g_assert_true (blanks->process->args.present);
  g_assert_cmpuint (blanks->process->args.n, ==, 0);
  g_assert_false (blanks->process->env.present);
  g_assert_null (blanks->process->capabilities);
  g_assert_null (blanks->process->apparmor_profile);
  g_assert_true (blanks->has_linux);
  g_assert_null (blanks->linux_spec.cgroups_path);
  g_assert_true (blanks->linux_spec.masked_paths.present);
}

/* Engines write "no filter" as an empty profile, or leave parts of it null. */
static void
test_seccomp_off (void)
{
  g_autoptr (RuncSpec) empty = decode ("{\"linux\":{\"seccomp\":{}}}");
  g_autoptr (RuncSpec) null
      = decode ("{\"linux\":{\"seccomp\":{\"architectures\":null,\"defaultAction\":\"\"}}}");
  g_autoptr (RuncSpec) on = decode (
      "{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":null}}}");

  g_assert_null (empty->linux_spec.seccomp);
  g_assert_null (null->linux_spec.seccomp);
  g_assert_nonnull (on->linux_spec.seccomp);
  g_assert_false (on->linux_spec.seccomp->architectures.present);
}

static void
test_duplicate_keys (void)
{
  g_autoptr (RuncSpec) spec
      = decode ("{\"hostname\":\"first\",\"root\":{\"path\":\"a\"},\"hostname\":\"last\"}");

  g_assert_cmpstr (spec->hostname, ==, "last");
  g_assert_cmpstr (spec->root_path, ==, "a");
}

/* Scripts for runc write "CPU", "Cpus" and "pagesize", and get both halves of what they wrote;
 * only a seccomp profile is never put together. */
static void
test_case_of_keys (void)
{
  g_autoptr (RuncSpec) spec
      = decode ("{\"Linux\":{\"resources\":{\"cpu\":{\"shares\":5,\"cpus\":\"1\"},"
                "\"CPU\":{\"Cpus\":\"0\",\"Mems\":\"0\"},"
                "\"hugepagelimits\":[{\"pagesize\":\"2MB\",\"limit\":1}]},"
                "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{}]},"
                "\"Seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}},"
                "\"process\":{\"args\":[\"a\"],\"ARGS\":[]}}");
  const RuncSpecResources *resources = spec->linux_spec.resources;
  const RuncSpecSeccomp *seccomp = spec->linux_spec.seccomp;
  const char wrong[] = "{\"CPU\": {\"Shares\": -1}}";
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (resources->cpu->shares.value, ==, 5);
  g_assert_cmpstr (resources->cpu->cpus, ==, "0");
  g_assert_cmpstr (resources->cpu->mems, ==, "0");
  g_assert_cmpstr (resources->hugepage_limits[0].page_size, ==, "2MB");
  g_assert_cmpuint (spec->process->args.n, ==, 0);
  g_assert_cmpstr (seccomp->default_action, ==, "SCMP_ACT_LOG");
  g_assert_cmpuint (seccomp->n_syscalls, ==, 0);
  g_assert_null (runc_spec_decode_resources (wrong, strlen (wrong), &error));
  g_assert_cmpstr (error->message, ==,
                   "CPU.Shares: expected a number from 0 to 18446744073709551615, got -1");
}

/* Only so many unknown capabilities are kept; all are read. */
static void
test_many_unknown_capabilities (void)
{
  g_autoptr (GString) text = g_string_new ("{\"process\":{\"capabilities\":{\"bounding\":[");

  for (int i = 0; i < 100000; i++)
    g_string_append_printf (text, "\"CAP_%d\",", i);
  g_string_append (text, "\"CAP_KILL\"]}}}");
  g_autoptr (RuncSpec) spec = decode (text->str);
  g_assert_cmpuint (spec->process->capabilities->unknown.n, ==, 64);
  g_assert_cmpuint (spec->process->capabilities->bounding, ==, CAP (5));
}

static void
test_process_alone (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncSpec) spec
      = runc_spec_decode_process (full_process, strlen (full_process), &error);
  const char wrong[] = "{\"args\": \"sh\"}";
  const char broken[] = "{\"args\"";

  g_assert_no_error (error);
  assert_strings (&spec->process->args, "sh|-c|");
  g_assert_null (spec->root_path);
  g_assert_null (runc_spec_decode_process (wrong, strlen (wrong), &error));
  g_assert_cmpstr (error->message, ==, "args: expected an array of strings, got a string");
  g_clear_error (&error);
  g_assert_null (runc_spec_decode_process (broken, strlen (broken), &error));
  g_assert_cmpstr (error->message, ==, "process.json:1:8: unexpected end of file");
}

static void
test_document (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "[]", "config.json: expected an object, got an array" },
    { "\"x\"", "config.json: expected an object, got a string" },
    { "null", "config.json:1:1: the document is null" },
    { "{\n \"linux\": {,}\n}",
      "config.json:2:12: unexpected ',', expected a name in double quotes" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (runc_spec_decode (cases[i].text, strlen (cases[i].text), &error));
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
      g_assert_cmpstr (error->message, ==, cases[i].message);
      /* nobody has to ask for the reason */
      g_assert_null (runc_spec_decode (cases[i].text, strlen (cases[i].text), NULL));
    }
}

static void
test_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("runc-test-spec-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "config.json", NULL);
  int dir_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  g_assert_no_error (error);
  g_assert_null (runc_spec_read (dir_fd, "config.json", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "JSON specification file config.json not found");
  g_clear_error (&error);

  g_assert_null (runc_spec_read (dir_fd, ".", &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_SYSTEM);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "{\"hostname\": \"h\"}\n", -1, NULL));
  g_autoptr (RuncSpec) spec = runc_spec_read (dir_fd, "config.json", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spec->hostname, ==, "h");

  g_assert_true (g_file_set_contents (path, "{\"hostname\": \"h\"", -1, NULL));
  g_assert_null (runc_spec_read (dir_fd, "config.json", &error));
  g_assert_cmpstr (error->message, ==, "config.json:1:17: unexpected end of file");
  g_clear_error (&error);

  g_assert_cmpint (truncate (path, 16 * 1024 * 1024 + 1), ==, 0);
  g_assert_null (runc_spec_read (dir_fd, "config.json", &error));
  g_assert_nonnull (strstr (error->message, "is larger than"));

  g_unlink (path);
  g_rmdir (dir);
  close (dir_fd);
}

static void
test_names (void)
{
  g_assert_cmpint (runc_capability_last (), ==, 40);
  for (int i = 0; i <= runc_capability_last (); i++)
    g_assert_cmpint (runc_capability_from_string (runc_capability_to_string (i)), ==, i);
  g_assert_null (runc_capability_to_string (41));
  g_assert_null (runc_capability_to_string (-1));
  g_assert_cmpstr (runc_capability_to_string (21), ==, "CAP_SYS_ADMIN");
  g_assert_cmpint (runc_capability_from_string ("cap_sys_admin"), ==, 21);
  g_assert_cmpint (runc_capability_from_string ("SYS_ADMIN"), ==, -1);
  g_assert_cmpint (runc_capability_from_string (""), ==, -1);

  g_assert_cmpstr (runc_namespace_to_string (RUNC_NS_NETWORK), ==, "network");
  g_assert_cmpstr (runc_namespace_proc_name (RUNC_NS_NETWORK), ==, "net");
  g_assert_cmpuint (runc_namespace_clone_flag (RUNC_NS_NETWORK), ==, 0x40000000);
  g_assert_cmpstr (runc_namespace_proc_name (RUNC_NS_MOUNT), ==, "mnt");
  g_assert_cmpstr (runc_hook_kind_to_string (RUNC_HOOK_POSTSTOP), ==, "poststop");
  g_assert_cmpint (runc_name_find (runc_names_mempolicy_mode, "MPOL_LOCAL")->value, ==, 4);
  g_assert_null (runc_name_find (runc_names_mempolicy_mode, "mpol_local"));
}

static void
test_id_list (void)
{
  static const struct
  {
    const char *list;
    int result;
    uint64_t bits;
  } cases[] = {
    { "0", 1, 0x1 },
    { "0-3,7", 5, 0x8f },
    { "63", 1, UINT64_C (1) << 63 },
    { "0-63", 64, UINT64_MAX },
    { "1,1,1-1", 1, 0x2 },
    { " 1 , 3\n", 2, 0xa },
    { ",1,,2,", 2, 0x6 },
    { "0-7:2/4", 4, 0x33 },
    { "64", -ERANGE, 0 },
    { "0-64", -ERANGE, 0 },
    { "99999999999999999999", -ERANGE, 0 },
    { "", -EINVAL, 0 },
    { ",", -EINVAL, 0 },
    { "a", -EINVAL, 0 },
    { "1-", -EINVAL, 0 },
    { "-1", -EINVAL, 0 },
    { "3-1", -EINVAL, 0 },
    { "1 2", -EINVAL, 0 },
    { "1-2-3", -EINVAL, 0 },
    { "0-7:2", -EINVAL, 0 },
    { "0-7:0/4", -EINVAL, 0 },
    { "0-7:5/4", -EINVAL, 0 },
    { "0-7:2/0", -EINVAL, 0 },
    { "0x1", -EINVAL, 0 },
  };
  uint64_t wide[2];

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      uint64_t bits = 0;
      int r = runc_spec_parse_id_list (cases[i].list, &bits, 1);
      g_test_message ("'%s'", cases[i].list);
      g_assert_cmpint (r, ==, cases[i].result);
      if (r > 0)
        g_assert_cmpuint (bits, ==, cases[i].bits);
    }
  g_assert_cmpint (runc_spec_parse_id_list ("62-65", wide, 2), ==, 4);
  g_assert_cmpuint (wide[0], ==, UINT64_C (3) << 62);
  g_assert_cmpuint (wide[1], ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spec/decode/top", test_top);
  g_test_add_func ("/spec/decode/process", test_process);
  g_test_add_func ("/spec/decode/linux", test_linux);
  g_test_add_func ("/spec/decode/resources", test_resources);
  g_test_add_func ("/spec/decode/seccomp", test_seccomp);
  g_test_add_func ("/spec/decode/empty", test_empty);
  g_test_add_func ("/spec/decode/seccomp-off", test_seccomp_off);
  g_test_add_func ("/spec/decode/duplicate-keys", test_duplicate_keys);
  g_test_add_func ("/spec/decode/case-of-keys", test_case_of_keys);
  g_test_add_func ("/spec/decode/many-unknown-capabilities", test_many_unknown_capabilities);
  g_test_add_func ("/spec/decode/process-alone", test_process_alone);
  g_test_add_func ("/spec/decode/document", test_document);
  g_test_add_func ("/spec/decode/read", test_read);
  g_test_add_func ("/spec/names", test_names);
  g_test_add_func ("/spec/id-list", test_id_list);
  return g_test_run ();
}
