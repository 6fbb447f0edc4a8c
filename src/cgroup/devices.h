/* Device rules: what linux.resources.devices mean, as v1 lines and as a BPF program.
 *
 * Pure: no I/O. The rules are folded into a policy with the semantics of the v1 devices controller
 * (a default, and exceptions to it); both ways of enforcing are made from that, so that they agree.
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <linux/bpf.h>

/* One exception to the default. */
typedef struct
{
  char type;       /* 'b' or 'c' */
  gint64 major;    /* -1: any */
  gint64 minor;    /* -1: any */
  unsigned access; /* BPF_DEVCG_ACC_* */
} RuncDeviceException;

typedef struct
{
  gboolean default_allow;
  GArray *exceptions; /* RuncDeviceException, sorted, no two for the same devices */
} RuncDevicePolicy;

void runc_device_policy_free (RuncDevicePolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncDevicePolicy, runc_device_policy_free)

/* The policy that @rules (in order) make out of "nothing is allowed", with those for the devices
 * that every container has at the end (as runc does: null, zero, full, random, urandom, tty,
 * console's ptmx and pts, tun; mknod of anything).
 *
 * Errors: RUNC_ERROR_INVALID_SPEC for a rule that would cut a hole into a wider one, which the v1
 * controller ignores silently; the message has the JSON path. */
RuncDevicePolicy *runc_device_policy_new (const RuncSpecDeviceRule *rules, gsize n_rules,
                                          GError **error);

/* The policy that is in force, from the text of devices.list. What a default of "allow" has as
 * exceptions, the kernel does not tell. */
RuncDevicePolicy *runc_device_policy_from_list (const char *text, GError **error);

/* Everything is allowed: nothing is to be enforced. */
gboolean runc_device_policy_allows_all (const RuncDevicePolicy *policy);

/* One line for devices.allow or devices.deny. */
typedef struct
{
  gboolean allow;
  char text[64]; /* "c 1:3 rwm" */
} RuncDeviceLine;

/* The lines that lead from @from to @to (GArray of RuncDeviceLine), without a moment in which
 * something that both allow is denied, where the controller lets that be. */
GArray *runc_device_policy_transition (const RuncDevicePolicy *from, const RuncDevicePolicy *to);

/* A BPF_PROG_TYPE_CGROUP_DEVICE program that enforces @policy (GArray of struct bpf_insn). */
GArray *runc_device_policy_compile (const RuncDevicePolicy *policy);
