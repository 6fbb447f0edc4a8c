/* Strict parsing of numbers, sizes and booleans. Runs in the parent. */
#include "base/strings.h"

#include "base/error.h"

#include <string.h>

/* The digits at the start of @text as a number. Returns how many there are; *@ret_overflow says
 * that they do not fit. */
static gsize
take_digits (const char *text, uint64_t *ret_value, gboolean *ret_overflow)
{
  uint64_t value = 0;
  gboolean overflow = FALSE;
  gsize n = 0;

  for (; g_ascii_isdigit (text[n]); n++)
    if (__builtin_mul_overflow (value, 10, &value)
        || __builtin_add_overflow (value, (uint64_t)(text[n] - '0'), &value))
      overflow = TRUE;
  *ret_value = value;
  *ret_overflow = overflow;
  return n;
}

gboolean
runc_parse_uint64 (const char *text, uint64_t max, uint64_t *ret_value, GError **error)
{
  uint64_t value;
  gboolean overflow;
  gsize n = take_digits (text, &value, &overflow);

  if (n == 0 || text[n] != '\0')
    return runc_throw (error, RUNC_ERROR_FAILED, "'%s' is not a decimal number", text);
  if (overflow || value > max)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "'%s' is out of range (0 to %" G_GUINT64_FORMAT ")", text, max);
  *ret_value = value;
  return TRUE;
}

gboolean
runc_parse_int64 (const char *text, int64_t min, int64_t max, int64_t *ret_value, GError **error)
{
  gboolean negative = text[0] == '-';
  const char *digits = text + (negative || text[0] == '+');
  uint64_t magnitude;
  gboolean overflow;
  gsize n = take_digits (digits, &magnitude, &overflow);

  if (n == 0 || digits[n] != '\0')
    return runc_throw (error, RUNC_ERROR_FAILED, "'%s' is not a decimal number", text);

  /* two's complement has one number more below zero than above */
  uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
  int64_t value = 0;
  if (overflow || magnitude > limit)
    overflow = TRUE;
  else
    value = (int64_t)(negative ? 0 - magnitude : magnitude);
  if (overflow || value < min || value > max)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "'%s' is out of range (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ")", text,
                       min, max);
  *ret_value = value;
  return TRUE;
}

gboolean
runc_parse_bool (const char *text, gboolean *ret_value, GError **error)
{
  static const char *const yes[] = { "1", "t", "T", "true", "True", "TRUE", NULL };
  static const char *const no[] = { "0", "f", "F", "false", "False", "FALSE", NULL };

  if (g_strv_contains (yes, text))
    *ret_value = TRUE;
  else if (g_strv_contains (no, text))
    *ret_value = FALSE;
  else
    return runc_throw (error, RUNC_ERROR_FAILED, "'%s' is neither 'true' nor 'false'", text);
  return TRUE;
}

/* The ".25" at *@text, if it is one, as a number below 1 (or 1, after rounding). */
static double
take_fraction (const char **text)
{
  double fraction = 0, weight = 0.1;

  if ((*text)[0] != '.' || !g_ascii_isdigit ((*text)[1]))
    return 0;
  for (*text += 1; g_ascii_isdigit (**text); *text += 1, weight /= 10)
    fraction += (**text - '0') * weight;
  return fraction;
}

/* The unit at @text, to its end: "", "b", "k", "kb", "kib", ... in either case. Returns the power
 * of two, or -1. */
static int
parse_unit (const char *text)
{
  static const char prefixes[] = "kmgtp";
  int shift = 0;

  if (*text != '\0')
    {
      const char *found = strchr (prefixes, g_ascii_tolower (*text));
      if (found != NULL)
        {
          shift = 10 * (int)(found - prefixes + 1);
          text++;
          if (g_ascii_tolower (text[0]) == 'i' && g_ascii_tolower (text[1]) == 'b')
            text++;
        }
    }
  if (g_ascii_tolower (*text) == 'b')
    text++;
  return *text == '\0' ? shift : -1;
}

gboolean
runc_parse_bytes (const char *text, int64_t *ret_bytes, GError **error)
{
  uint64_t whole;
  gboolean overflow;
  gsize n = take_digits (text, &whole, &overflow);
  const char *rest = text + n;
  double fraction = n > 0 ? take_fraction (&rest) : 0;

  if (*rest == ' ')
    rest++;
  int shift = n > 0 ? parse_unit (rest) : -1;
  if (shift < 0)
    return runc_throw (error, RUNC_ERROR_FAILED,
                       "'%s' is not a size (a number, then nothing or one of k, m, g, t, p)", text);
  if (overflow || whole > (uint64_t)INT64_MAX >> shift)
    return runc_throw (error, RUNC_ERROR_FAILED, "'%s' is too large for a size", text);
  /* a fraction of many nines rounds to a whole unit, which might not fit any more */
  uint64_t unit = UINT64_C (1) << shift;
  uint64_t part = MIN ((uint64_t)(fraction * (double)unit), unit - 1);
  *ret_bytes = (int64_t)((whole << shift) + part);
  return TRUE;
}

gboolean
runc_parse_duration (const char *text, int64_t *ret_microseconds, GError **error)
{
  /* "m" behind "ms": the first that fits is taken */
  static const struct
  {
    const char *unit;
    double microseconds;
  } units[] = {
    { "h", 3600e6 }, { "ms", 1e3 }, { "m", 60e6 }, { "s", 1e6 }, { "us", 1 }, { "ns", 1e-3 },
  };
  const char *rest = text;
  double sum = 0;

  do
    {
      uint64_t whole;
      gboolean overflow;
      gsize n = take_digits (rest, &whole, &overflow);
      rest += n;
      double value = (double)whole + (n > 0 ? take_fraction (&rest) : 0);
      gsize i = 0;
      while (i < G_N_ELEMENTS (units) && !g_str_has_prefix (rest, units[i].unit))
        i++;
      if (n == 0 || overflow || i == G_N_ELEMENTS (units))
        return runc_throw (error, RUNC_ERROR_FAILED,
                           "'%s' is not a length of time (such as 5s, 500ms or 1m30s)", text);
      rest += strlen (units[i].unit);
      sum += value * units[i].microseconds;
    }
  while (*rest != '\0');

  /* 2^53 microseconds are 285 years, and what a double counts exactly */
  if (sum > 9007199254740992.0)
    return runc_throw (error, RUNC_ERROR_FAILED, "'%s' is too long", text);
  *ret_microseconds = (int64_t)(sum + 0.5);
  return TRUE;
}
