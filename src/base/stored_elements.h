// Tensors made of elements that stand in memory already: in a mapped file, in a message, in a constant of MLIR.
#pragma once

#include <memory>

#include "base/tensor.h"

namespace bmnet {

// Whether elements of `dtype` can be read where they stand. Files put them at any byte.
bool can_be_read_at(const void* data, DType dtype);

// A tensor with memory of its own.
Tensor copy_of_elements(TensorInfo info, const void* data);

// Shares the elements at `data` where they can be read there and `owner`, which is not null, keeps them; else copies.
Tensor shared_or_copied(TensorInfo info, const void* data, std::shared_ptr<const void> owner);

}  // namespace bmnet
