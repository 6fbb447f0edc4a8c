/* criu: messages on the wire, byte by byte; its log; the plans of checkpoint and restore. */
#include "base/error.h"
#include "criu/message.h"
#include "criu/session.h"
#include "plan/checkpoint.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* ---- messages -------------------------------------------------------------------------------- */

static void
assert_bytes (const RuncCriuRequest *request, const char *expected)
{
  g_autoptr (GByteArray) bytes = runc_criu_encode (request);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < bytes->len; i++)
    g_string_append_printf (text, "%s%02x", i > 0 ? " " : "", bytes->data[i]);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_encode_questions (void)
{
  const RuncCriuRequest version = { .type = RUNC_CRIU_TYPE_VERSION, .keep_open = TRUE };
  const RuncCriuRequest features
      = { .type = RUNC_CRIU_TYPE_FEATURE_CHECK, .keep_open = TRUE, .lazy_pages = TRUE };
  const RuncCriuRequest go_on = { .type = RUNC_CRIU_TYPE_NOTIFY, .notify_success = TRUE };
  const RuncCriuRequest stop = { .type = RUNC_CRIU_TYPE_NOTIFY };

  assert_bytes (&version, "08 0a 20 01");
  assert_bytes (&features, "08 09 20 01 2a 04 08 00 10 01");
  assert_bytes (&go_on, "08 06 18 01");
  assert_bytes (&stop, "08 06 18 00");
}

static void
test_encode_options (void)
{
  const RuncCriuSetting settings[] = {
    { .option = RUNC_CRIU_OPTION_IMAGES_DIR, .number = 5, .value = "/images" },
    { .option = RUNC_CRIU_OPTION_PID, .number = 300 },
    { .option = RUNC_CRIU_OPTION_LOG_FILE, .value = "d" },
    { .option = RUNC_CRIU_OPTION_EXT_MOUNT, .key = "/a", .value = "b" },
    { .option = RUNC_CRIU_OPTION_INHERIT_FD, .key = "k", .number = 4 },
    { .option = RUNC_CRIU_OPTION_PAGE_SERVER, .key = "h", .number = 27277 },
    { .option = RUNC_CRIU_OPTION_EMPTY_NS, .number = 0x40000000 },
    { .option = RUNC_CRIU_OPTION_CGROUP_ROOT, .key = "", .value = "/c" },
  };
  const RuncCriuRequest request = {
    .type = RUNC_CRIU_TYPE_DUMP,
    .settings = settings,
    .n_settings = G_N_ELEMENTS (settings),
  };

  assert_bytes (&request, "08 01 12 33"
                          " 08 05"
                          " 10 ac 02"
                          " 52 01 64"
                          " ba 01 07 0a 02 2f 61 12 01 62"
                          " da 01 05 0a 01 6b 10 04"
                          " 5a 07 0a 01 68 10 8d d5 01"
                          " b0 02 80 80 80 80 04"
                          " ca 01 06 0a 00 12 02 2f 63");
}

static gboolean
decode (const char *bytes, gsize len, RuncCriuResponse *ret_response)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = runc_criu_decode ((const guint8 *)bytes, len, ret_response, &error);

  g_assert_true (ok == (error == NULL));
  return ok;
}
#define DECODE(bytes, response) decode (bytes, sizeof (bytes) - 1, response)

static void
test_decode (void)
{
  g_auto (RuncCriuResponse) notify = { 0 }, version = { 0 }, failure = { 0 }, features = { 0 };
  g_auto (RuncCriuResponse) restored = { 0 };

  g_assert_true (DECODE ("\x08\x06\x10\x01\x2a\x06\x0a\x01x\x10\xac\x02", &notify));
  g_assert_cmpint (notify.type, ==, RUNC_CRIU_TYPE_NOTIFY);
  g_assert_true (notify.success);
  g_assert_cmpstr (notify.script, ==, "x");
  g_assert_cmpint (notify.pid, ==, 300);

  g_assert_true (DECODE ("\x08\x0a\x10\x01\x52\x06\x08\x04\x10\x01\x20\x01", &version));
  g_assert_cmpint (version.version, ==, 40101);

  /* with a field that we do not know, of each kind */
  g_assert_true (DECODE ("\x08\x01\x10\x00\x38\x11\x4a\x03why\xf8\x07\x05\x7d\x01\x02\x03\x04"
                         "\x79\x01\x02\x03\x04\x05\x06\x07\x08",
                         &failure));
  g_assert_false (failure.success);
  g_assert_cmpint (failure.errnum, ==, 17);

  g_assert_true (DECODE ("\x08\x09\x10\x01\x42\x04\x08\x00\x10\x01", &features));
  g_assert_false (features.mem_track);
  g_assert_true (features.lazy_pages);

  g_assert_true (DECODE ("\x08\x02\x10\x01\x22\x02\x08\x07", &restored));
  g_assert_cmpint (restored.pid, ==, 7);
}

static void
test_decode_broken (void)
{
  static const char whole[] = "\x08\x06\x10\x01\x2a\x06\x0a\x01x\x10\xac\x02";
  static const gsize good[] = { 0, 2, 4 }; /* a message may end behind any field */
  RuncCriuResponse response = { 0 };

  for (gsize len = 0; len < sizeof whole - 1; len++)
    {
      gboolean expected = FALSE;

      for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
        expected |= good[i] == len;
      g_assert_true (decode (whole, len, &response) == expected);
    }
  /* a length beyond the end; a number without end; a kind that there is not */
  g_assert_false (DECODE ("\x2a\xff\xff\xff\xff\x0f", &response));
  g_assert_false (DECODE ("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &response));
  g_assert_false (DECODE ("\x0b", &response));
  /* broken inside */
  g_assert_false (DECODE ("\x2a\x02\x0a\x05", &response));
}

/* ---- the log --------------------------------------------------------------------------------- */

static void
test_first_error (void)
{
  g_autofree char *none = runc_criu_first_error ("(00.1) all is well\n");
  g_autofree char *noise = runc_criu_first_error (
      "(00.1) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: no\n"
      "(00.3) Error (criu/cr-dump.c:2111): Dumping FAILED.\n");
  g_autofree char *error = runc_criu_first_error (
      "(00.1) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: no\n"
      "(00.2)      1: Error (criu/files-reg.c:1790): Can't lookup mount=24 for fd=0 path=/x\n"
      "(00.3) Error (criu/cr-dump.c:2111): Dumping FAILED.\n");

  g_assert_null (none);
  g_assert_null (noise);
  g_assert_cmpstr (error, ==, "Can't lookup mount=24 for fd=0 path=/x");
}

/* ---- plans ----------------------------------------------------------------------------------- */

#define ROOT   "{\"euid\":0,\"initial_userns\":true,\"effective_caps\":2199023255551"
#define BUNDLE ",\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\""
#define USER   "{\"euid\":1000,\"initial_userns\":true"

static const char config[]
    = "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
      "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"},"
      "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
      "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"},"
      "{\"destination\":\"/data\",\"source\":\"/srv/data\",\"options\":[\"bind\"]},"
      "{\"destination\":\"/link\",\"source\":\"files\",\"options\":[\"rbind\",\"ro\"]},"
      "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\"}],"
      "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},"
      "{\"type\":\"network\",\"path\":\"/run/netns/x\"},{\"type\":\"ipc\",\"path\":\"/ipc\"}],"
      "\"maskedPaths\":[\"/proc/keys\",\"/proc/acpi\",\"/proc/none\"]}}";

static const char *const environment[] = { "PATH=/opt/bin", "A=b", NULL };

static RuncSpec *
decode_spec (void)
{
  g_autoptr (GError) error = NULL;
  RuncSpec *spec = runc_spec_decode (config, strlen (config), &error);

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

static void
test_mountinfo (void)
{
  char text[] = "36 35 98:0 / / rw,noatime master:1 - ext4 /dev/root rw\n"
                "nonsense\n"
                "37 36 0:5 /a\\040b /with\\040space\\134 ro - tmpfs tmpfs rw,size=1k\n"
                "38 36 0:6\n";
  g_autofree RuncMountFact *mounts = NULL;
  gsize n = runc_plan_parse_mountinfo (text, &mounts);

  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (mounts[0].id, ==, 36);
  g_assert_cmpstr (mounts[0].target, ==, "/");
  g_assert_cmpstr (mounts[0].type, ==, "ext4");
  g_assert_cmpstr (mounts[1].root, ==, "/a b");
  g_assert_cmpstr (mounts[1].target, ==, "/with space\\");
  g_assert_cmpstr (mounts[1].type, ==, "tmpfs");
}

static void
assert_line (const char *dump, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\n%s\n", line);

  if (strstr (dump, whole) == NULL)
    g_error ("no line '%s' in:\n%s", line, dump);
}

static void
assert_no (const char *dump, const char *part)
{
  if (strstr (dump, part) != NULL)
    g_error ("'%s' in:\n%s", part, dump);
}

static char *
dump_of (RuncPlan *plan, GError *error)
{
  g_autoptr (RuncPlan) owned = plan;

  g_assert_no_error (error);
  runc_plan_check (owned, &error);
  g_assert_no_error (error);
  return runc_plan_dump_text (owned);
}

static void
test_checkpoint (void)
{
  static const RuncMountFact mounts[] = {
    { 20, "/rootfs", "/", "ext4" },        { 21, "/", "/proc", "proc" },
    { 22, "/", "/dev", "tmpfs" },          { 23, "/srv/data", "/data", "ext4" },
    { 24, "/files", "/real", "ext4" },     { 25, "/null", "/proc/keys", "devtmpfs" },
    { 26, "/", "/proc/acpi", "tmpfs" },    { 27, "/c", "/sys/fs/cgroup/pids", "cgroup" },
    { 28, "/full", "/dev/full", "tmpfs" },
  };
  static const char *const mounted_at[] = { "/proc", "/dev", "/data", "/real", "/sys/fs/cgroup" };
  RuncCriuOptions options = {
    .image_path = "/images",
    .work_path = "/work",
    .leave_running = TRUE,
    .cgroups = RUNC_CRIU_CGROUPS_SOFT,
    .page_address = "::1",
    .page_port = 7,
    .parent_path = "../p",
  };
  g_autoptr (RuncSpec) spec = decode_spec ();
  g_autoptr (RuncHost) root = decode_host (ROOT BUNDLE "}"), user = decode_host (USER BUNDLE "}");
  RuncCheckpointInput input = {
    .spec = spec,
    .host = root,
    .options = &options,
    .rootfs = "/b/rootfs",
    .init_pid = 42,
    .freezer = "/sys/fs/cgroup/freezer/c",
    .mounts = mounts,
    .n_mounts = G_N_ELEMENTS (mounts),
    .mounted_at = mounted_at,
    .stdio = { { .link = "pipe:[7]", .mount_id = 9, .mode = S_IFIFO },
               { .link = "/var/log/x", .mount_id = 0x1f, .inode = 0xabc, .mode = S_IFREG },
               { .link = "/dev/null", .mount_id = 22, .mode = S_IFCHR, .device = makedev (1, 3) } },
    .netns = 4026531840,
    .environment = environment,
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *dump = dump_of (runc_plan_new_checkpoint (&input, &error), error);
  g_autofree char *pre = NULL;

  assert_line (dump, "criu action=dump");
  assert_line (dump, "  images-dir /images");
  assert_line (dump, "  work-dir /work");
  assert_line (dump, "  pid 42");
  assert_line (dump, "  leave-running 1");
  assert_line (dump, "  page-server ::1=7");
  assert_line (dump, "  parent-images ../p");
  assert_line (dump, "  track-mem 1");
  assert_line (dump, "  freeze-cgroup /sys/fs/cgroup/freezer/c");
  assert_line (dump, "  config-file /etc/criu/runc.conf");
  assert_line (dump, "  external net[4026531840]:extRootNetNS");
  assert_line (dump, "  external file[1f:abc]");
  assert_line (dump, "  ext-mount /data=/data");
  assert_line (dump, "  ext-mount /real=/link");
  assert_line (dump, "  ext-mount /proc/keys=/dev/null");
  assert_line (dump, "  ext-mount /dev/full=/dev/full");
  assert_line (dump, "  ext-mount /sys/fs/cgroup/pids=/sys/fs/cgroup/pids");
  /* its own filesystem; not there; our caller's environment; a namespace of its own */
  assert_no (dump, "/proc/acpi");
  assert_no (dump, "/proc/none");
  assert_no (dump, "A=b");
  assert_no (dump, "extRootPidNS");
  assert_no (dump, "tcp-established");

  options.pre_dump = TRUE;
  pre = dump_of (runc_plan_new_checkpoint (&input, &error), error);
  assert_line (pre, "criu action=pre-dump needs=mem-track");
  assert_no (pre, "ext-mount");

  input.host = user;
  g_assert_null (runc_plan_new_checkpoint (&input, &error));
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_UNSUPPORTED);
}

#define HYBRID                                                                                     \
  ROOT BUNDLE ",\"cgroup_mode\":\"hybrid\","                                                       \
              "\"cgroup2_mount\":\"/sys/fs/cgroup/unified\",\"cgroup2_path\":\"/\","               \
              "\"cgroup1\":[{\"controllers\":\"pids\",\"mountpoint\":\"/sys/fs/cgroup/pids\","     \
              "\"own_path\":\"/\"}],"                                                              \
              "\"namespaces\":{\"network\":{\"current\":false,\"owner\":\"self\"},"                \
              "\"ipc\":{\"current\":false,\"owner\":\"self\"}}}"

static void
test_restore (void)
{
  static const char *const mounted_at[] = { "/proc", NULL, "/data", "/real", NULL };
  static const char *const descriptors[] = { "pipe:[7]", "file[1f:abc]", "/dev/null", NULL };
  RuncCriuOptions options = {
    .image_path = "/images",
    .cgroups = RUNC_CRIU_CGROUPS_IGNORE,
    .lsm_profile = "apparmor:x",
  };
  const RuncRestoreInput restore = {
    .options = &options,
    .descriptors = descriptors,
    .mounted_at = mounted_at,
    .environment = environment,
  };
  const RuncGlobal global = { 0 };
  const RuncCreateRequest request = { .id = "c", .bundle = "/b", .restore = &options };
  g_autoptr (RuncSpec) spec = decode_spec ();
  g_autoptr (RuncHost) host = decode_host (HYBRID);
  RuncPlanInput input = {
    .spec = spec,
    .host = host,
    .global = &global,
    .request = &request,
    .state_dir = "/run/runc/c",
    .restore = &restore,
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *dump = dump_of (runc_plan_new (&input, &error), error);

  assert_line (dump, "criu action=restore needs=lsm");
  assert_line (dump, "  root /run/runc/c/criu-root");
  assert_line (dump, "  restore-sibling 1");
  assert_line (dump, "  lsm-profile apparmor:x");
  assert_line (dump, "  inherit-fd extRootNetNS=4");
  assert_line (dump, "  join-ns ipc=/ipc");
  assert_line (dump, "  inherit-fd pipe:[7]=0");
  assert_line (dump, "  inherit-fd file[1f:abc]=1");
  assert_no (dump, "=2\n");
  assert_line (dump, "  ext-mount /data=/srv/data");
  /* under both names */
  assert_line (dump, "  ext-mount /link=/b/files");
  assert_line (dump, "  ext-mount /real=/b/files");
  assert_line (dump, "  ext-mount /dev/null=/dev/null");
  assert_line (dump, "  readonly /link");
  assert_line (dump, "  readonly /proc/keys");
  assert_no (dump, "readonly /data");
  assert_line (dump, "  ext-mount /sys/fs/cgroup/pids=/sys/fs/cgroup/pids/c");
  /* What a restore needs of the root, and nothing of the process. */
  assert_line (dump, "rootfs slot=2 result=6 path=/b/rootfs (root.path)");
  assert_line (dump, "stage-root slot=3 text=/run/runc/c/criu-root (root.path)");
  assert_no (dump, "\nmount target=/sys/fs/cgroup");
  assert_no (dump, "\npivot");
  assert_no (dump, "\nmask");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/criu/encode/questions", test_encode_questions);
  g_test_add_func ("/criu/encode/options", test_encode_options);
  g_test_add_func ("/criu/decode", test_decode);
  g_test_add_func ("/criu/decode/broken", test_decode_broken);
  g_test_add_func ("/criu/log", test_first_error);
  g_test_add_func ("/criu/mountinfo", test_mountinfo);
  g_test_add_func ("/criu/plan/checkpoint", test_checkpoint);
  g_test_add_func ("/criu/plan/restore", test_restore);
  return g_test_run ();
}
