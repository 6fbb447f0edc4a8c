/* config.json, process.json and resources documents -> RuncSpec.
 *
 * Runs in the parent, on the path of every start: the text is parsed once and each member is looked
 * at once. Strings stay in the parsed document, arrays go to the arena, and both die with the spec.
 */
#include "spec/decode.h"

#include "base/error.h"
#include "base/io.h"

#include <string.h>

#define MAX_SPEC_SIZE (16 * 1024 * 1024)

static const RuncDecodeField root_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpec, "path", root_path, text),
  RUNC_DECODE_MEMBER (RuncSpec, "readonly", root_readonly, flag),
};
static const RuncDecodeShape root_shape = RUNC_DECODE_SHAPE (RuncSpec, root_fields);

static const RuncDecodeField mount_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecMount, "destination", destination, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecMount, "type", type, text),
  RUNC_DECODE_MEMBER (RuncSpecMount, "source", source, text),
  RUNC_DECODE_MEMBER (RuncSpecMount, "options", options, strings),
  RUNC_DECODE_ARRAY (RuncSpecMount, "uidMappings", uid_mappings.items, uid_mappings.n,
                     RuncSpecIdMap, runc_decode_id_map_shape),
  RUNC_DECODE_ARRAY (RuncSpecMount, "gidMappings", gid_mappings.items, gid_mappings.n,
                     RuncSpecIdMap, runc_decode_id_map_shape),
};
static const RuncDecodeShape mount_shape = RUNC_DECODE_SHAPE (RuncSpecMount, mount_fields);

static const RuncDecodeField hook_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecHook, "path", path, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecHook, "args", args, strings),
  RUNC_DECODE_MEMBER (RuncSpecHook, "env", env, strings),
  RUNC_DECODE_MEMBER (RuncSpecHook, "timeout", timeout, opt_int64),
};
static const RuncDecodeShape hook_shape = RUNC_DECODE_SHAPE (RuncSpecHook, hook_fields);

static const RuncDecodeField hooks_fields[] = {
#define X(name, json_key)                                                                          \
  RUNC_DECODE_ARRAY (RuncSpec, json_key, hooks[RUNC_HOOK_##name].items, hooks[RUNC_HOOK_##name].n, \
                     RuncSpecHook, hook_shape),
  RUNC_HOOK_KINDS (X)
#undef X
};
static const RuncDecodeShape hooks_shape = RUNC_DECODE_SHAPE (RuncSpec, hooks_fields);

static bool
decode_linux (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
              const RuncJsonPath *path, void *base)
{
  ((RuncSpec *)base)->has_linux = true;
  return runc_decode_group (decoder, field, json, path, base);
}

static const RuncDecodeField spec_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpec, "ociVersion", oci_version, text),
  RUNC_DECODE_OBJECT (RuncSpec, "process", process, RuncSpecProcess, runc_decode_process_shape),
  RUNC_DECODE_GROUP ("root", root_shape),
  RUNC_DECODE_MEMBER (RuncSpec, "hostname", hostname, text),
  RUNC_DECODE_MEMBER (RuncSpec, "domainname", domainname, text),
  RUNC_DECODE_ARRAY (RuncSpec, "mounts", mounts, n_mounts, RuncSpecMount, mount_shape),
  RUNC_DECODE_GROUP ("hooks", hooks_shape),
  RUNC_DECODE_MEMBER (RuncSpec, "annotations", annotations, pairs),
  { .key = "linux",
    .read = decode_linux,
    .offset = offsetof (RuncSpec, linux_spec),
    .shape = &runc_decode_linux_shape },
};
static const RuncDecodeShape spec_shape = RUNC_DECODE_SHAPE (RuncSpec, spec_fields);

/* Parse @text into a new spec that has only a document and an arena, and set up @decoder for it. */
static RuncSpec *
parse (const char *text, gsize len, const char *name, RuncDecoder *decoder, GError **error)
{
  autojson RuncJson *document = runc_json_parse (text, len, name, error);

  if (document == NULL)
    return NULL;
  RuncSpec *spec = g_new0 (RuncSpec, 1);
  spec->document = g_steal_pointer (&document);
  spec->arena = g_ptr_array_new_with_free_func (g_free);
  *decoder = (RuncDecoder){ .name = name, .arena = spec->arena, .error = error };
  return spec;
}

static RuncSpec *
decode (const char *text, gsize len, const char *name, GError **error)
{
  RuncDecoder decoder;
  g_autoptr (RuncSpec) spec = parse (text, len, name, &decoder, error);

  if (spec == NULL || !runc_decode_members (&decoder, &spec_shape, spec->document, NULL, spec))
    return NULL;
  return g_steal_pointer (&spec);
}

RuncSpec *
runc_spec_decode (const char *text, gsize len, GError **error)
{
  return decode (text, len, "config.json", error);
}

RuncSpec *
runc_spec_read (int dir_fd, const char *name, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gsize len;
  g_autofree char *text = runc_io_read_file (dir_fd, name, MAX_SPEC_SIZE, &len, &local_error);

  if (text != NULL)
    return decode (text, len, name, error);
  /* The wording is runc's: scripts know it. */
  if (g_error_matches (local_error, RUNC_ERROR, RUNC_ERROR_NOT_FOUND))
    runc_throw (error, RUNC_ERROR_NOT_FOUND, "JSON specification file %s not found", name);
  else
    g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

RuncSpec *
runc_spec_decode_process (const char *text, gsize len, GError **error)
{
  RuncDecoder decoder;
  g_autoptr (RuncSpec) spec = parse (text, len, "process.json", &decoder, error);

  if (spec == NULL)
    return NULL;
  RuncSpecProcess *process = runc_decode_alloc (&decoder, sizeof *process);
  if (!runc_decode_members (&decoder, &runc_decode_process_shape, spec->document, NULL, process))
    return NULL;
  spec->process = process;
  return g_steal_pointer (&spec);
}

RuncSpec *
runc_spec_decode_resources (const char *text, gsize len, GError **error)
{
  RuncDecoder decoder;
  g_autoptr (RuncSpec) spec = parse (text, len, "resources", &decoder, error);

  if (spec == NULL)
    return NULL;
  RuncSpecResources *resources = runc_decode_alloc (&decoder, sizeof *resources);
  if (!runc_decode_members (&decoder, &runc_decode_resources_shape, spec->document, NULL,
                            resources))
    return NULL;
  spec->linux_spec.resources = resources;
  return g_steal_pointer (&spec);
}

void
runc_spec_free (RuncSpec *spec)
{
  if (spec == NULL)
    return;
  g_ptr_array_unref (spec->arena);
  runc_json_put (&spec->document);
  g_free (spec);
}

const char *
runc_spec_annotation (const RuncSpec *spec, const char *key)
{
  for (gsize i = 0; i < spec->annotations.n; i++)
    if (strcmp (spec->annotations.items[i].key, key) == 0)
      return spec->annotations.items[i].value;
  return NULL;
}
