/* fuse-overlayfs, which serves the overlays that the kernel's own overlayfs cannot make for us.
 * Parent side.
 *
 * The container's process mounts a FUSE filesystem on a device that it gets; who answers for it is
 * a process outside of the container's namespaces, except for its user namespace, whose ids it
 * uses. It ends by itself when the filesystem is gone, with the last process of the container's
 * mount namespace.
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
  int userns;           /* that of the container, or negative: ours */
  gboolean rights_here; /* the layers are opened with the rights that we have in our own user
                           namespace, not with those that we have in @userns */
} RuncOverlayRequest;

/* A server in the making. */
typedef struct
{
  pid_t pid;    /* a child of ours */
  int device;   /* what it will serve, for the filesystem to be mounted on; or -EBADF */
  int control;  /* it waits for a word from here; or -EBADF */
  int messages; /* what it says on stderr, or -EBADF */
} RuncOverlayServer;

#define RUNC_OVERLAY_SERVER_INIT                                                                   \
  {                                                                                                \
    .device = -EBADF, .control = -EBADF, .messages = -EBADF                                        \
  }

/* Open the device in the user namespace of the container, and prepare a server for it. */
gboolean runc_overlay_server_prepare (const RuncOverlayRequest *request,
                                      RuncOverlayServer *ret_server, GError **error);

/* The filesystem is mounted, and can be served. (Before that the kernel has nothing for a server.)
 */
void runc_overlay_server_go (RuncOverlayServer *server);

/* The filesystem is not served, as @error says: end the server. What it said is the error then.
 * Always returns FALSE. */
gboolean runc_overlay_server_failed (RuncOverlayServer *server, GError **error);

/* A server that has not been told to go ends; another one goes on. */
void runc_overlay_server_clear (RuncOverlayServer *server);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RuncOverlayServer, runc_overlay_server_clear)
