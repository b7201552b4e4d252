/* bmlib: devices, device memory, copies and synchronisation. C99 and C++.
 *
 * Names, types and values are those of the Sophon SDK, so that programs written for it compile and run unchanged; the
 * device behind a handle is chosen by BMNET_DEVICE (docs/guide/runtime.md). All functions may be called from several
 * threads. A null handle or pointer gives BM_ERR_PARAM (functions without status then do nothing or give 0). */
#ifndef BMLIB_RUNTIME_H_
#define BMLIB_RUNTIME_H_

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef DECL_EXPORT
#define DECL_EXPORT __attribute__((visibility("default")))
#endif
#ifndef DECL_IMPORT
#define DECL_IMPORT
#endif

#if defined(__cplusplus)
extern "C" {
#endif

#ifndef BM_MEM_DESC_T_
#define BM_MEM_DESC_T_
typedef enum {
  BM_SUCCESS = 0,
  BM_ERR_DEVNOTREADY = 1,
  BM_ERR_FAILURE = 2,
  BM_ERR_TIMEOUT = 3,
  BM_ERR_PARAM = 4,
  BM_ERR_NOMEM = 5,
  BM_ERR_DATA = 6,
  BM_ERR_BUSY = 7,
  BM_ERR_NOFEATURE = 8,
  BM_NOT_SUPPORTED = 9
} bm_status_t;

typedef enum {
  BM_MEM_TYPE_DEVICE = 0,
  BM_MEM_TYPE_HOST = 1,
  BM_MEM_TYPE_SYSTEM = 2,
  BM_MEM_TYPE_INT8_DEVICE = 3,
  BM_MEM_TYPE_INVALID = 4
} bm_mem_type_t;

typedef enum { BMCPU_IDLE = 0, BMCPU_RUNNING = 1, BMCPU_FAULT = 2 } bm_cpu_status_t;

typedef union {
  struct {
    bm_mem_type_t mem_type : 3;
    unsigned int gmem_heapid : 3;
    unsigned int reserved : 26;
  } u;
  unsigned int rawflags;
} bm_mem_flags_t;

/* A range of device memory (u.device) or a place in host memory (u.system). `size` is in bytes. */
typedef struct bm_mem_desc {
  union {
    struct {
      unsigned long device_addr;
      unsigned int reserved;
      int dmabuf_fd;
    } device;
    struct {
      void* system_addr;
      unsigned int reserved0;
      int reserved1;
    } system;
  } u;
  bm_mem_flags_t flags;
  unsigned int size;
} bm_mem_desc_t;
typedef struct bm_mem_desc bm_device_mem_t;
typedef struct bm_mem_desc bm_system_mem_t;
#endif

#define BM_MEM_ADDR_NULL (0xfffffffff)

struct bm_context;
typedef struct bm_context* bm_handle_t;

/* ---- devices ---- */

DECL_EXPORT bm_status_t bm_dev_getcount(int* count);
DECL_EXPORT bm_status_t bm_dev_query(int devid);
/* Opens device `devid`. Handles of one device share its memory. */
DECL_EXPORT bm_status_t bm_dev_request(bm_handle_t* handle, int devid);
DECL_EXPORT int bm_get_devid(bm_handle_t handle);
DECL_EXPORT void bm_dev_free(bm_handle_t handle);

struct bm_misc_info {
  int pcie_soc_mode; /* 0 PCIe, 1 SoC */
  int ddr_ecc_enable;
  long long ddr0a_size;
  long long ddr0b_size;
  long long ddr1_size;
  long long ddr2_size;
  unsigned int chipid;
#define BM1682_CHIPID_BIT_MASK (0X1 << 0)
#define BM1684_CHIPID_BIT_MASK (0X1 << 1)
#define BM1686_CHIPID_BIT_MASK (0X1 << 2)
  unsigned long chipid_bit_mask;
  unsigned int driver_version;
  int domain_bdf;
  int board_version;
  int a53_enable;
  int dyn_enable;
};
DECL_EXPORT bm_status_t bm_get_misc_info(bm_handle_t handle, struct bm_misc_info* pmisc_info);
DECL_EXPORT bm_status_t bm_get_chipid(bm_handle_t handle, unsigned int* p_chipid); /* 0x1684 */
DECL_EXPORT bm_status_t bm_get_clk_tpu_freq(bm_handle_t handle, int* freq);        /* in MHz */
DECL_EXPORT bm_status_t bm_get_driver_version(bm_handle_t handle, int* driver_version);
DECL_EXPORT bm_status_t bm_get_tpu_scalar_num(bm_handle_t handle, unsigned int* core_num);
#define bm_get_tpu_core_num bm_get_tpu_scalar_num

/* ---- descriptors ---- */

DECL_EXPORT bm_mem_type_t bm_mem_get_type(struct bm_mem_desc mem);
DECL_EXPORT unsigned long long bm_mem_get_device_addr(struct bm_mem_desc mem);
DECL_EXPORT void bm_mem_set_device_addr(struct bm_mem_desc* pmem, unsigned long long addr);
DECL_EXPORT unsigned int bm_mem_get_device_size(struct bm_mem_desc mem);
DECL_EXPORT void bm_mem_set_device_size(struct bm_mem_desc* pmem, unsigned int size);
DECL_EXPORT void bm_set_device_mem(bm_device_mem_t* pmem, unsigned int size, unsigned long long addr);
DECL_EXPORT bm_device_mem_t bm_mem_from_device(unsigned long long device_addr, unsigned int len);
DECL_EXPORT void* bm_mem_get_system_addr(struct bm_mem_desc mem);
DECL_EXPORT void bm_mem_set_system_addr(struct bm_mem_desc* pmem, void* addr);
DECL_EXPORT bm_system_mem_t bm_mem_from_system(void* system_addr);
DECL_EXPORT bm_device_mem_t bm_mem_null(void);
#define BM_MEM_NULL (bm_mem_null())

/* ---- allocation: 4096-byte aligned; heaps 0 to 2 are one pool ---- */

DECL_EXPORT bm_status_t bm_malloc_device_byte(bm_handle_t handle, bm_device_mem_t* pmem, unsigned int size);
DECL_EXPORT bm_status_t bm_malloc_device_dword(bm_handle_t handle, bm_device_mem_t* pmem, int count); /* 4 bytes each */
DECL_EXPORT bm_status_t bm_malloc_neuron_device(bm_handle_t handle, bm_device_mem_t* pmem, int n, int c, int h, int w);
DECL_EXPORT bm_status_t bm_malloc_device_byte_heap(bm_handle_t handle, bm_device_mem_t* pmem, int heap_id,
                                                   unsigned int size);
DECL_EXPORT bm_status_t bm_malloc_device_byte_heap_mask(bm_handle_t handle, bm_device_mem_t* pmem, int heap_id_mask,
                                                        unsigned int size);
DECL_EXPORT bm_status_t bm_malloc_device_mem(bm_handle_t handle, unsigned long long* paddr, int heap_id,
                                             unsigned long long size);
DECL_EXPORT void bm_free_device(bm_handle_t handle, bm_device_mem_t mem);
DECL_EXPORT void bm_free_device_mem(bm_handle_t handle, unsigned long long paddr);
/* Where the firmware's reserved memory begins. No firmware shares it here, so nothing is locked. */
DECL_EXPORT unsigned long long bm_gmem_arm_reserved_request(bm_handle_t handle);
DECL_EXPORT void bm_gmem_arm_reserved_release(bm_handle_t handle);

struct bm_heap_stat { /* in MiB */
  unsigned int mem_total;
  unsigned int mem_avail;
  unsigned int mem_used;
};
typedef struct bm_heap_stat_byte {
  unsigned int heap_id;
  unsigned long long mem_total;
  unsigned long long mem_avail;
  unsigned long long mem_used;
  unsigned long long mem_start_addr;
} bm_heap_stat_byte_t;
typedef struct bm_dev_stat {
  int mem_total; /* in MiB */
  int mem_used;
  int tpu_util;
  int heap_num;
  struct bm_heap_stat heap_stat[4];
} bm_dev_stat_t;
DECL_EXPORT bm_status_t bm_get_stat(bm_handle_t handle, bm_dev_stat_t* stat);
DECL_EXPORT bm_status_t bm_get_gmem_heap_id(bm_handle_t handle, bm_device_mem_t* pmem, unsigned int* heapid);
DECL_EXPORT bm_status_t bm_get_gmem_total_heap_num(bm_handle_t handle, unsigned int* heap_num);
DECL_EXPORT bm_status_t bm_get_gmem_heap_stat_byte_by_id(bm_handle_t handle, bm_heap_stat_byte_t* pheap_byte,
                                                         unsigned int heap_id);

/* ---- copies; without size the whole device range ---- */

DECL_EXPORT bm_status_t bm_memcpy_s2d(bm_handle_t handle, bm_device_mem_t dst, void* src);
DECL_EXPORT bm_status_t bm_memcpy_s2d_partial(bm_handle_t handle, bm_device_mem_t dst, void* src, unsigned int size);
DECL_EXPORT bm_status_t bm_memcpy_s2d_partial_offset(bm_handle_t handle, bm_device_mem_t dst, void* src,
                                                     unsigned int size, unsigned int offset);
DECL_EXPORT bm_status_t bm_memcpy_d2s(bm_handle_t handle, void* dst, bm_device_mem_t src);
DECL_EXPORT bm_status_t bm_memcpy_d2s_partial(bm_handle_t handle, void* dst, bm_device_mem_t src, unsigned int size);
DECL_EXPORT bm_status_t bm_memcpy_d2s_partial_offset(bm_handle_t handle, void* dst, bm_device_mem_t src,
                                                     unsigned int size, unsigned int offset);
/* Offsets and length in 4-byte words. */
DECL_EXPORT bm_status_t bm_memcpy_d2d(bm_handle_t handle, bm_device_mem_t dst, int dst_offset, bm_device_mem_t src,
                                      int src_offset, int len);
DECL_EXPORT bm_status_t bm_memcpy_d2d_byte(bm_handle_t handle, bm_device_mem_t dst, size_t dst_offset,
                                           bm_device_mem_t src, size_t src_offset, size_t size);
/* `count` elements of `format_size` bytes (1, 2 or 4); strides in elements. */
DECL_EXPORT bm_status_t bm_memcpy_d2d_stride(bm_handle_t handle, bm_device_mem_t dst, int dst_stride,
                                             bm_device_mem_t src, int src_stride, int count, int format_size);
DECL_EXPORT bm_status_t bm_memcpy_c2c(bm_handle_t src_handle, bm_handle_t dst_handle, bm_device_mem_t src,
                                      bm_device_mem_t dst, bool force_dst_cdma);
DECL_EXPORT bm_status_t bm_memset_device(bm_handle_t handle, const int value, bm_device_mem_t mem); /* 4-byte words */
/* Repeats the first `mode` bytes (1 to 4) of `value`. */
DECL_EXPORT bm_status_t bm_memset_device_ext(bm_handle_t handle, void* value, int mode, bm_device_mem_t mem);

/* Device memory for a host tensor or coefficients, with the content when `need_copy`. */
DECL_EXPORT bm_status_t bm_mem_convert_system_to_device_neuron(bm_handle_t handle, struct bm_mem_desc* dev_mem,
                                                               struct bm_mem_desc sys_mem, bool need_copy, int n, int c,
                                                               int h, int w);
DECL_EXPORT bm_status_t bm_mem_convert_system_to_device_neuron_byte(bm_handle_t handle, struct bm_mem_desc* dev_mem,
                                                                    struct bm_mem_desc sys_mem, bool need_copy, int n,
                                                                    int c, int h, int w);
DECL_EXPORT bm_status_t bm_mem_convert_system_to_device_coeff(bm_handle_t handle, struct bm_mem_desc* dev_mem,
                                                              struct bm_mem_desc sys_mem, bool need_copy,
                                                              int coeff_count);
DECL_EXPORT bm_status_t bm_mem_convert_system_to_device_coeff_byte(bm_handle_t handle, struct bm_mem_desc* dev_mem,
                                                                   struct bm_mem_desc sys_mem, bool need_copy,
                                                                   int coeff_count);

/* ---- mapping device memory into the process: on SoC hosts only, here BM_NOT_SUPPORTED ---- */

DECL_EXPORT bm_status_t bm_mem_mmap_device_mem(bm_handle_t handle, bm_device_mem_t* dmem, unsigned long long* vmem);
DECL_EXPORT bm_status_t bm_mem_mmap_device_mem_no_cache(bm_handle_t handle, bm_device_mem_t* dmem,
                                                        unsigned long long* vmem);
DECL_EXPORT bm_status_t bm_mem_vir_to_phy(bm_handle_t handle, unsigned long long vmem, unsigned long long* device_mem);
DECL_EXPORT bm_status_t bm_mem_invalidate_device_mem(bm_handle_t handle, bm_device_mem_t* dmem);
DECL_EXPORT bm_status_t bm_mem_invalidate_partial_device_mem(bm_handle_t handle, bm_device_mem_t* dmem,
                                                             unsigned int offset, unsigned int len);
DECL_EXPORT bm_status_t bm_mem_flush_device_mem(bm_handle_t handle, bm_device_mem_t* dmem);
DECL_EXPORT bm_status_t bm_mem_flush_partial_device_mem(bm_handle_t handle, bm_device_mem_t* dmem, unsigned int offset,
                                                        unsigned int len);
DECL_EXPORT bm_status_t bm_mem_unmap_device_mem(bm_handle_t handle, void* vmem, int size);

/* ---- descriptors with 64-bit sizes: functions above once more, as sg_<name> and as bm_<name>_u64 ---- */

#define BMLIB_WIDE_MEMBERS_      \
  union {                        \
    struct {                     \
      unsigned long device_addr; \
      unsigned int reserved;     \
      int dmabuf_fd;             \
    } device;                    \
    struct {                     \
      void* system_addr;         \
      unsigned int reserved0;    \
      int reserved1;             \
    } system;                    \
  } u;                           \
  bm_mem_flags_t flags;          \
  unsigned long long size;
typedef struct sg_mem_desc {
  BMLIB_WIDE_MEMBERS_
} sg_mem_desc_t;
typedef struct sg_mem_desc sg_device_mem_t;
typedef struct sg_mem_desc sg_system_mem_t;
typedef struct bm_mem_desc_u64 {
  BMLIB_WIDE_MEMBERS_
} bm_mem_desc_u64_t;
typedef struct bm_mem_desc_u64 bm_device_mem_u64_t;
typedef struct bm_mem_desc_u64 bm_system_mem_u64_t;

#define BMLIB_SG_(name) sg_##name
#define BMLIB_U64_(name) bm_##name##_u64
#define BMLIB_WIDE_FUNCTIONS_(NAME, mem_t)                                                                             \
  DECL_EXPORT bm_mem_type_t NAME(mem_get_type)(mem_t mem);                                                             \
  DECL_EXPORT unsigned long long NAME(mem_get_device_addr)(mem_t mem);                                                 \
  DECL_EXPORT void NAME(mem_set_device_addr)(mem_t * pmem, unsigned long long addr);                                   \
  DECL_EXPORT unsigned long long NAME(mem_get_device_size)(mem_t mem);                                                 \
  DECL_EXPORT void NAME(mem_set_device_size)(mem_t * pmem, unsigned long long size);                                   \
  DECL_EXPORT void NAME(set_device_mem)(mem_t * pmem, unsigned long long size, unsigned long long addr);               \
  DECL_EXPORT mem_t NAME(mem_from_device)(unsigned long long device_addr, unsigned long long len);                     \
  DECL_EXPORT void* NAME(mem_get_system_addr)(mem_t mem);                                                              \
  DECL_EXPORT void NAME(mem_set_system_addr)(mem_t * pmem, void* addr);                                                \
  DECL_EXPORT bm_status_t NAME(malloc_neuron_device)(bm_handle_t handle, mem_t * pmem, unsigned long long n,           \
                                                     unsigned long long c, unsigned long long h,                       \
                                                     unsigned long long w);                                            \
  DECL_EXPORT bm_status_t NAME(malloc_device_dword)(bm_handle_t handle, mem_t * pmem, unsigned long long count);       \
  DECL_EXPORT bm_status_t NAME(malloc_device_byte)(bm_handle_t handle, mem_t * pmem, unsigned long long size);         \
  DECL_EXPORT bm_status_t NAME(malloc_device_byte_heap)(bm_handle_t handle, mem_t * pmem, int heap_id,                 \
                                                        unsigned long long size);                                      \
  DECL_EXPORT bm_status_t NAME(malloc_device_byte_heap_mask)(bm_handle_t handle, mem_t * pmem, int heap_id_mask,       \
                                                             unsigned long long size);                                 \
  DECL_EXPORT void NAME(free_device)(bm_handle_t handle, mem_t mem);                                                   \
  DECL_EXPORT bm_status_t NAME(get_gmem_heap_id)(bm_handle_t handle, mem_t * pmem, unsigned int* heapid);              \
  DECL_EXPORT bm_status_t NAME(memcpy_s2d)(bm_handle_t handle, mem_t dst, void* src);                                  \
  DECL_EXPORT bm_status_t NAME(memcpy_s2d_partial)(bm_handle_t handle, mem_t dst, void* src, unsigned long long size); \
  DECL_EXPORT bm_status_t NAME(memcpy_s2d_partial_offset)(bm_handle_t handle, mem_t dst, void* src,                    \
                                                          unsigned long long size, unsigned long long offset);         \
  DECL_EXPORT bm_status_t NAME(memcpy_d2s)(bm_handle_t handle, void* dst, mem_t src);                                  \
  DECL_EXPORT bm_status_t NAME(memcpy_d2s_partial)(bm_handle_t handle, void* dst, mem_t src, unsigned long long size); \
  DECL_EXPORT bm_status_t NAME(memcpy_d2s_partial_offset)(bm_handle_t handle, void* dst, mem_t src,                    \
                                                          unsigned long long size, unsigned long long offset);         \
  DECL_EXPORT bm_status_t NAME(mem_mmap_device_mem)(bm_handle_t handle, mem_t * dmem, unsigned long long* vmem);       \
  DECL_EXPORT bm_status_t NAME(mem_mmap_device_mem_no_cache)(bm_handle_t handle, mem_t * dmem,                         \
                                                             unsigned long long* vmem);                                \
  DECL_EXPORT bm_status_t NAME(mem_invalidate_device_mem)(bm_handle_t handle, mem_t * dmem);                           \
  DECL_EXPORT bm_status_t NAME(mem_invalidate_partial_device_mem)(bm_handle_t handle, mem_t * dmem,                    \
                                                                  unsigned long long offset, unsigned long long len);  \
  DECL_EXPORT bm_status_t NAME(mem_flush_device_mem)(bm_handle_t handle, mem_t * dmem);                                \
  DECL_EXPORT bm_status_t NAME(mem_flush_partial_device_mem)(bm_handle_t handle, mem_t * dmem,                         \
                                                             unsigned long long offset, unsigned long long len);       \
  DECL_EXPORT bm_status_t NAME(mem_unmap_device_mem)(bm_handle_t handle, void* vmem, unsigned long long size);
BMLIB_WIDE_FUNCTIONS_(BMLIB_SG_, sg_device_mem_t)
BMLIB_WIDE_FUNCTIONS_(BMLIB_U64_, bm_device_mem_u64_t)

/* ---- synchronisation: launches have finished when they return, so these return at once ---- */

DECL_EXPORT void bm_flush(bm_handle_t handle);
DECL_EXPORT bm_status_t bm_device_sync(bm_handle_t handle);
DECL_EXPORT bm_status_t bm_handle_sync(bm_handle_t handle);
DECL_EXPORT bm_status_t bm_thread_sync(bm_handle_t handle);
DECL_EXPORT bm_status_t bm_thread_sync_from_core(bm_handle_t handle, int core_id);
DECL_EXPORT bm_status_t bm_set_sync_timeout(bm_handle_t handle, int timeout);

/* ---- measurement ---- */

typedef struct bm_profile {
  unsigned long cdma_in_time; /* times in microseconds */
  unsigned long cdma_in_counter;
  unsigned long cdma_out_time;
  unsigned long cdma_out_counter;
  unsigned long tpu_process_time; /* of the chip, at its clock */
  unsigned long tpu1_process_time;
  unsigned long sent_api_counter;
  unsigned long completed_api_counter;
} bm_profile_t;
DECL_EXPORT bm_status_t bm_get_profile(bm_handle_t handle, bm_profile_t* profile);
DECL_EXPORT bm_status_t bm_get_last_api_process_time_us(bm_handle_t handle, unsigned long* time_us);

/* ---- log ---- */

#define BMLIB_LOG_QUIET -8
#define BMLIB_LOG_PANIC 0
#define BMLIB_LOG_FATAL 8
#define BMLIB_LOG_ERROR 16
#define BMLIB_LOG_WARNING 24
#define BMLIB_LOG_INFO 32
#define BMLIB_LOG_VERBOSE 40
#define BMLIB_LOG_DEBUG 48
#define BMLIB_LOG_TRACE 56
DECL_EXPORT int bmlib_log_get_level(void);
DECL_EXPORT void bmlib_log_set_level(int level);
DECL_EXPORT void bmlib_log_set_callback(void (*callback)(const char* tag, int level, const char* fmt, va_list args));
DECL_EXPORT void bmlib_log(const char* tag, int level, const char* fmt, ...);

/* ---- programs on the chip's own processors: no such processors here, BM_NOT_SUPPORTED (int results: -1) ---- */

DECL_EXPORT bm_cpu_status_t bmcpu_get_cpu_status(bm_handle_t handle); /* BMCPU_IDLE */
DECL_EXPORT bm_status_t bmcpu_start_cpu(bm_handle_t handle, char* boot_file, char* core_file);
DECL_EXPORT int bmcpu_open_process(bm_handle_t handle, unsigned int flags, int timeout);
DECL_EXPORT bm_status_t bmcpu_load_library(bm_handle_t handle, int process_handle, char* library_file, int timeout);
DECL_EXPORT int bmcpu_exec_function(bm_handle_t handle, int process_handle, char* function_name, void* function_param,
                                    unsigned int param_size, int timeout);
DECL_EXPORT bm_status_t bmcpu_unload_library(bm_handle_t handle, int process_handle, char* library_file, int timeout);
DECL_EXPORT int bmcpu_exec_function_ext(bm_handle_t handle, int process_handle, char* function_name,
                                        void* function_param, unsigned int param_size, unsigned int opt, int timeout);
DECL_EXPORT bm_status_t bmcpu_exec_function_async(bm_handle_t handle, int process_handle, char* function_name,
                                                  void* function_param, unsigned int param_size,
                                                  unsigned long long* api_handle);
DECL_EXPORT bm_status_t bmcpu_exec_function_async_ext(bm_handle_t handle, int process_handle, char* function_name,
                                                      void* function_param, unsigned int param_size, unsigned int opt,
                                                      unsigned long long* api_handle);
DECL_EXPORT int bmcpu_query_exec_function_result(bm_handle_t handle, unsigned long long api_handle, int timeout);
DECL_EXPORT void* bmcpu_map_phys_addr(bm_handle_t handle, int process_handle, void* phys_addr, unsigned int size,
                                      int timeout); /* NULL */
DECL_EXPORT bm_status_t bmcpu_unmap_phys_addr(bm_handle_t handle, int process_handle, void* phys_addr, int timeout);
DECL_EXPORT bm_status_t bmcpu_set_log(bm_handle_t handle, unsigned int log_level, unsigned int log_to_console,
                                      int timeout);
DECL_EXPORT bm_status_t bmcpu_get_log(bm_handle_t handle, int process_handle, char* log_file, int timeout);
DECL_EXPORT bm_status_t bmcpu_sync_time(bm_handle_t handle);
DECL_EXPORT bm_status_t bmcpu_close_process(bm_handle_t handle, int process_handle, int timeout);
DECL_EXPORT bm_status_t bmcpu_reset_cpu(bm_handle_t handle);
#define bmkernel_load_firmware okkernel_load_firmware
DECL_EXPORT bm_status_t okkernel_load_firmware(bm_handle_t handle, const char* firmware_tcm, const char* firmware_ddr);
DECL_EXPORT bm_status_t okkernel_launch_async(bm_handle_t handle, const char* func_name, const void* args,
                                              unsigned int size);
DECL_EXPORT bm_status_t okkernel_launch_sync(bm_handle_t handle, const char* func_name, const void* args,
                                             unsigned int size);
DECL_EXPORT bm_status_t okkernel_sync(bm_handle_t handle);

#if defined(__cplusplus)
}
#endif
#endif /* BMLIB_RUNTIME_H_ */
