/* Decoding `linux.resources`, also on its own (update -r). Tables; the engine is decoder.c.
 *
 * Runs in the parent.
 */
#include "spec/decode.h"

static const RuncName device_rule_types[] = {
  { "a", 'a' },
  { "c", 'c' },
  { "b", 'b' },
  { NULL, 0 },
};
static const RuncDecodeField device_rule_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecDeviceRule, "allow", allow, flag),
  RUNC_DECODE_MEMBER (RuncSpecDeviceRule, "type", type, letter, .names = device_rule_types),
  RUNC_DECODE_MEMBER (RuncSpecDeviceRule, "major", major, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecDeviceRule, "minor", minor, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecDeviceRule, "access", access, text),
};
static const RuncSpecDeviceRule initial_device_rule = { .type = 'a' };
static const RuncDecodeShape device_rule_shape
    = RUNC_DECODE_SHAPE (RuncSpecDeviceRule, device_rule_fields, .initial = &initial_device_rule);

static const RuncDecodeField memory_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecMemory, "limit", limit, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "reservation", reservation, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "swap", swap, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "kernel", kernel, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "kernelTCP", kernel_tcp, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "swappiness", swappiness, opt_uint64),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "disableOOMKiller", disable_oom_killer, opt_flag),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "useHierarchy", use_hierarchy, opt_flag),
  RUNC_DECODE_MEMBER (RuncSpecMemory, "checkBeforeUpdate", check_before_update, opt_flag),
};
static const RuncDecodeShape memory_shape = RUNC_DECODE_SHAPE (RuncSpecMemory, memory_fields);

static const RuncDecodeField cpu_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecCpu, "shares", shares, opt_uint64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "quota", quota, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "burst", burst, opt_uint64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "period", period, opt_uint64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "realtimeRuntime", realtime_runtime, opt_int64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "realtimePeriod", realtime_period, opt_uint64),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "cpus", cpus, text),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "mems", mems, text),
  RUNC_DECODE_MEMBER (RuncSpecCpu, "idle", idle, opt_int64),
};
static const RuncDecodeShape cpu_shape = RUNC_DECODE_SHAPE (RuncSpecCpu, cpu_fields);

static const RuncDecodeField pids_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecResources, "limit", pids_limit, opt_int64),
};
static const RuncDecodeShape pids_shape = RUNC_DECODE_SHAPE (RuncSpecResources, pids_fields);

/* weightDevice and throttle*Device share a struct, but each has members of its own. */
static const RuncDecodeField weight_device_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "major", major, int64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "minor", minor, int64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "weight", weight, opt_uint16),
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "leafWeight", leaf_weight, opt_uint16),
};
static const RuncDecodeShape weight_device_shape
    = RUNC_DECODE_SHAPE (RuncSpecBlockIoDevice, weight_device_fields);

static const RuncDecodeField throttle_device_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "major", major, int64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "minor", minor, int64, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecBlockIoDevice, "rate", rate, uint64, .required = true),
};
static const RuncDecodeShape throttle_device_shape
    = RUNC_DECODE_SHAPE (RuncSpecBlockIoDevice, throttle_device_fields);

#define BLOCK_IO_DEVICES(json_key, list, shape)                                                    \
  RUNC_DECODE_ARRAY (RuncSpecBlockIo, json_key, list.items, list.n, RuncSpecBlockIoDevice, shape)

static const RuncDecodeField block_io_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecBlockIo, "weight", weight, opt_uint16),
  RUNC_DECODE_MEMBER (RuncSpecBlockIo, "leafWeight", leaf_weight, opt_uint16),
  BLOCK_IO_DEVICES ("weightDevice", weight_device, weight_device_shape),
  BLOCK_IO_DEVICES ("throttleReadBpsDevice", throttle_read_bps, throttle_device_shape),
  BLOCK_IO_DEVICES ("throttleWriteBpsDevice", throttle_write_bps, throttle_device_shape),
  BLOCK_IO_DEVICES ("throttleReadIOPSDevice", throttle_read_iops, throttle_device_shape),
  BLOCK_IO_DEVICES ("throttleWriteIOPSDevice", throttle_write_iops, throttle_device_shape),
};
static const RuncDecodeShape block_io_shape = RUNC_DECODE_SHAPE (RuncSpecBlockIo, block_io_fields);

static const RuncDecodeField hugepage_limit_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecHugepageLimit, "pageSize", page_size, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecHugepageLimit, "limit", limit, uint64, .required = true),
};
static const RuncDecodeShape hugepage_limit_shape
    = RUNC_DECODE_SHAPE (RuncSpecHugepageLimit, hugepage_limit_fields);

static const RuncDecodeField net_priority_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecInterfacePriority, "name", name, text, .required = true),
  RUNC_DECODE_MEMBER (RuncSpecInterfacePriority, "priority", priority, uint32, .required = true),
};
static const RuncDecodeShape net_priority_shape
    = RUNC_DECODE_SHAPE (RuncSpecInterfacePriority, net_priority_fields);

static const RuncDecodeField network_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecResources, "classID", net_class_id, opt_uint32),
  RUNC_DECODE_ARRAY (RuncSpecResources, "priorities", net_priorities, n_net_priorities,
                     RuncSpecInterfacePriority, net_priority_shape),
};
static const RuncDecodeShape network_shape = RUNC_DECODE_SHAPE (RuncSpecResources, network_fields);

static const RuncDecodeField rdma_fields[] = {
  RUNC_DECODE_MEMBER (RuncSpecRdma, "hcaHandles", hca_handles, opt_uint32),
  RUNC_DECODE_MEMBER (RuncSpecRdma, "hcaObjects", hca_objects, opt_uint32),
};
static const RuncDecodeShape rdma_shape = RUNC_DECODE_SHAPE (RuncSpecRdma, rdma_fields);
G_STATIC_ASSERT (offsetof (RuncSpecRdma, device) == 0);

static const RuncDecodeField resources_fields[] = {
  RUNC_DECODE_ARRAY (RuncSpecResources, "devices", devices, n_devices, RuncSpecDeviceRule,
                     device_rule_shape),
  RUNC_DECODE_OBJECT (RuncSpecResources, "memory", memory, RuncSpecMemory, memory_shape),
  RUNC_DECODE_OBJECT (RuncSpecResources, "cpu", cpu, RuncSpecCpu, cpu_shape),
  RUNC_DECODE_GROUP ("pids", pids_shape),
  RUNC_DECODE_OBJECT (RuncSpecResources, "blockIO", block_io, RuncSpecBlockIo, block_io_shape),
  RUNC_DECODE_ARRAY (RuncSpecResources, "hugepageLimits", hugepage_limits, n_hugepage_limits,
                     RuncSpecHugepageLimit, hugepage_limit_shape),
  RUNC_DECODE_GROUP ("network", network_shape),
  RUNC_DECODE_MAP (RuncSpecResources, "rdma", rdma, n_rdma, RuncSpecRdma, rdma_shape),
  RUNC_DECODE_MEMBER (RuncSpecResources, "unified", unified, pairs),
};

const RuncDecodeShape runc_decode_resources_shape
    = RUNC_DECODE_SHAPE (RuncSpecResources, resources_fields);
