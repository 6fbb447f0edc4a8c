/* Groups of the kernel's resctrl filesystem. Runs in the parent.
 *
 * A group is a directory; the kernel fills it with files when it is made, and moves its processes
 * back to the default group when it is removed.
 */
#include "cgroup/rdt.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What went wrong with the last write to any group: " (the kernel says: ...)", or "". The file is
 * in the root, which is @dir itself or one of the directories above. New string. */
static char *
last_status (const char *dir)
{
  g_autofree char *above = g_strdup (dir);

  for (int level = 0; level < 4; level++)
    {
      g_autofree char *file = g_build_filename (above, "info", "last_cmd_status", NULL);
      g_autofree char *text = NULL;
      char *parent;

      if (g_file_get_contents (file, &text, NULL, NULL))
        return g_strdup_printf (" (the kernel says: %s)", g_strstrip (text));
      parent = g_path_get_dirname (above);
      g_free (above);
      above = parent;
    }
  return g_strdup ("");
}

static gboolean
throw_status (const char *dir, int errnum, const char *what, GError **error)
{
  g_autofree char *status = last_status (dir);

  return runc_throw (error, RUNC_ERROR_SYSTEM, "linux.intelRdt: cannot %s '%s': %s%s", what, dir,
                     runc_strerror (errnum), status);
}

static gboolean
write_file (const char *dir, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *line = g_strchomp (g_strdup (text));
  g_autofree char *what = g_strdup_printf ("write '%s' to the file %s of", line, name);
  autofd int fd = open (path, O_WRONLY | O_CLOEXEC);

  /* One write is one command to the kernel. */
  return (fd >= 0 && write (fd, text, strlen (text)) == (ssize_t)strlen (text))
         || throw_status (dir, errno, what, error);
}

/* ---- schemata ------------------------------------------------------------------------------ */

/* "0=f;1=ff" behind the name and the colon of the line of @text that is about the same resource as
 * @line, or NULL. */
static const char *
find_line (const char *text, const char *line)
{
  gsize name = strcspn (line, ":") + 1;

  while (*text != '\0')
    {
      text += strspn (text, " \t\n");
      if (strncmp (text, line, name) == 0)
        return text + name;
      text += strcspn (text, "\n");
    }
  return NULL;
}

static gboolean
same_value (const char *a, gsize a_len, const char *b, gsize b_len)
{
  for (; a_len > 1 && *a == '0'; a++)
    a_len--;
  for (; b_len > 1 && *b == '0'; b++)
    b_len--;
  return a_len == b_len && g_ascii_strncasecmp (a, b, a_len) == 0;
}

/* Has the list @have an element "ID=VALUE" that says the same as @element of @len bytes? */
static gboolean
has_element (const char *have, const char *element, gsize len)
{
  gsize id = strcspn (element, "=;\n") + 1;

  if (id > len)
    return FALSE;
  while (*have != '\0' && *have != '\n')
    {
      gsize n = strcspn (have, ";\n");

      if (n > id && strncmp (have, element, id) == 0)
        return same_value (have + id, n - id, element + id, len - id);
      have += n + (have[n] == ';' ? 1 : 0);
    }
  return FALSE;
}

gboolean
runc_rdt_matches (const char *text, const char *line)
{
  const char *have = find_line (text, line);
  const char *element = line + strcspn (line, ":");

  if (have == NULL || *element == '\0')
    return FALSE;
  for (element++; *element != '\0' && *element != '\n';)
    {
      gsize len = strcspn (element, ";\n");

      if (len > 0 && !has_element (have, element, len))
        return FALSE;
      element += len + (element[len] == ';' ? 1 : 0);
    }
  return TRUE;
}

/* Somebody else's group is used as it is, or not at all. */
static gboolean
check_expected (const RuncRdtSetup *setup, GError **error)
{
  g_autofree char *path = g_build_filename (setup->dir, "schemata", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (setup->expected == NULL)
    return TRUE;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return runc_throw (error, RUNC_ERROR_SYSTEM, "linux.intelRdt: cannot read '%s'", path);
  lines = g_strsplit (setup->expected, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0' && !runc_rdt_matches (text, *line))
      return runc_throw (error, RUNC_ERROR_EXISTS,
                         "linux.intelRdt: the group '%s' is there and has another schema than '%s' "
                         "(see its file schemata)",
                         setup->dir, *line);
  return TRUE;
}

/* ---- groups -------------------------------------------------------------------------------- */

gboolean
runc_rdt_create (const RuncRdtSetup *setup, gboolean *ret_created, GError **error)
{
  *ret_created = !setup->must_exist && mkdir (setup->dir, 0755) == 0;
  if (!*ret_created && !setup->must_exist && errno != EEXIST)
    return throw_status (setup->dir, errno, "make the group", error);
  if (setup->must_exist && access (setup->dir, F_OK) < 0)
    return runc_throw (
        error, RUNC_ERROR_NOT_FOUND,
        "linux.intelRdt.closID: there is no group '%s' (one without a schema must be "
        "there before: make it, or say which schema it has)",
        setup->dir);
  if (!*ret_created && !check_expected (setup, error))
    return FALSE;
  if (setup->schemata != NULL && !runc_rdt_set (setup->dir, setup->schemata, error))
    return FALSE;
  return setup->mon_dir == NULL || mkdir (setup->mon_dir, 0755) == 0 || errno == EEXIST
         || throw_status (setup->mon_dir, errno, "make the monitoring group", error);
}

gboolean
runc_rdt_add_process (const char *dir, const char *mon_dir, pid_t pid, GError **error)
{
  char text[32];

  snprintf (text, sizeof text, "%d\n", (int)pid);
  return write_file (dir, "tasks", text, error)
         && (mon_dir == NULL || write_file (mon_dir, "tasks", text, error));
}

gboolean
runc_rdt_set (const char *dir, const char *schemata, GError **error)
{
  return write_file (dir, "schemata", schemata, error);
}

gboolean
runc_rdt_remove (const char *dir, GError **error)
{
  if (rmdir (dir) == 0 || errno == ENOENT)
    return TRUE;
  return runc_throw_errno (error, "unable to remove container's IntelRDT group '%s'", dir);
}
