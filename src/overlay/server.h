/* fuse-overlayfs, which serves the overlays that the kernel's own overlayfs cannot make for us.
 * Parent side.
 *
 * The container's process mounts a FUSE filesystem; who answers for it is a process outside of the
 * container's namespaces, except for its user namespace, whose ids it uses. It ends by itself when
 * the filesystem is gone, with the last process of the container's mount namespace.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* What is to be served. */
typedef struct
{
  const char *program;       /* absolute path of fuse-overlayfs */
  const char *const *lowers; /* absolute, top first, NULL-terminated */
  const char *layer;         /* absolute; NULL: a tmpfs that is gone with the server */
  const char *upper;         /* directories below the layer; NULL: nothing can be written */
  const char *work;
  gboolean squash;      /* all files are shown as root's */
  gboolean bind_proc;   /* a new procfs would be refused: it gets ours */
  int device;           /* of the FUSE filesystem */
  int userns;           /* that of the container, or -1: ours */
  gboolean rights_here; /* the layers are opened with the rights that we have in our own user
                           namespace, not with those that we have in @userns */
} RuncOverlayRequest;

/* A server that was started. */
typedef struct
{
  pid_t pid;    /* a child of ours */
  int messages; /* what it says on stderr, or -EBADF */
} RuncOverlayServer;

#define RUNC_OVERLAY_SERVER_INIT                                                                   \
  {                                                                                                \
    .messages = -EBADF                                                                             \
  }

/* Start a server. That it could be started does not mean that it answers. */
gboolean runc_overlay_server_start (const RuncOverlayRequest *request,
                                    RuncOverlayServer *ret_server, GError **error);

/* The server did not answer, as @error says: end it, and put what it said in front. Always returns
 * FALSE. */
gboolean runc_overlay_server_failed (RuncOverlayServer *server, GError **error);

/* Does not end the server. */
void runc_overlay_server_clear (RuncOverlayServer *server);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncOverlayServer, runc_overlay_server_clear)
