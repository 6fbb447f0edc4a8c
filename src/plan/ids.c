/* Id maps of the container's user namespace. Pure; the parent.
 *
 * Outside ids are ids of the user namespace we are in, as for `newuidmap` and as config.json means
 * them.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>

/* The kernel takes no more lines. */
#define MAX_LINES 340
/* ... nor as many bytes: those of the smallest page. */
#define MAX_LENGTH 4096

#define HOW_TO_GET_RANGES                                                                          \
  "(root can give ranges with 'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "   \
  "NAME', and the package 'uidmap' has newuidmap; see 'runc doctor --check subordinate-ids')"

#define NO_NEW_PRIVS                                                                               \
  "get no rights, because no_new_privs is set: start the outer container without it "              \
  "(process.noNewPrivileges of its config.json, '--security-opt no-new-privileges', bubblewrap)"

#define OUT_OF_BOUNDS                                                                              \
  "cannot get CAP_SETUID and CAP_SETGID: give them to the outer container "                        \
  "(process.capabilities.bounding of its config.json, '--cap-add SETUID --cap-add SETGID')"

/* What differs between users and groups. */
typedef struct
{
  const char *name; /* "uid" */
  const char *path; /* "linux.uidMappings" */
  guint32 own;
  const RuncSpecIdMaps *asked;
  const RuncIdRanges *here; /* all that exist in our user namespace */
  const RuncIdRanges *subordinate;
} Side;

static void
get_sides (const RuncBuilder *b, Side *ret_uids, Side *ret_gids)
{
  const RuncHost *host = b->host;

  *ret_uids = (Side){
    .name = "uid",
    .path = "linux.uidMappings",
    .own = host->euid,
    .asked = &b->spec->linux_spec.uid_mappings,
    .here = &host->uid_map,
    .subordinate = &host->sub_uids,
  };
  *ret_gids = (Side){
    .name = "gid",
    .path = "linux.gidMappings",
    .own = host->egid,
    .asked = &b->spec->linux_spec.gid_mappings,
    .here = &host->gid_map,
    .subordinate = &host->sub_gids,
  };
}

/* Is [first, first + size) inside one of @ranges? */
static bool
is_within (const RuncIdRanges *ranges, guint32 first, guint32 size)
{
  for (gsize i = 0; i < ranges->n; i++)
    if (first >= ranges->items[i].inside
        && (guint64)first + size <= (guint64)ranges->items[i].inside + ranges->items[i].size)
      return true;
  return false;
}

/* As is_within(), where neighbouring ranges count as one. */
static bool
is_covered (const RuncIdRanges *ranges, guint32 first, guint32 size)
{
  guint64 at = first, end = at + size;

  while (at < end)
    {
      guint64 next = at;

      for (gsize i = 0; i < ranges->n; i++)
        if (at >= ranges->items[i].inside
            && at < (guint64)ranges->items[i].inside + ranges->items[i].size)
          next = MAX (next, (guint64)ranges->items[i].inside + ranges->items[i].size);
      if (next == at)
        return false;
      at = next;
    }
  return true;
}

static bool
is_own_id_alone (const Side *side)
{
  return side->asked->n == 1 && side->asked->items[0].size == 1
         && side->asked->items[0].host_id == side->own;
}

static RuncIdMap *
copy_asked (RuncBuilder *b, const Side *side, gsize *ret_n)
{
  RuncIdMap *map = runc_builder_alloc (b, side->asked->n * sizeof *map);

  for (gsize i = 0; i < side->asked->n; i++)
    map[i] = (RuncIdMap){ side->asked->items[i].container_id, side->asked->items[i].host_id,
                          side->asked->items[i].size };
  *ret_n = side->asked->n;
  return map;
}

static RuncIdMap *
map_own_id (RuncBuilder *b, const Side *side, gsize *ret_n)
{
  RuncIdMap *map = runc_builder_alloc (b, sizeof *map);

  *map = (RuncIdMap){ 0, side->own, 1 };
  *ret_n = 1;
  return map;
}

/* How many bytes the kernel is given for a line of a map. */
static gsize
line_length (const RuncIdMap *line)
{
  char text[3 * sizeof "4294967295"];

  return (gsize)g_snprintf (text, sizeof text, "%u %u %u\n", line->inside, line->outside,
                            line->size);
}

/* Move *@at, where an id is root's, ours, or in one of the @n lines of @map, behind what it is in,
 * and return how many ids there are from there on that are not, up to @end. */
static guint64
next_free (const Side *side, const RuncIdMap *map, gsize n, guint64 *at, guint64 end)
{
  guint64 until = end;

  for (gsize i = 0; i <= n; i++)
    {
      /* What is looked at last is root, who is nobody's to give. */
      guint64 first = i < n ? map[i].outside : 0, behind = first + (i < n ? map[i].size : 1);

      if (*at >= first && *at < behind)
        {
          *at = behind;
          return *at < end ? next_free (side, map, n, at, end) : 0;
        }
      if (first > *at)
        until = MIN (until, first);
    }
  return until - *at;
}

/* 0 -> ourselves, 1.. -> the ranges we were given, one after the other, each id once: into @map,
 * which has room for MAX_LINES. Returns the number of lines. */
static gsize
fill_ranges (const Side *side, RuncIdMap *map)
{
  guint64 inside = 1;
  gsize n = 1, length;

  map[0] = (RuncIdMap){ 0, side->own, 1 };
  length = line_length (&map[0]);
  for (gsize i = 0; i < side->subordinate->n; i++)
    {
      const RuncIdRange *range = &side->subordinate->items[i];
      guint64 at = range->inside, end = at + range->size, size;

      /* A range of a user namespace further out, from an /etc/subuid that was copied inside. */
      if (range->size == 0 || !is_within (side->here, range->inside, range->size))
        continue;
      for (; at < end && (size = next_free (side, map, n, &at, end)) > 0; at += size)
        {
          RuncIdMap line = { (guint32)inside, (guint32)at, (guint32)size };

          if (n == MAX_LINES || inside + size > G_MAXUINT32
              || length + line_length (&line) >= MAX_LENGTH)
            return n;
          length += line_length (&line);
          map[n++] = line;
          inside += size;
        }
    }
  return n;
}

static RuncIdMap *
map_ranges (RuncBuilder *b, const Side *side, gsize *ret_n)
{
  RuncIdMap all[MAX_LINES], *map;

  *ret_n = fill_ranges (side, all);
  map = runc_builder_alloc (b, *ret_n * sizeof *map);
  memcpy (map, all, *ret_n * sizeof *map);
  return map;
}

/* All ids that we have, under the same numbers. */
static RuncIdMap *
map_all (RuncBuilder *b, const Side *side, gsize *ret_n)
{
  gsize n = MIN (side->here->n, MAX_LINES);
  RuncIdMap *map = runc_builder_alloc (b, n * sizeof *map);

  for (gsize i = 0; i < n; i++)
    map[i] = (RuncIdMap){ side->here->items[i].inside, side->here->items[i].inside,
                          side->here->items[i].size };
  *ret_n = n;
  return map;
}

static gboolean
check_asked_as_root (const Side *side, GError **error)
{
  for (gsize i = 0; i < side->asked->n; i++)
    {
      const RuncSpecIdMap *map = &side->asked->items[i];

      if (!is_covered (side->here, map->host_id, map->size))
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "%s[%" G_GSIZE_FORMAT
                           "]: %ss from %u on, %u of them, do not all exist in this user namespace "
                           "(see /proc/self/%s_map)",
                           side->path, i, side->name, map->host_id, map->size, side->name);
    }
  return TRUE;
}

static gboolean
check_asked_as_user (const Side *side, GError **error)
{
  for (gsize i = 0; i < side->asked->n; i++)
    {
      const RuncSpecIdMap *map = &side->asked->items[i];

      if (map->size == 1 && map->host_id == side->own)
        continue;
      if (is_within (side->subordinate, map->host_id, map->size))
        continue;
      return runc_throw (
          error, RUNC_ERROR_UNSUPPORTED,
          "%s[%" G_GSIZE_FORMAT
          "]: %ss from %u on, %u of them, are not in your ranges in /etc/sub%s " HOW_TO_GET_RANGES,
          side->path, i, side->name, map->host_id, map->size, side->name);
    }
  return TRUE;
}

/* Why newuidmap and newgidmap cannot help, or NULL. */
static const char *
why_no_tools (const RuncHost *host)
{
  if (host->newuidmap == NULL || host->newgidmap == NULL)
    return "are not installed (they are in the package 'uidmap' or 'shadow-utils')";
  if (host->no_new_privs)
    return NO_NEW_PRIVS;
  if (host->ids_out_of_bounds)
    return OUT_OF_BOUNDS;
  return NULL;
}

/* As root the parent writes the maps itself. */
static gboolean
maps_as_root (RuncBuilder *b, const Side *uids, const Side *gids, GError **error)
{
  RuncMapPlan *maps = &b->plan->maps;

  maps->method = RUNC_MAP_DIRECT;
  if (uids->asked->n == 0 && gids->asked->n == 0)
    {
      if (b->who == RUNC_WHO_REAL_ROOT)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "linux.uidMappings: user namespaces enabled, but no namespace path to "
                           "join nor mappings to apply specified");
      maps->uids = map_all (b, uids, &maps->n_uids);
      maps->gids = map_all (b, gids, &maps->n_gids);
      return TRUE;
    }
  if (uids->asked->n == 0 || gids->asked->n == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s: user namespaces enabled, but no %s mappings found",
                       uids->asked->n == 0 ? uids->path : gids->path,
                       uids->asked->n == 0 ? "uid" : "gid");
  maps->uids = copy_asked (b, uids, &maps->n_uids);
  maps->gids = copy_asked (b, gids, &maps->n_gids);
  return check_asked_as_root (uids, error) && check_asked_as_root (gids, error);
}

static gboolean
maps_as_asked (RuncBuilder *b, const Side *uids, const Side *gids, GError **error)
{
  RuncMapPlan *maps = &b->plan->maps;

  maps->uids = uids->asked->n > 0 ? copy_asked (b, uids, &maps->n_uids)
                                  : map_own_id (b, uids, &maps->n_uids);
  maps->gids = gids->asked->n > 0 ? copy_asked (b, gids, &maps->n_gids)
                                  : map_own_id (b, gids, &maps->n_gids);
  if ((uids->asked->n == 0 || is_own_id_alone (uids))
      && (gids->asked->n == 0 || is_own_id_alone (gids)))
    {
      maps->method = RUNC_MAP_SELF;
      maps->deny_setgroups = TRUE;
      return TRUE;
    }
  if (!check_asked_as_user (uids, error) || !check_asked_as_user (gids, error))
    return FALSE;
  if (why_no_tools (b->host) != NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "%s: only newuidmap and newgidmap can map more than your own id, and they "
                       "%s; see 'runc doctor --check newuidmap'",
                       uids->path, why_no_tools (b->host));
  maps->method = RUNC_MAP_TOOLS;
  maps->newuidmap = b->host->newuidmap;
  maps->newgidmap = b->host->newgidmap;
  return TRUE;
}

static bool
has_one_id (const Side *side)
{
  return side->here->n == 1 && side->here->items[0].size == 1;
}

static const char *
why_one_id (RuncBuilder *b, const Side *uids, const Side *gids)
{
  if (has_one_id (uids) || has_one_id (gids))
    return "the outer one has no more (give it ids by linux.uidMappings and linux.gidMappings of "
           "its config.json; see 'runc doctor --check subordinate-ids')";
  if (b->plan->maps.n_uids > 1 && b->plan->maps.n_gids > 1)
    return runc_builder_printf (b, "newuidmap and newgidmap %s", why_no_tools (b->host));
  if (b->host->euid == 0)
    return "this root has no CAP_SETUID and CAP_SETGID (give them to the outer container: "
           "'--cap-add SETUID --cap-add SETGID', or process.capabilities of its config.json)";
  return "there is no range for you in /etc/subuid and /etc/subgid " HOW_TO_GET_RANGES;
}

/* What the user was given, as far as it can be had. */
static void
maps_by_ranges (RuncBuilder *b, const Side *uids, const Side *gids)
{
  RuncMapPlan *maps = &b->plan->maps;

  maps->uids = map_ranges (b, uids, &maps->n_uids);
  maps->gids = map_ranges (b, gids, &maps->n_gids);
  if (maps->n_uids > 1 && maps->n_gids > 1 && why_no_tools (b->host) == NULL)
    {
      maps->method = RUNC_MAP_TOOLS;
      maps->newuidmap = b->host->newuidmap;
      maps->newgidmap = b->host->newgidmap;
      return;
    }
  b->why_one_id = why_one_id (b, uids, gids);
  runc_builder_warn (b,
                     "the container has only one uid and gid, so its programs cannot change user "
                     "or keep files of several owners: %s",
                     b->why_one_id);
  maps->method = RUNC_MAP_SELF;
  maps->deny_setgroups = TRUE;
  maps->n_uids = maps->n_gids = 1;
}

gboolean
runc_plan_maps (RuncBuilder *b, GError **error)
{
  Side uids, gids;

  /* Of a user namespace that is joined a user cannot know it. */
  b->can_set_groups = b->host->setgroups_allowed && (!b->ns.join_user || b->who != RUNC_WHO_USER);
  if (!b->ns.new_userns)
    return TRUE;
  get_sides (b, &uids, &gids);
  if (!b->host->initial_userns && b->host->uid_map.n == 0)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "we have no id in the user namespace that we are in, and none to give: make "
                       "that one by 'unshare -r' or '--map-current-user' instead of 'unshare -U'");
  if (runc_plan_maps_directly (b->host))
    return maps_as_root (b, &uids, &gids, error);
  if (uids.asked->n > 0 || gids.asked->n > 0)
    {
      if (!maps_as_asked (b, &uids, &gids, error))
        return FALSE;
    }
  else
    maps_by_ranges (b, &uids, &gids);
  if (b->plan->maps.deny_setgroups)
    b->can_set_groups = false;
  return TRUE;
}

RuncIdMap *
runc_plan_own_ids (const RuncHost *host, bool groups, gsize *ret_n)
{
  static const RuncSpec nothing;
  const RuncBuilder b = { .spec = &nothing, .host = host };
  RuncIdMap *map = g_new (RuncIdMap, MAX_LINES);
  Side uids, gids;

  get_sides (&b, &uids, &gids);
  *ret_n = fill_ranges (groups ? &gids : &uids, map);
  return map;
}

RuncPlan *
runc_plan_new_ids (const RuncHost *host, GError **error)
{
  static const RuncSpec nothing;
  RuncBuilder b = { .spec = &nothing, .host = host };
  g_autoptr (RuncPlan) plan = NULL;

  runc_builder_init (&b);
  plan = b.plan;
  b.who = runc_plan_who (host);
  b.ns.new_userns = true;
  if (!runc_plan_maps (&b, error))
    return NULL;
  plan->new_userns = TRUE;
  /* They belong to the host, which a plan for a container does not outlive. */
  if (plan->maps.method == RUNC_MAP_TOOLS)
    {
      plan->maps.newuidmap = runc_builder_printf (&b, "%s", host->newuidmap);
      plan->maps.newgidmap = runc_builder_printf (&b, "%s", host->newgidmap);
    }
  runc_builder_finish (&b);
  return g_steal_pointer (&plan);
}

static bool
is_mapped (const RuncIdMap *map, gsize n, guint32 id, guint32 *ret_outside)
{
  for (gsize i = 0; i < n; i++)
    if (id >= map[i].inside && id - map[i].inside < map[i].size)
      {
        *ret_outside = map[i].outside + (id - map[i].inside);
        return true;
      }
  return false;
}

bool
runc_plan_uid_is_mapped (const RuncBuilder *b, guint32 id)
{
  guint32 outside;

  if (b->ns.join_user)
    return true;
  if (!b->ns.new_userns)
    return is_covered (&b->host->uid_map, id, 1);
  return is_mapped (b->plan->maps.uids, b->plan->maps.n_uids, id, &outside);
}

guint32
runc_plan_host_uid (const RuncBuilder *b, guint32 id)
{
  guint32 outside = 0;

  return is_mapped (b->plan->maps.uids, b->plan->maps.n_uids, id, &outside) ? outside : 0;
}

guint32
runc_plan_host_gid (const RuncBuilder *b, guint32 id)
{
  guint32 outside = 0;

  return is_mapped (b->plan->maps.gids, b->plan->maps.n_gids, id, &outside) ? outside : 0;
}

bool
runc_plan_gid_is_mapped (const RuncBuilder *b, guint32 id)
{
  guint32 outside;

  if (b->ns.join_user)
    return true;
  if (!b->ns.new_userns)
    return is_covered (&b->host->gid_map, id, 1);
  return is_mapped (b->plan->maps.gids, b->plan->maps.n_gids, id, &outside);
}

bool
runc_plan_must_become_root (const RuncBuilder *b)
{
  const RuncMapPlan *maps = &b->plan->maps;
  guint32 uid, gid;

  if (b->ns.join_user)
    return true;
  if (!b->ns.new_userns || !is_mapped (maps->uids, maps->n_uids, 0, &uid)
      || !is_mapped (maps->gids, maps->n_gids, 0, &gid))
    return false;
  return uid != b->host->euid || gid != b->host->egid;
}

/* "0-65535" or "0 and 1000-1005" for messages. */
static char *
describe_ids (const RuncIdMap *map, gsize n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append (text, ", ");
      if (map[i].size == 1)
        g_string_append_printf (text, "%u", map[i].inside);
      else
        g_string_append_printf (text, "%u-%u", map[i].inside, map[i].inside + (map[i].size - 1));
    }
  return g_string_free (text, FALSE);
}

static gboolean
throw_unmapped (const RuncBuilder *b, const char *path, guint32 id, bool uid, GError **error)
{
  const RuncMapPlan *maps = &b->plan->maps;
  const char *name = uid ? "uid" : "gid";
  g_autofree char *have = NULL;
  const char *hint;

  if (!b->ns.new_userns)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "%s: %s %u does not exist in this user namespace (see /proc/self/%s_map)",
                       path, name, id, name);
  have = describe_ids (uid ? maps->uids : maps->gids, uid ? maps->n_uids : maps->n_gids);
  if (b->why_one_id != NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "%s: the container has no %s %u but only %s: %s", path, name, id, have,
                       b->why_one_id);
  if (b->spec->linux_spec.uid_mappings.n > 0)
    hint = "(add it to linux.uidMappings and linux.gidMappings)";
  else if (maps->method == RUNC_MAP_DIRECT)
    hint = "(the user namespace that we are in has no more, see /proc/self/uid_map)";
  else
    hint = "(more take a larger range in /etc/subuid and /etc/subgid; see 'runc doctor --check "
           "subordinate-ids')";
  return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                     "%s: the container has no %s %u: it is given %s %s", path, name, id, have,
                     hint);
}

gboolean
runc_plan_check_user (RuncBuilder *b, const RuncSpecProcess *process, GError **error)
{
  const RuncSpecUser *user = &process->user;

  if (!runc_plan_uid_is_mapped (b, user->uid))
    return throw_unmapped (b, "process.user.uid", user->uid, true, error);
  if (!runc_plan_gid_is_mapped (b, user->gid))
    return throw_unmapped (b, "process.user.gid", user->gid, false, error);
  if (!b->can_set_groups)
    {
      if (user->n_additional_gids > 0)
        runc_builder_warn (b, "process.user.additionalGids: left out, because a container with a "
                              "single gid cannot have others");
      return TRUE;
    }
  for (gsize i = 0; i < user->n_additional_gids; i++)
    if (!runc_plan_gid_is_mapped (b, user->additional_gids[i]))
      return throw_unmapped (b, "process.user.additionalGids", user->additional_gids[i], false,
                             error);
  return TRUE;
}
