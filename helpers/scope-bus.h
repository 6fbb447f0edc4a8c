/* runc-scope's connection to the manager: of the system, or of the user. */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

#define RUNC_SYSTEMD_NAME "org.freedesktop.systemd1"

/* How long an answer may take, ms. */
#define RUNC_SCOPE_CALL_TIMEOUT 25000

typedef struct
{
  GDBusConnection *connection;
  const char *name; /* of the manager on a bus; NULL on a direct connection to it */
} RuncScopeBus;

/* Connect to the bus on which the manager is, or else to its own socket. @user: that of the
 * caller's session, found by DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR.
 *
 * Fails, with a message that names the bus, also when it is served from outside of our pid
 * namespace: the manager would take the pids of ours for those of other processes. */
gboolean runc_scope_bus_open (gboolean user, RuncScopeBus *ret_bus, GError **error);

void runc_scope_bus_clear (RuncScopeBus *bus);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncScopeBus, runc_scope_bus_clear)
