/* Cgroup directories and their files. Runs in the parent.
 *
 * Files are opened relative to a directory fd, read whole and written with a single write(), which
 * is what the kernel takes as one setting. Trees are walked by fd and never by path, so that depth
 * is bounded by memory only: the walk holds one fd and goes up by "..", which a cgroupfs keeps
 * stable.
 */
#include "cgroup/dir.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

gboolean
runc_cgroup_throw (GError **error, int neg_errno, const char *format, ...)
{
  int errnum = neg_errno < 0 ? -neg_errno : neg_errno;
  va_list ap;

  va_start (ap, format);
  g_autofree char *message = g_strdup_vprintf (format, ap);
  va_end (ap);
  runc_throw (error, RUNC_ERROR_SYSTEM, "%s: %s", message, runc_strerror (errnum));
  errno = errnum;
  return FALSE;
}

/* Absolute, and without empty, "." and ".." components. */
static gboolean
path_is_clean (const char *path)
{
  if (path[0] != '/')
    return FALSE;
  while (*path != '\0')
    {
      path++;
      gsize n = strcspn (path, "/");
      if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
        return FALSE;
      path += n;
    }
  return TRUE;
}

int
runc_cgroup_dir_open (const char *dir)
{
  struct statfs st;

  if (!path_is_clean (dir))
    return -EINVAL;
  autofd int fd
      = runc_fault_hit () ? -1 : open (dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (fstatfs (fd, &st) < 0)
    return -errno;
  if (st.f_type != CGROUP_SUPER_MAGIC && st.f_type != CGROUP2_SUPER_MAGIC)
    return -ENOTDIR;
  return runc_steal_fd (&fd);
}

int
runc_cgroup_dir_make (const char *dir, GPtrArray *made)
{
  g_autofree char *path = NULL;
  char *end;

  if (!path_is_clean (dir))
    return -EINVAL;
  if (runc_fault_hit ())
    return -errno;
  /* Mostly the parent is there: one system call. */
  if (mkdir (dir, 0755) == 0)
    {
      g_ptr_array_add (made, g_strdup (dir));
      return 1;
    }
  if (errno != ENOENT)
    return errno == EEXIST ? 0 : -errno;

  path = g_strdup (dir);
  end = path + strlen (path);
  /* Up to the first parent that can be made or is there ... */
  do
    {
      end = memrchr (path, '/', (gsize)(end - path));
      if (end == path)
        return -ENOENT;
      *end = '\0';
      if (mkdir (path, 0755) == 0)
        g_ptr_array_add (made, g_strdup (path));
      else if (errno != ENOENT && errno != EEXIST)
        return -errno;
      else if (errno == ENOENT)
        continue;
      break;
    }
  while (TRUE);
  /* ... and down again. */
  gboolean is_new = FALSE;
  while (strlen (path) < strlen (dir))
    {
      path[strlen (path)] = '/';
      is_new = mkdir (path, 0755) == 0;
      if (is_new)
        g_ptr_array_add (made, g_strdup (path));
      else if (errno != EEXIST)
        return -errno;
    }
  return is_new ? 1 : 0;
}

void
runc_cgroup_dir_unmake (const GPtrArray *made)
{
  for (guint i = made->len; i > 0; i--)
    rmdir (g_ptr_array_index (made, i - 1));
}

char *
runc_cgroup_v2_mount_of (const char *dir)
{
  g_autofree char *path = g_strdup (dir);

  for (char *end = strchr (path + 1, '/');; end = strchr (end + 1, '/'))
    {
      struct statfs st;

      if (end != NULL)
        *end = '\0';
      if (statfs (path, &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC)
        return g_steal_pointer (&path);
      if (end == NULL)
        return NULL;
      *end = '/';
    }
}

int
runc_cgroup_read (int dir_fd, const char *name, char **ret_text)
{
  autofd int fd = runc_fault_hit () ? -1 : openat (dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  gsize size = 4096, len = 0;

  if (fd < 0)
    return -errno;
  g_autofree char *text = g_malloc (size);
  for (;;)
    {
      if (size - len < 1024)
        {
          size *= 2;
          text = g_realloc (text, size);
        }
      gssize n = read (fd, text + len, size - len - 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -errno;
      if (n == 0)
        break;
      len += (gsize)n;
    }
  text[len] = '\0';
  *ret_text = g_steal_pointer (&text);
  return 0;
}

int
runc_cgroup_read_u64 (int dir_fd, const char *name, guint64 *ret_value)
{
  g_autofree char *text = NULL;
  char *end;
  int r = runc_cgroup_read (dir_fd, name, &text);

  if (r < 0)
    return r;
  g_strchomp (text);
  if (g_str_equal (text, "max"))
    {
      *ret_value = G_MAXUINT64;
      return 0;
    }
  if (!g_ascii_isdigit (text[0]))
    return -EINVAL;
  guint64 value = g_ascii_strtoull (text, &end, 10);
  if (*end != '\0')
    return -EINVAL;
  *ret_value = value;
  return 0;
}

gboolean
runc_cgroup_key_value (const char *text, const char *key, guint64 *ret_value)
{
  gsize n = strlen (key);

  for (const char *line = text; line != NULL; line = strchr (line, '\n'))
    {
      if (*line == '\n')
        line++;
      if (strncmp (line, key, n) == 0 && line[n] == ' ' && g_ascii_isdigit (line[n + 1]))
        {
          *ret_value = g_ascii_strtoull (line + n + 1, NULL, 10);
          return TRUE;
        }
    }
  return FALSE;
}

int
runc_cgroup_write (int dir_fd, const char *name, const char *text)
{
  autofd int fd = runc_fault_hit () ? -1 : openat (dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  gssize n;

  if (fd < 0)
    return -errno;
  do
    n = write (fd, text, strlen (text));
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : 0;
}

int
runc_cgroup_dir_pids (int dir_fd, GArray *pids)
{
  g_autofree char *text = NULL;
  int r = runc_cgroup_read (dir_fd, "cgroup.procs", &text);

  /* The processes of a threaded cgroup can only be told by its threads. */
  if (r == -EOPNOTSUPP)
    r = runc_cgroup_read (dir_fd, "cgroup.threads", &text);
  if (r < 0)
    return r;
  for (char *at = text; g_ascii_isdigit (*at); at += strspn (at, "\n"))
    {
      pid_t pid = (pid_t)g_ascii_strtoull (at, &at, 10);
      if (pid > 0)
        g_array_append_val (pids, pid);
    }
  return 0;
}

int
runc_cgroup_dir_children (int dir_fd, GPtrArray **ret_names)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  struct dirent *entry;
  autofd int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return -errno;
  DIR *stream = fdopendir (fd);
  if (stream == NULL)
    return -errno;
  runc_steal_fd (&fd);
  errno = 0;
  while ((entry = readdir (stream)) != NULL)
    if (entry->d_type == DT_DIR && !g_str_equal (entry->d_name, ".")
        && !g_str_equal (entry->d_name, ".."))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  int saved = errno;
  closedir (stream);
  if (saved != 0)
    return -saved;
  *ret_names = g_steal_pointer (&names);
  return 0;
}

/* A directory on the way of a walk: what is still to be visited in it. */
typedef struct
{
  char *name; /* in its parent; NULL for the top */
  GPtrArray *children;
} Level;

static void
level_free (gpointer data)
{
  Level *level = data;

  g_free (level->name);
  g_ptr_array_unref (level->children);
  g_free (level);
}

/* Called for a directory when everything below it was visited; gets its fd, and the name by which
 * the parent knows it (NULL for the top). */
typedef int (*TreeVisit) (int dir_fd, gpointer data);
typedef int (*TreeLeave) (int parent_fd, const char *name, gpointer data);

typedef struct
{
  TreeVisit visit; /* on every directory, parents first; may be NULL */
  TreeLeave leave; /* on every directory but the top, children first; may be NULL */
  gpointer data;
} TreeWalk;

/* Walk the tree below @top_fd. Directories that vanish are skipped. */
static int
tree_walk (int top_fd, const TreeWalk *walk)
{
  g_autoptr (GPtrArray) levels = g_ptr_array_new_with_free_func (level_free);
  autofd int fd = openat (top_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *name = NULL;
  int r;

  if (fd < 0)
    return -errno;
  for (;;)
    {
      /* Entered a directory. */
      g_autoptr (GPtrArray) children = NULL;
      r = walk->visit != NULL ? walk->visit (fd, walk->data) : 0;
      if (r == 0)
        r = runc_cgroup_dir_children (fd, &children);
      if (r == -ENOENT || r == -ENODEV)
        children = g_ptr_array_new_with_free_func (g_free);
      else if (r < 0)
        return r;
      Level *entered = g_new0 (Level, 1);
      entered->name = g_steal_pointer (&name);
      entered->children = g_steal_pointer (&children);
      g_ptr_array_add (levels, entered);

      /* Next child, or up. */
      for (;;)
        {
          Level *level = g_ptr_array_index (levels, levels->len - 1);
          int next;

          if (level->children->len > 0)
            {
              name = g_ptr_array_steal_index_fast (level->children, level->children->len - 1);
              next = openat (fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
              if (next >= 0)
                {
                  runc_close_fd (fd);
                  fd = next;
                  break;
                }
              g_clear_pointer (&name, g_free);
              if (errno != ENOENT && errno != ENODEV)
                return -errno;
              continue;
            }
          if (level->name == NULL)
            return 0;
          next = openat (fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
          if (next < 0)
            return -errno;
          runc_close_fd (fd);
          fd = next;
          r = walk->leave != NULL ? walk->leave (fd, level->name, walk->data) : 0;
          if (r < 0)
            return r;
          g_ptr_array_set_size (levels, (gint)levels->len - 1);
        }
    }
}

static int
visit_pids (int dir_fd, gpointer data)
{
  return runc_cgroup_dir_pids (dir_fd, data);
}

int
runc_cgroup_tree_pids (int dir_fd, GArray *pids)
{
  const TreeWalk walk = { .visit = visit_pids, .data = pids };

  return tree_walk (dir_fd, &walk);
}

gboolean
runc_cgroup_backoff_wait (RuncCgroupBackoff *backoff, int events_fd)
{
  struct pollfd events = { .fd = events_fd, .events = POLLPRI };
  gint64 left = backoff->deadline - g_get_monotonic_time ();

  if (left <= 0)
    return FALSE;
  backoff->step_us = backoff->step_us == 0 ? 50 : MIN (backoff->step_us * 2, 10000);
  left = MIN (left, backoff->step_us);
  struct timespec step = { .tv_sec = 0, .tv_nsec = left * 1000 };
  /* The kernel notifies at most every 10 ms, so the step matters even where there is an fd. */
  ppoll (&events, events_fd >= 0 ? 1 : 0, &step, NULL);
  return TRUE;
}

/* Kill what is in the cgroup and below. */
static void
kill_tree (int dir_fd)
{
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (pid_t));

  if (runc_cgroup_write (dir_fd, "cgroup.kill", "1") == 0)
    return;
  if (runc_cgroup_tree_pids (dir_fd, pids) < 0)
    return;
  for (guint i = 0; i < pids->len; i++)
    kill (g_array_index (pids, pid_t, i), SIGKILL);
  /* A frozen process of v1 does not die; the freezer of v2 lets it. */
  runc_cgroup_write (dir_fd, "freezer.state", "THAWED");
}

static int
leave_remove (int parent_fd, const char *name, gpointer data)
{
  gboolean *busy = data;

  if (unlinkat (parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
    return 0;
  if (errno != EBUSY)
    return -errno;
  *busy = TRUE;
  return 0;
}

int
runc_cgroup_tree_remove (const char *dir, gint64 deadline)
{
  RuncCgroupBackoff backoff = { .deadline = deadline };
  autofd int events = -EBADF;

  if (!path_is_clean (dir))
    return -EINVAL;
  if (rmdir (dir) == 0 || errno == ENOENT)
    return 0;
  if (errno != EBUSY)
    return -errno;
  autofd int fd = runc_cgroup_dir_open (dir);
  if (fd < 0)
    return fd == -ENOENT ? 0 : fd;
  events = openat (fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

  do
    {
      char state[256];
      gboolean busy = FALSE;
      const TreeWalk walk = { .leave = leave_remove, .data = &busy };

      kill_tree (fd);
      /* A read arms the notification; it comes before the attempt, so that no change is missed. */
      if (events >= 0 && pread (events, state, sizeof state, 0) < 0)
        events = runc_close_fd (events);
      int r = tree_walk (fd, &walk);
      if (r < 0)
        return r;
      if (!busy && (rmdir (dir) == 0 || errno == ENOENT))
        return 0;
      if (!busy && errno != EBUSY)
        return -errno;
    }
  while (runc_cgroup_backoff_wait (&backoff, events));
  return -EBUSY;
}
