/* Kernel and security modules. Runs in the parent. */
#include "host/probe.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

/* Where the kernel makes a directory for it. */
#define RESCTRL "/sys/fs/resctrl"

/* The nth (from 0) field of a mountinfo line, by its length. */
static const char *
field (const char *line, const char *end, int n, gsize *ret_len)
{
  for (; n > 0; n--)
    {
      line = memchr (line, ' ', (gsize)(end - line));
      if (line == NULL)
        return NULL;
      line++;
    }
  const char *space = memchr (line, ' ', (gsize)(end - line));

  *ret_len = (gsize)((space != NULL ? space : end) - line);
  return line;
}

bool
runc_host_parse_proc_masked (const char *mountinfo)
{
  static const char binfmt_misc[] = "/proc/sys/fs/binfmt_misc";

  for (const char *line = mountinfo; *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      gsize len;
      const char *point = field (line, end, 4, &len);

      /* It sits on a directory that is empty anyway, which the kernel accepts. */
      if (point != NULL && len > strlen ("/proc/") && strncmp (point, "/proc/", 6) == 0
          && (len != strlen (binfmt_misc) || strncmp (point, binfmt_misc, len) != 0))
        return true;
      line = *end == '\n' ? end + 1 : end;
    }
  return false;
}

static bool
file_begins_with (const char *path, char wanted)
{
  char text[16];

  return runc_host_read_small (path, text, sizeof text) > 0 && text[0] == wanted;
}

bool
runc_host_is_proc_masked (void)
{
  g_autofree char *mountinfo = NULL;

  /* lint-ok: a hint, not trusted for more */
  return g_file_get_contents ("/proc/self/mountinfo", &mountinfo, NULL, NULL)
         && runc_host_parse_proc_masked (mountinfo);
}

void
runc_host_probe_kernel (RuncHost *host)
{
  char text[32];

  host->apparmor = file_begins_with ("/sys/module/apparmor/parameters/enabled", 'Y');
  host->selinux = access ("/sys/fs/selinux/enforce", F_OK) == 0;
  host->proc_masked = runc_host_is_proc_masked ();
  if (runc_host_read_small ("/proc/sys/user/max_user_namespaces", text, sizeof text) > 0)
    host->userns_allowed = g_ascii_strtoull (text, NULL, 10) > 0;
}

/* The mount point of the first line of @mountinfo whose filesystem is @type (new string). */
static char *
find_mount (const char *mountinfo, const char *type)
{
  g_autofree char *wanted = g_strdup_printf (" - %s ", type);

  for (const char *line = mountinfo; *line != '\0';)
    {
      const char *end = strchrnul (line, '\n');
      const char *found = memmem (line, (gsize)(end - line), wanted, strlen (wanted));
      gsize len;
      const char *point = found != NULL ? field (line, end, 4, &len) : NULL;

      if (point != NULL)
        return g_strndup (point, len);
      line = *end == '\n' ? end + 1 : end;
    }
  return NULL;
}

void
runc_host_probe_resctrl (RuncHost *host)
{
  g_autofree char *mountinfo = NULL;
  struct statfs fs;

  if (statfs (RESCTRL, &fs) == 0 && fs.f_type == RDTGROUP_SUPER_MAGIC)
    host->resctrl = g_strdup (RESCTRL);
  /* lint-ok: only root reads it, and writes what it finds to the kernel's own files */
  else if (g_file_get_contents ("/proc/self/mountinfo", &mountinfo, NULL, NULL))
    host->resctrl = find_mount (mountinfo, "resctrl");
}
