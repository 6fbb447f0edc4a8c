/* What `runc spec` writes (src/spec/template.c). */
#include "spec/spec.h"

#include <string.h>

static char *
list_namespaces (const RuncSpec *spec)
{
  GString *list = g_string_new (NULL);

  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    if (spec->linux_spec.namespaces[ns].present)
      g_string_append_printf (list, "%s ", runc_namespace_to_string ((RuncNamespace)ns));
  return g_string_free (list, FALSE);
}

static RuncSpec *
decode_template (const RuncSpecTemplate *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = runc_spec_template (options);
  RuncSpec *spec = runc_spec_decode (text, strlen (text), &error);

  g_assert_no_error (error);
  runc_spec_validate (spec, &error);
  g_assert_no_error (error);
  return spec;
}

static const RuncSpecMount *
find_mount (const RuncSpec *spec, const char *destination)
{
  for (gsize i = 0; i < spec->n_mounts; i++)
    if (strcmp (spec->mounts[i].destination, destination) == 0)
      return &spec->mounts[i];
  g_assert_not_reached ();
}

static void
assert_options (const RuncSpec *spec, const char *destination, const char *expected)
{
  const RuncStrings *options = &find_mount (spec, destination)->options;
  g_autofree char *joined
      = options->n > 0 ? g_strjoinv (",", (char **)(gpointer)options->items) : NULL;

  g_assert_cmpstr (joined, ==, expected);
}

/* What all forms have in common. */
static void
assert_common (const RuncSpec *spec)
{
  const RuncSpecProcess *process = spec->process;
  g_assert_cmpstr (spec->oci_version, ==, "1.3.0");
  g_assert_cmpstr (spec->root_path, ==, "rootfs");
  g_assert_cmpstr (spec->hostname, ==, "runc");
  g_assert_true (process->terminal);
  g_assert_cmpuint (process->args.n, ==, 1);
  g_assert_cmpstr (process->args.items[0], ==, "sh");
  g_assert_cmpuint (process->env.n, ==, 2);
  g_assert_cmpstr (process->cwd, ==, "/");
  g_assert_cmpuint (process->user.uid, ==, 0);
  g_assert_cmpuint (process->capabilities->effective, ==, process->capabilities->bounding);
  g_assert_cmpuint (process->capabilities->permitted, ==, process->capabilities->bounding);
  g_assert_cmpuint (process->capabilities->ambient, ==, 0);
  g_assert_cmpuint (process->capabilities->inheritable, ==, 0);
  g_assert_cmpuint (process->n_rlimits, ==, 1);
  g_assert_cmpuint (process->rlimits[0].soft, ==, 1024);
  g_assert_cmpuint (process->rlimits[0].hard, ==, 1024);
  g_assert_cmpuint (spec->n_mounts, ==, 7);
  assert_options (spec, "/proc", NULL);
  assert_options (spec, "/dev", "nosuid,strictatime,mode=755,size=65536k");
  assert_options (spec, "/dev/shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
  assert_options (spec, "/dev/mqueue", "nosuid,noexec,nodev");
  assert_options (spec, "/sys/fs/cgroup", "nosuid,noexec,nodev,relatime,ro");
  g_assert_cmpuint (spec->linux_spec.masked_paths.n, ==, 10);
  g_assert_cmpuint (spec->linux_spec.readonly_paths.n, ==, 5);
  g_assert_null (spec->linux_spec.seccomp);
  g_assert_null (spec->linux_spec.cgroups_path);
}

static uint64_t
capability_bit (const char *name)
{
  return UINT64_C (1) << runc_capability_from_string (name);
}

/* What all forms have in common, but the full one. */
static void
assert_confined (const RuncSpec *spec)
{
  assert_common (spec);
  g_assert_true (spec->root_readonly);
  g_assert_true (spec->process->no_new_privileges);
  g_assert_cmpuint (spec->process->capabilities->bounding, ==,
                    capability_bit ("CAP_AUDIT_WRITE") | capability_bit ("CAP_KILL")
                        | capability_bit ("CAP_NET_BIND_SERVICE"));
}

static void
test_plain (void)
{
  RuncSpecTemplate options = { .cgroup2 = true };
  g_autoptr (RuncSpec) spec = decode_template (&options);
  g_autofree char *namespaces = list_namespaces (spec);

  assert_confined (spec);
  g_assert_cmpstr (namespaces, ==, "cgroup ipc uts network pid mount ");
  assert_options (spec, "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
  assert_options (spec, "/sys", "nosuid,noexec,nodev,ro");
  g_assert_cmpstr (find_mount (spec, "/sys")->type, ==, "sysfs");
  g_assert_cmpuint (spec->linux_spec.resources->n_devices, ==, 1);
  g_assert_false (spec->linux_spec.resources->devices[0].allow);
  g_assert_cmpstr (spec->linux_spec.resources->devices[0].access, ==, "rwm");
  g_assert_cmpuint (spec->linux_spec.uid_mappings.n, ==, 0);
  g_assert_cmpuint (spec->annotations.n, ==, 0);
}

static void
test_cgroup1 (void)
{
  RuncSpecTemplate options = { .cgroup2 = false };
  g_autoptr (RuncSpec) spec = decode_template (&options);
  g_autofree char *namespaces = list_namespaces (spec);

  assert_confined (spec);
  g_assert_cmpstr (namespaces, ==, "ipc uts network pid mount ");
}

static void
test_rootless (void)
{
  RuncSpecTemplate options = { .rootless = true, .uid = 1000, .gid = 4294967294 };
  g_autoptr (RuncSpec) spec = decode_template (&options);
  g_autofree char *namespaces = list_namespaces (spec);

  assert_confined (spec);
  g_assert_cmpstr (namespaces, ==, "user ipc uts pid mount ");
  assert_options (spec, "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
  assert_options (spec, "/sys", "rbind,nosuid,noexec,nodev,ro");
  g_assert_cmpstr (find_mount (spec, "/sys")->type, ==, "none");
  g_assert_cmpstr (find_mount (spec, "/sys")->source, ==, "/sys");
  g_assert_null (spec->linux_spec.resources);
  g_assert_cmpuint (spec->linux_spec.uid_mappings.n, ==, 1);
  g_assert_cmpuint (spec->linux_spec.uid_mappings.items[0].container_id, ==, 0);
  g_assert_cmpuint (spec->linux_spec.uid_mappings.items[0].host_id, ==, 1000);
  g_assert_cmpuint (spec->linux_spec.uid_mappings.items[0].size, ==, 1);
  g_assert_cmpuint (spec->linux_spec.gid_mappings.items[0].host_id, ==, 4294967294);
  g_assert_cmpuint (spec->annotations.n, ==, 0);
}

static void
test_rootless_full (void)
{
  RuncSpecTemplate options = { .rootless = true, .full = true, .cgroup2 = true, .uid = 1000 };
  g_autoptr (RuncSpec) spec = decode_template (&options);
  g_autofree char *namespaces = list_namespaces (spec);

  assert_common (spec);
  g_assert_false (spec->root_readonly);
  g_assert_false (spec->process->no_new_privileges);
  g_assert_cmpuint (spec->process->capabilities->bounding & capability_bit ("CAP_CHOWN"), !=, 0);
  g_assert_cmpuint (spec->process->capabilities->bounding & capability_bit ("CAP_SETUID"), !=, 0);
  g_assert_cmpuint (spec->process->capabilities->bounding & capability_bit ("CAP_SYS_ADMIN"), ==,
                    0);
  g_assert_cmpstr (namespaces, ==, "user cgroup ipc uts network pid mount ");
  assert_options (spec, "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
  assert_options (spec, "/sys", "nosuid,noexec,nodev,ro");
  g_assert_cmpstr (find_mount (spec, "/sys")->type, ==, "sysfs");
  g_assert_null (spec->linux_spec.resources);
  g_assert_cmpuint (spec->linux_spec.uid_mappings.n, ==, 0);
  g_assert_cmpuint (spec->linux_spec.gid_mappings.n, ==, 0);
  g_assert_cmpstr (runc_spec_annotation (spec, "run.oci.network"), ==, "slirp");
}

/* People edit it by hand and scripts with sed: tabs, one member a line, this order. */
static void
test_layout (void)
{
  RuncSpecTemplate options = { .rootless = true, .full = true };
  g_autofree char *text = runc_spec_template (&options);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) keys = g_string_new (NULL);
  autojson RuncJson *document = runc_json_parse (text, strlen (text), "template", &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (
      text, "{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n\t\t\"terminal\": true,\n"
            "\t\t\"user\": {\n\t\t\t\"uid\": 0,\n\t\t\t\"gid\": 0\n\t\t},\n"
            "\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"));
  g_assert_true (g_str_has_suffix (text, "\n\t\t\t\"/proc/sysrq-trigger\"\n\t\t]\n\t}\n}\n"));
  json_object_object_foreach (document, key, value)
  {
    g_assert_nonnull (value);
    g_string_append_printf (keys, "%s ", key);
  }
  g_assert_cmpstr (keys->str, ==, "ociVersion process root hostname mounts annotations linux ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spec/template/plain", test_plain);
  g_test_add_func ("/spec/template/cgroup1", test_cgroup1);
  g_test_add_func ("/spec/template/rootless", test_rootless);
  g_test_add_func ("/spec/template/rootless-full", test_rootless_full);
  g_test_add_func ("/spec/template/layout", test_layout);
  return g_test_run ();
}
