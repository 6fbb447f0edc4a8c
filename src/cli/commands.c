/* The table of verbs. Runs in the parent. */
#include "cli/command.h"

#include <string.h>

const RuncCommand *const runc_commands[] = {
  &runc_command_checkpoint, &runc_command_create, &runc_command_delete,
  &runc_command_doctor,     &runc_command_events, &runc_command_exec,
  &runc_command_features,   &runc_command_kill,   &runc_command_list,
  &runc_command_pause,      &runc_command_plan,   &runc_command_ps,
  &runc_command_restore,    &runc_command_resume, &runc_command_run,
  &runc_command_spec,       &runc_command_start,  &runc_command_state,
  &runc_command_unshare,    &runc_command_update, NULL,
};

const RuncCommand *
runc_command_find (const char *name)
{
  for (gsize i = 0; runc_commands[i] != NULL; i++)
    if (strcmp (runc_commands[i]->name, name) == 0)
      return runc_commands[i];
  return NULL;
}
