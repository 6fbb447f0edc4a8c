/* `doctor`: how to install a program here. Runs in the parent. */
#include "engine/doctor.h"

#include <string.h>

typedef enum
{
  FAMILY_DEBIAN,
  FAMILY_FEDORA,
  FAMILY_ALPINE,
  FAMILY_ARCH,
  FAMILY_SUSE,
  FAMILY_OTHER,
  N_FAMILIES,
} Family;

/* ID and ID_LIKE of os-release(5). */
static const struct
{
  const char *id;
  Family family;
} ids[] = {
  { "debian", FAMILY_DEBIAN }, { "ubuntu", FAMILY_DEBIAN }, { "fedora", FAMILY_FEDORA },
  { "rhel", FAMILY_FEDORA },   { "centos", FAMILY_FEDORA }, { "alpine", FAMILY_ALPINE },
  { "arch", FAMILY_ARCH },     { "suse", FAMILY_SUSE },     { "opensuse", FAMILY_SUSE },
};

static const struct
{
  const char *name;
  const char *commands[N_FAMILIES];
} programs[] = {
  { "newuidmap",
    {
        "'apt-get install uidmap', as root",
        "'dnf install shadow-utils', as root",
        "'apk add shadow-subids', as root",
        "'pacman -S shadow', as root",
        "'zypper install shadow', as root",
        "install newuidmap and newgidmap (packages 'uidmap', 'shadow-utils' or 'shadow')",
    } },
  { "fuse-overlayfs",
    {
        "'apt-get install fuse-overlayfs', as root",
        "'dnf install fuse-overlayfs', as root",
        "'apk add fuse-overlayfs', as root",
        "'pacman -S fuse-overlayfs', as root",
        "'zypper install fuse-overlayfs', as root",
        "install the package 'fuse-overlayfs'",
    } },
  { "pasta",
    {
        "'apt-get install passt', as root",
        "'dnf install passt', as root",
        "'apk add passt', as root",
        "'pacman -S passt', as root",
        "'zypper install passt', as root",
        "install the package 'passt'",
    } },
  { "criu",
    {
        "'apt-get install criu', as root (there is none in Debian 12 that works with later "
        "kernels)",
        "'dnf install criu', as root",
        "'apk add criu', as root",
        "'pacman -S criu', as root",
        "'zypper install criu', as root",
        "install the package 'criu'",
    } },
};

/* The value of @key, unquoted, as a list of words (new). */
static char **
os_release_words (const char *text, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize len = strlen (key);

  for (char **line = lines; *line != NULL; line++)
    if (strncmp (*line, key, len) == 0 && (*line)[len] == '=')
      {
        g_strdelimit (*line + len, "=\"'", ' ');
        return g_strsplit (g_strstrip (*line + len), " ", -1);
      }
  return g_new0 (char *, 1);
}

static Family
find_family (const char *os_release)
{
  static const char *const keys[] = { "ID", "ID_LIKE" };

  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
    {
      g_auto (GStrv) words = os_release_words (os_release, keys[k]);

      for (char **word = words; *word != NULL; word++)
        for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
          if (strcmp (*word, ids[i].id) == 0)
            return ids[i].family;
    }
  return FAMILY_OTHER;
}

const char *
runc_doctor_install_on (const char *os_release, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    if (strcmp (programs[i].name, name) == 0)
      return programs[i].commands[find_family (os_release)];
  g_assert_not_reached ();
}

const char *
runc_doctor_install (const char *name)
{
  g_autofree char *text = runc_doctor_read ("/etc/os-release");

  return runc_doctor_install_on (text != NULL ? text : "", name);
}
