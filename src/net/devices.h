/* Interfaces that move from the host into a container. Parent side. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct
{
  const char *host_name;
  const char *name; /* inside; NULL: the same; with "%d" the first number that is free */
} RuncNetDevice;

/* Move @devices from our network namespace to that of process @pid, with their permanent addresses
 * of global scope, and bring them up there (runtime-spec 1.3, "Network Devices"). Needs
 * CAP_NET_ADMIN over both. All are looked for before the first one is moved.
 *
 * Errors begin with "linux.netDevices" and name the device. */
gboolean runc_net_move_devices (const RuncNetDevice *devices, gsize n, pid_t pid, GError **error);

/* Bring up the loopback interface of the network namespace of process @pid. */
gboolean runc_net_loopback_up (pid_t pid, GError **error);
