/* Published ports: their notation and the table of the open ones. Runs in the helper.
 *
 * The table has no socket of its own: libslirp opens, polls and closes them, and finds them by
 * their host address. It is what `list_hostfwd` shows.
 */
#include "slirp-forward.h"

#include "base/error.h"
#include "base/strings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than anybody publishes; it bounds what clients of the API can make us hold. */
#define MAX_FORWARDS 4096

/* Ports from here on are everybody's when the sysctl cannot be read. */
#define DEFAULT_UNPRIVILEGED_PORT 1024

struct RuncSlirpForwards
{
  RuncSlirpForwardBackend backend;
  GArray *entries; /* RuncSlirpForward */
  int next_id;
};

/* ---------------------------------------------------------------- addresses */

gboolean
runc_slirp_address_parse (const char *text, guint16 port, RuncSlirpAddress *ret_address)
{
  RuncSlirpAddress address = { 0 };

  if (inet_pton (AF_INET, text, &address.in.sin_addr) == 1)
    {
      address.in.sin_family = AF_INET;
      address.in.sin_port = htons (port);
    }
  else if (inet_pton (AF_INET6, text, &address.in6.sin6_addr) == 1)
    {
      address.in6.sin6_family = AF_INET6;
      address.in6.sin6_port = htons (port);
    }
  else
    return FALSE;
  *ret_address = address;
  return TRUE;
}

char *
runc_slirp_address_to_string (const RuncSlirpAddress *address)
{
  char text[INET6_ADDRSTRLEN];

  if (address->sa.sa_family == AF_INET6)
    inet_ntop (AF_INET6, &address->in6.sin6_addr, text, sizeof text);
  else
    inet_ntop (AF_INET, &address->in.sin_addr, text, sizeof text);
  return g_strdup (text);
}

guint16
runc_slirp_address_port (const RuncSlirpAddress *address)
{
  return ntohs (address->sa.sa_family == AF_INET6 ? address->in6.sin6_port : address->in.sin_port);
}

socklen_t
runc_slirp_address_len (const RuncSlirpAddress *address)
{
  return address->sa.sa_family == AF_INET6 ? sizeof address->in6 : sizeof address->in;
}

/* ---------------------------------------------------------------- notation */

static gboolean
parse_port (const char *text, guint16 *ret_port)
{
  uint64_t port;

  if (!runc_parse_uint64 (text, G_MAXUINT16, &port, NULL) || port == 0)
    return FALSE;
  *ret_port = (guint16)port;
  return TRUE;
}

/* Cut @text at its last colon and return what stands behind it, or NULL. */
static char *
cut_last (char *text)
{
  char *colon = strrchr (text, ':');

  if (colon == NULL)
    return NULL;
  *colon = '\0';
  return colon + 1;
}

/* "127.0.0.1" or "[::1]", in place. */
static gboolean
parse_host (char *text, guint16 port, RuncSlirpAddress *ret_address)
{
  gsize len = strlen (text);

  if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
    {
      text[len - 1] = '\0';
      return runc_slirp_address_parse (text + 1, port, ret_address)
             && ret_address->sa.sa_family == AF_INET6;
    }
  return runc_slirp_address_parse (text, port, ret_address) && ret_address->sa.sa_family == AF_INET;
}

gboolean
runc_slirp_forward_parse (const char *text, RuncSlirpForward *ret_forward, GError **error)
{
  RuncSlirpForward forward = { 0 };
  g_autofree char *copy = g_strdup (text);
  char *slash = strchr (copy, '/');
  guint16 host_port, guest_port;

  if (slash != NULL)
    {
      *slash = '\0';
      if (strcmp (slash + 1, "udp") == 0)
        forward.udp = TRUE;
      else if (strcmp (slash + 1, "tcp") != 0)
        return runc_throw (error, RUNC_ERROR_USAGE,
                           "publish '%s': the protocol is not 'tcp' or 'udp'", text);
    }

  char *guest_text = cut_last (copy);
  if (guest_text == NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "publish '%s': not of the form [IP:]HOST-PORT:CONTAINER-PORT[/udp]", text);
  char *host_text = cut_last (copy);
  if (!parse_port (guest_text, &guest_port) || !parse_port (host_text ?: copy, &host_port))
    return runc_throw (error, RUNC_ERROR_USAGE, "publish '%s': a port is a number from 1 to 65535",
                       text);
  if (!parse_host (host_text != NULL ? copy : (char[]){ "0.0.0.0" }, host_port, &forward.host))
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "publish '%s': '%s' is neither an IPv4 address nor an IPv6 address in []",
                       text, copy);

  forward.guest.sa.sa_family = forward.host.sa.sa_family;
  if (forward.guest.sa.sa_family == AF_INET6)
    forward.guest.in6.sin6_port = htons (guest_port);
  else
    forward.guest.in.sin_port = htons (guest_port);
  *ret_forward = forward;
  return TRUE;
}

char *
runc_slirp_forward_to_string (const RuncSlirpForward *forward)
{
  g_autofree char *host = runc_slirp_address_to_string (&forward->host);
  gboolean ipv6 = forward->host.sa.sa_family == AF_INET6;

  return g_strdup_printf ("%s%s%s:%u -> %u/%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "",
                          runc_slirp_address_port (&forward->host),
                          runc_slirp_address_port (&forward->guest), forward->udp ? "udp" : "tcp");
}

/* ---------------------------------------------------------------- the table */

RuncSlirpForwards *
runc_slirp_forwards_new (const RuncSlirpForwardBackend *backend)
{
  RuncSlirpForwards *forwards = g_new0 (RuncSlirpForwards, 1);

  forwards->backend = *backend;
  forwards->entries = g_array_new (FALSE, FALSE, sizeof (RuncSlirpForward));
  forwards->next_id = 1;
  return forwards;
}

void
runc_slirp_forwards_free (RuncSlirpForwards *forwards)
{
  if (forwards == NULL)
    return;
  g_array_unref (forwards->entries);
  g_free (forwards);
}

guint
runc_slirp_forwards_count (const RuncSlirpForwards *forwards)
{
  return forwards->entries->len;
}

const RuncSlirpForward *
runc_slirp_forwards_get (const RuncSlirpForwards *forwards, guint index)
{
  return &g_array_index (forwards->entries, RuncSlirpForward, index);
}

/* The lowest port that everybody may bind. Only known before the sandbox is closed. */
static unsigned int
unprivileged_port (void)
{
  static unsigned int first;

  if (first == 0)
    {
      first = DEFAULT_UNPRIVILEGED_PORT;
      FILE *file = fopen ("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
      if (file != NULL)
        {
          if (fscanf (file, "%u", &first) != 1)
            first = DEFAULT_UNPRIVILEGED_PORT;
          fclose (file);
        }
    }
  return first;
}

static gboolean
throw_cannot_publish (GError **error, const RuncSlirpForward *forward, int errnum)
{
  g_autofree char *what = runc_slirp_forward_to_string (forward);
  guint16 port = runc_slirp_address_port (&forward->host);
  g_autofree char *hint = NULL;

  if (errnum == EACCES && port < unprivileged_port ())
    hint = g_strdup_printf (" (ports below %u are root's: use a higher one, or let root run "
                            "'sysctl net.ipv4.ip_unprivileged_port_start=%u')",
                            unprivileged_port (), port);
  else if (errnum == EADDRINUSE)
    hint = g_strdup_printf (" ('ss -%clnp sport = :%u' shows who has it)", forward->udp ? 'u' : 't',
                            port);
  else if (errnum == EADDRNOTAVAIL)
    hint = g_strdup (" (no interface of this host has that address)");
  return runc_throw (error, RUNC_ERROR_SYSTEM, "cannot publish %s: %s%s", what, g_strerror (errnum),
                     hint ?: "");
}

gboolean
runc_slirp_forwards_add (RuncSlirpForwards *forwards, const RuncSlirpForward *wanted, int *ret_id,
                         GError **error)
{
  RuncSlirpForward forward = *wanted;
  g_autofree char *what = runc_slirp_forward_to_string (wanted);

  if (forward.host.sa.sa_family != forward.guest.sa.sa_family)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot publish %s: the addresses of host and container are of different "
                       "families",
                       what);
  if (forwards->entries->len >= MAX_FORWARDS)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot publish %s: %d ports are published already", what, MAX_FORWARDS);
  if (forward.guest.sa.sa_family == AF_INET6)
    {
      if (!forwards->backend.ipv6)
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "cannot publish %s: the container has no IPv6 (--ipv6 gives it)", what);
      if (IN6_IS_ADDR_UNSPECIFIED (&forward.guest.in6.sin6_addr))
        forward.guest.in6.sin6_addr = forwards->backend.guest6;
    }
  else if (forward.guest.in.sin_addr.s_addr == INADDR_ANY)
    forward.guest.in.sin_addr = forwards->backend.guest;

  /* Not after the fact: there is no /proc any more when the API asks. */
  unprivileged_port ();
  if (!forwards->backend.open (&forward, forwards->backend.data))
    return throw_cannot_publish (error, &forward, errno);

  forward.id = forwards->next_id++;
  g_array_append_val (forwards->entries, forward);
  if (ret_id != NULL)
    *ret_id = forward.id;
  return TRUE;
}

gboolean
runc_slirp_forwards_remove (RuncSlirpForwards *forwards, int id, GError **error)
{
  for (guint i = 0; i < forwards->entries->len; i++)
    {
      const RuncSlirpForward *forward = runc_slirp_forwards_get (forwards, i);
      if (forward->id != id)
        continue;
      gboolean was_open = forwards->backend.close (forward, forwards->backend.data);
      g_array_remove_index (forwards->entries, i);
      if (!was_open)
        return runc_throw (error, RUNC_ERROR_FAILED, "the port was not open any more");
      return TRUE;
    }
  return runc_throw (error, RUNC_ERROR_NOT_FOUND, "there is no forward %d", id);
}
