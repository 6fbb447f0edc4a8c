/* Documents that differ in one place. */
#include "spec-edit.h"

#include <stdlib.h>
#include <string.h>

/* One step of a path: a key, or an index when the key is NULL. */
typedef struct
{
  char *key;
  gsize index;
} Step;

static Step
read_step (const char **at)
{
  Step step = { NULL, 0 };
  gsize len;

  if (g_str_has_prefix (*at, "[\""))
    {
      const char *end = strstr (*at, "\"]");
      g_assert_nonnull (end);
      step.key = g_strndup (*at + 2, (gsize)(end - *at) - 2);
      *at = end + 2;
    }
  else if (**at == '[')
    {
      char *end;
      step.index = strtoul (*at + 1, &end, 10);
      g_assert_cmpint (*end, ==, ']');
      *at = end + 1;
    }
  else
    {
      if (**at == '.')
        (*at)++;
      len = strcspn (*at, ".[");
      g_assert_cmpuint (len, >, 0);
      step.key = g_strndup (*at, len);
      *at += len;
    }
  return step;
}

static RuncJson *
get (RuncJson *parent, const Step *step)
{
  if (step->key != NULL)
    return json_object_object_get (parent, step->key);
  return json_object_array_get_idx (parent, step->index);
}

static void
put (RuncJson *parent, const Step *step, RuncJson *take_value)
{
  if (step->key != NULL)
    json_object_object_add (parent, step->key, take_value);
  else
    json_object_array_put_idx (parent, step->index, take_value);
}

void
spec_edit (RuncJson *document, const char *path, const char *value)
{
  RuncJson *parent = document;
  const char *at = path;
  Step step = read_step (&at);

  while (*at != '\0')
    {
      Step next = read_step (&at);
      RuncJson *child = get (parent, &step);
      if (child == NULL)
        {
          child = next.key != NULL ? json_object_new_object () : json_object_new_array ();
          put (parent, &step, child);
        }
      g_free (step.key);
      step = next;
      parent = child;
    }
  if (value == NULL)
    json_object_object_del (parent, step.key);
  else
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *wrapped = g_strdup_printf ("[%s]", value);
      autojson RuncJson *array = runc_json_parse (wrapped, strlen (wrapped), path, &error);
      g_assert_no_error (error);
      put (parent, &step, json_object_get (json_object_array_get_idx (array, 0)));
    }
  g_free (step.key);
}
