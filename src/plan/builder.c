/* Memory of a plan and the growing lists in it. Runs in the parent; pure. */
#include "plan/builder.h"

#include <errno.h>
#include <string.h>

#define CHUNK 16384

void *
runc_builder_alloc (RuncBuilder *b, gsize size)
{
  void *at;

  size = (size + 15) & ~(gsize)15;
  if (size > b->chunk_left)
    {
      bool large = size > CHUNK / 4;

      at = g_malloc0 (large ? size : CHUNK);
      g_ptr_array_add (b->plan->arena, at);
      /* A large block of its own does not end the chunk that is in use. */
      if (large)
        return at;
      b->chunk = at;
      b->chunk_left = CHUNK;
    }
  at = b->chunk;
  b->chunk += size;
  b->chunk_left -= size;
  return at;
}

char *
runc_builder_strndup (RuncBuilder *b, const char *text, gsize len)
{
  char *copy = runc_builder_alloc (b, len + 1);

  memcpy (copy, text, len);
  return copy;
}

char *
runc_builder_printf (RuncBuilder *b, const char *format, ...)
{
  char text[256];
  va_list ap;
  int len;

  va_start (ap, format);
  len = g_vsnprintf (text, sizeof text, format, ap);
  va_end (ap);
  if ((gsize)len < sizeof text)
    return runc_builder_strndup (b, text, (gsize)len);

  char *longer = runc_builder_alloc (b, (gsize)len + 1);

  va_start (ap, format);
  g_vsnprintf (longer, (gulong)len + 1, format, ap);
  va_end (ap);
  return longer;
}

char *
runc_builder_path (RuncBuilder *b, const char *dir, const char *name)
{
  gsize dir_len = strlen (dir), name_len = strlen (name);
  char *path;

  while (dir_len > 0 && dir[dir_len - 1] == '/')
    dir_len--;
  while (name[0] == '/')
    {
      name++;
      name_len--;
    }
  path = runc_builder_alloc (b, dir_len + name_len + 2);
  memcpy (path, dir, dir_len);
  path[dir_len] = '/';
  memcpy (path + dir_len + 1, name, name_len);
  return path;
}

static bool
is_clean (const char *path)
{
  const char *p = path;

  if (*p != '/')
    return false;
  if (p[1] == '\0')
    return true;
  while (*p == '/')
    {
      const char *end = strchrnul (p + 1, '/');
      gsize len = (gsize)(end - p) - 1;

      if (len == 0 || (len == 1 && p[1] == '.') || (len == 2 && p[1] == '.' && p[2] == '.'))
        return false;
      p = end;
    }
  return true;
}

const char *
runc_builder_clean (RuncBuilder *b, const char *path)
{
  char *clean;
  gsize used = 0;

  if (is_clean (path))
    return path;
  clean = runc_builder_alloc (b, strlen (path) + 2);
  for (const char *p = path; *p != '\0';)
    {
      gsize len = strcspn (p, "/");

      if (len == 2 && p[0] == '.' && p[1] == '.')
        while (used > 0 && clean[--used] != '/')
          ;
      else if (len > 0 && !(len == 1 && p[0] == '.'))
        {
          clean[used++] = '/';
          memcpy (clean + used, p, len);
          used += len;
        }
      p += len + (p[len] == '/');
    }
  if (used == 0)
    clean[used++] = '/';
  clean[used] = '\0';
  return clean;
}

/* Room for one more in a list of @size bytes per item. */
static void *
grow (RuncBuilder *b, void *list, gsize n, gsize *list_size, gsize size)
{
  void *larger;

  if (n < *list_size)
    return list;
  *list_size = *list_size * 2;
  larger = runc_builder_alloc (b, *list_size * size);
  memcpy (larger, list, n * size);
  return larger;
}

RuncOp *
runc_builder_op (RuncBuilder *b, RuncOpKind kind, const char *label)
{
  RuncOp *op;

  b->ops = grow (b, b->ops, b->n_ops, &b->ops_size, sizeof *b->ops);
  op = &b->ops[b->n_ops++];
  op->kind = kind;
  op->label = label;
  op->slot = RUNC_NO_SLOT;
  op->result = RUNC_NO_SLOT;
  return op;
}

void
runc_builder_on_error (RuncOp *op, RuncOnError what, int e1, int e2, int e3)
{
  op->on_error = what;
  op->on_errno[0] = e1;
  op->on_errno[1] = e2;
  op->on_errno[2] = e3;
}

int
runc_builder_slot (RuncBuilder *b, RuncSlotKind kind, const char *path)
{
  b->slots = grow (b, b->slots, b->n_slots, &b->slots_size, sizeof *b->slots);
  b->slots[b->n_slots] = (RuncSlot){ .kind = kind, .path = path, .fd = -EBADF };
  return (int)b->n_slots++;
}

int
runc_builder_need_proc (RuncBuilder *b)
{
  if (b->plan->child.proc_slot == RUNC_NO_SLOT)
    b->plan->child.proc_slot = runc_builder_slot (b, RUNC_SLOT_PROC, NULL);
  return b->plan->child.proc_slot;
}

void
runc_builder_warn (RuncBuilder *b, const char *format, ...)
{
  va_list ap;
  char *text;

  va_start (ap, format);
  text = g_strdup_vprintf (format, ap);
  va_end (ap);
  g_ptr_array_add (b->plan->arena, text);
  /* One place is kept for the NULL at the end. */
  if (b->plan->warnings == NULL)
    {
      b->warnings_size = 8;
      b->plan->warnings = runc_builder_alloc (b, b->warnings_size * sizeof (char *));
    }
  b->plan->warnings
      = grow (b, b->plan->warnings, b->n_warnings + 1, &b->warnings_size, sizeof (char *));
  b->plan->warnings[b->n_warnings++] = text;
}

void
runc_builder_init (RuncBuilder *b)
{
  const char *keep_groups = runc_spec_annotation (b->spec, "run.oci.keep_original_groups");

  b->plan = g_new0 (RuncPlan, 1);
  b->plan->arena = g_ptr_array_new_with_free_func (g_free);
  b->plan->child.proc_slot = RUNC_NO_SLOT;
  b->plan->child.root_slot = RUNC_NO_SLOT;
  b->plan->userns_slot = RUNC_NO_SLOT;
  b->plan->child.env_home = -1;
  b->plan->child.env_listen_pid = -1;
  b->keep_groups = keep_groups != NULL && strcmp (keep_groups, "0") != 0;
  b->ops_size = 80;
  b->ops = runc_builder_alloc (b, b->ops_size * sizeof *b->ops);
  b->slots_size = 16;
  b->slots = runc_builder_alloc (b, b->slots_size * sizeof *b->slots);
}

RuncPlan *
runc_builder_finish (RuncBuilder *b)
{
  RuncPlan *plan = b->plan;

  plan->child.ops = b->ops;
  plan->child.n_ops = b->n_ops;
  plan->child.slots = b->slots;
  plan->child.n_slots = b->n_slots;
  return plan;
}

void
runc_plan_free (RuncPlan *plan)
{
  if (plan == NULL)
    return;
  g_ptr_array_unref (plan->arena);
  g_free (plan);
}
