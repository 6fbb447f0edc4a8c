/* Id-mapped mounts: which ids of the source appear as which. Pure; the parent.
 *
 * config.json says it by mounts[].uidMappings and gidMappings, by the option
 * "idmap=uids=0-1000-10;..." as crun knows it, or by "idmap" alone: then the maps of the
 * container's user namespace are meant.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

static RuncIdMap *
copy_maps (RuncBuilder *b, const RuncSpecIdMaps *spec)
{
  RuncIdMap *map = runc_builder_alloc (b, spec->n * sizeof *map);

  for (gsize i = 0; i < spec->n; i++)
    map[i]
        = (RuncIdMap){ spec->items[i].container_id, spec->items[i].host_id, spec->items[i].size };
  return map;
}

/* @id of the container as it is outside. */
static bool
to_outside (const RuncIdMap *map, gsize n, guint32 id, guint32 *ret_outside)
{
  for (gsize i = 0; i < n; i++)
    if (id >= map[i].inside && id - map[i].inside < map[i].size)
      {
        *ret_outside = map[i].outside + (id - map[i].inside);
        return true;
      }
  return false;
}

/* Three numbers with '-' between: "0-1000-10". */
static bool
parse_triplet (const char **text, guint32 value[3])
{
  for (int i = 0; i < 3; i++)
    {
      char *end;
      guint64 number;

      if (i > 0 && *(*text)++ != '-')
        return false;
      if (!g_ascii_isdigit (**text))
        return false;
      errno = 0;
      number = g_ascii_strtoull (*text, &end, 10);
      if (errno != 0 || number > G_MAXUINT32)
        return false;
      value[i] = (guint32)number;
      *text = end;
    }
  return true;
}

/* "0-1000-10#@10-20-5" up to a ';' or the end; '@': the second number is an id of the container.
 * @map has room for as many as there are '#', and one. */
static bool
parse_list (const RuncBuilder *b, const char **text, bool uids, RuncIdMap *map, gsize *ret_n)
{
  const RuncMapPlan *own = &b->plan->maps;
  gsize n = 0;

  while (true)
    {
      bool relative = **text == '@';
      guint32 value[3];

      *text += relative;
      if (!parse_triplet (text, value))
        return false;
      if (relative
          && !to_outside (uids ? own->uids : own->gids, uids ? own->n_uids : own->n_gids, value[1],
                          &value[1]))
        return false;
      map[n++] = (RuncIdMap){ value[0], value[1], value[2] };
      if (**text != '#')
        break;
      (*text)++;
    }
  *ret_n = n;
  return **text == ';' || **text == '\0';
}

static bool
parse_spec (RuncBuilder *b, const char *text, RuncMapPlan *maps)
{
  gsize room = 1;

  for (const char *p = text; *p != '\0'; p++)
    room += *p == '#';
  maps->uids = runc_builder_alloc (b, room * sizeof *maps->uids);
  maps->gids = runc_builder_alloc (b, room * sizeof *maps->gids);
  while (*text != '\0')
    {
      bool uids = g_str_has_prefix (text, "uids=");

      if (!uids && !g_str_has_prefix (text, "gids="))
        return false;
      text += strlen ("uids=");
      if (!parse_list (b, &text, uids, uids ? maps->uids : maps->gids,
                       uids ? &maps->n_uids : &maps->n_gids))
        return false;
      text += *text == ';';
    }
  return maps->n_uids > 0 && maps->n_gids > 0;
}

gboolean
runc_plan_mount_idmap (RuncBuilder *b, RuncPlannedMount *m, const RuncMapPlan **ret_maps,
                       GError **error)
{
  const RuncSpecMount *spec = m->spec;
  RuncMapPlan *maps = runc_builder_alloc (b, sizeof *maps);

  maps->method = RUNC_MAP_DIRECT;
  *ret_maps = maps;
  if (spec->uid_mappings.n > 0 && spec->gid_mappings.n > 0)
    {
      maps->uids = copy_maps (b, &spec->uid_mappings);
      maps->n_uids = spec->uid_mappings.n;
      maps->gids = copy_maps (b, &spec->gid_mappings);
      maps->n_gids = spec->gid_mappings.n;
      return TRUE;
    }
  if (spec->uid_mappings.n > 0 || spec->gid_mappings.n > 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s: id-mapped mounts must have both uid and gid mappings specified",
                       m->label);
  if (m->options.idmap_spec != NULL)
    return parse_spec (b, m->options.idmap_spec, maps)
           || runc_throw (
               error, RUNC_ERROR_INVALID_SPEC,
               "%s.options: 'idmap=%s': not of the form uids=A-B-N#...;gids=A-B-N#..., or "
               "an id that the container does not have",
               m->label, m->options.idmap_spec);
  if (b->ns.new_userns)
    {
      *maps = b->plan->maps;
      maps->method = RUNC_MAP_DIRECT;
      return TRUE;
    }
  if (!b->ns.join_user)
    return runc_throw (
        error, RUNC_ERROR_INVALID_SPEC,
        "%s: id-mapped mounts must have both uid and gid mappings specified, because "
        "the container has no user namespace",
        m->label);
  *ret_maps = NULL;
  m->idmap_slot = runc_builder_slot (b, RUNC_SLOT_NAMESPACE,
                                     b->spec->linux_spec.namespaces[RUNC_NS_USER].path);
  return TRUE;
}
