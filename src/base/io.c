/* Whole files in and out. Runs in the parent. */
#include "base/io.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
runc_io_read_fd (int fd, const char *name, gsize limit, gsize *ret_len, GError **error)
{
  struct stat st;
  gsize size = 4096;

  /* the size is a hint: files in /proc, pipes and files that are being written have another one */
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && (gsize)st.st_size <= limit)
    size = MAX (size, (gsize)st.st_size + 2);

  g_autofree char *data = g_malloc (size);
  gsize len = 0;
  for (;;)
    {
      ssize_t n = TEMP_FAILURE_RETRY (read (fd, data + len, size - len - 1));
      if (n < 0)
        {
          runc_throw_errno (error, "cannot read '%s'", name);
          return NULL;
        }
      if (n == 0)
        break;
      len += (gsize)n;
      if (len > limit)
        {
          runc_throw (error, RUNC_ERROR_FAILED, "'%s' is larger than %" G_GSIZE_FORMAT " bytes",
                      name, limit);
          return NULL;
        }
      if (size - len == 1)
        {
          size *= 2;
          data = g_realloc (data, size);
        }
    }
  data[len] = '\0';
  if (ret_len != NULL)
    *ret_len = len;
  return g_steal_pointer (&data);
}

char *
runc_io_read_file (int dir_fd, const char *name, gsize limit, gsize *ret_len, GError **error)
{
  autofd int fd = openat (dir_fd, name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    {
      gboolean absent = errno == ENOENT;
      runc_throw_errno (error, "cannot open '%s'", name);
      if (absent && error != NULL)
        (*error)->code = RUNC_ERROR_NOT_FOUND;
      return NULL;
    }
  return runc_io_read_fd (fd, name, limit, ret_len, error);
}

gboolean
runc_io_write_all (int fd, const void *data, gsize len, const char *name, GError **error)
{
  const char *next = data;

  while (len > 0)
    {
      ssize_t n = TEMP_FAILURE_RETRY (write (fd, next, len));
      if (n < 0)
        return runc_throw_errno (error, "cannot write '%s'", name);
      next += n;
      len -= (gsize)n;
    }
  return TRUE;
}

gboolean
runc_io_replace_file (int dir_fd, const char *name, const char *text, mode_t mode, GError **error)
{
  const char *slash = strrchr (name, '/');
  int dir_len = slash == NULL ? 0 : (int)(slash - name) + 1;
  const char *base = name + dir_len;
  g_autofree char *temporary
      = g_strdup_printf ("%.*s.%s.%ld", dir_len, name, base, (long)getpid ());

  /* whoever left a file of this name had our process id and is gone */
  unlinkat (dir_fd, temporary, 0);
  autofd int fd
      = openat (dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0)
    return runc_throw_errno (error, "cannot create '%s'", name);
  if (!runc_io_write_all (fd, text, strlen (text), name, error))
    {
      unlinkat (dir_fd, temporary, 0);
      return FALSE;
    }
  if (renameat (dir_fd, temporary, dir_fd, name) < 0)
    {
      runc_throw_errno (error, "cannot replace '%s'", name);
      unlinkat (dir_fd, temporary, 0);
      return FALSE;
    }
  return TRUE;
}
