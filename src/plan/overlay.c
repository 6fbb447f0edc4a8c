/* A writable layer over a root file system that stays as it is. Pure; the parent.
 *
 * The writes go to a tmpfs that only the container's mount namespace has, so that nothing of it is
 * left when the container is gone, however it ends; or to a directory that is kept.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>

#define ANNOTATION "run.oci.overlay"

/* What was asked for: NULL nothing, "" an ephemeral layer, else a directory. */
static const char *
wanted_layer (RuncBuilder *b)
{
  const char *text = b->request->overlay;
  const char *annotation = runc_spec_annotation (b->spec, ANNOTATION);

  if (text != NULL)
    return text;
  if (annotation != NULL && strcmp (annotation, "ephemeral") == 0)
    return "";
  if (annotation != NULL && annotation[0] != '\0')
    return annotation[0] == '/' ? annotation : runc_builder_path (b, b->host->bundle, annotation);
  if (b->who == RUNC_WHO_REAL_ROOT || b->host->rootfs_writable || b->spec->root_readonly
      || !b->host->overlay_in_userns)
    return NULL;
  runc_builder_warn (b,
                     "root.path: '%s' is not writable for you: what the container writes goes to a "
                     "temporary layer and is lost with it (make it writable, or set root.readonly)",
                     b->host->rootfs);
  return "";
}

gboolean
runc_plan_overlay (RuncBuilder *b, GError **error)
{
  RuncOverlayPlan *overlay = &b->plan->overlay;
  const char *layer = wanted_layer (b);
  bool possible = b->who == RUNC_WHO_REAL_ROOT ? !b->ns.new_userns : b->host->overlay_in_userns;

  if (layer == NULL)
    return TRUE;
  if (b->request->overlay_driver == RUNC_OVERLAY_DRIVER_FUSE)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "--overlay-driver: fuse is not supported by this build (use kernel)");
  if (b->who == RUNC_WHO_REAL_ROOT && b->ns.new_userns)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "--overlay: root cannot use it for a container with a user namespace (start the "
        "container as an ordinary user)");
  if (!possible)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "--overlay: this kernel has no overlayfs for user namespaces (see 'runc doctor')");
  overlay->kind = RUNC_OVERLAY_KERNEL;
  overlay->lowers = runc_builder_alloc (b, 2 * sizeof *overlay->lowers);
  overlay->lowers[0] = b->host->rootfs;
  overlay->directory = layer[0] != '\0' ? (char *)layer : NULL;
  return TRUE;
}

/* A path as overlayfs wants it in its options: with a backslash before what would end it. */
static char *
escape (RuncBuilder *b, const char *name, const char *path)
{
  char *text = runc_builder_alloc (b, strlen (name) + 2 * strlen (path) + 1);
  char *out = stpcpy (text, name);

  for (; *path != '\0'; path++)
    {
      if (*path == ':' || *path == '\\')
        *out++ = '\\';
      *out++ = *path;
    }
  return text;
}

int
runc_plan_overlay_ops (RuncBuilder *b)
{
  static const char *const scratch_options[] = { "mode=0700", NULL };
  const RuncOverlayPlan *overlay = &b->plan->overlay;
  const char *layer = overlay->directory;
  const char **options = runc_builder_alloc (b, 6 * sizeof *options);
  int slot, n = 0;
  RuncOp *op;

  if (layer == NULL)
    {
      layer = runc_builder_path (b, b->state_dir, "overlay");
      op = runc_builder_op (b, RUNC_OP_SCRATCH, "--overlay");
      op->target = layer;
      op->u.fs = (RuncOpFs){ .type = "tmpfs", .source = "overlay", .options = scratch_options };
    }
  options[n++] = escape (b, "lowerdir=", overlay->lowers[0]);
  options[n++] = escape (b, "upperdir=", runc_builder_path (b, layer, "upper"));
  options[n++] = escape (b, "workdir=", runc_builder_path (b, layer, "work"));
  if (b->in_userns)
    options[n++] = "userxattr"; /* trusted.* is not ours to write there */
  if (overlay->directory == NULL)
    options[n++] = "volatile"; /* nothing of it outlives the container: no sync */
  slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  op = runc_builder_op (b, RUNC_OP_NEW_TREE, "--overlay");
  op->slot = slot;
  op->u.fs = (RuncOpFs){ .type = "overlay", .source = "overlay", .options = options };
  return slot;
}
