/* Numbers of the OCI, which are those of cgroup v1, in the terms of cgroup v2 and of systemd.
 *
 * Pure: no I/O. Where runc 1.5 has a conversion, ours gives the same results.
 */
#pragma once

#include <glib.h>

/* linux.resources.cpu.shares (2..262144, default 1024) -> cpu.weight (1..10000, default 100), by
 * the quadratic that meets minimum, default and maximum. 0 (unset) stays 0. */
guint64 runc_cgroup_weight_from_shares (guint64 shares);

/* blockIO.weight (10..1000) -> io.weight (1..10000), linear. 0 (unset) stays 0. */
guint64 runc_cgroup_io_weight_from_blkio (guint64 weight);

/* memory.swap (which is memory plus swap) -> memory.swap.max.
 *
 * @memsw: 0 unset, -1 unlimited; @memory: 0 unset or unknown, -1 unlimited
 * @ret_set: FALSE when memory.swap.max is to be left alone
 * @ret_swap: -1 for "max" */
gboolean runc_cgroup_swap_from_memsw (gint64 memsw, gint64 memory, gboolean *ret_set,
                                      gint64 *ret_swap, GError **error);

/* memory.checkBeforeUpdate: is @usage, in bytes, below the new limits? Those that are not above 0
 * are none. Errors: "rejecting memory+swap limit ...", "rejecting memory limit ...". */
gboolean runc_cgroup_check_memory (gint64 memory, gint64 memsw, guint64 usage, GError **error);

/* A limit as v2 files take it: "max" for -1 (new string). */
char *runc_cgroup_limit_text (gint64 value);

/* The line for cpu.max: "max 100000", "50000 100000" (new string).
 *
 * @quota: us, <= 0 is none; @period: us, 0 is the kernel's default */
char *runc_cgroup_cpu_max (gint64 quota, guint64 period);

/* pids.limit -> pids.max: 0 is 1, because systemd has no 0; negative is unlimited, which is
 * G_MAXUINT64. */
guint64 runc_cgroup_pids_max (gint64 limit);

/* CPUQuotaPerSecUSec of systemd, rounded up to its percent grid; G_MAXUINT64 for no quota.
 *
 * @ret_quota: the quota that the rounded value means, for the cgroup file, so that both agree */
guint64 runc_cgroup_quota_per_sec (gint64 quota, guint64 period, gint64 *ret_quota);

/* A list of CPUs or memory nodes ("0-3,7") as the bit set that systemd takes: bit n of byte n / 8,
 * without zero bytes at the end. Errors: RUNC_ERROR_INVALID_SPEC for a malformed or empty list. */
GByteArray *runc_cgroup_mask_from_list (const char *list, GError **error);
