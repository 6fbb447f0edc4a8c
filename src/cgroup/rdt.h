/* Groups of the kernel's resctrl filesystem: linux.intelRdt (Documentation/filesystems/resctrl.rst,
 * runtime-spec 1.3 "IntelRdt"). Parent side.
 *
 * Errors begin with "linux.intelRdt" and carry what the kernel says in info/last_cmd_status.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* What a container asks for. Strings are borrowed. */
typedef struct
{
  const char *dir;      /* the group, absolute */
  const char *mon_dir;  /* its monitoring group, absolute, or NULL */
  const char *schemata; /* lines to write, each with its newline, or NULL */
  const char *expected; /* lines that a group that is there must have already, or NULL */
  gboolean must_exist;  /* the group is made by others */
} RuncRdtSetup;

/* Make the group where it is missing, write its schemata, make the monitoring group.
 *
 * @ret_created: the group was made here; set on errors, too */
gboolean runc_rdt_create (const RuncRdtSetup *setup, gboolean *ret_created, GError **error);

/* Put process @pid, which has one thread, into the group and (not NULL) its monitoring group. */
gboolean runc_rdt_add_process (const char *dir, const char *mon_dir, pid_t pid, GError **error);

/* Write @schemata, lines that each end in a newline, in one go. */
gboolean runc_rdt_set (const char *dir, const char *schemata, GError **error);

/* Remove a group or monitoring group; one that is gone is fine. */
gboolean runc_rdt_remove (const char *dir, GError **error);

/* Does the schemata file @text say for each domain of @line ("L3:0=f;1=ff") the same value? Leading
 * zeros, case and order do not matter. */
gboolean runc_rdt_matches (const char *text, const char *line);
