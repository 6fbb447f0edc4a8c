/* `restore`: have criu make a container again. Runs in the parent.
 *
 * State directory, cgroups, hooks and what is handed out are those of `create`; in the place of the
 * container's process comes criu, in the container's cgroups, which makes it from its images. It is
 * our child as if we had made it. Until it runs everything can be taken back.
 */
#include "engine/criu.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "net/devices.h"
#include "sys/mount.h"
#include "sys/path.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 65536
#define MAX_CGROUPS     65536

#define VERSION_WITH_NO_NEW_PRIVS 31900

/* ---- facts for the plan -------------------------------------------------------------------- */

static gboolean
throw_descriptors (const char *path, GError **error)
{
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "'%s' is no list of three strings", path);
}

/* What the container's stdio was. */
static gboolean
read_descriptors (RuncPrepared *prepared, const char *images, GError **error)
{
  g_autofree char *path = g_build_filename (images, RUNC_CRIU_DESCRIPTORS, NULL);
  gsize len;
  g_autofree char *text = runc_io_read_file (AT_FDCWD, path, MAX_DESCRIPTORS, &len, error);
  autojson RuncJson *list = text != NULL ? runc_json_parse (text, len, path, error) : NULL;

  if (list == NULL)
    return runc_prefix (error, "no checkpoint in '%s' (--image-path)", images);
  if (!json_object_is_type (list, json_type_array) || json_object_array_length (list) != 3)
    return throw_descriptors (path, error);
  prepared->descriptors = g_new0 (char *, 4);
  for (gsize i = 0; i < 3; i++)
    {
      RuncJson *item = json_object_array_get_idx (list, i);

      if (!json_object_is_type (item, json_type_string))
        return throw_descriptors (path, error);
      prepared->descriptors[i] = g_strdup (json_object_get_string (item));
    }
  return TRUE;
}

gboolean
runc_restore_gather (RuncPrepared *prepared, GError **error)
{
  const RuncCriuOptions *options = prepared->request.restore;
  const char *rootfs = prepared->host->rootfs;

  if (!runc_plan_check_criu_user (prepared->host, "restore", error)
      || !read_descriptors (prepared, options->image_path, error))
    return FALSE;
  prepared->mounted_at = g_new0 (char *, prepared->spec->n_mounts + 1);
  if (rootfs != NULL)
    {
      autofd int root = open (rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

      if (root < 0)
        return runc_throw_errno (error, "cannot open '%s'", rootfs);
      g_free (prepared->mounted_at);
      prepared->mounted_at
          = runc_criu_resolve_mounts (prepared->spec, root,
                                      strcmp (rootfs, "/") == 0 ? 0 : strlen (rootfs), error);
      if (prepared->mounted_at == NULL)
        return FALSE;
    }
  prepared->restore = (RuncRestoreInput){
    .options = options,
    .descriptors = (const char *const *)prepared->descriptors,
    .mounted_at = (const char *const *)prepared->mounted_at,
    .environment = runc_criu_environment (),
  };
  return TRUE;
}

/* ---- criu ---------------------------------------------------------------------------------- */

/* What one restore holds beside the creation. */
typedef struct
{
  RuncCreation *creation;
  RuncCriuRun run;
  GArray *settings; /* of RuncCriuSetting: the plan's, and where criu is in the cgroups */
  char *cgroups;    /* what those point into */
} Restore;

static void
restore_clear (Restore *r)
{
  runc_criu_run_clear (&r->run);
  g_clear_pointer (&r->settings, g_array_unref);
  g_clear_pointer (&r->cgroups, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Restore, restore_clear)

static void
add_cgroup (Restore *r, char *line)
{
  RuncCriuSetting setting = { .option = RUNC_CRIU_OPTION_CGROUP_ROOT };

  /* "4:memory:/path": number, controllers, path */
  strsep (&line, ":");
  setting.key = strsep (&line, ":");
  setting.value = line;
  if (setting.key != NULL && setting.value != NULL)
    g_array_append_val (r->settings, setting);
}

/* criu is in the container's cgroups: that is where everything goes. Then it is asked for all of
 * this. */
static gboolean
complete_request (Restore *r, GError **error)
{
  RuncCriuPlan *criu = r->run.launch.plan->criu;
  g_autofree char *name = g_strdup_printf ("%d/cgroup", (int)r->run.launch.pid);
  autofd int proc = runc_sys_proc_open ();
  autofd int fd = proc < 0 ? proc : runc_sys_proc_open_file (proc, name, O_RDONLY);
  char *rest, *line;

  if (fd < 0)
    return runc_throw_neg (error, fd, "cannot open '/proc/%s'", name);
  r->cgroups = runc_io_read_fd (fd, name, MAX_CGROUPS, NULL, error);
  if (r->cgroups == NULL)
    return FALSE;
  r->settings = g_array_new (FALSE, FALSE, sizeof (RuncCriuSetting));
  g_array_append_vals (r->settings, criu->settings, (guint)criu->n_settings);
  rest = r->cgroups;
  while (r->creation->state->cgroup_driver != RUNC_CGROUP_DRIVER_NONE
         && (line = strsep (&rest, "\n")) != NULL)
    add_cgroup (r, line);
  criu->settings = (RuncCriuSetting *)(void *)r->settings->data;
  criu->n_settings = r->settings->len;
  return TRUE;
}

/* The namespaces are there, nothing runs in them yet. The network is made as at first: criu makes
 * an empty one. */
static gboolean
on_namespaces (Restore *r, pid_t pid, GError **error)
{
  RuncCreation *creation = r->creation;
  const RuncSpecNamespace *netns = &creation->prepared.spec->linux_spec.namespaces[RUNC_NS_NETWORK];

  creation->launch.pid = pid;
  creation->launch.pidfd = runc_sys_pidfd_open (pid);
  if (creation->launch.pidfd < 0)
    {
      creation->launch.pid = 0;
      return runc_throw_neg (error, creation->launch.pidfd, "cannot open a pidfd of process %d",
                             (int)pid);
    }
  if (netns->present && netns->path == NULL && !runc_net_loopback_up (pid, error))
    return FALSE;
  return runc_creation_serve_root (creation, netns->path == NULL, error);
}

/* In the container's mount namespace. @data: the paths of mounts that have to be read-only. */
static int
make_readonly (gpointer data)
{
  const RuncTreeAttr attr = { .set = MOUNT_ATTR_RDONLY };
  autofd int root = runc_sys_openat2 (AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

  if (root < 0)
    return root;
  for (const char *const *path = data; *path != NULL; path++)
    {
      autofd int fd = runc_sys_open_in_root (root, *path, O_PATH, false);
      int r = fd < 0 ? fd : runc_sys_tree_set_attr (fd, &attr);

      /* Nothing there to hide, or no mount: then there is nothing that could be written through it.
       */
      if (r < 0 && r != -ENOENT && r != -EINVAL)
        return r;
    }
  return 0;
}

/* It is whole, and will run with our next word. */
static gboolean
on_restored (Restore *r, GError **error)
{
  const char *const *paths = r->run.launch.plan->criu->readonly;

  if (paths[0] != NULL
      && !runc_launch_in_mounts (r->creation->launch.pidfd, make_readonly, (gpointer)paths, error))
    return FALSE;
  return runc_creation_note_process (r->creation, error);
}

static gboolean
on_notify (const char *script, pid_t pid, int fd, gpointer data, GError **error)
{
  Restore *r = data;

  if (strcmp (script, "setup-namespaces") == 0)
    return on_namespaces (r, pid, error);
  if (strcmp (script, "post-restore") == 0)
    return on_restored (r, error);
  if (strcmp (script, "orphan-pts-master") == 0 && fd >= 0)
    {
      runc_close_fdp (&r->creation->launch.console);
      r->creation->launch.console = fcntl (fd, F_DUPFD_CLOEXEC, 3);
      return r->creation->launch.console >= 0
             || runc_throw_errno (error, "cannot keep the terminal of the container");
    }
  return TRUE;
}

/* Loaded programs could gain rights that they could not before. */
static void
warn_of_version (const Restore *r)
{
  const RuncSpecProcess *process = r->creation->prepared.spec->process;

  if (process->no_new_privileges && r->run.version < VERSION_WITH_NO_NEW_PRIVS)
    runc_warning ("process.noNewPrivileges is not restored by criu %d.%d (3.19 does)",
                  r->run.version / 10000, r->run.version / 100 % 100);
}

static gboolean
run_criu (RuncCreation *creation, GError **error)
{
  g_auto (Restore) r = { .creation = creation, .run = RUNC_CRIU_RUN_INIT };
  RuncPlan *plan = creation->prepared.plan;
  RuncLaunchContext context = {
    .cgroup_fd = creation->cgroup.v2_fd,
    .init_pidfd = -EBADF,
    .state_dir_fd = creation->dir.dir_fd,
  };

  if (mkdirat (creation->dir.dir_fd, RUNC_RESTORE_ROOT, 0700) < 0)
    return runc_throw_errno (error, "cannot make '%s/%s'", creation->dir.path, RUNC_RESTORE_ROOT);
  if (!runc_criu_run_start (&r.run, plan, &context, error)
      || !runc_creation_adopt (creation, r.run.launch.pid, error)
      || !runc_criu_run_prepare (&r.run, error) || !complete_request (&r, error)
      || !runc_criu_run_greet (&r.run, error))
    return FALSE;
  warn_of_version (&r);
  if (!runc_criu_do (r.run.sock, plan->criu, on_notify, &r, error))
    return FALSE;
  runc_criu_run_finish (&r.run);
  unlinkat (creation->dir.dir_fd, RUNC_RESTORE_ROOT, AT_REMOVEDIR);
  return TRUE;
}

static gboolean
make (RuncCreation *creation, const RuncGlobal *global, const RuncCreateRequest *request,
      GError **error)
{
  if (!runc_creation_decide (creation, global, request, (RuncCreationMode){ 0 }, error)
      || !runc_criu_make_work_dir (request->restore, error))
    return FALSE;
  if (!request->detach)
    runc_launch_block_signals ();
  if (!runc_creation_acquire (creation, FALSE, error) || !run_criu (creation, error)
      || !runc_creation_hand_out (creation, error))
    return FALSE;
  creation->launch.proceeded = TRUE;
  creation->committed = TRUE;
  return TRUE;
}

gboolean
runc_engine_restore (const RuncGlobal *global, const RuncCreateRequest *request, int *ret_status,
                     GError **error)
{
  g_auto (RuncCreation) creation = RUNC_CREATION_INIT;
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  RuncCriuOptions options = runc_criu_absolute (request->restore, strings);
  RuncCreateRequest absolute = *request;

  absolute.restore = &options;
  if (!request->detach)
    prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!make (&creation, global, &absolute, error))
    return FALSE;
  runc_state_dir_unlock (&creation.dir);
  *ret_status = 0;
  return request->detach || runc_engine_supervise (&creation, FALSE, ret_status, error);
}
