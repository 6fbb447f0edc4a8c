/* probe: one system call, inside of a container. Linked statically, because it is copied there.
 *
 *   probe [-32] NUMBER [ARGUMENT...]
 *
 * Prints what the kernel returns: "0", or "errno 38". -32 makes it a call of i386, from a program
 * of x86_64; "no i386" (status 2) where that cannot be done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGS 6

int
main (int argc, char **argv)
{
  int is_32 = argc > 1 && strcmp (argv[1], "-32") == 0;
  unsigned long args[MAX_ARGS] = { 0 };
  long number, result;

  argv += is_32;
  argc -= is_32;
  if (argc < 2 || argc > 2 + MAX_ARGS)
    {
      fprintf (stderr, "usage: probe [-32] NUMBER [ARGUMENT...]\n");
      return 2;
    }
  number = strtol (argv[1], NULL, 0);
  for (int i = 2; i < argc; i++)
    args[i - 2] = strtoul (argv[i], NULL, 0);
  if (is_32)
    {
#ifdef __x86_64__
      __asm__ volatile("int $0x80"
                       : "=a"(result)
                       : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]),
                         "D"(args[4])
                       : "memory", "r8", "r9", "r10", "r11");
      result = (int)result;
#else
      puts ("no i386");
      return 2;
#endif
    }
  else
    {
      result = syscall (number, args[0], args[1], args[2], args[3], args[4], args[5]);
      if (result == -1)
        result = -errno;
    }
  if (result < 0 && result > -4096)
    printf ("errno %ld\n", -result);
  else
    printf ("%ld\n", result);
  return 0;
}
