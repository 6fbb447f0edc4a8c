/* Taking a filter apart and putting it together smaller. Runs in the parent; no system calls.
 *
 * What libseccomp writes compares the architecture and then the number, one system call after the
 * other or as a tree with a few of them per leaf. The kernel runs that for each number when the
 * filter is loaded (to find the ones that are always allowed), and checks and translates every
 * instruction; both is paid at the start of each container. Allowed numbers come in long runs,
 * though, so that a search over the runs is a fraction of the size and depth.
 *
 * The program is run once per run of numbers, with the architecture and the number known and the
 * rest not: comparisons of the known are decided, loads and comparisons of arguments remain, and
 * lead to a node (nodes.h). Between two constants that the program compares the number with,
 * nothing can change. So this does not depend on how libseccomp arranges its programs, only on the
 * instructions that it uses, and what it means stays libseccomp's to say.
 */
#include "seccomp/regions.h"

#include <linux/seccomp.h>
#include <stddef.h>

#define NUMBER_OFFSET offsetof (struct seccomp_data, nr)
#define ARCH_OFFSET   offsetof (struct seccomp_data, arch)

#define LOAD       (BPF_LD | BPF_W | BPF_ABS)
#define AND        (BPF_ALU | BPF_AND | BPF_K)
#define RETURN     (BPF_RET | BPF_K)
#define JUMP       (BPF_JMP | BPF_JA)
#define TEST(kind) (BPF_JMP | (kind) | BPF_K)

/* Nodes on one path of a program; more than any rule has by far. */
#define MAX_DEPTH 1000

/* Numbers within one region that are looked for one after the other. */
#define MAX_HOLES 3

/* About as many system calls as the kernel has. */
#define KERNEL_NUMBERS 512

#define NO_NODE G_MAXUINT32

/* From @first to the next one's. */
typedef struct
{
  guint32 first;
  guint32 node;
} Region;

typedef struct
{
  guint32 arch;
  GArray *regions; /* of Region; the first one starts at 0 */
} Table;

struct RuncRegions
{
  RuncNodes *nodes;
  GArray *tables; /* of Table, in the order of their making */
  guint32 other;  /* node: what is in no table */
};

/* What is in the accumulator, as bits. */
enum
{
  HAS_ARCH = 1,
  HAS_NUMBER = 2,
  HAS_OTHER = 4,
};

/* The program being taken apart. */
typedef struct
{
  const struct sock_filter *program;
  guint n;
  RuncNodes *nodes;
  /* The one system call that is looked at: */
  guint32 arch;
  guint32 number;
  guint32 *memo; /* by instruction: node, when the accumulator is unknown */
  guint *round;  /* by instruction: when memo was set */
  guint current_round;
} Reader;

static void
table_clear (gpointer data)
{
  Table *table = data;

  g_array_unref (table->regions);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;

  return x < y ? -1 : x > y;
}

static void
sort_unique (GArray *numbers)
{
  guint n = 0;

  g_array_sort (numbers, compare_numbers);
  for (guint i = 0; i < numbers->len; i++)
    {
      guint32 number = g_array_index (numbers, guint32, i);
      if (n == 0 || g_array_index (numbers, guint32, n - 1) != number)
        g_array_index (numbers, guint32, n++) = number;
    }
  g_array_set_size (numbers, n);
}

static gboolean
holds (guint16 code, guint32 value, guint32 k)
{
  switch (BPF_OP (code))
    {
    case BPF_JEQ:
      return value == k;
    case BPF_JGT:
      return value > k;
    case BPF_JGE:
      return value >= k;
    default:
      return (value & k) != 0;
    }
}

/* Note where the outcome of comparing the number with @k changes. FALSE: everywhere. */
static gboolean
add_borders (guint16 code, guint32 k, GArray *borders)
{
  guint32 after = k + 1;

  if (BPF_OP (code) == BPF_JSET)
    return FALSE;
  if (BPF_OP (code) != BPF_JGT)
    g_array_append_val (borders, k);
  if (BPF_OP (code) != BPF_JGE && after != 0)
    g_array_append_val (borders, after);
  return TRUE;
}

/* One conditional jump of the survey below. @reached: of all instructions */
static gboolean
survey_test (const Reader *reader, guint pc, guint8 *reached, GArray *borders)
{
  const struct sock_filter *at = &reader->program[pc];
  guint8 others = reached[pc] & (guint8)~HAS_ARCH;

  if (reached[pc] & HAS_ARCH)
    reached[pc + 1 + (holds (at->code, reader->arch, at->k) ? at->jt : at->jf)] |= HAS_ARCH;
  if ((reached[pc] & HAS_NUMBER) && !add_borders (at->code, at->k, borders))
    return FALSE;
  reached[pc + 1 + at->jt] |= others;
  reached[pc + 1 + at->jf] |= others;
  return TRUE;
}

/* Walk over all that can be reached on @reader->arch, and collect the numbers where something can
 * change. FALSE: the program has something that is not understood. */
static gboolean
survey (const Reader *reader, GArray *borders)
{
  /* Jumps go forward only, so that one pass is enough; the longest one ends within this. */
  g_autofree guint8 *reached = g_new0 (guint8, reader->n + G_MAXUINT8 + 2);

  reached[0] = HAS_OTHER;
  for (guint pc = 0; pc < reader->n; pc++)
    {
      const struct sock_filter *at = &reader->program[pc];

      if (reached[pc] == 0)
        continue;
      switch (at->code)
        {
        case LOAD:
          reached[pc + 1] |= at->k == NUMBER_OFFSET ? HAS_NUMBER
                             : at->k == ARCH_OFFSET ? HAS_ARCH
                                                    : HAS_OTHER;
          break;
        case AND:
          if (reached[pc] & (HAS_ARCH | HAS_NUMBER))
            return FALSE;
          reached[pc + 1] |= HAS_OTHER;
          break;
        case JUMP:
          if (at->k >= reader->n - pc - 1)
            return FALSE;
          reached[pc + 1 + at->k] |= reached[pc];
          break;
        case TEST (BPF_JEQ):
        case TEST (BPF_JGT):
        case TEST (BPF_JGE):
        case TEST (BPF_JSET):
          if (!survey_test (reader, pc, reached, borders))
            return FALSE;
          break;
        case RETURN:
          break;
        default:
          return FALSE;
        }
    }
  for (guint pc = reader->n; pc < reader->n + G_MAXUINT8 + 2; pc++)
    if (reached[pc] != 0)
      return FALSE;
  return TRUE;
}

/* The node for what happens from @pc on, for the system call that is looked at.
 *
 * @value: what is in the accumulator if @known
 * Returns NO_NODE when the path is too long. */
static guint32
read_from (Reader *reader, guint pc, gboolean known, guint32 value, guint depth)
{
  const struct sock_filter *at;
  guint first = pc;
  gboolean keep = !known;
  guint32 node;

  if (depth > MAX_DEPTH)
    return NO_NODE;
  if (keep && reader->round[pc] == reader->current_round)
    return reader->memo[pc];
  for (;;)
    {
      at = &reader->program[pc];
      if (at->code == JUMP)
        pc += 1 + at->k;
      else if (at->code == LOAD && (at->k == NUMBER_OFFSET || at->k == ARCH_OFFSET))
        {
          known = TRUE;
          value = at->k == NUMBER_OFFSET ? reader->number : reader->arch;
          pc++;
        }
      else if (known && BPF_CLASS (at->code) == BPF_JMP)
        pc += 1 + (holds (at->code, value, at->k) ? at->jt : at->jf);
      else if (known && at->code == AND)
        {
          value &= at->k;
          pc++;
        }
      else
        break;
    }
  if (at->code == RETURN)
    node = runc_nodes_return (reader->nodes, at->k);
  else if (BPF_CLASS (at->code) == BPF_JMP)
    {
      guint32 yes = read_from (reader, pc + 1 + at->jt, FALSE, 0, depth + 1);
      guint32 no = read_from (reader, pc + 1 + at->jf, FALSE, 0, depth + 1);
      if (yes == NO_NODE || no == NO_NODE)
        return NO_NODE;
      node = runc_nodes_test (reader->nodes, at->code, at->k, yes, no);
    }
  else
    {
      guint32 next = read_from (reader, pc + 1, FALSE, 0, depth + 1);
      if (next == NO_NODE)
        return NO_NODE;
      node = runc_nodes_step (reader->nodes, at->code, at->k, next);
    }
  if (keep)
    {
      reader->memo[first] = node;
      reader->round[first] = reader->current_round;
    }
  return node;
}

static void
append_region (GArray *regions, guint32 first, guint32 node)
{
  Region region = { .first = first, .node = node };

  if (regions->len == 0 || g_array_index (regions, Region, regions->len - 1).node != node)
    g_array_append_val (regions, region);
}

/* The regions of @program on @arch. NULL: not understood. */
static GArray *
read_program (RuncNodes *nodes, guint32 arch, const GArray *program)
{
  g_autofree guint32 *memo = g_new (guint32, program->len + 1);
  g_autofree guint *round = g_new0 (guint, program->len + 1);
  g_autoptr (GArray) borders = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) regions = g_array_new (FALSE, FALSE, sizeof (Region));
  guint32 zero = 0;
  Reader reader = {
    .program = (const struct sock_filter *)(gconstpointer)program->data,
    .n = program->len,
    .nodes = nodes,
    .arch = arch,
    .memo = memo,
    .round = round,
  };

  g_array_append_val (borders, zero);
  if (!survey (&reader, borders))
    return NULL;
  sort_unique (borders);
  for (guint i = 0; i < borders->len; i++)
    {
      guint32 node;

      reader.number = g_array_index (borders, guint32, i);
      reader.current_round++;
      node = read_from (&reader, 0, TRUE, 0, 0);
      if (node == NO_NODE)
        return NULL;
      append_region (regions, reader.number, node);
    }
  return g_steal_pointer (&regions);
}

RuncRegions *
runc_regions_new (guint32 action)
{
  RuncRegions *regions = g_new0 (RuncRegions, 1);

  regions->nodes = runc_nodes_new ();
  regions->tables = g_array_new (FALSE, FALSE, sizeof (Table));
  g_array_set_clear_func (regions->tables, table_clear);
  regions->other = runc_nodes_return (regions->nodes, action);
  return regions;
}

void
runc_regions_free (RuncRegions *regions)
{
  g_array_unref (regions->tables);
  runc_nodes_free (regions->nodes);
  g_free (regions);
}

/* The table of @arch, which is made if there is none. */
static Table *
find_table (RuncRegions *regions, guint32 arch)
{
  Table table = { .arch = arch };

  for (guint i = 0; i < regions->tables->len; i++)
    if (g_array_index (regions->tables, Table, i).arch == arch)
      return &g_array_index (regions->tables, Table, i);
  table.regions = g_array_new (FALSE, FALSE, sizeof (Region));
  append_region (table.regions, 0, regions->other);
  g_array_append_val (regions->tables, table);
  return &g_array_index (regions->tables, Table, regions->tables->len - 1);
}

/* Append to @to what @from has from @first to @last. */
static void
append_part (GArray *to, const GArray *from, guint32 first, guint32 last)
{
  for (guint i = 0; i < from->len; i++)
    {
      const Region *region = &g_array_index (from, Region, i);
      guint32 end = i + 1 < from->len ? region[1].first - 1 : G_MAXUINT32;

      if (region->first <= last && end >= first)
        append_region (to, MAX (region->first, first), region->node);
    }
}

/* Put what @with has from @first to @last in the place of what @table has. */
static void
replace (Table *table, guint32 first, guint32 last, const GArray *with)
{
  GArray *old = table->regions;

  table->regions = g_array_new (FALSE, FALSE, sizeof (Region));
  if (first > 0)
    append_part (table->regions, old, 0, first - 1);
  append_part (table->regions, with, first, last);
  if (last < G_MAXUINT32)
    append_part (table->regions, old, last + 1, G_MAXUINT32);
  g_array_unref (old);
}

static void
replace_by_node (Table *table, guint32 first, guint32 last, guint32 node)
{
  g_autoptr (GArray) with = g_array_new (FALSE, FALSE, sizeof (Region));

  append_region (with, 0, node);
  replace (table, first, last, with);
}

void
runc_regions_add (RuncRegions *regions, guint32 arch, guint32 first, guint32 last, GArray *program)
{
  Table *table = find_table (regions, arch);
  g_autoptr (GArray) read = read_program (regions->nodes, arch, program);

  if (read != NULL)
    replace (table, first, last, read);
  else
    replace_by_node (table, first, last,
                     /* with the accumulator as the kernel starts it */
                     runc_nodes_step (regions->nodes, BPF_LD | BPF_IMM, 0,
                                      runc_nodes_program (regions->nodes, program)));
}

void
runc_regions_set (RuncRegions *regions, guint32 arch, guint32 first, guint32 last, guint32 action)
{
  replace_by_node (find_table (regions, arch), first, last,
                   runc_nodes_return (regions->nodes, action));
}

guint32
runc_regions_highest (RuncRegions *regions, guint32 arch, guint32 last, guint32 action)
{
  const GArray *of_arch = find_table (regions, arch)->regions;
  guint32 usual = runc_nodes_return (regions->nodes, action);
  guint32 end = last;

  for (guint i = of_arch->len; i > 0; i--)
    {
      const Region *region = &g_array_index (of_arch, Region, i - 1);
      if (region->first > last)
        continue;
      if (region->node != usual)
        return end;
      end = region->first - 1;
    }
  return 0;
}

/* Whether region @i, in the midst of @n, is one number within what is a single region but for it.
 */
static gboolean
is_hole (const Region *regions, guint n, guint i)
{
  return i > 0 && i + 1 < n && regions[i + 1].first - regions[i].first == 1
         && regions[i - 1].node == regions[i + 1].node;
}

/* Whether @n regions are a single one with a few holes. */
static gboolean
is_one_with_holes (const Region *regions, guint n)
{
  if (n % 2 == 0 || n / 2 > MAX_HOLES)
    return FALSE;
  for (guint i = 1; i < n; i += 2)
    if (!is_hole (regions, n, i))
      return FALSE;
  return TRUE;
}

/* Where to cut @n regions, which end before @end, in two that are equally dear. The kernel runs the
 * filter once for each number of its table, so that a region counts by how many of these it has,
 * and by itself. */
static guint
find_cut (const Region *regions, guint n, guint32 end)
{
  guint32 from = MIN (regions[0].first, KERNEL_NUMBERS);
  guint32 total = n + MIN (end, KERNEL_NUMBERS) - from;
  guint cut = 1;

  while (cut < n - 1 && cut + MIN (regions[cut].first, KERNEL_NUMBERS) - from < total / 2)
    cut++;
  return cut;
}

/* A search for the number in the accumulator among @n regions. A number within a region of others
 * costs one comparison instead of two when the region is not cut there. */
static guint32
search (RuncNodes *nodes, const Region *regions, guint n, guint32 end)
{
  guint cut, n_left;

  if (is_one_with_holes (regions, n))
    {
      guint32 node = regions[0].node;
      for (guint i = 1; i < n; i += 2)
        node = runc_nodes_test (nodes, TEST (BPF_JEQ), regions[i].first, regions[i].node, node);
      return node;
    }
  cut = find_cut (regions, n, end);
  if (is_hole (regions, n, cut))
    cut++;
  if (cut == n - 1 && is_hole (regions, n, cut - 1))
    cut -= 2;
  /* The left side keeps the region behind its last hole, which then is one to it, too. */
  n_left = is_hole (regions, n, cut - 1) ? cut + 1 : cut;
  return runc_nodes_test (nodes, TEST (BPF_JGE), regions[cut].first,
                          search (nodes, regions + cut, n - cut, end),
                          search (nodes, regions, n_left, regions[cut].first));
}

GArray *
runc_regions_write (RuncRegions *regions)
{
  guint32 node = regions->other;

  for (guint i = regions->tables->len; i > 0; i--)
    {
      const Table *table = &g_array_index (regions->tables, Table, i - 1);
      guint32 found = search (regions->nodes, (const Region *)(gconstpointer)table->regions->data,
                              table->regions->len, G_MAXUINT32);

      node = runc_nodes_test (regions->nodes, TEST (BPF_JEQ), table->arch,
                              runc_nodes_step (regions->nodes, LOAD, NUMBER_OFFSET, found), node);
    }
  return runc_nodes_write (regions->nodes,
                           runc_nodes_step (regions->nodes, LOAD, ARCH_OFFSET, node));
}
