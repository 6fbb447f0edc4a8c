/* Mounts as fds: make, clone, change, attach. Nothing here resolves a path.
 *
 * All functions return an fd or 0, or -errno; fds are close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel said about a filesystem that could not be made. */
typedef struct
{
  const char *option; /* the option it stopped at, or NULL; borrowed from the caller's list */
  char message[256];  /* the kernel's own words ("" if it had none), without newline */
} RuncFsError;

typedef struct
{
  const char *type;
  const char *source;         /* or NULL */
  const char *const *options; /* "key=value" or "flag", NULL-terminated, or NULL */
  const char *extra_option;   /* one more, or NULL */
  bool readonly;              /* the superblock */
  uint64_t attr;              /* MOUNT_ATTR_* */
} RuncFsRequest;

/* A new filesystem as a detached mount. */
int runc_sys_fs_new (const RuncFsRequest *request, RuncFsError *ret_error);

/* Detach what is mounted below the current directory, the root directory of the process, that is
 * not locked. @mountinfo: /proc/self/mountinfo, open for reading. */
int runc_sys_detach_all_below (int mountinfo);

/* A detached copy of the mount at @fd (of its whole tree if @recursive). */
int runc_sys_tree_clone (int fd, bool recursive);

typedef struct
{
  uint64_t set; /* MOUNT_ATTR_* */
  uint64_t clear;
  uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
  int userns_fd;        /* for MOUNT_ATTR_IDMAP in `set`, else ignored */
  bool recursive;
} RuncTreeAttr;

/* Change the mount at @fd. Nothing to change is success without a system call. */
int runc_sys_tree_set_attr (int fd, const RuncTreeAttr *attr);

/* Attach the detached mount @tree on the directory or file @target (an O_PATH fd). */
int runc_sys_tree_attach (int tree, int target);
