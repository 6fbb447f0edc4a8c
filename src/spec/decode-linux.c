/* Decoding `linux`, apart from its resources and seccomp. Tables; the engine is decoder.c.
 *
 * Runs in the parent.
 */
#include "spec/decode.h"

static const RuncDecodeField id_map_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecIdMap, "containerID", container_id, uint32, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecIdMap, "hostID", host_id, uint32, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecIdMap, "size", size, uint32, .required = true),
};
const RuncDecodeShape runc_decode_id_map_shape = RUNC_DECODE_SHAPE (RuncSpecIdMap, id_map_fields);

/* An element of linux.namespaces, before it finds its place in the array by type. */
typedef struct
{
  int type;
  const char *path;
} NamespaceEntry;

static const RuncDecodeField namespace_fields[] = {
  RUNC_DECODE_MEMBER (NamespaceEntry, "type", type, name, .names = runc_names_namespace,
                      .required = true),
  RUNC_DECODE_MEMBER (NamespaceEntry, "path", path, text),
};
static const RuncDecodeShape namespace_shape = RUNC_DECODE_SHAPE (NamespaceEntry, namespace_fields);

static bool
decode_namespaces (RuncDecoder *decoder, G_GNUC_UNUSED const RuncDecodeField *field, RuncJson *json,
                   const RuncJsonPath *path, void *base)
{
  RuncSpecLinux *linux_spec = base;

  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of objects");
  for (gsize i = 0; i < json_object_array_length (json); i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      NamespaceEntry entry = { 0 };
      if (!runc_decode_members (decoder, &namespace_shape, json_object_array_get_idx (json, i),
                                &element, &entry))
        return false;
      RuncSpecNamespace *ns = &linux_spec->namespaces[entry.type];
      if (ns->present)
        return runc_decode_fail (decoder, &element, "duplicate namespace '%s'",
                                 runc_namespace_to_string ((RuncNamespace)entry.type));
      ns->present = true;
      ns->path = entry.path;
    }
  return true;
}

static const RuncName device_types[] = {
  { "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, { NULL, 0 },
};
static const RuncDecodeField device_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecDevice, "path", path, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "type", type, letter, .names = device_types,
                      .required = true),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "major", major, int64),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "minor", minor, int64),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "fileMode", file_mode, opt_uint32),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "uid", uid, opt_uint32),
  RUNC_DECODE_MEMBER (RuncSpecDevice, "gid", gid, opt_uint32),
};
static const RuncSpecDevice initial_device = { .major = -1, .minor = -1 };
static const RuncDecodeShape device_shape
    = RUNC_DECODE_SHAPE (RuncSpecDevice, device_fields, .initial = &initial_device);

static const RuncDecodeField net_device_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecNetDevice, "name", name, text),
};
static const RuncDecodeShape net_device_shape
    = RUNC_DECODE_SHAPE (RuncSpecNetDevice, net_device_fields);
G_STATIC_ASSERT (offsetof (RuncSpecNetDevice, host_name) == 0);

static const RuncDecodeField intel_rdt_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecIntelRdt, "closID", clos_id, text),
  RUNC_DECODE_MEMBER (RuncSpecIntelRdt, "schemata", schemata, strings),
  RUNC_DECODE_MEMBER (RuncSpecIntelRdt, "l3CacheSchema", l3_cache_schema, text),
  RUNC_DECODE_MEMBER (RuncSpecIntelRdt, "memBwSchema", mem_bw_schema, text),
  RUNC_DECODE_MEMBER (RuncSpecIntelRdt, "enableMonitoring", enable_monitoring, flag),
};
static const RuncDecodeShape intel_rdt_shape
    = RUNC_DECODE_SHAPE (RuncSpecIntelRdt, intel_rdt_fields);

static const RuncDecodeField memory_policy_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecMemoryPolicy, "mode", mode, text),
  RUNC_DECODE_MEMBER (RuncSpecMemoryPolicy, "nodes", nodes, text),
  RUNC_DECODE_MEMBER (RuncSpecMemoryPolicy, "flags", flags, strings),
};
static const RuncDecodeShape memory_policy_shape
    = RUNC_DECODE_SHAPE (RuncSpecMemoryPolicy, memory_policy_fields);

static const RuncDecodeField personality_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecLinux, "domain", personality_domain, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "flags", personality_flags, strings),
};
static const RuncDecodeShape personality_shape
    = RUNC_DECODE_SHAPE (RuncSpecLinux, personality_fields);

static const RuncDecodeField time_offset_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecTimeOffset, "secs", secs, int64),
  RUNC_DECODE_MEMBER (RuncSpecTimeOffset, "nanosecs", nanosecs, uint32),
};
static const RuncDecodeShape time_offset_shape
    = RUNC_DECODE_SHAPE (RuncSpecTimeOffset, time_offset_fields);
G_STATIC_ASSERT (offsetof (RuncSpecTimeOffset, clock) == 0);

/* A profile that says nothing is how engines write "unconfined". */
static bool
decode_seccomp (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                const RuncJsonPath *path, void *base)
{
  RuncSpecLinux *linux_spec = base;

  /* A profile is one object, which is what the digest of its filter is made from. */
  linux_spec->seccomp = NULL;
  if (!runc_decode_object (decoder, field, json, path, base))
    return false;
  if (linux_spec->seccomp->default_action == NULL && linux_spec->seccomp->n_syscalls == 0)
    linux_spec->seccomp = NULL;
  return true;
}

static const RuncDecodeField linux_fields[] = {
  RUNC_DECODE_ARRAY (RuncSpecLinux, "uidMappings", uid_mappings.items, uid_mappings.n,
                     RuncSpecIdMap, runc_decode_id_map_shape),
  RUNC_DECODE_ARRAY (RuncSpecLinux, "gidMappings", gid_mappings.items, gid_mappings.n,
                     RuncSpecIdMap, runc_decode_id_map_shape),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "sysctl", sysctl, pairs),
  RUNC_DECODE_OBJECT (RuncSpecLinux, "resources", resources, RuncSpecResources,
                      runc_decode_resources_shape),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "cgroupsPath", cgroups_path, text),
  { .key = "namespaces", .read = decode_namespaces },
  RUNC_DECODE_ARRAY (RuncSpecLinux, "devices", devices, n_devices, RuncSpecDevice, device_shape),
  RUNC_DECODE_MAP (RuncSpecLinux, "netDevices", net_devices, n_net_devices, RuncSpecNetDevice,
                   net_device_shape),
  { .key = "seccomp",
    .read = decode_seccomp,
    .offset = offsetof (RuncSpecLinux, seccomp),
    .shape = &runc_decode_seccomp_shape },
  RUNC_DECODE_MEMBER (RuncSpecLinux, "rootfsPropagation", rootfs_propagation, text),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "maskedPaths", masked_paths, strings),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "readonlyPaths", readonly_paths, strings),
  RUNC_DECODE_MEMBER (RuncSpecLinux, "mountLabel", mount_label, text),
  RUNC_DECODE_OBJECT (RuncSpecLinux, "intelRdt", intel_rdt, RuncSpecIntelRdt, intel_rdt_shape),
  RUNC_DECODE_OBJECT (RuncSpecLinux, "memoryPolicy", memory_policy, RuncSpecMemoryPolicy,
                      memory_policy_shape),
  RUNC_DECODE_GROUP ("personality", personality_shape),
  RUNC_DECODE_MAP (RuncSpecLinux, "timeOffsets", time_offsets, n_time_offsets, RuncSpecTimeOffset,
                   time_offset_shape),
};

const RuncDecodeShape runc_decode_linux_shape = RUNC_DECODE_SHAPE (RuncSpecLinux, linux_fields);
