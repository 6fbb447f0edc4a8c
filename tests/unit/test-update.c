/* What `update` sets and saves: pairs are completed from the old configuration, and what is new is
 * merged into it. */
#include "engine/update.h"

#include <string.h>

/* The resources of @json, which is the content of linux.resources. */
static RuncSpec *
resources (const char *json)
{
  g_autoptr (GError) error = NULL;
  RuncSpec *spec = runc_spec_decode_resources (json, strlen (json), &error);

  g_assert_no_error (error);
  return spec;
}

static void
test_complete (void)
{
  static const struct
  {
    const char *old;
    const char *wanted;
    const char *set;
  } rows[] = {
    { "{}", "{\"cpu\":{\"quota\":5}}", "{\"cpu\":{\"quota\":5}}" },
    { "{\"cpu\":{\"quota\":1,\"period\":2}}", "{\"cpu\":{\"quota\":5}}",
      "{\"cpu\":{\"quota\":5,\"period\":2}}" },
    { "{\"cpu\":{\"quota\":-1,\"period\":2}}", "{\"cpu\":{\"period\":7}}",
      "{\"cpu\":{\"quota\":-1,\"period\":7}}" },
    { "{\"cpu\":{\"quota\":1,\"period\":2,\"shares\":3,\"cpus\":\"0\"}}",
      "{\"cpu\":{\"quota\":5,\"period\":6}}", "{\"cpu\":{\"quota\":5,\"period\":6}}" },
    { "{\"cpu\":{\"quota\":1,\"period\":2}}", "{\"cpu\":{\"shares\":5}}",
      "{\"cpu\":{\"shares\":5}}" },
    { "{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"memory\":{\"limit\":15}}",
      "{\"memory\":{\"limit\":15,\"swap\":20}}" },
    { "{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"memory\":{\"swap\":30}}",
      "{\"memory\":{\"limit\":10,\"swap\":30}}" },
    { "{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"memory\":{\"limit\":-1}}",
      "{\"memory\":{\"limit\":-1,\"swap\":-1}}" },
    { "{\"memory\":{\"limit\":10}}", "{\"memory\":{\"limit\":-1}}", "{\"memory\":{\"limit\":-1}}" },
    { "{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"memory\":{\"reservation\":5}}",
      "{\"memory\":{\"reservation\":5}}" },
    { "{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"pids\":{\"limit\":5}}",
      "{\"pids\":{\"limit\":5}}" },
    /* device rules that are repeated are not set again */
    { "{\"devices\":[{\"allow\":false,\"type\":\"a\"},{\"allow\":true,\"type\":\"c\",\"major\":1}]"
      "}",
      "{\"devices\":[{\"allow\":false,\"type\":\"a\"},{\"allow\":true,\"type\":\"c\",\"major\":1}]"
      "}",
      "{}" },
    { "{\"devices\":[{\"allow\":false,\"type\":\"a\"},{\"allow\":true,\"type\":\"c\",\"major\":1}]"
      "}",
      "{\"devices\":[{\"allow\":false,\"type\":\"a\"},{\"allow\":true,\"type\":\"c\",\"major\":2}]"
      "}",
      "{\"devices\":[{\"allow\":false,\"type\":\"a\"},"
      "{\"allow\":true,\"type\":\"c\",\"major\":2}]}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RuncSpec) old = resources (rows[i].old);
      g_autoptr (RuncSpec) wanted = resources (rows[i].wanted);
      autojson RuncJson *config = json_object_new_object ();
      g_autofree char *expected = g_strdup_printf ("{\"linux\":{\"resources\":%s}}", rows[i].set);
      RuncUpdate update = { 0 };

      runc_update_complete (&update, wanted->linux_spec.resources, old->linux_spec.resources);
      runc_update_merge (config, &update.resources);
      g_autofree char *text = runc_json_to_string (config);
      g_assert_cmpstr (text, ==, expected);

      /* Without an old one it is what was wanted. */
      runc_update_complete (&update, wanted->linux_spec.resources, NULL);
      autojson RuncJson *alone = json_object_new_object ();
      runc_update_merge (alone, &update.resources);
      g_autofree char *alone_text = runc_json_to_string (alone);
      g_assert_nonnull (strstr (alone_text, rows[i].wanted));
    }
}

/* Every member that update takes goes in and comes out. */
static void
test_all_members (void)
{
  static const char text[]
      = "{\"memory\":{\"limit\":1,\"reservation\":2,\"swap\":3,\"swappiness\":4,"
        "\"disableOOMKiller\":true,\"checkBeforeUpdate\":false},"
        "\"cpu\":{\"shares\":1,\"quota\":-2,\"burst\":3,\"period\":4,\"realtimeRuntime\":5,"
        "\"realtimePeriod\":18446744073709551615,\"cpus\":\"0-1\",\"mems\":\"0\",\"idle\":1},"
        "\"pids\":{\"limit\":9},"
        "\"blockIO\":{\"weight\":10,\"leafWeight\":11,"
        "\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1,\"leafWeight\":2}],"
        "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}],"
        "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":2}],"
        "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],"
        "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":4}]},"
        "\"network\":{\"classID\":4294967295,\"priorities\":[{\"name\":\"lo\",\"priority\":3}]},"
        "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}],"
        "\"rdma\":{\"mlx5_0\":{\"hcaHandles\":1,\"hcaObjects\":2}},"
        "\"unified\":{\"memory.high\":\"7\"}}";
  g_autoptr (RuncSpec) spec = resources (text);
  autojson RuncJson *config = json_object_new_object ();
  g_autofree char *expected = g_strdup_printf ("{\"linux\":{\"resources\":%s}}", text);

  runc_update_merge (config, spec->linux_spec.resources);
  g_autofree char *merged = runc_json_to_string (config);
  g_assert_cmpstr (merged, ==, expected);
}

/* As it comes from options: there, but empty. */
static void
test_nothing (void)
{
  const RuncSpecMemory memory = { 0 };
  const RuncSpecCpu cpu = { 0 };
  const RuncSpecBlockIo block_io = { 0 };
  const RuncSpecResources nothing = { .memory = &memory, .cpu = &cpu, .block_io = &block_io };
  autojson RuncJson *config = json_object_new_object ();

  runc_update_merge (config, &nothing);
  g_autofree char *text = runc_json_to_string (config);
  g_assert_cmpstr (text, ==, "{\"linux\":{\"resources\":{}}}");
}

static void
test_merge (void)
{
  static const char old[]
      = "{\"ociVersion\":\"1.2.0\",\"linux\":{\"cgroupsPath\":\"/x\",\"resources\":{"
        "\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
        "\"memory\":{\"limit\":1,\"swap\":2},"
        "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
        "{\"major\":8,\"minor\":16,\"rate\":2}]},"
        "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}],"
        "\"unified\":{\"a\":\"1\",\"b\":\"2\"}}}}";
  static const char change[]
      = "{\"devices\":[{\"allow\":true,\"access\":\"r\"}],\"memory\":{\"limit\":9},"
        "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":7},"
        "{\"major\":9,\"minor\":16,\"rate\":8}]},"
        "\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":6}],"
        "\"unified\":{\"b\":\"3\",\"c\":\"4\"}}";
  static const char expected[]
      = "{\"ociVersion\":\"1.2.0\",\"linux\":{\"cgroupsPath\":\"/x\",\"resources\":{"
        "\"devices\":[{\"allow\":true,\"type\":\"a\",\"access\":\"r\"}],"
        "\"memory\":{\"limit\":9,\"swap\":2},"
        "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
        "{\"major\":8,\"minor\":16,\"rate\":7},{\"major\":9,\"minor\":16,\"rate\":8}]},"
        "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5},"
        "{\"pageSize\":\"1GB\",\"limit\":6}],"
        "\"unified\":{\"a\":\"1\",\"b\":\"3\",\"c\":\"4\"}}}}";
  g_autoptr (RuncSpec) spec = resources (change);
  autojson RuncJson *config = runc_json_parse (old, strlen (old), "old", NULL);

  runc_update_merge (config, spec->linux_spec.resources);
  g_autofree char *merged = runc_json_to_string (config);
  g_assert_cmpstr (merged, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/update/complete", test_complete);
  g_test_add_func ("/update/all-members", test_all_members);
  g_test_add_func ("/update/nothing", test_nothing);
  g_test_add_func ("/update/merge", test_merge);
  return g_test_run ();
}
