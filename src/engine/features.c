/* `features`: what this build can do, as the specification's features.md and features-linux.md have
 * it. Runs in the parent.
 *
 * The document is about the program, not about the machine; every list comes from the table that
 * the feature itself is made from, so that it cannot say something else than what is done.
 */
#include "engine/engine.h"

#include "base/version.h"
#include "plan/plan.h"
#include "seccomp/seccomp.h"
#include "spec/names.h"

static void
add (RuncJson *object, const char *key, RuncJson *take_value)
{
  json_object_object_add (object, key, take_value);
}

static RuncJson *
string (const char *text)
{
  return json_object_new_string (text);
}

static RuncJson *
boolean (gboolean value)
{
  return json_object_new_boolean (value);
}

/* @names: NULL-terminated, or NULL for an empty list */
static RuncJson *
strings (const char *const *names)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    json_object_array_add (array, string (names[i]));
  return array;
}

static RuncJson *
table_names (const RuncName *table)
{
  RuncJson *array = json_object_new_array ();

  for (; table->name != NULL; table++)
    json_object_array_add (array, string (table->name));
  return array;
}

/* {"enabled": true} */
static RuncJson *
enabled (gboolean value)
{
  RuncJson *object = json_object_new_object ();

  add (object, "enabled", boolean (value));
  return object;
}

static RuncJson *
hook_names (void)
{
  RuncJson *array = json_object_new_array ();

  for (int kind = 0; kind < RUNC_HOOK_N_KINDS; kind++)
    json_object_array_add (array, string (runc_hook_kind_to_string ((RuncHookKind)kind)));
  return array;
}

static RuncJson *
capabilities (void)
{
  RuncJson *array = json_object_new_array ();

  for (int capability = 0; capability <= runc_capability_last (); capability++)
    json_object_array_add (array, string (runc_capability_to_string (capability)));
  return array;
}

static RuncJson *
cgroup (void)
{
  RuncJson *object = json_object_new_object ();
#ifdef HAVE_SYSTEMD_HELPER
  gboolean systemd = TRUE;
#else
  gboolean systemd = FALSE;
#endif

  add (object, "v1", boolean (TRUE));
  add (object, "v2", boolean (TRUE));
  add (object, "systemd", boolean (systemd));
  add (object, "systemdUser", boolean (systemd));
  add (object, "rdma", boolean (TRUE));
  return object;
}

static RuncJson *
seccomp (void)
{
  gboolean built_in = runc_seccomp_library_version () != NULL;
  RuncJson *object = enabled (built_in);

  if (!built_in)
    return object;
  g_autofree const char **supported = runc_seccomp_supported_flags ();
  add (object, "actions", strings (runc_seccomp_known_actions ()));
  add (object, "operators", strings (runc_seccomp_known_operators ()));
  add (object, "archs", strings (runc_seccomp_known_archs ()));
  add (object, "knownFlags", strings (runc_seccomp_known_flags ()));
  add (object, "supportedFlags", strings (supported));
  return object;
}

static RuncJson *
linux_features (void)
{
  RuncJson *object = json_object_new_object ();
  RuncJson *rdt = enabled (TRUE);
  RuncJson *policy = json_object_new_object ();
  RuncJson *extensions = json_object_new_object ();

  add (object, "namespaces", table_names (runc_names_namespace));
  add (object, "capabilities", capabilities ());
  add (object, "cgroup", cgroup ());
  add (object, "seccomp", seccomp ());
  add (object, "apparmor", enabled (TRUE));
  add (object, "selinux", enabled (TRUE));
  add (rdt, "schemata", boolean (TRUE));
  add (rdt, "monitoring", boolean (TRUE));
  add (object, "intelRdt", rdt);
  add (policy, "modes", table_names (runc_names_mempolicy_mode));
  add (policy, "flags", table_names (runc_names_mempolicy_flag));
  add (object, "memoryPolicy", policy);
  add (extensions, "idmap", enabled (TRUE));
  add (object, "mountExtensions", extensions);
  add (object, "netDevices", enabled (TRUE));
  return object;
}

static RuncJson *
annotations (void)
{
  RuncJson *object = json_object_new_object ();
  const char *libseccomp = runc_seccomp_library_version ();

  if (libseccomp != NULL)
    add (object, "io.github.seccomp.libseccomp.version", string (libseccomp));
  add (object, "org.opencontainers.runc.checkpoint.enabled", string ("true"));
  add (object, "org.opencontainers.runc.commit", string (runc_version_commit ()));
  add (object, "org.opencontainers.runc.version", string (runc_version ()));
  return object;
}

const char *
runc_engine_libseccomp_version (void)
{
  return runc_seccomp_library_version ();
}

RuncJson *
runc_engine_features (GError **error)
{
  /* Annotations of config.json with which a container gets more than the rest of it says. */
  static const char *const unsafe[] = { "bundle", "org.systemd.property.", "run.oci.", NULL };
  RuncJson *object = json_object_new_object ();

  (void)error;
  add (object, "ociVersionMin", string ("1.0.0"));
  add (object, "ociVersionMax", string (RUNC_SPEC_VERSION));
  add (object, "hooks", hook_names ());
  add (object, "mountOptions", strings (runc_plan_mount_options ()));
  add (object, "linux", linux_features ());
  add (object, "annotations", annotations ());
  add (object, "potentiallyUnsafeConfigAnnotations", strings (unsafe));
  return object;
}
