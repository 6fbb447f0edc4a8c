/* The namespace schedule. Pure; the parent calls it first of all.
 *
 * The rules of the kernel it stands on:
 *   - who creates a namespace owns it by the user namespace of that moment, so new namespaces have
 * to come after (or together with) the container's user namespace;
 *   - setns() asks for rights over the user namespace that owns the target. The rights that root
 * has are lost by entering a new user namespace, the rights that an ordinary user gets only begin
 *     there: so root joins before, a user after;
 *   - joining a pid namespace, and a time namespace that is made by unshare(), hold for children
 * only;
 *   - clone3(CLONE_NEWTIME) seals the offsets, so a time namespace with offsets is unshared;
 *   - the root of a cgroup namespace is the cgroup at the time of unshare(): it comes last.
 */
#include "plan/namespaces.h"

#include "base/error.h"

#include <linux/capability.h>
#include <sched.h>

#define CAP_BIT(cap) (G_GUINT64_CONSTANT (1) << (cap))

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

RuncWho
runc_plan_who (const RuncHost *host)
{
  if (host->euid != 0 || (host->effective_caps & CAP_BIT (CAP_SYS_ADMIN)) == 0)
    return RUNC_WHO_USER;
  return host->initial_userns ? RUNC_WHO_REAL_ROOT : RUNC_WHO_USERNS_ROOT;
}

bool
runc_plan_maps_directly (const RuncHost *host)
{
  const guint64 caps = CAP_BIT (CAP_SETUID) | CAP_BIT (CAP_SETGID);

  return host->euid == 0 && (host->effective_caps & caps) == caps;
}

/* What config.json asks for, sorted. */
typedef struct
{
  guint64 created; /* CLONE_NEW* */
  guint32 joins;   /* all but the user namespace */
  bool join_user;
} Wanted;

static gboolean
check_joinable (const RuncSpec *spec, const RuncHost *host, RuncNamespace ns, GError **error)
{
  const char *path = spec->linux_spec.namespaces[ns].path;
  const RuncNsFact *fact = &host->namespaces[ns];
  const char *name = runc_namespace_to_string (ns);

  if (!fact->exists)
    return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                       "linux.namespaces: '%s' is not there, or is no %s namespace", path, name);
  if (ns == RUNC_NS_USER || fact->current || runc_plan_who (host) != RUNC_WHO_USER)
    return TRUE;
  if (fact->owner == RUNC_NS_OWNER_SELF)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "linux.namespaces: the %s namespace '%s' belongs to the system, and only root "
        "may join it (without root, join one that was made in a user namespace, "
        "together with that user namespace)",
        name, path);
  return TRUE;
}

static gboolean
sort_wanted (const RuncSpec *spec, const RuncHost *host, Wanted *ret_wanted, GError **error)
{
  Wanted wanted = { 0 };

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    {
      const RuncSpecNamespace *asked = &spec->linux_spec.namespaces[ns];

      if (!asked->present)
        continue;
      if (asked->path == NULL)
        wanted.created |= runc_namespace_clone_flag (ns);
      else if (!check_joinable (spec, host, ns, error))
        return FALSE;
      else if (host->namespaces[ns].current)
        continue;
      else if (ns == RUNC_NS_USER)
        wanted.join_user = true;
      else
        wanted.joins |= 1u << ns;
    }
  /* Without a mount namespace of its own a container would be built in the sight of everybody. */
  if ((wanted.joins & (1u << RUNC_NS_MOUNT)) == 0)
    wanted.created |= CLONE_NEWNS;
  if (runc_plan_who (host) == RUNC_WHO_USER && !wanted.join_user)
    wanted.created |= CLONE_NEWUSER;
  *ret_wanted = wanted;
  return TRUE;
}

static guint64
flags_of (guint32 namespaces)
{
  guint64 flags = 0;

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    if (namespaces & (1u << ns))
      flags |= runc_namespace_clone_flag (ns);
  return flags;
}

gboolean
runc_plan_schedule (const RuncSpec *spec, const RuncHost *host, RuncSchedule *ret_schedule,
                    GError **error)
{
  bool privileged = runc_plan_who (host) != RUNC_WHO_USER;
  RuncSchedule s = { 0 };
  Wanted wanted;
  guint64 made; /* by clone3(), fork or unshare: all but what has its own moment */

  if (!sort_wanted (spec, host, &wanted, error))
    return FALSE;
  s.created = wanted.created;
  s.new_userns = (wanted.created & CLONE_NEWUSER) != 0;
  s.join_user = wanted.join_user;
  s.joined = flags_of (wanted.joins) | (wanted.join_user ? CLONE_NEWUSER : 0);
  s.unshare_cgroup = (wanted.created & CLONE_NEWCGROUP) != 0;
  s.time_offsets = (wanted.created & CLONE_NEWTIME) != 0 && spec->linux_spec.n_time_offsets > 0;
  if (privileged)
    s.joins_before = wanted.joins;
  else
    s.joins_after = wanted.joins;

  made = wanted.created & ~(guint64)CLONE_NEWCGROUP;
  if (s.time_offsets)
    made &= ~(guint64)CLONE_NEWTIME;

  bool pid_joined = (wanted.joins & (1u << RUNC_NS_PID)) != 0;
  bool userns_later = s.new_userns && (s.joins_before != 0 || (privileged && s.time_offsets));

  if (s.join_user || userns_later)
    {
      /* Nothing may be made before the user namespace that is to own it. */
      s.fork = s.new_userns || pid_joined || s.time_offsets
               || (made & (CLONE_NEWPID | CLONE_NEWTIME)) != 0;
      *(s.fork ? &s.fork_flags : &s.unshare_flags) = made;
    }
  else
    {
      s.fork = pid_joined || s.time_offsets;
      s.fork_flags = s.time_offsets ? made & CLONE_NEWPID : 0;
      s.clone_flags = made & ~s.fork_flags;
    }
  *ret_schedule = s;
  return TRUE;
}
