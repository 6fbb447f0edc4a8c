/* Decoding `linux.seccomp`. Tables; the engine is decoder.c.
 *
 * Runs in the parent.
 */
#include "spec/decode.h"

static const RuncDecodeField arg_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecSeccompArg, "index", index, uint32, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecSeccompArg, "value", value, uint64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecSeccompArg, "valueTwo", value_two, uint64),
  RUNC_DECODE_MEMBER (RuncSpecSeccompArg, "op", op, text, .required = true),
};
static const RuncDecodeShape arg_shape = RUNC_DECODE_SHAPE (RuncSpecSeccompArg, arg_fields);

static const RuncDecodeField syscall_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecSyscall, "names", names, strings),
  RUNC_DECODE_MEMBER (RuncSpecSyscall, "action", action, text),
  RUNC_DECODE_MEMBER (RuncSpecSyscall, "errnoRet", errno_ret, opt_uint32),
  RUNC_DECODE_ARRAY (RuncSpecSyscall, "args", args, n_args, RuncSpecSeccompArg, arg_shape),
};
static const RuncDecodeShape syscall_shape = RUNC_DECODE_SHAPE (RuncSpecSyscall, syscall_fields);

static bool
finish_seccomp (G_GNUC_UNUSED RuncDecoder *decoder, RuncJson *json,
                G_GNUC_UNUSED const RuncJsonPath *path, void *target)
{
  ((RuncSpecSeccomp *)target)->json = json;
  return true;
}

static const RuncDecodeField seccomp_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "defaultAction", default_action, text),
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "defaultErrnoRet", default_errno_ret, opt_uint32),
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "architectures", architectures, strings),
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "flags", flags, strings),
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "listenerPath", listener_path, text),
  RUNC_DECODE_MEMBER (RuncSpecSeccomp, "listenerMetadata", listener_metadata, text),
  RUNC_DECODE_ARRAY (RuncSpecSeccomp, "syscalls", syscalls, n_syscalls, RuncSpecSyscall,
                     syscall_shape),
};

const RuncDecodeShape runc_decode_seccomp_shape
    = RUNC_DECODE_SHAPE (RuncSpecSeccomp, seccomp_fields, .finish = finish_seccomp);
