/* `state`, `list` and `ps`: what there is to know about containers. Runs in the parent, without
 * locks.
 *
 * A container that is being created, or was left half made or half deleted, is shown with what is
 * known of it; nothing here makes a list fail because of one of its entries.
 */
#include "engine/common.h"
#include "engine/engine.h"

#include "base/error.h"
#include "base/version.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
runc_container_info_free (RuncContainerInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->oci_version);
  g_free (info->id);
  g_free (info->status);
  g_free (info->bundle);
  g_free (info->rootfs);
  g_free (info->created);
  g_free (info->owner);
  g_strfreev (info->published);
  g_strfreev (info->annotations);
  g_free (info);
}

/* The name of @uid in /etc/passwd, else "#uid" (new string). */
static char *
user_name (guint32 uid)
{
  FILE *file = fopen ("/etc/passwd", "re");
  char *name = NULL;
  struct passwd *entry;

  while (file != NULL && name == NULL && (entry = fgetpwent (file)) != NULL)
    if (entry->pw_uid == uid)
      name = g_strdup (entry->pw_name);
  if (file != NULL)
    fclose (file);
  return name != NULL ? name : g_strdup_printf ("#%u", uid);
}

/* Owners as a list needs them: most containers have the same. */
typedef struct
{
  guint32 uid;
  char *name; /* NULL until the first */
} OwnerCache;

static const char *
owner_name (OwnerCache *cache, guint32 uid)
{
  if (cache->name == NULL || cache->uid != uid)
    {
      g_free (cache->name);
      cache->name = user_name (uid);
      cache->uid = uid;
    }
  return cache->name;
}

/* What the directory alone tells. */
static RuncContainerInfo *
info_without_state (const RuncStateDir *dir, const char *id, OwnerCache *cache)
{
  RuncContainerInfo *info = g_new0 (RuncContainerInfo, 1);
  struct stat st = { .st_uid = geteuid () };

  fstat (dir->dir_fd, &st);
  info->oci_version = g_strdup (RUNC_SPEC_VERSION);
  info->id = g_strdup (id);
  info->status = g_strdup (runc_status_to_string (runc_state_status (dir, NULL)));
  info->bundle = g_strdup ("");
  info->rootfs = g_strdup ("");
  info->created
      = runc_state_format_time ((gint64)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
  info->owner = g_strdup (owner_name (cache, st.st_uid));
  return info;
}

/* The facts about the container in @dir; never fails. */
static RuncContainerInfo *
info_new (const RuncStateDir *dir, const char *id, OwnerCache *cache)
{
  g_autoptr (RuncState) state = runc_state_read (dir, NULL);
  RuncContainerInfo *info;
  RuncStatus status;

  if (state == NULL)
    return info_without_state (dir, id, cache);
  status = runc_engine_status (dir, state);
  info = g_new0 (RuncContainerInfo, 1);
  info->oci_version = g_strdup (runc_engine_oci_version (state));
  info->id = g_steal_pointer (&state->id);
  info->pid = status != RUNC_STATUS_STOPPED ? state->init_pid : 0;
  info->status = g_strdup (runc_status_to_string (status));
  info->bundle = g_strdup (state->bundle != NULL ? state->bundle : "");
  info->rootfs = g_strdup (state->rootfs != NULL ? state->rootfs : "");
  info->created = runc_state_format_time (state->created_us);
  info->owner = g_strdup (owner_name (cache, state->owner));
  info->published = g_steal_pointer (&state->published);
  info->annotations = g_steal_pointer (&state->annotations);
  return info;
}

RuncContainerInfo *
runc_engine_state (const RuncGlobal *global, const char *id, GError **error)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  OwnerCache cache = { 0 };
  RuncContainerInfo *info;

  if (!runc_state_check_id (id, error))
    return NULL;
  g_autofree char *root = runc_state_root (global->root, error);
  if (root == NULL || !runc_state_dir_open (root, id, FALSE, &dir, error))
    return NULL;
  info = info_new (&dir, id, &cache);
  g_free (cache.name);
  return info;
}

static void
add_string (RuncJson *object, const char *key, const char *value)
{
  json_object_object_add (object, key, json_object_new_string (value != NULL ? value : ""));
}

RuncJson *
runc_container_info_to_json (const RuncContainerInfo *info)
{
  RuncJson *object = json_object_new_object ();

  add_string (object, "ociVersion", info->oci_version);
  add_string (object, "id", info->id);
  json_object_object_add (object, "pid", json_object_new_int (info->pid));
  add_string (object, "status", info->status);
  add_string (object, "bundle", info->bundle);
  add_string (object, "rootfs", info->rootfs);
  add_string (object, "created", info->created);
  if (info->annotations != NULL)
    {
      RuncJson *annotations = json_object_new_object ();
      for (char **pair = info->annotations; pair[0] != NULL; pair += 2)
        add_string (annotations, pair[0], pair[1]);
      json_object_object_add (object, "annotations", annotations);
    }
  add_string (object, "owner", info->owner);
  if (info->published != NULL)
    {
      RuncJson *published = json_object_new_array ();
      for (gsize i = 0; info->published[i] != NULL; i++)
        json_object_array_add (published, json_object_new_string (info->published[i]));
      json_object_object_add (object, "published", published);
    }
  return object;
}

GPtrArray *
runc_engine_list (const RuncGlobal *global, GError **error)
{
  g_autoptr (GPtrArray) infos
      = g_ptr_array_new_with_free_func ((GDestroyNotify)runc_container_info_free);
  g_autofree char *root = runc_state_root (global->root, error);
  g_autoptr (GError) local = NULL;
  OwnerCache cache = { 0 };

  if (root == NULL)
    return NULL;
  g_auto (GStrv) ids = runc_state_list_ids (root, &local);
  if (ids == NULL)
    {
      /* The default root may well not have been made yet. */
      if (global->root == NULL && g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
        return g_steal_pointer (&infos);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  for (gsize i = 0; ids[i] != NULL; i++)
    {
      g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
      /* Deleted since, or somebody else's in a shared root. */
      if (runc_state_dir_open (root, ids[i], FALSE, &dir, NULL))
        g_ptr_array_add (infos, info_new (&dir, ids[i], &cache));
    }
  g_free (cache.name);
  return g_steal_pointer (&infos);
}

GArray *
runc_engine_pids (const RuncGlobal *global, const char *id, GError **error)
{
  g_auto (RuncStateDir) dir = RUNC_STATE_DIR_INIT;
  g_autoptr (RuncState) state = NULL;
  g_autoptr (GError) local = NULL;

  if (!runc_state_check_id (id, error))
    return NULL;
  g_autofree char *root = runc_state_root (global->root, error);
  if (root == NULL || !runc_state_dir_open (root, id, FALSE, &dir, error))
    return NULL;
  state = runc_state_read (&dir, &local);
  if (state == NULL && g_error_matches (local, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    return g_array_new (FALSE, FALSE, sizeof (pid_t));
  if (state == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return runc_engine_processes (state, error);
}
