/* Bytes on their way in one direction of a connection, and the memory that all of them share. */
#pragma once

#include <glib.h>
#include <sys/uio.h>

typedef struct RuncSlirpRingPool RuncSlirpRingPool;

RuncSlirpRingPool *runc_slirp_ring_pool_new (void);
/* All rings must have been cleared. */
void runc_slirp_ring_pool_free (RuncSlirpRingPool *pool);
/* Bytes that are held for rings. */
gsize runc_slirp_ring_pool_used (const RuncSlirpRingPool *pool);

/* The size of a ring while few need one. */
#define RUNC_SLIRP_RING_SIZE ((gsize)512 * 1024)

/* Embedded; zero but for @pool is an empty one, which has no memory. */
typedef struct
{
  RuncSlirpRingPool *pool;
  guint8 *data;
  gsize size, head, len;
} RuncSlirpRing;

void runc_slirp_ring_clear (RuncSlirpRing *ring);

/* Bytes that can be added. Of an empty ring it is what it would have if it got memory now. */
gsize runc_slirp_ring_room (const RuncSlirpRing *ring);

/* The free part that can be written to at once, which has no bytes if the ring is full. What was
 * written counts once it is added to len. */
struct iovec runc_slirp_ring_space (RuncSlirpRing *ring);

/* The @len bytes from @offset on, in one or two parts. */
void runc_slirp_ring_parts (const RuncSlirpRing *ring, gsize offset, gsize len,
                            struct iovec parts[2]);

/* Add as much of @data as there is room for. Returns how much. */
gsize runc_slirp_ring_append (RuncSlirpRing *ring, const guint8 *data, gsize len);

/* Remove the first @len bytes. */
void runc_slirp_ring_drop (RuncSlirpRing *ring, gsize len);
