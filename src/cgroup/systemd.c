/* The systemd driver: a transient unit around the container. Runs in the parent.
 *
 * systemd is spoken to by the helper runc-scope (D-Bus, see helpers/runc-scope.c). A scope needs a
 * process to exist, so it is started after the clone, while the child waits; systemd moves the
 * process into it. The limits are properties of the unit, so that systemd knows them, and are also
 * written to the cgroup by hand, as in the filesystem driver: not every limit has a property.
 */
#include "cgroup/driver.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "cgroup/dir.h"
#include "cgroup/limits.h"
#include "cgroup/unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define HELPER            "runc-scope"
#define HELPER_TIMEOUT_MS 60000

/* How long a unit whose processes were killed has to go by itself before it is stopped. */
#define VANISH_TIMEOUT_US 20000

/* Exit statuses of the helper. */
enum
{
  STATUS_OK = 0,
  STATUS_UNIT_EXISTS = 2,
  STATUS_NO_MANAGER = 3,
};

static RuncJson *
new_request (const RuncCgroupRef *ref, const char *op)
{
  RuncJson *request = json_object_new_object ();

  json_object_object_add (request, "op", json_object_new_string (op));
  json_object_object_add (request, "user", json_object_new_boolean (ref->user_bus));
  json_object_object_add (request, "unit", json_object_new_string (ref->unit));
  return request;
}

/* Put one request to the manager that @ref's unit belongs to. */
static gboolean
send_request (const RuncCgroupRef *ref, RuncJson *request, GError **error)
{
  g_autofree char *helper = runc_process_find_helper (HELPER, "RUNC_SCOPE");
  const char *argv[] = { HELPER, NULL };
  g_auto (RuncProcessResult) result = { 0 };
  g_auto (RuncProcess) process = RUNC_PROCESS_INIT;
  g_autofree char *text = runc_json_to_string (request);

  if (helper == NULL)
    return runc_throw (
        error, RUNC_ERROR_UNSUPPORTED,
        "cannot use systemd cgroups: the helper '%s' is not installed (it is part of "
        "runc: build with gio-2.0, or choose it with $RUNC_SCOPE)",
        HELPER);
  runc_debug ("%s: %s", HELPER, text);
  autofd int in = runc_memfd_with_text (text, error);
  if (in < 0)
    return FALSE;
  const RuncProcessSpec spec
      = { .path = helper, .argv = argv, .stdin_fd = in, .timeout_ms = HELPER_TIMEOUT_MS };
  if (!runc_process_start (&spec, &process, error) || !runc_process_wait (&process, &result, error))
    return FALSE;
  if (result.timed_out)
    return runc_throw (error, RUNC_ERROR_SYSTEM, "systemd did not answer about unit '%s'",
                       ref->unit);
  if (result.status == STATUS_UNIT_EXISTS)
    return runc_throw (error, RUNC_ERROR_EXISTS, "container's cgroup is not empty: %s",
                       result.stderr_text);
  if (result.status == STATUS_NO_MANAGER)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED, "cannot use systemd cgroups: %s",
                       result.stderr_text);
  if (result.status != STATUS_OK)
    return runc_throw (error, RUNC_ERROR_SYSTEM, "%s",
                       result.stderr_text != NULL && *result.stderr_text != '\0'
                           ? result.stderr_text
                           : "the helper " HELPER " was killed");
  return TRUE;
}

/* @properties: of type a(sv), or NULL */
static gboolean
ask_manager (const RuncCgroupRef *ref, const char *op, GVariant *properties, GError **error)
{
  autojson RuncJson *request = new_request (ref, op);

  if (properties != NULL)
    {
      g_autofree char *printed = g_variant_print (properties, TRUE);
      json_object_object_add (request, "properties", json_object_new_string (printed));
    }
  return send_request (ref, request, error);
}

/* systemd puts "_" before a name that could be one of the kernel's files. */
static gboolean
is_dir_of_unit (const char *dir, const char *unit)
{
  g_autofree char *name = g_path_get_basename (dir);

  return g_str_equal (name[0] == '_' && unit[0] != '_' ? name + 1 : name, unit);
}

/* The v2 cgroup that systemd has put @pid into; on a v1 host there may be none. To take any other
 * for the container's would be to limit, and to kill, whoever is in there. */
static gboolean
find_dir (const RuncCgroupRef *ref, pid_t pid, char **ret_dir, GError **error)
{
  g_autofree char *dir = runc_cgroup_v2_dir_of_process (pid, "/sys/fs/cgroup");

  if (dir == NULL)
    dir = runc_cgroup_v2_dir_of_process (pid, "/sys/fs/cgroup/unified");
  if (dir != NULL && is_dir_of_unit (dir, ref->unit))
    *ret_dir = g_steal_pointer (&dir);
  else if (ref->v1_dirs != NULL)
    *ret_dir = NULL;
  else if (dir == NULL)
    return runc_throw (error, RUNC_ERROR_SYSTEM,
                       "cannot find the cgroup of systemd unit '%s': no cgroup v2 hierarchy at "
                       "/sys/fs/cgroup shows process %d",
                       ref->unit, (int)pid);
  else
    return runc_throw (
        error, RUNC_ERROR_SYSTEM,
        "systemd started unit '%s', but did not move process %d into it: it is in '%s'", ref->unit,
        (int)pid, dir);
  return TRUE;
}

/* Put @pid, which is in @dir, into its sub-cgroup @name. */
static char *
enter_subgroup (const char *dir, const char *name, pid_t pid, GError **error)
{
  if (strchr (name, '/') != NULL || g_str_equal (name, ".") || g_str_equal (name, ".."))
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                  "annotations[\"run.oci.systemd.subgroup\"]: '%s' is not the name of a directory",
                  name);
      return NULL;
    }
  return runc_cgroup_enter_sub (dir, name, pid, error);
}

/* What systemd has no property for, and the device rules. */
static gboolean
set_by_hand (const RuncCgroupSetup *setup, const char *dir, GError **error)
{
  RuncCgroupRef ref = { .driver = DRIVER_SYSTEMD, .v1_dirs = setup->ref.v1_dirs, .v2_dir = dir };
  RuncSpecResources resources = { 0 };
  RuncSpecCpu cpu = { 0 };

  if (setup->resources != NULL)
    resources = *setup->resources;
  if (resources.cpu != NULL)
    {
      cpu = *resources.cpu;
      cpu.quota.value = runc_unit_rounded_quota (&cpu);
      resources.cpu = &cpu;
    }
  return runc_cgroup_limits_apply (&ref, &resources, NULL, error)
         && (!setup->device_rules || runc_cgroup_devices_apply (&ref, &resources, error))
         && (dir == NULL || runc_cgroup_give (dir, setup->owner, error));
}

/* What is left to do in the new unit, whose cgroup is *@dir: the sub-cgroup, which takes its place,
 * and the limits. */
static gboolean
settle (const RuncCgroupSetup *setup, pid_t pid, char **dir, GError **error)
{
  if (setup->subgroup != NULL && *setup->subgroup != '\0' && setup->ref.v1_dirs == NULL)
    {
      char *sub = enter_subgroup (*dir, setup->subgroup, pid, error);

      if (sub == NULL)
        return FALSE;
      g_free (*dir);
      *dir = sub;
    }
  return set_by_hand (setup, *dir, error);
}

gboolean
runc_cgroup_systemd_adopt (const RuncCgroupSetup *setup, pid_t pid, RuncCgroupMade *made,
                           GError **error)
{
  g_autofree char *slice = NULL, *unit = NULL, *dir = NULL, *top = NULL;
  g_autoptr (GVariant) properties = runc_unit_start_properties (setup, pid, error);
  RuncCgroupRef ref = { .driver = DRIVER_SYSTEMD,
                        .v1_dirs = setup->ref.v1_dirs,
                        .user_bus = setup->ref.user_bus };
  gboolean ok;

  if (properties == NULL || !runc_unit_name (setup->systemd_path, &slice, &unit, error))
    return FALSE;
  ref.unit = unit;
  if (!ask_manager (&ref, "start", properties, error))
    return runc_prefix (error, "unable to apply cgroup configuration");
  ok = find_dir (&ref, pid, &dir, error);
  top = g_strdup (dir);
  ref.v2_dir = top;
  if (!ok || !settle (setup, pid, &dir, error))
    {
      g_autoptr (GError) local = NULL;

      if (!runc_cgroup_systemd_remove (&ref, &local))
        runc_warning ("%s", local->message);
      return FALSE;
    }
  g_free (made->v2_dir);
  made->v2_dir = g_steal_pointer (&dir);
  g_free (made->unit);
  made->unit = g_steal_pointer (&unit);
  return TRUE;
}

gboolean
runc_cgroup_systemd_update (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                            GError **error)
{
  g_autoptr (GVariant) properties = NULL;
  RuncUnitFlags flags = 0;

  if (ref->unit == NULL)
    return TRUE;
  if (!ref->user_bus && resources->n_devices > 0)
    flags |= RUNC_UNIT_DEVICES;
  if (ref->v1_dirs != NULL)
    flags |= RUNC_UNIT_V1;
  properties = runc_unit_limit_properties (resources, flags, error);
  return properties != NULL && ask_manager (ref, "set", properties, error);
}

gboolean
runc_cgroup_systemd_attach (const RuncCgroupRef *ref, pid_t pid, GError **error)
{
  autojson RuncJson *request = NULL;
  const char *sub;

  if (ref->unit == NULL || ref->v2_dir == NULL)
    return runc_throw (error, RUNC_ERROR_FAILED, "the container has no systemd unit");
  request = new_request (ref, "attach");
  json_object_object_add (request, "pid", json_object_new_int64 (pid));
  /* Below the unit's own cgroup, whose last component is its name. */
  sub = strstr (ref->v2_dir, ref->unit);
  if (sub != NULL && sub[strlen (ref->unit)] == '/')
    json_object_object_add (request, "subgroup", json_object_new_string (sub + strlen (ref->unit)));
  return send_request (ref, request, error);
}

/* Kill everything in the unit, and see whether systemd removes it on its own, as it does with a
 * scope that has no process any more. */
static gboolean
vanishes (const RuncCgroupRef *ref)
{
  RuncCgroupBackoff backoff = { .deadline = g_get_monotonic_time () + VANISH_TIMEOUT_US };
  const char *dir
      = ref->v2_dir != NULL ? ref->v2_dir : runc_cgroup_v1_dir_by_name (ref, "name=systemd");

  if (dir == NULL)
    return FALSE;
  if (access (dir, F_OK) == 0)
    runc_cgroup_signal_all (ref, SIGKILL, NULL);
  while (access (dir, F_OK) == 0)
    if (!runc_cgroup_backoff_wait (&backoff, -1))
      return FALSE;
  return TRUE;
}

gboolean
runc_cgroup_systemd_remove (const RuncCgroupRef *ref, GError **error)
{
  /* Without a name, runc was killed before the unit existed, or its process has never run: the
   * unit, if there is one, ends with it. */
  if (ref->unit == NULL || vanishes (ref))
    return TRUE;
  return ask_manager (ref, "stop", NULL, error);
}
