/* Device rules as a policy, as v1 lines and as a BPF program. Pure; runs in the parent.
 *
 * The v1 devices controller knows a default and a list of exceptions to it. A rule for all devices
 * sets the default and empties the list; any other rule adds to an exception or takes from it. A
 * rule that would take from a wider exception (deny c 1:3 where c 1:* is allowed) cannot be
 * expressed, and is refused here rather than ignored.
 */
#include "cgroup/devices.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define ANY        (-1)

/* What every container may use, after the rules of its own. The last column is as in the spec. */
static const struct
{
  char type;
  gint64 major;
  gint64 minor;
  const char *access;
} always_allowed[] = {
  { 'c', ANY, ANY, "m" },   /* making a node is harmless: using it is what is checked */
  { 'b', ANY, ANY, "m" },   /* as above */
  { 'c', 1, 3, "rwm" },     /* null */
  { 'c', 1, 8, "rwm" },     /* random */
  { 'c', 1, 7, "rwm" },     /* full */
  { 'c', 5, 0, "rwm" },     /* tty */
  { 'c', 1, 5, "rwm" },     /* zero */
  { 'c', 1, 9, "rwm" },     /* urandom */
  { 'c', 136, ANY, "rwm" }, /* pts */
  { 'c', 5, 2, "rwm" },     /* ptmx */
  { 'c', 10, 200, "rwm" },  /* tun: engines rely on it */
};

void
runc_device_policy_free (RuncDevicePolicy *policy)
{
  if (policy == NULL)
    return;
  g_array_unref (policy->exceptions);
  g_free (policy);
}

static RuncDevicePolicy *
policy_new (void)
{
  RuncDevicePolicy *policy = g_new0 (RuncDevicePolicy, 1);

  policy->exceptions = g_array_new (FALSE, FALSE, sizeof (RuncDeviceException));
  return policy;
}

static int
compare (const RuncDeviceException *a, const RuncDeviceException *b)
{
  if (a->major != b->major)
    return a->major < b->major ? -1 : 1;
  if (a->minor != b->minor)
    return a->minor < b->minor ? -1 : 1;
  return a->type - b->type;
}

/* The exception for exactly the devices of @key, or where it would be. */
static gboolean
find (const RuncDevicePolicy *policy, const RuncDeviceException *key, guint *ret_index)
{
  for (guint i = 0; i < policy->exceptions->len; i++)
    {
      int order = compare (&g_array_index (policy->exceptions, RuncDeviceException, i), key);

      *ret_index = i;
      if (order >= 0)
        return order == 0;
    }
  *ret_index = policy->exceptions->len;
  return FALSE;
}

static unsigned
access_of (const RuncDevicePolicy *policy, const RuncDeviceException *key)
{
  guint i;

  return find (policy, key, &i) ? g_array_index (policy->exceptions, RuncDeviceException, i).access
                                : 0;
}

static unsigned
parse_access (const char *access)
{
  unsigned set = 0;

  if (access == NULL)
    return ACCESS_ALL;
  for (; *access != '\0'; access++)
    set |= *access == 'r'   ? BPF_DEVCG_ACC_READ
           : *access == 'w' ? BPF_DEVCG_ACC_WRITE
           : *access == 'm' ? BPF_DEVCG_ACC_MKNOD
                            : 0;
  return set;
}

static void
format (const RuncDeviceException *e, unsigned access, char *text, gsize size)
{
  char major[24] = "*", minor[24] = "*";

  if (e->major >= 0)
    g_snprintf (major, sizeof major, "%" G_GINT64_FORMAT, e->major);
  if (e->minor >= 0)
    g_snprintf (minor, sizeof minor, "%" G_GINT64_FORMAT, e->minor);
  g_snprintf (text, size, "%c %s:%s %s%s%s", e->type, major, minor,
              access & BPF_DEVCG_ACC_READ ? "r" : "", access & BPF_DEVCG_ACC_WRITE ? "w" : "",
              access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

static void
add_exception (RuncDevicePolicy *policy, const RuncDeviceException *e)
{
  guint i;

  if (e->access == 0)
    return;
  if (find (policy, e, &i))
    g_array_index (policy->exceptions, RuncDeviceException, i).access |= e->access;
  else
    g_array_insert_val (policy->exceptions, i, *e);
}

static gboolean
remove_exception (RuncDevicePolicy *policy, const RuncDeviceException *e, GError **error)
{
  const RuncDeviceException wider[] = {
    { e->type, ANY, e->minor, 0 },
    { e->type, e->major, ANY, 0 },
    { e->type, ANY, ANY, 0 },
  };
  guint i;

  for (gsize n = 0; n < G_N_ELEMENTS (wider); n++)
    {
      unsigned common = access_of (policy, &wider[n]) & e->access;
      char rule[64], hole[64];

      if (common == 0 || compare (&wider[n], e) == 0)
        continue;
      format (&wider[n], common, rule, sizeof rule);
      format (e, e->access, hole, sizeof hole);
      return runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                         "'%s' cannot be excepted from the wider rule '%s' (put the rule for all "
                         "devices first)",
                         hole, rule);
    }
  if (!find (policy, e, &i))
    return TRUE;
  RuncDeviceException *found = &g_array_index (policy->exceptions, RuncDeviceException, i);
  found->access &= ~e->access;
  if (found->access == 0)
    g_array_remove_index (policy->exceptions, i);
  return TRUE;
}

/* @type 'a': the default becomes @allow, and all exceptions go. */
static gboolean
apply_rule (RuncDevicePolicy *policy, gboolean allow, const RuncDeviceException *e, GError **error)
{
  if (e->type == 'a')
    {
      policy->default_allow = allow;
      g_array_set_size (policy->exceptions, 0);
      return TRUE;
    }
  if (allow == policy->default_allow)
    return remove_exception (policy, e, error);
  add_exception (policy, e);
  return TRUE;
}

RuncDevicePolicy *
runc_device_policy_new (const RuncSpecDeviceRule *rules, gsize n_rules, GError **error)
{
  g_autoptr (RuncDevicePolicy) policy = policy_new ();

  for (gsize i = 0; i < n_rules; i++)
    {
      const RuncSpecDeviceRule *rule = &rules[i];
      RuncDeviceException e = { .type = rule->type != '\0' ? rule->type : 'a',
                                .major = rule->major.present ? rule->major.value : ANY,
                                .minor = rule->minor.present ? rule->minor.value : ANY,
                                .access = parse_access (rule->access) };

      if (e.major < ANY || e.major > G_MAXUINT32 || e.minor < ANY || e.minor > G_MAXUINT32)
        {
          runc_throw (error, RUNC_ERROR_INVALID_SPEC,
                      "linux.resources.devices[%" G_GSIZE_FORMAT "]: %" G_GINT64_FORMAT
                      ":%" G_GINT64_FORMAT " is not a device number",
                      i, e.major, e.minor);
          return NULL;
        }
      if (!apply_rule (policy, rule->allow, &e, error))
        {
          runc_prefix (error, "linux.resources.devices[%" G_GSIZE_FORMAT "]", i);
          return NULL;
        }
    }
  for (gsize i = 0; i < G_N_ELEMENTS (always_allowed); i++)
    {
      const RuncDeviceException e
          = { always_allowed[i].type, always_allowed[i].major, always_allowed[i].minor,
              parse_access (always_allowed[i].access) };

      if (!apply_rule (policy, TRUE, &e, error))
        {
          runc_prefix (error,
                       "linux.resources.devices: a device that every container has is denied");
          return NULL;
        }
    }
  return g_steal_pointer (&policy);
}

RuncDevicePolicy *
runc_device_policy_from_list (const char *text, GError **error)
{
  g_autoptr (RuncDevicePolicy) policy = policy_new ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      RuncDeviceException e = { .major = ANY, .minor = ANY };
      char major[24], minor[24], access[8];

      if (**line == '\0')
        continue;
      if (sscanf (*line, "%c %23[0-9*]:%23[0-9*] %7[rwm]", &e.type, major, minor, access) != 4
          || strchr ("abc", e.type) == NULL)
        {
          runc_throw (error, RUNC_ERROR_FAILED, "cannot parse '%s' of devices.list", *line);
          return NULL;
        }
      if (major[0] != '*')
        e.major = g_ascii_strtoll (major, NULL, 10);
      if (minor[0] != '*')
        e.minor = g_ascii_strtoll (minor, NULL, 10);
      e.access = parse_access (access);
      if (!apply_rule (policy, TRUE, &e, error))
        return NULL;
    }
  return g_steal_pointer (&policy);
}

gboolean
runc_device_policy_allows_all (const RuncDevicePolicy *policy)
{
  return policy->default_allow && policy->exceptions->len == 0;
}

static void
add_line (GArray *lines, gboolean allow, const RuncDeviceException *e, unsigned access)
{
  RuncDeviceLine line = { .allow = allow };

  if (access == 0)
    return;
  format (e, access, line.text, sizeof line.text);
  g_array_append_val (lines, line);
}

GArray *
runc_device_policy_transition (const RuncDevicePolicy *from, const RuncDevicePolicy *to)
{
  static const RuncDeviceException all = { .type = 'a', .major = ANY, .minor = ANY };
  GArray *lines = g_array_new (FALSE, TRUE, sizeof (RuncDeviceLine));
  /* The exceptions of a default of "allow" are unknown: only a new start tells. */
  gboolean start = from->default_allow != to->default_allow
                   || (from->default_allow && !runc_device_policy_allows_all (to));

  if (start)
    add_line (lines, to->default_allow, &all, ACCESS_ALL);
  for (guint i = 0; !start && i < from->exceptions->len; i++)
    {
      const RuncDeviceException *e = &g_array_index (from->exceptions, RuncDeviceException, i);

      add_line (lines, to->default_allow, e, e->access & ~access_of (to, e));
    }
  for (guint i = 0; i < to->exceptions->len; i++)
    {
      const RuncDeviceException *e = &g_array_index (to->exceptions, RuncDeviceException, i);

      add_line (lines, !to->default_allow, e, e->access & ~(start ? 0 : access_of (from, e)));
    }
  return lines;
}

/* ---- the BPF program ---- */

static void
emit (GArray *code, struct bpf_insn insn)
{
  g_array_append_val (code, insn);
}

/* A conditional jump to the end of the present block. Where that is, is known when the block is
 * complete. */
static void
emit_skip (GArray *code, guint8 op, guint8 reg, gint32 imm)
{
  emit (code, (struct bpf_insn){ .code = BPF_JMP32 | op | BPF_K, .dst_reg = reg, .imm = imm });
}

static void
emit_return (GArray *code, gboolean allow)
{
  emit (code, (struct bpf_insn){
                  .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = allow });
  emit (code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* The word at @offset of the request to r2. */
static void
emit_load (GArray *code, gint16 offset)
{
  emit (code, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
                                 .dst_reg = BPF_REG_2,
                                 .src_reg = BPF_REG_1,
                                 .off = offset });
}

/* If the request is for the devices of @e, return @allow; else fall through.
 *
 * Each block loads what it compares. Were it kept in registers, the verifier would go through all
 * blocks anew for each outcome of each comparison before them, which takes half a millisecond. */
static void
emit_exception (GArray *code, const RuncDeviceException *e, gboolean allow)
{
  guint start = code->len;

  emit_load (code, offsetof (struct bpf_cgroup_dev_ctx, access_type));
  if (e->access != ACCESS_ALL)
    emit (code, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
                                   .dst_reg = BPF_REG_3,
                                   .src_reg = BPF_REG_2 });
  /* The type is in the low half, the access in the high one. */
  emit (code, (struct bpf_insn){
                  .code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = BPF_REG_2, .imm = 0xffff });
  emit_skip (code, BPF_JNE, BPF_REG_2, e->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (e->access != ACCESS_ALL)
    {
      /* Allowed is what asks for nothing else; denied is what asks for any of it. */
      guint32 mask = allow ? ~e->access & ACCESS_ALL : e->access;

      emit (code, (struct bpf_insn){ .code = BPF_ALU | BPF_AND | BPF_K,
                                     .dst_reg = BPF_REG_3,
                                     .imm = (gint32)(mask << 16) });
      emit_skip (code, allow ? BPF_JNE : BPF_JEQ, BPF_REG_3, 0);
    }
  if (e->major != ANY)
    {
      emit_load (code, offsetof (struct bpf_cgroup_dev_ctx, major));
      emit_skip (code, BPF_JNE, BPF_REG_2, (gint32)(guint32)e->major);
    }
  if (e->minor != ANY)
    {
      emit_load (code, offsetof (struct bpf_cgroup_dev_ctx, minor));
      emit_skip (code, BPF_JNE, BPF_REG_2, (gint32)(guint32)e->minor);
    }
  emit_return (code, allow);
  for (guint i = start; i < code->len; i++)
    {
      struct bpf_insn *insn = &g_array_index (code, struct bpf_insn, i);

      if (BPF_CLASS (insn->code) == BPF_JMP32)
        insn->off = (gint16)(code->len - i - 1);
    }
}

GArray *
runc_device_policy_compile (const RuncDevicePolicy *policy)
{
  GArray *code = g_array_new (FALSE, TRUE, sizeof (struct bpf_insn));

  for (guint i = 0; i < policy->exceptions->len; i++)
    emit_exception (code, &g_array_index (policy->exceptions, RuncDeviceException, i),
                    !policy->default_allow);
  emit_return (code, policy->default_allow);
  return code;
}
