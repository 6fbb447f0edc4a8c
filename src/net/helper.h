/* Programs that serve a container's network from outside: runc-slirp (ours) and pasta. Parent side.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef enum
{
  RUNC_NET_SLIRP,
  RUNC_NET_PASTA,
} RuncNetProgram;

typedef struct
{
  RuncNetProgram program;
  char **publish; /* strv "[ip:]host:container[/udp]", or NULL */
  gboolean ipv6;
  gboolean host_loopback;    /* the container may reach services on the host's 127.0.0.1 */
  const char *outbound_addr; /* or NULL */
  const char *api_socket;    /* slirp: path of the socket to listen on, or NULL */
  pid_t pid;                 /* a child of ours, in the network namespace */
} RuncNetRequest;

/* Start the program and wait until the network works and all ports are published.
 *
 * @ret_pid: the helper, a child of ours, which ends by itself when request->pid does: runc-slirp,
 * or the keeper of pasta Errors say what the program said; RUNC_ERROR_UNSUPPORTED when it is not
 * installed. */
gboolean runc_net_helper_start (const RuncNetRequest *request, pid_t *ret_pid, GError **error);

/* The path of the program (new string), or NULL when there is none: $RUNC_SLIRP or $RUNC_PASTA,
 * where it is installed, beside an uninstalled runc, in $PATH. */
char *runc_net_helper_path (RuncNetProgram program);

/* What the container's resolv.conf and hosts say (new strings). @hostname: or NULL */
char *runc_net_resolv_conf (RuncNetProgram program, gboolean ipv6);
char *runc_net_hosts (const char *hostname);
