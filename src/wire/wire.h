/* The protocol between parent and child: one message table for both sides.
 *
 * A SOCK_SEQPACKET pair, close-on-exec: one packet is one message. End-of-file seen by the parent
 * after PROCEED means that execve() succeeded; seen by the child it means that the parent died, and
 * the child exits. The parent may send ahead: the child's WAIT ops take the messages in the order
 * of the table, so that nobody blocks where nothing needs to be waited for.
 *
 * Plain C without glib: the child includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* X (ENUM, "name", from child?, carries an fd?)
 *
 * Parent to child, in this order; each is sent only if the plan has the op that takes it. */
/* clang-format off */
#define RUNC_MESSAGES(X)                                                                           \
  X (MAPPED, "mapped", false, false)         /* ids are mapped and the process placed */           \
  X (DELEGATED, "delegated", false, false)   /* the process is in the cgroup that it may manage */ \
  X (NETWORK, "network", false, true)        /* fd: the network namespace, for the op that takes it */ \
  X (DEVICE, "device", false, true)          /* fd: for the FUSE filesystem that was asked for */  \
  X (HOOK_STATE, "hook-state", false, true)  /* fd: memfd with the state json for child hooks */   \
  X (HOOKS_DONE, "hooks-done", false, false) /* createRuntime hooks ran; also: network is set up */\
  X (SECCOMP, "seccomp", false, false)       /* payload: RuncWireSeccomp and the BPF program */    \
  X (PROCEED, "proceed", false, false)       /* the state is on disk: go to the gate, then exec */ \
  /* child to parent */                                                                            \
  X (FORKED, "forked", true, true)           /* payload: pid_t as seen by the parent; fd: pidfd */ \
  X (IN_CGROUP, "in-cgroup", true, false)    /* the cgroup namespace is made */                    \
  X (FUSE, "fuse", true, false)              /* a FUSE filesystem wants a device */                \
  X (MOUNTED, "mounted", true, false)        /* it is mounted on the device: serve it */           \
  X (SERVED, "served", true, false)          /* it has answered */                                 \
  X (ROOT_READY, "root-ready", true, false)  /* the root is built, the pivot has not happened */   \
  X (CONSOLE, "console", true, true)         /* fd: the pty master */                              \
  X (NOTIFY, "notify", true, true)           /* fd: the seccomp listener */                        \
  X (READY, "ready", true, false)            /* everything but gate and exec is done */            \
  X (FAILED, "failed", true, false)          /* payload: RuncWireFailure; the child exits after it */
/* clang-format on */

typedef enum
{
#define X(name, text, from_child, has_fd) RUNC_MESSAGE_##name,
  RUNC_MESSAGES (X)
#undef X
      RUNC_N_MESSAGES
} RuncMessage;

const char *runc_message_to_string (RuncMessage message);

/* Where an op stopped. The parent words the error from the plan: nothing here is text. */
typedef struct
{
  int32_t op;        /* index into RuncChildPlan.ops; -1: before the first */
  int32_t errnum;    /* positive; HOOK_STATUS: the exit status, HOOK_SIGNAL: the signal */
  int32_t step;      /* RuncFailStep: which part of the op */
  int32_t index;     /* which element: number of the hook, of the rlimit, of the capability */
  char detail[1024]; /* data, not words: the rest of a hook's stderr, a path; NUL-terminated */
} RuncWireFailure;

/* Parts of ops that a message should tell apart. X (ENUM, "words for the parent") */
/* clang-format off */
#define RUNC_FAIL_STEPS(X)                                                                         \
  X (ANY, "")                                                                                      \
  X (RESOLVE, "resolve")      /* looking up the target inside the root */                          \
  X (CREATE, "create")        /* making the target */                                              \
  X (SOURCE, "open source of")                                                                     \
  X (ATTRIBUTES, "set attributes of")                                                              \
  X (ATTACH, "attach")                                                                             \
  X (VERIFY, "verify")        /* something is not what it claims: wrong filesystem, device, cwd */ \
  X (HOOK_SPAWN, "start hook")                                                                     \
  X (HOOK_STATUS, "hook exited")                                                                   \
  X (HOOK_SIGNAL, "hook was killed")                                                               \
  X (HOOK_TIMEOUT, "hook timed out")                                                               \
  X (AMBIENT, "raise ambient capability")                                                          \
  X (OPTION, "set option")    /* detail: the fsconfig option */                                    \
  X (PROTOCOL, "follow protocol")
/* clang-format on */

typedef enum
{
#define X(name, text) RUNC_FAIL_##name,
  RUNC_FAIL_STEPS (X)
#undef X
} RuncFailStep;

/* Head of a SECCOMP message; the BPF program (struct sock_filter[]) follows in the same packet. */
typedef struct
{
  uint32_t flags;          /* SECCOMP_FILTER_FLAG_* */
  uint32_t n_instructions; /* at most BPF_MAXINSNS (4096) */
} RuncWireSeccomp;

/* The largest payload of a message. */
#define RUNC_WIRE_MAX (sizeof (RuncWireSeccomp) + 4096 * 8)

/* Make the pair, both ends close-on-exec. Returns 0 or -errno. */
int runc_wire_pair (int *ret_parent, int *ret_child);

/* Send one message. @fd: to pass along, or -1. Never raises SIGPIPE. Returns 0 or -errno
 * (-EPIPE, -ECONNRESET: the peer is gone). */
int runc_wire_send (int sock, RuncMessage message, const void *payload, size_t len, int fd);

/* The same without an fd, by write(2) and read(2) alone: the child's choice, because its seccomp
 * filter may be loaded already and may know no sendmsg(2). A payload of more than a RuncWireFailure
 * is -EMSGSIZE, and none can be read. A dead peer raises SIGPIPE. */
int runc_wire_write (int sock, RuncMessage message, const void *payload, size_t len);
int runc_wire_read (int sock, RuncMessage *ret_message);

/* Receive one message, blocking.
 *
 * @ret_message: what came
 * @payload, @size: where the payload goes; larger ones are -EMSGSIZE
 * @ret_len: bytes in @payload
 * @ret_fd: a passed fd, close-on-exec, or -EBADF; may be NULL (then a passed fd is closed)
 * Returns 1, 0 on end-of-file, or -errno (-EBADMSG: malformed). */
int runc_wire_receive (int sock, RuncMessage *ret_message, void *payload, size_t size,
                       size_t *ret_len, int *ret_fd);
