/* The table of mount options. Pure; the parent. */
#include "plan/builder.h"

#include <string.h>
#include <linux/mount.h>

typedef enum
{
  SET, /* a MOUNT_ATTR_* */
  CLEAR,
  ATIME,     /* MS_*ATIME is asked for */
  NOT_ATIME, /* it is not, after all */
  REC_SET,   /* the same for the whole tree */
  REC_CLEAR,
  REC_ATIME, /* one of the access-time modes */
  REC_NOT_ATIME,
  PROPAGATION, /* MS_* */
  SUPERBLOCK,  /* a flag of new filesystems, handed on by its name */
  NOTHING,     /* the default, or without meaning for a new mount */
  BIND,
  RBIND,
  REMOUNT,
  TMPCOPYUP,
  COPY_SYMLINK,
  SRC_NOFOLLOW,
  DEST_NOFOLLOW,
  IDMAP,
  RIDMAP,
} OptionKind;

/* Sorted by name. X ("name", KIND, value) */
#define MOUNT_OPTIONS(X)                                                                           \
  X ("async", NOTHING, 0)                                                                          \
  X ("atime", NOT_ATIME, MS_NOATIME)                                                               \
  X ("auto", NOTHING, 0)                                                                           \
  X ("bind", BIND, 0)                                                                              \
  X ("copy", NOTHING, 0)                                                                           \
  X ("copy-symlink", COPY_SYMLINK, 0)                                                              \
  X ("defaults", NOTHING, 0)                                                                       \
  X ("dest-nofollow", DEST_NOFOLLOW, 0)                                                            \
  X ("dev", CLEAR, MOUNT_ATTR_NODEV)                                                               \
  X ("diratime", NOT_ATIME, MS_NODIRATIME)                                                         \
  X ("dirsync", SUPERBLOCK, 0)                                                                     \
  X ("exec", CLEAR, MOUNT_ATTR_NOEXEC)                                                             \
  X ("idmap", IDMAP, 0)                                                                            \
  X ("iversion", NOTHING, 0)                                                                       \
  X ("lazytime", SUPERBLOCK, 0)                                                                    \
  X ("loud", NOTHING, 0)                                                                           \
  X ("mand", NOTHING, 0)                                                                           \
  X ("noatime", ATIME, MS_NOATIME)                                                                 \
  X ("noauto", NOTHING, 0)                                                                         \
  X ("nocopy", NOTHING, 0)                                                                         \
  X ("nodev", SET, MOUNT_ATTR_NODEV)                                                               \
  X ("nodiratime", ATIME, MS_NODIRATIME)                                                           \
  X ("noexec", SET, MOUNT_ATTR_NOEXEC)                                                             \
  X ("noiversion", NOTHING, 0)                                                                     \
  X ("nolazytime", NOTHING, 0)                                                                     \
  X ("nomand", NOTHING, 0)                                                                         \
  X ("norelatime", NOT_ATIME, MS_RELATIME)                                                         \
  X ("nostrictatime", NOT_ATIME, MS_STRICTATIME)                                                   \
  X ("nosuid", SET, MOUNT_ATTR_NOSUID)                                                             \
  X ("nosymfollow", SET, MOUNT_ATTR_NOSYMFOLLOW)                                                   \
  X ("nouser", NOTHING, 0)                                                                         \
  X ("private", PROPAGATION, MS_PRIVATE)                                                           \
  X ("ratime", REC_NOT_ATIME, MOUNT_ATTR_NOATIME)                                                  \
  X ("rbind", RBIND, 0)                                                                            \
  X ("rdev", REC_CLEAR, MOUNT_ATTR_NODEV)                                                          \
  X ("rdiratime", REC_CLEAR, MOUNT_ATTR_NODIRATIME)                                                \
  X ("relatime", ATIME, MS_RELATIME)                                                               \
  X ("remount", REMOUNT, 0)                                                                        \
  X ("rexec", REC_CLEAR, MOUNT_ATTR_NOEXEC)                                                        \
  X ("ridmap", RIDMAP, 0)                                                                          \
  X ("rnoatime", REC_ATIME, MOUNT_ATTR_NOATIME)                                                    \
  X ("rnodev", REC_SET, MOUNT_ATTR_NODEV)                                                          \
  X ("rnodiratime", REC_SET, MOUNT_ATTR_NODIRATIME)                                                \
  X ("rnoexec", REC_SET, MOUNT_ATTR_NOEXEC)                                                        \
  X ("rnorelatime", REC_NOT_ATIME, MOUNT_ATTR_RELATIME)                                            \
  X ("rnostrictatime", REC_NOT_ATIME, MOUNT_ATTR_STRICTATIME)                                      \
  X ("rnosuid", REC_SET, MOUNT_ATTR_NOSUID)                                                        \
  X ("rnosymfollow", REC_SET, MOUNT_ATTR_NOSYMFOLLOW)                                              \
  X ("ro", SET, MOUNT_ATTR_RDONLY)                                                                 \
  X ("rprivate", PROPAGATION, MS_PRIVATE | MS_REC)                                                 \
  X ("rrelatime", REC_ATIME, MOUNT_ATTR_RELATIME)                                                  \
  X ("rro", REC_SET, MOUNT_ATTR_RDONLY)                                                            \
  X ("rrw", REC_CLEAR, MOUNT_ATTR_RDONLY)                                                          \
  X ("rshared", PROPAGATION, MS_SHARED | MS_REC)                                                   \
  X ("rslave", PROPAGATION, MS_SLAVE | MS_REC)                                                     \
  X ("rstrictatime", REC_ATIME, MOUNT_ATTR_STRICTATIME)                                            \
  X ("rsuid", REC_CLEAR, MOUNT_ATTR_NOSUID)                                                        \
  X ("rsymfollow", REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW)                                              \
  X ("runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC)                                           \
  X ("rw", CLEAR, MOUNT_ATTR_RDONLY)                                                               \
  X ("shared", PROPAGATION, MS_SHARED)                                                             \
  X ("silent", NOTHING, 0)                                                                         \
  X ("slave", PROPAGATION, MS_SLAVE)                                                               \
  X ("src-nofollow", SRC_NOFOLLOW, 0)                                                              \
  X ("strictatime", ATIME, MS_STRICTATIME)                                                         \
  X ("suid", CLEAR, MOUNT_ATTR_NOSUID)                                                             \
  X ("symfollow", CLEAR, MOUNT_ATTR_NOSYMFOLLOW)                                                   \
  X ("sync", SUPERBLOCK, 0)                                                                        \
  X ("tmpcopyup", TMPCOPYUP, 0)                                                                    \
  X ("unbindable", PROPAGATION, MS_UNBINDABLE)                                                     \
  X ("user", NOTHING, 0)

static const struct
{
  const char *name;
  OptionKind kind;
  uint64_t value;
} table[] = {
#define X(name, kind, value) { name, kind, value },
  MOUNT_OPTIONS (X)
#undef X
};

static const char *const names[] = {
#define X(name, kind, value) name,
  MOUNT_OPTIONS (X)
#undef X
      NULL,
};

const char *const *
runc_plan_mount_options (void)
{
  return names;
}

/* The index in the table, or -1. */
static int
find (const char *name, gsize len)
{
  int low = 0, high = (int)G_N_ELEMENTS (table) - 1;

  while (low <= high)
    {
      int middle = (low + high) / 2;
      int order = strncmp (name, table[middle].name, len);

      if (order == 0)
        order = table[middle].name[len] == '\0' ? 0 : -1;
      if (order == 0)
        return middle;
      if (order < 0)
        high = middle - 1;
      else
        low = middle + 1;
    }
  return -1;
}

static void
set_atime (uint64_t *set, uint64_t *clear, uint64_t mode)
{
  *set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | mode;
  *clear |= MOUNT_ATTR__ATIME;
}

static void
unset_atime (uint64_t *set, uint64_t *clear, uint64_t mode)
{
  if ((*clear & MOUNT_ATTR__ATIME) != 0 && (*set & MOUNT_ATTR__ATIME) != mode)
    return;
  set_atime (set, clear, MOUNT_ATTR_RELATIME);
}

static void
set_bit (uint64_t *set, uint64_t *clear, uint64_t bit)
{
  *set |= bit;
  *clear &= ~bit;
}

static void
add_data (RuncBuilder *b, RuncMountOptions *o, const char *text, gsize len, gsize room)
{
  if (len == 0)
    return;
  if (o->data == NULL)
    o->data = runc_builder_alloc (b, (room + 1) * sizeof *o->data);
  o->data[o->n_data++] = text[len] == '\0' ? text : runc_builder_strndup (b, text, len);
}

/* One word of the table. @text, @len: as it was written, for what is handed on. */
static void
apply (RuncMountOptions *o, OptionKind kind, uint64_t value)
{
  switch (kind)
    {
    case SET:
      set_bit (&o->set, &o->clear, value);
      break;
    case CLEAR:
      set_bit (&o->clear, &o->set, value);
      break;
    case ATIME:
      o->atime |= value;
      break;
    case NOT_ATIME:
      o->atime &= ~value;
      break;
    case REC_SET:
      set_bit (&o->rec_set, &o->rec_clear, value);
      break;
    case REC_CLEAR:
      set_bit (&o->rec_clear, &o->rec_set, value);
      break;
    case REC_ATIME:
      set_atime (&o->rec_set, &o->rec_clear, value);
      break;
    case REC_NOT_ATIME:
      unset_atime (&o->rec_set, &o->rec_clear, value);
      break;
    case PROPAGATION:
      o->propagation = value & ~(uint64_t)MS_REC;
      o->rec_propagation = (value & MS_REC) != 0;
      break;
    case RBIND:
      o->recursive = true;
      o->bind = true;
      break;
    case BIND:
      o->bind = true;
      break;
    case REMOUNT:
      o->remount = true;
      break;
    case TMPCOPYUP:
      o->tmpcopyup = true;
      break;
    case COPY_SYMLINK:
      o->copy_symlink = true;
      break;
    case SRC_NOFOLLOW:
      o->src_nofollow = true;
      break;
    case DEST_NOFOLLOW:
      o->dest_nofollow = true;
      break;
    case IDMAP:
      o->idmap = true;
      break;
    case RIDMAP:
      o->idmap = true;
      o->idmap_recursive = true;
      break;
    case SUPERBLOCK:
    case NOTHING:
      break;
    }
  o->any_flag |= kind <= NOT_ATIME;
}

/* One option of a list: "ro", "size=64k", "idmap=uids=0-1-2". */
static void
parse_one (RuncBuilder *b, RuncMountOptions *o, const char *text, gsize len, gsize room)
{
  int at = find (text, len);

  if (at < 0 && (strncmp (text, "idmap=", 6) == 0 || strncmp (text, "ridmap=", 7) == 0))
    {
      o->idmap = true;
      o->idmap_recursive = text[0] == 'r';
      o->idmap_spec = strchr (text, '=') + 1;
      return;
    }
  if (at < 0 || table[at].kind == SUPERBLOCK)
    add_data (b, o, text, len, room);
  if (at >= 0)
    apply (o, table[at].kind, table[at].value);
}

/* The length of the first of the options in @text; a comma behind a backslash is part of it. */
static gsize
option_length (const char *text)
{
  gsize len = 0;

  while (text[len] != '\0' && text[len] != ',')
    len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
  return len;
}

static gsize
count_options (const RuncStrings *strings)
{
  gsize n = strings->n;

  for (gsize i = 0; i < strings->n; i++)
    for (const char *p = strings->items[i]; (p = strchr (p, ',')) != NULL; p++)
      n++;
  return n;
}

/* Access times as mount(2) has them when it changes a mount: with none of the flags they stay as
 * they are, so that "atime" alone does nothing; and with any, all are new. */
static void
finish_atime (RuncMountOptions *o)
{
  if (o->atime == 0)
    return;
  o->clear |= MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
  if (o->atime & MS_NODIRATIME)
    set_bit (&o->set, &o->clear, MOUNT_ATTR_NODIRATIME);
  if (o->atime & MS_STRICTATIME)
    o->set |= MOUNT_ATTR_STRICTATIME;
  else
    o->set |= o->atime & MS_NOATIME ? MOUNT_ATTR_NOATIME : MOUNT_ATTR_RELATIME;
}

void
runc_plan_parse_options (RuncBuilder *b, const RuncStrings *strings, RuncMountOptions *ret_options)
{
  gsize room = count_options (strings);

  *ret_options = (RuncMountOptions){ 0 };
  for (gsize i = 0; i < strings->n; i++)
    {
      const char *p = strings->items[i];

      if (strncmp (p, "idmap=", 6) == 0 || strncmp (p, "ridmap=", 7) == 0)
        {
          parse_one (b, ret_options, p, strlen (p), room);
          continue;
        }
      while (true)
        {
          gsize len = option_length (p);

          parse_one (b, ret_options, p, len, room);
          if (p[len] == '\0')
            break;
          p += len + 1;
        }
    }
  finish_atime (ret_options);
}
