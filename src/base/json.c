/* json-c behind one door: text to tree, tree to text, and the names of places in a tree.
 *
 * Runs in the parent. The tree and the writer are json-c's. The parser is our own recursive
 * descent, because json-c's tokener (0.16, "strict") takes 'single quotes', NaN, 007 and raw
 * control characters, turns 2^64 into 2^64-1 without a word, cuts keys at \u0000, and knows neither
 * lines nor columns. Ours takes exactly RFC 8259 and is also the faster one. Nesting is bounded,
 * and so is the stack.
 */
#include "base/json.h"

#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 128

typedef struct
{
  const char *text;
  const char *at; /* next byte to read; text[len] is never read */
  const char *end;
  const char *name;
  int depth;
  GString *scratch; /* the string or key that is being unescaped */
  GError **error;
} Parser;

static bool parse_value (Parser *parser, RuncJson **ret_json);

void
runc_json_put (RuncJson **json)
{
  if (*json != NULL)
    json_object_put (*json);
  *json = NULL;
}

/* Raise "name:line:column: @format" for the byte at @where. Always false. Columns count characters,
 * as editors do. */
static bool G_GNUC_PRINTF (3, 4) fail (Parser *parser, const char *where, const char *format, ...)
{
  gsize line = 1;
  const char *line_start = parser->text;
  for (const char *p = parser->text; p < where; p++)
    if (*p == '\n')
      {
        line++;
        line_start = p + 1;
      }
  gsize column = 1;
  for (const char *p = line_start; p < where; p++)
    if ((*p & 0xc0) != 0x80)
      column++;

  va_list ap;
  va_start (ap, format);
  g_autofree char *reason = g_strdup_vprintf (format, ap);
  va_end (ap);
  runc_throw (parser->error, RUNC_ERROR_INVALID_SPEC, "%s:%zu:%zu: %s", parser->name, line, column,
              reason);
  return false;
}

/* Raise an error for the byte at parser->at, which is not what was expected. Always false. */
static bool
fail_unexpected (Parser *parser, const char *expected)
{
  const char *at = parser->at;

  if (at >= parser->end)
    return fail (parser, at, "unexpected end of file");
  if (*at == '/' || *at == '#')
    return fail (parser, at, "unexpected '%c', expected %s (JSON has no comments)", *at, expected);
  if (*at == '\'')
    return fail (parser, at, "unexpected ', expected %s (strings take double quotes)", expected);
  if ((unsigned char)*at < 0x20 || *at == 0x7f)
    return fail (parser, at, "unexpected byte 0x%02x, expected %s", (unsigned char)*at, expected);
  return fail (parser, at, "unexpected '%.*s', expected %s", (int)(g_utf8_next_char (at) - at), at,
               expected);
}

static void
skip_space (Parser *parser)
{
  const char *p = parser->at;
  while (p < parser->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
    p++;
  parser->at = p;
}

/* The next byte, or NUL at the end: a NUL is never part of a valid text. */
static char
peek (const Parser *parser)
{
  return parser->at < parser->end ? *parser->at : '\0';
}

/* Read the four digits behind \u at parser->at. */
static bool
parse_hex4 (Parser *parser, gunichar *ret_unit)
{
  gunichar unit = 0;

  for (int i = 0; i < 4; i++, parser->at++)
    {
      int digit = g_ascii_xdigit_value (peek (parser));
      if (digit < 0)
        return fail_unexpected (parser, "four hexadecimal digits after \\u");
      unit = unit * 16 + (gunichar)digit;
    }
  *ret_unit = unit;
  return true;
}

/* Append what the escape at parser->at stands for; the backslash is already read. */
static bool
parse_escape (Parser *parser)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  const char *start = parser->at - 1;
  char letter = peek (parser);
  const char *known = letter != '\0' ? strchr (letters, letter) : NULL;

  if (known != NULL)
    {
      g_string_append_c (parser->scratch, values[known - letters]);
      parser->at++;
      return true;
    }
  if (letter != 'u')
    return fail_unexpected (parser, "one of \"\\/bfnrtu after a backslash");
  parser->at++;

  gunichar unit;
  if (!parse_hex4 (parser, &unit))
    return false;
  if (unit == 0)
    return fail (parser, start, "\\u0000 (a NUL byte) is not allowed in a string");
  if (unit >= 0xd800 && unit < 0xdc00 && parser->end - parser->at >= 6 && parser->at[0] == '\\'
      && parser->at[1] == 'u')
    {
      const char *second = parser->at;
      gunichar low;
      parser->at += 2;
      if (!parse_hex4 (parser, &low))
        return false;
      if (low >= 0xdc00 && low < 0xe000)
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      else
        parser->at = second;
    }
  /* Half of a surrogate pair has no meaning of its own. */
  if (unit >= 0xd800 && unit < 0xe000)
    unit = 0xfffd;
  g_string_append_unichar (parser->scratch, unit);
  return true;
}

/* Read a string; parser->at is behind the opening quote. The result lies in the text or in
 * parser->scratch and is good until the next call. */
static bool
parse_string (Parser *parser, const char **ret_string, gsize *ret_len)
{
  const char *open = parser->at - 1;
  bool escaped = false;

  for (;;)
    {
      const char *run = parser->at;
      const char *p = run;
      while (p < parser->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
      parser->at = p;
      if (p >= parser->end)
        return fail (parser, open, "unexpected end of file in the string that starts here");
      if (*p == '"' && !escaped)
        {
          *ret_string = run;
          *ret_len = (gsize)(p - run);
          break;
        }
      if (!escaped)
        g_string_truncate (parser->scratch, 0);
      escaped = true;
      g_string_append_len (parser->scratch, run, p - run);
      if (*p == '"')
        {
          *ret_string = parser->scratch->str;
          *ret_len = parser->scratch->len;
          break;
        }
      if (*p != '\\')
        return fail (parser, p, "control character 0x%02x in a string (write it as an escape)",
                     (unsigned char)*p);
      parser->at++;
      if (!parse_escape (parser))
        return false;
    }
  parser->at++;
  return true;
}

static bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

static bool
skip_digits (Parser *parser)
{
  if (!is_digit (peek (parser)))
    return fail_unexpected (parser, "a digit");
  while (is_digit (peek (parser)))
    parser->at++;
  return true;
}

/* Integers that fit in 64 bits become exact integers. All other numbers become doubles that keep
 * their text, so that whoever expects an integer can say what was wrong with it. */
static bool
parse_number (Parser *parser, RuncJson **ret_json)
{
  const char *start = parser->at;
  bool negative = peek (parser) == '-';
  bool integer = true;

  if (negative)
    parser->at++;
  if (peek (parser) == '0' && parser->end - parser->at > 1 && is_digit (parser->at[1]))
    return fail (parser, start, "a number must not start with a zero (octal is not JSON)");
  if (!skip_digits (parser))
    return false;
  if (peek (parser) == '.')
    {
      integer = false;
      parser->at++;
      if (!skip_digits (parser))
        return false;
    }
  if (peek (parser) == 'e' || peek (parser) == 'E')
    {
      integer = false;
      parser->at++;
      if (peek (parser) == '+' || peek (parser) == '-')
        parser->at++;
      if (!skip_digits (parser))
        return false;
    }

  gsize len = (gsize)(parser->at - start);
  if (integer && len <= 20)
    {
      char digits[24];
      memcpy (digits, start, len);
      digits[len] = '\0';
      errno = 0;
      if (negative)
        {
          gint64 value = g_ascii_strtoll (digits, NULL, 10);
          if (errno == 0)
            return (*ret_json = json_object_new_int64 (value)) != NULL;
        }
      else
        {
          guint64 value = g_ascii_strtoull (digits, NULL, 10);
          if (errno == 0)
            {
              *ret_json = value <= INT64_MAX ? json_object_new_int64 ((int64_t)value)
                                             : json_object_new_uint64 (value);
              return *ret_json != NULL;
            }
        }
    }
  g_autofree char *number = g_strndup (start, len);
  *ret_json = json_object_new_double_s (g_ascii_strtod (number, NULL), number);
  return *ret_json != NULL;
}

static bool
parse_word (Parser *parser, const char *word)
{
  gsize len = strlen (word);

  if ((gsize)(parser->end - parser->at) < len || memcmp (parser->at, word, len) != 0)
    {
      /* The first byte was right, so say what this wanted to be. */
      g_autofree char *expected = g_strdup_printf ("'%s'", word);
      while (*word != '\0' && peek (parser) == *word)
        {
          parser->at++;
          word++;
        }
      return fail_unexpected (parser, expected);
    }
  parser->at += len;
  return true;
}

static bool
parse_array (Parser *parser, RuncJson **ret_json)
{
  autojson RuncJson *array = json_object_new_array ();

  parser->at++;
  skip_space (parser);
  if (peek (parser) == ']')
    parser->at++;
  else
    for (;;)
      {
        RuncJson *element = NULL;
        if (!parse_value (parser, &element))
          return false;
        json_object_array_add (array, element);
        skip_space (parser);
        char c = peek (parser);
        if (c != ',' && c != ']')
          return fail_unexpected (parser, "',' or ']'");
        parser->at++;
        if (c == ']')
          break;
      }
  *ret_json = g_steal_pointer (&array);
  return true;
}

static bool
parse_object (Parser *parser, RuncJson **ret_json)
{
  autojson RuncJson *object = json_object_new_object ();

  parser->at++;
  skip_space (parser);
  if (peek (parser) == '}')
    {
      parser->at++;
      *ret_json = g_steal_pointer (&object);
      return true;
    }
  for (;;)
    {
      const char *string;
      gsize len;
      char short_key[64];
      g_autofree char *long_key = NULL;
      char *key = short_key;
      RuncJson *value = NULL;

      skip_space (parser);
      if (peek (parser) != '"')
        return fail_unexpected (parser, "a name in double quotes");
      parser->at++;
      if (!parse_string (parser, &string, &len))
        return false;
      if (len < sizeof short_key)
        {
          memcpy (short_key, string, len);
          short_key[len] = '\0';
        }
      else
        key = long_key = g_strndup (string, len);

      skip_space (parser);
      if (peek (parser) != ':')
        return fail_unexpected (parser, "':'");
      parser->at++;
      if (!parse_value (parser, &value))
        return false;
      json_object_object_add (object, key, value);

      skip_space (parser);
      char c = peek (parser);
      if (c != ',' && c != '}')
        return fail_unexpected (parser, "',' or '}'");
      parser->at++;
      if (c == '}')
        break;
    }
  *ret_json = g_steal_pointer (&object);
  return true;
}

/* Read one value of any type; a JSON null is a NULL. */
static bool
parse_value (Parser *parser, RuncJson **ret_json)
{
  const char *string;
  gsize len;
  bool ok;

  skip_space (parser);
  switch (peek (parser))
    {
    case '{':
    case '[':
      if (parser->depth == MAX_DEPTH)
        return fail (parser, parser->at, "nested deeper than %d levels", MAX_DEPTH);
      parser->depth++;
      ok = *parser->at == '{' ? parse_object (parser, ret_json) : parse_array (parser, ret_json);
      parser->depth--;
      return ok;
    case '"':
      parser->at++;
      if (!parse_string (parser, &string, &len))
        return false;
      if (len > INT_MAX)
        return fail (parser, parser->at, "string too long");
      *ret_json = json_object_new_string_len (string, (int)len);
      return true;
    case 't':
      *ret_json = json_object_new_boolean (TRUE);
      if (parse_word (parser, "true"))
        return true;
      runc_json_put (ret_json);
      return false;
    case 'f':
      *ret_json = json_object_new_boolean (FALSE);
      if (parse_word (parser, "false"))
        return true;
      runc_json_put (ret_json);
      return false;
    case 'n':
      *ret_json = NULL;
      return parse_word (parser, "null");
    case '-':
    case '0' ... '9':
      return parse_number (parser, ret_json);
    default:
      return fail_unexpected (parser, "a value");
    }
}

RuncJson *
runc_json_parse (const char *text, gsize len, const char *name, GError **error)
{
  g_autoptr (GString) scratch = g_string_new (NULL);
  Parser parser = {
    .text = text, .at = text, .end = text + len, .name = name, .scratch = scratch, .error = error
  };
  autojson RuncJson *json = NULL;
  const char *bad;

  if (!g_utf8_validate_len (text, len, &bad))
    {
      if (*bad == '\0')
        fail (&parser, bad, "NUL byte in the text");
      else
        fail (&parser, bad, "invalid UTF-8");
      return NULL;
    }
  if (!parse_value (&parser, &json))
    return NULL;
  skip_space (&parser);
  if (parser.at < parser.end)
    {
      fail_unexpected (&parser, "the end of the file");
      return NULL;
    }
  if (json == NULL)
    fail (&parser, text, "the document is null");
  return g_steal_pointer (&json);
}

char *
runc_json_to_string (RuncJson *json)
{
  return g_strdup (json_object_to_json_string_ext (json, JSON_C_TO_STRING_PLAIN
                                                             | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Names that cannot be mistaken for something else stand after a dot, others in ["..."]. */
static void
append_key (GString *string, const char *key)
{
  bool plain = *key != '\0';
  for (const char *p = key; *p != '\0' && plain; p++)
    plain = g_ascii_isalnum (*p) || *p == '_' || *p == '-';

  if (plain)
    {
      if (string->len > 0)
        g_string_append_c (string, '.');
      g_string_append (string, key);
      return;
    }
  g_string_append (string, "[\"");
  for (const char *p = key; *p != '\0'; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f)
      g_string_append_printf (string, "\\u%04x", (unsigned char)*p);
    else if (*p == '"' || *p == '\\')
      g_string_append_printf (string, "\\%c", *p);
    else
      g_string_append_c (string, *p);
  g_string_append (string, "\"]");
}

static void
append_path (GString *string, const RuncJsonPath *path)
{
  if (path == NULL)
    return;
  append_path (string, path->parent);
  if (path->key != NULL)
    append_key (string, path->key);
  else if (path->parent != NULL)
    g_string_append_printf (string, "[%zu]", path->index);
}

char *
runc_json_path_to_string (const RuncJsonPath *path)
{
  GString *string = g_string_new (NULL);

  append_path (string, path);
  if (string->len == 0)
    g_string_append_c (string, '.');
  return g_string_free (string, FALSE);
}
