// Shapes and tensors of the C interface.
#include <algorithm>

#include "runtime/bmrt/bmrt.h"
#include "runtime/log.h"

using namespace bmnet::runtime;

size_t bmrt_data_type_size(bm_data_type_t type) {
  switch (type) {
    case BM_FLOAT32:
    case BM_INT32:
    case BM_UINT32:
      return 4;
    case BM_FLOAT16:
    case BM_BFLOAT16:
    case BM_INT16:
    case BM_UINT16:
      return 2;
    case BM_INT8:
    case BM_UINT8:
    case BM_INT4:
    case BM_UINT4:
      return 1;
  }
  return 0;
}

void bmrt_shape(bm_shape_t* shape, const int* dims, int num_dims) {
  if (!shape || !dims) return;
  shape->num_dims = std::clamp(num_dims, 0, BM_MAX_DIMS_NUM);
  std::copy_n(dims, shape->num_dims, shape->dims);
}

uint64_t bmrt_shape_count(const bm_shape_t* shape) {
  if (!shape) return 0;
  uint64_t count = 1;
  for (int i = 0; i < std::min(shape->num_dims, BM_MAX_DIMS_NUM); ++i) count *= static_cast<unsigned>(shape->dims[i]);
  return count;
}

bool bmrt_shape_is_same(const bm_shape_t* left, const bm_shape_t* right) {
  return left && right && left->num_dims == right->num_dims &&
         std::equal(left->dims, left->dims + std::clamp(left->num_dims, 0, BM_MAX_DIMS_NUM), right->dims);
}

bool bmrt_tensor(bm_tensor_t* tensor, void* p_bmrt, bm_data_type_t type, bm_shape_t shape) {
  if (!tensor || !p_bmrt) return false;
  tensor->dtype = type;
  tensor->shape = shape;
  tensor->st_mode = BM_STORE_1N;
  tensor->device_mem = bm_mem_null();
  const size_t bytes = from_bm_shape(shape) ? bmrt_tensor_bytesize(tensor) : 0;
  if (bytes == 0 || bytes > 0xFFFFFFFFu) {
    BMRT_LOG(kWrong, "a tensor of {} bytes cannot be allocated", bytes);
    return false;
  }
  return bm_malloc_device_byte(static_cast<Bmrt*>(p_bmrt)->handle, &tensor->device_mem, static_cast<unsigned>(bytes)) ==
         BM_SUCCESS;
}

bool bmrt_tensor_ex(bm_tensor_t* tensor, void* p_bmrt, int device, bm_data_type_t type, bm_shape_t shape) {
  if (device != 0) {
    BMRT_LOG(kWrong, "no device {} in this runtime; it has one", device);
    return false;
  }
  return bmrt_tensor(tensor, p_bmrt, type, shape);
}

void bmrt_tensor_with_device(bm_tensor_t* tensor, bm_device_mem_t memory, bm_data_type_t type, bm_shape_t shape) {
  if (!tensor) return;
  tensor->dtype = type;
  tensor->shape = shape;
  tensor->st_mode = BM_STORE_1N;
  tensor->device_mem = memory;
  if (bmrt_tensor_bytesize(tensor) <= memory.size) return;
  BMRT_LOG(kFatal, "device memory of {} bytes is too small for a tensor of {}", memory.size,
           bmrt_tensor_bytesize(tensor));
  tensor->device_mem = bm_mem_null();
}

size_t bmrt_tensor_bytesize(const bm_tensor_t* tensor) {
  return tensor ? bmrt_shape_count(&tensor->shape) * bmrt_data_type_size(tensor->dtype) : 0;
}

size_t bmrt_tensor_device_size(const bm_tensor_t* tensor) { return tensor ? tensor->device_mem.size : 0; }
