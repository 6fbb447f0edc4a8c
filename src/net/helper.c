/* Starting the network helpers. Runs in the parent, while the container's process waits for
 * HOOKS_DONE.
 *
 * The helper gets the namespaces as fds, so that no pid can have been used again, and its stderr is
 * a pipe until it is ready: what it says becomes the error, or a warning.
 */
#include "net/helper.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* The fds of the helper, by number. */
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

static char *
beside_us (const char *name)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *path = dir != NULL ? g_build_filename (dir, "helpers", name, NULL) : NULL;

  return path != NULL && access (path, X_OK) == 0 ? g_steal_pointer (&path) : NULL;
}

char *
runc_net_helper_path (RuncNetProgram program)
{
  const char *variable = g_getenv (programs[program].variable);
  g_autofree char *installed = g_build_filename (RUNC_LIBEXECDIR, programs[program].name, NULL);
  char *path;

  if (variable != NULL && variable[0] != '\0')
    return g_strdup (variable);
  if (access (installed, X_OK) == 0)
    return g_steal_pointer (&installed);
  path = beside_us (programs[program].name);
  return path != NULL ? path : g_find_program_in_path (programs[program].name);
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

static void
slirp_arguments (const RuncNetRequest *request, GPtrArray *argv)
{
  if (request->userns)
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

/* pasta's own way to say "[ip:]host:container[/udp]" is "-t ip/host:container". */
static gboolean
pasta_port (GPtrArray *argv, const char *text, GError **error)
{
  gboolean udp = g_str_has_suffix (text, "/udp");
  g_autofree char *ports = g_strndup (text, strcspn (text, "/"));
  char *container = strrchr (ports, ':');
  char *host;

  if (container == NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--publish '%s': not of the form [ip:]host:container[/udp]", text);
  *container++ = '\0';
  host = strrchr (ports, ':');
  add (argv, udp ? "-u" : "-t");
  if (host == NULL)
    add (argv, "%s:%s", ports, container);
  else
    {
      *host++ = '\0';
      add (argv, "%s/%s:%s", ports, host, container);
    }
  return TRUE;
}

/* pasta goes into the background when the network works, and ends with its namespace. */
static gboolean
pasta_arguments (const RuncNetRequest *request, GPtrArray *argv, GError **error)
{
  add (argv, "--config-net");
  add (argv, "--quiet");
  if (!request->ipv6)
    add (argv, "--ipv4-only");
  if (!request->host_loopback)
    add (argv, "--no-map-gw");
  for (char **p = request->publish; p != NULL && *p != NULL; p++)
    if (!pasta_port (argv, *p, error))
      return FALSE;
  if (request->publish == NULL || request->publish[0] == NULL)
    {
      add (argv, "-t");
      add (argv, "none");
      add (argv, "-u");
      add (argv, "none");
    }
  add (argv, "-T");
  add (argv, "none");
  add (argv, "-U");
  add (argv, "none");
  add (argv, "%d", (int)request->pid);
  return TRUE;
}

static int
open_namespace (pid_t pid, const char *name, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", (int)pid, name);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    runc_throw_errno (error, "cannot open '%s'", path);
  return fd;
}

/* The ends of the pipes and namespaces of one start. */
typedef struct
{
  int userns;
  int netns;
  int ready[2];
  int messages[2];
} Fds;

static void
fds_clear (Fds *fds)
{
  runc_close_fdp (&fds->userns);
  runc_close_fdp (&fds->netns);
  for (int i = 0; i < 2; i++)
    {
      runc_close_fdp (&fds->ready[i]);
      runc_close_fdp (&fds->messages[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fds, fds_clear)

static gboolean
fds_open (const RuncNetRequest *request, Fds *fds, GError **error)
{
  fds->netns = open_namespace (request->pid, "net", error);
  if (fds->netns < 0)
    return FALSE;
  if (request->userns && (fds->userns = open_namespace (request->pid, "user", error)) < 0)
    return FALSE;
  if (pipe2 (fds->ready, O_CLOEXEC) < 0 || pipe2 (fds->messages, O_CLOEXEC) < 0)
    return runc_throw_errno (error, "cannot make a pipe");
  return TRUE;
}

/* Start it with the fds at their numbers. They are first moved out of the way of each other. */
static int
spawn (const char *path, char **argv, const Fds *fds, pid_t *ret_pid)
{
  extern char **environ;
  const int sources[] = { fds->userns, fds->netns, fds->ready[1] };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  sigset_t none;
  int r;

  sigemptyset (&none);
  posix_spawnattr_init (&attr);
  posix_spawnattr_setflags (&attr, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask (&attr, &none);
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
  return r;
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

/* Wait until the helper says "1" (slirp) or the program that we started has ended well (pasta). */
static gboolean
wait_ready (RuncNetProgram program, Fds *fds, pid_t pid, pid_t *ret_pid, GError **error)
{
  g_autofree char *text = NULL;
  char byte = 0;
  gboolean ready;
  int status = 0;

  runc_close_fdp (&fds->ready[1]);
  runc_close_fdp (&fds->messages[1]);
  if (program == RUNC_NET_SLIRP)
    {
      ready = read (fds->ready[0], &byte, 1) == 1 && byte == '1';
      *ret_pid = pid;
    }
  else
    {
      ready = waitpid (pid, &status, 0) == pid && WIFEXITED (status) && WEXITSTATUS (status) == 0;
      *ret_pid = 0;
    }
  /* pasta in the background may keep the pipe open; it has nothing to say any more. */
  if (!ready || program == RUNC_NET_SLIRP)
    text = read_text (fds->messages[0]);
  if (ready)
    {
      if (text != NULL && text[0] != '\0')
        runc_warning ("%s: %s", programs[program].name, text);
      return TRUE;
    }
  if (program == RUNC_NET_SLIRP)
    {
      kill (pid, SIGKILL);
      waitpid (pid, &status, 0);
    }
  g_strdelimit (text, "\n", ' ');
  return runc_throw (error, RUNC_ERROR_FAILED, "cannot start the network: %s: %s",
                     programs[program].name,
                     text[0] != '\0' ? text : "it ended without saying why (see 'runc doctor')");
}

gboolean
runc_net_helper_start (const RuncNetRequest *request, pid_t *ret_pid, GError **error)
{
  g_autofree char *path = runc_net_helper_path (request->program);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (Fds) fds = { -EBADF, -EBADF, { -EBADF, -EBADF }, { -EBADF, -EBADF } };
  pid_t pid;
  int r;

  if (path == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot start the network: '%s' is not installed (%s)",
                       programs[request->program].name, programs[request->program].package);
  add (argv, "%s", programs[request->program].name);
  if (request->program == RUNC_NET_SLIRP)
    slirp_arguments (request, argv);
  else if (!pasta_arguments (request, argv, error))
    return FALSE;
  g_ptr_array_add (argv, NULL);
  if (!fds_open (request, &fds, error))
    return FALSE;
  r = spawn (path, (char **)argv->pdata, &fds, &pid);
  if (r != 0)
    return runc_throw_neg (error, -r, "cannot start '%s'", path);
  return wait_ready (request->program, &fds, pid, ret_pid, error);
}

char *
runc_net_resolv_conf (RuncNetProgram program, gboolean ipv6)
{
  char *text = NULL;

  if (program == RUNC_NET_SLIRP)
    return g_strdup_printf ("nameserver 10.0.2.3\n%s", ipv6 ? "nameserver fd00::3\n" : "");
  /* pasta gives the host's addresses to the container, and its name servers are the host's. */
  if (!g_file_get_contents ("/etc/resolv.conf", &text, NULL, NULL))
    text = g_strdup ("");
  return text;
}

char *
runc_net_hosts (const char *hostname)
{
  return g_strdup_printf ("127.0.0.1\tlocalhost\n::1\tlocalhost\n%s%s%s",
                          hostname != NULL && hostname[0] != '\0' ? "127.0.1.1\t" : "",
                          hostname != NULL ? hostname : "",
                          hostname != NULL && hostname[0] != '\0' ? "\n" : "");
}
