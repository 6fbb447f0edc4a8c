/* Decoding `process`, also on its own (exec --process). Tables; the engine is decoder.c.
 *
 * Runs in the parent.
 */
#include "spec/decode.h"

#include <string.h>

/* Names of capabilities that are kept for the warning; nobody reads a longer list. */
#define MAX_UNKNOWN_CAPABILITIES 64

static const RuncDecodeField console_size_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecConsoleSize, "height", height, uint32),
  RUNC_DECODE_MEMBER (RuncSpecConsoleSize, "width", width, uint32),
};
static const RuncDecodeShape console_size_shape
    = RUNC_DECODE_SHAPE (RuncSpecConsoleSize, console_size_fields);

static bool
decode_gids (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
             const RuncJsonPath *path, void *base)
{
  RuncSpecUser *user = &((RuncSpecProcess *)base)->user;

  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of numbers");
  gsize n = json_object_array_length (json);
  if (n == 0)
    return true;

  uint32_t *gids = runc_decode_alloc (decoder, n * sizeof *gids);
  for (gsize i = 0; i < n; i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      RuncDecodeField at_start = { .key = field->key };
      RuncJson *number = json_object_array_get_idx (json, i);
      if (!runc_decode_uint32 (decoder, &at_start, number, &element, &gids[i]))
        return false;
    }
  user->additional_gids = gids;
  user->n_additional_gids = n;
  return true;
}

static const RuncDecodeField user_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecProcess, "uid", user.uid, uint32),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "gid", user.gid, uint32),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "umask", user.umask, opt_uint32),
  { .key = "additionalGids", .read = decode_gids },
};
static const RuncDecodeShape user_shape = RUNC_DECODE_SHAPE (RuncSpecProcess, user_fields);

/* Keep @name, which is no capability that this build knows. */
static void
add_unknown (RuncDecoder *decoder, RuncStrings *unknown, const char *name)
{
  for (gsize i = 0; i < unknown->n; i++)
    if (strcmp (unknown->items[i], name) == 0)
      return;
  if (unknown->n == MAX_UNKNOWN_CAPABILITIES)
    return;

  /* Rare, so the list is simply copied. */
  const char **items = runc_decode_alloc (decoder, (unknown->n + 2) * sizeof *items);
  for (gsize i = 0; i < unknown->n; i++)
    items[i] = unknown->items[i];
  items[unknown->n] = name;
  unknown->items = items;
  unknown->n++;
  unknown->present = true;
}

static bool
decode_capability_set (RuncDecoder *decoder, const RuncDecodeField *field, RuncJson *json,
                       const RuncJsonPath *path, void *base)
{
  RuncSpecCapabilities *capabilities = base;
  uint64_t set = 0;

  if (!json_object_is_type (json, json_type_array))
    return runc_decode_fail_type (decoder, json, path, "an array of strings");
  for (gsize i = 0; i < json_object_array_length (json); i++)
    {
      RuncJsonPath element = { .parent = path, .index = i };
      const char *name;
      if (!runc_decode_string (decoder, json_object_array_get_idx (json, i), &element, &name))
        return false;
      int capability = runc_capability_from_string (name);
      if (capability >= 0)
        set |= UINT64_C (1) << capability;
      else
        add_unknown (decoder, &capabilities->unknown, name);
    }
  *(uint64_t *)(void *)((char *)base + field->offset) = set;
  return true;
}

#define CAPABILITY_SET(set)                                                                        \
  {                                                                                                \
    .key = #set, .read = decode_capability_set,                                                    \
    .offset = RUNC_DECODE_OFFSET (RuncSpecCapabilities, set, uint64_t)                             \
  }

static const RuncDecodeField capabilities_fields[] = {
  CAPABILITY_SET (bounding),  CAPABILITY_SET (effective), CAPABILITY_SET (inheritable),
  CAPABILITY_SET (permitted), CAPABILITY_SET (ambient),
};
static const RuncDecodeShape capabilities_shape
    = RUNC_DECODE_SHAPE (RuncSpecCapabilities, capabilities_fields);

static bool
finish_rlimit (RuncDecoder *decoder, G_GNUC_UNUSED RuncJson *json, const RuncJsonPath *path,
               void *target)
{
  RuncSpecRlimit *rlimit = target;
  RuncJsonPath member = { .parent = path, .key = "type" };
  const char *type = rlimit->type != NULL ? rlimit->type : "";
  const RuncName *name = runc_name_find (runc_names_rlimit, type);

  if (name == NULL)
    {
      g_autofree char *known = runc_name_list (runc_names_rlimit);
      return runc_decode_fail (decoder, &member, "unknown limit '%s' (known: %s)", type, known);
    }
  rlimit->resource = (int)name->value;
  return true;
}

static const RuncDecodeField rlimit_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecRlimit, "type", type, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecRlimit, "soft", soft, uint64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecRlimit, "hard", hard, uint64, .required = true),
};
static const RuncDecodeShape rlimit_shape
    = RUNC_DECODE_SHAPE (RuncSpecRlimit, rlimit_fields, .finish = finish_rlimit);

static const RuncDecodeField scheduler_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "policy", policy, name, .names = runc_names_sched_policy,
                      .required = true),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "nice", nice, int),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "priority", priority, int),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "flags", flags, name_mask, .names = runc_names_sched_flag),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "runtime", runtime, uint64),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "deadline", deadline, uint64),
  RUNC_DECODE_MEMBER (RuncSpecScheduler, "period", period, uint64),
};
static const RuncDecodeShape scheduler_shape
    = RUNC_DECODE_SHAPE (RuncSpecScheduler, scheduler_fields);

static const RuncDecodeField io_priority_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecIoPriority, "class", ioprio_class, name,
                      .names = runc_names_ioprio_class, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecIoPriority, "priority", priority, int), /* runc: 0 when missing */
};
static const RuncDecodeShape io_priority_shape
    = RUNC_DECODE_SHAPE (RuncSpecIoPriority, io_priority_fields);

static const RuncDecodeField cpu_affinity_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecProcess, "initial", cpu_affinity_initial, text),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "final", cpu_affinity_final, text),
};
static const RuncDecodeShape cpu_affinity_shape
    = RUNC_DECODE_SHAPE (RuncSpecProcess, cpu_affinity_fields);

static const RuncDecodeField process_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecProcess, "terminal", terminal, flag),
  RUNC_DECODE_OBJECT (RuncSpecProcess, "consoleSize", console_size, RuncSpecConsoleSize,
                      console_size_shape),
  RUNC_DECODE_GROUP ("user", user_shape),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "args", args, strings),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "env", env, strings),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "cwd", cwd, text),
  RUNC_DECODE_OBJECT (RuncSpecProcess, "capabilities", capabilities, RuncSpecCapabilities,
                      capabilities_shape),
  RUNC_DECODE_ARRAY (RuncSpecProcess, "rlimits", rlimits, n_rlimits, RuncSpecRlimit, rlimit_shape),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "noNewPrivileges", no_new_privileges, flag),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "apparmorProfile", apparmor_profile, text),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "selinuxLabel", selinux_label, text),
  RUNC_DECODE_MEMBER (RuncSpecProcess, "oomScoreAdj", oom_score_adj, opt_int64),
  RUNC_DECODE_OBJECT (RuncSpecProcess, "scheduler", scheduler, RuncSpecScheduler, scheduler_shape),
  RUNC_DECODE_OBJECT (RuncSpecProcess, "ioPriority", io_priority, RuncSpecIoPriority,
                      io_priority_shape),
  RUNC_DECODE_GROUP ("execCPUAffinity", cpu_affinity_shape),
};

const RuncDecodeShape runc_decode_process_shape
    = RUNC_DECODE_SHAPE (RuncSpecProcess, process_fields);
