/* What becomes of the runtime's own executable (CVE-2019-5736). Pure; the parent.
 *
 * Until execve() the child is a process of the container that runs our program, and an image can
 * bring it back afterwards ("#!/proc/self/exe"). Who can then open /proc/PID/exe for writing, and
 * is the owner of the file, has overwritten the runtime on the host.
 */
#include "plan/builder.h"

#include <sys/stat.h>

static bool
is_mapped (const RuncIdMap *map, gsize n, guint32 id)
{
  for (gsize i = 0; i < n; i++)
    if (id >= map[i].outside && id - map[i].outside < map[i].size)
      return true;
  return false;
}

bool
runc_plan_program_is_exposed (const RuncHost *host, const RuncMapPlan *maps)
{
  if (!host->program_changeable)
    return false;
  /* Its owner can always chmod() it. What a group may write counts whoever the group is: with an
   * access list the bits are those of its mask, and supplementary groups that are not mapped may
   * have been kept. */
  return maps == NULL || (host->program_mode & (S_IWOTH | S_IWGRP)) != 0
         || is_mapped (maps->uids, maps->n_uids, host->program_owner);
}

void
runc_plan_program (RuncBuilder *b, const RuncMapPlan *maps)
{
  RuncPlan *plan = b->plan;
  RuncOp *op;
  int program, decoy;

  if (!runc_plan_program_is_exposed (b->host, maps))
    return;
  /* Others get rights over mounts only with the container's namespaces, and may change the link
   * only with those of its user namespace: for an exec, that is too late. */
  plan->program = b->host->program_leavable && b->who == RUNC_WHO_REAL_ROOT ? RUNC_PROGRAM_LEFT
                                                                            : RUNC_PROGRAM_AGAIN;
  if (plan->program != RUNC_PROGRAM_LEFT)
    return;
  runc_builder_need_proc (b);
  program = runc_builder_slot (b, RUNC_SLOT_PROGRAM, NULL);
  decoy = runc_builder_slot (b, RUNC_SLOT_DECOY, NULL);
  op = runc_builder_op (b, RUNC_OP_LEAVE_PROGRAM, "the runtime's executable");
  op->slot = program;
  op->result = decoy;
}
