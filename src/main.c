/* The process that the user started: global set-up, the command line, the exit status. */
#include "cli/command.h"

#include "base/log.h"
#include "sys/fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* With one of the first three fds closed, the next file to be opened, a cgroup or a terminal, would
 * be taken for stdin, stdout or stderr, also by the container. */
static void
open_standard_fds (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0
        && (open ("/dev/null", O_RDWR | O_CLOEXEC) != fd || fcntl (fd, F_SETFD, 0) < 0))
      abort ();
}

int
main (int argc, char **argv)
{
  open_standard_fds ();
  runc_fault_init ();
  int status = runc_cli_main (argc, argv);

  if (fflush (stdout) != 0 || ferror (stdout))
    {
      runc_log_fatal ("cannot write to standard output");
      return status == 0 ? 1 : status;
    }
  return status;
}
