/* What a container means to systemd. Pure; runs in the parent.
 *
 * The same limits are written to the cgroup by hand afterwards, so a property that is not known
 * here, or to an old systemd, is not lost: it only is not restored when systemd reloads its units.
 * A value that systemd is not told stays what it was.
 */
#include "cgroup/unit.h"

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"
#include "cgroup/convert.h"
#include "cgroup/devices.h"

#include <string.h>

#define DEFAULT_PERIOD_US 100000

gboolean
runc_unit_name (const char *path, char **ret_slice, char **ret_unit, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (path, ":", -1);

  if (g_strv_length (parts) != 3)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
                       "cgroups, got \"%s\" instead",
                       path);
  *ret_slice = g_strdup (parts[0]);
  *ret_unit = g_strdup_printf ("%s-%s.scope", parts[1], parts[2]);
  return TRUE;
}

static void
add (GVariantBuilder *list, const char *name, GVariant *value)
{
  g_variant_builder_add (list, "(sv)", name, value);
}

static void
add_u64 (GVariantBuilder *list, const char *name, guint64 value)
{
  add (list, name, g_variant_new_uint64 (value));
}

static void
add_flag (GVariantBuilder *list, const char *name, gboolean value)
{
  add (list, name, g_variant_new_boolean (value));
}

/* ---- limits ---- */

static gboolean
add_mask (GVariantBuilder *list, const char *name, const char *numbers, GError **error)
{
  g_autoptr (GByteArray) mask = runc_cgroup_mask_from_list (numbers, error);

  if (mask == NULL)
    return FALSE;
  add (list, name, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, mask->data, mask->len, 1));
  return TRUE;
}

static void
add_quota (GVariantBuilder *list, gint64 quota, guint64 period)
{
  gint64 rounded;

  if (quota == 0 && period == 0)
    return;
  if (period != 0)
    add_u64 (list, "CPUQuotaPeriodUSec", period);
  add_u64 (list, "CPUQuotaPerSecUSec", runc_cgroup_quota_per_sec (quota, period, &rounded));
}

/* CPUWeight 0 is systemd's word for cpu.idle 1; there is none for 0. */
static void
add_weight (GVariantBuilder *list, gboolean idle, guint64 weight)
{
  if (idle && weight != 0)
    runc_warning ("unable to apply both CPUWeight and CpuIdle to systemd, ignoring CPUWeight");
  if (idle || weight != 0)
    add_u64 (list, "CPUWeight", idle ? 0 : weight);
}

static gboolean
add_cpu (GVariantBuilder *list, const RuncSpecCpu *cpu, GError **error)
{
  guint64 weight = cpu->shares.present ? runc_cgroup_weight_from_shares (cpu->shares.value) : 0;

  add_weight (list, cpu->idle.present && cpu->idle.value == 1, weight);
  add_quota (list, cpu->quota.present ? cpu->quota.value : 0,
             cpu->period.present ? cpu->period.value : 0);
  if (cpu->cpus != NULL && !add_mask (list, "AllowedCPUs", cpu->cpus, error))
    return runc_prefix (error, "linux.resources.cpu.cpus");
  if (cpu->mems != NULL && !add_mask (list, "AllowedMemoryNodes", cpu->mems, error))
    return runc_prefix (error, "linux.resources.cpu.mems");
  return TRUE;
}

static gboolean
add_memory (GVariantBuilder *list, const RuncSpecMemory *memory, GError **error)
{
  gint64 limit = memory->limit.present ? memory->limit.value : 0;
  gint64 memsw = memory->swap.present ? memory->swap.value : 0;
  gboolean set_swap;
  gint64 swap;

  if (!runc_cgroup_swap_from_memsw (memsw, limit, &set_swap, &swap, error))
    return FALSE;
  if (limit != 0)
    add_u64 (list, "MemoryMax", (guint64)limit);
  if (memory->reservation.present && memory->reservation.value != 0)
    add_u64 (list, "MemoryLow", (guint64)memory->reservation.value);
  if (set_swap)
    add_u64 (list, "MemorySwapMax", (guint64)swap);
  return TRUE;
}

/* The devices as systemd names them. FALSE when @policy is nothing that it can express. */
static gboolean
device_list (const RuncDevicePolicy *policy, GVariantBuilder *list)
{
  if (policy->default_allow)
    return FALSE;
  for (guint i = 0; i < policy->exceptions->len; i++)
    {
      const RuncDeviceException *e = &g_array_index (policy->exceptions, RuncDeviceException, i);
      const char *kind = e->type == 'b' ? "block" : "char";
      g_autofree char *name = NULL;
      char access[4];

      if (e->major < 0 && e->minor >= 0)
        return FALSE;
      g_snprintf (access, sizeof access, "%s%s%s", e->access & BPF_DEVCG_ACC_READ ? "r" : "",
                  e->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
                  e->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
      if (e->major < 0)
        name = g_strdup_printf ("%s-*", kind);
      else if (e->minor < 0)
        name = g_strdup_printf ("%s-%" G_GINT64_FORMAT, kind, e->major);
      else
        name = g_strdup_printf ("/dev/%s/%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, kind, e->major,
                                e->minor);
      g_variant_builder_add (list, "(ss)", name, access);
    }
  return TRUE;
}

/* The rules that can be told to systemd; our own program enforces all of them in any case. */
static gboolean
add_devices (GVariantBuilder *list, const RuncSpecResources *resources, GError **error)
{
  g_auto (GVariantBuilder) allowed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ss)"));
  g_auto (GVariantBuilder) nothing = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ss)"));
  g_autoptr (RuncDevicePolicy) policy
      = runc_device_policy_new (resources != NULL ? resources->devices : NULL,
                                resources != NULL ? resources->n_devices : 0, error);

  if (policy == NULL)
    return FALSE;
  /* An empty list forgets what was there: the next one adds to it. */
  add (list, "DeviceAllow", g_variant_builder_end (&nothing));
  if (!device_list (policy, &allowed))
    {
      add (list, "DevicePolicy", g_variant_new_string ("auto"));
      return TRUE;
    }
  add (list, "DevicePolicy", g_variant_new_string ("strict"));
  add (list, "DeviceAllow", g_variant_builder_end (&allowed));
  return TRUE;
}

/* ---- linux.resources.unified ---- */

static gboolean
throw_value (const RuncPair *pair, GError **error)
{
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                     "unified resource \"%s\" value invalid: \"%s\"", pair->key, pair->value);
}

static const char *
lookup (const RuncPairs *pairs, const char *key)
{
  for (gsize i = 0; i < pairs->n; i++)
    if (g_str_equal (pairs->items[i].key, key))
      return pairs->items[i].value;
  return NULL;
}

static gboolean
is_idle (const char *value)
{
  g_autofree char *text = g_strstrip (g_strdup (value != NULL ? value : ""));

  return g_str_equal (text, "1");
}

static gboolean
add_unified_cpu_max (GVariantBuilder *list, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  const char *quota_text = words[0], *period_text = words[1];
  guint64 period = DEFAULT_PERIOD_US;
  gint64 quota = 0;

  if (quota_text == NULL || (period_text != NULL && words[2] != NULL))
    return FALSE;
  if (!g_str_equal (quota_text, "max")
      && !runc_parse_int64 (quota_text, 0, G_MAXINT64, &quota, NULL))
    return FALSE;
  if (period_text != NULL && !runc_parse_uint64 (period_text, G_MAXINT64, &period, NULL))
    return FALSE;
  add_quota (list, quota, period);
  return TRUE;
}

/* Files with one number or "max". */
static const struct
{
  const char *file;
  const char *property;
} unified_numbers[] = {
  { "memory.high", "MemoryHigh" },        { "memory.low", "MemoryLow" },
  { "memory.max", "MemoryMax" },          { "memory.min", "MemoryMin" },
  { "memory.swap.max", "MemorySwapMax" }, { "pids.max", "TasksMax" },
};

static gboolean
add_unified_number (GVariantBuilder *list, const RuncPair *pair, const char *text, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unified_numbers); i++)
    {
      guint64 value = G_MAXUINT64;

      if (!g_str_equal (pair->key, unified_numbers[i].file))
        continue;
      if (!g_str_equal (text, "max") && !runc_parse_uint64 (text, G_MAXUINT64, &value, NULL))
        return throw_value (pair, error);
      if (value == 0 && g_str_equal (pair->key, "pids.max"))
        value = 1;
      add_u64 (list, unified_numbers[i].property, value);
      return TRUE;
    }
  runc_debug ("unified resource '%s' is no property of systemd's, it is only written to the cgroup",
              pair->key);
  return TRUE;
}

static gboolean
add_unified (GVariantBuilder *list, const RuncPairs *unified, GError **error)
{
  gboolean idle = is_idle (lookup (unified, "cpu.idle"));

  for (gsize i = 0; i < unified->n; i++)
    {
      const RuncPair *pair = &unified->items[i];
      g_autofree char *text = g_strstrip (g_strdup (pair->value));
      guint64 weight;

      if (g_str_equal (pair->key, "cpu.idle"))
        add_weight (list, idle, 0);
      else if (g_str_equal (pair->key, "cpu.weight"))
        {
          if (!runc_parse_uint64 (text, G_MAXUINT64, &weight, NULL))
            return throw_value (pair, error);
          if (idle)
            runc_warning (
                "unable to apply both cpu.weight and cpu.idle to systemd, ignoring cpu.weight");
          else
            add_weight (list, FALSE, weight);
        }
      else if (g_str_equal (pair->key, "cpu.max"))
        {
          if (!add_unified_cpu_max (list, text))
            return throw_value (pair, error);
        }
      else if (g_str_equal (pair->key, "cpuset.cpus") || g_str_equal (pair->key, "cpuset.mems"))
        {
          if (!add_mask (list,
                         g_str_equal (pair->key, "cpuset.cpus") ? "AllowedCPUs"
                                                                : "AllowedMemoryNodes",
                         text, error))
            return runc_prefix (error, "unified resource \"%s\"", pair->key);
        }
      else if (!add_unified_number (list, pair, text, error))
        return FALSE;
    }
  return TRUE;
}

/* v1 has properties of its own, in the OCI's terms. What has none is only written to the cgroup. */
static void
add_limits_v1 (GVariantBuilder *list, const RuncSpecResources *resources)
{
  const RuncSpecMemory *memory = resources->memory;
  const RuncSpecCpu *cpu = resources->cpu;
  const RuncSpecBlockIo *io = resources->block_io;

  if (memory != NULL && memory->limit.present && memory->limit.value != 0)
    add_u64 (list, "MemoryLimit", (guint64)memory->limit.value);
  if (cpu != NULL && cpu->shares.present && cpu->shares.value != 0)
    add_u64 (list, "CPUShares", cpu->shares.value);
  if (cpu != NULL)
    add_quota (list, cpu->quota.present ? cpu->quota.value : 0,
               cpu->period.present ? cpu->period.value : 0);
  if (io != NULL && io->weight.present && io->weight.value != 0)
    add_u64 (list, "BlockIOWeight", io->weight.value);
}

static gboolean
add_limits (GVariantBuilder *list, const RuncSpecResources *resources, RuncUnitFlags flags,
            GError **error)
{
  if ((flags & RUNC_UNIT_DEVICES) && !add_devices (list, resources, error))
    return FALSE;
  if (resources == NULL)
    return TRUE;
  if (resources->pids_limit.present)
    add_u64 (list, "TasksMax", runc_cgroup_pids_max (resources->pids_limit.value));
  if (flags & RUNC_UNIT_V1)
    {
      add_limits_v1 (list, resources);
      return TRUE;
    }
  if (resources->memory != NULL && !add_memory (list, resources->memory, error))
    return FALSE;
  if (resources->cpu != NULL && !add_cpu (list, resources->cpu, error))
    return FALSE;
  return add_unified (list, &resources->unified, error);
}

GVariant *
runc_unit_limit_properties (const RuncSpecResources *resources, RuncUnitFlags flags, GError **error)
{
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sv)"));

  if (!add_limits (&list, resources, flags, error))
    return NULL;
  return g_variant_ref_sink (g_variant_builder_end (&list));
}

gint64
runc_unit_rounded_quota (const RuncSpecCpu *cpu)
{
  gint64 rounded;

  if (!cpu->quota.present || cpu->quota.value <= 0)
    return cpu->quota.present ? cpu->quota.value : 0;
  runc_cgroup_quota_per_sec (cpu->quota.value, cpu->period.present ? cpu->period.value : 0,
                             &rounded);
  return rounded;
}

/* ---- the start ---- */

/* A number of seconds, of any type, in microseconds; NULL when it is no number. */
static GVariant *
seconds_to_usec (GVariant *value)
{
  double seconds;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_new_uint64 (g_variant_get_byte (value) * (guint64)G_USEC_PER_SEC);
    case G_VARIANT_CLASS_INT16:
      return g_variant_new_uint64 ((guint64)g_variant_get_int16 (value) * G_USEC_PER_SEC);
    case G_VARIANT_CLASS_UINT16:
      return g_variant_new_uint64 (g_variant_get_uint16 (value) * (guint64)G_USEC_PER_SEC);
    case G_VARIANT_CLASS_INT32:
      return g_variant_new_uint64 ((guint64)g_variant_get_int32 (value) * G_USEC_PER_SEC);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_new_uint64 (g_variant_get_uint32 (value) * (guint64)G_USEC_PER_SEC);
    case G_VARIANT_CLASS_INT64:
      return g_variant_new_uint64 ((guint64)g_variant_get_int64 (value) * G_USEC_PER_SEC);
    case G_VARIANT_CLASS_UINT64:
      return g_variant_new_uint64 (g_variant_get_uint64 (value) * G_USEC_PER_SEC);
    case G_VARIANT_CLASS_DOUBLE:
      seconds = g_variant_get_double (value) * (double)G_USEC_PER_SEC;
      return seconds >= 0 && seconds < 1e19 ? g_variant_new_uint64 ((guint64)seconds) : NULL;
    default:
      return NULL;
    }
}

/* "Name=gvariant text". What unit files call TimeoutStopSec is TimeoutStopUSec on the bus. */
static gboolean
add_annotation (GVariantBuilder *list, const char *text, GError **error)
{
  const char *equals = strchr (text, '=');
  g_autofree char *name = g_strndup (text, (gsize)(equals - text));
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, equals + 1, NULL, NULL, &local);
  gsize n = strlen (name);

  if (value == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "annotations[\"org.systemd.property.%s\"]: value parse error: '%s': %s",
                       name, equals + 1, local->message);
  if (n > 3 && g_str_has_suffix (name, "Sec") && g_ascii_islower (name[n - 4]))
    {
      g_autofree char *usec = g_strdup_printf ("%.*sUSec", (int)(n - 3), name);
      GVariant *converted = seconds_to_usec (value);

      if (converted == NULL)
        return runc_throw (
            error, RUNC_ERROR_INVALID_SPEC,
            "annotations[\"org.systemd.property.%s\"]: value parse error: '%s' is not a number",
            name, equals + 1);
      add (list, usec, converted);
      return TRUE;
    }
  add (list, name, value);
  return TRUE;
}

/* memory.oom.group can only be told at the start. */
static void
add_oom_policy (GVariantBuilder *list, const RuncSpecResources *resources)
{
  const char *group = resources != NULL ? lookup (&resources->unified, "memory.oom.group") : NULL;

  if (group != NULL)
    add (list, "OOMPolicy", g_variant_new_string (is_idle (group) ? "kill" : "continue"));
}

GVariant *
runc_unit_start_properties (const RuncCgroupSetup *setup, pid_t pid, GError **error)
{
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sv)"));
  g_autofree char *slice = NULL, *unit = NULL;
  guint32 pids[1] = { (guint32)pid };

  if (!runc_unit_name (setup->systemd_path, &slice, &unit, error))
    return NULL;
  add (&list, "Description",
       g_variant_new_take_string (g_strdup_printf ("libcontainer container %s", setup->id)));
  add (&list, "Slice", g_variant_new_string (slice));
  add_flag (&list, "Delegate", TRUE);
  add (&list, "PIDs", g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, pids, 1, sizeof pids[0]));
  /* Accounting as if the cgroup had been made by hand, where all controllers are enabled. */
  add_flag (&list, "MemoryAccounting", TRUE);
  add_flag (&list, "CPUAccounting", TRUE);
  add_flag (&list, setup->ref.v1_dirs != NULL ? "BlockIOAccounting" : "IOAccounting", TRUE);
  add_flag (&list, "TasksAccounting", TRUE);
  add_flag (&list, "DefaultDependencies", FALSE);
  /* A unit whose last process was killed is not to stay behind as failed. */
  add (&list, "CollectMode", g_variant_new_string ("inactive-or-failed"));
  add_oom_policy (&list, setup->resources);
  if (!add_limits (&list, setup->resources,
                   (setup->device_rules ? RUNC_UNIT_DEVICES : 0)
                       | (setup->ref.v1_dirs != NULL ? RUNC_UNIT_V1 : 0),
                   error))
    return NULL;
  for (char **annotation = setup->properties; annotation != NULL && *annotation != NULL;
       annotation++)
    if (!add_annotation (&list, *annotation, error))
      return NULL;
  return g_variant_ref_sink (g_variant_builder_end (&list));
}
