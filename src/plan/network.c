/* The network: who sets it up. Pure; the parent. */
#include "plan/builder.h"

#include "base/error.h"

#include <sched.h>
#include <string.h>

#define NETWORK "run.oci.network"
#define PUBLISH "run.oci.publish"

/* One of the options behind the colon of "slirp:ipv6,outbound-addr=192.0.2.1". */
static gboolean
take_option (RuncBuilder *b, const char *text, gsize len, GError **error)
{
  static const char outbound[] = "outbound-addr=";
  RuncNetworkPlan *network = &b->plan->network;
  char *option = runc_builder_strndup (b, text, len);

  if (strcmp (option, "ipv6") == 0)
    network->ipv6 = TRUE;
  else if (strcmp (option, "host-loopback") == 0)
    network->host_loopback = TRUE;
  else if (g_str_has_prefix (option, outbound) && option[strlen (outbound)] != '\0')
    network->outbound_addr = option + strlen (outbound);
  else
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "annotations[\"" NETWORK "\"]: unknown option '%s' (ipv6, host-loopback and "
                       "outbound-addr=ADDRESS are known)",
                       option);
  return TRUE;
}

/* "slirp", "slirp:ipv6,host-loopback" */
static gboolean
read_annotation (RuncBuilder *b, RuncNetworkMode *ret_mode, GError **error)
{
  static const struct
  {
    const char *name;
    RuncNetworkMode mode;
  } modes[] = { { "host", RUNC_NETWORK_HOST },
                { "none", RUNC_NETWORK_NONE },
                { "slirp", RUNC_NETWORK_SLIRP },
                { "pasta", RUNC_NETWORK_PASTA } };
  const char *text = runc_spec_annotation (b->spec, NETWORK);
  gsize len = text != NULL ? strcspn (text, ":") : 0;

  *ret_mode = RUNC_NETWORK_UNSET;
  if (text == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (strlen (modes[i].name) == len && strncmp (text, modes[i].name, len) == 0)
      *ret_mode = modes[i].mode;
  if (*ret_mode == RUNC_NETWORK_UNSET)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "annotations[\"" NETWORK "\"]: unknown network '%s' (host, none, slirp and "
                       "pasta are known)",
                       text);
  for (text += len; *text != '\0'; text += len)
    {
      len = strcspn (++text, ",");
      if (!take_option (b, text, len, error))
        return FALSE;
    }
  return TRUE;
}

/* The ports of the command line, else those of the annotation: "8080:80,127.0.0.1:53:53/udp". */
static char **
published_ports (RuncBuilder *b)
{
  const char *text = runc_spec_annotation (b->spec, PUBLISH);
  const char *const *asked = b->request->publish;
  gsize n = 0;
  char **list;

  if ((asked != NULL && asked[0] != NULL) || text == NULL || text[0] == '\0')
    return (char **)asked;
  list = runc_builder_alloc (b, (strlen (text) + 2) * sizeof *list);
  while (true)
    {
      gsize len = strcspn (text, ",");

      list[n++] = runc_builder_strndup (b, text, len);
      if (text[len] == '\0')
        return list;
      text += len + 1;
    }
}

/* Whether a helper gets to the network namespace: it must be new. In a user namespace that was
 * there before, the process hides from those who are in it, and with that from a user without
 * rights, too.
 */
static gboolean
check_helper (const RuncBuilder *b, const char *name, GError **error)
{
  if ((b->ns.created & CLONE_NEWNET) == 0)
    return runc_throw (
        error, RUNC_ERROR_INVALID_SPEC,
        "linux.namespaces: network '%s' needs a network namespace of the container's own", name);
  if (b->ns.join_user && b->who == RUNC_WHO_USER)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "linux.namespaces: network '%s' needs a user namespace of the container's own (without "
        "\"path\") when an ordinary user runs it",
        name);
  return TRUE;
}

static gboolean
apply_mode (RuncBuilder *b, RuncNetworkMode mode, GError **error)
{
  bool own = (b->ns.created & CLONE_NEWNET) != 0;

  if ((mode == RUNC_NETWORK_SLIRP && !check_helper (b, "slirp", error))
      || (mode == RUNC_NETWORK_PASTA && !check_helper (b, "pasta", error)))
    return FALSE;
  if (mode == RUNC_NETWORK_UNSET)
    mode = own ? RUNC_NETWORK_NONE : RUNC_NETWORK_HOST;
  b->plan->network.mode = mode;
  return TRUE;
}

void
runc_plan_network_flag (RuncBuilder *b)
{
  RuncNetworkMode mode = b->request->network;
  RuncSpec *changed;

  if (mode == RUNC_NETWORK_UNSET
      || (mode != RUNC_NETWORK_HOST && b->spec->linux_spec.namespaces[RUNC_NS_NETWORK].present))
    return;
  changed = runc_builder_alloc (b, sizeof *changed);
  *changed = *b->spec;
  changed->linux_spec.namespaces[RUNC_NS_NETWORK]
      = (RuncSpecNamespace){ .present = mode != RUNC_NETWORK_HOST };
  b->spec = changed;
}

gboolean
runc_plan_network (RuncBuilder *b, GError **error)
{
  RuncNetworkPlan *network = &b->plan->network;
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  RuncNetworkMode mode;

  if (!read_annotation (b, &mode, error)
      || !apply_mode (b, b->request->network != RUNC_NETWORK_UNSET ? b->request->network : mode,
                      error))
    return FALSE;
  network->publish = published_ports (b);
  if (network->publish != NULL && network->publish[0] != NULL && network->mode != RUNC_NETWORK_SLIRP
      && network->mode != RUNC_NETWORK_PASTA)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--publish: '%s': ports are published by the networks 'slirp' and 'pasta' "
                       "(--network)",
                       network->publish[0]);
  network->devices = spec->net_devices;
  network->n_devices = spec->n_net_devices;
  if (network->n_devices > 0 && ((b->ns.created | b->ns.joined) & CLONE_NEWNET) == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "linux.netDevices: unable to move network devices without a NET namespace");
  if (network->n_devices > 0 && b->who == RUNC_WHO_USER)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "linux.netDevices: network devices are not supported for rootless containers (only root "
        "may take one away from the host)");
  return TRUE;
}
