/* libFuzzer: from config.json to the plans of run, create and exec, on hosts of several kinds.
 *
 * Beyond "no crash, no leak": a configuration that is valid ends in an error with a message, or in
 * a plan that keeps all rules of plan-check; that plan can be shown, and there are words for the
 * failure of each of its ops.
 */
#include "base/json.h"
#include "plan/plan.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define FULL_MAP "\"uid_map\":[[0,0,4294967295]],\"gid_map\":[[0,0,4294967295]],"
#define BUNDLE   "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"rootfs_writable\":true,"

static const char *const hosts[] = {
  /* root, the unified hierarchy */
  "{" FULL_MAP BUNDLE "\"effective_caps\":2199023255551,\"initial_userns\":true,"
  "\"setgroups_allowed\":true,\"userns_allowed\":true,\"cgroup_mode\":\"v2\","
  "\"cgroup2_mount\":\"/sys/fs/cgroup\",\"cgroup2_path\":\"/\"}",
  /* a user with ranges and a session of systemd */
  "{" FULL_MAP BUNDLE "\"euid\":1000,\"egid\":1000,\"initial_userns\":true,"
  "\"setgroups_allowed\":true,\"userns_allowed\":true,\"cgroup_mode\":\"v2\","
  "\"cgroup2_mount\":\"/sys/fs/cgroup\",\"cgroup2_path\":\"/user.slice\",\"systemd_user\":true,"
  "\"sub_uids\":[[100000,0,65536]],\"sub_gids\":[[100000,0,65536]],"
  "\"newuidmap\":\"/usr/bin/newuidmap\",\"newgidmap\":\"/usr/bin/newgidmap\"}",
  /* a user without, whose root file system is not his, cgroup v1 */
  "{" FULL_MAP "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"euid\":1000,\"egid\":1000,"
  "\"initial_userns\":true,\"setgroups_allowed\":true,\"userns_allowed\":true,"
  "\"proc_masked\":true,\"overlay_in_userns\":true,\"cgroup_mode\":\"v1\"}",
  /* root of a user namespace with one id */
  "{" BUNDLE "\"uid_map\":[[0,1000,1]],\"gid_map\":[[0,1000,1]],"
  "\"effective_caps\":2199023255551,\"userns_allowed\":true,\"cgroup_mode\":\"none\"}",
};

static void
check_json (const char *text)
{
  autojson RuncJson *json = runc_json_parse (text, strlen (text), "plan", NULL);

  g_assert_nonnull (json);
}

static void
check_failures (const RuncPlan *plan)
{
  for (gsize i = 0; i < plan->child.n_ops; i++)
    for (int errnum = EPERM; errnum <= ENOENT; errnum++)
      {
        const struct RuncPlanFailure failure = { .op = (int)i, .errnum = errnum, .detail = "" };
        g_autoptr (GError) error = NULL;

        g_assert_false (runc_plan_throw_failure (plan, &failure, &error));
        g_assert_nonnull (error);
      }
}

/* @plan, or if it is NULL, @error. */
static void
check_plan (const RuncPlan *plan, GError *error)
{
  g_autoptr (GError) broken = NULL;

  if (plan == NULL)
    {
      g_assert_cmpuint (strlen (error->message), >, 0);
      return;
    }
  runc_plan_check (plan, &broken);
  g_assert_no_error (broken);
  g_autofree char *text = runc_plan_dump_text (plan);
  g_autofree char *json = runc_plan_dump_json (plan);
  check_json (json);
  check_failures (plan);
}

static void
try_create (const RuncSpec *spec, const RuncHost *host, gboolean gate)
{
  const RuncGlobal global = { .root = "/run/runc" };
  const RuncCreateRequest request = { .id = "fuzz", .bundle = "/b" };
  const RuncPlanInput input = {
    .spec = spec,
    .host = host,
    .global = &global,
    .request = &request,
    .state_dir = "/run/runc/fuzz",
    .gate = gate,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncPlan) plan = runc_plan_new (&input, &error);

  check_plan (plan, error);
}

static void
try_exec (const RuncSpec *spec, const RuncHost *host)
{
  const RuncExecRequest request = { .id = "fuzz" };
  const RuncExecPlanInput input = {
    .spec = spec,
    .process = spec->process,
    .host = host,
    .request = &request,
    .join_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncPlan) plan = spec->process != NULL ? runc_plan_new_exec (&input, &error) : NULL;

  if (spec->process != NULL)
    check_plan (plan, error);
}

static void
try_host (const RuncSpec *spec, const char *facts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncHost) host = runc_host_from_json (facts, strlen (facts), &error);

  g_assert_no_error (error);
  try_create (spec, host, FALSE);
  try_create (spec, host, TRUE);
  try_exec (spec, host);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (RuncSpec) spec = runc_spec_decode ((const char *)data, size, NULL);

  if (spec == NULL || !runc_spec_validate (spec, NULL))
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    try_host (spec, hosts[i]);
  return 0;
}
