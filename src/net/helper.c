/* Starting the network helpers. Runs in the parent, while the container's process waits for
 * HOOKS_DONE.
 *
 * runc-slirp gets the namespaces as fds and says that it is ready on another. pasta gets them by
 * path, which cannot be another's, as the process is our child and waits for us, or as stdin: it
 * closes other fds. It would go into the background and live for ever; so it stays in the
 * foreground below a keeper, and is ready when it has written its pid to its stdout. The stderr of
 * both is a pipe until then: what they say becomes the error, or a warning.
 */
#include "net/helper.h"
#include "net/keeper.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The fds of runc-slirp, by number. */
enum
{
  USERNS_FD = 3,
  NETNS_FD = 4,
  READY_FD = 5,
};

static const struct
{
  const char *name;
  const char *variable;
  const char *package;
} programs[] = {
  [RUNC_NET_SLIRP] = { "runc-slirp", "RUNC_SLIRP", "it is part of runc: build with libslirp" },
  [RUNC_NET_PASTA] = { "pasta", "RUNC_PASTA", "Debian: apt-get install passt" },
};

char *
runc_net_helper_path (RuncNetProgram program)
{
  return runc_process_find_helper (programs[program].name, programs[program].variable);
}

static void add (GPtrArray *argv, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add (GPtrArray *argv, const char *format, ...)
{
  va_list ap;

  va_start (ap, format);
  g_ptr_array_add (argv, g_strdup_vprintf (format, ap));
  va_end (ap);
}

/* The ends of the pipes and namespaces of one start. */
typedef struct
{
  int userns; /* that owns the other; not open if that is our own */
  int netns;
  int process;  /* pidfd of request->pid, for pasta */
  int ready[2]; /* slirp: "1"; pasta: its pid */
  int messages[2];
} Fds;

static void
fds_clear (Fds *fds)
{
  runc_close_fdp (&fds->userns);
  runc_close_fdp (&fds->netns);
  runc_close_fdp (&fds->process);
  for (int i = 0; i < 2; i++)
    {
      runc_close_fdp (&fds->ready[i]);
      runc_close_fdp (&fds->messages[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fds, fds_clear)

static gboolean
open_namespaces (pid_t pid, Fds *fds, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%d/ns/net", (int)pid);
  autofd int proc = runc_sys_proc_open ();
  struct stat owner, ours;

  if (proc < 0)
    return runc_throw_neg (error, proc, "cannot open '/proc'");
  fds->netns = openat (proc, path, O_RDONLY | O_CLOEXEC);
  if (fds->netns < 0)
    return runc_throw_errno (error, "cannot open '/proc/%s'", path);
  fds->userns = ioctl (fds->netns, NS_GET_USERNS);
  if (fds->userns < 0)
    return runc_throw_errno (error, "cannot find the owner of '/proc/%s'", path);
  if (fstat (fds->userns, &owner) < 0 || fstatat (proc, "self/ns/user", &ours, 0) < 0)
    return runc_throw_errno (error, "cannot look at '/proc/self/ns/user'");
  if (owner.st_dev == ours.st_dev && owner.st_ino == ours.st_ino)
    runc_close_fdp (&fds->userns);
  return TRUE;
}

static gboolean
fds_open (const RuncNetRequest *request, Fds *fds, GError **error)
{
  if (!open_namespaces (request->pid, fds, error))
    return FALSE;
  if (pipe2 (fds->ready, O_CLOEXEC) < 0 || pipe2 (fds->messages, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  if (request->program != RUNC_NET_PASTA)
    return TRUE;
  fds->process = runc_sys_pidfd_open (request->pid);
  if (fds->process < 0)
    return runc_throw_neg (error, fds->process, "cannot find process %d", (int)request->pid);
  return TRUE;
}

static void
slirp_arguments (const RuncNetRequest *request, const Fds *fds, GPtrArray *argv)
{
  if (fds->userns >= 0)
    add (argv, "--userns-fd=%d", USERNS_FD);
  add (argv, "--netns-fd=%d", NETNS_FD);
  add (argv, "--pid=%d", (int)request->pid);
  add (argv, "--ready-fd=%d", READY_FD);
  if (request->ipv6)
    add (argv, "--ipv6");
  if (request->host_loopback)
    add (argv, "--enable-host-loopback");
  if (request->outbound_addr != NULL)
    add (argv, "--outbound-addr=%s", request->outbound_addr);
  if (request->api_socket != NULL)
    add (argv, "--api-socket=%s", request->api_socket);
  for (char **p = request->publish; p != NULL && *p != NULL; p++)
    add (argv, "--publish=%s", *p);
}

/* pasta's own way to say "[ip:]host:container" is "ip/host:container", without brackets. */
static gboolean
pasta_port (GPtrArray *argv, const char *text, gboolean udp, GError **error)
{
  g_autofree char *ports = g_strndup (text, strcspn (text, "/"));
  char *container = strrchr (ports, ':');
  char *host, *end;

  if (container == NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--publish '%s': not of the form [ip:]host:container[/udp]", text);
  *container++ = '\0';
  host = strrchr (ports, ':');
  if (host == NULL)
    {
      add (argv, "--%s-ports=%s:%s", udp ? "udp" : "tcp", ports, container);
      return TRUE;
    }
  *host++ = '\0';
  end = strchr (ports, ']');
  if (end != NULL)
    *end = '\0';
  add (argv, "--%s-ports=%s/%s:%s", udp ? "udp" : "tcp", ports + (ports[0] == '['), host,
       container);
  return TRUE;
}

/* What is not asked for has to be said: pasta would publish all that the container listens on. */
static gboolean
pasta_ports (GPtrArray *argv, char **publish, gboolean udp, GError **error)
{
  guint before = argv->len;

  for (char **p = publish; p != NULL && *p != NULL; p++)
    if (g_str_has_suffix (*p, "/udp") == udp && !pasta_port (argv, *p, udp, error))
      return FALSE;
  if (argv->len == before)
    add (argv, "--%s-ports=none", udp ? "udp" : "tcp");
  add (argv, "--%s-ns=none", udp ? "udp" : "tcp");
  return TRUE;
}

static gboolean
pasta_arguments (const RuncNetRequest *request, const Fds *fds, GPtrArray *argv, GError **error)
{
  add (argv, "--foreground");
  add (argv, "--config-net");
  add (argv, "--quiet");
  add (argv, "--pid=/proc/self/fd/%d", STDOUT_FILENO);
  /* As nobody, which it would become, it could not get to the namespace. */
  if (geteuid () == 0)
    add (argv, "--runas=0:0");
  if (!request->ipv6)
    add (argv, "--ipv4-only");
  if (!request->host_loopback)
    add (argv, "--no-map-gw");
  if (request->outbound_addr != NULL)
    add (argv, "--outbound=%s", request->outbound_addr);
  if (!pasta_ports (argv, request->publish, FALSE, error)
      || !pasta_ports (argv, request->publish, TRUE, error))
    return FALSE;
  if (fds->userns >= 0)
    {
      add (argv, "--userns=/proc/%d/ns/user", (int)request->pid);
      add (argv, "--netns=/proc/%d/ns/net", (int)request->pid);
    }
  else
    {
      /* A process without a user namespace of its own hides even from root, without ptrace's right.
       */
      add (argv, "--netns-only");
      add (argv, "--netns=/proc/self/fd/%d", STDIN_FILENO);
    }
  return TRUE;
}

/* Start runc-slirp with the fds at their numbers. They are first moved out of the way of each
 * other.
 */
static int
spawn (const char *path, char **argv, const Fds *fds, pid_t *ret_pid)
{
  extern char **environ;
  const int sources[] = { fds->userns, fds->netns, fds->ready[1] };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  int r;

  runc_process_init_attributes (&attr);
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen (&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2 (&actions, fds->messages[1], 2);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (sources[i] >= 0)
      posix_spawn_file_actions_adddup2 (&actions, sources[i], 64 + (int)i);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (sources[i] >= 0)
      posix_spawn_file_actions_adddup2 (&actions, 64 + (int)i, USERNS_FD + (int)i);
  posix_spawn_file_actions_addclosefrom_np (&actions, READY_FD + 1);
  r = posix_spawn (ret_pid, path, &actions, &attr, argv, environ);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attr);
  return -r;
}

static int
keep (const char *path, char **argv, const Fds *fds, pid_t *ret_pid)
{
  const int stdio[] = { fds->netns, fds->ready[1], fds->messages[1] };
  const RuncKeeperRequest request
      = { .name = "runc-pasta", .path = path, .argv = argv, .fds = stdio, .pidfd = fds->process };

  return runc_keeper_start (&request, ret_pid);
}

/* All of @fd up to its end. */
static char *
read_text (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[1024];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0 && text->len < 4096)
      g_string_append_len (text, buffer, n);
  return g_strchomp (g_string_free (text, FALSE));
}

/* Wait until it says "1", or its pid. */
static gboolean
is_ready (RuncNetProgram program, const Fds *fds)
{
  char text[16] = "";
  ssize_t n;

  do
    n = read (fds->ready[0], text, sizeof text - 1);
  while (n < 0 && errno == EINTR);
  return n > 0 && (program == RUNC_NET_PASTA ? atoi (text) > 0 : strcmp (text, "1") == 0);
}

static gboolean
wait_ready (RuncNetProgram program, Fds *fds, pid_t pid, GError **error)
{
  g_autofree char *text = NULL;
  gboolean ready;

  runc_close_fdp (&fds->ready[1]);
  runc_close_fdp (&fds->messages[1]);
  ready = is_ready (program, fds);
  if (!ready)
    {
      /* The keeper takes pasta along. */
      kill (pid, program == RUNC_NET_PASTA ? SIGTERM : SIGKILL);
      waitpid (pid, NULL, 0);
    }
  else if (program == RUNC_NET_PASTA)
    /* It holds the other end open. */
    fcntl (fds->messages[0], F_SETFL, O_NONBLOCK);
  text = read_text (fds->messages[0]);
  g_strdelimit (text, "\n", ' ');
  if (!ready)
    return runc_throw (error, RUNC_ERROR_FAILED, "cannot start the network: %s: %s",
                       programs[program].name,
                       text[0] != '\0' ? text : "it ended without saying why (see 'runc doctor')");
  if (text[0] != '\0')
    runc_warning ("%s: %s", programs[program].name, text);
  return TRUE;
}

gboolean
runc_net_helper_start (const RuncNetRequest *request, pid_t *ret_pid, GError **error)
{
  g_autofree char *path = runc_net_helper_path (request->program);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (Fds) fds = { -EBADF, -EBADF, -EBADF, { -EBADF, -EBADF }, { -EBADF, -EBADF } };
  int r;

  if (path == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot start the network: '%s' is not installed (%s)",
                       programs[request->program].name, programs[request->program].package);
  if (!fds_open (request, &fds, error))
    return FALSE;
  add (argv, "%s", programs[request->program].name);
  if (request->program == RUNC_NET_SLIRP)
    slirp_arguments (request, &fds, argv);
  else if (!pasta_arguments (request, &fds, argv, error))
    return FALSE;
  g_ptr_array_add (argv, NULL);
  r = request->program == RUNC_NET_SLIRP ? spawn (path, (char **)argv->pdata, &fds, ret_pid)
                                         : keep (path, (char **)argv->pdata, &fds, ret_pid);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot start '%s'", path);
  return wait_ready (request->program, &fds, *ret_pid, error);
}

/* Whether all name servers of @text are on the loopback, where a container has its own. */
static gboolean
is_local (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      char server[64];

      if (sscanf (*line, "nameserver%*[ \t]%63s", server) == 1 && !g_str_has_prefix (server, "127.")
          && strcmp (server, "::1") != 0)
        return FALSE;
    }
  return TRUE;
}

char *
runc_net_resolv_conf (RuncNetProgram program, gboolean ipv6)
{
  g_autofree char *text = NULL;
  char *upstream = NULL;

  if (program == RUNC_NET_SLIRP)
    return g_strdup_printf ("nameserver 10.0.2.3\n%s", ipv6 ? "nameserver fd00::3\n" : "");
  /* pasta gives the host's addresses to the container, and its name servers are the host's: those
   * that systemd-resolved asks, if it is what the host asks. */
  if (!g_file_get_contents ("/etc/resolv.conf", &text, NULL, NULL))
    text = g_strdup ("");
  if (is_local (text)
      && g_file_get_contents ("/run/systemd/resolve/resolv.conf", &upstream, NULL, NULL))
    return upstream;
  return g_steal_pointer (&text);
}

char *
runc_net_hosts (const char *hostname)
{
  return g_strdup_printf ("127.0.0.1\tlocalhost\n::1\tlocalhost\n%s%s%s",
                          hostname != NULL && hostname[0] != '\0' ? "127.0.1.1\t" : "",
                          hostname != NULL ? hostname : "",
                          hostname != NULL && hostname[0] != '\0' ? "\n" : "");
}
