/* The rules for `linux.resources`, also on its own (update -r). Runs in the parent; no I/O.
 *
 * Loose where runc is: what a limit means, and whether a controller takes it, is for src/cgroup to
 * say. Refused is what no controller could take.
 */
#include "spec/validate.h"

#include <errno.h>
#include <string.h>

/* blkio.weight, io.bfq.weight */
#define MIN_WEIGHT 10
#define MAX_WEIGHT 1000

gboolean
runc_validate_id_list (const char *list, const char *what, GError **error)
{
  uint64_t bits[RUNC_ID_LIST_WORDS];
  int n = list != NULL ? runc_spec_parse_id_list (list, bits, RUNC_ID_LIST_WORDS) : 1;

  if (n == -ERANGE)
    return runc_spec_invalid (error, "%s '%s' goes beyond %d", what, list,
                              RUNC_ID_LIST_WORDS * 64 - 1);
  if (n < 0)
    return runc_spec_invalid (error, "%s '%s' is not a list of numbers and ranges, as \"0-3,7\"",
                              what, list);
  return TRUE;
}

static gboolean
check_device_rules (const RuncSpecResources *resources, const char *path, GError **error)
{
  for (gsize i = 0; i < resources->n_devices; i++)
    {
      const RuncSpecDeviceRule *rule = &resources->devices[i];
      if (rule->access != NULL && rule->access[strspn (rule->access, "rwm")] != '\0')
        return runc_spec_invalid (error, "%s.devices[%zu].access: '%s' is not made of r, w and m",
                                  path, i, rule->access);
      if (rule->major.present && (rule->major.value < -1 || rule->major.value > UINT32_MAX))
        return runc_spec_invalid (error,
                                  "%s.devices[%zu].major: %" G_GINT64_FORMAT
                                  " is not a device number",
                                  path, i, rule->major.value);
      if (rule->minor.present && (rule->minor.value < -1 || rule->minor.value > UINT32_MAX))
        return runc_spec_invalid (error,
                                  "%s.devices[%zu].minor: %" G_GINT64_FORMAT
                                  " is not a device number",
                                  path, i, rule->minor.value);
    }
  return TRUE;
}

static gboolean
check_limit (const RuncOptInt64 *limit, const char *path, const char *member, GError **error)
{
  if (limit->present && limit->value < -1)
    return runc_spec_invalid (error, "%s.%s: expected a limit or -1 (none), got %" G_GINT64_FORMAT,
                              path, member, limit->value);
  return TRUE;
}

static gboolean
check_memory (const RuncSpecMemory *memory, const char *path, GError **error)
{
  /* 2^64-1 is how engines that use signed numbers write "not set". */
  if (memory->swappiness.present && memory->swappiness.value > 100
      && memory->swappiness.value != UINT64_MAX)
    return runc_spec_invalid (
        error, "%s.memory.swappiness: expected a number from 0 to 100, got %" G_GUINT64_FORMAT,
        path, memory->swappiness.value);
  return check_limit (&memory->limit, path, "memory.limit", error)
         && check_limit (&memory->reservation, path, "memory.reservation", error)
         && check_limit (&memory->swap, path, "memory.swap", error)
         && check_limit (&memory->kernel, path, "memory.kernel", error)
         && check_limit (&memory->kernel_tcp, path, "memory.kernelTCP", error);
}

static gboolean
check_cpu (const RuncSpecCpu *cpu, const char *path, GError **error)
{
  g_autofree char *cpus = g_strdup_printf ("%s.cpu.cpus:", path);
  g_autofree char *mems = g_strdup_printf ("%s.cpu.mems:", path);

  if (cpu->idle.present && cpu->idle.value != 0 && cpu->idle.value != 1)
    return runc_spec_invalid (error, "%s.cpu.idle: expected 0 or 1, got %" G_GINT64_FORMAT, path,
                              cpu->idle.value);
  if (cpu->burst.present && cpu->quota.present && cpu->quota.value > 0
      && cpu->burst.value > (uint64_t)cpu->quota.value)
    return runc_spec_invalid (error,
                              "%s.cpu.burst: %" G_GUINT64_FORMAT
                              " is above the quota of %" G_GINT64_FORMAT,
                              path, cpu->burst.value, cpu->quota.value);
  return runc_validate_id_list (cpu->cpus, cpus, error)
         && runc_validate_id_list (cpu->mems, mems, error);
}

/* 0 is "not set". */
static gboolean
check_weight (const RuncOptUint64 *weight, const char *place, const char *member, GError **error)
{
  if (weight->present && weight->value != 0
      && (weight->value < MIN_WEIGHT || weight->value > MAX_WEIGHT))
    return runc_spec_invalid (error,
                              "%s.%s: expected a number from %d to %d, got %" G_GUINT64_FORMAT,
                              place, member, MIN_WEIGHT, MAX_WEIGHT, weight->value);
  return TRUE;
}

static gboolean
check_block_devices (const RuncSpecBlockIoDevices *devices, const char *path, const char *member,
                     GError **error)
{
  for (gsize i = 0; i < devices->n; i++)
    {
      const RuncSpecBlockIoDevice *device = &devices->items[i];
      if (device->major < 0 || device->minor < 0)
        return runc_spec_invalid (error,
                                  "%s.blockIO.%s[%zu]: %" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                                  " is not a device number",
                                  path, member, i, device->major, device->minor);
    }
  return TRUE;
}

static gboolean
check_block_io (const RuncSpecBlockIo *io, const char *path, GError **error)
{
  g_autofree char *place = g_strdup_printf ("%s.blockIO", path);

  if (!check_weight (&io->weight, place, "weight", error)
      || !check_weight (&io->leaf_weight, place, "leafWeight", error))
    return FALSE;
  for (gsize i = 0; i < io->weight_device.n; i++)
    {
      const RuncSpecBlockIoDevice *device = &io->weight_device.items[i];
      g_autofree char *entry = g_strdup_printf ("%s.weightDevice[%zu]", place, i);
      if (!device->weight.present && !device->leaf_weight.present)
        return runc_spec_invalid (error, "%s: needs weight or leafWeight", entry);
      if (!check_weight (&device->weight, entry, "weight", error)
          || !check_weight (&device->leaf_weight, entry, "leafWeight", error))
        return FALSE;
    }
  return check_block_devices (&io->weight_device, path, "weightDevice", error)
         && check_block_devices (&io->throttle_read_bps, path, "throttleReadBpsDevice", error)
         && check_block_devices (&io->throttle_write_bps, path, "throttleWriteBpsDevice", error)
         && check_block_devices (&io->throttle_read_iops, path, "throttleReadIOPSDevice", error)
         && check_block_devices (&io->throttle_write_iops, path, "throttleWriteIOPSDevice", error);
}

/* "64KB", "2MB", "1GB", as in the names of the hugetlb files. */
static gboolean
is_page_size (const char *size)
{
  gsize digits = strspn (size, "0123456789");

  return digits > 0 && *size != '0' && size[digits] != '\0' && strchr ("KMG", size[digits]) != NULL
         && strcmp (size + digits + 1, "B") == 0;
}

static gboolean
check_others (const RuncSpecResources *resources, const char *path, GError **error)
{
  for (gsize i = 0; i < resources->n_hugepage_limits; i++)
    {
      const char *size = resources->hugepage_limits[i].page_size;
      if (size == NULL || !is_page_size (size))
        return runc_spec_invalid (
            error, "%s.hugepageLimits[%zu].pageSize: '%s' is not a size such as 2MB or 1GB", path,
            i, size != NULL ? size : "");
    }
  for (gsize i = 0; i < resources->n_net_priorities; i++)
    if (resources->net_priorities[i].name == NULL)
      return runc_spec_invalid (error, "%s.network.priorities[%zu].name: must not be empty", path,
                                i);
  for (gsize i = 0; i < resources->n_rdma; i++)
    if (!resources->rdma[i].hca_handles.present && !resources->rdma[i].hca_objects.present)
      return runc_spec_invalid (error, "%s.rdma: '%s' needs hcaHandles or hcaObjects", path,
                                resources->rdma[i].device);
  for (gsize i = 0; i < resources->unified.n; i++)
    {
      const char *key = resources->unified.items[i].key;
      if (*key == '\0' || strchr (key, '/') != NULL || strcmp (key, ".") == 0
          || strcmp (key, "..") == 0)
        return runc_spec_invalid (
            error, "%s.unified: '%s' is not a file name such as memory.high (no slashes)", path,
            key);
    }
  return TRUE;
}

gboolean
runc_spec_validate_resources (const RuncSpecResources *resources, const char *path, GError **error)
{
  return check_device_rules (resources, path, error)
         && (resources->memory == NULL || check_memory (resources->memory, path, error))
         && (resources->cpu == NULL || check_cpu (resources->cpu, path, error))
         && check_limit (&resources->pids_limit, path, "pids.limit", error)
         && (resources->block_io == NULL || check_block_io (resources->block_io, path, error))
         && check_others (resources, path, error);
}
