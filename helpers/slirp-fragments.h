/* Putting fragmented IPv4 packets of the container together, so that libslirp never sees a
 * fragment: its own reassembly can be made to write where it should not. */
#pragma once

#include <glib.h>

typedef struct RuncSlirpFragments RuncSlirpFragments;

RuncSlirpFragments *runc_slirp_fragments_new (void);
void runc_slirp_fragments_free (RuncSlirpFragments *fragments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncSlirpFragments, runc_slirp_fragments_free)

/* Whether @frame (@len bytes) holds a fragment. @frame has passed runc_slirp_guard_judge(). */
gboolean runc_slirp_fragments_is_one (const guint8 *frame, gsize len);

/* Take the fragment in @frame. Returns the frame with the whole packet when it was the last one,
 * valid until the next call, or NULL. The packet has not been looked at as a whole.
 *
 * @len: in: length of @frame; out: of what is returned */
const guint8 *runc_slirp_fragments_take (RuncSlirpFragments *fragments, const guint8 *frame,
                                         gsize *len);
