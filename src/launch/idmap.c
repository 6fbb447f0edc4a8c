/* Id maps. Runs in the parent, while the child waits for MAPPED or makes what needs no ids.
 *
 * One's own id can be mapped by writing the files of the child; ranges of /etc/subuid need the
 * setuid helpers. Those take more than a millisecond each, so both run at the same time.
 */
#include "launch/idmap.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "sys/procfs.h"

#include <stdio.h>
#include <string.h>

static int
write_file (int proc, pid_t pid, const char *name, const char *text)
{
  char path[64];

  /* The process is our child and not reaped: the number cannot have been used again. */
  snprintf (path, sizeof path, "%d/%s", (int)pid, name);
  return runc_sys_proc_write (proc, path, text, strlen (text));
}

static char *
map_text (const RuncIdMap *map, gsize n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, "%u %u %u\n", map[i].inside, map[i].outside, map[i].size);
  return g_string_free (text, FALSE);
}

static gboolean
write_directly (const RuncMapPlan *maps, pid_t pid, GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  g_autofree char *uids = map_text (maps->uids, maps->n_uids);
  g_autofree char *gids = map_text (maps->gids, maps->n_gids);

  int r;

  if (proc < 0)
    return runc_throw_neg (error, proc, "cannot open '/proc'");
  r = write_file (proc, pid, "gid_map", gids);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot write the container's gid_map");
  r = write_file (proc, pid, "uid_map", uids);
  return r == 0
         || runc_throw (error, RUNC_ERROR_SYSTEM, "cannot write the container's uid_map: %s%s",
                        runc_strerror (-r), runc_plan_map_hint (maps, -r));
}

static gboolean
start_tool (const char *tool, pid_t pid, const RuncIdMap *map, gsize n, RuncProcess *ret_process,
            GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (argv, g_strdup (tool));
  g_ptr_array_add (argv, g_strdup_printf ("%d", (int)pid));
  for (gsize i = 0; i < n; i++)
    {
      g_ptr_array_add (argv, g_strdup_printf ("%u", map[i].inside));
      g_ptr_array_add (argv, g_strdup_printf ("%u", map[i].outside));
      g_ptr_array_add (argv, g_strdup_printf ("%u", map[i].size));
    }
  g_ptr_array_add (argv, NULL);

  RuncProcessSpec spec = {
    .path = tool,
    .argv = (const char *const *)argv->pdata,
    .stdin_fd = -1,
  };

  return runc_process_start (&spec, ret_process, error);
}

static gboolean
finish_tool (const char *tool, RuncProcess *process, GError **error)
{
  g_auto (RuncProcessResult) result = { 0 };

  if (!runc_process_wait (process, &result, error))
    return FALSE;
  if (result.status == 0)
    return TRUE;
  g_strdelimit (result.stderr_text, "\n", ' ');
  return runc_throw (error, RUNC_ERROR_SYSTEM,
                     "'%s' failed: %s (see 'runc doctor --check newuidmap')", tool,
                     result.stderr_text[0] != '\0' ? result.stderr_text : "no reason given");
}

static gboolean
write_with_tools (const RuncMapPlan *maps, pid_t pid, GError **error)
{
  g_auto (RuncProcess) uid_tool = RUNC_PROCESS_INIT;
  g_auto (RuncProcess) gid_tool = RUNC_PROCESS_INIT;
  gboolean uids_done;

  if (!start_tool (maps->newgidmap, pid, maps->gids, maps->n_gids, &gid_tool, error)
      || !start_tool (maps->newuidmap, pid, maps->uids, maps->n_uids, &uid_tool, error))
    return FALSE;
  uids_done = finish_tool (maps->newuidmap, &uid_tool, error);
  return finish_tool (maps->newgidmap, &gid_tool, uids_done ? error : NULL) && uids_done;
}

gboolean
runc_launch_write_maps (const RuncMapPlan *maps, pid_t pid, GError **error)
{
  switch (maps->method)
    {
    case RUNC_MAP_NONE:
    case RUNC_MAP_SELF:
      return TRUE;
    case RUNC_MAP_DIRECT:
      return write_directly (maps, pid, error);
    case RUNC_MAP_TOOLS:
      return write_with_tools (maps, pid, error);
    }
  g_assert_not_reached ();
}

gboolean
runc_launch_write_maps_for (const RuncMapPlan *maps, pid_t pid, GError **error)
{
  static const char deny[] = "deny";
  autofd int proc = -EBADF;
  char path[64];
  int r;

  if (maps->method != RUNC_MAP_SELF)
    return runc_launch_write_maps (maps, pid, error);
  if (maps->deny_setgroups)
    {
      proc = runc_sys_proc_open ();
      snprintf (path, sizeof path, "%d/setgroups", (int)pid);
      r = proc < 0 ? proc : runc_sys_proc_write (proc, path, deny, strlen (deny));
      if (r < 0)
        return runc_throw_neg (error, r, "cannot deny setgroups()");
    }
  return write_directly (maps, pid, error);
}
