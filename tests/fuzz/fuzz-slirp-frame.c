/* libFuzzer: frames that a container sends, on their way to libslirp.
 *
 * The input is several frames, each after its length (two bytes). Each is judged, and one that is
 * admitted is put together, taken apart and turned around. Nothing is read or written outside of a
 * frame.
 */
#include "slirp-datagram.h"
#include "slirp-fragments.h"
#include "slirp-frame.h"
#include "slirp-guard.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
try_segment (const guint8 *frame, gsize len, gboolean from_guest)
{
  RuncSlirpSegment segment;
  struct virtio_net_hdr hdr = { 0 };

  if (!runc_slirp_segment_parse (frame, len, from_guest, &segment))
    return;
  g_assert_cmpuint (segment.head_len + segment.len, <=, len);
  g_assert_true (segment.payload == frame + segment.head_len);

  if (segment.flags & 0x02)
    {
      g_autofree guint8 *wider = g_malloc (len + 4);

      g_assert_cmpuint (runc_slirp_segment_add_shift (frame, &segment, 7, wider), <=, len + 4);
    }
  g_autofree guint8 *turned = g_memdup2 (frame, len);
  RuncSlirpSegment answer = segment;
  runc_slirp_segment_reverse (turned, &answer);
  g_assert_cmpuint (answer.head_len, <=, segment.head_len);
  answer.len = 0;
  runc_slirp_segment_write (turned, &answer, 1460, &hdr);
  runc_slirp_segment_seal (turned, &answer);
}

static void
try_datagram (const struct virtio_net_hdr *hdr, const guint8 *frame, gsize len)
{
  const RuncSlirpLink link = { 0 };
  RuncSlirpDatagram datagram;

  if (!runc_slirp_datagram_parse (hdr, frame, len, &datagram))
    return;
  g_assert_true (datagram.payload >= frame && datagram.payload + datagram.len <= frame + len);
  g_assert_true (datagram.segment == 0 || datagram.segment < datagram.len);

  RuncSlirpTrouble trouble
      = { .key = datagram.key, .payload = datagram.payload, .len = datagram.len };
  guint8 answer[RUNC_SLIRP_TROUBLE_MAX];
  g_assert_cmpuint (runc_slirp_datagram_write_trouble (answer, &link, &trouble), <=, sizeof answer);
}

static void
try_frame (const RuncSlirpNet *net, RuncSlirpFragments *fragments, const guint8 *data, gsize size)
{
  struct virtio_net_hdr hdr;

  if (size < sizeof hdr)
    return;
  memcpy (&hdr, data, sizeof hdr);

  gsize len = size - sizeof hdr;
  g_autofree guint8 *frame = g_memdup2 (data + sizeof hdr, len);
  const guint8 *whole = frame;

  if (len == 0 || !runc_slirp_frame_complete (&hdr, frame, len))
    return;
  if (runc_slirp_guard_judge (net, frame, len) == RUNC_SLIRP_DROP)
    return;
  if (runc_slirp_fragments_is_one (frame, len))
    whole = runc_slirp_fragments_take (fragments, frame, &len);
  if (whole == NULL)
    return;
  g_assert_cmpuint (len, <=, RUNC_SLIRP_FRAME_MAX);
  try_datagram (whole == frame ? &hdr : NULL, whole, len);
  try_segment (whole, len, TRUE);
  try_segment (whole, len, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  RuncSlirpNet net = { .ipv6 = TRUE, .mtu = RUNC_SLIRP_MTU_DEFAULT };
  g_autoptr (RuncSlirpFragments) fragments = runc_slirp_fragments_new ();

  g_assert_true (runc_slirp_net_set_cidr (&net, "10.0.2.0/24", NULL));
  while (size >= 2)
    {
      gsize len = MIN ((gsize)(data[0] << 8 | data[1]), size - 2);

      try_frame (&net, fragments, data + 2, len);
      data += 2 + len;
      size -= 2 + len;
    }
  return 0;
}
