/* Writing a list of limits, and taking it back. Runs in the parent.
 *
 * A few files of the kernel are checked against the present value of another one (a memory limit
 * may not be above memory plus swap, a quota divided by its period not above the parent's, ...), so
 * neither order is always right. Those are written in the order of the list, and the refused ones
 * again when the others are in.
 */
#include "cgroup/limits.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  const RuncCgroupRef *ref;
  int fds[RUNC_CGROUP_N_V1 + 1]; /* -EBADF until a limit needs it; the last one is v2's */
} Writer;

static void
writer_clear (Writer *writer)
{
  for (gsize i = 0; i < G_N_ELEMENTS (writer->fds); i++)
    runc_close_fdp (&writer->fds[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Writer, writer_clear)

static const char *
dir_of (const RuncCgroupRef *ref, RuncCgroupV1Controller controller)
{
  return controller == RUNC_CGROUP_N_V1 ? ref->v2_dir : runc_cgroup_v1_dir (ref, controller);
}

/* The directory for @controller, as an fd that @writer owns. */
static int
writer_fd (Writer *writer, RuncCgroupV1Controller controller)
{
  int *fd = &writer->fds[controller];

  if (*fd < 0)
    {
      const char *dir = dir_of (writer->ref, controller);
      int opened = dir != NULL ? runc_cgroup_dir_open (dir) : -ENOENT;

      if (opened < 0)
        return opened;
      *fd = opened;
    }
  return *fd;
}

static int
write_lines (int fd, const char *file, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      int r = **line != '\0' || lines[1] == NULL ? runc_cgroup_write (fd, file, *line) : 0;
      if (r < 0)
        return r;
    }
  return 0;
}

/* What to write to @limit's file to have it as it is now (new string), or NULL when that cannot be
 * told. */
static char *
present_value (int fd, const RuncLimit *limit)
{
  g_autofree char *text = NULL;
  guint64 disabled;

  if (runc_cgroup_read (fd, limit->file, &text) < 0)
    return NULL;
  if (limit->reset != NULL)
    {
      gsize key = strcspn (limit->reset, " ") + 1;
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

      for (char **line = lines; *line != NULL; line++)
        if (strncmp (*line, limit->reset, key) == 0)
          return g_strdup (*line);
      return g_strdup (limit->reset);
    }
  if (runc_cgroup_key_value (text, "oom_kill_disable", &disabled))
    return g_strdup (disabled != 0 ? "1" : "0");
  if (limit->flags & RUNC_LIMIT_LINES)
    return g_steal_pointer (&text);
  /* A file with more than one line starts with the one that is not about a device. */
  text[strcspn (text, "\n")] = '\0';
  return g_steal_pointer (&text);
}

typedef struct
{
  const RuncLimit *limit;
  char *value;
} Step;

static void
step_clear (gpointer data)
{
  g_free (((Step *)data)->value);
}

static gboolean
is_listed (const char *list, const char *word, gsize n)
{
  for (const char *at = list; (at = strstr (at, word)) != NULL; at += n)
    if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\n' || at[n] == '\0'))
      return TRUE;
  return FALSE;
}

/* The words for a limit that could not be set. */
static gboolean
throw_refused (Writer *writer, const RuncLimit *limit, int r, GError **error)
{
  const char *dir = dir_of (writer->ref, limit->controller);
  int fd = writer_fd (writer, limit->controller);
  g_autofree char *controllers = NULL;
  gsize dot = strcspn (limit->file, ".");
  guint64 usage = 0, peak = 0;

  if (dir == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "cannot set %.*s limit: container could not join or create cgroup (%s)",
                       (int)dot, limit->file, "this controller is not mounted");
  if (r == -EBUSY && g_str_equal (limit->file, "memory.limit_in_bytes")
      && runc_cgroup_read_u64 (fd, "memory.usage_in_bytes", &usage) == 0
      && runc_cgroup_read_u64 (fd, "memory.max_usage_in_bytes", &peak) == 0)
    return runc_throw (error, RUNC_ERROR_SYSTEM,
                       "unable to set memory limit to %s (current usage: %" G_GUINT64_FORMAT
                       ", peak usage: %" G_GUINT64_FORMAT ")",
                       limit->value, usage, peak);
  if (limit->controller == RUNC_CGROUP_N_V1 && (r == -ENOENT || r == -EPERM || r == -EACCES)
      && !g_str_has_prefix (limit->file, "cgroup.")
      && runc_cgroup_read (fd, "cgroup.controllers", &controllers) == 0)
    {
      g_autofree char *name = g_strndup (limit->file, dot);

      if (!is_listed (controllers, name, dot))
        return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                           "'%s' can't be set: controller \"%s\" not available in cgroup '%s' (a "
                           "parent does not delegate it, or has processes of its own)",
                           limit->file, name, dir);
    }
  return runc_cgroup_throw (error, r, "cannot set '%s' to '%s' in cgroup '%s'", limit->file,
                            limit->value, dir);
}

/* The kernel moves a value that is out of its range into it; the user should know. */
static gboolean
check_clamped (int fd, const RuncLimit *limit, GError **error)
{
  guint64 asked = g_ascii_strtoull (limit->value, NULL, 10), got;

  if (runc_cgroup_read_u64 (fd, limit->file, &got) < 0 || asked == got)
    return TRUE;
  return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                     "the %s allowed cpu-shares is %" G_GUINT64_FORMAT,
                     asked > got ? "maximum" : "minimum", got);
}

/* Write one limit; -EINVAL of one that may be retried is returned, other failures are thrown (with
 * *@ret_failed set). */
static int
write_one (Writer *writer, const RuncLimit *limit, GArray *undo, GError **error)
{
  int fd = writer_fd (writer, limit->controller);
  Step step = { .limit = limit };
  int r;

  if (fd >= 0 && undo != NULL)
    step.value = present_value (fd, limit);
  if (fd < 0)
    r = fd;
  else if (limit->flags & RUNC_LIMIT_LINES)
    r = write_lines (fd, limit->file, limit->value);
  else
    r = runc_cgroup_write (fd, limit->file, limit->value);
  if (r == 0 && step.value != NULL)
    g_array_append_val (undo, step);
  else
    g_free (step.value);
  if (r == 0 && (limit->flags & RUNC_LIMIT_CLAMPED) && !check_clamped (fd, limit, error))
    return -ERANGE;
  if (r == 0 || (r == -ENOENT && (limit->flags & (RUNC_LIMIT_OPTIONAL | RUNC_LIMIT_OR_NEXT)))
      || (r == -EINVAL && (limit->flags & RUNC_LIMIT_RETRY)))
    return r;
  throw_refused (writer, limit, r, error);
  return r;
}

/* Write what was refused with EINVAL until nothing is left or nothing moves. */
static gboolean
write_refused (Writer *writer, GPtrArray *refused, GArray *undo, GError **error)
{
  while (refused->len > 0)
    {
      guint before = refused->len;

      for (guint i = 0; i < refused->len;)
        {
          g_autoptr (GError) local = NULL;
          int r = write_one (writer, g_ptr_array_index (refused, i), undo, &local);

          if (local != NULL)
            {
              g_propagate_error (error, g_steal_pointer (&local));
              return FALSE;
            }
          if (r == -EINVAL)
            i++;
          else
            g_ptr_array_remove_index (refused, i);
        }
      if (refused->len == before)
        return throw_refused (writer, g_ptr_array_index (refused, 0), -EINVAL, error);
    }
  return TRUE;
}

static gboolean
write_all (Writer *writer, const GPtrArray *limits, GArray *undo, GError **error)
{
  g_autoptr (GPtrArray) refused = g_ptr_array_new ();

  for (guint i = 0; i < limits->len; i++)
    {
      const RuncLimit *limit = g_ptr_array_index (limits, i);
      g_autoptr (GError) local = NULL;
      int r = write_one (writer, limit, undo, &local);

      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (r == -EINVAL)
        g_ptr_array_add (refused, (gpointer)limit);
      if (r == 0 && (limit->flags & RUNC_LIMIT_OR_NEXT))
        i++;
    }
  return write_refused (writer, refused, undo, error);
}

/* Put back what @undo remembers, the last one first; what is refused goes again after the others.
 */
static void
write_back (Writer *writer, const GArray *undo)
{
  gboolean refused = TRUE;

  for (guint pass = 0; refused && pass < 3; pass++)
    {
      refused = FALSE;
      for (guint i = undo->len; i > 0; i--)
        {
          const Step *step = &g_array_index (undo, Step, i - 1);
          int fd = writer_fd (writer, step->limit->controller);

          if (fd >= 0 && write_lines (fd, step->limit->file, step->value) < 0)
            refused = TRUE;
        }
    }
}

gboolean
runc_cgroup_limits_write (const RuncCgroupRef *ref, const GPtrArray *limits, gboolean undo,
                          GError **error)
{
  g_auto (Writer) writer = { .ref = ref };
  g_autoptr (GArray) done = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (writer.fds); i++)
    writer.fds[i] = -EBADF;
  if (undo)
    {
      done = g_array_new (FALSE, FALSE, sizeof (Step));
      g_array_set_clear_func (done, step_clear);
    }
  if (write_all (&writer, limits, done, error))
    return TRUE;
  if (undo)
    write_back (&writer, done);
  return FALSE;
}

gboolean
runc_cgroup_check_memory_usage (int dir_fd, const RuncSpecMemory *memory, GError **error)
{
  gint64 limit, memsw;
  guint64 usage;

  if (memory == NULL || !memory->check_before_update.present || !memory->check_before_update.value)
    return TRUE;
  limit = memory->limit.present ? memory->limit.value : 0;
  memsw = memory->swap.present ? memory->swap.value : 0;
  if ((limit <= 0 && memsw <= 0) || runc_cgroup_read_u64 (dir_fd, "memory.current", &usage) < 0)
    return TRUE;
  if (memsw > 0 && (guint64)memsw <= usage)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "rejecting memory+swap limit %" G_GINT64_FORMAT
                       " <= usage %" G_GUINT64_FORMAT,
                       memsw, usage);
  if (limit > 0 && (guint64)limit <= usage)
    return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                       "rejecting memory limit %" G_GINT64_FORMAT " <= usage %" G_GUINT64_FORMAT,
                       limit, usage);
  return TRUE;
}

/* The v2 files of a controller and the v1 hierarchy that has it otherwise. */
static const struct
{
  const char *prefix;
  RuncCgroupV1Controller v1;
} counterparts[] = {
  { "cpu.", RUNC_CGROUP_V1_CPU },   { "cpuset.", RUNC_CGROUP_V1_CPUSET },
  { "io.", RUNC_CGROUP_V1_BLKIO },  { "memory.", RUNC_CGROUP_V1_MEMORY },
  { "pids.", RUNC_CGROUP_V1_PIDS }, { "hugetlb.", RUNC_CGROUP_V1_HUGETLB },
  { "rdma.", RUNC_CGROUP_V1_RDMA },
};

static gboolean
v2_has_it (const RuncCgroupRef *ref, const char *file)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counterparts); i++)
    if (g_str_has_prefix (file, counterparts[i].prefix))
      return runc_cgroup_v1_dir (ref, counterparts[i].v1) == NULL;
  return FALSE;
}

/* Is @limit to be set in v1, although there may be a v2 controller for it? */
static gboolean
v1_has_it (const RuncCgroupRef *ref, RuncCgroupV1Controller controller)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counterparts); i++)
    if (counterparts[i].v1 == controller)
      return runc_cgroup_v1_dir (ref, controller) != NULL;
  return TRUE;
}

/* Limits of a hybrid host: each where its controller is. */
static gboolean
write_hybrid (const RuncCgroupRef *ref, const GPtrArray *v1, const GPtrArray *v2, gboolean undo,
              GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  guint n_v1;

  for (guint i = 0; i < v1->len; i++)
    if (v1_has_it (ref, ((const RuncLimit *)g_ptr_array_index (v1, i))->controller))
      g_ptr_array_add (list, g_ptr_array_index (v1, i));
  n_v1 = list->len;
  for (guint i = 0; i < v2->len; i++)
    if (v2_has_it (ref, ((const RuncLimit *)g_ptr_array_index (v2, i))->file))
      g_ptr_array_add (list, g_ptr_array_index (v2, i));
  if (list->len > n_v1)
    runc_cgroup_v2_enable_controllers (ref->v2_dir);
  return runc_cgroup_limits_write (ref, list, undo, error);
}

gboolean
runc_cgroup_limits_apply (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                          gboolean update, GError **error)
{
  g_autoptr (GPtrArray) v1 = NULL, v2 = NULL;

  if (resources == NULL)
    return TRUE;
  if (ref->v1_dirs != NULL && ref->v1_dirs[0] != NULL)
    {
      v1 = runc_cgroup_limits_v1 (resources, error);
      if (v1 == NULL)
        return FALSE;
    }
  if (ref->v2_dir != NULL)
    {
      autofd int fd = update ? runc_cgroup_dir_open (ref->v2_dir) : -EBADF;

      if (update && fd < 0)
        return runc_cgroup_throw (error, fd, "cannot open cgroup '%s'", ref->v2_dir);
      if (update && !runc_cgroup_check_memory_usage (fd, resources->memory, error))
        return FALSE;
      v2 = runc_cgroup_limits_v2 (resources, error);
      if (v2 == NULL)
        return FALSE;
    }
  if (v1 != NULL && v2 != NULL)
    return write_hybrid (ref, v1, v2, update, error);
  return (v1 == NULL && v2 == NULL)
         || runc_cgroup_limits_write (ref, v1 != NULL ? v1 : v2, update, error);
}
