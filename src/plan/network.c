/* The network: who sets it up. Pure; the parent. */
#include "plan/builder.h"

#include "base/error.h"

#include <sched.h>
#include <string.h>

static gboolean
mode_from_annotation (const RuncBuilder *b, RuncNetworkMode *ret_mode, GError **error)
{
  static const struct
  {
    const char *name;
    RuncNetworkMode mode;
  } modes[] = { { "host", RUNC_NETWORK_HOST },
                { "none", RUNC_NETWORK_NONE },
                { "slirp", RUNC_NETWORK_SLIRP },
                { "slirp4netns", RUNC_NETWORK_SLIRP },
                { "pasta", RUNC_NETWORK_PASTA } };
  const char *text = runc_spec_annotation (b->spec, "run.oci.network");

  *ret_mode = RUNC_NETWORK_UNSET;
  if (text == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (strcmp (text, modes[i].name) == 0)
      {
        *ret_mode = modes[i].mode;
        return TRUE;
      }
  return runc_throw (
      error, RUNC_ERROR_INVALID_SPEC,
      "annotations[\"run.oci.network\"]: unknown network '%s' (host, none, slirp and "
      "pasta are known)",
      text);
}

/* @flag: it comes from the command line and may change the namespaces. */
static gboolean
apply_mode (RuncBuilder *b, RuncNetworkMode mode, GError **error)
{
  bool own = (b->ns.created & CLONE_NEWNET) != 0;

  if ((mode == RUNC_NETWORK_SLIRP || mode == RUNC_NETWORK_PASTA) && !own)
    return runc_throw (
        error, RUNC_ERROR_INVALID_SPEC,
        "linux.namespaces: network '%s' needs a network namespace of the container's "
        "own",
        mode == RUNC_NETWORK_SLIRP ? "slirp" : "pasta");
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
  RuncNetworkMode mode = b->request->network;

  if (mode == RUNC_NETWORK_UNSET && !mode_from_annotation (b, &mode, error))
    return FALSE;
  if (!apply_mode (b, mode, error))
    return FALSE;
  network->publish = (char **)b->request->publish;
  network->devices = spec->net_devices;
  network->n_devices = spec->n_net_devices;
  if (network->n_devices > 0 && ((b->ns.created | b->ns.joined) & CLONE_NEWNET) == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "linux.netDevices: unable to move network devices without a NET namespace");
  if (network->n_devices > 0 && b->who != RUNC_WHO_REAL_ROOT)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "linux.netDevices: network devices are not supported for rootless containers");
  return TRUE;
}
