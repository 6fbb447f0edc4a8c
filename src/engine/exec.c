/* `exec`: another process in a running container. Runs in the parent.
 *
 * The container is not locked: an exec may take as long as it likes. It joins by one pidfd of the
 * container's init, so that what is joined is one and the same process's, however fast pids are
 * reused.
 */
#include "engine/exec-process.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/rdt.h"
#include "engine/common.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/prepare.h"
#include "launch/launch.h"
#include "plan/plan.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Everything that one exec holds. Embedded. */
typedef struct
{
  RuncContainer container;
  RuncSpec *spec;
  RuncHost *host;
  RuncExecProcess process;
  RuncMapPlan maps; /* of the container's user namespace, when that is its own */
  RuncPlan *plan;
  RuncSelf self;
  RuncSeccompFilter filter;
  RuncLaunch launch;
  int init_pidfd;
  RuncCgroupMade cgroup; /* what to join */
} Exec;

#define EXEC_INIT                                                                                  \
  {                                                                                                \
    .container = RUNC_CONTAINER_INIT, .self = RUNC_SELF_INIT, .launch = RUNC_LAUNCH_INIT,          \
    .init_pidfd = -EBADF,                                                                          \
    .cgroup                                                                                        \
        = {.v2_fd = -EBADF }                                                                       \
  }

static void
exec_clear (Exec *exec)
{
  runc_launch_clear (&exec->launch);
  runc_self_clear (&exec->self);
  runc_seccomp_filter_clear (&exec->filter);
  g_clear_pointer (&exec->plan, runc_plan_free);
  g_clear_pointer (&exec->maps.uids, g_free);
  g_clear_pointer (&exec->maps.gids, g_free);
  runc_exec_process_clear (&exec->process);
  g_clear_pointer (&exec->host, runc_host_free);
  g_clear_pointer (&exec->spec, runc_spec_free);
  exec->init_pidfd = runc_close_fd (exec->init_pidfd);
  runc_cgroup_made_clear (&exec->cgroup);
  runc_container_clear (&exec->container);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exec, exec_clear)

static gboolean
check_status (const RuncContainer *container, const RuncExecRequest *request, GError **error)
{
  switch (runc_engine_status (&container->dir, container->state))
    {
    case RUNC_STATUS_RUNNING:
    case RUNC_STATUS_CREATED:
      return TRUE;
    case RUNC_STATUS_PAUSED:
      return request->ignore_paused
             || runc_throw (error, RUNC_ERROR_WRONG_STATE,
                            "cannot exec in a paused container (use --ignore-paused to override)");
    case RUNC_STATUS_STOPPED:
      return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                         "cannot exec in a stopped container (container not running)");
    case RUNC_STATUS_CREATING:
      break;
    }
  return runc_throw (error, RUNC_ERROR_WRONG_STATE, "cannot exec in a container being created");
}

/* The namespaces of @pid that are not ours, as CLONE_NEW* flags. */
static gboolean
foreign_namespaces (pid_t pid, guint64 *ret_flags, GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  autofd int ours = -EBADF, theirs = -EBADF;
  guint64 flags = 0;
  char path[64];

  if (proc < 0)
    return runc_throw_neg (error, proc, "cannot open '/proc'");
  snprintf (path, sizeof path, "%d/ns", (int)pid);
  ours = runc_sys_proc_open_file (proc, "self/ns", O_PATH | O_DIRECTORY);
  theirs = runc_sys_proc_open_file (proc, path, O_PATH | O_DIRECTORY);
  if (ours < 0 || theirs < 0)
    return runc_throw_neg (error, ours < 0 ? ours : theirs,
                           "cannot look at the namespaces of process %d", (int)pid);
  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      const char *name = runc_namespace_proc_name ((RuncNamespace)ns);
      int r = runc_sys_proc_foreign_namespace (ours, theirs, name);

      if (r < 0)
        return runc_throw_neg (error, r, "cannot look at the %s namespace of process %d", name,
                               (int)pid);
      if (r > 0)
        flags |= runc_namespace_clone_flag ((RuncNamespace)ns);
    }
  *ret_flags = flags;
  return TRUE;
}

/* The ids of the container, as seen by us. */
static gboolean
read_maps (pid_t pid, RuncMapPlan *ret_maps, GError **error)
{
  const char *const names[] = { "uid_map", "gid_map" };

  for (int i = 0; i < 2; i++)
    {
      char path[64];
      RuncIdRanges ranges = { 0 };
      g_autofree RuncIdMap *map = NULL;

      snprintf (path, sizeof path, "/proc/%d/%s", (int)pid, names[i]);
      if (!runc_host_read_id_map (path, &ranges, error))
        return FALSE;
      map = g_new (RuncIdMap, ranges.n);
      for (gsize k = 0; k < ranges.n; k++)
        map[k]
            = (RuncIdMap){ ranges.items[k].inside, ranges.items[k].outside, ranges.items[k].size };
      g_free (ranges.items);
      *(i == 0 ? &ret_maps->uids : &ret_maps->gids) = g_steal_pointer (&map);
      *(i == 0 ? &ret_maps->n_uids : &ret_maps->n_gids) = ranges.n;
    }
  return TRUE;
}

/* Do what the plan says about our own executable. */
static gboolean
protect_self (Exec *exec, const RuncGlobal *global, GError **error)
{
  autofd int cwd = open (".", O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (cwd < 0)
    return runc_throw_errno (error, "cannot open the current directory");
  return runc_launch_protect_self (exec->plan->program, global->argv, cwd, &exec->self, error);
}

/* Where the process is placed: cloned into the v2 directory, or by files that the child writes to.
 */
static gboolean
find_cgroup (Exec *exec, const RuncExecRequest *request, GError **error)
{
  const RuncState *state = exec->container.state;
  RuncCgroupRef ref = runc_engine_cgroup_ref (state);

  if (!runc_engine_has_cgroup (state))
    {
      if (request->cgroups != NULL)
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "--cgroup: container '%s' has no cgroup",
                           state->id);
      return TRUE;
    }
  return runc_cgroup_join (&ref, request->cgroups, state->init_pid, &exec->cgroup, error);
}

/* May processes of the container's user namespace change their groups? */
static gboolean
setgroups_allowed (pid_t pid)
{
  autofd int proc = runc_sys_proc_open ();
  char path[64], text[8] = "";
  autofd int fd = -EBADF;

  snprintf (path, sizeof path, "%d/setgroups", (int)pid);
  if (proc >= 0)
    fd = runc_sys_proc_open_file (proc, path, O_RDONLY);
  return fd < 0 || read (fd, text, sizeof text - 1) <= 0 || !g_str_has_prefix (text, "deny");
}

static gboolean
build_plan (Exec *exec, const RuncExecRequest *request, GError **error)
{
  const RuncState *state = exec->container.state;
  RuncExecPlanInput input = { .request = request };

  if (!runc_exec_process_init (exec->spec, request, &exec->process, error)
      || !foreign_namespaces (state->init_pid, &input.join_flags, error))
    return FALSE;
  exec->host = runc_host_probe (NULL, NULL, RUNC_HOST_IDENTITY | RUNC_HOST_PROGRAM, error);
  if (exec->host == NULL || (state->new_userns && !read_maps (state->init_pid, &exec->maps, error)))
    return FALSE;
  input.spec = exec->spec;
  input.process = &exec->process.process;
  input.maps = state->new_userns ? &exec->maps : NULL;
  input.host = exec->host;
  input.cgroup_files = exec->cgroup.task_files;
  input.apparmor = exec->process.process.apparmor_profile;
  input.setgroups_allowed = setgroups_allowed (state->init_pid);
  input.no_new_keyring = state->no_new_keyring;
  input.attach = exec->cgroup.attach;
  exec->plan = runc_plan_new_exec (&input, error);
  return exec->plan != NULL && runc_plan_check (exec->plan, error);
}

static gboolean
compile_filter (Exec *exec, GError **error)
{
  g_autofree char *cache = NULL;

  if (exec->plan->seccomp == NULL)
    return TRUE;
  cache = runc_engine_cache_dir (exec->host, "seccomp");
  return runc_seccomp_compile (exec->plan->seccomp, cache, &exec->filter, error);
}

/* The process could not be cloned into the container's cgroup: systemd may move it. If not, it runs
 * outside of it, as with runc, and somebody should know. */
static gboolean
attach (RuncLaunch *launch, gpointer data, GError **error)
{
  const Exec *exec = data;
  RuncCgroupRef ref = runc_engine_cgroup_ref (exec->container.state);
  g_autoptr (GError) local = NULL;

  (void)error;
  ref.v2_dir = exec->cgroup.v2_dir;
  if (exec->cgroup.attach && !runc_cgroup_attach (&ref, launch->pid, &local))
    runc_warning ("%s", local->message);
  return TRUE;
}

static gboolean
on_listener (RuncLaunch *launch, gpointer data, GError **error)
{
  const Exec *exec = data;
  g_autofree char *json = runc_engine_state_json (exec->container.state, RUNC_STATUS_RUNNING);

  return runc_engine_send_listener (exec->spec, launch, json, error);
}

/* Start the process and bring it to where only execve() is left. */
static gboolean
launch (Exec *exec, const RuncExecRequest *request, GError **error)
{
  RuncLaunchContext context = {
    .cgroup_fd = exec->cgroup.v2_fd,
    .init_pidfd = exec->init_pidfd,
    .gate_fd = -EBADF,
    .state_dir_fd = -EBADF,
    .self = &exec->self,
  };
  const RuncState *state = exec->container.state;
  RuncLaunchDrive drive = {
    .filter = &exec->filter,
    .on_forked = attach,
    .on_listener = on_listener,
    .data = exec,
  };
  RuncLaunch *l = &exec->launch;

  if (!runc_launch_start (l, exec->plan, &context, error) || !compile_filter (exec, error)
      || (!exec->plan->forks && !attach (l, exec, error)) || !runc_launch_drive (l, &drive, error))
    return FALSE;
  if (state->intel_rdt_dir != NULL
      && !runc_rdt_add_process (state->intel_rdt_dir, state->intel_rdt_mon_dir, l->pid, error))
    return FALSE;
  if (request->console_socket != NULL && l->console >= 0)
    {
      if (!runc_launch_send_console (request->console_socket, l->console, error))
        return FALSE;
      l->console = runc_close_fd (l->console);
    }
  return (request->pidfd_socket == NULL
          || runc_launch_send_pidfd (request->pidfd_socket, l->pidfd, error))
         && (request->pid_file == NULL
             || runc_engine_write_pid_file (request->pid_file, l->pid, error))
         && runc_launch_proceed (l, TRUE, error);
}

static gboolean
exec_process (const RuncGlobal *global, const RuncExecRequest *request, int *ret_status,
              GError **error)
{
  g_auto (Exec) exec = EXEC_INIT;
  gboolean foreground = !request->detach;

  if (!runc_engine_check_fds (request->preserve_fds, error)
      || !runc_engine_load (global, request->id, FALSE, &exec.container, error)
      || !check_status (&exec.container, request, error))
    return FALSE;
  exec.init_pidfd = runc_engine_open_init (exec.container.state);
  if (exec.init_pidfd < 0)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE,
                       "cannot exec in a stopped container (container not running)");
  exec.spec = runc_engine_load_spec (&exec.container.dir, error);
  if (exec.spec == NULL || !find_cgroup (&exec, request, error)
      || !build_plan (&exec, request, error) || !protect_self (&exec, global, error)
      || !runc_engine_check_terminal (exec.plan->terminal, request->detach, request->console_socket,
                                      error))
    return FALSE;
  /* What the container's own process lacks was said when the container was made. */
  runc_engine_say_plan (exec.plan, request->process != NULL || request->caps != NULL
                                       ? RUNC_LOG_WARNING
                                       : RUNC_LOG_INFO);
  if (foreground)
    runc_launch_block_signals ();
  if (!launch (&exec, request, error))
    return FALSE;
  *ret_status = 0;
  return !foreground || runc_launch_supervise (&exec.launch, ret_status, error);
}

gboolean
runc_engine_exec (const RuncGlobal *global, const RuncExecRequest *request, int *ret_status,
                  GError **error)
{
  *ret_status = 255;
  return exec_process (global, request, ret_status, error);
}
