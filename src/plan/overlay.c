/* Overlays: a writable layer over a root file system that stays as it is, and who makes it. Pure;
 * the parent.
 *
 * The kernel's overlayfs is made in the container's mount namespace: all that it consists of is
 * opened while the host's directories are still reached with the rights of who runs us, and put
 * together by the container's root. fuse-overlayfs is a process outside of the container. Writes go
 * to a tmpfs that only one of these two has, so that nothing of it is left when the container is
 * gone, however it ends; or to a directory, which is kept, or removed with the container.
 */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>

#define ANNOTATION        "run.oci.overlay"
#define ANNOTATION_LOWERS "run.oci.overlay.lower"
#define ANNOTATION_PLACE  "run.oci.overlay.place"
#define LABEL             "--overlay"

/* As whom the kernel shows owners that a user namespace has no id for. */
#define NOBODY 65534

const char *
runc_plan_layer (const RuncSpec *spec, const RuncCreateRequest *request)
{
  const char *annotation = runc_spec_annotation (spec, ANNOTATION);
  const char *lowers = runc_spec_annotation (spec, ANNOTATION_LOWERS);

  if (request->overlay != NULL)
    return request->overlay;
  if (request->overlay_place != NULL)
    return "";
  if (annotation != NULL && annotation[0] != '\0')
    return strcmp (annotation, "ephemeral") == 0 ? "" : annotation;
  return request->overlay_lowers != NULL || lowers != NULL
                 || runc_plan_layer_place (spec, request) != NULL
             ? ""
             : NULL;
}

const char *
runc_plan_layer_place (const RuncSpec *spec, const RuncCreateRequest *request)
{
  const char *annotation = runc_spec_annotation (spec, ANNOTATION_PLACE);

  if (request->overlay_place != NULL && request->overlay_place[0] != '\0')
    return request->overlay_place;
  return annotation != NULL && annotation[0] != '\0' ? annotation : NULL;
}

/* ---- who makes it -------------------------------------------------------------------------- */

/* Does root of the initial user namespace make it for itself? */
static bool
is_privileged (const RuncBuilder *b)
{
  return b->who == RUNC_WHO_REAL_ROOT && !b->ns.new_userns && !b->ns.join_user;
}

/* Why the kernel's overlayfs cannot be used, or NULL. */
static const char *
kernel_obstacle (const RuncBuilder *b)
{
  return is_privileged (b) || b->host->overlay_in_userns
             ? NULL
             : "this kernel has no overlayfs for user namespaces";
}

static const char *
fuse_obstacle (const RuncBuilder *b)
{
  if (b->host->fuse_overlayfs == NULL)
    return "fuse-overlayfs is not installed";
  return b->host->fuse_device ? NULL : "'/dev/fuse' cannot be opened";
}

/* Is a tmpfs of this kernel a poor place for a layer? */
static bool
is_limited (const RuncBuilder *b)
{
  return !b->host->tmpfs_xattrs && !is_privileged (b);
}

/* The same with a view to the directory of the layer. */
static const char *
kernel_obstacle_of_layer (RuncBuilder *b, const char *layer)
{
  const char *obstacle = kernel_obstacle (b);

  if (obstacle != NULL)
    return obstacle;
  if (g_strcmp0 (b->host->layer_driver, "fuse") == 0)
    return runc_builder_printf (b, "the layer '%s' was written by fuse-overlayfs", layer);
  if (b->host->layer_fs != NULL)
    return runc_builder_printf (b, "the layer '%s' is on %s, which the kernel cannot use for one",
                                layer, b->host->layer_fs);
  return NULL;
}

static const char *
fuse_obstacle_of_layer (RuncBuilder *b, const char *layer)
{
  const char *obstacle = fuse_obstacle (b);

  if (obstacle != NULL)
    return obstacle;
  if (g_strcmp0 (b->host->layer_driver, "kernel") == 0)
    return runc_builder_printf (b, "the layer '%s' was written by the kernel's overlayfs", layer);
  return NULL;
}

/* @directory: that of the layer, or NULL for one in memory */
static gboolean
choose_driver (RuncBuilder *b, const char *directory, RuncOverlayKind *ret_kind, GError **error)
{
  const char *no_kernel
      = directory != NULL ? kernel_obstacle_of_layer (b, directory) : kernel_obstacle (b);
  const char *no_fuse
      = directory != NULL ? fuse_obstacle_of_layer (b, directory) : fuse_obstacle (b);
  bool limited = directory == NULL && is_limited (b), foreign = b->host->rootfs_foreign;

  switch (b->request->overlay_driver)
    {
    case RUNC_OVERLAY_DRIVER_KERNEL:
      *ret_kind = RUNC_OVERLAY_KERNEL;
      return no_kernel == NULL
             || runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                            "--overlay-driver=kernel: %s (see 'runc doctor --check overlay')",
                            no_kernel);
    case RUNC_OVERLAY_DRIVER_FUSE:
      *ret_kind = RUNC_OVERLAY_FUSE;
      return no_fuse == NULL
             || runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                            "--overlay-driver=fuse: %s (see 'runc doctor --check fuse-overlayfs')",
                            no_fuse);
    case RUNC_OVERLAY_DRIVER_AUTO:
      break;
    }
  if (no_kernel != NULL && no_fuse != NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "--overlay: %s, and %s (see 'runc doctor')",
                       no_kernel, no_fuse);
  *ret_kind = no_kernel == NULL && (!(limited || foreign) || no_fuse != NULL) ? RUNC_OVERLAY_KERNEL
                                                                              : RUNC_OVERLAY_FUSE;
  /* To change a file the kernel copies it to the layer with its owner, whom we cannot name. */
  if (*ret_kind == RUNC_OVERLAY_KERNEL && foreign)
    runc_builder_warn (b,
                       "--overlay: what is in '%s' belongs to somebody else and cannot be changed, "
                       "not even in the layer: fuse-overlayfs could, but %s",
                       b->host->rootfs, no_fuse);
  return TRUE;
}

/* ---- where the layer is -------------------------------------------------------------------- */

/* The absolute directory of the layer: one that is kept; else, where one was asked for or is
 * needed, a new one in @place, which is discarded with the container. */
static const char *
layer_in (RuncBuilder *b, const char *place)
{
  const char *token = b->token != NULL ? b->token : "TOKEN";

  b->plan->overlay.discard = TRUE;
  return runc_builder_path (b,
                            place[0] == '/' ? place : runc_builder_path (b, b->host->bundle, place),
                            runc_builder_printf (b, "runc-layer-%s-%s", b->request->id, token));
}

static gboolean
choose_layer (RuncBuilder *b, const char *kept, const char **ret_directory, GError **error)
{
  const char *place = runc_plan_layer_place (b->spec, b->request);

  if (kept[0] != '\0' && b->request->overlay_place != NULL)
    return runc_throw (error, RUNC_ERROR_USAGE,
                       "--overlay-place is for layers that are discarded, and '%s' is kept", kept);
  if (kept[0] != '\0')
    *ret_directory = kept[0] == '/' ? kept : runc_builder_path (b, b->host->bundle, kept);
  else if (place != NULL)
    *ret_directory = layer_in (b, place);
  else
    *ret_directory = NULL;
  return TRUE;
}

/* The kernel's overlayfs and a layer in memory. On a tmpfs without attributes for users it cannot
 * make a directory where one of a lower layer was removed. */
static const char *
replace_memory (RuncBuilder *b)
{
  if (!is_limited (b))
    return NULL;
  if (b->host->layer_place != NULL)
    return layer_in (b, b->host->layer_place);
  runc_builder_warn (b, "--overlay: a directory of the rootfs cannot be removed and made again in "
                        "memory with this kernel (give the layer a place on a disk by "
                        "--overlay-place=DIRECTORY, or install fuse-overlayfs; see 'runc doctor "
                        "--check overlay')");
  return NULL;
}

/* The place of a new overlay among those that fuse-overlayfs serves. */
static RuncFusePlan *
new_fuse (RuncBuilder *b, const char *label)
{
  RuncPlan *plan = b->plan;
  RuncFusePlan *fuse;

  if (plan->fuse == NULL)
    plan->fuse = runc_builder_alloc (b, (b->spec->n_mounts + 1) * sizeof *plan->fuse);
  plan->fuse_overlayfs = b->host->fuse_overlayfs;
  plan->fuse_binds_proc = b->host->proc_masked;
  fuse = &plan->fuse[plan->n_fuse++];
  fuse->label = label;
  return fuse;
}

static RuncOp *
fuse_op (RuncBuilder *b, const RuncFusePlan *fuse, int *ret_slot)
{
  RuncOp *op;

  /* The parent has sent that before it sends a device. */
  runc_plan_take_network (b);
  *ret_slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  op = runc_builder_op (b, RUNC_OP_FUSE, fuse->label);
  op->slot = *ret_slot;
  op->u.fuse.index = (int)(fuse - b->plan->fuse);
  return op;
}

/* ---- the root ------------------------------------------------------------------------------ */

/* The rootfs, and below it the layers that were given: by options, else by the annotation. */
static const char *const *
lower_layers (RuncBuilder *b)
{
  const char *const *given = b->request->overlay_lowers;
  const char *text = runc_spec_annotation (b->spec, ANNOTATION_LOWERS);
  gsize n = 1;
  const char **lowers;

  for (gsize i = 0; given != NULL && given[i] != NULL; i++)
    n++;
  for (const char *p = text; given == NULL && p != NULL; p = strchr (p + 1, ':'))
    n++;
  lowers = runc_builder_alloc (b, (n + 1) * sizeof *lowers);
  lowers[0] = b->host->rootfs;
  n = 1;
  for (gsize i = 0; given != NULL && given[i] != NULL; i++)
    lowers[n++] = given[i];
  for (const char *p = text; given == NULL && p != NULL && *p != '\0';)
    {
      gsize len = strcspn (p, ":");
      const char *path = runc_builder_strndup (b, p, len);

      if (len > 0)
        lowers[n++] = path[0] == '/' ? path : runc_builder_path (b, b->host->bundle, path);
      p += len + (p[len] == ':');
    }
  return lowers;
}

/* A rootfs that we cannot write, where nobody asked for an overlay. */
static bool
is_overlay_needed (RuncBuilder *b)
{
  if (b->who == RUNC_WHO_REAL_ROOT || b->host->rootfs_writable || b->spec->root_readonly
      || (kernel_obstacle (b) != NULL && fuse_obstacle (b) != NULL))
    return false;
  runc_builder_warn (b,
                     "root.path: '%s' is not writable for you: what the container writes goes to a "
                     "temporary layer and is lost with it (make it writable, or set root.readonly)",
                     b->host->rootfs);
  return true;
}

gboolean
runc_plan_overlay (RuncBuilder *b, GError **error)
{
  RuncOverlayPlan *overlay = &b->plan->overlay;
  const char *layer = runc_plan_layer (b->spec, b->request);
  RuncFusePlan *fuse;

  if (layer == NULL && !is_overlay_needed (b))
    return TRUE;
  if (layer == NULL)
    layer = "";
  if (!choose_layer (b, layer, &overlay->directory, error)
      || !choose_driver (b, overlay->directory, &overlay->kind, error))
    return FALSE;
  overlay->lowers = lower_layers (b);
  for (gsize i = 0; overlay->directory != NULL && overlay->lowers[i] != NULL; i++)
    if (strcmp (runc_builder_clean (b, overlay->directory),
                runc_builder_clean (b, overlay->lowers[i]))
        == 0)
      return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                         "--overlay: '%s' cannot be both what is written and what stays as it is",
                         overlay->lowers[i]);
  if (overlay->kind == RUNC_OVERLAY_KERNEL)
    {
      if (overlay->directory == NULL)
        overlay->directory = replace_memory (b);
      return TRUE;
    }
  fuse = new_fuse (b, LABEL);
  fuse->lowers = overlay->lowers;
  fuse->layer = overlay->directory;
  fuse->upper = "upper";
  fuse->work = "work";
  /* The layer keeps the owners of what it gets from the rootfs: nobody, for those that we have no
   * ids for. Without such an id it could not take anything. */
  fuse->squash = b->host->rootfs_foreign
                 && !(runc_plan_uid_is_mapped (b, NOBODY) && runc_plan_gid_is_mapped (b, NOBODY));
  return TRUE;
}

/* A copy of the mount of @path. */
static int
open_layer (RuncBuilder *b, const char *path)
{
  int slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  RuncOp *op = runc_builder_op (b, RUNC_OP_OPEN_TREE, LABEL);

  op->slot = slot;
  op->u.tree = (RuncOpTree){ .path = path, .idmap_slot = RUNC_NO_SLOT, .must_be_dir = true };
  return slot;
}

/* "lowerdir=0:1:2": their names in the SCRATCH. */
static char *
lowerdir_option (RuncBuilder *b, gsize n)
{
  g_autoptr (GString) text = g_string_new ("lowerdir=0");

  for (gsize i = 1; i < n; i++)
    g_string_append_printf (text, ":%" G_GSIZE_FORMAT, i);
  return runc_builder_strndup (b, text->str, text->len);
}

void
runc_plan_overlay_open_ops (RuncBuilder *b)
{
  const RuncOverlayPlan *overlay = &b->plan->overlay;
  gsize n = g_strv_length ((char **)overlay->lowers);
  int *slots;

  if (overlay->kind == RUNC_OVERLAY_KERNEL)
    {
      slots = runc_builder_alloc (b, n * sizeof *slots);
      for (gsize i = 0; i < n; i++)
        slots[i] = open_layer (b, overlay->lowers[i]);
      b->overlay_layers = (RuncOpScratch){ .lowers = slots, .n_lowers = n, .layer = RUNC_NO_SLOT };
      if (overlay->directory != NULL)
        b->overlay_layers.layer = open_layer (b, overlay->directory);
    }
  runc_builder_op (b, RUNC_OP_ENTER_DIR, LABEL)->u.text = b->host->rootfs;
}

int
runc_plan_overlay_make_ops (RuncBuilder *b)
{
  const RuncOverlayPlan *overlay = &b->plan->overlay;
  const char **options;
  int slot, n = 0;
  RuncOp *op;

  if (overlay->kind == RUNC_OVERLAY_FUSE)
    {
      fuse_op (b, &b->plan->fuse[0], &slot);
      return slot;
    }
  runc_builder_op (b, RUNC_OP_SCRATCH, LABEL)->u.scratch = b->overlay_layers;
  options = runc_builder_alloc (b, 6 * sizeof *options);
  options[n++] = lowerdir_option (b, b->overlay_layers.n_lowers);
  options[n++] = "upperdir=layer/upper";
  options[n++] = "workdir=layer/work";
  if (b->in_userns)
    options[n++] = "userxattr"; /* trusted.* is not ours to write there */
  if (overlay->directory == NULL || overlay->discard)
    options[n++] = "volatile"; /* nothing of it outlives the container: no sync */
  slot = runc_builder_slot (b, RUNC_SLOT_TREE, NULL);
  op = runc_builder_op (b, RUNC_OP_NEW_TREE, LABEL);
  op->slot = slot;
  op->u.fs = (RuncOpFs){ .type = "overlay", .source = "overlay", .options = options };
  return slot;
}

/* ---- mounts of config.json ----------------------------------------------------------------- */

/* The value of option @name of @m, or NULL. */
static const char *
option_of (const RuncPlannedMount *m, const char *name)
{
  gsize len = strlen (name);

  for (gsize i = 0; i < m->options.n_data; i++)
    if (strncmp (m->options.data[i], name, len) == 0 && m->options.data[i][len] == '=')
      return m->options.data[i] + len + 1;
  return NULL;
}

static const char *
absolute (RuncBuilder *b, const char *path)
{
  return runc_builder_clean (b,
                             path[0] == '/' ? path : runc_builder_path (b, b->host->bundle, path));
}

/* The directories of "lowerdir=a:b", in which a backslash takes the meaning from what follows. */
static const char *const *
split_lowers (RuncBuilder *b, const char *text)
{
  const char **lowers = runc_builder_alloc (b, (strlen (text) + 2) * sizeof *lowers);
  gsize n = 0;

  while (*text != '\0')
    {
      char *path = runc_builder_alloc (b, strlen (text) + 1);
      gsize len = 0;

      for (; *text != '\0' && *text != ':'; text++)
        {
          if (*text == '\\' && text[1] != '\0')
            text++;
          path[len++] = *text;
        }
      if (*text == ':')
        text++;
      if (len > 0)
        lowers[n++] = absolute (b, path);
    }
  return lowers;
}

/* fuse-overlayfs gets the directory that has both: files are renamed from one to the other. */
static gboolean
take_upper (RuncBuilder *b, const RuncPlannedMount *m, RuncFusePlan *fuse, GError **error)
{
  const char *upper = option_of (m, "upperdir"), *work = option_of (m, "workdir");
  gsize common = 0;

  if (upper == NULL && work == NULL)
    return TRUE;
  if (upper == NULL || work == NULL)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s.options: an overlay needs both 'upperdir' and 'workdir', or neither",
                       m->label);
  upper = absolute (b, upper);
  work = absolute (b, work);
  for (gsize i = 0; upper[i] != '\0' && upper[i] == work[i]; i++)
    if (upper[i] == '/')
      common = i;
  if (common == 0 || upper[common + 1] == '\0' || work[common + 1] == '\0')
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "%s.options: fuse-overlayfs needs 'upperdir' and 'workdir' in a directory "
                       "that has nothing else, not '%s' and '%s'",
                       m->label, upper, work);
  fuse->layer = runc_builder_strndup (b, upper, common);
  fuse->upper = upper + common + 1;
  fuse->work = work + common + 1;
  return TRUE;
}

gboolean
runc_plan_overlay_mount (RuncBuilder *b, const RuncPlannedMount *m, int *ret_slot, GError **error)
{
  const char *lowers = option_of (m, "lowerdir");
  const char *no_kernel = kernel_obstacle (b), *no_fuse = fuse_obstacle (b);
  RuncFusePlan *fuse;
  RuncOp *op;

  *ret_slot = RUNC_NO_SLOT;
  if (b->request->overlay_driver == RUNC_OVERLAY_DRIVER_KERNEL
      || (b->request->overlay_driver == RUNC_OVERLAY_DRIVER_AUTO && no_kernel == NULL))
    return TRUE;
  if (no_fuse != NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "%s: overlay: %s%s%s (see 'runc doctor')",
                       m->label, no_kernel != NULL ? no_kernel : "",
                       no_kernel != NULL ? ", and " : "", no_fuse);
  if (lowers == NULL || lowers[0] == '\0')
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "%s.options: an overlay needs 'lowerdir=...'", m->label);
  fuse = new_fuse (b, m->label);
  fuse->lowers = split_lowers (b, lowers);
  if (!take_upper (b, m, fuse, error))
    return FALSE;
  op = fuse_op (b, fuse, ret_slot);
  op->u.fuse.attr = m->options.set | m->options.rec_set;
  op->u.fuse.propagation = m->options.propagation;
  return TRUE;
}
