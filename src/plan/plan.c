/* The plan of create and run. Pure; the parent.
 *
 * The order of the ops is the story of a container: enter the namespaces, take the ids, see that no
 * mount leaks, open what comes from the host, build the root, hand over to the hooks, become the
 * root, become the process.
 */
#include "plan/plan.h"

#include "base/error.h"
#include "plan/builder.h"
#include "wire/wire.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <linux/mount.h>

const char *
runc_op_kind_to_string (RuncOpKind kind)
{
  static const char *const names[] = {
#define X(name, text) text,
    RUNC_OPS (X)
#undef X
  };

  return (gsize)kind < G_N_ELEMENTS (names) ? names[kind] : "?";
}

/* ---- namespaces ---------------------------------------------------------------------------- */

static void
ns_op (RuncBuilder *b, RuncOpKind kind, guint64 flags)
{
  runc_builder_op (b, kind, "linux.namespaces")->u.ns.flags = flags;
}

static void
join_ops (RuncBuilder *b, guint32 namespaces)
{
  for (int ns = 0; ns < RUNC_N_NAMESPACES; ns++)
    if (namespaces & (1u << ns))
      {
        const char *path = b->spec->linux_spec.namespaces[ns].path;
        int slot = runc_builder_slot (b, RUNC_SLOT_NAMESPACE, path);
        RuncOp *op = runc_builder_op (b, RUNC_OP_JOIN, "linux.namespaces");

        op->slot = slot;
        op->u.ns.flags = runc_namespace_clone_flag (ns);
        if (ns == RUNC_NS_USER)
          b->plan->userns_slot = slot;
      }
}

static void
time_ops (RuncBuilder *b)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  GString *text = g_string_new (NULL);
  RuncOp *op;

  ns_op (b, RUNC_OP_UNSHARE, 0x00000080 /* CLONE_NEWTIME */);
  for (gsize i = 0; i < spec->n_time_offsets; i++)
    g_string_append_printf (text, "%s %" G_GINT64_FORMAT " %u\n", spec->time_offsets[i].clock,
                            spec->time_offsets[i].secs, spec->time_offsets[i].nanosecs);
  runc_builder_need_proc (b);
  op = runc_builder_op (b, RUNC_OP_TIME_OFFSETS, "linux.timeOffsets");
  op->u.text = runc_builder_strndup (b, text->str, text->len);
  g_string_free (text, TRUE);
}

static void
self_map (RuncBuilder *b)
{
  const RuncMapPlan *maps = &b->plan->maps;
  RuncOp *op;

  runc_builder_need_proc (b);
  op = runc_builder_op (b, RUNC_OP_SELF_MAP, "linux.uidMappings");
  op->u.map.uid_map
      = runc_builder_printf (b, "%u %u 1\n", maps->uids[0].inside, maps->uids[0].outside);
  op->u.map.gid_map
      = runc_builder_printf (b, "%u %u 1\n", maps->gids[0].inside, maps->gids[0].outside);
}

static void
namespace_ops (RuncBuilder *b)
{
  const RuncSchedule *ns = &b->ns;

  join_ops (b, ns->joins_before);
  if (ns->join_user)
    join_ops (b, 1u << RUNC_NS_USER);
  join_ops (b, ns->joins_after);
  if (ns->time_offsets)
    time_ops (b);
  if (ns->fork)
    ns_op (b, RUNC_OP_FORK, ns->fork_flags);
  else if (ns->unshare_flags != 0)
    ns_op (b, RUNC_OP_UNSHARE, ns->unshare_flags);
  if (b->plan->maps.method == RUNC_MAP_SELF)
    self_map (b);
  /* systemd makes the cgroup for a process that is there already; and a process that was forked
   * says nothing before the one that forked it has said who it is. */
  if (ns->fork || b->plan->maps.method == RUNC_MAP_DIRECT || b->plan->maps.method == RUNC_MAP_TOOLS
      || b->plan->cgroup.driver == RUNC_CGROUP_DRIVER_SYSTEMD)
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_MAPPED;
}

void
runc_plan_join_cgroups (RuncBuilder *b)
{
  const RuncCgroupPlan *cgroup = &b->plan->cgroup;

  for (char **dir = cgroup->v1_dirs; dir != NULL && *dir != NULL; dir++)
    {
      int slot = runc_builder_slot (b, RUNC_SLOT_CGROUP, runc_builder_path (b, *dir, "tasks"));

      runc_builder_op (b, RUNC_OP_CGROUP_JOIN, "linux.cgroupsPath")->slot = slot;
    }
}

static void
cgroup_ops (RuncBuilder *b)
{
  const RuncCgroupPlan *cgroup = &b->plan->cgroup;

  runc_plan_join_cgroups (b);
  runc_plan_reset_affinity (b);
  if (b->ns.unshare_cgroup)
    ns_op (b, RUNC_OP_UNSHARE, CLONE_NEWCGROUP);
  /* The root of the namespace is the cgroup that has the limits, the process goes below it. */
  if (cgroup->delegated != NULL)
    {
      runc_builder_op (b, RUNC_OP_SEND, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_IN_CGROUP;
      runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_DELEGATED;
    }
}

static void
session_ops (RuncBuilder *b)
{
  RuncOp *op;

  if ((b->ns.created & CLONE_NEWNET) && !b->plan->makes_network)
    runc_builder_op (b, RUNC_OP_LOOPBACK_UP, "linux.namespaces");
  runc_builder_op (b, RUNC_OP_NEW_SESSION, RUNC_LABEL_NONE);
  if (b->request->no_new_keyring)
    return;
  op = runc_builder_op (b, RUNC_OP_KEYRING, "session keyring");
  op->u.text = runc_builder_printf (b, "_ses.%s", b->request->id);
  /* A filter of an outer container may refuse keyrings; they protect little without root. */
  runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, ENOSYS, b->who == RUNC_WHO_REAL_ROOT ? 0 : EPERM,
                         0);
}

static void
become_root (RuncBuilder *b)
{
  RuncOp *op;

  if (!runc_plan_must_become_root (b))
    return;
  op = runc_builder_op (b, RUNC_OP_BECOME_ROOT, "linux.uidMappings");
  op->u.ids.set_groups = b->can_set_groups && !b->keep_groups;
  if (!op->u.ids.set_groups || !b->ns.join_user)
    return;
  /* Whether a user namespace that was made by others allows it only shows by trying. */
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  runc_builder_op (b, RUNC_OP_BECOME_ROOT, "linux.uidMappings")->alternative = true;
}

/* ---- the root ------------------------------------------------------------------------------ */

typedef struct
{
  uint64_t before; /* for "/" before anything is built */
  uint64_t after;  /* for the container's "/", 0: none */
  bool after_recursive;
  bool sources_first; /* the host's mounts keep their peers in the container */
} Propagation;

/* Whatever is asked for, neither the root nor the mounts around it are shared when it is put in
 * place: nothing of it shows outside, and pivot_root() refuses it otherwise. What is to stay
 * shared, the sources of mounts, is cloned before that. */
static gboolean
plan_propagation (const RuncBuilder *b, Propagation *ret_propagation, GError **error)
{
  static const struct
  {
    const char *name;
    Propagation propagation;
  } known[] = {
    { "private", { .before = MS_PRIVATE } },
    { "rprivate", { .before = MS_PRIVATE } },
    { "slave", { .before = MS_SLAVE } },
    { "rslave", { .before = MS_SLAVE } },
    { "shared", { .before = MS_SLAVE, .after = MS_SHARED, .sources_first = true } },
    { "rshared",
      { .before = MS_SLAVE, .after = MS_SHARED, .after_recursive = true, .sources_first = true } },
    { "unbindable", { .before = MS_SLAVE, .after = MS_UNBINDABLE } },
    { "runbindable", { .before = MS_SLAVE, .after = MS_UNBINDABLE, .after_recursive = true } },
  };
  const char *asked = b->spec->linux_spec.rootfs_propagation;

  *ret_propagation = (Propagation){ .before = MS_SLAVE };
  if (asked == NULL || asked[0] == '\0')
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (asked, known[i].name) == 0)
      {
        *ret_propagation = known[i].propagation;
        if (b->request->no_pivot && known[i].propagation.before == MS_PRIVATE)
          return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                             "linux.rootfsPropagation: rootfsPropagation of [r]private is not safe "
                             "without pivot_root");
        return TRUE;
      }
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                     "linux.rootfsPropagation: rootfsPropagation=%s is not supported", asked);
}

static void
propagation_op (RuncBuilder *b, const Propagation *propagation)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_PROPAGATION, "linux.rootfsPropagation");

  op->u.attr.propagation = propagation->before;
  op->u.attr.recursive = true;
}

static int
open_root (RuncBuilder *b)
{
  int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, "root.path");

  op->slot = slot;
  op->u.tree = (RuncOpTree){
    .path = b->host->rootfs,
    .recursive = true,
    .idmap_slot = RUNC_NO_SLOT,
  };
  return slot;
}

static int
null_op (RuncBuilder *b)
{
  int slot;

  if (!runc_plan_needs_null (b))
    return RUNC_NO_SLOT;
  slot = runc_builder_slot (b, RUNC_SLOT_NULL_DEVICE, NULL);
  runc_builder_op (b, RUNC_OP_OPEN_NULL, "linux.maskedPaths")->slot = slot;
  return slot;
}

/* How the gate opens its fifo: the host's procfs is closed by then. */
static void
fds_op (RuncBuilder *b)
{
  b->fds_slot = runc_builder_slot (b, RUNC_SLOT_FDS, NULL);
  runc_builder_need_proc (b);
  runc_builder_op (b, RUNC_OP_OPEN_FDS, RUNC_LABEL_NONE)->slot = b->fds_slot;
}

static void
rootfs_op (RuncBuilder *b, int tree, const char *on)
{
  RuncOp *op;

  b->plan->child.root_slot = runc_builder_slot (b, RUNC_SLOT_ROOT, NULL);
  op = runc_builder_op (b, RUNC_OP_ROOTFS, "root.path");
  op->slot = tree;
  op->result = b->plan->child.root_slot;
  op->u.tree.path = on;
  op->u.tree.idmap_slot = RUNC_NO_SLOT;
}

static gboolean
build_root (RuncBuilder *b, const Propagation *propagation, GError **error)
{
  RuncOverlayKind overlay = b->plan->overlay.kind;
  int null_slot, tree = RUNC_NO_SLOT;

  if (propagation->sources_first && !runc_plan_open_sources (b, TRUE, error))
    return FALSE;
  propagation_op (b, propagation);
  null_slot = null_op (b);
  if (b->gate)
    fds_op (b);
  if (overlay == RUNC_OVERLAY_NONE)
    tree = open_root (b);
  if (!propagation->sources_first && !runc_plan_open_sources (b, FALSE, error))
    return FALSE;
  /* Up to become_root() the host's directories are reached with the rights of who runs us; an
   * overlay works with those of who makes it. */
  if (overlay == RUNC_OVERLAY_NONE)
    {
      rootfs_op (b, tree, b->host->rootfs);
      become_root (b);
    }
  else
    {
      runc_plan_overlay_open_ops (b);
      become_root (b);
      rootfs_op (b, runc_plan_overlay_make_ops (b), ".");
    }
  if (!runc_plan_mount_ops (b, error))
    return FALSE;
  runc_plan_devices (b);
  runc_plan_take_network (b);
  if (b->spec->process->cwd != NULL && strcmp (b->spec->process->cwd, "/") != 0)
    {
      RuncOp *op = runc_builder_op (b, RUNC_OP_MKDIR, "process.cwd");

      op->target = b->spec->process->cwd;
      op->u.mode = 0755;
    }
  runc_plan_console (b, b->spec->process, b->request->console_socket);
  runc_plan_masks (b, null_slot);
  runc_plan_late_readonly (b);
  return TRUE;
}

/* A name that cannot be given: the filter of an engine's container refuses it to those without
 * CAP_SYS_ADMIN outside, and a container under another name is better than none. */
static void
name_op (RuncBuilder *b, RuncOpKind kind, const char *label, const char *name)
{
  RuncOp *op = runc_builder_op (b, kind, label);

  op->u.text = name;
  if (b->who == RUNC_WHO_USER)
    runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EPERM, 0, 0);
}

static gboolean
name_ops (RuncBuilder *b, GError **error)
{
  const RuncSpec *spec = b->spec;
  bool own = ((b->ns.created | b->ns.joined) & CLONE_NEWUTS) != 0;
  const char *hostname = spec->hostname, *domainname = spec->domainname;

  if (hostname != NULL && hostname[0] != '\0')
    {
      if (!own)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "hostname: unable to set hostname without a private UTS namespace");
      name_op (b, RUNC_OP_HOSTNAME, "hostname", hostname);
    }
  if (domainname != NULL && domainname[0] != '\0')
    {
      if (!own)
        return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                           "domainname: unable to set domainname without a private UTS namespace");
      name_op (b, RUNC_OP_DOMAINNAME, "domainname", domainname);
    }
  return TRUE;
}

static void
hand_over (RuncBuilder *b)
{
  RuncPlan *plan = b->plan;

  plan->wait_root = plan->prestart.n > 0 || plan->create_runtime.n > 0
                    || plan->network.mode == RUNC_NETWORK_SLIRP
                    || plan->network.mode == RUNC_NETWORK_PASTA || plan->network.n_devices > 0;
  if (plan->wait_root)
    runc_builder_op (b, RUNC_OP_SEND, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_ROOT_READY;
  if (runc_plan_has_hooks (b, RUNC_HOOK_CREATE_CONTAINER))
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_HOOK_STATE;
  if (plan->wait_root)
    runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_HOOKS_DONE;
  runc_plan_child_hooks (b, RUNC_HOOK_CREATE_CONTAINER);
}

static void
enter_root (RuncBuilder *b, const Propagation *propagation)
{
  RuncOp *op;

  if (b->spec->root_readonly)
    runc_builder_op (b, RUNC_OP_ROOT_READONLY, "root.readonly");
  if (b->request->no_pivot)
    runc_builder_need_proc (b);
  runc_builder_op (b, b->request->no_pivot ? RUNC_OP_MOVE_ROOT : RUNC_OP_PIVOT, "root.path");
  if (propagation->after == 0)
    return;
  op = runc_builder_op (b, RUNC_OP_ROOT_PROPAGATION, "linux.rootfsPropagation");
  op->u.attr.propagation = propagation->after;
  op->u.attr.recursive = propagation->after_recursive;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static gboolean
check_input (const RuncPlanInput *input, GError **error)
{
  const RuncSpec *spec = input->spec;

  if (spec->process == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "process: missing, there is nothing to run");
  if (spec->process->args.n == 0)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "process.args: missing or empty");
  if (spec->root_path == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "root.path: root must be specified");
  if (input->host->rootfs == NULL && input->host->rootfs_errno != 0
      && input->host->rootfs_errno != ENOENT && input->host->rootfs_errno != ENOTDIR)
    return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                       "root.path: invalid rootfs: cannot open '%s': %s (in bundle '%s')",
                       spec->root_path, runc_strerror (input->host->rootfs_errno),
                       input->host->bundle);
  if (input->host->rootfs == NULL)
    return runc_throw (error, RUNC_ERROR_NOT_FOUND,
                       "root.path: invalid rootfs: '%s' is not a directory (in bundle '%s')",
                       spec->root_path, input->host->bundle);
  return TRUE;
}

/* Making a network namespace takes as long as building the root. Where it will have the same owner
 * if the runtime makes it, both are done at once; but it is the first message to the child, so not
 * where that has to wait for its cgroup. */
static gboolean
parent_makes_network (const RuncBuilder *b)
{
  const RuncCgroupPlan *cgroup = &b->plan->cgroup;

  return b->who == RUNC_WHO_REAL_ROOT && (b->ns.clone_flags & CLONE_NEWNET) != 0
         && !b->ns.new_userns && !b->ns.fork && cgroup->driver != RUNC_CGROUP_DRIVER_SYSTEMD
         && cgroup->delegated == NULL;
}

/* What everything else depends on. */
static gboolean
decide (RuncBuilder *b, GError **error)
{
  RuncPlan *plan = b->plan;

  b->who = runc_plan_who (b->host);
  runc_plan_network_flag (b);
  if (!runc_plan_schedule (b->spec, b->host, &b->ns, error) || !runc_plan_maps (b, error)
      || !runc_plan_cgroup (b, error) || !runc_plan_intel_rdt (b, error)
      || !runc_plan_network (b, error) || !runc_plan_overlay (b, error))
    return FALSE;
  b->in_userns = b->ns.new_userns || b->ns.join_user || !b->host->initial_userns;
  plan->makes_network = parent_makes_network (b);
  plan->clone_flags = b->ns.clone_flags & ~(guint64)(plan->makes_network ? CLONE_NEWNET : 0);
  plan->forks = b->ns.fork;
  plan->new_userns = b->ns.new_userns;
  plan->own_pidns = (b->ns.created & CLONE_NEWPID) != 0;
  plan->terminal = b->spec->process->terminal;
  plan->seccomp = b->spec->linux_spec.seccomp;
  plan->sends_ready = b->gate;
  plan->child.argv = b->spec->process->args.items;
  return TRUE;
}

static gboolean
build (RuncBuilder *b, GError **error)
{
  const RuncSpecProcess *process = b->spec->process;
  RuncProcessPlan p = {
    .process = process,
    .seccomp = b->plan->seccomp,
    .apparmor = process->apparmor_profile,
    .preserve_fds = b->request->preserve_fds,
  };
  Propagation propagation;

  if (b->restore != NULL)
    {
      runc_plan_parent_hooks (b);
      return runc_plan_parse_mounts (b, error) && runc_plan_restore_ops (b, error);
    }
  runc_plan_program (b, b->plan->new_userns ? &b->plan->maps : NULL);
  if (!runc_plan_environment (b, process, b->request->listen_fds, error)
      || !plan_propagation (b, &propagation, error) || !runc_plan_parse_mounts (b, error)
      || !runc_plan_oom_score (b, process))
    return FALSE;
  runc_plan_parent_hooks (b);
  namespace_ops (b);
  cgroup_ops (b);
  session_ops (b);
  if (!build_root (b, &propagation, error) || !name_ops (b, error))
    return FALSE;
  hand_over (b);
  /* Those of a network device need the device, which comes from outside or from a hook. */
  if (!runc_plan_sysctls (b, error))
    return FALSE;
  enter_root (b, &propagation);
  if (!runc_plan_become_process (b, &p, error))
    return FALSE;
  runc_plan_ready_and_exec (b, &p);
  return TRUE;
}

RuncPlan *
runc_plan_new (const RuncPlanInput *input, GError **error)
{
  RuncBuilder b = {
    .spec = input->spec,
    .host = input->host,
    .global = input->global,
    .request = input->request,
    .state_dir = input->state_dir,
    .token = input->token,
    .gate = input->gate,
    .restore = input->restore,
  };
  g_autoptr (RuncPlan) plan = NULL;

  if (!check_input (input, error))
    return NULL;
  runc_builder_init (&b);
  plan = b.plan;
  if (!decide (&b, error) || !build (&b, error))
    return NULL;
  runc_builder_finish (&b);
  return g_steal_pointer (&plan);
}
