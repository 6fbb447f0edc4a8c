/* libFuzzer: packets on the wire, as the parent takes them from a child that has gone mad. */
#include "base/fd.h"
#include "wire/wire.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  autofd int a = -EBADF, b = -EBADF;
  RuncWireFailure failure;
  RuncMessage message;
  size_t len = 0;
  int fd = -EBADF, r;

  /* The first byte says how much room the receiver has. */
  if (size < 1 || size > 4096)
    return 0;
  g_assert_cmpint (runc_wire_pair (&a, &b), ==, 0);
  for (int bare = 0; bare < 2; bare++)
    {
      gsize room = MIN ((gsize)data[0] * 8, sizeof failure);

      if (send (a, data + 1, size - 1, 0) < 0)
        return 0;
      r = bare ? runc_wire_read (b, &message)
               : runc_wire_receive (b, &message, &failure, room, &len, &fd);
      g_assert_true (r == 1 || r == 0 || r == -EBADMSG || r == -EMSGSIZE);
      if (r == 1)
        {
          g_assert_cmpuint (message, <, RUNC_N_MESSAGES);
          g_assert_cmpuint (len, <=, room);
          g_assert_cmpstr (runc_message_to_string (message), !=, "?");
        }
      g_assert_cmpint (fd, ==, -EBADF);
    }
  return 0;
}
