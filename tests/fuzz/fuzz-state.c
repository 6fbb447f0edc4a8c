/* libFuzzer: state.json, and /proc/PID/stat, whose second field is any process's own choice.
 *
 * Beyond "no crash, no leak": what is refused has a message, and a state that is accepted is the
 * same after it was written and read again.
 */
#include "state/state.h"
#include "sys/pid.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *)data;
  g_autoptr (GError) error = NULL;
  g_autoptr (RuncState) state = runc_state_from_json (text, size, &error);
  RuncProcessStat stat;

  runc_sys_parse_stat (text, size, &stat);
  if (state == NULL)
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (strlen (error->message), >, 0);
      return 0;
    }
  g_autofree char *written = runc_state_to_json (state);
  g_autoptr (RuncState) again = runc_state_from_json (written, strlen (written), &error);
  g_assert_no_error (error);
  g_autofree char *written_again = runc_state_to_json (again);
  g_assert_cmpstr (written, ==, written_again);
  return 0;
}
