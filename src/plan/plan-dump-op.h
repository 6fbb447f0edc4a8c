/* What plan-dump.c is made of: where a description goes, and that of an op and of a slot. Internal
 * to the dump of plans. */
#pragma once

#include "base/json.h"
#include "plan/plan.h"

/* Where a description goes: one of these. */
typedef struct
{
  GString *text;  /* " name=value" is appended */
  RuncJson *json; /* or members are added to an object */
} RuncDumpSink;

void runc_dump_put (RuncDumpSink *sink, const char *name, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* As it is, or in quotes when that would be ambiguous; NULL: nothing. */
void runc_dump_text (RuncDumpSink *sink, const char *name, const char *value);
/* "yes", or nothing. */
void runc_dump_flag (RuncDumpSink *sink, const char *name, bool value);
/* CLONE_NEW* as names. */
void runc_dump_namespaces (RuncDumpSink *sink, const char *name, guint64 flags);
void runc_dump_list (RuncDumpSink *sink, const char *name, const char *const *list);

void runc_dump_hooks (RuncDumpSink *sink, const RuncPlanHooks *hooks);
void runc_dump_slot (RuncDumpSink *sink, const RuncSlot *slot);
void runc_dump_op (RuncDumpSink *sink, const RuncOp *op);
const char *runc_slot_kind_to_string (RuncSlotKind kind);
