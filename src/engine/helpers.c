/* Processes that serve a container from outside: its network, its overlays. Runs in the parent.
 *
 * Each ends by itself with the container; its pid is in the state for those that do not.
 */
#include "engine/create.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "net/helper.h"
#include "overlay/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long fuse-overlayfs may take until it answers. It reads nothing but the tops of the layers.
 */
#define FUSE_TIMEOUT_MS 30000

gboolean
runc_engine_start_time (pid_t pid, guint64 *ret_start_time, GError **error)
{
  *ret_start_time = runc_state_process_start_time (pid);
  return *ret_start_time != 0
         || runc_throw (error, RUNC_ERROR_SYSTEM, "cannot find out when process %d was started",
                        (int)pid);
}

/* From now on whoever removes the container ends @pid. */
static gboolean
note_helper (RuncState *state, pid_t pid, GError **error)
{
  guint64 start_time;

  if (!runc_engine_start_time (pid, &start_time, error))
    {
      kill (pid, SIGKILL);
      return FALSE;
    }
  state->helper_pids = g_renew (pid_t, state->helper_pids, state->n_helpers + 1);
  state->helper_start_times = g_renew (guint64, state->helper_start_times, state->n_helpers + 1);
  state->helper_pids[state->n_helpers] = pid;
  state->helper_start_times[state->n_helpers] = start_time;
  state->n_helpers++;
  return TRUE;
}

/* ---- the network --------------------------------------------------------------------------- */

static gboolean
serves_network (const RuncPlan *plan)
{
  return plan->network.mode == RUNC_NETWORK_SLIRP || plan->network.mode == RUNC_NETWORK_PASTA;
}

static RuncNetProgram
network_program (const RuncPlan *plan)
{
  return plan->network.mode == RUNC_NETWORK_PASTA ? RUNC_NET_PASTA : RUNC_NET_SLIRP;
}

static gboolean
write_network_files (const RuncCreation *creation, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;
  g_autofree char *resolv_conf = runc_net_resolv_conf (network_program (plan), plan->network.ipv6);
  g_autofree char *hosts = runc_net_hosts (creation->prepared.spec->hostname);

  return runc_io_replace_file (creation->dir.dir_fd, "resolv.conf", resolv_conf, 0644, error)
         && runc_io_replace_file (creation->dir.dir_fd, "hosts", hosts, 0644, error);
}

gboolean
runc_helpers_start_network (RuncCreation *creation, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;
  g_autofree char *api = g_build_filename (creation->dir.path, "slirp.sock", NULL);
  RuncNetRequest request = {
    .program = network_program (plan),
    .publish = plan->network.publish,
    .ipv6 = plan->network.ipv6,
    .host_loopback = plan->network.host_loopback,
    .outbound_addr = plan->network.outbound_addr,
    .api_socket = api,
    .pid = creation->launch.pid,
  };
  pid_t pid;

  if (!serves_network (plan))
    return TRUE;
  /* The state is written at once: hooks may take long, and we be killed. */
  return runc_net_helper_start (&request, &pid, error) && note_helper (creation->state, pid, error)
         && runc_state_write (&creation->dir, creation->state, error);
}

/* ---- overlays ------------------------------------------------------------------------------ */

/* Give the directory @dir of a layer to the container's root. */
static gboolean
give_layer (int dir, const char *path, const RuncMapPlan *maps, GError **error)
{
  for (gsize i = 0; i < maps->n_uids; i++)
    if (maps->uids[i].inside == 0 && maps->n_gids > 0 && maps->uids[i].outside != geteuid ()
        && fchownat (dir, "", maps->uids[i].outside, (gid_t)-1, AT_EMPTY_PATH) < 0)
      return runc_throw_errno (error, "cannot give the layer '%s' to the container's root (uid %u)",
                               path, maps->uids[i].outside);
  return TRUE;
}

/* The directory of a layer that is kept, with the name of the driver whose format it has. */
static gboolean
make_kept_layer (const RuncOverlayPlan *overlay, const RuncMapPlan *maps, GError **error)
{
  const char *driver = overlay->kind == RUNC_OVERLAY_FUSE ? "fuse" : "kernel";
  const char *path = overlay->directory;
  bool new = access (path, F_OK) < 0;
  autofd int dir = -EBADF;

  if (g_mkdir_with_parents (path, 0755) < 0)
    return runc_throw_errno (error, "cannot make the layer '%s'", path);
  dir = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return runc_throw_errno (error, "cannot open the layer '%s'", path);
  if (faccessat (dir, RUNC_HOST_LAYER_DRIVER, F_OK, 0) == 0)
    return TRUE;
  if (!runc_io_replace_file (dir, RUNC_HOST_LAYER_DRIVER, driver, 0644, error))
    {
      if (new)
        rmdir (path);
      return runc_prefix (error, "the layer '%s'", path);
    }
  return give_layer (dir, path, maps, error);
}

/* The directory of a layer that is removed with the container, which @state says already. It must
 * be new: what somebody else has made there is not removed. */
static gboolean
make_discarded_layer (const RuncPlan *plan, RuncState *state, GError **error)
{
  const char *path = plan->overlay.directory;
  g_autofree char *place = g_path_get_dirname (path);
  autofd int dir = -EBADF;

  if (g_mkdir_with_parents (place, 0700) < 0 || mkdir (path, 0700) < 0)
    {
      runc_throw_errno (error, "cannot make the layer '%s'", path);
      g_clear_pointer (&state->layer, g_free);
      return FALSE;
    }
  dir = open (path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dir < 0)
    return runc_throw_errno (error, "cannot open the layer '%s'", path);
  return give_layer (dir, path, &plan->maps, error);
}

static gboolean
make_layer (const RuncCreation *creation, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;

  if (plan->overlay.directory == NULL)
    return TRUE;
  return plan->overlay.discard ? make_discarded_layer (plan, creation->state, error)
                               : make_kept_layer (&plan->overlay, &plan->maps, error);
}

gboolean
runc_helpers_prepare (const RuncCreation *creation, GError **error)
{
  const RuncPlan *plan = creation->prepared.plan;

  return (!serves_network (plan) || write_network_files (creation, error))
         && make_layer (creation, error);
}

gboolean
runc_helpers_on_fuse (RuncLaunch *launch, int index, gpointer data, GError **error)
{
  RuncCreation *creation = data;
  const RuncPlan *plan = launch->plan;
  const RuncFusePlan *fuse = &plan->fuse[index];
  g_auto (RuncOverlayServer) server = RUNC_OVERLAY_SERVER_INIT;
  RuncOverlayRequest request = {
    .program = plan->fuse_overlayfs,
    .lowers = fuse->lowers,
    .layer = fuse->layer,
    .upper = fuse->upper,
    .work = fuse->work,
    .squash = fuse->squash,
    .bind_proc = plan->fuse_binds_proc,
    .userns
    = plan->userns_slot != RUNC_NO_SLOT ? plan->child.slots[plan->userns_slot].fd : launch->userns,
    .rights_here = runc_host_is_real_root (creation->prepared.host),
  };

  /* The device is passed on, and not kept: the server's end is to be the end of the filesystem. */
  if (!runc_overlay_server_prepare (&request, &server, error)
      || !runc_launch_mount_fuse (launch, runc_steal_fd (&server.device), error))
    return runc_prefix (error, "%s", fuse->label);
  runc_overlay_server_go (&server);
  if (runc_launch_await_served (launch, FUSE_TIMEOUT_MS, error))
    return note_helper (creation->state, server.pid, error);
  runc_overlay_server_failed (&server, error);
  return runc_prefix (error, "%s", fuse->label);
}
