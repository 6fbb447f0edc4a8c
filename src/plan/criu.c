/* Requests to criu: what `checkpoint` and `restore` have in common. Pure; the parent. */
#include "plan/criu-builder.h"

#include "base/error.h"
#include "wire/wire.h"

#include <sched.h>
#include <string.h>

/* Where distributions and users leave settings for containers only; as runc. */
#define DEFAULT_CONFIG "/etc/criu/runc.conf"

#define MAX_SETTINGS 64

RuncCriuSetting *
runc_criu_add (RuncBuilder *b, RuncCriuOption option)
{
  RuncCriuPlan *criu = b->plan->criu;
  RuncCriuSetting *setting;

  if (criu->n_settings == b->criu_size)
    {
      gsize size = MAX (2 * b->criu_size, MAX_SETTINGS);
      RuncCriuSetting *larger = runc_builder_alloc (b, size * sizeof *larger);

      if (criu->n_settings > 0)
        memcpy (larger, criu->settings, criu->n_settings * sizeof *larger);
      criu->settings = larger;
      b->criu_size = size;
    }
  setting = &criu->settings[criu->n_settings++];
  setting->option = option;
  return setting;
}

void
runc_criu_add_flag (RuncBuilder *b, RuncCriuOption option, gboolean value)
{
  if (value)
    runc_criu_add (b, option)->number = 1;
}

void
runc_criu_add_text (RuncBuilder *b, RuncCriuOption option, const char *value)
{
  if (value != NULL)
    runc_criu_add (b, option)->value = value;
}

void
runc_criu_add_pair (RuncBuilder *b, RuncCriuOption option, const char *key, const char *value)
{
  RuncCriuPlan *criu = b->plan->criu;
  RuncCriuSetting *setting;

  /* It would be harmless, and is noise. */
  for (gsize i = 0; i < criu->n_settings; i++)
    if (criu->settings[i].option == option && strcmp (criu->settings[i].key, key) == 0)
      return;
  setting = runc_criu_add (b, option);
  setting->key = key;
  setting->value = value;
}

gboolean
runc_plan_check_criu_user (const RuncHost *host, const char *verb, GError **error)
{
  return runc_plan_who (host) == RUNC_WHO_REAL_ROOT
         || runc_throw (
             error, RUNC_ERROR_UNSUPPORTED,
             "%s: only for containers of root: without its rights criu cannot take apart "
             "and make again what a container consists of (run the container, and this, "
             "as root: 'sudo runc ...')",
             verb);
}

gboolean
runc_criu_begin (RuncBuilder *b, RuncCriuAction action, const RuncCriuOptions *options,
                 GError **error)
{
  const char *config = runc_spec_annotation (b->spec, "org.criu.config");

  if (!runc_plan_check_criu_user (b->host, action == RUNC_CRIU_RESTORE ? "restore" : "checkpoint",
                                  error))
    return FALSE;
  b->plan->criu = runc_builder_alloc (b, sizeof *b->plan->criu);
  b->plan->criu->action = action;
  b->plan->criu->log_dir = options->work_path != NULL ? options->work_path : options->image_path;
  runc_criu_add (b, RUNC_CRIU_OPTION_IMAGES_DIR)->value = options->image_path;
  runc_criu_add_text (b, RUNC_CRIU_OPTION_WORK_DIR, options->work_path);
  runc_criu_add_text (b, RUNC_CRIU_OPTION_LOG_FILE,
                      action == RUNC_CRIU_RESTORE ? RUNC_CRIU_RESTORE_LOG : RUNC_CRIU_DUMP_LOG);
  runc_criu_add (b, RUNC_CRIU_OPTION_LOG_LEVEL)->number = 4;
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_NOTIFY, TRUE);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_TCP_ESTABLISHED, options->tcp_established);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_EXT_UNIX_SK, options->ext_unix_sk);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_SHELL_JOB, options->shell_job);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_FILE_LOCKS, options->file_locks);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_AUTO_DEDUP, options->auto_dedup);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_LAZY_PAGES, options->lazy_pages);
  runc_criu_add_flag (b, RUNC_CRIU_OPTION_ORPHAN_PTS_MASTER, TRUE);
  runc_criu_add (b, RUNC_CRIU_OPTION_CGROUPS_MODE)->number = options->cgroups;
  /* Interfaces and their addresses are made by whoever made them at first: an engine, a hook, us.
   */
  runc_criu_add (b, RUNC_CRIU_OPTION_EMPTY_NS)->number = CLONE_NEWNET;
  /* An empty annotation: none at all. */
  if (config == NULL)
    config = DEFAULT_CONFIG;
  runc_criu_add_text (b, RUNC_CRIU_OPTION_CONFIG_FILE, config[0] != '\0' ? config : NULL);
  return TRUE;
}

/* criu takes the namespaces of other kinds that a container shares for its own, and makes new ones
 * with the same content. */
const char *
runc_criu_namespace_key (RuncNamespace ns)
{
  switch (ns)
    {
    case RUNC_NS_NETWORK:
      return "extRootNetNS";
    case RUNC_NS_PID:
      return "extRootPidNS";
    default:
      return NULL;
    }
}

void
runc_criu_exec_ops (RuncBuilder *b, const char *const *environment, gboolean own_stdio,
                    const int *more, gsize n_more)
{
  static const char *const argv[] = { "criu", "swrk", "3", NULL };
  RuncChildPlan *child = &b->plan->child;
  int *slots = runc_builder_alloc (b, (4 + n_more) * sizeof *slots);
  gsize n = 0;
  RuncOp *op;

  if (!own_stdio)
    {
      int null = runc_builder_slot (b, RUNC_SLOT_LOG, "/dev/null");

      while (n < 3)
        slots[n++] = null;
    }
  slots[n++] = runc_builder_slot (b, RUNC_SLOT_SOCKET, NULL);
  for (gsize i = 0; i < n_more; i++)
    slots[n++] = more[i];
  op = runc_builder_op (b, RUNC_OP_PASS_FDS, "criu");
  op->u.pass.first = own_stdio ? 3 : 0;
  op->u.pass.slots = slots;
  op->u.pass.n = n;
  runc_builder_op (b, RUNC_OP_LOOKUP, "criu");
  runc_builder_op (b, RUNC_OP_CLOSE_FDS, RUNC_LABEL_NONE)->u.close.first = 4 + (unsigned int)n_more;
  /* By then it is where it belongs, for whoever wants to look. */
  b->plan->sends_ready = TRUE;
  runc_builder_op (b, RUNC_OP_SEND, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_READY;
  runc_builder_op (b, RUNC_OP_WAIT, RUNC_LABEL_NONE)->u.message = RUNC_MESSAGE_PROCEED;
  runc_builder_op (b, RUNC_OP_EXEC, "criu");
  child->argv = argv;
  child->envp = (char **)environment;
  child->search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const char *const *entry = environment; *entry != NULL; entry++)
    if (g_str_has_prefix (*entry, "PATH="))
      child->search_path = *entry + strlen ("PATH=");
}

/* ---- dump ---------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  RuncCriuKind kind;
} known[] = {
#define X(option, text, field, kind) { text, RUNC_CRIU_##kind },
  RUNC_CRIU_OPTIONS (X)
#undef X
};

void
runc_plan_dump_criu (const RuncCriuPlan *criu, GString *text)
{
  static const char *const actions[] = { "nothing", "dump", "pre-dump", "restore" };

  g_string_append_printf (text, "criu action=%s%s%s%s\n", actions[criu->action],
                          criu->needs_mem_track ? " needs=mem-track" : "",
                          criu->needs_lazy_pages ? " needs=lazy-pages" : "",
                          criu->needs_lsm ? " needs=lsm" : "");
  for (const char *const *path = criu->readonly; path != NULL && *path != NULL; path++)
    g_string_append_printf (text, "  readonly %s\n", *path);
  for (gsize i = 0; i < criu->n_settings; i++)
    {
      const RuncCriuSetting *s = &criu->settings[i];

      g_string_append_printf (text, "  %s ", known[s->option].name);
      switch (known[s->option].kind)
        {
        case RUNC_CRIU_FLAG:
        case RUNC_CRIU_NUMBER:
          g_string_append_printf (text, "%" G_GINT64_FORMAT "\n", s->number);
          break;
        case RUNC_CRIU_DIR:
        case RUNC_CRIU_TEXT:
          g_string_append_printf (text, "%s\n", s->value);
          break;
        case RUNC_CRIU_PAIR:
          g_string_append_printf (text, "%s=%s\n", s->key, s->value);
          break;
        case RUNC_CRIU_KEY_FD:
        case RUNC_CRIU_SERVER:
          g_string_append_printf (text, "%s=%" G_GINT64_FORMAT "\n", s->key, s->number);
          break;
        }
    }
}

/* ---- mountinfo ----------------------------------------------------------------------------- */

/* Put the characters back that the kernel writes as "\040". */
static void
unescape (char *text)
{
  char *to = text;

  for (const char *from = text; *from != '\0'; to++)
    if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7'
        && from[3] >= '0' && from[3] <= '7')
      {
        *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
        from += 4;
      }
    else
      *to = *from++;
  *to = '\0';
}

/* "36 35 98:0 /root /target opts [fields ...] - type source super" (proc(5)) */
static bool
parse_line (char *line, RuncMountFact *fact)
{
  char *dash = strstr (line, " - ");
  char *field[5], *rest = line;
  char *type = dash != NULL ? dash + 3 : NULL;
  guint64 id;

  if (dash == NULL)
    return false;
  *dash = '\0';
  type[strcspn (type, " ")] = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (field); i++)
    {
      field[i] = strsep (&rest, " ");
      if (field[i] == NULL)
        return false;
    }
  if (!g_ascii_string_to_unsigned (field[0], 10, 0, G_MAXINT, &id, NULL))
    return false;
  unescape (field[3]);
  unescape (field[4]);
  *fact = (RuncMountFact){
    .id = (int)id,
    .root = field[3],
    .target = field[4],
    .type = type,
  };
  return true;
}

gsize
runc_plan_parse_mountinfo (char *text, RuncMountFact **ret_mounts)
{
  g_autoptr (GArray) mounts = g_array_new (FALSE, TRUE, sizeof (RuncMountFact));
  gsize n;
  char *line;

  while ((line = strsep (&text, "\n")) != NULL)
    {
      RuncMountFact fact;

      if (parse_line (line, &fact))
        g_array_append_val (mounts, fact);
    }
  *ret_mounts = (RuncMountFact *)g_array_steal (mounts, &n);
  return n;
}
