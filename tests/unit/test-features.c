/* The features document: its members, their types, and that the lists are those of the
 * specification. */
#include "base/version.h"
#include "engine/engine.h"

#include <string.h>

static RuncJson *
member (RuncJson *object, const char *key, enum json_type type)
{
  RuncJson *value;

  g_test_message ("%s", key);
  g_assert_true (json_object_object_get_ex (object, key, &value));
  g_assert_true (json_object_is_type (value, type));
  return value;
}

static gboolean
has (RuncJson *array, const char *name)
{
  for (gsize i = 0; i < json_object_array_length (array); i++)
    if (strcmp (json_object_get_string (json_object_array_get_idx (array, i)), name) == 0)
      return TRUE;
  return FALSE;
}

/* @key is a list of strings that begin with @prefix, each there once, and @some is among them. */
static void
check_list (RuncJson *object, const char *key, const char *prefix, const char *const *some)
{
  RuncJson *array = member (object, key, json_type_array);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < json_object_array_length (array); i++)
    {
      RuncJson *item = json_object_array_get_idx (array, i);
      g_assert_true (json_object_is_type (item, json_type_string));
      char *name = (char *)json_object_get_string (item);
      g_assert_true (g_str_has_prefix (name, prefix));
      g_assert_true (g_hash_table_add (seen, name));
    }
  for (; *some != NULL; some++)
    {
      g_test_message ("%s", *some);
      g_assert_true (has (array, *some));
    }
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
test_document (void)
{
  g_autoptr (GError) error = NULL;
  autojson RuncJson *features = runc_engine_features (&error);
  RuncJson *linux_features, *cgroup, *annotations;

  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string (member (features, "ociVersionMin", json_type_string)),
                   ==, "1.0.0");
  g_assert_cmpstr (json_object_get_string (member (features, "ociVersionMax", json_type_string)),
                   ==, RUNC_SPEC_VERSION);
  check_list (features, "hooks", "",
              LIST ("prestart", "createRuntime", "createContainer", "startContainer", "poststart",
                    "poststop"));
  check_list (features, "mountOptions", "",
              LIST ("bind", "defaults", "nosuid", "rbind", "ro", "rprivate", "rro", "rshared",
                    "tmpcopyup", "nosymfollow", "idmap", "ridmap"));
  check_list (features, "potentiallyUnsafeConfigAnnotations", "",
              LIST ("bundle", "org.systemd.property."));

  linux_features = member (features, "linux", json_type_object);
  check_list (linux_features, "namespaces", "",
              LIST ("cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"));
  check_list (linux_features, "capabilities", "CAP_",
              LIST ("CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"));
  cgroup = member (linux_features, "cgroup", json_type_object);
  g_assert_true (json_object_get_boolean (member (cgroup, "v1", json_type_boolean)));
  g_assert_true (json_object_get_boolean (member (cgroup, "v2", json_type_boolean)));
  g_assert_true (json_object_get_boolean (member (cgroup, "rdma", json_type_boolean)));
  g_assert_cmpint (json_object_get_boolean (member (cgroup, "systemd", json_type_boolean)), ==,
                   json_object_get_boolean (member (cgroup, "systemdUser", json_type_boolean)));
  for (const char *const *key = LIST ("apparmor", "selinux", "intelRdt", "netDevices");
       *key != NULL; key++)
    member (member (linux_features, *key, json_type_object), "enabled", json_type_boolean);
  member (member (member (linux_features, "mountExtensions", json_type_object), "idmap",
                  json_type_object),
          "enabled", json_type_boolean);
  check_list (member (linux_features, "memoryPolicy", json_type_object), "modes", "MPOL_",
              LIST ("MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_PREFERRED"));
  check_list (member (linux_features, "memoryPolicy", json_type_object), "flags", "MPOL_F_",
              LIST ("MPOL_F_STATIC_NODES"));

  annotations = member (features, "annotations", json_type_object);
  g_assert_cmpstr (json_object_get_string (
                       member (annotations, "org.opencontainers.runc.version", json_type_string)),
                   ==, runc_version ());
}

static void
test_seccomp (void)
{
  autojson RuncJson *features = runc_engine_features (NULL);
  RuncJson *seccomp
      = member (member (features, "linux", json_type_object), "seccomp", json_type_object);
  RuncJson *known, *supported;

  if (!json_object_get_boolean (member (seccomp, "enabled", json_type_boolean)))
    {
      g_assert_cmpint (json_object_object_length (seccomp), ==, 1);
      g_test_skip ("needs a build with seccomp");
      return;
    }
  check_list (seccomp, "actions", "SCMP_ACT_",
              LIST ("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                    "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
                    "SCMP_ACT_TRAP"));
  check_list (seccomp, "operators", "SCMP_CMP_",
              LIST ("SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
                    "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"));
  check_list (seccomp, "archs", "SCMP_ARCH_", LIST ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"));
  check_list (seccomp, "knownFlags", "SECCOMP_FILTER_FLAG_", LIST ("SECCOMP_FILTER_FLAG_LOG"));
  known = member (seccomp, "knownFlags", json_type_array);
  supported = member (seccomp, "supportedFlags", json_type_array);
  for (gsize i = 0; i < json_object_array_length (supported); i++)
    g_assert_true (has (known, json_object_get_string (json_object_array_get_idx (supported, i))));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/features/document", test_document);
  g_test_add_func ("/features/seccomp", test_seccomp);
  return g_test_run ();
}
