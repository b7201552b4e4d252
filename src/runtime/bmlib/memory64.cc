// Descriptors with 64-bit sizes: sg_* and bm_*_u64.
#include "runtime/bmlib/memory.h"

using namespace bmnet::runtime;

using Size = unsigned long long;

#define BMLIB_WIDE_MEMORY(NAME, Mem)                                                                                   \
  bm_mem_type_t NAME(mem_get_type)(Mem mem) { return mem.flags.u.mem_type; }                                           \
  Size NAME(mem_get_device_addr)(Mem mem) { return mem.u.device.device_addr; }                                         \
  void NAME(mem_set_device_addr)(Mem * mem, Size address) {                                                            \
    if (mem) mem->u.device.device_addr = address;                                                                      \
  }                                                                                                                    \
  Size NAME(mem_get_device_size)(Mem mem) { return mem.size; }                                                         \
  void NAME(mem_set_device_size)(Mem * mem, Size size) {                                                               \
    if (mem) mem->size = size;                                                                                         \
  }                                                                                                                    \
  void NAME(set_device_mem)(Mem * mem, Size size, Size address) {                                                      \
    if (mem) *mem = device_range<Mem>(address, size);                                                                  \
  }                                                                                                                    \
  Mem NAME(mem_from_device)(Size address, Size size) { return device_range<Mem>(address, size); }                      \
  void* NAME(mem_get_system_addr)(Mem mem) { return mem.u.system.system_addr; }                                        \
  void NAME(mem_set_system_addr)(Mem * mem, void* address) {                                                           \
    if (mem) mem->u.system.system_addr = address;                                                                      \
  }                                                                                                                    \
  bm_status_t NAME(malloc_neuron_device)(bm_handle_t handle, Mem * mem, Size n, Size c, Size h, Size w) {              \
    return allocate(handle, mem, product<Size>({n, c, h, w, 4}));                                                      \
  }                                                                                                                    \
  bm_status_t NAME(malloc_device_dword)(bm_handle_t handle, Mem * mem, Size count) {                                   \
    return allocate(handle, mem, product<Size>({count, 4}));                                                           \
  }                                                                                                                    \
  bm_status_t NAME(malloc_device_byte)(bm_handle_t handle, Mem * mem, Size size) {                                     \
    return allocate(handle, mem, size);                                                                                \
  }                                                                                                                    \
  bm_status_t NAME(malloc_device_byte_heap)(bm_handle_t handle, Mem * mem, int heap, Size size) {                      \
    return allocate_in_heap(handle, mem, heap, size);                                                                  \
  }                                                                                                                    \
  bm_status_t NAME(malloc_device_byte_heap_mask)(bm_handle_t handle, Mem * mem, int mask, Size size) {                 \
    return allocate_in_heaps(handle, mem, mask, size);                                                                 \
  }                                                                                                                    \
  void NAME(free_device)(bm_handle_t handle, Mem mem) { bm_free_device_mem(handle, mem.u.device.device_addr); }        \
  bm_status_t NAME(get_gmem_heap_id)(bm_handle_t handle, Mem * mem, unsigned* heap) {                                  \
    return heap_of(handle, mem, heap);                                                                                 \
  }                                                                                                                    \
  bm_status_t NAME(memcpy_s2d)(bm_handle_t handle, Mem to, void* from) { return write(handle, to, from, to.size, 0); } \
  bm_status_t NAME(memcpy_s2d_partial)(bm_handle_t handle, Mem to, void* from, Size size) {                            \
    return write(handle, to, from, size, 0);                                                                           \
  }                                                                                                                    \
  bm_status_t NAME(memcpy_s2d_partial_offset)(bm_handle_t handle, Mem to, void* from, Size size, Size offset) {        \
    return write(handle, to, from, size, offset);                                                                      \
  }                                                                                                                    \
  bm_status_t NAME(memcpy_d2s)(bm_handle_t handle, void* to, Mem from) {                                               \
    return read(handle, to, from, from.size, 0);                                                                       \
  }                                                                                                                    \
  bm_status_t NAME(memcpy_d2s_partial)(bm_handle_t handle, void* to, Mem from, Size size) {                            \
    return read(handle, to, from, size, 0);                                                                            \
  }                                                                                                                    \
  bm_status_t NAME(memcpy_d2s_partial_offset)(bm_handle_t handle, void* to, Mem from, Size size, Size offset) {        \
    return read(handle, to, from, size, offset);                                                                       \
  }
BMLIB_WIDE_MEMORY(BMLIB_SG_, sg_device_mem_t)
BMLIB_WIDE_MEMORY(BMLIB_U64_, bm_device_mem_u64_t)
