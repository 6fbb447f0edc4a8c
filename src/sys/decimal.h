/* Decimal numbers without stdio, for the child. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Room for any int64 with sign and NUL. */
#define RUNC_DECIMAL_SIZE 21

/* Write @value and a NUL to @buffer (RUNC_DECIMAL_SIZE bytes). Returns the length without the NUL.
 */
static inline size_t
runc_decimal (char *buffer, int64_t value)
{
  char digits[RUNC_DECIMAL_SIZE];
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  size_t n = 0, len = 0;

  do
    digits[n++] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    buffer[len++] = '-';
  while (n > 0)
    buffer[len++] = digits[--n];
  buffer[len] = '\0';
  return len;
}
