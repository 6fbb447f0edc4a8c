/* In-root path resolution and creation. Runs mostly in the child (mount targets), sometimes in the
 * parent; single system calls on fds, no allocation.
 *
 * What exists is resolved by the kernel in one openat2(). Only what does not exist is walked by us,
 * one component after the other: `resolved` is the path of a directory that is known to be free of
 * symlinks, `rest` what is still to be walked; a symlink is replaced by its content in `rest`.
 */
#include "sys/path.h"
#include "base/fd.h"
#include "sys/fault.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum
{
  MAX_SYMLINKS = 40, /* as the kernel's */
};

int
runc_sys_open_in_root (int root, const char *path, int flags, bool nofollow)
{
  uint64_t all = (uint64_t)flags | (nofollow ? O_NOFOLLOW : 0);

  while (*path == '/')
    path++;
  int fd = runc_sys_openat2 (root, *path != '\0' ? path : ".", all,
                             RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

  if (fd >= 0 && nofollow && (flags & O_PATH))
    {
      struct stat st;

      if (RUNC_FAULTY (fstat (fd, &st)) < 0 || S_ISLNK (st.st_mode))
        {
          runc_close_fd (fd);
          return -ELOOP;
        }
    }
  return fd;
}

typedef struct
{
  char resolved[PATH_MAX]; /* "" is the root; no leading slash */
  char rest[PATH_MAX];
  int dir;   /* O_PATH fd of `resolved` */
  int links; /* followed so far */
} Walk;

static int
walk_reopen (int root, Walk *walk)
{
  int fd = runc_sys_openat2 (root, walk->resolved[0] != '\0' ? walk->resolved : ".",
                             O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);

  if (fd < 0)
    return fd;
  walk->dir = runc_close_fd (walk->dir);
  walk->dir = fd;
  return 0;
}

/* Cut the next component off `rest` into @name (of NAME_MAX + 1). Returns false at the end. */
static bool
walk_next (Walk *walk, char *name, int *ret_error)
{
  const char *p = walk->rest + strspn (walk->rest, "/");
  size_t len = strcspn (p, "/");

  *ret_error = 0;
  if (len == 0)
    return false;
  if (len > NAME_MAX)
    {
      *ret_error = -ENAMETOOLONG;
      return false;
    }
  memcpy (name, p, len);
  name[len] = '\0';
  p += len;
  memmove (walk->rest, p, strlen (p) + 1);
  return true;
}

/* Put the content of the symlink @fd in front of `rest`. */
static int
walk_expand (int root, Walk *walk, int fd)
{
  char link[PATH_MAX];
  ssize_t n = RUNC_FAULTY (readlinkat (fd, "", link, sizeof link));
  size_t rest_len = strlen (walk->rest);

  if (n < 0)
    return -errno;
  if (++walk->links > MAX_SYMLINKS)
    return -ELOOP;
  if ((size_t)n + 1 + rest_len + 1 > sizeof walk->rest)
    return -ENAMETOOLONG;
  memmove (walk->rest + n + 1, walk->rest, rest_len + 1);
  memcpy (walk->rest, link, (size_t)n);
  walk->rest[n] = '/';
  if (link[0] != '/')
    return 0;
  walk->resolved[0] = '\0';
  return walk_reopen (root, walk);
}

static int
walk_up (int root, Walk *walk)
{
  char *slash = strrchr (walk->resolved, '/');

  if (slash != NULL)
    *slash = '\0';
  else
    walk->resolved[0] = '\0';
  return walk_reopen (root, walk);
}

static int
walk_down (Walk *walk, const char *name, int take_fd)
{
  size_t len = strlen (walk->resolved);

  walk->dir = runc_close_fd (walk->dir);
  walk->dir = take_fd;
  if (len + 1 + strlen (name) + 1 > sizeof walk->resolved)
    return -ENAMETOOLONG;
  if (len > 0)
    walk->resolved[len++] = '/';
  strcpy (walk->resolved + len, name);
  return 0;
}

static bool
rest_is_empty (const Walk *walk)
{
  return walk->rest[strspn (walk->rest, "/")] == '\0';
}

/* Open @name in the walk's directory, making it if it is missing: a file with @mode if @file and it
 * is the last component, else a directory. */
static int
open_or_make (Walk *walk, const char *name, bool file, mode_t mode)
{
  const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int fd = runc_sys_openat2 (walk->dir, name, O_PATH | O_NOFOLLOW, resolve);

  if (fd != -ENOENT)
    return fd;
  if (file && rest_is_empty (walk))
    {
      autofd int made
          = runc_sys_openat2_create (walk->dir, name, O_CREAT | O_EXCL | O_WRONLY, resolve, mode);
      if (made < 0 && made != -EEXIST)
        return made;
    }
  else if (RUNC_FAULTY (mkdirat (walk->dir, name, file ? 0755 : mode)) < 0 && errno != EEXIST)
    return -errno;
  return runc_sys_openat2 (walk->dir, name, O_PATH | O_NOFOLLOW, resolve);
}

static int
make_in_root (int root, const char *path, bool file, mode_t mode)
{
  __attribute__ ((cleanup (runc_close_fdp))) int final = -EBADF;
  Walk walk = { .dir = -EBADF };
  char name[NAME_MAX + 1];
  int r;

  if (strlen (path) >= sizeof walk.rest)
    return -ENAMETOOLONG;
  strcpy (walk.rest, path);
  r = walk_reopen (root, &walk);
  while (r == 0 && walk_next (&walk, name, &r))
    {
      struct stat st;
      int fd;

      if (strcmp (name, ".") == 0)
        continue;
      if (strcmp (name, "..") == 0)
        {
          r = walk_up (root, &walk);
          continue;
        }
      fd = open_or_make (&walk, name, file, mode);
      if (fd < 0)
        r = fd;
      else if (RUNC_FAULTY (fstat (fd, &st)) < 0)
        r = -errno;
      else if (S_ISLNK (st.st_mode))
        r = walk_expand (root, &walk, fd);
      else if (S_ISDIR (st.st_mode))
        {
          r = walk_down (&walk, name, runc_steal_fd (&fd));
          if (r == 0 && file && rest_is_empty (&walk))
            r = -EISDIR;
        }
      else if (file && rest_is_empty (&walk))
        final = runc_steal_fd (&fd);
      else
        r = -ENOTDIR;
      runc_close_fd (fd);
    }
  if (r == 0 && !file)
    final = runc_steal_fd (&walk.dir);
  runc_close_fd (walk.dir);
  return r < 0 ? r : runc_steal_fd (&final);
}

int
runc_sys_mkdir_in_root (int root, const char *path, mode_t mode)
{
  int fd = runc_sys_open_in_root (root, path, O_PATH | O_DIRECTORY, false);

  return fd == -ENOENT ? make_in_root (root, path, false, mode) : fd;
}

int
runc_sys_mkfile_in_root (int root, const char *path, mode_t mode)
{
  int fd = runc_sys_open_in_root (root, path, O_PATH, false);
  struct stat st;

  if (fd == -ENOENT)
    return make_in_root (root, path, true, mode);
  if (fd >= 0 && RUNC_FAULTY (fstat (fd, &st)) == 0 && S_ISDIR (st.st_mode))
    {
      runc_close_fd (fd);
      return -EISDIR;
    }
  return fd;
}

int
runc_sys_parent_in_root (int root, const char *path, const char **ret_name)
{
  char parent[PATH_MAX];
  const char *name = strrchr (path, '/');
  size_t len;

  name = name != NULL ? name + 1 : path;
  if (*name == '\0' || strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return -EINVAL;
  len = (size_t)(name - path);
  if (len >= sizeof parent)
    return -ENAMETOOLONG;
  memcpy (parent, path, len);
  parent[len] = '\0';
  *ret_name = name;
  return runc_sys_mkdir_in_root (root, parent, 0755);
}
