/* A profile with its names looked up: system calls and architectures as numbers, actions as what a
 * filter returns. Needs libseccomp.
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>

/* More than libseccomp knows architectures. */
#define RUNC_SECCOMP_MAX_ARCHS 32

typedef struct
{
  guint32 token; /* SCMP_ARCH_* */
  guint32 audit; /* AUDIT_ARCH_*, what the kernel tells a filter */
  int largest;   /* the highest number among the system calls that the profile names; 0: none */
} RuncSeccompArch;

/* One name of one rule; of those that make a difference. */
typedef struct
{
  const char *name;            /* borrowed from the profile */
  const RuncSpecSyscall *rule; /* the same */
  gsize rule_index;
  guint32 action;
  int native; /* libseccomp's number for it, which may be a negative one of its own */
  /* One action for the whole system call on every architecture, and no other name has a say: the
   * answer is in @numbers, nothing has to be compiled. */
  gboolean plain;
  int numbers[RUNC_SECCOMP_MAX_ARCHS]; /* by architecture; negative: does not have it */
} RuncSeccompEntry;

typedef struct
{
  guint32 default_action;
  RuncSeccompArch archs[RUNC_SECCOMP_MAX_ARCHS]; /* the native one is the first */
  gsize n_archs;
  GArray *entries; /* of RuncSeccompEntry */
} RuncSeccompProfile;

void runc_seccomp_profile_clear (RuncSeccompProfile *profile);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncSeccompProfile, runc_seccomp_profile_clear)

/* Look up everything in @seccomp. Names that libseccomp does not know are left out with a debug
 * line, and so are rules that only repeat the default action. Errors: RUNC_ERROR_INVALID_SPEC,
 * RUNC_ERROR_UNSUPPORTED, with the JSON path. */
gboolean runc_seccomp_profile_init (RuncSeccompProfile *profile, const RuncSpecSeccomp *seccomp,
                                    GError **error);
