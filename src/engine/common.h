/* What the use cases share: finding a container, telling its status, its processes, ending it, and
 * removing all that belongs to it. Parent side.
 */
#pragma once

#include "cgroup/cgroup.h"
#include "plan/request.h"
#include "spec/spec.h"
#include "state/state.h"

#include <glib.h>
#include <sys/types.h>

/* A container that is there: its open directory, and its state. Embedded. */
typedef struct
{
  RuncStateDir dir;
  RuncState *state;
} RuncContainer;

#define RUNC_CONTAINER_INIT                                                                        \
  {                                                                                                \
    .dir = RUNC_STATE_DIR_INIT                                                                     \
  }

void runc_container_clear (RuncContainer *container);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncContainer, runc_container_clear)

/* Find container @id under the state root of @global and read its state.
 *
 * @lock: hold the container's lock until *@ret_container is cleared (waits for it)
 * RUNC_ERROR_NOT_FOUND "container does not exist"; RUNC_ERROR_WRONG_STATE when it is so young, or
 * was left so early, that it has no state. */
gboolean runc_engine_load (const RuncGlobal *global, const char *id, gboolean lock,
                           RuncContainer *ret_container, GError **error);

/* The configuration as it was at create. */
RuncSpec *runc_engine_load_spec (const RuncStateDir *dir, GError **error);

/* Copy into @state what later verbs want to know of @spec: version, annotations, which hooks there
 * are. To be called before the state is first written. */
void runc_engine_state_describe (RuncState *state, const RuncSpec *spec);

/* Where the container's cgroups are; borrows from @state. */
RuncCgroupRef runc_engine_cgroup_ref (const RuncState *state);
gboolean runc_engine_has_cgroup (const RuncState *state);

/* runc_state_status(), and PAUSED. */
RuncStatus runc_engine_status (const RuncStateDir *dir, const RuncState *state);

/* The version that the container's config.json was written for, else the one implemented here. */
const char *runc_engine_oci_version (const RuncState *state);

/* The state as the specification defines it for hooks and seccomp agents (runtime.md, "State"): one
 * line without a newline at its end (new string). The pid is there unless @status is STOPPED. */
char *runc_engine_state_json (const RuncState *state, RuncStatus status);

/* Run the hooks of @kind, poststart or poststop, one after the other, with the state on their
 * stdin. The first poststart hook that fails is the error, and the last one run; a poststop hook
 * that fails is a warning (runtime.md, "Lifecycle"). */
gboolean runc_engine_run_hooks (const RuncSpec *spec, RuncHookKind kind, const RuncState *state,
                                GError **error);

/* A pidfd of the container's init, or -errno: -ESRCH when it has ended. */
int runc_engine_open_init (const RuncState *state);

/* The container's processes, ascending (GArray of pid_t): those of its cgroup, or without one those
 * that share its pid (else its mount) namespace, and their descendants. */
GArray *runc_engine_processes (const RuncState *state, GError **error);

/* Send @signal to all processes of the container. One that has none is no error. */
gboolean runc_engine_signal_all (const RuncState *state, int signal, GError **error);

/* Do @work in a process that is root over all the ids that this user has (see
 * runc_launch_in_userns()). Fails where these are no more than those that we are now. */
gboolean runc_engine_with_all_ids (int (*work) (gpointer data), gpointer data, GError **error);

/* Remove the container's cgroups with all that is in them; missing ones are fine. */
gboolean runc_engine_remove_cgroup (const RuncState *state, GError **error);

/* Remove the layer that was to be discarded, if there is one; missing is fine. */
gboolean runc_engine_remove_layer (const RuncState *state, GError **error);

/* Parse "KILL", "SIGKILL" (in any case), "RTMIN+3", "9". 0, which only probes, is taken as well.
 * RUNC_ERROR_USAGE for anything else. */
gboolean runc_engine_parse_signal (const char *text, int *ret_signal, GError **error);

/* Thaw a frozen container, as far as possible: the freezer of cgroup v1 holds back even SIGKILL. */
void runc_engine_thaw (const RuncState *state);

/* SIGKILL for all of the container, thawed if need be, and wait for its init's end.
 * RUNC_ERROR_FAILED "container init still running" after ten seconds. */
gboolean runc_engine_end (const RuncState *state, GError **error);

/* Remove all that a container without a living init has left: processes of a shared pid namespace,
 * helpers, layer, cgroups, resctrl group; then run the poststop hooks (a failure of theirs
 * is a warning) and remove the state directory. What is gone already is fine, so that it can be
 * repeated after it was interrupted.
 *
 * @dir: locked
 * @state: NULL when there is none that can be read: only the directory is removed */
gboolean runc_engine_destroy (RuncStateDir *dir, const RuncState *state, GError **error);
