/* The names that config.json uses for things the kernel numbers, and plain lists of the names that
 * other libraries number (seccomp). One table each, for decoding, validation and `features`.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  const char *name; /* NULL at the end of a table */
  int64_t value;
} RuncName;

extern const RuncName runc_names_rlimit[];         /* "RLIMIT_NOFILE" -> RLIMIT_NOFILE */
extern const RuncName runc_names_namespace[];      /* "pid" -> RUNC_NS_PID */
extern const RuncName runc_names_sched_policy[];   /* "SCHED_FIFO" -> SCHED_FIFO */
extern const RuncName runc_names_sched_flag[];     /* "SCHED_FLAG_RECLAIM" -> its bit */
extern const RuncName runc_names_ioprio_class[];   /* "IOPRIO_CLASS_BE" -> 2 */
extern const RuncName runc_names_mempolicy_mode[]; /* "MPOL_BIND" -> MPOL_BIND */
extern const RuncName runc_names_mempolicy_flag[]; /* "MPOL_F_STATIC_NODES" -> its bit */
extern const RuncName runc_names_personality[];    /* "LINUX32" -> PER_LINUX32 */

/* linux.seccomp; NULL-terminated. */
extern const char *const runc_seccomp_action_names[];
extern const char *const runc_seccomp_operator_names[];
extern const char *const runc_seccomp_arch_names[];
extern const char *const runc_seccomp_flag_names[];

/* The entry of @table called @name (exact case), or NULL. */
const RuncName *runc_name_find (const RuncName *table, const char *name);

/* "A, B, C": the names of @table, for messages. New string. */
char *runc_name_list (const RuncName *table);
