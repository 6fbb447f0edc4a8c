/* libFuzzer: what criu says, as the parent takes it; its log; the mounts of a container. */
#include "criu/message.h"
#include "criu/session.h"
#include "plan/checkpoint.h"

#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (RuncCriuResponse) response = { 0 };
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *error = runc_criu_first_error (text);
  g_autofree RuncMountFact *mounts = NULL;
  gsize n = runc_plan_parse_mountinfo (text, &mounts);

  for (gsize i = 0; i < n; i++)
    g_assert_true (mounts[i].root != NULL && mounts[i].target != NULL && mounts[i].type != NULL);
  if (runc_criu_decode (data, size, &response, NULL))
    g_assert_nonnull (runc_criu_type_to_string (response.type));
  return 0;
}
