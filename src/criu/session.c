/* Talking to criu. Runs in the parent, which is the one whose fds criu opens by number. */
#include "criu/session.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "criu/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first criu that can be asked for its version this way; as runc. */
#define MIN_VERSION 30000
/* Before it, the label of the images was taken in spite of another one. */
#define MIN_VERSION_LSM 31600

/* Larger than any answer: a name and a few numbers. */
#define MAX_MESSAGE 40960
#define MAX_LOG     (64u << 20)

gboolean
runc_criu_pair (int *ret_ours, int *ret_theirs, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
    return runc_throw_errno (error, "cannot make a socket pair");
  *ret_ours = fds[0];
  *ret_theirs = fds[1];
  return TRUE;
}

static gboolean
ask (int sock, const RuncCriuRequest *request, GError **error)
{
  g_autoptr (GByteArray) bytes = runc_criu_encode (request);

  /* When it is gone, that shows when its answer is read, or what it said before. */
  if (send (sock, bytes->data, bytes->len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
    return runc_throw_errno (error, "cannot write to criu");
  return TRUE;
}

/* Receive one message, with an fd if there is one. An end of file is the type EMPTY. */
static gboolean
hear (int sock, RuncCriuResponse *ret_response, int *ret_fd, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (MAX_MESSAGE);
  struct iovec iov = { .iov_base = buffer, .iov_len = MAX_MESSAGE };
  union
  {
    struct cmsghdr align;
    char space[CMSG_SPACE (sizeof (int))];
  } control;
  struct msghdr msg = {
    .msg_iov = &iov,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control.space,
  };
  struct cmsghdr *cmsg;
  ssize_t n;

  do
    n = recvmsg (sock, &msg, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != ECONNRESET)
    return runc_throw_errno (error, "cannot read from criu");
  if (n <= 0)
    return TRUE;
  cmsg = CMSG_FIRSTHDR (&msg);
  if (cmsg != NULL && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS
      && cmsg->cmsg_len == CMSG_LEN (sizeof (int)))
    memcpy (ret_fd, CMSG_DATA (cmsg), sizeof (int));
  return runc_criu_decode (buffer, (gsize)n, ret_response, error);
}

/* A question of the kind that leaves the connection open. */
static gboolean
inquire (int sock, const RuncCriuRequest *request, RuncCriuResponse *ret_response, GError **error)
{
  autofd int fd = -EBADF;

  if (!ask (sock, request, error) || !hear (sock, ret_response, &fd, error))
    return FALSE;
  if (ret_response->type != request->type || !ret_response->success)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "CRIU %s check failed: it gives no answer ('criu check' tells whether it "
                       "works on this machine, 'criu --version' whether it is 3.0 or newer)",
                       request->type == RUNC_CRIU_TYPE_VERSION ? "version" : "feature");
  return TRUE;
}

static gboolean
check_features (int sock, const RuncCriuPlan *plan, GError **error)
{
  RuncCriuRequest request = {
    .type = RUNC_CRIU_TYPE_FEATURE_CHECK,
    .keep_open = TRUE,
    .mem_track = plan->needs_mem_track,
    .lazy_pages = plan->needs_lazy_pages,
  };
  g_auto (RuncCriuResponse) response = { 0 };

  if (!inquire (sock, &request, &response, error))
    return FALSE;
  if (plan->needs_mem_track && !response.mem_track)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "criu is missing features: [MemTrack] (--pre-dump takes a kernel that tells "
                       "which memory was written: CONFIG_MEM_SOFT_DIRTY; leave --pre-dump out)");
  if (plan->needs_lazy_pages && !response.lazy_pages)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "criu is missing features: [LazyPages] (--lazy-pages takes a kernel with "
                       "CONFIG_USERFAULTFD; leave --lazy-pages out)");
  return TRUE;
}

gboolean
runc_criu_greet (int sock, const RuncCriuPlan *plan, int *ret_version, GError **error)
{
  RuncCriuRequest request = { .type = RUNC_CRIU_TYPE_VERSION, .keep_open = TRUE };
  g_auto (RuncCriuResponse) response = { 0 };

  if (!inquire (sock, &request, &response, error))
    return FALSE;
  *ret_version = response.version;
  if (response.version < MIN_VERSION)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "CRIU version %d must be %d or higher",
                       response.version, MIN_VERSION);
  if (plan == NULL)
    return TRUE;
  runc_debug ("criu %d", response.version);
  if (plan->needs_lsm && response.version < MIN_VERSION_LSM)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "--lsm-profile and --lsm-mount-context require at least CRIU 3.16");
  return (!plan->needs_mem_track && !plan->needs_lazy_pages) || check_features (sock, plan, error);
}

/* ---- what went wrong ----------------------------------------------------------------------- */

/* Errors that every run has (an rlimit that root of a container may not raise), and those that only
 * say that there were others. */
static gboolean
is_noise (const char *line)
{
  return strstr (line, "RLIMIT_NOFILE") != NULL || strstr (line, "Dumping FAILED") != NULL
         || strstr (line, "Restoring FAILED") != NULL
         || strstr (line, "Pre-dumping FAILED") != NULL;
}

char *
runc_criu_first_error (const char *text)
{
  static const char mark[] = "Error (";
  const char *at = text;

  while ((at = strstr (at, mark)) != NULL)
    {
      gsize len = strcspn (at, "\n");
      g_autofree char *line = g_strndup (at, len);
      const char *said = strstr (line, "): ");

      at += len;
      if (is_noise (line))
        continue;
      return g_strchomp (g_strdup (said != NULL ? said + 3 : line));
    }
  return NULL;
}

static const char *
log_name (const RuncCriuPlan *plan)
{
  for (gsize i = 0; i < plan->n_settings; i++)
    if (plan->settings[i].option == RUNC_CRIU_OPTION_LOG_FILE)
      return plan->settings[i].value;
  return "criu.log";
}

/* What is known to help against the most common errors. */
static const char *
hint (const char *said)
{
  static const struct
  {
    const char *part;
    const char *hint;
  } known[] = {
    { "Can't lookup mount=", "; the file belongs to no mount of the container: was it passed in by "
                             "'exec'?" },
    { "iptables", "; 'network-lock skip' in /etc/criu/runc.conf does without iptables" },
    { ".img: Permission denied",
      "; the container's root must be able to search the directory of the "
      "images" },
    { "file fd/",
      "; what takes the place of stdio must be a file that the container's root may open, "
      "and as long as at the checkpoint, unless it is opened for appending" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strstr (said, known[i].part) != NULL)
      return known[i].hint;
  return "";
}

static gboolean
throw_failure (const RuncCriuPlan *plan, const RuncCriuResponse *response, GError **error)
{
  g_autofree char *path = g_build_filename (plan->log_dir, log_name (plan), NULL);
  g_autofree char *text = runc_io_read_file (AT_FDCWD, path, MAX_LOG, NULL, NULL);
  g_autofree char *said = text != NULL ? runc_criu_first_error (text) : NULL;

  if (response->type == RUNC_CRIU_TYPE_EMPTY && response->errnum == 0 && said == NULL)
    return runc_throw (error, RUNC_ERROR_FAILED, "criu failed: it ended without an answer%s%s%s",
                       text != NULL ? " (log file: " : "", text != NULL ? path : "",
                       text != NULL ? ")" : "");
  return runc_throw (error, RUNC_ERROR_FAILED, "criu failed: type %s errno %d%s%s%s (log file: %s)",
                     runc_criu_type_to_string (response->type), response->errnum,
                     said != NULL ? ": " : "", said != NULL ? said : "",
                     said != NULL ? hint (said) : "", path);
}

/* ---- doing --------------------------------------------------------------------------------- */

static RuncCriuType
type_of (RuncCriuAction action)
{
  return action == RUNC_CRIU_RESTORE    ? RUNC_CRIU_TYPE_RESTORE
         : action == RUNC_CRIU_PRE_DUMP ? RUNC_CRIU_TYPE_PRE_DUMP
                                        : RUNC_CRIU_TYPE_DUMP;
}

gboolean
runc_criu_do (int sock, const RuncCriuPlan *plan, RuncCriuNotify *notify, gpointer data,
              GError **error)
{
  RuncCriuRequest request = {
    .type = type_of (plan->action),
    .settings = plan->settings,
    .n_settings = plan->n_settings,
  };
  g_autoptr (GError) refused = NULL;

  if (!ask (sock, &request, error))
    return FALSE;
  while (TRUE)
    {
      g_auto (RuncCriuResponse) response = { 0 };
      autofd int fd = -EBADF;
      RuncCriuRequest word = { .type = RUNC_CRIU_TYPE_NOTIFY, .notify_success = TRUE };

      if (!hear (sock, &response, &fd, error))
        return FALSE;
      if (response.type != RUNC_CRIU_TYPE_NOTIFY || !response.success)
        {
          if (response.type == request.type && response.success && refused == NULL)
            return TRUE;
          if (refused == NULL)
            return throw_failure (plan, &response, error);
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      runc_debug ("criu: %s", response.script != NULL ? response.script : "?");
      if (response.script != NULL && refused == NULL)
        word.notify_success = notify (response.script, response.pid, fd, data, &refused);
      if (!ask (sock, &word, refused == NULL ? error : NULL) && refused == NULL)
        return FALSE;
    }
}
