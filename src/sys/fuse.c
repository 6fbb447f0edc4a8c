/* FUSE filesystems as detached mounts. Runs in the child, and in children of the doctor. */
#include "sys/fuse.h"

#include "sys/decimal.h"

#include <string.h>

int
runc_sys_fuse_new (int device, const char *source, uint64_t attr, RuncFsError *ret_error)
{
  char fd_option[sizeof "fd=" + RUNC_DECIMAL_SIZE] = "fd=";
  const char *const options[] = {
    fd_option, "rootmode=40000", "user_id=0", "group_id=0", "default_permissions", "allow_other",
    NULL,
  };
  const RuncFsRequest request = {
    .type = "fuse",
    .source = source,
    .options = options,
    .attr = attr,
  };
  int tree;

  runc_decimal (fd_option + strlen (fd_option), device);
  tree = runc_sys_fs_new (&request, ret_error);
  /* It lies on our stack. */
  ret_error->option = NULL;
  return tree;
}
