/* The processes of a container, found and signalled. Runs in the parent.
 *
 * A cgroup knows them. Without one (a user to whom nothing is delegated) they are told by the pid
 * namespace that they share with init, or, if the container has none of its own, by the mount
 * namespace; that finds what exec has started, too. Their descendants belong to them wherever they
 * are.
 */
#include "engine/common.h"

#include "base/error.h"
#include "base/fd.h"
#include "sys/pid.h"
#include "sys/syscalls.h"

#include <errno.h>
#include <signal.h>

/* Rounds of looking for processes to signal: each finds what the last one's victims have forked. */
#define MAX_ROUNDS 16

typedef struct
{
  pid_t pid;
  pid_t ppid;
  guint64 start_time;
  gboolean ours;
} Process;

typedef struct
{
  GArray *processes; /* of Process */
  pid_t init_pid;
  const char *namespace; /* the one that tells, or NULL: only descent does */
  ino_t inode;
} Search;

static int
add_process (pid_t pid, void *data)
{
  Search *search = data;
  RuncProcessStat stat;
  ino_t inode;

  if (runc_sys_process_stat (pid, &stat) < 0 || runc_sys_stat_ended (&stat))
    return 0;
  Process process = {
    .pid = pid,
    .ppid = stat.ppid,
    .start_time = stat.start_time,
    .ours = pid == search->init_pid
            || (search->namespace != NULL
                && runc_sys_process_namespace (pid, search->namespace, &inode) == 0
                && inode == search->inode),
  };
  g_array_append_val (search->processes, process);
  return 0;
}

static int
compare_pids (gconstpointer a, gconstpointer b)
{
  pid_t pid_a = ((const Process *)a)->pid;
  pid_t pid_b = ((const Process *)b)->pid;

  return (pid_a > pid_b) - (pid_a < pid_b);
}

/* Mark the descendants of what is marked. Children mostly have greater pids than their parents, so
 * one pass over the sorted array does nearly all; the next one finds nothing and ends it. */
static void
mark_descendants (GArray *processes)
{
  g_autoptr (GHashTable) ours = g_hash_table_new (NULL, NULL);
  gboolean changed = TRUE;

  for (guint i = 0; i < processes->len; i++)
    {
      Process *process = &g_array_index (processes, Process, i);
      if (process->ours)
        g_hash_table_add (ours, GINT_TO_POINTER (process->pid));
    }
  while (changed)
    {
      changed = FALSE;
      for (guint i = 0; i < processes->len; i++)
        {
          Process *process = &g_array_index (processes, Process, i);
          if (process->ours || !g_hash_table_contains (ours, GINT_TO_POINTER (process->ppid)))
            continue;
          process->ours = TRUE;
          g_hash_table_add (ours, GINT_TO_POINTER (process->pid));
          changed = TRUE;
        }
    }
}

/* Find them by what /proc shows (GArray of Process, ascending; ours are marked). */
static GArray *
search_proc (const RuncState *state, GError **error)
{
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (Process));
  Search search = {
    .processes = processes,
    .init_pid = state->init_pid,
    .namespace = state->own_pidns ? "pid" : "mnt",
  };
  ino_t own;
  int r;

  /* Nobody is left to tell them by. */
  if (!runc_state_process_alive (state->init_pid, state->init_start_time))
    return g_steal_pointer (&processes);
  if (runc_sys_process_namespace (state->init_pid, search.namespace, &search.inode) < 0
      || runc_sys_process_namespace (0, search.namespace, &own) < 0 || own == search.inode)
    search.namespace = NULL;
  r = runc_sys_for_each_process (add_process, &search);
  if (r < 0)
    {
      runc_throw_neg (error, r, "cannot read /proc");
      return NULL;
    }
  g_array_sort (processes, compare_pids);
  mark_descendants (processes);
  return g_steal_pointer (&processes);
}

GArray *
runc_engine_processes (const RuncState *state, GError **error)
{
  g_autoptr (GArray) processes = NULL;
  g_autoptr (GArray) pids = NULL;

  if (runc_engine_has_cgroup (state))
    {
      RuncCgroupRef ref = runc_engine_cgroup_ref (state);
      return runc_cgroup_pids (&ref, error);
    }
  processes = search_proc (state, error);
  if (processes == NULL)
    return NULL;
  pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  for (guint i = 0; i < processes->len; i++)
    if (g_array_index (processes, Process, i).ours)
      g_array_append_val (pids, g_array_index (processes, Process, i).pid);
  return g_steal_pointer (&pids);
}

/* Signal what search_proc() finds, init last: it is who the others are told by. */
static gboolean
signal_found (const RuncState *state, int signal, guint *ret_n, GError **error)
{
  g_autoptr (GArray) processes = search_proc (state, error);

  *ret_n = 0;
  if (processes == NULL)
    return FALSE;
  for (guint i = 0; i < processes->len; i++)
    {
      Process *process = &g_array_index (processes, Process, i);
      if (!process->ours || process->pid == state->init_pid)
        continue;
      autofd int pidfd = runc_sys_pidfd_open_checked (process->pid, process->start_time);
      if (pidfd >= 0 && runc_sys_pidfd_send_signal (pidfd, signal) == 0)
        ++*ret_n;
    }
  return TRUE;
}

gboolean
runc_engine_signal_all (const RuncState *state, int signal, GError **error)
{
  guint n = 0;
  int r;

  if (runc_engine_has_cgroup (state))
    {
      RuncCgroupRef ref = runc_engine_cgroup_ref (state);
      return runc_cgroup_signal_all (&ref, signal, error);
    }
  autofd int pidfd = runc_engine_open_init (state);
  for (guint round = 0; round < MAX_ROUNDS; round++)
    {
      if (!signal_found (state, signal, &n, error))
        return FALSE;
      if (n == 0 || signal != SIGKILL)
        break;
    }
  if (pidfd < 0)
    return TRUE;
  r = runc_sys_pidfd_send_signal (pidfd, signal);
  if (r < 0 && r != -ESRCH)
    return runc_throw_neg (error, r, "unable to signal init of container '%s'", state->id);
  return TRUE;
}
