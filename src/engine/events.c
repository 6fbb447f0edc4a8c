/* `events`: statistics at an interval, and out-of-memory notifications as they happen. Runs in the
 * parent; ends with the container.
 */
#include "base/error.h"
#include "base/fd.h"
#include "engine/common.h"
#include "engine/engine.h"

#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What is watched. Embedded. */
typedef struct
{
  RuncContainer container;
  RuncCgroupRef ref;
  RuncCgroupOom *oom;
  int oom_fd;
  int timer_fd;
  int pidfd;
} Watch;

static void
watch_clear (Watch *watch)
{
  g_clear_pointer (&watch->oom, runc_cgroup_oom_free);
  watch->timer_fd = runc_close_fd (watch->timer_fd);
  watch->pidfd = runc_close_fd (watch->pidfd);
  runc_container_clear (&watch->container);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

/* {"type":"stats","id":"ct","data":{...}} */
static gboolean
emit (const RuncEventsRequest *request, const char *type, RuncJson *take_data)
{
  autojson RuncJson *event = json_object_new_object ();
  g_autofree char *line = NULL;

  json_object_object_add (event, "type", json_object_new_string (type));
  json_object_object_add (event, "id", json_object_new_string (request->id));
  if (take_data != NULL)
    json_object_object_add (event, "data", take_data);
  line = runc_json_to_string (event);
  return request->on_event (line, request->data);
}

/* One line of statistics. Nothing is written when the container has ended meanwhile (`watch` has a
 * pidfd only while following): its cgroup may have been removed between two of the files. */
static gboolean
emit_stats (const RuncEventsRequest *request, const Watch *watch, gboolean *ret_go_on,
            GError **error)
{
  autojson RuncJson *stats = runc_cgroup_stats (&watch->ref, error);
  struct pollfd init = { .fd = watch->pidfd, .events = POLLIN };

  if (stats == NULL)
    return FALSE;
  *ret_go_on = (watch->pidfd < 0 || poll (&init, 1, 0) == 0)
               && emit (request, "stats", g_steal_pointer (&stats));
  return TRUE;
}

static gboolean
open_watch (const RuncEventsRequest *request, Watch *watch, GError **error)
{
  struct itimerspec spec = {
    .it_interval
    = { request->interval_us / G_USEC_PER_SEC, request->interval_us % G_USEC_PER_SEC * 1000 },
  };

  spec.it_value = spec.it_interval;
  watch->oom = runc_cgroup_oom_new (&watch->ref, &watch->oom_fd, error);
  if (watch->oom == NULL)
    return FALSE;
  watch->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (watch->timer_fd < 0 || timerfd_settime (watch->timer_fd, 0, &spec, NULL) < 0)
    return runc_throw_errno (error, "cannot make a timer");
  watch->pidfd = runc_engine_open_init (watch->container.state);
  if (watch->pidfd < 0)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container with id %s is not running",
                       request->id);
  return TRUE;
}

/* Until the container ends, its cgroup is gone, or nobody listens any more. */
static gboolean
follow (const RuncEventsRequest *request, Watch *watch, GError **error)
{
  struct pollfd fds[3] = {
    { .fd = watch->oom_fd, .events = POLLIN },
    { .fd = watch->timer_fd, .events = POLLIN },
    { .fd = watch->pidfd, .events = POLLIN },
  };
  gboolean go_on = TRUE;

  while (go_on)
    {
      guint64 ticks;
      gboolean gone = FALSE;

      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
        {
          if (errno == EINTR)
            continue;
          return runc_throw_errno (error, "cannot wait for events");
        }
      if (fds[0].revents != 0 && runc_cgroup_oom_read (watch->oom, &gone))
        go_on = emit (request, "oom", NULL);
      if (gone || fds[2].revents != 0)
        return TRUE;
      if (fds[1].revents != 0 && read (watch->timer_fd, &ticks, sizeof ticks) == sizeof ticks
          && !emit_stats (request, watch, &go_on, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
runc_engine_events (const RuncGlobal *global, const RuncEventsRequest *request, GError **error)
{
  g_auto (Watch) watch
      = { .container = RUNC_CONTAINER_INIT, .oom_fd = -EBADF, .timer_fd = -EBADF, .pidfd = -EBADF };
  gboolean go_on;

  if (request->interval_us == 0)
    return runc_throw (error, RUNC_ERROR_USAGE, "duration interval must be greater than 0");
  if (!runc_engine_load (global, request->id, FALSE, &watch.container, error))
    return FALSE;
  if (runc_engine_status (&watch.container.dir, watch.container.state) == RUNC_STATUS_STOPPED)
    return runc_throw (error, RUNC_ERROR_WRONG_STATE, "container with id %s is not running",
                       request->id);
  if (!runc_engine_has_cgroup (watch.container.state))
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "container '%s' has no cgroup, so there are no statistics (see 'runc doctor "
                       "--check delegation' for how to get one)",
                       request->id);
  watch.ref = runc_engine_cgroup_ref (watch.container.state);
  if (request->once)
    return emit_stats (request, &watch, &go_on, error);
  return open_watch (request, &watch, error) && follow (request, &watch, error);
}
