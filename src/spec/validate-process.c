/* The rules for `process`. Runs in the parent; no I/O. */
#include "spec/validate.h"

#include <string.h>

/* include/uapi/linux/sched.h */
#define POLICY_OTHER    0
#define POLICY_FIFO     1
#define POLICY_RR       2
#define POLICY_BATCH    3
#define POLICY_ISO      4
#define POLICY_DEADLINE 6

/* The id that the kernel's set*id calls take for "leave it as it is". */
#define NO_ID UINT32_MAX

static gboolean
check_user (const RuncSpecUser *user, const char *path, GError **error)
{
  if (user->uid == NO_ID)
    return runc_spec_invalid (error, "%s.user.uid: %u is not a user id", path, user->uid);
  if (user->gid == NO_ID)
    return runc_spec_invalid (error, "%s.user.gid: %u is not a group id", path, user->gid);
  for (gsize i = 0; i < user->n_additional_gids; i++)
    if (user->additional_gids[i] == NO_ID)
      return runc_spec_invalid (error, "%s.user.additionalGids[%zu]: %u is not a group id", path, i,
                                user->additional_gids[i]);
  if (user->umask.present && user->umask.value > 0777)
    return runc_spec_invalid (
        error, "%s.user.umask: expected a decimal number from 0 to 511 (octal 0777), got %u", path,
        user->umask.value);
  return TRUE;
}

static gboolean
check_env (const RuncStrings *env, const char *path, GError **error)
{
  for (gsize i = 0; i < env->n; i++)
    {
      const char *equals = strchr (env->items[i], '=');
      if (equals == NULL)
        return runc_spec_invalid (error, "%s.env[%zu]: '%s' has no '=' (write NAME=value)", path, i,
                                  env->items[i]);
      if (equals == env->items[i])
        return runc_spec_invalid (error, "%s.env[%zu]: '%s' has no name (write NAME=value)", path,
                                  i, env->items[i]);
    }
  return TRUE;
}

static gboolean
check_rlimits (const RuncSpecProcess *process, const char *path, GError **error)
{
  uint64_t seen = 0;

  for (gsize i = 0; i < process->n_rlimits; i++)
    {
      const RuncSpecRlimit *rlimit = &process->rlimits[i];
      uint64_t bit = UINT64_C (1) << rlimit->resource;
      if ((seen & bit) != 0)
        return runc_spec_invalid (error, "%s.rlimits[%zu]: duplicate limit '%s'", path, i,
                                  rlimit->type);
      seen |= bit;
      if (rlimit->soft > rlimit->hard)
        return runc_spec_invalid (error,
                                  "%s.rlimits[%zu]: the soft limit %" G_GUINT64_FORMAT
                                  " is above the hard limit %" G_GUINT64_FORMAT,
                                  path, i, rlimit->soft, rlimit->hard);
    }
  return TRUE;
}

/* sched_setattr(2) and what the kernel's __checkparam_dl() asks for: at least 1024 ns of run time,
 * runtime <= deadline <= period, no top bit. */
static gboolean
check_deadline (const RuncSpecScheduler *scheduler, const char *path, GError **error)
{
  uint64_t period = scheduler->period != 0 ? scheduler->period : scheduler->deadline;

  if (scheduler->runtime < 1024 || scheduler->runtime > scheduler->deadline
      || scheduler->deadline > period || period > INT64_MAX)
    return runc_spec_invalid (error,
                              "%s.scheduler: SCHED_DEADLINE needs 1024 <= runtime <= deadline <= "
                              "period (in nanoseconds; without a period, deadline is it)",
                              path);
  return TRUE;
}

static gboolean
check_scheduler (const RuncSpecScheduler *scheduler, const char *path, GError **error)
{
  int policy = scheduler->policy;
  gboolean realtime = policy == POLICY_FIFO || policy == POLICY_RR;

  if (policy == POLICY_ISO)
    return runc_spec_fail (error, RUNC_ERROR_UNSUPPORTED,
                           "%s.scheduler.policy: Linux has no SCHED_ISO", path);
  if ((policy == POLICY_OTHER || policy == POLICY_BATCH)
      && (scheduler->nice < -20 || scheduler->nice > 19))
    return runc_spec_invalid (error, "%s.scheduler.nice: expected a number from -20 to 19, got %d",
                              path, scheduler->nice);
  if (realtime && (scheduler->priority < 1 || scheduler->priority > 99))
    return runc_spec_invalid (error,
                              "%s.scheduler.priority: expected a number from 1 to 99 for "
                              "SCHED_FIFO and SCHED_RR, got %d",
                              path, scheduler->priority);
  if (!realtime && scheduler->priority != 0)
    return runc_spec_invalid (error,
                              "%s.scheduler.priority: only SCHED_FIFO and SCHED_RR have one (nice "
                              "is for SCHED_OTHER and SCHED_BATCH)",
                              path);
  if (policy == POLICY_DEADLINE)
    return check_deadline (scheduler, path, error);
  if (scheduler->runtime != 0 || scheduler->deadline != 0 || scheduler->period != 0)
    return runc_spec_invalid (
        error, "%s.scheduler: runtime, deadline and period are for SCHED_DEADLINE only", path);
  return TRUE;
}

static gboolean
check_affinity (const RuncSpecProcess *process, const char *path, GError **error)
{
  g_autofree char *initial = g_strdup_printf ("%s.execCPUAffinity.initial:", path);
  g_autofree char *final = g_strdup_printf ("%s.execCPUAffinity.final:", path);

  return runc_validate_id_list (process->cpu_affinity_initial, initial, error)
         && runc_validate_id_list (process->cpu_affinity_final, final, error);
}

gboolean
runc_spec_validate_process (const RuncSpecProcess *process, const char *path, GError **error)
{
  const RuncSpecConsoleSize *size = process->console_size;
  const RuncSpecIoPriority *io = process->io_priority;

  if (process->cwd == NULL)
    return runc_spec_invalid (error, "%s.cwd: required, but missing or empty", path);
  if (*process->cwd != '/')
    return runc_spec_invalid (error, "%s.cwd: must be absolute, got '%s'", path, process->cwd);
  if (process->args.n == 0)
    return runc_spec_invalid (error, "%s.args: must not be empty", path);
  if (!check_user (&process->user, path, error) || !check_env (&process->env, path, error)
      || !check_rlimits (process, path, error))
    return FALSE;
  /* A terminal keeps its size in 16 bits; without one, consoleSize MUST be ignored. */
  if (process->terminal && size != NULL && (size->height > UINT16_MAX || size->width > UINT16_MAX))
    return runc_spec_invalid (error, "%s.consoleSize: %ux%u is larger than a terminal can be", path,
                              size->width, size->height);
  if (process->oom_score_adj.present
      && (process->oom_score_adj.value < -1000 || process->oom_score_adj.value > 1000))
    return runc_spec_invalid (
        error, "%s.oomScoreAdj: expected a number from -1000 to 1000, got %" G_GINT64_FORMAT, path,
        process->oom_score_adj.value);
  if (process->scheduler != NULL && !check_scheduler (process->scheduler, path, error))
    return FALSE;
  if (io != NULL && (io->priority < 0 || io->priority > 7))
    return runc_spec_invalid (error,
                              "%s.ioPriority.priority: expected a number from 0 to 7, got %d", path,
                              io->priority);
  if (process->cpu_affinity_initial != NULL || process->cpu_affinity_final != NULL)
    return check_affinity (process, path, error);
  return TRUE;
}
