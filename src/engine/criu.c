/* Starting criu and reading what its plan is made from. Runs in the parent. */
#include "engine/criu.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void
runc_criu_run_clear (RuncCriuRun *run)
{
  run->sock = runc_close_fd (run->sock);
  runc_launch_clear (&run->launch);
  for (gsize i = 0; i < G_N_ELEMENTS (run->dirs); i++)
    runc_close_fdp (&run->dirs[i]);
}

/* criu works in these directories, and mounts in them: they have to be those of its own mount
 * namespace, into which the root of its process leads. */
static gboolean
open_dirs (RuncCriuRun *run, RuncCriuPlan *criu, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%d/root", (int)run->launch.pid);
  autofd int proc = runc_sys_proc_open ();
  autofd int root = proc < 0 ? proc : openat (proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  gsize n = 0;

  if (root < 0)
    return runc_throw_errno (error, "cannot open '/proc/%s'", name);
  for (gsize i = 0; i < criu->n_settings; i++)
    {
      RuncCriuSetting *setting = &criu->settings[i];

      if (setting->option != RUNC_CRIU_OPTION_IMAGES_DIR
          && setting->option != RUNC_CRIU_OPTION_WORK_DIR)
        continue;
      run->dirs[n] = runc_sys_open_in_root (root, setting->value, O_RDONLY | O_DIRECTORY, false);
      if (run->dirs[n] < 0)
        return runc_throw_neg (error, run->dirs[n], "cannot open directory '%s'", setting->value);
      setting->number = run->dirs[n++];
    }
  return TRUE;
}

gboolean
runc_criu_run_start (RuncCriuRun *run, RuncPlan *plan, const RuncLaunchContext *context,
                     GError **error)
{
  RuncLaunchContext own = *context;
  autofd int theirs = -EBADF;

  if (!runc_criu_pair (&run->sock, &theirs, error))
    return FALSE;
  own.socket = theirs;
  return runc_launch_start (&run->launch, plan, &own, error);
}

gboolean
runc_criu_run_prepare (RuncCriuRun *run, GError **error)
{
  static const RuncLaunchDrive drive = { 0 };

  return runc_launch_drive (&run->launch, &drive, error)
         && open_dirs (run, run->launch.plan->criu, error);
}

gboolean
runc_criu_run_greet (RuncCriuRun *run, GError **error)
{
  RuncPlan *plan = run->launch.plan;

  if (!runc_launch_proceed (&run->launch, TRUE, error))
    return FALSE;
  /* It is still ours to end; and when it ends by itself, there must be no other holder of its
   * socket. */
  run->launch.proceeded = FALSE;
  for (gsize i = 0; i < plan->child.n_slots; i++)
    if (plan->child.slots[i].kind == RUNC_SLOT_SOCKET)
      runc_close_fdp (&plan->child.slots[i].fd);
  return runc_criu_greet (run->sock, plan->criu, &run->version, error);
}

void
runc_criu_run_finish (RuncCriuRun *run)
{
  run->sock = runc_close_fd (run->sock);
  while (run->launch.pid > 0 && waitpid (run->launch.pid, NULL, 0) < 0 && errno == EINTR)
    ;
  run->launch.pid = 0;
}

/* ---- what is read -------------------------------------------------------------------------- */

static const char *
absolute (const char *path, GPtrArray *strings)
{
  if (path == NULL || path[0] == '\0')
    return NULL;
  g_ptr_array_add (strings, g_canonicalize_filename (path, NULL));
  return g_ptr_array_index (strings, strings->len - 1);
}

RuncCriuOptions
runc_criu_absolute (const RuncCriuOptions *given, GPtrArray *strings)
{
  RuncCriuOptions options = *given;

  options.image_path = absolute (given->image_path, strings);
  if (options.image_path == NULL)
    options.image_path = absolute ("checkpoint", strings);
  options.work_path = absolute (given->work_path, strings);
  if (options.parent_path != NULL && options.parent_path[0] == '\0')
    options.parent_path = NULL;
  return options;
}

gboolean
runc_criu_make_work_dir (const RuncCriuOptions *options, GError **error)
{
  if (options->work_path == NULL || mkdir (options->work_path, 0700) == 0 || errno == EEXIST)
    return TRUE;
  return runc_throw_errno (error, "--work-path: cannot make '%s'", options->work_path);
}

/* The path of what @fd is open on, as the kernel has it (new string), or NULL. */
static char *
path_of (int proc, int fd)
{
  char name[64], path[PATH_MAX];
  ssize_t n;

  snprintf (name, sizeof name, "self/fd/%d", fd);
  n = readlinkat (proc, name, path, sizeof path);
  return n > 0 && (size_t)n < sizeof path ? g_strndup (path, (gsize)n) : NULL;
}

char **
runc_criu_resolve_mounts (const RuncSpec *spec, int root, gsize skip, GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  char **paths;

  if (proc < 0)
    {
      runc_throw_neg (error, proc, "cannot use '/proc' of the host");
      return NULL;
    }
  paths = g_new0 (char *, spec->n_mounts + 1);
  for (gsize i = 0; i < spec->n_mounts; i++)
    {
      autofd int fd = runc_sys_open_in_root (root, spec->mounts[i].destination, O_PATH, false);
      g_autofree char *path = fd >= 0 ? path_of (proc, fd) : NULL;

      if (path != NULL && strlen (path) > skip)
        paths[i] = g_strdup (path + skip);
    }
  return paths;
}

const char *const *
runc_criu_environment (void)
{
  extern char **environ;

  return (const char *const *)environ;
}
