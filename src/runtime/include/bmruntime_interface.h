/* BMRuntime: load BModels and run their nets. C99 and C++.
 *
 * All functions may be called from several threads. A null runtime, an unknown net or null arrays give false, NULL or
 * -1. Messages go to the log (BMRT_LOG_VERSION sets its level). */
#ifndef BMRUNTIME_INTERFACE_H_
#define BMRUNTIME_INTERFACE_H_

#include "bmdef.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- shapes and tensors ---- */

DECL_EXPORT size_t bmrt_data_type_size(bm_data_type_t dtype);
DECL_EXPORT void bmrt_shape(bm_shape_t* shape, const int* dims, int num_dims);
DECL_EXPORT uint64_t bmrt_shape_count(const bm_shape_t* shape);
DECL_EXPORT bool bmrt_shape_is_same(const bm_shape_t* left, const bm_shape_t* right);
/* Allocates device memory for the tensor (1N); free it with bm_free_device. */
DECL_EXPORT bool bmrt_tensor(bm_tensor_t* tensor, void* p_bmrt, bm_data_type_t dtype, bm_shape_t shape);
DECL_EXPORT bool bmrt_tensor_ex(bm_tensor_t* tensor, void* p_bmrt, int devid, bm_data_type_t dtype, bm_shape_t shape);
/* Uses existing device memory, which must be large enough; otherwise the tensor gets no memory. */
DECL_EXPORT void bmrt_tensor_with_device(bm_tensor_t* tensor, bm_device_mem_t device_mem, bm_data_type_t dtype,
                                         bm_shape_t shape);
DECL_EXPORT size_t bmrt_tensor_bytesize(const bm_tensor_t* tensor);
DECL_EXPORT size_t bmrt_tensor_device_size(const bm_tensor_t* tensor);
DECL_EXPORT void bmrt_print_network_info(const bm_net_info_t* net_info);

/* ---- runtime ---- */

DECL_EXPORT void* bmrt_create(bm_handle_t bm_handle);
DECL_EXPORT void* bmrt_create_ex(bm_handle_t* bm_handles, int num_handles); /* one device */
DECL_EXPORT void bmrt_destroy(void* p_bmrt);
DECL_EXPORT void* bmrt_get_bm_handle(void* p_bmrt);
DECL_EXPORT void bmrt_set_flags(void* p_bmrt, uint32_t flags); /* bm_runtime_flag_t */
DECL_EXPORT uint32_t bmrt_get_flags(void* p_bmrt);

/* Nets of several files add up; a net whose name is present is skipped with a warning. */
DECL_EXPORT bool bmrt_load_bmodel(void* p_bmrt, const char* bmodel_path);
DECL_EXPORT bool bmrt_load_bmodel_data(void* p_bmrt, const void* bmodel_data, size_t size);

DECL_EXPORT void bmrt_show_neuron_network(void* p_bmrt);
DECL_EXPORT int bmrt_get_network_number(void* p_bmrt);
/* The array is malloc'ed: free() it, not the strings. */
DECL_EXPORT void bmrt_get_network_names(void* p_bmrt, const char*** network_names);
DECL_EXPORT const bm_net_info_t* bmrt_get_network_info(void* p_bmrt, const char* net_name);
DECL_EXPORT int bmrt_get_network_index(void* p_bmrt, const char* net_name);

/* ---- launch ---- */

/* Outputs get shape, type, 1N and newly allocated device memory (free it with bm_free_device). */
DECL_EXPORT bool bmrt_launch_tensor(void* p_bmrt, const char* net_name, const bm_tensor_t input_tensors[],
                                    int input_num, bm_tensor_t output_tensors[], int output_num);
/* user_mem: device_mem of the outputs is given; user_stmode: their st_mode is given (4N only for 8-bit tensors). */
DECL_EXPORT bool bmrt_launch_tensor_ex(void* p_bmrt, const char* net_name, const bm_tensor_t input_tensors[],
                                       int input_num, bm_tensor_t output_tensors[], int output_num, bool user_mem,
                                       bool user_stmode);
/* Host memory in, host memory out. Without user_mem the outputs are malloc'ed: free() them. */
DECL_EXPORT bool bmrt_launch_data(void* p_bmrt, const char* net_name, void* const input_datas[],
                                  const bm_shape_t input_shapes[], int input_num, void* output_datas[],
                                  bm_shape_t output_shapes[], int output_num, bool user_mem);
/* A BM1684 has one core: core_list is {0}. */
DECL_EXPORT bool bmrt_launch_tensor_multi_cores(void* p_bmrt, const char* net_name, const bm_tensor_t input_tensors[],
                                                int input_num, bm_tensor_t output_tensors[], int output_num,
                                                bool user_mem, bool user_stmode, const int* core_list, int core_num);
DECL_EXPORT bool bmrt_launch_data_multi_cores(void* p_bmrt, const char* net_name, void* const input_datas[],
                                              const bm_shape_t input_shapes[], int input_num, void* output_datas[],
                                              bm_shape_t output_shapes[], int output_num, bool user_mem,
                                              const int* core_list, int core_num);
DECL_EXPORT bool bmrt_pre_alloc_neuron_multi_cores(void* p_bmrt, const char* net_name, int stage_idx,
                                                   const int* core_list, int core_num);

/* Compares the coefficients in device memory with what was loaded; reports to stderr. */
DECL_EXPORT void bmrt_trace(void* p_bmrt);

/* ---- memory that must be there: a failure is logged and gives address 0 ---- */

DECL_EXPORT unsigned long long bmrt_must_alloc_device_mem(void* p_bmrt, bm_device_mem_t* mem, unsigned int size);
DECL_EXPORT void bmrt_must_free_device_mem(void* p_bmrt, bm_device_mem_t mem);

/* ---- log ---- */

typedef enum {
  BMRT_LOG_DEBUG = -1,
  BMRT_LOG_INFO = 0,
  BMRT_LOG_WARNING = 1,
  BMRT_LOG_WRONG = 2,
  BMRT_LOG_FATAL = 3
} bmrt_log_level_t;
DECL_EXPORT bmrt_log_level_t bmrt_get_current_log_level(void);
DECL_EXPORT void bmrt_set_current_log_level(bmrt_log_level_t level);

#if defined(__cplusplus)
}
#endif
#endif /* BMRUNTIME_INTERFACE_H_ */
