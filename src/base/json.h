/* json-c behind one door: parsing with line and column, typed reading with JSON paths, writing.
 *
 * json-c and not json-glib, on figures: linking json-glib means gobject and gio, 1.3 ms of a start
 * that has a floor of about 2.3, and json-glib cannot tell 18446744073709551615 from -1. json-c
 * keeps the whole uint64 range, validates UTF-8 and can be linked statically on Debian.
 *
 * The rest of the program names no json_object_* function outside of src/spec, src/plan's dump,
 * src/state and the cli's printers, and parses text only here.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>

typedef struct json_object RuncJson;

void runc_json_put (RuncJson **json);
#define autojson __attribute__ ((cleanup (runc_json_put)))

/* Parse @len bytes of @text.
 *
 * @name: what to call the text in messages, "config.json"
 * Returns a new reference, or NULL with RUNC_ERROR_INVALID_SPEC and a message that has
 * "name:line:column: reason". Refused: trailing data, invalid UTF-8, NUL bytes (in the text or as
 * \u0000 in any string or key), nesting deeper than 128. */
RuncJson *runc_json_parse (const char *text, gsize len, const char *name, GError **error);

/* @json as compact text (new string). Keys keep the order in which they were added. */
char *runc_json_to_string (RuncJson *json);

/* A place in a document, for messages: a chain of frames on the stack, from leaf to root. NULL, or
 * a frame with neither parent nor key, is the document itself. */
typedef struct RuncJsonPath RuncJsonPath;
struct RuncJsonPath
{
  const RuncJsonPath *parent; /* NULL: this is a member of the document */
  const char *key;            /* member name, or NULL for an array element */
  gsize index;                /* array element, when key is NULL */
};

/* "linux.resources.memory.limit", "mounts[3].options[0]"; "." for the root. New string. */
char *runc_json_path_to_string (const RuncJsonPath *path);
