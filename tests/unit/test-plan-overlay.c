/* Which overlays are made, by whom, and of what: for a configuration, a host and a request, what
 * stands in the plan, or which error comes instead.
 */
#include "base/error.h"
#include "plan/plan.h"

#include <string.h>

#define CONFIG(more)                                                                               \
  "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"                                      \
  "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0}},"                  \
  "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}]}" more "}"
#define ANNOTATIONS(text) CONFIG (",\"annotations\":{" text "}")
#define OVERLAY_MOUNT(options)                                                                     \
  CONFIG (",\"mounts\":[{\"destination\":\"/m\",\"type\":\"overlay\",\"options\":[" options "]}]")

#define PLACE                                                                                      \
  "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"initial_userns\":true,\"setgroups_allowed\":true," \
  "\"uid_map\":[[0,0,4294967295]],\"gid_map\":[[0,0,4294967295]],"
#define USER(more)          "{" more PLACE "\"euid\":1000,\"egid\":1000,\"rootfs_writable\":true}"
#define OTHERS_ROOTFS(more) "{" more PLACE "\"euid\":1000,\"egid\":1000}"
#define ROOT(more)          "{" more PLACE "\"euid\":0,\"effective_caps\":2199023255551}"

#define KERNEL "\"overlay_in_userns\":true,\"tmpfs_xattrs\":true,"
#define FUSE   "\"fuse_overlayfs\":\"/usr/bin/fuse-overlayfs\",\"fuse_device\":true,"

#define USER_NS                                                                                    \
  "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"                                      \
  "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0}},"                  \
  "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"user\"}],"       \
  "\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"                        \
  "\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]}}"

static const char *const two_lowers[] = { "/one", "/two:2", NULL };

/* Expected text: as in test-plan-policy.c. */
static const struct
{
  const char *name;
  const char *config;
  const char *host;
  RuncCreateRequest request;
  const char *expected[4];
} cases[] = {
  /* who makes it */
  { "driver/auto-prefers-the-kernel",
    CONFIG (""),
    USER (KERNEL FUSE),
    { .overlay = "" },
    { "overlay kind=kernel lowers=/b/rootfs\n",
      "options=lowerdir=0,upperdir=layer/upper,workdir=layer/work,userxattr,volatile", "!fuse" } },
  { "driver/auto-without-the-kernel",
    CONFIG (""),
    USER (FUSE),
    { .overlay = "" },
    { "overlay kind=fuse", "fuse 0 program=/usr/bin/fuse-overlayfs for=--overlay",
      "index=0 (--overlay)", "!scratch" } },
  { "driver/auto-on-a-poor-tmpfs",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true," FUSE),
    { .overlay = "" },
    { "overlay kind=fuse" } },
  { "driver/a-poor-tmpfs-and-no-fuse",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true,"),
    { .overlay = "" },
    { "overlay kind=kernel lowers=/b/rootfs\n",
      "warning --overlay: a directory of the rootfs cannot be removed" } },
  { "driver/a-poor-tmpfs-and-a-disk",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true,\"layer_place\":\"/h/.cache/runc\","),
    { .overlay = "" },
    { "overlay kind=kernel lowers=/b/rootfs directory=/h/.cache/runc/runc-layer-ct-TOKEN "
      "discard=yes\n",
      "scratch lower=1 layer=2", "workdir=layer/work,userxattr,volatile", "!warning --overlay" } },
  { "driver/a-poor-tmpfs-and-a-disk-and-fuse",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true,\"layer_place\":\"/h/.cache/runc\"," FUSE),
    { .overlay = "" },
    { "overlay kind=fuse lowers=/b/rootfs\n", "!discard" } },
  { "driver/a-poor-tmpfs-kernel-forced",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true,\"layer_place\":\"/h/.cache/runc\"," FUSE),
    { .overlay = "", .overlay_driver = RUNC_OVERLAY_DRIVER_KERNEL },
    { "overlay kind=kernel", "directory=/h/.cache/runc/runc-layer-ct-TOKEN discard=yes\n",
      "!warning --overlay" } },
  { "driver/a-poor-tmpfs-kernel-forced-and-no-disk",
    CONFIG (""),
    USER ("\"overlay_in_userns\":true," FUSE),
    { .overlay = "", .overlay_driver = RUNC_OVERLAY_DRIVER_KERNEL },
    { "overlay kind=kernel lowers=/b/rootfs\n",
      "warning --overlay: a directory of the rootfs cannot be removed" } },
  { "driver/a-poor-tmpfs-root-with-a-user-namespace",
    USER_NS,
    ROOT ("\"overlay_in_userns\":true,\"layer_place\":\"/var/tmp\","),
    { .overlay = "" },
    { "directory=/var/tmp/runc-layer-ct-TOKEN discard=yes\n" } },
  { "driver/a-poor-tmpfs-is-enough-for-root",
    CONFIG (""),
    ROOT (FUSE),
    { .overlay = "" },
    { "overlay kind=kernel", "workdir=layer/work,volatile", "!userxattr", "!warning" } },
  { "driver/auto-without-any",
    CONFIG (""),
    USER ("\"fuse_overlayfs\":\"/f\","),
    { .overlay = "" },
    { "error: --overlay: this kernel has no overlayfs for user namespaces, and '/dev/fuse' cannot "
      "be "
      "opened (see 'runc doctor')" } },
  { "driver/kernel-forced",
    CONFIG (""),
    USER (FUSE),
    { .overlay = "", .overlay_driver = RUNC_OVERLAY_DRIVER_KERNEL },
    { "error: --overlay-driver=kernel: this kernel has no overlayfs" } },
  { "driver/fuse-forced",
    CONFIG (""),
    USER (KERNEL FUSE),
    { .overlay = "", .overlay_driver = RUNC_OVERLAY_DRIVER_FUSE },
    { "overlay kind=fuse" } },
  { "driver/fuse-forced-and-missing",
    CONFIG (""),
    USER (KERNEL),
    { .overlay = "", .overlay_driver = RUNC_OVERLAY_DRIVER_FUSE },
    { "error: --overlay-driver=fuse: fuse-overlayfs is not installed (see 'runc doctor --check "
      "fuse-" } },
  { "driver/root-with-a-user-namespace",
    USER_NS,
    ROOT (KERNEL),
    { .overlay = "" },
    { "overlay kind=kernel", "userxattr" } },
  { "driver/root-with-a-user-namespace-on-an-old-kernel",
    USER_NS,
    ROOT (FUSE),
    { .overlay = "" },
    { "overlay kind=fuse" } },
  { "driver/fuse-with-a-masked-proc",
    CONFIG (""),
    USER (FUSE "\"proc_masked\":true,"),
    { .overlay = "" },
    { "upper=upper work=work bind-proc=yes" } },

  /* what belongs to somebody else */
  { "driver/foreign-files",
    CONFIG (""),
    USER (KERNEL FUSE "\"rootfs_foreign\":true,"),
    { .overlay = "" },
    { "overlay kind=fuse", "squash=yes", "!warning --overlay" } },
  { "driver/foreign-files-and-no-fuse",
    CONFIG (""),
    USER (KERNEL "\"rootfs_foreign\":true,"),
    { .overlay = "" },
    { "overlay kind=kernel",
      "warning --overlay: what is in '/b/rootfs' belongs to somebody else" } },

  /* where it is kept */
  { "layer/on-a-filesystem-that-the-kernel-refuses",
    CONFIG (""),
    USER (KERNEL FUSE "\"layer_fs\":\"NFS\","),
    { .overlay = "/l" },
    { "overlay kind=fuse lowers=/b/rootfs directory=/l" } },
  { "layer/refused-and-no-fuse",
    CONFIG (""),
    USER (KERNEL "\"layer_fs\":\"NFS\","),
    { .overlay = "/l" },
    { "error: --overlay: the layer '/l' is on NFS, which the kernel cannot use for one, and "
      "fuse-overlayfs is not installed" } },
  { "layer/written-by-fuse",
    CONFIG (""),
    USER (KERNEL FUSE "\"layer_driver\":\"fuse\","),
    { .overlay = "/l" },
    { "overlay kind=fuse" } },
  { "layer/written-by-fuse-kernel-forced",
    CONFIG (""),
    USER (KERNEL FUSE "\"layer_driver\":\"fuse\","),
    { .overlay = "/l", .overlay_driver = RUNC_OVERLAY_DRIVER_KERNEL },
    { "error: --overlay-driver=kernel: the layer '/l' was written by fuse-overlayfs" } },
  { "layer/written-by-the-kernel-fuse-forced",
    CONFIG (""),
    USER (KERNEL FUSE "\"layer_driver\":\"kernel\","),
    { .overlay = "/l", .overlay_driver = RUNC_OVERLAY_DRIVER_FUSE },
    { "error: --overlay-driver=fuse: the layer '/l' was written by the kernel's overlayfs" } },
  { "layer/kept-is-synced",
    CONFIG (""),
    USER (KERNEL),
    { .overlay = "/l" },
    { "scratch lower=1 layer=2", "!volatile" } },
  { "layer/annotation",
    ANNOTATIONS ("\"run.oci.overlay\":\"l\""),
    USER (KERNEL),
    { 0 },
    { "directory=/b/l" } },
  { "layer/annotation-ephemeral",
    ANNOTATIONS ("\"run.oci.overlay\":\"ephemeral\""),
    USER (KERNEL),
    { 0 },
    { "overlay kind=kernel", "!directory" } },
  { "layer/option-before-annotation",
    ANNOTATIONS ("\"run.oci.overlay\":\"l\""),
    USER (KERNEL),
    { .overlay = "" },
    { "overlay kind=kernel", "!directory" } },

  { "place/option",
    CONFIG (""),
    USER (KERNEL),
    { .overlay_place = "/p" },
    { "directory=/p/runc-layer-ct-TOKEN discard=yes\n", ",volatile" } },
  { "place/option-and-fuse",
    CONFIG (""),
    USER (FUSE),
    { .overlay_place = "/p" },
    { "overlay kind=fuse", "layer=/p/runc-layer-ct-TOKEN upper=upper" } },
  { "place/annotation",
    ANNOTATIONS ("\"run.oci.overlay.place\":\"p\""),
    USER (KERNEL),
    { 0 },
    { "directory=/b/p/runc-layer-ct-TOKEN discard=yes\n" } },
  { "place/option-before-annotation-of-a-kept-one",
    ANNOTATIONS ("\"run.oci.overlay\":\"l\""),
    USER (KERNEL),
    { .overlay_place = "/p" },
    { "directory=/p/runc-layer-ct-TOKEN discard=yes\n" } },
  { "place/kept-before-annotation",
    ANNOTATIONS ("\"run.oci.overlay.place\":\"p\""),
    USER (KERNEL),
    { .overlay = "/l" },
    { "directory=/l\n", "!discard" } },
  { "place/kept-and-option",
    CONFIG (""),
    USER (KERNEL),
    { .overlay = "/l", .overlay_place = "/p" },
    { "error: --overlay-place is for layers that are discarded, and '/l' is kept" } },
  { "layer/that-is-the-rootfs",
    CONFIG (""),
    USER (KERNEL),
    { .overlay = "/b/./rootfs/" },
    { "error: --overlay: '/b/rootfs' cannot be both what is written and what stays as it is" } },
  { "place/that-the-kernel-refuses",
    CONFIG (""),
    USER (KERNEL FUSE "\"layer_fs\":\"NFS\","),
    { .overlay_place = "/p" },
    { "overlay kind=fuse" } },

  /* more lower ones */
  { "lowers/option",
    CONFIG (""),
    USER (KERNEL),
    { .overlay_lowers = two_lowers },
    { "lowers=/b/rootfs,/one,/two:2", "path=/two:2 must-be-dir=yes (--overlay)",
      "scratch lower=1 lower=2 "
      "lower=3 (--overlay)",
      "lowerdir=0:1:2," } },
  { "lowers/annotation",
    ANNOTATIONS ("\"run.oci.overlay.lower\":\"one:/two::three\""),
    USER (FUSE),
    { 0 },
    { "lowers=/b/rootfs,/b/one,/two,/b/three upper=upper", "!directory" } },
  { "lowers/option-before-annotation",
    ANNOTATIONS ("\"run.oci.overlay.lower\":\"/three\""),
    USER (KERNEL),
    { .overlay_lowers = two_lowers },
    { "lowers=/b/rootfs,/one,/two:2\n" } },

  /* that nobody asked for */
  { "needed/rootfs-of-others",
    CONFIG (""),
    OTHERS_ROOTFS (FUSE),
    { 0 },
    { "overlay kind=fuse", "warning root.path: '/b/rootfs' is not writable for you" } },
  { "needed/not-possible",
    CONFIG (""),
    OTHERS_ROOTFS (""),
    { 0 },
    { "!overlay", "!warning root.path" } },
  { "needed/own-rootfs", CONFIG (""), USER (KERNEL), { 0 }, { "!overlay" } },

  /* mounts */
  { "mount/in-a-user-namespace",
    OVERLAY_MOUNT ("\"lowerdir=/a\""),
    USER (KERNEL),
    { 0 },
    { "options=lowerdir=/a,userxattr", "!fuse" } },
  { "mount/fuse",
    OVERLAY_MOUNT ("\"lowerdir=/a:c\\\\:d\",\"upperdir=/l/u\",\"workdir=/l/./w\",\"ro\",\"nodev\""),
    USER (FUSE),
    { 0 },
    { "for=mounts[0] lowers=/a,/b/c:d layer=/l upper=u work=w", "index=0 attr=ro,nodev (mounts[0])",
      "attach target=/m slot" } },
  { "mount/fuse-read-only",
    OVERLAY_MOUNT ("\"lowerdir=/a:/c\""),
    USER (KERNEL FUSE),
    { .overlay_driver = RUNC_OVERLAY_DRIVER_FUSE },
    { "for=mounts[0] lowers=/a,/c\n" } },
  { "mount/fuse-and-the-root",
    OVERLAY_MOUNT ("\"lowerdir=/a\""),
    USER (FUSE),
    { .overlay = "" },
    { "fuse 0 program=/usr/bin/fuse-overlayfs for=--overlay", "fuse 1 ", "index=0 (--overlay)",
      "index=1 (mounts[0])" } },
  { "mount/fuse-without-a-directory-in-common",
    OVERLAY_MOUNT ("\"lowerdir=/a\",\"upperdir=/u\",\"workdir=/w\""),
    USER (FUSE),
    { 0 },
    { "error: mounts[0].options: fuse-overlayfs needs 'upperdir' and 'workdir' in a directory that "
      "has nothing else, not '/u' and '/w'" } },
  { "mount/fuse-upper-in-work",
    OVERLAY_MOUNT ("\"lowerdir=/a\",\"upperdir=/l/u\",\"workdir=/l\""),
    USER (FUSE),
    { 0 },
    { "error: mounts[0].options: fuse-overlayfs needs" } },
  { "mount/fuse-without-work",
    OVERLAY_MOUNT ("\"lowerdir=/a\",\"upperdir=/l/u\""),
    USER (FUSE),
    { 0 },
    { "error: mounts[0].options: an overlay needs both" } },
  { "mount/fuse-without-lower",
    OVERLAY_MOUNT ("\"upperdir=/l/u\",\"workdir=/l/w\""),
    USER (FUSE),
    { 0 },
    { "error: mounts[0].options: an overlay needs 'lowerdir=...'" } },
  { "mount/not-possible",
    OVERLAY_MOUNT ("\"lowerdir=/a\""),
    USER (""),
    { 0 },
    { "error: mounts[0]: overlay: this kernel has no overlayfs for user namespaces, and "
      "fuse-overlayfs is not installed (see 'runc doctor')" } },
};

static void
assert_text (const char *text, const char *expected)
{
  bool absent = expected[0] == '!';

  if ((strstr (text, expected + absent) != NULL) == absent)
    g_error ("'%s' is %s in:\n%s", expected + absent, absent ? "there" : "not", text);
}

static void
test_case (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  RuncCreateRequest request = cases[i].request;
  RuncGlobal global = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncSpec) spec = runc_spec_decode (cases[i].config, strlen (cases[i].config), &error);
  g_autoptr (RuncHost) host = NULL;
  g_autoptr (RuncPlan) plan = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  host = runc_host_from_json (cases[i].host, strlen (cases[i].host), &error);
  g_assert_no_error (error);

  RuncPlanInput input = {
    .spec = spec, .host = host, .global = &global, .request = &request, .state_dir = "/run/runc/ct"
  };

  request.id = "ct";
  plan = runc_plan_new (&input, &error);
  if (g_str_has_prefix (cases[i].expected[0], "error: "))
    {
      g_assert_null (plan);
      assert_text (error->message, cases[i].expected[0] + strlen ("error: "));
      return;
    }
  g_assert_no_error (error);
  runc_plan_check (plan, &error);
  g_assert_no_error (error);
  text = runc_plan_dump_text (plan);
  for (gsize k = 0; k < G_N_ELEMENTS (cases[i].expected) && cases[i].expected[k] != NULL; k++)
    assert_text (text, cases[i].expected[k]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plan/overlay/%s", cases[i].name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_case);
    }
  return g_test_run ();
}
