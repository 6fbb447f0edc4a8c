/* The plan: the namespace schedule as a table, the choice of id maps, mount options, and that
 * plan-check refuses what no plan may be.
 */
#include "base/error.h"
#include "plan/mount-options.h"
#include "plan/namespaces.h"
#include "plan/plan.h"
#include "wire/wire.h"

#include <linux/mount.h>
#include <sched.h>
#include <string.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NS_ALL (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

static RuncSpec *
decode (const char *text)
{
  g_autoptr (GError) error = NULL;
  RuncSpec *spec = runc_spec_decode (text, strlen (text), &error);

  g_assert_no_error (error);
  return spec;
}

static RuncHost *
decode_host (const char *text)
{
  g_autoptr (GError) error = NULL;
  RuncHost *host = runc_host_from_json (text, strlen (text), &error);

  g_assert_no_error (error);
  return host;
}

/* ---- the schedule ---------------------------------------------------------------------------- */

#define ALL_NAMESPACES                                                                             \
  "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"               \
  "{\"type\":\"mount\"}"
#define OFFSETS ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}"

#define USER      "\"euid\":1000,\"initial_userns\":true"
#define ROOT      "\"euid\":0,\"initial_userns\":true,\"effective_caps\":2199023255551"
#define USERNS    "\"euid\":0,\"initial_userns\":false,\"effective_caps\":2199023255551"
#define BARE_ROOT "\"euid\":0,\"initial_userns\":true"
#define FACT(ns)  ",\"namespaces\":{\"" ns "\":{\"current\":false,\"owner\":\"self\"}}"
#define FACTS2                                                                                     \
  ",\"namespaces\":{\"user\":{\"current\":false,\"owner\":\"other\"},"                             \
  "\"network\":{\"current\":false,\"owner\":\"path\"}}"
#define IS_CURRENT ",\"namespaces\":{\"network\":{\"current\":true,\"owner\":\"self\"}}"

#define BIT(ns) (1u << RUNC_NS_##ns)

static const struct
{
  const char *name;
  const char *namespaces; /* the members of linux.namespaces, and what follows the array */
  const char *more;
  const char *host;
  guint64 clone_flags;
  guint32 before;
  guint32 after;
  gboolean join_user;
  gboolean fork;
  guint64 fork_flags;
  gboolean time_offsets;
  gboolean unshare_cgroup;
} schedules[] = {
  { "root: all new", ALL_NAMESPACES, "", ROOT, NS_ALL, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "root: none: the mount namespace is made all the same", "", "", ROOT, CLONE_NEWNS, 0, 0, FALSE,
    FALSE, 0, FALSE, FALSE },
  { "root: a user namespace", ALL_NAMESPACES ",{\"type\":\"user\"}", "", ROOT,
    NS_ALL | CLONE_NEWUSER, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "root: a cgroup namespace comes last", ALL_NAMESPACES ",{\"type\":\"cgroup\"}", "", ROOT,
    NS_ALL, 0, 0, FALSE, FALSE, 0, FALSE, TRUE },
  { "root: joins a network namespace", "{\"type\":\"network\",\"path\":\"/n\"},{\"type\":\"pid\"}",
    "", ROOT FACT ("network"), CLONE_NEWNS | CLONE_NEWPID, BIT (NETWORK), 0, FALSE, FALSE, 0, FALSE,
    FALSE },
  { "root: joins a network namespace before the new user namespace",
    "{\"type\":\"network\",\"path\":\"/n\"},{\"type\":\"user\"}", "", ROOT FACT ("network"), 0,
    BIT (NETWORK), 0, FALSE, TRUE, CLONE_NEWNS | CLONE_NEWUSER, FALSE, FALSE },
  { "root: joining a pid namespace needs a child", "{\"type\":\"pid\",\"path\":\"/p\"}", "",
    ROOT FACT ("pid"), CLONE_NEWNS, BIT (PID), 0, FALSE, TRUE, 0, FALSE, FALSE },
  { "root: a time namespace without offsets", "{\"type\":\"time\"}", "", ROOT,
    CLONE_NEWNS | CLONE_NEWTIME, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "root: a time namespace with offsets", "{\"type\":\"time\"},{\"type\":\"pid\"}", OFFSETS, ROOT,
    CLONE_NEWNS, 0, 0, FALSE, TRUE, CLONE_NEWPID, TRUE, FALSE },
  { "root: offsets and a user namespace", "{\"type\":\"time\"},{\"type\":\"user\"}", OFFSETS, ROOT,
    0, 0, 0, FALSE, TRUE, CLONE_NEWNS | CLONE_NEWUSER, TRUE, FALSE },
  { "root: joins the namespace that it is in: nothing", "{\"type\":\"network\",\"path\":\"/n\"}",
    "", ROOT IS_CURRENT, CLONE_NEWNS, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "root: joins a user namespace and makes others in it",
    "{\"type\":\"user\",\"path\":\"/u\"},{\"type\":\"uts\"}", "", ROOT FACT ("user"), 0, 0, 0, TRUE,
    FALSE, 0, FALSE, FALSE },
  { "root: the same with a pid namespace", "{\"type\":\"user\",\"path\":\"/u\"},{\"type\":\"pid\"}",
    "", ROOT FACT ("user"), 0, 0, 0, TRUE, TRUE, CLONE_NEWNS | CLONE_NEWPID, FALSE, FALSE },
  { "user: a user namespace that nobody asked for", ALL_NAMESPACES, "", USER,
    NS_ALL | CLONE_NEWUSER, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "user: and one that was asked for", "{\"type\":\"user\"}", "", USER,
    CLONE_NEWNS | CLONE_NEWUSER, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "user: joins with the rights of the user namespace that is joined",
    "{\"type\":\"user\",\"path\":\"/u\"},{\"type\":\"network\",\"path\":\"/n\"}", "", USER FACTS2,
    0, 0, BIT (NETWORK), TRUE, FALSE, 0, FALSE, FALSE },
  { "user: time offsets", "{\"type\":\"time\"}", OFFSETS, USER, CLONE_NEWNS | CLONE_NEWUSER, 0, 0,
    FALSE, TRUE, 0, TRUE, FALSE },
  { "user: a cgroup namespace", "{\"type\":\"cgroup\"}", "", USER, CLONE_NEWNS | CLONE_NEWUSER, 0,
    0, FALSE, FALSE, 0, FALSE, TRUE },
  { "root of a user namespace: no other one", ALL_NAMESPACES, "", USERNS, NS_ALL, 0, 0, FALSE,
    FALSE, 0, FALSE, FALSE },
  { "root of a user namespace: another one on demand", ALL_NAMESPACES ",{\"type\":\"user\"}", "",
    USERNS, NS_ALL | CLONE_NEWUSER, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
  { "uid 0 without CAP_SYS_ADMIN is an ordinary user", ALL_NAMESPACES, "", BARE_ROOT,
    NS_ALL | CLONE_NEWUSER, 0, 0, FALSE, FALSE, 0, FALSE, FALSE },
};

static void
test_schedule (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autofree char *config
      = g_strdup_printf ("{\"ociVersion\":\"1.3.0\",\"linux\":{\"namespaces\":[%s]%s}}",
                         schedules[i].namespaces, schedules[i].more);
  g_autofree char *facts = g_strdup_printf ("{\"bundle\":\"/b\",%s}", schedules[i].host);
  g_autoptr (RuncSpec) spec = decode (config);
  g_autoptr (RuncHost) host = decode_host (facts);
  g_autoptr (GError) error = NULL;
  RuncSchedule s;

  g_assert_true (runc_plan_schedule (spec, host, &s, &error));
  g_assert_cmphex (s.clone_flags, ==, schedules[i].clone_flags);
  g_assert_cmphex (s.joins_before, ==, schedules[i].before);
  g_assert_cmphex (s.joins_after, ==, schedules[i].after);
  g_assert_cmpint (s.join_user, ==, schedules[i].join_user);
  g_assert_cmpint (s.fork, ==, schedules[i].fork);
  g_assert_cmphex (s.fork_flags, ==, schedules[i].fork_flags);
  g_assert_cmpint (s.time_offsets, ==, schedules[i].time_offsets);
  g_assert_cmpint (s.unshare_cgroup, ==, schedules[i].unshare_cgroup);
}

static void
test_schedule_errors (void)
{
  g_autoptr (RuncSpec) spec = decode ("{\"ociVersion\":\"1.3.0\",\"linux\":{\"namespaces\":["
                                      "{\"type\":\"network\",\"path\":\"/n\"}]}}");
  g_autoptr (RuncHost) missing = decode_host ("{\"bundle\":\"/b\"," ROOT "}");
  g_autoptr (RuncHost) forbidden = decode_host ("{\"bundle\":\"/b\"," USER FACT ("network") "}");
  g_autoptr (GError) error = NULL;
  RuncSchedule s;

  g_assert_false (runc_plan_schedule (spec, missing, &s, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (runc_plan_schedule (spec, forbidden, &s, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
}

/* ---- whole plans ----------------------------------------------------------------------------- */

#define HOST_TAIL                                                                                  \
  ",\"setgroups_allowed\":true,\"userns_allowed\":true,\"uid_map\":[[0,0,4294967295]],"            \
  "\"gid_map\":[[0,0,4294967295]],\"bundle\":\"/b\",\"rootfs\":\"/b/"                              \
  "rootfs\","                                                                                      \
  "\"rootfs_writable\":true"

/* A plan with everything it was made from. */
typedef struct
{
  RuncSpec *spec;
  RuncHost *host;
  RuncPlan *plan;
} Made;

static void
made_clear (Made *made)
{
  g_clear_pointer (&made->plan, runc_plan_free);
  g_clear_pointer (&made->host, runc_host_free);
  g_clear_pointer (&made->spec, runc_spec_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Made, made_clear)

static void
make (Made *made, const char *linux_members, const char *who, GError **error)
{
  static const RuncCreateRequest request = { .id = "ct" };
  static const RuncGlobal global = { 0 };
  g_autofree char *config = g_strdup_printf (
      "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
      "\"process\":{\"cwd\":\"/\",\"args\":[\"true\"],\"user\":{\"uid\":0,\"gid\":0},"
      "\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]}},"
      "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],"
      "\"linux\":{\"namespaces\":[" ALL_NAMESPACES "]%s}}",
      linux_members);
  g_autofree char *facts = g_strdup_printf ("{%s" HOST_TAIL "}", who);

  made->spec = decode (config);
  made->host = decode_host (facts);

  RuncPlanInput input = { .spec = made->spec,
                          .host = made->host,
                          .global = &global,
                          .request = &request,
                          .state_dir = "/run/runc/ct" };

  made->plan = runc_plan_new (&input, error);
}

static void
test_maps (void)
{
  static const struct
  {
    const char *members;
    const char *who;
    RuncMapMethod method;
    gsize n_uids;
  } rows[] = {
    { "", ROOT, RUNC_MAP_NONE, 0 },
    { "", USER ",\"egid\":1000", RUNC_MAP_SELF, 1 },
    { "", USER ",\"egid\":1000,\"sub_uids\":[[100000,0,65536]],\"sub_gids\":[[100000,0,65536]]",
      RUNC_MAP_SELF, 1 }, /* ranges without the programs that may use them */
    { "",
      USER ",\"egid\":1000,\"sub_uids\":[[100000,0,65536]],\"sub_gids\":[[100000,0,65536]],"
           "\"newuidmap\":\"/u\",\"newgidmap\":\"/g\"",
      RUNC_MAP_TOOLS, 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Made) made = { 0 };
      g_autoptr (GError) error = NULL;

      make (&made, rows[i].members, rows[i].who, &error);
      g_assert_no_error (error);
      g_assert_cmpint (made.plan->maps.method, ==, rows[i].method);
      g_assert_cmpuint (made.plan->maps.n_uids, ==, rows[i].n_uids);
      g_assert_true (runc_plan_check (made.plan, &error));
      g_assert_no_error (error);
    }
}

#define OWN_IDS                                                                                    \
  "{\"bundle\":\"/b\"," USER                                                                       \
  ",\"egid\":1000,\"uid_map\":[[0,0,4294967295]],\"gid_map\":[[0,0,4294967295]],"                  \
  "\"sub_uids\":[%s]}"

/* Which ids of the ranges are mapped: "outside+size" for each line behind the first. */
static void
test_own_ids (void)
{
  static const struct
  {
    const char *ranges;
    const char *expected;
  } rows[] = {
    { "", "" },
    { "[100000,0,65536]", "100000+65536" },
    { "[100000,0,10],[200000,0,5]", "100000+10 200000+5" },
    /* each id once */
    { "[100000,0,10],[100000,0,10]", "100000+10" },
    { "[100000,0,10],[100005,0,10]", "100000+10 100010+5" },
    { "[100005,0,10],[100000,0,20]", "100005+10 100000+5 100015+5" },
    { "[100003,0,2],[100007,0,2],[100000,0,10]", "100003+2 100007+2 100000+3 100005+2 100009+1" },
    { "[100000,0,20],[100005,0,10]", "100000+20" },
    /* neither ours, which is the first line, nor root's */
    { "[990,0,20]", "990+10 1001+9" },
    { "[1000,0,1]", "" },
    { "[1000,0,3]", "1001+2" },
    { "[0,0,1]", "" },
    { "[0,0,65536]", "1+999 1001+64535" },
    /* none that do not exist here */
    { "[4294967290,0,100],[100000,0,1]", "100000+1" },
    { "[100000,0,0]", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *facts = g_strdup_printf (OWN_IDS, rows[i].ranges);
      g_autoptr (RuncHost) host = decode_host (facts);
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree RuncIdMap *map = NULL;
      guint32 inside = 1;
      gsize n;

      map = runc_plan_own_ids (host, false, &n);
      g_assert_cmpuint (map[0].inside, ==, 0);
      g_assert_cmpuint (map[0].outside, ==, 1000);
      g_assert_cmpuint (map[0].size, ==, 1);
      for (gsize k = 1; k < n; k++)
        {
          g_assert_cmpuint (map[k].inside, ==, inside);
          inside += map[k].size;
          g_string_append_printf (text, "%s%u+%u", k > 1 ? " " : "", map[k].outside, map[k].size);
        }
      g_assert_cmpstr (text->str, ==, rows[i].expected);
    }
}

/* No more lines and bytes than the kernel takes. */
static void
test_many_ranges (void)
{
  g_autoptr (GString) ranges = g_string_new (NULL);
  g_autofree char *facts = NULL;
  g_autoptr (RuncHost) host = NULL;

  for (int i = 0; i < 1000; i++)
    g_string_append_printf (ranges, "%s[%d,0,5]", i > 0 ? "," : "", 300000 + 10 * i);
  facts = g_strdup_printf (OWN_IDS, ranges->str);
  host = decode_host (facts);

  gsize n, length = 0;
  g_autofree RuncIdMap *map = runc_plan_own_ids (host, false, &n);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *line
          = g_strdup_printf ("%u %u %u\n", map[i].inside, map[i].outside, map[i].size);

      length += strlen (line);
    }
  g_assert_cmpuint (length, <, 4096);
  g_assert_cmpuint (length, >, 4000);
  g_assert_cmpuint (n, <=, 340);
}

static void
test_same_input_same_plan (void)
{
  g_auto (Made) one = { 0 }, two = { 0 };

  make (&one, "", ROOT, NULL);
  make (&two, "", ROOT, NULL);
  g_autofree char *a = runc_plan_dump_text (one.plan);
  g_autofree char *b = runc_plan_dump_text (two.plan);
  g_assert_cmpstr (a, ==, b);
  g_autofree char *json = runc_plan_dump_json (one.plan);
  g_autoptr (GError) error = NULL;
  autojson RuncJson *parsed = runc_json_parse (json, strlen (json), "plan", &error);
  g_assert_no_error (error);
  g_assert_nonnull (parsed);
}

/* ---- plan-check ------------------------------------------------------------------------------ */

static RuncOp *
find (RuncOp *ops, gsize n, RuncOpKind kind)
{
  for (gsize i = 0; i < n; i++)
    if (ops[i].kind == kind)
      return &ops[i];
  g_assert_not_reached ();
}

static void
exchange (RuncOp *ops, gsize n, RuncOpKind a, RuncOpKind b)
{
  RuncOp *first = find (ops, n, a), *second = find (ops, n, b);
  RuncOp saved = *first;

  *first = *second;
  *second = saved;
}

/* Each of these breaks one invariant of a good plan. */
static void
break_exec_last (RuncOp *ops, gsize n)
{
  exchange (ops, n, RUNC_OP_EXEC, RUNC_OP_LOOKUP);
}

static void
break_source_late (RuncOp *ops, gsize n)
{
  exchange (ops, n, RUNC_OP_OPEN_TREE, RUNC_OP_PIVOT);
}

static void
break_slot_unfilled (RuncOp *ops, gsize n)
{
  RuncOp *op = find (ops, n, RUNC_OP_ROOTFS);

  op->slot = op->result;
}

static void
break_bounding_late (RuncOp *ops, gsize n)
{
  exchange (ops, n, RUNC_OP_BOUNDING, RUNC_OP_CAPABILITIES);
}

static void
break_inheritable (RuncOp *ops, gsize n)
{
  find (ops, n, RUNC_OP_CAPABILITIES)->u.caps.inheritable = ~G_GUINT64_CONSTANT (0);
}

static void
break_mount_after_pivot (RuncOp *ops, gsize n)
{
  exchange (ops, n, RUNC_OP_MOUNT, RUNC_OP_LOOKUP);
}

static void
break_alternative_missing (RuncOp *ops, gsize n)
{
  RuncOp *op = find (ops, n, RUNC_OP_LOOKUP);

  op->on_error = RUNC_ON_ERROR_ALTERNATIVE;
  op->on_errno[0] = ENOENT;
}

static void
break_proceed_missing (RuncOp *ops, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (ops[i].kind == RUNC_OP_WAIT && ops[i].u.message == RUNC_MESSAGE_PROCEED)
      ops[i].kind = RUNC_OP_NEW_SESSION;
}

static void
test_check (gconstpointer data)
{
  void (*break_it) (RuncOp * ops, gsize n) = (void (*) (RuncOp *, gsize))data;
  g_auto (Made) made = { 0 };
  g_autoptr (GError) error = NULL;
  RuncChildPlan *child;

  make (&made, "", ROOT, NULL);
  child = &made.plan->child;
  g_assert_true (runc_plan_check (made.plan, &error));
  g_assert_no_error (error);

  g_autofree RuncOp *ops = g_memdup2 (child->ops, child->n_ops * sizeof *ops);

  break_it (ops, child->n_ops);
  child->ops = ops;
  g_assert_false (runc_plan_check (made.plan, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*break_it) (RuncOp *ops, gsize n);
  } broken[] = {
    { "exec-last", break_exec_last },
    { "source-late", break_source_late },
    { "slot-unfilled", break_slot_unfilled },
    { "bounding-late", break_bounding_late },
    { "inheritable", break_inheritable },
    { "mount-after-pivot", break_mount_after_pivot },
    { "alternative-missing", break_alternative_missing },
    { "proceed-missing", break_proceed_missing },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (schedules); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plan/schedule/%s", schedules[i].name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_schedule);
    }
  g_test_add_func ("/plan/schedule-errors", test_schedule_errors);
  g_test_add_func ("/plan/maps", test_maps);
  g_test_add_func ("/plan/own-ids", test_own_ids);
  g_test_add_func ("/plan/many-ranges", test_many_ranges);
  g_test_add_func ("/plan/same-input-same-plan", test_same_input_same_plan);
  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plan/check/%s", broken[i].name);

      g_test_add_data_func (path, (gconstpointer)broken[i].break_it, test_check);
    }
  return g_test_run ();
}
