/* `update`: the resources that are to be set, and how they get into the container's config.json.
 * Pure. Runs in the parent.
 */
#include "engine/update.h"

static void
add_int64 (RuncJson *object, const char *key, RuncOptInt64 value)
{
  if (value.present)
    json_object_object_add (object, key, json_object_new_int64 (value.value));
}

static void
add_uint64 (RuncJson *object, const char *key, RuncOptUint64 value)
{
  if (value.present)
    json_object_object_add (object, key, json_object_new_uint64 (value.value));
}

static void
add_uint32 (RuncJson *object, const char *key, RuncOptUint32 value)
{
  if (value.present)
    json_object_object_add (object, key, json_object_new_int64 (value.value));
}

static void
add_bool (RuncJson *object, const char *key, RuncOptBool value)
{
  if (value.present)
    json_object_object_add (object, key, json_object_new_boolean (value.value));
}

static void
add_string (RuncJson *object, const char *key, const char *value)
{
  if (value != NULL)
    json_object_object_add (object, key, json_object_new_string (value));
}

/* What says nothing is left out. */
static void
add_object (RuncJson *object, const char *key, RuncJson *take_value)
{
  if (json_object_object_length (take_value) > 0)
    json_object_object_add (object, key, take_value);
  else
    json_object_put (take_value);
}

static RuncJson *
memory_to_json (const RuncSpecMemory *memory)
{
  RuncJson *object = json_object_new_object ();

  add_int64 (object, "limit", memory->limit);
  add_int64 (object, "reservation", memory->reservation);
  add_int64 (object, "swap", memory->swap);
  add_uint64 (object, "swappiness", memory->swappiness);
  add_bool (object, "disableOOMKiller", memory->disable_oom_killer);
  add_bool (object, "checkBeforeUpdate", memory->check_before_update);
  return object;
}

static RuncJson *
cpu_to_json (const RuncSpecCpu *cpu)
{
  RuncJson *object = json_object_new_object ();

  add_uint64 (object, "shares", cpu->shares);
  add_int64 (object, "quota", cpu->quota);
  add_uint64 (object, "burst", cpu->burst);
  add_uint64 (object, "period", cpu->period);
  add_int64 (object, "realtimeRuntime", cpu->realtime_runtime);
  add_uint64 (object, "realtimePeriod", cpu->realtime_period);
  add_string (object, "cpus", cpu->cpus);
  add_string (object, "mems", cpu->mems);
  add_int64 (object, "idle", cpu->idle);
  return object;
}

/* @rates: throttle devices, which have a rate; weight devices have weights */
static void
add_block_devices (RuncJson *object, const char *key, const RuncSpecBlockIoDevices *devices,
                   gboolean rates)
{
  if (devices->n == 0)
    return;
  RuncJson *array = json_object_new_array ();
  for (gsize i = 0; i < devices->n; i++)
    {
      const RuncSpecBlockIoDevice *device = &devices->items[i];
      RuncJson *item = json_object_new_object ();
      json_object_object_add (item, "major", json_object_new_int64 (device->major));
      json_object_object_add (item, "minor", json_object_new_int64 (device->minor));
      if (rates)
        json_object_object_add (item, "rate", json_object_new_uint64 (device->rate));
      add_uint64 (item, "weight", device->weight);
      add_uint64 (item, "leafWeight", device->leaf_weight);
      json_object_array_add (array, item);
    }
  json_object_object_add (object, key, array);
}

static RuncJson *
block_io_to_json (const RuncSpecBlockIo *io)
{
  RuncJson *object = json_object_new_object ();

  add_uint64 (object, "weight", io->weight);
  add_uint64 (object, "leafWeight", io->leaf_weight);
  add_block_devices (object, "weightDevice", &io->weight_device, FALSE);
  add_block_devices (object, "throttleReadBpsDevice", &io->throttle_read_bps, TRUE);
  add_block_devices (object, "throttleWriteBpsDevice", &io->throttle_write_bps, TRUE);
  add_block_devices (object, "throttleReadIOPSDevice", &io->throttle_read_iops, TRUE);
  add_block_devices (object, "throttleWriteIOPSDevice", &io->throttle_write_iops, TRUE);
  return object;
}

static RuncJson *
network_to_json (const RuncSpecResources *resources)
{
  RuncJson *object = json_object_new_object ();

  add_uint32 (object, "classID", resources->net_class_id);
  if (resources->n_net_priorities > 0)
    {
      RuncJson *array = json_object_new_array ();
      for (gsize i = 0; i < resources->n_net_priorities; i++)
        {
          RuncJson *item = json_object_new_object ();
          add_string (item, "name", resources->net_priorities[i].name);
          json_object_object_add (item, "priority",
                                  json_object_new_int64 (resources->net_priorities[i].priority));
          json_object_array_add (array, item);
        }
      json_object_object_add (object, "priorities", array);
    }
  return object;
}

static RuncJson *
hugepages_to_json (const RuncSpecResources *resources)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < resources->n_hugepage_limits; i++)
    {
      RuncJson *item = json_object_new_object ();
      add_string (item, "pageSize", resources->hugepage_limits[i].page_size);
      json_object_object_add (item, "limit",
                              json_object_new_uint64 (resources->hugepage_limits[i].limit));
      json_object_array_add (array, item);
    }
  return array;
}

static RuncJson *
rdma_to_json (const RuncSpecResources *resources)
{
  RuncJson *object = json_object_new_object ();

  for (gsize i = 0; i < resources->n_rdma; i++)
    {
      RuncJson *item = json_object_new_object ();
      add_uint32 (item, "hcaHandles", resources->rdma[i].hca_handles);
      add_uint32 (item, "hcaObjects", resources->rdma[i].hca_objects);
      json_object_object_add (object, resources->rdma[i].device, item);
    }
  return object;
}

static RuncJson *
unified_to_json (const RuncPairs *pairs)
{
  RuncJson *object = json_object_new_object ();

  for (gsize i = 0; i < pairs->n; i++)
    add_string (object, pairs->items[i].key, pairs->items[i].value);
  return object;
}

static RuncJson *
device_rules_to_json (const RuncSpecResources *resources)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < resources->n_devices; i++)
    {
      const RuncSpecDeviceRule *rule = &resources->devices[i];
      const char type[] = { rule->type, '\0' };
      RuncJson *item = json_object_new_object ();

      json_object_object_add (item, "allow", json_object_new_boolean (rule->allow));
      add_string (item, "type", type);
      add_int64 (item, "major", rule->major);
      add_int64 (item, "minor", rule->minor);
      add_string (item, "access", rule->access);
      json_object_array_add (array, item);
    }
  return array;
}

/* All but the device rules, which are not merged but replaced. */
static RuncJson *
resources_to_json (const RuncSpecResources *resources)
{
  RuncJson *object = json_object_new_object ();
  RuncJson *pids = json_object_new_object ();

  if (resources->memory != NULL)
    add_object (object, "memory", memory_to_json (resources->memory));
  if (resources->cpu != NULL)
    add_object (object, "cpu", cpu_to_json (resources->cpu));
  add_int64 (pids, "limit", resources->pids_limit);
  add_object (object, "pids", pids);
  if (resources->block_io != NULL)
    add_object (object, "blockIO", block_io_to_json (resources->block_io));
  add_object (object, "network", network_to_json (resources));
  if (resources->n_hugepage_limits > 0)
    json_object_object_add (object, "hugepageLimits", hugepages_to_json (resources));
  add_object (object, "rdma", rdma_to_json (resources));
  add_object (object, "unified", unified_to_json (&resources->unified));
  return object;
}

/* ---- merging --------------------------------------------------------------------------------- */

static gboolean
same_member (RuncJson *a, RuncJson *b, const char *key)
{
  return json_object_equal (json_object_object_get (a, key), json_object_object_get (b, key));
}

/* Are two elements of a list about the same thing? Each list has some of these members. */
static gboolean
same_subject (RuncJson *a, RuncJson *b)
{
  return same_member (a, b, "major") && same_member (a, b, "minor") && same_member (a, b, "name")
         && same_member (a, b, "pageSize");
}

static void merge_object (RuncJson *target, RuncJson *source);

/* Elements of @source replace those of @target that are about the same thing; others are added. */
static void
merge_array (RuncJson *target, RuncJson *source)
{
  for (gsize i = 0; i < json_object_array_length (source); i++)
    {
      RuncJson *item = json_object_array_get_idx (source, i);
      gsize n = json_object_array_length (target);
      gsize at = 0;

      while (at < n && !same_subject (json_object_array_get_idx (target, at), item))
        at++;
      if (at < n)
        merge_object (json_object_array_get_idx (target, at), item);
      else
        json_object_array_add (target, json_object_get (item));
    }
}

static void
merge_object (RuncJson *target, RuncJson *source)
{
  json_object_object_foreach (source, key, value)
  {
    RuncJson *old = json_object_object_get (target, key);

    if (json_object_is_type (value, json_type_object)
        && json_object_is_type (old, json_type_object))
      merge_object (old, value);
    else if (json_object_is_type (value, json_type_array)
             && json_object_is_type (old, json_type_array))
      merge_array (old, value);
    else
      json_object_object_add (target, key, json_object_get (value));
  }
}

/* The object @key of @object, made if there is none. */
static RuncJson *
member_object (RuncJson *object, const char *key)
{
  RuncJson *member = json_object_object_get (object, key);

  if (!json_object_is_type (member, json_type_object))
    {
      member = json_object_new_object ();
      json_object_object_add (object, key, member);
    }
  return member;
}

static gboolean
same_number (RuncOptInt64 a, RuncOptInt64 b)
{
  return a.present == b.present && (!a.present || a.value == b.value);
}

static gboolean
same_rules (const RuncSpecResources *a, const RuncSpecResources *b)
{
  if (a->n_devices != b->n_devices)
    return FALSE;
  for (gsize i = 0; i < a->n_devices; i++)
    {
      const RuncSpecDeviceRule *x = &a->devices[i], *y = &b->devices[i];

      if (x->allow != y->allow || x->type != y->type || !same_number (x->major, y->major)
          || !same_number (x->minor, y->minor) || g_strcmp0 (x->access, y->access) != 0)
        return FALSE;
    }
  return TRUE;
}

void
runc_update_complete (RuncUpdate *update, const RuncSpecResources *wanted,
                      const RuncSpecResources *old)
{
  update->resources = *wanted;
  /* Engines repeat the rules of config.json with every update; meanwhile a hook may have added to
   * what is in force. */
  if (old != NULL && same_rules (wanted, old))
    update->resources.n_devices = 0;
  if (wanted->memory != NULL)
    {
      RuncSpecMemory *memory = &update->memory;

      *memory = *wanted->memory;
      update->resources.memory = memory;
      if (old != NULL && old->memory != NULL)
        {
          if (memory->limit.present && !memory->swap.present && old->memory->swap.present)
            {
              memory->swap = old->memory->swap;
              /* No limit on memory lifts the one on both, too. */
              if (memory->limit.value == -1)
                memory->swap.value = -1;
            }
          else if (memory->swap.present && !memory->limit.present)
            memory->limit = old->memory->limit;
        }
    }
  if (wanted->cpu != NULL)
    {
      RuncSpecCpu *cpu = &update->cpu;

      *cpu = *wanted->cpu;
      update->resources.cpu = cpu;
      if (old != NULL && old->cpu != NULL)
        {
          if (cpu->quota.present && !cpu->period.present)
            cpu->period = old->cpu->period;
          if (cpu->period.present && !cpu->quota.present)
            cpu->quota = old->cpu->quota;
        }
    }
}

void
runc_update_merge (RuncJson *config, const RuncSpecResources *resources)
{
  autojson RuncJson *set = resources_to_json (resources);
  RuncJson *target = member_object (member_object (config, "linux"), "resources");

  merge_object (target, set);
  if (resources->n_devices > 0)
    json_object_object_add (target, "devices", device_rules_to_json (resources));
}
