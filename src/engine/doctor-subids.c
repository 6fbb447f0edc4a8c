/* `doctor`: /etc/subuid and /etc/subgid under a magnifying glass. Pure; runs in the parent.
 *
 * What newuidmap takes is found by src/host, as for a container. Here is what only a doctor looks
 * for: lines that it does not take, and ids that somebody else has too.
 */
#include "engine/doctor.h"

#include <stdlib.h>
#include <string.h>

/* As useradd gives them: SUB_UID_MIN and SUB_UID_COUNT of login.defs. */
#define FIRST_SUBORDINATE 100000
#define USUAL_COUNT       65536

typedef struct
{
  guint64 first;
  guint64 count;
} Range;

/* A decimal number and nothing else. */
static gboolean
parse_id (const char *text, guint64 *ret_value)
{
  char *end;

  if (!g_ascii_isdigit (text[0]))
    return FALSE;
  *ret_value = g_ascii_strtoull (text, &end, 10);
  return *end == '\0' && *ret_value <= G_MAXUINT32;
}

/* The fields of a line are OWNER, FIRST and COUNT. */
static gboolean
parse_range (char **fields, Range *ret_range)
{
  return g_strv_length (fields) == 3 && parse_id (fields[1], &ret_range->first)
         && parse_id (fields[2], &ret_range->count) && ret_range->count > 0
         && ret_range->first + ret_range->count - 1 < G_MAXUINT32;
}

static gboolean
is_owner (const char *field, const char *name, guint32 uid)
{
  guint64 number;

  return strcmp (field, name) == 0 || (parse_id (field, &number) && number == uid);
}

static gint
compare_ranges (gconstpointer a, gconstpointer b)
{
  const Range *x = a, *y = b;

  return x->first < y->first ? -1 : x->first > y->first;
}

/* The first place for a new range that nobody has an id in. */
static guint64
find_free (char **lines)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  guint64 free = FIRST_SUBORDINATE;

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, ":", -1);
      Range range;

      if (parse_range (fields, &range))
        g_array_append_val (ranges, range);
    }
  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++)
    {
      const Range *range = &g_array_index (ranges, Range, i);

      if (range->first < free + USUAL_COUNT)
        free = MAX (free, range->first + range->count);
    }
  return free;
}

/* The user's own valid ranges (array of Range, new). */
static GArray *
find_own (char **lines, const char *name, guint32 uid, RuncDoctorSubids *subids)
{
  GArray *own = g_array_new (FALSE, FALSE, sizeof (Range));

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", -1);
      Range range;

      if (fields[0] == NULL || !is_owner (fields[0], name, uid))
        continue;
      if (parse_range (fields, &range))
        {
          g_array_append_val (own, range);
          subids->total += range.count;
        }
      else if (subids->broken == NULL)
        {
          subids->broken = g_strdup (lines[i]);
          subids->broken_line = i + 1;
        }
    }
  return own;
}

/* Does @owner have an id of ours too? The first one found is kept. */
static void
compare (const GArray *own, const Range *other, const char *owner, RuncDoctorSubids *subids)
{
  for (guint i = 0; i < own->len && subids->overlaps == NULL; i++)
    {
      const Range *range = &g_array_index (own, Range, i);
      guint64 first = MAX (range->first, other->first);

      if (first < MIN (range->first + range->count, other->first + other->count))
        {
          subids->overlaps = g_strdup (owner);
          subids->overlap_from = first;
        }
    }
}

void
runc_doctor_inspect_subids (const char *text, const char *name, guint32 uid, const char *passwd,
                            RuncDoctorSubids *ret_subids)
{
  RuncDoctorSubids subids = { 0 };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GStrv) accounts = g_strsplit (passwd != NULL ? passwd : "", "\n", -1);
  g_autoptr (GArray) own = find_own (lines, name, uid, &subids);
  Range range;

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, ":", -1);

      if (parse_range (fields, &range) && !is_owner (fields[0], name, uid))
        compare (own, &range, fields[0], &subids);
    }
  for (char **line = accounts; *line != NULL; line++)
    {
      g_auto (GStrv) fields = g_strsplit (*line, ":", 4);

      /* One's own id in a range is left out of the maps, and no harm. */
      if (g_strv_length (fields) < 3 || strcmp (fields[0], name) == 0
          || !parse_id (fields[2], &range.first))
        continue;
      range.count = 1;
      compare (own, &range, fields[0], &subids);
    }
  subids.first_free = find_free (lines);
  *ret_subids = subids;
}

void
runc_doctor_subids_clear (RuncDoctorSubids *subids)
{
  g_clear_pointer (&subids->broken, g_free);
  g_clear_pointer (&subids->overlaps, g_free);
}
