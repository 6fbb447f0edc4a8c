/* What the server of an overlay sees and may do. Runs in the process that becomes the server. */
#pragma once

#include "overlay/server.h"

/* The mounts that the server gets, opened where we may open them. */
typedef struct
{
  GArray *lowers; /* int */
  int layer;
} RuncOverlayTrees;

#define RUNC_OVERLAY_TREES_INIT                                                                    \
  {                                                                                                \
    .layer = -EBADF                                                                                \
  }

void runc_overlay_trees_clear (RuncOverlayTrees *trees);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncOverlayTrees, runc_overlay_trees_clear)

/* Open detached copies of the mounts of all layers. */
gboolean runc_overlay_trees_open (const RuncOverlayRequest *request, RuncOverlayTrees *ret_trees,
                                  GError **error);

/* Serve @device. In new mount, pid, network and ipc namespaces: go into a root that has the layers,
 * the programs of the system and a procfs, become root of the user namespace, give up what serving
 * does not need, wait for PROCEED, and execute the program. Returns only with an error.
 *
 * @trees: opened, or empty: then they are opened here
 * @control: where PROCEED comes from */
void runc_overlay_sandbox_run (const RuncOverlayRequest *request, RuncOverlayTrees *trees,
                               int device, int control, GError **error);
