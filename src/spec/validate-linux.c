/* The rules for `linux`, apart from resources and seccomp. Runs in the parent; no I/O.
 *
 * Which of these things this host and user can have is for the plan to say.
 */
#include "spec/validate.h"

#include <limits.h>
#include <string.h>

/* The kernel's UID_GID_MAP_MAX_EXTENTS, since 4.15. */
#define MAX_ID_MAPS 340

/* include/linux/kdev_t.h: what a dev_t holds */
#define MAX_MAJOR 4095
#define MAX_MINOR 1048575

/* IFNAMSIZ, with the NUL */
#define INTERFACE_NAME_SIZE 16

/* MPOL_DEFAULT and so on, as in names.c */
#define MODE_DEFAULT   0
#define MODE_PREFERRED 1
#define MODE_LOCAL     4

static gboolean
overlap (uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
  return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

static gboolean
check_id_map (const RuncSpecIdMaps *maps, const char *where, const char *member, GError **error)
{
  if (maps->n > MAX_ID_MAPS)
    return runc_spec_invalid (error, "%s.%s: %zu entries, the kernel takes at most %d", where,
                              member, maps->n, MAX_ID_MAPS);
  for (gsize i = 0; i < maps->n; i++)
    {
      const RuncSpecIdMap *map = &maps->items[i];
      if (map->size == 0)
        return runc_spec_invalid (error, "%s.%s[%zu].size: must be more than 0", where, member, i);
      if (map->size > UINT32_MAX - map->container_id || map->size > UINT32_MAX - map->host_id)
        return runc_spec_invalid (error, "%s.%s[%zu]: goes beyond the last id, %u", where, member,
                                  i, UINT32_MAX - 1);
      for (gsize j = 0; j < i; j++)
        {
          const RuncSpecIdMap *other = &maps->items[j];
          if (overlap (map->container_id, other->container_id, map->size, other->size))
            return runc_spec_invalid (error, "%s.%s[%zu]: overlaps [%zu] in the container's ids",
                                      where, member, i, j);
          if (overlap (map->host_id, other->host_id, map->size, other->size))
            return runc_spec_invalid (error, "%s.%s[%zu]: overlaps [%zu] in the host's ids", where,
                                      member, i, j);
        }
    }
  return TRUE;
}

gboolean
runc_validate_id_maps (const RuncSpecIdMaps *uids, const RuncSpecIdMaps *gids, const char *where,
                       GError **error)
{
  if (!check_id_map (uids, where, "uidMappings", error)
      || !check_id_map (gids, where, "gidMappings", error))
    return FALSE;
  if ((uids->n == 0) != (gids->n == 0))
    return runc_spec_invalid (error, "%s.%s: needed together with %s.%s", where,
                              uids->n == 0 ? "uidMappings" : "gidMappings", where,
                              uids->n == 0 ? "gidMappings" : "uidMappings");
  return TRUE;
}

/* A path to join and maps together are not refused here: containerd and CRI-O write both. Whoever
 * joins the namespace compares them. */
static gboolean
check_namespaces (const RuncSpecLinux *linux_spec, GError **error)
{
  gboolean has_maps = linux_spec->uid_mappings.n > 0 || linux_spec->gid_mappings.n > 0;

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      const char *path = linux_spec->namespaces[ns].path;
      if (path != NULL && *path != '/')
        return runc_spec_invalid (error,
                                  "linux.namespaces: the path of '%s' must be absolute, got '%s'",
                                  runc_namespace_to_string ((RuncNamespace)ns), path);
    }
  if (!has_maps)
    return TRUE;
  if (!linux_spec->namespaces[RUNC_NS_USER].present)
    return runc_spec_invalid (
        error,
        "linux.%s: user namespace mappings specified, but user namespace isn't enabled in the "
        "config (add {\"type\": \"user\"} to linux.namespaces, or remove the mappings)",
        linux_spec->uid_mappings.n > 0 ? "uidMappings" : "gidMappings");
  return runc_validate_id_maps (&linux_spec->uid_mappings, &linux_spec->gid_mappings, "linux",
                                error);
}

static gboolean
check_time_offsets (const RuncSpecLinux *linux_spec, GError **error)
{
  const RuncSpecNamespace *ns = &linux_spec->namespaces[RUNC_NS_TIME];

  for (gsize i = 0; i < linux_spec->n_time_offsets; i++)
    {
      const RuncSpecTimeOffset *offset = &linux_spec->time_offsets[i];
      if (strcmp (offset->clock, "monotonic") != 0 && strcmp (offset->clock, "boottime") != 0)
        return runc_spec_invalid (
            error, "linux.timeOffsets: unknown clock '%s' (known: monotonic, boottime)",
            offset->clock);
      if (offset->nanosecs > 999999999)
        return runc_spec_invalid (
            error, "linux.timeOffsets.%s.nanosecs: expected a number from 0 to 999999999, got %u",
            offset->clock, offset->nanosecs);
    }
  if (linux_spec->n_time_offsets == 0)
    return TRUE;
  if (!ns->present)
    return runc_spec_invalid (error,
                              "linux.timeOffsets: time namespace offsets specified, but time "
                              "namespace isn't enabled in the config (add {\"type\": \"time\"} to "
                              "linux.namespaces)");
  if (ns->path != NULL)
    return runc_spec_invalid (
        error, "linux.timeOffsets: cannot be set in the time namespace '%s' that is to be joined",
        ns->path);
  return TRUE;
}

/* Keys are names of files below /proc/sys, with '.' or '/' between the parts. */
static gboolean
check_sysctl (const RuncPairs *sysctl, GError **error)
{
  for (gsize i = 0; i < sysctl->n; i++)
    {
      const char *key = sysctl->items[i].key;
      gboolean part = FALSE; /* the part that is being read has a character */
      gboolean valid = TRUE;
      for (const char *p = key; *p != '\0' && valid; p++)
        if (*p == '.' || *p == '/')
          {
            valid = part;
            part = FALSE;
          }
        else
          {
            valid = !g_ascii_isspace (*p) && !g_ascii_iscntrl (*p);
            part = TRUE;
          }
      if (!valid || !part)
        return runc_spec_invalid (error,
                                  "linux.sysctl: '%s' is not a name such as net.ipv4.ip_forward",
                                  key);
    }
  return TRUE;
}

static gboolean
check_devices (const RuncSpecLinux *linux_spec, GError **error)
{
  for (gsize i = 0; i < linux_spec->n_devices; i++)
    {
      const RuncSpecDevice *device = &linux_spec->devices[i];

      if (device->path == NULL || *device->path != '/')
        return runc_spec_invalid (error, "linux.devices[%zu].path: must be absolute, got '%s'", i,
                                  device->path != NULL ? device->path : "");
      if (device->type != 'p')
        {
          if (device->major < 0 || device->major > MAX_MAJOR)
            return runc_spec_invalid (error,
                                      "linux.devices[%zu].major: '%s' needs a number from 0 to %d",
                                      i, device->path, MAX_MAJOR);
          if (device->minor < 0 || device->minor > MAX_MINOR)
            return runc_spec_invalid (error,
                                      "linux.devices[%zu].minor: '%s' needs a number from 0 to %d",
                                      i, device->path, MAX_MINOR);
        }
      /* Engines pass the bits of the file's type as well. */
      if (device->file_mode.present && (device->file_mode.value & ~UINT32_C (0177777)) != 0)
        return runc_spec_invalid (
            error,
            "linux.devices[%zu].fileMode: expected the decimal number of a mode (438 is octal "
            "0666), got %u",
            i, device->file_mode.value);
      if (device->uid.present && device->uid.value == UINT32_MAX)
        return runc_spec_invalid (error, "linux.devices[%zu].uid: %u is not a user id", i,
                                  device->uid.value);
      if (device->gid.present && device->gid.value == UINT32_MAX)
        return runc_spec_invalid (error, "linux.devices[%zu].gid: %u is not a group id", i,
                                  device->gid.value);
    }
  return TRUE;
}

/* As the kernel's dev_valid_name(). */
static gboolean
is_interface_name (const char *name)
{
  gsize len = strlen (name);

  if (len == 0 || len >= INTERFACE_NAME_SIZE || strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (*p == '/' || *p == ':' || g_ascii_isspace (*p))
      return FALSE;
  return TRUE;
}

static gboolean
check_net_devices (const RuncSpecLinux *linux_spec, GError **error)
{
  if (linux_spec->n_net_devices > 0 && !linux_spec->namespaces[RUNC_NS_NETWORK].present)
    return runc_spec_invalid (error,
                              "linux.netDevices: needs a network namespace to move them to (add "
                              "{\"type\": \"network\"} to linux.namespaces)");
  for (gsize i = 0; i < linux_spec->n_net_devices; i++)
    {
      const RuncSpecNetDevice *device = &linux_spec->net_devices[i];
      const char *bad = NULL;
      if (!is_interface_name (device->host_name))
        bad = device->host_name;
      else if (device->name != NULL && !is_interface_name (device->name))
        bad = device->name;
      if (bad != NULL)
        return runc_spec_invalid (error,
                                  "linux.netDevices: invalid network device name '%s' (1 to %d "
                                  "characters, no '/', ':' or blanks)",
                                  bad, INTERFACE_NAME_SIZE - 1);
    }
  return TRUE;
}

static gboolean
check_paths (const RuncSpecLinux *linux_spec, const RuncStrings *paths, const char *member,
             GError **error)
{
  if (paths->n > 0 && !linux_spec->namespaces[RUNC_NS_MOUNT].present)
    return runc_spec_invalid (error,
                              "linux.%s: needs a mount namespace, or the host's paths would change "
                              "(add {\"type\": \"mount\"} to linux.namespaces)",
                              member);
  for (gsize i = 0; i < paths->n; i++)
    if (*paths->items[i] != '/')
      return runc_spec_invalid (error, "linux.%s[%zu]: must be absolute, got '%s'", member, i,
                                paths->items[i]);
  return TRUE;
}

static gboolean
check_propagation (const char *propagation, GError **error)
{
  static const char *const known[] = { "private", "rprivate", "rshared",    "rslave", "runbindable",
                                       "shared",  "slave",    "unbindable", NULL };

  if (propagation != NULL && !g_strv_contains (known, propagation))
    return runc_spec_invalid (error,
                              "linux.rootfsPropagation: '%s' is not supported (known: shared, "
                              "slave, private, unbindable, and each with an 'r' in front)",
                              propagation);
  return TRUE;
}

gboolean
runc_spec_validate_intel_rdt (const RuncSpecIntelRdt *rdt, GError **error)
{
  const char *clos_id = rdt->clos_id;

  /* "/" is the root of the resctrl filesystem, all others are one directory below it. */
  if (clos_id != NULL
      && (strcmp (clos_id, ".") == 0 || strcmp (clos_id, "..") == 0
          || (strchr (clos_id, '/') != NULL && strcmp (clos_id, "/") != 0)))
    return runc_spec_invalid (error,
                              "linux.intelRdt.closID: '%s' is not the name of a directory, nor '/'",
                              clos_id);
  if (rdt->l3_cache_schema != NULL && strchr (rdt->l3_cache_schema, '\n') != NULL)
    return runc_spec_invalid (error, "linux.intelRdt.l3CacheSchema: must be one line");
  if (rdt->mem_bw_schema != NULL && strchr (rdt->mem_bw_schema, '\n') != NULL)
    return runc_spec_invalid (error, "linux.intelRdt.memBwSchema: must be one line");
  if (rdt->mem_bw_schema != NULL && !g_str_has_prefix (rdt->mem_bw_schema, "MB:"))
    return runc_spec_invalid (error, "linux.intelRdt.memBwSchema: must start with 'MB:', got '%s'",
                              rdt->mem_bw_schema);
  for (gsize i = 0; i < rdt->schemata.n; i++)
    if (strchr (rdt->schemata.items[i], '\n') != NULL)
      return runc_spec_invalid (error, "linux.intelRdt.schemata[%zu]: must be one line", i);
  return TRUE;
}

/* How many nodes each mode takes: set_mempolicy(2). The words are runc's: scripts know them. */
static gboolean
check_memory_nodes (const RuncName *mode, const char *nodes, GError **error)
{
  uint64_t bits[RUNC_ID_LIST_WORDS];
  int n = nodes != NULL ? runc_spec_parse_id_list (nodes, bits, RUNC_ID_LIST_WORDS) : 0;

  if (n < 0)
    return runc_validate_id_list (nodes,
                                  "linux.memoryPolicy.nodes: invalid memory policy nodes:", error);
  if ((mode->value == MODE_DEFAULT || mode->value == MODE_LOCAL) && n > 0)
    return runc_spec_invalid (
        error, "linux.memoryPolicy.nodes: memory policy mode requires 0 nodes but got %d (%s)", n,
        mode->name);
  if (mode->value != MODE_DEFAULT && mode->value != MODE_LOCAL && mode->value != MODE_PREFERRED
      && n == 0)
    return runc_spec_invalid (
        error,
        "linux.memoryPolicy.nodes: memory policy mode requires at least one node but got 0 (%s)",
        mode->name);
  return TRUE;
}

static gboolean
check_memory_policy (const RuncSpecMemoryPolicy *policy, GError **error)
{
  const char *mode_name = policy->mode != NULL ? policy->mode : "";
  const RuncName *mode = runc_name_find (runc_names_mempolicy_mode, mode_name);
  gboolean fixed = FALSE;
  gboolean relative = FALSE;

  if (mode == NULL)
    {
      g_autofree char *known = runc_name_list (runc_names_mempolicy_mode);
      return runc_spec_invalid (
          error, "linux.memoryPolicy.mode: invalid memory policy mode '%s' (known: %s)", mode_name,
          known);
    }
  for (gsize i = 0; i < policy->flags.n; i++)
    {
      const char *flag = policy->flags.items[i];
      if (runc_name_find (runc_names_mempolicy_flag, flag) == NULL)
        {
          g_autofree char *known = runc_name_list (runc_names_mempolicy_flag);
          return runc_spec_invalid (
              error, "linux.memoryPolicy.flags[%zu]: invalid memory policy flag '%s' (known: %s)",
              i, flag, known);
        }
      fixed = fixed || strcmp (flag, "MPOL_F_STATIC_NODES") == 0;
      relative = relative || strcmp (flag, "MPOL_F_RELATIVE_NODES") == 0;
    }
  if (fixed && relative)
    return runc_spec_invalid (error, "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
                                     "MPOL_F_RELATIVE_NODES exclude each other");
  return check_memory_nodes (mode, policy->nodes, error);
}

static gboolean
check_personality (const RuncSpecLinux *linux_spec, GError **error)
{
  const char *domain = linux_spec->personality_domain;

  if (domain != NULL && runc_name_find (runc_names_personality, domain) == NULL)
    return runc_spec_invalid (
        error, "linux.personality.domain: unknown domain '%s' (known: LINUX, LINUX32)", domain);
  return TRUE;
}

/* Some drivers make no use of a path, but one that nobody could use is a mistake on each host. */
static gboolean
check_cgroups_path (const char *path, GError **error)
{
  if (path != NULL && strlen (path) >= PATH_MAX)
    return runc_spec_invalid (error, "linux.cgroupsPath: is longer than a path can be (%d bytes)",
                              PATH_MAX - 1);
  return TRUE;
}

gboolean
runc_validate_linux (const RuncSpec *spec, GError **error)
{
  const RuncSpecLinux *linux_spec = &spec->linux_spec;

  if (!check_namespaces (linux_spec, error) || !check_time_offsets (linux_spec, error)
      || !check_sysctl (&linux_spec->sysctl, error) || !check_devices (linux_spec, error)
      || !check_net_devices (linux_spec, error)
      || !check_paths (linux_spec, &linux_spec->masked_paths, "maskedPaths", error)
      || !check_paths (linux_spec, &linux_spec->readonly_paths, "readonlyPaths", error)
      || !check_propagation (linux_spec->rootfs_propagation, error)
      || !check_cgroups_path (linux_spec->cgroups_path, error)
      || !check_personality (linux_spec, error))
    return FALSE;
  if (linux_spec->intel_rdt != NULL && !runc_spec_validate_intel_rdt (linux_spec->intel_rdt, error))
    return FALSE;
  if (linux_spec->memory_policy != NULL && !check_memory_policy (linux_spec->memory_policy, error))
    return FALSE;
  if (linux_spec->resources != NULL
      && !runc_spec_validate_resources (linux_spec->resources, "linux.resources", error))
    return FALSE;
  return linux_spec->seccomp == NULL || runc_validate_seccomp (spec, error);
}
