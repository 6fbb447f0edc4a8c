/* A filter as a table: for each architecture, what happens in which range of system call numbers.
 */
#pragma once

#include "seccomp/nodes.h"

typedef struct RuncRegions RuncRegions;

/* A table in which everything returns @action. */
RuncRegions *runc_regions_new (guint32 action);
void runc_regions_free (RuncRegions *regions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuncRegions, runc_regions_free)

/* Let the system calls from @first to @last (included) of @arch, an AUDIT_ARCH_*, do what they do
 * under @program (array of struct sock_filter). Never fails: a program of a form that is not
 * understood is run as it is. */
void runc_regions_add (RuncRegions *regions, guint32 arch, guint32 first, guint32 last,
                       GArray *program);

/* Let them return @action, whatever they did. */
void runc_regions_set (RuncRegions *regions, guint32 arch, guint32 first, guint32 last,
                       guint32 action);

/* The highest number of @arch, up to @last, for which something else can happen than @action; 0 if
 * there is none. */
guint32 runc_regions_highest (RuncRegions *regions, guint32 arch, guint32 last, guint32 action);

/* The table as a program: a search tree per architecture. New array of struct sock_filter. */
GArray *runc_regions_write (RuncRegions *regions);
