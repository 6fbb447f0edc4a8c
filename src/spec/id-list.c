/* Lists of CPUs and memory nodes: "0-3,7". Runs in the parent; no I/O.
 *
 * The format is the kernel's (bitmap_parselist) with its steps, "0-31:2/8" being the first two of
 * every eight, and with the blanks and empty elements that runc forgives.
 */
#include "spec/spec.h"

#include <errno.h>
#include <string.h>

/* All 8192 ids one by one are shorter. This bounds the work that a list can make. */
#define MAX_LIST_LENGTH 65536

/* Read a decimal number below 2^31 at *@at. */
static int
read_number (const char **at, int64_t *ret_number)
{
  int64_t number = 0;

  if (!g_ascii_isdigit (**at))
    return -EINVAL;
  for (; g_ascii_isdigit (**at); (*at)++)
    {
      number = number * 10 + (**at - '0');
      if (number > INT32_MAX)
        return -ERANGE;
    }
  *ret_number = number;
  return 0;
}

static void
skip_blanks (const char **at)
{
  *at += strspn (*at, " \t\n");
}

/* Read "A", "A-B" or "A-B:USED/GROUP" at *@at and set its bits. */
static int
read_element (const char **at, uint64_t *ret_bits, gsize n_words)
{
  int64_t first, last;
  int64_t used = 1;
  int64_t group = 1;
  int r = read_number (at, &first);

  if (r < 0)
    return r;
  last = first;
  if (**at == '-')
    {
      (*at)++;
      r = read_number (at, &last);
      if (r == 0 && **at == ':')
        {
          (*at)++;
          r = read_number (at, &used);
          if (r == 0 && *(*at)++ != '/')
            return -EINVAL;
          if (r == 0)
            r = read_number (at, &group);
        }
      if (r < 0)
        return r;
    }
  if (last < first || used == 0 || used > group)
    return -EINVAL;
  if ((uint64_t)last >= n_words * 64)
    return -ERANGE;
  for (int64_t id = first; id <= last; id++)
    if ((id - first) % group < used)
      ret_bits[id / 64] |= UINT64_C (1) << (id % 64);
  return 0;
}

int
runc_spec_parse_id_list (const char *list, uint64_t *ret_bits, gsize n_words)
{
  const char *at = list;
  int n = 0;

  if (strlen (list) > MAX_LIST_LENGTH)
    return -EINVAL;
  memset (ret_bits, 0, n_words * sizeof *ret_bits);
  for (;;)
    {
      skip_blanks (&at);
      if (*at != ',' && *at != '\0')
        {
          int r = read_element (&at, ret_bits, n_words);
          if (r < 0)
            return r;
          skip_blanks (&at);
        }
      if (*at == '\0')
        break;
      if (*at++ != ',')
        return -EINVAL;
    }
  for (gsize i = 0; i < n_words; i++)
    n += __builtin_popcountll (ret_bits[i]);
  return n > 0 ? n : -EINVAL;
}
