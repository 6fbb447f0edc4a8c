/* The rules of the specification that a document breaks or not, whatever the host: the top level.
 *
 * Runs in the parent, after decoding and before anything is done. Pure: no I/O. Where the
 * specification says MUST and runc looks away, the rule is kept if breaking it would silently do
 * something else than was asked for, and dropped if engines are known to break it.
 */
#include "spec/validate.h"

#include <string.h>

/* HOST_NAME_MAX; the kernel's __NEW_UTS_LEN */
#define MAX_HOSTNAME 64

/* Skip a number without leading zeros at *@at. */
static gboolean
skip_number (const char **at)
{
  gsize digits = strspn (*at, "0123456789");

  if (digits == 0 || (digits > 1 && **at == '0'))
    return FALSE;
  *at += digits;
  return TRUE;
}

/* Skip dot-separated identifiers at *@at, as they stand behind '-' and '+' in a version. */
static gboolean
skip_identifiers (const char **at)
{
  const char *p = *at;

  for (;; p++)
    {
      const char *start = p;
      while (g_ascii_isalnum (*p) || *p == '-')
        p++;
      if (p == start)
        return FALSE;
      if (*p != '.')
        break;
    }
  *at = p;
  return TRUE;
}

/* semver.org 2.0.0: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] */
static gboolean
is_semver (const char *version)
{
  const char *p = version;

  for (int i = 0; i < 3; i++)
    {
      if (i > 0 && *p++ != '.')
        return FALSE;
      if (!skip_number (&p))
        return FALSE;
    }
  if (*p == '-' && (p++, !skip_identifiers (&p)))
    return FALSE;
  if (*p == '+' && (p++, !skip_identifiers (&p)))
    return FALSE;
  return *p == '\0';
}

/* Minor versions only add members, and unknown members are ignored: any 1.x will do. */
static gboolean
check_version (const RuncSpec *spec, GError **error)
{
  if (spec->oci_version == NULL)
    return runc_spec_invalid (error, "ociVersion: required, but missing (\"1.3.0\" is current)");
  if (!is_semver (spec->oci_version))
    return runc_spec_invalid (error, "ociVersion: '%s' is not a version (\"1.3.0\" would be one)",
                              spec->oci_version);
  if (!g_str_has_prefix (spec->oci_version, "1."))
    return runc_spec_fail (error, RUNC_ERROR_UNSUPPORTED,
                           "ociVersion: '%s' is not supported, only versions 1.x are",
                           spec->oci_version);
  return TRUE;
}

static gboolean
check_uts (const RuncSpec *spec, const char *name, const char *member, GError **error)
{
  if (name == NULL)
    return TRUE;
  if (!spec->linux_spec.namespaces[RUNC_NS_UTS].present)
    return runc_spec_invalid (error,
                              "%s: needs a uts namespace, or the host's would change (add "
                              "{\"type\": \"uts\"} to linux.namespaces)",
                              member);
  if (strlen (name) > MAX_HOSTNAME)
    return runc_spec_invalid (error, "%s: longer than %d bytes", member, MAX_HOSTNAME);
  return TRUE;
}

static gboolean
check_mounts (const RuncSpec *spec, GError **error)
{
  for (gsize i = 0; i < spec->n_mounts; i++)
    {
      const RuncSpecMount *mount = &spec->mounts[i];
      char where[64];

      if (mount->destination == NULL)
        return runc_spec_invalid (error, "mounts[%zu].destination: must not be empty", i);
      if (mount->uid_mappings.n == 0 && mount->gid_mappings.n == 0)
        continue;
      g_snprintf (where, sizeof where, "mounts[%zu]", i);
      if (!runc_validate_id_maps (&mount->uid_mappings, &mount->gid_mappings, where, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_hooks (const RuncSpec *spec, GError **error)
{
  for (int kind = 0; kind < RUNC_HOOK_N_KINDS; kind++)
    for (gsize i = 0; i < spec->hooks[kind].n; i++)
      {
        const RuncSpecHook *hook = &spec->hooks[kind].items[i];
        const char *key = runc_hook_kind_to_string ((RuncHookKind)kind);

        if (hook->path == NULL || *hook->path != '/')
          return runc_spec_invalid (error, "hooks.%s[%zu].path: must be absolute, got '%s'", key, i,
                                    hook->path != NULL ? hook->path : "");
        if (hook->timeout.present && hook->timeout.value <= 0)
          return runc_spec_invalid (
              error, "hooks.%s[%zu].timeout: must be more than 0 seconds, got %" G_GINT64_FORMAT,
              key, i, hook->timeout.value);
      }
  return TRUE;
}

static gboolean
check_annotations (const RuncSpec *spec, GError **error)
{
  for (gsize i = 0; i < spec->annotations.n; i++)
    if (*spec->annotations.items[i].key == '\0')
      return runc_spec_invalid (error, "annotations: a key must not be empty");
  return TRUE;
}

gboolean
runc_spec_validate (const RuncSpec *spec, GError **error)
{
  if (!check_version (spec, error))
    return FALSE;
  if (spec->root_path == NULL)
    return runc_spec_invalid (error, "root.path: required, but missing or empty");
  if (spec->process != NULL && !runc_spec_validate_process (spec->process, "process", error))
    return FALSE;
  return check_uts (spec, spec->hostname, "hostname", error)
         && check_uts (spec, spec->domainname, "domainname", error) && check_mounts (spec, error)
         && check_hooks (spec, error) && check_annotations (spec, error)
         && (!spec->has_linux || runc_validate_linux (spec, error));
}
