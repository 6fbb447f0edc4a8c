/* What this build calls itself. */
#pragma once

/* The version with EXTRA_VERSION: "0.1.0". */
const char *runc_version (void);

/* The commit this was built from, 40 hex digits and "-dirty" if files were changed; "" if unknown.
 */
const char *runc_version_commit (void);

/* The version of the OCI runtime specification that is implemented. */
#define RUNC_SPEC_VERSION "1.3.0"
