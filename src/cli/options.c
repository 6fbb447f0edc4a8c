/* The option parser. Runs in the parent, before anything else does. */
#include "cli/options.h"

#include "base/error.h"
#include "base/strings.h"

#include <string.h>

typedef struct
{
  const RuncOption *option;
  void *target;
} Match;

static gboolean
find_option (const RuncOptionGroup *groups, const char *name, gsize len, Match *ret_match)
{
  for (; groups->options != NULL; groups++)
    for (const RuncOption *option = groups->options; option->name != NULL; option++)
      if ((strncmp (option->name, name, len) == 0 && option->name[len] == '\0')
          || (len == 1 && option->alias == name[0]))
        {
          *ret_match = (Match){ option, groups->target };
          return TRUE;
        }
  return FALSE;
}

static void
append_to_list (const char ***list, const char *value)
{
  gsize n = 0;

  while (*list != NULL && (*list)[n] != NULL)
    n++;
  *list = g_renew (const char *, *list, n + 2);
  (*list)[n] = value;
  (*list)[n + 1] = NULL;
}

static gboolean
store (const Match *match, const char *value, GError **error)
{
  const RuncOption *option = match->option;
  union
  {
    gboolean flag;
    uint64_t count;
    int64_t duration;
  } parsed = { 0 };
  gboolean valid = TRUE;

  if (option->kind == RUNC_OPTION_BOOL)
    valid = runc_parse_bool (value, &parsed.flag, error);
  else if (option->kind == RUNC_OPTION_COUNT)
    valid = runc_parse_uint64 (value, G_MAXINT, &parsed.count, error);
  else if (option->kind == RUNC_OPTION_DURATION)
    valid = runc_parse_duration (value, &parsed.duration, error);
  if (!valid)
    {
      runc_prefix (error, "invalid value \"%s\" for flag -%s", value, option->name);
      if (error != NULL)
        (*error)->code = RUNC_ERROR_USAGE;
      return FALSE;
    }
  if (option->offset == RUNC_OPTION_IGNORED)
    return TRUE;

  void *member = (char *)match->target + option->offset;
  switch (option->kind)
    {
    case RUNC_OPTION_BOOL:
      *(gboolean *)member = parsed.flag;
      break;
    case RUNC_OPTION_STRING:
    case RUNC_OPTION_OPTIONAL:
      *(const char **)member = value;
      break;
    case RUNC_OPTION_LIST:
      append_to_list (member, value);
      break;
    case RUNC_OPTION_COUNT:
      *(guint *)member = (guint)parsed.count;
      break;
    case RUNC_OPTION_DURATION:
      *(gint64 *)member = parsed.duration;
      break;
    }
  return TRUE;
}

void
runc_options_set_fallbacks (const RuncOptionGroup *groups)
{
  for (; groups->options != NULL; groups++)
    for (const RuncOption *option = groups->options; option->name != NULL; option++)
      if (option->fallback != NULL
          && !store (&(Match){ option, groups->target }, option->fallback, NULL))
        g_assert_not_reached ();
}

/* Parse the option at *@next, which is left on the last string that belongs to it. */
static gboolean
parse_option (const RuncOptionGroup *groups, char ***next, GError **error)
{
  const char *text = **next;
  const char *name = text + (text[1] == '-' ? 2 : 1);
  const char *equals = strchr (name, '=');
  gsize len = equals != NULL ? (gsize)(equals - name) : strlen (name);
  const char *value = equals != NULL ? equals + 1 : NULL;
  Match match;

  if (!find_option (groups, name, len, &match))
    return runc_throw (error, RUNC_ERROR_USAGE, "flag provided but not defined: -%.*s", (int)len,
                       name);
  if (match.option->kind == RUNC_OPTION_BOOL)
    {
      if (value == NULL || *value == '\0')
        value = "true";
    }
  else if (match.option->kind == RUNC_OPTION_OPTIONAL)
    {
      if (value == NULL)
        value = "";
    }
  else if (value == NULL)
    {
      value = (*next)[1];
      if (value == NULL)
        return runc_throw (error, RUNC_ERROR_USAGE, "flag needs an argument: -%.*s", (int)len,
                           name);
      *next += 1;
    }
  return store (&match, value, error);
}

gboolean
runc_options_parse (const RuncOptionGroup *groups, gboolean anywhere, char **args, GError **error)
{
  char **kept = args;
  char **next = args;

  for (; *next != NULL; next++)
    {
      const char *text = *next;

      if (strcmp (text, "--") == 0)
        {
          next++;
          break;
        }
      if (text[0] == '-' && (text[1] == '-' || g_ascii_isalpha (text[1])))
        {
          if (!parse_option (groups, &next, error))
            return FALSE;
        }
      else if (anywhere)
        *kept++ = *next;
      else
        break;
    }
  while (*next != NULL)
    *kept++ = *next++;
  *kept = NULL;
  return TRUE;
}

void
runc_options_clear (const RuncOptionGroup *groups)
{
  for (; groups->options != NULL; groups++)
    for (const RuncOption *option = groups->options; option->name != NULL; option++)
      if (option->kind == RUNC_OPTION_LIST && option->offset != RUNC_OPTION_IGNORED)
        g_clear_pointer ((void **)((char *)groups->target + option->offset), g_free);
}
