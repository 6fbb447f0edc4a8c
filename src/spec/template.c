/* The document that `runc spec` writes. Runs in the parent; no I/O.
 *
 * It is runc's, member by member and in runc's order, because scripts edit it with jq and sed, and
 * with a cgroup namespace where runc would write one.
 */
#include "spec/spec.h"

static RuncJson *
new_string (const char *string)
{
  return json_object_new_string (string);
}

/* An array of the NULL-terminated strings. */
static RuncJson *
new_strings (const char *const *strings)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; strings[i] != NULL; i++)
    json_object_array_add (array, new_string (strings[i]));
  return array;
}

#define STRINGS(...) new_strings ((const char *const[]){ __VA_ARGS__, NULL })

static void
add (RuncJson *object, const char *key, RuncJson *take_value)
{
  json_object_object_add (object, key, take_value);
}

/* A full container is for those who install and start things in it: its root has over its ids what
 * engines give. */
static RuncJson *
new_capability_set (const RuncSpecTemplate *options)
{
  if (!options->full)
    return STRINGS ("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE");
  return STRINGS ("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
                  "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
                  "CAP_SETUID", "CAP_SYS_CHROOT");
}

static RuncJson *
new_process (const RuncSpecTemplate *options)
{
  RuncJson *process = json_object_new_object ();
  RuncJson *user = json_object_new_object ();
  RuncJson *capabilities = json_object_new_object ();
  RuncJson *rlimits = json_object_new_array ();
  RuncJson *rlimit = json_object_new_object ();
  static const char *const sets[] = { "bounding", "effective", "permitted" };

  add (process, "terminal", json_object_new_boolean (TRUE));
  add (user, "uid", json_object_new_int (0));
  add (user, "gid", json_object_new_int (0));
  add (process, "user", user);
  add (process, "args", STRINGS ("sh"));
  add (process, "env",
       STRINGS ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"));
  add (process, "cwd", new_string ("/"));
  for (gsize i = 0; i < G_N_ELEMENTS (sets); i++)
    add (capabilities, sets[i], new_capability_set (options));
  add (process, "capabilities", capabilities);
  add (rlimit, "type", new_string ("RLIMIT_NOFILE"));
  add (rlimit, "hard", json_object_new_int (1024));
  add (rlimit, "soft", json_object_new_int (1024));
  json_object_array_add (rlimits, rlimit);
  add (process, "rlimits", rlimits);
  add (process, "noNewPrivileges", json_object_new_boolean (!options->full));
  return process;
}

/* Append a mount; @options is NULL-terminated, or NULL for none. */
static void
add_mount (RuncJson *mounts, const char *destination, const char *type, const char *source,
           const char *const *options)
{
  RuncJson *mount = json_object_new_object ();

  add (mount, "destination", new_string (destination));
  add (mount, "type", new_string (type));
  add (mount, "source", new_string (source));
  if (options != NULL)
    add (mount, "options", new_strings (options));
  json_object_array_add (mounts, mount);
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static RuncJson *
new_mounts (const RuncSpecTemplate *options)
{
  RuncJson *mounts = json_object_new_array ();

  add_mount (mounts, "/proc", "proc", "proc", NULL);
  add_mount (mounts, "/dev", "tmpfs", "tmpfs",
             OPTIONS ("nosuid", "strictatime", "mode=755", "size=65536k"));
  /* The group "tty" is not among the ids that a rootless container is sure to have. */
  add_mount (mounts, "/dev/pts", "devpts", "devpts",
             OPTIONS ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
                      options->rootless ? NULL : "gid=5"));
  add_mount (mounts, "/dev/shm", "tmpfs", "shm",
             OPTIONS ("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
  add_mount (mounts, "/dev/mqueue", "mqueue", "mqueue", OPTIONS ("nosuid", "noexec", "nodev"));
  /* A new sysfs takes an own network namespace. */
  if (options->rootless && !options->full)
    add_mount (mounts, "/sys", "none", "/sys",
               OPTIONS ("rbind", "nosuid", "noexec", "nodev", "ro"));
  else
    add_mount (mounts, "/sys", "sysfs", "sysfs", OPTIONS ("nosuid", "noexec", "nodev", "ro"));
  add_mount (mounts, "/sys/fs/cgroup", "cgroup", "cgroup",
             OPTIONS ("nosuid", "noexec", "nodev", "relatime", "ro"));
  return mounts;
}

static RuncJson *
new_id_map (uint32_t id)
{
  RuncJson *maps = json_object_new_array ();
  RuncJson *map = json_object_new_object ();

  add (map, "containerID", json_object_new_int (0));
  add (map, "hostID", json_object_new_int64 (id));
  add (map, "size", json_object_new_int (1));
  json_object_array_add (maps, map);
  return maps;
}

/* No device is allowed but those that every container gets. */
static RuncJson *
new_resources (void)
{
  RuncJson *resources = json_object_new_object ();
  RuncJson *rules = json_object_new_array ();
  RuncJson *rule = json_object_new_object ();

  add (rule, "allow", json_object_new_boolean (FALSE));
  add (rule, "access", new_string ("rwm"));
  json_object_array_add (rules, rule);
  add (resources, "devices", rules);
  return resources;
}

static void
add_namespace (RuncJson *namespaces, RuncNamespace ns)
{
  RuncJson *entry = json_object_new_object ();

  add (entry, "type", new_string (runc_namespace_to_string (ns)));
  json_object_array_add (namespaces, entry);
}

static RuncJson *
new_namespaces (const RuncSpecTemplate *options)
{
  RuncJson *namespaces = json_object_new_array ();

  add_namespace (namespaces, RUNC_NS_PID);
  if (!options->rootless || options->full)
    add_namespace (namespaces, RUNC_NS_NETWORK);
  add_namespace (namespaces, RUNC_NS_IPC);
  add_namespace (namespaces, RUNC_NS_UTS);
  add_namespace (namespaces, RUNC_NS_MOUNT);
  if (options->cgroup2)
    add_namespace (namespaces, RUNC_NS_CGROUP);
  if (options->rootless)
    add_namespace (namespaces, RUNC_NS_USER);
  return namespaces;
}

static RuncJson *
new_linux (const RuncSpecTemplate *options)
{
  RuncJson *object = json_object_new_object ();

  if (options->rootless && !options->full)
    {
      add (object, "uidMappings", new_id_map (options->uid));
      add (object, "gidMappings", new_id_map (options->gid));
    }
  if (!options->rootless)
    add (object, "resources", new_resources ());
  add (object, "namespaces", new_namespaces (options));
  add (object, "maskedPaths",
       STRINGS ("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
                "/proc/scsi"));
  add (object, "readonlyPaths",
       STRINGS ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
  return object;
}

char *
runc_spec_template (const RuncSpecTemplate *options)
{
  autojson RuncJson *document = json_object_new_object ();
  RuncJson *root = json_object_new_object ();

  add (document, "ociVersion", new_string ("1.3.0"));
  add (document, "process", new_process (options));
  add (root, "path", new_string ("rootfs"));
  add (root, "readonly", json_object_new_boolean (!options->full));
  add (document, "root", root);
  add (document, "hostname", new_string ("runc"));
  add (document, "mounts", new_mounts (options));
  if (options->rootless && options->full)
    {
      RuncJson *annotations = json_object_new_object ();
      add (annotations, "run.oci.network", new_string ("slirp"));
      add (document, "annotations", annotations);
    }
  add (document, "linux", new_linux (options));
  return g_strconcat (json_object_to_json_string_ext (
                          document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB
                                        | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE),
                      "\n", NULL);
}
