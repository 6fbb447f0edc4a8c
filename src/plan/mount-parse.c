/* mounts[] of config.json, read: options, targets and sources, and what may not be. Pure; the
 * parent.
 *
 * What the mounts become is in mounts.c.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>
#include <linux/mount.h>

/* Files in /proc that lxcfs and the like put their own versions over. */
static const char *const proc_files[] = {
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/uptime",
  "/proc/loadavg",
  "/proc/slabinfo",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/crypto/fips_enabled",
  NULL,
};

bool
runc_plan_is_below (const char *path, const char *dir)
{
  gsize len = strlen (dir);

  return strncmp (path, dir, len) == 0 && path[len] == '/';
}

static gboolean
check_target (const RuncPlannedMount *m, GError **error)
{
  if (strcmp (m->target, "/") == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s.destination: '%s' is the root itself, and nothing can be mounted on it",
                       m->label, m->spec->destination);
  if (strcmp (m->target, "/proc") == 0 && !m->options.bind && strcmp (m->type, "proc") != 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s.destination: \"%s\" cannot be mounted because it is not of type proc",
                       m->label, m->target);
  if (!runc_plan_is_below (m->target, "/proc"))
    return TRUE;
  for (const char *const *file = proc_files; *file != NULL; file++)
    if (strcmp (m->target, *file) == 0)
      return TRUE;
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                     "%s.destination: \"%s\" cannot be mounted because it is inside /proc",
                     m->label, m->target);
}

static gboolean
check_idmap (RuncBuilder *b, const RuncPlannedMount *m, GError **error)
{
  if (!m->options.idmap)
    return TRUE;
  if (!m->options.bind)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s: id-mapped mounts are only supported for bind-mounts", m->label);
  if (b->who != RUNC_WHO_REAL_ROOT)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "%s: id-mapped mounts are not supported for rootless containers", m->label);
  return TRUE;
}

static gboolean
check_links (const RuncPlannedMount *m, GError **error)
{
  if (m->options.copy_symlink && (m->options.src_nofollow || m->options.dest_nofollow))
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s.options: 'copy-symlink' excludes 'src-nofollow' and 'dest-nofollow'",
                       m->label);
  return TRUE;
}

/* What @path is in the container, if it is the host's name of a place in there; else NULL. */
static const char *
inside_of_root (const RuncBuilder *b, const char *path)
{
  const char *root = b->host->rootfs;

  if (root == NULL || strcmp (root, "/") == 0)
    return NULL;
  if (strcmp (path, root) == 0)
    return "/";
  return runc_plan_is_below (path, root) ? path + strlen (root) : NULL;
}

/* As runc: destinations may be written as the host's path below the rootfs. */
static const char *
target_of (RuncBuilder *b, const char *destination)
{
  const char *path = runc_builder_clean (b, destination);
  const char *inside = inside_of_root (b, path);

  return inside != NULL ? inside : path;
}

/* Is the source part of what an earlier mount has put into the container? Then it is not there
 * before. */
static const char *
source_inside (RuncBuilder *b, const RuncPlannedMount *m, gsize index)
{
  const char *inside = inside_of_root (b, runc_builder_clean (b, m->source));

  if (inside == NULL || m->options.copy_symlink || m->options.idmap || m->options.remount)
    return NULL;
  for (gsize i = 0; i < index; i++)
    {
      const char *target = b->mounts[i].target;

      if (strcmp (inside, "/") == 0 || strcmp (inside, target) == 0
          || runc_plan_is_below (inside, target) || runc_plan_is_below (target, inside))
        return inside;
    }
  return NULL;
}

static gboolean
parse_mount (RuncBuilder *b, RuncPlannedMount *m, const RuncSpecMount *spec, gsize index,
             GError **error)
{
  const char *source = spec->source != NULL ? spec->source : "";

  m->spec = spec;
  m->label = runc_builder_printf (b, "mounts[%" G_GSIZE_FORMAT "]", index);
  m->target = target_of (b, spec->destination);
  m->slot = RUNC_NO_SLOT;
  m->idmap_slot = RUNC_NO_SLOT;
  m->type = spec->type != NULL ? spec->type : "none";
  runc_plan_parse_options (b, &spec->options, &m->options);
  if (strcmp (m->type, "bind") == 0 || strcmp (m->type, "rbind") == 0)
    {
      m->options.bind = true;
      m->options.recursive |= m->type[0] == 'r';
    }
  if (spec->uid_mappings.n > 0 || spec->gid_mappings.n > 0)
    m->options.idmap = true;
  if (m->options.bind)
    {
      m->type = "bind";
      m->source = source[0] == '/' ? source : runc_builder_path (b, b->host->bundle, source);
      m->inside = source_inside (b, m, index);
      if (m->options.n_data > 0)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "%s.options: '%s': bind mounts cannot have any filesystem-specific "
                           "options applied",
                           m->label, m->options.data[0]);
    }
  return check_target (m, error) && check_idmap (b, m, error) && check_links (m, error);
}

const char *const runc_plan_own_mounts[]
    = { "/run/notify", "/etc/resolv.conf", "/etc/hosts", NULL };

/* A bind mount of our own: @name in the state directory, which the parent makes, on @target. */
static void
add_own_mount (RuncBuilder *b, const char *label, const char *name, const char *target)
{
  RuncPlannedMount *m = &b->mounts[b->n_mounts++];
  RuncSpecMount *spec = runc_builder_alloc (b, sizeof *spec);

  spec->destination = target;
  *m = (RuncPlannedMount){
    .spec = spec,
    .label = label,
    .target = target,
    .source = runc_builder_path (b, b->state_dir, name),
    .type = "bind",
    .slot = RUNC_NO_SLOT,
    .idmap_slot = RUNC_NO_SLOT,
    .options = { .bind = true, .any_flag = true, .set = RUNC_SAFE_ATTRS },
  };
}

/* The socket directory for the container's own READY=1, and what a network of ours needs; a file
 * that the configuration mounts itself stays. */
static void
add_own_mounts (RuncBuilder *b)
{
  RuncNetworkMode network = b->plan->network.mode;

  if (b->request == NULL)
    return;
  if (b->request->notify_socket != NULL)
    {
      add_own_mount (b, "$NOTIFY_SOCKET", "notify", "/run/notify");
      b->mounts[b->n_mounts - 1].options.set |= MOUNT_ATTR_RDONLY;
    }
  if (network != RUNC_NETWORK_SLIRP && network != RUNC_NETWORK_PASTA)
    return;
  if (runc_plan_mount_on (b, "/etc/resolv.conf") == NULL)
    add_own_mount (b, "resolv.conf", "resolv.conf", "/etc/resolv.conf");
  if (runc_plan_mount_on (b, "/etc/hosts") == NULL)
    add_own_mount (b, "hosts", "hosts", "/etc/hosts");
}

/* The option of mount(8) that gives filesystems their label. */
static gboolean
check_context_type (const RuncBuilder *b, GError **error)
{
  static const char *const known[] = { "context", "fscontext", "defcontext", "rootcontext", NULL };
  const char *kind = runc_spec_annotation (b->spec, RUNC_CONTEXT_TYPE);

  if (kind != NULL && !g_strv_contains (known, kind))
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "annotations[\"" RUNC_CONTEXT_TYPE
                       "\"]: unknown type '%s' (context, fscontext, "
                       "defcontext and rootcontext are known)",
                       kind);
  return TRUE;
}

enum
{
  MAX_OWN_MOUNTS = 3,
};

gboolean
runc_plan_parse_mounts (RuncBuilder *b, GError **error)
{
  const RuncSpec *spec = b->spec;

  b->mounts = runc_builder_alloc (b, (spec->n_mounts + MAX_OWN_MOUNTS) * sizeof *b->mounts);
  for (gsize i = 0; i < spec->n_mounts; i++)
    if (!parse_mount (b, &b->mounts[i], &spec->mounts[i], i, error))
      return FALSE;
  b->n_mounts = spec->n_mounts;
  add_own_mounts (b);
  return check_context_type (b, error);
}

const RuncPlannedMount *
runc_plan_mount_on (const RuncBuilder *b, const char *path)
{
  for (gsize i = b->n_mounts; i > 0; i--)
    if (strcmp (b->mounts[i - 1].target, path) == 0)
      return &b->mounts[i - 1];
  return NULL;
}
