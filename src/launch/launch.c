/* Spawning the child and driving the protocol. Runs in the parent.
 *
 * The plan's op list is the script for both sides: the child walks it and does the ops; drive()
 * walks it too and does the other half of those that speak: it sends what a WAIT takes and receives
 * what a SEND, FORK, CONSOLE or SECCOMP with a listener brings. Nothing is waited for that the plan
 * does not name, so most of the time both run side by side.
 */
#include "launch/launch.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "child/child.h"
#include "launch/idmap.h"
#include "launch/source.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"
#include "wire/wire.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#define TOO_MANY " (as many processes as this user may have, see 'ulimit -u')"

#define REFUSED                                                                                    \
  " (new namespaces are refused: by a setting of the kernel, or by the seccomp filter of an "      \
  "outer "                                                                                         \
  "container, which '--security-opt seccomp=unconfined' takes off; 'runc doctor --check "          \
  "user-namespace' tells which)"

static void
reap (pid_t *pid)
{
  if (*pid > 0)
    while (waitpid (*pid, NULL, 0) < 0 && errno == EINTR)
      ;
  *pid = 0;
}

void
runc_launch_clear (RuncLaunch *launch)
{
  if (!launch->proceeded && launch->stage_pid > 0)
    {
      if (launch->stage_pidfd >= 0)
        runc_sys_pidfd_send_signal (launch->stage_pidfd, SIGKILL);
      reap (&launch->stage_pid);
    }
  if (!launch->proceeded && launch->pid > 0)
    {
      runc_sys_pidfd_send_signal (launch->pidfd, SIGKILL);
      reap (&launch->pid);
    }
  launch->stage_pidfd = runc_close_fd (launch->stage_pidfd);
  launch->watch_fd = runc_close_fd (launch->watch_fd);
  launch->sock = runc_close_fd (launch->sock);
  launch->pidfd = runc_close_fd (launch->pidfd);
  launch->console = runc_close_fd (launch->console);
  launch->notify = runc_close_fd (launch->notify);
  launch->userns = runc_close_fd (launch->userns);
  for (gsize i = 0; launch->plan != NULL && i < launch->plan->child.n_slots; i++)
    runc_close_fdp (&launch->plan->child.slots[i].fd);
  launch->plan = NULL;
}

/* Open what the plan says that the parent opens. */
static gboolean
open_slot (const RuncChildPlan *plan, RuncSlot *slot, const RuncLaunchContext *context,
           GError **error)
{
  switch (slot->kind)
    {
    case RUNC_SLOT_PROC:
      slot->fd = runc_sys_proc_open ();
      return slot->fd >= 0 || runc_throw_neg (error, slot->fd, "cannot use '/proc' of the host");
    case RUNC_SLOT_NAMESPACE:
      slot->fd = open (slot->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
      return slot->fd >= 0 || runc_throw_errno (error, "cannot open namespace '%s'", slot->path);
    case RUNC_SLOT_PIDFD:
      slot->fd = fcntl (context->init_pidfd, F_DUPFD_CLOEXEC, 3);
      return slot->fd >= 0 || runc_throw_errno (error, "cannot copy a pidfd");
    case RUNC_SLOT_CGROUP:
      slot->fd = open (slot->path, O_WRONLY | O_CLOEXEC);
      return slot->fd >= 0 || runc_throw_errno (error, "cannot open cgroup file '%s'", slot->path);
    case RUNC_SLOT_FIFO:
      slot->fd = open (context->fifo, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      return slot->fd >= 0 || runc_throw_errno (error, "cannot open '%s'", context->fifo);
    case RUNC_SLOT_LOG:
      slot->fd = runc_launch_open_log (slot->path, error);
      return slot->fd >= 0;
    case RUNC_SLOT_DEVICES:
      return runc_launch_make_devices (slot, error);
    case RUNC_SLOT_PROGRAM:
      slot->fd = runc_steal_fd (&context->self->program);
      return TRUE;
    case RUNC_SLOT_DECOY:
      slot->fd = runc_steal_fd (&context->self->decoy);
      return TRUE;
    case RUNC_SLOT_SOCKET:
      slot->fd = fcntl (context->socket, F_DUPFD_CLOEXEC, 3);
      return slot->fd >= 0 || runc_throw_errno (error, "cannot copy a socket");
    case RUNC_SLOT_SOURCE:
      return runc_launch_open_source (plan, slot, error);
    case RUNC_SLOT_TREE:
    case RUNC_SLOT_FDS:
    case RUNC_SLOT_NULL_DEVICE:
    case RUNC_SLOT_ROOT:
      return TRUE;
    }
  g_assert_not_reached ();
}

/* Make a network namespace, give it to the child, which may be waiting, and bring lo up in it. We
 * are in it meanwhile, and back afterwards. Returns 0 or -errno. */
static int
make_network (int proc, int sock)
{
  autofd int home = runc_sys_proc_open_namespace (proc, "net");
  autofd int made = -EBADF;
  int r = home < 0 ? home : runc_sys_unshare (CLONE_NEWNET);
  int back;

  if (r < 0)
    return r;
  made = runc_sys_proc_open_namespace (proc, "net");
  r = made < 0 ? made : runc_wire_send (sock, RUNC_MESSAGE_NETWORK, NULL, 0, made);
  if (r == 0)
    r = runc_sys_loopback_up ();
  back = runc_sys_setns (home, CLONE_NEWNET);
  return r < 0 ? r : back;
}

static gboolean
send_network (RuncLaunch *launch, GError **error)
{
  autofd int proc = runc_sys_proc_open ();
  int r = proc < 0 ? proc : make_network (proc, launch->sock);

  /* The child is gone: what it reported is the error, and read with the first answer. */
  if (r == -EPIPE || r == -ECONNRESET)
    return TRUE;
  return r == 0 || runc_throw_neg (error, r, "cannot make the network namespace");
}

/* Write the maps, and open the user namespace while the process waits for them: once it has become
 * another user, it is closed to us. */
static gboolean
map_ids (RuncLaunch *launch, GError **error)
{
  const RuncPlan *plan = launch->plan;
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/user", (int)launch->pid);

  if (plan->n_fuse > 0 && plan->new_userns)
    {
      launch->userns = open (path, O_RDONLY | O_CLOEXEC);
      if (launch->userns < 0)
        return runc_throw_errno (error, "cannot open '%s'", path);
    }
  return runc_launch_write_maps (&plan->maps, launch->pid, error);
}

gboolean
runc_launch_start (RuncLaunch *launch, RuncPlan *plan, const RuncLaunchContext *context,
                   GError **error)
{
  autofd int child_sock = -EBADF;
  int r;

  launch->plan = plan;
  for (gsize i = 0; i < plan->child.n_slots; i++)
    if (!open_slot (&plan->child, &plan->child.slots[i], context, error))
      return FALSE;
  r = runc_wire_pair (&launch->sock, &child_sock);
  if (r < 0)
    return runc_throw_neg (error, r, "cannot make a socket pair");
  launch->pid = runc_sys_clone (plan->clone_flags, context->cgroup_fd, &launch->pidfd);
  if (launch->pid == 0)
    {
      RuncChildStart start = {
        .plan = &plan->child,
        .sock = child_sock,
        .gate_lock = context->gate_fd,
        .close_fds = { launch->sock, context->state_dir_fd },
        .argv = context->self != NULL ? context->self->argv : NULL,
      };

      runc_child_main (&start);
    }
  if (launch->pid < 0)
    {
      r = launch->pid;
      launch->pid = 0;
      return runc_throw_neg (error, r, "cannot start the container's process%s",
                             r == -EPERM || r == -ENOSPC ? REFUSED
                             : r == -EAGAIN              ? TOO_MANY
                                                         : "");
    }
  if (plan->forks)
    {
      launch->stage_pid = launch->pid;
      launch->stage_pidfd = runc_steal_fd (&launch->pidfd);
      launch->pid = 0;
      return TRUE;
    }
  return map_ids (launch, error) && (!plan->makes_network || send_network (launch, error));
}

/* The child reported @failure, or vanished (NULL): the error that says so. */
static gboolean
throw_failure (RuncLaunch *launch, const RuncWireFailure *failure, GError **error)
{
  if (failure == NULL)
    return runc_throw (
        error, RUNC_ERROR_CHILD,
        "the container's process ended before it was ready (was it killed, for lack of "
        "memory perhaps?)");

  struct RuncPlanFailure told = {
    .op = failure->op,
    .errnum = failure->errnum,
    .step = failure->step,
    .index = failure->index,
    .detail = failure->detail,
  };

  return runc_plan_throw_failure (launch->plan, &told, error);
}

/* A packet with any payload that a child may send. */
typedef union
{
  RuncWireFailure failure;
  pid_t pid;
} Payload;

/* Receive exactly @wanted. */
static gboolean
expect (RuncLaunch *launch, RuncMessage wanted, Payload *ret_payload, int *ret_fd, GError **error)
{
  RuncMessage message;
  size_t len;
  int r
      = runc_wire_receive (launch->sock, &message, ret_payload, sizeof *ret_payload, &len, ret_fd);

  if (r < 0)
    return runc_throw_neg (error, r, "cannot read from the container's process");
  if (r == 0)
    return throw_failure (launch, NULL, error);
  if (message == RUNC_MESSAGE_FAILED && len == sizeof ret_payload->failure)
    {
      ret_payload->failure.detail[sizeof ret_payload->failure.detail - 1] = '\0';
      return throw_failure (launch, &ret_payload->failure, error);
    }
  if (message != wanted)
    return runc_throw (error, RUNC_ERROR_CHILD, "the container's process sent '%s', not '%s'",
                       runc_message_to_string (message), runc_message_to_string (wanted));
  return TRUE;
}

/* Send to the child. When it is gone, what it reported before is the error. */
static gboolean
tell (RuncLaunch *launch, RuncMessage message, GBytes *payload, int fd, GError **error)
{
  gsize len = 0;
  const void *data = payload != NULL ? g_bytes_get_data (payload, &len) : NULL;
  int r = runc_wire_send (launch->sock, message, data, len, fd);
  Payload ignored;

  if (r == 0)
    return TRUE;
  if (r == -EPIPE || r == -ECONNRESET)
    return expect (launch, message, &ignored, NULL, error);
  return runc_throw_neg (error, r, "cannot write to the container's process");
}

static gboolean
tell_seccomp (RuncLaunch *launch, const RuncSeccompFilter *filter, GError **error)
{
  RuncWireSeccomp head = { .flags = filter->flags, .n_instructions = filter->n_instructions };
  g_autoptr (GByteArray) packet = g_byte_array_new ();

  g_byte_array_append (packet, (const guint8 *)&head, sizeof head);
  g_byte_array_append (packet, (const guint8 *)filter->instructions,
                       filter->n_instructions * sizeof filter->instructions[0]);

  g_autoptr (GBytes) payload = g_byte_array_free_to_bytes (g_steal_pointer (&packet));

  return tell (launch, RUNC_MESSAGE_SECCOMP, payload, -1, error);
}

/* The state json for the next HOOKS after op @at. */
static gboolean
tell_hook_state (RuncLaunch *launch, const RuncLaunchDrive *drive, gsize at, GError **error)
{
  const RuncChildPlan *plan = &launch->plan->child;
  gboolean created;

  while (at < plan->n_ops && plan->ops[at].kind != RUNC_OP_HOOKS)
    at++;
  created = at < plan->n_ops && strcmp (plan->ops[at].u.hooks.kind, "startContainer") == 0;

  g_autofree char *json = drive->state_json (launch, created, drive->data);
  autofd int fd = runc_memfd_with_text (json, error);

  return fd >= 0 && tell (launch, RUNC_MESSAGE_HOOK_STATE, NULL, fd, error);
}

/* What a WAIT of the child takes. */
static gboolean
answer_wait (RuncLaunch *launch, const RuncLaunchDrive *drive, gsize at, GError **error)
{
  RuncMessage message = (RuncMessage)launch->plan->child.ops[at].u.message;

  if (message == RUNC_MESSAGE_HOOK_STATE)
    return tell_hook_state (launch, drive, at, error);
  if (message == RUNC_MESSAGE_DELEGATED && drive->on_delegate != NULL
      && !drive->on_delegate (launch, drive->data, error))
    return FALSE;
  if (message == RUNC_MESSAGE_HOOKS_DONE && drive->on_root_ready != NULL
      && !drive->on_root_ready (launch, drive->data, error))
    return FALSE;
  return tell (launch, message, NULL, -1, error);
}

/* The first stage said who the container's process is. */
static gboolean
take_forked (RuncLaunch *launch, const RuncLaunchDrive *drive, GError **error)
{
  Payload payload;
  autofd int fd = -EBADF;

  if (!expect (launch, RUNC_MESSAGE_FORKED, &payload, &fd, error))
    return FALSE;
  launch->pid = payload.pid;
  launch->pidfd = runc_steal_fd (&fd);
  return map_ids (launch, error)
         && (drive->on_forked == NULL || drive->on_forked (launch, drive->data, error));
}

gboolean
runc_launch_mount_fuse (RuncLaunch *launch, int take_device, GError **error)
{
  autofd int device = take_device;
  Payload payload;

  return tell (launch, RUNC_MESSAGE_DEVICE, NULL, device, error)
         && expect (launch, RUNC_MESSAGE_MOUNTED, &payload, NULL, error);
}

gboolean
runc_launch_await_served (RuncLaunch *launch, int timeout_ms, GError **error)
{
  struct pollfd poll_fd = { .fd = launch->sock, .events = POLLIN };
  Payload payload;
  int r;

  do
    r = poll (&poll_fd, 1, timeout_ms);
  while (r < 0 && errno == EINTR);
  if (r == 0)
    return runc_throw (error, RUNC_ERROR_FAILED, "no answer within %d seconds", timeout_ms / 1000);
  return expect (launch, RUNC_MESSAGE_SERVED, &payload, NULL, error);
}

/* The parent's half of op @at. */
static gboolean
drive_op (RuncLaunch *launch, const RuncLaunchDrive *drive, gsize at, GError **error)
{
  const RuncOp *op = &launch->plan->child.ops[at];
  Payload payload;

  switch (op->kind)
    {
    case RUNC_OP_WAIT:
      return answer_wait (launch, drive, at, error);
    case RUNC_OP_SEND:
      return expect (launch, (RuncMessage)op->u.message, &payload, NULL, error);
    case RUNC_OP_FORK:
      return take_forked (launch, drive, error);
    case RUNC_OP_FUSE:
      return expect (launch, RUNC_MESSAGE_FUSE, &payload, NULL, error)
             && drive->on_fuse (launch, op->u.fuse.index, drive->data, error);
    case RUNC_OP_CONSOLE:
      return expect (launch, RUNC_MESSAGE_CONSOLE, &payload, &launch->console, error);
    case RUNC_OP_SECCOMP:
      if (!tell_seccomp (launch, drive->filter, error))
        return FALSE;
      if (!op->u.seccomp.listener)
        return TRUE;
      return expect (launch, RUNC_MESSAGE_NOTIFY, &payload, &launch->notify, error)
             && (drive->on_listener == NULL || drive->on_listener (launch, drive->data, error));
    default:
      return TRUE;
    }
}

static gboolean
is_message (const RuncOp *op, RuncOpKind kind, RuncMessage message)
{
  return op->kind == kind && op->u.message == (int)message;
}

/* What takes a while, and can be done while the child is busy: see the first stage end, and let the
 * mount of our executable go, which costs whoever closes it last. */
static void
settle (RuncLaunch *launch)
{
  RuncChildPlan *plan = &launch->plan->child;

  reap (&launch->stage_pid);
  for (gsize i = 0; i < plan->n_slots; i++)
    if (plan->slots[i].kind == RUNC_SLOT_PROGRAM)
      runc_close_fdp (&plan->slots[i].fd);
}

gboolean
runc_launch_drive (RuncLaunch *launch, const RuncLaunchDrive *drive, GError **error)
{
  const RuncChildPlan *plan = &launch->plan->child;

  for (gsize at = 0; at < plan->n_ops; at++)
    {
      const RuncOp *op = &plan->ops[at];

      if (is_message (op, RUNC_OP_SEND, RUNC_MESSAGE_READY)
          || is_message (op, RUNC_OP_WAIT, RUNC_MESSAGE_PROCEED))
        settle (launch);
      if (is_message (op, RUNC_OP_WAIT, RUNC_MESSAGE_PROCEED))
        return TRUE;
      if (!drive_op (launch, drive, at, error))
        return FALSE;
    }
  return runc_throw (error, RUNC_ERROR_FAILED, "the plan has no op that waits for 'proceed'");
}

gboolean
runc_launch_proceed (RuncLaunch *launch, gboolean wait_exec, GError **error)
{
  Payload payload;
  RuncMessage message;
  size_t len;
  int r;

  if (!tell (launch, RUNC_MESSAGE_PROCEED, NULL, -1, error))
    return FALSE;
  if (wait_exec)
    {
      r = runc_wire_receive (launch->sock, &message, &payload, sizeof payload, &len, NULL);
      if (r < 0)
        return runc_throw_neg (error, r, "cannot read from the container's process");
      if (r > 0 && message == RUNC_MESSAGE_FAILED && len == sizeof payload.failure)
        {
          payload.failure.detail[sizeof payload.failure.detail - 1] = '\0';
          return throw_failure (launch, &payload.failure, error);
        }
      if (r > 0)
        return runc_throw (error, RUNC_ERROR_CHILD, "the container's process sent '%s' at its end",
                           runc_message_to_string (message));
    }
  launch->proceeded = TRUE;
  return TRUE;
}
