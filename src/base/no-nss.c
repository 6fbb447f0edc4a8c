/* The user database of a statically linked runc: an empty one.
 *
 * glib refers to the three functions below for $HOME and user names, which runc never asks it for.
 * glibc's own would bring the name service switch along: a linker warning each, a third of a
 * megabyte, and dlopen() of the host's plugins by a program that was linked elsewhere. Linked into
 * the static binary only, in front of the libraries. */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>

struct passwd * /* lint-ok: the definitions that keep NSS out */
getpwuid (uid_t uid)
{
  (void)uid;
  errno = ENOENT;
  return NULL;
}

int /* lint-ok: as above */
getpwuid_r (uid_t uid, struct passwd *buffer, char *text, size_t size, struct passwd **ret_found)
{
  (void)uid;
  (void)buffer;
  (void)text;
  (void)size;
  *ret_found = NULL;
  return 0;
}

int /* lint-ok: as above */
getpwnam_r (const char *name, struct passwd *buffer, char *text, size_t size,
            struct passwd **ret_found)
{
  (void)name;
  (void)buffer;
  (void)text;
  (void)size;
  *ret_found = NULL;
  return 0;
}
