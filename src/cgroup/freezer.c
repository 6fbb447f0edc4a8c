/* Freeze and thaw, in the v1 freezer where there is one, else by v2's cgroup.freeze. Runs in the
 * parent.
 *
 * Both are asynchronous: v2 says in cgroup.events when it is done; a v1 cgroup can stay FREEZING
 * while new processes appear in it, and then only another attempt helps.
 */
#include "cgroup/cgroup.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"
#include "cgroup/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define FREEZE_TIMEOUT_US (10 * G_USEC_PER_SEC)

static gboolean
freeze_v1 (const char *dir, int fd, gboolean freeze, GError **error)
{
  RuncCgroupBackoff backoff = { .deadline = g_get_monotonic_time () + FREEZE_TIMEOUT_US };
  int r;

  if (!freeze)
    {
      r = runc_cgroup_write (fd, "freezer.state", "THAWED");
      return r == 0 || runc_cgroup_throw (error, r, "cannot thaw cgroup '%s'", dir);
    }
  for (guint attempt = 1;; attempt++)
    {
      g_autofree char *state = NULL;

      r = runc_cgroup_write (fd, "freezer.state", "FROZEN");
      if (r == 0)
        r = runc_cgroup_read (fd, "freezer.state", &state);
      if (r < 0)
        {
          runc_cgroup_write (fd, "freezer.state", "THAWED");
          return runc_cgroup_throw (error, r, "cannot freeze cgroup '%s'", dir);
        }
      if (g_str_has_prefix (state, "FROZEN"))
        return TRUE;
      /* Processes that are being added while others freeze: letting all run for a step gets it
       * unstuck. */
      if (attempt % 16 == 0)
        runc_cgroup_write (fd, "freezer.state", "THAWED");
      if (!runc_cgroup_backoff_wait (&backoff, -1))
        {
          runc_cgroup_write (fd, "freezer.state", "THAWED");
          return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot freeze cgroup '%s': timed out", dir);
        }
    }
}

static gboolean
freeze_v2 (const char *dir, int fd, gboolean freeze, GError **error)
{
  RuncCgroupBackoff backoff = { .deadline = g_get_monotonic_time () + FREEZE_TIMEOUT_US };
  autofd int events = -EBADF;
  guint64 frozen = 0;
  int r = runc_cgroup_write (fd, "cgroup.freeze", freeze ? "1" : "0");

  if (r == -ENOENT && !freeze)
    return TRUE;
  if (r == -ENOENT)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "cgroup '%s' has no freezer (Linux 5.2)",
                       dir);
  if (r < 0)
    return runc_cgroup_throw (error, r, "cannot %s cgroup '%s'", freeze ? "freeze" : "thaw", dir);
  events = openat (fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  if (events < 0)
    return runc_cgroup_throw (error, errno, "cannot open '%s/cgroup.events'", dir);
  do
    {
      char text[256];
      gssize n = pread (events, text, sizeof text - 1, 0);

      if (n < 0)
        return runc_cgroup_throw (error, errno, "cannot read '%s/cgroup.events'", dir);
      text[n] = '\0';
      /* A thawed child of a frozen parent stays frozen: nothing to wait for. */
      if (!freeze || !runc_cgroup_key_value (text, "frozen", &frozen) || frozen == 1)
        return TRUE;
    }
  while (runc_cgroup_backoff_wait (&backoff, events));
  runc_cgroup_write (fd, "cgroup.freeze", "0");
  return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot freeze cgroup '%s': timed out", dir);
}

gboolean
runc_cgroup_freeze (const RuncCgroupRef *ref, gboolean freeze, GError **error)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_FREEZER);
  const char *dir = v1 != NULL ? v1 : ref->v2_dir;

  if (dir == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot toggle freezer: cgroups not configured for container");
  autofd int fd = runc_cgroup_dir_open (dir);
  if (fd < 0)
    return runc_cgroup_throw (error, fd, "cannot open cgroup '%s'", dir);
  return v1 != NULL ? freeze_v1 (dir, fd, freeze, error) : freeze_v2 (dir, fd, freeze, error);
}

char *
runc_cgroup_freezer (const RuncCgroupRef *ref)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_FREEZER);

  return g_strdup (v1 != NULL ? v1 : ref->v2_dir);
}

gboolean
runc_cgroup_is_frozen (const RuncCgroupRef *ref)
{
  const char *v1 = runc_cgroup_v1_dir (ref, RUNC_CGROUP_V1_FREEZER);
  const char *dir = v1 != NULL ? v1 : ref->v2_dir;
  g_autofree char *text = NULL;

  if (dir == NULL)
    return FALSE;
  autofd int fd = runc_cgroup_dir_open (dir);
  /* What was asked of this cgroup itself; a frozen parent does not make a container paused. */
  return fd >= 0
         && runc_cgroup_read (fd, v1 != NULL ? "freezer.self_freezing" : "cgroup.freeze", &text)
                == 0
         && text[0] == '1';
}
