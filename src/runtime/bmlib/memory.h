// What descriptors of both widths need. `Mem` is bm_mem_desc or one of its 64-bit twins: the same members, another
// size.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>

#include "runtime/bmlib/handle.h"

namespace bmnet::runtime {

constexpr unsigned kHeaps = 3;  // in name: they are one pool

template <class Mem>
bool is_device(const Mem& mem) {
  return mem.flags.u.mem_type == BM_MEM_TYPE_DEVICE || mem.flags.u.mem_type == BM_MEM_TYPE_INT8_DEVICE;
}

// `size` bytes at `offset` lie inside the range.
template <class Mem>
bool inside(const Mem& mem, uint64_t offset, uint64_t size) {
  return is_device(mem) && offset <= mem.size && size <= mem.size - offset;
}

template <class Mem>
Mem device_range(uint64_t address, uint64_t size) {
  Mem mem{};
  mem.u.device.device_addr = address;
  mem.flags.u.mem_type = BM_MEM_TYPE_DEVICE;
  mem.size = static_cast<decltype(mem.size)>(size);
  return mem;
}

template <class Mem>
bm_status_t allocate(bm_handle_t handle, Mem* mem, uint64_t size) {
  const auto context = context_of(handle);
  if (!context || !mem || size == 0 || size > std::numeric_limits<decltype(mem->size)>::max()) return BM_ERR_PARAM;
  const Result<uint64_t> address = context->allocator().allocate(size);
  if (!address) return status_of(address.error());
  *mem = device_range<Mem>(*address, size);
  return BM_SUCCESS;
}

template <class Mem>
bm_status_t allocate_in_heap(bm_handle_t handle, Mem* mem, int heap, uint64_t size) {
  if (heap < 0 || heap >= static_cast<int>(kHeaps)) return BM_ERR_PARAM;
  const bm_status_t status = allocate(handle, mem, size);
  if (status == BM_SUCCESS) mem->flags.u.gmem_heapid = static_cast<unsigned>(heap);
  return status;
}

template <class Mem>
bm_status_t allocate_in_heaps(bm_handle_t handle, Mem* mem, int mask, uint64_t size) {
  return mask & ((1 << kHeaps) - 1) ? allocate(handle, mem, size) : BM_ERR_PARAM;
}

template <class Mem>
bm_status_t heap_of(bm_handle_t handle, const Mem* mem, unsigned* heap) {
  if (!context_of(handle) || !mem || !heap) return BM_ERR_PARAM;
  *heap = mem->flags.u.gmem_heapid;
  return BM_SUCCESS;
}

template <class Mem>
bm_status_t write(bm_handle_t handle, const Mem& to, void* from, uint64_t size, uint64_t offset) {
  const auto context = context_of(handle);
  if (!context || !from || !inside(to, offset, size)) return BM_ERR_PARAM;
  return status_of(context->device().write(to.u.device.device_addr + offset, {static_cast<std::byte*>(from), size}));
}

template <class Mem>
bm_status_t read(bm_handle_t handle, void* to, const Mem& from, uint64_t size, uint64_t offset) {
  const auto context = context_of(handle);
  if (!context || !to || !inside(from, offset, size)) return BM_ERR_PARAM;
  return status_of(context->device().read(from.u.device.device_addr + offset, {static_cast<std::byte*>(to), size}));
}

// Bytes of a tensor as bmlib takes its extents; 0 when they make no sense.
template <class Extent>
uint64_t product(std::initializer_list<Extent> factors) {
  uint64_t result = 1;
  for (const Extent factor : factors) {
    if (factor <= 0 || result > std::numeric_limits<uint64_t>::max() / static_cast<uint64_t>(factor)) return 0;
    result *= static_cast<uint64_t>(factor);
  }
  return result;
}

}  // namespace bmnet::runtime
