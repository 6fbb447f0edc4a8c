/* linux.intelRdt: which group of the resctrl filesystem, and what is written there. Pure; the
 * parent. The rules are those of runtime-spec 1.3, config-linux.md, "IntelRdt".
 */
#include "plan/builder.h"

#include "base/error.h"

#include <string.h>

static void
add_line (GString *text, const char *line)
{
  if (line != NULL && line[0] != '\0')
    g_string_append_printf (text, "%s\n", line);
}

/* NULL when there is nothing. */
static const char *
keep (RuncBuilder *b, GString *take_text)
{
  const char *kept
      = take_text->len > 0 ? runc_builder_strndup (b, take_text->str, take_text->len) : NULL;

  g_string_free (take_text, TRUE);
  return kept;
}

gboolean
runc_plan_intel_rdt (RuncBuilder *b, GError **error)
{
  const RuncSpecIntelRdt *rdt = b->spec->linux_spec.intel_rdt;
  RuncRdtPlan *plan = &b->plan->rdt;
  GString *text;
  bool named;

  if (rdt == NULL)
    return TRUE;
  if (b->host->resctrl == NULL)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "linux.intelRdt: no resctrl filesystem is mounted (if the processor has "
                       "Intel RDT or AMD QoS: 'mount -t resctrl resctrl /sys/fs/resctrl')");
  if (b->who != RUNC_WHO_REAL_ROOT)
    return runc_throw (error, RUNC_ERROR_UNSUPPORTED,
                       "linux.intelRdt: only root may make groups in '%s' (start as root, or leave "
                       "it out)",
                       b->host->resctrl);
  named = rdt->clos_id != NULL && rdt->clos_id[0] != '\0';
  plan->dir = !named ? runc_builder_path (b, b->host->resctrl, b->request->id)
              : strcmp (rdt->clos_id, "/") == 0
                  ? b->host->resctrl
                  : runc_builder_path (b, b->host->resctrl, rdt->clos_id);
  if (rdt->enable_monitoring)
    plan->mon_dir
        = runc_builder_path (b, runc_builder_path (b, plan->dir, "mon_groups"), b->request->id);
  text = g_string_new (NULL);
  add_line (text, rdt->l3_cache_schema);
  add_line (text, rdt->mem_bw_schema);
  plan->expected = named ? keep (b, g_string_new (text->str)) : NULL;
  for (gsize i = 0; i < rdt->schemata.n; i++)
    add_line (text, rdt->schemata.items[i]);
  plan->schemata = keep (b, text);
  plan->must_exist = named && plan->schemata == NULL;
  plan->own = !named;
  return TRUE;
}
