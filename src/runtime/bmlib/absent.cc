// What only silicon has: mappings of device memory, firmware messages, programs on the chip's processors. And
// synchronisation, which has nothing to wait for: launches have finished when they return.
#include "runtime/bmlib/handle.h"
#include "runtime/include/bmlib_internal.h"

using bmnet::runtime::context_of;

namespace {

bm_status_t synchronised(bm_handle_t handle) { return context_of(handle) ? BM_SUCCESS : BM_ERR_PARAM; }
bm_status_t absent(bm_handle_t handle) { return context_of(handle) ? BM_NOT_SUPPORTED : BM_ERR_PARAM; }

}  // namespace

void bm_flush(bm_handle_t) {}
bm_status_t bm_device_sync(bm_handle_t handle) { return synchronised(handle); }
bm_status_t bm_handle_sync(bm_handle_t handle) { return synchronised(handle); }
bm_status_t bm_thread_sync(bm_handle_t handle) { return synchronised(handle); }
bm_status_t bm_thread_sync_from_core(bm_handle_t handle, int core) {
  return core == 0 ? synchronised(handle) : BM_ERR_PARAM;
}
bm_status_t bm_set_sync_timeout(bm_handle_t handle, int) { return synchronised(handle); }
bm_status_t bm_sync_api(bm_handle_t handle) { return synchronised(handle); }
bm_status_t bm_send_api(bm_handle_t handle, int, const u8*, u32) { return absent(handle); }

bm_status_t bm_mem_mmap_device_mem(bm_handle_t handle, bm_device_mem_t*, unsigned long long*) { return absent(handle); }
bm_status_t bm_mem_mmap_device_mem_no_cache(bm_handle_t handle, bm_device_mem_t*, unsigned long long*) {
  return absent(handle);
}
bm_status_t bm_mem_vir_to_phy(bm_handle_t handle, unsigned long long, unsigned long long*) { return absent(handle); }
bm_status_t bm_mem_invalidate_device_mem(bm_handle_t handle, bm_device_mem_t*) { return absent(handle); }
bm_status_t bm_mem_invalidate_partial_device_mem(bm_handle_t handle, bm_device_mem_t*, unsigned int, unsigned int) {
  return absent(handle);
}
bm_status_t bm_mem_flush_device_mem(bm_handle_t handle, bm_device_mem_t*) { return absent(handle); }
bm_status_t bm_mem_flush_partial_device_mem(bm_handle_t handle, bm_device_mem_t*, unsigned int, unsigned int) {
  return absent(handle);
}
bm_status_t bm_mem_unmap_device_mem(bm_handle_t handle, void*, int) { return absent(handle); }

#define BMLIB_ABSENT_MAPPINGS(NAME, Mem)                                                                             \
  bm_status_t NAME(mem_mmap_device_mem)(bm_handle_t handle, Mem*, unsigned long long*) { return absent(handle); }    \
  bm_status_t NAME(mem_mmap_device_mem_no_cache)(bm_handle_t handle, Mem*, unsigned long long*) {                    \
    return absent(handle);                                                                                           \
  }                                                                                                                  \
  bm_status_t NAME(mem_invalidate_device_mem)(bm_handle_t handle, Mem*) { return absent(handle); }                   \
  bm_status_t NAME(mem_invalidate_partial_device_mem)(bm_handle_t handle, Mem*, unsigned long long,                  \
                                                      unsigned long long) {                                          \
    return absent(handle);                                                                                           \
  }                                                                                                                  \
  bm_status_t NAME(mem_flush_device_mem)(bm_handle_t handle, Mem*) { return absent(handle); }                        \
  bm_status_t NAME(mem_flush_partial_device_mem)(bm_handle_t handle, Mem*, unsigned long long, unsigned long long) { \
    return absent(handle);                                                                                           \
  }                                                                                                                  \
  bm_status_t NAME(mem_unmap_device_mem)(bm_handle_t handle, void*, unsigned long long) { return absent(handle); }
BMLIB_ABSENT_MAPPINGS(BMLIB_SG_, sg_device_mem_t)
BMLIB_ABSENT_MAPPINGS(BMLIB_U64_, bm_device_mem_u64_t)

bm_cpu_status_t bmcpu_get_cpu_status(bm_handle_t) { return BMCPU_IDLE; }
bm_status_t bmcpu_start_cpu(bm_handle_t handle, char*, char*) { return absent(handle); }
int bmcpu_open_process(bm_handle_t, unsigned int, int) { return -1; }
bm_status_t bmcpu_load_library(bm_handle_t handle, int, char*, int) { return absent(handle); }
int bmcpu_exec_function(bm_handle_t, int, char*, void*, unsigned int, int) { return -1; }
bm_status_t bmcpu_unload_library(bm_handle_t handle, int, char*, int) { return absent(handle); }
int bmcpu_exec_function_ext(bm_handle_t, int, char*, void*, unsigned int, unsigned int, int) { return -1; }
bm_status_t bmcpu_exec_function_async(bm_handle_t handle, int, char*, void*, unsigned int, unsigned long long*) {
  return absent(handle);
}
bm_status_t bmcpu_exec_function_async_ext(bm_handle_t handle, int, char*, void*, unsigned int, unsigned int,
                                          unsigned long long*) {
  return absent(handle);
}
int bmcpu_query_exec_function_result(bm_handle_t, unsigned long long, int) { return -1; }
void* bmcpu_map_phys_addr(bm_handle_t, int, void*, unsigned int, int) { return nullptr; }
bm_status_t bmcpu_unmap_phys_addr(bm_handle_t handle, int, void*, int) { return absent(handle); }
bm_status_t bmcpu_set_log(bm_handle_t handle, unsigned int, unsigned int, int) { return absent(handle); }
bm_status_t bmcpu_get_log(bm_handle_t handle, int, char*, int) { return absent(handle); }
bm_status_t bmcpu_sync_time(bm_handle_t handle) { return absent(handle); }
bm_status_t bmcpu_close_process(bm_handle_t handle, int, int) { return absent(handle); }
bm_status_t bmcpu_reset_cpu(bm_handle_t handle) { return absent(handle); }
bm_status_t okkernel_load_firmware(bm_handle_t handle, const char*, const char*) { return absent(handle); }
bm_status_t okkernel_launch_async(bm_handle_t handle, const char*, const void*, unsigned int) { return absent(handle); }
bm_status_t okkernel_launch_sync(bm_handle_t handle, const char*, const void*, unsigned int) { return absent(handle); }
bm_status_t okkernel_sync(bm_handle_t handle) { return absent(handle); }
