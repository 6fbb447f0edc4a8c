/* Cgroups of a test's own, below those that this machine has. Everything is removed again. */
#pragma once

#include "cgroup/cgroup.h"
#include "cgroup/driver.h"

#include <glib.h>

typedef struct
{
  RuncCgroupSetup setup;
  char **v1_dirs;
  char *v2_dir;
  GArray *children; /* of pid_t: killed and reaped at the end */
} Fixture;

/* For g_test_add(): @data is the driver (DRIVER_FS1, DRIVER_FS2) as a pointer. Nothing is made yet.
 */
void set_up (Fixture *f, gconstpointer data);
void tear_down (Fixture *f, gconstpointer data);

/* FALSE, with the test skipped, when this machine or user has not what the driver needs. */
gboolean usable (const Fixture *f);

/* runc_cgroup_create(), which must succeed. */
void create (Fixture *f, RuncCgroupMade *made);

/* A process that has joined @files and then runs @body (NULL: sleeps for ever); the exit status is
 * what @body returns. */
pid_t spawn_into (Fixture *f, char *const *files, int (*body) (void));

/* As above in all cgroups of the fixture, waited for: its exit status, or 128 + signal. */
int run_in (Fixture *f, int (*body) (void));

/* Reap @pid; was it killed by @signum? */
gboolean died_of (pid_t pid, int signum);
void forget_children (Fixture *f);

/* The content of @file in the hierarchy of @controller (RUNC_CGROUP_N_V1: v2), without the newline
 * (new string), or NULL. */
char *value_of (const Fixture *f, RuncCgroupV1Controller controller, const char *file);
