/* The slirp helper's rings: what goes in comes out, and all of them together stay small. */
#include "slirp-ring.h"

#include <string.h>

static void
test_order (void)
{
  RuncSlirpRingPool *pool = runc_slirp_ring_pool_new ();
  RuncSlirpRing ring = { .pool = pool };
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree guint8 *data = g_malloc (RUNC_SLIRP_RING_SIZE);
  guint8 in = 0, out = 0;

  for (int i = 0; i < 2000; i++)
    {
      gsize n = (gsize)g_rand_int_range (rand, 0, 100000);
      for (gsize k = 0; k < n; k++)
        data[k] = (guint8)(in + k);
      gsize room = runc_slirp_ring_room (&ring);
      gsize taken = runc_slirp_ring_append (&ring, data, n);
      g_assert_cmpuint (taken, ==, MIN (n, room));
      in = (guint8)(in + taken);

      gsize len = ring.len > 0 ? (gsize)g_rand_int_range (rand, 0, (gint32)ring.len + 1) : 0;
      gsize offset = ring.len > len ? ring.len - len : 0;
      struct iovec parts[2];
      runc_slirp_ring_parts (&ring, offset, len, parts);
      g_assert_cmpuint (parts[0].iov_len + parts[1].iov_len, ==, len);
      guint8 expected = (guint8)(out + offset);
      for (gsize p = 0; p < 2; p++)
        for (gsize k = 0; k < parts[p].iov_len; k++)
          g_assert_cmpuint (((guint8 *)parts[p].iov_base)[k], ==, expected++);
      runc_slirp_ring_drop (&ring, len);
      out = (guint8)(out + len);
      g_assert_cmpuint (runc_slirp_ring_pool_used (pool), ==,
                        ring.len > 0 ? RUNC_SLIRP_RING_SIZE : 0);
    }
  runc_slirp_ring_clear (&ring);
  runc_slirp_ring_pool_free (pool);
}

/* A ring that is full has no space, whatever its beginning is. */
static void
test_full (void)
{
  RuncSlirpRingPool *pool = runc_slirp_ring_pool_new ();
  g_autofree guint8 *data = g_malloc0 (2 * RUNC_SLIRP_RING_SIZE);

  for (gsize head = 0; head < 3; head++)
    {
      RuncSlirpRing ring = { .pool = pool };
      g_assert_cmpuint (runc_slirp_ring_append (&ring, data, 10), ==, 10);
      runc_slirp_ring_drop (&ring, head);
      g_assert_cmpuint (runc_slirp_ring_append (&ring, data, 2 * RUNC_SLIRP_RING_SIZE), ==,
                        RUNC_SLIRP_RING_SIZE - 10 + head);
      g_assert_cmpuint (runc_slirp_ring_room (&ring), ==, 0);
      g_assert_cmpuint (runc_slirp_ring_space (&ring).iov_len, ==, 0);
      g_assert_cmpuint (runc_slirp_ring_append (&ring, data, 1), ==, 0);
      runc_slirp_ring_clear (&ring);
    }
  runc_slirp_ring_pool_free (pool);
}

static void
test_bounded (void)
{
  RuncSlirpRingPool *pool = runc_slirp_ring_pool_new ();
  g_autofree RuncSlirpRing *rings = g_new0 (RuncSlirpRing, 16384);
  gsize sizes = 0;

  for (gsize i = 0; i < 16384; i++)
    {
      rings[i].pool = pool;
      g_assert_cmpuint (runc_slirp_ring_append (&rings[i], (const guint8 *)"x", 1), ==, 1);
      g_assert_cmpuint (rings[i].size, <=, i > 0 ? rings[i - 1].size : RUNC_SLIRP_RING_SIZE);
      sizes += rings[i].size;
    }
  g_assert_cmpuint (sizes, ==, runc_slirp_ring_pool_used (pool));
  g_assert_cmpuint (sizes, <, 300 * 1024 * 1024);
  for (gsize i = 0; i < 16384; i++)
    runc_slirp_ring_drop (&rings[i], 1);
  g_assert_cmpuint (runc_slirp_ring_pool_used (pool), ==, 0);
  /* Large ones are to be had again. */
  g_assert_cmpuint (runc_slirp_ring_room (&rings[0]), ==, RUNC_SLIRP_RING_SIZE);
  runc_slirp_ring_pool_free (pool);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slirp/ring/order", test_order);
  g_test_add_func ("/slirp/ring/full", test_full);
  g_test_add_func ("/slirp/ring/bounded", test_bounded);
  return g_test_run ();
}
