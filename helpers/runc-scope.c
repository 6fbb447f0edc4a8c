/* runc-scope: the one program of runc's that speaks D-Bus. A helper, started by
 * src/cgroup/systemd.c.
 *
 * It exists so that runc itself does not load gio, which costs more than a whole start. The request
 * comes as one JSON object on stdin:
 *
 *   {"op": "start" | "set" | "stop", "user": bool, "unit": "...", "properties": "GVariant text,
 * a(sv)"}
 *
 * and success is exit status 0 without output. Otherwise there is one line on stderr, and the
 * status is
 *
 *   1  failed
 *   2  start: there is an active unit of that name
 *   3  the manager cannot be reached
 *
 * Starting and stopping a unit are jobs of the manager; their end is a signal, JobRemoved, which is
 * subscribed to before the job exists, so that it cannot be missed.
 */
#include "base/error.h"
#include "base/json.h"
#include "scope-bus.h"

#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define MANAGER_PATH   "/org/freedesktop/systemd1"
#define MANAGER_IFACE  RUNC_SYSTEMD_NAME ".Manager"
#define JOB_TIMEOUT    30 /* s */
#define REMOVE_TIMEOUT 5  /* s, for a unit of the same name that is on its way out */

enum
{
  EXIT_FAILED = 1,
  EXIT_UNIT_EXISTS = 2,
  EXIT_NO_MANAGER = 3,
};

typedef struct
{
  const char *op;
  const char *unit;
  const char *properties;
  const char *subgroup;
  pid_t pid;
  gboolean user;
} Request;

typedef struct
{
  GDBusConnection *bus;
  const char *name; /* see RuncScopeBus */
  const char *unit;
  char *job;         /* object path of the one we wait for */
  GHashTable *ended; /* jobs that were removed: path -> result */
  gboolean removed;  /* our unit was unloaded */
} Manager;

/* ---- properties that an old systemd does not know ---- */

static const struct
{
  const char *name;
  guint since;
} newer_properties[] = {
  { "CPUQuotaPeriodUSec", 242 },
  { "AllowedCPUs", 244 },
  { "AllowedMemoryNodes", 244 },
  { "OOMPolicy", 253 }, /* of scopes */
};

/* CPUWeight 0 (idle) is known since 252. */
#define IDLE_SINCE 252

static guint
needed_version (const char *name, GVariant *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (newer_properties); i++)
    if (g_str_equal (name, newer_properties[i].name))
      return newer_properties[i].since;
  if (g_str_equal (name, "CPUWeight") && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64)
      && g_variant_get_uint64 (value) == 0)
    return IDLE_SINCE;
  return 0;
}

/* Call @method of the manager. NULL with an error. */
static GVariant *
call (const Manager *manager, const char *method, GVariant *arguments, const char *reply,
      GError **error)
{
  return g_dbus_connection_call_sync (manager->bus, manager->name, MANAGER_PATH, MANAGER_IFACE,
                                      method, arguments,
                                      reply != NULL ? G_VARIANT_TYPE (reply) : NULL,
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, RUNC_SCOPE_CALL_TIMEOUT,
                                      NULL, error);
}

static gboolean
is_remote (const GError *error, const char *name)
{
  g_autofree char *remote = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;

  return remote != NULL && g_str_equal (remote, name);
}

/* ---- signals ---- */

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *iface,
           const char *name, GVariant *arguments, gpointer data)
{
  Manager *manager = data;

  (void)bus;
  (void)sender;
  (void)path;
  (void)iface;
  if (g_str_equal (name, "JobRemoved")
      && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(uoss)")))
    {
      char *job, *result;

      g_variant_get (arguments, "(uoss)", NULL, &job, NULL, &result);
      g_hash_table_insert (manager->ended, job, result);
    }
  else if (g_str_equal (name, "UnitRemoved")
           && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(so)")))
    {
      const char *unit;

      g_variant_get (arguments, "(&so)", &unit, NULL);
      if (g_str_equal (unit, manager->unit))
        manager->removed = TRUE;
    }
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
subscribe (Manager *manager)
{
  GVariant *reply;

  g_dbus_connection_signal_subscribe (manager->bus, manager->name, MANAGER_IFACE, NULL,
                                      MANAGER_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal,
                                      manager, NULL);
  reply = call (manager, "Subscribe", NULL, NULL, NULL);
  g_clear_pointer (&reply, g_variant_unref);
}

/* Wait until the job has ended; its result ("done", "failed", "timeout", ...), or NULL. */
static const char *
wait_job (Manager *manager)
{
  gboolean timed_out = FALSE;
  guint timer = g_timeout_add_seconds (JOB_TIMEOUT, on_timeout, &timed_out);
  const char *result;

  while ((result = g_hash_table_lookup (manager->ended, manager->job)) == NULL && !timed_out
         && !g_dbus_connection_is_closed (manager->bus))
    g_main_context_iteration (NULL, TRUE);
  if (!timed_out)
    g_source_remove (timer);
  return result;
}

/* Wait until the unit is unloaded. */
static gboolean
wait_removed (Manager *manager)
{
  gboolean timed_out = FALSE;
  guint timer = g_timeout_add_seconds (REMOVE_TIMEOUT, on_timeout, &timed_out);

  while (!manager->removed && !timed_out && !g_dbus_connection_is_closed (manager->bus))
    g_main_context_iteration (NULL, TRUE);
  if (!timed_out)
    g_source_remove (timer);
  return manager->removed;
}

/* ---- operations ---- */

static guint
manager_version (const Manager *manager)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_sync (manager->bus, manager->name, MANAGER_PATH,
                                     "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new ("(ss)", MANAGER_IFACE, "Version"),
                                     G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                     RUNC_SCOPE_CALL_TIMEOUT, NULL, NULL);
  g_autoptr (GVariant) value = NULL;
  const char *text;

  if (reply == NULL)
    return 0;
  g_variant_get (reply, "(v)", &value);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return 0;
  /* "252.38-1~deb12u1", "v245" */
  text = g_variant_get_string (value, NULL);
  return (guint)g_ascii_strtoull (text + strcspn (text, "0123456789"), NULL, 10);
}

/* @properties without those that this systemd does not know. */
static GVariant *
known_properties (const Manager *manager, GVariant *properties)
{
  g_auto (GVariantBuilder) known = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sv)"));
  guint version = 0;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_loop (&iter, "(&sv)", &name, &value))
    {
      guint needed = needed_version (name, value);

      if (needed > 0 && version == 0)
        version = manager_version (manager);
      if (needed <= version || needed == 0)
        g_variant_builder_add (&known, "(sv)", name, value);
    }
  return g_variant_builder_end (&known);
}

/* " (properties MemoryMax, CPUWeight)", for a message of systemd's that does not name the one. */
static char *
property_names (GVariant *properties, const char *message)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GVariantIter iter;
  const char *name;

  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_loop (&iter, "(&sv)", &name, NULL))
    {
      if (strstr (message, name) != NULL)
        return g_strdup ("");
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : " (properties ", name);
    }
  if (text->len > 0)
    g_string_append_c (text, ')');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static int
fail (const char *what, const Manager *manager, GVariant *properties, GError *error)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);
  g_autofree char *names = NULL;

  g_dbus_error_strip_remote_error (error);
  if (properties != NULL)
    names = property_names (properties, error->message);
  g_printerr ("unable to %s '%s': %s%s%s%s%s\n", what, manager->unit, error->message,
              remote != NULL ? " [" : "", remote != NULL ? remote : "", remote != NULL ? "]" : "",
              names != NULL ? names : "");
  return EXIT_FAILED;
}

static void
reset_failed (const Manager *manager)
{
  GVariant *reply
      = call (manager, "ResetFailedUnit", g_variant_new ("(s)", manager->unit), NULL, NULL);

  g_clear_pointer (&reply, g_variant_unref);
}

/* Is the unit of our name one that only has to be cleared away? */
static gboolean
is_dead (const Manager *manager)
{
  g_autoptr (GVariant) unit
      = call (manager, "GetUnit", g_variant_new ("(s)", manager->unit), "(o)", NULL);
  g_autoptr (GVariant) reply = NULL, value = NULL;
  const char *path;

  if (unit == NULL)
    return TRUE;
  g_variant_get (unit, "(&o)", &path);
  reply = g_dbus_connection_call_sync (
      manager->bus, manager->name, path, "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", RUNC_SYSTEMD_NAME ".Unit", "ActiveState"), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, RUNC_SCOPE_CALL_TIMEOUT, NULL, NULL);
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(v)", &value);
  return !g_str_equal (g_variant_get_string (value, NULL), "active");
}

static GVariant *
start_transient (const Manager *manager, GVariant *properties, GError **error)
{
  return call (manager, "StartTransientUnit",
               g_variant_new ("(ss@a(sv)@a(sa(sv)))", manager->unit, "replace", properties,
                              g_variant_new ("a(sa(sv))", NULL)),
               "(o)", error);
}

static int
start (Manager *manager, GVariant *asked)
{
  g_autoptr (GVariant) properties = g_variant_ref_sink (known_properties (manager, asked));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *result;

  subscribe (manager);
  reply = start_transient (manager, properties, &error);
  if (reply == NULL && is_remote (error, RUNC_SYSTEMD_NAME ".UnitExists"))
    {
      /* One that has failed stays until somebody says that he has seen it; one that is ending is
       * gone in a moment. */
      reset_failed (manager);
      if (!is_dead (manager))
        {
          g_printerr ("unit '%s' already exists\n", manager->unit);
          return EXIT_UNIT_EXISTS;
        }
      g_clear_error (&error);
      reply = start_transient (manager, properties, &error);
      if (reply == NULL && is_remote (error, RUNC_SYSTEMD_NAME ".UnitExists")
          && wait_removed (manager))
        {
          g_clear_error (&error);
          reply = start_transient (manager, properties, &error);
        }
    }
  if (reply == NULL)
    return fail ("start unit", manager, properties, error);
  g_variant_get (reply, "(o)", &manager->job);
  result = wait_job (manager);
  if (result != NULL && g_str_equal (result, "done"))
    return 0;
  reset_failed (manager);
  g_printerr ("error creating systemd unit '%s': %s%s\n", manager->unit,
              result != NULL ? "got " : "the manager did not answer in time",
              result != NULL ? result : "");
  return EXIT_FAILED;
}

static int
set (Manager *manager, GVariant *asked)
{
  g_autoptr (GVariant) properties = g_variant_ref_sink (known_properties (manager, asked));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (g_variant_n_children (properties) == 0)
    return 0;
  reply = call (manager, "SetUnitProperties",
                g_variant_new ("(sb@a(sv))", manager->unit, TRUE, properties), NULL, &error);
  return reply != NULL ? 0 : fail ("set unit properties of", manager, properties, error);
}

/* Have the manager move a process into the unit: it may where the user may not, as between a login
 * session and the units of the user's own manager. */
static int
attach (Manager *manager, const Request *request)
{
  const guint32 pids[] = { (guint32)request->pid };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  reply = call (
      manager, "AttachProcessesToUnit",
      g_variant_new ("(ss@au)", manager->unit, request->subgroup != NULL ? request->subgroup : "",
                     g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, pids, 1, sizeof pids[0])),
      NULL, &error);
  return reply != NULL ? 0 : fail ("attach a process to unit", manager, NULL, error);
}

static int
stop (Manager *manager)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *result;

  subscribe (manager);
  reply
      = call (manager, "StopUnit", g_variant_new ("(ss)", manager->unit, "replace"), "(o)", &error);
  if (reply == NULL)
    {
      /* Gone with its last process. */
      if (is_remote (error, RUNC_SYSTEMD_NAME ".NoSuchUnit"))
        return 0;
      return fail ("stop unit", manager, NULL, error);
    }
  g_variant_get (reply, "(o)", &manager->job);
  result = wait_job (manager);
  reset_failed (manager);
  if (result != NULL)
    return 0;
  g_printerr ("timed out while waiting for systemd to remove '%s'\n", manager->unit);
  return EXIT_FAILED;
}

/* ---- the request ---- */

static const char *
member (RuncJson *request, const char *key)
{
  RuncJson *value;

  return json_object_object_get_ex (request, key, &value)
                 && json_object_is_type (value, json_type_string)
             ? json_object_get_string (value)
             : NULL;
}

static gboolean
read_request (RuncJson **ret_json, Request *ret_request, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gssize n;
  RuncJson *user, *pid;

  while ((n = read (STDIN_FILENO, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  *ret_json = runc_json_parse (text->str, text->len, "request", error);
  if (*ret_json == NULL)
    return FALSE;
  ret_request->op = member (*ret_json, "op");
  ret_request->unit = member (*ret_json, "unit");
  ret_request->properties = member (*ret_json, "properties");
  ret_request->subgroup = member (*ret_json, "subgroup");
  if (json_object_object_get_ex (*ret_json, "pid", &pid))
    ret_request->pid = json_object_get_int (pid);
  ret_request->user
      = json_object_object_get_ex (*ret_json, "user", &user) && json_object_get_boolean (user);
  if (ret_request->op == NULL || ret_request->unit == NULL)
    return runc_throw (error, RUNC_ERROR_USAGE, "request: 'op' or 'unit' is missing");
  return TRUE;
}

int
main (void)
{
  g_autoptr (GHashTable) ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Manager manager = { .ended = ended };
  g_auto (RuncScopeBus) bus = { 0 };
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GError) error = NULL;
  autojson RuncJson *json = NULL;
  Request request = { 0 };

  if (!read_request (&json, &request, &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILED;
    }
  properties = g_variant_parse (G_VARIANT_TYPE ("a(sv)"),
                                request.properties != NULL ? request.properties : "[]", NULL, NULL,
                                &error);
  if (properties == NULL)
    {
      g_printerr ("request: properties: %s\n", error->message);
      return EXIT_FAILED;
    }
  manager.unit = request.unit;
  if (!runc_scope_bus_open (request.user, &bus, &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_NO_MANAGER;
    }
  manager.bus = bus.connection;
  manager.name = bus.name;
  if (g_str_equal (request.op, "start"))
    return start (&manager, properties);
  if (g_str_equal (request.op, "set"))
    return set (&manager, properties);
  if (g_str_equal (request.op, "attach"))
    return attach (&manager, &request);
  if (g_str_equal (request.op, "stop"))
    return stop (&manager);
  g_printerr ("request: there is no op '%s'\n", request.op);
  return EXIT_FAILED;
}
