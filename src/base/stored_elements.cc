#include "base/stored_elements.h"

#include <cstring>

namespace bmnet {

bool can_be_read_at(const void* data, DType dtype) { return reinterpret_cast<uintptr_t>(data) % byte_size(dtype) == 0; }

Tensor copy_of_elements(TensorInfo info, const void* data) {
  Tensor tensor(std::move(info));
  if (tensor.bytes() > 0) std::memcpy(tensor.raw(), data, tensor.bytes());
  return tensor;
}

Tensor shared_or_copied(TensorInfo info, const void* data, std::shared_ptr<const void> owner) {
  if (!owner || !can_be_read_at(data, info.dtype)) return copy_of_elements(std::move(info), data);
  return Tensor(std::move(info), const_cast<void*>(data), std::move(owner));  // constants are never written
}

}  // namespace bmnet
