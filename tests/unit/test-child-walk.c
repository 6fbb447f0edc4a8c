/* The child's walker on plans of a few ops: order, alternatives, skipped errors, reports, the end
 * of the parent. No privileges: the ops are those that any process may do. */
#include "base/fd.h"
#include "child/child.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum
{
  MAX_OPS = 16,
};

/* A child that walks a plan, and our end of its wire. */
typedef struct
{
  RuncOp ops[MAX_OPS];
  RuncChildPlan plan;
  int sock;
  pid_t pid;
  int out; /* what the program wrote to its stdout */
} Walk;

static const char *const program[] = { "sh", "-c", "echo ran; umask; pwd; exit 5", NULL };
static char *environment[] = { (char *)"A=1", NULL };

/* ops that can stand for success and failure */
static const RuncOp good = { .kind = RUNC_OP_UMASK, .u.number = 027 };
static const RuncOp bad = { .kind = RUNC_OP_CHDIR, .label = "bad", .u.text = "/nonexistent/dir" };
static const RuncOp chdir_etc = { .kind = RUNC_OP_CHDIR, .u.text = "/etc" };
static const RuncOp lookup = { .kind = RUNC_OP_LOOKUP };
static const RuncOp exec_op = { .kind = RUNC_OP_EXEC };
static const RuncOp wait_mapped = { .kind = RUNC_OP_WAIT, .u.message = RUNC_MESSAGE_MAPPED };
static const RuncOp wait_proceed = { .kind = RUNC_OP_WAIT, .u.message = RUNC_MESSAGE_PROCEED };
static const RuncOp send_ready = { .kind = RUNC_OP_SEND, .u.message = RUNC_MESSAGE_READY };

static RuncOp
with (RuncOp op, RuncOnError on_error, int errnum)
{
  op.on_error = on_error;
  op.on_errno[0] = errnum;
  return op;
}

static RuncOp
alternative (RuncOp op)
{
  op.alternative = true;
  return op;
}

static void
add (Walk *walk, RuncOp op)
{
  g_assert_cmpuint (walk->plan.n_ops, <, MAX_OPS);
  op.slot = op.slot != 0 ? op.slot : RUNC_NO_SLOT;
  op.result = RUNC_NO_SLOT;
  walk->ops[walk->plan.n_ops++] = op;
}

static void
init (Walk *walk)
{
  memset (walk, 0, sizeof *walk);
  walk->plan = (RuncChildPlan){
    .argv = program,
    .envp = environment,
    .env_home = -1,
    .env_listen_pid = -1,
    .search_path = "/nonexistent:/usr/bin:/bin",
    .proc_slot = RUNC_NO_SLOT,
    .root_slot = RUNC_NO_SLOT,
  };
}

static void
start (Walk *walk)
{
  int out[2], sock;

  walk->plan.ops = walk->ops;
  g_assert_cmpint (pipe2 (out, O_CLOEXEC), ==, 0);
  g_assert_cmpint (runc_wire_pair (&walk->sock, &sock), ==, 0);
  walk->pid = fork ();
  g_assert_cmpint (walk->pid, >=, 0);
  if (walk->pid == 0)
    {
      RuncChildStart child = {
        .plan = &walk->plan,
        .sock = sock,
        .close_fds = { walk->sock, -EBADF },
      };

      dup2 (out[1], 1);
      alarm (20);
      runc_child_main (&child);
    }
  close (out[1]);
  close (sock);
  walk->out = out[0];
}

static void
tell (Walk *walk, RuncMessage message)
{
  g_assert_cmpint (runc_wire_send (walk->sock, message, NULL, 0, -1), ==, 0);
}

/* The exit status, or 128 + signal. */
static int
finish (Walk *walk, char **ret_output)
{
  GString *output = g_string_new (NULL);
  char buffer[256];
  gssize n;
  int status;

  while ((n = read (walk->out, buffer, sizeof buffer)) > 0)
    g_string_append_len (output, buffer, n);
  g_assert_cmpint (waitpid (walk->pid, &status, 0), ==, walk->pid);
  close (walk->out);
  walk->sock = runc_close_fd (walk->sock);
  if (ret_output != NULL)
    *ret_output = g_string_free (output, FALSE);
  else
    g_string_free (output, TRUE);
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

static void
assert_end (Walk *walk)
{
  RuncMessage message;

  g_assert_cmpint (runc_wire_read (walk->sock, &message), ==, 0);
}

static void
assert_failure (Walk *walk, RuncWireFailure *ret_failure)
{
  RuncMessage message;
  size_t len;

  g_assert_cmpint (runc_wire_receive (walk->sock, &message, ret_failure, sizeof *ret_failure, &len,
                                      NULL),
                   ==, 1);
  g_assert_cmpint (message, ==, RUNC_MESSAGE_FAILED);
  g_assert_cmpuint (len, ==, sizeof *ret_failure);
  assert_end (walk);
}

/* Run to the program's end, which printed @wanted. */
static void
assert_runs (Walk *walk, const char *wanted)
{
  g_autofree char *output = NULL;

  start (walk);
  assert_end (walk);
  g_assert_cmpint (finish (walk, &output), ==, 5);
  g_assert_cmpstr (output, ==, wanted);
}

static void
test_exec (void)
{
  Walk walk;

  init (&walk);
  add (&walk, good);
  add (&walk, chdir_etc);
  add (&walk, lookup);
  add (&walk, exec_op);
  assert_runs (&walk, "ran\n0027\n/etc\n");
}

static void
test_skip (void)
{
  Walk walk;

  init (&walk);
  add (&walk, with (bad, RUNC_ON_ERROR_SKIP, ENOENT));
  add (&walk, chdir_etc);
  add (&walk, lookup);
  add (&walk, exec_op);
  umask (022);
  assert_runs (&walk, "ran\n0022\n/etc\n");
}

/* Only the errno that is named. */
static void
test_other_errno (void)
{
  static const RuncOnError kinds[] = { RUNC_ON_ERROR_SKIP, RUNC_ON_ERROR_ALTERNATIVE };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      RuncWireFailure failure;
      Walk walk;

      init (&walk);
      add (&walk, good);
      add (&walk, with (bad, kinds[i], EPERM));
      add (&walk, alternative (chdir_etc));
      add (&walk, lookup);
      add (&walk, exec_op);
      start (&walk);
      assert_failure (&walk, &failure);
      g_assert_cmpint (failure.op, ==, 1);
      g_assert_cmpint (failure.errnum, ==, ENOENT);
      g_assert_cmpint (failure.step, ==, RUNC_FAIL_ANY);
      g_assert_cmpint (finish (&walk, NULL), ==, 1);
    }
}

static void
test_alternative (void)
{
  Walk walk;

  /* several of them, all are done */
  init (&walk);
  add (&walk, with (bad, RUNC_ON_ERROR_ALTERNATIVE, ENOENT));
  add (&walk, alternative (chdir_etc));
  add (&walk, alternative (good));
  add (&walk, lookup);
  add (&walk, exec_op);
  assert_runs (&walk, "ran\n0027\n/etc\n");

  /* none, when what they stand for works */
  init (&walk);
  add (&walk, with (chdir_etc, RUNC_ON_ERROR_ALTERNATIVE, ENOENT));
  add (&walk, alternative (good));
  add (&walk, alternative (bad));
  add (&walk, lookup);
  add (&walk, exec_op);
  umask (022);
  assert_runs (&walk, "ran\n0022\n/etc\n");

  /* and the next run of them belongs to the next op */
  init (&walk);
  add (&walk, with (bad, RUNC_ON_ERROR_ALTERNATIVE, ENOENT));
  add (&walk, alternative (chdir_etc));
  add (&walk, with (good, RUNC_ON_ERROR_ALTERNATIVE, ENOENT));
  add (&walk, alternative (bad));
  add (&walk, lookup);
  add (&walk, exec_op);
  assert_runs (&walk, "ran\n0027\n/etc\n");
}

/* An alternative that fails is fatal. */
static void
test_alternative_fails (void)
{
  RuncWireFailure failure;
  Walk walk;

  init (&walk);
  add (&walk, with (bad, RUNC_ON_ERROR_ALTERNATIVE, ENOENT));
  add (&walk, alternative (good));
  add (&walk, alternative (bad));
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.op, ==, 2);
  g_assert_cmpint (failure.errnum, ==, ENOENT);
  g_assert_cmpint (finish (&walk, NULL), ==, 1);
}

static void
test_report (void)
{
  static const char *const missing[] = { "no-such-program", NULL };
  static const char *const absolute[] = { "/nonexistent/program", NULL };
  static const RuncPlanRlimit limits[]
      = { { RLIMIT_CORE, 0, 0 }, { 999, 1, 1 }, { RLIMIT_CORE, 0, 0 } };
  RuncWireFailure failure;
  Walk walk;

  init (&walk);
  walk.plan.argv = missing;
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.op, ==, 0);
  g_assert_cmpint (failure.errnum, ==, ENOENT);
  g_assert_cmpint (failure.step, ==, RUNC_FAIL_RESOLVE);
  g_assert_cmpstr (failure.detail, ==, "no-such-program");
  finish (&walk, NULL);

  init (&walk);
  walk.plan.argv = absolute;
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.errnum, ==, ENOENT);
  g_assert_cmpint (failure.step, ==, RUNC_FAIL_ANY);
  finish (&walk, NULL);

  /* which of several */
  init (&walk);
  add (&walk, (RuncOp){ .kind = RUNC_OP_RLIMITS, .u.rlimits = { limits, 3 } });
  add (&walk, exec_op);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.errnum, ==, EINVAL);
  g_assert_cmpint (failure.index, ==, 1);
  finish (&walk, NULL);

  /* what an op noted is gone with it */
  init (&walk);
  walk.plan.argv = missing;
  add (&walk, with (lookup, RUNC_ON_ERROR_SKIP, ENOENT));
  add (&walk, bad);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.op, ==, 1);
  g_assert_cmpint (failure.step, ==, RUNC_FAIL_ANY);
  g_assert_cmpstr (failure.detail, ==, "");
  finish (&walk, NULL);
}

/* A plan without EXEC reports that, and does not fall off its end. */
static void
test_no_exec (void)
{
  RuncWireFailure failure;
  Walk walk;

  init (&walk);
  add (&walk, good);
  start (&walk);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.op, ==, -1);
  g_assert_cmpint (failure.errnum, ==, ENOEXEC);
  g_assert_cmpint (finish (&walk, NULL), ==, 1);
}

static void
test_messages (void)
{
  g_autofree char *output = NULL;
  RuncMessage message;
  Walk walk;

  init (&walk);
  add (&walk, wait_mapped);
  add (&walk, chdir_etc);
  add (&walk, send_ready);
  add (&walk, wait_proceed);
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  tell (&walk, RUNC_MESSAGE_MAPPED);
  g_assert_cmpint (runc_wire_read (walk.sock, &message), ==, 1);
  g_assert_cmpint (message, ==, RUNC_MESSAGE_READY);
  tell (&walk, RUNC_MESSAGE_PROCEED);
  assert_end (&walk);
  g_assert_cmpint (finish (&walk, &output), ==, 5);

  /* sent ahead, in one go */
  init (&walk);
  add (&walk, wait_mapped);
  add (&walk, wait_proceed);
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  tell (&walk, RUNC_MESSAGE_MAPPED);
  tell (&walk, RUNC_MESSAGE_PROCEED);
  assert_end (&walk);
  g_assert_cmpint (finish (&walk, NULL), ==, 5);
}

static void
test_wrong_message (void)
{
  RuncWireFailure failure;
  Walk walk;

  init (&walk);
  add (&walk, good);
  add (&walk, wait_mapped);
  add (&walk, exec_op);
  start (&walk);
  tell (&walk, RUNC_MESSAGE_PROCEED);
  assert_failure (&walk, &failure);
  g_assert_cmpint (failure.op, ==, 1);
  g_assert_cmpint (failure.step, ==, RUNC_FAIL_PROTOCOL);
  g_assert_cmpint (failure.errnum, ==, EBADMSG);
  finish (&walk, NULL);
}

/* The parent is gone: nobody wants this container, and nothing is executed. */
static void
test_parent_gone (void)
{
  g_autofree char *output = NULL;
  Walk walk;

  init (&walk);
  add (&walk, wait_mapped);
  add (&walk, lookup);
  add (&walk, exec_op);
  start (&walk);
  walk.sock = runc_close_fd (walk.sock);
  g_assert_cmpint (finish (&walk, &output), ==, 1);
  g_assert_cmpstr (output, ==, "");
}

/* The report comes behind what was sent ahead and never read. */
static void
test_report_with_messages_unread (void)
{
  RuncWireFailure failure;
  Walk walk;

  for (int i = 0; i < 50; i++)
    {
      init (&walk);
      add (&walk, wait_mapped);
      add (&walk, bad);
      add (&walk, wait_proceed);
      add (&walk, exec_op);
      start (&walk);
      tell (&walk, RUNC_MESSAGE_MAPPED);
      runc_wire_send (walk.sock, RUNC_MESSAGE_PROCEED, NULL, 0, -1);
      assert_failure (&walk, &failure);
      g_assert_cmpint (failure.op, ==, 1);
      finish (&walk, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/child/exec", test_exec);
  g_test_add_func ("/child/skip", test_skip);
  g_test_add_func ("/child/other-errno", test_other_errno);
  g_test_add_func ("/child/alternative", test_alternative);
  g_test_add_func ("/child/alternative-fails", test_alternative_fails);
  g_test_add_func ("/child/report", test_report);
  g_test_add_func ("/child/no-exec", test_no_exec);
  g_test_add_func ("/child/messages", test_messages);
  g_test_add_func ("/child/wrong-message", test_wrong_message);
  g_test_add_func ("/child/parent-gone", test_parent_gone);
  g_test_add_func ("/child/report-with-messages-unread", test_report_with_messages_unread);
  return g_test_run ();
}
