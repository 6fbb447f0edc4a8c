/* `doctor`: are we in a container ourselves, and what does it withhold? Runs in the parent.
 *
 * Engines leave marks for those who ask (files, a variable in the environment). There is no other
 * way to learn the name of the outer one; that its restrictions are there shows in other checks,
 * which take their words on how to lift them from here.
 */
#include "engine/doctor-try.h"

#include "sys/pid.h"

#include <string.h>
#include <unistd.h>

typedef enum
{
  OUTER_NONE,
  OUTER_KUBERNETES,
  OUTER_PODMAN,
  OUTER_DOCKER,
  OUTER_NSPAWN,
  OUTER_LXC,
  OUTER_CONTAINER, /* some other one */
  OUTER_USERNS,    /* nothing but a user namespace that is not the initial one */
  N_OUTERS,
} Outer;

/* How to start the outer container so that it grants something: options of a command that starts
 * it, or else (not beginning with a dash) whole sentences. */
typedef struct
{
  const char *name;
  const char *command;               /* what takes the options, or NULL */
  const char *grants[RUNC_N_GRANTS]; /* NULL: as for OUTER_CONTAINER */
} OuterWords;

static const OuterWords outers[N_OUTERS] = {
  [OUTER_NONE] = {
    .name = "not inside another container",
    .grants = {
      [RUNC_GRANT_SYSCALLS] = "take 'SystemCallFilter=' and 'RestrictNamespaces=' out of the unit "
                              "of the service manager that started this",
      [RUNC_GRANT_PROC] = "take 'ProtectKernelTunables=', 'ProtectKernelLogs=', 'ProtectProc=' and "
                          "'ProcSubset=' out of the unit of the service manager that started this",
      [RUNC_GRANT_FUSE] = "'modprobe fuse && chmod 666 /dev/fuse', as root",
      [RUNC_GRANT_TUN] = "'modprobe tun && chmod 666 /dev/net/tun', as root",
      [RUNC_GRANT_IDS] = "'usermod --add-subuids' and 'usermod --add-subgids', as root",
      [RUNC_GRANT_SETUID] = "take 'NoNewPrivileges=' out of the unit of the service manager that "
                            "started this, and do not start it by 'setpriv --no-new-privs'",
    },
  },
  [OUTER_KUBERNETES] = {
    .name = "inside a Kubernetes pod",
    .grants = {
      [RUNC_GRANT_SYSCALLS] = "set 'securityContext.seccompProfile.type: Unconfined' (and allow "
                              "user namespaces in the AppArmor profile) in the pod",
      [RUNC_GRANT_PROC] = "set 'securityContext.procMount: Unmasked' and 'hostUsers: false' in the "
                          "pod",
      [RUNC_GRANT_FUSE] = "give the pod /dev/fuse by a device plugin",
      [RUNC_GRANT_TUN] = "give the pod /dev/net/tun by a device plugin",
      [RUNC_GRANT_IDS] = "set 'hostUsers: false' in the pod, which gives it 65536 ids",
      [RUNC_GRANT_SETUID] = "set 'securityContext.allowPrivilegeEscalation: true' in the pod",
    },
  },
  [OUTER_PODMAN] = {
    .name = "inside a podman container",
    .command = "podman run",
    .grants = {
      [RUNC_GRANT_SYSCALLS] = "--security-opt seccomp=unconfined",
      [RUNC_GRANT_PROC] = "--security-opt unmask=ALL",
      [RUNC_GRANT_FUSE] = "--device /dev/fuse",
      [RUNC_GRANT_TUN] = "--device /dev/net/tun",
      [RUNC_GRANT_IDS] = "give the user who runs podman ranges in /etc/subuid and /etc/subgid, "
                         "then 'podman system migrate'",
      [RUNC_GRANT_SETUID] = "start the outer container without '--security-opt no-new-privileges'",
    },
  },
  [OUTER_DOCKER] = {
    .name = "inside a docker container",
    .command = "docker run",
    .grants = {
      [RUNC_GRANT_SYSCALLS]
      = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined",
      [RUNC_GRANT_PROC] = "--security-opt systempaths=unconfined",
      [RUNC_GRANT_FUSE] = "--device /dev/fuse",
      [RUNC_GRANT_TUN] = "--device /dev/net/tun",
      [RUNC_GRANT_SETUID] = "start the outer container without '--security-opt no-new-privileges'",
    },
  },
  [OUTER_NSPAWN] = {
    .name = "inside a systemd-nspawn container",
    .command = "systemd-nspawn",
    .grants = {
      [RUNC_GRANT_SYSCALLS] = "--system-call-filter=\"@mount @keyring bpf\"",
      [RUNC_GRANT_PROC] = "set 'SYSTEMD_NSPAWN_API_VFS_WRITABLE=1' in the environment of "
                          "systemd-nspawn",
      [RUNC_GRANT_FUSE] = "--bind=/dev/fuse --property=DeviceAllow=\"/dev/fuse rw\"",
      [RUNC_GRANT_TUN] = "--bind=/dev/net/tun --property=DeviceAllow=\"/dev/net/tun rw\"",
      [RUNC_GRANT_IDS] = "--private-users=pick",
      [RUNC_GRANT_SETUID] = "start the outer container without '--no-new-privileges'",
    },
  },
  [OUTER_LXC] = {
    .name = "inside an LXC container",
    .grants = {
      [RUNC_GRANT_SYSCALLS] = "set 'security.nesting=true' (lxc.seccomp.profile of plain LXC) in "
                              "the outer container's configuration",
      [RUNC_GRANT_PROC] = "set 'security.nesting=true' (or include nesting.conf in plain LXC) in "
                          "the outer container's configuration",
      [RUNC_GRANT_FUSE] = "add the device: 'lxc config device add NAME fuse unix-char "
                          "path=/dev/fuse mode=0666'",
      [RUNC_GRANT_TUN] = "add the device: 'lxc config device add NAME tun unix-char "
                         "path=/dev/net/tun mode=0666'",
      [RUNC_GRANT_IDS] = "give the outer container more ids ('security.idmap.size', lxc.idmap)",
    },
  },
  [OUTER_CONTAINER] = {
    .name = "inside a container",
    .grants = {
      [RUNC_GRANT_SYSCALLS]
      = "start the outer container without a seccomp filter (\"linux.seccomp\" of its config.json)",
      [RUNC_GRANT_PROC] = "start the outer container without masks over /proc "
                          "(\"linux.maskedPaths\" and \"linux.readonlyPaths\" of its config.json)",
      [RUNC_GRANT_FUSE] = "give the outer container /dev/fuse (a bind mount in its config.json)",
      [RUNC_GRANT_TUN] = "give the outer container /dev/net/tun (a bind mount in its config.json)",
      [RUNC_GRANT_IDS] = "give the outer container more ids (\"linux.uidMappings\" and "
                         "\"linux.gidMappings\" of its config.json)",
      [RUNC_GRANT_SETUID]
      = "start the outer container with \"process.noNewPrivileges\" false in its config.json",
    },
  },
  [OUTER_USERNS] = {
    .name = "inside a user namespace",
    .grants = {
      [RUNC_GRANT_PROC] = "make the user namespace where nothing is mounted below /proc (in a "
                          "config.json: without \"linux.maskedPaths\" and \"linux.readonlyPaths\")",
      [RUNC_GRANT_FUSE] = "make /dev/fuse visible where the user namespace is made ('bwrap "
                          "--dev-bind /dev/fuse /dev/fuse', a bind mount in a config.json)",
      [RUNC_GRANT_TUN] = "make /dev/net/tun visible where the user namespace is made ('bwrap "
                         "--dev-bind /dev/net/tun /dev/net/tun', a bind mount in a config.json)",
      [RUNC_GRANT_IDS] = "make the user namespace with ranges of ids ('unshare --map-auto "
                         "--map-root-user', 'podman unshare', a config.json without id maps)",
      [RUNC_GRANT_SETUID] = "do not set no_new_privs where the user namespace is made "
                            "(\"process.noNewPrivileges\" of a config.json; bubblewrap always "
                            "sets it)",
    },
  },
};

static bool
is_there (const char *path)
{
  return access (path, F_OK) == 0;
}

/* Are we in the pid namespace that the kernel began with? A machine that was installed from the
 * image of a container has its marks, but no container is there. */
static bool
in_initial_pidns (void)
{
  const ino_t initial = 0xEFFFFFFCu; /* kernel: PROC_PID_INIT_INO */
  ino_t inode;

  return runc_sys_process_namespace (0, "pid", &inode) == 0 && inode == initial;
}

static bool
has_one_id (const RuncHost *host)
{
  return host->uid_map.n == 1 && host->uid_map.items[0].size == 1;
}

static Outer
find_outer (const RuncDoctor *doctor)
{
  static const struct
  {
    const char *word; /* the beginning of $container */
    Outer outer;
  } words[] = {
    { "podman", OUTER_PODMAN }, { "docker", OUTER_DOCKER },   { "systemd-nspawn", OUTER_NSPAWN },
    { "lxc", OUTER_LXC },       { "kube", OUTER_KUBERNETES }, { "", OUTER_CONTAINER },
  };
  const char *name = g_getenv ("container");
  g_autofree char *manager = NULL;

  if (in_initial_pidns ())
    return doctor->host->initial_userns ? OUTER_NONE : OUTER_USERNS;
  /* bubblewrap and unshare show the marks of what is around them; engines give more ids. */
  if (has_one_id (doctor->host) && name == NULL)
    return OUTER_USERNS;
  if (g_getenv ("KUBERNETES_SERVICE_HOST") != NULL
      || is_there ("/var/run/secrets/kubernetes.io/serviceaccount"))
    return OUTER_KUBERNETES;
  if (is_there ("/run/.containerenv"))
    return OUTER_PODMAN;
  if (is_there ("/.dockerenv"))
    return OUTER_DOCKER;
  if (name == NULL)
    name = manager = runc_doctor_read ("/run/host/container-manager");
  if (name == NULL)
    name = manager = runc_doctor_read ("/run/systemd/container");
  for (gsize i = 0; name != NULL && name[0] != '\0' && i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (name, words[i].word))
      return words[i].outer;
  return doctor->host->initial_userns ? OUTER_NONE : OUTER_USERNS;
}

void
runc_doctor_mend_by_grants (const RuncDoctor *doctor, RuncDoctorFinding *finding, guint grants)
{
  const OuterWords *outer = &outers[find_outer (doctor)];
  g_autoptr (GString) options = g_string_new (NULL);
  g_autoptr (GString) sentences = g_string_new (NULL);

  for (int i = 0; i < RUNC_N_GRANTS; i++)
    {
      const char *words
          = outer->grants[i] != NULL ? outer->grants[i] : outers[OUTER_CONTAINER].grants[i];

      if ((grants & 1u << i) == 0)
        continue;
      if (words[0] == '-')
        g_string_append_printf (options, " %s", words);
      else
        g_string_append_printf (sentences, "%s%s", sentences->len > 0 ? "; " : "", words);
    }
  if (options->len == 0)
    runc_doctor_mend (finding, "%s", sentences->str);
  else
    runc_doctor_mend (finding, "start the outer container with '%s%s'%s%s", outer->command,
                      options->str, sentences->len > 0 ? "; " : "", sentences->str);
}

gint64
runc_doctor_process_status (const char *key, gint64 fallback)
{
  g_autofree char *text = runc_doctor_read ("/proc/self/status");
  g_autofree char *line = g_strdup_printf ("\n%s:\t", key);
  const char *value = text != NULL ? strstr (text, line) : NULL;

  return value != NULL ? g_ascii_strtoll (value + strlen (line), NULL, 10) : fallback;
}

char **
runc_doctor_proc_masks (const char *mountinfo)
{
  g_autoptr (GPtrArray) points = g_ptr_array_new ();
  g_auto (GStrv) lines = g_strsplit (mountinfo, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, " ", 6);

      if (g_strv_length (fields) == 6 && g_str_has_prefix (fields[4], "/proc/")
          && !g_str_has_prefix (fields[4], "/proc/sys/fs/binfmt_misc")
          && !g_ptr_array_find_with_equal_func (points, fields[4], g_str_equal, NULL))
        g_ptr_array_add (points, g_strdup (fields[4]));
    }
  g_ptr_array_add (points, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&points), FALSE);
}

bool
runc_doctor_in_chroot (const char *mountinfo)
{
  g_auto (GStrv) lines = g_strsplit (mountinfo, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, " ", 6);

      if (g_strv_length (fields) == 6 && strcmp (fields[4], "/") == 0)
        return false;
    }
  return mountinfo[0] != '\0';
}

void
runc_doctor_check_nested (RuncDoctor *doctor, RuncDoctorFinding *finding)
{
  Outer outer = find_outer (doctor);
  bool can_try = runc_doctor_can_try (doctor, NULL);
  const struct
  {
    bool withheld;
    RuncDoctorGrant grant;
    const char *what;
  } limits[] = {
    /* A filter that lets pass what containers need is none of our business. */
    { !can_try && runc_doctor_process_status ("Seccomp", 0) == 2, RUNC_GRANT_SYSCALLS,
      "system calls (a seccomp filter)" },
    { !runc_doctor_procfs_works (doctor), RUNC_GRANT_PROC, "a new /proc" },
    { !is_there ("/dev/fuse"), RUNC_GRANT_FUSE, "/dev/fuse" },
    { !is_there ("/dev/net/tun"), RUNC_GRANT_TUN, "/dev/net/tun" },
    { has_one_id (doctor->host), RUNC_GRANT_IDS, "all ids but one" },
    { runc_doctor_process_status ("NoNewPrivs", 0) == 1, RUNC_GRANT_SETUID,
      "new privileges (no_new_privs)" },
  };
  g_autoptr (GString) what = g_string_new (NULL);
  guint grants = 0;

  if (outer == OUTER_NONE)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s", outers[outer].name);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    if (limits[i].withheld)
      {
        g_string_append_printf (what, "%s%s", what->len > 0 ? ", " : "", limits[i].what);
        grants |= 1u << limits[i].grant;
      }
  if (grants == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s, which withholds nothing",
                         outers[outer].name);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "%s, which withholds %s", outers[outer].name,
                     what->str);
  runc_doctor_means (finding, "containers get no more than the outer one has; the other lines say "
                              "what they miss by it");
  runc_doctor_mend_by_grants (doctor, finding, grants);
}
