/* `checkpoint`: have criu save a container. Runs in the parent, with the container's lock.
 *
 * What criu cannot see by itself is read from the container's init: its mounts, what its stdio
 * leads to, its namespaces. The container ends with the dump, unless it was asked to stay, and is
 * then removed like one that is deleted.
 */
#include "engine/criu.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/common.h"
#include "engine/engine.h"
#include "engine/prepare.h"
#include "sys/pid.h"
#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MOUNTINFO (16u << 20)

/* Everything that one checkpoint holds. Embedded. */
typedef struct
{
  RuncContainer container;
  GPtrArray *strings;
  RuncCriuOptions options;
  RuncSpec *spec;
  RuncHost *host;
  char *mountinfo;
  RuncMountFact *mounts;
  char **mounted_at; /* of spec->n_mounts */
  char *freezer;
  RuncCheckpointInput input;
  RuncPlan *plan;
  int status_fd;
} Checkpoint;

static void
free_strings (char **strings, gsize n)
{
  for (gsize i = 0; strings != NULL && i < n; i++)
    g_free (strings[i]);
  g_free (strings);
}

static void
checkpoint_clear (Checkpoint *c)
{
  free_strings (c->mounted_at, c->spec != NULL ? c->spec->n_mounts : 0);
  g_clear_pointer (&c->plan, runc_plan_free);
  g_clear_pointer (&c->host, runc_host_free);
  g_clear_pointer (&c->spec, runc_spec_free);
  g_clear_pointer (&c->mounts, g_free);
  g_clear_pointer (&c->mountinfo, g_free);
  g_clear_pointer (&c->freezer, g_free);
  g_clear_pointer (&c->strings, g_ptr_array_unref);
  runc_container_clear (&c->container);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Checkpoint, checkpoint_clear)

/* ---- the directories ----------------------------------------------------------------------- */

static gboolean
check_parent (const RuncCriuOptions *options, GError **error)
{
  g_autofree char *path = NULL;
  struct stat st;

  if (options->parent_path == NULL)
    return TRUE;
  if (g_path_is_absolute (options->parent_path))
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--parent-path must be relative (to --image-path, as in '../parent')");
  path = g_build_filename (options->image_path, options->parent_path, NULL);
  if (stat (path, &st) < 0)
    return runc_throw_errno (error, "invalid --parent-path: stat %s", path);
  if (!S_ISDIR (st.st_mode))
    return runc_throw (error, RUNC_ERROR_USAGE, "invalid --parent-path: stat %s: not a directory",
                       path);
  return TRUE;
}

/* The processes of a container with a user namespace are restored with its rights, and look into
 * the images themselves. Their root's group, which nobody else is in, may search the directory. */
static gboolean
open_to_container (const Checkpoint *c, GError **error)
{
  const RuncState *state = c->container.state;
  g_autofree char *name = g_strdup_printf ("/proc/%d/gid_map", (int)state->init_pid);
  RuncIdRanges map = { 0 };
  gid_t gid = (gid_t)-1;

  if (!state->new_userns)
    return TRUE;
  if (!runc_host_read_id_map (name, &map, error))
    return FALSE;
  for (gsize i = 0; i < map.n; i++)
    if (map.items[i].inside == 0)
      gid = map.items[i].outside;
  g_free (map.items);
  if (gid == (gid_t)-1 || chown (c->options.image_path, (uid_t)-1, gid) < 0
      || chmod (c->options.image_path, 0710) < 0)
    return runc_throw_errno (error, "cannot open '%s' to the container's root",
                             c->options.image_path);
  return TRUE;
}

static gboolean
make_directories (const Checkpoint *c, GError **error)
{
  const RuncCriuOptions *options = &c->options;
  gboolean made = access (options->image_path, F_OK) < 0;

  if (g_mkdir_with_parents (options->image_path, 0700) < 0)
    return runc_throw_errno (error, "--image-path: cannot make '%s'", options->image_path);
  return (!made || open_to_container (c, error)) && check_parent (options, error)
         && runc_criu_make_work_dir (options, error);
}

/* The fd that is written to when --lazy-pages is ready for whoever fetches them. */
static gboolean
check_status_fd (const RuncCriuOptions *options, GError **error)
{
  int flags;

  if (!options->lazy_pages || options->status_fd < 0)
    return TRUE;
  flags = fcntl (options->status_fd, F_GETFL);
  if (flags < 0)
    return runc_throw_errno (error, "invalid --status-fd argument %d", options->status_fd);
  if ((flags & O_ACCMODE) == O_RDONLY)
    return runc_throw (error, RUNC_ERROR_USAGE, "invalid --status-fd argument %d: not writable",
                       options->status_fd);
  /* It is for us to write to: criu would keep it open. */
  fcntl (options->status_fd, F_SETFD, FD_CLOEXEC);
  return TRUE;
}

/* ---- facts --------------------------------------------------------------------------------- */

static gboolean
read_mounts (Checkpoint *c, int proc, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%d/mountinfo", (int)c->input.init_pid);
  autofd int fd = runc_sys_proc_open_file (proc, name, O_RDONLY);

  if (fd < 0)
    return runc_throw_neg (error, fd, "cannot open '/proc/%s'", name);
  c->mountinfo = runc_io_read_fd (fd, "mountinfo", MAX_MOUNTINFO, NULL, error);
  if (c->mountinfo == NULL)
    return FALSE;
  c->input.n_mounts = runc_plan_parse_mountinfo (c->mountinfo, &c->mounts);
  c->input.mounts = c->mounts;
  return TRUE;
}

/* A layer of ours over the rootfs is made in the container's mount namespace, and gone with it. */
static gboolean
check_root (const Checkpoint *c, int root, GError **error)
{
  struct stat inside, outside;

  if (fstat (root, &inside) < 0 || stat (c->input.rootfs, &outside) < 0
      || inside.st_dev == outside.st_dev)
    return TRUE;
  return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                     "checkpoint: the container has a writable layer over '%s' (--overlay), which "
                     "criu cannot save (let an engine or 'mount -t overlay' make the rootfs)",
                     c->input.rootfs);
}

static gboolean
resolve_mounts (Checkpoint *c, int proc, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%d/root", (int)c->input.init_pid);
  /* The magic link is what leads into the container. */
  autofd int root = openat (proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (root < 0)
    return runc_throw_errno (error, "cannot open the root of process %d", (int)c->input.init_pid);
  if (!check_root (c, root, error))
    return FALSE;
  c->mounted_at = runc_criu_resolve_mounts (c->spec, root, 0, error);
  c->input.mounted_at = (const char *const *)c->mounted_at;
  return c->mounted_at != NULL;
}

/* The number behind "mnt_id:" in the text of /proc/PID/fdinfo/N, or -1. */
static int
mount_of_fd (int proc, const char *name)
{
  autofd int fd = runc_sys_proc_open_file (proc, name, O_RDONLY);
  g_autofree char *text
      = fd >= 0 ? runc_io_read_fd (fd, "fdinfo", MAX_MOUNTINFO, NULL, NULL) : NULL;
  const char *at = text != NULL ? strstr (text, "mnt_id:") : NULL;

  return at != NULL ? (int)g_ascii_strtoll (at + strlen ("mnt_id:"), NULL, 10) : -1;
}

static void
read_stdio (Checkpoint *c, int proc)
{
  for (int fd = 0; fd <= 2; fd++)
    {
      g_autofree char *name = g_strdup_printf ("%d/fd/%d", (int)c->input.init_pid, fd);
      g_autofree char *info = g_strdup_printf ("%d/fdinfo/%d", (int)c->input.init_pid, fd);
      RuncFdFact *fact = &c->input.stdio[fd];
      char link[PATH_MAX];
      ssize_t n = readlinkat (proc, name, link, sizeof link);
      struct stat st;

      if (n <= 0 || fstatat (proc, name, &st, 0) < 0)
        continue;
      g_ptr_array_add (c->strings, g_strndup (link, (gsize)n));
      *fact = (RuncFdFact){
        .link = g_ptr_array_index (c->strings, c->strings->len - 1),
        .mount_id = mount_of_fd (proc, info),
        .inode = st.st_ino,
        .mode = st.st_mode,
        .device = st.st_rdev,
      };
    }
}

static gboolean
read_namespace (pid_t pid, const char *name, guint64 *ret_inode, GError **error)
{
  ino_t inode;
  int r = runc_sys_process_namespace (pid, name, &inode);

  if (r < 0)
    return runc_throw_neg (error, r, "cannot see the %s namespace of process %d", name, (int)pid);
  *ret_inode = inode;
  return TRUE;
}

static gboolean
gather (Checkpoint *c, GError **error)
{
  const RuncState *state = c->container.state;
  RuncCgroupRef ref = runc_engine_cgroup_ref (state);
  autofd int proc = runc_sys_proc_open ();

  if (proc < 0)
    return runc_throw_neg (error, proc, "cannot use '/proc' of the host");
  c->spec = runc_engine_load_spec (&c->container.dir, error);
  if (c->spec == NULL)
    return FALSE;
  c->host = runc_host_probe (NULL, NULL, RUNC_HOST_IDENTITY, error);
  if (c->host == NULL || !runc_plan_check_criu_user (c->host, "checkpoint", error))
    return FALSE;
  c->host->bundle = g_strdup (state->bundle);
  c->host->rootfs = g_strdup (state->rootfs);
  c->freezer = runc_engine_has_cgroup (state) ? runc_cgroup_freezer (&ref) : NULL;
  c->input = (RuncCheckpointInput){
    .spec = c->spec,
    .host = c->host,
    .options = &c->options,
    .rootfs = state->rootfs,
    .init_pid = state->init_pid,
    .freezer = c->freezer,
    .environment = runc_criu_environment (),
  };
  if (!read_mounts (c, proc, error) || !resolve_mounts (c, proc, error))
    return FALSE;
  read_stdio (c, proc);
  return read_namespace (state->init_pid, "net", &c->input.netns, error)
         && read_namespace (state->init_pid, "pid", &c->input.pidns, error);
}

/* Is @pid init, or has it come from it? */
static gboolean
descends (pid_t pid, pid_t init)
{
  RuncProcessStat stat;

  /* A process that ends meanwhile belongs to nobody; the depth is that of a loop, not of a tree. */
  for (int depth = 0; pid != init && depth < 1024; depth++)
    {
      if (runc_sys_process_stat (pid, &stat) < 0)
        return TRUE;
      if (stat.ppid <= 1)
        return FALSE;
      pid = stat.ppid;
    }
  return TRUE;
}

/* criu saves init and its descendants. What exec has started is none of them, until its parent in
 * the container has ended. */
static void
warn_of_strangers (const Checkpoint *c)
{
  const RuncState *state = c->container.state;
  g_autoptr (GArray) pids = runc_engine_processes (state, NULL);

  for (guint i = 0; pids != NULL && i < pids->len; i++)
    {
      pid_t pid = g_array_index (pids, pid_t, i);

      if (!descends (pid, state->init_pid))
        runc_warning (
            "process %d of container '%s' is not saved: it was started by 'exec', and is no "
            "descendant of the container's init",
            (int)pid, state->id);
    }
}

/* ---- the dump ------------------------------------------------------------------------------ */

static gboolean
write_descriptors (const Checkpoint *c, GError **error)
{
  autojson RuncJson *list = json_object_new_array ();
  g_autofree char *path = g_build_filename (c->options.image_path, RUNC_CRIU_DESCRIPTORS, NULL);
  g_autofree char *text = NULL;

  if (c->plan->criu->action != RUNC_CRIU_DUMP)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (c->plan->criu->descriptors); i++)
    json_object_array_add (list, json_object_new_string (c->plan->criu->descriptors[i]));
  text = runc_json_to_string (list);
  return runc_io_replace_file (AT_FDCWD, path, text, 0600, error);
}

static gboolean
on_notify (const char *script, pid_t pid, int fd, gpointer data, GError **error)
{
  Checkpoint *c = data;

  (void)pid;
  (void)fd;
  (void)error;
  if (strcmp (script, "status-ready") != 0 || c->status_fd < 0)
    return TRUE;
  if (write (c->status_fd, "", 1) != 1)
    runc_warning ("can't write \\0 to status fd: %s", runc_strerror (errno));
  c->status_fd = runc_close_fd (c->status_fd);
  return TRUE;
}

static gboolean
dump (Checkpoint *c, GError **error)
{
  g_auto (RuncCriuRun) run = RUNC_CRIU_RUN_INIT;
  RuncLaunchContext context = {
    .cgroup_fd = -EBADF,
    .init_pidfd = -EBADF,
    .state_dir_fd = c->container.dir.dir_fd,
  };

  if (!write_descriptors (c, error) || !runc_criu_run_start (&run, c->plan, &context, error)
      || !runc_criu_run_prepare (&run, error) || !runc_criu_run_greet (&run, error)
      || !runc_criu_do (run.sock, c->plan->criu, on_notify, c, error))
    return FALSE;
  runc_criu_run_finish (&run);
  return TRUE;
}

/* criu has ended the processes; what is left of the container goes as with `delete`. The images are
 * there, so that this is no failure of the checkpoint. */
static void
remove_container (Checkpoint *c)
{
  const RuncState *state = c->container.state;
  g_autoptr (GError) error = NULL;

  if (!runc_engine_end (state, &error) || !runc_engine_destroy (&c->container.dir, state, &error))
    runc_warning ("container '%s' was saved, but not removed: %s", state->id, error->message);
}

static gboolean
check_status (const RuncContainer *container, GError **error)
{
  RuncStatus status = runc_engine_status (&container->dir, container->state);

  if (status == RUNC_STATUS_RUNNING || status == RUNC_STATUS_PAUSED)
    return TRUE;
  return runc_throw (error, RUNC_ERROR_WRONG_STATE, "Container cannot be checkpointed in %s state",
                     runc_status_to_string (status));
}

gboolean
runc_engine_checkpoint (const RuncGlobal *global, const char *id, const RuncCriuOptions *options,
                        GError **error)
{
  g_auto (Checkpoint) c = { .container = RUNC_CONTAINER_INIT, .status_fd = options->status_fd };

  c.strings = g_ptr_array_new_with_free_func (g_free);
  c.options = runc_criu_absolute (options, c.strings);
  if (!runc_engine_load (global, id, TRUE, &c.container, error)
      || !check_status (&c.container, error) || !gather (&c, error))
    return FALSE;
  c.plan = runc_plan_new_checkpoint (&c.input, error);
  if (c.plan == NULL || !runc_plan_check (c.plan, error) || !check_status_fd (&c.options, error)
      || !make_directories (&c, error))
    return FALSE;
  runc_engine_say_plan (c.plan, RUNC_LOG_WARNING);
  if (!c.options.pre_dump)
    warn_of_strangers (&c);
  if (!dump (&c, error))
    return FALSE;
  if (!c.options.leave_running && !c.options.pre_dump)
    remove_container (&c);
  return TRUE;
}
