/* Seccomp: from the profile in config.json to the BPF program that the child loads. Parent side.
 *
 * Compiled filters are cached by digest of (profile, architecture, libseccomp version, kernel
 * release) in a directory that only its owner can write; a hit is verified, and asks libseccomp for
 * nothing but its version.
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <linux/filter.h>

typedef struct
{
  struct sock_filter *instructions;
  guint n_instructions;
  guint32 flags;     /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
  gboolean listener; /* SCMP_ACT_NOTIFY is used: NEW_LISTENER is among the flags */
} RuncSeccompFilter;

void runc_seccomp_filter_clear (RuncSeccompFilter *filter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncSeccompFilter, runc_seccomp_filter_clear)

/* The filter for @seccomp.
 *
 * @cache_dir: directory of the cache, made 0700 if absent; NULL: no cache. A directory that
 *   somebody else could write is not used (debug line), never an error.
 * Errors: RUNC_ERROR_UNSUPPORTED when built without seccomp, or for what libseccomp or the kernel
 * does not have; RUNC_ERROR_INVALID_SPEC for what libseccomp refuses. Unknown system call names are
 * skipped with a debug line. */
gboolean runc_seccomp_compile (const RuncSpecSeccomp *seccomp, const char *cache_dir,
                               RuncSeccompFilter *ret_filter, GError **error);

/* Hand @listener_fd to the agent at @seccomp->listener_path, with the state the specification asks
 * for.
 *
 * @state_json: the container's state as `runc state` prints it
 * @pid: the container process, as seen by us
 * Errors contain "failed to connect with seccomp agent". */
gboolean runc_seccomp_notify_send (const RuncSpecSeccomp *seccomp, int listener_fd,
                                   const char *state_json, pid_t pid, GError **error);

/* "2.5.4", or NULL when built without. */
const char *runc_seccomp_library_version (void);

/* Names for `features`: strv, static. */
const char *const *runc_seccomp_known_actions (void);
const char *const *runc_seccomp_known_operators (void);
const char *const *runc_seccomp_known_archs (void);
const char *const *runc_seccomp_known_flags (void);
/* The flags that this kernel takes (new strv container, static strings). */
const char **runc_seccomp_supported_flags (void);
