/*
 * The stopwatch of `make bench`: runs the same steps with several runtimes, interleaved, and prints
 * medians.
 *
 *   bench [--rounds N] [--as UID:GID] < PLAN
 *
 * A plan is lines of fields that are separated by tabs:
 *
 *   title TEXT                    heading of the table
 *   column NAME                   the steps that follow belong to this runtime; "ours" is the one
 * under test step NAME ARG...              a command that is timed from posix_spawn to wait, and
 * has to exit with 0 batch NAME COUNT AT_ONCE ARG...  COUNT such commands, AT_ONCE of them at a
 * time, timed together gone FILE                     wait, off the clock, until the process whose
 * pid is in FILE has ended max STEP COLUMN FACTOR        target: ours is at most FACTOR times
 * COLUMN below STEP COLUMN             target: ours is faster than COLUMN over STEP BASE MS target:
 * ours takes at most MS more for STEP than for BASE
 *
 * In an argument %n stands for a number that no other command of this run gets, except that the
 * steps of one column in one round share it. A round goes through all columns, so that what
 * disturbs the machine disturbs all of them. The real-time class keeps other programs out where it
 * may be had. A command that fails takes its column out and is reported; missing a target never is
 * a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COLUMNS  8
#define MAX_STEPS    16
#define MAX_TARGETS  32
#define MAX_ARGS     64
#define MAX_ROUNDS   1000
#define MAX_AT_ONCE  16
#define ERROR_LENGTH 200
#define DEADLINE_MS  60000

extern char **environ;

typedef struct
{
  const char *name; /* NULL for the kinds that are not timed */
  const char *gone; /* pid file to wait for */
  char *argv[MAX_ARGS + 1];
  unsigned int count, at_once;
  double ms[MAX_ROUNDS];
  long peak_kib;
} Step;

typedef struct
{
  const char *name;
  Step *steps[MAX_STEPS];
  unsigned int n_steps;
  bool failed;
  char error[ERROR_LENGTH];
} Column;

typedef struct
{
  const char *kind, *step, *other;
  double limit;
} Target;

static Column columns[MAX_COLUMNS];
static Target targets[MAX_TARGETS];
static unsigned int n_columns, n_targets, rounds = 40, serial;
static const char *title = "";
static int null_fd, error_fd;

static _Noreturn void
die (const char *what, const char *why)
{
  fprintf (stderr, "bench: %s: %s\n", what, why);
  exit (2);
}

/* ---------------------------------------------------------------- the plan */

static char *
next_field (char **rest)
{
  char *field;

  while ((field = strsep (rest, "\t")) != NULL && *field == '\0')
    ;
  return field;
}

static char *
need_field (char **rest, const char *line_kind)
{
  char *field = next_field (rest);
  if (field == NULL)
    die (line_kind, "a field is missing in the plan");
  return field;
}

static void
add_step (const char *kind, char *rest)
{
  Column *column = &columns[n_columns - 1];
  Step *step = calloc (1, sizeof *step);
  unsigned int n = 0;

  if (n_columns == 0 || column->n_steps == MAX_STEPS || step == NULL)
    die (kind, "no column for it, or too many steps");
  step->count = step->at_once = 1;
  if (strcmp (kind, "gone") == 0)
    step->gone = need_field (&rest, kind);
  else
    step->name = need_field (&rest, kind);
  if (strcmp (kind, "batch") == 0)
    {
      step->count = (unsigned int)atoi (need_field (&rest, kind));
      step->at_once = (unsigned int)atoi (need_field (&rest, kind));
      if (step->at_once < 1 || step->at_once > MAX_AT_ONCE)
        die (kind, "bad number at once");
    }
  for (char *arg; (arg = next_field (&rest)) != NULL;)
    {
      if (n == MAX_ARGS)
        die (kind, "too many arguments");
      step->argv[n++] = arg;
    }
  column->steps[column->n_steps++] = step;
}

static void
add_target (const char *kind, char *rest)
{
  Target *target = &targets[n_targets++];

  if (n_targets > MAX_TARGETS)
    die (kind, "too many targets");
  target->kind = kind;
  target->step = need_field (&rest, kind);
  target->other = need_field (&rest, kind);
  target->limit = strcmp (kind, "below") == 0 ? 1 : atof (need_field (&rest, kind));
}

static void
read_plan (void)
{
  char *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0)
    {
      char *rest = strdup (line);
      if (rest == NULL)
        die ("plan", strerror (errno));
      rest[strcspn (rest, "\n")] = '\0';
      const char *kind = next_field (&rest);
      if (kind == NULL)
        continue;
      if (strcmp (kind, "title") == 0)
        title = need_field (&rest, kind);
      else if (strcmp (kind, "column") == 0 && n_columns < MAX_COLUMNS)
        columns[n_columns++].name = need_field (&rest, kind);
      else if (strcmp (kind, "step") == 0 || strcmp (kind, "batch") == 0
               || strcmp (kind, "gone") == 0)
        add_step (kind, rest);
      else if (strcmp (kind, "max") == 0 || strcmp (kind, "below") == 0
               || strcmp (kind, "over") == 0)
        add_target (kind, rest);
      else
        die (kind, "unknown line in the plan, or too many columns");
    }
  free (line);
}

/* ---------------------------------------------------------------- running */

static double
now_ms (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Waits until the process has ended, zombie or reaped; false when the deadline passes first. */
static bool
wait_end (int pid_fd)
{
  struct pollfd entry = { .fd = pid_fd, .events = POLLIN };
  int r;

  while ((r = poll (&entry, 1, DEADLINE_MS)) < 0 && errno == EINTR)
    ;
  return r > 0;
}

static void
expand (const Step *step, unsigned int number, char **ret_argv, char *buffer, size_t size)
{
  unsigned int i;

  for (i = 0; step->argv[i] != NULL; i++)
    {
      const char *mark = strstr (step->argv[i], "%n");
      ret_argv[i] = step->argv[i];
      if (mark == NULL)
        continue;
      int used = snprintf (buffer, size, "%.*s%u%s", (int)(mark - step->argv[i]), step->argv[i],
                           number, mark + 2);
      if (used < 0 || (size_t)used >= size)
        die (step->argv[i], "argument too long");
      ret_argv[i] = buffer;
      buffer += used + 1;
      size -= (size_t)used + 1;
    }
  ret_argv[i] = NULL;
}

static pid_t
start (const Step *step, unsigned int number, const posix_spawn_file_actions_t *actions)
{
  char buffer[1024], *argv[MAX_ARGS + 1];
  pid_t pid;

  expand (step, number, argv, buffer, sizeof buffer);
  return posix_spawnp (&pid, argv[0], actions, NULL, argv, environ) == 0 ? pid : -1;
}

static bool
finish (pid_t pid, long *peak_kib)
{
  int status, pid_fd = (int)syscall (SYS_pidfd_open, pid, 0);
  struct rusage usage;

  if (pid_fd < 0 || !wait_end (pid_fd))
    kill (pid, SIGKILL);
  close (pid_fd);
  while (wait4 (pid, &status, 0, &usage) < 0)
    if (errno != EINTR)
      return false;
  if (usage.ru_maxrss > *peak_kib)
    *peak_kib = usage.ru_maxrss;
  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

static bool
run_step (Step *step, unsigned int number, double *ret_ms)
{
  posix_spawn_file_actions_t actions;
  pid_t running[MAX_AT_ONCE];
  bool ok = true;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, null_fd, 0);
  posix_spawn_file_actions_adddup2 (&actions, null_fd, 1);
  posix_spawn_file_actions_adddup2 (&actions, error_fd, 2);

  double begin = now_ms ();
  for (unsigned int i = 0; i < step->count + step->at_once; i++)
    {
      pid_t *slot = &running[i % step->at_once];
      if (i >= step->at_once && i - step->at_once < step->count)
        ok = *slot > 0 && finish (*slot, &step->peak_kib) && ok;
      *slot = i < step->count ? start (step, step->count > 1 ? ++serial : number, &actions) : -1;
    }
  *ret_ms = now_ms () - begin;
  posix_spawn_file_actions_destroy (&actions);
  return ok;
}

static bool
run_gone (const Step *step)
{
  FILE *file = fopen (step->gone, "re");
  int pid = 0;

  if (file == NULL)
    return false;
  if (fscanf (file, "%d", &pid) != 1)
    pid = 0;
  fclose (file);
  if (pid <= 0)
    return false;
  int pid_fd = (int)syscall (SYS_pidfd_open, pid, 0);
  if (pid_fd < 0)
    return errno == ESRCH;
  bool ended = wait_end (pid_fd);
  close (pid_fd);
  return ended;
}

static void
take_out (Column *column, const Step *step)
{
  char text[ERROR_LENGTH / 2];
  ssize_t length = pread (error_fd, text, sizeof text - 1, 0);

  text[length > 0 ? length : 0] = '\0';
  text[strcspn (text, "\n")] = '\0';
  column->failed = true;
  snprintf (column->error, sizeof column->error, "%s failed: %s",
            step->name != NULL ? step->name : "waiting for the end", text);
}

/* Rounds below zero warm the caches up and are not kept. */
static void
run_round (int round)
{
  for (unsigned int c = 0; c < n_columns; c++)
    {
      Column *column = &columns[c];
      unsigned int number = ++serial;
      for (unsigned int s = 0; s < column->n_steps && !column->failed; s++)
        {
          Step *step = column->steps[s];
          double ms = 0;
          if (ftruncate (error_fd, 0) < 0 || lseek (error_fd, 0, SEEK_SET) < 0)
            die ("error file", strerror (errno));
          if (!(step->gone != NULL ? run_gone (step) : run_step (step, number, &ms)))
            take_out (column, step);
          else if (round >= 0)
            step->ms[round] = ms;
        }
    }
}

/* ---------------------------------------------------------------- the table */

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static Step *
find_step (const char *column, const char *name)
{
  for (unsigned int c = 0; c < n_columns; c++)
    if (strcmp (columns[c].name, column) == 0 && !columns[c].failed)
      for (unsigned int s = 0; s < columns[c].n_steps; s++)
        if (columns[c].steps[s]->name != NULL && strcmp (columns[c].steps[s]->name, name) == 0)
          return columns[c].steps[s];
  return NULL;
}

static double
median (const Step *step)
{
  return (step->ms[(rounds - 1) / 2] + step->ms[rounds / 2]) / 2;
}

static void
print_peak (const char *name)
{
  printf ("  %-18s", "  peak KiB");
  for (unsigned int c = 0; c < n_columns; c++)
    {
      const Step *step = find_step (columns[c].name, name);
      if (step == NULL)
        printf ("%12s", "-");
      else
        printf ("%12ld", step->peak_kib);
    }
  printf ("\n");
}

static void
print_row (const char *name)
{
  const Step *ours = find_step ("ours", name);

  printf ("  %-18s", name);
  for (unsigned int c = 0; c < n_columns; c++)
    {
      const Step *step = find_step (columns[c].name, name);
      if (step == NULL)
        printf ("%12s", "-");
      else
        printf ("%12.2f", median (step));
    }
  printf ("\n");
  if (ours == NULL)
    return;
  printf ("  %-18s", "  ours / it");
  for (unsigned int c = 0; c < n_columns; c++)
    {
      const Step *step = find_step (columns[c].name, name);
      if (step == NULL || step == ours)
        printf ("%12s", "");
      else
        printf ("%12.2f", median (ours) / median (step));
    }
  printf ("\n");
}

static void
print_table (void)
{
  const char *seen[MAX_COLUMNS * MAX_STEPS];
  unsigned int n_seen = 0;

  for (unsigned int c = 0; c < n_columns; c++)
    for (unsigned int s = 0; s < columns[c].n_steps; s++)
      qsort (columns[c].steps[s]->ms, rounds, sizeof (double), compare);

  printf ("\n%s (ms, median of %u)\n  %-18s", title, rounds, "");
  for (unsigned int c = 0; c < n_columns; c++)
    printf ("%12s", columns[c].name);
  printf ("\n");
  for (unsigned int c = 0; c < n_columns; c++)
    for (unsigned int s = 0; s < columns[c].n_steps; s++)
      {
        const char *name = columns[c].steps[s]->name;
        unsigned int i;
        for (i = 0; name != NULL && i < n_seen && strcmp (seen[i], name) != 0; i++)
          ;
        if (name == NULL || i < n_seen)
          continue;
        seen[n_seen++] = name;
        print_row (name);
        if (n_seen == 1)
          print_peak (name);
      }
  for (unsigned int c = 0; c < n_columns; c++)
    if (columns[c].failed)
      printf ("  note: %s left out: %s\n", columns[c].name, columns[c].error);
}

static void
print_targets (void)
{
  for (unsigned int i = 0; i < n_targets; i++)
    {
      const Target *target = &targets[i];
      bool over = strcmp (target->kind, "over") == 0;
      const Step *ours = find_step ("ours", target->step);
      const Step *other
          = over ? find_step ("ours", target->other) : find_step (target->other, target->step);
      if (ours == NULL || other == NULL)
        continue;
      double value = over ? median (ours) - median (other) : median (ours) / median (other);
      printf ("  %-6s %s: %.2f %s %s (target: at most %.2f)\n",
              value <= target->limit ? "met" : "MISSED", target->step, value,
              over ? "ms over" : "x", target->other, target->limit);
    }
}

/* ---------------------------------------------------------------- set-up */

static void
become (const char *ids)
{
  char *end;
  uid_t uid = (uid_t)strtoul (ids, &end, 10);
  gid_t gid = *end == ':' ? (gid_t)strtoul (end + 1, &end, 10) : (gid_t)uid;

  if (*end != '\0')
    die (ids, "not UID:GID");
  if (setgroups (0, NULL) < 0 || setresgid (gid, gid, gid) < 0 || setresuid (uid, uid, uid) < 0)
    die (ids, strerror (errno));
}

int
main (int argc, char **argv)
{
  struct sched_param param = { .sched_priority = 10 };
  const char *as = NULL;

  for (int i = 1; i < argc; i++)
    if (strcmp (argv[i], "--rounds") == 0 && i + 1 < argc)
      rounds = (unsigned int)atoi (argv[++i]);
    else if (strcmp (argv[i], "--as") == 0 && i + 1 < argc)
      as = argv[++i];
    else
      die (argv[i], "unknown option");
  if (rounds < 1 || rounds > MAX_ROUNDS)
    die ("--rounds", "out of range");

  bool real_time = sched_setscheduler (0, SCHED_RR, &param) == 0;
  if (as != NULL)
    become (as);
  null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  error_fd = open ("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (null_fd < 0 || error_fd < 0)
    die ("/tmp", strerror (errno));
  setvbuf (stdout, NULL, _IOLBF, 0);
  read_plan ();
  for (int round = -2; round < (int)rounds; round++)
    run_round (round);
  print_table ();
  print_targets ();
  if (!real_time)
    printf ("  note: not in the real-time class, so the figures are noisy\n");
  return 0;
}
