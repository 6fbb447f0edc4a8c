/* Whole files in and out.
 *
 * Names are relative to a directory fd, or AT_FDCWD; messages quote them as they were given.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* All that can be read from @fd, as a new string with a NUL behind its end.
 *
 * @name: what to call it in messages
 * @limit: more bytes than this are an error; nothing is cut
 * @ret_len: bytes without the final NUL; may be NULL */
char *runc_io_read_fd (int fd, const char *name, gsize limit, gsize *ret_len, GError **error);

/* As runc_io_read_fd() for the file @name below @dir_fd. RUNC_ERROR_NOT_FOUND if there is none. */
char *runc_io_read_file (int dir_fd, const char *name, gsize limit, gsize *ret_len, GError **error);

/* Write all of @data (@len bytes) to @fd, however many calls that takes. */
gboolean runc_io_write_all (int fd, const void *data, gsize len, const char *name, GError **error);

/* Put the string @text into the file @name below @dir_fd, in one step for whoever looks: written to
 * a new file beside it, which is then renamed. No fsync: what this is used for does not outlive a
 * power cut.
 *
 * @mode: permissions of the file, the umask applies */
gboolean runc_io_replace_file (int dir_fd, const char *name, const char *text, mode_t mode,
                               GError **error);
