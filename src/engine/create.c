/* `create`, and what `run` shares with it. Runs in the parent.
 *
 * The order makes a SIGKILL at any moment harmless: the state directory, locked, comes first, and
 * says where the cgroups will be before they are made; the child ends by itself when its socket
 * ends, until PROCEED, and before PROCEED its pid is on disk. What is left can be seen by `list`
 * and removed by `delete --force`.
 *
 * While the child builds the root, the parent compiles the seccomp filter and writes the state.
 */
#include "engine/create.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "cgroup/rdt.h"
#include "engine/engine.h"
#include "launch/ready.h"
#include "net/devices.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static RuncCgroupSetup
cgroup_setup (const RuncCreation *creation)
{
  const RuncCgroupPlan *plan = &creation->prepared.plan->cgroup;

  return (RuncCgroupSetup){
    .ref = { .driver = (int)plan->driver,
             .v1_dirs = plan->v1_dirs,
             .v2_dir = plan->v2_dir,
             .user_bus = plan->user_bus },
    .id = creation->state->id,
    .systemd_path = plan->path,
    .properties = plan->properties,
    .subgroup = plan->subgroup,
    .delegate = plan->delegate,
    .device_rules = plan->device_rules,
    .owner = plan->delegated == NULL ? plan->owner : 0,
    .resources = plan->resources,
  };
}

void
runc_creation_clear (RuncCreation *creation)
{
  g_autoptr (GError) error = NULL;

  runc_launch_clear (&creation->launch);
  runc_self_clear (&creation->self);
  if (creation->registered && !creation->committed
      && !runc_engine_destroy (&creation->dir, creation->state, &error))
    runc_warning ("cannot clean up '%s': %s", creation->dir.path, error->message);
  creation->gate_fd = runc_close_fd (creation->gate_fd);
  runc_cgroup_made_clear (&creation->cgroup);
  runc_seccomp_filter_clear (&creation->filter);
  runc_state_dir_clear (&creation->dir);
  g_clear_pointer (&creation->state, runc_state_free);
  runc_prepared_clear (&creation->prepared);
}

/* The state as far as it is known before anything is made. */
static RuncState *
new_state (const RuncPrepared *prepared)
{
  const RuncPlan *plan = prepared->plan;
  RuncState *state = g_new0 (RuncState, 1);

  state->id = g_strdup (prepared->request.id);
  state->bundle = g_strdup (prepared->host->bundle);
  state->rootfs = g_strdup (prepared->host->rootfs);
  state->created_us = g_get_real_time ();
  state->owner = prepared->host->euid;
  state->rootless = !runc_host_is_real_root (prepared->host);
  state->new_userns = plan->new_userns;
  state->own_pidns = plan->own_pidns;
  state->terminal = plan->terminal;
  state->no_new_keyring = prepared->request.no_new_keyring;
  state->cgroup_driver = (int)plan->cgroup.driver;
  state->v1_dirs = g_strdupv (plan->cgroup.v1_dirs);
  state->v2_dir = g_strdup (plan->cgroup.v2_dir);
  state->systemd_user_bus = plan->cgroup.user_bus;
  state->intel_rdt_dir = g_strdup (plan->rdt.dir);
  state->intel_rdt_mon_dir = g_strdup (plan->rdt.mon_dir);
  state->intel_rdt_own = plan->rdt.own && access (plan->rdt.dir, F_OK) < 0;
  state->layer = plan->overlay.discard ? g_strdup (plan->overlay.directory) : NULL;
  state->published = g_strdupv (plan->network.publish);
  runc_engine_state_describe (state, prepared->spec);
  return state;
}

static gboolean
make_gate (RuncCreation *creation, GError **error)
{
  const RuncStateDir *dir = &creation->dir;

  /* The container's user opens it for writing, through an fd that was passed along; the mode must
   * allow that, the directory above keeps everybody else out. */
  if (mkfifoat (dir->dir_fd, RUNC_STATE_FIFO, 0622) < 0
      || fchmodat (dir->dir_fd, RUNC_STATE_FIFO, 0622, 0) < 0)
    return runc_throw_errno (error, "cannot make '%s/%s'", dir->path, RUNC_STATE_FIFO);
  creation->gate_fd = runc_state_gate_lock (dir, error);
  return creation->gate_fd >= 0;
}

/* The resctrl group. One that has been there is not removed with the container. */
static gboolean
make_rdt_group (const RuncCreation *creation, GError **error)
{
  const RuncRdtPlan *plan = &creation->prepared.plan->rdt;
  RuncRdtSetup setup = {
    .dir = plan->dir,
    .mon_dir = plan->mon_dir,
    .schemata = plan->schemata,
    .expected = plan->expected,
    .must_exist = plan->must_exist,
  };
  gboolean created;
  gboolean done = runc_rdt_create (&setup, &created, error);

  creation->state->intel_rdt_own &= created;
  return done;
}

gboolean
runc_creation_acquire (RuncCreation *creation, gboolean gate, GError **error)
{
  const RuncPrepared *prepared = &creation->prepared;
  const RuncPlan *plan = prepared->plan;
  RuncCgroupSetup setup;

  if (!runc_state_dir_create (prepared->state_root, prepared->request.id, &creation->dir, error))
    return FALSE;
  creation->registered = TRUE;
  creation->state = new_state (prepared);
  if (!runc_state_write_file (&creation->dir, RUNC_STATE_CONFIG, prepared->config, error)
      || (gate && !make_gate (creation, error))
      || (prepared->request.notify_socket != NULL
          && !runc_ready_make_dir (creation->dir.dir_fd, error)))
    return FALSE;
  if ((plan->cgroup.driver != RUNC_CGROUP_DRIVER_NONE || plan->rdt.dir != NULL
       || plan->overlay.discard)
      && !runc_state_write_early (&creation->dir, creation->state, error))
    return FALSE;
  if (!runc_helpers_prepare (creation, error)
      || (plan->rdt.dir != NULL && !make_rdt_group (creation, error)))
    return FALSE;
  if (plan->cgroup.driver == RUNC_CGROUP_DRIVER_NONE)
    return TRUE;
  setup = cgroup_setup (creation);
  if (runc_cgroup_create (&setup, &creation->cgroup, error))
    return TRUE;
  /* It leaves nothing of its own; what is there may be another container's, processes and all. */
  creation->state->cgroup_driver = RUNC_CGROUP_DRIVER_NONE;
  return FALSE;
}

gboolean
runc_creation_adopt (RuncCreation *creation, pid_t pid, GError **error)
{
  RuncCgroupSetup setup = cgroup_setup (creation);
  RuncState *state = creation->state;

  if (!creation->adopted && !runc_cgroup_adopt (&setup, pid, &creation->cgroup, error))
    return FALSE;
  creation->adopted = TRUE;
  if (state->intel_rdt_dir != NULL
      && !runc_rdt_add_process (state->intel_rdt_dir, state->intel_rdt_mon_dir, pid, error))
    return FALSE;
  if (creation->cgroup.v2_dir != NULL)
    {
      g_free (state->v2_dir);
      state->v2_dir = g_strdup (creation->cgroup.v2_dir);
    }
  g_free (state->systemd_unit);
  state->systemd_unit = g_strdup (creation->cgroup.unit);
  /* A unit is only known, and only ours, once it is there. */
  return state->systemd_unit == NULL || runc_state_write_early (&creation->dir, state, error);
}

gboolean
runc_creation_note_process (RuncCreation *creation, GError **error)
{
  RuncState *state = creation->state;

  state->init_pid = creation->launch.pid;
  return runc_engine_start_time (state->init_pid, &state->init_start_time, error)
         && runc_state_write (&creation->dir, state, error);
}

/* The process is there: place it (systemd), note it. */
static gboolean
register_process (RuncCreation *creation, GError **error)
{
  return runc_creation_adopt (creation, creation->launch.pid, error)
         && runc_creation_note_process (creation, error);
}

static gboolean
compile_filter (RuncCreation *creation, GError **error)
{
  const RuncSpecSeccomp *seccomp = creation->prepared.plan->seccomp;
  g_autofree char *cache = NULL;

  if (seccomp == NULL)
    return TRUE;
  cache = runc_engine_cache_dir (creation->prepared.host, "seccomp");
  return runc_seccomp_compile (seccomp, cache, &creation->filter, error);
}

static char *
state_json (RuncLaunch *launch, gboolean created, gpointer data)
{
  RuncCreation *creation = data;

  creation->state->init_pid = launch->pid;
  return runc_engine_state_json (creation->state,
                                 created ? RUNC_STATUS_CREATED : RUNC_STATUS_CREATING);
}

static gboolean
move_devices (const RuncNetworkPlan *network, pid_t pid, GError **error)
{
  g_autofree RuncNetDevice *devices = g_new (RuncNetDevice, network->n_devices);

  for (gsize i = 0; i < network->n_devices; i++)
    devices[i] = (RuncNetDevice){ network->devices[i].host_name, network->devices[i].name };
  return runc_net_move_devices (devices, network->n_devices, pid, error);
}

gboolean
runc_creation_serve_root (RuncCreation *creation, gboolean devices, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;
  g_autofree char *json = NULL;

  if (devices && plan->network.n_devices > 0
      && !move_devices (&plan->network, creation->launch.pid, error))
    return FALSE;
  if (!runc_helpers_start_network (creation, error))
    return FALSE;
  if (plan->prestart.n == 0 && plan->create_runtime.n == 0)
    return TRUE;
  json = state_json (&creation->launch, FALSE, creation);
  return runc_launch_run_hooks (&plan->prestart, json, error)
         && runc_launch_run_hooks (&plan->create_runtime, json, error);
}

static gboolean
on_root_ready (RuncLaunch *launch, gpointer data, GError **error)
{
  (void)launch;
  return runc_creation_serve_root (data, TRUE, error);
}

static gboolean
on_listener (RuncLaunch *launch, gpointer data, GError **error)
{
  RuncCreation *creation = data;
  g_autofree char *json = state_json (launch, FALSE, creation);

  return runc_engine_send_listener (creation->prepared.spec, launch, json, error);
}

/* systemd moves the process into its scope, and that must be before it makes a cgroup namespace. */
static gboolean
on_forked (RuncLaunch *launch, gpointer data, GError **error)
{
  (void)launch;
  return register_process (data, error);
}

static gboolean
on_delegate (RuncLaunch *launch, gpointer data, GError **error)
{
  RuncCreation *creation = data;
  const RuncCgroupPlan *plan = &creation->prepared.plan->cgroup;
  g_autofree char *dir
      = runc_cgroup_enter_sub (creation->cgroup.v2_dir, plan->delegated, launch->pid, error);

  return dir != NULL && runc_cgroup_give (dir, plan->owner, error);
}

static gboolean
drive (RuncCreation *creation, GError **error)
{
  RuncLaunchDrive drive = {
    .filter = &creation->filter,
    .state_json = state_json,
    .on_forked = on_forked,
    .on_delegate = on_delegate,
    .on_root_ready = on_root_ready,
    .on_listener = on_listener,
    .on_fuse = runc_helpers_on_fuse,
    .data = creation,
  };

  return runc_launch_drive (&creation->launch, &drive, error);
}

gboolean
runc_engine_write_pid_file (const char *path, pid_t pid, GError **error)
{
  char text[32];

  snprintf (text, sizeof text, "%d", (int)pid);
  return runc_io_replace_file (AT_FDCWD, path, text, 0644, error)
         || runc_prefix (error, "pid file");
}

char *
runc_engine_cache_dir (const RuncHost *host, const char *name)
{
  const char *base = g_getenv ("XDG_CACHE_HOME");
  const char *home = g_getenv ("HOME");

  if (runc_host_is_real_root (host))
    return g_build_filename ("/var/cache/runc", name, NULL);
  if (base != NULL && g_path_is_absolute (base))
    return g_build_filename (base, "runc", name, NULL);
  if (home != NULL && g_path_is_absolute (home))
    return g_build_filename (home, ".cache", "runc", name, NULL);
  return NULL;
}

gboolean
runc_engine_send_listener (const RuncSpec *spec, RuncLaunch *launch, const char *state_json,
                           GError **error)
{
  RuncSpecSeccomp seccomp = *spec->linux_spec.seccomp;

  if (seccomp.listener_path == NULL)
    seccomp.listener_path = runc_spec_annotation (spec, "run.oci.seccomp.receiver");
  if (!runc_seccomp_notify_send (&seccomp, launch->notify, state_json, launch->pid, error))
    return FALSE;
  launch->notify = runc_close_fd (launch->notify);
  return TRUE;
}

gboolean
runc_creation_hand_out (RuncCreation *creation, GError **error)
{
  const RuncCreateRequest *request = &creation->prepared.request;
  const char *receiver = runc_spec_annotation (creation->prepared.spec, "run.oci.pidfd_receiver");
  RuncLaunch *launch = &creation->launch;

  if (request->console_socket != NULL && launch->console >= 0)
    {
      if (!runc_launch_send_console (request->console_socket, launch->console, error))
        return FALSE;
      launch->console = runc_close_fd (launch->console);
    }
  if (request->pidfd_socket != NULL
      && !runc_launch_send_pidfd (request->pidfd_socket, launch->pidfd, error))
    return FALSE;
  if (receiver != NULL && !runc_launch_send_pidfd (receiver, launch->pidfd, error))
    return FALSE;
  return request->pid_file == NULL
         || runc_engine_write_pid_file (request->pid_file, launch->pid, error);
}

gboolean
runc_engine_check_terminal (gboolean terminal, gboolean detach, const char *console_socket,
                            GError **error)
{
  if (detach && terminal && console_socket == NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "cannot allocate tty if runc will detach without setting console socket");
  if ((!detach || !terminal) && console_socket != NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "cannot use console socket if runc will not detach or allocate tty");
  return TRUE;
}

gboolean
runc_engine_check_fds (guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (fcntl ((int)(3 + i), F_GETFD) < 0)
      return runc_throw_errno (error, "unable to stat preserved-fd %u (of %u)", i, n);
  return TRUE;
}

gboolean
runc_creation_decide (RuncCreation *creation, const RuncGlobal *global,
                      const RuncCreateRequest *request, RuncCreationMode mode, GError **error)
{
  const RuncPrepared *prepared = &creation->prepared;

  if (!runc_engine_check_fds (request->preserve_fds, error)
      || !runc_prepare (global, request, NULL,
                        mode.gate ? RUNC_PREPARE_TO_CREATE : RUNC_PREPARE_TO_RUN,
                        &creation->prepared, error)
      || !runc_engine_check_terminal (prepared->plan->terminal, mode.gate || request->detach,
                                      request->console_socket, error)
      || !runc_launch_protect_self (prepared->plan->program, global->argv, prepared->cwd_fd,
                                    &creation->self, error))
    return FALSE;
  runc_engine_say_plan (prepared->plan, RUNC_LOG_WARNING);
  return TRUE;
}

static gboolean
make (RuncCreation *creation, const RuncGlobal *global, const RuncCreateRequest *request,
      RuncCreationMode mode, GError **error)
{
  g_autofree char *fifo = NULL;
  RuncLaunchContext context = {
    .init_pidfd = -EBADF,
  };
  gboolean two_stages;

  if (!runc_creation_decide (creation, global, request, mode, error))
    return FALSE;
  if (mode.foreground)
    runc_launch_block_signals ();
  if (!runc_creation_acquire (creation, mode.gate, error))
    return FALSE;
  fifo = g_build_filename (creation->dir.path, RUNC_STATE_FIFO, NULL);
  context.cgroup_fd = creation->cgroup.v2_fd;
  context.state_dir_fd = creation->dir.dir_fd;
  context.fifo = fifo;
  context.gate_fd = creation->gate_fd;
  context.self = &creation->self;
  if (!runc_launch_start (&creation->launch, creation->prepared.plan, &context, error))
    return FALSE;
  /* With two stages the process is only known once the first has reported it; helpers are started
   * later still, and the state has their pids. */
  two_stages = creation->prepared.plan->forks;
  return (two_stages || register_process (creation, error)) && compile_filter (creation, error)
         && drive (creation, error)
         && (creation->state->n_helpers == 0 || register_process (creation, error))
         && runc_creation_hand_out (creation, error);
}

/* Sandboxes may leave us the /proc of outside, in which our children have other numbers. */
static gboolean
explain_proc (GError **error)
{
  if (error != NULL && *error != NULL && runc_sys_proc_is_of_others ())
    {
      char *longer = g_strdup_printf (
          "%s (/proc shows another pid namespace than ours: mount a new one there, as by "
          "bubblewrap's '--proc /proc' and unshare's '--mount-proc')",
          (*error)->message);

      g_free ((*error)->message);
      (*error)->message = longer;
    }
  return FALSE;
}

gboolean
runc_creation_run (RuncCreation *creation, const RuncGlobal *global,
                   const RuncCreateRequest *request, RuncCreationMode mode, GError **error)
{
  return make (creation, global, request, mode, error) || explain_proc (error);
}

gboolean
runc_creation_commit (RuncCreation *creation, gboolean wait_exec, GError **error)
{
  if (!runc_launch_proceed (&creation->launch, wait_exec, error))
    return FALSE;
  creation->committed = TRUE;
  return TRUE;
}

gboolean
runc_engine_create (const RuncGlobal *global, const RuncCreateRequest *request, GError **error)
{
  g_auto (RuncCreation) creation = RUNC_CREATION_INIT;

  return runc_creation_run (&creation, global, request, (RuncCreationMode){ .gate = TRUE }, error)
         && runc_creation_commit (&creation, FALSE, error);
}
