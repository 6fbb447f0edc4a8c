/* The plan of `checkpoint`: what criu has to know about a container that it cannot see. Pure; the
 * parent.
 *
 * criu saves what belongs to the container. What came from the host (bind mounts, devices, hidden
 * files, v1 cgroups, files that stdio leads to) it has to be told, with a name under which the
 * restore says what takes its place. The names are runc's, so that the images of one can be
 * restored by the other: a mount's is its destination.
 */
#include "plan/criu-builder.h"

#include "base/error.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const RuncMountFact *
mount_on (const RuncCheckpointInput *input, const char *target)
{
  /* The last one is on top. */
  for (gsize i = input->n_mounts; i > 0; i--)
    if (strcmp (input->mounts[i - 1].target, target) == 0)
      return &input->mounts[i - 1];
  return NULL;
}

static void
external_mount (RuncBuilder *b, const char *at, const char *name)
{
  runc_criu_add_pair (b, RUNC_CRIU_OPTION_EXT_MOUNT, at, name);
}

static void
bind_mounts (RuncBuilder *b, const RuncCheckpointInput *input)
{
  for (gsize i = 0; i < b->spec->n_mounts; i++)
    {
      const RuncPlannedMount *m = &b->mounts[i];
      const char *at = input->mounted_at[i] != NULL ? input->mounted_at[i] : m->target;

      /* What an earlier mount has put into the container is found there. */
      if (m->options.bind && !m->options.remount && m->inside == NULL)
        external_mount (b, at, m->target);
    }
  /* What we mount ourselves, if the container was started so that it is there. */
  for (const char *const *path = runc_plan_own_mounts; *path != NULL; path++)
    if (mount_on (input, *path) != NULL && strcmp (mount_on (input, *path)->root, "/") != 0)
      external_mount (b, *path, *path);
}

/* Hidden files and devices are the host's where a mount is on them; hidden directories have a
 * filesystem of the container's own. */
static void
other_mounts (RuncBuilder *b, const RuncCheckpointInput *input)
{
  const RuncStrings *masked = &b->spec->linux_spec.masked_paths;

  for (gsize i = 0; i < masked->n; i++)
    {
      const RuncMountFact *mount = mount_on (input, masked->items[i]);

      if (mount != NULL && strcmp (mount->root, "/") != 0)
        external_mount (b, masked->items[i], RUNC_CRIU_NULL);
    }
  for (const char **path = runc_plan_device_paths (b); *path != NULL; path++)
    if (mount_on (input, *path) != NULL)
      external_mount (b, *path, *path);
  /* In a cgroup namespace of its own it is a new mount, which criu can make. */
  if (b->spec->linux_spec.namespaces[RUNC_NS_CGROUP].present)
    return;
  for (gsize i = 0; i < input->n_mounts; i++)
    if (strcmp (input->mounts[i].type, "cgroup") == 0
        || strcmp (input->mounts[i].type, "cgroup2") == 0)
      external_mount (b, input->mounts[i].target, input->mounts[i].target);
}

static bool
is_outside (const RuncCheckpointInput *input, int mount_id)
{
  for (gsize i = 0; i < input->n_mounts; i++)
    if (input->mounts[i].id == mount_id)
      return false;
  return true;
}

/* A file of the host that stdio leads to gets the name that criu gives it, and the restore has the
 * caller's stdio take its place. Pipes need no announcement. */
static void
descriptors (RuncBuilder *b, const RuncCheckpointInput *input)
{
  const char **names = b->plan->criu->descriptors;

  for (gsize i = 0; i < G_N_ELEMENTS (input->stdio); i++)
    {
      const RuncFdFact *fd = &input->stdio[i];

      names[i] = fd->link != NULL ? fd->link : "";
      if (fd->link == NULL || !is_outside (input, fd->mount_id)
          || (!S_ISREG (fd->mode) && !(S_ISCHR (fd->mode) && fd->device == makedev (1, 3))))
        continue;
      names[i] = runc_builder_printf (b, "file[%x:%" G_GINT64_MODIFIER "x]", (guint)fd->mount_id,
                                      fd->inode);
      runc_criu_add_text (b, RUNC_CRIU_OPTION_EXTERNAL, names[i]);
    }
}

/* A namespace that was joined stays when the container ends, and is joined again. */
static void
shared_namespace (RuncBuilder *b, RuncNamespace ns, guint64 inode)
{
  if (b->spec->linux_spec.namespaces[ns].path != NULL)
    runc_criu_add_text (b, RUNC_CRIU_OPTION_EXTERNAL,
                        runc_builder_printf (b, "%s[%" G_GUINT64_FORMAT "]:%s",
                                             runc_namespace_proc_name (ns), inode,
                                             runc_criu_namespace_key (ns)));
}

static void
options (RuncBuilder *b, const RuncCheckpointInput *input)
{
  const RuncCriuOptions *o = input->options;
  RuncCriuPlan *criu = b->plan->criu;
  RuncCriuSetting *setting;

  runc_criu_add (b, RUNC_CRIU_OPTION_PID)->number = input->init_pid;
  runc_criu_add_text (b, RUNC_CRIU_OPTION_ROOT, input->rootfs);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_LEAVE_RUNNING, o->leave_running);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_LINK_REMAP, o->link_remap);
  runc_criu_add_text (b, RUNC_CRIU_OPTION_FREEZE_CGROUP, input->freezer);
  runc_criu_add_text (b, RUNC_CRIU_OPTION_PARENT_IMAGES, o->parent_path);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_TRACK_MEM, o->parent_path != NULL);
  if (o->page_address != NULL)
    {
      setting = runc_criu_add (b, RUNC_CRIU_OPTION_PAGE_SERVER);
      setting->key = o->page_address;
      setting->number = o->page_port;
    }
  criu->needs_mem_track = o->pre_dump;
  criu->needs_lazy_pages = o->lazy_pages;
}

static gboolean
build (RuncBuilder *b, const RuncCheckpointInput *input, GError **error)
{
  gboolean pre_dump = input->options->pre_dump;

  if (!runc_criu_begin (b, pre_dump ? RUNC_CRIU_PRE_DUMP : RUNC_CRIU_DUMP, input->options, error))
    return FALSE;
  options (b, input);
  shared_namespace (b, RUNC_NS_NETWORK, input->netns);
  shared_namespace (b, RUNC_NS_PID, input->pidns);
  if (!pre_dump)
    {
      if (!runc_plan_parse_mounts (b, error))
        return FALSE;
      bind_mounts (b, input);
      other_mounts (b, input);
      descriptors (b, input);
    }
  runc_criu_exec_ops (b, input->environment, FALSE, NULL, 0);
  return TRUE;
}

RuncPlan *
runc_plan_new_checkpoint (const RuncCheckpointInput *input, GError **error)
{
  RuncBuilder b = { .spec = input->spec, .host = input->host };
  g_autoptr (RuncPlan) plan = NULL;

  runc_builder_init (&b);
  plan = b.plan;
  b.who = runc_plan_who (b.host);
  plan->network.mode = RUNC_NETWORK_HOST;
  if (!build (&b, input, error))
    return NULL;
  runc_builder_finish (&b);
  return g_steal_pointer (&plan);
}
