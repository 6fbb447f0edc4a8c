/* linux.sysctl: only what a namespace of the container's own holds may be set. Pure; the parent. */
#include "plan/builder.h"

#include "base/error.h"

#include <sched.h>
#include <string.h>

static const char *const ipc_names[] = {
  "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
  "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
};

/* "net/ipv4/conf/eth0.100/x" as "net.ipv4.conf.eth0/100.x", the form with dots: the first separator
 * says which form it is. */
static char *
with_dots (RuncBuilder *b, const char *key)
{
  char *name = runc_builder_strndup (b, key, strlen (key));
  gsize first = strcspn (name, "./");

  if (name[first] != '/')
    return name;
  for (char *p = name; *p != '\0'; p++)
    *p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
  return name;
}

/* The path below /proc/sys of a name in the form with dots. */
static char *
as_path (RuncBuilder *b, const char *name)
{
  char *path = runc_builder_strndup (b, name, strlen (name));

  for (char *p = path; *p != '\0'; p++)
    *p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
  return path;
}

/* The path must stay where its name says: "net/../kernel/core_pattern" is not a setting of the
 * network. */
static bool
is_plain_path (const char *path)
{
  while (true)
    {
      gsize len = strcspn (path, "/");

      if (len == 0 || (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
        return false;
      if (path[len] == '\0')
        return true;
      path += len + 1;
    }
}

static bool
is_ipc (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ipc_names); i++)
    if (strcmp (name, ipc_names[i]) == 0)
      return true;
  return g_str_has_prefix (name, "fs.mqueue.");
}

static gboolean
check_owner (const RuncBuilder *b, const char *name, GError **error)
{
  guint64 own = b->ns.created | b->ns.joined;

  if (is_ipc (name))
    return (own & CLONE_NEWIPC) != 0
           || runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                          "linux.sysctl: sysctl \"%s\" is not allowed in the hosts ipc namespace",
                          name);
  if (g_str_has_prefix (name, "net."))
    return (own & CLONE_NEWNET) != 0
           || runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                          "linux.sysctl: sysctl \"%s\" not allowed in host network namespace",
                          name);
  if (strcmp (name, "kernel.domainname") == 0 && (own & CLONE_NEWUTS) != 0)
    return TRUE;
  if (strcmp (name, "kernel.hostname") == 0 && (own & CLONE_NEWUTS) != 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "linux.sysctl: sysctl \"%s\" is not allowed as it conflicts with the OCI "
                       "\"hostname\" field",
                       name);
  if (g_str_has_prefix (name, "user."))
    return (own & CLONE_NEWUSER) != 0
           || runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                          "linux.sysctl: setting ucounts without a user namespace not allowed: %s",
                          name);
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                     "linux.sysctl: sysctl \"%s\" is not in a separate kernel namespace", name);
}

gboolean
runc_plan_sysctls (RuncBuilder *b, GError **error)
{
  const RuncPairs *sysctl = &b->spec->linux_spec.sysctl;

  for (gsize i = 0; i < sysctl->n; i++)
    {
      char *name = with_dots (b, sysctl->items[i].key);
      char *path = as_path (b, name);
      RuncOp *op;

      if (!is_plain_path (path))
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "linux.sysctl: \"%s\" is not the name of a setting",
                           sysctl->items[i].key);
      if (!check_owner (b, name, error))
        return FALSE;
      runc_builder_need_proc (b);
      op = runc_builder_op (b, RUNC_OP_SYSCTL,
                            runc_builder_printf (b, "linux.sysctl[\"%s\"]", sysctl->items[i].key));
      op->target = path;
      op->u.text = sysctl->items[i].value;
    }
  return TRUE;
}
