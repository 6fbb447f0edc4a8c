/* A filter as a graph: the form in which programs are taken apart and put together again.
 *
 * A node is what a program does from some point on, given what is in the accumulator. Equal nodes
 * are one node, so that equal ends of programs are found and written once. Nodes are numbers that
 * are valid as long as the graph; the graph has no cycles, because nodes are made from the end.
 */
#pragma once

#include <glib.h>
#include <linux/filter.h>

typedef struct RuncNodes RuncNodes;

RuncNodes *runc_nodes_new (void);
void runc_nodes_free (RuncNodes *nodes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncNodes, runc_nodes_free)

/* Return @action (SECCOMP_RET_*). */
guint32 runc_nodes_return (RuncNodes *nodes, guint32 action);

/* Do one instruction that changes the accumulator only (BPF_LD, BPF_ALU), then @next. */
guint32 runc_nodes_step (RuncNodes *nodes, guint16 code, guint32 k, guint32 next);

/* A conditional jump (BPF_JMP with a constant): to @yes or @no. */
guint32 runc_nodes_test (RuncNodes *nodes, guint16 code, guint32 k, guint32 yes, guint32 no);

/* A whole program (array of struct sock_filter, kept) as a node, from its first instruction. */
guint32 runc_nodes_program (RuncNodes *nodes, GArray *program);

/* Write the program that starts at @root. New array of struct sock_filter. */
GArray *runc_nodes_write (const RuncNodes *nodes, guint32 root);
