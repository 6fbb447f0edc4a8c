/* The plan's choices, one by one: for a configuration and a host, which line stands in the dump, or
 * which error comes instead. Whole plans are compared by tests/golden.
 */
#include "base/error.h"
#include "plan/plan.h"

#include <string.h>

#define PROCESS                                                                                    \
  "\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"                                       \
  "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0}"
#define NS(more)    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}" more "]"
#define MOUNT(text) "{" PROCESS "},\"mounts\":[{" text "}]," NS ("") "}}"

#define PLAIN "{" PROCESS "}," NS ("") "}}"

#define PLACE   "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"rootfs_writable\":true"
#define ALL_IDS "\"uid_map\":[[0,0,4294967295]],\"gid_map\":[[0,0,4294967295]]"
#define ROOT_FACTS                                                                                 \
  PLACE ",\"euid\":0,\"initial_userns\":true,\"effective_caps\":2199023255551,"                    \
        "\"setgroups_allowed\":true," ALL_IDS "}"
#define USER_FACTS                                                                                 \
  PLACE ",\"euid\":1000,\"egid\":1000,\"initial_userns\":true,\"setgroups_allowed\":true,"         \
        "\"sub_uids\":[[100000,0,65536]],\"sub_gids\":[[100000,0,65536]],"                         \
        "\"newuidmap\":\"/n/u\",\"newgidmap\":\"/n/g\",\"devices\":[true,false],"                  \
        "\"rlimits\":[{\"resource\":7,\"hard\":512}],\"oom_score_adj\":100," ALL_IDS "}"
#define USERNS_FACTS                                                                               \
  PLACE ",\"euid\":0,\"initial_userns\":false,\"effective_caps\":2199023255551,"                   \
        "\"uid_map\":[[0,1000,1]],\"gid_map\":[[0,1000,1]]}"
#define ROOT   "{" ROOT_FACTS
#define USER   "{" USER_FACTS
#define USERNS "{" USERNS_FACTS

/* The same on a host with the unified hierarchy. */
#define V2(facts)                                                                                  \
  "{\"cgroup_mode\":\"v2\",\"cgroup2_mount\":\"/sys/fs/cgroup\",\"cgroup2_path\":\"/a\"," facts

/* The same with an executable that belongs to @owner and may be written to as @mode says. */
#define PROGRAM(host, owner, mode)                                                                 \
  "{\"program_changeable\":true,\"program_leavable\":true,\"program_owner\":" owner                \
  ",\"program_mode\":" mode "," host

/* Expected text: a line (or part of one) of the dump; "!" before it: it is not there; "error: "
 * before it: the message has it. */
static const struct
{
  const char *name;
  const char *config;
  const char *host;
  const char *expected[4];
} cases[] = {
  /* bind mounts */
  { "bind/root-resets-flags",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"rbind\",\"ro\"]"),
    ROOT,
    { "path=/s recursive=yes set=ro clear=nosuid,nodev,noexec,nosymfollow (mounts[0])",
      "attach target=/m" } },
  { "bind/without-flags-keeps-all",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\"]"),
    ROOT,
    { "path=/s (mounts[0])" } },
  { "bind/user-keeps-locked-flags",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"ro\",\"exec\"]"),
    USER,
    { "path=/s set=ro clear=noexec (mounts[0])" } },
  { "bind/userns-root-tries-both",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"ro\"]"),
    USERNS,
    { "clear=nosuid,nodev,noexec,nosymfollow alternative-on=EPERM", "  else open-tree" } },
  { "bind/relative-source",
    MOUNT ("\"destination\":\"/m\",\"source\":\"data\",\"options\":[\"bind\"]"),
    USER,
    { "path=/b/data" } },
  { "bind/with-data",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"size=1\"]"),
    USER,
    { "error: bind mounts cannot have any filesystem-specific options applied" } },
  { "bind/recursive-attributes",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"rbind\",\"rro\",\"rnosuid\"]"),
    ROOT,
    { "path=/s recursive=yes rset=ro,nosuid (mounts[0])" } },
  { "bind/propagation",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"rbind\",\"rshared\"]"),
    ROOT,
    { "propagation=shared rpropagation=yes" } },
  { "bind/nofollow",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"src-nofollow\","
           "\"dest-nofollow\"]"),
    ROOT,
    { "path=/s nofollow=yes", "target-nofollow=yes" } },
  { "bind/copy-symlink",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"copy-symlink\"]"),
    ROOT,
    { "copy-symlink target=/m text=/s alternative-on=EINVAL", "  else attach target=/m" } },
  { "bind/options-in-one-string",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"rbind,ro,nosuid\"]"),
    ROOT,
    { "set=ro,nosuid" } },
  { "bind/last-word-wins",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"ro\",\"rw\"]"),
    USER,
    { "path=/s clear=ro (mounts[0])" } },

  /* id-mapped mounts */
  { "idmap/own-maps",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\"],"
           "\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":2}],"
           "\"gidMappings\":[{\"containerID\":1,\"hostID\":8,\"size\":3}]"),
    ROOT,
    { "source path=/s", "idmap-uid=0:7:2 idmap-gid=1:8:3" } },
  { "idmap/crun-option",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\","
           "\"ridmap=uids=0-1-10#10-11-10;gids=0-3-10\"]"),
    ROOT,
    { "idmap-recursive=yes idmap-uid=0:1:10 idmap-uid=10:11:10 idmap-gid=0:3:10" } },
  { "idmap/broken-option",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"idmap=uids=0-1\"]"),
    ROOT,
    { "error: not of the form" } },
  { "idmap/without-maps",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]"),
    ROOT,
    { "error: must have both uid and gid mappings" } },
  { "idmap/user",
    MOUNT ("\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]"),
    USER,
    { "error: not supported for rootless containers" } },

  /* the runtime's executable */
  { "program/root-leaves-it",
    PLAIN,
    PROGRAM (ROOT_FACTS, "5", "493"),
    { "program=left", "leave-program slot=1 result=2" } },
  { "program/read-only-or-sealed", PLAIN, ROOT, { "!program", "!leave-program" } },
  { "program/of-the-user",
    PLAIN,
    PROGRAM (USER_FACTS, "1000", "493"),
    { "program=again", "!leave-program" } },
  { "program/of-somebody-else", PLAIN, PROGRAM (USER_FACTS, "0", "493"), { "!program" } },
  { "program/of-a-subordinate-id",
    PLAIN,
    PROGRAM (USER_FACTS, "100001", "493"),
    { "program=again" } },
  { "program/writable-for-groups", PLAIN, PROGRAM (USER_FACTS, "0", "509"), { "program=again" } },
  { "program/userns-root",
    PLAIN,
    PROGRAM (USERNS_FACTS, "0", "493"),
    { "program=again", "!leave-program" } },

  /* new filesystems */
  { "tmpfs/mode-of-target",
    MOUNT ("\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"t\""),
    USER,
    { "type=tmpfs source=t mode-of-target=yes" } },
  { "tmpfs/own-mode",
    MOUNT ("\"destination\":\"/m\",\"type\":\"tmpfs\",\"options\":[\"mode=700\"]"),
    USER,
    { "options=mode=700 (mounts[0])" } },
  { "tmpfs/unmapped-id",
    MOUNT ("\"destination\":\"/m\",\"type\":\"tmpfs\",\"options\":[\"mode=1\",\"uid=70000\"]"),
    USER,
    { "options=mode=1 (mounts[0])", "warning mounts[0]: option 'uid=70000' is left out" } },
  { "devpts/unmapped-group-is-no-loss",
    MOUNT ("\"destination\":\"/m\",\"type\":\"devpts\",\"options\":[\"gid=70000\"]"),
    USER,
    { "type=devpts source=devpts (mounts[0])", "!warning" } },
  { "tmpfs/read-only-after-what-is-in-it",
    "{" PROCESS "},\"mounts\":[{\"destination\":\"/m\",\"type\":\"tmpfs\",\"options\":[\"ro\"]},"
    "{\"destination\":\"/m/n\",\"type\":\"tmpfs\"}]," NS ("") "}}",
    USER,
    { "set-attr target=/m set=ro", "!attr=ro" } },
  { "tmpfs/copy-up",
    MOUNT ("\"destination\":\"/m\",\"type\":\"tmpfs\",\"options\":[\"tmpcopyup\",\"ro\"]"),
    USER,
    { "new-tree", "copy-up target=/m", "set-attr target=/m set=ro" } },
  { "ext4/superblock-read-only",
    MOUNT (
        "\"destination\":\"/m\",\"type\":\"ext4\",\"source\":\"/d\",\"options\":[\"ro\",\"sync\"]"),
    ROOT,
    { "type=ext4 source=/d options=sync attr=ro superblock-ro=yes" } },
  { "proc/own-pid-namespace",
    MOUNT ("\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\""),
    USER,
    { "mount target=/proc type=proc source=proc ordinary-target=yes", "!path=/proc" } },
  { "proc/opt-in-bind",
    "{" PROCESS "},\"annotations\":{\"run.oci.proc\":\"bind\"},"
    "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}]," NS ("") "}}",
    USER,
    { "alternative-on=EPERM", "  else open-tree", "path=/proc" } },
  { "proc/shared-pid-namespace",
    "{" PROCESS "},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}],"
    "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}",
    USER,
    { "path=/proc recursive=yes", "!type=proc" } },
  { "proc/other-type",
    MOUNT ("\"destination\":\"/proc\",\"type\":\"tmpfs\""),
    USER,
    { "error: because it is not of type proc" } },
  { "proc/below",
    MOUNT ("\"destination\":\"/proc/./self/\",\"type\":\"tmpfs\""),
    USER,
    { "error: cannot be mounted because it is inside /proc" } },
  { "proc/lxcfs",
    MOUNT ("\"destination\":\"/proc/meminfo\",\"source\":\"/l\",\"options\":[\"bind\"]"),
    USER,
    { "attach target=/proc/meminfo", "on-proc=yes" } },
  { "sysfs/host-network",
    MOUNT ("\"destination\":\"/sys\",\"type\":\"sysfs\""),
    USER,
    { "path=/sys recursive=yes rset=ro,nosuid,nodev,noexec", "!type=sysfs" } },
  { "sysfs/root",
    MOUNT ("\"destination\":\"/sys\",\"type\":\"sysfs\""),
    ROOT,
    { "mount target=/sys type=sysfs source=sysfs ordinary-target=yes (mounts[0])" } },
  { "mqueue/host-ipc",
    MOUNT ("\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\""),
    USER,
    { "target=/dev/mqueue type=tmpfs", "!type=mqueue" } },
  { "mount/on-root",
    MOUNT ("\"destination\":\"/a/..\",\"type\":\"tmpfs\""),
    USER,
    { "error: nothing can be mounted on it" } },

  /* devices */
  { "devices/root-makes-them", "{" PROCESS "}," NS ("") "}}", ROOT, { "mknod target=/dev/null" } },
  { "devices/user-binds-them",
    "{" PROCESS "}," NS ("") "}}",
    USER,
    { "bind-device target=/dev/null path=/dev/null mode=20666 dev=1:3", "!mknod" } },
  { "devices/that-the-host-lacks",
    "{" PROCESS
    "}," NS ("") ",\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,"
                 "\"minor\":2},{\"path\":\"/dev/y\",\"type\":\"b\",\"major\":1,\"minor\":2}]}}",
    USER,
    { "bind-device target=/dev/x", "!target=/dev/y", "warning linux.devices[1]: '/dev/y'" } },
  { "devices/config-replaces-the-default",
    "{" PROCESS "}," NS ("") ",\"devices\":[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,"
                             "\"minor\":3,\"fileMode\":384}]}}",
    ROOT,
    { "mode=20600", "!dev=1:3 alternative-on=EPERM (default device)" } },
  { "devices/not-in-a-bound-dev",
    MOUNT ("\"destination\":\"/dev\",\"source\":\"/dev\",\"options\":[\"rbind\"]"),
    USER,
    { "!bind-device", "!symlink" } },

  /* the process */
  { "rlimits/clamped",
    "{" PROCESS
    ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":600,\"hard\":1024}]}," NS ("") "}}",
    USER,
    { "limit7=512:512", "warning process.rlimits[0]: RLIMIT_NOFILE is limited to 512" } },
  { "rlimits/root",
    "{" PROCESS
    ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":600,\"hard\":1024}]}," NS ("") "}}",
    ROOT,
    { "limit7=600:1024", "!warning" } },
  { "oom/lower-without-root",
    "{" PROCESS ",\"oomScoreAdj\":50}," NS ("") "}}",
    USER,
    { "!oom-score-adj", "warning process.oomScoreAdj: it stays at 100" } },
  { "oom/higher",
    "{" PROCESS ",\"oomScoreAdj\":500}," NS ("") "}}",
    USER,
    { "oom-score-adj number=500" } },
  { "user/without-such-an-id",
    "{" PROCESS "},\"annotations\":{}," NS (
        "") ",\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,"
            "\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}]}}",
    USER,
    { "maps method=self", "!credentials" } },
  { "environment/last-one-wins",
    "{" PROCESS ",\"env\":[\"A=1\",\"B=2\",\"A=3\",\"HOME=\"]}," NS ("") "}}",
    USER,
    { "env B=2\nenv A=3\nenv HOME=\n", "!A=1", "home number=0" } },
  { "environment/not-a-variable",
    "{" PROCESS ",\"env\":[\"A\"]}," NS ("") "}}",
    USER,
    { "error: process.env[0]: invalid environment variable" } },

  { "groups/joined-user-namespace",
    "{" PROCESS "}," NS (",{\"type\":\"user\",\"path\":\"/n\"}") "}}",
    "{" PLACE ",\"euid\":0,\"initial_userns\":true,\"effective_caps\":2199023255551,"
    "\"setgroups_allowed\":true," ALL_IDS ",\"namespaces\":{\"user\":{\"owner\":\"other\"}}}",
    { "become-root uid=0 gid=0 groups=- alternative-on=EPERM", "  else become-root uid=0 gid=0 (",
      "credentials uid=0 gid=0 groups=- alternative-on=EPERM" } },
  { "capabilities/ambient-needs-inheritable",
    "{" PROCESS ",\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
    "\"effective\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]}}," NS ("") "}}",
    USER,
    { "effective=KILL permitted=KILL inheritable=- ambient=-",
      "warning can't raise ambient capability CAP_KILL" } },
  { "capabilities/not-given-are-none",
    "{" PROCESS "}," NS ("") "}}",
    ROOT,
    { "bounding bounding=-", "capabilities effective=- permitted=- inheritable=- ambient=-" } },

  /* sysctl */
  { "sysctl/own-namespace",
    "{" PROCESS "}," NS (",{\"type\":\"network\"}") ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}}",
    USER,
    { "sysctl target=net/ipv4/ip_forward text=1" } },
  { "sysctl/slashes",
    "{" PROCESS "}," NS (",{\"type\":\"network\"}") ",\"sysctl\":{\"net/ipv4/conf/e.1/x\":\"1\"}}}",
    USER,
    { "sysctl target=net/ipv4/conf/e.1/x" } },
  { "sysctl/of-the-host",
    "{" PROCESS "}," NS ("") ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}}",
    ROOT,
    { "error: not allowed in host network namespace" } },
  { "sysctl/not-namespaced",
    "{" PROCESS "}," NS ("") ",\"sysctl\":{\"kernel.core_pattern\":\"x\"}}}",
    ROOT,
    { "error: is not in a separate kernel namespace" } },
  { "sysctl/leads-elsewhere",
    "{" PROCESS
    "}," NS (",{\"type\":\"network\"}") ",\"sysctl\":{\"net/../kernel/core_pattern\":\"x\"}}}",
    ROOT,
    { "error: is not the name of a setting" } },

  /* the rest of the root */
  { "hostname/of-the-host",
    "{" PROCESS "},\"hostname\":\"x\"," NS ("") "}}",
    ROOT,
    { "error: unable to set hostname without a private UTS namespace" } },
  { "propagation/shared-root-has-no-peers",
    "{" PROCESS "}," NS ("") ",\"rootfsPropagation\":\"rshared\"}}",
    ROOT,
    { "(linux.rootfsPropagation)\nopen-tree",
      "root-propagation propagation=shared recursive=yes" } },
  { "masks/duplicates-collapse",
    "{" PROCESS "}," NS ("") ",\"maskedPaths\":[\"/proc/a\",\"/proc/b\",\"/proc/a\"]}}",
    USER,
    { "mask target=/proc/b", "open-null" } },

/* devices */
#define MINE                                                                                       \
  ",\"devices\":[{\"path\":\"/dev/m\",\"type\":\"c\",\"major\":1,\"minor\":5,\"uid\":2}]}}"
#define MAPS                                                                                       \
  ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":9}],\"gidMappings\":"           \
  "[{\"containerID\":0,\"hostID\":100000,\"size\":9}]"
  { "devices/made-by-the-machines-root-for-a-user-namespace",
    "{" PROCESS "}," NS (",{\"type\":\"user\"}") MAPS MINE,
    "{\"devices\":[false]," ROOT_FACTS,
    { "mode=20666 dev=1:5 owner=100002:100000", "open-devices", "attach target=/dev/m" } },

  /* network */
  { "network/options",
    "{" PROCESS "},\"annotations\":{\"run.oci.network\":\"slirp:ipv6,outbound-addr=192.0.2.1\","
    "\"run.oci.publish\":\"80:80,53:53/udp\"}," NS (",{\"type\":\"network\"}") "}}",
    USER,
    { "network mode=slirp publish=80:80,53:53/udp ipv6=yes outbound=192.0.2.1",
      "send message=root-ready", "attach target=/etc/resolv.conf" } },
  { "network/unknown-option",
    "{" PROCESS
    "},\"annotations\":{\"run.oci.network\":\"slirp:ipv7\"}," NS (",{\"type\":\"network\"}") "}}",
    USER,
    { "error: unknown option 'ipv7'" } },
  { "network/unknown",
    "{" PROCESS
    "},\"annotations\":{\"run.oci.network\":\"slirpy\"}," NS (",{\"type\":\"network\"}") "}}",
    USER,
    { "error: unknown network 'slirpy'" } },
  { "network/slirp-needs-a-namespace",
    "{" PROCESS "},\"annotations\":{\"run.oci.network\":\"slirp\"}," NS ("") "}}",
    USER,
    { "error: needs a network namespace of the container's own" } },
  { "network/ports-of-nothing",
    "{" PROCESS "},\"annotations\":{\"run.oci.publish\":\"80:80\"}," NS ("") "}}",
    USER,
    { "error: ports are published by the networks" } },

  /* cgroups */
  { "cgroup/hosts-tree-is-not-mounted-anew",
    MOUNT ("\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"options\":[\"nosuid\",\"ro\","
           "\"nsdelegate\"]"),
    V2 (ROOT_FACTS),
    { "path=/sys/fs/cgroup recursive=yes set=ro,nosuid propagation=slave rpropagation=yes "
      "(mounts[0])",
      "attach target=/sys/fs/cgroup", "!type=cgroup2" } },
  { "cgroup/options-of-a-new-tree",
    "{" PROCESS
    "},\"mounts\":[{\"destination\":\"/c\",\"type\":\"cgroup\",\"options\":[\"foo\"]}]," NS (
        ",{\"type\":\"cgroup\"}") "}}",
    V2 (ROOT_FACTS),
    { "mount target=/c type=cgroup2 source=cgroup options=foo" } },
  { "cgroup/limits-without-delegation",
    "{" PROCESS "}," NS ("") ",\"resources\":{\"memory\":{\"limit\":1}}}}",
    USER,
    { "error: rootless needs no limits + no cgrouppath when no permission is granted for "
      "cgroups" } },
  { "cgroup/device-rules-alone-are-no-limit",
    "{" PROCESS
    "}," NS ("") ",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}}}",
    USER,
    { "cgroup driver=none", "!warning" } },
  { "cgroup/delegated-without-delegation",
    "{" PROCESS "},\"annotations\":{\"run.oci.delegate-cgroup\":\"a\"}," NS ("") "}}",
    USER,
    { "error: annotations[\"run.oci.delegate-cgroup\"]: rootless needs no limits" } },
  { "cgroup/delegated-to-nobody",
    "{" PROCESS "},\"annotations\":{\"run.oci.delegate-cgroup\":\"\"}," NS ("") "}}",
    USER,
    { "cgroup driver=none", "!in-cgroup" } },
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
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncSpec) spec = runc_spec_decode (cases[i].config, strlen (cases[i].config), &error);
  g_autoptr (RuncHost) host = NULL;
  g_autoptr (RuncPlan) plan = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  host = runc_host_from_json (cases[i].host, strlen (cases[i].host), &error);
  g_assert_no_error (error);

  RuncGlobal global = { 0 };
  RuncCreateRequest request = { .id = "ct" };
  RuncPlanInput input = {
    .spec = spec, .host = host, .global = &global, .request = &request, .state_dir = "/run/runc/ct"
  };

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

/* `features` prints the names, and the look-up relies on their order. */
static void
test_option_names (void)
{
  const char *const *names = runc_plan_mount_options ();

  for (gsize i = 1; names[i] != NULL; i++)
    g_assert_cmpint (strcmp (names[i - 1], names[i]), <, 0);
  g_assert_true (g_strv_contains (names, "rro"));
  g_assert_true (g_strv_contains (names, "async"));
  g_assert_true (g_strv_contains (names, "user"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/policy/option-names", test_option_names);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/policy/", cases[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_case);
    }
  return g_test_run ();
}
