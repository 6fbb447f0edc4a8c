/* Reading, probing, planning. Runs in the parent; changes nothing but the current directory. */
#include "engine/prepare.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "engine/engine.h"
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A config.json larger than this is no configuration. */
#define MAX_CONFIG (16u << 20)

void
runc_prepared_clear (RuncPrepared *prepared)
{
  prepared->cwd_fd = runc_close_fd (prepared->cwd_fd);
  g_clear_pointer (&prepared->plan, runc_plan_free);
  for (gsize i = 0; prepared->mounted_at != NULL && i < prepared->spec->n_mounts; i++)
    g_free (prepared->mounted_at[i]);
  g_clear_pointer (&prepared->mounted_at, g_free);
  g_clear_pointer (&prepared->descriptors, g_strfreev);
  g_clear_pointer (&prepared->host, runc_host_free);
  g_clear_pointer (&prepared->spec, runc_spec_free);
  g_clear_pointer (&prepared->config, g_free);
  g_clear_pointer (&prepared->state_root, g_free);
  g_clear_pointer (&prepared->state_dir, g_free);
  g_clear_pointer (&prepared->strings, g_ptr_array_unref);
}

/* Make *@path absolute, relative to the caller's directory; NULL stays NULL. */
static void
make_absolute (RuncPrepared *prepared, const char **path)
{
  if (*path == NULL || **path == '\0' || g_path_is_absolute (*path))
    return;
  char *absolute = g_canonicalize_filename (*path, NULL);

  g_ptr_array_add (prepared->strings, absolute);
  *path = absolute;
}

static void
make_all_absolute (RuncPrepared *prepared, const char *const **list)
{
  guint n = *list != NULL ? g_strv_length ((char **)*list) : 0;
  const char **absolute;

  if (n == 0)
    return;
  absolute = g_new0 (const char *, n + 1);
  g_ptr_array_add (prepared->strings, absolute);
  for (guint i = 0; i < n; i++)
    {
      absolute[i] = (*list)[i];
      make_absolute (prepared, &absolute[i]);
    }
  *list = absolute;
}

static void
take_request (RuncPrepared *prepared, const RuncCreateRequest *request)
{
  prepared->strings = g_ptr_array_new_with_free_func (g_free);
  prepared->request = *request;
  if (prepared->request.bundle == NULL || prepared->request.bundle[0] == '\0')
    {
      char *cwd = g_get_current_dir ();

      g_ptr_array_add (prepared->strings, cwd);
      prepared->request.bundle = cwd;
    }
  make_absolute (prepared, &prepared->request.bundle);
  make_absolute (prepared, &prepared->request.console_socket);
  make_absolute (prepared, &prepared->request.pidfd_socket);
  make_absolute (prepared, &prepared->request.pid_file);
  make_absolute (prepared, &prepared->request.notify_socket);
  make_absolute (prepared, &prepared->request.overlay);
  make_absolute (prepared, &prepared->request.overlay_place);
  make_all_absolute (prepared, &prepared->request.overlay_lowers);
}

/* Say where the file that could not be read was looked for, and how to get one. */
static gboolean
throw_unread (const char *bundle, GError **error)
{
  if (error == NULL || !g_error_matches (*error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    return runc_prefix (error, "bundle '%s'", bundle);
  g_clear_error (error);
  return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                     "JSON specification file config.json not found in bundle '%s' ('runc spec' "
                     "makes one)",
                     bundle);
}

/* Nothing but a file: a pipe that nobody writes to would be waited for for ever. */
static char *
read_config (gsize *ret_len, GError **error)
{
  static const char name[] = "config.json";
  autofd int fd = open (name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;

  if (fd < 0 && errno == ENOENT)
    runc_throw (error, RUNC_ERROR_NOT_FOUND, "there is no '%s'", name);
  else if (fd < 0)
    runc_throw_errno (error, "cannot open '%s'", name);
  else if (fstat (fd, &st) < 0)
    runc_throw_errno (error, "cannot look at '%s'", name);
  else if (!S_ISREG (st.st_mode))
    runc_throw (error, RUNC_ERROR_FAILED, "'%s' is not a file", name);
  else
    return runc_io_read_fd (fd, name, MAX_CONFIG, ret_len, error);
  return NULL;
}

static gboolean
read_spec (RuncPrepared *prepared, GError **error)
{
  const char *bundle = prepared->request.bundle;
  gsize len;

  prepared->cwd_fd = open (".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (prepared->cwd_fd < 0)
    return runc_throw_errno (error, "cannot open the current directory");
  if (chdir (bundle) < 0)
    return runc_throw_errno (error, "cannot enter bundle '%s'", bundle);
  prepared->config = read_config (&len, error);
  if (prepared->config == NULL)
    return throw_unread (bundle, error);
  prepared->spec = runc_spec_decode (prepared->config, len, error);
  return prepared->spec != NULL && runc_spec_validate (prepared->spec, error);
}

static RuncHost *
load_host (const char *file, GError **error)
{
  gsize len;
  g_autofree char *text = runc_io_read_file (AT_FDCWD, file, MAX_CONFIG, &len, error);

  return text != NULL ? runc_host_from_json (text, len, error) : NULL;
}

static RuncHost *
probe (const RuncPrepared *prepared, GError **error)
{
  const RuncCreateRequest *request = &prepared->request;
  const char *layer = runc_plan_layer (prepared->spec, request);
  const char *place = runc_plan_layer_place (prepared->spec, request);
  RuncHostNeeds needs = runc_host_needs_for (prepared->spec, geteuid () != 0, layer != NULL);
  RuncHost *host = runc_host_probe (prepared->spec, request->bundle, needs, error);

  /* The current directory is the bundle. */
  if (host != NULL && layer != NULL && layer[0] != '\0')
    runc_host_probe_layer (host, layer);
  else if (host != NULL && layer != NULL && place != NULL)
    runc_host_probe_layer (host, place);
  return host;
}

void
runc_engine_say_plan (const RuncPlan *plan, RuncLogLevel warnings)
{
  g_autofree char *dump = NULL;
  g_auto (GStrv) lines = NULL;

  for (char **w = plan->warnings; w != NULL && *w != NULL; w++)
    runc_log (warnings, "%s", *w);
  if (!runc_log_debug_enabled ())
    return;
  dump = runc_plan_dump_text (plan);
  lines = g_strsplit (dump, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0')
      runc_log (RUNC_LOG_DEBUG, "%s", *line);
}

gboolean
runc_prepare (const RuncGlobal *global, const RuncCreateRequest *request, const char *host_file,
              RuncPreparePurpose purpose, RuncPrepared *ret_prepared, GError **error)
{
  g_auto (RuncPrepared) prepared = RUNC_PREPARED_INIT;
  char token[17] = "";

  take_request (&prepared, request);
  if (host_file != NULL && (prepared.host = load_host (host_file, error)) == NULL)
    return FALSE;
  if (!runc_state_check_id (request->id, error))
    return FALSE;
  prepared.state_root = runc_state_root (global->root, error);
  if (prepared.state_root == NULL || !read_spec (&prepared, error))
    return FALSE;
  prepared.state_dir = g_build_filename (prepared.state_root, request->id, NULL);
  if (prepared.host == NULL)
    prepared.host = probe (&prepared, error);
  if (prepared.host == NULL
      || (request->restore != NULL && !runc_restore_gather (&prepared, error)))
    return FALSE;
  if (purpose != RUNC_PREPARE_TO_SHOW
      && (prepared.host->layer_place != NULL
          || runc_plan_layer_place (prepared.spec, &prepared.request) != NULL))
    g_snprintf (token, sizeof token, "%08x%08x", g_random_int (), g_random_int ());

  RuncPlanInput input = {
    .spec = prepared.spec,
    .host = prepared.host,
    .global = global,
    .request = &prepared.request,
    .state_dir = prepared.state_dir,
    .token = token[0] != '\0' ? token : NULL,
    .gate = purpose == RUNC_PREPARE_TO_CREATE,
    .restore = request->restore != NULL ? &prepared.restore : NULL,
  };

  prepared.plan = runc_plan_new (&input, error);
  if (prepared.plan == NULL || !runc_plan_check (prepared.plan, error))
    return FALSE;
  *ret_prepared = prepared;
  prepared = (RuncPrepared)RUNC_PREPARED_INIT;
  return TRUE;
}

char *
runc_engine_plan (const RuncGlobal *global, const RuncCreateRequest *request, const char *host_file,
                  gboolean json, GError **error)
{
  g_auto (RuncPrepared) prepared = RUNC_PREPARED_INIT;

  if (!runc_prepare (global, request, host_file, RUNC_PREPARE_TO_SHOW, &prepared, error))
    return NULL;
  runc_engine_say_plan (prepared.plan, RUNC_LOG_WARNING);
  return json ? runc_plan_dump_json (prepared.plan) : runc_plan_dump_text (prepared.plan);
}
