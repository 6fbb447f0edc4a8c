/* Notifications about processes killed for want of memory. Runs in the parent (events).
 *
 * v2: inotify on memory.events, which counts, and on cgroup.events, which tells when the last
 * process is gone (the removal of a cgroup itself is not notified). v1: an eventfd registered in
 * cgroup.event_control, which fires for every OOM and when the cgroup is removed.
 */
#include "cgroup/cgroup.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"
#include "cgroup/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

struct RuncCgroupOom
{
  int dir_fd;
  int event_fd; /* inotify or eventfd */
  gboolean v1;
  guint64 seen; /* v2: oom_kill count that was reported */
};

/* How many processes of the v2 cgroup have been killed; FALSE when it is gone. */
static gboolean
read_count (const RuncCgroupOom *oom, guint64 *ret_count)
{
  g_autofree char *text = NULL;

  return runc_cgroup_read (oom->dir_fd, "memory.events", &text) == 0
         && runc_cgroup_key_value (text, "oom_kill", ret_count);
}

static gboolean
watch_v2 (RuncCgroupOom *oom, const char *dir, GError **error)
{
  g_autofree char *memory = g_build_filename (dir, "memory.events", NULL);
  g_autofree char *cgroup = g_build_filename (dir, "cgroup.events", NULL);

  oom->event_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  /* Without the memory controller there is nothing to be told but the end. */
  if (oom->event_fd < 0
      || (inotify_add_watch (oom->event_fd, memory, IN_MODIFY) < 0 && errno != ENOENT)
      || inotify_add_watch (oom->event_fd, cgroup, IN_MODIFY) < 0)
    return runc_cgroup_throw (error, errno, "cannot watch '%s'", memory);
  read_count (oom, &oom->seen);
  return TRUE;
}

static gboolean
watch_v1 (RuncCgroupOom *oom, const char *dir, GError **error)
{
  char request[64];
  autofd int control = openat (oom->dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
  int r;

  oom->event_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (control < 0 || oom->event_fd < 0)
    return runc_cgroup_throw (error, errno, "cannot watch '%s/memory.oom_control'", dir);
  snprintf (request, sizeof request, "%d %d", oom->event_fd, control);
  r = runc_cgroup_write (oom->dir_fd, "cgroup.event_control", request);
  if (r < 0)
    return runc_cgroup_throw (error, r, "cannot watch '%s/memory.oom_control'", dir);
  return TRUE;
}

RuncCgroupOom *
runc_cgroup_oom_new (const RuncCgroupRef *ref, int *ret_fd, GError **error)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_MEMORY);
  const char *dir = v1 != NULL ? v1 : ref->v2_dir;
  g_autoptr (RuncCgroupOom) oom = NULL;
  int fd;

  if (dir == NULL)
    {
      runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                  "memory controller missing: the container runs without a memory cgroup");
      return NULL;
    }
  fd = runc_cgroup_dir_open (dir);
  if (fd < 0)
    {
      runc_cgroup_throw (error, fd, "cannot open cgroup '%s'", dir);
      return NULL;
    }
  oom = g_new0 (RuncCgroupOom, 1);
  oom->dir_fd = fd;
  oom->event_fd = -EBADF;
  oom->v1 = v1 != NULL;
  if (!(oom->v1 ? watch_v1 (oom, dir, error) : watch_v2 (oom, dir, error)))
    return NULL;
  *ret_fd = oom->event_fd;
  return g_steal_pointer (&oom);
}

static gboolean
read_v1 (RuncCgroupOom *oom, gboolean *ret_gone)
{
  guint64 n = 0;
  gboolean fired = read (oom->event_fd, &n, sizeof n) == sizeof n && n > 0;

  *ret_gone = faccessat (oom->dir_fd, "cgroup.event_control", F_OK, 0) < 0;
  return fired && !*ret_gone;
}

static gboolean
read_v2 (RuncCgroupOom *oom, gboolean *ret_gone)
{
  char events[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  g_autofree char *text = NULL;
  guint64 count = oom->seen, populated = 1;
  gboolean fired;

  /* What happened is in the files; the events only say that something did. */
  while (read (oom->event_fd, events, sizeof events) > 0)
    continue;
  read_count (oom, &count);
  fired = count > oom->seen;
  oom->seen = count;
  *ret_gone = runc_cgroup_read (oom->dir_fd, "cgroup.events", &text) < 0
              || (runc_cgroup_key_value (text, "populated", &populated) && populated == 0);
  return fired;
}

gboolean
runc_cgroup_oom_read (RuncCgroupOom *oom, gboolean *ret_gone)
{
  return oom->v1 ? read_v1 (oom, ret_gone) : read_v2 (oom, ret_gone);
}

void
runc_cgroup_oom_free (RuncCgroupOom *oom)
{
  if (oom == NULL)
    return;
  runc_close_fd (oom->dir_fd);
  runc_close_fd (oom->event_fd);
  g_free (oom);
}
