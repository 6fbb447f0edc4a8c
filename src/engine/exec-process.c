/* Merging the command line of `exec` with the container's configuration. Runs in the parent.
 *
 * Everything that is not said stays as config.json has it (capabilities, limits, scheduling,
 * labels, environment), apart from the terminal, which only -t asks for.
 */
#include "engine/exec-process.h"
#include "base/error.h"
#include "base/io.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>

/* A process.json larger than this is no process. */
#define MAX_PROCESS (16u << 20)

void
runc_exec_process_clear (RuncExecProcess *process)
{
  g_clear_pointer (&process->document, runc_spec_free);
  g_clear_pointer (&process->env, g_ptr_array_unref);
  g_clear_pointer (&process->gids, g_array_unref);
  g_clear_pointer (&process->unknown_caps, g_ptr_array_unref);
}

static gboolean
from_document (const char *file, RuncExecProcess *ret_process, GError **error)
{
  gsize len;
  g_autofree char *text = runc_io_read_file (AT_FDCWD, file, MAX_PROCESS, &len, error);

  if (text == NULL)
    return FALSE;
  ret_process->document = runc_spec_decode_process (text, len, error);
  if (ret_process->document == NULL)
    return runc_prefix (error, "'%s'", file);
  ret_process->process = *ret_process->document->process;
  return TRUE;
}

static gboolean
parse_id (const char *text, const char *what, guint32 *ret_id, GError **error)
{
  guint64 value;

  /* 2^32 - 1 means "no change" to the kernel and is nobody's id. */
  if (!runc_parse_uint64 (text, G_MAXUINT32 - 1, &value, error))
    return runc_prefix (error, "bad %s", what);
  *ret_id = (guint32)value;
  return TRUE;
}

/* "uid" or "uid:gid", decimal. */
static gboolean
set_user (const char *user, RuncSpecUser *ret_user, GError **error)
{
  const char *colon = strchr (user, ':');
  g_autofree char *uid = colon != NULL ? g_strndup (user, (gsize)(colon - user)) : g_strdup (user);

  if (colon != NULL && !parse_id (colon + 1, "gid", &ret_user->gid, error))
    return FALSE;
  return parse_id (uid, "uid", &ret_user->uid, error);
}

static gboolean
add_gids (const char *const *gids, RuncExecProcess *p, GError **error)
{
  RuncSpecUser *user = &p->process.user;

  p->gids = g_array_new (FALSE, FALSE, sizeof (guint32));
  if (user->n_additional_gids > 0)
    g_array_append_vals (p->gids, user->additional_gids, (guint)user->n_additional_gids);
  for (const char *const *gid = gids; *gid != NULL; gid++)
    {
      guint32 value;

      if (!parse_id (*gid, "additional gid", &value, error))
        return FALSE;
      g_array_append_val (p->gids, value);
    }
  user->additional_gids = (const guint32 *)(gconstpointer)p->gids->data;
  user->n_additional_gids = p->gids->len;
  return TRUE;
}

/* As runc: a name that is none is left out with a warning, which the plan says. */
static void
add_caps (const char *const *caps, RuncExecProcess *p)
{
  RuncStrings *unknown = &p->capabilities.unknown;

  if (p->process.capabilities != NULL)
    p->capabilities = *p->process.capabilities;
  p->unknown_caps = g_ptr_array_new ();
  for (gsize i = 0; i < unknown->n; i++)
    g_ptr_array_add (p->unknown_caps, (gpointer)unknown->items[i]);
  for (const char *const *cap = caps; *cap != NULL; cap++)
    {
      int number = runc_capability_from_string (*cap);

      if (number < 0)
        {
          g_ptr_array_add (p->unknown_caps, (gpointer)*cap);
          continue;
        }
      guint64 bit = G_GUINT64_CONSTANT (1) << number;

      p->capabilities.bounding |= bit;
      p->capabilities.effective |= bit;
      p->capabilities.permitted |= bit;
      /* Ambient needs inheritable, which is not ours to add. */
      if (p->capabilities.inheritable & bit)
        p->capabilities.ambient |= bit;
    }
  *unknown = (RuncStrings){ .items = (gpointer)p->unknown_caps->pdata, .n = p->unknown_caps->len };
  p->process.capabilities = &p->capabilities;
}

static void
add_env (const char *const *env, RuncExecProcess *p)
{
  p->env = g_ptr_array_new ();
  for (gsize i = 0; i < p->process.env.n; i++)
    g_ptr_array_add (p->env, (gpointer)p->process.env.items[i]);
  for (; *env != NULL; env++)
    g_ptr_array_add (p->env, (gpointer)*env);
  p->process.env.n = p->env->len;
  g_ptr_array_add (p->env, NULL);
  p->process.env.items = (const char *const *)p->env->pdata;
  p->process.env.present = TRUE;
}

static gboolean
from_options (const RuncSpec *spec, const RuncExecRequest *request, RuncExecProcess *p,
              GError **error)
{
  if (spec->process == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "process: missing from the container's configuration (use --process)");
  p->process = *spec->process;
  p->process.args = (RuncStrings){ .items = request->args,
                                   .n = g_strv_length ((char **)request->args),
                                   .present = TRUE };
  p->process.terminal = request->tty;
  p->process.console_size = NULL;
  if (request->cwd != NULL)
    p->process.cwd = request->cwd;
  if (request->apparmor != NULL)
    p->process.apparmor_profile = request->apparmor;
  if (request->process_label != NULL)
    p->process.selinux_label = request->process_label;
  if (request->no_new_privs)
    p->process.no_new_privileges = TRUE;
  if (request->env != NULL)
    add_env (request->env, p);
  if (request->caps != NULL)
    add_caps (request->caps, p);
  return (request->user == NULL || set_user (request->user, &p->process.user, error))
         && (request->additional_gids == NULL || add_gids (request->additional_gids, p, error));
}

gboolean
runc_exec_process_init (const RuncSpec *spec, const RuncExecRequest *request,
                        RuncExecProcess *ret_process, GError **error)
{
  gboolean ok = request->process != NULL ? from_document (request->process, ret_process, error)
                                         : from_options (spec, request, ret_process, error);

  return ok && runc_spec_validate_process (&ret_process->process, "process", error);
}
