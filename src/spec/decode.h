/* Decoding by table, private to src/spec.
 *
 * A RuncDecodeShape lists the members of one kind of JSON object: key, reader, and where in a
 * struct the result goes. runc_decode_members() walks an object once, in document order, and hands
 * each member that the shape knows to its reader. Null members are skipped, unknown ones ignored;
 * the case of a key does not matter.
 * The macros at the end make the table entries and check at compile time that the reader fits the
 * type of the struct's member.
 *
 * Readers return false with RUNC_ERROR_INVALID_SPEC and the JSON path in the message.
 */
#pragma once

#include "base/json.h"
#include "spec/names.h"
#include "spec/spec.h"

#include <stddef.h>

typedef struct
{
  const char *name; /* what the document is called in messages */
  GPtrArray *arena; /* of the spec that is being filled */
  GError **error;
} RuncDecoder;

typedef struct RuncDecodeField RuncDecodeField;
typedef struct RuncDecodeShape RuncDecodeShape;

/* Read @json (never NULL) into the struct at @base, where @field says. */
typedef bool (*RuncDecodeReader) (RuncDecoder *decoder, const RuncDecodeField *field,
                                  RuncJson *json, const RuncJsonPath *path, void *base);

struct RuncDecodeField
{
  const char *key;
  RuncDecodeReader read;
  gsize offset;                 /* of the result in the struct */
  gsize n_offset;               /* array, map: of the number of elements */
  const RuncDecodeShape *shape; /* group, object, array, map: of the (element) object */
  const RuncName *names;        /* name, name_mask, letter */
  bool required;                /* absent is an error */
};

struct RuncDecodeShape
{
  const RuncDecodeField *fields;
  gsize n_fields;      /* at most 64 */
  gsize size;          /* of the struct */
  const void *initial; /* the struct before decoding; NULL: zeroed */
  /* Called when all members of @json have been read into @target; may be NULL. */
  bool (*finish) (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path, void *target);
};

/* Raise "PATH: @format", or "NAME: @format" for the document itself. Always false. */
bool runc_decode_fail (RuncDecoder *decoder, const RuncJsonPath *path, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Raise "PATH: expected @expected, got a number" (or whatever @json is). Always false. */
bool runc_decode_fail_type (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path,
                            const char *expected);

/* @size zeroed bytes that live as long as the spec. */
void *runc_decode_alloc (RuncDecoder *decoder, gsize size);

/* Read the members of object @json into @target. @path is NULL for the document itself. */
bool runc_decode_members (RuncDecoder *decoder, const RuncDecodeShape *shape, RuncJson *json,
                          const RuncJsonPath *path, void *target);

/* A string that is not NULL and not an object: *@ret_string borrows from @json. */
bool runc_decode_string (RuncDecoder *decoder, RuncJson *json, const RuncJsonPath *path,
                         const char **ret_string);

/* The readers, and the type of the struct member each one fills. */
#define RUNC_DECODE_READERS(X)                                                                     \
  X (text, const char *)    /* a string; "" counts as absent */                                    \
  X (strings, RuncStrings)  /* an array of strings */                                              \
  X (pairs, RuncPairs)      /* an object with string values */                                     \
  X (flag, bool)            /* a boolean; absent is false */                                       \
  X (opt_flag, RuncOptBool) /* a boolean */                                                        \
  X (int, int)              /* an integer of 32 bits */                                            \
  X (int64, int64_t)        /* ... of 64 */                                                        \
  X (uint32, uint32_t)      /* ... unsigned */                                                     \
  X (uint64, uint64_t)      /* ... unsigned */                                                     \
  X (opt_int64, RuncOptInt64)                                                                      \
  X (opt_uint32, RuncOptUint32)                                                                    \
  X (opt_uint64, RuncOptUint64)                                                                    \
  X (opt_uint16, RuncOptUint64) /* at most 65535, kept in the wider type */                        \
  X (name, int)                 /* one of field->names */                                          \
  X (name_mask, uint64_t)       /* an array of field->names, their values or'ed */                 \
  X (letter, char)              /* one of field->names, which have one letter each */

#define X(reader, type)                                                                            \
  typedef type RuncDecodes_##reader;                                                               \
  bool runc_decode_##reader (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,   \
                             const RuncJsonPath *path, void *base);
RUNC_DECODE_READERS (X)
#undef X

/* The readers for objects. group: members of the same struct, or of one embedded in it; object: a
 * struct of its own, by pointer; array: objects; map: an object whose values are objects, each
 * struct begins with the key. */
bool runc_decode_group (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                        const RuncJsonPath *path, void *base);
bool runc_decode_object (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                         const RuncJsonPath *path, void *base);
bool runc_decode_array (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                        const RuncJsonPath *path, void *base);
bool runc_decode_map (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                      const RuncJsonPath *path, void *base);

/* offsetof (@Struct, @member), and a compile error if the member is not of @type. */
#define RUNC_DECODE_OFFSET(Struct, member, type)                                                   \
  (offsetof (Struct, member)                                                                       \
   + 0                                                                                             \
         * sizeof (                                                                                \
             char[__builtin_types_compatible_p (__typeof__ (((Struct *)0)->member), type) ? 1      \
                                                                                          : -1]))

/* Table entries. @... may hold more initialisers, as `.required = true`. */
#define RUNC_DECODE_MEMBER(Struct, json_key, member, reader, ...)                                  \
  {                                                                                                \
    .key = json_key, .read = runc_decode_##reader,                                                 \
    .offset = RUNC_DECODE_OFFSET (Struct, member, RuncDecodes_##reader), ##__VA_ARGS__             \
  }
#define RUNC_DECODE_GROUP(json_key, group_shape)                                                   \
  {                                                                                                \
    .key = json_key, .read = runc_decode_group, .shape = &group_shape                              \
  }
#define RUNC_DECODE_OBJECT(Struct, json_key, member, Type, object_shape)                           \
  {                                                                                                \
    .key = json_key, .read = runc_decode_object,                                                   \
    .offset = RUNC_DECODE_OFFSET (Struct, member, const Type *), .shape = &object_shape            \
  }
#define RUNC_DECODE_ELEMENTS(reader, Struct, json_key, items, count, Type, element_shape)          \
  {                                                                                                \
    .key = json_key, .read = runc_decode_##reader,                                                 \
    .offset = RUNC_DECODE_OFFSET (Struct, items, const Type *),                                    \
    .n_offset = RUNC_DECODE_OFFSET (Struct, count, gsize), .shape = &element_shape                 \
  }
#define RUNC_DECODE_ARRAY(...) RUNC_DECODE_ELEMENTS (array, __VA_ARGS__)
#define RUNC_DECODE_MAP(...)   RUNC_DECODE_ELEMENTS (map, __VA_ARGS__)

#define RUNC_DECODE_SHAPE(Struct, field_table, ...)                                                \
  {                                                                                                \
    .fields = field_table, .n_fields = G_N_ELEMENTS (field_table), .size = sizeof (Struct),        \
    ##__VA_ARGS__                                                                                  \
  }

/* The rooms of config.json. */
extern const RuncDecodeShape runc_decode_process_shape;   /* process */
extern const RuncDecodeShape runc_decode_linux_shape;     /* linux */
extern const RuncDecodeShape runc_decode_resources_shape; /* linux.resources */
extern const RuncDecodeShape runc_decode_seccomp_shape;   /* linux.seccomp */
extern const RuncDecodeShape runc_decode_id_map_shape;    /* an element of any id map */
