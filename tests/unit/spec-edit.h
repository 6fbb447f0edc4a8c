/* For the tests of src/spec: documents that differ in one place. */
#pragma once

#include "base/json.h"

/* Put @value, which is JSON text, at @path of @document. The path is written as in error messages,
 * `mounts[0].options`, `annotations["a.b"]`; what is missing on the way is made. With NULL for
 * @value the member is removed. */
void spec_edit (RuncJson *document, const char *path, const char *value);
