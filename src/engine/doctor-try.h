/* Trying things in a child. Parent side; bodies run in the child.
 *
 * The child is made in new namespaces, so that whatever it mounts, makes or starts is gone with it;
 * it has a deadline, and dies with its parent. It is a copy of this process without its threads: a
 * body makes system calls, writes to the report, and does nothing that allocates or prints.
 */
#pragma once

#include "engine/doctor.h"

#include <stdint.h>
#include <sys/types.h>

/* What came of it. In memory shared with the child, which is a copy of us: a literal has the same
 * address in both. */
typedef struct RuncDoctorTry
{
  const char *step; /* what was done last: a literal, the object of "cannot ..." */
  int error;        /* 0: everything went well; else -errno of that step */
  char text[256];   /* more words about it, of the kernel or of a program; "" if there are none */
} RuncDoctorTry;

/* Set @try->step before each step. Returns 0 or -errno. */
typedef int (*RuncDoctorBody) (RuncDoctorTry *try, const void *data);

/* Steps of runc_doctor_try() itself. */
extern const char runc_doctor_step_clone[]; /* the namespaces were refused */
extern const char runc_doctor_step_map[];   /* the child could not map our id */
extern const char runc_doctor_step_wait[];  /* deadline (-ETIMEDOUT), or killed (-ECHILD) */

typedef struct
{
  pid_t pid; /* 0: none */
  int pidfd;
  int socket; /* the child ends when this is closed */
} RuncDoctorChild;

#define RUNC_DOCTOR_CHILD_INIT                                                                     \
  {                                                                                                \
    .pidfd = -EBADF, .socket = -EBADF                                                              \
  }

/* Start a child in new namespaces and wait until @body has come to its end in it.
 *
 * @flags: CLONE_NEW*. With CLONE_NEWUSER the child maps our own id to 0 before @body begins, unless
 * @body is NULL
 * @ret_try: the outcome
 * @ret_child: lives on in its namespaces until it is cleared, whatever the outcome is */
void runc_doctor_child_start (RuncDoctor *doctor, uint64_t flags, RuncDoctorBody body,
                              const void *data, RuncDoctorTry *ret_try, RuncDoctorChild *ret_child);
void runc_doctor_child_clear (RuncDoctorChild *child);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncDoctorChild, runc_doctor_child_clear)

/* Start, wait and clear. For an ordinary user CLONE_NEWUSER is added to @flags: rights over the
 * other namespaces come from there. */
void runc_doctor_try (RuncDoctor *doctor, uint64_t flags, RuncDoctorBody body, const void *data,
                      RuncDoctorTry *ret_try);

/* Can runc_doctor_try() be expected to do anything? If not, @finding (may be NULL) is filled: what
 * is wrong with user namespaces is for its own check to say. */
bool runc_doctor_can_try (RuncDoctor *doctor, RuncDoctorFinding *finding);

/* A sentence about a failed try, without a full stop: "cannot mount it: operation not permitted"
 * (new string). */
char *runc_doctor_describe_try (const RuncDoctorTry *try);

/* A body, without data: mount a tmpfs. */
int runc_doctor_mount_tmpfs (RuncDoctorTry *try, const void *data);

/* For bodies: run @argv[0] with stderr into @try->text, and wait for its end. Returns 0, or -EIO
 * when it says that it failed, or -errno. */
int runc_doctor_run_program (RuncDoctorTry *try, const char *const *argv);

/* For bodies: start @argv[0] with @fd as its fd 3; it ends with the body's process, if that is the
 * first of a pid namespace. Returns 0 or -errno.
 *
 * @confine: what is done before it is executed, or NULL; negative: it is not
 * @ret_messages: what it writes to stderr */
int runc_doctor_start_program (const char *const *argv, int fd, int (*confine) (void),
                               int *ret_messages);

/* Put the beginning of @messages into @try->text, as one line. */
void runc_doctor_read_messages (RuncDoctorTry *try, int messages);

/* For bodies: the rest of the mount namespace is out of reach of other namespaces. */
int runc_doctor_make_private (RuncDoctorTry *try);

/* Memory that the children report in; doctor->shared. */
void runc_doctor_try_init (RuncDoctor *doctor);
void runc_doctor_try_clear (RuncDoctor *doctor);
