/* Leaving one's own executable file. Runs in the child.
 *
 * prctl(PR_SET_MM_MAP) changes the link to it, once no mapping of the old file (the same inode
 * through the same mount) is left. So each segment is exchanged under our feet for one with the
 * same content: those that are never written to for the same pages of the file through another
 * mount, which costs nothing but the call; those that were (data, and what the dynamic linker
 * relocated) for a copy in memory. Nothing may be written to a segment between its copy and its
 * exchange, which is why these few lines call the kernel and memcpy(), and nothing else.
 */
#include "sys/program.h"
#include "base/fd.h"
#include "sys/fault.h"
#include "sys/procfs.h"
#include "sys/syscalls.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)                            \
    || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0
#endif

/* The start of our image in memory; a symbol of the linker. */
extern const ElfW (Ehdr) __ehdr_start __attribute__ ((visibility ("hidden")));

bool
runc_sys_program_is_leavable (void)
{
  unsigned int size;

  return !HAS_SANITIZER && prctl (PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0;
}

/* @address in whole pages, down. */
static uintptr_t
page_of (uintptr_t address)
{
  return address & ~((uintptr_t)getauxval (AT_PAGESZ) - 1);
}

static uintptr_t
page_after (uintptr_t end)
{
  return page_of (end + getauxval (AT_PAGESZ) - 1);
}

static int
exchange_for_view (uintptr_t start, size_t size, const ElfW (Phdr) * segment, int view)
{
  int protection
      = ((segment->p_flags & PF_R) ? PROT_READ : 0) | ((segment->p_flags & PF_X) ? PROT_EXEC : 0);
  void *at = mmap ((void *)start, size, protection, MAP_PRIVATE | MAP_FIXED, view,
                   (off_t)page_of (segment->p_offset));

  return at == MAP_FAILED ? -errno : 0;
}

static int
exchange_for_copy (uintptr_t start, size_t size)
{
  void *copy = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                     -1, 0);

  if (copy == MAP_FAILED)
    return -errno;
  memcpy (copy, (const void *)start, size);
  copy = mremap (copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start);
  return copy == MAP_FAILED ? -errno : 0;
}

/* Exchange what the kernel mapped of the file for @segment of the image that lies at @base. */
static int
exchange (uintptr_t base, const ElfW (Phdr) * segment, int view)
{
  uintptr_t start = page_of (base + segment->p_vaddr);
  size_t size = page_after (base + segment->p_vaddr + segment->p_filesz) - start;

  if (segment->p_type != PT_LOAD || segment->p_filesz == 0)
    return 0;
  return (segment->p_flags & PF_W) ? exchange_for_copy (start, size)
                                   : exchange_for_view (start, size, segment, view);
}

/* The copy of what is only written to while the program starts is writable until this. */
static int
protect (uintptr_t base, const ElfW (Phdr) * segment)
{
  uintptr_t start = page_of (base + segment->p_vaddr);
  uintptr_t end = page_of (base + segment->p_vaddr + segment->p_memsz);

  if (segment->p_type != PT_GNU_RELRO || end <= start)
    return 0;
  return mprotect ((void *)start, end - start, PROT_READ) < 0 ? -errno : 0;
}

/* Change the link. The kernel takes it only together with where things are in memory, of which the
 * command line is what anybody looks at; our environment is nobody's business. */
static int
show (int decoy, uintptr_t image, char *const *argv)
{
  uintptr_t args_end = (uintptr_t)argv[0];
  struct prctl_mm_map map = {
    .start_code = image,
    .end_code = image + 1,
    .start_data = image,
    .end_data = image,
    .start_brk = (uintptr_t)sbrk (0),
    .brk = (uintptr_t)sbrk (0),
    .start_stack = (uintptr_t)argv[0],
    .arg_start = (uintptr_t)argv[0],
    .exe_fd = (uint32_t)decoy,
  };

  for (; *argv != NULL; argv++)
    args_end = (uintptr_t)*argv + strlen (*argv) + 1;
  map.arg_end = map.env_start = map.env_end = args_end;
  return RUNC_FAULTY (prctl (PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0)) < 0 ? -errno : 0;
}

int
runc_sys_program_leave (int view, int decoy, char *const *argv)
{
  uintptr_t image = (uintptr_t)&__ehdr_start;
  const ElfW (Phdr) *segments = (const ElfW (Phdr) *)(image + __ehdr_start.e_phoff);
  uintptr_t base = image;
  int r = 0;

  /* The first segment has the headers. */
  for (int i = __ehdr_start.e_phnum - 1; i >= 0; i--)
    if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0)
      base = image - segments[i].p_vaddr;
  for (int i = 0; r == 0 && i < __ehdr_start.e_phnum; i++)
    r = exchange (base, &segments[i], view);
  for (int i = 0; r == 0 && i < __ehdr_start.e_phnum; i++)
    r = protect (base, &segments[i]);
  return r < 0 ? r : show (decoy, image, argv);
}

int
runc_sys_program_new_decoy (int proc)
{
  autofd int file = runc_sys_memfd_create ("runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

  /* Kernels before 6.3 do not know the flag, and mean it. */
  if (file == -EINVAL)
    file = runc_sys_memfd_create ("runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0)
    return file;
  if (fcntl (file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
    return -errno;
  return runc_sys_proc_reopen_fd (proc, file, O_RDONLY);
}
