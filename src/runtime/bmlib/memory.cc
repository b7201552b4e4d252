// Descriptors, allocation and copies.
#include <cstring>
#include <vector>

#include "runtime/bmlib/memory.h"
#include "target/bm1684/machine.h"

using namespace bmnet;
using namespace bmnet::runtime;

namespace {

bm_status_t to_device(bm_handle_t handle, bm_mem_desc* device, bm_mem_desc system, bool copy, uint64_t bytes) {
  if (!device) return BM_ERR_PARAM;
  const bm_status_t status = allocate(handle, device, bytes);
  if (status != BM_SUCCESS || !copy) return status;
  return bm_memcpy_s2d(handle, *device, system.u.system.system_addr);
}

}  // namespace

bm_mem_type_t bm_mem_get_type(struct bm_mem_desc mem) { return mem.flags.u.mem_type; }
unsigned long long bm_mem_get_device_addr(struct bm_mem_desc mem) { return mem.u.device.device_addr; }
void bm_mem_set_device_addr(struct bm_mem_desc* mem, unsigned long long address) {
  if (mem) mem->u.device.device_addr = address;
}
unsigned int bm_mem_get_device_size(struct bm_mem_desc mem) { return mem.size; }
void bm_mem_set_device_size(struct bm_mem_desc* mem, unsigned int size) {
  if (mem) mem->size = size;
}
void bm_set_device_mem(bm_device_mem_t* mem, unsigned int size, unsigned long long address) {
  if (mem) *mem = bm_mem_from_device(address, size);
}
bm_device_mem_t bm_mem_from_device(unsigned long long address, unsigned int size) {
  return device_range<bm_device_mem_t>(address, size);
}
void* bm_mem_get_system_addr(struct bm_mem_desc mem) { return mem.u.system.system_addr; }
void bm_mem_set_system_addr(struct bm_mem_desc* mem, void* address) {
  if (mem) mem->u.system.system_addr = address;
}
bm_system_mem_t bm_mem_from_system(void* address) {
  bm_system_mem_t mem{};
  mem.u.system.system_addr = address;
  mem.flags.u.mem_type = BM_MEM_TYPE_SYSTEM;
  return mem;
}
bm_device_mem_t bm_mem_null(void) {
  bm_device_mem_t mem{};
  mem.u.device.device_addr = BM_MEM_ADDR_NULL;
  mem.flags.u.mem_type = BM_MEM_TYPE_INVALID;
  return mem;
}

bm_status_t bm_malloc_device_byte(bm_handle_t handle, bm_device_mem_t* mem, unsigned int size) {
  return allocate(handle, mem, size);
}
bm_status_t bm_malloc_device_dword(bm_handle_t handle, bm_device_mem_t* mem, int count) {
  return allocate(handle, mem, product({count, 4}));
}
bm_status_t bm_malloc_neuron_device(bm_handle_t handle, bm_device_mem_t* mem, int n, int c, int h, int w) {
  return allocate(handle, mem, product({n, c, h, w, 4}));
}
bm_status_t bm_malloc_device_byte_heap(bm_handle_t handle, bm_device_mem_t* mem, int heap, unsigned int size) {
  return allocate_in_heap(handle, mem, heap, size);
}
bm_status_t bm_malloc_device_byte_heap_mask(bm_handle_t handle, bm_device_mem_t* mem, int mask, unsigned int size) {
  return allocate_in_heaps(handle, mem, mask, size);
}
bm_status_t bm_malloc_device_mem(bm_handle_t handle, unsigned long long* address, int heap, unsigned long long size) {
  const auto context = context_of(handle);
  if (!context || !address || size == 0 || heap < 0 || heap >= static_cast<int>(kHeaps)) return BM_ERR_PARAM;
  const Result<uint64_t> allocated = context->allocator().allocate(size);
  if (!allocated) return status_of(allocated.error());
  *address = *allocated;
  return BM_SUCCESS;
}
void bm_free_device(bm_handle_t handle, bm_device_mem_t mem) { bm_free_device_mem(handle, mem.u.device.device_addr); }
void bm_free_device_mem(bm_handle_t handle, unsigned long long address) {
  if (const auto context = context_of(handle)) (void)status_of(context->allocator().free(address));
}
unsigned long long bm_gmem_arm_reserved_request(bm_handle_t handle) {
  return context_of(handle) ? bm1684::kDdrBase : 0;
}
void bm_gmem_arm_reserved_release(bm_handle_t) {}

bm_status_t bm_get_gmem_heap_id(bm_handle_t handle, bm_device_mem_t* mem, unsigned int* heap) {
  return heap_of(handle, mem, heap);
}
bm_status_t bm_get_gmem_total_heap_num(bm_handle_t handle, unsigned int* heaps) {
  if (!context_of(handle) || !heaps) return BM_ERR_PARAM;
  *heaps = kHeaps;
  return BM_SUCCESS;
}
bm_status_t bm_get_gmem_heap_stat_byte_by_id(bm_handle_t handle, bm_heap_stat_byte_t* stat, unsigned int heap) {
  const auto context = context_of(handle);
  if (!context || !stat || heap >= kHeaps) return BM_ERR_PARAM;
  const Allocator& allocator = context->allocator();
  const uint64_t used = allocator.used();
  *stat = {heap, allocator.total(), allocator.total() - used, used, allocator.begin()};
  return BM_SUCCESS;
}
bm_status_t bm_get_stat(bm_handle_t handle, bm_dev_stat_t* stat) {
  const auto context = context_of(handle);
  if (!context || !stat) return BM_ERR_PARAM;
  constexpr uint64_t kMiB = 1 << 20;
  const uint64_t total = context->allocator().total() / kMiB, used = context->allocator().used() / kMiB;
  *stat = {};
  stat->mem_total = static_cast<int>(total);
  stat->mem_used = static_cast<int>(used);
  stat->heap_num = 1;
  stat->heap_stat[0] = {static_cast<unsigned>(total), static_cast<unsigned>(total - used), static_cast<unsigned>(used)};
  return BM_SUCCESS;
}

bm_status_t bm_memcpy_s2d_partial_offset(bm_handle_t handle, bm_device_mem_t dst, void* src, unsigned int size,
                                         unsigned int offset) {
  return write(handle, dst, src, size, offset);
}
bm_status_t bm_memcpy_s2d_partial(bm_handle_t handle, bm_device_mem_t dst, void* src, unsigned int size) {
  return bm_memcpy_s2d_partial_offset(handle, dst, src, size, 0);
}
bm_status_t bm_memcpy_s2d(bm_handle_t handle, bm_device_mem_t dst, void* src) {
  return bm_memcpy_s2d_partial_offset(handle, dst, src, dst.size, 0);
}
bm_status_t bm_memcpy_d2s_partial_offset(bm_handle_t handle, void* dst, bm_device_mem_t src, unsigned int size,
                                         unsigned int offset) {
  return read(handle, dst, src, size, offset);
}
bm_status_t bm_memcpy_d2s_partial(bm_handle_t handle, void* dst, bm_device_mem_t src, unsigned int size) {
  return bm_memcpy_d2s_partial_offset(handle, dst, src, size, 0);
}
bm_status_t bm_memcpy_d2s(bm_handle_t handle, void* dst, bm_device_mem_t src) {
  return bm_memcpy_d2s_partial_offset(handle, dst, src, src.size, 0);
}
bm_status_t bm_memcpy_d2d_byte(bm_handle_t handle, bm_device_mem_t dst, size_t dst_offset, bm_device_mem_t src,
                               size_t src_offset, size_t size) {
  const auto context = context_of(handle);
  if (!context || !inside(dst, dst_offset, size) || !inside(src, src_offset, size)) return BM_ERR_PARAM;
  return status_of(
      context->device().copy(dst.u.device.device_addr + dst_offset, src.u.device.device_addr + src_offset, size));
}
bm_status_t bm_memcpy_d2d(bm_handle_t handle, bm_device_mem_t dst, int dst_offset, bm_device_mem_t src, int src_offset,
                          int len) {
  if (dst_offset < 0 || src_offset < 0 || len < 0) return BM_ERR_PARAM;
  const auto bytes = [](int words) { return static_cast<size_t>(words) * 4; };
  return bm_memcpy_d2d_byte(handle, dst, bytes(dst_offset), src, bytes(src_offset), bytes(len));
}
bm_status_t bm_memcpy_d2d_stride(bm_handle_t handle, bm_device_mem_t dst, int dst_stride, bm_device_mem_t src,
                                 int src_stride, int count, int format_size) {
  const auto context = context_of(handle);
  if (!context || dst_stride <= 0 || src_stride <= 0 || count <= 0) return BM_ERR_PARAM;
  if (format_size != 1 && format_size != 2 && format_size != 4) return BM_ERR_PARAM;
  const auto extent = [&](int stride) {
    return (static_cast<uint64_t>(count - 1) * static_cast<uint64_t>(stride) + 1) * static_cast<uint64_t>(format_size);
  };
  if (!inside(dst, 0, extent(dst_stride)) || !inside(src, 0, extent(src_stride))) return BM_ERR_PARAM;
  std::vector<std::byte> from(extent(src_stride)), to(extent(dst_stride));
  Device& device = context->device();
  if (Status status = device.read(src.u.device.device_addr, from); !status) return status_of(status);
  if (Status status = device.read(dst.u.device.device_addr, to); !status) return status_of(status);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    std::memcpy(&to[i * dst_stride * format_size], &from[i * src_stride * format_size], format_size);
  return status_of(device.write(dst.u.device.device_addr, to));
}
bm_status_t bm_memcpy_c2c(bm_handle_t src_handle, bm_handle_t dst_handle, bm_device_mem_t src, bm_device_mem_t dst,
                          bool) {
  const auto from = context_of(src_handle), to = context_of(dst_handle);
  if (!from || !to || !inside(src, 0, src.size) || !inside(dst, 0, src.size)) return BM_ERR_PARAM;
  std::vector<std::byte> bytes(src.size);
  if (Status status = from->device().read(src.u.device.device_addr, bytes); !status) return status_of(status);
  return status_of(to->device().write(dst.u.device.device_addr, bytes));
}
bm_status_t bm_memset_device_ext(bm_handle_t handle, void* value, int mode, bm_device_mem_t mem) {
  const auto context = context_of(handle);
  if (!context || !value || mode < 1 || mode > 4 || !is_device(mem)) return BM_ERR_PARAM;
  return status_of(context->device().fill(mem.u.device.device_addr, mem.size,
                                          {static_cast<std::byte*>(value), static_cast<size_t>(mode)}));
}
bm_status_t bm_memset_device(bm_handle_t handle, const int value, bm_device_mem_t mem) {
  int word = value;
  return bm_memset_device_ext(handle, &word, sizeof(word), mem);
}

bm_status_t bm_mem_convert_system_to_device_neuron(bm_handle_t handle, bm_mem_desc* device, bm_mem_desc system,
                                                   bool copy, int n, int c, int h, int w) {
  return to_device(handle, device, system, copy, product({n, c, h, w, 4}));
}
bm_status_t bm_mem_convert_system_to_device_neuron_byte(bm_handle_t handle, bm_mem_desc* device, bm_mem_desc system,
                                                        bool copy, int n, int c, int h, int w) {
  return to_device(handle, device, system, copy, product({n, c, h, w}));
}
bm_status_t bm_mem_convert_system_to_device_coeff(bm_handle_t handle, bm_mem_desc* device, bm_mem_desc system,
                                                  bool copy, int count) {
  return to_device(handle, device, system, copy, product({count, 4}));
}
bm_status_t bm_mem_convert_system_to_device_coeff_byte(bm_handle_t handle, bm_mem_desc* device, bm_mem_desc system,
                                                       bool copy, int count) {
  return to_device(handle, device, system, copy, product({count}));
}
