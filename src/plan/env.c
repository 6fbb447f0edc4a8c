/* The environment of the container's process. Pure; the parent. */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* With more variables than this, duplicates are found by a hash table. */
#define FEW 64

static gsize
name_length (const char *entry)
{
  return strcspn (entry, "=");
}

static gboolean
check_entry (const char *entry, gsize index, GError **error)
{
  gsize len = name_length (entry);

  if (entry[len] == '\0')
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "process.env[%" G_GSIZE_FORMAT
                       "]: invalid environment variable: missing '=' in '%s'",
                       index, entry);
  if (len == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "process.env[%" G_GSIZE_FORMAT
                       "]: invalid environment variable: name cannot be empty: '%s'",
                       index, entry);
  return TRUE;
}

static bool
is_set_later_scan (const RuncStrings *env, gsize index)
{
  gsize len = name_length (env->items[index]) + 1; /* with the '=' */

  for (gsize i = index + 1; i < env->n; i++)
    if (strncmp (env->items[i], env->items[index], len) == 0)
      return true;
  return false;
}

/* Marks all entries whose name comes again later. */
static void
find_duplicates (const RuncStrings *env, bool *duplicates)
{
  g_autoptr (GHashTable) seen = NULL;

  if (env->n <= FEW)
    {
      for (gsize i = 0; i < env->n; i++)
        duplicates[i] = is_set_later_scan (env, i);
      return;
    }
  seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (gsize i = env->n; i > 0; i--)
    {
      const char *entry = env->items[i - 1];

      duplicates[i - 1] = !g_hash_table_add (seen, g_strndup (entry, name_length (entry)));
    }
}

/* A place that the child fills. */
static char *
reserve (RuncBuilder *b, const char *name_and_equals)
{
  char *entry = runc_builder_alloc (b, RUNC_ENV_RESERVED);

  strcpy (entry, name_and_equals);
  return entry;
}

static gsize
add_listen_fds (RuncBuilder *b, char **envp, gsize n, guint listen_fds)
{
  envp[n++] = runc_builder_printf (b, "LISTEN_FDS=%u", listen_fds);
  if (b->plan->own_pidns)
    {
      envp[n++] = (char *)"LISTEN_PID=1";
      return n;
    }
  b->plan->child.env_listen_pid = (int)n;
  envp[n++] = reserve (b, "LISTEN_PID=");
  return n;
}

gboolean
runc_plan_environment (RuncBuilder *b, const RuncSpecProcess *process, guint listen_fds,
                       GError **error)
{
  const RuncStrings *env = &process->env;
  RuncChildPlan *child = &b->plan->child;
  bool *duplicates = runc_builder_alloc (b, env->n * sizeof *duplicates + 1);
  char **envp = runc_builder_alloc (b, (env->n + 5) * sizeof *envp);
  bool home = false;
  gsize n = 0;

  child->search_path = DEFAULT_PATH;
  find_duplicates (env, duplicates);
  for (gsize i = 0; i < env->n; i++)
    {
      const char *entry = env->items[i];

      if (!check_entry (entry, i, error))
        return FALSE;
      if (duplicates[i] || strcmp (entry, "HOME=") == 0)
        continue;
      if (g_str_has_prefix (entry, "PATH="))
        child->search_path = entry + strlen ("PATH=");
      home |= g_str_has_prefix (entry, "HOME=");
      envp[n++] = (char *)entry;
    }
  if (b->request != NULL && b->request->notify_socket != NULL)
    envp[n++] = (char *)"NOTIFY_SOCKET=/run/notify/notify.sock";
  if (listen_fds > 0)
    n = add_listen_fds (b, envp, n, listen_fds);
  if (!home)
    {
      child->env_home = (int)n;
      envp[n++] = reserve (b, "HOME=");
    }
  child->envp = envp;
  return TRUE;
}
