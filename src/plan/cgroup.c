/* The cgroup: driver and paths. Pure; the parent.
 *
 * The choice is the table of docs/cgroups.md: systemd when asked for or, for an ordinary user on a
 * unified hierarchy, when there is a user session; the filesystem where we may write; else none. A
 * path of config.json where a user may write comes first.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <sched.h>
#include <string.h>

#define HOW_TO_GET_DELEGATION                                                                      \
  "(log in to a systemd user session, or start runc with 'systemd-run --user --scope -p "          \
  "Delegate=yes'; see 'runc doctor --check delegation')"

#define DELEGATED_ANNOTATION "annotations[\"run.oci.delegate-cgroup\"]"

static const char *
delegated_path (const RuncBuilder *b)
{
  return runc_spec_annotation (b->spec, "run.oci.delegate-cgroup");
}

/* What a scope must not be able to do to the host: nothing below the root by "..". */
static const char *
cgroups_path (RuncBuilder *b)
{
  const char *path = b->spec->linux_spec.cgroups_path;
  const char *clean;

  if (path == NULL || path[0] == '\0')
    return NULL;
  clean = runc_builder_clean (b, path);
  return path[0] == '/' ? clean : clean + 1;
}

/* ---- systemd ------------------------------------------------------------------------------- */

static gboolean
is_property_name (const char *name)
{
  gsize len = 0;

  for (; name[len] != '\0'; len++)
    if (!g_ascii_isalpha (name[len]))
      return FALSE;
  return len >= 3;
}

static gboolean
systemd_properties (RuncBuilder *b, GError **error)
{
  static const char prefix[] = "org.systemd.property.";
  const RuncPairs *annotations = &b->spec->annotations;
  char **list;
  gsize n = 0;

  for (gsize i = 0; i < annotations->n; i++)
    n += g_str_has_prefix (annotations->items[i].key, prefix);
  if (n == 0)
    return TRUE;
  list = runc_builder_alloc (b, (n + 1) * sizeof *list);
  n = 0;
  for (gsize i = 0; i < annotations->n; i++)
    {
      const RuncPair *pair = &annotations->items[i];
      const char *name = pair->key + strlen (prefix);

      if (!g_str_has_prefix (pair->key, prefix))
        continue;
      if (!is_property_name (name))
        return runc_throw (
            error, RUNC_ERROR_INVALID_SPEC,
            "annotations[\"%s\"]: annotation %s name incorrect: a property's name has "
            "three letters or more, and nothing else",
            pair->key, pair->key);
      list[n++] = runc_builder_printf (b, "%s=%s", name, pair->value);
    }
  b->plan->cgroup.properties = list;
  return TRUE;
}

/* The directory of a slice: "a-b.slice" is in "a.slice". */
static char *
slice_dir (RuncBuilder *b, const char *slice, GError **error)
{
  g_autoptr (GString) dir = g_string_new (NULL);
  gsize len = strlen (slice);

  if (strcmp (slice, "-.slice") == 0)
    return runc_builder_strndup (b, "", 0);
  if (len < strlen ("x.slice") || !g_str_has_suffix (slice, ".slice") || strchr (slice, '/') != NULL
      || slice[0] == '-' || slice[len - strlen (".slice") - 1] == '-'
      || strstr (slice, "--") != NULL)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC, "linux.cgroupsPath: invalid slice name: %s",
                  slice);
      return NULL;
    }
  for (const char *end = strchr (slice, '-'); end != NULL; end = strchr (end + 1, '-'))
    g_string_append_printf (dir, "/%.*s.slice", (int)(end - slice), slice);
  g_string_append_printf (dir, "/%s", slice);
  return runc_builder_strndup (b, dir->str, dir->len);
}

/* systemd makes the directories of a unit in the v1 hierarchies that it manages. The others are
 * ours to make, in the same places, and the process joins them all by itself. */
static gboolean
plan_systemd_v1 (RuncBuilder *b, GError **error)
{
  RuncCgroupPlan *cgroup = &b->plan->cgroup;
  const RuncHost *host = b->host;
  g_auto (GStrv) parts = g_strsplit (cgroup->path, ":", 3);
  const char *dir;
  char *unit;

  if (cgroup->user_bus)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot use rootless systemd cgroups manager on cgroup v1");
  dir = slice_dir (b, parts[0], error);
  if (dir == NULL)
    return FALSE;
  unit = runc_builder_printf (b, "%s/%s-%s.scope", dir, parts[1], parts[2]);
  cgroup->v1_dirs = runc_builder_alloc (b, (host->n_cgroup1 + 1) * sizeof (char *));
  for (gsize i = 0; i < host->n_cgroup1; i++)
    cgroup->v1_dirs[i] = runc_builder_path (b, host->cgroup1[i].mountpoint, unit);
  return TRUE;
}

/* @id for the name of a unit. Of the characters of an id, "+" is not allowed there; escaped as by
 * systemd-escape(1). */
static const char *
unit_name (RuncBuilder *b, const char *id)
{
  g_auto (GStrv) parts = g_strsplit (id, "+", -1);
  g_autofree char *name = g_strjoinv ("\\x2b", parts);

  return runc_builder_strndup (b, name, strlen (name));
}

static gboolean
plan_systemd (RuncBuilder *b, GError **error)
{
  RuncCgroupPlan *cgroup = &b->plan->cgroup;
  const char *path = b->spec->linux_spec.cgroups_path;
  const char *slice;

  cgroup->driver = RUNC_CGROUP_DRIVER_SYSTEMD;
  cgroup->user_bus = b->who != RUNC_WHO_REAL_ROOT;
  cgroup->delegate = TRUE;
  cgroup->subgroup = (char *)runc_spec_annotation (b->spec, "run.oci.systemd.subgroup");
  slice = cgroup->user_bus ? "user.slice" : "system.slice";
  if (path == NULL || path[0] == '\0' || (path[0] == '/' && !b->global->systemd_cgroup))
    cgroup->path = runc_builder_printf (b, "%s:runc:%s", slice, unit_name (b, b->request->id));
  else
    {
      g_auto (GStrv) parts = g_strsplit (path, ":", -1);

      if (g_strv_length (parts) != 3)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "linux.cgroupsPath: expected cgroupsPath to be of format "
                           "\"slice:prefix:name\" for systemd cgroups, got \"%s\" instead",
                           path);
      if (g_str_has_suffix (parts[2], ".slice"))
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "linux.cgroupsPath: '%s' names a slice, which has no processes of its "
                           "own: a container needs a name without '.slice'",
                           path);
      cgroup->path = runc_builder_printf (b, "%s:%s:%s", parts[0][0] != '\0' ? parts[0] : slice,
                                          parts[1], parts[2]);
    }
  if (b->host->cgroup_mode != RUNC_CGROUP_V2 && !plan_systemd_v1 (b, error))
    return FALSE;
  return systemd_properties (b, error);
}

/* ---- filesystem ---------------------------------------------------------------------------- */

static char *
parent_of (RuncBuilder *b, const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL || slash == path ? (char *)"/"
                                        : runc_builder_strndup (b, path, (gsize)(slash - path));
}

/* Where root's cgroups of v2 are: processes in a cgroup and controllers below it exclude each
 * other, so they are beside our own, not below it. */
static char *
beside (RuncBuilder *b)
{
  return parent_of (b, b->host->cgroup2_path != NULL ? b->host->cgroup2_path : "/");
}

/* The directory for @inner below @mount: an absolute one counts from the root of the hierarchy, any
 * other from @own. */
static char *
place (RuncBuilder *b, const char *mount, const char *own, const char *inner)
{
  if (inner[0] == '/')
    return runc_builder_path (b, mount, inner);
  return runc_builder_path (b, runc_builder_path (b, mount, own), inner);
}

/* Engines that are set up for systemd on one side only: it works, somehow, and has always done. */
static void
warn_of_colon (RuncBuilder *b, const char *path)
{
  if (path != NULL && strchr (path, ':') != NULL && path[0] != '/')
    runc_builder_warn (b,
                       "linux.cgroupsPath: '%s' is meant for systemd (use --systemd-cgroup); it is "
                       "taken as a path",
                       path);
}

static void
plan_fs2 (RuncBuilder *b)
{
  RuncCgroupPlan *cgroup = &b->plan->cgroup;
  const RuncHost *host = b->host;
  const char *asked = cgroups_path (b);
  const char *inner = asked != NULL ? asked : b->request->id;
  const char *own = host->cgroup2_path != NULL ? host->cgroup2_path : "/";

  /* A user can only go below what was delegated. */
  if (b->who == RUNC_WHO_REAL_ROOT)
    own = beside (b);
  cgroup->driver = RUNC_CGROUP_DRIVER_FS2;
  cgroup->v2_dir = place (b, host->cgroup2_mount, own, inner);
  cgroup->path = cgroup->v2_dir + strlen (host->cgroup2_mount);
}

static void
plan_fs1 (RuncBuilder *b)
{
  RuncCgroupPlan *cgroup = &b->plan->cgroup;
  const RuncHost *host = b->host;
  const char *asked = cgroups_path (b);
  const char *inner = asked != NULL ? asked : b->request->id;

  cgroup->driver = RUNC_CGROUP_DRIVER_FS1;
  cgroup->v1_dirs = runc_builder_alloc (b, (host->n_cgroup1 + 1) * sizeof (char *));
  for (gsize i = 0; i < host->n_cgroup1; i++)
    cgroup->v1_dirs[i] = place (b, host->cgroup1[i].mountpoint, host->cgroup1[i].own_path, inner);
  /* A user has what was delegated, and that is the limits. */
  if (host->cgroup_mode == RUNC_CGROUP_HYBRID && host->cgroup2_mount != NULL
      && b->who == RUNC_WHO_REAL_ROOT)
    cgroup->v2_dir = place (b, host->cgroup2_mount, beside (b), inner);
}

/* ---- none ---------------------------------------------------------------------------------- */

static bool
has_limits (const RuncSpecResources *r)
{
  return r != NULL
         && (r->memory != NULL || r->cpu != NULL || r->pids_limit.present || r->block_io != NULL
             || r->n_hugepage_limits > 0 || r->net_class_id.present || r->n_net_priorities > 0
             || r->n_rdma > 0 || r->unified.n > 0);
}

static bool
is_given (const char *text)
{
  return text != NULL && text[0] != '\0';
}

static gboolean
plan_none (RuncBuilder *b, GError **error)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  const char *asked = has_limits (spec->resources)    ? "linux.resources"
                      : is_given (spec->cgroups_path) ? "linux.cgroupsPath"
                      : is_given (delegated_path (b)) ? DELEGATED_ANNOTATION
                                                      : NULL;

  b->plan->cgroup.driver = RUNC_CGROUP_DRIVER_NONE;
  b->plan->cgroup.resources = NULL;
  if (asked == NULL)
    return TRUE;
  if (b->global->rootless == RUNC_ROOTLESS_TRUE)
    {
      runc_builder_warn (b,
                         "%s: ignored, no cgroup is delegated to this user " HOW_TO_GET_DELEGATION,
                         asked);
      return TRUE;
    }
  return runc_throw (
      error, RUNC_ERROR_UNSUPPORTED,
      "%s: rootless needs no limits + no cgrouppath when no permission is granted for "
      "cgroups " HOW_TO_GET_DELEGATION,
      asked);
}

/* ---- a cgroup that the container manages ----------------------------------------------------- */

/* crun's annotation: the limits are those of the container's cgroup, its processes are in one below
 * that, which belongs to the root of the container. */
static gboolean
plan_delegated (RuncBuilder *b, GError **error)
{
  const char *path = delegated_path (b);
  g_auto (GStrv) parts = NULL;

  if (!is_given (path))
    return TRUE;
  parts = g_strsplit (path, "/", -1);
  if (g_strv_contains ((const char *const *)parts, ".."))
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       DELEGATED_ANNOTATION ": '%s' must not lead out of the container's cgroup",
                       path);
  if (b->host->cgroup_mode != RUNC_CGROUP_V2)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       DELEGATED_ANNOTATION ": needs a cgroup v2 host (it is not safe to let "
                                            "others manage cgroups of v1)");
  path = runc_builder_clean (b, path) + 1;
  b->plan->cgroup.delegated = path[0] != '\0' ? (char *)path : NULL;
  return TRUE;
}

/* The container's root may manage a cgroup that is delegated to it, and else the container's own
 * when it has a user and a cgroup namespace and config.json mounts the cgroups for writing. */
static guint32
cgroup_owner (RuncBuilder *b)
{
  const RuncMapPlan *maps = &b->plan->maps;
  bool writable = b->plan->cgroup.delegated != NULL;

  if (b->who == RUNC_WHO_USER || !b->ns.new_userns
      || (!writable && (b->ns.created & CLONE_NEWCGROUP) == 0))
    return 0;
  for (gsize i = 0; i < b->spec->n_mounts; i++)
    {
      const RuncSpecMount *m = &b->spec->mounts[i];

      if (m->type != NULL && g_str_has_prefix (m->type, "cgroup"))
        writable |= m->options.n == 0 || !g_strv_contains (m->options.items, "ro");
    }
  for (gsize i = 0; writable && i < maps->n_uids; i++)
    if (maps->uids[i].inside == 0 && maps->uids[i].outside != b->host->euid)
      return maps->uids[i].outside;
  return 0;
}

static gboolean
plan_driver (RuncBuilder *b, GError **error)
{
  const RuncHost *host = b->host;
  bool unified = host->cgroup_mode == RUNC_CGROUP_V2;

  if (b->global->systemd_cgroup)
    return plan_systemd (b, error);
  if (b->who == RUNC_WHO_REAL_ROOT)
    {
      if (host->cgroup_mode == RUNC_CGROUP_NONE)
        return plan_none (b, error);
      warn_of_colon (b, b->spec->linux_spec.cgroups_path);
      (unified ? plan_fs2 : plan_fs1) (b);
      return TRUE;
    }
  if (host->cgroup_path_delegated)
    {
      (unified ? plan_fs2 : plan_fs1) (b);
      return TRUE;
    }
  if (unified && host->systemd_user)
    return plan_systemd (b, error);
  if (unified && host->cgroup2_delegated)
    {
      plan_fs2 (b);
      return TRUE;
    }
  return plan_none (b, error);
}

gboolean
runc_plan_cgroup (RuncBuilder *b, GError **error)
{
  b->plan->cgroup.resources = b->spec->linux_spec.resources;
  b->plan->cgroup.device_rules = b->who == RUNC_WHO_REAL_ROOT;
  if (!plan_driver (b, error))
    return FALSE;
  if (b->plan->cgroup.driver == RUNC_CGROUP_DRIVER_NONE)
    {
      if ((b->ns.created & CLONE_NEWPID) == 0)
        runc_builder_warn (b, "linux.namespaces: without a pid namespace of its own and without a "
                              "cgroup, what the container's processes leave behind cannot be found "
                              "and ended (add {\"type\": \"pid\"})");
      return TRUE;
    }
  if (!plan_delegated (b, error))
    return FALSE;
  b->plan->cgroup.owner = cgroup_owner (b);
  return TRUE;
}
