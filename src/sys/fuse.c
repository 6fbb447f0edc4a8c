/* FUSE filesystems as detached mounts. Runs in the child, and in children of the doctor.
 *
 * The kernel wants the device to be opened in the user namespace that the filesystem is mounted in.
 */
#include "sys/fuse.h"

#include "base/fd.h"
#include "sys/decimal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int
runc_sys_fuse_new (const char *source, uint64_t attr, int *ret_device, RuncFsError *ret_error)
{
  autofd int device = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
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

  *ret_error = (RuncFsError){ 0 };
  if (device < 0)
    return -errno;
  runc_decimal (fd_option + strlen (fd_option), device);
  tree = runc_sys_fs_new (&request, ret_error);
  /* It lies on our stack. */
  ret_error->option = NULL;
  if (tree >= 0)
    *ret_device = runc_steal_fd (&device);
  return tree;
}
