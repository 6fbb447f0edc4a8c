/* `runc update`. Runs in the parent. */
#include "cli/command.h"

#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/strings.h"
#include "engine/engine.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum
{
  MAX_DOCUMENT = 1 << 20 /* bytes */
};

/* The options as they were typed; NULL or "" where nothing was. */
typedef struct
{
  const char *resources;
  const char *blkio_weight;
  const char *cpu_period;
  const char *cpu_quota;
  const char *cpu_burst;
  const char *cpu_share;
  const char *cpu_rt_period;
  const char *cpu_rt_runtime;
  const char *cpuset_cpus;
  const char *cpuset_mems;
  const char *cpu_idle;
  const char *kernel_memory;
  const char *kernel_memory_tcp;
  const char *memory;
  const char *memory_reservation;
  const char *memory_swap;
  const char *pids_limit;
  const char *l3_cache_schema;
  const char *mem_bw_schema;
} Options;

/* What RuncSpecResources points to when it comes from options. */
typedef struct
{
  RuncSpecResources resources;
  RuncSpecMemory memory;
  RuncSpecCpu cpu;
  RuncSpecBlockIo block_io;
} Built;

static gboolean
is_set (const char *text)
{
  return text != NULL && text[0] != '\0';
}

static gboolean
invalid (const char *option, GError **error)
{
  runc_prefix (error, "invalid value for %s", option);
  if (error != NULL)
    (*error)->code = RUNC_ERROR_USAGE;
  return FALSE;
}

static gboolean
take_uint64 (const char *option, const char *text, RuncOptUint64 *ret_value, GError **error)
{
  if (!is_set (text))
    return TRUE;
  ret_value->present = true;
  return runc_parse_uint64 (text, UINT64_MAX, &ret_value->value, error) || invalid (option, error);
}

static gboolean
take_int64 (const char *option, const char *text, RuncOptInt64 *ret_value, GError **error)
{
  if (!is_set (text))
    return TRUE;
  ret_value->present = true;
  return runc_parse_int64 (text, INT64_MIN, INT64_MAX, &ret_value->value, error)
         || invalid (option, error);
}

/* A size with a unit, or -1 for no limit. */
static gboolean
take_bytes (const char *option, const char *text, RuncOptInt64 *ret_value, GError **error)
{
  if (!is_set (text))
    return TRUE;
  ret_value->present = true;
  if (strcmp (text, "-1") == 0)
    {
      ret_value->value = -1;
      return TRUE;
    }
  return runc_parse_bytes (text, &ret_value->value, error) || invalid (option, error);
}

static gboolean
build_resources (const Options *options, Built *built, GError **error)
{
  RuncSpecMemory *memory = &built->memory;
  RuncSpecCpu *cpu = &built->cpu;

  if (!take_uint64 ("blkio-weight", options->blkio_weight, &built->block_io.weight, error)
      || !take_uint64 ("cpu-period", options->cpu_period, &cpu->period, error)
      || !take_int64 ("cpu-quota", options->cpu_quota, &cpu->quota, error)
      || !take_uint64 ("cpu-burst", options->cpu_burst, &cpu->burst, error)
      || !take_uint64 ("cpu-share", options->cpu_share, &cpu->shares, error)
      || !take_uint64 ("cpu-rt-period", options->cpu_rt_period, &cpu->realtime_period, error)
      || !take_int64 ("cpu-rt-runtime", options->cpu_rt_runtime, &cpu->realtime_runtime, error)
      || !take_int64 ("cpu-idle", options->cpu_idle, &cpu->idle, error)
      || !take_bytes ("memory", options->memory, &memory->limit, error)
      || !take_bytes ("memory-reservation", options->memory_reservation, &memory->reservation,
                      error)
      || !take_bytes ("memory-swap", options->memory_swap, &memory->swap, error)
      || !take_int64 ("pids-limit", options->pids_limit, &built->resources.pids_limit, error))
    return FALSE;
  if (is_set (options->cpuset_cpus))
    cpu->cpus = options->cpuset_cpus;
  if (is_set (options->cpuset_mems))
    cpu->mems = options->cpuset_mems;
  if (is_set (options->kernel_memory) || is_set (options->kernel_memory_tcp))
    runc_warning ("Kernel memory settings are ignored and will be removed");
  built->resources.memory = memory;
  built->resources.cpu = cpu;
  built->resources.block_io = &built->block_io;
  return TRUE;
}

/* The document @path ("-": stdin), decoded. */
static RuncSpec *
read_resources (const char *path, GError **error)
{
  gboolean from_stdin = strcmp (path, "-") == 0;
  gsize len;
  g_autofree char *text
      = from_stdin ? runc_io_read_fd (STDIN_FILENO, "standard input", MAX_DOCUMENT, &len, error)
                   : runc_io_read_file (AT_FDCWD, path, MAX_DOCUMENT, &len, error);

  return text != NULL ? runc_spec_decode_resources (text, len, error) : NULL;
}

static int
run (const RuncInvocation *invocation, GError **error)
{
  const Options *options = invocation->options;
  Built built = { 0 };
  g_autoptr (RuncSpec) document = NULL;
  const RuncSpecResources *resources = &built.resources;
  const RuncSpecIntelRdt schemas = {
    .l3_cache_schema = is_set (options->l3_cache_schema) ? options->l3_cache_schema : NULL,
    .mem_bw_schema = is_set (options->mem_bw_schema) ? options->mem_bw_schema : NULL,
  };

  if ((schemas.l3_cache_schema != NULL || schemas.mem_bw_schema != NULL)
      && !runc_engine_update_intel_rdt (invocation->global, invocation->args[0], &schemas, error))
    return 1;
  if (is_set (options->resources))
    {
      document = read_resources (options->resources, error);
      if (document == NULL)
        return 1;
      resources = document->linux_spec.resources;
    }
  else if (!build_resources (options, &built, error))
    return 1;
  if (!runc_spec_validate_resources (resources, "resources", error)
      || !runc_engine_update (invocation->global, invocation->args[0], resources, error))
    return 1;
  return 0;
}

#define AT(member) offsetof (Options, member)

static const RuncOption options[] = {
  { "resources", 'r', RUNC_OPTION_STRING, AT (resources), NULL,
    "file with linux.resources in JSON, or - for stdin; all other options are then ignored" },
  { "blkio-weight", 0, RUNC_OPTION_STRING, AT (blkio_weight), NULL,
    "share of block I/O, 10 to 1000" },
  { "cpu-period", 0, RUNC_OPTION_STRING, AT (cpu_period), NULL,
    "period that --cpu-quota is for, in microseconds" },
  { "cpu-quota", 0, RUNC_OPTION_STRING, AT (cpu_quota), NULL,
    "CPU time in each period, in microseconds; -1: no limit" },
  { "cpu-burst", 0, RUNC_OPTION_STRING, AT (cpu_burst), NULL,
    "CPU time that may be saved up for later periods, in microseconds" },
  { "cpu-share", 0, RUNC_OPTION_STRING, AT (cpu_share), NULL,
    "share of CPU time, in relation to other containers" },
  { "cpu-rt-period", 0, RUNC_OPTION_STRING, AT (cpu_rt_period), NULL,
    "period that --cpu-rt-runtime is for, in microseconds" },
  { "cpu-rt-runtime", 0, RUNC_OPTION_STRING, AT (cpu_rt_runtime), NULL,
    "real-time CPU time in each period, in microseconds" },
  { "cpuset-cpus", 0, RUNC_OPTION_STRING, AT (cpuset_cpus), NULL, "CPUs to use, such as 0-3,7" },
  { "cpuset-mems", 0, RUNC_OPTION_STRING, AT (cpuset_mems), NULL, "memory nodes to use" },
  { "kernel-memory", 0, RUNC_OPTION_STRING, AT (kernel_memory), NULL, NULL },
  { "kernel-memory-tcp", 0, RUNC_OPTION_STRING, AT (kernel_memory_tcp), NULL, NULL },
  { "memory", 0, RUNC_OPTION_STRING, AT (memory), NULL,
    "limit of memory, in bytes or with a unit (k, m, g); -1: no limit" },
  { "cpu-idle", 0, RUNC_OPTION_STRING, AT (cpu_idle), NULL,
    "1: run only when nothing else wants to; 0: as usual" },
  { "memory-reservation", 0, RUNC_OPTION_STRING, AT (memory_reservation), NULL,
    "memory to keep when memory is short, in bytes or with a unit" },
  { "memory-swap", 0, RUNC_OPTION_STRING, AT (memory_swap), NULL,
    "limit of memory and swap together, in bytes or with a unit; -1: no limit" },
  { "pids-limit", 0, RUNC_OPTION_STRING, AT (pids_limit), NULL, "how many processes there may be" },
  { "l3-cache-schema", 0, RUNC_OPTION_STRING, AT (l3_cache_schema), NULL,
    "Intel RDT schema of the L3 cache" },
  { "mem-bw-schema", 0, RUNC_OPTION_STRING, AT (mem_bw_schema), NULL,
    "Intel RDT schema of the memory bandwidth" },
  { 0 },
};

const RuncCommand runc_command_update = {
  .name = "update",
  .summary = "change the limits of a container",
  .arguments = "<container-id>",
  .description = "Limits that are not named stay as they are.",
  .options = options,
  .options_size = sizeof (Options),
  .min_args = 1,
  .max_args = 1,
  .run = run,
};
