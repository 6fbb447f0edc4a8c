/* Numbers, sizes and booleans that people and engines write: parsed strictly.
 *
 * Nothing is skipped or cut: no blanks, no sign where none belongs, nothing after the value. The
 * errors are RUNC_ERROR_FAILED and quote the text; callers put in front what it was for.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* @text as a decimal number from 0 to @max. */
gboolean runc_parse_uint64 (const char *text, uint64_t max, uint64_t *ret_value, GError **error);

/* @text as a decimal number from @min to @max; a leading '-' or '+' is allowed. */
gboolean runc_parse_int64 (const char *text, int64_t min, int64_t max, int64_t *ret_value,
                           GError **error);

/* @text as a truth value, with the words of Go's strconv.ParseBool: 1 t T true True TRUE, and the
 * same for false. */
gboolean runc_parse_bool (const char *text, gboolean *ret_value, GError **error);

/* @text as a number of bytes, as `update --memory` takes it: a decimal number, maybe with a
 * fraction, and a unit that is a power of 1024: "536870912", "512m", "1.5 GiB", "64kb". From 0 to
 * INT64_MAX. */
gboolean runc_parse_bytes (const char *text, int64_t *ret_bytes, GError **error);

/* @text as a length of time, as Go writes it: decimal numbers, maybe with fractions, each with a
 * unit (h, m, s, ms, us, ns), and nothing between: "5s", "1m30s", "1.5h". Not negative. */
gboolean runc_parse_duration (const char *text, int64_t *ret_microseconds, GError **error);
