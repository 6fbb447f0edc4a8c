/* The mount API of Linux 5.2 and later. Runs in the child, and in the parent where it may mount. */
#include "sys/mount.h"
#include "base/fd.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* The kernel's first error line for @fs_fd: "e tmpfs: Bad value for 'size'" without the "e ". */
static void
read_message (int fs_fd, char *message, size_t size)
{
  char line[256];
  ssize_t n;

  message[0] = '\0';
  while ((n = read (fs_fd, line, sizeof line)) > 0)
    {
      if (n < 3 || line[0] != 'e')
        continue;
      size_t len = (size_t)n - 2;

      if (line[n - 1] == '\n')
        len--;
      if (len >= size)
        len = size - 1;
      memcpy (message, line + 2, len);
      message[len] = '\0';
      return;
    }
}

/* One option: "key=value" is a string, "key" a flag. */
static int
set_option (int fs_fd, const char *option)
{
  char key[256];
  const char *equals = strchr (option, '=');
  size_t len;

  if (equals == NULL)
    return runc_sys_fsconfig (fs_fd, FSCONFIG_SET_FLAG, option, NULL, 0);
  len = (size_t)(equals - option);
  if (len >= sizeof key)
    return -EINVAL;
  memcpy (key, option, len);
  key[len] = '\0';
  return runc_sys_fsconfig (fs_fd, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

static int
configure (int fs_fd, const RuncFsRequest *request, RuncFsError *ret_error)
{
  int r = 0;

  if (request->source != NULL)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_SET_STRING, "source", request->source, 0);
  for (const char *const *o = request->options; r == 0 && o != NULL && *o != NULL; o++)
    {
      r = set_option (fs_fd, *o);
      if (r < 0)
        ret_error->option = *o;
    }
  if (r == 0 && request->extra_option != NULL)
    r = set_option (fs_fd, request->extra_option);
  if (r == 0 && request->readonly)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0);
  if (r == 0)
    r = runc_sys_fsconfig (fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
  return r;
}

int
runc_sys_fs_new (const RuncFsRequest *request, RuncFsError *ret_error)
{
  autofd int fs_fd = runc_sys_fsopen (request->type);
  int r;

  ret_error->option = NULL;
  ret_error->message[0] = '\0';
  if (fs_fd < 0)
    return fs_fd;
  r = configure (fs_fd, request, ret_error);
  if (r == 0)
    r = runc_sys_fsmount (fs_fd, (unsigned int)request->attr);
  if (r < 0)
    read_message (fs_fd, ret_error->message, sizeof ret_error->message);
  return r;
}

int
runc_sys_tree_clone (int fd, bool recursive)
{
  return runc_sys_open_tree (fd, "",
                             OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

int
runc_sys_tree_set_attr (int fd, const RuncTreeAttr *attr)
{
  struct mount_attr change = {
    .attr_set = attr->set,
    .attr_clr = attr->clear,
    .propagation = attr->propagation,
  };

  if (attr->set == 0 && attr->clear == 0 && attr->propagation == 0)
    return 0;
  if (attr->set & MOUNT_ATTR_IDMAP)
    change.userns_fd = (uint64_t)attr->userns_fd;
  return runc_sys_mount_setattr (fd, "", AT_EMPTY_PATH | (attr->recursive ? AT_RECURSIVE : 0),
                                 &change);
}

int
runc_sys_tree_attach (int tree, int target)
{
  return runc_sys_move_mount (tree, "", target, "",
                              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* "/a\\040b" -> "/a b", in place. */
static void
unescape (char *path)
{
  char *to = path;

  for (const char *from = path; *from != '\0';)
    if (from[0] == '\\' && from[1] != '\0' && from[2] != '\0' && from[3] != '\0')
      {
        *to++ = (char)(((from[1] - '0') << 6) | ((from[2] - '0') << 3) | (from[3] - '0'));
        from += 4;
      }
    else
      *to++ = *from++;
  *to = '\0';
}

/* Detach the mount of one line of mountinfo: its fifth field is where it is. Returns 1, 0 when
 * there was nothing to detach, or -errno. */
static int
detach_line (char *line)
{
  char *path = line;
  int r;

  for (int field = 0; field < 4 && path != NULL; field++)
    {
      path = strchr (path, ' ');
      if (path != NULL)
        path++;
    }
  if (path == NULL || path[0] != '/')
    return 0;
  path[strcspn (path, " ")] = '\0';
  unescape (path);
  if (path[1] == '\0')
    return 0;
  /* Relative to the old root: the new one, which is on top of it, has such paths, too. */
  r = runc_sys_umount (path + 1, RUNC_MNT_DETACH | RUNC_UMOUNT_NOFOLLOW);
  if (r == 0)
    return 1;
  return r == -EINVAL || r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? 0 : r;
}

/* Detach the mounts of all lines. Returns how many there were, or -errno. */
static int
detach_pass (int mountinfo)
{
  char buffer[4 * PATH_MAX];
  size_t used = 0;
  ssize_t n;
  int done = 0;

  if (lseek (mountinfo, 0, SEEK_SET) < 0)
    return -errno;
  while ((n = read (mountinfo, buffer + used, sizeof buffer - used)) > 0)
    {
      char *line = buffer, *end = buffer + used + (size_t)n, *newline;

      while ((newline = memchr (line, '\n', (size_t)(end - line))) != NULL)
        {
          *newline = '\0';
          int r = detach_line (line);
          if (r < 0)
            return r;
          done += r;
          line = newline + 1;
        }
      used = (size_t)(end - line);
      if (used == sizeof buffer)
        return -ENAMETOOLONG;
      memmove (buffer, line, used);
    }
  return n < 0 ? -errno : done;
}

int
runc_sys_detach_all_below (int mountinfo)
{
  int r;

  /* Older kernels lose their place in the list when it gets shorter. */
  do
    r = detach_pass (mountinfo);
  while (r > 0);
  return r;
}
