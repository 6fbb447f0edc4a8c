/* state.json: RuncState to text and back. Runs in the parent.
 *
 * Members that runc's state.json has, too, bear its names and forms; the cgroup directories of v1
 * are in cgroup_paths under the names of their controllers, which are taken from the path. What is
 * read was written by us, so a member of a wrong type means a damaged file and is an error; an
 * absent one is not.
 */
#include "base/error.h"
#include "base/json.h"
#include "state/state.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define CGROUP_MOUNT "/sys/fs/cgroup/"

/* ---- time ------------------------------------------------------------------------------------ */

/* The functions of <time.h> read the machine's time zone first, which costs more than all else
 * here. Both of these count in years that begin in March, so that the leap day is the last one. */

/* The days from 1970-01-01 to the given one (Gregorian). */
static gint64
days_from_date (gint64 year, int month, int day)
{
  gint64 y = month > 2 ? year : year - 1;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 year_of_era = y - era * 400;
  gint64 day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
         - 719468;
}

static void
date_from_days (gint64 days, gint64 *ret_year, int *ret_month, int *ret_day)
{
  gint64 shifted = days + 719468;
  gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  gint64 day_of_era = shifted - era * 146097;
  gint64 year_of_era
      = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  gint64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int month = (int)(5 * day_of_year + 2) / 153;

  *ret_day = (int)(day_of_year - (153 * month + 2) / 5) + 1;
  *ret_month = month < 10 ? month + 3 : month - 9;
  *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

char *
runc_state_format_time (gint64 time_us)
{
  gint64 micros = time_us % G_USEC_PER_SEC;
  gint64 seconds = time_us / G_USEC_PER_SEC;
  gint64 days, year;
  int month, day;
  char text[64];
  int n;

  if (micros < 0)
    {
      micros += G_USEC_PER_SEC;
      seconds--;
    }
  days = seconds / 86400 - (seconds % 86400 < 0);
  seconds -= days * 86400;
  date_from_days (days, &year, &month, &day);
  n = g_snprintf (text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06d", (int)year, month, day,
                  (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60),
                  (int)micros);
  while (text[n - 1] == '0')
    n--;
  if (text[n - 1] == '.')
    n--;
  text[n++] = 'Z';
  return g_strndup (text, (gsize)n);
}

/* Read @n digits at *@at and the byte @end behind them; -1 when they are not there. */
static int
read_digits (const char **at, int n, char end)
{
  int value = 0;

  for (; n > 0; n--, ++*at)
    {
      if (!g_ascii_isdigit (**at))
        return -1;
      value = value * 10 + (**at - '0');
    }
  if (end != '\0' && *(*at)++ != end)
    return -1;
  return value;
}

static gboolean
parse_time (const char *text, gint64 *ret_us)
{
  static const char ends[] = "--T::";
  static const int digits[] = { 4, 2, 2, 2, 2, 2 };
  gint64 unit = G_USEC_PER_SEC / 10;
  gint64 micros = 0;
  int fields[6];

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      fields[i] = read_digits (&text, digits[i], ends[i]);
      if (fields[i] < 0)
        return FALSE;
    }
  if (fields[1] < 1 || fields[1] > 12 || fields[2] < 1 || fields[2] > 31)
    return FALSE;
  if (*text == '.')
    for (text++; g_ascii_isdigit (*text); text++, unit /= 10)
      micros += unit * (*text - '0');
  if (strcmp (text, "Z") != 0)
    return FALSE;
  *ret_us
      = (((days_from_date (fields[0], fields[1], fields[2]) * 24 + fields[3]) * 60 + fields[4]) * 60
         + fields[5])
            * G_USEC_PER_SEC
        + micros;
  return TRUE;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
add_string (RuncJson *object, const char *key, const char *value)
{
  if (value != NULL)
    json_object_object_add (object, key, json_object_new_string (value));
}

static void
add_bool (RuncJson *object, const char *key, gboolean value)
{
  if (value)
    json_object_object_add (object, key, json_object_new_boolean (TRUE));
}

static void
add_strings (RuncJson *object, const char *key, char **values)
{
  if (values == NULL || values[0] == NULL)
    return;
  RuncJson *array = json_object_new_array ();
  for (gsize i = 0; values[i] != NULL; i++)
    json_object_array_add (array, json_object_new_string (values[i]));
  json_object_object_add (object, key, array);
}

/* Put @dir under each of the controllers that it is named after; under itself if that cannot be
 * told, or they have one already. */
static void
add_v1_dir (RuncJson *paths, const char *dir)
{
  gboolean added = FALSE;

  if (g_str_has_prefix (dir, CGROUP_MOUNT))
    {
      const char *mount = dir + strlen (CGROUP_MOUNT);
      g_autofree char *names = g_strndup (mount, strcspn (mount, "/"));
      g_auto (GStrv) controllers = g_strsplit (names, ",", -1);
      for (gsize i = 0; controllers[i] != NULL; i++)
        {
          const char *key
              = strcmp (controllers[i], "systemd") == 0 ? "name=systemd" : controllers[i];
          if (*key == '\0' || json_object_object_get_ex (paths, key, NULL))
            continue;
          add_string (paths, key, dir);
          added = TRUE;
        }
    }
  if (!added)
    add_string (paths, dir, dir);
}

static void
add_cgroup_paths (RuncJson *object, const RuncState *state)
{
  RuncJson *paths = json_object_new_object ();

  for (gsize i = 0; state->v1_dirs != NULL && state->v1_dirs[i] != NULL; i++)
    add_v1_dir (paths, state->v1_dirs[i]);
  add_string (paths, "", state->v2_dir);
  json_object_object_add (object, "cgroup_paths", paths);
}

static void
add_helpers (RuncJson *object, const RuncState *state)
{
  if (state->n_helpers == 0)
    return;
  RuncJson *array = json_object_new_array ();
  for (gsize i = 0; i < state->n_helpers; i++)
    {
      RuncJson *helper = json_object_new_object ();
      json_object_object_add (helper, "pid", json_object_new_int64 (state->helper_pids[i]));
      json_object_object_add (helper, "start",
                              json_object_new_uint64 (state->helper_start_times[i]));
      json_object_array_add (array, helper);
    }
  json_object_object_add (object, "helpers", array);
}

char *
runc_state_to_json (const RuncState *state)
{
  autojson RuncJson *object = json_object_new_object ();
  g_autofree char *created = runc_state_format_time (state->created_us);

  json_object_object_add (object, "version", json_object_new_int (RUNC_STATE_VERSION));
  add_string (object, "id", state->id);
  json_object_object_add (object, "init_process_pid", json_object_new_int64 (state->init_pid));
  json_object_object_add (object, "init_process_start",
                          json_object_new_uint64 (state->init_start_time));
  add_string (object, "created", created);
  add_string (object, "oci_version", state->oci_version);
  add_string (object, "bundle", state->bundle);
  add_string (object, "rootfs", state->rootfs);
  json_object_object_add (object, "owner", json_object_new_int64 (state->owner));
  add_bool (object, "rootless", state->rootless);
  add_bool (object, "new_userns", state->new_userns);
  add_bool (object, "own_pidns", state->own_pidns);
  add_bool (object, "terminal", state->terminal);
  add_bool (object, "has_poststart", state->has_poststart);
  add_bool (object, "has_poststop", state->has_poststop);
  json_object_object_add (object, "cgroup_driver", json_object_new_int (state->cgroup_driver));
  add_cgroup_paths (object, state);
  add_string (object, "systemd_unit", state->systemd_unit);
  add_bool (object, "systemd_user_bus", state->systemd_user_bus);
  add_bool (object, "no_new_keyring", state->no_new_keyring);
  add_helpers (object, state);
  add_string (object, "layer", state->layer);
  add_strings (object, "published", state->published);
  add_string (object, "intel_rdt_path", state->intel_rdt_dir);
  add_string (object, "intel_rdt_mon_dir", state->intel_rdt_mon_dir);
  add_bool (object, "intel_rdt_own", state->intel_rdt_own);
  add_strings (object, "annotations", state->annotations);
  return runc_json_to_string (object);
}

/* ---- reading --------------------------------------------------------------------------------- */

static gboolean
wrong_type (const char *key, GError **error)
{
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC, "%s: bad value of '%s'", RUNC_STATE_FILE, key);
}

static gboolean
get_string (RuncJson *object, const char *key, char **ret_value, GError **error)
{
  RuncJson *value;

  if (!json_object_object_get_ex (object, key, &value))
    return TRUE;
  if (!json_object_is_type (value, json_type_string))
    return wrong_type (key, error);
  *ret_value = g_strdup (json_object_get_string (value));
  return TRUE;
}

static gboolean
get_bool (RuncJson *object, const char *key, gboolean *ret_value, GError **error)
{
  RuncJson *value;

  if (!json_object_object_get_ex (object, key, &value))
    return TRUE;
  if (!json_object_is_type (value, json_type_boolean))
    return wrong_type (key, error);
  *ret_value = json_object_get_boolean (value);
  return TRUE;
}

static gboolean
get_uint (RuncJson *object, const char *key, guint64 max, guint64 *ret_value, GError **error)
{
  RuncJson *value;

  if (!json_object_object_get_ex (object, key, &value))
    return TRUE;
  /* An int64 that does not fit is clamped to 0 by json-c when it is asked for as uint64. */
  if (!json_object_is_type (value, json_type_int)
      || (json_object_get_int64 (value) < 0 && json_object_get_uint64 (value) == 0)
      || json_object_get_uint64 (value) > max)
    return wrong_type (key, error);
  *ret_value = json_object_get_uint64 (value);
  return TRUE;
}

static gboolean
get_strings (RuncJson *object, const char *key, char ***ret_values, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  RuncJson *array;

  if (!json_object_object_get_ex (object, key, &array))
    return TRUE;
  if (!json_object_is_type (array, json_type_array))
    return wrong_type (key, error);
  for (gsize i = 0; i < json_object_array_length (array); i++)
    {
      RuncJson *value = json_object_array_get_idx (array, i);
      if (!json_object_is_type (value, json_type_string))
        return wrong_type (key, error);
      g_ptr_array_add (strings, g_strdup (json_object_get_string (value)));
    }
  g_ptr_array_add (strings, NULL);
  *ret_values = (char **)g_ptr_array_free (g_steal_pointer (&strings), FALSE);
  return TRUE;
}

static gboolean
get_cgroup_paths (RuncJson *object, RuncState *state, GError **error)
{
  g_autoptr (GPtrArray) dirs = g_ptr_array_new_with_free_func (g_free);
  RuncJson *paths;

  if (!json_object_object_get_ex (object, "cgroup_paths", &paths))
    return TRUE;
  if (!json_object_is_type (paths, json_type_object))
    return wrong_type ("cgroup_paths", error);
  json_object_object_foreach (paths, key, value)
  {
    const char *dir = json_object_get_string (value);
    if (!json_object_is_type (value, json_type_string) || *dir != '/')
      return wrong_type ("cgroup_paths", error);
    if (*key == '\0')
      {
        g_free (state->v2_dir);
        state->v2_dir = g_strdup (dir);
      }
    else if (!g_ptr_array_find_with_equal_func (dirs, dir, g_str_equal, NULL))
      g_ptr_array_add (dirs, g_strdup (dir));
  }
  if (dirs->len == 0)
    return TRUE;
  g_ptr_array_add (dirs, NULL);
  state->v1_dirs = (char **)g_ptr_array_free (g_steal_pointer (&dirs), FALSE);
  return TRUE;
}

static gboolean
get_helpers (RuncJson *object, RuncState *state, GError **error)
{
  RuncJson *array;

  if (!json_object_object_get_ex (object, "helpers", &array))
    return TRUE;
  if (!json_object_is_type (array, json_type_array))
    return wrong_type ("helpers", error);
  gsize n = json_object_array_length (array);
  state->helper_pids = g_new0 (pid_t, n);
  state->helper_start_times = g_new0 (guint64, n);
  for (gsize i = 0; i < n; i++)
    {
      RuncJson *helper = json_object_array_get_idx (array, i);
      guint64 pid = 0;
      if (!json_object_is_type (helper, json_type_object))
        return wrong_type ("helpers", error);
      if (!get_uint (helper, "pid", INT_MAX, &pid, error)
          || !get_uint (helper, "start", UINT64_MAX, &state->helper_start_times[i], error))
        return FALSE;
      state->helper_pids[i] = (pid_t)pid;
      state->n_helpers = i + 1;
    }
  return TRUE;
}

/* Members that tell who and where. */
static gboolean
get_identity (RuncJson *object, RuncState *state, GError **error)
{
  g_autofree char *created = NULL;
  guint64 pid = 0;
  guint64 owner = 0;

  if (!get_string (object, "id", &state->id, error)
      || !get_uint (object, "init_process_pid", INT_MAX, &pid, error)
      || !get_uint (object, "init_process_start", UINT64_MAX, &state->init_start_time, error)
      || !get_string (object, "created", &created, error)
      || !get_string (object, "oci_version", &state->oci_version, error)
      || !get_string (object, "bundle", &state->bundle, error)
      || !get_string (object, "rootfs", &state->rootfs, error)
      || !get_uint (object, "owner", UINT32_MAX, &owner, error)
      || !get_strings (object, "annotations", &state->annotations, error))
    return FALSE;
  state->init_pid = (pid_t)pid;
  state->owner = (guint32)owner;
  if (state->id == NULL)
    return wrong_type ("id", error);
  if (created == NULL || !parse_time (created, &state->created_us))
    return wrong_type ("created", error);
  if (state->annotations != NULL && g_strv_length (state->annotations) % 2 != 0)
    return wrong_type ("annotations", error);
  return TRUE;
}

/* Members that tell what there is to work with and to clean up. */
static gboolean
get_resources (RuncJson *object, RuncState *state, GError **error)
{
  guint64 driver = 0;

  if (!get_bool (object, "rootless", &state->rootless, error)
      || !get_bool (object, "new_userns", &state->new_userns, error)
      || !get_bool (object, "own_pidns", &state->own_pidns, error)
      || !get_bool (object, "terminal", &state->terminal, error)
      || !get_bool (object, "has_poststart", &state->has_poststart, error)
      || !get_bool (object, "has_poststop", &state->has_poststop, error)
      || !get_uint (object, "cgroup_driver", INT_MAX, &driver, error)
      || !get_cgroup_paths (object, state, error)
      || !get_string (object, "systemd_unit", &state->systemd_unit, error)
      || !get_bool (object, "systemd_user_bus", &state->systemd_user_bus, error)
      || !get_bool (object, "no_new_keyring", &state->no_new_keyring, error)
      || !get_helpers (object, state, error)
      || !get_strings (object, "published", &state->published, error)
      || !get_string (object, "layer", &state->layer, error)
      || !get_string (object, "intel_rdt_path", &state->intel_rdt_dir, error)
      || !get_string (object, "intel_rdt_mon_dir", &state->intel_rdt_mon_dir, error)
      || !get_bool (object, "intel_rdt_own", &state->intel_rdt_own, error))
    return FALSE;
  state->cgroup_driver = (int)driver;
  return TRUE;
}

RuncState *
runc_state_from_json (const char *text, gsize len, GError **error)
{
  autojson RuncJson *object = runc_json_parse (text, len, RUNC_STATE_FILE, error);
  g_autoptr (RuncState) state = g_new0 (RuncState, 1);
  guint64 version = 0;

  if (object == NULL)
    return NULL;
  if (!json_object_is_type (object, json_type_object))
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC, "%s: expected an object", RUNC_STATE_FILE);
      return NULL;
    }
  if (!get_uint (object, "version", UINT64_MAX, &version, error))
    return NULL;
  if (version != RUNC_STATE_VERSION)
    {
      runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                  "%s: version %" G_GUINT64_FORMAT
                  " is not %d: another runtime made this container",
                  RUNC_STATE_FILE, version, RUNC_STATE_VERSION);
      return NULL;
    }
  if (!get_identity (object, state, error) || !get_resources (object, state, error))
    return NULL;
  return g_steal_pointer (&state);
}

void
runc_state_free (RuncState *state)
{
  if (state == NULL)
    return;
  g_free (state->id);
  g_free (state->oci_version);
  g_strfreev (state->annotations);
  g_free (state->bundle);
  g_free (state->rootfs);
  g_strfreev (state->v1_dirs);
  g_free (state->v2_dir);
  g_free (state->systemd_unit);
  g_free (state->helper_pids);
  g_free (state->helper_start_times);
  g_strfreev (state->published);
  g_free (state->layer);
  g_free (state->intel_rdt_dir);
  g_free (state->intel_rdt_mon_dir);
  g_free (state);
}
