/* Facts as a JSON document, for tests and `plan --host FILE`, and back. Runs in the parent.
 *
 * The document has the members of RuncHost under their own names; one that is missing is zero.
 */
#include "host/host.h"

#include "base/error.h"
#include "base/json.h"

#include <linux/capability.h>
#include <stddef.h>
#include <string.h>

/* ---- the members with a plain type
 * --------------------------------------------------------------- */

/* X (member). What JSON calls it is its name. */
#define BOOLEANS(X)                                                                                \
  X (initial_userns)                                                                               \
  X (setgroups_allowed)                                                                            \
  X (userns_allowed)                                                                               \
  X (no_new_privs)                                                                                 \
  X (ids_out_of_bounds)                                                                            \
  X (cgroup2_delegated)                                                                            \
  X (cgroup_path_delegated)                                                                        \
  X (systemd_system)                                                                               \
  X (systemd_user)                                                                                 \
  X (proc_masked)                                                                                  \
  X (apparmor)                                                                                     \
  X (selinux)                                                                                      \
  X (overlay_in_userns)                                                                            \
  X (tmpfs_xattrs)                                                                                 \
  X (fuse_device)                                                                                  \
  X (program_changeable)                                                                           \
  X (program_leavable)                                                                             \
  X (rootfs_foreign)                                                                               \
  X (rootfs_writable)

#define STRINGS(X)                                                                                 \
  X (newuidmap)                                                                                    \
  X (newgidmap)                                                                                    \
  X (cgroup2_mount)                                                                                \
  X (cgroup2_path)                                                                                 \
  X (resctrl)                                                                                      \
  X (fuse_overlayfs)                                                                               \
  X (layer_place)                                                                                  \
  X (layer_fs)                                                                                     \
  X (layer_driver)                                                                                 \
  X (bundle)                                                                                       \
  X (rootfs)

#define RANGES(X)                                                                                  \
  X (uid_map)                                                                                      \
  X (gid_map)                                                                                      \
  X (sub_uids)                                                                                     \
  X (sub_gids)

static const char *const cgroup_modes[] = { "none", "v1", "hybrid", "v2" };
static const char *const owners[] = { "unknown", "self", "path", "other" };

/* ---- writing ------------------------------------------------------------------------------- */

static RuncJson *
ranges_to_json (const RuncIdRanges *ranges)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < ranges->n; i++)
    {
      RuncJson *range = json_object_new_array ();

      json_object_array_add (range, json_object_new_int64 (ranges->items[i].inside));
      json_object_array_add (range, json_object_new_int64 (ranges->items[i].outside));
      json_object_array_add (range, json_object_new_int64 (ranges->items[i].size));
      json_object_array_add (list, range);
    }
  return list;
}

static RuncJson *
strings_to_json (char **strings)
{
  RuncJson *list = json_object_new_array ();

  for (; strings != NULL && *strings != NULL; strings++)
    json_object_array_add (list, json_object_new_string (*strings));
  return list;
}

static RuncJson *
hierarchies_to_json (const RuncHost *host)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < host->n_cgroup1; i++)
    {
      const RuncCgroupHierarchy *h = &host->cgroup1[i];
      RuncJson *object = json_object_new_object ();

      json_object_object_add (object, "controllers", json_object_new_string (h->controllers));
      json_object_object_add (object, "mountpoint", json_object_new_string (h->mountpoint));
      json_object_object_add (object, "own_path", json_object_new_string (h->own_path));
      json_object_array_add (list, object);
    }
  return list;
}

static RuncJson *
namespaces_to_json (const RuncHost *host)
{
  RuncJson *object = json_object_new_object ();

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      const RuncNsFact *fact = &host->namespaces[ns];
      RuncJson *member;

      if (!fact->exists)
        continue;
      member = json_object_new_object ();
      json_object_object_add (member, "current", json_object_new_boolean (fact->current));
      json_object_object_add (member, "owner", json_object_new_string (owners[fact->owner]));
      json_object_object_add (object, runc_namespace_to_string (ns), member);
    }
  return object;
}

static RuncJson *
rlimits_to_json (const RuncHost *host)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < host->n_rlimits; i++)
    {
      RuncJson *object = json_object_new_object ();

      json_object_object_add (object, "resource", json_object_new_int (host->rlimits[i].resource));
      json_object_object_add (object, "hard", json_object_new_uint64 (host->rlimits[i].hard));
      json_object_array_add (list, object);
    }
  return list;
}

static RuncJson *
devices_to_json (const RuncHost *host)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < host->n_devices; i++)
    json_object_array_add (list, json_object_new_boolean (host->devices[i]));
  return list;
}

char *
runc_host_to_json (const RuncHost *host)
{
  autojson RuncJson *root = json_object_new_object ();

  json_object_object_add (root, "euid", json_object_new_int64 (host->euid));
  json_object_object_add (root, "egid", json_object_new_int64 (host->egid));
  json_object_object_add (root, "program_owner", json_object_new_int64 (host->program_owner));
  json_object_object_add (root, "program_mode", json_object_new_int64 (host->program_mode));
  json_object_object_add (root, "effective_caps", json_object_new_uint64 (host->effective_caps));
  json_object_object_add (root, "oom_score_adj", json_object_new_int (host->oom_score_adj));
  json_object_object_add (root, "rootfs_errno", json_object_new_int (host->rootfs_errno));
  json_object_object_add (root, "cgroup_mode",
                          json_object_new_string (cgroup_modes[host->cgroup_mode]));
#define X(member) json_object_object_add (root, #member, json_object_new_boolean (host->member));
  BOOLEANS (X)
#undef X
#define X(member)                                                                                  \
  if (host->member != NULL)                                                                        \
    json_object_object_add (root, #member, json_object_new_string (host->member));
  STRINGS (X)
#undef X
#define X(member) json_object_object_add (root, #member, ranges_to_json (&host->member));
  RANGES (X)
#undef X
  json_object_object_add (root, "cgroup2_controllers", strings_to_json (host->cgroup2_controllers));
  json_object_object_add (root, "cgroup1", hierarchies_to_json (host));
  json_object_object_add (root, "namespaces", namespaces_to_json (host));
  json_object_object_add (root, "rlimits", rlimits_to_json (host));
  json_object_object_add (root, "devices", devices_to_json (host));
  return runc_json_to_string (root);
}

/* ---- reading ------------------------------------------------------------------------------- */

static gboolean
throw_type (const char *member, const char *wanted, GError **error)
{
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "host facts: %s: expected %s", member, wanted);
}

/* The member, or NULL when it is missing or null. */
static RuncJson *
get (RuncJson *object, const char *name)
{
  RuncJson *member = NULL;

  json_object_object_get_ex (object, name, &member);
  return member;
}

static gboolean
read_boolean (RuncJson *root, const char *name, gboolean *ret_value, GError **error)
{
  RuncJson *member = get (root, name);

  if (member == NULL)
    return TRUE;
  if (!json_object_is_type (member, json_type_boolean))
    return throw_type (name, "a boolean", error);
  *ret_value = json_object_get_boolean (member);
  return TRUE;
}

static gboolean
read_string (RuncJson *root, const char *name, char **ret_value, GError **error)
{
  RuncJson *member = get (root, name);

  if (member == NULL)
    return TRUE;
  if (!json_object_is_type (member, json_type_string))
    return throw_type (name, "a string", error);
  *ret_value = g_strdup (json_object_get_string (member));
  return TRUE;
}

static gboolean
read_number (RuncJson *root, const char *name, guint64 max, guint64 *ret_value, GError **error)
{
  RuncJson *member = get (root, name);

  if (member == NULL)
    return TRUE;
  if (!json_object_is_type (member, json_type_int))
    return throw_type (name, "a number", error);
  *ret_value = json_object_get_uint64 (member);
  return *ret_value <= max || throw_type (name, "a smaller number", error);
}

static gboolean
read_uint32 (RuncJson *root, const char *name, guint32 *ret_value, GError **error)
{
  guint64 value = *ret_value;

  if (!read_number (root, name, G_MAXUINT32, &value, error))
    return FALSE;
  *ret_value = (guint32)value;
  return TRUE;
}

static gboolean
read_name (RuncJson *root, const char *name, const char *const *names, int *ret_index,
           GError **error)
{
  RuncJson *member = get (root, name);

  if (member == NULL)
    return TRUE;
  for (int i = 0; i < 4; i++)
    if (g_strcmp0 (json_object_get_string (member), names[i]) == 0)
      {
        *ret_index = i;
        return TRUE;
      }
  return throw_type (name, "one of its names", error);
}

/* [[inside, outside, size], ...] */
static gboolean
read_ranges (RuncJson *root, const char *name, RuncIdRanges *ret_ranges, GError **error)
{
  RuncJson *list = get (root, name);

  if (list == NULL)
    return TRUE;
  if (!json_object_is_type (list, json_type_array))
    return throw_type (name, "an array", error);
  ret_ranges->n = json_object_array_length (list);
  ret_ranges->items = g_new0 (RuncIdRange, ret_ranges->n);
  for (gsize i = 0; i < ret_ranges->n; i++)
    {
      RuncJson *range = json_object_array_get_idx (list, i);
      guint32 value[3];

      if (!json_object_is_type (range, json_type_array) || json_object_array_length (range) != 3)
        return throw_type (name, "ranges of three numbers", error);
      for (gsize k = 0; k < 3; k++)
        value[k] = (guint32)json_object_get_uint64 (json_object_array_get_idx (range, k));
      ret_ranges->items[i] = (RuncIdRange){ value[0], value[1], value[2] };
    }
  return TRUE;
}

static gboolean
read_controllers (RuncJson *root, RuncHost *host, GError **error)
{
  RuncJson *list = get (root, "cgroup2_controllers");
  gsize n;

  if (list == NULL)
    return TRUE;
  if (!json_object_is_type (list, json_type_array))
    return throw_type ("cgroup2_controllers", "an array", error);
  n = json_object_array_length (list);
  host->cgroup2_controllers = g_new0 (char *, n + 1);
  for (gsize i = 0; i < n; i++)
    host->cgroup2_controllers[i]
        = g_strdup (json_object_get_string (json_object_array_get_idx (list, i)));
  return TRUE;
}

static gboolean
read_hierarchies (RuncJson *root, RuncHost *host, GError **error)
{
  RuncJson *list = get (root, "cgroup1");
  gsize n;

  if (list == NULL)
    return TRUE;
  if (!json_object_is_type (list, json_type_array))
    return throw_type ("cgroup1", "an array", error);
  n = json_object_array_length (list);
  host->cgroup1 = g_new0 (RuncCgroupHierarchy, n);
  for (; host->n_cgroup1 < n; host->n_cgroup1++)
    {
      RuncJson *item = json_object_array_get_idx (list, host->n_cgroup1);
      RuncCgroupHierarchy *h = &host->cgroup1[host->n_cgroup1];

      if (!json_object_is_type (item, json_type_object)
          || !read_string (item, "controllers", &h->controllers, NULL)
          || !read_string (item, "mountpoint", &h->mountpoint, NULL)
          || !read_string (item, "own_path", &h->own_path, NULL) || h->controllers == NULL
          || h->mountpoint == NULL || h->mountpoint[0] != '/' || h->own_path == NULL)
        {
          host->n_cgroup1++;
          return throw_type ("cgroup1", "objects with controllers, mountpoint and own_path", error);
        }
    }
  return TRUE;
}

static gboolean
read_namespaces (RuncJson *root, RuncHost *host, GError **error)
{
  RuncJson *object = get (root, "namespaces");

  if (object == NULL)
    return TRUE;
  if (!json_object_is_type (object, json_type_object))
    return throw_type ("namespaces", "an object", error);
  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      RuncJson *member = get (object, runc_namespace_to_string (ns));
      int owner = RUNC_NS_OWNER_UNKNOWN;

      if (member == NULL)
        continue;
      if (!json_object_is_type (member, json_type_object))
        return throw_type ("namespaces", "objects", error);
      if (!read_boolean (member, "current", &host->namespaces[ns].current, error)
          || !read_name (member, "owner", owners, &owner, error))
        return FALSE;
      host->namespaces[ns].exists = TRUE;
      host->namespaces[ns].owner = (RuncNsOwner)owner;
    }
  return TRUE;
}

static gboolean
read_rlimits (RuncJson *root, RuncHost *host, GError **error)
{
  RuncJson *list = get (root, "rlimits");
  gsize n;

  if (list == NULL)
    return TRUE;
  if (!json_object_is_type (list, json_type_array))
    return throw_type ("rlimits", "an array", error);
  n = json_object_array_length (list);
  host->rlimits = g_new0 (RuncHostRlimit, n);
  for (; host->n_rlimits < n; host->n_rlimits++)
    {
      RuncJson *item = json_object_array_get_idx (list, host->n_rlimits);
      guint32 resource = 0;

      if (!json_object_is_type (item, json_type_object)
          || !read_uint32 (item, "resource", &resource, NULL)
          || !read_number (item, "hard", G_MAXUINT64, &host->rlimits[host->n_rlimits].hard, NULL))
        return throw_type ("rlimits", "objects with resource and hard", error);
      host->rlimits[host->n_rlimits].resource = (int)resource;
    }
  return TRUE;
}

static gboolean
read_devices (RuncJson *root, RuncHost *host, GError **error)
{
  RuncJson *list = get (root, "devices");

  if (list == NULL)
    return TRUE;
  if (!json_object_is_type (list, json_type_array))
    return throw_type ("devices", "an array", error);
  host->n_devices = json_object_array_length (list);
  host->devices = g_new0 (gboolean, host->n_devices);
  for (gsize i = 0; i < host->n_devices; i++)
    host->devices[i] = json_object_get_boolean (json_object_array_get_idx (list, i));
  return TRUE;
}

static gboolean
read_plain (RuncJson *root, RuncHost *host, GError **error)
{
  int mode = RUNC_CGROUP_NONE;

#define X(member)                                                                                  \
  if (!read_boolean (root, #member, &host->member, error))                                         \
    return FALSE;
  BOOLEANS (X)
#undef X
#define X(member)                                                                                  \
  if (!read_string (root, #member, &host->member, error))                                          \
    return FALSE;
  STRINGS (X)
#undef X
#define X(member)                                                                                  \
  if (!read_ranges (root, #member, &host->member, error))                                          \
    return FALSE;
  RANGES (X)
#undef X
  if (get (root, "oom_score_adj") != NULL)
    host->oom_score_adj = json_object_get_int (get (root, "oom_score_adj"));
  if (get (root, "rootfs_errno") != NULL)
    host->rootfs_errno = json_object_get_int (get (root, "rootfs_errno"));
  if (!read_uint32 (root, "euid", &host->euid, error)
      || !read_uint32 (root, "egid", &host->egid, error)
      || !read_uint32 (root, "program_owner", &host->program_owner, error)
      || !read_uint32 (root, "program_mode", &host->program_mode, error)
      || !read_number (root, "effective_caps", G_MAXUINT64, &host->effective_caps, error)
      || !read_name (root, "cgroup_mode", cgroup_modes, &mode, error))
    return FALSE;
  host->cgroup_mode = (RuncCgroupMode)mode;
  return TRUE;
}

/* What a probe never leaves out. */
static gboolean
check_complete (const RuncHost *host, GError **error)
{
  if (host->cgroup_mode == RUNC_CGROUP_V2
      && (host->cgroup2_mount == NULL || host->cgroup2_path == NULL))
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "host facts: cgroup_mode v2 needs cgroup2_mount and cgroup2_path");
  if (host->bundle == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "host facts: bundle: missing");
  return TRUE;
}

RuncHost *
runc_host_from_json (const char *text, gsize len, GError **error)
{
  autojson RuncJson *root = runc_json_parse (text, len, "host facts", error);
  g_autoptr (RuncHost) host = NULL;

  if (root == NULL)
    return NULL;
  if (!json_object_is_type (root, json_type_object))
    {
      throw_type (".", "an object", error);
      return NULL;
    }
  host = g_new0 (RuncHost, 1);
  if (!read_plain (root, host, error) || !read_controllers (root, host, error)
      || !read_hierarchies (root, host, error) || !read_namespaces (root, host, error)
      || !read_rlimits (root, host, error) || !read_devices (root, host, error)
      || !check_complete (host, error))
    return NULL;
  return g_steal_pointer (&host);
}
