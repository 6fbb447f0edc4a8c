/* What checkpoint.c and restore.c share. Internal to src/plan. */
#pragma once

#include "plan/builder.h"
#include "plan/checkpoint.h"

#define RUNC_CRIU_DUMP_LOG    "dump.log"
#define RUNC_CRIU_RESTORE_LOG "restore.log"

/* Add one setting; the pointer is valid until the next one is added. */
RuncCriuSetting *runc_criu_add (RuncBuilder *b, RuncCriuOption option);
void runc_criu_add_flag (RuncBuilder *b, RuncCriuOption option, gboolean value); /* only if TRUE */
void runc_criu_add_text (RuncBuilder *b, RuncCriuOption option, const char *value); /* NULL: none */
/* Of several with the same key the first counts. */
void runc_criu_add_pair (RuncBuilder *b, RuncCriuOption option, const char *key, const char *value);

/* Check who we are, make b->plan->criu, and fill in what both do alike. */
gboolean runc_criu_begin (RuncBuilder *b, RuncCriuAction action, const RuncCriuOptions *options,
                          GError **error);

/* The name in the images of a namespace that is not the container's own, or NULL. As runc. */
const char *runc_criu_namespace_key (RuncNamespace ns);

/* The ops that become criu: its stdio ours or /dev/null, its socket fd 3, the slots @more behind
 * that. */
void runc_criu_exec_ops (RuncBuilder *b, const char *const *environment, gboolean own_stdio,
                         const int *more, gsize n_more);
