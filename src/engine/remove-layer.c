/* Removing a layer on a disk with its container. Runs in the parent, with the container's lock.
 *
 * Its files belong to the users of the container; those who may remove them are root, and a user's
 * equal with all his ids.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>

static int
remove_path (const char *path)
{
  g_autofree char *place = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  autofd int dir = open (place, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (dir < 0)
    return errno == ENOENT ? 0 : -errno;
  return runc_sys_remove_tree (dir, name);
}

static int
remove_with_all_ids (gpointer data)
{
  return remove_path (data) == 0 ? 0 : 1;
}

gboolean
runc_engine_remove_layer (const RuncState *state, GError **error)
{
  g_autoptr (GError) local = NULL;
  int r;

  if (state->layer == NULL)
    return TRUE;
  r = remove_path (state->layer);
  if (r == 0)
    return TRUE;
  if ((r == -EACCES || r == -EPERM) && state->new_userns)
    {
      if (runc_engine_with_all_ids (remove_with_all_ids, state->layer, &local))
        return TRUE;
      runc_debug ("container '%s': as root of a user namespace: %s", state->id, local->message);
    }
  return runc_throw (error, RUNC_ERROR_SYSTEM,
                     "cannot remove the layer '%s': %s (try 'runc unshare rm -rf' with it)",
                     state->layer, runc_strerror (-r));
}
