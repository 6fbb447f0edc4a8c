/* The cache of compiled filters. Runs in the parent.
 *
 * A hit is on the path of every start of a container: one open of the directory, one of the file,
 * fstat(), read(), and the digests of the profile and of the program; libseccomp is not asked for
 * anything but its version.
 *
 * A filter is a security boundary, so that a file counts only if nobody else can have written it:
 * in a directory that is ours and nobody else's to write, owned by us, of exactly the size that it
 * claims, with a digest over its key and program. The digests have to be good ones: who can have us
 * run profiles of theirs must not be able to find one that stands for somebody else's.
 *
 * File: the struct below, then the program, in the byte order of the machine.
 */
#include "seccomp/cache.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "base/version.h"
#include "seccomp/seccomp.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define MAGIC "runcbpf1"

#define DIGEST_SIZE 32

/* What every file that is being written begins with; it is renamed when it is complete. */
#define NEW_PREFIX ".new-"

/* Unmapped ids look like this, in our credentials and in the owner of a file alike. */
#define OVERFLOW_UID 65534

typedef struct
{
  char magic[8];
  guint32 n_instructions;
  guint32 zero;
  guint8 digest[DIGEST_SIZE]; /* of the key and the program */
} Header;

#define MAX_SIZE (sizeof (Header) + BPF_MAXINSNS * sizeof (struct sock_filter))

static void
put (GByteArray *text, gconstpointer data, gsize len)
{
  g_byte_array_append (text, data, (guint)len);
}

/* With its end, so that no two lists of strings look the same; 0xff begins no string of JSON. */
static void
put_string (GByteArray *text, const char *string)
{
  if (string == NULL)
    string = "\xff";
  put (text, string, strlen (string) + 1);
}

static void
put_number (GByteArray *text, guint64 number)
{
  put (text, &number, sizeof number);
}

static void
put_strings (GByteArray *text, const RuncStrings *strings)
{
  put_number (text, strings->n);
  for (gsize i = 0; i < strings->n; i++)
    put_string (text, strings->items[i]);
}

static void
put_errno (GByteArray *text, const RuncOptUint32 *number)
{
  put_number (text, number->present ? number->value : G_MAXUINT64);
}

static void
put_rule (GByteArray *text, const RuncSpecSyscall *rule)
{
  put_string (text, rule->action);
  put_errno (text, &rule->errno_ret);
  put_strings (text, &rule->names);
  put_number (text, rule->n_args);
  for (gsize i = 0; i < rule->n_args; i++)
    {
      put_number (text, rule->args[i].index);
      put_number (text, rule->args[i].value);
      put_number (text, rule->args[i].value_two);
      put_string (text, rule->args[i].op);
    }
}

char *
runc_seccomp_cache_key (const RuncSpecSeccomp *seccomp)
{
  g_autoptr (GByteArray) text = g_byte_array_sized_new (8192);
  struct utsname kernel = { 0 };

  (void)uname (&kernel);
  put_string (text, MAGIC);
  /* A change in how programs are made comes with a new one of these. */
  put_string (text, runc_version ());
  put_string (text, runc_version_commit ());
  put_string (text, runc_seccomp_library_version ());
  put_string (text, kernel.release);
  put_string (text, kernel.machine);
  put_string (text, seccomp->default_action);
  put_errno (text, &seccomp->default_errno_ret);
  put_strings (text, &seccomp->architectures);
  put_number (text, seccomp->n_syscalls);
  for (gsize i = 0; i < seccomp->n_syscalls; i++)
    put_rule (text, &seccomp->syscalls[i]);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, text->data, text->len);
}

int
runc_seccomp_cache_open (const char *path, gboolean create)
{
  autofd int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (fd < 0 && errno == ENOENT && create && g_mkdir_with_parents (path, 0700) == 0)
    fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &st) < 0)
    {
      if (errno != ENOENT || create)
        runc_debug ("no cache of seccomp filters in '%s': %s", path, runc_strerror (errno));
      return -EBADF;
    }
  if (st.st_uid != geteuid () || st.st_uid == OVERFLOW_UID || (st.st_mode & (S_IWGRP | S_IWOTH)))
    {
      runc_debug ("no cache of seccomp filters in '%s': it is not ours, or others can write there",
                  path);
      return -EBADF;
    }
  return runc_steal_fd (&fd);
}

static void
make_digest (const char *key, const void *program, gsize len, guint8 *digest)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize digest_len = DIGEST_SIZE;

  g_checksum_update (checksum, (const guchar *)key, (gssize)strlen (key));
  g_checksum_update (checksum, program, (gssize)len);
  g_checksum_get_digest (checksum, digest, &digest_len);
}

/* Instruction @i of @n ends the program or goes on within it. The kernel checks more than that. */
static gboolean
stays_inside (const struct sock_filter *at, guint i, guint n)
{
  guint left = n - i - 1;

  switch (BPF_CLASS (at->code))
    {
    case BPF_RET:
      return TRUE;
    case BPF_JMP:
      if (BPF_OP (at->code) == BPF_JA)
        return at->k < left;
      return at->jt < left && at->jf < left;
    default:
      return left > 0;
    }
}

gboolean
runc_seccomp_cache_check (const guint8 *bytes, gsize len, const char *key,
                          const guint8 **ret_program, guint *ret_n)
{
  const guint8 *program = bytes + sizeof (Header);
  guint8 digest[DIGEST_SIZE];
  Header header;

  if (len < sizeof header)
    return FALSE;
  memcpy (&header, bytes, sizeof header);
  if (memcmp (header.magic, MAGIC, sizeof header.magic) != 0 || header.zero != 0
      || header.n_instructions == 0 || header.n_instructions > BPF_MAXINSNS
      || len != sizeof header + header.n_instructions * sizeof (struct sock_filter))
    return FALSE;
  make_digest (key, program, len - sizeof header, digest);
  if (memcmp (digest, header.digest, DIGEST_SIZE) != 0)
    return FALSE;
  for (guint i = 0; i < header.n_instructions; i++)
    {
      struct sock_filter at;
      memcpy (&at, program + i * sizeof at, sizeof at);
      if (!stays_inside (&at, i, header.n_instructions))
        return FALSE;
    }
  *ret_program = program;
  *ret_n = header.n_instructions;
  return TRUE;
}

/* All of the file @key, new; NULL if it is not one of ours. */
static guint8 *
read_file (int dir_fd, const char *key, gsize *ret_len)
{
  /* nonblocking, because of what else could have this name */
  autofd int fd = openat (dir_fd, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  g_autofree guint8 *bytes = NULL;
  struct stat st;

  if (fd < 0)
    return NULL;
  if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || st.st_uid != geteuid ()
      || (st.st_mode & (S_IWGRP | S_IWOTH)) || st.st_size < (off_t)sizeof (Header)
      || st.st_size > (off_t)MAX_SIZE)
    {
      runc_debug ("cached seccomp filter '%s' is not a file of ours: ignored", key);
      return NULL;
    }
  bytes = g_malloc ((gsize)st.st_size);
  if (TEMP_FAILURE_RETRY (read (fd, bytes, (gsize)st.st_size)) != st.st_size)
    return NULL;
  *ret_len = (gsize)st.st_size;
  return g_steal_pointer (&bytes);
}

gboolean
runc_seccomp_cache_load (int dir_fd, const char *key, struct sock_filter **ret_instructions,
                         guint *ret_n)
{
  gsize len = 0;
  g_autofree guint8 *bytes = read_file (dir_fd, key, &len);
  const guint8 *program;

  if (bytes == NULL)
    return FALSE;
  if (!runc_seccomp_cache_check (bytes, len, key, &program, ret_n))
    {
      runc_debug ("cached seccomp filter '%s' is damaged: ignored", key);
      return FALSE;
    }
  *ret_instructions = g_memdup2 (program, *ret_n * sizeof (struct sock_filter));
  return TRUE;
}

typedef struct
{
  char *name;
  struct timespec modified;
} File;

static void
file_clear (gpointer data)
{
  g_free (((File *)data)->name);
}

static int
compare_ages (gconstpointer a, gconstpointer b)
{
  const struct timespec *x = &((const File *)a)->modified;
  const struct timespec *y = &((const File *)b)->modified;

  if (x->tv_sec != y->tv_sec)
    return x->tv_sec < y->tv_sec ? -1 : 1;
  return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Remove the oldest files until there is room for one. What an interrupted writer left is a file
 * like others here. */
static void
make_room (int dir_fd)
{
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (File));
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;

  g_array_set_clear_func (files, file_clear);
  if (dir == NULL)
    {
      runc_close_fd (fd);
      return;
    }
  for (const struct dirent *entry = readdir (dir); entry != NULL; entry = readdir (dir))
    {
      struct stat st;
      File file;

      if (fstatat (dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR (st.st_mode))
        continue;
      file = (File){ .name = g_strdup (entry->d_name), .modified = st.st_mtim };
      g_array_append_val (files, file);
    }
  closedir (dir);
  g_array_sort (files, compare_ages);
  for (guint i = 0; i + RUNC_SECCOMP_CACHE_FILES <= files->len; i++)
    (void)unlinkat (dir_fd, g_array_index (files, File, i).name, 0);
}

static gboolean
write_file (int dir_fd, const char *name, const Header *header,
            const struct sock_filter *instructions, GError **error)
{
  autofd int fd = openat (dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd < 0)
    return runc_throw_errno (error, "cannot create '%s'", name);
  return runc_io_write_all (fd, header, sizeof *header, name, error)
         && runc_io_write_all (fd, instructions, header->n_instructions * sizeof *instructions,
                               name, error);
}

void
runc_seccomp_cache_store (int dir_fd, const char *key, const struct sock_filter *instructions,
                          guint n)
{
  /* Process ids are not unique between the pid namespaces that may share the directory. */
  g_autofree char *name = g_strdup_printf (NEW_PREFIX "%08x%08x", g_random_int (), g_random_int ());
  g_autoptr (GError) error = NULL;
  Header header = { .magic = MAGIC, .n_instructions = n };

  make_digest (key, instructions, n * sizeof *instructions, header.digest);
  make_room (dir_fd);
  if (write_file (dir_fd, name, &header, instructions, &error)
      && renameat (dir_fd, name, dir_fd, key) == 0)
    return;
  runc_debug ("cannot keep the seccomp filter '%s': %s", key,
              error != NULL ? error->message : runc_strerror (errno));
  (void)unlinkat (dir_fd, name, 0);
}
