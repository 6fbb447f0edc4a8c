/* Host facts: the parsers of what the kernel and /etc say, and the facts as JSON and back. */
#include "base/error.h"
#include "host/host.h"
#include "host/probe.h"

#include <string.h>

static void
assert_ranges (const RuncIdRanges *ranges, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < ranges->n; i++)
    g_string_append_printf (text, "%s%u/%u+%u", i > 0 ? " " : "", ranges->items[i].inside,
                            ranges->items[i].outside, ranges->items[i].size);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_id_map (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
  } cases[] = {
    { "", "" },
    { "         0          0 4294967295\n", "0/0+4294967295" },
    { "         0       1000          1\n         1     100000      65536\n",
      "0/1000+1 1/100000+65536" },
    { "0 1000 1", "0/1000+1" },
    { "0 1000\n5 6 7\n", "5/6+7" },
    { "no numbers\n-1 2 3\n", "" },
    { "0 0 4294967296\n", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      RuncIdRanges ranges;

      runc_host_parse_id_map (cases[i].text, &ranges);
      assert_ranges (&ranges, cases[i].expected);
      g_free (ranges.items);
    }
}

static void
test_subids (void)
{
  static const struct
  {
    const char *text;
    const char *name;
    guint32 uid;
    const char *expected;
  } cases[] = {
    { "alice:100000:65536\nbob:165536:65536\n", "bob", 1001, "165536/0+65536" },
    { "alice:100000:65536\nalice:300000:10", "alice", 1000, "100000/0+65536 300000/0+10" },
    { "1000:100000:65536\n", "alice", 1000, "100000/0+65536" },
    { "1000:100000:65536\n", NULL, 1000, "100000/0+65536" },
    { "10001:100000:65536\n", NULL, 1000, "" },
    { "alicex:100000:65536\n", "alice", 1000, "" },
    { "alice:100000:0\n", "alice", 1000, "" },
    { "alice:100000:65536:more\nalice:-1:5\nalice: 1:5\nalice\n\n:1:2\n", "alice", 1000, "" },
    { "alice:4294967295:2\nalice:4294967294:1\n", "alice", 1000, "4294967294/0+1" },
    { "alice:99999999999:1\n", "alice", 1000, "" },
    { "# a comment\nalice:5:6\r\n", "alice", 1000, "" },
    { ":5:6\n", "", 7, "" },
    { "", "alice", 1000, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      RuncIdRanges ranges;

      g_test_message ("%s", cases[i].text);
      runc_host_parse_subids (cases[i].text, cases[i].name, cases[i].uid, &ranges);
      assert_ranges (&ranges, cases[i].expected);
      g_free (ranges.items);
    }
}

static void
test_passwd (void)
{
  static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "broken\n"
                             "also:broken\n"
                             "word:x:10a0:0::/:\n"
                             "alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n"
                             "again:x:1000:1000:::\n"
                             "last:x:1001:1::/:";
  static const struct
  {
    guint32 uid;
    const char *name;
  } cases[] = { { 0, "root" }, { 1000, "alice" }, { 1001, "last" }, { 10, NULL }, { 100, NULL } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = runc_host_parse_passwd (text, cases[i].uid);

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

static void
test_cgroups (void)
{
  g_autofree char *text = g_strdup ("12:cpu,cpuacct:/user.slice\n"
                                    "11:name=systemd:/user.slice/a b:c\n"
                                    "10:pids:/../../x\n"
                                    "9:memory:/..\n"
                                    "broken\n"
                                    "0::/user.slice/session-1.scope\n");
  g_autoptr (RuncHost) host = g_new0 (RuncHost, 1);

  runc_host_parse_cgroups (host, text);
  g_assert_cmpuint (host->n_cgroup1, ==, 4);
  g_assert_cmpstr (host->cgroup1[0].controllers, ==, "cpu,cpuacct");
  g_assert_cmpstr (host->cgroup1[0].own_path, ==, "/user.slice");
  g_assert_cmpstr (host->cgroup1[1].controllers, ==, "name=systemd");
  g_assert_cmpstr (host->cgroup1[1].own_path, ==, "/user.slice/a b:c");
  g_assert_cmpstr (host->cgroup1[2].own_path, ==, "/x");
  g_assert_cmpstr (host->cgroup1[3].own_path, ==, "/");
  g_assert_cmpstr (host->cgroup2_path, ==, "/user.slice/session-1.scope");
}

static void
test_proc_masked (void)
{
  static const struct
  {
    const char *text;
    bool masked;
  } cases[] = {
    { "", false },
    { "25 30 0:23 / /proc rw,nosuid - proc proc rw\n26 30 0:24 / /sys rw - sysfs sysfs rw\n",
      false },
    { "25 30 0:23 / /proc rw - proc proc rw\n31 25 0:5 /null /proc/keys rw - devtmpfs x rw\n",
      true },
    { "31 25 0:5 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n", false },
    { "31 25 0:5 / /process rw - tmpfs x rw\n", false },
    { "31 25 0:5 / /proc/sys ro - proc proc rw", true },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (runc_host_parse_proc_masked (cases[i].text), ==, cases[i].masked);
}

/* What is read from the JSON of facts is what was written, byte for byte. */
static void
test_json (void)
{
  static const char text[]
      = "{\"bundle\":\"/"
        "b\",\"euid\":1000,\"egid\":100,\"effective_caps\":18446744073709551615,\"oom_score_adj\":-"
        "5,"
        "\"cgroup_mode\":\"hybrid\",\"setgroups_allowed\":true,\"cgroup2_mount\":\"/c\","
        "\"uid_map\":[[0,1000,1],[1,100000,4294967295]],\"sub_gids\":[[5,0,6]],"
        "\"cgroup2_controllers\":[\"cpu\",\"pids\"],"
        "\"cgroup1\":[{\"controllers\":\"cpu\",\"mountpoint\":\"/c/cpu\",\"own_path\":\"/\"}],"
        "\"namespaces\":{\"network\":{\"current\":false,\"owner\":\"path\"}},"
        "\"rlimits\":[{\"resource\":7,\"hard\":18446744073709551615}],\"devices\":[true,false]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncHost) host = runc_host_from_json (text, strlen (text), &error);
  g_autofree char *once = NULL;
  g_autofree char *twice = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (host->effective_caps, ==, G_MAXUINT64);
  g_assert_cmpint (host->oom_score_adj, ==, -5);
  g_assert_cmpint (host->cgroup_mode, ==, RUNC_CGROUP_HYBRID);
  g_assert_true (host->namespaces[RUNC_NS_NETWORK].exists);
  g_assert_cmpint (host->namespaces[RUNC_NS_NETWORK].owner, ==, RUNC_NS_OWNER_PATH);
  g_assert_false (host->namespaces[RUNC_NS_PID].exists);
  g_assert_cmpuint (host->rlimits[0].hard, ==, G_MAXUINT64);
  g_assert_cmpuint (host->n_devices, ==, 2);
  g_assert_false (host->devices[1]);
  once = runc_host_to_json (host);

  g_autoptr (RuncHost) again = runc_host_from_json (once, strlen (once), &error);

  g_assert_no_error (error);
  twice = runc_host_to_json (again);
  g_assert_cmpstr (once, ==, twice);
}

static void
test_json_errors (void)
{
  static const char *const broken[] = {
    "[]",
    "{}",
    "{\"bundle\":\"/b\",\"cgroup_mode\":\"v2\"}",
    "{",
    "{\"bundle\":\"/b\",\"euid\":\"0\"}",
    "{\"bundle\":\"/b\",\"euid\":4294967296}",
    "{\"bundle\":\"/b\",\"initial_userns\":1}",
    "{\"bundle\":7}",
    "{\"bundle\":\"/b\",\"uid_map\":{}}",
    "{\"bundle\":\"/b\",\"uid_map\":[[1,2]]}",
    "{\"bundle\":\"/b\",\"cgroup_mode\":\"v3\"}",
    "{\"bundle\":\"/b\",\"cgroup1\":[{\"controllers\":\"cpu\"}]}",
    "{\"bundle\":\"/"
    "b\",\"cgroup1\":[{\"controllers\":\"cpu\",\"mountpoint\":\"cpu\",\"own_path\":\"/\"}]}",
    "{\"bundle\":\"/b\",\"namespaces\":[]}",
    "{\"bundle\":\"/b\",\"namespaces\":{\"pid\":7}}",
    "{\"bundle\":\"/b\",\"namespaces\":{\"pid\":{\"owner\":\"me\"}}}",
    "{\"bundle\":\"/b\",\"rlimits\":[7]}",
    "{\"bundle\":\"/b\",\"devices\":true}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncHost) host = runc_host_from_json (broken[i], strlen (broken[i]), &error);

      g_test_message ("%s", broken[i]);
      g_assert_null (host);
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
    }
}

/* Only what a configuration asks about is looked at. */
static void
test_needs (void)
{
  static const struct
  {
    const char *config;
    gboolean rootless;
    guint needs;
  } cases[] = {
    { "{}", FALSE, RUNC_HOST_CGROUP },
    { "{}", TRUE, RUNC_HOST_CGROUP | RUNC_HOST_SUBIDS },
    { "{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"
      "\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}}",
      TRUE, RUNC_HOST_CGROUP },
    { "{\"linux\":{\"namespaces\":[{\"type\":\"user\",\"path\":\"/x\"}]}}", TRUE,
      RUNC_HOST_CGROUP },
    { "{\"process\":{\"cwd\":\"/\",\"apparmorProfile\":\"x\"}}", FALSE,
      RUNC_HOST_CGROUP | RUNC_HOST_KERNEL },
    { "{\"mounts\":[{\"destination\":\"/m\",\"type\":\"overlay\"}]}", FALSE,
      RUNC_HOST_CGROUP | RUNC_HOST_OVERLAY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (RuncSpec) spec
          = runc_spec_decode (cases[i].config, strlen (cases[i].config), &error);

      g_assert_no_error (error);
      g_assert_cmpuint (runc_host_needs_for (spec, cases[i].rootless, FALSE), ==,
                        cases[i].needs | RUNC_HOST_IDENTITY | RUNC_HOST_PROGRAM);
    }
}

/* The probe itself: what is true on every machine. */
static void
test_probe (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncHost) host = runc_host_probe (NULL, "/", RUNC_HOST_ALL, &error);
  g_autoptr (RuncHost) missing = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (host->uid_map.n, >, 0);
  g_assert_cmpstr (host->bundle, ==, "/");
  for (gsize i = 0; i < host->n_cgroup1; i++)
    g_assert_true (host->cgroup1[i].mountpoint != NULL && host->cgroup1[i].own_path[0] == '/');
  missing = runc_host_probe (NULL, "/no/such/bundle", RUNC_HOST_IDENTITY, &error);
  g_assert_null (missing);
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host/id-map", test_id_map);
  g_test_add_func ("/host/subids", test_subids);
  g_test_add_func ("/host/passwd", test_passwd);
  g_test_add_func ("/host/cgroups", test_cgroups);
  g_test_add_func ("/host/proc-masked", test_proc_masked);
  g_test_add_func ("/host/json", test_json);
  g_test_add_func ("/host/json-errors", test_json_errors);
  g_test_add_func ("/host/needs", test_needs);
  g_test_add_func ("/host/probe", test_probe);
  return g_test_run ();
}
