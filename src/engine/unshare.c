/* All the ids that a user has: for a program of his (`unshare`), and for our own work on what
 * belongs to the other users of a container. Runs in the parent.
 *
 * The program is executed by this very process: signals, the terminal and the exit status need
 * nobody between it and the caller.
 */
#include "engine/common.h"
#include "engine/engine.h"

#include "base/error.h"
#include "base/log.h"
#include "launch/launch.h"
#include "plan/plan.h"

#include <errno.h>
#include <unistd.h>

enum
{
  CANNOT_EXECUTE = 126,
  NOT_FOUND = 127, /* as shells, env(1) and unshare(1) have it */
};

/* The plan, or NULL without an error for somebody who has all ids already. */
static RuncPlan *
plan_ids (GError **error)
{
  g_autoptr (RuncHost) host
      = runc_host_probe (NULL, NULL, RUNC_HOST_IDENTITY | RUNC_HOST_SUBIDS, error);

  if (host == NULL || runc_host_is_real_root (host))
    return NULL;
  return runc_plan_new_ids (host, error);
}

gboolean
runc_engine_with_all_ids (int (*work) (gpointer data), gpointer data, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (RuncPlan) plan = plan_ids (&local);

  if (plan == NULL && local == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "root has all ids");
  if (plan == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (plan->maps.method == RUNC_MAP_SELF)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "there are no other ids");
  return runc_launch_in_userns (&plan->maps, work, data, error);
}

gboolean
runc_engine_unshare (const char *const *argv, int *ret_status, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (RuncPlan) plan = plan_ids (&local);
  const char *shell[] = { g_getenv ("SHELL"), NULL };
  int saved;

  if (plan == NULL && local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (plan != NULL)
    {
      for (char **w = plan->warnings; w != NULL && *w != NULL; w++)
        runc_warning ("%s", *w);
      if (!runc_launch_enter_userns (&plan->maps, error))
        return FALSE;
    }
  if (argv[0] == NULL)
    {
      if (shell[0] == NULL || shell[0][0] == '\0')
        shell[0] = "/bin/sh";
      argv = shell;
    }
  execvp (argv[0], (char *const *)argv);
  saved = errno;
  *ret_status = saved == ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
  return runc_throw_neg (error, -saved, "cannot execute '%s'", argv[0]);
}
