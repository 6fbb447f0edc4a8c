/* Ids: which exist in our user namespace, and which ranges we were given. Runs in the parent.
 *
 * /etc/passwd, /etc/subuid and /etc/subgid are read by our own parsers, because a static program
 * cannot use NSS. A user whom the files do not know is looked up by running `getent` and
 * `getsubids`, which can.
 */
#include "host/probe.h"

#include "base/error.h"
#include "sys/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

/* Files with thousands of users are normal. */
#define MAX_FILE (8u << 20)

static gboolean
parse_number (const char **text, guint64 max, guint64 *ret_value)
{
  char *end;

  if (!g_ascii_isdigit (**text))
    return FALSE;
  errno = 0;
  *ret_value = g_ascii_strtoull (*text, &end, 10);
  if (errno != 0 || *ret_value > max)
    return FALSE;
  *text = end;
  return TRUE;
}

static void
add_range (RuncIdRanges *ranges, guint32 inside, guint32 outside, guint32 size)
{
  ranges->items = g_renew (RuncIdRange, ranges->items, ranges->n + 1);
  ranges->items[ranges->n++] = (RuncIdRange){ inside, outside, size };
}

void
runc_host_parse_id_map (const char *text, RuncIdRanges *ret_ranges)
{
  RuncIdRanges ranges = { 0 };

  while (*text != '\0')
    {
      guint64 value[3];
      int n = 0;

      for (; n < 3; n++)
        {
          while (*text == ' ')
            text++;
          if (!parse_number (&text, G_MAXUINT32, &value[n]))
            break;
        }
      if (n == 3)
        add_range (&ranges, (guint32)value[0], (guint32)value[1], (guint32)value[2]);
      text = strchrnul (text, '\n');
      if (*text == '\n')
        text++;
    }
  *ret_ranges = ranges;
}

void
runc_host_parse_subids (const char *text, const char *name, guint32 uid, RuncIdRanges *ret_ranges)
{
  RuncIdRanges ranges = { 0 };
  char number[16];
  gsize name_len = name != NULL ? strlen (name) : 0;
  gsize number_len = (gsize)g_snprintf (number, sizeof number, "%u", uid);

  for (const char *line = text; *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      const char *colon = memchr (line, ':', (gsize)(end - line));
      gsize len = colon != NULL ? (gsize)(colon - line) : 0;
      const char *p = colon != NULL ? colon + 1 : end;
      guint64 first, count;

      if (((len == name_len && name_len > 0 && memcmp (line, name, len) == 0)
           || (len == number_len && memcmp (line, number, len) == 0))
          && parse_number (&p, G_MAXUINT32, &first) && *p++ == ':'
          && parse_number (&p, G_MAXUINT32, &count) && p == end && count > 0
          && first + count - 1 < G_MAXUINT32)
        add_range (&ranges, (guint32)first, 0, (guint32)count);
      line = *end == '\n' ? end + 1 : end;
    }
  *ret_ranges = ranges;
}

char *
runc_host_parse_passwd (const char *text, guint32 uid)
{
  for (const char *line = text; *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      const char *password = memchr (line, ':', (gsize)(end - line));
      const char *number
          = password != NULL ? memchr (password + 1, ':', (gsize)(end - password - 1)) : NULL;
      guint64 value;

      if (number != NULL)
        {
          number++;
          if (parse_number (&number, G_MAXUINT32, &value) && value == uid && *number == ':')
            return g_strndup (line, (gsize)(password - line));
        }
      line = *end == '\n' ? end + 1 : end;
    }
  return NULL;
}

/* ---- our own maps -------------------------------------------------------------------------- */

gboolean
runc_host_read_id_map (const char *path, RuncIdRanges *ret_ranges, GError **error)
{
  char text[16384]; /* the kernel takes at most a page of them */
  int r = runc_host_read_small (path, text, sizeof text);

  if (r < 0)
    return runc_throw_neg (error, r, "cannot read '%s'", path);
  runc_host_parse_id_map (text, ret_ranges);
  return TRUE;
}

void
runc_host_probe_own_maps (RuncHost *host)
{
  char text[16];

  if (host->initial_userns)
    {
      add_range (&host->uid_map, 0, 0, G_MAXUINT32);
      add_range (&host->gid_map, 0, 0, G_MAXUINT32);
      return;
    }
  runc_host_read_id_map ("/proc/self/uid_map", &host->uid_map, NULL);
  runc_host_read_id_map ("/proc/self/gid_map", &host->gid_map, NULL);
  if (runc_host_read_small ("/proc/self/setgroups", text, sizeof text) > 0)
    host->setgroups_allowed = !g_str_has_prefix (text, "deny");
}

/* ---- subordinate ids ----------------------------------------------------------------------- */

/* What @argv says on stdout, or NULL. */
static char *
output_of (const char *const *argv)
{
  g_autofree char *text = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &text, NULL, &status, NULL)
      || status != 0)
    return NULL;
  return g_steal_pointer (&text);
}

static char *
read_text_file (const char *path)
{
  g_autofree char *text = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, NULL) || len > MAX_FILE || strlen (text) != len)
    return NULL;
  return g_steal_pointer (&text);
}

static char *
user_name (guint32 uid)
{
  g_autofree char *passwd = read_text_file ("/etc/passwd");
  char *name = passwd != NULL ? runc_host_parse_passwd (passwd, uid) : NULL;
  g_autofree char *number = NULL;
  g_autofree char *entry = NULL;

  if (name != NULL)
    return name;
  number = g_strdup_printf ("%u", uid);
  entry = output_of ((const char *const[]){ "getent", "passwd", number, NULL });
  return entry != NULL ? runc_host_parse_passwd (entry, uid) : NULL;
}

/* `getsubids` prints "0: name 100000 65536" for each range. */
static void
ask_getsubids (const char *name, gboolean groups, RuncIdRanges *ret_ranges)
{
  const char *argv[] = { "getsubids", groups ? "-g" : name, groups ? name : NULL, NULL };
  g_autofree char *text = output_of (argv);
  RuncIdRanges ranges = { 0 };

  for (const char *line = text; line != NULL && *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      const char *p = strchr (line, ' ');
      guint64 first, count;

      p = p != NULL && p < end ? strchr (p + 1, ' ') : NULL;
      if (p != NULL && p++ < end && parse_number (&p, G_MAXUINT32, &first) && *p++ == ' '
          && parse_number (&p, G_MAXUINT32, &count) && count > 0)
        add_range (&ranges, (guint32)first, 0, (guint32)count);
      line = *end == '\n' ? end + 1 : end;
    }
  *ret_ranges = ranges;
}

static void
find_ranges (const char *path, const char *name, guint32 uid, gboolean groups,
             RuncIdRanges *ret_ranges)
{
  g_autofree char *text = read_text_file (path);

  if (text != NULL)
    runc_host_parse_subids (text, name, uid, ret_ranges);
  if (ret_ranges->n == 0 && name != NULL)
    ask_getsubids (name, groups, ret_ranges);
}

/* The system's @name, where it is almost always, else what $PATH has: programs that have to be
 * setuid are nowhere else by accident. */
static char *
find_tool (const char *name)
{
  g_autofree char *usual = g_build_filename ("/usr/bin", name, NULL);

  if (access (usual, X_OK) == 0)
    return g_steal_pointer (&usual);
  return g_find_program_in_path (name);
}

void
runc_host_probe_subids (RuncHost *host)
{
  g_autofree char *name = user_name (host->euid);

  find_ranges ("/etc/subuid", name, host->euid, FALSE, &host->sub_uids);
  find_ranges ("/etc/subgid", name, host->euid, TRUE, &host->sub_gids);
  host->newuidmap = find_tool ("newuidmap");
  host->newgidmap = find_tool ("newgidmap");
  host->no_new_privs = runc_sys_has_no_new_privs () == 1;
  host->ids_out_of_bounds
      = runc_sys_has_bounding (CAP_SETUID) == 0 || runc_sys_has_bounding (CAP_SETGID) == 0;
}
