/* A published port: what it is, how it is written, and the table of those that are open. */
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

typedef union
{
  struct sockaddr sa;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
} RuncSlirpAddress;

/* Connections and datagrams to @host go to @guest. Both are of one family, because libslirp cannot
 * translate between families. */
typedef struct
{
  int id; /* from 1, never used again */
  gboolean udp;
  RuncSlirpAddress host;
  RuncSlirpAddress guest;
} RuncSlirpForward;

/* Set @address to the numeric @text ("127.0.0.1", "::1") and @port.
 * Returns FALSE if @text is neither an IPv4 nor an IPv6 address. */
gboolean runc_slirp_address_parse (const char *text, guint16 port, RuncSlirpAddress *ret_address);

/* "127.0.0.1" or "::1". New string. */
char *runc_slirp_address_to_string (const RuncSlirpAddress *address);
guint16 runc_slirp_address_port (const RuncSlirpAddress *address);

/* Bytes of the socket address in @address. */
socklen_t runc_slirp_address_len (const RuncSlirpAddress *address);

/* Parse "[IP:]HOST:CONTAINER[/tcp|/udp]", IP being an IPv4 address or an IPv6 address in brackets;
 * without it all IPv4 addresses of the host are meant. @ret_forward's guest has the family of the
 * host and no address, and id is 0. */
gboolean runc_slirp_forward_parse (const char *text, RuncSlirpForward *ret_forward, GError **error);

/* "0.0.0.0:8080 -> 80/tcp", for messages. New string. */
char *runc_slirp_forward_to_string (const RuncSlirpForward *forward);

/* What opens and closes ports: libslirp, or a test's stand-in. */
typedef struct
{
  /* Start to listen. Returns FALSE with errno set. */
  gboolean (*open) (const RuncSlirpForward *forward, gpointer data);
  /* Stop to listen; connections that exist stay. Returns FALSE if it was not open. */
  gboolean (*close) (const RuncSlirpForward *forward, gpointer data);
  gpointer data;

  struct in_addr guest; /* the container's address, where a forward names none */
  struct in6_addr guest6;
  gboolean ipv6; /* whether the container has guest6 */
} RuncSlirpForwardBackend;

typedef struct RuncSlirpForwards RuncSlirpForwards;

/* The empty table. @backend is copied. */
RuncSlirpForwards *runc_slirp_forwards_new (const RuncSlirpForwardBackend *backend);
void runc_slirp_forwards_free (RuncSlirpForwards *forwards);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpForwards, runc_slirp_forwards_free)

/* Open @wanted (whose id is not looked at).
 *
 * @ret_id: its new id; may be NULL
 * Errors begin "cannot publish HOST -> PORT/PROTOCOL:" and say, for what users meet, how to get
 * there. */
gboolean runc_slirp_forwards_add (RuncSlirpForwards *forwards, const RuncSlirpForward *wanted,
                                  int *ret_id, GError **error);

/* RUNC_ERROR_NOT_FOUND if there is no @id. */
gboolean runc_slirp_forwards_remove (RuncSlirpForwards *forwards, int id, GError **error);

guint runc_slirp_forwards_count (const RuncSlirpForwards *forwards);
/* In the order in which they were added; valid until the table changes. */
const RuncSlirpForward *runc_slirp_forwards_get (const RuncSlirpForwards *forwards, guint index);
