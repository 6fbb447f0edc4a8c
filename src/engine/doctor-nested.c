/* `doctor`: are we in a container ourselves, and what does it withhold? Runs in the parent.
 *
 * Engines leave marks for those who ask (files, a variable in the environment). There is no other
 * way to learn the name of the outer one; that its restrictions are there shows in other checks,
 * which take their words on how to lift them from here.
 */
#include "engine/doctor.h"

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

static const char *const outer_names[N_OUTERS] = {
  [OUTER_NONE] = "not inside another container",
  [OUTER_KUBERNETES] = "inside a Kubernetes pod",
  [OUTER_PODMAN] = "inside a podman container",
  [OUTER_DOCKER] = "inside a docker container",
  [OUTER_NSPAWN] = "inside a systemd-nspawn container",
  [OUTER_LXC] = "inside an LXC container",
  [OUTER_CONTAINER] = "inside a container",
  [OUTER_USERNS] = "inside a user namespace",
};

/* NULL: as for OUTER_CONTAINER. */
static const char *const grants[N_OUTERS][RUNC_N_GRANTS] = {
  [OUTER_NONE] = {
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
  [OUTER_KUBERNETES] = {
    [RUNC_GRANT_SYSCALLS]
    = "set 'securityContext.seccompProfile.type: Unconfined' (and allow user "
      "namespaces in the AppArmor profile) in the pod",
    [RUNC_GRANT_PROC]
    = "set 'securityContext.procMount: Unmasked' and 'hostUsers: false' in the pod",
    [RUNC_GRANT_FUSE] = "give the pod /dev/fuse by a device plugin",
    [RUNC_GRANT_TUN] = "give the pod /dev/net/tun by a device plugin",
    [RUNC_GRANT_IDS] = "set 'hostUsers: false' in the pod, which gives it 65536 ids",
    [RUNC_GRANT_SETUID] = "set 'securityContext.allowPrivilegeEscalation: true' in the pod",
  },
  [OUTER_PODMAN] = {
    [RUNC_GRANT_SYSCALLS]
    = "start the outer container with 'podman run --security-opt seccomp=unconfined'",
    [RUNC_GRANT_PROC] = "start the outer container with 'podman run --security-opt unmask=ALL'",
    [RUNC_GRANT_FUSE] = "start the outer container with 'podman run --device /dev/fuse'",
    [RUNC_GRANT_TUN] = "start the outer container with 'podman run --device /dev/net/tun'",
    [RUNC_GRANT_IDS] = "give the user who runs podman ranges in /etc/subuid and /etc/subgid, then "
                       "'podman system migrate'",
    [RUNC_GRANT_SETUID]
    = "start the outer container without '--security-opt no-new-privileges'",
  },
  [OUTER_DOCKER] = {
    [RUNC_GRANT_SYSCALLS] = "start the outer container with 'docker run --security-opt "
                            "seccomp=unconfined --security-opt apparmor=unconfined'",
    [RUNC_GRANT_PROC]
    = "start the outer container with 'docker run --security-opt systempaths=unconfined'",
    [RUNC_GRANT_FUSE] = "start the outer container with 'docker run --device /dev/fuse'",
    [RUNC_GRANT_TUN] = "start the outer container with 'docker run --device /dev/net/tun'",
    [RUNC_GRANT_SETUID]
    = "start the outer container without '--security-opt no-new-privileges'",
  },
  [OUTER_NSPAWN] = {
    [RUNC_GRANT_SYSCALLS] = "start the outer container with 'systemd-nspawn "
                            "--system-call-filter=\"@mount @keyring bpf\"'",
    [RUNC_GRANT_PROC] = "start the outer container with 'SYSTEMD_NSPAWN_API_VFS_WRITABLE=1' in "
                        "the environment of systemd-nspawn",
    [RUNC_GRANT_FUSE] = "start the outer container with 'systemd-nspawn --bind=/dev/fuse "
                        "--property=DeviceAllow=\"/dev/fuse rw\"'",
    [RUNC_GRANT_TUN] = "start the outer container with 'systemd-nspawn --bind=/dev/net/tun "
                       "--property=DeviceAllow=\"/dev/net/tun rw\"'",
    [RUNC_GRANT_IDS]
    = "start the outer container with 'systemd-nspawn --private-users=pick', or without "
      "'--private-users'",
    [RUNC_GRANT_SETUID] = "start the outer container without 'systemd-nspawn --no-new-privileges'",
  },
  [OUTER_LXC] = {
    [RUNC_GRANT_SYSCALLS] = "set 'security.nesting=true' (lxc.seccomp.profile of plain LXC) in the "
                            "outer container's configuration",
    [RUNC_GRANT_PROC] = "set 'security.nesting=true' (or include nesting.conf in plain LXC) in the "
                        "outer container's configuration",
    [RUNC_GRANT_FUSE] = "add the device: 'lxc config device add NAME fuse unix-char "
                        "path=/dev/fuse mode=0666'",
    [RUNC_GRANT_TUN] = "add the device: 'lxc config device add NAME tun unix-char "
                       "path=/dev/net/tun mode=0666'",
    [RUNC_GRANT_IDS] = "give the outer container more ids ('security.idmap.size', lxc.idmap)",
  },
  [OUTER_CONTAINER] = {
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
  [OUTER_USERNS] = {
    [RUNC_GRANT_PROC] = "make the user namespace where nothing is mounted below /proc",
    [RUNC_GRANT_FUSE] = "make /dev/fuse visible where the user namespace is made",
    [RUNC_GRANT_TUN] = "make /dev/net/tun visible where the user namespace is made",
    [RUNC_GRANT_IDS] = "make the user namespace with ranges of ids ('unshare --map-auto "
                       "--map-root-user', 'podman unshare')",
    [RUNC_GRANT_SETUID] = "do not set no_new_privs where the user namespace is made (bubblewrap "
                          "always does)",
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

bool
runc_doctor_is_nested (const RuncDoctor *doctor)
{
  return find_outer (doctor) != OUTER_NONE;
}

const char *
runc_doctor_grant (const RuncDoctor *doctor, RuncDoctorGrant grant)
{
  const char *words = grants[find_outer (doctor)][grant];

  return words != NULL ? words : grants[OUTER_CONTAINER][grant];
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
  const struct
  {
    bool withheld;
    RuncDoctorGrant grant;
    const char *what;
  } limits[] = {
    { runc_doctor_process_status ("Seccomp", 0) == 2, RUNC_GRANT_SYSCALLS,
      "system calls (a seccomp filter)" },
    { !runc_doctor_procfs_works (doctor), RUNC_GRANT_PROC, "a new /proc" },
    { !is_there ("/dev/fuse"), RUNC_GRANT_FUSE, "/dev/fuse" },
    { !is_there ("/dev/net/tun"), RUNC_GRANT_TUN, "/dev/net/tun" },
    { doctor->host->uid_map.n == 1 && doctor->host->uid_map.items[0].size == 1, RUNC_GRANT_IDS,
      "all ids but one" },
    { runc_doctor_process_status ("NoNewPrivs", 0) == 1, RUNC_GRANT_SETUID,
      "new privileges (no_new_privs)" },
  };
  g_autoptr (GString) what = g_string_new (NULL);
  g_autoptr (GString) how = g_string_new (NULL);

  if (outer == OUTER_NONE)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s", outer_names[outer]);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    if (limits[i].withheld)
      {
        g_string_append_printf (what, "%s%s", what->len > 0 ? ", " : "", limits[i].what);
        g_string_append_printf (how, "%s%s", how->len > 0 ? "; " : "",
                                runc_doctor_grant (doctor, limits[i].grant));
      }
  if (what->len == 0)
    {
      runc_doctor_found (finding, RUNC_DOCTOR_OK, "%s, which withholds nothing",
                         outer_names[outer]);
      return;
    }
  runc_doctor_found (finding, RUNC_DOCTOR_LIMITED, "%s, which withholds %s", outer_names[outer],
                     what->str);
  runc_doctor_means (finding, "containers get no more than the outer one has; the other lines say "
                              "what they miss by it");
  runc_doctor_mend (finding, "%s", how->str);
}
