/* Reassembly of IPv4 packets from the container. Runs in the helper, inside its sandbox, on bytes
 * that the container controls.
 *
 * The tap keeps the order, and the kernel sends the fragments of a packet from first to last. So a
 * packet is only put together from fragments that come in this order, each beginning where the one
 * before ended; anything else is dropped. A few packets can be under way at once; a new one
 * replaces the oldest.
 */
#include "slirp-fragments.h"

#include "slirp-frame.h"

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <string.h>

#define PACKETS 8

typedef struct
{
  gboolean used;
  guint64 started;
  struct iphdr head; /* of the first fragment */
  gsize payload_len;
  guint8 frame[RUNC_SLIRP_FRAME_MAX];
} Packet;

struct RuncSlirpFragments
{
  guint64 clock;
  Packet *packets[PACKETS]; /* NULL until needed */
};

RuncSlirpFragments *
runc_slirp_fragments_new (void)
{
  return g_new0 (RuncSlirpFragments, 1);
}

void
runc_slirp_fragments_free (RuncSlirpFragments *fragments)
{
  if (fragments == NULL)
    return;
  for (gsize i = 0; i < PACKETS; i++)
    g_free (fragments->packets[i]);
  g_free (fragments);
}

gboolean
runc_slirp_fragments_is_one (const guint8 *frame, gsize len)
{
  struct ether_header ether;
  struct iphdr ip;

  if (len < sizeof ether + sizeof ip)
    return FALSE;
  memcpy (&ether, frame, sizeof ether);
  memcpy (&ip, frame + sizeof ether, sizeof ip);
  return ether.ether_type == htons (ETHERTYPE_IP) && (ip.frag_off & htons (IP_MF | IP_OFFMASK));
}

/* Where to put a new packet: a free place, or the oldest. */
static Packet *
get_place (RuncSlirpFragments *fragments)
{
  Packet *oldest = NULL;

  for (gsize i = 0; i < PACKETS; i++)
    {
      if (fragments->packets[i] == NULL)
        fragments->packets[i] = g_new0 (Packet, 1);
      Packet *packet = fragments->packets[i];
      if (!packet->used)
        return packet;
      if (oldest == NULL || packet->started < oldest->started)
        oldest = packet;
    }
  return oldest;
}

static Packet *
find (RuncSlirpFragments *fragments, const struct iphdr *ip)
{
  for (gsize i = 0; i < PACKETS && fragments->packets[i] != NULL; i++)
    {
      Packet *packet = fragments->packets[i];
      if (packet->used && packet->head.id == ip->id && packet->head.saddr == ip->saddr
          && packet->head.daddr == ip->daddr && packet->head.protocol == ip->protocol)
        return packet;
    }
  return NULL;
}

/* Write the headers of the whole packet. Returns the length of the frame. */
static gsize
finish (Packet *packet)
{
  guint8 *ip = packet->frame + sizeof (struct ether_header);
  struct iphdr head = packet->head;

  head.ihl = sizeof head / 4;
  head.frag_off = 0;
  head.tot_len = htons ((guint16)(sizeof head + packet->payload_len));
  head.check = 0;
  head.check = (guint16)~runc_slirp_checksum (&head, sizeof head, 0);
  memcpy (ip, &head, sizeof head);
  packet->used = FALSE;
  return sizeof (struct ether_header) + sizeof head + packet->payload_len;
}

const guint8 *
runc_slirp_fragments_take (RuncSlirpFragments *fragments, const guint8 *frame, gsize *len)
{
  struct iphdr ip;

  memcpy (&ip, frame + sizeof (struct ether_header), sizeof ip);
  gsize head_len = ip.ihl * 4u;
  gsize offset = (gsize)(ntohs (ip.frag_off) & IP_OFFMASK) * 8;
  gsize payload_len = ntohs (ip.tot_len) - head_len;
  const guint8 *payload = frame + sizeof (struct ether_header) + head_len;
  gboolean last = !(ip.frag_off & htons (IP_MF));
  Packet *packet = find (fragments, &ip);

  if (offset == 0)
    {
      if (packet == NULL)
        packet = get_place (fragments);
      packet->used = TRUE;
      packet->started = fragments->clock++;
      packet->head = ip;
      packet->payload_len = 0;
      memcpy (packet->frame, frame, sizeof (struct ether_header));
    }
  if (packet == NULL)
    return NULL;
  if (offset != packet->payload_len || payload_len == 0 || (!last && payload_len % 8 != 0)
      || sizeof ip + offset + payload_len > IP_MAXPACKET)
    {
      packet->used = FALSE;
      return NULL;
    }
  memcpy (packet->frame + sizeof (struct ether_header) + sizeof ip + offset, payload, payload_len);
  packet->payload_len += payload_len;
  if (!last)
    return NULL;
  *len = finish (packet);
  return packet->frame;
}
