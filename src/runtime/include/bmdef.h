/* Types of the BMRuntime interface. C99 and C++. */
#ifndef BMDEF_H_
#define BMDEF_H_

#include <stddef.h>
#include <stdint.h>

#include "bmlib_runtime.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef enum bm_data_type_e {
  BM_FLOAT32 = 0,
  BM_FLOAT16 = 1,
  BM_INT8 = 2,
  BM_UINT8 = 3,
  BM_INT16 = 4,
  BM_UINT16 = 5,
  BM_INT32 = 6,
  BM_UINT32 = 7,
  BM_BFLOAT16 = 8,
  BM_INT4 = 9,
  BM_UINT4 = 10
} bm_data_type_t;

/* How batch items lie in device memory: one after the other, or 2 / 4 of them interleaved in every 32-bit word. */
typedef enum bm_store_mode_e { BM_STORE_1N = 0, BM_STORE_2N = 1, BM_STORE_4N = 2 } bm_store_mode_t;

typedef enum bm_runtime_flag_e {
  BM_RUNTIME_AUTO = 0,
  BM_RUNTIME_SHARE_MEM = 1,
  BM_RUNTIME_CHECK_MEM = 2
} bm_runtime_flag_t;

#define BM_MAX_DIMS_NUM 8

typedef struct bm_shape_s {
  int num_dims;
  int dims[BM_MAX_DIMS_NUM];
} bm_shape_t;

typedef struct bm_shape_ex_s {
  bm_shape_t shape;
  int elem_num;
} bm_shape_ex_t;

typedef struct bm_tensor_s {
  bm_data_type_t dtype;
  bm_shape_t shape;
  bm_device_mem_t device_mem;
  bm_store_mode_t st_mode;
} bm_tensor_t;

/* One set of input shapes that a net was compiled for. */
typedef struct bm_stage_info_s {
  bm_shape_t* input_shapes;
  bm_shape_t* output_shapes;
  bm_device_mem_t* input_mems;
  bm_device_mem_t* output_mems;
} bm_stage_info_t;

typedef struct bm_net_info_s {
  const char* name;
  bool is_dynamic;
  int input_num;
  char const** input_names;
  bm_data_type_t* input_dtypes;
  float* input_scales;
  int output_num;
  char const** output_names;
  bm_data_type_t* output_dtypes;
  float* output_scales;
  int stage_num;
  bm_stage_info_t* stages;
  size_t* max_input_bytes; /* over all stages; 8-bit tensors with the batch rounded up to 4 */
  size_t* max_output_bytes;
  int* input_zero_point;
  int* output_zero_point;
  int* input_loc_devices;
  int* output_loc_devices;
  int core_num;
  int32_t addr_mode;
} bm_net_info_t;

#if defined(__cplusplus)
}
#endif
#endif /* BMDEF_H_ */
