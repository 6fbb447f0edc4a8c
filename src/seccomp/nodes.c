/* Filters as graphs. Runs in the parent; no system calls.
 *
 * Programs are written from their end: a node is written when all that it jumps to is there
 * already, so that every distance is known. A conditional jump reaches 255 instructions. For what
 * is farther away a copy (of a return) or a plain jump is written in between, and later jumps take
 * that.
 */
#include "seccomp/nodes.h"

#include <string.h>

typedef struct
{
  guint16 code; /* of the instruction, or PROGRAM */
  guint16 zero; /* nodes are compared as bytes */
  guint32 k;    /* of the instruction, or which program */
  guint32 yes;  /* or the only next one */
  guint32 no;
} Node;

/* Not a code of BPF. */
#define PROGRAM 0xffff

#define NONE G_MAXUINT32

struct RuncNodes
{
  GArray *nodes;       /* of Node */
  GHashTable *known;   /* (bytes of a Node) -> number + 1 */
  GPtrArray *programs; /* of GArray of struct sock_filter */
};

static guint
node_hash (gconstpointer data)
{
  const guint32 *words = data;
  guint hash = 0;

  for (gsize i = 0; i < sizeof (Node) / sizeof *words; i++)
    hash = (hash ^ words[i]) * 0x9e3779b1U;
  return hash ^ hash >> 15;
}

static gboolean
node_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (Node)) == 0;
}

RuncNodes *
runc_nodes_new (void)
{
  RuncNodes *nodes = g_new0 (RuncNodes, 1);

  nodes->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  nodes->programs = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  nodes->known = g_hash_table_new_full (node_hash, node_equal, g_free, NULL);
  return nodes;
}

void
runc_nodes_free (RuncNodes *nodes)
{
  g_array_unref (nodes->nodes);
  g_hash_table_unref (nodes->known);
  g_ptr_array_unref (nodes->programs);
  g_free (nodes);
}

static const Node *
get (const RuncNodes *nodes, guint32 id)
{
  return &g_array_index (nodes->nodes, Node, id);
}

static guint32
add (RuncNodes *nodes, Node node)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (nodes->known, &node));

  if (id != 0)
    return id - 1;
  g_array_append_val (nodes->nodes, node);
  id = nodes->nodes->len;
  g_hash_table_insert (nodes->known, g_memdup2 (&node, sizeof node), GUINT_TO_POINTER (id));
  return id - 1;
}

guint32
runc_nodes_return (RuncNodes *nodes, guint32 action)
{
  return add (nodes, (Node){ .code = BPF_RET | BPF_K, .k = action, .yes = NONE, .no = NONE });
}

guint32
runc_nodes_step (RuncNodes *nodes, guint16 code, guint32 k, guint32 next)
{
  guint16 after = get (nodes, next)->code;

  /* Nobody looks at the result. */
  if (after == (BPF_RET | BPF_K) || BPF_CLASS (after) == BPF_LD)
    return next;
  return add (nodes, (Node){ .code = code, .k = k, .yes = next, .no = NONE });
}

guint32
runc_nodes_test (RuncNodes *nodes, guint16 code, guint32 k, guint32 yes, guint32 no)
{
  if (yes == no)
    return yes;
  return add (nodes, (Node){ .code = code, .k = k, .yes = yes, .no = no });
}

guint32
runc_nodes_program (RuncNodes *nodes, GArray *program)
{
  g_ptr_array_add (nodes->programs, g_array_ref (program));
  return add (nodes,
              (Node){ .code = PROGRAM, .k = nodes->programs->len - 1, .yes = NONE, .no = NONE });
}

typedef struct
{
  const RuncNodes *nodes;
  GArray *reversed; /* of struct sock_filter, last instruction first */
  guint32 *place;   /* by node: length of @reversed once it was written, or 0 */
} Writer;

static void
put (Writer *writer, guint16 code, guint32 k, guint yes, guint no)
{
  struct sock_filter instruction = { .code = code, .jt = (guint8)yes, .jf = (guint8)no, .k = k };

  g_array_append_val (writer->reversed, instruction);
}

/* How many instructions a jump to @id skips, when the jump comes with @before instructions between
 * it and what is written so far. */
static guint32
distance (const Writer *writer, guint32 id, guint before)
{
  return writer->reversed->len + before - writer->place[id];
}

/* Have @id, which is written, start at what is written last. */
static void
bring (Writer *writer, guint32 id)
{
  const Node *node = get (writer->nodes, id);

  if (distance (writer, id, 0) == 0)
    return;
  if (node->code == (BPF_RET | BPF_K))
    put (writer, node->code, node->k, 0, 0);
  else
    put (writer, BPF_JMP | BPF_JA, distance (writer, id, 0), 0, 0);
  writer->place[id] = writer->reversed->len;
}

static void
write_test (Writer *writer, const Node *node)
{
  /* Bringing the second moves the first away by one. */
  if (distance (writer, node->no, 1) > G_MAXUINT8)
    bring (writer, node->no);
  if (distance (writer, node->yes, 0) > G_MAXUINT8)
    bring (writer, node->yes);
  put (writer, node->code, node->k, distance (writer, node->yes, 0),
       distance (writer, node->no, 0));
}

static void
write_program (Writer *writer, const GArray *program)
{
  for (guint i = program->len; i > 0; i--)
    g_array_append_val (writer->reversed, g_array_index (program, struct sock_filter, i - 1));
}

static void
write_node (Writer *writer, guint32 id)
{
  const Node *node = get (writer->nodes, id);

  if (writer->place[id] != 0)
    return;
  if (node->code == PROGRAM)
    write_program (writer, writer->nodes->programs->pdata[node->k]);
  else if (node->yes == NONE)
    put (writer, node->code, node->k, 0, 0);
  else if (node->no == NONE)
    {
      write_node (writer, node->yes);
      bring (writer, node->yes);
      put (writer, node->code, node->k, 0, 0);
    }
  else
    {
      write_node (writer, node->yes);
      write_node (writer, node->no);
      write_test (writer, node);
    }
  writer->place[id] = writer->reversed->len;
}

GArray *
runc_nodes_write (const RuncNodes *nodes, guint32 root)
{
  g_autofree guint32 *place = g_new0 (guint32, nodes->nodes->len);
  Writer writer = {
    .nodes = nodes,
    .reversed = g_array_new (FALSE, FALSE, sizeof (struct sock_filter)),
    .place = place,
  };
  struct sock_filter *instructions;

  write_node (&writer, root);
  instructions = (struct sock_filter *)(gpointer)writer.reversed->data;
  for (guint i = 0, j = writer.reversed->len - 1; i < j; i++, j--)
    {
      struct sock_filter other = instructions[i];
      instructions[i] = instructions[j];
      instructions[j] = other;
    }
  return writer.reversed;
}
