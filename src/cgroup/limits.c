/* Which limits mean which files. Pure; runs in the parent. */
#include "cgroup/limits.h"

#include "base/error.h"
#include "cgroup/convert.h"

#include <string.h>

#define U64 "%" G_GUINT64_FORMAT
#define I64 "%" G_GINT64_FORMAT

#define V2 RUNC_CGROUP_N_V1

static void
limit_free (gpointer data)
{
  RuncLimit *limit = data;

  g_free (limit->file);
  g_free (limit->value);
  g_free (limit->reset);
  g_free (limit);
}

static RuncLimit *
take_limit (GPtrArray *list, RuncCgroupV1Controller controller, const char *file, char *take_value)
{
  RuncLimit *limit = g_new0 (RuncLimit, 1);

  limit->controller = controller;
  limit->file = g_strdup (file);
  limit->value = take_value;
  g_ptr_array_add (list, limit);
  return limit;
}

static RuncLimit *
add_u64 (GPtrArray *list, RuncCgroupV1Controller controller, const char *file, guint64 value)
{
  return take_limit (list, controller, file, g_strdup_printf (U64, value));
}

static RuncLimit *
add_i64 (GPtrArray *list, RuncCgroupV1Controller controller, const char *file, gint64 value)
{
  return take_limit (list, controller, file, g_strdup_printf (I64, value));
}

/* The value of an optional number whose 0 means unset, too. */
static gint64
number (RuncOptInt64 opt)
{
  return opt.present ? opt.value : 0;
}

static guint64
unsigned_number (RuncOptUint64 opt)
{
  return opt.present ? opt.value : 0;
}

/* ---- what both versions have ---- */

static void
add_pids (GPtrArray *list, RuncCgroupV1Controller controller, RuncOptInt64 pids)
{
  if (!pids.present)
    return;
  guint64 max = runc_cgroup_pids_max (pids.value);
  take_limit (list, controller, "pids.max",
              max == G_MAXUINT64 ? g_strdup ("max") : g_strdup_printf (U64, max));
}

static void
add_cpuset (GPtrArray *list, RuncCgroupV1Controller controller, const RuncSpecCpu *cpu)
{
  if (cpu->cpus != NULL && *cpu->cpus != '\0')
    take_limit (list, controller, "cpuset.cpus", g_strdup (cpu->cpus));
  if (cpu->mems != NULL && *cpu->mems != '\0')
    take_limit (list, controller, "cpuset.mems", g_strdup (cpu->mems));
}

static gboolean
add_hugepages (GPtrArray *list, RuncCgroupV1Controller controller, const RuncSpecResources *r,
               GError **error)
{
  const char *suffix = controller == V2 ? "max" : "limit_in_bytes";

  for (gsize i = 0; i < r->n_hugepage_limits; i++)
    {
      const RuncSpecHugepageLimit *limit = &r->hugepage_limits[i];

      if (limit->page_size == NULL
          || limit->page_size[strspn (limit->page_size, "0123456789KMGTB")] != '\0')
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "linux.resources.hugepageLimits[%" G_GSIZE_FORMAT
                           "].pageSize: '%s' is not a page size like '2MB'",
                           i, limit->page_size != NULL ? limit->page_size : "");
      g_autofree char *file = g_strdup_printf ("hugetlb.%s.%s", limit->page_size, suffix);
      g_autofree char *rsvd = g_strdup_printf ("hugetlb.%s.rsvd.%s", limit->page_size, suffix);
      add_u64 (list, controller, file, limit->limit);
      add_u64 (list, controller, rsvd, limit->limit)->flags = RUNC_LIMIT_OPTIONAL; /* Linux 5.7 */
    }
  return TRUE;
}

static void
add_rdma (GPtrArray *list, RuncCgroupV1Controller controller, const RuncSpecResources *r)
{
  for (gsize i = 0; i < r->n_rdma; i++)
    {
      const RuncSpecRdma *rdma = &r->rdma[i];
      GString *value = g_string_new (rdma->device);
      GString *reset = g_string_new (rdma->device);

      if (rdma->hca_handles.present)
        {
          g_string_append_printf (value, " hca_handle=%u", rdma->hca_handles.value);
          g_string_append (reset, " hca_handle=max");
        }
      if (rdma->hca_objects.present)
        {
          g_string_append_printf (value, " hca_object=%u", rdma->hca_objects.value);
          g_string_append (reset, " hca_object=max");
        }
      take_limit (list, controller, "rdma.max", g_string_free (value, FALSE))->reset
          = g_string_free (reset, FALSE);
    }
}

/* One line per throttled device.
 *
 * @format: of major, minor and rate */
static void
add_throttle (GPtrArray *list, RuncCgroupV1Controller controller, const char *file,
              const char *word, const RuncSpecBlockIoDevices *devices)
{
  for (gsize i = 0; i < devices->n; i++)
    {
      const RuncSpecBlockIoDevice *d = &devices->items[i];
      g_autofree char *device = g_strdup_printf (I64 ":" I64, d->major, d->minor);
      RuncLimit *limit;

      /* v1 takes 0 for none, v2 "max" (and refuses 0). */
      limit = take_limit (list, controller, file, NULL);
      if (controller != V2)
        limit->value = g_strdup_printf ("%s " U64, device, d->rate);
      else if (d->rate == 0)
        limit->value = g_strdup_printf ("%s %s=max", device, word);
      else
        limit->value = g_strdup_printf ("%s %s=" U64, device, word, d->rate);
      limit->reset = controller == V2 ? g_strdup_printf ("%s %s=max", device, word)
                                      : g_strdup_printf ("%s 0", device);
    }
}

/* ---- v2 ---- */

static gboolean
add_memory_v2 (GPtrArray *list, const RuncSpecMemory *m, GError **error)
{
  gint64 limit = number (m->limit), swap = 0;
  gboolean set_swap = FALSE;

  if (!runc_cgroup_swap_from_memsw (number (m->swap), limit, &set_swap, &swap, error))
    return FALSE;
  if (set_swap)
    {
      RuncLimit *entry = take_limit (list, V2, "memory.swap.max", runc_cgroup_limit_text (swap));
      /* A kernel without swap accounting has no swap to be limited. */
      if (swap <= 0)
        entry->flags = RUNC_LIMIT_OPTIONAL;
    }
  if (limit != 0)
    take_limit (list, V2, "memory.max", runc_cgroup_limit_text (limit));
  if (number (m->reservation) != 0)
    take_limit (list, V2, "memory.low", runc_cgroup_limit_text (m->reservation.value));
  return TRUE;
}

static void
add_cpu_v2 (GPtrArray *list, const RuncSpecCpu *cpu)
{
  gint64 quota = number (cpu->quota);
  guint64 period = unsigned_number (cpu->period);
  guint64 weight = runc_cgroup_weight_from_shares (unsigned_number (cpu->shares));

  if (cpu->idle.present)
    add_i64 (list, V2, "cpu.idle", cpu->idle.value);
  if (weight != 0)
    add_u64 (list, V2, "cpu.weight", weight);
  if (cpu->burst.present)
    add_u64 (list, V2, "cpu.max.burst", cpu->burst.value)->flags = RUNC_LIMIT_RETRY;
  if (quota != 0 || period != 0)
    take_limit (list, V2, "cpu.max", runc_cgroup_cpu_max (quota, period));
}

static void
add_block_io_v2 (GPtrArray *list, const RuncSpecBlockIo *io)
{
  guint64 weight = unsigned_number (io->weight);

  if (weight != 0)
    {
      add_u64 (list, V2, "io.bfq.weight", weight)->flags = RUNC_LIMIT_OR_NEXT;
      add_u64 (list, V2, "io.weight", runc_cgroup_io_weight_from_blkio (weight));
    }
  for (gsize i = 0; i < io->weight_device.n; i++)
    {
      const RuncSpecBlockIoDevice *d = &io->weight_device.items[i];
      RuncLimit *limit;

      if (unsigned_number (d->weight) == 0)
        continue;
      limit
          = take_limit (list, V2, "io.bfq.weight",
                        g_strdup_printf (I64 ":" I64 " " U64, d->major, d->minor, d->weight.value));
      limit->reset = g_strdup_printf (I64 ":" I64 " default", d->major, d->minor);
      limit->flags = RUNC_LIMIT_OR_NEXT;
      limit = take_limit (list, V2, "io.weight",
                          g_strdup_printf (I64 ":" I64 " " U64, d->major, d->minor,
                                           runc_cgroup_io_weight_from_blkio (d->weight.value)));
      limit->reset = g_strdup_printf (I64 ":" I64 " default", d->major, d->minor);
    }
  add_throttle (list, V2, "io.max", "rbps", &io->throttle_read_bps);
  add_throttle (list, V2, "io.max", "wbps", &io->throttle_write_bps);
  add_throttle (list, V2, "io.max", "riops", &io->throttle_read_iops);
  add_throttle (list, V2, "io.max", "wiops", &io->throttle_write_iops);
}

static gboolean
add_unified (GPtrArray *list, const RuncPairs *unified, GError **error)
{
  for (gsize i = 0; i < unified->n; i++)
    {
      const char *key = unified->items[i].key;

      if (strchr (key, '/') != NULL)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "unified resource \"%s\" must be a file name (no slashes)", key);
      if (strchr (key, '.') == NULL || *key == '.')
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "unified resource \"%s\" must be in the form CONTROLLER.PARAMETER", key);
      take_limit (list, V2, key, g_strdup (unified->items[i].value))->flags = RUNC_LIMIT_LINES;
    }
  return TRUE;
}

GPtrArray *
runc_cgroup_limits_v2 (const RuncSpecResources *r, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (limit_free);

  if (r == NULL)
    return g_steal_pointer (&list);
  add_pids (list, V2, r->pids_limit);
  if (r->memory != NULL && !add_memory_v2 (list, r->memory, error))
    return NULL;
  if (r->block_io != NULL)
    add_block_io_v2 (list, r->block_io);
  if (r->cpu != NULL)
    {
      add_cpu_v2 (list, r->cpu);
      add_cpuset (list, V2, r->cpu);
    }
  if (!add_hugepages (list, V2, r, error))
    return NULL;
  add_rdma (list, V2, r);
  if (!add_unified (list, &r->unified, error))
    return NULL;
  return g_steal_pointer (&list);
}

/* ---- v1 ---- */

static gboolean
add_memory_v1 (GPtrArray *list, const RuncSpecMemory *m, GError **error)
{
  const RuncCgroupV1Controller memory = RUNC_CGROUP_V1_MEMORY;
  gint64 limit = number (m->limit), memsw = number (m->swap);

  /* Either of the two may have to go first, depending on what is there. */
  if (limit != 0)
    add_i64 (list, memory, "memory.limit_in_bytes", limit)->flags = RUNC_LIMIT_RETRY;
  if (memsw != 0)
    add_i64 (list, memory, "memory.memsw.limit_in_bytes", memsw)->flags = RUNC_LIMIT_RETRY;
  else if (limit == -1)
    /* Unlimited memory without a word about swap means both, where swap is accounted. */
    add_i64 (list, memory, "memory.memsw.limit_in_bytes", -1)->flags
        = RUNC_LIMIT_RETRY | RUNC_LIMIT_OPTIONAL;
  if (number (m->reservation) != 0)
    add_i64 (list, memory, "memory.soft_limit_in_bytes", m->reservation.value);
  if (m->disable_oom_killer.present && m->disable_oom_killer.value)
    add_u64 (list, memory, "memory.oom_control", 1);
  /* -1 arrives as the largest number. */
  if (m->swappiness.present && m->swappiness.value != G_MAXUINT64)
    {
      if (m->swappiness.value > 100)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "invalid memory swappiness value: " U64 " (valid range is 0-100)",
                           m->swappiness.value);
      add_u64 (list, memory, "memory.swappiness", m->swappiness.value);
    }
  return TRUE;
}

static void
add_cpu_v1 (GPtrArray *list, const RuncSpecCpu *cpu)
{
  const RuncCgroupV1Controller v1 = RUNC_CGROUP_V1_CPU;

  if (unsigned_number (cpu->realtime_period) != 0)
    add_u64 (list, v1, "cpu.rt_period_us", cpu->realtime_period.value)->flags = RUNC_LIMIT_RETRY;
  if (number (cpu->realtime_runtime) != 0)
    add_i64 (list, v1, "cpu.rt_runtime_us", cpu->realtime_runtime.value)->flags = RUNC_LIMIT_RETRY;
  if (unsigned_number (cpu->shares) != 0)
    add_u64 (list, v1, "cpu.shares", cpu->shares.value)->flags = RUNC_LIMIT_CLAMPED;
  if (unsigned_number (cpu->period) != 0)
    add_u64 (list, v1, "cpu.cfs_period_us", cpu->period.value)->flags = RUNC_LIMIT_RETRY;
  if (cpu->burst.present)
    add_u64 (list, v1, "cpu.cfs_burst_us", cpu->burst.value)->flags
        = RUNC_LIMIT_RETRY | RUNC_LIMIT_OPTIONAL; /* Linux 5.14 */
  if (number (cpu->quota) != 0)
    add_i64 (list, v1, "cpu.cfs_quota_us", cpu->quota.value)->flags = RUNC_LIMIT_RETRY;
  if (cpu->idle.present)
    add_i64 (list, v1, "cpu.idle", cpu->idle.value);
}

/* A weight of one device, in the file of whichever scheduler has one. */
static void
add_weight_device_v1 (GPtrArray *list, const char *const *files, const RuncSpecBlockIoDevice *d,
                      guint64 weight)
{
  for (; weight != 0 && *files != NULL; files++)
    {
      RuncLimit *limit
          = take_limit (list, RUNC_CGROUP_V1_BLKIO, *files,
                        g_strdup_printf (I64 ":" I64 " " U64, d->major, d->minor, weight));
      limit->reset = g_strdup_printf (I64 ":" I64 " 0", d->major, d->minor);
      limit->flags = files[1] != NULL ? RUNC_LIMIT_OR_NEXT : RUNC_LIMIT_PLAIN;
    }
}

static void
add_block_io_v1 (GPtrArray *list, const RuncSpecBlockIo *io)
{
  static const char *const weight_files[]
      = { "blkio.weight_device", "blkio.bfq.weight_device", NULL };
  static const char *const leaf_files[] = { "blkio.leaf_weight_device", NULL };
  const RuncCgroupV1Controller blkio = RUNC_CGROUP_V1_BLKIO;

  if (unsigned_number (io->weight) != 0)
    {
      add_u64 (list, blkio, "blkio.weight", io->weight.value)->flags = RUNC_LIMIT_OR_NEXT;
      add_u64 (list, blkio, "blkio.bfq.weight", io->weight.value);
    }
  if (unsigned_number (io->leaf_weight) != 0)
    add_u64 (list, blkio, "blkio.leaf_weight", io->leaf_weight.value);
  for (gsize i = 0; i < io->weight_device.n; i++)
    {
      const RuncSpecBlockIoDevice *d = &io->weight_device.items[i];

      add_weight_device_v1 (list, weight_files, d, unsigned_number (d->weight));
      add_weight_device_v1 (list, leaf_files, d, unsigned_number (d->leaf_weight));
    }
  add_throttle (list, blkio, "blkio.throttle.read_bps_device", NULL, &io->throttle_read_bps);
  add_throttle (list, blkio, "blkio.throttle.write_bps_device", NULL, &io->throttle_write_bps);
  add_throttle (list, blkio, "blkio.throttle.read_iops_device", NULL, &io->throttle_read_iops);
  add_throttle (list, blkio, "blkio.throttle.write_iops_device", NULL, &io->throttle_write_iops);
}

static void
add_network_v1 (GPtrArray *list, const RuncSpecResources *r)
{
  if (r->net_class_id.present && r->net_class_id.value != 0)
    add_u64 (list, RUNC_CGROUP_V1_NET_CLS, "net_cls.classid", r->net_class_id.value);
  for (gsize i = 0; i < r->n_net_priorities; i++)
    {
      const RuncSpecInterfacePriority *p = &r->net_priorities[i];

      take_limit (list, RUNC_CGROUP_V1_NET_PRIO, "net_prio.ifpriomap",
                  g_strdup_printf ("%s %u", p->name, p->priority))
          ->reset
          = g_strdup_printf ("%s 0", p->name);
    }
}

GPtrArray *
runc_cgroup_limits_v1 (const RuncSpecResources *r, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (limit_free);

  if (r == NULL)
    return g_steal_pointer (&list);
  if (r->unified.n > 0)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                  "invalid configuration: cannot use linux.resources.unified on cgroup v1");
      return NULL;
    }
  if (r->cpu != NULL)
    add_cpuset (list, RUNC_CGROUP_V1_CPUSET, r->cpu);
  if (r->memory != NULL && !add_memory_v1 (list, r->memory, error))
    return NULL;
  if (r->cpu != NULL)
    add_cpu_v1 (list, r->cpu);
  add_pids (list, RUNC_CGROUP_V1_PIDS, r->pids_limit);
  if (r->block_io != NULL)
    add_block_io_v1 (list, r->block_io);
  if (!add_hugepages (list, RUNC_CGROUP_V1_HUGETLB, r, error))
    return NULL;
  add_network_v1 (list, r);
  add_rdma (list, RUNC_CGROUP_V1_RDMA, r);
  return g_steal_pointer (&list);
}
