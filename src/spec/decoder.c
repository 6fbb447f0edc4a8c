/* The engine behind the tables of decode.h: walking objects, and one reader per type.
 *
 * Runs in the parent. Integers are checked against the range of their type before they are
 * narrowed. The parser keeps the text of numbers that are not 64 bit integers, so the message can
 * quote them.
 */
#include "spec/decode.h"

#include "spec/fail.h"

#include <stdarg.h>
#include <string.h>

bool
runc_decode_fail (RuncDecoder *decoder, const RuncJsonPath *path, const char *format, ...)
{
  g_autofree char *place
      = path != NULL ? runc_json_path_to_string (path) : g_strdup (decoder->name);
  va_list ap;

  va_start (ap, format);
  g_autofree char *message = g_strdup_vprintf (format, ap);
  va_end (ap);
  return runc_spec_invalid (decoder->error, "%s: %s", place, message);
}

static const char *
describe (RuncJson *json)
{
  switch (json_object_get_type (json))
    {
    case json_type_null:
      return "null";
    case json_type_boolean:
      return "a boolean";
    case json_type_double:
    case json_type_int:
      return "a number";
    case json_type_object:
      return "an object";
    case json_type_array:
      return "an array";
    case json_type_string:
      return "a string";
    }
  return "something else";
}

bool
runc_decode_fail_type (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path,
                       const char *expected)
{
  return runc_decode_fail (decoder, path, "expected %s, got %s", expected, describe (json));
}

void *
runc_decode_alloc (RuncDecoder *decoder, gsize size)
{
  void *memory = g_malloc0 (size);
  g_ptr_array_add (decoder->arena, memory);
  return memory;
}

/* Where @field goes in the struct at @base, as a pointer to @type. */
#define TARGET(type) ((type *)(void *)((char *)base + field->offset))

/* Store a pointer where @field says, whatever it points to. */
static void
set_pointer (const RuncDecodeField *field, void *base, const void *pointer)
{
  memcpy (TARGET (char), &pointer, sizeof pointer);
}

/* The field of @shape that @key names. Case counts only if two fields differ in nothing else: the
 * runtimes that scripts were written for never looked at it, so "CPU" and "pagesize" are in use. */
static const RuncDecodeField *
find_field (const RuncDecodeShape *shape, const char *key)
{
  for (gsize i = 0; i < shape->n_fields; i++)
    if (strcmp (shape->fields[i].key, key) == 0)
      return &shape->fields[i];
  for (gsize i = 0; i < shape->n_fields; i++)
    if (g_ascii_strcasecmp (shape->fields[i].key, key) == 0)
      return &shape->fields[i];
  return NULL;
}

bool
runc_decode_members (RuncDecoder *decoder, const RuncDecodeShape *shape, RuncJson *json,
                     const RuncJsonPath *path, void *target)
{
  uint64_t seen = 0;

  if (!json_object_is_type (json, json_type_object))
    return runc_decode_fail_type (decoder, json, path, "an object");
  json_object_object_foreach (json, key, value)
  {
    RuncJsonPath member = { .parent = path, .key = key };
    const RuncDecodeField *field = value != NULL ? find_field (shape, key) : NULL;
    if (field == NULL)
      continue;
    seen |= UINT64_C (1) << (field - shape->fields);
    if (!field->read (decoder, field, value, &member, target))
      return false;
  }
  for (gsize i = 0; i < shape->n_fields; i++)
    if (shape->fields[i].required && (seen & UINT64_C (1) << i) == 0)
      {
        RuncJsonPath member = { .parent = path, .key = shape->fields[i].key };
        return runc_decode_fail (decoder, &member, "required, but missing");
      }
  return shape->finish == NULL || shape->finish (decoder, json, path, target);
}

bool
runc_decode_string (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path,
                    const char **ret_string)
{
  if (!json_object_is_type (json, json_type_string))
    return runc_decode_fail_type (decoder, json, path, "a string");
  *ret_string = json_object_get_string (json);
  return true;
}

bool
runc_decode_text (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                  const RuncJsonPath *path, void *base)
{
  const char *string = NULL;

  if (!runc_decode_string (decoder, json, path, &string))
    return false;
  *TARGET (const char *) = *string != '\0' ? string : NULL;
  return true;
}

bool
runc_decode_strings (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                     const RuncJsonPath *path, void *base)
{
  RuncStrings *strings = TARGET (RuncStrings);

  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of strings");
  gsize n = json_object_array_length (json);
  *strings = (RuncStrings){ .present = true };
  if (n == 0)
    return true;

  const char **items = runc_decode_alloc (decoder, (n + 1) * sizeof *items);
  for (gsize i = 0; i < n; i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      if (!runc_decode_string (decoder, json_object_array_get_idx (json, i), &element, &items[i]))
        return false;
    }
  strings->items = items;
  strings->n = n;
  return true;
}

bool
runc_decode_pairs (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                   const RuncJsonPath *path, void *base)
{
  RuncPairs *pairs = TARGET (RuncPairs);

  if (!json_object_is_type (json, json_type_object))
    return runc_decode_fail_type (decoder, json, path, "an object with string values");
  gsize n = (gsize)json_object_object_length (json);
  if (n == 0)
    return true;

  RuncPair *items = runc_decode_alloc (decoder, n * sizeof *items);
  RuncPair *next = items;
  json_object_object_foreach (json, key, value)
  {
    RuncJsonPath member = { .parent = path, .key = key };
    if (value == NULL)
      continue;
    next->key = key;
    if (!runc_decode_string (decoder, value, &member, &next->value))
      return false;
    next++;
  }
  pairs->items = items;
  pairs->n = (gsize)(next - items);
  return true;
}

bool
runc_decode_flag (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                  const RuncJsonPath *path, void *base)
{
  if (!json_object_is_type (json, json_type_boolean))
    return runc_decode_fail_type (decoder, json, path, "true or false");
  *TARGET (bool) = json_object_get_boolean (json);
  return true;
}

bool
runc_decode_opt_flag (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                      const RuncJsonPath *path, void *base)
{
  if (!json_object_is_type (json, json_type_boolean))
    return runc_decode_fail_type (decoder, json, path, "true or false");
  *TARGET (RuncOptBool) = (RuncOptBool){ .present = true, .value = json_object_get_boolean (json) };
  return true;
}

/* Whether @number is written as an integer; if the parser made a double of it, it was too long. */
static bool
is_integer_text (const char *number)
{
  if (*number == '-')
    number++;
  return number[strspn (number, "0123456789")] == '\0';
}

/* Read an integer from @min to @max; a negative result is to be cast back to int64_t. */
static bool
decode_integer (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path, int64_t min,
                uint64_t max, uint64_t *ret_value)
{
  if (json_object_is_type (json, json_type_int))
    {
      int64_t value = json_object_get_int64 (json);
      uint64_t magnitude = json_object_get_uint64 (json);
      if (value < 0 ? value >= min : magnitude <= max)
        {
          *ret_value = value < 0 ? (uint64_t)value : magnitude;
          return true;
        }
    }
  else if (!json_object_is_type (json, json_type_double))
    return runc_decode_fail_type (decoder, json, path, "a number");
  else if (!is_integer_text (json_object_get_string (json)))
    return runc_decode_fail (decoder, path, "expected an integer, got %s",
                             json_object_get_string (json));
  return runc_decode_fail (decoder, path,
                           "expected a number from %" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT
                           ", got %s",
                           min, max, json_object_get_string (json));
}

bool
runc_decode_int (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                 const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, INT32_MIN, INT32_MAX, &value))
    return false;
  *TARGET (int) = (int)(int64_t)value;
  return true;
}

bool
runc_decode_int64 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                   const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, INT64_MIN, INT64_MAX, &value))
    return false;
  *TARGET (int64_t) = (int64_t)value;
  return true;
}

bool
runc_decode_uint32 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                    const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, 0, UINT32_MAX, &value))
    return false;
  *TARGET (uint32_t) = (uint32_t)value;
  return true;
}

bool
runc_decode_uint64 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                    const RuncJsonPath *path, void *base)
{
  return decode_integer (decoder, json, path, 0, UINT64_MAX, TARGET (uint64_t));
}

bool
runc_decode_opt_int64 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                       const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, INT64_MIN, INT64_MAX, &value))
    return false;
  *TARGET (RuncOptInt64) = (RuncOptInt64){ .present = true, .value = (int64_t)value };
  return true;
}

bool
runc_decode_opt_uint32 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                        const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, 0, UINT32_MAX, &value))
    return false;
  *TARGET (RuncOptUint32) = (RuncOptUint32){ .present = true, .value = (uint32_t)value };
  return true;
}

bool
runc_decode_opt_uint64 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                        const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, 0, UINT64_MAX, &value))
    return false;
  *TARGET (RuncOptUint64) = (RuncOptUint64){ .present = true, .value = value };
  return true;
}

bool
runc_decode_opt_uint16 (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                        const RuncJsonPath *path, void *base)
{
  uint64_t value;

  if (!decode_integer (decoder, json, path, 0, UINT16_MAX, &value))
    return false;
  *TARGET (RuncOptUint64) = (RuncOptUint64){ .present = true, .value = value };
  return true;
}

/* Find the string @json in @names. */
static bool
decode_name (RuncDecoder *decoder, const RuncName *names, RuncJson *json, const RuncJsonPath *path,
             int64_t *ret_value)
{
  const char *string = NULL;

  if (!runc_decode_string (decoder, json, path, &string))
    return false;
  const RuncName *name = runc_name_find (names, string);
  if (name == NULL)
    {
      g_autofree char *known = runc_name_list (names);
      return runc_decode_fail (decoder, path, "unknown value '%s' (known: %s)", string, known);
    }
  *ret_value = name->value;
  return true;
}

bool
runc_decode_name (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                  const RuncJsonPath *path, void *base)
{
  int64_t value;

  if (!decode_name (decoder, field->names, json, path, &value))
    return false;
  *TARGET (int) = (int)value;
  return true;
}

bool
runc_decode_name_mask (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                       const RuncJsonPath *path, void *base)
{
  uint64_t mask = 0;

  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of strings");
  for (gsize i = 0; i < json_object_array_length (json); i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      int64_t value;
      if (!decode_name (decoder, field->names, json_object_array_get_idx (json, i), &element,
                        &value))
        return false;
      mask |= (uint64_t)value;
    }
  *TARGET (uint64_t) = mask;
  return true;
}

bool
runc_decode_letter (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                    const RuncJsonPath *path, void *base)
{
  const char *string = NULL;
  int64_t value;

  if (!runc_decode_string (decoder, json, path, &string))
    return false;
  if (*string == '\0' && !field->required)
    return true;
  if (!decode_name (decoder, field->names, json, path, &value))
    return false;
  *TARGET (char) = (char)value;
  return true;
}

bool
runc_decode_group (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                   const RuncJsonPath *path, void *base)
{
  return runc_decode_members (decoder, field->shape, json, path, TARGET (char));
}

static void
set_initial (const RuncDecodeShape *shape, void *target)
{
  if (shape->initial != NULL)
    memcpy (target, shape->initial, shape->size);
}

bool
runc_decode_object (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                    const RuncJsonPath *path, void *base)
{
  void *object;

  /* A second object under a key of another case adds to the first one. */
  memcpy (&object, TARGET (char), sizeof object);
  if (object == NULL)
    {
      object = runc_decode_alloc (decoder, field->shape->size);
      set_initial (field->shape, object);
      set_pointer (field, base, object);
    }
  return runc_decode_members (decoder, field->shape, json, path, object);
}

bool
runc_decode_array (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                   const RuncJsonPath *path, void *base)
{
  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of objects");
  gsize n = json_object_array_length (json);
  if (n == 0)
    return true;

  char *items = runc_decode_alloc (decoder, n * field->shape->size);
  for (gsize i = 0; i < n; i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      char *item = items + i * field->shape->size;
      set_initial (field->shape, item);
      if (!runc_decode_members (decoder, field->shape, json_object_array_get_idx (json, i),
                                &element, item))
        return false;
    }
  set_pointer (field, base, items);
  memcpy ((char *)base + field->n_offset, &n, sizeof n);
  return true;
}

bool
runc_decode_map (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                 const RuncJsonPath *path, void *base)
{
  if (!json_object_is_type (json, json_type_object))
    return runc_decode_fail_type (decoder, json, path, "an object with objects as values");
  gsize n = (gsize)json_object_object_length (json);
  if (n == 0)
    return true;

  char *items = runc_decode_alloc (decoder, n * field->shape->size);
  char *item = items;
  json_object_object_foreach (json, key, value)
  {
    RuncJsonPath member = { .parent = path, .key = key };
    set_initial (field->shape, item);
    *(const char **)(void *)item = key;
    /* A null entry is an entry without members: the key is what it says. */
    if (value != NULL && !runc_decode_members (decoder, field->shape, value, &member, item))
      return false;
    item += field->shape->size;
  }
  set_pointer (field, base, items);
  memcpy ((char *)base + field->n_offset, &n, sizeof n);
  return true;
}
