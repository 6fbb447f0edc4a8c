/* How runc-scope gets to the manager.
 *
 * The bus is to say who we are, from what the kernel tells it of our socket: our own word is worth
 * nothing in a user namespace, where a user is 0 or another number than outside. In the protocol
 * that is EXTERNAL without an identity, answered by an empty DATA, which GDBus does not speak (its
 * flag CROSS_NAMESPACE says the same, but fails an assertion in GLib 2.74). So the few lines of the
 * handshake are ours, and GDBus gets the socket afterwards.
 */
#include "scope-bus.h"

#include "base/error.h"
#include "sys/pid.h"

#include <string.h>
#include <unistd.h>

#define OWNER_TIMEOUT 5 /* s, for a manager that has just started */

enum
{
  MAX_LINE = 512, /* of the handshake; what comes is some ten bytes */
};

/* ---- the handshake ---- */

/* Send @len bytes, and get a line that has to begin with @expected. */
static gboolean
exchange (GIOStream *stream, const char *text, gsize len, const char *expected, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  g_autoptr (GString) line = g_string_new (NULL);
  char c;

  if (!g_output_stream_write_all (g_io_stream_get_output_stream (stream), text, len, NULL, NULL,
                                  error))
    return FALSE;
  if (expected == NULL)
    return TRUE;
  /* Byte by byte, because what follows is GDBus's to read. */
  while (line->len < MAX_LINE && !g_str_has_suffix (line->str, "\r\n"))
    {
      gssize n = g_input_stream_read (input, &c, 1, NULL, error);

      if (n < 0)
        return FALSE;
      if (n == 0)
        return runc_throw (error, RUNC_ERROR_SYSTEM, "it ended the connection");
      g_string_append_c (line, c);
    }
  if (g_str_has_prefix (line->str, expected))
    return TRUE;
  g_strchomp (line->str);
  return runc_throw (error, RUNC_ERROR_SYSTEM, "it does not know us (it says '%s')", line->str);
}

static gboolean
authenticate (GIOStream *stream, GError **error)
{
  static const char hello[] = "\0AUTH EXTERNAL\r\n", data[] = "DATA\r\n", begin[] = "BEGIN\r\n";

  return exchange (stream, hello, sizeof hello - 1, "DATA", error)
         && exchange (stream, data, sizeof data - 1, "OK ", error)
         && exchange (stream, begin, sizeof begin - 1, NULL, error);
}

static gboolean
check_namespace (GIOStream *stream, GError **error)
{
  int fd;

  if (!G_IS_SOCKET_CONNECTION (stream))
    return TRUE;
  fd = g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));
  if (runc_sys_peer_pid (fd) != 0)
    return TRUE;
  return runc_throw (
      error, RUNC_ERROR_UNSUPPORTED,
      "it belongs to another pid namespace, in which our processes have other numbers");
}

static GDBusConnection *
connect_to (const char *address, gboolean is_bus, GError **error)
{
  g_autoptr (GIOStream) stream = g_dbus_address_get_stream_sync (address, NULL, NULL, error);

  if (stream == NULL || !check_namespace (stream, error) || !authenticate (stream, error))
    return NULL;
  return g_dbus_connection_new_sync (stream, NULL,
                                     is_bus ? G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION
                                            : G_DBUS_CONNECTION_FLAGS_NONE,
                                     NULL, NULL, error);
}

/* ---- where to ---- */

/* "unix:path=" with what an address may not have escaped. */
static char *
socket_address (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *escaped = g_dbus_address_escape_value (path);

  return g_strdup_printf ("unix:path=%s", escaped);
}

static char *
bus_address (gboolean user)
{
  const char *address = g_getenv (user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");

  if (address != NULL && *address != '\0')
    return g_strdup (address);
  if (!user)
    return g_strdup ("unix:path=/run/dbus/system_bus_socket");
  return runtime != NULL && *runtime != '\0' ? socket_address (runtime, "bus") : NULL;
}

/* systemd listens by itself, too, which works without a bus daemon. */
static char *
private_address (gboolean user)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");

  if (!user)
    return geteuid () == 0 ? g_strdup ("unix:path=/run/systemd/private") : NULL;
  return runtime != NULL && *runtime != '\0' ? socket_address (runtime, "systemd/private") : NULL;
}

static gboolean
has_owner (GDBusConnection *bus)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "NameHasOwner",
                                     g_variant_new ("(s)", RUNC_SYSTEMD_NAME),
                                     G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE,
                                     RUNC_SCOPE_CALL_TIMEOUT, NULL, NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
on_owner (GDBusConnection *bus, const char *sender, const char *path, const char *iface,
          const char *name, GVariant *arguments, gpointer data)
{
  const char *owner = "";

  (void)bus;
  (void)sender;
  (void)path;
  (void)iface;
  (void)name;
  if (g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sss)")))
    g_variant_get (arguments, "(ss&s)", NULL, NULL, &owner);
  *(gboolean *)data |= *owner != '\0';
}

/* Is the manager on the bus? The bus of a user is started by the first who connects, and the
 * manager comes there a moment later. */
static gboolean
is_on_bus (GDBusConnection *bus)
{
  gboolean there = FALSE, timed_out = FALSE;
  guint timer, watch;

  if (has_owner (bus))
    return TRUE;
  watch = g_dbus_connection_signal_subscribe (bus, "org.freedesktop.DBus", "org.freedesktop.DBus",
                                              "NameOwnerChanged", "/org/freedesktop/DBus",
                                              RUNC_SYSTEMD_NAME, G_DBUS_SIGNAL_FLAGS_NONE, on_owner,
                                              &there, NULL);
  timer = g_timeout_add_seconds (OWNER_TIMEOUT, on_timeout, &timed_out);
  /* Once more, for what happened before the subscription. */
  there = has_owner (bus);
  while (!there && !timed_out)
    g_main_context_iteration (NULL, TRUE);
  if (!timed_out)
    g_source_remove (timer);
  g_dbus_connection_signal_unsubscribe (bus, watch);
  return there;
}

/* Get the first answer on a direct connection. A message that reaches systemd together with the end
 * of the authentication lies in its buffer until another one comes (seen with systemd 252). */
static gboolean
wake (GDBusConnection *bus)
{
  for (int timeout = 50; timeout < 10000; timeout *= 2)
    {
      g_autoptr (GVariant) reply
          = g_dbus_connection_call_sync (bus, NULL, "/", "org.freedesktop.DBus.Peer", "Ping", NULL,
                                         NULL, G_DBUS_CALL_FLAGS_NONE, timeout, NULL, NULL);

      if (reply != NULL)
        return TRUE;
    }
  return FALSE;
}

gboolean
runc_scope_bus_open (gboolean user, RuncScopeBus *ret_bus, GError **error)
{
  g_autoptr (GError) bus_error = NULL;
  g_autofree char *address = bus_address (user);
  g_autofree char *direct = private_address (user);
  g_auto (RuncScopeBus) bus = { .name = RUNC_SYSTEMD_NAME };

  if (address != NULL)
    bus.connection = connect_to (address, TRUE, &bus_error);
  if (bus.connection != NULL && !is_on_bus (bus.connection))
    {
      g_clear_object (&bus.connection);
      g_set_error (&bus_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s is not there",
                   RUNC_SYSTEMD_NAME);
    }
  if (bus.connection == NULL && direct != NULL)
    {
      bus.connection = connect_to (direct, FALSE, NULL);
      bus.name = NULL;
      if (bus.connection != NULL && !wake (bus.connection))
        g_clear_object (&bus.connection);
    }
  if (bus.connection == NULL)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED, "failed to connect to dbus (%s bus%s%s): %s%s",
        user ? "user" : "system", address != NULL ? ", " : "", address != NULL ? address : "",
        bus_error != NULL ? bus_error->message
                          : "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set",
        user ? " (is there a login session of this user, and dbus-user-session installed?)" : "");
  g_dbus_connection_set_exit_on_close (bus.connection, FALSE);
  *ret_bus = (RuncScopeBus){ g_steal_pointer (&bus.connection), bus.name };
  return TRUE;
}

void
runc_scope_bus_clear (RuncScopeBus *bus)
{
  g_clear_object (&bus->connection);
}
