/* A process that ends a program when another process ends. Parent side. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct
{
  const char *name;  /* of the keeper, as ps(1) shows it; at most 15 bytes */
  const char *path;  /* of the program */
  char *const *argv; /* what it is given; it must stay in the foreground */
  const int *fds;    /* its stdin, stdout and stderr; it gets no others */
  int pidfd;         /* of the process that it is for */
} RuncKeeperRequest;

/* Start the program below a keeper, a child of ours that lives no longer than the program and has
 * its exit status, or 0 if the keeper ended it.
 *
 * The program is killed when the process of the pidfd ends, when the keeper gets SIGTERM, and by
 * the kernel when the keeper is killed. But for the last case it is gone before the keeper is. The
 * signals of a terminal do not reach them. If the program cannot be executed, its stderr says so.
 *
 * @ret_pid: the keeper
 * Returns 0 or -errno. */
int runc_keeper_start (const RuncKeeperRequest *request, pid_t *ret_pid);
