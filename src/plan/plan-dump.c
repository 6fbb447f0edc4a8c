/* A plan as text or JSON, for people, golden files and --debug. Pure; the parent.
 *
 * Both forms come from one description: each op is a list of names and values. Nothing that differs
 * from run to run (fds, addresses) is shown.
 */
#include "plan/plan-dump-op.h"

#include <string.h>

static const char *
network_to_string (RuncNetworkMode mode)
{
  static const char *const names[] = { "unset", "host", "none", "slirp", "pasta" };

  return names[mode];
}

static const char *const programs[] = { "kept", "left", "again" };
static const char *const map_methods[] = { "none", "self", "direct", "tools" };
static const char *const cgroup_drivers[] = { "none", "fs2", "fs1", "systemd" };
static const char *const overlay_kinds[] = { "none", "kernel", "fuse" };

/* The parts of a plan that are not in the op list, one sink each. */
static void
describe_general (RuncDumpSink *sink, const RuncPlan *plan)
{
  runc_dump_namespaces (sink, "clone", plan->clone_flags);
  runc_dump_flag (sink, "makes-network", plan->makes_network);
  runc_dump_flag (sink, "forks", plan->forks);
  runc_dump_flag (sink, "new-userns", plan->new_userns);
  runc_dump_flag (sink, "own-pidns", plan->own_pidns);
  runc_dump_flag (sink, "terminal", plan->terminal);
  runc_dump_flag (sink, "seccomp", plan->seccomp != NULL);
  if (plan->program != RUNC_PROGRAM_KEPT)
    runc_dump_text (sink, "program", programs[plan->program]);
}

static void
describe_cgroup (RuncDumpSink *sink, const RuncCgroupPlan *cgroup)
{
  runc_dump_text (sink, "driver", cgroup_drivers[cgroup->driver]);
  runc_dump_text (sink, "path", cgroup->path);
  runc_dump_list (sink, "v1", (const char *const *)cgroup->v1_dirs);
  runc_dump_text (sink, "v2", cgroup->v2_dir);
  runc_dump_flag (sink, "user-bus", cgroup->user_bus);
  runc_dump_flag (sink, "delegate", cgroup->delegate);
  runc_dump_list (sink, "properties", (const char *const *)cgroup->properties);
  runc_dump_text (sink, "subgroup", cgroup->subgroup);
  runc_dump_text (sink, "delegated", cgroup->delegated);
  runc_dump_flag (sink, "device-rules", cgroup->device_rules);
  if (cgroup->owner != 0)
    runc_dump_put (sink, "owner", "%u", cgroup->owner);
  runc_dump_flag (sink, "resources", cgroup->resources != NULL);
}

static void
describe_rdt (RuncDumpSink *sink, const RuncRdtPlan *rdt)
{
  runc_dump_text (sink, "dir", rdt->dir);
  runc_dump_text (sink, "mon-dir", rdt->mon_dir);
  runc_dump_flag (sink, "must-exist", rdt->must_exist);
  runc_dump_flag (sink, "own", rdt->own);
  runc_dump_text (sink, "expected", rdt->expected);
  runc_dump_text (sink, "schemata", rdt->schemata);
}

static void
describe_network (RuncDumpSink *sink, const RuncNetworkPlan *network)
{
  runc_dump_text (sink, "mode", network_to_string (network->mode));
  runc_dump_list (sink, "publish", (const char *const *)network->publish);
  runc_dump_flag (sink, "ipv6", network->ipv6);
  runc_dump_flag (sink, "host-loopback", network->host_loopback);
  runc_dump_text (sink, "outbound", network->outbound_addr);
  for (gsize i = 0; i < network->n_devices; i++)
    runc_dump_text (sink, network->devices[i].host_name,
                    network->devices[i].name != NULL ? network->devices[i].name : "");
}

static void
describe_overlay (RuncDumpSink *sink, const RuncOverlayPlan *overlay)
{
  runc_dump_text (sink, "kind", overlay_kinds[overlay->kind]);
  runc_dump_list (sink, "lowers", overlay->lowers);
  runc_dump_text (sink, "directory", overlay->directory);
  runc_dump_flag (sink, "discard", overlay->discard);
}

static void
describe_fuse (RuncDumpSink *sink, const RuncPlan *plan, const RuncFusePlan *fuse)
{
  runc_dump_text (sink, "program", plan->fuse_overlayfs);
  runc_dump_text (sink, "for", fuse->label);
  runc_dump_list (sink, "lowers", fuse->lowers);
  runc_dump_text (sink, "layer", fuse->layer);
  runc_dump_text (sink, "upper", fuse->upper);
  runc_dump_text (sink, "work", fuse->work);
  runc_dump_flag (sink, "squash", fuse->squash);
  runc_dump_flag (sink, "bind-proc", plan->fuse_binds_proc);
}

static void
text_hooks (GString *text, const RuncPlanHooks *hooks)
{
  RuncDumpSink sink = { .text = text };

  if (hooks->n == 0)
    return;
  g_string_append (text, "hooks");
  runc_dump_hooks (&sink, hooks);
  g_string_append_c (text, '\n');
}

static void
text_maps (GString *text, const RuncMapPlan *maps)
{
  if (maps->method == RUNC_MAP_NONE)
    return;
  g_string_append_printf (text, "maps method=%s%s\n", map_methods[maps->method],
                          maps->deny_setgroups ? " deny-setgroups=yes" : "");
  for (gsize i = 0; i < maps->n_uids; i++)
    g_string_append_printf (text, "  uid %u %u %u\n", maps->uids[i].inside, maps->uids[i].outside,
                            maps->uids[i].size);
  for (gsize i = 0; i < maps->n_gids; i++)
    g_string_append_printf (text, "  gid %u %u %u\n", maps->gids[i].inside, maps->gids[i].outside,
                            maps->gids[i].size);
}

static void
text_ops (GString *text, const RuncPlan *plan)
{
  const RuncChildPlan *child = &plan->child;
  RuncDumpSink sink = { .text = text };

  for (gsize i = 0; i < child->n_slots; i++)
    {
      g_string_append_printf (text, "slot %" G_GSIZE_FORMAT " %s", i,
                              runc_slot_kind_to_string (child->slots[i].kind));
      runc_dump_slot (&sink, &child->slots[i]);
      g_string_append_c (text, '\n');
    }
  for (gsize i = 0; i < child->n_ops; i++)
    {
      const RuncOp *op = &child->ops[i];

      g_string_append_printf (text, "%s%s", op->alternative ? "  else " : "",
                              runc_op_kind_to_string (op->kind));
      runc_dump_op (&sink, op);
      if (op->label != NULL)
        g_string_append_printf (text, " (%s)", op->label);
      g_string_append_c (text, '\n');
    }
  runc_dump_list (&sink, "argv", child->argv);
  g_string_append_c (text, '\n');
  /* criu's is that of our caller. */
  for (char **entry = child->envp; plan->criu == NULL && *entry != NULL; entry++)
    g_string_append_printf (text, "env %s\n", *entry);
}

char *
runc_plan_dump_text (const RuncPlan *plan)
{
  GString *text = g_string_new ("plan");
  RuncDumpSink sink = { .text = text };

  describe_general (&sink, plan);
  g_string_append_c (text, '\n');
  text_maps (text, &plan->maps);
  g_string_append (text, "cgroup");
  describe_cgroup (&sink, &plan->cgroup);
  if (plan->rdt.dir != NULL)
    {
      g_string_append (text, "\nintel-rdt");
      describe_rdt (&sink, &plan->rdt);
    }
  g_string_append (text, "\nnetwork");
  describe_network (&sink, &plan->network);
  g_string_append_c (text, '\n');
  if (plan->overlay.kind != RUNC_OVERLAY_NONE)
    {
      g_string_append (text, "overlay");
      describe_overlay (&sink, &plan->overlay);
      g_string_append_c (text, '\n');
    }
  for (gsize i = 0; i < plan->n_fuse; i++)
    {
      g_string_append_printf (text, "fuse %" G_GSIZE_FORMAT, i);
      describe_fuse (&sink, plan, &plan->fuse[i]);
      g_string_append_c (text, '\n');
    }
  text_hooks (text, &plan->prestart);
  text_hooks (text, &plan->create_runtime);
  text_ops (text, plan);
  if (plan->criu != NULL)
    runc_plan_dump_criu (plan->criu, text);
  text_hooks (text, &plan->poststart);
  text_hooks (text, &plan->poststop);
  for (char **warning = plan->warnings; warning != NULL && *warning != NULL; warning++)
    g_string_append_printf (text, "warning %s\n", *warning);
  return g_string_free (text, FALSE);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static RuncJson *
json_map (const RuncIdMap *map, gsize n)
{
  RuncJson *list = json_object_new_array ();

  for (gsize i = 0; i < n; i++)
    {
      RuncJson *line = json_object_new_object ();

      json_object_object_add (line, "inside", json_object_new_int64 (map[i].inside));
      json_object_object_add (line, "outside", json_object_new_int64 (map[i].outside));
      json_object_object_add (line, "size", json_object_new_int64 (map[i].size));
      json_object_array_add (list, line);
    }
  return list;
}

static RuncJson *
json_maps (const RuncMapPlan *maps)
{
  RuncJson *object = json_object_new_object ();

  json_object_object_add (object, "method", json_object_new_string (map_methods[maps->method]));
  json_object_object_add (object, "uids", json_map (maps->uids, maps->n_uids));
  json_object_object_add (object, "gids", json_map (maps->gids, maps->n_gids));
  json_object_object_add (object, "denySetgroups", json_object_new_boolean (maps->deny_setgroups));
  return object;
}

static RuncJson *
json_strings (char *const *list)
{
  RuncJson *array = json_object_new_array ();

  for (; list != NULL && *list != NULL; list++)
    json_object_array_add (array, json_object_new_string (*list));
  return array;
}

static RuncJson *
json_op (const RuncOp *op)
{
  RuncDumpSink sink = { .json = json_object_new_object () };

  runc_dump_text (&sink, "op", runc_op_kind_to_string (op->kind));
  runc_dump_text (&sink, "for", op->label);
  runc_dump_flag (&sink, "alternative", op->alternative);
  runc_dump_op (&sink, op);
  return sink.json;
}

static RuncJson *
json_slots (const RuncChildPlan *child)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < child->n_slots; i++)
    {
      RuncDumpSink sink = { .json = json_object_new_object () };

      runc_dump_text (&sink, "kind", runc_slot_kind_to_string (child->slots[i].kind));
      runc_dump_slot (&sink, &child->slots[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

static RuncJson *
json_fuse (const RuncPlan *plan)
{
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < plan->n_fuse; i++)
    {
      RuncDumpSink sink = { .json = json_object_new_object () };

      describe_fuse (&sink, plan, &plan->fuse[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

static RuncJson *
json_hooks (const RuncPlan *plan)
{
  const RuncPlanHooks *const lists[]
      = { &plan->prestart, &plan->create_runtime, &plan->poststart, &plan->poststop };
  RuncJson *array = json_object_new_array ();

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      RuncDumpSink sink = { .json = json_object_new_object () };

      runc_dump_hooks (&sink, lists[i]);
      json_object_array_add (array, sink.json);
    }
  return array;
}

char *
runc_plan_dump_json (const RuncPlan *plan)
{
  autojson RuncJson *root = json_object_new_object ();
  RuncJson *ops = json_object_new_array ();
  RuncDumpSink general = { .json = json_object_new_object () };
  RuncDumpSink cgroup = { .json = json_object_new_object () };
  RuncDumpSink rdt = { .json = json_object_new_object () };
  RuncDumpSink network = { .json = json_object_new_object () };
  RuncDumpSink overlay = { .json = json_object_new_object () };

  describe_general (&general, plan);
  describe_cgroup (&cgroup, &plan->cgroup);
  describe_rdt (&rdt, &plan->rdt);
  describe_network (&network, &plan->network);
  describe_overlay (&overlay, &plan->overlay);
  for (gsize i = 0; i < plan->child.n_ops; i++)
    json_object_array_add (ops, json_op (&plan->child.ops[i]));
  json_object_object_add (root, "plan", general.json);
  json_object_object_add (root, "maps", json_maps (&plan->maps));
  json_object_object_add (root, "cgroup", cgroup.json);
  json_object_object_add (root, "intel-rdt", rdt.json);
  json_object_object_add (root, "network", network.json);
  json_object_object_add (root, "overlay", overlay.json);
  json_object_object_add (root, "fuse", json_fuse (plan));
  json_object_object_add (root, "hooks", json_hooks (plan));
  json_object_object_add (root, "slots", json_slots (&plan->child));
  json_object_object_add (root, "ops", ops);
  json_object_object_add (root, "argv", json_strings ((char *const *)plan->child.argv));
  json_object_object_add (root, "env", json_strings (plan->child.envp));
  json_object_object_add (root, "warnings", json_strings (plan->warnings));
  return runc_json_to_string (root);
}
