/* Rings and their memory. Runs in the helper, inside its sandbox; pure functions.
 *
 * Both ends of a connection decide how much waits in its rings: a container that opens thousands
 * and reads from none of them, or a server that does not, fills them all. The helper's memory is
 * not the container's in anybody's accounts, so it is bounded here: the more is in use, the smaller
 * are the rings that connections get. Only a ring with something in it has memory; what it gives
 * back is kept for the next one if it is among the last few, because memory that is in the
 * processor's caches is much faster than new memory from the kernel.
 */
#include "slirp-ring.h"

#include <string.h>

/* Sizes of rings, and up to how much memory in use they are given out. */
static const struct
{
  gsize size, up_to;
} classes[] = {
  { RUNC_SLIRP_RING_SIZE, (gsize)64 * 1024 * 1024 },
  { (gsize)64 * 1024, (gsize)128 * 1024 * 1024 },
  { (gsize)8 * 1024, G_MAXSIZE },
};

/* Large ones that are kept. */
#define SPARE_MAX 8

struct RuncSlirpRingPool
{
  gsize used;
  guint8 *spare[SPARE_MAX];
  guint n_spare;
};

RuncSlirpRingPool *
runc_slirp_ring_pool_new (void)
{
  return g_new0 (RuncSlirpRingPool, 1);
}

void
runc_slirp_ring_pool_free (RuncSlirpRingPool *pool)
{
  if (pool == NULL)
    return;
  for (guint i = 0; i < pool->n_spare; i++)
    g_free (pool->spare[i]);
  g_free (pool);
}

gsize
runc_slirp_ring_pool_used (const RuncSlirpRingPool *pool)
{
  return pool->used;
}

static gsize
next_size (const RuncSlirpRingPool *pool)
{
  gsize i = 0;

  while (pool->used + classes[i].size > classes[i].up_to)
    i++;
  return classes[i].size;
}

static void
give_memory (RuncSlirpRing *ring)
{
  RuncSlirpRingPool *pool = ring->pool;

  ring->size = next_size (pool);
  ring->head = 0;
  pool->used += ring->size;
  if (ring->size == RUNC_SLIRP_RING_SIZE && pool->n_spare > 0)
    ring->data = pool->spare[--pool->n_spare];
  else
    ring->data = g_malloc (ring->size);
}

static void
take_memory (RuncSlirpRing *ring)
{
  RuncSlirpRingPool *pool = ring->pool;

  pool->used -= ring->size;
  if (ring->size == RUNC_SLIRP_RING_SIZE && pool->n_spare < SPARE_MAX)
    pool->spare[pool->n_spare++] = ring->data;
  else
    g_free (ring->data);
  ring->data = NULL;
  ring->size = ring->head = 0;
}

void
runc_slirp_ring_clear (RuncSlirpRing *ring)
{
  ring->len = 0;
  if (ring->data != NULL)
    take_memory (ring);
}

gsize
runc_slirp_ring_room (const RuncSlirpRing *ring)
{
  return ring->data != NULL ? ring->size - ring->len : next_size (ring->pool);
}

struct iovec
runc_slirp_ring_space (RuncSlirpRing *ring)
{
  if (ring->data == NULL)
    give_memory (ring);
  gsize tail = (ring->head + ring->len) % ring->size;
  gsize end = tail < ring->head || ring->len == ring->size ? ring->head : ring->size;
  return (struct iovec){ ring->data + tail, end - tail };
}

void
runc_slirp_ring_parts (const RuncSlirpRing *ring, gsize offset, gsize len, struct iovec parts[2])
{
  if (ring->data == NULL)
    {
      parts[0] = parts[1] = (struct iovec){ NULL, 0 };
      return;
    }
  gsize at = (ring->head + offset) % ring->size;
  gsize first = MIN (len, ring->size - at);

  parts[0] = (struct iovec){ ring->data + at, first };
  parts[1] = (struct iovec){ ring->data, len - first };
}

gsize
runc_slirp_ring_append (RuncSlirpRing *ring, const guint8 *data, gsize len)
{
  gsize taken = 0;

  while (taken < len)
    {
      struct iovec space = runc_slirp_ring_space (ring);
      gsize n = MIN (len - taken, space.iov_len);
      if (n == 0)
        break;
      memcpy (space.iov_base, data + taken, n);
      ring->len += n;
      taken += n;
    }
  return taken;
}

void
runc_slirp_ring_drop (RuncSlirpRing *ring, gsize len)
{
  ring->len -= len;
  if (ring->len == 0)
    runc_slirp_ring_clear (ring);
  else
    ring->head = (ring->head + len) % ring->size;
}
