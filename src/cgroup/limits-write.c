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
#include "cgroup/convert.h"
#include "cgroup/dir.h"

#include <errno.h>
#include <string.h>

/* One value to be put back. */
typedef struct
{
  RuncCgroupV1Controller controller;
  char *file;
  char *value;
} Step;

struct RuncLimitsUndo
{
  int fds[RUNC_CGROUP_N_V1 + 1]; /* -EBADF until a limit needs it; the last one is v2's */
  GArray *steps;                 /* of Step, in the order of writing; NULL: not wanted */
};

typedef struct
{
  const RuncCgroupRef *ref;
  RuncLimitsUndo *undo;
} Writer;

static void
step_clear (gpointer data)
{
  Step *step = data;

  g_free (step->file);
  g_free (step->value);
}

static RuncLimitsUndo *
undo_new (gboolean wanted)
{
  RuncLimitsUndo *undo = g_new0 (RuncLimitsUndo, 1);

  for (gsize i = 0; i < G_N_ELEMENTS (undo->fds); i++)
    undo->fds[i] = -EBADF;
  if (wanted)
    {
      undo->steps = g_array_new (FALSE, FALSE, sizeof (Step));
      g_array_set_clear_func (undo->steps, step_clear);
    }
  return undo;
}

void
runc_cgroup_limits_undo_free (RuncLimitsUndo *undo)
{
  if (undo == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (undo->fds); i++)
    runc_close_fd (undo->fds[i]);
  if (undo->steps != NULL)
    g_array_unref (undo->steps);
  g_free (undo);
}

static const char *
dir_of (const RuncCgroupRef *ref, RuncCgroupV1Controller controller)
{
  return controller == RUNC_CGROUP_N_V1 ? ref->v2_dir : runc_cgroup_v1_dir (ref, controller);
}

/* The directory for @controller, as an fd that @writer owns. */
static int
writer_fd (const Writer *writer, RuncCgroupV1Controller controller)
{
  int *fd = &writer->undo->fds[controller];

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
throw_refused (const Writer *writer, const RuncLimit *limit, int r, GError **error)
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

/* Is the outcome @r of a write one that the limit provides for? */
static gboolean
may_go_on (const RuncLimit *limit, int r)
{
  return r == 0 || (r == -ENOENT && (limit->flags & (RUNC_LIMIT_OPTIONAL | RUNC_LIMIT_OR_NEXT)))
         || (r == -EINVAL && (limit->flags & RUNC_LIMIT_RETRY));
}

/* Write one limit; -EINVAL of one that may be retried and -ENOENT of one that may be missing are
 * returned, other failures are thrown too. */
static int
write_one (const Writer *writer, const RuncLimit *limit, GError **error)
{
  int fd = writer_fd (writer, limit->controller);
  Step step = { .controller = limit->controller };
  int r;

  if (fd >= 0 && writer->undo->steps != NULL)
    step.value = present_value (fd, limit);
  if (fd < 0)
    r = fd;
  else if (limit->flags & RUNC_LIMIT_LINES)
    r = write_lines (fd, limit->file, limit->value);
  else
    r = runc_cgroup_write (fd, limit->file, limit->value);
  if (r == 0 && step.value != NULL)
    {
      step.file = g_strdup (limit->file);
      g_array_append_val (writer->undo->steps, step);
    }
  else
    g_free (step.value);
  if (r == 0 && (limit->flags & RUNC_LIMIT_CLAMPED) && !check_clamped (fd, limit, error))
    return -ERANGE;
  if (!may_go_on (limit, r))
    throw_refused (writer, limit, r, error);
  return r;
}

/* Write what was refused with EINVAL until nothing is left or nothing moves. */
static gboolean
write_refused (const Writer *writer, GPtrArray *refused, GError **error)
{
  while (refused->len > 0)
    {
      guint before = refused->len;

      for (guint i = 0; i < refused->len;)
        {
          const RuncLimit *limit = g_ptr_array_index (refused, i);
          int r = write_one (writer, limit, error);

          if (!may_go_on (limit, r))
            return FALSE;
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
write_all (const Writer *writer, const GPtrArray *limits, GError **error)
{
  g_autoptr (GPtrArray) refused = g_ptr_array_new ();

  for (guint i = 0; i < limits->len; i++)
    {
      const RuncLimit *limit = g_ptr_array_index (limits, i);
      int r = write_one (writer, limit, error);

      if (!may_go_on (limit, r))
        return FALSE;
      if (r == -EINVAL)
        g_ptr_array_add (refused, (gpointer)limit);
      if (r == 0 && (limit->flags & RUNC_LIMIT_OR_NEXT))
        i++;
    }
  return write_refused (writer, refused, error);
}

void
runc_cgroup_limits_undo (RuncLimitsUndo *undo)
{
  gboolean refused = TRUE;

  /* The last one first; what is refused goes again after the others. */
  for (guint pass = 0; refused && pass < 3; pass++)
    {
      refused = FALSE;
      for (guint i = undo->steps->len; i > 0; i--)
        {
          const Step *step = &g_array_index (undo->steps, Step, i - 1);

          if (write_lines (undo->fds[step->controller], step->file, step->value) < 0)
            refused = TRUE;
        }
    }
}

/* memory.checkBeforeUpdate: refuse a limit that is below what the v2 cgroup uses now. */
static gboolean
check_memory_usage (const char *dir, const RuncSpecMemory *memory, GError **error)
{
  guint64 usage;

  if (memory == NULL || !memory->check_before_update.present || !memory->check_before_update.value)
    return TRUE;
  autofd int dir_fd = runc_cgroup_dir_open (dir);
  if (dir_fd < 0 || runc_cgroup_read_u64 (dir_fd, "memory.current", &usage) < 0)
    return TRUE;
  return runc_cgroup_check_memory (memory->limit.present ? memory->limit.value : 0,
                                   memory->swap.present ? memory->swap.value : 0, usage, error);
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

/* The limits of a hybrid host: each where its controller is. The lists keep their entries. */
static GPtrArray *
merge_hybrid (const RuncCgroupRef *ref, const GPtrArray *v1, const GPtrArray *v2)
{
  GPtrArray *list = g_ptr_array_new ();
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
  return list;
}

gboolean
runc_cgroup_limits_apply (const RuncCgroupRef *ref, const RuncSpecResources *resources,
                          RuncLimitsUndo **ret_undo, GError **error)
{
  g_autoptr (RuncLimitsUndo) undo = undo_new (ret_undo != NULL);
  const Writer writer = { .ref = ref, .undo = undo };
  g_autoptr (GPtrArray) v1 = NULL, v2 = NULL, both = NULL;
  const GPtrArray *list;

  if (ref->v1_dirs != NULL && ref->v1_dirs[0] != NULL)
    {
      v1 = runc_cgroup_limits_v1 (resources, error);
      if (v1 == NULL)
        return FALSE;
    }
  if (ref->v2_dir != NULL)
    {
      if (ret_undo != NULL && !check_memory_usage (ref->v2_dir, resources->memory, error))
        return FALSE;
      v2 = runc_cgroup_limits_v2 (resources, error);
      if (v2 == NULL)
        return FALSE;
    }
  if (v1 != NULL && v2 != NULL)
    both = merge_hybrid (ref, v1, v2);
  list = both != NULL ? both : v1 != NULL ? v1 : v2;
  if (list != NULL && !write_all (&writer, list, error))
    {
      if (ret_undo != NULL)
        runc_cgroup_limits_undo (undo);
      return FALSE;
    }
  if (ret_undo != NULL)
    *ret_undo = g_steal_pointer (&undo);
  return TRUE;
}
