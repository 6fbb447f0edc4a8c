/* The parts of runc_spec_validate(), private to src/spec. Each returns FALSE with the first broken
 * rule: RUNC_ERROR_INVALID_SPEC, or RUNC_ERROR_UNSUPPORTED for what the specification knows and
 * this runtime does not do.
 */
#pragma once

#include "spec/fail.h"
#include "spec/names.h"
#include "spec/spec.h"

/* `linux`, which is present; the whole @spec because rules cross its members. */
gboolean runc_validate_linux (const RuncSpec *spec, GError **error);

/* `linux.seccomp`, which is present. */
gboolean runc_validate_seccomp (const RuncSpec *spec, GError **error);

/* The two id maps of one object.
 *
 * @where: the JSON path of the object, as "linux" or "mounts[3]" */
gboolean runc_validate_id_maps (const RuncSpecIdMaps *uids, const RuncSpecIdMaps *gids,
                                const char *where, GError **error);

/* A list of CPUs or memory nodes; NULL is fine.
 *
 * @what: the JSON path, maybe with words before the list in the message */
gboolean runc_validate_id_list (const char *list, const char *what, GError **error);
