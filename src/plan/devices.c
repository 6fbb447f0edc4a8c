/* /dev, masked and read-only paths. Pure; the parent. */
#include "plan/builder.h"

#include "base/error.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/mount.h>

static const struct
{
  const char *path;
  guint32 major;
  guint32 minor;
} defaults[] = {
  { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },   { "/dev/full", 1, 7 },
  { "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

static const struct
{
  const char *path;
  const char *target;
} links[] = {
  { "/dev/ptmx", "pts/ptmx" },          { "/dev/fd", "/proc/self/fd" },
  { "/dev/stdin", "/proc/self/fd/0" },  { "/dev/stdout", "/proc/self/fd/1" },
  { "/dev/stderr", "/proc/self/fd/2" }, { "/dev/core", "/proc/kcore" },
};

static bool
can_make_nodes (const RuncBuilder *b)
{
  return b->who == RUNC_WHO_REAL_ROOT && !b->in_userns
         && (b->host->effective_caps & (G_GUINT64_CONSTANT (1) << CAP_MKNOD)) != 0;
}

static RuncOp *
bind_op (RuncBuilder *b, const char *label, const RuncOpNode *node, const char *target)
{
  RuncOp *op = runc_builder_op (b, RUNC_OP_BIND_DEVICE, label);

  op->target = target;
  op->u.node = *node;
  op->u.node.path = target;
  return op;
}

/* A device: a node of its own where that is allowed, else the host's. */
static RuncOp *
device_ops (RuncBuilder *b, const char *label, const RuncOpNode *node, const char *target)
{
  RuncOp *op;

  if (!can_make_nodes (b) && !S_ISFIFO (node->mode))
    return bind_op (b, label, node, target);
  op = runc_builder_op (b, RUNC_OP_MKNOD, label);
  op->target = target;
  op->u.node = *node;
  if (S_ISFIFO (node->mode))
    return op;
  /* Refused in a container that kept CAP_MKNOD but lives under device rules. */
  runc_builder_on_error (op, RUNC_ON_ERROR_ALTERNATIVE, EPERM, 0, 0);
  op = bind_op (b, label, node, target);
  op->alternative = true;
  return op;
}

static bool
is_in_config (const RuncSpecLinux *spec, const char *path)
{
  for (gsize i = 0; i < spec->n_devices; i++)
    if (strcmp (spec->devices[i].path, path) == 0)
      return true;
  return false;
}

static void
default_devices (RuncBuilder *b, bool own_dev)
{
  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      RuncOpNode node
          = { .mode = S_IFCHR | 0666, .major = defaults[i].major, .minor = defaults[i].minor };
      RuncOp *op;

      if (is_in_config (&b->spec->linux_spec, defaults[i].path))
        continue;
      op = device_ops (b, "default device", &node, defaults[i].path);
      /* Nobody asked for them: in a /dev of the image they are made as far as it can be written. */
      if (!own_dev && op->on_error == RUNC_ON_ERROR_FAIL)
        runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EROFS, EACCES, EPERM);
    }
}

/* The machine's root may make devices, but not in the user namespace of a container. */
static bool
can_make_outside (const RuncBuilder *b)
{
  return b->who == RUNC_WHO_REAL_ROOT && b->in_userns && b->host->initial_userns
         && (b->host->effective_caps & (G_GUINT64_CONSTANT (1) << CAP_MKNOD)) != 0;
}

static RuncOpNode
asked_node (RuncBuilder *b, const RuncSpecDevice *device)
{
  guint32 permissions = device->file_mode.present ? device->file_mode.value & 07777 : 0666;
  RuncOpNode node = { .mode = permissions,
                      .uid = device->uid.present ? device->uid.value : 0,
                      .gid = device->gid.present ? device->gid.value : 0,
                      .major = (guint32)device->major,
                      .minor = (guint32)device->minor };

  if (device->type == 'p')
    node.major = node.minor = 0;
  node.mode |= device->type == 'p' ? S_IFIFO : device->type == 'b' ? S_IFBLK : S_IFCHR;
  if (!runc_plan_uid_is_mapped (b, node.uid))
    node.uid = 0;
  if (!runc_plan_gid_is_mapped (b, node.gid))
    node.gid = 0;
  return node;
}

/* Devices that the host does not have at that path, to be made by the parent, with an owner of the
 * container. Those that it has keep the host's owner: engines give all of them to a privileged
 * container, and its user namespace is what keeps it from the machine's disks. */
typedef struct
{
  RuncOpNode *nodes;
  gsize n;
} OutsideDevices;

static void
add_outside (RuncBuilder *b, OutsideDevices *outside, const char *label, const RuncOpNode *node)
{
  if (outside->nodes == NULL)
    outside->nodes = runc_builder_alloc (b, b->spec->linux_spec.n_devices * sizeof *outside->nodes);
  outside->nodes[outside->n] = *node;
  outside->nodes[outside->n].path = label;
  outside->nodes[outside->n].uid = runc_plan_host_uid (b, node->uid);
  outside->nodes[outside->n].gid = runc_plan_host_gid (b, node->gid);
  outside->n++;
}

static void
outside_ops (RuncBuilder *b, const OutsideDevices *outside, const char *const *targets)
{
  int devices = runc_builder_slot (b, RUNC_SLOT_DEVICES, NULL);
  int first = RUNC_NO_SLOT;
  RuncOp *op;

  b->slots[devices].nodes = outside->nodes;
  b->slots[devices].n_nodes = outside->n;
  for (gsize i = 0; i < outside->n; i++)
    {
      int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);

      first = i == 0 ? slot : first;
    }
  op = runc_builder_op (b, RUNC_OP_OPEN_DEVICES, "linux.devices");
  op->slot = devices;
  op->result = first;
  for (gsize i = 0; i < outside->n; i++)
    {
      op = runc_builder_op (b, RUNC_OP_ATTACH, outside->nodes[i].path);
      op->slot = first + (int)i;
      op->target = targets[i];
      op->u.tree.idmap_slot = RUNC_NO_SLOT;
    }
}

static void
asked_devices (RuncBuilder *b)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  const char **targets = runc_builder_alloc (b, (spec->n_devices + 1) * sizeof *targets);
  OutsideDevices outside = { 0 };

  for (gsize i = 0; i < spec->n_devices; i++)
    {
      const RuncSpecDevice *device = &spec->devices[i];
      const char *label = runc_builder_printf (b, "linux.devices[%" G_GSIZE_FORMAT "]", i);
      RuncOpNode node = asked_node (b, device);
      const char *target = runc_builder_clean (b, device->path);
      bool absent = i < b->host->n_devices && !b->host->devices[i];

      if (strcmp (target, "/dev/ptmx") == 0)
        continue;
      if (can_make_nodes (b) || !absent)
        {
          device_ops (b, label, &node, target);
        }
      else if (can_make_outside (b))
        {
          targets[outside.n] = target;
          add_outside (b, &outside, label, &node);
        }
      else
        runc_builder_warn (b,
                           "%s: '%s' is left out: a device cannot be made without root, and this "
                           "machine has none of that number at that path",
                           label, target);
    }
  if (outside.n > 0)
    outside_ops (b, &outside, targets);
}

const char **
runc_plan_device_paths (RuncBuilder *b)
{
  const RuncSpecLinux *spec = &b->spec->linux_spec;
  const char **paths
      = runc_builder_alloc (b, (G_N_ELEMENTS (defaults) + spec->n_devices + 1) * sizeof *paths);
  gsize n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    paths[n++] = defaults[i].path;
  for (gsize i = 0; i < spec->n_devices; i++)
    paths[n++] = runc_builder_clean (b, spec->devices[i].path);
  return paths;
}

static void
dev_links (RuncBuilder *b, bool own_dev)
{
  for (gsize i = 0; i < G_N_ELEMENTS (links); i++)
    {
      RuncOp *op = runc_builder_op (b, RUNC_OP_SYMLINK, "default link");

      op->target = links[i].path;
      op->u.text = links[i].target;
      if (!own_dev)
        runc_builder_on_error (op, RUNC_ON_ERROR_SKIP, EROFS, EACCES, EPERM);
    }
}

void
runc_plan_devices (RuncBuilder *b)
{
  const RuncPlannedMount *dev = runc_plan_mount_on (b, "/dev");
  bool own_dev = dev != NULL;

  if (b->devices_made || (own_dev && dev->options.bind))
    return;
  default_devices (b, own_dev);
  asked_devices (b);
  dev_links (b, own_dev);
  b->devices_made = true;
}

/* ---- masked and read-only paths ------------------------------------------------------------ */

static bool
is_repeated (const RuncStrings *paths, gsize index)
{
  for (gsize i = 0; i < index; i++)
    if (strcmp (paths->items[i], paths->items[index]) == 0)
      return true;
  return false;
}

bool
runc_plan_needs_null (const RuncBuilder *b)
{
  return b->spec->linux_spec.masked_paths.n > 0;
}

void
runc_plan_masks (RuncBuilder *b, int null_slot)
{
  const RuncStrings *readonly = &b->spec->linux_spec.readonly_paths;
  const RuncStrings *masked = &b->spec->linux_spec.masked_paths;
  static const char *const options[] = { "nr_blocks=1", "nr_inodes=1", NULL };
  const RuncOpFs empty = {
    .type = "tmpfs",
    .source = "tmpfs",
    .options = options,
    .attr = MOUNT_ATTR_RDONLY,
  };
  int shared = masked->n > 0 ? runc_builder_slot (b, RUNC_SLOT_TREE, NULL) : RUNC_NO_SLOT;

  for (gsize i = 0; i < readonly->n; i++)
    if (!is_repeated (readonly, i))
      runc_builder_op (b, RUNC_OP_READONLY, "linux.readonlyPaths")->target = readonly->items[i];
  for (gsize i = 0; i < masked->n; i++)
    {
      RuncOp *op;

      if (is_repeated (masked, i))
        continue;
      op = runc_builder_op (b, RUNC_OP_MASK, "linux.maskedPaths");
      op->target = masked->items[i];
      op->slot = null_slot;
      op->result = shared;
      op->u.fs = empty;
    }
}
