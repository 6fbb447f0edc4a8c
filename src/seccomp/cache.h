/* Compiled filters in files.
 *
 * A directory belongs to one user. A file in it is named by the digest of everything that went into
 * the program, and is only believed when everything about it is right; what is wrong is as good as
 * absent. Nothing here is an error to the caller, the reasons are debug messages.
 */
#pragma once

#include "spec/spec.h"

#include <glib.h>
#include <linux/filter.h>

/* Files kept in a directory; of more, the oldest go when one is added. */
#define RUNC_SECCOMP_CACHE_FILES 64

/* The name under which the filter of @seccomp is kept: 64 hex digits. New string. */
char *runc_seccomp_cache_key (const RuncSpecSeccomp *seccomp);

/* Open the directory @path.
 *
 * @create: make it, 0700, with its parents, if it is absent
 * Returns an fd, or -EBADF if it is absent, not ours, or writable by others. */
int runc_seccomp_cache_open (const char *path, gboolean create);

/* The program kept as @key. FALSE: there is none that can be believed.
 *
 * @ret_instructions: new, @ret_n of them, 1 to BPF_MAXINSNS */
gboolean runc_seccomp_cache_load (int dir_fd, const char *key,
                                  struct sock_filter **ret_instructions, guint *ret_n);

/* Keep @instructions as @key, in one step for whoever looks, and have the oldest files go. */
void runc_seccomp_cache_store (int dir_fd, const char *key, const struct sock_filter *instructions,
                               guint n);

/* Whether @bytes are a file as runc_seccomp_cache_store() writes it for @key, with a program that
 * cannot leave its bounds. For the parts above and the fuzzer.
 *
 * @ret_program: points into @bytes, which need not be aligned */
gboolean runc_seccomp_cache_check (const guint8 *bytes, gsize len, const char *key,
                                   const guint8 **ret_program, guint *ret_n);
