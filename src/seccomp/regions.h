/* A filter as a table: for each architecture, what happens in which range of system call numbers.
 */
#pragma once

#include "seccomp/nodes.h"

typedef struct RuncRegions RuncRegions;

/* Take @program apart. Never fails: a program of a form that is not understood becomes one region
 * for everything, which runs it as it is. @program is borrowed until runc_regions_write(). */
RuncRegions *runc_regions_new (const GArray *program);
void runc_regions_free (RuncRegions *regions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncRegions, runc_regions_free)

/* Let the system calls from @first to @last (included) of @arch, an AUDIT_ARCH_*, return @action,
 * whatever the program says. */
void runc_regions_set (RuncRegions *regions, guint32 arch, guint32 first, guint32 last,
                       guint32 action);

/* The table as a program: a search tree per architecture. New array of struct sock_filter. */
GArray *runc_regions_write (RuncRegions *regions);
